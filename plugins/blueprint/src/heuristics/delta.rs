//! What changed in a schema, so that heuristics need not look at the rest.

use chronoscope_store::EntityPath;

use super::Schema;

/// What changed in a [`Schema`] since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDelta {
    everything: bool,
    entities: Vec<EntityDelta>,
}

/// What changed of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityDelta {
    /// The entity.
    pub path: EntityPath,
    /// The schema's ids of components that it got, sorted.
    pub(crate) added: Vec<u32>,
    /// The schema's ids of components that it lost, sorted.
    pub(crate) removed: Vec<u32>,
    /// Whether the size of its picture became known, or another.
    pub image_size: bool,
}

impl EntityDelta {
    /// Whether it lost components.
    pub fn lost_components(&self) -> bool {
        !self.removed.is_empty()
    }
}

impl SchemaDelta {
    /// Nothing that was known holds.
    pub(crate) fn everything() -> Self {
        Self {
            everything: true,
            entities: Vec::new(),
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.entities.is_empty()
    }

    /// Whether nothing that was known before holds.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The changed entities, in the order of the changes. Empty where [everything](Self::is_everything) changed.
    pub fn entities(&self) -> &[EntityDelta] {
        &self.entities
    }

    /// The entities that got or lost any of these components.
    pub fn touching<'a>(
        &'a self,
        schema: &Schema,
        components: &[&str],
    ) -> impl Iterator<Item = &'a EntityDelta> + use<'a> {
        let ids = schema.component_ids(components);
        self.entities.iter().filter(move |entity| {
            ids.iter()
                .any(|id| entity.added.binary_search(id).is_ok() || entity.removed.binary_search(id).is_ok())
        })
    }

    pub(crate) fn push(&mut self, entity: EntityDelta) {
        if !self.everything {
            self.entities.push(entity);
        }
    }
}
