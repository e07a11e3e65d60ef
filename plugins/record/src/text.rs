//! Texts of the engine: those that stand in the world, and those of its user interface.
//!
//! The crates that have them bring fonts and renderers, which a recorder is not to bring. So their types are looked up by their
//! paths in the registry of the app, and read by reflection. The package `engine_texts` beside holds these paths against the engine's
//! own types.

use std::collections::BTreeSet;

use bevy_app::{App, Plugin};
use bevy_ecs::{
    archetype::Archetype,
    component::ComponentId,
    entity_disabling::Disabled,
    hierarchy::{ChildOf, Children},
    prelude::*,
    system::SystemChangeTick,
    world::EntityRef,
};
use bevy_reflect::{ReflectRef, TypeRegistry};
use chronoscope_store::{ComponentDescriptor, EntityPath, path::escape_part};
use chronoscope_types::{Clear, Component as _, Points3D, components};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{WorldRecorder, fields::LoggedFields, order, skipped::Skipped, slots::Naming};

/// Records texts where they change, each with its spans: a `Text2d` below its entity as `text`, a point with the text as its label;
/// a `Text` of the user interface below `/ui`, by the name of its entity, as a value. A rewind leaves the interface as it is.
///
/// The engine registers these types by itself, unless its feature `reflect_auto_register` is left out: then an app that registers
/// them has them recorded. Colors and fonts are left out.
pub struct RecordTextPlugin;

impl Plugin for RecordTextPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        // It may look at anything, and would be ambiguous with all that stand in no order to it.
        order::add_to_values(app, find_texts.pipe(record_texts).ambiguous_with_all());
    }
}

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    InWorld,
    OfInterface,
}

impl Kind {
    const ALL: [Self; 2] = [Self::InWorld, Self::OfInterface];

    /// The path of its type. Like that of a span, it has its text as its only field.
    const fn type_path(self) -> &'static str {
        match self {
            Self::InWorld => "bevy_sprite::text2d::Text2d",
            Self::OfInterface => "bevy_ui::widget::text::Text",
        }
    }
}

/// The path of the type of spans. They are of entities below that of the text.
const SPAN: &str = "bevy_text::text::TextSpan";

/// Entities deeper than that below a text are no part of it.
const MAX_DEPTH: usize = 64;

/// A text that is new or another than before; `None` where it is gone.
#[derive(Debug)]
struct FoundText {
    entity: Entity,
    kind: Kind,
    text: Option<String>,
}

/// A type of texts or spans, where the app has it.
struct TextType<'a> {
    component: ComponentId,
    reflect: &'a ReflectComponent,
}

impl<'a> TextType<'a> {
    fn find(path: &str, world: &World, registry: &'a TypeRegistry) -> Option<Self> {
        let registration = registry.get_with_type_path(path)?;
        Some(Self {
            component: world.components().get_valid_id(registration.type_id())?,
            reflect: registration.data()?,
        })
    }

    fn is_of(&self, entity: EntityRef<'_>) -> bool {
        entity.contains_id(self.component) && !entity.contains::<Disabled>()
    }

    /// The entities that have one, in the order of their archetypes. Cost: all archetypes, and these entities.
    fn entities<'w>(&self, world: &'w World) -> impl Iterator<Item = EntityRef<'w>> {
        let archetypes = world.archetypes().iter();
        let having = archetypes.filter(move |archetype| archetype.contains(self.component));
        having
            .flat_map(Archetype::entities)
            .filter_map(move |entity| world.get_entity(entity.id()).ok())
            .filter(move |entity| self.is_of(*entity))
    }

    fn is_changed(&self, entity: EntityRef<'_>, ticks: SystemChangeTick) -> bool {
        let changed = entity.get_change_ticks_by_id(self.component);
        changed.is_some_and(|changed| changed.is_changed(ticks.last_run(), ticks.this_run()))
    }

    fn read(&self, entity: EntityRef<'_>) -> Option<String> {
        let ReflectRef::TupleStruct(value) = self.reflect.reflect(entity)?.reflect_ref() else {
            return None;
        };
        value.field(0)?.try_downcast_ref::<String>().cloned()
    }
}

/// The texts that are to be recorded.
///
/// Cost: a look at the change ticks of all texts and spans.
fn find_texts(
    world: &World,
    ticks: SystemChangeTick,
    mut known: Local<[BTreeSet<Entity>; 2]>,
) -> Vec<FoundText> {
    let mut found = Vec::new();
    let (Some(registry), Some(recorder)) = (
        world.get_resource::<AppTypeRegistry>(),
        world.get_resource::<WorldRecorder>(),
    ) else {
        return found;
    };
    let registry = registry.read();
    let types = Kind::ALL.map(|kind| TextType::find(kind.type_path(), world, &registry));
    if types.iter().all(Option::is_none) {
        return found;
    }
    let mut due: FxHashSet<Entity> = recorder.slots.moved_entities().into_iter().collect();
    let span = TextType::find(SPAN, world, &registry);
    if let Some(span) = &span {
        let changed = span
            .entities(world)
            .filter(|entity| span.is_changed(*entity, ticks));
        for entity in changed {
            due.extend(above(world, entity));
        }
    }
    let has_other_children = |entity: EntityRef<'_>| {
        let changed = entity.get_change_ticks::<Children>();
        changed.is_some_and(|changed| changed.is_changed(ticks.last_run(), ticks.this_run()))
    };
    for ((kind, text), known) in Kind::ALL.into_iter().zip(types).zip(known.iter_mut()) {
        let Some(text) = text else { continue };
        let mut num_there = 0;
        for entity in text.entities(world) {
            num_there += 1;
            let id = entity.id();
            let is_due = known.insert(id)
                || recorder.records_all
                || text.is_changed(entity, ticks)
                || has_other_children(entity)
                || due.contains(&id);
            if is_due {
                let mut whole = text.read(entity).unwrap_or_default();
                if let Some(span) = &span {
                    add_spans(world, entity, span, &mut whole, 0);
                }
                let text = Some(whole);
                found.push(FoundText {
                    entity: id,
                    kind,
                    text,
                });
            }
        }
        if known.len() == num_there {
            continue;
        }
        known.retain(|&entity| {
            let is_there = world.get_entity(entity).is_ok_and(|entity| text.is_of(entity));
            if !is_there {
                let text = None;
                found.push(FoundText { entity, kind, text });
            }
            is_there
        });
    }
    found
}

/// The entities above one, from its parent on.
fn above<'w>(world: &'w World, entity: EntityRef<'w>) -> impl Iterator<Item = Entity> {
    let parent = |entity: EntityRef<'_>| entity.get::<ChildOf>().map(ChildOf::parent);
    let above = std::iter::successors(parent(entity), move |entity| {
        parent(world.get_entity(*entity).ok()?)
    });
    above.take(MAX_DEPTH)
}

fn add_spans(world: &World, entity: EntityRef<'_>, span: &TextType<'_>, whole: &mut String, depth: usize) {
    let Some(children) = entity.get::<Children>().filter(|_| depth < MAX_DEPTH) else {
        return;
    };
    let children: &[Entity] = children;
    for child in children.iter().filter_map(|child| world.get_entity(*child).ok()) {
        if let Some(text) = span.read(child) {
            whole.push_str(&text);
            add_spans(world, child, span, whole, depth + 1);
        }
    }
}

/// A text as it was recorded last.
struct Recorded {
    path: EntityPath,
    text: String,
}

fn record_texts(
    In(found): In<Vec<FoundText>>,
    mut recorder: ResMut<WorldRecorder>,
    naming: Naming,
    skipped: Skipped,
    mut recorded: Local<FxHashMap<(Kind, Entity), Recorded>>,
    // Those of labels. To clear their paths would clear an entity of the same name.
    mut fields: Local<LoggedFields>,
    // The paths of texts of the interface.
    mut taken: Local<FxHashSet<EntityPath>>,
) {
    if found.is_empty() {
        return;
    }
    let recorder = &mut *recorder;
    for FoundText { entity, kind, text } in found {
        let Some(text) = text else {
            let last = recorded.remove(&(kind, entity));
            let Some(last) = last else { continue };
            match kind {
                Kind::OfInterface => {
                    taken.remove(&last.path);
                    recorder.log_or_report(last.path, &Clear::new(false));
                }
                Kind::InWorld => {
                    let row = fields.take(entity);
                    // What is gone with its entity is cleared with it.
                    if recorder.slots.find(entity).is_some() && !row.is_empty() {
                        recorder.log_or_report(last.path, &row);
                    }
                }
            }
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        let path = match kind {
            Kind::InWorld => {
                let slot = recorder.slots.find_or_add(entity, &naming);
                recorder.slots.path(slot).map(|path| path.child("text"))
            }
            Kind::OfInterface => match recorded.get(&(kind, entity)) {
                Some(last) => Some(last.path.clone()),
                None => {
                    let path = path_in_interface(entity, &naming, &taken);
                    taken.insert(path.clone());
                    Some(path)
                }
            },
        };
        let Some(path) = path else { continue };
        let last = recorded.get(&(kind, entity));
        let is_same = last.is_some_and(|last| last.path == path && last.text == text);
        if is_same && !recorder.records_all {
            continue;
        }
        match kind {
            Kind::InWorld if text.trim().is_empty() => {
                let row = fields.take(entity);
                if !row.is_empty() {
                    recorder.log_or_report(path.clone(), &row);
                }
            }
            Kind::InWorld => {
                let label = Points3D::new([[0.0; 3]])
                    .with_labels([text.as_str()])
                    .with_show_labels(true);
                let row = fields.row(entity, &label);
                recorder.log_or_report(path.clone(), &row);
            }
            Kind::OfInterface => {
                let value = components::Text::build(vec![text.clone()]);
                let row = vec![(interface_descriptor(), value)];
                recorder.log_or_report(path.clone(), &row);
            }
        }
        recorded.insert((kind, entity), Recorded { path, text });
    }
}

/// The column of texts of the interface. No view shows it by itself: a game may have hundreds of them.
fn interface_descriptor() -> ComponentDescriptor {
    ComponentDescriptor::partial("bevy.Text:text")
        .with_archetype("bevy.Text")
        .with_component_type(components::Text::TYPE)
}

/// A path for a text of the interface that no other has.
fn path_in_interface(entity: Entity, naming: &Naming, taken: &FxHashSet<EntityPath>) -> EntityPath {
    let root = EntityPath::from("ui");
    let name = naming.get(entity).ok().and_then(|(name, _)| name);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return root.child(&entity.to_string());
    };
    let path = root.child(&escape_part(name));
    if taken.contains(&path) {
        return root.child(&escape_part(&format!("{name} ({entity})")));
    }
    path
}
