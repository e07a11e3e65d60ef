//! The legend of a plot: which line is which. A click shows or hides a series.

use std::sync::Arc;

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::Corner2D;
use egui::{Galley, Rect, Response, Sense, Ui, pos2, vec2};

use super::input::PlotInput;

const ROW: f32 = 18.0;
const PADDING: f32 = 6.0;
const DOT: f32 = 4.0;
/// Between the legend and the edges of the plot.
const MARGIN: f32 = 8.0;

/// Where the legend stands, and what was asked of the pointer.
pub(super) struct LegendLayout {
    rect: Rect,
    rows: Vec<LegendRow>,
    /// Lines that have no room.
    left_out: usize,
}

struct LegendRow {
    line: usize,
    rect: Rect,
    galley: Arc<Galley>,
    response: Response,
}

/// What the pointer does to the legend.
#[derive(Default)]
pub(super) struct LegendResponse {
    /// The line that the pointer is over.
    pub(super) hovered: Option<usize>,
    /// The line that is to be shown or hidden.
    pub(super) toggled: Option<usize>,
}

/// Finds the legend's place. Before the lines are drawn, since what is over the plot takes the pointer.
pub(super) fn layout(ui: &Ui, input: &PlotInput<'_>, plot: &Rect, corner: Corner2D) -> LegendLayout {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let room = ((plot.height() - 2.0 * (MARGIN + PADDING)) / ROW)
        .floor()
        .max(0.0) as usize;
    let shown = if input.lines.len() <= room {
        input.lines.len()
    } else {
        room.saturating_sub(1)
    };
    let max_width = (plot.width() * 0.5 - 2.0 * MARGIN).max(0.0);
    let galleys: Vec<Arc<Galley>> = input
        .lines
        .iter()
        .take(shown)
        .map(|line| {
            let color = if line.visible {
                input.style.text
            } else {
                input.style.secondary_text
            };
            let mut job = egui::text::LayoutJob::simple_singleline(line.name.to_owned(), font.clone(), color);
            job.wrap = egui::text::TextWrapping::truncate_at_width(max_width);
            ui.painter().layout_job(job)
        })
        .collect();
    let left_out = if room == 0 { 0 } else { input.lines.len() - shown };
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
        .map(|(line, galley)| {
            let min = rect.min + vec2(0.0, PADDING / 2.0 + line as f32 * ROW);
            let row = Rect::from_min_size(min, vec2(rect.width(), ROW));
            let response = ui.interact(row, input.id.with(("legend", line)), Sense::click());
            LegendRow {
                line,
                rect: row,
                galley,
                response,
            }
        })
        .collect();
    LegendLayout { rect, rows, left_out }
}

/// Draws the legend.
pub(super) fn show(ui: &Ui, input: &PlotInput<'_>, layout: LegendLayout) -> LegendResponse {
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
        let Some(line) = input.lines.get(row.line) else {
            continue;
        };
        if row.response.hovered() || line.highlight != Highlight::None {
            painter.rect_filled(
                row.rect.shrink2(vec2(2.0, 0.0)),
                3.0,
                style.hovered.gamma_multiply(0.08),
            );
        }
        let dot = pos2(row.rect.left() + PADDING + DOT, row.rect.center().y);
        if line.visible {
            painter.circle_filled(dot, DOT, line.color);
        } else {
            painter.circle_stroke(dot, DOT - 0.5, (1.0, line.color.gamma_multiply(0.6)));
        }
        let cut = row.galley.elided;
        let text = pos2(
            dot.x + DOT + PADDING,
            row.rect.center().y - row.galley.size().y / 2.0,
        );
        painter.galley(text, row.galley, style.text);
        if row.response.hovered() {
            answer.hovered = Some(row.line);
        }
        if row.response.clicked() {
            answer.toggled = Some(row.line);
        }
        let what = if line.visible {
            "Click to hide"
        } else {
            "Click to show"
        };
        row.response.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, line.visible, line.name)
        });
        row.response.on_hover_text(if cut {
            format!("{}\n{what}", line.name)
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
