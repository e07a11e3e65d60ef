//! What can be chosen from menus and the palette: commands, and things that a command would have to ask for.

use std::path::PathBuf;

use chronoscope_blueprint::{BlueprintCommand, ContainerId, ContainerKind, Contents, ViewClassId, ViewId};
use chronoscope_frame::{Item, ViewerCommand};
use chronoscope_store::{EntityPath, StoreId};
use chronoscope_views::{DraggedEntities, ViewAction, view_action};

use crate::{
    actions,
    arrange::{self, ShowIn},
    commands::UiCommand,
    edits,
    pass::Pass,
    save_dialog::SaveKind,
    state::UiState,
};

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// A command of the viewer.
    Command(UiCommand),
    /// A command by its place among all.
    Named(usize),
    /// An item, to be selected and revealed.
    Select(Item),
    /// Entities, to be shown.
    Show(Vec<EntityPath>, ShowIn),
    /// Entities that were dragged somewhere.
    Drop(DraggedEntities, ShowIn),
    /// A recording, to be shown.
    Activate(StoreId),
    /// A recording, to be closed.
    Close(StoreId),
    /// A file, to be opened.
    OpenFile(PathBuf),
    /// A class of which a view is added.
    AddView(ViewClassId),
    /// A kind of which a container is added.
    AddContainer(ContainerKind),
    /// Another class for a view.
    SetClass(ViewId, ViewClassId),
    /// Another kind for a container.
    SetKind(ContainerId, ContainerKind),
    /// A name is to be typed.
    Rename(Contents),
    /// A copy behind it.
    Duplicate(Contents),
    /// To be shown, or hidden.
    SetVisible(Contents, bool),
    /// An entity that a view is to show, or to hide.
    SetEntityVisible(ViewId, EntityPath, bool),
    /// To be removed from the blueprint, or from its view.
    Remove(Item),
    /// A view that fills the viewport, or none.
    Maximize(Option<ViewId>),
    /// A view that frames all that is in it.
    Frame(ViewId),
    /// Something that a view is to do.
    Act(ViewId, ViewAction),
    /// To be shown in a window of its own, or among the others again.
    OwnWindow(Contents, bool),
    /// A text for the clipboard.
    Copy(String),
    /// A picture of a view, for the clipboard.
    CopyPicture(ViewId),
    /// A picture of a view, for a file.
    SavePicture(ViewId),
    /// Edits that are done, after which the others are not.
    GoToStep(usize),
}

impl Choice {
    /// The command that does the same to what is selected.
    pub(crate) fn command(&self) -> Option<UiCommand> {
        Some(match self {
            Self::Command(command) => *command,
            Self::Rename(_) => UiCommand::Rename,
            Self::Duplicate(_) => UiCommand::Duplicate,
            Self::SetVisible(..) | Self::SetEntityVisible(..) => UiCommand::ToggleVisible,
            Self::Remove(_) => UiCommand::Remove,
            Self::Maximize(Some(_)) => UiCommand::Maximize,
            Self::Maximize(None) => UiCommand::ClearSelection,
            Self::OwnWindow(..) => UiCommand::OwnWindow,
            _ => return None,
        })
    }
}

/// Does what was chosen.
pub(crate) fn perform(choice: Choice, ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    match choice {
        Choice::Command(command) => actions::run(command, ctx, pass, state),
        Choice::Named(at) => actions::run_named(at, ctx, pass, state),
        Choice::Select(item) => pass.push(ViewerCommand::Select(vec![item])),
        Choice::Show(entities, place) => arrange::show_in(pass, &entities, place, None),
        Choice::Drop(dragged, place) => arrange::show_in(pass, &dragged.entities, place, dragged.from),
        Choice::Activate(id) => {
            pass.push(ViewerCommand::ActivateRecording(id.clone()));
            pass.push(ViewerCommand::Select(vec![Item::Store(id)]));
        }
        Choice::Close(id) => pass.push(ViewerCommand::CloseRecording(id)),
        Choice::OpenFile(path) => pass.push(ViewerCommand::OpenFiles(vec![path])),
        Choice::AddView(class) => arrange::add_view_of_class(pass, class),
        Choice::AddContainer(kind) => arrange::add_container(pass, kind),
        Choice::SetClass(view, class) => pass.edit_as_step(BlueprintCommand::SetClass(view, class)),
        Choice::SetKind(id, kind) => pass.edit_as_step(BlueprintCommand::SetContainerKind(id, kind)),
        Choice::Rename(contents) => state.rename.open(pass, contents),
        Choice::Duplicate(contents) => arrange::duplicate(pass, &[contents]),
        Choice::SetVisible(contents, visible) => pass.edit_as_step(edits::visible(contents, visible)),
        Choice::SetEntityVisible(view, entity, visible) => {
            pass.edit_as_step(edits::entity_visible(view, entity, visible));
        }
        Choice::Remove(item) => arrange::remove(pass, &[item]),
        Choice::Maximize(view) => pass.edit(edits::maximize(view)),
        Choice::Frame(view) => pass.push(ViewerCommand::FrameAll(view)),
        Choice::Act(view, action) => view_action::ask(ctx, view, action),
        Choice::OwnWindow(contents, is_own) => state.own_windows.push((contents, is_own)),
        Choice::Copy(text) => ctx.copy_text(text),
        Choice::CopyPicture(view) => pass.push(ViewerCommand::CopyPicture(view)),
        Choice::SavePicture(view) => actions::save(SaveKind::View(view), ctx, pass, state),
        Choice::GoToStep(step) => pass.push(ViewerCommand::GoToStep(step)),
    }
}
