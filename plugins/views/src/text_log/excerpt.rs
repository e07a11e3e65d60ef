//! As much of a text as a cell or a tooltip shows.

use crate::ansi::plain_text;

/// The most characters and lines of a text in a tooltip.
const TOOLTIP_CHARS: usize = 600;
const TOOLTIP_LINES: usize = 12;
/// The most characters of a text in a cell.
const CELL_CHARS: usize = 400;
/// The beginning of a text for a tooltip.
pub(super) fn excerpt(text: &str) -> String {
    let text = plain_text(head(text, 4 * TOOLTIP_CHARS));
    let lines = text
        .match_indices('\n')
        .nth(TOOLTIP_LINES - 1)
        .map_or(&*text, |(end, _)| &text[..end]);
    let cut = lines
        .char_indices()
        .nth(TOOLTIP_CHARS)
        .map_or(lines, |(end, _)| &lines[..end]);
    if cut.len() < text.trim_end().len() {
        format!("{cut} …")
    } else {
        cut.to_owned()
    }
}

/// The first line of a text that has letters, as long as a cell may need it; and whether that is not all.
pub(super) fn first_line(text: &str) -> (String, bool) {
    let whole = text.trim_end();
    let start = head(whole, 8 * CELL_CHARS);
    let plain = plain_text(start);
    let line = plain.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let cut = line
        .char_indices()
        .nth(CELL_CHARS)
        .map_or(line, |(end, _)| &line[..end]);
    let is_cut = cut.len() < plain.len() || start.len() < whole.len();
    (
        if is_cut {
            format!("{cut} …")
        } else {
            cut.to_owned()
        },
        is_cut,
    )
}

/// The beginning of a text, of about so many bytes: all of it where it is not longer.
fn head(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_colored_texts_are_shown_short_and_plain() {
        assert_eq!(first_line("\u{1b}[32mok\u{1b}[0m\n"), ("ok".to_owned(), false));
        assert_eq!(first_line("one\ntwo"), ("one …".to_owned(), true));
        assert_eq!(first_line("\n \nTraceback"), ("Traceback …".to_owned(), true));
        let (cell, is_cut) = first_line(&"ü".repeat(1_000_000));
        assert!(is_cut && cell.chars().count() == CELL_CHARS + 2);
        assert_eq!(excerpt("a\nb"), "a\nb");
        assert!(excerpt(&"x".repeat(20_000)).chars().count() <= TOOLTIP_CHARS + 2);
        assert!(excerpt(&"x\n".repeat(20_000)).lines().count() <= TOOLTIP_LINES);
    }
}
