//! The lines of all logs of a view, merged.

use std::collections::BTreeMap;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, RowId};

use super::{
    entries::{LogEntries, STATIC},
    missing::MissingLines,
};

/// The merged logs of all text log views.
#[derive(Resource, Debug, Default)]
pub struct LogTables {
    by_view: BTreeMap<ViewId, LogTable>,
}

impl LogTables {
    /// The merged logs of a view.
    pub fn get(&self, view: ViewId) -> Option<&LogTable> {
        self.by_view.get(&view)
    }

    pub(super) fn get_mut(&mut self, view: ViewId) -> &mut LogTable {
        self.by_view.entry(view).or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.by_view.len()
    }

    /// The heap bytes that all of it takes. Cost: the number of logs.
    pub fn heap_bytes(&self) -> u64 {
        let bytes: usize = self
            .by_view
            .values()
            .map(|table| {
                table.lines.capacity() * size_of::<LineRef>()
                    + table.merged.capacity() * size_of::<Merged>()
                    + table.missing.heap_bytes()
            })
            .sum();
        bytes as u64
    }

    pub(super) fn retain(&mut self, keep: impl Fn(ViewId) -> bool) {
        self.by_view.retain(|view, _| keep(*view));
    }
}

/// A line: whose it is, and which of its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRef {
    /// The position of the entity in [`LogTable::entities`].
    pub entity: u32,
    /// The position of the line in the entity's log.
    pub line: u32,
}

/// The lines of several logs in one order: static ones, then by (time, row id).
///
/// It refers to the logs and does not hold them; they are handed in, in the same order, with each call.
#[derive(Debug, Default)]
pub struct LogTable {
    lines: Vec<LineRef>,
    merged: Vec<Merged>,
    missing: MissingLines,
    version: u64,
    unchanged: usize,
}

#[derive(Clone, Copy, Debug)]
struct Merged {
    entity: EntityId,
    revision: (u64, u64),
    len: usize,
}

/// What lines are ordered by; the entity last, so that there is but one order.
type Key = (i64, RowId, u32);

impl LogTable {
    /// All lines, in order.
    pub fn lines(&self) -> &[LineRef] {
        &self.lines
    }

    /// The entities whose logs these are.
    pub fn entities(&self) -> impl ExactSizeIterator<Item = EntityId> {
        self.merged.iter().map(|merged| merged.entity)
    }

    /// How many logs were merged.
    pub fn num_entities(&self) -> usize {
        self.merged.len()
    }

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many lines at the front are the same as in the version before.
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// Where lines are known and not loaded.
    pub(super) fn missing(&self) -> &MissingLines {
        &self.missing
    }

    /// The position of the first line that is later than `time`.
    pub fn first_after(&self, logs: &[(EntityId, &LogEntries)], time: i64) -> usize {
        self.lines.partition_point(|line| time_of(logs, *line) <= time)
    }

    /// The position of a line.
    pub(super) fn position_of(&self, logs: &[(EntityId, &LogEntries)], line: LineRef) -> Option<usize> {
        let key = key_of(logs, line);
        self.lines
            .binary_search_by_key(&key, |other| key_of(logs, *other))
            .ok()
    }

    /// Brings it up to date with the logs, which are ordered as they are to be ordered. Costs what comes after the first line that
    /// is new or gone, and all that is missing.
    pub fn update(&mut self, logs: &[(EntityId, &LogEntries)]) {
        let unchanged = self.merge(logs);
        let missing = MissingLines::of(logs, &self.lines);
        if unchanged.is_none() && missing == self.missing {
            return;
        }
        self.unchanged = unchanged.unwrap_or(self.lines.len());
        self.missing = missing;
        self.version += 1;
    }

    /// Merges the lines of the logs. Returns how many at the front stay; `None` where all do, and none comes.
    fn merge(&mut self, logs: &[(EntityId, &LogEntries)]) -> Option<usize> {
        let same_entities = self.merged.len() == logs.len()
            && self
                .merged
                .iter()
                .zip(logs)
                .all(|(known, (entity, _))| known.entity == *entity);
        if !same_entities {
            self.lines.clear();
            self.merged = logs
                .iter()
                .map(|(entity, _)| Merged {
                    entity: *entity,
                    revision: (0, 0),
                    len: 0,
                })
                .collect();
        }
        // The lines of each log that remain as they were merged.
        let kept: Vec<usize> = self
            .merged
            .iter()
            .zip(logs)
            .map(|(known, (_, log))| {
                let ((lineage, before), (same, now)) = (known.revision, log.revision());
                match now.checked_sub(before).filter(|_| lineage == same) {
                    Some(0) => known.len,
                    Some(1) => log.unchanged().min(known.len),
                    _ => 0,
                }
            })
            .collect();
        let is_kept =
            |line: &LineRef| (line.line as usize) < kept.get(line.entity as usize).copied().unwrap_or(0);

        // Back from the end, past all lines that are removed.
        let mut to_go: usize = self
            .merged
            .iter()
            .zip(&kept)
            .map(|(known, kept)| known.len - kept)
            .sum();
        let mut start = self.lines.len();
        while to_go > 0 && start > 0 {
            start -= 1;
            to_go -= usize::from(!is_kept(&self.lines[start]));
        }
        // Then back to where the first new line belongs.
        let new_lines = |at: usize| {
            let from = kept.get(at).copied().unwrap_or(0);
            (from..logs[at].1.len()).map(move |line| LineRef {
                entity: at as u32,
                line: line as u32,
            })
        };
        let earliest = (0..logs.len())
            .filter_map(|at| new_lines(at).next())
            .map(|line| key_of(logs, line))
            .min();
        if let Some(earliest) = earliest {
            start = start.min(self.lines[..start].partition_point(|line| key_of(logs, *line) < earliest));
        } else if start == self.lines.len() && same_entities {
            // Nothing comes and nothing goes.
            for (known, (_, log)) in self.merged.iter_mut().zip(logs) {
                known.revision = log.revision();
            }
            return None;
        }
        let mut tail: Vec<LineRef> = self.lines.drain(start..).filter(is_kept).collect();
        for at in 0..logs.len() {
            tail.extend(new_lines(at));
        }
        // A few runs that are in order already: the sort finds and merges them.
        tail.sort_by_key(|line| key_of(logs, *line));
        self.lines.extend(tail);
        for (known, (_, log)) in self.merged.iter_mut().zip(logs) {
            (known.revision, known.len) = (log.revision(), log.len());
        }
        Some(start)
    }
}

/// The time of a line of some logs.
pub(super) fn time_of(logs: &[(EntityId, &LogEntries)], line: LineRef) -> i64 {
    logs.get(line.entity as usize)
        .map_or(STATIC, |(_, log)| log.time(line.line as usize))
}

fn key_of(logs: &[(EntityId, &LogEntries)], line: LineRef) -> Key {
    let row_id = logs
        .get(line.entity as usize)
        .map_or(RowId::from_u128(0), |(_, log)| log.row_id(line.line as usize));
    (time_of(logs, line), row_id, line.entity)
}
