//! What heuristics know of the data: which entity has which components.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_store::EntityPath;

use crate::contents::PROPERTIES_PATH;

/// What heuristics know of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntitySchema {
    /// The names of the components that it has, at any time: `Points3D:positions`.
    pub components: BTreeSet<Arc<str>>,
    /// The width and height of its picture in pixels, where it has one and that is known.
    pub image_size: Option<[u32; 2]>,
}

impl EntitySchema {
    /// Whether the entity has the component with this name.
    pub fn has(&self, component: &str) -> bool {
        self.components.contains(component)
    }

    /// Whether the entity has any of these components.
    pub fn has_any(&self, components: &[&str]) -> bool {
        components.iter().any(|component| self.has(component))
    }

    /// Whether a component of this archetype is there.
    pub fn has_archetype(&self, archetype: &str) -> bool {
        self.components.iter().any(|component| {
            component
                .split_once(':')
                .is_some_and(|(prefix, _)| prefix == archetype)
        })
    }
}

/// All entities of a recording with what they have, ordered by path.
///
/// Heuristics look at what is there at all, not at a time: views must not come and go while a recording plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    entities: BTreeMap<EntityPath, EntitySchema>,
}

impl Schema {
    /// No data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds components to an entity. Properties of the recording are no data, and left out.
    pub fn add<'a>(&mut self, path: &EntityPath, components: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if let Some(entity) = self.entity_mut(path) {
            entity.components.extend(components.into_iter().map(Arc::from));
        }
        self
    }

    /// Tells the size of an entity's picture, in pixels.
    pub fn set_image_size(&mut self, path: &EntityPath, size: Option<[u32; 2]>) -> &mut Self {
        if let Some(entity) = self.entity_mut(path) {
            entity.image_size = size;
        }
        self
    }

    /// What an entity has.
    pub fn get(&self, path: &EntityPath) -> Option<&EntitySchema> {
        self.entities.get(path)
    }

    /// The entities, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&EntityPath, &EntitySchema)> {
        self.entities.iter()
    }

    /// The entities that have any of these components, ordered by path.
    pub fn with_any<'a>(&'a self, components: &'a [&str]) -> impl Iterator<Item = &'a EntityPath> {
        self.iter()
            .filter(|(_, entity)| entity.has_any(components))
            .map(|(path, _)| path)
    }

    /// The outermost of the entities that satisfy this, ordered by path.
    pub fn outermost(&self, mut wanted: impl FnMut(&EntitySchema) -> bool) -> Vec<EntityPath> {
        let mut found: Vec<EntityPath> = Vec::new();
        for (path, entity) in self.iter() {
            // In path order an ancestor stands before all below it, with nothing else in between.
            if wanted(entity) && !found.last().is_some_and(|last| path.starts_with(last)) {
                found.push(path.clone());
            }
        }
        found
    }

    fn entity_mut(&mut self, path: &EntityPath) -> Option<&mut EntitySchema> {
        let is_property = path.starts_with(&EntityPath::parse(PROPERTIES_PATH));
        (!is_property).then(|| self.entities.entry(path.clone()).or_default())
    }
}
