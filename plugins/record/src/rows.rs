//! The rows that every recorded entity has: who it is, where it is, and that it is gone.

use std::sync::{Arc, LazyLock};

use arrow_array::BooleanArray;
use bevy_ecs::entity::Entity;
use bevy_transform::components::Transform;
use chronoscope_store::{ChunkError, ComponentColumn, ComponentDescriptor};
use chronoscope_types::{Clear, Transform3D};

use crate::{
    columns,
    tracks::{Row, RowColumns},
};

/// The archetype of what identifies an entity.
const ENTITY_ARCHETYPE: &str = "bevy.Entity";

/// The column of the bits of an entity: [`Entity::to_bits`].
pub const ENTITY_COMPONENT: &str = "bevy.Entity:bits";

/// The column of the bits of an entity's parent; those of [`Entity::PLACEHOLDER`] where it has none.
pub const PARENT_COMPONENT: &str = "bevy.Entity:parent";

/// The column of the name of an entity; empty where it has none.
pub(crate) const NAME_COMPONENT: &str = "bevy.Entity:name";

/// An entity as it is recorded when it is first seen, or under another parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) entity: Entity,
    pub(crate) parent: Option<Entity>,
    pub(crate) name: Option<Box<str>>,
}

impl RowColumns for Identity {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        static DESCRIPTORS: LazyLock<[ComponentDescriptor; 3]> = LazyLock::new(|| {
            [ENTITY_COMPONENT, PARENT_COMPONENT, NAME_COMPONENT]
                .map(|name| ComponentDescriptor::partial(name).with_archetype(ENTITY_ARCHETYPE))
        });
        let [entity, parent, name] = &*DESCRIPTORS;
        let parents = rows
            .iter()
            .map(|row| row.value.parent.unwrap_or(Entity::PLACEHOLDER));
        Ok(vec![
            columns::numbers(entity, rows.iter().map(|row| row.value.entity.to_bits()))?,
            columns::numbers(parent, parents.map(Entity::to_bits))?,
            columns::texts(name, rows.iter().map(|row| row.value.name.as_deref()))?,
        ])
    }

    fn heap_bytes(&self) -> usize {
        self.name.as_ref().map_or(0, |name| name.len())
    }
}

/// An entity is gone, with all below it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

impl RowColumns for Gone {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        static DESCRIPTOR: LazyLock<ComponentDescriptor> = LazyLock::new(|| Clear::IS_RECURSIVE.descriptor());
        let all: BooleanArray = rows.iter().map(|_| Some(true)).collect();
        Ok(vec![columns::single(&DESCRIPTOR, Arc::new(all))?])
    }
}

/// Where an entity is, below its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub(crate) translation: [f32; 3],
    pub(crate) rotation: [f32; 4],
    pub(crate) scale: [f32; 3],
}

impl From<&Transform> for Pose {
    #[inline]
    fn from(transform: &Transform) -> Self {
        Self {
            translation: transform.translation.to_array(),
            rotation: transform.rotation.to_array(),
            scale: transform.scale.to_array(),
        }
    }
}

impl From<Pose> for Transform {
    fn from(pose: Pose) -> Self {
        Self {
            translation: pose.translation.into(),
            rotation: glam::Quat::from_array(pose.rotation),
            scale: pose.scale.into(),
        }
    }
}

impl RowColumns for Pose {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        static DESCRIPTORS: LazyLock<[ComponentDescriptor; 3]> = LazyLock::new(|| {
            [
                Transform3D::TRANSLATION,
                Transform3D::QUATERNION,
                Transform3D::SCALE,
            ]
            .map(|name| name.descriptor())
        });
        let [translation, rotation, scale] = &*DESCRIPTORS;
        let each = columns::each_of(rows.len());
        Ok(vec![
            columns::groups(translation, &each, rows.iter().map(|row| row.value.translation))?,
            columns::groups(rotation, &each, rows.iter().map(|row| row.value.rotation))?,
            columns::groups(scale, &each, rows.iter().map(|row| row.value.scale))?,
        ])
    }
}
