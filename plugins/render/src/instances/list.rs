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
use super::segment::{GpuSegment, SegmentTransform, SegmentUniform};
use super::selected::SelectedInstances;
use super::sizes::{SizedRange, by_size};
use super::standing_out::StandingOut;
use super::{MemoryUse, VOID, next_version};

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
/// Costs: `insert`, `replace`, `set_uniform`, `set_transform` and `remove` are O(1), and send 96 and 4 bytes per visual, and 4 for
/// each selected instance. After visuals came or went, in the list or in
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
    runs: Option<Runs>,
    /// The position of each slot's segment plus one, or zero: what the GPU has not been told is nothing.
    table: Vec<u32>,
    segments: Vec<GpuSegment>,
    /// The slot of each segment.
    slots: Vec<u32>,
    selected: SelectedInstances,
    standing_out: StandingOut,
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
    pub(crate) selected: DirtyRanges,
}

/// The runs of a list, one after the other.
#[derive(Debug, Default)]
struct Runs {
    /// How each run is sorted, and where it ends in `slots`.
    ends: Vec<(Sorting, u32)>,
    slots: Vec<Slot>,
    /// The position of each slot in `slots` plus one, or zero.
    places: Vec<u32>,
}

impl Runs {
    fn new(runs: &[DrawRun]) -> Self {
        let mut new = Self::default();
        for run in runs {
            new.slots.extend_from_slice(&run.slots);
            new.ends.push((run.sorting, new.slots.len() as u32));
        }
        let num_places = new.slots.iter().max().map_or(0, |slot| slot.0 as usize + 1);
        new.places.resize(num_places, 0);
        for (at, slot) in new.slots.iter().enumerate() {
            new.places[slot.0 as usize] = at as u32 + 1;
        }
        new
    }

    fn is_equal(&self, runs: &[DrawRun]) -> bool {
        self.ends.len() == runs.len()
            && self
                .iter()
                .zip(runs)
                .all(|((sorting, slots), run)| sorting == run.sorting && *slots == run.slots)
    }

    fn iter(&self) -> impl Iterator<Item = (Sorting, &[Slot])> {
        let mut start = 0;
        self.ends.iter().map(move |(sorting, end)| {
            let slots = self.slots.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            (*sorting, slots)
        })
    }

    /// Puts a slot where another one is.
    fn replace(&mut self, before: Slot, slot: Slot) {
        let Some(place) = self.places.get_mut(before.0 as usize).filter(|place| **place > 0) else {
            return;
        };
        let at = std::mem::take(place);
        if let Some(known) = self.slots.get_mut(at as usize - 1) {
            *known = slot;
        }
        if self.places.len() <= slot.0 as usize {
            self.places.resize(slot.0 as usize + 1, 0);
        }
        self.places[slot.0 as usize] = at;
    }

    /// Takes a slot out, which leaves a gap.
    fn remove(&mut self, slot: Slot) {
        if let Some(place) = self.places.get_mut(slot.0 as usize)
            && let Some(known) = std::mem::take(place)
                .checked_sub(1)
                .and_then(|at| self.slots.get_mut(at as usize))
        {
            *known = Slot(VOID);
        }
    }

    fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<(Sorting, u32)>()
            + self.slots.capacity() * size_of::<Slot>()
            + self.places.capacity() * size_of::<u32>()
    }
}

/// A run as ranges of the buffer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ResolvedRun {
    pub(crate) sorting: Sorting,
    pub(crate) ranges: Vec<Range<u32>>,
    /// The visuals themselves by their size, where some of their instances may be left out; empty otherwise.
    pub(crate) by_size: Vec<SizedRange>,
}

impl ResolvedRun {
    /// Instances in all ranges.
    pub(crate) fn num_instances(&self) -> u64 {
        self.ranges.iter().map(|range| range.len() as u64).sum()
    }
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
            selected: SelectedInstances::default(),
            standing_out: StandingOut::default(),
            version: next_version(),
            dirty: Mutex::default(),
            gpu_bytes: Arc::default(),
            primitive: PhantomData,
        }
    }

    /// In which order a translucent list is drawn. A visual that no run names is not drawn. `None` is the order of the buffer, all
    /// together at the distance of the world's origin.
    ///
    /// Precondition: no slot stands in them twice. Cost: O(visuals).
    pub fn set_runs(&mut self, runs: Option<&[DrawRun]>) {
        let is_equal = match (&self.runs, runs) {
            (Some(known), Some(runs)) => known.is_equal(runs),
            (known, runs) => known.is_none() && runs.is_none(),
        };
        if !is_equal {
            self.runs = runs.map(Runs::new);
            self.version = next_version();
        }
    }

    /// Draws a visual, or draws it in another way.
    pub fn insert(&mut self, slot: Slot, uniform: SegmentUniform) {
        if self.contains(slot) {
            self.set_uniform(slot, uniform);
            return;
        }
        let segment = self.segments.len() as u32;
        self.reserve_table(slot);
        self.set_table(slot.0, segment + 1);
        let packed = self.pack(slot, &uniform);
        self.segments.push(packed);
        self.slots.push(slot.0);
        self.dirty_mut().segments.add(segment..segment + 1);
        self.compact_selected();
        self.version = next_version();
    }

    /// Draws a visual in place of another one, also in the order of the runs. Where the list does not hold that one, or holds both,
    /// as [`Self::remove`] and [`Self::insert`].
    pub fn replace(&mut self, before: Slot, slot: Slot, uniform: SegmentUniform) {
        if before == slot || self.contains(slot) || !self.contains(before) {
            if before != slot {
                self.remove(before);
            }
            self.insert(slot, uniform);
            return;
        }
        let Some(segment) = self.segment_of(before.0) else {
            return;
        };
        self.set_table(before.0, 0);
        self.selected.remove(before);
        self.standing_out.remove(before);
        self.reserve_table(slot);
        self.set_table(slot.0, segment + 1);
        if let Some(place) = self.slots.get_mut(segment as usize) {
            *place = slot.0;
        }
        if let Some(runs) = &mut self.runs {
            runs.replace(before, slot);
        }
        self.set_uniform(slot, uniform);
        self.version = next_version();
    }

    /// Moves, tints or highlights a visual. Returns whether the list holds it. An equal uniform costs no upload.
    pub fn set_uniform(&mut self, slot: Slot, uniform: SegmentUniform) -> bool {
        let Some(segment) = self.segment_of(slot.0) else {
            return false;
        };
        let packed = self.pack(slot, &uniform);
        if let Some(place) = self.segments.get_mut(segment as usize)
            && *place != packed
        {
            *place = packed;
            self.dirty_mut().segments.add(segment..segment + 1);
        }
        self.compact_selected();
        true
    }

    /// Moves a visual, which is otherwise drawn as before. Returns whether the list holds it. Costs no upload where it is there already.
    pub fn set_transform(&mut self, slot: Slot, transform: &SegmentTransform) -> bool {
        let Some(segment) = self.segment_of(slot.0) else {
            return false;
        };
        if let Some(place) = self.segments.get_mut(segment as usize)
            && place.set_transform(transform)
        {
            self.dirty_mut().segments.add(segment..segment + 1);
        }
        true
    }

    /// Where the visuals of the list are, in no order.
    pub fn transforms(&self) -> impl Iterator<Item = SegmentTransform> {
        self.segments.iter().map(GpuSegment::transform)
    }

    /// No longer draws a visual. Returns whether the list held it.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let Some(segment) = self.segment_of(slot.0) else {
            return false;
        };
        if let Some(runs) = &mut self.runs {
            runs.remove(slot);
        }
        self.selected.remove(slot);
        self.standing_out.remove(slot);
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

    /// The memory in use. Cost: O(1).
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        MemoryUse {
            shared_bytes: 0,
            own_bytes: (self.table.capacity() * size_of::<u32>()
                + self.slots.capacity() * size_of::<u32>()
                + self.segments.capacity() * size_of::<GpuSegment>()
                + self.selected.bytes()
                + self.standing_out.bytes()
                + self.runs.as_ref().map_or(0, Runs::bytes)) as u64,
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

    /// The selected instances of all segments, as segments refer to them.
    pub(crate) fn selected(&self) -> &[u32] {
        self.selected.words()
    }

    /// Another number whenever visuals came or went, or their order changed. No two lists share one.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Another number whenever something else stands out, and zero where nothing ever did.
    pub(crate) fn standing_out_version(&self) -> u64 {
        self.standing_out.version()
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The runs as ranges of the buffer.
    pub(crate) fn resolve(&self, buffer: &InstanceBuffer<P>) -> Vec<ResolvedRun> {
        if let (Some(runs), Blending::Translucent) = (&self.runs, self.blending) {
            let runs = runs.iter();
            return runs
                .map(|(sorting, slots)| ResolvedRun {
                    sorting,
                    ranges: self.resolve_run(buffer, slots),
                    by_size: if P::CAN_BE_THINNED {
                        let held = slots.iter().filter(|slot| self.contains(**slot));
                        by_size(held.map(|slot| buffer.range(slot.0)), 0)
                    } else {
                        Vec::new()
                    },
                })
                .collect();
        }
        vec![ResolvedRun {
            sorting: Sorting::default(),
            ranges: self.resolve_unordered(buffer),
            by_size: if P::CAN_BE_THINNED {
                by_size(self.sorted_ranges(buffer).into_iter(), MERGE_GAP)
            } else {
                Vec::new()
            },
        }]
    }

    /// What stands out, as few ranges of the buffer: what else they cover has no outline.
    pub(crate) fn resolve_outlined(&self, buffer: &InstanceBuffer<P>) -> ResolvedRun {
        let sorted = self.standing_out.ranges(buffer);
        ResolvedRun {
            sorting: Sorting::default(),
            by_size: if P::CAN_BE_THINNED {
                by_size(sorted.iter().cloned(), MERGE_GAP)
            } else {
                Vec::new()
            },
            ranges: merged(sorted),
        }
    }

    /// Ranges in the order of a run, merged where one follows on the other.
    fn resolve_run(&self, buffer: &InstanceBuffer<P>, slots: &[Slot]) -> Vec<Range<u32>> {
        let mut ranges: Vec<Range<u32>> = Vec::new();
        for slot in slots.iter().filter(|slot| self.contains(**slot)) {
            let range = buffer.range(slot.0);
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ if range.is_empty() => {}
                _ => ranges.push(range),
            }
        }
        ranges
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
        merged(self.sorted_ranges(buffer))
    }

    /// Where the visuals of the list lie, in the order of the buffer.
    fn sorted_ranges(&self, buffer: &InstanceBuffer<P>) -> Vec<Range<u32>> {
        let ranges = self.slots.iter().map(|slot| buffer.range(*slot));
        let mut sorted: Vec<Range<u32>> = ranges.filter(|range| !range.is_empty()).collect();
        sorted.sort_unstable_by_key(|range| range.start);
        sorted
    }

    fn segment_of(&self, slot: u32) -> Option<u32> {
        self.table.get(slot as usize)?.checked_sub(1)
    }

    fn pack(&mut self, slot: Slot, uniform: &SegmentUniform) -> GpuSegment {
        self.standing_out.set(slot, uniform);
        let dirty = self.dirty.get_mut().unwrap_or_else(PoisonError::into_inner);
        let selected = self
            .selected
            .set(slot, &uniform.selected_instances, &mut dirty.selected);
        GpuSegment::new(uniform, selected)
    }

    /// Gives back what sets of selected instances left behind. Cost: amortized by the sets that are gone.
    fn compact_selected(&mut self) {
        let dirty = self.dirty.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (slot, selected) in self.selected.compact(&mut dirty.selected) {
            let segment = self.table.get(slot.0 as usize).and_then(|at| at.checked_sub(1));
            if let Some(segment) = segment
                && let Some(place) = self.segments.get_mut(segment as usize)
            {
                *place = place.with_selected(selected);
                dirty.segments.add(segment..segment + 1);
            }
        }
    }

    fn reserve_table(&mut self, slot: Slot) {
        if self.table.len() <= slot.0 as usize {
            let before = self.table.len() as u32;
            self.table.resize(slot.0 as usize + 1, 0);
            self.dirty_mut().table.add(before..slot.0);
        }
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

/// Few ranges that cover all of these, which are in order.
fn merged(mut sorted: Vec<Range<u32>>) -> Vec<Range<u32>> {
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
