//! Which rows of an entity say where frames stand at the cursor.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_store::{
    CLEAR_COMPONENT, ChunkStore, ComponentId, EntityId, Hit, QueryCache, RowId, TimeRange, TimelineId,
};
use chronoscope_types::{Transform3D, read};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::read::{COMPONENTS, LoggedRow};
use crate::{LatestAtResults, query_results::EntityResults};

/// What orders the rows of an entity: time, then row id; static rows first.
type RowKey = (Option<i64>, RowId);

/// A row that is shown at the cursor.
pub(super) struct ShownRow {
    pub(super) row: LoggedRow,
    pub(super) is_static: bool,
    /// The frame whose place it says; `None` for that of the entity's path. An error where the name cannot be read.
    pub(super) child: Result<Option<Arc<str>>, String>,
}

/// The components of transforms, as one store calls them.
pub(super) struct TransformComponents {
    pub(super) all: SmallVec<[ComponentId; 8]>,
    child_frame: Option<ComponentId>,
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

    /// Whether rows of an entity may say where other frames stand than that of its path.
    pub(super) fn name_frames(&self, store: &ChunkStore, entity: EntityId) -> bool {
        self.child_frame.is_some_and(|id| store.has_component(entity, id))
    }

    pub(super) fn has_hit(&self, results: &EntityResults) -> bool {
        self.all.iter().any(|id| results.hit(*id).is_some())
    }
}

/// The rows of entities that say where several frames stand, by frame: each frame has its own latest row.
#[derive(Default)]
pub(super) struct RowsByFrame {
    by_entity: FxHashMap<EntityId, EntityRows>,
}

#[derive(Default)]
struct EntityRows {
    timeline: Option<TimelineId>,
    /// The version of the entity's rows that this was made of.
    version: u64,
    by_frame: BTreeMap<Option<Arc<str>>, Vec<(RowKey, LoggedRow)>>,
}

impl RowsByFrame {
    /// The rows of an entity that hold at the cursor, one per frame, ordered by frame.
    ///
    /// Cost: O(1) for an entity that names no child frame. One that names some costs O(frames log rows), and O(rows) where rows
    /// came or went.
    pub(super) fn shown(
        &mut self,
        store: &ChunkStore,
        cache: &QueryCache,
        latest_at: &LatestAtResults,
        components: &TransformComponents,
        entity: EntityId,
    ) -> SmallVec<[ShownRow; 1]> {
        let newest = latest_at.get(entity).and_then(|results| {
            let hits = components.all.iter().filter_map(|id| results.hit(*id));
            newest(hits)
        });
        let Some(newest) = newest else {
            // No rows, or none any more: their chunks are not kept.
            self.by_entity.remove(&entity);
            return SmallVec::new();
        };
        let row = LoggedRow {
            chunk: Arc::clone(newest.chunk()),
            row: newest.row(),
        };
        let names_frames = components.name_frames(store, entity);
        let timeline = latest_at.cursor().timeline;
        let (true, Some(timeline)) = (names_frames, timeline) else {
            return SmallVec::from_iter([ShownRow {
                child: row.frame(&Transform3D::CHILD_FRAME),
                is_static: newest.data_time().is_none(),
                row,
            }]);
        };
        let version = latest_at.rows_version_of(entity);
        let rows = self.by_entity.entry(entity).or_default();
        if rows.version != version || rows.timeline != Some(timeline) {
            *rows = EntityRows::read(store, cache, components, entity, timeline);
            rows.version = version;
        }
        let time = latest_at.cursor().time;
        let cleared = last_clear(store, cache, entity, timeline, time);
        rows.by_frame
            .iter()
            .filter_map(|(frame, rows)| {
                let end = rows.partition_point(|((row_time, _), _)| *row_time <= Some(time));
                let (key, row) = rows.get(end.checked_sub(1)?)?;
                // Static rows are never cleared.
                (key.0.is_none() || Some(*key) > cleared).then(|| ShownRow {
                    row: row.clone(),
                    is_static: key.0.is_none(),
                    child: if frame.as_deref() == Some(UNREADABLE) {
                        row.frame(&Transform3D::CHILD_FRAME)
                    } else {
                        Ok(frame.clone())
                    },
                })
            })
            .collect()
    }
}

/// The row that resets all others.
pub(super) fn newest<'a>(hits: impl Iterator<Item = &'a Hit>) -> Option<&'a Hit> {
    hits.max_by_key(|hit| (hit.data_time(), hit.row_id()))
}

/// Stands for the frames whose names cannot be read. No name of a frame is empty.
const UNREADABLE: &str = "";

impl EntityRows {
    fn read(
        store: &ChunkStore,
        cache: &QueryCache,
        components: &TransformComponents,
        entity: EntityId,
        timeline: TimelineId,
    ) -> Self {
        let mut all: BTreeMap<RowKey, LoggedRow> = BTreeMap::new();
        for component in &components.all {
            let answer = cache.range(store, entity, timeline, TimeRange::EVERYTHING, *component);
            if let Some(hit) = answer.static_hit() {
                all.entry((None, hit.row_id())).or_insert_with(|| LoggedRow {
                    chunk: Arc::clone(hit.chunk()),
                    row: hit.row(),
                });
            }
            for row in answer.rows() {
                all.entry((Some(row.time), row.row_id))
                    .or_insert_with(|| LoggedRow {
                        chunk: Arc::clone(row.chunk),
                        row: row.row,
                    });
            }
        }
        let mut rows = Self {
            timeline: Some(timeline),
            ..Self::default()
        };
        for (key, row) in all {
            let frame = row
                .frame(&Transform3D::CHILD_FRAME)
                .unwrap_or_else(|_| Some(UNREADABLE.into()));
            rows.by_frame.entry(frame).or_default().push((key, row));
        }
        rows
    }
}

/// The last row that emptied an entity, by itself or from above.
fn last_clear(
    store: &ChunkStore,
    cache: &QueryCache,
    entity: EntityId,
    timeline: TimelineId,
    time: i64,
) -> Option<RowKey> {
    if !store.might_require_clearing(entity) {
        return None;
    }
    let component = store.component_id(CLEAR_COMPONENT)?;
    let until_now = TimeRange::new(i64::MIN, time);
    let mut last = None;
    for above in store.tree().ancestors(entity) {
        let answer = cache.range(store, above, timeline, until_now, component);
        for row in answer.rows() {
            let reaches = above == entity
                || read::bools(&row.cell()).is_ok_and(|recursive| recursive.first() == Some(&true));
            if reaches {
                last = last.max(Some((Some(row.time), row.row_id)));
            }
        }
    }
    last
}
