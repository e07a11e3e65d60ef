//! The camera of a view: it renders to an image of the tile's size, and sleeps while nothing changes.

use bevy::{
    asset::{Assets, Handle},
    camera::{
        Camera, Camera3d, ClearColorConfig, OrthographicProjection, PerspectiveProjection, Projection,
        RenderTarget, ScalingMode, visibility::RenderLayers,
    },
    color::Color,
    core_pipeline::tonemapping::{DebandDither, Tonemapping},
    ecs::prelude::*,
    image::Image,
    math::Vec2,
    render::render_resource::TextureFormat,
    transform::components::Transform,
};
use bevy_egui::{EguiTextureHandle, EguiUserTextures};
use chronoscope_frame::Settled;
use chronoscope_render::{AdapterClass, BulkView, RenderStats};

use super::scene::SpatialScene;
use crate::ViewStyle;

/// How many frames a camera stays awake after a change: the frame itself, and those in which a resized image, a new texture or a
/// pipeline's state get through to the renderer.
const AWAKE_FRAMES: u8 = 4;

/// The longest side of an image that is rendered to.
const MAX_SIDE: u32 = 8192;

/// Where the camera of a view stands, and what it sees. Compared from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    pub(crate) transform: Transform,
    pub(crate) lens: CameraLens,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CameraLens {
    /// The vertical field of view in radians, and the nearest distance that is seen.
    Perspective { fov_y: f32, near: f32 },
    /// Width and height of what is seen, and how deep the view goes.
    Orthographic { size: Vec2, depth: f32 },
}

/// The camera of a view.
pub(crate) struct SceneCamera {
    entity: Entity,
    image: Handle<Image>,
    pub(crate) texture: Option<egui::TextureId>,
    size: [u32; 2],
    placement: Option<(Placement, BulkView, [u8; 4])>,
    awake_frames: u8,
    is_active: bool,
}

impl SceneCamera {
    /// Whether it renders in this frame.
    pub(crate) fn is_rendering(&self) -> bool {
        self.is_active
    }

    /// What it renders to.
    pub(crate) fn image(&self) -> &Handle<Image> {
        &self.image
    }

    /// Frees everything.
    pub(crate) fn despawn(self, world: &mut World) {
        world.despawn(self.entity);
        if let Some(mut textures) = world.get_resource_mut::<EguiUserTextures>() {
            textures.remove_image(&self.image);
        }
    }

    fn new(world: &mut World, layer: usize, size: [u32; 2]) -> Self {
        let mut target = Image::new_target_texture(1, 1, TextureFormat::Rgba8UnormSrgb, None);
        // It is rendered to, never written by the CPU.
        target.data = None;
        target.copy_on_resize = false;
        let image = world.resource_mut::<Assets<Image>>().add(target);
        let texture = world
            .get_resource_mut::<EguiUserTextures>()
            .map(|mut textures| textures.add_image(EguiTextureHandle::Strong(image.clone())));
        let msaa = world
            .get_resource::<AdapterClass>()
            .copied()
            .unwrap_or_default()
            .msaa();
        let entity = world
            .spawn((
                Camera3d::default(),
                // Views come before the user interface that shows them.
                Camera {
                    order: -(layer as isize) - 1,
                    is_active: false,
                    ..Default::default()
                },
                RenderTarget::from(image.clone()),
                Projection::default(),
                Tonemapping::None,
                DebandDither::Disabled,
                msaa,
                BulkView::default(),
                RenderLayers::none().with(layer),
            ))
            .id();
        let mut camera = Self {
            entity,
            image,
            texture,
            size: [0, 0],
            placement: None,
            awake_frames: 0,
            is_active: false,
        };
        camera.resize(world, size);
        camera
    }

    /// Gives the image another size. Its id stays.
    fn resize(&mut self, world: &mut World, size: [u32; 2]) {
        if self.size == size {
            return;
        }
        self.size = size;
        self.awake_frames = AWAKE_FRAMES;
        let mut images = world.resource_mut::<Assets<Image>>();
        if let Some(mut image) = images.get_mut(&self.image) {
            image.texture_descriptor.size.width = size[0];
            image.texture_descriptor.size.height = size[1];
        }
    }
}

/// Places the camera of a scene, and decides whether it renders in this frame.
pub(crate) fn update_camera(
    world: &mut World,
    scene: &mut SpatialScene,
    placement: Placement,
    background: egui::Color32,
) {
    let tile = scene.tile;
    let size = tile.size_pixels.map(|side| side.min(MAX_SIDE));
    if !tile.shown || size.contains(&0) {
        put_to_sleep(world, scene);
        return;
    }
    let style = world.get_resource::<ViewStyle>().cloned().unwrap_or_default();
    let mut camera = match scene.camera.take() {
        Some(camera) => camera,
        None => SceneCamera::new(world, scene.layer, size),
    };
    camera.resize(world, size);

    let bulk = bulk_view(&style, tile.pixels_per_point);
    let [r, g, b, _] = background.to_array();
    let now = (placement, bulk, [r, g, b, 255]);
    if camera.placement != Some(now) {
        camera.placement = Some(now);
        camera.awake_frames = AWAKE_FRAMES;
        let mut entity = world.entity_mut(camera.entity);
        entity.insert((placement.transform, projection(placement.lens), bulk));
        if let Some(mut component) = entity.get_mut::<Camera>() {
            component.clear_color = ClearColorConfig::Custom(Color::srgb_u8(r, g, b));
        }
    }
    if std::mem::take(&mut scene.is_changed) {
        camera.awake_frames = AWAKE_FRAMES;
    } else if camera.awake_frames > 0
        && world
            .get_resource::<RenderStats>()
            .is_some_and(|stats| stats.pending_draws() > 0)
    {
        // Something was left out of the picture, such as what a pipeline is still being compiled for.
        camera.awake_frames = AWAKE_FRAMES;
    }
    set_active(world, &mut camera, true);
    if camera.awake_frames > 0 {
        camera.awake_frames -= 1;
        if let Some(mut settled) = world.get_resource_mut::<Settled>() {
            settled.disturb();
        }
    }
    scene.camera = Some(camera);
}

/// Lets the camera of a scene sleep. When it wakes up it renders.
pub(crate) fn put_to_sleep(world: &mut World, scene: &mut SpatialScene) {
    if let Some(mut camera) = scene.camera.take() {
        set_active(world, &mut camera, false);
        camera.awake_frames = AWAKE_FRAMES;
        scene.camera = Some(camera);
    }
}

fn set_active(world: &mut World, camera: &mut SceneCamera, may_render: bool) {
    let is_active = may_render && camera.awake_frames > 0;
    if camera.is_active != is_active {
        camera.is_active = is_active;
        if let Some(mut component) = world.get_mut::<Camera>(camera.entity) {
            component.is_active = is_active;
        }
    }
}

fn projection(lens: CameraLens) -> Projection {
    match lens {
        CameraLens::Perspective { fov_y, near } => Projection::Perspective(PerspectiveProjection {
            fov: fov_y,
            near,
            far: 1e9,
            ..Default::default()
        }),
        CameraLens::Orthographic { size, depth } => Projection::Orthographic(OrthographicProjection {
            near: 0.0,
            far: depth,
            scaling_mode: ScalingMode::Fixed {
                width: size.x,
                height: size.y,
            },
            ..OrthographicProjection::default_3d()
        }),
    }
}

fn bulk_view(style: &ViewStyle, pixels_per_point: f32) -> BulkView {
    let mix = |color: egui::Color32, amount: u8| {
        let [r, g, b, _] = color.to_array();
        [r, g, b, amount]
    };
    BulkView {
        ui_point_pixels: (pixels_per_point > 0.0).then_some(pixels_per_point),
        hovered_color: mix(style.hovered, 110),
        selected_color: mix(style.selected, 170),
        ..Default::default()
    }
}
