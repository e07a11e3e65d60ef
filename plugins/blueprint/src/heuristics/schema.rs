//! What heuristics know of the data: which entity has which components, kept up to date entity by entity.
//!
//! Entities form a tree. Entities with the same set of components share a *signature*, and each node counts the signatures
//! below it, so that a search for some components walks only where there are any.

use std::{collections::HashMap, sync::Arc};

use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use chronoscope_types::Vocabulary;

use super::delta::{EntityDelta, SchemaDelta};
use crate::{ViewClassId, contents::is_property};

/// All entities of a recording with the components that they have at any time.
///
/// Heuristics do not look at the cursor: views must not come and go while a recording plays.
#[derive(Clone, Debug)]
pub struct Schema {
    names: Vec<Arc<str>>,
    name_ids: HashMap<Arc<str>, u32>,
    /// Sorted ids of components, by signature.
    signatures: Vec<Arc<[u32]>>,
    signature_ids: HashMap<Arc<[u32]>, u32>,
    /// The root is the first.
    nodes: Vec<Node>,
    node_ids: HashMap<EntityPath, u32>,
    /// Nodes with children that are not in their places yet.
    unsorted: Vec<u32>,
    visualizers: Option<Vec<SchemaVisualizer>>,
    delta: SchemaDelta,
}

const ROOT: u32 = 0;

#[derive(Clone, Debug)]
struct Node {
    path: EntityPath,
    parent: Option<u32>,
    /// In path order, but for the last `num_new`.
    children: Vec<u32>,
    num_new: usize,
    /// `None` where the entity has no data.
    signature: Option<u32>,
    /// The number of entities below, by signature; sorted.
    below: Vec<(u32, u32)>,
    image_size: Option<[u32; 2]>,
}

/// A visualizer, as far as heuristics need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaVisualizer {
    /// The view classes that have it.
    pub classes: Vec<ViewClassId>,
    /// The components that an entity must have, all of them: `Points3D:positions`.
    pub required: Vec<Arc<str>>,
}

/// What heuristics know of an entity.
#[derive(Clone, Copy, Debug)]
pub struct EntitySchema<'a> {
    schema: &'a Schema,
    components: &'a [u32],
    image_size: Option<[u32; 2]>,
}

impl<'a> EntitySchema<'a> {
    /// The names of the components that it has, in no particular order.
    pub fn components(self) -> impl Iterator<Item = &'a str> {
        self.components
            .iter()
            .filter_map(|id| self.schema.component_name(*id))
    }

    /// Whether the entity has the component with this name.
    pub fn has(self, component: &str) -> bool {
        self.schema
            .component_id(component)
            .is_some_and(|id| self.components.binary_search(&id).is_ok())
    }

    /// Whether the entity has any of these components.
    pub fn has_any(self, components: &[&str]) -> bool {
        components.iter().any(|component| self.has(component))
    }

    /// The width and height of its picture in pixels, where it has one and that is known.
    pub fn image_size(self) -> Option<[u32; 2]> {
        self.image_size
    }
}

/// A choice of signatures: the entities that a search looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching(Vec<bool>);

impl Matching {
    fn has(&self, signature: u32) -> bool {
        self.0.get(signature as usize).copied().unwrap_or(false)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            name_ids: HashMap::new(),
            signatures: Vec::new(),
            signature_ids: HashMap::new(),
            nodes: vec![Node::new(EntityPath::root(), None)],
            node_ids: HashMap::from([(EntityPath::root(), ROOT)]),
            unsorted: Vec::new(),
            visualizers: None,
            delta: SchemaDelta::everything(),
        }
    }
}

impl PartialEq for Schema {
    /// The same entities with the same components and picture sizes.
    fn eq(&self, other: &Self) -> bool {
        let content = |schema: &Self| {
            let mut entities = Vec::new();
            for (path, entity) in schema.iter() {
                let mut components: Vec<String> = entity.components().map(str::to_owned).collect();
                components.sort();
                entities.push((path.clone(), components, entity.image_size));
            }
            entities
        };
        content(self) == content(other)
    }
}

/// Keeping up with a store.
impl Schema {
    /// No data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what these entities of the store have now. Properties of the recording are no data, and left out.
    ///
    /// Cost: the number of these entities, times the depth of their paths.
    pub fn update(&mut self, store: &ChunkStore, changed: impl IntoIterator<Item = EntityId>) {
        for entity in changed {
            let path = store.entity_path(entity);
            if is_property(path) {
                continue;
            }
            let components = store.has_data(entity).then(|| {
                store
                    .components_of(entity)
                    .map(|component| self.intern_component(&store.descriptor(component).component))
                    .collect()
            });
            self.set(path, components);
        }
        self.sort_children();
    }

    /// Adds components to an entity. Properties of the recording are no data, and left out.
    pub fn add<'a>(&mut self, path: &EntityPath, components: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if !is_property(path) {
            let mut all: Vec<u32> = components
                .into_iter()
                .map(|name| self.intern_component(name))
                .collect();
            if let Some(entity) = self.get(path) {
                all.extend(entity.components);
            }
            self.set(path, Some(all));
            self.sort_children();
        }
        self
    }

    /// Sets the size of an entity's picture, in pixels; `None` where it is not known.
    pub fn set_image_size(&mut self, path: &EntityPath, size: Option<[u32; 2]>) -> &mut Self {
        if let Some(node) = self.node_mut(path)
            && node.image_size != size
        {
            node.image_size = size;
            self.delta.push(EntityDelta {
                path: path.clone(),
                added: Vec::new(),
                removed: Vec::new(),
                image_size: true,
            });
        }
        self
    }

    /// Tells which visualizers there are, so that no view is recommended for what nothing can draw. Before the first call all
    /// entities count as visualizable.
    pub fn set_visualizers(&mut self, visualizers: Vec<SchemaVisualizer>) {
        if self.visualizers.as_ref() != Some(&visualizers) {
            self.visualizers = Some(visualizers);
            self.delta = SchemaDelta::everything();
        }
    }

    /// What changed since the last call; everything at the first.
    pub fn take_delta(&mut self) -> SchemaDelta {
        std::mem::take(&mut self.delta)
    }

    /// Gives an entity these components and no others.
    pub(super) fn set(&mut self, path: &EntityPath, components: Option<Vec<u32>>) {
        let signature = components.map(|mut components| {
            components.sort_unstable();
            components.dedup();
            self.intern_signature(components)
        });
        if signature.is_none() && !self.node_ids.contains_key(path) {
            return;
        }
        let id = self.intern_node(path);
        let Some(node) = self.nodes.get_mut(id as usize) else {
            debug_assert!(false, "a node that was just made is missing");
            return;
        };
        let before = std::mem::replace(&mut node.signature, signature);
        if before == signature {
            return;
        }
        if signature.is_none() {
            node.image_size = None;
        }
        let mut above = node.parent;
        while let Some(node) = above.and_then(|id| self.nodes.get_mut(id as usize)) {
            if let Some(before) = before {
                node.uncount(before);
            }
            if let Some(signature) = signature {
                node.count(signature);
            }
            above = node.parent;
        }
        let of = |signature: Option<u32>| {
            signature.map_or::<&[u32], _>(&[], |signature| self.signature(signature))
        };
        let without = |a: &[u32], b: &[u32]| {
            a.iter()
                .copied()
                .filter(|id| b.binary_search(id).is_err())
                .collect()
        };
        let delta = EntityDelta {
            path: path.clone(),
            added: without(of(signature), of(before)),
            removed: without(of(before), of(signature)),
            image_size: false,
        };
        self.delta.push(delta);
    }

    fn intern_component(&mut self, name: &str) -> u32 {
        if let Some(id) = self.name_ids.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.name_ids.insert(name, id);
        id
    }

    fn intern_signature(&mut self, components: Vec<u32>) -> u32 {
        if let Some(id) = self.signature_ids.get(&*components) {
            return *id;
        }
        let id = self.signatures.len() as u32;
        let components: Arc<[u32]> = components.into();
        self.signatures.push(Arc::clone(&components));
        self.signature_ids.insert(components, id);
        id
    }

    /// The node of a path, which is made with all above it where it is not there.
    fn intern_node(&mut self, path: &EntityPath) -> u32 {
        if let Some(id) = self.node_ids.get(path) {
            return *id;
        }
        let mut unknown = vec![path.clone()];
        let mut parent = ROOT;
        for ancestor in path.ancestors().skip(1) {
            if let Some(id) = self.node_ids.get(&ancestor) {
                parent = *id;
                break;
            }
            unknown.push(ancestor);
        }
        for path in unknown.into_iter().rev() {
            let id = self.nodes.len() as u32;
            if let Some(node) = self.nodes.get_mut(parent as usize) {
                node.children.push(id);
                node.num_new += 1;
                if node.num_new == 1 {
                    self.unsorted.push(parent);
                }
            }
            self.node_ids.insert(path.clone(), id);
            self.nodes.push(Node::new(path, Some(parent)));
            parent = id;
        }
        parent
    }

    /// Puts new children in their places. Cost: as many comparisons as new children times the logarithm of all, and one pass over
    /// the ids of the children.
    fn sort_children(&mut self) {
        for parent in std::mem::take(&mut self.unsorted) {
            let Some(node) = self.nodes.get_mut(parent as usize) else {
                continue;
            };
            let num_old = node.children.len().saturating_sub(node.num_new);
            node.num_new = 0;
            let mut old = std::mem::take(&mut node.children);
            let mut new = old.split_off(num_old.min(old.len()));
            let path = |id: &u32| self.nodes.get(*id as usize).map(|node| &node.path);
            new.sort_by(|a, b| path(a).cmp(&path(b)));
            let merged = match new.as_slice() {
                [only] => {
                    let at = old.partition_point(|other| path(other) < path(only));
                    old.insert(at, *only);
                    old
                }
                _ => {
                    let mut merged = Vec::with_capacity(old.len() + new.len());
                    let mut rest = old.as_slice();
                    for id in &new {
                        let (before, after) =
                            rest.split_at(rest.partition_point(|other| path(other) < path(id)));
                        merged.extend_from_slice(before);
                        merged.push(*id);
                        rest = after;
                    }
                    merged.extend_from_slice(rest);
                    merged
                }
            };
            if let Some(node) = self.nodes.get_mut(parent as usize) {
                node.children = merged;
            }
        }
    }
}

/// Looking things up.
impl Schema {
    /// What an entity has; `None` where it has no data.
    pub fn get(&self, path: &EntityPath) -> Option<EntitySchema<'_>> {
        self.entity(self.node(path)?)
    }

    /// The entities with data, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&EntityPath, EntitySchema<'_>)> {
        self.find(Matching(vec![true; self.signatures.len()]))
    }

    /// The entities that have any of these components, in path order. Cost: their number, and that of their siblings.
    pub fn with_any(&self, components: &[&str]) -> impl Iterator<Item = &EntityPath> {
        self.find(self.matching_any(components)).map(|(path, _)| path)
    }

    /// The entities of this kind, in path order.
    pub fn find(&self, wanted: Matching) -> impl Iterator<Item = (&EntityPath, EntitySchema<'_>)> {
        self.walk(wanted, false)
    }

    /// The entities of this kind that do not lie below another of this kind, in path order.
    pub fn find_outermost(&self, wanted: Matching) -> impl Iterator<Item = &EntityPath> {
        self.walk(wanted, true).map(|(path, _)| path)
    }

    /// The kind of entities that have any of these components.
    pub fn matching_any(&self, components: &[&str]) -> Matching {
        let ids = self.component_ids(components);
        self.matching(|has| ids.iter().any(|id| has.binary_search(id).is_ok()))
    }

    /// The kind of entities that some visualizer of this class can show.
    pub fn visualizable(&self, class: &str) -> Matching {
        if self.visualizers.is_none() {
            return self.matching(|_| true);
        }
        self.shown_by(self.visualizers_of(class))
    }

    /// The kind of entities that visualizers of this class can show which an app has added for components of its own: for some that no
    /// archetype of the vocabulary has.
    pub fn of_own_archetypes(&self, class: &str) -> Matching {
        let is_own = |name: &Arc<str>| Vocabulary::get().field(name).is_none();
        let own = self.visualizers_of(class);
        self.shown_by(own.filter(|visualizer| visualizer.required.iter().any(is_own)))
    }

    fn visualizers_of<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a SchemaVisualizer> {
        let all = self.visualizers.iter().flatten();
        all.filter(move |visualizer| visualizer.classes.iter().any(|other| other.as_str() == class))
    }

    fn shown_by<'a>(&self, visualizers: impl Iterator<Item = &'a SchemaVisualizer>) -> Matching {
        let required: Vec<Option<Vec<u32>>> = visualizers
            .map(|visualizer| {
                let required = visualizer.required.iter();
                required.map(|name| self.component_id(name)).collect()
            })
            .collect();
        self.matching(|has| {
            required
                .iter()
                .flatten()
                .any(|required| required.iter().all(|id| has.binary_search(id).is_ok()))
        })
    }

    /// The components that visualizers of this class require.
    pub(crate) fn required_by<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a str> {
        let visualizers = self.visualizers_of(class);
        visualizers.flat_map(|visualizer| visualizer.required.iter().map(|name| &**name))
    }

    /// The kind of entities that are of both kinds.
    pub fn both(&self, a: &Matching, b: &Matching) -> Matching {
        Matching(a.0.iter().zip(&b.0).map(|(a, b)| *a && *b).collect())
    }

    /// The kind of entities that are of one of these kinds.
    pub fn either(&self, a: &Matching, b: &Matching) -> Matching {
        Matching(a.0.iter().zip(&b.0).map(|(a, b)| *a || *b).collect())
    }

    /// The kind of entities that are of the first kind, and not of the second.
    pub fn except(&self, a: &Matching, b: &Matching) -> Matching {
        Matching(a.0.iter().zip(&b.0).map(|(a, b)| *a && !*b).collect())
    }

    /// Whether an entity is of this kind.
    pub fn is(&self, path: &EntityPath, wanted: &Matching) -> bool {
        self.node(path)
            .and_then(|node| node.signature)
            .is_some_and(|signature| wanted.has(signature))
    }

    /// How many entities of this kind there are at and below a path. Cost: the number of different sets of components there.
    pub fn count(&self, path: &EntityPath, wanted: &Matching) -> usize {
        self.node(path).map_or(0, |node| node.total(wanted))
    }

    /// The paths right below a path with entities of this kind at or below them, in path order, and how many each.
    pub(crate) fn children_with<'a>(
        &'a self,
        path: &EntityPath,
        wanted: &'a Matching,
    ) -> impl Iterator<Item = (&'a EntityPath, usize)> {
        let children = self.node(path).map_or::<&[u32], _>(&[], |node| &node.children);
        children
            .iter()
            .filter_map(|id| self.nodes.get(*id as usize))
            .map(|node| (&node.path, node.total(wanted)))
            .filter(|(_, count)| *count > 0)
    }

    /// The ids of those components that some entity had.
    pub(crate) fn component_ids(&self, components: &[&str]) -> Vec<u32> {
        components
            .iter()
            .filter_map(|name| self.component_id(name))
            .collect()
    }

    fn matching(&self, matches: impl Fn(&[u32]) -> bool) -> Matching {
        Matching(self.signatures.iter().map(|has| matches(has)).collect())
    }

    fn walk(
        &self,
        wanted: Matching,
        outermost: bool,
    ) -> impl Iterator<Item = (&EntityPath, EntitySchema<'_>)> {
        let mut stack = vec![ROOT];
        std::iter::from_fn(move || {
            loop {
                let node = self.nodes.get(stack.pop()? as usize)?;
                let found = node.signature.is_some_and(|signature| wanted.has(signature));
                if !(found && outermost) && node.below.iter().any(|(signature, _)| wanted.has(*signature)) {
                    stack.extend(node.children.iter().rev());
                }
                if found {
                    return Some((&node.path, self.entity(node)?));
                }
            }
        })
    }

    fn entity(&self, node: &Node) -> Option<EntitySchema<'_>> {
        Some(EntitySchema {
            schema: self,
            components: self.signature(node.signature?),
            image_size: node.image_size,
        })
    }

    fn signature(&self, id: u32) -> &[u32] {
        self.signatures.get(id as usize).map_or(&[], |ids| ids)
    }

    fn component_id(&self, name: &str) -> Option<u32> {
        self.name_ids.get(name).copied()
    }

    fn component_name(&self, id: u32) -> Option<&str> {
        self.names.get(id as usize).map(|name| &**name)
    }

    fn node(&self, path: &EntityPath) -> Option<&Node> {
        self.nodes.get(*self.node_ids.get(path)? as usize)
    }

    fn node_mut(&mut self, path: &EntityPath) -> Option<&mut Node> {
        self.nodes.get_mut(*self.node_ids.get(path)? as usize)
    }
}

impl Node {
    fn new(path: EntityPath, parent: Option<u32>) -> Self {
        Self {
            path,
            parent,
            children: Vec::new(),
            num_new: 0,
            signature: None,
            below: Vec::new(),
            image_size: None,
        }
    }

    fn count(&mut self, signature: u32) {
        match self.below.binary_search_by_key(&signature, |(id, _)| *id) {
            Ok(at) => self.below[at].1 += 1,
            Err(at) => self.below.insert(at, (signature, 1)),
        }
    }

    fn uncount(&mut self, signature: u32) {
        match self.below.binary_search_by_key(&signature, |(id, _)| *id) {
            Ok(at) if self.below[at].1 > 1 => self.below[at].1 -= 1,
            Ok(at) => _ = self.below.remove(at),
            Err(_) => debug_assert!(false, "an entity was not counted above"),
        }
    }

    fn total(&self, wanted: &Matching) -> usize {
        let own = self.signature.is_some_and(|signature| wanted.has(signature));
        let below = self
            .below
            .iter()
            .filter(|(signature, _)| wanted.has(*signature))
            .map(|(_, count)| *count as usize)
            .sum::<usize>();
        usize::from(own) + below
    }
}
