//! What an entity has and the recording does not.

use std::any::TypeId;

use bevy_ecs::{
    archetype::ArchetypeId,
    component::ComponentId as EcsComponentId,
    entity_disabling::Disabled,
    hierarchy::{ChildOf, Children},
    name::Name,
    prelude::*,
};
use bevy_transform::components::{GlobalTransform, Transform, TransformTreeChanged};

use super::resources::name_of_type;
use crate::component_rows::RecordedComponent;

/// The components of an archetype that are not recorded, by their types' paths.
pub(super) fn unrecorded(world: &World, archetype: ArchetypeId, types: &[RecordedComponent]) -> Vec<String> {
    let Some(archetype) = world.archetypes().get(archetype) else {
        return Vec::new();
    };
    let recorded: Vec<EcsComponentId> = types
        .iter()
        .filter_map(|component| (component.component)(world))
        .collect();
    // Those that follow from what is recorded.
    let follow = [
        TypeId::of::<Transform>(),
        TypeId::of::<GlobalTransform>(),
        TypeId::of::<TransformTreeChanged>(),
        TypeId::of::<ChildOf>(),
        TypeId::of::<Children>(),
        TypeId::of::<Name>(),
        TypeId::of::<Disabled>(),
    ];
    let mut names: Vec<String> = archetype
        .components()
        .iter()
        .filter(|component| !recorded.contains(component))
        .filter_map(|component| {
            let info = world.components().get_info(*component)?;
            if info.type_id().is_some_and(|id| follow.contains(&id)) {
                return None;
            }
            Some(name_of_type(world, info))
        })
        .collect();
    names.sort();
    names.dedup();
    names
}
