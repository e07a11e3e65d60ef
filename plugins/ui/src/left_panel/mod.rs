//! The left panel: the recordings that are open, and the blueprint of the one that is shown, as a tree.

mod blueprint_tree;
mod recordings;
pub(crate) use recordings::recording_name;
mod rows;

use egui::Ui;

use self::blueprint_tree::TreeState;
use crate::{pass::Pass, theme::Theme};

/// What is expanded.
#[derive(Default)]
pub(crate) struct LeftPanelState {
    tree: TreeState,
}

/// Draws the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut LeftPanelState) {
    recordings::show(ui, pass);
    if pass.active().is_some() {
        let theme = Theme::of(ui);
        let y = ui.cursor().top();
        ui.painter()
            .hline(ui.max_rect().x_range(), y, theme.hairline_stroke());
        blueprint_tree::show(ui, pass, &mut state.tree);
    }
}
