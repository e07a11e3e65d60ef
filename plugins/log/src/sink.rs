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
