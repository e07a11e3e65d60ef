//! Extraction and binding of draw lists.

use std::sync::atomic::Ordering;

use bevy::camera::visibility::{InheritedVisibility, RenderLayers};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::render::Extract;
use bevy::render::render_resource::{BindGroup, BindGroupEntries, BufferId, BufferUsages, PipelineCache};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::RenderEntity;

use super::pipeline::InstancePipeline;
use super::upload::GpuInstances;
use crate::buffers::{Gpu, GrowingBuffer};
use crate::instances::{Blending, DrawList, GpuSegment, InstanceBuffer, Primitive, ResolvedRun};
use crate::stats::RenderStats;

/// Stands for what of a list stands out, among its runs.
pub(crate) const OUTLINED_RUN: u32 = u32::MAX - 1;

/// A draw list in the render world.
#[derive(Component)]
pub(crate) struct GpuDrawList<P: Primitive> {
    pub(crate) blending: Blending,
    pub(crate) runs: Vec<ResolvedRun>,
    /// What stands out.
    pub(crate) outlined: ResolvedRun,
    /// The entity of the render world that has the instances.
    pub(crate) buffer: Entity,
    pub(crate) layers: RenderLayers,
    pub(crate) is_visible: bool,
    /// The versions of the list and of the buffer's layout that the runs were made from.
    made_from: (u64, u64),
    /// The versions of what stands out in the list, and of the buffer's layout.
    outlined_from: (u64, u64),
    table: GrowingBuffer<u32>,
    segments: GrowingBuffer<GpuSegment>,
    selected: GrowingBuffer<u32>,
    bind_group: Option<([BufferId; 4], BindGroup)>,
    primitive: std::marker::PhantomData<fn() -> P>,
}

/// Uploads what changed in draw lists, and works out the ranges to draw where visuals came, went or moved.
pub(super) fn upload_lists<P: Primitive>(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    lists: Extract<
        Query<(
            RenderEntity,
            &DrawList<P>,
            Option<&RenderLayers>,
            Option<&InheritedVisibility>,
        )>,
    >,
    buffers: Extract<Query<(RenderEntity, &InstanceBuffer<P>)>>,
    mut known: Query<&mut GpuDrawList<P>>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, list, layers, visibility) in &lists {
        let mut present = known.get_mut(entity).ok();
        let mut new = present.is_none().then(GpuDrawList::<P>::empty);
        let Some(target) = present.as_deref_mut().or(new.as_mut()) else {
            continue;
        };
        if let Ok((buffer_entity, buffer)) = buffers.get(list.buffer()) {
            target.buffer = buffer_entity;
            let made_from = (list.version(), buffer.layout_version());
            if target.made_from != made_from {
                target.made_from = made_from;
                target.runs = list.resolve(buffer);
            }
            let outlined_from = (list.standing_out_version(), buffer.layout_version());
            if target.outlined_from != outlined_from {
                target.outlined_from = outlined_from;
                target.outlined = list.resolve_outlined(buffer);
            }
        } else {
            target.buffer = Entity::PLACEHOLDER;
            target.made_from = (0, 0);
            target.runs.clear();
            target.outlined_from = (0, 0);
            target.outlined = ResolvedRun::default();
        }
        target.blending = list.blending();
        target.is_visible = visibility.is_none_or(|visibility| visibility.get());
        let layers = layers.unwrap_or_default();
        if target.layers != *layers {
            target.layers = layers.clone();
        }
        target.upload(&gpu, list);
        if let Some(new) = new {
            commands.entity(entity).insert(new);
        }
    }
}

/// Binds what is not bound yet, or was replaced.
pub(super) fn bind_lists<P: Primitive>(
    device: Res<RenderDevice>,
    pipeline: Res<InstancePipeline<P>>,
    pipeline_cache: Res<PipelineCache>,
    buffers: Query<&GpuInstances<P>>,
    mut lists: Query<&mut GpuDrawList<P>>,
) {
    for mut list in &mut lists {
        let (Ok(instances), Some(segments), Some(table)) = (
            buffers.get(list.buffer),
            list.segments.buffer(),
            list.table.buffer(),
        ) else {
            continue;
        };
        let Some(starts) = instances.starts.buffer() else {
            continue;
        };
        // Where nothing was ever selected there is no buffer, and nothing is read of what stands in for it.
        let selected = list.selected.buffer().unwrap_or(table);
        let ids = [segments.id(), table.id(), starts.id(), selected.id()];
        if list.bind_group.as_ref().is_some_and(|(bound, _)| *bound == ids) {
            continue;
        }
        let bind_group = device.create_bind_group(
            P::NAME,
            &pipeline_cache.get_bind_group_layout(&pipeline.segments_layout),
            &BindGroupEntries::sequential((
                segments.as_entire_binding(),
                table.as_entire_binding(),
                starts.as_entire_binding(),
                selected.as_entire_binding(),
            )),
        );
        list.bind_group = Some((ids, bind_group));
    }
}

impl<P: Primitive> GpuDrawList<P> {
    pub(super) fn bind_group(&self) -> Option<&BindGroup> {
        self.bind_group.as_ref().map(|(_, bind_group)| bind_group)
    }

    /// One of its runs, or what stands out.
    pub(super) fn run(&self, index: u32) -> Option<&ResolvedRun> {
        if index == OUTLINED_RUN {
            return Some(&self.outlined);
        }
        self.runs.get(index as usize)
    }

    fn empty() -> Self {
        Self {
            blending: Blending::Opaque,
            runs: Vec::new(),
            outlined: ResolvedRun::default(),
            buffer: Entity::PLACEHOLDER,
            layers: RenderLayers::default(),
            is_visible: false,
            made_from: (0, 0),
            outlined_from: (0, 0),
            table: GrowingBuffer::new("segment_table", BufferUsages::STORAGE),
            segments: GrowingBuffer::new("segments", BufferUsages::STORAGE),
            selected: GrowingBuffer::new("selected_instances", BufferUsages::STORAGE),
            bind_group: None,
            primitive: std::marker::PhantomData,
        }
    }

    fn upload(&mut self, gpu: &Gpu<'_>, list: &DrawList<P>) {
        let dirty = list.take_dirty();
        self.table
            .write(gpu, list.table(), |len| dirty.table.into_merged(len));
        self.segments
            .write(gpu, list.segments(), |len| dirty.segments.into_merged(len));
        self.selected
            .write(gpu, list.selected(), |len| dirty.selected.into_merged(len));
        let bytes = self.table.bytes() + self.segments.bytes() + self.selected.bytes();
        list.gpu_bytes().store(bytes, Ordering::Relaxed);
    }
}
