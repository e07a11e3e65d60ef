//! What plots make of windows that move, of looks that change, and of what is done in the legend.

use chronoscope_blueprint::BlueprintCommand;
use chronoscope_frame::{ActiveBlueprint, Recordings, TimeCommand, ViewerCommand, ViewerCommands, Visuals};
use chronoscope_store::Chunk;
use chronoscope_types::{
    Clear, CursorTimeRange, Measurements, Rgba, Scalars, SeriesLines, TimeBoundary, VisibleTimeRange,
    blueprint::VisibleTimeRanges,
    columns_chunk,
    enums::{AxisScale, AxisSide},
    log_chunk,
    own::ScalarAxisScale,
};
use egui::{Event, PointerButton, vec2};

use super::{Viewer, assert_has, frame, scalars};
use crate::{
    ViewUiContext,
    time_series::{hides_series, show_series},
};

const CLASS: &str = "TimeSeries";

fn samples(entity: &str, times: &[i64], values: &[f64]) -> Chunk {
    columns_chunk(
        entity,
        [(frame(), times.to_vec())],
        &Scalars::new(values.iter().copied()),
    )
    .unwrap()
}

/// Shows a window of 50 that ends at the cursor.
fn slide(viewer: &mut Viewer) {
    let range = VisibleTimeRange {
        timeline: "frame".to_owned(),
        range: CursorTimeRange {
            start: TimeBoundary::CursorRelative(-50),
            end: TimeBoundary::CursorRelative(0),
        },
    };
    viewer.set(&VisibleTimeRanges::default().with_ranges([range]));
}

/// Which series of the view are shown, in the order of their names.
fn shown(viewer: &Viewer) -> Vec<bool> {
    let visuals = viewer
        .app
        .world()
        .resource::<Visuals<crate::time_series::SeriesLines>>();
    let visuals = visuals.view(viewer.first_view()).unwrap();
    let mut shown: Vec<_> = visuals
        .iter()
        .map(|(key, series)| (key.entity, series.styles[0].visible))
        .collect();
    shown.sort_unstable();
    shown.into_iter().map(|(_, visible)| visible).collect()
}

#[test]
fn a_window_that_slides_over_sparse_samples_keeps_its_axes() {
    let times = [0, 30, 110, 120, 300, 470, 550, 600];
    let mut viewer = Viewer::new([samples(
        "sparse",
        &times,
        &[0.0, 5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 2.5],
    )]);
    slide(&mut viewer);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(200)));
    // From 120 to 300 the line falls from 9 to 3, and so from 8 to 6.3 in the window.
    let text = viewer.text(CLASS);
    for wanted in ["150", "200", "7.0", "8.0"] {
        assert_has(&text, wanted);
    }
    assert!(!text.contains("No samples") && !text.contains("120"), "{text}");
    // Before the first and after the last sample there is nothing to be joined, and the axes are there all
    // the same.
    let mut viewer = Viewer::new([
        samples("one", &[10], &[4.0]),
        samples("long", &[0, 600], &[0.0, 0.0]),
    ]);
    slide(&mut viewer);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(200)));
    let text = viewer.text(CLASS);
    assert_has(&text, "150");
    assert!(!text.contains("Nothing on timeline"), "{text}");
}

#[test]
fn a_clear_at_the_end_leaves_a_series_as_it_looks() {
    let looks = SeriesLines::default()
        .with_colors([0x3CC8_3CFF_u32].map(Rgba))
        .with_names(["drive"]);
    let mut viewer = Viewer::new([
        scalars("a", 0, 100),
        log_chunk("a", [(frame(), 0)], &looks).unwrap(),
    ]);
    let style = |viewer: &Viewer| {
        let visuals = viewer
            .app
            .world()
            .resource::<Visuals<crate::time_series::SeriesLines>>();
        let visuals = visuals.view(viewer.first_view()).unwrap();
        let (_, series) = visuals.iter().next().unwrap();
        (series.styles[0].name.clone(), series.styles[0].color)
    };
    let before = style(&viewer);
    assert!(
        before.0.as_deref() == Some("drive") && before.1.is_some(),
        "{before:?}"
    );
    viewer.log(log_chunk("a", [(frame(), 200)], &Clear::new(false)).unwrap());
    viewer.settle();
    assert_eq!(style(&viewer), before);
}

#[test]
fn colors_and_names_that_change_hold_from_when_they_were_logged() {
    let colors = SeriesLines::default().with_colors([0x3CC8_3CFF_u32, 0xDC3C_DCFF].map(Rgba));
    let mut viewer = Viewer::new([
        scalars("a", 0, 100),
        columns_chunk("a", [(frame(), vec![0, 50])], &colors).unwrap(),
        log_chunk(
            "a",
            [(frame(), 0)],
            &SeriesLines::default().with_names(["warm-up"]),
        )
        .unwrap(),
        log_chunk(
            "a",
            [(frame(), 60)],
            &SeriesLines::default().with_names(["drive"]),
        )
        .unwrap(),
    ]);
    let visuals = viewer
        .app
        .world()
        .resource::<Visuals<crate::time_series::SeriesLines>>();
    let visuals = visuals.view(viewer.first_view()).unwrap();
    let (_, series) = visuals.iter().next().unwrap();
    let color = |time| series.look_at(0, time).color.unwrap().to_array();
    assert_eq!([color(0), color(49)], [[0x3C, 0xC8, 0x3C, 0xFF]; 2]);
    assert_eq!([color(50), color(99)], [[0xDC, 0x3C, 0xDC, 0xFF]; 2]);

    for (time, name, other) in [(10, "warm-up", "drive"), (80, "drive", "warm-up")] {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        let text = viewer.text(CLASS);
        assert!(text.contains(name) && !text.contains(other), "{text} at {time}");
    }
}

#[test]
fn series_of_one_name_are_told_apart_however_often_it_is_logged() {
    let entities = ["p/a", "p/b"];
    let looks = SeriesLines::default().with_names(["speed"]);
    let names = entities.map(|entity| {
        let times = [0, 50].map(|time| log_chunk(entity, [(frame(), time)], &looks).unwrap());
        Vec::from(times)
    });
    let series = entities.map(|entity| scalars(entity, 0, 100));
    let mut viewer = Viewer::new(series.into_iter().chain(names.into_iter().flatten()));
    let text = viewer.text(CLASS);
    for wanted in ["speed (p/a)", "speed (p/b)"] {
        assert_has(&text, wanted);
    }
}

#[test]
fn a_double_click_in_the_legend_shows_one_series_alone_and_the_next_all() {
    let mut viewer = Viewer::new(["p/a", "p/b", "p/c"].map(|entity| scalars(entity, 0, 100)));
    assert_eq!(shown(&viewer), [true; 3]);
    let double_click = |viewer: &mut Viewer| {
        viewer.draw(CLASS, Vec::new());
        let texts = viewer.draw(CLASS, Vec::new());
        let place = texts.iter().find(|(text, _)| text == "b").unwrap().1 + vec2(3.0, 3.0);
        viewer.draw(CLASS, vec![Event::PointerMoved(place)]);
        for pressed in [true, false, true, false] {
            let button = Event::PointerButton {
                pos: place,
                button: PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            };
            viewer.draw(CLASS, vec![button]);
        }
        viewer.draw(CLASS, vec![Event::PointerGone]);
        // So that the next click is not the third one.
        viewer.egui = egui::Context::default();
    };
    double_click(&mut viewer);
    assert_eq!(shown(&viewer), [false, true, false]);
    double_click(&mut viewer);
    assert_eq!(shown(&viewer), [true; 3]);
    // All of it is in the blueprint: the series that were hidden by one gesture come back by one.
    viewer.command(ViewerCommand::Undo);
    viewer.command(ViewerCommand::Undo);
    assert_eq!(shown(&viewer), [false, true, false]);
}

#[test]
fn what_the_legend_hides_is_hidden_for_the_tree_and_shown_from_it() {
    let mut viewer = Viewer::new(["p/a", "p/b"].map(|entity| scalars(entity, 0, 100)));
    let id = viewer.first_view();
    let entity = |viewer: &Viewer, path: &str| {
        let recordings = viewer.app.world().resource::<Recordings>();
        recordings
            .active()
            .unwrap()
            .store()
            .entity_id(&path.into())
            .unwrap()
    };
    let hides = |viewer: &Viewer| {
        ["/p/a", "/p/b"].map(|path| hides_series(viewer.app.world(), id, entity(viewer, path)))
    };
    assert_eq!(hides(&viewer), [false, false]);
    viewer.click(CLASS, "a");
    assert_eq!(shown(&viewer), [false, true]);
    assert_eq!(hides(&viewer), [true, false]);
    let mut commands = ViewerCommands::default();
    let world = viewer.app.world();
    let mut context = ViewUiContext {
        world,
        view: world.resource::<ActiveBlueprint>().entity(id).unwrap(),
        commands: &mut commands,
    };
    show_series(&mut context, entity(&viewer, "/p/a"));
    viewer
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .append(&mut commands);
    viewer.settle();
    assert_eq!(shown(&viewer), [true, true]);
    assert_eq!(hides(&viewer), [false, false]);
}

#[test]
fn the_blueprint_says_which_axis_and_which_scale() {
    let mut viewer = Viewer::new([
        samples("p/a", &[0, 100], &[1e-3, 1e3]),
        samples("p/b", &[0, 100], &[70_000.0, 70_001.0]),
    ]);
    let logarithmic = ScalarAxisScale::default().with_scale(AxisScale::Logarithmic);
    viewer.set(&logarithmic);
    let text = viewer.text(CLASS);
    assert_has(&text, "0.01");
    assert_has(&text, "10000");
    assert!(!viewer.settings(CLASS).contains("Right axis"));

    let right = chronoscope_types::own::SeriesAxis::default().with_sides([AxisSide::Right]);
    let command = BlueprintCommand::override_entity(viewer.first_view(), "/p/b".into(), &right);
    viewer.command(ViewerCommand::Blueprint(command));
    let text = viewer.text(CLASS);
    assert_has(&text, "70000.5");
    assert_has(&text, "0.01");
    assert_has(&viewer.settings(CLASS), "Right axis");
}

#[test]
fn measurements_are_lines_with_units_and_another_unit_has_another_axis() {
    let measured = |entity: &str, values: [f64; 3], variance: f64, unit: &str| {
        let measured = Measurements::default()
            .with_values(values)
            .with_variances([variance; 3])
            .with_units([unit.to_owned(), unit.to_owned(), unit.to_owned()]);
        columns_chunk(entity, [(frame(), vec![0, 50, 100])], &measured).unwrap()
    };
    let mut viewer = Viewer::new([
        measured("p/pressure", [101_000.0, 101_100.0, 101_000.0], 10_000.0, "Pa"),
        measured("p/warmth", [20.0, 21.0, 20.5], 0.01, "\u{b0}C"),
    ]);
    let text = viewer.text(CLASS);
    for wanted in ["pressure [Pa]", "warmth [\u{b0}C]", "101100", "20.4"] {
        assert_has(&text, wanted);
    }
    assert_has(&viewer.settings(CLASS), "Right axis");
    // The band counts: one standard deviation is 100 Pa.
    let place = egui::Pos2::new(200.0, 150.0);
    let texts = viewer.draw(CLASS, vec![Event::PointerMoved(place)]);
    assert!(texts.iter().any(|(text, _)| text == "100900"), "{texts:?}");
    viewer.click(CLASS, "pressure [Pa]");
    assert!(!viewer.text(CLASS).contains("101100"));
    viewer.command(ViewerCommand::Undo);
    assert_has(&viewer.text(CLASS), "101100");
}

#[test]
fn a_variance_that_holds_at_all_times_is_a_band() {
    let values = Measurements::default().with_values([101_000.0, 101_100.0, 101_000.0]);
    let variance = Measurements::default().with_variances([10_000.0]);
    let mut viewer = Viewer::new([
        columns_chunk("pressure", [(frame(), vec![0, 50, 100])], &values).unwrap(),
        log_chunk("pressure", [], &variance).unwrap(),
    ]);
    let visuals = viewer
        .app
        .world()
        .resource::<Visuals<crate::time_series::Measurements>>();
    let visuals = visuals.view(viewer.first_view()).unwrap();
    let (_, series) = visuals.iter().next().unwrap();
    let deviations = [0, 70].map(|time| series.deviation_at(0, time));
    assert_eq!(deviations, [Some(100.0); 2]);
    // The band counts.
    assert_has(&viewer.text(CLASS), "100900");
}

/// A series that is dragged out of the legend is carried with its view, and so are those that are selected with it.
#[test]
fn a_series_is_dragged_from_the_legend() {
    let chunks = || [scalars("plots/a", 0, 100), scalars("plots/b", 0, 100)];
    let mut viewer = Viewer::new(chunks());
    let view = viewer.first_view();
    let drag = |viewer: &mut Viewer| {
        viewer.draw(CLASS, Vec::new());
        let texts = viewer.draw(CLASS, Vec::new());
        let row = texts.iter().find(|(text, _)| text == "b").unwrap().1 + vec2(3.0, 3.0);
        viewer.draw(CLASS, vec![Event::PointerMoved(row)]);
        let press = |pressed, pos| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        viewer.draw(CLASS, vec![press(true, row)]);
        let away = row + vec2(-60.0, 40.0);
        viewer.draw(CLASS, vec![Event::PointerMoved(away)]);
        let carried = egui::DragAndDrop::payload::<crate::DraggedEntities>(&viewer.egui);
        viewer.draw(CLASS, vec![press(false, away)]);
        carried.map(|carried| crate::DraggedEntities::clone(&carried))
    };
    let carried = |entities: &[&str]| crate::DraggedEntities {
        entities: entities.iter().map(|path| (*path).into()).collect(),
        from: Some(view),
    };
    assert_eq!(drag(&mut viewer), Some(carried(&["/plots/b"])));
    assert_eq!(shown(&viewer), [true, true], "a drag is no click");
    let items = ["/plots/a", "/plots/b"].map(|path| chronoscope_frame::Item::DataResult {
        view,
        entity: path.into(),
        instance: None,
    });
    viewer.command(ViewerCommand::Select(items.to_vec()));
    assert_eq!(drag(&mut viewer), Some(carried(&["/plots/a", "/plots/b"])));
}
