//! Menus of the second button: what can be done with the item under the pointer.

use chronoscope_blueprint::{ContainerKind, Contents, ViewId};
use chronoscope_frame::{Item, ViewClasses, ViewerCommand};
use chronoscope_store::EntityPath;
use egui::{Align2, FocusDirection, Popup, Response, Ui, Vec2};

use crate::{
    arrange::{self, ShowIn},
    choices::Choice,
    commands::UiCommand,
    icons,
    menu::choice_row,
    overlay,
    pass::Pass,
    theme::size,
    view_commands,
    widgets::container_kind_title,
};

const WIDTH: f32 = 80.0 * size::GRID;

/// The kinds of containers, in the order of menus.
pub(crate) const CONTAINER_KINDS: [ContainerKind; 4] = [
    ContainerKind::Tabs,
    ContainerKind::Horizontal,
    ContainerKind::Vertical,
    ContainerKind::Grid,
];

/// Opens and draws the menu of an item. What it is opened on is selected, unless it is already.
pub(crate) fn show(response: &Response, pass: &mut Pass<'_>, item: &Item) {
    if response.secondary_clicked() && !pass.is_selected(item) {
        pass.push(ViewerCommand::Select(vec![item.clone()]));
    }
    Popup::context_menu(response).show(|ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        entries(ui, pass, item);
    });
}

/// Opens and draws the menu of what the pointer is over in a view, else of the view. It comes after the view was drawn:
/// what has a menu of its own there, such as a line of a log, has had the click.
pub(crate) fn show_in_view(ui: &Ui, pass: &mut Pass<'_>, view: ViewId, rect: egui::Rect) {
    let over = ui.interact(rect, ui.id().with("menu of the view"), egui::Sense::hover());
    let is_clicked = ui.input(|input| input.pointer.secondary_clicked()) && over.contains_pointer();
    let was_open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&over));
    let opens = is_clicked && (was_open || !Popup::is_any_open(ui.ctx()));
    let item_id = over.id.with("item");
    if opens {
        let hovered = pass.selection().hovered.as_ref();
        let item = hovered.filter(|item| item.view() == Some(view)).cloned();
        let item = item.unwrap_or(Item::View(view));
        if !pass.is_selected(&item) {
            pass.push(ViewerCommand::Select(vec![item.clone()]));
        }
        ui.data_mut(|data| data.insert_temp(item_id, item));
    }
    let menu = Popup::menu(&over)
        .open_memory(opens.then_some(egui::SetOpenCommand::Bool(true)))
        .at_pointer_fixed();
    menu.show(|ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        let item: Item = ui.data(|data| data.get_temp(item_id)).unwrap_or(Item::View(view));
        entries(ui, pass, &item);
        if item.entity().is_some() {
            ui.separator();
            submenu(ui, pass, "View", |ui, pass| of_view(ui, pass, view));
        }
    });
}

/// The name of the layer of the menu that a key opens.
pub(crate) const ITEM_MENU: &str = "menu of the selection";

/// Passes in which its first row is offered the focus: in the first one it only finds its size.
const FOCUS_PASSES: u8 = 3;

/// The menu that a key opens, of what is selected.
#[derive(Default)]
pub(crate) struct ItemMenuState {
    item: Option<Item>,
    /// Passes in which the first row is still to get the focus.
    focus_passes: u8,
}

impl ItemMenuState {
    pub(crate) fn open(&mut self, pass: &Pass<'_>) {
        self.item = pass.selection().selected.first().cloned();
        self.focus_passes = FOCUS_PASSES;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.item.is_some()
    }
}

/// Draws the menu of what is selected while it is open. Its rows are gone through with the keys that move the focus.
pub(crate) fn show_of_selection(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut ItemMenuState) {
    let Some(item) = state.item.clone() else {
        return;
    };
    if state.focus_passes > 0 {
        let is_first = state.focus_passes == FOCUS_PASSES;
        state.focus_passes -= 1;
        ctx.memory_mut(|memory| {
            if let Some(focused) = memory.focused().filter(|_| is_first) {
                memory.surrender_focus(focused);
            }
            if memory.focused().is_none() {
                memory.move_focus(FocusDirection::Next);
            }
        });
        ctx.request_repaint();
    }
    let place = pass.place;
    let num_chosen = pass.chosen.len();
    let answer = overlay::show(ctx, &place, ITEM_MENU, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        ui.set_width(place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        entries(ui, pass, &item);
    });
    if answer.should_close || pass.chosen.len() > num_chosen {
        state.item = None;
    }
}

fn entries(ui: &mut Ui, pass: &mut Pass<'_>, item: &Item) {
    match item {
        Item::View(id) => of_view(ui, pass, *id),
        Item::Container(id) => of_container(ui, pass, *id),
        Item::Entity(entity) | Item::Component { entity, .. } => of_entity(ui, pass, entity, None),
        Item::DataResult { view, entity, .. } => of_entity(ui, pass, entity, Some(*view)),
        Item::Row { view, entity, .. } => {
            action_row(ui, pass, UiCommand::CopyRows, *view);
            of_entity(ui, pass, entity, Some(*view));
        }
        Item::Store(id) => {
            choice_row(ui, pass, icons::RECORDING, "Show", Choice::Activate(id.clone()));
            let name = id.recording_id.to_string();
            choice_row(ui, pass, icons::COPY, "Copy id", Choice::Copy(name));
            choice_row(ui, pass, icons::CLOSE, "Close", Choice::Close(id.clone()));
        }
    }
}

/// The rows of a submenu.
fn submenu(ui: &mut Ui, pass: &mut Pass<'_>, text: &str, rows: impl FnOnce(&mut Ui, &mut Pass<'_>)) {
    ui.menu_button(text, |ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        rows(ui, pass);
    });
}

/// What can be done with views and containers alike: to name one, and all but that to one that is not the outermost.
fn naming_rows(ui: &mut Ui, pass: &mut Pass<'_>, contents: Contents) {
    choice_row(ui, pass, icons::RENAME, "Rename…", Choice::Rename(contents));
    if !is_root(pass, contents) {
        let duplicate = Choice::Duplicate(contents);
        choice_row(ui, pass, icons::DUPLICATE, "Duplicate", duplicate);
    }
}

/// Rows to hide and to remove a view or a container, but for the outermost.
fn presence_rows(ui: &mut Ui, pass: &mut Pass<'_>, contents: Contents, is_visible: bool) {
    if is_root(pass, contents) {
        return;
    }
    ui.separator();
    let (icon, text) = if is_visible {
        (icons::HIDDEN, "Hide")
    } else {
        (icons::VISIBLE, "Show")
    };
    choice_row(ui, pass, icon, text, Choice::SetVisible(contents, !is_visible));
    if let Some(windows) = pass.own_windows() {
        let is_own = windows.contains(contents);
        let text = if is_own {
            "Back among the others"
        } else {
            "Show in a window of its own"
        };
        let choice = Choice::OwnWindow(contents, !is_own);
        choice_row(ui, pass, icons::OWN_WINDOW, text, choice);
    }
    let remove = Choice::Remove(arrange::item_of(contents));
    choice_row(ui, pass, icons::REMOVE, "Remove", remove);
}

fn is_root(pass: &Pass<'_>, contents: Contents) -> bool {
    pass.viewport().root.map(Contents::Container) == Some(contents)
}

/// A row for each kind of something, of which one has it.
fn kind_row(ui: &mut Ui, pass: &mut Pass<'_>, is_now: bool, icon: &str, text: &str, choice: Choice) {
    let icon = if is_now { icons::SUCCESS } else { icon };
    choice_row(ui, pass, icon, text, choice);
}

/// A row for what the class of a view does, if it does.
fn action_row(ui: &mut Ui, pass: &mut Pass<'_>, command: UiCommand, view: ViewId) {
    let action = view_commands::action_of(command);
    if let Some(action) = action.filter(|action| view_commands::can_do(pass, view, *action)) {
        let choice = Choice::Act(view, action);
        choice_row(ui, pass, command.icon(), command.name(), choice);
    }
}

fn of_view(ui: &mut Ui, pass: &mut Pass<'_>, id: ViewId) {
    let Some(view) = pass.viewport().views.get(&id) else {
        return;
    };
    let contents = Contents::View(id);
    let is_maximized = pass.viewport().maximized == Some(id);
    choice_row(ui, pass, icons::FRAME, "Frame all content", Choice::Frame(id));
    if is_maximized {
        choice_row(ui, pass, icons::MINIMIZE, "Restore", Choice::Maximize(None));
    } else {
        choice_row(ui, pass, icons::MAXIMIZE, "Maximize", Choice::Maximize(Some(id)));
    }
    for command in view_commands::OF_VIEW {
        action_row(ui, pass, command, id);
    }
    ui.separator();
    naming_rows(ui, pass, contents);
    submenu(ui, pass, "Kind of view", |ui, pass| {
        for class in pass.world.resource::<ViewClasses>().iter() {
            let (icon, is_now) = (pass.view_icon(&class.id()), class.id() == view.class);
            let choice = Choice::SetClass(id, class.id());
            kind_row(ui, pass, is_now, icon, class.display_name(), choice);
        }
    });
    presence_rows(ui, pass, contents, view.visible);
    ui.separator();
    choice_row(ui, pass, icons::COPY, "Copy picture", Choice::CopyPicture(id));
    let save = Choice::SavePicture(id);
    choice_row(ui, pass, icons::SCREENSHOT, "Save picture as…", save);
    ui.separator();
    submenu(ui, pass, "Add beside it", add_rows);
}

fn of_container(ui: &mut Ui, pass: &mut Pass<'_>, id: chronoscope_blueprint::ContainerId) {
    let Some(container) = pass.viewport().containers.get(&id) else {
        return;
    };
    let contents = Contents::Container(id);
    naming_rows(ui, pass, contents);
    submenu(ui, pass, "Arrangement", |ui, pass| {
        for kind in CONTAINER_KINDS {
            let (icon, is_now) = (icons::container(kind), kind == container.kind);
            let choice = Choice::SetKind(id, kind);
            kind_row(ui, pass, is_now, icon, container_kind_title(kind), choice);
        }
    });
    presence_rows(ui, pass, contents, container.visible);
    ui.separator();
    submenu(ui, pass, "Add to it", add_rows);
}

fn of_entity(ui: &mut Ui, pass: &mut Pass<'_>, entity: &EntityPath, view: Option<ViewId>) {
    // With several selected, it is all of them.
    let selected = arrange::selected_entities(pass);
    let entities = if selected.len() > 1 && selected.contains(entity) {
        selected
    } else {
        vec![entity.clone()]
    };
    let count = entities.len();
    let text = |one: &str, many: &str| match count {
        1 => one.to_owned(),
        _ => format!("{many} ({count})"),
    };
    let show = text("Show in a new view", "Show in new views");
    let new = Choice::Show(entities.clone(), ShowIn::New);
    choice_row(ui, pass, icons::ADD, &show, new);
    let others: Vec<(ViewId, String)> = pass
        .viewport()
        .views_in_order()
        .into_iter()
        .filter(|id| Some(*id) != view && arrange::can_show(pass, *id, entity))
        .filter_map(|id| Some((id, pass.viewport().views.get(&id)?.title())))
        .take(MAX_VIEWS)
        .collect();
    if !others.is_empty() {
        submenu(ui, pass, "Show in", |ui, pass| {
            for (id, title) in others {
                let choice = Choice::Show(entities.clone(), ShowIn::View(id));
                choice_row(ui, pass, icons::VISIBLE, &title, choice);
            }
        });
    }
    if let Some(view) = view {
        ui.separator();
        for command in view_commands::OF_ENTITY {
            action_row(ui, pass, command, view);
        }
        let hide = Choice::SetEntityVisible(view, entity.clone(), false);
        choice_row(ui, pass, icons::HIDDEN, "Hide in this view", hide);
        let item = Item::DataResult {
            view,
            entity: entity.clone(),
            instance: None,
        };
        choice_row(
            ui,
            pass,
            icons::REMOVE,
            "Remove from this view",
            Choice::Remove(item),
        );
    }
    ui.separator();
    let paths: Vec<&str> = entities.iter().map(EntityPath::as_str).collect();
    let copy = Choice::Copy(paths.join("\n"));
    choice_row(ui, pass, icons::COPY, &text("Copy path", "Copy paths"), copy);
    let command = UiCommand::CopyTable;
    choice_row(ui, pass, command.icon(), command.name(), Choice::Command(command));
}

/// Views that a menu offers to show an entity in.
const MAX_VIEWS: usize = 20;

/// The classes of views and the kinds of containers, to add one.
pub(crate) fn add_rows(ui: &mut Ui, pass: &mut Pass<'_>) {
    ui.set_width(pass.place.width_for(WIDTH));
    ui.spacing_mut().item_spacing.y = 0.0;
    for class in pass.world.resource::<ViewClasses>().iter() {
        let icon = pass.view_icon(&class.id());
        choice_row(ui, pass, icon, class.display_name(), Choice::AddView(class.id()));
    }
    ui.separator();
    for kind in CONTAINER_KINDS {
        let choice = Choice::AddContainer(kind);
        choice_row(
            ui,
            pass,
            icons::container(kind),
            container_kind_title(kind),
            choice,
        );
    }
}
