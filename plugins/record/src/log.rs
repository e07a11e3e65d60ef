//! What an app logs to the viewer in it, beside its world.

use std::{collections::VecDeque, sync::Arc};

use bevy_app::App;
use chronoscope_frame::{IngestMessage, IngestSource, IngestSources, SourcePoll};
use chronoscope_log::{LogError, MemorySink, Recorder, RecorderBuilder};
use chronoscope_store::Waker;
use chronoscope_types::{LogMessage, SourceStatus};

/// Starts recorders whose rows go to the viewer in this app.
pub trait AppLogExt {
    /// Starts a recorder. What it logs, from any system or thread, is taken in by the viewer in this app as live data are, within the
    /// budget of each frame; the cursor follows its end. Rows become chunks as the recorder's settings say, after 200 ms at the latest,
    /// or at a [`flush`](Recorder::flush).
    ///
    /// It is for data that are not of the app's world. For those at the times of its frames, see
    /// [`WorldRecorder::log`](crate::WorldRecorder::log).
    ///
    /// ```
    /// # use bevy_app::App;
    /// use chronoscope_log::Recorder;
    /// use chronoscope_record::AppLogExt;
    /// use chronoscope_types::Points3D;
    ///
    /// # fn main() -> Result<(), chronoscope_log::LogError> {
    /// let mut app = App::new();
    /// let mut lidar = app.start_recorder(Recorder::builder("lidar"))?;
    /// let thread = std::thread::spawn(move || {
    ///     for scan in 0..10 {
    ///         lidar.set_sequence("scan", scan);
    ///         lidar.log("points", &Points3D::new([[scan as f32, 0.0, 0.0]]))?;
    ///     }
    ///     lidar.finish()
    /// });
    /// thread.join().unwrap()
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the thread that sends rows cannot be started.
    fn start_recorder(&mut self, recorder: RecorderBuilder) -> Result<Recorder, LogError>;
}

impl AppLogExt for App {
    fn start_recorder(&mut self, recorder: RecorderBuilder) -> Result<Recorder, LogError> {
        // Not one with a limit: what is logged in a system would wait for the frame that the system is in.
        let sink = MemorySink::default();
        let recorder = recorder.sink(sink.clone()).start()?;
        let source = LoggedSource {
            name: Arc::clone(&recorder.id().application_id),
            sink,
            taken: VecDeque::new(),
        };
        let mut sources = self.world_mut().get_resource_or_init::<IngestSources>();
        sources.add(source);
        Ok(recorder)
    }
}

/// What a recorder logs, as a source of the viewer.
struct LoggedSource {
    name: Arc<str>,
    sink: MemorySink,
    /// What was taken from the sink, and not yet from here.
    taken: VecDeque<LogMessage>,
}

impl IngestSource for LoggedSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self) -> SourcePoll {
        // Asked before the sink is looked into: what is logged in between is found.
        let is_finished = self.sink.is_finished();
        if self.taken.is_empty() {
            self.taken = self.sink.take().into();
        }
        match self.taken.pop_front() {
            Some(message) => SourcePoll::Message(IngestMessage::Data(message)),
            None if is_finished => SourcePoll::Finished,
            None => SourcePoll::Pending,
        }
    }

    fn status(&self) -> SourceStatus {
        SourceStatus::Live
    }

    fn is_followed(&self) -> bool {
        true
    }

    fn set_waker(&mut self, waker: &Waker) -> bool {
        self.sink.set_waker(waker.clone());
        true
    }
}
