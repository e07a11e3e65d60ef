//! Round distances between times: what the time panel and the plots both put their labels at.

use chronoscope_store::TimeType;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Nanoseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Nanoseconds in a day.
pub const DAY: i64 = 24 * HOUR;
/// The longest step of days. Longer ones are of months and years ([`crate::calendar`]), which begin with their first days.
pub const MAX_DAYS: i64 = 10 * DAY;

/// The steps that labels of a timeline may have, from small to large: 1, 2 and 5 times a power of ten, and the parts of
/// a clock between a second and a day.
pub fn time_steps(time_type: TimeType) -> impl Iterator<Item = i64> {
    const CLOCK: [i64; 15] = [
        2 * SECOND,
        5 * SECOND,
        10 * SECOND,
        15 * SECOND,
        30 * SECOND,
        MINUTE,
        2 * MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        3 * HOUR,
        6 * HOUR,
    ];
    let (clock, limit) = match time_type {
        TimeType::Sequence => (&[][..], i64::MAX),
        TimeType::DurationNs | TimeType::TimestampNs => (&CLOCK[..], SECOND),
    };
    let days = (!clock.is_empty()).then(|| {
        let half = std::iter::once(12 * HOUR);
        half.chain(decimal(i64::MAX / DAY).map(|days| days * DAY))
    });
    decimal(limit)
        .chain(clock.iter().copied())
        .chain(days.into_iter().flatten())
}

/// The roundest time that cannot be told from this one where a point of the screen stands for so many units of time: it has the digits
/// that can be seen there.
pub fn rounded_time(time: i64, units_per_point: f64) -> i64 {
    let step = std::iter::successors(Some(1_i64), |step| step.checked_mul(10))
        .take_while(|step| *step as f64 <= units_per_point)
        .last()
        .unwrap_or(1);
    let below = time.saturating_sub(time.rem_euclid(step));
    if time - below < step - step / 2 {
        below
    } else {
        below.saturating_add(step)
    }
}

/// 1, 2 and 5 times the powers of ten, up to `limit`.
fn decimal(limit: i64) -> impl Iterator<Item = i64> {
    std::iter::successors(Some(1_i64), |power| power.checked_mul(10))
        .flat_map(|power| {
            [1, 2, 5]
                .into_iter()
                .filter_map(move |digit| power.checked_mul(digit))
        })
        .take_while(move |step| *step <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_can_be_seen() {
        let check = |time: i64, units_per_point: f64, expected: i64| {
            assert_eq!(rounded_time(time, units_per_point), expected);
        };
        check(1_234_567, 0.5, 1_234_567);
        check(1_234_567, 1.0, 1_234_567);
        check(1_234_567, 3_600.0, 1_235_000);
        check(-1_234_567, 3_600.0, -1_235_000);
        check(1_234_499, 1_000.0, 1_234_000);
        check(i64::MIN, 1e12, i64::MIN);
    }

    #[test]
    fn steps_grow_to_the_ends_of_time() {
        for time_type in [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs] {
            let steps: Vec<i64> = time_steps(time_type).collect();
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
            assert_eq!(steps.first(), Some(&1));
            assert!(steps.last().is_some_and(|last| *last > i64::MAX / 10));
        }
        let steps: Vec<i64> = time_steps(TimeType::DurationNs).collect();
        for step in [SECOND, 15 * SECOND, MINUTE, HOUR, DAY, 10 * DAY] {
            assert!(steps.contains(&step), "{step}");
        }
        assert!(!time_steps(TimeType::Sequence).any(|step| step == MINUTE));
    }
}
