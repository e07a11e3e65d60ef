//! Where the bodies of chunks come from that are known and not loaded.

use std::{fmt, sync::Arc};

use crate::{Chunk, ChunkId, ChunkMeta, ChunkStore, TimeRange, TimelineId};

/// Why a source could not give a chunk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkSourceError {
    /// Reading failed.
    #[error("chunk {id} cannot be read")]
    Read {
        /// The chunk.
        id: ChunkId,
        /// What failed.
        #[source]
        source: std::io::Error,
    },
    /// What was read is no chunk, or another one.
    #[error("chunk {id} is damaged: {message}")]
    Damaged {
        /// The chunk.
        id: ChunkId,
        /// What is wrong with it.
        message: String,
    },
    /// The source has no such chunk.
    #[error("chunk {id} is not there")]
    NotThere {
        /// The chunk.
        id: ChunkId,
    },
}

impl ChunkSourceError {
    /// The chunk that could not be given.
    pub fn id(&self) -> ChunkId {
        match self {
            Self::Read { id, .. } | Self::Damaged { id, .. } | Self::NotThere { id } => *id,
        }
    }
}

/// A file or a server that gives bodies for chunks which [`ChunkStore::insert_absent`] made known.
///
/// Neither method may block: bodies are read on threads of the source's own.
pub trait ChunkSource: fmt::Debug + Send + Sync {
    /// Says which bodies are wanted, most urgent first. Replaces the wishes before, except those already under way. Chunks
    /// that the source does not have are passed over, so that several sources can be told the same.
    fn want(&self, chunks: &[ChunkId]);

    /// The next body that arrived, if any; hand it to [`ChunkStore::load`].
    fn try_next(&self) -> Option<Result<Arc<Chunk>, ChunkSourceError>>;
}

/// What is wanted next: see [`ChunkStore::wishes`].
#[derive(Clone)]
pub struct WishOptions<'a> {
    /// What answers on screen miss.
    pub on_screen: &'a [ChunkId],
    /// Where the cursor is.
    pub timeline: Option<TimelineId>,
    /// The cursor.
    pub time: i64,
    /// How far to read ahead of it, in the direction in which it moves: negative where it moves back.
    pub ahead: i64,
    /// Of what lies ahead, which chunks are worth loading: those that something on screen is drawn from, say.
    pub is_shown: &'a dyn Fn(&ChunkMeta) -> bool,
    /// How many bytes to wish for at once.
    pub max_bytes: u64,
}

impl ChunkStore {
    /// The chunks to load next, most urgent first: clears and static data, since they change what everything else means,
    /// then what is on screen, then what lies ahead of the cursor, nearest first.
    ///
    /// Costs the number of chunks that are not loaded, at most those in the range ahead.
    pub fn wishes(&self, options: &WishOptions<'_>) -> Vec<ChunkId> {
        let mut wishes: Vec<(u64, ChunkId)> = Vec::new();
        let absent = |id: ChunkId| self.slot_of.get(&id).and_then(|slot| self.slot(*slot)).filter(|slot| slot.body.is_none());
        for (rank, &slot) in self.absent_first.iter().enumerate() {
            if let Some(slot) = self.slot(slot) {
                wishes.push((rank as u64, slot.meta.id));
            }
        }
        let first = wishes.len() as u64;
        for (rank, &id) in options.on_screen.iter().enumerate() {
            if absent(id).is_some() {
                wishes.push((first + rank as u64, id));
            }
        }
        let ahead = if options.ahead < 0 {
            TimeRange::new(options.time.saturating_add(options.ahead), options.time)
        } else {
            TimeRange::new(options.time, options.time.saturating_add(options.ahead))
        };
        let nearest_first = first + options.on_screen.len() as u64;
        if let Some(timeline) = options.timeline {
            for series in self.series.iter().filter(|s| s.timeline == timeline && s.component == crate::ComponentId::ANY) {
                series.index.for_each_overlapping(ahead, |entry| {
                    if !entry.is_loaded()
                        && let Some(slot) = self.slot(entry.slot).filter(|slot| (options.is_shown)(&slot.meta))
                    {
                        let nearest = if options.ahead < 0 { entry.max } else { entry.min };
                        let distance =
                            if nearest <= options.time && options.ahead >= 0 || nearest >= options.time && options.ahead < 0 {
                                0
                            } else {
                                nearest.abs_diff(options.time)
                            };
                        wishes.push((nearest_first.saturating_add(distance), slot.meta.id));
                    }
                });
            }
        }
        wishes.sort_unstable();
        let mut seen = rustc_hash::FxHashSet::default();
        let mut bytes = 0_u64;
        wishes
            .into_iter()
            .map(|(_, id)| id)
            .filter(|id| seen.insert(*id))
            .take_while(|id| {
                let before = bytes;
                bytes = bytes.saturating_add(self.chunk_meta(*id).map_or(0, |meta| meta.num_bytes));
                // At least one, however large.
                before == 0 || bytes <= options.max_bytes
            })
            .collect()
    }

    /// Whether a chunk should be loaded before all others.
    pub(crate) fn is_wanted_first(&self, meta: &ChunkMeta) -> bool {
        meta.is_static || self.clear_component().is_some_and(|clear| meta.has_component(clear))
    }
}
