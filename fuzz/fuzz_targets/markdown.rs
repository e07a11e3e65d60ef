#![no_main]

#[path = "../bodies/markdown.rs"]
mod body;
#[path = "../seeds.rs"]
mod seeds;
// Alone, since the crate that they belong to brings the engine.
#[allow(dead_code)]
#[path = "../../plugins/views/src/text_document"]
mod text_document {
    pub(crate) mod markdown;
    pub(crate) mod plain;
}

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("markdown", std::fs::read(seeds::file("README.md")).ok()),
    |input: &str| {
        body::run(input);
    }
);
