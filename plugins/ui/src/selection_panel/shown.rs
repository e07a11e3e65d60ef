//! How a view shows an entity: by which visualizers, and with which values. Each value is written with its source,
//! and can be overridden for this entity in this view.

use std::sync::Arc;

use arrow_array::Array as _;
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    DataResult, DataResults, RecordingEntry, Resolved, ResultKey, Source, ViewOverrides, ViewerCommand,
    Visualizers, resolve,
};
use chronoscope_store::{ComponentDescriptor, EntityId, TimeType, arrow::ArrayRef};
use chronoscope_types::{Vocabulary, format_time_in};
use egui::{RichText, Ui};

use super::{
    edited_value::{EditedValue, MAX_EDITED, ValueAnswer},
    parts::switch_row,
};
use crate::{
    edits, icons,
    pass::Pass,
    theme::{Theme, size},
    undrawn::Undrawn,
    widgets::section_header,
};

/// Draws the instructions by which a view shows an entity, or that there is none.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, entity: EntityId, view: ViewId) {
    let Some(result) = pass
        .of_view::<DataResults>(view)
        .and_then(|results| results.get(entity))
    else {
        return;
    };
    show_visibility(ui, pass, result, view);
    let visualizers = pass.world.resource::<Visualizers>();
    let instructions = pass
        .of_view::<ViewOverrides>(view)
        .map(|overrides| overrides.all_instructions(result, visualizers))
        .unwrap_or_default();
    if instructions.is_empty() {
        show_undrawn(ui, pass, result, view);
    }
    for (key, visualizer) in instructions {
        let Some(info) = visualizers.info(visualizer) else {
            continue;
        };
        section_header(ui, &format!("Shown as {}", info.name), |_| {});
        for component in info.required.iter().chain(info.optional) {
            let value = ShownValue {
                view,
                result,
                key,
                visualizer: info.name,
                component,
            };
            ui.push_id((key.instruction.0, *component), |ui| show_value(ui, pass, &value));
        }
    }
}

/// Says that nothing of an entity is drawn: a warning where it has data for such a view.
fn show_undrawn(ui: &mut Ui, pass: &Pass<'_>, result: &DataResult, view: ViewId) {
    let undrawn = Undrawn::new(pass, view, result);
    let theme = Theme::of(ui);
    if !undrawn.is_missing {
        ui.add(egui::Label::new(RichText::new(undrawn.text).color(theme.secondary)).wrap());
        return;
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.label(RichText::new(icons::WARNING).color(theme.warning));
        ui.add(egui::Label::new(undrawn.text).wrap());
    });
}

/// Whether the view shows the entity, with all below it that says nothing else.
fn show_visibility(ui: &mut Ui, pass: &mut Pass<'_>, result: &DataResult, view: ViewId) {
    let overrides = pass.of_view::<ViewOverrides>(view);
    let is_visible = overrides.is_none_or(|overrides| overrides.is_visible(result.entity));
    if let Some(visible) = switch_row(ui, "Visible", is_visible) {
        pass.edit_as_step(edits::entity_visible(view, result.path.clone(), visible));
    }
}

/// A component of an entity as a visualizer sees it.
struct ShownValue<'a> {
    view: ViewId,
    result: &'a DataResult,
    key: ResultKey,
    visualizer: &'static str,
    component: &'a str,
}

/// What a click on a row does.
enum ValueEdit {
    Override(ArrayRef),
    RemoveOverride,
    Default(ArrayRef),
    RemoveDefault,
}

/// A row for a component: its value with an editor fit for its type, where it comes from, and a way back.
fn show_value(ui: &mut Ui, pass: &mut Pass<'_>, shown: &ShownValue<'_>) {
    let Some(resolved) = resolve(pass.world, shown.view, shown.key, shown.component) else {
        return;
    };
    let descriptor = descriptor_of(pass, shown);
    let (_, name) = shown.component.split_once(':').unwrap_or(("", shown.component));
    let source = source_text(pass, shown, &resolved);
    let array = &resolved.array;
    let value = EditedValue {
        name,
        component: shown.component,
        component_type: descriptor.component_type.as_deref(),
        array,
        source: &source,
        reset: match resolved.source {
            Source::Override => Some("Remove the override"),
            Source::ViewDefault => Some("Remove the default of the view"),
            Source::Store | Source::Fallback => None,
        },
    };
    let can_edit = value.can_edit(pass);
    let (response, answer) = value.show(ui, pass);
    let mut edit = answer.map(|answer| match (answer, resolved.source) {
        (ValueAnswer::Set(value), _) => ValueEdit::Override(value),
        (ValueAnswer::Reset, Source::ViewDefault) => ValueEdit::RemoveDefault,
        (ValueAnswer::Reset, _) => ValueEdit::RemoveOverride,
    });
    response.context_menu(|ui| {
        if can_edit && resolved.source != Source::Override && !array.is_empty() {
            if array.len() <= MAX_EDITED && ui.button("Override").clicked() {
                edit = Some(ValueEdit::Override(Arc::clone(array)));
            }
            if array.len() > 1 && ui.button("Override with one value").clicked() {
                edit = Some(ValueEdit::Override(array.slice(0, 1)));
            }
        }
        if resolved.source == Source::Override && ui.button("Remove the override").clicked() {
            edit = Some(ValueEdit::RemoveOverride);
        }
        if !array.is_empty() && ui.button("Use as default of the view").clicked() {
            edit = Some(ValueEdit::Default(Arc::clone(array)));
        }
    });
    if let Some(edit) = edit {
        apply(pass, shown, descriptor, &resolved, edit);
    }
}

/// What becomes of a value that is shown, by name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The entity has it in the view, whatever is logged.
    AsOverride,
    /// All entities of the view have it that give none.
    AsDefault,
}

/// How a view shows a component of an entity: a value for each visualizer that reads it.
fn shown_values<'a>(
    pass: &Pass<'a>,
    view: ViewId,
    entity: EntityId,
    component: &'a str,
) -> Vec<(ShownValue<'a>, Resolved)> {
    let results = pass.of_view::<DataResults>(view);
    let (Some(result), Some(overrides)) = (
        results.and_then(|results| results.get(entity)),
        pass.of_view::<ViewOverrides>(view),
    ) else {
        return Vec::new();
    };
    let visualizers = pass.world.resource::<Visualizers>();
    let instructions = overrides.all_instructions(result, visualizers).into_iter();
    let values = instructions.filter_map(|(key, visualizer)| {
        let info = visualizers.info(visualizer)?;
        let mut read = info.required.iter().chain(info.optional);
        let shown = read.any(|name| *name == component).then_some(ShownValue {
            view,
            result,
            key,
            visualizer: info.name,
            component,
        })?;
        let resolved = resolve(pass.world, view, key, component)?;
        (!resolved.array.is_empty()).then_some((shown, resolved))
    });
    values.collect()
}

/// Whether a view shows a component of an entity.
pub(super) fn shows_value(pass: &Pass<'_>, view: ViewId, entity: EntityId, component: &str) -> bool {
    !shown_values(pass, view, entity, component).is_empty()
}

/// Writes down the value that a view shows of a component.
pub(super) fn keep_value(pass: &mut Pass<'_>, view: ViewId, entity: EntityId, component: &str, keep: Keep) {
    for (shown, resolved) in shown_values(pass, view, entity, component) {
        let edit = match keep {
            Keep::AsOverride if resolved.source == Source::Override => continue,
            // An override is one for all instances.
            Keep::AsOverride => ValueEdit::Override(resolved.array.slice(0, 1)),
            Keep::AsDefault => ValueEdit::Default(Arc::clone(&resolved.array)),
        };
        let descriptor = descriptor_of(pass, &shown);
        apply(pass, &shown, descriptor, &resolved, edit);
        pass.push(ViewerCommand::EndGesture);
    }
}

fn apply(
    pass: &mut Pass<'_>,
    shown: &ShownValue<'_>,
    descriptor: ComponentDescriptor,
    resolved: &Resolved,
    edit: ValueEdit,
) {
    let nothing = || resolved.array.slice(0, 0);
    let (value, is_override) = match &edit {
        ValueEdit::Override(value) => (Arc::clone(value), true),
        ValueEdit::RemoveOverride => (nothing(), true),
        ValueEdit::Default(value) => (Arc::clone(value), false),
        ValueEdit::RemoveDefault => (nothing(), false),
    };
    let components = vec![(descriptor, value)];
    if !is_override {
        pass.edit_as_step(BlueprintCommand::SetDefault(shown.view, components));
        return;
    }
    let visualizers = pass.world.resource::<Visualizers>();
    let shown_by: Vec<&str> = shown
        .result
        .visualizers
        .iter()
        .filter_map(|id| Some(visualizers.info(*id)?.name))
        .collect();
    let overrides = pass
        .of_view::<ViewOverrides>(shown.view)
        .and_then(|overrides| overrides.get(shown.result.entity))
        .map(|overrides| overrides.all().clone())
        .unwrap_or_default();
    let path = &shown.result.path;
    pass.edit(BlueprintCommand::SetOverride {
        view: shown.view,
        entity: path.clone(),
        target: overrides.target(shown.view, path, shown.visualizer, &shown_by),
        components,
    });
    if matches!(edit, ValueEdit::RemoveOverride) {
        pass.push(ViewerCommand::EndGesture);
    }
}

/// What a column of the component says of itself: as the recording has it, else as the vocabulary.
fn descriptor_of(pass: &Pass<'_>, shown: &ShownValue<'_>) -> ComponentDescriptor {
    let store = pass.recording_of(shown.view).map(RecordingEntry::store);
    let known = store.and_then(|store| Some(store.descriptor(store.component_id(shown.component)?)));
    if let Some(known) = known {
        return known.clone();
    }
    let descriptor = ComponentDescriptor::partial(shown.component);
    let Some(field) = Vocabulary::get().field(shown.component) else {
        return descriptor;
    };
    let archetype = shown
        .component
        .split_once(':')
        .map_or("", |(archetype, _)| archetype);
    descriptor
        .with_archetype(format!("rerun.archetypes.{archetype}"))
        .with_component_type(field.component_type)
}

/// Where a value comes from, in words.
fn source_text(pass: &Pass<'_>, shown: &ShownValue<'_>, resolved: &Resolved) -> String {
    let from = || {
        let overrides = pass.of_view::<ViewOverrides>(shown.view)?;
        let mapping = overrides
            .instruction(shown.result, shown.key.instruction)
            .mapping(shown.component)?;
        Some(format!("{}, ", mapping.source_component.as_deref()?))
    };
    match resolved.source {
        Source::Override => "override".to_owned(),
        Source::ViewDefault => "view default".to_owned(),
        Source::Fallback => "fallback".to_owned(),
        Source::Store => {
            let when = match resolved.row.and_then(|row| row.time) {
                None => "static".to_owned(),
                Some(time) => format!(
                    "logged at {}",
                    format_time_in(time_type_of(pass, shown), pass.time_zone(), time)
                ),
            };
            format!("{}{when}", from().unwrap_or_default())
        }
    }
}

fn time_type_of(pass: &Pass<'_>, shown: &ShownValue<'_>) -> TimeType {
    let time_type = || {
        let looks = pass.of_view::<chronoscope_frame::QueryContext>(shown.view)?;
        let store = pass.recording_of(shown.view)?.store();
        Some(store.timeline(looks.cursor.timeline?).time_type())
    };
    time_type().unwrap_or(TimeType::Sequence)
}
