#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use bytemuck::Zeroable;
use proptest::prelude::*;

use super::*;
use crate::primitives::PointInstance;

type Batch = InstanceBatch<PointInstance>;

fn points(count: usize, mark: u32) -> Vec<PointInstance> {
    (0..count)
        .map(|i| PointInstance::new(Vec3::new(i as f32, 0.0, 0.0), 1.0, mark))
        .collect()
}

/// What a GPU would hold: a copy that only ever sees the dirty ranges.
#[derive(Default)]
struct Mirror {
    instances: Vec<PointInstance>,
    segments: Vec<GpuSegment>,
}

impl Mirror {
    /// Applies what changed, and returns how many elements that were.
    fn sync(&mut self, batch: &Batch) -> usize {
        let dirty = batch.take_dirty();
        copy(&mut self.instances, batch.instances(), dirty.instances)
            + copy(&mut self.segments, batch.segments(), dirty.segments)
    }
}

fn copy<T: Copy + Zeroable>(to: &mut Vec<T>, from: &[T], dirty: DirtyRanges) -> usize {
    to.resize(from.len(), T::zeroed());
    let mut copied = 0;
    for range in dirty.into_merged(from.len() as u32) {
        let range = range.start as usize..range.end as usize;
        to[range.clone()].copy_from_slice(&from[range.clone()]);
        copied += range.len();
    }
    copied
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u64, usize),
    Replace(u64, usize),
    Move(u64, f32),
    Remove(u64),
    Clear,
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u64..12;
    let count = prop_oneof![0_usize..8, 500_usize..900];
    prop_oneof![
        4 => (key.clone(), count.clone()).prop_map(|(key, count)| Step::Insert(key, count)),
        3 => (key.clone(), count).prop_map(|(key, count)| Step::Replace(key, count)),
        2 => (key.clone(), -5.0_f32..5.0).prop_map(|(key, x)| Step::Move(key, x)),
        3 => key.prop_map(Step::Remove),
        1 => Just(Step::Clear),
        3 => Just(Step::Sync),
    ]
}

fn at(x: f32) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: bevy::math::Affine3A::from_translation(Vec3::X * x),
        ..Default::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// For any history, batch and mirror hold exactly what a map from key to points would hold.
    #[test]
    fn equals_a_map_of_vectors(steps in proptest::collection::vec(step(), 1..60)) {
        let mut batch = Batch::default();
        let mut mirror = Mirror::default();
        let mut model = BTreeMap::<u64, (f32, Vec<PointInstance>)>::new();
        for (mark, step) in steps.into_iter().enumerate() {
            let mark = mark as u32 + 1;
            match step {
                Step::Insert(key, count) => {
                    batch.insert(key, at(0.0), &points(count, mark)).unwrap();
                    model.insert(key, (0.0, points(count, mark)));
                }
                Step::Replace(key, count) => {
                    let is_there = batch.replace(key, &points(count, mark)).unwrap();
                    prop_assert_eq!(is_there, model.contains_key(&key));
                    if let Some((_, held)) = model.get_mut(&key) {
                        *held = points(count, mark);
                    }
                }
                Step::Move(key, x) => {
                    prop_assert_eq!(batch.set_uniform(key, at(x)), model.contains_key(&key));
                    if let Some((held, _)) = model.get_mut(&key) {
                        *held = x;
                    }
                }
                Step::Remove(key) => {
                    prop_assert_eq!(batch.remove(key), model.remove(&key).is_some());
                }
                Step::Clear => {
                    batch.clear();
                    model.clear();
                }
                Step::Sync => {
                    mirror.sync(&batch);
                }
            }
            prop_assert_eq!(batch.len(), model.values().map(|(_, points)| points.len()).sum::<usize>());
            prop_assert_eq!(batch.keys(), model.keys().copied().collect::<Vec<_>>());
            prop_assert!(batch.instances().len() < COMPACT_FROM as usize || batch.instances().len() <= 2 * batch.len() + 900);
        }

        mirror.sync(&batch);
        prop_assert_eq!(mirror.sync(&batch), 0, "nothing is left to send");
        prop_assert_eq!(&mirror.segments, batch.segments());
        let drawn = mirror.instances.iter().filter(|point| point.segment != VOID_SEGMENT).count();
        prop_assert_eq!(drawn, batch.len(), "gaps draw nothing");
        for (key, (x, expected)) in &model {
            let entry = &batch.entries[key];
            prop_assert_eq!(mirror.segments[entry.slot as usize], GpuSegment::from(at(*x)));
            let held = &mirror.instances[entry.range.start as usize..entry.range.end as usize];
            prop_assert_eq!(held.len(), expected.len());
            for (held, expected) in held.iter().zip(expected) {
                prop_assert_eq!(held.segment, entry.slot);
                prop_assert_eq!((held.position, held.color), (expected.position, expected.color));
            }
        }
    }
}

#[test]
fn moving_sends_one_segment() {
    let mut batch = Batch::default();
    let mut mirror = Mirror::default();
    batch.insert(1, at(0.0), &points(1000, 1)).unwrap();
    batch.insert(2, at(0.0), &points(1000, 1)).unwrap();
    mirror.sync(&batch);
    assert!(batch.set_uniform(2, at(3.0)));
    assert_eq!(mirror.sync(&batch), 1);
    assert!(batch.set_uniform(2, at(3.0)));
    assert_eq!(mirror.sync(&batch), 0, "an equal uniform is not sent");
}

#[test]
fn replacing_sends_one_range() {
    let mut batch = Batch::default();
    let mut mirror = Mirror::default();
    for key in 0..10 {
        batch.insert(key, at(0.0), &points(1000, 1)).unwrap();
    }
    mirror.sync(&batch);
    assert!(batch.replace(4, &points(1000, 2)).unwrap());
    assert_eq!(mirror.sync(&batch), 1000);
}

#[test]
fn what_is_not_finite_becomes_a_gap() {
    let mut batch = Batch::default();
    let mut bad = points(2, 1);
    bad[1].position[2] = f32::NAN;
    batch.insert(1, at(0.0), &bad).unwrap();
    let segments: Vec<u32> = batch.get(1).unwrap().iter().map(|point| point.segment).collect();
    assert_eq!(segments, [0, VOID_SEGMENT]);
}

#[test]
fn compaction_keeps_what_is_left() {
    let mut batch = Batch::default();
    for key in 0..10 {
        batch.insert(key, at(0.0), &points(1000, key as u32 + 1)).unwrap();
    }
    for key in 0..9 {
        batch.remove(key);
    }
    assert_eq!(batch.instances().len(), 1000);
    assert!(batch.get(9).unwrap().iter().all(|point| point.color == 10));
}
