//! The legend of a plot: which color is what, and which value it has. A click shows or hides it.
//!
//! Where there is room for it, the legend stands beside the plot; else in a corner of it, over the data.

use std::sync::Arc;

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::{AxisSide, Corner2D};
use egui::{Color32, FontId, Galley, Id, PointerButton, Rect, Response, Sense, Ui, Vec2, pos2, vec2};

use super::{axes::AXIS_HEIGHT, events::PlotEvent};
use crate::ViewStyle;

const ROW: f32 = 18.0;
const PADDING: f32 = 6.0;
const DOT: f32 = 4.0;
/// Between the legend and the edges of the plot.
const MARGIN: f32 = 8.0;
/// The most that a legend beside the plot takes of a tile's width.
const MAX_SHARE: f32 = 0.34;
/// What a legend beside the plot leaves to it, in points.
const MIN_PLOT: f32 = 320.0;
/// A legend in a narrower tile has no values: the tooltip has them, in points.
const MIN_WITH_VALUES: f32 = 360.0;
/// The most that a legend in a corner of the plot takes of its height.
const MAX_HEIGHT: f32 = 0.6;
/// Of names that cannot be longer than this nothing is to be read, in points.
const MIN_NAME: f32 = 60.0;

/// In which corner a legend stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LegendPlace {
    /// The corner that the blueprint names.
    pub(crate) said: Option<Corner2D>,
    /// The corner where it names none, and there is no room beside the plot.
    pub(crate) otherwise: Corner2D,
}

impl LegendPlace {
    /// The corner of the plot.
    pub(crate) fn corner(self) -> Corner2D {
        self.said.unwrap_or(self.otherwise)
    }
}

/// What a legend lists.
#[derive(Clone, Copy)]
pub(crate) struct LegendEntry<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// Its color.
    pub(crate) color: Color32,
    /// Whether it is shown.
    pub(crate) visible: bool,
    /// How it is lit up.
    pub(crate) highlight: Highlight,
    /// The axis that it belongs to, where it can be put to another.
    pub(crate) side: Option<AxisSide>,
}

/// What a legend is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct LegendInput<'a> {
    /// The plot's id in the user interface.
    pub(crate) id: Id,
    /// What it lists, in this order.
    pub(crate) entries: &'a [LegendEntry<'a>],
    /// Where it stands.
    pub(crate) place: LegendPlace,
    /// Whether entries have values.
    pub(crate) has_values: bool,
    /// The view's colors.
    pub(crate) style: &'a ViewStyle,
}

/// The legend of a plot that is being drawn; nothing where none is to be shown.
pub(crate) struct Legend<'a> {
    shown: Option<(LegendInput<'a>, LegendLayout)>,
    /// What it leaves of the tile.
    area: Rect,
}

impl<'a> Legend<'a> {
    /// Finds out how large the legend is in a tile.
    pub(crate) fn new(ui: &Ui, input: Option<LegendInput<'a>>, tile: &Rect) -> Self {
        let shown = input.map(|input| (input, layout(ui, &input, tile)));
        let area = shown.as_ref().map_or(*tile, |(_, layout)| layout.rest(tile));
        Self { shown, area }
    }

    /// What it leaves of the tile.
    pub(crate) fn area(&self) -> Rect {
        self.area
    }

    /// Puts the legend into its place. Before the data is drawn, since what is over the plot takes the
    /// pointer.
    pub(crate) fn place(self, ui: &Ui, tile: &Rect, plot: &Rect) -> PlacedLegend<'a> {
        let placed = |(input, layout): (LegendInput<'a>, LegendLayout)| {
            let placed = layout.place(ui, &input, tile, plot);
            (input, placed)
        };
        PlacedLegend(self.shown.map(placed))
    }
}

/// The legend of a plot in its place.
pub(crate) struct PlacedLegend<'a>(Option<(LegendInput<'a>, LegendRows)>);

impl PlacedLegend<'_> {
    /// Draws it, with the value of each entry that has one.
    pub(crate) fn show(self, ui: &Ui, values: &[Option<f64>]) -> LegendResponse {
        let shown = self.0.map(|(input, rows)| show(ui, &input, rows, values));
        shown.unwrap_or_default()
    }
}

/// How large a legend is, and whether it stands beside the plot.
struct LegendLayout {
    size: Vec2,
    names: Vec<Arc<Galley>>,
    /// The first entry that is shown.
    first: usize,
    /// Entries that have no room.
    left_out: usize,
    /// How wide values are.
    values: f32,
    /// The side of the plot that it stands at: a corner of that side.
    beside: Option<Corner2D>,
}

/// Where the legend stands, and what was asked of the pointer.
struct LegendRows {
    layout: LegendLayout,
    rect: Rect,
    /// Behind the rows, so that the plot does not get what is between them.
    behind: Response,
    rows: Vec<(Rect, Response)>,
}

/// What the pointer does to the legend.
#[derive(Default)]
pub(crate) struct LegendResponse {
    /// Whether the pointer is over the legend.
    pub(crate) contains_pointer: bool,
    /// The entry that the pointer is over.
    hovered: Option<usize>,
    /// The entry that is to be shown or hidden.
    toggled: Option<usize>,
    /// The entry that is to be shown alone.
    isolated: Option<usize>,
    /// The entry that begins to be dragged elsewhere.
    dragged: Option<usize>,
    /// The entry that is to go to another axis.
    pub(crate) moved: Option<(usize, AxisSide)>,
}

impl LegendResponse {
    /// What the pointer does to entries, as in all plots.
    pub(crate) fn events<X>(&self) -> impl Iterator<Item = PlotEvent<X>> {
        let toggled = self.toggled.map(PlotEvent::Toggle);
        let isolated = self.isolated.map(PlotEvent::Isolate);
        let dragged = self.dragged.map(PlotEvent::Drag);
        toggled.into_iter().chain(isolated).chain(dragged)
    }

    /// What the pointer is over, if it is over the plot or the legend: an entry of the legend, or what is drawn of one.
    pub(crate) fn hover<X>(&self, plot: &Response, drawn: Option<usize>) -> Option<PlotEvent<X>> {
        let is_over = plot.hovered() || self.contains_pointer;
        let nothing = is_over.then_some(PlotEvent::HoverNothing);
        self.hovered.or(drawn).map(PlotEvent::Hover).or(nothing)
    }
}

/// Finds out how large the legend is in a tile.
fn layout(ui: &Ui, input: &LegendInput<'_>, tile: &Rect) -> LegendLayout {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let has_values = input.has_values && tile.width() >= MIN_WITH_VALUES;
    let values = if has_values {
        MARGIN + super::axes::text_width(ui, &value_font(&font), "-0.00000")
    } else {
        0.0
    };
    let height = tile.height() - AXIS_HEIGHT;
    let count = input.entries.len();
    let around = 2.0 * DOT + 3.0 * PADDING + values;
    let names = |max_width: f32, rows: &Rows| -> Vec<Arc<Galley>> {
        let entries = input.entries.iter().skip(rows.first).take(rows.shown);
        entries
            .map(|entry| {
                let color = if entry.visible {
                    input.style.text
                } else {
                    input.style.secondary_text
                };
                let mut name = entry.name.to_owned();
                if entry.side == Some(AxisSide::Right) {
                    name.push(' ');
                    name.push_str(egui_phosphor::regular::ARROW_LINE_RIGHT);
                }
                let mut job = egui::text::LayoutJob::simple_singleline(name, font.clone(), color);
                job.wrap = egui::text::TextWrapping::truncate_at_width(max_width);
                ui.painter().layout_job(job)
            })
            .collect()
    };
    let size_of = |names: &[Arc<Galley>], rows: &Rows| {
        let name = names.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
        let width = name.max(if rows.left_out > 0 { 48.0 } else { 0.0 }) + around;
        let count = rows.shown + usize::from(rows.left_out > 0);
        vec2(width, count as f32 * ROW + PADDING)
    };
    let scrolled = scrolled(ui, input.id);
    let rows = Rows::new(height - 2.0 * MARGIN - PADDING, count, scrolled);
    let narrow = tile.width() * MAX_SHARE - around;
    let beside = (count > 1 && rows.shown > 0 && narrow >= MIN_NAME)
        .then(|| {
            let names = names(narrow, &rows);
            (size_of(&names, &rows), names, rows)
        })
        .filter(|(size, ..)| tile.width() - size.x - 2.0 * MARGIN >= MIN_PLOT);
    let is_beside = beside.is_some();
    let (size, names, rows) = beside.unwrap_or_else(|| {
        let rows = Rows::new(height * MAX_HEIGHT - PADDING, count, scrolled);
        let names = names((tile.width() * 0.5 - around).max(0.0), &rows);
        (size_of(&names, &rows), names, rows)
    });
    LegendLayout {
        size,
        names,
        first: rows.first,
        left_out: rows.left_out,
        values,
        beside: is_beside.then(|| input.place.said.unwrap_or(Corner2D::RightTop)),
    }
}

/// The entries that have room.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    shown: usize,
    /// The others; zero where none has room, so that there is no legend: it would cover data, and name none.
    left_out: usize,
}

impl Rows {
    /// Of so many entries those that are shown in a height, from the one on that is scrolled to.
    fn new(height: f32, count: usize, scrolled: usize) -> Self {
        let room = (height / ROW).floor().max(0.0) as usize;
        let shown = if count <= room {
            count
        } else {
            room.saturating_sub(1)
        };
        Self {
            first: scrolled.min(count - shown),
            shown,
            left_out: if shown == 0 { 0 } else { count - shown },
        }
    }
}

fn value_font(font: &FontId) -> FontId {
    FontId::monospace(font.size)
}

/// How many entries the legend was scrolled by.
fn scrolled(ui: &Ui, id: Id) -> usize {
    let rows: f32 = ui
        .data(|data| data.get_temp(id.with("legend rows")))
        .unwrap_or_default();
    rows.max(0.0) as usize
}

impl LegendLayout {
    /// What a legend beside the plot leaves of a tile.
    fn rest(&self, tile: &Rect) -> Rect {
        let width = self.size.x + 2.0 * MARGIN;
        match self.beside {
            None => *tile,
            Some(Corner2D::LeftTop | Corner2D::LeftBottom) => {
                Rect::from_min_max(pos2(tile.left() + width, tile.top()), tile.max)
            }
            Some(Corner2D::RightTop | Corner2D::RightBottom) => {
                Rect::from_min_max(tile.min, pos2(tile.right() - width, tile.bottom()))
            }
        }
    }

    fn place(self, ui: &Ui, input: &LegendInput<'_>, tile: &Rect, plot: &Rect) -> LegendRows {
        let (corner, around) = match self.beside {
            Some(corner) => (corner, Rect::from_x_y_ranges(tile.x_range(), plot.y_range())),
            None => (input.place.corner(), *plot),
        };
        let (left, right) = (around.left() + MARGIN, around.right() - MARGIN - self.size.x);
        let (top, bottom) = (around.top() + MARGIN, around.bottom() - MARGIN - self.size.y);
        let min = match corner {
            Corner2D::LeftTop => pos2(left, top),
            Corner2D::RightTop => pos2(right, top),
            Corner2D::LeftBottom => pos2(left, bottom),
            Corner2D::RightBottom => pos2(right, bottom),
        };
        let rect = Rect::from_min_size(min, self.size);
        let behind = ui.interact(rect, input.id.with("legend"), Sense::hover());
        let rows = (0..self.names.len())
            .map(|at| {
                let min = rect.min + vec2(0.0, PADDING / 2.0 + at as f32 * ROW);
                let row = Rect::from_min_size(min, vec2(rect.width(), ROW));
                let id = input.id.with(("legend", self.first + at));
                (row, ui.interact(row, id, Sense::click_and_drag()))
            })
            .collect();
        LegendRows {
            layout: self,
            rect,
            behind,
            rows,
        }
    }
}

fn show(ui: &Ui, input: &LegendInput<'_>, legend: LegendRows, values: &[Option<f64>]) -> LegendResponse {
    let mut answer = LegendResponse::default();
    let LegendRows {
        layout,
        rect,
        behind,
        rows,
    } = legend;
    if rows.is_empty() && layout.left_out == 0 {
        return answer;
    }
    answer.contains_pointer = behind.contains_pointer();
    let painter = ui.painter();
    let style = input.style;
    if layout.beside.is_none() {
        painter.rect(
            rect,
            4.0,
            style.label_background,
            (1.0, style.grid),
            egui::StrokeKind::Inside,
        );
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    let mut bottom = rect.top() + PADDING / 2.0;
    for (at, ((row, response), name)) in rows.into_iter().zip(layout.names).enumerate() {
        let at = layout.first + at;
        let Some(entry) = input.entries.get(at) else {
            continue;
        };
        if response.hovered() || entry.highlight != Highlight::None {
            painter.rect_filled(
                row.shrink2(vec2(2.0, 0.0)),
                3.0,
                style.hovered.gamma_multiply(0.08),
            );
        }
        let dot = pos2(row.left() + PADDING + DOT, row.center().y);
        if entry.visible {
            painter.circle_filled(dot, DOT, entry.color);
        } else {
            painter.circle_stroke(dot, DOT - 0.5, (1.0, entry.color.gamma_multiply(0.6)));
        }
        let is_cut = name.elided;
        let text = pos2(dot.x + DOT + PADDING, row.center().y - name.size().y / 2.0);
        painter.galley(text, name, style.text);
        let value = values.get(at).copied().flatten().filter(|_| entry.visible);
        if let Some(value) = value.filter(|_| layout.values > 0.0) {
            painter.text(
                pos2(row.right() - PADDING, row.center().y),
                egui::Align2::RIGHT_CENTER,
                compact(value),
                value_font(&font),
                style.text,
            );
        }
        if response.hovered() {
            answer.hovered = Some(at);
        }
        if response.double_clicked() || (response.clicked() && ui.input(|input| input.modifiers.alt)) {
            answer.isolated = Some(at);
        } else if response.clicked() {
            answer.toggled = Some(at);
        }
        if response.drag_started_by(PointerButton::Primary) {
            answer.dragged = Some(at);
        }
        response.context_menu(|ui| menu(ui, at, entry, &mut answer));
        let what = if entry.visible { "hide" } else { "show" };
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, entry.visible, entry.name)
        });
        let mut hint = format!(
            "Click to {what} it, double-click or alt-click to show it alone, drag it to another plot"
        );
        if is_cut {
            hint = format!("{}\n{hint}", entry.name);
        }
        response.on_hover_text(hint);
        bottom = row.bottom();
    }
    if layout.left_out > 0 {
        let at = pos2(rect.left() + PADDING, bottom + ROW / 2.0);
        let more = format!("{} more", layout.left_out);
        painter.text(at, egui::Align2::LEFT_CENTER, more, font, style.secondary_text);
        if answer.contains_pointer {
            scroll(ui, input.id, layout.left_out);
        }
    }
    answer
}

/// What can be done to an entry.
fn menu(ui: &mut Ui, at: usize, entry: &LegendEntry<'_>, answer: &mut LegendResponse) {
    if ui.button(if entry.visible { "Hide" } else { "Show" }).clicked() {
        answer.toggled = Some(at);
    }
    if ui.button("Show alone, or all again").clicked() {
        answer.isolated = Some(at);
    }
    let (name, side) = match entry.side {
        None => return,
        Some(AxisSide::Left) => ("Put on the right axis", AxisSide::Right),
        Some(AxisSide::Right) => ("Put on the left axis", AxisSide::Left),
    };
    if ui.button(name).clicked() {
        answer.moved = Some((at, side));
    }
}

/// Scrolls through the entries, of which so many have no room.
fn scroll(ui: &Ui, id: Id, left_out: usize) {
    let delta = ui.input(|input| input.smooth_scroll_delta().y);
    if delta != 0.0 {
        ui.data_mut(|data| {
            let rows: &mut f32 = data.get_temp_mut_or_default(id.with("legend rows"));
            *rows = (*rows - delta / ROW).clamp(0.0, left_out as f32);
        });
    }
}

/// A value in at most eight characters, but for very small or large ones.
pub(crate) fn compact(value: f64) -> String {
    // No minus before a zero.
    let value = if value == 0.0 { 0.0 } else { value };
    let exact = value.to_string();
    if exact.len() <= 8 {
        return exact;
    }
    let magnitude = value.abs();
    if !(1e-3..1e7).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (5.0 - magnitude.log10().floor()).clamp(0.0, 5.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        let check = |value: f64, expected: &str| assert_eq!(compact(value), expected);
        check(0.5, "0.5");
        check(-0.0, "0");
        check(-12.0, "-12");
        check(1.0 / 3.0, "0.33333");
        check(-123.456_789, "-123.457");
        check(1_234_567.891, "1234568");
        check(1.0e-9 / 3.0, "3.33e-10");
        check(-1.0e20 / 3.0, "-3.33e19");
        check(f64::NAN, "NaN");
    }
}
