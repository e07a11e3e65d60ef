//! Writes what changed in a scene: instances, uniforms and labels.

use bevy::ecs::world::World;
use chronoscope_render::SegmentUniform;
use rustc_hash::FxHashSet;

use super::{
    SceneKey, Shown, Space, SpatialScene,
    diff::Diff,
    quads::{PictureQuad, to_f32},
};
use crate::{
    colors,
    spatial::{batches::Layering, labels::PlacedLabel, textures::PictureTextures},
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
            self.batches.remove(world, &shown.placed, segment_of(key));
            let order = (shown.path, key.0);
            self.labels.remove(&order);
            if let Some(quad) = self.quads.remove(&order) {
                self.quads_changed = true;
                quad.despawn(world, textures);
            }
        }
        // In the order of their paths: it is that of the buffers.
        for key in &written {
            count.instances += self.write_instances(world, *key);
            count.labels += self.place_labels(*key);
            self.follow_picture(world, textures, *key);
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
            let Some(shown) = self.entities.get(&key) else {
                continue;
            };
            count.segments += 1;
            self.quads_changed |= shown.visual.picture.is_some();
            self.batches.set_uniform(
                world,
                &shown.placed,
                segment_of(key),
                &shown.visual,
                uniform_of(key, shown),
            );
            count.labels += self.place_labels(key);
        }
        count
    }

    fn write_instances(&mut self, world: &mut World, key: SceneKey) -> usize {
        let Some(shown) = self.entities.get_mut(&key) else {
            return 0;
        };
        let layering = Layering {
            // In a plane nothing hides by depth what is drawn later, so edges may be smooth.
            always_translucent: self.space == Space::Two,
            depth: if self.space == Space::Two {
                shown.view_from_entity.translation.z as f32
            } else {
                0.0
            },
        };
        let uniform = uniform_of(key, shown);
        shown.placed = self.batches.write(
            world,
            self.layer,
            key.0,
            segment_of(key),
            &shown.visual,
            layering,
            uniform,
            &shown.placed,
        );
        shown.visual.num_instances()
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

    /// Keeps a quad for each entity that has a picture.
    fn follow_picture(&mut self, world: &mut World, textures: &mut PictureTextures, key: SceneKey) {
        let Some(shown) = self.entities.get(&key) else {
            return;
        };
        if shown.visual.picture.is_some() {
            self.quads_changed = true;
            self.quads
                .entry((shown.path.clone(), key.0))
                .or_insert_with(|| PictureQuad::new(key));
        } else if !self.quads.is_empty()
            && let Some(quad) = self.quads.remove(&(shown.path.clone(), key.0))
        {
            self.quads_changed = true;
            quad.despawn(world, textures);
        }
    }
}

fn uniform_of((_, entity): SceneKey, shown: &Shown) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: to_f32(shown.view_from_entity),
        tint: [255; 4],
        highlight: shown.highlight,
        // Zero stands for nothing.
        picking_id: entity.index() as u32 + 1,
        default_color: colors::entity_color(&shown.path).to_array(),
        default_radius: shown.default_radius,
        depth_offset: 0.0,
    }
}

fn segment_of((_, entity): SceneKey) -> u64 {
    entity.index() as u64
}
