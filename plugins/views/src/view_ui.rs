//! How a view draws its tile.

use std::collections::{BTreeMap, BTreeSet};

use bevy::{app::App, ecs::prelude::*};
use chronoscope_blueprint::{BlueprintCommand, ViewClassId, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, DataResult, DataResults, QueryContext, RecordingEntry, Recordings, Report, View,
    ViewerCommand, ViewerCommands, Visualizer, Visuals, selection::ClickButton,
};
use chronoscope_store::{EntityPath, arrow::ArrayRef};
use chronoscope_types::ComponentName;

use crate::{frame_all::FrameAllPlugin, view_action::ViewAction};

/// The user interface of a view class.
///
/// An egui pass may repeat, so that this is called more than once in a frame. It reads products from the world, and what it wants
/// changed it says by commands, from responses to input alone.
pub trait ViewUi: Send + Sync + 'static {
    /// The class whose views it draws.
    fn class(&self) -> ViewClassId;

    /// The class's icon, a glyph of the icon font.
    fn icon(&self) -> &'static str;

    /// The archetypes that views of the class are there to show, whether or not a visualizer for them is registered. What else lies in
    /// such a view (transforms, annotations, data of another kind) is not missing where it is not drawn.
    fn archetypes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Draws the content of a tile into all of the space that is there.
    fn ui(&self, ui: &mut egui::Ui, context: &mut ViewUiContext<'_>);

    /// Has the view frame all that is in it now, by commands. Returns whether there was something; where not, it is asked again in the
    /// next frames. Views that have nothing to frame need not say how.
    fn frame_all(&self, _context: &mut ViewUiContext<'_>) -> bool {
        false
    }

    /// What can be done in views of the class by name and with keys. [`Self::ui`] does it: it takes what it is asked for by
    /// [`view_action::take`](crate::view_action::take).
    fn actions(&self) -> &'static [ViewAction] {
        &[]
    }

    /// Draws the view's own settings, for the selection panel.
    fn settings_ui(&self, _ui: &mut egui::Ui, _context: &mut ViewUiContext<'_>) {}

    /// The properties that [`Self::settings_ui`] draws, each with a way back.
    fn drawn_properties(&self) -> &'static [ComponentName] {
        &[]
    }

    /// The other properties of a view of the class, each with the value that it has where the blueprint says nothing. The selection
    /// panel lists them with the editors of their types.
    ///
    /// Cost: paid in each pass in which the view is selected.
    fn properties(&self, _context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        Vec::new()
    }
}

/// What the user interface of a view works with.
pub struct ViewUiContext<'a> {
    /// The world, with all products. [`chronoscope_frame::View`] and its fellows stand on the view's entity.
    pub world: &'a World,
    /// The ECS entity of the view.
    pub view: Entity,
    /// What is to be done in the next frame.
    pub commands: &'a mut ViewerCommands,
}

impl<'a> ViewUiContext<'a> {
    /// A component of the view's entity.
    pub fn get<T: Component>(&self) -> Option<&'a T> {
        self.world.get::<T>(self.view)
    }

    /// Where the view looks: at the viewer's cursor, unless the blueprint says otherwise.
    pub fn cursor(&self) -> Cursor {
        self.get::<QueryContext>()
            .map_or_else(Cursor::default, |context| context.cursor)
    }

    /// Edits the blueprint, and ends the gesture: what comes then is a step of its own to undo.
    pub fn edit(&mut self, command: BlueprintCommand) {
        self.commands.blueprint(command);
        self.commands.push(ViewerCommand::EndGesture);
    }
}

/// Buttons that clicked on a widget in this pass.
pub fn clicked_buttons(response: &egui::Response) -> impl Iterator<Item = ClickButton> {
    let buttons = [
        (egui::PointerButton::Primary, ClickButton::Primary),
        (egui::PointerButton::Secondary, ClickButton::Secondary),
        (egui::PointerButton::Middle, ClickButton::Middle),
    ];
    buttons
        .into_iter()
        .filter(|(button, _)| response.clicked_by(*button))
        .map(|(_, button)| button)
}

/// The entities of a view that hold data of its kind that no visualizer shows, in the order of their paths, each with the archetypes.
///
/// Cost: all data results of the view.
pub fn without_visualizer(world: &World, view: Entity) -> Vec<(EntityPath, Vec<&'static str>)> {
    let results = world.get::<DataResults>(view).into_iter();
    results
        .flat_map(DataResults::iter)
        .filter_map(|result| {
            let archetypes = undrawn_archetypes(world, view, result);
            (!archetypes.is_empty()).then(|| (result.path.clone(), archetypes))
        })
        .collect()
}

/// The archetypes of a view's kind that an entity in it holds, where no visualizer shows that entity.
///
/// Cost: the components of the entity.
pub fn undrawn_archetypes(world: &World, view: Entity, result: &DataResult) -> Vec<&'static str> {
    if !result.visualizers.is_empty() {
        return Vec::new();
    }
    let (Some(class), Some(store)) = (
        world.get::<View>(view).map(|view| &view.class),
        recording_of(world, view).map(RecordingEntry::store),
    ) else {
        return Vec::new();
    };
    let archetypes = world
        .get_resource::<ViewUis>()
        .and_then(|uis| uis.get(class))
        .map_or(&[][..], ViewUi::archetypes);
    let names: BTreeSet<&str> = store
        .components_of(result.entity)
        .filter_map(|component| Some(store.descriptor(component).component.split_once(':')?.0))
        .collect();
    archetypes
        .iter()
        .copied()
        .filter(|archetype| names.contains(archetype))
        .collect()
}

/// A warning about each entity of a view in whose visual by `V` there is a problem, in no order.
///
/// Cost: the visuals of the view.
pub(crate) fn visual_warnings<V: Visualizer>(
    world: &World,
    view: ViewId,
    problem: impl Fn(&V::Visual) -> Option<String>,
) -> Vec<Report> {
    let visuals = world.get_resource::<Visuals<V>>();
    let entity = world
        .get_resource::<ActiveBlueprint>()
        .and_then(|active| active.entity(view));
    let (Some(visuals), Some(recording)) = (
        visuals.and_then(|visuals| visuals.view(view)),
        entity.and_then(|entity| recording_of(world, entity)),
    ) else {
        return Vec::new();
    };
    let store = recording.store();
    visuals
        .iter()
        .filter_map(|(key, visual)| {
            let recording = store.id().recording_id.clone();
            let path = store.entity_path(key.entity).clone();
            Some(Report::entity_warning(recording, path, problem(visual)?))
        })
        .collect()
}

/// The recording that a view looks at.
pub fn recording_of(world: &World, view: Entity) -> Option<&RecordingEntry> {
    let recording = world.get::<QueryContext>(view)?.cursor.recording?;
    world.get_resource::<Recordings>()?.get(recording)
}

/// The user interfaces of all view classes.
#[derive(Resource, Default)]
pub struct ViewUis {
    by_class: BTreeMap<ViewClassId, Box<dyn ViewUi>>,
}

impl ViewUis {
    /// The user interface of a class.
    pub fn get(&self, class: &ViewClassId) -> Option<&dyn ViewUi> {
        self.by_class.get(class).map(|ui| &**ui)
    }

    /// All user interfaces, ordered by class.
    pub fn iter(&self) -> impl Iterator<Item = &dyn ViewUi> {
        self.by_class.values().map(|ui| &**ui)
    }
}

/// Registers the user interfaces of view classes.
pub trait AppViewUiExt {
    /// Adds the user interface of a class; one of the same class is replaced.
    fn add_view_ui(&mut self, ui: impl ViewUi) -> &mut Self;
}

impl AppViewUiExt for App {
    fn add_view_ui(&mut self, ui: impl ViewUi) -> &mut Self {
        if !self.is_plugin_added::<FrameAllPlugin>() {
            self.add_plugins(FrameAllPlugin);
        }
        self.init_resource::<ViewUis>();
        self.world_mut()
            .resource_mut::<ViewUis>()
            .by_class
            .insert(ui.class(), Box::new(ui));
        self
    }
}
