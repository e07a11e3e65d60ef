//! Depth shading: what lies behind its neighbors on screen is darker, for cameras that ask for it.
//!
//! Points have no normals, and a large cloud of one color is a stain. Their depths alone give it a shape, whatever it is made
//! of.
//!
//! Method: eye-dome lighting (C. Boucheny, dissertation, Grenoble 2009), with eight neighbors at one distance.
//!
//! Cost: nine depths for each pixel, whatever the number of points; nothing in views that are not shaded so.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::core_pipeline::core_3d::{main_opaque_pass_3d, main_transparent_pass_3d};
use bevy::core_pipeline::{Core3d, Core3dSystems};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::{Commands, Query, Res, ResMut};
use bevy::render::camera::ExtractedCamera;
use bevy::render::render_resource::binding_types::{texture_depth_2d, texture_depth_2d_multisampled};
use bevy::render::render_resource::{
    BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendComponent, BlendFactor,
    BlendOperation, BlendState, CachedRenderPipelineId, ColorTargetState, ColorWrites, PipelineCache,
    RenderPassDescriptor, RenderPipelineDescriptor, ShaderStages, SpecializedRenderPipeline,
    SpecializedRenderPipelines, TextureFormat, TextureUsages,
};
use bevy::render::renderer::{RenderContext, ViewQuery};
use bevy::render::view::{ExtractedView, Msaa, ViewDepthTexture, ViewTarget, ViewUniformOffset};
use bevy::render::{GpuResourceAppExt, Render, RenderApp, RenderSystems};
use bevy::shader::{Shader, ShaderDefVal};

use super::full_screen::FullScreen;
use crate::stats::RenderStats;
use crate::view::{GpuBulkView, bulk_view_layout};

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d33");

/// Shades cameras by depth whose [`BulkView::depth_shading`](crate::BulkView::depth_shading) is not zero. Needs
/// [`BulkViewPlugin`](crate::BulkViewPlugin) and [`RenderStatsPlugin`](crate::RenderStatsPlugin).
///
/// The depth texture of such a camera has to allow `TextureUsages::TEXTURE_BINDING`; else it is not shaded.
#[derive(Debug, Default, Clone, Copy)]
pub struct DepthShadingPlugin;

impl Plugin for DepthShadingPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "depth_shading.wgsl", Shader::from_wgsl);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<ShadingPipeline>>()
            .insert_resource(ShadingPipeline::new())
            .add_systems(Render, prepare_views.in_set(RenderSystems::PrepareResources))
            .add_systems(
                Core3d,
                shade
                    .after(main_opaque_pass_3d)
                    .before(main_transparent_pass_3d)
                    .in_set(Core3dSystems::MainPass),
            );
    }
}

/// What shades a view.
#[derive(Component)]
pub(crate) struct ShadedView(CachedRenderPipelineId);

#[derive(Resource)]
struct ShadingPipeline {
    plain: BindGroupLayoutDescriptor,
    multisampled: BindGroupLayoutDescriptor,
}

impl ShadingPipeline {
    fn new() -> Self {
        let stages = ShaderStages::FRAGMENT;
        Self {
            plain: BindGroupLayoutDescriptor::new(
                "depth_shading_layout",
                &BindGroupLayoutEntries::single(stages, texture_depth_2d()),
            ),
            multisampled: BindGroupLayoutDescriptor::new(
                "depth_shading_layout_multisampled",
                &BindGroupLayoutEntries::single(stages, texture_depth_2d_multisampled()),
            ),
        }
    }

    fn layout(&self, samples: u32) -> &BindGroupLayoutDescriptor {
        if samples > 1 {
            &self.multisampled
        } else {
            &self.plain
        }
    }
}

impl SpecializedRenderPipeline for ShadingPipeline {
    type Key = (TextureFormat, u32);

    fn specialize(&self, (format, samples): Self::Key) -> RenderPipelineDescriptor {
        let mut defs: Vec<ShaderDefVal> = Vec::new();
        if samples > 1 {
            defs.push("MULTISAMPLED".into());
        }
        // What is there is multiplied by what is drawn.
        let multiply = BlendComponent {
            src_factor: BlendFactor::Zero,
            dst_factor: BlendFactor::Src,
            operation: BlendOperation::Add,
        };
        FullScreen {
            label: "depth_shading",
            shader: SHADER,
            shader_defs: defs,
            layout: vec![bulk_view_layout(), self.layout(samples).clone()],
            target: ColorTargetState {
                format,
                blend: Some(BlendState {
                    color: multiply,
                    alpha: BlendComponent {
                        src_factor: BlendFactor::Zero,
                        dst_factor: BlendFactor::One,
                        operation: BlendOperation::Add,
                    },
                }),
                write_mask: ColorWrites::COLOR,
            },
            samples,
        }
        .pipeline()
    }
}

fn prepare_views(
    mut commands: Commands,
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ShadingPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ShadingPipeline>>,
    views: Query<(Entity, &ExtractedView, &Msaa, &GpuBulkView, Option<&ShadedView>)>,
) {
    for (entity, view, msaa, bulk_view, known) in &views {
        if !bulk_view.is_shaded_by_depth() {
            if known.is_some() {
                commands.entity(entity).remove::<ShadedView>();
            }
            continue;
        }
        let id = pipelines.specialize(&pipeline_cache, &pipeline, (view.target_format, msaa.samples()));
        stats.count_draw(pipeline_cache.get_render_pipeline(id).is_some());
        if known.is_none_or(|known| known.0 != id) {
            commands.entity(entity).insert(ShadedView(id));
        }
    }
}

fn shade(
    view: ViewQuery<(
        &ExtractedCamera,
        &ViewTarget,
        &ViewDepthTexture,
        &ViewUniformOffset,
        &Msaa,
        Option<(&ShadedView, &GpuBulkView)>,
    )>,
    pipeline: Res<ShadingPipeline>,
    pipeline_cache: Res<PipelineCache>,
    mut context: RenderContext,
) {
    let (camera, target, depth_buffer, offset, msaa, shaded) = view.into_inner();
    let Some((shaded, bulk_view)) = shaded else {
        return;
    };
    let can_be_read = depth_buffer
        .texture
        .usage()
        .contains(TextureUsages::TEXTURE_BINDING);
    let Some((draw, view_group)) = pipeline_cache
        .get_render_pipeline(shaded.0)
        .zip(bulk_view.bind_group())
        .filter(|_| can_be_read)
    else {
        return;
    };
    let layout = pipeline_cache.get_bind_group_layout(pipeline.layout(msaa.samples()));
    let entries = BindGroupEntries::single(depth_buffer.view());
    let depths = context
        .render_device()
        .create_bind_group("depth_shading", &layout, &entries);
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("depth_shading"),
        color_attachments: &[Some(target.get_color_attachment())],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    if let Some(viewport) = &camera.viewport {
        pass.set_camera_viewport(viewport);
    }
    pass.set_render_pipeline(draw);
    pass.set_bind_group(0, view_group, &[offset.offset]);
    pass.set_bind_group(1, &depths, &[]);
    pass.draw(0..3, 0..1);
}
