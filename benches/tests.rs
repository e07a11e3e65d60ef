//! A frame costs what changed, not what exists: the work of each scenario, counted at one size and at ten times that.

use std::collections::BTreeMap;

use chronoscope::{
    frame::{Recordings, Work},
    store::MAX_ITEMS_BETWEEN_LOOKS,
};

use crate::{
    scenarios::{self, Scenario, WARM_UP},
    scenes::NUM_VIEWS,
    sent_flood,
    stage::{FrameCost, Stage, StageOptions},
};

const SIZE: usize = 200;

/// The work of each of some frames.
fn play(mut scenario: Scenario, frames: usize) -> Vec<BTreeMap<Work, u64>> {
    let mut stage = Stage::new(StageOptions::default());
    scenario.prepare(&mut stage);
    (0..frames)
        .map(|frame| {
            scenario.step(&mut stage, WARM_UP + frame);
            stage.frame().work.into_iter().collect()
        })
        .collect()
}

/// Asserts that each frame of a scenario does this work, whatever the size of the scene.
#[track_caller]
fn check(scenario: impl Fn(usize) -> Scenario, expected: &[(Work, u64)]) {
    let expected: BTreeMap<Work, u64> = expected.iter().copied().collect();
    for size in [SIZE, 10 * SIZE] {
        for (frame, work) in play(scenario(size), 6).into_iter().enumerate() {
            assert_eq!(work, expected, "frame {frame} over {size} entities");
        }
    }
}

#[test]
fn a_paused_frame_does_nothing() {
    check(scenarios::paused, &[]);
}

#[test]
fn a_transform_that_moves_is_looked_up_and_composed_once_and_places_what_hangs_on_it() {
    let views = NUM_VIEWS as u64;
    check(
        scenarios::one_moves,
        &[
            (Work::LookedUp, 1),
            (Work::TransformsComposed, 1),
            (Work::SegmentsPlaced, views),
        ],
    );
}

#[test]
fn a_dragged_eye_reads_nothing_and_places_nothing() {
    check(scenarios::orbit, &[]);
}

#[test]
fn entities_with_a_new_row_are_looked_up_and_made_once_for_all_views() {
    let made = 100 * NUM_VIEWS as u64;
    check(
        scenarios::sparse,
        &[
            (Work::LookedUp, 100),
            (Work::ResultsChecked, made),
            (Work::VisualsMade, 100),
            (Work::InstancesWritten, made),
        ],
    );
}

#[test]
fn a_new_entity_is_one_of_each() {
    let views = NUM_VIEWS as u64;
    check(
        scenarios::new_entity,
        &[
            (Work::SchemaRowsRead, 1),
            (Work::EntitiesWalked, 1),
            (Work::LookedUp, 1),
            (Work::ResultsChecked, views),
            (Work::VisualsMade, 1),
            (Work::FirstLooks, views),
            (Work::InstancesWritten, views),
        ],
    );
}

#[test]
fn a_row_of_any_archetype_is_made_and_written_once() {
    const ENTITIES: u64 = 30;
    let all = crate::archetypes::ALL.into_iter();
    for drawn in all.chain(crate::archetypes::PICTURES) {
        for work in play(scenarios::made_anew(drawn, ENTITIES as usize, 3), 4) {
            assert_eq!(
                work.get(&Work::VisualsMade),
                Some(&ENTITIES),
                "{}: {work:?}",
                drawn.name
            );
            // As many parts of each as its archetype has: once.
            let written = work.get(&Work::InstancesWritten).copied().unwrap_or(0);
            assert!(written.is_multiple_of(ENTITIES), "{}: {work:?}", drawn.name);
            assert_eq!(work.get(&Work::FirstLooks), None, "{}", drawn.name);
        }
    }
}

#[test]
fn rows_that_arrive_have_no_entity_framed_anew() {
    for work in play(scenarios::ingest(), 12) {
        // How many arrive in time is for the clock to say.
        assert!(work.contains_key(&Work::VisualsMade), "{work:?}");
        assert_eq!(work.get(&Work::FirstLooks), None, "{work:?}");
    }
}

#[test]
fn rows_of_plots_and_logs_are_made_where_they_arrive_and_not_where_the_cursor_goes() {
    const ENTITIES: u64 = 30;
    for rows in scenarios::ROWS {
        for work in play(scenarios::rows_arrive(rows, ENTITIES as usize), 4) {
            // By each visualizer that there is for them.
            let made = work.get(&Work::VisualsMade).copied().unwrap_or(0);
            assert!(made > 0 && made.is_multiple_of(ENTITIES), "{work:?}");
        }
        for work in play(scenarios::many_rows(rows, 25_000), 4) {
            assert_eq!(work.get(&Work::VisualsMade), None, "{work:?}");
            assert_eq!(work.get(&Work::SeriesSamplesRead), None, "{work:?}");
        }
    }
}

#[test]
fn another_picture_of_a_depth_cloud_is_made_once() {
    for work in play(scenarios::depth_cloud(400), 4) {
        assert_eq!(work.get(&Work::VisualsMade), Some(&1), "{work:?}");
        assert_eq!(work.get(&Work::TransformsComposed), None, "{work:?}");
    }
}

#[test]
fn a_full_workbench_makes_nothing_where_time_moves() {
    for work in play(scenarios::workbench(SIZE, 5), 6) {
        for kind in [Work::VisualsMade, Work::SeriesSamplesRead, Work::InstancesWritten] {
            assert_eq!(work.get(&kind), None, "{work:?}");
        }
    }
}

#[test]
fn hovering_touches_what_was_and_what_is_under_the_pointer() {
    check(scenarios::hover, &[(Work::SegmentsPlaced, 2 * NUM_VIEWS as u64)]);
}

#[test]
fn a_tab_that_comes_back_writes_nothing() {
    for work in play(scenarios::tab_switch(10_000), 12) {
        for kind in [Work::VisualsMade, Work::InstancesWritten] {
            assert_eq!(work.get(&kind), None, "{work:?}");
        }
    }
}

#[test]
fn a_cloud_in_six_views_takes_the_memory_of_one() {
    const POINTS: usize = 20_000;
    let bytes = |views| {
        let held = scenarios::cloud_bytes(&mut Stage::new(StageOptions::default()), POINTS, views);
        held.into_iter().map(|(_, bytes)| bytes).sum::<u64>() / POINTS as u64
    };
    let (one, six) = (bytes(1), bytes(NUM_VIEWS));
    assert!(
        one >= 28,
        "{one}: the points as they were logged, and as they are drawn"
    );
    assert!(six <= one + 1, "{six} bytes a point in six views, {one} in one");
}

#[test]
fn a_range_that_moves_reads_the_samples_that_come_in() {
    const SERIES: usize = 5;
    for samples in [22_000, 44_000] {
        for work in play(scenarios::plots(SERIES, samples), 6) {
            assert_eq!(
                work.get(&Work::SeriesSamplesRead),
                Some(&(17 * SERIES as u64)),
                "{work:?}"
            );
        }
    }
}

#[test]
fn plots_that_are_dragged_and_zoomed_read_no_samples() {
    for scenario in [scenarios::pan_plots, scenarios::zoom_plots] {
        for work in play(scenario(5, 22_000), 6) {
            assert_eq!(work.get(&Work::SeriesSamplesRead), None, "{work:?}");
        }
    }
}

#[test]
fn boxes_and_points_are_drawn_at_once_however_many_there_are() {
    let options = StageOptions {
        renders: true,
        size: [320, 200],
        ..StageOptions::default()
    };
    let costs = |mut scenario: Scenario| {
        let mut stage = Stage::new(options);
        scenario.prepare(&mut stage);
        let mut cost = FrameCost::default();
        // What was drawn is known some frames later.
        for frame in 0..4 {
            scenario.step(&mut stage, WARM_UP + frame);
            cost = stage.frame();
        }
        cost
    };
    for scenario in [scenarios::orbit_boxes, scenarios::orbit_cloud] {
        let (few, many) = (costs(scenario(SIZE)), costs(scenario(10 * SIZE)));
        assert!(
            many.instances >= few.instances + 9 * SIZE as u64,
            "{few:?} {many:?}"
        );
        assert_eq!(many.draws, few.draws);
        // No more than the eye.
        assert_eq!(many.uploaded_bytes, few.uploaded_bytes);
        assert!(many.uploaded_bytes < 4096, "{}", many.uploaded_bytes);
    }
}

#[test]
fn a_flood_of_single_rows_arrives_in_full_reads_each_row_once_and_walks_nothing() {
    const ROWS: u64 = 40_000;
    let mut stage = Stage::new(StageOptions::default());
    let mut scenario = scenarios::flood(60, ROWS as i64);
    scenario.prepare(&mut stage);
    let rows = |stage: &Stage| {
        let recordings = stage.app.world().resource::<Recordings>();
        recordings.active().map_or(0, |entry| entry.store().num_rows())
    };
    for frame in 0.. {
        let before = rows(&stage);
        if before == ROWS {
            break;
        }
        scenario.step(&mut stage, WARM_UP + frame);
        let cost = stage.frame();
        // Some, by the clock of this machine, and each of them is there.
        assert_eq!(rows(&stage) - before, cost.rows);
        for kind in [
            Work::SchemaRowsRead,
            Work::EntitiesWalked,
            Work::OverridesResolved,
        ] {
            assert_eq!(cost.work(kind), 0, "{kind:?} in frame {frame}");
        }
        assert!(
            cost.work(Work::LookedUp) <= scenarios::FLOOD_SERIES as u64,
            "{:?}",
            cost.work
        );
        assert!(
            cost.work(Work::SeriesSamplesRead) <= cost.rows,
            "{} rows, {:?}",
            cost.rows,
            cost.work
        );
    }
}

#[test]
fn a_flood_over_a_socket_arrives_in_full_and_reads_each_row_once() {
    const ROWS: u64 = 20_000;
    let mut stage = Stage::new(StageOptions::default());
    let flood = sent_flood::receive(&mut stage, 60, ROWS, |link| {
        std::thread::spawn(move || sent_flood::send_to(&link, ROWS))
    });
    assert_eq!(flood.frames.iter().map(|frame| frame.rows).sum::<u64>(), ROWS);
    let read = |frame: &FrameCost| frame.work(Work::SeriesSamplesRead);
    assert!(flood.frames.iter().map(read).sum::<u64>() <= ROWS);
}

#[test]
fn a_collection_looks_at_the_clock_all_the_time() {
    let mut stage = Stage::new(StageOptions::default());
    let mut scenario = scenarios::gc(2_000);
    scenario.prepare(&mut stage);
    let mut collected = 0;
    for frame in 0..20 {
        scenario.step(&mut stage, frame);
        let cost = stage.frame();
        collected += usize::from(!cost.gc_pause.is_zero());
        assert!(
            cost.gc_items_between_looks <= 3 * MAX_ITEMS_BETWEEN_LOOKS,
            "{}",
            cost.gc_items_between_looks
        );
    }
    assert!(collected > 0, "nothing was collected");
}
