//! What went wrong: a list behind the bell, and banners for errors until they are dismissed.

use std::collections::BTreeSet;

use chronoscope_frame::{Item, Report, Reports, error::Severity};
use egui::{Align, Color32, Layout, RichText, Sense, Ui};

use crate::{
    fonts, icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_small, icon_button},
};

/// Which reports were seen and dismissed, by their number, counted from the first report ever.
#[derive(Default)]
pub(crate) struct NotificationsState {
    is_open: bool,
    seen: usize,
    dismissed: BTreeSet<usize>,
    dismissed_below: usize,
}

impl NotificationsState {
    pub(crate) fn toggle_list(&mut self) {
        self.is_open = !self.is_open;
    }

    fn is_dismissed(&self, number: usize) -> bool {
        number < self.dismissed_below || self.dismissed.contains(&number)
    }

    fn dismiss_all(&mut self, total: usize) {
        self.dismissed_below = total;
        self.dismissed.clear();
    }
}

/// Reports that the list shows: more would be read by nobody.
const MAX_LISTED: usize = 200;

/// Banners that are shown at a time.
const MAX_BANNERS: usize = 3;

const WIDTH: f32 = 90.0 * size::GRID;

/// The bell, with how many reports there are, and the list behind it.
pub(crate) fn show_button(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut NotificationsState) {
    let theme = Theme::of(ui);
    let reports = pass.world.resource::<Reports>();
    let total = reports.total();
    let worst = reports.iter().map(|report| report.severity).max();
    let unseen = total.saturating_sub(state.seen);
    let tooltip = match total {
        0 => "No notifications".to_owned(),
        1 => "1 notification".to_owned(),
        count => format!("{count} notifications"),
    };
    let icon = match worst {
        Some(Severity::Error) => icons::ERROR,
        Some(Severity::Warning) => icons::WARNING,
        _ => icons::NOTIFICATIONS,
    };
    if total > 0 {
        let color = if unseen > 0 {
            worst.map_or(theme.secondary, |worst| severity_color(theme, worst))
        } else {
            theme.secondary
        };
        let count = if total > 999 {
            "999+".to_owned()
        } else {
            total.to_string()
        };
        ui.label(RichText::new(count).monospace().size(size::SMALL).color(color));
    }
    let button = icon_button(ui, icon, &tooltip, None);
    if button.clicked() {
        state.is_open = !state.is_open;
    }
    let mut is_open = state.is_open;
    egui::Popup::from_response(&button)
        .open_bool(&mut is_open)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .align(egui::RectAlign::BOTTOM_END)
        .show(|ui| {
            state.seen = total;
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 4.0 * size::PADDING));
            show_list(ui, pass, state, reports);
        });
    // A click on the bell closes the list by itself, and must not be taken for one outside of it.
    state.is_open = is_open || (state.is_open && button.clicked());
}

fn show_list(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut NotificationsState, reports: &Reports) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Notifications").font(fonts::medium(ui.ctx(), size::BODY)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if reports.total() > 0 && ui.small_button("Dismiss all").clicked() {
                state.dismiss_all(reports.total());
            }
        });
    });
    if reports.total() == 0 {
        ui.label(RichText::new("Nothing went wrong.").color(theme.secondary));
        return;
    }
    let height = ui.ctx().content_rect().height() * 0.6;
    egui::ScrollArea::vertical()
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for report in reports.iter().rev().take(MAX_LISTED) {
                ui.separator();
                show_report(ui, pass, report);
            }
            let older = reports
                .total()
                .saturating_sub(MAX_LISTED.min(reports.iter().count()));
            if older > 0 {
                ui.separator();
                ui.label(
                    RichText::new(format!("{older} older ones are not shown."))
                        .size(size::SMALL)
                        .color(theme.secondary),
                );
            }
        });
}

/// One report: how bad, where, what.
pub(crate) fn show_report(ui: &mut Ui, pass: &mut Pass<'_>, report: &Report) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(severity_icon(report.severity)).color(severity_color(theme, report.severity)));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            elided_small(ui, &report.source);
            if let Some(entity) = &report.entity {
                let item = Item::Entity(entity.clone());
                let link = ui.add(
                    egui::Label::new(RichText::new(entity.as_str()).monospace())
                        .truncate()
                        .sense(Sense::click()),
                );
                pass.respond(&link, &item);
            }
            ui.add(egui::Label::new(&report.message).wrap());
        });
    });
}

/// Errors, in the corner, until they are dismissed.
pub(crate) fn show_banners(ui: &Ui, pass: &Pass<'_>, state: &mut NotificationsState) {
    let reports = pass.world.resource::<Reports>();
    let first = reports.total().saturating_sub(reports.iter().count());
    let open: Vec<(usize, &Report)> = reports
        .iter()
        .enumerate()
        .map(|(at, report)| (first + at, report))
        .filter(|(number, report)| report.severity == Severity::Error && !state.is_dismissed(*number))
        .collect();
    if open.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    let screen = ui.ctx().content_rect();
    let width = WIDTH.min(screen.width() - 2.0 * size::PADDING);
    let mut dismiss_all = false;
    egui::Area::new(egui::Id::new("banners"))
        .anchor(
            egui::Align2::RIGHT_TOP,
            egui::vec2(-size::PADDING, size::TOOLBAR + size::PADDING),
        )
        .order(egui::Order::Foreground)
        .show(ui.ctx(), |ui| {
            ui.set_width(width);
            for (number, report) in open.iter().rev().take(MAX_BANNERS) {
                banner_frame(theme, severity_color(theme, report.severity)).show(ui, |ui| {
                    ui.horizontal_top(|ui| {
                        let room = ui.available_width() - size::ROW - size::PADDING;
                        ui.label(RichText::new(icons::ERROR).color(theme.error));
                        ui.vertical(|ui| {
                            ui.set_width((room - size::ICON).max(size::ROW));
                            elided_small(ui, &report.source);
                            ui.add(egui::Label::new(&report.message).wrap());
                        });
                        if icon_button(ui, icons::CLOSE, "Dismiss", None).clicked() {
                            state.dismissed.insert(*number);
                        }
                    });
                });
            }
            if open.len() > MAX_BANNERS {
                banner_frame(theme, theme.hairline).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.label(format!("{} more errors", open.len() - MAX_BANNERS));
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            dismiss_all |= ui.small_button("Dismiss all").clicked();
                        });
                    });
                });
            }
        });
    if dismiss_all {
        state.dismiss_all(reports.total());
    }
}

fn banner_frame(theme: &Theme, edge: Color32) -> egui::Frame {
    egui::Frame::new()
        .fill(theme.raised)
        .stroke(egui::Stroke::new(size::HAIRLINE, edge))
        .corner_radius(egui::CornerRadius::same(size::RADIUS))
        .inner_margin(egui::Margin::same(size::PADDING as i8))
}

fn severity_icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => icons::INFO,
        Severity::Warning => icons::WARNING,
        Severity::Error => icons::ERROR,
    }
}

fn severity_color(theme: &Theme, severity: Severity) -> Color32 {
    match severity {
        Severity::Info => theme.secondary,
        Severity::Warning => theme.warning,
        Severity::Error => theme.error,
    }
}
