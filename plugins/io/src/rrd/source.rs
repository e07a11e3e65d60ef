//! Chunk loading: the rows of chunks that are known, read from their file on request.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    ops::Range,
    sync::Arc,
};

use chronoscope_store::{Chunk, ChunkId, ChunkSource, ChunkSourceError, EntityPath, StoreId, Waker};
use chronoscope_types::LogMessage;
use parking_lot::{Condvar, Mutex, RwLock};
use re_protos::external::prost::bytes::Bytes;

use crate::{
    SharedFile,
    profile::profile_scope,
    wire::{Decoder, MessageKind},
};

/// Requests for chunks that lie so close to each other in the file are read at once.
const NEAR_BYTES: u64 = 64 << 10;
/// Likewise, where each read takes a way over a network.
const NEAR_REMOTE_BYTES: u64 = 512 << 10;
/// What is read at once, unless a single chunk is larger.
const MOST_BYTES_AT_ONCE: u64 = 4 << 20;
/// The memory of loaded chunks that wait to be taken, in bytes. One chunk may exceed it.
const QUEUE_BYTES: u64 = 64 << 20;
/// How many of the next requests are looked at for some that lie close to the first.
const LOOK_AHEAD: usize = 64;

type Loaded = Result<Arc<Chunk>, ChunkSourceError>;

/// The chunks of one store in one file.
///
/// A thread reads what is requested; the first request starts it, and it ends with the source. It waits while chunks of
/// [`QUEUE_BYTES`] wait for [`ChunkSource::try_next`]. A damaged chunk is reported once and then ignored; one that could
/// not be read is tried again at the next request.
#[derive(Debug)]
pub(super) struct RrdSource {
    shared: Arc<Shared>,
}

/// Where a chunk's message lies in the file, without its header, and what it is about.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub span: Range<u64>,
    pub entity: EntityPath,
}

#[derive(Debug)]
struct Shared {
    file: SharedFile,
    store: StoreId,
    places: RwLock<HashMap<ChunkId, Place>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    ended: bool,
    /// Requests, most urgent first.
    requests: VecDeque<FetchRequest>,
    /// Chunks that are being read or wait in the queue.
    under_way: HashSet<ChunkId>,
    queue: VecDeque<Loaded>,
    queued_bytes: u64,
    waker: Option<Waker>,
}

#[derive(Clone, Debug)]
struct FetchRequest {
    id: ChunkId,
    span: Range<u64>,
}

impl RrdSource {
    /// A source of no chunks yet.
    pub(super) fn new(file: &SharedFile, store: StoreId) -> Self {
        Self {
            shared: Arc::new(Shared {
                // What is read for its own sake is no progress of the load.
                file: file.counted_apart(),
                store,
                places: RwLock::default(),
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
        }
    }

    /// Adds a chunk; `false` where it is there already, which stays where it is.
    pub(super) fn add(&self, id: ChunkId, place: Place) -> bool {
        let mut places = self.shared.places.write();
        let is_new = !places.contains_key(&id);
        places.entry(id).or_insert(place);
        is_new
    }
}

impl ChunkSource for RrdSource {
    fn want(&self, chunks: &[ChunkId]) {
        let places = self.shared.places.read();
        let request = |id: &ChunkId| {
            places.get(id).map(|place| FetchRequest {
                id: *id,
                span: place.span.clone(),
            })
        };
        let mut requests: VecDeque<FetchRequest> = chunks.iter().filter_map(request).collect();
        drop(places);

        let mut state = self.shared.state.lock();
        std::mem::swap(&mut state.requests, &mut requests);
        if !state.started && !state.requests.is_empty() {
            let shared = Arc::clone(&self.shared);
            match std::thread::Builder::new()
                .name("chunk reader".to_owned())
                .spawn(move || shared.read_requests())
            {
                Ok(_detached) => state.started = true,
                Err(error) => {
                    let failed = std::mem::take(&mut state.requests).into_iter();
                    let failed = failed.map(|request| Err(read_error(request.id, &error)));
                    state.queue.extend(failed);
                }
            }
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    fn try_next(&self) -> Option<Loaded> {
        let mut state = self.shared.state.lock();
        let loaded = state.queue.pop_front()?;
        state.queued_bytes -= num_bytes(&loaded);
        state.under_way.remove(&id_of(&loaded));
        drop(state);
        self.shared.changed.notify_all();
        Some(loaded)
    }

    fn has(&self, chunk: ChunkId) -> bool {
        self.shared.places.read().contains_key(&chunk)
    }

    fn num_bytes(&self) -> u64 {
        self.shared.state.lock().queued_bytes
    }

    fn set_waker(&self, waker: &Waker) -> bool {
        let mut state = self.shared.state.lock();
        if !state.queue.is_empty() {
            waker.wake();
        }
        state.waker = Some(waker.clone());
        true
    }
}

impl Drop for RrdSource {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Reads requests until the source is dropped.
    fn read_requests(&self) {
        let mut decoder = Decoder::knowing(self.store.clone());
        while let Some(requests) = self.next_requests() {
            for (id, bytes) in self.read(requests) {
                let loaded = bytes
                    .map_err(|error| read_error(id, &error))
                    .and_then(|bytes| self.decode(&mut decoder, id, bytes));
                if matches!(loaded, Err(ChunkSourceError::Damaged { .. })) {
                    self.places.write().remove(&id);
                }
                if !self.deliver(loaded) {
                    return;
                }
            }
        }
    }

    /// Waits for requests, and for room for what they give. `None` where the source is dropped.
    fn next_requests(&self) -> Option<Vec<FetchRequest>> {
        let near_bytes = if self.file.is_remote() {
            NEAR_REMOTE_BYTES
        } else {
            NEAR_BYTES
        };
        let mut state = self.state.lock();
        loop {
            if state.ended {
                return None;
            }
            if state.queued_bytes < QUEUE_BYTES {
                let requests = state.take_requests(near_bytes);
                if !requests.is_empty() {
                    return Some(requests);
                }
            }
            self.changed.wait(&mut state);
        }
    }

    /// The bytes of each request. Where they cannot be read together, each is read alone.
    fn read(&self, requests: Vec<FetchRequest>) -> Vec<(ChunkId, io::Result<Bytes>)> {
        profile_scope!("read_chunks");
        let begin = requests
            .iter()
            .map(|request| request.span.start)
            .min()
            .unwrap_or(0);
        let end = requests.iter().map(|request| request.span.end).max().unwrap_or(0);
        let together = self.file.read_range(begin..end).map(Bytes::from);
        let part = |span: Range<u64>, bytes: &Bytes| {
            // The span of each request lies in the span of all.
            let at = |byte: u64| {
                usize::try_from(byte - begin)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len())
            };
            bytes.slice(at(span.start)..at(span.end))
        };
        let read = |request: FetchRequest| {
            let bytes = match &together {
                Ok(bytes) => Ok(part(request.span, bytes)),
                Err(_) => self.file.read_range(request.span).map(Bytes::from),
            };
            (request.id, bytes)
        };
        requests.into_iter().map(read).collect()
    }

    /// The chunk in a message, if it is the one that is meant.
    fn decode(&self, decoder: &mut Decoder, id: ChunkId, bytes: Bytes) -> Loaded {
        let damaged = |message: String| ChunkSourceError::Damaged { id, message };
        let (store, chunk) = match decoder.decode(MessageKind::Chunk, bytes) {
            Ok(LogMessage::Chunk { store, chunk }) => (store, chunk),
            Ok(_) => return Err(damaged("it is another kind of message".to_owned())),
            Err(error) => return Err(damaged(error.reason.to_string())),
        };
        let entity = self.places.read().get(&id).map(|place| place.entity.clone());
        if chunk.id() != id {
            return Err(damaged(format!("chunk {} stands in its place", chunk.id())));
        }
        if store != self.store {
            // What it says about other stores is of no use for the next chunk.
            *decoder = Decoder::knowing(self.store.clone());
            return Err(damaged(format!(
                "it belongs to {:?} {}",
                store.kind, store.recording_id
            )));
        }
        match entity {
            Some(entity) if entity == *chunk.entity_path() => Ok(chunk),
            Some(entity) => Err(damaged(format!(
                "it is of {}, not of {entity}",
                chunk.entity_path()
            ))),
            None => Err(ChunkSourceError::NotThere { id }),
        }
    }

    /// Puts a chunk into the queue as soon as there is room; `false` where the source is dropped.
    fn deliver(&self, loaded: Loaded) -> bool {
        let mut state = self.state.lock();
        while state.queued_bytes >= QUEUE_BYTES && !state.ended {
            self.changed.wait(&mut state);
        }
        state.queued_bytes += num_bytes(&loaded);
        state.queue.push_back(loaded);
        if let Some(waker) = &state.waker {
            waker.wake();
        }
        !state.ended
    }
}

impl State {
    /// Takes the first request, and those among the next that lie so close to it that they are best read with it, in order.
    fn take_requests(&mut self, near_bytes: u64) -> Vec<FetchRequest> {
        let mut next = Vec::new();
        while next.len() < LOOK_AHEAD
            && let Some(request) = self.requests.pop_front()
        {
            // Nothing is read twice at the same time, nor where it is wanted twice.
            if !self.under_way.contains(&request.id)
                && next.iter().all(|other: &FetchRequest| other.id != request.id)
            {
                next.push(request);
            }
        }
        let Some(first) = next.first() else { return next };
        let mut span = first.span.clone();
        let mut by_place: Vec<&FetchRequest> = next.iter().collect();
        by_place.sort_unstable_by_key(|request| request.span.start);
        let (before, after) =
            by_place.split_at(by_place.partition_point(|request| request.span.start < span.start));
        let fits = |joined: &Range<u64>, gap: u64| {
            gap <= near_bytes && joined.end - joined.start <= MOST_BYTES_AT_ONCE
        };
        for request in after {
            let joined = span.start..span.end.max(request.span.end);
            if !fits(&joined, request.span.start.saturating_sub(span.end)) {
                break;
            }
            span = joined;
        }
        for request in before.iter().rev() {
            let joined = request.span.start..span.end;
            if !fits(&joined, span.start.saturating_sub(request.span.end)) {
                break;
            }
            span = joined;
        }
        let first = first.id;
        let is_near = |request: &FetchRequest| {
            request.id == first || span.start <= request.span.start && request.span.end <= span.end
        };
        let (near, far): (Vec<FetchRequest>, Vec<FetchRequest>) = next.into_iter().partition(is_near);
        for request in far.into_iter().rev() {
            self.requests.push_front(request);
        }
        self.under_way.extend(near.iter().map(|request| request.id));
        near
    }
}

fn id_of(loaded: &Loaded) -> ChunkId {
    match loaded {
        Ok(chunk) => chunk.id(),
        Err(error) => error.id(),
    }
}

fn num_bytes(loaded: &Loaded) -> u64 {
    loaded.as_ref().map_or(0, |chunk| chunk.num_bytes())
}

fn read_error(id: ChunkId, error: &io::Error) -> ChunkSourceError {
    // The same error may be that of several chunks, and cannot be copied.
    ChunkSourceError::Read {
        id,
        source: io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests;
