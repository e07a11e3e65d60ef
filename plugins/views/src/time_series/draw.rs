//! From what is visible of a series to shapes.

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::{MarkerShape, PointsDisplay};
use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::{
    canvas::Canvas,
    input::{PlotInput, PlotLine},
    pen::Pen,
    points::DrawPoint,
    style::Look,
};
use crate::plot::{
    axes::{x_of, y_of},
    highlight,
};

/// How much of a line's color its band has.
const BAND: f32 = 0.25;

/// Where a line was drawn.
pub(super) struct DrawnLine {
    /// The position among the plot's lines.
    pub(super) line: usize,
    /// Stretches without interruption.
    runs: Vec<Vec<Pos2>>,
    joined: bool,
}

/// A stretch of a line without interruption, or markers, that look the same.
struct Run {
    points: Vec<Pos2>,
    look: Look,
}

/// Draws all visible lines, those that are lit up last.
pub(super) fn lines(painter: &Painter, input: &PlotInput<'_>, canvas: &Canvas) -> Vec<DrawnLine> {
    let (lines, plot) = (input.lines, &canvas.rect);
    let some_lit = input.visible().any(|(_, line)| line.highlight != Highlight::None);
    let mut order: Vec<usize> = input.visible().map(|(at, _)| at).collect();
    order.sort_by_key(|at| lines[*at].highlight);
    let width = plot.width().ceil().max(1.0) as usize;
    let mut pen = Pen::new(painter, input.drawing);
    let mut lines_left = order.len();
    let drawn = order
        .into_iter()
        .map(|at| {
            let line = &lines[at];
            let values = canvas.values(line.side);
            let points = line
                .series
                .drawn_points(line.index, &canvas.shown.x, values, width);
            let places = points.iter().map(|point| {
                let place = pos2(x_of(plot, point.position), y_of(plot, point.value));
                (point.time, (!point.value.is_nan()).then_some(place))
            });
            let runs = runs(line, places, pen.pixel());
            // The lines of a plot are one shape, which has room for all of them from the beginning on.
            pen.reserve(points.len(), lines_left);
            lines_left -= 1;
            let lit = line.highlight != Highlight::None;
            let is_line = line.series.is_line(line.index);
            let color_of =
                |look: &Look| highlight::lit(look.color.unwrap_or(line.color), line.highlight, some_lit);
            if line.series.has_variances() {
                add_band(pen.mesh(), line, canvas, &points, line.color.gamma_multiply(BAND));
            }
            let mut dots: Vec<Shape> = Vec::new();
            for Run { points, look } in &runs {
                let color = color_of(look);
                let size = if lit { look.size + 1.0 } else { look.size };
                if let (true, [only]) = (is_line, points.as_slice()) {
                    dots.push(Shape::circle_filled(*only, size.max(1.5), color));
                } else if is_line {
                    pen.line(points, size, color);
                } else {
                    let clip = painter.clip_rect().expand(size);
                    let points = points.iter().filter(|point| clip.contains(**point));
                    dots.extend(points.flat_map(|point| marker(look.shape, *point, size, color)));
                }
            }
            if is_line && input.points == PointsDisplay::Always {
                for (time, value) in line.series.single_samples(line.index, &canvas.shown.x, width) {
                    if let Some(place) = canvas.place(line.side, time, value) {
                        let look = line.series.look_at(line.index, time);
                        let color = color_of(&look);
                        dots.push(Shape::circle_filled(place, look.size / 2.0 + 1.5, color));
                    }
                }
            }
            if !dots.is_empty() {
                // What was drawn before lies below.
                pen.hand_on();
                painter.extend(dots);
            }
            DrawnLine {
                line: at,
                runs: runs.into_iter().map(|run| run.points).collect(),
                joined: is_line,
            }
        })
        .collect();
    pen.hand_on();
    drawn
}

/// Adds a band around a line, one standard deviation to each side. Where none is known it is interrupted.
fn add_band(mesh: &mut Mesh, line: &PlotLine<'_>, canvas: &Canvas, points: &[DrawPoint], color: Color32) {
    let values = canvas.values(line.side);
    // What has no place on the scale lies below all that has.
    let y_of = |value: f64| {
        let position = values.position(value);
        y_of(
            &canvas.rect,
            if position.is_nan() {
                f64::NEG_INFINITY
            } else {
                position
            },
        )
    };
    let mut before: Option<u32> = None;
    for point in points {
        let deviation = line.series.deviation_at(line.index, point.time);
        let Some(deviation) = deviation.filter(|_| !point.value.is_nan()) else {
            before = None;
            continue;
        };
        let (x, value) = (x_of(&canvas.rect, point.position), values.value(point.value));
        let base = mesh.vertices.len() as u32;
        for y in [y_of(value - deviation), y_of(value + deviation)] {
            mesh.colored_vertex(pos2(x, y), color);
        }
        if let Some(before) = before {
            mesh.add_triangle(before, before + 1, base);
            mesh.add_triangle(before + 1, base, base + 1);
        }
        before = Some(base);
    }
}

/// Puts places together that look the same. A line goes on in the same place where its looks change, and is
/// interrupted where there is no place.
fn runs(line: &PlotLine<'_>, places: impl Iterator<Item = (i64, Option<Pos2>)>, pixel: f32) -> Vec<Run> {
    let series = line.series;
    let is_line = series.is_line(line.index);
    let changes = series.tracks.change_looks();
    let mut look = series.look_at(line.index, i64::MAX);
    let mut runs: Vec<Run> = Vec::new();
    let mut points: Vec<Pos2> = Vec::with_capacity(places.size_hint().0);
    let mut end = |points: &mut Vec<Pos2>, look: Look| {
        if !points.is_empty() {
            runs.push(Run {
                points: std::mem::take(points),
                look,
            });
        }
    };
    for (time, place) in places {
        let Some(place) = place else {
            end(&mut points, look);
            continue;
        };
        let now = if changes {
            series.look_at(line.index, time)
        } else {
            look
        };
        match points.last_mut() {
            Some(last) if now == look && is_one_place(*last, place, pixel) => {
                *last = last.lerp(place, 0.5);
                continue;
            }
            Some(_) if now != look && is_line => points.push(place),
            _ => {}
        }
        if now != look {
            end(&mut points, look);
            look = now;
        }
        points.push(place);
    }
    end(&mut points, look);
    runs
}

/// Whether two points of a line are as good as one: above each other in less than half a pixel.
fn is_one_place(a: Pos2, b: Pos2, pixel: f32) -> bool {
    a.x == b.x && (a.y - b.y).abs() < pixel / 2.0
}

impl DrawnLine {
    /// Whether something of it is to be seen in a part of the screen.
    pub(super) fn is_within(&self, rect: &Rect) -> bool {
        let x = rect.x_range();
        self.runs.iter().any(|run| match run.as_slice() {
            // From left to right: a line that crosses the part has no point in it.
            [first, .., last] if self.joined => first.x <= x.max && last.x >= x.min,
            points => points.iter().any(|point| x.contains(point.x)),
        })
    }

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
