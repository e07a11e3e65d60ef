//! Chunks to `.rrd` and `.rbl` files.

use std::{
    fmt,
    io::{self, BufWriter, Write},
    path::Path,
};

use chronoscope_store::{Chunk, StoreId};
use chronoscope_types::{LogMessage, StoreInfo};
use re_log_encoding::{
    CrateVersion, Encodable as _, EncodingOptions, MessageHeader, MessageKind, StreamFooter, StreamHeader,
};
use re_span::Span;

use super::{frames::MAGIC, manifest::Manifests};
use crate::{
    IoError, replace_file,
    wire::{self, Msg},
};

/// Writes messages as a stream that the Rerun SDK reads too. Ends the stream when it is finished or dropped.
pub struct RrdWriter<W: Write> {
    output: Option<W>,
    scratch: Vec<u8>,
    written_bytes: u64,
    manifests: Manifests,
}

impl<W: Write> RrdWriter<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn new(mut output: W) -> Result<Self, IoError> {
        let header = StreamHeader {
            fourcc: MAGIC,
            version: CrateVersion::LOCAL.to_bytes(),
            options: EncodingOptions::PROTOBUF_COMPRESSED,
        };
        let mut scratch = Vec::new();
        header.to_rrd_bytes(&mut scratch).map_err(encode_error)?;
        output.write_all(&scratch).map_err(IoError::Write)?;
        let written_bytes = scratch.len() as u64;
        Ok(Self {
            output: Some(output),
            scratch,
            written_bytes,
            manifests: Manifests::default(),
        })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// Where a chunk cannot be encoded, or the output does not take it. Nothing is written of a message that fails to be
    /// encoded.
    pub fn write(&mut self, message: &LogMessage) -> Result<(), IoError> {
        match message {
            LogMessage::StoreInfo(info) => self.write_store_info(info),
            LogMessage::Chunk { store, chunk } => self.write_chunk(store, chunk),
            LogMessage::AbsentChunks { .. } => Err(IoError::NotLoaded),
            LogMessage::ActivateBlueprint { .. } => {
                let message = wire::encode(message).map_err(IoError::EncodeMessage)?;
                self.message(&message)
            }
        }
    }

    /// Writes what is known about a store. Comes before the store's chunks.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn write_store_info(&mut self, info: &StoreInfo) -> Result<(), IoError> {
        self.message(&wire::encode_store_info(info))
    }

    /// Writes rows of a store.
    ///
    /// # Errors
    /// Where the chunk cannot be encoded, or the output does not take it.
    pub fn write_chunk(&mut self, store: &StoreId, chunk: &Chunk) -> Result<(), IoError> {
        let encoded = wire::encode_chunk(store, chunk).map_err(|reason| IoError::Encode {
            chunk: chunk.id(),
            reason,
        })?;
        let uncompressed_size = encoded.message.uncompressed_size;
        let begin = self.written_bytes + MessageHeader::ENCODED_SIZE_BYTES as u64;
        self.message(&Msg::ArrowMsg(encoded.message))?;
        let span = Span {
            start: begin,
            len: self.written_bytes - begin,
        };
        self.manifests.append(
            &wire::encode_store_id(store),
            &encoded.batch,
            span,
            uncompressed_size,
        );
        Ok(())
    }

    /// Ends the stream and gives the output back.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn finish(mut self) -> Result<W, IoError> {
        self.end()?;
        self.output.take().ok_or(IoError::AlreadyFinished)
    }

    fn message(&mut self, message: &Msg) -> Result<(), IoError> {
        self.scratch.clear();
        message.to_rrd_bytes(&mut self.scratch).map_err(encode_error)?;
        let output = self.output.as_mut().ok_or(IoError::AlreadyFinished)?;
        output.write_all(&self.scratch).map_err(IoError::Write)?;
        self.written_bytes += self.scratch.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), IoError> {
        let Some(output) = &mut self.output else {
            return Ok(());
        };
        let footer = std::mem::take(&mut self.manifests).finish();
        self.scratch.clear();
        let header = MessageHeader {
            kind: MessageKind::End,
            len: footer.len() as u64,
        };
        header.to_rrd_bytes(&mut self.scratch).map_err(encode_error)?;
        if !footer.is_empty() {
            let begin = self.written_bytes + self.scratch.len() as u64;
            self.scratch.extend_from_slice(&footer);
            StreamFooter::from_rrd_footer_bytes(begin, &footer)
                .to_rrd_bytes(&mut self.scratch)
                .map_err(encode_error)?;
        }
        output
            .write_all(&self.scratch)
            .and_then(|()| output.flush())
            .map_err(IoError::Write)
    }
}

impl<W: Write> fmt::Debug for RrdWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RrdWriter")
            .field("written_bytes", &self.written_bytes)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Drop for RrdWriter<W> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!("a recording {error}");
        }
    }
}

/// Writes a file of messages. An existing file is replaced once all is written.
///
/// # Errors
/// Where a chunk cannot be encoded, or the file not be written.
pub fn write_file<'a>(
    path: impl AsRef<Path>,
    messages: impl IntoIterator<Item = &'a LogMessage>,
) -> Result<(), IoError> {
    replace_file(path, |file| {
        let mut writer = RrdWriter::new(BufWriter::new(file))?;
        for message in messages {
            writer.write(message)?;
        }
        let written = writer.finish()?.into_inner();
        written
            .map(drop)
            .map_err(|error| IoError::Write(error.into_error()))
    })
}

fn encode_error(error: re_log_encoding::CodecError) -> IoError {
    // Headers and envelopes go into a vector in memory, which only fails for want of it.
    IoError::Write(io::Error::other(error))
}
