//! State of the interface itself: nothing that a blueprint says, and nothing that a frame depends on.

use std::borrow::Cow;

use bevy::ecs::{prelude::*, system::SystemId};
use chronoscope_blueprint::{Contents, ViewId};
use chronoscope_frame::Report;

use crate::{
    context_menu::ItemMenuState,
    dialogs::{AboutState, OpenDialogState},
    gestures::GesturesState,
    history::HistoryState,
    left_panel::LeftPanelState,
    look::Styles,
    named_panels::NamedPanelsState,
    notifications::NotificationsState,
    palette::PaletteState,
    pass::TileRects,
    rename::RenameState,
    save_dialog::SaveDialogState,
    selection_history::SelectionHistory,
    selection_panel::SelectionPanelState,
    settings::PanelSizes,
    settings_dialog::SettingsState,
    time_panel::TimePanelState,
    viewport::ViewportState,
};

/// State of one instance of the interface, kept from pass to pass: scroll positions, open dialogs, drafts.
///
/// As a resource it is that of [`PrimaryUiPlugin`](crate::PrimaryUiPlugin). A host that calls
/// [`show`](crate::show) keeps one per place in which it shows the viewer.
#[derive(Resource)]
pub struct UiState {
    /// Distinguishes instances in one parent.
    pub(crate) salt: egui::Id,
    /// Where the views were drawn in the last pass.
    pub(crate) tiles: TileRects,
    /// Both styles, once they were needed.
    pub(crate) styles: Option<Styles>,
    /// Something was changed that is seen only in the next pass.
    pub(crate) repaint_requested: bool,
    /// The hovered item is the one that this instance reported.
    pub(crate) is_hovering: bool,
    /// A panel, rather than a view, said last what the pointer is over.
    pub(crate) hover_is_of_panel: bool,
    /// A text field had the focus in the last pass.
    pub(crate) was_typing: bool,
    /// What the clipboard holds is to be pasted.
    pub(crate) paste_requested: bool,
    /// What went wrong in a pass, for the list of notifications.
    pub(crate) reports: Vec<Report>,
    /// Commands of an app that were chosen in a pass, with their names: run after it.
    pub(crate) systems: Vec<(Cow<'static, str>, SystemId)>,
    /// The program is to be closed.
    pub(crate) quit_requested: bool,
    /// The view or container that is shown alone, without panels.
    pub(crate) only: Option<Contents>,
    /// What is to be shown in a window of its own, or no longer.
    pub(crate) own_windows: Vec<(Contents, bool)>,
    /// Sizes of panels, to be kept beyond the run.
    pub panel_sizes: PanelSizes,
    pub(crate) left_panel: LeftPanelState,
    pub(crate) selection_panel: SelectionPanelState,
    pub(crate) viewport: ViewportState,
    pub(crate) time_panel: TimePanelState,
    pub(crate) panels: NamedPanelsState,
    pub(crate) notifications: NotificationsState,
    pub(crate) palette: PaletteState,
    pub(crate) item_menu: ItemMenuState,
    pub(crate) open_dialog: OpenDialogState,
    pub(crate) save_dialog: SaveDialogState,
    pub(crate) about: AboutState,
    pub(crate) rename: RenameState,
    pub(crate) history: HistoryState,
    pub(crate) gestures: GesturesState,
    pub(crate) settings: SettingsState,
    pub(crate) selection_history: SelectionHistory,
}

impl UiState {
    /// State of an instance with this salt. All ids of an instance derive from the salt and from the
    /// [`egui::Ui`] that it is shown in; two instances in one parent need two salts.
    pub fn new(salt: impl egui::AsId) -> Self {
        Self {
            salt: egui::Id::new(("chronoscope", egui::Id::new(salt))),
            tiles: TileRects::new(),
            styles: None,
            repaint_requested: false,
            is_hovering: false,
            hover_is_of_panel: false,
            was_typing: false,
            paste_requested: false,
            reports: Vec::new(),
            systems: Vec::new(),
            quit_requested: false,
            only: None,
            own_windows: Vec::new(),
            panel_sizes: PanelSizes::default(),
            left_panel: LeftPanelState::default(),
            selection_panel: SelectionPanelState::default(),
            viewport: ViewportState::default(),
            time_panel: TimePanelState::default(),
            panels: NamedPanelsState::default(),
            notifications: NotificationsState::default(),
            palette: PaletteState::default(),
            item_menu: ItemMenuState::default(),
            open_dialog: OpenDialogState::default(),
            save_dialog: SaveDialogState::default(),
            about: AboutState::default(),
            rename: RenameState::default(),
            history: HistoryState::default(),
            gestures: GesturesState::default(),
            settings: SettingsState::default(),
            selection_history: SelectionHistory::default(),
        }
    }

    /// State of an instance that shows one view, or a container with all in it, and nothing else: for a window of its own.
    pub fn of_contents(salt: impl egui::AsId, contents: Contents) -> Self {
        Self {
            only: Some(contents),
            ..Self::new(salt)
        }
    }

    /// Whether a dialog lies over everything.
    pub(crate) fn is_dialog_open(&self) -> bool {
        self.palette.is_open()
            || self.item_menu.is_open()
            || self.open_dialog.is_open()
            || self.save_dialog.is_open()
            || self.about.is_open()
            || self.rename.is_open()
            || self.history.is_open()
            || self.gestures.is_open()
            || self.settings.is_open()
    }
}

impl UiState {
    /// The rectangle of a view in the last pass, in points of the context; `None` where it was not shown.
    pub fn view_rect(&self, view: ViewId) -> Option<egui::Rect> {
        self.tiles.get(&view).copied()
    }
}

impl Default for UiState {
    /// State of an instance that is alone in its parent.
    fn default() -> Self {
        Self::new(())
    }
}

impl std::fmt::Debug for UiState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UiState")
            .field("salt", &self.salt)
            .finish_non_exhaustive()
    }
}
