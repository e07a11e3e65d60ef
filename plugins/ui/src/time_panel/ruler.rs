//! The labels of the time axis: at round times, never one over another, with the unit said once.

use chronoscope_store::TimeType;
use chronoscope_types::{TimeZone, format_calendar_in, offset_of};
use chronoscope_views::{
    calendar::{least_nanos, month_label, month_starts, month_steps},
    time_steps::{DAY, HOUR, MAX_DAYS, MINUTE as MIN, SECOND as SEC, time_steps},
};

use super::axis::Axis;

/// Labels and lines of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ruler {
    /// Unit of the labels: `s`, `m:s`, `2026-11-22 UTC`; empty for sequences.
    pub(super) unit: String,
    /// The marks, from left to right.
    pub(super) ticks: Vec<Tick>,
}

/// A mark on the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) x: f32,
    /// Its label; `None` for minor ticks.
    pub(super) label: Option<String>,
}

/// Free room between two labels, in points.
const GAP: f32 = 16.0;

/// More labels than this on an axis would be a mistake of measure.
const MAX_LABELS: i128 = 400;

/// Labels an axis. `measure` is how wide a label is, in points.
pub(super) fn ruler(
    time_type: TimeType,
    zone: TimeZone,
    axis: &Axis,
    measure: impl Fn(&str) -> f32,
) -> Ruler {
    let mut all: Option<Ruler> = None;
    for part in axis.parts() {
        let labels = part_of_ruler(time_type, zone, &part, &measure);
        match &mut all {
            None => all = Some(labels),
            Some(all) => all.ticks.extend(labels.ticks),
        }
    }
    all.unwrap_or_else(|| Ruler {
        unit: String::new(),
        ticks: Vec::new(),
    })
}

/// Labels a part of an axis between two gaps.
fn part_of_ruler(time_type: TimeType, zone: TimeZone, axis: &Axis, measure: impl Fn(&str) -> f32) -> Ruler {
    let visible = axis.visible();
    let mut chosen = None;
    for step in time_steps(time_type) {
        let points = step as f64 * axis.points_per_unit();
        if points < 8.0 {
            continue;
        }
        if time_type == TimeType::TimestampNs && step > MAX_DAYS {
            return month_ruler(zone, axis, measure);
        }
        // The ends are the longest: they have the most digits, or a sign.
        let widest = [visible.min, visible.max, floor_to(visible.max, step)]
            .map(|time| measure(&label(time_type, zone, floor_to(time, step), step, true)))
            .into_iter()
            .fold(0.0, f32::max);
        chosen = Some(step);
        if points >= f64::from(widest + GAP) {
            break;
        }
    }
    let Some(step) = chosen else {
        return Ruler {
            unit: String::new(),
            ticks: Vec::new(),
        };
    };
    let parts = minor_parts(time_type, step)
        .filter(|parts| step as f64 * axis.points_per_unit() / *parts as f64 >= 6.0)
        .unwrap_or(1);
    Ruler {
        unit: unit(time_type, zone, visible.min, step),
        ticks: ticks(time_type, zone, axis, step, parts, measure),
    }
}

/// Labels an axis at which days would be too close together: where months or years begin.
fn month_ruler(zone: TimeZone, axis: &Axis, measure: impl Fn(&str) -> f32) -> Ruler {
    let visible = axis.visible();
    let has_room = |months: &i64| {
        let widest = [visible.min, visible.max]
            .map(|time| measure(&month_label(zone, time, *months)))
            .into_iter()
            .fold(0.0, f32::max);
        least_nanos(*months) as f64 * axis.points_per_unit() >= f64::from(widest + GAP)
    };
    let months = month_steps()
        .find(has_room)
        .or_else(|| month_steps().last())
        .unwrap_or(1);
    let mut free_from = f32::NEG_INFINITY;
    let ticks = month_starts(zone, visible, months).map(|time| {
        let x = axis.x(time);
        let label = Some(month_label(zone, time, months)).filter(|text| {
            let half = measure(text) / 2.0;
            let fits = x - half >= free_from && x + half <= axis.right();
            if fits {
                free_from = x + half + GAP / 2.0;
            }
            fits
        });
        Tick { x, label }
    });
    Ruler {
        ticks: ticks.collect(),
        unit: format_calendar_in("%Z", zone, visible.min),
    }
}

fn ticks(
    time_type: TimeType,
    zone: TimeZone,
    axis: &Axis,
    step: i64,
    parts: i64,
    measure: impl Fn(&str) -> f32,
) -> Vec<Tick> {
    let visible = axis.visible();
    let minor = i128::from((step / parts).max(1));
    // Days begin where they do in this zone.
    let shift = match time_type {
        TimeType::TimestampNs => i128::from(offset_of(zone, visible.min)),
        TimeType::Sequence | TimeType::DurationNs => 0,
    };
    let first = i128::from(visible.min) + shift;
    let mut time = first - first.rem_euclid(i128::from(step.max(1)));
    let end = i128::from(visible.max) + shift;
    let mut ticks = Vec::new();
    let mut free_from = f32::NEG_INFINITY;
    let mut previous_day = None;
    while time <= end && ticks.len() < usize::try_from(MAX_LABELS * 10).unwrap_or(usize::MAX) {
        let Ok(at) = i64::try_from(time - shift) else {
            time += minor;
            continue;
        };
        let day = time.div_euclid(i128::from(DAY));
        let x = axis.x(at);
        let is_major = time.rem_euclid(i128::from(step)) == 0;
        if x >= axis.left() && x <= axis.right() {
            // A day is named where it begins, and the time of day elsewhere.
            let begins_day = time_type == TimeType::TimestampNs
                && previous_day.is_some_and(|before| before != day)
                && time.rem_euclid(i128::from(DAY)) == 0;
            let text = is_major.then(|| label(time_type, zone, at, step, begins_day));
            let text = text.filter(|text| {
                let half = measure(text) / 2.0;
                let fits = x - half >= free_from && x + half <= axis.right();
                if fits {
                    free_from = x + half + GAP / 2.0;
                }
                fits
            });
            ticks.push(Tick { x, label: text });
        }
        previous_day = Some(day);
        time += minor;
    }
    ticks
}

/// Into how many parts small marks divide a step.
fn minor_parts(time_type: TimeType, step: i64) -> Option<i64> {
    let parts: &[i64] = match (time_type, step) {
        (TimeType::Sequence, _) => &[5, 2],
        (_, step) if step <= SEC => &[5, 2],
        (_, step) if step % MIN == 0 && step < DAY => &[4, 6, 5],
        _ => &[5, 2],
    };
    parts
        .iter()
        .copied()
        .find(|parts| step % parts == 0 && step / parts > 0)
}

/// The greatest multiple of `step` that is not after `time`; the least one there is, where that would be
/// before all times.
fn floor_to(time: i64, step: i64) -> i64 {
    time.checked_sub(time.rem_euclid(step.max(1)))
        .unwrap_or(i64::MIN + i64::MAX % step.max(1))
}

/// Unit of the labels.
fn unit(time_type: TimeType, zone: TimeZone, from: i64, step: i64) -> String {
    match time_type {
        TimeType::Sequence => String::new(),
        TimeType::DurationNs => match step {
            step if step < MIN => "s",
            step if step < HOUR => "h:m",
            step if step < DAY => "h",
            _ => "days",
        }
        .to_owned(),
        TimeType::TimestampNs if step >= DAY => format_calendar_in("%Z", zone, from),
        TimeType::TimestampNs => format_calendar_in("%Y-%m-%d %Z", zone, from),
    }
}

/// Label of a tick, with as many digits as the step needs.
fn label(time_type: TimeType, zone: TimeZone, time: i64, step: i64, names_day: bool) -> String {
    match time_type {
        TimeType::Sequence => format!("#{time}"),
        TimeType::DurationNs => duration_label(time, step),
        TimeType::TimestampNs => timestamp_label(zone, time, step, names_day),
    }
}

fn duration_label(time: i64, step: i64) -> String {
    let sign = if time < 0 { "-" } else { "" };
    let nanos = time.unsigned_abs();
    let secs = nanos / SEC as u64;
    match step {
        step if step < MIN => format!("{sign}{secs}{}", fraction(nanos % SEC as u64, step)),
        step if step < HOUR => format!("{sign}{}:{:02}", secs / 3_600, secs / 60 % 60),
        step if step < DAY => format!("{sign}{}", secs / 3_600),
        _ => format!("{sign}{}", secs / 86_400),
    }
}

fn timestamp_label(zone: TimeZone, time: i64, step: i64, names_day: bool) -> String {
    let pattern = match step {
        _ if step >= DAY => "%Y-%m-%d",
        // The year stands in the unit.
        _ if names_day => "%m-%d",
        _ if step >= MIN => "%H:%M",
        _ if step >= SEC => "%H:%M:%S",
        _ => return format_calendar_in(&format!("%H:%M:%S%.{}f", num_decimals(step)), zone, time),
    };
    format_calendar_in(pattern, zone, time)
}

/// The digits behind the point that tell steps apart.
fn fraction(nanos: u64, step: i64) -> String {
    if step >= SEC {
        return String::new();
    }
    let all = format!("{nanos:09}");
    format!(".{}", all.get(..num_decimals(step)).unwrap_or(&all))
}

/// How many digits behind the point of a second tell steps of less than a second apart.
fn num_decimals(step: i64) -> usize {
    let mut digits = 9;
    let mut rest = step;
    while digits > 1 && rest % 10 == 0 {
        rest /= 10;
        digits -= 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use chronoscope_store::TimeRange;

    use super::*;
    use crate::time_panel::axis::AxisView;

    const CHAR: f32 = 7.5;

    fn measure(text: &str) -> f32 {
        text.chars().count() as f32 * CHAR
    }

    fn labels(time_type: TimeType, range: TimeRange, width: f32) -> (String, Vec<String>) {
        let ruler = ruler(
            time_type,
            TimeZone::Utc,
            &AxisView::of_range(range).laid_out(0.0, width),
            measure,
        );
        (
            ruler.unit,
            ruler.ticks.into_iter().filter_map(|tick| tick.label).collect(),
        )
    }

    fn check(time_type: TimeType, range: (i64, i64), width: f32, unit: &str, expected: &[&str]) {
        let (found_unit, found) = labels(time_type, TimeRange::new(range.0, range.1), width);
        assert_eq!(found, expected);
        assert_eq!(found_unit, unit);
    }

    #[test]
    fn labels_are_round() {
        check(
            TimeType::Sequence,
            (0, 99),
            520.0,
            "",
            &[
                "#0", "#10", "#20", "#30", "#40", "#50", "#60", "#70", "#80", "#90",
            ],
        );
        check(
            TimeType::Sequence,
            (0, 99),
            260.0,
            "",
            &["#0", "#20", "#40", "#60", "#80"],
        );
        check(TimeType::Sequence, (0, 2), 500.0, "", &["#0", "#1", "#2"]);
        check(
            TimeType::DurationNs,
            (0, 2 * SEC + SEC / 4),
            320.0,
            "s",
            &["0.0", "0.5", "1.0", "1.5", "2.0"],
        );
        check(
            TimeType::DurationNs,
            (0, 98 * MIN),
            320.0,
            "h:m",
            &["0:00", "0:30", "1:00", "1:30"],
        );
        let noon = 20_414 * DAY + 12 * HOUR;
        check(
            TimeType::TimestampNs,
            (noon, noon + HOUR + 6 * MIN),
            340.0,
            "2025-11-22 UTC",
            &["12:00", "12:15", "12:30", "12:45", "13:00"],
        );
    }

    #[test]
    fn months_and_years_begin_with_their_first_days() {
        let range = (1_700_000_000 * SEC, 1_710_000_000 * SEC);
        check(
            TimeType::TimestampNs,
            range,
            400.0,
            "UTC",
            &["2023-12", "2024-01", "2024-02", "2024-03"],
        );
        check(
            TimeType::TimestampNs,
            (0, 1_700_000_000 * SEC),
            300.0,
            "UTC",
            &["1970", "1980", "1990", "2000", "2010", "2020"],
        );
    }

    #[test]
    fn days_are_named_where_they_begin() {
        let evening = 20_414 * DAY + 20 * HOUR;
        let (_, labels) = labels(
            TimeType::TimestampNs,
            TimeRange::new(evening, evening + 8 * HOUR),
            700.0,
        );
        assert!(labels.contains(&"11-23".to_owned()), "{labels:?}");
    }

    #[test]
    fn labels_never_overlap() {
        let starts = [
            0_i64,
            -1_000,
            1_763_800_000_000_000_000,
            i64::MIN + 1,
            i64::MAX - 10,
        ];
        let lengths = [
            0_i64,
            1,
            7,
            100,
            12_345,
            1_000_000,
            3_999_999_999,
            86_400_000_000_000,
            40_000_000_000_000_000,
            i64::MAX,
        ];
        for time_type in [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs] {
            for start in starts {
                for length in lengths {
                    for width in [40.0, 123.0, 800.0, 2_560.0] {
                        let range = TimeRange::new(start, start.saturating_add(length));
                        let ruler = ruler(
                            time_type,
                            TimeZone::Utc,
                            &AxisView::of_range(range).laid_out(0.0, width),
                            measure,
                        );
                        let mut end = f32::NEG_INFINITY;
                        for tick in &ruler.ticks {
                            if let Some(label) = &tick.label {
                                let half = measure(label) / 2.0;
                                assert!(
                                    tick.x - half >= end,
                                    "{time_type:?} {range:?} at {width}: {label} overlaps"
                                );
                                end = tick.x + half;
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn equal_labels_stand_for_equal_times() {
        let (_, labels) = labels(
            TimeType::DurationNs,
            TimeRange::new(61 * SEC, 61 * SEC + SEC / 25),
            900.0,
        );
        let mut unique = labels.clone();
        unique.dedup();
        assert_eq!(labels, unique);
        assert!(labels.len() > 2);
    }
}
