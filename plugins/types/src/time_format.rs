//! Times as text, and back: the calendar, zones and durations are jiff's, the axis stays nanoseconds in an `i64`.

use chronoscope_store::TimeType;
use jiff::{
    SignedDuration, Span, SpanRelativeTo, SpanRound, Timestamp, Unit,
    civil::Time,
    fmt::{
        friendly::{Direction, FractionalUnit, Spacing, SpanPrinter},
        strtime,
        temporal::{DateTimeParser, Pieces},
    },
    tz::Offset,
};

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
/// A sequence is a number, `18` or `#18`. A duration is a number of seconds, or numbers with units from weeks to nanoseconds,
/// the largest first, or as in ISO 8601: `0.9`, `+0.9s`, `1m 3.25s`, `1h30m`, `PT1H`. A timestamp is as in RFC 3339 or RFC 9557,
/// in UTC where it names no zone, with or without a time of day: `2026-11-22`, `2026-11-22 21:30+01:00`,
/// `2026-11-22T21:30[Europe/Paris]`; or a number of seconds since the epoch. The zones are those that the system knows. A leap
/// second counts as the one before.
pub fn parse_time(time_type: TimeType, text: &str) -> Option<i64> {
    let text = text.trim();
    match time_type {
        TimeType::Sequence => {
            let digits = text.strip_prefix('#').unwrap_or(text).replace(['_', ','], "");
            digits.parse().ok()
        }
        TimeType::DurationNs => parse_duration(text),
        TimeType::TimestampNs if is_number(text) => parse_duration(text),
        TimeType::TimestampNs => i64::try_from(parse_timestamp(text)?.as_nanosecond()).ok(),
    }
}

/// A timestamp (ns since the epoch) in UTC, as a pattern of `strftime` says: `%Y-%m-%d`, `%H:%M:%S%.3f`.
///
/// Where the pattern is none, the result is that of [`format_time`].
pub fn format_calendar(pattern: &str, nanos: i64) -> String {
    timestamp(nanos)
        .and_then(|timestamp| strtime::format(pattern, timestamp).ok())
        .unwrap_or_else(|| format_timestamp(nanos))
}

/// ISO 8601 in UTC, with no more digits than there are.
pub(crate) fn format_timestamp(nanos: i64) -> String {
    timestamp(nanos).map_or_else(|| nanos.to_string(), |timestamp| timestamp.to_string())
}

/// All of `i64` lies within the years that jiff knows.
fn timestamp(nanos: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanos.into()).ok()
}

/// `+1m 3.250s`: at least milliseconds, more digits where there are more.
fn format_duration(nanos: i64) -> String {
    let digits = match nanos.unsigned_abs() {
        nanos if nanos.is_multiple_of(1_000_000) => 3,
        nanos if nanos.is_multiple_of(1_000) => 6,
        _ => 9,
    };
    let printer = SpanPrinter::new()
        .direction(Direction::ForceSign)
        .spacing(Spacing::BetweenUnits)
        .fractional(Some(FractionalUnit::Second))
        .precision(Some(digits));
    let in_days = SpanRound::new().largest(Unit::Day).days_are_24_hours();
    let span = Span::new()
        .try_nanoseconds(nanos)
        .and_then(|span| span.round(in_days));
    match span {
        Ok(span) => printer.span_to_string(&span),
        // Hours are the largest unit of these.
        Err(_) => printer.duration_to_string(&SignedDuration::from_nanos(nanos)),
    }
}

/// Whether a text is a number without a unit, `18` or `-0.5`.
fn is_number(text: &str) -> bool {
    let (_, digits) = split_sign(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn split_sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text).trim_start()),
    }
}

fn parse_duration(text: &str) -> Option<i64> {
    let (sign, size) = split_sign(text);
    let zero = if size.starts_with('.') { "0" } else { "" };
    let unit = if is_number(size) { "s" } else { "" };
    let span: Span = format!("{sign}{zero}{size}{unit}").parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    i64::try_from(duration.as_nanos()).ok()
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    if text.contains('[') {
        let zoned = DateTimeParser::new().parse_zoned(text).ok()?;
        return Some(zoned.timestamp());
    }
    // As `date` and git write it.
    let text = text.replace(" +", "+").replace(" -", "-");
    let pieces = Pieces::parse(&text).ok()?;
    let time = pieces.time().unwrap_or_else(Time::midnight);
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    offset.to_timestamp(pieces.date().to_datetime(time)).ok()
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
        check(TimeType::DurationNs, 86_400 * SECOND, "+1d 0.000s");
        check(TimeType::DurationNs, 90_061 * SECOND, "+1d 1h 1m 1.000s");
        check(
            TimeType::DurationNs,
            i64::MAX - 1,
            "+106751d 23h 47m 16.854775806s",
        );
        check(
            TimeType::DurationNs,
            i64::MIN + 1,
            "-106751d 23h 47m 16.854775807s",
        );
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
        check(
            TimeType::TimestampNs,
            i64::MAX - 1,
            "2262-04-11T23:47:16.854775806Z",
        );
        check(
            TimeType::TimestampNs,
            i64::MIN + 1,
            "1677-09-21T00:12:43.145224193Z",
        );
    }

    #[test]
    fn formats_by_patterns() {
        let check =
            |pattern: &str, time, expected: &str| assert_eq!(format_calendar(pattern, time), expected);
        check("%Y-%m-%d", -1, "1969-12-31");
        check("%m-%d", 951_782_400 * SECOND, "02-29");
        check("%H:%M", 1_795_356_962_500_000_000, "14:16");
        check("%H:%M:%S%.2f", 1_795_356_962_519_000_000, "14:16:02.51");
        check("%H:%M:%S%.9f", i64::MIN, "00:12:43.145224192");
        check("%Y", i64::MAX, "2262");
        check("%", 0, "1970-01-01T00:00:00Z");
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
            ("−1h30m", Some(-5_400 * SECOND)),
            ("0.5h", Some(1_800 * SECOND)),
            ("1w 1d", Some(8 * 86_400 * SECOND)),
            ("PT1M", Some(60 * SECOND)),
            ("3µs", Some(3_000)),
            ("1y", None),
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
            ("1970-01-01 01:00:00 +0100", Some(0)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_799 * SECOND)),
            ("1970-01-01T00:00+01:00[Nowhere/Land]", None),
            ("1970-01-01[", None),
            ("12.5", Some(12_500_000_000)),
            ("-1", Some(-SECOND)),
            ("20010101", Some(20_010_101 * SECOND)),
            ("2262-04-11T23:47:16.854775807Z", Some(i64::MAX)),
            ("2262-04-11T23:47:16.854775808Z", None),
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
