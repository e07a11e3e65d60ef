//! Benchmarks of the store and its query cache: the workloads of the comparison in `versus_rerun`, on this engine alone.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros; a benchmark fails by panicking"
)]

use std::{hint::black_box, sync::Arc, time::Duration};

use chronoscope_io::{LoadEvent, LoadSettings, LogMessage, StoreInfo, load_files, write_file};
use chronoscope_store::{
    Chunk, ChunkId, ChunkStore, ComponentColumn, ComponentDescriptor, ComponentId, EntityId, GcBuffers,
    GcOptions, QueryCache, Recording, RowId, StoreId, StoreSettings, TimeColumn, TimeRange, Timeline,
    TimelineId,
    arrow::{ArrayRef, Float32Array, ListArray, UInt32Array},
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const COMPONENTS: [&str; 2] = ["Points2D:positions", "Points2D:colors"];

/// Rows of one entity at these times, of so many points each.
fn chunk(entity: &str, first_row: u64, times: Vec<i64>, points: usize) -> Arc<Chunk> {
    let rows = times.len();
    let row_ids: Vec<RowId> = (0..rows as u64)
        .map(|row| RowId::from_u128(u128::from(first_row + row) + 1))
        .collect();
    let lists = |values: ArrayRef, each: usize| {
        let field = Arc::new(arrow_schema::Field::new("item", values.data_type().clone(), true));
        ListArray::new(
            field,
            arrow_buffer::OffsetBuffer::from_repeated_length(each, rows),
            values,
            None,
        )
    };
    let xy: Float32Array = (0..2 * rows * points).map(|at| at as f32).collect();
    let rgba: UInt32Array = (0..rows * points).map(|at| at as u32).collect();
    let columns = [lists(Arc::new(xy), 2 * points), lists(Arc::new(rgba), points)];
    let columns = COMPONENTS.iter().zip(columns).map(|(name, lists)| {
        ComponentColumn::new(
            ComponentDescriptor::partial(*name).with_archetype("rerun.archetypes.Points2D"),
            lists,
        )
    });
    let times = TimeColumn::new(Timeline::sequence("frame"), times);
    Arc::new(Chunk::new(ChunkId::new(), entity.into(), row_ids, [times], columns).unwrap())
}

fn recording(chunks: &[Arc<Chunk>], settings: StoreSettings) -> Recording {
    let store = ChunkStore::with_settings(StoreId::recording("benchmark", "benchmark"), settings);
    let mut recording = Recording::from_store(store);
    for chunk in chunks {
        recording.insert(Arc::clone(chunk)).unwrap();
    }
    recording.apply_pending();
    recording
}

fn default(chunks: &[Arc<Chunk>]) -> Recording {
    recording(chunks, StoreSettings::default())
}

/// 1,000 entities, a chunk of 1,000 rows each, `step` ticks apart.
fn mono(step: i64) -> Vec<Arc<Chunk>> {
    (0..1000)
        .map(|at| {
            chunk(
                &format!("/points/{at}"),
                at * 1000,
                (0..1000).map(|row| row * step).collect(),
                1,
            )
        })
        .collect()
}

/// One entity, 1,000 rows of 1,000 points.
fn batch() -> Vec<Arc<Chunk>> {
    vec![chunk("/points", 0, (0..1000).collect(), 1000)]
}

fn one_row_chunks(count: i64) -> Vec<Arc<Chunk>> {
    (0..count)
        .map(|at| chunk("/points", at as u64, vec![at], 1))
        .collect()
}

struct Ids {
    timeline: TimelineId,
    entities: Vec<EntityId>,
    components: Vec<ComponentId>,
}

fn ids(recording: &Recording) -> Ids {
    let store = &recording.store;
    Ids {
        timeline: store.timeline_id("frame").unwrap(),
        entities: store.entities().collect(),
        components: COMPONENTS
            .iter()
            .map(|name| store.component_id(name).unwrap())
            .collect(),
    }
}

/// All components of all entities at a time.
fn query(recording: &Recording, ids: &Ids, time: i64) {
    for &entity in &ids.entities {
        recording.cache.visit_latest_at(
            &recording.store,
            entity,
            Some(ids.timeline),
            time,
            &ids.components,
            |_, answer| {
                black_box(answer.hit.map(|hit| hit.row_id()));
            },
        );
    }
}

fn inserts(c: &mut Criterion) {
    let mut group = c.benchmark_group("insert");
    group.sample_size(20);
    for (name, chunks) in [
        ("mono", mono(1)),
        ("batch", batch()),
        ("single_row", one_row_chunks(20_000)),
    ] {
        group.throughput(Throughput::Elements(
            chunks.iter().map(|chunk| chunk.num_rows() as u64).sum(),
        ));
        group.bench_function(name, |b| b.iter_with_large_drop(|| default(&chunks)));
    }
    let many: Vec<_> = (0..100_000_u64)
        .map(|at| chunk(&format!("/points/{}", at % 1000), at, vec![(at / 1000) as i64], 1))
        .collect();
    group.throughput(Throughput::Elements(many.len() as u64));
    group.bench_function("single_row_many", |b| b.iter_with_large_drop(|| default(&many)));
    group.finish();
}

fn latest_at(c: &mut Criterion) {
    let mut group = c.benchmark_group("latest_at");
    for (name, chunks) in [("mono", mono(1)), ("sparse", mono(100)), ("batch", batch())] {
        let recording = default(&chunks);
        let ids = ids(&recording);
        group.throughput(Throughput::Elements(ids.entities.len() as u64));
        group.bench_function(format!("{name}_query_warm"), |b| {
            b.iter(|| query(&recording, &ids, 500));
        });
        let mut time = 0;
        group.bench_function(format!("{name}_scrub"), |b| {
            b.iter(|| {
                time += 1;
                query(&recording, &ids, time % 1000);
            });
        });
    }
    // One chunk over everything, and many small ones.
    let mut chunks = vec![chunk("/points", 0, vec![0, 200_000], 1)];
    chunks.extend((1..=20_000).map(|at| chunk("/points", at as u64 + 1, vec![at * 10 - 5], 1)));
    let adversarial = recording(&chunks, StoreSettings::without_compaction());
    let ids = ids(&adversarial);
    let mut time = 0;
    group.bench_function("adversarial", |b| {
        b.iter(|| {
            time = (time + 79_190) % 200_000;
            query(&adversarial, &ids, time);
        });
    });
    group.finish();
}

fn ranges(c: &mut Criterion) {
    let chunks: Vec<_> = (0..200)
        .map(|at| {
            chunk(
                "/points",
                at as u64 * 1000,
                (at * 1000..(at + 1) * 1000).collect(),
                1,
            )
        })
        .collect();
    let mut recording = default(&chunks);
    let Ids {
        timeline,
        entities,
        components,
    } = ids(&recording);
    let mut group = c.benchmark_group("range");
    group.throughput(Throughput::Elements(200_000));
    let ask = |recording: &Recording| {
        recording
            .range(entities[0], timeline, TimeRange::EVERYTHING, components[0])
            .num_rows()
    };
    group.bench_function("warm", |b| b.iter(|| black_box(ask(&recording))));
    group.throughput(Throughput::Elements(100_000));
    let mut from = 0;
    group.bench_function("warm_moving", |b| {
        b.iter(|| {
            from = (from + 7919) % 100_000;
            black_box(
                recording
                    .range(
                        entities[0],
                        timeline,
                        TimeRange::new(from, from + 99_999),
                        components[0],
                    )
                    .num_rows(),
            )
        });
    });
    group.throughput(Throughput::Elements(200_000));
    group.bench_function("cold", |b| {
        b.iter(|| {
            recording.cache = QueryCache::new();
            recording.apply_pending();
            black_box(ask(&recording))
        });
    });
    group.finish();
}

fn collection(c: &mut Criterion) {
    let chunks = one_row_chunks(10_000);
    let fill = || recording(&chunks, StoreSettings::without_compaction());
    let mut group = c.benchmark_group("gc");
    group.sample_size(20);
    let all = GcOptions {
        protect_latest: 0,
        time_budget: Duration::from_secs(3600),
        ..GcOptions::default()
    };
    let filled = || (fill(), GcBuffers::default());
    for (name, options) in [("all", all), ("one_step", GcOptions::default())] {
        group.bench_function(name, |b| {
            let collect = |(mut recording, mut buffers): (Recording, GcBuffers)| {
                (recording.gc(&options, &mut buffers), recording, buffers)
            };
            b.iter_batched(filled, collect, BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// 16 files of a recording each, or of a part of one, read by several threads and put into a store as the program does it.
fn parallel_ingestion(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let id = StoreId::recording("benchmark", "benchmark");
    let (mut paths, mut bytes) = (Vec::new(), 0);
    for file in 0..16_u64 {
        let path = folder.path().join(format!("{file}.rrd"));
        let mut messages = vec![LogMessage::StoreInfo(StoreInfo::new(id.clone()))];
        messages.extend((0..64).map(|at| {
            let times = (0..1000).map(|row| file as i64 * 1000 + row).collect();
            let chunk = chunk(&format!("/points/{at}"), (file * 64 + at) * 1000, times, 4);
            LogMessage::Chunk {
                store: id.clone(),
                chunk,
            }
        }));
        write_file(&path, &messages).unwrap();
        bytes += std::fs::metadata(&path).unwrap().len();
        paths.push(path);
    }
    let mut group = c.benchmark_group("parallel_ingestion");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes));
    for threads in [1, 2, 4] {
        let settings = LoadSettings {
            threads,
            ..LoadSettings::default()
        };
        group.bench_function(format!("16_files_{threads}_threads"), |b| {
            b.iter_with_large_drop(|| {
                let mut recording = Recording::from_store(ChunkStore::new(id.clone()));
                let load = load_files(&paths, &settings);
                for event in load.events() {
                    if let LoadEvent::Message(LogMessage::Chunk { chunk, .. }) = event {
                        recording.insert(chunk).unwrap();
                    }
                }
                assert_eq!(recording.store.num_rows(), 16 * 64 * 1000);
                recording
            });
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    inserts,
    latest_at,
    ranges,
    collection,
    parallel_ingestion
);
criterion_main!(benches);
