//! The eye of a 3D view: pure functions in f64, in the view's space.
//!
//! `bevy_panorbit_camera` would take the place of [`Eye::orbited`] alone. It computes pan and zoom from the window's input only and
//! does not zoom to the pointer; its focus is an `f32` that comes to rest within a thousandth of a unit in x, and never in y and z;
//! where up is not Y, its angles do not lead back to the position that they come from; and a host that adds its plugin after the
//! viewer's panics.

use chronoscope_types::enums::{Enumeration, ViewDir};
use glam::{DAffine3, DQuat, DVec2, DVec3};

use crate::spatial::{
    bounds::Bounds,
    projection::{Lens, Projector, Ray},
};

/// The vertical field of view in radians.
pub const FOV_Y: f64 = 55.0 * std::f64::consts::PI / 180.0;

/// How much farther the eye stands than it has to: what is at the edge has a size of its own.
const FRAMING_MARGIN: f64 = 1.05;

/// How near to straight up or down the eye may look, in radians.
const POLE_MARGIN: f64 = 0.02;

/// How near to what it looks at the eye may come, and how far from it, in scene units.
const DISTANCES: std::ops::RangeInclusive<f64> = 1e-6..=1e12;

/// The directions of a space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Up, of length one.
    pub up: DVec3,
    /// To the right of who looks forward, of length one.
    pub right: DVec3,
}

impl Default for Axes {
    /// X to the right, Y forward, Z up.
    fn default() -> Self {
        Self {
            up: DVec3::Z,
            right: DVec3::X,
        }
    }
}

impl Axes {
    /// The axes that view coordinates name, as the bytes of [`ViewDir`]. Where up is not among them, or two agree, `None`.
    pub fn of_view_coordinates(xyz: [u8; 3]) -> Option<Self> {
        let toward = |positive: ViewDir, negative: ViewDir| {
            [DVec3::X, DVec3::Y, DVec3::Z]
                .into_iter()
                .zip(xyz)
                .find_map(|(axis, code)| match ViewDir::from_code(code)? {
                    dir if dir == positive => Some(axis),
                    dir if dir == negative => Some(-axis),
                    _ => None,
                })
        };
        let up = toward(ViewDir::Up, ViewDir::Down)?;
        let right = toward(ViewDir::Right, ViewDir::Left)
            .or_else(|| toward(ViewDir::Forward, ViewDir::Back).map(|forward| forward.cross(up)))?;
        (up.dot(right).abs() < 0.5).then_some(Self { up, right })
    }

    /// Away from who looks.
    pub fn forward(&self) -> DVec3 {
        self.up.cross(self.right)
    }
}

/// How an eye sees depth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Optics {
    /// Whether what is farther is as large as what is near. It is as large as it is in perspective at the target, so that one
    /// zooms as one does there.
    pub is_orthographic: bool,
    /// What is nearer to the eye is not seen, in scene units. Where nobody says, what is right at the eye in perspective, and
    /// else nothing.
    pub near: Option<f64>,
}

/// Where one stands and where one looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eye {
    /// Where the eye is.
    pub position: DVec3,
    /// What it looks at and turns around.
    pub target: DVec3,
    /// What is up, of length one.
    pub up: DVec3,
}

impl Eye {
    /// The eye that overlooks a scene: from the front, a little from above and from the left, near enough that the corners of the
    /// bounds almost reach the edges of the tile.
    ///
    /// `aspect` is the tile's width by its height. In a tile that is wider than high the eye stands where it would in a square, so
    /// that it holds still while a panel beside is opened.
    pub fn framing(bounds: &Bounds, axes: &Axes, aspect: f64) -> Self {
        let direction = (axes.forward() * 0.75 + axes.right * 0.25 - axes.up * 0.25).normalize();
        let target = bounds.center();
        let eye = Self {
            position: target - direction,
            target,
            up: axes.up,
        };
        let right = eye.right();
        let up = right.cross(direction);
        let aspect = usable_aspect(aspect);
        let tan = (FOV_Y * 0.5).tan();
        let mut distance: f64 = 0.0;
        if !bounds.is_empty() {
            for corner in bounds.corners() {
                // A corner that is nearer than the target by so much asks for so much more distance.
                let offset = corner - target;
                let half_height = offset.dot(up).abs().max(offset.dot(right).abs() / aspect);
                distance = distance.max(half_height / tan - offset.dot(direction));
            }
        }
        let distance = if distance > 0.0 && distance.is_finite() {
            distance * FRAMING_MARGIN
        } else {
            1.0 / tan
        };
        Self {
            position: target - direction * distance,
            ..eye
        }
    }

    /// The eye in the same direction that has these bounds in view, in a tile whose width by its height is `aspect`.
    #[must_use]
    pub fn focused_on(self, bounds: &Bounds, aspect: f64) -> Self {
        if bounds.is_empty() {
            return self;
        }
        let radius = (bounds.size().length() * 0.5).max(self.distance() * 1e-3);
        let target = bounds.center();
        // In a tile that is higher than wide, less is seen to the sides.
        let half_angle = ((FOV_Y * 0.5).tan() * usable_aspect(aspect)).atan();
        Self {
            position: target - self.forward() * (radius / half_angle.sin()),
            target,
            ..self
        }
    }

    /// The eye that somebody set: whatever is given, with the rest taken from another eye.
    ///
    /// A place and a target that are the same leave no direction; then the target gives way.
    #[must_use]
    pub fn with_overrides(self, position: Option<DVec3>, target: Option<DVec3>, up: Option<DVec3>) -> Self {
        let up = up.and_then(DVec3::try_normalize).unwrap_or(self.up);
        let offset = self.position - self.target;
        let (position, target) = match (position, target) {
            (Some(position), Some(target)) => (position, target),
            (Some(position), None) => (position, self.target),
            (None, Some(target)) => (target + offset, target),
            (None, None) => (self.position, self.target),
        };
        let eye = Self { position, target, up };
        if eye.distance() > 0.0 {
            eye
        } else {
            Self {
                target: position - offset,
                ..eye
            }
        }
    }

    /// How far it is to the target.
    pub fn distance(&self) -> f64 {
        self.position.distance(self.target)
    }

    /// Where it looks, of length one.
    pub fn forward(&self) -> DVec3 {
        (self.target - self.position).try_normalize().unwrap_or(DVec3::Y)
    }

    /// To its right, of length one.
    pub fn right(&self) -> DVec3 {
        self.forward()
            .cross(self.up)
            .try_normalize()
            .unwrap_or_else(|| self.forward().any_orthonormal_vector())
    }

    /// Turned around the target by angles in radians: to the left, and upwards.
    #[must_use]
    pub fn orbited(self, left: f64, above: f64) -> Self {
        let forward = self.forward();
        let angle = forward.angle_between(self.up);
        let wanted = (angle + above).clamp(POLE_MARGIN, std::f64::consts::PI - POLE_MARGIN);
        let turn =
            DQuat::from_axis_angle(self.up, -left) * DQuat::from_axis_angle(self.right(), angle - wanted);
        Self {
            position: self.target + turn * (self.position - self.target),
            ..self
        }
    }

    /// Turned where it stands by angles in radians: to the left, and upwards.
    #[must_use]
    pub fn turned(self, left: f64, above: f64) -> Self {
        let mirrored = Self {
            position: self.target,
            target: self.position,
            ..self
        };
        let turned = mirrored.orbited(-left, above);
        Self {
            target: turned.position,
            ..self
        }
    }

    /// Moved sideways, so that what is at the target's distance follows a pointer that moves by `delta` points in a tile of this
    /// height.
    #[must_use]
    pub fn panned(self, delta: DVec2, tile_height: f64) -> Self {
        let units_per_point = self.height_at_target() / tile_height.max(1.0);
        let right = self.right();
        let shift = (right.cross(self.forward()) * delta.y - right * delta.x) * units_per_point;
        self.shifted(shift)
    }

    /// Nearer to (a factor below one) or farther from what a ray from the eye, or from beside it, meets at the target's distance.
    #[must_use]
    pub fn zoomed(self, factor: f64, toward: &Ray) -> Self {
        let distance = self.distance();
        let factor = (distance * factor).clamp(*DISTANCES.start(), *DISTANCES.end()) / distance;
        let depth = toward.direction.dot(self.forward());
        if !factor.is_finite() || depth <= 1e-6 {
            return self;
        }
        let still = toward.origin + toward.direction * (distance / depth);
        Self {
            position: still + (self.position - still) * factor,
            target: still + (self.target - still) * factor,
            ..self
        }
    }

    /// Moved with its target.
    #[must_use]
    pub fn shifted(self, shift: DVec3) -> Self {
        if shift.is_finite() {
            Self {
                position: self.position + shift,
                target: self.target + shift,
                ..self
            }
        } else {
            self
        }
    }

    /// On the way from this eye to another: at 0 this one, at 1 the other.
    #[must_use]
    pub fn between(&self, other: &Self, share: f64) -> Self {
        let turn = DQuat::from_rotation_arc(self.forward(), other.forward());
        let forward = DQuat::IDENTITY.slerp(turn, share) * self.forward();
        let target = self.target.lerp(other.target, share);
        let distance = self.distance() * (other.distance() / self.distance()).powf(share);
        let eye = Self {
            position: target - forward * distance,
            target,
            up: self.up.lerp(other.up, share).try_normalize().unwrap_or(other.up),
        };
        if eye.position.is_finite() { eye } else { *other }
    }

    /// What is nearer is not seen, in scene units; negative for what lies behind the eye. `reach` is how far the scene may go.
    pub fn near(&self, optics: &Optics, reach: f64) -> f64 {
        let own = if optics.is_orthographic {
            -reach
        } else {
            self.distance() * 1e-3
        };
        optics.near.unwrap_or(own)
    }

    /// How far from the eye what it sees may be, if it sees a scene of these bounds.
    pub fn reach(&self, bounds: &Bounds) -> f64 {
        let corners = bounds.corners().map(|corner| corner.distance(self.position));
        let farthest = corners
            .into_iter()
            .filter(|_| !bounds.is_empty())
            .fold(0.0, f64::max);
        (self.distance() * 10.0).max(farthest * 2.0)
    }

    /// The height of what is seen at the distance of the target, in scene units.
    pub fn height_at_target(&self) -> f64 {
        2.0 * (FOV_Y * 0.5).tan() * self.distance()
    }

    /// From the view's space to the eye's: X right, Y up, looking along negative Z.
    pub fn eye_from_view(&self) -> DAffine3 {
        let forward = self.forward();
        let right = self.right();
        DAffine3::look_to_rh(self.position, forward, right.cross(forward))
    }

    /// How the view comes to a tile of this size in points. `reach` is how far the scene may go.
    pub fn projector(&self, size: DVec2, optics: &Optics, reach: f64) -> Projector {
        let (eye_from_view, near) = (self.eye_from_view(), self.near(optics, reach));
        let lens = if optics.is_orthographic {
            Lens::Orthographic {
                eye_from_view,
                scale: size.y / self.height_at_target(),
                near,
            }
        } else {
            Lens::Perspective {
                eye_from_view,
                focal_points: size.y * 0.5 / (FOV_Y * 0.5).tan(),
                near,
            }
        };
        Projector { size, lens }
    }
}

/// The part of the height that bounds what is seen to the sides. In a tile that is wider than high, the height does.
fn usable_aspect(aspect: f64) -> f64 {
    if aspect.is_finite() {
        aspect.clamp(0.1, 1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SIZE: DVec2 = DVec2::new(640.0, 480.0);

    fn projector(eye: &Eye, size: DVec2) -> Projector {
        eye.projector(size, &Optics::default(), 1e3)
    }

    fn scene() -> Bounds {
        Bounds::between(DVec3::new(-4.0, -4.0, 0.0), DVec3::new(6.0, 4.0, 1.0))
    }

    fn eye() -> Eye {
        Eye::framing(&scene(), &Axes::default(), 4.0 / 3.0)
    }

    #[test]
    fn axes_follow_the_letters() {
        let check = |xyz: [ViewDir; 3], up: DVec3, right: DVec3| {
            assert_eq!(
                Axes::of_view_coordinates(xyz.map(Enumeration::code)),
                Some(Axes { up, right }),
                "{xyz:?}"
            );
        };
        use ViewDir::{Back, Down, Forward, Left, Right, Up};
        check([Right, Forward, Up], DVec3::Z, DVec3::X);
        check([Right, Up, Back], DVec3::Y, DVec3::X);
        check([Right, Down, Forward], -DVec3::Y, DVec3::X);
        check([Forward, Left, Up], DVec3::Z, -DVec3::Y);
        assert_eq!(Axes::of_view_coordinates([0, 99, 1]), None);
        assert_eq!(Axes::of_view_coordinates([ViewDir::Up.code(); 3]), None);
    }

    #[test]
    fn a_scene_is_framed_from_the_front_and_above() {
        let eye = eye();
        assert!(
            eye.position.y < -4.0 && eye.position.z > 1.0 && eye.position.x < 1.0,
            "{eye:?}"
        );
        let seen = projector(&eye, SIZE).project(scene().center()).unwrap();
        assert!(seen.position.distance(SIZE * 0.5) < 1e-9);
        let narrow = Eye::framing(&scene(), &Axes::default(), 0.5);
        assert!(
            (narrow.distance() / eye.distance() - 2.0).abs() < 0.5,
            "a narrow tile is seen from farther away"
        );
        assert!(Eye::framing(&Bounds::EMPTY, &Axes::default(), f64::NAN).distance() > 0.0);
    }

    #[test]
    fn orbiting_keeps_the_distance_and_stops_at_the_poles() {
        let eye = eye();
        let turned = eye.orbited(0.5, 0.2);
        assert!((turned.distance() - eye.distance()).abs() < 1e-9);
        assert!(
            turned.position.z > eye.position.z,
            "dragging down shows more from above"
        );
        let pole = eye.orbited(0.0, 10.0);
        assert!(pole.forward().angle_between(-DVec3::Z) < POLE_MARGIN + 1e-9);
        assert!(pole.orbited(0.3, 10.0).position.is_finite());
    }

    #[test]
    fn one_looks_around_from_where_one_stands() {
        let eye = eye();
        let left = eye.turned(0.3, 0.0);
        assert_eq!(left.position, eye.position);
        assert!(left.forward().dot(eye.right()) < -0.2, "to the left");
        assert!((left.distance() - eye.distance()).abs() < 1e-9);
        assert!(eye.turned(0.0, 0.2).forward().z > eye.forward().z, "upwards");
        let pole = eye.turned(0.0, 10.0);
        assert!(pole.forward().angle_between(DVec3::Z) < POLE_MARGIN + 1e-9);
    }

    #[test]
    fn panning_follows_the_pointer() {
        let eye = eye();
        let before = projector(&eye, SIZE).project(eye.target).unwrap().position;
        let after = projector(&eye.panned(DVec2::new(30.0, -20.0), SIZE.y), SIZE)
            .project(eye.target)
            .unwrap()
            .position;
        assert!((after - before).distance(DVec2::new(30.0, -20.0)) < 1e-6);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let eye = eye();
        let pointer = DVec2::new(200.0, 300.0);
        for is_orthographic in [false, true] {
            let optics = Optics {
                is_orthographic,
                near: None,
            };
            let ray = eye.projector(SIZE, &optics, 1e3).ray(pointer);
            let place = ray.origin + ray.direction * (eye.distance() / ray.direction.dot(eye.forward()));
            let nearer = eye.zoomed(0.5, &ray);
            assert!((nearer.distance() - eye.distance() * 0.5).abs() < 1e-9);
            let seen = nearer.projector(SIZE, &optics, 1e3).project(place).unwrap();
            assert!(seen.position.distance(pointer) < 1e-6);
            assert!(eye.zoomed(0.0, &ray).distance() > 0.0);
        }
    }

    #[test]
    fn at_the_target_both_lenses_agree() {
        let eye = eye();
        let orthographic = Optics {
            is_orthographic: true,
            near: None,
        };
        let place = eye.target + eye.right() * 0.5;
        let [with, without] = [Optics::default(), orthographic]
            .map(|optics| eye.projector(SIZE, &optics, 1e3).project(place).unwrap());
        assert!(with.position.distance(without.position) < 1e-9);
        // Behind the eye nothing is cut off, unless somebody says so.
        let behind = eye.position - eye.forward();
        assert!(
            eye.projector(SIZE, &orthographic, eye.reach(&scene()))
                .project(behind)
                .is_some()
        );
        for is_orthographic in [false, true] {
            let optics = Optics {
                is_orthographic,
                near: Some(eye.distance() * 1.5),
            };
            assert_eq!(eye.projector(SIZE, &optics, 1e3).project(eye.target), None);
        }
    }

    #[test]
    fn what_somebody_set_wins() {
        let eye = eye();
        let set = eye.with_overrides(Some(DVec3::ONE), None, Some(DVec3::new(0.0, 2.0, 0.0)));
        assert_eq!(
            (set.position, set.target, set.up),
            (DVec3::ONE, eye.target, DVec3::Y)
        );
        assert!(eye.with_overrides(Some(eye.target), None, None).distance() > 0.0);
        assert_eq!(eye.with_overrides(None, None, Some(DVec3::ZERO)), eye);
    }

    #[test]
    fn the_way_between_two_eyes_keeps_to_both() {
        let from = eye();
        let to = from
            .orbited(1.0, 0.4)
            .zoomed(
                0.01,
                &Ray {
                    origin: from.position,
                    direction: from.forward(),
                },
            )
            .shifted(DVec3::new(1.0, 2.0, 3.0));
        let is_at = |eye: Eye, expected: Eye| {
            eye.position.distance(expected.position) < 1e-9 && eye.target.distance(expected.target) < 1e-9
        };
        assert!(is_at(from.between(&to, 0.0), from) && is_at(from.between(&to, 1.0), to));
        let middle = from.between(&to, 0.5);
        assert!((middle.distance() - (from.distance() * to.distance()).sqrt()).abs() < 1e-9);
        let turned = |a: Eye, b: Eye| a.forward().angle_between(b.forward());
        assert!((turned(from, middle) - turned(middle, to)).abs() < 1e-9);
        // Half around, and from nowhere.
        let behind = Eye {
            position: from.target * 2.0 - from.position,
            ..from
        };
        assert!((from.between(&behind, 0.5).distance() - from.distance()).abs() < 1e-9);
        let nowhere = Eye {
            position: from.target,
            ..from
        };
        assert_eq!(nowhere.between(&to, 0.5), to);
    }

    #[test]
    fn focus_keeps_the_direction() {
        let eye = eye();
        let bounds = Bounds::between(DVec3::splat(2.0), DVec3::splat(3.0));
        let focused = eye.focused_on(&bounds, 1.5);
        assert!(focused.forward().distance(eye.forward()) < 1e-9);
        assert!(focused.target.distance(DVec3::splat(2.5)) < 1e-9);
        assert_eq!(eye.focused_on(&Bounds::EMPTY, 1.0), eye);
        // A tile that is four times as high as wide shows it whole, too.
        let tall = eye.focused_on(&bounds, 0.25);
        let projector = projector(&tall, DVec2::new(100.0, 400.0));
        for corner in bounds.corners() {
            let seen = projector.project(corner).unwrap();
            assert!(projector.contains(seen.position, 0.0), "{seen:?}");
        }
    }

    #[test]
    fn axes_of_spaces_of_all_hands_are_found() {
        use glam::DMat3;

        let dirs = ViewDir::ALL;
        let pairs = dirs.iter().flat_map(|x| dirs.iter().map(move |y| (x, y)));
        let triples = pairs.flat_map(|(x, y)| dirs.iter().map(move |z| [*x, *y, *z]));
        let [mut right_handed, mut left_handed] = [0; 2];
        for xyz in triples {
            // To the right, up and back.
            let meant = DMat3::from_cols_array_2d(&xyz.map(|dir| dir.vector().map(f64::from)));
            if meant.determinant() == 0.0 {
                continue;
            }
            let axes = Axes::of_view_coordinates(xyz.map(Enumeration::code)).unwrap();
            assert_eq!(meant * axes.up, DVec3::Y, "{xyz:?}");
            assert_eq!(meant * axes.right, DVec3::X, "{xyz:?}");
            // A space of the other hand is seen in a mirror.
            let away = if meant.determinant() > 0.0 {
                right_handed += 1;
                DVec3::NEG_Z
            } else {
                left_handed += 1;
                DVec3::Z
            };
            assert_eq!(meant * axes.forward(), away, "{xyz:?}");
        }
        assert_eq!((right_handed, left_handed), (24, 24));
    }
}
