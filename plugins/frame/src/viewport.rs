//! Phase 5: the blueprint is read where it changed, and each view becomes an ECS entity.
//!
//! Each part is read again only when rows that it is read from changed: an eye that moves reads nothing, new
//! data asks only those view classes that it concerns.

mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{
    BlueprintPart, BlueprintQuery, BlueprintReport, IgnoredSetting, Recommendations, ResolvedContents,
    ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint, ignored, read_viewport, with_heuristics,
};
use chronoscope_store::{ChunkChange, ChunkId, ChunkStore, EntityId, StoreEvent};
use rustc_hash::FxHashSet;

use crate::{
    DataResults, DiffEntry, DiffLog, Frame, FrameSystems, MissingChunks, QueryContext, RecordingEntry,
    RecordingKey, Recordings, Report, Reports, ViewClasses, ViewOverrides, Visualizers, Work, WorkCounters,
    diff::changes_schema, recordings::ApplicationBlueprints,
};

use schema::{RecordingSchema, concerns_first_picture, picture_formats};

/// A view of the active blueprint. Stands on one ECS entity per view, with [`ViewTile`], [`QueryContext`],
/// [`DataResults`], [`ViewOverrides`] and [`MissingChunks`].
#[derive(Component, Clone, Debug)]
#[require(ViewTile, QueryContext, DataResults, ViewOverrides, MissingChunks)]
pub struct View {
    /// The view's id.
    pub id: ViewId,
    /// The view's class.
    pub class: ViewClassId,
    /// What the blueprint says of it. Replaced when that changes, never altered.
    pub blueprint: Arc<ViewBlueprint>,
    /// Which entities it shows.
    pub contents: Arc<ResolvedContents>,
}

/// The tile that shows a view: what the layout said in the last egui pass.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ViewTile {
    /// Whether the tile can be seen. A view that is not shown costs nothing.
    pub shown: bool,
    /// The size of the tile's content in physical pixels: width, height.
    pub size_pixels: [u32; 2],
    /// Physical pixels per point of the user interface.
    pub pixels_per_point: f32,
}

/// The active blueprint with the views and the layout that heuristics add to it.
#[derive(Resource, Default)]
pub struct ActiveBlueprint {
    viewport: Arc<ViewportBlueprint>,
    /// As it stands in the store, without what heuristics add.
    stored: ViewportBlueprint,
    generation: u64,
    /// The generation of the blueprint's store that was read last.
    store_generation: Option<u64>,
    reports: Vec<BlueprintReport>,
    schema: RecordingSchema,
    recommendations: Recommendations,
    /// The generations in which parts of a view last changed.
    versions: BTreeMap<ViewId, ViewVersions>,
    /// The generation in which all of them may have.
    all_views: u64,
    /// The generation in which something else than a property last changed.
    settings_generation: u64,
    entities: BTreeMap<ViewId, Entity>,
    key: Option<BlueprintKey>,
    log_number: u64,
}

/// The generations in which parts of a view last changed.
#[derive(Clone, Copy, Debug, Default)]
struct ViewVersions {
    overrides: u64,
    properties: u64,
}

/// What is read, and as of when. Where this changes, everything is read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BlueprintKey {
    blueprint: Option<RecordingKey>,
    undo: i64,
    revision: u64,
}

impl BlueprintKey {
    fn of(recordings: &Recordings) -> Self {
        let active = recordings.active_blueprint();
        Self {
            blueprint: active.map(|(entry, _)| entry.key()),
            undo: active.map_or(i64::MAX, |(_, blueprints)| blueprints.undo.query_time()),
            revision: active.map_or(0, |(_, blueprints)| blueprints.revision),
        }
    }
}

fn store_generation(recordings: &Recordings) -> Option<u64> {
    let (entry, _) = recordings.active_blueprint()?;
    Some(entry.store().generation())
}

impl ActiveBlueprint {
    /// What is to be shown.
    pub fn viewport(&self) -> &Arc<ViewportBlueprint> {
        &self.viewport
    }

    /// Grows whenever something of the blueprint changed, even if only an override or a property.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Grows with each change of what the blueprint overrides in a view: of entities, defaults, or visible
    /// times.
    pub fn overrides_version(&self, view: ViewId) -> u64 {
        self.versions_of(view).overrides.max(self.all_views)
    }

    /// Grows with each change of a property of a view: its eye, its axes, its background.
    pub fn properties_version(&self, view: ViewId) -> u64 {
        self.versions_of(view).properties.max(self.all_views)
    }

    fn versions_of(&self, view: ViewId) -> ViewVersions {
        self.versions.get(&view).copied().unwrap_or_default()
    }

    /// What is wrong with the blueprint.
    pub fn reports(&self) -> &[BlueprintReport] {
        &self.reports
    }

    /// What is shown, if that is still what the blueprint's store says.
    pub(crate) fn current(&self, recordings: &Recordings) -> Option<Arc<ViewportBlueprint>> {
        let is_known = self.key == Some(BlueprintKey::of(recordings))
            && self.store_generation == store_generation(recordings);
        is_known.then(|| Arc::clone(&self.viewport))
    }

    /// What is shown where the store says this: with the views and the layout that heuristics add.
    pub(crate) fn with_stored(&self, stored: &ViewportBlueprint) -> ViewportBlueprint {
        with_heuristics(stored, self.recommendations.views())
    }

    /// What is shown of a blueprint, read out of its store.
    pub(crate) fn read(
        &self,
        entry: &RecordingEntry,
        blueprints: &ApplicationBlueprints,
    ) -> Arc<ViewportBlueprint> {
        let time = blueprints.undo.query_time();
        let (stored, _) = read_viewport(entry.store(), &entry.recording.cache, time);
        Arc::new(self.with_stored(&stored))
    }

    /// The chunks that heuristics would have looked into, and that are not loaded.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = ChunkId> {
        self.schema.awaited()
    }

    /// The ECS entity of a view.
    pub fn entity(&self, view: ViewId) -> Option<Entity> {
        self.entities.get(&view).copied()
    }
}

/// Keeps [`ActiveBlueprint`] and the views.
pub struct BlueprintQueryPlugin;

impl Plugin for BlueprintQueryPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<ActiveBlueprint>()
            .init_resource::<ViewClasses>()
            .init_resource::<Visualizers>();
        app.init_resource::<Reports>();
        app.add_systems(
            Frame,
            (query_blueprint, report_ignored)
                .chain()
                .in_set(FrameSystems::BlueprintQuery),
        );
    }
}

/// What the diff log says about the blueprint and the shown recording.
#[derive(Debug, Default)]
struct Changes {
    /// Whether the log was cut, and anything may have changed.
    everything: bool,
    /// Whether some row of the blueprint changed.
    any_row: bool,
    /// Whether a row of views, containers or panels changed.
    viewport: bool,
    /// The views of which overrides changed.
    overrides: BTreeSet<ViewId>,
    /// The views of which properties changed.
    properties: BTreeSet<ViewId>,
    /// The entities of the recording to be looked at for the heuristics.
    schema: FxHashSet<EntityId>,
}

pub(crate) fn query_blueprint(
    mut active: ResMut<ActiveBlueprint>,
    mut views: Query<&mut View>,
    mut commands: Commands,
    recordings: Res<Recordings>,
    classes: Res<ViewClasses>,
    visualizers: Res<Visualizers>,
    log: Res<DiffLog>,
    counters: Res<WorkCounters>,
    mut reports: ResMut<Reports>,
) {
    puffin::profile_scope!("blueprint_query");
    let key = BlueprintKey::of(&recordings);
    let shown = recordings.active();
    let blueprint = recordings.active_blueprint().map(|(entry, _)| entry);
    let mut changes = active.read_log(&log, shown, blueprint);
    let quiet = active.bypass_change_detection();
    quiet.log_number = log.next_number();
    let num_views = quiet.entities.len();
    quiet.entities.retain(|_, entity| views.contains(*entity));
    if quiet.entities.len() < num_views {
        // What was made for them is gone, too.
        changes.everything = true;
        let message = "the app despawned the entity of a view, which is made anew";
        reports.push(Report::warning("viewer", message));
    }
    let all_anew = changes.everything || quiet.key != Some(key);
    changes.viewport |= all_anew;
    quiet.store_generation = store_generation(&recordings);

    // What heuristics recommend follows the data alone.
    let (schema_changed, rows_read) = quiet.schema.update(shown, &visualizers, &changes);
    counters.add(Work::SchemaRowsRead, rows_read);
    let recommended = schema_changed && {
        let delta = quiet.schema.take_delta();
        let schema = quiet.schema.schema();
        !delta.is_empty() && quiet.recommendations.update(schema, &delta, classes.iter())
    };
    if !(changes.any_row || changes.viewport || recommended) {
        return;
    }

    active.key = Some(key);
    active.generation += 1;
    let generation = active.generation;
    if all_anew {
        active.all_views = generation;
        active.versions.clear();
    }
    if changes.viewport || !changes.overrides.is_empty() {
        active.settings_generation = generation;
    }
    for view in changes.overrides {
        active.versions.entry(view).or_default().overrides = generation;
    }
    for view in changes.properties {
        active.versions.entry(view).or_default().properties = generation;
    }
    if !(changes.viewport || recommended) {
        return;
    }
    if changes.viewport {
        let (stored, reports) = match recordings.active_blueprint() {
            Some((entry, blueprints)) => read_viewport(
                entry.store(),
                &entry.recording.cache,
                blueprints.undo.query_time(),
            ),
            None => (ViewportBlueprint::default(), Vec::new()),
        };
        (active.stored, active.reports) = (stored, reports);
    }
    let viewport = active.with_stored(&active.stored);
    spawn_views(&mut active, &viewport, &mut views, &mut commands);
    if *active.viewport != viewport {
        active.viewport = Arc::new(viewport);
    }
}

/// Says once of each setting of the blueprint that nothing honors it.
pub(crate) fn report_ignored(
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    visualizers: Res<Visualizers>,
    mut reports: ResMut<Reports>,
    mut reported: Local<BTreeSet<IgnoredSetting>>,
    mut consumed: Local<u64>,
) {
    if std::mem::replace(&mut *consumed, active.settings_generation) == active.settings_generation {
        return;
    }
    let Some((entry, blueprints)) = recordings.active_blueprint() else {
        return;
    };
    let time = blueprints.undo.query_time();
    let query = BlueprintQuery::new(entry.store(), &entry.recording.cache, time);
    let takes_ranges = |class: &ViewClassId| {
        visualizers
            .iter()
            .any(|(id, _, classes)| visualizers.takes_ranges(id) && classes.contains(class))
    };
    for setting in ignored(&query, &active.viewport, takes_ranges) {
        if reported.contains(&setting) {
            continue;
        }
        let title = active
            .viewport
            .views
            .get(&setting.view)
            .map_or_else(|| "blueprint".to_owned(), ViewBlueprint::title);
        reports.push(Report::info(
            title,
            setting.entity.clone(),
            setting.kind.to_string(),
        ));
        reported.insert(setting);
    }
}

impl Changes {
    /// Takes a changed chunk of the blueprint.
    fn note_row(&mut self, event: &StoreEvent, store: &ChunkStore) {
        self.any_row = true;
        let path = store.entity_path(event.meta.entity);
        for column in &event.meta.components {
            let name = &store.descriptor(column.component).component;
            let Some(part) = BlueprintPart::of(path, name) else {
                continue;
            };
            self.viewport |= part.is_read_by_viewport();
            match &part {
                BlueprintPart::Everything => self.everything = true,
                BlueprintPart::WholeView(view) => {
                    self.overrides.insert(*view);
                    self.properties.insert(*view);
                }
                BlueprintPart::Overrides { view, .. } | BlueprintPart::Defaults(view) => {
                    self.overrides.insert(*view);
                }
                BlueprintPart::Property { view, archetype } => {
                    self.properties.insert(*view);
                    if archetype == "VisibleTimeRanges" {
                        self.overrides.insert(*view);
                    }
                }
                _ => {}
            }
        }
    }
}

impl ActiveBlueprint {
    fn read_log(
        &self,
        log: &DiffLog,
        shown: Option<&RecordingEntry>,
        blueprint: Option<&RecordingEntry>,
    ) -> Changes {
        let mut changes = Changes::default();
        let Some(entries) = log.since(self.log_number) else {
            return Changes {
                everything: true,
                ..changes
            };
        };
        let formats = shown
            .map(|shown| picture_formats(shown.store()))
            .unwrap_or_default();
        for entry in entries {
            let DiffEntry::Store { recording, event } = entry else {
                continue;
            };
            if let Some(blueprint) = blueprint.filter(|blueprint| blueprint.key() == *recording) {
                changes.note_row(event, blueprint.store());
            } else if let Some(shown) = shown.filter(|shown| shown.key() == *recording) {
                let tells_more = event.change == ChunkChange::Loaded && self.schema.awaits(event.meta.id);
                if tells_more
                    || changes_schema(event, shown.store())
                    || concerns_first_picture(event, shown.store(), &formats)
                {
                    changes.schema.insert(event.meta.entity);
                }
            }
        }
        changes
    }
}

/// Makes the ECS entities those of the viewport. Touches only views that differ.
fn spawn_views(
    active: &mut ActiveBlueprint,
    viewport: &ViewportBlueprint,
    views: &mut Query<&mut View>,
    commands: &mut Commands,
) {
    active.entities.retain(|id, entity| {
        let keep = viewport.views.contains_key(id);
        if !keep {
            commands.entity(*entity).despawn();
        }
        keep
    });
    for (id, blueprint) in &viewport.views {
        let make = || View {
            id: *id,
            class: blueprint.class.clone(),
            contents: Arc::new(blueprint.resolved_contents()),
            blueprint: Arc::new(blueprint.clone()),
        };
        match active.entities.get(id).copied() {
            Some(entity) => {
                if let Ok(mut view) = views.get_mut(entity)
                    && *view.blueprint != *blueprint
                {
                    *view = make();
                }
            }
            None => {
                active.entities.insert(*id, commands.spawn(make()).id());
            }
        }
    }
}
