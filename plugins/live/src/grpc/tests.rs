#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use super::*;

/// A body of pieces that are there.
struct Pieces(VecDeque<Result<Frame<Bytes>, Broken>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn frames(pieces: impl IntoIterator<Item = Vec<u8>>, limit: u64, budget: &Arc<Budget>) -> Frames<Pieces> {
    let pieces = pieces.into_iter().map(|piece| Ok(Frame::data(piece.into())));
    Frames::new(Pieces(pieces.collect()), limit, Arc::clone(budget))
}

fn next(frames: &mut Frames<Pieces>) -> Result<Option<Bytes>, FrameError> {
    let mut next = std::pin::pin!(frames.next());
    match next
        .as_mut()
        .poll(&mut Context::from_waker(std::task::Waker::noop()))
    {
        Poll::Ready(message) => message,
        Poll::Pending => panic!("all pieces are there"),
    }
}

fn error(pieces: impl IntoIterator<Item = Vec<u8>>) -> String {
    let mut frames = frames(pieces, 100, &Budget::new(1_000));
    loop {
        match next(&mut frames) {
            Ok(Some(_)) => {}
            Ok(None) => return "none".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

#[test]
fn messages_are_found_however_they_are_cut() {
    let stream: Vec<u8> = [&b"first"[..], b"", b"third message"]
        .iter()
        .flat_map(|message| framed(message).to_vec())
        .collect();
    for size in 1..=stream.len() {
        let pieces = stream.chunks(size).map(<[u8]>::to_vec);
        let mut frames = frames(pieces, 100, &Budget::new(1_000));
        for expected in [&b"first"[..], b"", b"third message"] {
            assert_eq!(
                next(&mut frames).unwrap().as_deref(),
                Some(expected),
                "pieces of {size}"
            );
        }
        assert!(next(&mut frames).unwrap().is_none());
    }
}

#[test]
fn what_is_no_message_says_why() {
    assert_eq!(error([]), "none");
    assert_eq!(
        error([vec![0, 0, 0, 0, 3, 1]]),
        "was cut off in the middle of a message"
    );
    assert_eq!(error([vec![0, 0]]), "was cut off in the middle of a message");
    assert_eq!(error([vec![7; 9]]), "sent something that is no message");
    assert_eq!(
        error([vec![1, 0, 0, 0, 0]]),
        "sent a compressed message, which was not asked for"
    );
    assert_eq!(
        error([vec![0, 0xff, 0xff, 0xff, 0xff]]),
        "sent a message of 4294967295 bytes, more than the 100 that one may have"
    );
}

#[test]
fn no_memory_is_taken_for_what_is_claimed() {
    let mut frames = frames([vec![0, 0x40, 0, 0, 0, 1, 2, 3]], u64::MAX, &Budget::new(1_000));
    assert!(matches!(next(&mut frames), Err(FrameError::CutOff)));
    assert!(frames.arrived.capacity() < 1_000, "{}", frames.arrived.capacity());
}

#[test]
fn messages_under_way_share_a_budget() {
    let budget = Budget::new(200_000);
    let part = || {
        let mut bytes = vec![0, 0, 2, 0, 0];
        bytes.resize(120_000, 1);
        bytes
    };
    let mut first = frames([part()], u64::MAX, &budget);
    let mut second = frames([part()], u64::MAX, &budget);
    assert!(matches!(next(&mut first), Err(FrameError::CutOff)), "it has room");
    assert!(matches!(next(&mut second), Err(FrameError::NoRoom { .. })));
    drop((first, second));
    let mut third = frames([part(), vec![1; 20_000]], u64::MAX, &budget);
    assert_eq!(next(&mut third).unwrap().unwrap().len(), 0x2_0000);
    assert_eq!(budget.used.load(Ordering::Relaxed), 0, "what is left is little");
}

#[test]
fn a_status_is_read_as_it_was_written() {
    for (code, message) in [
        (Code::Ok, ""),
        (Code::Unimplemented, "100 % of what is not there: ü\n"),
        (Code::OutOfRange, "%41%zz"),
    ] {
        let status = Status::new(code, message);
        assert_eq!(Status::of_fields(&status.fields()), Some(status));
    }
    assert_eq!(Status::of_fields(&HeaderMap::new()), None);
}
