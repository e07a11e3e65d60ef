//! Whole passes without a renderer: what can be read, and what happens when it is clicked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_frame::{
    ActiveBlueprint, Cursor, Item, Report, Reports, Selection, Settled, TimeControls, View, ViewTile,
    ViewerCommand, ViewerCommands,
};
use egui::{Event, Key, Modifiers, Pos2};

use crate::testing::Stage;

fn check_says(texts: &[String], wanted: &str) {
    assert!(
        texts.iter().any(|text| text.contains(wanted)),
        "nothing says '{wanted}' among {texts:?}"
    );
}

fn time(stage: &Stage) -> i64 {
    stage.app.world().resource::<Cursor>().time
}

#[test]
fn nothing_open_says_what_to_do() {
    let texts = Stage::empty(1400.0, 900.0).draw();
    check_says(&texts, "Welcome to Chronoscope");
    check_says(&texts, "chronoscope FILE");
}

#[test]
fn a_recording_is_in_every_panel() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/world/robot", "/plots"]);
    let texts = stage.draw();
    for wanted in [
        "test app",
        "first",
        "scene.rrd",
        "Streams",
        "robot",
        "plots",
        "frame",
        "Recordings",
        "Blueprint",
        "Entities",
        "#10",
    ] {
        check_says(&texts, wanted);
    }
    // The class has no user interface here.
    check_says(&texts, "no view of class TimeSeries yet");
}

#[test]
fn views_learn_where_they_are_and_then_it_is_quiet() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    stage.draw();
    let world = stage.app.world_mut();
    let mut views = world.query::<(&View, &ViewTile)>();
    let tiles: Vec<ViewTile> = views.iter(world).map(|(_, tile)| *tile).collect();
    assert_eq!(tiles.len(), 1);
    assert!(
        tiles[0].shown && tiles[0].size_pixels[0] > 400 && tiles[0].size_pixels[1] > 200,
        "{tiles:?}"
    );
    assert!(world.resource::<Settled>().frames() > 2);
}

#[test]
fn small_windows_leave_room_for_tiles() {
    let mut stage = Stage::with_entities(800.0, 600.0, &["/plots"]);
    stage.draw();
    let world = stage.app.world_mut();
    let mut views = world.query::<&ViewTile>();
    let tile = *views.iter(world).next().unwrap();
    assert!(
        tile.size_pixels[0] >= 300 && tile.size_pixels[1] >= 250,
        "{tile:?}"
    );
}

#[test]
fn clicking_a_stream_selects_it_and_shows_its_values() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let at = stage.find("plots");
    stage.click(at);
    let selected = &stage.app.world().resource::<Selection>().selected;
    assert!(
        matches!(&selected[..], [item] if item.entity() == Some(&"/plots".into())),
        "{selected:?}"
    );
    let texts = stage.draw();
    check_says(&texts, "/plots");
    check_says(&texts, "scalars");
    // As a view shows it, or would if it could.
    let view = *stage
        .app
        .world()
        .resource::<ActiveBlueprint>()
        .viewport()
        .views
        .keys()
        .next()
        .unwrap();
    let item = Item::DataResult {
        view,
        entity: "/plots".into(),
    };
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Select(vec![item]));
    check_says(&stage.draw(), "no visualizer yet");
    stage.press(Key::Escape, Modifiers::NONE);
    assert!(stage.app.world().resource::<Selection>().selected.is_empty());
}

#[test]
fn keys_move_time() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    assert_eq!(time(&stage), 0);
    stage.press(Key::ArrowRight, Modifiers::NONE);
    assert_eq!(time(&stage), 10);
    stage.press(Key::End, Modifiers::NONE);
    assert_eq!(time(&stage), 20);
    stage.press(Key::ArrowLeft, Modifiers::NONE);
    assert_eq!(time(&stage), 10);
    stage.press(Key::Home, Modifiers::NONE);
    assert_eq!(time(&stage), 0);
}

#[test]
fn space_plays() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    stage.press(Key::Space, Modifiers::NONE);
    let world = stage.app.world();
    let key = world
        .resource::<chronoscope_frame::Recordings>()
        .active()
        .unwrap()
        .key();
    assert_eq!(
        world.resource::<TimeControls>().get(key).play_state(),
        chronoscope_frame::PlayState::Playing
    );
}

#[test]
fn dragging_in_the_ruler_scrubs() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let at = stage.find("#10");
    stage.click(at);
    assert_eq!(time(&stage), 10);
    let to = stage.find("#20");
    let button = |pos: Pos2, pressed| Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    stage.draw_with(vec![Event::PointerMoved(at)]);
    stage.draw_with(vec![button(at, true)]);
    stage.draw_with(vec![Event::PointerMoved(to)]);
    // The frame after the drag's event has it, with the button still down.
    stage.draw_with(Vec::new());
    assert_eq!(time(&stage), 20);
    stage.draw_with(vec![button(to, false)]);
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    stage.press(Key::P, Modifiers::COMMAND);
    check_says(&stage.draw(), "Undo");
    stage.draw_with(vec![Event::Text("go to the end".to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    assert_eq!(time(&stage), 20);
    let texts = stage.draw();
    assert!(
        !texts.iter().any(|text| text == "Choose views automatically"),
        "it is closed"
    );
}

#[test]
fn typing_moves_no_time() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    stage.press(Key::End, Modifiers::NONE);
    assert_eq!(time(&stage), 0);
}

#[test]
fn errors_stay_until_they_are_dismissed() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage
        .app
        .world_mut()
        .resource_mut::<Reports>()
        .push(Report::error("broken.rrd", "the file is cut short"));
    let texts = stage.draw();
    check_says(&texts, "broken.rrd");
    check_says(&texts, "the file is cut short");
    let at = stage.find(crate::icons::CLOSE);
    stage.click(at);
    let texts = stage.draw();
    assert!(!texts.iter().any(|text| text.contains("cut short")), "{texts:?}");
}

#[test]
fn panels_close_and_come_back_by_undo() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    check_says(&stage.draw(), "Recordings");
    stage.press(Key::B, Modifiers::COMMAND | Modifiers::SHIFT);
    let texts = stage.draw();
    assert!(!texts.iter().any(|text| text == "Recordings"), "{texts:?}");
    stage.press(Key::Z, Modifiers::COMMAND);
    check_says(&stage.draw(), "Recordings");
}

#[test]
fn hovering_lights_up_the_entity_everywhere() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let at = stage.find("plots");
    stage.draw_with(vec![Event::PointerMoved(at)]);
    stage.draw_with(Vec::new());
    let hovered = stage.app.world().resource::<Selection>().hovered.clone();
    assert_eq!(hovered.as_ref().and_then(Item::entity), Some(&"/plots".into()));
    stage.draw_with(vec![Event::PointerMoved(Pos2::new(700.0, 16.0))]);
    stage.draw_with(Vec::new());
    assert_eq!(stage.app.world().resource::<Selection>().hovered, None);
}

#[test]
fn a_view_is_maximized_and_put_back() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let at = stage.find(crate::icons::MAXIMIZE);
    stage.click(at);
    stage.draw();
    assert!(
        stage
            .app
            .world()
            .resource::<ActiveBlueprint>()
            .viewport()
            .maximized
            .is_some()
    );
    let at = stage.find(crate::icons::MINIMIZE);
    stage.click(at);
    stage.draw();
    assert!(
        stage
            .app
            .world()
            .resource::<ActiveBlueprint>()
            .viewport()
            .maximized
            .is_none()
    );
}

#[test]
fn ten_thousand_entities_and_long_names_are_drawn() {
    let long = format!("/points/{}", "x".repeat(200));
    let mut paths: Vec<String> = (0..10_000).map(|number| format!("/points/{number:05}")).collect();
    paths.push(long);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut stage = Stage::with_entities(1400.0, 900.0, &paths);
    let texts = stage.draw();
    check_says(&texts, "points");
    assert!(
        texts.len() < 1_000,
        "only what can be seen is laid out, not {} texts",
        texts.len()
    );
}

#[test]
fn reading_the_time_does_not_put_it_back() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    // The field is clicked, time moves on, and the field is left without a word.
    let at = stage.find("#0");
    stage.click(at);
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .time(chronoscope_frame::TimeCommand::SetTime(10));
    stage.draw();
    stage.click(Pos2::new(700.0, 16.0));
    stage.draw();
    assert_eq!(time(&stage), 10);
}
