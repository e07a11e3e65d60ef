//! Files that another start of this program names, opened as if its user had opened them here.

use std::path::PathBuf;

use bevy::prelude::*;
use chronoscope_frame::{IngestSources, RecentFiles, Report, Reports};
use chronoscope_live::{NamedFile, NamedFiles};

use crate::{
    look_at::{WantedTimeOfSource, WantedTimes},
    sources::{BlueprintTarget, FileSettings, follow_files, open_files_at, remember},
};

/// Opens files that were named.
pub(crate) struct OpenNamed(pub(crate) NamedFiles);

impl Command for OpenNamed {
    type Out = ();

    fn apply(self, world: &mut World) {
        let NamedFiles {
            files,
            blueprint,
            time,
            follow,
        } = self.0;
        if !world.contains_resource::<FileSettings>() {
            let report = Report::error("another start", "this app opens no files");
            return world.resource_mut::<Reports>().push(report);
        }
        let paths = |files: &[NamedFile]| -> Vec<PathBuf> {
            files.iter().map(|file| file.path().to_owned()).collect()
        };
        let files = paths(&files);
        let time = match WantedTimeOfSource::parse(time.as_deref(), world.resource::<WantedTimes>()) {
            Ok(time) => time,
            Err(error) => {
                let name = files
                    .first()
                    .map_or(String::new(), |path| path.display().to_string());
                world.resource_mut::<Reports>().push(Report::error(name, error));
                None
            }
        };
        remember(&files, &mut world.get_resource_or_init::<RecentFiles>());
        let opened = if follow {
            follow_files(world, &files, time.as_ref())
        } else {
            open_files_at(world, files, BlueprintTarget::AsNamed, time.as_ref())
        };
        world.resource_mut::<IngestSources>().show_first(opened);
        open_files_at(world, paths(blueprint.as_slice()), BlueprintTarget::Open, None);
    }
}
