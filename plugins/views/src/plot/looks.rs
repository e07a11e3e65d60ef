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

/// How much text has to stand out from what is behind it: WCAG 2.2, 1.4.3.
const MIN_CONTRAST: f32 = 4.5;

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
        let Some(background) = self.background else {
            return Cow::Borrowed(style);
        };
        let is_read = |color: Color32| contrast(color, background) >= MIN_CONTRAST;
        let mut style = style.clone();
        let is_light = contrast(Color32::BLACK, background) >= contrast(Color32::WHITE, background);
        let strong = if is_light { Color32::BLACK } else { Color32::WHITE };
        if !is_read(style.text) {
            style.text = strong;
        }
        if !is_read(style.secondary_text) {
            let softer = background.lerp_to_gamma(strong, 0.75);
            style.secondary_text = if is_read(softer) { softer } else { strong };
        }
        if !is_read(style.cursor) {
            style.cursor = strong;
        }
        style.grid = background.lerp_to_gamma(strong, 0.15);
        style.label_background = background.gamma_multiply(0.85);
        style.background = background;
        Cow::Owned(style)
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

/// The contrast of two opaque colors, from 1 to 21: WCAG 2.2.
fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |color: Color32| {
        let [r, g, b, _] = egui::Rgba::from(color).to_array();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_on_any_background() {
        let style = ViewStyle::default();
        let plain = PlotLooks::with_corner(Corner2D::LeftTop);
        assert_eq!(*plain.readable(&style), style);
        for gray in (0..=255).step_by(5) {
            let background = Color32::from_gray(gray);
            let looks = PlotLooks {
                background: Some(background),
                ..plain
            };
            let read = looks.readable(&style);
            for color in [read.text, read.secondary_text, read.cursor] {
                assert!(contrast(color, background) >= MIN_CONTRAST, "{color:?} on {gray}");
            }
        }
    }
}
