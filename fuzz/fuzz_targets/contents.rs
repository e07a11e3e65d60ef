#![no_main]

#[path = "../bodies/contents.rs"]
mod contents;

libfuzzer_sys::fuzz_target!(|input: &str| {
    contents::run(input);
});
