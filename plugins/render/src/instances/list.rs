//! What one view draws of a buffer: which visuals, how, and in which order.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::math::DVec3;
use bevy::render::sync_world::SyncToRenderWorld;
use bevy::transform::components::Transform;

use super::buffer::{InstanceBuffer, Slot};
use super::dirty::DirtyRanges;
use super::primitive::Primitive;
use super::segment::{GpuSegment, SegmentUniform};
use super::{MemoryUse, next_version};

/// How instances meet what is behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Blending {
    /// Alpha is ignored, except that what is fully transparent is not drawn. Writes depth.
    #[default]
    Opaque,
    /// Alpha is blended over what is there already, after everything opaque. Tests depth, does not write it.
    Translucent,
}

/// Where something translucent is drawn among all that is translucent in a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sorting {
    /// Farther is drawn earlier.
    Distance {
        /// The point in the world whose distance counts.
        center: DVec3,
        /// Added in scene units: greater is drawn later.
        bias: f32,
    },
    /// Greater is drawn later, whatever the distance, and after all that is sorted by distance in front of the camera.
    /// Exact up to eight million.
    Index(u32),
}

impl Default for Sorting {
    fn default() -> Self {
        Self::Distance {
            center: DVec3::ZERO,
            bias: 0.0,
        }
    }
}

/// Visuals that are drawn one after the other, with nothing of another list in between.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrawRun {
    /// Where the run is drawn among all that is translucent in the view.
    pub sorting: Sorting,
    /// The visuals in the order in which they are drawn. What the list does not hold is left out.
    pub slots: Vec<Slot>,
}

/// What a view draws of an [`InstanceBuffer`]: a component of one entity per (view, buffer, blending).
///
/// The entity's `RenderLayers` decide which cameras see it. Its `Transform` is not applied: positions are brought to the
/// world by the segments.
///
/// Order: what is opaque is ordered by depth alone, ties by [`SegmentUniform::depth_tie`]. What is translucent is drawn in the
/// order of [`Self::set_runs`].
///
/// Costs: `insert`, `set_uniform` and `remove` are O(1), and send 96 and 4 bytes per visual. After visuals came or went, in the list or in
/// the buffer, the next extraction is O(visuals of the list).
///
/// ```
/// # use bevy::ecs::world::World;
/// # let mut world = World::new();
/// use chronoscope_render::{Blending, DrawList, InstanceBuffer, PointInstance, SegmentUniform};
///
/// let mut buffer = InstanceBuffer::<PointInstance>::default();
/// let slot = buffer.insert(vec![PointInstance::new([0.0; 3].into(), -4.0, 0)]).unwrap();
/// let buffer = world.spawn(buffer).id();
///
/// let mut list = DrawList::<PointInstance>::new(buffer, Blending::Opaque);
/// list.insert(slot, SegmentUniform::default());
/// world.spawn(list);
/// ```
#[derive(Component)]
#[component(on_add = add_visibility_class::<DrawList<P>>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct DrawList<P: Primitive> {
    buffer: Entity,
    blending: Blending,
    runs: Option<Vec<DrawRun>>,
    /// The position of each slot's segment plus one, or zero: what the GPU has not been told is nothing.
    table: Vec<u32>,
    segments: Vec<GpuSegment>,
    /// The slot of each segment.
    slots: Vec<u32>,
    version: u64,
    /// Taken by the extraction, which sees the component by shared reference only. `&mut self` methods never block.
    dirty: Mutex<Dirty>,
    gpu_bytes: Arc<AtomicU64>,
    primitive: PhantomData<fn() -> P>,
}

/// What the GPU has not seen yet.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) table: DirtyRanges,
    pub(crate) segments: DirtyRanges,
}

/// A run as ranges of the buffer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ResolvedRun {
    pub(crate) sorting: Sorting,
    pub(crate) ranges: Vec<Range<u32>>,
}

/// Ranges that are closer than this are drawn as one: a call costs more than the instances between, which draw nothing.
const MERGE_GAP: u32 = 256;

/// With more ranges than this, what has no order is drawn in one call over all of them.
const MAX_RANGES: usize = 256;

impl<P: Primitive> DrawList<P> {
    /// An empty list of what is drawn of the buffer that an entity has.
    #[must_use]
    pub fn new(buffer: Entity, blending: Blending) -> Self {
        Self {
            buffer,
            blending,
            runs: None,
            table: Vec::new(),
            segments: Vec::new(),
            slots: Vec::new(),
            version: next_version(),
            dirty: Mutex::default(),
            gpu_bytes: Arc::default(),
            primitive: PhantomData,
        }
    }

    /// In which order a translucent list is drawn. A visual that no run names is not drawn. `None` is the order of the buffer, all
    /// together at the distance of the world's origin.
    pub fn set_runs(&mut self, runs: Option<Vec<DrawRun>>) {
        if self.runs != runs {
            self.runs = runs;
            self.version = next_version();
        }
    }

    /// Draws a visual, or draws it in another way.
    pub fn insert(&mut self, slot: Slot, uniform: SegmentUniform) {
        if self.set_uniform(slot, uniform) {
            return;
        }
        let (place, segment) = (slot.0 as usize, self.segments.len() as u32);
        if self.table.len() <= place {
            let before = self.table.len() as u32;
            self.table.resize(place + 1, 0);
            self.dirty_mut().table.add(before..slot.0);
        }
        self.set_table(slot.0, segment + 1);
        self.segments.push(GpuSegment::from(uniform));
        self.slots.push(slot.0);
        self.dirty_mut().segments.add(segment..segment + 1);
        self.version = next_version();
    }

    /// Moves, tints or highlights a visual. Returns whether the list holds it. An equal uniform costs no upload.
    pub fn set_uniform(&mut self, slot: Slot, uniform: SegmentUniform) -> bool {
        let Some(segment) = self.segment_of(slot.0) else {
            return false;
        };
        let packed = GpuSegment::from(uniform);
        if let Some(place) = self.segments.get_mut(segment as usize)
            && *place != packed
        {
            *place = packed;
            self.dirty_mut().segments.add(segment..segment + 1);
        }
        true
    }

    /// No longer draws a visual. Returns whether the list held it.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let Some(segment) = self.segment_of(slot.0) else {
            return false;
        };
        self.set_table(slot.0, 0);
        self.segments.swap_remove(segment as usize);
        self.slots.swap_remove(segment as usize);
        if let Some(moved) = self.slots.get(segment as usize).copied() {
            self.set_table(moved, segment + 1);
            self.dirty_mut().segments.add(segment..segment + 1);
        }
        self.version = next_version();
        true
    }

    /// Whether the list holds a visual.
    #[must_use]
    pub fn contains(&self, slot: Slot) -> bool {
        self.segment_of(slot.0).is_some()
    }

    /// Visuals in the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether nothing is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The entity that has the buffer.
    #[must_use]
    pub fn buffer(&self) -> Entity {
        self.buffer
    }

    /// How the instances meet what is behind them.
    #[must_use]
    pub fn blending(&self) -> Blending {
        self.blending
    }

    /// The memory in use. Cost: O(runs).
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        let runs = self.runs.iter().flatten();
        let runs = runs.map(|run| size_of::<DrawRun>() + run.slots.capacity() * size_of::<Slot>());
        MemoryUse {
            shared_bytes: 0,
            own_bytes: (self.table.capacity() * size_of::<u32>()
                + self.slots.capacity() * size_of::<u32>()
                + self.segments.capacity() * size_of::<GpuSegment>()
                + runs.sum::<usize>()) as u64,
            gpu_bytes: self.gpu_bytes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn gpu_bytes(&self) -> &AtomicU64 {
        &self.gpu_bytes
    }

    pub(crate) fn table(&self) -> &[u32] {
        &self.table
    }

    pub(crate) fn segments(&self) -> &[GpuSegment] {
        &self.segments
    }

    /// Another number whenever visuals came or went, or their order changed. No two lists share one.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The runs as ranges of the buffer.
    pub(crate) fn resolve(&self, buffer: &InstanceBuffer<P>) -> Vec<ResolvedRun> {
        if let (Some(runs), Blending::Translucent) = (&self.runs, self.blending) {
            return runs.iter().map(|run| self.resolve_run(buffer, run)).collect();
        }
        vec![ResolvedRun {
            sorting: Sorting::default(),
            ranges: self.resolve_unordered(buffer),
        }]
    }

    /// Ranges in the order of a run, merged where one follows on the other.
    fn resolve_run(&self, buffer: &InstanceBuffer<P>, run: &DrawRun) -> ResolvedRun {
        let mut ranges: Vec<Range<u32>> = Vec::new();
        for slot in run.slots.iter().filter(|slot| self.contains(**slot)) {
            let range = buffer.range(slot.0);
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ if range.is_empty() => {}
                _ => ranges.push(range),
            }
        }
        ResolvedRun {
            sorting: run.sorting,
            ranges,
        }
    }

    /// Few ranges that cover all visuals of the list: what else they cover draws nothing.
    fn resolve_unordered(&self, buffer: &InstanceBuffer<P>) -> Vec<Range<u32>> {
        let ranges = || self.slots.iter().map(|slot| buffer.range(*slot));
        let covered: u64 = ranges().map(|range| range.len() as u64).sum();
        if covered == 0 {
            return Vec::new();
        }
        if covered >= u64::from(buffer.end() / 2) {
            return std::iter::once(0..buffer.end()).collect();
        }
        let mut sorted: Vec<Range<u32>> = ranges().filter(|range| !range.is_empty()).collect();
        sorted.sort_unstable_by_key(|range| range.start);
        sorted.dedup_by(|next, kept| {
            let is_near = next.start <= kept.end.saturating_add(MERGE_GAP);
            if is_near {
                kept.end = next.end;
            }
            is_near
        });
        if sorted.len() > MAX_RANGES
            && let (Some(first), Some(last)) = (sorted.first(), sorted.last())
        {
            return std::iter::once(first.start..last.end).collect();
        }
        sorted
    }

    fn segment_of(&self, slot: u32) -> Option<u32> {
        self.table.get(slot as usize)?.checked_sub(1)
    }

    fn set_table(&mut self, slot: u32, entry: u32) {
        if let Some(place) = self.table.get_mut(slot as usize) {
            *place = entry;
            self.dirty_mut().table.add(slot..slot + 1);
        }
    }

    fn dirty_mut(&mut self) -> &mut Dirty {
        self.dirty.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Primitive> fmt::Debug for DrawList<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrawList")
            .field("primitive", &P::NAME)
            .field("buffer", &self.buffer)
            .field("blending", &self.blending)
            .field("visuals", &self.len())
            .finish_non_exhaustive()
    }
}
