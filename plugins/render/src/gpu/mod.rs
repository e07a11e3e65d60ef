//! From a batch in the main world to a draw call: one plugin per primitive, generic over it.
//!
//! 1. [`upload`]: extraction writes the dirty ranges into buffers that persist.
//! 2. [`pipeline`]: one pipeline per sample count, target format and blending.
//! 3. [`queue`]: each visible batch becomes an item of `Opaque3d` or `Transparent3d`.
//! 4. [`draw`]: the item becomes one instanced draw call.

mod draw;
pub(crate) mod pipeline;
pub(crate) mod queue;
pub(crate) mod upload;

use std::marker::PhantomData;

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::render::render_phase::AddRenderCommand;
use bevy::render::render_resource::SpecializedRenderPipelines;
use bevy::render::sync_component::SyncComponentPlugin;
use bevy::render::{ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems};
use bevy::shader::Shader;

use self::draw::DrawInstances;
use self::pipeline::InstancePipeline;
use self::queue::BulkQueueSet;
use crate::batch::{InstanceBatch, Primitive};
use crate::stats::BulkExtractSystems;
use crate::{ArrowInstance, BoxInstance, LineInstance, PointInstance};

const SEGMENTS_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d11");

/// Draws all [`InstanceBatch<P>`](InstanceBatch). Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Clone, Copy)]
pub struct InstancePlugin<P>(PhantomData<fn() -> P>);

impl<P> Default for InstancePlugin<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Primitive> Plugin for InstancePlugin<P> {
    fn build(&self, app: &mut App) {
        load_shaders(app);
        app.add_plugins(SyncComponentPlugin::<InstanceBatch<P>>::default());
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<InstancePipeline<P>>>()
            .insert_resource(InstancePipeline::<P>::new())
            .add_render_command::<Opaque3d, DrawInstances<P>>()
            .add_render_command::<Transparent3d, DrawInstances<P>>()
            .add_systems(RenderStartup, upload::forget_batches::<P>)
            .add_systems(
                ExtractSchedule,
                upload::upload_batches::<P>.in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                queue::queue_batches::<P>
                    .in_set(RenderSystems::Queue)
                    .in_set(BulkQueueSet(P::NAME)),
            );
    }
}

/// All shaders of the instanced primitives: each plugin may be added alone, and setting one twice is harmless.
fn load_shaders(app: &mut App) {
    load_internal_asset!(app, SEGMENTS_SHADER, "segments.wgsl", Shader::from_wgsl);
    load_internal_asset!(
        app,
        PointInstance::shader(),
        "../primitives/points.wgsl",
        Shader::from_wgsl
    );
    load_internal_asset!(
        app,
        LineInstance::shader(),
        "../primitives/lines.wgsl",
        Shader::from_wgsl
    );
    load_internal_asset!(
        app,
        BoxInstance::shader(),
        "../primitives/boxes.wgsl",
        Shader::from_wgsl
    );
    load_internal_asset!(
        app,
        ArrowInstance::shader(),
        "../primitives/arrows.wgsl",
        Shader::from_wgsl
    );
}
