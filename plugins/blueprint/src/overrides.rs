//! What a blueprint says of single entities in a view, and of the view's own properties.
//!
//! Overrides of an entity stand at `/view/<id>/ViewContents/overrides/<entity>/visualizers`: its behavior, its visible time
//! ranges, and which visualizers show it. Each visualizer has an instruction, one level deeper, with the values that it takes
//! instead of the data's. Properties of a view stand at `/view/<id>/<Archetype>`, values for what the data does not say at
//! `/view/<id>/defaults`.

use std::sync::Arc;

use chronoscope_store::{EntityPath, Hit};
use chronoscope_types::{
    Component, ComponentMapping, ComponentName, VisibleTimeRange, blueprint as archetypes,
    components::{self, blueprint as bp},
};

use crate::{
    InstructionId, ViewId,
    query::BlueprintQuery,
    vocabulary::{
        defaults_path, instruction_path, old_override_path, overridden_entity, override_path, overrides_root,
    },
};

/// All that is overridden for an entity in a view.
#[derive(Clone, Debug, Default)]
pub struct EntityOverrides {
    /// What holds for the entity as a whole (its behavior, its visible time ranges), ordered by component name.
    pub entity: Vec<Hit>,
    /// The visualizers that show the entity; `None` where the viewer chooses them.
    pub visualizers: Option<Vec<VisualizerInstruction>>,
}

/// How one visualizer shows an entity.
#[derive(Clone, Debug)]
pub struct VisualizerInstruction {
    /// The instruction's id.
    pub id: InstructionId,
    /// The visualizer's name: `Points3D`.
    pub visualizer: Arc<str>,
    /// The values that it takes instead of the data's, ordered by component name.
    pub values: Vec<Hit>,
    /// The components that it takes from elsewhere.
    pub mappings: Vec<ComponentMapping>,
}

impl EntityOverrides {
    /// Whether nothing is overridden.
    pub fn is_empty(&self) -> bool {
        self.entity.is_empty() && self.visualizers.is_none()
    }

    /// The value that a visualizer takes for a component (`Points3D:colors`) instead of the data's.
    pub fn value(&self, visualizer: &str, component: &str) -> Option<&Hit> {
        let of_visualizer = self
            .visualizers
            .iter()
            .flatten()
            .filter(|instruction| &*instruction.visualizer == visualizer)
            .find_map(|instruction| find(&instruction.values, component));
        of_visualizer.or_else(|| find(&self.entity, component))
    }

    /// Where to write a value for a visualizer of the entity: into its instruction. Where there are none yet, the visualizers
    /// that now show the entity get one each, so that the others go on showing it.
    pub fn target(
        &self,
        view: ViewId,
        entity: &EntityPath,
        visualizer: &str,
        shown_by: &[&str],
    ) -> OverrideTarget {
        let new = |name: &str| Instruction {
            id: InstructionId::hashed([&*view.to_string(), entity.as_str(), name]),
            visualizer: name.into(),
        };
        let mut active: Vec<Instruction> = match &self.visualizers {
            Some(instructions) => instructions
                .iter()
                .map(|instruction| Instruction {
                    id: instruction.id,
                    visualizer: Arc::clone(&instruction.visualizer),
                })
                .collect(),
            None => shown_by.iter().map(|name| new(name)).collect(),
        };
        let id = match active
            .iter()
            .find(|instruction| &*instruction.visualizer == visualizer)
        {
            Some(instruction) => instruction.id,
            None => {
                let instruction = new(visualizer);
                let id = instruction.id;
                active.push(instruction);
                id
            }
        };
        OverrideTarget::Visualizer { id, active }
    }
}

/// Where an override is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverrideTarget {
    /// For the entity as a whole: its behavior, its visible time ranges.
    Entity,
    /// For one of its visualizers. See [`EntityOverrides::target`].
    Visualizer {
        /// The instruction.
        id: InstructionId,
        /// All instructions of the entity, this one among them.
        active: Vec<Instruction>,
    },
}

/// An instruction and the visualizer that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The instruction's id.
    pub id: InstructionId,
    /// The visualizer's name.
    pub visualizer: Arc<str>,
}

/// Whether an entity is shown and can be picked, as far as a blueprint says; `None` where it does not, and the next entity
/// above that says something counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnBehavior {
    /// Whether it is shown.
    pub visible: Option<bool>,
    /// Whether it can be picked.
    pub interactive: Option<bool>,
}

impl OwnBehavior {
    /// What holds for an entity of which this is said, below one for which `parent` holds.
    #[must_use]
    pub fn inherit(self, parent: Self) -> Self {
        Self {
            visible: self.visible.or(parent.visible),
            interactive: self.interactive.or(parent.interactive),
        }
    }
}

/// All that is overridden for an entity in a view.
pub fn overrides_for(query: &BlueprintQuery<'_>, view: ViewId, entity: &EntityPath) -> EntityOverrides {
    let path = override_path(view, entity);
    let mut values = query.values(&path);
    // What SDKs wrote before visualizers had instructions. The newer place wins.
    let old = query.values(&old_override_path(view, entity));
    values.extend(
        old.into_iter()
            .filter(|hit| find(&values, hit.column().name()).is_none())
            .collect::<Vec<_>>(),
    );
    values.retain(|hit| **hit.column().name() != *archetypes::ActiveVisualizers::INSTRUCTION_IDS);
    values.sort_by(|a, b| a.column().name().cmp(b.column().name()));

    let ids = query
        .hit(&path, &archetypes::ActiveVisualizers::INSTRUCTION_IDS)
        .and_then(|hit| {
            let cell = hit.cell();
            Some(
                bp::VisualizerInstructionId::read(&cell)
                    .ok()?
                    .iter()
                    .copied()
                    .map(InstructionId::from_bytes)
                    .collect::<Vec<_>>(),
            )
        });
    let visualizers = ids.map(|ids| {
        ids.into_iter()
            .filter_map(|id| instruction(query, view, entity, id))
            .collect()
    });
    EntityOverrides {
        entity: values,
        visualizers,
    }
}

/// The entities of which something is overridden in a view, with the view's contents or without, ordered by path. Costs as
/// much as there are overrides in the view.
pub fn overridden_entities(query: &BlueprintQuery<'_>, view: ViewId) -> Vec<EntityPath> {
    let root = overrides_root(view);
    let tree = query.store().tree();
    let Some(id) = tree.find(&root) else {
        return Vec::new();
    };
    let with_data = tree.descend(id).filter(|id| query.store().has_data(*id));
    let mut entities: Vec<EntityPath> = with_data
        .filter_map(|id| overridden_entity(&root, tree.path(id)))
        .collect();
    entities.sort();
    entities.dedup();
    entities
}

/// What a view's overrides say of an entity's behavior, by itself.
pub fn own_behavior(query: &BlueprintQuery<'_>, view: ViewId, entity: &EntityPath) -> OwnBehavior {
    let read = |component: ComponentName| {
        let hit = query
            .value(&override_path(view, entity), &component)
            .or_else(|| query.value(&old_override_path(view, entity), &component))?;
        let cell = hit.cell();
        components::Visible::read(&cell).ok()?.first().copied()
    };
    OwnBehavior {
        visible: read(archetypes::EntityBehavior::VISIBLE),
        interactive: read(archetypes::EntityBehavior::INTERACTIVE),
    }
}

/// What a view's overrides say of an entity's behavior, where it has none of its own from the next entity above that has.
pub fn inherited_behavior(query: &BlueprintQuery<'_>, view: ViewId, entity: &EntityPath) -> OwnBehavior {
    entity
        .ancestors()
        .fold(OwnBehavior::default(), |behavior, ancestor| {
            behavior.inherit(own_behavior(query, view, &ancestor))
        })
}

/// The times of which an entity is shown in a view: its own, or the view's. `None` where the latest values at the cursor are
/// shown. Of several ranges on one timeline the first counts.
pub fn visible_time_ranges(
    query: &BlueprintQuery<'_>,
    view: ViewId,
    entity: &EntityPath,
) -> Option<Vec<VisibleTimeRange>> {
    let component = archetypes::VisibleTimeRanges::RANGES;
    let hit = query
        .value(&override_path(view, entity), &component)
        .or_else(|| query.value(&old_override_path(view, entity), &component));
    hit.map_or_else(|| view_time_ranges(query, view), |hit| read_time_ranges(&hit))
}

/// The times of which a view shows entities that have none of their own; `None` where the latest values at the cursor are shown.
pub fn view_time_ranges(query: &BlueprintQuery<'_>, view: ViewId) -> Option<Vec<VisibleTimeRange>> {
    let component = archetypes::VisibleTimeRanges::RANGES;
    read_time_ranges(&view_property(query, view, &component)?)
}

fn read_time_ranges(hit: &Hit) -> Option<Vec<VisibleTimeRange>> {
    let cell = hit.cell();
    bp::VisibleTimeRange::read(&cell).ok()
}

/// The value of a view's property, by the component's name: `EyeControls3D:position`. `None` where it is not set, or has no
/// archetype.
pub fn view_property(query: &BlueprintQuery<'_>, view: ViewId, component: &str) -> Option<Hit> {
    property_below(query, &view.entity_path(), component)
}

/// As [`view_property`], for who reads many of a view, whose entity in the blueprint is named once.
pub fn property_below(query: &BlueprintQuery<'_>, view: &EntityPath, component: &str) -> Option<Hit> {
    // Most properties are set in no view, which is told sooner than where one would stand.
    query.store().component_id(component)?;
    query.value(&path_below(view, component)?, component)
}

/// All properties that are set for a view, ordered by component name.
pub fn view_properties(query: &BlueprintQuery<'_>, view: ViewId) -> Vec<Hit> {
    let store = query.store();
    let Some(id) = store.entity_id(&view.entity_path()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for child in store.tree().children(id) {
        let path = store.entity_path(child);
        let of_child = query.values(path).into_iter();
        // Overrides and defaults lie below the view, too.
        found.extend(of_child.filter(|hit| {
            let name = hit.column().name();
            !name.starts_with("ViewContents:") && property_path(view, name).as_ref() == Some(path)
        }));
    }
    found.sort_by(|a, b| a.column().name().cmp(b.column().name()));
    found
}

/// The value that a view takes for a component (`Points3D:radii`) where neither overrides nor the data say anything.
pub fn view_default(query: &BlueprintQuery<'_>, view: ViewId, component: &str) -> Option<Hit> {
    query.value(&defaults_path(view), component)
}

/// All values that a view takes where neither overrides nor the data say anything, ordered by component name.
pub fn view_defaults(query: &BlueprintQuery<'_>, view: ViewId) -> Vec<Hit> {
    query.values(&defaults_path(view))
}

/// The blueprint's entity with a property; `None` where the component belongs to no archetype.
pub(crate) fn property_path(view: ViewId, component: &str) -> Option<EntityPath> {
    path_below(&view.entity_path(), component)
}

fn path_below(view: &EntityPath, component: &str) -> Option<EntityPath> {
    let (archetype, _) = component.split_once(':')?;
    (!archetype.is_empty()).then(|| view.child(archetype))
}

fn instruction(
    query: &BlueprintQuery<'_>,
    view: ViewId,
    entity: &EntityPath,
    id: InstructionId,
) -> Option<VisualizerInstruction> {
    type A = archetypes::VisualizerInstruction;
    let path = instruction_path(view, entity, id);
    let visualizer: Arc<str> = {
        let cell = query.value(&path, &A::VISUALIZER_TYPE)?.cell();
        bp::VisualizerType::read(&cell).ok()?.first()?.into()
    };
    let mappings = query.value(&path, &A::COMPONENT_MAP).and_then(|hit| {
        let cell = hit.cell();
        bp::VisualizerComponentMapping::read(&cell).ok()
    });
    let mut values = query.values(&path);
    values.retain(|hit| ![A::VISUALIZER_TYPE.name, A::COMPONENT_MAP.name].contains(&&**hit.column().name()));
    Some(VisualizerInstruction {
        id,
        visualizer,
        values,
        mappings: mappings.unwrap_or_default(),
    })
}

fn find<'h>(hits: &'h [Hit], component: &str) -> Option<&'h Hit> {
    hits.iter().find(|hit| &**hit.column().name() == component)
}
