//! When something was logged, per row, as marks on the axis.

use std::sync::Arc;

use chronoscope_frame::RecordingKey;
use chronoscope_store::{ChunkStore, ComponentId, EntityId, TimeRange, TimelineId};
use rustc_hash::FxHashMap;

use super::rows::Stream;

/// Width of a bucket, in points.
pub(super) const BUCKET: f32 = 3.0;

/// Buckets of an axis at most: more than any screen is wide.
const MAX_BUCKETS: usize = 4_096;

/// Rows whose counts are kept.
const MAX_ROWS: usize = 1_024;

/// Above a part of a path with more entities than this below it, only what each frame can afford is counted: the first of them.
const MAX_BELOW: usize = 1_000;

/// Counts of rows that were drawn before. They hold for one range, and until the streams that they count change.
#[derive(Default)]
pub(super) struct DensityCache {
    of: Option<Key>,
    /// With the version of what was counted.
    rows: FxHashMap<(EntityId, Option<ComponentId>, bool), (u64, Density)>,
}

/// What was logged in each bucket of the axis.
#[derive(Clone)]
pub(super) struct Density {
    /// The rows.
    pub(super) counts: Arc<[u32]>,
    /// Where not all of them are loaded; empty where all are.
    pub(super) absent: Arc<[bool]>,
}

impl Density {
    /// Whether all rows of a bucket are loaded.
    pub(super) fn is_loaded(&self, bucket: usize) -> bool {
        !self.absent.get(bucket).copied().unwrap_or(false)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    recording: RecordingKey,
    timeline: TimelineId,
    range: TimeRange,
    buckets: usize,
}

impl DensityCache {
    /// Says what is asked from now on, and forgets what answers something else.
    pub(super) fn begin(
        &mut self,
        recording: RecordingKey,
        timeline: TimelineId,
        range: TimeRange,
        width: f32,
    ) {
        let buckets = ((width / BUCKET).ceil().max(1.0) as usize).min(MAX_BUCKETS);
        // Where there are fewer times than that, each has a bucket of its own.
        let buckets =
            usize::try_from(range.length().saturating_add(1)).map_or(buckets, |times| times.min(buckets));
        let key = Key {
            recording,
            timeline,
            range,
            buckets,
        };
        if self.of != Some(key) {
            self.of = Some(key);
            self.rows.clear();
        }
        if self.rows.len() > MAX_ROWS {
            self.rows.clear();
        }
    }

    /// How much was logged in each bucket; with all that lies below, where the row is collapsed.
    pub(super) fn of(&mut self, store: &ChunkStore, stream: Stream, with_below: bool) -> Option<Density> {
        let Key {
            timeline,
            range,
            buckets,
            ..
        } = self.of?;
        let (entity, component) = match stream {
            Stream::Entity(entity) => (entity, None),
            Stream::Component(entity, component) => (entity, Some(component)),
        };
        let counted = || {
            store
                .tree()
                .descend(entity)
                .take(if with_below { MAX_BELOW } else { 1 })
        };
        let component = component.filter(|_| !with_below);
        let versions = counted().map(|entity| store.density_version(entity, component, timeline));
        let version = versions.max().unwrap_or(0);
        let key = (entity, component, with_below);
        if let Some((_, density)) = self.rows.get(&key).filter(|(known, _)| *known == version) {
            return Some(density.clone());
        }
        let (mut counts, mut absent) = (vec![0_u32; buckets], Vec::new());
        for entity in counted() {
            if !store
                .component_time_range(entity, timeline, component.unwrap_or(ComponentId::ANY))
                .intersects(&range)
            {
                continue;
            }
            for (total, count) in counts
                .iter_mut()
                .zip(store.density(entity, component, timeline, range, buckets))
            {
                *total = total.saturating_add(count);
            }
            let absent_here = store.absent_buckets(entity, component, timeline, range, buckets);
            absent.resize(absent_here.len().max(absent.len()), false);
            absent
                .iter_mut()
                .zip(absent_here)
                .for_each(|(any, here)| *any |= here);
        }
        let density = Density {
            counts: counts.into(),
            absent: absent.into(),
        };
        self.rows.insert(key, (version, density.clone()));
        Some(density)
    }
}

/// A mark: the buckets from `begin` to before `end`, and the most that one of them holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) most: u32,
}

/// Joins buckets that lie side by side, or with no more than one empty bucket between them: marks of their own would touch there.
///
/// Where there is an empty bucket between any two, they fit: what was logged at even distances is so shown either one by one, or
/// as one, and not now this way and now that.
pub(super) fn marks(counts: &[u32]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    // The first mark of the run, and whether two buckets in it lie side by side.
    let (mut first, mut any_side_by_side) = (0, false);
    let join = |marks: &mut Vec<Mark>, first: usize, any_side_by_side: bool| {
        if any_side_by_side
            && let (Some(begin), Some(last)) = (marks.get(first).map(|mark| mark.begin), marks.last())
        {
            let most = marks.iter().skip(first).map(|mark| mark.most).max().unwrap_or(0);
            let joined = Mark {
                begin,
                end: last.end,
                most,
            };
            marks.truncate(first);
            marks.push(joined);
        }
    };
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        match marks.last() {
            Some(last) if at <= last.end + 1 => any_side_by_side |= at == last.end,
            _ => {
                join(&mut marks, first, any_side_by_side);
                (first, any_side_by_side) = (marks.len(), false);
            }
        }
        marks.push(Mark {
            begin: at,
            end: at + 1,
            most: *count,
        });
    }
    join(&mut marks, first, any_side_by_side);
    marks
}

/// How much lies in each of some buckets, if it is even: of what was logged at even distances, one or several rows each time, some
/// buckets have one time more than others, by where they happen to begin.
pub(super) fn even(counts: &[u32]) -> Option<f64> {
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    let jitter = f64::from(most - least).max(1.0);
    let mean = counts.iter().copied().map(f64::from).sum::<f64>() / counts.len() as f64;
    let mut sums = counts.iter().scan(0.0, |sum, count| {
        *sum += f64::from(*count) - mean;
        Some(*sum)
    });
    // One time more or less, and no more than that up to any bucket: else there is more in one part than in another.
    (most - least <= *least.max(&1) && sums.all(|sum| sum.abs() <= 1.01 * jitter)).then_some(mean)
}

/// How much lies in a bucket; evened out with those around it where they are alike.
pub(super) fn evened(counts: &[u32], at: usize) -> f64 {
    let around = counts
        .get(at.saturating_sub(8)..(at + 9).min(counts.len()))
        .unwrap_or_default();
    even(around).unwrap_or_else(|| f64::from(counts.get(at).copied().unwrap_or(0)))
}

/// The runs of buckets that are set.
pub(super) fn runs(set: &[bool]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in set.iter().enumerate().filter(|(_, is_set)| **is_set) {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The height of a bar, as a share of the row's: more where more was logged, but not in proportion, so that one event is still seen.
pub(super) fn bar_height(count: f64, most: u32) -> f32 {
    let share = (count + 1.0).ln() / (f64::from(most.max(1)) + 1.0).ln();
    (0.35 + 0.65 * share as f32).clamp(0.35, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(marks(&[]), []);
        assert_eq!(marks(&[0, 0]), []);
        assert_eq!(
            marks(&[1, 0, 0, 2, 5, 0, 1, 0, 0, 1]),
            [
                Mark {
                    begin: 0,
                    end: 1,
                    most: 1
                },
                Mark {
                    begin: 3,
                    end: 7,
                    most: 5
                },
                Mark {
                    begin: 9,
                    end: 10,
                    most: 1
                }
            ]
        );
    }

    #[test]
    fn even_distances_look_even() {
        for thirds in 3..20_usize {
            let mut counts = vec![0; 300];
            (0..)
                .map(|event| event * thirds / 3)
                .take_while(|at| *at < 300)
                .for_each(|at| counts[at] += 1);
            let marks = marks(&counts);
            let widths: Vec<usize> = marks.iter().map(|mark| mark.end - mark.begin).collect();
            assert!(
                widths.len() == 1 || widths.iter().all(|width| *width == 1),
                "{thirds}: {widths:?}"
            );
        }
        for thirds in 1..6_usize {
            let mut counts = vec![0; 100];
            (0..)
                .map(|event| event * thirds / 3)
                .take_while(|at| *at < 100)
                .for_each(|at| counts[at] += 1);
            let mark = marks(&counts)[0];
            let mean = even(&counts[mark.begin..mark.end]);
            assert!(
                mean.is_some_and(|mean| (mean - 3.0 / thirds as f64).abs() < 0.1),
                "{thirds}: {mean:?}"
            );
        }
        assert!(even(&[1, 1, 9, 1]).is_none());
        assert!(
            even(&[50, 50, 50, 50, 100, 100, 100, 100]).is_none(),
            "twice as much in one half is to be seen"
        );
        assert!((evened(&[1, 1, 9, 1], 2) - 9.0).abs() < 1e-9, "a peak stays one");
    }

    #[test]
    fn runs_of_buckets() {
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[true, true, false, true, false]), [0..2, 3..4]);
    }

    #[test]
    fn heights_grow_with_counts() {
        assert!(bar_height(1.0, 1_000) > 0.3);
        assert!(bar_height(1.0, 1_000) < bar_height(10.0, 1_000));
        assert!((bar_height(7.0, 7) - 1.0).abs() < 1e-6);
    }
}
