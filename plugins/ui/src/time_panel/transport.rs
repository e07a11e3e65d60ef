//! The buttons: how time moves, on which timeline, how fast; and what time it is.

use chronoscope_frame::{LoopMode, PlayState, TimeCommand, TimeControl};
use chronoscope_store::{ChunkStore, TimeType, TimelineId};
use chronoscope_types::{format_time_in, parse_time_in};
use egui::{Align, DragValue, Layout, RichText, Ui};

use super::{state::TimePanelState, timelines::switch_timeline};
use crate::{
    commands::{UiCommand, next_loop_mode},
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{DraftEdit, elided_small, grouped, icon_button, icon_toggle, name_group, name_widget},
};

/// Free width, in points, from which on speeds are shown.
const SPEEDS_WIDTH: f32 = 36.0 * size::GRID;

const DAY_SECS: f64 = 86_400.0;
const YEAR_SECS: f64 = 365.25 * DAY_SECS;

/// Draws the row.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    let (Some(store), Some(control)) = (pass.store(), pass.time_control()) else {
        return;
    };
    let Some(timeline) = pass.cursor().and_then(|cursor| cursor.timeline) else {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = "All data is static: there is no timeline.";
            ui.label(RichText::new(text).color(Theme::of(ui).secondary));
        });
        return;
    };
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        show_buttons(ui, pass, control);
        ui.spacing_mut().item_spacing.x = size::PADDING;
        ui.add_space(size::PADDING);
        show_timelines(ui, pass, store, timeline);
        show_time(ui, pass, store, timeline);
        // Settings that rarely change come last, where a narrow window may cut them off.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            let command = UiCommand::ResetTimeZoom;
            if icon_button(ui, command.icon(), command.name(), None).clicked() {
                state.reset_zoom();
            }
            if ui.available_width() >= SPEEDS_WIDTH {
                let time_type = store.timeline(timeline).time_type();
                show_speeds(ui, pass, control, time_type);
                let length = control.play_bounds(store, timeline).length() as f64;
                show_how_long(ui, length / control.units_per_second(time_type) / control.speed());
            }
        });
    });
}

fn show_buttons(ui: &mut Ui, pass: &mut Pass<'_>, control: &TimeControl) {
    let is_moving = control.play_state() != PlayState::Paused;
    let is_following = control.play_state() == PlayState::Following;
    button(ui, pass, UiCommand::Begin, TimeCommand::Begin);
    button(ui, pass, UiCommand::StepBack, TimeCommand::StepBack);
    // Pauses following, too.
    let (icon, name) = if is_moving {
        (icons::PAUSE, "Pause")
    } else {
        (icons::PLAY, "Play")
    };
    let shortcut = UiCommand::TogglePlay.shortcut_text();
    if icon_toggle(ui, icon, true, name, shortcut.as_deref()).clicked() {
        pass.time(TimeCommand::TogglePlay);
    }
    button(ui, pass, UiCommand::StepForward, TimeCommand::StepForward);
    button(ui, pass, UiCommand::End, TimeCommand::End);

    let follow = UiCommand::Follow;
    let shortcut = follow.shortcut_text();
    if icon_toggle(
        ui,
        follow.icon(),
        is_following,
        follow.name(),
        shortcut.as_deref(),
    )
    .clicked()
    {
        pass.time(if is_following {
            TimeCommand::Pause
        } else {
            TimeCommand::Follow
        });
    }
    let mode = control.loop_mode();
    let (icon, name) = match mode {
        LoopMode::Off => (icons::LOOP_OFF, "Stop at the end"),
        LoopMode::All => (icons::LOOP_ALL, "Repeat from the beginning"),
        LoopMode::Selection => (
            icons::LOOP_SELECTION,
            "Repeat the selected times (select them with Shift and drag)",
        ),
    };
    let shortcut = UiCommand::CycleLoop.shortcut_text();
    if icon_toggle(ui, icon, mode != LoopMode::Off, name, shortcut.as_deref()).clicked() {
        pass.time(TimeCommand::SetLoop(next_loop_mode(mode)));
    }
}

fn button(ui: &mut Ui, pass: &mut Pass<'_>, command: UiCommand, action: TimeCommand) {
    let shortcut = command.shortcut_text();
    if icon_button(ui, command.icon(), command.name(), shortcut.as_deref()).clicked() {
        pass.time(action);
    }
}

fn show_timelines(ui: &mut Ui, pass: &mut Pass<'_>, store: &ChunkStore, shown: TimelineId) {
    let name = store.timeline(shown).name();
    let width = (ui.available_width() * 0.2).clamp(20.0 * size::GRID, 40.0 * size::GRID);
    let combo = egui::ComboBox::from_id_salt("timeline")
        .selected_text(RichText::new(&**name))
        .width(width)
        .truncate();
    let shown = combo.show_ui(ui, |ui| {
        for timeline in store.timelines() {
            let name = store.timeline(timeline).name();
            let rows = match store.timeline(timeline).time_type() {
                TimeType::Sequence => "sequence",
                TimeType::DurationNs => "duration",
                TimeType::TimestampNs => "timestamp",
            };
            let clicked = ui
                .selectable_label(timeline == shown, &**name)
                .on_hover_text(rows)
                .clicked();
            if clicked && timeline != shown {
                switch_timeline(pass, timeline);
            }
        }
    });
    name_widget(&shown.response, "Timeline");
}

/// The time at the cursor, to read and to type.
fn show_time(ui: &mut Ui, pass: &mut Pass<'_>, store: &ChunkStore, timeline: TimelineId) {
    let Some(cursor) = pass.cursor() else { return };
    let time_type = store.timeline(timeline).time_type();
    let zone = pass.time_zone();
    let text = format_time_in(time_type, zone, cursor.time);
    let range = store.time_range(timeline);
    let read = |typed: &str| parse_time_in(time_type, zone, cursor.time, typed);
    let explain = |typed: &str| match read(typed) {
        None => Some(format!(
            "\u{201c}{}\u{201d} is no time. {}",
            typed.trim(),
            examples(time_type)
        )),
        Some(_) if range.is_empty() => None,
        Some(time) if time < range.min => Some("Before the first time: goes to the beginning.".to_owned()),
        Some(time) if time > range.max => Some("After the last time: goes to the end.".to_owned()),
        Some(_) => None,
    };
    let width = match time_type {
        TimeType::Sequence => 24.0 * size::GRID,
        TimeType::DurationNs => 36.0 * size::GRID,
        TimeType::TimestampNs => 60.0 * size::GRID,
    };
    let typed = ui
        .allocate_ui_with_layout(
            egui::vec2(width.min(ui.available_width()), size::ROW),
            Layout::left_to_right(Align::Center),
            |ui| {
                name_group(ui, "Time");
                DraftEdit::new("time", &text)
                    .hint("time")
                    .valid_if(&|typed| read(typed).is_some())
                    .explain(&explain)
                    .show(ui)
            },
        )
        .inner;
    if let Some(time) = typed.and_then(|typed| read(&typed)) {
        let time = if range.is_empty() {
            time
        } else {
            time.clamp(range.min, range.max)
        };
        pass.time(TimeCommand::SetTime(time));
    }
}

/// How times of a timeline can be written.
fn examples(time_type: TimeType) -> &'static str {
    match time_type {
        TimeType::Sequence => "Try a number, such as 18.",
        TimeType::DurationNs => "Try 12.5s, 0:03, 1m 3s or 1:02:03.5.",
        TimeType::TimestampNs => "Try 2026-11-22 21:30, 21:30:05.5 of the same day, or seconds since 1970.",
    }
}

fn show_speeds(ui: &mut Ui, pass: &mut Pass<'_>, control: &TimeControl, time_type: TimeType) {
    if time_type == TimeType::Sequence {
        let mut fps = control.fps();
        let drag = DragValue::new(&mut fps)
            .speed(0.5)
            .range(0.1..=1_000.0)
            .max_decimals(1)
            .suffix(" fps");
        let drag = ui.add(drag).on_hover_text("Steps per second");
        name_widget(&drag, "Steps per second");
        if drag.changed() {
            pass.time(TimeCommand::SetFps(fps));
        }
    }
    let mut speed = control.speed();
    let drag = DragValue::new(&mut speed)
        .speed(0.02)
        .range(0.01..=1e6)
        .max_decimals(2)
        .suffix("×");
    let drag = ui.add(drag).on_hover_text("Playback speed");
    name_widget(&drag, "Playback speed");
    if drag.changed() {
        pass.time(TimeCommand::SetSpeed(speed));
    }
}

/// Shows how long playing takes, where that is days or years.
fn show_how_long(ui: &mut Ui, secs: f64) {
    let (count, unit) = match secs {
        secs if secs >= 2.0 * YEAR_SECS => (secs / YEAR_SECS, "years"),
        secs if secs >= 2.0 * DAY_SECS => (secs / DAY_SECS, "days"),
        _ => return,
    };
    let text = format!("{} {unit} at this speed", grouped(count.round() as u64));
    let hint = "To play all of it takes so long. Set another speed, or step with the arrow keys.";
    elided_small(ui, &text).on_hover_text(hint);
}
