//! Any history of rows, in whatever batches, gives the recording that a chunk per row gives.

use std::collections::BTreeMap;

use chronoscope_log::BatchSettings;
use chronoscope_types::{Scalars, components};
use proptest::prelude::*;

use crate::{recorder, scalar_at};

#[derive(Clone, Debug)]
enum Step {
    /// A scalar, by a row or by a stream.
    Log {
        entity: usize,
        by_stream: bool,
        value: f64,
    },
    Frame(i64),
    SimTime(Option<i64>),
    Clear {
        entity: usize,
    },
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3_usize, any::<bool>(), -9..9_i32)
            .prop_map(|(entity, by_stream, value)| Step::Log { entity, by_stream, value: value.into() }),
        3 => (-5..20_i64).prop_map(Step::Frame),
        1 => proptest::option::of(0..9_i64).prop_map(Step::SimTime),
        1 => (0..3_usize).prop_map(|entity| Step::Clear { entity }),
        1 => Just(Step::Flush),
    ]
}

proptest! {
    #[test]
    fn rows_are_found_again(steps in prop::collection::vec(step(), 1..80), max_rows in 1..12_usize, bytes in 50..2000_u64) {
        let (mut recorder, memory) = recorder(|settings| {
            *settings = BatchSettings { max_rows, max_total_bytes: bytes, max_wait: None, ..BatchSettings::default() };
        });
        let entities = ["a", "b/c", "b/d"];
        let streams: Vec<_> = entities
            .iter()
            .map(|entity| recorder.stream::<components::Scalar>(*entity, Scalars::SCALARS).unwrap())
            .collect();
        let mut frame = 0;
        recorder.set_sequence("frame", frame);
        // Per entity, what was logged at a time last; `None` where it was cleared.
        let mut expected = [(); 3].map(|()| BTreeMap::<i64, Option<f64>>::new());
        let mut rows = 1;
        for step in &steps {
            match *step {
                Step::Log { entity, by_stream, value } => {
                    if by_stream {
                        recorder.push(&streams[entity], value).unwrap();
                    } else {
                        recorder.log(entities[entity], &Scalars::new([value])).unwrap();
                    }
                    expected[entity].insert(frame, Some(value));
                    rows += 1;
                }
                Step::Frame(time) => {
                    frame = time;
                    recorder.set_sequence("frame", time);
                }
                Step::SimTime(Some(time)) => recorder.set_timestamp_nanos("sim_time", time),
                Step::SimTime(None) => recorder.unset_time("sim_time"),
                Step::Clear { entity } => {
                    recorder.clear(entities[entity], false).unwrap();
                    expected[entity].insert(frame, None);
                    rows += 1;
                }
                Step::Flush => recorder.flush().unwrap(),
            }
        }
        recorder.flush().unwrap();
        let recording = memory.to_recording(recorder.id()).unwrap();
        prop_assert_eq!(recording.store.store_stats().chunks.num_rows, rows);
        for (entity, expected) in entities.iter().zip(&expected) {
            for frame in -6..21 {
                let latest = expected.range(..=frame).next_back().and_then(|(_, value)| *value);
                prop_assert_eq!(scalar_at(&recording, entity, frame), latest, "{} at {}", entity, frame);
            }
        }
    }
}
