//! The tile of a text document view.

use std::sync::Arc;

use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::{DataResults, View, Visuals};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component as _, ComponentName, blueprint::TextDocumentFormat, components::blueprint::Enabled,
};
use egui::{ScrollArea, Ui};

use super::{
    DocumentProperties, DocumentVisual, TextDocument,
    blocks::{BlockSizes, show_blocks, show_plain},
};
use crate::{ViewStyle, ViewUi, ViewUiContext, empty, properties::properties};

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

    fn properties(&self, _: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        let look = DocumentProperties::default().plain_look();
        let enabled = |is: bool| Enabled::build(vec![is]);
        vec![
            (TextDocumentFormat::MONOSPACE, enabled(look.is_monospace)),
            (TextDocumentFormat::WORD_WRAP, enabled(look.wraps)),
        ]
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let (Some(view), Some(results)) = (context.get::<View>(), context.get::<DataResults>()) else {
            return;
        };
        let style = &ViewStyle::of(context.world);
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
        if documents.iter().all(|document| document.is_empty()) {
            let hint = format!(
                "The text that was logged at {} has no letters.",
                view.blueprint.origin
            );
            return empty::show(ui, style, self.icon(), "The document is empty", &hint);
        }
        let look = properties::<DocumentProperties>(context.world, view.id).plain_look();
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
                        let sizes = BlockSizes::of(ui, view.id, at, look, document);
                        match &**document {
                            DocumentVisual::Plain(text) => show_plain(ui, style, text, look, &sizes),
                            DocumentVisual::Markdown(blocks) => show_blocks(ui, style, blocks, &sizes),
                        }
                    }
                });
            });
    }
}
