//! What a visualizer works from.

use std::sync::{Mutex, PoisonError};

use chronoscope_store::{
    ChunkStore, ComponentId, EntityId, EntityPath, Hit, LatestAt, QueryCache, RangeResult, TimeRange,
    TimelineId, arrow::ArrayRef,
};

use super::chunks::SourceChunks;
use crate::{
    ContextReader, Cursor, ReadContext, Report, View, ViewOverrides, VisualizerInfo,
    overrides::ResolvedOverrides, query_results::EntityResults,
};

/// Where a component's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The blueprint, for this entity in this view.
    Override,
    /// The recording.
    Store,
    /// The blueprint, for this view.
    ViewDefault,
}

/// What a visualizer works from: one entity in one view.
pub struct VisualizerInput<'a> {
    /// The view.
    pub view: &'a View,
    /// The entity.
    pub entity: EntityId,
    /// The entity's path.
    pub path: &'a EntityPath,
    /// Where the frame looks.
    pub cursor: Cursor,
    /// The recording.
    pub store: &'a ChunkStore,
    pub(super) latest_at: Option<&'a EntityResults>,
    pub(super) overrides: Option<&'a ResolvedOverrides>,
    pub(super) view_overrides: &'a ViewOverrides,
    pub(super) visualizer: &'static VisualizerInfo,
    pub(super) contexts: ContextReader<'a>,
    pub(super) cache: &'a QueryCache,
    /// What the queries found, for the store's sources; `None` where the store has none.
    pub(super) chunks: Option<Mutex<SourceChunks>>,
}

impl VisualizerInput<'_> {
    /// The value of a component: override, recording, view default, in this order.
    pub fn get(&self, component: &str) -> Option<ArrayRef> {
        self.get_with_source(component).map(|(array, _)| array)
    }

    /// The value of a component, and where it comes from.
    pub fn get_with_source(&self, component: &str) -> Option<(ArrayRef, Source)> {
        if let Some(array) = self.overridden(component) {
            return Some((array, Source::Override));
        }
        let id = self.store.component_id(component);
        if let Some(hit) = id.and_then(|id| self.latest_at?.hit(id)) {
            return Some((hit.cell(), Source::Store));
        }
        self.view_overrides
            .default_value(component)
            .map(|array| (array, Source::ViewDefault))
    }

    fn overridden(&self, component: &str) -> Option<ArrayRef> {
        self.overrides
            .and_then(|overrides| overrides.value(self.visualizer.name, component))
    }

    /// What a context says of this entity; `None` where nothing holds.
    ///
    /// Precondition: the visualizer names the context in [`VisualizerInfo::contexts`]; else it would not be run again when it
    /// changes, and is told nothing.
    pub fn context<T: ReadContext>(&self) -> Option<T::Value> {
        let is_named = self.visualizer.contexts.contains(&T::name());
        debug_assert!(is_named, "{} does not name {}", self.visualizer.name, T::name());
        self.contexts.get::<T>(self.entity).filter(|_| is_named)
    }

    /// The rows of a component in a range of the shown timeline, static data included. `None` where there are none.
    pub fn range(&self, component: &str, range: TimeRange) -> Option<RangeResult> {
        let id = self.store.component_id(component)?;
        Some(self.range_of(self.entity, self.cursor.timeline?, id, range))
    }

    /// The rows of a component of any entity in a range of a timeline, static data included.
    pub fn range_of(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        component: ComponentId,
        range: TimeRange,
    ) -> RangeResult {
        let answer = self.cache.range(self.store, entity, timeline, range, component);
        self.note(|chunks| {
            let slices = answer.slices().iter().map(|slice| slice.chunk().id());
            chunks.note(
                slices.chain(answer.static_hit().map(|hit| hit.chunk().id())),
                answer.missing(),
            );
        });
        answer
    }

    /// The row of a component at the cursor; `None` where there is none, or the visualizer did not ask for the component.
    pub fn hit(&self, component: &str) -> Option<&Hit> {
        self.latest_at?.hit(self.store.component_id(component)?)
    }

    /// The latest row of a component at a time of a timeline; of static data alone where no timeline is given.
    pub fn latest_row(&self, component: ComponentId, timeline: Option<TimelineId>, time: i64) -> LatestAt {
        let answer = self
            .cache
            .latest_at(self.store, self.entity, timeline, time, component);
        self.note(|chunks| chunks.note(answer.hit.iter().map(|hit| hit.chunk().id()), &answer.missing));
        answer
    }

    fn note(&self, what: impl FnOnce(&mut SourceChunks)) {
        if let Some(chunks) = &self.chunks {
            what(&mut chunks.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The latest value of a component at a time, whatever the visualizer's mode: for what changes how a series looks.
    pub fn latest_at(&self, component: &str, time: i64) -> Option<ArrayRef> {
        if let Some(array) = self.overridden(component) {
            return Some(array);
        }
        let answer = self
            .store
            .component_id(component)
            .map(|id| self.latest_row(id, self.cursor.timeline, time));
        answer
            .and_then(|answer| answer.hit)
            .map(|hit| hit.cell())
            .or_else(|| self.view_overrides.default_value(component))
    }

    /// The times on the shown timeline that this entity shows in this view: those that the blueprint gives, else all.
    pub fn time_range(&self) -> TimeRange {
        let Some(timeline) = self.cursor.timeline else {
            return TimeRange::EVERYTHING;
        };
        let name = self.store.timeline(timeline).name();
        let given = self
            .view_overrides
            .time_ranges(self.entity)
            .and_then(|ranges| ranges.iter().find(|range| *range.timeline == **name));
        given.map_or(TimeRange::EVERYTHING, |range| {
            range.range.resolve(self.cursor.time)
        })
    }

    /// A report about this entity.
    pub fn report(&self, message: impl Into<String>) -> Report {
        Report::entity_warning(self.store.id().recording_id.clone(), self.path.clone(), message)
    }
}
