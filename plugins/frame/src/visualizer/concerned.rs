//! Which visualizers have anything to do at all: there are many, and most recordings concern a few.

use bevy_ecs::prelude::*;
use rustc_hash::FxHashSet;

use super::{Visualizer, VisualizerId, Visuals};
use crate::{DataResults, ViewOverrides};

/// The visualizers that show an entity of some view, or that its blueprint names for one.
#[derive(Resource, Default)]
pub(crate) struct ConcernedVisualizers {
    ids: FxHashSet<VisualizerId>,
    /// The views that they were found in, with the versions of their results and overrides.
    consumed: Vec<(Entity, u64, u64)>,
}

/// Keeps [`ConcernedVisualizers`]. Costs next to nothing where no view has other results or overrides.
pub(super) fn find_concerned(
    mut concerned: ResMut<ConcernedVisualizers>,
    views: Query<(Entity, &DataResults, &ViewOverrides)>,
) {
    let now = || {
        let views = views.iter();
        views.map(|(view, results, overrides)| (view, results.version(), overrides.version()))
    };
    if now().eq(concerned.consumed.iter().copied()) {
        return;
    }
    let concerned = &mut *concerned;
    concerned.ids.clear();
    for (_, results, overrides) in &views {
        concerned.ids.extend(results.visualizers());
        concerned.ids.extend(overrides.instructed_visualizers());
    }
    concerned.consumed.clear();
    concerned.consumed.extend(now());
}

/// Whether a visualizer shows something, or did: all that the others cost is this question.
pub(super) fn is_concerned<V: Visualizer>(
    visuals: Option<Res<Visuals<V>>>,
    concerned: Res<ConcernedVisualizers>,
) -> bool {
    visuals.is_some_and(|visuals| !visuals.is_empty() || concerned.ids.contains(&visuals.id))
}
