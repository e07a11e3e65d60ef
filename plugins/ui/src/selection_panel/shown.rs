//! How a view shows an entity: by which visualizers, and with which values where these are not the recording's own.

use arrow_array::Array as _;
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    DataResults, RecordingEntry, ResultKey, Source, ViewOverrides, ViewerCommand, Visualizers, resolve,
};
use chronoscope_store::{ComponentDescriptor, EntityId};
use chronoscope_types::format_value;
use egui::{RichText, Ui};

use super::parts::grouped;
use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{icon_button, property_row, section_header, value_label},
};

/// Characters of a value that are laid out.
const MAX_CHARS: usize = 80;

/// Draws the instructions by which a view shows an entity, or that there is none.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, entity: EntityId, view: ViewId) {
    let Some(result) = pass
        .of_view::<DataResults>(view)
        .and_then(|results| results.get(entity))
    else {
        return;
    };
    let visualizers = pass.world.resource::<Visualizers>();
    let instructions = pass
        .of_view::<ViewOverrides>(view)
        .map(|overrides| overrides.all_instructions(result, visualizers))
        .unwrap_or_default();
    if instructions.is_empty() {
        let theme = Theme::of(ui);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            ui.label(RichText::new(icons::WARNING).color(theme.warning));
            ui.add(egui::Label::new("This view has no visualizer for this data yet.").wrap());
        });
    }
    for (key, visualizer) in instructions {
        let Some(info) = visualizers.info(visualizer) else {
            continue;
        };
        section_header(ui, &format!("Shown as {}", info.name), |_| {});
        for component in info.required.iter().chain(info.optional) {
            show_value(ui, pass, view, key, component);
        }
    }
}

/// A row for a component and its value, with its source. What the recording gives is listed with the rest of it.
fn show_value(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId, key: ResultKey, component: &str) {
    let Some(resolved) = resolve(pass.world, view, key, component) else {
        return;
    };
    let store = pass.recording_of(view).map(RecordingEntry::store);
    let source = match resolved.source {
        Source::Override => "override",
        Source::ViewDefault => "view default",
        Source::Fallback => "fallback",
        Source::Store => {
            let overrides = pass.of_view::<ViewOverrides>(view);
            let result = pass
                .of_view::<DataResults>(view)
                .and_then(|results| results.get(key.entity));
            let mapping = overrides.zip(result).and_then(|(overrides, result)| {
                overrides.instruction(result, key.instruction).mapping(component)
            });
            match mapping.and_then(|mapping| mapping.source_component.as_deref()) {
                Some(from) => from,
                None => return,
            }
        }
    };
    let (_, name) = component.split_once(':').unwrap_or(("", component));
    let array = resolved.array;
    let text = if array.len() > 1 {
        format!("{} values", grouped(array.len() as u64))
    } else {
        let component_type = store.and_then(|store| {
            let descriptor = store.descriptor(store.component_id(component)?);
            descriptor.component_type.as_deref()
        });
        format_value(component_type, array.as_ref(), MAX_CHARS)
    };
    let is_default = resolved.source == Source::ViewDefault;
    let mut is_reset = false;
    property_row(ui, name, |ui| {
        is_reset =
            is_default && icon_button(ui, icons::RESET, "Remove the default of the view", None).clicked();
        value_label(ui, &text, source)
    })
    .on_hover_text(component);
    if is_reset {
        let known = store.and_then(|store| Some(store.descriptor(store.component_id(component)?)));
        let descriptor = known.cloned();
        let descriptor = descriptor.unwrap_or_else(|| ComponentDescriptor::partial(component));
        pass.edit(BlueprintCommand::SetDefault(
            view,
            vec![(descriptor, array.slice(0, 0))],
        ));
        pass.push(ViewerCommand::EndGesture);
    }
}
