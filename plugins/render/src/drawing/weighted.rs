//! Translucent surfaces in whatever order: weighted blending, for cameras that ask for it.
//!
//! All surfaces of a pixel are summed up, the nearer with the greater weights, and their mean is laid over what is opaque, with
//! the alpha that all of them have together. One surface comes out exactly; of several, also of those that cut each other,
//! the nearer dominate, and none flickers while the eye moves.
//!
//! Method: "Weighted Blended Order-Independent Transparency" (Journal of Computer Graphics Techniques, 2013), with the fourth power
//! of the distance relative to [`BulkView::focus_distance`](crate::BulkView::focus_distance) as weight.
//!
//! Cost: two targets (9 bytes a pixel and sample), each surface once, a triangle over the view; nothing where nothing is
//! translucent. Sorting would cost O(n log n) for each eye that moves, and could not tell what cuts each other.

use bevy::app::{App, SubApp};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::Viewport;
use bevy::color::LinearRgba;
use bevy::core_pipeline::core_3d::main_transparent_pass_3d;
use bevy::core_pipeline::{Core3d, Core3dSystems};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::Has;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::{Commands, Query, Res, ResMut};
use bevy::ecs::world::World;
use bevy::log::error_once;
use bevy::render::camera::ExtractedCamera;
use bevy::render::render_phase::{DrawFunctions, TrackedRenderPass};
use bevy::render::render_resource::binding_types::texture_2d;
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendComponent,
    BlendFactor, BlendOperation, BlendState, CachedRenderPipelineId, ColorTargetState, ColorWrites,
    PipelineCache, RenderPassDescriptor, RenderPipelineDescriptor, ShaderStages, SpecializedRenderPipeline,
    SpecializedRenderPipelines, StoreOp, TextureFormat, TextureSampleType,
};
use bevy::render::renderer::{RenderContext, RenderDevice, ViewQuery};
use bevy::render::texture::TextureCache;
use bevy::render::view::{ExtractedView, Msaa, ViewDepthTexture, ViewTarget};
use bevy::render::{ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderSystems};
use bevy::shader::Shader;

use super::full_screen::FullScreen;
use super::run_item::{RunItem, ViewItems, draw_items};
use super::target::{Target, forget_asleep, target_size};
use crate::stats::RenderStats;

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d32");

/// The sum of colors, and that of alpha.
const GATHERED_FORMAT: TextureFormat = TextureFormat::Rgba16Float;

/// How much is seen through everything.
const SEEN_THROUGH_FORMAT: TextureFormat = TextureFormat::R8Unorm;

/// The pass that this file adds.
pub(crate) enum Weighting {}

/// Something translucent that is drawn in no certain order.
pub(crate) type WeightedItem = RunItem<Weighting>;

/// What is drawn by weight in this frame, by view.
pub(crate) type WeightedItems = ViewItems<Weighting>;

/// Prepares the pass; more than once is harmless. Whoever draws by weight adds it.
pub(crate) fn add_to(app: &mut App) {
    load_internal_asset!(app, SHADER, "weighted.wgsl", Shader::from_wgsl);
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    if render_app.world().contains_resource::<WeightedItems>() {
        return;
    }
    add_pass(render_app);
}

fn add_pass(render_app: &mut SubApp) {
    render_app
        .init_resource::<WeightedItems>()
        .init_resource::<DrawFunctions<WeightedItem>>()
        .init_gpu_resource::<SpecializedRenderPipelines<LayPipeline>>()
        .insert_resource(LayPipeline::new())
        .add_systems(ExtractSchedule, WeightedItems::forget)
        .add_systems(
            Render,
            (forget_asleep::<WeightedTargets>, prepare_targets).in_set(RenderSystems::PrepareResources),
        )
        .add_systems(
            Core3d,
            draw_weighted
                .after(main_transparent_pass_3d)
                .in_set(Core3dSystems::MainPass),
        );
}

/// The targets of a view that draws something by weight, and what lays them over the rest.
#[derive(Component)]
pub(crate) struct WeightedTargets {
    gathered: Target,
    seen_through: Target,
    bind_group: BindGroup,
    pipeline: CachedRenderPipelineId,
}

/// The pipeline that lays what was gathered over the rest.
#[derive(Resource)]
struct LayPipeline {
    layout: BindGroupLayoutDescriptor,
}

impl LayPipeline {
    fn new() -> Self {
        let texture = || texture_2d(TextureSampleType::Float { filterable: false });
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "weighted_layout",
                &BindGroupLayoutEntries::sequential(ShaderStages::FRAGMENT, (texture(), texture())),
            ),
        }
    }
}

impl SpecializedRenderPipeline for LayPipeline {
    type Key = (TextureFormat, u32);

    fn specialize(&self, target: Self::Key) -> RenderPipelineDescriptor {
        FullScreen::over_view("weighted", SHADER, vec![self.layout.clone()], target).pipeline()
    }
}

/// The targets of a pipeline that gathers, and how what is drawn adds up in them.
pub(super) fn gathering_targets() -> Vec<Option<ColorTargetState>> {
    let same = |component: BlendComponent| BlendState {
        color: component,
        alpha: component,
    };
    let add = |src_factor, dst_factor| {
        same(BlendComponent {
            src_factor,
            dst_factor,
            operation: BlendOperation::Add,
        })
    };
    let target = |format, blend| {
        Some(ColorTargetState {
            format,
            blend: Some(blend),
            write_mask: ColorWrites::ALL,
        })
    };
    vec![
        target(GATHERED_FORMAT, add(BlendFactor::One, BlendFactor::One)),
        target(
            SEEN_THROUGH_FORMAT,
            add(BlendFactor::Zero, BlendFactor::OneMinusSrc),
        ),
    ]
}

fn prepare_targets(
    mut commands: Commands,
    device: Res<RenderDevice>,
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<LayPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<LayPipeline>>,
    mut textures: ResMut<TextureCache>,
    items: Res<WeightedItems>,
    views: Query<(
        Entity,
        &ExtractedView,
        &ExtractedCamera,
        &Msaa,
        Has<WeightedTargets>,
    )>,
) {
    for (entity, view, camera, msaa, had_targets) in &views {
        let Some(size) = items.of_view(view).and(target_size(camera)) else {
            if had_targets {
                commands.entity(entity).remove::<WeightedTargets>();
            }
            continue;
        };
        let mut target =
            |label, format| Target::new(&device, &mut textures, label, format, size, msaa.samples());
        let gathered = target("weighted_gathered", GATHERED_FORMAT);
        let seen_through = target("weighted_seen_through", SEEN_THROUGH_FORMAT);
        let views = (gathered.view(), seen_through.view());
        let bind_group = device.create_bind_group(
            "weighted",
            &pipeline_cache.get_bind_group_layout(&pipeline.layout),
            &BindGroupEntries::sequential(views),
        );
        let key = (view.target_format, msaa.samples());
        let id = pipelines.specialize(&pipeline_cache, &pipeline, key);
        stats.count_draw(pipeline_cache.get_render_pipeline(id).is_some());
        commands.entity(entity).insert(WeightedTargets {
            gathered,
            seen_through,
            bind_group,
            pipeline: id,
        });
    }
}

/// Gathers what is drawn by weight, and lays it over the rest.
pub(super) fn draw_weighted(
    world: &World,
    view: ViewQuery<(
        &ExtractedCamera,
        &ExtractedView,
        &ViewTarget,
        &ViewDepthTexture,
        Option<&WeightedTargets>,
    )>,
    items: Res<WeightedItems>,
    pipeline_cache: Res<PipelineCache>,
    mut context: RenderContext,
) {
    let view_entity = view.entity();
    let (camera, extracted, target, depth_buffer, targets) = view.into_inner();
    let Some((items, targets)) = items.of_view(extracted).zip(targets) else {
        return;
    };
    let Some(lay) = pipeline_cache.get_render_pipeline(targets.pipeline) else {
        return;
    };
    {
        let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
            label: Some("weighted_gather"),
            color_attachments: &[
                Some(targets.gathered.attachment(LinearRgba::NONE)),
                Some(targets.seen_through.attachment(LinearRgba::WHITE)),
            ],
            // Read alone; it has to be stored for those who come after.
            depth_stencil_attachment: Some(depth_buffer.get_attachment(StoreOp::Store)),
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        set_viewport(&mut pass, camera.viewport.as_ref());
        if let Err(error) = draw_items(world, &mut pass, view_entity, items) {
            error_once!("something translucent cannot be drawn: {error}");
        }
    }
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("weighted_lay"),
        color_attachments: &[Some(target.get_color_attachment())],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    set_viewport(&mut pass, camera.viewport.as_ref());
    pass.set_render_pipeline(lay);
    pass.set_bind_group(0, &targets.bind_group, &[]);
    pass.draw(0..3, 0..1);
}

pub(super) fn set_viewport(pass: &mut TrackedRenderPass<'_>, viewport: Option<&Viewport>) {
    if let Some(viewport) = viewport {
        pass.set_camera_viewport(viewport);
    }
}
