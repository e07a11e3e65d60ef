//! The times of which a view, or an entity in a view, shows what was logged, and those along the axis of a plot.

use chronoscope_blueprint::{
    BlueprintCommand, BlueprintQuery, ViewId, honored_properties, overrides_for, view_property,
};
use chronoscope_frame::{QueryContext, ViewerCommand};
use chronoscope_store::{EntityPath, Hit, TimeRange, TimeType, Timeline};
use chronoscope_types::{
    Component as _, CursorTimeRange, TimeBoundary, TimeZone, VisibleTimeRange,
    blueprint::{TimeAxis, VisibleTimeRanges},
    components::blueprint::{TimeRange as AxisRange, VisibleTimeRange as RangeComponent},
    format_time_in, parse_time_in,
};
use egui::{ComboBox, Ui};

use crate::{
    icons,
    looks::{format_offset, parse_offset, timeline_of},
    pass::Pass,
    theme::size,
    widgets::{DraftEdit, icon_button, property_row, section_header},
};

/// Of what the range is.
#[derive(Clone, Copy)]
pub(super) enum RangeOf<'a> {
    View,
    Entity(&'a EntityPath),
}

const AS_BEFORE: &str = "As the view class";
const AS_VIEW: &str = "As the view";
const ALL: &str = "All times";
const AROUND: &str = "Around the cursor";
const BETWEEN: &str = "Between two times";
const AS_DATA: &str = "As it is moved";

/// Draws the section.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId, of: RangeOf<'_>) {
    let Some(place) = TimePlace::of(pass, view) else {
        return;
    };
    section_header(ui, "Visible time range", |_| {});
    let before = current(pass, view, of);
    let name = place.timeline.name();
    let range = before
        .iter()
        .find(|range| range.timeline.as_str() == &**name)
        .map(|range| range.range);
    let unset = match of {
        RangeOf::View => AS_BEFORE,
        RangeOf::Entity(_) => AS_VIEW,
    };
    let after = show_range(ui, &place, unset, range);
    if after == range {
        return;
    }
    // Ranges of other timelines stay.
    let mut ranges: Vec<VisibleTimeRange> = before;
    ranges.retain(|range| range.timeline.as_str() != &**name);
    ranges.extend(after.map(|range| VisibleTimeRange {
        timeline: name.to_string(),
        range,
    }));
    let ranges = VisibleTimeRanges::default().with_ranges(ranges);
    pass.edit(match of {
        RangeOf::View => BlueprintCommand::set_property(view, &ranges),
        RangeOf::Entity(entity) => BlueprintCommand::override_entity(view, entity.clone(), &ranges),
    });
    pass.push(ViewerCommand::EndGesture);
}

/// Draws the section with the stretch of time that the axis of a plot shows; nothing for views without such an axis.
pub(super) fn show_axis(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId) {
    let class = pass.viewport().views.get(&view).map(|view| &view.class);
    let has_axis =
        class.is_some_and(|class| honored_properties(class).any(|name| name == TimeAxis::VIEW_RANGE.name));
    if !has_axis {
        return;
    }
    let Some(place) = TimePlace::of(pass, view) else {
        return;
    };
    section_header(ui, "Time axis", |_| {});
    let hit = query(pass).and_then(|query| view_property(&query, view, &TimeAxis::VIEW_RANGE));
    let range = hit.and_then(|hit| AxisRange::read(&hit.cell()).ok()?.first().copied());
    let after = show_range(ui, &place, AS_DATA, range);
    if after != range {
        let range = AxisRange::build(after.into_iter().collect());
        let property = (TimeAxis::VIEW_RANGE.descriptor(), range);
        pass.edit_as_step(BlueprintCommand::SetProperty(view, vec![property]));
    }
}

/// The timeline and the time at which a view looks, for times to be written and read there.
struct TimePlace<'a> {
    view: ViewId,
    timeline: &'a Timeline,
    zone: TimeZone,
    cursor: i64,
    /// All times with data.
    all: TimeRange,
}

impl<'a> TimePlace<'a> {
    fn of(pass: &Pass<'a>, view: ViewId) -> Option<Self> {
        let context = pass.of_view::<QueryContext>(view)?;
        let entry = pass.recording_of(view);
        Some(Self {
            view,
            timeline: timeline_of(context, entry)?,
            zone: pass.time_zone(),
            cursor: context.cursor.time,
            all: entry?.store().time_range(context.cursor.timeline?),
        })
    }
}

/// Draws the choice, and the ends where there are some. Returns what is chosen.
fn show_range(
    ui: &mut Ui,
    place: &TimePlace<'_>,
    unset: &str,
    range: Option<CursorTimeRange>,
) -> Option<CursorTimeRange> {
    let mut after = range;
    show_choice(ui, place, unset, &mut after);
    if let Some(range) = &mut after
        && *range != CursorTimeRange::EVERYTHING
    {
        show_end(ui, place, Side::From, &mut range.start);
        show_end(ui, place, Side::To, &mut range.end);
    }
    after
}

fn show_choice(ui: &mut Ui, place: &TimePlace<'_>, unset: &str, range: &mut Option<CursorTimeRange>) {
    property_row(ui, "Show", |ui| {
        if range.is_some() && icon_button(ui, icons::RESET, "Without a range of its own", None).clicked() {
            *range = None;
        }
        let is_relative = |end: TimeBoundary| matches!(end, TimeBoundary::CursorRelative(_));
        let text = match range {
            None => unset,
            Some(CursorTimeRange::EVERYTHING) => ALL,
            Some(range) if is_relative(range.start) || is_relative(range.end) => AROUND,
            Some(_) => BETWEEN,
        };
        ComboBox::from_id_salt("visible range")
            .width(ui.available_width())
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                let around = CursorTimeRange {
                    start: Side::From.relative(place),
                    end: Side::To.relative(place),
                };
                let between = CursorTimeRange {
                    start: Side::From.absolute(place),
                    end: Side::To.absolute(place),
                };
                for (name, choice) in [
                    (unset, None),
                    (ALL, Some(CursorTimeRange::EVERYTHING)),
                    (AROUND, Some(around)),
                    (BETWEEN, Some(between)),
                ] {
                    if ui.selectable_label(name == text, name).clicked() && name != text {
                        *range = choice;
                    }
                }
            });
    });
}

/// An end of a range.
#[derive(Clone, Copy)]
enum Side {
    From,
    To,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::From => "From",
            Self::To => "To",
        }
    }

    /// That end relative to the cursor, by default.
    fn relative(self, place: &TimePlace<'_>) -> TimeBoundary {
        TimeBoundary::CursorRelative(match self {
            Self::From => -a_while(place.timeline.time_type()),
            Self::To => 0,
        })
    }

    /// That end at a fixed time, by default that of the data.
    fn absolute(self, place: &TimePlace<'_>) -> TimeBoundary {
        let of_data = match self {
            Self::From => place.all.min,
            Self::To => place.all.max,
        };
        TimeBoundary::Absolute(if place.all.is_empty() {
            place.cursor
        } else {
            of_data
        })
    }
}

/// What an end is told by, in the order in which it is offered.
const END_KINDS: [&str; 3] = ["Cursor", "Time", "No end"];

fn end_kind(end: TimeBoundary) -> usize {
    match end {
        TimeBoundary::CursorRelative(_) => 0,
        TimeBoundary::Absolute(_) => 1,
        TimeBoundary::Infinite => 2,
    }
}

/// The end at the same time, told by something else.
fn with_kind(end: TimeBoundary, kind: usize, side: Side, place: &TimePlace<'_>) -> TimeBoundary {
    let cursor = place.cursor;
    match (kind, end) {
        (0, TimeBoundary::Absolute(time)) => TimeBoundary::CursorRelative(time.saturating_sub(cursor)),
        (0, _) => side.relative(place),
        (1, TimeBoundary::CursorRelative(offset)) => TimeBoundary::Absolute(cursor.saturating_add(offset)),
        (1, _) => side.absolute(place),
        _ => TimeBoundary::Infinite,
    }
}

/// Draws what an end is told by, and the field to type it.
fn show_end(ui: &mut Ui, place: &TimePlace<'_>, side: Side, end: &mut TimeBoundary) {
    let time_type = place.timeline.time_type();
    let (name, before) = (side.name(), *end);
    property_row(ui, name, |ui| {
        ComboBox::from_id_salt(("end", name))
            .width(14.0 * size::GRID)
            .selected_text(END_KINDS[end_kind(before)])
            .show_ui(ui, |ui| {
                for (kind, text) in END_KINDS.into_iter().enumerate() {
                    let is_now = kind == end_kind(before);
                    if ui.selectable_label(is_now, text).clicked() && !is_now {
                        *end = with_kind(before, kind, side, place);
                    }
                }
            });
        let (text, problem) = match before {
            TimeBoundary::CursorRelative(offset) => (
                format_offset(time_type, offset),
                "Not a duration. Try -5, -10s or 0; leave it empty for no limit.",
            ),
            TimeBoundary::Absolute(time) => (
                format_time_in(time_type, place.zone, time),
                "This is no time. Empty is without end.",
            ),
            TimeBoundary::Infinite => return,
        };
        let read = |typed: &str| match before {
            _ if typed.trim().is_empty() => Some(TimeBoundary::Infinite),
            TimeBoundary::Absolute(_) => {
                parse_time_in(time_type, place.zone, place.cursor, typed).map(TimeBoundary::Absolute)
            }
            _ => parse_offset(time_type, typed).map(TimeBoundary::CursorRelative),
        };
        let is_valid = |typed: &str| read(typed).is_some();
        let explain = |typed: &str| (!is_valid(typed)).then(|| problem.to_owned());
        let salt = ("range", name, end_kind(before), place.view.to_bytes());
        let field = DraftEdit::new(salt, &text).valid_if(&is_valid).explain(&explain);
        if let Some(typed) = field.show(ui) {
            *end = read(&typed).unwrap_or(before);
        }
    });
}

/// How much is shown around the cursor before anybody says how much: five seconds, or ten steps.
fn a_while(time_type: TimeType) -> i64 {
    match time_type {
        TimeType::Sequence => 10,
        TimeType::DurationNs | TimeType::TimestampNs => 5_000_000_000,
    }
}

/// The blueprint that is shown.
fn query<'a>(pass: &Pass<'a>) -> Option<BlueprintQuery<'a>> {
    let (entry, blueprints) = pass.recordings().active_blueprint()?;
    let at = blueprints.undo.query_time();
    Some(BlueprintQuery::new(entry.store(), &entry.recording.cache, at))
}

/// The ranges that the blueprint has for a view, or for an entity itself.
fn current(pass: &Pass<'_>, view: ViewId, of: RangeOf<'_>) -> Vec<VisibleTimeRange> {
    let hit = || -> Option<Hit> {
        let query = query(pass)?;
        let component = VisibleTimeRanges::RANGES;
        match of {
            RangeOf::View => view_property(&query, view, &component),
            RangeOf::Entity(entity) => {
                let overrides = overrides_for(&query, view, entity);
                let mut of_entity = overrides.entity.into_iter();
                of_entity.find(|hit| **hit.column().name() == *component)
            }
        }
    };
    hit()
        .and_then(|hit| RangeComponent::read(&hit.cell()).ok())
        .unwrap_or_default()
}
