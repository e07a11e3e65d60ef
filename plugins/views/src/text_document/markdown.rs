//! The part of Markdown that people write into recordings: headings, paragraphs, lists, quotes, code, rules; emphasis, code and
//! links within a line. What it does not know it shows as it was written.

use rustc_hash::FxHashMap;

/// Something that stands by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading of a level from 1 to 6.
    Heading(u8, Vec<Span>),
    /// Text.
    Paragraph(Vec<Span>),
    /// A point of a list: how deep, its number if it has one, and its text.
    Item(usize, Option<u64>, Vec<Span>),
    /// A quotation.
    Quote(Vec<Span>),
    /// Code, as it was written.
    Code(String),
    /// A line across.
    Rule,
}

/// A part of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Whether it is strong.
    pub strong: bool,
    /// Whether it is emphasised.
    pub emphasis: bool,
    /// Whether it is code.
    pub code: bool,
    /// Where it leads.
    pub link: Option<String>,
}

/// The bytes of blocks on the heap.
pub(crate) fn heap_bytes(blocks: &[Block]) -> u64 {
    let of_span = |span: &Span| {
        size_of::<Span>() + span.text.capacity() + span.link.as_ref().map_or(0, String::capacity)
    };
    let of_block = |block: &Block| -> usize {
        match block {
            Block::Heading(_, spans)
            | Block::Paragraph(spans)
            | Block::Item(_, _, spans)
            | Block::Quote(spans) => spans.iter().map(of_span).sum(),
            Block::Code(code) => code.capacity(),
            Block::Rule => 0,
        }
    };
    let texts: usize = blocks.iter().map(of_block).sum();
    (texts + size_of_val(blocks)) as u64
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(fence) = ["```", "~~~"]
            .into_iter()
            .find(|fence| trimmed.starts_with(fence))
        {
            end_paragraph(&mut paragraph, &mut blocks);
            let code: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.trim().starts_with(fence))
                .collect();
            blocks.push(Block::Code(code.join("\n")));
            continue;
        }
        let block = if trimmed.is_empty() {
            end_paragraph(&mut paragraph, &mut blocks);
            continue;
        } else if let Some((level, rest)) = heading(trimmed) {
            Block::Heading(level, spans(rest))
        } else if is_rule(trimmed) {
            Block::Rule
        } else if let Some((number, rest)) = item(trimmed) {
            let indent = line
                .chars()
                .take_while(|c| c.is_whitespace())
                .map(|c| if c == '\t' { 4 } else { 1 })
                .sum::<usize>();
            Block::Item((indent / 2).min(8), number, spans(rest))
        } else if let Some(rest) = trimmed.strip_prefix('>') {
            Block::Quote(spans(rest.trim_start()))
        } else {
            paragraph.push(trimmed);
            continue;
        };
        end_paragraph(&mut paragraph, &mut blocks);
        blocks.push(block);
    }
    end_paragraph(&mut paragraph, &mut blocks);
    blocks
}

fn end_paragraph(lines: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    if !lines.is_empty() {
        blocks.push(Block::Paragraph(spans(&lines.join(" "))));
        lines.clear();
    }
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let rest = line.get(level..)?.strip_prefix(' ')?;
    (1..=6)
        .contains(&level)
        .then(|| (level as u8, rest.trim().trim_end_matches('#').trim_end()))
}

fn is_rule(line: &str) -> bool {
    ['-', '*', '_'].into_iter().any(|mark| {
        line.chars().all(|c| c == mark || c == ' ') && line.chars().filter(|c| *c == mark).count() >= 3
    })
}

fn item(line: &str) -> Option<(Option<u64>, &str)> {
    if let Some(rest) = ["- ", "* ", "+ "]
        .into_iter()
        .find_map(|mark| line.strip_prefix(mark))
    {
        return Some((None, rest.trim_start()));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = line.split_at(digits);
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    Some((Some(number.parse().ok()?), rest.trim_start()))
}

/// Reads emphasis, code and links within a line.
pub(crate) fn spans(line: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut style = Span::default();
    let mut text = String::new();
    let mut rest = line;
    let brackets = brackets(line);
    let flush = |text: &mut String, style: &Span, spans: &mut Vec<Span>| {
        if !text.is_empty() {
            spans.push(Span {
                text: std::mem::take(text),
                ..style.clone()
            });
        }
    };
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if first == '\\'
            && let Some(next) = after.chars().next().filter(char::is_ascii_punctuation)
        {
            text.push(next);
            rest = &after[next.len_utf8()..];
        } else if first == '`'
            && let Some(end) = after.find('`')
        {
            flush(&mut text, &style, &mut spans);
            spans.push(Span {
                text: after[..end].to_owned(),
                code: true,
                ..style.clone()
            });
            rest = &after[end + 1..];
        } else if first == '['
            && let Some(close) = brackets.get(&(line.len() - rest.len()))
            && let Some((target, end)) = target(line, *close)
        {
            flush(&mut text, &style, &mut spans);
            spans.push(Span {
                text: unescaped(&after[..close - (line.len() - after.len())]),
                link: Some(target.to_owned()),
                ..style.clone()
            });
            rest = &line[end..];
        } else if let Some(mark) = ["**", "__"].into_iter().find(|mark| rest.starts_with(mark))
            && (style.strong || closes(&rest[2..], mark))
        {
            flush(&mut text, &style, &mut spans);
            style.strong = !style.strong;
            rest = &rest[2..];
        } else if let Some(mark) = ["*", "_"].into_iter().find(|mark| rest.starts_with(mark))
            && (style.emphasis || closes(after, mark))
            // An underscore within a word is part of the word.
            && !(mark == "_" && !style.emphasis && text.ends_with(char::is_alphanumeric))
        {
            flush(&mut text, &style, &mut spans);
            style.emphasis = !style.emphasis;
            rest = after;
        } else {
            text.push(first);
            rest = after;
        }
    }
    flush(&mut text, &style, &mut spans);
    spans
}

/// Whether emphasis that opens here is closed further on.
fn closes(rest: &str, mark: &str) -> bool {
    !rest.starts_with(char::is_whitespace) && rest.get(1..).is_some_and(|rest| rest.contains(mark))
        || rest.find(mark).is_some_and(|at| at > 0)
}

/// The most bytes of a link's target.
const MAX_TARGET: usize = 2_048;

/// The closing bracket of each opening one, by their positions in a line.
fn brackets(line: &str) -> FxHashMap<usize, usize> {
    let mut pairs = FxHashMap::default();
    if !line.contains("](") {
        return pairs;
    }
    let mut open = Vec::new();
    let mut is_escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if is_escaped => {}
            b'[' => open.push(at),
            b']' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    pairs
}

/// A text without the backslashes that keep marks from being marks.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_escape = c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation);
        plain.extend(if is_escape { chars.next() } else { Some(c) });
    }
    plain
}

/// A link whose label ends at a bracket: its target, and where it ends.
fn target(line: &str, close: usize) -> Option<(&str, usize)> {
    let rest = line.get(close + 1..)?.strip_prefix('(')?;
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate().take(MAX_TARGET) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some((&rest[..at], close + 2 + at + 1)),
            b')' => depth -= 1,
            b' ' | b'\t' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Span {
        Span {
            text: text.to_owned(),
            ..Span::default()
        }
    }

    #[test]
    fn reads_blocks() {
        let text = "# Scene\nA robot\ndrives.\n\n- one\n  - two\n3. three\n> said\n\n```\nlet x;\n\ny\n```\n---\n#nothing";
        assert_eq!(
            parse(text),
            [
                Block::Heading(1, vec![plain("Scene")]),
                Block::Paragraph(vec![plain("A robot drives.")]),
                Block::Item(0, None, vec![plain("one")]),
                Block::Item(1, None, vec![plain("two")]),
                Block::Item(0, Some(3), vec![plain("three")]),
                Block::Quote(vec![plain("said")]),
                Block::Code("let x;\n\ny".to_owned()),
                Block::Rule,
                Block::Paragraph(vec![plain("#nothing")]),
            ]
        );
        assert_eq!(
            parse("```\nnever closed"),
            [Block::Code("never closed".to_owned())]
        );
        assert_eq!(parse(""), []);
    }

    #[test]
    fn reads_spans() {
        let strong = |text: &str| Span {
            strong: true,
            ..plain(text)
        };
        let emphasis = |text: &str| Span {
            emphasis: true,
            ..plain(text)
        };
        let check = |text: &str, expected: &[Span]| assert_eq!(spans(text), expected, "{text}");
        check(
            "in a *circle* for **100** frames",
            &[
                plain("in a "),
                emphasis("circle"),
                plain(" for "),
                strong("100"),
                plain(" frames"),
            ],
        );
        check("snake_case_name and 2 * 3", &[plain("snake_case_name and 2 * 3")]);
        check(
            "`a*b*`",
            &[Span {
                code: true,
                ..plain("a*b*")
            }],
        );
        check(r"\*not\*", &[plain("*not*")]);
        check(
            "[here](https://example.org)!",
            &[
                Span {
                    link: Some("https://example.org".to_owned()),
                    ..plain("here")
                },
                plain("!"),
            ],
        );
        let link = |text: &str, target: &str| Span {
            link: Some(target.to_owned()),
            ..plain(text)
        };
        check("[not a link", &[plain("[not a link")]);
        check("[a] and [b](url)", &[plain("[a] and "), link("b", "url")]);
        check("[a [b] c](u(1))", &[link("a [b] c", "u(1)")]);
        check(r"[a\]](u)", &[link("a]", "u")]);
        check("[a](not a url", &[plain("[a](not a url")]);
        check("ünï **cödé", &[plain("ünï **cödé")]);
        check("*", &[plain("*")]);
    }

    /// Costs what is written, whatever it is: each of these would take minutes if every mark looked at all that follows.
    #[test]
    fn a_megabyte_of_marks_is_read() {
        for mark in ["[", "[](", "](", "*", "**", "_a ", "`", "[a](", "(", r"\["] {
            let text = mark.repeat(1_000_000 / mark.len());
            assert!(!parse(&text).is_empty(), "{mark}");
        }
    }
}
