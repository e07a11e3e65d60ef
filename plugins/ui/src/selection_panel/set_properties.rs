//! The properties that the blueprint sets for a view, each with a way back.

use chronoscope_blueprint::{BlueprintCommand, BlueprintQuery, ViewId, view_properties};
use chronoscope_frame::ViewerCommand;
use chronoscope_store::{ComponentDescriptor, Hit};
use chronoscope_types::format_value;
use egui::{Align, Layout, Ui};

use crate::{
    icons,
    pass::Pass,
    theme::size,
    widgets::{icon_button, property_row, section_header, value_label},
};

/// Characters of a value that are laid out.
const MAX_CHARS: usize = 60;

/// Draws the section, where something is set.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId) {
    let Some((entry, blueprints)) = pass.recordings().active_blueprint() else {
        return;
    };
    let store = entry.store();
    let at = blueprints.undo.query_time();
    let set = view_properties(&BlueprintQuery::new(store, &entry.recording.cache, at), view);
    if set.is_empty() {
        return;
    }
    section_header(ui, "Set for this view", |_| {});
    for hit in set {
        let name = hit.column().name();
        let Some(component) = store.component_id(name) else {
            continue;
        };
        let descriptor = store.descriptor(component);
        ui.push_id(&**name, |ui| show_row(ui, pass, view, descriptor, &hit));
    }
}

fn show_row(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId, descriptor: &ComponentDescriptor, hit: &Hit) {
    let cell = hit.cell();
    // `EyeControls3D:kind` as people say it.
    let name = descriptor.component.replace(':', " ");
    let response = property_row(ui, &name, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            if icon_button(ui, icons::RESET, "Take it back", None).clicked() {
                let nothing = vec![(descriptor.clone(), cell.slice(0, 0))];
                pass.edit(BlueprintCommand::SetProperty(view, nothing));
                pass.push(ViewerCommand::EndGesture);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = format_value(descriptor.component_type.as_deref(), cell.as_ref(), MAX_CHARS);
                value_label(ui, &text, "")
            })
            .inner
        })
        .inner
    });
    response.on_hover_text(&*descriptor.component);
}
