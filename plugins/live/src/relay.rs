//! What a service passes on: to readers that are there, and to those that come late.
//!
//! The history is bounded. What a late reader cannot do without (facts about stores, blueprints, static data) is kept longest;
//! of the rest, what came first is dropped first. Static data and blueprints that a later message replaces are dropped at once. The last
//! message of all stays until the next, so that readers that are there get it, however large it is.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use chronoscope_io::MessageError;
use chronoscope_store::{EntityPath, StoreId, StoreKind};
use chronoscope_types::LogMessage;
use parking_lot::Mutex;
use re_protos::external::prost::bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::{client::envelope, grpc::framed};

/// What is taken for a reader at once, in bytes. A single message may exceed it.
const BATCH_BYTES: usize = 1 << 20;

/// Messages that are passed on.
#[derive(Clone, Debug)]
pub struct Relay(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    history: Mutex<History>,
    /// The number of the next message, for readers that wait for it.
    next: watch::Sender<u64>,
    newest_first: bool,
}

/// What a relay holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayState {
    /// The messages that late readers get.
    pub messages: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The messages that were dropped since there was no room for them.
    pub dropped: u64,
}

impl Relay {
    /// A relay that keeps so many bytes of messages.
    pub fn new(limit_bytes: u64) -> Self {
        Self::in_order(limit_bytes, false)
    }

    /// Likewise; readers that come late get what is new before what is old, behind what they cannot do without.
    pub fn newest_first(limit_bytes: u64) -> Self {
        Self::in_order(limit_bytes, true)
    }

    fn in_order(limit_bytes: u64, newest_first: bool) -> Self {
        Self(Arc::new(Shared {
            history: Mutex::new(History {
                limit_bytes,
                ..History::default()
            }),
            next: watch::Sender::new(0),
            newest_first,
        }))
    }

    /// Passes a message on.
    ///
    /// # Errors
    /// Where a chunk cannot be encoded, or is known without its rows.
    pub fn push(&self, message: &LogMessage) -> Result<(), MessageError> {
        let frame = framed(&envelope(message)?);
        let next = self.0.history.lock().push(message, frame);
        self.0.next.send_replace(next);
        Ok(())
    }

    /// What it holds.
    pub fn state(&self) -> RelayState {
        let history = self.0.history.lock();
        RelayState {
            messages: history.entries.len(),
            bytes: history.bytes,
            dropped: history.dropped,
        }
    }

    /// The messages for a reader, with their lengths before them: those that are kept, then those that come.
    ///
    /// Precondition: on the thread of the connections.
    pub(crate) fn read(&self) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(read(Arc::clone(&self.0), sender));
        receiver
    }
}

async fn read(shared: Arc<Shared>, reader: mpsc::Sender<Bytes>) {
    let mut come = shared.next.subscribe();
    let mut next = 0;
    if shared.newest_first {
        let kept;
        (kept, next) = shared.history.lock().newest_first();
        for number in kept {
            // It may have been dropped or replaced meanwhile.
            let frame = shared.history.lock().entries.get(&number).cloned();
            if let Some(frame) = frame
                && reader.send(frame).await.is_err()
            {
                return;
            }
        }
    }
    loop {
        let batch = shared.history.lock().batch(&mut next);
        if batch.is_empty() {
            let changed = tokio::select! {
                changed = come.changed() => changed.is_ok(),
                () = reader.closed() => false,
            };
            if !changed {
                return;
            }
        }
        for frame in batch {
            if reader.send(frame).await.is_err() {
                return;
            }
        }
    }
}

/// Messages by their numbers.
#[derive(Debug, Default)]
struct History {
    limit_bytes: u64,
    next: u64,
    entries: BTreeMap<u64, Bytes>,
    bytes: u64,
    dropped: u64,
    /// Of recordings, in the order of their numbers: the first to be dropped.
    temporal: VecDeque<u64>,
    /// Static data by what it replaces, and the numbers in their order.
    statics: HashMap<StaticKey, u64>,
    static_order: BTreeMap<u64, StaticKey>,
    blueprints: HashMap<StoreId, Vec<u64>>,
    /// By the application.
    activated: HashMap<Arc<str>, Activated>,
}

/// The blueprints of an application that were activated last.
#[derive(Debug, Default)]
struct Activated {
    active: Option<StoreId>,
    default: Option<StoreId>,
}

/// Static data of one entity with the same components: the later replaces the earlier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct StaticKey {
    store: StoreId,
    entity: EntityPath,
    components: Vec<Arc<str>>,
}

impl History {
    /// Adds a message, and drops what there is no room for. Returns the number of the next.
    fn push(&mut self, message: &LogMessage, frame: Bytes) -> u64 {
        let number = self.next;
        self.next += 1;
        self.bytes += frame.len() as u64;
        self.entries.insert(number, frame);
        if let LogMessage::Chunk { store, chunk } = message
            && store.kind == StoreKind::Recording
        {
            if chunk.is_static() {
                let mut components: Vec<Arc<str>> = chunk
                    .components()
                    .iter()
                    .map(|column| Arc::clone(column.name()))
                    .collect();
                components.sort_unstable();
                let key = StaticKey {
                    store: store.clone(),
                    entity: chunk.entity_path().clone(),
                    components,
                };
                if let Some(replaced) = self.statics.insert(key.clone(), number) {
                    self.static_order.remove(&replaced);
                    self.remove(replaced);
                }
                self.static_order.insert(number, key);
            } else {
                self.temporal.push_back(number);
            }
        }
        self.note_blueprint(message, number);
        while self.bytes > self.limit_bytes
            && let Some(oldest) = self.pop_oldest(number)
        {
            self.remove(oldest);
            self.dropped += 1;
        }
        self.next
    }

    /// Takes out the first that may be dropped, unless it is the last of all. What alone has more bytes than may be kept is no reason to
    /// drop what late readers cannot do without.
    fn pop_oldest(&mut self, last: u64) -> Option<u64> {
        let oldest = self.temporal.front().copied();
        if oldest.is_some_and(|oldest| oldest != last) {
            return self.temporal.pop_front();
        }
        let last_bytes = oldest
            .and_then(|last| self.entries.get(&last))
            .map_or(0, Bytes::len);
        if self.bytes - last_bytes as u64 <= self.limit_bytes {
            return None;
        }
        let oldest = self
            .static_order
            .first_entry()
            .filter(|oldest| *oldest.key() != last)?;
        let (number, key) = oldest.remove_entry();
        self.statics.remove(&key);
        Some(number)
    }

    /// Keeps in mind what belongs to which blueprint. Once one is activated, those go that nobody gets to see any more: SDKs send a new
    /// one each time.
    fn note_blueprint(&mut self, message: &LogMessage, number: u64) {
        let blueprint = match message {
            LogMessage::StoreInfo(info) => &info.id,
            LogMessage::Chunk { store, .. } => store,
            LogMessage::ActivateBlueprint { blueprint, .. } => blueprint,
            LogMessage::AbsentChunks { .. } => return,
        };
        if blueprint.kind != StoreKind::Blueprint {
            return;
        }
        self.blueprints.entry(blueprint.clone()).or_default().push(number);
        let LogMessage::ActivateBlueprint {
            make_active,
            make_default,
            ..
        } = message
        else {
            return;
        };
        let activated = self
            .activated
            .entry(Arc::clone(&blueprint.application_id))
            .or_default();
        let Activated { active, default } = activated;
        let before = [
            make_active.then(|| active.replace(blueprint.clone())).flatten(),
            make_default.then(|| default.replace(blueprint.clone())).flatten(),
        ];
        let is_replaced = |before: &StoreId| ![&*active, &*default].contains(&&Some(before.clone()));
        let replaced: Vec<StoreId> = before.into_iter().flatten().filter(is_replaced).collect();
        let numbers: Vec<u64> = replaced
            .iter()
            .filter_map(|store| self.blueprints.remove(store))
            .flatten()
            .collect();
        numbers.into_iter().for_each(|number| self.remove(number));
    }

    fn remove(&mut self, number: u64) {
        if let Some(frame) = self.entries.remove(&number) {
            self.bytes -= frame.len() as u64;
        }
    }

    /// The numbers of what is kept, temporal data last and from its end, and the number of the next message.
    fn newest_first(&self) -> (Vec<u64>, u64) {
        let is_temporal = |number: &u64| self.temporal.binary_search(number).is_ok();
        let others = self.entries.keys().copied().filter(|number| !is_temporal(number));
        (
            others.chain(self.temporal.iter().rev().copied()).collect(),
            self.next,
        )
    }

    /// Some of the messages from a number on, which moves behind them.
    fn batch(&self, next: &mut u64) -> Vec<Bytes> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for (number, frame) in self.entries.range(*next..) {
            batch.push(frame.clone());
            bytes += frame.len();
            *next = number + 1;
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        batch
    }
}
