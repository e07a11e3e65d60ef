//! The frame without views, renderer and user interface, driven by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod changes;
mod chunk_loading;
mod contexts;
mod host;
mod memory;
mod oracle;
mod query_contexts;
mod requests;
mod selectors;
mod sources;
mod visuals;

use std::{collections::BTreeMap, sync::Arc};

use bevy_app::{App, TaskPoolPlugin};
use bevy_ecs::entity::Entity;
use bevy_time::TimePlugin;
use chronoscope_blueprint::{ContentsFilter, RecommendedView, Schema, ViewClassId};
use chronoscope_frame::{
    ActiveBlueprint, Annotations, AppViewClassExt, AppVisualizerExt, Camera, Cursor, DataResults, DiffLog,
    EntityContexts, FramePlugins, InContext, InstructionIndex, MemoryBudget, QueryContext, RecordingEntry,
    Recordings, Report, ResultKey, Space, TimeControls, Transforms, View, ViewAxes, ViewClass, ViewOverrides,
    ViewTile, Visual, Visualizer, VisualizerInfo, VisualizerInput, Visualizers, Visuals,
    visualizer::{QueryMode, VisualOfRow},
};
use chronoscope_store::{Chunk, StoreEvent, StoreId};
use chronoscope_types::read;

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

    fn space(&self) -> Option<Space> {
        Some(Space::Three)
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

/// All positions and colors, and what the annotation context calls class 1.
struct Points;

#[derive(Clone, Debug, Default, PartialEq)]
struct Cloud {
    positions: Vec<[f32; 3]>,
    colors: Vec<u32>,
    label: Option<String>,
}

impl Visual for Cloud {
    const JOINS_ROWS: bool = true;

    fn heap_bytes(&self) -> u64 {
        (size_of_val(&*self.positions) + size_of_val(&*self.colors)) as u64
    }

    fn join(rows: &[VisualOfRow<Self>]) -> Option<Self> {
        let mut all = Self::default();
        for VisualOfRow { visual, .. } in rows {
            all.positions.extend(&visual.positions);
            all.colors.extend(&visual.colors);
            all.label.clone_from(&visual.label);
        }
        Some(all)
    }
}

impl Visualizer for Points {
    type Visual = Cloud;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points3D",
        required: &["Points3D:positions"],
        optional: &["Points3D:colors"],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    const REUSES_MEMORY: bool = true;

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        let Some(array) = input.get("Points3D:positions") else {
            return Ok(None);
        };
        let positions = read::positions3d(&array)
            .map_err(|error| input.report(error.to_string()))?
            .to_vec();
        let label = input
            .context::<Annotations>()
            .and_then(|context| context.class(1)?.info.label.clone());
        let colors = match input.get("Points3D:colors") {
            Some(array) => read::colors(&array)
                .map_err(|error| input.report(error.to_string()))?
                .to_vec(),
            None => Vec::new(),
        };
        Ok(Some(Cloud {
            positions,
            colors,
            label,
        }))
    }
}

/// All scalars.
struct Series;

#[derive(Debug)]
struct Samples(Vec<(i64, f64)>);

impl Visual for Samples {
    fn heap_bytes(&self) -> u64 {
        size_of_val(&*self.0) as u64
    }
}

impl Visualizer for Series {
    type Visual = Samples;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "SeriesLines",
        required: &["Scalars:scalars"],
        optional: &[],
        contexts: &[],
        mode: QueryMode::Range,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        let Some(answer) = input.range("Scalars:scalars", input.time_range()) else {
            return Ok(None);
        };
        let mut series = Vec::new();
        for row in answer.rows() {
            let cell = row.cell();
            series.extend(
                read::scalars(&cell)
                    .map_err(|error| input.report(error.to_string()))?
                    .iter()
                    .map(|value| (row.time, *value)),
            );
        }
        Ok(Some(Samples(series)))
    }
}

fn store_id() -> StoreId {
    StoreId::recording("app", "recording")
}

fn new_app() -> App {
    let mut app = App::new();
    app.add_plugins((TaskPoolPlugin::default(), TimePlugin))
        .add_plugins(FramePlugins);
    app.add_view_class(TestClass);
    app.add_visualizer::<Points>(&[CLASS])
        .add_visualizer::<Series>(&[CLASS]);
    // However busy the machine is, what is purged is the same.
    app.world_mut().resource_mut::<MemoryBudget>().gc_time = std::time::Duration::from_secs(60);
    app.finish();
    app.cleanup();
    app
}

fn add(app: &mut App, store: &StoreId, chunk: Chunk) {
    change(app, store, |recording| recording.insert(chunk).unwrap());
}

fn change(
    app: &mut App,
    store: &StoreId,
    change: impl FnOnce(&mut chronoscope_store::Recording) -> Vec<StoreEvent>,
) {
    app.world_mut()
        .resource_scope(|world, mut log: bevy_ecs::world::Mut<DiffLog>| {
            let mut recordings = world.resource_mut::<Recordings>();
            let changed = recordings.change(&mut log, store, |recording| {
                Ok::<_, std::convert::Infallible>(change(recording))
            });
            changed.unwrap();
        });
}

fn show_all(app: &mut App, except: Option<usize>) {
    let world = app.world_mut();
    let mut views: Vec<_> = world
        .query::<(Entity, &View)>()
        .iter(world)
        .map(|(entity, view)| (view.id, entity))
        .collect();
    views.sort();
    for (at, (_, entity)) in views.into_iter().enumerate() {
        let tile = ViewTile {
            shown: Some(at) != except,
            size_pixels: [100, 100],
            pixels_per_point: 1.0,
        };
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
    let mut views = world.query::<(Entity, &View, &QueryContext, &DataResults, &ViewOverrides)>();
    let mut out = BTreeMap::new();
    let recordings = world.resource::<Recordings>();
    if recordings.active().is_none() {
        return out;
    }
    let visualizers = world.resource::<Visualizers>();
    out.insert(
        "cursor".to_owned(),
        format!("{:?}", world.resource::<Cursor>().time),
    );
    out.insert(
        "viewport".to_owned(),
        format!("{:?}", world.resource::<ActiveBlueprint>().viewport()),
    );
    let mut reports = world.resource::<Transforms>().reports();
    reports.extend(world.resource::<EntityContexts>().reports());
    out.insert("reports".to_owned(), format!("{reports:?}"));
    for (entity, view, context, results, overrides) in views.iter(world) {
        let time = context.cursor.time;
        out.insert(
            format!("{} looks", view.id),
            format!("{time} {:?}", context.problem),
        );
        out.insert(
            format!("{} reports", view.id),
            format!("{:?}", visualizers.reports(world, view.id)),
        );
        let products = InContext::of_view(world, entity);
        let entry = products.and_then(|products| products.recording(recordings));
        let Some((products, store)) = products.zip(entry.map(RecordingEntry::store)) else {
            assert!(results.is_empty(), "there is nothing where the view looks");
            continue;
        };
        let latest_at = products.latest_at;
        for result in results.iter() {
            let name = format!("{} {}", view.id, result.path);
            let shown_by: Vec<_> = result
                .visualizers
                .iter()
                .map(|id| visualizers.info(*id).unwrap().name)
                .collect();
            let mut rows: Vec<String> = Vec::new();
            if let Some(latest_at) = latest_at.get(result.entity) {
                rows = latest_at
                    .iter()
                    .map(|(component, answer)| {
                        let row = answer.hit.as_ref().map(|hit| (hit.row_id(), hit.data_time()));
                        format!("{:?} {row:?}", store.descriptor(component))
                    })
                    .collect();
                rows.sort();
                out.insert(format!("{name} validity"), format!("{:?}", latest_at.validity()));
            }
            let visible = overrides.is_visible(result.entity);
            out.insert(
                format!("{name} result"),
                format!("{shown_by:?} {visible} {rows:?}"),
            );
            let points = world
                .resource::<Visuals<Points>>()
                .view(view.id)
                .map(|visuals| by_instruction(visuals.of_entity(result.entity)))
                .unwrap_or_default();
            out.insert(format!("{name} points"), format!("{points:?}"));
            let series = world
                .resource::<Visuals<Series>>()
                .view(view.id)
                .map(|visuals| by_instruction(visuals.of_entity(result.entity)))
                .unwrap_or_default();
            out.insert(format!("{name} series"), format!("{series:?}"));
            let transforms = products.transforms;
            let origins = ["/", "/world", "/world/a", "/world/b", "/world/b/new", "/nowhere"];
            let transform = origins.map(|origin| {
                let origin = transforms.origin(store, &origin.into());
                transforms.origin_from_entity(store, origin, result.entity).ok()
            });
            let frame = transforms.frame_name(store, result.entity);
            out.insert(format!("{name} transform"), format!("{transform:?}"));
            let contexts = products.reader(store);
            let held = (
                contexts.get::<ViewAxes>(result.entity),
                contexts.get::<Annotations>(result.entity),
                contexts.get::<Camera>(result.entity),
            );
            out.insert(format!("{name} contexts"), format!("{frame:?} {held:?}"));
        }
        let stale: Vec<_> = world
            .resource::<Visuals<Points>>()
            .view(view.id)
            .into_iter()
            .flat_map(|visuals| visuals.iter().map(|(key, _)| key.entity))
            .filter(|entity| results.get(*entity).is_none())
            .collect();
        assert!(stale.is_empty(), "visuals of what is not in the view: {stale:?}");
    }
    let shared = (
        world.resource::<Visuals<Points>>().num_visuals(),
        world.resource::<Visuals<Series>>().num_visuals(),
    );
    out.insert("visuals".to_owned(), format!("{shared:?}"));
    out
}

fn by_instruction<'a, T: 'a>(
    visuals: impl Iterator<Item = (ResultKey, &'a Arc<T>)>,
) -> Vec<(InstructionIndex, &'a T)> {
    visuals
        .map(|(key, visual)| (key.instruction, &**visual))
        .collect()
}

/// A fresh app with the same stores, blueprint and cursor.
fn fresh(app: &App) -> App {
    let mut fresh = new_app();
    let world = app.world();
    let recordings = world.resource::<Recordings>();
    let Some(active) = recordings.active() else {
        return fresh;
    };
    for entry in recordings.recordings() {
        for (_, chunk) in entry.store().chunks() {
            add(&mut fresh, entry.id(), Chunk::clone(chunk.unwrap()));
        }
        let control = world.resource::<TimeControls>().get(entry.key()).clone();
        let world = fresh.world_mut();
        let key = world.resource_mut::<Recordings>().open(entry.id()).key();
        *world.resource_mut::<TimeControls>().get_mut(key) = control;
    }
    if let Some((blueprint, blueprints)) = recordings.active_blueprint() {
        for (_, chunk) in blueprint.store().chunks() {
            add(&mut fresh, blueprint.id(), Chunk::clone(chunk.unwrap()));
        }
        let mut recordings = fresh.world_mut().resource_mut::<Recordings>();
        recordings.open(blueprint.id());
        let target = recordings.blueprints_mut(&active.id().application_id);
        target.active = Some(blueprint.id().clone());
        target.undo = blueprints.undo.clone();
    }
    fresh
        .world_mut()
        .resource_mut::<Recordings>()
        .activate(active.id());
    fresh
}
