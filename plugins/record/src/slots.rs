//! Which entities are recorded, and under which paths.

use std::collections::VecDeque;

use bevy_ecs::{hierarchy::ChildOf, name::Name, prelude::*};
use chronoscope_store::{
    EntityPath,
    path::{MAX_PATH_BYTES, MAX_PATH_DEPTH, escape_part},
};
use rustc_hash::{FxHashMap, FxHashSet};

/// The place of a recorded entity. Never used again for another.
pub(crate) type SlotId = u32;

/// Of parents that have no place yet, so many get one with a child. Those above them are looked up once they are recorded themselves.
const MAX_DEPTH: usize = 64;

/// Deeper paths get nothing below them, so that fields and the like have room below entities.
const MAX_PARENT_DEPTH: usize = MAX_PATH_DEPTH - 16;

/// Longer paths get nothing below them, likewise.
const MAX_PARENT_BYTES: usize = MAX_PATH_BYTES / 2;

/// Entities with longer names are named by their numbers. With all escapes, a name is some eight times as long.
const MAX_NAME_BYTES: usize = 1024;

/// The part of the path below the root that is no entity's: what is drawn with the engine's gizmos.
pub(crate) const GIZMOS: &str = "gizmos";

/// A recorded entity.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) entity: Entity,
    pub(crate) path: EntityPath,
    /// The parent, recorded or not.
    pub(crate) parent: Option<Entity>,
    /// Whether it is there, as far as is known.
    pub(crate) is_alive: bool,
}

/// The recorded entities.
#[derive(Debug)]
pub(crate) struct Slots {
    root: EntityPath,
    slots: Vec<Slot>,
    /// By the index of the entity, its slot and one more; zero where there is none.
    by_index: Vec<u32>,
    by_path: FxHashMap<EntityPath, SlotId>,
    /// Of paths that several entities would have, the number that was given last.
    namesakes: FxHashMap<EntityPath, u32>,
    /// Grows with each path that is given or given up.
    version: u64,
    /// New since their identities were recorded last, or under another path than before: their identity and all that they have is to be recorded.
    pub(crate) fresh: Vec<SlotId>,
    /// Those of them that were recorded before, with their paths then: what waits belongs there, and what did not change is to be
    /// recorded anew.
    pub(crate) moved: Vec<(SlotId, EntityPath)>,
    /// Entities that are no longer disabled: what changed of them meanwhile was not seen, and all that they have is to be recorded anew.
    /// None of them is among those that moved.
    pub(crate) enabled: Vec<Entity>,
    /// Those that may be of entities without a transform, whose end nothing else tells of: each frame looks whether they are there.
    pub(crate) watched: Vec<SlotId>,
    /// Those of entities that are gone, in the order in which they went, as long as rows of the first of them wait.
    pub(crate) gone: VecDeque<SlotId>,
}

/// Where an entity stood at a time that the world was set back to.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) entity: Entity,
    pub(crate) path: EntityPath,
    pub(crate) parent: Option<Entity>,
}

/// What names and places an entity.
pub(crate) type Naming<'w, 's> = Query<
    'w,
    's,
    (Option<&'static Name>, Option<&'static ChildOf>),
    bevy_ecs::query::Allow<bevy_ecs::entity_disabling::Disabled>,
>;

/// The children of entities, disabled ones included.
pub(crate) type AllChildren<'w, 's> =
    Query<'w, 's, &'static Children, bevy_ecs::query::Allow<bevy_ecs::entity_disabling::Disabled>>;

impl Slots {
    pub(crate) fn new(root: EntityPath) -> Self {
        Self {
            root,
            slots: Vec::new(),
            by_index: Vec::new(),
            by_path: FxHashMap::default(),
            namesakes: FxHashMap::default(),
            version: 0,
            fresh: Vec::new(),
            moved: Vec::new(),
            enabled: Vec::new(),
            watched: Vec::new(),
            gone: VecDeque::new(),
        }
    }

    /// The bytes that they take, paths aside, which the store has too. Cost: O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.by_index.capacity() * size_of::<u32>()
            + self.by_path.capacity() * size_of::<(EntityPath, SlotId)>()
            + self.namesakes.capacity() * size_of::<(EntityPath, u32)>()
            + (self.gone.capacity() + self.watched.capacity()) * size_of::<SlotId>()
    }

    /// Another number than before, where an entity has another path than before, or is new or gone.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The recorded entities, those included that are gone.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SlotId, &Slot)> {
        self.slots
            .iter()
            .enumerate()
            .map(|(at, slot)| (at as SlotId, slot))
    }

    #[inline]
    pub(crate) fn get(&self, slot: SlotId) -> Option<&Slot> {
        self.slots.get(slot as usize)
    }

    pub(crate) fn path(&self, slot: SlotId) -> Option<&EntityPath> {
        Some(&self.get(slot)?.path)
    }

    /// The entity of a slot, where it is there.
    pub(crate) fn entity_at(&self, slot: SlotId) -> Option<Entity> {
        let place = self.get(slot).filter(|place| place.is_alive)?;
        Some(place.entity)
    }

    /// The slot of an entity that is recorded and there.
    #[inline]
    pub(crate) fn find(&self, entity: Entity) -> Option<SlotId> {
        let slot = self.by_index.get(entity.index_u32() as usize)?.checked_sub(1)?;
        let place = self.slots.get(slot as usize)?;
        (place.entity == entity && place.is_alive).then_some(slot)
    }

    /// The slot of what lies at a path now.
    pub(crate) fn find_path(&self, path: &EntityPath) -> Option<SlotId> {
        self.by_path.get(path).copied()
    }

    /// The slots of those that were at these paths, are gone, and of which rows may wait.
    pub(crate) fn gone_from(&self, paths: &FxHashSet<EntityPath>) -> impl Iterator<Item = SlotId> {
        let gone = self.gone.iter().copied();
        gone.filter(move |slot| self.path(*slot).is_some_and(|path| paths.contains(path)))
    }

    /// The slot of an entity, made where there is none.
    pub(crate) fn find_or_add(&mut self, entity: Entity, naming: &Naming) -> SlotId {
        match self.find(entity) {
            Some(slot) => slot,
            None => {
                let (path, parent) = self.free_path(entity, naming, 0);
                self.add(entity, path, parent)
            }
        }
    }

    pub(crate) fn add(&mut self, entity: Entity, path: EntityPath, parent: Option<Entity>) -> SlotId {
        let slot = self.slots.len() as SlotId;
        self.slots.push(Slot {
            entity,
            path: path.clone(),
            parent,
            is_alive: true,
        });
        self.set_index(entity, slot);
        self.by_path.insert(path, slot);
        self.fresh.push(slot);
        self.version += 1;
        slot
    }

    fn set_index(&mut self, entity: Entity, slot: SlotId) {
        let at = entity.index_u32() as usize;
        if self.by_index.len() <= at {
            self.by_index.resize(at + 1, 0);
        }
        self.by_index[at] = slot + 1;
    }

    /// The path of an entity by its name and those above it, other than those of all others; and its parent. Whatever is in a name, it
    /// is one part of the path. What would lie too deep lies below the root.
    fn free_path(&mut self, entity: Entity, naming: &Naming, depth: usize) -> (EntityPath, Option<Entity>) {
        let (name, parent) = naming.get(entity).unwrap_or_default();
        let parent = parent.map(ChildOf::parent);
        let above = match parent {
            Some(parent) if depth < MAX_DEPTH => match self.find(parent) {
                Some(slot) => self.slots[slot as usize].path.clone(),
                None => {
                    // A parent has a place, so that its children are not named anew once it is recorded itself.
                    let (path, above) = self.free_path(parent, naming, depth + 1);
                    let slot = self.add(parent, path.clone(), above);
                    self.watched.push(slot);
                    path
                }
            },
            _ => self.root.clone(),
        };
        let has_room = above.as_str().len() <= MAX_PARENT_BYTES && above.depth() <= MAX_PARENT_DEPTH;
        let above = if has_room { above } else { self.root.clone() };
        let part = match name {
            Some(name) if (1..=MAX_NAME_BYTES).contains(&name.len()) => name.as_str().to_owned(),
            _ => entity.to_string(),
        };
        let mut path = above.child(&escape_part(&part));
        let is_reserved = part == GIZMOS && above == self.root;
        if is_reserved || self.by_path.contains_key(&path) {
            // Thousands may have the same name: they are counted, not tried one after the other.
            let count = self.namesakes.entry(path.clone()).or_insert(1);
            let reserved = is_reserved.then(|| path.clone());
            while self.by_path.contains_key(&path) || reserved.as_ref() == Some(&path) {
                *count += 1;
                path = above.child(&escape_part(&format!("{part} ({count})")));
            }
        }
        (path, parent)
    }

    /// The identities of all that are there are to be recorded again.
    pub(crate) fn refresh(&mut self) {
        let there = self.iter().filter(|(_, slot)| slot.is_alive);
        self.fresh = there.map(|(slot, _)| slot).collect();
    }

    /// Says that an entity is gone. Returns where it was.
    pub(crate) fn remove(&mut self, slot: SlotId) -> Option<&Slot> {
        let place = self.slots.get_mut(slot as usize).filter(|place| place.is_alive)?;
        place.is_alive = false;
        self.version += 1;
        self.by_path.remove(&place.path);
        if let Some(index) = self.by_index.get_mut(place.entity.index_u32() as usize)
            && *index == slot + 1
        {
            *index = 0;
        }
        Some(place)
    }

    /// Says that an entity has another parent: it and all below it get other paths.
    pub(crate) fn move_below(&mut self, slot: SlotId, naming: &Naming, children: &AllChildren) {
        let Some(place) = self.get(slot) else {
            return;
        };
        let mut below = vec![place.entity];
        below.extend(children.iter_descendants(place.entity));
        let slots: Vec<SlotId> = below.iter().filter_map(|&entity| self.find(entity)).collect();
        // All paths are given up first, so that none of them is in the way of another.
        let before: Vec<EntityPath> = slots
            .iter()
            .map(|&slot| self.slots[slot as usize].path.clone())
            .collect();
        for (slot, path) in slots.iter().zip(&before) {
            if self.by_path.get(path) == Some(slot) {
                self.by_path.remove(path);
            }
        }
        for &slot in &slots {
            let (path, parent) = self.free_path(self.slots[slot as usize].entity, naming, 0);
            self.by_path.insert(path.clone(), slot);
            let place = &mut self.slots[slot as usize];
            (place.path, place.parent) = (path, parent);
            self.fresh.push(slot);
        }
        self.version += 1;
        self.moved.extend(slots.into_iter().zip(before));
    }

    /// The entities that are under another path than before, or enabled again.
    pub(crate) fn moved_entities(&self) -> Vec<Entity> {
        let slots = self.moved.iter().filter_map(|(slot, _)| self.get(*slot));
        let enabled = self.enabled.iter().copied();
        slots.map(|place| place.entity).chain(enabled).collect()
    }

    /// Says which entities are no longer disabled.
    pub(crate) fn set_enabled(&mut self, mut enabled: Vec<Entity>) {
        enabled.sort_unstable();
        enabled.dedup();
        if !enabled.is_empty() {
            let moved: FxHashSet<Entity> = self.moved_entities().into_iter().collect();
            enabled.retain(|entity| !moved.contains(entity));
        }
        self.enabled = enabled;
    }

    /// Puts entities where they stood, those included that have no slot. All others are gone, and `cleared` has their paths:
    /// whatever lies below one of those, or below a path that somebody leaves, is cleared with it and has to be recorded anew.
    pub(crate) fn put_back(
        &mut self,
        standing: Vec<Standing>,
        cleared: impl IntoIterator<Item = EntityPath>,
    ) {
        let mut cleared: FxHashSet<EntityPath> = cleared.into_iter().collect();
        let with_slots: Vec<(Option<SlotId>, Standing)> = standing
            .into_iter()
            .map(|standing| (self.find(standing.entity), standing))
            .collect();
        for (slot, standing) in &with_slots {
            if let Some(place) = slot.and_then(|slot| self.get(slot))
                && (place.path != standing.path || place.parent != standing.parent)
            {
                cleared.insert(place.path.clone());
            }
        }
        let is_cleared = |path: &EntityPath| path.ancestors().any(|above| cleared.contains(&above));
        let moves: Vec<bool> = with_slots
            .iter()
            .map(|(slot, _)| slot.and_then(|slot| self.path(slot)).is_none_or(is_cleared))
            .collect();
        self.version += 1;
        // All paths are given up first, so that none of them is in the way of another.
        for ((slot, _), _) in with_slots.iter().zip(&moves).filter(|(_, moves)| **moves) {
            if let Some(place) = slot.and_then(|slot| self.slots.get(slot as usize)) {
                self.by_path.remove(&place.path);
            }
        }
        for ((slot, Standing { entity, path, parent }), _) in
            with_slots.into_iter().zip(moves).filter(|(_, moves)| *moves)
        {
            debug_assert!(
                !self.by_path.contains_key(&path),
                "each path had one entity at a time"
            );
            let Some(slot) = slot else {
                let slot = self.add(entity, path, parent);
                self.watched.push(slot);
                continue;
            };
            self.by_path.insert(path.clone(), slot);
            let place = &mut self.slots[slot as usize];
            let before = std::mem::replace(&mut place.path, path);
            place.parent = parent;
            self.fresh.push(slot);
            self.moved.push((slot, before));
        }
    }
}
