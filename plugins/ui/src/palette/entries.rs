//! All that the palette can find.

use chronoscope_blueprint::{PROPERTIES_PATH, natural_order};
use chronoscope_frame::{Item, RecentFiles, ViewClasses};
use chronoscope_store::{EntityId, EntityPath};

use super::PaletteMode;
use crate::{
    choices::Choice,
    commands::{NamedCommands, one_view},
    context_menu::CONTAINER_KINDS,
    icons,
    left_panel::recording_name,
    names::short_name,
    pass::Pass,
    widgets::{container_kind_title, container_title},
};

/// Something that can be found.
pub(super) struct Entry {
    pub(super) icon: &'static str,
    /// What is shown, and matched.
    pub(super) label: String,
    /// At the right end: a shortcut, or what kind of thing it is.
    pub(super) detail: String,
    pub(super) is_enabled: bool,
    pub(super) choice: Choice,
    /// The entity that it is, if one.
    pub(super) entity: Option<EntityId>,
}

impl Entry {
    fn new(icon: &'static str, label: impl Into<String>, detail: &str, choice: Choice) -> Self {
        Self {
            icon,
            label: label.into(),
            detail: detail.to_owned(),
            is_enabled: true,
            choice,
            entity: None,
        }
    }
}

/// All entries of a mode, entities last.
pub(super) fn entries(pass: &Pass<'_>, mode: PaletteMode) -> Vec<Entry> {
    let mut entries = Vec::new();
    match mode {
        PaletteMode::Add => add_entries(pass, &mut entries, ""),
        PaletteMode::ChangeClass => class_entries(pass, &mut entries),
        PaletteMode::Everything => {
            command_entries(pass, &mut entries);
            add_entries(pass, &mut entries, "Add: ");
            blueprint_entries(pass, &mut entries);
            recording_entries(pass, &mut entries);
            entity_entries(pass, &mut entries);
        }
    }
    entries
}

fn command_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>) {
    let commands = pass.world.resource::<NamedCommands>();
    entries.extend(commands.iter().map(|(at, command)| {
        let shortcut = command.shortcut_text().unwrap_or_default();
        Entry {
            is_enabled: command.is_enabled(pass),
            ..Entry::new(command.icon, command.label(pass), &shortcut, Choice::Named(at))
        }
    }));
}

fn add_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>, prefix: &str) {
    if pass.active().is_none() {
        return;
    }
    for class in pass.world.resource::<ViewClasses>().iter() {
        let label = format!("{prefix}{}", class.display_name());
        let choice = Choice::AddView(class.id());
        entries.push(Entry::new(pass.view_icon(&class.id()), label, "view", choice));
    }
    for kind in CONTAINER_KINDS {
        let label = format!("{prefix}{}", container_kind_title(kind));
        let choice = Choice::AddContainer(kind);
        entries.push(Entry::new(icons::container(kind), label, "container", choice));
    }
}

fn class_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>) {
    let Some(view) = one_view(pass) else { return };
    for class in pass.world.resource::<ViewClasses>().iter() {
        let choice = Choice::SetClass(view, class.id());
        let icon = pass.view_icon(&class.id());
        entries.push(Entry::new(icon, class.display_name(), "", choice));
    }
}

fn blueprint_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>) {
    let viewport = pass.viewport();
    for id in viewport.views_in_order() {
        if let Some(view) = viewport.views.get(&id) {
            let icon = pass.view_icon(&view.class);
            let choice = Choice::Select(Item::View(id));
            entries.push(Entry::new(icon, view.title(), "view", choice));
        }
    }
    for container in viewport
        .containers
        .values()
        .filter(|container| container.name.is_some())
    {
        let icon = icons::container(container.kind);
        let choice = Choice::Select(Item::Container(container.id));
        entries.push(Entry::new(icon, container_title(container), "container", choice));
    }
}

fn recording_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>) {
    for entry in pass.recordings().recordings() {
        let label = format!("{} {}", entry.id().application_id, recording_name(entry));
        let choice = Choice::Activate(entry.id().clone());
        entries.push(Entry::new(icons::RECORDING, label, "recording", choice));
    }
    for path in &pass.world.resource::<RecentFiles>().0 {
        let text = path.display().to_string();
        let label = format!("Open {}", short_name(&text));
        entries.push(Entry::new(
            icons::OPEN,
            label,
            &text,
            Choice::OpenFile(path.clone()),
        ));
    }
}

/// The entities with data but those of the recording's own properties, in the natural order of their paths.
fn entity_entries(pass: &Pass<'_>, entries: &mut Vec<Entry>) {
    let Some(store) = pass.store() else { return };
    // They are shown with the recording.
    let properties: EntityPath = PROPERTIES_PATH.into();
    let mut entities: Vec<(String, EntityId)> = store
        .entities()
        .filter(|entity| store.has_data(*entity) && !store.entity_path(*entity).starts_with(&properties))
        .map(|entity| {
            let names = store.entity_path(entity).ui_path();
            (names, entity)
        })
        .collect();
    entities.sort_by(|(a, _), (b, _)| natural_order(a, b));
    entries.extend(entities.into_iter().map(|(label, entity)| {
        let item = Item::Entity(store.entity_path(entity).clone());
        Entry {
            entity: Some(entity),
            ..Entry::new(icons::ENTITY, label, "", Choice::Select(item))
        }
    }));
}
