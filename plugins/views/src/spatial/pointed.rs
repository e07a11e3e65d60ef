//! What the pointer is over in one view, as others show it: through a pixel of a picture goes a ray of its camera, and a place in space
//! has one in the picture of each camera.

use bevy::ecs::world::World;
use bevy::math::{DAffine3, DMat3, DVec2, DVec3};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{InContext, PinholeCamera, Recordings, Transforms};
use chronoscope_store::ChunkStore;
use egui::{Pos2, Rect, Stroke, Ui, Vec2};

use super::{SpatialScenes, projection::Projector, scene::SpatialScene, through_camera::flat, tile::Tile};

/// The radius of a place that is marked in a picture, in points.
const MARK_RADIUS: f32 = 5.0;

/// How many places of a ray are tried to find out which part of it is seen.
const NUM_STEPS: u32 = 256;

/// What the pointer is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PointedAt {
    /// A place in the plane of a 2D view.
    Plane(DVec2),
    /// A place in the space of a 3D view.
    Space(DVec3),
}

/// What the pointer is over, and in which view.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Told {
    view: ViewId,
    at: PointedAt,
    /// Where the tile is. It holds while the pointer is in there.
    tile: Rect,
}

fn memory() -> egui::Id {
    egui::Id::new("pointed at in a spatial view")
}

/// Tells the other views what the pointer is over in this one.
pub(crate) fn tell(ui: &Ui, tile: &Tile<'_>, at: Option<PointedAt>) {
    let view = tile.scene.view;
    let known: Option<Told> = ui.data(|data| data.get_temp(memory()));
    let told = at.map(|at| Told {
        view,
        at,
        tile: tile.rect,
    });
    if known == told || (told.is_none() && known.is_none_or(|known| known.view != view)) {
        return;
    }
    ui.data_mut(|data| match told {
        Some(told) => _ = data.insert_temp(memory(), told),
        None => data.remove::<Told>(memory()),
    });
    // Some of the others are drawn already.
    ui.ctx().request_repaint();
}

/// Paints into a 3D view the ray through what the pointer is over in the picture of a camera.
pub(crate) fn paint_ray(ui: &Ui, tile: &Tile<'_>, world: &World) {
    let Some((other, PointedAt::Plane(at))) = told_by_other(ui, tile, world) else {
        return;
    };
    let Some([start, direction]) = with_transforms(world, tile.scene, |transforms, store| {
        ray(transforms, store, [tile.scene, other], at)
    }) else {
        return;
    };
    let bounds = tile.scene.bounds();
    let corners = bounds.corners().map(|corner| corner.distance(start));
    let length = corners.into_iter().fold(0.0, f64::max);
    if bounds.is_empty() || !length.is_finite() {
        return;
    }
    if let Some(ends) = seen_part(tile.scene.projector(), start, direction * length) {
        let ends = ends.map(|place| on_screen(tile, place));
        ui.painter_at(tile.rect)
            .line_segment(ends, Stroke::new(1.5, tile.style.warning));
    }
}

/// Paints into a 2D view where in the picture of its camera the place is that the pointer is over in a 3D view.
pub(crate) fn paint_place(ui: &Ui, tile: &Tile<'_>, world: &World) {
    let Some((other, PointedAt::Space(place))) = told_by_other(ui, tile, world) else {
        return;
    };
    let Some(place) = with_transforms(world, tile.scene, |transforms, store| {
        place_in_plane(transforms, store, [tile.scene, other], place)
    }) else {
        return;
    };
    if let Some(seen) = tile.scene.projector().project(place.extend(0.0)) {
        ui.painter_at(tile.rect).circle_stroke(
            on_screen(tile, seen.position),
            MARK_RADIUS,
            Stroke::new(1.5, tile.style.warning),
        );
    }
}

/// What the pointer is over in another view that shows the same recording at the same time.
fn told_by_other<'w>(ui: &Ui, tile: &Tile<'_>, world: &'w World) -> Option<(&'w SpatialScene, PointedAt)> {
    let told: Told = ui.data(|data| data.get_temp(memory()))?;
    let pointer = ui.input(|input| input.pointer.hover_pos())?;
    if told.view == tile.scene.view || !told.tile.contains(pointer) {
        return None;
    }
    let other = world.get_resource::<SpatialScenes>()?.get(told.view)?;
    (other.tile.shown && other.context == tile.scene.context).then_some((other, told.at))
}

pub(super) fn with_transforms<T>(
    world: &World,
    scene: &SpatialScene,
    read: impl FnOnce(&Transforms, &ChunkStore) -> Option<T>,
) -> Option<T> {
    let products = InContext::of(world, scene.context)?;
    let store = products.recording(world.get_resource::<Recordings>()?)?.store();
    read(products.transforms, store)
}

/// The camera in whose picture a view lies, and from its frame to the space of another view.
fn camera_in_space<'t>(
    transforms: &'t Transforms,
    store: &ChunkStore,
    plane: &SpatialScene,
    space: &SpatialScene,
) -> Option<(&'t PinholeCamera, DAffine3)> {
    let mut above = plane.blueprint.origin.ancestors();
    let (camera, pinhole) = above.find_map(|path| {
        let entity = store.entity_id(&path)?;
        Some((entity, transforms.pinhole(store, entity)?))
    })?;
    let origin = space
        .target_frame
        .origin_in_space(transforms, store, &space.blueprint.origin);
    let space_from_frame = transforms.origin_from_camera(store, origin, camera).ok()?;
    Some((&**pinhole, space_from_frame))
}

/// From the plane of a view to the picture of its camera in pixels, both homogeneous.
fn picture_from_plane(transforms: &Transforms, store: &ChunkStore, plane: &SpatialScene) -> Option<DMat3> {
    let origin = plane
        .target_frame
        .origin(transforms, store, &plane.blueprint.origin);
    Some(flat(
        &transforms.camera_of_origin(store, origin)?.picture_from_origin,
    ))
}

/// Where a ray begins in the space of a view, and its direction, of length one: that through a place in the plane of another.
pub(super) fn ray(
    transforms: &Transforms,
    store: &ChunkStore,
    [space, plane]: [&SpatialScene; 2],
    at: DVec2,
) -> Option<[DVec3; 2]> {
    let (pinhole, space_from_frame) = camera_in_space(transforms, store, plane, space)?;
    let pixel = picture_from_plane(transforms, store, plane)? * at.extend(1.0);
    let in_camera = pinhole.image_from_camera.inverse() * pixel;
    let direction = space_from_frame.matrix3 * (pinhole.frame_from_camera() * in_camera);
    Some([space_from_frame.translation, direction.try_normalize()?])
}

/// Where in the plane of a view a place is seen that lies in the space of another. `None` where it lies behind the camera.
pub(super) fn place_in_plane(
    transforms: &Transforms,
    store: &ChunkStore,
    [plane, space]: [&SpatialScene; 2],
    place: DVec3,
) -> Option<DVec2> {
    let (pinhole, space_from_frame) = camera_in_space(transforms, store, plane, space)?;
    let in_frame = space_from_frame.inverse().transform_point3(place);
    let in_camera = pinhole.frame_from_camera().transpose() * in_frame;
    if in_camera.z <= 0.0 {
        return None;
    }
    let pixel = pinhole.image_from_camera * in_camera;
    let at = picture_from_plane(transforms, store, plane)?.inverse() * (pixel / pixel.z);
    let at = at.truncate() / at.z;
    at.is_finite().then_some(at)
}

/// The first and the last place of a stretch that are seen, in points from the top left of the tile.
fn seen_part(projector: &Projector, start: DVec3, stretch: DVec3) -> Option<[DVec2; 2]> {
    let steps = (0..=NUM_STEPS).map(|step| f64::from(step) / f64::from(NUM_STEPS));
    let mut seen = steps.filter_map(|share| Some(projector.project(start + stretch * share)?.position));
    let first = seen.next()?;
    Some([first, seen.next_back()?])
}

fn on_screen(tile: &Tile<'_>, place: DVec2) -> Pos2 {
    tile.rect.min + Vec2::new(place.x as f32, place.y as f32)
}
