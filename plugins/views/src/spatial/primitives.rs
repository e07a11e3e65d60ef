//! What spatial views know of a primitive beside how it is drawn: its bounds, and how the pointer touches it.

use chronoscope_render::{
    ArrowInstance, BoxEdgesInstance, BoxInstance, LineInstance, PointInstance, Primitive, box_edges,
};
use glam::{DAffine3, DQuat, DVec3, Quat};

use super::{
    bounds::Bounds,
    picking::{Probe, Touch},
};

/// A primitive that visuals of spatial views may have. Registered with
/// [`AppPartsExt::add_spatial_primitive`](super::AppPartsExt::add_spatial_primitive), one from outside is like those from inside.
pub trait SpatialPrimitive: Primitive {
    /// Bounds of the instance in the space of its entity, without its radius.
    fn bounds(&self) -> Bounds;

    /// What the pointer touches of the instance. Cost: called for many instances whenever the pointer moves.
    fn touch(&self, probe: &Probe<'_>) -> Option<Touch>;
}

impl SpatialPrimitive for PointInstance {
    fn bounds(&self) -> Bounds {
        Bounds::of_points([self.position])
    }

    fn touch(&self, probe: &Probe<'_>) -> Option<Touch> {
        probe.disc(vector(self.position), self.radius)
    }
}

impl SpatialPrimitive for LineInstance {
    fn bounds(&self) -> Bounds {
        Bounds::of_points([self.start, self.end])
    }

    fn touch(&self, probe: &Probe<'_>) -> Option<Touch> {
        probe.line(vector(self.start), vector(self.end), self.radius)
    }
}

impl SpatialPrimitive for BoxInstance {
    fn bounds(&self) -> Bounds {
        let half_size = vector(self.half_size);
        Bounds::between(-half_size, half_size).transformed(&entity_from_box(self))
    }

    fn touch(&self, probe: &Probe<'_>) -> Option<Touch> {
        probe.solid(&entity_from_box(self), vector(self.half_size))
    }
}

impl SpatialPrimitive for BoxEdgesInstance {
    fn bounds(&self) -> Bounds {
        let Self {
            center,
            half_size,
            rotation,
            color,
            ..
        } = *self;
        let rotation = Quat::from_array(rotation);
        BoxInstance::new(center.into(), half_size.into(), rotation, color).bounds()
    }

    fn touch(&self, probe: &Probe<'_>) -> Option<Touch> {
        let rotation = Quat::from_array(self.rotation);
        let edges = box_edges(self.half_size.into(), self.center.into(), rotation);
        let touches = edges
            .iter()
            .filter_map(|(from, to)| probe.line(from.as_dvec3(), to.as_dvec3(), self.radius));
        touches.min_by(|a, b| distance_of(a).total_cmp(&distance_of(b)))
    }
}

impl SpatialPrimitive for ArrowInstance {
    fn bounds(&self) -> Bounds {
        let tip = vector(self.origin) + vector(self.vector);
        if tip.is_finite() {
            Bounds::between(vector(self.origin), tip)
        } else {
            Bounds::EMPTY
        }
    }

    fn touch(&self, probe: &Probe<'_>) -> Option<Touch> {
        let origin = vector(self.origin);
        probe.line(origin, origin + vector(self.vector), self.radius)
    }
}

/// How far the pointer is from what it touches, in points.
fn distance_of(touch: &Touch) -> f64 {
    match touch {
        Touch::Mark { distance, .. } => *distance,
        Touch::Face { .. } => 0.0,
    }
}

fn entity_from_box(solid: &BoxInstance) -> DAffine3 {
    let rotation = DQuat::from_array(solid.rotation.map(f64::from));
    DAffine3::from_rotation_translation(rotation, vector(solid.center))
}

fn vector(position: [f32; 3]) -> DVec3 {
    DVec3::from_array(position.map(f64::from))
}
