//! The settings of a time series view: the range of its values, its legend, its grid. All are properties in the blueprint.

use chronoscope_blueprint::BlueprintCommand;
use chronoscope_frame::{View, ViewerCommand};
use chronoscope_types::{
    blueprint::{ScalarAxis, TimeAxis},
    enums::LinkAxis,
};
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

    let locks = [
        (
            said.locks.values,
            "Lock values",
            "Zooming leaves the range of values alone",
        ),
        (
            said.locks.x,
            "Lock time",
            "Zooming leaves the stretch of time alone",
        ),
        (
            said.is_linked,
            "Link time",
            "Show the stretch of time that all linked plots show",
        ),
    ];
    for (at, (mut is_set, label, hint)) in locks.into_iter().enumerate() {
        if ui.checkbox(&mut is_set, label).on_hover_text(hint).changed() {
            let command = match at {
                0 => BlueprintCommand::set_property(view, &ScalarAxis::default().with_zoom_lock(is_set)),
                1 => BlueprintCommand::set_property(view, &TimeAxis::default().with_zoom_lock(is_set)),
                _ => BlueprintCommand::set_property(
                    view,
                    &TimeAxis::default().with_link(if is_set {
                        LinkAxis::LinkToGlobal
                    } else {
                        LinkAxis::Independent
                    }),
                ),
            };
            context.commands.blueprint(command);
            context.commands.push(ViewerCommand::EndGesture);
        }
    }

    looks::show_settings(ui, context, view, &said.looks);
}
