//! What the main world holds: instances that all views share, and what each view draws of them.
//!
//! - [`primitive`]: what is known of a kind of instance.
//! - [`segment`]: what is said once per visual and view.
//! - [`selected`]: which instances of a segment are selected.
//! - [`alloc`]: where ranges of instances lie in the buffer.
//! - [`dirty`]: which ranges changed since the last upload.
//! - [`buffer`]: [`InstanceBuffer`], which stores visuals.
//! - [`sizes`]: which visuals are large, and how much of them is drawn where there is a limit.
//! - [`standing_out`]: what of a list is highlighted, and where that lies.
//! - [`list`]: [`DrawList`], which says what one view draws of a buffer, how and in which order.

mod alloc;
mod buffer;
mod dirty;
mod list;
mod primitive;
mod segment;
mod selected;
mod sizes;
mod standing_out;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use self::buffer::Stored;
pub use self::buffer::{AllUsers, InstanceBuffer, Slot};
pub(crate) use self::list::ResolvedRun;
pub use self::list::{Blending, DrawList, DrawRun, Sorting};
pub use self::primitive::Primitive;
pub(crate) use self::primitive::SLOT_LOCATION;
pub(crate) use self::segment::{GpuSegment, NO_INSTANCE, affine_rows, split};
pub use self::segment::{Highlight, SegmentTransform, SegmentUniform, mean_scale};
pub use self::selected::InstanceSet;
pub(crate) use self::sizes::{InstancesBySize, MAX_STRIDE, Share, SizedRange};

/// The slot, or the segment, of what draws nothing.
pub(crate) const VOID: u32 = u32::MAX;

/// Why a buffer did not take what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BufferError {
    /// The buffer would exceed the number of instances or visuals that a `u32` can index.
    #[error("the buffer of {primitive} is full: {requested} more do not fit beside {present}")]
    Full {
        /// The kind of instance.
        primitive: &'static str,
        /// Instances held, gaps included.
        present: u64,
        /// Instances offered.
        requested: u64,
    },
}

/// Memory that a buffer or a list uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUse {
    /// Instances in main memory, shared with whoever made them.
    pub shared_bytes: u64,
    /// Main memory for what is known of them.
    pub own_bytes: u64,
    /// GPU memory, as of the last frame that was extracted.
    pub gpu_bytes: u64,
}

/// A number that was never used before, for versions that are compared across replaced components.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
