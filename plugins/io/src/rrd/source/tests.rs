#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;

use chronoscope_store::{ComponentDescriptor, RowId, Timeline, arrow};

use super::*;
use crate::{RrdWriter, rrd::RrdMessages};

/// A source over a recording of so many chunks of so many bytes, whose ids count from zero.
fn source(chunks: u128, bytes: usize) -> RrdSource {
    let store = StoreId::recording("app", "recording");
    let file = tempfile::tempfile().unwrap();
    let mut writer = RrdWriter::new(file).unwrap();
    let cell: arrow::ArrayRef = Arc::new(arrow::UInt8Array::from(vec![7; bytes]));
    for id in 0..chunks {
        let row = (RowId::from_u128(id), [(Timeline::sequence("frame"), 0)]);
        let cells = [(ComponentDescriptor::partial("data"), Arc::clone(&cell))];
        let chunk = Chunk::builder("/data")
            .with_id(ChunkId::from_u128(id))
            .with_row(row.0, row.1, cells);
        writer.write_chunk(&store, &chunk.build().unwrap()).unwrap();
    }
    let file: File = writer.finish().unwrap();
    let file = SharedFile::new("test", file).unwrap();
    let source = RrdSource::new(&file, store);
    let mut messages = RrdMessages::of_file(&file, file.total_bytes());
    while let Some(Ok((message, span))) = messages.next_with_span() {
        let chunk = message.chunk().unwrap();
        assert!(source.add(
            chunk.id(),
            Place {
                span,
                entity: chunk.entity_path().clone()
            }
        ));
    }
    source
}

#[test]
fn no_more_waits_than_the_queue_holds() {
    const BYTES: usize = 4 << 20;
    let chunks = 2 * QUEUE_BYTES / BYTES as u64;
    let source = source(u128::from(chunks), BYTES);
    source.want(
        &(0..u128::from(chunks))
            .map(ChunkId::from_u128)
            .collect::<Vec<_>>(),
    );
    let queued = || source.shared.state.lock().queued_bytes;
    // Half of what is wanted fills it.
    while queued() < QUEUE_BYTES {
        std::thread::yield_now();
    }
    let mut taken = 0;
    while taken < chunks {
        assert!(queued() < QUEUE_BYTES + 2 * BYTES as u64);
        match source.try_next() {
            Some(body) => {
                body.unwrap();
                taken += 1;
            }
            None => std::thread::yield_now(),
        }
    }
    let state = source.shared.state.lock();
    assert!(state.queued_bytes == 0 && state.under_way.is_empty() && state.requests.is_empty());
}

/// Takes requests again and again: which are read together, by their places in the list.
fn check(spans: &[Range<u64>], expected: &[&[u128]]) {
    let requests = spans.iter().zip(0..).map(|(span, id)| FetchRequest {
        id: ChunkId::from_u128(id),
        span: span.clone(),
    });
    let mut state = State {
        requests: requests.collect(),
        ..State::default()
    };
    let mut taken = Vec::new();
    loop {
        let requests = state.take_requests(NEAR_BYTES);
        if requests.is_empty() {
            break;
        }
        taken.push(
            requests
                .iter()
                .map(|request| request.id.as_u128())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(taken, expected);
}

#[test]
#[expect(clippy::single_range_in_vec_init, reason = "a list of one range is meant")]
fn what_lies_close_together_is_read_at_once() {
    const MIB: u64 = 1 << 20;
    check(&[], &[]);
    check(&[100..200], &[&[0]]);
    check(&[100..200, 216..300, 0..84], &[&[0, 1, 2]]);
    // One far away is read alone.
    check(&[100..200, 9 * MIB..10 * MIB, 300..400], &[&[0, 2], &[1]]);
    // A gap that is not worth reading.
    check(
        &[
            0..100,
            100 + NEAR_BYTES..200 + NEAR_BYTES,
            201 + 2 * NEAR_BYTES..202 + 2 * NEAR_BYTES,
        ],
        &[&[0, 1], &[2]],
    );
    // So much at once, and no more.
    check(
        &[0..3 * MIB, 3 * MIB..4 * MIB, 4 * MIB..5 * MIB],
        &[&[0, 1], &[2]],
    );
    check(&[9 * MIB..20 * MIB, 0..100], &[&[0], &[1]]);
    // The same place twice, as a footer that lies may have it.
    check(&[0..100, 0..100, 50..150], &[&[0, 1, 2]]);
    // Those that are looked at are not all: the rest comes later.
    let many: Vec<Range<u64>> = (0..LOOK_AHEAD as u64 + 1)
        .map(|at| at * 10..at * 10 + 10)
        .collect();
    let first: Vec<u128> = (0..LOOK_AHEAD as u128).collect();
    check(&many, &[&first, &[LOOK_AHEAD as u128]]);
}
