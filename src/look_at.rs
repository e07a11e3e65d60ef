//! Where to look: times that another start hands over with its files.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy::prelude::*;
use chronoscope_frame::{
    Frame, FrameSystems, IngestSources, PlayState, RecordingEntry, Recordings, Report, Reports, TimeControls,
};
use chronoscope_store::{StoreId, StoreKind};
use chronoscope_types::parse_time;

use crate::cli::{self, TimeArgument};

pub(crate) struct LookAtPlugin;

impl Plugin for LookAtPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<WantedTimes>().add_systems(
            Frame,
            show_wanted
                .run_if(|wanted: Res<WantedTimes>| !wanted.list().is_empty())
                .after(FrameSystems::Gc)
                .before(FrameSystems::ApplyCommands),
        );
    }
}

/// Times at which recordings are to be shown, once they have the timeline. Sources add to it as they bring recordings.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct WantedTimes(Arc<Mutex<Vec<WantedTime>>>);

/// A time at which a recording is to be shown.
#[derive(Clone, Debug)]
struct WantedTime {
    recording: StoreId,
    time: TimeArgument,
    /// The name of the source that brings the recording.
    source: Arc<str>,
}

impl WantedTimes {
    fn add(&self, wanted: WantedTime) {
        self.list().push(wanted);
    }

    fn list(&self) -> MutexGuard<'_, Vec<WantedTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time at which all that a source brings is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct WantedTimeOfSource {
    time: TimeArgument,
    wanted: WantedTimes,
    /// The recordings for which it is noted.
    noted: Vec<StoreId>,
}

impl WantedTimeOfSource {
    /// The time that another start hands over, if any, as `--time` takes it.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn parse(time: Option<&str>, wanted: &WantedTimes) -> Result<Option<Self>, String> {
        let time = time.map(cli::parse_time).transpose();
        let time = time.map_err(|error| format!("--time: {error}"))?;
        Ok(time.map(|time| Self {
            time,
            wanted: wanted.clone(),
            noted: Vec::new(),
        }))
    }

    /// Notes it for a recording that the source brings.
    pub(crate) fn note(&mut self, store: &StoreId, source: &Arc<str>) {
        if store.kind == StoreKind::Recording && !self.noted.contains(store) {
            self.noted.push(store.clone());
            self.wanted.add(WantedTime {
                recording: store.clone(),
                time: self.time.clone(),
                source: Arc::clone(source),
            });
        }
    }
}

/// Puts the cursor of a recording; `None` where it has no such timeline.
///
/// # Errors
/// Where the text is no time of that timeline.
pub(crate) fn look_at(
    time: &TimeArgument,
    entry: &RecordingEntry,
    times: &mut TimeControls,
) -> Option<Result<i64, String>> {
    let TimeArgument { timeline, time } = time;
    let id = entry.store().timeline_id(timeline)?;
    let Some(value) = parse_time(entry.store().timeline(id).time_type(), time) else {
        return Some(Err(format!("{time:?} is not a time on timeline {timeline}")));
    };
    let control = times.get_mut(entry.key());
    control.set_timeline(timeline);
    control.set_time(timeline, value);
    Some(Ok(value))
}

fn show_wanted(
    wanted: Res<WantedTimes>,
    recordings: Res<Recordings>,
    sources: Res<IngestSources>,
    mut times: ResMut<TimeControls>,
    mut reports: ResMut<Reports>,
) {
    wanted.list().retain(|wanted| {
        let shown = recordings
            .find(&wanted.recording)
            .and_then(|entry| Some((entry, look_at(&wanted.time, entry, &mut times)?)));
        let failure = match shown {
            Some((entry, Ok(_))) => {
                times.get_mut(entry.key()).set_play_state(PlayState::Paused);
                return false;
            }
            Some((_, Err(error))) => error,
            None => {
                let mut states = sources.states();
                if states.any(|source| source.name == &*wanted.source && source.status.is_open()) {
                    return true;
                }
                format!("the recording has no timeline {:?}", wanted.time.timeline)
            }
        };
        reports.push(Report::error(
            wanted.source.to_string(),
            format!("--time: {failure}"),
        ));
        false
    });
}
