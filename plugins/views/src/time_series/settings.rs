//! The settings of a time series view: the range of its values, its legend, its grid. All are properties in the blueprint.

use chronoscope_frame::{View, ViewerCommand};
use egui::{DragValue, Ui};

use super::properties::{PlotProperties, set_value_range};
use crate::{
    ViewUiContext,
    plot::{looks, window::ValueWindow},
    properties::properties,
};

/// Draws the settings.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>) {
    let Some(view) = context.get::<View>().map(|view| view.id) else {
        return;
    };
    let said: PlotProperties = properties(context.world, view);
    let range = said.values;
    ui.horizontal(|ui| {
        let mut fits = range.is_none();
        if ui
            .checkbox(&mut fits, "Fit values")
            .on_hover_text("Show the values that the shown stretch of time has")
            .changed()
        {
            let range = if fits { None } else { ValueWindow::new(-1.0, 1.0) };
            context.commands.blueprint(set_value_range(view, range));
            context.commands.push(ViewerCommand::EndGesture);
        }
    });
    if let Some(range) = range {
        ui.horizontal(|ui| {
            let (mut min, mut max) = (range.min(), range.max());
            let speed = (max / 2.0 - min / 2.0) / 100.0;
            let from = ui
                .add(DragValue::new(&mut min).speed(speed))
                .on_hover_text("Least value");
            ui.label("to");
            let to = ui
                .add(DragValue::new(&mut max).speed(speed))
                .on_hover_text("Greatest value");
            if (from.changed() || to.changed())
                && let Some(range) = ValueWindow::new(min, max)
            {
                context.commands.blueprint(set_value_range(view, Some(range)));
            }
            if from.drag_stopped() || to.drag_stopped() || from.lost_focus() || to.lost_focus() {
                context.commands.push(ViewerCommand::EndGesture);
            }
        });
    }

    looks::show_settings(ui, context, view, &said.looks);
}
