//! The points that a series is drawn through: joined, and cut off where the shown times end.

use chronoscope_types::enums::InterpolationMode;

/// A point to draw. A value that is not a number interrupts the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DrawPoint {
    /// Where it is in the window: 0 at its start, 1 at its end. Points just outside keep lines going to the
    /// edge.
    pub(super) position: f64,
    /// The value; of a point that is drawn, where it lies in the window of values: 0 at the least, 1 at the
    /// greatest.
    pub(super) value: f64,
    /// The time whose looks hold from here on: that of its sample, or of the first one that it stands for.
    pub(super) time: i64,
}

/// The corners of a line that goes through these points in steps, or straight. Interruptions stay where they
/// are.
pub(super) fn interpolated(points: Vec<DrawPoint>, mode: InterpolationMode) -> Vec<DrawPoint> {
    if mode == InterpolationMode::Linear {
        return points;
    }
    let mut corners = Vec::with_capacity(points.len() * 3);
    let mut previous: Option<DrawPoint> = None;
    for point in points {
        if let Some(before) = previous
            && !before.value.is_nan()
            && !point.value.is_nan()
        {
            let corner = |position: f64, value: f64| DrawPoint {
                position,
                value,
                time: before.time,
            };
            match mode {
                InterpolationMode::Linear => {}
                InterpolationMode::StepAfter => corners.push(corner(point.position, before.value)),
                InterpolationMode::StepBefore => corners.push(corner(before.position, point.value)),
                InterpolationMode::StepMid => {
                    let middle = before.position / 2.0 + point.position / 2.0;
                    corners.extend([corner(middle, before.value), corner(middle, point.value)]);
                }
            }
        }
        corners.push(point);
        previous = Some(point);
    }
    corners
}

/// The value of a line between two of its points, or at one of them; `None` where it is interrupted, or the
/// position is elsewhere.
pub(super) fn between(
    before: &DrawPoint,
    after: &DrawPoint,
    mode: InterpolationMode,
    position: f64,
) -> Option<f64> {
    let length = after.position - before.position;
    if before.value.is_nan()
        || after.value.is_nan()
        || !(before.position..=after.position).contains(&position)
    {
        return None;
    }
    let share = if length > 0.0 {
        (position - before.position) / length
    } else {
        0.0
    };
    Some(match mode {
        // No product of two large numbers, which may be infinite.
        InterpolationMode::Linear => before.value * (1.0 - share) + after.value * share,
        InterpolationMode::StepAfter if share < 1.0 => before.value,
        InterpolationMode::StepBefore if share > 0.0 => after.value,
        InterpolationMode::StepMid if share < 0.5 => before.value,
        InterpolationMode::StepBefore => before.value,
        InterpolationMode::StepAfter | InterpolationMode::StepMid => after.value,
    })
}

/// Leaves the part of a line between two positions, with points of its own where it is cut. Interruptions stay where they
/// are.
///
/// Precondition: the points are in the order of their positions.
pub(super) fn clip(points: &mut Vec<DrawPoint>, [from, to]: [f64; 2]) {
    let first = points.partition_point(|point| point.position < from);
    let end = points.partition_point(|point| point.position <= to);
    // `next` is the first point that is not before the position.
    let cut = |position: f64, next: usize| {
        let (before, after) = (points.get(next.checked_sub(1)?)?, points.get(next)?);
        let is_crossed = before.position < position && position < after.position;
        let value = between(before, after, InterpolationMode::Linear, position).filter(|_| is_crossed)?;
        Some(DrawPoint {
            position,
            value,
            time: before.time,
        })
    };
    let (head, tail) = (cut(from, first), cut(to, end));
    points.truncate(end);
    match head {
        Some(head) => drop(points.splice(..first, [head])),
        None => drop(points.drain(..first)),
    }
    points.extend(tail);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(position: f64, value: f64) -> DrawPoint {
        DrawPoint {
            position,
            value,
            time: position as i64,
        }
    }

    #[test]
    fn steps_have_corners() {
        let line = vec![
            point(0.0, 1.0),
            point(1.0, 2.0),
            point(2.0, f64::NAN),
            point(3.0, 4.0),
        ];
        let corners = |mode| {
            let corners = interpolated(line.clone(), mode);
            corners.iter().map(|point| point.position).collect::<Vec<_>>()
        };
        assert_eq!(corners(InterpolationMode::Linear), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(corners(InterpolationMode::StepAfter), [0.0, 1.0, 1.0, 2.0, 3.0]);
        assert_eq!(corners(InterpolationMode::StepBefore), [0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            corners(InterpolationMode::StepMid),
            [0.0, 0.5, 0.5, 1.0, 2.0, 3.0]
        );
    }

    #[test]
    fn a_line_is_cut_where_it_crosses() {
        let line = [
            point(0.0, 10.0),
            point(4.0, 30.0),
            point(6.0, f64::NAN),
            point(9.0, 1.0),
            point(11.0, 5.0),
        ];
        let values = |from: f64, to: f64| {
            let mut part = line.to_vec();
            clip(&mut part, [from, to]);
            part.iter()
                .map(|point| [point.position, point.value])
                .collect::<Vec<_>>()
        };
        // From one sample outside to another.
        assert_eq!(values(1.0, 2.0), [[1.0, 15.0], [2.0, 20.0]]);
        // What lies on the edge is not doubled.
        assert_eq!(values(0.0, 4.0), [[0.0, 10.0], [4.0, 30.0]]);
        assert_eq!(values(10.0, 20.0), [[10.0, 3.0], [11.0, 5.0]]);
        // Nothing goes through a gap.
        let mut gap = line.to_vec();
        clip(&mut gap, [4.5, 8.0]);
        assert!(gap.iter().all(|point| point.value.is_nan()), "{gap:?}");
        let mut beyond = line.to_vec();
        clip(&mut beyond, [12.0, 13.0]);
        assert!(beyond.is_empty());
    }

    #[test]
    fn between_two_samples_a_line_has_the_value_of_its_mode() {
        let value = |mode, position| between(&point(0.0, 1.0), &point(4.0, 3.0), mode, position);
        assert_eq!(value(InterpolationMode::Linear, 1.0), Some(1.5));
        assert_eq!(value(InterpolationMode::StepAfter, 3.9), Some(1.0));
        assert_eq!(value(InterpolationMode::StepBefore, 0.1), Some(3.0));
        assert_eq!(value(InterpolationMode::StepMid, 1.9), Some(1.0));
        assert_eq!(value(InterpolationMode::StepMid, 2.1), Some(3.0));
        assert_eq!(value(InterpolationMode::Linear, 4.1), None);
    }
}
