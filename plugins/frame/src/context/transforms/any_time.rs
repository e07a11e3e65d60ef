//! Transforms along the entity tree, at any time: what framing needs of entities, each at a time of its own.
//!
//! Names of frames are not followed. A row that says where a named frame stands says nothing of its entity's path; the parent of
//! any other row is the path above, whatever it names; and an entity stands in the frame of its path.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, ComponentId, EntityId, Hit};
use chronoscope_types::{Pinhole, Transform3D};
use glam::DAffine3;

use super::{
    read::LoggedRow,
    rows::{TransformComponents, newest},
};

/// The components that place entities in the entity tree, as one store calls them.
pub(crate) struct TreeTransforms {
    transforms: TransformComponents,
    pinhole: Option<ComponentId>,
}

impl TreeTransforms {
    pub(crate) fn of(store: &ChunkStore) -> Self {
        Self {
            transforms: TransformComponents::of(store),
            pinhole: store.component_id(&Pinhole::IMAGE_FROM_CAMERA),
        }
    }

    /// The components of transforms.
    pub(crate) fn components(&self) -> impl Iterator<Item = ComponentId> {
        self.transforms.all.iter().copied()
    }

    /// The nearest camera at or above an entity, at whatever time.
    pub(crate) fn camera(&self, store: &ChunkStore, entity: EntityId) -> Option<EntityId> {
        let pinhole = self.pinhole?;
        let mut above = store.tree().ancestors(entity);
        above.find(|above| store.has_component(*above, pinhole))
    }

    /// The transform from an entity's path to the path above that the latest rows of [`Self::components`] give.
    ///
    /// # Errors
    /// As [`LoggedRow::parent_from_child`].
    pub(crate) fn parent_from_entity<'a>(hits: impl Iterator<Item = &'a Hit>) -> Result<DAffine3, String> {
        let Some(newest) = newest(hits) else {
            return Ok(DAffine3::IDENTITY);
        };
        let row = LoggedRow {
            chunk: Arc::clone(newest.chunk()),
            row: newest.row(),
        };
        match row.frame(&Transform3D::CHILD_FRAME)? {
            Some(_) => Ok(DAffine3::IDENTITY),
            None => row.parent_from_child(),
        }
    }
}
