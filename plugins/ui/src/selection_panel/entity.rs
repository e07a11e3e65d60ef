//! What is known about an entity, and about one of its components.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{Item, QueryContext, RecordingEntry, ViewOverrides};
use chronoscope_store::{ComponentId, EntityId, EntityPath, Hit};
use chronoscope_types::{TimeZone, format_time_in};
use chronoscope_views::colors::entity_color;
use egui::{RichText, Ui};

use super::{
    parts::{entity_link, grouped, item_link, size_rows, text_row, title, value_row},
    row, shown,
    time_range::{self, RangeOf},
    values::{self, EntityRef, InstancesOf},
};
use crate::{
    icons,
    pass::Pass,
    theme::size,
    widgets::{elided_small, section_header},
};

/// Draws an entity, alone or as a view shows it; the values of one instance, where that is given.
pub(super) fn show(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    path: &EntityPath,
    view: Option<ViewId>,
    instance: Option<u32>,
) {
    let looks = view.and_then(|view| pass.of_view::<QueryContext>(view));
    let (entry, cursor) = match view.zip(looks) {
        Some((view, looks)) => (pass.recording_of(view), Some(looks.cursor)),
        None => (pass.active(), pass.cursor()),
    };
    let Some(entry) = entry else { return };
    let store = entry.store();
    show_title(ui, path, instance);
    if instance.is_some() {
        entity_link(ui, pass, "Entity", path);
    }
    if let Some(parent) = path.parent() {
        entity_link(ui, pass, "Parent", &parent);
    }
    if let Some(view) = view {
        show_view_link(ui, pass, view);
    }
    let Some(entity) = store.entity_id(path) else {
        text_row(ui, "Data", "This recording has no such entity.");
        return;
    };
    if !store.has_data(entity) {
        let count = store.tree().num_children(entity);
        text_row(ui, "Data", &format!("none of its own; {count} below"));
        return;
    }
    if let Some(view) = view {
        shown::show(ui, pass, entity, view);
        ui.push_id("time range", |ui| {
            time_range::show(ui, pass, view, RangeOf::Entity(path));
        });
        show_clear(ui, pass, path, entity, view);
    }
    show_values(
        ui,
        pass,
        entry,
        EntityRef {
            cursor,
            id: entity,
            path,
            instance,
            view,
            row: None,
        },
    );

    section_header(ui, "Size", |_| {});
    let stats = store.entity_stats(entity);
    value_row(ui, "Rows", &grouped(stats.num_rows), "");
    value_row(ui, "Chunks", &grouped(stats.num_chunks), "");
    size_rows(ui, stats);
    show_timelines(ui, entry, entity, pass.time_zone());
    show_views(ui, pass, path, view);
}

/// A button that takes back what is overridden of an entity in a view; nothing where that is nothing.
fn show_clear(ui: &mut Ui, pass: &mut Pass<'_>, path: &EntityPath, entity: EntityId, view: ViewId) {
    let overrides = pass
        .of_view::<ViewOverrides>(view)
        .and_then(|overrides| overrides.get(entity));
    let is_overridden = overrides.is_some_and(|overrides| {
        let all = overrides.all();
        !all.entity.is_empty() || all.visualizers.is_some()
    });
    if !is_overridden {
        return;
    }
    let tooltip = "Takes back all that is overridden of this entity in the view";
    if ui.button("Clear overrides").on_hover_text(tooltip).clicked() {
        let entity = path.clone();
        pass.edit(BlueprintCommand::ClearOverrides { view, entity });
    }
}

/// Draws a component of an entity, with its instances.
pub(super) fn show_component(ui: &mut Ui, pass: &mut Pass<'_>, path: &EntityPath, component: &str) {
    let Some(entry) = pass.active() else { return };
    let store = entry.store();
    title(ui, icons::COMPONENT, component, "component");
    entity_link(ui, pass, "Entity", path);
    let found = store.entity_id(path).zip(store.component_id(component));
    let Some((entity, id)) = found.filter(|(entity, id)| store.has_component(*entity, *id)) else {
        text_row(ui, "Data", "This entity has no such component.");
        return;
    };
    let descriptor = store.descriptor(id);
    if let Some(component_type) = &descriptor.component_type {
        value_row(ui, "Type", component_type, "");
    }
    if let Some(archetype) = &descriptor.archetype {
        value_row(ui, "Archetype", archetype, "");
    }
    text_row(
        ui,
        "Kind",
        if store.has_static(entity, id) {
            "static"
        } else {
            "changes over time"
        },
    );
    let answer = values::latest(pass, entry, pass.cursor(), entity, id);
    section_header(ui, "Value", |_| {});
    match answer.hit.as_ref().map(Hit::cell) {
        None => {
            elided_small(ui, values::missing_text(&answer));
        }
        Some(cell) => {
            value_row(ui, "Datatype", &cell.data_type().to_string(), "");
            value_row(ui, "Instances", &grouped(cell.len() as u64), "");
            let of = InstancesOf {
                path,
                view: None,
                row: None,
            };
            values::show_instances(ui, pass, of, descriptor, cell.as_ref());
        }
    }
}

/// The heading of an entity, or of one of its instances.
pub(super) fn show_title(ui: &mut Ui, path: &EntityPath, instance: Option<u32>) {
    ui.add_space(size::GRID);
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.label(
            RichText::new(icons::ENTITY)
                .size(size::ICON)
                .color(entity_color(path)),
        );
        let name = match instance {
            Some(instance) => format!("{}[{instance}]", path.ui_path()),
            None => path.ui_path(),
        };
        crate::widgets::value_label(ui, &name, "");
    });
}

/// A row that leads to the view that shows an entity.
pub(super) fn show_view_link(ui: &mut Ui, pass: &mut Pass<'_>, id: ViewId) {
    match pass
        .viewport()
        .views
        .get(&id)
        .map(chronoscope_blueprint::ViewBlueprint::title)
    {
        Some(name) => item_link(ui, pass, "In view", &name, &Item::View(id)),
        None => text_row(ui, "In view", "closed"),
    }
}

/// The components, under the archetypes that they were logged with.
pub(super) fn show_values(ui: &mut Ui, pass: &mut Pass<'_>, entry: &RecordingEntry, entity: EntityRef<'_>) {
    let store = entry.store();
    // Ordered by name, which begins with the archetype's, so that those of one lie side by side.
    let is_said = |id: &ComponentId| {
        entity
            .row
            .is_none_or(|row| row.has(&store.descriptor(*id).component))
    };
    let components: Vec<ComponentId> = store.components_of(entity.id).filter(is_said).collect();
    let archetype = |id: &ComponentId| {
        store
            .descriptor(*id)
            .archetype_short_name()
            .unwrap_or("Other components")
            .to_owned()
    };
    for group in components.chunk_by(|a, b| archetype(a) == archetype(b)) {
        let Some(first) = group.first() else { continue };
        section_header(ui, &archetype(first), |_| {});
        for component in group {
            if !row::show_text(ui, pass, entry, entity, *component) {
                values::show_component_row(ui, pass, entry, entity, *component);
            }
        }
    }
}

fn show_timelines(ui: &mut Ui, entry: &RecordingEntry, entity: EntityId, zone: TimeZone) {
    let store = entry.store();
    let timelines: Vec<_> = store.timelines_of(entity).collect();
    if timelines.is_empty() {
        return;
    }
    section_header(ui, "Timelines", |_| {});
    for timeline in timelines {
        let time_type = store.timeline(timeline).time_type();
        let range = store.entity_time_range(entity, timeline);
        let text = format!(
            "{} – {}",
            format_time_in(time_type, zone, range.min),
            format_time_in(time_type, zone, range.max)
        );
        value_row(ui, store.timeline(timeline).name(), &text, "");
    }
}

/// The views that draw the entity: not those that only have it among theirs, as a log has all of a recording.
fn show_views(ui: &mut Ui, pass: &mut Pass<'_>, path: &EntityPath, but: Option<ViewId>) {
    let viewport = pass.viewport();
    let is_other = |view: &ViewId| Some(*view) != but && values::is_drawn(pass, *view, path);
    let views: Vec<ViewId> = pass.views_with(path).filter(is_other).collect();
    if views.is_empty() {
        return;
    }
    section_header(ui, if but.is_some() { "Also in" } else { "Shown in" }, |_| {});
    for id in views {
        if let Some(view) = viewport.views.get(&id) {
            item_link(ui, pass, view.class.as_str(), &view.title(), &Item::View(id));
        }
    }
}
