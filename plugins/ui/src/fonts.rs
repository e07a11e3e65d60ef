//! The faces of the interface, bundled: Inter for text, `JetBrains` Mono for values, Phosphor for icons.
//!
//! All three come under licences that allow it; those of the first two lie beside them in `assets/fonts`.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId};

const TEXT: &str = "inter";
const TEXT_MEDIUM: &str = "inter-medium";
const MONO: &str = "jetbrains-mono";
const ICONS: &str = "phosphor";

static INTER_REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
static INTER_MEDIUM: &[u8] = include_bytes!("../../../assets/fonts/Inter-Medium.otf");
static JETBRAINS_MONO: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");

/// Gives `ctx` the faces, in place of those it had. They are there from its next pass on.
pub fn install_fonts(ctx: &egui::Context) {
    ctx.set_fonts(definitions());
}

/// The medium weight of the text face, for titles and headers.
///
/// egui panics at a family that is not installed, so until the fonts of [`install_fonts`] are there, as in
/// the pass in which they were asked for, this is the regular weight.
pub fn medium(ctx: &egui::Context, size: f32) -> FontId {
    let family = FontFamily::Name(TEXT_MEDIUM.into());
    let is_there = ctx.fonts(|fonts| fonts.definitions().families.contains_key(&family));
    FontId::new(
        size,
        if is_there {
            family
        } else {
            FontFamily::Proportional
        },
    )
}

fn definitions() -> FontDefinitions {
    // What egui brings by itself, if anything, stays as the last resort for glyphs that our subsets lack.
    let mut fonts = FontDefinitions::default();
    let faces = [
        (TEXT, INTER_REGULAR),
        (TEXT_MEDIUM, INTER_MEDIUM),
        (MONO, JETBRAINS_MONO),
        (ICONS, egui_phosphor::Variant::Regular.font_bytes()),
    ];
    for (name, bytes) in faces {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }

    // Icons never come first: that face has blank glyphs for small letters.
    let last_resort = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let family = |first: &[&str]| -> Vec<String> {
        first
            .iter()
            .map(|name| (*name).to_owned())
            .chain(last_resort.iter().cloned())
            .collect()
    };
    fonts
        .families
        .insert(FontFamily::Proportional, family(&[TEXT, ICONS, MONO]));
    fonts.families.insert(
        FontFamily::Name(TEXT_MEDIUM.into()),
        family(&[TEXT_MEDIUM, ICONS, MONO]),
    );
    fonts
        .families
        .insert(FontFamily::Monospace, family(&[MONO, ICONS, TEXT]));
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one pass with the fonts installed.
    fn with_fonts(check: impl Fn(&egui::Context)) {
        let ctx = egui::Context::default();
        install_fonts(&ctx);
        ctx.run_ui(egui::RawInput::default(), |ui| check(ui.ctx()))
            .textures_delta
            .clear();
    }

    #[test]
    fn figures_are_tabular_in_every_face() {
        with_fonts(|ctx| {
            let faces = [
                FontId::new(13.0, FontFamily::Proportional),
                FontId::new(12.5, FontFamily::Monospace),
                medium(ctx, 15.0),
            ];
            for face in faces {
                let width = |c: char| ctx.fonts_mut(|fonts| fonts.glyph_width(&face, c));
                for digit in '1'..='9' {
                    assert!((width(digit) - width('0')).abs() < 0.02, "{digit} in {face:?}");
                }
            }
        });
    }

    #[test]
    fn medium_falls_back_until_it_is_there() {
        let ctx = egui::Context::default();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            assert_eq!(medium(ui.ctx(), 15.0).family, FontFamily::Proportional);
        });
        output.textures_delta.clear();
        with_fonts(|ctx| assert_eq!(medium(ctx, 15.0).family, FontFamily::Name(TEXT_MEDIUM.into())));
    }
}
