//! The instances of spatial views: buffers that all views share, one per (visualizer, primitive), and what each view draws of
//! them, a list per (visualizer, primitive, blending).

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use bevy::{camera::visibility::RenderLayers, ecs::prelude::*};
use chronoscope_render::{
    AllUsers, Blending, DrawList, DrawRun, InstanceBuffer, MemoryUse, PointInstance, Primitive,
    SegmentTransform, SegmentUniform, Slot, Sorting,
};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{draw_order::Run, parts::KindId, sources::SourceId, visual::AT_ONCE};

/// Which list the instances of a part go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ListKey {
    pub(crate) source: SourceId,
    pub(crate) kind: KindId,
    pub(crate) is_translucent: bool,
}

/// The buffers that all views share. What is in them is stored once, whatever the number of views.
#[derive(Resource, Default)]
pub(crate) struct SharedBuffers {
    by_key: BTreeMap<(SourceId, KindId), SharedBuffer>,
}

struct SharedBuffer {
    entity: Entity,
    /// Lists that draw from it.
    num_lists: usize,
    memory_use: fn(&World, Entity) -> MemoryUse,
}

impl SharedBuffers {
    /// The memory of all buffers. The instances themselves are shared with the visuals.
    pub(crate) fn memory_use(&self, world: &World) -> MemoryUse {
        let buffers = self.by_key.values();
        total(buffers.map(|buffer| (buffer.memory_use)(world, buffer.entity)))
    }

    /// The points of all views, each once. Cost: the number of buffers.
    pub(crate) fn num_points(&self, world: &World) -> u64 {
        let buffers = self.by_key.values();
        let points = buffers.filter_map(|buffer| world.get::<InstanceBuffer<PointInstance>>(buffer.entity));
        points.map(|points| points.len() as u64).sum()
    }
}

/// What one view draws.
pub(crate) struct ViewLists {
    by_key: BTreeMap<ListKey, ViewList>,
    layer: usize,
}

/// A list of one view.
struct ViewList {
    entity: Entity,
    buffer: Entity,
    slots: FxHashMap<u64, Slot>,
    functions: ListFunctions,
}

/// What is done with a list whatever its primitive.
#[derive(Clone, Copy)]
struct ListFunctions {
    release: fn(&mut World, Entity, Slot),
    memory_use: fn(&World, Entity) -> MemoryUse,
}

impl ViewLists {
    /// No lists yet, on a render layer.
    pub(crate) fn new(layer: usize) -> Self {
        Self {
            by_key: BTreeMap::new(),
            layer,
        }
    }

    /// The memory of the lists. Cost: the number of lists.
    pub(crate) fn memory_use(&self, world: &World) -> MemoryUse {
        let lists = self.by_key.values();
        let mut all = total(lists.map(|list| (list.functions.memory_use)(world, list.entity)));
        let entry = size_of::<(u64, Slot)>() as u64 + 1;
        let entries = self.by_key.values().map(|list| list.slots.capacity() as u64);
        all.own_bytes += entries.sum::<u64>() * entry;
        all
    }

    /// Frees everything.
    pub(crate) fn despawn(&mut self, world: &mut World) {
        for (key, list) in std::mem::take(&mut self.by_key) {
            for slot in list.slots.into_values() {
                (list.functions.release)(world, list.buffer, slot);
            }
            world.despawn(list.entity);
            leave_buffer(world, key);
        }
    }

    fn list<P: Primitive>(&mut self, world: &mut World, key: ListKey) -> &mut ViewList {
        let layers = RenderLayers::none().with(self.layer);
        self.by_key.entry(key).or_insert_with(|| {
            let buffer = shared_buffer::<P>(world, key);
            let blending = if key.is_translucent {
                Blending::Translucent
            } else {
                Blending::Opaque
            };
            let list = DrawList::<P>::new(buffer, blending);
            ViewList {
                entity: world.spawn((list, layers)).id(),
                buffer,
                slots: FxHashMap::default(),
                functions: ListFunctions {
                    release: |world, buffer, slot| {
                        with_buffer::<P, _>(world, buffer, |buffer| buffer.remove(slot));
                    },
                    memory_use: |world, list| {
                        let list = world.get::<DrawList<P>>(list);
                        list.map(DrawList::memory_use).unwrap_or_default()
                    },
                },
            }
        })
    }
}

/// Draws the instances of a part, or draws them in place of those that stand there. Returns whether there was room.
pub(crate) fn write<P: Primitive>(
    world: &mut World,
    lists: &mut ViewLists,
    key: ListKey,
    segment: u64,
    uniform: SegmentUniform,
    instances: &Arc<[P]>,
) -> bool {
    let list = lists.list::<P>(world, key);
    let (entity, before) = (list.entity, list.slots.get(&segment).copied());
    let is_held = |world: &mut World, slot| {
        before != Some(slot) && with_list::<P, _>(world, entity, |list| list.contains(slot)) == Some(true)
    };
    let store = |world: &mut World, instances: Arc<[P]>| {
        with_buffer::<P, _>(world, list.buffer, |buffer| match before {
            Some(slot) => buffer.replace(slot, instances),
            None => buffer.insert(instances),
        })
    };
    let mut stored = store(world, instances.clone());
    if let Some(Ok(slot)) = stored
        && is_held(world, slot)
    {
        // The same instances stand twice in the view, and a list draws a visual once: they get a copy of their own.
        let copy: Arc<[P]> = Arc::from(&**instances);
        stored = with_buffer::<P, _>(world, list.buffer, |buffer| {
            buffer.remove(slot);
            buffer.insert(copy)
        });
    }
    let slot = match stored {
        Some(Ok(slot)) => slot,
        Some(Err(error)) => {
            tracing::warn!("not everything can be drawn: {error}");
            remove::<P>(world, lists, key, segment);
            return false;
        }
        None => return false,
    };
    with_list::<P, _>(world, entity, |list| match before {
        Some(before) => list.replace(before, slot, uniform),
        None => list.insert(slot, uniform),
    });
    list.slots.insert(segment, slot);
    true
}

/// Puts other instances in the places of as many of some parts, which are drawn as those were. `parts` are segments, each with its
/// instances and, where they are known, all views that are about to draw others in the place of what is there. Tells `failed` of those that other
/// views draw as they are, or that have another number.
pub(crate) fn overwrite<P: Primitive>(
    world: &mut World,
    lists: &ViewLists,
    key: ListKey,
    parts: impl Iterator<Item = (u64, Option<Arc<[P]>>, Option<AllUsers>)>,
    mut failed: impl FnMut(u64),
) {
    let list = lists.by_key.get(&key);
    let mut buffer = list.and_then(|list| world.get_mut::<InstanceBuffer<P>>(list.buffer));
    let mut parts = parts.map(|(segment, instances, all)| {
        let slot = list.and_then(|list| list.slots.get(&segment)).copied();
        (segment, slot, instances, all)
    });
    loop {
        let some: SmallVec<[_; AT_ONCE]> = parts.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        for (_, slot, instances, _) in &some {
            let before = buffer.as_ref().zip(*slot);
            let before = before.and_then(|(buffer, slot)| buffer.get(slot));
            let instances = instances.as_ref().map(Arc::strong_count);
            black_box((before.map(Arc::strong_count), instances));
        }
        for (segment, slot, instances, all) in some {
            let overwritten = buffer.as_mut().zip(slot).zip(instances);
            let overwritten = overwritten
                .map(|((buffer, slot), instances)| buffer.overwrite_in_place(slot, instances, all));
            if overwritten != Some(true) {
                failed(segment);
            }
        }
    }
}

/// Moves, tints or highlights the instances of some parts.
pub(crate) fn set_uniforms<P: Primitive>(
    world: &mut World,
    lists: &ViewLists,
    key: ListKey,
    uniforms: impl Iterator<Item = (u64, SegmentUniform)>,
) {
    let Some(list) = lists.by_key.get(&key) else {
        return;
    };
    let Some(mut drawn) = world.get_mut::<DrawList<P>>(list.entity) else {
        return;
    };
    for (segment, uniform) in uniforms {
        if let Some(slot) = list.slots.get(&segment) {
            drawn.set_uniform(*slot, uniform);
        }
    }
}

/// Moves the instances of some parts, which are otherwise drawn as before.
pub(crate) fn set_transforms<P: Primitive>(
    world: &mut World,
    lists: &ViewLists,
    key: ListKey,
    moved: &[(u64, SegmentTransform)],
) {
    let Some(list) = lists.by_key.get(&key) else {
        return;
    };
    let Some(mut drawn) = world.get_mut::<DrawList<P>>(list.entity) else {
        return;
    };
    for (segment, transform) in moved {
        if let Some(slot) = list.slots.get(segment) {
            drawn.set_transform(*slot, transform);
        }
    }
}

/// Removes the instances of a part, and a list or a buffer that has none left.
pub(crate) fn remove<P: Primitive>(world: &mut World, lists: &mut ViewLists, key: ListKey, segment: u64) {
    let Some(list) = lists.by_key.get_mut(&key) else {
        return;
    };
    if let Some(slot) = list.slots.remove(&segment) {
        with_list::<P, _>(world, list.entity, |list| list.remove(slot));
        with_buffer::<P, _>(world, list.buffer, |buffer| buffer.remove(slot));
    }
    if list.slots.is_empty() {
        world.despawn(list.entity);
        lists.by_key.remove(&key);
        leave_buffer(world, key);
    }
}

/// Brings the parts of a list into an order, among each other and among those of other lists.
pub(crate) fn set_runs<P: Primitive>(world: &mut World, lists: &mut ViewLists, key: ListKey, runs: &[&Run]) {
    let Some(list) = lists.by_key.get(&key) else {
        return;
    };
    let slots_of = |run: &Run| {
        let slots = run.segments.iter().filter_map(|segment| list.slots.get(segment));
        slots.copied().collect()
    };
    let runs = runs.iter().map(|run| DrawRun {
        sorting: Sorting::Index(run.index),
        slots: slots_of(run),
    });
    let runs: Vec<DrawRun> = runs.collect();
    with_list::<P, _>(world, list.entity, |list| list.set_runs(Some(&runs)));
}

/// The entity of the buffer that all views share, for one more list.
fn shared_buffer<P: Primitive>(world: &mut World, key: ListKey) -> Entity {
    world.init_resource::<SharedBuffers>();
    world.resource_scope(|world, mut buffers: Mut<SharedBuffers>| {
        let shared = buffers.by_key.entry((key.source, key.kind));
        let shared = shared.or_insert_with(|| SharedBuffer {
            entity: world.spawn(InstanceBuffer::<P>::default()).id(),
            num_lists: 0,
            memory_use: |world, buffer| {
                let buffer = world.get::<InstanceBuffer<P>>(buffer);
                buffer.map(InstanceBuffer::memory_use).unwrap_or_default()
            },
        });
        shared.num_lists += 1;
        shared.entity
    })
}

/// Lets go of the buffer that a list drew from. It goes with its last list.
fn leave_buffer(world: &mut World, key: ListKey) {
    let Some(mut buffers) = world.get_resource_mut::<SharedBuffers>() else {
        return;
    };
    let place = (key.source, key.kind);
    if let Some(shared) = buffers.by_key.get_mut(&place) {
        shared.num_lists -= 1;
        if shared.num_lists == 0 {
            let entity = shared.entity;
            buffers.by_key.remove(&place);
            world.despawn(entity);
        }
    }
}

fn total(uses: impl Iterator<Item = MemoryUse>) -> MemoryUse {
    uses.fold(MemoryUse::default(), |all, one| MemoryUse {
        shared_bytes: all.shared_bytes + one.shared_bytes,
        own_bytes: all.own_bytes + one.own_bytes,
        gpu_bytes: all.gpu_bytes + one.gpu_bytes,
    })
}

fn with_list<P: Primitive, T>(
    world: &mut World,
    entity: Entity,
    write: impl FnOnce(&mut DrawList<P>) -> T,
) -> Option<T> {
    world
        .get_mut::<DrawList<P>>(entity)
        .map(|mut list| write(&mut list))
}

fn with_buffer<P: Primitive, T>(
    world: &mut World,
    entity: Entity,
    write: impl FnOnce(&mut InstanceBuffer<P>) -> T,
) -> Option<T> {
    world
        .get_mut::<InstanceBuffer<P>>(entity)
        .map(|mut buffer| write(&mut buffer))
}

#[cfg(test)]
mod tests {
    use chronoscope_render::PointInstance;

    use super::*;

    const KEY: ListKey = ListKey {
        source: 0,
        kind: 0,
        is_translucent: true,
    };

    fn points(count: usize) -> Arc<[PointInstance]> {
        vec![PointInstance::new([0.0; 3].into(), 1.0, 1); count].into()
    }

    fn stored(world: &mut World) -> Vec<(usize, usize)> {
        let mut buffers = world.query::<&InstanceBuffer<PointInstance>>();
        let buffers = buffers.iter(world);
        buffers
            .map(|buffer| (buffer.visual_count(), buffer.len()))
            .collect()
    }

    fn write_to(world: &mut World, view: &mut ViewLists, segment: u64, points: &Arc<[PointInstance]>) {
        assert!(write(
            world,
            view,
            KEY,
            segment,
            SegmentUniform::default(),
            points
        ));
    }

    #[test]
    fn views_share_what_they_draw_until_the_last_one_goes() {
        let mut world = World::new();
        let mut views = [8, 9, 10].map(ViewLists::new);
        let cloud = points(100);
        for view in &mut views {
            write_to(&mut world, view, 1, &cloud);
        }
        assert_eq!(stored(&mut world), [(1, 100)]);
        assert_eq!(Arc::strong_count(&cloud), 2, "the buffer keeps one");

        // One view goes on to another cloud, one is closed, one no longer shows the entity.
        let [one, two, three] = &mut views;
        write_to(&mut world, one, 1, &points(50));
        assert_eq!(stored(&mut world), [(2, 150)]);
        two.despawn(&mut world);
        assert_eq!(stored(&mut world), [(2, 150)]);
        remove::<PointInstance>(&mut world, three, KEY, 1);
        assert_eq!(stored(&mut world), [(1, 50)]);
        one.despawn(&mut world);
        assert_eq!(stored(&mut world), []);
        assert_eq!(world.query::<&DrawList<PointInstance>>().iter(&world).count(), 0);
    }

    #[test]
    fn what_stands_twice_in_a_view_is_drawn_twice() {
        let mut world = World::new();
        let mut view = ViewLists::new(8);
        let cloud = points(10);
        write_to(&mut world, &mut view, 1, &cloud);
        write_to(&mut world, &mut view, 2, &cloud);
        write_to(&mut world, &mut view, 2, &cloud);
        assert_eq!(stored(&mut world), [(2, 20)]);
        remove::<PointInstance>(&mut world, &mut view, KEY, 1);
        assert_eq!(stored(&mut world), [(1, 10)]);
        let mut lists = world.query::<&DrawList<PointInstance>>();
        assert_eq!(lists.iter(&world).map(DrawList::len).collect::<Vec<_>>(), [1]);
    }
}
