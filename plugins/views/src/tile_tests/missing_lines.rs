//! Logs of lines that are known and not all loaded.

use chronoscope_frame::{Cursor, Selection, TimeCommand, ViewerCommand};
use chronoscope_store::{AbsentChunk, Chunk};
use chronoscope_types::{TextLog, log_chunk};
use egui::{Event, Key, Modifiers, Pos2, vec2};

use super::{Viewer, frame, missing::change};
use crate::{
    ViewAction,
    testing::{click_at, context_with_fonts},
    view_action,
};

const LOG: &str = "TextLog";
const MISSING: &str = "Lines of 2 entities from #10 to #20 are not loaded";

fn line(entity: &str, time: i64) -> Chunk {
    let text = TextLog::new(format!("{entity} at {time}"));
    log_chunk(entity, [(frame(), time)], &text).unwrap()
}

/// A log of two entities. The lines of the second and third time are not loaded; they are returned, too.
fn viewer() -> (Viewer, [Chunk; 2]) {
    let mut viewer = Viewer::new([line("a", 0), line("a", 30)]);
    let missing = [line("a", 10), line("b", 20)];
    for chunk in &missing {
        let absent = AbsentChunk::of(chunk);
        change(&mut viewer, |recording| recording.insert_absent(&absent));
    }
    viewer.egui = context_with_fonts();
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    (viewer, missing)
}

fn cursor(viewer: &Viewer) -> i64 {
    viewer.app.world().resource::<Cursor>().time
}

/// The texts of a log that stand below each other at the place of its lines, and of what is not loaded.
fn rows(viewer: &mut Viewer) -> Vec<String> {
    viewer.draw(LOG, Vec::new());
    let mut texts = viewer.draw(LOG, Vec::new());
    texts.retain(|(text, _)| text.contains(" at ") || text.contains("not loaded"));
    texts.sort_by(|(_, a), (_, b)| a.y.total_cmp(&b.y));
    texts.into_iter().map(|(text, _)| text).collect()
}

/// Where it is said that lines are missing.
fn place(viewer: &mut Viewer) -> Pos2 {
    let texts = viewer.draw(LOG, Vec::new());
    texts.iter().find(|(text, _)| text == MISSING).unwrap().1 + vec2(3.0, 3.0)
}

fn key(key: Key) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn a_log_says_where_lines_are_not_loaded_until_they_are() {
    let (mut viewer, missing) = viewer();
    assert_eq!(rows(&mut viewer), ["a at 0", MISSING, "a at 30"]);
    let [first, second] = missing;
    change(&mut viewer, |recording| recording.load(second));
    let said = "Lines of /a at #10 are not loaded";
    assert_eq!(rows(&mut viewer), ["a at 0", said, "b at 20", "a at 30"]);
    change(&mut viewer, |recording| recording.load(first));
    assert_eq!(rows(&mut viewer), ["a at 0", "a at 10", "b at 20", "a at 30"]);
}

#[test]
fn what_is_not_loaded_is_no_line() {
    let (mut viewer, _) = viewer();
    view_action::ask(&viewer.egui, viewer.first_view(), ViewAction::CopyTable);
    rows(&mut viewer);
    let copied = viewer.copied.take().unwrap();
    let copied: Vec<&str> = copied.lines().skip(1).collect();
    assert_eq!(copied, ["#0\t/a\t\ta at 0", "#30\t/a\t\ta at 30"]);
    // Keys go from the line before to the one after.
    viewer.click(LOG, "a at 0");
    view_action::ask(&viewer.egui, viewer.first_view(), ViewAction::RowBelow);
    rows(&mut viewer);
    view_action::ask(&viewer.egui, viewer.first_view(), ViewAction::CopyRows);
    rows(&mut viewer);
    assert_eq!(viewer.copied.take().as_deref(), Some("a at 30"));
}

#[test]
fn a_click_on_what_is_not_loaded_moves_the_cursor_there() {
    let (mut viewer, _) = viewer();
    viewer.click(LOG, MISSING);
    assert_eq!(cursor(&viewer), 10);
    // Beside its text, too.
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    rows(&mut viewer);
    let beside = place(&mut viewer) + vec2(400.0, 0.0);
    click_at(beside, |events| drop(viewer.draw(LOG, events)));
    assert_eq!(cursor(&viewer), 10);
    assert!(viewer.app.world().resource::<Selection>().selected.is_empty());
}

#[test]
fn keys_move_the_cursor_to_what_is_not_loaded() {
    let (mut viewer, _) = viewer();
    rows(&mut viewer);
    let place = place(&mut viewer);
    let is_focused = |viewer: &Viewer| {
        let focused = viewer.egui.memory(egui::Memory::focused);
        let response = focused.and_then(|id| viewer.egui.read_response(id));
        response.is_some_and(|response| response.rect.contains(place))
    };
    let mut presses = 0;
    while !is_focused(&viewer) {
        presses += 1;
        assert!(presses < 40, "the key reaches it");
        viewer.draw(LOG, vec![key(Key::Tab)]);
    }
    assert_eq!(cursor(&viewer), 0);
    viewer.draw(LOG, vec![key(Key::Enter)]);
    assert_eq!(cursor(&viewer), 10);
}
