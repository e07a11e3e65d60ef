//! Which entities may be framed otherwise because rows came or went.

use chronoscope_frame::{DiffEntry, visualizer::FirstLookChunks};
use chronoscope_store::{
    CLEAR_COMPONENT, ChangeReason, ChunkChange, ChunkId, ChunkStore, EntityId, StoreEvent, TimelineId,
};
use chronoscope_types::Transform3D;

use super::{First, Framing, Inputs};

impl Framing {
    /// Finds out of which entities other rows may be shown now. Cost: the events; of those that place
    /// what is below their entity, this as well.
    pub(super) fn read_log(&mut self, inputs: &Inputs<'_>, chunks: &FirstLookChunks) {
        let since = inputs.log.since(self.log_number);
        self.log_number = inputs.log.next_number();
        if self.is_stale {
            return;
        }
        let Some(entries) = since else {
            self.is_stale = true;
            return;
        };
        let store = inputs.recording.store();
        let child_frame = store.component_id(&Transform3D::CHILD_FRAME);
        for entry in entries {
            let DiffEntry::Store { recording, event } = entry else {
                continue;
            };
            // Merging leaves every row where it is.
            if *recording != inputs.recording.key() || event.reason == ChangeReason::Merged {
                continue;
            }
            let change = Change::of(event, inputs.cursor.timeline);
            let entity = event.meta.entity;
            let names_frames = child_frame.is_some_and(|id| event.meta.has_component(id));
            let is_new = matches!(event.change, ChunkChange::Added | ChunkChange::Grown);
            self.has_grown |= is_new;
            if names_frames {
                // It may lead to what no transform led to.
                self.behind.extend(&self.unplaced);
            }
            let is_above = changes_below(event, store);
            let origin = &inputs.view.blueprint.origin;
            let is_anywhere = is_above && (names_frames || origin.starts_with(store.entity_path(entity)));
            // Rows that come between the last of the sampled times and the end show nothing yet.
            let is_beyond = change.is_beyond(&self.samples);
            let concerns = |entity: EntityId, known: Option<&First>| {
                let is_named = |chunk| chunks.names(inputs.view.id, entity, chunk);
                inputs.results.get(entity).is_some() && change.concerns(known, !is_beyond, is_named)
            };
            if concerns(entity, self.entities.get(&entity)) {
                self.stale.insert(entity);
            } else if is_beyond {
                self.grown.entities.insert(entity);
            }
            if !is_above {
                continue;
            }
            if is_beyond {
                self.grown.above.insert(entity);
                self.grown.anywhere |= is_anywhere;
            }
            if is_beyond && !change.is_before(self.last_time) {
                continue;
            }
            if is_anywhere && change.may_be_seen(self.last_time) {
                // Named frames may be anywhere, and all is seen from the origin.
                if is_new && inputs.is_loaded {
                    self.are_all_behind = true;
                    continue;
                }
                self.is_stale = true;
                return;
            }
            for below in store.tree().descend(entity).skip(1) {
                if concerns(below, self.entities.get(&below)) {
                    self.stale.insert(below);
                }
            }
        }
    }
}

/// Which rows an event brings or takes.
#[derive(Clone, Copy)]
enum Change {
    /// Rows of components that there were none of, or that hold at all times.
    All,
    /// New rows, from this time on.
    New(i64),
    /// Rows that can or cannot be read now, from this time on, all in this chunk.
    Known(i64, ChunkId),
    /// None on the shown timeline.
    None,
}

impl Change {
    fn of(event: &StoreEvent, timeline: Option<TimelineId>) -> Self {
        if event.meta.is_static || !event.new_components().is_empty() {
            return Self::All;
        }
        let range = timeline.map(|timeline| event.meta.time_range(timeline));
        match range.filter(|range| !range.is_empty()) {
            Some(range) => match event.change {
                ChunkChange::Added | ChunkChange::Grown => Self::New(range.min),
                ChunkChange::Dropped | ChunkChange::Loaded | ChunkChange::Evicted => {
                    Self::Known(range.min, event.meta.id)
                }
            },
            None => Self::None,
        }
    }

    fn is_before(self, time: i64) -> bool {
        match self {
            Self::All => true,
            Self::New(begin) | Self::Known(begin, _) => begin <= time,
            Self::None => false,
        }
    }

    /// Whether all rows are new and come after the sampled times.
    fn is_beyond(self, samples: &[i64]) -> bool {
        let last = samples.last().copied();
        matches!(self, Self::New(begin) if Some(begin) > last)
    }

    /// Whether something may be seen otherwise, of which all that is seen first is seen by a time.
    fn may_be_seen(self, last_time: i64) -> bool {
        match self {
            Self::Known(..) => self.is_before(last_time),
            Self::All | Self::New(_) => true,
            Self::None => false,
        }
    }

    /// Whether an entity may show something else than it was known to. New rows may be sampled; of others it matters whether
    /// the entity was read from their chunk, or lacks it.
    fn concerns(self, known: Option<&First>, is_sampled: bool, is_named: impl Fn(ChunkId) -> bool) -> bool {
        let Some(first) = known else {
            return !matches!(self, Self::None);
        };
        self.is_before(first.time)
            || match self {
                Self::New(_) => is_sampled,
                Self::Known(_, chunk) => is_named(chunk),
                Self::All | Self::None => false,
            }
    }
}

/// Whether what is below the entity of an event may stand elsewhere, or be cleared.
fn changes_below(event: &StoreEvent, store: &ChunkStore) -> bool {
    event.meta.components.iter().any(|column| {
        let name = &store.descriptor(column.component).component;
        name.starts_with("Transform3D:") || name.starts_with("Pinhole:") || &**name == CLEAR_COMPONENT
    })
}
