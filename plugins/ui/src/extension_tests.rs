//! Commands and panels that an app adds, as a user meets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::{app::App, ecs::prelude::*, time::TimePlugin};
use chronoscope_frame::{FramePlugins, PlayState, Recordings, Reports, TimeControls};
use egui::{Event, Key, KeyboardShortcut, Modifiers};

use crate::{
    AppCommandExt, AppPanelExt, NamedCommand, NamedPanel, PanelSide, UiCommand, UiPlugin,
    commands::NamedCommands, testing::Stage,
};

/// What the commands and panels of this app change.
#[derive(Resource, Default)]
struct Robot {
    resets: u32,
    is_armed: bool,
    speed: f32,
}

fn stage() -> Stage {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/a"]);
    stage.app.init_resource::<Robot>();
    stage
}

fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

fn robot(stage: &Stage) -> &Robot {
    stage.app.world().resource()
}

fn reset(mut robot: ResMut<Robot>) {
    robot.resets += 1;
}

#[test]
fn a_command_of_an_app_is_run_by_its_key_and_from_the_palette() {
    let mut stage = stage();
    stage
        .app
        .add_command(NamedCommand::new("Reset the robot", reset).with_shortcut(key(Key::R)))
        .add_command(
            NamedCommand::new("Disarm", |mut robot: ResMut<Robot>| robot.is_armed = false)
                .with_shortcut(key(Key::X))
                .enabled_if(|world| world.resource::<Robot>().is_armed),
        );
    stage.draw();
    stage.press(Key::R, Modifiers::NONE);
    assert_eq!(robot(&stage).resets, 1);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw_with(vec![Event::Text("reset the rob".to_owned())]);
    let texts = stage.draw();
    assert!(texts.contains(&"Reset the robot".to_owned()), "{texts:?}");
    stage.press(Key::Enter, Modifiers::NONE);
    assert_eq!(robot(&stage).resets, 2);
    // With its key in the list of keys, below the name of its part.
    stage.draw();
    stage.press(Key::Questionmark, Modifiers::SHIFT);
    let texts = stage.draw();
    for expected in ["App", "Reset the robot", "R"] {
        assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    }
}

#[test]
fn commands_of_the_viewer_are_replaced_by_name_and_by_key() {
    let mut stage = stage();
    stage
        .app
        .add_command(NamedCommand::new(UiCommand::TogglePlay.name(), reset).with_shortcut(key(Key::Space)))
        // A key that stands for something else already.
        .add_command(
            NamedCommand::new("Arm", |mut robot: ResMut<Robot>| robot.is_armed = true)
                .with_shortcut(key(Key::Period)),
        );
    let names = |stage: &Stage| {
        let commands = stage.app.world().resource::<NamedCommands>().iter();
        let names: Vec<String> = commands.map(|(_, command)| command.name.to_string()).collect();
        names
    };
    let before = names(&stage);
    let plays = before.iter().filter(|name| *name == UiCommand::TogglePlay.name());
    assert_eq!(plays.count(), 1);
    stage.draw();
    stage.press(Key::Space, Modifiers::NONE);
    stage.press(Key::Period, Modifiers::NONE);
    let world = stage.app.world();
    let active = world.resource::<Recordings>().active().unwrap().key();
    let play_state = world.resource::<TimeControls>().get(active).play_state();
    assert_ne!(play_state, PlayState::Playing);
    assert_eq!((robot(&stage).resets, robot(&stage).is_armed), (1, true));
    // And back: the viewer's own are added by the same call.
    stage.app.add_command(UiCommand::TogglePlay);
    assert_eq!(names(&stage), before);
    stage.press(Key::Space, Modifiers::NONE);
    assert_eq!(robot(&stage).resets, 1);
}

#[test]
fn what_a_host_adds_before_the_viewer_stays() {
    let mut app = App::new();
    app.init_resource::<Robot>()
        .add_command(NamedCommand::new(UiCommand::Quit.name(), reset))
        .add_panel(NamedPanel::new("Performance", |InMut(_): InMut<egui::Ui>| {}))
        .add_plugins((TimePlugin, FramePlugins, UiPlugin::default()));
    let commands = app.world().resource::<NamedCommands>();
    assert!(commands.replacing(UiCommand::Quit).is_some());
    let panels = commands
        .iter()
        .filter(|(_, command)| command.name == "Performance panel");
    assert_eq!(panels.count(), 1);
}

#[test]
fn a_panel_of_an_app_is_drawn_and_changes_the_world() {
    let mut stage = stage();
    let panel = |InMut(ui): InMut<egui::Ui>, mut robot: ResMut<Robot>| {
        if ui.button("Faster").clicked() {
            robot.speed += 1.0;
        }
        ui.label(format!("{} m/s", robot.speed));
    };
    stage
        .app
        .add_panel(NamedPanel::new("Drive", panel).with_shortcut(key(Key::J)));
    for side in [PanelSide::Left, PanelSide::Bottom] {
        let name = format!("{side:?} one");
        stage.app.add_panel(
            NamedPanel::new(name, move |InMut(ui): InMut<egui::Ui>| {
                ui.label(format!("at {side:?}"));
            })
            .at(side),
        );
    }
    let texts = stage.draw();
    for expected in ["Drive", "0 m/s", "at Left", "at Bottom", "Streams"] {
        assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    }
    let button = stage.find("Faster");
    stage.click(button);
    assert!((robot(&stage).speed - 1.0).abs() < f32::EPSILON);
    assert!(stage.draw().contains(&"1 m/s".to_owned()));
    assert!(!stage.wants_repaint());
    stage.press(Key::J, Modifiers::NONE);
    let texts = stage.draw();
    assert!(!texts.contains(&"Drive".to_owned()), "{texts:?}");
    stage.press(Key::J, Modifiers::NONE);
    assert!(stage.draw().contains(&"Drive".to_owned()));
    // One of the same title takes its place.
    stage
        .app
        .add_panel(NamedPanel::new("Drive", |InMut(ui): InMut<egui::Ui>| {
            _ = ui.label("parked");
        }));
    let texts = stage.draw();
    assert!(texts.contains(&"parked".to_owned()) && !texts.contains(&"1 m/s".to_owned()));
}

#[test]
fn what_asks_for_a_resource_that_is_not_there_is_reported_once() {
    #[derive(Resource)]
    struct Missing;
    let mut stage = stage();
    stage
        .app
        .add_panel(NamedPanel::new(
            "Broken panel",
            |_: InMut<egui::Ui>, _: Res<Missing>| {},
        ))
        .add_command(NamedCommand::new("Broken command", |_: Res<Missing>| {}).with_shortcut(key(Key::J)));
    stage.draw();
    stage.press(Key::J, Modifiers::NONE);
    stage.draw();
    let reports = stage.app.world().resource::<Reports>();
    let of = |source: &str| reports.iter().filter(|report| &*report.source == source).count();
    assert_eq!([of("Broken panel"), of("Broken command")], [1, 1]);
    assert!(!stage.wants_repaint());
}
