//! The tile of a text document view.

use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::{DataResults, View, Visuals};
use egui::{FontFamily, FontId, RichText, ScrollArea, TextFormat, TextStyle, Ui, text::LayoutJob};

use super::{
    DocumentVisual, TextDocument,
    markdown::{Block, Span},
};
use crate::{ViewStyle, ViewUi, ViewUiContext, empty};

/// A line of text is easiest to read when it is no longer than this, in points.
const MAX_WIDTH: f32 = 720.0;

/// Draws text document views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDocumentUi;

impl ViewUi for TextDocumentUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::TEXT_DOCUMENT.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::ARTICLE
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let (Some(view), Some(results)) = (context.get::<View>(), context.get::<DataResults>()) else {
            return;
        };
        let default_style = ViewStyle::default();
        let style = context
            .world
            .get_resource::<ViewStyle>()
            .unwrap_or(&default_style);
        let visuals = context
            .world
            .get_resource::<Visuals<TextDocument>>()
            .and_then(|visuals| visuals.view(view.id));
        let documents: Vec<&DocumentVisual> = visuals
            .map(|visuals| {
                results
                    .iter()
                    .filter_map(|result| visuals.get(result.entity).map(|visual| &**visual))
                    .collect()
            })
            .unwrap_or_default();
        if documents.is_empty() {
            let report =
                visuals.and_then(|visuals| results.iter().find_map(|result| visuals.report(result.entity)));
            return match report {
                Some(report) => empty::show(
                    ui,
                    style,
                    self.icon(),
                    "This document cannot be read",
                    &report.message,
                ),
                None if let Some((title, hint)) = empty::not_loaded(context) => {
                    empty::show(ui, style, self.icon(), title, &hint);
                }
                None => empty::show(
                    ui,
                    style,
                    self.icon(),
                    "No document at this time",
                    &format!(
                        "Log a TextDocument at {}, or move the cursor to where there is one.",
                        view.blueprint.origin
                    ),
                ),
            };
        }
        ui.painter()
            .rect_filled(ui.available_rect_before_wrap(), 0.0, style.background);
        ScrollArea::both()
            .id_salt(("text document", view.id))
            .auto_shrink(false)
            .show(ui, |ui| {
                egui::Frame::new().inner_margin(12).show(ui, |ui| {
                    ui.set_max_width(ui.available_width().min(MAX_WIDTH));
                    ui.spacing_mut().item_spacing.y = 6.0;
                    for (at, document) in documents.into_iter().enumerate() {
                        if at > 0 {
                            ui.separator();
                        }
                        match document {
                            DocumentVisual::Plain(text) => {
                                ui.add(
                                    egui::Label::new(RichText::new(text).monospace().color(style.text))
                                        .selectable(true)
                                        .extend(),
                                );
                            }
                            DocumentVisual::Markdown(blocks) => {
                                for block in blocks {
                                    show_block(ui, style, block);
                                }
                            }
                        }
                    }
                });
            });
    }
}

fn show_block(ui: &mut Ui, style: &ViewStyle, block: &Block) {
    let body = TextStyle::Body.resolve(ui.style());
    match block {
        Block::Heading(level, spans) => {
            let scale = [1.7, 1.4, 1.2, 1.1, 1.0, 1.0]
                .get(usize::from(level.saturating_sub(1)))
                .copied()
                .unwrap_or(1.0);
            ui.add_space(if *level <= 2 { 6.0 } else { 2.0 });
            show_spans(ui, style, spans, &FontId::new(body.size * scale, body.family));
        }
        Block::Paragraph(spans) => show_spans(ui, style, spans, &body),
        Block::Item(depth, number, spans) => {
            ui.horizontal_top(|ui| {
                ui.add_space(14.0 * (*depth as f32 + 0.5));
                ui.label(
                    RichText::new(number.map_or_else(|| "•".to_owned(), |number| format!("{number}.")))
                        .color(style.secondary_text),
                );
                ui.vertical(|ui| show_spans(ui, style, spans, &body));
            });
        }
        Block::Quote(spans) => {
            let quote = ui.horizontal_top(|ui| {
                ui.add_space(12.0);
                ui.vertical(|ui| show_spans(ui, style, spans, &body));
            });
            let rect = quote.response.rect;
            ui.painter()
                .vline(rect.left() + 2.0, rect.y_range(), (2.0, style.grid));
        }
        Block::Code(code) => {
            egui::Frame::new()
                .fill(style.grid.gamma_multiply(0.5))
                .corner_radius(4)
                .inner_margin(8)
                .show(ui, |ui| {
                    ui.add(
                        egui::Label::new(RichText::new(code).monospace().color(style.text))
                            .selectable(true)
                            .extend(),
                    );
                });
        }
        Block::Rule => {
            ui.separator();
        }
    }
}

/// Text with emphasis. Links stand by themselves, since only they can be clicked.
fn show_spans(ui: &mut Ui, style: &ViewStyle, spans: &[Span], font: &FontId) {
    let strong = ui.visuals().strong_text_color();
    let format = |span: &Span| {
        let family = if span.code {
            FontFamily::Monospace
        } else {
            font.family.clone()
        };
        let mut format = TextFormat::simple(
            FontId::new(font.size, family),
            if span.strong { strong } else { style.text },
        );
        format.italics = span.emphasis;
        if span.code {
            format.background = style.grid.gamma_multiply(0.5);
        }
        format
    };
    if spans.iter().all(|span| span.link.is_none()) {
        let mut job = LayoutJob::default();
        for span in spans {
            job.append(&span.text, 0.0, format(span));
        }
        ui.add(egui::Label::new(job).selectable(true).wrap());
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for span in spans {
            match &span.link {
                Some(target) => _ = ui.hyperlink_to(RichText::new(&span.text).font(font.clone()), target),
                None => {
                    let mut job = LayoutJob::default();
                    job.append(&span.text, 0.0, format(span));
                    ui.add(egui::Label::new(job).selectable(true).wrap());
                }
            }
        }
    });
}
