//! The times of frames, kept once for all rows that wait.

use std::collections::VecDeque;

use bevy_ecs::change_detection::Tick as ChangeTick;
use chronoscope_store::{TimeColumn, Timeline};

/// The timeline of frames.
pub const FRAME_TIMELINE: &str = "frame";
/// The timeline of virtual time.
pub const SIM_TIMELINE: &str = "sim_time";
/// The timeline of the fixed schedule.
pub const FIXED_TIMELINE: &str = "fixed_time";
/// The timeline of real time.
pub const REAL_TIMELINE: &str = "real_time";

/// The timelines of a recorded world that it has without the app's doing. More are added by
/// [`add_time_source`](crate::AppTimeSourceExt::add_time_source).
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

/// A time on a timeline, by its name.
pub(crate) type NamedTime = (String, i64);

/// A frame, by its number in [`Ticks`].
pub(crate) type Tick = u32;

/// The times of the latest frames.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    timelines: Vec<Timeline>,
    /// Per timeline, those of the frames from `first` on.
    times: Vec<VecDeque<i64>>,
    /// Of these frames, the tick after which the engine counts what changed later.
    changes: VecDeque<ChangeTick>,
    first: Tick,
    /// The frames that are kept.
    len: u32,
}

impl Ticks {
    /// Frames that are kept. Rows that wait longer are sent whatever it costs.
    pub(crate) const KEPT: u32 = 8192;

    /// None on these timelines yet.
    pub(crate) fn new(timelines: Vec<Timeline>) -> Self {
        Self {
            times: vec![VecDeque::new(); timelines.len()],
            timelines,
            changes: VecDeque::new(),
            first: 0,
            len: 0,
        }
    }

    pub(crate) fn timelines(&self) -> &[Timeline] {
        &self.timelines
    }

    /// The latest frame.
    pub(crate) fn now(&self) -> Tick {
        self.first + self.len.saturating_sub(1)
    }

    /// The times of the latest frame.
    pub(crate) fn latest(&self) -> impl Iterator<Item = (&Timeline, i64)> {
        let latest = self.times.iter().filter_map(|times| times.back().copied());
        self.timelines.iter().zip(latest)
    }

    /// After which tick of the engine changes came later than a frame that is kept: the latest one at or before a time. `None`
    /// where that is not known.
    pub(crate) fn changes_at(&self, timeline: &str, time: i64) -> Option<ChangeTick> {
        let mut timelines = self.timelines.iter();
        let at = timelines.position(|known| **known.name() == *timeline)?;
        let frame = self.times.get(at)?.iter().rposition(|begun| *begun <= time)?;
        self.changes.get(frame).copied()
    }

    /// Begins a frame at these times, one per timeline, and at a tick of the engine.
    pub(crate) fn push(&mut self, times: impl ExactSizeIterator<Item = i64>, changes: ChangeTick) {
        debug_assert_eq!(times.len(), self.timelines.len(), "a time per timeline");
        let is_full = self.len >= 2 * Self::KEPT;
        for (kept, time) in self.times.iter_mut().zip(times) {
            if is_full {
                kept.drain(..Self::KEPT as usize);
            }
            kept.push_back(time);
        }
        self.changes.push_back(changes);
        if is_full {
            self.changes.drain(..Self::KEPT as usize);
            self.first += Self::KEPT;
            self.len -= Self::KEPT;
        }
        self.len += 1;
    }

    /// The times of rows.
    pub(crate) fn columns(&self, ticks: impl Iterator<Item = Tick> + Clone) -> Vec<TimeColumn> {
        let column = |(timeline, kept): (&Timeline, &VecDeque<i64>)| {
            let time = |tick: Tick| {
                let time = kept.get(tick.wrapping_sub(self.first) as usize);
                debug_assert!(time.is_some(), "rows do not wait that long");
                time.copied().unwrap_or_default()
            };
            TimeColumn::new(timeline.clone(), ticks.clone().map(time).collect::<Vec<i64>>())
        };
        self.timelines.iter().zip(&self.times).map(column).collect()
    }
}
