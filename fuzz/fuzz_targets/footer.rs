#![no_main]

#[path = "../bodies/footer.rs"]
mod footer;
#[path = "../seeds.rs"]
mod seeds;

use std::sync::LazyLock;

/// The recording whose footer is replaced.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| footer::recording(5));

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("footer", footer::footer_of(&WHOLE).map(<[u8]>::to_vec)),
    |input: &[u8]| {
        let file = footer::with_footer(&WHOLE, input).expect("the recording has a footer");
        footer::run(&file);
    }
);
