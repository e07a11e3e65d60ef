//! The list of sources as it is drawn, in both themes.

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    frame::{IngestSource, IngestSources, SourcePoll},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    sources::{BlueprintTarget, open_files},
    types::SourceStatus,
    ui::{UiSettings, theme::Theme},
};
use image::RgbImage;

use crate::{
    picture::{count, save},
    program::data,
};

struct Source {
    name: &'static str,
    status: SourceStatus,
    progress: Option<f32>,
}

impl IngestSource for Source {
    fn name(&self) -> &str {
        self.name
    }

    fn poll(&mut self) -> SourcePoll {
        if self.status.is_open() {
            SourcePoll::Pending
        } else {
            SourcePoll::Finished
        }
    }

    fn status(&self) -> SourceStatus {
        self.status.clone()
    }

    fn progress(&self) -> Option<f32> {
        self.progress
    }
}

/// The window without and with sources.
fn pictures(theme: egui::ThemePreference) -> [RgbImage; 2] {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 1280,
            height: 800,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins)
    .insert_resource(UiSettings {
        theme,
        ..UiSettings::default()
    });
    offscreen::finish(&mut app);
    open_files(app.world_mut(), vec![data("scene.rrd")], BlueprintTarget::AsNamed);
    offscreen::settle(&mut app, None).unwrap();
    let before = picture(&mut app);
    let lost = |reason: &str| SourceStatus::Lost {
        reason: reason.into(),
    };
    for (name, status, progress) in [
        (
            "/data/night run/drive_0042.rrd",
            SourceStatus::Loading,
            Some(0.62),
        ),
        ("/data/night run/drive_0043.rrd", SourceStatus::Connecting, None),
        ("rerun+http://robot.local:9876/proxy", SourceStatus::Live, None),
        (
            "/data/a recording with a very long name that does not fit.rrd",
            lost("could not be opened: No such file or directory (os error 2)"),
            None,
        ),
    ] {
        let mut sources = app.world_mut().resource_mut::<IngestSources>();
        sources.add(Source {
            name,
            status,
            progress,
        });
    }
    for _ in 0..6 {
        app.update();
    }
    [before, picture(&mut app)]
}

fn picture(app: &mut App) -> RgbImage {
    let captured = offscreen::capture(app).unwrap();
    captured.try_into_dynamic().unwrap().to_rgb8()
}

#[test]
fn what_is_loading_and_what_was_lost_is_seen_in_both_themes() {
    for (preference, theme, name) in [
        (egui::ThemePreference::Dark, Theme::dark(), "sources_dark.png"),
        (egui::ThemePreference::Light, Theme::light(), "sources_light.png"),
    ] {
        let [before, after] = pictures(preference);
        save(&after, name);
        let left = |picture: &RgbImage| image::imageops::crop_imm(picture, 0, 40, 210, 460).to_image();
        let [before, after] = [left(&before), left(&after)];
        let accent = [theme.accent.r(), theme.accent.g(), theme.accent.b()];
        let bar = count(&after, accent).saturating_sub(count(&before, accent));
        assert!(bar >= 60, "{name}: {bar} pixels of the bar of what is loading");
        // Marks are thin, and so have no pixel of their color alone. They stand left of the names.
        let marks = image::imageops::crop_imm(&after, 18, 90, 22, 105).to_image();
        let excess = |rgb: [i32; 3], at: usize| rgb[at] - rgb[(at + 1) % 3].max(rgb[(at + 2) % 3]);
        for (what, at) in [("lost", 0), ("live", 1)] {
            let is_tinted = |pixel: &&image::Rgb<u8>| excess(pixel.0.map(i32::from), at) > 20;
            let tinted = marks.pixels().filter(is_tinted).count();
            assert!(
                tinted >= 5,
                "{name}: {tinted} pixels of the mark of what is {what}"
            );
        }
    }
}
