//! Meshes and materials.

use bevy_asset::{AsAssetId, Asset, AssetApp as _, AssetId, Assets, Handle, RenderAssetUsages};
use bevy_ecs::prelude::*;
use bevy_image::Image;
use bevy_mesh::{Indices, Mesh, Mesh3d, PrimitiveTopology};
use bevy_reflect::TypePath;
use bevy_transform::components::Transform;
use chronoscope_record::{AppRecordMaterialExt as _, MaterialLook, Rewind, RewindPlugin};
use chronoscope_types::{Mesh3D, read};

use crate::{
    Stage, color_at,
    engine::{num_instances, spawn, stage},
    entity_at, hit,
};

fn triangle() -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        )
        .with_inserted_indices(Indices::U16(vec![0, 1, 2]))
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

fn stage_with_paint() -> Stage {
    let mut stage = stage();
    stage.app.init_asset::<Paint>().init_asset::<Image>();
    stage
}

fn add_paint(stage: &mut Stage, color: [u8; 4], texture: Option<Handle<Image>>) -> Handle<Paint> {
    let mut paints = stage.world().resource_mut::<Assets<Paint>>();
    paints.add(Paint { color, texture })
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
    let mut stage = stage_with_paint();
    stage.app.record_material::<Painted>(|paint| {
        MaterialLook::color(paint.color).with_texture(paint.texture.clone())
    });
    let texture = stage.world().resource_mut::<Assets<Image>>().reserve_handle();
    let plain = add_paint(&mut stage, [10, 20, 30, 255], None);
    let patterned = add_paint(&mut stage, [255; 4], Some(texture.clone()));
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
    let factor = |path, frame| color_at(&recording, path, &Mesh3D::ALBEDO_FACTOR, frame);
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
    let mut stage = stage_with_paint();
    let look = |paint: &Paint| MaterialLook::color(paint.color).with_texture(paint.texture.clone());
    stage
        .app
        .record_material::<Glazed>(look)
        .record_material::<Painted>(look);
    let texture = stage
        .world()
        .resource_mut::<Assets<Image>>()
        .add(Image::default());
    let [plain, patterned] = [None, Some(texture)].map(|texture| add_paint(&mut stage, [255; 4], texture));
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
    let mut stage = stage_with_paint();
    stage
        .app
        .add_plugins(RewindPlugin)
        .record_material::<Painted>(|paint| MaterialLook::color(paint.color));
    stage.app.finish();
    stage.app.cleanup();
    let paint = add_paint(&mut stage, [10, 20, 30, 255], None);
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
    let factor = |frame| color_at(&recording, "/world/pot", &Mesh3D::ALBEDO_FACTOR, frame);
    assert_eq!([factor(1), factor(frame)], [Some(0x0a14_1eff), Some(0x5a14_1eff)]);
}

#[test]
fn who_has_a_material_and_no_transform_is_cleared_where_it_is_gone() {
    let mut stage = stage_with_paint();
    stage
        .app
        .record_material::<Painted>(|paint| MaterialLook::color(paint.color));
    let paint = add_paint(&mut stage, [255; 4], None);
    let pot = stage.world().spawn((Name::new("pot"), Painted(paint))).id();
    stage.app.update();
    stage.world().despawn(pot);
    stage.app.update();
    let recording = stage.recording();
    assert_eq!(entity_at(&recording, "/world/pot", 0), Some(pot));
    assert_eq!(entity_at(&recording, "/world/pot", 1), None);
}

#[cfg(feature = "pbr")]
#[test]
fn standard_materials_are_recorded_unless_the_app_says_how() {
    use bevy_color::Color;
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
        color_at(&recording, "/world/rock", &Mesh3D::ALBEDO_FACTOR, 0).unwrap()
    };
    assert_eq!(color_of(false, "as its color"), 0xc864_3280);
    assert_eq!(color_of(false, "opaque"), 0xc864_32ff);
    assert_eq!(color_of(true, "opaque"), 0x0102_0304);
}
