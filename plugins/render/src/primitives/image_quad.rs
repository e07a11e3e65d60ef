//! Textures on planes.

mod pipeline;
mod queue;
mod texels;
mod upload;

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::component::Component;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::image::Image;
use bevy::math::{DAffine3, DVec3, Vec2};
use bevy::render::render_phase::{AddRenderCommand, DrawFunctions};
use bevy::render::render_resource::SpecializedRenderPipelines;
use bevy::render::sync_world::SyncToRenderWorld;
use bevy::render::{ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems};
use bevy::shader::Shader;
use bevy::transform::components::Transform;

pub use self::texels::Texels;
use self::{
    pipeline::{ImageQuadPipeline, Samplers},
    queue::{DrawImageQuad, queue_outlined_clouds, queue_picked_quads, queue_quads},
    upload::{GpuQuad, prepare_bind_groups, upload_quads},
};
use crate::drawing::outlines::{self, OutlinedItem};
use crate::drawing::queue::BulkQueueSet;
use crate::drawing::upload::{forget, remove_with};
use crate::drawing::weighted::{self, WeightedItem};
use crate::instances::Highlight;
use crate::picking::PickItem;
use crate::stats::BulkExtractSystems;

/// What quads and clouds share: the uniform, the textures, the colors of values.
const PICTURE_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d1a");
const QUAD_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d04");
const CLOUD_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d1b");

/// A picture on a plane, blended over what is behind it. It tests depth and does not write it.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied.
#[derive(Component, Debug, Clone, PartialEq)]
#[component(on_add = add_visibility_class::<ImageQuad>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct ImageQuad {
    /// A two-dimensional texture. For [`Texels::Colors`] its format must be one that can be filtered (8 or 16 bit colors, not 32 bit
    /// floats), for [`Texels::Values`] floats or unsigned integers, for [`Texels::Classes`] unsigned integers.
    pub image: Handle<Image>,
    /// What its texels mean.
    pub texels: Texels,
    /// From the quad to the world: the top-left corner of pixel (0, 0) is the origin, rows run along x, columns along y.
    /// With [`image_plane_camera`](crate::image_plane_camera), that is upright.
    pub world_from_quad: DAffine3,
    /// Width and height in scene units.
    pub size: Vec2,
    /// Which part of a picture it is, where that is too large for one texture: the outline goes around all parts.
    pub part: QuadPart,
    /// Shows values as a cloud, not on the plane. [`Texels`] that are no values stay on it.
    pub cloud: Option<DepthCloud>,
    /// Multiplies the picture, in sRGB; alpha is opacity, which a cloud does not have.
    pub tint: [u8; 4],
    /// What a texel looks like that covers many pixels.
    pub magnification: Magnification,
    /// Among translucent things at the same distance, greater is drawn later, on top. In scene units: it is added to the
    /// distance of the quad's center.
    pub draw_order: f32,
    /// Where the quad is drawn among all that is translucent in the view, as [`Sorting::Index`](crate::Sorting::Index) says. `None`
    /// goes by distance.
    pub sort_index: Option<u32>,
    /// As [`SegmentUniform::depth_offset`](crate::SegmentUniform::depth_offset).
    pub depth_offset: f32,
    /// Whether the picture is pointed at or selected: it gets an outline in the color that [`BulkView`](crate::BulkView) says,
    /// 2 UI points wide, within its edges.
    pub highlight: Highlight,
    /// As [`SegmentUniform::picking_id`](crate::SegmentUniform::picking_id). The logical instance of a cloud is the number of the
    /// pixel, as in [`DepthCloud::hovered`]; on a plane there is none.
    pub picking_id: u32,
}

impl Default for ImageQuad {
    fn default() -> Self {
        Self {
            image: Handle::default(),
            texels: Texels::Colors,
            world_from_quad: DAffine3::IDENTITY,
            size: Vec2::ONE,
            part: QuadPart::ALL,
            cloud: None,
            tint: [255; 4],
            magnification: Magnification::default(),
            draw_order: 0.0,
            sort_index: None,
            depth_offset: 0.0,
            highlight: Highlight::None,
            picking_id: 0,
        }
    }
}

/// A part of a picture, in shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuadPart {
    /// Where the top-left corner of the part is.
    pub offset: Vec2,
    /// Width and height of the part.
    pub size: Vec2,
}

impl QuadPart {
    /// All of it.
    pub const ALL: Self = Self {
        offset: Vec2::ZERO,
        size: Vec2::ONE,
    };
}

/// How the values of a picture are shown as distances from its camera: each texel as a disc on the ray from the camera through the
/// texel's middle on the quad. What is zero, negative or not finite has no place and is not drawn; the rest is opaque.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DepthCloud {
    /// Where the camera is, in the world.
    pub camera: DVec3,
    /// Where a value of one lies on its ray: as a multiple of how far the quad is.
    pub scale: f32,
    /// The radius of a disc, as a multiple of the distance to a neighbor that is as far from the camera.
    pub fill_ratio: f32,
    /// The disc that is pointed at: the number of its pixel, row by row, where the size of the quad is that of the picture.
    pub hovered: Option<u32>,
    /// The disc that is selected.
    pub selected: Option<u32>,
}

/// How a picture is enlarged. Reduced, it is always filtered, except for classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Magnification {
    /// Sharp squares: a pixel is a datum.
    #[default]
    Nearest,
    /// Smooth.
    Linear,
}

/// Draws all [`ImageQuad`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct ImageQuadPlugin;

impl ImageQuadPlugin {
    pub(crate) const NAME: &'static str = "image_quads";
}

impl Plugin for ImageQuadPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, PICTURE_SHADER, "picture.wgsl", Shader::from_wgsl);
        load_internal_asset!(app, QUAD_SHADER, "image_quad.wgsl", Shader::from_wgsl);
        load_internal_asset!(app, CLOUD_SHADER, "depth_cloud.wgsl", Shader::from_wgsl);
        weighted::add_to(app);
        outlines::add_to(app);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<ImageQuadPipeline>>()
            .insert_resource(ImageQuadPipeline::new())
            .init_gpu_resource::<Samplers>()
            .add_render_command::<Opaque3d, DrawImageQuad>()
            .add_render_command::<Transparent3d, DrawImageQuad>()
            .add_render_command::<WeightedItem, DrawImageQuad>()
            .init_resource::<DrawFunctions<PickItem>>()
            .add_render_command::<PickItem, DrawImageQuad>()
            .add_render_command::<OutlinedItem, DrawImageQuad>()
            .add_systems(RenderStartup, forget::<GpuQuad>)
            .add_systems(
                ExtractSchedule,
                (remove_with::<ImageQuad, GpuQuad>, upload_quads)
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                (
                    queue_quads
                        .in_set(RenderSystems::Queue)
                        .in_set(BulkQueueSet(Self::NAME)),
                    queue_outlined_clouds.in_set(RenderSystems::Queue),
                    queue_picked_quads.in_set(RenderSystems::Queue),
                    prepare_bind_groups.in_set(RenderSystems::PrepareBindGroups),
                ),
            );
    }
}
