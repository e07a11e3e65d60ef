//! The entities that a scene shows, each at a place that it keeps: what all of them have stands side by side, and is found by a table
//! that is small. The table goes by entities, most of which one visualizer shows, so that all that shows an entity is found at once.

use std::{collections::hash_map::Entry, hint::black_box, sync::Arc};

use chronoscope_frame::ResultKey;
use chronoscope_store::{EntityId, EntityPath};
use glam::DAffine3;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Placed, SceneKey, Shown, lights::Lit, standing::Frames};
use crate::{
    colors,
    spatial::{
        draw_order::depth_tie,
        sources::{SourceId, source_id},
        visual::{AT_ONCE, SpatialVisual},
    },
};

/// The entities that a scene shows.
#[derive(Default)]
pub(super) struct ShownEntities {
    /// What shows an entity, and at which place that is.
    places: FxHashMap<EntityId, Place>,
    /// What else shows it.
    further: FxHashMap<EntityId, Vec<Place>>,
    /// By their places; `None` where one is free.
    shown: Vec<Option<Shown>>,
    free: Vec<u32>,
}

/// What shows an entity, and the position in the list of what is shown.
type Place = (SourceId, u32);

impl ShownEntities {
    pub(super) fn len(&self) -> usize {
        self.shown.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn get(&self, key: &SceneKey) -> Option<&Shown> {
        let place = self.place(*key)?;
        self.shown.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: &SceneKey) -> Option<&mut Shown> {
        let place = self.place(*key)?;
        self.shown.get_mut(place as usize)?.as_mut()
    }

    /// What is shown in the places of visuals of a source, and where that is. Reads what is asked first of both: see [`AT_ONCE`].
    pub(super) fn prefetch_changed<'a>(
        &'a self,
        source: usize,
        changed: &[(ResultKey, Option<Arc<SpatialVisual>>)],
    ) -> SmallVec<[Option<(u32, &'a Shown)>; AT_ONCE]> {
        let found = changed.iter().map(|(result, _)| {
            let place = self.place((source_id(source, result.instruction), result.entity))?;
            Some((place, self.shown.get(place as usize)?.as_ref()?))
        });
        let found: SmallVec<[Option<(u32, &Shown)>; AT_ONCE]> = found.collect();
        let entities = || found.iter().flatten().map(|(_, shown)| *shown);
        let visuals = || changed.iter().filter_map(|(_, visual)| visual.as_ref());
        for shown in entities() {
            shown.prefetch();
        }
        for visual in visuals() {
            visual.prefetch();
        }
        for shown in entities() {
            shown.visual.prefetch();
        }
        for visual in visuals() {
            visual.prefetch_parts();
        }
        found
    }

    /// What is at a place where something [was found](Self::prefetch_changed) and is still shown.
    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Shown> {
        self.shown.get_mut(place as usize)?.as_mut()
    }

    /// Adds an entity, or puts it in the place of what is shown of it.
    pub(super) fn insert(&mut self, key: SceneKey, shown: Shown) {
        if let Some(place) = self.place(key) {
            self.shown[place as usize] = Some(shown);
            return;
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.shown[place as usize] = Some(shown);
                place
            }
            None => {
                self.shown.push(Some(shown));
                self.shown.len() as u32 - 1
            }
        };
        let (source, entity) = key;
        match self.places.entry(entity) {
            Entry::Vacant(entry) => _ = entry.insert((source, place)),
            Entry::Occupied(_) => self.further.entry(entity).or_default().push((source, place)),
        }
    }

    pub(super) fn remove(&mut self, key: &SceneKey) -> Option<Shown> {
        let place = self.take_place(*key)?;
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
    pub(super) fn keys(&self) -> impl Iterator<Item = SceneKey> {
        let further = self.further.iter();
        let further = further.flat_map(|(entity, places)| places.iter().map(move |place| (entity, place)));
        let all = self.places.iter().chain(further);
        all.map(|(entity, (source, _))| (*source, *entity))
    }

    /// All that shows an entity, in no order. Cost: what is found.
    pub(super) fn keys_of(&self, entity: EntityId) -> impl Iterator<Item = SceneKey> {
        let first = self.places.get(&entity).into_iter();
        let all = first.chain(self.further.get(&entity).into_iter().flatten());
        all.map(move |(source, _)| (*source, entity))
    }

    /// What is shown, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &Shown> {
        self.shown.iter().flatten()
    }

    /// The heap bytes of the lists; an estimate of what several visualizers show. Cost: constant.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<(EntityId, Place)>()
            + self.further.capacity() * size_of::<(EntityId, Vec<Place>)>()
            + (self.len() - self.places.len()) * size_of::<Place>()
            + self.shown.capacity() * size_of::<Option<Shown>>()
            + self.free.capacity() * size_of::<u32>()
    }

    fn place(&self, (source, entity): SceneKey) -> Option<u32> {
        let (first, place) = *self.places.get(&entity)?;
        if first == source {
            return Some(place);
        }
        let mut further = self.further.get(&entity)?.iter();
        further.find_map(|(other, place)| (*other == source).then_some(*place))
    }

    /// Forgets where something is shown. Returns where that was.
    fn take_place(&mut self, (source, entity): SceneKey) -> Option<u32> {
        let (first, place) = *self.places.get(&entity)?;
        if first != source {
            return Some(self.take_further(entity, |other| other == source)?.1);
        }
        match self.take_further(entity, |_| true) {
            // What else shows it stands in the table now.
            Some(next) => _ = self.places.insert(entity, next),
            None => _ = self.places.remove(&entity),
        }
        Some(place)
    }

    fn take_further(&mut self, entity: EntityId, is_it: impl Fn(SourceId) -> bool) -> Option<Place> {
        let further = self.further.get_mut(&entity)?;
        let position = further.iter().position(|(source, _)| is_it(*source))?;
        let taken = further.swap_remove(position);
        if further.is_empty() {
            self.further.remove(&entity);
        }
        Some(taken)
    }
}

impl Shown {
    pub(super) fn new(visual: Arc<SpatialVisual>, path: EntityPath, default_radius: f32, lit: Lit) -> Self {
        Self {
            visual,
            depth_tie: depth_tie(&path),
            color: colors::entity_color(&path).to_array(),
            has_labels: false,
            path,
            view_from_entity: DAffine3::IDENTITY,
            default_radius,
            frames: Frames::default(),
            lit,
            placed: Placed::new(),
            moves_alone: false,
            row_ids: None,
            previous: None,
            drawn_order: 0.0,
            eye: None,
        }
    }

    /// Whether all that is to be done when it moves is to move its segments.
    pub(super) fn moves_alone(&self) -> bool {
        self.moves_alone && self.previous.is_none()
    }

    /// Shows another visual from the next write on. The parts of the one before are held until then.
    pub(super) fn replace(&mut self, visual: Arc<SpatialVisual>) {
        let before = std::mem::replace(&mut self.visual, visual);
        self.previous.get_or_insert(before);
    }

    /// The same, as it was before it was written anywhere.
    pub(super) fn unplaced(&self) -> Self {
        Self {
            frames: self.frames,
            ..Self::new(
                Arc::clone(&self.visual),
                self.path.clone(),
                self.default_radius,
                self.lit.clone(),
            )
        }
    }

    /// Reads a value of each line of memory that it lies in.
    #[inline]
    fn prefetch(&self) {
        let transform = &self.view_from_entity;
        black_box((
            self.placed.len(),
            self.previous.is_some(),
            self.default_radius,
            self.drawn_order,
            transform.matrix3.x_axis.x,
            transform.translation.z,
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_is_a_map_that_finds_all_that_shows_an_entity() {
        let mut entities = ShownEntities::default();
        let mut expected: BTreeMap<SceneKey, f32> = BTreeMap::new();
        // A walk over four visualizers and six entities, of which each pair is met again and again.
        let mut at: u32 = 1;
        for step in 0..4_000_u32 {
            at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let entity = EntityId::from_index((at >> 8) as usize % 6);
            let key = ((at >> 16) % 4, entity);
            let radius = |shown: &Shown| shown.default_radius;
            if (at >> 24).is_multiple_of(2) || step > 3_800 {
                assert_eq!(entities.remove(&key).as_ref().map(radius), expected.remove(&key));
            } else {
                let visual = Arc::new(SpatialVisual::default());
                let shown = Shown::new(visual, EntityPath::root(), step as f32, Lit::default());
                entities.insert(key, shown);
                expected.insert(key, step as f32);
            }
            assert_eq!(entities.len(), expected.len());
            assert_eq!(entities.is_empty(), expected.is_empty());
            assert_eq!(entities.get(&key).map(radius), expected.get(&key).copied());
            let mut keys: Vec<SceneKey> = entities.keys().collect();
            keys.sort_unstable();
            assert!(keys.iter().eq(expected.keys()));
            let mut of_entity: Vec<SceneKey> = entities.keys_of(entity).collect();
            of_entity.sort_unstable();
            assert!(
                of_entity
                    .iter()
                    .eq(expected.keys().filter(|(_, other)| *other == entity))
            );
            assert_eq!(entities.values().count(), expected.len());
        }
    }
}
