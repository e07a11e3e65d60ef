//! The oracle: whatever happened before, the products of a frame are those of a fresh app that is given the same stores, blueprint and
//! cursor.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use bevy_app::{App, TaskPoolPlugin};
use bevy_time::TimePlugin;
use chronoscope_blueprint::{BlueprintCommand, ContentsFilter, RecommendedView, Schema, ViewClassId};
use chronoscope_frame::{
    ActiveBlueprint, Answers, AppViewClassExt, AppVisualizerExt, Cursor, DataResults, DiffLog, FramePlugins, Recordings, Report,
    TimeCommand, TimeControls, Transforms, View, ViewClass, ViewOverrides, ViewTile, ViewerCommand, ViewerCommands, Visualizer,
    VisualizerInfo, VisualizerInput, Visualizers, Visuals, visualizer::QueryMode,
};
use chronoscope_store::{Chunk, EntityPath, StoreEvent, StoreId, TimeRange, Timeline};
use chronoscope_types::{AnnotationContext, Clear, Points3D, Scalars, Transform3D, blueprint::EntityBehavior, log_chunk, read};
use proptest::{prelude::*, test_runner::RngSeed};

/// A view that shows what lies below `/world`, and one that shows everything.
struct TestClass;

const CLASS: &str = "Test";

impl ViewClass for TestClass {
    fn id(&self) -> ViewClassId {
        CLASS.into()
    }

    fn display_name(&self) -> &'static str {
        "test view"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        let mut views = vec![RecommendedView::subtree(CLASS, "/".into())];
        if schema.get(&"/world/a".into()).is_some() {
            views.push(RecommendedView {
                contents: ContentsFilter::parse("+ /world/**\n- /world/b/**"),
                ..RecommendedView::subtree(CLASS, "/world".into())
            });
        }
        views
    }
}

/// The first position, and what the annotation context calls class 1.
struct Points;

impl Visualizer for Points {
    type Visual = (Vec<[f32; 3]>, Option<String>);

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points3D",
        required: &["Points3D:positions"],
        optional: &["Points3D:colors"],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        let Some(array) = input.get("Points3D:positions") else { return Ok(None) };
        let positions = read::positions3d(&array).map_err(|error| input.report(error.to_string()))?.to_vec();
        let label = input.annotations.context().and_then(|context| context.class(1)?.info.label.clone());
        Ok(Some((positions, label)))
    }
}

/// All scalars.
struct Series;

impl Visualizer for Series {
    type Visual = Vec<(i64, f64)>;

    const INFO: VisualizerInfo =
        VisualizerInfo { name: "SeriesLines", required: &["Scalars:scalars"], optional: &[], mode: QueryMode::Range };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        let Some(answer) = input.range("Scalars:scalars", input.time_range()) else { return Ok(None) };
        let mut series = Vec::new();
        for row in answer.rows() {
            let cell = row.cell();
            series.extend(
                read::scalars(&cell).map_err(|error| input.report(error.to_string()))?.iter().map(|value| (row.time, *value)),
            );
        }
        Ok(Some(series))
    }
}

fn store_id() -> StoreId {
    StoreId::recording("app", "recording")
}

fn new_app() -> App {
    let mut app = App::new();
    app.add_plugins((TaskPoolPlugin::default(), TimePlugin)).add_plugins(FramePlugins);
    app.add_view_class(TestClass);
    app.add_visualizer::<Points>(&[CLASS]).add_visualizer::<Series>(&[CLASS]);
    app.finish();
    app.cleanup();
    app
}

fn add(app: &mut App, store: &StoreId, chunk: Chunk) {
    change(app, store, |recording| recording.insert(chunk).unwrap());
}

fn change(app: &mut App, store: &StoreId, change: impl FnOnce(&mut chronoscope_store::Recording) -> Vec<StoreEvent>) {
    let world = app.world_mut();
    let (key, events) = {
        let mut recordings = world.resource_mut::<Recordings>();
        let entry = recordings.open(store);
        (entry.key(), change(&mut entry.recording))
    };
    world.resource_mut::<DiffLog>().push_events(key, events);
}

fn show_all(app: &mut App, except: Option<usize>) {
    let world = app.world_mut();
    let mut views: Vec<_> =
        world.query::<(bevy_ecs::entity::Entity, &View)>().iter(world).map(|(entity, view)| (view.id, entity)).collect();
    views.sort();
    for (at, (_, entity)) in views.into_iter().enumerate() {
        let tile = ViewTile { shown: Some(at) != except, size_pixels: [100, 100], pixels_per_point: 1.0 };
        let mut shown = world.get_mut::<ViewTile>(entity).unwrap();
        if *shown != tile {
            *shown = tile;
        }
    }
}

/// All products, by path: what two apps are compared by.
fn products(app: &mut App) -> BTreeMap<String, String> {
    // Views that have just come are shown in the next frame, and settle in the one after.
    for _ in 0..3 {
        show_all(app, None);
        app.update();
    }
    let world = app.world_mut();
    let mut views = world.query::<(&View, &DataResults, &ViewOverrides)>();
    let mut out = BTreeMap::new();
    let recordings = world.resource::<Recordings>();
    let Some(entry) = recordings.active() else { return out };
    let store = entry.store();
    let answers = world.resource::<Answers>();
    let visualizers = world.resource::<Visualizers>();
    out.insert("cursor".to_owned(), format!("{:?}", world.resource::<Cursor>().time));
    out.insert("viewport".to_owned(), format!("{:?}", world.resource::<ActiveBlueprint>().viewport()));
    for (view, results, overrides) in views.iter(world) {
        for result in results.iter() {
            let name = format!("{} {}", view.id, result.path);
            let shown_by: Vec<_> = result.visualizers.iter().map(|id| visualizers.info(*id).unwrap().name).collect();
            let mut rows: Vec<String> = Vec::new();
            if let Some(answers) = answers.get(result.entity) {
                rows = answers
                    .iter()
                    .map(|(component, answer)| {
                        let row = answer.hit.as_ref().map(|hit| (hit.row_id(), hit.data_time()));
                        format!("{:?} {row:?} {:?}", store.descriptor(component), answer.validity)
                    })
                    .collect();
                rows.sort();
            }
            let visible = overrides.is_visible(result.entity);
            out.insert(format!("{name} result"), format!("{shown_by:?} {visible} {rows:?}"));
            let points = world.resource::<Visuals<Points>>().view(view.id).and_then(|visuals| visuals.get(result.entity));
            out.insert(format!("{name} points"), format!("{points:?}"));
            let series = world.resource::<Visuals<Series>>().view(view.id).and_then(|visuals| visuals.get(result.entity));
            out.insert(format!("{name} series"), format!("{series:?}"));
            let transform = world.resource::<Transforms>().world_from_entity(store, result.entity);
            out.insert(format!("{name} transform"), format!("{transform:?}"));
        }
        let stale: Vec<_> = world
            .resource::<Visuals<Points>>()
            .view(view.id)
            .into_iter()
            .flat_map(|visuals| visuals.iter().map(|(entity, _)| entity))
            .filter(|entity| results.get(*entity).is_none())
            .collect();
        assert!(stale.is_empty(), "visuals of what is not in the view: {stale:?}");
    }
    out
}

/// A fresh app with the same stores, blueprint and cursor.
fn fresh(app: &App) -> App {
    let mut fresh = new_app();
    let world = app.world();
    let recordings = world.resource::<Recordings>();
    let Some(entry) = recordings.active() else { return fresh };
    for (_, chunk) in entry.store().chunks() {
        add(&mut fresh, entry.id(), Chunk::clone(chunk.unwrap()));
    }
    fresh.world_mut().resource_mut::<Recordings>().open(entry.id());
    if let Some((blueprint, blueprints)) = recordings.active_blueprint() {
        for (_, chunk) in blueprint.store().chunks() {
            add(&mut fresh, blueprint.id(), Chunk::clone(chunk.unwrap()));
        }
        let mut recordings = fresh.world_mut().resource_mut::<Recordings>();
        recordings.open(blueprint.id());
        let target = recordings.blueprints_mut(&entry.id().application_id);
        target.active = Some(blueprint.id().clone());
        target.undo = blueprints.undo.clone();
    }
    let control = world.resource::<TimeControls>().get(entry.key()).clone();
    let key = fresh.world().resource::<Recordings>().active().unwrap().key();
    *fresh.world_mut().resource_mut::<TimeControls>().get_mut(key) = control;
    fresh
}

#[derive(Clone, Debug)]
enum Step {
    Points { entity: usize, time: Option<i64>, count: usize },
    Scalars { entity: usize, times: Vec<i64> },
    Transform { entity: usize, time: Option<i64>, x: f32 },
    Annotations { entity: usize, time: Option<i64>, label: u8 },
    Clear { entity: usize, time: i64, recursive: bool },
    DropEntity { entity: usize },
    DropOldest,
    Seek { time: i64 },
    Timeline { other: bool },
    Hide { view: Option<usize> },
    Visible { view: usize, entity: usize, visible: bool },
    Contents { view: usize, which: usize },
    Undo,
    Redo,
    Frame,
}

const ENTITIES: [&str; 6] = ["/world", "/world/a", "/world/a/points", "/world/b", "/world/b/deep/er", "/plot"];
const CONTENTS: [&str; 3] = ["+ $origin/**", "+ /world/a/**", "+ /**\n- /world/a/**"];

fn step() -> impl Strategy<Value = Step> {
    let entity = || 0..ENTITIES.len();
    let time = || proptest::option::weighted(0.85, -5i64..25);
    prop_oneof![
        4 => (entity(), time(), 0usize..4).prop_map(|(entity, time, count)| Step::Points { entity, time, count }),
        2 => (entity(), prop::collection::vec(-5i64..25, 1..5)).prop_map(|(entity, times)| Step::Scalars { entity, times }),
        3 => (entity(), time(), -4i8..4).prop_map(|(entity, time, x)| Step::Transform { entity, time, x: f32::from(x) }),
        1 => (entity(), time(), any::<u8>()).prop_map(|(entity, time, label)| Step::Annotations { entity, time, label }),
        1 => (entity(), -5i64..25, any::<bool>()).prop_map(|(entity, time, recursive)| Step::Clear { entity, time, recursive }),
        1 => entity().prop_map(|entity| Step::DropEntity { entity }),
        1 => Just(Step::DropOldest),
        6 => (-8i64..30).prop_map(|time| Step::Seek { time }),
        1 => any::<bool>().prop_map(|other| Step::Timeline { other }),
        2 => proptest::option::of(0usize..2).prop_map(|view| Step::Hide { view }),
        2 => (0usize..2, entity(), any::<bool>()).prop_map(|(view, entity, visible)| Step::Visible { view, entity, visible }),
        1 => (0usize..2, 0..CONTENTS.len()).prop_map(|(view, which)| Step::Contents { view, which }),
        1 => Just(Step::Undo),
        1 => Just(Step::Redo),
        4 => Just(Step::Frame),
    ]
}

fn times(time: Option<i64>) -> Vec<(Timeline, i64)> {
    time.map(|time| vec![(Timeline::sequence("frame"), time), (Timeline::duration("clock"), -time * 10)]).unwrap_or_default()
}

fn play(app: &mut App, step: &Step) {
    let id = store_id();
    let command = |app: &mut App, command| app.world_mut().resource_mut::<ViewerCommands>().push(command);
    let view = |app: &App, at: usize| app.world().resource::<ActiveBlueprint>().viewport().views.keys().nth(at).copied();
    match step.clone() {
        Step::Points { entity, time, count } => {
            let points = Points3D::new((0..count).map(|i| [i as f32, time.unwrap_or(99) as f32, 0.0]));
            add(app, &id, log_chunk(ENTITIES[entity], times(time), &points).unwrap());
        }
        Step::Scalars { entity, times: at } => {
            for time in at {
                add(app, &id, log_chunk(ENTITIES[entity], times(Some(time)), &Scalars::new([time as f64])).unwrap());
            }
        }
        Step::Transform { entity, time, x } => {
            add(
                app,
                &id,
                log_chunk(ENTITIES[entity], times(time), &Transform3D::default().with_translation([x, 1.0, 0.0])).unwrap(),
            );
        }
        Step::Annotations { entity, time, label } => {
            let context = AnnotationContext::from_labels([(1, &*format!("label {label}"), [0u8, 0, 0])]);
            add(app, &id, log_chunk(ENTITIES[entity], times(time), &context).unwrap());
        }
        Step::Clear { entity, time, recursive } => {
            add(app, &id, log_chunk(ENTITIES[entity], times(Some(time)), &Clear::new(recursive)).unwrap());
        }
        Step::DropEntity { entity } => {
            change(app, &id, |recording| match recording.store.entity_id(&EntityPath::parse(ENTITIES[entity])) {
                Some(entity) => recording.drop_entity(entity),
                None => Vec::new(),
            });
        }
        Step::DropOldest => {
            change(app, &id, |recording| {
                let oldest = recording.store.chunks().map(|(meta, _)| meta.id).next();
                recording.drop_chunks(oldest)
            });
        }
        Step::Seek { time } => command(app, ViewerCommand::Time(TimeCommand::SetTime(time))),
        Step::Timeline { other } => {
            let name = if other { "clock" } else { "frame" };
            command(app, ViewerCommand::Time(TimeCommand::SetTimeline(name.to_owned())));
        }
        Step::Hide { view } => show_all(app, view),
        Step::Visible { view: at, entity, visible } => {
            if let Some(view) = view(app, at) {
                let behavior = EntityBehavior::default().with_visible(visible);
                let edit = BlueprintCommand::override_entity(view, ENTITIES[entity].into(), &behavior);
                command(app, ViewerCommand::Blueprint(edit));
                command(app, ViewerCommand::EndGesture);
            }
        }
        Step::Contents { view: at, which } => {
            if let Some(view) = view(app, at) {
                let edit = BlueprintCommand::SetContents(view, ContentsFilter::parse(CONTENTS[which]));
                command(app, ViewerCommand::Blueprint(edit));
            }
        }
        Step::Undo => command(app, ViewerCommand::Undo),
        Step::Redo => command(app, ViewerCommand::Redo),
        Step::Frame => app.update(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_in_the_frame_of_a_fresh_app(history in prop::collection::vec(step(), 1..60)) {
        let mut app = new_app();
        for step in &history {
            play(&mut app, step);
        }
        let ours = products(&mut app);
        let theirs = products(&mut fresh(&app));
        for (name, value) in &theirs {
            prop_assert_eq!(ours.get(name), Some(value), "{}", name);
        }
        prop_assert_eq!(ours.len(), theirs.len());
    }
}

#[test]
fn a_settled_frame_looks_nothing_up() {
    let mut app = new_app();
    for at in 0..50 {
        add(&mut app, &store_id(), log_chunk("/world/a", times(Some(at * 10)), &Points3D::new([[at as f32, 0.0, 0.0]])).unwrap());
    }
    products(&mut app);
    let looked_up = |app: &mut App| {
        app.update();
        app.world().resource::<Answers>().looked_up()
    };
    assert_eq!(looked_up(&mut app), 0);
    // Within the validity of the rows nothing is looked up; behind its end, what ended.
    let seek = |app: &mut App, time| {
        app.world_mut().resource_mut::<ViewerCommands>().push(ViewerCommand::Time(TimeCommand::SetTime(time)));
    };
    app.world_mut().resource_mut::<ViewerCommands>().push(ViewerCommand::Time(TimeCommand::SetTimeline("frame".into())));
    seek(&mut app, 100);
    app.update();
    seek(&mut app, 105);
    assert_eq!(looked_up(&mut app), 0);
    seek(&mut app, 110);
    assert_eq!(looked_up(&mut app), 1);
    assert!(app.world().resource::<Answers>().cursor().time == 110);
    let store = app.world().resource::<Recordings>().active().unwrap().store();
    let entity = store.entity_id(&"/world/a".into()).unwrap();
    let validity = app.world().resource::<Answers>().get(entity).unwrap().validity();
    assert_eq!(validity, TimeRange::new(110, 119));
}
