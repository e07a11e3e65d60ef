//! The axes of a plot: where positions lie on the screen, and what is drawn beside the data.

use egui::{Color32, FontId, Mesh, Pos2, Rect, Shape, Ui, emath::GuiRounding as _, pos2, vec2};

use super::ticks::Ticks;
use crate::ViewStyle;

/// The height of the horizontal axis, in points.
pub(crate) const AXIS_HEIGHT: f32 = 20.0;
/// Between a label and what is beside it, in points.
pub(crate) const GAP: f32 = 6.0;
/// The most that labels of values take of a tile's width.
const MAX_GUTTER: f32 = 0.6;
/// A smaller tile shows no axes.
const MIN_SIZE: f32 = 24.0;

/// The labels of a plot.
#[derive(Clone, Copy)]
pub(crate) struct Axes<'a> {
    /// The part of the tile that plot and labels have.
    pub(crate) area: Rect,
    /// In which the labels are written.
    pub(crate) font: &'a FontId,
    /// Whether lines of a grid are drawn.
    pub(crate) grid: bool,
    /// The labels of the horizontal axis.
    pub(crate) x: &'a Ticks,
    /// The labels of the axis of values.
    pub(crate) values: &'a Ticks,
    /// The labels of the second axis of values, at the right.
    pub(crate) right: Option<&'a Ticks>,
}

/// Takes all of the space that is there, and fills it. `None` where it has no room for a plot with axes; the tile says so.
pub(crate) fn plot_tile(ui: &mut Ui, style: &ViewStyle, background: Color32) -> Option<Rect> {
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    ui.painter().rect_filled(rect, 0.0, background);
    if rect.width() > MIN_SIZE && rect.height() > MIN_SIZE + AXIS_HEIGHT {
        return Some(rect);
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    let text = "Too small to plot".to_owned();
    let galley = ui.painter().layout_no_wrap(text, font, style.secondary_text);
    let at = rect.center() - galley.size() / 2.0;
    ui.painter()
        .with_clip_rect(rect)
        .galley(at, galley, style.secondary_text);
    None
}

/// Where the data of a plot is drawn, beside labels of values that are at most this wide, those at the right
/// where there are such. Where these would take most of the tile, they get no room.
pub(crate) fn plot_rect(rect: &Rect, label_width: f32, right_width: Option<f32>) -> Rect {
    let wanted = |label_width: f32| label_width + 2.0 * GAP;
    let (left, right) = (wanted(label_width), right_width.map_or(0.0, wanted));
    let (left, right) = if left + right > rect.width() * MAX_GUTTER {
        (2.0 * GAP, 0.0)
    } else {
        (left, right)
    };
    Rect::from_min_max(
        pos2(rect.left() + left, rect.top()),
        pos2(rect.right() - right, rect.bottom() - AXIS_HEIGHT),
    )
}

/// Where a position in the horizontal window lies on the screen.
pub(crate) fn x_of(plot: &Rect, position: f64) -> f32 {
    // What lies far outside must not become infinite.
    (f64::from(plot.left()) + position * f64::from(plot.width())).clamp(-1e7, 1e7) as f32
}

/// Where a position in the window of values lies on the screen.
pub(crate) fn y_of(plot: &Rect, position: f64) -> f32 {
    (f64::from(plot.bottom()) - position * f64::from(plot.height())).clamp(-1e7, 1e7) as f32
}

/// The position in the horizontal window of a place on the screen.
pub(crate) fn position_of(plot: &Rect, x: f32) -> f64 {
    f64::from(x - plot.left()) / f64::from(plot.width().max(1.0))
}

/// How wide a text is, in points.
pub(crate) fn text_width(ui: &Ui, font: &FontId, text: &str) -> f32 {
    ui.painter()
        .layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER)
        .size()
        .x
}

/// How wide the widest label is, in points.
pub(crate) fn label_width(ui: &Ui, font: &FontId, ticks: &Ticks) -> f32 {
    ticks
        .ticks
        .iter()
        .map(|tick| text_width(ui, font, &tick.label))
        .fold(0.0, f32::max)
}

/// Draws the axes of a plot with their labels and, where there is one, its grid.
pub(crate) fn draw_axes(ui: &Ui, style: &ViewStyle, plot: &Rect, axes: &Axes<'_>) {
    let painter = ui.painter();
    let Axes {
        area,
        font,
        grid,
        x,
        values,
        right: second,
    } = *axes;
    // One shape of rectangles: to tessellate a hundred lines takes a good part of a frame.
    let below = painter.add(Shape::Noop);
    let mut lines = Mesh::default();
    let mut line = |from: Pos2, to: Pos2| {
        // A point wide, and never less than a pixel.
        let half = 0.5_f32.max(0.5 / painter.pixels_per_point());
        let across = if from.x == to.x {
            vec2(half, 0.0)
        } else {
            vec2(0.0, half)
        };
        let rect = Rect::from_two_pos(from, to).expand2(across);
        lines.add_colored_rect(rect.round_to_pixels(painter.pixels_per_point()), style.grid);
    };
    let mut right = plot.left();
    for tick in &x.ticks {
        let place = x_of(plot, tick.position);
        if grid {
            line(pos2(place, plot.top()), pos2(place, plot.bottom()));
        }
        let galley = painter.layout_no_wrap(tick.label.clone(), font.clone(), style.secondary_text);
        // A label at the edge moves inwards rather than being cut.
        let left = (place - galley.size().x / 2.0)
            .min(plot.right() - galley.size().x - 2.0)
            .max(plot.left() - GAP);
        if left < right {
            continue;
        }
        right = left + galley.size().x + GAP;
        painter.galley(pos2(left, plot.bottom() + 3.0), galley, style.secondary_text);
    }
    // The unit stands once, where it is in nobody's way.
    if !x.unit.is_empty() {
        let galley = painter.layout_no_wrap(x.unit.clone(), font.clone(), style.secondary_text);
        let left = plot.right() - galley.size().x - 2.0;
        if left > right {
            painter.galley(pos2(left, plot.bottom() + 3.0), galley, style.secondary_text);
        }
    }
    for tick in &values.ticks {
        let y = y_of(plot, tick.position);
        if grid {
            line(pos2(plot.left(), y), pos2(plot.right(), y));
        }
        let galley = painter.layout_no_wrap(tick.label.clone(), font.clone(), style.secondary_text);
        let at = pos2(plot.left() - GAP - galley.size().x, y - galley.size().y / 2.0);
        // Half a label says something else.
        if at.x >= area.left() {
            let bottom = plot.bottom() - galley.size().y;
            painter.galley(
                pos2(at.x, at.y.clamp(plot.top(), bottom.max(plot.top()))),
                galley,
                style.secondary_text,
            );
        }
    }
    if let Some(second) = second {
        for tick in &second.ticks {
            let galley = painter.layout_no_wrap(tick.label.clone(), font.clone(), style.secondary_text);
            let y = y_of(plot, tick.position) - galley.size().y / 2.0;
            let bottom = (plot.bottom() - galley.size().y).max(plot.top());
            // Room that was not given is not taken.
            if area.right() >= plot.right() + GAP + galley.size().x {
                let at = pos2(plot.right() + GAP, y.clamp(plot.top(), bottom));
                painter.galley(at, galley, style.secondary_text);
            }
        }
        line(plot.right_top(), plot.right_bottom());
    }
    line(plot.left_bottom(), plot.right_bottom());
    line(plot.left_top(), plot.left_bottom());
    painter.set(below, Shape::mesh(lines));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_all_of_their_room_or_none() {
        let left = |width: f32| {
            let tile = Rect::from_min_size(Pos2::ZERO, vec2(width, 200.0));
            plot_rect(&tile, 80.0, None).left()
        };
        assert_eq!(left(600.0), 80.0 + 2.0 * GAP);
        assert_eq!(left(160.0), 80.0 + 2.0 * GAP);
        assert_eq!(left(150.0), 2.0 * GAP);
        let both = plot_rect(
            &Rect::from_min_size(Pos2::ZERO, vec2(600.0, 200.0)),
            80.0,
            Some(40.0),
        );
        assert_eq!([both.left(), both.right()], [80.0 + 2.0 * GAP, 560.0 - 2.0 * GAP]);
    }
}
