//! Phase 3: one memory budget for data, caches and GPU copies, kept by purging and garbage collection within a time budget.

use std::time::{Duration, Instant};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, GcOptions, GcOrder, StoreKind};
use rustc_hash::FxHashSet;

use crate::{Answers, Cursor, DiffLog, Frame, FrameDiagnostics, FrameSystems, Recordings, bodies::OnScreen};

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
        Self { limit_bytes: None, gc_time: Duration::from_micros(3_500), protect_latest: 1 }
    }
}

/// Caches of decoded data outside the stores, which are purged first. Whoever holds them keeps the count and obeys the request.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewerCaches {
    /// The bytes that decoded images, meshes and GPU copies take now.
    pub bytes: u64,
    /// How many of them are to be given up in this frame.
    pub purge_bytes: u64,
}

/// Keeps to [`MemoryBudget`].
pub struct MemoryPlugin;

impl Plugin for MemoryPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<MemoryBudget>().init_resource::<ViewerCaches>().init_resource::<Purge>();
        app.add_systems(Frame, collect_garbage.in_set(FrameSystems::Gc));
    }
}

/// A purge under way: the bytes to be reached, fixed when it began.
#[derive(Resource, Debug, Default)]
struct Purge {
    target_bytes: Option<u64>,
}

/// The fraction of the tracked bytes to purge when `used` exceeds `limit`.
fn purge_fraction(used: u64, limit: u64) -> f64 {
    let excess = (used as f64 - limit as f64) / (limit as f64).max(1.0);
    (excess + 0.2).clamp(0.25, 1.0)
}

fn collect_garbage(
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut purge: ResMut<Purge>,
    mut caches: ResMut<ViewerCaches>,
    mut diagnostics: ResMut<FrameDiagnostics>,
    budget: Res<MemoryBudget>,
    answers: Res<Answers>,
    on_screen: Res<OnScreen>,
    cursor: Res<Cursor>,
) {
    let Some(limit) = budget.limit_bytes else { return };
    puffin::profile_scope!("gc");
    let start = Instant::now();
    let caches = caches.bypass_change_detection();
    caches.purge_bytes = 0;
    let recordings = recordings.bypass_change_detection();
    let used = recordings.num_bytes() + caches.bytes;
    if purge.target_bytes.is_none() && used > limit {
        purge.target_bytes = Some(used - (used as f64 * purge_fraction(used, limit)) as u64);
    }
    let Some(target) = purge.target_bytes else { return };
    let mut over = used.saturating_sub(target);

    // What can be made anew goes first.
    caches.purge_bytes = over.min(caches.bytes);
    over -= caches.purge_bytes;
    let mut progressed = caches.purge_bytes > 0;

    for entry in recordings.iter_mut().filter(|entry| entry.id().kind == StoreKind::Recording) {
        let left = budget.gc_time.saturating_sub(start.elapsed());
        if over == 0 || left.is_zero() {
            break;
        }
        let before = entry.num_bytes();
        let shown = cursor.recording == Some(entry.key());
        let order = match cursor.timeline.filter(|_| shown) {
            // What is browsed keeps what is near the cursor; what only streams in loses its oldest.
            Some(timeline) => GcOrder::FarthestFrom { timeline, time: cursor.time },
            None => GcOrder::OldestRow,
        };
        let options = GcOptions {
            target_bytes: over,
            time_budget: left,
            protect_latest: budget.protect_latest,
            protected_chunks: match (shown, entry.sources().is_empty()) {
                (false, _) => FxHashSet::<ChunkId>::default(),
                (true, true) => answers.chunks().collect(),
                (true, false) => answers.chunks().chain(on_screen.used()).collect(),
            },
            order,
            ..GcOptions::default()
        };
        let (events, _) = entry.recording.gc(&options);
        progressed |= !events.is_empty();
        let key = entry.key();
        log.push_events(key, events);
        let entry_bytes = entry.num_bytes();
        over = over.saturating_sub(before.saturating_sub(entry_bytes));
    }
    if over > 0 && !progressed {
        for entry in recordings.iter_mut() {
            over = over.saturating_sub(entry.recording.cache.purge(over));
        }
        // Whatever remains is protected: more would not help before something changes.
        purge.target_bytes = None;
    } else if over == 0 {
        purge.target_bytes = None;
    }
    diagnostics.gc_pause = start.elapsed();
    diagnostics.worst_gc_pause = diagnostics.worst_gc_pause.max(diagnostics.gc_pause);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_grows_with_the_excess() {
        assert!((purge_fraction(101, 100) - 0.25).abs() < 1e-9);
        assert!((purge_fraction(130, 100) - 0.5).abs() < 1e-9);
        assert!((purge_fraction(1_000, 100) - 1.0).abs() < 1e-9);
        assert!((purge_fraction(1, 0) - 1.0).abs() < 1e-9);
    }
}
