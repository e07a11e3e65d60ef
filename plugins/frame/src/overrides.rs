//! Phase 7: which source of each component wins, and what is hidden.
//!
//! Overrides stand in the blueprint, per view and entity. They are looked up for the entities that have any,
//! when the blueprint or the view's entities change; a moving cursor costs nothing here.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{
    BlueprintQuery, EntityOverrides, ViewId, VisualizerInstruction, content_hash, overridden_entities,
    overrides_for, own_behavior, view_defaults, view_time_ranges, visible_time_ranges,
};
use chronoscope_store::{ChunkStore, EntityId, Hit, TimeRange, arrow::ArrayRef};
use chronoscope_types::{
    ComponentMapping, Selector, SelectorError, VisibleTimeRange, enums::ComponentSourceKind,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::{
    ActiveBlueprint, Cursor, DataResult, DataResults, Frame, FrameSystems, InstructionIndex, QueryContext,
    RecordingEntry, RecordingKey, Recordings, ResultKey, View, Visualizers, Work, WorkCounters,
    visualizer::{ParsedSelector, VisualizerId},
};

/// What the blueprint says of an entity in a view.
#[derive(Clone, Debug, Default)]
pub struct ResolvedOverrides {
    overrides: EntityOverrides,
    time_ranges: Option<Vec<VisibleTimeRange>>,
    /// A hash of the values of the entity as a whole.
    entity_hash: u64,
    /// Hashes of what each instruction says, together with the above.
    instruction_hashes: Vec<u64>,
    /// The selectors of each instruction's mappings, in their order; `None` where all of a component is
    /// taken.
    selectors: Vec<Vec<Option<ParsedSelector>>>,
}

impl ResolvedOverrides {
    fn new(overrides: EntityOverrides, time_ranges: Option<Vec<VisibleTimeRange>>) -> Self {
        let entity_hash = hash_values(&overrides.entity);
        let instruction_hashes = overrides.visualizers.iter().flatten().map(|instruction| {
            let mut hasher = DefaultHasher::new();
            entity_hash.hash(&mut hasher);
            hash_values(&instruction.values).hash(&mut hasher);
            for mapping in &instruction.mappings {
                (&mapping.target, mapping.source_kind as u8).hash(&mut hasher);
                (&mapping.source_component, &mapping.selector).hash(&mut hasher);
            }
            hasher.finish()
        });
        let instruction_hashes = instruction_hashes.collect();
        let selectors = overrides.visualizers.iter().flatten();
        let selectors = selectors.map(|instruction| instruction.mappings.iter().map(selector_of).collect());
        Self {
            selectors: selectors.collect(),
            overrides,
            time_ranges,
            entity_hash,
            instruction_hashes,
        }
    }

    /// All that is overridden.
    pub fn all(&self) -> &EntityOverrides {
        &self.overrides
    }

    /// The times that the entity shows; `None` for the latest value at the cursor.
    pub fn time_ranges(&self) -> Option<&[VisibleTimeRange]> {
        self.time_ranges.as_deref()
    }

    /// The instructions of the blueprint; `None` where the viewer chooses the visualizers.
    pub fn instructions(&self) -> Option<&[VisualizerInstruction]> {
        self.overrides.visualizers.as_deref()
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let names = |overrides: &Self| -> Option<Vec<_>> {
            let instructions = overrides.instructions()?.iter();
            Some(
                instructions
                    .map(|instruction| (instruction.id, instruction.visualizer.clone()))
                    .collect(),
            )
        };
        self.entity_hash == other.entity_hash
            && self.instruction_hashes == other.instruction_hashes
            && self.time_ranges == other.time_ranges
            && names(self) == names(other)
    }
}

fn selector_of(mapping: &ComponentMapping) -> Option<ParsedSelector> {
    let takes_component = mapping.source_kind == ComponentSourceKind::SourceComponent;
    let selector = mapping.selector.as_deref().filter(|_| takes_component)?;
    let selector = Selector::parse(selector);
    let is_whole = selector.as_ref().is_ok_and(Selector::is_identity);
    (!is_whole).then_some(selector)
}

/// Zero where there are no values.
fn hash_values(hits: &[Hit]) -> u64 {
    if hits.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    for hit in hits {
        content_hash(hit).hash(&mut hasher);
    }
    hasher.finish()
}

/// How a view shows an entity by one visualizer: what the blueprint says of it, if anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResolvedInstruction<'a> {
    /// Its position.
    pub index: InstructionIndex,
    overrides: Option<&'a ResolvedOverrides>,
    instruction: Option<&'a VisualizerInstruction>,
    /// The selectors of the instruction's mappings.
    selectors: &'a [Option<ParsedSelector>],
    /// A hash of the values and mappings that apply: the same in all views that say the same.
    pub(crate) hash: u64,
}

impl<'a> ResolvedInstruction<'a> {
    /// The instruction as it stands in the blueprint.
    pub fn written(&self) -> Option<&'a VisualizerInstruction> {
        self.instruction
    }

    /// Whether nothing is said of any component.
    pub(crate) fn says_nothing(&self) -> bool {
        self.instruction.is_none() && self.overrides.is_none()
    }

    /// The value that the blueprint gives to a component: for this instruction, else for the entity as a
    /// whole.
    pub fn value(&self, component: &str) -> Option<ArrayRef> {
        let find = |hits: &'a [Hit]| hits.iter().find(|hit| &**hit.column().name() == component);
        let own = self.instruction.and_then(|instruction| find(&instruction.values));
        own.or_else(|| find(&self.overrides?.overrides.entity))
            .map(Hit::cell)
    }

    /// Where a component is taken from, if the blueprint says so.
    pub fn mapping(&self, component: &str) -> Option<&'a ComponentMapping> {
        let mut mappings = self.instruction?.mappings.iter();
        mappings.find(|mapping| mapping.target == component)
    }

    /// Which part of the mapped component is taken for one of the visualizer, or why that cannot be read;
    /// `None` where it is all of it.
    pub(crate) fn selector(&self, component: &str) -> Option<&'a ParsedSelector> {
        let mut mappings = self.instruction?.mappings.iter();
        let at = mappings.position(|mapping| mapping.target == component)?;
        self.selectors.get(at)?.as_ref()
    }

    /// A component of the visualizer whose selector cannot be read, and why.
    pub(crate) fn unreadable_selector(&self) -> Option<(&'a str, &'a SelectorError)> {
        let mut mappings = self.instruction?.mappings.iter().zip(self.selectors);
        mappings.find_map(|(mapping, selector)| Some((&*mapping.target, selector.as_ref()?.as_ref().err()?)))
    }

    /// Whether components are taken from others of the entity, which are not among the latest-at results.
    pub(crate) fn maps_components(&self) -> bool {
        self.instruction.is_some_and(|instruction| {
            let mut mappings = instruction.mappings.iter();
            mappings.any(|mapping| mapping.source_kind == ComponentSourceKind::SourceComponent)
        })
    }
}

/// What the blueprint says of a view's entities.
#[derive(Component, Default, Debug)]
pub struct ViewOverrides {
    entities: FxHashMap<EntityId, ResolvedOverrides>,
    /// The entities for which the blueprint names a visualizer of the view's class.
    instructed: FxHashMap<VisualizerId, FxHashSet<EntityId>>,
    hidden: FxHashSet<EntityId>,
    /// What the pointer passes over.
    inert: FxHashSet<EntityId>,
    defaults: Vec<(Hit, u64)>,
    time_ranges: Option<Vec<VisibleTimeRange>>,
    /// Whether the view or one of its entities has time ranges.
    has_time_ranges: bool,
    consumed: Consumed,
    /// Whether the blueprint overrides something of some entity.
    overrides_any: bool,
    /// Grows with each change.
    pub(crate) version: u64,
}

/// What the overrides of a view were last worked out from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    recording: Option<RecordingKey>,
    /// The version of the view's overrides in the blueprint.
    blueprint: u64,
    results: u64,
}

impl ViewOverrides {
    /// What is overridden on an entity.
    pub fn get(&self, entity: EntityId) -> Option<&ResolvedOverrides> {
        self.entities.get(&entity)
    }

    /// Whether an entity is shown: it is not where it, or an entity above it, is hidden in this view.
    pub fn is_visible(&self, entity: EntityId) -> bool {
        !self.hidden.contains(&entity)
    }

    /// Whether an entity can be pointed at: it cannot where the blueprint says so of it, or of an entity above it in this view.
    pub fn is_interactive(&self, entity: EntityId) -> bool {
        !self.inert.contains(&entity)
    }

    /// Whether the view gives a value to some component where nothing else says anything.
    pub(crate) fn has_defaults(&self) -> bool {
        !self.defaults.is_empty()
    }

    /// The value of a component that the view takes where nothing else says anything.
    pub fn default_value(&self, component: &str) -> Option<ArrayRef> {
        self.defaults
            .iter()
            .find(|(hit, _)| &**hit.column().name() == component)
            .map(|(hit, _)| hit.cell())
    }

    /// A hash of the defaults of these components: the same in all views that say the same. Zero where there
    /// are none.
    pub(crate) fn defaults_hash(&self, components: &[&[&str]]) -> u64 {
        let is_named = |hit: &Hit| {
            let name = &**hit.column().name();
            components.iter().any(|components| components.contains(&name))
        };
        let mut hashes = self.defaults.iter().filter(|(hit, _)| is_named(hit)).peekable();
        if hashes.peek().is_none() {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        hashes.for_each(|(_, hash)| hash.hash(&mut hasher));
        hasher.finish()
    }

    /// The times on the shown timeline that the blueprint gives to an entity, relative to the cursor where it
    /// says so: its own, or the view's where it has none on this timeline. `None` for the latest value at the cursor.
    pub fn time_range(&self, store: &ChunkStore, cursor: Cursor, entity: EntityId) -> Option<TimeRange> {
        let timeline = store.timeline(cursor.timeline?);
        let own = self
            .entities
            .get(&entity)
            .and_then(ResolvedOverrides::time_ranges);
        let mut ranges = own.into_iter().chain(self.time_ranges.as_deref()).flatten();
        let given = ranges.find(|range| *range.timeline == **timeline.name())?;
        Some(given.range.resolve(cursor.time))
    }

    /// Whether the blueprint gives times to show, for the view or for one of its entities.
    pub(crate) fn has_time_ranges(&self) -> bool {
        self.has_time_ranges
    }

    /// The entities for which the blueprint names a visualizer, in no order.
    pub(crate) fn instructed(&self, visualizer: VisualizerId) -> Option<&FxHashSet<EntityId>> {
        self.instructed.get(&visualizer)
    }

    /// The visualizers that the blueprint names for some entity, in no order.
    pub(crate) fn instructed_visualizers(&self) -> impl Iterator<Item = VisualizerId> {
        self.instructed.keys().copied()
    }

    /// How an entity is shown by a visualizer: nothing where it is not, as where the visualizer does not belong
    /// to the view's class.
    pub fn instructions<'a>(
        &'a self,
        result: &DataResult,
        visualizer: VisualizerId,
        name: &str,
    ) -> SmallVec<[ResolvedInstruction<'a>; 1]> {
        let overrides = self.entities.get(&result.entity);
        let Some(written) = overrides.and_then(ResolvedOverrides::instructions) else {
            let at = result.visualizers.iter().position(|id| *id == visualizer);
            return at
                .map(|at| ResolvedInstruction {
                    index: InstructionIndex(at as u16),
                    overrides,
                    instruction: None,
                    selectors: &[],
                    hash: overrides.map_or(0, |overrides| overrides.entity_hash),
                })
                .into_iter()
                .collect();
        };
        // The blueprint may name visualizers that the view had when it was of another class.
        let is_instructed = |entities: &FxHashSet<EntityId>| entities.contains(&result.entity);
        if !result.visualizers.contains(&visualizer)
            && !self.instructed(visualizer).is_some_and(is_instructed)
        {
            return SmallVec::new();
        }
        written
            .iter()
            .enumerate()
            .filter(|(_, instruction)| &*instruction.visualizer == name)
            .map(|(at, instruction)| ResolvedInstruction {
                index: InstructionIndex(at as u16),
                overrides,
                instruction: Some(instruction),
                selectors: overrides.map_or(&[], |overrides| &overrides.selectors[at]),
                hash: overrides.map_or(0, |overrides| overrides.instruction_hashes[at]),
            })
            .collect()
    }

    /// All instructions of an entity whose visualizers are known, with these, in their order.
    pub fn all_instructions(
        &self,
        result: &DataResult,
        visualizers: &Visualizers,
    ) -> Vec<(ResultKey, VisualizerId)> {
        let overrides = self.entities.get(&result.entity);
        let ids: Vec<Option<VisualizerId>> = match overrides.and_then(ResolvedOverrides::instructions) {
            Some(written) => written
                .iter()
                .map(|instruction| visualizers.find(&instruction.visualizer))
                .collect(),
            None => result.visualizers.iter().copied().map(Some).collect(),
        };
        let keys = ids.into_iter().enumerate().filter_map(|(at, id)| {
            let key = ResultKey {
                entity: result.entity,
                instruction: InstructionIndex(at as u16),
            };
            Some((key, id?))
        });
        keys.collect()
    }

    /// An instruction of an entity, whatever its visualizer.
    pub fn instruction(&self, result: &DataResult, index: InstructionIndex) -> ResolvedInstruction<'_> {
        let overrides = self.entities.get(&result.entity);
        let instructions = overrides.and_then(ResolvedOverrides::instructions);
        let hash = match overrides {
            Some(overrides) => overrides
                .instruction_hashes
                .get(usize::from(index.0))
                .copied()
                .unwrap_or(overrides.entity_hash),
            None => 0,
        };
        ResolvedInstruction {
            index,
            overrides,
            instruction: instructions.and_then(|instructions| instructions.get(usize::from(index.0))),
            selectors: overrides
                .and_then(|overrides| overrides.selectors.get(usize::from(index.0)))
                .map_or(&[], Vec::as_slice),
            hash,
        }
    }

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// Keeps [`ViewOverrides`].
pub struct OverridesPlugin;

impl Plugin for OverridesPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_systems(Frame, update_overrides.in_set(FrameSystems::Overrides));
    }
}

/// From so many overridden entities on it pays to wake other threads for them.
const MANY_OVERRIDES: usize = 256;

type Outdated<'a> = (&'a View, Consumed, &'a DataResults, Mut<'a, ViewOverrides>);

pub(crate) fn update_overrides(
    mut views: Query<(&View, &QueryContext, &DataResults, &mut ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    visualizers: Res<Visualizers>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("updating_overrides");
    let now = |view: &View, context: &QueryContext, results: &DataResults| Consumed {
        recording: context.cursor.recording,
        blueprint: active.overrides_version(view.id),
        results: results.version(),
    };
    // Hidden views too: the trees show what is hidden in them.
    let mut outdated: Vec<Outdated<'_>> = views
        .iter_mut()
        .filter_map(|(view, context, results, mut overrides)| {
            let consumed = now(view, context, results);
            let is_outdated = overrides.bypass_change_detection().must_update(consumed);
            is_outdated.then_some((view, consumed, results, overrides))
        })
        .collect();
    if outdated.is_empty() {
        return;
    }
    let query = recordings.active_blueprint().map(|(entry, blueprints)| {
        BlueprintQuery::new(
            entry.store(),
            &entry.recording.cache,
            blueprints.undo.query_time(),
        )
    });
    let update = |(view, consumed, results, overrides): &mut Outdated<'_>| {
        let overrides = overrides.bypass_change_detection();
        let entry = consumed.recording.and_then(|key| recordings.get(key));
        let store = entry.map(RecordingEntry::store);
        let Some((query, store)) = query.as_ref().zip(store) else {
            return overrides.clear(*consumed);
        };
        overrides.update(query, store, &visualizers, view, results, *consumed)
    };
    // Each view asks for itself alone.
    let expected: usize = outdated
        .iter()
        .map(|(.., overrides)| overrides.entities.len() + overrides.hidden.len())
        .sum();
    let resolved: usize = if outdated.len() > 1 && expected > MANY_OVERRIDES {
        outdated.par_iter_mut().map(update).sum()
    } else {
        outdated.iter_mut().map(update).sum()
    };
    counters.add(Work::OverridesResolved, resolved);
}

impl ViewOverrides {
    /// Where there is no blueprint or no recording, nothing is overridden.
    fn clear(&mut self, consumed: Consumed) -> usize {
        let version = self.version + 1;
        let had_any = !self.entities.is_empty()
            || !self.hidden.is_empty()
            || !self.defaults.is_empty()
            || self.time_ranges.is_some();
        *self = Self {
            consumed,
            version: if had_any { version } else { self.version },
            ..Self::default()
        };
        0
    }

    /// Whether it is out of date. New entities change nothing where nothing is overridden.
    fn must_update(&mut self, now: Consumed) -> bool {
        let results = Consumed {
            results: now.results,
            ..self.consumed
        };
        if results == now && !self.overrides_any {
            self.consumed = now;
        }
        self.consumed != now
    }

    /// Brings it up to date, and returns how many entities were resolved.
    ///
    /// Cost: what the view overrides, and the entities below what it hides.
    fn update(
        &mut self,
        query: &BlueprintQuery<'_>,
        store: &ChunkStore,
        visualizers: &Visualizers,
        view: &View,
        results: &DataResults,
        consumed: Consumed,
    ) -> usize {
        self.consumed = consumed;
        let (class, view): (_, ViewId) = (&view.class, view.id);
        let overridden = overridden_entities(query, view);
        self.overrides_any = !overridden.is_empty();
        let overridden: Vec<EntityId> = overridden
            .iter()
            .filter_map(|path| store.entity_id(path))
            .collect();

        // What holds for the view as a whole.
        let defaults: Vec<_> = view_defaults(query, view)
            .into_iter()
            .map(|hit| {
                let hash = content_hash(&hit);
                (hit, hash)
            })
            .collect();
        let time_ranges = view_time_ranges(query, view);
        let hashes = |defaults: &[(Hit, u64)]| defaults.iter().map(|(_, hash)| *hash).collect::<Vec<_>>();
        let mut changed = hashes(&defaults) != hashes(&self.defaults) || time_ranges != self.time_ranges;
        self.defaults = defaults;
        self.time_ranges = time_ranges;

        // Components hold for one entity; what is hidden hides all below it that does not say otherwise.
        let mut entities = FxHashMap::default();
        let mut instructed: FxHashMap<VisualizerId, FxHashSet<EntityId>> = FxHashMap::default();
        let mut visible: FxHashMap<EntityId, bool> = FxHashMap::default();
        let mut interactive: FxHashMap<EntityId, bool> = FxHashMap::default();
        for entity in &overridden {
            let path = store.entity_path(*entity);
            let own = own_behavior(query, view, path);
            visible.extend(own.visible.map(|visible| (*entity, visible)));
            interactive.extend(own.interactive.map(|interactive| (*entity, interactive)));
            if results.get(*entity).is_none() {
                continue;
            }
            let resolved = ResolvedOverrides::new(
                overrides_for(query, view, path),
                visible_time_ranges(query, view, path),
            );
            for instruction in resolved.instructions().into_iter().flatten() {
                if let Some(id) = visualizers.find(&instruction.visualizer)
                    && visualizers.shows(id, class, results.camera(), path)
                {
                    instructed.entry(id).or_default().insert(*entity);
                }
            }
            let known = self.entities.get(entity);
            changed |= known.is_none_or(|known| !known.says_the_same(&resolved));
            entities.insert(*entity, resolved);
        }
        let hidden = without(store, &visible);
        // Changes nothing that is drawn.
        self.inert = without(store, &interactive);
        let num_resolved = overridden.len() + hidden.len() + self.inert.len();
        changed |= self.hidden != hidden || self.entities.len() != entities.len();
        self.version += u64::from(changed);
        self.has_time_ranges = self.time_ranges.is_some()
            || entities
                .values()
                .any(|overrides: &ResolvedOverrides| overrides.time_ranges.is_some());
        self.entities = entities;
        self.instructed = instructed;
        self.hidden = hidden;
        num_resolved
    }
}

/// The entities of which it is said that they are not so, and those below with nothing in between that says otherwise.
fn without(store: &ChunkStore, said: &FxHashMap<EntityId, bool>) -> FxHashSet<EntityId> {
    let tree = store.tree();
    let mut without = FxHashSet::default();
    let mut stack: Vec<EntityId> = said
        .iter()
        .filter(|(_, is_so)| !**is_so)
        .map(|(entity, _)| *entity)
        .collect();
    while let Some(entity) = stack.pop() {
        if without.insert(entity) {
            stack.extend(tree.children(entity).filter(|entity| !said.contains_key(entity)));
        }
    }
    without
}
