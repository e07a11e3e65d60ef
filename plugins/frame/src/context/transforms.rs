//! Where entities stand: the transforms of the entity tree, composed in f64.
//!
//! Only entities that have a transform are nodes; all others stand where the nearest node above them does. At a moved cursor only the
//! subtrees below changed transforms are composed anew.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkStore, ComponentId, EntityId, EntityPath, Hit};
use chronoscope_types::{ReadError, Transform3D, enums::TransformRelation, read};
use glam::{DAffine3, DMat3, DQuat, DVec3};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::{LatestAtResults, RecordingKey, Report, query_results::EntityResults};

/// The transforms at the cursor.
#[derive(Resource, Default)]
pub struct Transforms {
    recording: Option<RecordingKey>,
    /// The epoch of the latest-at results that these were made from.
    epoch: u64,
    nodes: Vec<Node>,
    node_of: FxHashMap<EntityId, usize>,
    changed: Vec<EntityId>,
    version: u64,
    structure_version: u64,
    reports: BTreeMap<EntityPath, Report>,
}

struct Node {
    entity: EntityId,
    /// The number of entities above it.
    depth: usize,
    parent: Option<usize>,
    children: Vec<usize>,
    parent_from_entity: DAffine3,
    world_from_entity: DAffine3,
    /// The version at which the composed transform last changed.
    version: u64,
    /// The version at which it was last composed.
    composed: u64,
}

impl Transforms {
    /// Where an entity stands: from its space to that of the root.
    pub fn world_from_entity(&self, store: &ChunkStore, entity: EntityId) -> DAffine3 {
        self.nearest(store, entity)
            .map_or(DAffine3::IDENTITY, |node| node.world_from_entity)
    }

    /// Where an entity stands, seen from another: from the entity's space to that of `origin`.
    ///
    /// `None` where the origin's space is flat (a scale of zero), so that there is no way back from the root.
    pub fn origin_from_entity(
        &self,
        store: &ChunkStore,
        origin: Option<EntityId>,
        entity: EntityId,
    ) -> Option<DAffine3> {
        let world_from_entity = self.world_from_entity(store, entity);
        let Some(origin) = origin else {
            return Some(world_from_entity);
        };
        let world_from_origin = self.world_from_entity(store, origin);
        if world_from_origin == DAffine3::IDENTITY {
            return Some(world_from_entity);
        }
        let inverse = world_from_origin.inverse();
        inverse.is_finite().then(|| inverse * world_from_entity)
    }

    /// The entity whose transform an entity stands by: the nearest at or above it that has one. It changes only with
    /// [`Self::structure_version`].
    pub fn nearest_node(&self, store: &ChunkStore, entity: EntityId) -> Option<EntityId> {
        self.nearest(store, entity).map(|node| node.entity)
    }

    /// The version at which the composed transform of an entity last changed; zero where no transform is at or above it.
    pub fn version_of(&self, store: &ChunkStore, entity: EntityId) -> u64 {
        self.nearest(store, entity).map_or(0, |node| node.version)
    }

    /// Grows with each change of any transform.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows when an entity gets its first transform, or all of them are read anew: what [`Self::nearest_node`] found before
    /// may be another one now.
    pub fn structure_version(&self) -> u64 {
        self.structure_version
    }

    /// The entities with a transform that stand elsewhere than in the frame before, new ones among them. What hangs on them
    /// moved with them. In no order.
    pub fn changed_nodes(&self) -> &[EntityId] {
        &self.changed
    }

    /// Whether some transform changed in this frame.
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The transforms that could not be read, ordered by path.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
    }

    fn nearest(&self, store: &ChunkStore, entity: EntityId) -> Option<&Node> {
        if self.nodes.is_empty() {
            return None;
        }
        store
            .tree()
            .ancestors(entity)
            .find_map(|entity| self.node_of.get(&entity))
            .and_then(|at| self.nodes.get(*at))
    }

    /// Composes what changed. Returns how many transforms were composed.
    ///
    /// Cost: the entities whose rows changed, and the nodes below those whose transforms did.
    pub fn update(
        &mut self,
        recording: Option<RecordingKey>,
        store: Option<&ChunkStore>,
        latest_at: &LatestAtResults,
    ) -> usize {
        self.changed.clear();
        let reset = self.recording != recording || self.epoch != latest_at.epoch();
        if reset {
            *self = Self {
                recording,
                epoch: latest_at.epoch(),
                version: self.version + 1,
                structure_version: self.structure_version + 1,
                ..Self::default()
            };
        }
        let Some(store) = store else { return 0 };
        let Some(components) = Components::of(store) else {
            return 0;
        };
        let candidates: Vec<EntityId> = if reset {
            latest_at.entities().collect()
        } else {
            latest_at.changed().to_vec()
        };

        let mut dirty = Vec::new();
        let mut new = Vec::new();
        for entity in candidates {
            let known = self.node_of.get(&entity).copied();
            let answer = latest_at.get(entity).filter(|answer| components.any_hit(answer));
            if known.is_none() && answer.is_none() {
                continue;
            }
            let local = self.read(store.entity_path(entity), &components, answer);
            match known {
                Some(at) => {
                    if self.nodes[at].parent_from_entity != local {
                        self.nodes[at].parent_from_entity = local;
                        dirty.push(at);
                    }
                }
                None => {
                    let at = self.nodes.len();
                    self.node_of.insert(entity, at);
                    new.push(at);
                    dirty.push(at);
                    self.nodes.push(Node {
                        entity,
                        depth: store.tree().ancestors(entity).count(),
                        parent: None,
                        children: Vec::new(),
                        parent_from_entity: local,
                        world_from_entity: DAffine3::IDENTITY,
                        version: 0,
                        composed: 0,
                    });
                }
            }
        }
        if dirty.is_empty() {
            return 0;
        }
        self.version += 1;
        if !new.is_empty() {
            self.structure_version += 1;
            self.link(store, &new, &mut dirty);
        }
        self.compose(dirty)
    }

    /// The transform of an entity to its parent; a report and the identity where it cannot be read.
    fn read(
        &mut self,
        path: &EntityPath,
        components: &Components,
        answer: Option<&EntityResults>,
    ) -> DAffine3 {
        if !self.reports.is_empty() {
            self.reports.remove(path);
        }
        match answer.map(|answer| components.read(answer)) {
            None => DAffine3::IDENTITY,
            Some(Ok(local)) => local,
            Some(Err(message)) => {
                let report = Report::entity_warning("transform", path.clone(), message);
                self.reports.insert(path.clone(), report);
                DAffine3::IDENTITY
            }
        }
    }

    /// Puts new nodes between those that were there. What hangs on another node now is dirty.
    ///
    /// Cost: the entities below the new nodes.
    fn link(&mut self, store: &ChunkStore, new: &[usize], dirty: &mut Vec<usize>) {
        let mut left: FxHashSet<usize> = FxHashSet::default();
        for &at in new {
            let entity = self.nodes[at].entity;
            let mut below = store.tree().descend(entity);
            // The first is the entity itself.
            below.next();
            let below: Vec<usize> = below
                .filter_map(|entity| self.node_of.get(&entity).copied())
                .collect();
            for at in std::iter::once(at).chain(below) {
                let parent = store
                    .tree()
                    .ancestors(self.nodes[at].entity)
                    .skip(1)
                    .find_map(|above| self.node_of.get(&above).copied());
                if self.nodes[at].parent == parent {
                    continue;
                }
                left.extend(self.nodes[at].parent);
                self.nodes[at].parent = parent;
                if let Some(parent) = parent {
                    self.nodes[parent].children.push(at);
                }
                dirty.push(at);
            }
        }
        for parent in left {
            let mut children = std::mem::take(&mut self.nodes[parent].children);
            children.retain(|child| self.nodes[*child].parent == Some(parent));
            self.nodes[parent].children = children;
        }
    }

    /// Composes the subtrees of these nodes, parents first, so that no node is composed twice. Returns how many were.
    fn compose(&mut self, mut dirty: Vec<usize>) -> usize {
        dirty.sort_unstable_by_key(|at| (self.nodes[*at].depth, *at));
        let mut composed_nodes = 0;
        let mut stack = Vec::new();
        for root in dirty {
            stack.push(root);
            while let Some(at) = stack.pop() {
                if self.nodes[at].composed == self.version {
                    continue;
                }
                let parent = self.nodes[at]
                    .parent
                    .map_or(DAffine3::IDENTITY, |parent| self.nodes[parent].world_from_entity);
                let version = self.version;
                let node = &mut self.nodes[at];
                node.composed = version;
                composed_nodes += 1;
                let composed = parent * node.parent_from_entity;
                if composed != node.world_from_entity || node.version == 0 {
                    node.world_from_entity = composed;
                    node.version = version;
                    self.changed.push(node.entity);
                    stack.extend(node.children.iter().copied());
                }
            }
        }
        composed_nodes
    }
}

/// The components of transforms that a store knows.
pub(crate) fn components(store: &ChunkStore) -> SmallVec<[ComponentId; 6]> {
    let components = Components::of(store);
    components.iter().flat_map(Components::all).flatten().collect()
}

/// The transform to the parent's space that rows give; `None` where they give none, or it cannot be read.
pub(crate) fn parent_from_entity(store: &ChunkStore, rows: &EntityResults) -> Option<DAffine3> {
    Components::of(store)?.read(rows).ok()
}

/// The components of a transform, as one store calls them.
struct Components {
    translation: Option<ComponentId>,
    rotation_axis_angle: Option<ComponentId>,
    quaternion: Option<ComponentId>,
    scale: Option<ComponentId>,
    mat3x3: Option<ComponentId>,
    relation: Option<ComponentId>,
}

impl Components {
    fn of(store: &ChunkStore) -> Option<Self> {
        let id = |name: &str| store.component_id(name);
        let components = Self {
            translation: id(&Transform3D::TRANSLATION),
            rotation_axis_angle: id(&Transform3D::ROTATION_AXIS_ANGLE),
            quaternion: id(&Transform3D::QUATERNION),
            scale: id(&Transform3D::SCALE),
            mat3x3: id(&Transform3D::MAT3X3),
            relation: id(&Transform3D::RELATION),
        };
        let any = components.all().flatten().next().is_some();
        any.then_some(components)
    }

    fn all(&self) -> impl Iterator<Item = Option<ComponentId>> {
        [
            self.translation,
            self.rotation_axis_angle,
            self.quaternion,
            self.scale,
            self.mat3x3,
            self.relation,
        ]
        .into_iter()
    }

    fn any_hit(&self, latest_at: &EntityResults) -> bool {
        self.all().flatten().any(|id| latest_at.hit(id).is_some())
    }

    /// The transform from the entity's space to its parent's: translation, then rotations, then scale, then matrix, applied to a
    /// point from the last to the first.
    fn read(&self, latest_at: &EntityResults) -> Result<DAffine3, String> {
        let cell = |id: Option<ComponentId>| id.and_then(|id| latest_at.hit(id)).map(Hit::cell);
        let fail = |error: ReadError| error.to_string();
        let mut transform = DAffine3::IDENTITY;
        if let Some(array) = cell(self.translation)
            && let Some(t) = read::positions3d(&array).map_err(fail)?.first()
        {
            transform = DAffine3::from_translation(dvec3(*t));
        }
        if let Some(array) = cell(self.rotation_axis_angle)
            && let Some(rotation) = read::rotations_axis_angle(&array).map_err(fail)?.first()
        {
            let axis = dvec3(rotation.axis).try_normalize();
            match axis {
                Some(axis) => {
                    transform *= DAffine3::from_quat(DQuat::from_axis_angle(axis, f64::from(rotation.angle)));
                }
                None if rotation.angle == 0.0 => {}
                None => return Err("the rotation axis has no length".to_owned()),
            }
        }
        if let Some(array) = cell(self.quaternion)
            && let Some(q) = read::quaternions(&array).map_err(fail)?.first()
        {
            let quaternion = DQuat::from_array(q.map(f64::from));
            let length = quaternion.length();
            if !length.is_finite() || length < 1e-9 {
                return Err("the quaternion has no length".to_owned());
            }
            transform *= DAffine3::from_quat(quaternion / length);
        }
        if let Some(array) = cell(self.scale)
            && let Some(scale) = read::scales3d(&array).map_err(fail)?.first()
        {
            transform *= DAffine3::from_scale(dvec3(*scale));
        }
        if let Some(array) = cell(self.mat3x3)
            && let Some(columns) = read::mat3x3s(&array).map_err(fail)?.first()
        {
            transform *= DAffine3::from_mat3(DMat3::from_cols_array(&columns.map(f64::from)));
        }
        if !transform.is_finite() {
            return Err("the transform is not finite".to_owned());
        }
        if let Some(array) = cell(self.relation)
            && let Some(relation) = read::transform_relations(&array).map_err(fail)?.first()
            && *relation == TransformRelation::ChildFromParent
        {
            let inverse = transform.inverse();
            if !inverse.is_finite() {
                return Err(
                    "the transform is given from the parent to the child, and cannot be inverted".to_owned(),
                );
            }
            transform = inverse;
        }
        Ok(transform)
    }
}

fn dvec3(v: [f32; 3]) -> DVec3 {
    DVec3::from_array(v.map(f64::from))
}
