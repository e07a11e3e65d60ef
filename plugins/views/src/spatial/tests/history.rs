//! What a view shows depends on where it looks, not on how it came there.

use std::time::Duration;

use bevy::{ecs::message::Messages, time::TimeUpdateStrategy};
use chronoscope_frame::{
    CommandError, CommandFinished, Item, Settled, TimeCommand, ViewerCommand, ViewerCommands,
};
use chronoscope_types::{
    Boxes2D, Boxes3D, CoordinateFrame, Pinhole, Points2D, Points3D, Transform3D, log_chunk,
};
use egui::{Event, Pos2};

use super::{Viewer, boxes, button, frame};
use crate::{
    ViewAction,
    spatial::{AutoFraming, projection::Lens},
    spatial3d::EyeMotion,
    testing::log,
};

/// Each entity is framed as it is when it first appears and later, wherever one came from, and a double click frames what is there
/// now.
#[test]
fn framing_depends_on_the_recording_and_not_on_the_way_there() {
    let chunks = || {
        let moved = |time, x| {
            let transform = Transform3D::from_translation([x, 0.0, 0.0]);
            log_chunk("robot", [(frame(), time)], &transform).unwrap()
        };
        let points = |time, x| {
            let points = Points3D::new([[x; 3], [x + 1.0; 3]]);
            log_chunk("robot/point", [(frame(), time)], &points).unwrap()
        };
        // Something beside, so that the robot is not the origin of the view.
        let fixed = log_chunk("fixed", [], &Points3D::new([[0.0; 3]])).unwrap();
        [
            fixed,
            moved(2, 10.0),
            moved(9, 90.0),
            points(0, 0.0),
            points(5, 100.0),
        ]
    };
    let seek = |viewer: &mut Viewer, time: i64| {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        viewer.settle();
    };
    let mut viewer = Viewer::new(chunks());
    seek(&mut viewer, 0);
    let first = viewer.lens();
    let begin = glam::DVec3::new(10.5, 0.5, 0.5);
    assert!(is_seen(&mut viewer, begin), "where its first transform puts it");
    let end = glam::DVec3::new(190.5, 100.5, 100.5);
    assert!(is_seen(&mut viewer, end), "where it goes");
    for time in [9, 3, 5] {
        seek(&mut viewer, time);
        assert_eq!(viewer.lens(), first, "time moves, the eye does not");
        let mut fresh = Viewer::new(chunks());
        seek(&mut fresh, time);
        assert_eq!(fresh.lens(), first, "opened at {time}");
    }
    let now = glam::DVec3::new(110.5, 100.5, 100.5);
    let corner = Pos2::new(5.0, 395.0);
    viewer.draw(vec![Event::PointerMoved(corner)]);
    for pressed in [true, false, true, false] {
        viewer.draw(vec![button(corner, pressed)]);
    }
    viewer.draw(vec![]);
    assert!(is_seen(&mut viewer, now), "{:?}", viewer.lens());
    assert_ne!(viewer.lens(), first, "what is there now is framed");

    // An earlier row is the first one now.
    let mut viewer = Viewer::new(chunks());
    let early = Points3D::new([[-50.0; 3], [-49.0; 3]]);
    log(
        &mut viewer.app,
        log_chunk("other", [(frame(), -5)], &early).unwrap(),
    );
    viewer.settle();
    assert_ne!(viewer.lens(), first);
}

fn seek_to(viewer: &mut Viewer, time: i64) {
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
    viewer.settle();
}

fn is_seen(viewer: &mut Viewer, position: glam::DVec3) -> bool {
    let projector = *viewer.scene().projector();
    let seen = projector.project(position);
    seen.is_some_and(|seen| projector.contains(seen.position, 0.0))
}

/// Asks for all to be framed, and returns the answer.
fn frame_all(viewer: &mut Viewer) -> Result<(), CommandError> {
    let command = ViewerCommand::FrameAll(viewer.view());
    let world = viewer.app.world_mut();
    let id = world.resource_mut::<ViewerCommands>().request(command);
    for _ in 0..20 {
        viewer.app.update();
        let mut answers = viewer.app.world_mut().resource_mut::<Messages<CommandFinished>>();
        let answers: Vec<CommandFinished> = answers.drain().collect();
        if let Some(answer) = answers.into_iter().find(|answer| answer.id == id) {
            viewer.settle();
            return answer.result;
        }
    }
    panic!("no answer");
}

#[test]
fn a_command_frames_what_is_there_now() {
    let points = |time, x: f32| {
        let flat = Points2D::new([[x; 2], [x + 1.0; 2]]);
        let solid = Points3D::new([[x; 3], [x + 1.0; 3]]);
        [
            [log_chunk("point", [(frame(), time)], &solid).unwrap()],
            [log_chunk("point", [(frame(), time)], &flat).unwrap()],
        ]
    };
    let ([early_3d, early_2d], [late_3d, late_2d]) = (points(0, 0.0), points(5, 100.0));
    for (chunks, begin, place) in [
        (
            [early_3d, late_3d],
            glam::DVec3::splat(0.5),
            glam::DVec3::splat(100.5),
        ),
        (
            [early_2d, late_2d],
            glam::DVec3::new(0.5, 0.5, 0.0),
            glam::DVec3::new(100.5, 100.5, 0.0),
        ),
    ] {
        let mut viewer = Viewer::new(chunks.as_flattened().to_vec());
        seek_to(&mut viewer, 5);
        let sees_both = is_seen(&mut viewer, begin) && is_seen(&mut viewer, place);
        assert!(sees_both, "it is framed as it first appears and later");
        assert_eq!(frame_all(&mut viewer), Ok(()));
        let sees_now = is_seen(&mut viewer, place) && !is_seen(&mut viewer, begin);
        assert!(sees_now, "{:?}", viewer.lens());
        // Where nothing is, nothing is framed.
        let before = viewer.lens();
        seek_to(&mut viewer, -5);
        let view = viewer.view();
        assert_eq!(frame_all(&mut viewer), Err(CommandError::NothingToFrame(view)));
        assert_eq!(viewer.lens(), before);
    }
}

#[test]
fn a_host_may_have_views_not_frame_by_themselves() {
    let points = |x: f32| {
        let solid = Points3D::new([[x; 3], [x + 1.0; 3]]);
        [log_chunk("point", [(frame(), 0)], &solid).unwrap()]
    };
    let fixed = |x| Viewer::with(points(x), |app| _ = app.insert_resource(AutoFraming(false)));
    let (mut near, mut far) = (fixed(0.0), fixed(100.0));
    assert_eq!(near.lens(), far.lens(), "content makes no difference");
    let place = glam::DVec3::splat(100.5);
    assert!(!is_seen(&mut far, place));
    let before = far.lens();
    assert_eq!(frame_all(&mut far), Ok(()));
    assert!(is_seen(&mut far, place) && far.lens() != before);
    // What a user does by a command holds.
    log(
        &mut far.app,
        log_chunk("more", [(frame(), 0)], &Points3D::new([[-500.0; 3]])).unwrap(),
    );
    let framed = far.lens();
    far.settle();
    assert_eq!(far.lens(), framed);

    // It may be switched while it runs, and then it is as if it had always been so.
    let mut switched = fixed(100.0);
    switched.app.insert_resource(AutoFraming(true));
    switched.settle();
    assert_eq!(switched.lens(), Viewer::new(points(100.0)).lens());
    switched.app.insert_resource(AutoFraming(false));
    switched.settle();
    assert_eq!(switched.lens(), near.lens());
}

/// At the time at which all of it first appears, what is framed is what is shown.
#[test]
fn what_is_framed_stands_where_it_is_shown() {
    let transform = |time, transform: &Transform3D| log_chunk("robot", [(frame(), time)], transform).unwrap();
    let camera = Pinhole::from_focal_length_and_resolution([100.0; 2], [64.0, 48.0]);
    let broken = Transform3D::from_translation([1.0; 3]).with_quaternion([0.0; 4]);
    let solid = || Boxes3D::from_half_sizes([[1.0, 2.0, 3.0]]);
    let mut viewer = Viewer::new([
        log_chunk("fixed", [], &solid()).unwrap(),
        // The second row takes the translation back.
        transform(0, &Transform3D::from_translation([50.0, 0.0, 0.0])),
        transform(1, &Transform3D::default().with_scale([2.0; 3])),
        log_chunk("robot/box", [(frame(), 1)], &solid()).unwrap(),
        log_chunk("broken", [], &broken).unwrap(),
        log_chunk("broken/box", [], &Boxes3D::from_half_sizes([[500.0; 3]])).unwrap(),
        log_chunk("camera", [], &camera).unwrap(),
        log_chunk("camera/box", [], &Boxes3D::from_half_sizes([[900.0; 3]])).unwrap(),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    viewer.settle();
    let scene = viewer.scene();
    let framed = scene.framing.framed().all;
    assert_eq!(framed, scene.bounds());
    assert_eq!(framed.max.to_array(), [2.0, 4.0, 6.0]);
}

/// What is in a named frame is framed where its transforms put it once all of them are there, wherever the cursor is.
#[test]
fn what_is_in_a_named_frame_is_framed_where_it_is_shown() {
    let placed = |time: i64, child: &str, parent: &str, x: f32| {
        let transform = Transform3D::from_translation([x, 0.0, 0.0]);
        let transform = transform.with_child_frame(child).with_parent_frame(parent);
        log_chunk("tf", [(frame(), time)], &transform).unwrap()
    };
    let in_frame =
        |path: &str, frame: &str| log_chunk(path, [], &CoordinateFrame::default().with_frame(frame)).unwrap();
    let solid = || Boxes3D::from_half_sizes([[1.0, 2.0, 3.0]]);
    let mut viewer = Viewer::new([
        log_chunk("fixed", [], &solid()).unwrap(),
        in_frame("hand", "arm"),
        log_chunk("hand", [(frame(), 1)], &solid()).unwrap(),
        placed(0, "base", "tf#/", 50.0),
        placed(2, "arm", "base", 7.0),
        placed(3, "arm", "base", 1_000.0),
        in_frame("lost", "nowhere"),
        log_chunk("lost", [], &Boxes3D::from_half_sizes([[900.0; 3]])).unwrap(),
    ]);
    let seek = |viewer: &mut Viewer, time: i64| {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        viewer.settle();
    };
    seek(&mut viewer, 2);
    let framed = viewer.scene().framing.framed().all;
    let first = viewer.scene().bounds();
    assert_eq!(first.max.to_array(), [58.0, 2.0, 3.0]);
    for time in [0, 3] {
        seek(&mut viewer, time);
        assert_eq!(viewer.scene().framing.framed().all, framed, "{time}");
    }
    assert_eq!(
        framed,
        first.union(viewer.scene().bounds()),
        "where it is at last, too"
    );
    // What was lost is framed once a row of whatever time connects it.
    log(&mut viewer.app, placed(9, "nowhere", "arm", 0.0));
    viewer.settle();
    assert!(viewer.scene().framing.framed().all.max.x > 1_900.0);
}

/// What moves away from where it begins is framed where it goes: by rows of its own, or of what places it.
#[test]
fn what_moves_is_framed_where_it_goes() {
    let points =
        |time: i64, x: f32| log_chunk("p", [(frame(), time)], &Points3D::new([[x, 0.0, 0.0]])).unwrap();
    let moved = |time: i64, x: f32| {
        let transform = Transform3D::from_translation([x, 0.0, 0.0]);
        log_chunk("p", [(frame(), time)], &transform).unwrap()
    };
    let fixed = |path: &str| log_chunk(path, [], &Points3D::new([[0.0; 3]])).unwrap();
    let own = (0..=20)
        .step_by(2)
        .map(|time| points(time, time as f32))
        .collect();
    let mut placed: Vec<_> = (0..=20).map(|time| moved(time, time as f32)).collect();
    placed.extend([fixed("p"), fixed("beside")]);
    let chunks: [Vec<chronoscope_store::Chunk>; 2] = [own, placed];
    for chunks in chunks {
        let mut viewer = Viewer::new(chunks.clone());
        seek_to(&mut viewer, 8);
        let framed = viewer.scene().framing.framed().all;
        assert_eq!((framed.min.x, framed.max.x), (0.0, 20.0));
        let mut fresh = Viewer::new(chunks);
        seek_to(&mut fresh, 20);
        assert_eq!(fresh.scene().framing.framed().all, framed);
        assert_eq!(fresh.lens(), viewer.lens());
    }
}

/// What becomes much larger than it begins is in sight then, too; for what grows a little the eye does not step back.
#[test]
fn what_outgrows_its_beginning_is_framed() {
    let row = |time: i64, end: f32| {
        let points = Points3D::new([[0.0; 3], [end, 0.0, 0.0]]);
        log_chunk("p", [(frame(), time)], &points).unwrap()
    };
    for (end, framed) in [(20.0, 20.0), (12.0, 10.0)] {
        let mut viewer = Viewer::new([row(0, 10.0), row(20, end)]);
        seek_to(&mut viewer, 0);
        assert_eq!(viewer.scene().framing.framed().all.max.x, framed);
    }
}

/// Whatever came first: what is drawn, how and in which order is what a fresh app draws.
#[test]
fn order_and_placement_do_not_depend_on_the_way_there() {
    const TIMES: i64 = 12;
    let chunks = || {
        let mut random = 7_u32;
        let mut next = move |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        let mut chunks = Vec::new();
        for time in 0..TIMES {
            for entity in ["d", "a", "c", "b"] {
                let sizes = (0..next(5)).map(|_| [1.0, 1.0]).collect::<Vec<_>>();
                let boxes = Boxes2D::default()
                    .with_half_sizes(sizes)
                    .with_draw_order(if next(4) == 0 { 30.0 } else { 10.0 });
                let path = format!("camera/{entity}");
                chunks.push(log_chunk(path.as_str(), [(frame(), time)], &boxes).unwrap());
                let points = Points2D::new((0..next(4)).map(|at| [at as f32, 0.0]));
                let points = points.with_draw_order(10.0);
                chunks.push(log_chunk(path.as_str(), [(frame(), time)], &points).unwrap());
            }
            let moved = Transform3D::from_translation([time as f32, 0.0, 0.0]);
            chunks.push(log_chunk("camera/c", [(frame(), time)], &moved).unwrap());
        }
        chunks
    };
    let seek = |viewer: &mut Viewer, time: i64| {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        viewer.settle();
    };
    let mut viewer = Viewer::new(chunks());
    let mut num_runs = 0;
    for time in [3, 11, 0, 7, 8, 2, 5, 5, 10, 1, 4] {
        seek(&mut viewer, time);
        let mut fresh = Viewer::new(chunks());
        seek(&mut fresh, time);
        let digest = viewer.digest();
        assert_eq!(digest, fresh.digest(), "at {time}");
        num_runs = num_runs.max(digest.last().map_or(0, |part| part.run + 1));
    }
    assert!(num_runs > 3, "points lie between boxes: {num_runs}");
}

/// Half a million and more meters away: an eye that is dragged is where it is dragged to, to less than a millimeter.
#[test]
fn an_eye_far_from_the_origin_is_kept_exactly() {
    let far = [500_000.5, 5_400_000.25, 120.0];
    let boxes = Boxes3D::from_half_sizes([[0.5, 0.5, 0.5]]);
    let mut viewer = Viewer::new([
        log_chunk("map", [], &Transform3D::from_translation(far.map(|v| v as f32))).unwrap(),
        log_chunk("map/box", [], &boxes).unwrap(),
    ]);
    let eye_of = |viewer: &mut Viewer| {
        let Lens::Perspective { eye_from_view, .. } = viewer.lens() else {
            panic!("a 3D view")
        };
        eye_from_view.inverse().translation
    };
    viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(340.0, 210.0));
    let before = eye_of(&mut viewer);
    assert_ne!(before, before.as_vec3().as_dvec3(), "more than an f32 holds");
    // Around the target, the distance stays the same, drag after drag.
    let target = viewer.scene().bounds_of(&"/map".into()).center();
    let distance = before.distance(target);
    for _ in 0..5 {
        viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(310.0, 200.0));
    }
    let drift = (eye_of(&mut viewer).distance(target) - distance).abs();
    assert!(drift < 1e-3, "{drift}");
}

/// Who sends the eye to what is selected sees the way, and a picture is not kept before it has arrived.
#[test]
fn an_eye_that_is_sent_glides_and_settles_where_it_is_sent() {
    let moved_by = |glide_secs: f64| {
        let mut viewer = Viewer::with([boxes()], |app| {
            app.insert_resource(EyeMotion { glide_secs })
                .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(1)));
        });
        let home = viewer.lens();
        viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(360.0, 230.0));
        let dragged = viewer.lens();
        viewer.command(ViewerCommand::Select(vec![Item::Entity("/world/box".into())]));
        viewer.draw(vec![Event::PointerMoved(Pos2::new(300.0, 200.0))]);
        viewer.act(ViewAction::Focus);
        // What is under it is asked for while the eye moves.
        viewer.draw(vec![Event::PointerGone]);
        let is_settled = |viewer: &Viewer| viewer.app.world().resource::<Settled>().frames() > 0;
        let on_the_way = (viewer.lens(), is_settled(&viewer));
        for _ in 0..120 {
            viewer.app.update();
        }
        assert!(is_settled(&viewer));
        (home, dragged, on_the_way, viewer.lens())
    };
    let (home, dragged, on_the_way, there) = moved_by(0.0);
    assert!(dragged != home && there != dragged);
    assert_eq!(on_the_way, (there, true), "at once");
    let gliding = moved_by(0.1);
    assert_eq!(
        (gliding.0, gliding.1, gliding.3),
        (home, dragged, there),
        "the same places"
    );
    let (on_the_way, is_settled) = gliding.2;
    assert!(on_the_way != dragged && on_the_way != there && !is_settled);
}
