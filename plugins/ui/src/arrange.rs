//! Views and containers that are added, copied, changed and removed: from what is selected to edits of the
//! blueprint.

use std::collections::{BTreeMap, BTreeSet};

use chronoscope_blueprint::{
    BlueprintCommand, ContainerId, ContainerKind, Contents, ContentsFilter, ContentsRule, RuleEffect,
    ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
};
use chronoscope_frame::{DataResults, Item, ViewClasses, ViewerCommand, Visualizers};
use chronoscope_store::{ChunkStore, EntityId, EntityPath};

use crate::{edits, pass::Pass};

/// The view or container that an item is.
pub(crate) fn contents_of(item: &Item) -> Option<Contents> {
    match item {
        Item::View(id) => Some(Contents::View(*id)),
        Item::Container(id) => Some(Contents::Container(*id)),
        _ => None,
    }
}

/// The item that a view or a container is.
pub(crate) fn item_of(contents: Contents) -> Item {
    match contents {
        Contents::View(id) => Item::View(id),
        Contents::Container(id) => Item::Container(id),
    }
}

/// Whether a view or a container is there and not hidden itself.
pub(crate) fn is_visible(viewport: &ViewportBlueprint, contents: Contents) -> bool {
    match contents {
        Contents::View(id) => viewport.views.get(&id).is_some_and(|view| view.visible),
        Contents::Container(id) => viewport.containers.get(&id).is_some_and(|inner| inner.visible),
    }
}

/// The selected views and containers that are there, but for the outermost container.
pub(crate) fn movable_selection(pass: &Pass<'_>) -> Vec<Contents> {
    let viewport = pass.viewport();
    let is_there = |contents: &Contents| match contents {
        Contents::View(id) => viewport.views.contains_key(id),
        Contents::Container(id) => viewport.containers.contains_key(id) && viewport.root != Some(*id),
    };
    let selected = pass.selection().selected.iter();
    selected.filter_map(contents_of).filter(is_there).collect()
}

/// Where something new goes: into the selected container, behind the selected view, else at the end.
pub(crate) fn place_for_new(pass: &Pass<'_>) -> Option<(ContainerId, usize)> {
    let viewport = pass.viewport();
    let end_of = |id: ContainerId| Some((id, viewport.containers.get(&id)?.contents.len()));
    let selected = pass.selection().selected.first();
    let beside = selected.and_then(|item| match item {
        Item::Container(id) => end_of(*id),
        _ => {
            let (parent, at) = viewport.parent_of(Contents::View(item.view()?))?;
            Some((parent, at + 1))
        }
    });
    beside.or_else(|| end_of(viewport.root?))
}

/// Adds a view and selects it, after other edits of the same step. It is brought to the front where it lies among tabs.
fn add_view(pass: &mut Pass<'_>, view: ViewBlueprint, mut commands: Vec<BlueprintCommand>) {
    let place = place_for_new(pass);
    let item = Item::View(view.id);
    let name = if commands.is_empty() {
        "add view"
    } else {
        "move to a new view"
    };
    commands.push(BlueprintCommand::AddView(view.clone(), place));
    if let Some((parent, _)) = place {
        commands.extend(to_front(pass, parent, Contents::View(view.id)));
    }
    if pass.viewport().maximized.is_some() {
        pass.edit(edits::maximize(None));
    }
    pass.edit_as_step(BlueprintCommand::group(name, commands));
    pass.push(ViewerCommand::Select(vec![item]));
}

/// The edits that bring something that lies in a container to the front of it, and of all tabs around it.
fn to_front(pass: &Pass<'_>, parent: ContainerId, item: Contents) -> Vec<BlueprintCommand> {
    let viewport = pass.viewport();
    let mut commands = Vec::new();
    let (mut parent, mut item) = (Some(parent), item);
    for _ in 0..chronoscope_blueprint::MAX_CONTAINER_DEPTH {
        let Some(container) = parent.and_then(|id| viewport.containers.get(&id)) else {
            break;
        };
        if container.kind == ContainerKind::Tabs {
            commands.push(BlueprintCommand::SetActiveTab(container.id, item));
        }
        item = Contents::Container(container.id);
        parent = viewport.parent_of(item).map(|(above, _)| above);
    }
    commands
}

/// Brings a view to the front of all tabs that it lies in.
pub(crate) fn bring_to_front(pass: &mut Pass<'_>, view: ViewId) {
    let view = Contents::View(view);
    if let Some((parent, _)) = pass.viewport().parent_of(view) {
        for command in to_front(pass, parent, view) {
            pass.edit(command);
        }
    }
}

/// Takes back all that was edited of the selected entities in their views, as one step.
pub(crate) fn remove_overrides(pass: &mut Pass<'_>) {
    let selected = pass.selection().selected.iter();
    let entities: BTreeSet<(ViewId, &EntityPath)> = selected.filter_map(Item::in_view).collect();
    let commands: Vec<BlueprintCommand> = entities
        .into_iter()
        .map(|(view, entity)| BlueprintCommand::ClearOverrides {
            view,
            entity: entity.clone(),
        })
        .collect();
    if !commands.is_empty() {
        pass.edit_as_step(BlueprintCommand::group("remove overrides", commands));
    }
}

/// Adds a view of a class: of the selected entities, else of all.
pub(crate) fn add_view_of_class(pass: &mut Pass<'_>, class: ViewClassId) {
    let entities = selected_entities(pass);
    let mut view = ViewBlueprint::new(ViewId::unique(), class, "/");
    if !entities.is_empty() {
        (view.origin, view.contents) = origin_and_contents(pass, &view.class, &entities);
    }
    add_view(pass, view, Vec::new());
}

/// Adds a container and selects it.
pub(crate) fn add_container(pass: &mut Pass<'_>, kind: ContainerKind) {
    let id = ContainerId::unique();
    let place = place_for_new(pass);
    pass.edit(BlueprintCommand::AddContainer {
        id,
        kind,
        parent: place.map(|(parent, _)| parent),
        position: place.map_or(usize::MAX, |(_, at)| at),
    });
    pass.push(ViewerCommand::EndGesture);
    pass.push(ViewerCommand::Select(vec![Item::Container(id)]));
}

/// Adds copies behind what is copied, with all that lies in it, and selects them.
pub(crate) fn duplicate(pass: &mut Pass<'_>, items: &[Contents]) {
    let mut commands = Vec::new();
    let mut copies = Vec::new();
    for item in items {
        if let Some(copy) = copy_of(pass, *item, &mut commands) {
            copies.push(item_of(copy));
        }
    }
    if commands.is_empty() {
        return;
    }
    pass.edit_as_step(BlueprintCommand::group("duplicate", commands));
    pass.push(ViewerCommand::Select(copies));
}

/// The commands that copy an item behind itself, what lies in it first.
fn copy_of(pass: &Pass<'_>, item: Contents, commands: &mut Vec<BlueprintCommand>) -> Option<Contents> {
    let viewport = pass.viewport();
    match item {
        Contents::View(of) => {
            let id = ViewId::unique();
            commands.push(BlueprintCommand::CopyView { of, id });
            Some(Contents::View(id))
        }
        Contents::Container(of) => {
            let container = viewport.containers.get(&of)?;
            let (parent, at) = viewport.parent_of(item)?;
            let id = ContainerId::unique();
            commands.push(BlueprintCommand::AddContainer {
                id,
                kind: container.kind,
                parent: Some(parent),
                position: at + 1,
            });
            for inner in &container.contents {
                let copy = copy_of(pass, *inner, commands)?;
                commands.push(BlueprintCommand::MoveContents {
                    item: copy,
                    parent: id,
                    position: usize::MAX,
                });
                if container.active_tab == Some(*inner) {
                    commands.push(BlueprintCommand::SetActiveTab(id, copy));
                }
            }
            let copy = Contents::Container(id);
            commands.push(BlueprintCommand::SetGridColumns(id, container.grid_columns));
            commands.push(BlueprintCommand::SetShares {
                id,
                columns: container.col_shares.clone(),
                rows: container.row_shares.clone(),
            });
            if container.name.is_some() {
                commands.push(BlueprintCommand::SetName(copy, container.name.clone()));
            }
            if !container.visible {
                commands.push(BlueprintCommand::SetVisible(copy, false));
            }
            Some(copy)
        }
    }
}

/// Removes views, containers and entities of views, as one step.
pub(crate) fn remove(pass: &mut Pass<'_>, items: &[Item]) {
    let viewport = pass.viewport();
    let (mut commands, mut names) = (Vec::new(), Vec::new());
    let mut contents: BTreeMap<ViewId, ContentsFilter> = BTreeMap::new();
    for item in items {
        match item {
            Item::View(id) if viewport.views.contains_key(id) => {
                commands.push(BlueprintCommand::RemoveView(*id));
                names.push("remove view");
            }
            Item::Container(id) if viewport.containers.contains_key(id) && viewport.root != Some(*id) => {
                commands.push(BlueprintCommand::RemoveContainer(*id));
                names.push("remove container");
            }
            Item::DataResult { view, entity, .. } => {
                let Some(blueprint) = viewport.views.get(view) else {
                    continue;
                };
                let rules = contents
                    .entry(*view)
                    .or_insert_with(|| blueprint.contents.clone());
                rules.set(&blueprint.origin, entity, true, RuleEffect::Exclude);
                names.push("remove from view");
            }
            _ => {}
        }
    }
    let changed = contents.into_iter();
    commands.extend(changed.map(|(view, rules)| BlueprintCommand::SetContents(view, rules)));
    let name = match names.as_slice() {
        [] => return,
        [only] => only,
        _ => "remove several",
    };
    pass.edit_as_step(BlueprintCommand::group(name, commands));
    pass.push(ViewerCommand::Select(Vec::new()));
}

/// The entities that are selected, or whose components or instances are.
pub(crate) fn selected_entities(pass: &Pass<'_>) -> Vec<EntityPath> {
    let mut entities: Vec<EntityPath> = Vec::new();
    for entity in pass.selection().selected.iter().filter_map(Item::entity) {
        if !entities.contains(entity) {
            entities.push(entity.clone());
        }
    }
    entities
}

/// Whether series are selected: entities, or plots with all of theirs.
pub(crate) fn are_series_selected(pass: &Pass<'_>) -> bool {
    let mut selected = pass.selection().selected.iter();
    selected.any(|item| item.entity().is_some() || plot_of(pass, item).is_some())
}

/// The entities whose series are selected, by themselves or with their plot.
pub(crate) fn selected_series(pass: &Pass<'_>) -> Vec<EntityPath> {
    let mut entities = selected_entities(pass);
    let plots = pass
        .selection()
        .selected
        .iter()
        .filter_map(|item| plot_of(pass, item));
    let results = plots.filter_map(|view| pass.of_view::<DataResults>(view));
    entities.extend(results.flat_map(|results| results.iter().map(|result| result.path.clone())));
    entities
}

/// The plot that an item is.
fn plot_of(pass: &Pass<'_>, item: &Item) -> Option<ViewId> {
    let Item::View(id) = item else { return None };
    let view = pass.viewport().views.get(id)?;
    (view.class.as_str() == ViewClassId::TIME_SERIES).then_some(*id)
}

/// The order in which classes are tried for an entity that several could show.
const CLASSES: [&str; 6] = [
    ViewClassId::TIME_SERIES,
    ViewClassId::TEXT_LOG,
    ViewClassId::TEXT_DOCUMENT,
    ViewClassId::BAR_CHART,
    ViewClassId::SPATIAL_2D,
    ViewClassId::SPATIAL_3D,
];

/// Entities below one that has no data that are looked at to find out what could show them.
const MAX_LOOKED_AT: usize = 1_000;

/// The classes whose views can show an entity, or something below it, the best first.
pub(crate) fn classes_for(pass: &Pass<'_>, entity: &EntityPath) -> Vec<ViewClassId> {
    let Some(store) = pass.store() else {
        return Vec::new();
    };
    let Some(id) = store.entity_id(entity) else {
        return Vec::new();
    };
    let mut found: Vec<ViewClassId> = Vec::new();
    let mut stack = vec![id];
    for _ in 0..MAX_LOOKED_AT {
        let Some(id) = stack.pop() else { break };
        for class in classes_of(pass, store, id) {
            if !found.contains(&class) {
                found.push(class);
            }
        }
        if found.is_empty() {
            stack.extend(store.tree().children(id));
        }
    }
    let rank = |class: &ViewClassId| {
        let at = CLASSES.iter().position(|known| *known == class.as_str());
        at.unwrap_or(CLASSES.len())
    };
    found.sort_by_key(rank);
    found
}

/// The classes of the visualizers that find in an entity what they need.
fn classes_of(pass: &Pass<'_>, store: &ChunkStore, entity: EntityId) -> Vec<ViewClassId> {
    let has = |component: &&str| {
        let component = store.component_id(component);
        component.is_some_and(|component| store.has_component(entity, component))
    };
    let visualizers = pass.world.resource::<Visualizers>();
    visualizers
        .iter()
        .filter(|(_, info, _)| !info.required.is_empty() && info.required.iter().all(&has))
        .flat_map(|(_, _, classes)| classes.iter().cloned())
        .collect()
}

/// The origin of a view that shows these entities, and its contents.
fn origin_and_contents(
    pass: &Pass<'_>,
    class: &ViewClassId,
    entities: &[EntityPath],
) -> (EntityPath, ContentsFilter) {
    let common = entities
        .iter()
        .cloned()
        .reduce(|a, b| a.common_ancestor(&b))
        .unwrap_or_else(EntityPath::root);
    // Things in space are shown where they are, not each in its own frame.
    let origin = if class.as_str() == ViewClassId::SPATIAL_3D {
        EntityPath::root()
    } else {
        common
    };
    let rules = entities.iter().map(|path| {
        ContentsRule::for_entity(
            RuleEffect::Include,
            path,
            is_group(pass, path) || entities.len() == 1,
        )
    });
    (origin, rules.collect())
}

/// Whether an entity has others below it rather than data.
fn is_group(pass: &Pass<'_>, entity: &EntityPath) -> bool {
    let has_data = pass
        .store()
        .and_then(|store| Some(store.has_data(store.entity_id(entity)?)));
    has_data == Some(false)
}

/// Where dropped or chosen entities are to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ShowIn {
    /// The selected view where it can, else a new one.
    #[default]
    Selected,
    /// This view.
    View(ViewId),
    /// A new view.
    New,
}

/// Whether a view could show an entity.
pub(crate) fn can_show(pass: &Pass<'_>, view: ViewId, entity: &EntityPath) -> bool {
    let class = pass.viewport().views.get(&view).map(|view| &view.class);
    class.is_some_and(|class| classes_for(pass, entity).contains(class))
}

/// Shows entities in a view, and selects that view. The view that they are taken from does not show them any more.
pub(crate) fn show_in(pass: &mut Pass<'_>, entities: &[EntityPath], place: ShowIn, from: Option<ViewId>) {
    let taken: Vec<BlueprintCommand> = from
        .filter(|from| place != ShowIn::View(*from))
        .and_then(|from| taken_from(pass, from, entities))
        .into_iter()
        .collect();
    let view = match place {
        ShowIn::View(view) => Some(view),
        ShowIn::New => None,
        ShowIn::Selected => {
            let selected = pass.selection().selected.iter().find_map(Item::view);
            selected.filter(|view| entities.iter().all(|entity| can_show(pass, *view, entity)))
        }
    };
    match view.and_then(|view| pass.viewport().views.get(&view)) {
        Some(view) => {
            let mut contents = view.contents.clone();
            for entity in entities {
                contents.set(&view.origin, entity, is_group(pass, entity), RuleEffect::Include);
            }
            let id = view.id;
            let name = if taken.is_empty() {
                "add to view"
            } else {
                "move to view"
            };
            let add = (contents != view.contents).then_some(BlueprintCommand::SetContents(id, contents));
            let commands: Vec<BlueprintCommand> = taken.into_iter().chain(add).collect();
            if !commands.is_empty() {
                pass.edit_as_step(BlueprintCommand::group(name, commands));
            }
            pass.push(ViewerCommand::Select(vec![Item::View(id)]));
        }
        None => show_in_new_views(pass, entities, taken),
    }
}

/// The edit by which a view does not show entities any more; `None` where it does not now.
fn taken_from(pass: &Pass<'_>, view: ViewId, entities: &[EntityPath]) -> Option<BlueprintCommand> {
    let view = pass.viewport().views.get(&view)?;
    let mut contents = view.contents.clone();
    for entity in entities {
        contents.set(&view.origin, entity, is_group(pass, entity), RuleEffect::Exclude);
    }
    (contents != view.contents).then_some(BlueprintCommand::SetContents(view.id, contents))
}

/// Shows entities in new views, one for each class that it takes. The first one comes with other edits.
fn show_in_new_views(pass: &mut Pass<'_>, entities: &[EntityPath], mut others: Vec<BlueprintCommand>) {
    let mut by_class: Vec<(ViewClassId, Vec<EntityPath>)> = Vec::new();
    for entity in entities {
        let class = classes_for(pass, entity).into_iter().next();
        let any = || Some(pass.world.resource::<ViewClasses>().iter().next()?.id());
        let Some(class) = class.or_else(any) else { continue };
        match by_class.iter_mut().find(|(known, _)| *known == class) {
            Some((_, of_class)) => of_class.push(entity.clone()),
            None => by_class.push((class, vec![entity.clone()])),
        }
    }
    for (class, entities) in by_class {
        let mut view = ViewBlueprint::new(ViewId::unique(), class, "/");
        (view.origin, view.contents) = origin_and_contents(pass, &view.class, &entities);
        if view.origin.is_root() && entities.len() > 1 {
            view.name = Some(list_of_names(&entities));
        }
        add_view(pass, view, std::mem::take(&mut others));
    }
}

/// `speed, torque, angle and 3 more`.
fn list_of_names(entities: &[EntityPath]) -> String {
    const MAX_NAMES: usize = 3;
    let names: Vec<String> = entities.iter().take(MAX_NAMES).map(EntityPath::ui_name).collect();
    match entities.len().saturating_sub(MAX_NAMES) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
