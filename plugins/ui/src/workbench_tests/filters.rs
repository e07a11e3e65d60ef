//! The fields that filter the trees.

use chronoscope_frame::TimeCommand;
use chronoscope_store::Timeline;
use chronoscope_types::{Clear, Points3D, Scalars, log_chunk};
use egui::Pos2;

use super::*;

fn go_to(stage: &mut Stage, time: i64) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.time(TimeCommand::SetTime(time));
    stage.draw();
}

#[test]
fn the_trees_have_what_is_there_as_the_cursor_moves() {
    let mut stage = stage(&["/early"]);
    let at = |time| [(Timeline::sequence("frame"), time)];
    stage.insert([
        log_chunk("/late", at(15), &Scalars::new([1.0])).unwrap(),
        log_chunk("/late", at(18), &Clear::new(false)).unwrap(),
    ]);
    stage.draw();
    stage.press(Key::F, Modifiers::COMMAND);
    stage.draw();
    for field in ["Find a stream", "Find a view or an entity"] {
        let field = stage.find(field);
        stage.click(field);
        stage.draw();
        type_text(&mut stage, "at:cursor");
    }
    let mut rows_at = |time| {
        go_to(&mut stage, time);
        let texts = stage.draw();
        ["early", "late"].map(|name| texts.iter().filter(|text| *text == name).count())
    };
    assert_eq!(rows_at(0), [2, 0], "in both trees");
    assert_eq!(rows_at(15), [2, 2]);
    assert_eq!(rows_at(17), [2, 2]);
    assert_eq!(rows_at(18), [2, 0], "it is cleared");
    assert_eq!(rows_at(16), [2, 2]);
    assert_eq!(rows_at(10), [2, 0]);
}

/// The middle of the button of this name that is nearest to a place.
fn button(stage: &mut Stage, name: &str, place: Pos2) -> Pos2 {
    let nodes = stage.nodes();
    let named = nodes.iter().filter(|node| node.label() == Some(name));
    let middles = named.filter_map(|node| {
        let bounds = node.bounds()?;
        let (x, y) = (bounds.x0 + bounds.x1, bounds.y0 + bounds.y1);
        Some(egui::pos2((x / 2.0) as f32, (y / 2.0) as f32))
    });
    middles
        .min_by(|a, b| a.distance(place).total_cmp(&b.distance(place)))
        .unwrap()
}

#[test]
fn conditions_have_buttons_beside_what_is_typed() {
    let mut stage = stage(&["/early"]);
    let at = [(Timeline::sequence("frame"), 15)];
    stage.insert([log_chunk("/cloud", at, &Points3D::new([[0.0; 3]])).unwrap()]);
    stage.draw();
    go_to(&mut stage, 0);
    stage.press(Key::F, Modifiers::COMMAND);
    stage.draw();
    let fields = ["Find a stream", "Find a view or an entity"].map(|hint| stage.find(hint));
    let rows = |stage: &mut Stage| {
        let texts = stage.draw();
        ["early", "cloud"].map(|name| texts.iter().filter(|text| *text == name).count())
    };
    for field in fields {
        let only_there = button(&mut stage, "Only what is there at the cursor", field);
        stage.click(only_there);
    }
    assert_eq!(rows(&mut stage), [2, 0]);
    for field in fields {
        let only_there = button(&mut stage, "Only what is there at the cursor", field);
        stage.click(only_there);
        stage.draw();
        let types = button(&mut stage, "Only entities of a type", field);
        stage.click(types);
        stage.draw();
        let points = stage.find_near("Points3D", types);
        stage.click(points);
        stage.draw();
    }
    assert_eq!(rows(&mut stage), [0, 2]);
}
