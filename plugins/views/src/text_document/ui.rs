//! The tile of a text document view.

use std::sync::{Arc, Mutex, PoisonError};

use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{DataResults, View, Visuals};
use egui::{
    FontFamily, FontId, Label, Rect, RichText, ScrollArea, Sense, TextFormat, TextStyle, Ui, UiBuilder, Vec2,
    text::LayoutJob, vec2,
};

use super::{
    DocumentVisual, TextDocument,
    markdown::{Block, Span},
    plain::PlainText,
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

    fn archetypes(&self) -> &'static [&'static str] {
        &["TextDocument"]
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
        let documents: Vec<&Arc<DocumentVisual>> = visuals
            .map(|visuals| {
                results
                    .iter()
                    .flat_map(|result| visuals.of_entity(result.entity).map(|(_, document)| document))
                    .collect()
            })
            .unwrap_or_default();
        if documents.is_empty() {
            let report = visuals.and_then(|visuals| {
                results
                    .iter()
                    .find_map(|result| visuals.reports_of(result.entity).next())
            });
            return match report {
                Some(report) => empty::show(
                    ui,
                    style,
                    self.icon(),
                    "This document cannot be read",
                    &report.message,
                ),
                None if let Some((title, hint)) = empty::not_there(context) => {
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
                        match &**document {
                            DocumentVisual::Plain(text) => show_plain(ui, style, text),
                            DocumentVisual::Markdown(blocks) => {
                                let sizes = BlockSizes::of(ui, view.id, at, document);
                                show_blocks(ui, style, blocks, &sizes);
                            }
                        }
                    }
                });
            });
    }
}

/// Draws the rows of a text that can be seen.
fn show_plain(ui: &mut Ui, style: &ViewStyle, text: &PlainText) {
    let font = TextStyle::Monospace.resolve(ui.style());
    let (height, char_width) = ui.fonts_mut(|fonts| (fonts.row_height(&font), fonts.glyph_width(&font, 'm')));
    let size = vec2(text.widest() as f32 * char_width, text.len() as f32 * height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let row_at = |y: f32| ((y - rect.top()) / height).clamp(0.0, text.len() as f32) as usize;
    let clip = ui.clip_rect();
    let rows = row_at(clip.top())..(row_at(clip.bottom()) + 1).min(text.len());
    for row in rows {
        let min = rect.min + vec2(0.0, row as f32 * height);
        let place = Rect::from_min_size(min, vec2(f32::INFINITY, height));
        let builder = UiBuilder::new().id_salt(row).max_rect(place);
        let label = Label::new(RichText::new(text.row(row)).monospace().color(style.text));
        ui.new_child(builder).add(label.selectable(true).extend());
    }
}

/// The sizes of a document's blocks, as far as they are known: those that cannot be seen are not laid out again.
#[derive(Clone)]
struct BlockSizes {
    document: Arc<DocumentVisual>,
    width: f32,
    sizes: Arc<Mutex<Vec<Option<Vec2>>>>,
}

impl BlockSizes {
    fn of(ui: &Ui, view: ViewId, at: usize, document: &Arc<DocumentVisual>) -> Self {
        let id = ui.id().with(("text document", view, at));
        let width = ui.available_width();
        let known = ui.data(|data| data.get_temp::<Self>(id));
        let is_current = |known: &Self| Arc::ptr_eq(&known.document, document) && known.width == width;
        known.filter(is_current).unwrap_or_else(|| {
            let new = Self {
                document: document.clone(),
                width,
                sizes: Arc::default(),
            };
            ui.data_mut(|data| data.insert_temp(id, new.clone()));
            new
        })
    }
}

fn show_blocks(ui: &mut Ui, style: &ViewStyle, blocks: &[Block], known: &BlockSizes) {
    let mut sizes = known.sizes.lock().unwrap_or_else(PoisonError::into_inner);
    sizes.resize(blocks.len(), None);
    for (block, known) in blocks.iter().zip(sizes.iter_mut()) {
        if let Some(size) = *known {
            let rect = Rect::from_min_size(ui.cursor().min, size);
            if !ui.is_rect_visible(rect) {
                ui.allocate_space(size);
                continue;
            }
        }
        let shown = ui.vertical(|ui| show_block(ui, style, block));
        *known = Some(shown.response.rect.size());
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
