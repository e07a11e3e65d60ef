//! When something was logged, per row: counts by bucket of the axis. [`super::marks`] makes marks of them.

use std::sync::Arc;

use chronoscope_frame::{DiffEntry, DiffLog, RecordingKey};
use chronoscope_store::{
    ChangeReason, ChunkChange, ChunkStore, ComponentId, EntityId, StoreEvent, TimeRange, TimelineId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::rows::Stream;

/// Width of a bucket, in points, about.
pub(super) const BUCKET: f32 = 3.0;

/// Buckets of an axis at most: more than any screen is wide.
const MAX_BUCKETS: usize = 4_096;

/// Rows whose counts are kept.
const MAX_ROWS: usize = 1_024;

/// Entities that are counted in a pass. A row that stands for more is counted over several passes, and shows
/// its last counts until then.
const ENTITIES_PER_PASS: usize = 1_000;

/// Into how many cells at most a range is divided whose borders the counted range keeps to.
const CELLS: u128 = 32;

/// The counts of rows that were drawn before, until the data changes that they count.
#[derive(Default)]
pub(super) struct DensityCache {
    of: Option<Key>,
    /// The number up to which the changes of the stores were taken into account.
    consumed: u64,
    rows: FxHashMap<RowKey, CachedRow>,
    /// Entities that may still be counted in this pass.
    budget: usize,
    /// A row that was asked for in this pass is not counted in full yet.
    is_counting: bool,
}

/// Counts of rows in each bucket of a range of times.
#[derive(Clone)]
pub(super) struct Density {
    /// The range, of which the buckets are equal parts.
    pub(super) range: TimeRange,
    /// The rows.
    pub(super) counts: Arc<[u32]>,
    /// Buckets with rows that are not loaded; empty if all are.
    pub(super) absent: Arc<[bool]>,
}

impl Density {
    /// Whether all rows of a bucket are loaded.
    pub(super) fn is_loaded(&self, bucket: usize) -> bool {
        !self.absent.get(bucket).copied().unwrap_or(false)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    recording: RecordingKey,
    timeline: TimelineId,
    range: TimeRange,
    buckets: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct RowKey {
    entity: EntityId,
    component: Option<ComponentId>,
    with_below: bool,
}

#[derive(Default)]
struct CachedRow {
    density: Option<Density>,
    /// Data changed since the count began that is under way, or since the last one.
    is_outdated: bool,
    count: Option<Count>,
}

/// Rows that came to one bucket of an axis.
#[derive(Clone, Copy)]
struct NewRows {
    entity: EntityId,
    bucket: usize,
    num_rows: u32,
}

/// A count that is under way.
struct Count {
    of: Key,
    component: Option<ComponentId>,
    /// Entities that are still to be counted, last first.
    left: Vec<EntityId>,
    with_below: bool,
    counted: FxHashSet<EntityId>,
    /// What came since the count began, and whether its entity had been counted by then.
    came: Vec<(NewRows, bool)>,
    counts: Vec<u32>,
    absent: Vec<bool>,
}

impl DensityCache {
    /// Notes what is asked from now on, and which rows changed.
    ///
    /// Cost: what changed since the last pass.
    pub(super) fn begin(
        &mut self,
        store: &ChunkStore,
        log: &DiffLog,
        recording: RecordingKey,
        timeline: TimelineId,
        buckets: Buckets,
    ) {
        let key = Key {
            recording,
            timeline,
            range: buckets.range,
            buckets: buckets.count,
        };
        self.budget = ENTITIES_PER_PASS;
        self.is_counting = false;
        let is_other = self
            .of
            .is_none_or(|of| (of.recording, of.timeline) != (recording, timeline));
        if is_other || self.rows.len() > MAX_ROWS {
            self.rows.clear();
        } else if self.of != Some(key) {
            self.rows.values_mut().for_each(|row| row.is_outdated = true);
        } else {
            self.note_changes(store, log, recording);
        }
        self.of = Some(key);
        self.consumed = log.next_number();
    }

    fn note_changes(&mut self, store: &ChunkStore, log: &DiffLog, recording: RecordingKey) {
        let Some(entries) = log.since(self.consumed) else {
            self.rows.values_mut().for_each(|row| row.is_outdated = true);
            return;
        };
        let Some(of) = self.of else { return };
        let (mut changed, mut above) = (FxHashSet::default(), FxHashSet::default());
        let mut merged: FxHashMap<EntityId, i64> = FxHashMap::default();
        for entry in entries {
            let DiffEntry::Store {
                recording: other,
                event,
            } = entry
            else {
                continue;
            };
            if *other != recording {
                continue;
            }
            if event.reason == ChangeReason::Merged {
                let num_rows = i64::from(event.meta.num_rows);
                let is_added = event.change == ChunkChange::Added;
                *merged.entry(event.meta.entity).or_default() += if is_added { num_rows } else { -num_rows };
                continue;
            }
            match change_of(event, &of) {
                Change::Nothing => {}
                Change::Rows(rows) => self.add_rows(store, rows),
                Change::Unknown => _ = changed.insert(event.meta.entity),
            }
        }
        // Where chunks were merged, the same rows are where they were.
        let unequal = merged.into_iter().filter(|(_, num_rows)| *num_rows != 0);
        changed.extend(unequal.map(|(entity, _)| entity));
        for entity in &changed {
            let ancestors = store.tree().ancestors(*entity);
            ancestors
                .take_while(|entity| above.insert(*entity))
                .for_each(drop);
        }
        if changed.is_empty() {
            return;
        }
        for (key, row) in &mut self.rows {
            row.is_outdated |=
                changed.contains(&key.entity) || (key.with_below && above.contains(&key.entity));
        }
    }

    /// Adds rows to the counts of their entity and of the collapsed rows above it, which are not counted anew: one
    /// that stands for 100,000 entities would be for ever, with live data.
    fn add_rows(&mut self, store: &ChunkStore, rows: NewRows) {
        for entity in store.tree().ancestors(rows.entity) {
            for with_below in [false, true] {
                if !with_below && entity != rows.entity {
                    continue;
                }
                let key = RowKey {
                    entity,
                    component: None,
                    with_below,
                };
                if let Some(row) = self.rows.get_mut(&key) {
                    row.add(rows);
                }
            }
        }
        // Which components they have is not known here.
        let components = store.components_of(rows.entity).map(|component| RowKey {
            entity: rows.entity,
            component: Some(component),
            with_below: false,
        });
        for key in components {
            if let Some(row) = self.rows.get_mut(&key) {
                row.is_outdated = true;
            }
        }
    }

    /// Whether the counts of some row are incomplete.
    pub(super) fn is_counting(&self) -> bool {
        self.is_counting
    }

    /// The rows in each bucket; with all that lies below, where the row is collapsed. `None` until that is
    /// known.
    pub(super) fn of(&mut self, store: &ChunkStore, stream: Stream, with_below: bool) -> Option<Density> {
        let of = self.of?;
        let (entity, component) = match stream {
            Stream::Entity(entity) => (entity, None),
            Stream::Component(entity, component) => (entity, Some(component)),
        };
        let component = component.filter(|_| !with_below);
        let key = RowKey {
            entity,
            component,
            with_below,
        };
        let row = self.rows.entry(key).or_insert_with(|| CachedRow {
            is_outdated: true,
            ..CachedRow::default()
        });
        if row.count.as_ref().is_some_and(|count| count.of != of) {
            row.count = None;
            row.is_outdated = true;
        }
        if row.count.is_none() && row.is_outdated {
            row.is_outdated = false;
            row.count = Some(Count::new(of, key));
        }
        if let Some(count) = &mut row.count
            && count.proceed(store, &mut self.budget)
        {
            row.density = row.count.take().map(Count::finish);
        }
        self.is_counting |= row.count.is_some() || row.is_outdated;
        row.density.clone()
    }
}

/// What an event means for counts.
enum Change {
    Nothing,
    Rows(NewRows),
    /// To be counted anew.
    Unknown,
}

fn change_of(event: &StoreEvent, of: &Key) -> Change {
    let is_new = match event.change {
        ChunkChange::Added => event.is_loaded,
        ChunkChange::Grown => true,
        ChunkChange::Dropped | ChunkChange::Loaded | ChunkChange::Evicted => false,
    };
    let Some(times) = event
        .meta
        .timelines
        .iter()
        .find(|timeline| timeline.timeline == of.timeline)
        .map(|timeline| timeline.range)
    else {
        return Change::Nothing;
    };
    if !times.intersects(&of.range) {
        return Change::Nothing;
    }
    let bucket = |time: i64| ChunkStore::density_bucket(time, of.range, of.buckets);
    if is_new
        && event.reason == ChangeReason::Request
        && of.range.contains_range(&times)
        && bucket(times.min) == bucket(times.max)
    {
        Change::Rows(NewRows {
            entity: event.meta.entity,
            bucket: bucket(times.min),
            num_rows: event.meta.num_rows,
        })
    } else {
        Change::Unknown
    }
}

impl CachedRow {
    fn add(&mut self, rows: NewRows) {
        if let Some(count) = &mut self.count {
            let was_counted = count.counted.contains(&rows.entity);
            count.came.push((rows, was_counted));
        }
        if let Some(density) = &mut self.density
            && let Some(total) = Arc::make_mut(&mut density.counts).get_mut(rows.bucket)
        {
            *total = total.saturating_add(rows.num_rows);
        }
    }
}

impl Count {
    fn new(of: Key, row: RowKey) -> Self {
        Self {
            of,
            component: row.component,
            left: vec![row.entity],
            with_below: row.with_below,
            counted: FxHashSet::default(),
            came: Vec::new(),
            counts: vec![0; of.buckets],
            absent: Vec::new(),
        }
    }

    /// Counts as much as the budget allows. Returns whether that was all.
    fn proceed(&mut self, store: &ChunkStore, budget: &mut usize) -> bool {
        while *budget > 0 {
            let Some(entity) = self.left.pop() else {
                return true;
            };
            *budget -= 1;
            self.counted.insert(entity);
            if self.with_below {
                self.left.extend(store.tree().children(entity));
            }
            self.add(store, entity);
        }
        self.left.is_empty()
    }

    fn add(&mut self, store: &ChunkStore, entity: EntityId) {
        let Key {
            timeline,
            range,
            buckets,
            ..
        } = self.of;
        if !store
            .component_time_range(entity, timeline, self.component.unwrap_or(ComponentId::ANY))
            .intersects(&range)
        {
            return;
        }
        store.add_density(entity, self.component, timeline, range, &mut self.counts);
        let absent = store.absent_buckets(entity, self.component, timeline, range, buckets);
        self.absent.resize(absent.len().max(self.absent.len()), false);
        for (any, here) in self.absent.iter_mut().zip(absent) {
            *any |= here;
        }
    }

    fn finish(mut self) -> Density {
        for (rows, was_counted) in std::mem::take(&mut self.came) {
            // What came to an entity before its turn was counted with it.
            if (was_counted || !self.counted.contains(&rows.entity))
                && let Some(total) = self.counts.get_mut(rows.bucket)
            {
                *total = total.saturating_add(rows.num_rows);
            }
        }
        Density {
            range: self.of.range,
            counts: self.counts.into(),
            absent: self.absent.into(),
        }
    }
}

/// A range of times and the number of equal parts that it is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buckets {
    pub(super) range: TimeRange,
    pub(super) count: usize,
}

impl Buckets {
    /// The buckets for an axis that shows a range over a width, in points.
    ///
    /// The counted range begins and ends at round times, so that it stays the same while the axis moves a
    /// little, or grows with live data: then only the rows are counted anew that changed. While a range grows
    /// to twice its length, it changes some 30 times.
    pub(super) fn of_axis(visible: TimeRange, width: f32) -> Self {
        let span = u128::from(visible.length()) + 1;
        let cell = (span.next_power_of_two() / CELLS).max(1);
        // At most 2^65 / CELLS.
        let cell_signed = i128::try_from(cell).unwrap_or(i128::MAX);
        let first = i128::from(visible.min).div_euclid(cell_signed);
        let last = i128::from(visible.max).div_euclid(cell_signed);
        let clamped = |time: i128| time.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        let range = TimeRange::new(
            clamped(first * cell_signed),
            clamped((last + 1) * cell_signed - 1),
        );
        let points_per_cell = f64::from(width.max(1.0)) * cell as f64 / span as f64;
        let per_cell = (points_per_cell / f64::from(BUCKET)).round().max(1.0) as usize;
        let num_cells = usize::try_from(last - first + 1).unwrap_or(1);
        let count = per_cell.saturating_mul(num_cells).clamp(1, MAX_BUCKETS);
        // No more buckets than times.
        let count = usize::try_from(range.length().saturating_add(1)).map_or(count, |times| times.min(count));
        Self { range, count }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::Timeline;
    use chronoscope_types::{Scalars, columns_chunk};

    use super::*;
    use crate::testing::recording_of;

    #[test]
    fn the_counted_range_holds_the_axis_and_moves_in_steps() {
        for (min, max) in [
            (0, 0),
            (0, 99),
            (-5, 1_000_003),
            (i64::MIN + 1, i64::MAX),
            (7, i64::MAX),
        ] {
            let visible = TimeRange::new(min, max);
            let buckets = Buckets::of_axis(visible, 900.0);
            assert!(buckets.range.contains_range(&visible), "{visible:?}: {buckets:?}");
            assert!((1..=MAX_BUCKETS).contains(&buckets.count), "{buckets:?}");
        }
        let of = |max| Buckets::of_axis(TimeRange::new(0, max), 900.0);
        let mut distinct: Vec<Buckets> = (10_000..20_000).map(of).collect();
        distinct.dedup();
        assert!(distinct.len() < 50, "{}", distinct.len());
        let few = Buckets::of_axis(TimeRange::new(0, 9), 900.0);
        assert_eq!(few.count as u64, few.range.length() + 1, "a bucket each");
    }

    fn key() -> RecordingKey {
        let mut recordings = chronoscope_frame::Recordings::default();
        let id = chronoscope_store::StoreId::recording("app", "test");
        recordings.open(&id).key()
    }

    fn total(density: Option<Density>) -> u32 {
        density.map_or(0, |density| density.counts.iter().sum())
    }

    #[test]
    fn a_row_counts_all_entities_below_it_over_several_passes() {
        let paths: Vec<String> = (0..2_500).map(|number| format!("/points/{number:05}")).collect();
        let recording = recording_of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let store = &recording.store;
        let (log, key) = (DiffLog::default(), key());
        let timeline = store.timelines().next().unwrap();
        let points = store.entity_id(&"/points".into()).unwrap();
        let buckets = Buckets::of_axis(TimeRange::new(0, 20), 300.0);
        let mut cache = DensityCache::default();
        let mut passes = 0;
        let all = loop {
            passes += 1;
            cache.begin(store, &log, key, timeline, buckets);
            let density = cache.of(store, Stream::Entity(points), true);
            if !cache.is_counting() {
                break density;
            }
        };
        assert_eq!(total(all), 3 * 2_500);
        assert_eq!(passes, 3);
    }

    fn row_at(path: &str, time: i64) -> chronoscope_store::Chunk {
        columns_chunk(
            path,
            [(Timeline::sequence("frame"), vec![time])],
            &Scalars::new([2.0]),
        )
        .unwrap()
    }

    /// While a row that stands for many is being counted, and after that, new entities below it cost what they are.
    #[test]
    fn new_entities_are_added_to_the_rows_above_them() {
        let paths: Vec<String> = (0..2_500).map(|number| format!("/points/{number:05}")).collect();
        let mut recording = recording_of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let (mut log, key) = (DiffLog::default(), key());
        let timeline = recording.store.timelines().next().unwrap();
        let points = recording.store.entity_id(&"/points".into()).unwrap();
        let buckets = Buckets::of_axis(TimeRange::new(0, 20), 300.0);
        let mut cache = DensityCache::default();
        let mut density = None;
        for pass in 0..10 {
            cache.begin(&recording.store, &log, key, timeline, buckets);
            density = cache.of(&recording.store, Stream::Entity(points), true);
            assert_eq!(cache.is_counting(), pass < 2, "pass {pass}");
            if pass >= 3 {
                assert_eq!(cache.budget, ENTITIES_PER_PASS, "pass {pass}");
            }
            // One that exists already, counted or not, and one that comes.
            for path in ["/points/00001", "/points/02499", &format!("/points/new{pass}")] {
                log.push_events(key, recording.insert(row_at(path, 5 + pass)).unwrap());
            }
            recording.apply_pending();
        }
        assert_eq!(total(density), 3 * 2_500 + 3 * 9);
        let mut fresh = DensityCache::default();
        fresh.begin(&recording.store, &log, key, timeline, buckets);
        fresh.budget = usize::MAX;
        let expected = fresh.of(&recording.store, Stream::Entity(points), true).unwrap();
        cache.begin(&recording.store, &log, key, timeline, buckets);
        let followed = cache.of(&recording.store, Stream::Entity(points), true).unwrap();
        assert_eq!(followed.counts, expected.counts);
    }

    #[test]
    fn only_rows_that_changed_are_counted_again() {
        let mut recording = recording_of(&["/a/x", "/b"]);
        let (mut log, key) = (DiffLog::default(), key());
        let timeline = recording.store.timelines().next().unwrap();
        let id = |recording: &chronoscope_store::Recording, path: &str| {
            Stream::Entity(recording.store.entity_id(&path.into()).unwrap())
        };
        let (a, b) = (id(&recording, "/a"), id(&recording, "/b"));
        let buckets = Buckets::of_axis(TimeRange::new(0, 40), 300.0);
        let mut cache = DensityCache::default();
        cache.begin(&recording.store, &log, key, timeline, buckets);
        assert_eq!(total(cache.of(&recording.store, a, true)), 3);
        assert_eq!(total(cache.of(&recording.store, b, false)), 3);
        let more = columns_chunk(
            "/a/x",
            [(Timeline::sequence("frame"), vec![30])],
            &Scalars::new([2.0]),
        )
        .unwrap();
        log.push_events(key, recording.insert(more).unwrap());
        recording.apply_pending();
        cache.begin(&recording.store, &log, key, timeline, buckets);
        assert_eq!(total(cache.of(&recording.store, b, false)), 3);
        assert_eq!(cache.budget, ENTITIES_PER_PASS, "b did not change");
        assert_eq!(total(cache.of(&recording.store, a, true)), 4);
    }
}
