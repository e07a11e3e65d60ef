//! The legend of a plot: which color is what. A click shows or hides it.

use std::sync::Arc;

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::Corner2D;
use egui::{Color32, Galley, Id, Rect, Response, Sense, Ui, pos2, vec2};

use crate::ViewStyle;

const ROW: f32 = 18.0;
const PADDING: f32 = 6.0;
const DOT: f32 = 4.0;
/// Between the legend and the edges of the plot.
const MARGIN: f32 = 8.0;

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
}

/// What a legend is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct LegendInput<'a> {
    /// The plot's id in the user interface.
    pub(crate) id: Id,
    /// What it lists, in this order.
    pub(crate) entries: &'a [LegendEntry<'a>],
    /// The view's colors.
    pub(crate) style: &'a ViewStyle,
}

/// Where the legend stands, and what was asked of the pointer.
pub(crate) struct LegendLayout {
    rect: Rect,
    rows: Vec<LegendRow>,
    /// Entries that have no room.
    left_out: usize,
}

struct LegendRow {
    entry: usize,
    rect: Rect,
    galley: Arc<Galley>,
    response: Response,
}

/// What the pointer does to the legend.
#[derive(Default)]
pub(crate) struct LegendResponse {
    /// The entry that the pointer is over.
    pub(crate) hovered: Option<usize>,
    /// The entry that is to be shown or hidden.
    pub(crate) toggled: Option<usize>,
}

/// Finds the legend's place. Before the data is drawn, since what is over the plot takes the pointer.
pub(crate) fn layout(ui: &Ui, input: &LegendInput<'_>, plot: &Rect, corner: Corner2D) -> LegendLayout {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let room = ((plot.height() - 2.0 * (MARGIN + PADDING)) / ROW)
        .floor()
        .max(0.0) as usize;
    let shown = if input.entries.len() <= room {
        input.entries.len()
    } else {
        room.saturating_sub(1)
    };
    let max_width = (plot.width() * 0.5 - 2.0 * MARGIN).max(0.0);
    let galleys: Vec<Arc<Galley>> = input
        .entries
        .iter()
        .take(shown)
        .map(|entry| {
            let color = if entry.visible {
                input.style.text
            } else {
                input.style.secondary_text
            };
            let mut job =
                egui::text::LayoutJob::simple_singleline(entry.name.to_owned(), font.clone(), color);
            job.wrap = egui::text::TextWrapping::truncate_at_width(max_width);
            ui.painter().layout_job(job)
        })
        .collect();
    let left_out = if room == 0 { 0 } else { input.entries.len() - shown };
    let text = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
    let rows = shown + usize::from(left_out > 0);
    let size = vec2(
        text.max(if left_out > 0 { 48.0 } else { 0.0 }) + 2.0 * DOT + 3.0 * PADDING,
        rows as f32 * ROW + PADDING,
    );
    let (left, right) = (plot.left() + MARGIN, plot.right() - MARGIN - size.x);
    let (top, bottom) = (plot.top() + MARGIN, plot.bottom() - MARGIN - size.y);
    let min = match corner {
        Corner2D::LeftTop => pos2(left, top),
        Corner2D::RightTop => pos2(right, top),
        Corner2D::LeftBottom => pos2(left, bottom),
        Corner2D::RightBottom => pos2(right, bottom),
    };
    let rect = Rect::from_min_size(min, size);
    let rows = galleys
        .into_iter()
        .enumerate()
        .map(|(entry, galley)| {
            let min = rect.min + vec2(0.0, PADDING / 2.0 + entry as f32 * ROW);
            let row = Rect::from_min_size(min, vec2(rect.width(), ROW));
            let response = ui.interact(row, input.id.with(("legend", entry)), Sense::click());
            LegendRow {
                entry,
                rect: row,
                galley,
                response,
            }
        })
        .collect();
    LegendLayout { rect, rows, left_out }
}

/// Draws the legend.
pub(crate) fn show(ui: &Ui, input: &LegendInput<'_>, layout: LegendLayout) -> LegendResponse {
    let mut answer = LegendResponse::default();
    if layout.rows.is_empty() && layout.left_out == 0 {
        return answer;
    }
    let painter = ui.painter();
    let style = input.style;
    painter.rect(
        layout.rect,
        4.0,
        style.label_background,
        (1.0, style.grid),
        egui::StrokeKind::Inside,
    );
    let mut bottom = layout.rect.top() + PADDING / 2.0;
    for row in layout.rows {
        let Some(entry) = input.entries.get(row.entry) else {
            continue;
        };
        if row.response.hovered() || entry.highlight != Highlight::None {
            painter.rect_filled(
                row.rect.shrink2(vec2(2.0, 0.0)),
                3.0,
                style.hovered.gamma_multiply(0.08),
            );
        }
        let dot = pos2(row.rect.left() + PADDING + DOT, row.rect.center().y);
        if entry.visible {
            painter.circle_filled(dot, DOT, entry.color);
        } else {
            painter.circle_stroke(dot, DOT - 0.5, (1.0, entry.color.gamma_multiply(0.6)));
        }
        let cut = row.galley.elided;
        let text = pos2(
            dot.x + DOT + PADDING,
            row.rect.center().y - row.galley.size().y / 2.0,
        );
        painter.galley(text, row.galley, style.text);
        if row.response.hovered() {
            answer.hovered = Some(row.entry);
        }
        if row.response.clicked() {
            answer.toggled = Some(row.entry);
        }
        let what = if entry.visible {
            "Click to hide"
        } else {
            "Click to show"
        };
        row.response.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, entry.visible, entry.name)
        });
        row.response.on_hover_text(if cut {
            format!("{}\n{what}", entry.name)
        } else {
            what.to_owned()
        });
        bottom = row.rect.bottom();
    }
    if layout.left_out > 0 {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let at = pos2(layout.rect.left() + PADDING, bottom + ROW / 2.0);
        painter.text(
            at,
            egui::Align2::LEFT_CENTER,
            format!("{} more", layout.left_out),
            font,
            style.secondary_text,
        );
    }
    answer
}
