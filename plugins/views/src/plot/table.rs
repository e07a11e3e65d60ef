//! Values as text for other programs: a line each, with tabs between its parts.

use std::borrow::Cow;

/// A text without what would end the cell or the line that it stands in.
pub(crate) fn in_one_cell(text: &str) -> Cow<'_, str> {
    let text = text.trim_end();
    if text.contains(['\t', '\n', '\r']) {
        Cow::Owned(text.replace(['\t', '\n', '\r'], " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Names and values below a heading, for what has no value without one.
pub(crate) fn values_text<'a>(
    heading: [&str; 2],
    values: impl Iterator<Item = (&'a str, Option<f64>)>,
) -> String {
    let mut text = format!("{}\t{}\n", in_one_cell(heading[0]), in_one_cell(heading[1]));
    for (name, value) in values {
        let value = value.map_or_else(String::new, |value| value.to_string());
        text.push_str(&format!("{}\t{value}\n", in_one_cell(name)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        let names = [("a\tb\nc", Some(0.5)), ("gone", None)];
        assert_eq!(
            values_text(["series", "frame #3"], names.into_iter()),
            "series\tframe #3\na b c\t0.5\ngone\t\n"
        );
    }
}
