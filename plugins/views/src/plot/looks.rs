//! The properties that all plots have: legend, grid, background. All are in the blueprint.

use std::borrow::Cow;

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component, ComponentName, Rgba,
    blueprint::{PlotBackground, PlotLegend},
    components,
    enums::Corner2D,
};
use egui::{Color32, ComboBox, Ui};

use super::legend::LegendPlace;
use crate::{
    ViewAction, ViewStyle, ViewUiContext,
    properties::PropertyReader,
    settings_row::{Switch, settings_row},
};

const CORNERS: [(Corner2D, &str); 4] = [
    (Corner2D::LeftTop, "Left, top"),
    (Corner2D::RightTop, "Right, top"),
    (Corner2D::LeftBottom, "Left, bottom"),
    (Corner2D::RightBottom, "Right, bottom"),
];

/// The properties that [`show_settings`] draws.
pub(crate) const DRAWN: [ComponentName; 3] =
    [PlotBackground::SHOW_GRID, PlotLegend::CORNER, PlotLegend::VISIBLE];

/// The other ones, with the values that they have where the blueprint says nothing.
pub(crate) fn properties(context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
    let color = ViewStyle::of(context.world).background.to_srgba_unmultiplied();
    let color = components::Color::build(vec![Rgba::from_array(color)]);
    vec![(PlotBackground::COLOR, color)]
}

/// What the blueprint says of the looks of a plot. The default is what holds where it says nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlotLooks {
    hides_legend: bool,
    legend: LegendPlace,
    hides_grid: bool,
    /// Behind everything.
    pub(crate) background: Option<Color32>,
}

impl PlotLooks {
    /// The looks of a plot of which the blueprint says nothing. The legend stands in this corner, where it
    /// has no place beside the plot.
    pub(crate) const fn with_corner(corner: Corner2D) -> Self {
        Self {
            hides_legend: false,
            legend: LegendPlace {
                said: None,
                otherwise: corner,
            },
            hides_grid: false,
            background: None,
        }
    }

    /// The looks of a plot whose legend stands in this corner, where the blueprint says nothing and it has no
    /// place beside the plot.
    pub(crate) fn read(reader: &PropertyReader<'_>, corner: Corner2D) -> Self {
        let said = reader.value(&PlotLegend::CORNER).and_then(|array| {
            components::blueprint::Corner2D::read(&array)
                .ok()?
                .first()
                .copied()
        });
        Self {
            hides_legend: reader.boolean(&PlotLegend::VISIBLE) == Some(false),
            legend: LegendPlace {
                said,
                otherwise: corner,
            },
            hides_grid: reader.boolean(&PlotBackground::SHOW_GRID) == Some(false),
            background: reader.color(&PlotBackground::COLOR),
        }
    }

    /// Where the legend stands, if it is shown.
    pub(crate) fn legend(&self) -> Option<LegendPlace> {
        (!self.hides_legend).then_some(self.legend)
    }

    /// The colors of a view as they can be read on the background of a plot.
    pub(crate) fn readable<'a>(&self, style: &'a ViewStyle) -> Cow<'a, ViewStyle> {
        self.background
            .map_or(Cow::Borrowed(style), |background| style.on(background))
    }

    /// Whether lines of a grid are drawn.
    pub(crate) fn shows_grid(&self) -> bool {
        !self.hides_grid
    }
}

/// Shows the legend of a plot, or hides it.
pub(crate) fn toggle_legend(context: &mut ViewUiContext<'_>, view: ViewId, looks: &PlotLooks) {
    let legend = PlotLegend::default().with_visible(looks.legend().is_none());
    context.edit(BlueprintCommand::set_property(view, &legend));
}

/// What can be done in all plots by name.
pub(crate) const ACTIONS: [ViewAction; 11] = [
    ViewAction::ResetLook,
    ViewAction::IsolateSeries,
    ViewAction::ToggleSeries,
    ViewAction::ToggleLegend,
    ViewAction::CopyTable,
    ViewAction::PanLeft,
    ViewAction::PanRight,
    ViewAction::PanUp,
    ViewAction::PanDown,
    ViewAction::ZoomIn,
    ViewAction::ZoomOut,
];

/// Draws the settings of a plot's looks.
pub(crate) fn show_settings(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, looks: &PlotLooks) {
    let place = looks.legend();
    let properties = [PlotLegend::VISIBLE, PlotLegend::CORNER];
    settings_row(ui, context, view, &properties, |ui, context| {
        let mut visible = place.is_some();
        if ui.checkbox(&mut visible, "Legend").changed() {
            toggle_legend(context, view, looks);
        }
        if let Some(LegendPlace { said, .. }) = place {
            let name = CORNERS
                .iter()
                .find(|(corner, _)| said == Some(*corner))
                .map_or("Where there is room", |(_, name)| name);
            ComboBox::from_id_salt(("legend corner", view))
                .selected_text(name)
                .show_ui(ui, |ui| {
                    for (corner, name) in CORNERS {
                        let is_said = said == Some(corner);
                        if ui.selectable_label(is_said, name).clicked() && !is_said {
                            let legend = PlotLegend::default().with_corner(corner);
                            context.edit(BlueprintCommand::set_property(view, &legend));
                        }
                    }
                });
        }
    });

    let grid = Switch {
        property: PlotBackground::SHOW_GRID,
        text: "Grid",
        hint: "",
        is_on: looks.shows_grid(),
    };
    grid.show(ui, context, view, |is_on| {
        PlotBackground::default().with_show_grid(is_on)
    });
}
