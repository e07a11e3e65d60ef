//! A cursor that follows time from row to row finds what the store finds, whether rows come evenly or not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use chronoscope_store::{
    Chunk, ChunkStore, ComponentDescriptor, ComponentId, EntityId, Hit, LatestAtCursor, Recording, RowId,
    StoreId, StoreSettings, Timeline, TimelineId,
    arrow::{ArrayRef, Int32Array},
};

/// A recording of one chunk.
struct Rows(Recording);

impl Rows {
    /// Rows at these times, with so many instances each.
    fn new(times: &[i64], num_instances: impl Fn(usize) -> i32) -> Self {
        let component = ComponentDescriptor::partial("Test:x");
        let mut chunk = Chunk::builder("/a");
        for (row, time) in times.iter().enumerate() {
            let values = (0..num_instances(row)).map(|at| row as i32 * 10 + at);
            let values: ArrayRef = Arc::new(Int32Array::from_iter_values(values));
            let when = [(Timeline::sequence("frame"), *time)];
            chunk = chunk.with_row(RowId::new(), when, [(component.clone(), values)]);
        }
        let id = StoreId::recording("test", "test");
        let mut store = ChunkStore::with_settings(id, StoreSettings::without_compaction());
        store.insert(chunk.build().unwrap()).unwrap();
        Self(Recording::from_store(store))
    }

    fn ids(&self) -> (EntityId, Option<TimelineId>, [ComponentId; 1]) {
        let store = &self.0.store;
        let entity = store.entity_id(&"/a".into()).unwrap();
        let component = store.component_id("Test:x").unwrap();
        (entity, store.timeline_id("frame"), [component])
    }

    fn cursor_at(&self, time: i64) -> LatestAtCursor {
        let (entity, timeline, components) = self.ids();
        let Recording { store, cache } = &self.0;
        let mut cursors = cache.latest_at_cursors(store, entity, timeline, time, &components);
        cursors.next().unwrap().1
    }

    /// Follows to a time, where the answer is to be that of the store.
    fn check(&self, cursor: &mut LatestAtCursor, time: i64) {
        assert!(cursor.follow(time).is_some(), "one chunk has all rows");
        let (entity, timeline, [component]) = self.ids();
        let expected = self.0.store.latest_at(entity, timeline, time, component);
        assert_eq!(cursor.answer().validity, expected.validity, "at {time}");
        let data_time = |hit: Option<&Hit>| hit.map(Hit::data_time);
        let found = data_time(cursor.answer().hit.as_ref());
        assert_eq!(found, data_time(expected.hit.as_ref()), "at {time}");
        let row_id = expected.hit.as_ref().map(Hit::row_id);
        assert_eq!(cursor.row_id(), row_id, "at {time}");
        let cell = cursor.cell().map(|cell| cell.to_array());
        assert_eq!(cell, expected.cell(), "at {time}");
    }
}

/// Follows all times from the first to the last row and back, and then in leaps.
fn check(times: &[i64], num_instances: impl Fn(usize) -> i32) {
    let rows = Rows::new(times, num_instances);
    let (first, last) = (times[0], times[times.len() - 1]);
    let mut cursor = rows.cursor_at(first);
    let all = first..=last;
    let leaps = all.clone().step_by(7).chain(all.clone().rev().step_by(11));
    for time in all.clone().chain(all.rev()).chain(leaps) {
        rows.check(&mut cursor, time);
    }
}

#[test]
fn rows_that_come_evenly() {
    let times: Vec<i64> = (0..100).collect();
    check(&times, |_| 1);
    let times: Vec<i64> = (-20..40).map(|row| row * 3).collect();
    check(&times, |_| 2);
    check(&times, |row| row as i32 % 3);
}

#[test]
fn rows_that_come_unevenly_and_rows_of_one_time() {
    let times: Vec<i64> = (0..40).map(|row| row * row / 4).collect();
    check(&times, |_| 1);
    check(&times, |row| row as i32 % 2);
}

#[test]
fn times_that_lie_far_apart() {
    let step = i64::MAX / 4;
    let times: Vec<i64> = (-3..=3).map(|row| row * step).collect();
    let rows = Rows::new(&times, |_| 1);
    let mut cursor = rows.cursor_at(times[0]);
    for time in times.iter().chain(times.iter().rev()) {
        rows.check(&mut cursor, *time);
    }
}

#[test]
fn rows_that_come_evenly_for_a_while() {
    let times: Vec<i64> = (0..30).chain((6..30).map(|row| row * 5)).collect();
    check(&times, |row| if row < 20 { 1 } else { 1 + row as i32 % 2 });
}
