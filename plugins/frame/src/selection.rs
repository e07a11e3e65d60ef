//! Selection and hover: one thing everywhere.

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ContainerId, ViewId};
use chronoscope_store::{EntityPath, StoreId};

/// Something that can be pointed at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A recording or a blueprint.
    Store(StoreId),
    /// A container of the viewport.
    Container(ContainerId),
    /// A view.
    View(ViewId),
    /// An entity, wherever it is shown.
    Entity(EntityPath),
    /// An entity as one view shows it.
    DataResult {
        /// The view.
        view: ViewId,
        /// The entity.
        entity: EntityPath,
    },
    /// A component of an entity.
    Component {
        /// The entity.
        entity: EntityPath,
        /// The component's name, `Points3D:positions`.
        component: String,
    },
}

impl Item {
    /// The entity that it concerns, if one.
    pub fn entity(&self) -> Option<&EntityPath> {
        match self {
            Self::Entity(entity) | Self::DataResult { entity, .. } | Self::Component { entity, .. } => {
                Some(entity)
            }
            Self::Store(_) | Self::Container(_) | Self::View(_) => None,
        }
    }

    /// The view that it concerns, if one.
    pub fn view(&self) -> Option<ViewId> {
        match self {
            Self::View(view) | Self::DataResult { view, .. } => Some(*view),
            _ => None,
        }
    }
}

/// How strongly something is lit up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Highlight {
    /// Not at all.
    #[default]
    None,
    /// It is selected.
    Selected,
    /// The pointer is over it.
    Hovered,
}

/// What is selected and what is pointed at.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selected items, in the order of selection.
    pub selected: Vec<Item>,
    /// The item under the pointer.
    pub hovered: Option<Item>,
}

impl Selection {
    /// Whether this very item is selected.
    pub fn is_selected(&self, item: &Item) -> bool {
        self.selected.contains(item)
    }

    /// How an entity is lit up in a view: it is, where the entity itself is pointed at or selected, or an entity above it.
    pub fn entity_highlight(&self, view: Option<ViewId>, entity: &EntityPath) -> Highlight {
        let meets = |item: &Item| {
            let same_view = match (item.view(), view) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            same_view
                && item
                    .entity()
                    .is_some_and(|of| !of.is_root() && entity.starts_with(of))
        };
        if self.hovered.as_ref().is_some_and(meets) {
            Highlight::Hovered
        } else if self.selected.iter().any(meets) {
            Highlight::Selected
        } else {
            Highlight::None
        }
    }
}
