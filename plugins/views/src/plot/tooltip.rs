//! What stands beside the pointer on a plot.

use egui::{Color32, Id, RichText, Sense, Ui, vec2};

use crate::ViewStyle;

/// What a tooltip says of a value.
#[derive(Clone, Copy)]
pub(crate) struct TooltipText<'a> {
    /// Of what it is a value.
    pub(crate) name: &'a str,
    /// The color of that in the plot.
    pub(crate) color: Color32,
    /// Where it is: a time, an index.
    pub(crate) place: &'a str,
    /// The value.
    pub(crate) value: f64,
}

/// Shows a tooltip at the pointer.
pub(crate) fn show(ui: &Ui, id: Id, style: &ViewStyle, text: TooltipText<'_>) {
    egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer)
        .gap(12.0)
        .show(|ui| {
            ui.horizontal(|ui| {
                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 4.0, text.color);
                ui.label(text.name);
            });
            ui.label(RichText::new(text.place).color(style.secondary_text).small());
            ui.label(RichText::new(text.value.to_string()).monospace());
        });
}
