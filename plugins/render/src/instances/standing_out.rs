//! What of a list stands out, and where that lies in the buffer.

use std::ops::Range;

use bevy::platform::collections::HashMap;

use super::buffer::{InstanceBuffer, Slot};
use super::next_version;
use super::primitive::Primitive;
use super::segment::{Highlight, SegmentUniform};
use super::selected::InstanceSet;

/// How much of a visual stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// Logical instances by themselves.
    Instances {
        hovered: Option<u32>,
        selected: InstanceSet,
    },
}

impl Extent {
    fn of(uniform: &SegmentUniform) -> Option<Self> {
        if uniform.highlight != Highlight::None {
            return Some(Self::Whole);
        }
        uniform.has_highlight().then(|| Self::Instances {
            hovered: uniform.hovered_instance,
            selected: uniform.selected_instances.clone(),
        })
    }
}

/// The visuals of a list that stand out. Empty, and without memory, where none does.
#[derive(Debug, Default)]
pub(super) struct StandingOut {
    by_slot: HashMap<u32, Extent>,
    version: u64,
}

impl StandingOut {
    /// Another number whenever something else stands out; zero where nothing ever did.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Follows the uniform of a visual. Cost: O(1), O(selected instances) where it stands out.
    pub(super) fn set(&mut self, slot: Slot, uniform: &SegmentUniform) {
        match Extent::of(uniform) {
            Some(extent) if self.by_slot.get(&slot.0) == Some(&extent) => {}
            Some(extent) => {
                self.by_slot.insert(slot.0, extent);
                self.version = next_version();
            }
            None => self.remove(slot),
        }
    }

    /// Lets go of a visual.
    pub(super) fn remove(&mut self, slot: Slot) {
        if self.by_slot.remove(&slot.0).is_some() {
            self.version = next_version();
            if self.by_slot.is_empty() {
                self.by_slot = HashMap::default();
            }
        }
    }

    /// Where what stands out lies, in the order of the buffer. Of a visual whose logical instances are its instances, these
    /// alone; of others all.
    pub(super) fn ranges<P: Primitive>(&self, buffer: &InstanceBuffer<P>) -> Vec<Range<u32>> {
        let mut ranges = Vec::new();
        for (slot, extent) in &self.by_slot {
            let visual = buffer.range(*slot);
            match extent {
                Extent::Instances { hovered, selected } if P::CAN_BE_THINNED => {
                    let instances = selected.as_slice().iter().chain(hovered);
                    let places = instances.filter_map(|instance| visual.start.checked_add(*instance));
                    let places = places.filter(|place| visual.contains(place));
                    ranges.extend(places.map(|place| place..place + 1));
                }
                Extent::Instances { .. } | Extent::Whole => ranges.push(visual),
            }
        }
        ranges.retain(|range| !range.is_empty());
        ranges.sort_unstable_by_key(|range| range.start);
        ranges
    }

    pub(super) fn bytes(&self) -> usize {
        self.by_slot.capacity() * size_of::<(u32, Extent)>()
    }
}
