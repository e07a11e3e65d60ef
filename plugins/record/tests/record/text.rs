//! Texts of the engine, by types that have the paths and the shape of the engine's.

use bevy_ecs::prelude::*;
use bevy_reflect::{Reflect, TypePath};
use bevy_transform::components::Transform;
use chronoscope_record::NotRecorded;
use chronoscope_store::Recording;
use chronoscope_types::{Points3D, read};

use crate::{Stage, entity_at, hit, pose_at};

#[derive(Component, Reflect)]
#[reflect(Component)]
#[type_path = "bevy_sprite::text2d"]
#[type_name = "Text2d"]
struct Sign(String);

#[derive(Component, Reflect)]
#[reflect(Component)]
#[type_path = "bevy_ui::widget::text"]
#[type_name = "Text"]
struct Caption(String);

#[derive(Component, Reflect)]
#[reflect(Component)]
#[type_path = "bevy_text::text"]
#[type_name = "TextSpan"]
struct Span(String);

fn stage() -> Stage {
    let mut stage = Stage::new(|settings| settings.frame_times = false);
    stage
        .app
        .register_type::<Sign>()
        .register_type::<Caption>()
        .register_type::<Span>();
    stage
}

/// The text of a column at a frame.
fn text_at(recording: &Recording, path: &str, column: &str, frame: i64) -> Option<String> {
    let cell = hit(recording, path, column, frame)?.cell();
    let texts = read::texts(&cell).unwrap();
    texts.first().map(str::to_owned)
}

fn num_rows(recording: &Recording, path: &str) -> u64 {
    let entity = recording.store.entity_id(&path.into()).unwrap();
    recording.store.entity_stats(entity).num_rows
}

fn exists(recording: &Recording, path: &str) -> bool {
    recording.store.entity_id(&path.into()).is_some()
}

#[test]
fn the_stand_ins_have_the_paths_that_are_looked_up() {
    assert_eq!(Sign::type_path(), "bevy_sprite::text2d::Text2d");
    assert_eq!(Caption::type_path(), "bevy_ui::widget::text::Text");
    assert_eq!(Span::type_path(), "bevy_text::text::TextSpan");
}

/// Stand-ins cannot tell where another engine has its types. Compatible versions have them where they were.
#[test]
fn the_paths_were_held_against_this_version_of_the_engine() {
    const HELD_AGAINST: &str = "0.19.";
    let lock = include_str!("../../../../Cargo.lock");
    let (_, engine) = lock.split_once("name = \"bevy_app\"\nversion = \"").unwrap();
    assert!(
        engine.starts_with(HELD_AGAINST),
        "run the test of plugins/record/engine_texts with this version, and write it down here"
    );
}

#[test]
fn a_text_in_the_world_is_a_label_where_it_stands() {
    let mut stage = stage();
    let yard = stage
        .world()
        .spawn((Name::new("yard"), Transform::default()))
        .id();
    let sign = (Name::new("sign"), Transform::default(), Sign("north".to_owned()));
    let sign = stage.world().spawn(sign).id();
    for frame in 0..8 {
        let mut sign = stage.app.world_mut().entity_mut(sign);
        match frame {
            2 => sign.get_mut::<Sign>().unwrap().0 = "south".to_owned(),
            4 => _ = sign.insert(ChildOf(yard)),
            6 => _ = sign.remove::<Sign>(),
            _ => {}
        }
        stage.app.update();
    }
    let recording = stage.recording();
    let before = |frame| text_at(&recording, "/world/sign/text", &Points3D::LABELS, frame);
    assert_eq!(
        [before(0), before(1), before(2), before(3)].map(Option::unwrap_or_default),
        ["north", "north", "south", "south"]
    );
    assert_eq!(before(4), None, "it is elsewhere");
    let path = "/world/yard/sign/text";
    let after = |frame| text_at(&recording, path, &Points3D::LABELS, frame);
    assert_eq!([after(3), after(5)], [None, Some("south".to_owned())]);
    assert_eq!(after(6), None, "it was taken away");
    assert_eq!(num_rows(&recording, path), 2, "the text, and that it is gone");
}

#[test]
fn a_text_that_is_gone_leaves_an_entity_of_its_name_alone() {
    let mut stage = stage();
    let sign = (Name::new("sign"), Transform::default(), Sign("north".to_owned()));
    let sign = stage.world().spawn(sign).id();
    let child = (Name::new("text"), Transform::default(), ChildOf(sign));
    let child = stage.world().spawn(child).id();
    stage.app.update();
    stage.world().get_mut::<Sign>(sign).unwrap().0.clear();
    stage.app.update();
    stage.world().entity_mut(sign).remove::<Sign>();
    stage.app.update();
    let recording = stage.recording();
    let path = "/world/sign/text";
    let label = |frame| text_at(&recording, path, &Points3D::LABELS, frame);
    assert_eq!([label(0), label(1)], [Some("north".to_owned()), None]);
    assert_eq!(
        [1, 2].map(|frame| entity_at(&recording, path, frame)),
        [Some(child); 2]
    );
    assert!(pose_at(&recording, path, 2).is_some());
}

#[test]
fn a_text_of_the_interface_is_a_value_with_its_spans() {
    let mut stage = stage();
    let score = stage
        .world()
        .spawn((Name::new("score"), Caption("Score: ".to_owned())))
        .id();
    let points = stage.world().spawn((Span("1".to_owned()), ChildOf(score))).id();
    stage.app.update();
    let again = (Name::new("score"), Caption("again".to_owned()));
    let again = stage.world().spawn(again).id();
    stage
        .world()
        .spawn((Name::new("secret"), Caption("no".to_owned()), NotRecorded));
    for frame in 1..9 {
        // The same text is written in each frame, as apps do.
        stage.world().get_mut::<Caption>(score).unwrap().0 = "Score: ".to_owned();
        match frame {
            3 => stage.world().get_mut::<Span>(points).unwrap().0 = "2".to_owned(),
            5 => _ = stage.world().spawn((Span("!".to_owned()), ChildOf(points))),
            7 => {
                stage.world().entity_mut(score).remove::<Caption>();
                stage.world().entity_mut(score).insert(Caption("end".to_owned()));
                stage.world().despawn(again);
            }
            _ => {}
        }
        stage.app.update();
    }
    let recording = stage.recording();
    let text = |path: &str, frame| text_at(&recording, path, "bevy.Text:text", frame);
    let score = |frame| text("/ui/score", frame).unwrap_or_default();
    assert_eq!(
        [score(0), score(2), score(3), score(6), score(7)],
        ["Score: 1", "Score: 1", "Score: 2", "Score: 2!", "end2!"]
    );
    assert_eq!(num_rows(&recording, "/ui/score"), 5);
    let other = format!("/ui/score ({again})");
    assert_eq!(
        [text(&other, 6), text(&other, 7)],
        [Some("again".to_owned()), None]
    );
    assert!(!exists(&recording, "/ui/secret"));
    assert!(!exists(&recording, "/world/score"), "a rewind leaves it alone");
}

#[test]
fn texts_are_left_out_where_they_are_not_wanted() {
    let mut stage = Stage::new(|settings| settings.text = false);
    stage.app.register_type::<Caption>();
    stage.world().spawn((Name::new("score"), Caption("1".to_owned())));
    stage.app.update();
    stage.app.update();
    assert!(!exists(&stage.recording(), "/ui/score"));
}
