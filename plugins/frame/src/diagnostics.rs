//! What a frame cost: each phase's time, and the items that it worked on.
//!
//! Times differ from machine to machine, counts do not: that a frame costs what changed, not what exists, is
//! tested by counting [`Work`] at one size of a recording and at ten times that.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::CacheStats;

use crate::{Frame, FrameSystems, MemoryUse, settle::settle};

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
    /// Entities of which it was found out, per view, what they show first and at a few later times: views frame that.
    FirstLooks,
    /// Instances that were written to buffers.
    InstancesWritten,
    /// Segments of buffers that got another transform or highlight.
    SegmentsPlaced,
    /// Labels that were laid out.
    LabelsLaidOut,
}

impl Work {
    /// All kinds, in the order of their phases.
    pub const ALL: [Self; 13] = [
        Self::SchemaRowsRead,
        Self::EntitiesWalked,
        Self::LookedUp,
        Self::OverridesResolved,
        Self::TransformRowsRead,
        Self::TransformsComposed,
        Self::ResultsChecked,
        Self::VisualsMade,
        Self::SeriesSamplesRead,
        Self::FirstLooks,
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
            Self::FirstLooks | Self::InstancesWritten | Self::SegmentsPlaced | Self::LabelsLaidOut => {
                FrameSystems::Present
            }
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
            Self::FirstLooks => "first_looks",
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

/// The most frames whose times are kept: four seconds at 60 frames a second.
const MAX_HISTORY: usize = 240;

/// What a frame took and did, as it is kept for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameSample {
    phases: [f32; FrameSystems::ALL.len()],
    /// The milliseconds of the passes over the user interface.
    pub ui_ms: f32,
    /// The milliseconds of garbage collection; zero where there was none.
    pub gc_ms: f32,
    /// The cached answers to queries that were dropped.
    pub invalidations: u32,
}

impl FrameSample {
    /// The milliseconds of a phase.
    pub fn phase_ms(&self, phase: FrameSystems) -> f32 {
        self.phases[phase as usize]
    }

    /// The milliseconds of all phases.
    pub fn phases_ms(&self) -> f32 {
        self.phases.iter().sum()
    }

    /// The milliseconds of all phases and of the user interface.
    pub fn total_ms(&self) -> f32 {
        self.phases_ms() + self.ui_ms
    }
}

/// What queries for the latest rows cost, since the program began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryUse {
    /// Rows that were found beside the ones before, so that neither an index nor a cache was asked.
    pub followed: u64,
    /// What the query caches of the recordings that are open did and hold.
    pub caches: CacheStats,
}

impl QueryUse {
    /// The share of rows that were found without a search in an index, from 0 to 1; `None` where none were
    /// asked for.
    pub fn hit_rate(&self) -> Option<f64> {
        let found = self.followed + self.caches.hits;
        let all = found + self.caches.misses;
        (all > 0).then(|| found as f64 / all as f64)
    }
}

/// What the last frame cost and did, and what those before it took.
#[derive(Resource, Debug, Default, Clone)]
pub struct FrameDiagnostics {
    /// The number of the frame, from one.
    pub frame: u64,
    phases: [PhaseTime; FrameSystems::ALL.len()],
    running: Option<Mark>,
    history: VecDeque<FrameSample>,
    /// The passes over the user interface since the frame began, for those who draw it to add to.
    pub ui: Duration,
    /// What queries cost up to the last frame.
    pub queries: QueryUse,
    /// The cached answers that the last frame dropped.
    pub invalidations: u64,
    /// The CPU time of the process, for those who measure it: reading it costs a system call per phase.
    pub cpu_clock: Option<fn() -> Duration>,
    /// Messages that were ingested in this frame.
    pub ingested_messages: usize,
    /// Rows in the chunks that sources gave in this frame.
    pub ingested_rows: u64,
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
    /// The time from the beginning to the end of a phase in the last frame; zero where it did not run.
    pub fn phase(&self, phase: FrameSystems) -> Duration {
        self.phase_time(phase).wall
    }

    /// What a phase took in the last frame.
    pub fn phase_time(&self, phase: FrameSystems) -> PhaseTime {
        self.phases[phase as usize]
    }

    /// The time that all phases took.
    pub fn total(&self) -> Duration {
        self.phases.iter().map(|phase| phase.wall).sum()
    }

    /// The frames before this one, the oldest first: some four seconds of them while frames are drawn without
    /// a pause. A viewer at rest adds none.
    pub fn history(&self) -> impl ExactSizeIterator<Item = &FrameSample> + DoubleEndedIterator {
        self.history.iter()
    }

    fn keep_sample(&mut self) {
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        let ms = |time: Duration| time.as_secs_f32() * 1_000.0;
        self.history.push_back(FrameSample {
            phases: self.phases.map(|phase| ms(phase.wall)),
            ui_ms: ms(self.ui),
            gc_ms: ms(self.gc_pause),
            invalidations: u32::try_from(self.invalidations).unwrap_or(u32::MAX),
        });
        self.phases = Default::default();
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
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
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
        app.add_systems(Frame, end_frame.in_set(FrameSystems::End).after(settle));
    }
}

fn begin_frame(mut diagnostics: ResMut<FrameDiagnostics>, mut counters: ResMut<WorkCounters>) {
    puffin::profile_scope!("begin_frame");
    let diagnostics = &mut *diagnostics;
    if diagnostics.frame > 0 {
        diagnostics.keep_sample();
    }
    diagnostics.enter(Some(FrameSystems::Begin));
    diagnostics.frame += 1;
    diagnostics.ui = Duration::ZERO;
    diagnostics.ingested_messages = 0;
    diagnostics.ingested_rows = 0;
    diagnostics.ingested_bytes = 0;
    diagnostics.gc_pause = Duration::ZERO;
    diagnostics.gc_items_between_looks = 0;
    counters.bypass_change_detection().clear();
}

fn end_frame(mut diagnostics: ResMut<FrameDiagnostics>) {
    diagnostics.enter(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_seconds_of_frames_are_kept() {
        let mut diagnostics = FrameDiagnostics::default();
        for frame in 0..MAX_HISTORY as u64 + 10 {
            diagnostics.phases[FrameSystems::Gc as usize].wall = Duration::from_millis(2);
            diagnostics.ui = Duration::from_millis(3);
            diagnostics.invalidations = frame;
            diagnostics.keep_sample();
        }
        assert_eq!(diagnostics.history().len(), MAX_HISTORY);
        let first = diagnostics.history().next().copied().unwrap_or_default();
        assert_eq!(first.invalidations, 10, "the oldest go");
        assert!((first.phase_ms(FrameSystems::Gc) - 2.0).abs() < 1e-3);
        assert!((first.total_ms() - 5.0).abs() < 1e-3);
        assert_eq!(
            diagnostics.phase(FrameSystems::Gc),
            Duration::ZERO,
            "a phase that does not run in the next frame took nothing"
        );
    }

    #[test]
    fn rows_that_are_found_without_a_search_are_hits() {
        assert_eq!(QueryUse::default().hit_rate(), None);
        let caches = CacheStats {
            hits: 2,
            misses: 1,
            ..CacheStats::default()
        };
        let queries = QueryUse { followed: 1, caches };
        assert_eq!(queries.hit_rate(), Some(0.75));
    }

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
