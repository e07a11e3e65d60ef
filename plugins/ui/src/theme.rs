//! The look in one place: every color, size and radius of the interface.
//!
//! While the viewer is drawn, egui has the tokens as a dark and a light style between which it follows the
//! system. Where the style is the host's, the tokens are read from that. They stand in [`egui::Visuals`]:
//!
//! | token | where egui keeps it |
//! |---|---|
//! | [`viewport`](Theme::viewport) | `extreme_bg_color` |
//! | [`panel`](Theme::panel) | `panel_fill`, `widgets.noninteractive.bg_fill` |
//! | [`raised`](Theme::raised), [`hover`](Theme::hover) | `widgets.inactive.bg_fill`, `widgets.hovered.bg_fill` |
//! | [`hairline`](Theme::hairline) | `widgets.noninteractive.bg_stroke` |
//! | [`text`](Theme::text), [`secondary`](Theme::secondary) | `text_color()`, `weak_text_color()` |
//! | [`accent`](Theme::accent) | `text_cursor.stroke`, `widgets.active.bg_stroke` |
//! | [`accent_text`](Theme::accent_text) | `hyperlink_color`, `selection.stroke` |
//! | [`selection`](Theme::selection) | `selection.bg_fill` |
//! | [`cursor`](Theme::cursor) | `strong_text_color()` |
//! | [`warning`](Theme::warning), [`error`](Theme::error) | `warn_fg_color`, `error_fg_color` |

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2};

/// Sizes in points, the same in both themes.
pub mod size {
    /// The grid: every distance is a multiple of it.
    pub const GRID: f32 = 4.0;
    /// Height of a row of a list or a tree, and of a tile's title bar.
    pub const ROW: f32 = 24.0;
    /// Height of a toolbar.
    pub const TOOLBAR: f32 = 32.0;
    /// Step of a tree to the right, per level.
    pub const INDENT: f32 = 14.0;
    /// Space between a panel's edge and its content.
    pub const PADDING: f32 = 8.0;
    /// Radius of corners.
    pub const RADIUS: u8 = 4;
    /// Width of a hairline.
    pub const HAIRLINE: f32 = 1.0;
    /// Width of the time cursor, and of what is pointed at.
    pub const EMPHASIS: f32 = 2.0;
    /// Side of an icon.
    pub const ICON: f32 = 16.0;
    /// Body text.
    pub const BODY: f32 = 13.0;
    /// Secondary text.
    pub const SMALL: f32 = 11.0;
    /// Titles.
    pub const TITLE: f32 = 15.0;
    /// Values, times and paths.
    pub const MONO: f32 = 12.5;
    /// Side of the icon of an empty state.
    pub const EMPTY_ICON: f32 = 32.0;
    /// Longest duration of an animation, in seconds. Data is never animated.
    pub const MOTION_SECS: f32 = 0.1;
}

/// The colors of one theme.
///
/// Surfaces are stacked: viewport, panel, raised. Text of every kind but disabled reads with a contrast of at
/// least 4.5 to 1 on all of them, hovered as well (states such as errors: at rest), and where a row is
/// selected in a panel or over the viewport. A host that brings its style answers for its contrasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Light text on dark surfaces.
    pub dark: bool,
    /// Behind data, and behind text that is typed.
    pub viewport: Color32,
    /// Behind the panels.
    pub panel: Color32,
    /// Buttons, menus, title bars.
    pub raised: Color32,
    /// Lines between surfaces.
    pub hairline: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text: units, hints, counts.
    pub secondary: Color32,
    /// Disabled text and icons.
    pub disabled: Color32,
    /// Selected or active elements. For lines and areas.
    pub accent: Color32,
    /// The accent where it is text or an icon.
    pub accent_text: Color32,
    /// Text on a surface filled with the accent.
    pub on_accent: Color32,
    /// The cursor of time, in the time panel and in every plot. It has no hue, since hues belong to data.
    pub cursor: Color32,
    /// Warning.
    pub warning: Color32,
    /// Error.
    pub error: Color32,
    /// Success, or switched on.
    pub success: Color32,
    /// Shadow under menus, the only one.
    pub shadow: Color32,
}

const DARK: Theme = Theme {
    dark: true,
    viewport: Color32::from_rgb(0x0B, 0x0C, 0x0E),
    panel: Color32::from_rgb(0x13, 0x15, 0x19),
    raised: Color32::from_rgb(0x1B, 0x1E, 0x24),
    hairline: Color32::from_rgb(0x27, 0x2B, 0x33),
    text: Color32::from_rgb(0xE6, 0xE8, 0xEC),
    secondary: Color32::from_rgb(0x9A, 0xA1, 0xAD),
    disabled: Color32::from_rgb(0x5B, 0x62, 0x6E),
    accent: Color32::from_rgb(0x4C, 0x8D, 0xFF),
    accent_text: Color32::from_rgb(0x86, 0xB2, 0xFF),
    on_accent: Color32::from_rgb(0x0B, 0x0C, 0x0E),
    cursor: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    warning: Color32::from_rgb(0xE0, 0xA9, 0x3B),
    error: Color32::from_rgb(0xE5, 0x60, 0x4D),
    success: Color32::from_rgb(0x4F, 0xB4, 0x77),
    shadow: Color32::from_black_alpha(0x80),
};

const LIGHT: Theme = Theme {
    dark: false,
    viewport: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    panel: Color32::from_rgb(0xF7, 0xF8, 0xFA),
    raised: Color32::from_rgb(0xEC, 0xEE, 0xF2),
    hairline: Color32::from_rgb(0xD5, 0xD9, 0xE0),
    text: Color32::from_rgb(0x1A, 0x1D, 0x23),
    secondary: Color32::from_rgb(0x4F, 0x57, 0x64),
    disabled: Color32::from_rgb(0x9A, 0xA1, 0xAD),
    accent: Color32::from_rgb(0x2B, 0x6F, 0xE6),
    accent_text: Color32::from_rgb(0x15, 0x4A, 0xAE),
    on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    cursor: Color32::from_rgb(0x00, 0x00, 0x00),
    warning: Color32::from_rgb(0x7D, 0x50, 0x00),
    error: Color32::from_rgb(0xAE, 0x2C, 0x1B),
    success: Color32::from_rgb(0x17, 0x69, 0x3A),
    shadow: Color32::from_black_alpha(0x28),
};

impl Theme {
    /// The dark theme, the default.
    pub fn dark() -> &'static Self {
        &DARK
    }

    /// The light theme.
    pub fn light() -> &'static Self {
        &LIGHT
    }

    /// The theme that `ui` is drawn in.
    pub fn of(ui: &egui::Ui) -> Self {
        Self::of_visuals(ui.visuals())
    }

    /// The tokens as they stand in a style. What has no place there is that of the dark or the light theme.
    pub fn of_visuals(visuals: &egui::Visuals) -> Self {
        let base = if visuals.dark_mode { DARK } else { LIGHT };
        Self {
            viewport: visuals.extreme_bg_color,
            panel: visuals.panel_fill,
            raised: visuals.widgets.inactive.bg_fill,
            hairline: visuals.widgets.noninteractive.bg_stroke.color,
            text: visuals.text_color(),
            secondary: visuals.weak_text_color(),
            accent: visuals.text_cursor.stroke.color,
            accent_text: visuals.hyperlink_color,
            cursor: visuals.strong_text_color(),
            warning: visuals.warn_fg_color,
            error: visuals.error_fg_color,
            ..base
        }
    }

    /// Hovered elements: raised, and 4 % towards the text color.
    pub fn hover(&self) -> Color32 {
        self.towards_text(self.raised, 0.04)
    }

    /// Pressed elements: twice as far as hovered.
    pub fn pressed(&self) -> Color32 {
        self.towards_text(self.raised, 0.08)
    }

    /// Fill of what is selected: the accent at 25 %, to be drawn over any surface, with an
    /// [edge](Self::selection_edge).
    pub fn selection(&self) -> Color32 {
        translucent(self.accent, 0.25)
    }

    /// Fill of what is lit because the pointer is on the same thing in another panel.
    pub fn highlight(&self) -> Color32 {
        translucent(self.accent, 0.12)
    }

    /// Behind labels that lie over data: the viewport, so that text keeps its contrast over whatever is bright
    /// there, and the data is still felt.
    pub fn label_background(&self) -> Color32 {
        translucent(self.viewport, 0.88)
    }

    /// The edge of what is selected.
    pub fn selection_edge(&self) -> Stroke {
        Stroke::new(size::HAIRLINE, self.accent)
    }

    /// The ring around what has the focus of the keyboard, which stands out from the edge of what is selected.
    pub fn focus_ring(&self) -> Stroke {
        Stroke::new(2.0 * size::HAIRLINE, self.accent)
    }

    /// The line between surfaces.
    pub fn hairline_stroke(&self) -> Stroke {
        Stroke::new(size::HAIRLINE, self.hairline)
    }

    /// The line of the time cursor.
    pub fn cursor_stroke(&self) -> Stroke {
        Stroke::new(size::HAIRLINE, self.cursor)
    }

    /// The frame of a toolbar, which brings its padding only at the sides.
    pub fn toolbar_frame(&self) -> egui::Frame {
        egui::Frame::new()
            .fill(self.panel)
            .inner_margin(Margin::symmetric(size::PADDING as i8, 0))
    }

    fn towards_text(&self, color: Color32, share: f32) -> Color32 {
        color.lerp_to_gamma(if self.dark { Color32::WHITE } else { Color32::BLACK }, share)
    }

    fn visuals(&self) -> egui::Visuals {
        let base = if self.dark {
            egui::Visuals::dark()
        } else {
            egui::Visuals::light()
        };
        let radius = CornerRadius::same(size::RADIUS);
        let widget = |fill: Color32, edge: Stroke, text: Color32| egui::style::WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: edge,
            corner_radius: radius,
            fg_stroke: Stroke::new(size::HAIRLINE, text),
            expansion: 0.0,
        };
        egui::Visuals {
            dark_mode: self.dark,
            override_text_color: None,
            weak_text_color: Some(self.secondary),
            widgets: egui::style::Widgets {
                noninteractive: widget(self.panel, self.hairline_stroke(), self.text),
                inactive: widget(self.raised, Stroke::NONE, self.text),
                hovered: widget(self.hover(), self.hairline_stroke(), self.text),
                // egui takes the color of strong text from here.
                active: widget(self.pressed(), self.focus_ring(), self.cursor),
                open: widget(self.hover(), self.hairline_stroke(), self.text),
            },
            selection: egui::style::Selection {
                bg_fill: self.selection(),
                stroke: Stroke::new(size::HAIRLINE, self.accent_text),
            },
            hyperlink_color: self.accent_text,
            faint_bg_color: self.panel.lerp_to_gamma(self.raised, 0.5),
            extreme_bg_color: self.viewport,
            text_edit_bg_color: Some(self.viewport),
            code_bg_color: self.raised,
            warn_fg_color: self.warning,
            error_fg_color: self.error,
            window_corner_radius: radius,
            window_shadow: Shadow::NONE,
            window_fill: self.raised,
            window_stroke: self.hairline_stroke(),
            window_highlight_topmost: false,
            menu_corner_radius: radius,
            panel_fill: self.panel,
            popup_shadow: Shadow {
                offset: [0, 4],
                blur: 12,
                spread: 0,
                color: self.shadow,
            },
            text_cursor: egui::style::TextCursorStyle {
                stroke: Stroke::new(size::EMPHASIS, self.accent),
                ..base.text_cursor.clone()
            },
            collapsing_header_frame: false,
            indent_has_left_vline: false,
            slider_trailing_fill: true,
            handle_shape: egui::style::HandleShape::Circle,
            striped: false,
            ..base
        }
    }

    /// The style of the theme, with egui's two families of faces.
    pub(crate) fn style(&self) -> egui::Style {
        let base = egui::Style::default();
        egui::Style {
            text_styles: text_styles(),
            drag_value_text_style: TextStyle::Monospace,
            visuals: self.visuals(),
            spacing: spacing(),
            interaction: egui::style::Interaction {
                // Labels are rows to click on, not text to mark; values are copied by a command.
                selectable_labels: false,
                tooltip_delay: 0.3,
                ..base.interaction
            },
            animation_time: size::MOTION_SECS,
            scroll_animation: egui::style::ScrollAnimation {
                duration: egui::Rangef::new(0.0, size::MOTION_SECS),
                ..base.scroll_animation
            },
            ..base
        }
    }
}

/// Text at its size: body and buttons 13, small 11, titles 15, monospaced 12.5.
fn text_styles() -> std::collections::BTreeMap<TextStyle, FontId> {
    let text = |size: f32| FontId::new(size, FontFamily::Proportional);
    [
        (TextStyle::Small, text(size::SMALL)),
        (TextStyle::Body, text(size::BODY)),
        (TextStyle::Button, text(size::BODY)),
        (TextStyle::Heading, text(size::TITLE)),
        (
            TextStyle::Monospace,
            FontId::new(size::MONO, FontFamily::Monospace),
        ),
    ]
    .into()
}

fn spacing() -> egui::style::Spacing {
    const G: f32 = size::GRID;
    egui::style::Spacing {
        item_spacing: Vec2::new(2.0 * G, G),
        button_padding: Vec2::new(2.0 * G, G),
        window_margin: Margin::same(size::PADDING as i8),
        menu_margin: Margin::same(G as i8),
        menu_spacing: G,
        indent: size::INDENT,
        interact_size: Vec2::new(size::ROW, size::ROW),
        icon_width: size::ICON,
        icon_width_inner: size::ICON - 2.0 * G,
        icon_spacing: G,
        slider_width: 30.0 * G,
        slider_rail_height: G,
        combo_width: 30.0 * G,
        tooltip_width: 120.0 * G,
        scroll: egui::style::ScrollStyle {
            bar_width: 2.0 * G,
            floating_width: G,
            floating_allocated_width: 0.0,
            // Blended in linear light, as windows are, what fades toward a light panel becomes gray.
            fade: egui::style::ScrollFadeStyle {
                strength: 0.0,
                ..egui::style::ScrollFadeStyle::default()
            },
            ..egui::style::ScrollStyle::floating()
        },
        ..egui::style::Spacing::default()
    }
}

/// `color`, opaque, at a share of its strength from 0 to 1.
fn translucent(color: Color32, share: f32) -> Color32 {
    let alpha = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
    Color32::from_rgba_unmultiplied(color.r(), color.g(), color.b(), alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it, from 0 for black to 1 for white.
    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    /// Contrast as WCAG 2 defines it, from 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn check_contrast(theme: &Theme, (name, text): (&str, Color32), backgrounds: &[(&str, Color32)]) {
        for (on, background) in backgrounds {
            let contrast = contrast(text, *background);
            let mode = if theme.dark { "dark" } else { "light" };
            assert!(
                contrast >= 4.5,
                "{mode}: {name} on {on} has a contrast of only {contrast:.2}"
            );
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        assert!((contrast(Color32::from_gray(0x77), Color32::WHITE) - 4.48).abs() < 0.01);
    }

    #[test]
    fn text_reads_on_every_surface() {
        for theme in [Theme::dark(), Theme::light()] {
            let surfaces = [
                ("viewport", theme.viewport),
                ("panel", theme.panel),
                ("raised", theme.raised),
                ("hover", theme.hover()),
                ("pressed", theme.pressed()),
            ];
            // Rows are selected on these surfaces only.
            let selected = [
                ("selection on viewport", theme.viewport.blend(theme.selection())),
                ("selection on panel", theme.panel.blend(theme.selection())),
                ("highlight", theme.panel.blend(theme.highlight())),
            ];
            for text in [
                ("text", theme.text),
                ("secondary", theme.secondary),
                ("accent text", theme.accent_text),
                ("cursor", theme.cursor),
            ] {
                check_contrast(theme, text, &surfaces);
                check_contrast(theme, text, &selected);
            }
            for text in [
                ("warning", theme.warning),
                ("error", theme.error),
                ("success", theme.success),
            ] {
                check_contrast(theme, text, &surfaces[..3]);
            }
            check_contrast(
                theme,
                ("text on accent", theme.on_accent),
                &[("accent", theme.accent)],
            );
        }
    }

    #[test]
    fn hover_and_pressed_step_away_from_the_surface() {
        for theme in [Theme::dark(), Theme::light()] {
            let steps =
                [theme.raised, theme.hover(), theme.pressed()].map(|color| contrast(color, theme.text));
            assert!(steps[0] > steps[1] && steps[1] > steps[2], "{steps:?}");
        }
    }

    #[test]
    fn a_style_holds_the_tokens() {
        for theme in [Theme::dark(), Theme::light()] {
            let style = theme.style();
            assert_eq!(Theme::of_visuals(&style.visuals), *theme);
            assert_eq!(style.spacing.interact_size.y, size::ROW);
            assert!(style.spacing.scroll.fade.strength <= 0.0, "there are no shades");
        }
    }
}
