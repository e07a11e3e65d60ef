//! Names to small ids: timelines and components.

use std::sync::Arc;

use arrow_schema::DataType;
use rustc_hash::FxHashMap;

use crate::{
    CLEAR_COMPONENT, ComponentDescriptor, ComponentId, StoreError, Timeline, TimelineId,
    footprint::{table_bytes, text_bytes},
};

/// The greatest number of types of one component that are told apart.
const MAX_TYPES: usize = 32;

/// The timelines and components that a store has seen. Ids are handed out in order and never taken back.
#[derive(Debug, Default)]
pub(crate) struct Names {
    timelines: Vec<Timeline>,
    timeline_ids: FxHashMap<Arc<str>, TimelineId>,
    timelines_by_name: Vec<TimelineId>,
    components: Vec<ComponentDescriptor>,
    component_ids: FxHashMap<Arc<str>, ComponentId>,
    component_filter: NameFilter,
    /// Per component the types that its values come in.
    types: Vec<Vec<DataType>>,
    type_bytes: usize,
    /// The bytes of all names.
    text_bytes: usize,
    /// The id of [`CLEAR_COMPONENT`], which is asked for with each chunk.
    pub(crate) clear: Option<ComponentId>,
}

/// Tells of most names that are not among some that they are not, without looking any of these up.
#[derive(Debug, Default)]
struct NameFilter {
    /// A bit is set where some name has it.
    bits: [u64; NAME_FILTER_BITS / 64],
}

/// Of a hundred names, the usual number, one in ten has the bit of another.
const NAME_FILTER_BITS: usize = 1024;

impl NameFilter {
    fn add(&mut self, name: &str) {
        let bit = Self::bit_of(name);
        self.bits[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn may_have(&self, name: &str) -> bool {
        let bit = Self::bit_of(name);
        self.bits[bit / 64] >> (bit % 64) & 1 != 0
    }

    /// Of the last letters and the length, which together tell `Points3D:colors` both from `Boxes3D:colors` and from `Points3D:radii`.
    #[inline]
    fn bit_of(name: &str) -> usize {
        let bytes = name.as_bytes();
        let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        // Multiplying by the golden ratio mixes into the uppermost bits, as in Knuth's Fibonacci hashing.
        let mixed = (last ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - NAME_FILTER_BITS.ilog2())) as usize
    }
}

impl Names {
    pub(crate) fn timeline_id(&self, name: &str) -> Option<TimelineId> {
        self.timeline_ids.get(name).copied()
    }

    pub(crate) fn timeline(&self, id: TimelineId) -> &Timeline {
        &self.timelines[id.index()]
    }

    pub(crate) fn timelines_by_name(&self) -> &[TimelineId] {
        &self.timelines_by_name
    }

    /// Cost: most names that the store has not seen are told at a glance. Visualizers ask for many.
    #[inline]
    pub(crate) fn component_id(&self, name: &str) -> Option<ComponentId> {
        if !self.component_filter.may_have(name) {
            return None;
        }
        self.component_ids.get(name).copied()
    }

    pub(crate) fn descriptor(&self, id: ComponentId) -> &ComponentDescriptor {
        &self.components[id.index()]
    }

    /// The name of a component; `None` for an id that is not of this store.
    pub(crate) fn component_name(&self, id: ComponentId) -> Option<&Arc<str>> {
        self.components
            .get(id.index())
            .map(|descriptor| &descriptor.component)
    }

    pub(crate) fn intern_timeline(&mut self, timeline: &Timeline) -> TimelineId {
        if let Some(id) = self.timeline_id(timeline.name()) {
            return id;
        }
        let id = TimelineId::from_index(self.timelines.len());
        let at = self
            .timelines_by_name
            .partition_point(|other| self.timelines[other.index()].name() < timeline.name());
        self.timelines_by_name.insert(at, id);
        self.timeline_ids.insert(Arc::clone(timeline.name()), id);
        self.text_bytes += text_bytes(timeline.name());
        self.timelines.push(timeline.clone());
        id
    }

    pub(crate) fn intern_component(
        &mut self,
        descriptor: &ComponentDescriptor,
    ) -> Result<ComponentId, StoreError> {
        if let Some(id) = self.component_ids.get(&descriptor.component) {
            return Ok(*id);
        }
        // The greatest id is taken: it stands for any component.
        if self.components.len() >= u32::MAX as usize {
            return Err(StoreError::Full {
                what: "component names",
            });
        }
        let id = ComponentId::from_index(self.components.len());
        self.component_ids.insert(Arc::clone(&descriptor.component), id);
        self.component_filter.add(&descriptor.component);
        if &*descriptor.component == CLEAR_COMPONENT {
            self.clear = Some(id);
        }
        let ComponentDescriptor {
            component,
            archetype,
            component_type,
        } = descriptor;
        let others = [archetype, component_type].into_iter().flatten();
        self.text_bytes += text_bytes(component) + others.map(|name| text_bytes(name)).sum::<usize>();
        self.components.push(descriptor.clone());
        Ok(id)
    }

    /// A number for a type of a component's values, so that two columns are compared without the types themselves.
    ///
    /// `None` where the component has come in [`MAX_TYPES`] other types: its chunks are not merged then.
    pub(crate) fn type_number(&mut self, component: ComponentId, data_type: &DataType) -> Option<u32> {
        if self.types.len() <= component.index() {
            self.types.resize_with(component.index() + 1, Vec::new);
        }
        let types = self.types.get_mut(component.index())?;
        let at = match types.iter().position(|other| other == data_type) {
            Some(at) => at,
            None if types.len() >= MAX_TYPES => return None,
            None => {
                let before = types.capacity();
                types.push(data_type.clone());
                // Its own place is counted with the others.
                let described = data_type.size() - size_of::<DataType>();
                self.type_bytes += (types.capacity() - before) * size_of::<DataType>() + described;
                types.len() - 1
            }
        };
        Some(at as u32)
    }

    /// Whether a type of a component's values is the one with this number.
    pub(crate) fn is_type(&self, component: ComponentId, number: u32, data_type: &DataType) -> bool {
        self.types
            .get(component.index())
            .and_then(|types| types.get(number as usize))
            .is_some_and(|known| known == data_type)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.timelines.capacity() * size_of::<Timeline>()
            + table_bytes::<(Arc<str>, TimelineId)>(self.timeline_ids.capacity())
            + self.timelines_by_name.capacity() * size_of::<TimelineId>()
            + self.components.capacity() * size_of::<ComponentDescriptor>()
            + self.types.capacity() * size_of::<Vec<DataType>>()
            + self.type_bytes
            + table_bytes::<(Arc<str>, ComponentId)>(self.component_ids.capacity())
            + self.text_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_others_there_are() {
        let name = |at: usize| match at % 3 {
            0 => at.to_string(),
            1 => format!("Points3D:{at}"),
            _ => format!("ä:{at}:colors"),
        };
        let mut names = Names::default();
        assert_eq!(names.component_id(""), None);
        for at in 0..3_000 {
            assert_eq!(names.component_id(&name(at)), None, "{at}");
            let id = names.intern_component(&ComponentDescriptor::partial(name(at)));
            assert_eq!(names.component_id(&name(at)), id.ok());
        }
        for at in 0..3_000 {
            assert_eq!(names.component_id(&name(at)).map(ComponentId::index), Some(at));
        }
        assert_eq!(names.component_id("Points3D:3000"), None);
    }
}
