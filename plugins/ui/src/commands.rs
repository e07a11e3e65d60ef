//! Commands by name: what can be done from the menu, the palette, a button or a key.
//!
//! Menus, tooltips and the palette read names and shortcuts from here, so that they never differ. [`named`] has them together
//! with those of an app, [`state`] says which of the viewer's own can be done now.

mod named;
mod state;

pub use self::named::{AppCommandExt, NamedCommand};
pub(crate) use self::{
    named::{NamedCommands, RegisteredCommand},
    state::{next_loop_mode, one_view, undo_state},
};

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::icons;

const NONE: Modifiers = Modifiers::NONE;
const ALT: Modifiers = Modifiers::ALT;
const SHIFT: Modifiers = Modifiers::SHIFT;
const COMMAND: Modifiers = Modifiers::COMMAND;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

const fn key(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(modifiers, key)
}

/// The part of the menu that a command is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandGroup {
    /// Files and the program.
    File,
    /// Edits of the blueprint.
    Edit,
    /// What is selected.
    Selection,
    /// Views and panels.
    View,
    /// The cursor.
    Time,
    /// What an app adds.
    App,
    /// Keys and gestures.
    Help,
}

impl CommandGroup {
    pub(crate) const ALL: [Self; 7] = [
        Self::File,
        Self::Edit,
        Self::Selection,
        Self::View,
        Self::Time,
        Self::App,
        Self::Help,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Selection => "Selection",
            Self::View => "View",
            Self::Time => "Time",
            Self::App => "App",
            Self::Help => "Help",
        }
    }
}

macro_rules! commands {
    ($($(#[$doc:meta])* $group:ident $variant:ident: $name:literal, $icon:ident $(, $key:expr)*;)*) => {
        /// A command with a name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum UiCommand {
            $($(#[$doc])* $variant,)*
        }

        impl UiCommand {
            /// All commands, in the order of the menu and the palette.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The name, as menus and the palette show it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The icon.
            pub const fn icon(self) -> &'static str {
                match self { $(Self::$variant => icons::$icon,)* }
            }

            /// The keys that do it. The first is the one that is shown.
            pub const fn shortcuts(self) -> &'static [KeyboardShortcut] {
                match self { $(Self::$variant => const { &[$($key),*] },)* }
            }

            /// The part of the menu that it is in.
            pub(crate) const fn group(self) -> CommandGroup {
                match self { $(Self::$variant => CommandGroup::$group,)* }
            }
        }
    };
}

commands! {
    /// Opens a file.
    File Open: "Open…", OPEN, key(COMMAND, Key::O);
    /// Opens a blueprint for what is open.
    File OpenBlueprint: "Open blueprint…", BLUEPRINT, key(COMMAND_SHIFT, Key::O);
    /// Saves the blueprint to a file.
    File SaveBlueprint: "Save blueprint as…", SAVE, key(COMMAND, Key::S);
    /// Saves a picture of the window to a file.
    File SaveScreenshot: "Save screenshot as…", SCREENSHOT;
    /// Saves a picture of the selected view to a file.
    File SaveView: "Save picture of the view as…", SCREENSHOT;
    /// Saves the values of the selected entities to a file, as a table.
    File SaveSeries: "Save selected series as CSV…", TABLE;
    /// Saves the selected times of the recording to a file.
    File SaveRange: "Save selected times as .rrd…", SAVE;
    /// Closes the recording that is shown.
    File CloseRecording: "Close recording", CLOSE, key(COMMAND, Key::W);
    /// Shows the settings.
    File Settings: "Settings…", SETTINGS, key(COMMAND, Key::Comma);
    /// Closes the program.
    File Quit: "Quit", QUIT, key(COMMAND, Key::Q);

    /// Opens or closes the palette, which finds commands, entities, views, recordings and files.
    Edit Palette: "Find…", PALETTE, key(COMMAND, Key::P), key(COMMAND, Key::K);
    /// Reverts the last edit.
    Edit Undo: "Undo", UNDO, key(COMMAND, Key::Z);
    /// Repeats the last undone edit.
    Edit Redo: "Redo", REDO, key(COMMAND_SHIFT, Key::Z), key(COMMAND, Key::Y);
    /// Lists the edits, to go back to any of them.
    Edit History: "History of edits…", HISTORY, key(COMMAND, Key::H);
    // What is selected as text is copied with the same keys but shift.
    /// Puts the blueprint on the clipboard, as text.
    Edit CopyBlueprint: "Copy blueprint", COPY, key(COMMAND_SHIFT, Key::C);
    /// Replaces the blueprint by the one on the clipboard.
    Edit PasteBlueprint: "Paste blueprint", PASTE, key(COMMAND_SHIFT, Key::V), key(COMMAND, Key::V);
    /// Adds a view or a container.
    Edit Add: "Add a view or a container…", ADD, key(COMMAND, Key::N);
    /// Discards all edits.
    Edit ResetBlueprint: "Reset to the default blueprint", RESET;
    /// Chooses all views automatically.
    Edit ResetToHeuristics: "Choose views automatically", HEURISTICS;
    /// Arranges the views automatically.
    Edit ResetLayout: "Arrange views automatically", CONTAINER_GRID;
    /// Whether views are added for data that no view shows.
    Edit ToggleAutoViews: "Add views for new data", ADD;

    /// Names what is selected.
    Selection Rename: "Rename…", RENAME, key(NONE, Key::F2);
    /// Copies what is selected.
    Selection Duplicate: "Duplicate", DUPLICATE, key(COMMAND, Key::D);
    /// Shows the selected view by another class.
    Selection ChangeClass: "Change the kind of view…", SWAP;
    /// Shows or hides what is selected.
    Selection ToggleVisible: "Show or hide", VISIBLE, key(NONE, Key::H);
    /// Removes what is selected from the blueprint.
    Selection Remove: "Remove", REMOVE, key(NONE, Key::Delete), key(NONE, Key::Backspace);
    /// Shows the selected entities in the selected view, or in a new one.
    Selection ShowInView: "Show in a view", ADD, key(COMMAND, Key::Enter);
    /// Copies the paths of the selected items.
    Selection CopyPath: "Copy path", COPY, key(COMMAND_SHIFT, Key::X);
    /// Copies the values of the selected items at the cursor.
    Selection CopyValue: "Copy values", COPY;
    /// Copies what the selected view shows, or all instances of the selected entities, as lines of values with tabs between them.
    Selection CopyTable: "Copy as table", TABLE;
    /// Copies the selected lines of a log.
    Selection CopyRows: "Copy selected lines", COPY, key(COMMAND, Key::C);
    /// Copies a picture of the selected view.
    Selection CopyPicture: "Copy picture of the view", COPY;
    /// Opens the menu of what is selected.
    Selection ItemMenu: "Menu of the selection", MENU, key(SHIFT, Key::F10);
    /// Has the selected value hold for its entity, whatever is logged, in the views that show it.
    Selection OverrideValue: "Override the selected value", RENAME;
    /// Has the selected value hold for all entities that give none, in the views that show it.
    Selection UseAsDefault: "Use the selected value as default of the view", SAVE;
    /// Takes back all that was edited of the selected entities in their views.
    Selection RemoveOverrides: "Remove the overrides of the selection", RESET;
    /// Moves what is selected to the place before.
    Selection MoveEarlier: "Move to the place before", ROW_ABOVE, key(COMMAND_SHIFT, Key::PageUp);
    /// Moves what is selected to the place after.
    Selection MoveLater: "Move to the place after", ROW_BELOW, key(COMMAND_SHIFT, Key::PageDown);
    /// Selects what was selected before.
    Selection SelectBack: "Back to the last selection", BACK, key(ALT, Key::ArrowLeft);
    /// Selects what was selected after.
    Selection SelectForward: "Forward to the next selection", FORWARD, key(ALT, Key::ArrowRight);
    /// Selects the row above in the tree that the selected item is in.
    Selection RowAbove: "Select the row above", ROW_ABOVE, key(NONE, Key::ArrowUp);
    /// Selects the row below.
    Selection RowBelow: "Select the row below", ROW_BELOW, key(NONE, Key::ArrowDown);
    /// Shows what lies below the selected row.
    Selection ExpandRow: "Expand the selected row", EXPANDED, key(NONE, Key::Plus);
    /// Shuts the selected row, or selects what it lies in.
    Selection CollapseRow: "Collapse the selected row", COLLAPSED, key(NONE, Key::Minus);
    /// Shows all that lies below any row.
    Selection ExpandAll: "Expand all rows of the tree", EXPANDED, key(ALT, Key::Plus);
    /// Shuts all rows.
    Selection CollapseAll: "Collapse all rows of the tree", COLLAPSED, key(ALT, Key::Minus);
    /// Selects nothing.
    Selection ClearSelection: "Clear selection", CLEAR_SELECTION, key(NONE, Key::Escape);

    /// Frames all that is in the selected views, else in all views.
    View FrameAll: "Frame all content", FRAME;
    /// Shows what views show by themselves, as if nobody had moved them.
    View ResetLook: "Reset where the view looks", RESET;
    /// Has views look at what is selected.
    View FocusSelection: "Look at the selection", FRAME, key(NONE, Key::F);
    /// Has the eye follow what the pointer is over, else what is selected.
    View FollowEntity: "Follow with the eye", FOLLOW, key(NONE, Key::T);
    /// Begins to measure in a view, or ends it.
    View Measure: "Measure between two places", MEASURE, key(NONE, Key::M);
    /// Shows the selected series alone, or all again.
    View IsolateSeries: "Show the selected series alone", VISIBLE, key(SHIFT, Key::H);
    /// Shows or hides the selected series.
    View ToggleSeries: "Show or hide the selected series", HIDDEN;
    /// Shows or hides the legend of a plot.
    View ToggleLegend: "Show or hide the legend", LIST;
    /// Looks farther to the left.
    View PanLeft: "Look farther left", BACK, key(NONE, Key::A);
    /// Looks farther to the right.
    View PanRight: "Look farther right", FORWARD, key(NONE, Key::D);
    /// Looks farther up.
    View PanUp: "Look farther up", ROW_ABOVE, key(NONE, Key::W);
    /// Looks farther down.
    View PanDown: "Look farther down", ROW_BELOW, key(NONE, Key::S);
    /// Shows less, larger.
    View ZoomIn: "Zoom in", ZOOM_IN, key(NONE, Key::E);
    /// Shows more, smaller.
    View ZoomOut: "Zoom out", ZOOM_OUT, key(NONE, Key::Q);
    /// Selects the next view.
    View NextView: "Go to the next view", FORWARD, key(NONE, Key::F6);
    /// Selects the view before.
    View PreviousView: "Go to the view before", BACK, key(SHIFT, Key::F6);
    /// Lets the selected view fill the viewport.
    View Maximize: "Maximize the selected view", MAXIMIZE, key(NONE, Key::Enter);
    /// Restores the tile that fills the viewport.
    View RestoreTile: "Restore the maximized view", MINIMIZE;
    /// Shows what is selected in a window of its own, or among the others again.
    View OwnWindow: "Show in a window of its own", OWN_WINDOW, key(COMMAND_SHIFT, Key::N);
    /// Finds rows of the trees.
    View FilterTrees: "Filter the trees", FILTER, key(COMMAND, Key::F);
    /// Opens or closes the left panel.
    View ToggleLeftPanel: "Recordings and blueprint panel", PANEL_LEFT, key(COMMAND_SHIFT, Key::B);
    /// Opens or closes the right panel.
    View ToggleSelectionPanel: "Selection panel", PANEL_RIGHT, key(COMMAND_SHIFT, Key::S);
    /// Opens or closes the panel below.
    View ToggleTimePanel: "Time panel", PANEL_BOTTOM, key(COMMAND_SHIFT, Key::T);
    /// Opens or closes the list of notifications.
    View ToggleNotifications: "Notifications", NOTIFICATIONS;
    /// The dark theme.
    View ThemeDark: "Dark theme", THEME_DARK;
    /// The light theme.
    View ThemeLight: "Light theme", THEME_LIGHT;
    /// The system's theme.
    View ThemeSystem: "System theme", THEME_SYSTEM;

    /// Plays or pauses.
    Time TogglePlay: "Play or pause", PLAY, key(NONE, Key::Space);
    /// Stays at the newest data.
    Time Follow: "Follow the newest data", FOLLOW, key(COMMAND, Key::ArrowRight);
    /// To the previous time with data.
    Time StepBack: "Step back", STEP_BACK, key(NONE, Key::ArrowLeft);
    /// To the next time with data.
    Time StepForward: "Step forward", STEP_FORWARD, key(NONE, Key::ArrowRight);
    /// A tenth of a second back; a unit of a sequence.
    Time SmallStepBack: "Step back by 0.1 s", STEP_BACK, key(SHIFT, Key::ArrowLeft);
    /// A tenth of a second forward; a unit of a sequence.
    Time SmallStepForward: "Step forward by 0.1 s", STEP_FORWARD, key(SHIFT, Key::ArrowRight);
    /// A second back; ten units of a sequence.
    Time LargeStepBack: "Step back by 1 s", STEP_BACK, key(COMMAND_SHIFT, Key::ArrowLeft);
    /// A second forward; ten units of a sequence.
    Time LargeStepForward: "Step forward by 1 s", STEP_FORWARD, key(COMMAND_SHIFT, Key::ArrowRight);
    /// To the previous time at which something was logged to what is selected.
    Time PreviousEvent: "Previous event of the selection", BEGIN, key(NONE, Key::Comma);
    /// To the next time at which something was logged to what is selected.
    Time NextEvent: "Next event of the selection", END, key(NONE, Key::Period);
    /// To the first time.
    Time Begin: "Go to the beginning", BEGIN, key(NONE, Key::Home);
    /// To the last time.
    Time End: "Go to the end", END, key(NONE, Key::End);
    /// Plays at half the speed.
    Time Slower: "Play slower", SLOWER, key(NONE, Key::OpenBracket);
    /// Plays at twice the speed.
    Time Faster: "Play faster", FASTER, key(NONE, Key::CloseBracket);
    /// Plays at the speed of the clock.
    Time NormalSpeed: "Play at normal speed", PLAY, key(NONE, Key::Backslash);
    /// From one loop mode to the next.
    Time CycleLoop: "Change the loop mode", LOOP_ALL, key(COMMAND, Key::L);
    /// Repeats from the cursor on.
    Time LoopFrom: "Repeat from the cursor on", LOOP_SELECTION, key(COMMAND, Key::OpenBracket);
    /// Repeats up to the cursor.
    Time LoopTo: "Repeat up to the cursor", LOOP_SELECTION, key(COMMAND, Key::CloseBracket);
    /// Selects no times any more.
    Time RemoveLoop: "Remove the selected times", CLEAR_SELECTION, key(COMMAND, Key::Backslash);
    /// Shows the next timeline.
    Time NextTimeline: "Next timeline", TIMELINE, key(COMMAND, Key::T);
    /// Shows all of the timeline.
    Time ResetTimeZoom: "Show all times", FRAME;
    /// Whether long gaps are folded in the time panel.
    Time ToggleGaps: "Fold gaps without data", FOLD;
    /// Whether times of day are those of this place.
    Time ToggleLocalTime: "Times of this time zone", TIMELINE;

    /// Shows what keys and gestures do.
    Help Gestures: "Keys and gestures", KEYBOARD, key(NONE, Key::Questionmark), key(SHIFT, Key::Slash), key(NONE, Key::F1);
    /// Shows version and license.
    Help About: "About Chronoscope", INFO;
}

impl UiCommand {
    /// The shortcut as it is written: `Ctrl+P`.
    pub fn shortcut_text(self) -> Option<String> {
        self.shortcuts().first().map(named::shortcut_text)
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
        assert_eq!(text(UiCommand::Gestures), "?");
        assert_eq!(text(UiCommand::Slower), "[");
        assert_eq!(text(UiCommand::NormalSpeed), "\\");
        assert_eq!(text(UiCommand::NextEvent), "Period");
        assert_eq!(text(UiCommand::TogglePlay), "Space");
    }
}
