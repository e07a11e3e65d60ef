//! The times of frames, kept once for all rows that wait.

use std::{collections::VecDeque, time::Duration};

use chronoscope_store::{TimeColumn, Timeline};

/// The timelines of recorded worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordTimelines {
    /// `frame`: frames since the recording began.
    pub frame: bool,
    /// `sim_time`: virtual time, which stops where the app is paused.
    pub sim_time: bool,
    /// `fixed_time`: the time of the fixed schedule.
    pub fixed_time: bool,
    /// `real_time`: real time since the app started.
    pub real_time: bool,
}

impl Default for RecordTimelines {
    fn default() -> Self {
        Self {
            frame: true,
            sim_time: true,
            fixed_time: true,
            real_time: true,
        }
    }
}

/// The timeline of frames.
pub const FRAME_TIMELINE: &str = "frame";
/// The timeline of virtual time.
pub const SIM_TIMELINE: &str = "sim_time";
/// The timeline of the fixed schedule.
pub const FIXED_TIMELINE: &str = "fixed_time";
/// The timeline of real time.
pub const REAL_TIMELINE: &str = "real_time";

/// The times of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameTimes {
    pub(crate) frame: i64,
    /// Nanoseconds, as those below.
    pub(crate) sim_time: i64,
    pub(crate) fixed_time: i64,
    pub(crate) real_time: i64,
}

impl FrameTimes {
    /// Of each clock, what `change` makes of it and the other's.
    pub(crate) fn with_clocks(self, other: Self, change: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            frame: self.frame,
            sim_time: change(self.sim_time, other.sim_time),
            fixed_time: change(self.fixed_time, other.fixed_time),
            real_time: change(self.real_time, other.real_time),
        }
    }
}

/// A time as it is recorded.
pub(crate) fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// A frame, by its number in [`Ticks`].
pub(crate) type Tick = u32;

/// The times of the latest frames.
#[derive(Debug)]
pub(crate) struct Ticks {
    timelines: Vec<Timeline>,
    which: RecordTimelines,
    /// Of the frames from `first` on, a value per timeline.
    times: VecDeque<[i64; 4]>,
    first: Tick,
}

impl Ticks {
    /// Frames that are kept. Rows that wait longer are sent whatever it costs.
    pub(crate) const KEPT: u32 = 8192;

    pub(crate) fn new(which: RecordTimelines) -> Self {
        let all = [
            (which.frame, Timeline::sequence(FRAME_TIMELINE)),
            (which.sim_time, Timeline::duration(SIM_TIMELINE)),
            (which.fixed_time, Timeline::duration(FIXED_TIMELINE)),
            (which.real_time, Timeline::duration(REAL_TIMELINE)),
        ];
        Self {
            timelines: all
                .into_iter()
                .filter_map(|(is_used, timeline)| is_used.then_some(timeline))
                .collect(),
            which,
            times: VecDeque::new(),
            first: 0,
        }
    }

    /// The latest frame.
    pub(crate) fn now(&self) -> Tick {
        self.first + (self.times.len() as u32).saturating_sub(1)
    }

    /// Begins a frame. Returns its times.
    pub(crate) fn push(&mut self, times: &FrameTimes) -> impl Iterator<Item = (&Timeline, i64)> {
        let all = [
            (self.which.frame, times.frame),
            (self.which.sim_time, times.sim_time),
            (self.which.fixed_time, times.fixed_time),
            (self.which.real_time, times.real_time),
        ];
        let mut row = [0; 4];
        let used = all.into_iter().filter(|(is_used, _)| *is_used);
        for (place, (_, time)) in row.iter_mut().zip(used) {
            *place = time;
        }
        if self.times.len() >= 2 * Self::KEPT as usize {
            self.times.drain(..Self::KEPT as usize);
            self.first += Self::KEPT;
        }
        self.times.push_back(row);
        self.timelines.iter().zip(row)
    }

    /// The times of rows.
    pub(crate) fn columns(&self, ticks: impl Iterator<Item = Tick> + Clone) -> Vec<TimeColumn> {
        let column = |(at, timeline): (usize, &Timeline)| {
            let time = |tick: Tick| {
                let place = self.times.get(tick.wrapping_sub(self.first) as usize);
                debug_assert!(place.is_some(), "rows do not wait that long");
                place.map_or(0, |times| times[at])
            };
            TimeColumn::new(timeline.clone(), ticks.clone().map(time).collect::<Vec<i64>>())
        };
        self.timelines.iter().enumerate().map(column).collect()
    }
}
