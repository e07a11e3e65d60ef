//! Text logs: the lines of all logs of a view, in the order in which they were logged.
//!
//! [`entries`] are the lines of one entity; they refer to the text in the store rather than copy it. [`table`] merges those of all
//! entities of a view, once per change. [`ui`] lays out the lines that can be seen, so that a million cost no more than twenty.

pub mod entries;
pub mod level;
pub mod table;
pub mod ui;

#[cfg(test)]
mod tests;

use bevy::{
    app::{App, Plugin},
    ecs::prelude::*,
};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{
    AppViewClassExt as _, AppVisualizerExt as _, DataResults, Frame, FrameSystems, View, ViewClass, Visuals,
};

pub use entries::{LogEntries, TextLog};
pub use table::{LogTable, LogTables};
pub use ui::TextLogUi;

use crate::AppViewUiExt as _;

/// Lists of log lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextLogClass;

impl ViewClass for TextLogClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::TEXT_LOG.into()
    }

    fn display_name(&self) -> &'static str {
        "Text log"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_text_log(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_text_log(schema, delta, said)
    }
}

/// Adds text log views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextLogPlugin;

impl Plugin for TextLogPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<LogTables>()
            .add_view_class(TextLogClass)
            .add_visualizer::<TextLog>(&[ViewClassId::TEXT_LOG])
            .add_view_ui(TextLogUi)
            // The scenes of spatial views take the whole world, but not these tables.
            .add_systems(
                Frame,
                merge_logs.in_set(FrameSystems::Present).ambiguous_with_all(),
            );
    }
}

/// Brings the tables of all views up to date.
fn merge_logs(
    mut tables: ResMut<LogTables>,
    visuals: Res<Visuals<TextLog>>,
    views: Query<(&View, &DataResults)>,
) {
    puffin::profile_scope!("present", "text logs");
    let tables = tables.bypass_change_detection();
    tables.retain(|view| views.iter().any(|(other, _)| other.id == view));
    for (view, results) in &views {
        let Some(visuals) = visuals.view(view.id) else {
            continue;
        };
        let table = tables.get_mut(view.id);
        if visuals.is_unchanged() && table.num_entities() == visuals.iter().count() {
            continue;
        }
        let logs: Vec<_> = results
            .iter()
            .filter_map(|result| Some((result.entity, visuals.get(result.entity)?.as_ref())))
            .collect();
        table.update(&logs);
    }
}
