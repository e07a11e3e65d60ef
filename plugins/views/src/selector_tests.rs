//! Plots and logs of parts of components, as the blueprint maps them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bevy::{
    app::{App, TaskPoolPlugin},
    ecs::prelude::*,
    time::TimePlugin,
};
use chronoscope_blueprint::{
    BlueprintCommand, ContainerBlueprint, ContainerId, ContainerKind, Contents, Instruction, InstructionId,
    OverrideTarget, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
};
use chronoscope_frame::{
    FramePlugins, Recordings, ViewTile, ViewerCommand, ViewerCommands, Visualizer, Visuals,
    visualizer::ViewVisuals,
};
use chronoscope_store::{
    Chunk, ComponentDescriptor, EntityId, RowId, Timeline,
    arrow::{
        ArrayRef, Float64Array, StringArray, StructArray,
        builder::{Float64Builder, ListBuilder},
    },
};
use chronoscope_types::{
    AsComponents as _, ComponentMapping, blueprint::VisualizerInstruction, enums::ComponentSourceKind,
};

use crate::{
    TextLogPlugin, TimeSeriesPlugin,
    testing::log,
    text_log::{self, TextLog},
    time_series::SeriesLines,
};

const SOURCE: &str = "Test:source";

/// A row of the entity, on the timeline or static.
fn row(time: Option<i64>, cells: impl IntoIterator<Item = (ComponentDescriptor, ArrayRef)>) -> Chunk {
    let at = time.map(|time| (Timeline::sequence("t"), time));
    Chunk::builder("/a")
        .with_row(RowId::new(), at, cells)
        .build()
        .unwrap()
}

fn source(cell: ArrayRef) -> (ComponentDescriptor, ArrayRef) {
    (ComponentDescriptor::partial(SOURCE), cell)
}

fn fields(fields: &[(&str, f64)]) -> ArrayRef {
    let columns = fields.iter().map(|(name, value)| {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![*value]));
        (*name, column)
    });
    Arc::new(StructArray::try_from(columns.collect::<Vec<_>>()).unwrap())
}

fn list(values: &[f64]) -> ArrayRef {
    let mut lists = ListBuilder::new(Float64Builder::new());
    lists.append_value(values.iter().copied().map(Some));
    Arc::new(lists.finish())
}

struct Viewer {
    app: App,
    view: ViewId,
}

impl Viewer {
    /// A viewer of these rows, in which a visualizer takes a part of the source for one of its components.
    fn new<V: Visualizer>(rows: impl IntoIterator<Item = Chunk>, class: &str, selector: &str) -> Self {
        let mut app = App::new();
        app.add_plugins((TaskPoolPlugin::default(), TimePlugin))
            .add_plugins(FramePlugins)
            .add_plugins((TimeSeriesPlugin, TextLogPlugin));
        app.finish();
        app.cleanup();
        rows.into_iter().for_each(|chunk| log(&mut app, chunk));
        settle(&mut app);
        let root = ContainerId::hashed(["selectors"]);
        let view = ViewId::hashed(["selectors"]);
        let mut viewport = ViewportBlueprint {
            root: Some(root),
            auto_layout: false,
            auto_views: false,
            ..ViewportBlueprint::default()
        };
        let container = ContainerBlueprint::new(root, ContainerKind::Tabs, [Contents::View(view)]);
        viewport.containers.insert(root, container);
        viewport.views.insert(view, ViewBlueprint::new(view, class, "/"));
        let mapping = ComponentMapping {
            target: V::INFO.required[0].to_owned(),
            source_kind: ComponentSourceKind::SourceComponent,
            source_component: Some(SOURCE.to_owned()),
            selector: Some(selector.to_owned()),
        };
        let instruction = Instruction {
            id: InstructionId::hashed(["part"]),
            visualizer: V::INFO.name.into(),
        };
        let set = BlueprintCommand::SetOverride {
            view,
            entity: "/a".into(),
            target: OverrideTarget::Visualizer {
                id: instruction.id,
                active: vec![instruction],
            },
            components: VisualizerInstruction::default()
                .with_component_map(mapping)
                .components(),
        };
        let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
        let write = BlueprintCommand::WriteAll(Box::new(viewport));
        commands.push(ViewerCommand::Blueprint(write));
        commands.push(ViewerCommand::Blueprint(set));
        settle(&mut app);
        Self { app, view }
    }

    fn visuals<V: Visualizer>(&self) -> (&ViewVisuals<V>, EntityId) {
        let world = self.app.world();
        let recordings = world.resource::<Recordings>();
        let entity = recordings.active().unwrap().store().entity_id(&"/a".into());
        let visuals = world.resource::<Visuals<V>>().view(self.view);
        (visuals.unwrap(), entity.unwrap())
    }

    /// The samples of the plot, its constants, and what is reported.
    fn plot(&self) -> (Vec<(i64, f64)>, Vec<f64>, Vec<String>) {
        let (visuals, entity) = self.visuals::<SeriesLines>();
        let reports = visuals.reports_of(entity).map(ToString::to_string).collect();
        let Some((_, series)) = visuals.of_entity(entity).next() else {
            return (Vec::new(), Vec::new(), reports);
        };
        let (times, values) = (series.samples.times(0).iter(), series.samples.values(0).iter());
        let samples = times.copied().zip(values.copied()).collect();
        (samples, series.constants.clone(), reports)
    }
}

fn settle(app: &mut App) {
    for _ in 0..4 {
        app.update();
        let world = app.world_mut();
        for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
            tile.set_if_neq(ViewTile {
                shown: true,
                size_pixels: [600, 300],
                pixels_per_point: 1.0,
            });
        }
    }
}

fn plot(rows: impl IntoIterator<Item = Chunk>, selector: &str) -> (Vec<(i64, f64)>, Vec<f64>, Vec<String>) {
    Viewer::new::<SeriesLines>(rows, ViewClassId::TIME_SERIES, selector).plot()
}

#[test]
fn rows_that_lack_a_field_are_no_line_at_the_value_of_others() {
    let old = (1..3).map(|time| row(Some(time), [source(fields(&[("y", 1.0)]))]));
    let new = (5..7).map(|time| row(Some(time), [source(fields(&[("x", 7.0), ("y", 1.0)]))]));
    let (samples, constants, reports) = plot(old.chain(new), ".x");
    assert_eq!((samples, constants), (vec![(5, 7.0), (6, 7.0)], vec![]));
    assert!(
        matches!(reports.as_slice(), [one] if one.contains("no field \"x\" among y")),
        "{reports:?}"
    );
}

#[test]
fn a_list_that_is_too_short_is_a_gap_or_no_row() {
    let lists = [(1, &[1.0, 10.0][..]), (2, &[2.0]), (3, &[3.0, 30.0])];
    let rows = || lists.map(|(time, values)| row(Some(time), [source(list(values))]));
    let (samples, _, reports) = plot(rows(), "[1]");
    assert_eq!((samples[0], samples[2]), ((1, 10.0), (3, 30.0)));
    assert!(samples.len() == 3 && samples[1].1.is_nan(), "{samples:?}");
    assert_eq!(reports, [""; 0]);
    let (samples, _, reports) = plot(rows(), "[1]!");
    assert_eq!(samples, [(1, 10.0), (3, 30.0)]);
    assert_eq!(reports, [""; 0]);
    // What is static holds at all times.
    let (samples, constants, reports) = plot([row(None, [source(list(&[4.0, 40.0]))])], "[1]");
    assert_eq!((samples, constants, reports), (vec![], vec![40.0], vec![]));
    let (_, constants, reports) = plot([row(None, [source(list(&[4.0]))])], "[1]");
    assert!(constants.is_empty() || constants[0].is_nan(), "{constants:?}");
    assert_eq!(reports, [""; 0]);
}

#[test]
fn a_part_of_another_component_is_the_text_beside_the_level_of_its_row() {
    let message = |text: Option<&str>, level: &str, time| {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let message: ArrayRef = Arc::new(StructArray::try_from(vec![("text", texts)]).unwrap());
        let level: ArrayRef = Arc::new(StringArray::from(vec![level]));
        let level = (chronoscope_types::TextLog::LEVEL.descriptor(), level);
        row(time, [source(message), level])
    };
    let lines = |rows: Vec<Chunk>, selector: &str| {
        let viewer = Viewer::new::<TextLog>(rows, ViewClassId::TEXT_LOG, selector);
        let (visuals, entity) = viewer.visuals::<TextLog>();
        let line = |log: &text_log::LogEntries, at: usize| {
            let level = log.level(at).map(ToString::to_string).unwrap_or_default();
            (log.text(at).to_owned(), level)
        };
        let log = visuals.of_entity(entity).next();
        let lines = log.map(|(_, log)| (0..log.len()).map(|at| line(log, at)).collect::<Vec<_>>());
        let reports: Vec<String> = visuals.reports_of(entity).map(ToString::to_string).collect();
        (lines.unwrap_or_default(), reports)
    };
    let line = |text: &str, level: &str| (text.to_owned(), level.to_owned());
    let rows = || {
        vec![
            message(Some("one"), "INFO", Some(1)),
            message(None, "WARN", Some(2)),
            message(Some("three"), "ERROR", Some(3)),
        ]
    };
    let expected = vec![line("one", "INFO"), line("three", "ERROR")];
    assert_eq!(lines(rows(), ".text!"), (expected, vec![]));
    let one = || vec![message(Some("always"), "DEBUG", None)];
    assert_eq!(lines(one(), ".text"), (vec![line("always", "DEBUG")], vec![]));
    // A static row of which there is no such part is no line, and not one of the whole.
    let (none, reports) = lines(one(), ".nope");
    assert_eq!((none, reports.len()), (vec![], 1));
}
