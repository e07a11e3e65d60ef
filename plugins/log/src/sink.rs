//! Where chunks go.

use chronoscope_types::LogMessage;

use crate::SinkError;

/// Where chunks go: a file, a viewer, memory. Called in the order of logging, by one thread at a time; may wait.
///
/// ```
/// use chronoscope_log::{Recorder, Sink, SinkError};
/// use chronoscope_types::{LogMessage, Scalars};
///
/// struct Count(std::sync::Arc<std::sync::atomic::AtomicU64>);
///
/// impl Sink for Count {
///     fn name(&self) -> &str {
///         "count"
///     }
///
///     fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
///         self.0.fetch_add(message.num_rows(), std::sync::atomic::Ordering::Relaxed);
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), chronoscope_log::LogError> {
/// let rows = std::sync::Arc::default();
/// let recorder = Recorder::builder("app").sink(Count(std::sync::Arc::clone(&rows))).start()?;
/// recorder.log("plots/x", &Scalars::new([1.0]))?;
/// drop(recorder);
/// // The other row says when the recording began.
/// assert_eq!(rows.load(std::sync::atomic::Ordering::Relaxed), 2);
/// # Ok(())
/// # }
/// ```
pub trait Sink: Send + 'static {
    /// What a user calls it: a file's path, an address.
    fn name(&self) -> &str;

    /// Whether it takes more. One that does not is left out, and that is no failure.
    fn is_wanted(&self) -> bool {
        true
    }

    /// Has it rather lose something than wait for others or end with a connection: for those who log from a loop that must not stop.
    /// What is lost is said by [`Self::take_notices`]. Nothing changes for a sink that waits for nobody.
    fn tolerate_losses(&mut self) {}

    /// What there is to say that is no failure, since this was asked last.
    fn take_notices(&mut self) -> Vec<SinkNotice> {
        Vec::new()
    }

    /// The bytes of what was taken and is not yet where it belongs.
    fn waiting_bytes(&self) -> u64 {
        0
    }

    /// Takes a message.
    ///
    /// # Errors
    /// If it can take neither this one nor more: it is left out from then on.
    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError>;

    /// Waits until what was taken is where it belongs.
    ///
    /// # Errors
    /// As [`Self::take`].
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Ends what was taken: the last call.
    ///
    /// # Errors
    /// If the end of it is lost.
    fn finish(&mut self) -> Result<(), SinkError> {
        self.flush()
    }
}

/// What a sink says of itself while it goes on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SinkNotice {
    /// Something is lost, or may be.
    Lost(SinkError),
    /// Whoever takes what comes from now on may know nothing of what came before, but for what holds at all times.
    Anew,
}
