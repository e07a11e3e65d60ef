//! Lines of a log as text for other programs: a line each, with tabs between its parts.

use chronoscope_store::{EntityId, EntityPath};

use super::{ansi::stripped, entries::LogEntries, table::LineRef};
use crate::plot::table::in_one_cell;

/// The most lines that are copied: the last ones.
const MAX_LINES: usize = 100_000;

/// Time, entity, level and text of lines, below the names of these columns.
///
/// Cost: the lines.
pub(super) fn lines_text(
    lines: &[LineRef],
    logs: &[(EntityId, &LogEntries)],
    paths: &[&EntityPath],
    timeline: &str,
    time_text: impl Fn(LineRef) -> String,
) -> String {
    let mut copied = format!("{}\tentity\tlevel\ttext\n", in_one_cell(timeline));
    let first = lines.len().saturating_sub(MAX_LINES);
    for line in lines.iter().skip(first) {
        let at = line.entity as usize;
        let (Some((_, log)), Some(path)) = (logs.get(at), paths.get(at)) else {
            continue;
        };
        let level = log.level(line.line as usize).map_or("", |level| &**level);
        let (time, text) = (time_text(*line), stripped(log.text(line.line as usize)));
        let parts: [&str; 4] = [&time, path.as_str(), level, &text];
        copied.push_str(&parts.map(in_one_cell).join("\t"));
        copied.push('\n');
    }
    copied
}
