//! The `.rrd` recordings and `.rbl` blueprints of the Rerun SDK, 0.23 and newer.
//!
//! A file is a stream: a header, messages of a kind and a length each, an end mark, perhaps a footer. Several streams may
//! follow each other in one file. The layers, from the bytes up:
//!
//! | module | from | to |
//! |---|---|---|
//! | `frames` | bytes | messages, each checked against what is left of the file; finds messages again behind damage |
//! | `transport` | messages | facts about stores, activations, and payloads with their store |
//! | `payload` | compressed bytes | bytes, whose size is known to be true before memory is taken |
//! | `ipc` | bytes | Arrow record batches, whose every length is checked before Arrow sees it |
//! | `migrate` | metadata of older SDKs | metadata as it is now |
//! | `chunk` | record batches | chunks, and back |
//! | `writer`, `manifest` | chunks | a file with a footer |

mod chunk;
mod frames;
mod ipc;
mod ipc_check;
mod manifest;
mod migrate;
mod payload;
mod transport;
mod writer;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

pub use writer::{RrdWriter, write_file};

use self::{
    frames::{Frames, Item, Message},
    transport::Transport,
};
use crate::{FileFormat, FileInput, IoError, LoadReport, LogMessage, Severity, error::MessageError, load::panic_text};

/// The `.rrd` and `.rbl` files of the Rerun SDK.
#[derive(Clone, Copy, Debug, Default)]
pub struct RrdFormat;

impl FileFormat for RrdFormat {
    fn name(&self) -> &'static str {
        "an .rrd recording or .rbl blueprint"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["rrd", "rbl"]
    }

    fn sniff(&self, head: &[u8]) -> bool {
        [frames::MAGIC, frames::OLD_MAGICS[0], frames::OLD_MAGICS[1]].iter().any(|magic| head.starts_with(magic))
    }

    fn read(&self, input: FileInput) -> Box<dyn Iterator<Item = Result<LogMessage, LoadReport>> + Send> {
        Box::new(RrdMessages { source: Arc::clone(input.source()), frames: Frames::new(input), transport: Transport::default() })
    }
}

/// The messages of a file.
struct RrdMessages {
    source: Arc<str>,
    frames: Frames<FileInput>,
    transport: Transport,
}

impl Iterator for RrdMessages {
    type Item = Result<LogMessage, LoadReport>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = match self.frames.next()? {
            Item::Stream { sdk_version } => {
                self.transport.begin_stream(sdk_version);
                return self.next();
            }
            Item::Message(message) => message,
            Item::Damage { error, severity } => return Some(Err(LoadReport::new(&self.source, severity, &error))),
        };
        Some(self.decode(message))
    }
}

impl RrdMessages {
    fn decode(&mut self, message: Message) -> Result<LogMessage, LoadReport> {
        let Message { kind, offset, payload } = message;
        let transport = &mut self.transport;
        // Every length is checked before a library sees it; should one panic all the same, only this message is lost.
        // The transport is left with at most a store that it has heard of, so it can be used on.
        let result = catch_unwind(AssertUnwindSafe(|| transport.decode(kind, payload.clone())));
        let (entity, error) = match result {
            Ok(Ok(message)) => return Ok(message),
            Ok(Err(failure)) => {
                if matches!(failure.error, MessageError::Protobuf(_)) {
                    // Either the message is damaged, or its length was, and others lie inside of it.
                    self.frames.search_in(offset, &payload);
                }
                (failure.entity, IoError::Message { offset, reason: failure.error })
            }
            Err(panic) => (None, IoError::Panic { offset, panic: panic_text(&*panic) }),
        };
        Err(LoadReport::new(&self.source, Severity::Warning, &error).with_entity(entity))
    }
}
