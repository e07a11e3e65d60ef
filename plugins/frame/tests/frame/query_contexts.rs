//! Views that look elsewhere than the cursor: at other times, on other timelines, in other recordings.

use bevy_app::App;
use chronoscope_blueprint::{
    BlueprintCommand, ContextTime, QueryContextSettings, RecordingName, ViewBlueprint, ViewId,
};
use chronoscope_frame::{
    ActiveBlueprint, ContextId, InContext, LatestAtResults, QueryContext, QueryContexts, Settled,
    TimeCommand, View, ViewerCommand, ViewerCommands, Visuals, Work, WorkCounters,
};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{AnnotationContext, AsComponents, Points3D, Scalars, Transform3D, log_chunk};

use crate::{CLASS, Points, Series, add, new_app, show_all, store_id};

pub(crate) fn other_id() -> StoreId {
    StoreId::recording("app", "other")
}

fn log(app: &mut App, id: &StoreId, entity: &str, frame: i64, components: &impl AsComponents) {
    let times = [
        (Timeline::sequence("frame"), frame),
        (Timeline::duration("clock"), frame * 1_000),
    ];
    add(app, id, log_chunk(entity, times, components).unwrap());
}

/// Points at the frames 0, 10, ..., 90: each at its frame, and in the other recording at a thousand more.
fn app() -> App {
    let mut app = new_app();
    for (id, beyond) in [(store_id(), 0), (other_id(), 1_000)] {
        for frame in (0..100).step_by(10) {
            let x = (frame + beyond) as f32;
            log(&mut app, &id, "/world/a", frame, &Points3D::new([[x, 0.0, 0.0]]));
            let moved = Transform3D::default().with_translation([x, 0.0, 0.0]);
            log(&mut app, &id, "/world", frame, &moved);
            log(&mut app, &id, "/plot", frame, &Scalars::new([f64::from(x)]));
        }
    }
    settle(&mut app);
    add_world_view(&mut app);
    command(
        &mut app,
        ViewerCommand::Time(TimeCommand::SetTimeline("frame".to_owned())),
    );
    seek(&mut app, 50);
    app
}

/// Adds a view of what lies below `/world` to the one of everything that is recommended.
pub(crate) fn add_world_view(app: &mut App) {
    let view = ViewBlueprint::new(ViewId::hashed(["world"]), CLASS, "/world");
    command(
        app,
        ViewerCommand::Blueprint(BlueprintCommand::AddView(view, None)),
    );
    app.update();
}

fn settle(app: &mut App) {
    for _ in 0..3 {
        show_all(app, None);
        app.update();
    }
}

fn command(app: &mut App, command: ViewerCommand) {
    app.world_mut().resource_mut::<ViewerCommands>().push(command);
}

fn seek(app: &mut App, time: i64) {
    command(app, ViewerCommand::Time(TimeCommand::SetTime(time)));
    settle(app);
}

/// The ids of the two views: of `/world`, and of everything.
fn views(app: &App) -> [ViewId; 2] {
    let views = &app.world().resource::<ActiveBlueprint>().viewport().views;
    let mut ids: Vec<ViewId> = views.keys().copied().collect();
    ids.sort_by_key(|id| views[id].origin.is_root());
    [ids[0], ids[1]]
}

pub(crate) fn look(app: &mut App, view: ViewId, settings: &QueryContextSettings) {
    let edit = BlueprintCommand::SetProperty(view, settings.properties());
    command(app, ViewerCommand::Blueprint(edit));
    command(app, ViewerCommand::EndGesture);
    settle(app);
}

pub(crate) fn at(time: ContextTime) -> QueryContextSettings {
    QueryContextSettings {
        time,
        ..QueryContextSettings::default()
    }
}

pub(crate) fn in_other(time: ContextTime) -> QueryContextSettings {
    QueryContextSettings {
        recording: Some(RecordingName {
            application: None,
            recording: "other".into(),
        }),
        ..at(time)
    }
}

fn context(app: &App, view: ViewId) -> &QueryContext {
    let entity = app.world().resource::<ActiveBlueprint>().entity(view).unwrap();
    app.world().get::<QueryContext>(entity).unwrap()
}

/// Where a view's points are, in their own space and by their transforms.
fn shown(app: &App, view: ViewId) -> Option<(f32, f64)> {
    let world = app.world();
    let entity = world.resource::<ActiveBlueprint>().entity(view)?;
    let products = InContext::of_view(world, entity)?;
    let store = products.recording(world.resource())?.store();
    let points = store.entity_id(&"/world/a".into())?;
    let visuals = world.resource::<Visuals<Points>>().view(view)?;
    let (_, cloud) = visuals.of_entity(points).next()?;
    let placed = products.transforms.world_from_entity(store, points)?;
    Some((cloud.positions[0][0], placed.translation.x))
}

/// What a frame did in which the cursor moved: what was looked up, and which visuals were made.
fn work_of_a_move(app: &mut App, time: i64) -> [u64; 3] {
    command(app, ViewerCommand::Time(TimeCommand::SetTime(time)));
    app.update();
    let counters = app.world().resource::<WorkCounters>();
    [Work::LookedUp, Work::VisualsMade, Work::TransformsComposed].map(|work| counters.get(work))
}

#[test]
fn two_views_show_one_recording_at_two_times() {
    let mut app = app();
    let [one, two] = views(&app);
    assert_eq!([shown(&app, one), shown(&app, two)], [Some((50.0, 50.0)); 2]);
    look(&mut app, one, &at(ContextTime::Fixed(25)));
    assert_eq!(shown(&app, one), Some((20.0, 20.0)));
    assert_eq!(shown(&app, two), Some((50.0, 50.0)));
    seek(&mut app, 80);
    assert_eq!(shown(&app, one), Some((20.0, 20.0)));
    assert_eq!(shown(&app, two), Some((80.0, 80.0)));
    // An offset follows, and a reset leads back.
    look(&mut app, one, &at(ContextTime::Offset(-30)));
    assert_eq!(shown(&app, one), Some((50.0, 50.0)));
    seek(&mut app, 60);
    assert_eq!(shown(&app, one), Some((30.0, 30.0)));
    look(&mut app, one, &QueryContextSettings::default());
    assert_eq!(shown(&app, one), Some((60.0, 60.0)));
    assert!(app.world().resource::<QueryContexts>().is_empty());
    command(&mut app, ViewerCommand::Undo);
    settle(&mut app);
    assert_eq!(shown(&app, one), Some((30.0, 30.0)));
    command(&mut app, ViewerCommand::Undo);
    settle(&mut app);
    assert_eq!(shown(&app, one), Some((20.0, 20.0)));
}

#[test]
fn two_views_show_two_recordings_with_an_offset() {
    let mut app = app();
    let [one, two] = views(&app);
    look(&mut app, one, &in_other(ContextTime::Offset(20)));
    assert_eq!(shown(&app, one), Some((1_070.0, 1_070.0)));
    assert_eq!(shown(&app, two), Some((50.0, 50.0)));
    // New data of both recordings reaches each its view.
    log(
        &mut app,
        &other_id(),
        "/world/a",
        65,
        &Points3D::new([[1_065.0, 0.0, 0.0]]),
    );
    log(
        &mut app,
        &store_id(),
        "/world/a",
        45,
        &Points3D::new([[45.0, 0.0, 0.0]]),
    );
    seek(&mut app, 46);
    assert_eq!(shown(&app, one).unwrap().0, 1_065.0);
    assert_eq!(shown(&app, two).unwrap().0, 45.0);
    // The other recording becomes the active one: both look there, at two times.
    command(&mut app, ViewerCommand::ActivateRecording(other_id()));
    command(
        &mut app,
        ViewerCommand::Time(TimeCommand::SetTimeline("frame".to_owned())),
    );
    seek(&mut app, 10);
    assert_eq!(shown(&app, one).unwrap().0, 1_030.0);
    assert_eq!(shown(&app, two).unwrap().0, 1_010.0);
}

#[test]
fn two_views_show_two_timelines() {
    let mut app = app();
    let [one, two] = views(&app);
    let clock = |time| QueryContextSettings {
        timeline: Some("clock".into()),
        ..at(time)
    };
    look(&mut app, one, &clock(ContextTime::Fixed(33_000)));
    assert_eq!(shown(&app, one).unwrap().0, 30.0);
    assert_eq!(shown(&app, two).unwrap().0, 50.0);
    // A cursor that the time panel does not show stays where it was left.
    look(&mut app, one, &clock(ContextTime::AtCursor));
    assert_eq!(shown(&app, one).unwrap().0, 0.0);
    let seek_there = context(&app, one).seek(one, 71_000);
    command(&mut app, seek_there);
    settle(&mut app);
    assert_eq!(
        [shown(&app, one).unwrap().0, shown(&app, two).unwrap().0],
        [70.0, 50.0]
    );
    command(
        &mut app,
        ViewerCommand::Time(TimeCommand::SetTimeline("clock".to_owned())),
    );
    settle(&mut app);
    assert_eq!(shown(&app, two).unwrap().0, 70.0);
}

#[test]
fn a_view_is_moved_by_what_it_follows() {
    let mut app = app();
    let [one, two] = views(&app);
    look(&mut app, one, &at(ContextTime::Offset(-20)));
    let to_ten = context(&app, one).seek(one, 10);
    command(&mut app, to_ten);
    settle(&mut app);
    assert_eq!(shown(&app, two).unwrap().0, 30.0, "the cursor is twenty after");
    look(&mut app, one, &at(ContextTime::Fixed(0)));
    let to_ninety = context(&app, one).seek(one, 90);
    command(&mut app, to_ninety);
    settle(&mut app);
    assert_eq!(shown(&app, one).unwrap().0, 90.0);
    assert_eq!(shown(&app, two).unwrap().0, 30.0, "the cursor is left alone");
}

#[test]
fn a_view_at_a_fixed_time_does_nothing_when_the_cursor_moves() {
    let mut app = app();
    let [one, two] = views(&app);
    let alone = work_of_a_move(&mut app, 62);
    look(&mut app, one, &at(ContextTime::Fixed(25)));
    let beside_a_fixed_one = work_of_a_move(&mut app, 74);
    // The other view's points, their transform, and nothing more.
    assert_eq!(beside_a_fixed_one, alone);
    look(&mut app, two, &at(ContextTime::Fixed(35)));
    let all_fixed = work_of_a_move(&mut app, 86);
    assert_eq!(all_fixed[1], 0, "no visual is made");
    // And where nothing moves, nothing is done at all.
    app.update();
    app.update();
    assert!(app.world().resource::<Settled>().frames() > 0);
    let counters = app.world().resource::<WorkCounters>();
    assert_eq!(counters.iter().collect::<Vec<_>>(), []);
}

#[test]
fn views_that_look_at_the_same_share_what_is_found() {
    let mut app = app();
    let [one, two] = views(&app);
    look(&mut app, one, &at(ContextTime::Fixed(25)));
    look(&mut app, two, &at(ContextTime::Fixed(25)));
    assert_eq!(context(&app, one).id, context(&app, two).id);
    assert_eq!(app.world().resource::<QueryContexts>().len(), 1);
    let visuals = app.world().resource::<Visuals<Points>>();
    assert_eq!(visuals.num_visuals(), 1);
    // The series of a recording is one wherever its plots have their cursors; that of a timeline is its own.
    look(&mut app, one, &at(ContextTime::Offset(5)));
    assert_eq!(app.world().resource::<Visuals<Series>>().num_visuals(), 1);
}

#[test]
fn what_holds_below_an_entity_holds_at_the_time_of_the_view() {
    let mut app = app();
    let [one, two] = views(&app);
    for (frame, label) in [(0, "early"), (50, "late")] {
        let context = AnnotationContext::from_labels([(1, label, [0u8, 0, 0])]);
        log(&mut app, &store_id(), "/world", frame, &context);
    }
    look(&mut app, one, &at(ContextTime::Fixed(20)));
    let label = |app: &App, view: ViewId| {
        let visuals = app.world().resource::<Visuals<Points>>().view(view).unwrap();
        let (_, cloud) = visuals.iter().next().unwrap();
        cloud.label.clone()
    };
    assert_eq!(label(&app, one).as_deref(), Some("early"));
    assert_eq!(label(&app, two).as_deref(), Some("late"));
    // The same rows, and yet another visual.
    look(&mut app, one, &at(ContextTime::Fixed(50)));
    assert_eq!(label(&app, one).as_deref(), Some("late"));
}

#[test]
fn where_there_is_nothing_the_view_is_empty_and_says_why() {
    let mut app = app();
    let [one, two] = views(&app);
    let said = |app: &App| -> Vec<String> {
        let world = app.world();
        let visualizers = world.resource::<chronoscope_frame::Visualizers>();
        let reports = visualizers.reports(world, one);
        reports.iter().map(ToString::to_string).collect()
    };
    let check = |app: &mut App, settings: &QueryContextSettings, expected: &str| {
        look(app, one, settings);
        assert_eq!(shown(app, one), None);
        assert_eq!(context(app, one).id, ContextId::NOTHING);
        assert!(
            said(app).iter().any(|said| said.contains(expected)),
            "{:?}",
            said(app)
        );
        assert_eq!(shown(app, two), Some((50.0, 50.0)));
    };
    let unknown = QueryContextSettings {
        recording: Some(RecordingName {
            application: Some("none".into()),
            recording: "other".into(),
        }),
        ..QueryContextSettings::default()
    };
    check(&mut app, &unknown, "recording other of none is not open");
    let never = QueryContextSettings {
        timeline: Some("never".into()),
        ..QueryContextSettings::default()
    };
    check(&mut app, &never, "has nothing on timeline never");
    look(&mut app, one, &in_other(ContextTime::AtCursor));
    assert_eq!(shown(&app, one).unwrap().0, 1_050.0);
    assert_eq!(said(&app), [""; 0]);
    command(&mut app, ViewerCommand::CloseRecording(other_id()));
    settle(&mut app);
    check(
        &mut app,
        &in_other(ContextTime::AtCursor),
        "recording other is not open",
    );
    // It comes back with the recording.
    log(
        &mut app,
        &other_id(),
        "/world/a",
        0,
        &Points3D::new([[7.0, 0.0, 0.0]]),
    );
    settle(&mut app);
    assert_eq!(shown(&app, one), Some((7.0, 0.0)));
}

#[test]
fn a_hidden_view_keeps_nothing_and_catches_up() {
    let mut app = app();
    let [one, _] = views(&app);
    look(&mut app, one, &in_other(ContextTime::Offset(0)));
    let position = {
        let world = app.world_mut();
        let mut ids: Vec<ViewId> = world.query::<&View>().iter(world).map(|view| view.id).collect();
        ids.sort();
        ids.iter().position(|id| *id == one)
    };
    show_all(&mut app, position);
    app.update();
    assert!(app.world().resource::<QueryContexts>().is_empty());
    command(&mut app, ViewerCommand::Time(TimeCommand::SetTime(20)));
    app.update();
    settle(&mut app);
    assert_eq!(shown(&app, one), Some((1_020.0, 1_020.0)));
    // The products of the cursor are those of the cursor.
    let cursor = app.world().resource::<LatestAtResults>().cursor();
    assert_ne!(cursor.recording, context(&app, one).cursor.recording);
}
