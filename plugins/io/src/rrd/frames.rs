//! Bytes to messages: the framing of a stream.
//!
//! A stream header is `RRF2`, four bytes of version, four bytes of options. A message is its kind and its length, eight
//! bytes each, little endian, and its payload. Kind 0 marks the end; its payload indexes the stream, and a footer of 32
//! bytes that points to it follows. Then the file ends, or another stream begins.

use std::{
    io::{self, Read},
    sync::Arc,
};

use re_log_encoding::CrateVersion;
use re_protos::external::prost::bytes::Bytes;

use crate::{
    FileInput, IoError, Severity,
    wire::{MAX_INFO_BYTES, MAX_MESSAGE_BYTES, MessageKind},
};

/// What a stream begins with.
pub(super) const MAGIC: [u8; 4] = *b"RRF2";
/// What streams of SDKs before 0.23 begin with.
pub(super) const OLD_MAGICS: [[u8; 4]; 2] = [*b"RRF0", *b"RRF1"];

pub(super) const STREAM_HEADER_BYTES: usize = 12;
pub(super) const MESSAGE_HEADER_BYTES: usize = 16;
pub(super) const STREAM_FOOTER_BYTES: usize = 32;

/// A message that is not decoded yet.
#[derive(Debug)]
pub(super) struct Message {
    pub kind: MessageKind,
    /// Where its header begins in the source.
    pub offset: u64,
    pub payload: Bytes,
}

/// What the framing yields.
#[derive(Debug)]
pub(super) enum Item {
    /// A stream begins.
    Stream {
        /// The version of the SDK that wrote it.
        sdk_version: Arc<str>,
    },
    Message(Message),
    Damage {
        error: IoError,
        severity: Severity,
    },
}

/// The framing of a source.
pub(super) struct Frames<R> {
    window: Window<R>,
    state: State,
    /// The bytes of payloads that were searched for messages.
    searched_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StreamHeader,
    Messages,
    /// A header was not one; the next message is to be found. Holds where the damage begins.
    Search {
        from: u64,
    },
    /// The end mark was read; a footer or another stream may follow.
    Ended,
    Done,
}

impl Frames<FileInput> {
    /// The framing of an input that begins with a stream header.
    pub(super) fn new(input: FileInput) -> Self {
        let total = input.total_bytes();
        Self {
            window: Window::new(input, total),
            state: State::StreamHeader,
            searched_bytes: 0,
        }
    }
}

impl<R: Read> Frames<R> {
    /// Puts the payload of a message back, to find the messages that lie in it.
    ///
    /// Headers inside of payloads may claim all that follows, each of them, so that no more than [`Self::SEARCH_FACTOR`]
    /// times the bytes of the source are read again. What is damaged beyond that is passed over.
    pub(super) fn search_in(&mut self, offset: u64, payload: &[u8]) {
        let searched = self.searched_bytes + payload.len() as u64;
        let limit = Self::SEARCH_FACTOR * self.window.read.max(1 << 16);
        if self.state == State::Messages && searched <= limit {
            self.searched_bytes = searched;
            self.window.put_back(payload);
            self.state = State::Search { from: offset };
        }
    }

    /// How often, on average, a byte may be searched again for messages.
    const SEARCH_FACTOR: u64 = 4;

    fn stream_header(&mut self) -> Result<Option<Item>, IoError> {
        let offset = self.window.offset();
        let Some(&[header @ .., c0, c1, c2, c3]) = self.window.peek::<STREAM_HEADER_BYTES>()? else {
            return Err(IoError::CutHeader { offset });
        };
        let [m0, m1, m2, m3, version @ ..] = header;
        if OLD_MAGICS.contains(&[m0, m1, m2, m3]) {
            return Err(IoError::TooOld);
        }
        if [m0, m1, m2, m3] != MAGIC {
            return Err(IoError::NoMessage { offset });
        }
        // The first option is a compression that each message states anew, the second the encoding of messages.
        match [c0, c1, c2, c3] {
            [0 | 1, 2, 0, 0] => {}
            // MsgPack.
            [0 | 1, 1, 0, 0] => return Err(IoError::TooOld),
            options => return Err(IoError::UnknownOptions(options)),
        }
        self.window.skip(STREAM_HEADER_BYTES);
        self.state = State::Messages;
        Ok(Some(Item::Stream {
            sdk_version: CrateVersion::from_bytes(version).to_string().into(),
        }))
    }

    fn message(&mut self) -> Result<Option<Item>, IoError> {
        let offset = self.window.offset();
        let Some(header) = self.window.peek::<MESSAGE_HEADER_BYTES>()? else {
            self.state = State::Done;
            return Err(if self.window.is_empty()? {
                IoError::NoEndMark
            } else {
                IoError::CutHeader { offset }
            });
        };
        if header.starts_with(&MAGIC) {
            return self.stream_header();
        }
        let Some((kind, claimed)) = message_header(header) else {
            self.state = State::Search { from: offset };
            return Err(IoError::NoMessage { offset });
        };
        self.window.skip(MESSAGE_HEADER_BYTES);
        let limit = max_bytes(kind);
        if claimed > limit && self.window.left().is_none_or(|left| claimed <= left) {
            self.state = State::Search { from: offset };
            return Err(IoError::MessageTooLarge {
                offset,
                claimed,
                limit,
            });
        }
        let too_short = |left| IoError::MessageLength {
            offset,
            claimed,
            left,
        };
        let Some(kind) = kind else {
            // The index is not needed where all is read, and may be larger than the rest.
            self.state = State::Search { from: offset };
            self.window.skip_bytes(claimed)?.map_err(too_short)?;
            self.state = State::Ended;
            return Ok(None);
        };
        match self.window.take(claimed)? {
            Ok(payload) => Ok(Some(Item::Message(Message {
                kind,
                offset,
                payload: payload.into(),
            }))),
            Err(left) => {
                self.state = State::Search { from: offset };
                Err(too_short(left))
            }
        }
    }

    /// What follows the end mark: a footer, another stream, or nothing.
    fn after_end(&mut self) -> Result<Option<Item>, IoError> {
        if let Some(footer) = self.window.peek::<STREAM_FOOTER_BYTES>()?
            && footer.get(20..28) == Some(b"RRF2FOOT")
        {
            self.window.skip(STREAM_FOOTER_BYTES);
        }
        if let Some(header) = self.window.peek::<STREAM_HEADER_BYTES>()?
            && header.starts_with(&MAGIC)
        {
            self.state = State::StreamHeader;
            return Ok(None);
        }
        self.state = State::Done;
        match self.window.count_rest()? {
            0 => Ok(None),
            bytes => Err(IoError::Trailing { bytes }),
        }
    }

    /// Finds the next position that looks like the header of a message. What is said about the damage is said already.
    fn search(&mut self, from: u64) -> Result<Option<Item>, IoError> {
        // Every header has many zero bytes and its payload begins with one known byte, so that data rarely looks like one.
        const PROBE_BYTES: usize = MESSAGE_HEADER_BYTES + 1;
        if self.window.offset() == from {
            self.window.skip(1);
        }
        while let Some(probe) = self.window.peek::<PROBE_BYTES>()? {
            if let Some((&first, header)) = probe.split_last()
                && let Some((Some(kind), claimed)) = message_header(header)
                && first == 0x0a
                && (1..=max_bytes(Some(kind))).contains(&claimed)
                && self
                    .window
                    .left()
                    .is_none_or(|left| claimed <= left.saturating_sub(MESSAGE_HEADER_BYTES as u64))
            {
                self.state = State::Messages;
                let offset = self.window.offset();
                return Err(IoError::Resumed {
                    offset,
                    skipped: offset.saturating_sub(from),
                });
            }
            self.window.skip(1);
        }
        self.state = State::Done;
        Ok(None)
    }
}

impl<R: Read> Iterator for Frames<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let state = self.state;
            let result = match state {
                State::StreamHeader => self.stream_header(),
                State::Messages => self.message(),
                State::Search { from } => self.search(from),
                State::Ended => self.after_end(),
                State::Done => return None,
            };
            match result {
                Ok(Some(item)) => return Some(item),
                Ok(None) => {}
                Err(error) => {
                    if self.state == state && !matches!(error, IoError::Resumed { .. }) {
                        // Nothing has moved on, so nothing more can be read.
                        self.state = State::Done;
                    }
                    let severity = match error {
                        IoError::Resumed { .. } => Severity::Info,
                        IoError::TooOld | IoError::UnknownOptions(_) => Severity::Error,
                        _ => Severity::Warning,
                    };
                    return Some(Item::Damage { error, severity });
                }
            }
        }
    }
}

/// The kind of a message, `None` for the end mark, and its length.
pub(super) fn message_header(header: &[u8]) -> Option<(Option<MessageKind>, u64)> {
    let (kind, length) = (
        header.get(..8)?.try_into().ok()?,
        header.get(8..16)?.try_into().ok()?,
    );
    let kind = match u64::from_le_bytes(kind) {
        0 => None,
        1 => Some(MessageKind::StoreInfo),
        2 => Some(MessageKind::Chunk),
        3 => Some(MessageKind::ActivateBlueprint),
        _ => return None,
    };
    Some((kind, u64::from_le_bytes(length)))
}

/// The most bytes that a message of a kind may have.
fn max_bytes(kind: Option<MessageKind>) -> u64 {
    match kind {
        Some(MessageKind::Chunk) | None => MAX_MESSAGE_BYTES,
        Some(MessageKind::StoreInfo | MessageKind::ActivateBlueprint) => MAX_INFO_BYTES,
    }
}

/// A window over a reader: bytes can be looked at before they are taken, and be put back.
struct Window<R> {
    reader: R,
    /// Bytes that were read and not taken, from `at` on.
    bytes: Vec<u8>,
    at: usize,
    /// The position of the reader in the source.
    read: u64,
    /// The size of the source, where it is known.
    total: Option<u64>,
}

impl<R: Read> Window<R> {
    const READ_BYTES: usize = 1 << 16;
    /// What is reserved at once. More comes with the bytes that really are there, since a file may be mostly a hole.
    const RESERVE_BYTES: u64 = 32 << 20;

    fn new(reader: R, total: Option<u64>) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            at: 0,
            read: 0,
            total,
        }
    }

    /// The position of the next byte in the source.
    fn offset(&self) -> u64 {
        self.read - self.waiting().len() as u64
    }

    /// The bytes that are left of the source, where its size is known.
    fn left(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.offset()))
    }

    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next bytes, if there are as many.
    fn peek<const N: usize>(&mut self) -> Result<Option<&[u8; N]>, IoError> {
        while self.waiting().len() < N {
            if !self.fill(Self::READ_BYTES as u64)? {
                return Ok(None);
            }
        }
        Ok(self.waiting().first_chunk())
    }

    fn is_empty(&mut self) -> Result<bool, IoError> {
        Ok(self.peek::<1>()?.is_none())
    }

    /// Drops bytes that were looked at.
    fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.bytes.len());
    }

    /// Takes bytes out; where there are fewer, none is taken and the inner error says how many there are.
    ///
    /// Precondition: `count` is at most [`MAX_MESSAGE_BYTES`].
    fn take(&mut self, count: u64) -> Result<Result<Vec<u8>, u64>, IoError> {
        if let Some(left) = self.left()
            && count > left
        {
            return Ok(Err(left));
        }
        // Where the size is not known, the memory grows with the bytes that really come.
        while (self.waiting().len() as u64) < count {
            let missing = count - self.waiting().len() as u64;
            if !self.fill(missing)? {
                return Ok(Err(self.waiting().len() as u64));
            }
        }
        let end = self.at + count as usize;
        if self.at == 0 && end * 2 >= self.bytes.len() {
            let rest = self.bytes.split_off(end);
            return Ok(Ok(std::mem::replace(&mut self.bytes, rest)));
        }
        let taken = self.bytes.get(self.at..end).unwrap_or_default().to_vec();
        self.at = end;
        Ok(Ok(taken))
    }

    /// Drops bytes that were not looked at. Where their number cannot be true none is dropped, or all where the size of the
    /// source is not known, and the inner error says how many there are.
    fn skip_bytes(&mut self, count: u64) -> Result<Result<(), u64>, IoError> {
        if let Some(left) = self.left()
            && count > left
        {
            return Ok(Err(left));
        }
        let mut missing = count;
        while missing > 0 {
            if self.is_empty()? {
                return Ok(Err(count - missing));
            }
            let now = (self.waiting().len() as u64).min(missing);
            self.skip(now as usize);
            missing -= now;
        }
        Ok(Ok(()))
    }

    /// Puts bytes back. Precondition: they are those that were taken last. Cost: none where [`Self::take`] copied them.
    fn put_back(&mut self, bytes: &[u8]) {
        if let Some(at) = self.at.checked_sub(bytes.len()) {
            debug_assert_eq!(self.bytes.get(at..self.at), Some(bytes));
            self.at = at;
            return;
        }
        let mut joined = Vec::with_capacity(bytes.len() + self.waiting().len());
        joined.extend_from_slice(bytes);
        joined.extend_from_slice(self.waiting());
        (self.bytes, self.at) = (joined, 0);
    }

    /// Reads to the end of the source and tells how many bytes there were.
    fn count_rest(&mut self) -> Result<u64, IoError> {
        let mut count = 0;
        while !self.is_empty()? {
            count += self.waiting().len() as u64;
            self.skip(self.waiting().len());
        }
        Ok(count)
    }

    /// Reads up to so many bytes; `false` at the end of the source.
    fn fill(&mut self, count: u64) -> Result<bool, IoError> {
        self.bytes.drain(..self.at);
        self.at = 0;
        let result = match self.left() {
            Some(left) => {
                let known = left.min(count).saturating_add(1);
                self.bytes
                    .reserve_exact(known.clamp(1, Self::RESERVE_BYTES) as usize);
                (&mut self.reader)
                    .take(count.max(Self::READ_BYTES as u64))
                    .read_to_end(&mut self.bytes)
            }
            // Of a pipe, what is there is taken: more may be long in coming.
            None => self.read_once(),
        };
        let got = match result {
            Ok(got) => got as u64,
            Err(error) => {
                return Err(IoError::Read {
                    offset: self.read,
                    error,
                });
            }
        };
        self.read += got;
        if got == 0 {
            // From here on a length is checked without asking the reader again.
            self.total = Some(self.read);
        }
        Ok(got > 0)
    }

    fn read_once(&mut self) -> io::Result<usize> {
        let len = self.bytes.len();
        self.bytes.resize(len + Self::READ_BYTES, 0);
        let result = loop {
            match self.reader.read(&mut self.bytes[len..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.bytes.truncate(len + *result.as_ref().unwrap_or(&0));
        result
    }
}
