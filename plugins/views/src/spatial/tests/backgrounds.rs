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

/// The letters of the axes: what each stands on, and its color.
fn letters(viewer: &mut Viewer) -> Vec<(Color32, Color32)> {
    let shapes = viewer.shapes(vec![]);
    let letters = shapes.windows(2).filter_map(|drawn| match drawn {
        [Shape::Mesh(chip), Shape::Text(text)] if ["X", "Y", "Z"].contains(&text.galley.text()) => {
            assert!(chip.calc_bounds().contains(text.pos + text.galley.size() / 2.0));
            Some((chip.vertices[0].color, text.galley.job.sections[0].format.color))
        }
        _ => None,
    });
    letters.collect()
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
        let letters = letters(&mut viewer);
        assert_eq!(letters.len(), 3);
        for (chip, color) in letters {
            assert_eq!(chip.a(), 255, "nothing shines through");
            assert_eq!(contrast(chip, Color32::WHITE) > 4.5, is_dark);
            assert!(contrast(color, chip) >= 4.5, "{color:?} on {chip:?}");
        }
    };
    check(BackgroundKind::GradientDark, true);
    check(BackgroundKind::GradientBright, false);
}
