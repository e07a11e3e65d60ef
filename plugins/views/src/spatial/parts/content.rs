//! What a part holds: a slice of instances, a picture or a mesh.

use std::{
    any::{Any, TypeId},
    fmt,
    hash::{Hash as _, Hasher as _},
    sync::Arc,
};

use bytemuck::allocation::try_cast_slice_arc;
use glam::DVec3;
use rustc_hash::FxHasher;

use crate::spatial::{bounds::Bounds, meshes::Mesh, pictures::Picture, primitives::SpatialPrimitive};

/// The content of a part, whatever its type.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Instances that are made of whole words of 32 bits, as nearly all are: a shared slice without anything around it. Of small visuals
    /// there are many, and each allocation counts.
    Words(Arc<[u32]>, &'static InstanceKind),
    /// Any other.
    Other(Arc<dyn AnyContent>),
}

impl Content {
    pub(super) fn of_instances<P: SpatialPrimitive>(instances: Arc<[P]>) -> Self {
        match try_cast_slice_arc(instances) {
            Ok(words) => Self::Words(words, Instances::<P>::KIND),
            Err((_, instances)) => Self::Other(Arc::new(Instances(instances))),
        }
    }
}

/// What is to be known of instances that are kept as words.
pub(super) struct InstanceKind {
    pub(super) name: &'static str,
    /// The type of [`Instances`] of this primitive.
    pub(super) type_id: TypeId,
    pub(super) instance_bytes: usize,
    pub(super) bounds: fn(&[u32]) -> Bounds,
}

impl fmt::Debug for InstanceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A content of its own type.
pub(super) trait AnyContent: Any + fmt::Debug + Send + Sync {
    fn num_instances(&self) -> usize;
    fn heap_bytes(&self) -> u64;
    fn bounds(&self) -> Bounds;
    fn content_hash(&self) -> u64;
}

#[derive(Debug)]
pub(super) struct Instances<P>(pub(super) Arc<[P]>);

impl<P: SpatialPrimitive> Instances<P> {
    const KIND: &'static InstanceKind = &InstanceKind {
        name: P::NAME,
        type_id: TypeId::of::<Self>(),
        instance_bytes: size_of::<P>(),
        bounds: |words| bounds_of::<P>(bytemuck::cast_slice(words)),
    };
}

fn bounds_of<P: SpatialPrimitive>(instances: &[P]) -> Bounds {
    let bounds = instances.iter().map(SpatialPrimitive::bounds);
    bounds.fold(Bounds::EMPTY, Bounds::union)
}

pub(super) fn hash_of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

impl<P: SpatialPrimitive> AnyContent for Instances<P> {
    fn num_instances(&self) -> usize {
        self.0.len()
    }

    fn heap_bytes(&self) -> u64 {
        size_of_val(&*self.0) as u64
    }

    fn bounds(&self) -> Bounds {
        bounds_of(&self.0)
    }

    fn content_hash(&self) -> u64 {
        hash_of_bytes(bytemuck::cast_slice(&self.0))
    }
}

#[derive(Debug)]
pub(super) struct PicturePart(pub(super) Arc<Picture>);

impl AnyContent for PicturePart {
    fn num_instances(&self) -> usize {
        1
    }

    fn heap_bytes(&self) -> u64 {
        size_of::<Picture>() as u64
    }

    fn bounds(&self) -> Bounds {
        let [width, height] = self.0.size().map(f64::from);
        let pixels = Bounds::between(DVec3::ZERO, DVec3::new(width, height, 0.0));
        pixels.transformed(&self.0.entity_from_picture())
    }

    fn content_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.0.key.hash(&mut hasher);
        hasher.finish()
    }
}

#[derive(Debug)]
pub(super) struct MeshContent(pub(super) Arc<Mesh>);

impl AnyContent for MeshContent {
    fn num_instances(&self) -> usize {
        self.0.poses.as_ref().map_or(1, |poses| poses.len())
    }

    fn heap_bytes(&self) -> u64 {
        let poses = self.0.poses.as_ref().map_or(0, |poses| size_of_val(&**poses));
        (size_of::<Mesh>() + poses) as u64
    }

    fn bounds(&self) -> Bounds {
        self.0.bounds()
    }

    fn content_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        let Mesh {
            key,
            albedo_factor,
            sides,
            poses,
            ..
        } = &*self.0;
        (key, albedo_factor, sides).hash(&mut hasher);
        for pose in poses.iter().flat_map(|poses| poses.iter()) {
            pose.instance.hash(&mut hasher);
            let values = pose.entity_from_mesh.to_cols_array();
            values.map(f32::to_bits).hash(&mut hasher);
        }
        hasher.finish()
    }
}
