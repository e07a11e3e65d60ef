//! The app, frame by frame: a settled frame depends on where it looks, not on how it came there, and costs nothing.

use std::path::Path;

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    blueprint::{BlueprintCommand, Contents},
    digest::digest,
    frame::{
        FrameDiagnostics, LatestAtResults, MemoryBudget, Recordings, TimeCommand, TimeControls,
        ViewerCommand, ViewerCommands,
    },
    io::LoadSettings,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    render::RenderStats,
    sources::{BlueprintTarget, FileSettings, open_files},
};
use image::RgbImage;

use crate::{picture::difference, pointer::first_view};

fn app_with_scene() -> App {
    app_with("scene.rrd", &FileSettings::default())
}

fn app_with(file: &str, settings: &FileSettings) -> App {
    let mut app = app_opened_at(None, file, settings);
    seek(&mut app, 18);
    app
}

/// The app once the file is open, with the cursor where it was told to be from the beginning, if anywhere.
fn app_opened_at(frame: Option<i64>, file: &str, settings: &FileSettings) -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 1000,
            height: 640,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins);
    app.insert_resource(chronoscope::ui::UiSettings {
        theme: egui::ThemePreference::Dark,
        ..chronoscope::ui::UiSettings::default()
    });
    offscreen::finish(&mut app);
    if let Some(frame) = frame {
        let mut times = app.world_mut().resource_mut::<TimeControls>();
        times.initial.set_timeline("frame");
        times.initial.set_time("frame", frame);
        times.timeline_is_given = true;
    }
    app.insert_resource(settings.clone());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    open_files(app.world_mut(), vec![path], BlueprintTarget::AsNamed);
    offscreen::settle(&mut app, None).unwrap();
    app
}

fn seek(app: &mut App, frame: i64) {
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
        "frame".to_owned(),
        frame,
    )));
    app.update();
    offscreen::settle(app, Some(10_000)).unwrap();
}

fn picture(app: &mut App) -> RgbImage {
    offscreen::capture(app)
        .unwrap()
        .try_into_dynamic()
        .unwrap()
        .to_rgb8()
}

#[test]
fn a_frame_depends_on_the_cursor_and_not_on_the_way_there() {
    let mut app = app_with_scene();
    let before = picture(&mut app);
    for frame in [60, 3, 99, 51] {
        seek(&mut app, frame);
    }
    assert!(
        difference(&before, &picture(&mut app)) > 500,
        "frame 51 looks like frame 18"
    );
    seek(&mut app, 18);
    assert_eq!(difference(&before, &picture(&mut app)), 0);
}

/// What a view frames when it is opened is not where the cursor stood then.
#[test]
fn a_frame_is_the_same_whatever_the_cursor_was_when_the_file_was_opened() {
    let mut came_later = app_with_scene();
    seek(&mut came_later, 90);
    let mut opened_there = app_opened_at(Some(90), "scene.rrd", &FileSettings::default());
    assert_eq!(
        digest(opened_there.world_mut()),
        digest(came_later.world_mut()),
        "where it stands, how it is looked at"
    );
    assert_eq!(
        difference(&picture(&mut opened_there), &picture(&mut came_later)),
        0
    );
}

#[test]
fn a_file_that_is_read_as_far_as_it_is_looked_at_looks_the_same() {
    let mut in_full = app_with_scene();
    let indexed = FileSettings(LoadSettings {
        index_from_bytes: 0,
        ..LoadSettings::default()
    });
    let mut in_part = app_with("scene.rrd", &indexed);
    let stats = |app: &App| {
        app.world()
            .resource::<Recordings>()
            .active()
            .unwrap()
            .store()
            .store_stats()
            .chunks
    };
    assert!(
        stats(&in_part).num_absent_chunks > 0,
        "everything was read: {:?}",
        stats(&in_part)
    );
    // With room for little more than a frame, so that chunks come and go.
    let limit = in_part.world().resource::<Recordings>().num_bytes() + 1_000_000;
    in_part.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    for frame in [18, 90, 2, 51, 50, 18] {
        seek(&mut in_full, frame);
        seek(&mut in_part, frame);
        // The panels say how much of it is in memory: the views are compared.
        let views = |app: &mut App| image::imageops::crop_imm(&picture(app), 240, 40, 480, 380).to_image();
        assert_eq!(
            difference(&views(&mut in_full), &views(&mut in_part)),
            0,
            "frame {frame}"
        );
    }
    assert!(stats(&in_part).num_absent_chunks > 0);
}

#[test]
fn a_settled_viewer_sleeps() {
    let mut app = app_with_scene();
    for _ in 0..8 {
        app.update();
    }
    for _ in 0..8 {
        app.update();
        let world = app.world_mut();
        assert_eq!(world.resource::<LatestAtResults>().looked_up(), 0);
        assert_eq!(world.resource::<FrameDiagnostics>().ingested_messages, 0);
        assert_eq!(world.resource::<RenderStats>().uploaded_bytes_last_frame(), 0);
        let awake = world
            .query_filtered::<&Camera, With<Camera3d>>()
            .iter(world)
            .filter(|camera| camera.is_active)
            .count();
        assert_eq!(awake, 0, "a view is drawn again though nothing changed");
    }
}

#[test]
fn letters_are_seen_in_the_first_frame_that_has_them() {
    let mut app = app_with_scene();
    let view = first_view(&app);
    let rename = |app: &mut App, name: &str| {
        let command = BlueprintCommand::SetName(Contents::View(view), Some(name.to_owned()));
        let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
        commands.push(ViewerCommand::Blueprint(command));
    };
    // What else an edit changes is there after the first.
    rename(&mut app, "scene");
    offscreen::settle(&mut app, None).unwrap();
    let before = picture(&mut app);
    rename(&mut app, "\u{c6}\u{d8}\u{de}\u{d0}");
    let first = picture(&mut app);
    offscreen::settle(&mut app, None).unwrap();
    let settled = picture(&mut app);
    assert!(difference(&before, &settled) > 40, "the name is seen");
    assert_eq!(difference(&first, &settled), 0);
}
