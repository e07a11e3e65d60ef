//! What is written over a view can be told from what is behind it, whatever the theme.

use chronoscope_types::{blueprint, enums::BackgroundKind};
use egui::Color32;

use super::*;
use crate::{ViewStyle, style::contrast};

fn light() -> ViewStyle {
    ViewStyle {
        background: Color32::WHITE,
        grid: Color32::LIGHT_GRAY,
        text: Color32::BLACK,
        secondary_text: Color32::DARK_GRAY,
        label_background: Color32::from_white_alpha(224),
        error: Color32::DARK_RED,
        success: Color32::DARK_GREEN,
        selected: Color32::DARK_BLUE,
        ..ViewStyle::default()
    }
}

/// The plate in the corner, and the colors of the letters on it.
fn letters(viewer: &mut Viewer) -> (Color32, Vec<Color32>) {
    let shapes = viewer.shapes(vec![]);
    let plate = shapes.iter().find_map(|shape| match shape {
        Shape::Circle(circle) => Some(circle.fill),
        _ => None,
    });
    let colors = shapes.iter().filter_map(|shape| match shape {
        Shape::Text(text) if ["X", "Y", "Z"].contains(&text.galley.text()) => {
            Some(text.galley.job.sections[0].format.color)
        }
        _ => None,
    });
    (plate.unwrap(), colors.collect())
}

#[test]
fn the_letters_of_the_axes_are_read_on_any_background_and_over_anything_that_lies_there() {
    let mut viewer = Viewer::with([boxes()], |app| {
        app.insert_resource(light());
    });
    let mut check = |kind: BackgroundKind, is_dark: bool| {
        let background = blueprint::Background::default().with_kind(kind);
        let view = viewer.view();
        viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
            view,
            &background,
        )));
        viewer.settle();
        let (plate, colors) = letters(&mut viewer);
        assert_eq!(colors.len(), 3);
        assert_eq!(plate.a(), 255, "nothing shines through");
        assert_eq!(contrast(plate, Color32::WHITE) > 4.5, is_dark);
        for color in colors {
            assert!(contrast(color, plate) >= 4.5, "{color:?} on {plate:?}");
        }
    };
    check(BackgroundKind::GradientDark, true);
    check(BackgroundKind::GradientBright, false);
}
