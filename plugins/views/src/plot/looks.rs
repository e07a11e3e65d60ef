//! The properties that all plots have: legend, grid, background. All are in the blueprint.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::ViewerCommand;
use chronoscope_types::{
    Component,
    blueprint::{PlotBackground, PlotLegend},
    components,
    enums::Corner2D,
};
use egui::{Color32, ComboBox, Ui};

use crate::{ViewUiContext, properties::PropertyReader};

const CORNERS: [(Corner2D, &str); 4] = [
    (Corner2D::LeftTop, "Left, top"),
    (Corner2D::RightTop, "Right, top"),
    (Corner2D::LeftBottom, "Left, bottom"),
    (Corner2D::RightBottom, "Right, bottom"),
];

/// What the blueprint says of the looks of a plot. The default is what holds where it says nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlotLooks {
    hides_legend: bool,
    corner: Corner2D,
    hides_grid: bool,
    /// Behind everything.
    pub(crate) background: Option<Color32>,
}

impl PlotLooks {
    /// The looks of a plot of which the blueprint says nothing.
    pub(crate) const fn with_corner(corner: Corner2D) -> Self {
        Self {
            hides_legend: false,
            corner,
            hides_grid: false,
            background: None,
        }
    }

    /// The looks of a plot whose legend stands in this corner, where the blueprint says nothing.
    pub(crate) fn read(reader: &PropertyReader<'_>, corner: Corner2D) -> Self {
        let said = reader.value(&PlotLegend::CORNER).and_then(|array| {
            components::blueprint::Corner2D::read(&array)
                .ok()?
                .first()
                .copied()
        });
        Self {
            hides_legend: reader.boolean(&PlotLegend::VISIBLE) == Some(false),
            corner: said.unwrap_or(corner),
            hides_grid: reader.boolean(&PlotBackground::SHOW_GRID) == Some(false),
            background: reader.color(&PlotBackground::COLOR),
        }
    }

    /// Where the legend stands, if it is shown.
    pub(crate) fn legend_corner(&self) -> Option<Corner2D> {
        (!self.hides_legend).then_some(self.corner)
    }

    /// Whether lines of a grid are drawn.
    pub(crate) fn shows_grid(&self) -> bool {
        !self.hides_grid
    }
}

/// Draws the settings of a plot's looks.
pub(crate) fn show_settings(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, looks: &PlotLooks) {
    let corner = looks.legend_corner();
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

    let mut grid = looks.shows_grid();
    if ui.checkbox(&mut grid, "Grid").changed() {
        context.commands.blueprint(BlueprintCommand::set_property(
            view,
            &PlotBackground::default().with_show_grid(grid),
        ));
        context.commands.push(ViewerCommand::EndGesture);
    }
}
