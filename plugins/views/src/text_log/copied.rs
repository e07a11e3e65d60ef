//! Lines of a log as text for other programs: a line each, with tabs between its parts.

use crate::ansi::plain_text;

use super::{table::LineRef, ui::LogInput};
use crate::plot::table::in_one_cell;

/// The most lines that are copied: the last ones.
const MAX_LINES: usize = 100_000;

/// The names of what [`lines_text`] has of each line.
pub(super) fn header(input: &LogInput<'_>) -> String {
    format!("{}\tentity\tlevel\ttext\n", in_one_cell(input.timeline))
}

/// Time, entity, level and text of lines.
///
/// Cost: the lines.
pub(super) fn lines_text(lines: &[LineRef], input: &LogInput<'_>) -> String {
    let mut copied = String::new();
    let first = lines.len().saturating_sub(MAX_LINES);
    for line in lines.iter().skip(first) {
        let at = line.entity as usize;
        let (Some((_, log)), Some(path)) = (input.logs.get(at), input.paths.get(at)) else {
            continue;
        };
        let level = log.level(line.line as usize).map_or("", |level| &**level);
        let time = input.time_text(log.time(line.line as usize));
        let text = plain_text(log.text(line.line as usize));
        let parts: [&str; 4] = [&time, path.as_str(), level, &text];
        copied.push_str(&parts.map(in_one_cell).join("\t"));
        copied.push('\n');
    }
    copied
}
