//! What a frame cost: each phase's time, and the items that it worked on.
//!
//! Times differ from machine to machine, counts do not: that a frame costs what changed, not what exists, is
//! tested by counting [`Work`] at one size of a recording and at ten times that.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;

use crate::{Frame, FrameSystems, MemoryUse};

/// A kind of work that a phase does, counted in items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// Entities whose components were read for the heuristics.
    SchemaRowsRead,
    /// Entities that were matched against the contents of a view, once per view.
    EntitiesWalked,
    /// Entities whose latest rows were looked up at the cursor.
    LookedUp,
    /// Entities whose overrides and visibility were resolved, once per view.
    OverridesResolved,
    /// Rows that were read of entities that place several named frames.
    TransformRowsRead,
    /// Transforms that were composed.
    TransformsComposed,
    /// Data results that a visualizer compared with what it had made before.
    ResultsChecked,
    /// Visuals that were made.
    VisualsMade,
    /// Samples of series that were read from chunks.
    SeriesSamplesRead,
    /// Instances that were written to buffers.
    InstancesWritten,
    /// Segments of buffers that got another transform or highlight.
    SegmentsPlaced,
    /// Labels that were laid out.
    LabelsLaidOut,
}

impl Work {
    /// All kinds, in the order of their phases.
    pub const ALL: [Self; 12] = [
        Self::SchemaRowsRead,
        Self::EntitiesWalked,
        Self::LookedUp,
        Self::OverridesResolved,
        Self::TransformRowsRead,
        Self::TransformsComposed,
        Self::ResultsChecked,
        Self::VisualsMade,
        Self::SeriesSamplesRead,
        Self::InstancesWritten,
        Self::SegmentsPlaced,
        Self::LabelsLaidOut,
    ];

    /// The phase that does it.
    pub const fn phase(self) -> FrameSystems {
        match self {
            Self::SchemaRowsRead => FrameSystems::BlueprintQuery,
            Self::EntitiesWalked | Self::LookedUp => FrameSystems::QueryResults,
            Self::OverridesResolved => FrameSystems::Overrides,
            Self::TransformRowsRead | Self::TransformsComposed => FrameSystems::ContextSystems,
            Self::ResultsChecked | Self::VisualsMade | Self::SeriesSamplesRead => FrameSystems::Visualizers,
            Self::InstancesWritten | Self::SegmentsPlaced | Self::LabelsLaidOut => FrameSystems::Present,
        }
    }

    /// The name in tables: `transforms_composed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SchemaRowsRead => "schema_rows_read",
            Self::EntitiesWalked => "entities_walked",
            Self::LookedUp => "looked_up",
            Self::OverridesResolved => "overrides_resolved",
            Self::TransformRowsRead => "transform_rows_read",
            Self::TransformsComposed => "transforms_composed",
            Self::ResultsChecked => "results_checked",
            Self::VisualsMade => "visuals_made",
            Self::SeriesSamplesRead => "series_samples_read",
            Self::InstancesWritten => "instances_written",
            Self::SegmentsPlaced => "segments_placed",
            Self::LabelsLaidOut => "labels_laid_out",
        }
    }
}

/// What the frame did, counted by whoever did it. Counting takes no exclusive access, so that it orders no
/// systems.
#[derive(Resource, Debug, Default)]
pub struct WorkCounters {
    counts: [AtomicU64; Work::ALL.len()],
}

impl WorkCounters {
    /// Adds items to what the frame did.
    pub fn add(&self, work: Work, items: usize) {
        if items > 0 {
            self.counts[work as usize].fetch_add(items as u64, Ordering::Relaxed);
        }
    }

    /// The items of the frame so far; after its end, of the whole frame.
    pub fn get(&self, work: Work) -> u64 {
        self.counts[work as usize].load(Ordering::Relaxed)
    }

    /// All counts that are not zero.
    pub fn iter(&self) -> impl Iterator<Item = (Work, u64)> {
        Work::ALL
            .into_iter()
            .map(|work| (work, self.get(work)))
            .filter(|(_, items)| *items > 0)
    }

    fn clear(&mut self) {
        for count in &mut self.counts {
            *count.get_mut() = 0;
        }
    }
}

/// What a phase took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTime {
    /// From its beginning to its end.
    pub wall: Duration,
    /// Of all threads together, where [`FrameDiagnostics::cpu_clock`] is set.
    pub cpu: Duration,
}

/// What the last frame cost and did.
#[derive(Resource, Debug, Default, Clone)]
pub struct FrameDiagnostics {
    /// The number of the frame, from one.
    pub frame: u64,
    phases: [PhaseTime; FrameSystems::ALL.len()],
    running: Option<Mark>,
    /// The CPU time of the process, for those who measure it: reading it costs a system call per phase.
    pub cpu_clock: Option<fn() -> Duration>,
    /// Messages that were ingested in this frame.
    pub ingested_messages: usize,
    /// Bytes of chunks that were ingested in this frame.
    pub ingested_bytes: u64,
    /// Who held the memory that counts against the budget when the frame began.
    pub memory: MemoryUse,
    /// The longest pause that garbage collection made, ever.
    pub worst_gc_pause: Duration,
    /// The pause that garbage collection made in this frame.
    pub gc_pause: Duration,
    /// The most items that garbage collection worked on between two looks at the clock in this frame.
    pub gc_items_between_looks: usize,
}

/// The beginning of a phase.
#[derive(Clone, Copy, Debug)]
struct Mark {
    phase: FrameSystems,
    wall: Instant,
    cpu: Duration,
}

impl FrameDiagnostics {
    /// The time from the beginning to the end of a phase in the last frame in which it ended.
    pub fn phase(&self, phase: FrameSystems) -> Duration {
        self.phase_time(phase).wall
    }

    /// What a phase took in the last frame in which it ended.
    pub fn phase_time(&self, phase: FrameSystems) -> PhaseTime {
        self.phases[phase as usize]
    }

    /// The time that all phases took.
    pub fn total(&self) -> Duration {
        self.phases.iter().map(|phase| phase.wall).sum()
    }

    fn enter(&mut self, phase: Option<FrameSystems>) {
        let now = Instant::now();
        let cpu = self.cpu_clock.map_or(Duration::ZERO, |clock| clock());
        if let Some(mark) = self.running.take() {
            self.phases[mark.phase as usize] = PhaseTime {
                wall: now.duration_since(mark.wall),
                cpu: cpu.saturating_sub(mark.cpu),
            };
        }
        self.running = phase.map(|phase| Mark {
            phase,
            wall: now,
            cpu,
        });
    }
}

/// Counts frames and times their phases.
pub struct DiagnosticsPlugin;

impl Plugin for DiagnosticsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<FrameDiagnostics>()
            .init_resource::<WorkCounters>();
        app.add_systems(Frame, begin_frame.in_set(FrameSystems::Begin));
        // A mark between each two phases. The mark of a phase runs after all of the phase before and before
        // all of its own.
        for pair in FrameSystems::ALL.windows(2) {
            let (before, phase) = (pair[0], pair[1]);
            app.add_systems(
                Frame,
                (move |mut diagnostics: ResMut<FrameDiagnostics>| diagnostics.enter(Some(phase)))
                    .after(before)
                    .before(phase),
            );
        }
        app.add_systems(Frame, end_frame.after(FrameSystems::Present));
    }
}

fn begin_frame(mut diagnostics: ResMut<FrameDiagnostics>, mut counters: ResMut<WorkCounters>) {
    puffin::profile_scope!("begin_frame");
    let diagnostics = &mut *diagnostics;
    diagnostics.enter(Some(FrameSystems::Begin));
    diagnostics.frame += 1;
    diagnostics.ingested_messages = 0;
    diagnostics.ingested_bytes = 0;
    diagnostics.gc_pause = Duration::ZERO;
    diagnostics.gc_items_between_looks = 0;
    counters.bypass_change_detection().clear();
}

pub(crate) fn end_frame(mut diagnostics: ResMut<FrameDiagnostics>) {
    diagnostics.enter(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_work_are_counted_apart() {
        let mut counters = WorkCounters::default();
        for (at, work) in Work::ALL.into_iter().enumerate() {
            assert_eq!(work as usize, at);
            counters.add(work, at);
        }
        for (at, phase) in FrameSystems::ALL.into_iter().enumerate() {
            assert_eq!(phase as usize, at);
        }
        assert_eq!(counters.iter().count(), Work::ALL.len() - 1);
        assert_eq!(counters.get(Work::LookedUp), 2);
        counters.clear();
        assert_eq!(counters.iter().count(), 0);
    }
}
