//! Recordings that grow while one looks.

use chronoscope_frame::{TimeCommand, ViewerCommand, Work};
use chronoscope_store::Chunk;
use chronoscope_types::{CoordinateFrame, Points3D, Transform3D, log_chunk};
use glam::DVec3;

use super::{Viewer, frame};
use crate::testing::log;

/// Rows that come in while one looks: once it is settled, what is framed is what a fresh viewer frames.
#[test]
fn a_recording_that_grows_is_framed_as_one_that_is_opened() {
    const ENTITIES: i64 = 90;
    let rows = |time: i64| {
        let moved = Transform3D::from_translation([time as f32, 0.0, 0.0]);
        let fixed = log_chunk("fixed", [], &Points3D::new([[0.0; 3]])).unwrap();
        let mut chunks = vec![log_chunk("robot", [(frame(), time)], &moved).unwrap()];
        chunks.extend((time == 0).then_some(fixed));
        for entity in (0..ENTITIES).filter(|entity| entity % 7 == time % 7) {
            let path = format!("robot/{entity}");
            let points = Points3D::new([[entity as f32, time as f32, (time * entity % 11) as f32]]);
            chunks.push(log_chunk(path.as_str(), [(frame(), time)], &points).unwrap());
        }
        chunks
    };
    let mut viewer = Viewer::new(rows(0));
    let mut framed = Vec::new();
    for time in 1..=70 {
        for chunk in rows(time) {
            log(&mut viewer.app, chunk);
        }
        viewer.app.update();
        if time % 10 != 0 {
            continue;
        }
        viewer.settle();
        framed.push(viewer.scene().framing.framed().all);
        let mut fresh = Viewer::new((0..=time).flat_map(rows));
        fresh.settle();
        assert_eq!(
            framed.last(),
            Some(&fresh.scene().framing.framed().all),
            "at {time}"
        );
    }
    assert!(
        framed.last().unwrap().max.x > 60.0 && framed.first() != framed.last(),
        "{framed:?}"
    );
}

/// A frame in which this arrives, with the cursor at its time. Returns how many entities were looked at for framing.
fn looks_in_frame(viewer: &mut Viewer, time: i64, arrived: Vec<Chunk>) -> u64 {
    for chunk in arrived {
        log(&mut viewer.app, chunk);
    }
    let work = viewer.work_of(ViewerCommand::Time(TimeCommand::SetTime(time)));
    let looks = work.into_iter().find(|(work, _)| *work == Work::FirstLooks);
    looks.map_or(0, |(_, looks)| looks)
}

fn looks_at_rest(viewer: &mut Viewer) -> u64 {
    let looks = |work: Vec<(Work, u64)>| {
        let looks = work.into_iter().filter(|(work, _)| *work == Work::FirstLooks);
        looks.map(|(_, looks)| looks).sum::<u64>()
    };
    (0..10).map(|_| looks(viewer.work())).sum()
}

/// Shapes arrive first, and later, some in each frame, where they are: what is there is in sight all the time, and looked at anew only
/// where it is placed for the first time.
#[test]
fn a_recording_is_in_sight_while_it_grows_and_costs_what_arrives() {
    const BIRDS: i64 = 60;
    const IN_A_FRAME: i64 = 10;
    let path = |bird: i64| format!("flock/{bird}");
    let shape = |bird: i64, time: i64| {
        let points = Points3D::new([[0.0; 3]]);
        log_chunk(path(bird).as_str(), [(frame(), time)], &points).unwrap()
    };
    let moved = |bird: i64, time: i64| {
        let transform = Transform3D::from_translation([10.0 * bird as f32, time as f32, 0.0]);
        log_chunk(path(bird).as_str(), [(frame(), time)], &transform).unwrap()
    };
    let begin = || {
        let fixed = log_chunk("fixed", [], &Points3D::new([[0.0; 3]])).unwrap();
        [fixed, shape(0, 0)]
    };
    let rows_at = |time: i64| -> Vec<Chunk> {
        let first = (time - 1) * IN_A_FRAME;
        let birds = first..first + IN_A_FRAME;
        match first < BIRDS {
            true => birds.map(|bird| shape(bird, time)).collect(),
            false => birds.map(|bird| moved(bird % BIRDS, time)).collect(),
        }
    };
    let mut viewer = Viewer::new(begin());
    let mut places = vec![DVec3::ZERO; BIRDS as usize];
    for time in 1..=100 {
        let looks = looks_in_frame(&mut viewer, time, rows_at(time));
        let first = (time - 1) * IN_A_FRAME;
        let is_first = first < 2 * BIRDS;
        assert!(
            looks <= if is_first { IN_A_FRAME as u64 } else { 0 },
            "{looks} at {time}"
        );
        for bird in (first..first + IN_A_FRAME).filter(|_| first >= BIRDS) {
            let bird = bird % BIRDS;
            places[bird as usize] = DVec3::new(10.0 * bird as f64, time as f64, 0.0);
        }
        let projector = *viewer.scene().projector();
        for place in &places {
            let seen = projector.project(*place);
            let is_seen = seen.is_some_and(|seen| projector.contains(seen.position, 0.0));
            assert!(is_seen, "{place} at {time}: {:?}", projector.lens);
        }
    }
    // Once it rests, each that moved is looked at at other times, and few of them twice.
    let looks = looks_at_rest(&mut viewer);
    assert!((1..BIRDS as u64 + IN_A_FRAME as u64).contains(&looks), "{looks}");
    assert_eq!(looks_at_rest(&mut viewer), 0);
    let mut fresh = Viewer::new(begin().into_iter().chain((1..=100).flat_map(rows_at)));
    fresh.settle();
    let framed = viewer.scene().framing.framed();
    assert_eq!(framed, fresh.scene().framing.framed());
    assert_eq!(framed.all.max.x, 10.0 * (BIRDS - 1) as f64);
}

/// Rows that name frames may place anything: what stands in frames is looked at once they have arrived, not with each of them.
#[test]
fn frames_that_arrive_one_by_one_do_not_have_all_looked_at() {
    const FRAMES: i64 = 20;
    let placed = |at: i64| {
        let transform = Transform3D::from_translation([10.0 * at as f32, 0.0, 0.0]);
        let transform = transform
            .with_child_frame(format!("f{at}"))
            .with_parent_frame("tf#/");
        log_chunk(format!("tf/{at}").as_str(), [(frame(), at)], &transform).unwrap()
    };
    let mut chunks = vec![log_chunk("fixed", [], &Points3D::new([[0.0; 3]])).unwrap()];
    for at in 0..FRAMES {
        let path = format!("in/{at}");
        let in_frame = CoordinateFrame::default().with_frame(format!("f{at}"));
        chunks.push(log_chunk(path.as_str(), [], &in_frame).unwrap());
        chunks.push(log_chunk(path.as_str(), [], &Points3D::new([[1.0; 3]])).unwrap());
    }
    chunks.push(placed(0));
    let mut viewer = Viewer::new(chunks.clone());
    for at in 1..FRAMES {
        let looks = looks_in_frame(&mut viewer, at, vec![placed(at)]);
        // An entity with a transform of its own is new.
        assert!(looks <= 1, "{looks} at {at}");
        let framed = viewer.scene().framing.framed().all;
        assert!(framed.max.x >= 10.0 * at as f64, "{framed:?} at {at}");
    }
    assert!(looks_at_rest(&mut viewer) <= 3 * FRAMES as u64);
    assert_eq!(looks_at_rest(&mut viewer), 0);
    let mut fresh = Viewer::new(chunks.into_iter().chain((1..FRAMES).map(placed)));
    fresh.settle();
    let framed = viewer.scene().framing.framed();
    assert_eq!(framed, fresh.scene().framing.framed());
}
