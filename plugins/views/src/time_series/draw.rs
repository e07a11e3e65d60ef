//! From what is visible of a series to shapes.

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::MarkerShape;
use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::{
    input::PlotLine,
    series::{Mark, interpolated},
    strip::{self, Profile},
};
use crate::plot::{
    axes::{x_of, y_of},
    highlight,
    window::{TimeWindow, ValueWindow},
};

/// Where a line was drawn.
pub(super) struct DrawnLine {
    /// The position among the plot's lines.
    pub(super) line: usize,
    /// Stretches without interruption.
    runs: Vec<Vec<Pos2>>,
    joined: bool,
}

/// Draws all visible lines, those that are lit up last.
pub(super) fn lines(
    painter: &Painter,
    lines: &[PlotLine<'_>],
    plot: &Rect,
    times: &TimeWindow,
    values: &ValueWindow,
) -> Vec<DrawnLine> {
    let some_lit = lines
        .iter()
        .any(|line| line.visible && line.highlight != Highlight::None);
    let mut order: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].visible).collect();
    order.sort_by_key(|at| lines[*at].highlight);
    let pixel = 1.0 / painter.pixels_per_point();
    let width = plot.width().ceil().max(1.0) as usize;
    // The lines of a plot are one shape.
    let mut mesh = Mesh::default();
    let drawn = order
        .into_iter()
        .map(|at| {
            let line = &lines[at];
            let mut points = line.series.visible_points(line.index, times, width);
            if let Mark::Line { interpolation, .. } = line.style.mark {
                points = interpolated(points, interpolation);
            }
            let mut runs: Vec<Vec<Pos2>> = Vec::new();
            let mut run = Vec::new();
            for point in points {
                if point.value.is_nan() {
                    runs.extend((!run.is_empty()).then(|| std::mem::take(&mut run)));
                } else {
                    let place = pos2(
                        x_of(plot, point.position),
                        y_of(plot, values.position(point.value)),
                    );
                    match run.last_mut() {
                        Some(last) if is_one_place(*last, place, pixel) => *last = last.lerp(place, 0.5),
                        _ => run.push(place),
                    }
                }
            }
            runs.extend((!run.is_empty()).then_some(run));
            let color = highlight::lit(line.color, line.highlight, some_lit);
            let lit = line.highlight != Highlight::None;
            match line.style.mark {
                Mark::Line { width, .. } => {
                    let width = if lit { width + 1.0 } else { width };
                    let profile = Profile::new(width, pixel, color);
                    runs.iter()
                        .for_each(|run| strip::add_line(&mut mesh, run, &profile));
                    if runs.iter().any(|run| run.len() == 1) {
                        // What was drawn before lies below.
                        flush(painter, &mut mesh);
                    }
                    for only in runs.iter().filter(|run| run.len() == 1).flatten() {
                        painter.circle_filled(*only, width.max(1.5), color);
                    }
                }
                Mark::Marker { shape, radius } => {
                    flush(painter, &mut mesh);
                    let radius = if lit { radius + 1.0 } else { radius };
                    let clip = painter.clip_rect().expand(radius);
                    let points = runs.iter().flatten().filter(|point| clip.contains(**point));
                    painter.extend(points.flat_map(|point| marker(shape, *point, radius, color)));
                }
            }
            DrawnLine {
                line: at,
                runs,
                joined: matches!(line.style.mark, Mark::Line { .. }),
            }
        })
        .collect();
    flush(painter, &mut mesh);
    drawn
}

/// Whether two points of a line are as good as one: above each other in less than half a pixel.
fn is_one_place(a: Pos2, b: Pos2, pixel: f32) -> bool {
    a.x == b.x && (a.y - b.y).abs() < pixel / 2.0
}

fn flush(painter: &Painter, mesh: &mut Mesh) {
    if !mesh.is_empty() {
        painter.add(Shape::mesh(std::mem::take(mesh)));
    }
}

impl DrawnLine {
    /// How far a place on the screen is from the line; at least `limit` where it is farther.
    pub(super) fn distance(&self, place: Pos2, limit: f32) -> f32 {
        let mut distance = limit;
        for run in &self.runs {
            let near = |point: &Pos2| point.distance(place);
            match run.as_slice() {
                points if !self.joined => distance = points.iter().map(near).fold(distance, f32::min),
                [only] => distance = distance.min(near(only)),
                points => {
                    for pair in points.windows(2) {
                        if pair[1].x >= place.x - limit && pair[0].x <= place.x + limit {
                            distance = distance.min(distance_to_segment(place, pair[0], pair[1]));
                        }
                    }
                }
            }
        }
        distance
    }
}

fn distance_to_segment(place: Pos2, from: Pos2, to: Pos2) -> f32 {
    let along = to - from;
    let length_sq = along.length_sq();
    let share = if length_sq > 0.0 {
        ((place - from).dot(along) / length_sq).clamp(0.0, 1.0)
    } else {
        0.0
    };
    place.distance(from + along * share)
}

/// The shapes of a marker.
pub(super) fn marker(shape: MarkerShape, at: Pos2, radius: f32, color: Color32) -> Vec<Shape> {
    let corner = |x: f32, y: f32| at + vec2(x, y) * radius;
    let filled = |corners: Vec<Pos2>| vec![Shape::convex_polygon(corners, color, Stroke::NONE)];
    let stroke = Stroke::new((radius * 0.4).max(1.0), color);
    let strokes = |ends: &[[f32; 2]]| {
        ends.iter()
            .map(|[x, y]| Shape::line_segment([corner(*x, *y), corner(-*x, -*y)], stroke))
            .collect::<Vec<_>>()
    };
    match shape {
        MarkerShape::Circle => vec![Shape::circle_filled(at, radius, color)],
        MarkerShape::Diamond => filled(vec![
            corner(0.0, -1.0),
            corner(1.0, 0.0),
            corner(0.0, 1.0),
            corner(-1.0, 0.0),
        ]),
        MarkerShape::Square => vec![Shape::rect_filled(
            Rect::from_center_size(at, vec2(1.6, 1.6) * radius),
            0.0,
            color,
        )],
        MarkerShape::Cross => strokes(&[[0.75, 0.75], [0.75, -0.75]]),
        MarkerShape::Plus => strokes(&[[1.0, 0.0], [0.0, 1.0]]),
        MarkerShape::Up => filled(vec![corner(0.0, -1.0), corner(0.87, 0.5), corner(-0.87, 0.5)]),
        MarkerShape::Down => filled(vec![corner(0.0, 1.0), corner(-0.87, -0.5), corner(0.87, -0.5)]),
        MarkerShape::Left => filled(vec![corner(-1.0, 0.0), corner(0.5, -0.87), corner(0.5, 0.87)]),
        MarkerShape::Right => filled(vec![corner(1.0, 0.0), corner(-0.5, 0.87), corner(-0.5, -0.87)]),
        MarkerShape::Asterisk => strokes(&[[0.0, 1.0], [0.87, 0.5], [0.87, -0.5]]),
    }
}
