//! The parts of a scene, and what they are written to: list by list, so that each list is looked up once.

use bevy::ecs::world::World;
use chronoscope_render::{Highlight, InstanceSet, SegmentTransform, SegmentUniform};
use chronoscope_store::{EntityId, RowId};
use rustc_hash::FxHashSet;

use super::{
    MAX_DRAW_ORDER, Placed, PlacedPart, SceneKey, Shown, ShownEntities, Space, SpatialScene,
    lights::Lit,
    overwrites::Overwrites,
    picked_rows::PickedRows,
    placed::{Drawn, PlannedPart, heap_bytes, plan},
};
use crate::spatial::{
    draw_order::{DrawOrder, OrderOfPart, Segment},
    lists::ListKey,
    parts::{KindId, Part, PartKind, PartKinds, PartPlace, Stage},
    sources::Spares,
    textures::PictureTextures,
    visual::Stand,
};

/// A scene taken apart: what it shows, and what that is written to.
pub(super) struct Staged<'a> {
    entities: &'a mut ShownEntities,
    draw_order: &'a mut DrawOrder,
    pub(super) kinds: &'a PartKinds,
    space: Space,
    placed_bytes: &'a mut usize,
    picked_rows: &'a mut PickedRows,
    pub(super) stage: Stage<'a>,
}

/// What overwriting visuals led to.
#[derive(Default)]
pub(super) struct Overwritten {
    /// The number of instances written.
    pub(super) num_instances: usize,
    /// The visuals of which there is more to do.
    pub(super) others: Vec<SceneKey>,
    /// The visuals that were shown before.
    pub(super) spares: Spares,
}

/// Things by the lists that they belong to, of which there are few.
pub(super) struct ByList<T> {
    lists: Vec<(ListKey, Vec<T>)>,
    /// The room that the first list begins with.
    room: usize,
}

impl<T> Default for ByList<T> {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl<T> ByList<T> {
    /// Nothing yet, of what may be so many things. Most often one list has all of them, and need not grow.
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            lists: Vec::new(),
            room,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    pub(super) fn push(&mut self, list: ListKey, item: T) {
        let known = self.lists.iter().position(|(known, _)| *known == list);
        let at = known.unwrap_or_else(|| {
            let room = std::mem::take(&mut self.room);
            self.lists.push((list, Vec::with_capacity(room)));
            self.lists.len() - 1
        });
        self.lists[at].1.push(item);
    }
}

impl SpatialScene {
    /// Takes it apart.
    pub(super) fn staged<'a>(
        &'a mut self,
        world: &'a mut World,
        textures: &'a mut PictureTextures,
    ) -> Staged<'a> {
        Staged {
            entities: &mut self.entities,
            draw_order: &mut self.draw_order,
            kinds: &self.kinds,
            space: self.space,
            placed_bytes: &mut self.placed_bytes,
            picked_rows: &mut self.picked_rows,
            stage: Stage {
                world,
                lists: &mut self.lists,
                quads: &mut self.quads,
                meshes: &mut self.meshes,
                textures,
            },
        }
    }
}

impl Staged<'_> {
    /// Puts visuals in the places of the ones before, but for those that moved.
    pub(super) fn overwrite(
        &mut self,
        overwrites: Vec<Overwrites>,
        has_moved: impl Fn(&SceneKey) -> bool,
    ) -> Overwritten {
        let Self {
            entities,
            kinds,
            stage,
            ..
        } = self;
        let mut all = Overwritten::default();
        let mut failed: FxHashSet<SceneKey> = FxHashSet::default();
        for Overwrites { keys, parts } in overwrites {
            for (list, parts) in parts.lists {
                let Some(kind) = kinds.get(list.kind) else {
                    continue;
                };
                let mut parts = parts.iter().filter_map(|part| {
                    let has_moved = has_moved(&(list.source, entity_of(part.segment)));
                    let content = part.part().filter(|_| !has_moved)?;
                    all.num_instances += part.num_instances;
                    Some((part.segment, content, part.all))
                });
                (kind.overwrite)(stage, list, &mut parts, &mut |segment| {
                    failed.insert((list.source, entity_of(segment)));
                });
            }
            for key in keys {
                if failed.contains(&key) || has_moved(&key) {
                    all.others.push(key);
                } else if let Some(shown) = entities.get_mut(&key)
                    && let Some(previous) = shown.previous.take()
                {
                    all.spares.push(key.0, previous);
                }
            }
        }
        all
    }

    /// Writes the parts of an entity that are not drawn yet, and removes those that are drawn and gone. Returns the number of
    /// instances written. `has_moved` tells that those that stay are to be placed anew.
    pub(super) fn write_parts(&mut self, key: SceneKey, has_moved: bool) -> usize {
        let Self {
            entities,
            draw_order,
            kinds,
            space,
            picked_rows,
            stage,
            ..
        } = self;
        let space = *space;
        let Some(shown) = entities.get_mut(&key) else {
            return 0;
        };
        let visual = shown.visual.clone();
        if visual.rows.is_some() || shown.row_ids.is_some() {
            let rows = visual.rows.as_deref().unwrap_or_default();
            let mut ids = shown.row_ids.take().unwrap_or_default();
            picked_rows.follow(key.1, &mut ids, rows.iter().map(|row| row.row));
            shown.row_ids = (!ids.is_empty()).then_some(ids);
        }
        let plan = {
            let drawn = Drawn {
                parts: &shown.previous.as_ref().unwrap_or(&shown.visual).parts,
                placed: &shown.placed,
            };
            plan(drawn, &visual.parts, |part| {
                let kind = kinds.id_of(part).filter(|_| !part.is_empty())?;
                Some(list_of(space, key, kind, kinds.get(kind)?, part))
            })
        };
        // The sum makes one zero of the two, which order differently and compare as equal.
        let drawn_order = visual.draw_order.clamp(-MAX_DRAW_ORDER, MAX_DRAW_ORDER) + 0.0;
        let is_reordered = shown.drawn_order != drawn_order;

        for gone in &plan.gone {
            draw_order.remove(&order_of(space, key, shown, gone.rank));
            let is_in_list = |part: &PlannedPart| part.placed.list == gone.list;
            if let Some(kind) = kinds.get(gone.list.kind)
                && !(kind.is_single && plan.parts.iter().flatten().any(is_in_list))
            {
                (kind.remove)(stage, part_place(key, shown, gone));
            }
        }
        for part in plan.parts.iter().flatten() {
            if let Some(before) = part
                .rank_before
                .filter(|rank| is_reordered || *rank != part.placed.rank)
            {
                draw_order.remove(&order_of(space, key, shown, before));
            }
        }
        shown.drawn_order = drawn_order;

        let uniform = uniform_of(space, key, shown);
        let mut num_written = 0;
        let mut placed = Placed::with_capacity(visual.parts.len());
        for ((at, part), planned) in visual.parts.iter().enumerate().zip(plan.parts) {
            let Some((planned, kind)) =
                planned.and_then(|planned| Some((planned, kinds.get(planned.placed.list.kind)?)))
            else {
                placed.push(None);
                continue;
            };
            let place = part_place(key, shown, &planned.placed);
            let of_part = || part.uniform(uniform_of_row(uniform.clone(), shown, at));
            let is_drawn = if planned.is_kept && !kind.is_single {
                if has_moved || is_reordered {
                    let moved = (key, place.segment, of_part());
                    (kind.set_uniforms)(stage, place.key, &mut std::iter::once(moved));
                }
                true
            } else {
                num_written += if planned.is_kept { 0 } else { part.num_instances() };
                (kind.write)(stage, place, part, of_part())
            };
            let order = order_of(space, key, shown, planned.placed.rank);
            if !is_drawn {
                draw_order.remove(&order);
            } else if is_reordered || planned.rank_before != Some(planned.placed.rank) {
                let (list, segment) = (planned.placed.list, place.segment);
                draw_order.insert(order, Segment { list, segment });
            }
            placed.push(is_drawn.then_some(planned.placed));
        }
        *self.placed_bytes += heap_bytes(&placed);
        *self.placed_bytes -= heap_bytes(&shown.placed);
        shown.placed = placed;
        shown.previous = None;
        let is_entity = |placed: &PlacedPart| kinds.get(placed.list.kind).is_none_or(|kind| kind.is_entity);
        shown.moves_alone = visual.stand == Stand::Space
            && !visual.parts.iter().any(Part::has_pose)
            && !shown.placed.iter().flatten().any(is_entity)
            && !shown.has_labels
            && visual.labels.is_empty();
        num_written
    }

    /// Brings segments elsewhere that stay otherwise as they are.
    pub(super) fn set_transforms(&mut self, moved: ByList<(u64, SegmentTransform)>) {
        for (list, segments) in moved.lists {
            if let Some(kind) = self.kinds.get(list.kind) {
                (kind.set_transforms)(&mut self.stage, list, &segments);
            }
        }
    }

    /// Moves, tints and highlights the parts of some entities. Returns how many of them are shown, and those that have labels.
    pub(super) fn set_uniforms(&mut self, moved: &[SceneKey]) -> (usize, Vec<SceneKey>) {
        let Self {
            entities,
            kinds,
            space,
            stage,
            ..
        } = self;
        let mut by_list: ByList<(SceneKey, &PlacedPart, &Shown, usize)> = ByList::with_room(moved.len());
        let (mut num_shown, mut labeled) = (0, Vec::new());
        for key in moved {
            let Some(shown) = entities.get(key) else { continue };
            num_shown += 1;
            if shown.has_labels || !shown.visual.labels.is_empty() {
                labeled.push(*key);
            }
            for (at, placed) in shown.placed.iter().enumerate() {
                if let Some(placed) = placed {
                    by_list.push(placed.list, (*key, placed, shown, at));
                }
            }
        }
        for (list, parts) in by_list.lists {
            if let Some(kind) = kinds.get(list.kind) {
                let mut uniforms = parts.into_iter().filter_map(|(key, placed, shown, at)| {
                    let part = shown.visual.parts.get(at)?;
                    let uniform = uniform_of_row(uniform_of(*space, key, shown), shown, at);
                    Some((key, segment_of(key, placed), part.uniform(uniform)))
                });
                (kind.set_uniforms)(stage, list, &mut uniforms);
            }
        }
        (num_shown, labeled)
    }

    pub(super) fn remove_parts(&mut self, key: SceneKey, shown: &Shown) {
        if let Some(ids) = &shown.row_ids {
            self.picked_rows.remove(ids);
        }
        for placed in shown.placed.iter().flatten() {
            if let Some(kind) = self.kinds.get(placed.list.kind) {
                (kind.remove)(&mut self.stage, part_place(key, shown, placed));
                self.draw_order
                    .remove(&order_of(self.space, key, shown, placed.rank));
            }
        }
    }
}

fn order_of(space: Space, key: SceneKey, shown: &Shown, rank: i32) -> OrderOfPart {
    OrderOfPart {
        draw_order: if space == Space::Two {
            shown.drawn_order
        } else {
            0.0
        },
        path: shown.path.clone(),
        source: key.0,
        rank,
    }
}

fn uniform_of(space: Space, key: SceneKey, shown: &Shown) -> SegmentUniform {
    let uniform = SegmentUniform {
        world_from_entity: shown.view_from_entity,
        tint: [255; 4],
        highlight: Highlight::None,
        hovered_instance: None,
        selected_instances: InstanceSet::EMPTY,
        picking_id: picking_id(key),
        is_whole: !shown.visual.has_instances,
        has_round_points: space == Space::Three
            && shown.visual.stand != Stand::Plane
            && shown.visual.has_round_points,
        default_color: shown.color,
        default_radius: shown.default_radius,
        depth_offset: shown.depth_offset(space),
        depth_tie: shown.depth_tie,
    };
    lit(uniform, &shown.lit, None)
}

/// The uniform of a part of an entity: that of the row that it belongs to, where it shows several.
fn uniform_of_row(of_entity: SegmentUniform, shown: &Shown, at: usize) -> SegmentUniform {
    let row = shown.visual.row_of_part(at);
    let id = row.and_then(|row| shown.row_ids.as_ref()?.get(&row).copied());
    let Some((row, picking_id)) = row.zip(id) else {
        return of_entity;
    };
    let uniform = SegmentUniform {
        picking_id,
        ..of_entity
    };
    lit(uniform, &shown.lit, Some(row))
}

/// A uniform that is lit up, as a row is, where one is given.
fn lit(uniform: SegmentUniform, lit: &Lit, row: Option<RowId>) -> SegmentUniform {
    let lit = lit.of_row(row, !uniform.is_whole);
    SegmentUniform {
        highlight: lit.highlight,
        hovered_instance: lit.hovered_instance,
        selected_instances: lit.selected_instances,
        ..uniform
    }
}

impl SpatialScene {
    /// The uniform of a part of what is shown.
    pub(crate) fn uniform_of_part(&self, key: SceneKey, at: usize) -> Option<SegmentUniform> {
        let shown = self.entities.get(&key)?;
        let part = shown.visual.parts.get(at)?;
        let of_entity = uniform_of(self.space, key, shown);
        Some(part.uniform(uniform_of_row(of_entity, shown, at)))
    }
}

/// What picking answers for an entity. Zero stands for nothing.
pub(super) fn picking_id((_, entity): SceneKey) -> u32 {
    entity.index() as u32 + 1
}

/// In which list a part stands.
fn list_of(space: Space, key: SceneKey, id: KindId, kind: &PartKind, part: &Part) -> ListKey {
    ListKey {
        source: key.0,
        kind: id,
        // In a plane nothing hides by depth what is drawn later, so edges may be smooth.
        is_translucent: !kind.is_entity && (space == Space::Two || part.is_translucent()),
    }
}

/// What a part is called within its list.
pub(super) fn segment_of(key: SceneKey, placed: &PlacedPart) -> u64 {
    (u64::from(key.1.index() as u32) << 32) | u64::from(placed.name)
}

/// The entity that a part belongs to, by what it is called within its list.
fn entity_of(segment: u64) -> EntityId {
    EntityId::from_index((segment >> 32) as usize)
}

fn part_place<'a>(key: SceneKey, shown: &'a Shown, placed: &PlacedPart) -> PartPlace<'a> {
    PartPlace {
        key: placed.list,
        segment: segment_of(key, placed),
        scene_key: key,
        path: &shown.path,
    }
}
