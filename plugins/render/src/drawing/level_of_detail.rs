//! Level of detail: of large visuals every n-th instance, in views that may draw only so many.
//!
//! A view with a [`point_budget`](crate::BulkView::point_budget) gives each visual a share: the largest power of two with which all
//! of them together stay within the budget. What is larger is drawn with a stride, a power of two as well, and its radii grow with the
//! root of the stride, so that it covers as much of the picture as before. The stride is that of the vertex buffers, so a pipeline of
//! its own steps over what is left out; the buffers are the same, nothing is uploaded, and the CPU does nothing for an instance.
//!
//! Cost: O(visuals) when some came or went; per frame, O(ranges) in views with a budget.

use std::ops::Range;

use bevy::app::SubApp;
use bevy::ecs::entity::Entity;
use bevy::ecs::resource::Resource;
use bevy::ecs::system::ResMut;
use bevy::platform::collections::HashMap;
use bevy::render::ExtractSchedule;
use bevy::render::render_resource::{CachedRenderPipelineId, PipelineCache, RenderPipeline};

use super::lists::{GpuDrawList, OUTLINED_RUN};
use crate::instances::{InstancesBySize, MAX_STRIDE, Primitive, ResolvedRun, Share, SizedRange};

/// What is not drawn whole in this frame.
#[derive(Resource, Default)]
pub(crate) struct ThinnedLists {
    /// By the entities of the view and of the list.
    by_list: HashMap<(Entity, Entity), ThinnedList>,
    /// What of them stands out.
    outlined: HashMap<(Entity, Entity), ThinnedList>,
}

impl ThinnedLists {
    pub(crate) fn insert(&mut self, view: Entity, list: Entity, thinned: ThinnedList) {
        self.by_list.insert((view, list), thinned);
    }

    /// The same for what of a list stands out.
    pub(crate) fn insert_outlined(&mut self, view: Entity, list: Entity, thinned: ThinnedList) {
        self.outlined.insert((view, list), thinned);
    }

    /// How a run of a list is thinned in a view.
    pub(crate) fn get(&self, view: Entity, list: Entity, run: u32) -> Option<&ThinnedList> {
        let lists = if run == OUTLINED_RUN {
            &self.outlined
        } else {
            &self.by_list
        };
        lists.get(&(view, list))
    }
}

/// How a list is drawn of which instances are left out.
pub(crate) struct ThinnedList {
    share: Share,
    /// The pipeline of each stride that there is, by its logarithm to base two.
    pipelines: [Option<CachedRenderPipelineId>; NUM_STRIDES],
}

const NUM_STRIDES: usize = MAX_STRIDE.ilog2() as usize + 1;

impl ThinnedList {
    /// Has pipelines made for the strides of a list, given the logarithm to base two.
    pub(crate) fn new<P: Primitive>(
        share: Share,
        list: &GpuDrawList<P>,
        pipeline_of: impl FnMut(u8) -> CachedRenderPipelineId,
    ) -> Self {
        Self::of_ranges(share, list.runs.iter().flat_map(|run| &run.by_size), pipeline_of)
    }

    /// The same for some of what a list has.
    pub(crate) fn of_ranges<'a>(
        share: Share,
        ranges: impl IntoIterator<Item = &'a SizedRange>,
        mut pipeline_of: impl FnMut(u8) -> CachedRenderPipelineId,
    ) -> Self {
        let mut pipelines = [None; NUM_STRIDES];
        for sized in ranges {
            let stride_log2 = share.stride_log2(sized.class());
            if let Some(place) = pipelines.get_mut(usize::from(stride_log2)) {
                place.get_or_insert_with(|| pipeline_of(stride_log2));
            }
        }
        // What is still being compiled is drawn whole meanwhile.
        if let Some(whole) = pipelines.first_mut() {
            whole.get_or_insert_with(|| pipeline_of(0));
        }
        Self { share, pipelines }
    }

    /// What draws a range, and which of the instances that are left.
    pub(crate) fn draw<'a>(
        &self,
        sized: &SizedRange,
        pipeline_cache: &'a PipelineCache,
    ) -> Option<(&'a RenderPipeline, Range<u32>)> {
        let pipeline = |stride_log2: u8| {
            let id = *self.pipelines.get(usize::from(stride_log2))?;
            Some((
                pipeline_cache.get_render_pipeline(id?)?,
                strided(&sized.range, stride_log2),
            ))
        };
        pipeline(self.share.stride_log2(sized.class())).or_else(|| pipeline(0))
    }

    /// How many instances of a run are drawn.
    pub(crate) fn num_instances(&self, run: &ResolvedRun) -> u64 {
        if run.by_size.is_empty() {
            return run.num_instances();
        }
        let drawn =
            |sized: &SizedRange| strided(&sized.range, self.share.stride_log2(sized.class())).len() as u64;
        run.by_size.iter().map(drawn).sum()
    }
}

/// The instances of a range at multiples of a stride, counted in strides.
fn strided(range: &Range<u32>, stride_log2: u8) -> Range<u32> {
    let stride = 1 << stride_log2;
    range.start.div_ceil(stride)..range.end.div_ceil(stride)
}

/// The share of each visual in a view that draws these lists; `None` where all is drawn.
pub(crate) fn share_of<'a, P: Primitive>(
    budget: Option<u32>,
    lists: impl Iterator<Item = &'a GpuDrawList<P>>,
) -> Option<Share> {
    let budget = budget.filter(|_| P::CAN_BE_THINNED)?;
    let mut sizes = InstancesBySize::NONE;
    for run in lists.flat_map(|list| &list.runs) {
        if run.by_size.is_empty() {
            sizes.add_whole(run.num_instances());
        }
        run.by_size.iter().for_each(|sized| sizes.add(sized));
    }
    sizes.share(u64::from(budget))
}

/// Prepares what is shared by all primitives; more than once is harmless.
pub(super) fn add_to(render_app: &mut SubApp) {
    if !render_app.world().contains_resource::<ThinnedLists>() {
        render_app
            .init_resource::<ThinnedLists>()
            .add_systems(ExtractSchedule, forget_thinned);
    }
}

fn forget_thinned(mut thinned: ResMut<ThinnedLists>) {
    thinned.by_list.clear();
    thinned.outlined.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stride_hits_the_same_instances_wherever_a_range_begins() {
        let hit = |range: Range<u32>| -> Vec<u32> { strided(&range, 2).map(|at| at * 4).collect() };
        assert_eq!(hit(0..9), [0, 4, 8]);
        assert_eq!(hit(1..8), [4]);
        assert_eq!(hit(4..8), [4]);
        assert_eq!(hit(5..8), Vec::<u32>::new());
        assert_eq!(strided(&(3..7), 0), 3..7);
    }
}
