//! A plot of bars: what it is asked to show, what it says back. It knows nothing of worlds, views and blueprints.

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::AxisScale;
use egui::{Color32, Id, Mesh, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, pos2};

use super::bars::{Bar, Bars, with_zero};
use crate::{
    ViewAction, ViewStyle,
    plot::{
        axes::{self, Axes, GAP, label_width, plot_rect, position_of, text_width, x_of, y_of},
        events,
        gestures::{self, Shown, ZoomLocks, draw_box, moved_by, navigate},
        highlight,
        legend::{Legend, LegendEntry, LegendInput, LegendPlace},
        pyramid::Extent,
        ticks::{value_ticks, value_ticks_across},
        tooltip::{self, TooltipText, TooltipValue},
        window::ValueWindow,
    },
};

/// What of the bars a plot shows: a part of the abscissa, and a range of values.
pub(crate) type PlotWindow = gestures::PlotWindow<ValueWindow>;

/// How near to a bar the pointer is on it, in points.
const NEAR: f32 = 6.0;
/// How much of a bar's color fills it, so that bars that overlap can be told.
const FILL: f32 = 0.75;
/// A narrower bar has no edge, in points.
const MIN_EDGED: f32 = 4.0;

/// A chart as the plot shows it.
pub(crate) struct PlotChart<'a> {
    /// The bars; `None` while they are hidden.
    pub(crate) bars: Option<&'a Bars>,
    /// What it is called in the legend.
    pub(crate) name: &'a str,
    /// Its color.
    pub(crate) color: Color32,
    /// How it is lit up.
    pub(crate) highlight: Highlight,
}

/// What a plot shows.
pub(crate) struct PlotInput<'a> {
    /// The plot's id in the user interface.
    pub(crate) id: Id,
    /// The charts, in the order of the legend. The last one is drawn on top.
    pub(crate) charts: &'a [PlotChart<'a>],
    /// What is done by name.
    pub(crate) action: Option<ViewAction>,
    /// Where the legend stands, if it is shown.
    pub(crate) legend: Option<LegendPlace>,
    /// Whether lines of a grid are drawn.
    pub(crate) grid: bool,
    /// Behind everything.
    pub(crate) background: Color32,
    /// The view's colors.
    pub(crate) style: &'a ViewStyle,
}

/// What a user does to a plot.
pub(crate) type PlotEvent = events::PlotEvent<ValueWindow>;

/// Where the data of a plot lies on the screen.
struct Canvas {
    rect: Rect,
    across: ValueWindow,
    values: ValueWindow,
}

impl Canvas {
    fn x(&self, place: f64) -> f32 {
        x_of(&self.rect, self.across.position(place))
    }

    fn y(&self, value: f64) -> f32 {
        y_of(&self.rect, self.values.position(value))
    }

    fn rect_of(&self, across: [f64; 2], values: Extent) -> Rect {
        let [from, to] = across.map(|place| self.x(place));
        Rect::from_min_max(pos2(from, self.y(values.max)), pos2(to, self.y(values.min)))
    }

    fn rect_of_bar(&self, bar: &Bar) -> Rect {
        self.rect_of([bar.start, bar.end], with_zero(Extent::of(&[bar.value])))
    }
}

/// Draws a plot into all of the space that is there, and says what the user does to it.
pub(crate) fn show(ui: &mut Ui, input: &PlotInput<'_>, window: PlotWindow) -> Vec<PlotEvent> {
    let mut events = Vec::new();
    let Some(tile) = axes::plot_tile(ui, input.style, input.background) else {
        return events;
    };
    let font = egui::TextStyle::Small.resolve(ui.style());
    let entries: Vec<LegendEntry<'_>> = input.charts.iter().map(legend_entry).collect();
    let legend_input = input.legend.map(|place| LegendInput {
        id: input.id,
        entries: &entries,
        place,
        has_values: false,
        style: input.style,
    });
    let legend = Legend::new(ui, legend_input, &tile);
    let area = legend.area();

    let was_shown = shown(input, window);
    let height = area.height() - axes::AXIS_HEIGHT;
    let value_labels = value_ticks(&was_shown.values, height, font.size * 2.5);
    let plot = plot_rect(&area, label_width(ui, &font, &value_labels), None);
    let background = ui.interact(plot, input.id.with("plot"), Sense::CLICK | Sense::DRAG);
    let legend = legend.place(ui, &tile, &plot);

    // What the user does now is drawn now.
    let locks = ZoomLocks::default();
    let moved = navigate(ui, &background, &plot, &was_shown, window, locks)
        .or_else(|| moved_by(input.action?, &was_shown, window, locks));
    events.extend(moved.map(PlotEvent::SetWindow));
    let shown = moved.map_or(was_shown, |moved| shown(input, moved));
    let canvas = Canvas {
        rect: plot,
        across: shown.x,
        values: shown.values,
    };

    let whole = shown_bars(input).all(|(_, bars)| !bars.has_abscissa());
    let labels = Axes {
        area,
        font: &font,
        grid: input.grid,
        x: &value_ticks_across(&canvas.across, plot.width(), 3.0 * GAP, whole, |label| {
            text_width(ui, &font, label)
        }),
        values: &value_ticks(&canvas.values, plot.height(), font.size * 2.5),
        right: None,
    };
    axes::draw_axes(ui, input.style, &plot, &labels);

    let clipped = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
    draw_bars(&clipped, input, &canvas);
    draw_box(ui, &clipped, &background, input.style, &plot);
    let legend = legend.show(ui, &[]);
    events.extend(legend.events());

    let pointer = background
        .hover_pos()
        .filter(|_| !background.dragged() && !legend.contains_pointer);
    let hit = pointer.and_then(|pointer| nearest(input, &canvas, pointer));
    events.extend(legend.hover(&background, hit.map(|(at, _)| at)));
    if background.clicked() {
        let add = ui.input(|input| input.modifiers.command);
        events.push(PlotEvent::Click(hit.map(|(at, _)| at), add));
    }
    if let Some((at, bar)) = hit {
        show_tooltip(ui, &clipped, input, &canvas, at, bar);
    }
    events
}

fn legend_entry<'a>(chart: &PlotChart<'a>) -> LegendEntry<'a> {
    LegendEntry {
        name: chart.name,
        color: chart.color,
        visible: chart.bars.is_some(),
        highlight: chart.highlight,
        side: None,
    }
}

/// The charts that are not hidden, with their positions.
fn shown_bars<'a>(input: &PlotInput<'a>) -> impl DoubleEndedIterator<Item = (usize, &'a Bars)> {
    let charts = input.charts.iter().enumerate();
    charts.filter_map(|(at, chart)| Some((at, chart.bars?)))
}

/// What is shown of the abscissa and of the values.
fn shown(input: &PlotInput<'_>, window: PlotWindow) -> Shown<ValueWindow> {
    let union = |extents: &mut dyn Iterator<Item = Extent>| extents.fold(Extent::EMPTY, Extent::union);
    let linear = |extent: Extent| ValueWindow::fitted(extent, AxisScale::Linear);
    let across = window
        .x
        .unwrap_or_else(|| linear(union(&mut shown_bars(input).map(|(_, bars)| bars.across()))));
    let values = window.values.unwrap_or_else(|| {
        let extent = union(&mut shown_bars(input).map(|(_, bars)| bars.extent(&across)));
        linear(if extent.is_empty() {
            extent
        } else {
            with_zero(extent)
        })
    });
    Shown {
        x: across,
        values,
        right: None,
    }
}

fn draw_bars(painter: &Painter, input: &PlotInput<'_>, canvas: &Canvas) {
    let some_lit = shown_bars(input).any(|(at, _)| input.charts[at].highlight != Highlight::None);
    let width = (canvas.rect.width() * painter.pixels_per_point()).ceil().max(1.0) as usize;
    let clip = painter.clip_rect().expand(1.0);
    let pixel = 1.0 / painter.pixels_per_point();
    let rounded = |place: f32| (place / pixel).round() * pixel;
    let mut mesh = Mesh::default();
    for (at, bars) in shown_bars(input) {
        let chart = &input.charts[at];
        let color = highlight::lit(chart.color, chart.highlight, some_lit);
        let fill = color.gamma_multiply(FILL);
        for block in bars.visible(&canvas.across, width) {
            let rect = canvas.rect_of(block.across, block.values);
            if rect.width() < MIN_EDGED {
                // Never nothing: a peak of one bar among thousands is still to be seen.
                let right = rect.right().max(rect.left() + pixel);
                let rect = Rect::from_min_max(rect.min, pos2(right, rect.bottom()));
                mesh.add_colored_rect(rect.intersect(clip), fill);
                continue;
            }
            let [left, right] = [rect.left(), rect.right()].map(rounded);
            let [top, bottom] = [rect.top(), rect.bottom()].map(rounded);
            let rect = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
            mesh.add_colored_rect(rect.intersect(clip), fill);
            let edges = [
                (rect.min, pos2(right, top + pixel)),
                (pos2(left, bottom - pixel), rect.max),
                (rect.min, pos2(left + pixel, bottom)),
                (pos2(right - pixel, top), rect.max),
            ];
            for (min, max) in edges {
                mesh.add_colored_rect(Rect::from_min_max(min, max).intersect(clip), color);
            }
        }
    }
    painter.add(Shape::mesh(mesh));
    let zero = painter.round_to_pixel_center(canvas.y(0.0));
    painter.hline(
        canvas.rect.x_range(),
        zero,
        Stroke::new(pixel, input.style.secondary_text),
    );
}

/// The bar that the pointer is on, with the position of its chart: the one on top, where several are.
fn nearest<'a>(input: &PlotInput<'a>, canvas: &Canvas, pointer: Pos2) -> Option<(usize, &'a Bar)> {
    let place = |x: f32| canvas.across.value(position_of(&canvas.rect, x));
    let (from, to) = (place(pointer.x - NEAR), place(pointer.x + NEAR));
    let mut best: Option<(f32, usize, &Bar)> = None;
    for (at, bars) in shown_bars(input).rev() {
        for bar in bars.between(from, to) {
            let distance = canvas.rect_of_bar(bar).distance_to_pos(pointer);
            if distance < best.map_or(NEAR, |(distance, ..)| distance) {
                best = Some((distance, at, bar));
            }
        }
    }
    best.map(|(_, at, bar)| (at, bar))
}

fn show_tooltip(ui: &Ui, painter: &Painter, input: &PlotInput<'_>, canvas: &Canvas, at: usize, bar: &Bar) {
    let Some(chart) = input.charts.get(at) else {
        return;
    };
    painter.rect_stroke(
        canvas.rect_of_bar(bar),
        0.0,
        (1.5, input.style.hovered),
        StrokeKind::Inside,
    );
    let has_abscissa = chart.bars.is_some_and(Bars::has_abscissa);
    let place = if has_abscissa {
        format!("index {}, from {} to {}", bar.index, bar.start, bar.end)
    } else {
        format!("index {}", bar.index)
    };
    let value = TooltipValue {
        name: chart.name,
        color: chart.color,
        value: bar.value,
        deviation: None,
    };
    let text = TooltipText {
        place: &place,
        values: &[value],
        left_out: 0,
        note: None,
    };
    tooltip::show(ui, input.id.with("tooltip"), input.style, text);
}
