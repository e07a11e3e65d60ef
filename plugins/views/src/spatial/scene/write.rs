//! Writes what changed in a scene: instances, uniforms and labels.

use std::collections::BTreeMap;

use bevy::ecs::world::World;
use chronoscope_render::{DEFAULT_RADIUS, mean_scale};
use rustc_hash::FxHashSet;

use super::{SceneKey, SpatialScene, diff::Diff, placed::heap_bytes};
use crate::spatial::{
    draw_order::Run, labels::PlacedLabel, lists::ListKey, sources::Spares, textures::PictureTextures,
    visual::Label,
};

/// How much was written, and what was there before.
#[derive(Default)]
pub(super) struct Written {
    pub(super) instances: usize,
    pub(super) segments: usize,
    pub(super) labels: usize,
    /// The visuals in whose places others were written.
    pub(super) spares: Spares,
}

impl SpatialScene {
    /// Writes what changed.
    pub(super) fn write(&mut self, world: &mut World, textures: &mut PictureTextures, diff: Diff) -> Written {
        self.is_changed = true;
        self.version += u64::from(!diff.changes_nothing_but_light());
        let Diff {
            removed,
            mut written,
            overwrites,
            mut moved,
            mut lit,
            carried,
            num_carried,
            ..
        } = diff;
        let mut count = Written::default();
        for (key, shown) in removed {
            if shown.has_labels {
                self.set_labels((shown.path.clone(), key.0), Vec::new());
            }
            self.staged(world, textures).remove_parts(key, &shown);
            self.placed_bytes -= heap_bytes(&shown.placed);
        }
        moved.append(&mut lit);
        moved.sort_unstable();
        moved.dedup();
        let has_moved = |key: &SceneKey| moved.binary_search(key).is_ok();
        let mut staged = self.staged(world, textures);
        let overwritten = staged.overwrite(overwrites, has_moved);
        count.instances += overwritten.num_instances;
        count.spares = overwritten.spares;
        written.extend(overwritten.others);
        for key in &written {
            count.instances += self.staged(world, textures).write_parts(*key, has_moved(key));
            count.labels += self.place_labels(*key);
        }
        self.write_order(world, textures);
        if !written.is_empty() && !moved.is_empty() {
            let written: FxHashSet<SceneKey> = written.into_iter().collect();
            moved.retain(|key| !written.contains(key));
        }
        let (num_shown, labeled) = self.staged(world, textures).set_uniforms(&moved);
        self.staged(world, textures).set_transforms(carried);
        count.segments += num_shown + num_carried;
        for key in labeled {
            count.labels += self.place_labels(key);
        }
        count
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
        let mut staged = self.staged(world, textures);
        for (list, runs) in by_list {
            if let Some(kind) = staged.kinds.get(list.kind) {
                (kind.set_runs)(&mut staged.stage, list, &runs);
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
        let Some(shown) = self.entities.get_mut(&key) else {
            return 0;
        };
        let has_labels = !shown.visual.labels.is_empty();
        if !std::mem::replace(&mut shown.has_labels, has_labels) && !has_labels {
            return 0;
        }
        let order = (shown.path.clone(), key.0);
        let entity_color = shown.color;
        let scale = mean_scale(&shown.view_from_entity) as f32;
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
                row: label.row,
                position: shown.view_from_entity.transform_point3(label.position),
                clearance: clearance(label),
                text: label.text.clone(),
                is_wanted: label.is_wanted,
                color: label.color.unwrap_or(entity_color),
            })
            .collect();
        let count = labels.len();
        self.set_labels(order, labels);
        count
    }
}
