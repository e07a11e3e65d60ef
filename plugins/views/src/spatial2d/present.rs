//! Places the camera of each 2D view.

use std::collections::BTreeMap;

use bevy::{ecs::prelude::*, math::Vec2};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{ActiveBlueprint, Settled};
use chronoscope_render::image_plane_camera;
use chronoscope_types::{
    Component, blueprint::VisualBounds2D, components::blueprint as blueprint_components,
};
use glam::{DVec2, DVec3};

use super::visible::{Area, Visible};
use crate::{
    ViewStyle,
    spatial::{
        Space, SpatialScene, SpatialScenes,
        bounds::Bounds,
        camera::{CameraLens, Placement, put_to_sleep, update_camera},
        properties,
        scene::MAX_DRAW_ORDER,
    },
};

/// How far in front of the plane the camera stands: before everything that lies in front by its draw order.
const CAMERA_DISTANCE: f32 = MAX_DRAW_ORDER + 10.0;

/// What all 2D views show of their planes.
#[derive(Resource, Default)]
pub(crate) struct Planes {
    by_view: BTreeMap<ViewId, ViewPlane>,
}

impl Planes {
    /// What a view shows, once there was a frame to show it in.
    pub(crate) fn get(&self, view: ViewId) -> Option<&ViewPlane> {
        self.by_view.get(&view)
    }
}

/// What a view shows of its plane, and what that was made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ViewPlane {
    /// As it is.
    pub(crate) visible: Visible,
    said: ViewProperties,
    generation: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ViewProperties {
    area: Option<Area>,
    background: Option<egui::Color32>,
}

pub(crate) fn present_planes(world: &mut World) {
    puffin::profile_scope!("present", "planes");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut planes: Mut<Planes>| {
            let (scenes, planes) = (scenes.bypass_change_detection(), planes.bypass_change_detection());
            let mut views = Vec::new();
            for scene in scenes.iter_mut().filter(|scene| scene.space == Space::Two) {
                views.push(scene.view);
                if scene.tile.shown {
                    present_plane(world, scene, planes);
                } else {
                    put_to_sleep(world, scene);
                }
            }
            planes.by_view.retain(|view, _| views.contains(view));
        });
    });
}

fn present_plane(world: &mut World, scene: &mut SpatialScene, planes: &mut Planes) {
    let style = world.get_resource::<ViewStyle>().cloned().unwrap_or_default();
    let generation = Some(world.resource::<ActiveBlueprint>().generation());
    let said = match planes.by_view.get(&scene.view) {
        Some(known) if known.generation == generation => known.said,
        _ => ViewProperties {
            area: read_area(world, scene.view),
            background: properties::background(world, scene.view),
        },
    };
    let is_quiet = world
        .get_resource::<Settled>()
        .is_some_and(|settled| settled.frames() > 0);
    let mut framing = scene.framing;
    let framed = framing.update(scene.results_version, is_quiet, || content(scene));
    scene.framing = framing;
    let nothing = Area {
        min: DVec2::ZERO,
        max: DVec2::ONE,
    };
    let area = said.area.or((!framed.is_empty()).then(|| Area {
        min: framed.min.truncate(),
        max: framed.max.truncate(),
    }));

    let points = f64::from(scene.tile.pixels_per_point.max(f32::MIN_POSITIVE));
    let size = DVec2::from_array(scene.tile.size_pixels.map(f64::from)) / points;
    let visible = Visible::fitting(&area.unwrap_or(nothing), size);
    planes.by_view.insert(
        scene.view,
        ViewPlane {
            visible,
            said,
            generation,
        },
    );
    scene.projector = visible.projector(size);
    let shown = visible.area(size);
    let extent = shown.max - shown.min;
    let placement = Placement {
        transform: image_plane_camera(
            Vec2::new(visible.center.x as f32, visible.center.y as f32),
            CAMERA_DISTANCE,
        ),
        lens: CameraLens::Orthographic {
            size: Vec2::new(extent.x as f32, extent.y as f32),
            depth: 2.0 * CAMERA_DISTANCE,
        },
    };
    update_camera(
        world,
        scene,
        placement,
        said.background.unwrap_or(style.background),
    );
}

/// The area of the content, as bounds.
fn content(scene: &mut SpatialScene) -> Bounds {
    let all = scene.bounds();
    Area::of_content(&all, &scene.picture_bounds()).map_or(Bounds::EMPTY, |area| Bounds {
        min: DVec3::new(area.min.x, area.min.y, 0.0),
        max: DVec3::new(area.max.x, area.max.y, 0.0),
    })
}

fn read_area(world: &World, view: ViewId) -> Option<Area> {
    let array = properties::property(world, view, &VisualBounds2D::RANGE)?;
    let bounds = blueprint_components::VisualBounds2D::read(&array).ok()?;
    let bounds = bounds.first()?;
    Area::of_ranges(bounds.x_range, bounds.y_range)
}
