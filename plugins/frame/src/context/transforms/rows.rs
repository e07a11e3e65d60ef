//! Which rows of an entity place frames at the cursor.
//!
//! Nearly all entities place the implicit frame of their path: their latest row is among the latest-at
//! results. An entity that names child frames places many, each by its own latest row:
//! [`rows_by_frame`](super::rows_by_frame) keeps an index of its rows.

use std::sync::Arc;

use chronoscope_store::{CellRef, ChunkStore, ComponentId, EntityId, Hit};
use smallvec::SmallVec;

use super::{
    graph::{FrameGraph, FrameKey, LoggedTransform},
    read::{COMPONENTS, LoggedRow, TransformPart, TransformRow},
};
use crate::query_results::EntityResults;

/// The components of transforms, as one store calls them.
pub(super) struct TransformComponents {
    pub(super) all: SmallVec<[ComponentId; 8]>,
    /// By [`TransformPart`].
    by_part: [Option<ComponentId>; COMPONENTS.len()],
}

impl TransformComponents {
    pub(super) fn of(store: &ChunkStore) -> Self {
        let by_part = COMPONENTS.map(|name| store.component_id(name));
        Self {
            all: by_part.into_iter().flatten().collect(),
            by_part,
        }
    }

    fn id(&self, part: TransformPart) -> Option<ComponentId> {
        self.by_part[part as usize]
    }

    /// Whether rows of an entity may place other frames than that of its path.
    pub(super) fn name_frames(&self, store: &ChunkStore, entity: EntityId) -> bool {
        self.id(TransformPart::ChildFrame)
            .is_some_and(|id| store.has_component(entity, id))
    }

    pub(super) fn has_hit(&self, results: &EntityResults) -> bool {
        self.all.iter().any(|id| results.hit(*id).is_some())
    }

    /// The latest row of an entity.
    pub(super) fn latest_row<'a>(&'a self, results: &'a EntityResults) -> Option<LatestRow<'a>> {
        let newest = newest(self.all.iter().filter_map(|id| results.hit(*id)))?;
        Some(LatestRow {
            components: self,
            results,
            newest,
        })
    }
}

/// The latest row of an entity among the latest-at results.
pub(super) struct LatestRow<'a> {
    components: &'a TransformComponents,
    results: &'a EntityResults,
    newest: &'a Hit,
}

impl TransformRow for LatestRow<'_> {
    fn cell(&self, part: TransformPart) -> Option<CellRef<'_>> {
        let cursor = self.results.cursor(self.components.id(part)?)?;
        let hit = cursor.answer().hit.as_ref()?;
        if is_one_row(hit, self.newest) {
            return cursor.cell();
        }
        // What the row has is the latest of its component, too, unless that is static as well.
        let is_hidden = hit.data_time().is_none() && self.newest.data_time().is_some();
        let column = is_hidden.then(|| self.newest.chunk().component(part.name()))?;
        column?.cell_ref(self.newest.row())
    }
}

impl LatestRow<'_> {
    /// What the row says.
    pub(super) fn read(&self, entity: EntityId) -> LoggedTransform {
        read_row(self, entity, self.newest.data_time().is_none())
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
        let name = self.row.frame(TransformPart::ChildFrame).ok().flatten();
        name.map_or(FrameKey::Path(entity), |name| FrameGraph::key_of(store, &name))
    }

    /// What the row of an entity says.
    pub(super) fn read(&self, entity: EntityId) -> LoggedTransform {
        read_row(&self.row, entity, self.is_static)
    }
}

/// What the row of an entity says. Where its frames cannot be read, that is an error of the transform.
fn read_row(row: &impl TransformRow, entity: EntityId, is_static: bool) -> LoggedTransform {
    let child = row.frame(TransformPart::ChildFrame);
    let parent = row.frame(TransformPart::ParentFrame);
    let parent_from_frame = match (child, &parent) {
        (Err(message), _) => Err(message),
        (_, Err(message)) => Err(message.clone()),
        _ => row.parent_from_child(),
    };
    LoggedTransform {
        entity,
        is_static,
        parent: parent.unwrap_or_default(),
        parent_from_frame,
    }
}

/// The row that resets all others.
pub(super) fn newest<'a>(hits: impl Iterator<Item = &'a Hit>) -> Option<&'a Hit> {
    // Most often all are of one row, and then its id is not needed, which lies elsewhere.
    hits.reduce(|newest, hit| {
        let is_newer = || (hit.data_time(), hit.row_id()) > (newest.data_time(), newest.row_id());
        if !is_one_row(newest, hit) && is_newer() {
            hit
        } else {
            newest
        }
    })
}

fn is_one_row(a: &Hit, b: &Hit) -> bool {
    a.row() == b.row() && Arc::ptr_eq(a.chunk(), b.chunk())
}
