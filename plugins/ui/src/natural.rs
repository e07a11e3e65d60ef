//! Names in the order that people expect: `arm_2` before `arm_10`.

use std::cmp::Ordering;

/// Compares names, with runs of digits compared as numbers.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (left_run, right_run) = (run(left), run(right));
        if left_run.is_empty() || right_run.is_empty() {
            // Names that differ only in leading zeros are compared as text.
            return left_run.len().cmp(&right_run.len()).then_with(|| a.cmp(b));
        }
        let order = if is_number(left_run) && is_number(right_run) {
            compare_numbers(left_run, right_run)
        } else {
            left_run.cmp(right_run)
        };
        if order != Ordering::Equal {
            return order;
        }
        left = left.get(left_run.len()..).unwrap_or_default();
        right = right.get(right_run.len()..).unwrap_or_default();
    }
}

/// The digits that a text begins with, or all up to the next digit.
fn run(text: &str) -> &str {
    let begins_with_digit = is_number(text);
    let end = text
        .find(|char: char| char.is_ascii_digit() != begins_with_digit)
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

fn is_number(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}

/// Compares numbers of any length.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = vec![
            "arm_10", "arm_1", "arm", "arm_2b", "arm_2", "Arm", "7", "07", "arm_100", "é1",
        ];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            [
                "07", "7", "Arm", "arm", "arm_1", "arm_2", "arm_2b", "arm_10", "arm_100", "é1"
            ]
        );
        for a in &names {
            for b in &names {
                assert_eq!(compare(a, b), compare(b, a).reverse(), "{a} {b}");
            }
        }
    }
}
