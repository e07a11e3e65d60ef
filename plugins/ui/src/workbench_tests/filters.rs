//! The fields that filter the trees.

use chronoscope_frame::TimeCommand;
use chronoscope_store::Timeline;
use chronoscope_types::{Clear, Scalars, log_chunk};

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
