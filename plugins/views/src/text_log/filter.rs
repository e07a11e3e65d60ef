//! Which lines of a log are shown.

use std::sync::Arc;

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_store::EntityId;
use chronoscope_types::{Component as _, blueprint::TextLogRows, components::TextLogLevel};

use crate::ansi::plain_text;

use super::{
    entries::LogEntries,
    level,
    missing::MissingLines,
    table::{LineRef, LogTable},
};

/// A level that no line has: where no other is to be shown, none is. A list of none would show all.
const NO_LEVEL: &str = "";

/// The lines that pass a filter.
#[derive(Clone, Debug)]
pub(super) struct Filtered {
    version: u64,
    text: String,
    only_levels: Option<Vec<String>>,
    /// Positions in the table.
    pub(super) lines: Vec<u32>,
    /// Where lines are missing among these. Whether they would pass is not known.
    pub(super) missing: MissingLines,
}

/// Whether lines of a level are shown.
pub(super) fn is_level_shown(level: &str, only_levels: Option<&[String]>) -> bool {
    only_levels.is_none_or(|only| only.iter().any(|name| name == level))
}

/// Shows or hides the lines of a level. `known` are the levels that there are: levels that logs usually have are shown once they come,
/// unless they are hidden, too.
pub(super) fn toggle_level(
    view: ViewId,
    known: &[&Arc<str>],
    only_levels: Option<&[String]>,
    toggled: &str,
) -> BlueprintCommand {
    let mut all: Vec<String> = level::KNOWN.map(str::to_owned).to_vec();
    all.extend(known.iter().map(|level| (***level).to_owned()));
    let mut shown = only_levels.map_or_else(|| all.clone(), <[String]>::to_vec);
    if is_level_shown(toggled, only_levels) {
        shown.retain(|level| level != toggled);
    } else {
        shown.push(toggled.to_owned());
    }
    shown.retain(|level| level != NO_LEVEL);
    shown.sort();
    shown.dedup();
    if shown.is_empty() {
        shown.push(NO_LEVEL.to_owned());
    } else if all.iter().all(|level| shown.contains(level)) {
        shown.clear();
    }
    let levels = TextLogLevel::build(shown);
    BlueprintCommand::SetProperty(
        view,
        vec![(TextLogRows::FILTER_BY_LOG_LEVEL.descriptor(), levels)],
    )
}

/// The lines that pass; `None` where all do. Where lines only came or went, those that stayed are not looked at again.
pub(super) fn filter(
    logs: &[(EntityId, &LogEntries)],
    table: &LogTable,
    text: &str,
    only_levels: Option<&[String]>,
    before: Option<Arc<Filtered>>,
) -> Option<Arc<Filtered>> {
    if text.is_empty() && only_levels.is_none() {
        return None;
    }
    let version = table.version();
    let before = before.filter(|before| {
        before.text == text && before.only_levels.as_deref() == only_levels && before.version <= version
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
    let needle = text.to_lowercase();
    // Whether a level is shown is asked once per log and level, not per line.
    let shown: Vec<Vec<bool>> = logs
        .iter()
        .map(|(_, log)| {
            log.levels()
                .iter()
                .map(|level| is_level_shown(level, only_levels))
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
        level_shown && (needle.is_empty() || contains_ignoring_case(&plain_text(log.text(at)), &needle))
    };
    let new = table.lines().iter().enumerate().skip(first);
    lines.extend(new.filter(|(_, line)| passes(line)).map(|(at, _)| at as u32));
    Some(Arc::new(Filtered {
        version,
        text: text.to_owned(),
        only_levels: only_levels.map(<[String]>::to_vec),
        missing: table.missing().among(&lines),
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
