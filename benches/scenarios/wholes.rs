//! What takes more than a row of one archetype: distances before a camera, rows of all times, and a workbench full of views.

use chronoscope::{
    blueprint::{ViewBlueprint, ViewClassId},
    frame::{Item, ViewerCommand},
    store::{Chunk, Timeline},
    types::{
        AsComponents, Component as _, Pinhole, Scalars, TextLog, ViewCoordinates, columns_chunk, components,
        enums::ContainerKind, log_chunk,
    },
};

use super::{Scenario, name_of, plots::plot_views, show};
use crate::{
    archetypes::DEPTH_CLOUD,
    scenes::{self, TIMELINE, view_id},
};

/// An archetype of which a view shows the rows of all times.
#[derive(Clone, Copy)]
pub struct RowsArchetype {
    name: &'static str,
    class: &'static str,
    /// The components of rows at these times.
    rows: fn(&[i64]) -> Box<dyn AsComponents>,
}

impl RowsArchetype {
    fn chunk(&self, path: &str, times: Vec<i64>) -> Chunk {
        let rows = (self.rows)(&times);
        columns_chunk(path, [(Timeline::sequence(TIMELINE), times)], &*rows).unwrap()
    }
}

/// All of them.
pub const ROWS: [RowsArchetype; 2] = [
    RowsArchetype {
        name: "Scalars",
        class: ViewClassId::TIME_SERIES,
        rows: |times| Box::new(Scalars::new(times.iter().map(|time| (*time as f64 * 0.01).sin()))),
    },
    RowsArchetype {
        name: "TextLog",
        class: ViewClassId::TEXT_LOG,
        rows: |times| {
            let texts = times.iter().map(|time| format!("line {time}"));
            let texts = components::Text::build(texts.collect());
            Box::new(vec![(TextLog::TEXT.descriptor(), texts)])
        },
    },
];

/// Many entities of a few rows each, of which each gets a row in each frame.
pub fn rows_arrive(archetype: RowsArchetype, entities: usize) -> Scenario {
    let path = |at: usize| format!("/rows/group{}/entity{at}", at % 10);
    Scenario::new(
        format!("{}_{entities}x1", archetype.name),
        move |stage| {
            stage.log((0..entities).map(|at| archetype.chunk(&path(at), vec![0, 1])));
            show(stage, scenes::views(archetype.class, 1));
            stage.seek(TIMELINE, 0);
        },
        move |stage, frame| {
            let time = frame as i64 + 2;
            stage.log((0..entities).map(|at| archetype.chunk(&path(at), vec![time])));
        },
    )
    .with_frames(40)
}

/// One entity of many rows, over which the cursor goes.
pub fn many_rows(archetype: RowsArchetype, rows: i64) -> Scenario {
    Scenario::new(
        format!("{}_1x{rows}", archetype.name),
        move |stage| {
            let begins = (0..rows).step_by(10_000);
            stage.log(
                begins.map(|begin| archetype.chunk("/rows", (begin..rows.min(begin + 10_000)).collect())),
            );
            show(stage, scenes::views(archetype.class, 1));
            stage.seek(TIMELINE, rows / 2);
        },
        move |stage, frame| stage.seek(TIMELINE, rows / 2 + 17 * (frame as i64 + 1)),
    )
    .with_frames(40)
}

/// A picture of distances as a cloud before its camera, another one in each frame.
pub fn depth_cloud(pixels: usize) -> Scenario {
    const ROWS: i64 = 4;
    Scenario::new(
        name_of(DEPTH_CLOUD.name, pixels),
        move |stage| {
            let side = (pixels as f32).sqrt().ceil();
            let lens = Pinhole::from_focal_length_and_resolution([side; 2], [side; 2]);
            stage.log([
                log_chunk("/world", [], &ViewCoordinates::right_hand_z_up()).unwrap(),
                log_chunk("/world/camera", [], &lens).unwrap(),
            ]);
            stage.log((0..ROWS).map(|time| DEPTH_CLOUD.chunk("/world/camera/depth", time, pixels)));
            show(stage, scenes::views(DEPTH_CLOUD.class, 1));
            stage.seek(TIMELINE, 0);
        },
        |stage, frame| stage.seek(TIMELINE, (frame as i64 + 1) % ROWS),
    )
    .with_frames(40)
}

/// Everything at once for the interface: trees of so many entities, a scene, so many series in plots of five, a log, and something that
/// is selected. Time moves.
pub fn workbench(entities: usize, series: usize) -> Scenario {
    const SAMPLES: i64 = 50_000;
    Scenario::new(
        format!("{}_{series}_series", name_of("ui", entities)),
        move |stage| {
            stage.log(scenes::world(entities));
            stage.log(scenes::series(series, SAMPLES));
            let lines = ROWS
                .iter()
                .find(|archetype| archetype.class == ViewClassId::TEXT_LOG);
            stage.log(lines.map(|lines| lines.chunk("/logs", (0..1_000).collect())));
            let plots = plot_views(series);
            let others = [
                (ViewClassId::SPATIAL_3D, "/world"),
                (ViewClassId::TEXT_LOG, "/logs"),
            ];
            let others = (plots.len()..)
                .zip(others)
                .map(|(at, (class, origin))| ViewBlueprint::new(view_id(at), class, origin));
            show(stage, scenes::layout(plots.chain(others), ContainerKind::Grid));
            stage.command(ViewerCommand::Select(vec![Item::Entity(scenes::entity(7))]));
            stage.seek(TIMELINE, SAMPLES / 2);
        },
        |stage, frame| stage.seek(TIMELINE, SAMPLES / 2 + 17 * (frame as i64 + 1)),
    )
}
