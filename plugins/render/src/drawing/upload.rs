//! Extraction: dirty ranges go from the app's memory into GPU buffers that persist.

use std::ops::Range;
use std::sync::atomic::Ordering;

use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::lifecycle::RemovedComponents;
use bevy::ecs::query::With;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::render::Extract;
use bevy::render::render_resource::BufferUsages;
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::RenderEntity;

use crate::buffers::{Gpu, GrowingBuffer};
use crate::instances::{InstanceBuffer, Primitive, Stored, VOID};
use crate::stats::RenderStats;

/// A buffer of instances in the render world.
#[derive(Component)]
pub(crate) struct GpuInstances<P: Primitive> {
    pub(super) instances: GrowingBuffer<P>,
    /// The slot of each instance.
    pub(super) slots: GrowingBuffer<u32>,
    /// Where the instances of each slot start.
    pub(super) starts: GrowingBuffer<u32>,
}

/// After the device was lost: what lived on it is made anew, and extraction uploads everything again.
pub(crate) fn forget<C: Component>(mut commands: Commands, entities: Query<Entity, With<C>>) {
    for entity in &entities {
        commands.entity(entity).remove::<C>();
    }
}

/// What a component of the main world made in the render world goes with it.
pub(crate) fn remove_with<M: Component, C: Component>(
    mut commands: Commands,
    mut removed: Extract<RemovedComponents<M>>,
    entities: Extract<Query<RenderEntity>>,
    present: Extract<Query<(), With<M>>>,
) {
    for entity in removed.read() {
        if !present.contains(entity)
            && let Ok(entity) = entities.get(entity)
        {
            commands.entity(entity).remove::<C>();
        }
    }
}

/// Uploads what changed, whether or not anyone draws it: the answer to 'what does the GPU hold' stays simple.
///
/// The bytes go straight from the visuals' memory to the queue's staging memory; small neighbors are sent together.
pub(super) fn upload_instances<P: Primitive>(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    buffers: Extract<Query<(RenderEntity, &InstanceBuffer<P>)>>,
    mut known: Query<&mut GpuInstances<P>>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, buffer) in &buffers {
        if let Ok(mut target) = known.get_mut(entity) {
            target.upload(&gpu, buffer);
        } else {
            let mut new = GpuInstances::<P>::empty();
            new.upload(&gpu, buffer);
            commands.entity(entity).insert(new);
        }
    }
}

impl<P: Primitive> GpuInstances<P> {
    fn empty() -> Self {
        Self {
            instances: GrowingBuffer::new(P::NAME, BufferUsages::VERTEX),
            slots: GrowingBuffer::new("slots", BufferUsages::VERTEX),
            starts: GrowingBuffer::new("starts", BufferUsages::STORAGE),
        }
    }

    fn upload(&mut self, gpu: &Gpu<'_>, buffer: &InstanceBuffer<P>) {
        let dirty = buffer.take_dirty();
        let end = buffer.end() as usize;
        if self.instances.reserve(gpu, end) {
            self.send_instances(gpu, buffer, 0..self.instances.len());
        } else {
            for range in dirty.instances.into_merged(self.instances.len()) {
                self.send_instances(gpu, buffer, range);
            }
        }
        if self.slots.reserve(gpu, end) {
            self.send_slots(gpu, buffer, 0..self.slots.len());
        } else {
            for range in dirty.slots.into_merged(self.slots.len()) {
                self.send_slots(gpu, buffer, range);
            }
        }
        if !dirty.starts.is_empty() || self.starts.buffer().is_none() {
            let starts: Vec<u32> = buffer.starts().collect();
            self.starts
                .write(gpu, &starts, |len| dirty.starts.into_merged(len));
        }
        let bytes = self.instances.bytes() + self.slots.bytes() + self.starts.bytes();
        buffer.gpu_bytes().store(bytes, Ordering::Relaxed);
    }

    fn send_instances(&self, gpu: &Gpu<'_>, buffer: &InstanceBuffer<P>, range: Range<u32>) {
        let mut staging = Staging::new(gpu, &self.instances);
        for stored in buffer.within(range) {
            staging.push(stored.start, stored.instances);
        }
        staging.flush();
    }

    fn send_slots(&self, gpu: &Gpu<'_>, buffer: &InstanceBuffer<P>, range: Range<u32>) {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + SLOTS_AT_ONCE);
            let mut slots = vec![VOID; (end - start) as usize];
            for stored in buffer.within(start..end) {
                write_slots(&mut slots, start, &stored);
            }
            self.slots.send(gpu, start, &slots);
            start = end;
        }
    }
}

/// Slots that are made and sent in one piece: a megabyte.
const SLOTS_AT_ONCE: u32 = 1 << 18;

fn write_slots<P: Primitive>(slots: &mut [u32], from: u32, stored: &Stored<'_, P>) {
    let start = (stored.start - from) as usize;
    let Some(place) = slots.get_mut(start..start + stored.instances.len()) else {
        debug_assert!(false, "a visual is clipped to the range that was asked for");
        return;
    };
    if stored.has_voids {
        for (slot, _) in place
            .iter_mut()
            .zip(stored.instances)
            .filter(|(_, instance)| instance.is_drawable())
        {
            *slot = stored.slot;
        }
    } else {
        place.fill(stored.slot);
    }
}

/// Instances of small visuals that are sent together.
struct Staging<'a, P> {
    gpu: &'a Gpu<'a>,
    target: &'a GrowingBuffer<P>,
    start: u32,
    instances: Vec<P>,
}

/// Bytes from which on a visual is sent alone, and up to which others are gathered.
const SEND_ALONE_BYTES: usize = 1 << 16;

impl<'a, P: Primitive> Staging<'a, P> {
    fn new(gpu: &'a Gpu<'a>, target: &'a GrowingBuffer<P>) -> Self {
        Self {
            gpu,
            target,
            start: 0,
            instances: Vec::new(),
        }
    }

    fn push(&mut self, start: u32, instances: &[P]) {
        let end = self.start as usize + self.instances.len();
        let bytes = size_of_val(self.instances.as_slice()) + size_of_val(instances);
        if end != start as usize || bytes >= SEND_ALONE_BYTES {
            self.flush();
        }
        if size_of_val(instances) >= SEND_ALONE_BYTES {
            self.target.send(self.gpu, start, instances);
            return;
        }
        if self.instances.is_empty() {
            self.start = start;
        }
        self.instances.extend_from_slice(instances);
    }

    fn flush(&mut self) {
        self.target.send(self.gpu, self.start, &self.instances);
        self.instances.clear();
    }
}
