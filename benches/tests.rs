//! A frame costs what changed, not what exists: the work of each scenario, counted at one size and at ten times that.

use std::collections::BTreeMap;

use chronoscope::frame::Work;

use crate::{
    scenarios::{self, Scenario, WARM_UP},
    scenes::NUM_VIEWS,
    stage::{Stage, StageOptions},
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
