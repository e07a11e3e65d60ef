//! Which part of a blueprint a row belongs to, so that a reader reads again only what it depends on.

use chronoscope_store::{CLEAR_COMPONENT, EntityPath};
use chronoscope_types::blueprint as archetypes;

use crate::{
    ContainerId, ViewId,
    vocabulary::{old_override_path, overridden_entity, overrides_root},
};

/// A part of a blueprint that is read by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlueprintPart {
    /// The root of the layout, the maximized view, what is automatic.
    Viewport,
    /// A container of the layout.
    Container(ContainerId),
    /// The class, name, origin and visibility of a view.
    View(ViewId),
    /// The contents of a view.
    Contents(ViewId),
    /// A property of a view.
    Property {
        /// The view.
        view: ViewId,
        /// The archetype: `EyeControls3D`.
        archetype: String,
    },
    /// The values that a view takes where the data says nothing.
    Defaults(ViewId),
    /// What is overridden for an entity in a view.
    Overrides {
        /// The view.
        view: ViewId,
        /// The entity of the recording.
        entity: EntityPath,
    },
    /// Which panels are open.
    Panels,
    /// What the time panel plays, and how.
    Time,
    /// All parts of a view: it was cleared.
    WholeView(ViewId),
    /// All parts: a clear lies above them.
    Everything,
}

impl BlueprintPart {
    /// The part that a row with this component of this entity belongs to. `None` where nothing reads it.
    pub fn of(path: &EntityPath, component: &str) -> Option<Self> {
        let is_clear = component == CLEAR_COMPONENT;
        let mut parts = path.parts();
        let part = match parts.next() {
            None if is_clear => Self::Everything,
            None => return None,
            Some("viewport") => Self::Viewport,
            Some("container") => match parts.next() {
                None if is_clear => Self::Everything,
                id => Self::Container(ContainerId::parse(id?)?),
            },
            Some("top_panel" | "blueprint_panel" | "selection_panel") => Self::Panels,
            Some("time_panel") if is_clear => Self::Everything,
            Some("time_panel") if component == archetypes::TimePanelBlueprint::STATE.name => Self::Panels,
            Some("time_panel") => Self::Time,
            Some("view") => {
                let view = match parts.next() {
                    None if is_clear => return Some(Self::Everything),
                    id => ViewId::parse(id?)?,
                };
                match (parts.next(), parts.next()) {
                    (None, _) if is_clear => Self::WholeView(view),
                    (None, _) => Self::View(view),
                    (Some("ViewContents"), None) if is_clear => Self::WholeView(view),
                    (Some("ViewContents"), None) => {
                        if component == archetypes::ViewContents::QUERY.name {
                            Self::Contents(view)
                        } else {
                            Self::property(view, component)?
                        }
                    }
                    // A clear of the folder of all overrides reaches each of them.
                    (Some("ViewContents"), Some("overrides")) if is_clear && parts.next().is_none() => {
                        Self::WholeView(view)
                    }
                    (Some("ViewContents"), Some("overrides")) => {
                        let entity = overridden_entity(&overrides_root(view), path)?;
                        if is_clear && *path == old_override_path(view, &entity) {
                            // It may reach the entities below.
                            Self::WholeView(view)
                        } else {
                            Self::Overrides { view, entity }
                        }
                    }
                    (Some("defaults"), None) => Self::Defaults(view),
                    (Some(archetype), None) => Self::Property {
                        view,
                        archetype: archetype.to_owned(),
                    },
                    _ => return None,
                }
            }
            Some(_) => return None,
        };
        Some(part)
    }

    /// Whether [`read_viewport`](crate::read_viewport) reads it: it need not be called again for anything else.
    pub fn is_read_by_viewport(&self) -> bool {
        match self {
            Self::Viewport
            | Self::Container(_)
            | Self::View(_)
            | Self::Contents(_)
            | Self::Panels
            | Self::Time
            | Self::WholeView(_)
            | Self::Everything => true,
            Self::Property { .. } | Self::Defaults(_) | Self::Overrides { .. } => false,
        }
    }

    /// The view that it belongs to alone.
    pub fn view(&self) -> Option<ViewId> {
        match self {
            Self::View(view)
            | Self::Contents(view)
            | Self::Property { view, .. }
            | Self::Defaults(view)
            | Self::Overrides { view, .. }
            | Self::WholeView(view) => Some(*view),
            Self::Viewport | Self::Container(_) | Self::Panels | Self::Time | Self::Everything => None,
        }
    }

    /// Whether overrides of entities may differ, of this part's view or of all.
    pub fn has_overrides(&self) -> bool {
        matches!(
            self,
            Self::Overrides { .. } | Self::WholeView(_) | Self::Everything
        )
    }

    fn property(view: ViewId, component: &str) -> Option<Self> {
        let (archetype, _) = component.split_once(':')?;
        Some(Self::Property {
            view,
            archetype: archetype.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InstructionId, vocabulary};

    fn check(path: &EntityPath, component: &str, expected: Option<BlueprintPart>) {
        assert_eq!(BlueprintPart::of(path, component), expected, "{path} {component}");
    }

    #[test]
    fn rows_belong_to_parts() {
        use BlueprintPart as P;
        let view = ViewId::hashed(["v"]);
        let container = ContainerId::hashed(["c"]);
        let entity = EntityPath::parse("/world/a");
        let overrides = || P::Overrides {
            view,
            entity: entity.clone(),
        };
        let property = |archetype: &str| P::Property {
            view,
            archetype: archetype.to_owned(),
        };
        let here = &view.entity_path();
        check(
            &"/viewport".into(),
            "ViewportBlueprint:root_container",
            Some(P::Viewport),
        );
        check(
            &container.entity_path(),
            "ContainerBlueprint:contents",
            Some(P::Container(container)),
        );
        check(here, "ViewBlueprint:space_origin", Some(P::View(view)));
        check(
            &here.child("ViewContents"),
            "ViewContents:query",
            Some(P::Contents(view)),
        );
        check(
            &here.child("EyeControls3D"),
            "EyeControls3D:position",
            Some(property("EyeControls3D")),
        );
        check(&here.child("defaults"), "Points3D:radii", Some(P::Defaults(view)));
        check(
            &vocabulary::override_path(view, &entity),
            "EntityBehavior:visible",
            Some(overrides()),
        );
        check(
            &vocabulary::old_override_path(view, &entity),
            "Points3D:colors",
            Some(overrides()),
        );
        let instruction = vocabulary::instruction_path(view, &entity, InstructionId::hashed(["i"]));
        check(&instruction, "Points3D:colors", Some(overrides()));
        check(&"/time_panel".into(), "TimePanelBlueprint:state", Some(P::Panels));
        check(&"/time_panel".into(), "TimePanelBlueprint:fps", Some(P::Time));
        check(
            &"/selection_panel".into(),
            "PanelBlueprint:state",
            Some(P::Panels),
        );
        check(here, CLEAR_COMPONENT, Some(P::WholeView(view)));
        check(&"/".into(), CLEAR_COMPONENT, Some(P::Everything));
        check(&"/view".into(), CLEAR_COMPONENT, Some(P::Everything));
        check(&"/view/nonsense".into(), "ViewBlueprint:space_origin", None);
        check(&"/elsewhere".into(), "ViewBlueprint:space_origin", None);
        assert!(!property("EyeControls3D").is_read_by_viewport() && P::View(view).is_read_by_viewport());
    }
}
