//! Commands in action: run by name and by key.

use std::collections::BTreeSet;

use chronoscope_blueprint::{BlueprintCommand, Panel, PanelState, ViewId};
use chronoscope_frame::{
    FileKinds, Item, LoopMode, PlayState, Report, TimeCommand, TimeControls, ViewTile, ViewerCommand,
};
use egui::{KeyboardShortcut, Modifiers};

use crate::{
    commands::{UiCommand, next_loop_mode},
    desktop_dialog::DesktopDialog,
    edits,
    panels::panel_state,
    pass::Pass,
    save_dialog::SaveKind,
    state::UiState,
    time_panel::switch_timeline,
};

/// Does what a command says, where that is possible now.
pub(crate) fn run(command: UiCommand, ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    if !command.is_enabled(pass) {
        return;
    }
    match command {
        UiCommand::Open => open_files(ctx, pass, state),
        UiCommand::SaveBlueprint => save(SaveKind::Blueprint, ctx, pass, state),
        UiCommand::SaveScreenshot => save(SaveKind::Screenshot, ctx, pass, state),
        UiCommand::CloseRecording => {
            if let Some(entry) = pass.active() {
                pass.push(ViewerCommand::CloseRecording(entry.id().clone()));
            }
        }
        UiCommand::Palette => state.palette.toggle(),
        UiCommand::Undo => pass.push(ViewerCommand::Undo),
        UiCommand::Redo => pass.push(ViewerCommand::Redo),
        UiCommand::CopyBlueprint => copy_blueprint(ctx, pass, state),
        UiCommand::PasteBlueprint => state.paste_requested = true,
        UiCommand::ResetBlueprint => pass.push(ViewerCommand::ResetBlueprint),
        UiCommand::ResetToHeuristics => pass.push(ViewerCommand::ResetToHeuristics),
        UiCommand::ResetLayout => pass.edit(BlueprintCommand::ResetLayout),
        UiCommand::ToggleAutoViews => {
            pass.edit(BlueprintCommand::SetAutoViews(!pass.viewport().auto_views));
        }
        UiCommand::ClearSelection => pass.push(ViewerCommand::Select(Vec::new())),
        UiCommand::FrameAll => frame_all(pass),
        UiCommand::RestoreTile => pass.edit(edits::maximize(None)),
        UiCommand::ToggleLeftPanel => toggle_panel(pass, Panel::Blueprint),
        UiCommand::ToggleSelectionPanel => toggle_panel(pass, Panel::Selection),
        UiCommand::ToggleTimePanel => toggle_panel(pass, Panel::Time),
        UiCommand::ToggleNotifications => state.notifications.toggle_list(),
        UiCommand::TogglePlay => pass.time(TimeCommand::TogglePlay),
        UiCommand::Follow => {
            let following = pass
                .time_control()
                .is_some_and(|time| time.play_state() == PlayState::Following);
            pass.time(if following {
                TimeCommand::Pause
            } else {
                TimeCommand::Follow
            });
        }
        UiCommand::StepBack => pass.time(TimeCommand::StepBack),
        UiCommand::StepForward => pass.time(TimeCommand::StepForward),
        UiCommand::Begin => pass.time(TimeCommand::Begin),
        UiCommand::End => pass.time(TimeCommand::End),
        UiCommand::CycleLoop => {
            let mode = pass
                .time_control()
                .map_or(LoopMode::Off, chronoscope_frame::TimeControl::loop_mode);
            pass.time(TimeCommand::SetLoop(next_loop_mode(mode)));
        }
        UiCommand::NextTimeline => next_timeline(pass),
        UiCommand::ResetTimeZoom => state.time_panel.reset_zoom(),
        UiCommand::ThemeDark => set_theme(pass, state, egui::ThemePreference::Dark),
        UiCommand::ThemeLight => set_theme(pass, state, egui::ThemePreference::Light),
        UiCommand::ThemeSystem => set_theme(pass, state, egui::ThemePreference::System),
        UiCommand::TogglePerformancePanel => {
            state.performance_panel.is_open = !state.performance_panel.is_open;
            state.repaint_requested = true;
        }
        UiCommand::About => state.about.open(),
        UiCommand::Quit => state.quit_requested = true,
    }
}

/// Runs the commands whose keys were pressed, unless somebody types or the keys are meant for others.
pub(crate) fn handle_shortcuts(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    if !pass.settings.shortcuts || !pass.place.has_keys {
        return;
    }
    // Escape takes the focus from a text field before anybody sees the key, which belongs to the field all
    // the same.
    let is_typing = ctx.text_edit_focused() || state.was_typing;
    let is_modal = state.palette.is_open()
        || state.open_dialog.is_open()
        || state.save_dialog.is_open()
        || state.about.is_open();
    if !is_typing
        && !is_modal
        && UiCommand::PasteBlueprint.is_enabled(pass)
        && let Some(text) = take_pasted(ctx)
    {
        pass.push(ViewerCommand::PasteBlueprint(text));
    }
    let mut shortcuts: Vec<(KeyboardShortcut, UiCommand)> = UiCommand::ALL
        .iter()
        .flat_map(|command| command.shortcuts().iter().map(|shortcut| (*shortcut, *command)))
        .collect();
    // A shortcut with fewer modifiers also matches the keys of one with more, so those come first.
    shortcuts.sort_by_key(|(shortcut, _)| std::cmp::Reverse(num_modifiers(shortcut.modifiers)));
    for (shortcut, command) in shortcuts {
        let allowed = match command {
            // The keys that open the palette close it, also while its own text field has the focus.
            UiCommand::Palette => true,
            UiCommand::ClearSelection => {
                !is_typing && !is_modal && !egui::Popup::is_any_open(ctx) && ctx.dragged_id().is_none()
            }
            _ => !is_typing && !is_modal,
        };
        if allowed && command.is_enabled(pass) && ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            run(command, ctx, pass, state);
        }
    }
}

fn open_files(ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let asks_desktop = pass.settings.desktop_dialogs;
    let kinds = pass.world.resource::<FileKinds>();
    state.open_dialog.open(|| {
        asks_desktop
            .then(|| DesktopDialog::open_files(ctx, kinds))
            .flatten()
    });
}

fn save(kind: SaveKind, ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let application = pass.recordings().active_application();
    let name = kind.file_name(application.map_or("chronoscope", |name| name));
    let asks_desktop = pass.settings.desktop_dialogs;
    state.save_dialog.open(kind, name, |file| {
        asks_desktop
            .then(|| DesktopDialog::save_file(ctx, file))
            .flatten()
    });
}

/// Has the selected views frame all that is in them; where none is selected, all that are shown.
fn frame_all(pass: &mut Pass<'_>) {
    let selected: BTreeSet<ViewId> = pass.selection().selected.iter().filter_map(Item::view).collect();
    let is_shown = |view: &ViewId| pass.of_view::<ViewTile>(*view).is_some_and(|tile| tile.shown);
    let views: Vec<ViewId> = if selected.is_empty() {
        pass.viewport().views.keys().copied().filter(is_shown).collect()
    } else {
        selected.into_iter().collect()
    };
    for view in views {
        pass.push(ViewerCommand::FrameAll(view));
    }
}

/// Takes a text out of the input that was pasted, where the clipboard is read elsewhere. The keys that pasted
/// it are not to paste it again.
fn take_pasted(ctx: &egui::Context) -> Option<String> {
    ctx.input_mut(|input| {
        let is_pasted = |event: &egui::Event| matches!(event, egui::Event::Paste(_));
        let at = input.events.iter().position(is_pasted)?;
        let egui::Event::Paste(text) = input.events.remove(at) else {
            return None;
        };
        for shortcut in UiCommand::PasteBlueprint.shortcuts() {
            input.consume_shortcut(shortcut);
        }
        Some(text)
    })
}

fn copy_blueprint(ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let times = pass.world.resource::<TimeControls>();
    let Some(document) = pass.blueprint().document(pass.recordings(), times) else {
        return;
    };
    match document.to_ron() {
        Ok(text) => ctx.copy_text(text),
        Err(error) => state.reports.push(Report::error("clipboard", error.to_string())),
    }
}

fn num_modifiers(modifiers: Modifiers) -> u8 {
    u8::from(modifiers.command || modifiers.ctrl) + u8::from(modifiers.shift) + u8::from(modifiers.alt)
}

fn toggle_panel(pass: &mut Pass<'_>, panel: Panel) {
    let closed = if panel == Panel::Time {
        PanelState::Collapsed
    } else {
        PanelState::Hidden
    };
    let open = panel_state(pass, panel) == PanelState::Expanded;
    pass.edit(edits::panel(
        panel,
        if open { closed } else { PanelState::Expanded },
    ));
}

fn next_timeline(pass: &mut Pass<'_>) {
    let (Some(store), Some(cursor)) = (pass.store(), pass.cursor()) else {
        return;
    };
    let timelines: Vec<_> = store.timelines().collect();
    let at = timelines
        .iter()
        .position(|timeline| Some(*timeline) == cursor.timeline)
        .map_or(0, |at| at + 1);
    if let Some(next) = timelines.get(at % timelines.len().max(1)) {
        switch_timeline(pass, *next);
    }
}

fn set_theme(pass: &mut Pass<'_>, state: &mut UiState, theme: egui::ThemePreference) {
    // Written after the pass.
    pass.settings.theme = theme;
    state.repaint_requested = true;
}
