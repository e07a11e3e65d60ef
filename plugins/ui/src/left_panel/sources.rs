//! The sources that are not simply finished: files that are read, streams that are received, and those that were
//! lost.

use std::borrow::Cow;

use chronoscope_frame::{IngestSources, SourceFlow, SourceState, ViewerCommand};
use chronoscope_types::{SourceStatus, format_bytes};
use egui::{Color32, Rect, RichText, Ui, Vec2};

use crate::{
    icons,
    names::short_name,
    pass::Pass,
    theme::{Theme, size},
    widgets::{ListRow, elided_small, icon_button, padded, section_header},
};

/// The share of the panel's height that sources may take before they scroll.
const MAX_SHARE: f32 = 0.3;

/// Draws the list; nothing where there is no source.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>) {
    let sources = pass.world.resource::<IngestSources>();
    let mut states = sources
        .states()
        .filter(|source| source.status != SourceStatus::Finished)
        .peekable();
    if states.peek().is_none() {
        return;
    }
    padded(ui, |ui| section_header(ui, "Sources", |_| {}));
    let height = ui.available_height() * MAX_SHARE;
    let list = egui::ScrollArea::vertical()
        .id_salt("sources")
        .max_height(height.max(3.0 * size::ROW))
        .auto_shrink([false, true]);
    list.show(ui, |ui| {
        for source in states {
            ui.push_id(egui::Id::new(("source", source.id)), |ui| {
                show_source(ui, pass, &source);
            });
        }
    });
    ui.add_space(size::GRID);
}

/// How a status looks, and what the cross does.
struct Look {
    icon: &'static str,
    color: Color32,
    state: Cow<'static, str>,
    cross: &'static str,
}

impl Look {
    fn of(source: &SourceState<'_>, theme: &Theme) -> Self {
        let (icon, color, state, cross) = match (&source.status, source.progress) {
            (SourceStatus::Connecting, _) => {
                (icons::CONNECTING, theme.secondary, "connecting".into(), "Cancel")
            }
            (SourceStatus::Live, _) => (icons::LIVE, theme.success, "live".into(), "Disconnect"),
            (SourceStatus::Retrying { .. }, _) => (
                icons::CONNECTING,
                theme.warning,
                "reconnecting".into(),
                "Disconnect",
            ),
            (SourceStatus::Lost { .. }, _) => {
                (icons::ERROR, theme.error, "lost".into(), "Remove from the list")
            }
            (_, Some(progress)) => {
                let percent = progress.clamp(0.0, 1.0) * 100.0;
                let state = format!("{percent:.0} %").into();
                (icons::LOADING, theme.secondary, state, "Cancel")
            }
            (_, None) => (icons::LOADING, theme.secondary, "loading".into(), "Cancel"),
        };
        Self {
            icon,
            color,
            state,
            cross,
        }
    }
}

/// One source: what it is called and how it stands with it, a bar while it is known how far it is, and why it was
/// lost.
fn show_source(ui: &mut Ui, pass: &mut Pass<'_>, source: &SourceState<'_>) {
    let theme = Theme::of(ui);
    let look = Look::of(source, &theme);
    let mut remove = false;
    let row = ListRow::new(short_name(source.name))
        .icon(look.icon)
        .icon_color(look.color)
        .actions_shown()
        .show(ui, |ui| {
            remove = icon_button(ui, icons::CLOSE, look.cross, None).clicked();
            // Beside the cross rather than behind the name, which may be too long for both.
            elided_small(ui, &look.state);
        });
    if remove {
        pass.push(ViewerCommand::RemoveSource(source.id));
    }
    let text_left = size::GRID + size::INDENT + size::GRID / 2.0 + size::ICON + size::GRID;
    if source.is_loading()
        && let Some(progress) = source.progress
    {
        let rect = row.response.rect;
        let line = Rect::from_min_max(
            egui::pos2(rect.left() + text_left, rect.bottom() - size::EMPHASIS),
            egui::pos2(rect.right() - size::ROW, rect.bottom()),
        );
        let done = Vec2::new(line.width() * progress.clamp(0.0, 1.0), line.height());
        ui.painter().rect_filled(line, 0.0, theme.hairline);
        ui.painter()
            .rect_filled(Rect::from_min_size(line.min, done), 0.0, theme.accent);
    }
    row.response.on_hover_text(source.name);
    if let Some(flow) = source.flow.filter(|_| source.status == SourceStatus::Live) {
        // What has stopped is looked at once more.
        if flow.rows_per_sec > 0.0 {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
        show_below(ui, text_left, &text_of_flow(&flow));
    }
    if let SourceStatus::Lost { reason } | SourceStatus::Retrying { reason } = &source.status {
        show_below(ui, text_left, reason);
    }
}

/// A text below the name of a source.
fn show_below(ui: &mut Ui, left: f32, text: &str) {
    let margin = egui::Margin {
        left: left as i8,
        right: size::PADDING as i8,
        bottom: size::GRID as i8,
        ..egui::Margin::ZERO
    };
    let text = RichText::new(text)
        .size(size::SMALL)
        .color(Theme::of(ui).secondary);
    egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.add(egui::Label::new(text).wrap());
    });
}

/// How much passes, how late it is, and what waits.
fn text_of_flow(flow: &SourceFlow) -> String {
    let mut parts = Vec::new();
    if flow.rows_per_sec > 0.0 {
        parts.push(format!("{:.0} rows/s", flow.rows_per_sec));
        parts.push(format!("{}/s", format_bytes(flow.bytes_per_sec as u64)));
        if let Some(delay) = flow.delay_secs {
            parts.push(format!("{delay:.1} s late"));
        }
    } else {
        parts.push("silent".to_owned());
    }
    if flow.waiting_bytes > 0 {
        parts.push(format!("{} waiting", format_bytes(flow.waiting_bytes)));
    }
    parts.join(", ")
}
