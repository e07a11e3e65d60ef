//! Fewer, larger chunks for sinks to which many small ones are dear.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use chronoscope_store::{Chunk, ChunkId, EntityPath, StoreId};
use chronoscope_types::LogMessage;

use crate::{BatchSettings, Sink, SinkError, SinkNotice};

/// Puts the chunks of an entity together before a sink gets them, by the limits of [`BatchSettings`]. For recorders that send small
/// chunks at once, so that a viewer beside it sees them soon, while a file or a connection wants large ones. Rows keep their ids
/// and their order; the chunk that they are in gets another id.
#[derive(Debug)]
pub struct Batched<S> {
    sink: S,
    settings: BatchSettings,
    /// Per store and entity, chunks of the same columns that wait.
    waiting: BTreeMap<(StoreId, EntityPath), Vec<Alike>>,
    bytes: u64,
    /// When the first of them came.
    since: Option<Instant>,
}

/// Chunks with the same timelines, components and types.
#[derive(Debug, Default)]
struct Alike {
    chunks: Vec<Arc<Chunk>>,
    rows: usize,
    bytes: u64,
}

impl<S: Sink> Batched<S> {
    /// A sink before another.
    pub fn new(sink: S, settings: BatchSettings) -> Self {
        Self {
            sink,
            settings,
            waiting: BTreeMap::new(),
            bytes: 0,
            since: None,
        }
    }

    fn send(sink: &mut S, store: &StoreId, alike: &mut Alike) -> Result<(), SinkError> {
        let chunks = std::mem::take(alike).chunks;
        let borrowed: Vec<&Chunk> = chunks.iter().map(AsRef::as_ref).collect();
        let whole = match borrowed.as_slice() {
            [_] => None,
            parts => Chunk::concat(ChunkId::new(), parts).ok().map(Arc::new),
        };
        // What does not fit together goes on as it came.
        let sent = whole.map_or(chunks, |whole| vec![whole]);
        sent.into_iter().try_for_each(|chunk| {
            sink.take(&LogMessage::Chunk {
                store: store.clone(),
                chunk,
            })
        })
    }

    fn send_all(&mut self) -> Result<(), SinkError> {
        (self.bytes, self.since) = (0, None);
        for ((store, _), kinds) in &mut self.waiting {
            for alike in kinds.iter_mut().filter(|alike| alike.rows > 0) {
                Self::send(&mut self.sink, store, alike)?;
            }
        }
        // Entities that are gone would stay in the list.
        self.waiting.clear();
        Ok(())
    }
}

impl<S: Sink> Sink for Batched<S> {
    fn name(&self) -> &str {
        self.sink.name()
    }

    fn tolerate_losses(&mut self) {
        self.sink.tolerate_losses();
    }

    fn take_notices(&mut self) -> Vec<SinkNotice> {
        self.sink.take_notices()
    }

    fn waiting_bytes(&self) -> u64 {
        self.bytes + self.sink.waiting_bytes()
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let LogMessage::Chunk { store, chunk } = message else {
            return self.sink.take(message);
        };
        if chunk.is_static() {
            return self.sink.take(message);
        }
        let key = (store.clone(), chunk.entity_path().clone());
        let kinds = self.waiting.entry(key).or_default();
        let at = kinds.iter().position(|alike| {
            alike
                .chunks
                .last()
                .is_some_and(|last| last.has_same_columns(chunk))
        });
        let at = at.unwrap_or_else(|| {
            // One that is empty is of no kind any more.
            let free = kinds.iter().position(|alike| alike.chunks.is_empty());
            free.unwrap_or_else(|| {
                kinds.push(Alike::default());
                kinds.len() - 1
            })
        });
        let alike = &mut kinds[at];
        alike.rows += chunk.num_rows();
        alike.bytes += chunk.num_bytes();
        alike.chunks.push(Arc::clone(chunk));
        self.bytes += chunk.num_bytes();
        if alike.rows >= self.settings.max_rows || alike.bytes >= self.settings.max_bytes {
            self.bytes = self.bytes.saturating_sub(alike.bytes);
            Self::send(&mut self.sink, store, alike)?;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let is_late = self.settings.max_wait.is_some_and(|wait| since.elapsed() >= wait);
        if is_late || self.bytes >= self.settings.max_total_bytes {
            self.send_all()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.send_all()?;
        self.sink.flush()
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        let sent = self.send_all();
        sent.and(self.sink.finish())
    }
}
