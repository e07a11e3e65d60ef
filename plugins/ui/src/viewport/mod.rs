//! The middle: the views in their tiles, as the blueprint arranges them.
//!
//! `egui_tiles` changes the tree that it draws, so [`layout`] makes a working copy of the blueprint's layout; [`tiles`] draws it. When
//! something was dropped, resized or chosen, the copy is read back and becomes an edit of the blueprint; when the blueprint
//! says something else, the copy is made anew.

mod layout;
mod tiles;

use std::sync::Arc;

use chronoscope_blueprint::{BlueprintCommand, Contents, ViewportBlueprint};
use chronoscope_frame::{FrameDiagnostics, IngestSources, ViewerCommand};
use egui::Ui;

use self::{
    layout::Layout,
    tiles::{Gesture, TileBehavior},
};
use crate::{edits, icons, pass::Pass, plugin::ShownTiles, widgets::empty_state};

/// The working copy of the layout.
#[derive(Default)]
pub(crate) struct ViewportState {
    copy: Option<WorkingCopy>,
    /// A border between tiles is being dragged.
    is_resizing: bool,
}

struct WorkingCopy {
    of: Arc<ViewportBlueprint>,
    layout: Layout,
    /// The frame in which an edit of it was sent. From the next one on the blueprint is right, whatever became of the edit.
    edited_in: Option<u64>,
}

/// Draws the views, and returns where they are.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut ViewportState) -> ShownTiles {
    let mut shown = ShownTiles::new();
    if let Some((icon, title, hint)) = empty_text(pass) {
        state.copy = None;
        empty_state(ui, icon, &title, &hint);
        return shown;
    }
    let viewport = pass.viewport();
    if let Some(view) = viewport.maximized {
        state.copy = None;
        let mut single = Layout::of_one_view(view);
        let mut behavior = TileBehavior::new(pass, &single.containers, &single.views, &mut shown);
        single.tree.ui(&mut behavior, ui);
        let gesture = behavior.gesture;
        for edit in button_edits(&gesture) {
            pass.edit(edit);
        }
        return shown;
    }

    let frame = pass.world.resource::<FrameDiagnostics>().frame;
    let copy = refreshed(state.copy.take(), viewport, ui, frame, state.is_resizing);
    let WorkingCopy {
        of,
        mut layout,
        mut edited_in,
    } = copy;
    let mut behavior = TileBehavior::new(pass, &layout.containers, &layout.views, &mut shown);
    layout.tree.ui(&mut behavior, ui);
    let gesture = behavior.gesture;
    let edits = edits_of(&gesture, &mut layout, &of, ui, &mut state.is_resizing);
    if !edits.is_empty() {
        edited_in = Some(frame);
        for edit in edits {
            pass.edit(edit);
        }
        pass.push(ViewerCommand::EndGesture);
    }
    state.copy = Some(WorkingCopy {
        of,
        layout,
        edited_in,
    });
    shown
}

/// The working copy, made anew where the blueprint has another layout and nothing is being dragged.
fn refreshed(
    copy: Option<WorkingCopy>,
    viewport: &Arc<ViewportBlueprint>,
    ui: &Ui,
    frame: u64,
    is_resizing: bool,
) -> WorkingCopy {
    if let Some(mut copy) = copy {
        let is_held = is_resizing || copy.layout.tree.dragged_id(ui.ctx()).is_some();
        let overtaken = copy.edited_in.is_some_and(|edited| frame > edited);
        if is_held || (Arc::ptr_eq(&copy.of, viewport) && !overtaken) {
            return copy;
        }
        if !overtaken && layout::is_same_layout(&copy.of, viewport) {
            copy.of = Arc::clone(viewport);
            return copy;
        }
    }
    WorkingCopy {
        of: Arc::clone(viewport),
        layout: Layout::of_blueprint(viewport),
        edited_in: None,
    }
}

/// What a gesture that ended in this pass means for the blueprint.
fn edits_of(
    gesture: &Gesture,
    layout: &mut Layout,
    of: &ViewportBlueprint,
    ui: &Ui,
    is_resizing: &mut bool,
) -> Vec<BlueprintCommand> {
    if gesture.dropped {
        layout.simplify();
        let (root, containers) = layout.read_back(of);
        return vec![BlueprintCommand::SetLayout { root, containers }];
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

/// What the buttons of a title bar mean for the blueprint.
fn button_edits(gesture: &Gesture) -> impl Iterator<Item = BlueprintCommand> {
    let maximize = gesture.maximize.map(edits::maximize);
    let hide = gesture
        .hide
        .map(|view| edits::visible(Contents::View(view), false));
    maximize.into_iter().chain(hide)
}

/// What to say where there is no tile: icon, what is the matter, what to do next.
fn empty_text(pass: &Pass<'_>) -> Option<(&'static str, String, String)> {
    let sources = pass.world.resource::<IngestSources>();
    let Some(entry) = pass.active() else {
        let loading: Vec<_> = sources.iter().filter(|source| !source.is_live()).collect();
        let Some(first) = loading.first() else {
            return Some((
                icons::OPEN,
                "Welcome to Chronoscope".to_owned(),
                "Drop a recording here, or start with `chronoscope FILE` or `chronoscope demo`.".to_owned(),
            ));
        };
        let progress = first
            .progress()
            .map_or(String::new(), |progress| format!(" {:.0} %", progress * 100.0));
        return Some((
            icons::LOADING,
            format!("Loading{progress}"),
            first.name().to_owned(),
        ));
    };
    let viewport = pass.viewport();
    if viewport.views.is_empty() {
        let is_empty = entry.store().num_chunks() == 0;
        let (title, hint) = match (is_empty, sources.is_idle()) {
            (true, false) => (
                "Waiting for data",
                "The recording is open, and nothing has arrived yet.",
            ),
            (true, true) => ("This recording is empty", "Nothing was logged to it."),
            (false, _) => (
                "This recording has no views",
                "Nothing in it asks for a view of its own. Its entities and values are in the panels around.",
            ),
        };
        return Some((icons::VIEW_UNKNOWN, title.to_owned(), hint.to_owned()));
    }
    let is_shown = |view: &chronoscope_blueprint::ViewBlueprint| view.visible;
    if viewport.maximized.is_none() && !viewport.views.values().any(is_shown) {
        let hint = "Show one with the eye beside its name in the blueprint panel.";
        return Some((icons::HIDDEN, "All views are hidden".to_owned(), hint.to_owned()));
    }
    None
}
