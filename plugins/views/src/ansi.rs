//! Text without the escape sequences that terminals take for colors and moves of their cursor.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// A text as it reads: without ANSI escape sequences (ECMA-48). One that is never ended takes what follows with it.
pub fn plain_text(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(ESCAPE) else {
        return Cow::Borrowed(text);
    };
    let mut plain = text[..first].to_owned();
    let mut chars = text[first..].chars();
    while let Some(c) = chars.next() {
        if c != ESCAPE {
            plain.push(c);
            continue;
        }
        match chars.next() {
            // Control sequences end with a letter or another of these.
            Some('[') => _ = chars.find(|c| ('\u{40}'..='\u{7e}').contains(c)),
            // Strings, such as titles and links, end with a bell or another escape sequence.
            Some(']' | 'P' | 'X' | '^' | '_')
                if chars.find(|c| matches!(*c, '\u{7}' | ESCAPE)) == Some(ESCAPE) =>
            {
                chars.next();
            }
            // Some sequences have bytes in between.
            Some(' '..='/') => _ = chars.find(|c| ('\u{30}'..='\u{7e}').contains(c)),
            _ => {}
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(plain_text(text), expected, "{text:?}");
        check("plain", "plain");
        check(
            "\u{1b}[31mred\u{1b}[0m, \u{1b}[1;38;5;4mbold\u{1b}[m",
            "red, bold",
        );
        check(
            "\u{1b}]8;;https://example.org\u{1b}\\link\u{1b}]8;;\u{7}!",
            "link!",
        );
        check("ünï\u{1b}(B\u{1b}[2Kcödé\u{1b}", "ünïcödé");
        check("\u{1b}[31", "");
    }
}
