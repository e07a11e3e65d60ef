//! All commands by their keys, or by the palette where they have none: each changes something that a user sees or a host is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::{
    app::{AppExit, Last},
    ecs::{message::MessageReader, prelude::*},
};
use chronoscope_blueprint::{BlueprintCommand, ContainerKind, Contents, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, Item, Recordings, Selection, TimeCommand, TimeControls, ViewOverrides, ViewerCommand,
    commands::{FileRequests, ScreenshotRequests},
};
use chronoscope_store::{RowId, TimeRange, Timeline};
use chronoscope_types::{Scalars, log_chunk};
use egui::{Event, Key, Modifiers, Pos2, vec2};

use crate::{
    OwnWindows, UiCommand, UiSettings,
    testing::Stage,
    view_command_tests::{Asked, by_palette, press, push, select, stage, viewport, views},
};

/// How often the program was asked to end.
#[derive(Resource, Default)]
struct Exits(usize);

fn count_exits(mut exits: MessageReader<AppExit>, mut count: ResMut<Exits>) {
    count.0 += exits.read().count();
}

/// Two streams and a plot, with the cursor in the middle of three times.
fn prepared() -> (Stage, Asked) {
    let (mut stage, asked) = stage(&["/group/a", "/group/b"]);
    stage
        .app
        .init_resource::<Exits>()
        .init_resource::<OwnWindows>()
        .add_systems(Last, count_exits);
    stage.app.world_mut().resource_mut::<UiSettings>().can_quit = true;
    push(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(10)));
    (stage, asked)
}

/// All that a user sees and a host is told.
fn look(stage: &mut Stage, asked: &Asked) -> Vec<String> {
    let mut look = stage.draw();
    look.push(format!("copied {:?}", stage.copied));
    look.push(format!("asked {:?}", asked.count()));
    let world = stage.app.world();
    let recordings = world.resource::<Recordings>();
    if let Some(active) = recordings.active() {
        let control = world.resource::<TimeControls>().get(active.key());
        look.push(format!("{control:?}"));
    }
    let undo = recordings
        .active_blueprint()
        .map(|(_, blueprints)| blueprints.undo.undo_name());
    look.push(format!("{undo:?}"));
    let blueprint = world.resource::<ActiveBlueprint>();
    look.push(format!("{:?}", blueprint.viewport()));
    let hidden = blueprint.viewport().views.keys().filter_map(|view| {
        let overrides = world.get::<ViewOverrides>(blueprint.entity(*view)?)?;
        let entity = recordings.active()?.store().entity_id(&"/group/a".into())?;
        Some(overrides.is_visible(entity))
    });
    look.push(format!("visible {:?}", hidden.collect::<Vec<_>>()));
    look.push(format!("{:?}", world.resource::<Selection>().selected));
    look.push(format!("{:?}", world.resource::<UiSettings>()));
    look.push(format!("{:?}", world.resource::<OwnWindows>()));
    look.push(format!("exits {}", world.resource::<Exits>().0));
    look.push(format!("{:?}", world.resource::<FileRequests>()));
    look.push(format!(
        "{} pictures",
        world.resource::<ScreenshotRequests>().0.len()
    ));
    look
}

fn edit(stage: &mut Stage, command: BlueprintCommand) {
    push(stage, ViewerCommand::Blueprint(command));
    push(stage, ViewerCommand::EndGesture);
}

fn name_of(stage: &mut Stage, view: ViewId, name: &str) {
    let named = BlueprintCommand::SetName(Contents::View(view), Some(name.to_owned()));
    edit(stage, named);
}

fn entity() -> Item {
    Item::Entity("/group/a".into())
}

/// Brings about what a command needs, so that it has something to do. Most need a view that is selected.
fn prepare(command: UiCommand, stage: &mut Stage) {
    let view = views(stage)[0];
    select(stage, Item::View(view));
    match command {
        UiCommand::Undo
        | UiCommand::Redo
        | UiCommand::History
        | UiCommand::ResetBlueprint
        | UiCommand::ResetToHeuristics => {
            name_of(stage, view, "Named");
            if command == UiCommand::Redo {
                push(stage, ViewerCommand::Undo);
            }
        }
        UiCommand::ResetLayout => {
            let root = viewport(stage).root.unwrap();
            edit(
                stage,
                BlueprintCommand::SetContainerKind(root, ContainerKind::Vertical),
            );
        }
        UiCommand::SaveSeries
        | UiCommand::ShowInView
        | UiCommand::CopyPath
        | UiCommand::CopyValue
        | UiCommand::SelectBack
        | UiCommand::RowBelow
        | UiCommand::ExpandRow
        | UiCommand::FocusSelection
        | UiCommand::IsolateSeries
        | UiCommand::ToggleSeries
        | UiCommand::PreviousEvent
        | UiCommand::NextEvent => select(stage, entity()),
        UiCommand::SelectForward => {
            select(stage, entity());
            press(stage, Key::ArrowLeft, Modifiers::ALT);
        }
        UiCommand::RowAbove => select(stage, Item::Entity("/group/b".into())),
        UiCommand::CollapseRow => {
            select(stage, entity());
            press(stage, Key::Plus, Modifiers::NONE);
        }
        UiCommand::CollapseAll => select(stage, Item::Entity("/group".into())),
        UiCommand::ExpandAll => {
            select(stage, Item::Entity("/group".into()));
            press(stage, Key::Minus, Modifiers::ALT);
        }
        UiCommand::OverrideValue | UiCommand::UseAsDefault => {
            let value = Item::Component {
                entity: "/group/a".into(),
                component: Scalars::SCALARS.name.to_owned(),
            };
            select(stage, value);
        }
        UiCommand::RemoveOverrides => {
            let item = Item::DataResult {
                view,
                entity: "/group/a".into(),
                instance: None,
            };
            select(stage, item);
            press(stage, Key::H, Modifiers::NONE);
        }
        UiCommand::CopyRows => {
            let item = Item::Row {
                view,
                entity: "/group/a".into(),
                row: RowId::new(),
                instance: None,
            };
            select(stage, item);
        }
        UiCommand::MoveEarlier | UiCommand::MoveLater => {
            // The copy stands behind, and is selected.
            press(stage, Key::D, Modifiers::COMMAND);
            if command == UiCommand::MoveLater {
                select(stage, Item::View(view));
            }
        }
        UiCommand::NextView | UiCommand::PreviousView => press(stage, Key::D, Modifiers::COMMAND),
        UiCommand::RestoreTile => edit(stage, BlueprintCommand::SetMaximized(Some(view))),
        UiCommand::ThemeSystem => by_palette(stage, "Dark theme"),
        UiCommand::NormalSpeed => press(stage, Key::CloseBracket, Modifiers::NONE),
        UiCommand::RemoveLoop => {
            let range = Some(TimeRange::new(0, 10));
            push(stage, ViewerCommand::Time(TimeCommand::SetLoopSelection(range)));
        }
        UiCommand::NextTimeline => {
            let times = [
                (Timeline::sequence("frame"), 10),
                (Timeline::sequence("other"), 7),
            ];
            let chunk = log_chunk("group/a", times, &Scalars::new([1.0])).unwrap();
            stage.insert_and_draw(chunk);
        }
        UiCommand::ResetTimeZoom => {
            let wheel = Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: vec2(0.0, 200.0),
                phase: egui::TouchPhase::Move,
                modifiers: Modifiers::COMMAND,
            };
            stage.draw_with(vec![Event::PointerMoved(Pos2::new(900.0, 800.0))]);
            stage.hold(Modifiers::COMMAND);
            for _ in 0..10 {
                stage.draw_with(vec![wheel.clone()]);
            }
            stage.hold(Modifiers::NONE);
            stage.draw_with(vec![Event::PointerGone]);
        }
        _ => {}
    }
    stage.draw();
}

#[test]
fn each_command_does_something() {
    for command in UiCommand::ALL {
        let (mut stage, asked) = prepared();
        prepare(command, &mut stage);
        let before = look(&mut stage, &asked);
        assert_eq!(
            look(&mut stage, &asked),
            before,
            "nothing happens by itself: {command:?}"
        );
        match command.shortcuts().first() {
            Some(keys) => press(&mut stage, keys.logical_key, keys.modifiers),
            None => by_palette(&mut stage, command.name().trim_end_matches('…')),
        }
        assert_ne!(look(&mut stage, &asked), before, "{}", command.name());
    }
}
