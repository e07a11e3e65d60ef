//! The frame that a spatial view looks from, where that is not its origin.

use std::sync::Arc;

use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::{InContext, Origin, RecordingEntry, Transforms, View};
use chronoscope_store::{ChunkStore, EntityPath, arrow::ArrayRef};
use chronoscope_types::{Component as _, blueprint::SpatialInformation, components::TransformFrameId};

use crate::{
    ViewUiContext,
    properties::{PropertyReader, ViewProperties},
    view_ui::recording_of,
};

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

    /// What a view in space with this origin looks from: in the picture of a camera there is no space, and the view looks from where
    /// the camera stands.
    pub(crate) fn origin_in_space(
        &self,
        transforms: &Transforms,
        store: &ChunkStore,
        path: &EntityPath,
    ) -> Origin {
        let origin = self.origin(transforms, store, path);
        let camera = transforms.camera_of_origin(store, origin);
        camera.map_or(origin, |camera| camera.outside)
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

/// The frame that a view looks from where none is named: that of its origin.
pub(crate) fn of_origin(context: &ViewUiContext<'_>) -> ArrayRef {
    let origin = context
        .get::<View>()
        .map_or_else(EntityPath::root, |view| view.blueprint.origin.clone());
    let name = || {
        let store = recording_of(context.world, context.view).map(RecordingEntry::store)?;
        let products = InContext::of_view(context.world, context.view)?;
        products.transforms.frame_name(store, store.entity_id(&origin)?)
    };
    TransformFrameId::build(vec![name().unwrap_or_else(|| format!("tf#{origin}"))])
}
