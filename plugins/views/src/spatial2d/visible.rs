//! Which part of the plane a 2D view shows: pure functions. X goes right, Y goes down.

use glam::DVec2;

use crate::spatial::{
    bounds::Bounds,
    projection::{Lens, Projector},
};

/// How many points a unit may take, and how few.
const SCALES: std::ops::RangeInclusive<f64> = 1e-9..=1e4;

/// The part of the plane that a tile shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visible {
    /// What stands in the middle of the tile.
    pub center: DVec2,
    /// Points per unit.
    pub scale: f64,
}

/// A part of the plane to be shown, whatever the shape of the tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The corner at the top left.
    pub min: DVec2,
    /// The corner at the bottom right.
    pub max: DVec2,
}

impl Area {
    /// What is shown where there is nothing.
    pub(crate) const UNIT: Self = Self {
        min: DVec2::ZERO,
        max: DVec2::ONE,
    };

    /// The area from these ranges, in whichever order their ends are. `None` where it has no extent or is not finite.
    pub fn of_ranges(x: [f64; 2], y: [f64; 2]) -> Option<Self> {
        let (a, b) = (DVec2::new(x[0], y[0]), DVec2::new(x[1], y[1]));
        let area = Self {
            min: a.min(b),
            max: a.max(b),
        };
        let size = area.max - area.min;
        (area.min.is_finite() && area.max.is_finite() && size.min_element() > 0.0 && size.is_finite())
            .then_some(area)
    }

    /// The area that shows all content: pictures to their edges, other things with a margin around them.
    pub fn of_content(all: &Bounds, pictures: &Bounds) -> Option<Self> {
        if all.is_empty() {
            return None;
        }
        let (mut min, mut max) = (all.min.truncate(), all.max.truncate());
        let is_framed_by_pictures = !pictures.is_empty()
            && pictures.min.truncate().cmple(min).all()
            && pictures.max.truncate().cmpge(max).all();
        if !is_framed_by_pictures {
            let margin = (max - min).max_element() * 0.04;
            let margin = if margin > 0.0 { margin } else { 1.0 };
            (min, max) = (min - margin, max + margin);
        }
        Some(Self { min, max })
    }
}

impl Visible {
    /// All of an area, as large as the tile allows, in its middle.
    pub fn fitting(area: &Area, tile: DVec2) -> Self {
        let size = (area.max - area.min).max(DVec2::splat(f64::MIN_POSITIVE));
        let scale = (tile / size).min_element().clamp(*SCALES.start(), *SCALES.end());
        Self {
            center: (area.min + area.max) * 0.5,
            scale,
        }
    }

    /// The area that a tile of this size shows.
    pub fn area(&self, tile: DVec2) -> Area {
        let half = tile * 0.5 / self.scale;
        Area {
            min: self.center - half,
            max: self.center + half,
        }
    }

    /// Moved with the pointer, by points.
    #[must_use]
    pub fn panned(self, delta: DVec2) -> Self {
        Self {
            center: self.center - delta / self.scale,
            ..self
        }
    }

    /// Enlarged by a factor, with what is under the pointer staying there.
    #[must_use]
    pub fn zoomed(self, factor: f64, pointer: DVec2, tile: DVec2) -> Self {
        let scale = (self.scale * factor).clamp(*SCALES.start(), *SCALES.end());
        if !scale.is_finite() {
            return self;
        }
        let offset = pointer - tile * 0.5;
        Self {
            center: self.center + offset / self.scale - offset / scale,
            scale,
        }
    }

    /// How the plane comes to a tile of this size in points.
    pub fn projector(&self, tile: DVec2) -> Projector {
        Projector {
            size: tile,
            lens: Lens::Plane {
                center: self.center,
                scale: self.scale,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TILE: DVec2 = DVec2::new(400.0, 300.0);

    fn bounds(max: [f64; 2]) -> Bounds {
        Bounds::between(glam::DVec3::ZERO, DVec2::from_array(max).extend(0.0))
    }

    #[test]
    fn a_picture_fills_the_tile_to_its_edges() {
        let picture = bounds([160.0, 120.0]);
        let area = Area::of_content(&picture, &picture).unwrap();
        let visible = Visible::fitting(&area, TILE);
        assert_eq!((visible.center, visible.scale), (DVec2::new(80.0, 60.0), 2.5));
        assert_eq!(
            visible.area(TILE),
            Area {
                min: DVec2::ZERO,
                max: DVec2::new(160.0, 120.0)
            }
        );
    }

    #[test]
    fn shapes_have_a_margin() {
        let area = Area::of_content(&bounds([100.0, 50.0]), &Bounds::EMPTY).unwrap();
        assert_eq!(
            area,
            Area {
                min: DVec2::splat(-4.0),
                max: DVec2::new(104.0, 54.0)
            }
        );
        assert!(Area::of_content(&bounds([0.0, 0.0]), &Bounds::EMPTY).is_some());
        assert_eq!(Area::of_content(&Bounds::EMPTY, &Bounds::EMPTY), None);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let visible = Visible {
            center: DVec2::new(80.0, 60.0),
            scale: 2.5,
        };
        let pointer = DVec2::new(50.0, 250.0);
        let place = visible.projector(TILE).ray(pointer).origin.truncate();
        let nearer = visible.zoomed(3.0, pointer, TILE);
        assert!(
            nearer
                .projector(TILE)
                .ray(pointer)
                .origin
                .truncate()
                .distance(place)
                < 1e-9
        );
        assert!((nearer.scale - 7.5).abs() < 1e-12);
    }

    #[test]
    fn panning_follows_the_pointer() {
        let visible = Visible {
            center: DVec2::ZERO,
            scale: 2.0,
        }
        .panned(DVec2::new(10.0, -4.0));
        assert_eq!(visible.center, DVec2::new(-5.0, 2.0));
    }

    #[test]
    fn ranges_may_be_the_wrong_way_round() {
        assert_eq!(
            Area::of_ranges([1.0, 0.0], [0.0, 2.0]),
            Some(Area {
                min: DVec2::ZERO,
                max: DVec2::new(1.0, 2.0)
            })
        );
        assert_eq!(Area::of_ranges([0.0, f64::NAN], [0.0, 2.0]), None);
        assert_eq!(Area::of_ranges([0.0, 0.0], [0.0, 2.0]), None);
    }
}
