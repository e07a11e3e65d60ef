//! Draws every primitive into a PNG, without a window: `cargo run -p chronoscope_render --example primitives -- out.png`.

use std::f32::consts::TAU;

use bevy::DefaultPlugins;
use bevy::app::{App, PluginGroup, PluginsState};
use bevy::asset::{Assets, RenderAssetUsages};
use bevy::camera::{Camera, Camera3d, ClearColorConfig, RenderTarget};
use bevy::color::Color;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::image::Image;
use bevy::math::{Affine3A, Mat3A, Quat, Vec2, Vec3, Vec3A};
use bevy::render::RenderPlugin;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy::render::view::screenshot::{Captured, Screenshot, save_to_disk};
use bevy::transform::components::Transform;
use bevy::window::{ExitCondition, WindowPlugin};
use bevy::winit::WinitPlugin;
use chronoscope_render::{
    AdapterClass, BatchError, BoxInstance, BulkRenderPlugin, DEFAULT_RADIUS, GroundGrid, Highlight,
    ImageQuad, InstanceBatch, LineInstance, PointInstance, RenderStats, SegmentUniform, box_edges,
    pack_color,
};

fn main() -> Result<(), BatchError> {
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
    app.world_mut().spawn(points()?);
    app.world_mut().spawn(lines()?);
    app.world_mut().spawn(boxes()?);
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(checkers());
    app.world_mut().spawn(ImageQuad {
        image,
        // Upright, facing the camera: rows along x, columns down.
        world_from_quad: Affine3A {
            matrix3: Mat3A::from_cols(Vec3A::X, Vec3A::NEG_Z, Vec3A::NEG_Y),
            translation: Vec3A::new(-5.0, 3.0, 3.5),
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

/// A spiral, coloured by height.
fn points() -> Result<InstanceBatch<PointInstance>, BatchError> {
    let spiral: Vec<PointInstance> = (0..4000_u16)
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
    let mut batch = InstanceBatch::default();
    let uniform = SegmentUniform {
        world_from_entity: Affine3A::from_translation(Vec3::new(-1.0, 0.0, 0.0)),
        default_radius: 0.03,
        ..Default::default()
    };
    batch.insert(0, uniform, &spiral)?;
    Ok(batch)
}

/// The edges of a box, and a strip with round joins.
fn lines() -> Result<InstanceBatch<LineInstance>, BatchError> {
    let mut batch = InstanceBatch::default();
    let yellow = pack_color([240, 200, 60, 255]);
    let edges = box_edges(
        Vec3::new(1.0, 0.6, 0.8),
        Vec3::new(3.0, 1.0, 0.8),
        Quat::from_rotation_z(0.5),
    );
    let edges: Vec<_> = edges
        .into_iter()
        .map(|(from, to)| LineInstance::new(from, to, -1.5, yellow))
        .collect();
    batch.insert(0, SegmentUniform::default(), &edges)?;

    let knots: Vec<Vec3> = (0..9_u8)
        .map(|i| Vec3::new(f32::from(i) * 0.8 - 3.0, -3.0, if i % 2 == 0 { 0.3 } else { 1.2 }))
        .collect();
    let white = pack_color([235, 235, 240, 255]);
    let strip: Vec<_> = knots
        .windows(2)
        .map(|pair| LineInstance::new(pair[0], pair[1], 0.1, white))
        .collect();
    batch.insert(1, SegmentUniform::default(), &strip)?;
    Ok(batch)
}

/// Three boxes: plain, hovered and selected.
fn boxes() -> Result<InstanceBatch<BoxInstance>, BatchError> {
    let mut batch = InstanceBatch::default();
    let states = [
        (0_u8, Highlight::None),
        (1, Highlight::Hovered),
        (2, Highlight::Selected),
    ];
    for (i, highlight) in states {
        let solid = BoxInstance::new(
            Vec3::new(0.5 + 1.6 * f32::from(i), -1.5, 0.5),
            Vec3::splat(0.5),
            Quat::from_rotation_z(0.4 * f32::from(i)),
            pack_color([60, 170, 110, 255]),
        );
        batch.insert(
            u64::from(i),
            SegmentUniform {
                highlight,
                ..Default::default()
            },
            &[solid],
        )?;
    }
    Ok(batch)
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
