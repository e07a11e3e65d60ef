//! The camera of a view: it renders to an image of the tile's size, and sleeps while nothing changes.

use std::time::{Duration, Instant};

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
    math::{DVec3, Quat, Vec2},
    render::{
        render_resource::{TextureFormat, TextureUsages},
        view::Msaa,
    },
    transform::components::Transform,
};
use bevy_egui::{EguiTextureHandle, EguiUserTextures};
use chronoscope_frame::{ActiveBlueprint, Cursor, IngestSources, Settled, ViewTile};
use chronoscope_render::{AdapterClass, BulkView, EyeOrigin, RenderStats, Shadows};

use super::{motion::Motion, through_camera::CameraProjectionMatrix};
use crate::ViewStyle;

/// How many frames a camera stays awake after a change: the frame itself, and those in which a resized image, a new texture or a
/// pipeline's state get through to the renderer.
const AWAKE_FRAMES: u8 = 4;

/// The longest side of an image that is rendered to.
const MAX_SIDE: u32 = 8192;

/// Where the camera of a view stands, and what it sees. Compared from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    /// In the view's space.
    pub(crate) position: DVec3,
    pub(crate) rotation: Quat,
    pub(crate) lens: CameraLens,
    /// How far away is what the eye looks at; `None` where things lie in an order of their own, as in a plane.
    pub(crate) focus_distance: Option<f32>,
    /// Whether what lies behind its neighbors on screen is darker.
    pub(crate) shades_depth: bool,
    /// What casts shadows, where they are asked for.
    pub(crate) shadows: Option<Shadows>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CameraLens {
    /// The vertical field of view in radians, and the nearest distance that is seen.
    Perspective { fov_y: f32, near: f32 },
    /// Width and height of what is seen, and from which distance to which.
    Orthographic { size: Vec2, near: f32, far: f32 },
    /// What a camera sees in whose picture the view lies.
    Camera(CameraProjectionMatrix),
}

/// What is drawn over the plane of a view, as a camera sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Overlay {
    /// Its render layer.
    pub(crate) layer: usize,
    pub(crate) placement: Placement,
}

/// What the camera of a view is to show.
pub(crate) struct Shot<'a> {
    /// Where it is shown.
    pub(crate) tile: ViewTile,
    pub(crate) placement: Placement,
    /// What is drawn over that, if anything.
    pub(crate) overlay: Option<Overlay>,
    pub(crate) background: egui::Color32,
    pub(crate) style: &'a ViewStyle,
    /// Whether what it sees changed.
    pub(crate) is_changed: bool,
}

/// The size of the image that a tile needs; `None` where nothing is to be rendered.
pub(crate) fn image_size(tile: ViewTile) -> Option<[u32; 2]> {
    let size = tile.size_pixels.map(|side| side.min(MAX_SIDE));
    (tile.shown && !size.contains(&0)).then_some(size)
}

/// The camera of a view.
pub(crate) struct SceneCamera {
    entity: Entity,
    /// The camera that draws over what the first one has drawn.
    overlay: Option<Entity>,
    image: Handle<Image>,
    pub(crate) texture: Option<egui::TextureId>,
    size: [u32; 2],
    placement: Option<(Placement, Option<Overlay>, BulkView, [u8; 4])>,
    awake_frames: u8,
    is_active: bool,
    is_hidden: bool,
    /// Samples per pixel.
    samples: u32,
    motion: Motion,
    /// The most points in the picture that it rendered last, where it may have left some out.
    point_budget: Option<u32>,
    /// When it last rendered, and what a user had asked for then.
    rendered: Option<(Instant, Asked)>,
}

/// What a user moves: the cursor, and what is edited, such as an eye.
type Asked = (Option<Cursor>, Option<u64>);

/// While something is loading, views show what has come so far this often: drawing all of it with each piece that comes would take
/// most of the time.
const LOADING_INTERVAL: Duration = Duration::from_millis(250);

impl SceneCamera {
    /// The entity of the camera.
    pub(crate) fn entity(&self) -> Entity {
        self.entity
    }

    /// The entity of the camera that draws over it, if there is one.
    pub(crate) fn overlay(&self) -> Option<Entity> {
        self.overlay
    }

    /// Whether it renders in this frame.
    pub(crate) fn is_rendering(&self) -> bool {
        self.is_active
    }

    /// What it renders to.
    pub(crate) fn image(&self) -> &Handle<Image> {
        &self.image
    }

    /// What is behind all that it sees; `None` before it was placed.
    pub(crate) fn background(&self) -> Option<egui::Color32> {
        let (.., [r, g, b, _]) = self.placement?;
        Some(egui::Color32::from_rgb(r, g, b))
    }

    /// Frees everything.
    pub(crate) fn despawn(self, world: &mut World) {
        for entity in self.cameras() {
            world.despawn(entity);
        }
        if let Some(mut textures) = world.get_resource_mut::<EguiUserTextures>() {
            textures.remove_image(&self.image);
        }
    }

    /// Whether its picture may lack points, because something moves.
    pub(crate) fn is_thinned(&self) -> bool {
        self.point_budget.is_some()
    }

    /// Whether it has nothing left to render.
    pub(crate) fn is_asleep(&self) -> bool {
        self.awake_frames == 0 && !self.is_active && !self.is_thinned()
    }

    /// Places the camera of a view, and decides whether it renders in this frame. The first one is made where there is something to
    /// render.
    pub(crate) fn update(camera: &mut Option<Self>, world: &mut World, layer: usize, shot: &Shot<'_>) {
        match image_size(shot.tile) {
            None => {
                if let Some(camera) = camera {
                    camera.put_to_sleep(world);
                }
            }
            Some(size) => camera
                .get_or_insert_with(|| Self::new(world, layer))
                .look(world, size, shot),
        }
    }

    /// Whether its view cannot be seen.
    pub(crate) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// The bytes of its textures: the image and, while it renders, two to draw and to blend in, samples and their depths, and
    /// what translucent surfaces add up to, where there may be some, and the map of shadows.
    pub(crate) fn target_bytes(&self) -> u64 {
        let samples = u64::from(self.samples);
        let resolved = if samples > 1 { samples } else { 0 };
        let bulk = self.placement.map(|(_, _, bulk, _)| bulk);
        let is_order_independent = bulk.is_some_and(|bulk| bulk.is_order_independent);
        let has_map = self.is_active && bulk.is_some_and(|bulk| bulk.shadows.is_some());
        let of_map = if has_map { Shadows::MAP_BYTES } else { 0 };
        let gathered = u64::from(is_order_independent) * 9 * (1 + resolved);
        let per_pixel = 4 + u64::from(self.is_active) * (4 * (2 + resolved + samples) + gathered);
        self.size.iter().map(|side| u64::from(*side)).product::<u64>() * per_pixel + of_map
    }

    /// Renders nothing until it is placed again.
    pub(crate) fn put_to_sleep(&mut self, world: &mut World) {
        self.is_hidden = true;
        self.set_active(world, false);
        self.awake_frames = AWAKE_FRAMES;
    }

    fn look(&mut self, world: &mut World, size: [u32; 2], shot: &Shot<'_>) {
        self.is_hidden = false;
        let is_resized = self.resize(world, size);
        let adapter = world.get_resource::<AdapterClass>().copied().unwrap_or_default();
        let mut bulk = bulk_view(shot.style, shot.tile.pixels_per_point);
        if let Some(distance) = shot.placement.focus_distance {
            bulk.focus_distance = distance;
            // Two more textures, a pass over all pixels and lights are much for a processor.
            bulk.is_order_independent = !adapter.is_software();
            bulk.is_lit = !adapter.is_software();
            bulk.depth_shading = f32::from(u8::from(shot.placement.shades_depth));
            bulk.shadows = shot.placement.shadows.filter(|_| bulk.is_lit);
        }
        let [r, g, b, _] = shot.background.to_array();
        let now = (shot.placement, shot.overlay, bulk, [r, g, b, 255]);
        let is_moved = self.placement != Some(now);
        let budget = self
            .motion
            .point_budget(world, is_resized || is_moved || shot.is_changed);
        if is_moved {
            self.placement = Some(now);
            self.awake_frames = AWAKE_FRAMES;
            self.place_overlay(world, shot.overlay, bulk);
            // A host may have despawned it.
            if let Ok(mut entity) = world.get_entity_mut(self.entity) {
                entity.insert((
                    placed(shot.placement),
                    BulkView {
                        point_budget: self.point_budget,
                        ..bulk
                    },
                ));
                if let Some(mut component) = entity.get_mut::<Camera>() {
                    component.clear_color = ClearColorConfig::Custom(Color::srgb_u8(r, g, b));
                }
            }
        }
        let stats = world.get_resource::<RenderStats>();
        // Something may have been left out of the picture, such as what a pipeline is still being compiled for.
        let is_incomplete = self.awake_frames > 0 && stats.is_some_and(|stats| stats.pending_draws() > 0);
        if shot.is_changed || is_incomplete {
            self.awake_frames = AWAKE_FRAMES;
        }
        if self.is_thinned() && budget.is_none() {
            // All is at rest: once more, with all points.
            self.awake_frames = self.awake_frames.max(1);
        }
        let may_render = self.is_due(world);
        self.set_active(world, may_render);
        if self.is_active {
            self.set_point_budget(world, budget);
        }
        if self.awake_frames > 0 || self.is_thinned() {
            self.awake_frames = self.awake_frames.saturating_sub(u8::from(may_render));
            if let Some(mut settled) = world.get_resource_mut::<Settled>() {
                settled.disturb();
            }
        }
    }

    /// Whether what changed is to be shown now: always, unless something is loading and nothing else happened.
    fn is_due(&self, world: &World) -> bool {
        let is_loading = world
            .get_resource::<IngestSources>()
            .is_some_and(|sources| !sources.is_idle());
        let Some((rendered_at, asked)) = self.rendered.filter(|_| is_loading) else {
            return true;
        };
        asked_for(world) != asked || rendered_at.elapsed() >= LOADING_INTERVAL
    }

    fn set_active(&mut self, world: &mut World, may_render: bool) {
        let is_active = may_render && self.awake_frames > 0;
        if is_active {
            self.rendered = Some((Instant::now(), asked_for(world)));
        }
        if self.is_active != is_active {
            self.is_active = is_active;
            for entity in self.cameras() {
                if let Some(mut component) = world.get_mut::<Camera>(entity) {
                    component.is_active = is_active;
                }
            }
        }
    }

    /// Draws no more points. Uploads nothing.
    fn set_point_budget(&mut self, world: &mut World, point_budget: Option<u32>) {
        if self.point_budget == point_budget {
            return;
        }
        self.point_budget = point_budget;
        for entity in self.cameras() {
            if let Some(mut bulk) = world.get_mut::<BulkView>(entity) {
                bulk.point_budget = point_budget;
            }
        }
    }

    /// Whether one of its entities is gone.
    pub(crate) fn is_lost(&self, cameras: &Query<(), With<Camera>>) -> bool {
        self.cameras().any(|entity| !cameras.contains(entity))
    }

    /// The camera, and the one that draws over it.
    fn cameras(&self) -> impl Iterator<Item = Entity> + use<> {
        [Some(self.entity), self.overlay].into_iter().flatten()
    }

    /// Places the camera that draws over what the first one has drawn, and makes or removes it.
    fn place_overlay(&mut self, world: &mut World, overlay: Option<Overlay>, bulk: BulkView) {
        let Some(Overlay { layer, placement }) = overlay else {
            if let Some(entity) = self.overlay.take() {
                world.despawn(entity);
            }
            return;
        };
        let entity = match self.overlay {
            Some(entity) => entity,
            None => {
                let order = world.get::<Camera>(self.entity).map_or(0, |camera| camera.order);
                let camera = Camera {
                    order: order + 1,
                    is_active: self.is_active,
                    clear_color: ClearColorConfig::None,
                    ..Default::default()
                };
                let parts = camera_parts(world, camera, self.image.clone());
                let entity = world.spawn(parts).id();
                self.overlay = Some(entity);
                entity
            }
        };
        let layers = RenderLayers::none().with(layer);
        if let Ok(mut entity) = world.get_entity_mut(entity) {
            let bulk = BulkView {
                point_budget: self.point_budget,
                ..bulk
            };
            entity.insert((placed(placement), bulk, layers));
        }
    }

    fn new(world: &mut World, layer: usize) -> Self {
        let mut target = Image::new_target_texture(1, 1, TextureFormat::Rgba8UnormSrgb, None);
        // It is rendered to, never written by the CPU.
        target.data = None;
        target.copy_on_resize = false;
        let image = world.resource_mut::<Assets<Image>>().add(target);
        let texture = world
            .get_resource_mut::<EguiUserTextures>()
            .map(|mut textures| textures.add_image(EguiTextureHandle::Strong(image.clone())));
        let camera = Camera {
            // Views come before the user interface that shows them. There is room for an overlay after each.
            order: -2 * (layer as isize) - 2,
            is_active: false,
            ..Default::default()
        };
        let parts = camera_parts(world, camera, image.clone());
        let samples = parts.1.samples();
        let layers = RenderLayers::none().with(layer);
        let entity = world.spawn((parts, layers)).id();
        Self {
            entity,
            overlay: None,
            image,
            texture,
            size: [0, 0],
            placement: None,
            awake_frames: 0,
            is_active: false,
            is_hidden: false,
            samples,
            motion: Motion::default(),
            point_budget: None,
            rendered: None,
        }
    }

    /// Gives the image a size, and returns whether that is another one. Its id stays.
    fn resize(&mut self, world: &mut World, size: [u32; 2]) -> bool {
        if self.size == size {
            return false;
        }
        self.size = size;
        self.awake_frames = AWAKE_FRAMES;
        let mut images = world.resource_mut::<Assets<Image>>();
        if let Some(mut image) = images.get_mut(&self.image) {
            image.texture_descriptor.size.width = size[0];
            image.texture_descriptor.size.height = size[1];
        }
        true
    }
}

/// What all cameras of views have in common.
fn camera_parts(world: &World, camera: Camera, image: Handle<Image>) -> (impl Bundle, Msaa) {
    let adapter = world.get_resource::<AdapterClass>();
    let parts = (
        Camera3d {
            // Depths may be read, to shade by them.
            depth_texture_usages: (TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING).into(),
            ..Default::default()
        },
        camera,
        RenderTarget::from(image),
        Projection::default(),
        Tonemapping::None,
        DebandDither::Disabled,
        BulkView::default(),
    );
    (parts, adapter.copied().unwrap_or_default().msaa())
}

/// What places a camera.
fn placed(placement: Placement) -> impl Bundle {
    (
        // The eye itself, so that what is near it is exact far from the origin.
        EyeOrigin(placement.position),
        Transform::from_rotation(placement.rotation),
        projection(placement.lens),
    )
}

fn asked_for(world: &World) -> Asked {
    (
        world.get_resource::<Cursor>().copied(),
        world
            .get_resource::<ActiveBlueprint>()
            .map(ActiveBlueprint::generation),
    )
}

fn projection(lens: CameraLens) -> Projection {
    match lens {
        CameraLens::Perspective { fov_y, near } => Projection::Perspective(PerspectiveProjection {
            fov: fov_y,
            near,
            far: 1e9,
            ..Default::default()
        }),
        CameraLens::Orthographic { size, near, far } => Projection::Orthographic(OrthographicProjection {
            near,
            far,
            scaling_mode: ScalingMode::Fixed {
                width: size.x,
                height: size.y,
            },
            ..OrthographicProjection::default_3d()
        }),
        CameraLens::Camera(matrix) => Projection::custom(matrix),
    }
}

fn bulk_view(style: &ViewStyle, pixels_per_point: f32) -> BulkView {
    // What stands out keeps its own colors, which are data: it has an outline.
    let unmixed = |color: egui::Color32| {
        let [r, g, b, _] = color.to_array();
        [r, g, b, 0]
    };
    BulkView {
        ui_point_pixels: (pixels_per_point > 0.0).then_some(pixels_per_point),
        hovered_color: unmixed(style.hovered),
        selected_color: unmixed(style.selected),
        highlight_points: 0.0,
        is_outlined: true,
        ..Default::default()
    }
}
