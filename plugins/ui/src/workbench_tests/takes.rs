//! What is taken from one place to another: rows into views, words into fields, times to where something was logged.

use chronoscope_blueprint::{BlueprintCommand, ContentsFilter};
use chronoscope_frame::{AppVisualizerExt, DataResults};
use egui::{Pos2, vec2};

use super::*;
use crate::testing::Lines;

/// The entities that the view shows.
fn contents(stage: &Stage) -> Vec<String> {
    let world = stage.app.world();
    let view = world
        .resource::<ActiveBlueprint>()
        .entity(only_view(stage))
        .unwrap();
    let results = world.get::<DataResults>(view).unwrap();
    let drawn = results.iter().filter(|result| !result.visualizers.is_empty());
    drawn.map(|result| result.path.to_string()).collect()
}

#[test]
fn a_row_of_the_streams_is_dragged_into_a_view_that_can_show_it() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/robot/a", "/robot/b"]);
    stage.app.add_visualizer::<Lines>(&["TimeSeries"]);
    stage.draw();
    let view = only_view(&stage);
    let only_a = BlueprintCommand::SetContents(view, ContentsFilter::parse("+ /robot/a"));
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.blueprint(only_a);
    commands.push(ViewerCommand::EndGesture);
    stage.draw();
    assert_eq!(contents(&stage), ["/robot/a"]);
    // The row of the streams, below.
    let row = stage.find_near("b", Pos2::new(60.0, 850.0));
    assert!(row.y > 600.0, "{row:?}");
    stage.drag(row, Pos2::new(700.0, 300.0));
    stage.draw();
    assert_eq!(contents(&stage), ["/robot/a", "/robot/b"]);
    assert_eq!(undo_name(&stage), Some("add to view"));
    undo(&mut stage);
    assert_eq!(contents(&stage), ["/robot/a"]);
}

#[test]
fn the_cursor_snaps_to_where_something_was_logged_while_alt_is_held() {
    let mut stage = stage(&["/a"]);
    let (ten, twenty) = (stage.find("#10"), stage.find("#20"));
    let mut click = |share: f32, modifiers: Modifiers| {
        // So that it is no second click.
        for _ in 0..10 {
            stage.draw();
        }
        stage.hold(modifiers);
        stage.click(ten.lerp(twenty, share));
        stage.hold(Modifiers::NONE);
        stage.draw();
        time(&stage)
    };
    let free = click(0.3, Modifiers::NONE);
    assert!((12..=14).contains(&free), "{free}");
    assert_eq!(click(0.3, Modifiers::ALT), 10);
    assert_eq!(click(0.7, Modifiers::ALT), 20);
}

#[test]
fn tab_takes_the_suggested_path() {
    let mut stage = stage(&["/robot", "/tool"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    let field = stage.find("Origin") + vec2(150.0, 0.0);
    stage.click(field);
    stage.press(Key::A, Modifiers::COMMAND);
    type_text(&mut stage, "/ro");
    assert!(says(&mut stage, "/robot"), "it is suggested");
    press(&mut stage, Key::Tab);
    press(&mut stage, Key::Enter);
    assert_eq!(viewport(&stage).views[&view].origin.as_str(), "/robot");
}
