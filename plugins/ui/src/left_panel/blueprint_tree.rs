//! The blueprint of what is shown, as a tree to select, hide and rearrange in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_blueprint::{BlueprintCommand, Contents, ViewBlueprint, ViewId, ViewportBlueprint};
use chronoscope_frame::{DataResult, DataResults, Item, RecordingKey, ViewOverrides};
use chronoscope_store::EntityPath;
use chronoscope_views::without_visualizer;
use egui::Ui;

use super::{
    drag::drag_and_drop,
    rows::{self, EntityEntry, Expansion, Node, Row},
    series,
};
use crate::{
    arrange::is_visible,
    commands::UiCommand,
    context_menu::add_rows,
    edits, entity_drag,
    find::{CursorAnswers, EntityFilter, FilterPlace, archetypes},
    icons,
    pass::Pass,
    theme::size,
    top_bar::command_button,
    tree_steps::{RowPlace, Stepped, TreeStep, step},
    undrawn::Undrawn,
    widgets::{
        FilterField, ListRow, container_title, elided_small, icon_button, noted_header, padded, title_width,
    },
};

/// The tree, and what it was made of.
#[derive(Default)]
pub(super) struct TreeState {
    expansion: Expansion,
    /// Grows with each row that is expanded or collapsed.
    version: u64,
    made_of: Option<MadeOf>,
    /// The entities of the views that are expanded.
    entries: BTreeMap<ViewId, ViewEntries>,
    rows: Arc<Vec<Row>>,
    pub(super) filter: FilterField,
    /// The selected item whose row was last scrolled to.
    revealed: Option<Item>,
    /// The part of the list that was on the screen, in points from its top.
    on_screen: Option<egui::Rangef>,
}

impl TreeState {
    /// Opens all rows; or shuts all but those of containers, so that the views stay in sight.
    pub(super) fn set_all(&mut self, expanded: bool) {
        self.expansion = Expansion {
            all: Some(expanded),
            ..Expansion::default()
        };
        self.version += 1;
    }

    /// Goes a step from the selected item, as a key asks. Returns what is to be selected.
    pub(super) fn step(&mut self, selected: Option<&Item>, by: TreeStep) -> Option<Item> {
        let rows = Arc::clone(&self.rows);
        let at = selected.and_then(|item| rows.iter().position(|row| item_of(&row.node) == *item));
        let place = |row: &Row| RowPlace {
            level: row.level,
            expanded: row.expanded,
        };
        match step(&rows, at, by, place) {
            Stepped::To(at) => Some(item_of(&rows.get(at)?.node)),
            Stepped::Expanded(expanded) => {
                let node = rows.get(at?)?.node.clone();
                self.expansion.nodes.insert(node, expanded);
                self.version += 1;
                None
            }
            Stepped::Nothing => None,
        }
    }
}

/// What is selected by a row.
fn item_of(node: &Node) -> Item {
    match node {
        Node::Container(id) => Item::Container(*id),
        Node::View(id) => Item::View(*id),
        Node::Entity(view, path) => Item::DataResult {
            view: *view,
            entity: path.clone(),
            instance: None,
        },
    }
}

#[cfg(test)]
impl TreeState {
    pub(super) fn rows(&self) -> &Arc<Vec<Row>> {
        &self.rows
    }
}

/// All that the rows depend on.
struct MadeOf {
    recording: Option<RecordingKey>,
    viewport: Arc<ViewportBlueprint>,
    views: BTreeMap<ViewId, Versions>,
    version: u64,
    filter: String,
    /// How long the rows stay what the filter finds at the cursor.
    found_at: Option<CursorAnswers>,
}

/// The versions of what a view's entities are shown by.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Versions {
    results: u64,
    overrides: u64,
}

struct ViewEntries {
    of: Versions,
    entries: Arc<[EntityEntry]>,
}

/// Draws the tree.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TreeState) {
    show_header(ui, pass, state);
    if state.filter.is_open() {
        let id = pass.place.id.with("tree filter");
        let archetypes = || pass.store().map(archetypes).unwrap_or_default();
        padded(ui, |ui| {
            state.filter.show(ui, id, "Find a view or an entity", archetypes);
        });
    }
    let revealed = reveal(pass, state);
    refresh(pass, state);
    if state.rows.is_empty() {
        let is_filtered = !state.filter.text().is_empty();
        let text = if is_filtered {
            "Nothing has such a name."
        } else {
            "No views."
        };
        padded(ui, |ui| elided_small(ui, text));
        return;
    }
    let rows = Arc::clone(&state.rows);
    let mut area = egui::ScrollArea::vertical()
        .id_salt("blueprint_tree")
        .auto_shrink([false, false]);
    if let Some(at) = revealed.and_then(|node| rows.iter().position(|row| row.node == node)) {
        let top = at as f32 * size::ROW;
        let row = egui::Rangef::new(top, top + size::ROW);
        let is_on_screen = |shown: egui::Rangef| shown.contains(row.min) && shown.contains(row.max);
        if !state.on_screen.is_some_and(is_on_screen) {
            area = area.vertical_scroll_offset((row.center() - ui.available_height() / 2.0).max(0.0));
        }
    }
    let output = area.show_rows(ui, size::ROW, rows.len(), |ui, range| {
        for row in rows.get(range).unwrap_or(&[]) {
            // The row's place says nothing of what it stands for.
            ui.push_id(egui::Id::new(("blueprint row", node_key(&row.node))), |ui| {
                show_row(ui, pass, state, row);
            });
        }
    });
    let top = output.state.offset.y;
    state.on_screen = Some(egui::Rangef::new(top, top + output.inner_rect.height()));
    if let Some(to) = pass.extend_to.take() {
        let items: Vec<Item> = rows.iter().map(|row| item_of(&row.node)).collect();
        pass.select_up_to(&items, &to);
    }
}

/// Expands what lies around a newly selected item. Returns its node, so that its row can be scrolled to.
fn reveal(pass: &Pass<'_>, state: &mut TreeState) -> Option<Node> {
    let selected = pass.selection().selected.first();
    if state.revealed.as_ref() == selected {
        return None;
    }
    state.revealed = selected.cloned();
    let viewport = pass.viewport();
    let node = match selected? {
        Item::Container(id) => Node::Container(*id),
        Item::View(id) => Node::View(*id),
        Item::DataResult { view, entity, .. } | Item::Row { view, entity, .. } => {
            Node::Entity(*view, entity.clone())
        }
        Item::Entity(entity) | Item::Component { entity, .. } => {
            Node::Entity(pass.views_with(entity).next()?, entity.clone())
        }
        Item::Store(_) => return None,
    };
    let contents = match &node {
        Node::Container(id) => Contents::Container(*id),
        Node::View(id) | Node::Entity(id, _) => Contents::View(*id),
    };
    let mut around = Vec::new();
    let mut above = viewport.parent_of(contents);
    for _ in 0..chronoscope_blueprint::MAX_CONTAINER_DEPTH {
        let Some((parent, _)) = above else { break };
        around.push(Node::Container(parent));
        above = viewport.parent_of(Contents::Container(parent));
    }
    if let Node::Entity(view, entity) = &node {
        around.push(Node::View(*view));
        let groups = entity.ancestors().skip(1).filter(|path| !path.is_root());
        around.extend(groups.map(|path| Node::Entity(*view, path)));
    }
    for node in around {
        let is_shut = state
            .rows
            .iter()
            .find(|row| row.node == node)
            .is_none_or(|row| row.expanded == Some(false));
        if is_shut && state.expansion.nodes.insert(node, true) != Some(true) {
            state.version += 1;
        }
    }
    Some(node)
}

fn show_header(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TreeState) {
    const TITLE: &str = "Blueprint";
    let recordings = pass.recordings();
    let application = recordings.active_application();
    let is_sent = application
        .and_then(|application| recordings.blueprints(application))
        .is_some_and(|blueprints| blueprints.default.is_some());
    let is_edited = application.is_some_and(|application| recordings.is_blueprint_edited(application));
    let note = match (is_sent, is_edited) {
        (_, true) => "edited",
        (true, false) => "as sent",
        (false, false) => "automatic",
    };
    padded(ui, |ui| {
        noted_header(ui, TITLE, note, |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let add = icon_button(ui, icons::ADD, "Add a view or a container", None);
            egui::Popup::menu(&add).show(|ui| add_rows(ui, pass));
            let command = UiCommand::FilterTrees;
            let shortcut = command.shortcut_text();
            if icon_button(ui, command.icon(), "Find rows", shortcut.as_deref()).clicked() {
                state.filter.open();
            }
            let title_width = title_width(ui, TITLE);
            for command in [UiCommand::ResetToHeuristics, UiCommand::ResetBlueprint] {
                // Where there is little room, the title goes before what is in the menu, too.
                if ui.available_width() - size::ROW >= title_width {
                    command_button(ui, pass, command);
                }
            }
        });
    });
}

/// Makes the rows anew where something changed that they depend on. What views say of themselves, such as
/// where an eye is, is not among that.
fn refresh(pass: &Pass<'_>, state: &mut TreeState) {
    let viewport = pass.viewport();
    let recording = pass.active().map(chronoscope_frame::RecordingEntry::key);
    let views: BTreeMap<ViewId, Versions> = viewport
        .views
        .keys()
        .filter_map(|view| Some((*view, versions_of(pass, *view)?)))
        .collect();
    let place = FilterPlace::shown(pass);
    if let Some(made_of) = &mut state.made_of {
        let is_kept = place.as_ref().is_none_or(|place| place.keeps(made_of.found_at));
        let is_same_tree =
            Arc::ptr_eq(&made_of.viewport, viewport) || rows::is_same_tree(&made_of.viewport, viewport);
        made_of.viewport = Arc::clone(viewport);
        let is_same_recording = made_of.recording == recording && made_of.filter == state.filter.text();
        if !is_same_recording {
            state.entries.clear();
        }
        let is_same_state = made_of.views == views && made_of.version == state.version;
        if is_same_tree && is_same_recording && is_same_state && is_kept {
            return;
        }
    }
    state
        .entries
        .retain(|view, known| views.get(view) == Some(&known.of));
    let filter = EntityFilter::parse(state.filter.text());
    state.rows = Arc::new(if filter.is_empty() {
        let num_entities = |view: ViewId| pass.of_view::<DataResults>(view).map_or(0, DataResults::len);
        let entries = &mut state.entries;
        rows::rows(viewport, &state.expansion, num_entities, |view| {
            let Some(versions) = views.get(&view) else {
                return Arc::default();
            };
            let known = entries.entry(view).or_insert_with(|| ViewEntries {
                of: *versions,
                entries: entries_of(pass, view),
            });
            Arc::clone(&known.entries)
        })
    } else {
        filter.search(|filter| found_rows(pass, place.as_ref(), filter))
    });
    state.made_of = Some(MadeOf {
        recording,
        viewport: Arc::clone(viewport),
        views,
        version: state.version,
        filter: state.filter.text().to_owned(),
        found_at: place.and_then(|place| place.answers()),
    });
}

/// The rows of what is looked for, with what they lie in.
///
/// Cost: all entities of all views.
fn found_rows(pass: &Pass<'_>, place: Option<&FilterPlace<'_>>, filter: &EntityFilter) -> Vec<Row> {
    let viewport = pass.viewport();
    let meets = |entry: &&EntityEntry| {
        let meets_conditions = || {
            let place = place?;
            Some(filter.matches_data(place, place.store.entity_id(&entry.path)?))
        };
        filter.matches_name(&entry.path.ui_path())
            && (!filter.has_conditions() || meets_conditions() == Some(true))
    };
    let found_in = |view: &ViewId| -> Arc<[EntityEntry]> {
        let entries = entries_of(pass, *view);
        entries.iter().filter(meets).cloned().collect()
    };
    let views = viewport.views.keys();
    let found: BTreeMap<ViewId, _> = views.map(|view| (*view, found_in(view))).collect();
    let expansion = Expansion {
        all: Some(true),
        ..Expansion::default()
    };
    let num_found = |view: ViewId| found.get(&view).map_or(0, |entries| entries.len());
    let of_view = |view| found.get(&view).cloned().unwrap_or_default();
    let mut rows = rows::rows(viewport, &expansion, num_found, of_view);
    rows::retain_found(&mut rows, |node| {
        let name = match node {
            Node::View(id) => viewport.views.get(id).map(ViewBlueprint::title),
            Node::Container(id) => viewport.containers.get(id).and_then(|inner| inner.name.clone()),
            Node::Entity(..) => None,
        };
        !filter.has_conditions() && name.is_some_and(|name| filter.matches_name(&name))
    });
    rows
}

fn versions_of(pass: &Pass<'_>, view: ViewId) -> Option<Versions> {
    Some(Versions {
        results: pass.of_view::<DataResults>(view)?.version(),
        overrides: pass
            .of_view::<ViewOverrides>(view)
            .map_or(0, ViewOverrides::version),
    })
}

/// What a view shows, and what it should and cannot yet. Whatever else its contents match is left out, unless that is all there is.
fn entries_of(pass: &Pass<'_>, view: ViewId) -> Arc<[EntityEntry]> {
    let Some(results) = pass.of_view::<DataResults>(view) else {
        return Arc::default();
    };
    let overrides = pass.of_view::<ViewOverrides>(view);
    let missing: BTreeSet<EntityPath> = pass
        .blueprint()
        .entity(view)
        .into_iter()
        .flat_map(|entity| without_visualizer(pass.world, entity))
        .map(|(path, _)| path)
        .collect();
    let belongs = |result: &&DataResult| !result.visualizers.is_empty() || missing.contains(&result.path);
    let entry = |result: &DataResult| EntityEntry {
        path: result.path.clone(),
        is_visualized: !result.visualizers.is_empty(),
        is_visible: overrides.is_none_or(|overrides| overrides.is_visible(result.entity)),
    };
    if results.iter().any(|result| belongs(&result)) {
        results.iter().filter(belongs).map(entry).collect()
    } else {
        results.iter().map(entry).collect()
    }
}

fn show_row(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TreeState, row: &Row) {
    let viewport = Arc::clone(pass.viewport());
    let toggled = match &row.node {
        Node::Container(id) => {
            let Some(container) = viewport.containers.get(id) else {
                return;
            };
            let contents = Contents::Container(*id);
            let title = container_title(container);
            let style = ListRow::new(&title)
                .icon(icons::container(container.kind))
                .dimmed(!container.visible);
            let (_, toggled) = row_of_contents(
                ui,
                pass,
                style,
                row,
                contents,
                Item::Container(*id),
                container.visible,
            );
            toggled
        }
        Node::View(id) => {
            let Some(view) = viewport.views.get(id) else {
                return;
            };
            let icon = pass.view_icon(&view.class);
            let is_shown = is_shown(&viewport, *id);
            let title = view.title();
            let style = ListRow::new(&title).icon(icon).dimmed(!is_shown);
            let (response, toggled) = row_of_contents(
                ui,
                pass,
                style,
                row,
                Contents::View(*id),
                Item::View(*id),
                view.visible,
            );
            if response.double_clicked() {
                pass.edit(edits::maximize((viewport.maximized != Some(*id)).then_some(*id)));
            }
            toggled
        }
        Node::Entity(view, path) => show_entity(ui, pass, row, *view, path),
    };
    if toggled {
        state
            .expansion
            .nodes
            .insert(row.node.clone(), row.expanded != Some(true));
        state.version += 1;
    }
}

fn row_of_contents(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    style: ListRow<'_>,
    row: &Row,
    contents: Contents,
    item: Item,
    is_visible: bool,
) -> (egui::Response, bool) {
    let mut edit = None;
    let is_root = matches!(contents, Contents::Container(id) if pass.viewport().root == Some(id));
    let shown = style
        .level(row.level)
        .expanded(row.expanded)
        .selected(pass.is_selected(&item))
        .highlighted(pass.is_highlighted(&item))
        .sense(egui::Sense::click_and_drag())
        .show(ui, |ui| {
            if is_root {
                return;
            }
            if icon_button(ui, icons::CLOSE, "Remove", None).clicked() {
                edit = Some(match contents {
                    Contents::View(id) => BlueprintCommand::RemoveView(id),
                    Contents::Container(id) => BlueprintCommand::RemoveContainer(id),
                });
            }
            if visibility_button(ui, is_visible) {
                edit = Some(edits::visible(contents, !is_visible));
            }
        });
    pass.respond_in_tree(&shown.response, &item);
    drag_and_drop(ui, pass, &shown.response, contents);
    if let Contents::View(view) = contents {
        entity_drag::drop_on_row(ui, pass, &shown.response, view);
    }
    if let Some(edit) = edit {
        pass.edit(edit);
    }
    (shown.response, shown.toggled)
}

fn show_entity(ui: &mut Ui, pass: &mut Pass<'_>, row: &Row, view: ViewId, path: &EntityPath) -> bool {
    let item = item_of(&row.node);
    let mut hide = false;
    let hidden_series = series::hidden_series(pass, view, path);
    let is_visible = row.is_visible && hidden_series.is_none();
    let icon = if row.is_result {
        icons::ENTITY
    } else {
        icons::ENTITY_EMPTY
    };
    let mut style = ListRow::new(&row.label)
        .icon(icon)
        .level(row.level)
        .expanded(row.expanded)
        .dimmed(!row.is_visualized || !is_visible)
        .selected(pass.is_selected(&item) || pass.is_selected(&Item::Entity(path.clone())))
        .highlighted(pass.is_highlighted(&item));
    if row.is_result && row.is_visualized {
        style = style.icon_color(series::color_in(pass, view, path));
    }
    let shown = style
        .sense(egui::Sense::click_and_drag())
        .show(ui, |ui| hide = visibility_button(ui, is_visible));
    pass.respond_in_tree(&shown.response, &item);
    entity_drag::drag_source(&shown.response, pass, &item);
    if !row.is_visualized {
        shown.response.clone().on_hover_ui(|ui| {
            ui.label(path.to_string());
            if let Some(text) = undrawn_text(pass, view, path) {
                ui.label(text);
            }
        });
    }
    if hide {
        if let Some(entity) = hidden_series {
            series::show_again(pass, view, entity);
        }
        if row.is_visible == is_visible {
            pass.edit_as_step(edits::entity_visible(view, path.clone(), !is_visible));
        }
    }
    shown.toggled
}

/// Why nothing is drawn of the entity of a row.
fn undrawn_text(pass: &Pass<'_>, view: ViewId, path: &EntityPath) -> Option<String> {
    let entity = pass.entity_in(view, path)?;
    let result = pass.of_view::<DataResults>(view)?.get(entity)?;
    Some(Undrawn::new(pass, view, result).text)
}

fn visibility_button(ui: &mut Ui, is_visible: bool) -> bool {
    let (icon, tooltip) = if is_visible {
        (icons::VISIBLE, "Hide")
    } else {
        (icons::HIDDEN, "Show")
    };
    icon_button(ui, icon, tooltip, None).clicked()
}

/// Whether a view and all containers that it lies in are visible.
fn is_shown(viewport: &ViewportBlueprint, view: ViewId) -> bool {
    let mut item = Contents::View(view);
    for _ in 0..=chronoscope_blueprint::MAX_CONTAINER_DEPTH {
        if !is_visible(viewport, item) {
            return false;
        }
        let Some((parent, _)) = viewport.parent_of(item) else {
            break;
        };
        item = Contents::Container(parent);
    }
    true
}

fn node_key(node: &Node) -> ([u8; 16], &str) {
    match node {
        Node::Container(id) => (id.to_bytes(), ""),
        Node::View(id) => (id.to_bytes(), ""),
        Node::Entity(view, path) => (view.to_bytes(), path.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use chronoscope_blueprint::{Panel, PanelState};
    use chronoscope_frame::ViewerCommands;

    use super::*;
    use crate::{state::UiState, testing::Stage};

    #[test]
    fn an_edit_that_changes_no_row_leaves_the_rows_as_they_are() {
        let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
        stage.draw();
        let rows = |stage: &Stage| Arc::clone(stage.app.world().resource::<UiState>().left_panel.rows());
        let before = rows(&stage);
        let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
        commands.blueprint(edits::panel(Panel::Time, PanelState::Collapsed));
        stage.draw();
        assert!(Arc::ptr_eq(&before, &rows(&stage)));
        let view = before.iter().find_map(|row| match row.node {
            Node::View(view) => Some(view),
            _ => None,
        });
        let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
        commands.blueprint(BlueprintCommand::RemoveView(
            view.unwrap_or_else(|| panic!("no view")),
        ));
        stage.draw();
        assert!(!Arc::ptr_eq(&before, &rows(&stage)));
    }
}
