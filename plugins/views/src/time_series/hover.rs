//! What is at the pointer: lines across the plot with the time and the values there, and the samples near by.

use chronoscope_types::{
    enums::{AxisSide, TooltipMode},
    format_time_in,
};
use egui::{Align2, FontId, Painter, Pos2, Rect, Ui, pos2, vec2};

use super::{canvas::Canvas, input::PlotInput, missing};
use crate::plot::{
    axes::{AXIS_HEIGHT, GAP},
    ticks::format_value,
    tooltip::{self, TooltipText, TooltipValue},
};

/// How far from the pointer the samples of a tooltip lie, in points.
const NEAR: f32 = 48.0;
/// How far from the pointer a sample lies that it is at, in points, though the series is interrupted between the two.
const AT_SAMPLE: f32 = 8.0;
/// The most values of a tooltip.
const MAX_VALUES: usize = 12;

/// A sample of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// The line's position among the plot's.
    pub(super) line: usize,
    /// Its time; `None` where the line is constant.
    time: Option<i64>,
    pub(super) value: f64,
    /// Where it is drawn; `None` where it has no place on the scale.
    place: Option<Pos2>,
}

/// The sample of each visible line that is nearest in time to the pointer. Where a line is interrupted there is none.
pub(super) fn samples_at(input: &PlotInput<'_>, canvas: &Canvas, x: f32) -> Vec<Sample> {
    let pointed = canvas.time_at(x);
    let samples = input.visible().filter_map(|(at, line)| {
        let (time, value) = match line.series.constants.get(line.index) {
            Some(constant) => (None, *constant),
            None => {
                let sample = line.series.nearest_sample(line.index, pointed)?;
                let time = *line.series.samples.times(line.index).get(sample)?;
                let is_beside = (canvas.x(time) - x).abs() > AT_SAMPLE;
                if is_beside && line.series.is_interrupted_at(line.index, pointed) {
                    return None;
                }
                (Some(time), *line.series.samples.values(line.index).get(sample)?)
            }
        };
        let place = match time {
            Some(time) => canvas.place(line.side, time, value),
            None => canvas.y(line.side, value).map(|y| pos2(x, y)),
        };
        (!value.is_nan()).then_some(Sample {
            line: at,
            time,
            value,
            place,
        })
    });
    samples.collect()
}

/// Draws lines through the pointer, with the time and the values there beside the axes.
pub(super) fn draw_crosshair(
    painter: &Painter,
    input: &PlotInput<'_>,
    canvas: &Canvas,
    area: &Rect,
    font: &FontId,
    pointer: Pos2,
) {
    let (style, rect) = (input.style, canvas.rect);
    let line = egui::Stroke::new(1.0, style.secondary_text.gamma_multiply(0.5));
    painter.vline(painter.round_to_pixel_center(pointer.x), rect.y_range(), line);
    painter.hline(rect.x_range(), painter.round_to_pixel_center(pointer.y), line);

    let chip = |text: String, align: Align2, at: Pos2, room: Rect| {
        let galley = painter.layout_no_wrap(text, font.clone(), style.text);
        let chip = align.anchor_size(at, galley.size() + vec2(GAP, 2.0));
        if chip.width() > room.width() || chip.height() > room.height() {
            return;
        }
        let inside = chip.translate(vec2(
            (room.left() - chip.left()).max(0.0) - (chip.right() - room.right()).max(0.0),
            (room.top() - chip.top()).max(0.0) - (chip.bottom() - room.bottom()).max(0.0),
        ));
        painter.rect(
            inside,
            3.0,
            input.background,
            (1.0, style.grid),
            egui::StrokeKind::Inside,
        );
        painter.galley(inside.min + vec2(GAP / 2.0, 1.0), galley, style.text);
    };
    let time = canvas.readable_time_at(input.time_type, pointer.x);
    let time = format_time_in(input.time_type, style.time_zone, time);
    let below = Rect::from_min_size(pos2(area.left(), rect.bottom()), vec2(area.width(), AXIS_HEIGHT));
    chip(
        time,
        Align2::CENTER_TOP,
        pos2(pointer.x, rect.bottom() + 1.0),
        below,
    );
    let value = |side: AxisSide| {
        let value = canvas.value_at(side, pointer.y);
        let beside = canvas.value_at(side, pointer.y - 1.0);
        format_value(value, beside - value)
    };
    // Beside the labels where there is room, else over the edge of the plot.
    let beside = Rect::from_x_y_ranges(area.x_range(), rect.y_range());
    let at = pos2(rect.left() - 1.0, pointer.y);
    chip(value(AxisSide::Left), Align2::RIGHT_CENTER, at, beside);
    if canvas.shown.right.is_some() {
        let at = pos2(rect.right() + 1.0, pointer.y);
        chip(value(AxisSide::Right), Align2::LEFT_CENTER, at, beside);
    }
}

/// Draws the samples as dots.
pub(super) fn draw_samples(painter: &Painter, input: &PlotInput<'_>, samples: &[Sample], hit: Option<usize>) {
    for sample in samples {
        let (Some(place), Some(line)) = (sample.place, input.lines.get(sample.line)) else {
            continue;
        };
        let (radius, edge) = if hit == Some(sample.line) {
            (4.0, 1.5)
        } else {
            (3.0, 1.0)
        };
        let color = line.color_at(sample.time.unwrap_or(input.cursor));
        painter.circle(place, radius, color, (edge, input.style.hovered));
    }
}

/// Lists values beside the pointer: those that the tooltip's mode asks for, else those near the pointer. Says where rows are missing.
pub(super) fn show_tooltip(
    ui: &Ui,
    input: &PlotInput<'_>,
    canvas: &Canvas,
    samples: &[Sample],
    hit: Option<usize>,
    pointer: Pos2,
) {
    let (listed, left_out) = listed(samples, input.tooltip, hit, pointer);
    let note = missing::is_missing_at(input, canvas, pointer.x).then_some(input.missing_note);
    if listed.is_empty() && note.is_none() {
        return;
    }
    // Of one sample it is its time that is of interest, of several the time that they are near to.
    let time = match listed.as_slice() {
        [only] => only.time,
        [first, ..] if first.time.is_none() => None,
        _ => Some(canvas.readable_time_at(input.time_type, pointer.x)),
    };
    let zone = input.style.time_zone;
    let time = time.map_or_else(
        || "static".to_owned(),
        |time| format_time_in(input.time_type, zone, time),
    );
    let values: Vec<TooltipValue<'_>> = listed
        .iter()
        .filter_map(|sample| {
            let line = input.lines.get(sample.line)?;
            Some(TooltipValue {
                name: line.name,
                color: line.color_at(sample.time.unwrap_or(input.cursor)),
                value: sample.value,
                deviation: sample
                    .time
                    .and_then(|time| line.series.deviation_at(line.index, time)),
            })
        })
        .collect();
    let text = TooltipText {
        place: &format!("{} {time}", input.timeline),
        values: &values,
        left_out,
        note,
    };
    tooltip::show(ui, input.id.with("tooltip"), input.style, text);
}

/// The samples that a tooltip lists, in the order of the legend, and how many it leaves out.
fn listed(
    samples: &[Sample],
    mode: Option<TooltipMode>,
    hit: Option<usize>,
    pointer: Pos2,
) -> (Vec<Sample>, usize) {
    let distance = |sample: &Sample| {
        let distance = sample
            .place
            .map_or(f32::INFINITY, |place| place.distance(pointer));
        if hit == Some(sample.line) { 0.0 } else { distance }
    };
    let wanted = |sample: &&Sample| match mode {
        Some(TooltipMode::All) => true,
        Some(TooltipMode::Nearest) => hit == Some(sample.line),
        None => distance(sample) <= NEAR,
    };
    let mut listed: Vec<Sample> = samples.iter().filter(wanted).copied().collect();
    let left_out = listed.len().saturating_sub(MAX_VALUES);
    if left_out > 0 {
        listed.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        listed.truncate(MAX_VALUES);
        listed.sort_by_key(|sample| sample.line);
    }
    (listed, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tooltip_lists_what_its_mode_says() {
        let samples: Vec<Sample> = (0..20)
            .map(|line| Sample {
                line,
                time: Some(0),
                value: line as f64,
                place: Some(pos2(100.0, 10.0 * line as f32)),
            })
            .collect();
        let lines = |mode, hit| {
            let (listed, left_out) = listed(&samples, mode, hit, pos2(100.0, 0.0));
            (
                listed.iter().map(|sample| sample.line).collect::<Vec<_>>(),
                left_out,
            )
        };
        assert_eq!(lines(None, None), (vec![0, 1, 2, 3, 4], 0));
        assert_eq!(lines(None, Some(9)), (vec![0, 1, 2, 3, 4, 9], 0));
        assert_eq!(lines(Some(TooltipMode::Nearest), Some(2)), (vec![2], 0));
        assert_eq!(lines(Some(TooltipMode::Nearest), None), (vec![], 0));
        assert_eq!(lines(Some(TooltipMode::All), None), ((0..12).collect(), 8));
        let (all, _) = lines(Some(TooltipMode::All), Some(19));
        assert!(all.contains(&19) && all.is_sorted(), "{all:?}");
    }
}
