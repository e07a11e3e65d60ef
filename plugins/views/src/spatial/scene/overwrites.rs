//! Visuals that take the places of others and differ from these in their instances alone, as of what changes in each frame. There may be
//! many of them, so what is to be found out about each is found out side by side; all that is left is to write it.

use std::sync::Arc;

use bevy::tasks::ComputeTaskPool;
use chronoscope_frame::ResultKey;
use chronoscope_render::AllUsers;
use smallvec::SmallVec;

use super::{
    SceneKey, Shown, ShownEntities,
    staged::{ByList, segment_of},
};
use crate::spatial::{
    parts::Part,
    sources::source_id,
    visual::{AT_ONCE, SpatialVisual},
};

/// The most parts of a visual that are looked at two by two.
const MOST_PARTS: usize = 4;

/// So many visuals are looked at on one thread, and go through all steps of writing before the next ones: what is read of them, a kilobyte
/// or so each, stays in the cache of the processor's core.
const MOST_AT_HAND: usize = 256;

/// Some visuals that take the places of others.
#[derive(Default)]
pub(super) struct Overwrites {
    /// What shows them.
    pub(super) keys: Vec<SceneKey>,
    /// The parts that differ from what is drawn in their places.
    pub(super) parts: ByList<OverwrittenPart>,
}

/// A part that takes the place of another.
pub(super) struct OverwrittenPart {
    /// What it is called within its list.
    pub(super) segment: u64,
    visual: Arc<SpatialVisual>,
    /// Its position in the visual.
    at: usize,
    pub(super) num_instances: usize,
    /// All views that are about to show others than so far in its place, where these are known.
    pub(super) all: Option<AllUsers>,
}

impl OverwrittenPart {
    /// The part.
    pub(super) fn part(&self) -> Option<&Part> {
        self.visual.parts.get(self.at)
    }
}

/// Finds which of the visuals that a source made anew take the places of others, and where these are shown; `None` for the rest.
pub(super) fn find(
    entities: &ShownEntities,
    source: usize,
    changed: &[(ResultKey, Option<Arc<SpatialVisual>>)],
) -> Vec<(Overwrites, Vec<Option<u32>>)> {
    let blocks = changed.chunks(MOST_AT_HAND);
    if changed.len() < 2 * MOST_AT_HAND {
        return blocks.map(|some| find_some(entities, source, some)).collect();
    }
    ComputeTaskPool::get().scope(|scope| {
        for some in blocks {
            scope.spawn(async move { find_some(entities, source, some) });
        }
    })
}

/// As [`find`], of few.
fn find_some(
    entities: &ShownEntities,
    source: usize,
    changed: &[(ResultKey, Option<Arc<SpatialVisual>>)],
) -> (Overwrites, Vec<Option<u32>>) {
    let mut overwrites = Overwrites {
        keys: Vec::with_capacity(changed.len()),
        parts: ByList::with_room(changed.len()),
    };
    let mut places = Vec::with_capacity(changed.len());
    for some in changed.chunks(AT_ONCE) {
        let found = entities.prefetch_changed(source, some);
        for ((result, visual), found) in some.iter().zip(found) {
            let key = (source_id(source, result.instruction), result.entity);
            let place = found.zip(visual.as_ref());
            let place = place.and_then(|((place, shown), visual)| {
                overwrites.add(key, shown, visual)?;
                Some(place)
            });
            places.push(place);
        }
    }
    (overwrites, places)
}

impl Overwrites {
    /// Adds a visual that takes the place of what is shown; nothing where there is more to do.
    fn add(&mut self, key: SceneKey, shown: &Shown, visual: &Arc<SpatialVisual>) -> Option<()> {
        let parts = shown.overwritten_parts(visual)?;
        // A view that keeps the visual before got it from a visualizer, which holds it, too. If only views hold it, all of them are about
        // to show others: mostly the same, unless they look at different times.
        let number = Arc::strong_count(&shown.visual);
        for at in parts {
            let (part, placed) = (visual.parts.get(at)?, shown.placed.get(at)?.as_ref()?);
            let before = shown.visual.parts.get(at)?.address_of_instances();
            let part = OverwrittenPart {
                segment: segment_of(key, placed),
                visual: Arc::clone(visual),
                at,
                num_instances: part.num_instances(),
                all: before.map(|address| AllUsers { number, address }),
            };
            self.parts.push(placed.list, part);
        }
        self.keys.push(key);
        Some(())
    }
}

impl Shown {
    /// The positions of the parts of a visual that differ from what is drawn, where these differ in their instances alone. `None` where
    /// there is more to do than to put the ones in the places of the others.
    fn overwritten_parts(&self, now: &SpatialVisual) -> Option<SmallVec<[usize; MOST_PARTS]>> {
        let before = &self.visual;
        // Visuals of many parts are ranges that slide, and their parts stay what they are at other positions.
        let stays_elsewhere = |(at, part): (usize, &Part)| {
            let mut others = before.parts.iter().enumerate();
            others.any(|(other, before)| other != at && part.is_clone_of(before))
        };
        let is_same_but_for_instances = self.previous.is_none()
            && (1..=MOST_PARTS).contains(&now.parts.len())
            && now.is_drawn_like(before)
            && !now.parts.iter().enumerate().any(stays_elsewhere)
            && now.labels.is_empty()
            && before.labels.is_empty()
            && self.placed.len() == now.parts.len()
            && self.placed.iter().all(Option::is_some)
            && !now.parts.iter().any(Part::is_empty)
            // Of a picture in a plane a camera may make a cloud.
            && now.picture().is_none();
        is_same_but_for_instances.then(|| {
            let parts = now.parts.iter().zip(&before.parts).enumerate();
            let differs = |(_, (part, before)): &(usize, (&Part, &Part))| !part.is_clone_of(before);
            parts.filter(differs).map(|(at, _)| at).collect()
        })
    }
}
