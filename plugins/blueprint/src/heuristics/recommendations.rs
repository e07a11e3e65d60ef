//! The views that all view classes recommend, kept up to date.

use std::collections::BTreeMap;

use chronoscope_store::EntityPath;

use super::{RecommendedView, Schema, SchemaDelta};
use crate::{ViewBlueprint, ViewClassId, contents::ResolvedContents};

/// What a view class recommends.
pub trait ViewHeuristic {
    /// The class.
    fn class(&self) -> ViewClassId;

    /// The views of this class that data with this schema deserves. A pure function; views of other classes are left out.
    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView>;

    /// Whether [`Self::recommend`] may say something else now than it `said` before the schema changed. Lets a class that has
    /// many entities answer without looking at all of them again.
    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        let _ = (schema, said);
        !delta.is_empty()
    }
}

/// The greatest number of views of a class that are recommended. More than these nobody wants to close; the data is found in the tree.
pub const MAX_RECOMMENDED_OF_CLASS: usize = 256;

/// The recommended views of all classes.
///
/// After any history of updates they are those that [`Self::of`] finds at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recommendations {
    classes: BTreeMap<ViewClassId, ClassRecommendations>,
    views: Vec<ViewBlueprint>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ClassRecommendations {
    said: Vec<RecommendedView>,
    views: Vec<ViewBlueprint>,
}

impl Recommendations {
    /// The recommended views for a schema.
    pub fn of<H: ViewHeuristic>(schema: &Schema, heuristics: impl IntoIterator<Item = H>) -> Self {
        let mut recommendations = Self::default();
        recommendations.update(schema, &SchemaDelta::everything(), heuristics);
        recommendations
    }

    /// Takes a change of the schema over: asks the classes that it affects. Returns whether the views changed.
    ///
    /// `heuristics` are those of all classes.
    pub fn update<H: ViewHeuristic>(
        &mut self,
        schema: &Schema,
        delta: &SchemaDelta,
        heuristics: impl IntoIterator<Item = H>,
    ) -> bool {
        let mut before = std::mem::take(&mut self.classes);
        let mut changed = false;
        for heuristic in heuristics {
            let class = heuristic.class();
            let known = before
                .remove(&class)
                .filter(|known| !delta.is_everything() && !heuristic.is_affected(schema, delta, &known.said));
            let known = known.unwrap_or_else(|| {
                changed = true;
                ClassRecommendations::new(&class, heuristic.recommend(schema))
            });
            self.classes.insert(class, known);
        }
        if !changed && before.is_empty() {
            return false;
        }
        let views: Vec<ViewBlueprint> = self
            .classes
            .values()
            .flat_map(|class| class.views.iter().cloned())
            .collect();
        let changed = views != self.views;
        self.views = views;
        changed
    }

    /// The views, ordered by class and origin. A view whose contents another of its class shows too is left out.
    pub fn views(&self) -> &[ViewBlueprint] {
        &self.views
    }
}

impl ClassRecommendations {
    fn new(class: &ViewClassId, mut said: Vec<RecommendedView>) -> Self {
        said.retain(|view| view.class == *class);
        let mut ordered = said.clone();
        ordered.sort_by(|a, b| (&a.origin, &a.contents).cmp(&(&b.origin, &b.contents)));
        ordered.dedup();
        let views = without_covered(ordered)
            .into_iter()
            .take(MAX_RECOMMENDED_OF_CLASS)
            .map(RecommendedView::into_view)
            .collect();
        Self { said, views }
    }
}

/// Leaves out each view that another shows all of; of two that show the same, the later. Views that can match nothing go too.
pub(super) fn without_covered(views: Vec<RecommendedView>) -> Vec<RecommendedView> {
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
