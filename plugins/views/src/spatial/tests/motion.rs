//! While something moves, a view may leave points out; at rest it is drawn once more, with all of them.

use std::time::Duration;

use bevy::{camera::Camera, time::TimeUpdateStrategy};
use chronoscope_frame::commands::ScreenshotRequests;
use chronoscope_render::BulkView;

use super::*;
use crate::spatial::{FramePace, PointBudget};

const BUDGET: u32 = 2000;

/// What the camera of a view does in a frame: nothing where it is `None`, else how many points it draws at most.
type Drawn = Option<Option<u32>>;

fn viewer(budget: PointBudget) -> Viewer {
    let points = Points3D::new((0..3000_u16).map(|index| [f32::from(index), f32::from(index % 7), 0.0]));
    let chunk = |time: i64| log_chunk("points", [(frame(), time)], &points).unwrap();
    let mut viewer = Viewer::with([chunk(0), chunk(1000)], |app| {
        app.insert_resource(budget);
    });
    viewer.settle();
    viewer
}

fn tight_budget() -> PointBudget {
    PointBudget {
        hardware: BUDGET,
        software: BUDGET,
    }
}

fn move_eye(viewer: &mut Viewer, x: f32) {
    let place = components::Position3D::build(vec![[x, -500.0, 100.0]]);
    let properties = [(EyeControls3D::POSITION.descriptor(), place)];
    let edit = BlueprintCommand::SetProperty(viewer.view(), properties.into_iter().collect());
    viewer.command(ViewerCommand::Blueprint(edit));
}

fn step(viewer: &mut Viewer) -> Drawn {
    viewer.app.update();
    let world = viewer.app.world_mut();
    let mut cameras = world.query::<(&Camera, &BulkView)>();
    let (camera, bulk) = cameras.single(world).unwrap();
    camera.is_active.then_some(bulk.point_budget)
}

fn steps(viewer: &mut Viewer, count: usize) -> Vec<Drawn> {
    (0..count).map(|_| step(viewer)).collect()
}

/// Whether nothing is left to do: the next frames draw nothing.
fn rests(viewer: &mut Viewer) -> bool {
    steps(viewer, 10).iter().all(Option::is_none)
}

#[test]
fn points_are_left_out_while_an_eye_moves_and_all_are_drawn_once_it_rests() {
    let mut viewer = viewer(tight_budget());
    viewer.settle();
    assert!(rests(&mut viewer));
    for at in 0..10_u8 {
        move_eye(&mut viewer, f32::from(at));
        assert_eq!(step(&mut viewer), Some(Some(BUDGET)), "frame {at}");
    }
    let after = steps(&mut viewer, 20);
    let whole: Vec<usize> = (0..after.len()).filter(|at| after[*at] == Some(None)).collect();
    assert_eq!(whole.len(), 1, "one frame with all points: {after:?}");
    let last = after.iter().rposition(Option::is_some);
    assert_eq!(last, whole.first().copied(), "and nothing after it: {after:?}");
    assert!(rests(&mut viewer));
}

#[test]
fn points_are_left_out_while_time_goes_on() {
    let mut viewer = viewer(tight_budget());
    viewer.settle();
    move_eye(&mut viewer, 3.0);
    let seek = |viewer: &mut Viewer, time: i64| {
        let seek = TimeCommand::SetTimelineAndTime("frame".into(), time);
        viewer.command(ViewerCommand::Time(seek));
        step(viewer)
    };
    // What is shown is the same at each of these times.
    let drawn: Vec<Drawn> = (0..30).map(|time| seek(&mut viewer, time)).collect();
    assert!(!drawn.contains(&Some(None)), "{drawn:?}");
    assert_eq!(drawn.last(), Some(&None), "the picture stays as it is");
    let after = steps(&mut viewer, 20);
    assert_eq!(after.iter().flatten().collect::<Vec<_>>(), [&None], "{after:?}");
    // A picture that has all points stays, whatever the time.
    let drawn: Vec<Drawn> = (30..60).map(|time| seek(&mut viewer, time)).collect();
    assert_eq!(drawn, vec![None; 30]);
}

#[test]
fn a_picture_that_is_taken_has_all_points() {
    let mut viewer = viewer(tight_budget());
    viewer.settle();
    move_eye(&mut viewer, 3.0);
    assert_eq!(step(&mut viewer), Some(Some(BUDGET)));
    let request = ViewerCommand::Screenshot("picture.png".into());
    viewer.command(request);
    move_eye(&mut viewer, 4.0);
    assert_eq!(step(&mut viewer), Some(None));
    viewer
        .app
        .world_mut()
        .resource_mut::<ScreenshotRequests>()
        .0
        .clear();
    move_eye(&mut viewer, 5.0);
    assert_eq!(step(&mut viewer), Some(Some(BUDGET)));
}

#[test]
fn a_view_within_its_budget_draws_all_points_always() {
    for budget in [PointBudget::default(), PointBudget::UNLIMITED] {
        let mut viewer = viewer(budget);
        viewer.settle();
        move_eye(&mut viewer, 3.0);
        let drawn = steps(&mut viewer, 20);
        assert!(drawn.contains(&Some(None)));
        assert!(drawn.iter().flatten().all(Option::is_none), "{drawn:?}");
    }
}

#[test]
fn where_frames_take_longer_than_they_may_fewer_points_are_drawn() {
    let mut viewer = viewer(tight_budget());
    let world = viewer.app.world_mut();
    let pace = Duration::from_millis(20);
    world.insert_resource(FramePace {
        hardware: pace,
        software: pace,
    });
    // The budgets of some frames of so many milliseconds in which an eye moves.
    let budgets = |viewer: &mut Viewer, millis: u64, from: u8| -> Vec<u32> {
        let interval = TimeUpdateStrategy::ManualDuration(Duration::from_millis(millis));
        viewer.app.insert_resource(interval);
        let mut moved = |at: u8| {
            move_eye(viewer, f32::from(at));
            step(viewer).flatten().unwrap()
        };
        (from..from + 6).map(&mut moved).collect()
    };
    let slow = budgets(&mut viewer, 30, 0);
    assert!(slow[0] <= BUDGET && slow.is_sorted_by(|a, b| a >= b), "{slow:?}");
    assert!(slow[5] < BUDGET / 2, "{slow:?}");
    let quick = budgets(&mut viewer, 10, 6);
    assert!(quick[5] > quick[1] && quick[1..].is_sorted(), "{quick:?}");
    assert!(
        rests(&mut viewer) || rests(&mut viewer),
        "and all of them at rest"
    );
}
