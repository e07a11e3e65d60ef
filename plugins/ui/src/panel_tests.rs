//! The viewer's own panels, replaced by those of an app.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::{app::App, ecs::prelude::*, time::TimePlugin};
use chronoscope_blueprint::{Panel, PanelState};
use chronoscope_frame::{FramePlugins, Item, Selection, ViewerCommand, ViewerCommands};
use egui::{Key, KeyboardShortcut, Modifiers, Rect};

use crate::{
    AppCommandExt, AppPanelExt, NamedCommand, NamedPanel, UiCommand, UiPlugin, UiSettings, UiState,
    commands::NamedCommands, edits, icons, named_panels::NamedPanels, testing::Stage,
};

const WIDTH: f32 = 1400.0;
const HEIGHT: f32 = 900.0;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// How often the panel of the host was drawn.
#[derive(Resource, Default)]
struct Drawn(u32);

fn stage() -> Stage {
    let mut stage = Stage::with_entities(WIDTH, HEIGHT, &["/a", "/b"]);
    stage.app.init_resource::<Drawn>();
    stage
}

fn draw_host(InMut(ui): InMut<egui::Ui>, mut drawn: ResMut<Drawn>) {
    drawn.0 += 1;
    ui.label("of the host");
}

/// Replaces a panel by one of the host.
fn replace(stage: &mut Stage, panel: Panel) {
    stage.app.add_panel(NamedPanel::new(panel.name(), draw_host));
}

/// A text that only this panel of the viewer has.
fn mark(panel: Panel) -> &'static str {
    match panel {
        Panel::Top => icons::UNDO,
        Panel::Blueprint => "Recordings",
        Panel::Selection => "Selection",
        Panel::Time => "Streams",
    }
}

fn has_mark(texts: &[(String, Rect)], panel: Panel) -> bool {
    texts.iter().any(|(text, _)| text == mark(panel))
}

/// Where the panel of the host is.
fn host_rects(texts: &[(String, Rect)]) -> Vec<Rect> {
    let texts = texts.iter().filter(|(text, _)| text == "of the host");
    texts.map(|(_, rect)| *rect).collect()
}

fn texts(stage: &mut Stage) -> Vec<(String, Rect)> {
    stage.draw();
    stage.texts(Vec::new())
}

#[test]
fn each_panel_of_the_viewer_is_replaced_by_name_and_put_back() {
    for panel in Panel::ALL {
        let mut stage = stage();
        let before = texts(&mut stage);
        for own in Panel::ALL {
            assert!(has_mark(&before, own), "{own:?}: {before:?}");
        }
        replace(&mut stage, panel);
        let replaced = texts(&mut stage);
        for other in Panel::ALL {
            let is_there = has_mark(&replaced, other);
            assert_eq!(
                is_there,
                other != panel,
                "{panel:?} replaced, {other:?}: {replaced:?}"
            );
        }
        let rects = host_rects(&replaced);
        assert_eq!(rects.len(), 1, "{panel:?}: {replaced:?}");
        let at = rects[0].center();
        let is_in_place = match panel {
            Panel::Top => at.y < 40.0,
            Panel::Blueprint => at.x < 280.0 && at.y < 100.0,
            Panel::Selection => at.x > WIDTH - 340.0 && at.y < 100.0,
            Panel::Time => at.y > HEIGHT - 280.0 && at.y < HEIGHT - 100.0,
        };
        assert!(is_in_place, "{panel:?}: {at:?}");
        assert!(!stage.wants_repaint(), "{panel:?}");
        // The viewer's own, by the same call.
        stage.app.add_panel(panel);
        let drawn = stage.app.world().resource::<Drawn>().0;
        let back = texts(&mut stage);
        assert!(has_mark(&back, panel), "{panel:?}: {back:?}");
        assert!(host_rects(&back).is_empty(), "{panel:?}: {back:?}");
        assert_eq!(stage.app.world().resource::<Drawn>().0, drawn, "{panel:?}");
    }
}

#[test]
fn all_panels_may_be_replaced_at_once() {
    let mut stage = stage();
    for panel in Panel::ALL {
        replace(&mut stage, panel);
    }
    let texts = texts(&mut stage);
    assert_eq!(host_rects(&texts).len(), 4, "{texts:?}");
    for panel in Panel::ALL {
        assert!(!has_mark(&texts, panel), "{panel:?}: {texts:?}");
    }
}

/// The commands that opened and closed a panel do so with the one in its place, and no others come.
#[test]
fn a_replaced_panel_keeps_its_command() {
    let commands = [
        (Panel::Blueprint, UiCommand::ToggleLeftPanel, Key::B),
        (Panel::Selection, UiCommand::ToggleSelectionPanel, Key::S),
        (Panel::Time, UiCommand::ToggleTimePanel, Key::T),
    ];
    for (panel, command, key) in commands {
        let mut stage = stage();
        let num_commands = |stage: &Stage| stage.app.world().resource::<NamedCommands>().iter().count();
        let before = num_commands(&stage);
        replace(&mut stage, panel);
        assert_eq!(num_commands(&stage), before);
        assert_eq!(format!("{} panel", panel.name()), command.name());
        let open = host_rects(&texts(&mut stage));
        stage.press(key, COMMAND_SHIFT);
        let closed = host_rects(&texts(&mut stage));
        if panel == Panel::Time {
            // In the row of buttons that is left of it.
            assert!(
                closed[0].top() > HEIGHT - 40.0 && closed[0].bottom() <= HEIGHT,
                "{closed:?}"
            );
        } else {
            assert!(closed.is_empty(), "{panel:?}: {closed:?}");
        }
        stage.press(key, COMMAND_SHIFT);
        assert_eq!(host_rects(&texts(&mut stage)), open, "{panel:?}");
    }
}

#[test]
fn a_replaced_panel_may_have_a_key_of_its_own_beside() {
    let mut stage = stage();
    let key = KeyboardShortcut::new(Modifiers::NONE, Key::J);
    stage
        .app
        .add_panel(NamedPanel::new("Selection", draw_host).with_shortcut(key));
    assert_eq!(host_rects(&texts(&mut stage)).len(), 1);
    stage.press(Key::J, Modifiers::NONE);
    assert!(host_rects(&texts(&mut stage)).is_empty());
    stage.press(Key::S, COMMAND_SHIFT);
    assert_eq!(host_rects(&texts(&mut stage)).len(), 1);
}

#[test]
fn what_a_host_adds_before_the_viewer_stays() {
    let mut app = App::new();
    app.init_resource::<Drawn>()
        .add_command(NamedCommand::new("Selection panel", || {}))
        .add_panel(NamedPanel::new("Selection", draw_host))
        .add_plugins((TimePlugin, FramePlugins, UiPlugin::default()));
    let panels = app.world().resource::<NamedPanels>();
    assert_eq!(
        Panel::ALL.map(|panel| panels.is_built_in(panel)),
        Panel::ALL.map(|panel| panel != Panel::Selection)
    );
    let commands = app.world().resource::<NamedCommands>();
    assert!(commands.replacing(UiCommand::ToggleSelectionPanel).is_some());
}

#[test]
fn a_panel_that_is_not_allowed_is_not_drawn_whoever_it_is_of() {
    let mut stage = stage();
    replace(&mut stage, Panel::Time);
    stage.app.world_mut().resource_mut::<UiSettings>().panels.time = false;
    assert!(host_rects(&texts(&mut stage)).is_empty());
    assert_eq!(stage.app.world().resource::<Drawn>().0, 0);
}

/// Keys that lead through a tree do nothing where another panel has the place of the tree.
#[test]
fn keys_do_not_lead_through_a_tree_that_was_replaced() {
    for is_replaced in [false, true] {
        let mut stage = stage();
        // Also where it was there before.
        stage.draw();
        if is_replaced {
            replace(&mut stage, Panel::Time);
        }
        stage.draw();
        let selected = || vec![Item::Entity("/a".into())];
        let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
        commands.push(ViewerCommand::Select(selected()));
        stage.draw();
        stage.press(Key::ArrowDown, Modifiers::NONE);
        stage.draw();
        let now = &stage.app.world().resource::<Selection>().selected;
        assert_eq!(*now == selected(), is_replaced, "{now:?}");
    }
}

/// A time panel that is collapsed, or replaced, while it counts what there is leaves nothing that asks for frames.
#[test]
fn counting_ends_with_the_panel_that_counts() {
    let paths: Vec<String> = (0..8_000).map(|number| format!("/points/{number}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let is_counting = |stage: &Stage| stage.app.world().resource::<UiState>().time_panel.is_counting();
    for is_replaced in [false, true] {
        let mut stage = Stage::with_entities(WIDTH, HEIGHT, &paths);
        stage.app.init_resource::<Drawn>();
        let begins = (0..4).any(|_| {
            stage.draw_with(Vec::new());
            is_counting(&stage)
        });
        assert!(begins);
        if is_replaced {
            replace(&mut stage, Panel::Time);
        } else {
            let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
            commands.blueprint(edits::panel(Panel::Time, PanelState::Collapsed));
        }
        stage.draw();
        stage.draw();
        assert!(!stage.wants_repaint(), "replaced: {is_replaced}");
    }
}
