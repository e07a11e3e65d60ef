//! Sources: what reads or receives on one side, what is taken from it on the other.
//!
//! A source is a queue of [`LoadEvent`]s with an id, a name and a [`SourceStatus`]. The reading side holds a
//! [`SourceSender`], the viewer a [`SourceHandle`]. Sources that are opened together share one limit on what may wait, but
//! each may always have one event waiting, so that none waits for another to be drained.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chronoscope_store::Waker;
use chronoscope_types::{SourceId, SourceStatus};
use parking_lot::{Mutex, MutexGuard};

use self::group::GroupState;
pub use self::group::SourceLimits;
pub(crate) use self::group::{Group, Waited};
use crate::{IoError, LoadEvent, LoadOutcome, LoadReport, Severity, Stopped};

mod group;

/// How far a source is. A snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceProgress {
    /// The bytes that have been read.
    pub bytes_read: u64,
    /// The bytes of the source, where they are known. At its end those that were read.
    pub total_bytes: u64,
    /// The chunks that have been read, or became known.
    pub chunks: u64,
    /// The reports that have been made.
    pub reports: u64,
}

/// A source by itself, as a live stream is: its two sides.
pub fn source_channel(name: impl Into<Arc<str>>, limits: SourceLimits) -> (SourceSender, SourceHandle) {
    SourceGroup::new(limits).add(name)
}

/// Sources that come and go, as the connections of a server do, and share one limit on what may wait.
#[derive(Clone, Debug)]
pub struct SourceGroup(Arc<Group>);

impl SourceGroup {
    /// A group without sources.
    pub fn new(limits: SourceLimits) -> Self {
        Self(Arc::new(Group::new(limits)))
    }

    /// Adds a source: its two sides. Its place is used again once both are dropped.
    pub fn add(&self, name: impl Into<Arc<str>>) -> (SourceSender, SourceHandle) {
        sides(&self.0, name.into(), self.0.reuse_queue())
    }
}

/// The side of a source that is taken from. Dropping it removes the source: what is still to come is not wanted any more.
/// What was received before stays where it was put.
#[derive(Debug)]
pub struct SourceHandle {
    shared: Arc<Shared>,
}

impl SourceHandle {
    /// The source's id.
    pub fn id(&self) -> SourceId {
        self.shared.id
    }

    /// The file's path, or the name of a stream.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// How it stands with the source. It is not at its end while there is something to receive.
    pub fn status(&self) -> SourceStatus {
        let state = self.shared.group.state.lock();
        let Some(queue) = state.queues.get(self.shared.at) else {
            return SourceStatus::Finished;
        };
        if !queue.status.is_open() && !queue.events.is_empty() {
            return SourceStatus::Loading;
        }
        queue.status.clone()
    }

    /// How far the source is.
    pub fn progress(&self) -> SourceProgress {
        let shared = &self.shared;
        SourceProgress {
            bytes_read: shared.bytes_read.load(Ordering::Relaxed),
            total_bytes: shared.total_bytes.load(Ordering::Relaxed),
            chunks: shared.chunks.load(Ordering::Relaxed),
            reports: shared.reports.load(Ordering::Relaxed),
        }
    }

    /// The memory of what waits to be received, in bytes.
    pub fn waiting_bytes(&self) -> u64 {
        let state = self.shared.group.state.lock();
        state.queues.get(self.shared.at).map_or(0, |queue| queue.bytes)
    }

    /// The next event if there is one; never waits.
    ///
    /// `None` while nothing has arrived and after the last event: see [`Self::is_finished`].
    pub fn try_recv(&self) -> Option<LoadEvent> {
        let shared = &self.shared;
        let event = shared.group.take(&mut shared.group.state.lock(), shared.at)?;
        shared.wake_sender();
        Some(event)
    }

    /// Waits for the next event. `None` after the last one.
    pub fn recv(&self) -> Option<LoadEvent> {
        let shared = &self.shared;
        let event = shared
            .group
            .wait(None, |state| match shared.group.take(state, shared.at) {
                Some(event) => Waited::Event(event),
                None if state.is_ended(shared.at) => Waited::End,
                None => Waited::Nothing,
            })?;
        shared.wake_sender();
        Some(event)
    }

    /// All events that are still to come, waiting for each.
    pub fn events(&self) -> impl Iterator<Item = LoadEvent> {
        std::iter::from_fn(|| self.recv())
    }

    /// Whether every event has been received and no more will come.
    pub fn is_finished(&self) -> bool {
        self.shared.group.state.lock().is_ended(self.shared.at)
    }

    /// Calls `waker` from now on whenever there is something to receive, and when the source has ended.
    pub fn set_waker(&self, waker: &Waker) {
        if let Some(queue) = self.shared.group.state.lock().queues.get_mut(self.shared.at) {
            queue.waker = Some(waker.clone());
        }
        // What was sent before counts too.
        waker.wake();
    }

    /// Stops reading. What has been read can still be received.
    pub fn cancel(&self) {
        let state = self.shared.group.state.lock();
        self.shared.cancelled.store(true, Ordering::Release);
        drop(state);
        self.shared.group.room.notify_all();
        self.shared.wake_sender();
        let waker = self.shared.cancel_waker.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for SourceHandle {
    fn drop(&mut self) {
        self.cancel();
        let mut state = self.shared.group.state.lock();
        let mut thrown_away = Vec::new();
        while let Some(event) = self.shared.group.take(&mut state, self.shared.at) {
            thrown_away.push(event);
        }
        if let Some(queue) = state.queues.get_mut(self.shared.at) {
            queue.dropped_sides += 1;
        }
        drop(state);
        // Many chunks are not freed under the lock.
        drop(thrown_away);
    }
}

/// The side of a source that reads or receives. Dropping it ends the source.
#[derive(Debug)]
pub struct SourceSender {
    shared: Arc<Shared>,
}

/// Why an event was not sent at once.
#[derive(Debug)]
pub enum TrySendError {
    /// There is no room: the event, to be sent later.
    Full(LoadEvent),
    /// The source was cancelled or removed: nobody wants more of it.
    Stopped,
}

impl SourceSender {
    /// The file's path, or the name of a stream.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// Sends an event, and waits until there is room for it.
    ///
    /// # Errors
    /// Where the source was cancelled or removed.
    pub fn send(&self, event: LoadEvent) -> Result<(), Stopped> {
        let bytes = event.num_bytes();
        let mut state = self.shared.group.state.lock();
        while !self.is_cancelled() && !state.has_room(self.shared.at, bytes, self.shared.group.limits) {
            self.shared.group.room.wait(&mut state);
        }
        if self.is_cancelled() {
            return Err(Stopped);
        }
        self.push(state, event, bytes);
        Ok(())
    }

    /// Sends an event if there is room for it; never waits.
    ///
    /// # Errors
    /// Where there is no room, or the source was cancelled or removed.
    pub fn try_send(&self, event: LoadEvent) -> Result<(), TrySendError> {
        let bytes = event.num_bytes();
        let state = self.shared.group.state.lock();
        if self.is_cancelled() {
            return Err(TrySendError::Stopped);
        }
        if !state.has_room(self.shared.at, bytes, self.shared.group.limits) {
            return Err(TrySendError::Full(event));
        }
        self.push(state, event, bytes);
        Ok(())
    }

    /// Calls `waker` from now on whenever an event was received, so that there may be room again, and when the source is
    /// cancelled or removed. For senders that must not wait, with [`Self::try_send`].
    pub fn set_room_waker(&self, waker: &Waker) {
        *self.shared.room_waker.lock() = Some(waker.clone());
        waker.wake();
    }

    /// Calls `waker` once the source is cancelled or removed.
    pub fn set_cancel_waker(&self, waker: &Waker) {
        *self.shared.cancel_waker.lock() = Some(waker.clone());
        if self.is_cancelled() {
            waker.wake();
        }
    }

    /// Says how it stands with the source.
    ///
    /// Events say it too: [`LoadEvent::Started`] that it is loading, [`LoadEvent::Finished`] that it is finished, or lost
    /// where nothing could be read. A live source says [`SourceStatus::Live`] here.
    pub fn set_status(&self, status: SourceStatus) {
        let mut state = self.shared.group.state.lock();
        if let Some(queue) = state.queues.get_mut(self.shared.at) {
            queue.status = status;
        }
        drop(state);
        self.shared.wake();
    }

    /// Ends the source.
    pub fn finish(self, status: SourceStatus) {
        self.set_status(status);
    }

    /// Whether the source was cancelled or removed.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Acquire)
    }

    /// Says how many bytes of the source have been read, and how many it has, where that is known.
    pub fn set_progress(&self, bytes_read: u64, total_bytes: u64) {
        self.shared.bytes_read.store(bytes_read, Ordering::Relaxed);
        self.shared.total_bytes.store(total_bytes, Ordering::Relaxed);
    }

    /// Reports that the source could not be read, and that this was all. Waits for no room.
    pub(crate) fn refuse(&self, error: &IoError) {
        let source = || Arc::clone(&self.shared.name);
        let outcome = LoadOutcome {
            reports: 1,
            damaged: true,
            ..LoadOutcome::default()
        };
        let events = [
            LoadEvent::Started {
                source: source(),
                total_bytes: None,
            },
            LoadEvent::Report(LoadReport::new(&self.shared.name, Severity::Error, error)),
            LoadEvent::Finished {
                source: source(),
                outcome,
            },
        ];
        for event in events {
            let bytes = event.num_bytes();
            self.push(self.shared.group.state.lock(), event, bytes);
        }
    }

    pub(crate) fn cancelled(&self) -> &Arc<AtomicBool> {
        &self.shared.cancelled
    }

    fn push(&self, mut state: MutexGuard<'_, GroupState>, event: LoadEvent, bytes: u64) {
        if let Some(queue) = state.queues.get_mut(self.shared.at) {
            match &event {
                LoadEvent::Started { .. } if queue.status == SourceStatus::Connecting => {
                    queue.status = SourceStatus::Loading;
                }
                LoadEvent::Message(message) => {
                    self.shared
                        .chunks
                        .fetch_add(message.num_chunks(), Ordering::Relaxed);
                }
                LoadEvent::Report(report) => {
                    self.shared.reports.fetch_add(1, Ordering::Relaxed);
                    if report.severity == Severity::Error {
                        queue.error = Some(report.message.as_str().into());
                    }
                }
                LoadEvent::Finished { outcome, .. } => {
                    queue.status = match queue.error.take().filter(|_| !outcome.opened) {
                        Some(reason) => SourceStatus::Lost { reason },
                        None => SourceStatus::Finished,
                    };
                }
                _ => {}
            }
            queue.events.push_back(event);
            queue.bytes += bytes;
            state.waiting_events += 1;
            state.waiting_bytes += bytes;
        }
        drop(state);
        self.shared.group.ready.notify_all();
        self.shared.wake();
    }
}

impl Drop for SourceSender {
    fn drop(&mut self) {
        let mut state = self.shared.group.state.lock();
        if let Some(queue) = state.queues.get_mut(self.shared.at) {
            queue.ended = true;
            queue.dropped_sides += 1;
            if queue.status.is_open() {
                let reason = if self.is_cancelled() {
                    "was canceled"
                } else {
                    "ended unexpectedly"
                };
                queue.status = SourceStatus::Lost {
                    reason: reason.into(),
                };
            }
        }
        drop(state);
        self.shared.group.ready.notify_all();
        self.shared.wake();
    }
}

/// What the two sides of a source share.
#[derive(Debug)]
struct Shared {
    id: SourceId,
    name: Arc<str>,
    group: Arc<Group>,
    /// Its queue in the group.
    at: usize,
    /// Shared with what is being read, which ends once it is set.
    cancelled: Arc<AtomicBool>,
    bytes_read: AtomicU64,
    total_bytes: AtomicU64,
    chunks: AtomicU64,
    reports: AtomicU64,
    room_waker: Mutex<Option<Waker>>,
    cancel_waker: Mutex<Option<Waker>>,
}

impl Shared {
    /// Wakes the receiver.
    fn wake(&self) {
        let state = self.group.state.lock();
        let waker = state.queues.get(self.at).and_then(|queue| queue.waker.clone());
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wake_sender(&self) {
        let waker = self.room_waker.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Adds a source to a group: its two sides.
pub(crate) fn add_to(group: &Arc<Group>, name: Arc<str>) -> (SourceSender, SourceHandle) {
    sides(group, name, group.add_queue())
}

fn sides(group: &Arc<Group>, name: Arc<str>, at: usize) -> (SourceSender, SourceHandle) {
    let shared = Arc::new(Shared {
        id: SourceId::new(),
        name,
        group: Arc::clone(group),
        at,
        cancelled: Arc::default(),
        bytes_read: AtomicU64::new(0),
        total_bytes: AtomicU64::new(0),
        chunks: AtomicU64::new(0),
        reports: AtomicU64::new(0),
        room_waker: Mutex::default(),
        cancel_waker: Mutex::default(),
    });
    let sender = SourceSender {
        shared: Arc::clone(&shared),
    };
    (sender, SourceHandle { shared })
}

/// The moment after a time, if the clock reaches that far.
pub(crate) fn after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}

#[cfg(test)]
mod tests;
