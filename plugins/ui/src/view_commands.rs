//! Commands that are done in views: which views one is for, and how views are gone to and moved by keys.

use chronoscope_blueprint::{BlueprintCommand, Contents, ViewId};
use chronoscope_frame::{Item, ViewerCommand};
use chronoscope_views::{ViewAction, ViewUis, view_action};

use crate::{
    arrange,
    commands::{UiCommand, one_view},
    edits,
    pass::Pass,
};

/// The commands that are done in views, with what they do there.
const ACTIONS: [(UiCommand, ViewAction); 15] = [
    (UiCommand::FocusSelection, ViewAction::Focus),
    (UiCommand::FollowEntity, ViewAction::Follow),
    (UiCommand::Measure, ViewAction::Measure),
    (UiCommand::ResetLook, ViewAction::ResetLook),
    (UiCommand::IsolateSeries, ViewAction::IsolateSeries),
    (UiCommand::ToggleSeries, ViewAction::ToggleSeries),
    (UiCommand::ToggleLegend, ViewAction::ToggleLegend),
    (UiCommand::CopyTable, ViewAction::CopyTable),
    (UiCommand::CopyRows, ViewAction::CopyRows),
    (UiCommand::PanLeft, ViewAction::PanLeft),
    (UiCommand::PanRight, ViewAction::PanRight),
    (UiCommand::PanUp, ViewAction::PanUp),
    (UiCommand::PanDown, ViewAction::PanDown),
    (UiCommand::ZoomIn, ViewAction::ZoomIn),
    (UiCommand::ZoomOut, ViewAction::ZoomOut),
];

/// What a menu of a view offers.
pub(crate) const OF_VIEW: [UiCommand; 4] = [
    UiCommand::Measure,
    UiCommand::ResetLook,
    UiCommand::ToggleLegend,
    UiCommand::CopyTable,
];

/// What a menu of an entity in a view offers.
pub(crate) const OF_ENTITY: [UiCommand; 4] = [
    UiCommand::FocusSelection,
    UiCommand::FollowEntity,
    UiCommand::IsolateSeries,
    UiCommand::ToggleSeries,
];

/// What a command does in a view; `None` for other commands.
pub(crate) fn action_of(command: UiCommand) -> Option<ViewAction> {
    let mut actions = ACTIONS.into_iter();
    actions.find_map(|(other, action)| (other == command).then_some(action))
}

/// Whether a view is on the screen, and its class does something of this kind.
pub(crate) fn can_do(pass: &Pass<'_>, view: ViewId, action: ViewAction) -> bool {
    let uis = pass.world.resource::<ViewUis>();
    let blueprint = pass.viewport().views.get(&view);
    let class = blueprint.and_then(|view| uis.get(&view.class));
    pass.shown_views.contains(&view) && class.is_some_and(|class| class.actions().contains(&action))
}

/// The views that a command is for: the one under the pointer, else those that are selected, or in which something is. Where there
/// are none, it is for all on the screen if it concerns what is selected, else for the only one that can do it.
pub(crate) fn views_for(pass: &Pass<'_>, action: ViewAction) -> Vec<ViewId> {
    let can = |view: &ViewId| can_do(pass, *view, action);
    let selected = pass.selection().selected.iter();
    if action == ViewAction::CopyTable {
        // The table of an entity is not that of the view.
        let views = selected.filter(|item| matches!(item, Item::View(_)));
        return views.filter_map(Item::view).filter(can).collect();
    }
    if action == ViewAction::CopyRows {
        // There is one clipboard: of rows in several views, those of the first that can be copied.
        let rows = selected.filter(|item| item.row().is_some());
        return rows.filter_map(Item::view).filter(can).take(1).collect();
    }
    if let Some(pointed) = pass.pointed_view.filter(can) {
        return vec![pointed];
    }
    let mut views: Vec<ViewId> = selected.filter_map(Item::view).filter(can).collect();
    views.sort();
    views.dedup();
    if !views.is_empty() {
        return views;
    }
    let shown: Vec<ViewId> = pass.shown_views.iter().copied().filter(can).collect();
    let concerns_all = matches!(
        action,
        ViewAction::Focus
            | ViewAction::Follow
            | ViewAction::ResetLook
            | ViewAction::IsolateSeries
            | ViewAction::ToggleSeries
    );
    if concerns_all || shown.len() == 1 {
        shown
    } else {
        Vec::new()
    }
}

/// Has the view whose rows are selected select the one above or below, or all up to there. Returns whether there is such a view.
pub(crate) fn step_in_rows(is_up: bool, extends: bool, ctx: &egui::Context, pass: &Pass<'_>) -> bool {
    let action = match (is_up, extends) {
        (true, false) => ViewAction::RowAbove,
        (false, false) => ViewAction::RowBelow,
        (true, true) => ViewAction::ExtendAbove,
        (false, true) => ViewAction::ExtendBelow,
    };
    let first = pass.selection().selected.first();
    let view = first.filter(|item| item.row().is_some()).and_then(Item::view);
    let view = view.filter(|view| can_do(pass, *view, action));
    view.inspect(|view| view_action::ask(ctx, *view, action))
        .is_some()
}

/// Whether some view does what a command says.
pub(crate) fn is_for_some_view(pass: &Pass<'_>, command: UiCommand) -> bool {
    action_of(command).is_some_and(|action| !views_for(pass, action).is_empty())
}

/// Has views do what a command says.
pub(crate) fn act(command: UiCommand, ctx: &egui::Context, pass: &Pass<'_>) {
    let Some(action) = action_of(command) else { return };
    for view in views_for(pass, action) {
        view_action::ask(ctx, view, action);
    }
}

/// The view that keys are meant for: the one under the pointer, else the one that is selected.
pub(crate) fn key_view(pass: &Pass<'_>) -> Option<ViewId> {
    let selected = one_view(pass).filter(|view| pass.shown_views.contains(view));
    pass.pointed_view.or(selected)
}

/// Selects the next view, or the one before. It is brought to the front, and fills the viewport where one does.
pub(crate) fn go_to_neighbor(pass: &mut Pass<'_>, forward: bool) {
    let viewport = pass.viewport();
    let mut views = viewport.views_in_order();
    views.retain(|view| arrange::is_visible(viewport, Contents::View(*view)));
    let count = views.len();
    let selected = pass.selection().selected.first().and_then(Item::view);
    let at = selected.and_then(|selected| views.iter().position(|view| *view == selected));
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => count.saturating_sub(1),
        (Some(at), true) => (at + 1) % count,
        (Some(at), false) => (at + count - 1) % count,
    };
    let Some(next) = views.get(next).copied() else {
        return;
    };
    if viewport.maximized.is_some_and(|maximized| maximized != next) {
        pass.edit(edits::maximize(Some(next)));
    } else if !pass.shown_views.contains(&next) {
        arrange::bring_to_front(pass, next);
    }
    pass.push(ViewerCommand::Select(vec![Item::View(next)]));
}

/// Moves what is selected to the place before or after.
pub(crate) fn move_selected(pass: &mut Pass<'_>, later: bool) {
    if let Some(edit) = move_beside(pass, later) {
        pass.edit_as_step(edit);
    }
}

/// The edit that moves the one thing that is selected to the place before or after: past its neighbor, into a container that is the
/// neighbor, or out of the one that it lies in.
pub(crate) fn move_beside(pass: &Pass<'_>, later: bool) -> Option<BlueprintCommand> {
    let viewport = pass.viewport();
    let [item] = *arrange::movable_selection(pass).as_slice() else {
        return None;
    };
    let (parent, at) = viewport.parent_of(item)?;
    let around = &viewport.containers.get(&parent)?.contents;
    let before = at.checked_sub(1);
    let beside = if later { Some(at + 1) } else { before };
    // The place is counted without what is moved.
    let (parent, position) = match beside.and_then(|at| around.get(at)) {
        Some(Contents::Container(inner)) => (*inner, if later { 0 } else { usize::MAX }),
        Some(Contents::View(_)) => (parent, if later { at + 1 } else { before? }),
        None => {
            let (above, place) = viewport.parent_of(Contents::Container(parent))?;
            (above, if later { place + 1 } else { place })
        }
    };
    Some(BlueprintCommand::MoveContents {
        item,
        parent,
        position,
    })
}
