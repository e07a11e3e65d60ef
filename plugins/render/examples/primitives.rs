//! Draws every primitive into a PNG, without a window: `cargo run -p chronoscope_render --example primitives -- out.png`.

use std::f32::consts::TAU;

use bevy::DefaultPlugins;
use bevy::app::{App, PluginGroup, PluginsState};
use bevy::asset::{Assets, RenderAssetUsages};
use bevy::camera::{Camera, Camera3d, ClearColorConfig, RenderTarget};
use bevy::color::Color;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::image::Image;
use bevy::math::{DAffine3, DMat3, DVec3, Quat, Vec2, Vec3};
use bevy::render::RenderPlugin;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy::render::view::screenshot::{Captured, Screenshot, save_to_disk};
use bevy::transform::components::Transform;
use bevy::window::{ExitCondition, WindowPlugin};
use bevy::winit::WinitPlugin;
use chronoscope_render::{
    AdapterClass, Blending, BoxEdgesInstance, BoxInstance, BufferError, BulkRenderPlugin, DEFAULT_RADIUS,
    DrawList, GroundGrid, Highlight, ImageQuad, InstanceBuffer, LineInstance, PointInstance, Primitive,
    RenderStats, SegmentUniform, pack_color,
};

fn main() -> Result<(), BufferError> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "primitives.png".into());
    let mut app = offscreen_app();

    let target = Image::new_target_texture(960, 600, TextureFormat::Rgba8UnormSrgb, None);
    let target = app.world_mut().resource_mut::<Assets<Image>>().add(target);
    let msaa = app.world().resource::<AdapterClass>().msaa();
    app.world_mut().spawn((
        Camera3d::default(),
        Camera {
            clear_color: ClearColorConfig::Custom(Color::srgb_u8(11, 12, 14)),
            ..Default::default()
        },
        RenderTarget::from(target.clone()),
        msaa,
        Tonemapping::None,
        DebandDither::Disabled,
        Transform::from_xyz(7.0, -9.0, 5.0).looking_at(Vec3::new(0.0, 0.0, 1.0), Vec3::Z),
    ));

    app.world_mut().spawn(GroundGrid::default());
    spawn(&mut app, points())?;
    spawn(&mut app, lines())?;
    spawn(&mut app, box_edges())?;
    spawn(&mut app, boxes())?;
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(checkers());
    app.world_mut().spawn(ImageQuad {
        image,
        // Upright, facing the camera: rows along x, columns down.
        world_from_quad: DAffine3 {
            matrix3: DMat3::from_cols(DVec3::X, DVec3::NEG_Z, DVec3::NEG_Y),
            translation: DVec3::new(-5.0, 3.0, 3.5),
        },
        size: Vec2::new(3.0, 3.0),
        ..Default::default()
    });

    app.update();
    while app.world().resource::<RenderStats>().pending_draws() > 0 {
        app.update();
    }
    let shot = app
        .world_mut()
        .spawn(Screenshot::image(target))
        .observe(save_to_disk(path))
        .id();
    while app
        .world()
        .get_entity(shot)
        .is_ok_and(|shot| !shot.contains::<Captured>())
    {
        app.update();
    }
    Ok(())
}

fn offscreen_app() -> App {
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
            .disable::<WinitPlugin>(),
    );
    app.add_plugins(BulkRenderPlugin);
    while app.plugins_state() == PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
    app
}

/// What is drawn of a primitive: visuals, each with how it is drawn.
type Visuals<P> = Vec<(SegmentUniform, Vec<P>)>;

/// A buffer that stores the visuals, and a list that draws them.
fn spawn<P: Primitive>(app: &mut App, visuals: Visuals<P>) -> Result<(), BufferError> {
    let mut buffer = InstanceBuffer::<P>::default();
    let mut drawn = Vec::new();
    for (uniform, instances) in visuals {
        drawn.push((buffer.insert(instances)?, uniform));
    }
    let buffer = app.world_mut().spawn(buffer).id();
    let mut list = DrawList::<P>::new(buffer, Blending::Opaque);
    for (slot, uniform) in drawn {
        list.insert(slot, uniform);
    }
    app.world_mut().spawn(list);
    Ok(())
}

/// A spiral, colored by height.
fn points() -> Visuals<PointInstance> {
    let spiral = (0..4000_u16)
        .map(|i| {
            let t = f32::from(i) / 4000.0;
            let (sin, cos) = (t * 12.0 * TAU).sin_cos();
            let radius = 1.6 - 1.2 * t;
            let color = pack_color([(80.0 + 175.0 * t) as u8, 140, (255.0 - 200.0 * t) as u8, 255]);
            PointInstance::new(
                Vec3::new(radius * cos, radius * sin, 4.0 * t),
                DEFAULT_RADIUS,
                color,
            )
        })
        .collect();
    let uniform = SegmentUniform {
        world_from_entity: DAffine3::from_translation(DVec3::new(-1.0, 0.0, 0.0)),
        default_radius: 0.03,
        ..Default::default()
    };
    vec![(uniform, spiral)]
}

/// The edges of a box.
fn box_edges() -> Visuals<BoxEdgesInstance> {
    let edges = BoxEdgesInstance::new(
        Vec3::new(3.0, 1.0, 0.8),
        Vec3::new(1.0, 0.6, 0.8),
        Quat::from_rotation_z(0.5),
        -1.5,
        pack_color([240, 200, 60, 255]),
    );
    vec![(SegmentUniform::default(), vec![edges])]
}

/// A strip with round joins.
fn lines() -> Visuals<LineInstance> {
    let knots: Vec<Vec3> = (0..9_u8)
        .map(|i| Vec3::new(f32::from(i) * 0.8 - 3.0, -3.0, if i % 2 == 0 { 0.3 } else { 1.2 }))
        .collect();
    let white = pack_color([235, 235, 240, 255]);
    let strip = knots
        .windows(2)
        .map(|pair| LineInstance::new(pair[0], pair[1], 0.1, white))
        .collect();
    vec![(SegmentUniform::default(), strip)]
}

/// Three boxes: plain, hovered and selected.
fn boxes() -> Visuals<BoxInstance> {
    let states = [
        (0_u8, Highlight::None),
        (1, Highlight::Hovered),
        (2, Highlight::Selected),
    ];
    let boxes = states.map(|(i, highlight)| {
        let solid = BoxInstance::new(
            Vec3::new(0.5 + 1.6 * f32::from(i), -1.5, 0.5),
            Vec3::splat(0.5),
            Quat::from_rotation_z(0.4 * f32::from(i)),
            pack_color([60, 170, 110, 255]),
        );
        let uniform = SegmentUniform {
            highlight,
            ..Default::default()
        };
        (uniform, vec![solid])
    });
    boxes.into()
}

/// Eight by eight texels, brighter to the right and redder to the bottom.
fn checkers() -> Image {
    let texels: Vec<u8> = (0..64_u8)
        .flat_map(|i| {
            let (x, y) = (i % 8, i / 8);
            let dark = if (x + y) % 2 == 0 { 0 } else { 60 };
            [40 + 25 * y - dark / 2, 30 + 20 * x, 90 + dark, 255]
        })
        .collect();
    Image::new(
        Extent3d {
            width: 8,
            height: 8,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        texels,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    )
}
