//! Places the camera of each 2D view.

use std::collections::BTreeMap;

use bevy::{ecs::prelude::*, math::Vec2};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{Settled, ViewTile};
use chronoscope_render::image_plane_camera;
use chronoscope_store::RowId;
use chronoscope_types::{
    Component, blueprint::VisualBounds2D, components::blueprint as blueprint_components,
};
use glam::{DVec2, DVec3};

use super::visible::{Area, Visible};
use crate::{
    ViewStyle,
    properties::{PropertiesOf, PropertyReader, ViewProperties},
    spatial::{
        Space, SpatialScene, SpatialScenes,
        bounds::Bounds,
        camera::{CameraLens, Placement},
        framing::FramedContent,
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
    pub(crate) fn get(&self, view: ViewId) -> Option<Visible> {
        self.by_view.get(&view).map(|known| known.visible)
    }
}

/// What a view shows of its plane, and what that was made from.
struct ViewPlane {
    visible: Visible,
    inputs: Inputs,
}

/// What is made from it is the same as long as it is, and the content is.
#[derive(Clone, Copy, PartialEq)]
struct Inputs {
    tile: ViewTile,
    content: FramedContent,
    said: PlaneProperties,
    background: egui::Color32,
}

/// What the blueprint says of a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PlaneProperties {
    area: Option<Area>,
    reset: Option<RowId>,
    background: Option<egui::Color32>,
}

impl ViewProperties for PlaneProperties {
    const CLASS: &'static str = ViewClassId::SPATIAL_2D;

    fn read(reader: &PropertyReader<'_>) -> Self {
        let area = reader.value(&VisualBounds2D::RANGE).and_then(|array| {
            let bounds = *blueprint_components::VisualBounds2D::read(&array).ok()?.first()?;
            Area::of_ranges(bounds.x_range, bounds.y_range)
        });
        Self {
            area,
            reset: reader.reset_row(&VisualBounds2D::RANGE),
            background: reader.background(),
        }
    }
}

pub(crate) fn present_planes(world: &mut World) {
    puffin::profile_scope!("present", "planes");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut planes: Mut<Planes>| {
            let (scenes, planes) = (scenes.bypass_change_detection(), planes.bypass_change_detection());
            let mut num_views = 0;
            for scene in scenes.iter_mut().filter(|scene| scene.space == Space::Two) {
                num_views += 1;
                if scene.tile.shown {
                    present_plane(world, scene, planes);
                } else {
                    scene.put_to_sleep(world);
                }
            }
            if planes.by_view.len() > num_views {
                planes.by_view.retain(|view, _| scenes.get(*view).is_some());
            }
        });
    });
}

fn present_plane(world: &mut World, scene: &mut SpatialScene, planes: &mut Planes) {
    let default_style = ViewStyle::default();
    let style = world.get_resource::<ViewStyle>().unwrap_or(&default_style);
    let said = world
        .resource::<PropertiesOf<PlaneProperties>>()
        .get(scene.view)
        .copied()
        .unwrap_or_default();
    let inputs = Inputs {
        tile: scene.tile,
        content: FramedContent {
            entities: scene.results_version,
            reset: said.reset,
        },
        said,
        background: said.background.unwrap_or(style.background),
    };
    let known = planes.by_view.get(&scene.view);
    if known.is_some_and(|known| known.inputs == inputs) && scene.is_at_rest() {
        return;
    }
    let style = style.clone();
    let is_quiet = world
        .get_resource::<Settled>()
        .is_some_and(|settled| settled.frames() > 0);
    let mut framing = scene.framing;
    let framed = framing.update(inputs.content, is_quiet, || content(scene));
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
    planes.by_view.insert(scene.view, ViewPlane { visible, inputs });
    scene.projector = visible.projector(size);
    let shown = visible.area(size);
    let extent = shown.max - shown.min;
    let placement = Placement {
        position: visible.center.extend(-f64::from(CAMERA_DISTANCE)),
        rotation: image_plane_camera(Vec2::ZERO, CAMERA_DISTANCE).rotation,
        lens: CameraLens::Orthographic {
            size: Vec2::new(extent.x as f32, extent.y as f32),
            depth: 2.0 * CAMERA_DISTANCE,
        },
    };
    scene.look(world, placement, inputs.background, &style);
}

/// The area of the content, as bounds.
fn content(scene: &mut SpatialScene) -> Bounds {
    let all = scene.bounds();
    Area::of_content(&all, &scene.picture_bounds()).map_or(Bounds::EMPTY, |area| Bounds {
        min: DVec3::new(area.min.x, area.min.y, 0.0),
        max: DVec3::new(area.max.x, area.max.y, 0.0),
    })
}
