//! What frames cost: clocks, and the statistics of many frames.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of all threads of this process.
pub fn process_cpu_time() -> Duration {
    cpu_time(ClockId::ProcessCPUTime)
}

/// The CPU time of this thread.
pub fn thread_cpu_time() -> Duration {
    cpu_time(ClockId::ThreadCPUTime)
}

fn cpu_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Wall time and CPU time of all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// From beginning to end.
    pub wall: Duration,
    /// Of all threads together.
    pub cpu: Duration,
}

impl Cost {
    /// The cost of a piece of work, and what it returns.
    pub fn of<T>(work: impl FnOnce() -> T) -> (Self, T) {
        Self::by(process_cpu_time, work)
    }

    /// The cost of a piece of work by a clock of CPU time, and what it returns.
    pub fn by<T>(cpu_clock: fn() -> Duration, work: impl FnOnce() -> T) -> (Self, T) {
        let (wall, cpu) = (std::time::Instant::now(), cpu_clock());
        let result = work();
        let cost = Self {
            wall: wall.elapsed(),
            cpu: cpu_clock().saturating_sub(cpu),
        };
        (cost, result)
    }
}

/// A quantile of some durations, in milliseconds: 0.5 is the median. Zero of nothing.
pub fn quantile_ms(durations: impl IntoIterator<Item = Duration>, quantile: f64) -> f64 {
    let mut sorted: Vec<Duration> = durations.into_iter().collect();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * quantile).ceil() as usize;
    sorted
        .get(at)
        .map_or(0.0, |duration| duration.as_secs_f64() * 1e3)
}
