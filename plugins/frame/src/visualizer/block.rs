//! Entities that are neighbors, with all visuals that they have: views share visuals, entities do not, so that blocks have nothing in
//! common and are brought up to date side by side. Within a block all is at hand from the first step to the last.

use std::{hint::black_box, sync::Arc};

use chronoscope_store::EntityId;
use smallvec::SmallVec;

use super::{
    Visualizer,
    chunks::SourceChunks,
    entity_map::{EntityMap, page_of},
    inputs::{ContextInputs, ViewInputs},
    make::{Effort, Plan},
    pool::Pool,
    visuals::{Entries, Entry, ViewVisuals},
};
use crate::{ResultKey, ResultQuery, query_results::AT_ONCE};

/// The entities of a page, as far as some view may show something else of them than before.
pub(super) struct Block<'a, V: Visualizer> {
    /// The visuals of the page.
    pool: Pool<V::Visual>,
    views: SmallVec<[ViewBlock<'a, V>; 1]>,
    /// Visuals that nobody shows any more, in the order of the entities.
    spares: Vec<Arc<V::Visual>>,
    plan: Plan<'a, V>,
    uses: Vec<Use>,
    num_made: usize,
}

/// What a view shows of a block.
struct ViewBlock<'a, V: Visualizer> {
    /// The position of the view among those that are brought up to date.
    view: usize,
    inputs: &'a ViewInputs<'a>,
    /// The entities of which it may show something else, in their order.
    candidates: &'a [EntityId],
    entries: EntityMap<Entries<V::Visual>>,
    changed: Vec<ResultKey>,
    removed: Vec<ResultKey>,
    /// The same rows, in other chunks than before.
    elsewhere: Vec<(ResultKey, SourceChunks)>,
}

/// A view that asks for a visual.
struct Use {
    /// The position of the view in the block.
    view: usize,
    result: ResultKey,
    item: u32,
}

/// A view that is brought up to date.
pub(super) struct Shown<'a, 'v, V: Visualizer> {
    pub(super) inputs: &'a ViewInputs<'a>,
    pub(super) visuals: &'v mut ViewVisuals<V>,
}

impl<'a, V: Visualizer> Block<'a, V> {
    /// Takes the candidates of some views apart, block by block. `spares` are in the order of the entities.
    pub(super) fn split(
        views: &mut [Shown<'a, '_, V>],
        candidates: &'a [Vec<EntityId>],
        pool: &mut Pool<V::Visual>,
        spares: Vec<Arc<V::Visual>>,
    ) -> Vec<Self> {
        let mut by_page: Vec<(usize, usize, &[EntityId])> = Vec::new();
        for (view, candidates) in candidates.iter().enumerate() {
            let pages = candidates.chunk_by(|a, b| page_of(*a) == page_of(*b));
            let pages = pages.filter_map(|some| Some((page_of(*some.first()?), view, some)));
            by_page.extend(pages);
        }
        by_page.sort_unstable_by_key(|(page, view, _)| (*page, *view));
        let mut spares = spares.into_iter();
        let blocks = by_page.chunk_by(|(a, ..), (b, ..)| a == b);
        let blocks = blocks.filter_map(|of_page| {
            let page = of_page.first()?.0;
            let num_candidates = of_page.iter().map(|(.., some)| some.len()).max()?;
            let of_view = |(_, view, candidates): &(usize, usize, &'a [EntityId])| {
                let Shown { inputs, visuals } = &mut views[*view];
                ViewBlock {
                    view: *view,
                    inputs,
                    candidates,
                    entries: visuals.entries.take_page(page),
                    changed: Vec::new(),
                    removed: Vec::new(),
                    elsewhere: Vec::new(),
                }
            };
            Some(Self {
                pool: pool.take_page(page),
                views: of_page.iter().map(of_view).collect(),
                spares: spares.by_ref().take(num_candidates).collect(),
                plan: Plan::default(),
                uses: Vec::new(),
                num_made: 0,
            })
        });
        blocks.collect()
    }

    /// Puts all back where it was taken from. Returns how many visuals of rows were made.
    pub(super) fn put_back(self, views: &mut [Shown<'_, '_, V>], pool: &mut Pool<V::Visual>) -> usize {
        debug_assert!(self.plan.items.is_empty(), "what is made is handed out");
        pool.put_back(self.pool);
        for of_view in self.views {
            let visuals = &mut *views[of_view.view].visuals;
            visuals.entries.put_back(of_view.entries);
            if visuals.keeps_chunks(of_view.inputs) {
                visuals.follow_chunks(&of_view.changed, &of_view.removed, &of_view.elsewhere);
            }
            visuals.changed.extend(of_view.changed);
            visuals.removed.extend(of_view.removed);
        }
        self.num_made
    }

    /// How long it takes to make what is planned.
    pub(super) fn effort(&self) -> Effort {
        self.plan.effort()
    }

    /// Finds what has changed. What is there already is taken, what is not is planned.
    ///
    /// Cost: what changed, or one check per result where a view was hidden or edited.
    pub(super) fn plan(&mut self) {
        let Self {
            pool,
            views,
            plan,
            uses,
            ..
        } = self;
        for (at, view) in views.iter_mut().enumerate() {
            plan.begin_view(view.candidates.len());
            uses.reserve(view.candidates.len());
            for some in view.candidates.chunks(AT_ONCE) {
                view.prefetch(some);
                for entity in some {
                    view.plan_entity(*entity, at, pool, plan, uses);
                }
            }
        }
    }

    /// Makes what is planned.
    pub(super) fn make(&mut self) {
        self.plan.make(std::mem::take(&mut self.spares));
    }

    /// Hands what was made to all views that ask for it.
    pub(super) fn hand_out(&mut self) {
        let Self {
            pool,
            views,
            plan,
            uses,
            num_made,
            ..
        } = self;
        let items = std::mem::take(&mut plan.items);
        let mut num_pooled = 0;
        for Use {
            view,
            result,
            item: at,
        } in uses.drain(..)
        {
            let (item, view) = (&items[at as usize], &mut views[view]);
            let Some(made) = item.made() else { continue };
            // Who asked for it first comes first.
            if at == num_pooled {
                num_pooled += 1;
                *num_made += made.num_made();
                pool.insert(made, item.users);
            }
            let entries = view.entries.get_mut(result.entity).into_iter().flatten();
            for entry in entries.filter(|entry| entry.instruction == result.instruction) {
                entry.made = Some(Arc::clone(made));
            }
            view.changed.push(result);
        }
        debug_assert_eq!(num_pooled as usize, items.len(), "what is made was asked for");
    }
}

impl<'a, V: Visualizer> ViewBlock<'a, V> {
    /// Reads what is asked first of each of some entities, which lies elsewhere in memory for each.
    fn prefetch(&self, entities: &[EntityId]) {
        let ViewInputs { results, context, .. } = self.inputs;
        let latest_at = context.products.latest_at;
        for entity in entities {
            let result = results.get(*entity).map(|result| result.entity);
            black_box((result, latest_at.version_of(*entity)));
        }
        let shown = entities.iter().filter_map(|entity| self.entries.get(*entity));
        for made in shown.flatten().filter_map(|entry| entry.made.as_ref()) {
            made.prefetch();
        }
    }

    /// As [`Block::plan`], of one entity of the view at a position in the block.
    fn plan_entity(
        &mut self,
        entity: EntityId,
        at: usize,
        pool: &mut Pool<V::Visual>,
        plan: &mut Plan<'a, V>,
        uses: &mut Vec<Use>,
    ) {
        let inputs = self.inputs;
        let ViewInputs {
            results,
            overrides,
            context: ContextInputs { entry, .. },
            ..
        } = *inputs;
        let shown = self.entries.get_or_default(entity);
        let result = results.get(entity).filter(|_| overrides.is_visible(entity));
        let instructions = result
            .map(|result| overrides.instructions(result, inputs.visualizer, V::INFO.name))
            .unwrap_or_default();
        // In the order of the instructions. What is shown by none any more moves behind.
        let mut num_shown = 0;
        for instruction in instructions {
            let Some(result) = result else { continue };
            let key = inputs.key_of::<V>(result, instruction);
            let result_key = ResultKey {
                entity,
                instruction: instruction.index,
            };
            let mut others = shown[num_shown..].iter();
            match others.position(|known| known.instruction == instruction.index) {
                Some(known) => shown.swap(num_shown, num_shown + known),
                None => shown.insert(
                    num_shown,
                    Entry {
                        instruction: instruction.index,
                        made: None,
                    },
                ),
            }
            let made = &mut shown[num_shown].made;
            num_shown += 1;
            if made.as_ref().is_some_and(|made| made.key == key) {
                let may_be_elsewhere = instruction.maps_components() && key.query == ResultQuery::LatestAt;
                if may_be_elsewhere && !entry.sources().is_empty() {
                    // The same rows may be in other chunks now, of which nobody else keeps account.
                    let chunks = inputs.chunks_of::<V>(result, instruction);
                    self.elsewhere.push((result_key, chunks));
                }
                continue;
            }
            let released = made.take().and_then(|made| pool.exchange(made, true));
            *made = pool.take(&key);
            if made.is_some() {
                self.changed.push(result_key);
            } else {
                uses.push(Use {
                    view: at,
                    result: result_key,
                    item: plan.item(key, inputs.asked(result, instruction), released),
                });
            }
        }
        for Entry { instruction, made } in shown.drain(num_shown..) {
            let key = ResultKey { entity, instruction };
            self.removed.push(key);
            if let Some(made) = made {
                pool.release(made, true);
            }
        }
        if shown.is_empty() {
            self.entries.remove(entity);
        }
    }
}
