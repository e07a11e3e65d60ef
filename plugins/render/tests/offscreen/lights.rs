//! Surfaces in light, and without.

use std::sync::Arc;

use bevy::asset::Assets;
use bevy::math::{Quat, Vec2, Vec3};
use chronoscope_render::{
    BoxInstance, BulkView, EllipsoidInstance, MeshGeometry, MeshMaterial, MeshPose, MeshVertex,
    SegmentUniform, TriangleMesh, pack_color,
};

use crate::stage::{SIZE, Stage};

fn set_lit(stage: &mut Stage, is_lit: bool) {
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(BulkView {
        is_lit,
        ..Default::default()
    });
}

/// The color of a square of a material that faces the eye.
fn seen(is_lit: bool, material: MeshMaterial) -> [u8; 4] {
    let mut stage = Stage::flat();
    set_lit(&mut stage, is_lit);
    let corners = [Vec2::ZERO, Vec2::Y, Vec2::ONE, Vec2::X];
    let vertices = corners.map(|corner| MeshVertex::new((corner * SIZE as f32).extend(0.0).to_array()));
    let geometry = MeshGeometry::new(vertices.to_vec(), vec![0, 1, 2, 0, 2, 3]).unwrap();
    let mut geometries = stage.app.world_mut().resource_mut::<Assets<MeshGeometry>>();
    let geometry = geometries.add(geometry);
    stage.spawn(TriangleMesh {
        geometry,
        material,
        poses: Arc::new([MeshPose::IDENTITY]),
        segment: SegmentUniform::default(),
    });
    stage.shoot().at(SIZE / 2, SIZE / 2)
}

fn of_color(level: f32) -> MeshMaterial {
    MeshMaterial {
        base_color: [level, level, level, 1.0],
        ..Default::default()
    }
}

fn is_about(seen: [u8; 4], [r, g, b]: [u8; 3]) -> bool {
    let expected = [r, g, b, 255];
    seen.iter()
        .zip(expected)
        .all(|(seen, expected)| seen.abs_diff(expected) <= 2)
}

#[test]
fn a_square_in_light_is_as_bright_as_its_material_says() {
    let metal = |roughness| MeshMaterial {
        metallic: 1.0,
        roughness,
        ..of_color(0.7)
    };
    let dull = MeshMaterial {
        roughness: 1.0,
        ..of_color(0.5)
    };
    let glowing = MeshMaterial {
        emissive: [0.0, 0.0, 0.2],
        ..of_color(0.0)
    };
    for (name, material, expected) in [
        ("white", of_color(1.0), [245; 3]),
        ("dull gray", dull, [179; 3]),
        ("rough metal", metal(1.0), [167; 3]),
        ("smooth metal", metal(0.2), [139; 3]),
        ("black", of_color(0.0), [52; 3]),
        ("glowing", glowing, [52, 52, 133]),
    ] {
        let seen = seen(true, material);
        assert!(is_about(seen, expected), "{name}: {seen:?}, not {expected:?}");
    }
}

#[test]
fn without_light_a_material_is_but_its_color() {
    let metal = MeshMaterial {
        metallic: 1.0,
        roughness: 0.2,
        emissive: [0.5; 3],
        ..of_color(1.0)
    };
    assert_eq!(seen(false, metal.clone()), [255; 4]);
    let unlit = MeshMaterial {
        is_unlit: true,
        ..metal
    };
    assert_eq!(seen(true, unlit), [255; 4]);
}

#[test]
fn solids_stand_in_the_same_light_as_meshes() {
    let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO);
    set_lit(&mut stage, true);
    let white = pack_color([255; 4]);
    let cube = BoxInstance::new(Vec3::new(1.5, 0.0, 0.0), Vec3::ONE, Quat::IDENTITY, white);
    stage.draw(SegmentUniform::default(), &[cube]);
    let sphere = EllipsoidInstance::new(Vec3::new(-1.5, 0.0, 0.0), Vec3::ONE, Quat::IDENTITY, white);
    stage.draw(SegmentUniform::default(), &[sphere]);
    let lit = stage.shoot();
    // The middle of the face of the cube, and places on the sphere: towards the light, and away from it.
    let face = lit.at(48, SIZE / 2);
    assert!(is_about(face, [245; 3]), "{face:?}");
    let level = |x: u32, y: u32| lit.at(x, y)[0];
    let (towards, away) = (level(23, 28), level(14, 38));
    assert!(towards > 240, "{towards}");
    assert!((140..185).contains(&away), "neither as bright nor black: {away}");
    set_lit(&mut stage, false);
    let shaded = stage.shoot();
    assert!(shaded.at(14, 38)[0] > away + 5, "{:?}", shaded.at(14, 38));
    assert_eq!(shaded.at(48, SIZE / 2), [255; 4]);
}
