//! Importers that send messages rather than being asked for them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use chronoscope_types::LogMessage;

use super::{ImportContext, Messages};
use crate::{IoError, LoadReport, Severity, panic_text};

/// Where an importer sends what it has read. See [`send_messages`].
#[derive(Debug)]
pub struct ImportSink {
    sender: SyncSender<Result<LogMessage, LoadReport>>,
}

/// Nobody wants the rest: the load was cancelled. An importer returns at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the load was cancelled")]
pub struct Stopped;

impl ImportSink {
    /// Sends a message, and waits until it is asked for.
    ///
    /// # Errors
    /// Where the load was cancelled.
    pub fn send(&self, message: LogMessage) -> Result<(), Stopped> {
        self.sender.send(Ok(message)).map_err(|_error| Stopped)
    }

    /// Reports damage, and waits until it is asked for.
    ///
    /// # Errors
    /// Where the load was cancelled.
    pub fn report(&self, report: LoadReport) -> Result<(), Stopped> {
        self.sender.send(Err(report)).map_err(|_error| Stopped)
    }
}

/// Runs an importer that sends, on a thread of its own which begins when the first message is asked for. At most one
/// message waits; where the load is cancelled the next one cannot be sent. A panic becomes a report.
pub fn send_messages(
    context: &ImportContext,
    import: impl FnOnce(&ImportSink) -> Result<(), Stopped> + Send + 'static,
) -> Messages {
    let context = context.clone();
    let mut state = State::NotStarted(import);
    Box::new(std::iter::from_fn(move || {
        if matches!(state, State::NotStarted(_))
            && let State::NotStarted(import) = std::mem::replace(&mut state, State::Failed)
        {
            match start(&context, import) {
                Ok(receiver) => state = State::Running(receiver),
                Err(report) => return Some(Err(report)),
            }
        }
        match &state {
            State::Running(receiver) => receiver.recv().ok(),
            State::NotStarted(_) | State::Failed => None,
        }
    }))
}

enum State<F> {
    NotStarted(F),
    Running(Receiver<Result<LogMessage, LoadReport>>),
    Failed,
}

fn start(
    context: &ImportContext,
    import: impl FnOnce(&ImportSink) -> Result<(), Stopped> + Send + 'static,
) -> Result<Receiver<Result<LogMessage, LoadReport>>, LoadReport> {
    let (sender, receiver) = sync_channel(0);
    let sink = ImportSink { sender };
    let panicked = context.clone();
    let run = move || {
        let result = catch_unwind(AssertUnwindSafe(|| import(&sink)));
        if let Err(panic) = result {
            let error = IoError::Panic {
                offset: 0,
                panic: panic_text(&*panic),
            };
            // Whoever cancelled does not want to hear of it.
            let _ = sink.report(panicked.report(Severity::Error, &error));
        }
    };
    std::thread::Builder::new()
        .name("import".to_owned())
        .spawn(run)
        .map_err(|error| context.report(Severity::Error, &IoError::Thread(error)))?;
    Ok(receiver)
}
