//! How what is pointed at or selected stands out in a plot.

use chronoscope_frame::selection::Highlight;
use egui::Color32;

/// How much of a color is left while something else is lit up.
const DIMMED: f32 = 0.4;

/// A color as it is drawn, where something in the plot is lit up or not.
pub(crate) fn lit(color: Color32, highlight: Highlight, some_lit: bool) -> Color32 {
    match highlight {
        Highlight::None if some_lit => color.gamma_multiply(DIMMED),
        Highlight::None => color,
        Highlight::Selected | Highlight::Hovered => brighter(color),
    }
}

fn brighter(color: Color32) -> Color32 {
    let [r, g, b, a] = color.to_array();
    let up = |channel: u8| channel.saturating_add((255 - channel) / 4);
    Color32::from_rgba_premultiplied(up(r).min(a), up(g).min(a), up(b).min(a), a)
}
