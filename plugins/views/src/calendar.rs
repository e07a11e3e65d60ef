//! Months and years: what labels of dates lie at where days are too close together.

use chronoscope_store::TimeRange;
use chronoscope_types::{TimeZone, format_calendar_in, offset_of};

use crate::time_steps::DAY;

/// The months of a year.
const YEAR: i64 = 12;

/// The steps that labels may have, in months, from small to large: parts of a year, then 1, 2 and 5 times a power of ten of years.
pub fn month_steps() -> impl Iterator<Item = i64> {
    let years = [1, 10, 100]
        .into_iter()
        .flat_map(|power| [1, 2, 5].map(|digit| digit * power * YEAR));
    [1, 3, 6].into_iter().chain(years)
}

/// The least time that a step takes, in nanoseconds; as much as can be said of a step of centuries.
pub fn least_nanos(months: i64) -> i64 {
    let days = match months {
        1 => 28,
        3 => 90,
        6 => 181,
        _ => 365 * months / YEAR,
    };
    days.saturating_mul(DAY)
}

/// When the months in a range begin whose number since the year 0 is a multiple of `months`, by the clocks of a zone, in order.
pub fn month_starts(zone: TimeZone, range: TimeRange, months: i64) -> impl Iterator<Item = i64> {
    let step = months.max(1);
    let first = month_of(
        range
            .min
            .saturating_add(offset_of(zone, range.min))
            .div_euclid(DAY),
    );
    let first = first.div_euclid(step) * step;
    let count = if range.is_empty() { 0 } else { usize::MAX };
    (0_i64..)
        .take(count)
        .map(move |at| first_of_month(first + at * step))
        .map_while(move |days| {
            let begin = i128::from(days) * i128::from(DAY);
            let near = begin.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
            let time = begin - i128::from(offset_of(zone, near));
            (time <= i128::from(range.max)).then_some(time)
        })
        .filter(move |time| *time >= i128::from(range.min))
        // Within the range, and so within `i64`.
        .map(|time| time as i64)
}

/// The label of a month or, where the step is of whole years, of a year.
pub fn month_label(zone: TimeZone, time: i64, months: i64) -> String {
    let pattern = if months % YEAR == 0 { "%Y" } else { "%Y-%m" };
    format_calendar_in(pattern, zone, time)
}

/// The month that a day since 1970 lies in, counted from January of the year 0.
///
/// Source: `civil_from_days` of Howard Hinnant's "chrono-compatible low-level date algorithms".
fn month_of(days: i64) -> i64 {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Counted from March.
    let month = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * YEAR + month + 2
}

/// The first day of a month, counted as in [`month_of`], since 1970.
///
/// Source: `days_from_civil` of the same.
fn first_of_month(month: i64) -> i64 {
    // Years that begin with March have the day of the leap years at their ends.
    let (year, month) = ((month - 2).div_euclid(YEAR), (month - 2).rem_euclid(YEAR));
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_steps::SECOND;

    fn starts(range: TimeRange, months: i64) -> Vec<(i64, String)> {
        month_starts(TimeZone::Utc, range, months)
            .map(|time| (time / SECOND, month_label(TimeZone::Utc, time, months)))
            .collect()
    }

    #[test]
    fn months_and_years_begin_where_they_do() {
        let range = TimeRange::new(1_700_000_000 * SECOND, 1_710_000_000 * SECOND);
        let expected = [
            (1_701_388_800, "2023-12"),
            (1_704_067_200, "2024-01"),
            (1_706_745_600, "2024-02"),
            (1_709_251_200, "2024-03"),
        ];
        assert_eq!(
            starts(range, 1),
            expected.map(|(time, label)| (time, label.to_owned()))
        );
        assert_eq!(starts(range, 3).len(), 1, "quarters");
        assert_eq!(starts(range, 12), [(1_704_067_200, "2024".to_owned())]);
        let around_1970 = TimeRange::new(-3_000_000 * SECOND, SECOND);
        assert_eq!(
            starts(around_1970, 1),
            [(-2_678_400, "1969-12".to_owned()), (0, "1970-01".to_owned())]
        );
        assert!(starts(TimeRange::EMPTY, 1).is_empty());
    }

    #[test]
    fn each_day_lies_in_its_month() {
        // Over all leap years, centuries among them.
        for month in 1_600 * YEAR..2_300 * YEAR {
            let (first, next) = (first_of_month(month), first_of_month(month + 1));
            assert!((28..=31).contains(&(next - first)), "{month}");
            assert_eq!(month_of(first), month);
            assert_eq!(month_of(next - 1), month);
        }
    }

    #[test]
    fn no_step_takes_less_than_it_says() {
        for months in month_steps() {
            let mut from = 1_700 * YEAR;
            while from + months <= 2_260 * YEAR {
                let days = first_of_month(from + months) - first_of_month(from);
                let takes = i128::from(days) * i128::from(DAY);
                assert!(takes >= i128::from(least_nanos(months)), "{months} from {from}");
                from += months;
            }
        }
        let all: Vec<i64> = month_starts(TimeZone::Utc, TimeRange::EVERYTHING, 600).collect();
        assert!(all.len() > 10 && all.is_sorted(), "{all:?}");
    }
}
