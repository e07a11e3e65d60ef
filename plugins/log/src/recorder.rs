//! Who logs.

use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chronoscope_store::{Chunk, EntityPath, RowId, StoreId, Timeline};
use chronoscope_types::{
    AsComponents, Clear, Component, ComponentName, LogMessage, RecordingInfo, StoreInfo, StoreSource,
    columns_chunk, columns_chunk_with_lengths, log_chunk,
};

use crate::{
    BatchSettings, FileSink, LogError, Sink, SinkError, SinkNotice, Stream, batch::Times, state::Shared,
};

/// The timeline of when rows were logged.
const LOG_TIME: &str = "log_time";

/// Where a recording says of itself what it is.
const PROPERTIES_PATH: &str = "__properties";

/// Logs to a recording. Clones log to the same recording, each at times of its own, so that each thread may have one. When the
/// last is dropped, what waits is sent and the sinks are finished.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    ends: Arc<EndOnDrop>,
    times: Times,
    log_time: Option<Timeline>,
}

/// Ends the recording with the last handle.
struct EndOnDrop {
    shared: Arc<Shared>,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Err(error) = self.shared.close() {
            tracing::warn!("the end of {:?} is lost: {error}", self.shared.id);
        }
    }
}

/// What a recording begins with. See [`Recorder::builder`].
#[must_use]
pub struct RecorderBuilder {
    application_id: Arc<str>,
    recording_id: Option<Arc<str>>,
    name: Option<String>,
    settings: BatchSettings,
    sinks: Vec<Box<dyn Sink>>,
}

impl Recorder {
    /// Begins to describe a recording of an application.
    pub fn builder(application_id: impl Into<Arc<str>>) -> RecorderBuilder {
        RecorderBuilder {
            application_id: application_id.into(),
            recording_id: None,
            name: None,
            settings: BatchSettings::default(),
            sinks: Vec::new(),
        }
    }

    /// Logs to a file.
    ///
    /// ```
    /// use chronoscope_log::Recorder;
    /// use chronoscope_types::TextLog;
    ///
    /// # fn main() -> Result<(), chronoscope_log::LogError> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.rrd");
    /// let recorder = Recorder::to_file("hello", &path)?;
    /// recorder.log("log", &TextLog::new("Hello"))?;
    /// recorder.finish()?;
    /// assert!(path.exists());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn to_file(
        application_id: impl Into<Arc<str>>,
        path: impl Into<std::path::PathBuf>,
    ) -> Result<Self, LogError> {
        Self::builder(application_id)
            .sink(FileSink::create(path)?)
            .start()
    }

    /// The recording.
    pub fn id(&self) -> &StoreId {
        &self.shared.id
    }

    /// Logs from now on at this step of a sequence. Other timelines stay where they are.
    pub fn set_sequence(&mut self, timeline: &str, step: i64) {
        self.set_time_by(timeline, step, || Timeline::sequence(timeline));
    }

    /// Logs from now on at this time since some start.
    pub fn set_duration(&mut self, timeline: &str, since_start: Duration) {
        let nanos = i64::try_from(since_start.as_nanos()).unwrap_or(i64::MAX);
        self.set_time_by(timeline, nanos, || Timeline::duration(timeline));
    }

    /// Logs from now on at this time, in nanoseconds since the epoch (UTC).
    pub fn set_timestamp_nanos(&mut self, timeline: &str, nanos: i64) {
        self.set_time_by(timeline, nanos, || Timeline::timestamp(timeline));
    }

    /// Logs from now on at this time of a timeline, in its unit.
    pub fn set_time(&mut self, timeline: &Timeline, time: i64) {
        self.set_time_by(timeline.name(), time, || timeline.clone());
    }

    fn set_time_by(&mut self, name: &str, time: i64, timeline: impl FnOnce() -> Timeline) {
        match self.times.iter_mut().find(|(known, _)| **known.name() == *name) {
            Some(known) => known.1 = time,
            None => self.times.push((timeline(), time)),
        }
    }

    /// Logs from now on at no time of this timeline.
    pub fn unset_time(&mut self, timeline: &str) {
        self.times.retain(|(known, _)| **known.name() != *timeline);
    }

    /// The times at which is logged now, without the automatic one.
    pub fn times(&self) -> &[(Timeline, i64)] {
        &self.times
    }

    fn now(&self, entity: &EntityPath) -> Result<Times, LogError> {
        let mut times = self.times.clone();
        if let Some((timeline, _)) = times.iter().find(|(_, time)| *time == i64::MIN) {
            return Err(chronoscope_store::ChunkError::ReservedTime {
                entity: entity.clone(),
                timeline: timeline.name().to_string(),
            }
            .into());
        }
        // Where the caller says when it was logged, that is it.
        let is_given = times.iter().any(|(timeline, _)| **timeline.name() == *LOG_TIME);
        if let Some(timeline) = self.log_time.as_ref().filter(|_| !is_given) {
            times.push((timeline.clone(), now_nanos()));
        }
        if times.is_empty() {
            return Err(LogError::NoTime {
                entity: entity.clone(),
            });
        }
        Ok(times)
    }

    /// Logs a row.
    ///
    /// # Errors
    /// If a component comes twice, or the row has no time at all. Nothing else is lost then.
    pub fn log(
        &self,
        entity: impl Into<EntityPath>,
        archetype: &(impl AsComponents + ?Sized),
    ) -> Result<(), LogError> {
        let entity = entity.into();
        let times = self.now(&entity)?;
        let cells = archetype.components();
        if let Some((descriptor, array)) = cells
            .iter()
            .find(|(_, array)| i32::try_from(array.len()).is_err())
        {
            return Err(LogError::TooLarge {
                entity,
                component: descriptor.component.to_string(),
                instances: array.len(),
            });
        }
        self.shared.push(entity, &times, cells)
    }

    /// Logs what holds at all times. Replaces what was logged so before.
    ///
    /// # Errors
    /// If a component comes twice.
    pub fn log_static(
        &self,
        entity: impl Into<EntityPath>,
        archetype: &(impl AsComponents + ?Sized),
    ) -> Result<(), LogError> {
        self.send_chunk(log_chunk(entity, [], archetype)?);
        Ok(())
    }

    /// Logs many rows at once, each with one instance of each component. The times are those that are given, no others.
    ///
    /// ```
    /// use chronoscope_log::{MemorySink, Recorder};
    /// use chronoscope_store::Timeline;
    /// use chronoscope_types::Scalars;
    ///
    /// # fn main() -> Result<(), chronoscope_log::LogError> {
    /// let memory = MemorySink::default();
    /// let recorder = Recorder::builder("columns").sink(memory.clone()).start()?;
    /// let times = (0..1000).collect();
    /// let values = (0..1000).map(|step| f64::from(step).sqrt());
    /// recorder.log_columns("plots/root", [(Timeline::sequence("step"), times)], &Scalars::new(values))?;
    /// // One row more says when the recording began.
    /// assert_eq!(memory.to_recording(recorder.id())?.store.store_stats().chunks.num_rows, 1001);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If columns have different lengths, or a time is `i64::MIN`.
    pub fn log_columns(
        &self,
        entity: impl Into<EntityPath>,
        times: impl IntoIterator<Item = (Timeline, Vec<i64>)>,
        archetype: &(impl AsComponents + ?Sized),
    ) -> Result<(), LogError> {
        self.send_chunk(columns_chunk(entity, times, archetype)?);
        Ok(())
    }

    /// As [`Self::log_columns`], with as many instances in each row as its length says.
    ///
    /// # Errors
    /// If the lengths do not add up to the instances, and as there.
    pub fn log_columns_with_lengths(
        &self,
        entity: impl Into<EntityPath>,
        times: impl IntoIterator<Item = (Timeline, Vec<i64>)>,
        archetype: &(impl AsComponents + ?Sized),
        lengths: &[usize],
    ) -> Result<(), LogError> {
        self.send_chunk(columns_chunk_with_lengths(entity, times, archetype, lengths)?);
        Ok(())
    }

    /// Empties an entity from now on, alone or with all below it.
    ///
    /// # Errors
    /// If there is no time.
    pub fn clear(&self, entity: impl Into<EntityPath>, recursive: bool) -> Result<(), LogError> {
        self.log(entity, &Clear::new(recursive))
    }

    /// The first of `count` consecutive row ids, for chunks of the caller's own: greater than those of all rows that were logged
    /// until now, and less than those of later ones.
    pub fn reserve_row_ids(&self, count: u64) -> RowId {
        self.shared.reserve_row_ids(count)
    }

    /// The sinks that are left: those that neither failed nor were closed.
    pub fn num_sinks(&self) -> usize {
        self.shared.num_sinks()
    }

    /// What failed since the last [`Self::flush`], or since this was asked.
    #[must_use]
    pub fn take_failures(&self) -> Vec<SinkError> {
        self.shared.take_failures()
    }

    /// What the sinks said while they go on, since this was asked.
    #[must_use]
    pub fn take_notices(&self) -> Vec<SinkNotice> {
        self.shared.take_notices()
    }

    /// The bytes that wait in the sinks to be where they belong.
    pub fn waiting_bytes(&self) -> u64 {
        self.shared.waiting_bytes()
    }

    /// Sends all rows that wait, and does not wait for the sinks to have them.
    ///
    /// # Errors
    /// If a batch is no valid chunk.
    pub fn send_waiting(&self) -> Result<(), LogError> {
        self.shared.send_waiting()
    }

    /// Sends a chunk as it is, past the rows that wait.
    pub fn send_chunk(&self, chunk: impl Into<Arc<Chunk>>) {
        self.shared.send(&LogMessage::Chunk {
            store: self.shared.id.clone(),
            chunk: chunk.into(),
        });
    }

    /// A stream of values of one component of an entity.
    ///
    /// ```
    /// use chronoscope_log::{MemorySink, Recorder};
    /// use chronoscope_types::{Scalars, components::Scalar};
    ///
    /// # fn main() -> Result<(), chronoscope_log::LogError> {
    /// let memory = MemorySink::default();
    /// let mut recorder = Recorder::builder("streams").sink(memory.clone()).start()?;
    /// let height = recorder.stream::<Scalar>("plots/height", Scalars::SCALARS)?;
    /// for step in 0..10_000 {
    ///     recorder.set_sequence("step", step);
    ///     recorder.push(&height, (step as f64).sin())?;
    /// }
    /// recorder.flush()?;
    /// // One row more says when the recording began.
    /// assert_eq!(memory.to_recording(recorder.id())?.store.store_stats().chunks.num_rows, 10_001);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the component is of another type.
    pub fn stream<C: Component<Value: Send> + 'static>(
        &self,
        entity: impl Into<EntityPath>,
        component: ComponentName,
    ) -> Result<Stream<C>, LogError> {
        let entity = entity.into();
        if component.component_type != C::TYPE {
            return Err(LogError::WrongType {
                entity,
                component: component.name,
                expected: component.component_type,
                actual: C::TYPE,
            });
        }
        Ok(Stream {
            at: self.shared.add_stream(entity, component.descriptor()),
            shared: Arc::clone(&self.shared),
            component: PhantomData,
        })
    }

    /// Logs a row of one value.
    ///
    /// # Errors
    /// If the row has no time at all, or the stream belongs to another recorder.
    pub fn push<C: Component<Value: Send> + 'static>(
        &self,
        stream: &Stream<C>,
        value: impl Into<C::Value>,
    ) -> Result<(), LogError> {
        if !Arc::ptr_eq(&stream.shared, &self.shared) {
            return Err(LogError::OtherRecorder);
        }
        let times = self.now(&EntityPath::root())?;
        self.shared.push_value::<C>(stream.at, &times, value.into())
    }

    /// Sends all rows that wait, and waits until every sink has them.
    ///
    /// # Errors
    /// If a sink has failed since the last flush: the first of them. It gets nothing more; the others have everything.
    pub fn flush(&self) -> Result<(), LogError> {
        self.shared.flush()
    }

    /// Begins another recording of the application, that goes to the same sinks. The sinks are finished with the last of both.
    ///
    /// # Errors
    /// If the thread that sends rows cannot be started.
    pub fn branch(&self, recording_id: Option<Arc<str>>, name: Option<String>) -> Result<Self, LogError> {
        let id = StoreId::recording(
            Arc::clone(&self.shared.id.application_id),
            recording_id.unwrap_or_else(unique_id),
        );
        self.shared.send_waiting()?;
        Self::begin(self.shared.branch(id), name)
    }

    /// Says what begins, to all sinks.
    fn begin(shared: Shared, name: Option<String>) -> Result<Self, LogError> {
        let shared = Arc::new(shared);
        let started = now_nanos();
        let mut info = StoreInfo::new(shared.id.clone());
        info.source = StoreSource::Other(concat!("chronoscope_log ", env!("CARGO_PKG_VERSION")).into());
        info.started_at_nanos = u64::try_from(started).ok();
        shared.send(&LogMessage::StoreInfo(info));
        if let Some(max_wait) = shared.settings.max_wait {
            let sending = Arc::clone(&shared);
            thread::Builder::new()
                .name("log".to_owned())
                .spawn(move || sending.send_in_time(max_wait))
                .map_err(LogError::Thread)?;
        }
        let recorder = Self {
            log_time: shared.settings.log_time.then(|| Timeline::timestamp(LOG_TIME)),
            ends: Arc::new(EndOnDrop {
                shared: Arc::clone(&shared),
            }),
            shared,
            times: Times::new(),
        };
        let mut properties = RecordingInfo::default().with_start_time(started);
        if let Some(name) = name {
            properties = properties.with_name(name);
        }
        recorder.log_static(PROPERTIES_PATH, &properties)?;
        Ok(recorder)
    }

    /// Ends the recording: what waits is sent, and the sinks are finished. Clones log to nothing from then on.
    ///
    /// # Errors
    /// If the end of it is lost in a sink: the first of them.
    pub fn finish(self) -> Result<(), LogError> {
        self.shared.close()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handles = Arc::strong_count(&self.ends);
        f.debug_struct("Recorder")
            .field("id", &self.shared.id)
            .field("times", &self.times)
            .field("handles", &handles)
            .finish_non_exhaustive()
    }
}

impl RecorderBuilder {
    /// Gives the recording an id. Several programs that use the same one log to one recording. Without it, it is one that no
    /// other recording has.
    pub fn recording_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.recording_id = Some(id.into());
        self
    }

    /// Gives the recording a name that viewers show.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says when rows become chunks.
    pub fn batches(mut self, settings: BatchSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a sink. All sinks get everything.
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Adds a sink whose type is not known.
    pub fn boxed_sink(mut self, sink: Box<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Begins the recording.
    ///
    /// # Errors
    /// If the thread that sends rows cannot be started.
    pub fn start(self) -> Result<Recorder, LogError> {
        let recording_id = self.recording_id.unwrap_or_else(unique_id);
        let id = StoreId::recording(self.application_id, recording_id);
        let shared = Shared::new(id, self.settings, self.sinks);
        Recorder::begin(shared, self.name)
    }
}

/// Unique enough to tell runs of a program apart, on several machines too.
fn unique_id() -> Arc<str> {
    let row = RowId::new().as_u128();
    format!("{row:032x}{:08x}", std::process::id()).into()
}

impl fmt::Debug for RecorderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderBuilder")
            .field("application_id", &self.application_id)
            .field("recording_id", &self.recording_id)
            .field("settings", &self.settings)
            .field("sinks", &self.sinks.len())
            .finish_non_exhaustive()
    }
}

fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
