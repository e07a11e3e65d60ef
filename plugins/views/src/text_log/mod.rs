//! Text logs: the lines of all logs of a view, in the order in which they were logged.
//!
//! [`entries`] are the lines of one entity; they refer to the text in the store rather than copy it. [`table`] merges those of all
//! entities of a view, once per change; [`missing`] are the places where lines are known and not loaded. [`filter`] chooses among them,
//! as [`filter_bar`] says, [`columns`] what of them is shown, [`copied`] is their text for other programs; [`settings`] chooses both in
//! the selection panel. [`ui`] lays out the lines that can be seen, so that a million cost no more than twenty, and [`line`] draws each;
//! [`rows`] are they as items, to be selected and copied.

mod columns;
mod copied;
mod entries;
mod excerpt;
mod filter;
mod filter_bar;
mod level;
mod line;
mod missing;
mod rows;
mod settings;
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

use chronoscope_types::{
    Component as _, blueprint as archetypes,
    components::{TextLogLevel, blueprint as blueprint_components},
};

use columns::SaidColumns;
pub use entries::{LogEntries, TextLog};
pub use table::{LogTable, LogTables};
pub use ui::TextLogUi;

use crate::{
    AppViewUiExt as _, SpatialSystems,
    properties::{AppPropertiesExt as _, PropertyReader, ViewProperties},
};

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
                    // The cameras of scenes take the whole world.
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
    columns: SaidColumns,
    /// Whether texts have a monospaced font.
    is_monospace: bool,
}

impl ViewProperties for LogProperties {
    const CLASS: &'static str = ViewClassId::TEXT_LOG;

    fn read(reader: &PropertyReader<'_>) -> Self {
        use archetypes::{TextLogColumns as C, TextLogFormat, TextLogRows};
        let only_levels = reader.value(&TextLogRows::FILTER_BY_LOG_LEVEL).and_then(|array| {
            let levels = TextLogLevel::read(&array).ok()?;
            Some(levels.iter().flatten().map(str::to_owned).collect())
        });
        let timelines = reader.value(&C::TIMELINE_COLUMNS);
        let texts = reader.value(&C::TEXT_LOG_COLUMNS);
        let columns = SaidColumns {
            timelines: timelines.and_then(|array| blueprint_components::TimelineColumn::read(&array).ok()),
            texts: texts.and_then(|array| blueprint_components::TextLogColumn::read(&array).ok()),
        };
        Self {
            only_levels,
            columns,
            is_monospace: reader.boolean(&TextLogFormat::MONOSPACE_BODY).unwrap_or(false),
        }
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
