//! Selection and hover: one thing everywhere. A host hears of it by [`SelectionChanged`] and
//! [`EntityClicked`].

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ContainerId, ViewId};
use chronoscope_store::{EntityPath, RowId, StoreId};

use crate::RecordingEntry;

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
    /// An entity as one view shows it, or one of its instances.
    DataResult {
        /// The view.
        view: ViewId,
        /// The entity.
        entity: EntityPath,
        /// The instance: a point of a cloud, a box of several. All of them where it is not given.
        instance: Option<u32>,
    },
    /// One row of an entity that a view shows several rows of: a line of a log, or a row in a range of times.
    Row {
        /// The view.
        view: ViewId,
        /// The entity.
        entity: EntityPath,
        /// The row.
        row: RowId,
        /// The instance in that row. All of them where it is not given.
        instance: Option<u32>,
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
            Self::Entity(entity)
            | Self::DataResult { entity, .. }
            | Self::Row { entity, .. }
            | Self::Component { entity, .. } => Some(entity),
            Self::Store(_) | Self::Container(_) | Self::View(_) => None,
        }
    }

    /// The instance of its entity that it concerns, if one alone.
    pub fn instance(&self) -> Option<u32> {
        match self {
            Self::DataResult { instance, .. } | Self::Row { instance, .. } => *instance,
            _ => None,
        }
    }

    /// The row of its entity that it concerns, if one alone.
    pub fn row(&self) -> Option<RowId> {
        match self {
            Self::Row { row, .. } => Some(*row),
            _ => None,
        }
    }

    /// The entity in a view that it is, or a row or an instance of.
    pub fn in_view(&self) -> Option<(ViewId, &EntityPath)> {
        match self {
            Self::DataResult { view, entity, .. } | Self::Row { view, entity, .. } => Some((*view, entity)),
            _ => None,
        }
    }

    /// Whether it is the other item, or a row or an instance of it.
    pub fn is_part_of(&self, other: &Self) -> bool {
        match other {
            Self::DataResult {
                view,
                entity,
                instance: None,
            } => self.in_view() == Some((*view, entity)),
            Self::Row {
                view,
                entity,
                row,
                instance: None,
            } => self.in_view() == Some((*view, entity)) && self.row() == Some(*row),
            _ => self == other,
        }
    }

    /// The view that it concerns, if one.
    pub fn view(&self) -> Option<ViewId> {
        match self {
            Self::View(view) | Self::DataResult { view, .. } | Self::Row { view, .. } => Some(*view),
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

    /// How an entity is lit up, in all views: it is, where the entity itself is pointed at or selected in any,
    /// or an entity above it.
    pub fn entity_highlight(&self, entity: &EntityPath) -> Highlight {
        let meets = |item: &Item| {
            item.entity()
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

/// Message: an entity was clicked on, in a view or in a panel. Written in the frame after the click.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct EntityClicked {
    /// The recording: the one that the view looks at where there is a view, else the active one.
    pub recording: Option<StoreId>,
    /// The entity.
    pub entity: EntityPath,
    /// The view that showed it, if one.
    pub view: Option<ViewId>,
    /// The instance under the pointer, where that is known.
    pub instance: Option<u32>,
    /// Where it was hit, in the space of the view, where that has one.
    pub position: Option<[f64; 3]>,
    /// The button.
    pub button: ClickButton,
    /// What was clicked on.
    pub source: ClickSource,
}

impl EntityClicked {
    /// A click on an item of a recording; `None` where that is no entity.
    pub fn on(
        item: &Item,
        recording: Option<&RecordingEntry>,
        button: ClickButton,
        source: ClickSource,
    ) -> Option<Self> {
        Some(Self {
            recording: recording.map(|entry| entry.id().clone()),
            entity: item.entity()?.clone(),
            view: item.view(),
            instance: item.instance(),
            position: None,
            button,
            source,
        })
    }
}

/// Button of a click.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClickButton {
    /// The one that selects; a touch too.
    #[default]
    Primary,
    /// The one that opens menus.
    Secondary,
    /// The wheel.
    Middle,
}

/// Origin of a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClickSource {
    /// The content of a view.
    View,
    /// A row or a link of a panel.
    Panel,
}

/// Message: other items are selected than before. [`Selection`] has them.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub struct SelectionChanged {
    /// The items that were selected before.
    pub before: Vec<Item>,
    /// The items that are selected now.
    pub now: Vec<Item>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: u8) -> ViewId {
        ViewId::from_bytes([id; 16])
    }

    fn point(view: ViewId, instance: Option<u32>) -> Item {
        Item::DataResult {
            view,
            entity: "/cloud".into(),
            instance,
        }
    }

    #[test]
    fn instances_of_an_entity_are_selected_apart() {
        let (view, other) = (view(1), view(2));
        let selection = Selection {
            selected: vec![point(view, Some(17)), point(view, Some(3)), point(other, Some(5))],
            hovered: Some(point(view, Some(4))),
        };
        assert!(selection.is_selected(&point(view, Some(17))));
        assert!(!selection.is_selected(&point(view, Some(4))));
        assert!(!selection.is_selected(&point(view, None)));
        let cloud = "/cloud".into();
        assert_eq!(selection.entity_highlight(&cloud), Highlight::Hovered);
        let elsewhere = Selection {
            selected: vec![point(other, None)],
            hovered: None,
        };
        assert_eq!(elsewhere.entity_highlight(&cloud), Highlight::Selected);
    }

    #[test]
    fn an_instance_is_a_part_of_its_entity_in_the_same_view() {
        let (view, other) = (view(1), view(2));
        assert!(point(view, Some(1)).is_part_of(&point(view, None)));
        assert!(point(view, Some(1)).is_part_of(&point(view, Some(1))));
        assert!(!point(view, Some(1)).is_part_of(&point(view, Some(2))));
        assert!(!point(view, None).is_part_of(&point(view, Some(1))));
        assert!(!point(view, Some(1)).is_part_of(&point(other, None)));
    }

    #[test]
    fn a_row_is_a_part_of_its_entity_and_has_instances() {
        let (view, other) = (view(1), view(2));
        let row = |view, row: u128, instance| Item::Row {
            view,
            entity: "/cloud".into(),
            row: RowId::from_u128(row),
            instance,
        };
        let seventh = row(view, 7, None);
        assert!(seventh.is_part_of(&point(view, None)));
        assert!(!seventh.is_part_of(&point(other, None)));
        assert!(!point(view, None).is_part_of(&seventh));
        assert!(row(view, 7, Some(3)).is_part_of(&seventh));
        assert!(!row(view, 8, Some(3)).is_part_of(&seventh));
        assert!(!seventh.is_part_of(&row(view, 7, Some(3))));
        assert_eq!(seventh.in_view(), point(view, Some(1)).in_view());
    }
}
