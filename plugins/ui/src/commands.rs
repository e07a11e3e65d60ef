//! Commands by name: what can be done from the menu, the palette, a button or a key.
//!
//! Menus, tooltips and the palette read names and shortcuts from here, so that they never differ.

use chronoscope_blueprint::{Panel, PanelState};
use chronoscope_frame::{LoopMode, PlayState, TimeCommand, ViewerCommand};
use egui::{Key, KeyboardShortcut, ModifierNames, Modifiers};

use crate::{edits, icons, pass::Pass, shell, state::UiState};

/// Something that can be done by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UiCommand {
    /// Opens a file.
    Open,
    /// Closes the recording that is shown.
    CloseRecording,
    /// Finds a command by its name.
    Palette,
    /// Takes the last edit back.
    Undo,
    /// Does again what was undone.
    Redo,
    /// Forgets all edits.
    ResetBlueprint,
    /// Lets the viewer choose all views.
    ResetToHeuristics,
    /// Selects nothing.
    ClearSelection,
    /// Puts the tile back that fills the viewport.
    RestoreTile,
    /// Opens or closes the left panel.
    ToggleLeftPanel,
    /// Opens or closes the right panel.
    ToggleSelectionPanel,
    /// Opens or closes the panel below.
    ToggleTimePanel,
    /// Lists what went wrong.
    ToggleNotifications,
    /// Plays or pauses.
    TogglePlay,
    /// Stays at the newest data.
    Follow,
    /// To the previous time with data.
    StepBack,
    /// To the next time with data.
    StepForward,
    /// To the first time.
    Begin,
    /// To the last time.
    End,
    /// From one loop mode to the next.
    CycleLoop,
    /// Shows the next timeline.
    NextTimeline,
    /// Shows all of the timeline.
    ResetTimeZoom,
    /// The dark theme.
    ThemeDark,
    /// The light theme.
    ThemeLight,
    /// The system's theme.
    ThemeSystem,
}

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

impl UiCommand {
    /// All commands, in the order of the menu and the palette.
    pub const ALL: [Self; 25] = [
        Self::Open,
        Self::CloseRecording,
        Self::Palette,
        Self::Undo,
        Self::Redo,
        Self::ResetBlueprint,
        Self::ResetToHeuristics,
        Self::ClearSelection,
        Self::RestoreTile,
        Self::ToggleLeftPanel,
        Self::ToggleSelectionPanel,
        Self::ToggleTimePanel,
        Self::ToggleNotifications,
        Self::TogglePlay,
        Self::Follow,
        Self::StepBack,
        Self::StepForward,
        Self::Begin,
        Self::End,
        Self::CycleLoop,
        Self::NextTimeline,
        Self::ResetTimeZoom,
        Self::ThemeDark,
        Self::ThemeLight,
        Self::ThemeSystem,
    ];

    /// The name, as menus and the palette show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "Open…",
            Self::CloseRecording => "Close recording",
            Self::Palette => "Find a command…",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::ResetBlueprint => "Reset to the default blueprint",
            Self::ResetToHeuristics => "Choose views automatically",
            Self::ClearSelection => "Clear selection",
            Self::RestoreTile => "Put the maximized view back",
            Self::ToggleLeftPanel => "Recordings and blueprint panel",
            Self::ToggleSelectionPanel => "Selection panel",
            Self::ToggleTimePanel => "Time panel",
            Self::ToggleNotifications => "Notifications",
            Self::TogglePlay => "Play or pause",
            Self::Follow => "Follow the newest data",
            Self::StepBack => "Step back",
            Self::StepForward => "Step forward",
            Self::Begin => "Go to the beginning",
            Self::End => "Go to the end",
            Self::CycleLoop => "Change the loop mode",
            Self::NextTimeline => "Next timeline",
            Self::ResetTimeZoom => "Show all times",
            Self::ThemeDark => "Dark theme",
            Self::ThemeLight => "Light theme",
            Self::ThemeSystem => "Theme of the system",
        }
    }

    /// The icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Open => icons::OPEN,
            Self::CloseRecording => icons::CLOSE,
            Self::Palette => icons::PALETTE,
            Self::Undo => icons::UNDO,
            Self::Redo => icons::REDO,
            Self::ResetBlueprint => icons::RESET,
            Self::ResetToHeuristics => icons::HEURISTICS,
            Self::ClearSelection => icons::CLEAR_SELECTION,
            Self::RestoreTile => icons::MINIMIZE,
            Self::ToggleLeftPanel => icons::PANEL_LEFT,
            Self::ToggleSelectionPanel => icons::PANEL_RIGHT,
            Self::ToggleTimePanel => icons::PANEL_BOTTOM,
            Self::ToggleNotifications => icons::NOTIFICATIONS,
            Self::TogglePlay => icons::PLAY,
            Self::Follow => icons::FOLLOW,
            Self::StepBack => icons::STEP_BACK,
            Self::StepForward => icons::STEP_FORWARD,
            Self::Begin => icons::BEGIN,
            Self::End => icons::END,
            Self::CycleLoop => icons::LOOP_ALL,
            Self::NextTimeline => icons::TIMELINE,
            Self::ResetTimeZoom => icons::FRAME,
            Self::ThemeDark => icons::THEME_DARK,
            Self::ThemeLight => icons::THEME_LIGHT,
            Self::ThemeSystem => icons::THEME_SYSTEM,
        }
    }

    /// The keys that do it. The first is the one that is shown.
    pub const fn shortcuts(self) -> &'static [KeyboardShortcut] {
        const fn key(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(modifiers, key)
        }
        match self {
            Self::Open => const { &[key(COMMAND, Key::O)] },
            Self::CloseRecording => const { &[key(COMMAND, Key::W)] },
            Self::Palette => const { &[key(COMMAND, Key::P)] },
            Self::Undo => const { &[key(COMMAND, Key::Z)] },
            Self::Redo => const { &[key(COMMAND_SHIFT, Key::Z), key(COMMAND, Key::Y)] },
            Self::ClearSelection => const { &[key(NONE, Key::Escape)] },
            Self::ToggleLeftPanel => const { &[key(COMMAND_SHIFT, Key::B)] },
            Self::ToggleSelectionPanel => const { &[key(COMMAND_SHIFT, Key::S)] },
            Self::ToggleTimePanel => const { &[key(COMMAND_SHIFT, Key::T)] },
            Self::TogglePlay => const { &[key(NONE, Key::Space)] },
            Self::Follow => const { &[key(COMMAND, Key::ArrowRight)] },
            Self::StepBack => const { &[key(NONE, Key::ArrowLeft)] },
            Self::StepForward => const { &[key(NONE, Key::ArrowRight)] },
            Self::Begin => const { &[key(NONE, Key::Home)] },
            Self::End => const { &[key(NONE, Key::End)] },
            Self::CycleLoop => const { &[key(COMMAND, Key::L)] },
            Self::NextTimeline => const { &[key(COMMAND, Key::T)] },
            _ => &[],
        }
    }

    /// The shortcut as it is written: `Ctrl+P`.
    pub fn shortcut_text(self) -> Option<String> {
        let shortcut = self.shortcuts().first()?;
        let text = shortcut.format(&ModifierNames::NAMES, cfg!(target_os = "macos"));
        Some(text.replace("Arrow", ""))
    }

    /// Whether it would do something now.
    pub(crate) fn is_enabled(self, pass: &Pass<'_>) -> bool {
        let undo = || {
            pass.recordings()
                .active_blueprint()
                .map(|(_, blueprints)| &blueprints.undo)
        };
        match self {
            Self::Open
            | Self::Palette
            | Self::ToggleNotifications
            | Self::ThemeDark
            | Self::ThemeLight
            | Self::ThemeSystem
            | Self::ToggleLeftPanel => true,
            Self::Undo => undo().is_some_and(chronoscope_blueprint::UndoState::can_undo),
            Self::Redo => undo().is_some_and(chronoscope_blueprint::UndoState::can_redo),
            Self::ClearSelection => !pass.selection().selected.is_empty(),
            Self::RestoreTile => pass.viewport().maximized.is_some(),
            Self::CloseRecording
            | Self::ResetBlueprint
            | Self::ResetToHeuristics
            | Self::ToggleSelectionPanel
            | Self::ToggleTimePanel => pass.active().is_some(),
            Self::TogglePlay
            | Self::Follow
            | Self::StepBack
            | Self::StepForward
            | Self::Begin
            | Self::End
            | Self::CycleLoop
            | Self::NextTimeline
            | Self::ResetTimeZoom => pass.cursor().is_some_and(|cursor| cursor.timeline.is_some()),
        }
    }

    /// Does it.
    pub(crate) fn run(self, pass: &mut Pass<'_>, state: &mut UiState, ctx: &egui::Context) {
        if !self.is_enabled(pass) {
            return;
        }
        match self {
            Self::Open => state.open_dialog.open(),
            Self::CloseRecording => {
                if let Some(entry) = pass.active() {
                    pass.push(ViewerCommand::CloseRecording(entry.id().clone()));
                }
            }
            Self::Palette => state.palette.toggle(),
            Self::Undo => pass.push(ViewerCommand::Undo),
            Self::Redo => pass.push(ViewerCommand::Redo),
            Self::ResetBlueprint => pass.push(ViewerCommand::ResetBlueprint),
            Self::ResetToHeuristics => pass.push(ViewerCommand::ResetToHeuristics),
            Self::ClearSelection => pass.push(ViewerCommand::Select(Vec::new())),
            Self::RestoreTile => pass.edit(edits::maximize(None)),
            Self::ToggleLeftPanel => toggle_panel(pass, Panel::Blueprint),
            Self::ToggleSelectionPanel => toggle_panel(pass, Panel::Selection),
            Self::ToggleTimePanel => toggle_panel(pass, Panel::Time),
            Self::ToggleNotifications => state.notifications.toggle_list(),
            Self::TogglePlay => pass.time(TimeCommand::TogglePlay),
            Self::Follow => {
                let following = pass
                    .time_control()
                    .is_some_and(|time| time.play_state() == PlayState::Following);
                pass.time(if following {
                    TimeCommand::Pause
                } else {
                    TimeCommand::Follow
                });
            }
            Self::StepBack => pass.time(TimeCommand::StepBack),
            Self::StepForward => pass.time(TimeCommand::StepForward),
            Self::Begin => pass.time(TimeCommand::Begin),
            Self::End => pass.time(TimeCommand::End),
            Self::CycleLoop => {
                let mode = pass
                    .time_control()
                    .map_or(LoopMode::Off, chronoscope_frame::TimeControl::loop_mode);
                pass.time(TimeCommand::SetLoop(next_loop_mode(mode)));
            }
            Self::NextTimeline => next_timeline(pass),
            Self::ResetTimeZoom => state.time_panel.reset_zoom(),
            Self::ThemeDark => set_theme(state, ctx, egui::ThemePreference::Dark),
            Self::ThemeLight => set_theme(state, ctx, egui::ThemePreference::Light),
            Self::ThemeSystem => set_theme(state, ctx, egui::ThemePreference::System),
        }
    }
}

/// Runs the commands whose keys were pressed, unless somebody types.
pub(crate) fn handle_shortcuts(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    // The palette is to be closed by the keys that open it, also while its own text field has the focus.
    let is_typing = ctx.text_edit_focused();
    let is_modal = state.palette.is_open() || state.open_dialog.is_open();
    let mut shortcuts: Vec<(KeyboardShortcut, UiCommand)> = UiCommand::ALL
        .iter()
        .flat_map(|command| command.shortcuts().iter().map(|shortcut| (*shortcut, *command)))
        .collect();
    // A shortcut with fewer modifiers also matches the keys of one with more, so those come first.
    shortcuts.sort_by_key(|(shortcut, _)| std::cmp::Reverse(num_modifiers(shortcut.modifiers)));
    for (shortcut, command) in shortcuts {
        let allowed = match command {
            UiCommand::Palette => true,
            UiCommand::ClearSelection => {
                !is_typing && !is_modal && !egui::Popup::is_any_open(ctx) && ctx.dragged_id().is_none()
            }
            _ => !is_typing && !is_modal,
        };
        if allowed && command.is_enabled(pass) && ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            command.run(pass, state, ctx);
        }
    }
}

/// What comes after a loop mode where one is chosen by clicking.
pub(crate) const fn next_loop_mode(mode: LoopMode) -> LoopMode {
    match mode {
        LoopMode::Off => LoopMode::All,
        LoopMode::All => LoopMode::Selection,
        LoopMode::Selection => LoopMode::Off,
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
    let open = shell::panel_state(pass, panel) == PanelState::Expanded;
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
        pass.time(TimeCommand::SetTimeline(store.timeline(*next).name().to_string()));
    }
}

fn set_theme(state: &mut UiState, ctx: &egui::Context, theme: egui::ThemePreference) {
    // Until the settings of the app ask for another.
    ctx.set_theme(theme);
    state.repaint_requested = true;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_shortcuts_are_unique() {
        let names: BTreeSet<_> = UiCommand::ALL.iter().map(|command| command.name()).collect();
        assert_eq!(names.len(), UiCommand::ALL.len());
        let all: Vec<_> = UiCommand::ALL
            .iter()
            .flat_map(|command| command.shortcuts())
            .collect();
        for (at, shortcut) in all.iter().enumerate() {
            assert!(!all[..at].contains(shortcut), "{shortcut:?} means two things");
        }
    }

    #[test]
    fn shortcuts_read_as_people_say_them() {
        let text = |command: UiCommand| command.shortcut_text().unwrap_or_default();
        if !cfg!(target_os = "macos") {
            assert_eq!(text(UiCommand::Palette), "Ctrl+P");
            assert_eq!(text(UiCommand::Redo), "Ctrl+Shift+Z");
        }
        assert_eq!(text(UiCommand::StepBack), "Left");
        assert_eq!(text(UiCommand::TogglePlay), "Space");
    }
}
