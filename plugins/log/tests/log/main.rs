//! What was logged is found again: in memory, in files, in a viewer's source.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod random;
mod sinks;

use std::time::Duration;

use chronoscope_log::{BatchSettings, LogError, MemorySink, Recorder};
use chronoscope_store::{ChunkError, Recording, Timeline};
use chronoscope_types::{Component, Points3D, Scalars, TextLog, components, read};

/// A recorder to memory that sends nothing by itself.
fn recorder(change: impl FnOnce(&mut BatchSettings)) -> (Recorder, MemorySink) {
    let memory = MemorySink::default();
    let mut settings = BatchSettings::without_timer();
    change(&mut settings);
    let builder = Recorder::builder("test").recording_id("run").batches(settings);
    (builder.sink(memory.clone()).start().unwrap(), memory)
}

/// What a scalar was at a step of `frame`.
fn scalar_at(recording: &Recording, entity: &str, frame: i64) -> Option<f64> {
    let store = &recording.store;
    let entity = store.entity_id(&entity.into())?;
    let timeline = store.timeline_id("frame")?;
    let component = store.component_id(&Scalars::SCALARS)?;
    let answer = recording.latest_at(entity, Some(timeline), frame, component);
    let hit = answer.hit.as_ref()?;
    let cell = hit.chunk().cell(&Scalars::SCALARS, hit.row())?;
    read::scalars(&cell).ok()?.first().copied()
}

fn num_chunks(memory: &MemorySink) -> usize {
    memory
        .take()
        .iter()
        .filter(|message| message.chunk().is_some_and(|chunk| !chunk.is_static()))
        .count()
}

#[test]
fn rows_of_a_kind_become_one_chunk() {
    let (mut recorder, memory) = recorder(|_| {});
    for frame in 0..1000 {
        recorder.set_sequence("frame", frame);
        recorder.log("a", &Scalars::new([frame as f64])).unwrap();
        recorder.log("b", &TextLog::new(format!("{frame}"))).unwrap();
    }
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    assert_eq!(scalar_at(&recording, "a", 500), Some(500.0));
    assert_eq!(num_chunks(&memory), 2);
}

#[test]
fn rows_of_columns_have_as_many_instances_as_is_said() {
    let (recorder, memory) = recorder(|_| {});
    let log = |lengths: &[usize]| {
        let times = [(Timeline::sequence("frame"), vec![0, 1, 2])];
        recorder.log_columns_with_lengths("a", times, &Scalars::new([1.0, 2.0, 3.0]), lengths)
    };
    log(&[2, 0, 1]).unwrap();
    assert!(log(&[2, 0, 2]).is_err(), "there are three");
    let recording = memory.to_recording(recorder.id()).unwrap();
    let first = [0, 1, 2].map(|frame| scalar_at(&recording, "a", frame));
    assert_eq!(first, [Some(1.0), None, Some(3.0)]);
}

#[test]
fn limits_of_rows_and_bytes_hold() {
    let (mut recorder, memory) = recorder(|settings| settings.max_rows = 10);
    for frame in 0..25 {
        recorder.set_sequence("frame", frame);
        recorder.log("a", &Scalars::new([1.0])).unwrap();
    }
    assert_eq!(num_chunks(&memory), 2);
    recorder.flush().unwrap();
    assert_eq!(num_chunks(&memory), 1);

    let (recorder, memory) = self::recorder(|settings| settings.max_bytes = 10_000);
    for _ in 0..3 {
        recorder
            .log("cloud", &Points3D::new(vec![[0.0_f32; 3]; 1000]))
            .unwrap();
    }
    assert_eq!(num_chunks(&memory), 3);

    let (recorder, memory) = self::recorder(|settings| settings.max_total_bytes = 100_000);
    for entity in 0..100 {
        let cloud = Points3D::new(vec![[0.0_f32; 3]; 100]);
        recorder.log(format!("cloud/{entity}"), &cloud).unwrap();
    }
    assert!(num_chunks(&memory) > 70, "not all wait");
}

#[test]
fn timelines_may_come_and_go() {
    let (mut recorder, memory) = recorder(|settings| settings.log_time = false);
    let stream = recorder
        .stream::<components::Scalar>("s", Scalars::SCALARS)
        .unwrap();
    recorder.set_sequence("frame", 1);
    recorder.log("a", &Scalars::new([1.0])).unwrap();
    recorder.push(&stream, 1.0).unwrap();
    recorder.set_duration("sim_time", Duration::from_secs(2));
    recorder.log("a", &Scalars::new([2.0])).unwrap();
    recorder.push(&stream, 2.0).unwrap();
    recorder.unset_time("frame");
    recorder.log("a", &Scalars::new([3.0])).unwrap();
    recorder.push(&stream, 3.0).unwrap();
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    for entity in ["a", "s"] {
        assert_eq!(scalar_at(&recording, entity, 5), Some(2.0));
        let sim_time = recording.store.timeline_id("sim_time").unwrap();
        let range = recording.store.time_range(sim_time);
        assert_eq!((range.min, range.max), (2_000_000_000, 2_000_000_000));
    }
    recorder.unset_time("sim_time");
    let error = recorder.log("a", &Scalars::new([4.0])).unwrap_err();
    assert!(matches!(error, LogError::NoTime { .. }), "{error}");
    assert!(recorder.push(&stream, 4.0).is_err());
}

#[test]
fn a_bad_row_costs_no_other() {
    let (mut recorder, memory) = recorder(|_| {});
    recorder.set_sequence("frame", 0);
    recorder.log("a", &Scalars::new([0.0])).unwrap();

    let twice = (Scalars::new([1.0]), Scalars::new([2.0]));
    let error = recorder.log("a", &twice).unwrap_err();
    assert!(
        matches!(error, LogError::Chunk(ChunkError::DuplicateColumn { .. })),
        "{error}"
    );
    recorder.set_time(&Timeline::sequence("frame"), i64::MIN);
    assert!(recorder.log("a", &Scalars::new([3.0])).is_err());
    recorder.set_sequence("frame", 1);
    // The same component, as another program may log it.
    let text = <components::Text as Component>::build(vec!["no number".to_owned()]);
    recorder
        .log("a", &vec![(Scalars::SCALARS.descriptor(), text)])
        .unwrap();
    recorder.set_sequence("frame", 2);
    recorder.log("a", &Scalars::new([2.0])).unwrap();
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    assert_eq!(scalar_at(&recording, "a", 0), Some(0.0));
    assert_eq!(scalar_at(&recording, "a", 2), Some(2.0));

    let error = recorder
        .stream::<components::Text>("a", Scalars::SCALARS)
        .unwrap_err();
    assert!(matches!(error, LogError::WrongType { .. }), "{error}");
    let (other, _) = self::recorder(|_| {});
    let stream = other.stream::<components::Scalar>("a", Scalars::SCALARS).unwrap();
    assert!(matches!(
        recorder.push(&stream, 1.0),
        Err(LogError::OtherRecorder)
    ));
}

#[test]
fn threads_log_to_one_recording_at_times_of_their_own() {
    let (recorder, memory) = recorder(|settings| settings.max_rows = 64);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let mut recorder = recorder.clone();
            scope.spawn(move || {
                for frame in 0..500 {
                    recorder.set_sequence("frame", frame);
                    let value = f64::from(thread) * 1000.0 + frame as f64;
                    recorder
                        .log(format!("t{thread}"), &Scalars::new([value]))
                        .unwrap();
                    recorder.log("all", &Scalars::new([value])).unwrap();
                }
            });
        }
    });
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    for thread in 0..4 {
        let expected = f64::from(thread) * 1000.0 + 123.0;
        assert_eq!(scalar_at(&recording, &format!("t{thread}"), 123), Some(expected));
    }
    assert_eq!(recording.store.store_stats().chunks.num_rows, 4001);
}

#[test]
fn a_row_that_nobody_follows_is_sent_in_time() {
    let (woken, waits) = std::sync::mpsc::channel();
    let memory = MemorySink::default();
    memory.set_waker(chronoscope_store::Waker::new(move || {
        // The test may have ended.
        let _ = woken.send(());
    }));
    let settings = BatchSettings {
        max_wait: Some(Duration::from_millis(1)),
        ..BatchSettings::default()
    };
    let recorder = Recorder::builder("test").batches(settings).sink(memory.clone());
    let recorder = recorder.start().unwrap();
    recorder.log("a", &Scalars::new([1.0])).unwrap();
    // Begin, properties, and the row.
    for _ in 0..3 {
        waits.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    assert_eq!(num_chunks(&memory), 1);
}
