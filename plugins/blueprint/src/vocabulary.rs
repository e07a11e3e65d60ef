//! Where things stand in a blueprint.

use chronoscope_store::EntityPath;
use chronoscope_types::{ComponentName, own::EyeControls3DRest};

use crate::{InstructionId, Panel, ViewId};

/// The entity with the layout's root.
pub(crate) const VIEWPORT_PATH: &str = "/viewport";
/// The entity above all views.
pub(crate) const VIEWS_PATH: &str = "/view";
/// The entity above all containers.
pub(crate) const CONTAINERS_PATH: &str = "/container";

/// What the `f32`s of an eye's position leave out. Written beside `EyeControls3D:position`, for eyes far from the origin; SDKs
/// and other viewers do not know it.
pub const EYE_POSITION_REST: ComponentName = EyeControls3DRest::POSITION;

/// The same for what the eye looks at.
pub const EYE_TARGET_REST: ComponentName = EyeControls3DRest::LOOK_TARGET;

const OVERRIDES: &str = "overrides";
const VISUALIZERS: &str = "visualizers";

/// The entity of a panel.
pub(crate) fn panel_path(panel: Panel) -> EntityPath {
    EntityPath::parse(match panel {
        Panel::Top => "/top_panel",
        Panel::Blueprint => "/blueprint_panel",
        Panel::Selection => "/selection_panel",
        Panel::Time => "/time_panel",
    })
}

/// The entity with a view's contents expressions.
pub(crate) fn contents_path(view: ViewId) -> EntityPath {
    view.entity_path().child("ViewContents")
}

/// The entity with the values of a view's components that the data does not give.
pub(crate) fn defaults_path(view: ViewId) -> EntityPath {
    view.entity_path().child("defaults")
}

/// The entity above all overrides of a view.
pub(crate) fn overrides_root(view: ViewId) -> EntityPath {
    contents_path(view).child(OVERRIDES)
}

/// The entity with what is overridden for an entity as a whole, under the name that SDKs before 0.27 or so wrote.
pub(crate) fn old_override_path(view: ViewId, entity: &EntityPath) -> EntityPath {
    overrides_root(view).join(entity)
}

/// The entity with what is overridden for an entity as a whole.
pub(crate) fn override_path(view: ViewId, entity: &EntityPath) -> EntityPath {
    old_override_path(view, entity).child(VISUALIZERS)
}

/// The entity with what is overridden for one visualizer of an entity.
pub(crate) fn instruction_path(view: ViewId, entity: &EntityPath, instruction: InstructionId) -> EntityPath {
    override_path(view, entity).child(&instruction.to_string())
}

/// The entity that a path below [`overrides_root`] overrides something of; `None` where it names none.
pub(crate) fn overridden_entity(root: &EntityPath, path: &EntityPath) -> Option<EntityPath> {
    let mut parts: Vec<&str> = path.parts().skip(root.depth()).collect();
    if let [.., folder, last] = parts.as_slice()
        && *folder == VISUALIZERS
        && InstructionId::parse(last).is_some()
    {
        parts.truncate(parts.len() - 2);
    } else if parts.last() == Some(&VISUALIZERS) {
        parts.pop();
    }
    (path.starts_with(root)).then(|| EntityPath::parse(&parts.join("/")))
}
