//! Where the times of a recording come from: a timeline per source.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bevy_app::App;
use bevy_ecs::{prelude::*, system::BoxedSystem};
use bevy_time::{Fixed, Real, Time, Virtual};
use chronoscope_frame::Report;
use chronoscope_store::{TimeType, Timeline};

use crate::{
    FIXED_TIMELINE, FRAME_TIMELINE, REAL_TIMELINE, RecordTimelines, SIM_TIMELINE, WorldRecorder,
    recorder::RECORDER,
};

/// What a time source says. Its type is that of the timeline: `i64` counts steps, [`Duration`] is since some start, [`SystemTime`] a
/// date.
pub trait SourceTime: 'static {
    /// The type of the timeline.
    const TYPE: TimeType;

    /// The time in the timeline's unit. What is too far off is as far as can be said.
    fn to_units(self) -> i64;
}

impl SourceTime for i64 {
    const TYPE: TimeType = TimeType::Sequence;

    fn to_units(self) -> i64 {
        self
    }
}

impl SourceTime for Duration {
    const TYPE: TimeType = TimeType::DurationNs;

    fn to_units(self) -> i64 {
        i64::try_from(self.as_nanos()).unwrap_or(i64::MAX)
    }
}

impl SourceTime for SystemTime {
    const TYPE: TimeType = TimeType::TimestampNs;

    fn to_units(self) -> i64 {
        match self.duration_since(UNIX_EPOCH) {
            Ok(since) => since.to_units(),
            Err(error) => error.duration().to_units().saturating_neg(),
        }
    }
}

/// What an app says about the times of its recording.
pub trait AppTimeSourceExt {
    /// Adds a timeline to the recording of this world: all rows of a frame lie at the time that the system returns, which runs once
    /// as the frame begins. A source of the same name is replaced, also one of the recorder's own, which are added by this call too.
    ///
    /// The type of the time is that of the timeline: see [`SourceTime`]. A time that goes back makes rows of later frames lie
    /// before those of earlier ones, as on any timeline. A fork begins at the time that it branched at, on this timeline as on
    /// the others.
    ///
    /// To be called before the first frame; later, it is reported and changes nothing.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use chronoscope_record::{AppTimeSourceExt, RecordPlugin};
    /// # use std::time::Duration;
    /// #[derive(Resource, Default)]
    /// struct Bus {
    ///     since_start: Duration,
    ///     message: i64,
    /// }
    ///
    /// App::new()
    ///     .init_resource::<Bus>()
    ///     .add_plugins(RecordPlugin::new("robot"))
    ///     .add_time_source("bus_time", |bus: Res<Bus>| bus.since_start)
    ///     .add_time_source("message", |bus: Res<Bus>| bus.message);
    /// ```
    fn add_time_source<T: SourceTime, M>(
        &mut self,
        timeline: &str,
        time: impl IntoSystem<(), T, M>,
    ) -> &mut Self;
}

impl AppTimeSourceExt for App {
    fn add_time_source<T: SourceTime, M>(
        &mut self,
        timeline: &str,
        time: impl IntoSystem<(), T, M>,
    ) -> &mut Self {
        let world = self.world_mut();
        if world
            .get_resource::<WorldRecorder>()
            .is_some_and(|recorder| recorder.frame() >= 0)
        {
            let message = format!("the recording has begun, and gets no timeline {timeline:?} any more");
            world
                .resource_mut::<WorldRecorder>()
                .report_once(Report::warning(RECORDER, message));
            return self;
        }
        let mut system: BoxedSystem<(), i64> = Box::new(IntoSystem::into_system(time.map(T::to_units)));
        system.initialize(world);
        let timeline = Timeline::new(timeline, T::TYPE);
        let mut sources = world.get_resource_or_init::<TimeSources>();
        sources.add(TimeSource { timeline, system });
        self
    }
}

/// Kept here and not as an entity, which a host could despawn.
struct TimeSource {
    timeline: Timeline,
    system: BoxedSystem<(), i64>,
}

/// The time sources, in the order in which they were added.
#[derive(Resource, Default)]
pub(crate) struct TimeSources(Vec<TimeSource>);

impl TimeSources {
    /// Adds a source; one of the same name is replaced.
    fn add(&mut self, source: TimeSource) {
        let mut known = self.0.iter_mut();
        match known.find(|known| known.timeline.name() == source.timeline.name()) {
            Some(known) => *known = source,
            None => self.0.push(source),
        }
    }

    pub(crate) fn timelines(&self) -> impl Iterator<Item = &Timeline> {
        self.0.iter().map(|source| &source.timeline)
    }
}

/// Adds the recorder's own sources, but for those that the app has replaced already.
pub(crate) fn add_own(app: &mut App, which: RecordTimelines) {
    let known = app.world().get_resource::<TimeSources>();
    let known: Vec<String> = known
        .iter()
        .flat_map(|sources| sources.timelines())
        .map(|timeline| timeline.name().to_string())
        .collect();
    let is_wanted = |is_used: bool, name: &str| is_used && !known.iter().any(|known| known == name);
    if is_wanted(which.frame, FRAME_TIMELINE) {
        // The one that begins.
        app.add_time_source(FRAME_TIMELINE, |recorder: Res<WorldRecorder>| {
            recorder.frame() + 1
        });
    }
    if is_wanted(which.sim_time, SIM_TIMELINE) {
        app.add_time_source(SIM_TIMELINE, elapsed::<Virtual>);
    }
    if is_wanted(which.fixed_time, FIXED_TIMELINE) {
        app.add_time_source(FIXED_TIMELINE, elapsed::<Fixed>);
    }
    if is_wanted(which.real_time, REAL_TIMELINE) {
        app.add_time_source(REAL_TIMELINE, elapsed::<Real>);
    }
}

fn elapsed<C: Default + Send + Sync + 'static>(time: Option<Res<Time<C>>>) -> Duration {
    time.map_or(Duration::ZERO, |time| time.elapsed())
}

/// What the sources say now, in their order. What one of them cannot say is reported, and is zero.
pub(crate) fn read(world: &mut World) -> Vec<i64> {
    let mut times = Vec::new();
    if !world.contains_resource::<TimeSources>() {
        return times;
    }
    world.resource_scope(|world, mut sources: Mut<TimeSources>| {
        for TimeSource { timeline, system } in &mut sources.0 {
            let time = system.run((), world);
            if let Err(error) = &time {
                let message = format!("time source {} failed: {error}", timeline.name());
                let mut recorder = world.resource_mut::<WorldRecorder>();
                recorder.report_once(Report::warning(RECORDER, message));
            }
            times.push(time.unwrap_or_default());
        }
    });
    times
}
