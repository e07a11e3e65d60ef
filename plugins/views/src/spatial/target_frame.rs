//! The frame that a spatial view looks from, where that is not its origin.

use std::sync::Arc;

use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::{Origin, Transforms};
use chronoscope_store::{ChunkStore, EntityPath};
use chronoscope_types::blueprint::SpatialInformation;

use crate::properties::{PropertyReader, ViewProperties};

/// The name of the frame, if one is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetFrame(pub(crate) Option<Arc<str>>);

impl TargetFrame {
    /// What a view with this origin looks from. A frame that is not there yet leaves it at its origin.
    pub(crate) fn origin(&self, transforms: &Transforms, store: &ChunkStore, path: &EntityPath) -> Origin {
        let named = self.0.as_ref();
        let named = named.and_then(|name| transforms.origin_of_frame(store, name));
        named.unwrap_or_else(|| transforms.origin(store, path))
    }
}

impl ViewProperties for TargetFrame {
    const CLASS: &'static str = ViewClassId::SPATIAL_3D;

    fn is_of(class: &str) -> bool {
        [ViewClassId::SPATIAL_3D, ViewClassId::SPATIAL_2D].contains(&class)
    }

    fn read(reader: &PropertyReader<'_>) -> Self {
        let name = reader.text(&SpatialInformation::TARGET_FRAME);
        Self(name.filter(|name| !name.is_empty()).map(Arc::from))
    }
}
