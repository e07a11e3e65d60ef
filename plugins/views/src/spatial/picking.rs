//! What lies under the pointer, found on the CPU: bounded work, no wait for the GPU.

use glam::{DAffine3, DVec2, DVec3};

use super::{
    projection::{Projected, Projector, Ray},
    visual::SpatialVisual,
};

/// How far the pointer may be from a mark, in points.
pub const TOLERANCE_POINTS: f64 = 8.0;

/// How many instances are looked at, over all entities.
pub const MAX_INSTANCES: usize = 200_000;

/// Something that can be picked.
pub struct Pickable<'a, K> {
    /// What to call it.
    pub key: K,
    /// What is drawn.
    pub visual: &'a SpatialVisual,
    /// Where it stands.
    pub view_from_entity: DAffine3,
    /// The radius of marks that bring none: scene units, or negative points.
    pub default_radius: f32,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick<K> {
    /// What it is called.
    pub key: K,
    /// Which of its instances.
    pub instance: usize,
    /// Where, in the view's space.
    pub position: DVec3,
}

/// The pointer, seen from the space of an entity: what a primitive tells with what the pointer touches.
pub struct Probe<'a> {
    projector: &'a Projector,
    pointer: DVec2,
    ray: Ray,
    view_from_entity: DAffine3,
    default_radius: f32,
    /// Units of the view's space per unit of the entity's.
    unit: f64,
}

/// What the pointer touches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Touch {
    /// A mark near the pointer: of those, the nearest on screen wins.
    Mark {
        /// Distance of the pointer from the silhouette in points; zero within.
        distance: f64,
        /// Distance from the eye. Smaller is in front.
        depth: f64,
        /// The place that is touched, in the view's space.
        position: DVec3,
    },
    /// A face under the pointer: of those, the one in front wins.
    Face {
        /// The place that is touched, in the view's space.
        position: DVec3,
    },
}

impl<'a> Probe<'a> {
    /// The pointer as an entity sees it that stands at `view_from_entity`. `pointer` is in points from the tile's top left corner.
    pub fn new(
        projector: &'a Projector,
        pointer: DVec2,
        view_from_entity: DAffine3,
        default_radius: f32,
    ) -> Self {
        Self {
            projector,
            pointer,
            ray: projector.ray(pointer),
            view_from_entity,
            default_radius,
            unit: view_from_entity.matrix3.determinant().abs().cbrt(),
        }
    }

    /// Touches a disc that faces the eye. The radius follows the convention of instances.
    pub fn disc(&self, center: DVec3, radius: f32) -> Option<Touch> {
        let position = self.view_from_entity.transform_point3(center);
        let seen = self.projector.project(position)?;
        let distance = seen.position.distance(self.pointer) - self.reach(radius, seen.scale);
        mark(distance, seen.depth, position)
    }

    /// Touches a straight line. The radius follows the convention of instances.
    pub fn line(&self, start: DVec3, end: DVec3, radius: f32) -> Option<Touch> {
        let [start, end] = [start, end].map(|place| self.view_from_entity.transform_point3(place));
        let ends = self.projector.project_line(start, end)?;
        let (distance, along) = distance_to_line(self.pointer, &ends);
        let scale = ends[0].scale + (ends[1].scale - ends[0].scale) * along;
        let depth = ends[0].depth + (ends[1].depth - ends[0].depth) * along;
        mark(
            distance - self.reach(radius, scale),
            depth,
            start.lerp(end, along),
        )
    }

    /// Touches a solid box around the origin of a space of its own.
    pub fn solid(&self, entity_from_box: &DAffine3, half_size: DVec3) -> Option<Touch> {
        let position = hit_box(&self.ray, half_size, &(self.view_from_entity * *entity_from_box))?;
        Some(Touch::Face { position })
    }

    /// Touches a rectangle in the plane z = 0, from the origin to `size`.
    pub fn rectangle(&self, size: DVec2) -> Option<Touch> {
        let position = hit_rectangle(&self.ray, size, &self.view_from_entity)?;
        Some(Touch::Face { position })
    }

    /// A radius in points of the tile, where a unit of the view is `scale` points.
    pub fn reach(&self, radius: f32, scale: f64) -> f64 {
        let radius = f64::from(if radius == chronoscope_render::DEFAULT_RADIUS {
            self.default_radius
        } else {
            radius
        });
        if radius < 0.0 {
            -radius
        } else {
            radius * self.unit * scale
        }
    }
}

fn mark(distance: f64, depth: f64, position: DVec3) -> Option<Touch> {
    let distance = distance.max(0.0);
    (distance <= TOLERANCE_POINTS).then_some(Touch::Mark {
        distance,
        depth,
        position,
    })
}

/// Finds what lies nearest to the pointer: marks within some points of it before faces and pictures behind them, of marks the
/// nearest on screen, of faces and pictures the one in front.
///
/// `pointer` is in points from the tile's top left corner. Looks at no more than `max_instances`.
pub fn pick<'a, K: Copy>(
    projector: &Projector,
    pointer: DVec2,
    pickables: impl IntoIterator<Item = Pickable<'a, K>>,
    max_instances: usize,
) -> Option<Pick<K>> {
    let mut nearest: Option<(f64, f64, Pick<K>)> = None;
    let mut face: Option<(f64, Pick<K>)> = None;
    let mut left = max_instances;
    for Pickable {
        key,
        visual,
        view_from_entity,
        default_radius,
    } in pickables
    {
        if !may_touch(projector, pointer, visual, &view_from_entity) {
            continue;
        }
        let count = visual.num_instances();
        if count > left {
            continue;
        }
        left -= count;
        let probe = Probe::new(projector, pointer, view_from_entity, default_radius);
        let mut offer = |instance: usize, touch: Touch| match touch {
            Touch::Mark {
                distance,
                depth,
                position,
            } => {
                // Distances of less than a point are no difference to the eye; depth decides then, and at one depth what is drawn
                // later.
                let is_better = nearest.is_none_or(|(best, best_depth, _)| {
                    (distance.ceil(), depth) <= (best.ceil(), best_depth)
                });
                if is_better {
                    nearest = Some((
                        distance,
                        depth,
                        Pick {
                            key,
                            instance,
                            position,
                        },
                    ));
                }
            }
            Touch::Face { position } => {
                if let Some(seen) = projector.project(position)
                    && face.is_none_or(|(best, _)| seen.depth <= best)
                {
                    face = Some((
                        seen.depth,
                        Pick {
                            key,
                            instance,
                            position,
                        },
                    ));
                }
            }
        };
        for part in &visual.parts {
            part.touch(&probe, &mut offer);
        }
    }
    match (nearest, face) {
        // A mark lies on a face as often as not: a little behind is still in front.
        (Some((_, depth, mark)), Some((face_depth, face))) => {
            Some(if depth <= face_depth + face_depth.abs() * 1e-2 {
                mark
            } else {
                face
            })
        }
        (mark, face) => mark.map(|(.., mark)| mark).or(face.map(|(_, face)| face)),
    }
}

/// Whether the pointer can be near to something of an entity. Errs on the side of yes.
fn may_touch(
    projector: &Projector,
    pointer: DVec2,
    visual: &SpatialVisual,
    view_from_entity: &DAffine3,
) -> bool {
    if visual.bounds.is_empty() {
        return false;
    }
    let (mut min, mut max) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    for corner in visual.bounds.corners() {
        let Some(seen) = projector.project(view_from_entity.transform_point3(corner)) else {
            return true;
        };
        min = min.min(seen.position);
        max = max.max(seen.position);
    }
    // Radii in scene units are rarely larger than what they surround.
    let margin = 3.0 * TOLERANCE_POINTS + (max - min).max_element() * 0.5;
    pointer.cmpge(min - margin).all() && pointer.cmple(max + margin).all()
}

/// The distance of a place from a line on screen, and how far along the line its nearest place is.
fn distance_to_line(pointer: DVec2, [a, b]: &[Projected; 2]) -> (f64, f64) {
    let line = b.position - a.position;
    let squared = line.length_squared();
    let along = if squared > 0.0 {
        ((pointer - a.position).dot(line) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    ((a.position + line * along).distance(pointer), along)
}

/// Where a ray enters a solid box, by slabs in the box's own space.
fn hit_box(ray: &Ray, half_size: DVec3, view_from_box: &DAffine3) -> Option<DVec3> {
    let box_from_view = view_from_box.inverse();
    if !box_from_view.is_finite() {
        return None;
    }
    let origin = box_from_view.transform_point3(ray.origin);
    let direction = box_from_view.transform_vector3(ray.direction);
    let (mut enter, mut leave) = (0.0f64, f64::INFINITY);
    for axis in 0..3 {
        if direction[axis].abs() < 1e-300 {
            if origin[axis].abs() > half_size[axis] {
                return None;
            }
            continue;
        }
        let (a, b) = (
            (-half_size[axis] - origin[axis]) / direction[axis],
            (half_size[axis] - origin[axis]) / direction[axis],
        );
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    (enter <= leave).then(|| ray.origin + ray.direction * enter)
}

/// Where a ray meets a rectangle in the plane z = 0 of its entity.
fn hit_rectangle(ray: &Ray, size: DVec2, view_from_entity: &DAffine3) -> Option<DVec3> {
    let entity_from_view = view_from_entity.inverse();
    if !entity_from_view.is_finite() {
        return None;
    }
    let origin = entity_from_view.transform_point3(ray.origin);
    let direction = entity_from_view.transform_vector3(ray.direction);
    let along = -origin.z / direction.z;
    if !(along >= 0.0 && along.is_finite()) {
        return None;
    }
    let place = origin + direction * along;
    let inside = (0.0..=size.x).contains(&place.x) && (0.0..=size.y).contains(&place.y);
    inside.then(|| ray.origin + ray.direction * along)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_render::{BoxInstance, LineInstance, PointInstance};
    use glam::{Quat, Vec3};

    use super::*;
    use crate::spatial::{parts::Part, projection::Lens};

    fn projector() -> Projector {
        let eye_from_view = DAffine3::look_at_rh(DVec3::new(0.0, -10.0, 0.0), DVec3::ZERO, DVec3::Z);
        Projector {
            size: DVec2::splat(200.0),
            lens: Lens::Perspective {
                eye_from_view,
                focal_points: 100.0,
                near: 0.1,
            },
        }
    }

    fn points(positions: &[[f32; 3]]) -> SpatialVisual {
        let points = positions
            .iter()
            .map(|position| PointInstance::new(Vec3::from_array(*position), -2.0, 1));
        SpatialVisual::new([Part::new(points.collect::<Vec<_>>())])
    }

    fn solid(center: [f32; 3], half_size: [f32; 3]) -> SpatialVisual {
        let (center, half_size) = (Vec3::from_array(center), Vec3::from_array(half_size));
        SpatialVisual::new([Part::new([BoxInstance::new(
            center,
            half_size,
            Quat::IDENTITY,
            1,
        )])])
    }

    fn check(pointer: [f64; 2], visuals: &[SpatialVisual], max: usize, expected: Option<(usize, usize)>) {
        let pickables = visuals.iter().enumerate().map(|(key, visual)| Pickable {
            key,
            visual,
            view_from_entity: DAffine3::IDENTITY,
            default_radius: -1.0,
        });
        let found = pick(&projector(), DVec2::from_array(pointer), pickables, max);
        assert_eq!(found.map(|pick| (pick.key, pick.instance)), expected);
    }

    #[test]
    fn the_nearest_point_within_reach_is_picked() {
        let cloud = points(&[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
        check([101.0, 100.0], std::slice::from_ref(&cloud), 100, Some((0, 0)));
        check([112.0, 100.0], std::slice::from_ref(&cloud), 100, Some((0, 1)));
        check([150.0, 100.0], std::slice::from_ref(&cloud), 100, None);
        check([101.0, 100.0], std::slice::from_ref(&cloud), 1, None);
    }

    #[test]
    fn what_is_behind_a_wall_is_not_picked() {
        let wall = solid([0.0, 0.0, 0.0], [5.0, 0.1, 5.0]);
        check(
            [100.0, 100.0],
            &[points(&[[0.0, 5.0, 0.0]]), wall.clone()],
            100,
            Some((1, 0)),
        );
        check(
            [100.0, 100.0],
            &[points(&[[0.0, -1.0, 0.0]]), wall],
            100,
            Some((0, 0)),
        );
    }

    #[test]
    fn lines_are_picked_along_their_length() {
        let ends = [Vec3::new(-3.0, 0.0, 0.0), Vec3::new(3.0, 0.0, 0.0)];
        let line = SpatialVisual::new([Part::new([LineInstance::new(ends[0], ends[1], -1.0, 1)])]);
        check([120.0, 104.0], std::slice::from_ref(&line), 100, Some((0, 0)));
        check([120.0, 120.0], std::slice::from_ref(&line), 100, None);
    }
}
