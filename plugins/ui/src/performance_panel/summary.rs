//! What the frames that are kept say together, and what is aimed at.

use chronoscope_frame::{FrameDiagnostics, FrameSample, FrameSystems};

/// The milliseconds in which a frame should be done: 60 a second.
pub(super) const FRAME_GOAL_MS: f32 = 16.67;

/// Times of one part of the frame, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Times {
    pub(super) last: f32,
    pub(super) median: f32,
    /// Nineteen of twenty frames took no longer.
    pub(super) p95: f32,
    pub(super) worst: f32,
}

impl Times {
    /// Of all frames that are kept.
    pub(super) fn of(diagnostics: &FrameDiagnostics, ms: impl Fn(&FrameSample) -> f32) -> Self {
        let mut all: Vec<f32> = diagnostics.history().map(ms).collect();
        let Some(last) = all.last().copied() else {
            return Self::default();
        };
        all.sort_unstable_by(f32::total_cmp);
        let at = |share: f32| all[((all.len() - 1) as f32 * share).round() as usize];
        Self {
            last,
            median: at(0.5),
            p95: at(0.95),
            worst: at(1.0),
        }
    }
}

/// What should hold for a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// So much at most, in the unit of the figure.
    AtMost(f64, &'static str),
    /// So much at least.
    AtLeast(f64, &'static str),
}

impl Goal {
    pub(super) fn is_missed_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most, _) => value > most,
            Self::AtLeast(least, _) => value < least,
        }
    }

    /// As it is said in a tooltip.
    pub(super) fn text(self) -> String {
        match self {
            Self::AtMost(most, unit) => format!("Goal: at most {most} {unit}"),
            Self::AtLeast(least, unit) => format!("Goal: at least {least} {unit}"),
        }
    }
}

/// What a phase should take at most.
pub(super) const fn goal_of(phase: FrameSystems) -> Option<Goal> {
    match phase {
        FrameSystems::QueryResults => Some(Goal::AtMost(8.0, "ms")),
        FrameSystems::Gc => Some(Goal::AtMost(3.5, "ms")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_held_against_their_goals() {
        let most = Goal::AtMost(3.5, "ms");
        assert!(most.is_missed_by(3.6) && !most.is_missed_by(3.5));
        let least = Goal::AtLeast(90.0, "%");
        assert!(least.is_missed_by(89.0) && !least.is_missed_by(90.0));
        assert_eq!(least.text(), "Goal: at least 90 %");
    }

    #[test]
    fn without_frames_there_are_no_times() {
        assert_eq!(
            Times::of(&FrameDiagnostics::default(), FrameSample::total_ms),
            Times::default()
        );
    }
}
