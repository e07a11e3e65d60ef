//! A text as it was written, in rows that can be laid out one by one.

use std::ops::Range;

/// The most bytes of a row. A longer line goes on in the next.
const MAX_ROW: usize = 4_096;

/// The width of a tab, in usual characters, as egui draws it.
const TAB: usize = 4;

/// A text in rows: its lines, and where these are very long, their parts.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainText {
    text: String,
    rows: Vec<Range<usize>>,
    widest: usize,
}

impl PlainText {
    /// Splits a text into rows.
    pub fn new(text: &str) -> Self {
        let mut rows = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let end = start + content.len();
            let mut from = start;
            while end - from > MAX_ROW {
                let to = text.floor_char_boundary(from + MAX_ROW);
                rows.push(from..to);
                from = to;
            }
            rows.push(from..end);
            start += line.len();
        }
        let widest = rows.iter().map(|row| width_of(&text[row.clone()])).max();
        Self {
            text: text.to_owned(),
            rows,
            widest: widest.unwrap_or(0),
        }
    }

    /// The bytes on the heap.
    pub fn heap_bytes(&self) -> u64 {
        (self.text.capacity() + self.rows.capacity() * size_of::<Range<usize>>()) as u64
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row; empty where there is none.
    pub fn row(&self, at: usize) -> &str {
        self.rows
            .get(at)
            .and_then(|row| self.text.get(row.clone()))
            .unwrap_or("")
    }

    /// The width of the widest row, in usual characters of a font in which these have one width.
    pub fn widest(&self) -> usize {
        self.widest
    }
}

/// The width of a row, in usual characters.
fn width_of(row: &str) -> usize {
    let width = |letter: char| match letter {
        '\t' => TAB,
        // Scripts of Asia that are written in squares, and pictures.
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3ffff}' => 2,
        _ => 1,
    };
    row.chars().map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_rows() {
        let text = PlainText::new("one\r\n\ntwo ü\n");
        let rows: Vec<&str> = (0..text.len()).map(|at| text.row(at)).collect();
        assert_eq!((rows.as_slice(), text.widest()), (&["one", "", "two ü"][..], 5));
        assert!(PlainText::new("").is_empty());
        let widest = |text: &str| PlainText::new(text).widest();
        assert_eq!([widest("\t\tx"), widest("漢字 a\nab")], [9, 6]);
        let long = "ü".repeat(5_000);
        let text = PlainText::new(&long);
        let rows: Vec<&str> = (0..text.len()).map(|at| text.row(at)).collect();
        assert_eq!((rows.concat(), text.len()), (long, 3));
    }
}
