//! The instance buffers of a view: one Bevy entity per (visualizer, primitive, blending), with a segment per part of a data entity.

use std::collections::BTreeMap;

use bevy::{camera::visibility::RenderLayers, ecs::prelude::*, math::Vec3};
use chronoscope_render::{Blending, InstanceBatch, Primitive, SegmentUniform};

use super::{draw_order::Run, parts::KindId, sources::SourceId};

/// Which buffer the instances of a part go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BatchKey {
    pub(crate) source: SourceId,
    pub(crate) kind: KindId,
    pub(crate) is_translucent: bool,
    /// The bits of the depth that what is translucent is sorted by.
    pub(crate) depth: u32,
}

/// The buffers of one view.
pub(crate) struct Batches {
    by_key: BTreeMap<BatchKey, Entity>,
    layer: usize,
}

impl Batches {
    /// No buffers yet, on a render layer.
    pub(crate) fn new(layer: usize) -> Self {
        Self {
            by_key: BTreeMap::new(),
            layer,
        }
    }

    /// Frees everything.
    pub(crate) fn despawn(&mut self, world: &mut World) {
        for entity in std::mem::take(&mut self.by_key).into_values() {
            world.despawn(entity);
        }
    }
}

/// Writes the instances of a part, or replaces those that stand there. Returns whether there was room.
pub(crate) fn write<P: Primitive>(
    world: &mut World,
    batches: &mut Batches,
    key: BatchKey,
    segment: u64,
    uniform: SegmentUniform,
    instances: &[P],
) -> bool {
    let layers = RenderLayers::none().with(batches.layer);
    let entity = *batches.by_key.entry(key).or_insert_with(|| {
        let blending = if key.is_translucent {
            Blending::Translucent
        } else {
            Blending::Opaque
        };
        let center = Vec3::new(0.0, 0.0, f32::from_bits(key.depth));
        let batch = InstanceBatch::<P>::new(blending).with_sorting(center, 0.0);
        world.spawn((batch, layers)).id()
    });
    let result = with_batch::<P, _>(world, entity, |batch| batch.insert(segment, uniform, instances));
    match result {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            tracing::warn!("not everything can be drawn: {error}");
            false
        }
        None => false,
    }
}

/// Moves, tints or highlights the instances of a part.
pub(crate) fn set_uniform<P: Primitive>(
    world: &mut World,
    batches: &Batches,
    key: BatchKey,
    segment: u64,
    uniform: SegmentUniform,
) {
    if let Some(entity) = batches.by_key.get(&key) {
        with_batch::<P, _>(world, *entity, |batch| batch.set_uniform(segment, uniform));
    }
}

/// Removes the instances of a part, and a buffer that has none left.
pub(crate) fn remove<P: Primitive>(world: &mut World, batches: &mut Batches, key: BatchKey, segment: u64) {
    let Some(entity) = batches.by_key.get(&key).copied() else {
        return;
    };
    let is_empty = with_batch::<P, _>(world, entity, |batch| {
        batch.remove(segment);
        batch.segment_count() == 0
    });
    if is_empty.unwrap_or(true) {
        batches.by_key.remove(&key);
        world.despawn(entity);
    }
}

/// Brings the parts of a batch into an order, among each other and among those of other batches.
///
/// A batch draws its segments together: where its first run is.
pub(crate) fn set_runs<P: Primitive>(world: &mut World, batches: &mut Batches, key: BatchKey, runs: &[&Run]) {
    /// Small beside the difference of two draw orders.
    const BIAS_PER_RUN: f32 = 1e-3;
    if let (Some(entity), Some(first)) = (batches.by_key.get(&key), runs.first()) {
        let center = Vec3::new(0.0, 0.0, f32::from_bits(key.depth));
        with_batch::<P, _>(world, *entity, |batch| {
            batch.set_sorting(center, first.index as f32 * BIAS_PER_RUN);
        });
    }
}

fn with_batch<P: Primitive, T>(
    world: &mut World,
    entity: Entity,
    write: impl FnOnce(&mut InstanceBatch<P>) -> T,
) -> Option<T> {
    world
        .get_mut::<InstanceBatch<P>>(entity)
        .map(|mut batch| write(&mut batch))
}
