//! Names to small ids: timelines and components.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{CLEAR_COMPONENT, ComponentDescriptor, ComponentId, StoreError, Timeline, TimelineId};

/// The timelines and components that a store has seen. Ids are handed out in order and never taken back.
#[derive(Debug, Default)]
pub(crate) struct Names {
    timelines: Vec<Timeline>,
    timelines_by_name: Vec<TimelineId>,
    components: Vec<ComponentDescriptor>,
    component_ids: FxHashMap<Arc<str>, ComponentId>,
    /// The id of [`CLEAR_COMPONENT`], which is asked for with each chunk.
    pub(crate) clear: Option<ComponentId>,
}

impl Names {
    pub(crate) fn timeline_id(&self, name: &str) -> Option<TimelineId> {
        // There are few timelines: a scan is faster than a hash.
        self.timelines.iter().position(|timeline| &**timeline.name() == name).map(TimelineId::from_index)
    }

    pub(crate) fn timeline(&self, id: TimelineId) -> &Timeline {
        &self.timelines[id.index()]
    }

    pub(crate) fn timelines_by_name(&self) -> &[TimelineId] {
        &self.timelines_by_name
    }

    pub(crate) fn component_id(&self, name: &str) -> Option<ComponentId> {
        self.component_ids.get(name).copied()
    }

    pub(crate) fn descriptor(&self, id: ComponentId) -> &ComponentDescriptor {
        &self.components[id.index()]
    }

    pub(crate) fn num_components(&self) -> usize {
        self.components.len()
    }

    pub(crate) fn intern_timeline(&mut self, timeline: &Timeline) -> TimelineId {
        if let Some(id) = self.timeline_id(timeline.name()) {
            return id;
        }
        let id = TimelineId::from_index(self.timelines.len());
        let at = self.timelines_by_name.partition_point(|other| self.timelines[other.index()].name() < timeline.name());
        self.timelines_by_name.insert(at, id);
        self.timelines.push(timeline.clone());
        id
    }

    pub(crate) fn intern_component(&mut self, descriptor: &ComponentDescriptor) -> Result<ComponentId, StoreError> {
        if let Some(id) = self.component_ids.get(&descriptor.component) {
            return Ok(*id);
        }
        // The greatest id is taken: it stands for any component.
        if self.components.len() >= u32::MAX as usize {
            return Err(StoreError::Full { what: "component names" });
        }
        let id = ComponentId::from_index(self.components.len());
        self.component_ids.insert(Arc::clone(&descriptor.component), id);
        if &*descriptor.component == CLEAR_COMPONENT {
            self.clear = Some(id);
        }
        self.components.push(descriptor.clone());
        Ok(id)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.timelines.capacity() * size_of::<Timeline>()
            + self.timelines_by_name.capacity() * size_of::<TimelineId>()
            + self.components.capacity() * size_of::<ComponentDescriptor>()
            + self.component_ids.capacity() * (size_of::<(Arc<str>, ComponentId)>() + 1)
    }
}
