//! Plots of rows that are known and not all loaded.

use std::ops::Range;

use bevy::ecs::prelude::*;
use chronoscope_frame::{DiffLog, Recordings, TimeCommand, ViewerCommand};
use chronoscope_store::{AbsentChunk, Chunk, Recording, StoreError, StoreEvent, StoreId};
use chronoscope_types::{Scalars, columns_chunk};
use egui::{Event, Pos2, Shape, pos2};

use super::{Viewer, frame};
use crate::{ViewAction, time_series::PlotLines, view_action};

const CLASS: &str = "TimeSeries";

/// Rows of the same value, one at each time.
fn flat(entity: &str, times: Range<i64>) -> Chunk {
    let times: Vec<i64> = times.collect();
    let values = vec![1.5; times.len()];
    columns_chunk(entity, [(frame(), times)], &Scalars::new(values)).unwrap()
}

/// Changes the recording of a viewer.
pub(super) fn change(
    viewer: &mut Viewer,
    change: impl FnOnce(&mut Recording) -> Result<Vec<StoreEvent>, StoreError>,
) {
    let world = viewer.app.world_mut();
    world.resource_scope(|world, mut log: Mut<'_, DiffLog>| {
        let mut recordings = world.resource_mut::<Recordings>();
        let id = StoreId::recording("app", "recording");
        recordings.change(&mut log, &id, change).unwrap();
    });
    viewer.settle();
}

/// What is copied of the plot at a time, a line for each series.
fn copied_at(viewer: &mut Viewer, time: i64) -> Vec<String> {
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
    view_action::ask(&viewer.egui, viewer.first_view(), ViewAction::CopyTable);
    viewer.draw(CLASS, Vec::new());
    let copied = viewer.copied.take().unwrap();
    copied.lines().skip(1).map(str::to_owned).collect()
}

/// A place in the plot above a time that is written at the axis, off the lines.
fn tick(viewer: &mut Viewer, time: &str) -> Pos2 {
    viewer.draw(CLASS, vec![Event::PointerGone]);
    let texts = viewer.draw(CLASS, Vec::new());
    let found = texts.iter().find(|(text, _)| text == time);
    pos2(found.unwrap_or_else(|| panic!("{time} in {texts:?}")).1.x, 230.0)
}

/// Whether the line of this entity goes through a time that is written at the axis.
fn has_line_at(viewer: &mut Viewer, entity: &str, time: &str) -> bool {
    let x = tick(viewer, time).x + 5.0;
    let world = viewer.app.world();
    let store = world.resource::<Recordings>().active().unwrap().store();
    let entity = store.entity_id(&entity.into()).unwrap();
    let color = world
        .resource::<PlotLines>()
        .color_of(viewer.first_view(), entity);
    let crosses = |shape: &Shape| match shape {
        Shape::Mesh(mesh) => mesh.triangles().any(|corners| {
            let corners = corners.map(|at| mesh.vertices[at as usize]);
            let is_line = corners.iter().any(|corner| Some(corner.color) == color);
            let before = corners.iter().any(|corner| corner.pos.x <= x);
            is_line && before && corners.iter().any(|corner| corner.pos.x >= x)
        }),
        _ => false,
    };
    viewer.shapes(CLASS, Vec::new()).iter().any(crosses)
}

/// What is drawn with the pointer in the plot above a time that is written at the axis.
fn pointed_at(viewer: &mut Viewer, time: &str) -> Vec<String> {
    let place = tick(viewer, time);
    // A tooltip is measured before it is shown.
    for _ in 0..3 {
        viewer.draw(CLASS, vec![Event::PointerMoved(place)]);
    }
    let texts = viewer.draw(CLASS, vec![Event::PointerMoved(place)]);
    texts.into_iter().map(|(text, _)| text).collect()
}

fn says(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted)
}

#[test]
fn nothing_is_drawn_or_told_across_rows_that_are_not_loaded() {
    let mut viewer = Viewer::new([flat("p/a", 0..200), flat("p/b", 0..800)]);
    let middle = flat("p/a", 200..600);
    let absent = AbsentChunk::of(&middle);
    change(&mut viewer, |recording| recording.insert_absent(&absent));
    viewer.log(flat("p/a", 600..800));
    viewer.settle();
    assert!(has_line_at(&mut viewer, "/p/a", "100"));
    assert!(!has_line_at(&mut viewer, "/p/a", "400"));
    assert!(has_line_at(&mut viewer, "/p/b", "400"));
    assert!(has_line_at(&mut viewer, "/p/a", "700"));
    let copied = [199, 200, 599, 600].map(|time| copied_at(&mut viewer, time));
    let (known, unknown) = (["a\t1.5", "b\t1.5"], ["a\t", "b\t1.5"]);
    assert_eq!(copied, [known, unknown, unknown, known]);
    assert!(says(&pointed_at(&mut viewer, "400"), "Not loaded yet"));
    assert!(!says(&pointed_at(&mut viewer, "100"), "Not loaded yet"));

    change(&mut viewer, |recording| recording.load(middle));
    assert!(has_line_at(&mut viewer, "/p/a", "400"));
    assert_eq!(copied_at(&mut viewer, 400), known);
    assert!(!says(&pointed_at(&mut viewer, "400"), "Not loaded yet"));
}

#[test]
fn the_axis_has_the_times_of_rows_that_are_not_loaded() {
    let mut viewer = Viewer::new([flat("p/a", 0..200)]);
    let rest = AbsentChunk::of(&flat("p/a", 600..800));
    change(&mut viewer, |recording| recording.insert_absent(&rest));
    assert!(says(&pointed_at(&mut viewer, "700"), "Not loaded yet"));
    assert!(!says(&pointed_at(&mut viewer, "400"), "Not loaded yet"));
    let copied = [400, 700].map(|time| copied_at(&mut viewer, time));
    assert_eq!(
        copied,
        [["a\t1.5"], ["a\t"]],
        "the last value holds until there may be another"
    );
    // Of a series of which nothing is loaded there is no line, and the others go on.
    let whole = AbsentChunk::of(&flat("p/b", 300..500));
    change(&mut viewer, |recording| recording.insert_absent(&whole));
    assert!(says(&pointed_at(&mut viewer, "400"), "Not loaded yet"));
    assert_eq!(copied_at(&mut viewer, 100), ["a\t1.5"]);
}
