//! What the engine has: meshes, cameras, diagnostics, logs.

use bevy_app::App;
use bevy_asset::{AsAssetId, Asset, AssetApp as _, AssetId, AssetPlugin, Assets, Handle, RenderAssetUsages};
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
use bevy_image::Image;
use bevy_light::{DirectionalLight, PointLight};
use bevy_mesh::{Indices, Mesh, Mesh3d, PrimitiveTopology};
use bevy_reflect::TypePath;
use bevy_transform::components::Transform;
use chronoscope_frame::{DiffLog, Recordings, Reports, ViewLayers};
use chronoscope_record::{AppRecordMaterialExt as _, MaterialLook, Rewind, RewindPlugin};
use chronoscope_store::Recording;
use chronoscope_types::{Arrows3D, LineStrips3D, Mesh3D, Pinhole, Points3D, Scalars, read};

use glam::Vec3;

use crate::{Stage, entity_at, hit};

fn triangle() -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        )
        .with_inserted_indices(Indices::U16(vec![0, 1, 2]))
}

fn stage() -> Stage {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins((AssetPlugin::default(), DiagnosticsPlugin))
        .init_asset::<Mesh>();
    stage
}

#[test]
fn meshes_are_recorded_once_they_are_there_and_again_where_they_change() {
    let mut stage = stage();
    let mut meshes = stage.world().resource_mut::<Assets<Mesh>>();
    let shared = meshes.add(triangle());
    let later = meshes.reserve_handle();
    let lines = meshes.add(Mesh::new(
        PrimitiveTopology::LineList,
        RenderAssetUsages::default(),
    ));
    for (name, mesh) in [
        ("a", &shared),
        ("b", &shared),
        ("late", &later),
        ("lines", &lines),
    ] {
        stage
            .world()
            .spawn((Name::new(name), Mesh3d(mesh.clone()), Transform::default()));
    }
    stage.app.update();
    stage.app.update();
    let mut meshes = stage.world().resource_mut::<Assets<Mesh>>();
    meshes.insert(later.id(), triangle()).unwrap();
    let mut mesh = meshes.get_mut(shared.id()).unwrap();
    mesh.insert_attribute(
        Mesh::ATTRIBUTE_POSITION,
        vec![[0.0_f32, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 5.0, 0.0]],
    );
    drop(mesh);
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let vertex = |path: &str, frame| {
        let cell = hit(&recording, path, &Mesh3D::VERTEX_POSITIONS, frame)?.cell();
        Some(read::positions3d(&cell).unwrap()[1][0])
    };
    assert_eq!([vertex("/world/a", 0), vertex("/world/b", 1)], [Some(1.0); 2]);
    assert_eq!([vertex("/world/a", 3), vertex("/world/b", 3)], [Some(5.0); 2]);
    assert_eq!(
        [vertex("/world/late", 0), vertex("/world/late", 3)],
        [None, Some(1.0)]
    );
    assert_eq!(vertex("/world/lines", 3), None);
    let entity = recording.store.entity_id(&"/world/a".into()).unwrap();
    let meshes = recording.store.component_id(&Mesh3D::VERTEX_POSITIONS).unwrap();
    assert!(recording.store.has_component(entity, meshes));
}

/// How many instances a component has at a path; `None` where nothing was ever said.
fn num_instances(recording: &Recording, path: &str, component: &str, frame: i64) -> Option<usize> {
    Some(hit(recording, path, component, frame)?.cell().len())
}

#[test]
fn what_another_mesh_does_not_have_is_emptied() {
    let mut stage = stage();
    let mut meshes = stage.world().resource_mut::<Assets<Mesh>>();
    let full =
        meshes.add(triangle().with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, vec![[0.0_f32, 0.0, 1.0]; 3]));
    let mut plain = triangle();
    plain.remove_indices();
    let plain = meshes.add(plain);
    let lines = meshes.add(Mesh::new(
        PrimitiveTopology::LineList,
        RenderAssetUsages::default(),
    ));
    let rock = (Name::new("rock"), Mesh3d(full.clone()), Transform::default());
    let rock = stage.world().spawn(rock).id();
    stage.world().spawn((
        Name::new("always plain"),
        Mesh3d(plain.clone()),
        Transform::default(),
    ));
    for mesh in [None, Some(plain), Some(full.clone()), Some(lines), Some(full)] {
        if let Some(mesh) = mesh {
            stage.world().entity_mut(rock).insert(Mesh3d(mesh));
        }
        stage.app.update();
    }
    stage.world().entity_mut(rock).remove::<Mesh3d>();
    stage.app.update();
    let recording = stage.recording();
    let at_each = |component: &str| {
        [0, 1, 2, 3, 4, 5].map(|frame| num_instances(&recording, "/world/rock", component, frame).unwrap())
    };
    assert_eq!(at_each(&Mesh3D::VERTEX_POSITIONS), [3, 3, 3, 0, 3, 0]);
    assert_eq!(at_each(&Mesh3D::VERTEX_NORMALS), [3, 0, 3, 0, 3, 0]);
    assert_eq!(at_each(&Mesh3D::TRIANGLE_INDICES), [1, 1, 1, 0, 1, 0]);
    let other = "/world/always plain";
    assert_eq!(
        num_instances(&recording, other, &Mesh3D::VERTEX_NORMALS, 5),
        None,
        "where it never was, it is not said to be gone"
    );
}

/// A material as an app may have one.
#[derive(Asset, TypePath)]
struct Paint {
    color: [u8; 4],
    texture: Option<Handle<Image>>,
}

#[derive(Component)]
struct Painted(Handle<Paint>);

impl AsAssetId for Painted {
    type Asset = Paint;

    fn as_asset_id(&self) -> AssetId<Paint> {
        self.0.id()
    }
}

#[test]
fn materials_are_recorded_once_they_and_their_textures_are_there() {
    let mut stage = stage();
    stage.app.init_asset::<Paint>().init_asset::<Image>();
    stage.app.record_material::<Painted>(|paint| {
        MaterialLook::color(paint.color).with_texture(paint.texture.clone())
    });
    let texture = stage.world().resource_mut::<Assets<Image>>().reserve_handle();
    let mut paints = stage.world().resource_mut::<Assets<Paint>>();
    let plain = paints.add(Paint {
        color: [10, 20, 30, 255],
        texture: None,
    });
    let patterned = paints.add(Paint {
        color: [255; 4],
        texture: Some(texture.clone()),
    });
    for (name, paint) in [("plain", &plain), ("patterned", &patterned)] {
        let painted = Painted(paint.clone());
        stage
            .world()
            .spawn((Name::new(name), painted, Transform::default()));
    }
    stage.app.update();
    let mut images = stage.world().resource_mut::<Assets<Image>>();
    images.insert(texture.id(), Image::default()).unwrap();
    stage
        .world()
        .resource_mut::<Assets<Paint>>()
        .get_mut(&plain)
        .unwrap()
        .color = [90, 20, 30, 255];
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let factor = |path: &str, frame| {
        let cell = hit(&recording, path, &Mesh3D::ALBEDO_FACTOR, frame)?.cell();
        Some(read::colors(&cell).unwrap()[0])
    };
    assert_eq!(factor("/world/plain", 0), Some(0x0a14_1eff));
    assert_eq!(factor("/world/plain", 2), Some(0x5a14_1eff));
    assert_eq!(
        factor("/world/patterned", 0),
        None,
        "its texture is not there yet"
    );
    assert_eq!(factor("/world/patterned", 2), Some(0xffff_ffff));
    let format = hit(&recording, "/world/patterned", &Mesh3D::ALBEDO_TEXTURE_FORMAT, 2).unwrap();
    let format = read::image_formats(&format.cell()).unwrap()[0];
    assert_eq!((format.width, format.height), (1, 1));
}

#[derive(Component)]
struct Glazed(Handle<Paint>);

impl AsAssetId for Glazed {
    type Asset = Paint;

    fn as_asset_id(&self) -> AssetId<Paint> {
        self.0.id()
    }
}

#[test]
fn what_another_material_does_not_have_is_emptied() {
    let mut stage = stage();
    stage.app.init_asset::<Paint>().init_asset::<Image>();
    let look = |paint: &Paint| MaterialLook::color(paint.color).with_texture(paint.texture.clone());
    stage
        .app
        .record_material::<Glazed>(look)
        .record_material::<Painted>(look);
    let texture = stage
        .world()
        .resource_mut::<Assets<Image>>()
        .add(Image::default());
    let mut paints = stage.world().resource_mut::<Assets<Paint>>();
    let [plain, patterned] = [None, Some(texture)].map(|texture| {
        let color = [255; 4];
        paints.add(Paint { color, texture })
    });
    let vase = (Name::new("vase"), Painted(patterned), Transform::default());
    let vase = stage.world().spawn(vase).id();
    stage.app.update();
    stage.world().entity_mut(vase).insert(Painted(plain.clone()));
    stage.app.update();
    // A material of another kind, which is recorded before this one.
    stage
        .world()
        .entity_mut(vase)
        .remove::<Painted>()
        .insert(Glazed(plain));
    stage.app.update();
    stage.world().entity_mut(vase).remove::<Glazed>();
    stage.app.update();
    let recording = stage.recording();
    let at_each = |component: &str| {
        [0, 1, 2, 3].map(|frame| num_instances(&recording, "/world/vase", component, frame).unwrap())
    };
    assert_eq!(at_each(&Mesh3D::ALBEDO_FACTOR), [1, 1, 1, 0]);
    assert_eq!(at_each(&Mesh3D::ALBEDO_TEXTURE_BUFFER), [1, 0, 0, 0]);
    assert_eq!(at_each(&Mesh3D::ALBEDO_TEXTURE_FORMAT), [1, 0, 0, 0]);
}

#[test]
fn an_asset_that_changes_while_the_world_shows_the_past_is_recorded_once_it_goes_on() {
    let mut stage = stage();
    stage.app.init_asset::<Paint>().init_asset::<Image>();
    stage
        .app
        .add_plugins(RewindPlugin)
        .record_material::<Painted>(|paint| MaterialLook::color(paint.color));
    stage.app.finish();
    stage.app.cleanup();
    let paint = Paint {
        color: [10, 20, 30, 255],
        texture: None,
    };
    let paint = stage.world().resource_mut::<Assets<Paint>>().add(paint);
    spawn(&mut stage, "pot", Painted(paint.clone()));
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    let mut paints = stage.world().resource_mut::<Assets<Paint>>();
    paints.get_mut(&paint).unwrap().color = [90, 20, 30, 255];
    for _ in 0..4 {
        stage.app.update();
    }
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    let frame = stage.frame();
    let recording = stage.recording();
    let factor = |frame| {
        let cell = hit(&recording, "/world/pot", &Mesh3D::ALBEDO_FACTOR, frame)
            .unwrap()
            .cell();
        read::colors(&cell).unwrap()[0]
    };
    assert_eq!([factor(1), factor(frame)], [0x0a14_1eff, 0x5a14_1eff]);
}

#[test]
fn who_has_a_material_and_no_transform_is_cleared_where_it_is_gone() {
    let mut stage = stage();
    stage.app.init_asset::<Paint>().init_asset::<Image>();
    stage
        .app
        .record_material::<Painted>(|paint| MaterialLook::color(paint.color));
    let paint = Paint {
        color: [255; 4],
        texture: None,
    };
    let paint = stage.world().resource_mut::<Assets<Paint>>().add(paint);
    let pot = stage.world().spawn((Name::new("pot"), Painted(paint))).id();
    stage.app.update();
    stage.world().despawn(pot);
    stage.app.update();
    let recording = stage.recording();
    assert_eq!(entity_at(&recording, "/world/pot", 0), Some(pot));
    assert_eq!(entity_at(&recording, "/world/pot", 1), None);
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
    let color = hit(&recording, "/world/lamp/light", &Points3D::COLORS, 0)
        .unwrap()
        .cell();
    assert_eq!(read::colors(&color).unwrap()[0], 0xffc8_64ff);
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

fn spawn(stage: &mut Stage, name: &'static str, what: impl Bundle) -> Entity {
    let spawned = stage.world().spawn((Name::new(name), Transform::default(), what));
    spawned.id()
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
    let recording = stage.recording();
    let component = &Pinhole::IMAGE_FROM_CAMERA;
    let num = [0, 1].map(|frame| num_instances(&recording, "/world/eye/pinhole", component, frame));
    assert_eq!(num, [Some(1), Some(0)]);
}

#[cfg(feature = "pbr")]
#[test]
fn standard_materials_are_recorded_unless_the_app_says_how() {
    use bevy_pbr::{MeshMaterial3d, StandardMaterial};

    let color_of = |says_itself: bool, alpha_mode: &str| {
        let mut stage = stage();
        stage.app.init_asset::<StandardMaterial>().init_asset::<Image>();
        if says_itself {
            stage
                .app
                .record_material::<MeshMaterial3d<StandardMaterial>>(|_| MaterialLook::color([1, 2, 3, 4]));
        }
        stage.app.finish();
        stage.app.cleanup();
        let mut material = StandardMaterial::from(Color::srgba_u8(200, 100, 50, 128));
        if alpha_mode == "opaque" {
            material.alpha_mode = Default::default();
        }
        let material = stage
            .world()
            .resource_mut::<Assets<StandardMaterial>>()
            .add(material);
        stage
            .world()
            .spawn((Name::new("rock"), MeshMaterial3d(material), Transform::default()));
        stage.app.update();
        let recording = stage.recording();
        let cell = hit(&recording, "/world/rock", &Mesh3D::ALBEDO_FACTOR, 0)
            .unwrap()
            .cell();
        read::colors(&cell).unwrap()[0]
    };
    assert_eq!(color_of(false, "as its color"), 0xc864_3280);
    assert_eq!(color_of(false, "opaque"), 0xc864_32ff);
    assert_eq!(color_of(true, "opaque"), 0x0102_0304);
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
