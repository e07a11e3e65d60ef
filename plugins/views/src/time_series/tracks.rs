//! Looks that change over time: colors, widths, markers, names, read row by row.
//!
//! Rows that are appended are added to what is there, and those that leave at the front stay until they are
//! as many as those that are needed: a live recording costs what arrives.

use std::sync::Arc;

use chronoscope_store::{CellRef, RangeDelta, RangeResult};
use chronoscope_types::{ReadError, enums::MarkerShape};
use egui::Color32;

/// The looks of an entity's series that change over time. What does not is in the styles.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) colors: Option<Track<Color32>>,
    pub(super) sizes: Option<Track<f32>>,
    pub(super) shapes: Option<Track<MarkerShape>>,
    pub(super) names: Option<Track<Arc<str>>>,
}

impl Tracks {
    pub(super) fn color(&self, series: usize, time: i64) -> Option<Color32> {
        self.colors.as_ref()?.at(series, time).copied()
    }

    pub(super) fn size(&self, series: usize, time: i64) -> Option<f32> {
        self.sizes.as_ref()?.at(series, time).copied()
    }

    pub(super) fn shape(&self, series: usize, time: i64) -> Option<MarkerShape> {
        self.shapes.as_ref()?.at(series, time).copied()
    }

    pub(super) fn name(&self, series: usize, time: i64) -> Option<&Arc<str>> {
        self.names.as_ref()?.at(series, time)
    }

    /// Whether the color, size or shape of any series changes.
    pub(super) fn change_looks(&self) -> bool {
        self.colors.is_some() || self.sizes.is_some() || self.shapes.is_some()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        fn of<T>(track: Option<&Track<T>>) -> usize {
            track.map_or(0, Track::heap_bytes)
        }
        of(self.colors.as_ref())
            + of(self.sizes.as_ref())
            + of(self.shapes.as_ref())
            + of(self.names.as_ref())
    }
}

/// A component over time, one value per series. Values that hold on are one.
#[derive(Debug)]
pub(super) struct Track<T> {
    answer: RangeResult,
    series: Vec<Vec<Change<T>>>,
    num_changes: usize,
}

/// What holds from a time on.
#[derive(Debug)]
struct Change<T> {
    from: i64,
    value: Option<T>,
}

impl<T: Clone + PartialEq> Track<T> {
    /// The track of these rows for `count` series, from an older one where it can be followed. `read` makes
    /// the instances of a row.
    ///
    /// # Errors
    /// Where a row cannot be read.
    pub(super) fn of(
        answer: RangeResult,
        count: usize,
        before: Option<Self>,
        read: impl Fn(CellRef<'_>) -> Result<Vec<Option<T>>, ReadError>,
    ) -> Result<Self, ReadError> {
        let followed = before.and_then(|before| {
            let delta = answer.delta_since(&before.answer)?;
            let is_followed = matches!(
                delta,
                RangeDelta {
                    gained_front: 0,
                    lost_back: 0,
                    ..
                }
            ) && before.series.len() == count
                && before.num_changes <= 64 + 2 * count * answer.num_rows();
            is_followed.then_some((before, delta.gained_back))
        });
        let (mut track, num_new) = followed.unwrap_or_else(|| {
            let new = Self {
                answer: answer.clone(),
                series: (0..count).map(|_| Vec::new()).collect(),
                num_changes: 0,
            };
            (new, answer.num_rows())
        });
        for row in answer.rows().skip(answer.num_rows() - num_new) {
            let values = read((&row.cell()).into())?;
            for (at, changes) in track.series.iter_mut().enumerate() {
                let value = values.get(at).or(values.last()).cloned().flatten();
                match changes.last_mut() {
                    Some(last) if last.value == value => {}
                    // Of several rows of one time the last one holds.
                    Some(last) if last.from == row.time => last.value = value,
                    _ => {
                        changes.push(Change {
                            from: row.time,
                            value,
                        });
                        track.num_changes += 1;
                    }
                }
            }
        }
        track.answer = answer;
        Ok(track)
    }
}

impl<T> Track<T> {
    /// What holds for a series at a time; `None` where nothing does, and the style says it.
    fn at(&self, series: usize, time: i64) -> Option<&T> {
        let changes = self.series.get(series)?;
        let after = changes.partition_point(|change| change.from <= time);
        changes.get(after.checked_sub(1)?)?.value.as_ref()
    }

    fn heap_bytes(&self) -> usize {
        let changes: usize = self
            .series
            .iter()
            .map(|changes| changes.capacity() * size_of::<Change<T>>())
            .sum();
        changes + self.series.capacity() * size_of::<Vec<Change<T>>>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_store::{ChunkStore, StoreId, TimeRange, Timeline};
    use chronoscope_types::{SeriesLines, columns_chunk, read};

    use super::*;

    fn answer(store: &ChunkStore, range: TimeRange) -> RangeResult {
        let entity = store.entity_id(&"/a".into()).unwrap();
        let component = store.component_id(&SeriesLines::COLORS).unwrap();
        store.range(entity, store.timeline_id("t").unwrap(), range, component)
    }

    fn track(answer: RangeResult, before: Option<Track<u32>>) -> Track<u32> {
        Track::of(answer, 1, before, |cell| {
            Ok(read::colors(cell)?.iter().copied().map(Some).collect())
        })
        .unwrap()
    }

    fn insert(store: &mut ChunkStore, times: std::ops::Range<i64>, color: impl Fn(i64) -> u32) {
        let colors =
            SeriesLines::default().with_colors(times.clone().map(&color).map(chronoscope_types::Rgba));
        let chunk = columns_chunk(
            "a",
            [(Timeline::sequence("t"), times.collect::<Vec<_>>())],
            &colors,
        );
        store.insert(chunk.unwrap()).unwrap();
    }

    #[test]
    fn what_holds_on_is_one_change_and_appended_rows_are_added() {
        let mut store = ChunkStore::new(StoreId::recording("test", "tracks"));
        insert(&mut store, 0..100, |time| if time < 50 { 1 } else { 2 });
        let first = track(answer(&store, TimeRange::EVERYTHING), None);
        assert_eq!(first.num_changes, 2);
        let at = |track: &Track<u32>, time| track.at(0, time).copied();
        assert_eq!(
            [-1, 0, 49, 50, 99, 1_000].map(|time| at(&first, time)),
            [None, Some(1), Some(1), Some(2), Some(2), Some(2)]
        );

        insert(&mut store, 100..120, |_| 3);
        let more = track(answer(&store, TimeRange::EVERYTHING), Some(first));
        assert_eq!(more.num_changes, 3);
        assert_eq!([99, 100].map(|time| at(&more, time)), [Some(2), Some(3)]);

        // A range that moved on knows what holds in it, one that moved back is read anew.
        let moved = track(answer(&store, TimeRange::new(60, 110)), Some(more));
        assert_eq!([60, 105].map(|time| at(&moved, time)), [Some(2), Some(3)]);
        let back = track(answer(&store, TimeRange::new(10, 20)), Some(moved));
        assert_eq!([9, 15].map(|time| at(&back, time)), [None, Some(1)]);
        assert_eq!(back.num_changes, 1);
    }
}
