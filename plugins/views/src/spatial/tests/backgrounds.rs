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

/// The colors that the letters of the axes have, each letter with its rim first.
fn letters(viewer: &mut Viewer) -> Vec<(Color32, Color32)> {
    let shapes = viewer.shapes(vec![]);
    let letters = shapes.iter().filter_map(|shape| match shape {
        Shape::Text(text) if ["X", "Y", "Z"].contains(&text.galley.text()) => Some(text),
        _ => None,
    });
    let letters: Vec<_> = letters.collect();
    // What lies around a letter is drawn before it.
    let by_letter = letters.chunk_by(|a, b| a.galley.text() == b.galley.text());
    let colors = by_letter.map(|drawn| {
        let color = |at: usize| drawn[at].galley.job.sections[0].format.color;
        let last = drawn.len() - 1;
        assert!((1..last).all(|at| color(at) == color(0)));
        let around = drawn[..last].iter().map(|text| text.pos - drawn[last].pos);
        assert_eq!(
            around
                .clone()
                .fold(egui::Vec2::ZERO, |sum, offset| sum + offset)
                .length()
                .round(),
            0.0
        );
        assert!(around.count() >= 4, "on all sides");
        (color(0), color(last))
    });
    colors.collect()
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
        for (rim, color) in letters {
            assert_eq!(rim.a(), 255, "nothing shines through");
            assert_eq!(contrast(rim, Color32::WHITE) > 4.5, is_dark);
            assert!(contrast(color, rim) >= 4.5, "{color:?} on {rim:?}");
        }
    };
    check(BackgroundKind::GradientDark, true);
    check(BackgroundKind::GradientBright, false);
}
