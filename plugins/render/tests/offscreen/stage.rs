//! An app with one camera that draws into an image, and the pictures it takes.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use bevy::app::{App, PluginsState, TerminalCtrlCHandlerPlugin};
use bevy::asset::{Assets, Handle};
use bevy::camera::{
    Camera, Camera3d, ClearColorConfig, OrthographicProjection, PerspectiveProjection, Projection,
    RenderTarget, ScalingMode,
};
use bevy::color::Color;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::ecs::bundle::Bundle;
use bevy::ecs::entity::Entity;
use bevy::ecs::observer::On;
use bevy::image::Image;
use bevy::log::LogPlugin;
use bevy::math::{Vec2, Vec3};
use bevy::render::RenderPlugin;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::TextureFormat;
use bevy::render::view::Msaa;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::transform::components::Transform;
use bevy::window::{ExitCondition, WindowPlugin};
use bevy::winit::WinitPlugin;
use bevy::{DefaultPlugins, app::PluginGroup};
use chronoscope_render::{
    BulkRenderPlugin, InstanceBatch, Primitive, RenderStats, SegmentUniform, image_plane_camera,
};

/// The width and height of the target, in pixels.
pub(crate) const SIZE: u32 = 64;

/// What the camera clears to.
pub(crate) const BACKGROUND: [u8; 4] = [10, 20, 30, 255];

pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) camera: Entity,
    target: Handle<Image>,
}

impl Stage {
    /// A camera on an image plane: one unit is one pixel, x to the right, y down, the origin in the top-left corner.
    pub(crate) fn flat() -> Self {
        let projection = OrthographicProjection {
            scaling_mode: ScalingMode::Fixed {
                width: SIZE as f32,
                height: SIZE as f32,
            },
            far: 100.0,
            ..OrthographicProjection::default_3d()
        };
        let center = Vec2::splat(SIZE as f32 / 2.0);
        Self::new(
            Projection::Orthographic(projection),
            image_plane_camera(center, 50.0),
        )
    }

    /// A camera with perspective, a right angle wide, that looks from `eye` at `at`; z is up.
    pub(crate) fn deep(eye: Vec3, at: Vec3) -> Self {
        let projection = PerspectiveProjection {
            fov: std::f32::consts::FRAC_PI_2,
            ..PerspectiveProjection::default()
        };
        Self::new(
            Projection::Perspective(projection),
            Transform::from_translation(eye).looking_at(at, Vec3::Z),
        )
    }

    fn new(projection: Projection, transform: Transform) -> Self {
        let mut app = App::new();
        app.add_plugins(
            DefaultPlugins
                .set(WindowPlugin {
                    primary_window: None,
                    exit_condition: ExitCondition::DontExit,
                    ..Default::default()
                })
                .set(RenderPlugin {
                    synchronous_pipeline_compilation: true,
                    ..Default::default()
                })
                .disable::<WinitPlugin>()
                .disable::<LogPlugin>()
                .disable::<TerminalCtrlCHandlerPlugin>()
                .disable::<PipelinedRenderingPlugin>(),
        );
        app.add_plugins(BulkRenderPlugin);
        while app.plugins_state() == PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        let image = Image::new_target_texture(SIZE, SIZE, TextureFormat::Rgba8UnormSrgb, None);
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        let [r, g, b, _] = BACKGROUND;
        let camera = app
            .world_mut()
            .spawn((
                Camera3d::default(),
                Camera {
                    clear_color: ClearColorConfig::Custom(Color::srgb_u8(r, g, b)),
                    ..Default::default()
                },
                RenderTarget::from(target.clone()),
                Msaa::Off,
                Tonemapping::None,
                DebandDither::Disabled,
                projection,
                transform,
            ))
            .id();
        Self { app, camera, target }
    }

    pub(crate) fn spawn(&mut self, bundle: impl Bundle) -> Entity {
        self.app.world_mut().spawn(bundle).id()
    }

    /// A batch with the one segment 1.
    pub(crate) fn spawn_batch<P: Primitive>(&mut self, uniform: SegmentUniform, instances: &[P]) -> Entity {
        let mut batch = InstanceBatch::<P>::default();
        batch.insert(1, uniform, instances).unwrap();
        self.spawn(batch)
    }

    pub(crate) fn batch<P: Primitive>(&mut self, entity: Entity, change: impl FnOnce(&mut InstanceBatch<P>)) {
        change(&mut self.app.world_mut().get_mut::<InstanceBatch<P>>(entity).unwrap());
    }

    pub(crate) fn stats(&self) -> RenderStats {
        self.app.world().resource::<RenderStats>().clone()
    }

    /// Runs frames until a picture of the settled view is there.
    pub(crate) fn shoot(&mut self) -> Picture {
        self.app.update();
        for _ in 0..100 {
            if self.stats().pending_draws() == 0 {
                break;
            }
            self.app.update();
        }
        assert_eq!(self.stats().pending_draws(), 0, "the pipelines compile");
        let taken = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&taken);
        self.app
            .world_mut()
            .spawn(Screenshot::image(self.target.clone()))
            .observe(move |captured: On<ScreenshotCaptured>| {
                *slot.lock().unwrap() = Some(captured.image.clone());
            });
        for _ in 0..1000 {
            self.app.update();
            if let Some(image) = taken.lock().unwrap().take() {
                return Picture(image.try_into_dynamic().unwrap().to_rgba8());
            }
        }
        panic!("no picture came back");
    }
}

/// What the camera saw.
pub(crate) struct Picture(pub(crate) image::RgbaImage);

impl Picture {
    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.0.get_pixel(x, y).0
    }

    /// The pixels that are not background, as (x, y).
    pub(crate) fn drawn(&self) -> Vec<(u32, u32)> {
        self.0
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel.0 != BACKGROUND)
            .map(|(x, y, _)| (x, y))
            .collect()
    }

    /// How many pixels of a part are not background.
    pub(crate) fn drawn_within(&self, columns: Range<u32>, rows: Range<u32>) -> usize {
        let is_within = |(x, y): &&(u32, u32)| columns.contains(x) && rows.contains(y);
        self.drawn().iter().filter(is_within).count()
    }

    /// How many pixels have exactly this colour.
    pub(crate) fn count(&self, color: [u8; 4]) -> usize {
        self.0.pixels().filter(|pixel| pixel.0 == color).count()
    }

    /// How many colours there are besides the background.
    pub(crate) fn shades(&self) -> usize {
        let mut colors: Vec<[u8; 4]> = self
            .0
            .pixels()
            .map(|pixel| pixel.0)
            .filter(|color| *color != BACKGROUND)
            .collect();
        colors.sort_unstable();
        colors.dedup();
        colors.len()
    }
}
