//! A frame costs what changed, and what changed elsewhere is not missed.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bevy_app::App;
use chronoscope_blueprint::{BlueprintCommand, RecommendedView, Schema, ViewClassId, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, AppViewClassExt, AppVisualizerExt, DataResults, DiffLog, IngestSource, IngestSources,
    LatestAtResults, Recordings, Report, SourcePoll, TimeCommand, Transforms, View, ViewClass, ViewOverrides,
    ViewTile, ViewerCommand, ViewerCommands, Visual, Visualizer, VisualizerInfo, VisualizerInput, Visuals,
    Work, WorkCounters, visualizer::QueryMode,
};
use chronoscope_store::{EntityId, StoreId, Timeline};
use chronoscope_types::{
    Image, LogMessage, Points3D, SourceStatus, Transform3D, blueprint::EntityBehavior, columns_chunk,
    log_chunk,
};

use crate::{CLASS, Points, add, new_app, products, show_all, store_id};

fn seek(app: &mut App, time: i64) {
    let command = TimeCommand::SetTimelineAndTime("frame".to_owned(), time);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Time(command));
}

fn point(path: &str, time: Option<i64>, x: f32) -> chronoscope_store::Chunk {
    let times = time.map(|time| (Timeline::sequence("frame"), time));
    log_chunk(path, times, &Points3D::new([[x, 0.0, 0.0]])).unwrap()
}

fn transform(path: &str, time: i64, x: f32) -> chronoscope_store::Chunk {
    let times = [(Timeline::sequence("frame"), time)];
    log_chunk(
        path,
        times,
        &Transform3D::default().with_translation([x, 0.0, 0.0]),
    )
    .unwrap()
}

fn work(app: &App, work: Work) -> u64 {
    app.world().resource::<WorkCounters>().get(work)
}

fn entity(app: &App, path: &str) -> EntityId {
    let recordings = app.world().resource::<Recordings>();
    recordings
        .active()
        .unwrap()
        .store()
        .entity_id(&path.into())
        .unwrap()
}

#[test]
fn a_transform_that_moves_makes_no_visual_anew() {
    let mut app = new_app();
    add(&mut app, &store_id(), point("/world/a", None, 0.0));
    for time in 0..10 {
        add(&mut app, &store_id(), transform("/world/a", time, time as f32));
    }
    seek(&mut app, 0);
    products(&mut app);
    for time in 1..10 {
        seek(&mut app, time);
        app.update();
        assert_eq!(work(&app, Work::LookedUp), 1);
        assert_eq!(work(&app, Work::TransformsComposed), 1);
        assert_eq!(work(&app, Work::VisualsMade), 0);
    }
}

#[test]
fn where_no_view_is_shown_nothing_is_looked_up() {
    let mut chunks = vec![point("/world/a", None, 0.0)];
    chunks.extend((0..10).map(|time| transform("/world/a", time, time as f32)));
    let app_at = |time: i64| {
        let mut app = new_app();
        for chunk in &chunks {
            add(&mut app, &store_id(), chunk.clone());
        }
        seek(&mut app, time);
        app
    };
    let mut app = app_at(0);
    products(&mut app);
    let world = app.world_mut();
    for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
        tile.shown = false;
    }
    app.update();
    for time in 1..10 {
        seek(&mut app, time);
        app.update();
        assert_eq!(work(&app, Work::LookedUp), 0);
        assert_eq!(work(&app, Work::TransformsComposed), 0);
    }
    // Shown again, all is as if it had been shown all the time.
    assert_eq!(products(&mut app), products(&mut app_at(9)));
}

#[test]
fn rows_of_one_chunk_are_found_without_a_search() {
    let mut app = new_app();
    let entities = 100;
    for at in 0..entities {
        let times = [(Timeline::sequence("frame"), (0..50).collect())];
        let rows = Points3D::new((0..50).map(|time| [time as f32, 0.0, 0.0]));
        let chunk = columns_chunk(format!("/world/{at}"), times, &rows).unwrap();
        add(&mut app, &store_id(), chunk);
    }
    seek(&mut app, 0);
    products(&mut app);
    let asked = |app: &App| {
        let stats = app
            .world()
            .resource::<Recordings>()
            .active()
            .unwrap()
            .recording
            .cache
            .stats();
        stats.hits + stats.misses
    };
    let before = asked(&app);
    // On, far on, and back.
    for time in (1..20).chain([49, 20, 48]).chain((0..48).rev()) {
        seek(&mut app, time);
        app.update();
        let latest_at = app.world().resource::<LatestAtResults>();
        assert_eq!(
            (latest_at.looked_up(), latest_at.followed()),
            (entities, entities)
        );
        let (known, position) = (
            latest_at.get(entity(&app, "/world/7")).unwrap(),
            "Points3D:positions",
        );
        let component = app
            .world()
            .resource::<Recordings>()
            .active()
            .unwrap()
            .store()
            .component_id(position);
        assert_eq!(known.hit(component.unwrap()).unwrap().data_time(), Some(time));
    }
    assert_eq!(asked(&app), before, "neither the cache nor the store was asked");
}

#[test]
fn a_chain_of_transforms_is_composed_once_each() {
    let mut app = new_app();
    let paths: Vec<String> = (1..=20).map(|depth| "/a".repeat(depth)).collect();
    // From the deepest up, so that each new one stands between others.
    for path in paths.iter().rev() {
        add(&mut app, &store_id(), transform(path, 0, 1.0));
        app.update();
    }
    for path in &paths {
        add(&mut app, &store_id(), transform(path, 1, 2.0));
    }
    seek(&mut app, 0);
    products(&mut app);
    let at = |app: &App, path: &str| {
        let recordings = app.world().resource::<Recordings>();
        let store = recordings.active().unwrap().store();
        let transforms = app.world().resource::<Transforms>();
        transforms
            .world_from_entity(store, entity(app, path))
            .unwrap()
            .translation
            .x
    };
    assert!((at(&app, &paths[19]) - 20.0).abs() < 1e-9);
    seek(&mut app, 1);
    app.update();
    assert_eq!(work(&app, Work::TransformsComposed), 20);
    assert!((at(&app, &paths[19]) - 40.0).abs() < 1e-9);
    assert!((at(&app, &paths[9]) - 20.0).abs() < 1e-9);
    let transforms = app.world().resource::<Transforms>();
    let changes = transforms.changes_since(transforms.version() - 1).unwrap();
    assert_eq!((changes.frames.len(), changes.entities.len()), (20, 0));
}

#[test]
fn an_eye_that_moves_reads_nothing() {
    let mut app = new_app();
    for at in 0..50 {
        add(&mut app, &store_id(), point(&format!("/world/a/{at}"), None, 0.0));
    }
    products(&mut app);
    let viewport = app.world().resource::<ActiveBlueprint>().viewport();
    let view = *viewport.views.keys().next().unwrap();
    let other = ViewId::hashed(["other"]);
    // The first writes the view down.
    for frame in 0..5 {
        let eye =
            chronoscope_types::blueprint::EyeControls3D::default().with_position([frame as f32, 0.0, 0.0]);
        app.world_mut()
            .resource_mut::<ViewerCommands>()
            .push(ViewerCommand::Blueprint(BlueprintCommand::set_property(
                view, &eye,
            )));
        let overrides = |app: &App| app.world().resource::<ActiveBlueprint>().overrides_version(view);
        let properties = |app: &App, view| app.world().resource::<ActiveBlueprint>().properties_version(view);
        let before = overrides(&app);
        let (own, others) = (properties(&app, view), properties(&app, other));
        let next_number = |app: &App| app.world().resource::<DiffLog>().next_number();
        let logged = next_number(&app);
        app.update();
        if frame > 1 {
            assert_eq!(
                next_number(&app) - logged,
                2,
                "a row comes, and the one before goes"
            );
        }
        if frame > 0 {
            assert_eq!(overrides(&app), before, "an eye overrides nothing");
            assert!(properties(&app, view) > own, "the eye is read again");
            assert_eq!(properties(&app, other), others, "and no other view's");
            let done: Vec<_> = app.world().resource::<WorkCounters>().iter().collect();
            assert!(done.is_empty(), "{done:?}");
        }
    }
}

#[test]
fn one_new_entity_is_one_of_each() {
    let mut app = new_app();
    for at in 0..200 {
        add(&mut app, &store_id(), point(&format!("/world/a/{at}"), None, 0.0));
    }
    products(&mut app);
    add(&mut app, &store_id(), point("/world/a/new", None, 0.0));
    app.update();
    for kind in [Work::SchemaRowsRead, Work::EntitiesWalked, Work::LookedUp] {
        assert_eq!(work(&app, kind), 1, "{}", kind.name());
    }
    // The one view asks one of the two visualizers.
    assert_eq!(work(&app, Work::ResultsChecked), 1);
    assert_eq!(work(&app, Work::VisualsMade), 1);
}

#[test]
fn a_tab_that_comes_back_makes_nothing_anew() {
    let mut app = new_app();
    for at in 0..20 {
        add(&mut app, &store_id(), point(&format!("/world/a/{at}"), None, 0.0));
    }
    products(&mut app);
    for _ in 0..3 {
        for hidden in [Some(0), Some(1), None] {
            show_all(&mut app, hidden);
            app.update();
            assert_eq!(work(&app, Work::VisualsMade), 0);
        }
    }
}

#[test]
fn what_is_hidden_in_a_background_tab_is_known() {
    let mut app = new_app();
    add(&mut app, &store_id(), point("/world/a", None, 0.0));
    add(&mut app, &store_id(), point("/world/a/below", None, 0.0));
    products(&mut app);
    show_all(&mut app, Some(0));
    app.update();
    let world = app.world_mut();
    let mut views: Vec<_> = world.query::<&View>().iter(world).map(|view| view.id).collect();
    views.sort();
    let hide = BlueprintCommand::override_entity(
        views[0],
        "/world/a".into(),
        &EntityBehavior::default().with_visible(false),
    );
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Blueprint(hide));
    app.update();
    let hidden = [entity(&app, "/world/a"), entity(&app, "/world/a/below")];
    let world = app.world_mut();
    let mut overrides = world.query::<(&View, &ViewOverrides)>();
    for (view, overrides) in overrides.iter(world) {
        for entity in hidden {
            assert_eq!(overrides.is_visible(entity), view.id != views[0]);
        }
    }
}

#[test]
fn what_went_while_the_log_was_cut_is_forgotten() {
    let mut app = new_app();
    *app.world_mut().resource_mut::<DiffLog>() = DiffLog::with_capacity(4);
    add(&mut app, &store_id(), point("/world/a", None, 0.0));
    add(&mut app, &store_id(), transform("/world", 0, 5.0));
    seek(&mut app, 0);
    products(&mut app);
    let at = |app: &App| {
        let recordings = app.world().resource::<Recordings>();
        let store = recordings.active().unwrap().store();
        let transforms = app.world().resource::<Transforms>();
        transforms
            .world_from_entity(store, entity(app, "/world/a"))
            .unwrap()
            .translation
            .x
    };
    assert!((at(&app) - 5.0).abs() < 1e-9);
    // The transform goes in the same frame as more happens than the log holds.
    let world = entity(&app, "/world");
    crate::change(&mut app, &store_id(), |recording| recording.drop_entity(world));
    for time in 0..10 {
        add(&mut app, &store_id(), point("/other", Some(time), 0.0));
    }
    app.update();
    assert!(at(&app).abs() < 1e-9, "{}", at(&app));
}

/// Gives the messages that are put into it, until it is closed.
#[derive(Clone, Default)]
struct Channel(Arc<Mutex<Vec<LogMessage>>>);

impl IngestSource for Channel {
    fn name(&self) -> &str {
        "channel"
    }

    fn poll(&mut self) -> SourcePoll {
        self.0
            .lock()
            .unwrap()
            .pop()
            .map_or(SourcePoll::Pending, |message| SourcePoll::Message(message.into()))
    }

    fn status(&self) -> SourceStatus {
        SourceStatus::Live
    }
}

#[test]
fn a_recording_that_is_closed_while_it_is_read_stays_closed() {
    let mut app = new_app();
    let channel = Channel::default();
    let send = |id: &StoreId, time| {
        channel.0.lock().unwrap().push(LogMessage::Chunk {
            store: id.clone(),
            chunk: Arc::new(point("/world/a", Some(time), 0.0)),
        });
    };
    let source = app
        .world_mut()
        .resource_mut::<IngestSources>()
        .add(channel.clone());
    let other = StoreId::recording("app", "other");
    send(&store_id(), 0);
    app.update();
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::CloseRecording(store_id()));
    app.update();
    send(&store_id(), 1);
    send(&other, 1);
    app.update();
    let open: Vec<StoreId> = app
        .world()
        .resource::<Recordings>()
        .recordings()
        .map(|entry| entry.id().clone())
        .collect();
    assert_eq!(open, std::slice::from_ref(&other));
    // A source that comes later brings it back.
    let again = Channel::default();
    again.0.lock().unwrap().push(LogMessage::Chunk {
        store: store_id(),
        chunk: Arc::new(point("/world/a", Some(2), 0.0)),
    });
    app.world_mut().resource_mut::<IngestSources>().add(again);
    app.update();
    assert!(app.world().resource::<Recordings>().find(&store_id()).is_some());
    // A source that is removed is not asked again.
    app.world_mut().resource_mut::<IngestSources>().remove(source);
    send(&StoreId::recording("app", "third"), 0);
    app.update();
    assert_eq!(app.world().resource::<Recordings>().recordings().count(), 2);
}

static REPLACED: AtomicUsize = AtomicUsize::new(0);

/// Takes the place of another visualizer of the same name.
struct OtherPoints;

struct Seven;

impl Visual for Seven {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for OtherPoints {
    type Visual = Seven;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points3D",
        required: &["Points3D:positions"],
        optional: &[],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(_: &VisualizerInput<'_>) -> Result<Option<Seven>, Report> {
        REPLACED.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Seven))
    }
}

#[test]
fn another_visualizer_of_a_name_takes_the_place_of_the_first() {
    let mut app = new_app();
    app.add_visualizer::<OtherPoints>(&[]);
    add(&mut app, &store_id(), point("/world/a", None, 0.0));
    for _ in 0..3 {
        show_all(&mut app, None);
        app.update();
    }
    assert!(app.world().get_resource::<Visuals<Points>>().is_none());
    let entity = entity(&app, "/world/a");
    let world = app.world_mut();
    let views: Vec<_> = world
        .query::<(&View, &DataResults)>()
        .iter(world)
        .map(|(view, _)| view.id)
        .collect();
    assert!(!views.is_empty(), "no view of class {CLASS}");
    let visuals = app.world().resource::<Visuals<OtherPoints>>();
    assert!(views.iter().any(|view| {
        visuals
            .view(*view)
            .and_then(|visuals| visuals.of_entity(entity).next())
            .is_some()
    }));
    assert!(REPLACED.load(Ordering::Relaxed) > 0);
}

/// A view for each picture that is wider than high.
struct WidePictures;

impl ViewClass for WidePictures {
    fn id(&self) -> ViewClassId {
        "Wide".into()
    }

    fn display_name(&self) -> &'static str {
        "wide picture"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        schema
            .iter()
            .filter(|(_, entity)| entity.image_size().is_some_and(|[width, height]| width > height))
            .map(|(path, _)| RecommendedView::subtree("Wide", path.clone()))
            .collect()
    }
}

/// What is recommended hangs on which picture is the first, and not on which came first.
#[test]
fn a_picture_before_the_first_one_is_looked_into() {
    let mut app = new_app();
    app.add_view_class(WidePictures);
    let mut is_wide_after = |time: Option<i64>, width: u32, height: u32| {
        let at = time.map(|time| (Timeline::sequence("frame"), time));
        let picture = Image::from_rgb8(width, height, vec![0_u8; 3 * (width * height) as usize]);
        add(&mut app, &store_id(), log_chunk("/camera", at, &picture).unwrap());
        app.update();
        let views = &app.world().resource::<ActiveBlueprint>().viewport().views;
        views.values().any(|view| view.class.as_str() == "Wide")
    };
    assert!(!is_wide_after(Some(5), 1, 2));
    assert!(!is_wide_after(Some(6), 2, 1), "it is not the first");
    assert!(is_wide_after(Some(3), 2, 1));
    assert!(is_wide_after(Some(4), 1, 2));
    assert!(!is_wide_after(Some(1), 1, 2));
    assert!(is_wide_after(None, 2, 1), "static data wins");
}
