//! Times as text, and back.

use chronoscope_store::TimeType;

const NANOS_PER_SEC: i128 = 1_000_000_000;
const SECS_PER_DAY: i128 = 86_400;

/// A time for the eye: `#18`, `+0.900s`, `+1m 3.250s`, `2026-11-22T21:30:00.5Z`.
///
/// The ends of `i64`, which stand for no end, are `-∞` and `+∞`.
pub fn format_time(time_type: TimeType, time: i64) -> String {
    match (time, time_type) {
        (i64::MIN, _) => "-∞".to_owned(),
        (i64::MAX, _) => "+∞".to_owned(),
        (_, TimeType::Sequence) => format!("#{time}"),
        (_, TimeType::DurationNs) => format_duration(time),
        (_, TimeType::TimestampNs) => format_timestamp(time),
    }
}

/// Reads a time as somebody writes it; `None` where it makes no sense or does not fit.
///
/// A sequence is a number, `18` or `#18`. A duration is a number of seconds, or numbers with units (`d`, `h`, `m`, `s`, `ms`,
/// `us`, `ns`): `0.9`, `+0.9s`, `1m 3.25s`. A timestamp is as in ISO 8601, in UTC where it names no zone, with or without
/// a time of day; or a number of seconds since the epoch.
pub fn parse_time(time_type: TimeType, text: &str) -> Option<i64> {
    let text = text.trim();
    match time_type {
        TimeType::Sequence => {
            let digits = text.strip_prefix('#').unwrap_or(text).replace(['_', ','], "");
            digits.parse().ok()
        }
        TimeType::DurationNs => parse_duration(text),
        TimeType::TimestampNs => {
            parse_timestamp(text).or_else(|| i64::try_from(decimal_to_nanos(text, NANOS_PER_SEC)?).ok())
        }
    }
}

/// `+1m 3.250s`: at least milliseconds, more digits where there are more.
fn format_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { '-' } else { '+' };
    let magnitude = nanos.unsigned_abs();
    let (all_secs, fraction) = (magnitude / 1_000_000_000, magnitude % 1_000_000_000);
    let (days, hours, minutes, secs) = (
        all_secs / 86_400,
        all_secs / 3_600 % 24,
        all_secs / 60 % 60,
        all_secs % 60,
    );
    let mut text = String::from(sign);
    if days > 0 {
        text += &format!("{days}d ");
    }
    if all_secs >= 3_600 {
        text += &format!("{hours}h ");
    }
    if all_secs >= 60 {
        text += &format!("{minutes}m ");
    }
    let digits = match fraction {
        0 => "000".to_owned(),
        fraction => format_fraction(fraction),
    };
    text + &format!("{secs}.{digits}s")
}

/// The digits behind the point: three, six or nine.
fn format_fraction(nanos: u64) -> String {
    if nanos.is_multiple_of(1_000_000) {
        format!("{:03}", nanos / 1_000_000)
    } else if nanos.is_multiple_of(1_000) {
        format!("{:06}", nanos / 1_000)
    } else {
        format!("{nanos:09}")
    }
}

/// ISO 8601 in UTC, with no more digits than there are.
pub(crate) fn format_timestamp(nanos: i64) -> String {
    let nanos = i128::from(nanos);
    let (secs, fraction) = (nanos.div_euclid(NANOS_PER_SEC), nanos.rem_euclid(NANOS_PER_SEC));
    let (days, second) = (secs.div_euclid(SECS_PER_DAY), secs.rem_euclid(SECS_PER_DAY));
    let (year, month, day) = date_from_days(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        text.push('.');
        text += format!("{fraction:09}").trim_end_matches('0');
    }
    text.push('Z');
    text
}

/// The date so many days after the epoch. Howard Hinnant's `civil_from_days`.
fn date_from_days(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i128::from(month <= 2), month, day)
}

/// The days from the epoch to a date. Howard Hinnant's `days_from_civil`.
fn days_from_date(year: i128, month: i128, day: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    let mut nanos = 0_i128;
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let nanos_per_unit = match unit {
            "d" => SECS_PER_DAY * NANOS_PER_SEC,
            "h" => 3_600 * NANOS_PER_SEC,
            "m" | "min" => 60 * NANOS_PER_SEC,
            "s" | "" => NANOS_PER_SEC,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        // A number without a unit is seconds only where it stands alone.
        if unit.is_empty() && (parts > 0 || !tail.trim().is_empty()) {
            return None;
        }
        nanos = nanos.checked_add(decimal_to_nanos(number, nanos_per_unit)?)?;
        parts += 1;
        rest = tail.trim_start();
    }
    if parts == 0 {
        return None;
    }
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

/// A decimal number, exactly, times the nanoseconds of its unit; digits below a nanosecond are cut off.
fn decimal_to_nanos(text: &str, nanos_per_unit: i128) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // Nineteen digits hold any i64, and eighteen behind the point more than any unit needs.
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole
            .parse()
            .ok()
            .filter(|&whole| whole <= i128::from(i64::MAX))?
    };
    let fraction = fraction.get(..fraction.len().min(18))?;
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: i128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let nanos = whole
        .checked_mul(nanos_per_unit)?
        .checked_add(fraction.checked_mul(nanos_per_unit)? / scale)?;
    Some(if negative { -nanos } else { nanos })
}

fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let (year_negative, date) = match date.strip_prefix('-') {
        Some(date) => (true, date),
        None => (false, date),
    };
    let mut parts = date.split('-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let year = if year_negative { -year } else { year };
    let days = days_from_date(year, month, day);
    // A day that the month does not have comes out as another date.
    if date_from_days(days) != (year, month, day) {
        return None;
    }

    let time = time.trim();
    let (time, offset_secs) = match time.find(['Z', 'z', '+', '-']) {
        None => (time, 0),
        Some(at) => (time.get(..at)?, parse_zone(time.get(at..)?)?),
    };
    let mut nanos_of_day = 0;
    if !time.is_empty() {
        let mut parts = time.trim_end().split(':');
        let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
        let second = parts
            .next()
            .map_or(Some(0), |second| decimal_to_nanos(second, NANOS_PER_SEC))?;
        // A leap second counts as the first of the next minute.
        if parts.next().is_some() || hour > 23 || minute > 59 || !(0..61 * NANOS_PER_SEC).contains(&second) {
            return None;
        }
        nanos_of_day = (hour * 3_600 + minute * 60) * NANOS_PER_SEC + second;
    }
    i64::try_from((days * SECS_PER_DAY - offset_secs) * NANOS_PER_SEC + nanos_of_day).ok()
}

/// Seconds east of UTC: `Z`, `+02:00`, `-0530`, `+01`.
fn parse_zone(text: &str) -> Option<i128> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let numbers = text.get(1..)?.replace(':', "");
    let (hours, minutes) = (
        digits(numbers.get(..2)?)?,
        numbers.get(2..).filter(|rest| !rest.is_empty()),
    );
    let minutes = minutes.map_or(
        Some(0),
        |minutes| if minutes.len() == 2 { digits(minutes) } else { None },
    )?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A number of at most nine digits.
fn digits(text: &str) -> Option<i128> {
    let is_number = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn formats() {
        let check = |time_type, time, expected: &str| assert_eq!(format_time(time_type, time), expected);
        check(TimeType::Sequence, 18, "#18");
        check(TimeType::Sequence, -3, "#-3");
        check(TimeType::Sequence, i64::MIN, "-∞");
        check(TimeType::DurationNs, 900_000_000, "+0.900s");
        check(TimeType::DurationNs, 0, "+0.000s");
        check(TimeType::DurationNs, 1, "+0.000000001s");
        check(TimeType::DurationNs, 63_250_000_000, "+1m 3.250s");
        check(TimeType::DurationNs, -63_250_100_000, "-1m 3.250100s");
        check(TimeType::DurationNs, 86_400 * SECOND, "+1d 0h 0m 0.000s");
        check(TimeType::TimestampNs, 0, "1970-01-01T00:00:00Z");
        check(TimeType::TimestampNs, -1, "1969-12-31T23:59:59.999999999Z");
        check(
            TimeType::TimestampNs,
            951_782_400 * SECOND,
            "2000-02-29T00:00:00Z",
        );
        check(
            TimeType::TimestampNs,
            1_795_356_962_500_000_000,
            "2026-11-22T14:16:02.5Z",
        );
    }

    #[test]
    fn parses() {
        let check = |time_type, text: &str, expected: Option<i64>| {
            assert_eq!(parse_time(time_type, text), expected, "{text}");
        };
        for (text, expected) in [
            ("18", Some(18)),
            ("#18", Some(18)),
            (" -3 ", Some(-3)),
            ("1_000", Some(1_000)),
            ("", None),
            ("1.5", None),
            ("99999999999999999999", None),
        ] {
            check(TimeType::Sequence, text, expected);
        }
        for (text, expected) in [
            ("0.9s", Some(900_000_000)),
            ("+0.9", Some(900_000_000)),
            ("-.5", Some(-500_000_000)),
            ("1m 3.250s", Some(63_250_000_000)),
            ("1m3s", Some(63 * SECOND)),
            ("10 ms", Some(10_000_000)),
            ("3ns", Some(3)),
            ("1h", Some(3_600 * SECOND)),
            ("1 2", None),
            ("5x", None),
            ("", None),
            ("+", None),
            ("s", None),
            (".", None),
            ("1.2.3", None),
            ("99999999999999999999d", None),
            ("9999999999s", None),
        ] {
            check(TimeType::DurationNs, text, expected);
        }
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-01T00:00:01Z", Some(SECOND)),
            ("1970-01-01 00:00:01.5", Some(1_500_000_000)),
            ("1970-01-01T01:00+01:00", Some(0)),
            ("1969-12-31T19:00:00-0500", Some(0)),
            ("12.5", Some(12_500_000_000)),
            ("2001-02-29", None),
            ("2001-13-01", None),
            ("2001-01-01T25:00", None),
            ("9999-01-01", None),
            ("yesterday", None),
        ] {
            check(TimeType::TimestampNs, text, expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_formatted_parses_back(time in any::<i64>()) {
            prop_assume!(time != i64::MIN && time != i64::MAX);
            for time_type in [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs] {
                let text = format_time(time_type, time);
                prop_assert_eq!(parse_time(time_type, &text), Some(time), "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text in "[-+#0-9:.TZdhmsnµ é]{0,24}|\\PC{0,12}") {
            for time_type in [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs] {
                let _ = parse_time(time_type, &text);
            }
        }
    }
}
