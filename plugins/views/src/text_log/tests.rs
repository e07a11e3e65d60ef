//! Logs: merged as if sorted anew, whatever arrives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use chronoscope_store::{
    Chunk, ChunkStore, EntityId, Recording, RowId, StoreId, StoreSettings, TimeRange, Timeline,
};
use chronoscope_types::{TextLog, log_chunk};

use super::{
    entries::{Context, LogEntries},
    filter::filter,
    missing::{ListRow, MissingLines},
    table::{LineRef, LogTable},
};
use crate::{missing_ranges::missing_ranges, plot::testing::Random};

fn update(store: &ChunkStore, entity: &str, entries: &mut LogEntries) -> Option<EntityId> {
    let entity = store.entity_id(&entity.into())?;
    let timeline = store.timeline_id("t")?;
    let answer = store.range(
        entity,
        timeline,
        TimeRange::EVERYTHING,
        store.component_id(&TextLog::TEXT)?,
    );
    entries.update(
        Context {
            timeline: Some(timeline),
            ..Context::default()
        },
        &answer,
        missing_ranges(&answer, store, timeline, store.component_id(&TextLog::TEXT)),
    );
    let chunks = answer.slices().iter().map(chronoscope_store::RangeSlice::chunk);
    assert!(
        entries
            .chunks()
            .iter()
            .zip(chunks)
            .all(|(own, chunk)| Arc::ptr_eq(own, chunk)),
        "no older copies"
    );
    Some(entity)
}

fn naive(logs: &[(EntityId, &LogEntries)]) -> Vec<LineRef> {
    let mut lines: Vec<(i64, RowId, u32, u32)> = Vec::new();
    for (at, (_, log)) in logs.iter().enumerate() {
        lines.extend((0..log.len()).map(|line| (log.time(line), log.row_id(line), at as u32, line as u32)));
    }
    lines.sort_unstable();
    lines
        .into_iter()
        .map(|(_, _, entity, line)| LineRef { entity, line })
        .collect()
}

#[test]
fn merged_equals_sorted() {
    let mut random = Random::new(7);
    for _ in 0..20 {
        let mut recording = Recording::new(StoreId::recording("test", "logs"));
        let mut entries = [
            LogEntries::default(),
            LogEntries::default(),
            LogEntries::default(),
        ];
        let mut table = LogTable::default();
        let mut latest = 0;
        for step in 0..60 {
            for _ in 0..random.below(4) {
                let time = if random.below(5) == 0 {
                    random.below(latest + 1)
                } else {
                    latest + random.below(3)
                };
                latest = latest.max(time);
                let entity = ["a", "b", "c"][random.below(3)];
                let log = TextLog::new(format!("line {step}")).with_level(["INFO", "WARN"][random.below(2)]);
                recording
                    .insert(log_chunk(entity, [(Timeline::sequence("t"), time as i64)], &log).unwrap())
                    .unwrap();
            }
            let mut logs = Vec::new();
            for (name, entries) in ["/a", "/b", "/c"].into_iter().zip(&mut entries) {
                let entity = update(&recording.store, name, entries);
                logs.extend(entity.map(|entity| (entity, &*entries)));
            }
            table.update(&logs);
            assert_eq!(table.lines(), naive(&logs));
            for line in table.lines() {
                let (_, log) = logs[line.entity as usize];
                assert!(log.text(line.line as usize).starts_with("line "));
                assert!(matches!(
                    log.level(line.line as usize).map(|level| &**level),
                    Some("INFO" | "WARN")
                ));
            }
            let version = table.version();
            table.update(&logs);
            assert_eq!(table.version(), version, "what did not change costs nothing");
        }
    }
}

#[test]
fn the_cursor_stands_between_lines() {
    let mut recording = Recording::new(StoreId::recording("test", "logs"));
    for time in [0, 5, 5, 9] {
        recording
            .insert(log_chunk("a", [(Timeline::sequence("t"), time)], &TextLog::new("line")).unwrap())
            .unwrap();
    }
    let mut entries = LogEntries::default();
    let entity = update(&recording.store, "/a", &mut entries).unwrap();
    let logs = [(entity, &entries)];
    let mut table = LogTable::default();
    table.update(&logs);
    let check = |time, expected| assert_eq!(table.first_after(&logs, time), expected, "{time}");
    check(-1, 0);
    check(0, 1);
    check(5, 3);
    check(100, 4);
}

/// Whatever arrives, in whatever order: a filter that follows gives what one that starts anew gives.
#[test]
fn filtered_equals_filtered_anew() {
    let mut random = Random::new(8);
    let mut recording = Recording::new(StoreId::recording("test", "logs"));
    let mut entries = [LogEntries::default(), LogEntries::default()];
    let mut table = LogTable::default();
    let mut kept = None;
    let mut latest = 0;
    for step in 0..80 {
        for _ in 0..random.below(4) {
            let time = if random.below(5) == 0 {
                random.below(latest + 1)
            } else {
                latest += 1;
                latest
            };
            let text = TextLog::new(format!("\u{1b}[3{}m{}", random.below(8), random.below(100)));
            let entity = ["a", "b"][random.below(2)];
            let chunk = log_chunk(entity, [(Timeline::sequence("t"), time as i64)], &text).unwrap();
            recording.insert(chunk).unwrap();
        }
        let ids: Vec<Option<EntityId>> = ["a", "b"]
            .iter()
            .zip(&mut entries)
            .map(|(entity, entries)| update(&recording.store, entity, entries))
            .collect();
        let logs: Vec<(EntityId, &LogEntries)> = ids
            .into_iter()
            .zip(&entries)
            .filter_map(|(id, entries)| Some((id?, entries)))
            .collect();
        table.update(&logs);
        kept = filter(&logs, &table, "7", None, kept);
        let anew = filter(&logs, &table, "7", None, None).unwrap();
        assert_eq!(kept.as_ref().unwrap().lines, anew.lines, "step {step}");
    }
}

/// A line, loaded or not.
struct KnownLine {
    chunk: Arc<Chunk>,
    time: i64,
    entity: u32,
    is_loaded: bool,
    passes_filter: bool,
}

/// The rows of a list: the times of each, and of those where lines are missing whose these are.
fn listed(missing: &MissingLines, times: &[i64]) -> Vec<(TimeRange, Vec<u32>)> {
    let rows = 0..times.len() + missing.num_places();
    let listed = rows.map(|row| match missing.row(row) {
        ListRow::Line(line) => {
            assert_eq!(missing.row_of(line), row);
            (TimeRange::point(times[line]), Vec::new())
        }
        ListRow::Missing(place) => (place.times, place.entities.clone()),
    });
    listed.collect()
}

/// The same from all lines one by one: what is missing stands before lines of the same time.
fn naively_listed(lines: &[KnownLine], is_filtered: bool) -> Vec<(TimeRange, Vec<u32>)> {
    let is_listed = |line: &&KnownLine| !line.is_loaded || !is_filtered || line.passes_filter;
    let mut lines: Vec<&KnownLine> = lines.iter().filter(is_listed).collect();
    lines.sort_by_key(|line| (line.time, line.is_loaded));
    let mut listed: Vec<(TimeRange, Vec<u32>)> = Vec::new();
    for line in lines {
        let time = TimeRange::point(line.time);
        if line.is_loaded {
            listed.push((time, Vec::new()));
            continue;
        }
        match listed.last_mut().filter(|(_, entities)| !entities.is_empty()) {
            Some((times, entities)) => {
                *times = times.union(&time);
                entities.push(line.entity);
                entities.sort_unstable();
                entities.dedup();
            }
            None => listed.push((time, vec![line.entity])),
        }
    }
    listed
}

/// Whatever is loaded and given back, in whatever order.
#[test]
fn missing_lines_are_listed_where_they_belong() {
    let mut random = Random::new(9);
    let id = StoreId::recording("test", "logs");
    let mut store = ChunkStore::with_settings(id, StoreSettings::without_compaction());
    let known_line = |_| {
        let (time, entity, number) = (random.below(30) as i64, random.below(3), random.below(4));
        let text = TextLog::new(format!("line {number}"));
        let chunk = log_chunk(["a", "b", "c"][entity], [(Timeline::sequence("t"), time)], &text).unwrap();
        KnownLine {
            chunk: Arc::new(chunk),
            time,
            entity: entity as u32,
            is_loaded: true,
            passes_filter: number == 3,
        }
    };
    let mut lines: Vec<KnownLine> = (0..40).map(known_line).collect();
    for line in &lines {
        store.insert(Arc::clone(&line.chunk)).unwrap();
    }
    let mut entries = [
        LogEntries::default(),
        LogEntries::default(),
        LogEntries::default(),
    ];
    let mut table = LogTable::default();
    let mut kept = None;
    for step in 0..60 {
        for line in &mut lines {
            // All are loaded at last.
            let is_loaded = step == 59 || line.is_loaded != (random.below(10) == 0);
            if is_loaded && !line.is_loaded {
                store.load(Arc::clone(&line.chunk)).unwrap();
            } else if line.is_loaded && !is_loaded {
                store.evict(line.chunk.id());
            }
            line.is_loaded = is_loaded;
        }
        let mut logs = Vec::new();
        for (name, entries) in ["/a", "/b", "/c"].into_iter().zip(&mut entries) {
            let entity = update(&store, name, entries).unwrap();
            logs.push((entity, &*entries));
        }
        table.update(&logs);
        assert_eq!(table.lines(), naive(&logs));
        let time_of = |line: &LineRef| logs[line.entity as usize].1.time(line.line as usize);
        let times: Vec<i64> = table.lines().iter().map(time_of).collect();
        let rows = listed(table.missing(), &times);
        assert_eq!(rows, naively_listed(&lines, false), "step {step}");
        for cursor in [-1, 0, 7, 15, 30] {
            let after = table.first_after(&logs, cursor) + table.missing().num_until(cursor);
            assert_eq!(after, rows.partition_point(|(times, _)| times.min <= cursor));
        }
        kept = filter(&logs, &table, "3", None, kept);
        let filtered = kept.as_ref().unwrap();
        let times: Vec<i64> = filtered.lines.iter().map(|at| times[*at as usize]).collect();
        let rows = listed(&filtered.missing, &times);
        assert_eq!(rows, naively_listed(&lines, true), "step {step}");

        let version = table.version();
        table.update(&logs);
        assert_eq!(table.version(), version, "what did not change costs nothing");
    }
    assert_eq!(*table.missing(), MissingLines::default());
}
