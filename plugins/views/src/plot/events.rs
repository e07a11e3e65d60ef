//! What a user does to a plot, and how a tile answers to it: the same in all plots.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    Item, Selection, ViewerCommand,
    selection::{ClickButton, ClickSource, EntityClicked},
};
use chronoscope_store::EntityPath;
use egui::DragAndDrop;

use super::gestures::PlotWindow;
use crate::{DraggedEntities, ViewAction, ViewUiContext, recording_of};

/// What a user does to a plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlotEvent<X> {
    /// Shows another part of the data.
    SetWindow(PlotWindow<X>),
    /// Ends a drag, so that the next one is another.
    EndGesture,
    /// Points at an entry of the legend, or at what is drawn of it.
    Hover(usize),
    /// Points at the plot, and at no entry.
    HoverNothing,
    /// Clicks on an entry, or beside all; with the modifier that adds to what is selected.
    Click(Option<usize>, bool),
    /// Shows or hides an entry.
    Toggle(usize),
    /// Hides all entries but one; shows all where that is so already.
    Isolate(usize),
    /// Begins to drag an entry elsewhere.
    Drag(usize),
}

/// What a plot shows, in the order of its legend.
pub(crate) trait PlotEntries {
    /// What an entry is in the viewer.
    fn item(&self, at: usize) -> Option<Item>;

    /// Which entries are shown.
    fn visible(&self) -> Vec<bool>;

    /// The edits that show or hide entries, each given by its position and whether it is to be shown.
    fn set_visible(&self, changes: &[(usize, bool)]) -> Vec<BlueprintCommand>;
}

/// Turns what a user does into commands. Returns the window that the tile is to show from now on, where it is
/// to be another.
pub(crate) fn answer<X>(
    event: PlotEvent<X>,
    view: ViewId,
    entries: &impl PlotEntries,
    context: &mut ViewUiContext<'_>,
    ctx: &egui::Context,
) -> Option<PlotWindow<X>> {
    match event {
        PlotEvent::SetWindow(window) => return Some(window),
        PlotEvent::EndGesture => context.commands.push(ViewerCommand::EndGesture),
        PlotEvent::Hover(at) => context.commands.push(ViewerCommand::Hover(entries.item(at))),
        PlotEvent::HoverNothing => {
            let selection = context.world.get_resource::<Selection>();
            let hovered = selection.and_then(|selection| selection.hovered.as_ref());
            if hovered.is_some_and(|item| item.view() == Some(view)) {
                context.commands.push(ViewerCommand::Hover(None));
            }
        }
        PlotEvent::Click(at, add) => {
            let item = at.and_then(|at| entries.item(at)).unwrap_or(Item::View(view));
            let recording = recording_of(context.world, context.view);
            let click = EntityClicked::on(&item, recording, ClickButton::Primary, ClickSource::View);
            if let Some(click) = click {
                context.commands.push(ViewerCommand::Click(click));
            }
            context.commands.push(if add {
                ViewerCommand::ToggleSelected(item)
            } else {
                ViewerCommand::Select(vec![item])
            });
        }
        PlotEvent::Toggle(at) => {
            let is_visible = entries.visible().get(at).copied().unwrap_or(false);
            set_visible(entries, &[(at, !is_visible)], context);
        }
        PlotEvent::Isolate(at) => set_visible(entries, &isolated(&entries.visible(), &[at]), context),
        PlotEvent::Drag(at) => {
            if let Some(item) = entries.item(at) {
                DragAndDrop::set_payload(ctx, dragged_with(&item, view, context));
            }
        }
    }
    None
}

/// What is dragged by an entry: its entity, with all that are selected in the view where it is one of them.
fn dragged_with(item: &Item, view: ViewId, context: &ViewUiContext<'_>) -> DraggedEntities {
    let selection = context.world.get_resource::<Selection>();
    let selected = selection.map_or(&[][..], |selection| &selection.selected);
    let mut entities: Vec<EntityPath> = Vec::new();
    for entity in selected
        .iter()
        .filter(|item| item.view() == Some(view))
        .filter_map(Item::entity)
    {
        if !entities.contains(entity) {
            entities.push(entity.clone());
        }
    }
    if let Some(entity) = item.entity().filter(|entity| !entities.contains(entity)) {
        entities = vec![entity.clone()];
    }
    DraggedEntities {
        entities,
        from: Some(view),
    }
}

/// Does to the entries that are selected what an action says of them, if anything.
pub(crate) fn act(
    action: ViewAction,
    view: ViewId,
    entries: &impl PlotEntries,
    context: &mut ViewUiContext<'_>,
) {
    let isolates = action == ViewAction::IsolateSeries;
    if !isolates && action != ViewAction::ToggleSeries {
        return;
    }
    let visible = entries.visible();
    let selected = selected_entries(view, entries, context);
    if selected.is_empty() {
        return;
    }
    let changes = if isolates {
        isolated(&visible, &selected)
    } else {
        let is_shown = |at: &usize| visible.get(*at) == Some(&true);
        let shows = !selected.iter().any(is_shown);
        selected.into_iter().map(|at| (at, shows)).collect()
    };
    set_visible(entries, &changes, context);
}

/// The entries that are selected: here, or in no view.
fn selected_entries(view: ViewId, entries: &impl PlotEntries, context: &ViewUiContext<'_>) -> Vec<usize> {
    let selection = context.world.get_resource::<Selection>();
    let selected = selection.map_or(&[][..], |selection| &selection.selected);
    let is_selected = |at: &usize| {
        entries.item(*at).is_some_and(|item| {
            selected.iter().any(|other| {
                other.entity() == item.entity()
                    && other.view().is_none_or(|other| other == view)
                    && other
                        .instance()
                        .is_none_or(|other| item.instance() == Some(other))
            })
        })
    };
    (0..entries.visible().len()).filter(is_selected).collect()
}

/// Shows or hides entries, as one step to undo.
pub(crate) fn set_visible(
    entries: &impl PlotEntries,
    changes: &[(usize, bool)],
    context: &mut ViewUiContext<'_>,
) {
    for command in entries.set_visible(changes) {
        context.commands.blueprint(command);
    }
    context.commands.push(ViewerCommand::EndGesture);
}

/// What changes where all entries but some are hidden, or all shown where that is so already. Whether those
/// themselves are hidden does not matter: the first click of a double click hides one.
fn isolated(visible: &[bool], only: &[usize]) -> Vec<(usize, bool)> {
    let others = || visible.iter().enumerate().filter(|(at, _)| !only.contains(at));
    let shows_all = others().all(|(_, is_visible)| !is_visible);
    let wanted = |at: usize| only.contains(&at) || shows_all;
    let entries = visible.iter().enumerate();
    entries
        .filter(|(at, is_visible)| wanted(*at) != **is_visible)
        .map(|(at, _)| (at, wanted(at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isolating_hides_the_others_and_again_shows_them() {
        let check = |visible: &[bool], expected: &[(usize, bool)]| {
            assert_eq!(isolated(visible, &[1]), expected, "{visible:?}");
        };
        check(&[true, true, true], &[(0, false), (2, false)]);
        check(&[true, false, false], &[(0, false), (1, true)]);
        check(&[false, true, false], &[(0, true), (2, true)]);
        check(&[false, false, false], &[(0, true), (1, true), (2, true)]);
        assert_eq!(isolated(&[true, true, true], &[0, 2]), [(1, false)], "several");
    }
}
