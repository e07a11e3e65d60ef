//! The engine's diagnostics as scalars.

use std::time::Instant;

use bevy_app::{App, Plugin};
use bevy_diagnostic::{DiagnosticPath, DiagnosticsStore};
use bevy_ecs::prelude::*;
use chronoscope_store::EntityPath;
use chronoscope_types::Scalars;
use rustc_hash::FxHashMap;

use crate::{WorldRecorder, order};

/// Records each new measurement of the engine's diagnostics, below `/app/diagnostics`.
pub struct RecordDiagnosticsPlugin;

impl Plugin for RecordDiagnosticsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        order::add_to_values(
            app,
            record_diagnostics.run_if(resource_exists::<DiagnosticsStore>),
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
