//! Extraction: dirty ranges go from the app's memory into GPU buffers that persist.

use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::With;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::math::Vec3;
use bevy::render::Extract;
use bevy::render::render_resource::{BindGroup, BindGroupEntries, BufferUsages, PipelineCache};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_component::SyncComponent;
use bevy::render::sync_world::RenderEntity;

use super::pipeline::InstancePipeline;
use crate::batch::{Blending, GpuSegment, InstanceBatch, Primitive};
use crate::buffers::{Gpu, GrowingBuffer};
use crate::stats::RenderStats;

/// A batch in the render world.
#[derive(Component)]
pub struct GpuBatch<P: Primitive> {
    pub(crate) blending: Blending,
    pub(crate) sort_center: Vec3,
    pub(crate) sort_bias: f32,
    pub(crate) instances: GrowingBuffer<P>,
    segments: GrowingBuffer<GpuSegment>,
    /// The segments, bound.
    pub(crate) bind_group: Option<BindGroup>,
}

impl<P: Primitive> SyncComponent for InstanceBatch<P> {
    type Target = GpuBatch<P>;
}

/// After the device was lost: what lived on it is made anew, and extraction uploads everything again.
pub(super) fn forget_batches<P: Primitive>(
    mut commands: Commands,
    batches: Query<Entity, With<GpuBatch<P>>>,
) {
    for batch in &batches {
        commands.entity(batch).remove::<GpuBatch<P>>();
    }
}

/// Uploads what changed, of batches of any visibility: the answer to 'what does the GPU hold' stays simple.
///
/// The bytes go straight from the main world's memory to the queue's staging memory, one copy in all.
pub(super) fn upload_batches<P: Primitive>(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline: Res<InstancePipeline<P>>,
    pipeline_cache: Res<PipelineCache>,
    batches: Extract<Query<(RenderEntity, &InstanceBatch<P>)>>,
    mut gpu_batches: Query<&mut GpuBatch<P>>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, batch) in &batches {
        let mut known = gpu_batches.get_mut(entity).ok();
        let mut new = known.is_none().then(GpuBatch::<P>::empty);
        let Some(target) = known.as_deref_mut().or(new.as_mut()) else {
            continue;
        };

        let dirty = batch.take_dirty();
        target.blending = batch.blending();
        (target.sort_center, target.sort_bias) = batch.sorting();
        target
            .instances
            .write(&gpu, batch.instances(), |len| dirty.instances.into_merged(len));
        let is_new_buffer = target
            .segments
            .write(&gpu, batch.segments(), |len| dirty.segments.into_merged(len));
        if is_new_buffer {
            target.bind_group = target.segments.buffer().map(|buffer| {
                device.create_bind_group(
                    P::NAME,
                    &pipeline_cache.get_bind_group_layout(&pipeline.segments_layout),
                    &BindGroupEntries::single(buffer.as_entire_binding()),
                )
            });
        }
        if let Some(new) = new {
            commands.entity(entity).insert(new);
        }
    }
}

impl<P: Primitive> GpuBatch<P> {
    fn empty() -> Self {
        Self {
            blending: Blending::Opaque,
            sort_center: Vec3::ZERO,
            sort_bias: 0.0,
            instances: GrowingBuffer::new(P::NAME, BufferUsages::VERTEX),
            segments: GrowingBuffer::new("segments", BufferUsages::STORAGE),
            bind_group: None,
        }
    }
}
