//! Which entities are left out.

use bevy_ecs::{
    entity_disabling::Disabled, hierarchy::ChildOf, prelude::*, query::Allow, system::SystemParam,
};

use crate::{NotRecorded, slots::Naming};

/// Entities that are not recorded.
#[derive(SystemParam)]
pub(crate) struct Skipped<'w, 's> {
    marked: Query<'w, 's, (), (With<NotRecorded>, Allow<Disabled>)>,
    #[cfg(feature = "assets")]
    layers: Query<'w, 's, &'static bevy_camera::visibility::RenderLayers, Allow<Disabled>>,
    #[cfg(feature = "assets")]
    of_views: Option<Res<'w, chronoscope_frame::ViewLayers>>,
}

impl Skipped<'_, '_> {
    pub(crate) fn contains(&self, entity: Entity, naming: &Naming) -> bool {
        #[cfg(feature = "assets")]
        if let (Some(of_views), Ok(layers)) = (&self.of_views, self.layers.get(entity))
            && layers.iter().next().is_some()
            && !layers.iter().any(|layer| layer < of_views.first)
        {
            return true;
        }
        if self.marked.is_empty() {
            return false;
        }
        let mut at = Some(entity);
        // A cycle cannot be, but is not what a host should hang on.
        for _ in 0..64 {
            let Some(entity) = at else { break };
            if self.marked.contains(entity) {
                return true;
            }
            at = naming
                .get(entity)
                .ok()
                .and_then(|(_, parent)| parent.map(ChildOf::parent));
        }
        false
    }
}
