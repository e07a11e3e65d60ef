#![no_main]

#[path = "../bodies/ron.rs"]
mod ron;

libfuzzer_sys::fuzz_target!(|input: &str| {
    ron::run(input);
});
