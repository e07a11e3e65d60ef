//! What the pointer does on the axis: zoom and pan, move the cursor, select times.

use chronoscope_frame::{LoopMode, TimeCommand};
use chronoscope_store::{TimeRange, TimeType};
use chronoscope_types::TimeZone;
use egui::{PointerButton, Response, Ui};

use super::{
    axis::{Axis, AxisView},
    places::Places,
    state::{Press, StreamsState},
};
use crate::pass::Pass;

/// Longest time between the presses of a double click, in seconds.
const DOUBLE_CLICK_SECS: f64 = 0.5;

/// Ruler and marks together answer the pointer. Keys move the cursor wherever the focus is, so they take none.
pub(super) fn axis_response(ui: &Ui, places: &Places) -> Response {
    ui.interact(
        places.ruler.union(places.marks),
        ui.id().with("axis"),
        egui::Sense::CLICK | egui::Sense::DRAG,
    )
}

/// Another part of the timeline.
pub(super) enum Navigation {
    /// The part that was shown before.
    Stay,
    /// A part of it.
    To(AxisView),
    /// All of it.
    All,
}

/// Zoom with the wheel and a modifier, pan with the other buttons, all with a double click.
pub(super) fn navigate(ui: &Ui, response: &Response, axis: &Axis) -> Navigation {
    if response.double_clicked() {
        return Navigation::All;
    }
    if response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle) {
        return Navigation::To(axis.panned(response.drag_delta().x));
    }
    let Some(pointer) = response.hover_pos() else {
        return Navigation::Stay;
    };
    let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
    if (zoom - 1.0).abs() > f32::EPSILON {
        return Navigation::To(axis.zoomed(pointer.x, f64::from(zoom)));
    }
    if scroll.x.abs() > 0.0 {
        return Navigation::To(axis.panned(scroll.x));
    }
    Navigation::Stay
}

/// The times of an axis and how they are written.
pub(super) struct Scale<'a> {
    pub(super) axis: &'a Axis,
    pub(super) time_type: TimeType,
    pub(super) zone: TimeZone,
    /// All times with data.
    pub(super) all: TimeRange,
}

impl Scale<'_> {
    /// The time at a place, with as many digits as can be told apart there.
    pub(super) fn time(&self, x: f32) -> i64 {
        match self.time_type {
            TimeType::Sequence => self.axis.time(x),
            TimeType::DurationNs | TimeType::TimestampNs => self.axis.rounded_time(x),
        }
    }
}

/// Moves the cursor, or selects times, and returns where the cursor is from now on.
pub(super) fn scrub(
    ui: &Ui,
    pass: &mut Pass<'_>,
    state: &mut StreamsState,
    response: &Response,
    scale: &Scale<'_>,
) -> Option<i64> {
    if let Some(cursor) = cursor_before_double_click(ui, pass, state, response) {
        pass.time(TimeCommand::SetTime(cursor));
        return Some(cursor);
    }
    let pointer = response.interact_pointer_pos();
    let (shift, primary_down) = ui.input(|input| (input.modifiers.shift, input.pointer.primary_down()));
    if let (Some(from), Some(pointer)) = (state.selecting_from, pointer) {
        let to = scale.time(pointer.x);
        let range = TimeRange::new(from.min(to), from.max(to));
        pass.time(TimeCommand::SetLoopSelection(
            (range.length() > 0).then_some(range),
        ));
        if !primary_down {
            state.selecting_from = None;
            let mode = if range.length() > 0 {
                LoopMode::Selection
            } else {
                LoopMode::Off
            };
            pass.time(TimeCommand::SetLoop(mode));
        }
        return None;
    }
    if !primary_down {
        state.selecting_from = None;
    }
    let pressed = response.is_pointer_button_down_on() && primary_down;
    let pointer = pointer.filter(|_| pressed || response.clicked_by(PointerButton::Primary))?;
    if shift {
        state.selecting_from = Some(scale.time(pointer.x));
        return None;
    }
    let time = scale.time(pointer.x).clamp(scale.all.min, scale.all.max);
    let time = if ui.input(|input| input.modifiers.alt) {
        nearest_event(pass, time)
    } else {
        time
    };
    if pass.cursor().is_some_and(|cursor| cursor.time != time) {
        pass.time(TimeCommand::SetTime(time));
    }
    Some(time)
}

/// The time next to this one at which something was logged.
fn nearest_event(pass: &Pass<'_>, time: i64) -> i64 {
    let found = || {
        let (store, timeline) = (pass.store()?, pass.cursor()?.timeline?);
        let before = store.previous_time(timeline, time.saturating_add(1));
        let after = store.next_time(timeline, time.saturating_sub(1));
        before
            .into_iter()
            .chain(after)
            .min_by_key(|other| other.abs_diff(time))
    };
    found().unwrap_or(time)
}

/// The time cursor before a double click, whose first click moved it.
fn cursor_before_double_click(
    ui: &Ui,
    pass: &Pass<'_>,
    state: &mut StreamsState,
    response: &Response,
) -> Option<i64> {
    let (pressed, now) = ui.input(|input| (input.pointer.primary_pressed(), input.time));
    if pressed && response.is_pointer_button_down_on() {
        let is_first = state.press.is_none_or(|press| now - press.at > DOUBLE_CLICK_SECS);
        if is_first {
            let cursor = pass.cursor().map(|cursor| cursor.time);
            state.press = cursor.map(|cursor| Press { at: now, cursor });
        }
    }
    let press = state.press.filter(|_| response.double_clicked())?;
    state.press = None;
    Some(press.cursor)
}
