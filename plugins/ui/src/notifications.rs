//! Reports: a list behind the bell, and banners: for what matters until it is dismissed, for what is done a
//! moment.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chronoscope_frame::{Item, Report, Reports, error::Severity};
use egui::{Align, Color32, Layout, RichText, Sense, Ui};

use crate::{
    fonts, icons,
    pass::{Pass, Place},
    theme::{Theme, size},
    widgets::{elided_small, icon_button, scrolled_list},
};

/// Which reports were seen and dismissed, by their number, counted from the first report ever.
#[derive(Default)]
pub(crate) struct NotificationsState {
    is_open: bool,
    seen: usize,
    /// Reports that were taken into account until now.
    num_read: usize,
    worst: Option<Severity>,
    banners: Vec<Banner>,
    problems: Problems,
}

/// A report in the corner.
struct Banner {
    report: Report,
    /// When it goes by itself, if it does, in seconds of the context.
    until_secs: Option<f64>,
}

/// Seconds for which a banner says that something is done.
const SUCCESS_SECS: f64 = 6.0;

/// The worst problem of each file or stream.
#[derive(Default)]
pub(crate) struct Problems(BTreeMap<Arc<str>, SourceProblem>);

/// The worst problem of a file or stream; the latest if several are as bad.
pub(crate) struct SourceProblem {
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

impl Problems {
    /// The worst problem of a source.
    pub(crate) fn of(&self, source: &str) -> Option<&SourceProblem> {
        self.0.get(source)
    }

    fn add(&mut self, report: &Report) {
        let is_worse = self
            .of(&report.source)
            .is_none_or(|known| report.severity >= known.severity);
        if report.severity > Severity::Info && is_worse {
            let problem = SourceProblem {
                severity: report.severity,
                message: report.message.clone(),
            };
            self.0.insert(Arc::clone(&report.source), problem);
        }
    }
}

impl NotificationsState {
    pub(crate) fn toggle_list(&mut self) {
        self.is_open = !self.is_open;
    }

    /// Problems by source.
    pub(crate) fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Takes new reports into account. Cost: as many as there are new ones.
    pub(crate) fn update(&mut self, ctx: &egui::Context, reports: &Reports) {
        let now_secs = ctx.input(|input| input.time);
        let num_new = reports.total().saturating_sub(self.num_read);
        self.num_read = reports.total();
        let new: Vec<&Report> = reports.iter().rev().take(num_new).collect();
        for report in new.into_iter().rev() {
            self.worst = self.worst.max(Some(report.severity));
            self.problems.add(report);
            let is_notice = match report.severity {
                Severity::Success | Severity::Error => true,
                // Those about entities stand beside the views that show them.
                Severity::Warning => report.entity.is_none(),
                Severity::Info => false,
            };
            if is_notice {
                let is_done = report.severity == Severity::Success;
                self.banners.retain(|banner| banner.report != *report);
                self.banners.push(Banner {
                    report: report.clone(),
                    until_secs: is_done.then_some(now_secs + SUCCESS_SECS),
                });
            }
        }
        self.banners
            .retain(|banner| banner.until_secs.is_none_or(|until_secs| now_secs < until_secs));
        let next = self.banners.iter().filter_map(|banner| banner.until_secs);
        if let Some(until_secs) = next.reduce(f64::min) {
            ctx.request_repaint_after(Duration::from_secs_f64(until_secs - now_secs));
        }
        let too_many = self.banners.len().saturating_sub(MAX_KEPT);
        self.banners.drain(..too_many);
    }
}

/// Reports that the list shows: more would be read by nobody.
const MAX_LISTED: usize = 200;

/// Banners that wait for their place.
const MAX_KEPT: usize = 100;

/// Banners that are shown at a time.
const MAX_BANNERS: usize = 3;

const WIDTH: f32 = 90.0 * size::GRID;

/// The name of the banners' layer.
pub(crate) const BANNERS: &str = "banners";

/// The bell, with how many reports there are, and the list behind it.
pub(crate) fn show_button(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut NotificationsState) {
    let theme = Theme::of(ui);
    let reports = pass.world.resource::<Reports>();
    let total = reports.total();
    let worst = state.worst;
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
            worst.map_or(theme.secondary, |worst| severity_color(&theme, worst))
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
            ui.set_width(pass.place.width_for(WIDTH));
            show_list(ui, pass, state, reports);
        });
    // A click on the bell closes the list by itself, and must not be taken for one outside of it.
    state.is_open = is_open || (state.is_open && button.clicked());
}

fn show_list(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut NotificationsState, reports: &Reports) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Notifications").font(fonts::medium(ui, size::BODY)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if reports.total() > 0 && ui.small_button("Dismiss all").clicked() {
                state.banners.clear();
            }
        });
    });
    if reports.total() == 0 {
        ui.label(RichText::new("No notifications").color(theme.secondary));
        return;
    }
    let height = pass.place.rect.height() * 0.6;
    scrolled_list(height).auto_shrink([false, true]).show(ui, |ui| {
        for report in reports.iter().rev().take(MAX_LISTED) {
            ui.separator();
            show_report(ui, pass, report);
        }
        let older = reports.total().saturating_sub(MAX_LISTED);
        if older > 0 {
            ui.separator();
            ui.label(
                RichText::new(format!("{older} older notifications are not shown."))
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
        ui.label(
            RichText::new(severity_icon(report.severity)).color(severity_color(&theme, report.severity)),
        );
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            elided_small(ui, &report.source);
            if let Some(entity) = &report.entity {
                let item = Item::Entity(entity.clone());
                let link = ui.add(
                    egui::Label::new(RichText::new(entity.ui_path()).monospace())
                        .truncate()
                        .sense(Sense::click()),
                );
                pass.respond(&link, &item);
            }
            ui.add(egui::Label::new(&report.message).wrap());
        });
    });
}

/// Errors, and warnings that concern no single entity, in the corner until they are dismissed; what is done,
/// for a moment.
pub(crate) fn show_banners(ui: &Ui, place: &Place, state: &mut NotificationsState) {
    if state.banners.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    let width = WIDTH.min(place.rect.width() - 2.0 * size::PADDING);
    let mut dismissed = None;
    let mut dismiss_all = false;
    egui::Area::new(place.id.with(BANNERS))
        .constrain_to(place.rect)
        .anchor(
            egui::Align2::RIGHT_TOP,
            egui::vec2(-size::PADDING, size::TOOLBAR + size::PADDING),
        )
        .order(egui::Order::Foreground)
        .show(ui.ctx(), |ui| {
            ui.set_width(width);
            let newest = state.banners.iter().enumerate().rev().take(MAX_BANNERS);
            for (at, Banner { report, .. }) in newest {
                let color = severity_color(&theme, report.severity);
                banner_frame(&theme, color).show(ui, |ui| {
                    ui.horizontal_top(|ui| {
                        let room = ui.available_width() - size::ROW - size::PADDING;
                        ui.label(RichText::new(severity_icon(report.severity)).color(color));
                        ui.vertical(|ui| {
                            ui.set_width((room - size::ICON).max(size::ROW));
                            elided_small(ui, &report.source);
                            ui.add(egui::Label::new(&report.message).wrap());
                        });
                        if icon_button(ui, icons::CLOSE, "Dismiss", None).clicked() {
                            dismissed = Some(at);
                        }
                    });
                });
            }
            let num_more = state.banners.len().saturating_sub(MAX_BANNERS);
            if num_more > 0 {
                banner_frame(&theme, theme.hairline).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.label(format!("{num_more} more"));
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            dismiss_all |= ui.small_button("Dismiss all").clicked();
                        });
                    });
                });
            }
        });
    if let Some(at) = dismissed {
        state.banners.remove(at);
    }
    if dismiss_all {
        state.banners.clear();
    }
}

fn banner_frame(theme: &Theme, edge: Color32) -> egui::Frame {
    egui::Frame::new()
        .fill(theme.raised)
        .stroke(egui::Stroke::new(size::HAIRLINE, edge))
        .corner_radius(egui::CornerRadius::same(size::RADIUS))
        .inner_margin(egui::Margin::same(size::PADDING as i8))
}

/// The icon of a severity.
pub(crate) fn severity_icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Success => icons::SUCCESS,
        Severity::Info => icons::INFO,
        Severity::Warning => icons::WARNING,
        Severity::Error => icons::ERROR,
    }
}

/// The color of a severity.
pub(crate) fn severity_color(theme: &Theme, severity: Severity) -> Color32 {
    match severity {
        Severity::Success => theme.success,
        Severity::Info => theme.secondary,
        Severity::Warning => theme.warning,
        Severity::Error => theme.error,
    }
}
