//! Blueprint edits of the panels.

use chronoscope_blueprint::{
    BlueprintCommand, Contents, ContentsFilter, Panel, PanelState, QueryContextSettings, ViewId,
};
use chronoscope_store::EntityPath;
use chronoscope_types::blueprint::EntityBehavior;

/// Opens or closes a panel.
pub(crate) fn panel(panel: Panel, state: PanelState) -> BlueprintCommand {
    BlueprintCommand::SetPanel(panel, state)
}

/// Lets one view fill the viewport, or puts it back.
pub(crate) fn maximize(view: Option<ViewId>) -> BlueprintCommand {
    BlueprintCommand::SetMaximized(view)
}

/// Shows or hides a view or a container.
pub(crate) fn visible(item: Contents, visible: bool) -> BlueprintCommand {
    BlueprintCommand::SetVisible(item, visible)
}

/// Gives a view a bar with its title, or takes it away.
pub(crate) fn title_bar(view: ViewId, title_bar: bool) -> BlueprintCommand {
    BlueprintCommand::SetTitleBar(view, title_bar)
}

/// Shows or hides an entity, and with it all below that says nothing else, in one view.
pub(crate) fn entity_visible(view: ViewId, entity: EntityPath, visible: bool) -> BlueprintCommand {
    BlueprintCommand::override_entity(view, entity, &EntityBehavior::default().with_visible(visible))
}

/// Names a view or a container; nothing but blanks takes the name away.
pub(crate) fn name(item: Contents, name: &str) -> BlueprintCommand {
    let name = name.trim();
    BlueprintCommand::SetName(item, (!name.is_empty()).then(|| name.to_owned()))
}

/// Moves a view's origin.
pub(crate) fn origin(view: ViewId, path: &str) -> BlueprintCommand {
    BlueprintCommand::SetOrigin(view, EntityPath::parse(path.trim()))
}

/// Changes where a view looks.
pub(crate) fn query_context(view: ViewId, settings: &QueryContextSettings) -> BlueprintCommand {
    BlueprintCommand::SetProperty(view, settings.properties())
}

/// Changes what a view shows; a rule per line.
pub(crate) fn contents(view: ViewId, text: &str) -> BlueprintCommand {
    BlueprintCommand::SetContents(view, ContentsFilter::parse(text))
}
