//! The instances of a primitive, whatever the number of views that show them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bevy::ecs::component::Component;
use bevy::platform::collections::HashMap;
use bevy::render::sync_world::SyncToRenderWorld;

use super::alloc::RangeAllocator;
use super::dirty::DirtyRanges;
use super::primitive::Primitive;
use super::{BufferError, MemoryUse, VOID, next_version};

/// The place of a visual in an [`InstanceBuffer`]: what a [`DrawList`](crate::DrawList) refers to it by. Valid until its
/// last user removes the visual; then another may get the same slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(crate) u32);

/// Instances of one primitive, stored once for all views: a component of one entity per (primitive, whatever groups it).
///
/// A *visual* is a shared slice of instances. The buffer keeps the slice itself and sends its bytes to the GPU as they are;
/// the slot of each instance lies in a second vertex buffer. Nothing is drawn until a [`DrawList`](crate::DrawList) names
/// the slot.
///
/// A visual that is inserted again, the same slice in memory, is counted and not stored again: it goes with its last user.
///
/// Costs: `insert` and `replace` are O(instances) for a look at what is not finite, and O(log visuals); `remove` is
/// O(log visuals). When more than half of the buffer is gaps, the next call compacts it, and all is sent again.
///
/// ```
/// use chronoscope_render::{InstanceBuffer, PointInstance, pack_color};
///
/// let mut buffer = InstanceBuffer::<PointInstance>::default();
/// let red = PointInstance::new([0.0, 0.0, 0.0].into(), -4.0, pack_color([255, 0, 0, 255]));
/// let slot = buffer.insert(vec![red]).unwrap();
/// assert_eq!(buffer.len(), 1);
/// assert!(buffer.get(slot).is_some());
/// ```
#[derive(Component)]
#[require(SyncToRenderWorld)]
pub struct InstanceBuffer<P: Primitive> {
    visuals: Vec<Option<Visual<P>>>,
    num_visuals: usize,
    /// The visuals that are listed, by their addresses.
    by_address: HashMap<usize, u32>,
    /// Slots of visuals that are not listed: of those that are others in each frame nobody asks.
    unlisted: Vec<u32>,
    by_start: BTreeMap<u32, u32>,
    free_slots: Vec<u32>,
    ranges: RangeAllocator,
    layout_version: u64,
    /// Taken by the extraction, which sees the component by shared reference only. `&mut self` methods never block.
    dirty: Mutex<Dirty>,
    gpu_bytes: Arc<AtomicU64>,
}

/// What the GPU has not seen yet.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Places whose instances changed.
    pub(crate) instances: DirtyRanges,
    /// Places that belong to another slot.
    pub(crate) slots: DirtyRanges,
    /// Slots that start elsewhere.
    pub(crate) starts: DirtyRanges,
}

#[derive(Debug)]
struct Visual<P> {
    instances: Arc<[P]>,
    start: u32,
    users: u32,
    has_voids: bool,
    is_listed: bool,
}

/// The users of a visual, where all of them are about to show other instances in its place.
#[derive(Clone, Copy, Debug)]
pub struct AllUsers {
    /// How many they are.
    pub number: usize,
    /// Where the slice lies that they show so far, which is held meanwhile. One of them may have put another in its place by then, and
    /// the next have yet another.
    pub address: usize,
}

/// Why instances can be in the place of others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// They are there already.
    There,
    /// Nobody shows the others any longer.
    Free,
}

impl<P> Visual<P> {
    fn range(&self) -> Range<u32> {
        self.start..self.start + self.instances.len() as u32
    }
}

/// Below this many instances a buffer is not worth compacting.
pub(super) const COMPACT_FROM: u32 = 1024;

impl<P: Primitive> Default for InstanceBuffer<P> {
    fn default() -> Self {
        Self {
            visuals: Vec::new(),
            num_visuals: 0,
            by_address: HashMap::default(),
            unlisted: Vec::new(),
            by_start: BTreeMap::new(),
            free_slots: Vec::new(),
            ranges: RangeAllocator::default(),
            layout_version: next_version(),
            dirty: Mutex::default(),
            gpu_bytes: Arc::default(),
        }
    }
}

impl<P: Primitive> InstanceBuffer<P> {
    /// Adds a visual, or one more user of one that is there already.
    ///
    /// # Errors
    /// [`BufferError::Full`] if the buffer cannot index that many; it is unchanged then.
    pub fn insert(&mut self, instances: impl Into<Arc<[P]>>) -> Result<Slot, BufferError> {
        let instances = instances.into();
        if let Some(slot) = self.find(&instances)
            && let Some(visual) = self.visual_mut(slot)
        {
            visual.users += 1;
            return Ok(Slot(slot));
        }
        self.check_room(instances.len())?;
        let slot = self.take_slot()?;
        self.place(slot, instances);
        Ok(Slot(slot))
    }

    /// Shows one user of a visual another one: in its place, if nobody else uses it. Returns the slot of the new one.
    ///
    /// # Errors
    /// [`BufferError::Full`] if the buffer cannot index that many; it is unchanged then.
    pub fn replace(&mut self, slot: Slot, instances: impl Into<Arc<[P]>>) -> Result<Slot, BufferError> {
        let instances = instances.into();
        // What nobody else holds is not here, either.
        let is_here = Arc::strong_count(&instances) > 1 && self.find(&instances).is_some();
        if !is_here {
            match self.fits_in_place(slot, &instances, None) {
                Some(Fit::There) => return Ok(slot),
                Some(Fit::Free) => {
                    self.overwrite(slot.0, instances);
                    return Ok(slot);
                }
                None => {}
            }
        }
        let Some(visual) = self.visual(slot.0) else {
            return self.insert(instances);
        };
        if visual.users > 1 || is_here {
            let new = self.insert(instances)?;
            self.remove(slot);
            return Ok(new);
        }
        self.check_room(instances.len())?;
        self.vacate(slot.0);
        self.place(slot.0, instances);
        self.compact_if_sparse();
        Ok(slot)
    }

    /// Puts other instances in the place of as many of a visual, for one user who shows them from now on, or for `all` of them who are
    /// about to: each calls this. Not where the visual has other users, or the slice is here already: one that no more than two hold, its
    /// maker and who calls, is taken for new. Returns whether it did, or another one of them before: all that refers to the slot stays
    /// right.
    pub fn overwrite_in_place(&mut self, slot: Slot, instances: Arc<[P]>, all: Option<AllUsers>) -> bool {
        let fits = self.fits_in_place(slot, &instances, all);
        if fits == Some(Fit::Free) {
            self.overwrite(slot.0, instances);
        }
        fits.is_some()
    }

    /// Whether other instances can be put in the place of a visual; `None` where they cannot.
    fn fits_in_place(&mut self, slot: Slot, instances: &Arc<[P]>, all: Option<AllUsers>) -> Option<Fit> {
        let visual = self.visual(slot.0)?;
        if Arc::ptr_eq(&visual.instances, instances) {
            return Some(Fit::There);
        }
        // Of several, all are known only where the buffer and one other hold the slice, and none of them has put another one here.
        let are_all = |all: AllUsers| {
            visual.users as usize == all.number
                && visual.instances.as_ptr().addr() == all.address
                && Arc::strong_count(&visual.instances) <= 2
        };
        let is_shown_by_them = visual.users == 1 || all.is_some_and(are_all);
        if !is_shown_by_them || visual.instances.len() != instances.len() {
            return None;
        }
        let is_here = Arc::strong_count(instances) > 2 && self.find(instances).is_some();
        (!is_here).then_some(Fit::Free)
    }

    /// Takes a user from a visual, which goes with its last one. Returns whether it went.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let Some(visual) = self.visual_mut(slot.0) else {
            return false;
        };
        visual.users -= 1;
        if visual.users > 0 {
            return false;
        }
        self.vacate(slot.0);
        self.free_slots.push(slot.0);
        self.compact_if_sparse();
        true
    }

    /// The instances of a visual.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Arc<[P]>> {
        Some(&self.visual(slot.0)?.instances)
    }

    /// Instances held, over all visuals, each once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.used() as usize
    }

    /// Whether no visual has an instance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Visuals held, each once.
    #[must_use]
    pub fn visual_count(&self) -> usize {
        self.num_visuals
    }

    /// The memory in use. Cost: O(1).
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        let map_entry = size_of::<usize>() + size_of::<u32>();
        MemoryUse {
            shared_bytes: u64::from(self.ranges.used()) * size_of::<P>() as u64,
            own_bytes: (self.visuals.capacity() * size_of::<Option<Visual<P>>>()
                + self.free_slots.capacity() * size_of::<u32>()
                + self.unlisted.capacity() * size_of::<u32>()
                + self.by_address.capacity() * (map_entry + 1)
                + self.by_start.len() * 2 * size_of::<u32>()) as u64,
            gpu_bytes: self.gpu_bytes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn gpu_bytes(&self) -> &AtomicU64 {
        &self.gpu_bytes
    }

    /// The end of the last visual, gaps included.
    pub(crate) fn end(&self) -> u32 {
        self.ranges.end()
    }

    /// Another number whenever a visual came, went, or lies elsewhere. No two buffers share one.
    pub(crate) fn layout_version(&self) -> u64 {
        self.layout_version
    }

    /// Where the instances of a slot lie. Empty if there is no such visual.
    pub(crate) fn range(&self, slot: u32) -> Range<u32> {
        self.visual(slot).map_or(0..0, Visual::range)
    }

    /// The visuals that meet a range, in the order of the buffer: where each starts, its slot, and its instances.
    pub(crate) fn within(&self, range: Range<u32>) -> impl Iterator<Item = Stored<'_, P>> {
        let before = self.by_start.range(..range.start).next_back();
        let within = self.by_start.range(range.clone());
        before.into_iter().chain(within).filter_map(move |(start, slot)| {
            let visual = self.visual(*slot)?;
            let stored = Stored {
                start: *start,
                slot: *slot,
                instances: &visual.instances,
                has_voids: visual.has_voids,
            };
            stored.clipped(&range)
        })
    }

    /// Where each slot starts; nothing where there is none.
    pub(crate) fn starts(&self) -> impl Iterator<Item = u32> {
        self.visuals
            .iter()
            .map(|visual| visual.as_ref().map_or(0, |visual| visual.start))
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn dirty_mut(&mut self) -> &mut Dirty {
        self.dirty.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn visual(&self, slot: u32) -> Option<&Visual<P>> {
        self.visuals.get(slot as usize)?.as_ref()
    }

    fn visual_mut(&mut self, slot: u32) -> Option<&mut Visual<P>> {
        self.visuals.get_mut(slot as usize)?.as_mut()
    }

    /// The slot of a slice that is here. Cost: O(1), and what was overwritten since the last call.
    fn find(&mut self, instances: &Arc<[P]>) -> Option<u32> {
        for slot in self.unlisted.drain(..) {
            let visual = self.visuals.get_mut(slot as usize).and_then(Option::as_mut);
            if let Some(visual) = visual.filter(|visual| !visual.is_listed) {
                visual.is_listed = true;
                self.by_address.insert(address(&visual.instances), slot);
            }
        }
        self.by_address.get(&address(instances)).copied()
    }

    fn check_room(&self, requested: usize) -> Result<(), BufferError> {
        // One number is kept free, so that a range's end never overflows.
        let room = (u32::MAX - 1).saturating_sub(self.ranges.end());
        if u32::try_from(requested).is_ok_and(|count| count <= room) {
            Ok(())
        } else {
            Err(self.full(requested))
        }
    }

    fn full(&self, requested: usize) -> BufferError {
        BufferError::Full {
            primitive: P::NAME,
            present: u64::from(self.ranges.end()),
            requested: requested as u64,
        }
    }

    fn take_slot(&mut self) -> Result<u32, BufferError> {
        if let Some(slot) = self.free_slots.pop() {
            return Ok(slot);
        }
        let slot = u32::try_from(self.visuals.len())
            .ok()
            .filter(|slot| *slot < VOID - 1);
        let slot = slot.ok_or_else(|| self.full(1))?;
        self.visuals.push(None);
        Ok(slot)
    }

    /// Gives a visual a range. There is room, and the slot has none.
    fn place(&mut self, slot: u32, instances: Arc<[P]>) {
        let range = self.ranges.allocate(instances.len() as u32);
        self.by_address.insert(address(&instances), slot);
        if !range.is_empty() {
            self.by_start.insert(range.start, slot);
        }
        if let Some(place) = self.visuals.get_mut(slot as usize) {
            *place = Some(Visual {
                has_voids: has_voids(&instances),
                instances,
                start: range.start,
                users: 1,
                is_listed: true,
            });
            self.num_visuals += 1;
        }
        self.layout_version = next_version();
        let dirty = self.dirty_mut();
        dirty.instances.add(range.clone());
        dirty.slots.add(range);
        dirty.starts.add(slot..slot + 1);
    }

    /// Puts as many instances where others are. They are not here yet.
    fn overwrite(&mut self, slot: u32, instances: Arc<[P]>) {
        let now = has_voids(&instances);
        let Some(visual) = self.visual_mut(slot) else {
            return;
        };
        let range = visual.range();
        let before = std::mem::replace(&mut visual.has_voids, now);
        let was_listed = std::mem::replace(&mut visual.is_listed, false);
        let old = std::mem::replace(&mut visual.instances, instances);
        if was_listed {
            self.by_address.remove(&address(&old));
            self.unlisted.push(slot);
        }
        let dirty = self.dirty_mut();
        dirty.instances.add(range.clone());
        if before || now {
            dirty.slots.add(range);
        }
    }

    /// Gives the range of a visual back: the buffer shrinks if it was the last, and otherwise keeps a gap.
    fn vacate(&mut self, slot: u32) {
        let Some(visual) = self.visuals.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        self.num_visuals -= 1;
        let range = visual.range();
        if visual.is_listed {
            self.by_address.remove(&address(&visual.instances));
        }
        if !range.is_empty() {
            self.by_start.remove(&range.start);
        }
        self.ranges.free(range.clone());
        let end = self.ranges.end();
        self.layout_version = next_version();
        self.dirty_mut()
            .slots
            .add(range.start.min(end)..range.end.min(end));
    }

    /// Closes all gaps if they are more than half of the buffer. Visuals keep their order.
    fn compact_if_sparse(&mut self) {
        let end = self.ranges.end();
        if end < COMPACT_FROM || self.ranges.used() > end / 2 {
            return;
        }
        self.ranges = RangeAllocator::default();
        for slot in std::mem::take(&mut self.by_start).into_values() {
            if let Some(visual) = self.visuals.get_mut(slot as usize).and_then(Option::as_mut) {
                visual.start = self.ranges.allocate(visual.instances.len() as u32).start;
                self.by_start.insert(visual.start, slot);
            }
        }
        self.layout_version = next_version();
        let (end, slots) = (self.ranges.end(), self.visuals.len() as u32);
        let dirty = self.dirty_mut();
        *dirty = Dirty::default();
        dirty.instances.add(0..end);
        dirty.slots.add(0..end);
        dirty.starts.add(0..slots);
    }
}

/// A part of a visual, where it lies.
pub(crate) struct Stored<'a, P> {
    pub(crate) start: u32,
    pub(crate) slot: u32,
    pub(crate) instances: &'a [P],
    pub(crate) has_voids: bool,
}

impl<P> Stored<'_, P> {
    /// What lies within a range, if anything.
    fn clipped(mut self, range: &Range<u32>) -> Option<Self> {
        let end = self.start + self.instances.len() as u32;
        let clipped = self.start.max(range.start)..end.min(range.end);
        if clipped.is_empty() {
            return None;
        }
        let within = (clipped.start - self.start) as usize..(clipped.end - self.start) as usize;
        self.instances = self.instances.get(within)?;
        self.start = clipped.start;
        Some(self)
    }
}

impl<P: Primitive> fmt::Debug for InstanceBuffer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceBuffer")
            .field("primitive", &P::NAME)
            .field("visuals", &self.visual_count())
            .field("instances", &self.len())
            .finish_non_exhaustive()
    }
}

/// What tells a shared slice from others, as long as it is held.
fn address<P>(instances: &Arc<[P]>) -> usize {
    Arc::as_ptr(instances).cast::<P>() as usize
}

fn has_voids<P: Primitive>(instances: &[P]) -> bool {
    !instances.iter().all(Primitive::is_drawable)
}
