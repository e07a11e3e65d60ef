//! Time: which timeline is shown, where its cursor is, and how it moves.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::TimePanelBlueprint;
use chronoscope_store::{ChunkStore, TimeRange, TimeType, TimelineId};

use crate::{RecordingKey, Recordings, TimeCommand};

pub use chronoscope_types::enums::{LoopMode, PlayState};

/// The slowest and fastest speeds that can be asked for.
const SPEEDS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Time of one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeControl {
    timeline: Option<String>,
    cursors: BTreeMap<String, TimelineCursor>,
    play_state: PlayState,
    /// Playing has come to the end of what grows, or has nothing to play, and goes on once there is more.
    is_waiting: bool,
    loop_mode: LoopMode,
    speed: f64,
    fps: f64,
}

/// What is kept for each timeline that was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct TimelineCursor {
    time: Option<i64>,
    /// The part of a unit that playing has moved beyond `time`, in [0, 1).
    fraction: f64,
    selection: Option<TimeRange>,
}

impl Default for TimeControl {
    fn default() -> Self {
        Self {
            timeline: None,
            cursors: BTreeMap::new(),
            play_state: PlayState::Paused,
            is_waiting: false,
            loop_mode: LoopMode::Off,
            speed: 1.0,
            fps: 30.0,
        }
    }
}

impl TimeControl {
    /// The name of the shown timeline: the one that was asked for, where the recording has it, else the best
    /// it has.
    ///
    /// Best are timestamps, then durations, then sequences, but those that every SDK adds by itself come
    /// last.
    pub fn timeline(&self, store: &ChunkStore) -> Option<TimelineId> {
        let asked = self.timeline.as_deref().and_then(|name| store.timeline_id(name));
        asked.filter(|id| !store.time_range(*id).is_empty()).or_else(|| {
            timelines_with_data(store).min_by_key(|id| {
                let timeline = store.timeline(*id);
                let automatic = is_automatic(timeline.name());
                let kind = match timeline.time_type() {
                    TimeType::TimestampNs => 0,
                    TimeType::DurationNs => 1,
                    TimeType::Sequence => 2,
                };
                (automatic, kind, timeline.name().clone())
            })
        })
    }

    /// The cursor on a timeline: where it was put, else at the first time.
    ///
    /// A recording that has but the timelines that every SDK adds by itself was logged as if there were no time:
    /// unless it plays, the cursor is at the last one, so that all of it is seen.
    pub fn time(&self, store: &ChunkStore, timeline: TimelineId) -> i64 {
        let put = self.put_time(store.timeline(timeline).name());
        put.unwrap_or_else(|| {
            let range = store.time_range(timeline);
            if range.is_empty() {
                0
            } else if self.play_state != PlayState::Playing && has_no_time_of_its_own(store) {
                range.max
            } else {
                range.min
            }
        })
    }

    /// Where the cursor of a timeline was put, if it was.
    pub fn put_time(&self, timeline: &str) -> Option<i64> {
        self.cursors.get(timeline)?.time
    }

    /// Whether and how the cursor moves.
    pub fn play_state(&self) -> PlayState {
        self.play_state
    }

    /// Whether the cursor moves by itself from frame to frame: it plays, and does not wait for more data.
    pub fn is_moving(&self) -> bool {
        self.play_state == PlayState::Playing && !self.is_waiting
    }

    /// What happens at the end.
    pub fn loop_mode(&self) -> LoopMode {
        self.loop_mode
    }

    /// Times as fast as real time.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// The name of the timeline that was asked for, if one was.
    pub fn asked_timeline(&self) -> Option<&str> {
        self.timeline.as_deref()
    }

    /// Steps per second on sequence timelines.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// The selected range of a timeline.
    pub fn loop_selection(&self, timeline: &str) -> Option<TimeRange> {
        self.cursors.get(timeline)?.selection
    }

    /// Shows a timeline, whether or not the recording has it yet.
    pub fn set_timeline(&mut self, name: &str) {
        self.timeline = Some(name.to_owned());
    }

    /// Puts the cursor of a timeline.
    pub fn set_time(&mut self, timeline: &str, time: i64) {
        let cursor = self.cursors.entry(timeline.to_owned()).or_default();
        // The least time is reserved, and rows never lie on it.
        cursor.time = Some(time.max(i64::MIN + 1));
        cursor.fraction = 0.0;
    }

    /// Selects a range of a timeline, or none.
    pub fn set_loop_selection(&mut self, timeline: &str, selection: Option<TimeRange>) {
        self.cursors.entry(timeline.to_owned()).or_default().selection =
            selection.filter(|range| !range.is_empty());
    }

    /// Sets the speed; what is not positive and finite is ignored.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() && speed > 0.0 {
            self.speed = speed.clamp(*SPEEDS.start(), *SPEEDS.end());
        }
    }

    /// Sets the steps per second; what is not positive and finite is ignored.
    pub fn set_fps(&mut self, fps: f64) {
        if fps.is_finite() && fps > 0.0 {
            self.fps = fps.clamp(*SPEEDS.start(), *SPEEDS.end());
        }
    }

    /// Sets what happens at the end.
    pub fn set_loop_mode(&mut self, mode: LoopMode) {
        self.loop_mode = mode;
    }

    /// Sets whether and how the cursor moves.
    pub fn set_play_state(&mut self, state: PlayState) {
        self.play_state = state;
    }

    /// Takes over what a blueprint says.
    pub(crate) fn apply_panel(&mut self, panel: &TimePanelBlueprint) {
        if let Some(timeline) = &panel.timeline {
            self.set_timeline(timeline);
            if panel.time_selection.is_some() {
                self.set_loop_selection(timeline, panel.time_selection);
            }
        }
        if let Some(speed) = panel.playback_speed {
            self.set_speed(speed);
        }
        if let Some(fps) = panel.fps {
            self.set_fps(fps);
        }
        if let Some(mode) = panel.loop_mode {
            self.set_loop_mode(mode);
        }
        if let Some(state) = panel.play_state {
            self.set_play_state(state);
        }
    }

    /// Carries out a command.
    pub fn apply(&mut self, command: &TimeCommand, store: &ChunkStore) {
        match command {
            TimeCommand::SetTimeline(name) => self.set_timeline(name),
            TimeCommand::SetTimelineAndTime(name, time) => {
                self.set_timeline(name);
                self.set_time(name, *time);
                self.stop_following();
            }
            TimeCommand::SetTimeOf(name, time) => {
                self.set_time(name, *time);
                let shown = self.timeline(store).map(|timeline| store.timeline(timeline));
                if shown.is_some_and(|shown| **shown.name() == **name) {
                    self.stop_following();
                }
            }
            TimeCommand::SetSpeed(speed) => self.set_speed(*speed),
            TimeCommand::SetFps(fps) => self.set_fps(*fps),
            TimeCommand::SetLoop(mode) => self.loop_mode = *mode,
            TimeCommand::Pause => self.play_state = PlayState::Paused,
            TimeCommand::Follow => self.play_state = PlayState::Following,
            _ => {
                let Some(timeline) = self.timeline(store) else {
                    return;
                };
                self.apply_on_timeline(command, store, timeline);
            }
        }
    }

    fn apply_on_timeline(&mut self, command: &TimeCommand, store: &ChunkStore, timeline: TimelineId) {
        let name = store.timeline(timeline).name().clone();
        let range = store.time_range(timeline);
        let time = self.time(store, timeline);
        match command {
            TimeCommand::SetTime(time) => {
                self.set_time(&name, *time);
                self.stop_following();
            }
            TimeCommand::Play if self.play_state == PlayState::Playing => {}
            TimeCommand::Play => self.play(&name, time, range),
            TimeCommand::TogglePlay if self.play_state == PlayState::Paused => self.play(&name, time, range),
            TimeCommand::TogglePlay => self.play_state = PlayState::Paused,
            TimeCommand::StepForward => self.step(&name, store.next_time(timeline, time)),
            TimeCommand::StepBack => self.step(&name, store.previous_time(timeline, time)),
            TimeCommand::Begin => self.step(&name, Some(range.min)),
            TimeCommand::End => self.step(&name, Some(range.max)),
            TimeCommand::SetLoopSelection(selection) => self.set_loop_selection(&name, *selection),
            _ => {}
        }
    }

    fn play(&mut self, name: &str, time: i64, range: TimeRange) {
        if time >= range.max && self.loop_mode == LoopMode::Off {
            self.set_time(name, range.min);
        }
        self.play_state = PlayState::Playing;
    }

    fn step(&mut self, name: &str, to: Option<i64>) {
        if let Some(to) = to {
            self.set_time(name, to);
            self.play_state = PlayState::Paused;
        }
    }

    fn stop_following(&mut self) {
        if self.play_state == PlayState::Following {
            self.play_state = PlayState::Paused;
        }
    }

    /// How far playing moves in a second, at normal speed.
    pub fn units_per_second(&self, time_type: TimeType) -> f64 {
        match time_type {
            TimeType::Sequence => self.fps,
            TimeType::DurationNs | TimeType::TimestampNs => 1e9,
        }
    }

    /// The times that are played: all, or those that are looped.
    pub fn play_bounds(&self, store: &ChunkStore, timeline: TimelineId) -> TimeRange {
        let selection = self
            .loop_selection(store.timeline(timeline).name())
            .filter(|_| self.loop_mode == LoopMode::Selection);
        selection.unwrap_or_else(|| store.time_range(timeline))
    }

    /// Moves the cursor as playing and following ask for, `elapsed` after the last call. At the end of a store that
    /// grows, playing waits for more, as it does where there is nothing to play: no time, or a single one that is looped.
    pub fn advance(&mut self, elapsed: Duration, store: &ChunkStore, grows: bool) {
        let Some(timeline) = self.timeline(store) else {
            self.is_waiting = self.play_state == PlayState::Playing;
            return;
        };
        let (name, time_type) = (
            store.timeline(timeline).name().clone(),
            store.timeline(timeline).time_type(),
        );
        let range = store.time_range(timeline);
        match self.play_state {
            PlayState::Paused => {}
            PlayState::Following => self.set_time(&name, range.max),
            PlayState::Playing => {
                let units_per_second = self.units_per_second(time_type);
                let bounds = self.play_bounds(store, timeline);
                let start = self.time(store, timeline);
                let has_end = self.loop_mode == LoopMode::Off;
                if self.is_waiting && has_end && grows && start >= bounds.max {
                    return;
                }
                if !has_end && bounds.length() == 0 && start == bounds.max {
                    self.is_waiting = true;
                    return;
                }
                // While it waited, no time passed.
                let elapsed = if self.is_waiting { Duration::ZERO } else { elapsed };
                self.is_waiting = false;
                let cursor = self.cursors.entry(name.to_string()).or_default();
                let moved = cursor.fraction + elapsed.as_secs_f64() * self.speed * units_per_second;
                let whole = moved.floor();
                cursor.fraction = moved - whole;
                // A float beyond i64 saturates, which ends at the bound below.
                let time = start.saturating_add(whole as i64);
                if time <= bounds.max {
                    cursor.time = Some(time.max(bounds.min));
                } else if has_end || bounds.length() == 0 {
                    cursor.time = Some(bounds.max);
                    self.is_waiting = has_end && grows;
                    if has_end && !grows {
                        self.play_state = PlayState::Paused;
                    }
                } else {
                    let beyond = time.abs_diff(bounds.max).saturating_sub(1)
                        % bounds.length().saturating_add(1).max(1);
                    cursor.time = Some(bounds.min.saturating_add_unsigned(beyond));
                }
            }
        }
    }
}

/// Whether every SDK adds a timeline of this name by itself.
fn is_automatic(timeline: &str) -> bool {
    matches!(timeline, "log_time" | "log_tick")
}

/// Whether a recording has data on no other timelines than those that every SDK adds by itself.
fn has_no_time_of_its_own(store: &ChunkStore) -> bool {
    timelines_with_data(store).all(|id| is_automatic(store.timeline(id).name()))
}

fn timelines_with_data(store: &ChunkStore) -> impl Iterator<Item = TimelineId> {
    store.timelines().filter(|id| !store.time_range(*id).is_empty())
}

/// Time of each recording.
#[derive(Resource, Debug, Default)]
pub struct TimeControls {
    by_recording: BTreeMap<RecordingKey, TimeControl>,
    /// What the blueprints of applications say, for recordings that are still to come.
    panels: BTreeMap<Arc<str>, TimePanelBlueprint>,
    /// What recordings that are not yet known begin with.
    pub initial: TimeControl,
    /// Whether the initial timeline was asked for by name, so that a blueprint must not choose another.
    pub timeline_is_given: bool,
    /// Whether the clock stands, so that nothing plays: for pictures, which are taken when all is at rest.
    pub clock_frozen: bool,
}

impl TimeControls {
    /// The time of a recording.
    pub fn get(&self, recording: RecordingKey) -> &TimeControl {
        self.by_recording.get(&recording).unwrap_or(&self.initial)
    }

    /// The time of a recording, mutably.
    pub fn get_mut(&mut self, recording: RecordingKey) -> &mut TimeControl {
        let initial = &self.initial;
        self.by_recording
            .entry(recording)
            .or_insert_with(|| initial.clone())
    }

    /// Begins the time of a recording as the blueprint of its application says, if one does. Nothing happens where it has begun.
    pub(crate) fn begin(&mut self, recording: RecordingKey, application: &str) {
        let Some(panel) = self.panels.get(application) else {
            return;
        };
        self.by_recording.entry(recording).or_insert_with(|| {
            let mut control = self.initial.clone();
            control.apply_panel(panel);
            control
        });
    }

    /// As [`Self::begin`], of all recordings. Costs nothing where no blueprint says anything of time.
    pub(crate) fn begin_new(&mut self, recordings: &Recordings) {
        if self.panels.is_empty() {
            return;
        }
        for entry in recordings.recordings() {
            self.begin(entry.key(), &entry.id().application_id);
        }
    }

    /// Sets what recordings of an application begin with that are still to come.
    pub(crate) fn set_panel(&mut self, application: &Arc<str>, panel: TimePanelBlueprint) {
        self.panels.insert(Arc::clone(application), panel);
    }

    /// Forgets what the blueprints of applications say that have none any more.
    pub(crate) fn retain_panels(&mut self, keep: impl Fn(&str) -> bool) {
        self.panels.retain(|application, _| keep(application));
    }

    /// Forgets the time of recordings that are closed.
    pub fn retain(&mut self, keep: impl Fn(RecordingKey) -> bool) {
        self.by_recording.retain(|key, _| keep(*key));
    }
}

/// Where the frame looks: the recording, the timeline, and the time on it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The shown recording.
    pub recording: Option<RecordingKey>,
    /// The shown timeline; none where the recording has but static data.
    pub timeline: Option<TimelineId>,
    /// The time, in the timeline's unit.
    pub time: i64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, log_chunk};

    use super::*;

    /// A store with a row at each time, on all of the timelines.
    fn store(timelines: &[Timeline], times: &[i64]) -> ChunkStore {
        let mut store = ChunkStore::new(StoreId::recording("app", "recording"));
        for time in times {
            let at = timelines.iter().map(|timeline| (timeline.clone(), *time));
            store
                .insert(log_chunk("/a", at, &Scalars::new([1.0])).unwrap())
                .unwrap();
        }
        store
    }

    fn shown(control: &TimeControl, store: &ChunkStore) -> (String, i64) {
        let timeline = control.timeline(store).unwrap();
        let name = store.timeline(timeline).name().to_string();
        (name, control.time(store, timeline))
    }

    fn log_time() -> Timeline {
        Timeline::timestamp("log_time")
    }

    #[test]
    fn what_has_no_time_of_its_own_opens_at_its_end() {
        let check = |timelines: &[Timeline], name: &str, time| {
            let store = store(timelines, &[3, 5, 9]);
            assert_eq!(shown(&TimeControl::default(), &store), (name.to_owned(), time));
        };
        check(&[log_time()], "log_time", 9);
        check(&[log_time(), Timeline::sequence("log_tick")], "log_time", 9);
        check(&[Timeline::sequence("log_tick")], "log_tick", 9);
        check(&[log_time(), Timeline::sequence("frame")], "frame", 3);
        check(&[Timeline::timestamp("stamp")], "stamp", 3);
    }

    #[test]
    fn where_the_cursor_was_put_wins_over_the_end() {
        let mut control = TimeControl::default();
        control.set_time("log_time", 5);
        let mut grows = store(&[log_time()], &[3, 5, 9]);
        assert_eq!(shown(&control, &grows).1, 5);
        // So does a timeline of its own that comes later, and one that is asked for beside it.
        let mut unset = TimeControl::default();
        assert_eq!(shown(&unset, &grows).1, 9);
        let frame = [(log_time(), 10), (Timeline::sequence("frame"), 4)];
        grows
            .insert(log_chunk("/a", frame, &Scalars::new([1.0])).unwrap())
            .unwrap();
        assert_eq!(shown(&unset, &grows), ("frame".to_owned(), 4));
        unset.set_timeline("log_time");
        assert_eq!(shown(&unset, &grows), ("log_time".to_owned(), 3));
    }

    #[test]
    fn playing_from_the_end_begins_at_the_beginning() {
        let store = store(&[log_time()], &[3, 5, 9]);
        for mode in [LoopMode::Off, LoopMode::All] {
            let mut control = TimeControl::default();
            control.set_loop_mode(mode);
            control.apply(&TimeCommand::TogglePlay, &store);
            control.advance(Duration::from_nanos(1), &store, false);
            assert_eq!(shown(&control, &store).1, 4, "{mode:?}");
        }
        let mut control = TimeControl::default();
        control.apply(&TimeCommand::StepBack, &store);
        assert_eq!(shown(&control, &store).1, 5);
    }

    #[test]
    fn playing_rests_while_there_is_nothing_to_play() {
        let frame = [Timeline::sequence("frame")];
        let mut control = TimeControl::default();
        control.set_fps(1.0);
        control.set_loop_mode(LoopMode::All);
        control.set_play_state(PlayState::Playing);
        let nothing_to_play: [&[i64]; 2] = [&[], &[5]];
        for times in nothing_to_play {
            control.advance(Duration::from_secs(1), &store(&frame, times), false);
            assert!(!control.is_moving(), "{times:?}");
        }
        let more = store(&frame, &[5, 9]);
        for time in [5, 6, 7] {
            control.advance(Duration::from_secs(1), &more, false);
            assert!(control.is_moving());
            assert_eq!(shown(&control, &more).1, time);
        }
    }

    #[test]
    fn what_waits_at_the_end_loops_once_it_is_told_to() {
        let store = store(&[Timeline::sequence("frame")], &[0, 10]);
        let mut control = TimeControl::default();
        control.set_time("frame", 10);
        control.set_fps(1.0);
        control.set_play_state(PlayState::Playing);
        control.advance(Duration::from_secs(1), &store, true);
        assert!(!control.is_moving(), "it waits for more");
        control.apply(&TimeCommand::SetLoop(LoopMode::All), &store);
        for (secs, time) in [(100, 10), (3, 2), (1, 3)] {
            control.advance(Duration::from_secs(secs), &store, true);
            assert!(control.is_moving());
            assert_eq!(shown(&control, &store).1, time, "no time passed while it waited");
        }
    }
}
