//! Views that are to frame everything, when a command asks for it.

use bevy::{
    app::{App, Plugin},
    ecs::prelude::*,
};
use chronoscope_frame::{
    ActiveBlueprint, CommandError, Frame, FrameSystems, Settled, View, ViewerCommands, answer_command,
    commands::{FrameAllRequest, FrameAllRequests},
};

use crate::{SpatialSystems, ViewUiContext, view_ui::ViewUis};

/// Carries [`chronoscope_frame::ViewerCommand::FrameAll`] out. Added with the first user interface of a view.
pub(crate) struct FrameAllPlugin;

impl Plugin for FrameAllPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        let is_requested =
            |requests: Option<Res<FrameAllRequests>>| requests.is_some_and(|requests| !requests.0.is_empty());
        app.add_systems(
            Frame,
            frame_all
                .run_if(is_requested)
                .in_set(FrameSystems::Present)
                // What is framed is there then, and whatever else presents comes before these.
                .after(SpatialSystems::Scenes)
                .after(SpatialSystems::Cameras2D),
        );
    }
}

/// Settled frames after which nothing more comes that could be framed.
const SETTLED_FRAMES: u32 = 3;

/// Frames after which a view that never settles, as while time plays, has nothing to frame.
const MAX_FRAMES: u32 = 600;

/// Asks the views' user interfaces until they find something, or nothing can come any more.
fn frame_all(world: &mut World) {
    let requests = std::mem::take(&mut world.resource_mut::<FrameAllRequests>().0);
    let settled_frames = world.resource::<Settled>().frames();
    let mut commands = ViewerCommands::default();
    for request in requests {
        if is_framed(world, &request, &mut commands) {
            answer_command(world, request.id, Ok(()));
        } else if settled_frames >= SETTLED_FRAMES || request.frames >= MAX_FRAMES {
            answer_command(world, request.id, Err(CommandError::NothingToFrame(request.view)));
        } else {
            let frames = request.frames + 1;
            let mut waiting = world.resource_mut::<FrameAllRequests>();
            waiting.0.push(FrameAllRequest { frames, ..request });
            world.resource::<Settled>().wake();
        }
    }
    world.resource_mut::<ViewerCommands>().append(&mut commands);
}

fn is_framed(world: &World, request: &FrameAllRequest, commands: &mut ViewerCommands) -> bool {
    let entity = world.resource::<ActiveBlueprint>().entity(request.view);
    let found = entity.and_then(|entity| Some((entity, &world.get::<View>(entity)?.class)));
    let Some((view, class)) = found else {
        return false;
    };
    let ui = world.get_resource::<ViewUis>().and_then(|uis| uis.get(class));
    ui.is_some_and(|ui| {
        ui.frame_all(&mut ViewUiContext {
            world,
            view,
            commands,
        })
    })
}
