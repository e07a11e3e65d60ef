//! Texts that are shown as Markdown: cut into blocks whose depth is bounded.

use crate::text_document::markdown::{MAX_DEPTH, heap_bytes, parse};

/// Returns the number of blocks.
pub(crate) fn run(text: &str) -> usize {
    let blocks = parse(text);
    assert!(blocks.iter().all(|block| block.within.len() <= MAX_DEPTH));
    // A table pads its rows, up to a number of cells; beside that, a text does not grow without bound.
    let limit = (64 << 20) + 4096 * text.len() as u64;
    assert!(
        heap_bytes(&blocks) <= limit,
        "{} bytes for a text of {}",
        heap_bytes(&blocks),
        text.len()
    );
    blocks.len()
}
