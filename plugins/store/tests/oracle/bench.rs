//! The store and its model side by side, and what must hold between them.

use std::{cell::RefCell, time::Duration};

use chronoscope_store::{
    CLEAR_COMPONENT, ChangeReason, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityPath,
    FetchOptions, GcBuffers, GcOptions, GcOrder, GcReport, LatestAt, RangeDelta, RangeResult, Recording,
    RowId, StoreEvent, StoreId, StoreSettings, TimeRange,
};
use proptest::prelude::*;

use crate::model::{
    self, CLEAR, COMPONENTS, ChunkSpec, ENTITIES, Found, Model, ModelChunk, RowSpec, TIMELINES, instances,
};

/// Most times lie in here; queries go a little beyond.
pub(crate) const TIMES: std::ops::Range<i64> = -4..12;

/// Some lie at the ends of what there is.
const EXTREMES: [i64; 4] = [-i64::MAX, -i64::MAX + 1, i64::MAX - 1, i64::MAX];

pub(crate) fn time() -> impl Strategy<Value = i64> {
    prop_oneof![24 => TIMES, 1 => proptest::sample::select(EXTREMES.to_vec())]
}

/// All times that are worth a look.
pub(crate) fn cursors() -> impl Iterator<Item = i64> + Clone {
    let around = TIMES.start - 2..TIMES.end + 2;
    around
        .chain([i64::MIN, -i64::MAX / 2, i64::MAX / 2])
        .chain(EXTREMES)
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Insert(ChunkSpec),
    /// Rows that come one by one, mostly in order.
    Stream(ChunkSpec),
    InsertAgain(usize),
    Drop(usize),
    DropEntity(usize),
    Evict(usize),
    Load(usize),
    Gc {
        kib: u64,
        latest: usize,
        protect: Option<(i64, i64)>,
        farthest: Option<i64>,
        at_once: bool,
    },
    Apply,
    Query {
        entity: usize,
        timeline: usize,
        time: i64,
        component: usize,
    },
    Range {
        entity: usize,
        timeline: usize,
        min: i64,
        len: i64,
        component: usize,
    },
}

pub(crate) fn cell() -> impl Strategy<Value = model::Cell> {
    prop_oneof![2 => Just(None), 5 => proptest::collection::vec(0..2_i32, 0..3).prop_map(Some)]
}

pub(crate) fn chunk(with_clears: bool) -> impl Strategy<Value = ChunkSpec> {
    let times = [time(), time(), time()];
    let row = (times, cell(), cell(), cell()).prop_map(move |(times, x, y, clear)| RowSpec {
        row_id: 0,
        times,
        cells: [x, y, if with_clears { clear } else { None }],
    });
    let timelines = prop_oneof![
        4 => Just([true, false, false]),
        3 => Just([true, true, false]),
        1 => Just([true, true, true]),
        1 => Just([false, true, true]),
        1 => Just([false, true, false]),
        1 => Just([false; 3])
    ];
    (
        0..ENTITIES.len(),
        timelines,
        proptest::collection::vec(row, 1..8),
        any::<bool>(),
    )
        .prop_map(|(entity, timelines, mut rows, sorted)| {
            if sorted {
                rows.sort_by_key(|row| row.times);
            }
            ChunkSpec {
                entity,
                timelines,
                rows,
            }
        })
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let query = (0..ENTITIES.len(), 0..3_usize, time(), 0..3_usize);
    let gc = (
        0..3_u64,
        0..3_usize,
        proptest::option::of((TIMES, 0..4_i64)),
        proptest::option::of(time()),
        any::<bool>(),
    );
    let range = (
        0..ENTITIES.len(),
        0..3_usize,
        TIMES.start - 2..TIMES.end,
        0..8_i64,
        0..3_usize,
    );
    prop_oneof![
        6 => chunk(false).prop_map(Op::Insert),
        1 => chunk(true).prop_map(Op::Insert),
        4 => chunk(false).prop_map(Op::Stream),
        2 => any::<usize>().prop_map(Op::InsertAgain),
        2 => any::<usize>().prop_map(Op::Drop),
        1 => (0..ENTITIES.len()).prop_map(Op::DropEntity),
        2 => any::<usize>().prop_map(Op::Evict),
        3 => any::<usize>().prop_map(Op::Load),
        1 => gc.prop_map(|(kib, latest, protect, farthest, at_once)| Op::Gc { kib, latest, protect, farthest, at_once }),
        4 => Just(Op::Apply),
        12 => query.prop_map(|(entity, timeline, time, component)| Op::Query { entity, timeline, time, component }),
        3 => range.prop_map(|(entity, timeline, min, len, component)| Op::Range { entity, timeline, min, len, component }),
    ]
}

/// The store and its model, side by side.
pub(crate) struct Bench {
    pub(crate) recording: Recording,
    pub(crate) buffers: GcBuffers,
    /// The chunk that a merge made, whose parts are about to be dropped.
    pub(crate) merged: Option<ChunkId>,
    pub(crate) model: Model,
    pub(crate) next_chunk: u128,
    pub(crate) next_row: u64,
    /// Ranges that were answered, to tell what changed since.
    pub(crate) answers: RefCell<Vec<(Series, RangeResult)>>,
    /// All that was ever inserted.
    pub(crate) inserted: Vec<(ChunkId, ChunkSpec)>,
    /// The version that the entities and their components had when they were last looked at.
    pub(crate) schema: RefCell<(u64, Vec<(chronoscope_store::EntityId, Vec<ComponentId>)>)>,
    /// How often a row was put behind others, in a chunk that gathers.
    pub(crate) grown: usize,
}

/// An entity, a timeline and a component of the model.
pub(crate) type Series = (usize, usize, usize);

impl Bench {
    /// One step of a collection.
    pub(crate) fn collect(&mut self, options: &GcOptions) -> (Vec<StoreEvent>, GcReport) {
        let report = self.recording.gc(options, &mut self.buffers);
        drop(self.buffers.garbage.take());
        (self.buffers.events.drain(..).collect(), report)
    }

    pub(crate) fn new(settings: StoreSettings) -> Self {
        let store = ChunkStore::with_settings(StoreId::recording("test", "test"), settings);
        Self {
            recording: Recording::from_store(store),
            buffers: GcBuffers::default(),
            merged: None,
            model: Model::default(),
            next_chunk: 1,
            next_row: 1,
            answers: RefCell::default(),
            inserted: Vec::new(),
            schema: RefCell::default(),
            grown: 0,
        }
    }

    pub(crate) fn store(&self) -> &ChunkStore {
        &self.recording.store
    }

    pub(crate) fn nth_chunk(&self, at: usize) -> Option<ChunkId> {
        let count = self.model.chunks.len();
        (count > 0).then(|| *self.model.chunks.keys().nth(at % count).unwrap())
    }

    pub(crate) fn follow(&mut self, events: &[StoreEvent]) {
        for event in events {
            match event.change {
                ChunkChange::Added if event.reason == ChangeReason::Merged => {
                    let spec = ChunkSpec {
                        entity: 0,
                        timelines: [true; 3],
                        rows: Vec::new(),
                    };
                    self.model
                        .chunks
                        .insert(event.meta.id, ModelChunk { spec, loaded: true });
                    self.merged = Some(event.meta.id);
                }
                // Whoever inserts rows notes them: see `insert_as`.
                ChunkChange::Added | ChunkChange::Grown => {}
                ChunkChange::Dropped => {
                    let dropped = self.model.chunks.remove(&event.meta.id).unwrap();
                    assert_eq!(event.is_loaded, dropped.loaded);
                    if event.reason == ChangeReason::Merged {
                        // The rows are in the merged chunk now.
                        let merged = &mut self.model.chunks.get_mut(&self.merged.unwrap()).unwrap().spec;
                        (merged.entity, merged.timelines) = (dropped.spec.entity, dropped.spec.timelines);
                        merged.rows.extend(dropped.spec.rows);
                    }
                }
                ChunkChange::Loaded => self.model.chunks.get_mut(&event.meta.id).unwrap().loaded = true,
                ChunkChange::Evicted => self.model.chunks.get_mut(&event.meta.id).unwrap().loaded = false,
            }
        }
    }

    pub(crate) fn insert(&mut self, mut spec: ChunkSpec) {
        for (at, row) in spec.rows.iter_mut().enumerate() {
            // Row ids grow, but not always in the order of the rows.
            row.row_id = self.next_row + (at as u64 ^ 1);
        }
        self.next_row += spec.rows.len() as u64 + 2;
        let id = ChunkId::from_u128(self.next_chunk);
        self.next_chunk += 1;
        self.inserted.push((id, spec.clone()));
        self.insert_as(id, &spec);
    }

    /// A chunk comes again, as it does when a file is opened twice.
    pub(crate) fn insert_again(&mut self, at: usize) {
        let Some(at) = at.checked_rem(self.inserted.len()) else {
            return;
        };
        let (id, spec) = self.inserted[at].clone();
        let there = |row: &RowSpec| {
            let holds = |chunk: &&ModelChunk| chunk.spec.rows.iter().any(|other| other.row_id == row.row_id);
            self.model.chunks.values().find(holds).map(|chunk| chunk.loaded)
        };
        let there: Vec<Option<bool>> = spec.rows.iter().map(there).collect();
        if spec.is_static() {
        } else if there.iter().all(|loaded| *loaded == Some(true)) {
            assert!(
                self.recording.insert(spec.build(id)).unwrap().is_empty(),
                "rows that are there are not taken again"
            );
        } else if there.iter().all(Option::is_none) {
            self.insert_as(id, &spec);
        }
    }

    pub(crate) fn insert_as(&mut self, id: ChunkId, spec: &ChunkSpec) {
        let events = self.recording.insert(spec.build(id)).unwrap();
        if self.store().chunk(id).is_some() {
            assert!(
                self.recording.insert(spec.build(id)).unwrap().is_empty(),
                "a chunk that is there is not taken again"
            );
        }
        let overwritten: Vec<ChunkId> = events
            .iter()
            .filter(|event| event.reason == ChangeReason::Overwritten)
            .map(|event| event.meta.id)
            .collect();
        let mut taken = 0;
        for event in events.iter().filter(|event| event.adds_rows()) {
            // A large chunk comes in pieces, which hold its rows in order.
            let rows: Vec<RowSpec> = spec.rows[taken..taken + event.meta.num_rows as usize].to_vec();
            taken += rows.len();
            if event.change == ChunkChange::Grown {
                self.grown += 1;
                self.model
                    .chunks
                    .get_mut(&event.meta.id)
                    .unwrap()
                    .spec
                    .rows
                    .extend(rows);
            } else {
                assert!(event.meta.id == id || event.split_from() == Some(id));
                let spec = ChunkSpec { rows, ..spec.clone() };
                self.model
                    .chunks
                    .insert(event.meta.id, ModelChunk { spec, loaded: true });
            }
        }
        for id in overwritten {
            let spec = &self.model.chunks[&id].spec;
            for component in 0..3 {
                if let Some(newest) = spec
                    .rows
                    .iter()
                    .filter(|row| row.cells[component].is_some())
                    .map(|r| r.row_id)
                    .max()
                {
                    let rows = self.model.rows(spec.entity, None, component, false);
                    assert!(
                        spec.is_static() && rows.last().unwrap().1 > newest,
                        "only what is overwritten is dropped"
                    );
                }
            }
        }
        self.follow(&events);
    }

    pub(crate) fn apply(&mut self, op: Op) {
        match op {
            Op::Insert(spec) => self.insert(spec),
            Op::Stream(spec) => {
                for row in &spec.rows {
                    self.insert(ChunkSpec {
                        rows: vec![row.clone()],
                        ..spec.clone()
                    });
                }
            }
            Op::InsertAgain(at) => self.insert_again(at),
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
                    assert!(
                        self.model
                            .chunks
                            .values()
                            .all(|chunk| chunk.spec.entity != entity)
                    );
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
            Op::Gc {
                kib,
                latest,
                protect,
                farthest,
                at_once,
            } => {
                // As short as can be, each call marks or sweeps one chunk.
                let budget = if at_once {
                    Duration::from_secs(3600)
                } else {
                    Duration::ZERO
                };
                self.gc(kib * 1024, latest, protect, farthest, budget);
            }
            Op::Apply => self.recording.apply_pending(),
            Op::Query {
                entity,
                timeline,
                time,
                component,
            } => self.check(entity, timeline, time, component),
            Op::Range {
                entity,
                timeline,
                min,
                len,
                component,
            } => {
                self.check_range(entity, timeline, TimeRange::new(min, min + len), component);
            }
        }
        self.check_schema_version();
    }

    pub(crate) fn gc(
        &mut self,
        target_bytes: u64,
        protect_latest: usize,
        protect: Option<(i64, i64)>,
        farthest: Option<i64>,
        time_budget: Duration,
    ) {
        let timeline = self.store().timeline_id(TIMELINES[0]);
        let range = |(min, length)| TimeRange::new(min, min + length);
        let mut options = GcOptions {
            target_bytes,
            protect_latest,
            protected_time_ranges: timeline.zip(protect.map(range)).into_iter().collect(),
            order: timeline
                .zip(farthest)
                .map_or(GcOrder::OldestRow, |(timeline, time)| GcOrder::FarthestFrom {
                    timeline,
                    time,
                }),
            time_budget,
            ..GcOptions::default()
        };
        let before = self.model.chunks.clone();
        let latest: Vec<Vec<Found>> = self.latest_rows(protect_latest);
        for calls in 0.. {
            let (events, report) = self.collect(&options);
            self.follow(&events);
            for event in &events {
                assert_eq!(
                    (event.change, event.reason),
                    (ChunkChange::Dropped, ChangeReason::Collected)
                );
                let spec = &before[&event.meta.id].spec;
                assert!(!spec.is_static());
                assert!(
                    !spec.rows.iter().any(|row| row.cells[CLEAR].is_some()),
                    "clears stay"
                );
                let is_protected = |row: &RowSpec| {
                    protect.is_some_and(|p| spec.timelines[0] && range(p).contains(row.times[0]))
                };
                let times = spec.rows.iter().map(|row| row.times[0]);
                let spans = TimeRange::new(times.clone().min().unwrap(), times.max().unwrap());
                assert!(!spec.rows.iter().any(is_protected), "{spans:?} is protected");
            }
            options.target_bytes = options.target_bytes.saturating_sub(report.freed_bytes);
            if report.done {
                break;
            }
            assert!(calls < 10_000, "a collection ends");
        }
        assert_eq!(self.latest_rows(protect_latest), latest, "the latest rows stay");
    }

    /// Of each series the latest rows, loaded or not.
    pub(crate) fn latest_rows(&self, count: usize) -> Vec<Vec<Found>> {
        let mut all = Vec::new();
        for entity in 0..ENTITIES.len() {
            for (timeline, component) in (0..9).map(|at| (at / 3, at % 3)) {
                let rows = self.model.rows(entity, Some(timeline), component, true);
                all.push(rows[rows.len().saturating_sub(count)..].to_vec());
            }
        }
        all
    }

    pub(crate) fn ids(
        &self,
        entity: usize,
        timeline: usize,
        component: usize,
    ) -> Option<(
        chronoscope_store::EntityId,
        chronoscope_store::TimelineId,
        ComponentId,
    )> {
        let store = self.store();
        Some((
            store.entity_id(&EntityPath::parse(ENTITIES[entity]))?,
            store.timeline_id(TIMELINES[timeline])?,
            store.component_id(COMPONENTS[component])?,
        ))
    }

    pub(crate) fn check(&self, entity: usize, timeline: usize, time: i64, component: usize) {
        let Some((e, t, c)) = self.ids(entity, timeline, component) else {
            return;
        };
        let cached = self.recording.latest_at(e, Some(t), time, c);
        let plain = self.store().latest_at(e, Some(t), time, c);
        assert_eq!(found(&cached), found(&plain), "cached equals uncached");
        assert_eq!(cached.validity, plain.validity);
        assert_eq!(cached.missing, plain.missing);

        let expected = self.model.latest_at(entity, timeline, time, component);
        assert_eq!(
            found(&plain),
            expected,
            "{} {} {} at {time}",
            ENTITIES[entity],
            TIMELINES[timeline],
            COMPONENTS[component]
        );
        let validity = plain.validity;
        assert!(validity.contains(time), "{validity:?} holds {time}");
        // The answer is the same inside of its validity.
        for cursor in cursors().filter(|cursor| validity.contains(*cursor)) {
            assert_eq!(
                self.model.latest_at(entity, timeline, cursor, component),
                expected,
                "{validity:?} holds at {cursor}"
            );
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
            for (end, series_end, beyond) in [
                (validity.min, series_validity.min, -1),
                (validity.max, series_validity.max, 1),
            ] {
                if end != series_end {
                    let beyond = self.store().latest_at(e, Some(t), end + beyond, c);
                    assert_ne!(sorted(&beyond), sorted(&plain), "{validity:?}");
                }
            }
        }
        // Nothing is missing, so nothing that is not loaded may change the answer.
        if component != CLEAR {
            let mut all = Model {
                chunks: self.model.chunks.clone(),
            };
            all.chunks.values_mut().for_each(|chunk| chunk.loaded = true);
            assert_eq!(
                all.latest_at(entity, timeline, time, component),
                expected,
                "nothing is missing"
            );
        }
    }

    pub(crate) fn check_range(&self, entity: usize, timeline: usize, range: TimeRange, component: usize) {
        let Some((e, t, c)) = self.ids(entity, timeline, component) else {
            return;
        };
        for answer in [
            self.recording.range(e, t, range, c),
            self.store().range(e, t, range, c),
        ] {
            if self.model.is_static(entity, component) {
                assert_eq!(answer.num_rows(), 0);
                let newest = self.model.rows(entity, None, component, false).pop();
                assert_eq!(
                    answer.static_hit().map(|hit| instances(&hit.cell())),
                    newest.map(|row| row.2)
                );
                continue;
            }
            let mut expected = self.model.rows(entity, Some(timeline), component, false);
            expected.retain(|row| row.0.is_some_and(|time| range.contains(time)));
            let actual: Vec<Found> = answer
                .rows()
                .map(|row| {
                    (
                        Some(row.time),
                        row.row_id.as_u128() as u64,
                        instances(&row.cell()),
                    )
                })
                .collect();
            assert_eq!(actual, expected);
            assert_eq!(answer.num_rows(), expected.len());
            let mut answers = self.answers.borrow_mut();
            for (_, older) in answers
                .iter()
                .filter(|(series, _)| *series == (entity, timeline, component))
            {
                check_delta(older, &answer);
            }
            answers.push(((entity, timeline, component), answer));
            let excess = answers.len().saturating_sub(40);
            answers.drain(..excess);
        }
    }

    /// What to load next is what a walk over all that is not loaded says.
    pub(crate) fn check_requests(&self, time: i64, ahead: i64) {
        let store = self.store();
        let Some(timeline) = store.timeline_id(TIMELINES[0]) else {
            return;
        };
        let absent = || {
            store
                .chunks()
                .filter(|(_, chunk_data)| chunk_data.is_none())
                .map(|(meta, _)| meta)
        };
        let clear = store.component_id(CLEAR_COMPONENT);
        let is_first =
            |meta: &ChunkMeta| meta.is_static || clear.is_some_and(|clear| meta.has_component(clear));
        let is_shown = |meta: &ChunkMeta| !meta.num_rows.is_multiple_of(3);
        let window = if ahead < 0 {
            TimeRange::new(time + ahead, time)
        } else {
            TimeRange::new(time, time + ahead)
        };
        let distance = |meta: &ChunkMeta| {
            let range = meta.time_range(timeline);
            if ahead < 0 {
                time.saturating_sub(range.max).max(0)
            } else {
                range.min.saturating_sub(time).max(0)
            }
        };
        let screen: Vec<ChunkId> = self.model.chunks.keys().copied().step_by(5).collect();
        let rank = |meta: &ChunkMeta| match screen.iter().position(|id| *id == meta.id) {
            _ if is_first(meta) => (0, 0),
            Some(at) => (1, at as i64),
            None => (2, distance(meta)),
        };
        let mut expected: Vec<(i32, i64)> = absent()
            .filter(|meta| {
                rank(meta).0 < 2 || is_shown(meta) && meta.time_range(timeline).intersects(&window)
            })
            .map(|meta| rank(meta))
            .collect();
        expected.sort_unstable();
        let mut options = FetchOptions {
            on_screen: &screen,
            timeline: Some(timeline),
            time,
            ahead,
            is_shown: &is_shown,
            max_bytes: u64::MAX,
            max_static_bytes: u64::MAX,
        };
        let all = store.fetch_requests(&options);
        let ranks: Vec<(i32, i64)> = all
            .iter()
            .map(|id| rank(store.chunk_meta(*id).unwrap()))
            .collect();
        assert_eq!(ranks, expected, "{time} {ahead}");
        // Static data may be too much: then it comes where it is missed.
        options.max_static_bytes = 0;
        let missed = |id: &ChunkId| !store.chunk_meta(*id).unwrap().is_static || screen.contains(id);
        let mut few: Vec<ChunkId> = store.fetch_requests(&options);
        let mut expected: Vec<ChunkId> = all.iter().copied().filter(missed).collect();
        few.sort_unstable();
        expected.sort_unstable();
        assert_eq!(few, expected);
        options.max_static_bytes = u64::MAX;
        options.max_bytes = 1500;
        let some = store.fetch_requests(&options);
        assert!(all.starts_with(&some) && some.is_empty() == all.is_empty());
        let bytes = |count: usize| {
            all[..count]
                .iter()
                .map(|id| store.chunk_meta(*id).unwrap().num_bytes)
                .sum::<u64>()
        };
        assert!(some.len() < 2 || bytes(some.len()) <= options.max_bytes);
        assert!(some.len() == all.len() || bytes(some.len() + 1) > options.max_bytes);
    }

    /// Everything, at every time.
    pub(crate) fn check_all(&self) {
        for entity in 0..ENTITIES.len() {
            for timeline in 0..3 {
                for component in 0..3 {
                    for time in cursors() {
                        self.check(entity, timeline, time, component);
                    }
                    for min in TIMES.step_by(5) {
                        self.check_range(entity, timeline, TimeRange::new(min, min + 6), component);
                    }
                    self.check_range(entity, timeline, TimeRange::EVERYTHING, component);
                }
            }
        }
        for (time, ahead) in [(-4, 20), (0, 4), (8, -5), (11, -20)] {
            self.check_requests(time, ahead);
        }
        self.check_schema();
    }

    /// A version stands for one schema.
    pub(crate) fn check_schema_version(&self) {
        let store = self.store();
        let schema = store
            .entities()
            .map(|id| (id, store.components_of(id).collect()))
            .collect();
        let (version, before) = self.schema.replace((store.schema_version(), schema));
        assert!(
            before == self.schema.borrow().1 || version < store.schema_version(),
            "{before:?}"
        );
    }

    /// The schema and the statistics are what a walk over everything gives.
    pub(crate) fn check_schema(&self) {
        let store = self.store();
        let chunks: Vec<&ModelChunk> = self.model.chunks.values().collect();
        let mut entities: Vec<EntityPath> = chunks
            .iter()
            .map(|chunk| ENTITIES[chunk.spec.entity].into())
            .collect();
        entities.sort();
        entities.dedup();
        assert_eq!(
            store
                .entities()
                .map(|id| store.entity_path(id).clone())
                .collect::<Vec<_>>(),
            entities
        );
        assert_eq!(store.num_chunks(), chunks.len() as u64);
        assert_eq!(
            store.num_rows(),
            chunks
                .iter()
                .map(|chunk| chunk.spec.rows.len() as u64)
                .sum::<u64>()
        );
        let bytes: u64 = store
            .chunks()
            .filter_map(|(_, chunk)| chunk)
            .map(|chunk| chunk.num_bytes())
            .sum();
        assert_eq!(store.num_bytes(), bytes);
        assert_eq!(
            store.store_stats(),
            store.recount(),
            "what is counted is what is there"
        );
        for (at, name) in TIMELINES.iter().enumerate() {
            let Some(timeline) = store.timeline_id(name) else {
                continue;
            };
            let times = |entity: Option<usize>| {
                chunks
                    .iter()
                    .filter(|chunk| {
                        chunk.spec.timelines[at] && entity.is_none_or(|entity| chunk.spec.entity == entity)
                    })
                    .flat_map(|chunk| &chunk.spec.rows)
                    .fold(TimeRange::EMPTY, |range, row| {
                        range.union(&TimeRange::point(row.times[at]))
                    })
            };
            assert_eq!(store.time_range(timeline), times(None));
            for (entity, path) in ENTITIES.iter().enumerate() {
                let Some(id) = store.entity_id(&(*path).into()) else {
                    continue;
                };
                assert_eq!(store.entity_time_range(id, timeline), times(Some(entity)));
                let rows = || {
                    chunks
                        .iter()
                        .filter(|c| c.spec.entity == entity && c.spec.timelines[at])
                        .flat_map(|c| &c.spec.rows)
                };
                if chunks.iter().all(|chunk| chunk.loaded) {
                    for (component, buckets, range) in [
                        (None, 3, TimeRange::new(-2, 9)),
                        (Some(0), 32, TimeRange::new(-5, 16)),
                        (Some(1), 7, TimeRange::new(3, 9)),
                    ] {
                        let mut expected = vec![0; buckets];
                        let counts = |row: &&RowSpec| component.is_none_or(|c: usize| row.cells[c].is_some());
                        for time in rows()
                            .filter(counts)
                            .map(|row| row.times[at])
                            .filter(|time| range.contains(*time))
                        {
                            let width = range.max - range.min + 1;
                            expected[((time - range.min) * buckets as i64 / width) as usize] += 1;
                        }
                        let Some(c) =
                            component.map_or(Some(None), |c| store.component_id(COMPONENTS[c]).map(Some))
                        else {
                            continue;
                        };
                        assert_eq!(store.density(id, c, timeline, range, buckets), expected);
                    }
                }
            }
        }
    }
}

/// What changed from one answer to a newer one leads from the one to the other, and is found wherever there is such a thing.
pub(crate) fn check_delta(older: &RangeResult, newer: &RangeResult) {
    let keys = |answer: &RangeResult| {
        answer
            .rows()
            .map(|row| (row.time, row.row_id))
            .collect::<Vec<_>>()
    };
    let (old, new) = (keys(older), keys(newer));
    let leads = |delta: &RangeDelta| {
        let RangeDelta {
            lost_front,
            gained_front,
            lost_back,
            gained_back,
        } = *delta;
        let (old, new) = (
            old.get(lost_front..old.len() - lost_back),
            new.get(gained_front..new.len() - gained_back),
        );
        old.is_some() && old == new
    };
    let delta = newer.delta_since(older);
    if let Some(delta) = &delta {
        assert!(leads(delta), "{old:?} {new:?} {delta:?}");
    }
    if older.static_hit().is_none() && newer.version() != older.version() {
        // Rows that both have stand together in both, and on each side at least one of them has no others.
        let common: Vec<_> = old.iter().filter(|key| new.contains(key)).copied().collect();
        let place = |rows: &[(i64, RowId)]| {
            rows.windows(common.len().max(1))
                .position(|window| *window == *common)
        };
        let expected = match (place(&old), place(&new)) {
            _ if old.is_empty() || new.is_empty() => true,
            (Some(a), Some(b)) => {
                (a == 0 || b == 0) && (a + common.len() == old.len() || b + common.len() == new.len())
            }
            _ => false,
        };
        assert_eq!(
            delta.is_some(),
            expected && (!common.is_empty() || old.is_empty() || new.is_empty()),
            "{old:?} {new:?}"
        );
    }
}

pub(crate) fn found(answer: &LatestAt) -> Option<Found> {
    let hit = answer.hit.as_ref()?;
    Some((
        hit.data_time(),
        hit.row_id().as_u128() as u64,
        instances(&hit.cell()),
    ))
}

/// What must be the same wherever an answer holds.
pub(crate) fn sorted(answer: &LatestAt) -> (Option<Found>, Vec<ChunkId>) {
    let mut missing = answer.missing.to_vec();
    missing.sort();
    (found(answer), missing)
}
