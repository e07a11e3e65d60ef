//! What data results show when they first show something, and at a few times after that: what a view frames
//! before anybody says where to look.
//!
//! The cursor is not asked, so that framing does not move while time plays, nor depend on where one came
//! from. The times after the first are the same for all entities ([`sample_times`]); an entity is looked at
//! again at those of them until which it, or what places it, has other rows. Where its rows are large, what is
//! seen first stands for what comes later, wherever that is. Contexts are those at the cursor, so none are
//! read: what is colored by them has no color here. The chunks that are read are kept in memory as those on
//! screen are, and requested where they are not loaded.
//!
//! Entities are where the frame graph puts them at that time, named frames included. What is in the picture
//! of another camera than the view's origin stands with that camera; what is in a frame that nothing connects with it is left out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkId, EntityId, TimeRange, TimelineId};
use chronoscope_types::Pinhole;
use glam::DAffine3;
use smallvec::SmallVec;

use super::{
    VisualChunks, Visualizer, VisualizerId, VisualizerInput,
    chunks::SourceChunks,
    resolve::{Resolver, Source},
};
use crate::{
    ContextReader, Cursor, DataResult, EntityContexts, InstructionIndex, PinholeCamera, RecordingEntry,
    ResolvedInstruction, ResultKey, Transforms, View, ViewOverrides,
    context::transforms::{
        AnyTimePlacement, AnyTimeRoot, AnyTimeTransforms, FrameKey, ReadChunks, implicit_frame, named_frame,
    },
};

/// Makes visuals of first rows.
pub struct FirstLook<'a> {
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    timeline: Option<TimelineId>,
    origin: FrameKey,
    /// Whether the view shows space: then it does not look from within the picture of a camera.
    is_in_space: bool,
    /// The times after the first at which entities are looked at, in order.
    samples: &'a [i64],
    placements: AnyTimeTransforms<'a>,
    /// These hold nothing.
    contexts: EntityContexts,
    no_transforms: Transforms,
}

/// What a data result shows by one instruction, first or at a sampled time.
pub struct FirstVisual<T> {
    /// The time at which it first shows something, and has all transforms above it, or the sampled time.
    /// `i64::MIN` where all of that is static.
    pub time: i64,
    /// Whether it is not the first one.
    pub is_sample: bool,
    /// The time of the last row that may change what it shows, or where; `None` where all is static.
    pub last_row: Option<i64>,
    /// The visual in the space of its entity; `None` where it is hidden, shows nothing, or cannot be drawn.
    pub visual: Option<Arc<T>>,
    /// Where it stands then, seen from the origin of the view; `None` where no transform leads there.
    pub origin_from_entity: Option<DAffine3>,
    /// Where that is in the picture of a camera and the origin is not: that camera, and where it stands.
    pub camera: Option<(PinholeCamera, DAffine3)>,
}

/// Rows with more bytes than this are not read for a sampled time.
const MAX_SAMPLED_BYTES: u64 = 1 << 20;

/// A few times that are spread over a range, the last of them near its end.
///
/// They are multiples of a power of two that is no more than a sixteenth of the range. So they stay the same for most of what
/// is appended to a recording that grows: as often as it doubles there are sixteen changes or less.
#[must_use]
pub fn sample_times(range: TimeRange) -> SmallVec<[i64; 3]> {
    let length = range.length();
    if length == 0 {
        return SmallVec::new();
    }
    let step = 1_i64 << length.ilog2().saturating_sub(4);
    let (first, last) = (range.min.div_euclid(step), range.max.div_euclid(step));
    let mut times: SmallVec<[i64; 3]> = (1..=3)
        .map(|third| (first + (last - first) * third / 3) * step)
        .collect();
    times.dedup();
    times
}

impl<'a> FirstLook<'a> {
    /// For a view of a recording on the shown timeline, whose transforms these are. It looks from its origin, or from a frame of
    /// this name.
    pub fn new(
        view: &View,
        frame: Option<&Arc<str>>,
        overrides: &'a ViewOverrides,
        recording: &'a RecordingEntry,
        timeline: Option<TimelineId>,
        transforms: &'a Transforms,
    ) -> Self {
        let store = recording.store();
        let cache = &recording.recording.cache;
        Self {
            overrides,
            recording,
            timeline,
            origin: match frame {
                Some(name) => named_frame(store, name),
                None => implicit_frame(store, &view.blueprint.origin),
            },
            is_in_space: false,
            samples: &[],
            placements: AnyTimeTransforms::new(store, cache, timeline, transforms),
            contexts: EntityContexts::default(),
            no_transforms: Transforms::default(),
        }
    }

    /// The same, looking again at these times, which are in order.
    #[must_use]
    pub fn with_samples(self, samples: &'a [i64]) -> Self {
        Self { samples, ..self }
    }

    /// The same, for a view of space: where its origin is in the picture of a camera, it looks from where the camera stands.
    #[must_use]
    pub fn in_space(self) -> Self {
        Self {
            is_in_space: true,
            ..self
        }
    }

    /// What a data result first shows by a visualizer of the view's class, and at sampled times: for each
    /// instruction, without those that lack a required component at all times.
    pub fn visuals<V: Visualizer>(
        &self,
        visualizer: VisualizerId,
        result: &DataResult,
        chunks: &mut FirstChunks,
    ) -> Vec<FirstVisual<V::Visual>> {
        let instructions = self.overrides.instructions(result, visualizer, V::INFO.name);
        let visuals = instructions.into_iter();
        visuals
            .flat_map(|instruction| self.visuals_by::<V>(result, instruction, chunks))
            .collect()
    }

    /// Notes what all visuals until now were made from, beside what each of them names.
    pub fn finish(&self, view: ViewId, chunks: &mut FirstLookChunks) {
        let read = self.placements.take_shared();
        let mut shared = SourceChunks::default();
        shared.note(read.used, &read.missing);
        if !shared.is_empty() {
            chunks.by_view.entry(view).or_default().add_shared(shared);
        }
    }

    fn visuals_by<V: Visualizer>(
        &self,
        result: &DataResult,
        instruction: ResolvedInstruction<'_>,
        chunks: &mut FirstChunks,
    ) -> SmallVec<[FirstVisual<V::Visual>; 4]> {
        let entity = result.entity;
        let resolver = self.resolver(entity, instruction);
        let Some(time) = self.time_of::<V>(&resolver) else {
            return SmallVec::new();
        };
        // What shows cameras stands outside of their pictures.
        let is_camera = V::INFO.required.contains(&Pinhole::IMAGE_FROM_CAMERA.name);
        let mut read = ReadChunks::default();
        let mut first: FirstVisual<V::Visual> = self.place(entity, is_camera, time, &mut read);
        let own_rows = self.last_row_of::<V>(&resolver);
        let last_row = own_rows.max(read.last_row);
        first.last_row = last_row;
        let is_placed = first.origin_from_entity.is_some() || first.camera.is_some();
        let is_shown = is_placed && self.overrides.is_visible(entity);
        if is_shown {
            first.visual = self.visual_at::<V>(result, &resolver, first.time, chunks);
        }
        chunks.note(read);
        let mut all: SmallVec<[FirstVisual<V::Visual>; 4]> = SmallVec::new();
        let mut visual_time = first.time;
        all.push(first);
        for &sample in self.samples.iter().filter(|_| is_shown) {
            let Some(before) = all.last().filter(|before| Some(before.time) < last_row) else {
                break;
            };
            if sample <= before.time {
                continue;
            }
            let mut read = ReadChunks::default();
            let mut now: FirstVisual<V::Visual> = self.place(entity, is_camera, sample, &mut read);
            chunks.note(read);
            now.is_sample = true;
            now.last_row = last_row;
            let has_other_rows = Some(visual_time) < own_rows;
            now.visual = if has_other_rows && self.is_read_again::<V>(&resolver, now.time) {
                visual_time = now.time;
                self.visual_at::<V>(result, &resolver, now.time, chunks)
            } else {
                before.visual.clone()
            };
            all.push(now);
        }
        all
    }

    fn visual_at<V: Visualizer>(
        &self,
        result: &DataResult,
        resolver: &Resolver<'_>,
        time: i64,
        chunks: &mut FirstChunks,
    ) -> Option<Arc<V::Visual>> {
        let store = self.recording.store();
        let cursor = Cursor {
            time,
            ..resolver.cursor
        };
        let read = Mutex::default();
        let input = VisualizerInput {
            entity: result.entity,
            path: &result.path,
            cursor,
            store,
            visualizer: &V::INFO,
            contexts: ContextReader::new(&self.contexts, &self.no_transforms, store),
            resolver: Resolver { cursor, ..*resolver },
            time_range: TimeRange::EVERYTHING,
            cache: resolver.cache,
            chunks: Some(&read),
        };
        let visual = V::visualize(&input).ok().flatten();
        chunks.add(read.into_inner().unwrap_or_else(PoisonError::into_inner));
        visual.map(Arc::new)
    }

    /// When an entity last gets a row of what a visualizer shows of it.
    fn last_row_of<V: Visualizer>(&self, resolver: &Resolver<'_>) -> Option<i64> {
        let components = V::INFO.required.iter().chain(V::INFO.optional);
        let ids = components.filter_map(|name| resolver.mapped_id(name));
        let last = ids.map(|id| self.placements.last_time(resolver.entity, id));
        last.max().flatten()
    }

    /// Whether it costs little to look at the rows of an entity at one more time. Asks metadata alone: what
    /// happens to be in memory makes no difference.
    fn is_read_again<V: Visualizer>(&self, resolver: &Resolver<'_>, time: i64) -> bool {
        V::INFO.required.iter().all(|name| {
            let Some(id) = resolver.mapped_id(name) else {
                return true;
            };
            let store = resolver.store;
            let answer = resolver
                .cache
                .latest_at(store, resolver.entity, self.timeline, time, id);
            let hit = answer.hit.iter().map(|hit| hit.chunk().id());
            self.are_small(hit.chain(answer.missing.iter().copied()))
        })
    }

    /// Whether rows of chunks have few bytes, in the mean: that is the same however rows are merged into chunks.
    fn are_small(&self, mut chunks: impl Iterator<Item = ChunkId>) -> bool {
        let store = self.recording.store();
        chunks.all(|id| {
            let meta = store.chunk_meta(id);
            meta.is_none_or(|meta| meta.num_bytes / u64::from(meta.num_rows.max(1)) <= MAX_SAMPLED_BYTES)
        })
    }

    fn resolver<'i>(&'i self, entity: EntityId, instruction: ResolvedInstruction<'i>) -> Resolver<'i> {
        let cursor = Cursor {
            recording: Some(self.recording.key()),
            timeline: self.timeline,
            time: i64::MIN,
        };
        Resolver::new(
            &self.recording.recording,
            self.overrides,
            entity,
            cursor,
            instruction,
        )
    }

    fn time_of<V: Visualizer>(&self, resolver: &Resolver<'_>) -> Option<i64> {
        let required = V::INFO.required.iter();
        let required: Option<Vec<i64>> = required
            .map(|name| {
                // What the blueprint says has no time.
                let written = resolver.without_store().resolve(name, &|_| ());
                let is_override = |source| source == Source::Override;
                if written
                    .as_ref()
                    .is_some_and(|written| is_override(written.source))
                {
                    return Some(i64::MIN);
                }
                let stored = resolver.mapped_id(name);
                let stored = stored.and_then(|id| self.placements.first_time(resolver.entity, id));
                stored.or(written.map(|_| i64::MIN))
            })
            .collect();
        required?.into_iter().max()
    }

    /// Where an entity is, seen from the view's origin, at a time or as soon as both have all transforms; and
    /// that time. What is in the picture of another camera stands with that camera.
    fn place<T>(
        &self,
        entity: EntityId,
        is_camera: bool,
        time: i64,
        read: &mut ReadChunks,
    ) -> FirstVisual<T> {
        let entity_at = |time, read: &mut ReadChunks| match is_camera {
            true => self.placements.of_camera(entity, time, read),
            false => self.placements.of_entity(entity, time, read),
        };
        let mut origin = self.origin_at(time, read);
        let mut placement = entity_at(origin.time, read);
        if placement.time > origin.time {
            origin = self.origin_at(placement.time, read);
            if origin.time > placement.time {
                placement = entity_at(origin.time, read);
            }
        }
        let outside = self.outside_of(&origin, read);
        let relative_to_origin =
            relative(&origin, &placement).or_else(|| relative(outside.as_ref()?, &placement));
        let mut placed = FirstVisual {
            time: placement.time,
            is_sample: false,
            last_row: None,
            visual: None,
            origin_from_entity: relative_to_origin,
            camera: None,
        };
        if (placed.origin_from_entity.is_none() || outside.is_some())
            && let Some((time, pinhole, origin_from_camera)) = self.place_camera(entity, placed.time, read)
        {
            placed.time = time;
            placed.camera = Some((pinhole, origin_from_camera));
        }
        placed
    }

    /// The same for the camera in whose picture an entity is.
    fn place_camera(
        &self,
        entity: EntityId,
        time: i64,
        read: &mut ReadChunks,
    ) -> Option<(i64, PinholeCamera, DAffine3)> {
        let (pinhole, placement) = self.placements.camera_of(entity, time, read)?;
        let origin = self.origin_at(placement.time, read);
        let time = origin.time.max(placement.time);
        let outside = self.outside_of(&origin, read);
        let origin_from_camera = relative(outside.as_ref().unwrap_or(&origin), &placement)?;
        Some((time, pinhole, origin_from_camera))
    }

    /// Where the camera stands in whose picture the origin of a view of space is.
    fn outside_of(&self, origin: &AnyTimePlacement, read: &mut ReadChunks) -> Option<AnyTimePlacement> {
        let (root, _) = origin.root_from_entity.as_ref().filter(|_| self.is_in_space)?;
        let AnyTimeRoot::Image(FrameKey::Path(camera)) = root else {
            return None;
        };
        Some(self.placements.of_camera(*camera, origin.time, read))
    }

    fn origin_at(&self, time: i64, read: &mut ReadChunks) -> AnyTimePlacement {
        match &self.origin {
            FrameKey::Path(origin) => self.placements.of_entity(*origin, time, read),
            unknown => self.placements.of_path(unknown, time, read),
        }
    }
}

fn relative(origin: &AnyTimePlacement, placement: &AnyTimePlacement) -> Option<DAffine3> {
    let (origin_root, root_from_origin) = origin.root_from_entity.as_ref()?;
    let (root, root_from_entity) = placement.root_from_entity.as_ref()?;
    let origin_from_entity = root_from_origin.inverse() * *root_from_entity;
    (origin_root == root && origin_from_entity.is_finite()).then_some(origin_from_entity)
}

/// The chunks that the first visual of an entity was made from, and those that it lacks.
#[derive(Clone, Debug, Default)]
pub struct FirstChunks(SourceChunks);

impl FirstChunks {
    fn add(&mut self, SourceChunks { used, missing }: SourceChunks) {
        self.0.note(used, &missing);
    }

    fn note(&mut self, ReadChunks { used, missing, .. }: ReadChunks) {
        self.0.note(used, &missing);
    }
}

/// The key of what all instructions of an entity read.
fn key_of(entity: EntityId) -> ResultKey {
    ResultKey {
        entity,
        instruction: InstructionIndex::default(),
    }
}

/// The chunks that the first visuals of all views were made from: kept in memory, and requested where they
/// are not.
#[derive(Resource, Default)]
pub struct FirstLookChunks {
    by_view: BTreeMap<ViewId, VisualChunks>,
}

impl FirstLookChunks {
    /// Notes what the first visuals of an entity were made from.
    pub fn set(&mut self, view: ViewId, entity: EntityId, chunks: FirstChunks) {
        let chunks = chunks.0.without_repetition();
        self.by_view.entry(view).or_default().set(key_of(entity), &chunks);
    }

    /// Whether what is known of an entity was read from a chunk, or lacks it.
    pub fn names(&self, view: ViewId, entity: EntityId, chunk: ChunkId) -> bool {
        let chunks = self.by_view.get(&view);
        chunks.is_some_and(|chunks| chunks.names(key_of(entity), chunk))
    }

    /// Forgets an entity.
    pub fn remove(&mut self, view: ViewId, entity: EntityId) {
        if let Some(chunks) = self.by_view.get_mut(&view) {
            chunks.remove(key_of(entity));
        }
    }

    /// Forgets all entities of a view.
    pub fn clear(&mut self, view: ViewId) {
        self.by_view.remove(&view);
    }

    /// Forgets the views that are not kept.
    pub fn retain(&mut self, is_kept: impl Fn(ViewId) -> bool) {
        self.by_view.retain(|view, _| is_kept(*view));
    }

    pub(super) fn get(&self, view: ViewId) -> Option<&VisualChunks> {
        self.by_view.get(&view)
    }

    /// The heap bytes. Cost: the views.
    pub(super) fn heap_bytes(&self) -> u64 {
        self.by_view.values().map(VisualChunks::heap_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_times_are_spread_up_to_near_the_end() {
        for (min, max) in [
            (0, 20),
            (-7, 3),
            (1_000_000_007, 1_099_999_999_989),
            (i64::MIN + 1, i64::MAX),
        ] {
            let times = sample_times(TimeRange::new(min, max));
            let length = max.abs_diff(min);
            assert_eq!(times.len(), 3, "{min} {max}");
            assert!(times.is_sorted() && times.iter().all(|time| (min..=max).contains(time)));
            for (third, time) in (1..).zip(&times) {
                let wanted = min.saturating_add_unsigned(length / 3 * third);
                assert!(time.abs_diff(wanted) <= length / 8, "{times:?} in {min} {max}");
            }
            assert!(times[2].abs_diff(max) <= length / 16);
        }
        assert_eq!(
            sample_times(TimeRange::new(0, 20))[2],
            20,
            "a short range to its end"
        );
        assert_eq!(sample_times(TimeRange::new(4, 5))[..], [4, 5]);
        for range in [TimeRange::EMPTY, TimeRange::point(5)] {
            assert!(sample_times(range).is_empty());
        }
    }

    #[test]
    fn sampled_times_change_seldom_while_a_recording_grows() {
        let ends = (1..100_000).map(|end| sample_times(TimeRange::new(0, end)));
        let mut changes = 0;
        ends.reduce(|before, now| {
            changes += usize::from(before != now);
            now
        });
        // Seventeen times doubled.
        assert!(changes < 17 * 17, "{changes}");
    }
}
