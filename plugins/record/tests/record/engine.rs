//! What the engine draws and tells: lights, gizmos, cameras, diagnostics, logs.

use bevy_app::App;
use bevy_asset::{AssetApp as _, AssetPlugin, Assets};
use bevy_camera::{
    Camera, OrthographicProjection, PerspectiveProjection, Projection, visibility::RenderLayers,
};
use bevy_color::Color;
use bevy_diagnostic::{Diagnostic, DiagnosticPath, Diagnostics, DiagnosticsPlugin, RegisterDiagnostic as _};
use bevy_ecs::prelude::*;
use bevy_gizmos::{
    AppGizmoBuilder as _, GizmoAsset,
    prelude::{DefaultGizmoConfigGroup, Gizmo, Gizmos},
};
use bevy_light::{DirectionalLight, PointLight};
use bevy_mesh::Mesh;
use bevy_transform::components::Transform;
use chronoscope_frame::{DiffLog, Recordings, Reports, ViewLayers};
use chronoscope_record::{Rewind, RewindPlugin};
use chronoscope_store::Recording;
use chronoscope_types::{Arrows3D, LineStrips3D, Pinhole, Points3D, Scalars, read};

use glam::Vec3;

use crate::{Stage, color_at, entity_at, hit};

pub(crate) fn stage() -> Stage {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins((AssetPlugin::default(), DiagnosticsPlugin))
        .init_asset::<Mesh>();
    stage
}

/// How many instances a component has at a path; `None` where nothing was ever said.
pub(crate) fn num_instances(recording: &Recording, path: &str, component: &str, frame: i64) -> Option<usize> {
    Some(hit(recording, path, component, frame)?.cell().len())
}

pub(crate) fn spawn(stage: &mut Stage, name: &'static str, what: impl Bundle) -> Entity {
    let spawned = stage.world().spawn((Name::new(name), Transform::default(), what));
    spawned.id()
}

#[test]
fn lights_are_points_and_arrows_with_a_strength() {
    let mut stage = stage();
    let lamp = PointLight {
        color: Color::srgb_u8(255, 200, 100),
        intensity: 800.0,
        ..PointLight::default()
    };
    let lamp = stage
        .world()
        .spawn((Name::new("lamp"), lamp, Transform::default()))
        .id();
    let sun = DirectionalLight {
        illuminance: 10_000.0,
        ..DirectionalLight::default()
    };
    stage.world().spawn((Name::new("sun"), sun, Transform::default()));
    stage.app.update();
    stage.world().get_mut::<PointLight>(lamp).unwrap().intensity = 400.0;
    stage.app.update();
    let recording = stage.recording();
    let strength = |path: &str, frame| {
        let cell = hit(&recording, path, &Scalars::SCALARS, frame)?.cell();
        Some(read::scalars(&cell).unwrap()[0])
    };
    assert_eq!(strength("/world/lamp/light/strength", 0), Some(800.0));
    assert_eq!(strength("/world/lamp/light/strength", 1), Some(400.0));
    assert_eq!(strength("/world/sun/light/strength", 1), Some(10_000.0));
    let color = color_at(&recording, "/world/lamp/light", &Points3D::COLORS, 0);
    assert_eq!(color, Some(0xffc8_64ff));
    let beam = hit(&recording, "/world/sun/light", &Arrows3D::VECTORS, 0)
        .unwrap()
        .cell();
    assert_eq!(read::vectors3d(&beam).unwrap()[0], [0.0, 0.0, -1.0]);
}

/// How far the lines reach that are drawn in each frame; none at zero.
#[derive(Resource)]
struct Reach(f32);

fn draw_lines(mut gizmos: Gizmos, reach: Res<Reach>) {
    if reach.0 > 0.0 {
        gizmos.line(Vec3::ZERO, reach.0 * Vec3::X, Color::srgb_u8(255, 0, 0));
        gizmos.linestrip([Vec3::ZERO, Vec3::Y, Vec3::Z], Color::srgb_u8(0, 255, 0));
        gizmos.linestrip([Vec3::X, Vec3::Y], Color::srgb_u8(0, 0, 255));
    }
}

fn stage_with_gizmos() -> Stage {
    let mut stage = stage();
    stage
        .app
        .init_asset::<GizmoAsset>()
        .init_gizmo_group::<DefaultGizmoConfigGroup>();
    stage
}

#[test]
fn gizmos_are_lines_in_the_frames_in_which_they_are_others() {
    let mut stage = stage_with_gizmos();
    // An entity of the same name is another.
    stage
        .world()
        .spawn((Name::new("gizmos"), Transform::from_xyz(9.0, 0.0, 0.0)));
    stage.app.add_systems(bevy_app::Update, draw_lines);
    for reach in [1.0, 1.0, 2.0, 0.0, 0.0] {
        stage.app.insert_resource(Reach(reach));
        stage.app.update();
    }
    let recording = stage.recording();
    let path = "/world/gizmos";
    let entity = recording.store.entity_id(&path.into()).unwrap();
    assert_eq!(recording.store.entity_stats(entity).num_rows, 3);
    assert!(recording.store.entity_id(&"/world/gizmos (2)".into()).is_some());
    let strips = |frame| {
        let cell = hit(&recording, path, &LineStrips3D::STRIPS, frame)
            .unwrap()
            .cell();
        let strips = read::strips3d(&cell).unwrap();
        strips.iter().map(<[[f32; 3]]>::to_vec).collect::<Vec<_>>()
    };
    let drawn = |reach: f32| {
        vec![
            vec![[0.0; 3], [reach, 0.0, 0.0]],
            vec![[0.0; 3], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        ]
    };
    assert_eq!([strips(0), strips(1)], [drawn(1.0), drawn(1.0)]);
    assert_eq!([strips(2), strips(4)], [drawn(2.0), vec![]]);
    let colors = hit(&recording, path, &LineStrips3D::COLORS, 0).unwrap().cell();
    assert_eq!(
        *read::colors(&colors).unwrap(),
        [0xff00_00ff, 0x00ff_00ff, 0x0000_ffff]
    );
}

#[test]
fn a_gizmo_of_an_entity_is_below_it_and_recorded_again_where_it_changes() {
    let mut stage = stage_with_gizmos();
    let mut asset = GizmoAsset::default();
    asset.line(Vec3::ZERO, Vec3::X, Color::WHITE);
    let mut assets = stage.world().resource_mut::<Assets<GizmoAsset>>();
    let handle = assets.add(asset);
    let gizmo = Gizmo {
        handle: handle.clone(),
        ..Gizmo::default()
    };
    stage.world().spawn((Name::new("box"), gizmo));
    for _ in 0..3 {
        stage.app.update();
    }
    let mut assets = stage.world().resource_mut::<Assets<GizmoAsset>>();
    let mut asset = assets.get_mut(&handle).unwrap();
    asset.line(Vec3::ZERO, Vec3::Y, Color::WHITE);
    drop(asset);
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let num_lines = |frame| {
        let hit = hit(&recording, "/world/box/gizmo", &LineStrips3D::STRIPS, frame).unwrap();
        read::strips3d(&hit.cell()).unwrap().len()
    };
    assert_eq!([num_lines(0), num_lines(2), num_lines(4)], [1, 1, 2]);
}

#[test]
fn a_gizmo_that_changes_while_the_world_shows_the_past_is_recorded_once_it_goes_on() {
    let mut stage = stage_with_gizmos();
    stage.app.add_plugins(RewindPlugin);
    stage.app.finish();
    stage.app.cleanup();
    let mut assets = stage.world().resource_mut::<Assets<GizmoAsset>>();
    let handle = assets.add(GizmoAsset::default());
    let gizmo = Gizmo {
        handle: handle.clone(),
        ..Gizmo::default()
    };
    spawn(&mut stage, "box", gizmo);
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    let mut assets = stage.world().resource_mut::<Assets<GizmoAsset>>();
    let mut asset = assets.get_mut(&handle).unwrap();
    asset.line(Vec3::ZERO, Vec3::Y, Color::WHITE);
    drop(asset);
    for _ in 0..4 {
        stage.app.update();
    }
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    let frame = stage.frame();
    let recording = stage.recording();
    let num = num_instances(&recording, "/world/box/gizmo", &LineStrips3D::STRIPS, frame);
    assert_eq!(num, Some(1));
}

#[test]
fn a_camera_is_a_pinhole_below_its_entity() {
    let mut stage = stage();
    let lens = PerspectiveProjection {
        fov: std::f32::consts::FRAC_PI_2,
        aspect_ratio: 2.0,
        ..PerspectiveProjection::default()
    };
    stage.world().spawn((
        Name::new("eye"),
        Projection::Perspective(lens),
        Transform::default(),
    ));
    stage.app.update();
    let recording = stage.recording();
    let cell = |component: &str| {
        hit(&recording, "/world/eye/pinhole", component, 0)
            .unwrap()
            .cell()
    };
    let resolution = cell(&Pinhole::RESOLUTION);
    assert_eq!(read::resolutions(&resolution).unwrap()[0], [1440.0, 720.0]);
    let projection = cell(&Pinhole::IMAGE_FROM_CAMERA);
    let focal_length = read::pinhole_projections(&projection).unwrap()[0][0];
    assert!((focal_length - 360.0).abs() < 1e-3, "{focal_length}");
}

#[test]
fn a_camera_without_a_perspective_is_said_to_be_left_out() {
    let mut stage = stage();
    stage.app.init_resource::<Reports>();
    stage.app.init_resource::<Recordings>();
    stage.app.init_resource::<DiffLog>();
    let flat = Projection::Orthographic(OrthographicProjection::default_3d());
    let eye = (Name::new("flat"), flat, Transform::default());
    let eye = stage.world().spawn(eye).id();
    for _ in 0..3 {
        // As the engine does it where the window changes.
        stage.world().get_mut::<Projection>(eye).unwrap().set_changed();
        stage.app.update();
    }
    let reports = stage.world().resource::<Reports>();
    let told: Vec<_> = reports
        .iter()
        .filter(|report| report.message.contains("camera"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].entity, Some("/world/flat".into()));
    let recording = stage.recording();
    assert!(hit(&recording, "/world/flat/pinhole", &Pinhole::RESOLUTION, 5).is_none());
}

#[test]
fn what_the_engine_draws_is_emptied_where_its_component_is_taken_away() {
    let mut stage = stage_with_gizmos();
    let mut asset = GizmoAsset::default();
    asset.line(Vec3::ZERO, Vec3::X, Color::WHITE);
    let handle = stage.world().resource_mut::<Assets<GizmoAsset>>().add(asset);
    let gizmo = Gizmo {
        handle,
        ..Gizmo::default()
    };
    let perspective = || Projection::Perspective(PerspectiveProjection::default());
    let lamp = spawn(&mut stage, "lamp", PointLight::default());
    let turned = spawn(&mut stage, "turned", PointLight::default());
    let framed = spawn(&mut stage, "framed", gizmo);
    let eye = spawn(&mut stage, "eye", perspective());
    let flat = spawn(&mut stage, "flat", perspective());
    // That of an entity of the same name is its own.
    let bulb = (Name::new("light"), Transform::default(), ChildOf(lamp));
    let bulb = stage.world().spawn(bulb).id();
    stage.app.update();
    stage.app.update();
    stage.world().entity_mut(lamp).remove::<PointLight>();
    stage
        .world()
        .entity_mut(turned)
        .remove::<PointLight>()
        .insert(DirectionalLight::default());
    stage.world().entity_mut(framed).remove::<Gizmo>();
    stage.world().entity_mut(eye).remove::<Projection>();
    stage
        .world()
        .entity_mut(flat)
        .insert(Projection::Orthographic(OrthographicProjection::default_3d()));
    stage.app.update();
    // The same camera as before is there again.
    stage.world().entity_mut(eye).insert(perspective());
    stage.app.update();
    let recording = stage.recording();
    let num = |path: &str, component: &str| {
        [1, 2, 3].map(|frame| num_instances(&recording, path, component, frame).unwrap_or_default())
    };
    assert_eq!(num("/world/lamp/light", &Points3D::POSITIONS), [1, 0, 0]);
    assert_eq!(num("/world/lamp/light/strength", &Scalars::SCALARS), [1, 0, 0]);
    assert_eq!(num("/world/turned/light", &Points3D::POSITIONS), [1, 0, 0]);
    assert_eq!(num("/world/turned/light", &Arrows3D::VECTORS), [0, 1, 1]);
    assert_eq!(num("/world/turned/light/strength", &Scalars::SCALARS), [1, 1, 1]);
    assert_eq!(num("/world/framed/gizmo", &LineStrips3D::STRIPS), [1, 0, 0]);
    assert_eq!(num("/world/eye/pinhole", &Pinhole::IMAGE_FROM_CAMERA), [1, 0, 1]);
    assert_eq!(num("/world/flat/pinhole", &Pinhole::IMAGE_FROM_CAMERA), [1, 0, 0]);
    assert_eq!(entity_at(&recording, "/world/lamp/light", 3), Some(bulb));
}

#[test]
fn a_camera_that_is_taken_away_leaves_no_pinhole() {
    let mut stage = stage();
    let eye = (Name::new("eye"), Camera::default(), Transform::default());
    let eye = stage.world().spawn(eye).id();
    let lens = Projection::Perspective(PerspectiveProjection::default());
    stage.world().entity_mut(eye).insert(lens);
    stage.app.update();
    stage.world().entity_mut(eye).remove::<Camera>();
    stage.app.update();
    // Its projection, which stays, does not bring it back.
    let wide = PerspectiveProjection {
        fov: std::f32::consts::FRAC_PI_2,
        ..PerspectiveProjection::default()
    };
    stage
        .world()
        .entity_mut(eye)
        .insert(Projection::Perspective(wide));
    stage.app.update();
    stage.world().entity_mut(eye).insert(Camera::default());
    stage.app.update();
    let recording = stage.recording();
    let component = &Pinhole::IMAGE_FROM_CAMERA;
    let num = [0, 1, 2, 3].map(|frame| num_instances(&recording, "/world/eye/pinhole", component, frame));
    assert_eq!(num, [Some(1), Some(0), Some(0), Some(1)]);
}

#[test]
fn diagnostics_are_scalars() {
    const PATH: DiagnosticPath = DiagnosticPath::const_new("boids/count");
    let mut stage = stage();
    stage.app.register_diagnostic(Diagnostic::new(PATH));
    stage
        .app
        .add_systems(bevy_app::Update, |mut diagnostics: Diagnostics| {
            diagnostics.add_measurement(&PATH, || 42.0);
        });
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let cell = hit(&recording, "/app/diagnostics/boids/count", &Scalars::SCALARS, 1);
    let cell = cell.unwrap().cell();
    assert_eq!(read::scalars(&cell).unwrap()[0], 42.0);
}

#[test]
fn what_is_logged_with_tracing_is_recorded_by_target() {
    use bevy_log::tracing_subscriber::{Registry, layer::SubscriberExt as _};
    let mut stage = stage();
    let app: &mut App = &mut stage.app;
    let layer = chronoscope_record::log_layer(app).unwrap();
    let logger = Registry::default().with(layer);
    tracing::subscriber::with_default(logger, || {
        tracing::warn!(target: "robot::arm", force = 3, "the arm is stuck");
    });
    stage.app.update();
    let recording = stage.recording();
    let cell = |component: &str| hit(&recording, "/logs/robot/arm", component, 0).unwrap().cell();
    let (text, level) = (cell("TextLog:text"), cell("TextLog:level"));
    let first = |cell: &dyn chronoscope_store::arrow::Array| {
        read::texts(cell)
            .unwrap()
            .iter()
            .next()
            .flatten()
            .map(str::to_owned)
    };
    assert_eq!(first(&text).as_deref(), Some("the arm is stuck force=3"));
    assert_eq!(first(&level).as_deref(), Some("WARN"));
}

#[test]
fn what_is_logged_in_the_past_is_not_recorded_once_the_world_goes_on() {
    use bevy_log::tracing_subscriber::{Registry, layer::SubscriberExt as _};
    let mut stage = stage();
    stage.app.add_plugins(RewindPlugin);
    let layer = chronoscope_record::log_layer(&mut stage.app).unwrap();
    stage.app.finish();
    stage.app.cleanup();
    stage.world().spawn(Transform::default());
    stage.app.update();
    stage.go_to_frame(0);
    let logger = Registry::default().with(layer);
    tracing::subscriber::with_default(logger, || {
        tracing::warn!(target: "past", "nobody is to know");
        stage.world().resource_mut::<Rewind>().resume();
        stage.app.update();
        tracing::warn!(target: "present", "all may know");
        stage.app.update();
    });
    let recording = stage.recording();
    let is_there = |path: &str| recording.store.entity_id(&path.into()).is_some();
    assert_eq!([is_there("/logs/past"), is_there("/logs/present")], [false, true]);
}

#[test]
fn what_views_draw_is_left_out_wherever_their_layers_begin() {
    let has = |first: Option<usize>| {
        let mut stage = stage();
        if let Some(first) = first {
            stage.app.insert_resource(ViewLayers { first });
        }
        for (name, layers) in [
            ("below", RenderLayers::layer(7)),
            ("first", RenderLayers::layer(8)),
            ("later", RenderLayers::layer(40)),
            ("both", RenderLayers::from_layers(&[0, 40])),
            ("none", RenderLayers::none()),
        ] {
            let entity = (Name::new(name), Transform::default(), layers);
            stage.world().spawn(entity);
        }
        stage.app.update();
        let recording = stage.recording();
        let names = ["below", "first", "later", "both", "none"];
        let is_there = |name: &&str| {
            let path = format!("/world/{name}");
            recording.store.entity_id(&path.as_str().into()).is_some()
        };
        names.into_iter().filter(is_there).collect::<Vec<_>>()
    };
    let default = ViewLayers::default().first;
    assert_eq!(has(None), ["below", "first", "later", "both", "none"], "no views");
    assert_eq!(has(Some(default)), ["below", "both", "none"]);
    assert_eq!(has(Some(40)), ["below", "first", "both", "none"]);
}
