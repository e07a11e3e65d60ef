//! Which instances of a segment are selected, and how the GPU reads them.

use std::sync::Arc;

use bevy::platform::collections::HashMap;

use super::Slot;
use super::dirty::DirtyRanges;

/// Logical instances of a segment, ascending. Cloning shares them; none at all take no memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceSet(Option<Arc<[u32]>>);

impl InstanceSet {
    /// No instances.
    pub const EMPTY: Self = Self(None);

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether an instance is in it. O(log instances).
    #[must_use]
    pub fn contains(&self, instance: u32) -> bool {
        self.as_slice().binary_search(&instance).is_ok()
    }

    /// The instances, ascending, each once.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<u32> for InstanceSet {
    fn from_iter<I: IntoIterator<Item = u32>>(instances: I) -> Self {
        let mut sorted: Vec<u32> = instances.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self((!sorted.is_empty()).then(|| sorted.into()))
    }
}

/// The sets of the segments of a list, one behind the other: for each its length, then its instances. The GPU searches them.
#[derive(Debug, Default)]
pub(super) struct SelectedInstances {
    words: Vec<u32>,
    /// Where the set of a slot starts.
    starts: HashMap<u32, u32>,
    /// Words of sets that are gone.
    num_dead: usize,
}

/// With more words of sets that are gone than this, and than words in use, they are given back.
const COMPACT_FROM: usize = 256;

impl SelectedInstances {
    /// Sets the instances of a slot. Returns where its set starts plus one, or zero where it is empty. Cost: O(instances).
    pub(super) fn set(&mut self, slot: Slot, set: &InstanceSet, dirty: &mut DirtyRanges) -> u32 {
        let instances = set.as_slice();
        if let Some(start) = self.starts.get(&slot.0) {
            if self.set_at(*start) == instances {
                return start + 1;
            }
            self.remove(slot);
        }
        if instances.is_empty() {
            return 0;
        }
        // A list that is full up to what a `u32` can index highlights no more.
        let len = self.words.len() + 1 + instances.len();
        let (Ok(start), Ok(end)) = (u32::try_from(self.words.len()), u32::try_from(len)) else {
            return 0;
        };
        self.words.push(instances.len() as u32);
        self.words.extend_from_slice(instances);
        dirty.add(start..end);
        self.starts.insert(slot.0, start);
        start + 1
    }

    /// Lets go of the set of a slot.
    pub(super) fn remove(&mut self, slot: Slot) {
        if let Some(start) = self.starts.remove(&slot.0) {
            self.num_dead += 1 + self.set_at(start).len();
        }
        if self.starts.is_empty() {
            *self = Self::default();
        }
    }

    /// Gives words back where most are of sets that are gone. Returns the slots whose sets start elsewhere now, each with what
    /// [`Self::set`] would return.
    pub(super) fn compact(&mut self, dirty: &mut DirtyRanges) -> Vec<(Slot, u32)> {
        if self.num_dead <= COMPACT_FROM.max(self.words.len() / 2) {
            return Vec::new();
        }
        let mut words = Vec::with_capacity(self.words.len() - self.num_dead);
        let mut moved = Vec::with_capacity(self.starts.len());
        for (slot, start) in &mut self.starts {
            let end = *start as usize + 1 + self.words[*start as usize] as usize;
            let new_start = words.len() as u32;
            words.extend_from_slice(&self.words[*start as usize..end]);
            *start = new_start;
            moved.push((Slot(*slot), new_start + 1));
        }
        dirty.add(0..words.len() as u32);
        (self.words, self.num_dead) = (words, 0);
        moved
    }

    pub(super) fn words(&self) -> &[u32] {
        &self.words
    }

    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u32>() + self.starts.capacity() * size_of::<(u32, u32)>()
    }

    fn set_at(&self, start: u32) -> &[u32] {
        let start = start as usize;
        let len = self.words.get(start).map_or(0, |len| *len as usize);
        self.words.get(start + 1..start + 1 + len).unwrap_or_default()
    }
}
