//! What spatial views know of a primitive beside how it is drawn: its bounds.

use chronoscope_render::{
    ArrowInstance, BoxEdgesInstance, BoxInstance, LineInstance, PointInstance, Primitive,
};
use glam::{DAffine3, DQuat, DVec3, Quat};

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
        let half_size = vector(self.half_size);
        Bounds::between(-half_size, half_size).transformed(&entity_from_box(self))
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

fn entity_from_box(solid: &BoxInstance) -> DAffine3 {
    let rotation = DQuat::from_array(solid.rotation.map(f64::from));
    DAffine3::from_rotation_translation(rotation, vector(solid.center))
}

fn vector(position: [f32; 3]) -> DVec3 {
    DVec3::from_array(position.map(f64::from))
}
