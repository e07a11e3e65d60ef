//! The form of a blueprint's text, and what each of its words may be.

use std::{cell::Cell, collections::BTreeMap, fmt, marker::PhantomData, ops::Deref};

use chronoscope_store::EntityPath;
use chronoscope_types::enums::Enumeration;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Unexpected, Visitor},
};

use super::{DOCUMENT_VERSION, values::Values};
use crate::{ContainerId, InstructionId, LoopMode, MAX_CONTAINER_DEPTH, PanelState, PlayState, ViewId};

#[derive(Serialize, Deserialize)]
#[serde(rename = "Blueprint", deny_unknown_fields)]
pub(super) struct BlueprintForm {
    pub version: Version,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Node>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<ViewForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximized: Option<Id<ViewId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_layout: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_views: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<u64>,
    #[serde(default)]
    pub panels: PanelsForm,
    #[serde(default)]
    pub time: TimeForm,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Node {
    View(Box<ViewForm>),
    Tabs(ContainerForm),
    Horizontal(ContainerForm),
    Vertical(ContainerForm),
    Grid(ContainerForm),
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "View", deny_unknown_fields)]
pub(super) struct ViewForm {
    pub class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id<ViewId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub origin: PathForm,
    #[serde(default = "origin_subtree")]
    pub contents: Vec<String>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub visible: bool,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub title_bar: bool,
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub properties: Values<true>,
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub defaults: Values<false>,
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "overrides"
    )]
    pub overrides: BTreeMap<PathForm, EntityForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Override", deny_unknown_fields)]
pub(super) struct EntityForm {
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub values: Values<false>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visualizers: Option<Vec<VisualizerForm>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Visualizer", deny_unknown_fields)]
pub(super) struct VisualizerForm {
    pub visualizer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id<InstructionId>>,
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub values: Values<false>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Container", deny_unknown_fields)]
pub(super) struct ContainerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id<ContainerId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Share>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Share>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid_columns: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_tab: Option<usize>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub visible: bool,
    #[serde(default, deserialize_with = "nodes")]
    pub contents: Vec<Node>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename = "Panels", default, deny_unknown_fields)]
pub(super) struct PanelsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Choice<PanelState>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename = "Time", default, deny_unknown_fields)]
pub(super) struct TimeForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playback_speed: Option<Speed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<StepsPerSecond>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_state: Option<Choice<PlayState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_mode: Option<Choice<LoopMode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<(i64, i64)>,
}

/// The version that is read.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Version(pub u32);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let found = u32::deserialize(from)?;
        if found == DOCUMENT_VERSION {
            return Ok(Self(found));
        }
        Err(D::Error::custom(format!(
            "blueprint version {found} is not supported: this program reads version {DOCUMENT_VERSION}"
        )))
    }
}

/// An id in the one way in which it is written.
pub(super) struct Id<T>(pub T);

impl<T: fmt::Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// What is read from a text.
pub(super) trait FromText: Sized {
    /// `None` where the text is none.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! ids {
    ($($id:ident)*) => {
        $(impl FromText for $id {
            fn from_text(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        })*
    };
}

ids!(ViewId ContainerId InstructionId);

impl<'de, T: FromText> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let expected = "a UUID, as in \"67e55044-10b1-426f-9247-bb680e5fe0c8\"";
        T::from_text(&text)
            .map(Self)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected))
    }
}

/// The path of an entity.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathForm(pub EntityPath);

impl Default for PathForm {
    fn default() -> Self {
        Self(EntityPath::root())
    }
}

impl Serialize for PathForm {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for PathForm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        EntityPath::try_parse(&text).map(Self).map_err(D::Error::custom)
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($number:ty), $is_valid:expr, $expected:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Serialize)]
            #[serde(transparent)]
            pub(super) struct $name(pub $number);

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let value = <$number>::deserialize(from)?;
                    let is_valid: fn($number) -> bool = $is_valid;
                    if is_valid(value) {
                        return Ok(Self(value));
                    }
                    Err(D::Error::invalid_value(Unexpected::Float(value.into()), &$expected))
                }
            }

            impl Deref for $name {
                type Target = $number;

                fn deref(&self) -> &$number {
                    &self.0
                }
            }
        )*
    };
}

numbers! {
    /// A share of a container's space.
    Share(f32), |share| share.is_finite() && share > 0.0, "a share, which is a positive number";
    /// How much faster than the clock.
    Speed(f64), f64::is_finite, "a speed, which is a finite number";
    /// How many steps are played a second.
    StepsPerSecond(f64), |steps| steps.is_finite() && steps > 0.0, "a speed in steps per second, a positive number";
}

/// A choice by its name, without quotes.
pub(super) struct Choice<E>(pub E);

impl<E: Enumeration> Serialize for Choice<E> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit_variant("Choice", u32::from(self.0.code()), self.0.name())
    }
}

impl<'de, E: Enumeration> Deserialize<'de> for Choice<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Named<E>(PhantomData<E>);

        impl<E: Enumeration> Visitor<'_> for Named<E> {
            type Value = Choice<E>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names: Vec<&str> = E::ALL.iter().map(|choice| choice.name()).collect();
                write!(f, "one of {}", names.join(", "))
            }

            fn visit_str<F: Error>(self, name: &str) -> Result<Choice<E>, F> {
                let found = E::ALL.iter().copied().find(|choice| choice.name() == name);
                found
                    .map(Choice)
                    .ok_or_else(|| F::invalid_value(Unexpected::Str(name), &self))
            }
        }

        from.deserialize_identifier(Named(PhantomData))
    }
}

/// The items of a container, which count how many containers they lie in: an error says the line, then.
fn nodes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Node>, D::Error> {
    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    struct Level;

    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().saturating_sub(1));
        }
    }

    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    if DEPTH.get() > MAX_CONTAINER_DEPTH {
        return Err(D::Error::custom(format!(
            "containers are nested more than {MAX_CONTAINER_DEPTH} levels deep"
        )));
    }
    Vec::deserialize(from)
}

/// Overrides by entity, of which none may stand there twice, however it is written.
fn overrides<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<PathForm, EntityForm>, D::Error> {
    struct ByEntity;

    impl<'de> Visitor<'de> for ByEntity {
        type Value = BTreeMap<PathForm, EntityForm>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from entities to what is overridden, as in {\"/world\": (values: {})}")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut overrides = BTreeMap::new();
            while let Some(entity) = map.next_key::<PathForm>()? {
                if overrides.contains_key(&entity) {
                    return Err(A::Error::custom(format!("entity {} appears twice", entity.0)));
                }
                overrides.insert(entity, map.next_value()?);
            }
            Ok(overrides)
        }
    }

    from.deserialize_map(ByEntity)
}

fn origin_subtree() -> Vec<String> {
    vec!["$origin/**".to_owned()]
}

const fn yes() -> bool {
    true
}

const fn is_yes(value: &bool) -> bool {
    *value
}
