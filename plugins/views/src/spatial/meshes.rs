//! Meshes as they were logged, and how they become triangles.
//!
//! A visualizer makes a [`Mesh`]: where its triangles come from ([`MeshSource`]), where it lies, and what
//! colors and poses it is given. It becomes a [`model`] only when it is presented and in no cache: from
//! components ([`arrays`]) or from a [`file`] of a known format ([`gltf`], [`obj`], [`stl`]).
//! [`models`] decodes elsewhere and keeps what views hold, for all of them once.

mod arrays;
mod file;
mod gltf;
mod model;
mod models;
mod obj;
mod stl;

#[cfg(test)]
mod tests;

use std::{
    hash::{Hash, Hasher as _},
    sync::Arc,
};

use chronoscope_render::{MeshPose, MeshSides};
use chronoscope_store::{
    RowId,
    arrow::{Array as _, ArrayRef},
};
use rustc_hash::FxHasher;
use smallvec::SmallVec;

pub use arrays::MeshArrays;
pub use file::MeshFile;
pub use model::ModelError;
pub use models::MeshModels;
pub(crate) use models::{ModelAssets, ModelRequest, ReadyModel};

use super::{
    bounds::Bounds,
    pictures::{DecodeOptions, PixelDecoders},
};
use model::Model;

/// Triangles in an entity's space.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Names the triangles: meshes with the same key have the same.
    pub key: MeshKey,
    /// Where the triangles come from.
    pub source: MeshSource,
    /// Bounds of the triangles, without poses.
    pub bounds: Bounds,
    /// The time that it was logged at; `i64::MIN` where it is on no timeline.
    pub time: i64,
    /// Multiplies all colors, in sRGB; alpha is opacity.
    pub albedo_factor: [u8; 4],
    /// Which sides are seen; `None` leaves that to the file.
    pub sides: Option<MeshSides>,
    /// Where it stands, once for each; `None` where it stands as it is.
    pub poses: Option<Arc<[MeshPose]>>,
}

impl Mesh {
    /// Bounds with all poses. Cost: O(poses).
    pub fn bounds(&self) -> Bounds {
        let Some(poses) = &self.poses else {
            return self.bounds;
        };
        let posed = poses.iter().map(|pose| {
            let affine = pose.entity_from_mesh;
            self.bounds.transformed(&glam::DAffine3 {
                matrix3: glam::Mat3::from(affine.matrix3).as_dmat3(),
                translation: glam::Vec3::from(affine.translation).as_dvec3(),
            })
        });
        posed.fold(Bounds::EMPTY, Bounds::union)
    }
}

/// Where the triangles of a mesh come from. Cheap to clone: what is large is shared with the recording.
#[derive(Clone, Debug)]
pub enum MeshSource {
    /// Components.
    Arrays(Arc<MeshArrays>),
    /// The contents of a file.
    File(MeshFile),
}

impl MeshSource {
    /// About the bytes that are read for it.
    fn num_bytes(&self) -> u64 {
        match self {
            Self::Arrays(arrays) => arrays.num_bytes(),
            Self::File(file) => file.num_bytes(),
        }
    }

    /// Whether a small one is worth decoding at once, rather than a frame later.
    fn is_quick(&self) -> bool {
        matches!(self, Self::Arrays(_))
    }

    /// With what only light shows of its surface, or without.
    fn decode(
        &self,
        decoders: &PixelDecoders,
        options: &DecodeOptions,
        is_lit: bool,
    ) -> Result<Model, ModelError> {
        let mut model = match self {
            Self::Arrays(arrays) => arrays.decode(decoders, options)?,
            Self::File(file) => file.decode(decoders, options, is_lit)?,
        };
        if is_lit {
            model.add_levels();
        }
        Ok(model)
    }
}

/// Names the triangles of a mesh: the rows that they are made from, component by component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeshKey(SmallVec<[u128; 2]>);

impl MeshKey {
    /// Adds a component that stands in a row, or, where it stands in none, its contents; `None` where there
    /// is none.
    pub fn push(&mut self, cell: Option<(Option<RowId>, &ArrayRef)>) {
        self.0.push(match cell {
            None => 0,
            Some((Some(row), _)) => row.as_u128(),
            Some((None, array)) => of_contents(content_hash(array)),
        });
    }

    /// Adds a value.
    pub fn push_value(&mut self, value: impl Hash) {
        let mut hasher = FxHasher::default();
        value.hash(&mut hasher);
        self.0.push(of_contents(hasher.finish()));
    }
}

/// Row ids begin with a time, which is never all ones.
fn of_contents(hash: u64) -> u128 {
    (u128::from(u64::MAX) << 64) | u128::from(hash)
}

/// Cost: O(bytes).
fn content_hash(array: &ArrayRef) -> u64 {
    let mut hasher = FxHasher::default();
    let mut nested = vec![array.to_data()];
    while let Some(data) = nested.pop() {
        (data.len(), data.offset()).hash(&mut hasher);
        for buffer in data.buffers() {
            buffer.as_slice().hash(&mut hasher);
        }
        nested.extend(data.child_data().iter().cloned());
    }
    hasher.finish()
}
