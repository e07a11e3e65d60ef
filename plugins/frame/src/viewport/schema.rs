//! What heuristics know of the shown recording, kept up to date entity by entity.

use chronoscope_blueprint::heuristics::{Schema, SchemaDelta, SchemaVisualizer};
use chronoscope_store::{ChunkChange, ChunkId, ChunkStore, ComponentId, EntityId, StoreEvent};
use chronoscope_types::{DepthImage, Image, SegmentationImage, read};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Changes;
use crate::{RecordingEntry, RecordingKey, Visualizers};

/// What there is in the shown recording, whatever the time, and the chunks that would tell more.
#[derive(Default)]
pub(super) struct RecordingSchema {
    schema: Schema,
    recording: Option<RecordingKey>,
    /// The sizes of pictures that were looked into, so that views do not change when their chunks go again.
    image_sizes: FxHashMap<EntityId, KnownSize>,
    /// Of entities whose first picture was not looked into yet, the chunks to be loaded for that.
    awaited: FxHashMap<EntityId, Vec<ChunkId>>,
}

/// The size of a picture.
#[derive(Clone, Copy)]
struct KnownSize {
    size: [u32; 2],
    /// The chunk that it was read from.
    chunk: ChunkId,
}

impl RecordingSchema {
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn take_delta(&mut self) -> SchemaDelta {
        self.schema.take_delta()
    }

    /// The chunks that would tell more, and are not loaded.
    pub(super) fn awaited(&self) -> impl Iterator<Item = ChunkId> {
        self.awaited.values().flatten().copied()
    }

    pub(super) fn awaits(&self, chunk: ChunkId) -> bool {
        self.awaited().any(|awaited| awaited == chunk)
    }

    /// Takes over what changed in the shown recording. Returns whether something did, and how many entities
    /// were read.
    pub(super) fn update(
        &mut self,
        shown: Option<&RecordingEntry>,
        visualizers: &Visualizers,
        changes: &Changes,
    ) -> (bool, usize) {
        let is_other = self.recording != shown.map(RecordingEntry::key);
        if is_other || changes.everything {
            let image_sizes = std::mem::take(&mut self.image_sizes);
            *self = Self {
                recording: shown.map(RecordingEntry::key),
                ..Self::default()
            };
            self.schema.set_visualizers(schema_visualizers(visualizers));
            let Some(entry) = shown else { return (true, 0) };
            if !is_other {
                self.image_sizes = image_sizes;
            }
            let entities: Vec<EntityId> = entry.store().entities().collect();
            self.read(entry, &entities);
            return (true, entities.len());
        }
        let Some(entry) = shown.filter(|_| !changes.schema.is_empty()) else {
            return (false, 0);
        };
        let entities: Vec<EntityId> = changes.schema.iter().copied().collect();
        self.read(entry, &entities);
        (true, entities.len())
    }

    fn read(&mut self, entry: &RecordingEntry, entities: &[EntityId]) {
        let store = entry.store();
        self.schema.update(store, entities.iter().copied());
        let formats = picture_formats(store);
        for entity in entities {
            let mut missing = Vec::new();
            let found = formats
                .iter()
                .find_map(|component| first_image_size(entry, *entity, *component, &mut missing));
            let before = self.image_sizes.get(entity).copied();
            let known = match before {
                // It was seen before its chunk went.
                Some(before) if missing.contains(&before.chunk) => Some(before),
                // Until the first one is there, the size is that of the one that was the first.
                _ => found.or(before.filter(|_| !missing.is_empty())),
            };
            missing.retain(|chunk| known.is_none_or(|known| known.chunk != *chunk));
            if missing.is_empty() {
                self.awaited.remove(entity);
            } else {
                self.awaited.insert(*entity, missing);
            }
            match known {
                Some(known) => _ = self.image_sizes.insert(*entity, known),
                None => _ = self.image_sizes.remove(entity),
            }
            let size = known.map(|known| known.size);
            self.schema.set_image_size(store.entity_path(*entity), size);
        }
    }
}

/// The components of a store that say how large pictures are.
pub(super) fn picture_formats(store: &ChunkStore) -> SmallVec<[ComponentId; 3]> {
    [Image::FORMAT, SegmentationImage::FORMAT, DepthImage::FORMAT]
        .iter()
        .filter_map(|name| store.component_id(name))
        .collect()
}

/// Whether rows came or went among which the first picture of an entity may be: they lie on no timeline, or not
/// after the first one that there is now.
pub(super) fn concerns_first_picture(
    event: &StoreEvent,
    store: &ChunkStore,
    formats: &[ComponentId],
) -> bool {
    let meta = &event.meta;
    let is_first = |format: ComponentId| {
        meta.is_static
            || meta.timelines.iter().any(|column| {
                let range = meta.component_range(column.timeline, format);
                let all = store.component_time_range(meta.entity, column.timeline, format);
                !range.is_empty() && range.min <= all.min
            })
    };
    let came_or_went = matches!(
        event.change,
        ChunkChange::Added | ChunkChange::Grown | ChunkChange::Dropped
    );
    came_or_went
        && formats
            .iter()
            .any(|format| meta.has_component(*format) && is_first(*format))
}

/// What heuristics know of visualizers.
fn schema_visualizers(visualizers: &Visualizers) -> Vec<SchemaVisualizer> {
    visualizers
        .iter()
        .map(|(_, info, classes)| SchemaVisualizer {
            classes: classes.to_vec(),
            required: info.required.iter().map(|name| (*name).into()).collect(),
        })
        .collect()
}

/// The size of the first picture that an entity has, on whatever timeline.
fn first_image_size(
    entry: &RecordingEntry,
    entity: EntityId,
    format: ComponentId,
    awaited: &mut Vec<ChunkId>,
) -> Option<KnownSize> {
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
    let format = *read::image_formats(&cell).ok()?.first()?;
    Some(KnownSize {
        size: [format.width, format.height],
        chunk: hit.chunk().id(),
    })
}
