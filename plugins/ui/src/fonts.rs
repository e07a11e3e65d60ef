//! The faces of the interface, bundled: Inter for text, `JetBrains` Mono for values, Phosphor for icons, Noto
//! Emoji for emoji in names and texts.
//!
//! All come under licenses that allow it; those of all but the icons lie beside them in `assets/fonts`.

use egui::{
    FontData, FontFamily, FontId,
    epaint::text::{FontInsert, FontPriority, InsertFontFamily},
};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

/// Names that no host uses for faces of its own.
const TEXT: &str = "chronoscope inter";
const TEXT_MEDIUM: &str = "chronoscope inter medium";
const MONO: &str = "chronoscope jetbrains mono";
const ICONS: &str = "chronoscope phosphor";
const EMOJI: &str = "chronoscope noto emoji";

static INTER_REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
static INTER_MEDIUM: &[u8] = include_bytes!("../../../assets/fonts/Inter-Medium.otf");
static JETBRAINS_MONO: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");
static NOTO_EMOJI: &[u8] = include_bytes!("../../../assets/fonts/NotoEmoji-Regular.ttf");

/// The same faces again, as the last resort of a family that prefers another.
const TEXT_LAST: &str = "chronoscope inter (fallback)";
const MONO_LAST: &str = "chronoscope jetbrains mono (fallback)";

/// Adds the faces to `ctx`: as families of their own, and behind the faces that egui's two families have
/// already. They are there from the next pass on.
pub fn add_fonts(ctx: &egui::Context) {
    let proportional = [family(TEXT), family(TEXT_MEDIUM), FontFamily::Proportional];
    let monospace = [family(MONO), FontFamily::Monospace];
    let all: Vec<FontFamily> = proportional.iter().chain(&monospace).cloned().collect();
    // Icons never come first: that face has blank glyphs for small letters.
    let faces: [(&str, &'static [u8], &[FontFamily]); 7] = [
        (TEXT, INTER_REGULAR, &[family(TEXT), FontFamily::Proportional]),
        (TEXT_MEDIUM, INTER_MEDIUM, &[family(TEXT_MEDIUM)]),
        (MONO, JETBRAINS_MONO, &monospace),
        (ICONS, egui_phosphor::Variant::Regular.font_bytes(), &all),
        (MONO_LAST, JETBRAINS_MONO, &proportional),
        (TEXT_LAST, INTER_REGULAR, &monospace),
        (EMOJI, NOTO_EMOJI, &all),
    ];
    for (name, bytes, families) in faces {
        let families = families.iter().map(|family| InsertFontFamily {
            family: family.clone(),
            priority: FontPriority::Lowest,
        });
        ctx.add_font(FontInsert::new(
            name,
            FontData::from_static(bytes),
            families.collect(),
        ));
    }
}

/// Whether a bundled face has a glyph for a character.
pub(crate) fn has_bundled_glyph(c: char) -> bool {
    let faces = [
        INTER_REGULAR,
        JETBRAINS_MONO,
        egui_phosphor::Variant::Regular.font_bytes(),
        NOTO_EMOJI,
    ];
    faces.into_iter().any(|face| {
        let glyph = FontRef::new(face).ok().and_then(|face| face.charmap().map(c));
        glyph.is_some_and(|glyph| glyph != GlyphId::NOTDEF)
    })
}

/// Whether the faces are there. egui panics at a family that is not.
pub(crate) fn are_installed(ctx: &egui::Context) -> bool {
    ctx.fonts(|fonts| {
        let families = &fonts.definitions().families;
        [TEXT, TEXT_MEDIUM, MONO]
            .map(family)
            .iter()
            .all(|family| families.contains_key(family))
    })
}

/// The medium weight of the text face, for titles and headers; the face of body text where that is the
/// host's, or in the pass in which the faces were asked for.
pub fn medium(ui: &egui::Ui, size: f32) -> FontId {
    let body = text(ui, size);
    if body.family == family(TEXT) {
        FontId::new(size, family(TEXT_MEDIUM))
    } else {
        body
    }
}

/// The face of body text.
pub fn text(ui: &egui::Ui, size: f32) -> FontId {
    FontId::new(size, egui::TextStyle::Body.resolve(ui.style()).family)
}

/// The face that has the icons, whatever the face of text is.
pub fn icon(ui: &egui::Ui, size: f32) -> FontId {
    let family = if are_installed(ui.ctx()) {
        family(TEXT)
    } else {
        FontFamily::Proportional
    };
    FontId::new(size, family)
}

/// Replaces one of egui's two faces by ours.
pub(crate) fn to_own_face(font: &mut FontId) {
    match font.family {
        FontFamily::Proportional => font.family = family(TEXT),
        FontFamily::Monospace => font.family = family(MONO),
        FontFamily::Name(_) => {}
    }
}

fn family(name: &str) -> FontFamily {
    FontFamily::Name(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs two passes with the fonts added, and looks at the second.
    fn with_fonts(before: impl FnOnce(&egui::Context), check: impl Fn(&egui::Ui)) {
        let ctx = egui::Context::default();
        before(&ctx);
        add_fonts(&ctx);
        ctx.run_ui(egui::RawInput::default(), |ui| check(ui))
            .textures_delta
            .clear();
    }

    #[test]
    fn figures_are_tabular_in_every_face() {
        with_fonts(
            |_| {},
            |ui| {
                let faces = [
                    FontId::new(13.0, FontFamily::Proportional),
                    FontId::new(12.5, FontFamily::Monospace),
                    FontId::new(15.0, family(TEXT_MEDIUM)),
                ];
                for face in faces {
                    let width = |c: char| ui.fonts_mut(|fonts| fonts.glyph_width(&face, c));
                    for digit in '1'..='9' {
                        assert!((width(digit) - width('0')).abs() < 0.02, "{digit} in {face:?}");
                    }
                }
            },
        );
    }

    #[test]
    fn emoji_are_drawn_and_figures_stay_those_of_the_text() {
        assert!(['🚗', '😀', '⚡', '✅'].into_iter().all(has_bundled_glyph));
        // Those by which the tabs of tiles are scrolled.
        assert!(['⏴', '⏵'].into_iter().all(has_bundled_glyph));
        let emoji = FontRef::new(NOTO_EMOJI).map(|face| face.charmap().map('7'));
        assert_eq!(emoji.ok().flatten(), None);
    }

    #[test]
    fn faces_of_the_host_come_first_in_its_families() {
        let host = |ctx: &egui::Context| {
            let mut fonts = egui::FontDefinitions::empty();
            fonts.font_data.insert(
                "host".to_owned(),
                std::sync::Arc::new(FontData::from_static(JETBRAINS_MONO)),
            );
            for family in [FontFamily::Proportional, FontFamily::Monospace] {
                fonts.families.insert(family, vec!["host".to_owned()]);
            }
            ctx.set_fonts(fonts);
        };
        with_fonts(host, |ui| {
            ui.fonts(|fonts| {
                let faces = |family| fonts.definitions().families[&family].clone();
                assert_eq!(
                    faces(FontFamily::Proportional),
                    ["host", TEXT, ICONS, MONO_LAST, EMOJI]
                );
                assert_eq!(
                    faces(FontFamily::Monospace),
                    ["host", MONO, ICONS, TEXT_LAST, EMOJI]
                );
                assert_eq!(faces(family(TEXT)), [TEXT, ICONS, MONO_LAST, EMOJI]);
            });
        });
    }
}
