//! Commands: edits of a blueprint, as changes of the model that [`crate::write`] turns into rows.
//!
//! [`crate::plan`] carries them out.

use chronoscope_store::EntityPath;
use chronoscope_types::AsComponents;

use crate::{
    ContainerBlueprint, ContainerId, ContainerKind, Contents, ContentsFilter, OverrideTarget, Panel,
    PanelState, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
};

pub use crate::write::Components;

/// An edit of a blueprint.
///
/// An edited view or layout is written down where it came from heuristics, a layout with all its views.
/// Edits of the layout turn off [`ViewportBlueprint::auto_layout`]. After them every view has exactly one place in it, whatever
/// layout was given: only the commands that remove views do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BlueprintCommand {
    /// Names a view or a container, or takes its name away.
    SetName(Contents, Option<String>),
    /// Shows or hides a view or a container.
    SetVisible(Contents, bool),
    /// Gives a view a bar with its title, or takes it away.
    SetTitleBar(ViewId, bool),
    /// Moves a view's origin.
    SetOrigin(ViewId, EntityPath),
    /// Changes what a view shows.
    SetContents(ViewId, ContentsFilter),
    /// Adds a view, into a container at a position or wherever there is room.
    AddView(ViewBlueprint, Option<(ContainerId, usize)>),
    /// Adds a copy of a view behind it: the same contents, properties, defaults and overrides.
    CopyView {
        /// The view that is copied.
        of: ViewId,
        /// The id of the copy.
        id: ViewId,
    },
    /// Shows the same entities by a view of another class.
    SetClass(ViewId, ViewClassId),
    /// Removes a view, and the container that held nothing else. It is not recommended again.
    RemoveView(ViewId),
    /// Takes back all that was said of a view, but for its class, origin and contents.
    ResetView(ViewId),
    /// Fills the viewport with one view, or ends that.
    SetMaximized(Option<ViewId>),

    /// Adds a container that is empty, into another at a position.
    AddContainer {
        /// The new container's id.
        id: ContainerId,
        /// Its kind.
        kind: ContainerKind,
        /// The container that holds it; the root by default.
        parent: Option<ContainerId>,
        /// Where in it. Past the end is the end.
        position: usize,
    },
    /// Removes a container and everything in it.
    RemoveContainer(ContainerId),
    /// Changes the arrangement of a container's items.
    SetContainerKind(ContainerId, ContainerKind),
    /// Sets the columns of a grid; `None` for as many as look good.
    SetGridColumns(ContainerId, Option<u32>),
    /// Sets shares of a container's width and height.
    SetShares {
        /// The container.
        id: ContainerId,
        /// The shares of items (horizontal) or columns (grid).
        columns: Vec<f32>,
        /// The shares of items (vertical) or rows (grid).
        rows: Vec<f32>,
    },
    /// Brings a tab to the front.
    SetActiveTab(ContainerId, Contents),
    /// Moves a view or a container into a container. The container that held nothing else goes.
    MoveContents {
        /// The item.
        item: Contents,
        /// Where to.
        parent: ContainerId,
        /// Where in it, counted after the item was taken out. Past the end is the end.
        position: usize,
    },
    /// Replaces the whole layout. Views that it leaves out are appended to its root.
    SetLayout {
        /// The outermost container.
        root: ContainerId,
        /// All containers.
        containers: Vec<ContainerBlueprint>,
    },
    /// Forgets the layout, so that it is automatic again.
    ResetLayout,
    /// Whether views are added for data that no view shows.
    SetAutoViews(bool),

    /// Opens or closes a panel.
    SetPanel(Panel, PanelState),

    /// Sets properties of a view, each named by its archetype. An empty array takes a property back.
    SetProperty(ViewId, Components),
    /// Sets the values that a view uses where the data has none. An empty array takes them back.
    SetDefault(ViewId, Components),
    /// Overrides something of an entity in a view. An empty array takes an override back.
    SetOverride {
        /// The view.
        view: ViewId,
        /// The entity of the recording.
        entity: EntityPath,
        /// The entity as a whole, or one of its visualizers.
        target: OverrideTarget,
        /// The values.
        components: Components,
    },
    /// Takes back all overrides of an entity in a view.
    ClearOverrides {
        /// The view.
        view: ViewId,
        /// The entity of the recording.
        entity: EntityPath,
    },
    /// Several edits, one after another, as one step to undo.
    Group {
        /// What they do together, for a menu: "remove 3 views".
        name: &'static str,
        /// The edits.
        commands: Vec<BlueprintCommand>,
    },
    /// Replaces everything but overrides and properties of views that stay. How a host arranges its own
    /// views.
    WriteAll(Box<ViewportBlueprint>),
}

impl BlueprintCommand {
    /// Sets properties of a view.
    pub fn set_property(view: ViewId, properties: &impl AsComponents) -> Self {
        Self::SetProperty(view, properties.components())
    }

    /// Several edits as one step to undo.
    pub fn group(name: &'static str, commands: impl IntoIterator<Item = Self>) -> Self {
        let commands = commands.into_iter().collect();
        Self::Group { name, commands }
    }

    /// The command itself, or the commands that it is a group of.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Group { commands, .. } => commands.iter().flat_map(Self::parts).collect(),
            single => vec![single],
        }
    }

    /// Overrides something of an entity as a whole: its behavior, its visible time ranges.
    pub fn override_entity(view: ViewId, entity: EntityPath, values: &impl AsComponents) -> Self {
        Self::SetOverride {
            view,
            entity,
            target: OverrideTarget::Entity,
            components: values.components(),
        }
    }
}
