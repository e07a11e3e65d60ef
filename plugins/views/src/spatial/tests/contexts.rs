//! Spatial views that look elsewhere than the cursor.

use chronoscope_blueprint::{ContextTime, QueryContextSettings, RecordingName, ViewBlueprint};
use chronoscope_frame::{ActiveBlueprint, DiffLog, Recordings, selection::ClickButton};
use chronoscope_render::{BoxEdgesInstance, InstanceBuffer};
use chronoscope_store::StoreId;
use glam::UVec2;

use super::*;
use crate::spatial::picking::{Click, Picks};

fn other_id() -> StoreId {
    StoreId::recording("app", "other")
}

/// A box that moves by one a frame, and shrinks; beside it one that stays.
fn moving(speed: f32) -> Vec<Chunk> {
    let mut chunks = vec![log_chunk("world/rock", [], &Boxes3D::from_half_sizes([[0.5; 3]])).unwrap()];
    for at in 0..10_i64 {
        let moved = Transform3D::default().with_translation([at as f32 * speed, 0.0, 0.0]);
        chunks.push(log_chunk("world/robot", [(frame(), at)], &moved).unwrap());
        let size = 1.0 / (at + 1) as f32;
        let body = Boxes3D::from_half_sizes([[size; 3]]).with_labels([format!("at {at}")]);
        chunks.push(log_chunk("world/robot/body", [(frame(), at)], &body).unwrap());
    }
    chunks
}

/// A viewer of two 3D views, and the second of them.
fn two_views() -> (Viewer, ViewId) {
    let mut viewer = Viewer::new(moving(1.0));
    let second = ViewBlueprint::new(ViewId::hashed(["second"]), ViewClassId::SPATIAL_3D, "/");
    let id = second.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(second, None)));
    viewer.settle();
    (viewer, id)
}

fn seek(viewer: &mut Viewer, time: i64) {
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
    viewer.settle();
}

fn look(viewer: &mut Viewer, view: ViewId, settings: &QueryContextSettings) {
    let edit = BlueprintCommand::SetProperty(view, settings.properties());
    viewer.command(ViewerCommand::Blueprint(edit));
    viewer.command(ViewerCommand::EndGesture);
    viewer.settle();
}

/// The view that is not this one.
fn first_view(viewer: &Viewer, other: ViewId) -> ViewId {
    let active = viewer.app.world().resource::<ActiveBlueprint>();
    let mut views = active.viewport().views.keys();
    *views.find(|view| **view != other).unwrap()
}

fn digest_of(viewer: &Viewer, view: ViewId) -> Vec<PartDigest> {
    let world = viewer.app.world();
    let scene = world.resource::<SpatialScenes>().get(view).unwrap();
    scene.digest(world.resource())
}

fn at(time: ContextTime) -> QueryContextSettings {
    QueryContextSettings {
        time,
        ..QueryContextSettings::default()
    }
}

#[test]
fn a_view_at_another_time_draws_what_it_would_at_the_cursor() {
    let (mut viewer, view) = two_views();
    seek(&mut viewer, 3);
    let at_three = digest_of(&viewer, view);
    seek(&mut viewer, 8);
    let at_eight = digest_of(&viewer, view);
    assert_ne!(at_three, at_eight);
    look(&mut viewer, view, &at(ContextTime::Fixed(3)));
    assert_eq!(digest_of(&viewer, view), at_three);
    look(&mut viewer, view, &at(ContextTime::Offset(-5)));
    assert_eq!(digest_of(&viewer, view), at_three);
    look(&mut viewer, view, &at(ContextTime::Fixed(8)));
    assert_eq!(digest_of(&viewer, view), at_eight);
    // From one context to the other, which knows all of that already.
    look(&mut viewer, view, &QueryContextSettings::default());
    assert_eq!(digest_of(&viewer, view), at_eight);
    seek(&mut viewer, 3);
    assert_eq!(digest_of(&viewer, view), at_three);
}

#[test]
fn views_that_go_from_one_box_to_two_draw_each_its_own() {
    let body = |at: i64| {
        let body = Boxes3D::from_half_sizes([[1.0 / (at + 1) as f32; 3]]);
        log_chunk("body", [(frame(), at)], &body).unwrap()
    };
    let mut viewer = Viewer::new([0, 100, 110].map(body));
    let second = ViewBlueprint::new(ViewId::hashed(["second"]), ViewClassId::SPATIAL_3D, "/");
    let view = second.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(second, None)));
    viewer.settle();
    look(&mut viewer, view, &at(ContextTime::Offset(10)));
    for (time, expected) in [(50, 1), (100, 2), (50, 1), (110, 1), (100, 2)] {
        seek(&mut viewer, time);
        let world = viewer.app.world_mut();
        let mut buffers = world.query::<&InstanceBuffer<BoxEdgesInstance>>();
        let stored: Vec<usize> = buffers.iter(world).map(InstanceBuffer::visual_count).collect();
        assert_eq!(stored, [expected], "at {time}");
    }
}

#[test]
fn a_view_of_another_recording_lights_up_and_goes_with_it() {
    let (mut viewer, view) = two_views();
    let world = viewer.app.world_mut();
    world.resource_scope(|world, mut log: Mut<'_, DiffLog>| {
        // Other entities come first, so that none has the id that it has in the first recording.
        let mut chunks = vec![log_chunk("a/b/c", [], &Points3D::new([[0.0; 3]])).unwrap()];
        chunks.extend(moving(-2.0));
        for chunk in chunks {
            let mut recordings = world.resource_mut::<Recordings>();
            recordings.insert(&mut log, &other_id(), chunk).unwrap();
        }
    });
    seek(&mut viewer, 4);
    let here = digest_of(&viewer, view);
    let there = QueryContextSettings {
        recording: Some(RecordingName {
            application: None,
            recording: "other".into(),
        }),
        ..at(ContextTime::Offset(2))
    };
    look(&mut viewer, view, &there);
    let of_other = digest_of(&viewer, view);
    assert_eq!(of_other.len(), here.len() + 1, "{of_other:?}");
    let body = Item::DataResult {
        view,
        entity: "/world/robot/body".into(),
        instance: None,
    };
    viewer.command(ViewerCommand::Select(vec![body]));
    viewer.settle();
    assert_ne!(digest_of(&viewer, view), of_other, "it is lit up");
    viewer.command(ViewerCommand::Select(Vec::new()));
    viewer.settle();
    assert_eq!(digest_of(&viewer, view), of_other);
    // A click on it names the recording that it is of, and so do the clicks of the view beside.
    let beside = first_view(&viewer, view);
    for (view, recording) in [
        (view, other_id()),
        (beside, StoreId::recording("app", "recording")),
    ] {
        let click = Click {
            view,
            pixel: UVec2::new(300, 200),
            buttons: vec![ClickButton::Primary],
            toggles: false,
        };
        viewer.app.world().resource::<Picks>().click(click);
        viewer.app.update();
        let (request, _) = viewer.asked()[0];
        let clicks = viewer.answer_of(&recording, request, Some(("/world/robot/body", 0)));
        assert_eq!(clicks.len(), 1, "{clicks:?}");
        assert_eq!(clicks[0].recording, Some(recording));
        assert_eq!(clicks[0].view, Some(view));
    }
    viewer.command(ViewerCommand::Select(Vec::new()));
    viewer.command(ViewerCommand::CloseRecording(other_id()));
    viewer.settle();
    assert_eq!(digest_of(&viewer, view), []);
    look(&mut viewer, view, &QueryContextSettings::default());
    assert_eq!(digest_of(&viewer, view), here);
}

#[test]
fn a_view_at_a_fixed_time_presents_nothing_when_the_cursor_moves() {
    let (mut viewer, view) = two_views();
    seek(&mut viewer, 3);
    let of_both = viewer.work_of(ViewerCommand::Time(TimeCommand::SetTime(4)));
    viewer.settle();
    look(&mut viewer, view, &at(ContextTime::Fixed(2)));
    let of_one = viewer.work_of(ViewerCommand::Time(TimeCommand::SetTime(5)));
    let half: Vec<(Work, u64)> = of_both.iter().map(|(work, items)| (*work, items / 2)).collect();
    assert_eq!(of_one, half);
    assert!(!of_one.is_empty());
    viewer.settle();
    assert_eq!(viewer.work(), []);
}
