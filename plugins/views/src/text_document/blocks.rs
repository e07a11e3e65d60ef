//! Drawing of texts: rows and blocks that can be seen.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use chronoscope_blueprint::ViewId;
use egui::{
    Align, Align2, FontFamily, FontId, Label, Layout, Rangef, Rect, RichText, Sense, Stroke, TextFormat,
    TextStyle, Ui, UiBuilder, Vec2, text::LayoutJob, vec2,
};

use super::{
    DocumentVisual,
    markdown::{Block, Container, Content, Marker, Row, Side, Span},
    plain::PlainText,
};
use crate::ViewStyle;

/// How far a list or a quote indents what is within, in points.
const INDENT: f32 = 20.0;

/// Between the columns of a table, in points.
const COLUMN_GAP: f32 = 16.0;

/// The fewest and the most characters that a column has room for. What is longer is wrapped.
const MIN_CHARS: usize = 2;
const MAX_CHARS: usize = 40;

/// No column becomes narrower than this in favor of others, in points.
const MIN_COLUMN_WIDTH: f32 = 60.0;

/// The width of a usual character, compared with an `m`.
const CHAR_WIDTH: f32 = 0.75;

/// How a text that is not Markdown looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlainLook {
    /// Whether its font is monospaced.
    pub(super) is_monospace: bool,
    /// Whether lines that are wider than the tile go on in the next row.
    pub(super) wraps: bool,
}

impl PlainLook {
    const CODE: Self = Self {
        is_monospace: true,
        wraps: false,
    };

    fn label(self, style: &ViewStyle, text: &str) -> Label {
        let mut text = RichText::new(text).color(style.text);
        if self.is_monospace {
            text = text.monospace();
        }
        Label::new(text).selectable(true)
    }
}

/// Draws a text that is not Markdown.
pub(super) fn show_plain(
    ui: &mut Ui,
    style: &ViewStyle,
    text: &PlainText,
    look: PlainLook,
    known: &BlockSizes,
) {
    if look.wraps {
        ui.spacing_mut().item_spacing.y = 0.0;
        let rows = (0..text.len()).map(|row| look.label(style, text.row(row)).wrap());
        return show_seen(ui, rows, text.len(), known, |ui, row| _ = ui.add(row));
    }
    show_rows(ui, style, text, look);
}

/// Draws the rows that can be seen, each as wide as it is.
fn show_rows(ui: &mut Ui, style: &ViewStyle, text: &PlainText, look: PlainLook) {
    let font = if look.is_monospace {
        TextStyle::Monospace
    } else {
        TextStyle::Body
    };
    let font = font.resolve(ui.style());
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
        ui.new_child(builder)
            .add(look.label(style, text.row(row)).extend());
    }
}

/// The sizes of a document's blocks or rows, as far as they are known: those that cannot be seen are not laid out again.
#[derive(Clone)]
pub(super) struct BlockSizes {
    /// Not held on to: egui keeps this as long as the program runs.
    document: Weak<DocumentVisual>,
    width: f32,
    sizes: Arc<Mutex<Vec<Option<Vec2>>>>,
}

impl BlockSizes {
    pub(super) fn of(
        ui: &Ui,
        view: ViewId,
        at: usize,
        look: PlainLook,
        document: &Arc<DocumentVisual>,
    ) -> Self {
        let id = ui.id().with(("text document", view, at, look));
        let width = ui.available_width();
        let known = ui.data(|data| data.get_temp::<Self>(id));
        let is_current = |known: &Self| {
            std::ptr::eq(known.document.as_ptr(), Arc::as_ptr(document)) && known.width == width
        };
        known.filter(is_current).unwrap_or_else(|| {
            let new = Self {
                document: Arc::downgrade(document),
                width,
                sizes: Arc::default(),
            };
            ui.data_mut(|data| data.insert_temp(id, new.clone()));
            new
        })
    }
}

/// Draws the blocks that can be seen.
pub(super) fn show_blocks(ui: &mut Ui, style: &ViewStyle, blocks: &[Block], known: &BlockSizes) {
    show_seen(ui, blocks.iter(), blocks.len(), known, |ui, block| {
        show_block(ui, style, block);
    });
}

/// Draws those parts, of so many, that can be seen or whose size is not known yet, below each other.
fn show_seen<T>(
    ui: &mut Ui,
    parts: impl Iterator<Item = T>,
    count: usize,
    known: &BlockSizes,
    show: impl Fn(&mut Ui, T),
) {
    let mut sizes = known.sizes.lock().unwrap_or_else(PoisonError::into_inner);
    sizes.resize(count, None);
    for (part, known) in parts.zip(sizes.iter_mut()) {
        if let Some(size) = *known {
            let rect = Rect::from_min_size(ui.cursor().min, size);
            if !ui.is_rect_visible(rect) {
                ui.allocate_space(size);
                continue;
            }
        }
        let shown = ui.vertical(|ui| show(ui, part));
        *known = Some(shown.response.rect.size());
    }
}

/// Draws a block within its lists and quotes.
fn show_block(ui: &mut Ui, style: &ViewStyle, block: &Block) {
    if block.within.is_empty() {
        return show_content(ui, style, &block.content);
    }
    let left = ui.cursor().left();
    let indents = (0..).map(|depth| left + depth as f32 * INDENT);
    let shown = ui.horizontal_top(|ui| {
        ui.add_space(block.within.len() as f32 * INDENT);
        if let Some(marker) = block.marker {
            show_marker(ui, style, marker);
        }
        ui.vertical(|ui| show_content(ui, style, &block.content));
    });
    // Into the space between two blocks, so that the line goes on from one to the next.
    let height = shown
        .response
        .rect
        .y_range()
        .expand(ui.spacing().item_spacing.y / 2.0);
    for (container, x) in block.within.iter().zip(indents) {
        if *container == Container::Quote {
            ui.painter().vline(x + 2.0, height, (2.0, style.grid));
        }
    }
}

/// Draws the mark of a list item to the left of its text.
fn show_marker(ui: &mut Ui, style: &ViewStyle, marker: Marker) {
    let text = match marker {
        Marker::Bullet => "•".to_owned(),
        Marker::Number(number) => format!("{number}."),
        Marker::Task(true) => egui_phosphor::regular::CHECK_SQUARE.to_owned(),
        Marker::Task(false) => egui_phosphor::regular::SQUARE.to_owned(),
    };
    let font = TextStyle::Body.resolve(ui.style());
    // A line without text has its height.
    ui.set_min_height(ui.fonts_mut(|fonts| fonts.row_height(&font)));
    let at = ui.cursor().left_top() - vec2(INDENT / 4.0, 0.0);
    ui.painter()
        .text(at, Align2::RIGHT_TOP, text, font, style.secondary_text);
}

fn show_content(ui: &mut Ui, style: &ViewStyle, content: &Content) {
    let body = TextStyle::Body.resolve(ui.style());
    match content {
        Content::Heading(level, spans) => {
            let scale = [1.7, 1.4, 1.2, 1.1, 1.0, 1.0]
                .get(usize::from(level.saturating_sub(1)))
                .copied()
                .unwrap_or(1.0);
            ui.add_space(if *level <= 2 { 6.0 } else { 2.0 });
            show_spans(ui, style, spans, &FontId::new(body.size * scale, body.family));
        }
        Content::Paragraph(spans) => show_spans(ui, style, spans, &body),
        Content::Code(code) => {
            egui::Frame::new()
                .fill(style.grid.gamma_multiply(0.5))
                .corner_radius(4)
                .inner_margin(8)
                .show(ui, |ui| show_rows(ui, style, code, PlainLook::CODE));
        }
        Content::Row(row) => show_row(ui, style, row, &body),
        Content::Rule => {
            ui.separator();
        }
    }
}

/// Draws a row of a table, over a line.
fn show_row(ui: &mut Ui, style: &ViewStyle, row: &Row, font: &FontId) {
    let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(font, 'm')) * CHAR_WIDTH;
    let wanted = row
        .columns
        .iter()
        .map(|column| column.num_chars.clamp(MIN_CHARS, MAX_CHARS) as f32 * char_width);
    let gaps = COLUMN_GAP * row.columns.len().saturating_sub(1) as f32;
    let widths = fit(wanted.collect(), ui.available_width() - gaps);
    let table_width: f32 = widths.iter().map(|width| width + COLUMN_GAP).sum();
    let shown = ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = COLUMN_GAP;
        for ((cell, column), width) in row.cells.iter().zip(row.columns.iter()).zip(widths) {
            let align = match column.side {
                Side::Left => Align::Min,
                Side::Center => Align::Center,
                Side::Right => Align::Max,
            };
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(align), |ui| {
                ui.set_width(width);
                let strong: Vec<Span>;
                let spans = if row.is_header {
                    strong = cell
                        .iter()
                        .map(|span| Span {
                            strong: true,
                            ..span.clone()
                        })
                        .collect();
                    &strong
                } else {
                    cell
                };
                show_spans(ui, style, spans, font);
            });
        }
    });
    let rect = shown.response.rect;
    let line = Rangef::new(rect.left(), rect.left() + table_width - COLUMN_GAP);
    let y = rect.bottom() + ui.spacing().item_spacing.y / 2.0;
    ui.painter().hline(line, y, (1.0, style.grid));
}

/// Widths that fit into a room, as far as that is possible: the widest give way.
fn fit(mut widths: Vec<f32>, room: f32) -> Vec<f32> {
    let mut ascending = widths.clone();
    ascending.sort_by(f32::total_cmp);
    let mut rest = room;
    for (at, width) in ascending.iter().enumerate() {
        let share = (rest / (ascending.len() - at) as f32).max(MIN_COLUMN_WIDTH);
        if *width > share {
            widths.iter_mut().for_each(|width| *width = width.min(share));
            break;
        }
        rest -= width;
    }
    widths
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
        if span.strikethrough {
            format.strikethrough = Stroke::new(1.0, format.color);
        }
        if span.is_shut {
            format.underline = Stroke::new(1.0, style.secondary_text);
        }
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
    // Rows are as high as their text, or text would stand lower than the links beside it.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for span in spans {
            match &span.link {
                Some(target) => {
                    let look = format(span);
                    let mut text = RichText::new(&span.text)
                        .font(look.font_id)
                        .background_color(look.background);
                    if span.emphasis {
                        text = text.italics();
                    }
                    if span.strikethrough {
                        text = text.strikethrough();
                    }
                    ui.hyperlink_to(text, target).on_hover_text(&**target);
                }
                None => {
                    let mut job = LayoutJob::default();
                    job.append(&span.text, 0.0, format(span));
                    ui.add(egui::Label::new(job).selectable(true).wrap());
                }
            }
        }
    });
}

#[cfg(test)]
mod tests;
