//! The one memory budget, what counts against it beside the stores, and a purge that is under way.

use std::time::{Duration, Instant};

use bevy_app::App;
use bevy_ecs::prelude::*;
use chronoscope_store::GcBuffers;

use crate::Cursor;

/// How much memory the viewer may hold, and how long a frame may spend on keeping to it.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct MemoryBudget {
    /// Bytes of data, caches and GPU copies together; `None` for as much as there is.
    pub limit_bytes: Option<u64>,
    /// The longest pause that collecting may make in a frame.
    pub gc_time: Duration,
    /// Rows per entity, timeline and component that are always kept.
    pub protect_latest: usize,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self {
            limit_bytes: None,
            gc_time: Duration::from_micros(3_500),
            protect_latest: 1,
        }
    }
}

/// The bytes that a cache takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheSize {
    /// All of them, in main memory and on the GPU.
    pub bytes: u64,
    /// Those of what is not shown now, and is kept to be there at once when it is. A purge may take them.
    pub idle_bytes: u64,
}

/// What it costs to make the entries of a cache again. Cheaper ones are purged first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PurgeOrder {
    /// Copies of what is in main memory, too: GPU buffers of instances, render targets.
    Copies,
    /// What is read anew from the stores: visuals, samples of series, tables of logs.
    Derived,
    /// What is decoded anew: pictures, video frames, meshes.
    Decoded,
}

/// A cache outside the stores: what is made of the data and counts against the [`MemoryBudget`].
#[derive(Clone, Copy, Debug)]
pub struct ViewerCache {
    /// The name under which it is listed: "Pictures". A cache that is added under the name of another one
    /// replaces it.
    pub name: &'static str,
    /// When it is purged, among others.
    pub order: PurgeOrder,
    /// Its bytes. Cost: it is called in every frame, so that whoever holds the cache keeps the sums.
    pub size: fn(&World) -> CacheSize,
    /// Gives up so many of the idle bytes, or as many as there are. What is given up is not in `size` any
    /// more, even if the GPU lets go of it a frame later. `None` where nothing is ever idle. It cannot access
    /// [`ViewerCaches`].
    pub purge: Option<fn(&mut World, u64)>,
}

/// The caches outside the stores, in the order in which they are purged: by [`PurgeOrder`], then by name. All
/// of them are purged before any data is collected.
#[derive(Resource, Clone, Debug, Default)]
pub struct ViewerCaches {
    caches: Vec<MeasuredCache>,
}

#[derive(Clone, Copy, Debug)]
struct MeasuredCache {
    cache: ViewerCache,
    size: CacheSize,
}

impl ViewerCaches {
    /// Adds a cache.
    pub fn add(&mut self, cache: ViewerCache) {
        self.caches.retain(|known| known.cache.name != cache.name);
        let size = CacheSize::default();
        self.caches.push(MeasuredCache { cache, size });
        self.caches
            .sort_by_key(|known| (known.cache.order, known.cache.name));
    }

    /// All caches and their sizes in this frame, in the order in which they are purged.
    pub fn iter(&self) -> impl Iterator<Item = (&ViewerCache, CacheSize)> {
        self.caches.iter().map(|known| (&known.cache, known.size))
    }

    /// The bytes of all caches together.
    pub fn size(&self) -> CacheSize {
        self.iter()
            .fold(CacheSize::default(), |all, (_, size)| CacheSize {
                bytes: all.bytes.saturating_add(size.bytes),
                idle_bytes: all.idle_bytes.saturating_add(size.idle_bytes),
            })
    }

    pub(crate) fn measure(&mut self, world: &World) {
        for known in &mut self.caches {
            known.size = (known.cache.size)(world);
        }
    }

    /// Purges cache after cache until so many bytes are free, and returns how many are. It ends where
    /// `is_late` says so.
    pub(crate) fn purge(&mut self, world: &mut World, bytes: u64, is_late: impl Fn() -> bool) -> u64 {
        let mut freed = 0_u64;
        for MeasuredCache { cache, size } in &mut self.caches {
            let Some(purge) = cache.purge.filter(|_| size.idle_bytes > 0) else {
                continue;
            };
            if freed >= bytes || is_late() {
                break;
            }
            purge(world, (bytes - freed).min(size.idle_bytes));
            let before = std::mem::replace(size, (cache.size)(world));
            freed = freed.saturating_add(before.bytes.saturating_sub(size.bytes));
        }
        freed
    }
}

/// Registers what counts against the memory budget.
pub trait AppViewerCacheExt {
    /// Adds a cache to [`ViewerCaches`].
    fn add_viewer_cache(&mut self, cache: ViewerCache) -> &mut Self;
}

impl AppViewerCacheExt for App {
    fn add_viewer_cache(&mut self, cache: ViewerCache) -> &mut Self {
        self.init_resource::<ViewerCaches>();
        self.world_mut().resource_mut::<ViewerCaches>().add(cache);
        self
    }
}

/// Who holds the memory that counts against the budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// The bytes that may be held; `None` for any number.
    pub limit_bytes: Option<u64>,
    /// The bytes of chunks and their indices, in all stores.
    pub data_bytes: u64,
    /// The bytes of cached answers to queries, for all stores.
    pub query_cache_bytes: u64,
    /// The bytes that sources have read ahead and the stores do not hold yet.
    pub queued_bytes: u64,
    /// The [`ViewerCaches`], in their order.
    pub caches: Vec<CacheUse>,
}

/// What a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheUse {
    /// Its name.
    pub name: &'static str,
    /// Its bytes.
    pub size: CacheSize,
}

impl MemoryUse {
    /// The bytes of all.
    pub fn total_bytes(&self) -> u64 {
        let caches: u64 = self.caches.iter().map(|cache| cache.size.bytes).sum();
        self.data_bytes + self.query_cache_bytes + self.queued_bytes + caches
    }
}

/// A purge under way.
#[derive(Resource, Debug, Default)]
pub(crate) struct Purge {
    /// The bytes to be reached, fixed when it began.
    pub(crate) target_bytes: Option<u64>,
    /// The limit in the last frame that had one.
    pub(crate) limit_bytes: Option<u64>,
    /// Whether it only makes room for what lies ahead of the cursor.
    pub(crate) is_for_ahead: bool,
    /// What the steps of collections write to.
    pub(crate) buffers: GcBuffers,
    /// When the phase began in this frame.
    pub(crate) started: Option<Instant>,
    /// The bytes that are still to be freed to reach the target.
    pub(crate) over_bytes: u64,
    /// Whether anything was freed in this frame, or is still being looked for.
    pub(crate) progressed: bool,
    /// When all that was left was protected: until something changes, looking again is of no use.
    pub(crate) futile: Option<PurgeSituation>,
}

/// What decides about what may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PurgeSituation {
    /// The sum of the generations of all stores.
    pub(crate) generations: u64,
    pub(crate) cursor: Cursor,
    pub(crate) limit: u64,
    pub(crate) caches: u64,
}

impl Purge {
    /// Whether more will be freed in the next frame.
    pub(crate) fn is_under_way(&self) -> bool {
        self.target_bytes.is_some()
    }
}
