//! State of the interface itself: nothing that a blueprint says, and nothing that a frame depends on.

use bevy::ecs::prelude::*;

use crate::{
    dialogs::{AboutState, OpenDialogState},
    left_panel::LeftPanelState,
    notifications::NotificationsState,
    palette::PaletteState,
    selection_panel::SelectionPanelState,
    time_panel::TimePanelState,
    viewport::ViewportState,
};

/// State that is kept from pass to pass.
#[derive(Resource, Default)]
pub(crate) struct UiState {
    /// The theme that the context has; none before the first pass.
    pub(crate) theme: Option<egui::ThemePreference>,
    /// Something was changed that is seen only in the next pass.
    pub(crate) repaint_requested: bool,
    /// A panel, rather than a view, said last what the pointer is over.
    pub(crate) hover_is_of_panel: bool,
    /// A text field had the focus in the last pass.
    pub(crate) was_typing: bool,
    /// The program is to be closed.
    pub(crate) quit_requested: bool,
    pub(crate) left_panel: LeftPanelState,
    pub(crate) selection_panel: SelectionPanelState,
    pub(crate) viewport: ViewportState,
    pub(crate) time_panel: TimePanelState,
    pub(crate) notifications: NotificationsState,
    pub(crate) palette: PaletteState,
    pub(crate) open_dialog: OpenDialogState,
    pub(crate) about: AboutState,
}
