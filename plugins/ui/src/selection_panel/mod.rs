//! The right panel: all that is known about what is selected.

mod parts;

mod values;

mod add_items;
mod blueprint_items;
mod completion;
mod edited_value;
mod entity;
mod properties;
mod query_context;
mod recording;
mod row;
mod shown;
mod time_range;
mod view_summary;

use chronoscope_blueprint::ViewId;
use chronoscope_frame::Item;
use chronoscope_store::EntityId;
use egui::Ui;

use self::{parts::show_removed, shown::Keep, view_summary::ViewSummaries};
use crate::{
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_small, padded, section_header},
};

/// State of the panel.
#[derive(Default)]
pub(crate) struct SelectionPanelState {
    views: ViewSummaries,
}

/// Selected items that are shown in full.
const MAX_ITEMS: usize = 16;

/// Draws the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut SelectionPanelState) {
    let selected = &pass.selection().selected;
    padded(ui, |ui| {
        let title = match selected.len() {
            0 | 1 => "Selection".to_owned(),
            count => format!("Selection, {count} items"),
        };
        section_header(ui, &title, |_| {});
    });
    let theme = Theme::of(ui);
    ui.painter().hline(
        ui.max_rect().x_range(),
        ui.cursor().top(),
        theme.hairline_stroke(),
    );
    // From entity to entity one goes on reading at the same place; something of another kind begins at its top.
    let kind = selected.first().map(std::mem::discriminant);
    egui::ScrollArea::vertical()
        .id_salt(("selection", kind))
        .auto_shrink([false, false])
        .show(ui, |ui| {
            padded(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                if selected.is_empty() {
                    ui.add_space(size::GRID);
                    elided_small(ui, "Nothing is selected. This recording:");
                    if let Some(entry) = pass.active() {
                        recording::show(ui, pass, entry);
                    }
                    return;
                }
                for (at, item) in selected.iter().take(MAX_ITEMS).enumerate() {
                    if at > 0 {
                        ui.add_space(size::PADDING);
                        ui.separator();
                    }
                    ui.push_id(at, |ui| show_item(ui, pass, state, item));
                }
                if selected.len() > MAX_ITEMS {
                    ui.separator();
                    elided_small(ui, &format!("and {} more", selected.len() - MAX_ITEMS));
                }
            });
        });
    edited_value::end_edit(ui.ctx(), pass);
}

/// The values at the cursor of all that is selected, as text.
pub(crate) fn values_text(pass: &Pass<'_>) -> String {
    let selected = pass.selection().selected.iter();
    selected
        .filter_map(|item| values::text_of(pass, item))
        .collect::<Vec<_>>()
        .join("\n")
}

/// All instances at the cursor of all that is selected, as lines of values with tabs between them.
pub(crate) fn tables_text(pass: &Pass<'_>) -> String {
    let selected = pass.selection().selected.iter();
    selected
        .filter_map(|item| values::table_of(pass, item))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The component that is selected alone, with the views on the screen that show it.
fn selected_value<'a>(pass: &Pass<'a>) -> Option<(EntityId, &'a str, Vec<ViewId>)> {
    let [Item::Component { entity, component }] = pass.selection().selected.as_slice() else {
        return None;
    };
    let entity = pass.store()?.entity_id(entity)?;
    let mut views = pass.shown_views.clone();
    views.retain(|view| shown::shows_value(pass, *view, entity, component));
    (!views.is_empty()).then_some((entity, component.as_str(), views))
}

/// Whether a value is selected that a view on the screen shows.
pub(crate) fn has_selected_value(pass: &Pass<'_>) -> bool {
    selected_value(pass).is_some()
}

/// Writes the selected value down in the views that show it: as an override of the entity, or as the default of the view.
pub(crate) fn keep_selected_value(pass: &mut Pass<'_>, as_default: bool) {
    let Some((entity, component, views)) = selected_value(pass) else {
        return;
    };
    let keep = if as_default {
        Keep::AsDefault
    } else {
        Keep::AsOverride
    };
    for view in views {
        shown::keep_value(pass, view, entity, component, keep);
    }
}

fn show_item(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut SelectionPanelState, item: &Item) {
    match item {
        Item::Store(id) => match pass.recordings().find(id) {
            Some(entry) => recording::show(ui, pass, entry),
            None => show_removed(ui, "This recording was closed."),
        },
        Item::Container(id) => blueprint_items::show_container(ui, pass, *id),
        Item::View(id) => blueprint_items::show_view(ui, pass, &mut state.views, *id),
        Item::Entity(entity) => entity::show(ui, pass, entity, None, None),
        Item::DataResult {
            view,
            entity,
            instance,
        } => entity::show(ui, pass, entity, Some(*view), *instance),
        Item::Row {
            view,
            entity,
            row,
            instance,
        } => row::show(ui, pass, *view, entity, *row, *instance),
        Item::Component { entity, component } => entity::show_component(ui, pass, entity, component),
    }
}
