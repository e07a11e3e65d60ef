//! What the visuals of a view are made from, and under which key.

use std::sync::{Mutex, PoisonError};

use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkStore, QueryCache, TimeRange};

use super::{
    QueryMode, Visual as _, Visualizer, VisualizerId, VisualizerInput, chunks::SourceChunks, pool::VisualKey,
    resolve::Resolver,
};
use crate::{
    ContextId, ContextReader, DataResult, DataResults, InContext, RecordingEntry, ResolvedInstruction,
    ResultQuery, ViewOverrides, query_results::Walks,
};

/// What all views have in common that look at the same.
#[derive(Clone, Copy)]
pub(super) struct ContextInputs<'a> {
    pub(super) id: ContextId,
    pub(super) entry: &'a RecordingEntry,
    pub(super) products: InContext<'a>,
    pub(super) walks: &'a Walks,
}

/// What decides about the visuals of a view.
#[derive(Clone, Copy)]
pub(super) struct ViewInputs<'a> {
    pub(super) visualizer: VisualizerId,
    pub(super) view: ViewId,
    pub(super) context: ContextInputs<'a>,
    pub(super) results: &'a DataResults,
    pub(super) overrides: &'a ViewOverrides,
    /// A hash of the defaults that the visualizer reads.
    pub(super) defaults: u64,
}

/// What is asked for, as the first view says that asks for it: others say the same.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) inputs: &'a ViewInputs<'a>,
    pub(super) result: &'a DataResult,
    pub(super) instruction: ResolvedInstruction<'a>,
}

impl<'a> ViewInputs<'a> {
    pub(super) fn asked(&'a self, result: &'a DataResult, instruction: ResolvedInstruction<'a>) -> Asked<'a> {
        Asked {
            inputs: self,
            result,
            instruction,
        }
    }

    pub(super) fn key_of<V: Visualizer>(
        &'a self,
        result: &'a DataResult,
        instruction: ResolvedInstruction<'a>,
    ) -> VisualKey {
        let ContextInputs {
            entry,
            products,
            walks,
            ..
        } = self.context;
        let entity = result.entity;
        let range = takes_ranges::<V>()
            .then(|| self.overrides.time_range(entry.store(), products.cursor, entity))
            .flatten();
        let query = match (V::INFO.mode, range) {
            (_, Some(range)) => ResultQuery::Range(range),
            (QueryMode::Range, None) => ResultQuery::Range(TimeRange::EVERYTHING),
            (QueryMode::LatestAt, None) => ResultQuery::LatestAt,
        };
        let is_known = result.visualizers.contains(&self.visualizer);
        let rows = match query {
            ResultQuery::Range(_) => walks.written(entry.key(), entity).into(),
            ResultQuery::LatestAt if is_known && !instruction.maps_components() => {
                products.latest_at.version_of(entity)
            }
            ResultQuery::LatestAt => {
                let input = self.asked(result, instruction).input::<V>();
                input.rows_identity(&V::INFO)
            }
        };
        VisualKey {
            recording: entry.key(),
            entity,
            rows,
            overrides: [instruction.hash, self.defaults],
            contexts: self.context.reader().version_of(V::INFO.contexts, entity),
            query,
            timeline: match query {
                ResultQuery::Range(_) => products.cursor.timeline,
                ResultQuery::LatestAt => None,
            },
        }
    }

    /// The chunks that the rows of a visual's components are in.
    pub(super) fn chunks_of<V: Visualizer>(
        &'a self,
        result: &'a DataResult,
        instruction: ResolvedInstruction<'a>,
    ) -> SourceChunks {
        let chunks = Mutex::default();
        let asked = self.asked(result, instruction);
        let mut input = asked.input::<V>();
        input.chunks = Some(&chunks);
        input.rows_identity(&V::INFO);
        let chunks: SourceChunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
        chunks.without_repetition()
    }
}

impl<'a> ContextInputs<'a> {
    pub(super) fn reader(&self) -> ContextReader<'a> {
        self.products.reader(self.entry.store())
    }
}

impl<'a> Asked<'a> {
    pub(super) fn input<V: Visualizer>(&self) -> VisualizerInput<'a> {
        let ContextInputs { entry, products, .. } = self.inputs.context;
        let entity = self.result.entity;
        let (store, cache): (&ChunkStore, &QueryCache) = (&entry.recording.store, &entry.recording.cache);
        VisualizerInput {
            entity,
            path: &self.result.path,
            cursor: products.cursor,
            store,
            visualizer: &V::INFO,
            contexts: self.inputs.context.reader(),
            resolver: Resolver {
                store,
                cache,
                entity,
                cursor: products.cursor,
                instruction: self.instruction,
                view: self.inputs.overrides,
                latest_at: products.latest_at.get(entity),
                at: None,
                asks_store: true,
                selections: None,
            },
            time_range: TimeRange::EVERYTHING,
            cache,
            chunks: None,
        }
    }
}

/// Whether the blueprint can give a visualizer a range of times.
pub(super) fn takes_ranges<V: Visualizer>() -> bool {
    V::INFO.mode == QueryMode::Range || V::Visual::JOINS_ROWS
}
