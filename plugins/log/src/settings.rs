//! When rows become chunks.

use std::time::Duration;

/// When rows that wait are sent on as chunks.
///
/// Few large chunks cost less than many small ones: to write, to index, to query. More rows mean that a viewer sees them later.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchSettings {
    /// Rows of a batch. The default is what stores merge chunks to.
    pub max_rows: usize,
    /// Bytes of a batch. The default is what stores merge chunks to.
    pub max_bytes: u64,
    /// Bytes of all batches together. Over it, all are sent.
    pub max_total_bytes: u64,
    /// How long a row may wait, measured by a thread that sleeps while nothing waits. Without it, rows wait for the limits above
    /// or for [`Recorder::flush`](crate::Recorder::flush).
    pub max_wait: Option<Duration>,
    /// Whether each row lies on `log_time` too, by the clock of the system.
    pub log_time: bool,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            max_rows: 4096,
            max_bytes: 384 * 1024,
            max_total_bytes: 16 << 20,
            max_wait: Some(Duration::from_millis(200)),
            log_time: true,
        }
    }
}

impl BatchSettings {
    /// Every row is a chunk of its own, sent at once.
    pub fn unbatched() -> Self {
        Self {
            max_rows: 1,
            ..Self::default()
        }
    }

    /// Rows wait until there are enough of them, or until a flush.
    pub fn without_timer() -> Self {
        Self {
            max_wait: None,
            ..Self::default()
        }
    }
}
