//! What an app draws with visualizers of its own.

use super::*;

fn visualizer(class: &str, required: &[&str]) -> SchemaVisualizer {
    SchemaVisualizer {
        classes: vec![class.into()],
        required: required.iter().map(|name| (*name).into()).collect(),
    }
}

fn told(schema: &Schema) -> Vec<String> {
    let views = recommended(schema);
    let told = views.iter().map(|view| format!("{} {}", view.class, view.origin));
    told.collect()
}

#[test]
fn what_an_app_draws_of_its_own_has_a_view_in_the_class_that_it_draws_in() {
    for (class, expected) in [
        ("3D", "3D /boat"),
        ("2D", "2D /boat/sonar"),
        ("TimeSeries", "TimeSeries /boat/sonar"),
        ("BarChart", "BarChart /boat/sonar"),
    ] {
        let mut schema = schema("/boat/sonar Sonar:ranges");
        assert_eq!(told(&schema), [""; 0], "nobody draws it");
        schema.set_visualizers(vec![visualizer(class, &["Sonar:ranges", "Sonar:gain"])]);
        assert_eq!(told(&schema), [""; 0], "it lacks a component");
        schema.add(&"/boat/sonar".into(), ["Sonar:gain"]);
        assert_eq!(told(&schema), [expected]);
    }
}

/// Another look of what everybody logs shows it where it is shown anyway.
#[test]
fn a_visualizer_for_what_sdks_log_has_no_view_of_its_own() {
    let mut schema = schema("/boat Transform3D:translation");
    schema.set_visualizers(vec![visualizer("3D", &["Transform3D:translation"])]);
    assert_eq!(told(&schema), [""; 0]);
    schema.add(&"/boat".into(), ["Sonar:ranges"]);
    assert_eq!(told(&schema), [""; 0]);
}

/// A shape of an app's own lies on the picture that it belongs to.
#[test]
fn what_an_app_draws_in_the_plane_lies_on_pictures() {
    let mut schema = schema(
        "
        /camera/image Image:buffer 160x120
        /camera/marks Sonar:ranges
        ",
    );
    schema.set_visualizers(vec![
        visualizer("2D", &["Image:buffer"]),
        visualizer("2D", &["Sonar:ranges"]),
    ]);
    assert_eq!(told(&schema), ["2D /camera"]);
}
