//! From instances in the main world to draw calls: one plugin per primitive, generic over it.
//!
//! 1. [`upload`]: extraction writes the dirty ranges of instances into buffers that persist.
//! 2. [`lists`]: the same for what each view draws of them, with the ranges to draw.
//! 3. [`pipeline`]: one pipeline per sample count, target format and blending.
//! 4. [`queue`]: each visible list becomes items of `Opaque3d` or `Transparent3d`.
//! 5. [`draw`]: the item becomes one instanced draw call per range.
//! 6. [`level_of_detail`]: what is left out of large visuals, where a view may draw only so much.
//! 7. [`weighted`]: what is translucent, of cameras that ask for no order.
//! 8. [`depth_shading`]: what is opaque, of cameras that ask for it.
//! 9. [`shadows`]: what a light sees, for cameras that ask for it.
//! 10. [`outlines`]: what stands out, of cameras that ask for it.
//!
//! [`run_item`] is what passes of this crate's own draw, which are those of translucent surfaces by weight, of shadows, of outlines, and
//! of picking; [`target`] what they draw into; [`full_screen`] what draws over all pixels.

pub(crate) mod depth_shading;
pub(crate) mod draw;
mod full_screen;
pub(crate) mod level_of_detail;
pub(crate) mod lists;
pub(crate) mod outlines;
pub(crate) mod pipeline;
pub(crate) mod queue;
pub(crate) mod run_item;
pub(crate) mod shadows;
mod target;
pub(crate) mod upload;
pub(crate) mod weighted;

use std::marker::PhantomData;

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::render::render_phase::{AddRenderCommand, DrawFunctions};
use bevy::render::render_resource::SpecializedRenderPipelines;
use bevy::render::{ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems};
use bevy::shader::Shader;

use self::draw::DrawInstances;
use self::lists::GpuDrawList;
use self::outlines::OutlinedItem;
use self::pipeline::InstancePipeline;
use self::queue::BulkQueueSet;
use self::shadows::ShadowItem;
use self::upload::GpuInstances;
use self::weighted::WeightedItem;
use crate::instances::{DrawList, InstanceBuffer, Primitive};
use crate::picking::{PickItem, queue_picked_lists};
use crate::stats::BulkExtractSystems;
use crate::{
    ArcInstance, ArrowInstance, BoxEdgesInstance, BoxInstance, CapsuleInstance, CylinderInstance,
    EllipsoidInstance, LineInstance, PointInstance,
};

const THICK_LINES_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d12");
const SOLIDS_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d14");
const SEGMENTS_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d11");

/// Draws all [`DrawList<P>`](DrawList)s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin),
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin) and [`PickingPlugin`](crate::PickingPlugin).
#[derive(Debug, Clone, Copy)]
pub struct InstancePlugin<P>(PhantomData<fn() -> P>);

impl<P> Default for InstancePlugin<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Primitive> Plugin for InstancePlugin<P> {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_shaders(app);
        weighted::add_to(app);
        outlines::add_to(app);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        level_of_detail::add_to(render_app);
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<InstancePipeline<P>>>()
            .insert_resource(InstancePipeline::<P>::new())
            .add_render_command::<Opaque3d, DrawInstances<P>>()
            .add_render_command::<Transparent3d, DrawInstances<P>>()
            .add_render_command::<WeightedItem, DrawInstances<P>>()
            .init_resource::<DrawFunctions<PickItem>>()
            .add_render_command::<PickItem, DrawInstances<P>>()
            .init_resource::<DrawFunctions<ShadowItem>>()
            .add_render_command::<ShadowItem, DrawInstances<P>>()
            .add_render_command::<OutlinedItem, DrawInstances<P>>()
            .add_systems(
                RenderStartup,
                (
                    upload::forget::<GpuInstances<P>>,
                    upload::forget::<GpuDrawList<P>>,
                ),
            )
            .add_systems(
                ExtractSchedule,
                (
                    (
                        upload::remove_with::<InstanceBuffer<P>, GpuInstances<P>>,
                        upload::remove_with::<DrawList<P>, GpuDrawList<P>>,
                    ),
                    (upload::upload_instances::<P>, lists::upload_lists::<P>),
                )
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                (
                    queue::queue_lists::<P>
                        .in_set(RenderSystems::Queue)
                        .in_set(BulkQueueSet(P::NAME)),
                    queue::queue_outlined_lists::<P>.in_set(RenderSystems::Queue),
                    queue_picked_lists::<P>.in_set(RenderSystems::Queue),
                    lists::bind_lists::<P>.in_set(RenderSystems::PrepareBindGroups),
                ),
            );
        if !P::CUTS_EDGES {
            let queue = shadows::queue_casting_lists::<P>;
            render_app.add_systems(Render, queue.in_set(RenderSystems::Queue));
        }
    }
}

/// All shaders of the instanced primitives: each plugin may be added alone, and setting one twice is harmless.
fn load_shaders(app: &mut App) {
    macro_rules! load {
        ($($shader:expr => $path:literal,)*) => {
            $(load_internal_asset!(app, $shader, $path, Shader::from_wgsl);)*
        };
    }
    load! {
        SEGMENTS_SHADER => "segments.wgsl",
        THICK_LINES_SHADER => "../primitives/thick_lines.wgsl",
        SOLIDS_SHADER => "../primitives/solids.wgsl",
        PointInstance::shader() => "../primitives/points.wgsl",
        LineInstance::shader() => "../primitives/lines.wgsl",
        ArcInstance::shader() => "../primitives/arcs.wgsl",
        BoxInstance::shader() => "../primitives/boxes.wgsl",
        BoxEdgesInstance::shader() => "../primitives/box_edges.wgsl",
        EllipsoidInstance::shader() => "../primitives/ellipsoids.wgsl",
        CylinderInstance::shader() => "../primitives/cylinders.wgsl",
        CapsuleInstance::shader() => "../primitives/capsules.wgsl",
        ArrowInstance::shader() => "../primitives/arrows.wgsl",
    }
}
