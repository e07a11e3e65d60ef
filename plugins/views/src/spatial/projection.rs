//! From the space of a view to its tile and back: the same mathematics as the camera's, in f64 and in points of the tile.

use glam::{DAffine3, DMat3, DVec2, DVec3};

/// How a view's space comes to its tile. Places in the tile are points of the user interface, from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projector {
    /// Width and height of the tile in points.
    pub size: DVec2,
    /// How depth is treated.
    pub lens: Lens,
}

/// How depth is treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lens {
    /// What is farther is smaller.
    Perspective {
        /// From the view's space to that of the eye: X right, Y up, looking along negative Z.
        eye_from_view: DAffine3,
        /// The distance in points at which a unit is as large as a point.
        focal_points: f64,
        /// What is nearer is not seen.
        near: f64,
    },
    /// What is farther is as large as what is near.
    Orthographic {
        /// From the view's space to that of the eye: X right, Y up, looking along negative Z.
        eye_from_view: DAffine3,
        /// Points per unit.
        scale: f64,
        /// What is nearer is not seen; negative for what lies behind the eye.
        near: f64,
    },
    /// As a camera sees it whose picture is shown as a plane is.
    Camera {
        /// From the view's space to the plane: homogeneous, with the distance along the camera's axis as the last number.
        plane_from_view: DMat3,
        /// What stands in the middle of the tile.
        center: DVec2,
        /// Points per unit of the plane.
        scale: f64,
        /// What is nearer is not seen.
        near: f64,
    },
    /// X and Y are shown as they are: X right, Y down. What has smaller Z lies in front.
    Plane {
        /// What stands in the middle of the tile.
        center: DVec2,
        /// Points per unit.
        scale: f64,
    },
}

impl Default for Projector {
    fn default() -> Self {
        Self {
            size: DVec2::ZERO,
            lens: Lens::Plane {
                center: DVec2::ZERO,
                scale: 1.0,
            },
        }
    }
}

/// A place in a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projected {
    /// Points from the top left corner of the tile.
    pub position: DVec2,
    /// Distance from the eye along its direction, or Z in a plane. Smaller is in front.
    pub depth: f64,
    /// Points per unit at this depth.
    pub scale: f64,
}

/// What can be seen at a place of the tile: everything along `direction` from `origin`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Where it begins.
    pub origin: DVec3,
    /// Where it goes, of length one.
    pub direction: DVec3,
}

impl Projector {
    /// Where a place is seen. `None` for what lies behind the eye.
    pub fn project(&self, place: DVec3) -> Option<Projected> {
        match self.lens {
            Lens::Perspective {
                eye_from_view,
                focal_points,
                near,
            } => {
                let place = eye_from_view.transform_point3(place);
                self.project_eye(place, near, |depth| focal_points / depth)
            }
            Lens::Orthographic {
                eye_from_view,
                scale,
                near,
            } => self.project_eye(eye_from_view.transform_point3(place), near, |_| scale),
            Lens::Camera {
                plane_from_view,
                center,
                scale,
                near,
            } => {
                let seen = plane_from_view * place;
                let depth = seen.z;
                if !(depth >= near && depth.is_finite()) {
                    return None;
                }
                let position = self.size * 0.5 + (seen.truncate() / depth - center) * scale;
                // How much larger areas are in the plane at a distance of one.
                let focal = plane_from_view.determinant().abs().sqrt();
                position.is_finite().then_some(Projected {
                    position,
                    depth,
                    scale: focal * scale / depth,
                })
            }
            Lens::Plane { center, scale } => Some(Projected {
                position: self.size * 0.5 + (place.truncate() - center) * scale,
                depth: place.z,
                scale,
            }),
        }
    }

    /// Where a place in the space of the eye is seen, with so many points per unit at its depth.
    fn project_eye(&self, place: DVec3, near: f64, scale_at: impl Fn(f64) -> f64) -> Option<Projected> {
        let depth = -place.z;
        if !(depth >= near && depth.is_finite()) {
            return None;
        }
        let scale = scale_at(depth);
        let offset = DVec2::new(place.x, -place.y) * scale;
        offset.is_finite().then(|| Projected {
            position: self.size * 0.5 + offset,
            depth,
            scale,
        })
    }

    /// What is seen at a place of the tile.
    pub fn ray(&self, position: DVec2) -> Ray {
        let offset = position - self.size * 0.5;
        match self.lens {
            Lens::Perspective {
                eye_from_view,
                focal_points,
                ..
            } => {
                let view_from_eye = eye_from_view.inverse();
                let direction = DVec3::new(offset.x, -offset.y, -focal_points);
                Ray {
                    origin: view_from_eye.translation,
                    direction: view_from_eye
                        .transform_vector3(direction)
                        .try_normalize()
                        .unwrap_or(DVec3::NEG_Z),
                }
            }
            Lens::Orthographic {
                eye_from_view, scale, ..
            } => {
                let view_from_eye = eye_from_view.inverse();
                let place = offset / scale.max(f64::MIN_POSITIVE);
                Ray {
                    origin: view_from_eye.transform_point3(DVec3::new(place.x, -place.y, 0.0)),
                    direction: view_from_eye
                        .transform_vector3(DVec3::NEG_Z)
                        .try_normalize()
                        .unwrap_or(DVec3::NEG_Z),
                }
            }
            Lens::Camera {
                plane_from_view,
                center,
                scale,
                ..
            } => {
                let place = center + offset / scale.max(f64::MIN_POSITIVE);
                let direction = plane_from_view.inverse() * place.extend(1.0);
                Ray {
                    origin: DVec3::ZERO,
                    direction: direction.try_normalize().unwrap_or(DVec3::Z),
                }
            }
            Lens::Plane { center, scale } => {
                let place = center + offset / scale.max(f64::MIN_POSITIVE);
                Ray {
                    origin: place.extend(-1e9),
                    direction: DVec3::Z,
                }
            }
        }
    }

    /// Whether a place of the tile lies in it, give or take a margin in points.
    pub fn contains(&self, position: DVec2, margin: f64) -> bool {
        position.cmpge(DVec2::splat(-margin)).all() && position.cmple(self.size + margin).all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn eye_at(position: DVec3) -> Projector {
        let eye_from_view = DAffine3::look_at_rh(position, DVec3::ZERO, DVec3::Z);
        Projector {
            size: DVec2::new(200.0, 100.0),
            lens: Lens::Perspective {
                eye_from_view,
                focal_points: 100.0,
                near: 0.1,
            },
        }
    }

    #[test]
    fn what_is_looked_at_is_in_the_middle() {
        let seen = eye_at(DVec3::new(0.0, -10.0, 0.0)).project(DVec3::ZERO).unwrap();
        assert!(seen.position.distance(DVec2::new(100.0, 50.0)) < 1e-9);
        assert!((seen.depth - 10.0).abs() < 1e-9 && (seen.scale - 10.0).abs() < 1e-9);
    }

    #[test]
    fn up_is_up_and_right_is_right() {
        let projector = eye_at(DVec3::new(0.0, -10.0, 0.0));
        assert!(projector.project(DVec3::Z).unwrap().position.y < 50.0);
        assert!(projector.project(DVec3::X).unwrap().position.x > 100.0);
        assert_eq!(projector.project(DVec3::new(0.0, -11.0, 0.0)), None);
    }

    #[test]
    fn rays_undo_projection() {
        let projector = eye_at(DVec3::new(3.0, -10.0, 4.0));
        let place = DVec3::new(1.0, 2.0, -0.5);
        let seen = projector.project(place).unwrap();
        let ray = projector.ray(seen.position);
        assert!((place - ray.origin).cross(ray.direction).length() < 1e-9);
    }

    #[test]
    fn without_perspective_all_is_as_large_wherever_it_is() {
        let Projector { size, lens } = eye_at(DVec3::new(3.0, -10.0, 4.0));
        let Lens::Perspective { eye_from_view, .. } = lens else {
            unreachable!("a perspective")
        };
        let lens = Lens::Orthographic {
            eye_from_view,
            scale: 10.0,
            near: -100.0,
        };
        let projector = Projector { size, lens };
        let seen = |place| projector.project(place).unwrap().position;
        let (right, forward) = (
            eye_from_view.inverse().matrix3.x_axis,
            eye_from_view.inverse().matrix3.z_axis,
        );
        for far in [0.0, 5.0, -50.0] {
            let place = forward * far;
            assert!(seen(place).distance(size * 0.5) < 1e-9);
            assert!(seen(place + right).distance(seen(place) + DVec2::X * 10.0) < 1e-9);
        }
        let place = DVec3::new(1.0, 2.0, -0.5);
        let ray = projector.ray(seen(place));
        assert!((place - ray.origin).cross(ray.direction).length() < 1e-9);
        assert_eq!(projector.project(forward * 200.0), None);
    }

    #[test]
    fn planes_have_y_down() {
        let projector = Projector {
            size: DVec2::splat(100.0),
            lens: Lens::Plane {
                center: DVec2::new(10.0, 20.0),
                scale: 2.0,
            },
        };
        assert_eq!(
            projector.project(DVec3::new(11.0, 23.0, 0.0)).unwrap().position,
            DVec2::new(52.0, 56.0)
        );
        let ray = projector.ray(DVec2::new(52.0, 56.0));
        assert_eq!(ray.origin.truncate(), DVec2::new(11.0, 23.0));
    }
}
