//! Phase 5: the blueprint is read where it changed, and each view becomes an ECS entity.

use std::{collections::BTreeMap, sync::Arc};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{
    BlueprintReport, ResolvedContents, Schema, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
    read_viewport, recommended_views, with_heuristics,
};
use chronoscope_store::{ChunkChange, ChunkId, ComponentId, EntityId};
use chronoscope_types::{DepthImage, Image, SegmentationImage, read};
use rustc_hash::FxHashMap;

use crate::{
    Cursor, DataResults, DiffEntry, DiffLog, Frame, FrameSystems, MissingChunks, RecordingEntry,
    RecordingKey, Recordings, ViewClasses, ViewOverrides, diff::changes_schema,
};

/// A view of the active blueprint. Stands on one ECS entity per view, with [`ViewTile`], [`DataResults`], [`ViewOverrides`] and
/// [`MissingChunks`].
#[derive(Component, Clone, Debug)]
#[require(ViewTile, DataResults, ViewOverrides, MissingChunks)]
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
    generation: u64,
    reports: Vec<BlueprintReport>,
    recommended: Vec<ViewBlueprint>,
    awaited: Vec<ChunkId>,
    /// The sizes of pictures that were looked into, so that views do not change when their chunks go again.
    image_sizes: FxHashMap<EntityId, [u32; 2]>,
    entities: BTreeMap<ViewId, Entity>,
    key: Option<BlueprintKey>,
    log_number: u64,
}

/// All that the product depends on, beside the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BlueprintKey {
    recording: Option<RecordingKey>,
    blueprint: Option<RecordingKey>,
    generation: u64,
    undo: i64,
    revision: u64,
}

impl ActiveBlueprint {
    /// What is to be shown.
    pub fn viewport(&self) -> &Arc<ViewportBlueprint> {
        &self.viewport
    }

    /// Grows whenever the blueprint was read anew, even if only an override or a property changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Grows with each change of what the blueprint overrides in a view.
    pub(crate) fn overrides_version(&self, _view: ViewId) -> u64 {
        self.generation
    }

    /// What is wrong with the blueprint.
    pub fn reports(&self) -> &[BlueprintReport] {
        &self.reports
    }

    /// What is shown where the store says this: with the views and the layout that heuristics add.
    pub(crate) fn with_stored(&self, stored: &ViewportBlueprint) -> ViewportBlueprint {
        with_heuristics(stored, &self.recommended)
    }

    /// The chunks that heuristics would have looked into, and that are not loaded.
    pub(crate) fn awaited(&self) -> &[ChunkId] {
        &self.awaited
    }

    /// The ECS entity of a view.
    pub fn entity(&self, view: ViewId) -> Option<Entity> {
        self.entities.get(&view).copied()
    }
}

/// Keeps [`ActiveBlueprint`] and the views.
pub struct BlueprintQueryPlugin;

impl Plugin for BlueprintQueryPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ActiveBlueprint>()
            .init_resource::<ViewClasses>();
        app.add_systems(Frame, query_blueprint.in_set(FrameSystems::BlueprintQuery));
    }
}

fn query_blueprint(
    mut active: ResMut<ActiveBlueprint>,
    mut views: Query<&mut View>,
    mut commands: Commands,
    recordings: Res<Recordings>,
    classes: Res<ViewClasses>,
    cursor: Res<Cursor>,
    log: Res<DiffLog>,
) {
    puffin::profile_scope!("blueprint_query");
    let key = BlueprintKey {
        recording: cursor.recording,
        blueprint: recordings.active_blueprint().map(|(entry, _)| entry.key()),
        generation: recordings
            .active_blueprint()
            .map_or(0, |(entry, _)| entry.store().generation()),
        undo: recordings
            .active_blueprint()
            .map_or(i64::MAX, |(_, blueprints)| blueprints.undo.query_time()),
        revision: recordings
            .active_blueprint()
            .map_or(0, |(_, blueprints)| blueprints.revision),
    };
    let schema_changed = schema_changed(&log, active.log_number, recordings.active(), &active.awaited);
    active.bypass_change_detection().log_number = log.next_number();
    if active.key == Some(key) && !schema_changed {
        return;
    }
    if active.key.is_none_or(|known| known.recording != key.recording) {
        active.image_sizes.clear();
    }
    active.key = Some(key);
    active.generation += 1;

    let (mut viewport, reports) = match recordings.active_blueprint() {
        Some((entry, blueprints)) => read_viewport(
            entry.store(),
            &entry.recording.cache,
            blueprints.undo.query_time(),
        ),
        None => (ViewportBlueprint::default(), Vec::new()),
    };
    active.reports = reports;
    if let Some(entry) = recordings.active() {
        let ActiveBlueprint {
            awaited, image_sizes, ..
        } = &mut *active;
        awaited.clear();
        let schema = schema_of(entry, image_sizes, awaited);
        active.recommended = recommended_views(classes.iter().flat_map(|class| class.recommend(&schema)));
        viewport = with_heuristics(&viewport, &active.recommended);
    } else {
        active.recommended.clear();
        active.awaited.clear();
    }
    spawn_views(&mut active, &viewport, &mut views, &mut commands);
    if *active.viewport != viewport {
        active.viewport = Arc::new(viewport);
    }
}

/// What heuristics may know of a recording: what there is at all, whatever the time. And the chunks that would say more, were
/// they loaded.
fn schema_of(
    entry: &RecordingEntry,
    image_sizes: &mut FxHashMap<EntityId, [u32; 2]>,
    awaited: &mut Vec<ChunkId>,
) -> Schema {
    let store = entry.store();
    let mut schema = Schema::new();
    let formats =
        [Image::FORMAT, SegmentationImage::FORMAT, DepthImage::FORMAT].map(|name| store.component_id(&name));
    for entity in store.entities() {
        let path = store.entity_path(entity);
        schema.add(
            path,
            store
                .components_of(entity)
                .map(|component| &*store.descriptor(component).component),
        );
        let mut missing = Vec::new();
        let found = formats
            .iter()
            .flatten()
            .find_map(|component| first_image_size(entry, entity, *component, &mut missing));
        let size = match found {
            Some(size) => {
                image_sizes.insert(entity, size);
                Some(size)
            }
            // It was seen before its chunk went, or is to be seen yet.
            None if !missing.is_empty() => image_sizes.get(&entity).copied(),
            None => None,
        };
        if size.is_none() {
            awaited.append(&mut missing);
        }
        if size.is_some() {
            schema.set_image_size(path, size);
        }
    }
    schema
}

/// The size of the first picture that an entity has, on whatever timeline.
fn first_image_size(
    entry: &RecordingEntry,
    entity: EntityId,
    format: ComponentId,
    awaited: &mut Vec<ChunkId>,
) -> Option<[u32; 2]> {
    let store = entry.store();
    if !store.has_component(entity, format) {
        return None;
    }
    let timelines = store.timelines_of(entity).map(Some).chain([None]);
    let hit = timelines.into_iter().find_map(|timeline| {
        let time = timeline.map_or(0, |timeline| {
            store.component_time_range(entity, timeline, format).min
        });
        let answer = entry.recording.latest_at(entity, timeline, time, format);
        awaited.extend_from_slice(&answer.missing);
        answer.hit
    })?;
    let cell = hit.cell();
    read::image_formats(&cell)
        .ok()?
        .first()
        .map(|format| [format.width, format.height])
}

/// Whether the shown recording got or lost entities or components, or a chunk that tells more of them was loaded.
fn schema_changed(log: &DiffLog, since: u64, shown: Option<&RecordingEntry>, awaited: &[ChunkId]) -> bool {
    log.since(since).is_none_or(|mut entries| {
        entries.any(|entry| match (entry, shown) {
            (DiffEntry::Store { recording, event }, Some(shown)) => {
                *recording == shown.key()
                    && (changes_schema(event, shown.store())
                        || event.change == ChunkChange::Loaded && awaited.contains(&event.meta.id))
            }
            _ => false,
        })
    })
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
