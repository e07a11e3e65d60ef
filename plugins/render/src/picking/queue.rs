//! Each visible list becomes items of the view of a request.

use bevy::camera::visibility::RenderLayers;
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::system::{Query, Res, ResMut};
use bevy::math::DVec3;
use bevy::render::render_phase::{DrawFunctionId, DrawFunctions};
use bevy::render::render_resource::{CachedRenderPipelineId, PipelineCache, SpecializedRenderPipelines};

use crate::drawing::draw::DrawInstances;
use crate::drawing::level_of_detail::{ThinnedList, ThinnedLists, share_of};
use crate::drawing::lists::GpuDrawList;
use crate::drawing::pipeline::{InstancePipeline, PipelineKey};
use crate::drawing::queue::shapes_depth;
use crate::drawing::run_item::RunItem;
use crate::instances::{Blending, Primitive, Sorting};
use crate::view::GpuBulkView;

/// A view of a request in the render world, for one frame.
#[derive(Component)]
pub(crate) struct PickView {
    pub(super) layers: RenderLayers,
    /// What the camera's transform is relative to, where it is from there, and what is farther away.
    pub(super) eye: DVec3,
    pub(super) backward: DVec3,
    pub(super) items: Vec<(PickOrder, PickItem)>,
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
        let item = PickItem::new(item.entity, item.run, item.pipeline, item.draw_function);
        self.items.push((order, item));
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

/// The pass that draws ids.
pub(crate) enum Picking {}

/// An item that is drawn as ids.
pub(crate) type PickItem = RunItem<Picking>;

/// What is opaque comes first, then what is translucent by distance or index.
pub(super) type PickOrder = (u8, f32);

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
            let key = PipelineKey::picking(list.blending).shaping_depth(shapes_depth(list, Some(bulk_view)));
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
