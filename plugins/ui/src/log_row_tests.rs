//! Lines of a log: selected with the pointer and the keys of a user, told of in the selection panel, and copied.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_frame::{Item, Selection};
use chronoscope_store::{Chunk, Timeline};
use chronoscope_types::{TextLog, log_chunk};
use chronoscope_views::TextLogPlugin;
use egui::{Key, Modifiers};

use crate::{
    testing::Stage,
    view_command_tests::{by_palette, press},
};

fn line(time: i64, text: &str) -> Chunk {
    let times = [
        (Timeline::sequence("frame"), time),
        (Timeline::sequence("step"), 100 * time),
    ];
    let line = TextLog::new(text).with_level("WARN").with_color(0x00ff_00ff);
    log_chunk("/logs", times, &line).unwrap()
}

fn stage() -> Stage {
    let mut stage = Stage::with_entities(1400.0, 900.0, &[]);
    stage.app.add_plugins(TextLogPlugin);
    stage.insert([
        line(1, "first\n\u{1b}[31mand more"),
        line(2, "second"),
        line(3, "third"),
    ]);
    stage.draw();
    stage
}

fn selected(stage: &Stage) -> Vec<Item> {
    stage.app.world().resource::<Selection>().selected.clone()
}

/// What Ctrl+C copies.
fn copied(stage: &mut Stage) -> Option<String> {
    stage.copied = None;
    press(stage, Key::C, Modifiers::COMMAND);
    stage.copied.take()
}

#[test]
fn the_panel_says_what_the_selected_line_says() {
    let mut stage = stage();
    let place = stage.find("second");
    stage.click(place);
    let texts = stage.draw();
    for wanted in ["Logged at", "#2", "#200", "second", "WARN", "color"] {
        let count = |texts: &[String]| texts.iter().filter(|text| *text == wanted).count();
        assert!(count(&texts) > 0, "{wanted} in {texts:?}");
    }
    // Its own row among those of the same entity, and all of its text.
    let place = stage.find("first …");
    stage.click(place);
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text == "first\nand more"), "{texts:?}");
    assert!(!texts.iter().any(|text| text == "#200"), "{texts:?}");
    by_palette(&mut stage, "Copy values");
    let values = stage.copied.take().expect("values");
    assert!(values.contains("first") && !values.contains("second"), "{values}");
}

#[test]
fn keys_go_from_line_to_line_and_copy_them() {
    let mut stage = stage();
    assert_eq!(copied(&mut stage), None, "nothing is selected");
    let place = stage.find("second");
    stage.click(place);
    stage.draw();
    assert_eq!(copied(&mut stage).as_deref(), Some("second"));
    press(&mut stage, Key::ArrowDown, Modifiers::NONE);
    assert_eq!(copied(&mut stage).as_deref(), Some("third"));
    press(&mut stage, Key::ArrowUp, Modifiers::SHIFT);
    let both = copied(&mut stage).expect("two lines");
    let lines: Vec<&str> = both.lines().collect();
    assert_eq!(lines.len(), 2, "{both}");
    assert!(
        lines[0].ends_with("\tWARN\tsecond") && lines[1].ends_with("\tWARN\tthird"),
        "{both}"
    );
    // Back and forward in what was selected, and to nothing.
    press(&mut stage, Key::ArrowLeft, Modifiers::ALT);
    assert_eq!(copied(&mut stage).as_deref(), Some("third"));
    press(&mut stage, Key::ArrowLeft, Modifiers::ALT);
    assert_eq!(copied(&mut stage).as_deref(), Some("second"));
    press(&mut stage, Key::ArrowRight, Modifiers::ALT);
    assert_eq!(copied(&mut stage).as_deref(), Some("third"));
    press(&mut stage, Key::Escape, Modifiers::NONE);
    assert_eq!(selected(&stage), []);
}

#[test]
fn a_line_is_not_removed_and_takes_no_log_with_it() {
    let mut stage = stage();
    let place = stage.find("second");
    stage.click(place);
    stage.draw();
    press(&mut stage, Key::Delete, Modifiers::NONE);
    let texts = stage.draw();
    for wanted in ["second", "third"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted} in {texts:?}");
    }
    assert_eq!(selected(&stage).len(), 1);
}
