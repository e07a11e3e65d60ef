//! Where the lines of a grid go and what stands beside them: round numbers, as many as fit, labels that never overlap.

use chronoscope_store::{TimeRange, TimeType};
use chronoscope_types::{TimeZone, enums::AxisScale, format_calendar_in, offset_of};

use super::window::{TimeWindow, ValueWindow};
use crate::{
    calendar::{least_nanos, month_label, month_starts, month_steps},
    time_steps::{DAY, HOUR, MAX_DAYS, MINUTE, SECOND, time_steps},
};

/// More lines than this are of no use on any screen.
const MAX_TICKS: usize = 1_000;

/// A line of a grid with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Where it is: 0 at the start of the axis, 1 at its end.
    pub position: f64,
    /// What stands beside it.
    pub label: String,
}

/// The labeled lines of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ticks {
    /// The lines, ordered by position.
    pub ticks: Vec<Tick>,
    /// The unit of all labels, to be said once; empty where there is none.
    pub unit: String,
}

/// The lines of a time axis that is `width` points wide, round in a zone. `measure` tells the width of a label; two are at least `gap` apart. Where
/// the farthest steps leave too little room for all labels, those are there that have some.
pub(crate) fn time_ticks(
    window: &TimeWindow,
    time_type: TimeType,
    zone: TimeZone,
    width: f32,
    gap: f32,
    mut measure: impl FnMut(&str) -> f32,
) -> Ticks {
    let per_unit = f64::from(width) / window.length();
    let mut greatest = None;
    for step in time_steps(time_type) {
        if time_type == TimeType::TimestampNs && step > MAX_DAYS {
            return month_ticks(window, zone, width, gap, measure);
        }
        greatest = Some(step);
        let spacing = step as f64 * per_unit;
        // No label is narrower than a digit.
        if spacing < f64::from(gap) + 4.0 {
            continue;
        }
        // Labels of an axis are about as long as that of its end: most steps that are too small fall here, at the
        // price of one label.
        let range = window.range();
        let end = LabelStyle::of(time_type, zone, step, range).label(range.max);
        if spacing < f64::from(measure(&end) * 0.7 + gap) {
            continue;
        }
        let ticks = ticks_at(window, time_type, zone, step);
        let widest = ticks
            .ticks
            .iter()
            .map(|tick| measure(&tick.label))
            .fold(0.0, f32::max);
        if f64::from(widest + gap) <= spacing {
            return ticks;
        }
    }
    let Some(step) = greatest else {
        return Ticks::default();
    };
    let mut ticks = ticks_at(window, time_type, zone, step);
    retain_those_with_room(&mut ticks, width, gap, measure);
    ticks
}

/// The lines of a time axis at which months or years begin, for an axis on which days would be too close together.
fn month_ticks(
    window: &TimeWindow,
    zone: TimeZone,
    width: f32,
    gap: f32,
    mut measure: impl FnMut(&str) -> f32,
) -> Ticks {
    let per_unit = f64::from(width) / window.length();
    let range = window.range();
    let mut last = Ticks::default();
    for months in month_steps() {
        let spacing = least_nanos(months) as f64 * per_unit;
        // No label is narrower than a digit.
        if spacing < f64::from(gap) + 4.0 {
            continue;
        }
        let ticks = month_starts(zone, range, months)
            .take(MAX_TICKS)
            .map(|time| Tick {
                position: window.position(time),
                label: month_label(zone, time, months),
            });
        last = Ticks {
            ticks: ticks.collect(),
            unit: format_calendar_in("%Z", zone, range.min),
        };
        let labels = last.ticks.iter().map(|tick| measure(&tick.label));
        if f64::from(labels.fold(0.0, f32::max) + gap) <= spacing {
            return last;
        }
    }
    retain_those_with_room(&mut last, width, gap, measure);
    last
}

/// Keeps the lines whose labels have room.
fn retain_those_with_room(ticks: &mut Ticks, width: f32, gap: f32, mut measure: impl FnMut(&str) -> f32) {
    let mut end = -gap;
    ticks.ticks.retain(|tick| {
        let (middle, half) = (tick.position as f32 * width, measure(&tick.label) / 2.0);
        let has_room = middle - half >= end + gap && middle + half <= width;
        end = if has_room { middle + half } else { end };
        has_room
    });
}

fn ticks_at(window: &TimeWindow, time_type: TimeType, zone: TimeZone, step: i64) -> Ticks {
    let range = window.range();
    let style = LabelStyle::of(time_type, zone, step, range);
    let ahead = match time_type {
        TimeType::TimestampNs => i128::from(offset_of(zone, range.min)),
        TimeType::Sequence | TimeType::DurationNs => 0,
    };
    let (step, max) = (i128::from(step), i128::from(range.max));
    // By the clocks of the zone.
    let min = i128::from(range.min) + ahead;
    let first = min.div_euclid(step) + i128::from(min.rem_euclid(step) != 0);
    let ticks = (first..)
        .map(|at| at * step - ahead)
        .take_while(|time| *time <= max)
        .take(MAX_TICKS)
        // Within the range, and so within `i64`.
        .map(|time| time as i64)
        .map(|time| Tick {
            position: window.position(time),
            label: style.label(time),
        })
        .collect();
    Ticks {
        ticks,
        unit: style.unit(range.min),
    }
}

/// How the labels of one axis are written.
struct LabelStyle {
    kind: LabelKind,
    /// The zone of times of day.
    zone: TimeZone,
    /// Digits behind the point.
    decimals: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum LabelKind {
    Count,
    /// A multiple of these nanoseconds.
    Scaled(i64, &'static str),
    /// Hours, minutes, seconds.
    Clock,
    /// Hours, minutes, seconds of a day of the calendar.
    TimeOfDay,
    Date,
}

impl LabelStyle {
    /// The style of an axis that shows a range.
    fn of(time_type: TimeType, zone: TimeZone, step: i64, range: TimeRange) -> Self {
        let greatest = range.min.unsigned_abs().max(range.max.unsigned_abs());
        Self::new(time_type, zone, step, greatest)
    }

    fn new(time_type: TimeType, zone: TimeZone, step: i64, greatest: u64) -> Self {
        let kind = match time_type {
            TimeType::Sequence => LabelKind::Count,
            TimeType::TimestampNs if step >= DAY => LabelKind::Date,
            TimeType::TimestampNs => LabelKind::TimeOfDay,
            TimeType::DurationNs if greatest >= 10 * MINUTE.unsigned_abs() => LabelKind::Clock,
            TimeType::DurationNs if greatest >= SECOND.unsigned_abs() / 10 => LabelKind::Scaled(SECOND, "s"),
            TimeType::DurationNs if greatest >= 100_000 => LabelKind::Scaled(1_000_000, "ms"),
            TimeType::DurationNs if greatest >= 100 => LabelKind::Scaled(1_000, "µs"),
            TimeType::DurationNs => LabelKind::Scaled(1, "ns"),
        };
        let mut unit = match kind {
            LabelKind::Scaled(unit, _) => unit,
            LabelKind::Clock | LabelKind::TimeOfDay => SECOND,
            LabelKind::Count | LabelKind::Date => 1,
        };
        let mut decimals = 0;
        while unit > 1 && step % unit != 0 {
            unit /= 10;
            decimals += 1;
        }
        Self { kind, zone, decimals }
    }

    fn label(&self, time: i64) -> String {
        let decimals = self.decimals;
        match self.kind {
            LabelKind::Count => time.to_string(),
            LabelKind::Scaled(unit, _) => decimal(time, unit, decimals),
            LabelKind::Clock => clock(time, decimals),
            LabelKind::TimeOfDay => time_of_day(self.zone, time, decimals),
            LabelKind::Date => date(self.zone, time),
        }
    }

    fn unit(&self, first: i64) -> String {
        match self.kind {
            LabelKind::Count | LabelKind::Clock => String::new(),
            LabelKind::Scaled(_, name) => name.to_owned(),
            LabelKind::TimeOfDay => format_calendar_in("%Y-%m-%d %Z", self.zone, first),
            LabelKind::Date => format_calendar_in("%Z", self.zone, first),
        }
    }
}

/// A number of units with so many digits behind the point.
fn decimal(time: i64, unit: i64, decimals: usize) -> String {
    let (sign, size) = (if time < 0 { "-" } else { "" }, time.unsigned_abs());
    let unit = unit.unsigned_abs();
    let whole = size / unit;
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    let scale = 10_u64.pow(u32::try_from(decimals.min(9)).unwrap_or(9));
    let fraction = u128::from(size % unit) * u128::from(scale) / u128::from(unit);
    format!("{sign}{whole}.{fraction:0decimals$}")
}

/// Hours, minutes and seconds: `1:02:03.5`.
fn clock(time: i64, decimals: usize) -> String {
    let (sign, size) = (if time < 0 { "-" } else { "" }, time.unsigned_abs());
    let (hour, minute) = (HOUR.unsigned_abs(), MINUTE.unsigned_abs());
    format!(
        "{sign}{}:{:02}:{}",
        size / hour,
        size % hour / minute,
        seconds(size % minute, decimals)
    )
}

fn time_of_day(zone: TimeZone, time: i64, decimals: usize) -> String {
    match decimals {
        0 => format_calendar_in("%H:%M:%S", zone, time),
        _ => format_calendar_in(&format!("%H:%M:%S%.{decimals}f"), zone, time),
    }
}

/// Two digits of seconds and the digits behind the point.
fn seconds(nanos: u64, decimals: usize) -> String {
    let text = decimal(i64::try_from(nanos).unwrap_or(0), SECOND, decimals);
    if nanos < 10 * SECOND.unsigned_abs() {
        format!("0{text}")
    } else {
        text
    }
}

/// The day of the calendar: `2026-11-22`.
fn date(zone: TimeZone, time: i64) -> String {
    format_calendar_in("%Y-%m-%d", zone, time)
}

/// The lines of an axis of values that is `height` points high, where each label needs `spacing` points.
pub(crate) fn value_ticks(window: &ValueWindow, height: f32, spacing: f32) -> Ticks {
    let wanted = f64::from((height / spacing).max(1.0));
    // Within a decade round numbers are as good on one scale as on the other.
    if window.scale() == AxisScale::Logarithmic && window.max() / window.min() > 10.0 {
        return decade_ticks(window, wanted);
    }
    value_ticks_apart(window, window.max() / wanted - window.min() / wanted)
}

/// Lines at powers of ten, and at twice and five times these where there is room for so many.
fn decade_ticks(window: &ValueWindow, wanted: f64) -> Ticks {
    let (first, last) = (
        window.min().log10().floor() as i32,
        window.max().log10().ceil() as i32,
    );
    let decades = window.max().log10() - window.min().log10();
    let per_decade = wanted / decades;
    let factors: &[f64] = if per_decade >= 3.0 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let step = if per_decade >= 1.0 {
        1
    } else {
        (1.0 / per_decade).ceil() as usize
    };
    let exponents = (first.div_euclid(step as i32) * step as i32..=last).step_by(step);
    let values =
        exponents.flat_map(|exponent| factors.iter().map(move |factor| factor * 10_f64.powi(exponent)));
    let ticks = values.map(|value| Tick {
        position: window.position(value),
        label: format_value(value, value),
    });
    Ticks {
        ticks: ticks
            .filter(|tick| (0.0..=1.0).contains(&tick.position))
            .collect(),
        unit: String::new(),
    }
}

/// The lines of a horizontal axis of values that is `width` points wide. `measure` tells the width of a label; two are at least `gap`
/// apart. Where only whole numbers are of interest, no other line is closer than they are.
pub(crate) fn value_ticks_across(
    window: &ValueWindow,
    width: f32,
    gap: f32,
    whole: bool,
    mut measure: impl FnMut(&str) -> f32,
) -> Ticks {
    let least_step = if whole { 1.0 } else { 0.0 };
    let mut label = 0.0_f32;
    // Fewer lines may have longer labels, but not for long.
    for _ in 0..4 {
        let wanted = f64::from((width / (label + gap)).max(1.0));
        let ticks = value_ticks_apart(
            window,
            (window.max() / wanted - window.min() / wanted).max(least_step),
        );
        let widest = ticks
            .ticks
            .iter()
            .map(|tick| measure(&tick.label))
            .fold(0.0, f32::max);
        if widest <= label {
            return ticks;
        }
        label = widest;
    }
    Ticks::default()
}

/// Lines at round numbers that are at least so far apart.
fn value_ticks_apart(window: &ValueWindow, least: f64) -> Ticks {
    let Some(step) = round_step(least) else {
        return Ticks::default();
    };
    let (first, last) = ((window.min() / step).ceil(), (window.max() / step).floor());
    if !(last - first).is_finite() || last - first > MAX_TICKS as f64 {
        return Ticks::default();
    }
    let ticks = (0..=(last - first).max(0.0) as usize)
        .map(|at| (first + at as f64) * step)
        .map(|value| Tick {
            position: window.position(value),
            label: format_value(value, step),
        })
        .filter(|tick| (0.0..=1.0).contains(&tick.position))
        .collect();
    Ticks {
        ticks,
        unit: String::new(),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not smaller than this.
fn round_step(least: f64) -> Option<f64> {
    if !(least.is_finite() && least > 0.0) {
        return None;
    }
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| decade * factor)
        .into_iter()
        .find(|step| *step >= least * (1.0 - 1e-9))
        .filter(|step| step.is_normal())
}

/// A value with the digits that tell it from its neighbors `step` away.
pub(crate) fn format_value(value: f64, step: f64) -> String {
    let magnitude = value.abs().max(step.abs());
    if !(1e-5..1e7).contains(&magnitude) {
        if value == 0.0 {
            return "0".to_owned();
        }
        let digits = (magnitude.log10().floor() - step.abs().log10().floor()).clamp(0.0, 15.0) as usize;
        return format!("{value:.digits$e}");
    }
    let decimals = (-(step.abs().log10() + 1e-9).floor()).clamp(0.0, 15.0) as usize;
    let text = format!("{value:.decimals$}");
    // No minus before a zero.
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use chronoscope_store::TimeRange;

    use super::*;
    use crate::plot::testing::Random;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn labels_are_round() {
        let check = |range: TimeRange, time_type, width, expected: &[&str], unit: &str| {
            let window = TimeWindow::of(range, 1.0);
            let ticks = time_ticks(&window, time_type, TimeZone::Utc, width, 20.0, |label| {
                label.len() as f32 * 7.0
            });
            assert_eq!(labels(&ticks), expected);
            assert_eq!(ticks.unit, unit);
        };
        check(
            TimeRange::new(0, 99),
            TimeType::Sequence,
            250.0,
            &["0", "20", "40", "60", "80"],
            "",
        );
        check(TimeRange::new(0, 99), TimeType::Sequence, 100.0, &["0", "50"], "");
        check(
            TimeRange::new(i64::MIN + 2, i64::MAX - 1),
            TimeType::Sequence,
            320.0,
            &["-5000000000000000000", "5000000000000000000"],
            "",
        );
        check(
            TimeRange::new(0, 5 * SECOND),
            TimeType::DurationNs,
            300.0,
            &["0", "1", "2", "3", "4", "5"],
            "s",
        );
        check(
            TimeRange::new(0, SECOND),
            TimeType::DurationNs,
            150.0,
            &["0.0", "0.5", "1.0"],
            "s",
        );
        check(
            TimeRange::new(1_709_210_096 * SECOND, 1_709_210_116 * SECOND),
            TimeType::TimestampNs,
            250.0,
            &["12:35:00", "12:35:10"],
            "2024-02-29 UTC",
        );
        // Months and years begin with their first days.
        check(
            TimeRange::new(1_700_000_000 * SECOND, 1_710_000_000 * SECOND),
            TimeType::TimestampNs,
            400.0,
            &["2023-12", "2024-01", "2024-02", "2024-03"],
            "UTC",
        );
        check(
            TimeRange::new(0, 1_700_000_000 * SECOND),
            TimeType::TimestampNs,
            300.0,
            &["1970", "1980", "1990", "2000", "2010", "2020"],
            "UTC",
        );
    }

    #[test]
    fn lines_are_round_by_the_clocks_of_the_zone() {
        let day = TimeRange::new(1_709_210_096 * SECOND, 1_709_310_096 * SECOND);
        let measure = |label: &str| label.len() as f32 * 7.0;
        let window = TimeWindow::of(day, 1.0);
        let ticks = time_ticks(
            &window,
            TimeType::TimestampNs,
            TimeZone::Local,
            500.0,
            20.0,
            measure,
        );
        assert!(ticks.ticks.len() > 2, "{ticks:?}");
        // Whatever the zone is where this runs, unless its clocks are changed on these days.
        for tick in &ticks.ticks {
            assert!(tick.label.ends_with(":00:00"), "{ticks:?}");
        }
        let zone = format_calendar_in("%Z", TimeZone::Local, day.min);
        assert!(ticks.unit.ends_with(&zone), "{ticks:?} in {zone}");
    }

    #[test]
    fn labels_never_overlap() {
        let mut random = Random::new(4);
        for _ in 0..500 {
            let time_type =
                [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs][random.below(3)];
            let start = (random.unit() * 4e18) as i64 - 2_000_000_000_000_000_000;
            let length = 10_f64.powf(random.unit() * 18.0) as i64;
            let window = TimeWindow::of(TimeRange::new(start, start.saturating_add(length)), 1.0);
            let width = 50.0 + random.unit() as f32 * 2_000.0;
            let measure = |label: &str| label.len() as f32 * 7.0;
            let ticks = time_ticks(&window, time_type, TimeZone::Utc, width, 8.0, measure);
            for pair in ticks.ticks.windows(2) {
                let distance = (pair[1].position - pair[0].position) * f64::from(width);
                assert!(
                    distance
                        >= f64::from(measure(&pair[0].label) / 2.0 + measure(&pair[1].label) / 2.0) + 7.9,
                    "{pair:?}"
                );
                assert_ne!(pair[0].label, pair[1].label);
            }
        }
    }

    #[test]
    fn values_have_round_labels() {
        let check = |min: f64, max: f64, expected: &[&str]| {
            let ticks = value_ticks(&ValueWindow::new(min, max).unwrap(), 100.0, 25.0);
            assert_eq!(labels(&ticks), expected);
        };
        check(-1.0, 1.0, &["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        check(0.0, 7.0, &["0", "2", "4", "6"]);
        check(
            1e9,
            1e9 + 4.0,
            &[
                "1.000000000e9",
                "1.000000001e9",
                "1.000000002e9",
                "1.000000003e9",
                "1.000000004e9",
            ],
        );
        check(0.0, 4e-9, &["0", "1e-9", "2e-9", "3e-9", "4e-9"]);
        value_ticks(&ValueWindow::new(f64::MIN, f64::MAX).unwrap(), 100.0, 25.0);
        value_ticks(&ValueWindow::new(0.0, 5e-324).unwrap(), 100.0, 25.0);
    }

    #[test]
    fn a_logarithmic_axis_has_decades() {
        let check = |min: f64, max: f64, height: f32, expected: &[&str]| {
            let window = ValueWindow::new(min, max)
                .unwrap()
                .on(AxisScale::Logarithmic)
                .unwrap();
            assert_eq!(labels(&value_ticks(&window, height, 25.0)), expected);
        };
        check(0.5, 200.0, 100.0, &["1", "10", "100"]);
        check(
            0.5,
            200.0,
            400.0,
            &["0.5", "1", "2", "5", "10", "20", "50", "100", "200"],
        );
        check(1e-9, 1e9, 100.0, &["0.00001", "1", "100000"]);
        check(2.0, 8.0, 100.0, &["2", "4", "6", "8"]);
    }
}
