//! The viewer in a part of a host's interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use bevy::{ecs::prelude::*, time::TimeUpdateStrategy};
use chronoscope_frame::{
    ActiveBlueprint, PlayState, Recordings, Selection, Settled, TimeControls, ViewTile, WorkCounters,
};
use egui::{Event, Key, Modifiers, Pos2, Rect};

use crate::{AllowedPanels, Look, UiSettings, UiState, show, testing::Stage, theme::Theme};

/// Where the host has its own panel, in points.
const HOST_WIDTH: f32 = 300.0;

fn stage() -> Stage {
    Stage::with_entities(1400.0, 900.0, &["/world/robot", "/plots"])
}

/// A host whose panel is called as one of the viewer's.
fn host(world: &mut World, ui: &mut egui::Ui, states: &mut [UiState]) {
    egui::Panel::left("left_panel")
        .exact_size(HOST_WIDTH)
        .show(ui, |ui| {
            ui.label("Host");
            ui.take_available_space();
        });
    egui::CentralPanel::no_frame().show(ui, |ui| {
        let (rect, num) = (ui.max_rect(), states.len());
        for (at, state) in states.iter_mut().enumerate() {
            let width = rect.width() / num as f32;
            let left = rect.left() + at as f32 * width;
            let part = Rect::from_min_size(Pos2::new(left, rect.top()), egui::vec2(width, rect.height()));
            let mut part = ui.new_child(egui::UiBuilder::new().max_rect(part));
            show(world, &mut part, state);
        }
    });
}

fn draw(stage: &mut Stage, events: Vec<Event>, states: &mut [UiState]) -> Vec<(String, Rect)> {
    stage.draw_by(events, |world, ui| host(world, ui, states))
}

fn key(key: Key, modifiers: Modifiers) -> Vec<Event> {
    let event = |pressed| Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    };
    vec![event(true), event(false)]
}

fn is_playing(stage: &Stage) -> bool {
    let world = stage.app.world();
    let active = world.resource::<Recordings>().active().unwrap().key();
    world.resource::<TimeControls>().get(active).play_state() == PlayState::Playing
}

#[test]
fn a_host_with_panels_of_the_same_names_and_a_second_instance_clash_with_nothing() {
    let mut stage = stage();
    let mut states = [UiState::new("left"), UiState::new("right")];
    for _ in 0..12 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let texts = draw(&mut stage, Vec::new(), &mut states);
    assert!(texts.iter().any(|(text, _)| text == "Host"));
    let clashes = clashes_in(&texts);
    assert!(clashes.is_empty(), "{clashes:?}");
    for (text, place) in &texts {
        let is_of_host = text == "Host";
        assert_eq!(place.left() < HOST_WIDTH, is_of_host, "{text} at {place:?}");
    }
    let num_titles = texts.iter().filter(|(text, _)| text == "Streams").count();
    assert_eq!(num_titles, 2, "both instances have all panels");
    assert!(
        stage.app.world().resource::<Settled>().frames() > 2,
        "two instances come to rest"
    );
}

#[test]
fn what_is_hovered_in_one_instance_is_not_withdrawn_by_another() {
    let mut stage = stage();
    let mut states = [UiState::new("left"), UiState::new("right")];
    for _ in 0..6 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let texts = draw(&mut stage, Vec::new(), &mut states);
    let (_, row) = texts.iter().find(|(text, _)| text == "robot").unwrap();
    for events in [vec![Event::PointerMoved(row.center())], Vec::new(), Vec::new()] {
        draw(&mut stage, events, &mut states);
    }
    let hovered = |stage: &Stage| {
        let selection = stage.app.world().resource::<Selection>();
        selection.hovered.as_ref().and_then(|item| item.entity().cloned())
    };
    for _ in 0..8 {
        draw(&mut stage, Vec::new(), &mut states);
        assert_eq!(hovered(&stage), Some("/world/robot".into()));
    }
    assert!(stage.app.world().resource::<Settled>().frames() > 2);
    for events in [
        vec![Event::PointerMoved(Pos2::new(50.0, 450.0))],
        Vec::new(),
        Vec::new(),
    ] {
        draw(&mut stage, events, &mut states);
    }
    assert_eq!(hovered(&stage), None);
}

#[test]
fn in_a_floating_window_the_viewer_keeps_to_its_size() {
    let mut stage = stage();
    let mut state = UiState::default();
    let mut sizes = Vec::new();
    for _ in 0..12 {
        let texts = stage.draw_by(Vec::new(), |world, ui| {
            let window = egui::Window::new("Viewer")
                .default_pos([200.0, 60.0])
                .default_size([900.0, 600.0]);
            let shown = window.show(ui.ctx(), |ui| show(world, ui, &mut state)).unwrap();
            sizes.push(shown.response.rect.size());
        });
        assert!(clashes_in(&texts).is_empty());
    }
    assert_eq!(sizes[4], sizes[11]);
    assert!(
        (sizes[11].x - 900.0).abs() < 40.0 && (sizes[11].y - 600.0).abs() < 60.0,
        "{sizes:?}"
    );
    let view = stage.first_view();
    assert!(state.view_rect(view).is_some_and(|rect| rect.left() > 200.0));
}

/// Clashes of ids, as egui writes them on the screen.
fn clashes_in(texts: &[(String, Rect)]) -> Vec<&str> {
    let texts = texts.iter().map(|(text, _)| text.as_str());
    texts.filter(|text| text.contains("use of")).collect()
}

#[test]
fn instances_without_a_salt_of_their_own_are_seen_to_clash() {
    let mut stage = stage();
    let mut states = [UiState::default(), UiState::default()];
    for _ in 0..4 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let texts = draw(&mut stage, Vec::new(), &mut states);
    assert!(!clashes_in(&texts).is_empty());
}

#[test]
fn keys_are_for_the_viewer_only_while_the_pointer_is_over_it() {
    let mut stage = stage();
    // It does not play to its end meanwhile, however slow the machine is.
    let step = TimeUpdateStrategy::ManualDuration(Duration::from_millis(1));
    stage.app.insert_resource(step);
    let mut states = [UiState::default()];
    let space = || key(Key::Space, Modifiers::NONE);
    let at = |x| vec![Event::PointerMoved(Pos2::new(x, 450.0))];
    for _ in 0..4 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let before = is_playing(&stage);
    for (place, changes) in [
        (at(50.0), false),
        (vec![Event::PointerGone], false),
        (at(900.0), true),
    ] {
        draw(&mut stage, place, &mut states);
        draw(&mut stage, space(), &mut states);
        draw(&mut stage, Vec::new(), &mut states);
        assert_eq!(is_playing(&stage) != before, changes);
    }
    let now = is_playing(&stage);
    stage.app.world_mut().resource_mut::<UiSettings>().shortcuts = false;
    draw(&mut stage, space(), &mut states);
    draw(&mut stage, Vec::new(), &mut states);
    assert_eq!(is_playing(&stage), now, "they can be switched off");
}

#[test]
fn dialogs_stay_in_the_viewer_and_leave_the_host_alone() {
    let mut stage = stage();
    let mut states = [UiState::default()];
    draw(
        &mut stage,
        vec![Event::PointerMoved(Pos2::new(900.0, 450.0))],
        &mut states,
    );
    draw(&mut stage, key(Key::P, Modifiers::COMMAND), &mut states);
    let mut texts = Vec::new();
    for _ in 0..4 {
        texts = draw(&mut stage, Vec::new(), &mut states);
    }
    let (_, place) = texts
        .iter()
        .find(|(text, _)| text.starts_with("Find a command"))
        .unwrap();
    let middle = HOST_WIDTH + (1400.0 - HOST_WIDTH) / 2.0;
    assert!(
        (place.left() - middle).abs() < 300.0,
        "centered in the viewer: {place:?}"
    );
    let modal = stage.ctx.memory(egui::Memory::top_modal_layer);
    assert_eq!(modal, None, "the host's widgets still answer");
    let on_host = stage.ctx.layer_id_at(Pos2::new(50.0, 450.0));
    assert_eq!(on_host.map(|layer| layer.order), Some(egui::Order::Background));
}

#[test]
fn the_look_of_the_host_stays_as_it_is() {
    let mut stage = stage();
    let mut states = [UiState::default()];
    let mut styles = Vec::new();
    for _ in 0..4 {
        draw(&mut stage, Vec::new(), &mut states);
        styles.push((
            stage.ctx.style_of(egui::Theme::Dark),
            stage.ctx.options(|options| options.theme_preference),
        ));
    }
    for (style, theme) in &styles {
        assert!(Arc::ptr_eq(style, &styles[0].0));
        assert_eq!(*theme, egui::ThemePreference::System);
    }
    assert_ne!(styles[0].0.visuals.panel_fill, Theme::dark().panel);
}

#[test]
fn the_look_can_be_that_of_the_host() {
    let mut stage = stage();
    stage.app.world_mut().insert_resource(UiSettings {
        style: Look::Host,
        fonts: Look::Host,
        ..UiSettings::default()
    });
    let brown = egui::Color32::from_rgb(90, 60, 30);
    stage
        .ctx
        .all_styles_mut(|style| style.visuals.extreme_bg_color = brown);
    let mut states = [UiState::default()];
    for _ in 0..4 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let style = stage.app.world().resource::<chronoscope_views::ViewStyle>();
    assert_eq!(style.background, brown);
}

#[test]
fn a_viewer_that_is_not_drawn_works_on_nothing_and_comes_back() {
    let mut stage = stage();
    let mut states = [UiState::default()];
    for _ in 0..6 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let is_any_shown = |stage: &mut Stage| {
        let world = stage.app.world_mut();
        world.query::<&ViewTile>().iter(world).any(|tile| tile.shown)
    };
    assert!(is_any_shown(&mut stage));
    for _ in 0..4 {
        stage.draw_by(Vec::new(), |_, ui| _ = ui.label("Host"));
    }
    assert!(!is_any_shown(&mut stage));
    // What arrives meanwhile is taken in, and no more.
    let generation = |stage: &Stage| stage.app.world().resource::<ActiveBlueprint>().generation();
    let before = generation(&stage);
    stage.log(&["/world/late"]);
    for _ in 0..4 {
        stage.draw_by(Vec::new(), |_, ui| _ = ui.label("Host"));
        let counters = stage.app.world().resource::<WorkCounters>();
        assert_eq!(counters.iter().count(), 0, "work of a hidden viewer");
        assert_eq!(generation(&stage), before);
    }
    assert!(stage.app.world().resource::<Settled>().frames() > 2);
    for _ in 0..6 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let texts = draw(&mut stage, Vec::new(), &mut states);
    assert!(is_any_shown(&mut stage));
    assert!(texts.iter().any(|(text, _)| text == "late"), "{texts:?}");
}

#[test]
fn panels_that_the_host_does_not_allow_are_not_shown_and_leave_nothing_to_undo() {
    let mut stage = stage();
    stage.app.world_mut().insert_resource(UiSettings {
        panels: AllowedPanels::NONE,
        ..UiSettings::default()
    });
    let mut states = [UiState::default()];
    for _ in 0..6 {
        draw(&mut stage, Vec::new(), &mut states);
    }
    let texts = draw(&mut stage, Vec::new(), &mut states);
    for panel in ["Recordings", "Streams", "Blueprint"] {
        assert!(
            !texts.iter().any(|(text, _)| text.contains(panel)),
            "{panel} in {texts:?}"
        );
    }
    let rect = states[0].view_rect(stage.first_view()).unwrap();
    assert!(
        rect.left() >= HOST_WIDTH && rect.width() > 1000.0 && rect.height() > 800.0,
        "{rect:?}"
    );
    let recordings = stage.app.world().resource::<Recordings>();
    let blueprints = recordings.active_blueprint();
    assert!(blueprints.is_none_or(|(_, blueprints)| !blueprints.undo.can_undo()));
}

#[test]
fn without_its_plugin_the_viewer_says_so() {
    let mut world = World::new();
    let ctx = egui::Context::default();
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
        show(&mut world, ui, &mut UiState::default());
    });
    output.textures_delta.clear();
    let said = output.shapes.iter().any(|shape| match &shape.shape {
        egui::Shape::Text(text) => text.galley.text().contains("ChronoscopePlugins"),
        _ => false,
    });
    assert!(said);
}
