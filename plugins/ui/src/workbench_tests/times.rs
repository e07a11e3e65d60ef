//! The ruler of the time panel: what is selected, pointed at and written there.

use chronoscope_frame::{TimeCommand, TimeControls};
use chronoscope_store::{TimeRange, Timeline};
use chronoscope_types::{Scalars, log_chunk};
use egui::{Pos2, Rect};

use super::*;

fn time_command(stage: &mut Stage, command: TimeCommand) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.time(command);
    stage.draw();
}

fn loop_selection(stage: &Stage) -> Option<(i64, i64)> {
    let world = stage.app.world();
    let key = world.resource::<Recordings>().active().unwrap().key();
    let selection = world.resource::<TimeControls>().get(key).loop_selection("frame");
    selection.map(|range| (range.min, range.max))
}

/// The texts in the row of a place that lie over one another.
fn overlaps(stage: &mut Stage, place: Pos2, events: Vec<Event>) -> Vec<[String; 2]> {
    let mut row: Vec<(String, Rect)> = stage.texts(events);
    row.retain(|(_, rect)| (rect.center().y - place.y).abs() < 10.0 && rect.width() > 0.0);
    row.sort_by(|(_, a), (_, b)| a.left().total_cmp(&b.left()));
    let lies_over = |a: &Rect, b: &Rect| a.right() > b.left() && a.y_range().intersects(b.y_range());
    row.windows(2)
        .filter(|pair| lies_over(&pair[0].1, &pair[1].1))
        .map(|pair| [pair[0].0.clone(), pair[1].0.clone()])
        .collect()
}

#[test]
fn a_loop_region_shows_its_times_and_can_be_changed_and_removed() {
    let mut stage = stage(&["/plots"]);
    let (ten, twenty) = (stage.find("#10"), stage.find("#20"));
    time_command(
        &mut stage,
        TimeCommand::SetLoopSelection(Some(TimeRange::new(0, 10))),
    );
    assert!(says(&mut stage, "#0 – #10"));
    stage.drag(ten, twenty);
    stage.draw();
    assert_eq!(loop_selection(&stage), Some((0, 20)));
    assert_eq!(time(&stage), 0, "the cursor stays");
    let label = stage.find("#0 – #20");
    // The cross stands behind the label.
    let cross = stage.find_near(crate::icons::CLOSE, label);
    stage.click(cross);
    stage.draw();
    assert_eq!(loop_selection(&stage), None);
    assert_eq!(time(&stage), 0, "a click on the cross does not seek");
}

#[test]
fn what_is_written_in_the_ruler_lies_over_no_label() {
    let mut stage = stage(&["/plots"]);
    let ten = stage.find("#10");
    assert_eq!(
        overlaps(&mut stage, ten, Vec::new()),
        Vec::<[String; 2]>::new(),
        "the ruler alone"
    );
    // Pointed at, a time is written where its label is.
    let pointed = vec![Event::PointerMoved(ten - egui::vec2(6.0, 0.0))];
    stage.draw_with(pointed.clone());
    assert_eq!(
        overlaps(&mut stage, ten, pointed),
        Vec::<[String; 2]>::new(),
        "the time under the pointer"
    );
    stage.draw_with(vec![Event::PointerGone]);
    time_command(
        &mut stage,
        TimeCommand::SetLoopSelection(Some(TimeRange::new(10, 20))),
    );
    assert!(says(&mut stage, "#10 – #20"));
    assert_eq!(
        overlaps(&mut stage, ten, Vec::new()),
        Vec::<[String; 2]>::new(),
        "selected times"
    );
}

#[test]
fn the_cursor_at_the_begin_does_not_cross_what_is_written_in_a_row() {
    let mut stage = stage(&["/a"]);
    let fixed = log_chunk("/fixed", [], &Scalars::new([1.0])).unwrap();
    stage.insert_and_draw(fixed);
    let (ten, twenty) = (stage.find("#10"), stage.find("#20"));
    let begin = ten.x - (twenty.x - ten.x);
    let texts = stage.texts(Vec::new());
    let (_, row) = texts.iter().find(|(text, _)| text.ends_with(" static")).unwrap();
    assert!(row.left() > begin, "{row:?} {begin}");
}

#[test]
fn what_takes_years_to_play_says_so() {
    let mut stage = stage(&["/a"]);
    let hint = |stage: &mut Stage| {
        let texts = stage.draw();
        texts.into_iter().find(|text| text.ends_with(" at this speed"))
    };
    assert_eq!(hint(&mut stage), None);
    let at = [(Timeline::sequence("frame"), 3_000_000_000_000)];
    let far = log_chunk("/far", at, &Scalars::new([1.0])).unwrap();
    stage.insert_and_draw(far);
    time_command(&mut stage, TimeCommand::SetFps(30.0));
    let text = hint(&mut stage);
    assert_eq!(text.as_deref(), Some("3\u{2009}169 years at this speed"));
    time_command(&mut stage, TimeCommand::SetSpeed(10_000.0));
    let text = hint(&mut stage);
    assert_eq!(text.as_deref(), Some("116 days at this speed"));
    time_command(&mut stage, TimeCommand::SetSpeed(1_000_000.0));
    assert_eq!(hint(&mut stage), None);
}

#[test]
fn fields_that_show_their_value_alone_have_names_for_screen_readers() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let nodes = stage.nodes();
    for name in ["Timeline", "Time", "Steps per second", "Playback speed"] {
        let named = nodes.iter().filter(|node| node.label() == Some(name)).count();
        assert_eq!(named, 1, "{name}");
    }
}
