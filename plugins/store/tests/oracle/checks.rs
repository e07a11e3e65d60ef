//! What must hold between the store and its model.

use chronoscope_store::{
    CLEAR_COMPONENT, ChunkId, ChunkMeta, ComponentId, EntityPath, FetchOptions, Hit, LatestAt,
    LatestAtCursor, RangeDelta, RangeResult, RowId, TimeRange,
};

use crate::{
    bench::Bench,
    model::{CLEAR, COMPONENTS, ENTITIES, Found, Model, ModelChunk, RowSpec, TIMELINES, instances},
    ops::{TIMES, cursors},
};

impl Bench {
    pub(crate) fn check(&self, entity: usize, timeline: usize, time: i64, component: usize) {
        let Some((e, t, c)) = self.ids(entity, timeline, component) else {
            return;
        };
        let cached = self.recording.latest_at(e, Some(t), time, c);
        let plain = self.store().latest_at(e, Some(t), time, c);
        assert_eq!(found(&cached), found(&plain), "cached equals uncached");
        assert_eq!(cached.validity, plain.validity);
        assert_eq!(cached.missing, plain.missing);

        self.check_following(e, t, time, c);

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

    /// An answer that goes from a time to any other says there what the store says, or that it is to be asked.
    fn check_following(
        &self,
        entity: chronoscope_store::EntityId,
        timeline: chronoscope_store::TimelineId,
        time: i64,
        component: ComponentId,
    ) {
        let store = self.store();
        let cursor_at = |time: i64| {
            let cache = &self.recording.cache;
            let components = [component];
            let mut cursors = cache.latest_at_cursors(store, entity, Some(timeline), time, &components);
            cursors.next().unwrap().1
        };
        let mut walker = cursor_at(time);
        let times: Vec<i64> = cursors().collect();
        let back_and_forth = times.iter().rev().step_by(5).chain(times.iter().step_by(2));
        for &there in back_and_forth {
            let row = |walker: &LatestAtCursor| {
                let time = walker.answer().hit.as_ref().map(Hit::data_time);
                walker.row_id().zip(time)
            };
            let before = row(&walker);
            if let Some(is_other) = walker.follow(there) {
                assert_eq!(is_other, row(&walker) != before, "from {time} to {there}");
                let expected = store.latest_at(entity, Some(timeline), there, component);
                assert_eq!(
                    sorted(walker.answer()),
                    sorted(&expected),
                    "from {time} to {there}"
                );
                assert_eq!(walker.answer().validity, expected.validity);
                assert_eq!(walker.row_id(), expected.hit.as_ref().map(Hit::row_id));
                let found = walker.cell().map(|cell| instances(&cell.to_array()));
                assert_eq!(found, expected.cell().as_ref().map(instances));
                let numbers = walker.cell().and_then(|cell| cell.numbers::<i32>(None));
                if let Some(numbers) = numbers {
                    assert_eq!(Some(numbers), found.as_deref(), "the numbers where they lie");
                }
            }
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
        assert_eq!(store.num_entities(), entities.len() as u64);
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
