//! Logs: merged as if sorted anew, whatever arrives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_store::{ChunkStore, EntityId, Recording, RowId, StoreId, TimeRange, Timeline};
use chronoscope_types::{TextLog, log_chunk};

use super::{
    entries::{Context, LogEntries},
    filter::filter,
    table::{LineRef, LogTable},
};
use crate::plot::testing::Random;

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
    );
    let chunks = answer.slices().iter().map(chronoscope_store::RangeSlice::chunk);
    assert!(
        entries
            .chunks()
            .iter()
            .zip(chunks)
            .all(|(own, chunk)| std::sync::Arc::ptr_eq(own, chunk)),
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
