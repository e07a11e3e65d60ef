//! Texts that are put together at random from words of a grammar, for the suite: the same in each run.

use super::mutations::Random;

/// A text of so many words at most.
pub(crate) fn text(words: &[&str], most: usize, random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(most) {
        text.push_str(words[random.below(words.len())]);
    }
    text
}
