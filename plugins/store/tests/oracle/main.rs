//! Random histories of inserts, drops, evictions, loads and queries, against a store that keeps rows in a list.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod model;

use chronoscope_store::{
    ChangeReason, ChunkChange, ChunkId, ChunkStore, ComponentId, EntityPath, LatestAt, QueryCache, Recording, StoreEvent, StoreId,
    StoreSettings, TimeRange,
};
use model::{CLEAR, COMPONENTS, ChunkSpec, ENTITIES, Found, Model, ModelChunk, RowSpec, TIMELINES, instances};
use proptest::{prelude::*, test_runner::RngSeed};

/// Times lie in here; queries go a little beyond.
const TIMES: std::ops::Range<i64> = 0..16;

#[derive(Clone, Debug)]
enum Op {
    Insert(ChunkSpec),
    Drop(usize),
    DropEntity(usize),
    Evict(usize),
    Load(usize),
    Apply,
    Query { entity: usize, timeline: usize, time: i64, component: usize },
    Range { entity: usize, timeline: usize, min: i64, len: i64, component: usize },
}

fn cell() -> impl Strategy<Value = model::Cell> {
    prop_oneof![2 => Just(None), 5 => proptest::collection::vec(0..2_i32, 0..3).prop_map(Some)]
}

fn chunk(with_clears: bool) -> impl Strategy<Value = ChunkSpec> {
    let row = (TIMES, TIMES, cell(), cell(), cell()).prop_map(move |(t, u, x, y, clear)| RowSpec {
        row_id: 0,
        times: [t, u],
        cells: [x, y, if with_clears { clear } else { None }],
    });
    let timelines = prop_oneof![
        4 => Just([true, false]),
        3 => Just([true, true]),
        1 => Just([false, true]),
        1 => Just([false, false])
    ];
    (0..ENTITIES.len(), timelines, proptest::collection::vec(row, 1..8), any::<bool>()).prop_map(
        |(entity, timelines, mut rows, sorted)| {
            if sorted {
                rows.sort_by_key(|row| row.times);
            }
            ChunkSpec { entity, timelines, rows }
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let query = (0..ENTITIES.len(), 0..2_usize, TIMES.start - 2..TIMES.end + 2, 0..3_usize);
    let range = (0..ENTITIES.len(), 0..2_usize, TIMES.start - 2..TIMES.end, 0..8_i64, 0..3_usize);
    prop_oneof![
        6 => chunk(false).prop_map(Op::Insert),
        1 => chunk(true).prop_map(Op::Insert),
        2 => any::<usize>().prop_map(Op::Drop),
        1 => (0..ENTITIES.len()).prop_map(Op::DropEntity),
        2 => any::<usize>().prop_map(Op::Evict),
        3 => any::<usize>().prop_map(Op::Load),
        4 => Just(Op::Apply),
        12 => query.prop_map(|(entity, timeline, time, component)| Op::Query { entity, timeline, time, component }),
        3 => range.prop_map(|(entity, timeline, min, len, component)| Op::Range { entity, timeline, min, len, component }),
    ]
}

/// The store and its model, side by side.
struct Bench {
    recording: Recording,
    model: Model,
    next_chunk: u128,
    next_row: u64,
}

impl Bench {
    fn new() -> Self {
        let store = ChunkStore::with_settings(StoreId::recording("test", "test"), StoreSettings::without_compaction());
        Self { recording: Recording::from_store(store), model: Model::default(), next_chunk: 1, next_row: 1 }
    }

    fn store(&self) -> &ChunkStore {
        &self.recording.store
    }

    fn nth_chunk(&self, at: usize) -> Option<ChunkId> {
        let count = self.model.chunks.len();
        (count > 0).then(|| *self.model.chunks.keys().nth(at % count).unwrap())
    }

    fn follow(&mut self, events: &[StoreEvent]) {
        for event in events {
            match event.change {
                ChunkChange::Added => {}
                ChunkChange::Dropped => {
                    assert!(self.model.chunks.remove(&event.meta.id).is_some());
                }
                ChunkChange::Loaded => self.model.chunks.get_mut(&event.meta.id).unwrap().loaded = true,
                ChunkChange::Evicted => self.model.chunks.get_mut(&event.meta.id).unwrap().loaded = false,
            }
        }
    }

    fn insert(&mut self, mut spec: ChunkSpec) {
        for (at, row) in spec.rows.iter_mut().enumerate() {
            // Row ids grow, but not always in the order of the rows.
            row.row_id = self.next_row + (at as u64 ^ 1);
        }
        self.next_row += spec.rows.len() as u64 + 2;
        let id = ChunkId::from_u128(self.next_chunk);
        self.next_chunk += 1;
        let events = self.recording.insert(spec.build(id)).unwrap();
        assert!(self.recording.insert(spec.build(id)).unwrap().is_empty(), "a chunk that is there is not taken again");
        let overwritten: Vec<ChunkId> =
            events.iter().filter(|event| event.reason == ChangeReason::Overwritten).map(|event| event.meta.id).collect();
        if self.store().chunk(id).is_some() {
            self.model.chunks.insert(id, ModelChunk { spec: spec.clone(), loaded: true });
        }
        for id in overwritten {
            let spec = &self.model.chunks[&id].spec;
            for component in 0..3 {
                if let Some(newest) = spec.rows.iter().filter(|row| row.cells[component].is_some()).map(|r| r.row_id).max() {
                    let rows = self.model.rows(spec.entity, None, component, false);
                    assert!(spec.is_static() && rows.last().unwrap().1 > newest, "only what is overwritten is dropped");
                }
            }
        }
        self.follow(&events);
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Insert(spec) => self.insert(spec),
            Op::Drop(at) => {
                if let Some(id) = self.nth_chunk(at) {
                    let events = self.recording.drop_chunks([id]);
                    self.follow(&events);
                    assert!(!self.model.chunks.contains_key(&id));
                }
            }
            Op::DropEntity(entity) => {
                if let Some(id) = self.store().entity_id(&ENTITIES[entity].into()) {
                    let events = self.recording.drop_entity(id);
                    self.follow(&events);
                    assert!(self.model.chunks.values().all(|chunk| chunk.spec.entity != entity));
                }
            }
            Op::Evict(at) => {
                if let Some(id) = self.nth_chunk(at) {
                    let events = self.recording.evict(id);
                    self.follow(&events);
                    assert!(!self.model.chunks[&id].loaded);
                }
            }
            Op::Load(at) => {
                if let Some(id) = self.nth_chunk(at) {
                    let chunk = self.model.chunks[&id].spec.build(id);
                    let events = self.recording.load(chunk).unwrap();
                    self.follow(&events);
                }
            }
            Op::Apply => self.recording.apply_pending(),
            Op::Query { entity, timeline, time, component } => self.check(entity, timeline, time, component),
            Op::Range { entity, timeline, min, len, component } => {
                self.check_range(entity, timeline, TimeRange::new(min, min + len), component);
            }
        }
    }

    fn ids(&self, entity: usize, timeline: usize, component: usize) -> Option<(chronoscope_store::EntityId, chronoscope_store::TimelineId, ComponentId)> {
        let store = self.store();
        Some((
            store.entity_id(&EntityPath::parse(ENTITIES[entity]))?,
            store.timeline_id(TIMELINES[timeline])?,
            store.component_id(COMPONENTS[component])?,
        ))
    }

    fn check(&self, entity: usize, timeline: usize, time: i64, component: usize) {
        let Some((e, t, c)) = self.ids(entity, timeline, component) else { return };
        let cached = self.recording.latest_at(e, Some(t), time, c);
        let plain = self.store().latest_at(e, Some(t), time, c);
        assert_eq!(found(&cached), found(&plain), "cached equals uncached");
        assert_eq!(cached.validity, plain.validity);
        assert_eq!(cached.missing, plain.missing);

        let expected = self.model.latest_at(entity, timeline, time, component);
        assert_eq!(found(&plain), expected, "{} {} {} at {time}", ENTITIES[entity], TIMELINES[timeline], COMPONENTS[component]);
        let validity = plain.validity;
        assert!(validity.contains(time), "{validity:?} holds {time}");
        // The answer is the same inside of its validity.
        let cursors = TIMES.start - 2..TIMES.end + 2;
        for cursor in cursors.clone().filter(|cursor| validity.contains(*cursor)) {
            assert_eq!(self.model.latest_at(entity, timeline, cursor, component), expected, "{validity:?} holds at {cursor}");
            let there = self.store().latest_at(e, Some(t), cursor, c);
            assert_eq!(sorted(&there), sorted(&plain));
        }
        if !plain.missing.is_empty() {
            return;
        }
        let (unresolved, series_validity) = self.model.series_at(entity, timeline, time, component);
        if unresolved.is_none() {
            assert_eq!(validity, series_validity, "maximal");
        } else if expected.is_some() {
            // Maximal: beyond each end the answer is another one.
            assert_eq!(validity.min, series_validity.min);
            if validity.max < TIMES.end {
                let beyond = self.store().latest_at(e, Some(t), validity.max + 1, c);
                assert_ne!(sorted(&beyond), sorted(&plain));
            } else {
                assert_eq!(validity.max, i64::MAX);
            }
        } else {
            assert_eq!(validity.max, series_validity.max);
            if validity.min > series_validity.min {
                let before = self.store().latest_at(e, Some(t), validity.min - 1, c);
                assert!(before.hit.is_some() || before.is_provisional());
            }
        }
        // Nothing is missing, so nothing that is not loaded may change the answer.
        if component != CLEAR && expected.is_some() {
            let mut all = Model { chunks: self.model.chunks.clone() };
            all.chunks.values_mut().for_each(|chunk| chunk.loaded = true);
            assert_eq!(all.latest_at(entity, timeline, time, component), expected, "nothing is missing");
        }
    }

    fn check_range(&self, entity: usize, timeline: usize, range: TimeRange, component: usize) {
        let Some((e, t, c)) = self.ids(entity, timeline, component) else { return };
        for answer in [self.recording.range(e, t, range, c), self.store().range(e, t, range, c)] {
            if self.model.is_static(entity, component) {
                assert_eq!(answer.num_rows(), 0);
                let newest = self.model.rows(entity, None, component, false).pop();
                assert_eq!(answer.static_hit().map(|hit| instances(&hit.cell())), newest.map(|row| row.2));
                continue;
            }
            let mut expected = self.model.rows(entity, Some(timeline), component, false);
            expected.retain(|row| row.0.is_some_and(|time| range.contains(time)));
            let actual: Vec<Found> = answer
                .rows()
                .map(|row| (Some(row.time), row.row_id.as_u128() as u64, instances(&row.cell())))
                .collect();
            assert_eq!(actual, expected);
            assert_eq!(answer.num_rows(), expected.len());
        }
    }

    /// Everything, at every time.
    fn check_all(&self) {
        for entity in 0..ENTITIES.len() {
            for timeline in 0..2 {
                for component in 0..3 {
                    for time in TIMES.start - 2..TIMES.end + 2 {
                        self.check(entity, timeline, time, component);
                    }
                    for min in TIMES.step_by(5) {
                        self.check_range(entity, timeline, TimeRange::new(min, min + 6), component);
                    }
                    self.check_range(entity, timeline, TimeRange::EVERYTHING, component);
                }
            }
        }
        self.check_schema();
    }

    /// The schema and the statistics are what a walk over everything gives.
    fn check_schema(&self) {
        let store = self.store();
        let chunks: Vec<&ModelChunk> = self.model.chunks.values().collect();
        let mut entities: Vec<EntityPath> = chunks.iter().map(|chunk| ENTITIES[chunk.spec.entity].into()).collect();
        entities.sort();
        entities.dedup();
        assert_eq!(store.entities().map(|id| store.entity_path(id).clone()).collect::<Vec<_>>(), entities);
        assert_eq!(store.num_chunks(), chunks.len() as u64);
        assert_eq!(store.num_rows(), chunks.iter().map(|chunk| chunk.spec.rows.len() as u64).sum::<u64>());
        let bytes: u64 =
            store.chunks().filter_map(|(_, chunk)| chunk).map(|chunk| chunk.num_bytes()).sum();
        assert_eq!(store.num_bytes(), bytes);
        for (at, name) in TIMELINES.iter().enumerate() {
            let Some(timeline) = store.timeline_id(name) else { continue };
            let times = |entity: Option<usize>| {
                chunks
                    .iter()
                    .filter(|chunk| chunk.spec.timelines[at] && entity.is_none_or(|entity| chunk.spec.entity == entity))
                    .flat_map(|chunk| &chunk.spec.rows)
                    .fold(TimeRange::EMPTY, |range, row| range.union(&TimeRange::point(row.times[at])))
            };
            assert_eq!(store.time_range(timeline), times(None));
            for (entity, path) in ENTITIES.iter().enumerate() {
                let Some(id) = store.entity_id(&(*path).into()) else { continue };
                assert_eq!(store.entity_time_range(id, timeline), times(Some(entity)));
            }
        }
    }
}

fn found(answer: &LatestAt) -> Option<Found> {
    let hit = answer.hit.as_ref()?;
    Some((hit.data_time(), hit.row_id().as_u128() as u64, instances(&hit.cell())))
}

/// What must be the same wherever an answer holds.
fn sorted(answer: &LatestAt) -> (Option<Found>, Vec<ChunkId>) {
    let mut missing = answer.missing.to_vec();
    missing.sort();
    (found(answer), missing)
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(0x5eed), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_history_equals_the_model(ops in proptest::collection::vec(op(), 1..60)) {
        let mut bench = Bench::new();
        for op in ops {
            bench.apply(op);
        }
        bench.recording.apply_pending();
        bench.check_all();
        // Once more, now from the cache.
        bench.check_all();
    }
}

#[test]
fn events_that_were_not_handed_in_do_no_harm() {
    let mut bench = Bench::new();
    let row = |time, value| RowSpec { row_id: 0, times: [time, time], cells: [Some(vec![value]), None, None] };
    bench.insert(ChunkSpec { entity: 1, timelines: [true, false], rows: vec![row(1, 10)] });
    bench.recording.apply_pending();
    bench.check_all();
    let lost = QueryCache::new();
    let cache = std::mem::replace(&mut bench.recording.cache, lost);
    bench.insert(ChunkSpec { entity: 1, timelines: [true, false], rows: vec![row(5, 20)] });
    bench.recording.cache = cache;
    bench.check_all();
    bench.recording.apply_pending();
    bench.check_all();
}
