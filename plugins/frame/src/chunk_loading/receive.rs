//! What sources have read goes into the stores.

use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkSourceError, StoreError, Waker};
use rustc_hash::FxHashMap;

use super::SentRequests;
use crate::{DiffLog, FrameDiagnostics, RecordingEntry, Recordings, Report, Reports, ingest::IngestBudget};

/// Chunks that could not be read, and when that was.
#[derive(Resource, Debug, Default)]
pub(super) struct Failures {
    failed_at: FxHashMap<ChunkId, Instant>,
    /// How long each is left alone.
    retry_after: Duration,
    /// When the viewer is woken for the first of them.
    alarm: Option<Instant>,
}

/// What failed so many times as long ago as it is left alone, and did not fail again since, is forgotten: the next failure is news.
const FORGOTTEN_AFTER: u32 = 10;

impl Failures {
    pub(super) fn begin_frame(&mut self, retry_after: Duration) {
        self.retry_after = retry_after;
        let forgotten_after = retry_after.saturating_mul(FORGOTTEN_AFTER);
        self.failed_at
            .retain(|_, failed_at| failed_at.elapsed() < forgotten_after);
    }

    /// The number of chunks that are left alone.
    pub(super) fn num_backing_off(&self) -> usize {
        let failed_at = self.failed_at.values();
        failed_at.filter(|failed_at| self.is_too_early(failed_at)).count()
    }

    /// Whether a chunk is left alone.
    pub(super) fn is_backing_off(&self, id: ChunkId) -> bool {
        let failed_at = self.failed_at.get(&id);
        failed_at.is_some_and(|failed_at| self.is_too_early(failed_at))
    }

    /// Whether it is too early to try again what failed at a time.
    fn is_too_early(&self, failed_at: &Instant) -> bool {
        failed_at.elapsed() < self.retry_after
    }

    /// Has the viewer woken when the first of them is to be tried again, of which nobody else tells. Returns whether it will be.
    pub(super) fn wake_when_due(&mut self, waker: Option<&Waker>) -> bool {
        let now = Instant::now();
        let due = self.failed_at.values();
        let due = due.filter_map(|failed_at| failed_at.checked_add(self.retry_after));
        let Some(due) = due.filter(|due| *due > now).min() else {
            return true;
        };
        if self.alarm.is_some_and(|alarm| alarm > now && alarm <= due) {
            return true;
        }
        let Some(waker) = waker.cloned() else {
            return false;
        };
        let alarm = std::thread::Builder::new()
            .name("retry".to_owned())
            .spawn(move || {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                waker.wake();
            });
        self.alarm = alarm.is_ok().then_some(due);
        alarm.is_ok()
    }
}

/// Takes chunks for as long as a half of the budget allows, even if messages have used all of theirs: what is
/// on screen waits for some of them.
pub(super) fn receive_chunks(
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut reports: ResMut<Reports>,
    mut diagnostics: ResMut<FrameDiagnostics>,
    mut sent_requests: ResMut<SentRequests>,
    mut failures: ResMut<Failures>,
    budget: Res<IngestBudget>,
) {
    let (start, mut bytes) = (Instant::now(), 0_u64);
    for entry in recordings
        .bypass_change_detection()
        .iter_mut()
        .filter(|entry| !entry.sources().is_empty())
    {
        puffin::profile_scope!("receive_chunks");
        let sources = entry.sources().to_vec();
        // Another one goes first in each frame.
        let first = diagnostics.frame as usize % sources.len().max(1);
        for source in sources.iter().cycle().skip(first).take(sources.len()) {
            while start.elapsed() < budget.time / 2 && bytes < budget.bytes / 2 {
                let Some(answer) = source.try_next() else { break };
                sent_requests.note_answer(entry.key());
                diagnostics.ingested_messages += 1;
                bytes += answer.as_ref().map_or(0, |chunk| chunk.num_bytes());
                let id = match &answer {
                    Ok(chunk) => chunk.id(),
                    Err(error) => error.id(),
                };
                let failure = match answer {
                    Ok(chunk) => match entry.recording.load(chunk) {
                        Ok(events) => {
                            log.push_events(entry.key(), events);
                            None
                        }
                        // It was dropped while it was on its way.
                        Err(StoreError::UnknownChunk(_)) => None,
                        Err(error) => Some((with_causes(&error), false)),
                    },
                    Err(error @ ChunkSourceError::Read { .. }) => Some((with_causes(&error), true)),
                    // The same chunk may be whole elsewhere.
                    Err(error) => Some((with_causes(&error), sources.iter().any(|source| source.has(id)))),
                };
                match failure {
                    Some((message, is_worth_trying)) => {
                        if let Some(report) =
                            fail(entry, &mut log, &mut failures, id, message, is_worth_trying)
                        {
                            reports.push(report);
                        }
                    }
                    None => _ = failures.failed_at.remove(&id),
                }
            }
        }
    }
    diagnostics.ingested_bytes += bytes;
}

/// Leaves a chunk alone for a while, or drops it where it cannot be had at all, so that nothing waits for it
/// for ever. Returns what to say.
fn fail(
    entry: &mut RecordingEntry,
    log: &mut DiffLog,
    failures: &mut Failures,
    id: ChunkId,
    message: String,
    is_worth_trying: bool,
) -> Option<Report> {
    let meta = entry
        .store()
        .chunk_meta(id)
        .filter(|_| entry.store().chunk(id).is_none())?;
    let entity = entry.store().entity_path(meta.entity).clone();
    // Where a disk is gone, all chunks fail: that is said once.
    let is_first = failures.failed_at.is_empty();
    if is_worth_trying {
        failures.failed_at.insert(id, Instant::now());
    } else {
        let key = entry.key();
        log.push_events(key, entry.recording.drop_chunks([id]));
    }
    (is_first || !is_worth_trying).then(|| Report::entity_warning(entry.source_name.clone(), entity, message))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
