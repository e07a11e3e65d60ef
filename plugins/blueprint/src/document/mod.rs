//! A blueprint as RON text, to read and write by hand.
//!
//! ```ron
//! (
//!     version: 1,
//!     application: "robot",
//!     layout: Horizontal(
//!         columns: [2.0, 1.0],
//!         contents: [
//!             View(
//!                 class: "3D",
//!                 name: "World",
//!                 origin: "/world",
//!                 properties: {"Background:color": [4278190335]},
//!                 defaults: {"Points3D:radii": [0.1]},
//!                 overrides: {
//!                     "/world/roads": (values: {"EntityBehavior:visible": [false]}),
//!                     "/world/points": (
//!                         visualizers: [(visualizer: "Points3D", values: {"Points3D:colors": [4278190335]})],
//!                     ),
//!                 },
//!             ),
//!             Tabs(contents: [
//!                 View(class: "TimeSeries", origin: "/plots"),
//!                 View(class: "2D", origin: "/camera", contents: ["$origin/**", "- /camera/mask"]),
//!             ]),
//!         ],
//!     ),
//!     time: (timeline: "frame"),
//! )
//! ```
//!
//! All but the version may be left out. A blueprint without an application is for any. Ids are hashed from where things stand
//! in the text where it has none.
//!
//! A value is a list of instances, as Arrow has them: numbers, texts, lists, structs as `{"min": 1, "max": 2}`, variants as
//! `{"Absolute": 3}`, and `None`. Its type is that of the vocabulary; where a component is not in it, or has another type, the
//! value says so: `(component_type: "rerun.components.Position3D", type: "float", values: [1.0])`.
//!
//! `form` is the text's form, `text` leads to it and back, `values` are components by name, `value` the values of one.

mod form;
mod text;
mod value;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_store::{Chunk, EntityPath, Hit};
use chronoscope_types::{
    Component as _, LogMessage, StoreInfo, blueprint as archetypes, components::blueprint as bp,
};

use crate::{
    BlueprintError, BlueprintQuery, InstructionId, ViewId, ViewportBlueprint,
    overrides::{overridden_entities, overrides_for, property_path, view_defaults},
    vocabulary::{contents_path, defaults_path, instruction_path, override_path},
    write::{Components, Extra, Touched, write_changes},
};

/// The version of the text that is written and read.
pub const DOCUMENT_VERSION: u32 = 1;

/// The longest text that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// All that a blueprint says, apart from its history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlueprintDocument {
    /// The application that it is for; `None` for any.
    pub application: Option<Arc<str>>,
    /// Views, layout, panels and the time panel.
    pub viewport: ViewportBlueprint,
    /// What is said of single views. A view of which nothing is said is not in it.
    pub views: BTreeMap<ViewId, ViewSettings>,
}

/// What is said of a view beside its class, origin and contents. Components are ordered by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewSettings {
    /// Its properties, each named by its archetype: `EyeControls3D:position`.
    pub properties: Components,
    /// The values that it uses where the data has none.
    pub defaults: Components,
    /// What is overridden of the recording's entities.
    pub overrides: BTreeMap<EntityPath, EntitySettings>,
}

/// What is overridden of an entity in a view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntitySettings {
    /// What holds for the entity as a whole: its behavior, its visible time ranges.
    pub values: Components,
    /// The visualizers that show it; `None` where the viewer chooses them.
    pub visualizers: Option<Vec<VisualizerSettings>>,
}

/// How one visualizer shows an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct VisualizerSettings {
    /// The instruction's id.
    pub id: InstructionId,
    /// The visualizer's name: `Points3D`.
    pub visualizer: Arc<str>,
    /// The values that it takes instead of the data's, and which components it takes from elsewhere.
    pub values: Components,
}

impl BlueprintDocument {
    /// What a blueprint says: the model as it is shown, views and a layout that come from heuristics included, and what its
    /// store says of the views.
    pub fn new(viewport: &ViewportBlueprint, query: &BlueprintQuery<'_>) -> Self {
        let mut viewport = viewport.clone();
        viewport.normalize();
        viewport.forget_lost_maximized();
        viewport.derived = crate::Derived::default();
        let settings = |id: &ViewId| (*id, view_settings(query, *id));
        let views = viewport.views.keys().map(settings);
        let views = views
            .filter(|(_, settings)| *settings != ViewSettings::default())
            .collect();
        Self {
            application: None,
            viewport,
            views,
        }
    }

    /// Reads a blueprint from text.
    ///
    /// # Errors
    /// Where the text is not RON, not a blueprint or one of another version, has values that are not of their components'
    /// types, ids that are none or stand there twice, or containers too deep in each other. The error names the line.
    pub fn from_ron(text: &str) -> Result<Self, BlueprintError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(BlueprintError::RonTooLong {
                bytes: text.len(),
                limit: MAX_DOCUMENT_BYTES,
            });
        }
        text::read(text)
    }

    /// The blueprint as text. Read again it is equal, and equal documents have equal texts.
    ///
    /// # Errors
    /// Where a value has a type that has no name in a text.
    pub fn to_ron(&self) -> Result<String, BlueprintError> {
        text::write(self)
    }

    /// The rows of the blueprint at a blueprint time, for a store that is empty.
    ///
    /// # Errors
    /// Where the rows make no chunk, or a property of a view has no archetype.
    pub fn chunks(&self, at: i64) -> Result<Vec<Chunk>, BlueprintError> {
        let mut extra = Extra::default();
        for (&view, settings) in &self.views {
            for (descriptor, array) in &settings.properties {
                let path = property_path(view, &descriptor.component).ok_or_else(|| {
                    BlueprintError::NoArchetype {
                        component: descriptor.component.to_string(),
                    }
                })?;
                extra.add(path, descriptor.clone(), Arc::clone(array));
            }
            extra.add_defaults(view, &settings.defaults);
            for (entity, settings) in &settings.overrides {
                add_overrides(&mut extra, view, entity, settings);
            }
        }
        let nothing = ViewportBlueprint::default();
        write_changes(&nothing, &self.viewport, &Touched::default(), extra).into_chunks(at)
    }

    /// The messages of the blueprint as the store of `info`, as if it had been sent: it is shown at once, and is what a reset
    /// returns to.
    ///
    /// # Errors
    /// As [`Self::chunks`].
    pub fn messages(&self, info: StoreInfo) -> Result<Vec<LogMessage>, BlueprintError> {
        let blueprint = info.id.clone();
        let mut messages = vec![LogMessage::StoreInfo(info)];
        messages.extend(self.chunks(0)?.into_iter().map(|chunk| LogMessage::Chunk {
            store: blueprint.clone(),
            chunk: Arc::new(chunk),
        }));
        messages.push(LogMessage::ActivateBlueprint {
            blueprint,
            make_active: true,
            make_default: true,
        });
        Ok(messages)
    }
}

fn view_settings(query: &BlueprintQuery<'_>, view: ViewId) -> ViewSettings {
    let tree = query.store().tree();
    let children = tree.find(&view.entity_path()).map(|id| {
        tree.children(id)
            .map(|id| tree.path(id).clone())
            .collect::<Vec<_>>()
    });
    let (contents, defaults) = (contents_path(view), defaults_path(view));
    let mut properties: Vec<Hit> = Vec::new();
    for path in children
        .unwrap_or_default()
        .iter()
        .filter(|path| **path != defaults)
    {
        let values = query.values(path).into_iter().filter(|hit| {
            let name = hit.column().name();
            // What stands elsewhere than where it is looked up says nothing.
            property_path(view, name).as_ref() == Some(path)
                && !(*path == contents && **name == *archetypes::ViewContents::QUERY)
        });
        properties.extend(values);
    }
    let entities = overridden_entities(query, view).into_iter();
    ViewSettings {
        properties: components(&properties),
        defaults: components(&view_defaults(query, view)),
        overrides: entities
            .map(|entity| {
                let settings = entity_settings(query, view, &entity);
                (entity, settings)
            })
            .filter(|(_, settings)| *settings != EntitySettings::default())
            .collect(),
    }
}

fn entity_settings(query: &BlueprintQuery<'_>, view: ViewId, entity: &EntityPath) -> EntitySettings {
    let overrides = overrides_for(query, view, entity);
    let instruction = |id: InstructionId, visualizer: Arc<str>| {
        let path = instruction_path(view, entity, id);
        let mut values = query.values(&path);
        values.retain(|hit| **hit.column().name() != *archetypes::VisualizerInstruction::VISUALIZER_TYPE);
        VisualizerSettings {
            id,
            visualizer,
            values: components(&values),
        }
    };
    EntitySettings {
        values: components(&overrides.entity),
        visualizers: overrides.visualizers.map(|instructions| {
            instructions
                .into_iter()
                .map(|found| instruction(found.id, found.visualizer))
                .collect()
        }),
    }
}

fn components(hits: &[Hit]) -> Components {
    let mut components: Components = hits
        .iter()
        .map(|hit| (hit.column().descriptor().clone(), hit.cell()))
        .collect();
    components.sort_by(|(a, _), (b, _)| a.component.cmp(&b.component));
    components
}

fn add_overrides(extra: &mut Extra, view: ViewId, entity: &EntityPath, settings: &EntitySettings) {
    let base = override_path(view, entity);
    for (descriptor, array) in &settings.values {
        extra.add(base.clone(), descriptor.clone(), Arc::clone(array));
    }
    let Some(visualizers) = &settings.visualizers else {
        return;
    };
    let ids = visualizers
        .iter()
        .map(|visualizer| visualizer.id.to_bytes())
        .collect();
    extra.add(
        base,
        archetypes::ActiveVisualizers::INSTRUCTION_IDS.descriptor(),
        bp::VisualizerInstructionId::build(ids),
    );
    for visualizer in visualizers {
        let path = instruction_path(view, entity, visualizer.id);
        extra.add(
            path.clone(),
            archetypes::VisualizerInstruction::VISUALIZER_TYPE.descriptor(),
            bp::VisualizerType::build(vec![visualizer.visualizer.to_string()]),
        );
        for (descriptor, array) in &visualizer.values {
            extra.add(path.clone(), descriptor.clone(), Arc::clone(array));
        }
    }
}

#[cfg(test)]
mod tests;
