//! From what the blueprint says to a place in a recording.

use std::{fmt, sync::Arc};

use chronoscope_blueprint::{ContextTime, QueryContextSettings, RecordingName};
use chronoscope_store::{ChunkStore, Timeline, TimelineId};

use crate::{Cursor, RecordingEntry, Recordings, TimeControls};

/// Why there is nothing where a view is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextProblem {
    /// The recording is not open.
    NoRecording(RecordingName),
    /// The recording has nothing on the timeline.
    NoTimeline {
        /// The id of the recording.
        recording: Arc<str>,
        /// The timeline.
        timeline: Arc<str>,
    },
    /// The timeline is of another kind than the one of this name that the cursor is on.
    OtherKind {
        /// The id of the recording.
        recording: Arc<str>,
        /// The timeline.
        timeline: Arc<str>,
    },
}

impl fmt::Display for ContextProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecording(RecordingName {
                recording,
                application,
            }) => {
                write!(f, "recording {recording}")?;
                if let Some(application) = application {
                    write!(f, " of {application}")?;
                }
                f.write_str(" is not open")
            }
            Self::NoTimeline { recording, timeline } => {
                write!(f, "recording {recording} has nothing on timeline {timeline}")
            }
            Self::OtherKind { recording, timeline } => write!(
                f,
                "timeline {timeline} of recording {recording} is of another kind than that of the cursor"
            ),
        }
    }
}

impl std::error::Error for ContextProblem {}

/// What contexts are resolved by.
pub(super) struct Situation<'a> {
    pub(super) recordings: &'a Recordings,
    pub(super) times: &'a TimeControls,
    /// The viewer's cursor.
    pub(super) cursor: Cursor,
}

impl Situation<'_> {
    /// Where a view looks. Where no recording is open, nowhere.
    ///
    /// The cursor of a timeline that the time panel does not show is where the time panel left it, else at the
    /// first time of the recording.
    ///
    /// # Errors
    /// Where the recording is not open, or has nothing on the timeline.
    pub(super) fn resolve(&self, settings: &QueryContextSettings) -> Result<Cursor, ContextProblem> {
        let active = self.cursor.recording.and_then(|key| self.recordings.get(key));
        let entry = match &settings.recording {
            Some(name) => Some(self.find(name)?),
            None => active,
        };
        let Some(entry) = entry else {
            return Ok(Cursor::default());
        };
        let store = entry.store();
        let shown = active.and_then(|active| Some(active.store().timeline(self.cursor.timeline?)));
        let name = settings.timeline.as_ref().or(shown.map(Timeline::name));
        let Some(name) = name else {
            return Ok(Cursor {
                recording: Some(entry.key()),
                timeline: None,
                time: 0,
            });
        };
        let timeline = find_timeline(store, name)?;
        let time = match settings.time {
            ContextTime::Fixed(time) => time,
            ContextTime::AtCursor => self.cursor_on(active, shown, store, timeline)?,
            ContextTime::Offset(offset) => self
                .cursor_on(active, shown, store, timeline)?
                .saturating_add(offset),
        };
        Ok(Cursor {
            recording: Some(entry.key()),
            timeline: Some(timeline),
            // The least time is reserved.
            time: time.max(i64::MIN + 1),
        })
    }

    /// Whether a view moves when the cursor does.
    pub(super) fn follows_cursor(&self, settings: &QueryContextSettings) -> bool {
        let active = self.cursor.recording.and_then(|key| self.recordings.get(key));
        let shown = active.and_then(|active| Some(active.store().timeline(self.cursor.timeline?)));
        let is_shown = |name: &Arc<str>| shown.is_some_and(|shown| shown.name() == name);
        !matches!(settings.time, ContextTime::Fixed(_)) && settings.timeline.as_ref().is_none_or(is_shown)
    }

    fn find(&self, name: &RecordingName) -> Result<&RecordingEntry, ContextProblem> {
        let is_named = |entry: &&RecordingEntry| entry.id().recording_id == name.recording;
        let mut named = self.recordings.recordings().filter(is_named);
        let found = match &name.application {
            Some(application) => named.find(|entry| entry.id().application_id == *application),
            None => {
                let front = self.recordings.active_application();
                named.min_by_key(|entry| front != Some(&entry.id().application_id))
            }
        };
        found.ok_or_else(|| ContextProblem::NoRecording(name.clone()))
    }

    /// The viewer's cursor on a timeline of a store.
    fn cursor_on(
        &self,
        active: Option<&RecordingEntry>,
        shown: Option<&Timeline>,
        store: &ChunkStore,
        id: TimelineId,
    ) -> Result<i64, ContextProblem> {
        let timeline = store.timeline(id);
        if let Some(shown) = shown.filter(|shown| shown.name() == timeline.name()) {
            return if shown.time_type() == timeline.time_type() {
                Ok(self.cursor.time)
            } else {
                Err(ContextProblem::OtherKind {
                    recording: store.id().recording_id.clone(),
                    timeline: timeline.name().clone(),
                })
            };
        }
        let put = active.and_then(|active| self.times.get(active.key()).put_time(timeline.name()));
        Ok(put.unwrap_or_else(|| store.time_range(id).min))
    }
}

fn find_timeline(store: &ChunkStore, name: &Arc<str>) -> Result<TimelineId, ContextProblem> {
    store
        .timeline_id(name)
        .filter(|timeline| !store.time_range(*timeline).is_empty())
        .ok_or_else(|| ContextProblem::NoTimeline {
            recording: store.id().recording_id.clone(),
            timeline: name.clone(),
        })
}
