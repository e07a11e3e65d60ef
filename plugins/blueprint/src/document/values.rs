//! Components by name, each with its value.

use std::fmt;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use chronoscope_store::ComponentDescriptor;
use chronoscope_types::{Vocabulary, format_datatype, parse_datatype};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, SerializeMap as _, SerializeStruct as _},
};

use super::value::{Instances, ReadInstances, read_seq};
use crate::write::Components;

/// Components with their values. Properties of views must have an archetype, which says where they stand.
#[derive(Default)]
pub(super) struct Values<const PROPERTIES: bool>(pub Components);

impl<const PROPERTIES: bool> Values<PROPERTIES> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const PROPERTIES: bool> Serialize for Values<PROPERTIES> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (descriptor, array) in &self.0 {
            map.serialize_entry(&*descriptor.component, &Entry { descriptor, array })?;
        }
        map.end()
    }
}

impl<'de, const PROPERTIES: bool> Deserialize<'de> for Values<PROPERTIES> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ValuesVisitor::<PROPERTIES>)
    }
}

struct ValuesVisitor<const PROPERTIES: bool>;

impl<'de, const PROPERTIES: bool> Visitor<'de> for ValuesVisitor<PROPERTIES> {
    type Value = Values<PROPERTIES>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from components to values, as in {\"Points3D:radii\": [0.1]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<PROPERTIES>, A::Error> {
        let mut components: Components = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if components.iter().any(|(other, _)| *other.component == *name) {
                return Err(A::Error::custom(format!("{name:?} appears twice")));
            }
            let has_archetype = name
                .split_once(':')
                .is_some_and(|(archetype, _)| !archetype.is_empty());
            if PROPERTIES && !has_archetype {
                return Err(A::Error::custom(format!(
                    "{name:?} is no property: expected an archetype and a component, as in \"Background:color\""
                )));
            }
            components.push(map.next_value_seed(EntrySeed { name: &name })?);
        }
        components.sort_by(|(a, _), (b, _)| a.component.cmp(&b.component));
        Ok(Values(components))
    }
}

/// What the vocabulary says of a component of this name.
struct Known {
    archetype: Option<&'static str>,
    component_type: Option<&'static str>,
    datatype: Option<&'static DataType>,
}

impl Known {
    fn of(name: &str) -> Self {
        let vocabulary = Vocabulary::get();
        let field = vocabulary.field(name);
        let archetype = name
            .split_once(':')
            .and_then(|(archetype, _)| vocabulary.archetype(archetype));
        Self {
            archetype: field.and(archetype).map(|archetype| &*archetype.name),
            component_type: field.map(|field| field.component_type),
            datatype: field.map(|field| &field.datatype),
        }
    }
}

/// A component's value: a list of its instances; where the vocabulary does not say all of the rest, with that.
struct Entry<'a> {
    descriptor: &'a ComponentDescriptor,
    array: &'a ArrayRef,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let known = Known::of(&self.descriptor.component);
        let differs =
            |own: Option<&'_ str>, known: Option<&str>| (own != known).then(|| own.unwrap_or("").to_owned());
        let archetype = differs(self.descriptor.archetype.as_deref(), known.archetype);
        let component_type = differs(self.descriptor.component_type.as_deref(), known.component_type);
        let datatype = datatype_of(&known, component_type.as_deref());
        let own_type = self.array.data_type();
        let datatype = if datatype == Some(own_type) {
            None
        } else {
            let name = format_datatype(own_type).ok_or_else(|| {
                S::Error::custom(format!(
                    "{}: values of type {own_type} have no text",
                    self.descriptor.component
                ))
            })?;
            Some(name)
        };
        let instances = Instances(self.array);
        if archetype.is_none() && component_type.is_none() && datatype.is_none() {
            return instances.serialize(to);
        }
        let parts = [
            ("archetype", archetype),
            ("component_type", component_type),
            ("type", datatype),
        ];
        let count = 1 + parts.iter().filter(|(_, part)| part.is_some()).count();
        let mut value = to.serialize_struct("Value", count)?;
        for (name, part) in &parts {
            if let Some(part) = part {
                value.serialize_field(name, part)?;
            }
        }
        value.serialize_field("values", &instances)?;
        value.end()
    }
}

/// The datatype that a value has unless it says another: that of its component type, where it says one.
fn datatype_of(known: &Known, component_type: Option<&str>) -> Option<&'static DataType> {
    match component_type {
        Some(component_type) => Vocabulary::get().datatype(component_type),
        None => known.datatype,
    }
}

struct EntrySeed<'a> {
    name: &'a str,
}

impl EntrySeed<'_> {
    fn descriptor(&self, archetype: Option<String>, component_type: Option<String>) -> ComponentDescriptor {
        let known = Known::of(self.name);
        // An empty name says that there is none.
        let or_known = |own: Option<String>, known: Option<&str>| match own {
            Some(own) => Some(own).filter(|own| !own.is_empty()),
            None => known.map(str::to_owned),
        };
        ComponentDescriptor {
            component: self.name.into(),
            archetype: or_known(archetype, known.archetype).map(Into::into),
            component_type: or_known(component_type, known.component_type).map(Into::into),
        }
    }
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = (ComponentDescriptor, ArrayRef);

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Part {
    Archetype,
    ComponentType,
    Type,
    Values,
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = (ComponentDescriptor, ArrayRef);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Known::of(self.name).datatype {
            Some(datatype) => write!(f, "a list of values of type {datatype} for {}", self.name),
            None => write!(
                f,
                "a value that says its type, as in (type: \"float\", values: [1.0]), for {}, which is not a known \
                 component",
                self.name
            ),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let datatype = Known::of(self.name)
            .datatype
            .ok_or_else(|| A::Error::invalid_type(serde::de::Unexpected::Seq, &self))?;
        let array = read_seq(datatype, seq)?;
        Ok((self.descriptor(None, None), array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut archetype, mut component_type, mut datatype, mut array) = (None, None, None, None);
        while let Some(part) = map.next_key::<Part>()? {
            let (name, is_known) = match part {
                Part::Archetype => ("archetype", archetype.is_some()),
                Part::ComponentType => ("component_type", component_type.is_some()),
                Part::Type => ("type", datatype.is_some()),
                Part::Values => ("values", array.is_some()),
            };
            let says_type = matches!(part, Part::ComponentType | Part::Type);
            if is_known {
                return Err(A::Error::custom(format!(
                    "`{name}` of {} appears twice",
                    self.name
                )));
            }
            if says_type && array.is_some() {
                return Err(A::Error::custom(format!(
                    "`{name}` of {} stands behind `values`: expected it before them",
                    self.name
                )));
            }
            match part {
                Part::Archetype => archetype = Some(map.next_value::<String>()?),
                Part::ComponentType => component_type = Some(map.next_value::<String>()?),
                Part::Type => {
                    let text: String = map.next_value()?;
                    let read = parse_datatype(&text).map_err(|at| {
                        A::Error::custom(format!(
                            "{text:?} is not a type from its character {} on: expected one such as \"float\" or \
                             \"list<item: string>\"",
                            at + 1
                        ))
                    })?;
                    datatype = Some(read);
                }
                Part::Values => {
                    let known = datatype_of(&Known::of(self.name), component_type.as_deref());
                    let datatype = datatype.as_ref().or(known).ok_or_else(|| {
                        A::Error::custom(format!(
                            "the type of {} is not known: expected `type` before `values`",
                            self.name
                        ))
                    })?;
                    array = Some(map.next_value_seed(ReadInstances(datatype))?);
                }
            }
        }
        let array = array.ok_or_else(|| A::Error::missing_field("values"))?;
        Ok((self.descriptor(archetype, component_type), array))
    }
}
