//! The arrangement: the bar above, recordings and blueprint left, selection right, time below, tiles in the
//! middle.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{Panel, PanelState};
use chronoscope_frame::{Item, Reports, Selection, ViewerCommand, ViewerCommands};

use crate::{
    actions, dialogs, left_panel, notifications, palette,
    panels::{is_open, panel_state},
    pass::{Pass, ShownTiles},
    selection_panel,
    state::UiState,
    theme::{Theme, size},
    time_panel, top_bar, viewport,
};

/// Draws everything, and returns where the views are.
pub(crate) fn show(
    ui: &mut egui::Ui,
    world: &World,
    state: &mut UiState,
    out: &mut ViewerCommands,
) -> ShownTiles {
    let screen = ui.max_rect();
    let mut pass = Pass::new(world, out, screen.size());
    actions::handle_shortcuts(ui.ctx(), &mut pass, state);
    take_dropped_files(ui.ctx(), &mut pass);
    state.notifications.update(world.resource::<Reports>());

    let mut chosen = top_bar::show(ui, &mut pass, &mut state.notifications);
    if pass.active().is_some() {
        match panel_state(&pass, Panel::Time) {
            PanelState::Hidden => {}
            PanelState::Collapsed => time_panel::show_collapsed(ui, &mut pass, &mut state.time_panel),
            PanelState::Expanded => time_panel::show(ui, &mut pass, &mut state.time_panel, screen.height()),
        }
    }
    if is_open(&pass, Panel::Blueprint) {
        side_panel(ui, Side::Left, screen.width(), |ui| {
            left_panel::show(
                ui,
                &mut pass,
                &mut state.left_panel,
                state.notifications.problems(),
            );
        });
    }
    if is_open(&pass, Panel::Selection) && pass.active().is_some() {
        side_panel(ui, Side::Right, screen.width(), |ui| {
            selection_panel::show(ui, &mut pass, &mut state.selection_panel);
        });
    }
    let theme = Theme::of(ui);
    let shown = egui::CentralPanel::no_frame()
        .frame(egui::Frame::new().fill(theme.viewport))
        .show(ui, |ui| {
            puffin::profile_scope!("tree.ui");
            viewport::show(ui, &mut pass, &mut state.viewport)
        })
        .inner;

    notifications::show_banners(ui, &mut state.notifications);
    chosen = palette::show(ui.ctx(), &pass, &mut state.palette).or(chosen);
    dialogs::show_open(ui.ctx(), &mut pass, &mut state.open_dialog);
    dialogs::show_about(ui.ctx(), &mut state.about);
    if let Some(command) = chosen {
        actions::run(command, &mut pass, state, ui.ctx());
    }
    show_drop_hint(ui);
    let Pass {
        hovered,
        is_over_view,
        ..
    } = pass;
    settle_hover(world, state, hovered, is_over_view, out);
    state.was_typing = ui.ctx().text_edit_focused();
    state.repaint_requested |= state.time_panel.is_counting();
    shown
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn side_panel(ui: &mut egui::Ui, side: Side, screen_width: f32, content: impl FnOnce(&mut egui::Ui)) {
    // Both panels together never take more than two thirds, so that something is left for the tiles in a
    // small window.
    let (panel, share, widths) = match side {
        Side::Left => (egui::Panel::left("left_panel"), 0.17, 180.0..=280.0),
        Side::Right => (egui::Panel::right("selection_panel"), 0.21, 208.0..=340.0),
    };
    let default = (screen_width * share).clamp(*widths.start(), *widths.end());
    let theme = Theme::of(ui);
    panel
        .resizable(true)
        .default_size(default)
        .size_range(160.0..=(screen_width / 3.0).max(161.0))
        .frame(egui::Frame::new().fill(theme.panel))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            content(ui);
            ui.take_available_space();
        });
}

/// Files that were dropped onto the window are opened.
fn take_dropped_files(ctx: &egui::Context, pass: &mut Pass<'_>) {
    let paths: Vec<_> = ctx.input(|input| {
        input
            .raw
            .dropped_files
            .iter()
            .map(|file| file.path().to_owned())
            .collect()
    });
    if !paths.is_empty() {
        pass.push(ViewerCommand::OpenFiles(paths));
    }
}

/// While files hang over the window: what happens when they are dropped.
fn show_drop_hint(ui: &egui::Ui) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let theme = Theme::of(ui);
    let rect = ui.ctx().content_rect();
    let painter = ui.ctx().layer_painter(egui::LayerId::new(
        egui::Order::Foreground,
        egui::Id::new("drop_hint"),
    ));
    painter.rect(
        rect.shrink(size::PADDING),
        egui::CornerRadius::same(size::RADIUS),
        theme.selection(),
        theme.selection_edge(),
        egui::StrokeKind::Inside,
    );
    let font = egui::TextStyle::Heading.resolve(ui.style());
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to open",
        font,
        theme.text,
    );
}

/// Sends the hovered item if it changed, once per pass.
///
/// A view reports only changes of what is under the pointer, and may find it out frames later. So while the pointer is
/// over a view, no report means the same item as before; elsewhere it means no item, and an item that a view reports
/// comes too late.
fn settle_hover(
    world: &World,
    state: &mut UiState,
    from_panels: Option<Item>,
    is_over_view: bool,
    out: &mut ViewerCommands,
) {
    let mut from_views = None;
    for command in out.take() {
        match command {
            ViewerCommand::Hover(item) => from_views = Some(item),
            other => out.push(other),
        }
    }
    let before = &world.resource::<Selection>().hovered;
    let was_of_panel = state.hover_is_of_panel;
    state.hover_is_of_panel = from_panels.is_some();
    let now = match (from_panels, from_views) {
        (Some(item), _) => Some(item),
        (None, Some(item)) if is_over_view || item.is_none() => item,
        (None, None) if is_over_view && !was_of_panel => before.clone(),
        (None, _) => None,
    };
    if now != *before {
        out.push(ViewerCommand::Hover(now));
    }
}
