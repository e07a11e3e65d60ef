//! Density: how many rows lie where on a timeline, for the time panel.

use crate::{
    ChunkStore, ComponentId, EntityId, TimeRange, TimelineId,
    interval_index::{Entry, bucket_of},
    series::Series,
};

impl ChunkStore {
    /// The number of rows of an entity in each of `buckets` equal parts of a range of times.
    ///
    /// Counts rows that have a component, or all rows where none is given. Static rows lie at no time and do not count.
    /// Costs O(buckets log n) where chunks are smaller than buckets. Of a chunk that spans several, sorted rows are found
    /// by halving and others are looked at one by one; of a chunk that is not loaded, rows are spread evenly.
    pub fn density(
        &self,
        entity: EntityId,
        component: Option<ComponentId>,
        timeline: TimelineId,
        range: TimeRange,
        buckets: usize,
    ) -> Vec<u32> {
        let mut counts = vec![0; buckets];
        self.add_density(entity, component, timeline, range, &mut counts);
        counts
    }

    /// The bucket that [`Self::density`] counts a time in. Precondition: there is a bucket, and the range has the time.
    pub fn density_bucket(time: i64, range: TimeRange, buckets: usize) -> usize {
        bucket_of(time, range, buckets)
    }

    /// In which of `buckets` equal parts of a range of times an entity has chunks that are not loaded: what
    /// [`Self::density`] counts there is an estimate. Empty where all is loaded.
    ///
    /// Costs as much as there are chunks in the range, and nothing where all of the entity is loaded.
    pub fn absent_buckets(
        &self,
        entity: EntityId,
        component: Option<ComponentId>,
        timeline: TimelineId,
        range: TimeRange,
        buckets: usize,
    ) -> Vec<bool> {
        let mut absent = Vec::new();
        let Some((_, series)) = self.series_of(entity, timeline, component.unwrap_or(ComponentId::ANY))
        else {
            return absent;
        };
        if self.entity_stats(entity).num_absent_chunks == 0 || range.is_empty() {
            return absent;
        }
        series.index.for_each_overlapping(range, |entry| {
            if !entry.is_loaded() {
                absent.resize(buckets, false);
                let first = bucket_of(entry.min.max(range.min), range, buckets);
                let last = bucket_of(entry.max.min(range.max), range, buckets);
                if let Some(within) = absent.get_mut(first..=last) {
                    within.fill(true);
                }
            }
        });
        absent
    }

    /// Adds what [`Self::density`] counts to `counts`, a bucket each: for those who sum over many entities.
    pub fn add_density(
        &self,
        entity: EntityId,
        component: Option<ComponentId>,
        timeline: TimelineId,
        range: TimeRange,
        counts: &mut [u32],
    ) {
        let Some((_, series)) = self.series_of(entity, timeline, component.unwrap_or(ComponentId::ANY))
        else {
            return;
        };
        series.index.count_rows(range, counts, |entry, counts| {
            self.spread(series, entry, range, counts);
        });
    }

    /// Counts the rows of one chunk, which spans several buckets.
    fn spread(&self, series: &Series, entry: &Entry, range: TimeRange, counts: &mut [u32]) {
        let buckets = counts.len();
        let mut add = |bucket: usize, rows: usize| {
            if let Some(count) = counts.get_mut(bucket) {
                *count = count.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
            }
        };
        let Some(chunk_data) = self.loaded(entry.slot) else {
            // Evenly, with what rounding leaves over in the first bucket.
            let visible = TimeRange::new(entry.min, entry.max).intersection(&range);
            let (first, last) = (
                bucket_of(visible.min, range, buckets),
                bucket_of(visible.max, range, buckets),
            );
            let part = (u128::from(visible.length()) + 1) * u128::from(entry.rows)
                / (u128::from(TimeRange::new(entry.min, entry.max).length()) + 1);
            let rows = usize::try_from(part).unwrap_or(0);
            let each = rows / (last - first + 1);
            add(first, rows - each * (last - first));
            (first + 1..=last).for_each(|bucket| add(bucket, each));
            return;
        };
        let times = chunk_data.times(entry);
        if series.component == ComponentId::ANY && !chunk_data.is_sorted_by(entry) {
            for &time in times.iter().filter(|time| range.contains(**time)) {
                add(bucket_of(time, range, buckets), 1);
            }
            return;
        }
        let rows = if series.component == ComponentId::ANY {
            chunk_data.all_rows()
        } else {
            chunk_data.rows(entry, &self.order_bytes)
        };
        let mut at = rows.first_at(times, entry, range.min);
        let end = rows.first_after(times, entry, range.max);
        while at < end {
            let bucket = bucket_of(times[rows.row(at)], range, buckets);
            // The last time of the bucket: the one before the next bucket's first.
            let width = u128::from(range.length()) + 1;
            let next_offset = ((bucket as u128 + 1) * width).div_ceil(buckets as u128);
            let last = range
                .min
                .saturating_add_unsigned(u64::try_from(next_offset - 1).unwrap_or(u64::MAX));
            let next = rows
                .first_after(times, entry, last.min(range.max))
                .clamp(at + 1, end);
            add(bucket, next - at);
            at = next;
        }
    }
}
