//! The left panel: the recordings that are open, the sources that data still comes from or was to come from,
//! and the blueprint of the recording that is shown, as a tree.

mod blueprint_tree;
mod drag;
mod recordings;
mod rows;
#[cfg(feature = "time_series")]
mod series;
#[cfg(not(feature = "time_series"))]
#[path = "no_series.rs"]
mod series;
mod sources;

use chronoscope_frame::Item;
use egui::Ui;

use self::blueprint_tree::TreeState;
pub(crate) use self::recordings::{recording_name, started_nanos};
use crate::{notifications::Problems, pass::Pass, theme::Theme, tree_steps::TreeStep};

/// State of the panel.
#[derive(Default)]
pub(crate) struct LeftPanelState {
    tree: TreeState,
}

#[cfg(test)]
impl LeftPanelState {
    fn rows(&self) -> &std::sync::Arc<Vec<rows::Row>> {
        self.tree.rows()
    }
}

impl LeftPanelState {
    /// Goes a step in the tree of the blueprint. Returns what is to be selected.
    pub(crate) fn step(&mut self, selected: Option<&Item>, by: TreeStep) -> Option<Item> {
        self.tree.step(selected, by)
    }

    /// Opens or shuts all rows of the tree of the blueprint.
    pub(crate) fn set_all(&mut self, expanded: bool) {
        self.tree.set_all(expanded);
    }

    /// Opens the field that filters the tree.
    pub(crate) fn open_filter(&mut self) {
        self.tree.filter.open();
    }
}

/// Draws the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut LeftPanelState, problems: &Problems) {
    recordings::show(ui, pass, problems);
    sources::show(ui, pass);
    if pass.active().is_some() {
        let theme = Theme::of(ui);
        let y = ui.cursor().top();
        ui.painter()
            .hline(ui.max_rect().x_range(), y, theme.hairline_stroke());
        blueprint_tree::show(ui, pass, &mut state.tree);
    }
}
