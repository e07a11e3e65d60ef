//! Component descriptors: what a column of a chunk holds.

use std::{fmt, sync::Arc};

/// Names a column: the archetype that it was logged as part of, the component, and the component's type.
///
/// The component's name is unique per entity, and is what indices are keyed by: `Points3D:positions`, or a bare name for
/// what was logged without an archetype.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentDescriptor {
    /// `Points3D:positions`.
    pub component: Arc<str>,
    /// `rerun.archetypes.Points3D`, where the column belongs to an archetype.
    pub archetype: Option<Arc<str>>,
    /// `rerun.components.Position3D`, where the type has a name.
    pub component_type: Option<Arc<str>>,
}

impl ComponentDescriptor {
    /// A column that belongs to no archetype and has no named type.
    pub fn partial(component: impl Into<Arc<str>>) -> Self {
        Self {
            component: component.into(),
            archetype: None,
            component_type: None,
        }
    }

    /// Adds the archetype's full name.
    #[must_use]
    pub fn with_archetype(mut self, archetype: impl Into<Arc<str>>) -> Self {
        self.archetype = Some(archetype.into());
        self
    }

    /// Adds the component type's full name.
    #[must_use]
    pub fn with_component_type(mut self, component_type: impl Into<Arc<str>>) -> Self {
        self.component_type = Some(component_type.into());
        self
    }

    /// The archetype's name without its namespace: `Points3D`.
    pub fn archetype_short_name(&self) -> Option<&str> {
        self.archetype
            .as_deref()
            .map(|name| name.rsplit('.').next().unwrap_or(name))
    }

    /// The archetype's name as the component's begins with it, without a namespace; empty where there is none.
    pub fn archetype_of_name(&self) -> &str {
        let (archetype, _) = self.component.split_once(':').unwrap_or_default();
        archetype.rsplit('.').next().unwrap_or(archetype)
    }

    /// The field's name without the archetype: `positions`.
    pub fn field_name(&self) -> &str {
        self.component.rsplit(':').next().unwrap_or(&self.component)
    }
}

impl fmt::Debug for ComponentDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.component)?;
        if let Some(component_type) = &self.component_type {
            write!(f, " ({component_type})")?;
        }
        Ok(())
    }
}
