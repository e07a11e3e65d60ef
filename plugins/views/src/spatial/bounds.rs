//! Axis-aligned boxes: what a view has to frame.

use glam::{DAffine3, DVec3, Vec3};

/// A box along the axes. Empty where it holds no point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The corner with the smallest coordinates.
    pub min: DVec3,
    /// The corner with the greatest coordinates.
    pub max: DVec3,
}

impl Default for Bounds {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Bounds {
    /// The box without a point. Its union with another is the other.
    pub const EMPTY: Self = Self {
        min: DVec3::INFINITY,
        max: DVec3::NEG_INFINITY,
    };

    /// The smallest box that holds two points.
    pub fn between(a: DVec3, b: DVec3) -> Self {
        Self {
            min: a.min(b),
            max: a.max(b),
        }
    }

    /// The smallest box around points in the space of an entity. What is not finite is left out.
    pub fn of_points(points: impl IntoIterator<Item = [f32; 3]>) -> Self {
        let (mut min, mut max) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        let points = points.into_iter().map(Vec3::from_array);
        for point in points.filter(|point| point.is_finite()) {
            // Of vectors, since these need not ask which of the two is a number.
            min = min.min(point);
            max = max.max(point);
        }
        Self {
            min: min.as_dvec3(),
            max: max.as_dvec3(),
        }
    }

    /// Whether there is no point in it.
    pub fn is_empty(&self) -> bool {
        !(self.min.cmple(self.max).all() && self.min.is_finite() && self.max.is_finite())
    }

    /// The smallest box around this one and a point.
    #[must_use]
    pub fn with_point(self, point: DVec3) -> Self {
        if point.is_finite() {
            Self {
                min: self.min.min(point),
                max: self.max.max(point),
            }
        } else {
            self
        }
    }

    /// Whether the two have a place in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.min.cmple(other.max).all() && other.min.cmple(self.max).all()
    }

    /// Whether it reaches farther beyond another than that is long.
    pub(crate) fn outgrows(self, other: Self) -> bool {
        let beyond = (other.min - self.min).max(self.max - other.max);
        beyond.max_element() > other.size().max_element()
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if other.is_empty() {
            self
        } else if self.is_empty() {
            other
        } else {
            Self {
                min: self.min.min(other.min),
                max: self.max.max(other.max),
            }
        }
    }

    /// Farther by this in all directions; nothing where it is empty.
    #[must_use]
    pub fn grown(self, by: f64) -> Self {
        if self.is_empty() {
            return self;
        }
        Self {
            min: self.min - by,
            max: self.max + by,
        }
    }

    /// The middle. Zero where it is empty.
    pub fn center(&self) -> DVec3 {
        if self.is_empty() {
            DVec3::ZERO
        } else {
            (self.min + self.max) * 0.5
        }
    }

    /// The lengths of the edges. Zero where it is empty.
    pub fn size(&self) -> DVec3 {
        if self.is_empty() {
            DVec3::ZERO
        } else {
            self.max - self.min
        }
    }

    /// The eight corners.
    pub fn corners(&self) -> [DVec3; 8] {
        std::array::from_fn(|i| {
            let pick = |bit: usize, min: f64, max: f64| if i & bit == 0 { min } else { max };
            DVec3::new(
                pick(1, self.min.x, self.max.x),
                pick(2, self.min.y, self.max.y),
                pick(4, self.min.z, self.max.z),
            )
        })
    }

    /// The smallest box around this one as it stands after a transform.
    #[must_use]
    pub fn transformed(&self, transform: &DAffine3) -> Self {
        if self.is_empty() {
            return Self::EMPTY;
        }
        self.corners().into_iter().fold(Self::EMPTY, |all, corner| {
            all.with_point(transform.transform_point3(corner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_left_out() {
        let bounds = Bounds::of_points([
            [0.0, 1.0, 2.0],
            [f32::NAN, 0.0, 0.0],
            [1.0, -1.0, f32::INFINITY],
            [3.0, 0.0, 2.0],
        ]);
        assert_eq!(
            bounds,
            Bounds {
                min: DVec3::new(0.0, 0.0, 2.0),
                max: DVec3::new(3.0, 1.0, 2.0)
            }
        );
        assert!(Bounds::of_points([[f32::NAN; 3]]).is_empty());
    }

    #[test]
    fn the_union_with_nothing_changes_nothing() {
        let one = Bounds::between(DVec3::ONE, DVec3::ZERO);
        assert_eq!(Bounds::EMPTY.union(one), one);
        assert_eq!(one.union(Bounds::EMPTY), one);
    }

    #[test]
    fn a_turned_box_is_wider() {
        let turned = Bounds::between(DVec3::NEG_ONE, DVec3::ONE)
            .transformed(&DAffine3::from_rotation_z(std::f64::consts::FRAC_PI_4));
        assert!((turned.max.x - 2f64.sqrt()).abs() < 1e-12 && (turned.max.z - 1.0).abs() < 1e-12);
    }
}
