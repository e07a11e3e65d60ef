//! Outlines: a line around what is hovered or selected, for cameras that ask for it.
//!
//! What stands out is drawn once more, as a mask alone: without depths, so that a line is seen whatever hides the thing. Where the
//! mask is near, and not itself, is the line. The mask is looked at tile by tile, and a tile with no edge of it within
//! reach draws nothing.
//!
//! Cost: while something stands out, its vertices once more, a mask (2 bytes a pixel and sample) that is cleared and read once, and
//! 25 pixels of it (at a scale of one) for each pixel of the tiles about its edges. Where nothing does, no pass and no texture.

use bevy::app::{App, SubApp};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
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
use bevy::math::UVec2;
use bevy::render::camera::ExtractedCamera;
use bevy::render::render_phase::DrawFunctions;
use bevy::render::render_resource::binding_types::texture_2d;
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendComponent,
    BlendFactor, BlendOperation, BlendState, CachedRenderPipelineId, ColorTargetState, ColorWrites,
    PipelineCache, RenderPassDescriptor, RenderPipelineDescriptor, ShaderStages, SpecializedRenderPipeline,
    SpecializedRenderPipelines, TextureFormat, TextureSampleType,
};
use bevy::render::renderer::{RenderContext, RenderDevice, ViewQuery};
use bevy::render::texture::TextureCache;
use bevy::render::view::{ExtractedView, Msaa, ViewTarget, ViewUniformOffset};
use bevy::render::{ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderSystems};
use bevy::shader::{Shader, ShaderDefVal};

use super::full_screen::FullScreen;
use super::run_item::{RunItem, ViewItems, draw_items};
use super::target::{Target, forget_asleep, target_size};
use super::weighted::{draw_weighted, set_viewport};
use crate::stats::RenderStats;
use crate::view::{GpuBulkView, bulk_view_layout};

const TILES_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d34");
const LINES_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d35");

/// What is hovered, and what is selected.
const MASK_FORMAT: TextureFormat = TextureFormat::Rg8Unorm;

/// Whether there is any of either in a tile, and whether there is nothing else.
const TILES_FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;

/// Pixels along the side of a tile. No line is wider.
const TILE: u32 = 16;

/// The pass that this file adds.
pub(crate) enum Outlining {}

/// Something that has an outline.
pub(crate) type OutlinedItem = RunItem<Outlining>;

/// What stands out in this frame, by view.
pub(crate) type OutlinedItems = ViewItems<Outlining>;

/// Prepares the passes; more than once is harmless. Whoever draws what can stand out adds it.
pub(crate) fn add_to(app: &mut App) {
    load_internal_asset!(app, TILES_SHADER, "outline_tiles.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, LINES_SHADER, "outlines.wgsl", Shader::from_wgsl);
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    if !render_app.world().contains_resource::<OutlinedItems>() {
        add_passes(render_app);
    }
}

fn add_passes(render_app: &mut SubApp) {
    render_app
        .init_resource::<OutlinedItems>()
        .init_resource::<DrawFunctions<OutlinedItem>>()
        .init_gpu_resource::<SpecializedRenderPipelines<TilesPipeline>>()
        .init_gpu_resource::<SpecializedRenderPipelines<LinesPipeline>>()
        .insert_resource(TilesPipeline::new())
        .insert_resource(LinesPipeline::new())
        .add_systems(ExtractSchedule, OutlinedItems::forget)
        .add_systems(
            Render,
            (forget_asleep::<OutlineTargets>, prepare_targets).in_set(RenderSystems::PrepareResources),
        )
        .add_systems(
            Core3d,
            draw_outlines
                .after(main_transparent_pass_3d)
                .after(draw_weighted)
                .in_set(Core3dSystems::MainPass),
        );
}

/// The target of what stands out: of two things at a place, both are there.
pub(super) fn outlined_target() -> ColorTargetState {
    let greater = BlendComponent {
        src_factor: BlendFactor::One,
        dst_factor: BlendFactor::One,
        operation: BlendOperation::Max,
    };
    ColorTargetState {
        format: MASK_FORMAT,
        blend: Some(BlendState {
            color: greater,
            alpha: greater,
        }),
        write_mask: ColorWrites::ALL,
    }
}

/// The pipeline that finds the tiles with edges.
#[derive(Resource)]
struct TilesPipeline {
    layout: BindGroupLayoutDescriptor,
}

impl TilesPipeline {
    fn new() -> Self {
        let mask = texture_2d(TextureSampleType::Float { filterable: false });
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "outline_tiles_layout",
                &BindGroupLayoutEntries::single(ShaderStages::FRAGMENT, mask),
            ),
        }
    }
}

impl SpecializedRenderPipeline for TilesPipeline {
    type Key = ();

    fn specialize(&self, (): Self::Key) -> RenderPipelineDescriptor {
        FullScreen {
            label: "outline_tiles",
            shader: TILES_SHADER,
            shader_defs: vec![tile_def()],
            layout: vec![self.layout.clone()],
            target: TILES_FORMAT.into(),
            samples: 1,
        }
        .pipeline()
    }
}

/// The pipeline that draws lines, tile by tile.
#[derive(Resource)]
struct LinesPipeline {
    layout: BindGroupLayoutDescriptor,
}

impl LinesPipeline {
    fn new() -> Self {
        let texture = || texture_2d(TextureSampleType::Float { filterable: false });
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "outlines_layout",
                &BindGroupLayoutEntries::sequential(ShaderStages::VERTEX_FRAGMENT, (texture(), texture())),
            ),
        }
    }
}

impl SpecializedRenderPipeline for LinesPipeline {
    type Key = (TextureFormat, u32);

    fn specialize(&self, target: Self::Key) -> RenderPipelineDescriptor {
        let layout = vec![bulk_view_layout(), self.layout.clone()];
        let mut full_screen = FullScreen::over_view("outlines", LINES_SHADER, layout, target);
        full_screen.shader_defs.push(tile_def());
        full_screen.pipeline()
    }
}

fn tile_def() -> ShaderDefVal {
    ShaderDefVal::UInt("TILE".into(), TILE)
}

/// The mask of a view in which something stands out, its tiles, and what draws lines from them.
#[derive(Component)]
pub(crate) struct OutlineTargets {
    mask: Target,
    tiles: Target,
    num_tiles: UVec2,
    mask_group: BindGroup,
    lines_group: BindGroup,
    tiles_pipeline: CachedRenderPipelineId,
    lines_pipeline: CachedRenderPipelineId,
}

fn prepare_targets(
    mut commands: Commands,
    device: Res<RenderDevice>,
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    tiles: Res<TilesPipeline>,
    lines: Res<LinesPipeline>,
    mut tiles_pipelines: ResMut<SpecializedRenderPipelines<TilesPipeline>>,
    mut lines_pipelines: ResMut<SpecializedRenderPipelines<LinesPipeline>>,
    mut textures: ResMut<TextureCache>,
    items: Res<OutlinedItems>,
    views: Query<(
        Entity,
        &ExtractedView,
        &ExtractedCamera,
        &Msaa,
        Has<OutlineTargets>,
    )>,
) {
    for (entity, view, camera, msaa, had_targets) in &views {
        let Some(size) = items.of_view(view).and(target_size(camera)) else {
            if had_targets {
                commands.entity(entity).remove::<OutlineTargets>();
            }
            continue;
        };
        let num_tiles = UVec2::new(size.x.div_ceil(TILE), size.y.div_ceil(TILE));
        let mut target =
            |label, format, size, samples| Target::new(&device, &mut textures, label, format, size, samples);
        let mask = target("outline_mask", MASK_FORMAT, size, msaa.samples());
        let in_tiles = target("outline_tiles", TILES_FORMAT, num_tiles, 1);
        let mask_group = device.create_bind_group(
            "outline_tiles",
            &pipeline_cache.get_bind_group_layout(&tiles.layout),
            &BindGroupEntries::single(mask.view()),
        );
        let lines_group = device.create_bind_group(
            "outlines",
            &pipeline_cache.get_bind_group_layout(&lines.layout),
            &BindGroupEntries::sequential((mask.view(), in_tiles.view())),
        );
        let tiles_pipeline = tiles_pipelines.specialize(&pipeline_cache, &tiles, ());
        let key = (view.target_format, msaa.samples());
        let lines_pipeline = lines_pipelines.specialize(&pipeline_cache, &lines, key);
        for id in [tiles_pipeline, lines_pipeline] {
            stats.await_ready(pipeline_cache.get_render_pipeline(id).is_some());
        }
        commands.entity(entity).insert(OutlineTargets {
            mask,
            tiles: in_tiles,
            num_tiles,
            mask_group,
            lines_group,
            tiles_pipeline,
            lines_pipeline,
        });
    }
}

/// Draws the mask, finds the tiles about its edges, and draws lines there.
fn draw_outlines(
    world: &World,
    view: ViewQuery<(
        &ExtractedCamera,
        &ExtractedView,
        &ViewTarget,
        &ViewUniformOffset,
        Option<(&OutlineTargets, &GpuBulkView)>,
    )>,
    items: Res<OutlinedItems>,
    pipeline_cache: Res<PipelineCache>,
    mut context: RenderContext,
) {
    let view_entity = view.entity();
    let (camera, extracted, target, offset, outlined) = view.into_inner();
    let Some((items, (targets, bulk_view))) = items.of_view(extracted).zip(outlined) else {
        return;
    };
    let Some(((find_tiles, draw_lines), view_group)) = pipeline_cache
        .get_render_pipeline(targets.tiles_pipeline)
        .zip(pipeline_cache.get_render_pipeline(targets.lines_pipeline))
        .zip(bulk_view.bind_group())
    else {
        return;
    };
    {
        let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
            label: Some("outline_mask"),
            color_attachments: &[Some(targets.mask.attachment(LinearRgba::NONE))],
            depth_stencil_attachment: None,
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        set_viewport(&mut pass, camera.viewport.as_ref());
        if let Err(error) = draw_items(world, &mut pass, view_entity, items) {
            error_once!("something has no outline: {error}");
        }
    }
    {
        let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
            label: Some("outline_tiles"),
            color_attachments: &[Some(targets.tiles.attachment(LinearRgba::NONE))],
            depth_stencil_attachment: None,
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        pass.set_render_pipeline(find_tiles);
        pass.set_bind_group(0, &targets.mask_group, &[]);
        pass.draw(0..3, 0..1);
    }
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("outlines"),
        color_attachments: &[Some(target.get_color_attachment())],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    set_viewport(&mut pass, camera.viewport.as_ref());
    pass.set_render_pipeline(draw_lines);
    pass.set_bind_group(0, view_group, &[offset.offset]);
    pass.set_bind_group(1, &targets.lines_group, &[]);
    pass.draw(0..6, 0..targets.num_tiles.element_product());
}
