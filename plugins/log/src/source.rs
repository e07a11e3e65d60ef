//! To a viewer in this process, or whoever else reads sources.

use std::sync::Arc;

use chronoscope_io::{LoadEvent, SourceHandle, SourceLimits, SourceSender, source_channel};
use chronoscope_types::{LogMessage, SourceStatus};

use crate::{Sink, SinkError};

/// Hands messages to a [`SourceHandle`], as a live stream does. Waits while more than the limits allow has not been received:
/// for a recorder on another thread than its reader.
#[derive(Debug)]
pub struct SourceSink {
    name: Arc<str>,
    sender: Option<SourceSender>,
}

impl SourceSink {
    /// The sink, and where its messages are received.
    pub fn channel(name: impl Into<Arc<str>>, limits: SourceLimits) -> (Self, SourceHandle) {
        let name = name.into();
        let (sender, handle) = source_channel(Arc::clone(&name), limits);
        sender.set_status(SourceStatus::Live);
        let sender = Some(sender);
        (Self { name, sender }, handle)
    }
}

impl Sink for SourceSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let sent = match &self.sender {
            Some(sender) => sender.send(LoadEvent::Message(message.clone())).is_ok(),
            None => false,
        };
        if sent {
            return Ok(());
        }
        Err(SinkError::Closed {
            sink: Arc::clone(&self.name),
            reason: "nobody receives it any more".into(),
        })
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        if let Some(sender) = self.sender.take() {
            sender.finish(SourceStatus::Finished);
        }
        Ok(())
    }
}
