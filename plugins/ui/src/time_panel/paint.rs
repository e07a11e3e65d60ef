//! Ruler, marks and cursor as they are painted.

use std::sync::Arc;

use chronoscope_store::ChunkStore;
use chronoscope_types::format_time_in;
use chronoscope_views::colors::entity_color;
use egui::{
    Align2, Color32, CornerRadius, Galley, Mesh, Pos2, Rangef, Rect, Shape, Stroke, Ui, Vec2,
    emath::GuiRounding as _,
};

use super::{
    axis::{Axis, TimelineAxis},
    density::{BUCKET, Density, DensityCache},
    marks,
    places::Places,
    pointer::Scale,
    rows::{Row, Stream},
    ruler::Ruler,
};
use crate::{
    icons,
    theme::{Theme, size},
    widgets::elided_galley,
};

/// The labels and lines of the axis, without the labels where something else is written.
pub(super) fn paint_ruler(ui: &Ui, places: &Places, labels: Option<&Ruler>, covered: &[Rangef]) {
    let theme = Theme::of(ui);
    let painter = ui.painter();
    let bottom = places.ruler.bottom();
    let line = Rangef::new(places.names.left(), places.ruler.right() + 3.0 * size::GRID);
    painter.hline(line, bottom, theme.hairline_stroke());
    let names = Rect::from_x_y_ranges(places.names.x_range(), places.ruler.y_range());
    let font = crate::fonts::medium(ui, size::BODY);
    painter.text(
        names.left_center() + Vec2::new(size::PADDING, 0.0),
        Align2::LEFT_CENTER,
        "Streams",
        font,
        theme.text,
    );
    let Some(ruler) = labels else { return };
    let font = egui::TextStyle::Small.resolve(ui.style());
    if !ruler.unit.is_empty() {
        let at = names.right_center() - Vec2::new(size::PADDING, 0.0);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            &ruler.unit,
            font.clone(),
            theme.secondary,
        );
    }
    let painter = painter.with_clip_rect(
        ui.clip_rect()
            .intersect(places.ruler.expand2(Vec2::new(size::PADDING, 0.0))),
    );
    for tick in &ruler.ticks {
        let height = if tick.label.is_some() {
            1.5 * size::GRID
        } else {
            0.75 * size::GRID
        };
        painter.vline(
            tick.x,
            bottom - height..=bottom,
            Stroke::new(size::HAIRLINE, theme.disabled),
        );
        let Some(label) = &tick.label else { continue };
        let galley = painter.layout_no_wrap(label.clone(), font.clone(), theme.secondary);
        let at = Pos2::new(tick.x, places.ruler.top() + size::GRID / 2.0);
        let rect = Align2::CENTER_TOP.anchor_size(at, galley.size());
        let is_free = |other: &Rangef| !rect.x_range().intersects(other.expand(size::GRID / 2.0));
        if covered.iter().all(is_free) {
            painter.galley(rect.min, galley, theme.secondary);
        }
    }
}

/// Lines under the ruler's labels, so that a mark can be read off.
pub(super) fn paint_grid(ui: &Ui, rect: Rect, labels: Option<&Ruler>) {
    let theme = Theme::of(ui);
    for tick in labels
        .iter()
        .flat_map(|ruler| &ruler.ticks)
        .filter(|tick| tick.label.is_some())
    {
        ui.painter()
            .vline(tick.x, rect.y_range(), Stroke::new(size::HAIRLINE, theme.raised));
    }
}

/// When something was logged to one stream.
pub(super) fn paint_row(
    ui: &Ui,
    density: &mut DensityCache,
    store: &ChunkStore,
    row: &Row,
    axis: &TimelineAxis,
    rect: Rect,
) {
    let theme = Theme::of(ui);
    let is_open = row.expanded == Some(true);
    let (color, only_static) = match row.stream {
        Stream::Entity(entity) => {
            let stats = store.entity_stats(entity);
            let color = if store.has_data(entity) {
                entity_color(store.entity_path(entity))
            } else {
                theme.secondary
            };
            (
                color,
                stats.num_chunks > 0 && stats.num_chunks == stats.num_static_chunks,
            )
        }
        Stream::Component(entity, component) => {
            let timed = !store
                .component_time_range(entity, axis.timeline, component)
                .is_empty();
            (
                entity_color(store.entity_path(entity)),
                store.has_static(entity, component) && !timed,
            )
        }
    };
    if only_static && (matches!(row.stream, Stream::Component(..)) || is_leaf(store, row.stream)) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        // Behind the begin, where the cursor stands at first and would cross it.
        let begin = axis.axis.x(store.time_range(axis.timeline).min) + size::GRID;
        let is_near = (rect.left()..rect.center().x).contains(&begin);
        let left = if is_near { begin } else { rect.left() };
        let text = format!("{} static", icons::COMPONENT_STATIC);
        let at = Pos2::new(left, rect.center().y);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, text, font, theme.secondary);
        return;
    }
    // Entities below the root always have rows of their own.
    let stands_for_below = !is_open && row.stream != Stream::Entity(store.tree().root());
    let Some(density) = density.of(store, row.stream, stands_for_below) else {
        return;
    };
    paint_marks(
        ui,
        &density,
        &axis.axis,
        rect,
        color.gamma_multiply(if row.level == 0 && is_open { 0.6 } else { 0.9 }),
    );
}

fn is_leaf(store: &ChunkStore, stream: Stream) -> bool {
    match stream {
        Stream::Entity(entity) => entity == store.tree().root() || store.tree().num_children(entity) == 0,
        Stream::Component(..) => true,
    }
}

/// Marks: where rows lie, and how dense; paler, and without saying how dense, where rows are known and not
/// loaded.
fn paint_marks(ui: &Ui, density: &Density, axis: &Axis, rect: Rect, color: Color32) {
    let counts = &*density.counts;
    let painter = ui
        .painter()
        .with_clip_rect(ui.clip_rect().intersect(rect.expand2(Vec2::new(size::GRID, 0.0))));
    let counted = density.range;
    let units = u128::from(counted.length()) + 1;
    let begin_of = |bucket: usize| {
        let distance = units * bucket as u128 / counts.len().max(1) as u128;
        axis.x(counted
            .min
            .saturating_add_unsigned(u64::try_from(distance).unwrap_or(u64::MAX)))
    };
    // With enough room per unit, each unit has a mark of its own.
    let one_by_one = counts.len() as u128 == units && axis.points_per_unit() > 2.0 * f64::from(BUCKET);
    let most = counts.iter().copied().max().unwrap_or(0);
    let height = rect.height() - 2.5 * size::GRID;
    let band = |left: f32, right: f32, height: f32| {
        Rect::from_center_size(
            Pos2::new((left + right) / 2.0, rect.center().y),
            Vec2::new((right - left).max(1.0), height),
        )
    };
    let radius = |count: u32| if count > 1 { 4.5 } else { 3.5 };
    let pale = color.gamma_multiply(0.4);
    for absent in marks::runs(&density.absent) {
        let (left, right) = (begin_of(absent.start), begin_of(absent.end));
        if absent.len() > 1 {
            painter.rect_filled(band(left, right, height * 0.5), CornerRadius::same(1), pale);
        } else {
            let x = if one_by_one { left } else { (left + right) / 2.0 };
            let count = counts.get(absent.start).copied().unwrap_or(1);
            paint_diamond(&painter, Pos2::new(x, rect.center().y), radius(count), pale);
        }
    }
    let loaded: Vec<u32> = counts
        .iter()
        .enumerate()
        .map(|(at, count)| if density.is_loaded(at) { *count } else { 0 })
        .collect();
    if one_by_one {
        for (at, count) in loaded.iter().enumerate().filter(|(_, count)| **count > 0) {
            paint_diamond(
                &painter,
                Pos2::new(begin_of(at), rect.center().y),
                radius(*count),
                color,
            );
        }
        return;
    }
    for mark in marks::marks(&loaded) {
        let (left, right) = (begin_of(mark.begin), begin_of(mark.end));
        if mark.end - mark.begin == 1 {
            paint_diamond(
                &painter,
                Pos2::new((left + right) / 2.0, rect.center().y),
                radius(mark.most),
                color,
            );
            continue;
        }
        let run = loaded.get(mark.begin..mark.end).unwrap_or_default();
        if let Some(count) = marks::even(run) {
            painter.rect_filled(
                band(left, right, height * marks::bar_height(count, most)),
                CornerRadius::same(1),
                color,
            );
            continue;
        }
        // A ground for the whole run, and on it how dense it is.
        painter.rect_filled(
            band(left, right, height * 0.35),
            CornerRadius::same(1),
            color.gamma_multiply(0.55),
        );
        // One shape for all bars: a row of many costs a good part of a frame otherwise.
        let mut bars = Mesh::default();
        for (at, _) in run.iter().enumerate().filter(|(_, count)| **count > 0) {
            let bar = height * marks::bar_height(marks::evened(run, at), most);
            let (left, right) = (begin_of(mark.begin + at), begin_of(mark.begin + at + 1));
            let bar = band(left, right, bar).round_to_pixels(painter.pixels_per_point());
            bars.add_colored_rect(bar, color);
        }
        painter.add(Shape::mesh(bars));
    }
}

fn paint_diamond(painter: &egui::Painter, center: Pos2, radius: f32, color: Color32) {
    let corner = |x: f32, y: f32| center + Vec2::new(x * radius, y * radius);
    let corners = vec![
        corner(0.0, -1.0),
        corner(0.8, 0.0),
        corner(0.0, 1.0),
        corner(-0.8, 0.0),
    ];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// The gaps that are folded: a band each that says how long it is.
pub(super) fn paint_gaps(ui: &Ui, axis: &Axis, places: &Places) {
    let theme = Theme::of(ui);
    for gap in axis.folds().gaps() {
        let (left, right) = (axis.x(gap.range.min), axis.x(gap.range.max));
        let shown = places.ruler.x_range();
        if right < shown.min || left > shown.max {
            continue;
        }
        let band = Rect::from_x_y_ranges(
            left.max(shown.min)..=right.min(shown.max),
            places.ruler.top()..=places.marks.bottom(),
        );
        let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(band));
        painter.rect_filled(band, 0.0, theme.raised);
        // Slanted lines, as paper that is folded.
        let step = 2.0 * size::GRID;
        let mut y = band.top() - band.width();
        let stroke = Stroke::new(size::HAIRLINE, theme.hairline);
        while y < band.bottom() + band.width() {
            painter.line_segment(
                [
                    Pos2::new(band.left(), y + band.width()),
                    Pos2::new(band.right(), y),
                ],
                stroke,
            );
            y += step;
        }
        let font = egui::TextStyle::Small.resolve(ui.style());
        let text = length_text(gap.range.length());
        let galley = elided_galley(ui, &text, font, theme.secondary, band.width());
        if !galley.elided {
            let at = Pos2::new(
                band.center().x - galley.size().x / 2.0,
                places.ruler.top() + size::GRID / 2.0,
            );
            let ground = Rect::from_min_size(at, galley.size());
            painter.rect_filled(ground, 0.0, theme.raised);
            painter.galley(at, galley, theme.secondary);
        }
        let response = ui.interact(
            band.intersect(places.ruler),
            ui.id().with(("gap", gap.range.min)),
            egui::Sense::hover(),
        );
        response.on_hover_text(format!("{text} without data"));
    }
}

/// A length of time in its largest unit: `3 h`, `2 days`.
fn length_text(nanos: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    match nanos / MINUTE {
        minutes if minutes < 120 => format!("{minutes} min"),
        minutes if minutes < 48 * 60 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / (24 * 60)),
    }
}

/// The part of the ruler that a gap is drawn over, for each that is folded.
pub(super) fn folded_gaps(axis: &Axis) -> impl Iterator<Item = Rangef> {
    let gaps = axis.folds().gaps().iter();
    gaps.map(|gap| Rangef::new(axis.x(gap.range.min), axis.x(gap.range.max)))
}

/// Where the pointer previews the cursor.
fn previewed_at(ui: &Ui, places: &Places) -> Option<Pos2> {
    let area = places.ruler.union(places.marks);
    let pointer = ui.input(|input| input.pointer.hover_pos().filter(|_| !input.pointer.any_down()))?;
    (area.contains(pointer) && ui.rect_contains_pointer(area)).then_some(pointer)
}

/// The time under the pointer as it is written in the ruler, and where; `None` where the pointer is not over the ruler.
fn previewed_time(ui: &Ui, scale: &Scale<'_>, places: &Places) -> Option<(Rect, Arc<Galley>)> {
    let pointer = previewed_at(ui, places).filter(|pointer| places.ruler.contains(*pointer))?;
    let time = scale.time(pointer.x);
    let font = egui::TextStyle::Small.resolve(ui.style());
    let text = format_time_in(scale.time_type, scale.zone, time);
    let galley = elided_galley(ui, &text, font, Theme::of(ui).text, places.ruler.width());
    let x = scale
        .axis
        .x(time)
        .clamp(places.ruler.left(), places.ruler.right());
    let left = (x + size::GRID).min(places.ruler.right() - galley.size().x);
    let at = Pos2::new(left, places.ruler.top());
    Some((Rect::from_min_size(at, galley.size()), galley))
}

/// The part of the ruler that the time under the pointer is written over.
pub(super) fn covered_by_pointer(ui: &Ui, scale: &Scale<'_>, places: &Places) -> Option<Rangef> {
    previewed_time(ui, scale, places).map(|(rect, _)| rect.x_range())
}

/// A preview of the cursor under the pointer.
pub(super) fn paint_pointer(ui: &Ui, scale: &Scale<'_>, places: &Places) {
    let Some(pointer) = previewed_at(ui, places) else {
        return;
    };
    let theme = Theme::of(ui);
    let x = scale
        .axis
        .x(scale.time(pointer.x))
        .clamp(places.ruler.left(), places.ruler.right());
    let lines = places.ruler.union(places.marks).y_range();
    ui.painter()
        .vline(x, lines, Stroke::new(size::HAIRLINE, theme.disabled));
    if let Some((rect, galley)) = previewed_time(ui, scale, places) {
        let ground = rect.expand2(Vec2::new(size::GRID / 2.0, 0.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(2), theme.raised);
        ui.painter().galley(rect.min, galley, theme.text);
    }
}

/// The cursor: one line over everything, with a head in the ruler. Where it is not on the axis, an arrow says
/// on which side.
pub(super) fn paint_cursor(ui: &Ui, axis: &Axis, places: &Places, time: i64) {
    let x = axis.x(time);
    let theme = Theme::of(ui);
    let painter = ui.painter();
    let head = size::GRID * 1.25;
    // Below the labels of the ruler.
    let top = places.ruler.bottom() - 1.6 * head;
    let (left, right) = (places.ruler.left(), places.ruler.right());
    let corners = if x < left - 1.0 {
        let middle = top + head;
        vec![
            Pos2::new(left - head, middle),
            Pos2::new(left + head, middle - head),
            Pos2::new(left + head, middle + head),
        ]
    } else if x > right + 1.0 {
        let middle = top + head;
        vec![
            Pos2::new(right + head, middle),
            Pos2::new(right - head, middle + head),
            Pos2::new(right - head, middle - head),
        ]
    } else {
        painter.vline(
            x,
            places.ruler.bottom() - size::PADDING..=places.marks.bottom(),
            theme.cursor_stroke(),
        );
        vec![
            Pos2::new(x - head, top),
            Pos2::new(x + head, top),
            Pos2::new(x, top + 1.6 * head),
        ]
    };
    painter.add(Shape::convex_polygon(corners, theme.cursor, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use chronoscope_store::TimeRange;

    use super::*;
    use crate::time_panel::axis::AxisView;

    #[test]
    fn the_bars_of_a_row_are_one_shape_that_says_how_dense_it_is() {
        let range = TimeRange::new(0, 99_999);
        let counts: Vec<u32> = (0..100)
            .map(|at| if at == 40 { 900 } else { 1 + at % 7 })
            .collect();
        let density = Density {
            range,
            counts: counts.into(),
            absent: [].into(),
        };
        let rect = Rect::from_min_size(Pos2::ZERO, Vec2::new(400.0, 30.0));
        let axis = AxisView::of_range(range).laid_out(rect.left(), rect.width());
        let mut output = egui::Context::default().run_ui(egui::RawInput::default(), |ui| {
            paint_marks(ui, &density, &axis, rect, Color32::WHITE);
        });
        output.textures_delta.clear();
        let shapes: Vec<&Shape> = output.shapes.iter().map(|shape| &shape.shape).collect();
        assert!(shapes.len() < 5, "{} shapes", shapes.len());
        let bars = shapes.iter().find_map(|shape| match shape {
            Shape::Mesh(mesh) => Some(mesh),
            _ => None,
        });
        let heights: Vec<f32> = bars
            .into_iter()
            .flat_map(|bars| bars.vertices.chunks(4))
            .map(|corners| corners.iter().map(|corner| corner.pos.y).fold(0.0, f32::max))
            .collect();
        assert_eq!(heights.len(), 100);
        let dense = heights.iter().filter(|height| **height >= heights[40]).count();
        assert_eq!(dense, 1, "{heights:?}");
    }
}
