//! The store and its model side by side, and how both are changed.

use std::{cell::RefCell, time::Duration};

use chronoscope_store::{
    ChangeReason, ChunkChange, ChunkId, ChunkStore, ComponentId, EntityPath, GcBuffers, GcOptions, GcOrder,
    GcReport, RangeResult, Recording, StoreEvent, StoreId, StoreSettings, TimeRange,
};

use crate::{
    model::{CLEAR, COMPONENTS, ChunkSpec, ENTITIES, Found, Model, ModelChunk, RowSpec, TIMELINES},
    ops::Op,
};
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
}
