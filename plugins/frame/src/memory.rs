//! Phase 3: one memory budget for data, caches and GPU copies, kept by purging and garbage collection within
//! a time budget.

use std::{sync::mpsc, time::Instant};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{CacheStats, GcOptions, GcOrder, StoreKind};
use smallvec::SmallVec;

use crate::{
    AppViewerCacheExt as _, CacheSize, CacheUse, Cursor, DiffLog, Frame, FrameDiagnostics, FrameSystems,
    InContext, InContexts, LatestAtResults, MemoryBudget, PurgeOrder, QueryContexts, RecordingEntry,
    RecordingKey, Recordings, ViewerCache, ViewerCaches,
    budget::{Purge, PurgeSituation},
    chunk_loading::OnScreen,
};

/// The series of which a frame purges cached answers at most.
const SERIES_PER_STEP: usize = 4_096;

/// Keeps to [`MemoryBudget`].
pub struct MemoryPlugin;

impl Plugin for MemoryPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<MemoryBudget>()
            .init_resource::<ViewerCaches>()
            .init_resource::<Purge>()
            .init_resource::<Garbage>();
        app.add_viewer_cache(ViewerCache {
            name: "Latest-at results",
            order: PurgeOrder::Derived,
            size: |world| {
                let others = world.get_resource().map_or(0, QueryContexts::latest_at_bytes);
                held(world.get_resource().map_or(0, LatestAtResults::heap_bytes) + others)
            },
            purge: None,
        })
        .add_viewer_cache(ViewerCache {
            name: "Diff log",
            order: PurgeOrder::Derived,
            size: |world| held(world.get_resource().map_or(0, DiffLog::heap_bytes)),
            purge: None,
        });
        app.add_systems(
            Frame,
            (
                measure_caches,
                plan_purge,
                purge_caches.run_if(is_purging),
                collect_garbage.run_if(is_purging),
            )
                .chain()
                .in_set(FrameSystems::Gc),
        );
    }
}

/// The size of what is needed for as long as it is there.
fn held(bytes: u64) -> CacheSize {
    CacheSize { bytes, idle_bytes: 0 }
}

/// Frees what was collected, on a thread of its own: that takes about as long as collecting, and the pools
/// are busy with the frame.
#[derive(Resource)]
struct Garbage(mpsc::Sender<Box<dyn Send>>);

impl Default for Garbage {
    fn default() -> Self {
        let (sender, garbage) = mpsc::channel::<Box<dyn Send>>();
        // It ends with the app. If no thread can be spawned, garbage is freed at once, where it is sent.
        _ = std::thread::Builder::new()
            .name("chronoscope garbage".to_owned())
            .spawn(move || garbage.iter().for_each(drop));
        Self(sender)
    }
}

impl Garbage {
    fn free(&self, garbage: impl Send + 'static) {
        _ = self.0.send(Box::new(garbage));
    }
}

/// What a purge goes down to: three quarters of the limit, so that the next one is not due at once. However much came in one frame, as
/// much of it stays as has room.
fn purge_target(limit: u64) -> u64 {
    limit - limit / 4
}

/// Asks all caches for their sizes.
fn measure_caches(world: &mut World) {
    world.resource_scope(|world, mut caches: Mut<ViewerCaches>| {
        caches.bypass_change_detection().measure(world);
        let recordings = world.resource::<Recordings>();
        let mut data_bytes = 0;
        let mut query_cache_bytes = 0;
        let mut all_bytes = 0;
        let mut queries = CacheStats::default();
        for entry in recordings.iter() {
            let stats = entry.recording.cache.stats();
            data_bytes += entry.store().store_stats().total_bytes();
            query_cache_bytes += stats.bytes_actual;
            all_bytes += entry.num_bytes();
            queries = queries + stats;
        }
        let followed = world
            .get_resource::<LatestAtResults>()
            .map_or(0, LatestAtResults::total_followed);
        let limit_bytes = world.resource::<MemoryBudget>().limit_bytes;
        let mut diagnostics = world.resource_mut::<FrameDiagnostics>();
        let diagnostics = diagnostics.bypass_change_detection();
        let before = std::mem::replace(&mut diagnostics.queries.caches, queries);
        // Recordings that were closed since took their sums with them.
        diagnostics.invalidations = queries.invalidations.saturating_sub(before.invalidations);
        diagnostics.queries.followed = followed;
        let memory = &mut diagnostics.memory;
        memory.limit_bytes = limit_bytes;
        memory.data_bytes = data_bytes;
        memory.query_cache_bytes = query_cache_bytes;
        memory.queued_bytes = all_bytes - data_bytes - query_cache_bytes;
        memory.caches.clear();
        memory.caches.extend(caches.iter().map(|(cache, size)| CacheUse {
            name: cache.name,
            size,
        }));
    });
}

/// Decides whether something has to go, and how much.
fn plan_purge(
    mut purge: ResMut<Purge>,
    recordings: Res<Recordings>,
    caches: Res<ViewerCaches>,
    budget: Res<MemoryBudget>,
    on_screen: Res<OnScreen>,
    cursor: Res<Cursor>,
) {
    purge.progressed = false;
    purge.started = Some(Instant::now());
    let Some(limit) = budget.limit_bytes else {
        purge.target_bytes = None;
        return;
    };
    // A limit that was raised may have room for all that is left.
    if purge.limit_bytes.replace(limit) != Some(limit) {
        purge.target_bytes = None;
    }
    let used = recordings.num_bytes() + caches.size().bytes;
    let is_futile = purge.futile == Some(situation(&recordings, &caches, *cursor, limit));
    if is_futile {
        // Nothing changed since.
    } else if used > limit && (purge.target_bytes.is_none() || purge.is_for_ahead) {
        purge.target_bytes = Some(purge_target(limit));
        purge.is_for_ahead = false;
    } else if purge.target_bytes.is_none()
        && let Some(room) = Some(on_screen.room_bytes()).filter(|room| *room > 0)
    {
        // In portions, since each begins with a search for what is farthest.
        purge.target_bytes = Some(used.saturating_sub(room.max(limit / 10)));
        purge.is_for_ahead = true;
    }
    if let Some(target) = purge.target_bytes {
        purge.over_bytes = used.saturating_sub(target);
    }
}

fn situation(recordings: &Recordings, caches: &ViewerCaches, cursor: Cursor, limit: u64) -> PurgeSituation {
    PurgeSituation {
        generations: recordings
            .iter()
            .map(|entry| entry.store().generation())
            .fold(0, u64::wrapping_add),
        cursor,
        limit,
        caches: caches.size().bytes,
    }
}

fn is_purging(purge: Res<Purge>) -> bool {
    purge.is_under_way()
}

/// Purges the caches outside the stores: what can be made anew goes first.
fn purge_caches(world: &mut World) {
    puffin::profile_scope!("purge_caches");
    let gc_time = world.resource::<MemoryBudget>().gc_time;
    world.resource_scope(|world, mut purge: Mut<Purge>| {
        if purge.is_for_ahead {
            return;
        }
        let (over, started) = (purge.over_bytes, purge.started);
        let is_late = || started.is_some_and(|started| started.elapsed() > gc_time);
        let freed = world.resource_scope(|world, mut caches: Mut<ViewerCaches>| {
            caches.bypass_change_detection().purge(world, over, is_late)
        });
        purge.over_bytes = over.saturating_sub(freed);
        purge.progressed = freed > 0;
    });
}

fn collect_garbage(
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut purge: ResMut<Purge>,
    mut diagnostics: ResMut<FrameDiagnostics>,
    caches: Res<ViewerCaches>,
    budget: Res<MemoryBudget>,
    contexts: InContexts<'_>,
    on_screen: Res<OnScreen>,
    garbage: Res<Garbage>,
) {
    puffin::profile_scope!("gc");
    let start = purge.started.unwrap_or_else(Instant::now);
    let recordings = recordings.bypass_change_detection();
    let mut over = purge.over_bytes;
    let mut progressed = purge.progressed;
    let is_for_ahead = purge.is_for_ahead;
    let may_give = |entry: &RecordingEntry| {
        entry.id().kind == StoreKind::Recording && !(is_for_ahead && entry.sources().is_empty())
    };
    // What is not shown goes first, what the cursor is on last.
    let cursor = contexts.at_cursor().cursor;
    let looking_at = |key: RecordingKey| -> SmallVec<[InContext<'_>; 2]> {
        let products = contexts.iter().map(|(_, products)| products);
        products
            .filter(|products| products.cursor.recording == Some(key))
            .collect()
    };
    let mut giving: Vec<&mut RecordingEntry> =
        recordings.iter_mut().filter(|entry| may_give(entry)).collect();
    giving.sort_by_cached_key(|entry| {
        let key = entry.key();
        (cursor.recording == Some(key), !looking_at(key).is_empty())
    });
    for entry in giving {
        let left = budget.gc_time.saturating_sub(start.elapsed());
        if over == 0 {
            break;
        }
        if left.is_zero() {
            // What was not come to is looked at in the next frame, if there ever is time.
            progressed |= !budget.gc_time.is_zero();
            break;
        }
        let before = entry.num_bytes();
        let looking = looking_at(entry.key());
        let browsed = looking
            .iter()
            .find_map(|products| Some((products.cursor.timeline?, products.cursor.time)));
        let order = match browsed {
            // What is browsed keeps what is near the cursor; what only streams in loses its oldest.
            Some((timeline, time)) => GcOrder::FarthestFrom { timeline, time },
            None => GcOrder::OldestRow,
        };
        let options = GcOptions {
            target_bytes: over,
            // What goes has to be written into the log and taken out of the caches, which takes about as long
            // again.
            time_budget: left * 2 / 5,
            protect_latest: budget.protect_latest,
            is_protected: &|meta| {
                looking.iter().any(|products| {
                    products.latest_at.shows(meta)
                        || products.transforms.shows(meta)
                        || on_screen.shows(meta.id)
                })
            },
            // Nothing is lost, and nothing that was just read ahead is given back, only to make room.
            only_recoverable: is_for_ahead,
            protected_time_ranges: match on_screen.ahead(entry.key()) {
                Some(ahead) if is_for_ahead => ahead.ranges.clone(),
                _ => Vec::new(),
            },
            order,
        };
        let report = entry.recording.gc(&options, &mut purge.buffers);
        progressed |= !report.done || !purge.buffers.events.is_empty();
        diagnostics.gc_items_between_looks = diagnostics
            .gc_items_between_looks
            .max(report.max_items_between_looks);
        let key = entry.key();
        log.push_events(key, purge.buffers.events.drain(..));
        garbage.free(purge.buffers.garbage.take());
        let entry_bytes = entry.num_bytes();
        over = over.saturating_sub(before.saturating_sub(entry_bytes));
    }
    if over == 0 {
        purge.target_bytes = None;
    } else if !progressed && (is_for_ahead || !purge_query_caches(recordings, over)) {
        // Whatever remains is protected: more would not help before something changes.
        let limit = budget.limit_bytes.unwrap_or(u64::MAX);
        purge.futile = Some(situation(recordings, &caches, cursor, limit));
        purge.target_bytes = None;
    }
    diagnostics.gc_pause = start.elapsed();
    diagnostics.worst_gc_pause = diagnostics.worst_gc_pause.max(diagnostics.gc_pause);
}

/// Purges the query caches, where the stores have nothing more to give. Returns whether they have more than a step takes.
fn purge_query_caches(recordings: &mut Recordings, mut over_bytes: u64) -> bool {
    let mut has_more = false;
    for entry in recordings.iter_mut() {
        let report = entry.recording.cache.purge_step(over_bytes, SERIES_PER_STEP);
        over_bytes = over_bytes.saturating_sub(report.freed_bytes);
        has_more |= !report.done;
    }
    has_more
}
