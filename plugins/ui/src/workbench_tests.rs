//! Views are arranged, things found and looked at again, with the keys and the pointer of a user.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod apart;
mod copies;
mod filters;
mod takes;
mod times;
mod titles;
mod windows;

use chronoscope_blueprint::{ContainerKind, ViewBlueprint, ViewId, ViewportBlueprint};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, Item, Recordings, Selection, ViewerCommand, ViewerCommands,
    commands::{PictureTarget, ScreenshotRequests},
};
use egui::{Event, Key, Modifiers};

use crate::{UiSettings, icons, testing::Stage};

fn stage(paths: &[&str]) -> Stage {
    let mut stage = Stage::with_entities(1400.0, 900.0, paths);
    stage.draw();
    stage
}

fn viewport(stage: &Stage) -> &ViewportBlueprint {
    stage.app.world().resource::<ActiveBlueprint>().viewport()
}

fn titles(stage: &Stage) -> Vec<String> {
    let viewport = viewport(stage);
    let views = viewport.views_in_order().into_iter();
    views
        .filter_map(|id| viewport.views.get(&id))
        .map(ViewBlueprint::title)
        .collect()
}

fn only_view(stage: &Stage) -> ViewId {
    let views: Vec<ViewId> = viewport(stage).views.keys().copied().collect();
    assert_eq!(views.len(), 1);
    views[0]
}

fn select(stage: &mut Stage, item: Item) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Select(vec![item]));
    stage.draw();
}

fn selected(stage: &Stage) -> Vec<Item> {
    stage.app.world().resource::<Selection>().selected.clone()
}

fn press(stage: &mut Stage, key: Key) {
    stage.press(key, Modifiers::NONE);
    stage.draw();
}

fn type_text(stage: &mut Stage, text: &str) {
    stage.draw_with(vec![Event::Text(text.to_owned())]);
    stage.draw();
}

fn undo(stage: &mut Stage) {
    stage.press(Key::Z, Modifiers::COMMAND);
    stage.draw();
}

fn undo_name(stage: &Stage) -> Option<&'static str> {
    let recordings = stage.app.world().resource::<Recordings>();
    recordings.active_blueprint()?.1.undo.undo_name()
}

fn says(stage: &mut Stage, wanted: &str) -> bool {
    stage.draw().iter().any(|text| text.contains(wanted))
}

#[test]
fn a_signal_among_many_is_found_and_plotted_with_three_strokes() {
    let names: Vec<String> = (0..1_500)
        .map(|at| format!("/can/0x{:03x}/speed_{at}", at / 10))
        .collect();
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut stage = stage(&paths);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "speed_742");
    stage.press(Key::Enter, Modifiers::COMMAND);
    stage.draw();
    let shown = viewport(&stage)
        .views
        .values()
        .find(|view| view.origin.as_str().ends_with("speed_742"));
    let shown = shown.expect("a view of the signal").id;
    assert_eq!(selected(&stage), [Item::View(shown)]);
    assert_eq!(undo_name(&stage), Some("add view"));
    undo(&mut stage);
    assert_eq!(viewport(&stage).views.len(), 1);
}

#[test]
fn an_entity_that_is_found_is_selected_and_revealed_in_the_trees() {
    let names: Vec<String> = (0..60)
        .map(|at| format!("/group_{}/signal_{at}", at % 2))
        .collect();
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut stage = stage(&paths);
    assert!(!says(&mut stage, "signal_41"), "the group begins collapsed");
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "signal_41");
    press(&mut stage, Key::Enter);
    assert_eq!(selected(&stage), [Item::Entity("/group_1/signal_41".into())]);
    let texts = stage.draw();
    let rows = texts.iter().filter(|text| *text == "signal_41").count();
    assert!(rows >= 2, "a row in each tree, among {texts:?}");
}

#[test]
fn names_with_escapes_are_found_and_shown_as_they_are_read() {
    let mut stage = stage(&[r"/can/angle\ \[deg\]", "/can/speed"]);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "angle [deg]");
    press(&mut stage, Key::Enter);
    assert_eq!(selected(&stage), [Item::Entity(r"/can/angle\ \[deg\]".into())]);
    assert!(says(&mut stage, "/can/angle [deg]"));
    stage.press(Key::F, Modifiers::COMMAND);
    stage.draw();
    // As it is copied, it is found, too.
    type_text(&mut stage, r"angle\ \[deg\]");
    let texts = stage.draw();
    let count = |name: &str| texts.iter().filter(|text| *text == name).count();
    assert_eq!((count("angle [deg]") > 0, count("speed")), (true, 1), "{texts:?}");
}

#[test]
fn the_palette_finds_views_and_conditions() {
    let mut stage = stage(&["/a", "/b"]);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "type:nothing");
    assert!(says(&mut stage, "Nothing has such a name"));
    press(&mut stage, Key::Escape);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "type:scalars at:cursor b");
    press(&mut stage, Key::Enter);
    assert_eq!(selected(&stage), [Item::Entity("/b".into())]);
}

#[test]
fn the_palette_puts_what_has_the_word_and_can_be_done_before_what_has_its_letters() {
    let mut stage = stage(&["/plots/cosine", "/plots/sine", "/__properties"]);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "sine");
    let texts = stage.draw();
    let place = |name: &str| texts.iter().rposition(|text| text == name);
    let (series, other) = (place("/plots/sine"), place("/plots/cosine"));
    let letters = place("Selection panel");
    assert!(series.is_some() && series < other, "{texts:?}");
    assert!(other < letters, "{texts:?}");
    assert!(letters < place("Show the selected series alone"), "{texts:?}");
    stage.press(Key::A, Modifiers::COMMAND);
    type_text(&mut stage, "properties");
    assert!(!says(&mut stage, "/__properties"));
}

#[test]
fn lists_in_dialogs_take_the_room_that_they_need_when_they_have_more_rows_than_before() {
    let mut stage = stage(&["/a"]);
    let edit = |stage: &mut Stage, name: &str| {
        let view = viewport(stage).views_in_order()[0];
        select(stage, Item::View(view));
        press(stage, Key::F2);
        stage.press(Key::A, Modifiers::COMMAND);
        type_text(stage, name);
        press(stage, Key::Enter);
    };
    let num_listed = |stage: &mut Stage| {
        stage.press(Key::H, Modifiers::COMMAND);
        let texts = stage.draw();
        press(stage, Key::Escape);
        texts.iter().filter(|text| *text == "Rename view").count()
    };
    edit(&mut stage, "One");
    assert_eq!(num_listed(&mut stage), 1);
    for name in ["Two", "Three", "Four", "Five", "Six"] {
        edit(&mut stage, name);
    }
    assert_eq!(num_listed(&mut stage), 6);
}

#[test]
fn a_view_is_renamed_duplicated_hidden_and_removed_by_keys() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    press(&mut stage, Key::F2);
    type_text(&mut stage, "Speed");
    press(&mut stage, Key::Enter);
    assert_eq!(
        (titles(&stage), undo_name(&stage)),
        (vec!["Speed".to_owned()], Some("rename view"))
    );

    stage.press(Key::D, Modifiers::COMMAND);
    stage.draw();
    assert_eq!(titles(&stage), ["Speed", "Speed (copy)"]);
    assert_eq!(undo_name(&stage), Some("duplicate"));
    press(&mut stage, Key::H);
    let hidden = viewport(&stage)
        .views
        .values()
        .filter(|view| !view.visible)
        .count();
    assert_eq!(hidden, 1);
    press(&mut stage, Key::Delete);
    assert_eq!(titles(&stage), ["Speed"]);
    for expected in [2, 2, 1] {
        undo(&mut stage);
        assert_eq!(titles(&stage).len(), expected);
    }
    undo(&mut stage);
    assert_eq!(titles(&stage), ["/"]);
}

#[test]
fn escape_leaves_names_as_they_are() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    press(&mut stage, Key::F2);
    type_text(&mut stage, "Speed");
    press(&mut stage, Key::Escape);
    assert_eq!((titles(&stage), undo_name(&stage)), (vec!["/".to_owned()], None));
    // And, pressed again, a maximized view before the selection.
    press(&mut stage, Key::Enter);
    assert_eq!(viewport(&stage).maximized, Some(view));
    press(&mut stage, Key::Escape);
    assert_eq!(viewport(&stage).maximized, None);
    assert_eq!(selected(&stage), [Item::View(view)]);
    press(&mut stage, Key::Escape);
    assert_eq!(selected(&stage), []);
}

#[test]
fn the_menu_of_a_view_copies_it_and_adds_beside_it() {
    let mut stage = stage(&["/a"]);
    let row = stage.find("/");
    stage.right_click(row);
    let duplicate = stage.find("Duplicate");
    stage.click(duplicate);
    stage.draw();
    assert_eq!(titles(&stage).len(), 2);
}

#[test]
fn a_picture_of_a_view_is_copied_from_its_menu_and_from_the_palette() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    let row = stage.find("/");
    stage.right_click(row);
    let copy = stage.find("Copy picture");
    stage.click(copy);
    stage.draw();
    assert_eq!(selected(&stage), [Item::View(view)]);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "copy picture");
    press(&mut stage, Key::Enter);
    let asked = &stage.app.world().resource::<ScreenshotRequests>().0;
    let asked: Vec<_> = asked.iter().map(|request| (&request.to, request.view)).collect();
    assert_eq!(asked, [(&PictureTarget::Clipboard, Some(view)); 2]);
}

#[test]
fn views_and_containers_are_added_from_the_palette_and_the_plus() {
    let mut stage = stage(&["/a"]);
    stage.press(Key::N, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "time series");
    press(&mut stage, Key::Enter);
    assert_eq!(titles(&stage).len(), 2);
    let plus = stage.find_near(crate::icons::ADD, egui::pos2(200.0, 60.0));
    stage.click(plus);
    stage.draw();
    let vertical = stage.find("Vertical");
    stage.click(vertical);
    stage.draw();
    let is_vertical = |kind: ContainerKind| kind == ContainerKind::Vertical;
    assert!(
        viewport(&stage)
            .containers
            .values()
            .any(|inner| is_vertical(inner.kind))
    );
}

#[test]
fn trees_are_filtered_until_escape() {
    let mut stage = stage(&["/robot/lidar", "/robot/camera"]);
    assert!(says(&mut stage, "camera"));
    stage.press(Key::F, Modifiers::COMMAND);
    stage.draw();
    type_text(&mut stage, "lid");
    let texts = stage.draw();
    // Both fields are open, and one of them has the focus.
    let count = |name: &str| texts.iter().filter(|text| *text == name).count();
    assert!(count("camera") < count("lidar"), "{texts:?}");
    press(&mut stage, Key::Escape);
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text == "camera"));
}

fn time(stage: &Stage) -> i64 {
    stage.app.world().resource::<Cursor>().time
}

#[test]
fn the_cursor_moves_by_steps_and_events() {
    let mut stage = stage(&["/a"]);
    assert_eq!(time(&stage), 0);
    stage.press(Key::ArrowRight, Modifiers::SHIFT);
    stage.draw();
    assert_eq!(time(&stage), 1);
    stage.press(Key::ArrowRight, Modifiers::COMMAND | Modifiers::SHIFT);
    stage.draw();
    assert_eq!(time(&stage), 11);
    press(&mut stage, Key::ArrowRight);
    assert_eq!(time(&stage), 20);
    // Not beyond the last time.
    stage.press(Key::ArrowRight, Modifiers::SHIFT);
    stage.draw();
    assert_eq!(time(&stage), 20);
    select(&mut stage, Item::Entity("/a".into()));
    press(&mut stage, Key::Comma);
    assert_eq!(time(&stage), 10);
    press(&mut stage, Key::Period);
    assert_eq!(time(&stage), 20);
}

#[test]
fn a_time_that_makes_no_sense_is_said_to_make_none() {
    let mut stage = stage(&["/a"]);
    let field = stage.find("#0");
    stage.click(field);
    stage.press(Key::A, Modifiers::COMMAND);
    type_text(&mut stage, "abc");
    assert!(says(&mut stage, "is no time"));
    press(&mut stage, Key::Enter);
    assert!(says(&mut stage, "abc"), "what was typed stays");
    stage.press(Key::A, Modifiers::COMMAND);
    type_text(&mut stage, "99");
    assert!(says(&mut stage, "After the last time"));
    press(&mut stage, Key::Enter);
    assert_eq!(time(&stage), 20);
}

#[test]
fn what_was_selected_before_is_selected_again() {
    let mut stage = stage(&["/a", "/b"]);
    select(&mut stage, Item::Entity("/a".into()));
    select(&mut stage, Item::Entity("/b".into()));
    stage.press(Key::ArrowLeft, Modifiers::ALT);
    stage.draw();
    assert_eq!(selected(&stage), [Item::Entity("/a".into())]);
    assert_eq!(time(&stage), 0, "the key is not that of a step");
    stage.press(Key::ArrowRight, Modifiers::ALT);
    stage.draw();
    assert_eq!(selected(&stage), [Item::Entity("/b".into())]);
    stage.press(Key::X, Modifiers::COMMAND | Modifiers::SHIFT);
    assert_eq!(stage.copied.as_deref(), Some("/b"));
}

#[test]
fn the_list_of_edits_leads_back_to_any_of_them() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    stage.press(Key::D, Modifiers::COMMAND);
    stage.draw();
    press(&mut stage, Key::H);
    stage.press(Key::H, Modifiers::COMMAND);
    stage.draw();
    let first = stage.find("As it was opened");
    stage.click(first);
    stage.draw();
    assert_eq!(titles(&stage).len(), 1);
    let second = stage.find("Duplicate");
    stage.click(second);
    stage.draw();
    assert_eq!(titles(&stage).len(), 2);
    assert!(viewport(&stage).views.values().all(|view| view.visible));
}

#[test]
fn keys_and_gestures_are_shown_by_a_question_mark() {
    let mut stage = stage(&["/a"]);
    stage.press(Key::Questionmark, Modifiers::SHIFT);
    assert!(says(&mut stage, "Keys and gestures"));
    press(&mut stage, Key::Escape);
    assert!(!says(&mut stage, "Keys and gestures"));
}

#[test]
fn settings_are_chosen_on_their_page() {
    let mut stage = stage(&["/a"]);
    stage.press(Key::Comma, Modifiers::COMMAND);
    stage.draw();
    let local = stage.find("This time zone");
    stage.click(local);
    stage.draw();
    assert!(stage.app.world().resource::<UiSettings>().local_time);
}

#[test]
fn an_entity_that_is_dragged_to_the_views_is_shown_in_a_new_one() {
    let mut stage = stage(&["/robot/a", "/robot/b"]);
    // The row of the streams, below.
    let row = stage.find_near("b", egui::pos2(60.0, 850.0));
    assert!(row.y > 600.0, "{row:?}");
    stage.drag(row, egui::pos2(700.0, 300.0));
    stage.draw();
    assert!(
        titles(&stage).contains(&"robot/b".to_owned()),
        "{:?}",
        titles(&stage)
    );
}

/// Selects an entity in a view. Returns what the eye of its row in the tree of the blueprint says, and where it is.
fn eye_of(stage: &mut Stage, view: ViewId, path: &str) -> (String, egui::Pos2) {
    let item = Item::DataResult {
        view,
        entity: path.into(),
        instance: None,
    };
    select(stage, item);
    let texts = stage.texts(Vec::new());
    // Only rows that are selected have eyes, and those of entities stand below that of their view.
    let is_eye = |text: &str| text == icons::VISIBLE || text == icons::HIDDEN;
    let mut texts = texts.into_iter().rev();
    let eye = texts.find(|(text, rect)| is_eye(text) && rect.right() < 500.0);
    let (eye, rect) = eye.expect("an eye");
    (eye, rect.center())
}

#[test]
fn each_click_on_the_eye_of_an_entity_is_a_step_to_undo() {
    let mut stage = stage(&["/a", "/b"]);
    let view = only_view(&stage);
    for path in ["/a", "/b"] {
        let (eye, place) = eye_of(&mut stage, view, path);
        assert_eq!(eye, icons::VISIBLE, "{path}");
        stage.click(place);
        stage.draw();
        assert_eq!(eye_of(&mut stage, view, path).0, icons::HIDDEN, "{path}");
    }
    undo(&mut stage);
    assert_eq!(eye_of(&mut stage, view, "/b").0, icons::VISIBLE);
    assert_eq!(eye_of(&mut stage, view, "/a").0, icons::HIDDEN);
}
