//! What a visualizer works from.

use std::{
    hash::Hash as _,
    sync::{Arc, Mutex, PoisonError},
};

use chronoscope_store::{
    Cell, Chunk, ChunkStore, ComponentId, EntityId, EntityPath, LatestAt, QueryCache, RangeResult, RowId,
    TimeRange, TimelineId, arrow::ArrayRef,
};

use super::{
    VisualizerInfo,
    chunks::SourceChunks,
    resolve::{Resolved, Resolver, Source},
    selection::{Selections, problem},
};
use crate::{ContextReader, Cursor, ReadContext, Report, identity::IdentityHasher};

/// What a visualizer works from: one entity by one instruction. Nothing of it tells one view from another
/// that asks for the same, so that they share what is made.
#[derive(Clone, Copy)]
pub struct VisualizerInput<'a> {
    /// The entity.
    pub entity: EntityId,
    /// The entity's path.
    pub path: &'a EntityPath,
    /// Where the views look that ask for it.
    pub cursor: Cursor,
    /// The recording.
    pub store: &'a ChunkStore,
    pub(super) visualizer: &'static VisualizerInfo,
    pub(super) contexts: ContextReader<'a>,
    pub(super) resolver: Resolver<'a>,
    /// The times of a visualizer of ranges.
    pub(super) time_range: TimeRange,
    pub(super) cache: &'a QueryCache,
    /// What the queries found, for the store's sources; `None` where the store has none.
    pub(super) chunks: Option<&'a Mutex<SourceChunks>>,
}

/// A row among those of a range of times.
#[derive(Clone, Copy)]
pub(super) struct RowPlace<'a> {
    pub(super) chunk: &'a Arc<Chunk>,
    pub(super) row: usize,
    pub(super) row_id: RowId,
    pub(super) time: i64,
}

impl<'a> VisualizerInput<'a> {
    /// The value of a component that something gives: override, recording, view default, in this order, or
    /// what the blueprint maps it to. What nothing gives has a fallback, which views may show differently: it
    /// is not up to the visual, which they share.
    pub fn get(&self, component: &str) -> Option<Cell<'a>> {
        self.resolver.get(component, &|answer| self.note_row(answer))
    }

    /// As [`Self::get`], with where it comes from.
    pub fn resolve(&self, component: &str) -> Option<Resolved> {
        self.resolver.resolve(component, &|answer| self.note_row(answer))
    }

    /// What tells the rows of a visualizer's components from others: the whole rows, since what is selected
    /// of them depends on nothing else.
    pub(super) fn rows_identity(&self, info: &VisualizerInfo) -> u128 {
        let mut hasher = IdentityHasher::default();
        for component in info.required.iter().chain(info.optional) {
            let row = self
                .resolver
                .stored_whole(component, &|answer| self.note_row(answer));
            row.map(|stored| stored.row())
                .map(|row| (row.id, row.time))
                .hash(&mut hasher);
        }
        hasher.identity()
    }

    /// The same, as the cursor would show it at a row.
    pub(super) fn at<'r>(&'r self, place: RowPlace<'r>) -> VisualizerInput<'r> {
        VisualizerInput {
            resolver: Resolver {
                at: Some(place),
                ..self.resolver
            },
            ..*self
        }
    }

    /// The same, as it would be with the cursor at a time.
    pub(super) fn at_time(&self, time: i64) -> Self {
        let cursor = Cursor { time, ..self.cursor };
        Self {
            cursor,
            resolver: Resolver {
                cursor,
                latest_at: None,
                ..self.resolver
            },
            ..*self
        }
    }

    /// Whether the visualizer names a context in [`VisualizerInfo::contexts`], and so may read it.
    pub fn names_context<T: ReadContext>(&self) -> bool {
        self.visualizer.contexts.contains(&T::name())
    }

    /// What a context says of this entity; `None` where nothing holds.
    ///
    /// Precondition: [`Self::names_context`]; else the visualizer would not be run again when it changes, and
    /// is told nothing.
    pub fn context<T: ReadContext>(&self) -> Option<T::Value> {
        let is_named = self.names_context::<T>();
        debug_assert!(is_named, "{} does not name {}", self.visualizer.name, T::name());
        self.contexts.get::<T>(self.entity).filter(|_| is_named)
    }

    /// The rows of a component in a range of the shown timeline, static data included; where there is no
    /// timeline, static data alone. Where the blueprint selects a part of the component, that part: without
    /// rows of which there is none. What cannot be selected is reported with the visual.
    ///
    /// `None` where the recording has no such component, or the blueprint says that it is not taken from it.
    pub fn range(&self, component: &str, range: TimeRange) -> Option<RangeResult> {
        let answer = self.whole_range(component, range)?;
        let Some(selector) = self.resolver.instruction.selector(component) else {
            return Some(answer);
        };
        let nowhere = Selections::default();
        let selections = self.resolver.selections.unwrap_or(&nowhere);
        Some(selections.select(component, selector, &answer))
    }

    /// As [`Self::range`], with the row before the range and the row after it, where there are such: a line
    /// that is drawn through rows enters the range from the one and leaves it to the other. Rows of the same
    /// time come together.
    pub fn range_with_neighbors(&self, component: &str, range: TimeRange) -> Option<RangeResult> {
        if range == TimeRange::EVERYTHING {
            return self.range(component, range);
        }
        let (id, timeline) = (self.resolver.mapped_id(component)?, self.cursor.timeline);
        let before = range
            .min
            .checked_sub(1)
            .and_then(|time| self.latest_row(id, timeline, time).hit?.data_time());
        let after = self.latest_row(id, timeline, range.max).validity.max;
        let wider = TimeRange::new(
            before.unwrap_or(range.min),
            after.saturating_add(1).max(range.max),
        );
        self.range(component, wider)
    }

    /// As [`Self::range`], with all of the component, whatever the blueprint selects.
    pub(super) fn whole_range(&self, component: &str, range: TimeRange) -> Option<RangeResult> {
        let id = self.resolver.mapped_id(component)?;
        Some(match self.cursor.timeline {
            Some(timeline) => self.range_of(self.entity, timeline, id, range),
            None => RangeResult::of_static(self.latest_row(id, None, self.cursor.time), range),
        })
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

    /// The latest row of a component at a time of a timeline; of static data alone where no timeline is
    /// given.
    pub fn latest_row(&self, component: ComponentId, timeline: Option<TimelineId>, time: i64) -> LatestAt {
        let answer = self
            .cache
            .latest_at(self.store, self.entity, timeline, time, component);
        self.note_row(&answer);
        answer
    }

    fn note_row(&self, answer: &LatestAt) {
        self.note(|chunks| chunks.note(answer.hit.iter().map(|hit| hit.chunk().id()), &answer.missing));
    }

    fn note(&self, what: impl FnOnce(&mut SourceChunks)) {
        if let Some(chunks) = &self.chunks {
            what(&mut chunks.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The latest value of a component at a time, whatever the visualizer's mode: for what changes how a
    /// series looks.
    pub fn latest_at(&self, component: &str, time: i64) -> Option<Cell<'a>> {
        self.at_time(time).get(component)
    }

    /// As [`Self::latest_at`], with where the value comes from.
    pub fn resolve_at(&self, component: &str, time: i64) -> Option<Resolved> {
        self.at_time(time).resolve(component)
    }

    /// The value that the blueprint gives to a component, whatever the data says.
    pub fn overridden(&self, component: &str) -> Option<ArrayRef> {
        let resolved = self.resolver.without_store().resolve(component, &|_| ());
        resolved
            .filter(|resolved| resolved.source == Source::Override)
            .map(|resolved| resolved.array)
    }

    /// The times on the shown timeline that this entity shows: those that the blueprint gives, else all.
    pub fn time_range(&self) -> TimeRange {
        self.time_range
    }

    /// What was wrong with selected parts of components, as far as they were read.
    pub(super) fn selection_report(&self) -> Option<Report> {
        let unreadable = self.resolver.instruction.unreadable_selector();
        let unreadable = unreadable.map(|(component, error)| problem(component, error));
        let problem = unreadable.or_else(|| Some(self.resolver.selections?.problem()?.to_owned()))?;
        Some(self.report(problem))
    }

    /// A report about this entity.
    pub fn report(&self, message: impl Into<String>) -> Report {
        Report::entity_warning(self.store.id().recording_id.clone(), self.path.clone(), message)
    }
}
