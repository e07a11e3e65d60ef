//! The world as it was: what was recorded is written back.
//!
//! [`Rewind`] says what an app or a user wants; `restore` looks up in the recording what was there at a time, and writes it
//! where it differs from what is there now.

mod place;
mod resources;
mod restore;
mod unrecorded;

use std::collections::BTreeSet;

use bevy_app::{App, Plugin, PostUpdate};
use bevy_ecs::{entity::EntityHashMap, lifecycle::Despawn, prelude::*, world::DeferredWorld};
use bevy_time::{Time, Virtual};
use bevy_transform::{TransformSystems, components::Transform};
use chronoscope_frame::{
    Cursor, DiffLog, PlayState, RecordingKey, Recordings, Report, Reports, TimeControls,
};
use chronoscope_store::StoreId;
use chronoscope_types::TextDocument;

use self::restore::Restorer;
use crate::{FRAME_TIMELINE, WorldRecorder, recorder::RECORDER, ticks::NamedTime};

/// Has the world show any time of its recording, and go on from there.
///
/// While the world shows a time that is past, virtual time stands, nothing is recorded, and [`is_recording`](crate::is_recording)
/// is false: systems that do not go by virtual time should ask for it.
///
/// Written back are transforms, the hierarchy, components of [`record`](crate::AppRecordExt::record) and resources of
/// [`record_resource`](crate::AppRecordMoreExt::record_resource), references between entities included. A resource that was not there
/// yet is not taken away, since systems may ask for it; nor is a component of which nothing was recorded. Entities that were not there
/// yet are disabled; those that are gone are spawned again with what was recorded of them, and told by [`EntityRewound`], so that an app
/// can add the rest. What cannot be written back is in [`Rewind::not_restored`].
///
/// ```
/// use bevy_app::App;
/// use bevy_ecs::prelude::*;
/// use bevy_time::TimePlugin;
/// use bevy_transform::{TransformPlugin, components::Transform};
/// use chronoscope_record::{RecordPlugin, Rewind, RewindPlugin};
///
/// let mut app = App::new();
/// app.add_plugins((TimePlugin, TransformPlugin, RecordPlugin::new("doc"), RewindPlugin));
/// app.finish();
/// let cube = app.world_mut().spawn(Transform::default()).id();
/// for frame in 0..10 {
///     app.world_mut().get_mut::<Transform>(cube).unwrap().translation.x = frame as f32;
///     app.update();
/// }
/// app.world_mut().resource_mut::<Rewind>().to_frame(4);
/// app.update();
/// assert_eq!(app.world().get::<Transform>(cube).unwrap().translation.x, 4.0);
/// app.world_mut().resource_mut::<Rewind>().resume();
/// app.update();
/// ```
pub struct RewindPlugin;

impl Plugin for RewindPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.world().contains_resource::<Rewind>() {
            return;
        }
        app.init_resource::<Recordings>()
            .init_resource::<DiffLog>()
            .init_resource::<Reports>()
            .init_resource::<Rewind>()
            .init_resource::<LastComponents>()
            .add_message::<EntityRewound>()
            .add_observer(remember_components)
            .add_systems(
                PostUpdate,
                // It has the whole world, and would be ambiguous with all that stand in no order to it.
                rewind.before(TransformSystems::Propagate).ambiguous_with_all(),
            );
    }
}

/// What is wanted of the world's time.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    /// As it was on a timeline.
    At(String, i64),
    /// As it was last, and on from there.
    Present,
    /// On from what is shown.
    Resume,
    /// On from what is shown, in a new recording.
    Fork(Option<String>),
}

/// What the world shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RewindState {
    /// The present, which is recorded.
    #[default]
    Present,
    /// A time that is past.
    Past {
        /// The timeline.
        timeline: String,
        /// The time, in its unit.
        time: i64,
    },
}

/// Something that is not as it was, and cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotRestored {
    /// A component that is not recorded, or of which nothing was recorded of some entity: a filter left it out, it could not be
    /// recorded, or its rows were collected. Entities that were there all the time keep the value that they have now.
    Unrecorded {
        /// The type's path, where it is known.
        component: String,
    },
    /// A component that an entity had which is spawned again, and that was not recorded: it is missing.
    Missing {
        /// Where the entity is recorded.
        path: String,
        /// The type's path, where it is known.
        component: String,
    },
    /// A value that was recorded and cannot be read.
    Unreadable {
        /// Where the entity is recorded.
        path: String,
        /// The type's path.
        component: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A resource that is not recorded and was changed, or asked for to be changed, since the shown time; or one that was not there
    /// then. It is as it is now. Assets are in resources, and the engine has some of its own among them.
    Resource {
        /// The type's path, where it is known.
        resource: String,
    },
}

/// Message: an entity was spawned again, with what was recorded of it. An app may add what was not: a mesh, a collider.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct EntityRewound {
    /// The entity that it is now.
    pub entity: Entity,
    /// The entity that it was.
    pub was: Entity,
    /// Where it is recorded.
    pub path: chronoscope_store::EntityPath,
}

/// What was seen of the viewer's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeenCursor {
    /// Nothing: where it is found first, nobody has put it.
    Nothing,
    /// It followed the end of this recording. Where it is found next, somebody has put it.
    AtEnd(RecordingKey),
    /// It was there.
    At(Cursor),
}

/// Asks for another time, and says which is shown. See [`RewindPlugin`].
#[derive(Resource, Debug)]
pub struct Rewind {
    wanted: Option<Wanted>,
    state: RewindState,
    /// Whether the world shows the time of the viewer's cursor.
    follows_cursor: bool,
    seen_cursor: SeenCursor,
    not_restored: BTreeSet<NotRestored>,
    num_written: usize,
    restorer: Option<Restorer>,
    /// Virtual time was stopped before.
    was_paused: bool,
}

impl Default for Rewind {
    fn default() -> Self {
        Self {
            wanted: None,
            state: RewindState::Present,
            follows_cursor: true,
            seen_cursor: SeenCursor::Nothing,
            not_restored: BTreeSet::new(),
            num_written: 0,
            restorer: None,
            was_paused: false,
        }
    }
}

impl Rewind {
    /// Shows the world as it was at a frame of the recording, and the viewer in this app that frame, where it shows this recording.
    pub fn to_frame(&mut self, frame: i64) {
        self.to_time(FRAME_TIMELINE, frame);
    }

    /// Shows the world as it was at a time of a timeline, in its unit; likewise.
    pub fn to_time(&mut self, timeline: impl Into<String>, time: i64) {
        self.wanted = Some(Wanted::At(timeline.into(), time));
    }

    /// Shows the world as it was last, and goes on from there.
    pub fn to_present(&mut self) {
        self.wanted = Some(Wanted::Present);
    }

    /// Goes on from what is shown. The recording goes on too: what was recorded after the shown time stays in it, and frames that come
    /// are counted behind it. Entities go on at the paths that they had then.
    pub fn resume(&mut self) {
        self.wanted = Some(Wanted::Resume);
    }

    /// Goes on from what is shown in a new recording, which begins at the shown time and says where it branched off.
    pub fn fork(&mut self, recording_id: Option<String>) {
        self.wanted = Some(Wanted::Fork(recording_id));
    }

    /// What the world shows.
    pub fn state(&self) -> &RewindState {
        &self.state
    }

    /// Whether the world shows the time of the viewer's cursor: it does, unless told otherwise. The present is where the viewer
    /// follows the end of the recording.
    pub fn set_follows_cursor(&mut self, follows: bool) {
        self.follows_cursor = follows;
    }

    /// What is not as it was at the shown time, in order. Of what is no component and no resource, such as data that stays on one
    /// thread, and of what the viewer has itself, nothing is said.
    pub fn not_restored(&self) -> impl Iterator<Item = &NotRestored> {
        self.not_restored.iter()
    }

    /// How many transforms, values and resources were written to the world when it went to the shown time, or taken away: those
    /// that have other rows than at the time before. Zero in the present.
    pub fn num_written(&self) -> usize {
        self.num_written
    }

    /// Whether the world shows a time that is past.
    pub fn is_past(&self) -> bool {
        self.state != RewindState::Present
    }

    /// What the viewer's cursor asks for, where it moved.
    fn follow_cursor(&mut self, world: &World, of: &StoreId) {
        let (Some(cursor), Some(times), Some(recordings)) = (
            world.get_resource::<Cursor>(),
            world.get_resource::<TimeControls>(),
            world.get_resource::<Recordings>(),
        ) else {
            return;
        };
        let Some(entry) = recordings
            .find(of)
            .filter(|entry| cursor.recording == Some(entry.key()))
        else {
            return;
        };
        let control = times.get(entry.key());
        if control.play_state() == PlayState::Following {
            self.seen_cursor = SeenCursor::AtEnd(entry.key());
            if self.is_past() {
                self.wanted = Some(Wanted::Present);
            }
            return;
        }
        let Some(timeline) = cursor.timeline else {
            return;
        };
        let name = entry.store().timeline(timeline).name();
        let is_moved = match std::mem::replace(&mut self.seen_cursor, SeenCursor::At(*cursor)) {
            SeenCursor::Nothing => false,
            SeenCursor::AtEnd(of) => of == entry.key(),
            // One that nobody has put is at the first time, which is another once rows are collected.
            SeenCursor::At(seen) => {
                seen != *cursor
                    && seen.recording == cursor.recording
                    && (seen.timeline != cursor.timeline || control.put_time(name).is_some())
            }
        };
        if is_moved {
            self.wanted = Some(Wanted::At(name.to_string(), cursor.time));
        }
    }
}

/// The components that entities had when they were despawned.
#[derive(Resource, Default)]
pub(crate) struct LastComponents(pub(crate) EntityHashMap<bevy_ecs::archetype::ArchetypeId>);

impl LastComponents {
    /// The bytes that it takes. Cost: O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Entity, bevy_ecs::archetype::ArchetypeId)>()
    }
}

fn remember_components(despawn: On<Despawn, Transform>, mut world: DeferredWorld) {
    let entity = despawn.event().entity;
    let Ok(archetype) = world.get_entity(entity).map(|entity| entity.archetype().id()) else {
        return;
    };
    // What was never recorded does not come back.
    let recorder = world.get_resource::<WorldRecorder>();
    let is_recorded = recorder.is_some_and(|recorder| recorder.slots.find(entity).is_some());
    if let Some(mut last) = world.get_resource_mut::<LastComponents>()
        && is_recorded
    {
        last.0.insert(entity, archetype);
    }
}

/// Does what is wanted.
fn rewind(world: &mut World) {
    if !world.contains_resource::<WorldRecorder>() {
        return;
    }
    world.resource_scope(|world, mut rewind: Mut<Rewind>| {
        let rewind = rewind.bypass_change_detection();
        if rewind.follows_cursor {
            let of = world.resource::<WorldRecorder>().id().clone();
            match &rewind.wanted {
                None => rewind.follow_cursor(world, &of),
                // Without this, the world would be back at the viewer's time in the next frame.
                Some(Wanted::At(timeline, time)) => move_cursor(world, &of, timeline, *time),
                Some(_) => {}
            }
        }
        match rewind.wanted.take() {
            None => {}
            Some(Wanted::At(timeline, time)) => _ = rewind.show(world, timeline, time),
            // A fork of the present begins now.
            Some(Wanted::Fork(id)) if !rewind.is_past() => {
                rewind.enter(world);
                let now = world.resource::<WorldRecorder>().times();
                rewind.leave(world);
                fork(world, id, now);
            }
            Some(_) if !rewind.is_past() => {}
            Some(Wanted::Present) => {
                let now = world.resource::<WorldRecorder>().times();
                let is_shown =
                    counted(&now).is_some_and(|(timeline, time)| rewind.show(world, timeline, time));
                if let Some(restorer) = rewind.restorer.as_mut().filter(|_| !is_shown) {
                    restorer.give_up(world);
                }
                rewind.leave(world);
            }
            Some(Wanted::Resume) => rewind.leave(world),
            Some(Wanted::Fork(id)) => {
                let restorer = rewind.restorer.as_ref();
                let times = restorer.map(|restorer| restorer.shown_times(world));
                rewind.leave(world);
                fork(world, id, times.unwrap_or_default());
            }
        }
    });
}

impl Rewind {
    /// Stops the world, and gets to know what was recorded.
    fn enter(&mut self, world: &mut World) {
        if self.restorer.is_some() {
            return;
        }
        if let Err(error) = WorldRecorder::flush(world) {
            report(world, Report::error(RECORDER, error.to_string()));
        }
        world.resource_mut::<WorldRecorder>().is_paused = true;
        if let Some(mut time) = world.get_resource_mut::<Time<Virtual>>() {
            self.was_paused = time.is_paused();
            time.pause();
        }
        self.restorer = Some(Restorer::new(world));
    }

    /// Returns whether the recording has that timeline.
    fn show(&mut self, world: &mut World, timeline: String, time: i64) -> bool {
        self.enter(world);
        let Some(restorer) = &mut self.restorer else {
            return false;
        };
        match restorer.restore(world, &timeline, time) {
            Some(restored) => {
                self.not_restored = restored.not_restored;
                self.num_written = restored.written;
                self.state = RewindState::Past { timeline, time };
                true
            }
            None => {
                let message = format!("the recording of this world has no timeline {timeline:?}");
                report(world, Report::warning(RECORDER, message));
                if !self.is_past() {
                    self.leave(world);
                }
                false
            }
        }
    }

    /// Has the world go on.
    fn leave(&mut self, world: &mut World) {
        if let Some(restorer) = self.restorer.take() {
            restorer.finish(world);
        }
        self.state = RewindState::Present;
        self.not_restored.clear();
        self.num_written = 0;
        self.seen_cursor = SeenCursor::Nothing;
        let mut recorder = world.resource_mut::<WorldRecorder>();
        recorder.is_paused = false;
        recorder.resumes = true;
        if !self.was_paused
            && let Some(mut time) = world.get_resource_mut::<Time<Virtual>>()
        {
            time.unpause();
        }
        // The viewer's cursor is where it was put; without this, the world would go back there at once.
        let id = world.resource::<WorldRecorder>().id().clone();
        follow_in_viewer(world, &id);
    }
}

/// Of times on several timelines, that of the frames; of another timeline where frames are not recorded.
fn counted(times: &[NamedTime]) -> Option<NamedTime> {
    let frame = times.iter().find(|(timeline, _)| timeline == FRAME_TIMELINE);
    frame.or(times.first()).cloned()
}

/// Goes on in a new recording that begins at these times.
fn fork(world: &mut World, recording_id: Option<String>, times: Vec<NamedTime>) {
    let mut recorder = world.resource_mut::<WorldRecorder>();
    let from = recorder.id().clone();
    let (timeline, time) = counted(&times).unwrap_or_else(|| (FRAME_TIMELINE.to_owned(), 0));
    let name = format!("{} from {timeline} {time}", from.recording_id);
    let branch = recorder.recorder.branch(recording_id.map(Into::into), Some(name));
    let branch = match branch {
        Ok(branch) => branch,
        Err(error) => {
            return report(
                world,
                Report::error(RECORDER, format!("no fork was begun: {error}")),
            );
        }
    };
    recorder.branch(branch, times);
    let root = recorder.settings.root.clone();
    let origin = TextDocument::new(format!(
        "application: {}\nrecording: {}\ntimeline: {timeline}\ntime: {time}",
        from.application_id, from.recording_id
    ));
    let logged = recorder
        .log()
        .log_static("__properties/forked_from", &origin)
        .and_then(|()| {
            let axes = chronoscope_types::ViewCoordinates::right_hand_y_up();
            recorder.log().log_static(root, &axes)
        });
    let id = recorder.id().clone();
    if let Err(error) = logged {
        report(world, Report::error(RECORDER, error.to_string()));
    }
    // What was begun is there before the viewer is asked to show it.
    if let Err(error) = WorldRecorder::flush(world) {
        report(world, Report::error(RECORDER, error.to_string()));
    }
    if let Some(mut recordings) = world.get_resource_mut::<Recordings>()
        && recordings.activate(&id)
        && let Some(mut log) = world.get_resource_mut::<DiffLog>()
    {
        log.push(chronoscope_frame::DiffEntry::Recordings);
    }
    follow_in_viewer(world, &id);
}

/// Puts the cursor of the viewer in this app at a time of a recording, where it stays.
fn move_cursor(world: &mut World, id: &StoreId, timeline: &str, time: i64) {
    let recordings = world.get_resource::<Recordings>();
    let Some(entry) = recordings.and_then(|recordings| recordings.find(id)) else {
        return;
    };
    let (key, has_timeline) = (entry.key(), entry.store().timeline_id(timeline).is_some());
    if let Some(mut times) = world.get_resource_mut::<TimeControls>()
        && has_timeline
    {
        let control = times.get_mut(key);
        control.set_timeline(timeline);
        control.set_time(timeline, time);
        control.set_play_state(PlayState::Paused);
    }
}

/// The viewer in this app follows the end of a recording.
fn follow_in_viewer(world: &mut World, id: &StoreId) {
    let key = world
        .get_resource::<Recordings>()
        .and_then(|recordings| Some(recordings.find(id)?.key()));
    let follows = world.resource::<WorldRecorder>().settings.follow;
    if let Some(key) = key.filter(|_| follows)
        && let Some(mut times) = world.get_resource_mut::<TimeControls>()
    {
        times.get_mut(key).set_play_state(PlayState::Following);
    }
}

fn report(world: &mut World, report: Report) {
    match world.get_resource_mut::<Reports>() {
        Some(mut reports) => reports.push(report),
        None => tracing::warn!("{}", report.message),
    }
}
