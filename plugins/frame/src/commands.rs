//! Commands: what a user asks for. The user interface emits them, the next frame carries them out. What a
//! host asks for may wait for what it names, and is answered: see [`crate::requests`].

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_store::{EntityPath, StoreId, TimeRange};
use chronoscope_types::{SourceId, enums::LoopMode};

use crate::{Item, selection::EntityClicked};

/// Something to be done to the shown recording's time.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeCommand {
    /// Show another timeline, where its cursor was.
    SetTimeline(String),
    /// Move the cursor of the shown timeline. Playing goes on from there, following stops.
    SetTime(i64),
    /// Move the cursor of a timeline, shown or not.
    SetTimeOf(String, i64),
    /// Show a timeline at a time.
    SetTimelineAndTime(String, i64),
    /// Play, from the beginning where the cursor is at the end.
    Play,
    /// Stop at the cursor.
    Pause,
    /// Play, from the beginning where the cursor is at the end, or pause.
    TogglePlay,
    /// Stay at the newest data.
    Follow,
    /// To the next time at which something was logged.
    StepForward,
    /// To the previous time at which something was logged.
    StepBack,
    /// To the first time.
    Begin,
    /// To the last time.
    End,
    /// What happens at the end.
    SetLoop(LoopMode),
    /// The range that loops, if one.
    SetLoopSelection(Option<TimeRange>),
    /// Times as fast as real time. Positive and finite.
    SetSpeed(f64),
    /// Steps per second on sequence timelines. Positive and finite.
    SetFps(f64),
}

/// Something that a user asks for.
#[derive(Clone, Debug)]
pub enum ViewerCommand {
    /// Move in time.
    Time(TimeCommand),
    /// Edit the active blueprint of the shown application.
    Blueprint(BlueprintCommand),
    /// A gesture of edits has ended: what comes next is a step of its own to undo.
    EndGesture,
    /// Take the last edit back.
    Undo,
    /// Do again what was undone.
    Redo,
    /// Go to where the first so many edits are done, and the others are not.
    GoToStep(usize),
    /// Forget all edits: back to the default blueprint.
    ResetBlueprint,
    /// Forget all edits and the default blueprint: views as heuristics choose them.
    ResetToHeuristics,
    /// Select these items and nothing else.
    Select(Vec<Item>),
    /// Select this item too, or no longer.
    ToggleSelected(Item),
    /// The pointer is over this item, or over none. The last of a frame counts. Where it is looked for
    /// elsewhere, it may come frames later: until then, what was hovered stays.
    Hover(Option<Item>),
    /// An entity was clicked on. Selects nothing by itself.
    Click(EntityClicked),
    /// Show another recording.
    ActivateRecording(StoreId),
    /// Close a recording and free its memory.
    CloseRecording(StoreId),
    /// Open files, links to files and links to live services. Carried out by whoever owns the sources; see [`FileRequests`].
    OpenFiles(Vec<PathBuf>),
    /// Open the demo, where there is one: see [`OffersDemo`]. Carried out by whoever owns the sources.
    OpenDemo,
    /// Use these blueprints for the recordings that are open. Carried out by whoever owns the sources; see
    /// [`FileRequests`].
    OpenBlueprints(Vec<PathBuf>),
    /// Remove a source: what it has not given yet is not taken, and that it was lost is forgotten.
    RemoveSource(SourceId),
    /// Save the shown blueprint to a file, in the format of its extension. Carried out by whoever owns the
    /// sources; see [`FileRequests`].
    SaveBlueprint(PathBuf),
    /// Replace the shown blueprint by one that stands in a text, in RON. One step to undo; a text that is no
    /// blueprint gives a report that names the line.
    PasteBlueprint(String),
    /// Frame all that is in a view now: the eye of a 3D view, the visible part of a 2D view, all times and
    /// values of a plot.
    FrameAll(ViewId),
    /// Save a picture of the window, or of the image that is drawn offscreen, as PNG. It is taken once the
    /// frame has settled; while time plays, which never settles, as soon as nothing is loading. Carried out
    /// by whoever owns the window.
    Screenshot(PathBuf),
    /// As [`Self::Screenshot`], of a view alone. It must be on the screen.
    ScreenshotOf(ViewId, PathBuf),
    /// As [`Self::ScreenshotOf`], onto the clipboard.
    CopyPicture(ViewId),
    /// Save data of the shown recording to a file. Carried out by whoever owns the sources; see
    /// [`FileRequests`].
    Export(Export, PathBuf),
}

/// Data that is saved to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// The scalars of these entities and of those below them, as a table with a row per time of the shown
    /// timeline (CSV).
    Series(Vec<EntityPath>),
    /// What was logged in a range of the shown timeline, as a recording (`.rrd`).
    Times(TimeRange),
}

/// Commands for the next frame, in the order in which they were given.
#[derive(Resource, Debug, Default)]
pub struct ViewerCommands {
    queue: Vec<QueuedCommand>,
}

/// Identifies a request for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(u64);

impl CommandId {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Who is to be answered, and what the command is about.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: CommandId,
    pub(crate) recording: Option<StoreId>,
}

/// A command, and who is to be answered.
#[derive(Debug)]
pub(crate) struct QueuedCommand {
    pub(crate) command: ViewerCommand,
    pub(crate) request: Option<Request>,
}

impl ViewerCommands {
    /// Adds a command about what is shown in the next frame. What it names and is not there by then makes it
    /// void; [`Self::request`] waits for it.
    pub fn push(&mut self, command: ViewerCommand) {
        let request = None;
        self.queue.push(QueuedCommand { command, request });
    }

    /// Adds a command that waits for what it names: a recording, a timeline, an entity, a view, or just for
    /// anything to be shown. It is answered by a [`CommandFinished`](crate::CommandFinished) with this id.
    ///
    /// It waits as long as some source is loading or live. When nothing more can arrive, it has failed, which
    /// is reported to the user as well. Each waits by itself: one that was given later may be carried out
    /// first.
    pub fn request(&mut self, command: ViewerCommand) -> CommandId {
        self.add_request(command, None)
    }

    /// As [`Self::request`], for one recording. The time is that of this recording, shown or not; selected
    /// entities must be in it; other commands wait until it is the one that is shown.
    pub fn request_for(&mut self, recording: StoreId, command: ViewerCommand) -> CommandId {
        self.add_request(command, Some(recording))
    }

    fn add_request(&mut self, command: ViewerCommand, recording: Option<StoreId>) -> CommandId {
        let id = CommandId::new();
        let request = Some(Request { id, recording });
        self.queue.push(QueuedCommand { command, request });
        id
    }

    /// Adds a command about time.
    pub fn time(&mut self, command: TimeCommand) {
        self.push(ViewerCommand::Time(command));
    }

    /// Adds an edit of the blueprint.
    pub fn blueprint(&mut self, command: BlueprintCommand) {
        self.push(ViewerCommand::Blueprint(command));
    }

    /// Adds all commands of another queue.
    pub fn append(&mut self, other: &mut Self) {
        self.queue.append(&mut other.queue);
    }

    /// The commands, in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &ViewerCommand> {
        self.queue.iter().map(|queued| &queued.command)
    }

    /// Drops the commands that are not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&ViewerCommand) -> bool) {
        self.queue.retain(|queued| keep(&queued.command));
    }

    pub(crate) fn take(&mut self) -> Vec<QueuedCommand> {
        std::mem::take(&mut self.queue)
    }

    /// Whether there is no command.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

/// The files that were asked for and that nobody has begun to open or to save.
#[derive(Resource, Debug, Default)]
pub struct FileRequests {
    /// Files to open.
    pub open: Vec<PathBuf>,
    /// Whether the demo is to be opened.
    pub open_demo: bool,
    /// Blueprints to use for the recordings that are open.
    pub open_blueprints: Vec<PathBuf>,
    /// Files to save the shown blueprint to.
    pub save_blueprint: Vec<PathBuf>,
    /// Data to save.
    pub exports: Vec<(Export, PathBuf)>,
}

/// Whether there is a demo to open. Whoever owns the sources says so.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffersDemo(pub bool);

impl FileRequests {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
            && !self.open_demo
            && self.open_blueprints.is_empty()
            && self.save_blueprint.is_empty()
            && self.exports.is_empty()
    }
}

/// The files that were opened last, the newest first. Whoever owns the sources fills it.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentFiles(pub Vec<PathBuf>);

impl RecentFiles {
    /// Files that are remembered.
    pub const MAX: usize = 16;

    /// Puts a file in front.
    pub fn add(&mut self, path: PathBuf) {
        self.0.retain(|other| *other != path);
        self.0.insert(0, path);
        self.0.truncate(Self::MAX);
    }
}

/// The views that are to frame all that is in them. Whoever draws the views carries it out and answers.
#[derive(Resource, Debug, Default)]
pub struct FrameAllRequests(pub Vec<FrameAllRequest>);

/// A view that is to frame all that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameAllRequest {
    /// The view.
    pub view: ViewId,
    /// The request to answer, if one.
    pub id: Option<CommandId>,
    /// Number of frames in which there was nothing to frame.
    pub frames: u32,
}

/// The screenshots that were asked for. Whoever owns the window takes them and answers.
#[derive(Resource, Debug, Default)]
pub struct ScreenshotRequests(pub Vec<ScreenshotRequest>);

/// Where a picture goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureTarget {
    /// A PNG file.
    File(PathBuf),
    /// The clipboard.
    Clipboard,
}

/// A screenshot that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenshotRequest {
    /// Where it goes.
    pub to: PictureTarget,
    /// The view that it is of; the whole window where none is given.
    pub view: Option<ViewId>,
    /// The request to answer, if one.
    pub id: Option<CommandId>,
}

/// The kinds of files that [`FileRequests`] can ask for. Whoever owns the sources fills it. Empty
/// in an app that opens no files.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct FileKinds(pub Vec<FileKind>);

/// A kind of files that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// What it is called in a sentence, with its article: `a PNG picture`.
    pub name: String,
    /// Its extensions, in lower case, without the dot.
    pub extensions: Vec<String>,
}

impl FileKinds {
    /// All extensions, with the dot, as a sentence lists them: `.rrd, .rbl, .png`.
    pub fn extensions(&self) -> String {
        let extensions = self.0.iter().flat_map(|kind| &kind.extensions);
        let dotted: Vec<String> = extensions.map(|extension| format!(".{extension}")).collect();
        dotted.join(", ")
    }
}
