//! Writes what changed in a scene: instances, uniforms and labels.

use std::hash::{Hash, Hasher};

use bevy::ecs::world::World;
use chronoscope_render::SegmentUniform;
use chronoscope_store::EntityPath;
use rustc_hash::{FxHashSet, FxHasher};

use super::{Placed, SceneKey, Shown, Space, SpatialScene, diff::Diff};
use crate::{
    colors,
    spatial::{
        batches::{BatchKey, DrawOrder},
        labels::PlacedLabel,
        parts::{KindId, Part, PartKind, PartPlace, Stage},
        textures::PictureTextures,
    },
};

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
        let Diff {
            removed,
            written,
            mut moved,
            only_adds,
        } = diff;
        let mut count = Written::default();
        self.is_changed = true;
        self.version += 1;
        if !only_adds || !removed.is_empty() || !moved.is_empty() {
            self.bounds = None;
        }
        for (key, shown) in removed {
            self.batches.set_unordered();
            self.labels.remove(&(shown.path.clone(), key.0));
            self.remove_parts(world, textures, key, &shown);
        }
        // In the order of their paths: it is that of the buffers.
        for key in &written {
            count.instances += self.write_parts(world, textures, *key);
            count.labels += self.place_labels(*key);
            if only_adds
                && let Some(bounds) = &mut self.bounds
                && let Some(shown) = self.entities.get(key)
            {
                *bounds = bounds.union(shown.bounds());
            }
        }
        moved.sort_unstable();
        moved.dedup();
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
        self.order_parts(world);
        count
    }

    /// Sets the order of what is translucent: in a plane by draw order, path, visualizer and part; in space, where nothing that
    /// is translucent has a draw order, by path, visualizer and part. Costs nothing where nothing came, went or changed its order.
    fn order_parts(&mut self, world: &mut World) {
        if !self.batches.take_unordered() {
            return;
        }
        let mut entities: Vec<(SceneKey, &Shown)> = self.shown().collect();
        if self.space == Space::Two {
            entities.sort_by(|(_, a), (_, b)| a.visual.draw_order.total_cmp(&b.visual.draw_order));
        }
        let mut order = DrawOrder::default();
        let mut pictures = Vec::new();
        for (key, shown) in entities {
            for (at, placed) in shown.placed.iter().enumerate() {
                let Some(batch) = *placed else { continue };
                if self.kinds.get(batch.kind).is_some_and(|kind| kind.is_entity) {
                    pictures.push((shown.path.clone(), key, order.push_other()));
                } else {
                    self.batches.push_part(&mut order, batch, segment_of(key, at));
                }
            }
        }
        self.batches.set_order(world, order);
        if self.space == Space::Two {
            self.quads.set_order(pictures);
        }
    }

    /// Writes the parts of an entity, and removes what stood elsewhere. Returns the number of instances.
    fn write_parts(&mut self, world: &mut World, textures: &mut PictureTextures, key: SceneKey) -> usize {
        let Some(shown) = self.entities.get_mut(&key) else {
            return 0;
        };
        let mut stage = Stage {
            world,
            batches: &mut self.batches,
            quads: &mut self.quads,
            textures,
        };
        let visual = shown.visual.clone();
        let uniform = uniform_of(key, shown);
        let space = self.space;
        let place_of = |part: &Part| {
            let kind = self.kinds.id_of(part).filter(|_| part.num_instances() > 0)?;
            Some(batch_of(space, key, kind, self.kinds.get(kind)?, part))
        };
        let mut placed: Placed = visual.parts.iter().map(place_of).collect();
        for (at, before) in shown.placed.clone().into_iter().enumerate() {
            if let Some(batch) = before.filter(|before| placed.get(at) != Some(&Some(*before)))
                && let Some(kind) = self.kinds.get(batch.kind)
            {
                (kind.remove)(&mut stage, part_place(key, shown, batch, at));
            }
        }
        for (at, (part, placed)) in visual.parts.iter().zip(&mut placed).enumerate() {
            if let Some(batch) = *placed
                && let Some(kind) = self.kinds.get(batch.kind)
            {
                let place = part_place(key, shown, batch, at);
                if !(kind.write)(&mut stage, place, part, of_part(part, uniform)) {
                    *placed = None;
                }
            }
        }
        let draw_order = Some(visual.draw_order);
        if shown.placed != placed || std::mem::replace(&mut shown.ordered_at, draw_order) != draw_order {
            self.batches.set_unordered();
        }
        shown.placed = placed;
        visual.num_instances()
    }

    /// Moves, tints and highlights the parts of an entity.
    fn set_uniforms(&mut self, world: &mut World, textures: &mut PictureTextures, key: SceneKey) {
        let Some(shown) = self.entities.get(&key) else {
            return;
        };
        let mut stage = Stage {
            world,
            batches: &mut self.batches,
            quads: &mut self.quads,
            textures,
        };
        let uniform = uniform_of(key, shown);
        let parts = shown.visual.parts.iter().zip(&shown.placed).enumerate();
        for (at, (part, placed)) in parts {
            if let Some(batch) = *placed
                && let Some(kind) = self.kinds.get(batch.kind)
            {
                let place = part_place(key, shown, batch, at);
                (kind.set_uniform)(&mut stage, place, of_part(part, uniform));
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
            batches: &mut self.batches,
            quads: &mut self.quads,
            textures,
        };
        for (at, placed) in shown.placed.iter().enumerate() {
            if let Some(batch) = *placed
                && let Some(kind) = self.kinds.get(batch.kind)
            {
                (kind.remove)(&mut stage, part_place(key, shown, batch, at));
            }
        }
    }

    /// Places the labels of an entity. Returns how many.
    fn place_labels(&mut self, key: SceneKey) -> usize {
        let Some(shown) = self.entities.get(&key) else {
            return 0;
        };
        let order = (shown.path.clone(), key.0);
        if shown.visual.labels.is_empty() {
            self.labels.remove(&order);
            return 0;
        }
        let entity_color = colors::entity_color(&shown.path).to_array();
        let labels: Vec<PlacedLabel> = shown
            .visual
            .labels
            .iter()
            .map(|label| PlacedLabel {
                position: shown.view_from_entity.transform_point3(label.position),
                text: label.text.clone(),
                color: label.color.unwrap_or(entity_color),
            })
            .collect();
        let count = labels.len();
        self.labels.insert(order, labels);
        count
    }
}

fn uniform_of(key: SceneKey, shown: &Shown) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: shown.view_from_entity,
        tint: [255; 4],
        highlight: shown.highlight,
        highlighted_instance: None,
        picking_id: picking_id(key),
        default_color: colors::entity_color(&shown.path).to_array(),
        default_radius: shown.default_radius,
        depth_offset: 0.0,
        depth_tie: depth_tie(key, &shown.path),
    }
}

/// What picking answers for an entity. Zero stands for nothing.
pub(super) fn picking_id((_, entity): SceneKey) -> u32 {
    entity.index() as u32 + 1
}

/// In which list a part stands.
fn batch_of(space: Space, key: SceneKey, id: KindId, kind: &PartKind, part: &Part) -> BatchKey {
    BatchKey {
        source: key.0,
        kind: id,
        // In a plane nothing hides by depth what is drawn later, so edges may be smooth.
        is_translucent: !kind.is_entity && (space == Space::Two || part.is_translucent()),
    }
}

/// The uniform of a part: that of its entity, as opaque as the part is.
fn of_part(part: &Part, mut uniform: SegmentUniform) -> SegmentUniform {
    uniform.tint[3] = part.opacity();
    uniform
}

fn part_place(key: SceneKey, shown: &Shown, batch: BatchKey, part: usize) -> PartPlace<'_> {
    PartPlace {
        key: batch,
        segment: segment_of(key, part),
        scene_key: key,
        path: &shown.path,
    }
}

/// Names a part of an entity within the lists of its visualizer.
fn segment_of(key: SceneKey, part: usize) -> u64 {
    (u64::from(key.1.index() as u32) << 32) | part as u64
}

/// Which of two things at the same depth is seen does not depend on what came first.
fn depth_tie((source, _): SceneKey, path: &EntityPath) -> u8 {
    let mut hasher = FxHasher::default();
    path.hash(&mut hasher);
    source.hash(&mut hasher);
    (hasher.finish() >> 56) as u8
}
