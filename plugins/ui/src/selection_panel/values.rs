//! Components and their values at the cursor.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, cast::AsArray, types::UInt32Type};
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, QueryContext, RecordingEntry, ViewOverrides, Visualizers,
    chunk_loading::UiChunkRequests,
};
use chronoscope_store::{ComponentDescriptor, ComponentId, EntityId, EntityPath, Hit, LatestAt, RowId};
use chronoscope_types::{Component, Rgba, TimeZone, components, format_time_in, format_value};
use egui::{Color32, Rect, RichText, Sense, Ui, Vec2};

use super::{
    parts::{grouped, list_rows},
    row::RowRef,
};
use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_small, property_row, value_label},
};

/// Characters of a value that are laid out; what is cut is in the tooltip.
const MAX_CHARS: usize = 200;

/// An entity of a recording, or one of its instances, where somebody looks at it.
#[derive(Clone, Copy)]
pub(super) struct EntityRef<'a> {
    /// Timeline and time; static data alone where there is none.
    pub(super) cursor: Option<Cursor>,
    pub(super) id: EntityId,
    pub(super) path: &'a EntityPath,
    pub(super) instance: Option<u32>,
    /// The view that shows it, where it is looked at in one.
    pub(super) view: Option<ViewId>,
    /// The row, where it is looked at alone.
    pub(super) row: Option<RowRef<'a>>,
}

/// An entity whose instances are listed, where somebody looks at it.
#[derive(Clone, Copy)]
pub(super) struct InstancesOf<'a> {
    pub(super) path: &'a EntityPath,
    pub(super) view: Option<ViewId>,
    pub(super) row: Option<RowId>,
}

/// The value of a component where somebody looks at an entity.
pub(super) fn value_of(
    pass: &Pass<'_>,
    entry: &RecordingEntry,
    entity: &EntityRef<'_>,
    component: ComponentId,
) -> LatestAt {
    let name = &entry.store().descriptor(component).component;
    let of_row = entity.row.and_then(|row| row.value(name));
    of_row.unwrap_or_else(|| latest(pass, entry, entity.cursor, entity.id, component))
}

/// The value of a component at a cursor.
pub(super) fn latest(
    pass: &Pass<'_>,
    entry: &RecordingEntry,
    cursor: Option<Cursor>,
    entity: EntityId,
    component: ComponentId,
) -> LatestAt {
    let timeline = cursor.and_then(|cursor| cursor.timeline);
    let time = cursor.map_or(0, |cursor| cursor.time);
    let answer = entry.recording.latest_at(entity, timeline, time, component);
    // No view may need this chunk, so it is requested from here.
    if let Some(ui_requests) = pass.world.get_resource::<UiChunkRequests>() {
        ui_requests.note(&answer);
    }
    answer
}

/// Characters of a value that are copied.
const MAX_COPIED: usize = 1_000_000;

/// The most instances of an entity that are copied.
const MAX_COPIED_ROWS: usize = 100_000;

/// A component and its value at the cursor.
type Value<'a> = (&'a ComponentDescriptor, ArrayRef);

/// The values of an entity, or of one of its components, at the cursor. Of an instance, its own.
fn values_at_cursor<'a>(pass: &Pass<'a>, item: &Item) -> Option<Vec<Value<'a>>> {
    let (entry, cursor) = match item.in_view() {
        Some((view, _)) => {
            let looks = pass.of_view::<QueryContext>(view);
            (pass.recording_of(view)?, looks.map(|looks| looks.cursor))
        }
        None => (pass.active()?, pass.cursor()),
    };
    let row = match item {
        Item::Row {
            view, entity, row, ..
        } => Some(RowRef::find(pass, *view, entity, *row)?),
        _ => None,
    };
    let store = entry.store();
    let path = item.entity()?;
    let entity = EntityRef {
        cursor: row.zip(cursor).map(|(row, looks)| row.cursor(looks)).or(cursor),
        id: store.entity_id(path)?,
        path,
        instance: item.instance(),
        view: item.view(),
        row,
    };
    let only = match item {
        Item::Component { component, .. } => Some(store.component_id(component)?),
        _ => None,
    };
    let components: Vec<ComponentId> = match only {
        Some(only) => vec![only],
        None => store.components_of(entity.id).collect(),
    };
    let values = components.into_iter().filter_map(|component| {
        let mut cell = value_of(pass, entry, &entity, component).hit?.cell();
        if let Some(instance) = item.instance().filter(|_| cell.len() > 1) {
            let at = usize::try_from(instance).ok()?.min(cell.len() - 1);
            cell = cell.slice(at, 1);
        }
        Some((store.descriptor(component), cell))
    });
    Some(values.collect())
}

/// The values of an entity, or of one of its components, at the cursor: a line each.
pub(super) fn text_of(pass: &Pass<'_>, item: &Item) -> Option<String> {
    let values = values_at_cursor(pass, item)?;
    let path = item.entity()?;
    let lines = values.into_iter().map(|(descriptor, cell)| {
        let value = format_value(descriptor.component_type.as_deref(), cell.as_ref(), MAX_COPIED);
        match item {
            Item::Component { .. } => value,
            _ => format!("{path}:{} {value}", descriptor.component),
        }
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The instances of an entity at the cursor as a table: a line each, with tabs between its values, below the names of the components.
/// A component with one value has it for all of them.
pub(super) fn table_of(pass: &Pass<'_>, item: &Item) -> Option<String> {
    let values = values_at_cursor(pass, item)?;
    let in_one_cell = |text: String| text.replace(['\t', '\n', '\r'], " ");
    let names = values
        .iter()
        .map(|(descriptor, _)| descriptor.component.to_string());
    let mut table = format!("{}\t{}\n", item.entity()?, names.collect::<Vec<_>>().join("\t"));
    let num_rows = values.iter().map(|(_, cell)| cell.len()).max()?;
    for row in 0..num_rows.min(MAX_COPIED_ROWS) {
        let number = item.instance().map_or(row as u64, u64::from);
        table.push_str(&number.to_string());
        for (descriptor, cell) in &values {
            let at = if cell.len() == 1 { 0 } else { row };
            let value = (at < cell.len()).then(|| {
                let value = cell.slice(at, 1);
                format_value(descriptor.component_type.as_deref(), value.as_ref(), MAX_COPIED)
            });
            table.push('\t');
            table.push_str(&value.map(in_one_cell).unwrap_or_default());
        }
        table.push('\n');
    }
    Some(table)
}

/// A row for a component: its name, its value; and its instances below where it is expanded.
pub(super) fn show_component_row(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    entry: &RecordingEntry,
    entity: EntityRef<'_>,
    component: ComponentId,
) {
    let store = entry.store();
    let descriptor = store.descriptor(component);
    let answer = value_of(pass, entry, &entity, component);
    let is_static = store.has_static(entity.id, component);
    let item = Item::Component {
        entity: entity.path.clone(),
        component: descriptor.component.to_string(),
    };
    let mut cell = answer.hit.as_ref().map(Hit::cell);
    let mut name = descriptor.field_name().to_owned();
    // A component with one value has it for all instances.
    if let Some(instance) = entity.instance
        && let Some(all) = cell.as_ref().filter(|cell| cell.len() > 1)
    {
        let at = usize::try_from(instance).unwrap_or(usize::MAX).min(all.len() - 1);
        name = format!("{name}[{at}]");
        cell = Some(all.slice(at, 1));
    }
    let count = cell.as_ref().map_or(0, Array::len);

    let expanded_id = ui.make_persistent_id(("instances", &*descriptor.component));
    let mut expanded = ui
        .data(|data| data.get_temp::<bool>(expanded_id))
        .unwrap_or(false);
    let theme = Theme::of(ui);
    let response = property_row(ui, &name, |ui| {
        let icon = match (answer.missing.is_empty(), is_static) {
            // The value may not be the latest one.
            (false, _) => icons::LOADING,
            (true, true) => icons::COMPONENT_STATIC,
            (true, false) => icons::COMPONENT,
        };
        ui.label(RichText::new(icon).size(size::BODY).color(theme.secondary));
        match &cell {
            None => elided_small(ui, missing_text(&answer)),
            Some(cell) if count <= 1 => {
                swatches(ui, descriptor, cell.as_ref(), 1);
                value_label(
                    ui,
                    &format_value(descriptor.component_type.as_deref(), cell.as_ref(), MAX_CHARS),
                    "",
                )
            }
            Some(cell) => {
                let icon = if expanded {
                    icons::EXPANDED
                } else {
                    icons::COLLAPSED
                };
                let toggle = ui.add(
                    egui::Label::new(RichText::new(icon).size(size::SMALL).color(theme.secondary))
                        .sense(Sense::click()),
                );
                swatches(ui, descriptor, cell.as_ref(), 4);
                let label = value_label(ui, &grouped(count as u64), "values").interact(Sense::click());
                if toggle.clicked() || label.clicked() {
                    expanded = !expanded;
                    ui.data_mut(|data| data.insert_temp(expanded_id, expanded));
                }
                label
            }
        }
    });
    if response.hovered() {
        pass.hovered = Some(item);
    }
    if let (Some(view), Some(cell)) = (entity.view, &cell) {
        response.interact(Sense::click()).context_menu(|ui| {
            let tooltip = "Other entities in the view have this value where they give none";
            let button = ui.button("Use as default of the view");
            if button.on_hover_text(tooltip).clicked() {
                let default = vec![(descriptor.clone(), Arc::clone(cell))];
                pass.edit_as_step(BlueprintCommand::SetDefault(view, default));
            }
        });
    }
    let zone = pass.time_zone();
    response.on_hover_ui(|ui| tooltip(ui, entry, descriptor, &answer, zone));
    if let Some(cell) = cell.filter(|_| expanded && count > 1) {
        let of = InstancesOf {
            path: entity.path,
            view: entity.view,
            row: entity.row.and_then(|row| row.id()),
        };
        show_instances(ui, pass, of, descriptor, cell.as_ref());
    }
}

/// All instances one by one, in a list of its own where there are many. They light up and are selected in the view, or in
/// the first one that has the entity.
pub(super) fn show_instances(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    of: InstancesOf<'_>,
    descriptor: &ComponentDescriptor,
    cell: &dyn Array,
) {
    let InstancesOf { path, view, row } = of;
    let view = view.or_else(|| pass.views_with(path).next());
    let show_row = |ui: &mut Ui, at: usize| {
        let instance = cell.slice(at, 1);
        let text = format_value(descriptor.component_type.as_deref(), instance.as_ref(), MAX_CHARS);
        let (entity, number) = (path.clone(), u32::try_from(at).ok());
        let item = view.map(|view| match row {
            Some(row) => Item::Row {
                view,
                entity,
                row,
                instance: number,
            },
            None => Item::DataResult {
                view,
                entity,
                instance: number,
            },
        });
        if let Some(item) = &item {
            let row = Vec2::new(ui.available_width(), size::ROW);
            highlight(ui, pass, item, Rect::from_min_size(ui.cursor().min, row));
        }
        let value = property_row(ui, &at.to_string(), |ui| {
            swatches(ui, descriptor, instance.as_ref(), 1);
            value_label(ui, &text, "")
        });
        if let Some(item) = &item {
            pass.respond(&value.interact(Sense::click()), item);
        }
    };
    list_rows(ui, ("instances", &*descriptor.component), cell.len(), show_row);
}

/// Lights up the row of an instance that is selected or pointed at.
fn highlight(ui: &Ui, pass: &Pass<'_>, item: &Item, row: Rect) {
    let theme = Theme::of(ui);
    if pass.is_selected(item) {
        ui.painter().rect_filled(row, 0.0, theme.highlight());
    } else if pass.selection().hovered.as_ref() == Some(item) {
        ui.painter().rect_filled(row, 0.0, theme.raised);
    }
}

/// Whether a view that has an entity among its own draws it.
pub(super) fn is_drawn(pass: &Pass<'_>, view: ViewId, path: &EntityPath) -> bool {
    let result = pass
        .recording_of(view)
        .and_then(|entry| entry.store().entity_id(path))
        .zip(pass.of_view::<DataResults>(view))
        .and_then(|(entity, results)| results.get(entity));
    let overrides = pass.of_view::<ViewOverrides>(view);
    result.zip(overrides).is_some_and(|(result, overrides)| {
        let visualizers = pass.world.resource::<Visualizers>();
        !overrides.all_instructions(result, visualizers).is_empty()
    })
}

/// Reason for a missing value.
pub(super) fn missing_text(answer: &LatestAt) -> &'static str {
    if answer.missing.is_empty() {
        "nothing at this time"
    } else {
        "not loaded yet"
    }
}

/// Small squares in the colors that a cell holds.
fn swatches(ui: &mut Ui, descriptor: &ComponentDescriptor, cell: &dyn Array, most: usize) {
    if descriptor.component_type.as_deref() != Some(components::Color::TYPE) {
        return;
    }
    let Some(colors) = cell.as_primitive_opt::<UInt32Type>() else {
        return;
    };
    let theme = Theme::of(ui);
    let side = size::SMALL;
    for color in colors.values().iter().take(most) {
        let [r, g, b, a] = Rgba(*color).to_array();
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
        let fill = Color32::from_rgba_unmultiplied(r, g, b, a);
        ui.painter()
            .rect(rect, 2.0, fill, theme.hairline_stroke(), egui::StrokeKind::Inside);
    }
}

fn tooltip(
    ui: &mut Ui,
    entry: &RecordingEntry,
    descriptor: &ComponentDescriptor,
    answer: &LatestAt,
    zone: TimeZone,
) {
    let theme = Theme::of(ui);
    ui.label(RichText::new(&*descriptor.component).monospace());
    if let Some(component_type) = &descriptor.component_type {
        ui.label(
            RichText::new(&**component_type)
                .monospace()
                .color(theme.secondary),
        );
    }
    let Some(hit) = &answer.hit else {
        ui.label(missing_text(answer));
        return;
    };
    if !answer.missing.is_empty() {
        ui.label(RichText::new("provisional: later rows are still loading").color(theme.warning));
    }
    let store = entry.store();
    let when = match hit.data_time() {
        None => "static, the same at all times".to_owned(),
        Some(time) => {
            let times = hit.chunk().timelines().iter().find_map(|column| {
                (column.times().get(hit.row()) == Some(&time)).then(|| column.timeline().time_type())
            });
            let fallback = store
                .timelines()
                .next()
                .map(|timeline| store.timeline(timeline).time_type());
            times.or(fallback).map_or_else(
                || time.to_string(),
                |time_type| format!("logged at {}", format_time_in(time_type, zone, time)),
            )
        }
    };
    ui.label(RichText::new(when).color(theme.secondary));
    let text = format_value(
        descriptor.component_type.as_deref(),
        hit.cell().as_ref(),
        4 * MAX_CHARS,
    );
    ui.add(egui::Label::new(RichText::new(text).monospace()).wrap());
}
