//! Damaged files: what was readable stays, a report names the file, and memory stays modest.

use chronoscope_io::{Severity, read_file};
use proptest::prelude::*;

use crate::{Loaded, allocations::assert_modest, data, load_bytes, same};

const NAME: &str = "damaged.rrd";

/// A file and what it holds.
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    pub(crate) loaded: Loaded,
    /// Where each message begins; the end mark is the last.
    pub(crate) starts: Vec<usize>,
}

pub(crate) fn whole(name: &str) -> Whole {
    let bytes = std::fs::read(data(name)).unwrap();
    let loaded = load_bytes(name, &bytes, true);
    assert!(loaded.reports.is_empty() && !loaded.outcome.damaged);
    let mut starts = vec![12];
    loop {
        let at = *starts.last().unwrap();
        if bytes[at] == 0 {
            break;
        }
        starts.push(at + 16 + length_at(&bytes, at));
    }
    assert_eq!(starts.len(), loaded.messages.len() + 1);
    Whole {
        bytes,
        loaded,
        starts,
    }
}

pub(crate) fn length_at(bytes: &[u8], header: usize) -> usize {
    u64::from_le_bytes(bytes[header + 8..header + 16].try_into().unwrap())
        .try_into()
        .unwrap()
}

/// Reads damaged bytes of a file whose first `intact` bytes are whole.
pub(crate) fn check(whole: &Whole, bytes: &[u8], intact: usize) -> Loaded {
    let known = load_bytes(NAME, bytes, true);
    let piped = load_bytes(NAME, bytes, false);
    for loaded in [&known, &piped] {
        let before = whole.starts.iter().skip(1).filter(|&&end| end <= intact).count();
        assert!(
            loaded.messages.len() >= before,
            "{} of {before} messages",
            loaded.messages.len()
        );
        assert!(
            loaded
                .messages
                .iter()
                .zip(&whole.loaded.messages)
                .take(before)
                .all(|(a, b)| same(a, b))
        );
        let damaged = loaded
            .reports
            .iter()
            .any(|report| report.severity > Severity::Info);
        assert_eq!(damaged, loaded.outcome.damaged);
        for report in &loaded.reports {
            let text = report.to_string();
            assert!(text.starts_with("damaged.rrd: ") && text.len() > 20, "{text}");
            assert!(
                !text.contains("made the decoder fail"),
                "a library panicked: {text}"
            );
        }
    }
    assert_modest(bytes.len());
    known
}

#[test]
fn cut_at_every_boundary() {
    for name in ["scene.rrd", "scene_layout.rbl"] {
        let whole = whole(name);
        let inside = whole
            .starts
            .iter()
            .flat_map(|&start| [start, start + 1, start + 15, start + 16, start + 17]);
        for cut in [1, 4, 11].into_iter().chain(inside) {
            let loaded = check(&whole, &whole.bytes[..cut], cut);
            let complete = whole.starts.iter().skip(1).filter(|&&end| end <= cut).count();
            assert_eq!(loaded.messages.len(), complete);
            assert!(loaded.outcome.damaged && loaded.outcome.opened == (complete > 0));
            assert!(!loaded.reports.is_empty());
        }
    }
}

#[test]
fn messages_behind_a_broken_header_are_found_again() {
    let whole = whole("scene.rrd");
    for &start in &whole.starts[..whole.starts.len() - 1] {
        let mut bytes = whole.bytes.clone();
        bytes[start] ^= 0x40;
        let loaded = check(&whole, &bytes, start);
        assert_eq!(loaded.messages.len(), whole.loaded.messages.len() - 1);
        assert!(
            loaded.reports[0]
                .to_string()
                .contains(&format!("no message at byte {start}"))
        );
    }
}

#[test]
fn a_bad_message_does_not_stop_the_next() {
    let whole = whole("scene.rrd");
    for (index, pair) in whole.starts.windows(2).enumerate() {
        let mut bytes = whole.bytes.clone();
        bytes[pair[0] + 16..pair[1]].fill(0xff);
        let loaded = check(&whole, &bytes, pair[0]);
        assert_eq!(loaded.messages.len(), whole.loaded.messages.len() - 1);
        let rest = whole
            .loaded
            .messages
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, message)| message);
        assert!(loaded.messages.iter().zip(rest).all(|(a, b)| same(a, b)));
    }
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.rrd");
    let check = |bytes: &[u8], expected: &str| {
        std::fs::write(&path, bytes).unwrap();
        let (messages, reports) = read_file(&path);
        assert!(messages.is_empty());
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert_eq!(reports[0].severity, Severity::Error);
        assert_eq!(reports[0].to_string(), format!("{}: {expected}", path.display()));
    };
    let not = "is not an .rrd recording or .rbl blueprint: it looks like";
    check(b"", "is empty");
    check(b"\x89MCAP0\r\n", &format!("{not} an MCAP recording"));
    check(&[0; 4096], &format!("{not} zeros only"));
    check(b"Dear diary,\n", &format!("{not} text"));
    check(b"\x01\x02\x03", &format!("{not} unknown data"));
    check(
        b"RRF0\0\0\0\0\0\0\0\0",
        "was written by a Rerun SDK older than 0.23, whose format is no longer read",
    );
    // MsgPack, which 0.22 wrote.
    check(
        b"RRF2\0\x16\0\0\x01\x01\0\0",
        "was written by a Rerun SDK older than 0.23, whose format is no longer read",
    );
    check(
        b"RRF2\0\x29\0\0\x07\x02\0\0",
        "has a header with unknown options [7, 2, 0, 0]",
    );

    let (_, reports) = read_file(folder.path());
    assert!(reports[0].to_string().ends_with("is a folder, not a file"));
    let (_, reports) = read_file(folder.path().join("missing.rrd"));
    assert!(
        reports[0]
            .to_string()
            .contains("missing.rrd: could not be opened: ")
    );
}

#[test]
fn nothing_but_the_ends_of_a_stream() {
    let empty = load_bytes(
        NAME,
        b"RRF2\0\x29\0\0\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        true,
    );
    assert!(empty.reports.is_empty() && empty.outcome.opened && !empty.outcome.damaged);
    let unfinished = load_bytes(NAME, b"RRF2\0\x29\0\0\x01\x02\0\0", true);
    assert!(!unfinished.outcome.opened && unfinished.reports[0].to_string().contains("without an end mark"));
}

#[test]
fn streams_that_follow_each_other() {
    let (scene, layout) = (whole("scene.rrd"), whole("scene_layout.rbl"));
    let bytes = [&scene.bytes[..], &layout.bytes[..]].concat();
    let loaded = load_bytes("both.rrd", &bytes, true);
    assert!(loaded.reports.is_empty(), "{:?}", loaded.reports);
    let both = scene.loaded.messages.iter().chain(&layout.loaded.messages);
    assert_eq!(loaded.messages.len(), both.clone().count());
    assert!(loaded.messages.iter().zip(both).all(|(a, b)| same(a, b)));

    let bytes = [&scene.bytes[..], b"more"].concat();
    let loaded = load_bytes("more.rrd", &bytes, true);
    assert_eq!(
        loaded.reports[0].to_string(),
        "more.rrd: has 4 bytes after its end that are not part of a recording"
    );
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..Default::default()
    }
}

#[test]
fn cut_anywhere() {
    let whole = whole("scene.rrd");
    proptest!(config(48), |(cut in 1..whole.bytes.len() - 40)| {
        let loaded = check(&whole, &whole.bytes[..cut], cut);
        prop_assert!(loaded.outcome.damaged);
    });
}

#[test]
fn flipped_bits() {
    for name in ["scene.rrd", "scene_layout.rbl"] {
        let whole = whole(name);
        let bits = 12 * 8..whole.bytes.len() * 8;
        proptest!(config(96), |(flips in prop::collection::vec(bits, 1..6))| {
            let mut bytes = whole.bytes.clone();
            for flip in &flips {
                bytes[flip / 8] ^= 1 << (flip % 8);
            }
            check(&whole, &bytes, flips.iter().min().unwrap() / 8);
        });
    }
}

#[test]
fn bytes_at_random() {
    let nothing = Whole {
        bytes: Vec::new(),
        loaded: load_bytes(NAME, b"", true),
        starts: vec![12],
    };
    proptest!(config(256), |(tail in prop::collection::vec(any::<u8>(), 0..4096), header in any::<bool>())| {
        let bytes = if header { [b"RRF2\0\x29\0\0\x01\x02\0\0", &tail[..]].concat() } else { tail };
        let loaded = check(&nothing, &bytes, 0);
        prop_assert!(loaded.outcome.damaged && !loaded.outcome.opened);
    });
}
