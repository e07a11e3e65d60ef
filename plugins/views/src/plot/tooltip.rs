//! What stands beside the pointer on a plot.

use egui::{Color32, Id, RichText, Sense, Ui, vec2};

use crate::ViewStyle;

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
                            ui.add(egui::Label::new(value.name).wrap_mode(egui::TextWrapMode::Extend));
                        });
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            ui.label(RichText::new(value.value.to_string()).monospace());
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
