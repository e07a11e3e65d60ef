#![no_main]

#[path = "../bodies/wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    wire::run(input);
});
