//! Brings the visuals of a visualizer up to date in each frame, [block](super::block) by block: views say what they lack, which is made
//! once for all of them.

use bevy_ecs::prelude::*;
use chronoscope_store::EntityId;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    Visualizer, Visuals,
    block::{Block, Shown},
    inputs::{ContextInputs, ViewInputs},
    make::{Effort, FEW_ITEMS},
};
use crate::{
    ActiveBlueprint, ContextId, DataResults, InContexts, QueryContext, Recordings, View, ViewOverrides,
    ViewTile, Work, WorkCounters, query_results::Walks,
};

pub(super) fn visualize<V: Visualizer>(
    mut visuals: ResMut<Visuals<V>>,
    views: Query<(&View, &ViewTile, &QueryContext, &DataResults, &ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    contexts: InContexts<'_>,
    walks: Res<Walks>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("execute_systems_for_all_views", V::INFO.name);
    let visuals = visuals.bypass_change_detection();
    let spares = visuals.take_spares();
    let Visuals {
        id,
        views: known,
        pool,
        ..
    } = visuals;
    known.retain(|view, visuals| {
        let is_alive = active.entity(*view).is_some();
        if !is_alive {
            visuals.clear(pool);
        }
        is_alive
    });
    let inputs_in = |id: ContextId| {
        let products = contexts.get(id)?;
        let entry = products.recording(&recordings)?;
        Some(ContextInputs {
            id,
            entry,
            products,
            walks: &walks,
        })
    };
    let mut inputs = Vec::new();
    for (view, tile, context, results, overrides) in &views {
        if !tile.shown {
            if let Some(visuals) = known.get_mut(&view.id) {
                visuals.hide(pool, &recordings);
            }
            continue;
        }
        let has_none = |entities: Option<&FxHashSet<EntityId>>| entities.is_none_or(FxHashSet::is_empty);
        if !known.contains_key(&view.id)
            && has_none(results.shown_by(*id))
            && has_none(overrides.instructed(*id))
        {
            continue;
        }
        let of_view = known.entry(view.id).or_default();
        of_view.begin(pool, context.cursor.recording);
        inputs.extend(inputs_in(context.id).map(|context| ViewInputs {
            visualizer: *id,
            view: view.id,
            context,
            results,
            overrides,
            defaults: overrides.defaults_hash(&[V::INFO.required, V::INFO.optional]),
        }));
    }
    let mut shown: Vec<(usize, Shown<'_, '_, V>)> = Vec::with_capacity(inputs.len());
    for (view, visuals) in known {
        if let Some(at) = inputs.iter().position(|inputs| inputs.view == *view) {
            let inputs = &inputs[at];
            shown.push((at, Shown { inputs, visuals }));
        }
    }
    shown.sort_unstable_by_key(|(at, _)| *at);
    let mut shown: Vec<_> = shown.into_iter().map(|(_, shown)| shown).collect();
    let candidates: Vec<Vec<EntityId>> = shown
        .iter_mut()
        .map(|Shown { inputs, visuals }| inputs.candidates(visuals))
        .collect();
    let num_candidates = candidates.iter().map(Vec::len).sum();
    counters.add(Work::ResultsChecked, num_candidates);
    let mut blocks = Block::split(&mut shown, &candidates, pool, spares);
    bring_up_to_date(&mut blocks, num_candidates);
    for block in blocks {
        counters.add(Work::VisualsMade, block.put_back(&mut shown, pool));
    }
    for Shown { visuals, .. } in shown {
        visuals.changed.sort_unstable();
    }
}

/// Finds what has changed, makes it and hands it out, in parallel where there is much of it.
fn bring_up_to_date<V: Visualizer>(blocks: &mut [Block<'_, V>], num_candidates: usize) {
    if num_candidates > FEW_ITEMS {
        blocks.par_iter_mut().with_max_len(1).for_each(|block| {
            block.plan();
            block.make();
            block.hand_out();
        });
        return;
    }
    blocks.iter_mut().for_each(Block::plan);
    let effort = blocks
        .iter()
        .map(Block::effort)
        .fold(Effort::default(), Effort::and);
    if effort.is_quick() {
        blocks.iter_mut().for_each(Block::make);
    } else {
        blocks.par_iter_mut().with_max_len(1).for_each(Block::make);
    }
    blocks.iter_mut().for_each(Block::hand_out);
}
