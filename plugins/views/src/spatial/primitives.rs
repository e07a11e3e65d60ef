//! What spatial views know of a primitive beside how it is drawn: its bounds.

use chronoscope_render::{
    ArcInstance, ArrowInstance, BoxEdgesInstance, BoxInstance, CapsuleInstance, CylinderInstance,
    EllipsoidInstance, LineInstance, PointInstance, Primitive,
};
use glam::{DAffine3, DQuat, DVec3};

use super::bounds::Bounds;

/// A primitive that visuals of spatial views may have. Registered with
/// [`AppPartsExt::add_spatial_primitive`](super::AppPartsExt::add_spatial_primitive), one from outside is like those from inside.
pub trait SpatialPrimitive: Primitive {
    /// Bounds of the instance in the space of its entity, without its radius.
    fn bounds(&self) -> Bounds;
}

impl SpatialPrimitive for PointInstance {
    fn bounds(&self) -> Bounds {
        Bounds::of_points([self.position])
    }
}

impl SpatialPrimitive for LineInstance {
    fn bounds(&self) -> Bounds {
        Bounds::of_points([self.start, self.end])
    }
}

impl SpatialPrimitive for BoxInstance {
    fn bounds(&self) -> Bounds {
        oriented(self.center, self.rotation, vector(self.half_size))
    }
}

impl SpatialPrimitive for BoxEdgesInstance {
    fn bounds(&self) -> Bounds {
        oriented(self.center, self.rotation, vector(self.half_size))
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
}

impl SpatialPrimitive for ArcInstance {
    /// Those of the whole ellipse.
    fn bounds(&self) -> Bounds {
        let [x, y] = [self.x_axis, self.y_axis].map(|axis| vector(axis) * vector(axis));
        let reach = (x + y).map(f64::sqrt);
        Bounds::between(vector(self.center) - reach, vector(self.center) + reach)
    }
}

impl SpatialPrimitive for EllipsoidInstance {
    fn bounds(&self) -> Bounds {
        oriented(self.center, self.rotation, vector(self.half_size))
    }
}

impl SpatialPrimitive for CylinderInstance {
    fn bounds(&self) -> Bounds {
        let (radius, half_length) = (f64::from(self.radius), 0.5 * f64::from(self.length));
        oriented(
            self.center,
            self.rotation,
            DVec3::new(radius, radius, half_length),
        )
    }
}

impl SpatialPrimitive for CapsuleInstance {
    fn bounds(&self) -> Bounds {
        let (radius, half_length) = (f64::from(self.radius), 0.5 * f64::from(self.length));
        oriented(
            self.center,
            self.rotation,
            DVec3::new(radius, radius, half_length + radius),
        )
    }
}

/// The bounds of a box that holds a solid.
fn oriented(center: [f32; 3], rotation: [f32; 4], half_size: DVec3) -> Bounds {
    let rotation = DQuat::from_array(rotation.map(f64::from));
    let entity_from_solid = DAffine3::from_rotation_translation(rotation, vector(center));
    Bounds::between(-half_size, half_size).transformed(&entity_from_solid)
}

fn vector(position: [f32; 3]) -> DVec3 {
    DVec3::from_array(position.map(f64::from))
}
