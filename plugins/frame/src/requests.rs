//! Commands that wait for what they name, and their answers.

use bevy_ecs::{prelude::*, system::SystemParam};
use chronoscope_blueprint::{Contents, ViewId};
use chronoscope_store::{EntityPath, StoreId};

use crate::{
    ActiveBlueprint, IngestSources, Item, RecordingEntry, Recordings, Report, Reports, Settled, TimeCommand,
    TimeControls, ViewerCommand,
    commands::{
        CommandId, FileRequests, FrameAllRequests, PictureTarget, QueuedCommand, ScreenshotRequest,
        ScreenshotRequests,
    },
};

/// Message: a command that was given by [`crate::ViewerCommands::request`] is carried out, or has failed.
///
/// Files are opened and blueprints saved in the background: these commands are answered when that begins.
/// How it ends is told by [`IngestSources`] and [`Reports`].
#[derive(Message, Clone, Debug, PartialEq)]
pub struct CommandFinished {
    /// The request.
    pub id: CommandId,
    /// Whether it was carried out.
    pub result: Result<(), CommandError>,
}

/// Reason for a command that was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No recording is open.
    #[error("no recording is open")]
    NothingOpen,
    /// The recording is not open.
    #[error("no recording {} of {} is open", .0.recording_id, .0.application_id)]
    NoRecording(StoreId),
    /// The recording is open, and another one is shown.
    #[error("recording {} of {} is not the one that is shown", .0.recording_id, .0.application_id)]
    NotShown(StoreId),
    /// The recording has no timeline of this name with data.
    #[error("there is no timeline {0:?} with data")]
    NoTimeline(String),
    /// The recording has no timeline with data.
    #[error("there is no timeline with data")]
    NoTime,
    /// No recording has the entity.
    #[error("there is no entity {0}")]
    NoEntity(EntityPath),
    /// The entity has no such component.
    #[error("entity {entity} has no component {component}")]
    NoComponent {
        /// The entity.
        entity: EntityPath,
        /// Name of the component.
        component: String,
    },
    /// The blueprint has no such view or container.
    #[error("there is no {0}")]
    NotInBlueprint(Contents),
    /// The view is not shown, or shows nothing that could be framed.
    #[error("there is nothing to frame in view {0}")]
    NothingToFrame(ViewId),
    /// Too many commands wait already.
    #[error("{MAX_WAITING} commands wait already")]
    TooMany,
    /// It was tried, and failed for the reason that the user was told, too.
    #[error("{0}")]
    Failed(Report),
}

impl CommandError {
    fn to_report(&self) -> Report {
        match self {
            Self::Failed(report) => report.clone(),
            other => Report::warning("command", other.to_string()),
        }
    }
}

/// Commands that may wait at a time.
const MAX_WAITING: usize = 256;

/// Frames that a command waits after the last arrival: views and timelines follow from data in the frames
/// after it.
const FRAMES_AFTER_ARRIVAL: u32 = 4;

/// Requests that wait for what they name.
#[derive(Resource, Debug, Default)]
pub(crate) struct WaitingCommands(Vec<WaitingCommand>);

#[derive(Debug)]
struct WaitingCommand {
    queued: QueuedCommand,
    frames_left: u32,
}

/// What answers commands, and keeps those that wait.
#[derive(SystemParam)]
pub(crate) struct Requests<'w> {
    waiting: ResMut<'w, WaitingCommands>,
    answers: MessageWriter<'w, CommandFinished>,
    settled: ResMut<'w, Settled>,
    pub(crate) frame_all: ResMut<'w, FrameAllRequests>,
    screenshots: ResMut<'w, ScreenshotRequests>,
}

/// A command that is to be carried out now, and the frames for which it may wait.
pub(crate) struct DueCommand {
    pub(crate) queued: QueuedCommand,
    frames_left: u32,
}

impl Requests<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.0.is_empty()
    }

    /// All commands of this frame: those that have waited come first.
    pub(crate) fn due(&mut self, new: Vec<QueuedCommand>) -> impl Iterator<Item = DueCommand> + use<> {
        let waiting = std::mem::take(&mut self.waiting.0);
        let waiting = waiting.into_iter().map(|command| DueCommand {
            queued: command.queued,
            frames_left: command.frames_left,
        });
        waiting.chain(new.into_iter().map(|queued| DueCommand {
            queued,
            frames_left: FRAMES_AFTER_ARRIVAL,
        }))
    }

    /// Lets a command wait for what is missing, or answers that it is.
    pub(crate) fn wait(
        &mut self,
        due: DueCommand,
        missing: CommandError,
        more_may_arrive: bool,
        reports: &mut Reports,
    ) {
        let frames_left = if more_may_arrive {
            FRAMES_AFTER_ARRIVAL
        } else {
            due.frames_left.saturating_sub(1)
        };
        let id = due.queued.request.as_ref().map(|request| request.id);
        if frames_left == 0 {
            self.answer(id, Err(missing), reports);
        } else if self.waiting.0.len() >= MAX_WAITING {
            self.answer(id, Err(CommandError::TooMany), reports);
        } else {
            if !more_may_arrive {
                // Nothing else makes the next frame come.
                self.settled.disturb();
            }
            let queued = due.queued;
            self.waiting.0.push(WaitingCommand { queued, frames_left });
        }
    }

    /// Asks for a picture of a view, or of the window. Whoever takes it answers.
    pub(crate) fn ask_for_picture(&mut self, id: Option<CommandId>, view: Option<ViewId>, to: PictureTarget) {
        self.screenshots.0.push(ScreenshotRequest { to, view, id });
    }

    /// Answers a command, and tells the user where it failed.
    pub(crate) fn answer(
        &mut self,
        id: Option<CommandId>,
        result: Result<(), CommandError>,
        reports: &mut Reports,
    ) {
        if let Err(error) = &result {
            reports.push(error.to_report());
        }
        if let Some(id) = id {
            self.answers.write(CommandFinished { id, result });
        }
    }
}

/// Answers a command that was handed over, as [`ViewerCommand::Screenshot`], and tells the user where it failed.
pub fn answer_command(world: &mut World, id: Option<CommandId>, result: Result<(), CommandError>) {
    if let Err(error) = &result {
        world.resource_mut::<Reports>().push(error.to_report());
    }
    if let Some(id) = id {
        world.write_message(CommandFinished { id, result });
    }
}

/// Whether data may arrive that brings what a command names.
pub(crate) fn more_may_arrive(sources: &IngestSources, files: &FileRequests) -> bool {
    !files.open.is_empty()
        || !files.open_blueprints.is_empty()
        || sources.states().any(|state| state.status.is_open())
}

/// What there is for commands to name.
pub(crate) struct Names<'a> {
    pub(crate) recordings: &'a Recordings,
    pub(crate) times: &'a TimeControls,
    pub(crate) active: &'a ActiveBlueprint,
}

impl Names<'_> {
    /// Finds what a request names.
    ///
    /// # Errors
    /// What is not there, or not yet. Views and containers that a [`ViewerCommand::Blueprint`] names are
    /// found when it is carried out.
    pub(crate) fn find(&self, command: &ViewerCommand, of: Option<&StoreId>) -> Result<(), CommandError> {
        use ViewerCommand as C;
        match command {
            C::Time(command) => self.find_time(command, self.recording(of)?),
            C::Select(items) => items.iter().try_for_each(|item| self.find_item(item, of)),
            C::ToggleSelected(item) => self.find_item(item, of),
            C::ActivateRecording(id) | C::CloseRecording(id) => self.recording(Some(id)).map(drop),
            C::FrameAll(view) => {
                self.shown(of)?;
                self.find_item(&Item::View(*view), None)
            }
            C::Hover(_)
            | C::Click(_)
            | C::OpenFiles(_)
            | C::OpenDemo
            | C::OpenBlueprints(_)
            | C::RemoveSource(_)
            | C::EndGesture => Ok(()),
            // A picture may be one of an empty viewer.
            C::Screenshot(_) if of.is_none() => Ok(()),
            C::ScreenshotOf(view, _) | C::CopyPicture(view) => {
                self.shown(of)?;
                self.find_item(&Item::View(*view), None)
            }
            C::Screenshot(_)
            | C::Export(..)
            | C::Blueprint(_)
            | C::Undo
            | C::Redo
            | C::GoToStep(_)
            | C::ResetBlueprint
            | C::ResetToHeuristics
            | C::SaveBlueprint(_)
            | C::PasteBlueprint(_) => self.shown(of),
        }
    }

    /// The recording that a command is about: the one that is shown, unless another is given.
    pub(crate) fn recording(&self, of: Option<&StoreId>) -> Result<&RecordingEntry, CommandError> {
        match of {
            None => self.recordings.active().ok_or(CommandError::NothingOpen),
            Some(id) => {
                let entry = self.recordings.find(id);
                entry.ok_or_else(|| CommandError::NoRecording(id.clone()))
            }
        }
    }

    fn shown(&self, of: Option<&StoreId>) -> Result<(), CommandError> {
        let entry = self.recording(of)?;
        let is_shown = self.recordings.active().map(RecordingEntry::key) == Some(entry.key());
        if is_shown {
            Ok(())
        } else {
            Err(CommandError::NotShown(entry.id().clone()))
        }
    }

    fn find_time(&self, command: &TimeCommand, entry: &RecordingEntry) -> Result<(), CommandError> {
        use TimeCommand as C;
        let store = entry.store();
        match command {
            C::SetTimeline(name) | C::SetTimeOf(name, _) | C::SetTimelineAndTime(name, _) => {
                let known = store.timeline_id(name);
                if known.is_none_or(|id| store.time_range(id).is_empty()) {
                    return Err(CommandError::NoTimeline(name.clone()));
                }
            }
            C::Pause | C::Follow | C::SetLoop(_) | C::SetSpeed(_) | C::SetFps(_) => {}
            C::SetTime(_)
            | C::Play
            | C::TogglePlay
            | C::StepForward
            | C::StepBack
            | C::Begin
            | C::End
            | C::SetLoopSelection(_) => {
                let timeline = self.times.get(entry.key()).timeline(store);
                timeline.ok_or(CommandError::NoTime)?;
            }
        }
        Ok(())
    }

    fn find_item(&self, item: &Item, of: Option<&StoreId>) -> Result<(), CommandError> {
        let in_blueprint = |is_there: bool, contents: Contents| match is_there {
            true => Ok(()),
            false => Err(CommandError::NotInBlueprint(contents)),
        };
        let viewport = self.active.viewport();
        if let Some(view) = item.view() {
            in_blueprint(viewport.views.contains_key(&view), Contents::View(view))?;
        }
        match item {
            Item::Store(id) => self.recording(Some(id)).map(drop),
            Item::Container(id) => {
                in_blueprint(viewport.containers.contains_key(id), Contents::Container(*id))
            }
            Item::View(_) => Ok(()),
            Item::Entity(entity) | Item::DataResult { entity, .. } | Item::Row { entity, .. } => {
                self.find_entity(entity, None, of)
            }
            Item::Component { entity, component } => self.find_entity(entity, Some(component), of),
        }
    }

    /// Finds an entity in a recording, or in any of them: a view may show another than the cursor's.
    fn find_entity(
        &self,
        path: &EntityPath,
        component: Option<&str>,
        of: Option<&StoreId>,
    ) -> Result<(), CommandError> {
        let among: Vec<&RecordingEntry> = match of {
            Some(_) => vec![self.recording(of)?],
            None => self.recordings.recordings().collect(),
        };
        let mut is_known = false;
        for store in among.iter().map(|entry| entry.store()) {
            let Some(entity) = store.entity_id(path) else {
                continue;
            };
            is_known = true;
            let has_it = |name| {
                store
                    .component_id(name)
                    .is_some_and(|id| store.has_component(entity, id))
            };
            if component.is_none_or(has_it) {
                return Ok(());
            }
        }
        Err(match component.filter(|_| is_known) {
            Some(component) => CommandError::NoComponent {
                entity: path.clone(),
                component: component.to_owned(),
            },
            None => CommandError::NoEntity(path.clone()),
        })
    }
}
