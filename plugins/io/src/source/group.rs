//! The queues of sources that share the limits on what may wait.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use chronoscope_store::Waker;
use chronoscope_types::SourceStatus;
use parking_lot::{Condvar, Mutex};

use crate::LoadEvent;

/// What may wait for the receiver of a source, or of several that are opened together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// The events. More make bursts smoother, fewer make a cancelled load stop sooner.
    pub events: usize,
    /// Their memory, in bytes. A single event may exceed it.
    pub bytes: u64,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            events: 256,
            bytes: 64 << 20,
        }
    }
}

/// Sources that share the limits on what may wait.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) limits: SourceLimits,
    pub(super) state: Mutex<GroupState>,
    /// Something was received, or is not wanted any more.
    pub(super) room: Condvar,
    /// Something was sent, or a source ended.
    pub(super) ready: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct GroupState {
    pub(super) queues: Vec<Queue>,
    pub(super) waiting_events: usize,
    pub(super) waiting_bytes: u64,
    /// The sources before this one have ended.
    first_open: usize,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) events: VecDeque<LoadEvent>,
    /// Their memory.
    pub(super) bytes: u64,
    pub(super) status: SourceStatus,
    /// The last error that was reported.
    pub(super) error: Option<Arc<str>>,
    /// There is no sender any more.
    pub(super) ended: bool,
    /// How many of sender and handle are dropped: with both, the queue is free.
    pub(super) dropped_sides: u8,
    pub(super) waker: Option<Waker>,
}

/// What a receiver finds.
pub(crate) enum Waited {
    Event(LoadEvent),
    End,
    Nothing,
}

impl Group {
    pub(crate) fn new(limits: SourceLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            room: Condvar::new(),
            ready: Condvar::new(),
        }
    }

    /// Adds a queue, and returns its place.
    pub(super) fn add_queue(&self) -> usize {
        let mut state = self.state.lock();
        state.queues.push(Queue::default());
        state.queues.len() - 1
    }

    /// Adds a queue in a place that is free, where there is one, and returns its place.
    pub(super) fn reuse_queue(&self) -> usize {
        let mut state = self.state.lock();
        let free = state.queues.iter_mut().enumerate();
        match { free }.find(|(_, queue)| queue.dropped_sides == 2) {
            Some((at, queue)) => {
                *queue = Queue::default();
                at
            }
            None => {
                state.queues.push(Queue::default());
                state.queues.len() - 1
            }
        }
    }

    /// The number of sources that have no sender any more.
    pub(crate) fn num_ended(&self) -> usize {
        self.state
            .lock()
            .queues
            .iter()
            .filter(|queue| queue.ended)
            .count()
    }

    /// Whether all sources have ended and were received.
    pub(crate) fn is_finished(&self) -> bool {
        let state = self.state.lock();
        (0..state.queues.len()).all(|at| state.is_ended(at))
    }

    /// The next event of any source, those that were added first before others; never waits.
    pub(crate) fn try_recv_any(&self) -> Option<LoadEvent> {
        match self.take_any(&mut self.state.lock()) {
            Waited::Event(event) => Some(event),
            Waited::End | Waited::Nothing => None,
        }
    }

    /// Waits for the next event of any source, until a moment or for ever. `None` after the last one, too.
    pub(crate) fn recv_any(&self, until: Option<Instant>) -> Option<LoadEvent> {
        self.wait(until, |state| self.take_any(state))
    }

    fn take_any(&self, state: &mut GroupState) -> Waited {
        while state.is_ended(state.first_open) {
            state.first_open += 1;
        }
        if state.first_open >= state.queues.len() {
            return Waited::End;
        }
        let some = (state.first_open..state.queues.len()).find_map(|at| self.take(state, at));
        some.map_or(Waited::Nothing, Waited::Event)
    }

    pub(super) fn take(&self, state: &mut GroupState, at: usize) -> Option<LoadEvent> {
        let queue = state.queues.get_mut(at)?;
        let event = queue.events.pop_front()?;
        let bytes = event.num_bytes();
        queue.bytes -= bytes;
        let is_empty = queue.events.is_empty();
        state.waiting_events -= 1;
        state.waiting_bytes -= bytes;
        // Who waits is woken for many events, rather than for each.
        let limits = self.limits;
        if is_empty || state.waiting_events <= limits.events / 2 && state.waiting_bytes <= limits.bytes / 2 {
            self.room.notify_all();
        }
        Some(event)
    }

    pub(super) fn wait(
        &self,
        until: Option<Instant>,
        mut take: impl FnMut(&mut GroupState) -> Waited,
    ) -> Option<LoadEvent> {
        let mut state = self.state.lock();
        loop {
            match take(&mut state) {
                Waited::Event(event) => return Some(event),
                Waited::End => return None,
                Waited::Nothing => {}
            }
            match until {
                None => self.ready.wait(&mut state),
                Some(until) => {
                    if self.ready.wait_until(&mut state, until).timed_out() {
                        return None;
                    }
                }
            }
        }
    }
}

impl GroupState {
    /// Whether an event of so many bytes may wait. Each source may have one waiting, whatever the others have.
    pub(super) fn has_room(&self, at: usize, bytes: u64, limits: SourceLimits) -> bool {
        self.queues.get(at).is_none_or(|queue| queue.events.is_empty())
            || self.waiting_events < limits.events.max(1)
                && self.waiting_bytes.saturating_add(bytes) <= limits.bytes
    }

    /// Whether a source has no sender any more and was received.
    pub(super) fn is_ended(&self, at: usize) -> bool {
        self.queues
            .get(at)
            .is_some_and(|queue| queue.ended && queue.events.is_empty())
    }
}
