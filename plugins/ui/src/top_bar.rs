//! The bar above: menu, undo, what is open and what is being loaded, notifications, panels.

use chronoscope_blueprint::Panel;
use chronoscope_frame::{IngestSources, SourceState};
use egui::{Align, Layout, RichText, Sense, Ui, Vec2};

use crate::{
    choices::Choice,
    commands::UiCommand,
    fonts, icons, menu,
    names::short_name,
    notifications::{self, NotificationsState},
    pass::{Pass, Place},
    theme::{Theme, size},
    widgets::{elided_label, elided_small, icon_button, icon_toggle},
};

/// Lays out the bar.
pub(crate) fn reserve(ui: &mut Ui, place: &Place, content: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    egui::Panel::top(place.id.with("top_bar"))
        .exact_size(size::TOOLBAR + size::HAIRLINE)
        .frame(theme.toolbar_frame())
        .show(ui, content);
}

/// Draws what is in the bar.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, notifications: &mut NotificationsState) {
    ui.spacing_mut().item_spacing.x = size::GRID;
    // From the right first: what is there stays, and the title takes the room that is left.
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        show_panel_toggles(ui, pass);
        notifications::show_button(ui, pass, notifications);
        show_progress(ui, pass);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            menu::show(ui, pass);
            let undo = command_button(ui, pass, UiCommand::Undo);
            command_button(ui, pass, UiCommand::Redo);
            // The list of edits is behind the button that takes them back one by one.
            if undo.secondary_clicked() {
                pass.choose(Choice::Command(UiCommand::History));
            }
            if ui.available_width() > 60.0 * size::GRID {
                command_button(ui, pass, UiCommand::Palette);
            }
            ui.add_space(size::PADDING);
            show_title(ui, pass);
        });
    });
}

/// A button for a command, with its name and shortcut as the tooltip.
pub(crate) fn command_button(ui: &mut Ui, pass: &mut Pass<'_>, command: UiCommand) -> egui::Response {
    let shortcut = command.shortcut_text();
    let response = ui
        .add_enabled_ui(command.is_enabled(pass), |ui| {
            icon_button(ui, command.icon(), &command.label(pass), shortcut.as_deref())
        })
        .inner;
    if response.clicked() {
        pass.choose(Choice::Command(command));
    }
    response
}

fn show_title(ui: &mut Ui, pass: &Pass<'_>) {
    let Some(entry) = pass.active() else {
        ui.label(RichText::new("Chronoscope").font(fonts::medium(ui, size::BODY)));
        return;
    };
    let title = entry.id().application_id.to_string();
    let source = entry.source_name.to_string();
    elided_label(ui, &title);
    if !source.is_empty() && source != title && ui.available_width() > 10.0 * size::PADDING {
        elided_small(ui, &source);
    }
}

/// Progress of loading.
fn show_progress(ui: &mut Ui, pass: &Pass<'_>) {
    let sources = pass.world.resource::<IngestSources>();
    let theme = Theme::of(ui);
    let loading: Vec<SourceState<'_>> = sources.states().filter(SourceState::is_loading).collect();
    let Some(first) = loading.first() else { return };
    // Of several, those that have ended are not among them, so that what is left says nothing of how far all
    // are.
    let progress = first.progress.filter(|_| loading.len() == 1);
    let text = match (loading.len(), progress) {
        (1, Some(progress)) => {
            let percent = progress.clamp(0.0, 1.0) * 100.0;
            format!("Loading {}, {percent:.0} %", short_name(first.name))
        }
        (1, None) => format!("Loading {}", short_name(first.name)),
        (count, _) => format!("Loading {count} sources"),
    };
    let tooltip: Vec<&str> = loading.iter().map(|source| source.name).collect();

    let width = (28.0 * size::GRID).min(ui.available_width());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::GRID), Sense::hover());
    ui.painter()
        .rect_filled(rect, f32::from(size::RADIUS), theme.raised);
    if let Some(progress) = progress {
        let done = egui::Rect::from_min_size(
            rect.min,
            Vec2::new(rect.width() * progress.clamp(0.0, 1.0), rect.height()),
        );
        ui.painter()
            .rect_filled(done, f32::from(size::RADIUS), theme.accent);
    }
    response.on_hover_text(tooltip.join("\n"));
    ui.label(RichText::new(text).size(size::SMALL).color(theme.secondary));
    ui.label(RichText::new(icons::LOADING).color(theme.secondary));
}

fn show_panel_toggles(ui: &mut Ui, pass: &mut Pass<'_>) {
    let commands = [
        (UiCommand::ToggleSelectionPanel, Panel::Selection),
        (UiCommand::ToggleTimePanel, Panel::Time),
        (UiCommand::ToggleLeftPanel, Panel::Blueprint),
    ];
    let panels = pass.settings.panels;
    let allowed = |(_, panel): &(_, Panel)| panels.allow(*panel);
    for (command, _) in commands.into_iter().filter(allowed) {
        let open = command.is_on(pass) == Some(true);
        let shortcut = command.shortcut_text();
        let clicked = ui
            .add_enabled_ui(command.is_enabled(pass) && pass.active().is_some(), |ui| {
                icon_toggle(ui, command.icon(), open, command.name(), shortcut.as_deref()).clicked()
            })
            .inner;
        if clicked {
            pass.choose(Choice::Command(command));
        }
    }
}
