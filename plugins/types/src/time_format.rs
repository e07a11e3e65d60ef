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

/// The zone in which times of day are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeZone {
    /// The same everywhere.
    #[default]
    Utc,
    /// The zone of the system.
    Local,
}

impl TimeZone {
    fn of_jiff(self) -> jiff::tz::TimeZone {
        match self {
            Self::Utc => jiff::tz::TimeZone::UTC,
            Self::Local => jiff::tz::TimeZone::system(),
        }
    }
}

/// As [`format_time`], with times of day as they are in a zone: `2026-11-22T22:30:00.5+01:00`.
pub fn format_time_in(time_type: TimeType, zone: TimeZone, time: i64) -> String {
    let is_local = time_type == TimeType::TimestampNs && zone == TimeZone::Local;
    if !is_local || time == i64::MIN || time == i64::MAX {
        return format_time(time_type, time);
    }
    let local = timestamp(time).map(|timestamp| {
        let offset = zone.of_jiff().to_offset(timestamp);
        timestamp.display_with_offset(offset).to_string()
    });
    local.unwrap_or_else(|| format_time(time_type, time))
}

/// How many nanoseconds the clocks of a zone are ahead of UTC at a time.
pub fn offset_of(zone: TimeZone, time: i64) -> i64 {
    let offset = match (zone, timestamp(time)) {
        (TimeZone::Local, Some(timestamp)) => zone.of_jiff().to_offset(timestamp).seconds(),
        _ => 0,
    };
    i64::from(offset) * 1_000_000_000
}

/// As [`format_calendar`], in a zone; `%Z` is its name.
pub fn format_calendar_in(pattern: &str, zone: TimeZone, nanos: i64) -> String {
    timestamp(nanos)
        .and_then(|timestamp| strtime::format(pattern, &timestamp.to_zoned(zone.of_jiff())).ok())
        .unwrap_or_else(|| format_timestamp(nanos))
}

/// As [`parse_time`], where a time of day without a zone is one of this zone; a time of day alone is one of the day of
/// `near`.
pub fn parse_time_in(time_type: TimeType, zone: TimeZone, near: i64, text: &str) -> Option<i64> {
    let text = text.trim();
    if time_type == TimeType::TimestampNs && !is_number(text) {
        let is_of_day = !text.contains(['-', '/']) && text.contains(':') && !text.contains('T');
        let civil = if is_of_day {
            let time: Time = text.trim_end_matches(['z', 'Z']).trim().parse().ok()?;
            let day = timestamp(near)?.to_zoned(zone.of_jiff()).date();
            Some(day.to_datetime(time))
        } else if zone == TimeZone::Local {
            let pieces = Pieces::parse(text).ok();
            let is_bare =
                |pieces: &Pieces<'_>| pieces.offset().is_none() && pieces.time_zone_annotation().is_none();
            pieces.filter(is_bare).map(|pieces| {
                pieces
                    .date()
                    .to_datetime(pieces.time().unwrap_or_else(Time::midnight))
            })
        } else {
            None
        };
        if let Some(civil) = civil {
            let zone = if text.ends_with(['z', 'Z']) {
                TimeZone::Utc
            } else {
                zone
            };
            let zoned = civil.to_zoned(zone.of_jiff()).ok()?;
            return i64::try_from(zoned.timestamp().as_nanosecond()).ok();
        }
    }
    if time_type == TimeType::DurationNs
        && let Some(nanos) = parse_clock(text)
    {
        return Some(nanos);
    }
    parse_time(time_type, text)
}

/// A duration as clocks show it: `0:03`, `1:02:03.5`, minutes or hours first.
fn parse_clock(text: &str) -> Option<i64> {
    let (sign, size) = split_sign(text);
    let parts: Vec<&str> = size.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => ("0", *minutes, *seconds),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole(hours) || !is_whole(minutes) || !is_number(seconds) {
        return None;
    }
    parse_duration(&format!("{sign}{hours}h {minutes}m {seconds}s"))
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

    #[test]
    fn clocks_and_times_of_day_are_read() {
        let check = |time_type, text: &str, expected: Option<i64>| {
            let near = 86_400 * SECOND + 5;
            let found = parse_time_in(time_type, TimeZone::Utc, near, text);
            assert_eq!(found, expected, "{text}");
        };
        check(TimeType::DurationNs, "0:03", Some(3 * SECOND));
        check(TimeType::DurationNs, "1:02:03.5", Some(3_723_500_000_000));
        check(TimeType::DurationNs, "-1:00", Some(-60 * SECOND));
        check(TimeType::DurationNs, "1:x", None);
        check(TimeType::DurationNs, "abc", None);
        check(TimeType::DurationNs, "1m 3.25s", Some(63_250_000_000));
        check(TimeType::TimestampNs, "01:00", Some((86_400 + 3_600) * SECOND));
        check(TimeType::TimestampNs, "01:00:00.5Z", Some(90_000_500_000_000));
        check(TimeType::TimestampNs, "25:00", None);
        check(TimeType::TimestampNs, "1970-01-02", Some(86_400 * SECOND));
        check(TimeType::Sequence, "#18", Some(18));
    }

    #[test]
    fn times_in_the_zone_of_the_system_are_read_as_they_are_written() {
        for time in [0, 1_795_356_962_500_000_000, 951_782_400 * SECOND] {
            let text = format_time_in(TimeType::TimestampNs, TimeZone::Local, time);
            assert_eq!(
                parse_time_in(TimeType::TimestampNs, TimeZone::Local, 0, &text),
                Some(time)
            );
        }
        assert_eq!(offset_of(TimeZone::Utc, 0), 0);
        assert_eq!(
            format_calendar_in("%H:%M %Z", TimeZone::Utc, 60 * SECOND),
            "00:01 UTC"
        );
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
