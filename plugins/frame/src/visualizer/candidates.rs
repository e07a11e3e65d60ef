//! Which entities of a view may have other visuals than before.

use chronoscope_store::EntityId;

use super::{
    QueryMode, Visualizer,
    inputs::{ViewInputs, takes_ranges},
    visuals::{Consumed, ViewVisuals},
};
use crate::{DataResult, InContext, ResolvedInstruction};

impl ViewInputs<'_> {
    /// The entities whose visuals may be others than before.
    pub(super) fn candidates<V: Visualizer>(&self, visuals: &mut ViewVisuals<V>) -> Vec<EntityId> {
        let Self {
            results, overrides, ..
        } = *self;
        let InContext {
            cursor, latest_at, ..
        } = self.context.products;
        let contexts = self.context.reader();
        let now = Consumed {
            context: self.context.id,
            results: results.version,
            overrides: overrides.version,
            contexts: contexts.version(V::INFO.contexts),
            latest_at: latest_at.frame(),
            timeline: cursor.timeline,
            time: cursor.time,
        };
        let before = std::mem::replace(&mut visuals.consumed, now);
        let shown = results.shown_by(self.visualizer);
        let instructed = overrides.instructed(self.visualizer);
        let is_shown = |entity: &EntityId| {
            shown.is_some_and(|shown| shown.contains(entity))
                || instructed.is_some_and(|instructed| instructed.contains(entity))
        };
        let has_ranges = overrides.has_time_ranges() && takes_ranges::<V>();
        // Ranges relative to the cursor move with it.
        let is_moved = has_ranges && before.time != now.time;
        let only_rows_and_results = Consumed {
            latest_at: before.latest_at,
            results: before.results,
            contexts: before.contexts,
            time: before.time,
            ..now
        } == before;
        // Contexts tell what changed in this frame.
        let changed_contexts = if before.contexts == now.contexts {
            Some(Vec::new())
        } else {
            contexts.changed(V::INFO.contexts)
        };
        // Where nothing changed that concerns all entities, those that changed are known.
        let changed_results = results
            .changed_since(before.results)
            .filter(|_| !is_moved && only_rows_and_results && before.latest_at + 1 == now.latest_at);
        let mut candidates: Vec<EntityId> = match changed_results.zip(changed_contexts) {
            Some((changed_results, changed_contexts)) => {
                let is_range = V::INFO.mode == QueryMode::Range;
                let rows = latest_at.rows_changed().iter();
                let rows = rows.filter(|entity| {
                    is_range || has_ranges || instructed.is_some_and(|instructed| instructed.contains(entity))
                });
                let data: &[EntityId] = if is_range { &[] } else { latest_at.data_changed() };
                // What is mapped is not among the latest-at results, which tell when the next row is reached.
                let mapped = instructed.into_iter().flatten().filter(|entity| {
                    before.time != now.time
                        && results
                            .get(**entity)
                            .is_some_and(|result| self.is_mapped::<V>(result))
                });
                rows.chain(data)
                    .chain(mapped)
                    .chain(changed_results)
                    .copied()
                    .chain(changed_contexts)
                    .filter(|entity| visuals.entries.contains(*entity) || is_shown(entity))
                    .collect()
            }
            None => {
                // What is shown, and what was shown until now.
                let gone = visuals.entries.keys().filter(|entity| !is_shown(entity));
                let shown = shown.into_iter().chain(instructed).flatten();
                shown.copied().chain(gone).collect()
            }
        };
        // Rows and visualizers of an entity may have changed at once.
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// Whether some rows that an entity shows are not among the latest-at results.
    fn is_mapped<V: Visualizer>(&self, result: &DataResult) -> bool {
        let instructions = || self.overrides.instructions(result, self.visualizer, V::INFO.name);
        !result.visualizers.contains(&self.visualizer)
            || instructions().iter().any(ResolvedInstruction::maps_components)
    }
}
