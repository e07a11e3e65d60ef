//! What views take from the theme and the settings. These belong to the user interface, which writes this resource.

use std::{borrow::Cow, sync::LazyLock};

use bevy::ecs::prelude::*;
use chronoscope_types::TimeZone;
use egui::Color32;

/// How much text has to stand out from what is behind it: WCAG 2.2, 1.4.3.
pub(crate) const MIN_CONTRAST: f32 = 4.5;

/// What the theme and the settings give to views.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ViewStyle {
    /// Behind everything that a view draws.
    pub background: Color32,
    /// Grid lines and axes.
    pub grid: Color32,
    /// Text over data.
    pub text: Color32,
    /// Less important text.
    pub secondary_text: Color32,
    /// Behind labels that lie over data.
    pub label_background: Color32,
    /// The time cursor, the same in every view.
    pub cursor: Color32,
    /// What the pointer is over.
    pub hovered: Color32,
    /// What is selected.
    pub selected: Color32,
    /// Warnings.
    pub warning: Color32,
    /// Errors.
    pub error: Color32,
    /// Success.
    pub success: Color32,
    /// The zone in which times of day are written.
    pub time_zone: TimeZone,
}

impl ViewStyle {
    /// That of an app; the default where it has none.
    pub(crate) fn of(world: &World) -> Self {
        world.get_resource::<Self>().cloned().unwrap_or_default()
    }

    /// The colors as they can be told from what is behind a view, where that is not the theme's.
    pub fn on(&self, background: Color32) -> Cow<'_, Self> {
        if background == self.background {
            return Cow::Borrowed(self);
        }
        let is_read = |color: Color32| contrast(color, background) >= MIN_CONTRAST;
        let mut style = self.clone();
        let strong = strong_on(background);
        if !is_read(style.text) {
            style.text = strong;
        }
        if !is_read(style.secondary_text) {
            let softer = background.lerp_to_gamma(strong, 0.75);
            style.secondary_text = if is_read(softer) { softer } else { strong };
        }
        if !is_read(style.cursor) {
            style.cursor = strong;
        }
        for color in [
            &mut style.hovered,
            &mut style.selected,
            &mut style.warning,
            &mut style.error,
            &mut style.success,
        ] {
            *color = readable(*color, background);
        }
        style.grid = background.lerp_to_gamma(strong, 0.15);
        style.label_background = background.gamma_multiply(0.85);
        style.background = background;
        Cow::Owned(style)
    }
}

/// A color of text that can be told from its background: moved towards white or black until it can.
pub fn readable(color: Color32, background: Color32) -> Color32 {
    let background = opaque(background);
    let target = strong_on(background);
    let mut readable = color;
    for step in 1..=4u8 {
        if contrast(readable, background) >= MIN_CONTRAST {
            break;
        }
        readable = color.lerp_to_gamma(target, f32::from(step) * 0.25);
    }
    readable
}

/// Black or white, whichever stands out more.
fn strong_on(background: Color32) -> Color32 {
    if contrast(Color32::BLACK, background) >= contrast(Color32::WHITE, background) {
        Color32::BLACK
    } else {
        Color32::WHITE
    }
}

/// A color without what it lets through.
fn opaque(color: Color32) -> Color32 {
    // Which is costly where there is nothing to do.
    if color.is_opaque() {
        color
    } else {
        color.to_opaque()
    }
}

/// The light of each value of a channel. A power for each would be much where many labels are drawn.
static LINEAR: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|value| egui::ecolor::linear_f32_from_gamma_u8(value as u8)));

/// The contrast of two colors as if they were opaque, from 1 to 21: WCAG 2.2.
pub(crate) fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |color: Color32| {
        let [r, g, b, _] = opaque(color).to_array().map(|value| LINEAR[usize::from(value)]);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

impl Default for ViewStyle {
    /// Plain values for an app that brings no theme.
    fn default() -> Self {
        Self {
            background: Color32::BLACK,
            grid: Color32::DARK_GRAY,
            text: Color32::WHITE,
            secondary_text: Color32::LIGHT_GRAY,
            label_background: Color32::from_black_alpha(160),
            cursor: Color32::WHITE,
            hovered: Color32::WHITE,
            selected: Color32::LIGHT_BLUE,
            warning: Color32::YELLOW,
            error: Color32::LIGHT_RED,
            success: Color32::LIGHT_GREEN,
            time_zone: TimeZone::Utc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_on_any_background() {
        let style = ViewStyle::default();
        assert_eq!(*style.on(style.background), style);
        for gray in (5..=255).step_by(5) {
            let background = Color32::from_gray(gray);
            let read = style.on(background);
            for color in [
                read.text,
                read.secondary_text,
                read.cursor,
                read.hovered,
                read.selected,
                read.warning,
                read.error,
                read.success,
            ] {
                assert!(contrast(color, background) >= MIN_CONTRAST, "{color:?} on {gray}");
            }
        }
    }

    #[test]
    fn dark_text_on_dark_becomes_readable() {
        let background = Color32::from_rgb(20, 20, 24);
        for color in [
            Color32::from_rgb(0, 0, 90),
            Color32::BLACK,
            Color32::from_rgb(120, 0, 0),
        ] {
            assert!(
                contrast(readable(color, background), background) >= MIN_CONTRAST,
                "{color:?}"
            );
        }
        let orange = Color32::from_rgb(230, 120, 40);
        assert_eq!(
            readable(orange, background),
            orange,
            "what can be read stays as it is"
        );
    }
}
