//! Timelines, times and ranges of times.

use std::{fmt, sync::Arc};

/// What the numbers of a timeline mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeType {
    /// Counted steps, such as frames.
    Sequence,
    /// Nanoseconds since some start.
    DurationNs,
    /// Nanoseconds since the Unix epoch, UTC.
    TimestampNs,
}

/// A named axis that rows lie on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timeline {
    name: Arc<str>,
    time_type: TimeType,
}

impl Timeline {
    /// A timeline of the given type.
    pub fn new(name: impl Into<Arc<str>>, time_type: TimeType) -> Self {
        Self {
            name: name.into(),
            time_type,
        }
    }

    /// A timeline that counts steps.
    pub fn sequence(name: impl Into<Arc<str>>) -> Self {
        Self::new(name, TimeType::Sequence)
    }

    /// A timeline in nanoseconds since some start.
    pub fn duration(name: impl Into<Arc<str>>) -> Self {
        Self::new(name, TimeType::DurationNs)
    }

    /// A timeline in nanoseconds since the Unix epoch.
    pub fn timestamp(name: impl Into<Arc<str>>) -> Self {
        Self::new(name, TimeType::TimestampNs)
    }

    /// The one timeline of a blueprint.
    pub fn blueprint() -> Self {
        Self::sequence("blueprint")
    }

    /// The name, unique in a store.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What its numbers mean.
    pub fn time_type(&self) -> TimeType {
        self.time_type
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.time_type)
    }
}

/// A range of times, both ends inclusive. Empty where `min > max`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first time in the range.
    pub min: i64,
    /// The last time in the range.
    pub max: i64,
}

impl TimeRange {
    /// Every time that there is.
    pub const EVERYTHING: Self = Self {
        min: i64::MIN,
        max: i64::MAX,
    };

    /// No time at all; the neutral element of [`Self::union`].
    pub const EMPTY: Self = Self {
        min: i64::MAX,
        max: i64::MIN,
    };

    /// The range from `min` to `max`, both inclusive.
    pub const fn new(min: i64, max: i64) -> Self {
        Self { min, max }
    }

    /// Just one time.
    pub const fn point(time: i64) -> Self {
        Self { min: time, max: time }
    }

    /// Whether there is no time in it.
    pub const fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// Whether `time` lies in it.
    pub const fn contains(&self, time: i64) -> bool {
        self.min <= time && time <= self.max
    }

    /// Whether all of `other` lies in it.
    pub const fn contains_range(&self, other: &Self) -> bool {
        other.is_empty() || (self.min <= other.min && other.max <= self.max)
    }

    /// Whether some time lies in both.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// The times in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            min: self.min.max(other.min),
            max: self.max.min(other.max),
        }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => *other,
            (_, true) => *self,
            _ => Self {
                min: self.min.min(other.min),
                max: self.max.max(other.max),
            },
        }
    }

    /// How far a time lies outside; zero inside. `None` where the range is empty.
    pub fn distance(&self, time: i64) -> Option<u64> {
        (!self.is_empty()).then(|| time.clamp(self.min, self.max).abs_diff(time))
    }

    /// The distance from the first time to the last, zero where empty; saturates at `u64::MAX`.
    pub fn length(&self) -> u64 {
        if self.is_empty() {
            0
        } else {
            self.max.abs_diff(self.min)
        }
    }
}

impl fmt::Debug for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |time: i64| match time {
            i64::MIN => "-inf".to_owned(),
            i64::MAX => "+inf".to_owned(),
            time => time.to_string(),
        };
        write!(f, "[{}, {}]", end(self.min), end(self.max))
    }
}
