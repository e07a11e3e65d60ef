//! Data that all panels read, and the commands that they emit.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, Contents, ViewClassId, ViewId, ViewportBlueprint};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, DataResults, Item, RecordingEntry, Recordings, Selection, TimeCommand,
    TimeControl, TimeControls, ViewerCommand, ViewerCommands,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_store::{ChunkStore, EntityId, EntityPath, TimeRange};
use chronoscope_types::TimeZone;
use chronoscope_views::{ViewUiContext, ViewUis, clicked_buttons, recording_of};

use crate::{
    OwnWindows, choices::Choice, context_menu, icons, selection_history::SelectionSteps,
    settings::UiSettings, theme::size,
};

/// The tiles as they were laid out in a pass: the rectangle of each view's content, in points.
pub(crate) type TileRects = BTreeMap<ViewId, egui::Rect>;

/// Where an instance of the interface is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// What all its ids derive from.
    pub(crate) id: egui::Id,
    /// Its rectangle, in points. Nothing of it but menus and tooltips is drawn outside.
    pub(crate) rect: egui::Rect,
    /// Whether that is all of the context.
    pub(crate) is_whole_context: bool,
    /// Whether keys are meant for it.
    pub(crate) has_keys: bool,
}

impl Place {
    /// Width of a dialog or menu that would like to be `wanted` wide.
    pub(crate) fn width_for(&self, wanted: f32) -> f32 {
        wanted.min(self.rect.width() - 4.0 * size::PADDING)
    }
}

/// One pass over the user interface: the products of the frame, and the commands that come of it.
pub(crate) struct Pass<'a> {
    /// The world, for reading.
    pub(crate) world: &'a World,
    /// Commands for the next frame.
    pub(crate) commands: &'a mut ViewerCommands,
    /// Where the interface is.
    pub(crate) place: Place,
    /// Its settings.
    pub(crate) settings: UiSettings,
    /// The item under the pointer, as panels reported in this pass.
    pub(crate) hovered: Option<Item>,
    /// Whether the pointer is over a view, which reports the item under it itself.
    pub(crate) is_over_view: bool,
    /// The titles of the open panels that were added by title.
    pub(crate) open_panels: BTreeSet<Cow<'static, str>>,
    /// Whether there is another selection to go back to, or forward.
    pub(crate) selection_steps: SelectionSteps,
    /// What was chosen from menus in this pass.
    pub(crate) chosen: Vec<Choice>,
    /// The row of a tree up to which all are to be selected.
    pub(crate) extend_to: Option<Item>,
    /// What happens where entities that are dragged are let go.
    pub(crate) drop_hint: Option<&'static str>,
    /// The view or container that is shown alone, without panels.
    pub(crate) only: Option<Contents>,
    /// The views on the screen, as they were drawn in the last pass.
    pub(crate) shown_views: Vec<ViewId>,
    /// The one of them that the pointer is over.
    pub(crate) pointed_view: Option<ViewId>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(world: &'a World, commands: &'a mut ViewerCommands, place: Place) -> Self {
        Self {
            world,
            commands,
            place,
            settings: world.get_resource().copied().unwrap_or_default(),
            hovered: None,
            is_over_view: false,
            open_panels: BTreeSet::new(),
            selection_steps: SelectionSteps::default(),
            chosen: Vec::new(),
            extend_to: None,
            drop_hint: None,
            only: None,
            shown_views: Vec::new(),
            pointed_view: None,
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

    /// The recording that a view looks at.
    pub(crate) fn recording_of(&self, view: ViewId) -> Option<&'a RecordingEntry> {
        recording_of(self.world, self.blueprint().entity(view)?)
    }

    /// An entity in the recording that a view looks at.
    pub(crate) fn entity_in(&self, view: ViewId, path: &EntityPath) -> Option<EntityId> {
        self.recording_of(view)?.store().entity_id(path)
    }

    /// The views that have an entity among theirs, in the order of the layout.
    pub(crate) fn views_with(&self, path: &EntityPath) -> impl Iterator<Item = ViewId> {
        let has_it = move |view: &ViewId| {
            let entity = self.entity_in(*view, path);
            let results = self.of_view::<DataResults>(*view);
            entity
                .zip(results)
                .is_some_and(|(entity, results)| results.get(entity).is_some())
        };
        self.viewport().views_in_order().into_iter().filter(has_it)
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

    /// The times that are selected on the timeline of the cursor.
    pub(crate) fn selected_times(&self) -> Option<TimeRange> {
        let timeline = self.cursor()?.timeline?;
        let name = self.store()?.timeline(timeline).name();
        self.time_control()?.loop_selection(name)
    }

    /// The zone in which times of day are shown.
    pub(crate) fn time_zone(&self) -> TimeZone {
        self.settings.time_zone()
    }

    pub(crate) fn blueprint(&self) -> &'a ActiveBlueprint {
        self.world.resource()
    }

    pub(crate) fn viewport(&self) -> &'a Arc<ViewportBlueprint> {
        self.blueprint().viewport()
    }

    /// What stands in windows of its own; `None` where no window can be opened.
    pub(crate) fn own_windows(&self) -> Option<&'a OwnWindows> {
        self.world.get_resource()
    }

    pub(crate) fn selection(&self) -> &'a Selection {
        self.world.resource()
    }

    /// The icon of a view class, as its user interface says.
    pub(crate) fn view_icon(&self, class: &ViewClassId) -> &'static str {
        let uis = self.world.resource::<ViewUis>();
        uis.get(class).map_or(icons::VIEW_UNKNOWN, |ui| ui.icon())
    }

    /// A component of a view's ECS entity.
    pub(crate) fn of_view<T: Component>(&self, view: ViewId) -> Option<&'a T> {
        self.world.get::<T>(self.blueprint().entity(view)?)
    }

    /// What the user interface of a view works with.
    pub(crate) fn view_context(&mut self, view: ViewId) -> Option<ViewUiContext<'_>> {
        Some(ViewUiContext {
            world: self.world,
            view: self.blueprint().entity(view)?,
            commands: &mut *self.commands,
        })
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

    /// An edit that is a step of its own to undo, as a click makes it: nothing that follows is taken for more of the same gesture.
    pub(crate) fn edit_as_step(&mut self, command: BlueprintCommand) {
        self.edit(command);
        self.push(ViewerCommand::EndGesture);
    }

    /// Whether an item is selected, or a row or an instance of it.
    pub(crate) fn is_selected(&self, item: &Item) -> bool {
        self.selection()
            .selected
            .iter()
            .any(|selected| selected.is_part_of(item))
    }

    /// Whether the pointer is on an item, or on the same entity in another panel.
    pub(crate) fn is_highlighted(&self, item: &Item) -> bool {
        let Some(hovered) = &self.selection().hovered else {
            return false;
        };
        hovered == item || is_same_entity(hovered, item)
    }

    /// Hovers and selects an item in response to its row or link.
    pub(crate) fn respond(&mut self, response: &egui::Response, item: &Item) {
        if response.hovered() {
            self.hovered = Some(item.clone());
        }
        for button in clicked_buttons(response) {
            let recording = match item.view() {
                Some(view) => self.recording_of(view),
                None => self.active(),
            };
            if let Some(click) = EntityClicked::on(item, recording, button, ClickSource::Panel) {
                self.push(ViewerCommand::Click(click));
            }
        }
        if response.clicked() {
            let add = response.ctx.input(|input| input.modifiers.command);
            self.push(if add {
                ViewerCommand::ToggleSelected(item.clone())
            } else {
                ViewerCommand::Select(vec![item.clone()])
            });
        }
        context_menu::show(response, self, item);
    }

    /// As [`Self::respond`], to a row of a tree: a click with shift is left to whoever knows the rows, for [`Self::select_up_to`].
    pub(crate) fn respond_in_tree(&mut self, response: &egui::Response, item: &Item) {
        if response.clicked() && response.ctx.input(|input| input.modifiers.shift) {
            self.extend_to = Some(item.clone());
            return;
        }
        self.respond(response, item);
    }

    /// Selects all items of a list from the one that was selected first up to another. That one stays the first, for the next such click.
    pub(crate) fn select_up_to(&mut self, items: &[Item], to: &Item) {
        let place = |wanted: &Item| {
            let is_it = |item: &Item| item == wanted || is_same_entity(item, wanted);
            items.iter().position(is_it)
        };
        let Some(to) = place(to) else { return };
        let from = self.selection().selected.first().and_then(place).unwrap_or(to);
        let mut range = items
            .get(from.min(to)..=from.max(to))
            .unwrap_or_default()
            .to_vec();
        if to < from {
            range.reverse();
        }
        self.push(ViewerCommand::Select(range));
    }

    /// Has something done that was chosen, after the pass.
    pub(crate) fn choose(&mut self, choice: Choice) {
        self.chosen.push(choice);
    }
}

/// Whether both are the same entity, in the same view if both name one.
fn is_same_entity(a: &Item, b: &Item) -> bool {
    let entity = |item: &Item| -> Option<EntityPath> {
        match item {
            Item::Entity(path) | Item::DataResult { entity: path, .. } | Item::Row { entity: path, .. } => {
                Some(path.clone())
            }
            _ => None,
        }
    };
    let same_view = match (a.view(), b.view()) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    same_view && entity(a).is_some() && entity(a) == entity(b)
}
