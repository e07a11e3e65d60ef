//! Markdown that is put together and damaged at random: nothing panics, and depth and size are bounded.

#[path = "../../../../fuzz/bodies/markdown.rs"]
mod body;
#[path = "../../../../fuzz/mutations.rs"]
mod mutations;
#[path = "../../../../fuzz/words.rs"]
mod words;

use self::{
    mutations::{Random, count, mutate},
    words::text,
};

const WORDS: &[&str] = &[
    "word ",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "- [x] ",
    "# ",
    "|",
    "a|b\n-|-\n",
    "```\n",
    "`",
    "*",
    "**",
    "~~",
    "[a](",
    "http://x)",
    ")",
    "![p](",
    "<b>",
    "---\n",
    "    ",
    "\\",
    "&amp;",
    "ü",
    "\t",
    "\r",
];

#[test]
fn whatever_is_written_becomes_blocks() {
    let mut random = Random::new();
    let mut num_blocks = 0;
    for _ in 0..count(5_000) {
        let mut written = text(WORDS, 60, &mut random).into_bytes();
        num_blocks += body::run(&String::from_utf8_lossy(&written));
        mutate(&mut written, &mut random);
        body::run(&String::from_utf8_lossy(&written));
    }
    assert!(num_blocks > 1_000, "{num_blocks}");
}
