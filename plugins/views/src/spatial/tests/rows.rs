//! Rows in a range of times: pointed at, lit up and told of one by one.

use chronoscope_render::Highlight;
use chronoscope_store::RowId;

use super::{results::last_rows, *};

const MIDDLE: Pos2 = Pos2::new(300.0, 200.0);

fn seek(frame: i64) -> ViewerCommand {
    ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), frame))
}

/// Two points a frame, with labels that are not shown; the last three frames are.
fn viewer() -> Viewer {
    let row = |frame: i64| {
        let x = frame as f32;
        let points = Points3D::new([[x, 0.0, 0.0], [x, 1.0, 0.0]])
            .with_labels([format!("low {frame}"), format!("high {frame}")])
            .with_show_labels(false);
        log_chunk("cloud", [(Timeline::sequence("frame"), frame)], &points).unwrap()
    };
    let mut viewer = Viewer::new((0..20).map(row));
    last_rows(&mut viewer, 2);
    viewer.command(seek(10));
    viewer.settle();
    viewer
}

/// The rows that are drawn, in their order: what picking answers, and how they are lit up.
fn drawn(viewer: &mut Viewer) -> Vec<(RowId, u32, Highlight, Option<u32>, Vec<u32>)> {
    let scene = viewer.scene();
    let (key, shown) = scene.shown().next().unwrap();
    let parts = 0..shown.visual.parts.len();
    let rows = parts.map(|at| {
        let uniform = scene.uniform_of_part(key, at).unwrap();
        assert!(!uniform.is_whole);
        (
            shown.visual.row_of_part(at).unwrap(),
            uniform.picking_id,
            uniform.highlight,
            uniform.hovered_instance,
            uniform.selected_instances.as_slice().to_vec(),
        )
    });
    rows.collect()
}

fn item(viewer: &mut Viewer, row: RowId, instance: Option<u32>) -> Item {
    Item::Row {
        view: viewer.view(),
        entity: "/cloud".into(),
        row,
        instance,
    }
}

#[test]
fn a_row_is_pointed_at_with_its_instance_and_lights_up_alone() {
    let mut viewer = viewer();
    let rows = drawn(&mut viewer);
    assert_eq!(rows.len(), 3);
    let (row, picking_id, ..) = rows[1];
    viewer.point_at(MIDDLE);
    let (request, _) = viewer.asked()[0];
    viewer.answer_drawn(request, Some((picking_id, 1)));
    let hovered = viewer.app.world().resource::<Selection>().hovered.clone();
    assert_eq!(hovered, Some(item(&mut viewer, row, Some(1))));
    let text = viewer.hover(MIDDLE);
    for wanted in ["instance 1", "frame #9", "high 9"] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    viewer.settle();
    let hovered: Vec<Option<u32>> = drawn(&mut viewer).iter().map(|row| row.3).collect();
    assert_eq!(hovered, [None, Some(1), None]);

    viewer.press_and_release(MIDDLE);
    viewer.draw(vec![]);
    let (request, _) = viewer.asked()[0];
    let clicks = viewer.answer_drawn(request, Some((picking_id, 0)));
    assert_eq!(clicks[0].instance, Some(0));
    assert_eq!(viewer.selected(), [item(&mut viewer, row, Some(0))]);
    viewer.settle();
    let selected: Vec<Vec<u32>> = drawn(&mut viewer).into_iter().map(|row| row.4).collect();
    assert_eq!(selected, [vec![], vec![0], vec![]]);
}

#[test]
fn rows_that_stay_in_the_range_keep_their_ids_and_those_that_left_have_none() {
    let mut viewer = viewer();
    let before = drawn(&mut viewer);
    viewer.command(seek(11));
    viewer.settle();
    let after = drawn(&mut viewer);
    assert_eq!(after[..2], before[1..]);
    let scene = viewer.scene();
    assert_eq!(scene.picked(before[0].1), None);
    for (row, picking_id, ..) in &after {
        assert_eq!(scene.picked(*picking_id).unwrap().1, Some(*row));
    }
    let mut ids: Vec<u32> = after.iter().chain(&before).map(|row| row.1).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_row_that_is_selected_as_a_whole_lights_up_as_one() {
    let mut viewer = viewer();
    let row = drawn(&mut viewer)[2].0;
    let whole = item(&mut viewer, row, None);
    viewer.command(ViewerCommand::Select(vec![whole]));
    viewer.settle();
    let lit = |viewer: &mut Viewer| -> Vec<Highlight> { drawn(viewer).iter().map(|row| row.2).collect() };
    let (none, selected) = (Highlight::None, Highlight::Selected);
    assert_eq!(lit(&mut viewer), [none, none, selected]);
    // It moves along with the range, and leaves it.
    viewer.command(seek(12));
    viewer.settle();
    assert_eq!(lit(&mut viewer), [selected, none, none]);
    viewer.command(seek(13));
    viewer.settle();
    assert_eq!(lit(&mut viewer), [none; 3]);
    viewer.command(ViewerCommand::Select(vec![Item::Entity("/cloud".into())]));
    viewer.settle();
    assert_eq!(lit(&mut viewer), [selected; 3]);
}

#[test]
fn of_one_row_in_the_range_it_is_that_row() {
    let mut viewer = viewer();
    last_rows(&mut viewer, 0);
    viewer.settle();
    let rows = drawn(&mut viewer);
    assert_eq!(rows.len(), 1);
    viewer.point_at(MIDDLE);
    let (request, _) = viewer.asked()[0];
    viewer.answer_drawn(request, Some((rows[0].1, 0)));
    let hovered = viewer.app.world().resource::<Selection>().hovered.clone();
    assert_eq!(hovered, Some(item(&mut viewer, rows[0].0, Some(0))));
}

#[test]
fn a_row_with_one_instance_is_told_of_without_its_number() {
    let row = |frame: i64| {
        let point = Points3D::new([[frame as f32, 0.0, 0.0]]);
        log_chunk("cloud", [(Timeline::sequence("frame"), frame)], &point).unwrap()
    };
    let mut viewer = Viewer::new((0..20).map(row));
    last_rows(&mut viewer, 2);
    viewer.command(seek(10));
    viewer.settle();
    let rows = drawn(&mut viewer);
    assert_eq!(rows.len(), 3);
    viewer.point_at(MIDDLE);
    let (request, _) = viewer.asked()[0];
    viewer.answer_drawn(request, Some((rows[1].1, 0)));
    let text = viewer.hover(MIDDLE);
    assert!(text.contains("frame #9") && !text.contains("instance"), "{text}");
}
