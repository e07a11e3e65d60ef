//! Meshes of triangles.

use std::sync::Arc;

use bevy::asset::{Assets, Handle, RenderAssetUsages};
use bevy::image::Image;
use bevy::math::{Affine3A, DAffine3, DVec3, Vec2, Vec3};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use chronoscope_render::{
    Highlight, MeshAlpha, MeshGeometry, MeshMaterial, MeshPose, MeshSides, MeshVertex, SegmentUniform,
    TextureSampling, TriangleMesh,
};

use crate::stage::{BACKGROUND, SIZE, Stage};

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const WHITE: [u8; 4] = [255; 4];

/// A square of half the width of the stage, its front to the camera, as the image plane is seen from behind.
fn square(stage: &mut Stage, color: [u8; 4]) -> Handle<MeshGeometry> {
    let side = SIZE as f32 / 2.0;
    let corners = [Vec2::ZERO, Vec2::new(0.0, 1.0), Vec2::ONE, Vec2::new(1.0, 0.0)];
    let vertices = corners.map(|corner| {
        MeshVertex::new((corner * side).extend(0.0).to_array())
            .with_color(color)
            .with_texcoord(corner)
    });
    let geometry = MeshGeometry::new(vertices.to_vec(), vec![0, 1, 2, 0, 2, 3]).unwrap();
    let mut geometries = stage.app.world_mut().resource_mut::<Assets<MeshGeometry>>();
    geometries.add(geometry)
}

fn flat(geometry: Handle<MeshGeometry>) -> TriangleMesh {
    TriangleMesh {
        geometry,
        material: MeshMaterial {
            is_unlit: true,
            ..MeshMaterial::default()
        },
        poses: Arc::new([MeshPose::IDENTITY]),
        segment: SegmentUniform {
            picking_id: 5,
            ..SegmentUniform::default()
        },
    }
}

fn pose(x: f32, y: f32, instance: u32) -> MeshPose {
    MeshPose {
        entity_from_mesh: Affine3A::from_translation(Vec3::new(x, y, 0.0)),
        instance,
    }
}

#[test]
fn each_pose_is_drawn_picked_and_highlighted_by_itself() {
    let mut stage = Stage::flat();
    let geometry = square(&mut stage, RED);
    let mesh = TriangleMesh {
        poses: Arc::new([pose(0.0, 0.0, 3), pose(32.0, 32.0, 4)]),
        ..flat(geometry)
    };
    let entity = stage.spawn(mesh.clone());
    let seen = stage.shoot();
    let places = [(5, 5), (60, 60), (60, 5)];
    assert_eq!(places.map(|(x, y)| seen.at(x, y)), [RED, RED, BACKGROUND]);
    let picked = places.map(|(x, y)| stage.pick([x, y], 0));
    let ids = picked.map(|hit| hit.map(|hit| (hit.picking_id, hit.instance, hit.is_face)));
    assert_eq!(ids, [Some((5, Some(3), true)), Some((5, Some(4), true)), None]);

    let segment = SegmentUniform {
        hovered_instance: Some(4),
        is_whole: true,
        ..mesh.segment
    };
    stage
        .app
        .world_mut()
        .entity_mut(entity)
        .insert(TriangleMesh { segment, ..mesh });
    let lit = stage.shoot();
    let brightness = |(x, y)| lit.at(x, y)[1];
    assert!(brightness((5, 5)) > 0, "faintly");
    assert!(brightness((60, 60)) > brightness((5, 5)));
    assert_eq!(
        stage.pick([60, 60], 0).map(|hit| hit.instance),
        Some(None),
        "as a whole"
    );
}

#[test]
fn a_texture_lies_where_its_coordinates_say_and_repeats() {
    let mut stage = Stage::flat();
    let geometry = square(&mut stage, WHITE);
    let size = Extent3d {
        width: 2,
        height: 1,
        depth_or_array_layers: 1,
    };
    let image = Image::new(
        size,
        TextureDimension::D2,
        [RED, GREEN].concat(),
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    let texture = stage.app.world_mut().resource_mut::<Assets<Image>>().add(image);
    let mut mesh = flat(geometry);
    mesh.material.texture = Some(texture);
    mesh.material.sampling = TextureSampling {
        is_nearest: true,
        ..TextureSampling::default()
    };
    stage.spawn(mesh);
    let seen = stage.shoot();
    let places = [(2, 2), (30, 30), (40, 2)];
    assert_eq!(places.map(|(x, y)| seen.at(x, y)), [RED, GREEN, BACKGROUND]);
}

/// Where many texels lie on a pixel, a smaller picture is read, if the texture has some.
#[test]
fn a_texture_from_afar_is_seen_by_its_smaller_ones() {
    let mut stage = Stage::flat();
    let geometry = square(&mut stage, WHITE);
    let size = Extent3d {
        width: 128,
        height: 128,
        depth_or_array_layers: 1,
    };
    let (format, usage) = (TextureFormat::Rgba8UnormSrgb, RenderAssetUsages::RENDER_WORLD);
    let mut image = Image::new_uninit(size, TextureDimension::D2, format, usage);
    image.texture_descriptor.mip_level_count = 8;
    // Red as it is, and green where it is smaller.
    let texels = (0..8_u32).map(|level| (128_usize >> level).pow(2));
    let levels = texels.enumerate().map(|(level, count)| {
        let color = if level == 0 { RED } else { GREEN };
        color.repeat(count)
    });
    image.data = Some(levels.collect::<Vec<_>>().concat());
    let texture = stage.app.world_mut().resource_mut::<Assets<Image>>().add(image);
    let mut mesh = flat(geometry);
    mesh.material.texture = Some(texture);
    stage.spawn(mesh);
    // Four by four texels lie on each pixel.
    assert_eq!(stage.shoot().at(16, 16), GREEN);
}

#[test]
fn one_side_is_seen_also_in_a_mirror() {
    let mirror = DAffine3::from_scale(DVec3::new(1.0, -1.0, 1.0));
    let mirror = DAffine3::from_translation(DVec3::new(0.0, 32.0, 0.0)) * mirror;
    for world_from_entity in [DAffine3::IDENTITY, mirror] {
        let mut stage = Stage::flat();
        let geometry = square(&mut stage, RED);
        let mut mesh = flat(geometry);
        mesh.segment.world_from_entity = world_from_entity;
        mesh.material.sides = MeshSides::Front;
        let entity = stage.spawn(mesh.clone());
        assert_eq!(stage.shoot().at(5, 5), RED);
        mesh.material.sides = MeshSides::Back;
        stage.app.world_mut().entity_mut(entity).insert(mesh);
        assert_eq!(stage.shoot().at(5, 5), BACKGROUND);
        assert_eq!(stage.pick([5, 5], 0), None);
    }
}

#[test]
fn what_is_blended_shines_through_and_what_is_masked_is_not_there() {
    let mut stage = Stage::flat();
    let clear = square(&mut stage, [255, 255, 255, 100]);
    let red = square(&mut stage, RED);
    let mut back = flat(red);
    back.segment.world_from_entity = DAffine3::from_translation(DVec3::new(0.0, 0.0, 5.0));
    back.segment.picking_id = 6;
    stage.spawn(back);
    let mut mesh = flat(clear);
    mesh.material.alpha = MeshAlpha::Blend;
    let entity = stage.spawn(mesh.clone());
    let [r, g, ..] = stage.shoot().at(5, 5);
    assert!(r == 255 && (50..250).contains(&g), "{g}");
    assert_eq!(stage.pick([5, 5], 0).map(|hit| hit.picking_id), Some(5));
    mesh.material.alpha = MeshAlpha::Mask(0.5);
    stage.app.world_mut().entity_mut(entity).insert(mesh.clone());
    assert_eq!(stage.shoot().at(5, 5), RED);
    assert_eq!(stage.pick([5, 5], 0).map(|hit| hit.picking_id), Some(6));
    mesh.material.alpha = MeshAlpha::Opaque;
    stage.app.world_mut().entity_mut(entity).insert(mesh);
    assert_eq!(stage.shoot().at(5, 5), WHITE);
}

/// Two faces of a ridge are shaded apart without normals, and alike with one normal for both.
#[test]
fn faces_are_flat_without_normals_and_smooth_with_them() {
    for (normal, is_flat) in [(None, true), (Some(Vec3::NEG_Z), false)] {
        let mut stage = Stage::flat();
        let (left, right) = (4.0, 60.0);
        let corners = [[left, 4.0, 30.0], [32.0, 4.0, 0.0], [right, 4.0, 30.0]];
        let corners = corners
            .into_iter()
            .chain([[left, 60.0, 30.0], [32.0, 60.0, 0.0], [right, 60.0, 30.0]]);
        let vertices = corners.map(|corner| {
            let vertex = MeshVertex::new(corner).with_color(GREEN);
            normal.map_or(vertex, |normal| vertex.with_normal(normal))
        });
        let indices = vec![0, 1, 4, 0, 4, 3, 1, 2, 5, 1, 5, 4];
        let geometry = MeshGeometry::new(vertices.collect(), indices).unwrap();
        let geometry = stage
            .app
            .world_mut()
            .resource_mut::<Assets<MeshGeometry>>()
            .add(geometry);
        let mut mesh = flat(geometry);
        mesh.material.is_unlit = false;
        mesh.segment.highlight = Highlight::None;
        stage.spawn(mesh);
        let seen = stage.shoot();
        let (left, right) = (seen.at(16, 32)[1], seen.at(48, 32)[1]);
        assert_eq!(left.abs_diff(right) > 20, is_flat, "{left} and {right}");
        assert!(left.max(right) > 150, "{left} and {right}");
    }
}

#[test]
fn geometry_is_sent_once_and_nothing_when_nothing_changes() {
    let mut stage = Stage::flat();
    let geometry = square(&mut stage, RED);
    for x in [0.0, 10.0] {
        let mut mesh = flat(geometry.clone());
        mesh.segment.world_from_entity = DAffine3::from_translation(DVec3::new(x, 0.0, 0.0));
        stage.spawn(mesh);
    }
    stage.shoot();
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 0);
    let geometries = stage.app.world().resource::<Assets<MeshGeometry>>();
    assert_eq!(
        geometries.get(&geometry).unwrap().vertices(),
        [],
        "it lies on the GPU alone"
    );
}
