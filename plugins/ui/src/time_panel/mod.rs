//! The panel below: how time moves, where the cursor is, and when what was logged.
//!
//! [`axis`] maps times to the screen, without the gaps of [`folds`], [`ruler`] labels it, [`rows`] are the streams as a list, [`density`]
//! counts what each row has on the axis and [`marks`] draws that together; [`state`] is what the panel
//! remembers.
//!
//! [`transport`] has the buttons, with [`timelines`] to change from one timeline to another. [`streams`]
//! draws the rows in their [`places`], with [`paint`]; [`pointer`] moves axis and cursor, [`region`] is the
//! selection of times.

mod axis;
mod density;
mod folds;
mod marks;
mod rows;
mod ruler;

mod state;

mod places;
mod pointer;

mod paint;
mod region;
mod streams;
mod timelines;
mod transport;

use egui::Ui;

pub(crate) use self::{region::remove_loop, state::TimePanelState, timelines::switch_timeline};
use crate::{
    icons,
    pass::{Pass, Place},
    settings::PanelSizes,
    theme::{Theme, size},
    widgets::empty_state,
};

/// Lays out the panel as one row of buttons.
pub(crate) fn reserve_collapsed(ui: &mut Ui, place: &Place, content: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    egui::Panel::bottom(place.id.with("time_panel_collapsed"))
        .exact_size(size::TOOLBAR + size::HAIRLINE)
        .frame(theme.toolbar_frame())
        .show(ui, content);
}

/// Lays out the panel.
pub(crate) fn reserve(ui: &mut Ui, place: &Place, dragged: &mut Option<f32>, content: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    let screen_height = place.rect.height();
    let least = size::TOOLBAR + 3.0 * size::ROW;
    let id = place.id.with("time_panel");
    let by_itself = (screen_height * 0.27).clamp(least, 280.0);
    let default = PanelSizes::initial(*dragged, ui.ctx(), id, by_itself);
    let shown = egui::Panel::bottom(id)
        .resizable(true)
        .default_size(default)
        .size_range(least..=(screen_height * 0.6).max(least + 1.0))
        .frame(egui::Frame::new().fill(theme.panel))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            content(ui);
            ui.take_available_space();
        });
    PanelSizes::note(dragged, ui.ctx(), id, shown.response.rect.height());
}

/// Draws the row of buttons.
pub(crate) fn show_collapsed(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    transport::show(ui, pass, state);
}

/// Draws what is in the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(size::PADDING as i8, 0))
        .show(ui, |ui| {
            ui.set_height(size::TOOLBAR);
            transport::show(ui, pass, state);
        });
    let y = ui.cursor().top();
    let theme = Theme::of(ui);
    ui.painter()
        .hline(ui.max_rect().x_range(), y, theme.hairline_stroke());
    match pass.store().filter(|store| store.num_chunks() > 0) {
        Some(_) => streams::show(ui, pass, state),
        None => empty_state(
            ui,
            icons::TIMELINE,
            "No streams yet",
            "What is logged appears here, by entity and time.",
        ),
    }
}
