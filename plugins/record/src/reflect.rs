//! Values as text and back, by reflection. Entities are numbers in it, so that they can be mapped.

use std::any::TypeId;

use bevy_ecs::{
    component::Component,
    entity::{Entity, EntityMapper},
    resource::Resource,
    world::{EntityWorldMut, World},
};
use bevy_reflect::{
    FromReflect, GetTypeRegistration, PartialReflect, Reflect, TypePath, TypeRegistration, TypeRegistry,
    serde::{
        ReflectDeserializerProcessor, ReflectSerializerProcessor, TypedReflectDeserializer,
        TypedReflectSerializer,
    },
};
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::DeserializeSeed as _};

/// Writes a value to an entity. An error is a sentence about the value.
pub(crate) type Restore =
    fn(&mut EntityWorldMut, &str, &TypeRegistry, &mut dyn EntityMapper) -> Result<(), String>;

/// A value as text.
pub(crate) fn to_text(value: &dyn PartialReflect, registry: &TypeRegistry) -> Result<String, String> {
    let serializer = TypedReflectSerializer::with_processor(value, registry, &EntityBits);
    ron::to_string(&serializer).map_err(|error| error.to_string())
}

/// The value that a text stands for.
pub(crate) fn from_text<T: Reflect + FromReflect + TypePath + GetTypeRegistration>(
    text: &str,
    registry: &TypeRegistry,
) -> Result<T, String> {
    let registration = registry
        .get(TypeId::of::<T>())
        .ok_or_else(|| format!("{} is not registered", T::type_path()))?;
    let mut processor = EntityBits;
    let mut deserializer = ron::Deserializer::from_str(text).map_err(|error| error.to_string())?;
    let value = TypedReflectDeserializer::with_processor(registration, registry, &mut processor)
        .deserialize(&mut deserializer)
        .map_err(|error| error.to_string())?;
    T::from_reflect(&*value).ok_or_else(|| format!("it has not all of {}", T::type_path()))
}

/// Writes the value that a text stands for to an entity.
pub(crate) fn restore<T: Component + Reflect + FromReflect + TypePath + GetTypeRegistration>(
    entity: &mut EntityWorldMut,
    text: &str,
    registry: &TypeRegistry,
    mapper: &mut dyn EntityMapper,
) -> Result<(), String> {
    let mut value: T = from_text(text, registry)?;
    T::map_entities(&mut value, &mut MapTo(mapper));
    entity.insert(value);
    Ok(())
}

/// Writes a resource. An error is a sentence about the value.
pub(crate) type RestoreResource =
    fn(&mut World, &str, &TypeRegistry, &mut dyn EntityMapper) -> Result<(), String>;

/// Writes the value that a text stands for to a resource.
pub(crate) fn restore_resource<R: Resource + Reflect + FromReflect + TypePath + GetTypeRegistration>(
    world: &mut World,
    text: &str,
    registry: &TypeRegistry,
    mapper: &mut dyn EntityMapper,
) -> Result<(), String> {
    let mut value: R = from_text(text, registry)?;
    R::map_entities(&mut value, &mut MapTo(mapper));
    world.insert_resource(value);
    Ok(())
}

/// A mapper behind a reference.
struct MapTo<'a>(&'a mut dyn EntityMapper);

impl EntityMapper for MapTo<'_> {
    fn get_mapped(&mut self, source: Entity) -> Entity {
        self.0.get_mapped(source)
    }

    fn set_mapped(&mut self, source: Entity, target: Entity) {
        self.0.set_mapped(source, target);
    }
}

/// A value as a number to be plotted.
pub(crate) fn number(value: &dyn PartialReflect) -> Option<f64> {
    macro_rules! one_of {
        ($($number:ty)*) => {
            $(if let Some(value) = value.try_downcast_ref::<$number>() {
                return Some(*value as f64);
            })*
        };
    }
    one_of!(f32 f64 i8 i16 i32 i64 u8 u16 u32 u64 isize usize);
    let value = value.try_downcast_ref::<bool>()?;
    Some(f64::from(u8::from(*value)))
}

/// Entities as their bits.
struct EntityBits;

impl ReflectSerializerProcessor for EntityBits {
    fn try_serialize<S: Serializer>(
        &self,
        value: &dyn PartialReflect,
        _registry: &TypeRegistry,
        serializer: S,
    ) -> Result<Result<S::Ok, S>, S::Error> {
        match value.try_downcast_ref::<Entity>() {
            Some(entity) => entity.to_bits().serialize(serializer).map(Ok),
            None => Ok(Err(serializer)),
        }
    }
}

impl ReflectDeserializerProcessor for EntityBits {
    fn try_deserialize<'de, D: Deserializer<'de>>(
        &mut self,
        registration: &TypeRegistration,
        _registry: &TypeRegistry,
        deserializer: D,
    ) -> Result<Result<Box<dyn PartialReflect>, D>, D::Error> {
        if registration.type_id() != TypeId::of::<Entity>() {
            return Ok(Err(deserializer));
        }
        let bits = u64::deserialize(deserializer)?;
        let entity = Entity::try_from_bits(bits)
            .ok_or_else(|| serde::de::Error::custom(format_args!("{bits} is no entity")))?;
        Ok(Ok(Box::new(entity)))
    }
}
