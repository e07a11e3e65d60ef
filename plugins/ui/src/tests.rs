//! Whole passes without a renderer: what can be read, and what happens when it is clicked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::{
    ActiveBlueprint, Cursor, Item, ListenLink, Report, Reports, Selection, Settled, TimeCommand,
    TimeControls, View, ViewTile, ViewerCommand, ViewerCommands,
};
use chronoscope_views::{AppViewUiExt as _, ViewUi, ViewUiContext};
use egui::{Event, Key, Modifiers, Pos2};

use crate::{UiSettings, icons, testing::Stage};

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
    check_says(&texts, "Drop a file here, or press Ctrl+O");
    check_says(&texts, "Drop a file here.");
    let only_program = "chronoscope FILE";
    assert!(!texts.iter().any(|text| text.contains(only_program)), "{texts:?}");
    for (settings, wanted) in [
        (
            UiSettings {
                can_quit: true,
                ..UiSettings::default()
            },
            "Drop a file here, press Ctrl+O, or run: chronoscope FILE",
        ),
        (
            UiSettings {
                take_drops: false,
                shortcuts: false,
                ..UiSettings::default()
            },
            "Recordings appear here once there is data.",
        ),
    ] {
        let mut stage = Stage::empty(1400.0, 900.0);
        stage.app.insert_resource(settings);
        check_says(&stage.draw(), wanted);
    }
}

#[test]
fn where_sdks_can_connect_is_said() {
    let mut stage = Stage::empty(1400.0, 900.0);
    for (link, python) in [
        ("rerun+http://127.0.0.1:9876/proxy", "rr.connect_grpc()"),
        (
            "rerun+http://127.0.0.1:4321/proxy",
            "rr.connect_grpc(\"rerun+http://127.0.0.1:4321/proxy\")",
        ),
    ] {
        stage.app.insert_resource(ListenLink(Some(link.into())));
        let texts = stage.draw();
        check_says(&texts, "Welcome to Chronoscope");
        check_says(&texts, link);
        check_says(&texts, python);
        for language in ["Python", "Rust", "C++"] {
            check_says(&texts, language);
        }
    }
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
    check_says(&texts, "no view class TimeSeries yet");
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

/// Says whether its view has a tile.
struct TiledUi;

impl ViewUi for TiledUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::new("TimeSeries")
    }

    fn icon(&self) -> &'static str {
        icons::VIEW_UNKNOWN
    }

    fn ui(&self, ui: &mut egui::Ui, context: &mut ViewUiContext<'_>) {
        let is_shown = context.get::<ViewTile>().is_some_and(|tile| tile.shown);
        ui.label(if is_shown { "tiled" } else { "without a tile" });
    }
}

#[test]
fn a_view_is_drawn_from_the_frame_in_which_something_was_made_for_it() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.app.add_view_ui(TiledUi);
    let passes: Vec<_> = (0..4).map(|_| stage.draw_with(Vec::new())).collect();
    let says = |texts: &[String], wanted: &str| texts.iter().any(|text| text == wanted);
    assert!(!passes.iter().any(|texts| says(texts, "without a tile")));
    assert!(says(&passes[3], "tiled"), "{:?}", passes[3]);
}

/// The size of the first tile, in pixels.
fn tile_size(stage: &mut Stage) -> [u32; 2] {
    let world = stage.app.world_mut();
    let mut tiles = world.query::<&ViewTile>();
    tiles.iter(world).next().unwrap().size_pixels
}

#[test]
fn small_windows_leave_room_for_tiles() {
    let mut stage = Stage::with_entities(800.0, 600.0, &["/plots"]);
    stage.draw();
    let [width, height] = tile_size(&mut stage);
    assert!(width >= 300 && height >= 250, "{width} x {height}");
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
    let view = stage.first_view();
    let item = Item::DataResult {
        view,
        entity: "/plots".into(),
        instance: None,
    };
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Select(vec![item]));
    check_says(&stage.draw(), "draws nothing of this entity");
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

fn select_first_view(stage: &mut Stage) -> chronoscope_blueprint::ViewId {
    let view = stage.first_view();
    select(stage, Item::View(view));
    view
}

fn select(stage: &mut Stage, item: Item) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Select(vec![item]));
    stage.draw();
}

fn viewport(stage: &Stage) -> std::sync::Arc<chronoscope_blueprint::ViewportBlueprint> {
    std::sync::Arc::clone(stage.app.world().resource::<ActiveBlueprint>().viewport())
}

fn time_command(stage: &mut Stage, command: TimeCommand) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.time(command);
    stage.draw();
}

fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn escape_takes_back_what_was_typed() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let view = select_first_view(&mut stage);
    let before = viewport(&stage).views[&view].origin.clone();
    for (key, expected) in [(Key::Escape, before.clone()), (Key::Enter, "/plots".into())] {
        let field = stage.find("Origin") + egui::vec2(150.0, 0.0);
        stage.click(field);
        stage.press(Key::A, Modifiers::COMMAND);
        stage.draw_with(vec![Event::Text("/plots".to_owned())]);
        stage.press(key, Modifiers::NONE);
        stage.draw();
        assert_eq!(viewport(&stage).views[&view].origin, expected, "{key:?}");
        let selected = &stage.app.world().resource::<Selection>().selected;
        assert_eq!(selected[..], [Item::View(view)], "the key is the field's");
    }
}

#[test]
fn a_typed_time_stays_within_the_data() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    for (typed, expected) in [("99", 20), ("abc", 20), ("10", 10)] {
        let before = format!("#{}", time(&stage));
        let at = stage.find(&before);
        stage.click(at);
        stage.press(Key::A, Modifiers::COMMAND);
        stage.draw_with(vec![Event::Text(typed.to_owned())]);
        stage.press(Key::Enter, Modifiers::NONE);
        stage.draw();
        assert_eq!(time(&stage), expected, "{typed}");
        // What makes no sense stays in the field until it is given up.
        stage.press(Key::Escape, Modifiers::NONE);
        stage.draw();
    }
}

#[test]
fn what_follows_can_be_paused() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    check_says(&stage.draw(), crate::icons::PLAY);
    time_command(&mut stage, TimeCommand::Follow);
    check_says(&stage.draw(), crate::icons::PAUSE);
    stage.press(Key::Space, Modifiers::NONE);
    check_says(&stage.draw(), crate::icons::PLAY);
}

#[test]
fn a_damaged_file_is_named_at_once_and_marked() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    let texts = stage.draw();
    assert!(!texts.iter().any(|text| text == crate::icons::WARNING));
    for message in ["the file is cut short", "a chunk cannot be read"] {
        let mut reports = stage.app.world_mut().resource_mut::<Reports>();
        reports.push(Report::warning("scene.rrd", message));
        check_says(&stage.draw(), message);
    }
    let texts = stage.draw();
    // Two notices, the bell, and the recording itself.
    let num_marks = texts.iter().filter(|text| *text == crate::icons::WARNING).count();
    assert_eq!(num_marks, 4, "{texts:?}");
}

#[test]
fn a_double_click_on_the_axis_moves_no_time() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let at = stage.find("#20");
    stage.draw_with(vec![Event::PointerMoved(at)]);
    for pressed in [true, false, true, false] {
        stage.draw_with(vec![button(at, pressed)]);
    }
    stage.draw();
    assert_eq!(time(&stage), 0);
    stage.click(at);
    assert_eq!(time(&stage), 20);
}

#[test]
fn panels_make_room_for_the_views_in_a_small_window() {
    let mut stage = Stage::with_entities(420.0, 320.0, &["/plots"]);
    stage.draw();
    let [width, height] = tile_size(&mut stage);
    assert!(width >= 400 && height >= 200, "{width} x {height}");
    // A panel that is asked for comes all the same.
    stage.press(Key::B, Modifiers::COMMAND | Modifiers::SHIFT);
    check_says(&stage.draw(), "Recordings");
}

#[test]
fn the_menu_marks_what_is_on() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let num_marks = |texts: &[String]| texts.iter().filter(|text| *text == crate::icons::SUCCESS).count();
    open_menu(&mut stage, "View");
    let texts = stage.draw();
    // Three panels and a theme.
    assert_eq!(num_marks(&texts), 4, "{texts:?}");
    stage.press(Key::Escape, Modifiers::NONE);
    open_menu(&mut stage, "Edit");
    let texts = stage.draw();
    // That views are added automatically.
    assert_eq!(num_marks(&texts), 1, "{texts:?}");
    stage.press(Key::Escape, Modifiers::NONE);
    open_menu(&mut stage, "Help");
    check_says(&stage.draw(), "About Chronoscope");
}

fn open_menu(stage: &mut Stage, part: &str) {
    let menu = stage.find(crate::icons::MENU);
    stage.click(menu);
    stage.draw();
    let part = stage.find(part);
    stage.click(part);
    stage.draw();
}

#[test]
fn the_menu_names_what_is_undone() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    stage.press(Key::B, Modifiers::COMMAND | Modifiers::SHIFT);
    stage.draw();
    open_menu(&mut stage, "Edit");
    check_says(&stage.draw(), "Undo ");
}

#[test]
fn hiding_an_entity_is_seen_in_the_tree() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.draw();
    let view = stage.first_view();
    let entity: chronoscope_store::EntityPath = "/plots".into();
    let item = Item::DataResult {
        view,
        entity: entity.clone(),
        instance: None,
    };
    select(&mut stage, item);
    let texts = stage.draw();
    let hidden = |texts: &[String]| texts.iter().filter(|text| *text == crate::icons::HIDDEN).count();
    let num_before = hidden(&texts);
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.blueprint(crate::edits::entity_visible(view, entity, false));
    let texts = stage.draw();
    assert_eq!(hidden(&texts), num_before + 1, "{texts:?}");
}

#[test]
fn a_selected_stream_is_scrolled_to() {
    let paths: Vec<String> = (0..200).map(|number| format!("/points/part_{number}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut stage = Stage::with_entities(1400.0, 900.0, &paths);
    let texts = stage.draw();
    assert!(!texts.iter().any(|text| text == "part_150"));
    select(&mut stage, Item::Entity("/points/part_150".into()));
    check_says(&stage.draw(), "part_151");
}

#[test]
fn an_interface_at_rest_asks_for_no_repaint() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    let at = stage.find("plots");
    stage.draw_with(vec![Event::PointerMoved(at)]);
    for _ in 0..60 {
        stage.draw_with(Vec::new());
    }
    for _ in 0..10 {
        stage.draw_with(Vec::new());
        assert!(!stage.wants_repaint());
    }
}

#[test]
fn what_stands_where_no_recording_is_open_is_not_cut_in_a_small_window() {
    let mut stage = Stage::empty(700.0, 500.0);
    stage.draw();
    let texts = stage.texts(Vec::new());
    let mut found = texts
        .iter()
        .filter(|(text, _)| text.starts_with("No recording is open."));
    let (_, rect) = found.next().unwrap();
    assert!(rect.height() > 20.0, "in two lines: {rect:?}");
}
