//! Texts that people write, damaged at random: nothing panics, and what is read means what was written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../../fuzz/bodies/contents.rs"]
mod contents;
#[path = "../../../../fuzz/mutations.rs"]
mod mutations;
#[path = "../../../../fuzz/bodies/ron.rs"]
mod ron;
#[path = "../../../../fuzz/words.rs"]
mod words;

use std::collections::BTreeMap;

use chronoscope_blueprint::{
    BlueprintDocument, ContainerBlueprint, ContainerId, ContainerKind, Contents, ViewBlueprint, ViewId,
    ViewportBlueprint,
};

use self::{
    mutations::{Random, count, mutate},
    words::text,
};

const WORDS: &[&str] = &[
    "+",
    "-",
    " ",
    "$origin",
    "/**",
    "**",
    "/",
    "world",
    "a",
    "\\",
    "#",
    "\n",
    "\t",
    "\\ ",
    "__properties",
    "*",
    "ü",
    "\\x{41}",
    "$",
    "\u{85}",
    "\r\n",
];

#[test]
fn contents_expressions_mean_what_is_written() {
    let mut random = Random::new();
    let mut num_rules = 0;
    for _ in 0..count(20_000) {
        num_rules += contents::run(&text(WORDS, 24, &mut random));
    }
    assert!(num_rules > 1_000, "{num_rules}");
}

fn document() -> String {
    let views =
        ["3D", "TimeSeries"].map(|class| ViewBlueprint::new(ViewId::hashed([class]), class, "/world"));
    let contents = views.each_ref().map(|view| Contents::View(view.id));
    let root = ContainerBlueprint::new(ContainerId::hashed(["root"]), ContainerKind::Horizontal, contents);
    let viewport = ViewportBlueprint {
        root: Some(root.id),
        containers: [(root.id, root)].into(),
        views: views.map(|view| (view.id, view)).into(),
        ..ViewportBlueprint::default()
    };
    let document = BlueprintDocument {
        application: Some("app".into()),
        viewport,
        views: BTreeMap::new(),
    };
    document.to_ron().unwrap()
}

#[test]
fn damaged_blueprints_are_refused_and_never_more() {
    let whole = document();
    assert!(ron::run(&whole));
    let mut random = Random::new();
    let mut num_read = 0;
    for _ in 0..count(10_000) {
        let mut damaged = whole.clone().into_bytes();
        mutate(&mut damaged, &mut random);
        num_read += usize::from(ron::run(&String::from_utf8_lossy(&damaged)));
    }
    assert!(num_read > 100, "{num_read}");
}
