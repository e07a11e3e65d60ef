//! Views and containers, and what can be changed about them.

use chronoscope_blueprint::{
    BlueprintCommand, ContainerBlueprint, ContainerId, ContainerKind, Contents, ViewBlueprint, ViewId,
};
use chronoscope_frame::{Item, RecordingEntry, ViewClasses};
use chronoscope_store::EntityPath;
use chronoscope_views::ViewUis;
use egui::{RichText, Ui};

use super::{
    add_items,
    completion::{count_text, expressions_like, paths_like},
    parts::{grouped, item_link, show_removed, switch_row, text_row, title, value_row},
    properties, query_context,
    time_range::{self, RangeOf},
    view_summary::{ViewSummaries, ViewSummary},
};
use crate::{
    choices::Choice,
    context_menu::CONTAINER_KINDS,
    edits, icons, notifications,
    pass::Pass,
    theme::{Theme, size},
    widgets::{DraftEdit, container_kind_title, container_title, elided_small, property_row, section_header},
};

/// Draws a view: what it is, what it shows, its own settings, what is wrong with it.
pub(super) fn show_view(ui: &mut Ui, pass: &mut Pass<'_>, summaries: &mut ViewSummaries, id: ViewId) {
    let viewport = pass.viewport();
    let Some(view) = viewport.views.get(&id) else {
        show_removed(ui, "This view was removed.");
        return;
    };
    let classes = pass.world.resource::<ViewClasses>();
    let class_name = classes.get(&view.class).map_or_else(
        || format!("{} view", view.class),
        |class| class.display_name().to_owned(),
    );
    title(ui, pass.view_icon(&view.class), &view.title(), &class_name);
    show_parent(ui, pass, Contents::View(id));
    show_name(ui, pass, Contents::View(id), view.name.as_deref(), &view.title());
    show_visibility(ui, pass, Contents::View(id), view.visible);
    if let Some(title_bar) = switch_row(ui, "Title bar", view.title_bar) {
        pass.edit(edits::title_bar(id, title_bar));
    }
    show_class(ui, pass, view);
    property_row(ui, "Origin", |ui| {
        let store = pass.recording_of(id).map(RecordingEntry::store);
        let suggest = |word: &str| paths_like(store, word);
        let explain = |text: &str| {
            let known = store?.entity_id(&EntityPath::parse(text.trim()));
            known
                .is_none()
                .then(|| "The recording has no such entity.".to_owned())
        };
        let field = DraftEdit::new(("origin", id.to_bytes()), view.origin.as_str())
            .hint("/")
            .suggest(&suggest)
            .explain(&explain);
        if let Some(typed) = field.show(ui) {
            pass.edit(edits::origin(id, &typed));
        }
    });
    let summary = summaries.of(pass, id);
    show_contents(ui, pass, view, summary);
    query_context::show(ui, pass, id);
    ui.push_id("time range", |ui| time_range::show(ui, pass, id, RangeOf::View));
    ui.push_id("time axis", |ui| time_range::show_axis(ui, pass, id));
    show_settings(ui, pass, id);
    ui.push_id("properties", |ui| properties::show(ui, pass, id));
    show_reports(ui, pass, summary);
    ui.add_space(size::PADDING);
    let tooltip = "Takes back its name, properties, defaults and overrides";
    if ui.button("Reset view").on_hover_text(tooltip).clicked() {
        pass.edit(BlueprintCommand::ResetView(id));
    }
}

/// Draws a container: what it is, what lies in it.
pub(super) fn show_container(ui: &mut Ui, pass: &mut Pass<'_>, id: ContainerId) {
    let viewport = pass.viewport();
    let Some(container) = viewport.containers.get(&id) else {
        show_removed(ui, "This container was removed.");
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
                for kind in CONTAINER_KINDS {
                    let clicked = ui
                        .selectable_label(kind == container.kind, container_kind_title(kind))
                        .clicked();
                    if clicked && kind != container.kind {
                        pass.edit(BlueprintCommand::SetContainerKind(id, kind));
                    }
                }
            });
    });
    if container.kind == ContainerKind::Grid {
        show_grid_columns(ui, pass, container);
    }
    section_header(ui, "Contents", |ui| add_items::show(ui, pass));
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
        elided_small(ui, "Empty. Drag a view here, or add one.");
    }
}

/// The number of columns of a grid; as many as look good where none is given.
fn show_grid_columns(ui: &mut Ui, pass: &mut Pass<'_>, container: &ContainerBlueprint) {
    const MAX: u32 = 1_000;
    let parse = |text: &str| text.trim().parse::<u32>().ok();
    let is_valid = |text: &str| {
        let columns = parse(text);
        text.trim().is_empty() || columns.is_some_and(|columns| (1..=MAX).contains(&columns))
    };
    let current = container
        .grid_columns
        .map_or(String::new(), |columns| columns.to_string());
    property_row(ui, "Columns", |ui| {
        let field = DraftEdit::new(("columns", container.id.to_bytes()), &current)
            .hint("automatic")
            .valid_if(&is_valid);
        if let Some(typed) = field.show(ui) {
            pass.edit(BlueprintCommand::SetGridColumns(container.id, parse(&typed)));
        }
    });
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
            "Parent",
            &container_title(parent),
            &Item::Container(parent.id),
        );
    }
}

fn show_name(ui: &mut Ui, pass: &mut Pass<'_>, item: Contents, name: Option<&str>, fallback: &str) {
    property_row(ui, "Name", |ui| {
        let salt = ("name", item.entity_path().to_string());
        let field = DraftEdit::new(salt, name.unwrap_or_default()).hint(fallback);
        if let Some(typed) = field.show(ui) {
            pass.edit(edits::name(item, &typed));
        }
    });
}

/// The class of a view, to choose another.
fn show_class(ui: &mut Ui, pass: &mut Pass<'_>, view: &ViewBlueprint) {
    let classes = pass.world.resource::<ViewClasses>();
    let name = classes
        .get(&view.class)
        .map_or(view.class.as_str(), |class| class.display_name());
    property_row(ui, "Kind", |ui| {
        egui::ComboBox::from_id_salt("class")
            .selected_text(name)
            .truncate()
            .show_ui(ui, |ui| {
                for class in classes.iter() {
                    let is_now = class.id() == view.class;
                    if ui.selectable_label(is_now, class.display_name()).clicked() && !is_now {
                        pass.choose(Choice::SetClass(view.id, class.id()));
                    }
                }
            });
    });
}

fn show_visibility(ui: &mut Ui, pass: &mut Pass<'_>, item: Contents, is_visible: bool) {
    if let Some(visible) = switch_row(ui, "Visible", is_visible) {
        pass.edit(edits::visible(item, visible));
    }
}

/// The rules of what the view shows, and how much that is.
fn show_contents(ui: &mut Ui, pass: &mut Pass<'_>, view: &ViewBlueprint, summary: &ViewSummary) {
    section_header(ui, "Entities", |_| {});
    let rules = view.contents.to_string();
    let rows = view.contents.rules().len().clamp(2, 8);
    let store = pass.recording_of(view.id).map(RecordingEntry::store);
    let suggest = |word: &str| expressions_like(store, word);
    let ctx = ui.ctx().clone();
    let explain = |text: &str| Some(count_text(&ctx, store?, &view.origin, text));
    let field = DraftEdit::new(("contents", view.id.to_bytes()), &rules)
        .hint("$origin/**")
        .rows(rows)
        .suggest(&suggest)
        .explain(&explain);
    if let Some(typed) = field.show(ui) {
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
    let unit = if summary.num_entities == 1 {
        "entity"
    } else {
        "entities"
    };
    value_row(ui, "Matched", &grouped(summary.num_entities as u64), unit);
    if !summary.without_visualizer.is_empty() {
        text_row(
            ui,
            "Not shown",
            &without_visualizer_text(&summary.without_visualizer),
        );
    }
}

/// The entities that nothing can show yet, by name, as many as can be read.
fn without_visualizer_text(entities: &[(EntityPath, Vec<&'static str>)]) -> String {
    const MAX_NAMES: usize = 4;
    let names = entities
        .iter()
        .take(MAX_NAMES)
        .map(|(path, archetypes)| format!("{} ({})", path, archetypes.join(", ")));
    let mut text = names.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = entities.len().checked_sub(MAX_NAMES) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// The settings that only views of its class have.
fn show_settings(ui: &mut Ui, pass: &mut Pass<'_>, id: ViewId) {
    let Some(view) = pass.viewport().views.get(&id) else {
        return;
    };
    let view_ui = pass.world.resource::<ViewUis>().get(&view.class);
    let Some((view_ui, mut context)) = view_ui.zip(pass.view_context(id)) else {
        return;
    };
    ui.add_space(size::GRID);
    ui.push_id(("settings", id.to_bytes()), |ui| {
        view_ui.settings_ui(ui, &mut context);
    });
}

/// Problems of the view and of its entities.
fn show_reports(ui: &mut Ui, pass: &mut Pass<'_>, summary: &ViewSummary) {
    if summary.reports.is_empty() {
        return;
    }
    section_header(ui, "Problems", |_| {});
    for report in &summary.reports {
        notifications::show_report(ui, pass, report);
    }
    if summary.num_more_reports > 0 {
        elided_small(ui, &format!("and {} more", summary.num_more_reports));
    }
}
