//! A file of a web server whose parts are read in any order.

use std::{collections::VecDeque, io::Read as _, ops::Range, sync::Arc};

use parking_lot::Mutex;

use super::{
    HttpError, HttpLink,
    client::{error_of_io, get},
    tries::{backoff, wait_after},
};

/// Small reads are answered from blocks of so many bytes: what is read next often lies beside.
const BLOCK_BYTES: u64 = 64 << 10;
/// The blocks that are kept.
const BLOCKS: usize = 16;
/// A part of more bytes than this is none of a recording.
const MOST_PART_BYTES: u64 = 2 << 30;
/// No more memory than this is taken before bytes have come.
const MOST_AHEAD_BYTES: u64 = 1 << 20;

/// A file whose parts are read in any order.
#[derive(Debug)]
pub(crate) struct HttpFile {
    link: HttpLink,
    total_bytes: u64,
    version: Option<String>,
    blocks: Mutex<VecDeque<Block>>,
}

#[derive(Clone, Debug)]
struct Block {
    number: u64,
    bytes: Arc<[u8]>,
}

impl HttpFile {
    /// A file of which this is known.
    pub(super) fn new(link: HttpLink, total_bytes: u64, version: Option<String>) -> Self {
        Self {
            link,
            total_bytes,
            version,
            blocks: Mutex::default(),
        }
    }

    /// The file's size when it was opened.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Reads these bytes. Memory is taken for bytes that have come.
    ///
    /// Precondition: the file had them when it was opened.
    pub(crate) fn read_range(&self, bytes: Range<u64>) -> Result<Vec<u8>, HttpError> {
        debug_assert!(
            bytes.start <= bytes.end && bytes.end <= self.total_bytes,
            "the caller has compared them with the size"
        );
        if bytes.end - bytes.start > MOST_PART_BYTES {
            return Err(HttpError::TooLarge {
                bytes: bytes.end - bytes.start,
                limit_bytes: MOST_PART_BYTES,
            });
        }
        if bytes.end - bytes.start > BLOCK_BYTES {
            return self.fetch(bytes);
        }
        let mut out = Vec::new();
        let mut at = bytes.start;
        while at < bytes.end {
            let block = self.block(at / BLOCK_BYTES)?;
            let begin = block.number * BLOCK_BYTES;
            let end = bytes.end.min(begin + BLOCK_BYTES);
            let part = (at - begin) as usize..(end - begin) as usize;
            out.extend_from_slice(block.bytes.get(part).ok_or(HttpError::WrongPart)?);
            at = end;
        }
        Ok(out)
    }

    fn block(&self, number: u64) -> Result<Block, HttpError> {
        let mut blocks = self.blocks.lock();
        if let Some(at) = blocks.iter().position(|block| block.number == number)
            && let Some(block) = blocks.remove(at)
        {
            blocks.push_back(block.clone());
            return Ok(block);
        }
        // Others that wait for the same block find it.
        let begin = number * BLOCK_BYTES;
        let end = self.total_bytes.min(begin + BLOCK_BYTES);
        let block = Block {
            number,
            bytes: self.fetch(begin..end)?.into(),
        };
        if blocks.len() >= BLOCKS {
            blocks.pop_front();
        }
        blocks.push_back(block.clone());
        Ok(block)
    }

    fn fetch(&self, bytes: Range<u64>) -> Result<Vec<u8>, HttpError> {
        let mut backoff = backoff();
        loop {
            match self.try_fetch(&bytes) {
                Ok(bytes) => return Ok(bytes),
                Err(error) => {
                    tracing::debug!("{}: {error}", self.link);
                    wait_after(error, &mut backoff)?;
                }
            }
        }
    }

    fn try_fetch(&self, bytes: &Range<u64>) -> Result<Vec<u8>, HttpError> {
        let expected = bytes.end - bytes.start;
        if expected == 0 {
            return Ok(Vec::new());
        }
        let answer = get(&self.link, bytes.start, Some(bytes.end))?;
        if answer.total_bytes != Some(self.total_bytes) || answer.version != self.version {
            return Err(HttpError::Changed);
        }
        let mut out = Vec::with_capacity(expected.min(MOST_AHEAD_BYTES) as usize);
        answer
            .body
            .take(expected)
            .read_to_end(&mut out)
            .map_err(error_of_io)?;
        if out.len() as u64 != expected {
            return Err(HttpError::CutOff {
                received: out.len() as u64,
                expected,
            });
        }
        Ok(out)
    }
}
