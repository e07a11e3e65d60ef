//! Documents: one text, plain or in Markdown.
//!
//! [`markdown`] reads Markdown into blocks, [`plain`] splits other texts into rows, both once for each text; [`blocks`] draws what of
//! them can be seen, [`ui`] the tile around it.

mod blocks;
#[cfg(test)]
mod fuzz;
mod markdown;
mod plain;
mod ui;

use bevy::app::{App, Plugin};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{
    AppViewClassExt as _, AppVisualizerExt as _, Report, ViewClass, Visual, Visualizer, VisualizerInfo,
    VisualizerInput, visualizer::QueryMode,
};
use chronoscope_types::{blueprint::TextDocumentFormat, read};

use blocks::PlainLook;

pub use markdown::{Block, Column, Container, Content, MAX_DEPTH, Marker, Row, Side, Span};
pub use plain::PlainText;
pub use ui::TextDocumentUi;

use crate::{
    AppViewUiExt as _,
    properties::{AppPropertiesExt as _, PropertyReader, ViewProperties},
};

/// The media type of Markdown.
const MARKDOWN: &str = "text/markdown";

/// Documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDocumentClass;

impl ViewClass for TextDocumentClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::TEXT_DOCUMENT.into()
    }

    fn display_name(&self) -> &'static str {
        "Text document"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_text_documents(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_text_documents(schema, delta, said)
    }
}

/// Shows documents.
pub struct TextDocument;

/// A document as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentVisual {
    /// As it was written.
    Plain(PlainText),
    /// Read as Markdown.
    Markdown(Vec<Block>),
}

impl DocumentVisual {
    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool {
        match self {
            Self::Plain(text) => text.is_empty(),
            Self::Markdown(blocks) => blocks.is_empty(),
        }
    }
}

impl Visual for DocumentVisual {
    fn heap_bytes(&self) -> u64 {
        match self {
            Self::Plain(text) => text.heap_bytes(),
            Self::Markdown(blocks) => markdown::heap_bytes(blocks),
        }
    }
}

impl Visualizer for TextDocument {
    type Visual = DocumentVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "TextDocument",
        required: &[chronoscope_types::TextDocument::TEXT.name],
        optional: &[chronoscope_types::TextDocument::MEDIA_TYPE.name],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<DocumentVisual>, Report> {
        let Some(array) = input.get(&chronoscope_types::TextDocument::TEXT) else {
            return Ok(None);
        };
        let texts = read::texts(&array).map_err(|error| input.report(error.to_string()))?;
        let Some(text) = texts.first() else {
            return Ok(None);
        };
        let media_type = input.get(&chronoscope_types::TextDocument::MEDIA_TYPE);
        let is_markdown = media_type.is_some_and(|array| {
            read::media_types(&array)
                .ok()
                .and_then(|types| types.first().map(|name| name.trim() == MARKDOWN))
                .unwrap_or(false)
        });
        Ok(Some(if is_markdown {
            DocumentVisual::Markdown(markdown::parse(text))
        } else {
            DocumentVisual::Plain(PlainText::new(text))
        }))
    }
}

/// What the blueprint says of a document that is not Markdown.
#[derive(Clone, Debug, Default, PartialEq)]
struct DocumentProperties {
    is_monospace: Option<bool>,
    wraps: Option<bool>,
}

impl DocumentProperties {
    /// How such a document looks: as it was written, where the blueprint says nothing else.
    fn plain_look(&self) -> PlainLook {
        PlainLook {
            is_monospace: self.is_monospace.unwrap_or(true),
            wraps: self.wraps.unwrap_or(false),
        }
    }
}

impl ViewProperties for DocumentProperties {
    const CLASS: &'static str = ViewClassId::TEXT_DOCUMENT;

    fn read(reader: &PropertyReader<'_>) -> Self {
        Self {
            is_monospace: reader.boolean(&TextDocumentFormat::MONOSPACE),
            wraps: reader.boolean(&TextDocumentFormat::WORD_WRAP),
        }
    }
}

/// Adds text document views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDocumentPlugin;

impl Plugin for TextDocumentPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_view_class(TextDocumentClass)
            .add_visualizer::<TextDocument>(&[ViewClassId::TEXT_DOCUMENT])
            .add_view_properties::<DocumentProperties>()
            .add_view_ui(TextDocumentUi);
    }
}
