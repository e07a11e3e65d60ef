//! The times of which a view, or an entity in a view, shows what was logged.

use chronoscope_blueprint::{BlueprintCommand, BlueprintQuery, ViewId, overrides_for, view_property};
use chronoscope_frame::{QueryContext, ViewerCommand};
use chronoscope_store::{EntityPath, Hit, TimeType, Timeline};
use chronoscope_types::{
    Component as _, CursorTimeRange, TimeBoundary, TimeZone, VisibleTimeRange, blueprint::VisibleTimeRanges,
    components::blueprint::VisibleTimeRange as RangeComponent, format_time_in,
};
use egui::{ComboBox, Ui};

use crate::{
    icons,
    looks::{format_offset, parse_offset, timeline_of},
    pass::Pass,
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

/// Draws the section.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId, of: RangeOf<'_>) {
    let Some(context) = pass.of_view::<QueryContext>(view) else {
        return;
    };
    let Some(timeline) = timeline_of(context, pass.recording_of(view)) else {
        return;
    };
    section_header(ui, "Visible time range", |_| {});
    let before = current(pass, view, of);
    let name = timeline.name();
    let range = before
        .iter()
        .find(|range| range.timeline.as_str() == &**name)
        .map(|range| range.range);
    let mut after = range;
    show_choice(ui, timeline, of, &mut after);
    if let Some(range) = &mut after
        && *range != CursorTimeRange::EVERYTHING
    {
        show_ends(ui, view, timeline, pass.time_zone(), range);
    }
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

fn show_choice(ui: &mut Ui, timeline: &Timeline, of: RangeOf<'_>, range: &mut Option<CursorTimeRange>) {
    let unset = match of {
        RangeOf::View => AS_BEFORE,
        RangeOf::Entity(_) => AS_VIEW,
    };
    property_row(ui, "Show", |ui| {
        if range.is_some() && icon_button(ui, icons::RESET, "Without a range of its own", None).clicked() {
            *range = None;
        }
        let text = match range {
            None => unset,
            Some(CursorTimeRange::EVERYTHING) => ALL,
            Some(_) => AROUND,
        };
        ComboBox::from_id_salt("visible range")
            .width(ui.available_width())
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                let around = CursorTimeRange {
                    start: TimeBoundary::CursorRelative(-a_while(timeline.time_type())),
                    end: TimeBoundary::CursorRelative(0),
                };
                for (name, choice) in [
                    (unset, None),
                    (ALL, Some(CursorTimeRange::EVERYTHING)),
                    (AROUND, Some(around)),
                ] {
                    if ui.selectable_label(name == text, name).clicked() && name != text {
                        *range = choice;
                    }
                }
            });
    });
}

fn show_ends(ui: &mut Ui, view: ViewId, timeline: &Timeline, zone: TimeZone, range: &mut CursorTimeRange) {
    let time_type = timeline.time_type();
    let show_end = |ui: &mut Ui, name: &str, end: &mut TimeBoundary| {
        property_row(ui, name, |ui| {
            let text = match end {
                TimeBoundary::CursorRelative(offset) => format_offset(time_type, *offset),
                TimeBoundary::Absolute(time) => format_time_in(time_type, zone, *time),
                TimeBoundary::Infinite => String::new(),
            };
            let is_valid = |typed: &str| typed.trim().is_empty() || parse_offset(time_type, typed).is_some();
            let explain = |typed: &str| {
                let text = "This is no length of time: try -5, -10s or 0. Empty is without end.";
                (!is_valid(typed)).then(|| text.to_owned())
            };
            let field = DraftEdit::new(("range", name, view.to_bytes()), &text)
                .hint("without end")
                .valid_if(&is_valid)
                .explain(&explain);
            if let Some(typed) = field.show(ui) {
                *end = parse_offset(time_type, &typed)
                    .map_or(TimeBoundary::Infinite, TimeBoundary::CursorRelative);
            }
        });
    };
    show_end(ui, "From", &mut range.start);
    show_end(ui, "To", &mut range.end);
}

/// How much is shown around the cursor before anybody says how much: five seconds, or ten steps.
fn a_while(time_type: TimeType) -> i64 {
    match time_type {
        TimeType::Sequence => 10,
        TimeType::DurationNs | TimeType::TimestampNs => 5_000_000_000,
    }
}

/// The ranges that the blueprint has for a view, or for an entity itself.
fn current(pass: &Pass<'_>, view: ViewId, of: RangeOf<'_>) -> Vec<VisibleTimeRange> {
    let hit = || -> Option<Hit> {
        let (entry, blueprints) = pass.recordings().active_blueprint()?;
        let at = blueprints.undo.query_time();
        let query = BlueprintQuery::new(entry.store(), &entry.recording.cache, at);
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
