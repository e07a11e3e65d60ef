//! Sources: what they deliver, and how it stands with them.

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::prelude::*;
use chronoscope_store::{AbsentChunk, StoreId, Waker};
use chronoscope_types::{LogMessage, SourceId, SourceStatus};

use super::held_blueprints::HeldMessage;
use crate::Report;

/// Something that a source delivers.
#[derive(Clone, Debug)]
pub enum IngestMessage {
    /// A part of a recording or blueprint.
    Data(LogMessage),
    /// A part of a blueprint for the applications that are open once everything has loaded: for the one that
    /// it names, else for all of them.
    BlueprintForOpen(LogMessage),
    /// Something that the user should know.
    Report(Report),
}

impl From<LogMessage> for IngestMessage {
    fn from(message: LogMessage) -> Self {
        Self::Data(message)
    }
}

/// What a source has right now.
#[derive(Debug)]
pub enum SourcePoll {
    /// A message.
    Message(IngestMessage),
    /// Nothing yet, but more will come.
    Pending,
    /// Nothing, and never again.
    Finished,
}

/// Where data comes from: a file that is read, a stream that is received. Polled in each frame; must never
/// block. Dropping it ends it: what it has not given yet is not wanted any more.
pub trait IngestSource: Send + Sync + 'static {
    /// What the user calls it: a file's path, an address. Also the name of the stores that it gives.
    fn name(&self) -> &str;

    /// Takes the next message.
    fn poll(&mut self) -> SourcePoll;

    /// How it stands with it. [`SourceStatus::Live`] and [`SourceStatus::Retrying`] do not keep the viewer from settling; where it is
    /// [`SourceStatus::Lost`] at its end, that is listed until it is removed.
    fn status(&self) -> SourceStatus {
        SourceStatus::Loading
    }

    /// How far it is, from 0 to 1, where that is known.
    fn progress(&self) -> Option<f32> {
        None
    }

    /// Whether its recordings grow while they are looked at: then the cursor of one that is new follows its end.
    fn is_followed(&self) -> bool {
        false
    }

    /// What passes through it, where it is live.
    fn flow(&self) -> Option<SourceFlow> {
        None
    }

    /// Takes what wakes the viewer. Returns whether the source calls it whenever there is something to poll.
    /// One that is live must, since nobody polls while the viewer rests; where another does not, the viewer
    /// does not rest before it has finished.
    fn set_waker(&mut self, _waker: &Waker) -> bool {
        false
    }
}

/// The link by which SDKs connect to this viewer, where they can. For those who show it; whoever listens writes it.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenLink(pub Option<Arc<str>>);

/// What passes through a live source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceFlow {
    /// The rows that were taken, in all.
    pub rows: u64,
    /// The rows a second, of late.
    pub rows_per_sec: f32,
    /// The bytes of data a second, of late.
    pub bytes_per_sec: f32,
    /// The time from when the latest data was logged to when it was taken, in seconds.
    pub delay_secs: Option<f32>,
    /// The bytes of data that wait to be taken.
    pub waiting_bytes: u64,
}

/// The sources that are being drained, and those that were lost.
#[derive(Resource, Default)]
pub struct IngestSources {
    pub(super) sources: Vec<ActiveSource>,
    lost: BTreeMap<SourceId, LostSource>,
    /// Parts of blueprints that wait until everything has loaded.
    pub(super) held: Vec<HeldMessage>,
    /// The source that is polled next.
    pub(super) next: usize,
    /// What is to be shown once it begins to come.
    awaited: Vec<Awaited>,
    waker: Option<Waker>,
}

/// Sources of which none gave yet what is to be shown.
struct Awaited {
    sources: Vec<SourceId>,
    /// Whether a recording that is there already is not to be shown.
    only_new: bool,
}

/// What is known of a source that is not simply finished.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceState<'a> {
    /// Its id.
    pub id: SourceId,
    /// A file's path, an address.
    pub name: &'a str,
    /// How it stands with it.
    pub status: SourceStatus,
    /// How far it is, from 0 to 1, where that is known.
    pub progress: Option<f32>,
    /// What passes through it, where it is live.
    pub flow: Option<SourceFlow>,
}

impl SourceState<'_> {
    /// Whether data that has an end is still to come.
    pub fn is_loading(&self) -> bool {
        matches!(self.status, SourceStatus::Connecting | SourceStatus::Loading)
    }
}

/// A source that is being drained.
pub(super) struct ActiveSource {
    pub(super) id: SourceId,
    pub(super) source: Box<dyn IngestSource>,
    /// It says when there is something to poll.
    wakes: bool,
    /// The stores that it gave data for, and those of them that were closed since: what still comes for these
    /// is passed over.
    stores: BTreeMap<StoreId, StoreState>,
}

#[derive(Debug)]
struct LostSource {
    name: Box<str>,
    reason: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreState {
    Open,
    Closed,
}

/// How a message stands to the stores of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessagePlace {
    /// It is the first of its store.
    New,
    /// It is for a store that the source gave data for before, or for none.
    Open,
    /// It is for a store that was closed while the source was giving it.
    Closed,
}

impl IngestSources {
    /// Adds a source. One of the same name that was lost is forgotten.
    pub fn add(&mut self, source: impl IngestSource) -> SourceId {
        let id = SourceId::new();
        let mut source: Box<dyn IngestSource> = Box::new(source);
        let mut wakes = false;
        if let Some(waker) = &self.waker {
            wakes = source.set_waker(waker);
            waker.wake();
        }
        self.lost.retain(|_, lost| *lost.name != *source.name());
        self.sources.push(ActiveSource {
            id,
            source,
            wakes,
            stores: BTreeMap::new(),
        });
        id
    }

    /// Has the first recording that begins to come from some of these sources be shown in the place of what is: who opens files wants to
    /// see what is in them. What comes from other sources is shown where nothing else is.
    pub fn show_first(&mut self, sources: Vec<SourceId>) {
        let only_new = false;
        if !sources.is_empty() {
            self.awaited.push(Awaited { sources, only_new });
        }
    }

    /// Has the first new recording of a source be shown in the place of what is, as that of a program that is run again. What it adds to
    /// recordings that are there already changes nothing.
    pub fn show_first_new(&mut self, source: SourceId) {
        let (sources, only_new) = (vec![source], true);
        self.awaited.push(Awaited { sources, only_new });
    }

    /// Whether the recording that begins to come from a source is to be shown.
    pub(super) fn shows(&mut self, source: SourceId, is_new: bool) -> bool {
        let is_awaited =
            |awaited: &Awaited| awaited.sources.contains(&source) && (is_new || !awaited.only_new);
        let at = self.awaited.iter().position(is_awaited);
        at.map(|at| self.awaited.remove(at)).is_some()
    }

    /// Awaits nothing more of a source.
    fn await_no_more(&mut self, source: SourceId) {
        for awaited in &mut self.awaited {
            awaited.sources.retain(|other| *other != source);
        }
        self.awaited.retain(|awaited| !awaited.sources.is_empty());
    }

    /// Says what wakes the viewer, to all sources that there are and will be.
    pub fn set_waker(&mut self, waker: Waker) {
        for active in &mut self.sources {
            active.wakes = active.source.set_waker(&waker);
        }
        self.waker = Some(waker);
    }

    /// What wakes the viewer, where it rests.
    pub fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }

    /// Removes a source: what it has not given yet is not taken, and that it was lost is forgotten. Returns
    /// whether it was there.
    pub fn remove(&mut self, id: SourceId) -> bool {
        let num_before = self.sources.len();
        self.sources.retain(|source| source.id != id);
        self.held.retain(|held| held.source != id);
        self.await_no_more(id);
        self.lost.remove(&id).is_some() || self.sources.len() < num_before
    }

    /// The sources that are not simply finished: those that are open, in the order in which they were added,
    /// then those that were lost.
    pub fn states(&self) -> impl Iterator<Item = SourceState<'_>> {
        let open = self.sources.iter().map(|active| SourceState {
            id: active.id,
            name: active.source.name(),
            status: active.source.status(),
            progress: active.source.progress(),
            flow: active.source.flow(),
        });
        let lost = self.lost.iter().map(|(id, lost)| SourceState {
            id: *id,
            name: &lost.name,
            status: SourceStatus::Lost {
                reason: Arc::clone(&lost.reason),
            },
            progress: None,
            flow: None,
        });
        open.chain(lost)
    }

    /// Whether some source may give data. One that was lost gives none.
    pub(crate) fn is_any_open(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Whether all that had an end has reached it.
    pub fn is_idle(&self) -> bool {
        self.sources.iter().all(ActiveSource::is_live)
    }

    /// Whether a source that is live gives data for a recording, which was not closed since.
    pub fn feeds(&self, store: &StoreId) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| source.stores.get(store) == Some(&StoreState::Open) && source.is_live())
    }

    /// Whether some source has to be asked in each frame: it has not ended, and does not say when it has
    /// something.
    pub fn needs_polling(&self) -> bool {
        self.sources
            .iter()
            .any(|active| !active.wakes && !active.is_live())
    }

    /// Passes over what the sources of today still give for a store that was closed. A source that is added
    /// later opens it again.
    pub(crate) fn close(&mut self, store: &StoreId) {
        for state in self
            .sources
            .iter_mut()
            .filter_map(|source| source.stores.get_mut(store))
        {
            *state = StoreState::Closed;
        }
    }

    /// Takes a source out that has come to its end.
    pub(super) fn end(&mut self, at: usize) {
        let ActiveSource { id, source, .. } = self.sources.remove(at);
        self.await_no_more(id);
        if let SourceStatus::Lost { reason } = source.status() {
            let name = source.name().into();
            self.lost.insert(id, LostSource { name, reason });
        }
    }
}

impl ActiveSource {
    fn is_live(&self) -> bool {
        matches!(
            self.source.status(),
            SourceStatus::Live | SourceStatus::Retrying { .. }
        )
    }

    /// How a message stands to the source's stores, of which it may be a new one.
    pub(super) fn place(&mut self, message: &IngestMessage) -> MessagePlace {
        let IngestMessage::Data(message) = message else {
            return MessagePlace::Open;
        };
        let store = message.store();
        match self.stores.get(store) {
            Some(StoreState::Closed) => MessagePlace::Closed,
            Some(StoreState::Open) => MessagePlace::Open,
            None => {
                self.stores.insert(store.clone(), StoreState::Open);
                MessagePlace::New
            }
        }
    }
}

/// The bytes of data that a message brings, chunks that are known by their metadata alone included.
pub(super) fn num_bytes(message: &IngestMessage) -> u64 {
    match message {
        IngestMessage::Data(LogMessage::Chunk { chunk, .. }) => chunk.num_bytes(),
        IngestMessage::Data(LogMessage::AbsentChunks { chunks, .. }) => {
            (size_of::<AbsentChunk>() * chunks.len()) as u64
        }
        _ => 0,
    }
}

/// The rows in the chunks that a message brings or makes known.
pub(super) fn num_rows(message: &IngestMessage) -> u64 {
    match message {
        IngestMessage::Data(message) | IngestMessage::BlueprintForOpen(message) => message.num_rows(),
        IngestMessage::Report(_) => 0,
    }
}
