//! What outlives a run of the program: the views of each application as they were arranged, the settings, the sizes of
//! panels, and the files that were opened last.
//!
//! All lies in one folder: `settings.ron`, and a blueprint per application in `blueprints`. Files are written beside
//! their own names and then renamed, on a thread of their own; what cannot be read or written costs a warning.

mod files;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use chronoscope_frame::{
    ActiveBlueprint, DiffLog, Frame, FrameSystems, RecentFiles, Recordings, Report, Reports, Settled,
    TimeControls, kept::ToKeep,
};
use chronoscope_ui::{UiSettings, UiState};

use self::files::{Files, KeptChoices, KeptSettings, KeptTheme, Writer};

/// Restores what earlier runs kept, and keeps what this one changes.
pub struct KeepPlugin {
    /// The folder that all is kept in. It is made where it is not there.
    pub folder: PathBuf,
    /// Whether the theme is given, so that the one that was kept is not restored.
    pub theme_is_given: bool,
}

impl Plugin for KeepPlugin {
    fn build(&self, app: &mut App) {
        let files = Files::new(self.folder.clone());
        let settings = match files.settings() {
            Ok(settings) => settings,
            Err(report) => {
                app.world_mut().get_resource_or_init::<Reports>().push(report);
                KeptSettings::default()
            }
        };
        let world = app.world_mut();
        if let Some(theme) = settings.theme.filter(|_| !self.theme_is_given) {
            world.get_resource_or_init::<UiSettings>().theme = theme.into();
        }
        let mut shown = world.get_resource_or_init::<UiSettings>();
        settings.choices.restore(&mut shown);
        world.get_resource_or_init::<UiState>().panel_sizes = settings.panel_sizes();
        // What the command line opened is newer.
        let mut recent = world.get_resource_or_init::<RecentFiles>();
        let newer = std::mem::replace(&mut recent.0, settings.recent_files());
        newer.into_iter().rev().for_each(|path| recent.add(path));
        world.insert_resource(Keeper {
            writer: Writer::start(files.clone()),
            files,
            looked_at: BTreeSet::new(),
            seen: None,
            settings,
            given_theme: None,
            theme_is_given: self.theme_is_given,
            last_look: Instant::now(),
        });
        app.add_systems(
            Frame,
            restore
                .after(FrameSystems::Ingest)
                .before(FrameSystems::ApplyCommands),
        );
        app.add_systems(Last, keep);
    }
}

#[derive(Resource)]
struct Keeper {
    files: Files,
    writer: Writer,
    /// The applications whose kept blueprints were looked for.
    looked_at: BTreeSet<Arc<str>>,
    /// The blueprint that was looked at last.
    seen: Option<Seen>,
    settings: KeptSettings,
    theme_is_given: bool,
    /// The theme that was given for this run alone.
    given_theme: Option<egui::ThemePreference>,
    last_look: Instant,
}

/// What tells an edited blueprint from the one before.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    application: Arc<str>,
    generation: u64,
    steps: (usize, usize),
}

/// While something moves all the time, edits are kept this often.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Shows what was kept of an application, when its first recording is there.
fn restore(
    mut keeper: ResMut<Keeper>,
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut times: ResMut<TimeControls>,
    mut reports: ResMut<Reports>,
) {
    let open: BTreeSet<&Arc<str>> = recordings
        .recordings()
        .map(|entry| &entry.id().application_id)
        .collect();
    if open.iter().copied().eq(keeper.looked_at.iter()) {
        return;
    }
    let new: Vec<Arc<str>> = open
        .iter()
        .filter(|application| !keeper.looked_at.contains(**application))
        .map(|application| Arc::clone(application))
        .collect();
    // An application that is opened again is looked for again.
    keeper.looked_at = open.into_iter().cloned().collect();
    for application in new {
        match keeper.files.blueprint(&application) {
            Ok(None) => {}
            Ok(Some(kept)) => {
                _ = recordings.restore_blueprint(&mut log, &mut times, &application, kept);
            }
            Err(report) => reports.push(report),
        }
    }
}

/// Writes what changed once it has come to rest, and at the end of the program.
fn keep(
    mut keeper: ResMut<Keeper>,
    recordings: Res<Recordings>,
    active: Res<ActiveBlueprint>,
    settled: Res<Settled>,
    settings: Res<UiSettings>,
    recent: Res<RecentFiles>,
    state: Res<UiState>,
    mut reports: ResMut<Reports>,
    exits: MessageReader<AppExit>,
) {
    let is_last = !exits.is_empty();
    let keeper = &mut *keeper;
    let is_time = settled.resting_frames() > 0 || keeper.last_look.elapsed() >= LONGEST_WAIT;
    if !is_time && !is_last {
        return;
    }
    keeper.last_look = Instant::now();
    keep_blueprint(keeper, &recordings, &active);
    if std::mem::take(&mut keeper.theme_is_given) {
        keeper.given_theme = Some(settings.theme);
    }
    let theme = if keeper.given_theme == Some(settings.theme) {
        keeper.settings.theme
    } else {
        Some(KeptTheme::from(settings.theme))
    };
    let choices = KeptChoices::of(&settings);
    if !keeper.settings.says(theme, &recent.0, state.panel_sizes, choices) {
        keeper.settings = KeptSettings::new(theme, &recent.0, state.panel_sizes, choices);
        keeper.writer.write_settings(&keeper.settings);
    }
    for message in keeper.writer.take_problems() {
        reports.push(Report::warning("settings", message));
    }
    if is_last {
        keeper.writer.finish();
    }
}

fn keep_blueprint(keeper: &mut Keeper, recordings: &Recordings, active: &ActiveBlueprint) {
    let Some(application) = recordings.active_application() else {
        return;
    };
    let Some(blueprints) = recordings.blueprints(application) else {
        return;
    };
    let seen = Seen {
        application: Arc::clone(application),
        generation: active.generation(),
        steps: (blueprints.undo.undo_steps(), blueprints.undo.redo_steps()),
    };
    if keeper.seen.as_ref() == Some(&seen) {
        return;
    }
    keeper.seen = Some(seen);
    match recordings.blueprint_to_keep(application) {
        Ok(ToKeep::Unchanged) => {}
        Ok(ToKeep::Nothing) => keeper.writer.forget_blueprint(application),
        Ok(ToKeep::Blueprint(kept)) => keeper.writer.write_blueprint(application, kept),
        Err(error) => warn!("the views of {application} cannot be kept: {error}"),
    }
}

#[cfg(test)]
mod tests;
