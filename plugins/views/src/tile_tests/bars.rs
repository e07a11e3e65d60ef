//! Bar charts from logged tensors to text in a tile.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{ActiveBlueprint, TimeCommand, ViewerCommand, Visualizers};
use chronoscope_store::Chunk;
use chronoscope_types::{
    BarChart, Rgba, blueprint::PlotLegend, enums::Corner2D, log_chunk, tensor::TensorData,
};
use egui::{Color32, Shape};

use super::{Viewer, assert_has, frame};

const CLASS: &str = "BarChart";

fn bars(entity: &str, time: i64, chart: &BarChart) -> Chunk {
    log_chunk(entity, [(frame(), time)], chart).unwrap()
}

fn views(viewer: &Viewer) -> Vec<(ViewId, String)> {
    let viewport = viewer.app.world().resource::<ActiveBlueprint>().viewport();
    let views = viewport.views.values();
    views.map(|view| (view.id, view.origin.to_string())).collect()
}

fn reports(viewer: &Viewer) -> Vec<String> {
    let world = viewer.app.world();
    let visualizers = world.resource::<Visualizers>();
    let reports = views(viewer)
        .into_iter()
        .flat_map(|(view, _)| visualizers.reports(world, view));
    reports.map(|report| report.message).collect()
}

#[test]
fn each_entity_with_bars_has_a_chart_at_the_cursor() {
    let mut viewer = Viewer::new([
        bars("a", 0, &BarChart::new(vec![1_u8, 2, 40])),
        bars("a", 10, &BarChart::new(vec![-700_i64, 2])),
        bars("b", 0, &BarChart::new(vec![0.5_f32; 100])),
    ]);
    let mut origins: Vec<String> = views(&viewer).into_iter().map(|(_, origin)| origin).collect();
    origins.sort();
    assert_eq!(origins, ["/a", "/b"]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(5)));
    let text = viewer.text(CLASS);
    for wanted in ["a", "b", "40", "0.5", "100"] {
        assert_has(&text, wanted);
    }
    assert!(!text.contains("-600"), "{text}");
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(10)));
    assert_has(&viewer.text(CLASS), "-600");
    assert_eq!(reports(&viewer), [""; 0]);
}

#[test]
fn what_is_no_chart_says_why() {
    let square = TensorData::from(vec![1_u8; 12]).with_shape([3, 4]).unwrap();
    let mut viewer = Viewer::new([
        bars("square", 0, &BarChart::new(square)),
        bars(
            "short",
            0,
            &BarChart::new(vec![1_i32, 2, 3]).with_abscissa(vec![5_i32]),
        ),
    ]);
    let text = viewer.text(CLASS);
    assert_has(&text, "These bars cannot be drawn");
    assert_has(
        &text,
        "/square: values: rerun.components.TensorData: expected a tensor of one dimension, found 3 × 4",
    );
    let mut reports = reports(&viewer);
    reports.sort();
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(
        reports[0].starts_with("2 values have no place on the abscissa"),
        "{reports:?}"
    );
    assert!(reports[1].contains("found 3 × 4"), "{reports:?}");
}

#[test]
fn the_legend_hides_a_chart_and_shows_it_again() {
    let mut viewer = Viewer::new([bars("shown/here", 0, &BarChart::new(vec![1_u16, 20]))]);
    assert_has(&viewer.text(CLASS), "20");
    viewer.click(CLASS, "here");
    let text = viewer.text(CLASS);
    assert_has(&text, "here");
    assert!(!text.contains("20"), "{text}");
    viewer.command(ViewerCommand::Undo);
    assert_has(&viewer.text(CLASS), "20");
    viewer.command(ViewerCommand::Redo);
    viewer.click(CLASS, "here");
    assert_has(&viewer.text(CLASS), "20");
}

#[test]
fn a_chart_has_its_color_in_the_legend_while_it_is_hidden() {
    let chart = BarChart::new(vec![1_u16, 20]).with_color(Rgba(0xFF00_00FF));
    let mut viewer = Viewer::new([bars("shown/here", 0, &chart)]);
    viewer.click(CLASS, "here");
    let shapes = viewer.shapes(CLASS, Vec::new());
    let rings = shapes.iter().filter_map(|shape| match shape {
        Shape::Circle(circle) => Some(circle.stroke.color),
        _ => None,
    });
    assert_eq!(rings.collect::<Vec<_>>(), [Color32::RED.gamma_multiply(0.6)]);
}

#[test]
fn the_blueprint_hides_the_legend() {
    let mut viewer = Viewer::new([bars("shown/here", 0, &BarChart::new(vec![1_u16, 20]))]);
    assert_has(&viewer.settings(CLASS), "Legend");
    let legend = PlotLegend::default().with_visible(false);
    let (view, _) = views(&viewer).remove(0);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
        view, &legend,
    )));
    let text = viewer.text(CLASS);
    assert!(!text.contains("here") && text.contains("20"), "{text}");
}

#[test]
fn the_settings_name_the_corner_of_a_legend_only_where_one_was_chosen() {
    let mut viewer = Viewer::new([bars("shown/here", 0, &BarChart::new(vec![1_u16, 20]))]);
    assert_has(&viewer.settings(CLASS), "Where there is room");
    let legend = PlotLegend::default().with_corner(Corner2D::LeftBottom);
    let (view, _) = views(&viewer).remove(0);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
        view, &legend,
    )));
    viewer.text(CLASS);
    assert_has(&viewer.settings(CLASS), "Left, bottom");
}
