//! Which rows of an entity place frames at the cursor.
//!
//! Nearly all entities place the implicit frame of their path: their latest row is among the latest-at
//! results. An entity that names child frames places many, each by its own latest row:
//! [`rows_by_frame`](super::rows_by_frame) keeps an index of its rows.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, ComponentId, EntityId, Hit};
use chronoscope_types::Transform3D;
use smallvec::SmallVec;

use super::{
    graph::{FrameGraph, FrameKey, LoggedTransform},
    read::{COMPONENTS, LoggedRow},
};
use crate::query_results::EntityResults;

/// The components of transforms, as one store calls them.
pub(super) struct TransformComponents {
    pub(super) all: SmallVec<[ComponentId; 8]>,
    pub(super) child_frame: Option<ComponentId>,
}

impl TransformComponents {
    pub(super) fn of(store: &ChunkStore) -> Self {
        Self {
            all: COMPONENTS
                .iter()
                .filter_map(|name| store.component_id(name))
                .collect(),
            child_frame: store.component_id(&Transform3D::CHILD_FRAME),
        }
    }

    /// Whether rows of an entity may place other frames than that of its path.
    pub(super) fn name_frames(&self, store: &ChunkStore, entity: EntityId) -> bool {
        self.child_frame.is_some_and(|id| store.has_component(entity, id))
    }

    pub(super) fn has_hit(&self, results: &EntityResults) -> bool {
        self.all.iter().any(|id| results.hit(*id).is_some())
    }

    /// The latest row of an entity.
    pub(super) fn latest_row(&self, results: &EntityResults) -> Option<ShownRow> {
        let newest = newest(self.all.iter().filter_map(|id| results.hit(*id)))?;
        Some(ShownRow::of_hit(newest))
    }
}

/// A row that holds at the cursor.
pub(super) struct ShownRow {
    pub(super) row: LoggedRow,
    pub(super) is_static: bool,
}

impl ShownRow {
    pub(super) fn of_hit(hit: &Hit) -> Self {
        Self {
            row: LoggedRow {
                chunk: Arc::clone(hit.chunk()),
                row: hit.row(),
            },
            is_static: hit.data_time().is_none(),
        }
    }

    /// The frame that it places: that of the path where the row names none, or what is no name.
    pub(super) fn child(&self, store: &ChunkStore, entity: EntityId) -> FrameKey {
        let name = self.row.frame(&Transform3D::CHILD_FRAME).ok().flatten();
        name.map_or(FrameKey::Path(entity), |name| FrameGraph::key_of(store, &name))
    }

    /// What the row of an entity says. Where its frames cannot be read, that is an error of the transform.
    pub(super) fn read(&self, entity: EntityId) -> LoggedTransform {
        let frame = |component: &str| self.row.frame(component);
        let (child, parent) = (
            frame(&Transform3D::CHILD_FRAME),
            frame(&Transform3D::PARENT_FRAME),
        );
        let parent_from_frame = match (child, &parent) {
            (Err(message), _) => Err(message),
            (_, Err(message)) => Err(message.clone()),
            _ => self.row.parent_from_child(),
        };
        LoggedTransform {
            entity,
            is_static: self.is_static,
            parent: parent.unwrap_or_default(),
            parent_from_frame,
        }
    }
}

/// The row that resets all others.
pub(super) fn newest<'a>(hits: impl Iterator<Item = &'a Hit>) -> Option<&'a Hit> {
    hits.max_by_key(|hit| (hit.data_time(), hit.row_id()))
}
