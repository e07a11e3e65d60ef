//! Where a view looks, in words: for its tile and for the selection panel.

use chronoscope_blueprint::{ContextTime, RecordingName, ViewId};
use chronoscope_frame::{QueryContext, RecordingEntry};
use chronoscope_store::{TimeType, Timeline};
use chronoscope_types::{format_time, format_time_in, parse_time};

use crate::{left_panel::recording_name, pass::Pass};

/// Where a view looks that does not look at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LooksElsewhere {
    /// What differs, in few letters: `run 2, -5`.
    pub(crate) short: String,
    /// All of it, in sentences.
    pub(crate) long: String,
    /// Whether there is nothing there.
    pub(crate) is_problem: bool,
}

impl LooksElsewhere {
    /// `None` for views that look at the cursor.
    pub(crate) fn of(pass: &Pass<'_>, view: ViewId) -> Option<Self> {
        let context = pass.of_view::<QueryContext>(view)?;
        let settings = &context.settings;
        if settings.is_default() {
            return None;
        }
        let entry = pass.recording_of(view);
        let timeline = timeline_of(context, entry);
        let time_type = timeline.map_or(TimeType::Sequence, Timeline::time_type);
        let zone = pass.time_zone();
        let mut short = Vec::new();
        if let Some(name) = &settings.recording {
            short.push(name_of(entry, name));
        }
        short.extend(settings.timeline.as_ref().map(ToString::to_string));
        let time = match settings.time {
            ContextTime::AtCursor => None,
            ContextTime::Offset(offset) => Some(format_offset(time_type, offset)),
            ContextTime::Fixed(time) => Some(format_time_in(time_type, zone, time)),
        };
        short.extend(time);
        let long = match (&context.problem, timeline) {
            (Some(problem), _) => format!("This view shows nothing: {problem}."),
            (None, None) => "This view looks at another recording.".to_owned(),
            (None, Some(timeline)) => {
                let recording = entry.map(recording_name).unwrap_or_default();
                let at = format_time_in(time_type, zone, context.cursor.time);
                let why = match settings.time {
                    ContextTime::AtCursor => "the cursor",
                    ContextTime::Offset(_) => "an offset to the cursor",
                    ContextTime::Fixed(_) => "a fixed time",
                };
                let name = timeline.name();
                format!("This view looks at recording {recording}, at {at} on timeline {name}: {why}.")
            }
        };
        Some(Self {
            short: short.join(", "),
            long,
            is_problem: context.problem.is_some(),
        })
    }
}

/// The timeline that a view looks at.
pub(crate) fn timeline_of<'a>(
    context: &QueryContext,
    entry: Option<&'a RecordingEntry>,
) -> Option<&'a Timeline> {
    let id = context.cursor.timeline?;
    Some(entry?.store().timeline(id))
}

/// The name of a recording, open or not.
pub(crate) fn name_of(entry: Option<&RecordingEntry>, name: &RecordingName) -> String {
    entry.map_or_else(|| name.recording.to_string(), recording_name)
}

/// An offset for the eye, with its sign: `+5`, `-1m 3.250s`.
pub(crate) fn format_offset(time_type: TimeType, offset: i64) -> String {
    match time_type {
        TimeType::Sequence => format!("{offset:+}"),
        TimeType::DurationNs | TimeType::TimestampNs => format_time(TimeType::DurationNs, offset),
    }
}

/// Reads an offset as somebody writes it.
pub(crate) fn parse_offset(time_type: TimeType, text: &str) -> Option<i64> {
    match time_type {
        TimeType::Sequence => parse_time(TimeType::Sequence, text),
        TimeType::DurationNs | TimeType::TimestampNs => parse_time(TimeType::DurationNs, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_written_as_they_are_read() {
        let check = |time_type: TimeType, offset: i64, text: &str| {
            assert_eq!(format_offset(time_type, offset), text);
            assert_eq!(parse_offset(time_type, text), Some(offset));
        };
        check(TimeType::Sequence, 5, "+5");
        check(TimeType::Sequence, -17, "-17");
        check(TimeType::TimestampNs, -63_250_000_000, "-1m 3.250s");
        check(TimeType::DurationNs, 0, "+0.000s");
        assert_eq!(parse_offset(TimeType::Sequence, "soon"), None);
    }
}
