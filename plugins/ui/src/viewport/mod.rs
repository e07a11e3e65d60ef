//! The middle: the views in their tiles, as the blueprint arranges them.
//!
//! `egui_tiles` changes the tree that it draws, so [`layout`] makes a working copy of the blueprint's layout;
//! [`tiles`] draws it. When something was dropped, resized or chosen, the copy is read back and becomes an
//! edit of the blueprint; when the blueprint says something else, the copy is made anew. [`crowded`] finds the grids that there is
//! no room for.

mod crowded;
mod layout;
mod tiles;
mod welcome;

use std::{collections::BTreeSet, sync::Arc};

use chronoscope_blueprint::{BlueprintCommand, ContainerId, Contents, ViewportBlueprint};
use chronoscope_frame::{FrameDiagnostics, IngestSources, SourceState, ViewerCommand};
use egui::Ui;
use rustc_hash::FxHashSet;

use self::{
    crowded::{as_tabs, crowded_grids},
    layout::Layout,
    tiles::{Gesture, TileBehavior},
};
use crate::{
    edits, entity_drag, icons, own_windows,
    pass::{Pass, TileRects},
    widgets::empty_state,
};

/// The working copy of the layout.
#[derive(Default)]
pub(crate) struct ViewportState {
    copy: Option<WorkingCopy>,
    /// A border between tiles is being dragged.
    is_resizing: bool,
}

struct WorkingCopy {
    of: Arc<ViewportBlueprint>,
    /// What stands in windows of its own.
    elsewhere: BTreeSet<Contents>,
    layout: Layout,
    /// The frame in which an edit of it was sent. From the next one on the blueprint is right, whatever
    /// became of the edit.
    edited_in: Option<u64>,
}

/// Draws the views, and returns where they are.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut ViewportState) -> TileRects {
    let all = ui.available_rect_before_wrap();
    let shown = show_tiles(ui, pass, state);
    if pass.active().is_some() {
        entity_drag::drop_on_tiles(ui, pass, &shown, all);
    }
    shown
}

fn show_tiles(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut ViewportState) -> TileRects {
    let mut shown = TileRects::new();
    if is_nothing_open(pass) {
        state.copy = None;
        welcome::show(ui, pass);
        return shown;
    }
    if let Some((icon, title, hint)) = empty_text(pass) {
        state.copy = None;
        empty_state(ui, icon, &title, &hint);
        return shown;
    }
    let viewport = pass.viewport();
    let tree_id = pass.place.id.with("viewport");
    let alone = match pass.only {
        Some(Contents::View(view)) => Some(view),
        Some(Contents::Container(_)) => None,
        None => viewport.maximized,
    };
    if let Some(view) = alone {
        state.copy = None;
        let mut single = Layout::of_one_view(tree_id, view);
        let none_dragged = FxHashSet::default();
        let mut behavior =
            TileBehavior::new(pass, &single.containers, &single.views, &mut shown, none_dragged);
        single.tree.ui(&mut behavior, ui);
        let gesture = behavior.gesture;
        for edit in button_edits(&gesture) {
            pass.edit(edit);
        }
        return shown;
    }

    let frame = pass.world.resource::<FrameDiagnostics>().frame;
    let elsewhere = elsewhere(pass);
    let room = ui.available_size();
    let crowded = match pass.only {
        Some(_) => BTreeSet::new(),
        None => crowded_grids(viewport, room, &elsewhere),
    };
    let make = |viewport: &ViewportBlueprint| match pass.only {
        Some(Contents::Container(only)) => Layout::of_container(tree_id, viewport, only),
        _ => with_tabs_where_crowded(tree_id, viewport, &elsewhere, &crowded),
    };
    let known = state
        .copy
        .take()
        .filter(|copy| copy.elsewhere == elsewhere && copy.layout.crowded == crowded);
    let copy = refreshed(known, viewport, ui, frame, state.is_resizing).unwrap_or_else(|| WorkingCopy {
        of: Arc::clone(viewport),
        elsewhere: elsewhere.clone(),
        layout: make(viewport),
        edited_in: None,
    });
    let WorkingCopy {
        of,
        elsewhere,
        mut layout,
        mut edited_in,
    } = copy;
    let dragged = layout.tree.dragged_id(ui.ctx());
    let is_dropping = dragged.is_some() && ui.input(|input| input.pointer.any_released());
    let before_drop = is_dropping.then(|| layout.tree.clone());
    let tiles_dragged = dragged.map_or_else(FxHashSet::default, |tile| layout.tiles_in(tile));
    let mut behavior = TileBehavior::new(pass, &layout.containers, &layout.views, &mut shown, tiles_dragged);
    layout.tree.ui(&mut behavior, ui);
    let (gesture, tab_place) = (behavior.gesture, behavior.tab_place);
    if gesture.dropped
        && let (Some(moved), Some(place), Some(before)) = (dragged, tab_place, before_drop)
    {
        // egui_tiles takes a drop on the empty part of a tab bar for one on the tile below it.
        layout.tree = before;
        layout.move_to_tab(moved, place);
    }
    let edits = edits_of(&gesture, &mut layout, &of, &elsewhere, ui, &mut state.is_resizing);
    if !edits.is_empty() {
        edited_in = Some(frame);
        for edit in edits {
            pass.edit(edit);
        }
        pass.push(ViewerCommand::EndGesture);
    }
    state.copy = Some(WorkingCopy {
        of,
        elsewhere,
        layout,
        edited_in,
    });
    shown
}

/// The tiles of a blueprint, with tabs in place of the grids that there is no room for.
fn with_tabs_where_crowded(
    tree_id: egui::Id,
    viewport: &ViewportBlueprint,
    elsewhere: &BTreeSet<Contents>,
    crowded: &BTreeSet<ContainerId>,
) -> Layout {
    if crowded.is_empty() {
        return Layout::of_blueprint(tree_id, viewport, elsewhere);
    }
    Layout {
        crowded: crowded.clone(),
        ..Layout::of_blueprint(tree_id, &as_tabs(viewport, crowded), elsewhere)
    }
}

/// What stands in windows of its own, and so not among the others.
fn elsewhere(pass: &Pass<'_>) -> BTreeSet<Contents> {
    let windows = pass.own_windows().filter(|_| pass.only.is_none());
    windows
        .map(|windows| windows.iter().collect())
        .unwrap_or_default()
}

/// The working copy; `None` where the blueprint has another layout and nothing is being dragged.
fn refreshed(
    copy: Option<WorkingCopy>,
    viewport: &Arc<ViewportBlueprint>,
    ui: &Ui,
    frame: u64,
    is_resizing: bool,
) -> Option<WorkingCopy> {
    let mut copy = copy?;
    let is_held = is_resizing || copy.layout.tree.dragged_id(ui.ctx()).is_some();
    let overtaken = copy.edited_in.is_some_and(|edited| frame > edited);
    if is_held || (Arc::ptr_eq(&copy.of, viewport) && !overtaken) {
        return Some(copy);
    }
    let is_same = !overtaken && layout::is_same_layout(&copy.of, viewport);
    is_same.then(|| {
        copy.of = Arc::clone(viewport);
        copy
    })
}

/// Blueprint edits of a gesture that ended in this pass.
fn edits_of(
    gesture: &Gesture,
    layout: &mut Layout,
    of: &ViewportBlueprint,
    elsewhere: &BTreeSet<Contents>,
    ui: &Ui,
    is_resizing: &mut bool,
) -> Vec<BlueprintCommand> {
    if gesture.dropped {
        layout.simplify();
        let edit = layout.layout_edit(of);
        if edit.is_none() {
            *layout = with_tabs_where_crowded(layout.tree.id(), of, elsewhere, &layout.crowded);
        }
        return edit.into_iter().collect();
    }
    if gesture.resized {
        *is_resizing = true;
    }
    let mut edits = Vec::new();
    if *is_resizing && !ui.input(|input| input.pointer.any_down()) {
        *is_resizing = false;
        edits = layout.changed_shares(of);
    }
    if let Some(tab) = gesture.tab {
        edits.extend(layout.active_tab_edit(tab, of));
    }
    edits.extend(button_edits(gesture));
    edits
}

/// Blueprint edits of the buttons in a title bar.
fn button_edits(gesture: &Gesture) -> impl Iterator<Item = BlueprintCommand> {
    let maximize = gesture.maximize.map(edits::maximize);
    let hide = gesture
        .hide
        .map(|view| edits::visible(Contents::View(view), false));
    maximize.into_iter().chain(hide)
}

/// Whether no recording is open, nor about to be.
fn is_nothing_open(pass: &Pass<'_>) -> bool {
    let mut sources = pass.world.resource::<IngestSources>().states();
    pass.active().is_none() && !sources.any(|source| source.is_loading())
}

/// Icon, title and hint for a viewport without tiles; `None` where there are tiles.
fn empty_text(pass: &Pass<'_>) -> Option<(&'static str, String, String)> {
    let sources = pass.world.resource::<IngestSources>();
    let Some(entry) = pass.active() else {
        let first = sources.states().find(SourceState::is_loading)?;
        let progress = first
            .progress
            .map_or(String::new(), |progress| format!(" {:.0} %", progress * 100.0));
        return Some((
            icons::LOADING,
            format!("Loading{progress}"),
            first.name.to_owned(),
        ));
    };
    let viewport = pass.viewport();
    if let Some(only) = pass.only {
        let hint = "Its window can be closed.".to_owned();
        let gone = (icons::VIEW_UNKNOWN, "It is not there any more".to_owned(), hint);
        return (!own_windows::is_in(viewport, only)).then_some(gone);
    }
    if viewport.views.is_empty() {
        let is_empty = entry.store().num_chunks() == 0;
        let (title, hint) = match (is_empty, sources.is_idle()) {
            (true, false) => (
                "Waiting for data",
                "The recording is open, but no data has arrived yet.",
            ),
            (true, true) => ("This recording is empty", "It holds no data."),
            (false, _) => (
                "This recording has no views",
                "No view fits its data. Its entities and values are in the panels.",
            ),
        };
        return Some((icons::VIEW_UNKNOWN, title.to_owned(), hint.to_owned()));
    }
    let elsewhere = elsewhere(pass);
    let is_shown = |view: &chronoscope_blueprint::ViewBlueprint| {
        view.visible && !elsewhere.contains(&Contents::View(view.id))
    };
    if viewport.maximized.is_none() && !viewport.views.values().any(is_shown) {
        let title = if elsewhere.is_empty() {
            "All views are hidden"
        } else {
            "All views are hidden, or in windows of their own"
        };
        let hint = "Show one with the eye beside its name in the blueprint panel.";
        return Some((icons::HIDDEN, title.to_owned(), hint.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests;
