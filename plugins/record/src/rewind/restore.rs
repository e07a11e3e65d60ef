//! What was there at a time, written to the world.
//!
//! Going to a time costs a comparison per place, and a look at each entity that is there, since the app may have changed it. Beyond
//! that it costs what is other than at the time before: rows are followed, read where they lie, and written where they are new.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::{
    archetype::ArchetypeId, entity::EntityMapper, entity_disabling::Disabled, hierarchy::ChildOf, prelude::*,
    query::Allow,
};
use bevy_transform::components::Transform;
use chronoscope_frame::{RecordingEntry, RecordingKey, Recordings};
use chronoscope_store::{EntityPath, Recording, StoreId, TimeRange, TimelineId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    EntityRewound, LastComponents, NotRestored,
    place::{Lookup, NEVER, NewPose, Place},
    resources::Resources,
    unrecorded::unrecorded,
};
use crate::{
    ENTITY_COMPONENT, WorldRecorder,
    component_rows::{RecordedComponent, RecordedComponents},
    recorder::WhilePaused,
    slots::Standing,
    ticks::NamedTime,
};

/// Writes recorded times to the world. Lives while the world shows the past.
#[derive(Debug)]
pub(crate) struct Restorer {
    id: StoreId,
    /// The store that the places are of; another one once the recording was closed in the viewer.
    key: Option<RecordingKey>,
    places: Vec<Place>,
    /// Per place, the times at which all of it is as it was written last.
    valid: Vec<TimeRange>,
    /// Who is there at the shown time, in the order of the places.
    there: Vec<There>,
    /// By the bits that were recorded, the entity that it is in the world, where it has another one.
    mapped: FxHashMap<Entity, Entity>,
    /// Entities of the world that are not there at the shown time.
    hidden: FxHashSet<Entity>,
    /// Those of them that were disabled already, and stay so.
    disabled: FxHashSet<Entity>,
    /// Entities that were spawned again: where they are recorded, and who they were.
    spawned: FxHashMap<Entity, (EntityPath, Entity)>,
    /// Components that were taken away: the place of their rows, and the entity.
    removed: Vec<(usize, Entity)>,
    /// Entities whose transforms were taken away.
    nowhere: FxHashSet<Entity>,
    /// Components that entities have only since they were written here: the entity, and the component.
    added: FxHashSet<(Entity, usize)>,
    /// Components of which there is no row, and which are as they are now: per component, the places.
    kept: FxHashMap<usize, FxHashSet<usize>>,
    resources: Resources,
    /// Values that could not be read, by the place and the component.
    unreadable: BTreeMap<(usize, usize), NotRestored>,
    shown: Option<(TimelineId, i64)>,
    /// That of the store when rows were looked up.
    generation: u64,
}

/// An entity of the world that is there, and where it belongs.
#[derive(Clone, Copy, Debug)]
struct There {
    entity: Entity,
    parent: Option<Entity>,
}

/// What going to a time came to.
#[derive(Debug)]
pub(super) struct Restored {
    /// The transforms and values that were written, and the values that were taken away.
    pub(super) written: usize,
    pub(super) not_restored: BTreeSet<NotRestored>,
}

impl Restorer {
    pub(crate) fn new(world: &mut World) -> Self {
        world.init_resource::<Recordings>();
        let recorder = world.resource::<WorldRecorder>();
        let id = recorder.id().clone();
        let num_values = world
            .get_resource::<RecordedComponents>()
            .map_or(0, |components| components.types.len());
        let (mut key, mut places) = (None, Vec::new());
        if let Some(entry) = world.resource::<Recordings>().find(&id) {
            let store = entry.store();
            key = Some(entry.key());
            if let Some(who) = store.component_id(ENTITY_COMPONENT) {
                let recorded = store
                    .entities()
                    .filter(|entity| store.has_component(*entity, who));
                places.extend(
                    recorded.map(|entity| Place::new(entity, store.entity_path(entity).clone(), num_values)),
                );
            }
        }
        Self {
            id,
            key,
            valid: vec![NEVER; places.len()],
            places,
            there: Vec::new(),
            mapped: FxHashMap::default(),
            hidden: FxHashSet::default(),
            disabled: FxHashSet::default(),
            spawned: FxHashMap::default(),
            removed: Vec::new(),
            nowhere: FxHashSet::default(),
            added: FxHashSet::default(),
            kept: FxHashMap::default(),
            resources: Resources::new(world),
            unreadable: BTreeMap::new(),
            shown: None,
            generation: 0,
        }
    }

    /// The times of the frame that is shown, of all timelines; none where nothing was recorded until then.
    pub(crate) fn shown_times(&self, world: &World) -> Vec<NamedTime> {
        self.latest_times(world).unwrap_or_default()
    }

    fn latest_times(&self, world: &World) -> Option<Vec<NamedTime>> {
        let (timeline, time) = self.shown?;
        let entry = world.resource::<Recordings>().find(&self.id)?;
        let store = entry.store();
        let shown = store.timeline(timeline).name();
        // The latest row at or before the shown time lies on all timelines.
        let series = store.entities().flat_map(|entity| {
            let components = store.components_of(entity);
            components.map(move |component| (entity, component))
        });
        let hits = series.filter_map(|(entity, component)| {
            let answer = entry.recording.latest_at(entity, Some(timeline), time, component);
            answer.hit
        });
        let latest = hits.max_by_key(|hit| (hit.data_time(), hit.row_id()))?;
        let columns = latest.chunk().timelines().iter();
        let times = columns.filter_map(|column| {
            let name = column.timeline().name();
            // Between two rows as well, it is what was asked for.
            let time = if name == shown {
                time
            } else {
                *column.times().get(latest.row())?
            };
            Some((name.to_string(), time))
        });
        Some(times.collect())
    }

    /// Writes what was there at a time. `None` where there is no such timeline, or no recording any more.
    pub(super) fn restore(&mut self, world: &mut World, timeline: &str, time: i64) -> Option<Restored> {
        world.resource_scope(|world, mut recordings: Mut<Recordings>| {
            // What was recorded last is looked up by the index, not by what is cached.
            let key = self
                .key
                .filter(|key| recordings.find(&self.id).map(RecordingEntry::key) == Some(*key))?;
            let entry = recordings.get_mut(key)?;
            entry.recording.apply_pending();
            let recording = &entry.recording;
            let timeline = recording.store.timeline_id(timeline)?;
            world.resource_scope(|world, components: Mut<RecordedComponents>| {
                Some(self.write(world, recording, timeline, time, &components.types))
            })
        })
    }

    fn write(
        &mut self,
        world: &mut World,
        recording: &Recording,
        timeline: TimelineId,
        time: i64,
        types: &[RecordedComponent],
    ) -> Restored {
        let is_first = self.shown.is_none();
        if self.shown.is_none_or(|(shown, _)| shown != timeline) {
            self.resources.forget();
            self.places.iter_mut().for_each(Place::forget);
            self.valid.fill(NEVER);
        } else if self.generation != recording.store.generation() {
            // Rows came, or were collected.
            self.places.iter_mut().for_each(Place::look_again);
            self.valid.fill(NEVER);
        }
        self.generation = recording.store.generation();
        self.shown = Some((timeline, time));
        let lookup = Lookup::new(recording, timeline, time, types);
        let mut stale = self.stale(time);
        let mut is_other = is_first;
        for &at in &stale {
            is_other |= self.places[at].look_up_who(&lookup);
        }
        let is_gone = |there: &There| world.get_entity(there.entity).is_err();
        if is_other || self.there.iter().any(is_gone) {
            self.show_and_hide(world, recording);
            stale = self.stale(time);
        }
        self.write_parents(world);
        let poses = self.write_poses(world, &lookup, &stale);
        let values = self.write_values(world, &lookup, &stale, types);
        let mapper = &mut Mapped(&mut self.mapped);
        let resources = self.resources.write(world, &lookup, mapper);
        for at in stale {
            self.valid[at] = self.places[at].validity();
        }
        Restored {
            written: poses + values + resources,
            not_restored: self.list_not_restored(world, &lookup, types),
        }
    }

    /// The places that may have other rows at a time than those that were written. Cost: a comparison per place.
    fn stale(&self, time: i64) -> Vec<usize> {
        let valid = self.valid.iter().enumerate();
        valid
            .filter(|(_, valid)| !valid.contains(time))
            .map(|(at, _)| at)
            .collect()
    }

    /// The entity of the world that a recorded one is now.
    fn in_world(&self, recorded: Entity) -> Entity {
        self.mapped.get(&recorded).copied().unwrap_or(recorded)
    }

    /// Entities that were not there are disabled, those that are gone are spawned. Of those that the recording knows nothing of, it
    /// says nothing: they stay.
    fn show_and_hide(&mut self, world: &mut World, recording: &Recording) {
        let mut there = FxHashSet::default();
        let mut spawned_any = false;
        for at in 0..self.places.len() {
            let Some(who) = self.places[at].who else { continue };
            let entity = self.in_world(who.recorded);
            if self.hidden.remove(&entity)
                && !self.disabled.remove(&entity)
                && let Ok(mut shown) = world.get_entity_mut(entity)
            {
                shown.remove::<Disabled>();
            }
            if world.get_entity(entity).is_ok() {
                there.insert(entity);
                continue;
            }
            let path = self.places[at].path.clone();
            let spawned = match self.places[at].name.clone() {
                Some(name) => world.spawn(name).id(),
                None => world.spawn_empty().id(),
            };
            there.insert(spawned);
            self.mapped.insert(who.recorded, spawned);
            self.spawned.insert(spawned, (path.clone(), who.recorded));
            self.places[at].forget_pose();
            self.valid[at] = NEVER;
            spawned_any = true;
            world.write_message(EntityRewound {
                entity: spawned,
                was: who.recorded,
                path,
            });
        }
        if spawned_any {
            // Values may have references to what was gone until now.
            self.resources.forget();
            for (place, valid) in self.places.iter_mut().zip(&mut self.valid) {
                if !place.values.is_empty() {
                    place.forget_values();
                    *valid = NEVER;
                }
            }
        }
        let who = self.places.iter().filter_map(|place| place.who);
        self.there = who
            .map(|who| There {
                entity: self.in_world(who.recorded),
                parent: who.parent.map(|parent| self.in_world(parent)),
            })
            .collect();
        // What is recorded now and was not there then.
        let recorded = world.resource::<WorldRecorder>();
        let store = &recording.store;
        let who = store.component_id(ENTITY_COMPONENT);
        let is_known = |path: &EntityPath| {
            let known = who.zip(store.entity_id(path));
            known.is_some_and(|(who, entity)| store.has_component(entity, who))
        };
        let recorded = recorded
            .slots
            .iter()
            .filter(|(_, slot)| slot.is_alive && !there.contains(&slot.entity) && is_known(&slot.path));
        let hide: Vec<Entity> = recorded
            .map(|(_, slot)| slot.entity)
            .chain(self.spawned.keys().copied())
            .filter(|entity| !there.contains(entity) && !self.hidden.contains(entity))
            .collect();
        for entity in hide {
            if let Ok(mut hidden) = world.get_entity_mut(entity) {
                if hidden.contains::<Disabled>() {
                    self.disabled.insert(entity);
                } else {
                    hidden.insert(Disabled);
                }
                self.hidden.insert(entity);
            }
        }
    }

    /// Puts entities below those that they were below. All are looked at, as the app may have moved them.
    fn write_parents(&self, world: &mut World) {
        let parents = world.query_filtered::<&ChildOf, Allow<Disabled>>();
        let parent_of = |there: &There| parents.get_manual(world, there.entity).ok().map(ChildOf::parent);
        let is_elsewhere = |there: &&There| parent_of(there) != there.parent;
        let elsewhere: Vec<There> = self.there.iter().filter(is_elsewhere).copied().collect();
        for There { entity, parent } in elsewhere {
            let parent = parent.filter(|parent| world.get_entity(*parent).is_ok());
            let Ok(mut child) = world.get_entity_mut(entity) else {
                continue;
            };
            match parent {
                Some(parent) => _ = child.insert(ChildOf(parent)),
                None => _ = child.remove::<ChildOf>(),
            }
        }
    }

    /// Writes the transforms that are others, and takes those away that are no more. Returns how many.
    fn write_poses(&mut self, world: &mut World, lookup: &Lookup<'_>, stale: &[usize]) -> usize {
        let mut transforms = world.query_filtered::<&mut Transform, Allow<Disabled>>();
        let mut transforms = transforms.query_mut(world);
        let (mut written, mut without, mut nowhere) = (0, Vec::new(), Vec::new());
        for &at in stale {
            let place = &mut self.places[at];
            let Some(who) = place.who else { continue };
            let Some(pose) = place.new_pose(lookup) else {
                continue;
            };
            let entity = self.mapped.get(&who.recorded).copied().unwrap_or(who.recorded);
            let NewPose::At(transform) = pose else {
                nowhere.push(entity);
                continue;
            };
            written += 1;
            match transforms.get_mut(entity) {
                Ok(mut now) => _ = now.set_if_neq(transform),
                Err(_) => without.push((entity, transform)),
            }
        }
        for entity in nowhere {
            if let Ok(mut there) = world.get_entity_mut(entity)
                && there.contains::<Transform>()
            {
                there.remove::<Transform>();
                self.nowhere.insert(entity);
                written += 1;
            }
        }
        for (entity, transform) in without {
            self.nowhere.remove(&entity);
            if let Ok(mut entity) = world.get_entity_mut(entity) {
                entity.insert(transform);
            }
        }
        written
    }

    /// Writes the values that are others, and takes those away that are no more. Returns how many.
    ///
    /// A component without a row stays, unless it was not there yet: then it was written here, or the recording has it later, and the
    /// present brings it back. What a filter leaves out, or what cannot be recorded, would be lost.
    fn write_values(
        &mut self,
        world: &mut World,
        lookup: &Lookup<'_>,
        stale: &[usize],
        types: &[RecordedComponent],
    ) -> usize {
        let registry = world.get_resource::<AppTypeRegistry>().cloned();
        let Some(registry) = registry else { return 0 };
        let registry = registry.read();
        let mut mapper = Mapped(&mut self.mapped);
        let mut written = 0;
        for &at in stale {
            let place = &mut self.places[at];
            let Some(who) = place.who else { continue };
            for (number, component) in types.iter().enumerate() {
                if !place.has_new_value(number, lookup) {
                    continue;
                }
                self.unreadable.remove(&(at, number));
                if let Some(kept) = self.kept.get_mut(&number) {
                    kept.remove(&at);
                }
                let of = mapper.get_mapped(who.recorded);
                let was_there = has_component(world, of, component);
                let text = place.value(number);
                if text.is_none() && was_there {
                    let is_to_go = place.has_row(number)
                        || self.added.contains(&(of, number))
                        || is_recorded_last(world, lookup, of, number);
                    if !is_to_go {
                        self.kept.entry(number).or_default().insert(at);
                        continue;
                    }
                }
                let Ok(mut entity) = world.get_entity_mut(of) else {
                    continue;
                };
                let Some(text) = text else {
                    self.added.remove(&(of, number));
                    if (component.remove)(&mut entity) {
                        self.removed.push((component.rows, of));
                        written += 1;
                    }
                    continue;
                };
                match (component.restore)(&mut entity, &text, &registry, &mut mapper) {
                    Ok(()) => {
                        written += 1;
                        if !was_there {
                            self.added.insert((of, number));
                        }
                    }
                    Err(reason) => {
                        let unreadable = NotRestored::Unreadable {
                            path: place.path.to_string(),
                            component: component.type_path.to_owned(),
                            reason,
                        };
                        self.unreadable.insert((at, number), unreadable);
                    }
                }
            }
        }
        written
    }

    /// What is not as it was.
    fn list_not_restored(
        &self,
        world: &World,
        lookup: &Lookup<'_>,
        types: &[RecordedComponent],
    ) -> BTreeSet<NotRestored> {
        let mut list = BTreeSet::new();
        let ticks = &world.resource::<WorldRecorder>().ticks;
        let since = ticks.changes_at(lookup.timeline_name(), lookup.time());
        self.resources.list_not_restored(world, since, &mut list);
        for ((at, _), unreadable) in &self.unreadable {
            if self.places[*at].who.is_some() {
                list.insert(unreadable.clone());
            }
        }
        for (number, kept) in &self.kept {
            if kept.iter().any(|at| self.places[*at].who.is_some()) {
                list.insert(NotRestored::Unrecorded {
                    component: types[*number].type_path.to_owned(),
                });
            }
        }
        for (entity, (path, was)) in &self.spawned {
            if self.hidden.contains(entity) || world.get_entity(*entity).is_err() {
                continue;
            }
            let last = world.resource::<LastComponents>().0.get(was).copied();
            for component in last.into_iter().flat_map(|last| unrecorded(world, last, types)) {
                list.insert(NotRestored::Missing {
                    path: path.to_string(),
                    component,
                });
            }
        }
        // What the entities that are there have, and is as it is now.
        let mut archetypes: FxHashSet<ArchetypeId> = FxHashSet::default();
        let mut last = None;
        for there in &self.there {
            let archetype = world
                .get_entity(there.entity)
                .ok()
                .map(|entity| entity.archetype().id());
            // Neighbors mostly have the same.
            if archetype != last {
                archetypes.extend(archetype);
                last = archetype;
            }
        }
        for archetype in archetypes {
            for component in unrecorded(world, archetype, types) {
                list.insert(NotRestored::Unrecorded { component });
            }
        }
        list
    }

    /// The present cannot be looked up, as its recording is closed: what is there now is shown as it is, and what was spawned here
    /// goes.
    pub(super) fn give_up(&mut self, world: &mut World) {
        for entity in std::mem::take(&mut self.hidden) {
            if !self.disabled.contains(&entity)
                && let Ok(mut shown) = world.get_entity_mut(entity)
            {
                shown.remove::<Disabled>();
            }
        }
        self.hidden.extend(self.spawned.keys().copied());
        // The recorder knows where all others were.
        self.places.clear();
        self.valid.clear();
    }

    /// Ends: what is hidden goes for good, and the recorder gets to know who is who.
    pub(crate) fn finish(self, world: &mut World) {
        for entity in &self.hidden {
            // Those below may be gone with it.
            if world.get_entity(*entity).is_ok() {
                world.despawn(*entity);
            }
        }
        let recorded = world.resource::<WorldRecorder>().slots.iter();
        let gone = recorded
            .filter(|(_, slot)| slot.is_alive && world.get_entity(slot.entity).is_err())
            .map(|(_, slot)| slot.entity)
            .collect();
        let places = self.places.iter().filter_map(|place| Some((place, place.who?)));
        let standing: Vec<Standing> = places
            .map(|(place, who)| Standing {
                entity: self.in_world(who.recorded),
                path: place.path.clone(),
                parent: who.parent.map(|parent| self.in_world(parent)),
            })
            .filter(|standing| world.get_entity(standing.entity).is_ok())
            .collect();
        let moved = standing
            .iter()
            .filter(|standing| world.get::<ChildOf>(standing.entity).map(ChildOf::parent) != standing.parent)
            .map(|standing| standing.entity)
            .collect();
        let mut nowhere: Vec<Entity> = self.nowhere.iter().copied().collect();
        nowhere.sort_unstable();
        world.resource_mut::<WorldRecorder>().while_paused = WhilePaused {
            gone,
            standing,
            moved,
            nowhere,
            removed: self.removed,
        };
    }
}

/// Recorded entities to those of the world.
struct Mapped<'a>(&'a mut FxHashMap<Entity, Entity>);

impl EntityMapper for Mapped<'_> {
    fn get_mapped(&mut self, source: Entity) -> Entity {
        self.0.get(&source).copied().unwrap_or(source)
    }

    fn set_mapped(&mut self, source: Entity, target: Entity) {
        self.0.insert(source, target);
    }
}

fn has_component(world: &World, entity: Entity, component: &RecordedComponent) -> bool {
    let id = (component.component)(world);
    let entity = world.get_entity(entity).ok();
    id.zip(entity).is_some_and(|(id, entity)| entity.contains_id(id))
}

/// Whether the recording has a component, by its place among the recorded ones, of an entity of the present.
fn is_recorded_last(world: &World, lookup: &Lookup<'_>, entity: Entity, number: usize) -> bool {
    let path = world.resource::<WorldRecorder>().path_of(entity);
    path.is_some_and(|path| lookup.has_last(path, number))
}
