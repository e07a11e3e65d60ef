#![no_main]

#[path = "../bodies/footer.rs"]
mod footer;

use std::sync::LazyLock;

/// A small recording whose footer is replaced.
static WHOLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read("../tests/data/zoo.rrd").unwrap_or_default());

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some(file) = footer::with_footer(&WHOLE, input) {
        footer::run(&file);
    }
});
