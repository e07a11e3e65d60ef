//! The engine's own texts are recorded: the recorder looks their types up by paths, which another version of the engine may change.
#![cfg(test)]

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_sprite::Text2d;
use bevy_text::TextSpan;
use bevy_time::TimePlugin;
use bevy_transform::TransformPlugin;
use bevy_ui::widget::Text;
use chronoscope_log::MemorySink;
use chronoscope_record::{RecordPlugin, WorldRecorder};
use chronoscope_store::Recording;
use chronoscope_types::{Points3D, read};

fn text(recording: &Recording, path: &str, column: &str) -> String {
    let store = &recording.store;
    let entity = store.entity_id(&path.into()).unwrap();
    let timeline = store.timeline_id("frame").unwrap();
    let component = store.component_id(column).unwrap();
    let hit = recording
        .latest_at(entity, Some(timeline), 0, component)
        .hit
        .unwrap();
    let cell = hit.cell();
    let texts = read::texts(&cell).unwrap();
    texts.first().unwrap().to_owned()
}

/// Their types are registered by the engine, as in apps.
#[test]
fn texts_of_the_engine_are_recorded() {
    let memory = MemorySink::default();
    let mut app = App::new();
    app.add_plugins((TimePlugin, TransformPlugin))
        .add_plugins(RecordPlugin::new("texts").with_sink(memory.clone()));
    let world = app.world_mut();
    world.spawn((Name::new("sign"), Text2d::new("north")));
    let score = world.spawn((Name::new("score"), Text::new("Score: "))).id();
    world.spawn((TextSpan::new("1"), ChildOf(score)));
    app.update();
    WorldRecorder::flush(app.world_mut()).unwrap();
    let id = app.world().resource::<WorldRecorder>().id().clone();
    let recording = memory.to_recording(&id).unwrap();
    assert_eq!(text(&recording, "/world/sign/text", &Points3D::LABELS), "north");
    assert_eq!(text(&recording, "/ui/score", "bevy.Text:text"), "Score: 1");
}
