//! The arrangement: the bar above, recordings and blueprint left, selection right, time below, tiles in the
//! middle.

use std::time::Instant;

use bevy::{app::AppExit, ecs::message::Messages, ecs::prelude::*};
use bevy_egui::EguiClipboard;
use chronoscope_blueprint::{Panel, PanelState, ViewId};
use chronoscope_frame::{
    FrameDiagnostics, Item, Report, Reports, Selection, Settled, ViewerCommand, ViewerCommands,
};
use chronoscope_types::TimeZone;
use chronoscope_views::{ViewStyle, view_action};

use crate::{
    OwnWindows, actions, choices, context_menu, dialogs, entity_drag, fonts, gestures, history, left_panel,
    look,
    named_panels::{self, NamedPanels, PanelSide},
    notifications, overlay, palette,
    panels::{is_open, panel_state},
    pass::{Pass, Place, TileRects},
    rename, save_dialog, selection_panel,
    settings::{AllowedPanels, Look, PanelSizes, UiSettings},
    settings_dialog,
    shown::ShownTiles,
    state::UiState,
    system_fonts::SystemFonts,
    theme::{Theme, size},
    time_panel, top_bar, view_commands, viewport,
};

/// Draws the whole viewer into the room that `ui` has left, and hands over the commands that come of it.
///
/// Bars, panels, tiles, dialogs and notifications stay within that rectangle; only menus and tooltips may
/// reach beyond. Ids derive from `ui` and from the salt of `state`, so that neither panels of the host nor
/// other instances clash with those of the viewer. The look is that of [`UiSettings`]; the host's part of the
/// context keeps its own. A view is worked on only for as long as some instance shows it, so a viewer that is
/// not drawn costs no more than the arrival of its data.
///
/// Needs [`UiPlugin`](crate::UiPlugin) in the app; without it, a line of text says so. Call it from an
/// exclusive system in the pass of the context that `ui` belongs to.
pub fn show(world: &mut World, ui: &mut egui::Ui, state: &mut UiState) {
    let start = Instant::now();
    let rect = ui.available_rect_before_wrap();
    let Some(settings) = world.get_resource::<UiSettings>().copied() else {
        ui.label("The viewer is not part of this app: add ChronoscopePlugins.");
        return;
    };
    let can_be_seen = ui.is_visible() && rect.width() >= 1.0 && rect.height() >= 1.0;
    if !can_be_seen {
        state.tiles.clear();
        ui.advance_cursor_after_rect(rect);
        return;
    }
    let ctx = ui.ctx().clone();
    let (replaced, lacks_fonts) = look::replace(&ctx, &settings, &mut state.styles);
    state.repaint_requested |= lacks_fonts;
    let id = ui.id().with(state.salt);
    let builder = egui::UiBuilder::new()
        .id(id)
        .max_rect(rect)
        .layout(egui::Layout::top_down(egui::Align::Min));
    ui.scope_builder(builder, |ui| {
        match settings.style {
            Look::Own => ui.set_style(ctx.global_style()),
            // What the host set for this place holds, but for the faces.
            Look::Host if replaced.is_some() => {
                let text_styles = &mut ui.style_mut().text_styles;
                text_styles.values_mut().for_each(fonts::to_own_face);
            }
            Look::Host => {}
        }
        ui.shrink_clip_rect(rect);
        ui.expand_to_include_rect(rect);
        let mut place = Place {
            id,
            rect,
            is_whole_context: rect.contains_rect(ctx.content_rect()),
            has_keys: true,
        };
        place.has_keys = place.is_whole_context || is_aimed_at(ui, &place);
        draw(ui, world, state, settings, place);
    });
    look::restore(&ctx, replaced);
    if let Some(mut diagnostics) = world.get_resource_mut::<FrameDiagnostics>() {
        diagnostics.bypass_change_detection().ui += start.elapsed();
    }
}

/// Whether the pointer is over the viewer, or the focus in it.
fn is_aimed_at(ui: &egui::Ui, place: &Place) -> bool {
    let ctx = ui.ctx();
    let own_layers = [
        [
            ui.layer_id(),
            egui::LayerId::new(egui::Order::Foreground, place.id.with(notifications::BANNERS)),
        ],
        overlay::layers(place, palette::PALETTE),
        overlay::layers(place, context_menu::ITEM_MENU),
        overlay::layers(place, dialogs::OPEN),
        overlay::layers(place, save_dialog::SAVE),
        overlay::layers(place, dialogs::ABOUT),
        overlay::layers(place, rename::RENAME),
        overlay::layers(place, history::HISTORY),
        overlay::layers(place, gestures::GESTURES),
        overlay::layers(place, settings_dialog::SETTINGS),
    ];
    let is_own = |layer: egui::LayerId| own_layers.as_flattened().contains(&layer);
    let focused = ctx.memory(egui::Memory::focused);
    if let Some(response) = focused.and_then(|focused| ctx.read_response(focused)) {
        return is_own(response.layer_id) && place.rect.contains(response.rect.center());
    }
    let pointer = ctx.input(|input| input.pointer.latest_pos());
    pointer.is_some_and(|at| place.rect.contains(at) && ctx.layer_id_at(at).is_none_or(is_own))
}

/// Draws everything and writes what came of it.
fn draw(ui: &mut egui::Ui, world: &mut World, state: &mut UiState, settings: UiSettings, place: Place) {
    let mut commands = ViewerCommands::default();
    let (tiles, chosen) = arrange(ui, world, state, place, &mut commands);
    let failed = named_panels::draw(ui, world, &mut state.panels);
    state.reports.extend(failed);
    if std::mem::take(&mut state.paste_requested) {
        match clipboard_text(world) {
            Ok(text) => commands.push(ViewerCommand::PasteBlueprint(text)),
            Err(report) => state.reports.push(report),
        }
    }
    let mut repaint_requested = std::mem::take(&mut state.repaint_requested) || !state.reports.is_empty();
    for report in state.reports.drain(..) {
        world.resource_mut::<Reports>().push(report);
    }
    if settings.system_fonts && settings.fonts == Look::Own {
        world.resource_scope(|world, mut fonts: Mut<SystemFonts>| {
            repaint_requested |= fonts.update(ui.ctx(), world.resource::<Settled>());
        });
    }
    for (name, system) in std::mem::take(&mut state.systems) {
        if let Err(error) = world.run_system(system) {
            let report = Report::error(name.to_string(), error.to_string());
            world.resource_mut::<Reports>().push(report);
        }
        repaint_requested = true;
    }
    if chosen != settings {
        world.insert_resource(chosen);
        repaint_requested = true;
    }
    // The next frame shows the effect of the commands.
    repaint_requested |= !commands.is_empty();
    world.resource_mut::<ViewerCommands>().append(&mut commands);
    let style = view_style(&Theme::of(ui), chosen.time_zone());
    if *world.resource::<ViewStyle>() != style {
        world.insert_resource(style);
        repaint_requested = true;
    }
    let pixels_per_point = ui.pixels_per_point();
    world
        .resource_mut::<ShownTiles>()
        .record(place.id, &tiles, pixels_per_point);
    state.tiles = tiles;
    if let Some(mut windows) = world.get_resource_mut::<OwnWindows>() {
        for (item, is_own) in state.own_windows.drain(..) {
            if is_own {
                windows.open(item);
            } else {
                windows.close(item);
            }
            repaint_requested = true;
        }
    }
    if std::mem::take(&mut state.quit_requested)
        && let Some(mut exits) = world.get_resource_mut::<Messages<AppExit>>()
    {
        exits.write(AppExit::Success);
    }
    if repaint_requested {
        world.resource_mut::<Settled>().disturb();
        // A host may draw only when asked to.
        ui.ctx().request_repaint();
    }
}

/// The text on the clipboard.
fn clipboard_text(world: &mut World) -> Result<String, Report> {
    let clipboard = world.get_resource_mut::<EguiClipboard>();
    match clipboard.and_then(|mut clipboard| clipboard.get_text()) {
        Some(text) if text.trim().is_empty() => {
            Err(Report::warning("clipboard", "The clipboard holds no text."))
        }
        Some(text) => Ok(text),
        None => Err(Report::error("clipboard", "The clipboard cannot be read.")),
    }
}

fn view_style(theme: &Theme, time_zone: TimeZone) -> ViewStyle {
    ViewStyle {
        background: theme.viewport,
        grid: theme.hairline,
        text: theme.text,
        secondary_text: theme.secondary,
        label_background: theme.label_background(),
        cursor: theme.cursor,
        hovered: theme.cursor,
        selected: theme.accent,
        warning: theme.warning,
        error: theme.error,
        success: theme.success,
        time_zone,
    }
}

/// Lays everything out. Returns where the views are, and the settings as they were chosen.
fn arrange(
    ui: &mut egui::Ui,
    world: &World,
    state: &mut UiState,
    place: Place,
    out: &mut ViewerCommands,
) -> (TileRects, UiSettings) {
    let ctx = ui.ctx().clone();
    let mut pass = Pass::new(world, out, place);
    let panels = pass.settings.panels;
    if state.only.is_some() {
        pass.only = state.only;
        pass.settings.panels = AllowedPanels::NONE;
    } else {
        pass.open_panels = state.panels.open(world.resource::<NamedPanels>());
    }
    pass.selection_steps = state.selection_history.note(&pass.selection().selected);
    pass.shown_views = state.tiles.keys().copied().collect();
    pass.pointed_view = view_under_pointer(ui, state);
    let keys_are_free = pass.place.has_keys && !state.is_dialog_open() && !egui::Popup::is_any_open(&ctx);
    let key_view = view_commands::key_view(&pass).filter(|_| keys_are_free);
    view_action::set_key_view(&ctx, key_view);
    actions::handle_shortcuts(&ctx, &mut pass, state);
    take_dropped_files(&ctx, &mut pass);
    state.notifications.update(&ctx, world.resource::<Reports>());

    arrange_panels(ui, &mut pass, state);
    let theme = Theme::of(ui);
    let tiles = egui::CentralPanel::no_frame()
        .frame(egui::Frame::new().fill(theme.viewport))
        .show(ui, |ui| {
            puffin::profile_scope!("tree.ui");
            viewport::show(ui, &mut pass, &mut state.viewport)
        })
        .inner;

    if pass.only.is_none() {
        notifications::show_banners(ui, &place, &mut state.notifications);
    }
    if let Some(choice) = palette::show(&ctx, &pass, &mut state.palette) {
        pass.choose(choice);
    }
    context_menu::show_of_selection(&ctx, &mut pass, &mut state.item_menu);
    dialogs::show_open(&ctx, &mut pass, &mut state.open_dialog);
    save_dialog::show(&ctx, &mut pass, &mut state.save_dialog);
    dialogs::show_about(&ctx, &place, &mut state.about);
    rename::show(&ctx, &mut pass, &mut state.rename);
    history::show(&ctx, &mut pass, &mut state.history);
    gestures::show(&ctx, &pass, &mut state.gestures);
    settings_dialog::show(&ctx, &mut pass, &mut state.settings);
    entity_drag::paint_dragged(&ctx, &pass);
    let chosen = std::mem::take(&mut pass.chosen);
    state.repaint_requested |= !chosen.is_empty();
    for choice in chosen {
        choices::perform(choice, &ctx, &mut pass, state);
    }
    if pass.settings.take_drops {
        show_drop_hint(ui, &place);
    }
    let Pass {
        hovered,
        is_over_view,
        mut settings,
        ..
    } = pass;
    settings.panels = panels;
    settle_hover(world, state, hovered, is_over_view, out);
    state.was_typing = ctx.text_edit_focused();
    (tiles, settings)
}

/// Lays out the panels: those of the viewer's own or what took their places, and those of an app.
fn arrange_panels(ui: &mut egui::Ui, pass: &mut Pass<'_>, state: &mut UiState) {
    let place = pass.place;
    let panels = &mut state.panels;
    if pass.settings.panels.top_bar {
        let notifications = &mut state.notifications;
        top_bar::reserve(ui, &place, |ui| {
            named_panels::fill(ui, pass, panels, Panel::Top, |ui, pass| {
                top_bar::show(ui, pass, notifications);
            });
        });
    }
    if pass.active().is_some() {
        let time_panel = &mut state.time_panel;
        match panel_state(pass, Panel::Time) {
            PanelState::Hidden => {}
            PanelState::Collapsed => time_panel::reserve_collapsed(ui, &place, |ui| {
                named_panels::fill(ui, pass, panels, Panel::Time, |ui, pass| {
                    time_panel::show_collapsed(ui, pass, time_panel);
                });
            }),
            PanelState::Expanded => time_panel::reserve(ui, &place, &mut state.panel_sizes.time, |ui| {
                named_panels::fill(ui, pass, panels, Panel::Time, |ui, pass| {
                    time_panel::show(ui, pass, time_panel);
                    // Only what is shown goes on counting.
                    state.repaint_requested |= time_panel.is_counting();
                });
            }),
        }
    }
    named_panels::reserve(ui, pass, panels, PanelSide::Bottom);
    if is_open(pass, Panel::Blueprint) {
        side_panel(ui, Side::Left, &place, &mut state.panel_sizes.left, |ui| {
            named_panels::fill(ui, pass, panels, Panel::Blueprint, |ui, pass| {
                let problems = state.notifications.problems();
                left_panel::show(ui, pass, &mut state.left_panel, problems);
            });
        });
    }
    named_panels::reserve(ui, pass, panels, PanelSide::Left);
    named_panels::reserve(ui, pass, panels, PanelSide::Right);
    if is_open(pass, Panel::Selection) && pass.active().is_some() {
        side_panel(ui, Side::Right, &place, &mut state.panel_sizes.right, |ui| {
            named_panels::fill(ui, pass, panels, Panel::Selection, |ui, pass| {
                selection_panel::show(ui, pass, &mut state.selection_panel);
            });
        });
    }
}

/// The view that the pointer is over, with nothing before it.
fn view_under_pointer(ui: &egui::Ui, state: &UiState) -> Option<ViewId> {
    let ctx = ui.ctx();
    let at = ctx.input(|input| input.pointer.latest_pos())?;
    let is_free = ctx.layer_id_at(at).is_none_or(|layer| layer == ui.layer_id());
    let mut tiles = state.tiles.iter().filter(|_| is_free);
    tiles.find_map(|(view, rect)| rect.contains(at).then_some(*view))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn side_panel(
    ui: &mut egui::Ui,
    side: Side,
    place: &Place,
    dragged: &mut Option<f32>,
    content: impl FnOnce(&mut egui::Ui),
) {
    // Two panels together never take more than two thirds, so that something is left for the tiles in a small
    // window.
    let (name, share, widths) = match side {
        Side::Left => ("left_panel", 0.17, 180.0..=280.0),
        Side::Right => ("selection_panel", 0.21, 208.0..=340.0),
    };
    let id = place.id.with(name);
    let panel = match side {
        Side::Left => egui::Panel::left(id),
        Side::Right => egui::Panel::right(id),
    };
    let width = place.rect.width();
    let by_itself = (width * share).clamp(*widths.start(), *widths.end());
    let default = PanelSizes::initial(*dragged, ui.ctx(), id, by_itself);
    let theme = Theme::of(ui);
    let shown = panel
        .resizable(true)
        .default_size(default)
        .size_range(160.0..=(width / 3.0).max(161.0))
        .frame(egui::Frame::new().fill(theme.panel))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            content(ui);
            ui.take_available_space();
        });
    PanelSizes::note(dragged, ui.ctx(), id, shown.response.rect.width());
}

/// Files that were dropped onto the window are opened. They are taken, so that no other instance opens them
/// again.
fn take_dropped_files(ctx: &egui::Context, pass: &mut Pass<'_>) {
    if !pass.settings.take_drops {
        return;
    }
    let files = ctx.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
    if !files.is_empty() {
        let paths = files.iter().map(|file| file.path().to_owned()).collect();
        pass.push(ViewerCommand::OpenFiles(paths));
    }
}

/// While files hang over the window: what happens when they are dropped.
fn show_drop_hint(ui: &egui::Ui, place: &Place) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let theme = Theme::of(ui);
    let layer = egui::LayerId::new(egui::Order::Foreground, place.id.with("drop_hint"));
    let painter = ui.ctx().layer_painter(layer).with_clip_rect(place.rect);
    painter.rect(
        place.rect.shrink(size::PADDING),
        egui::CornerRadius::same(size::RADIUS),
        theme.selection(),
        theme.selection_edge(),
        egui::StrokeKind::Inside,
    );
    let font = egui::TextStyle::Heading.resolve(ui.style());
    painter.text(
        place.rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to open",
        font,
        theme.text,
    );
}

/// Sends the hovered item if it changed, once per pass.
///
/// A view reports only changes of what is under the pointer, and may find it out frames later. So while the
/// pointer is over a view, no report means the same item as before; elsewhere it means no item, and an item
/// that a view reports comes too late.
fn settle_hover(
    world: &World,
    state: &mut UiState,
    from_panels: Option<Item>,
    is_over_view: bool,
    out: &mut ViewerCommands,
) {
    let mut from_views = None;
    out.retain(|command| match command {
        ViewerCommand::Hover(item) => {
            from_views = Some(item.clone());
            false
        }
        _ => true,
    });
    let before = &world.resource::<Selection>().hovered;
    let was_of_panel = state.hover_is_of_panel;
    state.hover_is_of_panel = from_panels.is_some();
    let now = match (from_panels, from_views) {
        (Some(item), _) => Some(item),
        (None, Some(item)) if is_over_view || item.is_none() => item,
        (None, None) if is_over_view && !was_of_panel => before.clone(),
        (None, _) => None,
    };
    // Who has not hovered it has nothing to withdraw: it is another instance's, or the host's.
    if now.is_none() && !state.is_hovering {
        return;
    }
    state.is_hovering = now.is_some();
    if now != *before {
        out.push(ViewerCommand::Hover(now));
    }
}
