//! What is above what, for contexts: the implicit frames that are not in the graph are between those that
//! are.

use chronoscope_store::{ChunkStore, EntityId};

use super::{Edge, FrameGraph, FrameKey};

/// A frame that contexts hold for: any implicit frame, in the graph or not, or another one of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::context) enum ContextFrame {
    Path(EntityId),
    InGraph(usize),
}

impl FrameGraph {
    /// A frame of the graph as contexts know it.
    pub(in crate::context::transforms) fn context_frame(&self, at: usize) -> ContextFrame {
        match self.frames[at].key {
            FrameKey::Path(entity) => ContextFrame::Path(entity),
            FrameKey::UnknownPath(_) | FrameKey::Name(_) => ContextFrame::InGraph(at),
        }
    }

    /// The frame above one, whether it is in the graph or not; `None` at a root, and where the graph is cut.
    pub(in crate::context::transforms) fn above(
        &self,
        store: &ChunkStore,
        frame: ContextFrame,
    ) -> Option<ContextFrame> {
        let at = match frame {
            ContextFrame::Path(entity) => self.find_entity(entity),
            ContextFrame::InGraph(at) => Some(at),
        };
        let above_entity = |entity| store.tree().parent(entity).map(ContextFrame::Path);
        let Some(frame) = at.map(|at| &self.frames[at]) else {
            return match frame {
                ContextFrame::Path(entity) => above_entity(entity),
                ContextFrame::InGraph(_) => None,
            };
        };
        match (&frame.edge, &frame.key) {
            _ if frame.is_cyclic => None,
            (Edge::Named(parent, _), _) => Some(self.context_frame(*parent)),
            (Edge::Above(_), FrameKey::Path(entity)) => above_entity(*entity),
            (Edge::Above(_), FrameKey::UnknownPath(path)) => {
                let mut above = path.ancestors().skip(1);
                above.find_map(|path| match store.entity_id(&path) {
                    Some(entity) => Some(ContextFrame::Path(entity)),
                    None => self
                        .by_unknown_path
                        .get(&path)
                        .copied()
                        .map(ContextFrame::InGraph),
                })
            }
            (Edge::Above(_), FrameKey::Name(_)) | (Edge::Root | Edge::Broken, _) => None,
        }
    }
}
