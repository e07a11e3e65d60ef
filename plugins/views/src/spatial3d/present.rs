//! Places the eye of each 3D view, and the grid that it stands on.

use std::collections::BTreeMap;

use bevy::{
    camera::visibility::RenderLayers,
    ecs::prelude::*,
    math::{Quat, Vec3},
    transform::components::Transform,
};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{ActiveBlueprint, Cursor, LatestAtResults, Recordings, Settled};
use chronoscope_render::GroundGrid;
use chronoscope_store::EntityPath;
use chronoscope_types::{
    ViewCoordinates,
    blueprint::{EyeControls3D, LineGrid3D},
    read,
};
use glam::{DMat3, DQuat, DVec2, DVec3};

use super::eye::{Axes, Eye, FOV_Y};
use crate::{
    ViewStyle,
    spatial::{
        Space, SpatialScene, SpatialScenes,
        camera::{CameraLens, Placement, put_to_sleep, update_camera},
        properties,
    },
};

/// The eyes of all 3D views.
#[derive(Resource, Default)]
pub(crate) struct Eyes {
    by_view: BTreeMap<ViewId, ViewEye>,
}

impl Eyes {
    /// The eye of a view, once there was a frame to show it in.
    pub(crate) fn get(&self, view: ViewId) -> Option<&ViewEye> {
        self.by_view.get(&view)
    }
}

/// The eye of a view, and what it was made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ViewEye {
    /// As it is.
    pub(crate) eye: Eye,
    said: ViewProperties,
    generation: Option<u64>,
}

/// What the blueprint says of the eye and the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ViewProperties {
    position: Option<DVec3>,
    target: Option<DVec3>,
    up: Option<DVec3>,
    hides_grid: bool,
    spacing: Option<f32>,
    background: Option<egui::Color32>,
}

pub(crate) fn present_eyes(world: &mut World) {
    puffin::profile_scope!("present", "eyes");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut eyes: Mut<Eyes>| {
            let (scenes, eyes) = (scenes.bypass_change_detection(), eyes.bypass_change_detection());
            let mut views = Vec::new();
            for scene in scenes.iter_mut().filter(|scene| scene.space == Space::Three) {
                views.push(scene.view);
                if scene.tile.shown {
                    present_eye(world, scene, eyes);
                } else {
                    put_to_sleep(world, scene);
                }
            }
            eyes.by_view.retain(|view, _| views.contains(view));
        });
    });
}

fn present_eye(world: &mut World, scene: &mut SpatialScene, eyes: &mut Eyes) {
    let style = world.get_resource::<ViewStyle>().cloned().unwrap_or_default();
    let axes = axes_at(world, &scene.blueprint.origin).unwrap_or_default();
    let generation = Some(world.resource::<ActiveBlueprint>().generation());
    let known = eyes.by_view.get(&scene.view);
    let said = match known {
        Some(known) if known.generation == generation => known.said,
        _ => read_said(world, scene.view),
    };

    let is_quiet = world
        .get_resource::<Settled>()
        .is_some_and(|settled| settled.frames() > 0);
    let mut framing = scene.framing;
    let framed = framing.update(scene.results_version, is_quiet, || scene.bounds());
    scene.framing = framing;
    let points = f64::from(scene.tile.pixels_per_point.max(f32::MIN_POSITIVE));
    let size = DVec2::from_array(scene.tile.size_pixels.map(f64::from)) / points;
    let eye = Eye::framing(&framed, &axes, size.x / size.y.max(1.0)).with_overrides(
        said.position,
        said.target,
        said.up,
    );
    eyes.by_view.insert(
        scene.view,
        ViewEye {
            eye,
            said,
            generation,
        },
    );

    scene.projector = eye.projector(size);
    present_grid(world, scene, &said, &axes, &eye, &style);
    let placement = Placement {
        transform: transform_of(&eye),
        lens: CameraLens::Perspective {
            fov_y: FOV_Y as f32,
            near: eye.near() as f32,
        },
    };
    update_camera(
        world,
        scene,
        placement,
        said.background.unwrap_or(style.background),
    );
}

fn read_said(world: &World, view: ViewId) -> ViewProperties {
    ViewProperties {
        position: properties::vector(world, view, &EyeControls3D::POSITION),
        target: properties::vector(world, view, &EyeControls3D::LOOK_TARGET),
        up: properties::vector(world, view, &EyeControls3D::EYE_UP).and_then(DVec3::try_normalize),
        hides_grid: properties::boolean(world, view, &LineGrid3D::VISIBLE) == Some(false),
        spacing: properties::number(world, view, &LineGrid3D::SPACING).filter(|spacing| *spacing > 0.0),
        background: properties::background(world, view),
    }
}

/// The axes that the nearest view coordinates at or above an entity name.
fn axes_at(world: &World, origin: &EntityPath) -> Option<Axes> {
    let cursor = world.resource::<Cursor>();
    let store = world.resource::<Recordings>().get(cursor.recording?)?.store();
    let latest_at = world.resource::<LatestAtResults>();
    let component = store.component_id(&ViewCoordinates::XYZ)?;
    origin.ancestors().find_map(|path| {
        let hit = latest_at.get(store.entity_id(&path)?)?.hit(component)?;
        let cell = hit.cell();
        let coordinates = read::view_coordinates(&cell).ok()?;
        Axes::of_view_coordinates(*coordinates.first()?)
    })
}

fn transform_of(eye: &Eye) -> Transform {
    let forward = eye.forward();
    let right = eye.right();
    let rotation = DQuat::from_mat3(&DMat3::from_cols(right, right.cross(forward), -forward)).normalize();
    let [x, y, z, w] = rotation.to_array().map(|value| value as f32);
    Transform::from_translation(eye.position.as_vec3()).with_rotation(Quat::from_xyzw(x, y, z, w))
}

/// A grid through the origin, as wide as suits the distance: powers of ten, so that it does not swim when one moves a little.
fn present_grid(
    world: &mut World,
    scene: &mut SpatialScene,
    said: &ViewProperties,
    axes: &Axes,
    eye: &Eye,
    style: &ViewStyle,
) {
    let [r, g, b, _] = style.grid.to_array();
    let grid = GroundGrid {
        normal: if said.hides_grid {
            Vec3::ZERO
        } else {
            axes.up.as_vec3()
        },
        offset: 0.0,
        spacing: said
            .spacing
            .unwrap_or_else(|| grid_spacing(eye.distance()) as f32),
        color: [r, g, b, 200],
        thickness: 1.0,
    };
    match scene.extras.first().copied() {
        Some(entity) => {
            if let Some(mut known) = world.get_mut::<GroundGrid>(entity)
                && *known != grid
            {
                *known = grid;
                scene.is_changed = true;
            }
        }
        None => {
            let entity = world.spawn((grid, RenderLayers::none().with(scene.layer))).id();
            scene.extras.push(entity);
            scene.is_changed = true;
        }
    }
}

/// Between neighbouring lines, for an eye at this distance from what it looks at.
fn grid_spacing(distance: f64) -> f64 {
    let exponent = (distance / 10.0).max(1e-9).log10().round();
    10f64.powf(exponent).clamp(1e-9, 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_suit_the_distance() {
        let check = |distance: f64, spacing: f64| {
            assert!(
                (grid_spacing(distance) / spacing - 1.0).abs() < 1e-9,
                "{distance}"
            )
        };
        check(11.0, 1.0);
        check(25.0, 1.0);
        check(40.0, 10.0);
        check(0.1, 0.01);
        assert!(grid_spacing(0.0) > 0.0 && grid_spacing(f64::INFINITY).is_finite());
    }

    #[test]
    fn the_camera_looks_where_the_eye_looks() {
        let eye = Eye {
            position: DVec3::new(1.0, -8.0, 3.0),
            target: DVec3::new(0.0, 1.0, 0.5),
            up: DVec3::Z,
        };
        let transform = transform_of(&eye);
        assert!(transform.forward().as_dvec3().distance(eye.forward()) < 1e-6);
        assert!(transform.right().as_dvec3().distance(eye.right()) < 1e-6);
    }
}
