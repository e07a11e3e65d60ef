//! What tells the values of components from each other, whichever row they stand in.

use std::hash::{DefaultHasher, Hash, Hasher};

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_data::ArrayData;
use arrow_select::take::take;
use chronoscope_store::Hit;

/// The longest value that is hashed by its bytes. A longer one is told from others by its row.
const MAX_BYTES: usize = 64 * 1024;

/// A hash of a component's name and value. The same value has the same hash in all rows and views, unless it is very long.
///
/// Cost: the bytes of the value, or of its first 64 KiB.
pub fn content_hash(hit: &Hit) -> u64 {
    let mut hasher = DefaultHasher::new();
    hit.column().name().hash(&mut hasher);
    let cell = hit.cell();
    match compact(&cell) {
        Some(cell) => hash_data(&cell.to_data(), &mut hasher),
        None => hit.row_id().hash(&mut hasher),
    }
    hasher.finish()
}

/// A copy with buffers of its own, since a slice brings those of all rows along.
fn compact(cell: &ArrayRef) -> Option<ArrayRef> {
    let data = cell.to_data();
    if data.get_slice_memory_size().ok()? > MAX_BYTES {
        return None;
    }
    let len = u32::try_from(cell.len()).ok()?;
    take(cell, &UInt32Array::from_iter_values(0..len), None).ok()
}

fn hash_data(data: &ArrayData, hasher: &mut DefaultHasher) {
    data.data_type().hash(hasher);
    data.len().hash(hasher);
    for at in 0..data.len() {
        data.is_null(at).hash(hasher);
    }
    for buffer in data.buffers() {
        buffer.as_slice().hash(hasher);
    }
    for child in data.child_data() {
        hash_data(child, hasher);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use chronoscope_store::{EntityPath, Recording, StoreId, TimeRange, Timeline};
    use chronoscope_types::{Points3D, log_chunk};

    use super::*;

    #[test]
    fn the_same_value_in_two_rows_has_one_hash() {
        let mut recording = Recording::new(StoreId::recording("app", "a"));
        let frame = Timeline::sequence("frame");
        for (time, color, label) in [(0, 1_u8, "one"), (1, 2, "one"), (2, 1, "one"), (3, 1, "two")] {
            let points = Points3D::new([[1.0, 2.0, 3.0]])
                .with_colors([[color, 0, 0, 255]])
                .with_labels([label]);
            recording
                .insert(log_chunk("/a", [(frame.clone(), time)], &points).unwrap())
                .unwrap();
        }
        let (store, cache) = (&recording.store, &recording.cache);
        let entity = store.entity_id(&EntityPath::parse("/a")).unwrap();
        let timeline = store.timeline_id("frame");
        assert!(store.entity_time_range(entity, timeline.unwrap()) == TimeRange::new(0, 3));
        let hashes = |component: &str| -> Vec<u64> {
            let id = store.component_id(component).unwrap();
            let at = |time| cache.latest_at(store, entity, timeline, time, id).hit.unwrap();
            (0..4).map(|time| content_hash(&at(time))).collect()
        };
        let colors = hashes("Points3D:colors");
        assert!(colors[0] == colors[2] && colors[0] == colors[3] && colors[0] != colors[1]);
        let labels = hashes("Points3D:labels");
        assert!(labels[0] == labels[1] && labels[0] != labels[3]);
        assert_ne!(hashes("Points3D:positions")[0], colors[0]);
    }
}
