#![no_main]

#[path = "../bodies/contents.rs"]
mod contents;
#[path = "../seeds.rs"]
mod seeds;

const SEEDS: [&str; 3] = [
    "+ /world/**\n- /world/hidden/**\n+ /world/hidden/seen\n/world\n/world/hidden/seen",
    "$origin/**\n- $origin/a\\:b/**\n/robot\n/robot/a\\:b/c",
    "+ /**  # all\n\n  - /my\\ name\n/\n/my\\ name",
];

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("contents", SEEDS.map(|seed| seed.as_bytes().to_vec())),
    |input: &str| {
        contents::run(input);
    }
);
