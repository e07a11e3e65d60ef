//! What all panels read, and what they emit.

use std::sync::Arc;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, ViewId, ViewportBlueprint};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, Item, RecordingEntry, Recordings, Selection, TimeCommand, TimeControl,
    TimeControls, ViewerCommand, ViewerCommands,
};
use chronoscope_store::{ChunkStore, EntityPath};

/// One pass over the user interface: the products of the frame, and the commands that come of it.
pub(crate) struct Pass<'a> {
    /// The world, for reading.
    pub(crate) world: &'a World,
    /// What is to be done in the next frame.
    pub(crate) commands: &'a mut ViewerCommands,
    /// What the pointer is over in this pass, as far as panels have said.
    pub(crate) hovered: Option<Item>,
    /// Whether the pointer is over the content of a view, which then says by itself what it is over.
    pub(crate) is_over_view: bool,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(world: &'a World, commands: &'a mut ViewerCommands) -> Self {
        Self {
            world,
            commands,
            hovered: None,
            is_over_view: false,
        }
    }

    pub(crate) fn recordings(&self) -> &'a Recordings {
        self.world.resource()
    }

    /// The recording that is shown.
    pub(crate) fn active(&self) -> Option<&'a RecordingEntry> {
        self.recordings().active()
    }

    pub(crate) fn store(&self) -> Option<&'a ChunkStore> {
        self.active().map(RecordingEntry::store)
    }

    /// The cursor, where it is one of the recording that is shown.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let cursor = *self.world.resource::<Cursor>();
        (cursor.recording.is_some() && cursor.recording == self.active().map(RecordingEntry::key))
            .then_some(cursor)
    }

    pub(crate) fn time_control(&self) -> Option<&'a TimeControl> {
        Some(self.world.resource::<TimeControls>().get(self.active()?.key()))
    }

    pub(crate) fn blueprint(&self) -> &'a ActiveBlueprint {
        self.world.resource()
    }

    pub(crate) fn viewport(&self) -> &'a Arc<ViewportBlueprint> {
        self.blueprint().viewport()
    }

    pub(crate) fn selection(&self) -> &'a Selection {
        self.world.resource()
    }

    /// A component of a view's ECS entity.
    pub(crate) fn of_view<T: Component>(&self, view: ViewId) -> Option<&'a T> {
        self.world.get::<T>(self.blueprint().entity(view)?)
    }

    pub(crate) fn push(&mut self, command: ViewerCommand) {
        self.commands.push(command);
    }

    pub(crate) fn time(&mut self, command: TimeCommand) {
        self.commands.time(command);
    }

    pub(crate) fn edit(&mut self, command: BlueprintCommand) {
        self.commands.blueprint(command);
    }

    /// Whether an item is lit because it is selected.
    pub(crate) fn is_selected(&self, item: &Item) -> bool {
        self.selection().is_selected(item)
    }

    /// Whether an item is lit because the pointer is on it, or on the same entity in another panel.
    pub(crate) fn is_highlighted(&self, item: &Item) -> bool {
        let Some(hovered) = &self.selection().hovered else {
            return false;
        };
        hovered == item || is_same_entity(hovered, item)
    }

    /// Selects and lights up an item as a row or link that stands for it says.
    pub(crate) fn respond(&mut self, response: &egui::Response, item: &Item) {
        if response.hovered() {
            self.hovered = Some(item.clone());
        }
        if response.clicked() {
            let add = response.ctx.input(|input| input.modifiers.command);
            self.push(if add {
                ViewerCommand::ToggleSelected(item.clone())
            } else {
                ViewerCommand::Select(vec![item.clone()])
            });
        }
    }
}

/// Whether both stand for the same entity, in views that do not contradict each other.
fn is_same_entity(a: &Item, b: &Item) -> bool {
    let entity = |item: &Item| -> Option<EntityPath> {
        match item {
            Item::Entity(path) | Item::DataResult { entity: path, .. } => Some(path.clone()),
            _ => None,
        }
    };
    let same_view = match (a.view(), b.view()) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    same_view && entity(a).is_some() && entity(a) == entity(b)
}
