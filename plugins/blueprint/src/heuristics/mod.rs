//! What to show when nobody said: views for the data that is there, and a layout for them.
//!
//! Everything here is a pure function of the data's [`Schema`]. The ids of what comes out are hashed from what it shows, so
//! that the same data gives the same views in every process, and a view that a user edited is known again.
//!
//! - [`schema`]: what heuristics know of the data, and [`delta`] what changed of it.
//! - [`rules`]: the views that the built-in classes recommend, and whether a change affects them.
//! - [`recommendations`]: the views that all classes recommend, kept up to date.
//! - [`layout`]: where views go.

pub mod delta;
pub mod layout;
pub mod recommendations;
pub mod rules;
pub mod schema;

use std::collections::BTreeMap;

use chronoscope_store::EntityPath;

use crate::{
    Contents, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
    contents::{ContentsFilter, ResolvedContents},
};

pub use delta::{EntityDelta, SchemaDelta};
pub use layout::{auto_layout, natural_order};
pub use recommendations::{Recommendations, ViewHeuristic};
pub use schema::{EntitySchema, Matching, Schema, SchemaVisualizer};

/// A view that would show something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecommendedView {
    /// The class.
    pub class: ViewClassId,
    /// The view's origin.
    pub origin: EntityPath,
    /// What it shows.
    pub contents: ContentsFilter,
    /// The name above it, where its origin says too little.
    pub name: Option<&'static str>,
}

impl RecommendedView {
    /// A view of the origin and all below it.
    pub fn subtree(class: impl Into<ViewClassId>, origin: EntityPath) -> Self {
        Self {
            class: class.into(),
            origin,
            contents: ContentsFilter::origin_subtree(),
            name: None,
        }
    }

    /// The same view with a name.
    #[must_use]
    pub fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The id that this view has everywhere: a hash of the class, the origin and the contents.
    pub fn id(&self) -> ViewId {
        let contents = self.contents.to_string();
        ViewId::hashed([self.class.as_str(), self.origin.as_str(), &contents])
    }

    /// The view for a blueprint.
    pub fn into_view(self) -> ViewBlueprint {
        let mut view = ViewBlueprint::new(self.id(), self.class, self.origin);
        view.name = self.name.map(str::to_owned);
        view.contents = self.contents;
        view
    }
}

/// What is to be seen: what the blueprint says, the recommended views that it leaves room for, and a layout where it has
/// none. What was added is told in [`ViewportBlueprint::derived`].
pub fn with_heuristics(stored: &ViewportBlueprint, recommended: &[ViewBlueprint]) -> ViewportBlueprint {
    let mut shown = stored.clone();
    if stored.auto_views {
        let mut covered: BTreeMap<&ViewClassId, Vec<ResolvedContents>> = BTreeMap::new();
        for view in stored.views.values() {
            covered
                .entry(&view.class)
                .or_default()
                .push(view.resolved_contents());
        }
        for view in recommended {
            let removed = stored
                .past_recommendations
                .contains(&view.id.recommendation_hash());
            let shown_already = || {
                let contents = view.resolved_contents();
                covered
                    .get(&view.class)
                    .is_some_and(|others| others.iter().any(|other| other.covers(&contents)))
            };
            if stored.views.contains_key(&view.id) || removed || shown_already() {
                continue;
            }
            shown.views.insert(view.id, view.clone());
            shown.derived.views.insert(view.id);
        }
    }
    match stored.root.and_then(|root| shown.containers.get_mut(&root)) {
        None => relayout(&mut shown),
        Some(root) => {
            // Added in the order of the recommendations, not of the ids.
            for view in recommended
                .iter()
                .filter(|view| shown.derived.views.contains(&view.id))
            {
                root.insert_item(Contents::View(view.id), usize::MAX);
            }
        }
    }
    shown.forget_lost_maximized();
    shown
}

/// Makes the layout anew from the views.
pub(crate) fn relayout(viewport: &mut ViewportBlueprint) {
    let layout = auto_layout(viewport.views.values());
    viewport.root = layout.root;
    viewport.containers = layout.containers;
    viewport.derived.layout = true;
}

#[cfg(test)]
mod tests;
