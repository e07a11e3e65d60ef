//! Shadows, of cameras that ask for them.

use std::sync::Arc;

use bevy::asset::Assets;
use bevy::ecs::entity::Entity;
use bevy::math::{DAffine3, DVec3, Quat, Vec3};
use bevy::render::view::Msaa;
use bevy::transform::components::Transform;
use chronoscope_render::{
    Blending, BoxInstance, BulkView, EllipsoidInstance, EyeOrigin, MeshAlpha, MeshGeometry, MeshMaterial,
    MeshPose, MeshVertex, PointInstance, SegmentUniform, Shadows, TriangleMesh, pack_color,
};

use crate::stage::{Picture, SIZE, Stage};

const GRAY: [u8; 4] = [128, 128, 128, 255];

/// Where what floats over the floor is.
const OVER_FLOOR: Vec3 = Vec3::new(0.0, 0.0, 1.2);

/// Its half size.
const FLAT: Vec3 = Vec3::new(0.5, 0.5, 0.2);

/// In the light from straight above.
const SHADOWS: Shadows = Shadows {
    to_light: Vec3::Z,
    center: DVec3::ZERO,
    radius: 8.0,
};

fn view(shadows: Option<Shadows>) -> BulkView {
    BulkView {
        is_lit: true,
        focus_distance: 5.0,
        shadows,
        ..Default::default()
    }
}

fn set_view(stage: &mut Stage, view: BulkView) {
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(view);
}

/// A camera that looks down on the origin.
fn stage(shadows: Option<Shadows>) -> Stage {
    let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 4.0), Vec3::ZERO);
    set_view(&mut stage, view(shadows));
    stage
}

fn at(place: DVec3) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: DAffine3::from_translation(place),
        picking_id: 7,
        ..Default::default()
    }
}

fn slab(color: [u8; 4]) -> BoxInstance {
    let half_size = Vec3::new(4.0, 4.0, 0.1);
    BoxInstance::new(
        Vec3::new(0.0, 0.0, -0.1),
        half_size,
        Quat::IDENTITY,
        pack_color(color),
    )
}

fn floating() -> BoxInstance {
    BoxInstance::new(OVER_FLOOR, FLAT, Quat::IDENTITY, pack_color(GRAY))
}

/// A level square of a mesh.
fn square(stage: &mut Stage, center: Vec3, half_size: f32, material: MeshMaterial) -> Entity {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    let vertices = corners.map(|(x, y)| {
        let place = center + Vec3::new(x, y, 0.0) * half_size;
        MeshVertex::new(place.to_array())
    });
    let geometry = MeshGeometry::new(vertices.to_vec(), vec![0, 1, 2, 0, 2, 3]).unwrap();
    let mut geometries = stage.app.world_mut().resource_mut::<Assets<MeshGeometry>>();
    let geometry = geometries.add(geometry);
    stage.spawn(TriangleMesh {
        geometry,
        material,
        poses: Arc::new([MeshPose::IDENTITY]),
        segment: SegmentUniform::default(),
    })
}

fn material(alpha: f32, kind: MeshAlpha) -> MeshMaterial {
    MeshMaterial {
        base_color: [0.2, 0.2, 0.2, alpha],
        roughness: 1.0,
        alpha: kind,
        ..Default::default()
    }
}

/// How bright the floor is in the middle, and beside it.
fn levels(seen: &Picture) -> [u8; 2] {
    [seen.at(SIZE / 2, SIZE / 2)[0], seen.at(43, SIZE / 2)[0]]
}

fn is_dark_in_the_middle(seen: &Picture) -> bool {
    let [middle, beside] = levels(seen);
    middle + 20 < beside
}

fn is_even(seen: &Picture) -> bool {
    let [middle, beside] = levels(seen);
    middle.abs_diff(beside) <= 3
}

#[test]
fn what_is_opaque_and_has_faces_casts_a_shadow() {
    let mut stage = stage(Some(SHADOWS));
    stage.draw(SegmentUniform::default(), &[slab(GRAY)]);
    let bare = stage.shoot();
    assert!(is_even(&bare), "{:?}", levels(&bare));
    let check = |stage: &mut Stage, name: &str, cast: &dyn Fn(&mut Stage) -> Vec<Entity>, expected: bool| {
        let cast = cast(stage);
        let seen = stage.shoot();
        let is_right = if expected {
            is_dark_in_the_middle(&seen)
        } else {
            is_even(&seen)
        };
        assert!(is_right, "{name}: {:?}", levels(&seen));
        for entity in cast {
            stage.app.world_mut().despawn(entity);
        }
    };
    let cast_box = |stage: &mut Stage, blending: Blending, alpha: u8| {
        let [r, g, b, _] = GRAY;
        let color = pack_color([r, g, b, alpha]);
        let instance = BoxInstance::new(OVER_FLOOR, FLAT, Quat::IDENTITY, color);
        let drawn = stage.draw_as(blending, SegmentUniform::default(), &[instance]);
        vec![drawn.list, drawn.buffer]
    };
    let mesh = |stage: &mut Stage, alpha: f32, kind: MeshAlpha| {
        vec![square(stage, OVER_FLOOR, 0.5, material(alpha, kind))]
    };
    check(
        &mut stage,
        "box",
        &|stage| cast_box(stage, Blending::Opaque, 255),
        true,
    );
    check(
        &mut stage,
        "mesh",
        &|stage| mesh(stage, 1.0, MeshAlpha::Opaque),
        true,
    );
    let masked = MeshAlpha::Mask(0.5);
    check(
        &mut stage,
        "what a mask leaves",
        &|stage| mesh(stage, 0.8, masked),
        true,
    );
    check(
        &mut stage,
        "what a mask cuts",
        &|stage| mesh(stage, 0.2, masked),
        false,
    );
    check(
        &mut stage,
        "ellipsoid",
        &|stage| {
            let color = pack_color(GRAY);
            let instance = EllipsoidInstance::new(OVER_FLOOR, FLAT, Quat::IDENTITY, color);
            let drawn = stage.draw(SegmentUniform::default(), &[instance]);
            vec![drawn.list, drawn.buffer]
        },
        true,
    );
    check(
        &mut stage,
        "translucent box",
        &|stage| cast_box(stage, Blending::Translucent, 128),
        false,
    );
    check(
        &mut stage,
        "point",
        &|stage| {
            let point = PointInstance::new(OVER_FLOOR, 0.5, pack_color(GRAY));
            let drawn = stage.draw(SegmentUniform::default(), &[point]);
            vec![drawn.list, drawn.buffer]
        },
        false,
    );
}

#[test]
fn shadows_fall_on_all_that_has_faces() {
    let mut stage = stage(Some(SHADOWS));
    stage.draw(SegmentUniform::default(), &[floating()]);
    let check = |stage: &mut Stage, name: &str, floor: Vec<Entity>| {
        let seen = stage.shoot();
        assert!(is_dark_in_the_middle(&seen), "{name}: {:?}", levels(&seen));
        for entity in floor {
            stage.app.world_mut().despawn(entity);
        }
    };
    let drawn = stage.draw(SegmentUniform::default(), &[slab(GRAY)]);
    check(&mut stage, "box", vec![drawn.list, drawn.buffer]);
    let mesh = square(&mut stage, Vec3::ZERO, 4.0, material(1.0, MeshAlpha::Opaque));
    check(&mut stage, "mesh", vec![mesh]);
    let flat = EllipsoidInstance::new(
        Vec3::new(0.0, 0.0, -0.1),
        Vec3::new(6.0, 6.0, 0.1),
        Quat::IDENTITY,
        pack_color(GRAY),
    );
    let drawn = stage.draw(SegmentUniform::default(), &[flat]);
    check(&mut stage, "ellipsoid", vec![drawn.list, drawn.buffer]);
    // What is seen through, in both ways that there are.
    for is_order_independent in [false, true] {
        set_view(
            &mut stage,
            BulkView {
                is_order_independent,
                ..view(Some(SHADOWS))
            },
        );
        let drawn = stage.draw_as(
            Blending::Translucent,
            SegmentUniform::default(),
            &[slab([128, 128, 128, 220])],
        );
        check(&mut stage, "translucent box", vec![drawn.list, drawn.buffer]);
    }
}

#[test]
fn without_shadows_everything_is_as_it_was() {
    let mut stage = stage(None);
    stage.draw(SegmentUniform::default(), &[slab(GRAY), floating()]);
    square(
        &mut stage,
        Vec3::new(-2.0, 0.0, 0.5),
        0.5,
        material(1.0, MeshAlpha::Opaque),
    );
    let before = stage.shoot();
    let draws = stage.stats().queued_draws();
    let gpu_bytes = stage.stats().gpu_bytes();
    set_view(&mut stage, view(Some(SHADOWS)));
    let shadowed = stage.shoot();
    assert!(is_dark_in_the_middle(&shadowed), "{:?}", levels(&shadowed));
    let with_shadows = stage.stats().queued_draws();
    assert_eq!(with_shadows, draws + 2, "the boxes and the mesh once more");
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 0, "nothing changed");
    // Off again.
    set_view(&mut stage, view(None));
    assert!(stage.shoot().0 == before.0, "the same to the pixel");
    let stats = stage.stats();
    assert_eq!((stats.queued_draws(), stats.gpu_bytes()), (draws, gpu_bytes));
    // Where surfaces are not lit, asking for them changes nothing.
    let unlit = |shadows| BulkView {
        is_lit: false,
        ..view(shadows)
    };
    set_view(&mut stage, unlit(None));
    let before = stage.shoot();
    set_view(&mut stage, unlit(Some(SHADOWS)));
    assert!(stage.shoot().0 == before.0, "the same to the pixel");
    let stats = stage.stats();
    assert_eq!((stats.queued_draws(), stats.gpu_bytes()), (draws, gpu_bytes));
}

#[test]
fn shadows_stay_where_they_are_while_the_eye_moves() {
    let mut stage = stage(Some(SHADOWS));
    let camera = stage.camera;
    stage.draw(at(DVec3::ZERO), &[slab(GRAY), floating()]);
    for msaa in [Msaa::Off, Msaa::Sample4] {
        for eye in [
            Vec3::new(0.0, -4.0, 4.0),
            Vec3::new(-4.0, 0.0, 4.0),
            Vec3::new(0.0, 6.0, 5.0),
        ] {
            let looking = Transform::from_translation(eye).looking_at(Vec3::ZERO, Vec3::Z);
            stage.app.world_mut().entity_mut(camera).insert((looking, msaa));
            let seen = stage.shoot();
            assert!(
                is_dark_in_the_middle(&seen),
                "{eye} {msaa:?}: {:?}",
                levels(&seen)
            );
        }
    }
    // What is picked is what is there.
    let hit = stage.pick([SIZE / 2, SIZE / 2], 0).unwrap();
    assert_eq!(hit.picking_id, 7);
    assert!(hit.position.length() < 0.4, "{}", hit.position);
}

#[test]
fn far_from_the_origin_and_in_a_large_scene_shadows_are_as_sharp() {
    let shoot = |origin: DVec3, radius: f64| {
        let shadows = Shadows {
            to_light: Vec3::new(0.2, -0.1, 1.0),
            center: origin,
            radius,
        };
        let mut stage = stage(Some(shadows));
        let camera = stage.camera;
        stage.app.world_mut().entity_mut(camera).insert(EyeOrigin(origin));
        stage.draw(at(origin), &[slab(GRAY), floating()]);
        stage.shoot()
    };
    let near = shoot(DVec3::ZERO, 8.0);
    assert!(is_dark_in_the_middle(&near), "{:?}", levels(&near));
    for (origin, radius) in [
        (DVec3::new(500_100.0, 5_412_300.0, 20.0), 8.0),
        (DVec3::ZERO, 3000.0),
        (DVec3::new(-4_000_000.0, 5_000_000.0, 0.0), 3000.0),
    ] {
        let seen = shoot(origin, radius);
        assert!(is_dark_in_the_middle(&seen), "{:?} at {origin}", levels(&seen));
        let pixels = near.0.pixels().zip(seen.0.pixels());
        let num_other = pixels.filter(|(a, b)| a.0[0].abs_diff(b.0[0]) > 12).count();
        assert!(num_other < 30, "{num_other} pixels at {origin} in {radius}");
    }
}

/// A surface that shadows itself has stripes.
#[test]
fn no_surface_shadows_itself() {
    for to_light in [
        Vec3::Z,
        Vec3::new(1.0, 0.3, 1.0),
        Vec3::new(2.0, -0.3, 0.2),
        Vec3::new(-0.5, 3.0, 0.15),
    ] {
        let shadows = Shadows {
            to_light,
            radius: 60.0,
            ..SHADOWS
        };
        let mut stage = stage(Some(shadows));
        set_view(
            &mut stage,
            BulkView {
                focus_distance: 20.0,
                ..view(Some(shadows))
            },
        );
        stage.draw(SegmentUniform::default(), &[slab(GRAY)]);
        let seen = stage.shoot();
        let within = (10..54).flat_map(|x| (34..54).map(move |y| (x, y)));
        let levels: Vec<u8> = within.map(|(x, y)| seen.at(x, y)[0]).collect();
        let (darkest, brightest) = (levels.iter().min().unwrap(), levels.iter().max().unwrap());
        assert!(
            brightest - darkest <= 6,
            "in the light from {to_light}: {darkest} to {brightest}"
        );
    }
}
