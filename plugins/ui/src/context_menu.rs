//! Menus of the second button: what can be done with the item under the pointer.

use chronoscope_blueprint::{ContainerKind, Contents, ViewId};
use chronoscope_frame::{Item, ViewClasses, ViewerCommand};
use chronoscope_store::EntityPath;
use egui::{Popup, Response, Ui};

use crate::{
    arrange::{self, ShowIn},
    choices::Choice,
    icons,
    menu::choice_row,
    pass::Pass,
    theme::size,
    widgets::container_kind_title,
};

const WIDTH: f32 = 60.0 * size::GRID;

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

fn entries(ui: &mut Ui, pass: &mut Pass<'_>, item: &Item) {
    match item {
        Item::View(id) => of_view(ui, pass, *id),
        Item::Container(id) => of_container(ui, pass, *id),
        Item::Entity(entity) | Item::Component { entity, .. } => of_entity(ui, pass, entity, None),
        Item::DataResult { view, entity, .. } => of_entity(ui, pass, entity, Some(*view)),
        Item::Store(id) => {
            choice_row(ui, pass, icons::RECORDING, "Show", Choice::Activate(id.clone()));
            let name = id.recording_id.to_string();
            choice_row(ui, pass, icons::COPY, "Copy id", Choice::Copy(name));
            choice_row(ui, pass, icons::CLOSE, "Close", Choice::Close(id.clone()));
        }
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
    ui.separator();
    choice_row(ui, pass, icons::RENAME, "Rename…", Choice::Rename(contents));
    choice_row(
        ui,
        pass,
        icons::DUPLICATE,
        "Duplicate",
        Choice::Duplicate(contents),
    );
    ui.menu_button("Kind of view", |ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        for class in pass.world.resource::<ViewClasses>().iter() {
            let icon = if class.id() == view.class {
                icons::SUCCESS
            } else {
                pass.view_icon(&class.id())
            };
            choice_row(
                ui,
                pass,
                icon,
                class.display_name(),
                Choice::SetClass(id, class.id()),
            );
        }
    });
    ui.separator();
    visibility_row(ui, pass, contents, view.visible);
    choice_row(ui, pass, icons::REMOVE, "Remove", Choice::Remove(Item::View(id)));
    ui.separator();
    ui.menu_button("Add beside it", |ui| add_rows(ui, pass));
}

fn of_container(ui: &mut Ui, pass: &mut Pass<'_>, id: chronoscope_blueprint::ContainerId) {
    let Some(container) = pass.viewport().containers.get(&id) else {
        return;
    };
    let contents = Contents::Container(id);
    let is_root = pass.viewport().root == Some(id);
    choice_row(ui, pass, icons::RENAME, "Rename…", Choice::Rename(contents));
    if !is_root {
        choice_row(
            ui,
            pass,
            icons::DUPLICATE,
            "Duplicate",
            Choice::Duplicate(contents),
        );
    }
    ui.menu_button("Arrangement", |ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        for kind in CONTAINER_KINDS {
            let icon = if kind == container.kind {
                icons::SUCCESS
            } else {
                icons::container(kind)
            };
            choice_row(
                ui,
                pass,
                icon,
                container_kind_title(kind),
                Choice::SetKind(id, kind),
            );
        }
    });
    if !is_root {
        ui.separator();
        visibility_row(ui, pass, contents, container.visible);
        choice_row(
            ui,
            pass,
            icons::REMOVE,
            "Remove",
            Choice::Remove(Item::Container(id)),
        );
    }
    ui.separator();
    ui.menu_button("Add to it", |ui| add_rows(ui, pass));
}

fn visibility_row(ui: &mut Ui, pass: &mut Pass<'_>, contents: Contents, is_visible: bool) {
    let (icon, text) = if is_visible {
        (icons::HIDDEN, "Hide")
    } else {
        (icons::VISIBLE, "Show")
    };
    choice_row(ui, pass, icon, text, Choice::SetVisible(contents, !is_visible));
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
        ui.menu_button("Show in", |ui| {
            ui.set_width(pass.place.width_for(WIDTH));
            ui.spacing_mut().item_spacing.y = 0.0;
            for (id, title) in others {
                let choice = Choice::Show(entities.clone(), ShowIn::View(id));
                choice_row(ui, pass, icons::VISIBLE, &title, choice);
            }
        });
    }
    if let Some(view) = view {
        ui.separator();
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
