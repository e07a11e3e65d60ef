//! What a source says of chunks before they are loaded may be less than is true of them: then answers are provisional more often,
//! and never wrong.

use chronoscope_store::{
    AbsentChunk, Chunk, ChunkId, ChunkStore, EntityPath, LatestAt, StoreId, StoreSettings, TimeRange,
};
use proptest::prelude::*;

use crate::{
    checks::found,
    config,
    model::{COMPONENTS, ChunkSpec, ENTITIES, Found, TIMELINES},
    ops::{chunk, cursors},
};

/// What is left out of a chunk's metadata.
#[derive(Clone, Copy, Debug)]
struct Vague {
    row_ids: bool,
    counts: bool,
    ranges: bool,
    /// Timelines are said to reach so much farther at both ends.
    wider: i64,
}

fn vague() -> impl Strategy<Value = Vague> {
    (any::<[bool; 3]>(), 0..4_i64).prop_map(|([row_ids, counts, ranges], wider)| Vague {
        row_ids,
        counts,
        ranges,
        wider,
    })
}

fn said_of(chunk: &Chunk, vague: Vague) -> AbsentChunk {
    let mut absent = AbsentChunk::of(chunk);
    absent.row_ids = absent.row_ids.filter(|_| !vague.row_ids);
    for (_, range, is_sorted) in &mut absent.timelines {
        // The least time of all is reserved.
        let min = range.min.saturating_sub(vague.wider).max(-i64::MAX);
        *range = TimeRange::new(min, range.max.saturating_add(vague.wider));
        *is_sorted &= vague.wider == 0;
    }
    for column in &mut absent.components {
        column.num_valid = column.num_valid.filter(|_| !vague.counts);
        if vague.ranges {
            column.ranges.clear();
        }
    }
    absent
}

fn store() -> ChunkStore {
    ChunkStore::with_settings(
        StoreId::recording("test", "test"),
        StoreSettings::without_compaction(),
    )
}

fn ask(store: &ChunkStore, series: [usize; 3], time: i64) -> Option<LatestAt> {
    let [entity, timeline, component] = series;
    let entity = store.entity_id(&EntityPath::parse(ENTITIES[entity]))?;
    let timeline = store.timeline_id(TIMELINES[timeline])?;
    let component = store.component_id(COMPONENTS[component])?;
    Some(store.latest_at(entity, Some(timeline), time, component))
}

/// All series of the model.
fn all_series() -> impl Iterator<Item = [usize; 3]> {
    (0..ENTITIES.len()).flat_map(|entity| (0..9).map(move |at| [entity, at / 3, at % 3]))
}

/// What a store that has everything says of each series at each of the [`cursors`].
fn truth(all: &ChunkStore) -> Vec<Vec<Option<Found>>> {
    let at = |series, time| ask(all, series, time).as_ref().and_then(found);
    all_series()
        .map(|series| cursors().map(|time| at(series, time)).collect())
        .collect()
}

/// An answer of which nothing is missing is true, as long as it says it holds. Returns how many were incomplete.
fn check(some: &ChunkStore, truth: &[Vec<Option<Found>>]) -> usize {
    let mut incomplete = 0;
    for (series, truth) in all_series().zip(truth) {
        for time in cursors() {
            let Some(answer) = ask(some, series, time) else {
                continue;
            };
            if !answer.missing.is_empty() {
                incomplete += 1;
                continue;
            }
            let said = found(&answer);
            for (cursor, expected) in cursors().zip(truth) {
                if answer.validity.contains(cursor) {
                    assert_eq!(&said, expected, "{series:?} at {time} and {cursor}");
                }
            }
        }
    }
    incomplete
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn vague_metadata_makes_no_wrong_answer(
        mut specs in proptest::collection::vec((chunk(true), vague()), 1..10),
        order in proptest::collection::vec(any::<usize>(), 1..20),
    ) {
        let mut next_row = 0;
        for row in specs.iter_mut().flat_map(|(ChunkSpec { rows, .. }, _)| rows) {
            next_row += 1;
            row.row_id = next_row;
        }
        let built = specs.iter().zip(1..).map(|((spec, vague), id)| {
            (spec.build(ChunkId::from_u128(id)), *vague)
        });
        let chunks: Vec<(Chunk, Vague)> = built.collect();
        let (mut some, mut all) = (store(), store());
        for (chunk, vague) in &chunks {
            some.insert_absent(&said_of(chunk, *vague)).unwrap();
            all.insert(chunk.clone()).unwrap();
        }
        let truth = truth(&all);
        check(&some, &truth);
        // They come and go, and in the end all are there.
        for at in order {
            let (chunk, _) = &chunks[at % chunks.len()];
            match some.chunk(chunk.id()) {
                Some(_) => drop(some.evict(chunk.id())),
                // What newer static data overwrote is not known any more.
                None => drop(some.load(chunk.clone())),
            }
            check(&some, &truth);
        }
        for (chunk, _) in &chunks {
            drop(some.load(chunk.clone()));
        }
        prop_assert_eq!(check(&some, &truth), 0);
        prop_assert_eq!(some.store_stats(), some.recount());
    }
}
