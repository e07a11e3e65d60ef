//! Files, sources, and sinks that fail.

use std::sync::Arc;

use chronoscope_io::{LoadEvent, SourceLimits, read_file};
use chronoscope_log::{BatchSettings, FileSink, LogError, MemorySink, Recorder, Sink, SinkError, SourceSink};
use chronoscope_types::{LogMessage, Points3D, Scalars, SourceStatus};

/// Takes two messages.
struct Breaks(usize);

impl Sink for Breaks {
    fn name(&self) -> &str {
        "breaks"
    }

    fn take(&mut self, _message: &LogMessage) -> Result<(), SinkError> {
        if self.0 == 2 {
            return Err(SinkError::Closed {
                sink: "breaks".into(),
                reason: "it is full".into(),
            });
        }
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_is_told_once_and_costs_the_others_nothing() {
    let memory = MemorySink::default();
    let settings = BatchSettings::without_timer();
    let builder = Recorder::builder("test").batches(settings);
    let recorder = builder.sink(Breaks(0)).sink(memory.clone()).start().unwrap();
    recorder.log("a", &Scalars::new([1.0])).unwrap();
    let error = recorder.flush().unwrap_err();
    assert!(matches!(error, LogError::Sink(_)));
    assert_eq!(error.to_string(), "breaks: it is full");
    recorder.log("a", &Scalars::new([2.0])).unwrap();
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    assert_eq!(recording.store.store_stats().chunks.num_rows, 3);
}

#[test]
fn a_file_holds_what_was_logged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.rrd");
    let memory = MemorySink::default();
    let recorder = Recorder::builder("test").name("A run").sink(memory.clone());
    let recorder = recorder.sink(FileSink::create(&path).unwrap());
    let mut recorder = recorder.start().unwrap();
    recorder
        .log_static("cloud", &Points3D::new([[1.0, 2.0, 3.0]]))
        .unwrap();
    for frame in 0..10_000 {
        recorder.set_sequence("frame", frame);
        recorder.log("a", &Scalars::new([frame as f64])).unwrap();
    }
    let id = recorder.id().clone();
    recorder.finish().unwrap();

    let kept = memory.to_recording(&id).unwrap();
    let mut read = chronoscope_store::Recording::new(id.clone());
    let (messages, reports) = read_file(&path);
    assert_eq!(reports, []);
    assert!(matches!(&messages[0], LogMessage::StoreInfo(info) if info.id == id));
    for message in &messages {
        if let Some(chunk) = message.chunk() {
            assert_eq!(*message.store(), id);
            read.insert(Arc::clone(chunk)).unwrap();
        }
    }
    read.apply_pending();
    assert_eq!(
        read.store.store_stats().chunks.num_rows,
        kept.store.store_stats().chunks.num_rows
    );
    assert_eq!(crate::scalar_at(&read, "a", 777), Some(777.0));

    let nowhere = FileSink::create(folder.path().join("no/folder.rrd")).unwrap_err();
    assert!(nowhere.to_string().contains("folder.rrd"), "{nowhere}");
}

#[test]
fn a_source_receives_until_the_recorder_ends() {
    let limits = SourceLimits {
        events: 4,
        bytes: 1 << 20,
    };
    let (sink, source) = SourceSink::channel("simulation", limits);
    let logging = std::thread::spawn(move || {
        let mut recorder = Recorder::builder("test")
            .batches(BatchSettings::unbatched())
            .sink(sink)
            .start()
            .unwrap();
        for frame in 0..100 {
            recorder.set_sequence("frame", frame);
            recorder.log("a", &Scalars::new([1.0])).unwrap();
        }
    });
    let rows: u64 = source
        .events()
        .map(|event| match event {
            LoadEvent::Message(message) => message.num_rows(),
            _ => 0,
        })
        .sum();
    logging.join().unwrap();
    assert_eq!(rows, 101);
    assert_eq!(source.status(), SourceStatus::Finished);

    // A viewer that is gone is an error of the sink, not of those who log.
    let (sink, source) = SourceSink::channel("simulation", limits);
    drop(source);
    let recorder = Recorder::builder("test").sink(sink).start().unwrap();
    recorder.log("a", &Scalars::new([1.0])).unwrap();
    assert!(matches!(recorder.flush(), Err(LogError::Sink(_))));
}
