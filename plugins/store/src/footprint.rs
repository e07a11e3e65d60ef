//! What tables, texts and columns take in memory. Of columns, each allocation counts once and in full, however much of it is used.

use arrow_array::{Array, ListArray};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;
use smallvec::SmallVec;

/// What a buffer takes beside its bytes: the counters of an `Arc`, a pointer, a length, how to free it.
const BUFFER_BYTES: usize = 56;

/// What a hash table of so many elements at most takes: one in eight places stays free, and each has a byte of control.
pub(crate) fn table_bytes<T>(capacity: usize) -> usize {
    if capacity == 0 {
        return 0;
    }
    (capacity + capacity / 7).next_power_of_two() * (size_of::<T>() + 1) + 16
}

/// What a text that is shared by `Arc` takes.
pub(crate) fn text_bytes(text: &str) -> usize {
    2 * size_of::<usize>() + text.len()
}

/// The allocations that some columns hold.
#[derive(Debug, Default)]
pub(crate) struct Footprint {
    /// Address and size, of some more than once.
    allocations: SmallVec<[(usize, usize); 16]>,
    num_buffers: usize,
    /// The bytes of the parts that the columns use.
    used_bytes: usize,
    /// The bytes of the arrays themselves, without what they point to.
    array_bytes: usize,
}

impl Footprint {
    /// Adds a buffer that is used from end to end.
    pub(crate) fn add_buffer(&mut self, buffer: &Buffer) {
        self.hold(buffer);
        self.used_bytes += buffer.len();
    }

    /// Adds a column.
    pub(crate) fn add_lists(&mut self, lists: &ListArray) {
        let data = lists.to_data();
        self.hold_data(&data);
        self.used_bytes += sliced_bytes(&data).unwrap_or_else(|| lists.get_buffer_memory_size());
        let array_bytes = lists.get_array_memory_size() - lists.get_buffer_memory_size();
        self.array_bytes += array_bytes.saturating_sub(size_of::<ListArray>());
    }

    /// What a column holds that another one, from which it was made, does not.
    pub(crate) fn added_bytes(from: &ListArray, column: &ListArray) -> usize {
        let held = |columns: &[&ListArray]| {
            let mut footprint = Self::default();
            columns.iter().for_each(|column| footprint.add_lists(column));
            footprint.held_bytes()
        };
        held(&[from, column]).saturating_sub(held(&[from]))
    }

    /// The bytes of the parts that are used.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// What would be held if each used part had an allocation of its own.
    pub(crate) fn copied_bytes(&self) -> usize {
        self.used_bytes + self.num_buffers * BUFFER_BYTES + self.array_bytes
    }

    /// The bytes of all that is held.
    pub(crate) fn held_bytes(mut self) -> usize {
        self.allocations.sort_unstable();
        self.allocations.dedup_by_key(|(address, _)| *address);
        let allocations = self.allocations.iter().map(|(_, bytes)| bytes + BUFFER_BYTES);
        allocations.sum::<usize>() + self.array_bytes
    }

    fn hold(&mut self, buffer: &Buffer) {
        let allocation = (buffer.data_ptr().as_ptr() as usize, buffer.capacity());
        if allocation.1 == 0 {
            return;
        }
        self.num_buffers += 1;
        if self.allocations.last() != Some(&allocation) {
            self.allocations.push(allocation);
        }
    }

    fn hold_data(&mut self, data: &ArrayData) {
        data.buffers().iter().for_each(|buffer| self.hold(buffer));
        if let Some(nulls) = data.nulls() {
            self.hold(nulls.buffer());
        }
        for child in data.child_data() {
            // Children are shared by `Arc`.
            self.array_bytes += 2 * size_of::<usize>();
            self.hold_data(child);
        }
    }
}

/// The bytes of an array that its slice really covers, child arrays included. `None` where Arrow cannot measure it: a type with no
/// layout of its own.
fn sliced_bytes(data: &ArrayData) -> Option<usize> {
    let nulls = data.nulls().map_or(0, |nulls| nulls.len().div_ceil(8));
    match data.data_type() {
        // A slice of a list array keeps all of its children, of which the offsets tell the part that is used.
        DataType::List(_) => {
            let (buffer, child) = (data.buffers().first()?, data.child_data().first()?);
            let offsets = buffer
                .typed_data::<i32>()
                .get(data.offset()..=data.offset() + data.len())
                .unwrap_or(&[]);
            let (first, last) = (
                offsets.first().copied().unwrap_or(0) as usize,
                offsets.last().copied().unwrap_or(0) as usize,
            );
            let used = child.slice(first, last.saturating_sub(first));
            Some(size_of_val(offsets) + nulls + sliced_bytes(&used)?)
        }
        // Likewise, so many for each.
        DataType::FixedSizeList(_, size) => {
            let (size, child) = (usize::try_from(*size).ok()?, data.child_data().first()?);
            let used = child.slice(data.offset() * size, data.len() * size);
            Some(nulls + sliced_bytes(&used)?)
        }
        // Its children are sliced with it.
        DataType::Struct(_) => {
            let children = data.child_data().iter().map(sliced_bytes);
            Some(nulls + children.sum::<Option<usize>>()?)
        }
        _ => data.get_slice_memory_size().ok(),
    }
}
