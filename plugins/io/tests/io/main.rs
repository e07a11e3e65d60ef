//! What a user of the crate can see: recordings read, damaged ones survived, files written that come back the same.

#![cfg(all(feature = "picture_files", feature = "rrd", feature = "text_files"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod allocations;
mod damage;
mod footer_lies;
mod hostile;
#[cfg(feature = "http")]
mod http;
mod import;
mod index;
mod lies;
mod load;
mod mutations;
mod read;
mod requests;
mod sdk;
#[cfg(feature = "http")]
mod web_server;
mod wire;
mod write;

use std::{io::Cursor, path::PathBuf, sync::Arc};

use chronoscope_io::{Events, FileInput, LoadEvent, LoadOutcome, LoadReport, LogMessage};

/// A file of the repository's test data.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}

/// All that comes of some bytes, as if they were a file of that name.
struct Loaded {
    messages: Vec<LogMessage>,
    reports: Vec<LoadReport>,
    outcome: LoadOutcome,
}

/// Reads bytes whose number is known, as a file's is, or not, as a pipe's is not.
fn load_bytes(name: &str, bytes: &[u8], known_size: bool) -> Loaded {
    let source: Arc<str> = name.into();
    let total = known_size.then_some(bytes.len() as u64);
    let input = FileInput::new(Arc::clone(&source), total, Cursor::new(bytes.to_vec()));
    let mut events = Events::new(source, Ok(input), Arc::default());
    assert!(matches!(events.next(), Some(LoadEvent::Started { .. })));
    let (mut messages, mut reports, mut outcome) = (Vec::new(), Vec::new(), None);
    for event in events {
        assert!(outcome.is_none(), "nothing comes after the end");
        match event {
            LoadEvent::Message(message) => messages.push(message),
            LoadEvent::Report(report) => reports.push(report),
            LoadEvent::Finished { outcome: end, .. } => outcome = Some(end),
            LoadEvent::Started { .. } => panic!("it starts once"),
            LoadEvent::Progress { .. } => {}
        }
    }
    let outcome = outcome.expect("every source finishes");
    assert_eq!(outcome.messages, messages.len() as u64);
    Loaded {
        messages,
        reports,
        outcome,
    }
}

/// Whether two messages say the same.
fn same(a: &LogMessage, b: &LogMessage) -> bool {
    match (a, b) {
        (LogMessage::StoreInfo(a), LogMessage::StoreInfo(b)) => a == b,
        (
            LogMessage::Chunk {
                store: store_a,
                chunk: a,
            },
            LogMessage::Chunk {
                store: store_b,
                chunk: b,
            },
        ) => {
            store_a == store_b
                && a.id() == b.id()
                && a.entity_path() == b.entity_path()
                && a.row_ids() == b.row_ids()
                && a.timelines() == b.timelines()
                && a.components() == b.components()
        }
        (
            LogMessage::ActivateBlueprint {
                blueprint: a,
                make_active: a1,
                make_default: a2,
            },
            LogMessage::ActivateBlueprint {
                blueprint: b,
                make_active: b1,
                make_default: b2,
            },
        ) => (a, a1, a2) == (b, b1, b2),
        _ => false,
    }
}
