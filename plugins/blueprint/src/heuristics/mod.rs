//! What to show when nobody said: views for the data that is there, and a layout for them.
//!
//! Everything here is a pure function of the data's [`Schema`]. The ids of what comes out are hashed from what it shows, so
//! that the same data gives the same views in every process, and a view that a user edited is known again.
//!
//! - [`schema`]: what heuristics know of the data.
//! - [`rules`]: the views that the built-in classes recommend.
//! - [`layout`]: where views go.

pub mod layout;
pub mod rules;
pub mod schema;

use std::collections::{BTreeMap, BTreeSet};

use chronoscope_store::EntityPath;

use crate::{
    Contents, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
    contents::{ContentsFilter, ResolvedContents},
};

pub use layout::auto_layout;
pub use schema::{EntitySchema, Schema};

/// A view that would show something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecommendedView {
    /// The class.
    pub class: ViewClassId,
    /// The view's origin.
    pub origin: EntityPath,
    /// What it shows.
    pub contents: ContentsFilter,
}

impl RecommendedView {
    /// A view of the origin and all below it.
    pub fn subtree(class: impl Into<ViewClassId>, origin: EntityPath) -> Self {
        Self {
            class: class.into(),
            origin,
            contents: ContentsFilter::origin_subtree(),
        }
    }

    /// The id that this view has everywhere: a hash of the class, the origin and the contents.
    pub fn id(&self) -> ViewId {
        let contents = self.contents.to_string();
        ViewId::hashed([self.class.as_str(), self.origin.as_str(), &contents])
    }

    /// The view, without a name.
    pub fn into_view(self) -> ViewBlueprint {
        let mut view = ViewBlueprint::new(self.id(), self.class, self.origin);
        view.contents = self.contents;
        view
    }
}

/// A view class, as far as heuristics go.
#[derive(Clone)]
pub struct ViewClassHeuristic {
    /// The class. Views of other classes that come out of `recommend` are left out.
    pub class: ViewClassId,
    /// The views that this class recommends.
    pub recommend: fn(&Schema) -> Vec<RecommendedView>,
}

/// The heuristics of the classes that have rules in this crate, in the order in which their views stand.
pub fn built_in_heuristics() -> Vec<ViewClassHeuristic> {
    let heuristic = |class: &str, recommend| ViewClassHeuristic {
        class: class.into(),
        recommend,
    };
    vec![
        heuristic(
            ViewClassId::SPATIAL_3D,
            rules::recommend_3d as fn(&Schema) -> Vec<RecommendedView>,
        ),
        heuristic(ViewClassId::SPATIAL_2D, rules::recommend_2d),
        heuristic(ViewClassId::TIME_SERIES, rules::recommend_time_series),
        heuristic(ViewClassId::TEXT_LOG, rules::recommend_text_log),
        heuristic(ViewClassId::TEXT_DOCUMENT, rules::recommend_text_documents),
    ]
}

/// The views that these classes recommend, class by class, ordered by origin within each. A view whose contents another of
/// its class shows too is left out.
pub fn heuristic_views(schema: &Schema, classes: &[ViewClassHeuristic]) -> Vec<ViewBlueprint> {
    let mut views = Vec::new();
    let mut classes_seen = BTreeSet::new();
    for heuristic in classes
        .iter()
        .filter(|heuristic| classes_seen.insert(heuristic.class.clone()))
    {
        let mut recommended: Vec<RecommendedView> = (heuristic.recommend)(schema)
            .into_iter()
            .filter(|view| view.class == heuristic.class)
            .collect();
        recommended.sort_by(|a, b| (&a.origin, &a.contents).cmp(&(&b.origin, &b.contents)));
        recommended.dedup();
        views.extend(
            without_covered(recommended)
                .into_iter()
                .map(RecommendedView::into_view),
        );
    }
    views
}

/// The views that are recommended, whoever recommends them, ordered by class and origin. A view whose contents another of its
/// class shows too is left out.
pub fn recommended_views(recommended: impl IntoIterator<Item = RecommendedView>) -> Vec<ViewBlueprint> {
    let mut by_class: BTreeMap<ViewClassId, Vec<RecommendedView>> = BTreeMap::new();
    for view in recommended {
        by_class.entry(view.class.clone()).or_default().push(view);
    }
    let mut views = Vec::new();
    for (_, mut recommended) in by_class {
        recommended.sort_by(|a, b| (&a.origin, &a.contents).cmp(&(&b.origin, &b.contents)));
        recommended.dedup();
        views.extend(
            without_covered(recommended)
                .into_iter()
                .map(RecommendedView::into_view),
        );
    }
    views
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
    shown
}

/// Makes the layout anew from the views.
pub(crate) fn relayout(viewport: &mut ViewportBlueprint) {
    let layout = auto_layout(viewport.views.values());
    viewport.root = layout.root;
    viewport.containers = layout.containers;
    viewport.derived.layout = true;
}

/// Leaves out each view that another shows all of; of two that show the same, the later. Views that can match nothing go too.
fn without_covered(views: Vec<RecommendedView>) -> Vec<RecommendedView> {
    let resolved: Vec<ResolvedContents> = views
        .iter()
        .map(|view| view.contents.resolve(&view.origin))
        .collect();
    // What covers a view has a rule at or above each path that the view includes, so that few pairs need comparing.
    let mut by_path: BTreeMap<&EntityPath, Vec<usize>> = BTreeMap::new();
    for (at, contents) in resolved.iter().enumerate() {
        for path in contents.included_paths() {
            by_path.entry(path).or_default().push(at);
        }
    }
    let keep: Vec<bool> = resolved
        .iter()
        .enumerate()
        .map(|(at, contents)| {
            let Some(path) = contents.included_paths().next() else {
                return false;
            };
            !path.ancestors().any(|ancestor| {
                by_path.get(&ancestor).into_iter().flatten().any(|&other_at| {
                    resolved.get(other_at).is_some_and(|other| {
                        other_at != at && other.covers(contents) && (other_at < at || !contents.covers(other))
                    })
                })
            })
        })
        .collect();
    views
        .into_iter()
        .zip(keep)
        .filter_map(|(view, keep)| keep.then_some(view))
        .collect()
}

#[cfg(test)]
mod tests;
