//! Lines of a log are selected, pointed at and copied as the items of other views are.

use chronoscope_frame::{
    Item, Selection, TimeCommand, ViewerClick, ViewerCommand,
    selection::{ClickButton, ClickSource},
};
use chronoscope_store::Chunk;
use chronoscope_types::{TextLog, log_chunk};
use egui::{Event, Modifiers, PointerButton, Pos2, vec2};

use super::{Viewer, frame};
use crate::{
    ViewAction,
    testing::{context_with_fonts, hear_clicks, heard_clicks},
    view_action,
};

const LOG: &str = "TextLog";

fn line(entity: &str, time: i64, text: &str) -> Chunk {
    let text = TextLog::new(text).with_level("INFO");
    log_chunk(entity, [(frame(), time)], &text).unwrap()
}

/// Five lines of two entities, one of them always there.
fn viewer() -> Viewer {
    let mut viewer = Viewer::new([
        line("logs/a", 1, "one"),
        line("logs/b", 2, "two"),
        line("logs/a", 3, "three\tand\nmore"),
        line("logs/a", 4, "four"),
        log_chunk("logs/c", [], &TextLog::new("always")).unwrap(),
    ]);
    viewer.egui = context_with_fonts();
    viewer.text(LOG);
    viewer
}

impl Viewer {
    fn selection(&self) -> &Selection {
        self.app.world().resource::<Selection>()
    }

    /// The place of a text in the list.
    #[track_caller]
    fn place(&mut self, wanted: &str) -> Pos2 {
        self.draw(LOG, Vec::new());
        let texts = self.draw(LOG, Vec::new());
        let found = texts.iter().find(|(text, _)| text.starts_with(wanted));
        found.unwrap_or_else(|| panic!("{wanted} in {texts:?}")).1 + vec2(3.0, 3.0)
    }

    /// Clicks in a line, on its text or so far beside it, with these keys held.
    #[track_caller]
    fn click_line(&mut self, text: &str, beside: f32, button: PointerButton, modifiers: Modifiers) {
        let pos = self.place(text) + vec2(beside, 0.0);
        self.draw(
            LOG,
            vec![Event::ModifiersChanged(modifiers), Event::PointerMoved(pos)],
        );
        for pressed in [true, false] {
            let event = Event::PointerButton {
                pos,
                button,
                pressed,
                modifiers,
            };
            self.draw(LOG, vec![event]);
        }
        self.draw(
            LOG,
            vec![Event::ModifiersChanged(Modifiers::NONE), Event::PointerGone],
        );
    }

    fn click_with(&mut self, text: &str, modifiers: Modifiers) {
        self.click_line(text, 0.0, PointerButton::Primary, modifiers);
    }

    fn ask(&mut self, action: ViewAction) {
        view_action::ask(&self.egui, self.first_view(), action);
        self.text(LOG);
    }

    /// The texts of the selected lines, as they are copied, one by one.
    fn selected_texts(&mut self) -> Vec<String> {
        let items = self.selection().selected.clone();
        let mut texts = Vec::new();
        for item in &items {
            assert!(matches!(item, Item::Row { .. }), "{item:?}");
            self.command(ViewerCommand::Select(vec![item.clone()]));
            self.copied = None;
            self.ask(ViewAction::CopyRows);
            texts.push(self.copied.take().expect("a line on the clipboard"));
        }
        self.command(ViewerCommand::Select(items));
        texts
    }
}

#[test]
fn a_line_is_selected_where_it_is_clicked_and_a_host_hears_of_it() {
    let mut viewer = viewer();
    hear_clicks(&mut viewer.app);
    viewer.click_with("two", Modifiers::NONE);
    assert_eq!(viewer.selected_texts(), ["two"]);
    let clicks: Vec<ViewerClick> = heard_clicks(&mut viewer.app);
    let heard = |click: &ViewerClick| (click.entity.to_string(), click.button, click.source);
    assert_eq!(
        clicks.iter().map(heard).collect::<Vec<_>>(),
        [("/logs/b".to_owned(), ClickButton::Primary, ClickSource::View)]
    );
    // Beside its text, too.
    viewer.click_line("four", 200.0, PointerButton::Primary, Modifiers::NONE);
    assert_eq!(viewer.selected_texts(), ["four"]);
    viewer.click_with("always", Modifiers::NONE);
    assert_eq!(viewer.selected_texts(), ["always"]);
    // Its entity is a link of its own, and its time leads there.
    viewer.click_with("#3", Modifiers::NONE);
    assert_eq!(viewer.selected_texts(), ["always"]);
}

#[test]
fn control_adds_a_line_and_shift_all_up_to_it() {
    let mut viewer = viewer();
    viewer.click_with("one", Modifiers::NONE);
    viewer.click_with("four", Modifiers::COMMAND);
    assert_eq!(viewer.selected_texts(), ["one", "four"]);
    viewer.click_with("one", Modifiers::COMMAND);
    assert_eq!(viewer.selected_texts(), ["four"]);
    viewer.click_with("two", Modifiers::SHIFT);
    assert_eq!(viewer.selected_texts(), ["four", "three\tand\nmore", "two"]);
    // The one that was selected first stays the first.
    viewer.click_with("three", Modifiers::SHIFT);
    assert_eq!(viewer.selected_texts(), ["four", "three\tand\nmore"]);
}

#[test]
fn keys_go_from_line_to_line() {
    let mut viewer = viewer();
    viewer.ask(ViewAction::RowBelow);
    assert_eq!(viewer.selected_texts(), Vec::<String>::new(), "none is selected");
    viewer.click_with("two", Modifiers::NONE);
    viewer.ask(ViewAction::RowBelow);
    assert_eq!(viewer.selected_texts(), ["three\tand\nmore"]);
    viewer.ask(ViewAction::RowAbove);
    viewer.ask(ViewAction::RowAbove);
    assert_eq!(viewer.selected_texts(), ["one"]);
    viewer.ask(ViewAction::ExtendBelow);
    viewer.ask(ViewAction::ExtendBelow);
    assert_eq!(viewer.selected_texts(), ["one", "two", "three\tand\nmore"]);
    viewer.ask(ViewAction::ExtendAbove);
    assert_eq!(viewer.selected_texts(), ["one", "two"]);
    // There is nothing above the first and below the last.
    viewer.click_with("always", Modifiers::NONE);
    viewer.ask(ViewAction::RowAbove);
    assert_eq!(viewer.selected_texts(), ["always"]);
    viewer.click_with("four", Modifiers::NONE);
    viewer.ask(ViewAction::RowBelow);
    assert_eq!(viewer.selected_texts(), ["four"]);
}

#[test]
fn a_selection_that_leaves_lines_out_says_so() {
    let lines = (0..5_010).map(|at| line("logs/a", at, &format!("line {at}.")));
    let mut viewer = Viewer::new(lines);
    viewer.egui = context_with_fonts();
    let says_so = |viewer: &mut Viewer| {
        viewer
            .text(LOG)
            .contains("5000 lines are selected, the most at once")
    };
    viewer.text(LOG);
    viewer.click_with("line 5.", Modifiers::NONE);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(5_003)));
    viewer.click_with("line 5003.", Modifiers::SHIFT);
    assert_eq!(viewer.selection().selected.len(), 4_999);
    assert!(!says_so(&mut viewer));
    viewer.click_with("line 5007.", Modifiers::SHIFT);
    assert_eq!(viewer.selection().selected.len(), 5_000);
    assert!(says_so(&mut viewer));
    viewer.click_with("line 5004.", Modifiers::NONE);
    assert!(!says_so(&mut viewer));
}

#[test]
fn a_line_that_keys_select_comes_into_sight() {
    let lines = (0..200).map(|at| line("logs/a", at, &format!("line {at}.")));
    let mut viewer = Viewer::new(lines);
    viewer.egui = context_with_fonts();
    let shows = |viewer: &mut Viewer, wanted: &str| viewer.text(LOG).split('|').any(|text| text == wanted);
    viewer.text(LOG);
    viewer.click_with("line 5.", Modifiers::NONE);
    assert!(!shows(&mut viewer, "line 40."));
    for _ in 0..35 {
        viewer.ask(ViewAction::RowBelow);
    }
    assert_eq!(viewer.selected_texts(), ["line 40."]);
    assert!(shows(&mut viewer, "line 40.") && !shows(&mut viewer, "line 5."));
    for _ in 0..35 {
        viewer.ask(ViewAction::RowAbove);
    }
    assert!(shows(&mut viewer, "line 5."));
}

#[test]
fn a_click_in_the_list_leaves_it_where_it_is() {
    let lines = (0..200).map(|at| line("logs/a", at, &format!("line {at}.")));
    let mut viewer = Viewer::new(lines);
    viewer.egui = context_with_fonts();
    viewer.text(LOG);
    viewer.click_with("line 5.", Modifiers::NONE);
    let mut items = viewer.selection().selected.clone();
    for _ in 0..35 {
        viewer.ask(ViewAction::RowBelow);
    }
    items.extend(viewer.selection().selected.clone());
    assert_eq!(items.len(), 2);
    viewer.command(ViewerCommand::Select(items.clone()));
    viewer.click_with("line 40.", Modifiers::COMMAND);
    assert_eq!(
        viewer.selection().selected,
        items[..1],
        "the one that is out of sight"
    );
    let texts = viewer.text(LOG);
    let shows = |wanted: &str| texts.split('|').any(|text| text == wanted);
    assert!(shows("line 40.") && !shows("line 5."), "{texts}");
}

#[test]
fn selected_lines_are_copied_in_the_order_of_the_list() {
    let mut viewer = viewer();
    let copied = |viewer: &mut Viewer| -> Option<Vec<String>> {
        viewer.copied = None;
        viewer.ask(ViewAction::CopyRows);
        let text = viewer.copied.take()?;
        Some(text.lines().map(str::to_owned).collect())
    };
    assert_eq!(copied(&mut viewer), None);
    viewer.click_with("three", Modifiers::NONE);
    viewer.click_with("one", Modifiers::COMMAND);
    viewer.click_with("always", Modifiers::COMMAND);
    let lines = copied(&mut viewer).expect("lines");
    let ends = [
        "static\t/logs/c\t\talways",
        "\t/logs/a\tINFO\tone",
        "\t/logs/a\tINFO\tthree and more",
    ];
    assert_eq!(lines.len(), ends.len(), "{lines:?}");
    for (line, end) in lines.iter().zip(ends) {
        assert!(line.ends_with(end), "{end:?} in {lines:?}");
    }
    // From the menu of one of them it is all of them, of another that one alone.
    viewer.click_line("one", 0.0, PointerButton::Secondary, Modifiers::NONE);
    viewer.copied = None;
    viewer.click(LOG, "Copy 3 lines");
    assert_eq!(viewer.copied.take().unwrap().lines().count(), 3);
    viewer.click_line("four", 0.0, PointerButton::Secondary, Modifiers::NONE);
    assert_eq!(viewer.selected_texts(), ["four"]);
    viewer.copied = None;
    viewer.click(LOG, "Copy line");
    assert_eq!(viewer.copied.take().unwrap(), "four");
}

#[test]
fn a_line_lights_up_under_the_pointer_and_alone() {
    let mut viewer = viewer();
    let hovered = |viewer: &Viewer| viewer.selection().hovered.clone();
    let place = viewer.place("one");
    viewer.draw(LOG, vec![Event::PointerMoved(place)]);
    viewer.draw(LOG, Vec::new());
    let one = hovered(&viewer).expect("a line");
    assert!(
        matches!(&one, Item::Row { entity, .. } if *entity == "/logs/a".into()),
        "{one:?}"
    );
    let place = viewer.place("four");
    viewer.draw(LOG, vec![Event::PointerMoved(place)]);
    viewer.draw(LOG, Vec::new());
    assert_ne!(hovered(&viewer), Some(one), "of the same entity");
    // Over the filter, which is no line.
    viewer.draw(LOG, vec![Event::PointerMoved(Pos2::new(20.0, 10.0))]);
    viewer.draw(LOG, Vec::new());
    assert_eq!(hovered(&viewer), None);
}
