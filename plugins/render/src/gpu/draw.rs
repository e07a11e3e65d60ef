//! The item becomes one instanced draw call.

use std::marker::PhantomData;

use bevy::ecs::query::ROQueryItem;
use bevy::ecs::system::SystemParamItem;
use bevy::ecs::system::lifetimeless::Read;
use bevy::render::render_phase::{
    PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline, TrackedRenderPass,
};

use super::upload::GpuBatch;
use crate::batch::Primitive;
use crate::view::SetBulkViewBindGroup;

/// Everything that draws a batch.
pub(super) type DrawInstances<P> = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawBatch<P, 1>);

/// Binds the segments and draws all instances.
pub(super) struct DrawBatch<P, const GROUP: usize>(PhantomData<fn() -> P>);

impl<I: PhaseItem, P: Primitive, const GROUP: usize> RenderCommand<I> for DrawBatch<P, GROUP> {
    type Param = ();
    type ViewQuery = ();
    type ItemQuery = Read<GpuBatch<P>>;

    fn render<'w>(
        _: &I,
        (): ROQueryItem<'w, '_, Self::ViewQuery>,
        batch: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some(batch) = batch else {
            return RenderCommandResult::Skip;
        };
        let (Some(bind_group), Some(instances)) = (&batch.bind_group, batch.instances.buffer()) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(GROUP, bind_group, &[]);
        pass.set_vertex_buffer(0, instances.slice(..));
        pass.draw(0..P::VERTICES, 0..batch.instances.len());
        RenderCommandResult::Success
    }
}
