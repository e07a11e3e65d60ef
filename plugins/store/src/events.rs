//! What changed: the only coupling between the store and whatever is derived from it.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{ChunkId, ChunkMeta, ComponentId, TimelineId};

/// What happened to a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkChange {
    /// The chunk is new: with its data, or as metadata alone (see [`StoreEvent::is_loaded`]).
    Added,
    /// The chunk is gone, and so is its metadata.
    Dropped,
    /// Rows were added to a chunk with an append buffer. [`StoreEvent::meta`] has the chunk's id and describes the
    /// added rows alone; the rows before them are where they were.
    Grown,
    /// The data of a chunk that was known arrived.
    Loaded,
    /// The data of a chunk was evicted; its metadata stays.
    Evicted,
}

/// Why it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeReason {
    /// Somebody asked for it.
    Request,
    /// Newer static data overwrites the whole chunk.
    Overwritten,
    /// Small chunks were merged: the rows of the chunks `Dropped` for this reason are in the chunk `Added` for it.
    Merged,
    /// The garbage collection took it.
    Collected,
}

/// One change of the store.
#[derive(Clone, Debug)]
pub struct StoreEvent {
    /// The store's generation after the change.
    pub generation: u64,
    /// What happened.
    pub change: ChunkChange,
    /// Why it happened.
    pub reason: ChangeReason,
    /// The chunk that it happened to; where it has [`Grown`](ChunkChange::Grown), the rows that were added to it.
    pub meta: Arc<ChunkMeta>,
    /// Whether the chunk's data was in memory, after the change where it was `Added`, before it where it was `Dropped`.
    pub is_loaded: bool,
    /// What few events tell: by far most chunks bring nothing new, and a collection makes thousands of events at once.
    pub(crate) news: Option<Box<News>>,
}

/// What is new with a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) split_from: Option<ChunkId>,
    pub(crate) entity: bool,
    pub(crate) components: SmallVec<[ComponentId; 4]>,
    pub(crate) timelines: SmallVec<[TimelineId; 2]>,
    pub(crate) retyped_timelines: SmallVec<[TimelineId; 2]>,
    pub(crate) gone_components: SmallVec<[ComponentId; 4]>,
    pub(crate) entity_gone: bool,
}

impl StoreEvent {
    /// Of a chunk that was made by splitting a larger one: the id that the larger one had.
    pub fn split_from(&self) -> Option<ChunkId> {
        self.news.as_ref()?.split_from
    }

    /// Whether the entity had no data before.
    pub fn is_new_entity(&self) -> bool {
        self.news.as_ref().is_some_and(|news| news.entity)
    }

    /// The components that the entity had on no timeline before.
    pub fn new_components(&self) -> &[ComponentId] {
        self.news.as_ref().map_or(&[], |news| &news.components)
    }

    /// The timelines that the store had no data on before.
    pub fn new_timelines(&self) -> &[TimelineId] {
        self.news.as_ref().map_or(&[], |news| &news.timelines)
    }

    /// The timelines to which the chunk gives another type than they have in this store. Told once for each timeline: its
    /// numbers are kept, and mean what the first chunk said.
    pub fn retyped_timelines(&self) -> &[TimelineId] {
        self.news.as_ref().map_or(&[], |news| &news.retyped_timelines)
    }

    /// The components that the entity has no longer, on any timeline or as static data.
    ///
    /// Together with [`Self::new_components`], these keep a list of an entity's components, event by event.
    pub fn gone_components(&self) -> &[ComponentId] {
        self.news.as_ref().map_or(&[], |news| &news.gone_components)
    }

    /// Whether the entity has no data any more.
    pub fn is_entity_gone(&self) -> bool {
        self.news.as_ref().is_some_and(|news| news.entity_gone)
    }

    /// Whether rows that were not there before can be seen now: data was added or loaded, and not by a merge.
    pub fn adds_rows(&self) -> bool {
        match self.change {
            ChunkChange::Added => self.is_loaded && self.reason != ChangeReason::Merged,
            ChunkChange::Grown | ChunkChange::Loaded => true,
            ChunkChange::Dropped | ChunkChange::Evicted => false,
        }
    }
}
