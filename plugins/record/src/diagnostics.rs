//! The engine's diagnostics as scalars.

use std::time::Instant;

use bevy_app::{App, Last, Plugin};
use bevy_diagnostic::{DiagnosticPath, DiagnosticsStore};
use bevy_ecs::prelude::*;
use chronoscope_store::EntityPath;
use chronoscope_types::Scalars;
use rustc_hash::FxHashMap;

use crate::{RecordSystems, WorldRecorder, is_recording, plugin};

/// Records each new measurement of the engine's diagnostics, below `/app/diagnostics`.
pub struct RecordDiagnosticsPlugin;

impl Plugin for RecordDiagnosticsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            Last,
            record_diagnostics
                .in_set(RecordSystems::Values)
                .after(plugin::record_poses)
                .run_if(is_recording)
                .run_if(resource_exists::<DiagnosticsStore>),
        );
    }
}

fn record_diagnostics(
    mut recorder: ResMut<WorldRecorder>,
    store: Res<DiagnosticsStore>,
    mut seen: Local<FxHashMap<DiagnosticPath, Instant>>,
) {
    for diagnostic in store.iter() {
        let Some(measurement) = diagnostic.measurement() else {
            continue;
        };
        let last = seen.insert(diagnostic.path().clone(), measurement.time);
        if last == Some(measurement.time) || !measurement.value.is_finite() {
            continue;
        }
        let path = diagnostic
            .path()
            .components()
            .fold(EntityPath::from("app/diagnostics"), |path, part| path.child(part));
        recorder.log_or_report(path, &Scalars::new([measurement.value]));
    }
}
