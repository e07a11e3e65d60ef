//! What a frame cost: measured in each frame, phase by phase.

use std::time::{Duration, Instant};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;

use crate::{Frame, FrameSystems};

/// What the last frame cost and did.
#[derive(Resource, Debug, Default, Clone)]
pub struct FrameDiagnostics {
    /// The number of the frame, from one.
    pub frame: u64,
    phases: [Duration; FrameSystems::ALL.len()],
    running: Option<(FrameSystems, Instant)>,
    /// Messages that were ingested in this frame.
    pub ingested_messages: usize,
    /// Bytes of chunks that were ingested in this frame.
    pub ingested_bytes: u64,
    /// Entities whose rows were looked up in this frame.
    pub requeried_entities: usize,
    /// Data results that visualizers worked on in this frame.
    pub visualized: usize,
    /// The longest pause that garbage collection made, ever.
    pub worst_gc_pause: Duration,
    /// The pause that garbage collection made in this frame.
    pub gc_pause: Duration,
}

impl FrameDiagnostics {
    /// The time that a phase took in the last frame in which it ended.
    pub fn phase(&self, phase: FrameSystems) -> Duration {
        FrameSystems::ALL
            .iter()
            .position(|p| *p == phase)
            .map_or(Duration::ZERO, |at| self.phases[at])
    }

    /// The time that all phases took.
    pub fn total(&self) -> Duration {
        self.phases.iter().sum()
    }

    fn enter(&mut self, phase: Option<FrameSystems>) {
        let now = Instant::now();
        if let Some((running, since)) = self.running.take()
            && let Some(at) = FrameSystems::ALL.iter().position(|p| *p == running)
        {
            self.phases[at] = now.duration_since(since);
        }
        self.running = phase.map(|phase| (phase, now));
    }
}

/// Counts frames and times their phases.
pub struct DiagnosticsPlugin;

impl Plugin for DiagnosticsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<FrameDiagnostics>();
        app.add_systems(Frame, begin_frame.in_set(FrameSystems::Begin));
        // A mark between each two phases. The mark of a phase runs after all of the phase before and before all of its own.
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

fn begin_frame(mut diagnostics: ResMut<FrameDiagnostics>) {
    puffin::GlobalProfiler::lock().new_frame();
    puffin::profile_scope!("begin_frame");
    let diagnostics = &mut *diagnostics;
    diagnostics.enter(Some(FrameSystems::Begin));
    diagnostics.frame += 1;
    diagnostics.ingested_messages = 0;
    diagnostics.ingested_bytes = 0;
    diagnostics.requeried_entities = 0;
    diagnostics.visualized = 0;
    diagnostics.gc_pause = Duration::ZERO;
}

pub(crate) fn end_frame(mut diagnostics: ResMut<FrameDiagnostics>) {
    diagnostics.enter(None);
}
