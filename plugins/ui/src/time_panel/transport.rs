//! The buttons: how time moves, on which timeline, how fast; and what time it is.

use chronoscope_frame::{LoopMode, PlayState, TimeCommand, TimeControl};
use chronoscope_store::{ChunkStore, TimeType, TimelineId};
use chronoscope_types::{format_time, parse_time};
use egui::{Align, DragValue, Layout, RichText, Ui};

use super::TimePanelState;
use crate::{
    commands::{UiCommand, next_loop_mode},
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{draft_edit, icon_button, icon_toggle},
};

/// Draws the row.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    let (Some(store), Some(control)) = (pass.store(), pass.time_control()) else {
        return;
    };
    let Some(timeline) = pass.cursor().and_then(|cursor| cursor.timeline) else {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = "All data is static: it lies on no timeline.";
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
        // What is set once and then left comes last, where a narrow window may cut it.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            let command = UiCommand::ResetTimeZoom;
            if icon_button(ui, command.icon(), command.name(), None).clicked() {
                state.reset_zoom();
            }
            show_speeds(ui, pass, control, store.timeline(timeline).time_type());
        });
    });
}

fn show_buttons(ui: &mut Ui, pass: &mut Pass<'_>, control: &TimeControl) {
    let mut button = |ui: &mut Ui, command: UiCommand, action: TimeCommand| {
        if icon_button(
            ui,
            command.icon(),
            command.name(),
            command.shortcut_text().as_deref(),
        )
        .clicked()
        {
            pass.time(action);
        }
    };
    button(ui, UiCommand::Begin, TimeCommand::Begin);
    button(ui, UiCommand::StepBack, TimeCommand::StepBack);
    let is_playing = control.play_state() == PlayState::Playing;
    let icon = if is_playing { icons::PAUSE } else { icons::PLAY };
    let name = if is_playing { "Pause" } else { "Play" };
    let play = UiCommand::TogglePlay;
    if icon_toggle(ui, icon, true, name, play.shortcut_text().as_deref()).clicked() {
        pass.time(TimeCommand::TogglePlay);
    }
    let mut button = |ui: &mut Ui, command: UiCommand, action: TimeCommand| {
        if icon_button(
            ui,
            command.icon(),
            command.name(),
            command.shortcut_text().as_deref(),
        )
        .clicked()
        {
            pass.time(action);
        }
    };
    button(ui, UiCommand::StepForward, TimeCommand::StepForward);
    button(ui, UiCommand::End, TimeCommand::End);

    let following = control.play_state() == PlayState::Following;
    let follow = UiCommand::Follow;
    if icon_toggle(
        ui,
        follow.icon(),
        following,
        follow.name(),
        follow.shortcut_text().as_deref(),
    )
    .clicked()
    {
        pass.time(if following {
            TimeCommand::Pause
        } else {
            TimeCommand::Follow
        });
    }
    let mode = control.loop_mode();
    let (icon, name) = match mode {
        LoopMode::Off => (icons::LOOP_OFF, "Stops at the end"),
        LoopMode::All => (icons::LOOP_ALL, "Begins again at the end"),
        LoopMode::Selection => (
            icons::LOOP_SELECTION,
            "Repeats the selected times (shift-drag on the ruler selects)",
        ),
    };
    let shortcut = UiCommand::CycleLoop.shortcut_text();
    if icon_toggle(ui, icon, mode != LoopMode::Off, name, shortcut.as_deref()).clicked() {
        pass.time(TimeCommand::SetLoop(next_loop_mode(mode)));
    }
}

fn show_timelines(ui: &mut Ui, pass: &mut Pass<'_>, store: &ChunkStore, shown: TimelineId) {
    let name = store.timeline(shown).name();
    let width = (ui.available_width() * 0.2).clamp(20.0 * size::GRID, 40.0 * size::GRID);
    let combo = egui::ComboBox::from_id_salt("timeline")
        .selected_text(RichText::new(&**name))
        .width(width)
        .truncate();
    combo.show_ui(ui, |ui| {
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
                pass.time(TimeCommand::SetTimeline(name.to_string()));
            }
        }
    });
}

/// The time at the cursor, to read and to type.
fn show_time(ui: &mut Ui, pass: &mut Pass<'_>, store: &ChunkStore, timeline: TimelineId) {
    let Some(cursor) = pass.cursor() else { return };
    let time_type = store.timeline(timeline).time_type();
    let text = format_time(time_type, cursor.time);
    let width = match time_type {
        TimeType::Sequence => 24.0 * size::GRID,
        TimeType::DurationNs => 36.0 * size::GRID,
        TimeType::TimestampNs => 60.0 * size::GRID,
    };
    let typed = ui
        .allocate_ui_with_layout(
            egui::vec2(width.min(ui.available_width()), size::ROW),
            Layout::left_to_right(Align::Center),
            |ui| draft_edit(ui, "time", &text, "time", 1),
        )
        .inner;
    if let Some(time) = typed.and_then(|typed| parse_time(time_type, &typed)) {
        pass.time(TimeCommand::SetTime(time));
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
        if ui.add(drag).on_hover_text("Steps per second").changed() {
            pass.time(TimeCommand::SetFps(fps));
        }
    }
    let mut speed = control.speed();
    let drag = DragValue::new(&mut speed)
        .speed(0.02)
        .range(0.01..=100.0)
        .max_decimals(2)
        .suffix("×");
    if ui.add(drag).on_hover_text("Times as fast as real time").changed() {
        pass.time(TimeCommand::SetSpeed(speed));
    }
}
