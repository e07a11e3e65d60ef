//! Lengths that lie, at every layer.

use proptest::prelude::*;
use re_protos::{external::prost::Message as _, log_msg::v1alpha1::ArrowMsg};

use crate::{
    damage::{Whole, check, length_at, whole},
    same,
};

#[test]
fn lengths_of_messages() {
    for name in ["scene.rrd", "scene_layout.rbl"] {
        let whole = whole(name);
        for &start in &whole.starts[..whole.starts.len() - 1] {
            let left = (whole.bytes.len() - start - 16) as u64;
            for lie in [u64::MAX, i64::MAX as u64, 1 << 40, u64::from(u32::MAX), left + 1] {
                let mut bytes = whole.bytes.clone();
                bytes[start + 8..start + 16].copy_from_slice(&lie.to_le_bytes());
                let loaded = check(&whole, &bytes, start);
                assert_eq!(loaded.messages.len(), whole.loaded.messages.len() - 1);
                let text = loaded.reports[0].to_string();
                assert!(
                    text.contains(&format!(
                        "at byte {start} claims {lie} bytes, but {left} are left"
                    )),
                    "{text}"
                );
            }
            for lie in [0, 1, length_at(&whole.bytes, start) as u64 - 1, left] {
                let mut bytes = whole.bytes.clone();
                bytes[start + 8..start + 16].copy_from_slice(&lie.to_le_bytes());
                let loaded = check(&whole, &bytes, start);
                assert!(loaded.outcome.damaged);
            }
        }
    }
}

#[test]
fn sizes_of_compressed_data() {
    let whole = whole("scene.rrd");
    for (start, message) in arrow_messages(&whole) {
        let size = message.uncompressed_size;
        for lie in [
            0,
            1,
            size - 1,
            size + 1,
            size * 255,
            1 << 40,
            i64::MAX as u64,
            u64::MAX,
        ] {
            let message = ArrowMsg {
                uncompressed_size: lie,
                ..message.clone()
            };
            let loaded = check(&whole, &with_message(&whole, start, &message), start);
            assert_eq!(loaded.messages.len(), whole.loaded.messages.len() - 1);
            let text = loaded.reports[0].to_string();
            assert!(
                text.contains(&format!(
                    "it claims {lie} bytes of data, but its compressed data holds {size}"
                )),
                "{text}"
            );
        }
    }
}

#[test]
fn uncompressed_data_reads_the_same() {
    let whole = whole("scene.rrd");
    for (index, (start, message)) in arrow_messages(&whole).into_iter().enumerate() {
        let loaded = check(
            &whole,
            &with_message(&whole, start, &uncompressed(message)),
            start,
        );
        assert!(loaded.reports.is_empty(), "{index}: {:?}", loaded.reports);
        assert!(
            loaded
                .messages
                .iter()
                .zip(&whole.loaded.messages)
                .all(|(a, b)| same(a, b))
        );
    }
}

/// Damage inside of the Arrow data, that no checksum and no compression catches before.
#[test]
fn arrow_data() {
    for name in ["scene_layout.rbl", "zoo.rrd"] {
        let whole = whole(name);
        let messages: Vec<_> = arrow_messages(&whole)
            .into_iter()
            .map(|(start, message)| (start, uncompressed(message)))
            .collect();
        let choice = (
            0..messages.len(),
            prop::collection::vec((0..1_usize << 13, any::<u8>(), any::<bool>()), 1..5),
        );
        let config = ProptestConfig {
            cases: 1500,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(11),
            ..Default::default()
        };
        proptest!(config, |((index, edits) in choice)| {
            let (start, message) = &messages[index];
            let mut payload = message.payload.to_vec();
            let bytes = payload.len();
            for (at, value, extreme) in edits {
                // Most of what can lie is in the metadata at the beginning.
                payload[at % bytes] = if extreme { if value % 2 == 0 { 0x7f } else { 0xff } } else { value };
            }
            let message = ArrowMsg { payload: payload.into(), ..message.clone() }.encode_to_vec();
            let length = (message.len() as u64).to_le_bytes();
            let bytes = [&whole.bytes[..12], &whole.bytes[*start..start + 8], &length, &message, &[0; 16]].concat();
            check(&whole, &bytes, 0);
        });
    }
}

/// The messages of chunks, with where they begin.
fn arrow_messages(whole: &Whole) -> Vec<(usize, ArrowMsg)> {
    let chunks = whole.starts.windows(2).filter(|pair| whole.bytes[pair[0]] == 2);
    chunks
        .map(|pair| {
            (
                pair[0],
                ArrowMsg::decode(&whole.bytes[pair[0] + 16..pair[1]]).unwrap(),
            )
        })
        .collect()
}

fn uncompressed(message: ArrowMsg) -> ArrowMsg {
    let bytes = lz4_flex::block::decompress(&message.payload, message.uncompressed_size as usize).unwrap();
    ArrowMsg {
        compression: 1,
        payload: bytes.into(),
        ..message
    }
}

/// The file with another message where one begins.
fn with_message(whole: &Whole, start: usize, message: &ArrowMsg) -> Vec<u8> {
    let end = start + 16 + length_at(&whole.bytes, start);
    let payload = message.encode_to_vec();
    let length = (payload.len() as u64).to_le_bytes();
    [
        &whole.bytes[..start + 8],
        &length[..],
        &payload[..],
        &whole.bytes[end..],
    ]
    .concat()
}
