//! Which entities of a scene stand in which frame, so that a frame that moves finds them.

use chronoscope_frame::FrameId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::SceneKey;

/// Entities by the frame that they stand in.
#[derive(Default)]
pub(super) struct Standing {
    by_frame: FxHashMap<FrameId, FxHashSet<SceneKey>>,
    num_keys: usize,
}

impl Standing {
    /// Notes that an entity stands in a frame, if in any.
    pub(super) fn insert(&mut self, frame: Option<FrameId>, key: SceneKey) {
        if let Some(frame) = frame {
            let is_new = self.by_frame.entry(frame).or_default().insert(key);
            self.num_keys += usize::from(is_new);
        }
    }

    /// Notes that an entity no longer stands in a frame.
    pub(super) fn remove(&mut self, frame: Option<FrameId>, key: SceneKey) {
        if let Some(frame) = frame
            && let Some(keys) = self.by_frame.get_mut(&frame)
        {
            self.num_keys -= usize::from(keys.remove(&key));
            if keys.is_empty() {
                self.by_frame.remove(&frame);
            }
        }
    }

    /// What stands in a frame, in no order.
    pub(super) fn in_frame(&self, frame: FrameId) -> impl Iterator<Item = SceneKey> {
        self.by_frame.get(&frame).into_iter().flatten().copied()
    }

    /// Heap bytes; an estimate of the sets. Cost: constant.
    pub(super) fn bytes(&self) -> usize {
        self.num_keys * size_of::<SceneKey>()
            + self.by_frame.capacity() * size_of::<(FrameId, FxHashSet<SceneKey>)>()
    }
}
