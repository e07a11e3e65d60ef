//! What stands beside the pointer on a plot.

use std::sync::Arc;

use egui::{Color32, Galley, Id, RichText, Sense, Ui, pos2, vec2};

use super::legend::compact;
use crate::ViewStyle;

/// The most that a name takes, in points.
const MAX_NAME: f32 = 240.0;
/// The width of the dot before a name.
const DOT: f32 = 8.0;
/// The gap between a name and its value.
const GAP: f32 = 12.0;
/// The gap between two rows.
const ROW_GAP: f32 = 2.0;

/// What a tooltip says.
#[derive(Clone, Copy)]
pub(crate) struct TooltipText<'a> {
    /// Where it is: a time, an index.
    pub(crate) place: &'a str,
    /// The values there.
    pub(crate) values: &'a [TooltipValue<'a>],
    /// How many values there are beside these.
    pub(crate) left_out: usize,
    /// What else is to be said of the place.
    pub(crate) note: Option<&'a str>,
}

/// A value in a tooltip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TooltipValue<'a> {
    /// Of what it is a value.
    pub(crate) name: &'a str,
    /// The color of that in the plot.
    pub(crate) color: Color32,
    /// The value.
    pub(crate) value: f64,
    /// How much it may be off, where that is known.
    pub(crate) deviation: Option<f64>,
}

/// Shows a tooltip at the pointer.
pub(crate) fn show(ui: &Ui, id: Id, style: &ViewStyle, text: TooltipText<'_>) {
    // An open menu has the pointer, and would be covered.
    if egui::Popup::is_any_open(ui.ctx()) {
        return;
    }
    egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer)
        .gap(12.0)
        .show(|ui| {
            ui.label(RichText::new(text.place).color(style.secondary_text).small());
            show_values(ui, text.values);
            if text.left_out > 0 {
                let more = format!("{} more", text.left_out);
                ui.label(RichText::new(more).color(style.secondary_text).small());
            }
            if let Some(note) = text.note {
                ui.label(RichText::new(note).color(style.secondary_text).small());
            }
        });
}

/// A row per value: names at the left, values at the right.
///
/// All is laid out before it is drawn. A tooltip that becomes wider than it was would draw a value that is aligned by
/// the room it had over the name beside it.
fn show_values(ui: &mut Ui, values: &[TooltipValue<'_>]) {
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let color = ui.visuals().text_color();
    let rows: Vec<(Color32, Arc<Galley>, Arc<Galley>)> = values
        .iter()
        .map(|value| {
            let text = match value.deviation {
                Some(deviation) => format!("{} \u{b1} {}", precise(value.value), compact(deviation)),
                None => precise(value.value),
            };
            let text = ui.painter().layout_no_wrap(text, font.clone(), color);
            (value.color, shortened(ui, value.name), text)
        })
        .collect();
    let widest = |width: &dyn Fn(&(Color32, Arc<Galley>, Arc<Galley>)) -> f32| {
        rows.iter().map(width).fold(0.0, f32::max)
    };
    let width =
        DOT + GAP / 2.0 + widest(&|(_, name, _)| name.size().x) + GAP + widest(&|(.., value)| value.size().x);
    ui.spacing_mut().item_spacing.y = ROW_GAP;
    for (dot, name, value) in rows {
        let height = name.size().y.max(value.size().y);
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let middle = |galley: &Galley| rect.center().y - galley.size().y / 2.0;
        let painter = ui.painter();
        painter.circle_filled(pos2(rect.left() + DOT / 2.0, rect.center().y), DOT / 2.0, dot);
        let at = pos2(rect.left() + DOT + GAP / 2.0, middle(&name));
        painter.galley(at, name, color);
        let at = pos2(rect.right() - value.size().x, middle(&value));
        painter.galley(at, value, color);
    }
}

/// A value with the digits that mean something: all of it where that is short, else nine significant digits.
fn precise(value: f64) -> String {
    // No minus before a zero.
    let value = if value == 0.0 { 0.0 } else { value };
    let exact = value.to_string();
    if exact.len() <= 12 {
        return exact;
    }
    let magnitude = value.abs();
    if !(1e-4..1e12).contains(&magnitude) {
        return format!("{value:.8e}");
    }
    let decimals = (8.0 - magnitude.log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A name as it stands in a tooltip, cut where it would make that wider than a plot. The legend has all of
/// it.
fn shortened(ui: &Ui, name: &str) -> Arc<Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(
        name.to_owned(),
        egui::TextStyle::Body.resolve(ui.style()),
        ui.visuals().text_color(),
    );
    job.wrap = egui::text::TextWrapping::truncate_at_width(MAX_NAME);
    ui.painter().layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_digits_that_mean_something() {
        let check = |value: f64, expected: &str| assert_eq!(precise(value), expected);
        check(0.5, "0.5");
        check(-0.0, "0");
        check(0.113_409_539_823_824_23, "0.11340954");
        check(-1.0 / 3.0, "-0.333333333");
        check(1_234_567_890.0, "1234567890");
        check(1_234_567.891_234, "1234567.89");
        check(-2.0e20 / 3.0, "-6.66666667e19");
        check(1.0e-9 / 3.0, "3.33333333e-10");
        check(f64::INFINITY, "inf");
    }
}
