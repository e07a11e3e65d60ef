//! What passes through a source, as numbers for people.

use std::time::{Duration, Instant, SystemTime};

use chronoscope_frame::SourceFlow;
use chronoscope_types::LogMessage;

/// The time over which rates are taken.
const WINDOW: Duration = Duration::from_millis(500);
/// After so many messages the clocks are looked at, even while more are there: in a flood something always is.
const LOOK_EVERY: u64 = 256;
/// Data that was logged longer ago is not late but old: it was kept elsewhere.
const OLD_SECS: f32 = 60.0;

/// Counts rows and bytes, and how late they are.
#[derive(Debug)]
pub(super) struct FlowMeter {
    pub(super) flow: SourceFlow,
    since: Instant,
    /// Messages since the source began.
    messages: u64,
    rows: u64,
    bytes: u64,
    /// When the latest row was logged, in nanoseconds since the epoch.
    last_row_nanos: Option<u64>,
}

impl FlowMeter {
    pub(super) fn new() -> Self {
        Self {
            flow: SourceFlow::default(),
            since: Instant::now(),
            messages: 0,
            rows: 0,
            bytes: 0,
            last_row_nanos: None,
        }
    }

    /// Counts a message.
    pub(super) fn count(&mut self, message: &LogMessage) {
        self.messages += 1;
        self.bytes += message.num_bytes();
        if let Some(chunk) = message.chunk() {
            self.rows += chunk.num_rows() as u64;
            // The upper half of an id is the time at which it was made.
            let last_row = chunk.row_ids().last();
            self.last_row_nanos = last_row.map(|row_id| (row_id.as_u128() >> 64) as u64);
        }
        if self.messages.is_multiple_of(LOOK_EVERY) {
            self.look();
        }
    }

    /// Looks at the clocks. Called after all that was there was counted, too.
    pub(super) fn look(&mut self) {
        let elapsed = self.since.elapsed();
        if let Some(made) = self.last_row_nanos.take() {
            let now = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            self.flow.delay_secs = delay_secs(Duration::from_nanos(made), now);
        }
        if elapsed >= WINDOW {
            self.update(elapsed);
            self.since = Instant::now();
        }
    }

    fn update(&mut self, elapsed: Duration) {
        let secs = elapsed.as_secs_f32();
        self.flow.rows_per_sec = self.rows as f32 / secs;
        self.flow.bytes_per_sec = self.bytes as f32 / secs;
        self.flow.rows += self.rows;
        (self.rows, self.bytes) = (0, 0);
    }
}

/// How late something is that was made at a time, by two clocks that may have been set since; `None` where it is old.
fn delay_secs(made: Duration, now: Duration) -> Option<f32> {
    let delay = now.saturating_sub(made).as_secs_f32();
    (delay < OLD_SECS).then_some(delay)
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, log_chunk};

    use super::*;

    #[test]
    fn clocks_that_jump_make_no_delay_of_less_than_nothing() {
        let secs = Duration::from_secs;
        assert_eq!(delay_secs(secs(100), secs(101)), Some(1.0));
        assert_eq!(delay_secs(secs(200), secs(100)), Some(0.0));
        assert_eq!(delay_secs(secs(100), secs(4_000)), None);
        assert_eq!(delay_secs(Duration::MAX, Duration::ZERO), Some(0.0));
    }

    fn message() -> LogMessage {
        let chunk = log_chunk("a", [(Timeline::sequence("frame"), 0)], &Scalars::new([1.0]));
        LogMessage::Chunk {
            store: StoreId::recording("app", "run"),
            chunk: Arc::new(chunk.expect("a chunk of a test")),
        }
    }

    #[test]
    fn rates_are_over_the_time_that_passed() {
        let message = message();
        let mut meter = FlowMeter::new();
        for _ in 0..10 {
            meter.count(&message);
        }
        meter.update(Duration::from_secs(2));
        assert_eq!((meter.flow.rows, meter.flow.rows_per_sec), (10, 5.0));
        assert!(meter.flow.bytes_per_sec > 0.0);
        meter.look();
        assert!(meter.flow.delay_secs.is_some(), "it was made just now");
        meter.update(Duration::from_secs(2));
        assert_eq!((meter.flow.rows, meter.flow.rows_per_sec), (10, 0.0));
    }

    #[test]
    fn a_flood_has_a_rate_and_a_delay_while_more_is_there() {
        let message = message();
        let mut meter = FlowMeter::new();
        let begin = meter.since;
        while meter.since == begin {
            meter.count(&message);
        }
        assert!(meter.flow.rows > 0 && meter.flow.rows.is_multiple_of(LOOK_EVERY));
        assert!(meter.flow.rows_per_sec > 0.0);
        assert!(meter.flow.delay_secs.is_some());
    }
}
