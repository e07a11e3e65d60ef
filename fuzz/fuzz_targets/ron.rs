#![no_main]

#[path = "../bodies/ron.rs"]
mod ron;
#[path = "../seeds.rs"]
mod seeds;

const SEED: &str = r#"(
    version: 1,
    layout: Horizontal(columns: [2.0, 1.0], contents: [
        View(class: "3D", origin: "/world", overrides: {"/world/ceiling": (values: {"EntityBehavior:visible": [false]})}),
        View(class: "TimeSeries", name: "Speed", origin: "/plots", contents: ["$origin/**", "- /plots/raw"]),
    ]),
)"#;

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("ron", [SEED.as_bytes().to_vec()]),
    |input: &str| {
        ron::run(input);
    }
);
