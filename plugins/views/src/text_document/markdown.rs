//! Markdown as a flat list of blocks, so that what cannot be seen need not be laid out.
//!
//! The grammar is `CommonMark` with tables, task lists and strikethrough, as `pulldown-cmark` reads it. A document comes from
//! anywhere: links lead to `http` and `https` only, a picture is its description or, without one, [a word](PICTURE), HTML is text,
//! and nesting is flat behind [`MAX_DEPTH`].

use std::sync::Arc;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::plain::PlainText;

/// The most lists and quotes that a block is indented by.
pub const MAX_DEPTH: usize = 8;

/// What stands for a picture that nothing describes.
const PICTURE: &str = "picture";

/// A part of a document that is laid out by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The lists and quotes around it, from the outside in; [`MAX_DEPTH`] at most.
    pub within: Vec<Container>,
    /// The mark of the list item that begins here.
    pub marker: Option<Marker>,
    /// What it shows.
    pub content: Content,
}

/// What indents a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A quotation.
    Quote,
    /// An item of a list.
    Item,
}

/// The mark of a list item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A point.
    Bullet,
    /// A number.
    Number(u64),
    /// A task, done or not.
    Task(bool),
}

/// What a block shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A heading of a level from 1 to 6.
    Heading(u8, Vec<Span>),
    /// Text.
    Paragraph(Vec<Span>),
    /// Code, as it was written.
    Code(PlainText),
    /// A row of a table.
    Row(Row),
    /// A line across.
    Rule,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whether it names the columns.
    pub is_header: bool,
    /// The columns, shared by the rows of a table.
    pub columns: Arc<[Column]>,
    /// The text of each cell, as many as there are columns.
    pub cells: Vec<Vec<Span>>,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// The characters of its longest cell.
    pub num_chars: usize,
    /// Where its text stands.
    pub side: Side,
}

/// Where text stands in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// A part of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Whether it is strong.
    pub strong: bool,
    /// Whether it is emphasized.
    pub emphasis: bool,
    /// Whether it is struck through.
    pub strikethrough: bool,
    /// Whether it is code.
    pub code: bool,
    /// Where it leads: an address of `http` or `https`.
    pub link: Option<Arc<str>>,
    /// Whether it is a link that leads elsewhere, and is not followed.
    pub is_shut: bool,
}

impl Span {
    fn has_style_of(&self, other: &Self) -> bool {
        let style = |span: &Self| (span.strong, span.emphasis, span.strikethrough, span.code);
        style(self) == style(other) && self.link == other.link && self.is_shut == other.is_shut
    }
}

/// The bytes of blocks on the heap.
pub(crate) fn heap_bytes(blocks: &[Block]) -> u64 {
    let of_spans = |spans: &Vec<Span>| -> u64 {
        let of_span = |span: &Span| span.text.capacity() + span.link.as_ref().map_or(0, |link| link.len());
        (spans.iter().map(of_span).sum::<usize>() + spans.capacity() * size_of::<Span>()) as u64
    };
    let of_block = |block: &Block| -> u64 {
        let content = match &block.content {
            Content::Heading(_, spans) | Content::Paragraph(spans) => of_spans(spans),
            Content::Code(code) => code.heap_bytes(),
            Content::Row(row) => {
                let columns = if row.is_header {
                    size_of_val(&*row.columns)
                } else {
                    0
                };
                let cells = row.cells.capacity() * size_of::<Vec<Span>>();
                row.cells.iter().map(of_spans).sum::<u64>() + (columns + cells) as u64
            }
            Content::Rule => 0,
        };
        content + (block.within.capacity() * size_of::<Container>()) as u64
    };
    blocks.iter().map(of_block).sum::<u64>() + size_of_val(blocks) as u64
}

/// Reads a document. Cost: linear in its length.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, options) {
        reader.read(event);
    }
    reader.end_paragraph();
    reader.blocks
}

/// The address that a link may lead to.
fn web_address(target: &str) -> Option<Arc<str>> {
    let is_web = ["http://", "https://"].into_iter().any(|scheme| {
        let start = target.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    is_web.then(|| target.into())
}

/// The blocks so far, and what is open.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    within: Vec<Container>,
    /// The number of the next item of each open list.
    lists: Vec<Option<u64>>,
    marker: Option<Marker>,
    spans: Vec<Span>,
    strong: usize,
    emphasis: usize,
    strikethrough: usize,
    links: Vec<Option<Arc<str>>>,
    /// How many of the open links lead nowhere.
    shut_links: usize,
    /// The letters of all text so far.
    num_letters: usize,
    /// How many of these stand before each open picture.
    pictures: Vec<usize>,
    code: Option<String>,
    table: Option<Table>,
}

#[derive(Default)]
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Vec<Span>>>,
    row: Vec<Vec<Span>>,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.add(&text, false),
            },
            Event::Code(text) => self.add(&text, true),
            Event::Html(text) | Event::InlineHtml(text) => self.add(&text, false),
            Event::SoftBreak => self.add(" ", false),
            Event::HardBreak => self.add("\n", false),
            Event::Rule => self.push(Content::Rule),
            Event::TaskListMarker(is_done) => self.marker = Some(Marker::Task(is_done)),
            // Of extensions that are off.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.add(&text, false);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::HtmlBlock => self.end_paragraph(),
            Tag::BlockQuote(_) => {
                self.end_paragraph();
                self.within.push(Container::Quote);
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.end_paragraph();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_paragraph();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_item_line();
                self.within.push(Container::Item);
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = Marker::Number(*number);
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => Marker::Bullet,
                });
            }
            Tag::Table(sides) => {
                self.end_paragraph();
                let side = |alignment| match alignment {
                    Alignment::None | Alignment::Left => Side::Left,
                    Alignment::Center => Side::Center,
                    Alignment::Right => Side::Right,
                };
                let columns = sides.into_iter().map(|alignment| Column {
                    num_chars: 0,
                    side: side(alignment),
                });
                self.table = Some(Table {
                    columns: columns.collect(),
                    ..Table::default()
                });
            }
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strong => self.strong += 1,
            Tag::Strikethrough => self.strikethrough += 1,
            Tag::Link { dest_url, .. } => {
                let link = web_address(&dest_url);
                self.shut_links += usize::from(link.is_none());
                self.links.push(link);
            }
            // Nothing is fetched. A picture that a link is made of leads where the link does.
            Tag::Image { dest_url, .. } => {
                let around = self.links.last().cloned().flatten();
                self.links.push(around.or_else(|| web_address(&dest_url)));
                self.pictures.push(self.num_letters);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_paragraph(),
            TagEnd::Heading(level) => {
                let spans = std::mem::take(&mut self.spans);
                self.push(Content::Heading(level as u8, spans));
            }
            TagEnd::BlockQuote(_) => {
                self.end_paragraph();
                self.within.pop();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.push(Content::Code(PlainText::new(&code)));
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.end_item_line();
                self.within.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(table) = &mut self.table {
                    table.end_cell(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(std::mem::take(&mut table.row));
                }
            }
            TagEnd::Table => self.end_table(),
            TagEnd::Emphasis => self.emphasis -= 1,
            TagEnd::Strong => self.strong -= 1,
            TagEnd::Strikethrough => self.strikethrough -= 1,
            TagEnd::Link => {
                let is_shut = self.links.pop() == Some(None);
                self.shut_links -= usize::from(is_shut);
            }
            TagEnd::Image => {
                if self.pictures.pop() == Some(self.num_letters) {
                    self.add(PICTURE, false);
                }
                self.links.pop();
            }
            _ => {}
        }
    }

    /// Adds text to the open paragraph, heading or cell.
    fn add(&mut self, text: &str, code: bool) {
        self.num_letters += text.trim().len();
        let span = Span {
            text: String::new(),
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            strikethrough: self.strikethrough > 0,
            code,
            link: self.links.last().cloned().flatten(),
            is_shut: self.shut_links > 0,
        };
        match self.spans.last_mut() {
            Some(last) if last.has_style_of(&span) => last.text.push_str(text),
            _ => self.spans.push(Span {
                text: text.to_owned(),
                ..span
            }),
        }
    }

    fn push(&mut self, content: Content) {
        self.blocks.push(Block {
            within: self.within.iter().take(MAX_DEPTH).copied().collect(),
            marker: self.marker.take(),
            content,
        });
    }

    fn end_paragraph(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        // A block of HTML ends with the end of its last line.
        if let Some(last) = spans.last_mut() {
            last.text.truncate(last.text.trim_end_matches('\n').len());
        }
        if !spans.is_empty() {
            self.push(Content::Paragraph(spans));
        }
    }

    /// Ends the text of an item, which has a line of its own also where it is empty.
    fn end_item_line(&mut self) {
        self.end_paragraph();
        if self.marker.is_some() {
            self.push(Content::Paragraph(Vec::new()));
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        let columns: Arc<[Column]> = table.columns.into();
        for (at, cells) in table.rows.into_iter().enumerate() {
            self.push(Content::Row(Row {
                is_header: at == 0,
                columns: columns.clone(),
                cells,
            }));
        }
    }
}

impl Table {
    fn end_cell(&mut self, cell: Vec<Span>) {
        if let Some(column) = self.columns.get_mut(self.row.len()) {
            let num_chars = cell.iter().map(|span| span.text.chars().count()).sum();
            column.num_chars = column.num_chars.max(num_chars);
            self.row.push(cell);
        }
    }
}

#[cfg(test)]
mod tests;
