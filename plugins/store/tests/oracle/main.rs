//! Random histories of inserts, drops, evictions, loads and queries, against a store that keeps rows in a list.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bench;
mod checks;
mod model;
mod ops;
mod vague;

use bench::Bench;
use chronoscope_store::{
    AbsentChunk, AbsentComponent, ChunkId, ChunkStore, FetchOptions, GcOptions, QueryCache, RangeDelta,
    RangeResult, StoreSettings, TimeRange,
};
use model::{ChunkSpec, ModelChunk, RowSpec};
use ops::{Op, op};
use proptest::{prelude::*, test_runner::RngSeed};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    }
}

fn check_history(settings: StoreSettings, ops: Vec<Op>) {
    let mut bench = Bench::new(settings);
    for op in ops {
        bench.apply(op);
    }
    bench.recording.apply_pending();
    bench.check_all();
    // Once more, now from the cache.
    bench.check_all();
    let stats = bench.recording.cache.stats();
    assert_eq!(
        (stats.bytes_effective, stats.bytes_actual),
        bench.recording.cache.recount_bytes()
    );
    let freed = bench.recording.cache.purge(u64::MAX);
    let left = bench.recording.cache.stats();
    assert_eq!(
        (left.bytes_effective, left.bytes_actual),
        (0, stats.bytes_actual - freed)
    );
    bench.check_all();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_history_equals_the_model(ops in proptest::collection::vec(op(), 1..60)) {
        check_history(StoreSettings::without_compaction(), ops);
    }

    #[test]
    fn any_history_equals_the_model_with_merging(ops in proptest::collection::vec(op(), 1..100)) {
        check_history(StoreSettings { max_rows: 6, ..StoreSettings::default() }, ops);
    }
}

#[test]
fn many_small_chunks_become_few() {
    let mut bench = Bench::new(StoreSettings::default());
    for time in 0..1000 {
        let row = RowSpec {
            row_id: 0,
            times: [time; 3],
            cells: [Some(vec![time as i32]), None, None],
        };
        bench.insert(ChunkSpec {
            entity: 1,
            timelines: [true, false, false],
            rows: vec![row],
        });
    }
    assert!(bench.store().num_chunks() < 64, "{}", bench.store().num_chunks());
    assert!(bench.grown > 900, "{} rows were put behind others", bench.grown);
    bench.recording.apply_pending();
    bench.check_range(1, 0, TimeRange::EVERYTHING, 0);
    (0..1000).for_each(|time| bench.check(1, 0, time, 0));
    bench.check_schema();
}

#[test]
fn a_file_that_is_opened_twice_is_there_once() {
    let mut bench = Bench::new(StoreSettings::default());
    let row = |time| RowSpec {
        row_id: 0,
        times: [time; 3],
        cells: [Some(vec![time as i32]), None, None],
    };
    for time in 0..100 {
        bench.insert(ChunkSpec {
            entity: 1,
            timelines: [true, false, false],
            rows: vec![row(time % 7)],
        });
    }
    bench.insert(ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows: (0..20_000).map(row).collect(),
    });
    (0..bench.inserted.len()).for_each(|at| bench.insert_again(at));
    assert_eq!(bench.store().num_rows(), 20_100);
    // What was dropped may come again.
    let merged: Vec<ChunkId> = bench.store().chunks().map(|(meta, _)| meta.id).collect();
    let events = bench.recording.drop_chunks(merged);
    bench.follow(&events);
    (0..bench.inserted.len()).for_each(|at| bench.insert_again(at));
    assert_eq!(bench.store().num_rows(), 20_100);
    bench.recording.apply_pending();
    bench.check_range(1, 0, TimeRange::EVERYTHING, 0);
    bench.check_schema();
}

#[test]
fn a_plot_extends_itself() {
    let mut bench = Bench::new(StoreSettings::default());
    let mut drawn: Option<RangeResult> = None;
    let mut rows = 0;
    for time in 0..500 {
        let row = RowSpec {
            row_id: 0,
            times: [time; 3],
            cells: [Some(vec![time as i32]), None, None],
        };
        bench.insert(ChunkSpec {
            entity: 1,
            timelines: [true, false, false],
            rows: vec![row],
        });
        let mut collected = 0;
        if time % 100 == 99 {
            let options = GcOptions {
                target_bytes: 1,
                ..GcOptions::default()
            };
            let events = bench.collect(&options).0;
            collected = events.iter().map(|event| event.meta.num_rows as usize).sum();
            assert!(collected > 0);
            bench.follow(&events);
        }
        bench.recording.apply_pending();
        let (entity, timeline, component) = bench.ids(1, 0, 0).unwrap();
        let answer = bench
            .recording
            .range(entity, timeline, TimeRange::EVERYTHING, component);
        if let Some(drawn) = &drawn {
            let delta = RangeDelta {
                lost_front: collected,
                gained_back: 1,
                ..RangeDelta::default()
            };
            assert_eq!(answer.delta_since(drawn), Some(delta), "at {time}");
        }
        rows = rows + 1 - collected;
        assert_eq!(answer.num_rows(), rows);
        drawn = Some(answer);
    }
}

#[test]
fn a_large_chunk_is_split() {
    let mut bench = Bench::new(StoreSettings {
        max_rows: 10,
        ..StoreSettings::default()
    });
    let row = |time| RowSpec {
        row_id: 0,
        times: [time; 3],
        cells: [Some(vec![time as i32]), None, None],
    };
    bench.insert(ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows: (0..35).map(row).collect(),
    });
    assert_eq!(bench.store().num_chunks(), 4);
    bench.check_range(1, 0, TimeRange::EVERYTHING, 0);
    bench.check_schema();
}

#[test]
fn events_that_were_not_handed_in_do_no_harm() {
    let mut bench = Bench::new(StoreSettings::default());
    let row = |time, value| RowSpec {
        row_id: 0,
        times: [time; 3],
        cells: [Some(vec![value]), None, None],
    };
    bench.insert(ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows: vec![row(1, 10)],
    });
    bench.recording.apply_pending();
    bench.check_all();
    let lost = QueryCache::new();
    let cache = std::mem::replace(&mut bench.recording.cache, lost);
    bench.insert(ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows: vec![row(5, 20)],
    });
    bench.recording.cache = cache;
    bench.check_all();
    bench.recording.apply_pending();
    bench.check_all();
}

#[test]
fn what_is_known_and_not_loaded_is_missing_until_it_comes() {
    let mut bench = Bench::new(StoreSettings::default());
    let row = |row_id, time| RowSpec {
        row_id,
        times: [time; 3],
        cells: [Some(vec![time as i32]), None, None],
    };
    let spec = |rows| ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows,
    };
    let chunks = [spec(vec![row(1, 2), row(2, 4)]), spec(vec![row(3, 6), row(4, 8)])];
    let ids = [ChunkId::from_u128(1), ChunkId::from_u128(2)];
    for (spec, id) in chunks.iter().zip(ids) {
        let chunk = spec.build(id);
        let absent = AbsentChunk {
            id,
            entity_path: chunk.entity_path().clone(),
            num_rows: chunk.num_rows(),
            num_bytes: chunk.num_bytes(),
            row_ids: None,
            timelines: chunk
                .timelines()
                .iter()
                .map(|column| (column.timeline().clone(), column.range(), true))
                .collect(),
            components: chunk
                .components()
                .iter()
                .map(|column| AbsentComponent {
                    descriptor: column.descriptor().clone(),
                    num_valid: None,
                    ranges: Vec::new(),
                })
                .collect(),
        };
        let events = bench.recording.insert_absent(&absent).unwrap();
        assert!(!events[0].is_loaded && !events[0].adds_rows());
        bench.model.chunks.insert(
            id,
            ModelChunk {
                spec: spec.clone(),
                loaded: false,
            },
        );
    }
    bench.check_all();
    let (entity, timeline, component) = bench.ids(1, 0, 0).unwrap();
    let store = bench.store();
    assert_eq!(
        store
            .latest_at(entity, Some(timeline), 7, component)
            .missing
            .to_vec(),
        [ids[1]]
    );
    assert_eq!(store.time_range(timeline), TimeRange::new(2, 8));
    let absent =
        |store: &ChunkStore| store.absent_buckets(entity, Some(component), timeline, TimeRange::new(0, 9), 5);
    assert_eq!(absent(store), [false, true, true, true, true]);
    let fetch_requests = FetchOptions {
        on_screen: &[ids[1]],
        timeline: Some(timeline),
        time: 7,
        ahead: -10,
        is_shown: &|_| true,
        max_bytes: u64::MAX,
        max_static_bytes: u64::MAX,
    };
    assert_eq!(store.fetch_requests(&fetch_requests), [ids[1], ids[0]]);

    let events = bench.recording.load(chunks[1].build(ids[1])).unwrap();
    bench.follow(&events);
    bench.recording.apply_pending();
    bench.check_all();
    assert_eq!(absent(bench.store()), [false, true, true, false, false]);
    // What a source can give back is not dropped but evicted.
    let all = GcOptions {
        protect_latest: 0,
        ..GcOptions::default()
    };
    let (events, report) = bench.collect(&all);
    bench.follow(&events);
    assert!(report.done && report.evicted_chunks == 1 && report.dropped_chunks == 0);
    bench.recording.apply_pending();
    bench.check_all();
}

#[test]
fn what_a_footer_left_out_comes_with_the_chunk() {
    let mut bench = Bench::new(StoreSettings::default());
    let row = RowSpec {
        row_id: 1,
        times: [2; 3],
        cells: [Some(vec![1]), Some(vec![2]), None],
    };
    let spec = ChunkSpec {
        entity: 1,
        timelines: [true, false, false],
        rows: vec![row],
    };
    let chunk = spec.build(ChunkId::from_u128(1));
    let mut absent = AbsentChunk::of(&chunk);
    let left_out = absent.components.pop().unwrap();
    bench.recording.insert_absent(&absent).unwrap();
    let events = bench.recording.load(chunk).unwrap();
    let component = bench
        .store()
        .component_id(&left_out.descriptor.component)
        .unwrap();
    assert!(
        events[0].new_components().contains(&component) && !events[0].is_new_entity(),
        "{events:?}"
    );
}

#[test]
fn a_series_of_very_many_chunks_equals_the_model() {
    // More than a list holds, so that there is a tree, with clears above it and a collection from both ends.
    let mut bench = Bench::new(StoreSettings::without_compaction());
    let mut number = 7_i64;
    let mut next = move |below: i64| {
        // A generator by Lehmer.
        number = number * 48_271 % 2_147_483_647;
        number % below
    };
    for _ in 0..2_000 {
        let (begin, entity) = (next(16), 1 + next(3) as usize);
        let clear = (next(40) == 0).then(|| vec![next(2) as i32]);
        let rows = (0..=next(3)).map(|at| RowSpec {
            row_id: 0,
            times: [(begin + at * next(3)).min(15), begin, -begin],
            cells: [Some(vec![at as i32]), None, clear.clone()],
        });
        let rows = rows.collect();
        bench.insert(ChunkSpec {
            entity,
            timelines: [true, false, next(4) == 0],
            rows,
        });
    }
    bench.recording.apply_pending();
    for kib in [200, 300] {
        for at in 0..40 {
            bench.apply(Op::Evict(at * 31));
        }
        bench.check_all();
        bench.gc(
            kib * 1024,
            1,
            None,
            Some(6),
            std::time::Duration::from_micros(200),
        );
        bench.recording.apply_pending();
        bench.check_all();
    }
    assert!(bench.store().num_chunks() > 500);
}
