//! Commands by name: what can be done from the menu, the palette, a button or a key.
//!
//! Menus, tooltips and the palette read names and shortcuts from here, so that they never differ.

use std::borrow::Cow;

use chronoscope_blueprint::{Panel, UndoState};
use chronoscope_frame::LoopMode;
use egui::{Key, KeyboardShortcut, ModifierNames, Modifiers};

use crate::{icons, panels::is_open, pass::Pass, settings::Look};

/// A command with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UiCommand {
    /// Opens a file.
    Open,
    /// Saves the blueprint to a file.
    SaveBlueprint,
    /// Saves a picture of the window to a file.
    SaveScreenshot,
    /// Closes the recording that is shown.
    CloseRecording,
    /// Opens or closes the command palette.
    Palette,
    /// Reverts the last edit.
    Undo,
    /// Repeats the last undone edit.
    Redo,
    /// Puts the blueprint on the clipboard, as text.
    CopyBlueprint,
    /// Replaces the blueprint by the one on the clipboard.
    PasteBlueprint,
    /// Discards all edits.
    ResetBlueprint,
    /// Chooses all views automatically.
    ResetToHeuristics,
    /// Arranges the views automatically.
    ResetLayout,
    /// Whether views are added for data that no view shows.
    ToggleAutoViews,
    /// Selects nothing.
    ClearSelection,
    /// Frames all that is in the selected views, else in all views.
    FrameAll,
    /// Restores the tile that fills the viewport.
    RestoreTile,
    /// Opens or closes the left panel.
    ToggleLeftPanel,
    /// Opens or closes the right panel.
    ToggleSelectionPanel,
    /// Opens or closes the panel below.
    ToggleTimePanel,
    /// Opens or closes the panel that tells what frames cost.
    TogglePerformancePanel,
    /// Opens or closes the list of notifications.
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
    /// Shows version and license.
    About,
    /// Closes the program.
    Quit,
}

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

impl UiCommand {
    /// All commands, in the order of the menu and the palette.
    pub const ALL: [Self; 35] = [
        Self::Open,
        Self::SaveBlueprint,
        Self::SaveScreenshot,
        Self::CloseRecording,
        Self::Palette,
        Self::Undo,
        Self::Redo,
        Self::CopyBlueprint,
        Self::PasteBlueprint,
        Self::ResetBlueprint,
        Self::ResetToHeuristics,
        Self::ResetLayout,
        Self::ToggleAutoViews,
        Self::ClearSelection,
        Self::FrameAll,
        Self::RestoreTile,
        Self::ToggleLeftPanel,
        Self::ToggleSelectionPanel,
        Self::ToggleTimePanel,
        Self::TogglePerformancePanel,
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
        Self::About,
        Self::Quit,
    ];

    /// The name, as menus and the palette show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "Open…",
            Self::SaveBlueprint => "Save blueprint as…",
            Self::SaveScreenshot => "Save screenshot as…",
            Self::CloseRecording => "Close recording",
            Self::Palette => "Find a command…",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::CopyBlueprint => "Copy blueprint",
            Self::PasteBlueprint => "Paste blueprint",
            Self::ResetBlueprint => "Reset to the default blueprint",
            Self::ResetToHeuristics => "Choose views automatically",
            Self::ResetLayout => "Arrange views automatically",
            Self::ToggleAutoViews => "Add views for new data",
            Self::ClearSelection => "Clear selection",
            Self::FrameAll => "Frame all content",
            Self::RestoreTile => "Restore the maximized view",
            Self::ToggleLeftPanel => "Recordings and blueprint panel",
            Self::ToggleSelectionPanel => "Selection panel",
            Self::ToggleTimePanel => "Time panel",
            Self::TogglePerformancePanel => "Performance panel",
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
            Self::ThemeSystem => "System theme",
            Self::About => "About Chronoscope",
            Self::Quit => "Quit",
        }
    }

    /// The icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Open => icons::OPEN,
            Self::SaveBlueprint => icons::SAVE,
            Self::SaveScreenshot => icons::SCREENSHOT,
            Self::CloseRecording => icons::CLOSE,
            Self::Palette => icons::PALETTE,
            Self::Undo => icons::UNDO,
            Self::Redo => icons::REDO,
            Self::CopyBlueprint => icons::COPY,
            Self::PasteBlueprint => icons::PASTE,
            Self::ResetBlueprint => icons::RESET,
            Self::ResetToHeuristics => icons::HEURISTICS,
            Self::ResetLayout => icons::CONTAINER_GRID,
            Self::ToggleAutoViews => icons::ADD,
            Self::ClearSelection => icons::CLEAR_SELECTION,
            Self::FrameAll => icons::FRAME,
            Self::RestoreTile => icons::MINIMIZE,
            Self::ToggleLeftPanel => icons::PANEL_LEFT,
            Self::ToggleSelectionPanel => icons::PANEL_RIGHT,
            Self::ToggleTimePanel => icons::PANEL_BOTTOM,
            Self::TogglePerformancePanel => icons::PERFORMANCE,
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
            Self::About => icons::INFO,
            Self::Quit => icons::QUIT,
        }
    }

    /// The keys that do it. The first is the one that is shown.
    pub const fn shortcuts(self) -> &'static [KeyboardShortcut] {
        const fn key(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(modifiers, key)
        }
        match self {
            Self::Open => const { &[key(COMMAND, Key::O)] },
            Self::SaveBlueprint => const { &[key(COMMAND, Key::S)] },
            Self::CloseRecording => const { &[key(COMMAND, Key::W)] },
            Self::Palette => const { &[key(COMMAND, Key::P)] },
            Self::Undo => const { &[key(COMMAND, Key::Z)] },
            Self::Redo => const { &[key(COMMAND_SHIFT, Key::Z), key(COMMAND, Key::Y)] },
            // What is selected as text is copied with the same keys but shift.
            Self::CopyBlueprint => const { &[key(COMMAND_SHIFT, Key::C)] },
            Self::PasteBlueprint => const { &[key(COMMAND_SHIFT, Key::V), key(COMMAND, Key::V)] },
            Self::ClearSelection => const { &[key(NONE, Key::Escape)] },
            Self::ToggleLeftPanel => const { &[key(COMMAND_SHIFT, Key::B)] },
            Self::ToggleSelectionPanel => const { &[key(COMMAND_SHIFT, Key::S)] },
            Self::ToggleTimePanel => const { &[key(COMMAND_SHIFT, Key::T)] },
            Self::TogglePerformancePanel => const { &[key(COMMAND_SHIFT, Key::M)] },
            Self::TogglePlay => const { &[key(NONE, Key::Space)] },
            Self::Follow => const { &[key(COMMAND, Key::ArrowRight)] },
            Self::StepBack => const { &[key(NONE, Key::ArrowLeft)] },
            Self::StepForward => const { &[key(NONE, Key::ArrowRight)] },
            Self::Begin => const { &[key(NONE, Key::Home)] },
            Self::End => const { &[key(NONE, Key::End)] },
            Self::CycleLoop => const { &[key(COMMAND, Key::L)] },
            Self::NextTimeline => const { &[key(COMMAND, Key::T)] },
            Self::Quit => const { &[key(COMMAND, Key::Q)] },
            _ => &[],
        }
    }

    /// The shortcut as it is written: `Ctrl+P`.
    pub fn shortcut_text(self) -> Option<String> {
        let shortcut = self.shortcuts().first()?;
        let text = shortcut.format(&ModifierNames::NAMES, cfg!(target_os = "macos"));
        Some(text.replace("Arrow", ""))
    }

    /// The name, with what would be undone or redone now: "Undo hide view".
    pub(crate) fn label(self, pass: &Pass<'_>) -> Cow<'static, str> {
        let what = match self {
            Self::Undo => undo_state(pass).and_then(UndoState::undo_name),
            Self::Redo => undo_state(pass).and_then(UndoState::redo_name),
            _ => None,
        };
        match what {
            Some(what) => format!("{} {what}", self.name()).into(),
            None => self.name().into(),
        }
    }

    /// Whether the command has an effect now.
    pub(crate) fn is_enabled(self, pass: &Pass<'_>) -> bool {
        match self {
            Self::Open
            | Self::SaveScreenshot
            | Self::Palette
            | Self::TogglePerformancePanel
            | Self::ToggleNotifications
            | Self::About => true,
            Self::ToggleLeftPanel => pass.settings.panels.blueprint,
            Self::ThemeDark | Self::ThemeLight | Self::ThemeSystem => pass.settings.style == Look::Own,
            Self::Quit => pass.settings.can_quit,
            Self::Undo => undo_state(pass).is_some_and(UndoState::can_undo),
            Self::Redo => undo_state(pass).is_some_and(UndoState::can_redo),
            Self::ClearSelection => !pass.selection().selected.is_empty(),
            Self::RestoreTile => pass.viewport().maximized.is_some(),
            Self::FrameAll
            | Self::CloseRecording
            | Self::SaveBlueprint
            | Self::CopyBlueprint
            | Self::PasteBlueprint
            | Self::ResetBlueprint
            | Self::ResetToHeuristics
            | Self::ToggleAutoViews => pass.active().is_some(),
            Self::ResetLayout => pass.active().is_some() && !pass.viewport().auto_layout,
            Self::ToggleSelectionPanel => pass.settings.panels.selection && pass.active().is_some(),
            Self::ToggleTimePanel => pass.settings.panels.time && pass.active().is_some(),
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

    /// State of the switch that the command turns; `None` for other commands.
    pub(crate) fn is_on(self, pass: &Pass<'_>) -> Option<bool> {
        let theme = |theme| pass.settings.style == Look::Own && pass.settings.theme == theme;
        match self {
            Self::ToggleLeftPanel => Some(is_open(pass, Panel::Blueprint)),
            Self::ToggleSelectionPanel => Some(is_open(pass, Panel::Selection)),
            Self::ToggleTimePanel => Some(is_open(pass, Panel::Time)),
            Self::ToggleAutoViews => Some(pass.active().is_some() && pass.viewport().auto_views),
            Self::TogglePerformancePanel => Some(pass.shows_performance),
            Self::ThemeDark => Some(theme(egui::ThemePreference::Dark)),
            Self::ThemeLight => Some(theme(egui::ThemePreference::Light)),
            Self::ThemeSystem => Some(theme(egui::ThemePreference::System)),
            _ => None,
        }
    }
}

fn undo_state<'a>(pass: &Pass<'a>) -> Option<&'a UndoState> {
    let (_, blueprints) = pass.recordings().active_blueprint()?;
    Some(&blueprints.undo)
}

/// Next loop mode in the cycle.
pub(crate) const fn next_loop_mode(mode: LoopMode) -> LoopMode {
    match mode {
        LoopMode::Off => LoopMode::All,
        LoopMode::All => LoopMode::Selection,
        LoopMode::Selection => LoopMode::Off,
    }
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
