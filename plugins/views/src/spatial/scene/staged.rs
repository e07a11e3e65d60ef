//! The parts of a scene, and what they are written to: list by list, so that each list is looked up once.

use std::sync::Arc;

use bevy::ecs::world::World;
use chronoscope_render::{Highlight, InstanceSet, SegmentTransform, SegmentUniform};
use chronoscope_store::{EntityId, RowId};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{
    MAX_DRAW_ORDER, Placed, PlacedPart, SceneKey, Shown, ShownEntities, Space, SpatialScene,
    lights::Lit,
    picked_rows::PickedRows,
    placed::{Drawn, PlannedPart, heap_bytes, plan},
};
use crate::spatial::{
    draw_order::{DrawOrder, OrderOfPart, Segment},
    lists::ListKey,
    parts::{KindId, Part, PartKind, PartKinds, PartPlace, Stage},
    textures::PictureTextures,
    visual::{AT_ONCE, Stand},
};

/// The most parts of a visual that are looked at two by two.
const MOST_OVERWRITTEN: usize = 4;

/// So many visuals are taken through all steps of overwriting before the next ones: what is read of them, a kilobyte or so each, stays in
/// the cache of the processor's core.
const MOST_AT_HAND: usize = 512;

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
    /// Puts the parts of visuals in the places of those of the ones before, where they differ in their instances alone and did not move.
    /// Returns the number of instances written, and those of `written` of which there is more to do.
    pub(super) fn overwrite(
        &mut self,
        written: &[SceneKey],
        has_moved: impl Fn(&SceneKey) -> bool,
    ) -> (usize, Vec<SceneKey>) {
        let (mut num_written, mut others) = (0, Vec::new());
        for some in written.chunks(MOST_AT_HAND) {
            num_written += self.overwrite_some(some, &has_moved, &mut others);
        }
        (num_written, others)
    }

    /// As [`Self::overwrite`], of so few that all that was read of them is still at hand in the next step. Adds those of which there is
    /// more to do to `others`.
    fn overwrite_some(
        &mut self,
        written: &[SceneKey],
        has_moved: &impl Fn(&SceneKey) -> bool,
        others: &mut Vec<SceneKey>,
    ) -> usize {
        let Self {
            entities,
            kinds,
            stage,
            ..
        } = self;
        let mut by_list: ByList<(u64, &Part, usize)> = ByList::with_room(written.len());
        let mut done = Vec::with_capacity(written.len());
        for some in written.chunks(AT_ONCE) {
            entities.prefetch(some);
            for key in some {
                let shown = entities.get(key).filter(|_| !has_moved(key));
                let parts = shown
                    .and_then(|shown| Some((shown, shown.previous.as_ref()?, shown.overwritten_parts()?)));
                let Some((shown, previous, parts)) = parts else {
                    others.push(*key);
                    continue;
                };
                done.push(*key);
                // A view that keeps the visual before got it from a visualizer, which holds it, too. If only views hold it, all of
                // them are about to show the other.
                let views = Arc::strong_count(previous);
                for at in parts {
                    if let (Some(part), Some(Some(placed))) =
                        (shown.visual.parts.get(at), shown.placed.get(at))
                    {
                        by_list.push(placed.list, (segment_of(*key, placed), part, views));
                    }
                }
            }
        }
        let mut num_written = 0;
        let mut failed: FxHashSet<SceneKey> = FxHashSet::default();
        for (list, parts) in by_list.lists {
            let Some(kind) = kinds.get(list.kind) else {
                continue;
            };
            num_written += parts
                .iter()
                .map(|(_, part, _)| part.num_instances())
                .sum::<usize>();
            (kind.overwrite)(stage, list, &mut parts.into_iter(), &mut |segment| {
                failed.insert((list.source, entity_of(segment)));
            });
        }
        for key in done {
            if failed.contains(&key) {
                others.push(key);
            } else if let Some(shown) = entities.get_mut(&key) {
                shown.previous = None;
            }
        }
        num_written
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
                let kind = kinds.id_of(part).filter(|_| part.num_instances() > 0)?;
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

impl Shown {
    /// The positions of the parts that differ from what is drawn, where these differ in their instances alone. `None` where there is
    /// more to do than to put the ones in the places of the others.
    fn overwritten_parts(&self) -> Option<SmallVec<[usize; MOST_OVERWRITTEN]>> {
        let (now, before) = (&self.visual, self.previous.as_ref()?);
        // Visuals of many parts are ranges that slide, and their parts stay what they are at other positions.
        let stays_elsewhere = |(at, part): (usize, &Part)| {
            let mut others = before.parts.iter().enumerate();
            others.any(|(other, before)| other != at && part.is_clone_of(before))
        };
        let is_same_but_for_instances = now.parts.len() <= MOST_OVERWRITTEN
            && now.is_drawn_like(before)
            && !now.parts.iter().enumerate().any(stays_elsewhere)
            && now.labels.is_empty()
            && before.labels.is_empty()
            && self.placed.len() == now.parts.len()
            && self.placed.iter().all(Option::is_some)
            && now.parts.iter().all(|part| part.num_instances() > 0);
        is_same_but_for_instances.then(|| {
            let parts = now.parts.iter().zip(&before.parts).enumerate();
            let differs = |(_, (part, before)): &(usize, (&Part, &Part))| !part.is_clone_of(before);
            parts.filter(differs).map(|(at, _)| at).collect()
        })
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
