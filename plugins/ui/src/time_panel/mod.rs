//! The panel below: how time moves, where the cursor is, and when what was logged.
//!
//! [`axis`] maps times to the screen, [`ruler`] labels it, [`rows`] are the streams as a list, [`density`] is what each row
//! shows on the axis; [`transport`] has the buttons, [`streams`] draws rows, marks and cursor and answers the pointer.

mod axis;
mod density;
mod rows;
mod ruler;
mod streams;
mod transport;

use chronoscope_store::{TimeRange, TimelineId};
use egui::Ui;

use self::{axis::AxisView, density::DensityCache, streams::StreamsState};
use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::empty_state,
};

/// What the panel remembers.
#[derive(Default)]
pub(crate) struct TimePanelState {
    /// The part of the timeline that is shown, where it is not all of it, and of which timeline.
    view: Option<(chronoscope_frame::RecordingKey, TimelineId, AxisView)>,
    streams: StreamsState,
    density: DensityCache,
}

impl TimePanelState {
    /// Shows all of the timeline.
    pub(crate) fn reset_zoom(&mut self) {
        self.view = None;
    }
}

/// Draws the panel as one row of buttons.
pub(crate) fn show_collapsed(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    let theme = Theme::of(ui);
    egui::Panel::bottom("time_panel_collapsed")
        .exact_size(size::TOOLBAR + size::HAIRLINE)
        .frame(theme.toolbar_frame())
        .show(ui, |ui| transport::show(ui, pass, state));
}

/// Draws the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState, screen_height: f32) {
    let theme = Theme::of(ui);
    let least = size::TOOLBAR + 3.0 * size::ROW;
    egui::Panel::bottom("time_panel")
        .resizable(true)
        .default_size((screen_height * 0.27).clamp(least, 280.0))
        .size_range(least..=(screen_height * 0.6).max(least + 1.0))
        .frame(egui::Frame::new().fill(theme.panel))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            egui::Frame::new()
                .inner_margin(egui::Margin::symmetric(size::PADDING as i8, 0))
                .show(ui, |ui| {
                    ui.set_height(size::TOOLBAR);
                    transport::show(ui, pass, state);
                });
            let y = ui.cursor().top();
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
            ui.take_available_space();
        });
}

/// All times of the shown timeline, with data on it.
fn data_range(pass: &Pass<'_>) -> Option<(TimelineId, TimeRange)> {
    let timeline = pass.cursor()?.timeline?;
    let range = pass.store()?.time_range(timeline);
    (!range.is_empty()).then_some((timeline, range))
}
