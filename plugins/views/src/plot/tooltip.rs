//! What stands beside the pointer on a plot.

use std::sync::Arc;

use egui::{Color32, Galley, Id, RichText, Sense, Ui, vec2};

use super::legend::compact;
use crate::ViewStyle;

/// The most that a name takes, in points.
const MAX_NAME: f32 = 240.0;

/// What a tooltip says.
#[derive(Clone, Copy)]
pub(crate) struct TooltipText<'a> {
    /// Where it is: a time, an index.
    pub(crate) place: &'a str,
    /// The values there.
    pub(crate) values: &'a [TooltipValue<'a>],
    /// How many values there are beside these.
    pub(crate) left_out: usize,
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
    egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer)
        .gap(12.0)
        .show(|ui| {
            ui.label(RichText::new(text.place).color(style.secondary_text).small());
            egui::Grid::new(id.with("values"))
                .num_columns(2)
                .spacing(vec2(12.0, 2.0))
                .show(ui, |ui| {
                    for value in text.values {
                        ui.horizontal(|ui| {
                            let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
                            ui.painter().circle_filled(dot.center(), 4.0, value.color);
                            let name = shortened(ui, value.name);
                            ui.add(egui::Label::new(name).wrap_mode(egui::TextWrapMode::Extend));
                        });
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            let text = match value.deviation {
                                Some(deviation) => format!("{} \u{b1} {}", value.value, compact(deviation)),
                                None => value.value.to_string(),
                            };
                            ui.label(RichText::new(text).monospace());
                        });
                        ui.end_row();
                    }
                });
            if text.left_out > 0 {
                let more = format!("{} more", text.left_out);
                ui.label(RichText::new(more).color(style.secondary_text).small());
            }
        });
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
