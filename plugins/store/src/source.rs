//! Where the data of chunks come from that are known and not loaded.

use std::{fmt, sync::Arc};

use rustc_hash::FxHashSet;

use crate::{Chunk, ChunkId, ChunkMeta, ChunkStore, TimeRange, TimelineId, interval_index::Entry};

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

/// Wakes a viewer that rests because nothing happens. Cheap; may be called from any thread, and once too often.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl Waker {
    /// A waker that calls `wake`.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

    /// Lets the viewer run a frame soon.
    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// A file or a server that gives data for chunks which [`ChunkStore::insert_absent`] made known.
///
/// Neither method may block: data are read on threads of the source's own.
pub trait ChunkSource: fmt::Debug + Send + Sync {
    /// Says which data are wanted, most urgent first. Replaces the requests before, except those already under way. Chunks
    /// that the source does not have are passed over, so that several sources can be told the same.
    fn want(&self, chunks: &[ChunkId]);

    /// The next data that arrived, if any; hand it to [`ChunkStore::load`].
    fn try_next(&self) -> Option<Result<Arc<Chunk>, ChunkSourceError>>;

    /// Whether it can give this chunk. Not any more, once it found it damaged.
    fn has(&self, chunk: ChunkId) -> bool;

    /// The bytes of the chunks that were read and not taken yet.
    fn num_bytes(&self) -> u64 {
        0
    }

    /// Takes what wakes the viewer. Returns whether the source calls it whenever data arrived: otherwise the viewer asks
    /// in each frame while something is awaited.
    fn set_waker(&self, _waker: &Waker) -> bool {
        false
    }
}

/// What is wanted next: see [`ChunkStore::fetch_requests`].
#[derive(Clone)]
pub struct FetchOptions<'a> {
    /// What answers on screen miss.
    pub on_screen: &'a [ChunkId],
    /// The cursor's timeline.
    pub timeline: Option<TimelineId>,
    /// The cursor's time.
    pub time: i64,
    /// How far to read ahead of it, in the direction in which it moves: negative where it moves back.
    pub ahead: i64,
    /// Of what lies ahead, which chunks are worth loading: those that something on screen is drawn from, say.
    pub is_shown: &'a dyn Fn(&ChunkMeta) -> bool,
    /// How many bytes to request at once.
    pub max_bytes: u64,
    /// Static data that nothing on screen misses is only requested where all of it has no more bytes than this.
    pub max_static_bytes: u64,
}

impl ChunkStore {
    /// The chunks to load next, most urgent first: clears, since they change what everything else means, and static data, which
    /// holds at all times; then what is on screen, then what lies ahead of the cursor, nearest first.
    ///
    /// Looks no further than `max_bytes` reach; at least one chunk is requested, however large. Costs O(log n) per chunk that
    /// is looked at, of those alone that are not loaded.
    pub fn fetch_requests(&self, options: &FetchOptions<'_>) -> Vec<ChunkId> {
        let mut fetch_requests = FetchRequests {
            ids: Vec::new(),
            seen: FxHashSet::default(),
            bytes: 0,
            max_bytes: options.max_bytes,
        };
        let first = || self.absent_first.iter().filter_map(|&slot| self.slot(slot));
        let statics = first()
            .filter(|slot| slot.meta.is_static)
            .map(|slot| slot.meta.num_bytes);
        let with_statics = statics.fold(0, u64::saturating_add) <= options.max_static_bytes;
        let first = first().filter(|slot| with_statics || !slot.meta.is_static);
        let on_screen = options
            .on_screen
            .iter()
            .filter_map(|id| self.slot(self.slot_of.get(*id)?));
        let urgent = first.chain(on_screen.filter(|slot| slot.chunk_data.is_none()));
        if !urgent.map(|slot| &slot.meta).all(|meta| fetch_requests.add(meta)) {
            return fetch_requests.ids;
        }
        if let Some(data) = options
            .timeline
            .and_then(|timeline| self.timelines.get(timeline.index()))
        {
            let visit = |entry: &Entry| {
                let meta = self
                    .slot(entry.slot)
                    .map(|slot| &slot.meta)
                    .filter(|meta| (options.is_shown)(meta));
                meta.is_none_or(|meta| fetch_requests.add(meta))
            };
            let end = options.time.saturating_add(options.ahead);
            if options.ahead < 0 {
                data.absent.visit_by_end(TimeRange::new(end, options.time), visit);
            } else {
                data.absent
                    .visit_by_beginning(TimeRange::new(options.time, end), visit);
            }
        }
        fetch_requests.ids
    }

    /// Whether a chunk should be loaded before all others.
    pub(crate) fn is_fetched_first(&self, meta: &ChunkMeta) -> bool {
        meta.is_static || self.has_clears(meta)
    }
}

/// Fetch requests, as far as they fit.
struct FetchRequests {
    ids: Vec<ChunkId>,
    seen: FxHashSet<ChunkId>,
    bytes: u64,
    max_bytes: u64,
}

impl FetchRequests {
    /// Adds a chunk, and says whether there is room for more.
    fn add(&mut self, meta: &ChunkMeta) -> bool {
        if !self.seen.insert(meta.id) {
            return true;
        }
        self.bytes = self.bytes.saturating_add(meta.num_bytes);
        let fits = self.ids.is_empty() || self.bytes <= self.max_bytes;
        if fits {
            self.ids.push(meta.id);
        }
        fits && self.bytes < self.max_bytes
    }
}
