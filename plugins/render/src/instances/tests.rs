#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod replacing;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bevy::ecs::entity::Entity;
use bevy::math::{DAffine3, DQuat, DVec3, Vec3};
use bytemuck::Zeroable;
use proptest::prelude::*;

use super::buffer::COMPACT_FROM;
use super::dirty::DirtyRanges;
use super::*;
use crate::primitives::PointInstance;

type Buffer = InstanceBuffer<PointInstance>;
type List = DrawList<PointInstance>;

fn points(count: usize, mark: u32) -> Arc<[PointInstance]> {
    (0..count)
        .map(|i| PointInstance::new(Vec3::new(i as f32, 0.0, 0.0), 1.0, mark))
        .collect()
}

fn list() -> List {
    List::new(Entity::PLACEHOLDER, Blending::Opaque)
}

/// What a GPU would hold: a copy that only ever sees the dirty ranges.
#[derive(Default)]
struct Mirror {
    instances: Vec<PointInstance>,
    slots: Vec<u32>,
    starts: Vec<u32>,
}

impl Mirror {
    /// Applies what changed, and returns how many instances that were.
    fn sync(&mut self, buffer: &Buffer) -> usize {
        let dirty = buffer.take_dirty();
        let end = buffer.end();
        self.instances.resize(end as usize, PointInstance::zeroed());
        self.slots.resize(end as usize, VOID);
        let mut sent = 0;
        for range in dirty.instances.into_merged(end) {
            for stored in buffer.within(range) {
                let at = stored.start as usize..stored.start as usize + stored.instances.len();
                self.instances[at].copy_from_slice(stored.instances);
                sent += stored.instances.len();
            }
        }
        for range in dirty.slots.into_merged(end) {
            self.slots[range.start as usize..range.end as usize].fill(VOID);
            for stored in buffer.within(range) {
                for (at, instance) in stored.instances.iter().enumerate() {
                    let slot = if instance.is_drawable() { stored.slot } else { VOID };
                    self.slots[stored.start as usize + at] = slot;
                }
            }
        }
        let starts: Vec<u32> = buffer.starts().collect();
        copy(&mut self.starts, &starts, dirty.starts);
        sent
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
    Share(u64, u64),
    Replace(u64, usize),
    Remove(u64),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u64..12;
    let count = prop_oneof![0_usize..8, 500_usize..900];
    prop_oneof![
        4 => (key.clone(), count.clone()).prop_map(|(key, count)| Step::Insert(key, count)),
        2 => (key.clone(), key.clone()).prop_map(|(key, of)| Step::Share(key, of)),
        3 => (key.clone(), count).prop_map(|(key, count)| Step::Replace(key, count)),
        3 => key.prop_map(Step::Remove),
        3 => Just(Step::Sync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// For any history, buffer and mirror hold exactly what a map from key to points would hold, each slice once.
    #[test]
    fn equals_a_map_of_shared_slices(steps in proptest::collection::vec(step(), 1..60)) {
        let mut buffer = Buffer::default();
        let mut mirror = Mirror::default();
        let mut model = BTreeMap::<u64, (Slot, Arc<[PointInstance]>)>::new();
        for (mark, step) in steps.into_iter().enumerate() {
            let mark = mark as u32 + 1;
            match step {
                Step::Insert(key, count) if !model.contains_key(&key) => {
                    let new = points(count, mark);
                    model.insert(key, (buffer.insert(new.clone()).unwrap(), new));
                }
                Step::Share(key, of) if !model.contains_key(&key) => {
                    if let Some((slot, shared)) = model.get(&of).cloned() {
                        prop_assert_eq!(buffer.insert(shared.clone()).unwrap(), slot);
                        model.insert(key, (slot, shared));
                    }
                }
                Step::Replace(key, count) => {
                    if let Some((slot, held)) = model.get_mut(&key) {
                        let new = points(count, mark);
                        *slot = buffer.replace(*slot, new.clone()).unwrap();
                        *held = new;
                    }
                }
                Step::Remove(key) => {
                    if let Some((slot, _)) = model.remove(&key) {
                        let is_shared = model.values().any(|(other, _)| *other == slot);
                        prop_assert_eq!(buffer.remove(slot), !is_shared);
                    }
                }
                Step::Insert(..) | Step::Share(..) => {}
                Step::Sync => {
                    mirror.sync(&buffer);
                }
            }
            let held: BTreeMap<Slot, usize> = model.values().map(|(slot, points)| (*slot, points.len())).collect();
            prop_assert_eq!(buffer.len(), held.values().sum::<usize>());
            prop_assert_eq!(buffer.visual_count(), held.len());
            prop_assert!(buffer.end() < COMPACT_FROM || buffer.end() as usize <= 2 * buffer.len() + 900);
        }

        mirror.sync(&buffer);
        prop_assert_eq!(mirror.sync(&buffer), 0, "nothing is left to send");
        let drawn = mirror.slots.iter().filter(|slot| **slot != VOID).count();
        prop_assert_eq!(drawn, buffer.len(), "gaps draw nothing");
        for (slot, expected) in model.values() {
            let range = buffer.range(slot.0);
            prop_assert_eq!(mirror.starts[slot.0 as usize], range.start);
            let range = range.start as usize..range.end as usize;
            prop_assert_eq!(&mirror.instances[range.clone()], &**expected);
            prop_assert!(mirror.slots[range].iter().all(|held| *held == slot.0));
        }
    }
}

#[test]
fn what_is_not_finite_becomes_a_gap() {
    let mut buffer = Buffer::default();
    let mut mirror = Mirror::default();
    let mut bad = points(2, 1).to_vec();
    bad[1].position[2] = f32::NAN;
    let slot = buffer.insert(bad).unwrap();
    mirror.sync(&buffer);
    assert_eq!(mirror.slots, [slot.0, VOID]);
    // The same number of points, all of them finite: their slots are sent too.
    assert_eq!(buffer.replace(slot, points(2, 1)).unwrap(), slot);
    mirror.sync(&buffer);
    assert_eq!(mirror.slots, [slot.0; 2]);
}

#[test]
fn compaction_keeps_what_is_left() {
    let mut buffer = Buffer::default();
    let slots: Vec<Slot> = (0..10)
        .map(|key| buffer.insert(points(1000, key + 1)).unwrap())
        .collect();
    for slot in &slots[..9] {
        assert!(buffer.remove(*slot));
    }
    assert_eq!(buffer.end(), 1000);
    assert_eq!(buffer.range(slots[9].0), 0..1000);
    assert!(
        buffer
            .get(slots[9])
            .unwrap()
            .iter()
            .all(|point| point.color == 10)
    );
}

#[test]
fn memory_is_that_of_the_slices_once() {
    let mut buffer = Buffer::default();
    let shared = points(1000, 1);
    for _ in 0..6 {
        buffer.insert(shared.clone()).unwrap();
    }
    let memory = buffer.memory_use();
    assert_eq!(memory.shared_bytes, 1000 * size_of::<PointInstance>() as u64);
    assert!(memory.own_bytes < 1000);
    assert_eq!(Arc::strong_count(&shared), 2, "the buffer keeps one");
}

fn at(x: f64) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: DAffine3::from_translation(DVec3::X * x),
        ..Default::default()
    }
}

#[test]
fn moving_sends_one_segment() {
    let mut list = list();
    list.insert(Slot(0), at(0.0));
    list.insert(Slot(1), at(0.0));
    list.take_dirty();
    assert!(list.set_uniform(Slot(1), at(3.0)));
    let dirty = list.take_dirty();
    assert!(dirty.segments.into_merged(2).eq(std::iter::once(1..2)));
    assert!(list.set_uniform(Slot(1), at(3.0)));
    assert!(
        list.take_dirty().segments.is_empty(),
        "an equal uniform is not sent"
    );
}

#[test]
fn what_moves_stays_otherwise_as_it_is() {
    let standing = SegmentUniform {
        tint: [1, 2, 3, 4],
        highlight: Highlight::Selected,
        selected_instances: [4, 9].into_iter().collect(),
        picking_id: 7,
        depth_tie: 3,
        ..at(0.0)
    };
    // Grown, and so far away that the low part of its place counts.
    let transform = DAffine3::from_scale_rotation_translation(
        DVec3::splat(2.0),
        DQuat::from_rotation_z(0.4),
        DVec3::new(1.0e8 + 0.1, 0.0, -3.0),
    );
    let (mut moved, mut made) = (list(), list());
    for list in [&mut moved, &mut made] {
        list.insert(Slot(0), at(0.0));
        list.insert(Slot(1), standing.clone());
        list.take_dirty();
    }
    let packed = SegmentTransform::new(&transform);
    assert!(moved.set_transform(Slot(1), &packed));
    made.set_uniform(
        Slot(1),
        SegmentUniform {
            world_from_entity: transform,
            ..standing
        },
    );
    assert_eq!(moved.segments(), made.segments());
    assert!(
        moved
            .take_dirty()
            .segments
            .into_merged(2)
            .eq(std::iter::once(1..2))
    );
    assert!(moved.set_transform(Slot(1), &packed));
    assert!(moved.take_dirty().segments.is_empty(), "it is there already");
    assert!(
        !moved.set_transform(Slot(5), &packed),
        "the list does not hold it"
    );
}

#[test]
fn a_list_finds_its_segments_after_any_removal() {
    let mut list = list();
    let (mut table, mut segments) = (Vec::new(), Vec::new());
    let mut sync = |list: &List| {
        let dirty = list.take_dirty();
        copy(&mut table, list.table(), dirty.table);
        copy(&mut segments, list.segments(), dirty.segments);
        (table.clone(), segments.clone())
    };
    for slot in [7, 2, 5, 3] {
        list.insert(Slot(slot), at(f64::from(slot)));
    }
    sync(&list);
    for gone in [2, 3] {
        assert!(list.remove(Slot(gone)));
        assert!(!list.contains(Slot(gone)));
    }
    let (table, segments) = sync(&list);
    assert_eq!(table.iter().filter(|entry| **entry != 0).count(), 2);
    for slot in [7, 5] {
        let segment: GpuSegment = segments[table[slot] as usize - 1];
        assert_eq!(segment, GpuSegment::new(&at(slot as f64), 0));
    }
}

fn selecting(instances: impl IntoIterator<Item = u32>) -> SegmentUniform {
    SegmentUniform {
        selected_instances: instances.into_iter().collect(),
        ..Default::default()
    }
}

/// What is selected costs its own words on the GPU, whatever came before it, and nothing where nothing is.
#[test]
fn selected_instances_are_sent_once_and_given_back() {
    let mut list = list();
    let mut sent = Vec::new();
    let mut sync = |list: &List| {
        let dirty = list.take_dirty();
        let len = list.selected().len() as u32;
        let changed: usize = dirty
            .selected
            .clone()
            .into_merged(len)
            .map(|range| range.len())
            .sum();
        copy(&mut sent, list.selected(), dirty.selected);
        (sent.clone(), changed)
    };
    let set_of = |words: &[u32], list: &List, slot: usize| {
        let start = list.segments()[list.table()[slot] as usize - 1].selected() as usize;
        let len = start.checked_sub(1).map_or(0, |at| words[at] as usize);
        words[start..start + len].to_vec()
    };
    list.insert(Slot(0), at(0.0));
    list.insert(Slot(1), at(0.0));
    assert_eq!(
        (list.selected().len(), list.memory_use().own_bytes < 1000),
        (0, true)
    );
    list.insert(Slot(2), selecting([9, 4, 9]));
    assert_eq!(sync(&list), (vec![2, 4, 9], 3));
    list.set_uniform(Slot(2), selecting([4, 9]));
    assert_eq!(sync(&list).1, 0, "the same are not sent again");
    list.set_uniform(Slot(0), selecting(0..1000));
    for at in 0..5000 {
        list.set_uniform(Slot(1), selecting([at]));
    }
    list.replace(Slot(2), Slot(3), selecting([7]));
    let (words, _) = sync(&list);
    assert!(words.len() < 3500, "what is gone is given back: {}", words.len());
    assert_eq!(set_of(&words, &list, 0), (0..1000).collect::<Vec<_>>());
    assert_eq!(set_of(&words, &list, 1), [4999]);
    assert_eq!(set_of(&words, &list, 3), [7]);
    list.remove(Slot(3));
    list.set_uniform(Slot(0), at(0.0));
    list.set_uniform(Slot(1), at(0.0));
    assert_eq!(list.selected(), []);
    assert!(list.segments().iter().all(|segment| segment.selected() == 0));
}

#[test]
fn runs_are_drawn_in_their_order_and_merged_where_they_touch() {
    let mut buffer = Buffer::default();
    let slots: Vec<Slot> = (0..5).map(|i| buffer.insert(points(10, i)).unwrap()).collect();
    let mut list = List::new(Entity::PLACEHOLDER, Blending::Translucent);
    for slot in &slots[..4] {
        list.insert(*slot, at(0.0));
    }
    let run = |index: u32, order: &[usize]| DrawRun {
        sorting: Sorting::Index(index),
        slots: order.iter().map(|at| slots[*at]).collect(),
    };
    // The fifth is not in the list.
    list.set_runs(Some(&[run(3, &[2, 3, 4, 0]), run(9, &[1])]));
    let resolved = list.resolve(&buffer);
    assert_eq!(resolved[0].ranges, [20..40, 0..10]);
    assert!(resolved[1].ranges.iter().cloned().eq(std::iter::once(10..20)));
    assert_eq!(resolved[1].sorting, Sorting::Index(9));
}

#[test]
fn what_takes_the_place_of_another_takes_its_place_in_the_order() {
    let mut buffer = Buffer::default();
    let slots: Vec<Slot> = (0..4).map(|i| buffer.insert(points(10, i)).unwrap()).collect();
    let mut list = List::new(Entity::PLACEHOLDER, Blending::Translucent);
    for slot in &slots[..3] {
        list.insert(*slot, at(0.0));
    }
    list.set_runs(Some(&[DrawRun {
        sorting: Sorting::Index(0),
        slots: vec![slots[2], slots[0], slots[1]],
    }]));
    let before = list.version();
    list.replace(slots[0], slots[3], at(1.0));
    assert_ne!(list.version(), before);
    assert_eq!(list.resolve(&buffer)[0].ranges, [20..40, 10..20]);
    assert_eq!(list.len(), 3);
    assert!(!list.contains(slots[0]));
    // One that is drawn already only takes the other one out.
    list.replace(slots[3], slots[2], at(1.0));
    assert_eq!(list.len(), 2);
    assert_eq!(list.resolve(&buffer)[0].ranges, [20..30, 10..20]);
}

#[test]
fn what_has_no_order_is_drawn_in_few_calls() {
    let mut buffer = Buffer::default();
    let slots: Vec<Slot> = (0..2000)
        .map(|i| buffer.insert(points(300, i)).unwrap())
        .collect();
    let mut list = list();
    list.insert(slots[0], at(0.0));
    list.insert(slots[1], at(0.0));
    list.insert(slots[1000], at(0.0));
    assert_eq!(list.resolve(&buffer)[0].ranges, [0..600, 300_000..300_300]);
    for slot in slots.iter().skip(1).step_by(3) {
        list.insert(*slot, at(0.0));
    }
    assert_eq!(
        list.resolve(&buffer)[0].ranges.len(),
        1,
        "scattered: one call over all"
    );
}

#[test]
fn large_visuals_are_told_from_small_ones() {
    let mut buffer = Buffer::default();
    let lengths = [5000, 20, 20_000, 30_000, 400];
    let slots = lengths.map(|length| buffer.insert(points(length, 0)).unwrap());
    let sized = |list: &List, run: usize| -> Vec<Range<u32>> {
        let runs = list.resolve(&buffer);
        runs[run]
            .by_size
            .iter()
            .map(|sized| sized.range.clone())
            .collect()
    };
    let mut list = list();
    for index in [0, 1, 4] {
        list.insert(slots[index], at(0.0));
    }
    assert_eq!(sized(&list, 0), [0..5000, 5000..5020, 55_020..55_420]);
    for index in [2, 3] {
        list.insert(slots[index], at(0.0));
    }
    assert_eq!(
        sized(&list, 0),
        [0..5000, 5000..5020, 5020..55_020, 55_020..55_420]
    );
    let mut ordered = List::new(Entity::PLACEHOLDER, Blending::Translucent);
    for slot in slots {
        ordered.insert(slot, at(0.0));
    }
    let run = |order: &[usize]| DrawRun {
        sorting: Sorting::Index(0),
        slots: order.iter().map(|index| slots[*index]).collect(),
    };
    ordered.set_runs(Some(&[run(&[3, 2, 1]), run(&[0]), run(&[4])]));
    assert_eq!(sized(&ordered, 0), [25_020..55_020, 5020..25_020, 5000..5020]);
    assert!(sized(&ordered, 1).into_iter().eq(std::iter::once(0..5000)));
    assert!(sized(&ordered, 2).is_empty(), "all of it is small");
}

/// Of a cloud the points alone, of others all; and nothing once nothing stands out.
#[test]
fn what_stands_out_is_found_where_it_lies() {
    let mut buffer = Buffer::default();
    let slots: Vec<Slot> = (0..4).map(|i| buffer.insert(points(5000, i)).unwrap()).collect();
    let mut list = list();
    for slot in &slots {
        list.insert(*slot, at(0.0));
    }
    assert_eq!(list.standing_out_version(), 0);
    assert!(list.resolve_outlined(&buffer).ranges.is_empty());
    let instances = SegmentUniform {
        hovered_instance: Some(7),
        ..selecting([4000, 9_000_000])
    };
    list.set_uniform(slots[1], instances.clone());
    assert_eq!(
        list.resolve_outlined(&buffer).ranges,
        [5007..5008, 9000..9001],
        "what there is of it"
    );
    let version = list.standing_out_version();
    let moved = SegmentUniform {
        world_from_entity: at(3.0).world_from_entity,
        ..instances
    };
    list.set_uniform(slots[1], moved);
    assert_eq!(list.standing_out_version(), version, "it moved alone");
    let whole = SegmentUniform {
        highlight: Highlight::Selected,
        ..at(0.0)
    };
    list.set_uniform(slots[3], whole.clone());
    let outlined = list.resolve_outlined(&buffer);
    assert_eq!(outlined.ranges, [5007..5008, 9000..9001, 15_000..20_000]);
    assert_eq!(outlined.by_size.len(), 3, "the last may be thinned");
    list.replace(slots[3], slots[2], whole);
    list.remove(slots[2]);
    list.set_uniform(slots[1], at(0.0));
    assert!(list.resolve_outlined(&buffer).ranges.is_empty());
}

#[test]
fn a_place_far_away_is_exact_to_a_millimeter() {
    for place in [
        DVec3::new(500_123.457, 5_412_345.679, 1_234.568),
        DVec3::splat(-6_378_137.001),
    ] {
        let (high, low) = split(place);
        let sum = Vec3::from(high).as_dvec3() + Vec3::from(low).as_dvec3();
        assert!((sum - place).abs().max_element() < 1e-6);
    }
}
