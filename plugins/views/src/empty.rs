//! What stands in a tile that has nothing to show: what is the matter, and what to do next.

use bevy::ecs::prelude::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{DataResults, MissingChunks, QueryContext, Report, Visualizer, Visuals};
use egui::{Align, Layout, RichText, Ui, UiBuilder};

use crate::{ViewStyle, ViewUiContext};

const ICON: f32 = 32.0;

/// Title and hint where a view is empty because there is nothing where it looks, or because what it shows is
/// known and not loaded.
pub fn not_there(context: &ViewUiContext<'_>) -> Option<(&'static str, String)> {
    if let Some(problem) = context
        .get::<QueryContext>()
        .and_then(|context| context.problem.as_ref())
    {
        let hint = format!("{problem}. Choose where this view looks in the selection panel.");
        return Some(("Nothing to look at", capitalized(&hint)));
    }
    let missing = context.get::<MissingChunks>()?;
    let title = if missing.is_over_limit {
        "Not in memory"
    } else {
        "Reading"
    };
    Some((title, missing.explain()?))
}

/// What is wrong with the first entity of a view of which a visualizer reports something.
pub(crate) fn first_report<V: Visualizer>(
    world: &World,
    view: ViewId,
    results: &DataResults,
) -> Option<String> {
    let visuals = world.get_resource::<Visuals<V>>()?.view(view)?;
    results
        .iter()
        .find_map(|result| visuals.reports_of(result.entity).next())
        .map(in_view)
}

/// A report as a view says it, of whose recording everybody knows.
pub(crate) fn in_view(report: &Report) -> String {
    match &report.entity {
        Some(entity) => format!("{entity}: {}", report.message),
        None => report.message.clone(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

/// Fills the tile with an icon, what is the matter, and what to do about it.
pub fn show(ui: &mut Ui, style: &ViewStyle, icon: &str, title: &str, hint: &str) {
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, style.background);
    let column = rect.shrink(12.0);
    // In a small tile the words matter more than the picture, and the hint comes with the pointer.
    let roomy = rect.height() >= 160.0 && rect.width() >= 220.0;
    let height = if roomy { ICON + 72.0 } else { 24.0 };
    let response = ui.interact(rect, ui.id().with("empty"), egui::Sense::hover());
    let mut column = ui.new_child(
        UiBuilder::new()
            .max_rect(column)
            .layout(Layout::top_down(Align::Center)),
    );
    column.set_clip_rect(rect.intersect(ui.clip_rect()));
    column.add_space(((rect.height() - 24.0 - height) / 2.0).max(0.0));
    if roomy {
        column.label(
            RichText::new(icon)
                .size(ICON)
                .color(style.secondary_text.gamma_multiply(0.6)),
        );
        column.label(RichText::new(title).color(style.text));
        column.label(RichText::new(hint).small().color(style.secondary_text));
    } else {
        column.add(egui::Label::new(RichText::new(title).color(style.secondary_text)).truncate());
        response.on_hover_text(format!("{title}\n{hint}"));
    }
    ui.advance_cursor_after_rect(rect);
}
