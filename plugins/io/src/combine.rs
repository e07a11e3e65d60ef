//! Small chunks of a batch of messages put together before they reach a viewer.
//!
//! An SDK that logs row by row may send a message for each. Who receives them does the work that a message costs, away from the frames
//! of the viewer, which then takes in a chunk in place of hundreds.

use std::{collections::HashMap, sync::Arc};

use chronoscope_store::{Chunk, ChunkGroup, EntityPath, StoreId};
use chronoscope_types::LogMessage;

/// Puts small chunks of one kind together, of messages that are at hand.
///
/// Chunks may pass each other, which changes nothing: which row is the latest is said by times and row ids. No chunk passes a message that
/// is none. Costs the copies of the rows that are put together.
#[must_use]
pub fn combine(messages: Vec<LogMessage>) -> Vec<LogMessage> {
    if messages.len() < 2 {
        return messages;
    }
    let mut combined = Vec::with_capacity(messages.len());
    let mut groups = Groups::default();
    for message in messages {
        match message {
            LogMessage::Chunk { store, chunk } => groups.add(store, chunk),
            other => {
                groups.finish(&mut combined);
                combined.push(other);
            }
        }
    }
    groups.finish(&mut combined);
    combined
}

/// Groups in the order of their first chunks.
#[derive(Default)]
struct Groups {
    groups: Vec<(StoreId, ChunkGroup)>,
    /// The groups of an entity that still take chunks, one for each kind that was last seen.
    open: HashMap<EntityPath, Vec<usize>>,
}

/// Of an entity that logs more kinds of rows by turns, the eldest begins anew.
const MAX_KINDS: usize = 8;

impl Groups {
    fn add(&mut self, store: StoreId, chunk: Arc<Chunk>) {
        let open = self.open.entry(chunk.entity_path().clone()).or_default();
        let mut chunk = chunk;
        for &at in open.iter().rev() {
            let Some((_, group)) = self.groups.get_mut(at).filter(|(other, _)| *other == store) else {
                continue;
            };
            match group.push(chunk) {
                Ok(()) => return,
                Err(back) => chunk = back,
            }
        }
        if open.len() >= MAX_KINDS {
            open.remove(0);
        }
        open.push(self.groups.len());
        self.groups.push((store, ChunkGroup::new(chunk)));
    }

    fn finish(&mut self, messages: &mut Vec<LogMessage>) {
        self.open.clear();
        for (store, group) in self.groups.drain(..) {
            messages.extend(group.finish().into_iter().map(|chunk| LogMessage::Chunk {
                store: store.clone(),
                chunk,
            }));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use chronoscope_store::Timeline;
    use chronoscope_types::{Scalars, StoreInfo, TextLog, log_chunk};

    use super::*;

    fn message(run: &str, chunk: Chunk) -> LogMessage {
        LogMessage::Chunk {
            store: StoreId::recording("app", run),
            chunk: Arc::new(chunk),
        }
    }

    fn scalar(run: &str, entity: &str, frame: i64) -> LogMessage {
        let times = [(Timeline::sequence("frame"), frame)];
        message(
            run,
            log_chunk(entity, times, &Scalars::new([frame as f64])).unwrap(),
        )
    }

    /// Store, entity and times of each message.
    fn shape(messages: &[LogMessage]) -> Vec<String> {
        let shape_of = |message: &LogMessage| match message.chunk() {
            Some(chunk) => {
                let times = chunk.timelines().first().map(|column| column.times().to_vec());
                format!(
                    "{} {} {:?}",
                    message.store().recording_id,
                    chunk.entity_path(),
                    times.unwrap_or_default()
                )
            }
            None => "other".to_owned(),
        };
        messages.iter().map(shape_of).collect()
    }

    #[test]
    fn rows_of_an_entity_become_one_chunk_and_others_stay() {
        let text = |frame| {
            let times = [(Timeline::sequence("frame"), frame)];
            message("run", log_chunk("/a", times, &TextLog::new("hello")).unwrap())
        };
        let sent = vec![
            scalar("run", "/a", 0),
            scalar("run", "/b", 0),
            text(0),
            scalar("other", "/a", 0),
            scalar("run", "/a", 1),
            text(1),
            scalar("run", "/a", 2),
            scalar("other", "/a", 1),
        ];
        let alone = sent[1].chunk().unwrap().id();
        let received = combine(sent);
        assert_eq!(
            shape(&received),
            [
                "run /a [0, 1, 2]",
                "run /b [0]",
                "run /a [0, 1]",
                "other /a [0, 1]"
            ]
        );
        assert_eq!(
            received[1].chunk().unwrap().id(),
            alone,
            "a chunk by itself is as it was sent"
        );
        let is_combined = |at: usize| received[at].chunk().unwrap().is_combined();
        assert!(is_combined(0) && !is_combined(1) && is_combined(2));
    }

    #[test]
    fn nothing_passes_a_message_that_is_no_chunk() {
        let info = LogMessage::StoreInfo(StoreInfo::new(StoreId::recording("app", "run")));
        let sent = vec![
            scalar("run", "/a", 0),
            scalar("run", "/a", 1),
            info,
            scalar("run", "/a", 2),
        ];
        assert_eq!(shape(&combine(sent)), ["run /a [0, 1]", "other", "run /a [2]"]);
    }

    #[test]
    fn static_rows_large_ones_and_those_out_of_order_are_left_alone() {
        let fixed = || message("run", log_chunk("/a", [], &Scalars::new([1.0])).unwrap());
        let large = |frame| {
            let values = Scalars::new((0..10_000).map(f64::from));
            message(
                "run",
                log_chunk("/a", [(Timeline::sequence("frame"), frame)], &values).unwrap(),
            )
        };
        let early = scalar("run", "/b", 9);
        let sent = vec![
            fixed(),
            fixed(),
            large(0),
            large(1),
            scalar("run", "/b", 0),
            early.clone(),
            early,
        ];
        // The row ids of the one that was made first are not later.
        assert_eq!(combine(sent).len(), 7);
    }

    #[test]
    fn a_combined_chunk_has_its_limits() {
        let received = combine((0..3_000).map(|frame| scalar("run", "/a", frame)).collect());
        let rows: Vec<usize> = received
            .iter()
            .map(|message| message.chunk().unwrap().num_rows())
            .collect();
        assert_eq!(rows, [1_024, 1_024, 952]);
    }
}
