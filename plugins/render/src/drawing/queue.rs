//! Each visible list becomes items of a render phase, per view: one if it is opaque, one per run if it is translucent.

use bevy::asset::AssetId;
use bevy::core_pipeline::core_3d::{
    Opaque3d, Opaque3dBatchSetKey, Opaque3dBinKey, Transparent3d, TransparentSortingInfo3d,
};
use bevy::ecs::entity::Entity;
use bevy::ecs::query::{Has, QueryData};
use bevy::ecs::schedule::SystemSet;
use bevy::ecs::system::{Query, Res, ResMut, SystemParam};
use bevy::mesh::Mesh;
use bevy::platform::collections::HashSet;
use bevy::render::mesh::allocator::MeshSlabs;
use bevy::render::render_phase::{
    BinnedRenderPhase, BinnedRenderPhaseType, DrawFunctionId, DrawFunctions, InputUniformIndex,
    PhaseItemExtraIndex, SortedRenderPhase, ViewBinnedRenderPhases, ViewSortedRenderPhases,
};
use bevy::render::render_resource::{CachedRenderPipelineId, PipelineCache, SpecializedRenderPipelines};
use bevy::render::sync_world::MainEntity;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};

use super::draw::DrawInstances;
use super::level_of_detail::{ThinnedList, ThinnedLists, share_of};
use super::lists::{GpuDrawList, OUTLINED_RUN};
use super::outlines::{OutlinedItem, OutlinedItems};
use super::pipeline::{InstancePipeline, PipelineKey};
use super::shadows::ShadowedView;
use super::weighted::{WeightedItem, WeightedItems};
use crate::instances::{Blending, DrawList, Primitive, ResolvedRun, Sorting};
use crate::stats::RenderStats;
use crate::view::GpuBulkView;

/// The systems that queue one kind of primitive, by its name. Each adds to phases that all share, so whoever wants an
/// order between kinds configures it between these.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BulkQueueSet(pub(crate) &'static str);

pub(super) fn queue_lists<P: Primitive>(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<InstancePipeline<P>>,
    mut pipelines: ResMut<SpecializedRenderPipelines<InstancePipeline<P>>>,
    mut phases: BulkPhases<'_>,
    mut thinned: ResMut<ThinnedLists>,
    views: Query<BulkViews>,
    lists: Query<&GpuDrawList<P>>,
) {
    for view in &views {
        let Some(mut items) = phases.of_view::<DrawInstances<P>>(&view) else {
            continue;
        };
        let visible = || {
            let items = view.visible_of::<DrawList<P>>();
            items.filter_map(|item| Some((item, lists.get(item.0).ok()?)))
        };
        let share = share_of(view.point_budget(), visible().map(|(_, list)| list));
        for (item, list) in visible() {
            let drawn = list.runs.iter().enumerate();
            let mut drawn = drawn.filter(|(_, run)| !run.ranges.is_empty()).peekable();
            if drawn.peek().is_none() {
                continue;
            }
            let sorting = drawn.peek().map(|(_, run)| run.sorting);
            let way = view.way(list.blending, sorting.filter(|_| P::HAS_WEIGHTS));
            let key = view.key(way).shaping_depth(shapes_depth(list, view.bulk_view));
            let mut pipeline_of =
                |stride_log2| pipelines.specialize(&pipeline_cache, &pipeline, key.thinned(stride_log2));
            let pipeline = pipeline_of(0);
            stats.count_draw(pipeline_cache.get_render_pipeline(pipeline).is_some());
            let left = share.map(|share| ThinnedList::new(share, list, pipeline_of));
            let num_instances = |run: &ResolvedRun| {
                left.as_ref()
                    .map_or_else(|| run.num_instances(), |left| left.num_instances(run))
            };
            stats.count_instances(list.runs.iter().map(num_instances).sum());
            if let Some(left) = left {
                thinned.insert(view.entity, item.0, left);
            }
            let runs = drawn.map(|(index, run)| (index as u32, run.sorting));
            items.push(item, pipeline, way, runs);
        }
        items.sweep();
    }
}

/// Adds what of the lists of one primitive stands out to the views that outline it.
pub(super) fn queue_outlined_lists<P: Primitive>(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<InstancePipeline<P>>,
    mut pipelines: ResMut<SpecializedRenderPipelines<InstancePipeline<P>>>,
    functions: Res<DrawFunctions<OutlinedItem>>,
    mut items: ResMut<OutlinedItems>,
    mut thinned: ResMut<ThinnedLists>,
    views: Query<BulkViews>,
    lists: Query<&GpuDrawList<P>>,
) {
    let draw_function = functions.read().id::<DrawInstances<P>>();
    for view in views.iter().filter(BulkViewsItem::is_outlined) {
        let visible = || {
            let items = view.visible_of::<DrawList<P>>();
            items.filter_map(|item| Some((item.0, lists.get(item.0).ok()?)))
        };
        let outlined = visible().filter(|(_, list)| !list.outlined.ranges.is_empty());
        let mut outlined = outlined.peekable();
        if outlined.peek().is_none() {
            continue;
        }
        let share = share_of(view.point_budget(), visible().map(|(_, list)| list));
        let key = PipelineKey::outlining(*view.msaa);
        for (entity, list) in outlined {
            let mut pipeline_of =
                |stride_log2| pipelines.specialize(&pipeline_cache, &pipeline, key.thinned(stride_log2));
            let id = pipeline_of(0);
            stats.await_ready(pipeline_cache.get_render_pipeline(id).is_some());
            if let Some(share) = share {
                let left = ThinnedList::of_ranges(share, &list.outlined.by_size, pipeline_of);
                thinned.insert_outlined(view.entity, entity, left);
            }
            let item = OutlinedItem::new(entity, OUTLINED_RUN, id, draw_function);
            items.of_view_mut(view.view).push(item);
        }
    }
}

/// With more instances than this, the early test of depth is worth more than their shape.
const MAX_SHAPED_INSTANCES: u64 = 1 << 20;

/// Whether what is in a list says by itself how near each place of it is.
pub(crate) fn shapes_depth<P: Primitive>(list: &GpuDrawList<P>, view: Option<&GpuBulkView>) -> bool {
    P::SHAPES_DEPTH
        && list.blending == Blending::Opaque
        && view.is_some_and(GpuBulkView::is_lit)
        && list.runs.iter().map(ResolvedRun::num_instances).sum::<u64>() <= MAX_SHAPED_INSTANCES
}

/// The views that items are queued for.
#[derive(QueryData)]
pub(crate) struct BulkViews {
    entity: Entity,
    pub(crate) view: &'static ExtractedView,
    visible: &'static RenderVisibleEntities,
    pub(crate) msaa: &'static Msaa,
    bulk_view: Option<&'static GpuBulkView>,
    is_shadowed: Has<ShadowedView>,
}

/// How something is drawn in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In any order; what is behind is hidden.
    Opaque,
    /// Over what is drawn before, each item in its place.
    Sorted,
    /// In no certain order, by weight.
    Weighted,
}

impl<'w> BulkViewsItem<'w, '_> {
    /// How something is drawn that is sorted so, if it can be drawn by weight.
    pub(crate) fn way(&self, blending: Blending, sorting: Option<Sorting>) -> Way {
        match (blending, sorting) {
            (Blending::Opaque, _) => Way::Opaque,
            (Blending::Translucent, Some(Sorting::Distance { .. })) if self.is_order_independent() => {
                Way::Weighted
            }
            (Blending::Translucent, _) => Way::Sorted,
        }
    }

    /// Whether what stands out has a line around it.
    pub(crate) fn is_outlined(&self) -> bool {
        self.bulk_view.is_some_and(GpuBulkView::is_outlined)
    }

    /// Whether what is translucent is drawn in no certain order.
    pub(crate) fn is_order_independent(&self) -> bool {
        self.bulk_view.is_some_and(GpuBulkView::is_order_independent)
    }

    /// How many points the view draws at most.
    fn point_budget(&self) -> Option<u32> {
        self.bulk_view.and_then(GpuBulkView::point_budget)
    }

    /// What a pipeline depends on that draws in one of these ways.
    pub(crate) fn key(&self, way: Way) -> PipelineKey {
        let key = match way {
            Way::Opaque => PipelineKey::new(self.view, *self.msaa, Blending::Opaque),
            Way::Sorted => PipelineKey::new(self.view, *self.msaa, Blending::Translucent),
            Way::Weighted => PipelineKey::gathered(*self.msaa),
        };
        key.shadowed(self.is_shadowed)
    }

    /// What the view sees of a visibility class.
    pub(crate) fn visible_of<C: 'static>(&self) -> impl Iterator<Item = (Entity, MainEntity)> + use<'w, C> {
        let class = self.visible.get::<C>().into_iter();
        class.flat_map(|class| &class.entities_cpu_culling).copied()
    }
}

/// The phases that all primitives are queued in.
#[derive(SystemParam)]
pub(crate) struct BulkPhases<'w> {
    opaque: ResMut<'w, ViewBinnedRenderPhases<Opaque3d>>,
    transparent: ResMut<'w, ViewSortedRenderPhases<Transparent3d>>,
    weighted: ResMut<'w, WeightedItems>,
    opaque_functions: Res<'w, DrawFunctions<Opaque3d>>,
    transparent_functions: Res<'w, DrawFunctions<Transparent3d>>,
    weighted_functions: Res<'w, DrawFunctions<WeightedItem>>,
}

impl BulkPhases<'_> {
    /// Both phases of a view, for what one function draws; `None` where the view has none.
    pub(crate) fn of_view<'a, 'v: 'a, F: 'static>(
        &'a mut self,
        view: &BulkViewsItem<'v, '_>,
    ) -> Option<ViewPhases<'a>> {
        let opaque = self.opaque.get_mut(&view.view.retained_view_entity)?;
        Some(ViewPhases {
            opaque: OpaqueItems::new(opaque, self.opaque_functions.read().id::<F>()),
            transparent: self.transparent.get_mut(&view.view.retained_view_entity)?,
            transparent_function: self.transparent_functions.read().id::<F>(),
            weighted: self.weighted.of_view_mut(view.view),
            weighted_function: self.weighted_functions.read().id::<F>(),
            view: view.view,
            bulk_view: view.bulk_view,
        })
    }
}

/// What one draw function has in the phases of a view.
pub(crate) struct ViewPhases<'a> {
    opaque: OpaqueItems<'a>,
    transparent: &'a mut SortedRenderPhase<Transparent3d>,
    transparent_function: DrawFunctionId,
    weighted: &'a mut Vec<WeightedItem>,
    weighted_function: DrawFunctionId,
    view: &'a ExtractedView,
    bulk_view: Option<&'a GpuBulkView>,
}

impl ViewPhases<'_> {
    /// Draws an entity: all of it at once where it is opaque, else each of its runs, by number, in the place that its sorting says
    /// where there is an order.
    pub(crate) fn push(
        &mut self,
        (entity, main_entity): (Entity, MainEntity),
        pipeline: CachedRenderPipelineId,
        way: Way,
        runs: impl IntoIterator<Item = (u32, Sorting)>,
    ) {
        match way {
            Way::Opaque => self.opaque.keep(entity, main_entity, pipeline),
            Way::Weighted => {
                let function = self.weighted_function;
                let items = runs
                    .into_iter()
                    .map(|(run, _)| WeightedItem::new(entity, run, pipeline, function));
                self.weighted.extend(items);
            }
            Way::Sorted => {
                for (run, sorting) in runs {
                    self.transparent.add_transient(transparent_item(TransparentItem {
                        entity,
                        run,
                        pipeline,
                        draw_function: self.transparent_function,
                        sorting,
                        view: self.view,
                        bulk_view: self.bulk_view,
                    }));
                }
            }
        }
    }

    /// Removes what was drawn before and was not pushed.
    pub(crate) fn sweep(self) {
        self.opaque.sweep();
    }
}

/// What a translucent item is made from.
pub(crate) struct TransparentItem<'a> {
    pub(crate) entity: Entity,
    /// Which of several items of the entity.
    pub(crate) run: u32,
    pub(crate) pipeline: CachedRenderPipelineId,
    pub(crate) draw_function: DrawFunctionId,
    pub(crate) sorting: Sorting,
    pub(crate) view: &'a ExtractedView,
    pub(crate) bulk_view: Option<&'a GpuBulkView>,
}

/// An item that is drawn once.
pub(crate) fn transparent_item(item: TransparentItem<'_>) -> Transparent3d {
    // In the space of the camera's transform, which is what the phase measures in.
    let (mesh_center, depth_bias) = match item.sorting {
        Sorting::Distance { center, bias } => {
            let origin = item.bulk_view.map(GpuBulkView::origin).unwrap_or_default();
            ((center - origin).as_vec3(), bias)
        }
        // The same place for all, so that the index alone decides.
        Sorting::Index(index) => (item.view.world_from_view.translation(), index as f32),
    };
    // The phase keeps one item per pair of entities, so each run has a second entity of its own.
    let run_entity = Entity::from_raw_u32(item.run).unwrap_or(Entity::PLACEHOLDER);
    Transparent3d {
        sorting_info: TransparentSortingInfo3d::Sorted {
            mesh_center,
            depth_bias,
        },
        distance: 0.0,
        pipeline: item.pipeline,
        entity: (item.entity, MainEntity::from(run_entity)),
        draw_function: item.draw_function,
        batch_range: item.run..item.run + 1,
        extra_index: PhaseItemExtraIndex::None,
        indexed: false,
    }
}

/// The items that one draw function has in an opaque phase.
///
/// Bevy retains this phase between frames, unless the camera slept. So the phase itself is asked what is in it: an item
/// that is there already stays where it is, which keeps the order of equals stable, and what was not asked for is swept.
struct OpaqueItems<'a> {
    phase: &'a mut BinnedRenderPhase<Opaque3d>,
    draw_function: DrawFunctionId,
    kept: HashSet<(CachedRenderPipelineId, MainEntity)>,
}

impl<'a> OpaqueItems<'a> {
    fn new(phase: &'a mut BinnedRenderPhase<Opaque3d>, draw_function: DrawFunctionId) -> Self {
        Self {
            phase,
            draw_function,
            kept: HashSet::default(),
        }
    }

    fn keep(&mut self, entity: Entity, main_entity: MainEntity, pipeline: CachedRenderPipelineId) {
        let batch_set_key = Opaque3dBatchSetKey {
            pipeline,
            draw_function: self.draw_function,
            material_bind_group_index: None,
            slabs: MeshSlabs::default(),
            lightmap_slab: None,
        };
        let bin_key = Opaque3dBinKey {
            asset_id: AssetId::<Mesh>::default().untyped(),
        };
        self.kept.insert((pipeline, main_entity));
        let key = (batch_set_key, bin_key);
        let present = self
            .phase
            .non_mesh_items
            .get(&key)
            .and_then(|items| items.entities.get(&main_entity));
        if present == Some(&entity) {
            return;
        }
        self.phase.remove(main_entity);
        self.phase.add(
            key.0,
            key.1,
            (entity, main_entity),
            InputUniformIndex::default(),
            BinnedRenderPhaseType::NonMesh,
        );
    }

    fn sweep(self) {
        let mut stale = Vec::new();
        for ((batch_set_key, _), items) in &self.phase.non_mesh_items {
            if batch_set_key.draw_function == self.draw_function {
                let is_stale =
                    |entity: &&MainEntity| !self.kept.contains(&(batch_set_key.pipeline, **entity));
                stale.extend(items.entities.keys().filter(is_stale).copied());
            }
        }
        for main_entity in stale {
            self.phase.remove(main_entity);
        }
    }
}
