//! Brings the transforms to the cursor: takes the rows that changed, and composes what follows from them.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, EntityId, Hit, arrow::ArrayRef};
use chronoscope_types::{CoordinateFrame, read as read_array};

use super::{
    OwnFrame, TransformWork, Transforms,
    graph::{FrameGraph, FrameKey, LoggedPinhole},
    pinhole::{PinholeComponents, ShownPinhole},
    rows::TransformComponents,
    rows_by_frame::RowInputs,
};
use crate::{DiffLog, LatestAtResults, RecordingKey, Report, query_results::EntityResults};

impl Transforms {
    /// Composes what changed.
    ///
    /// Cost: the entities whose rows changed, and the frames below those whose transforms did. An entity that
    /// places several frames costs a look-up for each of them, and the rows that came.
    pub(crate) fn update(
        &mut self,
        recording: Option<RecordingKey>,
        store: Option<&ChunkStore>,
        log: &DiffLog,
        latest_at: &LatestAtResults,
    ) -> TransformWork {
        let is_other = self.recording != recording || self.epoch != latest_at.epoch();
        // Most frames may be named by nobody any more, as those of things that were tracked once.
        let reset = is_other || self.graph.is_mostly_idle();
        if reset {
            let rows = if is_other {
                self.rows.emptied(log)
            } else {
                self.rows.forget_graph();
                std::mem::take(&mut self.rows)
            };
            *self = Self {
                recording,
                epoch: latest_at.epoch(),
                version: self.version + 1,
                reset_version: self.version + 1,
                rows,
                structure_version: self.structure_version() + 1,
                ..Self::default()
            };
        }
        self.is_changed = reset;
        let Some(store) = store else {
            return TransformWork::default();
        };
        self.graph.adopt_paths(store);
        let transforms = TransformComponents::of(store);
        let pinholes = PinholeComponents::of(store);
        let coordinate_frame = store.component_id(&CoordinateFrame::FRAME);
        let inputs = RowInputs {
            store,
            latest_at,
            components: &transforms,
        };
        let moved = self.rows.follow(inputs, recording, log, &mut self.graph);
        let candidates: Vec<EntityId> = if reset {
            latest_at.entities().collect()
        } else {
            // An older row may be the latest of another frame.
            let older = latest_at.rows_changed().iter().copied();
            let older = older.filter(|entity| transforms.name_frames(store, *entity));
            let changed = latest_at.changed().iter().copied();
            let mut candidates: Vec<EntityId> = changed.chain(older).chain(moved).collect();
            candidates.sort_unstable();
            candidates.dedup();
            candidates
        };
        let version = self.version + 1;
        let mut changed_entities = Vec::new();
        for entity in candidates {
            let results = latest_at.get(entity);
            let has_rows =
                results.is_some_and(|results| transforms.has_hit(results) || pinholes.has_hit(results));
            if has_rows || self.has_placed(entity) || transforms.name_frames(store, entity) {
                self.take_transforms(inputs, entity, results);
                self.take_pinhole(store, entity, results.and_then(|results| pinholes.read(results)));
            }
            let hit = coordinate_frame.and_then(|id| results?.hit(id));
            if (hit.is_some() || self.own_frames.contains_key(&entity))
                && self.take_own_frame(store, entity, hit.map(Hit::cell), version)
            {
                self.structure_version += 1;
                changed_entities.push(entity);
            }
        }
        let composed = self.graph.update(store, version);
        changed_entities.extend(composed.new);
        if !composed.moved.is_empty() || !changed_entities.is_empty() {
            self.version = version;
            self.is_changed = true;
            self.changed_frames = composed.moved;
            self.changed_entities = changed_entities;
        }
        TransformWork {
            frames: composed.frames,
            rows_read: self.rows.take_rows_read(),
        }
    }

    /// Whether rows of an entity may have placed frames before.
    fn has_placed(&self, entity: EntityId) -> bool {
        self.graph.find_entity(entity).is_some()
            || self.rows.contains(entity)
            || self.pinhole_frames.contains_key(&entity)
    }

    /// Takes what the rows of an entity say about where frames are, in place of what they said before.
    fn take_transforms(&mut self, inputs: RowInputs<'_>, entity: EntityId, results: Option<&EntityResults>) {
        let own = self.graph.find_entity(entity);
        let names_frames = inputs.components.name_frames(inputs.store, entity);
        if let Some(results) = results.filter(|_| names_frames) {
            if !self.rows.contains(entity)
                && let Some(own) = own
            {
                self.graph.set_transform(own, entity, None);
            }
            self.rows.update(inputs, entity, results, &mut self.graph);
            return;
        }
        self.rows.remove(entity, &mut self.graph);
        match results.and_then(|results| inputs.components.latest_row(results)) {
            Some(row) => {
                let own = own.unwrap_or_else(|| self.graph.frame_of_entity(entity));
                self.graph.set_transform(own, entity, Some(row.read(entity)));
            }
            None => {
                if let Some(own) = own {
                    self.graph.set_transform(own, entity, None);
                }
            }
        }
    }

    /// Takes the camera of an entity, in place of the one before.
    fn take_pinhole(&mut self, store: &ChunkStore, entity: EntityId, pinhole: Option<ShownPinhole>) {
        if pinhole.is_none() && !self.graph.has_pinholes() {
            return;
        }
        let before = self.pinhole_frames.remove(&entity);
        let before = before.or_else(|| self.graph.find_entity(entity));
        let now = pinhole.as_ref().map(|shown| {
            let key = shown.child.as_ref();
            let key = key.map_or(FrameKey::Path(entity), |name| FrameGraph::key_of(store, name));
            self.graph.frame(key)
        });
        if let Some(before) = before.filter(|before| Some(*before) != now) {
            self.graph.set_pinhole(before, entity, None);
        }
        let (Some(at), Some(shown)) = (now, pinhole) else {
            return;
        };
        let logged = LoggedPinhole {
            entity,
            is_static: shown.is_static,
            parent: shown.parent,
            pinhole: shown.pinhole,
        };
        self.graph.set_pinhole(at, entity, Some(logged));
        if self.graph.find_entity(entity) != Some(at) {
            self.pinhole_frames.insert(entity, at);
        }
    }

    /// Takes the name of the frame that an entity stands in. Returns whether it changed.
    fn take_own_frame(
        &mut self,
        store: &ChunkStore,
        entity: EntityId,
        cell: Option<ArrayRef>,
        version: u64,
    ) -> bool {
        let name = cell.map_or(Ok(None), |cell| {
            read_array::texts(&cell)
                .map(|names| {
                    names
                        .first()
                        .filter(|name| !name.is_empty())
                        .map(Arc::<str>::from)
                })
                .map_err(|error| {
                    let path = store.entity_path(entity).clone();
                    Report::entity_warning("coordinate frame", path, error.to_string())
                })
        });
        let before = self.own_frames.get(&entity);
        let is_same = match (&name, before) {
            (Ok(name), Some(before)) => before.key.is_ok() && before.name == *name,
            (Ok(name), None) => name.is_none(),
            (Err(report), before) => before.is_some_and(|before| before.key.as_ref().err() == Some(report)),
        };
        if is_same {
            return false;
        }
        let key = match &name {
            Ok(Some(name)) => {
                let at = self.graph.frame(FrameGraph::key_of(store, name));
                Ok(Some(at))
            }
            Ok(None) => Ok(None),
            Err(report) => Err(report.clone()),
        };
        let name = name.ok().flatten();
        let frame_of = |own: &OwnFrame| own.key.as_ref().ok().copied().flatten();
        let own = OwnFrame { key, name, version };
        let now = frame_of(&own);
        let before = self.own_frames.insert(entity, own);
        self.graph.move_entity(before.as_ref().and_then(frame_of), now);
        true
    }
}
