//! What the cursor will come to.

use std::time::Duration;

use chronoscope_store::{ChunkMeta, ChunkStore, EntityId, TimeRange, TimelineId};

use crate::{LoopMode, PlayState, TimeControl};

/// What lies ahead of the cursor, where there is not room for all of it anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The times that the cursor will come to next, as many as there can be room for.
    pub(crate) ranges: Vec<(TimelineId, TimeRange)>,
    /// The bytes to be freed for them, of what is farther away.
    pub(crate) room_bytes: u64,
}

/// A way ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Where it begins.
    pub(super) time: i64,
    /// How far it goes, in units of the timeline; backwards where it is negative.
    pub(super) units: i64,
}

/// A chunk that lies ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChunkAhead {
    distance: u64,
    bytes: u64,
    is_loaded: bool,
}

/// Where to read ahead. Where playing loops, also behind the jump.
pub(super) fn spans(
    control: &TimeControl,
    store: &ChunkStore,
    timeline: TimelineId,
    time: i64,
    backwards: bool,
    ahead: Duration,
) -> Vec<Span> {
    let is_playing = control.play_state() == PlayState::Playing;
    let units = control.units_per_second(store.timeline(timeline).time_type()) * ahead.as_secs_f64();
    // A float beyond i64 saturates.
    let units = (units * if is_playing { control.speed() } else { 1.0 })
        .ceil()
        .max(1.0) as i64;
    if !is_playing {
        return vec![Span {
            time,
            units: if backwards { -units } else { units },
        }];
    }
    let bounds = control.play_bounds(store, timeline);
    let beyond = time.saturating_add(units).saturating_sub(bounds.max);
    if control.loop_mode() == LoopMode::Off || beyond <= 0 {
        return vec![Span { time, units }];
    }
    let length = |range: TimeRange| i64::try_from(range.length()).unwrap_or(i64::MAX);
    let rest = length(TimeRange::new(time.min(bounds.max), bounds.max));
    vec![
        Span { time, units: rest },
        Span {
            time: bounds.min,
            units: beyond.min(length(bounds)),
        },
    ]
}

impl Span {
    pub(super) fn range(&self) -> TimeRange {
        let end = self.time.saturating_add(self.units);
        TimeRange::new(self.time.min(end), self.time.max(end))
    }

    /// The chunks of an entity on the way.
    pub(super) fn chunks_of(
        &self,
        store: &ChunkStore,
        entity: EntityId,
        timeline: TimelineId,
        is_shown: &dyn Fn(&ChunkMeta) -> bool,
    ) -> Vec<ChunkAhead> {
        let mut chunks = Vec::new();
        store.visit_chunks(entity, timeline, self.range(), |meta, is_loaded| {
            if is_shown(meta) {
                let range = meta.time_range(timeline);
                let nearest = if self.units < 0 {
                    range.max.min(self.time)
                } else {
                    range.min.max(self.time)
                };
                chunks.push(ChunkAhead {
                    distance: nearest.abs_diff(self.time),
                    bytes: meta.num_bytes,
                    is_loaded,
                });
            }
        });
        chunks
    }

    /// Shortens the way so that the chunks on it take no more bytes than are left, and says how many of those
    /// are not loaded.
    pub(super) fn shorten(&mut self, mut chunks: Vec<ChunkAhead>, left: &mut u64) -> u64 {
        chunks.sort_unstable();
        let mut absent = 0_u64;
        for ChunkAhead {
            distance,
            bytes,
            is_loaded,
        } in chunks
        {
            if bytes > *left {
                let nearer = i64::try_from(distance.saturating_sub(1)).unwrap_or(i64::MAX);
                self.units = self.units.signum() * nearer;
                *left = 0;
                break;
            }
            *left -= bytes;
            absent = absent.saturating_add(if is_loaded { 0 } else { bytes });
        }
        absent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, log_chunk};

    use super::*;

    #[test]
    fn reading_ahead_follows_the_cursor() {
        let mut store = ChunkStore::new(StoreId::recording("app", "recording"));
        for frame in [0, 1_000] {
            store
                .insert(
                    log_chunk("/a", [(Timeline::sequence("frame"), frame)], &Scalars::new([1.0])).unwrap(),
                )
                .unwrap();
        }
        let timeline = store.timeline_id("frame").unwrap();
        let mut control = TimeControl::default();
        let ahead = |control: &TimeControl, time, backwards| -> Vec<(i64, i64)> {
            let spans = spans(control, &store, timeline, time, backwards, Duration::from_secs(2));
            spans.into_iter().map(|span| (span.time, span.units)).collect()
        };
        assert_eq!(ahead(&control, 500, false), [(500, 60)]);
        assert_eq!(ahead(&control, 500, true), [(500, -60)]);
        // Playing always goes forward, at its speed, and round where it loops.
        control.set_play_state(PlayState::Playing);
        control.set_speed(2.0);
        assert_eq!(ahead(&control, 500, true), [(500, 120)]);
        assert_eq!(ahead(&control, 900, false), [(900, 120)]);
        control.set_loop_mode(LoopMode::All);
        assert_eq!(ahead(&control, 900, false), [(900, 100), (0, 20)]);
        assert_eq!(ahead(&control, 500, false), [(500, 120)]);
        // A loop that is over in no time is read once.
        control.set_speed(1_000.0);
        assert_eq!(ahead(&control, 900, false), [(900, 100), (0, 1_000)]);
        assert_eq!(ahead(&control, i64::MAX, true).len(), 2);
    }

    #[test]
    fn a_way_is_as_long_as_there_is_room() {
        let chunk = |distance, bytes, is_loaded| ChunkAhead {
            distance,
            bytes,
            is_loaded,
        };
        let chunks = vec![chunk(20, 10, false), chunk(0, 10, true), chunk(10, 10, false)];
        let mut span = Span {
            time: 100,
            units: -50,
        };
        let mut left = 25;
        assert_eq!(span.shorten(chunks.clone(), &mut left), 10);
        assert_eq!((span.range(), left), (TimeRange::new(81, 100), 0));
        let mut span = Span { time: 100, units: 50 };
        let mut left = 35;
        assert_eq!(span.shorten(chunks, &mut left), 20);
        assert_eq!((span.range(), left), (TimeRange::new(100, 150), 5));
    }
}
