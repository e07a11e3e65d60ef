//! What the main world holds of a batch: instances in segments, and which of them the GPU has not seen yet.
//!
//! - [`segment`]: what is said once per segment.
//! - [`alloc`]: where ranges of instances lie in the buffer.
//! - [`dirty`]: which ranges changed since the last upload.
//! - this file: [`InstanceBatch`], which keeps the three in step.

mod alloc;
mod dirty;
mod segment;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bevy::asset::Handle;
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::ecs::component::Component;
use bevy::math::Vec3;
use bevy::platform::collections::HashMap;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::Pod;

use self::alloc::RangeAllocator;
use self::dirty::DirtyRanges;
pub(crate) use self::segment::{GpuSegment, affine_rows};
pub use self::segment::{Highlight, SegmentUniform};

/// One kind of instanced shape: the layout of an instance and the shader that expands it.
///
/// An implementation outside of this crate is drawn like the built-in ones once
/// [`InstancePlugin<P>`](crate::InstancePlugin) is added. Its shader has the entry points `vertex` and `fragment`, takes
/// the attributes at locations 0, 1, 2, ..., and imports `chronoscope_render::common` and `chronoscope_render::segments`
/// for the bindings.
pub trait Primitive: Pod + Send + Sync + fmt::Debug {
    /// The name in labels and messages.
    const NAME: &'static str;

    /// Vertices per instance, as a triangle list.
    const VERTICES: u32;

    /// The formats of the fields, in order and without gaps. Their sizes add up to the size of the instance.
    const FORMATS: &'static [VertexFormat];

    /// Whether the silhouette is cut in the fragment shader, so that multisampling needs the shader's coverage.
    const CUTS_EDGES: bool;

    /// The shader with the entry points `vertex` and `fragment`.
    fn shader() -> Handle<Shader>;

    /// Writes the index of the segment that the instance belongs to. [`VOID_SEGMENT`] makes the instance draw nothing.
    fn set_segment(&mut self, segment: u32);

    /// Whether all coordinates are finite. What is not is kept as a gap that draws nothing.
    fn is_drawable(&self) -> bool;
}

/// The segment of instances that draw nothing: the gaps of a buffer.
pub const VOID_SEGMENT: u32 = u32::MAX;

/// How the instances of a batch meet what is behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Blending {
    /// Alpha is ignored, except that what is fully transparent is not drawn. Writes depth.
    #[default]
    Opaque,
    /// Alpha is blended over what is there already, after everything opaque. Tests depth, does not write it; within the
    /// batch, instances are drawn in the order of the buffer.
    Translucent,
}

/// Why a batch did not take what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The batch would exceed the number of instances or segments that a `u32` can index.
    #[error("the batch of {primitive} is full: {requested} more do not fit beside {present}")]
    Full {
        /// The kind of instance.
        primitive: &'static str,
        /// Instances held, gaps included.
        present: u64,
        /// Instances offered.
        requested: u64,
    },
}

/// All instances of one primitive that a view shows: a component of one entity per (view, primitive, blending).
///
/// The entity's `RenderLayers` decide which cameras see it. Its `Transform` is not applied: positions are brought to the
/// world by the segments, relative to whatever origin the cameras are relative to. An entity carries at most one batch.
///
/// Costs: `insert`, `replace` and `remove` are O(instances of the segment) plus O(log gaps); `set_uniform` is O(1). When
/// more than half of the buffer is gaps, the next call compacts it, which is O(instances).
///
/// ```
/// use chronoscope_render::{InstanceBatch, PointInstance, SegmentUniform, pack_color};
///
/// let mut batch = InstanceBatch::<PointInstance>::default();
/// let red = PointInstance::new([0.0, 0.0, 0.0].into(), -4.0, pack_color([255, 0, 0, 255]));
/// batch.insert(7, SegmentUniform::default(), &[red]).unwrap();
/// assert_eq!(batch.len(), 1);
/// ```
#[derive(Component)]
#[component(on_add = add_visibility_class::<InstanceBatch<P>>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling)]
pub struct InstanceBatch<P: Primitive> {
    blending: Blending,
    sort_center: Vec3,
    sort_bias: f32,
    instances: Vec<P>,
    ranges: RangeAllocator,
    segments: Vec<GpuSegment>,
    free_slots: Vec<u32>,
    entries: HashMap<u64, Entry>,
    /// Taken by the extraction, which sees the component by shared reference only. `&mut self` methods never block.
    dirty: Mutex<Dirty>,
}

/// What the GPU has not seen yet.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) instances: DirtyRanges,
    pub(crate) segments: DirtyRanges,
}

#[derive(Debug, Clone)]
struct Entry {
    slot: u32,
    range: Range<u32>,
}

/// Below this many instances a buffer is not worth compacting.
const COMPACT_FROM: u32 = 1024;

impl<P: Primitive> Default for InstanceBatch<P> {
    fn default() -> Self {
        Self::new(Blending::Opaque)
    }
}

impl<P: Primitive> InstanceBatch<P> {
    /// An empty batch.
    #[must_use]
    pub fn new(blending: Blending) -> Self {
        Self {
            blending,
            sort_center: Vec3::ZERO,
            sort_bias: 0.0,
            instances: Vec::new(),
            ranges: RangeAllocator::default(),
            segments: Vec::new(),
            free_slots: Vec::new(),
            entries: HashMap::default(),
            dirty: Mutex::default(),
        }
    }

    /// Where a translucent batch is sorted among the other translucent things: by the distance of `center`, in world
    /// space, plus `bias` in scene units (greater is drawn later). An opaque batch does not care.
    #[must_use]
    pub fn with_sorting(mut self, center: Vec3, bias: f32) -> Self {
        self.set_sorting(center, bias);
        self
    }

    /// As [`Self::with_sorting`], for a batch that is there already.
    pub fn set_sorting(&mut self, center: Vec3, bias: f32) {
        self.sort_center = center;
        self.sort_bias = bias;
    }

    /// Adds the segment `key`, or replaces its uniform and its instances.
    ///
    /// # Errors
    /// [`BatchError::Full`] if the batch cannot index that many; it is unchanged then.
    pub fn insert(&mut self, key: u64, uniform: SegmentUniform, instances: &[P]) -> Result<(), BatchError> {
        if self.entries.contains_key(&key) {
            self.replace(key, instances)?;
            self.set_uniform(key, uniform);
            return Ok(());
        }
        let count = self.check_room(instances)?;
        let slot = self.take_slot(uniform)?;
        let range = self.place(slot, count, instances);
        self.entries.insert(key, Entry { slot, range });
        Ok(())
    }

    /// Moves, tints or highlights the segment `key`. Returns whether there is one. An equal uniform costs no upload.
    pub fn set_uniform(&mut self, key: u64, uniform: SegmentUniform) -> bool {
        let Some(slot) = self.entries.get(&key).map(|entry| entry.slot) else {
            return false;
        };
        let packed = GpuSegment::from(uniform);
        if let Some(segment) = self.segments.get_mut(slot as usize)
            && *segment != packed
        {
            *segment = packed;
            self.dirty_mut().segments.add(slot..slot + 1);
        }
        true
    }

    /// Replaces the instances of the segment `key`, in place if their number is the same. Returns whether there is one.
    ///
    /// # Errors
    /// [`BatchError::Full`] if the batch cannot index that many; it is unchanged then.
    pub fn replace(&mut self, key: u64, instances: &[P]) -> Result<bool, BatchError> {
        let Some(Entry { slot, range }) = self.entries.get(&key).cloned() else {
            return Ok(false);
        };
        if range.len() == instances.len() {
            self.write(slot, range, instances);
            return Ok(true);
        }
        let count = self.check_room(instances)?;
        self.vacate(range);
        let range = self.place(slot, count, instances);
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.range = range;
        }
        self.compact_if_sparse();
        Ok(true)
    }

    /// Removes the segment `key`. Returns whether there was one.
    pub fn remove(&mut self, key: u64) -> bool {
        let Some(Entry { slot, range }) = self.entries.remove(&key) else {
            return false;
        };
        self.vacate(range);
        self.free_slots.push(slot);
        self.compact_if_sparse();
        true
    }

    /// Removes all segments, and gives their memory back.
    pub fn clear(&mut self) {
        self.instances = Vec::new();
        self.ranges = RangeAllocator::default();
        self.segments = Vec::new();
        self.free_slots = Vec::new();
        self.entries.clear();
        let dirty = self.dirty_mut();
        dirty.instances.clear();
        dirty.segments.clear();
    }

    /// Instances held, over all segments, without gaps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.used() as usize
    }

    /// Whether no segment has an instance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Segments held.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is a segment `key`.
    #[must_use]
    pub fn contains(&self, key: u64) -> bool {
        self.entries.contains_key(&key)
    }

    /// The keys of all segments, ascending.
    #[must_use]
    pub fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.entries.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    /// The instances of the segment `key`. What was not drawable has become a gap in it.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<&[P]> {
        let range = &self.entries.get(&key)?.range;
        self.instances.get(range.start as usize..range.end as usize)
    }

    /// Bytes of main memory in use, which is also what the GPU holds before rounding up.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.instances.as_slice()) + size_of_val(self.segments.as_slice())
    }

    /// How the instances meet what is behind them.
    #[must_use]
    pub fn blending(&self) -> Blending {
        self.blending
    }

    pub(crate) fn sorting(&self) -> (Vec3, f32) {
        (self.sort_center, self.sort_bias)
    }

    /// The buffer of instances, gaps included.
    pub(crate) fn instances(&self) -> &[P] {
        &self.instances
    }

    pub(crate) fn segments(&self) -> &[GpuSegment] {
        &self.segments
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn dirty_mut(&mut self) -> &mut Dirty {
        self.dirty.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_room(&self, instances: &[P]) -> Result<u32, BatchError> {
        // One number is kept free, so that a range's end never overflows.
        let room = (u32::MAX - 1).saturating_sub(self.ranges.end());
        u32::try_from(instances.len())
            .ok()
            .filter(|count| *count <= room)
            .ok_or_else(|| self.full(instances.len()))
    }

    fn full(&self, requested: usize) -> BatchError {
        BatchError::Full {
            primitive: P::NAME,
            present: u64::from(self.ranges.end()),
            requested: requested as u64,
        }
    }

    fn take_slot(&mut self, uniform: SegmentUniform) -> Result<u32, BatchError> {
        let segment = GpuSegment::from(uniform);
        let slot = if let Some(slot) = self.free_slots.pop() {
            if let Some(place) = self.segments.get_mut(slot as usize) {
                *place = segment;
            }
            slot
        } else {
            let slot = u32::try_from(self.segments.len())
                .ok()
                .filter(|slot| *slot < VOID_SEGMENT - 1);
            let slot = slot.ok_or_else(|| self.full(1))?;
            self.segments.push(segment);
            slot
        };
        self.dirty_mut().segments.add(slot..slot + 1);
        Ok(slot)
    }

    fn place(&mut self, slot: u32, count: u32, instances: &[P]) -> Range<u32> {
        let range = self.ranges.allocate(count);
        if self.instances.len() < range.end as usize {
            self.instances.resize(range.end as usize, void());
        }
        self.write(slot, range.clone(), instances);
        range
    }

    fn write(&mut self, slot: u32, range: Range<u32>, instances: &[P]) {
        let Some(place) = self.instances.get_mut(range.start as usize..range.end as usize) else {
            return;
        };
        for (to, from) in place.iter_mut().zip(instances) {
            *to = *from;
            to.set_segment(if from.is_drawable() { slot } else { VOID_SEGMENT });
        }
        self.dirty_mut().instances.add(range);
    }

    /// Gives a range back: the buffer shrinks if it was the last, and otherwise keeps a gap that draws nothing.
    fn vacate(&mut self, range: Range<u32>) {
        self.ranges.free(range.clone());
        let end = self.ranges.end();
        self.instances.truncate(end as usize);
        if self.instances.capacity() / 4 > self.instances.len().max(COMPACT_FROM as usize) {
            self.instances.shrink_to(2 * self.instances.len());
        }
        let gap = range.start.min(end)..range.end.min(end);
        if let Some(place) = self.instances.get_mut(gap.start as usize..gap.end as usize) {
            place.fill(void());
        }
        self.dirty_mut().instances.add(gap);
    }

    /// Closes all gaps if they are more than half of the buffer. Segments keep their order.
    fn compact_if_sparse(&mut self) {
        let end = self.ranges.end();
        if end < COMPACT_FROM || self.ranges.used() > end / 2 {
            return;
        }
        let mut entries: Vec<&mut Entry> = self
            .entries
            .values_mut()
            .filter(|e| !e.range.is_empty())
            .collect();
        entries.sort_unstable_by_key(|entry| entry.range.start);
        let mut packed = Vec::with_capacity(self.ranges.used() as usize);
        let mut ranges = RangeAllocator::default();
        for entry in entries {
            let old = entry.range.start as usize..entry.range.end as usize;
            packed.extend_from_slice(self.instances.get(old).unwrap_or_default());
            entry.range = ranges.allocate(entry.range.end - entry.range.start);
        }
        self.instances = packed;
        self.ranges = ranges;
        let end = self.ranges.end();
        let dirty = self.dirty_mut();
        dirty.instances.clear();
        dirty.instances.add(0..end);
    }
}

impl<P: Primitive> fmt::Debug for InstanceBatch<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceBatch")
            .field("primitive", &P::NAME)
            .field("blending", &self.blending)
            .field("segments", &self.segment_count())
            .field("instances", &self.len())
            .finish_non_exhaustive()
    }
}

fn void<P: Primitive>() -> P {
    let mut void = P::zeroed();
    void.set_segment(VOID_SEGMENT);
    void
}
