//! Places the camera of each 2D view.

use std::collections::BTreeMap;

use bevy::{ecs::prelude::*, math::Vec2};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{InContext, Recordings, ViewTile};
use chronoscope_render::image_plane_camera;
use chronoscope_types::{
    Component,
    blueprint::{NearClipPlane, SpatialInformation, VisualBounds2D},
    components::blueprint as blueprint_components,
};

use super::visible::{Area, Visible};
use crate::{
    ViewStyle,
    properties::{Background, PropertiesOf, PropertyReader, ViewProperties},
    spatial::{
        Space, SpatialScene, SpatialScenes,
        camera::{CameraLens, Placement},
        framing::Framed,
        scene::MAX_DRAW_ORDER,
        through_camera::ViewCamera,
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
    /// What is nearer to the camera than this is not seen in a view, in the units of its frame; nothing where there is no camera.
    pub(super) fn near(&self, view: ViewId) -> f64 {
        let camera = self.by_view.get(&view).and_then(|known| known.inputs.camera);
        camera.map_or(0.0, |camera| camera.near)
    }

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
    framed: Framed,
    said: PlaneProperties,
    background: egui::Color32,
    /// What something in space is seen through.
    camera: Option<ViewCamera>,
}

/// What the blueprint says of a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PlaneProperties {
    area: Option<Area>,
    pub(super) background: Option<Background>,
    /// What is nearer to a camera is not seen, in the units of its frame.
    near: Option<f64>,
    /// Whether there is a box around everything.
    pub(super) shows_bounds: bool,
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
            background: reader.background(),
            near: reader.near(&NearClipPlane::NEAR_CLIP_PLANE),
            shows_bounds: reader.boolean(&SpatialInformation::SHOW_BOUNDING_BOX) == Some(true),
        }
    }
}

pub(crate) fn present_planes(world: &mut World) {
    puffin::profile_scope!("present", "planes");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut planes: Mut<Planes>| {
            let (scenes, planes) = (scenes.bypass_change_detection(), planes.bypass_change_detection());
            let num_views = scenes.place_cameras(world, Space::Two, |world, scene| {
                present_plane(world, scene, planes);
            });
            if planes.by_view.len() > num_views {
                planes.by_view.retain(|view, _| scenes.get(*view).is_some());
            }
        });
    });
}

fn present_plane(world: &mut World, scene: &mut SpatialScene, planes: &mut Planes) {
    let style = ViewStyle::of(world);
    let said = world
        .resource::<PropertiesOf<PlaneProperties>>()
        .get(scene.view)
        .copied()
        .unwrap_or_default();
    let inputs = Inputs {
        tile: scene.tile,
        framed: scene.framing.framed(),
        said,
        background: said
            .background
            .map_or(style.background, |background| background.color()),
        camera: camera_of(world, scene).map(|camera| ViewCamera {
            near: said.near.unwrap_or(camera.near),
            ..camera
        }),
    };
    let known = planes.by_view.get(&scene.view);
    if known.is_some_and(|known| known.inputs == inputs) && scene.is_at_rest() {
        return;
    }
    let Framed { all, pictures } = inputs.framed;
    let of_camera = || {
        let [width, height] = inputs.camera?.resolution?.map(f64::from);
        Area::of_ranges([0.0, width], [0.0, height])
    };
    let of_content = || Area::of_content(&all, &pictures);
    let area = said.area.or_else(of_camera).or_else(of_content);

    let size = scene.size_points();
    let visible = Visible::fitting(&area.unwrap_or(Area::UNIT), size);
    planes.by_view.insert(scene.view, ViewPlane { visible, inputs });
    scene.projector = visible.projector(size);
    let shown = visible.area(size);
    let extent = shown.max - shown.min;
    let placement = Placement {
        position: visible.center.extend(-f64::from(CAMERA_DISTANCE)),
        rotation: image_plane_camera(Vec2::ZERO, CAMERA_DISTANCE).rotation,
        lens: CameraLens::Orthographic {
            size: Vec2::new(extent.x as f32, extent.y as f32),
            near: 0.0,
            far: 2.0 * CAMERA_DISTANCE,
        },
        focus_distance: None,
        shades_depth: false,
        shadows: None,
    };
    let through_camera = inputs.camera.map(|camera| {
        scene.set_camera_projector(camera.projector(&scene.projector));
        camera.placement(size, visible.center, visible.scale)
    });
    scene.look(world, placement, through_camera, inputs.background, &style);
}

/// The camera that something in space is seen through in a view, at this time.
fn camera_of(world: &World, scene: &SpatialScene) -> Option<ViewCamera> {
    scene.through_camera()?;
    let products = InContext::of(world, scene.context)?;
    let store = products.recording(world.resource::<Recordings>())?.store();
    let transforms = products.transforms;
    let origin = scene
        .target_frame
        .origin(transforms, store, &scene.blueprint.origin);
    ViewCamera::of(transforms, store, origin)
}
