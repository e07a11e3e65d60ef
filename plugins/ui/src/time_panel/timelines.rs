//! From one timeline to another, at the same moment.

use chronoscope_frame::{PlayState, TimeCommand};
use chronoscope_store::{Chunk, ChunkStore, TimelineId};

use crate::pass::Pass;

/// Shows another timeline, at the moment that is shown now where that is known on both.
pub(crate) fn switch_timeline(pass: &mut Pass<'_>, to: TimelineId) {
    let (Some(store), Some(cursor)) = (pass.store(), pass.cursor()) else {
        return;
    };
    let name = store.timeline(to).name().to_string();
    let is_following = pass
        .time_control()
        .is_some_and(|control| control.play_state() == PlayState::Following);
    let time = cursor
        .timeline
        .filter(|from| *from != to && !is_following)
        .and_then(|timeline| {
            let at = Moment {
                timeline,
                time: cursor.time,
            };
            same_moment(store, at, to)
        });
    pass.time(match time {
        Some(time) => TimeCommand::SetTimelineAndTime(name, time),
        None => TimeCommand::SetTimeline(name),
    });
}

/// A time on a timeline.
#[derive(Clone, Copy)]
struct Moment {
    timeline: TimelineId,
    time: i64,
}

/// The time on another timeline of the latest row at or before a moment that lies on both.
///
/// Cost: a look at each chunk, and at the rows of those that may have a later one than any before.
fn same_moment(store: &ChunkStore, at: Moment, to: TimelineId) -> Option<i64> {
    let (from_name, to_name) = (store.timeline(at.timeline).name(), store.timeline(to).name());
    let mut best: Option<(i64, i64)> = None;
    for (_, chunk) in store.chunks() {
        let Some(chunk) = chunk else { continue };
        let latest = chunk
            .timeline(from_name)
            .map(|column| column.range().max.min(at.time));
        if latest > best.map(|(time, _)| time) {
            best = best.max(latest_on_both(chunk, from_name, at.time, to_name));
        }
        if best.is_some_and(|(time, _)| time == at.time) {
            break;
        }
    }
    best.map(|(_, time)| time)
}

/// The times of the latest row at or before `at`, on both timelines.
fn latest_on_both(chunk: &Chunk, from: &str, at: i64, to: &str) -> Option<(i64, i64)> {
    let from = chunk.timeline(from).filter(|column| column.range().min <= at)?;
    let to = chunk.timeline(to)?;
    let rows = from.times().iter().zip(to.times().iter());
    rows.filter(|(time, _)| **time <= at)
        .map(|(time, other)| (*time, *other))
        .max()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{Recording, StoreId, Timeline};
    use chronoscope_types::{Scalars, columns_chunk};

    use super::*;

    #[test]
    fn the_same_moment_is_that_of_the_latest_row_on_both() {
        let mut recording = Recording::from_store(ChunkStore::new(StoreId::recording("app", "test")));
        let times = [
            (Timeline::sequence("frame"), vec![0, 10, 20]),
            (Timeline::duration("sim_time"), vec![5, 15, 25]),
        ];
        let chunk = columns_chunk("/both", times, &Scalars::new([0.0, 1.0, 2.0])).unwrap();
        recording.insert(chunk).unwrap();
        let only = columns_chunk(
            "/one",
            [(Timeline::sequence("frame"), vec![12])],
            &Scalars::new([0.0]),
        );
        recording.insert(only.unwrap()).unwrap();
        recording.apply_pending();
        let store = &recording.store;
        let timeline = |name: &str| store.timeline_id(name).unwrap();
        let at = |time| Moment {
            timeline: timeline("frame"),
            time,
        };
        assert_eq!(same_moment(store, at(10), timeline("sim_time")), Some(15));
        assert_eq!(same_moment(store, at(19), timeline("sim_time")), Some(15));
        assert_eq!(same_moment(store, at(-1), timeline("sim_time")), None);
        let back = Moment {
            timeline: timeline("sim_time"),
            time: 25,
        };
        assert_eq!(same_moment(store, back, timeline("frame")), Some(20));
    }
}
