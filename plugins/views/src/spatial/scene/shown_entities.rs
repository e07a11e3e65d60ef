//! The entities that a scene shows, each at a place that it keeps: what all of them have stands side by side, and is found by a table
//! that is small.

use rustc_hash::FxHashMap;

use super::{SceneKey, Shown};

/// The entities that a scene shows.
#[derive(Default)]
pub(super) struct ShownEntities {
    places: FxHashMap<SceneKey, u32>,
    /// By their places; `None` where one is free.
    shown: Vec<Option<Shown>>,
    free: Vec<u32>,
}

impl ShownEntities {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn get(&self, key: &SceneKey) -> Option<&Shown> {
        let place = *self.places.get(key)?;
        self.shown.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: &SceneKey) -> Option<&mut Shown> {
        let place = *self.places.get(key)?;
        self.shown.get_mut(place as usize)?.as_mut()
    }

    /// Adds an entity, or puts it in the place of what is shown of it.
    pub(super) fn insert(&mut self, key: SceneKey, shown: Shown) {
        let Self {
            places,
            shown: all,
            free,
        } = self;
        let place = *places.entry(key).or_insert_with(|| {
            free.pop().unwrap_or_else(|| {
                all.push(None);
                all.len() as u32 - 1
            })
        });
        self.shown[place as usize] = Some(shown);
    }

    pub(super) fn remove(&mut self, key: &SceneKey) -> Option<Shown> {
        let place = self.places.remove(key)?;
        let shown = self.shown[place as usize].take();
        if self.places.is_empty() {
            // What was shown once and is gone takes no memory.
            *self = Self::default();
        } else {
            self.free.push(place);
        }
        shown
    }

    /// The entities, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &SceneKey> {
        self.places.keys()
    }

    /// What is shown, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &Shown> {
        self.shown.iter().flatten()
    }

    /// The heap bytes of the lists. Cost: constant.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<(SceneKey, u32)>()
            + self.shown.capacity() * size_of::<Option<Shown>>()
            + self.free.capacity() * size_of::<u32>()
    }
}
