//! Views and containers, and what can be changed about them.

use chronoscope_blueprint::{BlueprintCommand, ContainerId, ContainerKind, Contents, ViewBlueprint, ViewId};
use chronoscope_frame::{ActiveBlueprint, DataResults, Item, Report, Reports, ViewClasses, Visualizers};
use chronoscope_views::{ViewUiContext, ViewUis};
use egui::{RichText, Ui};

use super::{grouped, item_link, text_row, title, value_row};
use crate::{
    edits, icons, notifications,
    pass::Pass,
    theme::{Theme, size},
    widgets::{
        container_kind_title, container_title, draft_edit, elided_small, property_row, section_header,
    },
};

/// Draws a view: what it is, what it shows, its own settings, what is wrong with it.
pub(super) fn show_view(ui: &mut Ui, pass: &mut Pass<'_>, id: ViewId) {
    let viewport = pass.viewport();
    let Some(view) = viewport.views.get(&id) else {
        super::show_removed(ui, "This view was removed.");
        return;
    };
    let classes = pass.world.resource::<ViewClasses>();
    let class_name = classes.get(&view.class).map_or_else(
        || format!("{} view", view.class),
        |class| class.display_name().to_owned(),
    );
    title(
        ui,
        icons::view_class(view.class.as_str()),
        &view.title(),
        &class_name,
    );
    show_parent(ui, pass, Contents::View(id));
    show_name(ui, pass, Contents::View(id), view.name.as_deref(), &view.title());
    show_visibility(ui, pass, Contents::View(id), view.visible);
    property_row(ui, "Origin", |ui| {
        if let Some(typed) = draft_edit(ui, ("origin", id.to_bytes()), view.origin.as_str(), "/", 1) {
            pass.edit(edits::origin(id, &typed));
        }
    });
    show_contents(ui, pass, view);
    show_settings(ui, pass, id);
    show_reports(ui, pass, view);
}

/// Draws a container: what it is, what lies in it.
pub(super) fn show_container(ui: &mut Ui, pass: &mut Pass<'_>, id: ContainerId) {
    let viewport = pass.viewport();
    let Some(container) = viewport.containers.get(&id) else {
        super::show_removed(ui, "This container was removed.");
        return;
    };
    title(
        ui,
        icons::container(container.kind),
        &container_title(container),
        "container",
    );
    show_parent(ui, pass, Contents::Container(id));
    show_name(
        ui,
        pass,
        Contents::Container(id),
        container.name.as_deref(),
        container_kind_title(container.kind),
    );
    show_visibility(ui, pass, Contents::Container(id), container.visible);
    property_row(ui, "Arrangement", |ui| {
        egui::ComboBox::from_id_salt("kind")
            .selected_text(container_kind_title(container.kind))
            .show_ui(ui, |ui| {
                for kind in [
                    ContainerKind::Tabs,
                    ContainerKind::Horizontal,
                    ContainerKind::Vertical,
                    ContainerKind::Grid,
                ] {
                    let clicked = ui
                        .selectable_label(kind == container.kind, container_kind_title(kind))
                        .clicked();
                    if clicked && kind != container.kind {
                        pass.edit(BlueprintCommand::SetContainerKind(id, kind));
                    }
                }
            });
    });
    section_header(ui, "Contents", |_| {});
    for item in &container.contents {
        match item {
            Contents::View(view) => {
                if let Some(view) = viewport.views.get(view) {
                    item_link(ui, pass, view.class.as_str(), &view.title(), &Item::View(view.id));
                }
            }
            Contents::Container(inner) => {
                if let Some(inner) = viewport.containers.get(inner) {
                    item_link(
                        ui,
                        pass,
                        "Container",
                        &container_title(inner),
                        &Item::Container(inner.id),
                    );
                }
            }
        }
    }
    if container.contents.is_empty() {
        elided_small(ui, "Empty. Drag a view here.");
    }
}

fn show_parent(ui: &mut Ui, pass: &mut Pass<'_>, item: Contents) {
    let viewport = pass.viewport();
    let parent = viewport
        .parent_of(item)
        .and_then(|(parent, _)| viewport.containers.get(&parent));
    if let Some(parent) = parent {
        item_link(
            ui,
            pass,
            "Lies in",
            &container_title(parent),
            &Item::Container(parent.id),
        );
    }
}

fn show_name(ui: &mut Ui, pass: &mut Pass<'_>, item: Contents, name: Option<&str>, fallback: &str) {
    property_row(ui, "Name", |ui| {
        if let Some(typed) = draft_edit(
            ui,
            ("name", item.entity_path().as_str()),
            name.unwrap_or(""),
            fallback,
            1,
        ) {
            pass.edit(edits::name(item, &typed));
        }
    });
}

fn show_visibility(ui: &mut Ui, pass: &mut Pass<'_>, item: Contents, is_visible: bool) {
    property_row(ui, "Visible", |ui| {
        let mut checked = is_visible;
        if ui.checkbox(&mut checked, "").changed() {
            pass.edit(edits::visible(item, checked));
        }
    });
}

/// The rules of what the view shows, and how much that is.
fn show_contents(ui: &mut Ui, pass: &mut Pass<'_>, view: &ViewBlueprint) {
    section_header(ui, "Entities", |_| {});
    let rules = view.contents.to_string();
    let rows = view.contents.rules().len().clamp(2, 8);
    if let Some(typed) = draft_edit(ui, ("contents", view.id.to_bytes()), &rules, "$origin/**", rows) {
        pass.edit(edits::contents(view.id, &typed));
    }
    let theme = Theme::of(ui);
    for problem in view
        .contents
        .rules()
        .iter()
        .filter_map(chronoscope_blueprint::ContentsRule::problem)
    {
        ui.add(
            egui::Label::new(
                RichText::new(problem.to_string())
                    .size(size::SMALL)
                    .color(theme.warning),
            )
            .wrap(),
        );
    }
    let Some(results) = pass.of_view::<DataResults>(view.id) else {
        return;
    };
    value_row(ui, "Matched", &grouped(results.len() as u64), "entities");
    let without = results
        .iter()
        .filter(|result| result.visualizers.is_empty())
        .count();
    if without > 0 {
        let text = if without == 1 {
            "1 entity has no visualizer yet".to_owned()
        } else {
            format!("{without} entities have no visualizer yet")
        };
        text_row(ui, "Not shown", &text);
    }
}

/// The settings that only views of its class have.
fn show_settings(ui: &mut Ui, pass: &mut Pass<'_>, id: ViewId) {
    let Some(view) = pass.viewport().views.get(&id) else {
        return;
    };
    let uis = pass.world.resource::<ViewUis>();
    let Some((view_ui, entity)) = uis
        .get(&view.class)
        .zip(pass.world.resource::<ActiveBlueprint>().entity(id))
    else {
        return;
    };
    ui.add_space(size::GRID);
    ui.push_id(("settings", id.to_bytes()), |ui| {
        let mut context = ViewUiContext {
            world: pass.world,
            view: entity,
            commands: &mut *pass.commands,
        };
        view_ui.settings_ui(ui, &mut context);
    });
}

/// What went wrong with the view and with the entities in it.
fn show_reports(ui: &mut Ui, pass: &mut Pass<'_>, view: &ViewBlueprint) {
    let mut reports: Vec<Report> = Vec::new();
    let path = view.id.entity_path();
    for report in pass
        .blueprint()
        .reports()
        .iter()
        .filter(|report| report.path.starts_with(&path))
    {
        reports.push(Report::warning("blueprint", report.problem.to_string()));
    }
    reports.extend(pass.world.resource::<Visualizers>().reports(pass.world, view.id));
    if let Some((store, results)) = pass.store().zip(pass.of_view::<DataResults>(view.id)) {
        let in_view = |report: &&Report| {
            let entity = report.entity.as_ref().and_then(|path| store.entity_id(path));
            entity.is_some_and(|entity| results.get(entity).is_some())
        };
        reports.extend(pass.world.resource::<Reports>().iter().filter(in_view).cloned());
    }
    if reports.is_empty() {
        return;
    }
    section_header(ui, "Problems", |_| {});
    for report in reports.iter().take(MAX_REPORTS) {
        notifications::show_report(ui, pass, report);
    }
    if reports.len() > MAX_REPORTS {
        elided_small(ui, &format!("and {} more", reports.len() - MAX_REPORTS));
    }
}

const MAX_REPORTS: usize = 50;
