//! Mappings with selectors: a part of a component is shown as if it were logged by itself, or it is said why
//! not, wherever its rows are read.

use std::sync::Arc;

use bevy_app::App;
use chronoscope_blueprint::{BlueprintCommand, Instruction, InstructionId, OverrideTarget};
use chronoscope_frame::{Visualizer, Visuals};
use chronoscope_store::{
    Chunk, ComponentDescriptor, RowId, Timeline,
    arrow::{ArrayRef, Float64Array, StructArray},
};
use chronoscope_types::{
    AsComponents as _, ComponentMapping, Points3D, Transform3D, blueprint::VisualizerInstruction,
    enums::ComponentSourceKind, log_chunk, records::RotationAxisAngle,
};

use crate::{
    Points, Series, add, store_id,
    visuals::{app_with, command, entity, seek, settle, show_range, shown, view},
};

/// A visualizer and the part of a component that it takes for one of its own.
#[derive(Clone, Copy)]
struct Part {
    visualizer: &'static str,
    target: &'static str,
    source: &'static str,
    selector: &'static str,
}

/// Points at a part of a component.
fn points(source: &'static str, selector: &'static str) -> Part {
    Part {
        visualizer: "Points3D",
        target: "Points3D:positions",
        source,
        selector,
    }
}

/// A plot of a part of a component.
fn plot(source: &'static str, selector: &'static str) -> Part {
    Part {
        visualizer: "SeriesLines",
        target: "Scalars:scalars",
        source,
        selector,
    }
}

/// Shows the entity by these parts alone.
fn show_parts(app: &mut App, parts: &[Part]) {
    let id = |at: usize| InstructionId::hashed(["part", &at.to_string()]);
    let active = parts.iter().enumerate().map(|(at, part)| Instruction {
        id: id(at),
        visualizer: part.visualizer.into(),
    });
    let active: Vec<_> = active.collect();
    for (at, part) in parts.iter().enumerate() {
        let mapping = ComponentMapping {
            target: part.target.to_owned(),
            source_kind: ComponentSourceKind::SourceComponent,
            source_component: Some(part.source.to_owned()),
            selector: Some(part.selector.to_owned()),
        };
        let instruction = VisualizerInstruction::default().with_component_map(mapping);
        let target = OverrideTarget::Visualizer {
            id: id(at),
            active: active.clone(),
        };
        let set = BlueprintCommand::SetOverride {
            view: view(0),
            entity: "/world/a".into(),
            target,
            components: instruction.components(),
        };
        command(app, set);
    }
    settle(app);
}

/// A turn whose axis is ten times the time.
fn turn(time: i64) -> Transform3D {
    let turn = RotationAxisAngle::new([time as f32 * 10.0, 1.0, 2.0], time as f32 * 0.5);
    Transform3D::default().with_rotation_axis_angle(turn)
}

fn log_turn(app: &mut App, time: i64) {
    let at = [(Timeline::sequence("frame"), time)];
    add(app, &store_id(), log_chunk("/world/a", at, &turn(time)).unwrap());
}

const TURN: &str = "Transform3D:rotation_axis_angle";

/// A state with these fields.
fn log_state(app: &mut App, time: i64, fields: &[(&str, f64)]) {
    let columns = fields.iter().map(|(name, value)| {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![*value]));
        (*name, column)
    });
    let state: ArrayRef = Arc::new(StructArray::try_from(columns.collect::<Vec<_>>()).unwrap());
    let cell = (ComponentDescriptor::partial(STATE), state);
    let at = [(Timeline::sequence("frame"), time)];
    let chunk = Chunk::builder("/world/a").with_row(RowId::new(), at, [cell]);
    add(app, &store_id(), chunk.build().unwrap());
}

const STATE: &str = "Test:state";

fn reports<V: Visualizer>(app: &App) -> Vec<String> {
    let visuals = app.world().resource::<Visuals<V>>().view(view(0));
    let reports = visuals.map(|visuals| visuals.reports_of(entity(app)).map(ToString::to_string).collect());
    reports.unwrap_or_default()
}

/// The samples of all plots of the entity.
fn plots(app: &App) -> Vec<Vec<(i64, f64)>> {
    let visuals = app.world().resource::<Visuals<Series>>().view(view(0)).unwrap();
    let plots = visuals.of_entity(entity(app));
    plots.map(|(_, samples)| samples.0.clone()).collect()
}

#[test]
fn a_mapping_with_a_selector_shows_a_part_of_a_component_or_says_why_not() {
    let mut app = app_with(1, 0..3);
    (0..3).for_each(|time| log_turn(&mut app, time));
    let parts = [
        points(TURN, ".axis"),
        plot(TURN, ".angle"),
        plot(TURN, ".axis[0]"),
        points(TURN, ".pose.axis"),
    ];
    show_parts(&mut app, &parts);
    for time in [2, 0, 1] {
        seek(&mut app, time);
        assert_eq!(shown(&app, 0), [[time as f32 * 10.0]]);
    }
    let samples = |step: f64| (0..3).map(|time| (time, time as f64 * step)).collect::<Vec<_>>();
    assert_eq!(plots(&app), [samples(0.5), samples(10.0)]);
    let reports = reports::<Points>(&app);
    assert_eq!(reports.len(), 1, "{reports:?}");
    for part in [
        "/world/a",
        "Points3D:positions",
        "no field \"pose\" among axis, angle",
    ] {
        assert!(reports[0].contains(part), "{part} is not in {reports:?}");
    }
}

#[test]
fn each_row_of_a_range_of_times_shows_the_part_of_it() {
    let mut app = app_with(1, 0..6);
    (0..5).for_each(|time| log_turn(&mut app, time));
    // What was logged in one row belongs together, whatever else has the same time.
    let color = |red: u8| Points3D::default().with_colors([[red, 0, 0, 255]]);
    let at = || [(Timeline::sequence("frame"), 5)];
    let row = log_chunk("/world/a", at(), &(turn(5), color(7))).unwrap();
    add(&mut app, &store_id(), row);
    let other = log_chunk("/world/a", at(), &color(8)).unwrap();
    add(&mut app, &store_id(), other);
    show_parts(&mut app, &[points(TURN, ".axis"), points(TURN, ".nope")]);
    seek(&mut app, 4);
    show_range(&mut app, 1, -2, 0);
    assert_eq!(shown(&app, 0), [[20.0, 30.0, 40.0]]);
    let told = reports::<Points>(&app);
    assert!(
        matches!(told.as_slice(), [one] if one.contains("no field \"nope\"")),
        "{told:?}"
    );
    // Rows that are taken over from before keep what is wrong with them.
    seek(&mut app, 5);
    assert_eq!(shown(&app, 0), [[30.0, 40.0, 50.0]]);
    assert_eq!(reports::<Points>(&app), told);
    let visuals = app.world().resource::<Visuals<Points>>().view(view(0)).unwrap();
    let (_, cloud) = visuals.of_entity(entity(&app)).next().unwrap();
    assert_eq!(cloud.colors, [0x0700_00FF]);
}

#[test]
fn what_is_reported_does_not_depend_on_where_the_cursor_came_from() {
    let mut app = app_with(1, 0..1);
    log_state(&mut app, 5, &[("x", 1.0)]);
    seek(&mut app, 0);
    show_parts(&mut app, &[points(STATE, ".nope")]);
    for _ in 0..2 {
        assert_eq!(reports::<Points>(&app), [""; 0], "there is no row yet");
        seek(&mut app, 6);
        assert_eq!(reports::<Points>(&app).len(), 1);
        seek(&mut app, 0);
    }
}

#[test]
fn a_plot_reports_what_it_reads_and_not_what_stands_at_the_cursor() {
    let mut app = app_with(1, 0..1);
    (1..4).for_each(|time| log_state(&mut app, time, &[("x", 1.0)]));
    // The logger was started again, and logs more.
    (6..9).for_each(|time| log_state(&mut app, time, &[("x", 1.0), ("y", time as f64)]));
    for cursor in [0, 2, 7] {
        seek(&mut app, cursor);
        // Made anew where the cursor stands.
        show_parts(&mut app, &[plot(STATE, ".x"), plot(STATE, ".x[0]")]);
        show_parts(&mut app, &[plot(STATE, ".y"), plot(STATE, ".x")]);
        let new = vec![(6, 6.0), (7, 7.0), (8, 8.0)];
        let all = [1, 2, 3, 6, 7, 8].map(|time| (time, 1.0)).to_vec();
        assert_eq!(plots(&app), [new, all]);
        let reports = reports::<Series>(&app);
        assert!(
            matches!(reports.as_slice(), [one] if one.contains("no field \"y\" among x")),
            "{reports:?}"
        );
    }
    // What cannot be read at all is said even where nothing is logged.
    show_parts(&mut app, &[plot("Test:nothing", "?"), plot(STATE, ".x")]);
    let reports = reports::<Series>(&app);
    assert!(
        matches!(reports.as_slice(), [one] if one.contains("cannot be read")),
        "{reports:?}"
    );
}

#[test]
fn parts_that_are_kept_are_counted() {
    let mut app = app_with(1, 0..1);
    (0..200).for_each(|time| log_turn(&mut app, time));
    show_parts(&mut app, &[plot(TURN, ".angle")]);
    let bytes = |app: &App| app.world().resource::<Visuals<Series>>().bytes();
    let shared = bytes(&app);
    // Elements of lists are copied.
    show_parts(&mut app, &[plot(TURN, ".axis[0]")]);
    let copied = bytes(&app);
    assert!(copied >= shared + 200 * 4, "{copied} and {shared}");
    // So they are for a row that comes, in a visual that goes on from the one before.
    log_turn(&mut app, 200);
    settle(&mut app);
    assert_eq!(plots(&app)[0].len(), 201);
    assert!((copied..2 * copied).contains(&bytes(&app)), "{}", bytes(&app));
}
