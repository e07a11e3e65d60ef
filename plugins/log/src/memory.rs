//! To memory.

use std::sync::Arc;

use chronoscope_store::{Recording, StoreError, StoreId, Waker};
use chronoscope_types::LogMessage;
use parking_lot::Mutex;

use crate::{Sink, SinkError};

/// Keeps messages in memory until they are taken. Clones share what they keep: one is given to a recorder, another is read. A store
/// takes the chunks as they are, nothing is copied.
///
/// It keeps what nobody takes; [`SourceSink`](crate::SourceSink) has a limit.
#[derive(Clone, Debug, Default)]
pub struct MemorySink(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    messages: Vec<LogMessage>,
    is_closed: bool,
    is_finished: bool,
    waker: Option<Waker>,
}

impl MemorySink {
    /// Takes all that was kept, in the order of logging.
    #[must_use]
    pub fn take(&self) -> Vec<LogMessage> {
        std::mem::take(&mut self.0.lock().messages)
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.lock().messages.is_empty()
    }

    /// Whether its recorder has ended: once what is kept is taken, no more comes.
    pub fn is_finished(&self) -> bool {
        self.0.lock().is_finished
    }

    /// Forgets what is kept, and keeps nothing from now on: the recorder leaves it out.
    pub fn close(&self) {
        let mut kept = self.0.lock();
        kept.is_closed = true;
        kept.messages = Vec::new();
    }

    /// Bytes that are kept.
    pub fn num_bytes(&self) -> u64 {
        self.0.lock().messages.iter().map(LogMessage::num_bytes).sum()
    }

    /// Calls `waker` from now on whenever there is something to take.
    pub fn set_waker(&self, waker: Waker) {
        self.0.lock().waker = Some(waker);
    }

    /// A recording of what was kept of this store, ready to be queried. Everything stays here.
    ///
    /// # Errors
    /// If the store does not take a chunk.
    pub fn to_recording(&self, id: &StoreId) -> Result<Recording, StoreError> {
        let mut recording = Recording::new(id.clone());
        for message in &self.0.lock().messages {
            if let Some(chunk) = message.chunk().filter(|_| message.store() == id) {
                recording.insert(Arc::clone(chunk))?;
            }
        }
        recording.apply_pending();
        Ok(recording)
    }
}

impl Sink for MemorySink {
    fn name(&self) -> &str {
        "memory"
    }

    fn is_wanted(&self) -> bool {
        !self.0.lock().is_closed
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let waker = {
            let mut kept = self.0.lock();
            if kept.is_closed {
                return Ok(());
            }
            kept.messages.push(message.clone());
            kept.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        let waker = {
            let mut kept = self.0.lock();
            kept.is_finished = true;
            kept.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}
