//! Which panels are open.

use chronoscope_blueprint::{Panel, PanelState};

use crate::pass::Pass;

/// State of a panel: as the blueprint says, else expanded if the views still have enough room.
pub(crate) fn panel_state(pass: &Pass<'_>, panel: Panel) -> PanelState {
    if !pass.settings.panels.allow(panel) {
        return PanelState::Hidden;
    }
    let by_itself = match panel {
        Panel::Selection if pass.place.rect.width() < MIN_WIDTH_FOR_BOTH_SIDES => PanelState::Hidden,
        Panel::Blueprint if pass.place.rect.width() < MIN_WIDTH_FOR_LEFT => PanelState::Hidden,
        Panel::Time if pass.place.rect.height() < MIN_HEIGHT_FOR_TIME => PanelState::Collapsed,
        _ => PanelState::Expanded,
    };
    pass.viewport().panels.get(panel).unwrap_or(by_itself)
}

/// The least width at which panels open by themselves at both sides.
const MIN_WIDTH_FOR_BOTH_SIDES: f32 = 720.0;

/// The least width at which a panel opens by itself at the left.
const MIN_WIDTH_FOR_LEFT: f32 = 520.0;

/// The least height at which the time panel shows streams by itself.
const MIN_HEIGHT_FOR_TIME: f32 = 420.0;

/// Whether a panel at the side is open.
pub(crate) fn is_open(pass: &Pass<'_>, panel: Panel) -> bool {
    panel_state(pass, panel) == PanelState::Expanded
}
