#![no_main]

#[path = "../bodies/footer.rs"]
mod footer;
#[path = "../seeds.rs"]
mod seeds;

use std::sync::LazyLock;

/// The recording whose footer is replaced: the fewest chunks that can overlap or be out of order.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| footer::recording(3));

/// Its footer, as it is and uncompressed.
fn footers() -> impl Iterator<Item = Vec<u8>> {
    let stated = footer::footer_of(&WHOLE).expect("the recording has a footer");
    let uncompressed = footer::uncompressed(stated).expect("it is a footer");
    [stated.to_vec(), uncompressed].into_iter()
}

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("footer", footers()),
    |input: &[u8]| {
        let file = footer::with_footer(&WHOLE, input).expect("the recording has a footer");
        footer::run(&file);
    }
);
