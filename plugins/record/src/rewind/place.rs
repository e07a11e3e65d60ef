//! A place: a path under which entities were recorded, and what was written of it last.
//!
//! Rows are followed by cursors: the next row is mostly the neighbor of the last one, in the same chunk. So neither an index nor a
//! cache is asked while the world is scrubbed, and what has the same row as before is not written again.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use bevy_ecs::{entity::Entity, name::Name};
use bevy_transform::components::Transform;
use chronoscope_store::{
    Chunk, ComponentId, EntityId, EntityPath, Hit, LatestAtCursor, Recording, RowId, TimeRange, TimelineId,
    arrow::types::UInt64Type,
};
use chronoscope_types::{Transform3D, read};

use crate::{
    ENTITY_COMPONENT, PARENT_COMPONENT,
    columns::{group_at, groups_of, text_at, value_at},
    component_rows::RecordedComponent,
    rows::{NAME_COMPONENT, Pose},
};

/// No time: an answer that was never given.
pub(super) const NEVER: TimeRange = TimeRange::EMPTY;

/// A path under which entities were recorded.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) entity: EntityId,
    pub(super) path: EntityPath,
    /// Who was there, and below whom.
    pub(super) who: Option<Who>,
    pub(super) name: Option<Name>,
    who_valid: TimeRange,
    pub(super) pose: PoseTrack,
    /// Per recorded component.
    pub(super) values: Vec<Track>,
}

/// An entity as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) recorded: Entity,
    pub(super) parent: Option<Entity>,
}

/// What is looked up, and where.
pub(super) struct Lookup<'a> {
    recording: &'a Recording,
    timeline: TimelineId,
    time: i64,
    who: Option<ComponentId>,
    translation: Option<ComponentId>,
    values: Vec<Option<ComponentId>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(
        recording: &'a Recording,
        timeline: TimelineId,
        time: i64,
        types: &[RecordedComponent],
    ) -> Self {
        let store = &recording.store;
        Self {
            recording,
            timeline,
            time,
            who: store.component_id(ENTITY_COMPONENT),
            translation: store.component_id(&Transform3D::TRANSLATION),
            values: types
                .iter()
                .map(|component| store.component_id(&component.column))
                .collect(),
        }
    }

    pub(super) fn timeline_name(&self) -> &'a str {
        self.recording.store.timeline(self.timeline).name()
    }

    pub(super) fn time(&self) -> i64 {
        self.time
    }

    /// The latest row of a component, by its names.
    pub(super) fn find(&self, path: &EntityPath, component: &str) -> Option<Hit> {
        let store = &self.recording.store;
        let (entity, component) = (store.entity_id(path)?, store.component_id(component)?);
        let answer = self
            .recording
            .latest_at(entity, Some(self.timeline), self.time, component);
        answer.hit
    }

    /// Whether the recording has a row of a component of a path at its end, by the component's place among the recorded ones.
    pub(super) fn has_last(&self, path: &EntityPath, at: usize) -> bool {
        let store = &self.recording.store;
        let (Some(entity), Some(component)) = (store.entity_id(path), self.values[at]) else {
            return false;
        };
        let end = store.time_range(self.timeline).max;
        let answer = self
            .recording
            .latest_at(entity, Some(self.timeline), end, component);
        answer.hit.is_some()
    }

    /// The latest row of a component of an entity, and how to go on from there.
    fn cursor(&self, entity: EntityId, component: Option<ComponentId>) -> LatestAtCursor {
        let Recording { store, cache } = self.recording;
        let asked = component.as_slice();
        let mut cursors = cache.latest_at_cursors(store, entity, Some(self.timeline), self.time, asked);
        cursors
            .next()
            .map_or_else(LatestAtCursor::nothing, |(_, cursor)| cursor)
    }
}

impl Place {
    pub(super) fn new(entity: EntityId, path: EntityPath, num_values: usize) -> Self {
        let mut values = Vec::new();
        values.resize_with(num_values, Track::default);
        Self {
            entity,
            path,
            who: None,
            name: None,
            who_valid: NEVER,
            pose: PoseTrack::default(),
            values,
        }
    }

    /// All of it is looked up and written anew.
    pub(super) fn forget(&mut self) {
        self.who_valid = NEVER;
        self.forget_pose();
        self.forget_values();
    }

    /// Where it is is looked up and written anew.
    pub(super) fn forget_pose(&mut self) {
        self.pose = PoseTrack::default();
    }

    /// What it has is looked up and written anew.
    pub(super) fn forget_values(&mut self) {
        self.values.fill_with(Track::default);
    }

    /// All of it is looked up anew, and written where it has other rows.
    pub(super) fn look_again(&mut self) {
        self.who_valid = NEVER;
        self.pose.track.look_again();
        self.pose.columns.clear();
        self.values.iter_mut().for_each(Track::look_again);
    }

    /// The times at which all of it is as it was found last.
    pub(super) fn validity(&self) -> TimeRange {
        if self.who.is_none() {
            return self.who_valid;
        }
        let tracks = std::iter::once(&self.pose.track).chain(&self.values);
        tracks.fold(self.who_valid, |all, track| all.intersection(&track.validity()))
    }

    /// Looks up who is there. Returns whether that is somebody else, or below somebody else.
    pub(super) fn look_up_who(&mut self, lookup: &Lookup<'_>) -> bool {
        let Some(component) = lookup.who.filter(|_| !self.who_valid.contains(lookup.time)) else {
            return false;
        };
        let Recording { store, cache } = lookup.recording;
        let answer = cache.latest_at_ref(store, self.entity, Some(lookup.timeline), lookup.time, component);
        self.who_valid = answer.validity;
        let name = answer.hit.as_ref().and_then(|hit| {
            let column = hit.chunk().component(NAME_COMPONENT)?;
            text_at(column, hit.row()).map(|name| Name::new(name.to_owned()))
        });
        let who = answer.hit.and_then(|hit| {
            let bits = value_at::<UInt64Type>(hit.column(), hit.row())?;
            let parent = hit.chunk().component(PARENT_COMPONENT);
            let parent = parent.and_then(|column| value_at::<UInt64Type>(column, hit.row()));
            Some(Who {
                recorded: Entity::try_from_bits(bits)?,
                parent: parent
                    .and_then(Entity::try_from_bits)
                    .filter(|parent| *parent != Entity::PLACEHOLDER),
            })
        });
        if who == self.who {
            return false;
        }
        (self.who, self.name) = (who, name);
        self.forget_pose();
        self.forget_values();
        true
    }

    /// Where it is, where that has another row than the one that was written last.
    pub(super) fn new_pose(&mut self, lookup: &Lookup<'_>) -> Option<NewPose> {
        let is_new = self.pose.track.follow(lookup, self.entity, lookup.translation);
        is_new.then(|| self.pose.read()).flatten()
    }

    /// Whether a component, by its place among the recorded ones, has another row than the one that was written last.
    pub(super) fn has_new_value(&mut self, at: usize, lookup: &Lookup<'_>) -> bool {
        self.values[at].follow(lookup, self.entity, lookup.values[at])
    }

    /// Whether there is a row of a component, be it one that says that the component was taken away.
    pub(super) fn has_row(&self, at: usize) -> bool {
        let cursor = self.values[at].cursor();
        cursor.is_some_and(|cursor| cursor.row_id().is_some())
    }

    /// The value of a component as text; nothing where it was taken away, or never there.
    pub(super) fn value(&self, at: usize) -> Option<String> {
        let cell = self.values[at].cursor()?.cell()?.to_array();
        let texts = read::texts(&cell).ok()?;
        texts.iter().next().flatten().map(ToOwned::to_owned)
    }
}

/// So many runs of rows a track knows its way in. Who jumps to and fro comes back to them.
const MAX_CURSORS: usize = 16;

/// The rows of a component, and which of them was written last.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Each where it was when it was asked last, all in runs of rows of their own.
    cursors: Vec<LatestAtCursor>,
    /// The times to which each of them follows.
    ranges: Vec<TimeRange>,
    /// The one at the row that was written last.
    current: usize,
    /// Without a cursor, the row that was written last, or that there was none.
    written: Option<Option<RowId>>,
}

impl Track {
    fn cursor(&self) -> Option<&LatestAtCursor> {
        self.cursors.get(self.current)
    }

    /// Goes to a time. Returns whether another row is to be written than was last.
    fn follow(&mut self, lookup: &Lookup<'_>, entity: EntityId, component: Option<ComponentId>) -> bool {
        if let Some(cursor) = self.cursors.get_mut(self.current)
            && let Some(is_other) = cursor.follow(lookup.time)
        {
            return is_other;
        }
        let written = self.written();
        let known = self.ranges.iter().position(|range| range.contains(lookup.time));
        let is_known = |at: &usize| self.cursors[*at].follow(lookup.time).is_some();
        self.current = match known.filter(is_known) {
            Some(known) => known,
            None => self.take_up(lookup.cursor(entity, component)),
        };
        written != self.written()
    }

    /// Keeps a cursor: behind the others, or in place of one that is of no use any more.
    fn take_up(&mut self, cursor: LatestAtCursor) -> usize {
        let range = cursor.range();
        let is_free = |range: &TimeRange| range.is_empty();
        let at = match self.ranges.iter().position(is_free) {
            Some(free) => free,
            None if self.cursors.len() < MAX_CURSORS => self.cursors.len(),
            None => (self.current + 1) % MAX_CURSORS,
        };
        if at == self.cursors.len() {
            self.cursors.push(cursor);
            self.ranges.push(range);
        } else {
            (self.cursors[at], self.ranges[at]) = (cursor, range);
        }
        at
    }

    fn written(&self) -> Option<Option<RowId>> {
        self.cursor().map(LatestAtCursor::row_id).or(self.written)
    }

    fn look_again(&mut self) {
        self.written = self.written();
        self.cursors.clear();
        self.ranges.clear();
        self.current = 0;
    }

    fn validity(&self) -> TimeRange {
        self.cursor().map_or(NEVER, |cursor| cursor.answer().validity)
    }
}

/// What the row of a transform says.
#[derive(Clone, Copy, Debug)]
pub(super) enum NewPose {
    At(Transform),
    /// The transform was taken away.
    Nowhere,
}

/// The rows of a transform.
#[derive(Debug, Default)]
pub(super) struct PoseTrack {
    track: Track,
    /// Per cursor of the track, the columns of the chunk in which its row is.
    columns: Vec<Option<PoseColumns>>,
}

impl PoseTrack {
    fn read(&mut self) -> Option<NewPose> {
        let hit = self.track.cursor()?.answer().hit.as_ref()?;
        if self.columns.len() <= self.track.current {
            self.columns.resize_with(self.track.current + 1, || None);
        }
        let columns = &mut self.columns[self.track.current];
        if !columns
            .as_ref()
            .is_some_and(|columns| columns.are_of(hit.chunk()))
        {
            *columns = PoseColumns::of(hit.chunk());
        }
        let pose = match columns {
            Some(columns) => columns.pose(hit.row()),
            None => pose_of(hit.chunk(), hit.row()),
        };
        match pose {
            Some(pose) => Some(NewPose::At(pose.into())),
            None => hit.cell().is_empty().then_some(NewPose::Nowhere),
        }
    }
}

/// Columns with one transform in each row: read where they lie, past the arrays around them.
#[derive(Debug)]
struct PoseColumns {
    chunk: Arc<Chunk>,
    translations: ScalarBuffer<f32>,
    rotations: ScalarBuffer<f32>,
    scales: ScalarBuffer<f32>,
}

impl PoseColumns {
    fn of(chunk: &Arc<Chunk>) -> Option<Self> {
        Some(Self {
            chunk: Arc::clone(chunk),
            translations: groups_of::<3>(chunk.component(&Transform3D::TRANSLATION)?)?,
            rotations: groups_of::<4>(chunk.component(&Transform3D::QUATERNION)?)?,
            scales: groups_of::<3>(chunk.component(&Transform3D::SCALE)?)?,
        })
    }

    fn are_of(&self, chunk: &Arc<Chunk>) -> bool {
        Arc::ptr_eq(&self.chunk, chunk)
    }

    fn pose(&self, row: usize) -> Option<Pose> {
        Some(Pose {
            translation: group(&self.translations, row)?,
            rotation: group(&self.rotations, row)?,
            scale: group(&self.scales, row)?,
        })
    }
}

fn group<const N: usize>(numbers: &[f32], row: usize) -> Option<[f32; N]> {
    numbers.get(row * N..(row + 1) * N)?.try_into().ok()
}

/// The transform of a row, whatever the columns are like.
fn pose_of(chunk: &Chunk, row: usize) -> Option<Pose> {
    Some(Pose {
        translation: group_at(chunk.component(&Transform3D::TRANSLATION)?, row)?,
        rotation: group_at(chunk.component(&Transform3D::QUATERNION)?, row)?,
        scale: group_at(chunk.component(&Transform3D::SCALE)?, row)?,
    })
}
