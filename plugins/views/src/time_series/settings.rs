//! The settings of a time series view: its axes, what the pointer shows, its legend, its grid. All are
//! properties in the blueprint.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{View, ViewerCommand};
use chronoscope_types::{
    Component as _, ComponentName,
    blueprint::{PlotBackground, PlotInteraction, PlotLegend, ScalarAxis, TimeAxis},
    components,
    enums::{AxisScale, AxisSide, LinkAxis, PointsDisplay, TooltipMode},
    own::{ScalarAxisScale, SecondScalarAxis},
};
use egui::{ComboBox, Ui};

use super::properties::{PlotProperties, edit_value_range};
use crate::{
    ViewUiContext,
    number_field::number_field,
    plot::{looks, window::ValueWindow},
    properties::properties,
    settings_row::{Switch, settings_row},
};

/// The properties that [`show`] draws.
pub(super) const DRAWN: [ComponentName; 13] = [
    PlotBackground::SHOW_GRID,
    PlotInteraction::POINTS_DISPLAY,
    PlotInteraction::TOOLTIP_MODE,
    PlotLegend::CORNER,
    PlotLegend::VISIBLE,
    ScalarAxis::RANGE,
    ScalarAxis::ZOOM_LOCK,
    ScalarAxisScale::SCALE,
    SecondScalarAxis::RANGE,
    SecondScalarAxis::SCALE,
    TimeAxis::LINK,
    TimeAxis::VIEW_RANGE,
    TimeAxis::ZOOM_LOCK,
];

/// Draws the settings. Those of the second axis only where a series is plotted by it, or something is said of it.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>, has_right: bool) {
    let Some(view) = context.get::<View>().map(|view| view.id) else {
        return;
    };
    let said: PlotProperties = properties(context.world, view);
    show_axis(ui, context, view, AxisSide::Left, &said);
    if has_right || said.right.is_some() || said.scales.right != AxisScale::default() {
        ui.label("Right axis");
        show_axis(ui, context, view, AxisSide::Right, &said);
    }
    show_switches(ui, context, view, &said);
    show_interaction(ui, context, view, &said);
    looks::show_settings(ui, context, view, &said.looks);
}

/// The range and the scale of an axis of values.
fn show_axis(
    ui: &mut Ui,
    context: &mut ViewUiContext<'_>,
    view: ViewId,
    side: AxisSide,
    said: &PlotProperties,
) {
    let (range, scale) = match side {
        AxisSide::Left => (said.values, said.scales.left),
        AxisSide::Right => (said.right, said.scales.right),
    };
    let properties = match side {
        AxisSide::Left => [ScalarAxis::RANGE, ScalarAxisScale::SCALE],
        AxisSide::Right => [SecondScalarAxis::RANGE, SecondScalarAxis::SCALE],
    };
    settings_row(ui, context, view, &properties, |ui, context| {
        let mut fits = range.is_none();
        if ui
            .checkbox(&mut fits, "Fit values")
            .on_hover_text("Show the values that the shown stretch of time has")
            .changed()
        {
            let range = match (fits, scale) {
                (true, _) => None,
                (false, AxisScale::Linear) => ValueWindow::new(-1.0, 1.0),
                (false, AxisScale::Logarithmic) => ValueWindow::new(1.0, 10.0),
            };
            context.edit(edit_value_range(view, side, range));
        }
        let mut is_logarithmic = scale == AxisScale::Logarithmic;
        if ui
            .checkbox(&mut is_logarithmic, "Logarithmic")
            .on_hover_text("Ratios are distances; values that are not positive become gaps")
            .changed()
        {
            let scale = if is_logarithmic {
                AxisScale::Logarithmic
            } else {
                AxisScale::Linear
            };
            context.edit(match side {
                AxisSide::Left => {
                    BlueprintCommand::set_property(view, &ScalarAxisScale::default().with_scale(scale))
                }
                AxisSide::Right => {
                    BlueprintCommand::set_property(view, &SecondScalarAxis::default().with_scale(scale))
                }
            });
        }
    });
    let Some(range) = range else { return };
    ui.horizontal(|ui| {
        let (mut min, mut max) = (range.min(), range.max());
        let speed = (max / 2.0 - min / 2.0) / 100.0;
        let from = ui
            .add(number_field(&mut min).speed(speed).update_while_editing(false))
            .on_hover_text("Least value");
        ui.label("to");
        let to = ui
            .add(number_field(&mut max).speed(speed).update_while_editing(false))
            .on_hover_text("Greatest value");
        if (from.changed() || to.changed())
            && let Some(range) = with_ends(range, scale, min, max)
        {
            context
                .commands
                .blueprint(edit_value_range(view, side, Some(range)));
        }
        if from.drag_stopped() || to.drag_stopped() || from.lost_focus() || to.lost_focus() {
            context.commands.push(ViewerCommand::EndGesture);
        }
    });
}

/// A range with other ends. An end that is not on its side of the other one any more pushes that along; `None` where that has no place
/// on the scale.
fn with_ends(before: ValueWindow, scale: AxisScale, min: f64, max: f64) -> Option<ValueWindow> {
    if min < max {
        return ValueWindow::new(min, max);
    }
    let length = before.max() - before.min();
    let pushed = if min == before.min() {
        ValueWindow::new(max - length, max)
    } else {
        ValueWindow::new(min, min + length)
    };
    pushed.filter(|range| range.on(scale).is_some())
}

fn show_switches(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &PlotProperties) {
    let values = Switch {
        property: ScalarAxis::ZOOM_LOCK,
        text: "Lock values",
        hint: "Zooming leaves the range of values alone",
        is_on: said.locks.values,
    };
    values.show(ui, context, view, |is_on| {
        ScalarAxis::default().with_zoom_lock(is_on)
    });
    let time = Switch {
        property: TimeAxis::ZOOM_LOCK,
        text: "Lock time",
        hint: "Zooming leaves the stretch of time alone",
        is_on: said.locks.x,
    };
    time.show(ui, context, view, |is_on| {
        TimeAxis::default().with_zoom_lock(is_on)
    });
    let link = Switch {
        property: TimeAxis::LINK,
        text: "Link time",
        hint: "Show the stretch of time that all linked plots show",
        is_on: said.is_linked(),
    };
    link.show(ui, context, view, |is_on| {
        TimeAxis::default().with_link(if is_on {
            LinkAxis::LinkToGlobal
        } else {
            LinkAxis::Independent
        })
    });
}

/// What the pointer shows, and which samples have dots.
fn show_interaction(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &PlotProperties) {
    const MODES: [(TooltipMode, &str); 2] = [
        (TooltipMode::Nearest, "The nearest series"),
        (TooltipMode::All, "All series"),
    ];
    let name = |mode: Option<TooltipMode>| {
        let found = MODES.iter().find(|(other, _)| Some(*other) == mode);
        found.map_or("Series near the pointer", |(_, name)| name)
    };
    let before = said.tooltip;
    let property = [PlotInteraction::TOOLTIP_MODE];
    settings_row(ui, context, view, &property, |ui, context| {
        ui.label("Tooltip");
        ComboBox::from_id_salt(("plot tooltip", view))
            .selected_text(name(before))
            .show_ui(ui, |ui| {
                if ui.selectable_label(before.is_none(), name(None)).clicked() && before.is_some() {
                    let nothing = components::blueprint::TooltipMode::build(Vec::new());
                    let mode = (PlotInteraction::TOOLTIP_MODE.descriptor(), nothing);
                    context.edit(BlueprintCommand::SetProperty(view, vec![mode]));
                }
                for (mode, name) in MODES {
                    if ui.selectable_label(before == Some(mode), name).clicked() && before != Some(mode) {
                        let interaction = PlotInteraction::default().with_tooltip_mode(mode);
                        context.edit(BlueprintCommand::set_property(view, &interaction));
                    }
                }
            });
    });
    let dots = Switch {
        property: PlotInteraction::POINTS_DISPLAY,
        text: "Samples as dots",
        hint: "Mark each sample of a line, where they are few enough to be told apart",
        is_on: said.points == PointsDisplay::Always,
    };
    dots.show(ui, context, view, |is_on| {
        PlotInteraction::default().with_points_display(if is_on {
            PointsDisplay::Always
        } else {
            PointsDisplay::OnHover
        })
    });
    ui.label("Drag with shift in the plot to measure between two times.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_pushes_the_other_along() {
        let check = |scale, before: [f64; 2], [min, max]: [f64; 2], expected: Option<[f64; 2]>| {
            let before = ValueWindow::new(before[0], before[1]).unwrap_or_else(|| panic!("{before:?}"));
            let ends = with_ends(before, scale, min, max).map(|range| [range.min(), range.max()]);
            assert_eq!(ends, expected, "{min} to {max}");
        };
        let linear = AxisScale::Linear;
        check(linear, [50.0, 100.0], [50.0, 150.0], Some([50.0, 150.0]));
        check(linear, [50.0, 100.0], [200.0, 100.0], Some([200.0, 250.0]));
        check(linear, [50.0, 100.0], [50.0, 1.0], Some([-49.0, 1.0]));
        check(linear, [50.0, 100.0], [100.0, 100.0], Some([100.0, 150.0]));
        check(linear, [50.0, 100.0], [f64::NAN, 100.0], None);
        check(linear, [50.0, 100.0], [50.0, f64::INFINITY], None);
        let logarithmic = AxisScale::Logarithmic;
        check(logarithmic, [50.0, 100.0], [50.0, 1.0], None);
        check(logarithmic, [50.0, 100.0], [200.0, 100.0], Some([200.0, 250.0]));
    }
}
