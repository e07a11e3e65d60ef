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
    Blending, BulkRenderPlugin, DrawList, DrawRun, InstanceBuffer, PickAnswer, PickHit, PickRequest,
    Primitive, RenderStats, SegmentUniform, Slot, Sorting, image_plane_camera,
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
    /// What is seen within so many pixels of one.
    pub(crate) fn pick(&mut self, pixel: [u32; 2], radius: u32) -> Option<PickHit> {
        let request = PickRequest {
            camera: self.camera,
            pixel: pixel.into(),
            radius,
        };
        let request = self.spawn(request);
        self.answer(request).hit
    }

    /// The answer to a request, waited for.
    pub(crate) fn answer(&mut self, request: Entity) -> PickAnswer {
        for _ in 0..1000 {
            self.app.update();
            if let Some(answer) = self.app.world().get::<PickAnswer>(request).copied() {
                return answer;
            }
        }
        panic!("no answer came");
    }

    /// A camera on an image plane: one unit is one pixel, x to the right, y down, the origin in the top-left corner.
    pub(crate) fn flat() -> Self {
        Self::flat_in(false)
    }

    /// The same in an app that adds the plugin before Bevy's own.
    pub(crate) fn flat_with_plugin_first() -> Self {
        Self::flat_in(true)
    }

    fn flat_in(is_plugin_first: bool) -> Self {
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
            is_plugin_first,
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
            false,
        )
    }

    fn new(projection: Projection, transform: Transform, is_plugin_first: bool) -> Self {
        let mut app = App::new();
        if is_plugin_first {
            app.add_plugins(BulkRenderPlugin);
        }
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
        if !is_plugin_first {
            app.add_plugins(BulkRenderPlugin);
        }
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

    pub(crate) fn new_target(&mut self) -> Handle<Image> {
        let image = Image::new_target_texture(SIZE, SIZE, TextureFormat::Rgba8UnormSrgb, None);
        self.app.world_mut().resource_mut::<Assets<Image>>().add(image)
    }

    /// Another camera that looks as the first one does.
    pub(crate) fn spawn_camera(&mut self, target: RenderTarget, more: impl Bundle) -> Entity {
        let world = self.app.world_mut();
        let projection = world.get::<Projection>(self.camera).unwrap().clone();
        let transform = *world.get::<Transform>(self.camera).unwrap();
        let camera = (
            Camera3d::default(),
            target,
            Msaa::Off,
            Tonemapping::None,
            projection,
            transform,
        );
        world.spawn((camera, more)).id()
    }

    pub(crate) fn spawn(&mut self, bundle: impl Bundle) -> Entity {
        self.app.world_mut().spawn(bundle).id()
    }

    /// A buffer of one visual, and a list that draws it opaquely.
    pub(crate) fn draw<P: Primitive>(&mut self, uniform: SegmentUniform, instances: &[P]) -> Drawn {
        self.draw_as(Blending::Opaque, uniform, instances)
    }

    pub(crate) fn draw_as<P: Primitive>(
        &mut self,
        blending: Blending,
        uniform: SegmentUniform,
        instances: &[P],
    ) -> Drawn {
        let mut buffer = InstanceBuffer::<P>::default();
        let slot = buffer.insert(instances).unwrap();
        let buffer = self.spawn(buffer);
        let mut list = DrawList::<P>::new(buffer, blending);
        list.insert(slot, uniform);
        let list = self.spawn(list);
        Drawn { buffer, list, slot }
    }

    pub(crate) fn buffer<P: Primitive, T>(
        &mut self,
        drawn: Drawn,
        change: impl FnOnce(&mut InstanceBuffer<P>) -> T,
    ) -> T {
        let world = self.app.world_mut();
        change(&mut world.get_mut::<InstanceBuffer<P>>(drawn.buffer).unwrap())
    }

    pub(crate) fn list<P: Primitive, T>(
        &mut self,
        drawn: Drawn,
        change: impl FnOnce(&mut DrawList<P>) -> T,
    ) -> T {
        let world = self.app.world_mut();
        change(&mut world.get_mut::<DrawList<P>>(drawn.list).unwrap())
    }

    /// Says where a translucent visual that is alone in its list is drawn.
    pub(crate) fn order<P: Primitive>(&mut self, drawn: Drawn, index: u32) {
        let run = DrawRun {
            sorting: Sorting::Index(index),
            slots: vec![drawn.slot],
        };
        self.list::<P, _>(drawn, |list| list.set_runs(Some(&[run])));
    }

    /// Adds another visual to a buffer and its list.
    pub(crate) fn add<P: Primitive>(
        &mut self,
        drawn: Drawn,
        uniform: SegmentUniform,
        instances: &[P],
    ) -> Slot {
        let slot = self.buffer::<P, _>(drawn, |buffer| buffer.insert(instances).unwrap());
        self.list::<P, _>(drawn, |list| list.insert(slot, uniform));
        slot
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

/// A visual in a buffer, and a list that draws it.
#[derive(Clone, Copy)]
pub(crate) struct Drawn {
    pub(crate) buffer: Entity,
    pub(crate) list: Entity,
    pub(crate) slot: Slot,
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

    /// How many pixels have exactly this color.
    pub(crate) fn count(&self, color: [u8; 4]) -> usize {
        self.0.pixels().filter(|pixel| pixel.0 == color).count()
    }

    /// How many colors there are besides the background.
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
