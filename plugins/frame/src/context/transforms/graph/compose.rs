//! Composes the transforms of what changed, and finds cycles.

use chronoscope_store::ChunkStore;
use glam::DAffine3;
use rustc_hash::FxHashMap;

use super::{Composed, Edge, FrameGraph, name_of};
use crate::{
    Report,
    context::transforms::{FrameId, Placement, Tree},
};

impl FrameGraph {
    /// Finds the frames whose parents form a cycle. A cycle that is new has a frame that hangs
    /// elsewhere than before.
    pub(super) fn find_cycles(&mut self, store: &ChunkStore, mut from: Vec<usize>) {
        let mut before = std::mem::take(&mut self.cyclic);
        for &at in &before {
            self.frames[at].is_cyclic = false;
            self.dirty.push(at);
            from.push(at);
            if self.frames[at].edge != Edge::Broken {
                self.problems.remove(&at);
            }
        }
        // The walk that came to each frame first.
        let mut marks: FxHashMap<usize, usize> = FxHashMap::default();
        for (walk, start) in from.into_iter().enumerate() {
            let mut at = Some(start);
            while let Some(here) = at {
                match marks.get(&here) {
                    None => {
                        marks.insert(here, walk);
                        at = self.frames[here].parent;
                    }
                    Some(mark) => {
                        if *mark == walk {
                            self.take_cycle(store, here);
                        }
                        break;
                    }
                }
            }
        }
        before.sort_unstable();
        let mut now = self.cyclic.clone();
        now.sort_unstable();
        self.structure_version += u64::from(before != now);
        self.cuts_version += u64::from(before != now);
    }

    /// Cuts the frames of a cycle whose rows give their parents. The others are below them wherever they are
    /// in the graph, and need not be in it: what is in the frame of a path depends on data alone.
    fn take_cycle(&mut self, store: &ChunkStore, start: usize) {
        let mut cycle = vec![start];
        let mut at = self.frames[start].parent;
        while let Some(here) = at.filter(|at| *at != start) {
            cycle.push(here);
            at = self.frames[here].parent;
        }
        cycle.retain(|at| matches!(self.frames[*at].edge, Edge::Named(..)));
        let mut names: Vec<String> = cycle
            .iter()
            .map(|at| name_of(store, &self.frames[*at].key))
            .collect();
        names.sort();
        let owner = |at: &usize| Some((store.entity_path(self.source_entity(*at)?), *at));
        if let Some((path, at)) = cycle.iter().filter_map(owner).min() {
            let message = format!("the parents of frames form a cycle: {}", names.join(", "));
            let report = Report::entity_warning("transform", path.clone(), message);
            self.problems.insert(at, report);
        }
        for at in cycle {
            self.frames[at].is_cyclic = true;
            self.dirty.push(at);
            self.cyclic.push(at);
        }
    }

    /// Composes what is dirty and what hangs on it, parents first, so that no frame is composed twice.
    pub(super) fn compose(&mut self, store: &ChunkStore, version: u64) -> Composed {
        self.pass += 1;
        let mut composed = Composed::default();
        let pass = self.pass;
        let mut starts = std::mem::take(&mut self.dirty);
        starts.sort_unstable();
        starts.dedup();
        for at in &starts {
            self.frames[*at].dirtied = pass;
        }
        let mut below = Vec::new();
        let mut chain = Vec::new();
        for start in &starts {
            // What is above was looked at, or is looked at now, from the top down.
            let mut at = Some(*start);
            while let Some(here) = at.filter(|at| self.frames[*at].visited != pass) {
                self.frames[here].visited = pass;
                chain.push(here);
                at = self.parent_of(here);
            }
            while let Some(at) = chain.pop() {
                let has_moved = |parent: usize| self.frames[parent].moved == pass;
                if (self.frames[at].dirtied == pass || self.parent_of(at).is_some_and(has_moved))
                    && self.compose_one(store, at, version, &mut composed)
                {
                    self.frames[at].moved = pass;
                    below.push(at);
                }
            }
        }
        starts.clear();
        self.dirty = starts;
        while let Some(above) = below.pop() {
            for at in 0..self.frames[above].children.len() {
                let child = self.frames[above].children[at];
                if self.frames[child].composed != pass
                    && !self.frames[child].is_cyclic
                    && self.compose_one(store, child, version, &mut composed)
                {
                    below.push(child);
                }
            }
        }
        composed
    }

    /// What a frame hangs on; `None` where the graph is cut there.
    fn parent_of(&self, at: usize) -> Option<usize> {
        self.frames[at].parent.filter(|_| !self.frames[at].is_cyclic)
    }

    /// Returns whether what is in the frame stands elsewhere than before.
    fn compose_one(&mut self, store: &ChunkStore, at: usize, version: u64, composed: &mut Composed) -> bool {
        let was_overflow = self.overflows.remove(&at).is_some();
        composed.frames += 1;
        let frame = &self.frames[at];
        let id = FrameId(at as u32);
        let own_tree = Placement {
            tree: Tree::Frame(id),
            tree_from_frame: DAffine3::IDENTITY,
        };
        let above = self.parent_of(at).map(|parent| &self.frames[parent]);
        let outer = match (&frame.edge, above) {
            _ if frame.is_cyclic => own_tree,
            (Edge::Broken | Edge::Root, _) => own_tree,
            (edge, above) => {
                let base = above.map_or(Placement::WORLD, |parent| parent.placement);
                Placement {
                    tree: base.tree,
                    tree_from_frame: base.tree_from_frame * edge.parent_from_frame(),
                }
            }
        };
        let is_finite = outer.tree_from_frame.is_finite();
        let outer = if is_finite { outer } else { own_tree };
        self.cuts_version += u64::from(was_overflow == is_finite);
        let placement = if frame.pinhole.is_some() {
            Placement {
                tree: Tree::Image(id),
                tree_from_frame: DAffine3::IDENTITY,
            }
        } else {
            outer
        };
        // What is new where it changes nothing has the version of what was there.
        let (before, version_before) = match (frame.version, above) {
            (0, Some(above)) => (Some(above.placement), above.version),
            (0, None) => (None, version),
            _ => (Some(frame.placement), frame.version),
        };
        let tree_version = match (frame.version, above) {
            (0, Some(above)) if above.placement.tree == placement.tree => above.tree_version,
            // What lies in the picture of a camera is in another tree, too, where the camera is.
            (1.., _) if frame.placement.tree == placement.tree && frame.outer().tree == outer.tree => {
                frame.tree_version
            }
            _ => version,
        };
        if !is_finite {
            let entity = self.source_entity(at).unwrap_or_else(|| store.tree().root());
            let message = format!(
                "the transform of {} to the root is not finite",
                name_of(store, &self.frames[at].key)
            );
            let report = Report::entity_warning("transform", store.entity_path(entity).clone(), message);
            self.overflows.insert(at, report);
        }
        let frame = &self.frames[at];
        let is_new = frame.version == 0;
        let has_moved = before != Some(placement);
        let pass = self.pass;
        let frame = &mut self.frames[at];
        // What is in a picture stays in its tree, though the camera comes into another one.
        let is_camera_elsewhere = frame.pinhole.is_some() && frame.outer().tree != outer.tree;
        self.cuts_version += u64::from(is_camera_elsewhere);
        // A camera may turn, or become another, though its picture stays where it is.
        let is_other = frame.outer() != outer || frame.pinhole_version == version;
        frame.beneath = frame.pinhole.is_some().then(|| Box::new(outer));
        (frame.placement, frame.composed) = (placement, pass);
        frame.tree_version = tree_version;
        frame.version = if has_moved { version } else { version_before.max(1) };
        if has_moved || is_new || is_other {
            composed.moved.push(id);
        }
        has_moved
    }
}
