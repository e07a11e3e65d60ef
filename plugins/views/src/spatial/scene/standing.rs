//! Which entities of a scene stand in which frame, so that a frame that moves finds them.

use chronoscope_frame::FrameId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::SceneKey;

/// The frames that an entity moves with: its own, and, in a 3D view, that of the camera in whose picture it is shown, where
/// that is another one.
pub(super) type Frames = [Option<FrameId>; 2];

/// Entities by the frames that they move with.
#[derive(Default)]
pub(super) struct Standing {
    by_frame: FxHashMap<FrameId, FxHashSet<SceneKey>>,
    num_keys: usize,
}

impl Standing {
    /// Notes that an entity moves with some frames.
    pub(super) fn insert(&mut self, frames: Frames, key: SceneKey) {
        for frame in frames.into_iter().flatten() {
            let is_new = self.by_frame.entry(frame).or_default().insert(key);
            self.num_keys += usize::from(is_new);
        }
    }

    /// Notes that an entity no longer moves with some frames.
    pub(super) fn remove(&mut self, frames: Frames, key: SceneKey) {
        for frame in frames.into_iter().flatten() {
            if let Some(keys) = self.by_frame.get_mut(&frame) {
                self.num_keys -= usize::from(keys.remove(&key));
                if keys.is_empty() {
                    self.by_frame.remove(&frame);
                }
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
