//! Instances, and what a host hears of clicks and of the selection.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::ecs::message::Messages;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    ActiveBlueprint, Item, Recordings, Selection, ViewerCommand, ViewerCommands,
    selection::{ClickSource, EntityClicked, SelectionChanged},
};
use chronoscope_store::StoreId;
use chronoscope_types::{Points3D, log_chunk};

use crate::testing::Stage;

const CLOUD: &str = "/cloud";

/// A stage with three points, of which all have one color.
fn stage() -> Stage {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    let points =
        Points3D::new([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [7.25, 0.0, 0.0]]).with_colors([0xff00_00ff]);
    let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
    let entry = recordings.open(&StoreId::recording("test app", "first"));
    entry
        .recording
        .insert(log_chunk(CLOUD, [], &points).unwrap())
        .unwrap();
    stage.draw();
    stage
}

fn item(stage: &Stage, instance: Option<u32>) -> Item {
    let views = &stage.app.world().resource::<ActiveBlueprint>().viewport().views;
    let view: ViewId = *views.keys().next().unwrap();
    Item::DataResult {
        view,
        entity: CLOUD.into(),
        instance,
    }
}

fn command(stage: &mut Stage, command: ViewerCommand) {
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(command);
}

fn drain<M: bevy::ecs::message::Message>(stage: &mut Stage) -> Vec<M> {
    stage
        .app
        .world_mut()
        .resource_mut::<Messages<M>>()
        .drain()
        .collect()
}

#[test]
fn a_selected_instance_shows_its_own_values() {
    let mut stage = stage();
    let point = item(&stage, Some(2));
    command(&mut stage, ViewerCommand::Select(vec![point.clone()]));
    let texts = stage.draw();
    let says = |wanted: &str| texts.iter().any(|text| text.contains(wanted));
    assert!(says("/cloud[2]") && says("positions[2]"), "{texts:?}");
    assert!(says("7.25") && !says("1.5"), "{texts:?}");
    // There is one color for all.
    assert!(!says("colors["), "{texts:?}");
    let other = item(&stage, Some(1));
    command(&mut stage, ViewerCommand::Select(vec![other.clone()]));
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text.contains("1.5")), "{texts:?}");
    assert_ne!(point, other);
    command(&mut stage, ViewerCommand::ToggleSelected(point.clone()));
    stage.draw();
    assert_eq!(stage.app.world().resource::<Selection>().selected, [other, point]);
}

#[test]
fn a_host_hears_of_clicks_and_of_the_selection() {
    let mut stage = stage();
    drain::<SelectionChanged>(&mut stage);
    let place = stage.find("cloud");
    stage.click(place);
    let clicks = drain::<EntityClicked>(&mut stage);
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    assert_eq!(clicks[0].entity, CLOUD.into());
    assert_eq!((clicks[0].instance, clicks[0].source), (None, ClickSource::Panel));
    let changes = drain::<SelectionChanged>(&mut stage);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].before.is_empty());
    assert_eq!(changes[0].now[0].entity(), Some(&CLOUD.into()));
    // Selecting the same again is no change.
    let now = changes[0].now.clone();
    command(&mut stage, ViewerCommand::Select(now));
    stage.draw_with(Vec::new());
    assert!(drain::<SelectionChanged>(&mut stage).is_empty());
}
