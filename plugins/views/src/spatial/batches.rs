//! The instance buffers of a view: one Bevy entity per (visualizer, shape, blending), with a segment per data entity.

use std::collections::BTreeMap;

use bevy::{camera::visibility::RenderLayers, ecs::prelude::*, math::Vec3};
use chronoscope_render::{
    Blending, BoxInstance, InstanceBatch, LineInstance, PointInstance, Primitive, SegmentUniform,
};
use smallvec::SmallVec;

use super::{sources::SourceId, visual::SpatialVisual};

/// Which buffer instances go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BatchKey {
    source: SourceId,
    shape: Shape,
    translucent: bool,
    /// The bits of the depth that what is translucent is sorted by.
    depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shape {
    Points,
    Lines,
    Boxes,
}

/// The buffers that a visual stands in.
pub(crate) type Placed = SmallVec<[BatchKey; 2]>;

/// What decides how a visual is sorted and blended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layering {
    /// Whether edges are blended, where nothing needs the depth that is written otherwise.
    pub(crate) always_translucent: bool,
    /// Z in the view, for what is sorted by it.
    pub(crate) depth: f32,
}

/// The buffers of one view.
#[derive(Default)]
pub(crate) struct Batches {
    by_key: BTreeMap<BatchKey, Entity>,
}

impl Batches {
    /// Writes the instances of a visual under the segment `segment`, and takes them out of where they were.
    pub(crate) fn write(
        &mut self,
        world: &mut World,
        layer: usize,
        source: SourceId,
        segment: u64,
        visual: &SpatialVisual,
        layering: Layering,
        uniform: SegmentUniform,
        before: &Placed,
    ) -> Placed {
        let mut placed = Placed::new();
        let translucent = layering.always_translucent || visual.has_alpha;
        let key = |shape, translucent| BatchKey {
            source,
            shape,
            translucent,
            depth: if translucent { layering.depth.to_bits() } else { 0 },
        };
        let layout = Layout {
            layer,
            segment,
            depth: layering.depth,
        };
        if !visual.points.is_empty() {
            placed.extend(self.write_shape(
                world,
                layout,
                key(Shape::Points, translucent),
                &visual.points,
                uniform,
            ));
        }
        if !visual.lines.is_empty() {
            placed.extend(self.write_shape(
                world,
                layout,
                key(Shape::Lines, translucent),
                &visual.lines,
                uniform,
            ));
        }
        if !visual.boxes.is_empty() {
            let key = key(Shape::Boxes, translucent || visual.face_opacity.is_some());
            placed.extend(self.write_shape(world, layout, key, &visual.boxes, of_faces(visual, uniform)));
        }
        for key in before.iter().filter(|key| !placed.contains(key)) {
            self.remove_segment(world, *key, segment);
        }
        placed
    }

    /// Moves, tints or highlights the instances of a visual.
    pub(crate) fn set_uniform(
        &self,
        world: &mut World,
        placed: &Placed,
        segment: u64,
        visual: &SpatialVisual,
        uniform: SegmentUniform,
    ) {
        for key in placed {
            let Some(entity) = self.by_key.get(key) else {
                continue;
            };
            match key.shape {
                Shape::Points => with_batch::<PointInstance, _>(world, *entity, |batch| {
                    batch.set_uniform(segment, uniform)
                }),
                Shape::Lines => {
                    with_batch::<LineInstance, _>(world, *entity, |batch| batch.set_uniform(segment, uniform))
                }
                Shape::Boxes => with_batch::<BoxInstance, _>(world, *entity, |batch| {
                    batch.set_uniform(segment, of_faces(visual, uniform))
                }),
            };
        }
    }

    /// Takes the instances of a visual out.
    pub(crate) fn remove(&mut self, world: &mut World, placed: &Placed, segment: u64) {
        for key in placed {
            self.remove_segment(world, *key, segment);
        }
    }

    /// Frees everything.
    pub(crate) fn despawn(&mut self, world: &mut World) {
        for entity in std::mem::take(&mut self.by_key).into_values() {
            world.despawn(entity);
        }
    }

    fn write_shape<P: Primitive>(
        &mut self,
        world: &mut World,
        layout: Layout,
        key: BatchKey,
        instances: &[P],
        uniform: SegmentUniform,
    ) -> Option<BatchKey> {
        let entity = *self.by_key.entry(key).or_insert_with(|| {
            let blending = if key.translucent {
                Blending::Translucent
            } else {
                Blending::Opaque
            };
            let batch =
                InstanceBatch::<P>::new(blending).with_sorting(Vec3::new(0.0, 0.0, layout.depth), 0.0);
            world.spawn((batch, RenderLayers::none().with(layout.layer))).id()
        });
        let result = with_batch::<P, _>(world, entity, |batch| {
            batch.insert(layout.segment, uniform, instances)
        });
        match result {
            Some(Ok(())) => Some(key),
            Some(Err(error)) => {
                tracing::warn!("not everything can be drawn: {error}");
                None
            }
            None => None,
        }
    }

    fn remove_segment(&mut self, world: &mut World, key: BatchKey, segment: u64) {
        fn take<P: Primitive>(world: &mut World, entity: Entity, segment: u64) -> bool {
            let is_empty = with_batch::<P, _>(world, entity, |batch| {
                batch.remove(segment);
                batch.segment_count() == 0
            });
            is_empty.unwrap_or(true)
        }
        let Some(entity) = self.by_key.get(&key).copied() else {
            return;
        };
        let is_empty = match key.shape {
            Shape::Points => take::<PointInstance>(world, entity, segment),
            Shape::Lines => take::<LineInstance>(world, entity, segment),
            Shape::Boxes => take::<BoxInstance>(world, entity, segment),
        };
        if is_empty {
            self.by_key.remove(&key);
            world.despawn(entity);
        }
    }
}

#[derive(Clone, Copy)]
struct Layout {
    layer: usize,
    segment: u64,
    depth: f32,
}

fn of_faces(visual: &SpatialVisual, mut uniform: SegmentUniform) -> SegmentUniform {
    if let Some(opacity) = visual.face_opacity {
        uniform.tint[3] = opacity;
    }
    uniform
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
