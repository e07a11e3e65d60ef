//! The settings of a time series view: the range of its values, its legend, its grid. All are properties in the blueprint.

use chronoscope_blueprint::BlueprintCommand;
use chronoscope_frame::{View, ViewerCommand};
use chronoscope_types::{
    blueprint::{PlotBackground, PlotLegend},
    enums::Corner2D,
};
use egui::{ComboBox, DragValue, Ui};

use super::{
    properties::{PlotProperties, set_value_range},
    window::ValueWindow,
};
use crate::{ViewUiContext, properties::properties};

const CORNERS: [(Corner2D, &str); 4] = [
    (Corner2D::LeftTop, "Left, top"),
    (Corner2D::RightTop, "Right, top"),
    (Corner2D::LeftBottom, "Left, bottom"),
    (Corner2D::RightBottom, "Right, bottom"),
];

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

    let corner = said.legend_corner();
    ui.horizontal(|ui| {
        let mut visible = corner.is_some();
        if ui.checkbox(&mut visible, "Legend").changed() {
            let legend = PlotLegend::default().with_visible(visible);
            context
                .commands
                .blueprint(BlueprintCommand::set_property(view, &legend));
            context.commands.push(ViewerCommand::EndGesture);
        }
        if let Some(corner) = corner {
            let name = CORNERS
                .iter()
                .find(|(other, _)| *other == corner)
                .map_or("", |(_, name)| name);
            ComboBox::from_id_salt(("legend corner", view))
                .selected_text(name)
                .show_ui(ui, |ui| {
                    for (other, name) in CORNERS {
                        if ui.selectable_label(other == corner, name).clicked() && other != corner {
                            context.commands.blueprint(BlueprintCommand::set_property(
                                view,
                                &PlotLegend::default().with_corner(other),
                            ));
                            context.commands.push(ViewerCommand::EndGesture);
                        }
                    }
                });
        }
    });

    let mut grid = said.shows_grid();
    if ui.checkbox(&mut grid, "Grid").changed() {
        context.commands.blueprint(BlueprintCommand::set_property(
            view,
            &PlotBackground::default().with_show_grid(grid),
        ));
        context.commands.push(ViewerCommand::EndGesture);
    }
}
