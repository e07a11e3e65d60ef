//! The viewer's look for the time of a pass, in a context whose look may be another's.

use std::sync::Arc;

use egui::{Context, Style, Theme as Mode, ThemePreference};

use crate::{
    fonts,
    settings::{Look, UiSettings},
    theme::Theme,
};

/// A dark and a light style.
#[derive(Clone)]
struct Pair {
    dark: Arc<Style>,
    light: Arc<Style>,
}

/// The styles that the viewer is drawn with, and what they were made from.
pub(crate) struct Styles {
    made: Pair,
    /// The host's, where they were made from these.
    host: Option<Pair>,
    has_own_fonts: bool,
}

impl Styles {
    fn is_made_from(&self, host: Option<&Pair>, has_own_fonts: bool) -> bool {
        let is_same_host = match (&self.host, host) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(&a.dark, &b.dark) && Arc::ptr_eq(&a.light, &b.light),
            _ => false,
        };
        is_same_host && self.has_own_fonts == has_own_fonts
    }

    fn make(host: Option<Pair>, has_own_fonts: bool) -> Self {
        let with_faces = |style: &Style| {
            let mut style = style.clone();
            if has_own_fonts {
                style.text_styles.values_mut().for_each(fonts::to_own_face);
            }
            Arc::new(style)
        };
        let made = match &host {
            Some(host) => Pair {
                dark: with_faces(&host.dark),
                light: with_faces(&host.light),
            },
            None => Pair {
                dark: with_faces(&Theme::dark().style()),
                light: with_faces(&Theme::light().style()),
            },
        };
        Self {
            made,
            host,
            has_own_fonts,
        }
    }
}

/// What a context had before.
pub(crate) struct Replaced {
    theme: ThemePreference,
    fallback: Mode,
    styles: Pair,
}

/// Gives `ctx` the viewer's look, as far as the settings want it, until [`restore`]. Popups, tooltips and
/// dialogs take the style of the context, not that of a [`egui::Ui`]; so the context has it while the viewer
/// is drawn. Faces are only ever added.
///
/// Returns what was replaced, and whether faces are missing until the next pass.
pub(crate) fn replace(
    ctx: &Context,
    settings: &UiSettings,
    styles: &mut Option<Styles>,
) -> (Option<Replaced>, bool) {
    let has_fonts = fonts::are_installed(ctx);
    if !has_fonts {
        fonts::add_fonts(ctx);
    }
    let has_own_fonts = has_fonts && settings.fonts == Look::Own;
    let is_of_host = settings.style == Look::Host;
    if is_of_host && !has_own_fonts {
        return (None, !has_fonts);
    }
    let before = ctx.options(|options| Replaced {
        theme: options.theme_preference,
        fallback: options.fallback_theme,
        styles: Pair {
            dark: Arc::clone(&options.dark_style),
            light: Arc::clone(&options.light_style),
        },
    });
    let host = is_of_host.then_some(&before.styles);
    let styles = match styles.take() {
        Some(known) if known.is_made_from(host, has_own_fonts) => styles.insert(known),
        _ => styles.insert(Styles::make(host.cloned(), has_own_fonts)),
    };
    ctx.options_mut(|options| {
        options.dark_style = Arc::clone(&styles.made.dark);
        options.light_style = Arc::clone(&styles.made.light);
        if !is_of_host {
            options.theme_preference = settings.theme;
            options.fallback_theme = Mode::Dark;
        }
    });
    (Some(before), !has_fonts)
}

/// Gives `ctx` back what it had.
pub(crate) fn restore(ctx: &Context, replaced: Option<Replaced>) {
    let Some(replaced) = replaced else { return };
    ctx.options_mut(|options| {
        options.theme_preference = replaced.theme;
        options.fallback_theme = replaced.fallback;
        options.dark_style = replaced.styles.dark;
        options.light_style = replaced.styles.light;
    });
}
