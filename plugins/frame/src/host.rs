//! For apps that have the viewer in them: what happens in it as events to observe, and what it can be asked for in one parameter.

use std::path::PathBuf;

use bevy_app::{App, Plugin};
use bevy_ecs::{prelude::*, system::SystemParam};
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_store::{EntityPath, StoreId, StoreKind};

use crate::{
    CommandId, Cursor, Frame, FrameSystems, Item, RecordingEntry, RecordingKey, Recordings, Selection,
    TimeCommand, ViewerCommand, ViewerCommands,
    selection::{ClickButton, ClickSource, EntityClicked, SelectionChanged},
    settle::settle,
};

/// Triggers the events of this module.
pub struct HostEventsPlugin;

impl Plugin for HostEventsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_systems(
            Frame,
            (tell_clicks, tell_selection, tell_cursor, tell_recordings)
                .chain()
                .in_set(FrameSystems::End)
                .after(settle),
        );
    }
}

/// Event: an entity of a recording was clicked on, in a view or in a panel.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use chronoscope_frame::host::ViewerClick;
///
/// let mut world = World::new();
/// world.add_observer(|click: On<ViewerClick>| println!("{}", click.entity));
/// ```
#[derive(Event, Clone, Debug, PartialEq)]
pub struct ViewerClick {
    /// The recording: the one that the view looks at where there is a view, else the active one.
    pub recording: Option<StoreId>,
    /// The entity.
    pub entity: EntityPath,
    /// The instance under the pointer, where that is known.
    pub instance: Option<u32>,
    /// Where it was hit, in the space of the view, where that has one.
    pub position: Option<[f64; 3]>,
    /// The view that showed it, if one.
    pub view: Option<ViewId>,
    /// The button.
    pub button: ClickButton,
    /// What was clicked on.
    pub source: ClickSource,
}

/// Event: other items are selected than before.
#[derive(Event, Clone, Debug, PartialEq, Eq)]
pub struct ViewerSelectionChanged {
    /// The items that were selected before.
    pub before: Vec<Item>,
    /// The items that are selected now.
    pub now: Vec<Item>,
}

/// Event: the pointer is over something else, or over nothing.
#[derive(Event, Clone, Debug, PartialEq, Eq)]
pub struct ViewerHoverChanged {
    /// The item under the pointer.
    pub now: Option<Item>,
}

/// Event: the cursor moved, or another timeline or recording is shown.
#[derive(Event, Clone, Debug, PartialEq, Eq)]
pub struct ViewerCursorMoved {
    /// The recording that is shown.
    pub recording: StoreId,
    /// The timeline that is shown.
    pub timeline: String,
    /// The time, in the timeline's unit.
    pub time: i64,
}

/// Event: a recording was opened.
#[derive(Event, Clone, Debug, PartialEq, Eq)]
pub struct ViewerRecordingOpened {
    /// The recording.
    pub recording: StoreId,
}

fn tell_clicks(mut clicks: MessageReader<EntityClicked>, mut commands: Commands) {
    for click in clicks.read() {
        commands.trigger(ViewerClick {
            recording: click.recording.clone(),
            entity: click.entity.clone(),
            instance: click.instance,
            position: click.position,
            view: click.view,
            button: click.button,
            source: click.source,
        });
    }
}

fn tell_selection(
    mut changes: MessageReader<SelectionChanged>,
    selection: Res<Selection>,
    mut hovered: Local<Option<Item>>,
    mut commands: Commands,
) {
    for SelectionChanged { before, now } in changes.read().cloned() {
        commands.trigger(ViewerSelectionChanged { before, now });
    }
    if *hovered != selection.hovered {
        hovered.clone_from(&selection.hovered);
        commands.trigger(ViewerHoverChanged {
            now: selection.hovered.clone(),
        });
    }
}

fn tell_cursor(
    cursor: Res<Cursor>,
    recordings: Res<Recordings>,
    mut last: Local<Option<Cursor>>,
    mut commands: Commands,
) {
    if *last == Some(*cursor) {
        return;
    }
    *last = Some(*cursor);
    let entry = cursor.recording.and_then(|key| recordings.get(key));
    if let (Some(entry), Some(timeline)) = (entry, cursor.timeline) {
        commands.trigger(ViewerCursorMoved {
            recording: entry.id().clone(),
            timeline: entry.store().timeline(timeline).name().to_string(),
            time: cursor.time,
        });
    }
}

fn tell_recordings(
    recordings: Res<Recordings>,
    mut told: Local<Option<RecordingKey>>,
    mut commands: Commands,
) {
    // Keys grow, and are never used again.
    let Some(newest) = recordings.iter().map(RecordingEntry::key).max() else {
        return;
    };
    if *told >= Some(newest) {
        return;
    }
    for entry in recordings.iter() {
        if Some(entry.key()) > *told && entry.id().kind == StoreKind::Recording {
            commands.trigger(ViewerRecordingOpened {
                recording: entry.id().clone(),
            });
        }
    }
    *told = Some(newest);
}

/// What the viewer can be asked for. In an app without one, nothing happens, and the answers are `None`.
///
/// What names something that has not arrived yet waits for it, and is answered by [`CommandFinished`](crate::CommandFinished) with the id.
///
/// ```
/// use chronoscope_frame::host::ViewerHandle;
///
/// fn look_at_the_start(mut viewer: ViewerHandle) {
///     viewer.open(["run.rrd"]);
///     viewer.seek("frame", 0);
///     viewer.play();
///     viewer.select("/world/robot");
/// }
/// # bevy_ecs::system::assert_is_system(look_at_the_start);
/// ```
#[derive(SystemParam)]
pub struct ViewerHandle<'w> {
    commands: Option<ResMut<'w, ViewerCommands>>,
}

impl ViewerHandle<'_> {
    /// Whether there is a viewer in the app.
    pub fn is_there(&self) -> bool {
        self.commands.is_some()
    }

    /// Asks for anything.
    pub fn request(&mut self, command: ViewerCommand) -> Option<CommandId> {
        Some(self.commands.as_mut()?.request(command))
    }

    /// Opens files.
    pub fn open(&mut self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Option<CommandId> {
        let paths = paths.into_iter().map(Into::into).collect();
        self.request(ViewerCommand::OpenFiles(paths))
    }

    /// Plays, from the beginning where the cursor is at the end.
    pub fn play(&mut self) -> Option<CommandId> {
        self.request(ViewerCommand::Time(TimeCommand::Play))
    }

    /// Stops at the cursor.
    pub fn pause(&mut self) -> Option<CommandId> {
        self.request(ViewerCommand::Time(TimeCommand::Pause))
    }

    /// Plays, or pauses where it plays.
    pub fn toggle_play(&mut self) -> Option<CommandId> {
        self.request(ViewerCommand::Time(TimeCommand::TogglePlay))
    }

    /// Stays at the end of the recording, as that grows.
    pub fn follow(&mut self) -> Option<CommandId> {
        self.request(ViewerCommand::Time(TimeCommand::Follow))
    }

    /// Shows a time of a timeline, in its unit.
    pub fn seek(&mut self, timeline: impl Into<String>, time: i64) -> Option<CommandId> {
        let command = TimeCommand::SetTimelineAndTime(timeline.into(), time);
        self.request(ViewerCommand::Time(command))
    }

    /// Selects an entity.
    pub fn select(&mut self, entity: impl Into<EntityPath>) -> Option<CommandId> {
        self.request(ViewerCommand::Select(vec![Item::Entity(entity.into())]))
    }

    /// Edits the blueprint that is shown, as its user may.
    ///
    /// ```
    /// use chronoscope_blueprint::{BlueprintCommand, ViewBlueprint, ViewClassId, ViewId};
    /// use chronoscope_frame::host::ViewerHandle;
    ///
    /// fn show_the_speed(mut viewer: ViewerHandle) {
    ///     let plot = ViewBlueprint {
    ///         name: Some("Speed".to_owned()),
    ///         ..ViewBlueprint::new(ViewId::unique(), ViewClassId::TIME_SERIES, "/plots/speed")
    ///     };
    ///     viewer.blueprint(BlueprintCommand::AddView(plot, None));
    /// }
    /// # bevy_ecs::system::assert_is_system(show_the_speed);
    /// ```
    pub fn blueprint(&mut self, command: BlueprintCommand) -> Option<CommandId> {
        self.request(ViewerCommand::Blueprint(command))
    }

    /// Saves a picture of the viewer once all is drawn.
    pub fn screenshot(&mut self, path: impl Into<PathBuf>) -> Option<CommandId> {
        self.request(ViewerCommand::Screenshot(path.into()))
    }
}
