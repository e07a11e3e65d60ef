//! Pauses between tries, for what may work later.

use std::time::Duration;

/// Pauses that double with each failure in a row, from a first one to a last one.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    failures: u32,
}

impl Backoff {
    /// Pauses from a first one to a last one.
    #[must_use]
    pub const fn new(first: Duration, last: Duration) -> Self {
        Self {
            first,
            last,
            failures: 0,
        }
    }

    /// The failures in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The pause after another failure, before the next try.
    #[must_use]
    pub fn after_failure(&mut self) -> Duration {
        let pause = self.first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        pause.min(self.last)
    }

    /// Begins anew after a success.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_last_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(1));
        let pauses: Vec<u128> = (0..100).map(|_| backoff.after_failure().as_millis()).collect();
        assert_eq!(pauses[..4], [200, 400, 800, 1_000]);
        assert!(pauses[4..].iter().all(|pause| *pause == 1_000));
        assert_eq!(backoff.failures(), 100);
        backoff.succeeded();
        assert_eq!(backoff.after_failure().as_millis(), 200);
    }
}
