//! Which entities of a scene stand in which frame, so that a frame that moves finds them.

use chronoscope_frame::FrameId;
use rustc_hash::FxHashSet;

use super::SceneKey;

/// The frames that an entity moves with: its own, and, in a 3D view, that of the camera in whose picture it is shown, where
/// that is another one.
pub(super) type Frames = [Option<FrameId>; 2];

/// Entities by the frames that they move with.
#[derive(Default)]
pub(super) struct Standing {
    /// By the index of the frame, up to the last one that anything moves with.
    by_frame: Vec<Standers>,
    num_keys: usize,
}

/// What moves with a frame: most often one entity, which needs no set.
#[derive(Default)]
enum Standers {
    #[default]
    Nobody,
    One(SceneKey),
    Many(FxHashSet<SceneKey>),
}

impl Standing {
    /// Notes that an entity moves with some frames.
    pub(super) fn insert(&mut self, frames: Frames, key: SceneKey) {
        for frame in frames.into_iter().flatten() {
            if self.by_frame.len() <= frame.index() {
                self.by_frame.resize_with(frame.index() + 1, Standers::default);
            }
            self.num_keys += usize::from(self.by_frame[frame.index()].insert(key));
        }
    }

    /// Notes that an entity no longer moves with some frames.
    pub(super) fn remove(&mut self, frames: Frames, key: SceneKey) {
        for frame in frames.into_iter().flatten() {
            if let Some(standers) = self.by_frame.get_mut(frame.index()) {
                self.num_keys -= usize::from(standers.remove(key));
            }
        }
    }

    /// What stands in a frame, in no order.
    pub(super) fn in_frame(&self, frame: FrameId) -> impl Iterator<Item = SceneKey> {
        let (one, many) = match self.by_frame.get(frame.index()) {
            None | Some(Standers::Nobody) => (None, None),
            Some(Standers::One(key)) => (Some(*key), None),
            Some(Standers::Many(keys)) => (None, Some(keys)),
        };
        one.into_iter().chain(many.into_iter().flatten().copied())
    }

    /// Heap bytes; an estimate of the sets. Cost: constant.
    pub(super) fn bytes(&self) -> usize {
        self.num_keys * size_of::<SceneKey>() + self.by_frame.capacity() * size_of::<Standers>()
    }
}

impl Standers {
    /// Returns whether it was not there.
    fn insert(&mut self, key: SceneKey) -> bool {
        match self {
            Self::Nobody => *self = Self::One(key),
            Self::One(known) if *known == key => return false,
            Self::One(known) => *self = Self::Many(FxHashSet::from_iter([*known, key])),
            Self::Many(keys) => return keys.insert(key),
        }
        true
    }

    /// Returns whether it was there.
    fn remove(&mut self, key: SceneKey) -> bool {
        let was_there = match self {
            Self::Nobody => false,
            Self::One(known) => *known == key,
            Self::Many(keys) => {
                let was_there = keys.remove(&key);
                if !keys.is_empty() {
                    return was_there;
                }
                was_there
            }
        };
        if was_there {
            *self = Self::Nobody;
        }
        was_there
    }
}
