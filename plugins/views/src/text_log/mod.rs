//! Text logs: the lines of all logs of a view, in the order in which they were logged.
//!
//! [`entries`] are the lines of one entity; they refer to the text in the store rather than copy it. [`table`] merges those of all
//! entities of a view, once per change; [`filter`] chooses among them. [`ui`] lays out the lines that can be seen, so that a
//! million cost no more than twenty.

mod ansi;
mod entries;
mod excerpt;
mod filter;
mod level;
mod table;
mod ui;

#[cfg(test)]
mod tests;

use bevy::{
    app::{App, Plugin},
    ecs::prelude::*,
};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{
    AppViewClassExt as _, AppViewerCacheExt as _, AppVisualizerExt as _, CacheSize, DataResults, Frame,
    FrameSystems, PurgeOrder, View, ViewClass, ViewerCache, Visuals,
};

use chronoscope_types::read;

pub use entries::{LogEntries, TextLog};
pub use table::{LogTable, LogTables};
pub use ui::TextLogUi;

use crate::{
    AppViewUiExt as _,
    properties::{AppPropertiesExt as _, PropertyReader, ViewProperties},
    spatial::SpatialSystems,
};

/// What the blueprint calls the levels that are shown.
const SHOWN_LEVELS: &str = "TextLogRows:filter_by_log_level";

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
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<LogTables>()
            .add_view_class(TextLogClass)
            .add_visualizer::<TextLog>(&[ViewClassId::TEXT_LOG])
            .add_view_properties::<LogProperties>()
            .add_view_ui(TextLogUi)
            .add_systems(
                Frame,
                merge_logs
                    .in_set(FrameSystems::Present)
                    // Scenes take the whole world.
                    .before(SpatialSystems::Scenes),
            )
            .add_viewer_cache(ViewerCache {
                name: "Log tables",
                order: PurgeOrder::Derived,
                size: |world| CacheSize {
                    bytes: world.get_resource().map_or(0, LogTables::heap_bytes),
                    idle_bytes: 0,
                },
                purge: None,
            });
    }
}

/// What the blueprint says of a log.
#[derive(Clone, Debug, Default, PartialEq)]
struct LogProperties {
    /// The levels that are shown, where not all are.
    only_levels: Option<Vec<String>>,
}

impl ViewProperties for LogProperties {
    const CLASS: &'static str = ViewClassId::TEXT_LOG;

    fn read(reader: &PropertyReader<'_>) -> Self {
        let only_levels = reader.value(SHOWN_LEVELS).and_then(|array| {
            let levels = read::texts(&array).ok()?;
            Some(levels.iter().flatten().map(str::to_owned).collect())
        });
        Self { only_levels }
    }
}

/// Brings the tables of all views up to date.
fn merge_logs(
    mut tables: ResMut<LogTables>,
    visuals: Option<Res<Visuals<TextLog>>>,
    views: Query<(&View, &DataResults)>,
) {
    puffin::profile_scope!("present", "text logs");
    let tables = tables.bypass_change_detection();
    let mut num_views = 0;
    for (view, results) in &views {
        if view.class.as_str() != ViewClassId::TEXT_LOG {
            continue;
        }
        num_views += 1;
        let Some(visuals) = visuals.as_ref().and_then(|visuals| visuals.view(view.id)) else {
            continue;
        };
        if visuals.is_unchanged() && tables.get(view.id).is_some() {
            continue;
        }
        let table = tables.get_mut(view.id);
        let logs: Vec<_> = results
            .iter()
            .filter_map(|result| Some((result.entity, visuals.of_entity(result.entity).next()?.1.as_ref())))
            .collect();
        table.update(&logs);
    }
    if tables.len() > num_views {
        tables.retain(|view| views.iter().any(|(other, _)| other.id == view));
    }
}
