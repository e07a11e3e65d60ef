//! What was there at a time, written to the world.

use std::{any::TypeId, collections::BTreeSet};

use bevy_ecs::{
    archetype::ArchetypeId,
    component::ComponentId as EcsComponentId,
    entity::EntityMapper,
    entity_disabling::Disabled,
    hierarchy::{ChildOf, Children},
    name::Name,
    prelude::*,
};
use bevy_transform::components::{GlobalTransform, Transform, TransformTreeChanged};
use chronoscope_frame::Recordings;
use chronoscope_store::{
    ComponentId, EntityId, EntityPath, Recording, StoreId, TimeRange, TimelineId, arrow::types::UInt64Type,
};
use chronoscope_types::{Transform3D, read};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{EntityRewound, LastComponents, NotRestored};
use crate::{
    ENTITY_COMPONENT, PARENT_COMPONENT, WorldRecorder,
    columns::{group_at, text_at, value_at},
    components::{RecordedComponent, RecordedComponents},
    recorder::WhilePaused,
    rows::NAME_COMPONENT,
    rows::Pose,
    slots::Standing,
    ticks::NamedTime,
};

/// No time: an answer that was never given.
const NEVER: TimeRange = TimeRange::EMPTY;

/// Writes recorded times to the world. Lives while the world shows the past: the recording does not change meanwhile.
#[derive(Debug)]
pub(crate) struct Restorer {
    id: StoreId,
    places: Vec<Place>,
    /// By the bits that were recorded, the entity that it is in the world, where it has another one.
    mapped: FxHashMap<Entity, Entity>,
    /// Entities of the world that are not there at the shown time.
    hidden: FxHashSet<Entity>,
    /// Entities that were spawned again: where they are recorded, and who they were.
    spawned: FxHashMap<Entity, (EntityPath, Entity)>,
    /// Components that were taken away: the place of their rows, and the entity.
    removed: Vec<(usize, Entity)>,
    shown: Option<(TimelineId, i64)>,
}

/// A path under which entities were recorded, and the answers that were given last.
#[derive(Debug)]
struct Place {
    entity: EntityId,
    path: EntityPath,
    /// Who was there, and below whom.
    who: Option<Who>,
    name: Option<Name>,
    who_valid: TimeRange,
    pose_valid: TimeRange,
    /// Per recorded component.
    values_valid: Vec<TimeRange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Who {
    recorded: Entity,
    parent: Option<Entity>,
}

/// The names of what is looked up, in a store.
struct Columns {
    timeline: TimelineId,
    who: Option<ComponentId>,
    translation: Option<ComponentId>,
    values: Vec<Option<ComponentId>>,
}

impl Restorer {
    pub(crate) fn new(world: &mut World) -> Self {
        world.init_resource::<Recordings>();
        let recorder = world.resource::<WorldRecorder>();
        let id = recorder.id().clone();
        let num_values = world
            .get_resource::<RecordedComponents>()
            .map_or(0, |components| components.types.len());
        let place = |store: &chronoscope_store::ChunkStore, entity: EntityId| Place {
            entity,
            path: store.entity_path(entity).clone(),
            who: None,
            name: None,
            who_valid: NEVER,
            pose_valid: NEVER,
            values_valid: vec![NEVER; num_values],
        };
        let mut places = Vec::new();
        if let Some(entry) = world.resource::<Recordings>().find(&id) {
            let store = entry.store();
            if let Some(who) = store.component_id(ENTITY_COMPONENT) {
                let recorded = store
                    .entities()
                    .filter(|entity| store.has_component(*entity, who));
                places.extend(recorded.map(|entity| place(store, entity)));
            }
        }
        Self {
            id,
            places,
            mapped: FxHashMap::default(),
            hidden: FxHashSet::default(),
            spawned: FxHashMap::default(),
            removed: Vec::new(),
            shown: None,
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

    /// Writes what was there at a time. Returns what cannot be; `None` where there is no such timeline.
    pub(crate) fn restore(
        &mut self,
        world: &mut World,
        timeline: &str,
        time: i64,
    ) -> Option<BTreeSet<NotRestored>> {
        world.resource_scope(|world, mut recordings: Mut<Recordings>| {
            // What was recorded last is looked up by the index, not by what is cached.
            let key = recordings.find(&self.id)?.key();
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
    ) -> BTreeSet<NotRestored> {
        let store = &recording.store;
        if self.shown.is_none_or(|(shown, _)| shown != timeline) {
            for place in &mut self.places {
                place.forget();
            }
        }
        self.shown = Some((timeline, time));
        let columns = Columns {
            timeline,
            who: store.component_id(ENTITY_COMPONENT),
            translation: store.component_id(&Transform3D::TRANSLATION),
            values: types
                .iter()
                .map(|component| store.component_id(&component.column))
                .collect(),
        };
        let mut not_restored = BTreeSet::new();
        for place in &mut self.places {
            place.look_up_who(recording, &columns, time);
        }
        self.show_and_hide(world, &mut not_restored, types);
        self.write_parents(world);
        self.write_poses(world, recording, &columns, time);
        self.write_values(world, recording, &columns, time, types, &mut not_restored);
        self.list_unrecorded(world, types, &mut not_restored);
        not_restored
    }

    /// The entity of the world that a recorded one is now.
    fn in_world(&self, recorded: Entity) -> Entity {
        self.mapped.get(&recorded).copied().unwrap_or(recorded)
    }

    /// Entities that were not there are disabled, those that are gone are spawned.
    fn show_and_hide(
        &mut self,
        world: &mut World,
        not_restored: &mut BTreeSet<NotRestored>,
        types: &[RecordedComponent],
    ) {
        let mut there = FxHashSet::default();
        for at in 0..self.places.len() {
            let Some(who) = self.places[at].who else { continue };
            let entity = self.in_world(who.recorded);
            there.insert(entity);
            if self.hidden.remove(&entity)
                && let Ok(mut shown) = world.get_entity_mut(entity)
            {
                shown.remove::<Disabled>();
            }
            if world.get_entity(entity).is_ok() {
                continue;
            }
            let path = self.places[at].path.clone();
            let spawned = match self.places[at].name.clone() {
                Some(name) => world.spawn(name).id(),
                None => world.spawn_empty().id(),
            };
            there.remove(&entity);
            there.insert(spawned);
            self.mapped.insert(who.recorded, spawned);
            self.spawned.insert(spawned, (path.clone(), who.recorded));
            self.places[at].forget_values();
            world.write_message(EntityRewound {
                entity: spawned,
                was: who.recorded,
                path,
            });
        }
        for (entity, (path, was)) in &self.spawned {
            if !there.contains(entity) {
                continue;
            }
            let last = world.resource::<LastComponents>().0.get(was).copied();
            for component in last.into_iter().flat_map(|last| unrecorded(world, last, types)) {
                not_restored.insert(NotRestored::Missing {
                    path: path.to_string(),
                    component,
                });
            }
        }
        // What is recorded now and was not there then.
        let recorded = world.resource::<WorldRecorder>();
        let recorded = recorded.slots.iter().filter(|(_, slot)| slot.is_alive);
        let hide: Vec<Entity> = recorded
            .map(|(_, slot)| slot.entity)
            .chain(self.spawned.keys().copied())
            .filter(|entity| !there.contains(entity) && !self.hidden.contains(entity))
            .collect();
        for entity in hide {
            if let Ok(mut entity) = world.get_entity_mut(entity) {
                entity.insert(Disabled);
                self.hidden.insert(entity.id());
            }
        }
    }

    fn write_parents(&self, world: &mut World) {
        for place in &self.places {
            let Some(who) = place.who else { continue };
            let entity = self.in_world(who.recorded);
            let parent = who.parent.map(|parent| self.in_world(parent));
            if world.get::<ChildOf>(entity).map(ChildOf::parent) == parent {
                continue;
            }
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

    fn write_poses(&mut self, world: &mut World, recording: &Recording, columns: &Columns, time: i64) {
        let Some(translation) = columns.translation else {
            return;
        };
        for place in &mut self.places {
            let Some(who) = place.who.filter(|_| !place.pose_valid.contains(time)) else {
                continue;
            };
            let answer = recording.cache.latest_at_ref(
                &recording.store,
                place.entity,
                Some(columns.timeline),
                time,
                translation,
            );
            place.pose_valid = answer.validity;
            let Some(transform) = answer.hit.and_then(|hit| pose(hit.chunk(), hit.row())) else {
                continue;
            };
            let entity = self.mapped.get(&who.recorded).copied().unwrap_or(who.recorded);
            if let Some(mut now) = world.get_mut::<Transform>(entity) {
                now.set_if_neq(transform);
            } else if let Ok(mut entity) = world.get_entity_mut(entity) {
                entity.insert(transform);
            }
        }
    }

    fn write_values(
        &mut self,
        world: &mut World,
        recording: &Recording,
        columns: &Columns,
        time: i64,
        types: &[RecordedComponent],
        not_restored: &mut BTreeSet<NotRestored>,
    ) {
        let registry = world.get_resource::<AppTypeRegistry>().cloned();
        let Some(registry) = registry else { return };
        let registry = registry.read();
        let Self {
            places,
            mapped,
            removed,
            ..
        } = self;
        let mut mapper = Mapped(mapped);
        for place in places {
            let Some(who) = place.who else { continue };
            for (at, component) in types.iter().enumerate() {
                if place.values_valid[at].contains(time) {
                    continue;
                }
                let answer = columns.values[at].map(|column| {
                    recording.cache.latest_at_ref(
                        &recording.store,
                        place.entity,
                        Some(columns.timeline),
                        time,
                        column,
                    )
                });
                place.values_valid[at] = answer
                    .as_ref()
                    .map_or(TimeRange::EVERYTHING, |answer| answer.validity);
                let cell = answer.and_then(|answer| Some(answer.hit?.cell()));
                let texts = cell.as_ref().and_then(|cell| read::texts(cell).ok());
                let text = texts.as_ref().and_then(|texts| texts.iter().next().flatten());
                let Ok(mut entity) = world.get_entity_mut(mapper.get_mapped(who.recorded)) else {
                    continue;
                };
                let Some(text) = text else {
                    if (component.remove)(&mut entity) {
                        removed.push((component.rows, entity.id()));
                    }
                    continue;
                };
                if let Err(reason) = (component.restore)(&mut entity, text, &registry, &mut mapper) {
                    not_restored.insert(NotRestored::Unreadable {
                        path: place.path.to_string(),
                        component: component.type_path.to_owned(),
                        reason,
                    });
                }
            }
        }
    }

    /// What the entities that are there have, and is as it is now.
    fn list_unrecorded(
        &self,
        world: &World,
        types: &[RecordedComponent],
        not_restored: &mut BTreeSet<NotRestored>,
    ) {
        let there = self.places.iter().filter_map(|place| place.who);
        let archetypes: FxHashSet<ArchetypeId> = there
            .filter_map(|who| {
                Some(
                    world
                        .get_entity(self.in_world(who.recorded))
                        .ok()?
                        .archetype()
                        .id(),
                )
            })
            .collect();
        for archetype in archetypes {
            for component in unrecorded(world, archetype, types) {
                not_restored.insert(NotRestored::Unrecorded { component });
            }
        }
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
        world.resource_mut::<WorldRecorder>().while_paused = WhilePaused {
            gone,
            standing,
            moved,
            removed: self.removed,
        };
    }
}

impl Place {
    fn forget(&mut self) {
        self.who_valid = NEVER;
        self.forget_values();
    }

    fn forget_values(&mut self) {
        self.pose_valid = NEVER;
        self.values_valid.fill(NEVER);
    }

    fn look_up_who(&mut self, recording: &Recording, columns: &Columns, time: i64) {
        let Some(component) = columns.who.filter(|_| !self.who_valid.contains(time)) else {
            return;
        };
        let answer = recording.cache.latest_at_ref(
            &recording.store,
            self.entity,
            Some(columns.timeline),
            time,
            component,
        );
        self.who_valid = answer.validity;
        let name = answer.hit.as_ref().and_then(|hit| {
            let column = hit.chunk().component(NAME_COMPONENT)?;
            text_at(column, hit.row()).map(|name| Name::new(name.to_owned()))
        });
        let who = answer.hit.and_then(|hit| {
            let bits = value_at::<UInt64Type>(hit.column(), hit.row())?;
            let parent = hit.chunk().component(PARENT_COMPONENT);
            let parent = parent.and_then(|column| value_at::<UInt64Type>(column, hit.row()));
            Some(Who {
                recorded: Entity::try_from_bits(bits)?,
                parent: parent
                    .and_then(Entity::try_from_bits)
                    .filter(|parent| *parent != Entity::PLACEHOLDER),
            })
        });
        if who != self.who {
            (self.who, self.name) = (who, name);
            self.forget_values();
        }
    }
}

/// The transform of a row.
fn pose(chunk: &chronoscope_store::Chunk, row: usize) -> Option<Transform> {
    let pose = Pose {
        translation: group_at(chunk.component(&Transform3D::TRANSLATION)?, row)?,
        rotation: group_at(chunk.component(&Transform3D::QUATERNION)?, row)?,
        scale: group_at(chunk.component(&Transform3D::SCALE)?, row)?,
    };
    Some(pose.into())
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

/// The components of an archetype that are not recorded, by their types' paths.
fn unrecorded(world: &World, archetype: ArchetypeId, types: &[RecordedComponent]) -> Vec<String> {
    let Some(archetype) = world.archetypes().get(archetype) else {
        return Vec::new();
    };
    let recorded: Vec<EcsComponentId> = types
        .iter()
        .filter_map(|component| (component.component)(world))
        .collect();
    // Those that follow from what is recorded.
    let follow = [
        TypeId::of::<Transform>(),
        TypeId::of::<GlobalTransform>(),
        TypeId::of::<TransformTreeChanged>(),
        TypeId::of::<ChildOf>(),
        TypeId::of::<Children>(),
        TypeId::of::<Name>(),
        TypeId::of::<Disabled>(),
    ];
    let registry = world.get_resource::<AppTypeRegistry>();
    let mut names: Vec<String> = archetype
        .components()
        .iter()
        .filter(|component| !recorded.contains(component))
        .filter_map(|component| {
            let info = world.components().get_info(*component)?;
            if info.type_id().is_some_and(|id| follow.contains(&id)) {
                return None;
            }
            let path = registry.and_then(|registry| {
                let registry = registry.read();
                Some(registry.get_type_info(info.type_id()?)?.type_path().to_owned())
            });
            Some(path.unwrap_or_else(|| info.name().to_string()))
        })
        .collect();
    names.sort();
    names.dedup();
    names
}
