//! Which lines of a log are shown.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_store::EntityId;

use super::{
    ansi::stripped,
    entries::LogEntries,
    table::{LineRef, LogTable},
};

/// Which lines are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    /// Whether lines of a level are shown, where the user said so.
    pub(super) levels: BTreeMap<Arc<str>, bool>,
    /// What lines must contain, whatever the case.
    pub(super) text: String,
}

/// The lines that pass a filter.
#[derive(Clone, Debug)]
pub(super) struct Filtered {
    version: u64,
    filter: Filter,
    only_levels: Option<Vec<String>>,
    /// Positions in the table.
    pub(super) lines: Vec<u32>,
}

/// Whether lines of a level are shown.
pub(super) fn is_level_shown(level: &Arc<str>, filter: &Filter, only_levels: Option<&[String]>) -> bool {
    let by_blueprint = only_levels.is_none_or(|only| only.iter().any(|name| **name == **level));
    filter.levels.get(level).copied().unwrap_or(by_blueprint)
}

/// The lines that pass; `None` where all do. Where lines only came or went, those that stayed are not looked at again.
pub(super) fn filter(
    logs: &[(EntityId, &LogEntries)],
    table: &LogTable,
    filter: &Filter,
    only_levels: Option<&[String]>,
    before: Option<Arc<Filtered>>,
) -> Option<Arc<Filtered>> {
    if filter.text.is_empty() && only_levels.is_none() && filter.levels.values().all(|shown| *shown) {
        return None;
    }
    let version = table.version();
    let before = before.filter(|before| {
        before.filter == *filter && before.only_levels.as_deref() == only_levels && before.version <= version
    });
    let (mut lines, first) = match before {
        Some(before) if before.version == version => return Some(before),
        Some(before) if before.version + 1 == version => {
            let unchanged = table.unchanged();
            let mut lines = Arc::unwrap_or_clone(before).lines;
            lines.truncate(lines.partition_point(|at| (*at as usize) < unchanged));
            (lines, unchanged)
        }
        _ => (Vec::new(), 0),
    };
    let needle = filter.text.to_lowercase();
    // Whether a level is shown is asked once per log and level, not per line.
    let shown: Vec<Vec<bool>> = logs
        .iter()
        .map(|(_, log)| {
            log.levels()
                .iter()
                .map(|level| is_level_shown(level, filter, only_levels))
                .collect()
        })
        .collect();
    let passes = |line: &LineRef| {
        let Some((_, log)) = logs.get(line.entity as usize) else {
            return false;
        };
        let at = line.line as usize;
        let level_shown = log
            .level_index(at)
            .and_then(|level| shown.get(line.entity as usize)?.get(level))
            .copied()
            .unwrap_or(true);
        level_shown && (needle.is_empty() || contains_ignoring_case(&stripped(log.text(at)), &needle))
    };
    let new = table.lines().iter().enumerate().skip(first);
    lines.extend(new.filter(|(_, line)| passes(line)).map(|(at, _)| at as u32));
    Some(Arc::new(Filtered {
        version,
        filter: filter.clone(),
        only_levels: only_levels.map(<[String]>::to_vec),
        lines,
    }))
}

/// Whether a text contains another, which is in lower case.
fn contains_ignoring_case(text: &str, needle: &str) -> bool {
    if text.is_ascii() && needle.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return text
            .windows(needle.len())
            .any(|part| part.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}
