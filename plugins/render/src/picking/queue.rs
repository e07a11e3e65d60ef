//! Each visible list becomes items of the view of a request.

use std::ops::Range;

use bevy::camera::visibility::RenderLayers;
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::system::{Query, Res, ResMut};
use bevy::math::DVec3;
use bevy::render::render_phase::{
    CachedRenderPipelinePhaseItem, DrawFunctionId, DrawFunctions, PhaseItem, PhaseItemExtraIndex,
};
use bevy::render::render_resource::{CachedRenderPipelineId, PipelineCache, SpecializedRenderPipelines};
use bevy::render::sync_world::MainEntity;

use crate::drawing::draw::DrawInstances;
use crate::drawing::level_of_detail::{ThinnedList, ThinnedLists, share_of};
use crate::drawing::lists::GpuDrawList;
use crate::drawing::pipeline::{InstancePipeline, PipelineKey};
use crate::instances::{Blending, Primitive, Sorting};
use crate::view::GpuBulkView;

/// A view of a request in the render world, for one frame.
#[derive(Component)]
pub(crate) struct PickView {
    pub(super) layers: RenderLayers,
    /// What the camera's transform is relative to, where it is from there, and what is farther away.
    pub(super) eye: DVec3,
    pub(super) backward: DVec3,
    pub(super) items: Vec<PickItem>,
}

impl PickView {
    /// Whether the view sees what is on these layers.
    pub(crate) fn sees(&self, is_visible: bool, layers: &RenderLayers) -> bool {
        is_visible && self.layers.intersects(layers)
    }

    /// Adds something to draw.
    pub(crate) fn push(&mut self, item: NewPickItem) {
        let order = match (item.blending, item.sorting) {
            (Blending::Opaque, _) => (0, 0.0),
            (Blending::Translucent, Sorting::Distance { center, bias }) => {
                (1, self.backward.dot(center - self.eye) as f32 + bias)
            }
            (Blending::Translucent, Sorting::Index(index)) => (1, index as f32),
        };
        self.items.push(PickItem {
            entity: item.entity,
            pipeline: item.pipeline,
            draw_function: item.draw_function,
            run: item.run..item.run + 1,
            extra_index: PhaseItemExtraIndex::None,
            order,
        });
    }
}

/// What is to be drawn, and when.
pub(crate) struct NewPickItem {
    pub(crate) entity: Entity,
    pub(crate) run: u32,
    pub(crate) pipeline: CachedRenderPipelineId,
    pub(crate) draw_function: DrawFunctionId,
    pub(crate) blending: Blending,
    pub(crate) sorting: Sorting,
}

/// An item that is drawn as ids.
pub(crate) struct PickItem {
    entity: Entity,
    pub(super) pipeline: CachedRenderPipelineId,
    draw_function: DrawFunctionId,
    run: Range<u32>,
    extra_index: PhaseItemExtraIndex,
    /// What is opaque comes first, then what is translucent by distance or index.
    pub(super) order: (u8, f32),
}

impl PhaseItem for PickItem {
    fn entity(&self) -> Entity {
        self.entity
    }

    fn main_entity(&self) -> MainEntity {
        MainEntity::from(Entity::PLACEHOLDER)
    }

    fn draw_function(&self) -> DrawFunctionId {
        self.draw_function
    }

    fn batch_range(&self) -> &Range<u32> {
        &self.run
    }

    fn batch_range_mut(&mut self) -> &mut Range<u32> {
        &mut self.run
    }

    fn extra_index(&self) -> PhaseItemExtraIndex {
        self.extra_index.clone()
    }

    fn batch_range_and_extra_index_mut(&mut self) -> (&mut Range<u32>, &mut PhaseItemExtraIndex) {
        (&mut self.run, &mut self.extra_index)
    }
}

impl CachedRenderPipelinePhaseItem for PickItem {
    fn cached_pipeline(&self) -> CachedRenderPipelineId {
        self.pipeline
    }
}

/// Adds the lists of one primitive to the views of all requests.
pub(crate) fn queue_picked_lists<P: Primitive>(
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<InstancePipeline<P>>,
    mut pipelines: ResMut<SpecializedRenderPipelines<InstancePipeline<P>>>,
    functions: Res<DrawFunctions<PickItem>>,
    mut thinned: ResMut<ThinnedLists>,
    mut views: Query<(Entity, &mut PickView, &GpuBulkView)>,
    lists: Query<(Entity, &GpuDrawList<P>)>,
) {
    if views.is_empty() {
        return;
    }
    let draw_function = functions.read().id::<DrawInstances<P>>();
    for (view_entity, mut view, bulk_view) in &mut views {
        let layers = view.layers.clone();
        let visible = || {
            let is_seen =
                |(_, list): &(Entity, &GpuDrawList<P>)| list.is_visible && layers.intersects(&list.layers);
            lists.iter().filter(is_seen)
        };
        let share = share_of(bulk_view.point_budget(), visible().map(|(_, list)| list));
        for (entity, list) in visible() {
            let key = PipelineKey::picking(list.blending);
            let mut pipeline_of =
                |stride_log2| pipelines.specialize(&pipeline_cache, &pipeline, key.thinned(stride_log2));
            let pipeline = pipeline_of(0);
            if let Some(share) = share {
                thinned.insert(view_entity, entity, ThinnedList::new(share, list, pipeline_of));
            }
            for (run, resolved) in list.runs.iter().enumerate() {
                if !resolved.ranges.is_empty() {
                    view.push(NewPickItem {
                        entity,
                        run: run as u32,
                        pipeline,
                        draw_function,
                        blending: list.blending,
                        sorting: resolved.sorting,
                    });
                }
            }
        }
    }
}
