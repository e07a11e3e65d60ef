//! The `.rrd` recordings and `.rbl` blueprints of the Rerun SDK, 0.23 and newer.
//!
//! A file is a stream: a header, messages of a kind and a length each, an end mark, perhaps a footer. Several streams may
//! follow each other in one file. The layers, from the bytes up:
//!
//! | module | from | to |
//! |---|---|---|
//! | `frames` | bytes | messages, each checked against what is left of the file; finds messages again behind damage |
//! | [`wire`](crate::wire) | messages | chunks and facts about stores, and back |
//! | `writer`, `manifest` | chunks | a file with a footer |
//! | `recorder` | messages, as they come | a file that is whole at any time |
//!
//! A large file is not read but indexed:
//!
//! | module | from | to |
//! |---|---|---|
//! | `footer`, `manifest_table` | a stream's footer | what is known of each chunk, and where it lies |
//! | `indexed` | a file | messages of chunks that are known |
//! | `source` | requests | their chunks, read from the file |

mod footer;
mod frames;
mod indexed;
mod manifest;
mod manifest_table;
mod recorder;
mod source;
mod writer;

use std::{ops::Range, sync::Arc};

use chronoscope_store::EntityPath;
use chronoscope_types::LogMessage;
pub use recorder::RrdRecorder;
pub use writer::{RrdWriter, write_file};

use self::{
    frames::{Frames, Item, MESSAGE_HEADER_BYTES, Message},
    indexed::Indexed,
};
use crate::{
    Candidate, Certainty, FileInput, ImportContext, Importer, IoError, LoadReport, MessageError, Messages,
    Severity, SharedFile, http::without_query, wire::Decoder,
};

/// The `.rrd` and `.rbl` files of the Rerun SDK. They name their stores, entities and times themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct RrdImporter;

impl Importer for RrdImporter {
    fn name(&self) -> &'static str {
        "an .rrd recording or .rbl blueprint"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["rrd", "rbl"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        let magics = [frames::MAGIC, frames::OLD_MAGICS[0], frames::OLD_MAGICS[1]];
        if magics.iter().any(|magic| candidate.head.starts_with(magic)) {
            Certainty::Certain
        } else {
            Certainty::No
        }
    }

    fn import(&self, input: FileInput, _context: &ImportContext) -> Messages {
        Box::new(RrdMessages::new(input))
    }

    fn index(&self, file: &SharedFile, _context: &ImportContext) -> Option<Messages> {
        // A blueprint is wanted as a whole.
        if without_query(file.source()).ends_with(".rbl") {
            return None;
        }
        let mut indexed = Indexed::new(file.clone());
        // What has to be read through once is not sent twice over a network: it is kept as it comes.
        let is_worth_it = !file.is_remote() || indexed.is_known_by_footers();
        is_worth_it.then(|| Box::new(indexed) as Messages)
    }

    fn unpacked_bytes(&self, file: &SharedFile) -> Option<u64> {
        Indexed::new(file.clone()).unpacked_bytes()
    }
}

/// The messages of a file.
struct RrdMessages {
    source: Arc<str>,
    frames: Frames<FileInput>,
    decoder: Decoder,
}

impl RrdMessages {
    fn new(input: FileInput) -> Self {
        Self {
            source: Arc::clone(input.source()),
            frames: Frames::new(input),
            decoder: Decoder::default(),
        }
    }

    /// The messages from a file's beginning to this byte.
    fn of_file(file: &SharedFile, end: u64) -> Self {
        Self::new(FileInput::new(
            Arc::clone(file.source()),
            Some(end),
            file.buffered(end),
        ))
    }

    /// The next message, and where it lies in the file, without its header.
    fn next_with_span(&mut self) -> Option<Result<(LogMessage, Range<u64>), LoadReport>> {
        loop {
            let message = match self.frames.next()? {
                Item::Stream { sdk_version } => {
                    self.decoder.begin_stream(sdk_version);
                    continue;
                }
                Item::Message(message) => message,
                Item::Damage { error, severity } => {
                    return Some(Err(LoadReport::new(&self.source, severity, &error)));
                }
            };
            let begin = message.offset + MESSAGE_HEADER_BYTES as u64;
            let span = begin..begin + message.payload.len() as u64;
            return Some(match decode_message(&mut self.decoder, &message) {
                Ok(message) => Ok((message, span)),
                Err((entity, error)) => {
                    if matches!(
                        &error,
                        IoError::Message {
                            reason: MessageError::Protobuf(_),
                            ..
                        }
                    ) {
                        // Either the message is damaged, or its length was, and others lie inside of it.
                        self.frames.search_in(message.offset, &message.payload);
                    }
                    Err(LoadReport::new(&self.source, Severity::Warning, &error).with_entity(entity))
                }
            });
        }
    }
}

impl Iterator for RrdMessages {
    type Item = Result<LogMessage, LoadReport>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_with_span()?.map(|(message, _)| message))
    }
}

/// Decodes a message; what is wrong with it comes with the entity that it is about, where that is known.
fn decode_message(
    decoder: &mut Decoder,
    message: &Message,
) -> Result<LogMessage, (Option<EntityPath>, IoError)> {
    let Message {
        kind,
        offset,
        payload,
    } = message;
    decoder.decode(*kind, payload.clone()).map_err(|error| {
        let reason = error.reason;
        (
            error.entity,
            IoError::Message {
                offset: *offset,
                reason,
            },
        )
    })
}
