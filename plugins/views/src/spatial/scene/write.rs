//! Writes what changed in a scene: instances, uniforms and labels.

use std::collections::BTreeMap;

use bevy::ecs::world::World;
use chronoscope_render::{DEFAULT_RADIUS, InstanceSet, SegmentUniform};
use rustc_hash::FxHashSet;

use super::{
    MAX_DRAW_ORDER, Placed, PlacedPart, SceneKey, Shown, Space, SpatialScene,
    diff::Diff,
    placed::{Drawn, PlannedPart, heap_bytes, plan},
};
use crate::{
    colors,
    spatial::{
        draw_order::{OrderOfPart, Run, Segment},
        labels::PlacedLabel,
        lists::ListKey,
        parts::{KindId, Part, PartKind, PartPlace, Stage},
        textures::PictureTextures,
        visual::{Label, Stand},
    },
};

/// The most parts of a visual that are looked at two by two.
const MOST_OVERWRITTEN: usize = 4;

/// How much was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) instances: usize,
    pub(super) segments: usize,
    pub(super) labels: usize,
}

impl SpatialScene {
    /// Writes what changed.
    pub(super) fn write(&mut self, world: &mut World, textures: &mut PictureTextures, diff: Diff) -> Written {
        self.is_changed = true;
        self.version += u64::from(!diff.changes_nothing_but_light());
        let Diff {
            removed,
            written,
            mut moved,
            mut lit,
        } = diff;
        let mut count = Written::default();
        for (key, shown) in removed {
            self.set_labels((shown.path.clone(), key.0), Vec::new());
            self.remove_parts(world, textures, key, &shown);
            self.placed_bytes -= heap_bytes(&shown.placed);
        }
        moved.append(&mut lit);
        moved.sort_unstable();
        moved.dedup();
        for key in &written {
            let has_moved = moved.binary_search(key).is_ok();
            if !has_moved && let Some(instances) = self.overwrite_parts(world, textures, *key) {
                count.instances += instances;
                continue;
            }
            count.instances += self.write_parts(world, textures, *key, has_moved);
            count.labels += self.place_labels(*key);
        }
        self.write_order(world, textures);
        if !written.is_empty() {
            let written: FxHashSet<SceneKey> = written.into_iter().collect();
            moved.retain(|key| !written.contains(key));
        }
        for key in moved {
            if self.entities.contains_key(&key) {
                count.segments += 1;
                self.set_uniforms(world, textures, key);
                count.labels += self.place_labels(key);
            }
        }
        count
    }

    /// Puts the parts of a visual in the places of those of the one before, where they differ in their instances alone. Returns the
    /// number of instances written; `None` where there is more to do.
    fn overwrite_parts(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        key: SceneKey,
    ) -> Option<usize> {
        let shown = self.entities.get_mut(&key)?;
        let (now, before) = (&shown.visual, shown.previous.as_ref()?);
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
            && shown.placed.len() == now.parts.len()
            && now.parts.iter().all(|part| part.num_instances() > 0);
        if !is_same_but_for_instances {
            return None;
        }
        let mut stage = Stage {
            world,
            lists: &mut self.lists,
            quads: &mut self.quads,
            meshes: &mut self.meshes,
            textures,
        };
        let mut num_written = 0;
        for ((part, before), placed) in now.parts.iter().zip(&before.parts).zip(&shown.placed) {
            let placed = placed.as_ref()?;
            if part.is_clone_of(before) {
                continue;
            }
            let kind = self.kinds.get(placed.list.kind)?;
            if !(kind.overwrite)(&mut stage, part_place(key, shown, placed), part) {
                return None;
            }
            num_written += part.num_instances();
        }
        shown.previous = None;
        Some(num_written)
    }

    /// Writes the parts of an entity that are not drawn yet, and removes those that are drawn and gone. Returns the number of
    /// instances written. `has_moved` tells that those that stay are to be placed anew.
    fn write_parts(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        key: SceneKey,
        has_moved: bool,
    ) -> usize {
        let Some(shown) = self.entities.get_mut(&key) else {
            return 0;
        };
        let mut stage = Stage {
            world,
            lists: &mut self.lists,
            quads: &mut self.quads,
            meshes: &mut self.meshes,
            textures,
        };
        let visual = shown.visual.clone();
        let (kinds, space) = (&self.kinds, self.space);
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
            self.draw_order.remove(&order_of(space, key, shown, gone.rank));
            let is_in_list = |part: &PlannedPart| part.placed.list == gone.list;
            if let Some(kind) = kinds.get(gone.list.kind)
                && !(kind.is_single && plan.parts.iter().flatten().any(is_in_list))
            {
                (kind.remove)(&mut stage, part_place(key, shown, gone));
            }
        }
        for part in plan.parts.iter().flatten() {
            if let Some(before) = part
                .rank_before
                .filter(|rank| is_reordered || *rank != part.placed.rank)
            {
                self.draw_order.remove(&order_of(space, key, shown, before));
            }
        }
        shown.drawn_order = drawn_order;

        let uniform = uniform_of(self.space, key, shown);
        let mut num_written = 0;
        let mut placed = Placed::with_capacity(visual.parts.len());
        for (part, planned) in visual.parts.iter().zip(plan.parts) {
            let Some((planned, kind)) =
                planned.and_then(|planned| Some((planned, kinds.get(planned.placed.list.kind)?)))
            else {
                placed.push(None);
                continue;
            };
            let place = part_place(key, shown, &planned.placed);
            let is_drawn = if planned.is_kept && !kind.is_single {
                if has_moved || is_reordered {
                    (kind.set_uniform)(&mut stage, place, part.uniform(&uniform));
                }
                true
            } else {
                num_written += if planned.is_kept { 0 } else { part.num_instances() };
                (kind.write)(&mut stage, place, part, part.uniform(&uniform))
            };
            let order = order_of(space, key, shown, planned.placed.rank);
            if !is_drawn {
                self.draw_order.remove(&order);
            } else if is_reordered || planned.rank_before != Some(planned.placed.rank) {
                let (list, segment) = (planned.placed.list, place.segment);
                self.draw_order.insert(order, Segment { list, segment });
            }
            placed.push(is_drawn.then_some(planned.placed));
        }
        self.placed_bytes += heap_bytes(&placed);
        self.placed_bytes -= heap_bytes(&shown.placed);
        shown.placed = placed;
        shown.previous = None;
        num_written
    }

    /// Moves, tints and highlights the parts of an entity.
    fn set_uniforms(&mut self, world: &mut World, textures: &mut PictureTextures, key: SceneKey) {
        let Some(shown) = self.entities.get(&key) else {
            return;
        };
        let mut stage = Stage {
            world,
            lists: &mut self.lists,
            quads: &mut self.quads,
            meshes: &mut self.meshes,
            textures,
        };
        let uniform = uniform_of(self.space, key, shown);
        for (part, placed) in shown.visual.parts.iter().zip(&shown.placed) {
            if let Some(placed) = placed
                && let Some(kind) = self.kinds.get(placed.list.kind)
            {
                let place = part_place(key, shown, placed);
                (kind.set_uniform)(&mut stage, place, part.uniform(&uniform));
            }
        }
    }

    fn remove_parts(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        key: SceneKey,
        shown: &Shown,
    ) {
        let mut stage = Stage {
            world,
            lists: &mut self.lists,
            quads: &mut self.quads,
            meshes: &mut self.meshes,
            textures,
        };
        for placed in shown.placed.iter().flatten() {
            if let Some(kind) = self.kinds.get(placed.list.kind) {
                (kind.remove)(&mut stage, part_place(key, shown, placed));
                self.draw_order
                    .remove(&order_of(self.space, key, shown, placed.rank));
            }
        }
    }

    /// Brings into order what is drawn in a plane. In space depth decides, except among instances that are translucent, which
    /// go by path; pictures go by distance there.
    fn write_order(&mut self, world: &mut World, textures: &mut PictureTextures) {
        let Some(runs) = self.draw_order.take_changed_runs() else {
            return;
        };
        let mut by_list: BTreeMap<ListKey, Vec<&Run>> = BTreeMap::new();
        for run in &runs {
            by_list.entry(run.list).or_default().push(run);
        }
        let mut stage = Stage {
            world,
            lists: &mut self.lists,
            quads: &mut self.quads,
            meshes: &mut self.meshes,
            textures,
        };
        for (list, runs) in by_list {
            if let Some(kind) = self.kinds.get(list.kind) {
                (kind.set_runs)(&mut stage, list, &runs);
            }
        }
    }

    fn set_labels(&mut self, key: super::OrderKey, labels: Vec<PlacedLabel>) {
        let bytes = |labels: &Vec<PlacedLabel>| labels.capacity() * size_of::<PlacedLabel>();
        self.label_bytes += bytes(&labels);
        let before = if labels.is_empty() {
            self.labels.remove(&key)
        } else {
            self.labels.insert(key, labels)
        };
        self.label_bytes -= before.as_ref().map_or(0, bytes);
    }

    /// Places the labels of an entity. Returns how many.
    fn place_labels(&mut self, key: SceneKey) -> usize {
        let Some(shown) = self.entities.get(&key) else {
            return 0;
        };
        let order = (shown.path.clone(), key.0);
        if shown.visual.labels.is_empty() {
            self.set_labels(order, Vec::new());
            return 0;
        }
        let entity_color = colors::entity_color(&shown.path).to_array();
        let scale = shown.view_from_entity.matrix3.determinant().abs().cbrt() as f32;
        let clearance = |label: &Label| match label.clearance {
            DEFAULT_RADIUS => shown.default_radius,
            clearance => clearance,
        };
        let clearance = |label: &Label| match clearance(label) {
            units if units > 0.0 && scale.is_finite() => units * scale,
            points => points,
        };
        let labels: Vec<PlacedLabel> = shown
            .visual
            .labels
            .iter()
            .map(|label| PlacedLabel {
                instance: label.instance,
                position: shown.view_from_entity.transform_point3(label.position),
                clearance: clearance(label),
                text: label.text.clone(),
                color: label.color.unwrap_or(entity_color),
            })
            .collect();
        let count = labels.len();
        self.set_labels(order, labels);
        count
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

pub(super) fn uniform_of(space: Space, key: SceneKey, shown: &Shown) -> SegmentUniform {
    let has_instances = shown.visual.has_instances;
    SegmentUniform {
        world_from_entity: shown.view_from_entity,
        tint: [255; 4],
        highlight: shown.lit.whole,
        hovered_instance: shown.lit.hovered_instance.filter(|_| has_instances),
        selected_instances: if has_instances {
            shown.lit.selected_instances.clone()
        } else {
            InstanceSet::EMPTY
        },
        picking_id: picking_id(key),
        is_whole: !has_instances,
        has_round_points: space == Space::Three
            && shown.visual.stand != Stand::Plane
            && shown.visual.has_round_points,
        default_color: colors::entity_color(&shown.path).to_array(),
        default_radius: shown.default_radius,
        depth_offset: shown.depth_offset(space),
        depth_tie: shown.depth_tie,
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

fn part_place<'a>(key: SceneKey, shown: &'a Shown, placed: &PlacedPart) -> PartPlace<'a> {
    PartPlace {
        key: placed.list,
        segment: (u64::from(key.1.index() as u32) << 32) | u64::from(placed.name),
        scene_key: key,
        path: &shown.path,
    }
}
