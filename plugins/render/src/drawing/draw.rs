//! The item becomes one instanced draw call per range of its run, or of what is left of it where a view may draw only so much.

use std::marker::PhantomData;

use bevy::ecs::entity::Entity;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::system::SystemParamItem;
use bevy::ecs::system::lifetimeless::{Read, SQuery, SRes};
use bevy::render::render_phase::{
    PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline, TrackedRenderPass,
};
use bevy::render::render_resource::PipelineCache;

use super::level_of_detail::ThinnedLists;
use super::lists::GpuDrawList;
use super::upload::GpuInstances;
use crate::instances::{Primitive, SizedRange};
use crate::view::SetBulkViewBindGroup;

/// Everything that draws a run of a list.
pub(crate) type DrawInstances<P> = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawRunOfList<P, 1>);

/// Binds the segments and draws the ranges of one run: the one that the start of the item's batch range names.
pub(crate) struct DrawRunOfList<P, const GROUP: usize>(PhantomData<fn() -> P>);

impl<I: PhaseItem, P: Primitive, const GROUP: usize> RenderCommand<I> for DrawRunOfList<P, GROUP> {
    type Param = (
        SQuery<Read<GpuInstances<P>>>,
        SRes<ThinnedLists>,
        SRes<PipelineCache>,
    );
    type ViewQuery = Entity;
    type ItemQuery = Read<GpuDrawList<P>>;

    fn render<'w>(
        item: &I,
        view: ROQueryItem<'w, '_, Self::ViewQuery>,
        list: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (buffers, thinned, pipeline_cache): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some((list, buffer)) = list.and_then(|list| Some((list, buffers.get_inner(list.buffer).ok()?)))
        else {
            return RenderCommandResult::Skip;
        };
        let (Some(bind_group), Some(run), Some(instances), Some(slots)) = (
            list.bind_group(),
            list.run(item.batch_range().start),
            buffer.instances.buffer(),
            buffer.slots.buffer(),
        ) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(GROUP, bind_group, &[]);
        pass.set_vertex_buffer(0, instances.slice(..));
        pass.set_vertex_buffer(1, slots.slice(..));
        let len = buffer.instances.len().min(buffer.slots.len());
        let thinned = thinned
            .into_inner()
            .get(view, item.entity(), item.batch_range().start);
        if let Some(thinned) = thinned.filter(|_| !run.by_size.is_empty()) {
            let pipeline_cache = pipeline_cache.into_inner();
            let is_there = |sized: &&SizedRange| sized.range.end <= len;
            for sized in run.by_size.iter().filter(is_there) {
                if let Some((pipeline, range)) = thinned.draw(sized, pipeline_cache)
                    && !range.is_empty()
                {
                    pass.set_render_pipeline(pipeline);
                    pass.draw(0..P::VERTICES, range);
                }
            }
            return RenderCommandResult::Success;
        }
        for range in &run.ranges {
            let range = range.start.min(len)..range.end.min(len);
            if !range.is_empty() {
                pass.draw(0..P::VERTICES, range);
            }
        }
        RenderCommandResult::Success
    }
}
