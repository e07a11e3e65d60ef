//! The app, frame by frame: a settled frame depends on where it looks, not on how it came there, and costs nothing.

use std::path::Path;

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    frame::{Answers, FrameDiagnostics, TimeCommand, ViewerCommand, ViewerCommands},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    render::RenderStats,
    sources::{BlueprintTarget, FileSource, LoadOutcomes},
};
use image::RgbImage;

use crate::picture::difference;

fn app_with_scene() -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin { size: OffscreenSize { width: 1000, height: 640, scale: 1.0 } })
        .add_plugins(ChronoscopePlugins);
    app.insert_resource(chronoscope::ui::UiSettings { theme: egui::ThemePreference::Dark });
    offscreen::finish(&mut app);
    let outcomes = app.world().resource::<LoadOutcomes>().clone();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scene.rrd");
    let source = FileSource::open(vec![path], outcomes, BlueprintTarget::AsSent);
    app.world_mut().resource_mut::<chronoscope::frame::IngestSources>().add(source);
    offscreen::settle(&mut app, None).unwrap();
    seek(&mut app, 18);
    app
}

fn seek(app: &mut App, frame: i64) {
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), frame)));
    app.update();
    offscreen::settle(app, Some(10_000)).unwrap();
}

fn picture(app: &mut App) -> RgbImage {
    offscreen::capture(app).unwrap().try_into_dynamic().unwrap().to_rgb8()
}

#[test]
fn a_frame_depends_on_the_cursor_and_not_on_the_way_there() {
    let mut app = app_with_scene();
    let before = picture(&mut app);
    for frame in [60, 3, 99, 51] {
        seek(&mut app, frame);
    }
    assert!(difference(&before, &picture(&mut app)) > 500, "frame 51 looks like frame 18");
    seek(&mut app, 18);
    assert_eq!(difference(&before, &picture(&mut app)), 0);
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
        assert_eq!(world.resource::<Answers>().looked_up(), 0);
        assert_eq!(world.resource::<FrameDiagnostics>().ingested_messages, 0);
        assert_eq!(world.resource::<RenderStats>().uploaded_bytes_last_frame(), 0);
        let awake = world.query_filtered::<&Camera, With<Camera3d>>().iter(world).filter(|camera| camera.is_active).count();
        assert_eq!(awake, 0, "a view is drawn again though nothing changed");
    }
}
