//! Reads the recordings of `tests/data` and checks them against what is known of them.

#![cfg(feature = "rrd")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use chronoscope_io::{LogMessage, read_file};

fn data(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name)
}

#[test]
fn dump() {
    for name in ["scene.rrd", "zoo.rrd", "scene_layout.rbl"] {
        let (messages, reports) = read_file(data(name));
        println!("{name}: {} messages, {reports:?}", messages.len());
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for message in &messages {
            match message {
                LogMessage::Chunk { chunk, .. } => {
                    let count = counts.entry(chunk.entity_path().to_string()).or_default();
                    count.0 += 1;
                    count.1 += chunk.num_rows();
                    for column in chunk.components() {
                        println!("  {} {:?} {:?} {:?}", chunk.entity_path(), column.descriptor(), column.descriptor().archetype, column.lists().data_type());
                    }
                    println!("    {:?} {:?}", chunk.id(), chunk.timelines().iter().map(|t| (t.timeline().clone(), t.range())).collect::<Vec<_>>());
                }
                other => println!("  {other:?}"),
            }
        }
        for (e, c) in counts {
            println!("        (\"{e}\", {}, {}),", c.0, c.1);
        }
    }
}
