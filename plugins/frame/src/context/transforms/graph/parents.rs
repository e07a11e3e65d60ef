//! What frames hang on, by what rows say of them.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use glam::DAffine3;
use rustc_hash::FxHashSet;

use super::{Edge, Frame, FrameGraph, FrameKey, LoggedPinhole, name_of, only};
use crate::Report;

impl FrameGraph {
    /// Decides what holds among the things that rows say about a frame.
    pub(super) fn resolve(&mut self, store: &ChunkStore, at: usize, version: u64, relink: &mut Vec<usize>) {
        if self.takes_pose(at) {
            return;
        }
        let was_problem = self.problems.remove(&at).is_some();
        let transform = match only(&self.frames[at].transforms, |logged| {
            (logged.entity, logged.is_static)
        }) {
            Ok(logged) => Ok(logged.cloned()),
            Err(entities) => Err(self.doubled(store, at, &entities, "the frame")),
        };
        let pinhole = match only(&self.frames[at].pinholes, |logged| {
            (logged.entity, logged.is_static)
        }) {
            Ok(logged) => Ok(logged.cloned()),
            Err(entities) => Err(self.doubled(store, at, &entities, "the camera of the frame")),
        };
        let about = |entity, message: &str| {
            Report::entity_warning("transform", store.entity_path(entity).clone(), message)
        };
        let (edge, camera, problem) = match (transform, pinhole) {
            (Err(problem), pinhole) => (Edge::Broken, pinhole.ok().flatten(), Some(problem)),
            (_, Err(problem)) => (Edge::Broken, None, Some(problem)),
            (Ok(transform), Ok(pinhole)) => {
                let parent = transform.as_ref().and_then(|logged| logged.parent.clone());
                let parent = parent.or_else(|| pinhole.as_ref()?.parent.clone());
                let source = transform.as_ref().map(|logged| logged.entity);
                let source = source.or_else(|| Some(pinhole.as_ref()?.entity));
                let pose = match transform {
                    None => Ok(DAffine3::IDENTITY),
                    Some(logged) => logged
                        .parent_from_frame
                        .map_err(|message| (logged.entity, message)),
                };
                match pose {
                    Ok(pose) => (self.edge(store, at, source, parent, pose), pinhole, None),
                    Err((entity, message)) => (Edge::Broken, pinhole, Some(about(entity, &message))),
                }
            }
        };
        let (edge, camera, problem) = match camera {
            None => (edge, None, problem),
            Some(LoggedPinhole {
                pinhole: Ok(pinhole), ..
            }) => (edge, Some(pinhole), problem),
            Some(LoggedPinhole {
                entity,
                pinhole: Err(message),
                ..
            }) => {
                let problem = problem.or_else(|| Some(about(entity, &message)));
                (Edge::Broken, None, problem)
            }
        };
        self.cuts_version += u64::from(was_problem != problem.is_some());
        if let Some(problem) = problem {
            self.problems.insert(at, problem);
        }
        let frame = &mut self.frames[at];
        if frame.pinhole != camera {
            frame.pinhole = camera;
            frame.pinhole_version = version;
            self.dirty.push(at);
        }
        let is_same_parent = match (&frame.edge, &edge) {
            (Edge::Named(before, _), Edge::Named(now, _)) => before == now,
            (before, now) => std::mem::discriminant(before) == std::mem::discriminant(now),
        };
        self.structure_version += u64::from(!is_same_parent);
        let hangs_elsewhere = !is_same_parent || frame.version == 0 || frame.is_cyclic;
        if hangs_elsewhere {
            relink.push(at);
        }
        if hangs_elsewhere || frame.edge != edge {
            frame.edge = edge;
            self.dirty.push(at);
        }
    }

    /// Takes what a row says of the frame of its own entity, where that hung on the path above before and does now, as most frames do
    /// that move. Returns whether that is all.
    fn takes_pose(&mut self, at: usize) -> bool {
        let Frame {
            key: FrameKey::Path(entity),
            transforms,
            pinholes,
            edge: Edge::Above(before),
            pinhole: None,
            is_cyclic: false,
            version: 1..,
            ..
        } = &mut self.frames[at]
        else {
            return false;
        };
        let ([logged], []) = (transforms.as_slice(), pinholes.as_slice()) else {
            return false;
        };
        let Ok(pose) = &logged.parent_from_frame else {
            return false;
        };
        if logged.entity != *entity || logged.parent.is_some() || self.problems.contains_key(&at) {
            return false;
        }
        if before != pose {
            *before = *pose;
            self.dirty.push(at);
        }
        true
    }

    /// How a frame hangs on its parent, whose name the row of the entity `source` gives.
    fn edge(
        &mut self,
        store: &ChunkStore,
        at: usize,
        source: Option<EntityId>,
        parent: Option<Arc<str>>,
        pose: DAffine3,
    ) -> Edge {
        let parent = match (&self.frames[at].key, source, parent) {
            (_, _, Some(parent)) => self.frame(Self::key_of(store, &parent)),
            (FrameKey::Path(_) | FrameKey::UnknownPath(_), None, None) => return Edge::Above(pose),
            (FrameKey::Path(entity), Some(source), None) if source == *entity => return Edge::Above(pose),
            // A row that names no parent means the path above its entity.
            (_, Some(source), None) => self.frame_of_entity(store.tree().parent(source).unwrap_or(source)),
            (FrameKey::Name(_), None, None) => return Edge::Root,
        };
        self.has_named_parents = true;
        Edge::Named(parent, pose)
    }

    fn doubled(&self, store: &ChunkStore, at: usize, entities: &[EntityId], what: &str) -> Report {
        let mut paths: Vec<&EntityPath> = entities.iter().map(|entity| store.entity_path(*entity)).collect();
        paths.sort();
        let list: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
        let message = format!(
            "{what} {} is placed by {} entities: {}",
            name_of(store, &self.frames[at].key),
            paths.len(),
            list.join(", ")
        );
        let first = paths
            .first()
            .map_or_else(EntityPath::root, |path| (*path).clone());
        Report::entity_warning("transform", first, message)
    }

    /// Hangs frames on their parents, new ones between those that were there.
    ///
    /// Cost: the entities below new frames, and the frames above those that hang elsewhere.
    pub(super) fn relink(&mut self, store: &ChunkStore, new: &[usize], mut relink: Vec<usize>) {
        for &at in new {
            let unknown = &self.by_unknown_path;
            let below = |path: EntityPath| {
                let from = unknown.range(path.clone()..);
                from.take_while(move |(below, _)| below.starts_with(&path))
                    .map(|(_, at)| *at)
            };
            match &self.frames[at].key {
                FrameKey::Path(entity) => {
                    // The first is the entity itself.
                    let known = store.tree().descend(*entity).skip(1);
                    relink.extend(known.filter_map(|entity| self.by_entity.get(&entity).copied()));
                    relink.extend(below(store.entity_path(*entity).clone()));
                }
                FrameKey::UnknownPath(path) => relink.extend(below(path.clone())),
                FrameKey::Name(_) => {}
            }
        }
        if relink.is_empty() {
            return;
        }
        let mut left: FxHashSet<usize> = FxHashSet::default();
        for &at in &relink {
            let parent = match self.frames[at].edge {
                Edge::Root | Edge::Broken => None,
                Edge::Above(_) => match &self.frames[at].key {
                    FrameKey::Path(entity) => {
                        let above = store.tree().parent(*entity);
                        above.and_then(|above| self.nearest(store, above))
                    }
                    FrameKey::UnknownPath(path) => path
                        .parent()
                        .and_then(|above| self.nearest_of_path(store, &above)),
                    FrameKey::Name(_) => None,
                },
                Edge::Named(parent, _) => Some(parent),
            };
            if self.frames[at].parent == parent {
                continue;
            }
            left.extend(self.frames[at].parent);
            self.frames[at].parent = parent;
            if let Some(parent) = parent {
                self.frames[parent].children.push(at);
            }
            self.dirty.push(at);
        }
        for parent in left {
            let mut children = std::mem::take(&mut self.frames[parent].children);
            children.retain(|child| self.frames[*child].parent == Some(parent));
            children.sort_unstable();
            children.dedup();
            self.frames[parent].children = children;
        }
        if self.has_named_parents {
            self.find_cycles(store, relink);
        }
    }
}
