//! Where a view looks, as it is read and chosen in the selection panel, and marked at its tile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{ContextTime, QueryContextSettings, RecordingName, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, DiffLog, Item, QueryContext, Recordings, TimeCommand, ViewerClick, ViewerCommand,
    ViewerCommands,
};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{Scalars, log_chunk};
use egui::{Event, Key, Modifiers, Rect};

use crate::{edits, testing::Stage};

/// A stage with a view that is selected, and its id. The cursor is at 10 of 0, 10 and 20.
fn stage() -> (Stage, ViewId) {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let view = stage.first_view();
    command(&mut stage, ViewerCommand::Select(vec![Item::View(view)]));
    command(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(10)));
    stage.draw();
    (stage, view)
}

fn command(stage: &mut Stage, command: ViewerCommand) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(command);
}

fn settings(stage: &Stage, view: ViewId) -> QueryContextSettings {
    let world = stage.app.world();
    let entity = world.resource::<ActiveBlueprint>().entity(view).unwrap();
    (*world.get::<QueryContext>(entity).unwrap().settings).clone()
}

fn look(stage: &mut Stage, view: ViewId, settings: &QueryContextSettings) -> Vec<String> {
    command(
        stage,
        ViewerCommand::Blueprint(edits::query_context(view, settings)),
    );
    command(stage, ViewerCommand::EndGesture);
    stage.draw()
}

/// Opens the list that shows a text, and chooses another one.
fn choose(stage: &mut Stage, shown: &str, wanted: &str) {
    let list = stage.find(shown);
    stage.click(list);
    stage.draw();
    let choice = stage.find_near(wanted, list);
    stage.click(choice);
    stage.draw();
}

/// Types into the field that shows a text.
fn type_over(stage: &mut Stage, shown: &str, text: &str) {
    let field = stage.find(shown);
    stage.type_over(field, text);
}

#[test]
fn each_part_is_chosen_and_undone_by_itself() {
    let (mut stage, view) = stage();
    let texts = stage.draw();
    for wanted in [
        "Query context",
        "Active recording",
        "As the cursor",
        "At the cursor",
    ] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted} in {texts:?}");
    }
    choose(&mut stage, "At the cursor", "Fixed");
    assert_eq!(settings(&stage, view).time, ContextTime::Fixed(10));
    choose(&mut stage, "As the cursor", "frame");
    assert_eq!(settings(&stage, view).timeline.as_deref(), Some("frame"));
    choose(&mut stage, "Active recording", "first");
    let chosen = RecordingName {
        application: None,
        recording: "first".into(),
    };
    assert_eq!(settings(&stage, view).recording, Some(chosen));
    command(&mut stage, ViewerCommand::Undo);
    command(&mut stage, ViewerCommand::Undo);
    stage.draw();
    let expected = QueryContextSettings {
        time: ContextTime::Fixed(10),
        ..QueryContextSettings::default()
    };
    assert_eq!(settings(&stage, view), expected);
    command(&mut stage, ViewerCommand::Undo);
    stage.draw();
    assert_eq!(settings(&stage, view), QueryContextSettings::default());
}

#[test]
fn times_and_offsets_are_typed_in_the_format_of_the_timeline() {
    let (mut stage, view) = stage();
    let fixed = QueryContextSettings {
        time: ContextTime::Fixed(7),
        ..QueryContextSettings::default()
    };
    look(&mut stage, view, &fixed);
    let field = stage.find("Fixed at");
    let field = stage.find_near("#7", field);
    stage.type_over(field, "12");
    assert_eq!(settings(&stage, view).time, ContextTime::Fixed(12));
    let offset = QueryContextSettings {
        time: ContextTime::Offset(0),
        ..QueryContextSettings::default()
    };
    look(&mut stage, view, &offset);
    type_over(&mut stage, "+0", "-8");
    assert_eq!(settings(&stage, view).time, ContextTime::Offset(-8));
    // Another text is none.
    let field = stage.find("Offset");
    let field = stage.find_near("-8", field);
    stage.click(field);
    stage.draw_with(vec![Event::Text("soon".to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    stage.draw();
    assert_eq!(settings(&stage, view).time, ContextTime::Offset(-8));
}

#[test]
fn a_tile_says_that_its_view_looks_elsewhere() {
    let (mut stage, view) = stage();
    let says = |texts: &[String], wanted: &str| texts.iter().any(|text| text == wanted);
    assert!(!says(&stage.draw(), "+10"));
    let offset = QueryContextSettings {
        time: ContextTime::Offset(10),
        ..QueryContextSettings::default()
    };
    command(&mut stage, ViewerCommand::Select(Vec::new()));
    let texts = look(&mut stage, view, &offset);
    assert!(says(&texts, "+10"), "{texts:?}");
    let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
    recordings.open(&StoreId::recording("another app", "second"));
    let elsewhere = QueryContextSettings {
        recording: Some(RecordingName {
            application: Some("another app".into()),
            recording: "second".into(),
        }),
        ..offset
    };
    let texts = look(&mut stage, view, &elsewhere);
    assert!(says(&texts, "second, +10"), "{texts:?}");
}

#[test]
fn a_host_hears_of_the_recording_that_a_view_looks_at() {
    #[derive(Resource, Default)]
    struct Heard(Vec<ViewerClick>);

    let (mut stage, view) = stage();
    stage
        .app
        .init_resource::<Heard>()
        .add_observer(|click: On<ViewerClick>, mut heard: ResMut<Heard>| heard.0.push(click.event().clone()));
    let other = StoreId::recording("test app", "second");
    // On the timeline that is shown: a recording without it cannot be looked at.
    let times = [(Timeline::sequence("frame"), 0)];
    let chunk = log_chunk("plots", times, &Scalars::new([1.0])).unwrap();
    let world = stage.app.world_mut();
    world.resource_scope(|world, mut log: Mut<'_, DiffLog>| {
        let mut recordings = world.resource_mut::<Recordings>();
        recordings.insert(&mut log, &other, chunk).unwrap();
    });
    let active = stage.app.world().resource::<Recordings>().active().unwrap();
    let active = active.id().clone();
    let elsewhere = QueryContextSettings {
        recording: Some(RecordingName {
            application: None,
            recording: "second".into(),
        }),
        ..QueryContextSettings::default()
    };
    let item = Item::DataResult {
        view,
        entity: "/plots".into(),
        instance: None,
    };
    for (settings, expected) in [(QueryContextSettings::default(), active), (elsewhere, other)] {
        look(&mut stage, view, &settings);
        command(&mut stage, ViewerCommand::Select(vec![item.clone()]));
        stage.draw();
        let rows = stage.texts(Vec::new());
        // The row in the tree of the blueprint, which lies above the streams.
        let is_in_tree =
            |(text, rect): &&(String, Rect)| text == "plots" && rect.max.x < 240.0 && rect.max.y < 640.0;
        let (_, row) = rows.iter().find(is_in_tree).expect("a row");
        stage.click(row.center());
        stage.draw();
        let heard = std::mem::take(&mut stage.app.world_mut().resource_mut::<Heard>().0);
        assert!(heard.len() == 1 && heard[0].view == Some(view), "{heard:?}");
        assert_eq!(heard[0].recording, Some(expected));
    }
}
