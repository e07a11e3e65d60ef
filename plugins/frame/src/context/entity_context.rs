//! Values that hold for an entity and for what is below it, open to plugins.

use std::{any::Any, collections::BTreeMap};

use chronoscope_store::{ChunkStore, ComponentId, EntityId, EntityPath, Hit, arrow::ArrayRef};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Transforms;
use crate::{LatestAtResults, RecordingKey, Report, query_results::EntityResults};

/// A value that holds for an entity and for what is below it.
///
/// Its components are looked up for every entity that has them, whether a view shows it or not. It is read
/// anew only where rows changed, and below.
pub trait EntityContext: Send + Sync + 'static {
    /// The name, by which visualizers say that they read it: `AnnotationContext`.
    const NAME: &'static str;

    /// The components that it is read from: `AnnotationContext:context`.
    const COMPONENTS: &'static [&'static str];

    /// Along which lines it is inherited.
    const INHERIT: Inherit = Inherit::Tree;

    /// What holds. Cheap to clone.
    type Value: Clone + PartialEq + Send + Sync + 'static;

    /// What holds at an entity that has rows at the cursor, given these and what holds above it. A pure
    /// function of both.
    ///
    /// Where an entity has none, what holds above it holds for it too.
    ///
    /// # Errors
    /// Where the rows cannot be read. The report is shown with the entity, and what holds above it holds for
    /// it too.
    fn read(rows: &ContextRows<'_>, above: Option<&Self::Value>) -> Result<Option<Self::Value>, Report>;

    /// The heap bytes of a value, for the memory budget. Those that it shares with the value above count once
    /// for each entity that has rows.
    fn heap_bytes(value: &Self::Value) -> u64 {
        let _ = value;
        0
    }
}

/// Along which lines a context is inherited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inherit {
    /// Along the entity tree: what holds for an entity holds for those below it. For what describes the data.
    Tree,
    /// Along the frame graph: what holds for an entity holds for all that is in its frame, and in the frames
    /// below, whose transforms lead there. For what describes space. Frames that rows do not place are those
    /// of paths, which are below each other as paths are. Several entities with rows in one frame are a
    /// report, and none of them holds.
    Frames,
}

/// The rows of an entity at the cursor, as a context reads them.
pub struct ContextRows<'a> {
    /// The entity's path.
    pub path: &'a EntityPath,
    context: &'static str,
    store: &'a ChunkStore,
    results: Option<&'a EntityResults>,
}

impl<'a> ContextRows<'a> {
    pub(super) fn new(
        context: &'static str,
        path: &'a EntityPath,
        store: &'a ChunkStore,
        results: Option<&'a EntityResults>,
    ) -> Self {
        Self {
            path,
            context,
            store,
            results,
        }
    }

    /// The latest row of a component; `None` where there is none.
    pub fn cell(&self, component: &str) -> Option<ArrayRef> {
        let hit = self.results?.hit(self.store.component_id(component)?);
        hit.map(Hit::cell)
    }

    /// A report about the entity.
    pub fn report(&self, message: impl Into<String>) -> Report {
        Report::entity_warning(self.context, self.path.clone(), message)
    }
}

/// What contexts are read from in one frame.
#[derive(Clone, Copy)]
pub(super) struct ContextInputs<'a> {
    pub(super) recording: Option<RecordingKey>,
    pub(super) store: Option<&'a ChunkStore>,
    /// Those of this frame.
    pub(super) transforms: &'a Transforms,
    pub(super) latest_at: &'a LatestAtResults,
}

/// Tells which entities have rows of a context at the cursor.
pub(super) fn has_rows<'a, T: EntityContext>(
    store: &ChunkStore,
    latest_at: &'a LatestAtResults,
) -> impl Fn(EntityId) -> bool + use<'a, T> {
    let components: SmallVec<[ComponentId; 4]> = T::COMPONENTS
        .iter()
        .filter_map(|name| store.component_id(name))
        .collect();
    move |entity| {
        let results = latest_at.get(entity);
        results.is_some_and(|results| components.iter().any(|id| results.hit(*id).is_some()))
    }
}

/// The values of one context at the cursor.
pub(super) struct ContextValues<T: EntityContext> {
    recording: Option<RecordingKey>,
    epoch: u64,
    nodes: FxHashMap<EntityId, Node<T::Value>>,
    order: BTreeMap<EntityPath, EntityId>,
    version: u64,
    reports: BTreeMap<EntityPath, Report>,
    /// The heap bytes of the values of all nodes.
    value_bytes: u64,
    /// The nodes whose values changed in the last update.
    changed: Vec<EntityId>,
    /// Whether all may have changed in the last update.
    is_reset: bool,
}

/// An entity that has, or had, rows of the context.
#[derive(Clone)]
struct Node<V> {
    value: Option<V>,
    version: u64,
}

impl<T: EntityContext> Default for ContextValues<T> {
    fn default() -> Self {
        Self {
            recording: None,
            epoch: 0,
            nodes: FxHashMap::default(),
            order: BTreeMap::new(),
            version: 0,
            reports: BTreeMap::new(),
            value_bytes: 0,
            changed: Vec::new(),
            is_reset: false,
        }
    }
}

impl<T: EntityContext> ContextValues<T> {
    /// What holds for an entity.
    pub(super) fn value(&self, store: &ChunkStore, entity: EntityId) -> Option<&T::Value> {
        self.nearest(store, entity)?.value.as_ref()
    }

    fn nearest(&self, store: &ChunkStore, entity: EntityId) -> Option<&Node<T::Value>> {
        if self.nodes.is_empty() {
            return None;
        }
        store
            .tree()
            .ancestors(entity)
            .find_map(|entity| self.nodes.get(&entity))
    }

    fn update(&mut self, inputs: ContextInputs<'_>) {
        let ContextInputs {
            recording,
            store,
            latest_at,
            ..
        } = inputs;
        let is_other = self.recording != recording;
        self.changed.clear();
        self.is_reset = is_other;
        if is_other {
            *self = Self {
                recording,
                version: self.version + 1,
                is_reset: true,
                ..Self::default()
            };
        }
        let Some(store) = store else { return };
        let has_rows = has_rows::<T>(store, latest_at);
        // Where all answers were thrown away, what went with them is among the entities that are known.
        let is_reset = self.epoch != latest_at.epoch();
        self.epoch = latest_at.epoch();
        let mut dirty: BTreeMap<EntityPath, EntityId> = BTreeMap::new();
        let mut take = |entity: EntityId| {
            dirty.insert(store.entity_path(entity).clone(), entity);
        };
        if is_reset {
            latest_at
                .entities()
                .filter(|entity| has_rows(*entity))
                .for_each(&mut take);
            self.nodes.keys().copied().for_each(&mut take);
        } else {
            let changed = latest_at.changed().iter().copied();
            changed
                .filter(|entity| self.nodes.contains_key(entity) || has_rows(*entity))
                .for_each(&mut take);
        }
        if dirty.is_empty() {
            return;
        }
        // What held before this update, where that is another value now.
        let mut before: FxHashMap<EntityId, Node<T::Value>> = FxHashMap::default();
        let version = self.version + 1;
        // From above to below, so that nothing is read twice.
        while let Some((path, entity)) = dirty.pop_first() {
            let above = store.tree().parent(entity);
            let above = above.and_then(|above| {
                let mut ancestors = store.tree().ancestors(above);
                ancestors.find_map(|entity| self.nodes.get_key_value(&entity))
            });
            let above_value = above.and_then(|(_, node)| node.value.clone());
            let known = self.nodes.get(&entity);
            let old = match (known, above) {
                (Some(node), _) => Some(node),
                // A new node takes over from the one above it.
                (None, Some((above, node))) => Some(before.get(above).unwrap_or(node)),
                (None, None) => None,
            };
            let rows = ContextRows::new(T::NAME, &path, store, latest_at.get(entity));
            if !self.reports.is_empty() {
                self.reports.remove(&path);
            }
            let read = if has_rows(entity) {
                T::read(&rows, above_value.as_ref())
            } else {
                Ok(above_value.clone())
            };
            let value = match read {
                Ok(value) => value,
                Err(report) => {
                    self.reports.insert(path.clone(), report);
                    above_value
                }
            };
            let old = old.map_or(
                Node {
                    value: None,
                    version: 0,
                },
                Node::clone,
            );
            let is_same = old.value == value;
            if is_same && known.is_some() {
                continue;
            }
            let node = Node {
                version: if is_same { old.version } else { version },
                value,
            };
            self.value_bytes += node.value.as_ref().map_or(0, T::heap_bytes);
            match self.nodes.insert(entity, node) {
                Some(before) => self.value_bytes -= before.value.as_ref().map_or(0, T::heap_bytes),
                None => _ = self.order.insert(path.clone(), entity),
            }
            before.insert(entity, old);
            if !is_same {
                self.changed.push(entity);
                self.version = version;
                let below = self.order.range(path.clone()..).skip(1);
                let below = below.take_while(|(other, _)| other.starts_with(&path));
                dirty.extend(below.map(|(path, entity)| (path.clone(), *entity)));
            }
        }
    }
}

/// A context whose type is not known.
pub(super) trait AnyContext: Any + Send + Sync {
    fn update(&mut self, inputs: ContextInputs<'_>);
    /// The same context without values, whose versions begin here.
    fn emptied(&self, version: u64) -> Box<dyn AnyContext>;
    fn version(&self) -> u64;
    fn version_of(&self, store: &ChunkStore, transforms: &Transforms, entity: EntityId) -> u64;
    /// Adds the entities for which the value changed in the last update. `false` where they are not known.
    fn add_changed(&self, store: &ChunkStore, changed: &mut Vec<EntityId>) -> bool;
    fn reports(&self) -> Vec<&Report>;
    fn heap_bytes(&self) -> u64;
}

impl<T: EntityContext> AnyContext for ContextValues<T> {
    fn update(&mut self, inputs: ContextInputs<'_>) {
        Self::update(self, inputs);
    }

    fn emptied(&self, version: u64) -> Box<dyn AnyContext> {
        Box::new(Self {
            version,
            ..Self::default()
        })
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn version_of(&self, store: &ChunkStore, _transforms: &Transforms, entity: EntityId) -> u64 {
        // Nothing is the same wherever one looks.
        let node = self.nearest(store, entity).filter(|node| node.value.is_some());
        node.map_or(0, |node| node.version)
    }

    fn add_changed(&self, store: &ChunkStore, changed: &mut Vec<EntityId>) -> bool {
        // Below a node, what has a node of its own changed only where that did.
        let mut stack = self.changed.clone();
        while let Some(entity) = stack.pop() {
            changed.push(entity);
            let below = store.tree().children(entity);
            stack.extend(below.filter(|entity| !self.nodes.contains_key(entity)));
        }
        !self.is_reset
    }

    fn reports(&self) -> Vec<&Report> {
        self.reports.values().collect()
    }

    fn heap_bytes(&self) -> u64 {
        let per_node = size_of::<(EntityId, Node<T::Value>)>() + size_of::<(EntityPath, EntityId)>();
        (self.nodes.len() * per_node) as u64 + self.value_bytes
    }
}
