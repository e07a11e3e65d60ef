//! How often what failed is tried again, and after which pauses.

use std::{thread, time::Duration};

use super::HttpError;
use crate::Backoff;

/// The tries after a failure, without a byte between.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses between tries.
pub(super) fn backoff() -> Backoff {
    Backoff::new(FIRST_PAUSE, LAST_PAUSE)
}

/// Waits before the next try after a failure.
///
/// # Errors
/// The failure, where no other try is worth it.
pub(super) fn wait_after(error: HttpError, backoff: &mut Backoff) -> Result<(), HttpError> {
    if backoff.failures() >= TRIES || !error.is_worth_another_try() {
        return Err(error);
    }
    thread::sleep(backoff.after_failure());
    Ok(())
}
