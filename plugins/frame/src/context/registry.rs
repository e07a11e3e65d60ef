//! The contexts that are registered, and how they are read.

use std::any::Any;

use bevy_app::App;
use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkStore, EntityId};
use std::{hash::Hasher as _, sync::Arc};

use super::{
    along_frames::FrameValues,
    entity_context::{AnyContext, ContextInputs, ContextValues, EntityContext, Inherit},
    transforms::{PINHOLE_COMPONENTS, PinholeCamera, Placement, TRANSFORM_COMPONENTS, Transforms},
};
use crate::{Report, identity::IdentityHasher};

/// A context that can be read: an [`EntityContext`], or one of those that follow the frame graph, [`Place`]
/// and [`Camera`].
pub trait ReadContext: 'static {
    /// What holds for an entity.
    type Value;

    /// The name, by which visualizers say that they read it.
    fn name() -> &'static str;

    /// What holds for an entity; `None` where nothing does.
    fn value(reader: ContextReader<'_>, entity: EntityId) -> Option<Self::Value>;
}

impl<T: EntityContext> ReadContext for T {
    type Value = T::Value;

    fn name() -> &'static str {
        T::NAME
    }

    fn value(reader: ContextReader<'_>, entity: EntityId) -> Option<T::Value> {
        let ContextReader {
            contexts,
            transforms,
            store,
        } = reader;
        let value = match T::INHERIT {
            Inherit::Tree => contexts
                .find_as::<ContextValues<T>>(T::NAME)?
                .value(store, entity),
            Inherit::Frames => {
                let values = contexts.find_as::<FrameValues<T>>(T::NAME)?;
                values.value(store, transforms, entity)
            }
        };
        value.cloned()
    }
}

/// Where an entity stands. Most visualizers do not want it: a visual is made in its entity's own space.
pub enum Place {}

impl Place {
    /// The name, by which visualizers say that they read it.
    pub const NAME: &'static str = "Transform3D";
}

impl ReadContext for Place {
    type Value = Placement;

    fn name() -> &'static str {
        Self::NAME
    }

    fn value(reader: ContextReader<'_>, entity: EntityId) -> Option<Placement> {
        Some(reader.transforms.placement(reader.store, entity))
    }
}

/// The camera in whose picture an entity lies.
pub enum Camera {}

impl Camera {
    /// The name, by which visualizers say that they read it.
    pub const NAME: &'static str = "Pinhole";
}

impl ReadContext for Camera {
    type Value = Arc<PinholeCamera>;

    fn name() -> &'static str {
        Self::NAME
    }

    fn value(reader: ContextReader<'_>, entity: EntityId) -> Option<Self::Value> {
        reader.transforms.pinhole(reader.store, entity).cloned()
    }
}

/// All contexts that are registered, in the order of their registration.
#[derive(Resource)]
pub struct EntityContexts {
    contexts: Vec<Registered>,
    /// Grows with each registration.
    registrations: u64,
}

struct Registered {
    name: &'static str,
    components: &'static [&'static str],
    kind: Kind,
}

enum Kind {
    Place,
    Camera,
    Open(Box<dyn AnyContext>),
}

impl Default for EntityContexts {
    fn default() -> Self {
        let of = |name, components, kind| Registered {
            name,
            components,
            kind,
        };
        Self {
            contexts: vec![
                of(Place::NAME, TRANSFORM_COMPONENTS, Kind::Place),
                of(Camera::NAME, PINHOLE_COMPONENTS, Kind::Camera),
            ],
            registrations: 0,
        }
    }
}

impl EntityContexts {
    /// The components that contexts are read from.
    pub fn components(&self) -> impl Iterator<Item = &'static str> {
        self.contexts
            .iter()
            .flat_map(|context| context.components.iter().copied())
    }

    /// The contexts by name, each with the components that it is read from, in the order of their registration.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        self.contexts
            .iter()
            .map(|context| (context.name, context.components))
    }

    /// What is wrong with what contexts are read from, ordered by context and entity.
    pub fn reports(&self) -> Vec<&Report> {
        let open = self.contexts.iter().filter_map(|context| match &context.kind {
            Kind::Open(context) => Some(context.reports()),
            Kind::Place | Kind::Camera => None,
        });
        open.flatten().collect()
    }

    /// The heap bytes of all of their values. Cost: the contexts, and the frames that have values of those
    /// that follow frames.
    pub fn heap_bytes(&self) -> u64 {
        let open = self.contexts.iter().filter_map(|context| match &context.kind {
            Kind::Open(context) => Some(context.heap_bytes()),
            Kind::Place | Kind::Camera => None,
        });
        open.sum()
    }

    /// Grows with each registration.
    pub(crate) fn registrations(&self) -> u64 {
        self.registrations
    }

    /// The same contexts without values, for a query context whose versions begin here.
    pub(super) fn emptied(&self, version: u64) -> Self {
        let contexts = self.contexts.iter().map(|context| Registered {
            name: context.name,
            components: context.components,
            kind: match &context.kind {
                Kind::Place => Kind::Place,
                Kind::Camera => Kind::Camera,
                Kind::Open(context) => Kind::Open(context.emptied(version)),
            },
        });
        Self {
            contexts: contexts.collect(),
            registrations: self.registrations,
        }
    }

    fn add<T: EntityContext>(&mut self) {
        self.registrations += 1;
        let new = Registered {
            name: T::NAME,
            components: T::COMPONENTS,
            kind: Kind::Open(match T::INHERIT {
                Inherit::Tree => Box::<ContextValues<T>>::default(),
                Inherit::Frames => Box::<FrameValues<T>>::default(),
            }),
        };
        match self.find(T::NAME) {
            Some(at) => self.contexts[at] = new,
            None => self.contexts.push(new),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.contexts.iter().position(|context| context.name == name)
    }

    fn find_as<V: AnyContext>(&self, name: &str) -> Option<&V> {
        match &self.contexts.get(self.find(name)?)?.kind {
            Kind::Open(context) => (&**context as &dyn Any).downcast_ref(),
            Kind::Place | Kind::Camera => None,
        }
    }

    pub(super) fn update(&mut self, inputs: ContextInputs<'_>) {
        for context in &mut self.contexts {
            if let Kind::Open(context) = &mut context.kind {
                context.update(inputs);
            }
        }
    }
}

/// Reads contexts in the frame in which they were worked out.
#[derive(Clone, Copy)]
pub struct ContextReader<'a> {
    contexts: &'a EntityContexts,
    transforms: &'a Transforms,
    store: &'a ChunkStore,
}

impl<'a> ContextReader<'a> {
    /// A reader of the contexts of the shown recording.
    pub fn new(contexts: &'a EntityContexts, transforms: &'a Transforms, store: &'a ChunkStore) -> Self {
        Self {
            contexts,
            transforms,
            store,
        }
    }

    /// What holds for an entity; `None` where nothing does, or the context is not registered.
    pub fn get<T: ReadContext>(self, entity: EntityId) -> Option<T::Value> {
        T::value(self, entity)
    }

    /// What tells the values of these contexts that hold for an entity from others. It changes only with one
    /// of them.
    pub(crate) fn version_of(self, names: &[&str], entity: EntityId) -> u128 {
        if names.is_empty() {
            return 0;
        }
        let mut hasher = IdentityHasher::default();
        let versions = names.iter().filter_map(|name| {
            let at = self.contexts.find(name)?;
            Some(match &self.contexts.contexts[at].kind {
                Kind::Place => self.transforms.version_of(self.store, entity),
                Kind::Camera => self.transforms.pinhole_version_of(self.store, entity),
                Kind::Open(context) => context.version_of(self.store, self.transforms, entity),
            })
        });
        versions.for_each(|version| hasher.write_u64(version));
        hasher.identity()
    }

    /// The entities for which one of these contexts changed in this frame; `None` where that is not known.
    pub(crate) fn changed(self, names: &[&str]) -> Option<Vec<EntityId>> {
        let mut changed = Vec::new();
        for at in names.iter().filter_map(|name| self.contexts.find(name)) {
            let is_known = match &self.contexts.contexts[at].kind {
                Kind::Place | Kind::Camera => !self.transforms.is_changed(),
                Kind::Open(context) => context.add_changed(self.store, &mut changed),
            };
            if !is_known {
                return None;
            }
        }
        Some(changed)
    }

    /// Grows with each change of one of these contexts.
    pub(crate) fn version(self, names: &[&str]) -> u64 {
        let versions = names.iter().filter_map(|name| {
            let at = self.contexts.find(name)?;
            Some(match &self.contexts.contexts[at].kind {
                Kind::Place | Kind::Camera => self.transforms.version(),
                Kind::Open(context) => context.version(),
            })
        });
        // Those of other query contexts than the cursor begin far from zero.
        versions.fold(0, u64::wrapping_add)
    }
}

/// Registers contexts.
pub trait AppEntityContextExt {
    /// Adds a context: its components are looked up for every entity that has them, and visualizers that name
    /// it can read it.
    ///
    /// Another context of the same name takes the place of the first.
    fn add_entity_context<T: EntityContext>(&mut self) -> &mut Self;
}

impl AppEntityContextExt for App {
    fn add_entity_context<T: EntityContext>(&mut self) -> &mut Self {
        self.init_resource::<EntityContexts>();
        self.world_mut().resource_mut::<EntityContexts>().add::<T>();
        self
    }
}
