//! Surfaces in light, and without.

use std::sync::Arc;

use bevy::asset::{Assets, RenderAssetUsages};
use bevy::image::Image;
use bevy::math::{Affine2, Quat, Vec2, Vec3};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use chronoscope_render::{
    BoxInstance, BulkView, EllipsoidInstance, MeshGeometry, MeshMap, MeshMaps, MeshMaterial, MeshPose,
    MeshVertex, SegmentUniform, TextureSampling, TriangleMesh, pack_color,
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
    seen_on(&mut Stage::flat(), is_lit, material)
}

fn seen_on(stage: &mut Stage, is_lit: bool, material: MeshMaterial) -> [u8; 4] {
    set_lit(stage, is_lit);
    let corners = [Vec2::ZERO, Vec2::Y, Vec2::ONE, Vec2::X];
    let vertices = corners
        .map(|corner| MeshVertex::new((corner * SIZE as f32).extend(0.0).to_array()).with_texcoord(corner));
    let geometry = MeshGeometry::new(vertices.to_vec(), vec![0, 1, 2, 0, 2, 3]).unwrap();
    // The other way round.
    let second = corners.map(|corner| [1.0 - corner.x, corner.y]);
    let geometry = geometry.with_second_texcoords(second.to_vec());
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

/// A texture of one color to the left and another to the right.
fn map(stage: &mut Stage, halves: [[u8; 4]; 2], is_linear: bool) -> MeshMap {
    let size = Extent3d {
        width: 2,
        height: 1,
        depth_or_array_layers: 1,
    };
    let format = if is_linear {
        TextureFormat::Rgba8Unorm
    } else {
        TextureFormat::Rgba8UnormSrgb
    };
    let usage = RenderAssetUsages::RENDER_WORLD;
    let image = Image::new(size, TextureDimension::D2, halves.concat(), format, usage);
    let mut images = stage.app.world_mut().resource_mut::<Assets<Image>>();
    MeshMap {
        sampling: TextureSampling {
            is_nearest: true,
            ..TextureSampling::default()
        },
        ..MeshMap::new(images.add(image))
    }
}

/// How bright a gray square is whose texture of normals is of one color.
fn bent(normal: [u8; 3], strength: f32) -> u8 {
    let mut stage = Stage::flat();
    let [r, g, b] = normal;
    let normal = MeshMap {
        strength,
        ..map(&mut stage, [[r, g, b, 255]; 2], true)
    };
    let maps = MeshMaps {
        normal: Some(normal),
        ..Default::default()
    };
    let material = MeshMaterial {
        maps: Some(Arc::new(maps)),
        roughness: 1.0,
        ..of_color(0.5)
    };
    seen_on(&mut stage, true, material)[0]
}

/// The light comes from above, and a little from the right.
#[test]
fn normals_of_a_texture_turn_a_surface_to_the_light_and_away() {
    let [flat, up, down, right, left] = [
        [128, 128, 255],
        [128, 218, 218],
        [128, 38, 218],
        [218, 128, 218],
        [38, 128, 218],
    ]
    .map(|normal| bent(normal, 1.0));
    assert!(flat.abs_diff(179) <= 2, "as without the texture: {flat}");
    assert!(up > flat, "{up} and {flat}");
    assert!(down + 30 < flat, "{down} and {flat}");
    assert!(right > left + 10, "{right} and {left}");
    let unbent = bent([128, 38, 218], 0.0);
    assert!(unbent.abs_diff(flat) <= 2, "without strength: {unbent}");
}

#[test]
fn textures_say_where_a_surface_glows_mirrors_and_is_in_the_dark() {
    let [black, white] = [[0, 0, 0, 255], [255; 4]];
    let halves = |stage: &mut Stage| {
        let seen = stage.shoot();
        [16, 48].map(|x| seen.at(x, SIZE / 2))
    };
    let check = |material: MeshMaterial, make: &dyn Fn(&mut Stage) -> MeshMaps, expected: [[u8; 3]; 2]| {
        let mut stage = Stage::flat();
        let maps = Some(Arc::new(make(&mut stage)));
        seen_on(&mut stage, true, MeshMaterial { maps, ..material });
        let seen = halves(&mut stage);
        let is_right = std::iter::zip(seen, expected).all(|(seen, expected)| is_about(seen, expected));
        assert!(is_right, "{seen:?}, not {expected:?}");
    };
    let glowing = MeshMaterial {
        emissive: [0.0, 0.0, 0.2],
        ..of_color(0.0)
    };
    let emissive = |stage: &mut Stage| MeshMaps {
        emissive: Some(map(stage, [black, white], false)),
        ..Default::default()
    };
    check(glowing.clone(), &emissive, [[52; 3], [52, 52, 133]]);
    // The same texture the other way round.
    let turned = |stage: &mut Stage| MeshMaps {
        emissive: Some(MeshMap {
            texture_from_vertex: Affine2::from_scale_angle_translation(Vec2::new(-1.0, 1.0), 0.0, Vec2::X),
            ..map(stage, [black, white], false)
        }),
        ..Default::default()
    };
    check(glowing.clone(), &turned, [[52, 52, 133], [52; 3]]);
    let by_second = |stage: &mut Stage| MeshMaps {
        emissive: Some(MeshMap {
            is_by_second: true,
            ..map(stage, [black, white], false)
        }),
        ..Default::default()
    };
    check(glowing, &by_second, [[52, 52, 133], [52; 3]]);
    // Dull to the left, and a rough metal to the right.
    let metallic_roughness = |stage: &mut Stage| MeshMaps {
        metallic_roughness: Some(map(stage, [[0, 255, 0, 255], [0, 255, 255, 255]], true)),
        ..Default::default()
    };
    let metal = MeshMaterial {
        metallic: 1.0,
        roughness: 1.0,
        ..of_color(0.7)
    };
    let dull = MeshMaterial {
        metallic: 0.0,
        ..metal.clone()
    };
    let [r, g, b, _] = seen(true, dull);
    check(metal, &metallic_roughness, [[r, g, b], [167; 3]]);
    // Where no light from around arrives, that of the lamp is left.
    let occlusion = |stage: &mut Stage| MeshMaps {
        occlusion: Some(map(stage, [black, white], true)),
        ..Default::default()
    };
    let gray = MeshMaterial {
        roughness: 1.0,
        ..of_color(0.5)
    };
    let mut stage = Stage::flat();
    let maps = Some(Arc::new(occlusion(&mut stage)));
    seen_on(&mut stage, true, MeshMaterial { maps, ..gray });
    let [dark, light] = halves(&mut stage);
    assert!(is_about(light, [179; 3]), "{light:?}");
    assert!((90..165).contains(&dark[0]), "{dark:?}");
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
