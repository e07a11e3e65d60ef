//! What is behind a spatial view, as its settings choose it.

use chronoscope_blueprint::ViewId;
use chronoscope_frame::ViewerCommand;
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component as _, ComponentName, Rgba, blueprint as archetypes,
    components::{Color, blueprint::BackgroundKind as KindComponent},
    enums::BackgroundKind,
};
use egui::{
    Color32, ComboBox, Ui,
    color_picker::{Alpha, color_edit_button_srgba},
};

use super::tile::set_properties;
use crate::{
    ViewStyle, ViewUiContext,
    properties::{Background, Gradient},
    settings_row::{is_let_go, settings_row},
};

/// Draws the choice, and the color where it is one.
pub(crate) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: Option<&Background>) {
    let properties = [archetypes::Background::KIND, archetypes::Background::COLOR];
    settings_row(ui, context, view, &properties, |ui, context| {
        let before = said.map_or_else(|| ViewStyle::of(context.world).background, Background::color);
        let choices = [
            ("Theme", None),
            ("One color", Some(Background::Color(before))),
            ("Dark gradient", Some(Background::Gradient(Gradient::DARK))),
            ("Bright gradient", Some(Background::Gradient(Gradient::BRIGHT))),
        ];
        let is_chosen = |choice: Option<&Background>| said == choice;
        let chosen = choices.iter().find(|(_, choice)| is_chosen(choice.as_ref()));
        ComboBox::from_id_salt(("background", view))
            .selected_text(chosen.map_or("", |(name, _)| name))
            .show_ui(ui, |ui| {
                for (name, choice) in &choices {
                    let is_now = is_chosen(choice.as_ref());
                    if ui.selectable_label(is_now, *name).clicked() && !is_now {
                        set_properties(context.commands, view, values(choice.as_ref()));
                        context.commands.push(ViewerCommand::EndGesture);
                    }
                }
            });
        if let Some(Background::Color(color)) = said {
            let mut color = *color;
            let is_changed = color_edit_button_srgba(ui, &mut color, Alpha::Opaque).changed();
            if is_changed {
                let choice = Background::Color(color);
                set_properties(context.commands, view, values(Some(&choice)));
            }
            if is_let_go(ui, view, archetypes::Background::COLOR, is_changed) {
                context.commands.push(ViewerCommand::EndGesture);
            }
        }
        ui.label("Background");
    });
}

/// What a background is set by, or left to the theme. A color of before is forgotten by a gradient.
fn values(background: Option<&Background>) -> [(ComponentName, ArrayRef); 2] {
    let kind = background.map(|background| match background {
        Background::Color(_) => BackgroundKind::SolidColor,
        Background::Gradient(gradient) if *gradient == Gradient::BRIGHT => BackgroundKind::GradientBright,
        Background::Gradient(_) => BackgroundKind::GradientDark,
    });
    let color = match background {
        Some(Background::Color(color)) => Some(rgba(*color)),
        Some(Background::Gradient(_)) | None => None,
    };
    [
        (
            archetypes::Background::KIND,
            KindComponent::build(kind.into_iter().collect()),
        ),
        (
            archetypes::Background::COLOR,
            Color::build(color.into_iter().collect()),
        ),
    ]
}

fn rgba(color: Color32) -> Rgba {
    Rgba::from_array(color.to_srgba_unmultiplied())
}
