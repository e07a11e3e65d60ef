//! What the passes of this crate's own draw.

use std::marker::PhantomData;
use std::ops::Range;

use bevy::ecs::entity::Entity;
use bevy::ecs::resource::Resource;
use bevy::ecs::system::ResMut;
use bevy::ecs::world::World;
use bevy::platform::collections::HashMap;
use bevy::render::render_phase::{
    CachedRenderPipelinePhaseItem, DrawError, DrawFunctionId, DrawFunctions, PhaseItem, PhaseItemExtraIndex,
    TrackedRenderPass,
};
use bevy::render::render_resource::CachedRenderPipelineId;
use bevy::render::sync_world::MainEntity;
use bevy::render::view::{ExtractedView, RetainedViewEntity};

/// A run of a list, or all of another entity, as one of the passes draws it: `K` tells which, as each has draw functions of its own.
pub(crate) struct RunItem<K> {
    pub(crate) pipeline: CachedRenderPipelineId,
    entity: Entity,
    draw_function: DrawFunctionId,
    run: Range<u32>,
    extra_index: PhaseItemExtraIndex,
    kind: PhantomData<fn() -> K>,
}

impl<K> RunItem<K> {
    pub(crate) fn new(
        entity: Entity,
        run: u32,
        pipeline: CachedRenderPipelineId,
        draw_function: DrawFunctionId,
    ) -> Self {
        Self {
            pipeline,
            entity,
            draw_function,
            run: run..run + 1,
            extra_index: PhaseItemExtraIndex::None,
            kind: PhantomData,
        }
    }
}

impl<K: 'static> PhaseItem for RunItem<K> {
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

impl<K: 'static> CachedRenderPipelinePhaseItem for RunItem<K> {
    fn cached_pipeline(&self) -> CachedRenderPipelineId {
        self.pipeline
    }
}

/// What one of the passes draws in this frame, by view.
#[derive(Resource)]
pub(crate) struct ViewItems<K: 'static>(HashMap<RetainedViewEntity, Vec<RunItem<K>>>);

impl<K: 'static> Default for ViewItems<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: 'static> ViewItems<K> {
    /// Those of a view, for more to be added.
    pub(crate) fn of_view_mut(&mut self, view: &ExtractedView) -> &mut Vec<RunItem<K>> {
        self.0.entry(view.retained_view_entity).or_default()
    }

    /// Those of a view; `None` where it has none.
    pub(super) fn of_view(&self, view: &ExtractedView) -> Option<&[RunItem<K>]> {
        let items = self.0.get(&view.retained_view_entity).map(Vec::as_slice);
        items.filter(|items| !items.is_empty())
    }

    /// A system that empties them, for the next frame.
    pub(super) fn forget(mut items: ResMut<Self>) {
        // A view that is gone leaves nothing behind; one that stays keeps its memory.
        items.0.retain(|_, items| !items.is_empty());
        for items in items.0.values_mut() {
            items.clear();
        }
    }
}

/// Draws items in their order, all that can be drawn.
///
/// # Errors
/// That of the first item that cannot.
pub(crate) fn draw_items<'w, 'i, K: 'static>(
    world: &'w World,
    pass: &mut TrackedRenderPass<'w>,
    view: Entity,
    items: impl IntoIterator<Item = &'i RunItem<K>>,
) -> Result<(), DrawError> {
    let functions = world.resource::<DrawFunctions<RunItem<K>>>();
    let mut functions = functions.write();
    functions.prepare(world);
    let mut result = Ok(());
    for item in items {
        if let Some(function) = functions.get_mut(item.draw_function) {
            result = result.and(function.draw(world, pass, view, item));
        }
    }
    result
}
