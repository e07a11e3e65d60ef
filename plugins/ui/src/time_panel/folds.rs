//! Long gaps without data, which the axis leaves out but for a narrow band.
//!
//! A folded time is a time of which the gaps before it are taken off. The axis is linear in folded times.

use std::sync::Arc;

use chronoscope_frame::RecordingKey;
use chronoscope_store::{ChunkStore, TimeRange, TimeType, TimelineId};

/// The least gap that is folded: ten minutes.
const MIN_GAP: u64 = 600_000_000_000;

/// The least share of all times that a folded gap is of.
const MIN_SHARE: u64 = 10;

/// The share of the times with data that a folded gap is drawn as wide as.
const FOLDED_SHARE: u64 = 30;

/// Gaps that are folded at most, the longest.
const MAX_GAPS: usize = 12;

/// Rows that are looked at without hesitation whenever data arrives.
const FEW_ROWS: usize = 50_000;

/// The gaps of a timeline, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Folds {
    gaps: Vec<Gap>,
}

/// A gap that is folded: the times between two with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) range: TimeRange,
    /// How long it is drawn.
    folded_len: u64,
    /// The folded time at which it begins.
    folded_min: i64,
}

impl Folds {
    /// Folds these gaps, which are in order and apart.
    fn new(gaps: &[TimeRange], all: TimeRange) -> Self {
        let total: u64 = gaps.iter().map(TimeRange::length).sum();
        let with_data = all.length().saturating_sub(total).max(1);
        let mut taken = 0_u64;
        let gaps = gaps.iter().map(|range| {
            let folded_len = (with_data / FOLDED_SHARE).clamp(1, range.length().max(1));
            let gap = Gap {
                range: *range,
                folded_len,
                folded_min: range.min.saturating_sub_unsigned(taken),
            };
            taken = taken.saturating_add(range.length() - folded_len.min(range.length()));
            gap
        });
        Self { gaps: gaps.collect() }
    }

    /// The gaps, in order.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    pub(super) fn fold(&self, time: i64) -> i64 {
        let before = self.gaps.partition_point(|gap| gap.range.min < time);
        let Some(gap) = before.checked_sub(1).and_then(|at| self.gaps.get(at)) else {
            return time;
        };
        let into = time.abs_diff(gap.range.min);
        let length = gap.range.length().max(1);
        if into <= length {
            let share = u128::from(into) * u128::from(gap.folded_len) / u128::from(length);
            gap.folded_min
                .saturating_add_unsigned(u64::try_from(share).unwrap_or(u64::MAX))
        } else {
            let end = gap.folded_min.saturating_add_unsigned(gap.folded_len);
            end.saturating_add_unsigned(into - length)
        }
    }

    pub(super) fn unfold(&self, folded: i64) -> i64 {
        let before = self.gaps.partition_point(|gap| gap.folded_min < folded);
        let Some(gap) = before.checked_sub(1).and_then(|at| self.gaps.get(at)) else {
            return folded;
        };
        let into = folded.abs_diff(gap.folded_min);
        if into <= gap.folded_len {
            let share = u128::from(into) * u128::from(gap.range.length()) / u128::from(gap.folded_len.max(1));
            gap.range
                .min
                .saturating_add_unsigned(u64::try_from(share).unwrap_or(u64::MAX))
        } else {
            gap.range.max.saturating_add_unsigned(into - gap.folded_len)
        }
    }

    /// The parts of a range between the gaps.
    pub(super) fn parts_of(&self, range: TimeRange) -> Vec<TimeRange> {
        let mut parts = Vec::new();
        let mut from = range.min;
        for gap in &self.gaps {
            if gap.range.max < range.min || gap.range.min > range.max {
                continue;
            }
            if gap.range.min > from {
                parts.push(TimeRange::new(from, gap.range.min));
            }
            from = gap.range.max;
        }
        if from <= range.max {
            parts.push(TimeRange::new(from, range.max));
        }
        parts
    }
}

/// The gaps of the timeline that is shown, looked for again where data arrived.
#[derive(Default)]
pub(super) struct FoldsCache {
    of: Option<Key>,
    folds: Arc<Folds>,
    /// Data arrived since, and many rows are to be looked at.
    is_outdated: bool,
    was_expensive: bool,
    last_secs: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    recording: RecordingKey,
    timeline: TimelineId,
    all: TimeRange,
    num_chunks: u64,
    is_wanted: bool,
}

impl FoldsCache {
    /// Whether gaps are to be looked for that are not yet.
    pub(super) fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// The gaps, where they are to be folded.
    pub(super) fn of(
        &mut self,
        store: &ChunkStore,
        recording: RecordingKey,
        timeline: TimelineId,
        is_wanted: bool,
        now_secs: f64,
    ) -> Arc<Folds> {
        let key = Key {
            recording,
            timeline,
            all: store.time_range(timeline),
            num_chunks: store.num_chunks(),
            is_wanted,
        };
        if self.of == Some(key) {
            return Arc::clone(&self.folds);
        }
        let is_other = self
            .of
            .is_none_or(|of| (of.recording, of.timeline, of.is_wanted) != (recording, timeline, is_wanted));
        // What grows all the time is looked at once a second.
        self.is_outdated = !is_other && self.was_expensive && now_secs - self.last_secs < 1.0;
        if self.is_outdated {
            return Arc::clone(&self.folds);
        }
        let (gaps, num_looked_at) = match is_wanted {
            true => gaps(store, timeline, key.all),
            false => (Vec::new(), 0),
        };
        let folds = Folds::new(&gaps, key.all);
        if *self.folds != folds {
            self.folds = Arc::new(folds);
        }
        self.of = Some(key);
        self.was_expensive = num_looked_at > FEW_ROWS;
        self.last_secs = now_secs;
        Arc::clone(&self.folds)
    }
}

/// The gaps that are to be folded, in order, and how many rows and chunks were looked at for that.
///
/// Cost: all chunks, and the rows of those that are longer than such a gap.
fn gaps(store: &ChunkStore, timeline: TimelineId, all: TimeRange) -> (Vec<TimeRange>, usize) {
    let least = (all.length() / MIN_SHARE).max(MIN_GAP);
    if store.timeline(timeline).time_type() == TimeType::Sequence || all.is_empty() || all.length() < least {
        return (Vec::new(), 0);
    }
    let name = store.timeline(timeline).name();
    let mut occupied: Vec<TimeRange> = Vec::new();
    let mut num_looked_at = 0;
    for (meta, chunk) in store.chunks() {
        num_looked_at += 1;
        let range = meta.time_range(timeline);
        if range.is_empty() {
            continue;
        }
        let column = chunk
            .and_then(|chunk| chunk.timeline(name))
            .filter(|_| range.length() >= least);
        let Some(column) = column else {
            occupied.push(range);
            continue;
        };
        num_looked_at += column.times().len();
        let mut times: Vec<i64> = column.times().to_vec();
        if !column.is_sorted() {
            times.sort_unstable();
        }
        for run in times.chunk_by(|a, b| b.abs_diff(*a) < least) {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                occupied.push(TimeRange::new(*first, *last));
            }
        }
    }
    occupied.sort_by_key(|range| range.min);
    let mut gaps: Vec<TimeRange> = Vec::new();
    let mut end: Option<i64> = None;
    for range in occupied {
        if let Some(end) = end
            && range.min > end
            && range.min.abs_diff(end) >= least
        {
            gaps.push(TimeRange::new(end, range.min));
        }
        end = end.max(Some(range.max));
    }
    if gaps.iter().map(TimeRange::length).sum::<u64>() >= all.length() {
        // Single times with nothing but gaps between them: there would be no axis left.
        return (Vec::new(), num_looked_at);
    }
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.length()));
    gaps.truncate(MAX_GAPS);
    gaps.sort_by_key(|gap| gap.min);
    (gaps, num_looked_at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, columns_chunk};

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;
    const SECOND: i64 = 1_000_000_000;

    fn store(times: &[Vec<i64>]) -> (ChunkStore, TimelineId) {
        let mut store = ChunkStore::new(StoreId::recording("app", "test"));
        for times in times {
            let values = Scalars::new(vec![0.0; times.len()]);
            let chunk = columns_chunk("/a", [(Timeline::duration("t"), times.clone())], &values).unwrap();
            store.insert(chunk).unwrap();
        }
        let timeline = store.timeline_id("t").unwrap();
        (store, timeline)
    }

    #[test]
    fn gaps_of_hours_are_found_between_and_within_chunks() {
        let times = [
            vec![0, SECOND, 5 * HOUR, 5 * HOUR + SECOND],
            vec![11 * HOUR, 11 * HOUR + SECOND],
        ];
        let (store, timeline) = store(&times);
        let (gaps, _) = gaps(&store, timeline, store.time_range(timeline));
        let expected = [
            TimeRange::new(SECOND, 5 * HOUR),
            TimeRange::new(5 * HOUR + SECOND, 11 * HOUR),
        ];
        assert_eq!(gaps, expected);
    }

    #[test]
    fn minutes_and_even_rows_are_not_folded() {
        for times in [
            vec![0, SECOND, 300 * SECOND],
            (0..100).map(|at| at * HOUR).collect(),
            (-4..5).map(|at| at * 500_000 * HOUR).collect(),
        ] {
            let (store, timeline) = store(&[times]);
            assert_eq!(gaps(&store, timeline, store.time_range(timeline)).0, []);
        }
    }

    #[test]
    fn times_are_folded_and_unfolded() {
        let all = TimeRange::new(0, 10 * HOUR);
        let folds = Folds::new(&[TimeRange::new(HOUR, 9 * HOUR)], all);
        for time in [-5, 0, SECOND, HOUR, 9 * HOUR, 9 * HOUR + 1, 10 * HOUR, 20 * HOUR] {
            assert_eq!(folds.unfold(folds.fold(time)), time);
        }
        assert!(folds.fold(10 * HOUR) < 3 * HOUR);
        let middle = folds.fold(5 * HOUR);
        assert!(middle > folds.fold(HOUR) && middle < folds.fold(9 * HOUR));
        assert!(folds.unfold(middle).abs_diff(5 * HOUR) < SECOND as u64 * 1_000);
        let parts = folds.parts_of(all);
        assert_eq!(
            parts,
            [TimeRange::new(0, HOUR), TimeRange::new(9 * HOUR, 10 * HOUR)]
        );
        assert_eq!(Folds::default().parts_of(all), [all]);
    }
}
