//! What the handles of a recorder share: batches, and the sinks that they go to.

use std::sync::Arc;

use arrow_array::ArrayRef;
use chronoscope_store::{Chunk, ChunkError, ComponentDescriptor, EntityPath, RowId, StoreId};
use chronoscope_types::{Component, LogMessage};
use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    BatchSettings, LogError, Sink, SinkError, SinkNotice,
    batch::{Batch, Times},
};

/// Ids that are reserved at once.
const ROW_IDS_AHEAD: u64 = 1024;

pub(crate) struct Shared {
    pub(crate) id: StoreId,
    pub(crate) settings: BatchSettings,
    batches: Mutex<Batches>,
    /// Wakes the thread that sends rows in time.
    pub(crate) wake: Condvar,
    /// Locked before `batches` is unlocked, so that chunks come in the order in which their batches were full.
    sinks: Arc<Mutex<Sinks>>,
}

#[derive(Debug, Default)]
struct Batches {
    entities: Vec<EntityBatches>,
    by_path: FxHashMap<EntityPath, usize>,
    /// The batches with rows, by entity and place there. Who logged once to thousands of entities is not to pay for them each time.
    waiting: Vec<(usize, usize)>,
    streams: Vec<StreamBatch>,
    bytes: u64,
    rows: u64,
    row_ids: Option<RowIdBlock>,
    /// The recorder has ended.
    closed: bool,
}

#[derive(Debug)]
struct EntityBatches {
    path: EntityPath,
    batches: SmallVec<[Batch; 1]>,
}

#[derive(Debug)]
struct StreamBatch {
    path: EntityPath,
    descriptor: ComponentDescriptor,
    batch: Option<Batch>,
}

#[derive(Debug)]
struct RowIdBlock {
    next: RowId,
    left: u64,
}

#[derive(Default)]
struct Sinks {
    open: Vec<Box<dyn Sink>>,
    failed: Vec<SinkError>,
}

impl Shared {
    pub(crate) fn new(id: StoreId, settings: BatchSettings, sinks: Vec<Box<dyn Sink>>) -> Self {
        Self {
            id,
            settings,
            batches: Mutex::default(),
            wake: Condvar::new(),
            sinks: Arc::new(Mutex::new(Sinks {
                open: sinks,
                failed: Vec::new(),
            })),
        }
    }

    /// Another recording, to the same sinks.
    pub(crate) fn branch(&self, id: StoreId) -> Self {
        Self {
            id,
            settings: self.settings.clone(),
            batches: Mutex::default(),
            wake: Condvar::new(),
            sinks: Arc::clone(&self.sinks),
        }
    }

    /// Adds a row to the batch of its kind.
    pub(crate) fn push(
        &self,
        entity: EntityPath,
        times: &Times,
        cells: Vec<(ComponentDescriptor, ArrayRef)>,
    ) -> Result<(), LogError> {
        let mut batches = self.batches.lock();
        let row_id = batches.next_row_id();
        let at = batches.entity(entity);
        let Batches {
            entities, waiting, ..
        } = &mut *batches;
        let entity = &mut entities[at];
        let kind = match entity
            .batches
            .iter()
            .rposition(|batch| batch.takes(times, &cells))
        {
            Some(kind) => kind,
            None => {
                check_names(&entity.path, &cells)?;
                entity.batches.push(Batch::new(times, &cells));
                entity.batches.len() - 1
            }
        };
        let batch = &mut entity.batches[kind];
        if batch.num_rows() == 0 {
            waiting.push((at, kind));
        }
        let bytes = batch.push(row_id, times, cells);
        let full = self.is_full(batch).then(|| batch.take_chunk(&entity.path));
        if full.is_some() {
            waiting.retain(|known| *known != (at, kind));
        }
        self.added(batches, bytes, full)
    }

    /// Adds a stream, and says where it is.
    pub(crate) fn add_stream(&self, path: EntityPath, descriptor: ComponentDescriptor) -> usize {
        let mut batches = self.batches.lock();
        batches.streams.push(StreamBatch {
            path,
            descriptor,
            batch: None,
        });
        batches.streams.len() - 1
    }

    /// Adds a value of a stream.
    pub(crate) fn push_value<C: Component<Value: Send> + 'static>(
        &self,
        at: usize,
        times: &Times,
        value: C::Value,
    ) -> Result<(), LogError> {
        let mut batches = self.batches.lock();
        let row_id = batches.next_row_id();
        let Some(stream) = batches.streams.get_mut(at) else {
            return Err(LogError::OtherRecorder);
        };
        let mut full = None;
        let (mut batch, of_other_timelines) = match stream.batch.take() {
            Some(batch) if batch.has_timelines(times) => (batch, None),
            other => (Batch::of_values::<C>(times, stream.descriptor.clone()), other),
        };
        if let Some(mut other) = of_other_timelines.filter(|batch| batch.num_rows() > 0) {
            full = Some(other.take_chunk(&stream.path));
        }
        let bytes = batch.push_value::<C>(row_id, times, value);
        if full.is_none() && self.is_full(&batch) {
            full = Some(batch.take_chunk(&stream.path));
        }
        stream.batch = Some(batch);
        self.added(batches, bytes, full)
    }

    /// Ids between those of the rows before and after.
    pub(crate) fn reserve_row_ids(&self, count: u64) -> RowId {
        let mut batches = self.batches.lock();
        batches.row_ids = None;
        RowId::reserve(count)
    }

    fn is_full(&self, batch: &Batch) -> bool {
        batch.num_rows() >= self.settings.max_rows || batch.num_bytes() >= self.settings.max_bytes
    }

    /// Goes on after a row was added: sends the chunk that is full, or all where too much waits.
    fn added(
        &self,
        mut batches: parking_lot::MutexGuard<'_, Batches>,
        bytes: u64,
        full: Option<Result<Chunk, ChunkError>>,
    ) -> Result<(), LogError> {
        batches.rows += 1;
        batches.bytes += bytes;
        let chunks = match full {
            Some(chunk) => {
                let chunk = chunk?;
                let rows = chunk.num_rows() as u64;
                // What was sent is no longer counted, by a share: the sum is set right at each flush.
                let share = batches.bytes / batches.rows.max(1);
                batches.rows = batches.rows.saturating_sub(rows);
                batches.bytes = batches.bytes.saturating_sub(share * rows);
                vec![Ok(chunk)]
            }
            None if batches.bytes >= self.settings.max_total_bytes => batches.take_all(),
            None => {
                if batches.rows == 1 && self.settings.max_wait.is_some() {
                    self.wake.notify_all();
                }
                return Ok(());
            }
        };
        let sinks = self.sinks.lock();
        drop(batches);
        self.send_to(sinks, chunks)
    }

    /// Sends a message about this store as it is.
    pub(crate) fn send(&self, message: &LogMessage) {
        take(&mut self.sinks.lock(), message);
    }

    fn send_to(
        &self,
        mut sinks: parking_lot::MutexGuard<'_, Sinks>,
        chunks: Vec<Result<Chunk, ChunkError>>,
    ) -> Result<(), LogError> {
        let mut result = Ok(());
        for chunk in chunks {
            match chunk {
                Ok(chunk) => {
                    let message = LogMessage::Chunk {
                        store: self.id.clone(),
                        chunk: Arc::new(chunk),
                    };
                    take(&mut sinks, &message);
                }
                Err(error) => result = Err(error.into()),
            }
        }
        result
    }

    /// Sends all rows that wait.
    pub(crate) fn send_waiting(&self) -> Result<(), LogError> {
        let mut batches = self.batches.lock();
        if batches.rows == 0 {
            return Ok(());
        }
        let chunks = batches.take_all();
        let sinks = self.sinks.lock();
        drop(batches);
        self.send_to(sinks, chunks)
    }

    /// Sends all rows that wait, and waits until the sinks have them. The first sink that failed since the last time is the
    /// error.
    pub(crate) fn flush(&self) -> Result<(), LogError> {
        self.send_waiting()?;
        let mut sinks = self.sinks.lock();
        each(&mut sinks, Sink::flush);
        first_failure(&mut sinks)
    }

    /// The sinks that are left.
    pub(crate) fn num_sinks(&self) -> usize {
        let mut sinks = self.sinks.lock();
        sinks.open.retain(|sink| sink.is_wanted());
        sinks.open.len()
    }

    /// The sinks that failed since this was asked, or since the last flush.
    pub(crate) fn take_failures(&self) -> Vec<SinkError> {
        std::mem::take(&mut self.sinks.lock().failed)
    }

    /// What the sinks said since this was asked.
    pub(crate) fn take_notices(&self) -> Vec<SinkNotice> {
        let mut sinks = self.sinks.lock();
        sinks
            .open
            .iter_mut()
            .flat_map(|sink| sink.take_notices())
            .collect()
    }

    /// The bytes that wait in the sinks.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        self.sinks
            .lock()
            .open
            .iter()
            .map(|sink| sink.waiting_bytes())
            .sum()
    }

    /// Ends: what waits is sent, and the sinks are finished.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        self.batches.lock().closed = true;
        self.wake.notify_all();
        let sent = self.send_waiting();
        let mut sinks = self.sinks.lock();
        // A branch may still log to them.
        if Arc::strong_count(&self.sinks) == 1 {
            each(&mut sinks, Sink::finish);
            sinks.open.clear();
        } else {
            each(&mut sinks, Sink::flush);
        }
        sent.and(first_failure(&mut sinks))
    }

    /// Sends what waits once it has waited long enough, until the recorder ends. Sleeps while nothing waits.
    pub(crate) fn send_in_time(&self, max_wait: std::time::Duration) {
        loop {
            let mut batches = self.batches.lock();
            while batches.rows == 0 && !batches.closed {
                self.wake.wait(&mut batches);
            }
            if !batches.closed {
                self.wake
                    .wait_while_for(&mut batches, |batches| !batches.closed, max_wait);
            }
            if batches.closed {
                return;
            }
            drop(batches);
            if let Err(error) = self.send_waiting() {
                tracing::warn!("rows of {:?} are lost: {error}", self.id);
            }
        }
    }
}

impl Batches {
    fn next_row_id(&mut self) -> RowId {
        let block = self.row_ids.get_or_insert_with(|| RowIdBlock {
            next: RowId::reserve(ROW_IDS_AHEAD),
            left: ROW_IDS_AHEAD,
        });
        let id = block.next;
        block.left -= 1;
        block.next = id.incremented_by(1);
        if block.left == 0 {
            self.row_ids = None;
        }
        id
    }

    fn entity(&mut self, path: EntityPath) -> usize {
        if let Some(&at) = self.by_path.get(&path) {
            return at;
        }
        let at = self.entities.len();
        self.by_path.insert(path.clone(), at);
        self.entities.push(EntityBatches {
            path,
            batches: SmallVec::new(),
        });
        at
    }

    /// The chunks of all rows that wait, in the order in which entities were first logged to.
    fn take_all(&mut self) -> Vec<Result<Chunk, ChunkError>> {
        (self.rows, self.bytes) = (0, 0);
        let mut chunks = Vec::new();
        self.waiting.sort_unstable();
        for (at, kind) in self.waiting.drain(..) {
            let entity = &mut self.entities[at];
            chunks.push(entity.batches[kind].take_chunk(&entity.path));
        }
        for stream in &mut self.streams {
            if let Some(batch) = stream.batch.as_mut().filter(|batch| batch.num_rows() > 0) {
                chunks.push(batch.take_chunk(&stream.path));
            }
        }
        chunks
    }
}

/// Whether each component comes once.
fn check_names(entity: &EntityPath, cells: &[(ComponentDescriptor, ArrayRef)]) -> Result<(), ChunkError> {
    for (at, (descriptor, _)) in cells.iter().enumerate() {
        if cells[..at]
            .iter()
            .any(|(other, _)| other.component == descriptor.component)
        {
            return Err(ChunkError::DuplicateColumn {
                entity: entity.clone(),
                column: descriptor.component.to_string(),
            });
        }
    }
    Ok(())
}

fn take(sinks: &mut Sinks, message: &LogMessage) {
    each(sinks, |sink| sink.take(message));
}

/// Does something with each sink; those that fail are left out from then on.
fn each(sinks: &mut Sinks, mut act: impl FnMut(&mut dyn Sink) -> Result<(), SinkError>) {
    let Sinks { open, failed } = sinks;
    open.retain_mut(|sink| match act(&mut **sink) {
        Ok(()) if !sink.is_wanted() => false,
        Ok(()) => true,
        Err(error) => {
            tracing::warn!("nothing more is logged to {}: {error}", sink.name());
            failed.push(error);
            false
        }
    });
}

fn first_failure(sinks: &mut Sinks) -> Result<(), LogError> {
    let mut failed = std::mem::take(&mut sinks.failed).into_iter();
    failed.next().map_or(Ok(()), |error| Err(error.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::Timeline;
    use chronoscope_types::{AsComponents as _, Scalars};

    use super::*;
    use crate::MemorySink;

    #[test]
    fn only_batches_with_rows_are_gone_through() {
        let id = StoreId::recording("test", "waiting");
        let memory = MemorySink::default();
        let mut settings = BatchSettings::without_timer();
        settings.max_rows = 3;
        let shared = Shared::new(id, settings, vec![Box::new(memory.clone())]);
        let log = |path: &str, frame: i64| {
            let times = std::iter::once((Timeline::sequence("frame"), frame)).collect();
            let cells = Scalars::new([1.0]).components();
            shared.push(path.into(), &times, cells).unwrap();
        };
        let sent = || -> Vec<String> {
            shared.send_waiting().unwrap();
            assert!(shared.batches.lock().waiting.is_empty());
            let messages = memory.take().into_iter();
            let chunks = messages.filter_map(|message| match message {
                LogMessage::Chunk { chunk, .. } => {
                    Some(format!("{} {}", chunk.entity_path(), chunk.num_rows()))
                }
                _ => None,
            });
            chunks.collect()
        };
        for at in 0..100 {
            log(&format!("e{at}"), 0);
        }
        assert_eq!(sent().len(), 100);
        for frame in 1..3 {
            log("e7", frame);
            log("e5", frame);
        }
        assert_eq!(shared.batches.lock().waiting.len(), 2);
        // In the order in which the entities were first logged to.
        assert_eq!(sent(), ["/e5 2", "/e7 2"]);
        // What is full goes by itself, and may begin again.
        for frame in 3..7 {
            log("e9", frame);
        }
        assert_eq!(shared.batches.lock().waiting.len(), 1);
        assert_eq!(sent(), ["/e9 3", "/e9 1"]);
    }
}
