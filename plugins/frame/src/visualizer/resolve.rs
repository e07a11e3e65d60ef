//! The value of a component: which source gives it, for visualizers, panels and editors alike.

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{
    Cell, ChunkStore, ComponentId, EntityId, EntityPath, Hit, LatestAt, LatestAtCursor, QueryCache,
    Recording, RowId, arrow::ArrayRef,
};
use chronoscope_types::{SelectorError, enums::ComponentSourceKind};

use super::{input::RowPlace, selection::Selections};
use crate::{
    ActiveBlueprint, Cursor, DataResults, InContext, QueryContext, Recordings, ResolvedInstruction,
    ResultKey, View, ViewOverrides, query_results::EntityResults,
};

/// Where a component's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The blueprint, for this entity in this view.
    Override,
    /// The recording: the component itself, or the one that the blueprint maps it to.
    Store,
    /// The blueprint, for this view.
    ViewDefault,
    /// Nobody says anything: a registered function of the view and the entity.
    Fallback,
}

/// The value of a component, and where it comes from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The instances.
    pub array: ArrayRef,
    /// Where they come from.
    pub source: Source,
    /// The row, where that is the recording.
    pub row: Option<StoredRow>,
}

/// A row of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// Its id.
    pub id: RowId,
    /// Its time on the shown timeline; `None` for static data.
    pub time: Option<i64>,
}

impl Resolved {
    fn from(source: Source) -> impl Fn(ArrayRef) -> Self {
        move |array| Self {
            array,
            source,
            row: None,
        }
    }
}

/// A cell of a recording: by its row, or where its row was found.
pub(super) enum Stored<'a> {
    Array(ArrayRef, StoredRow),
    Known(&'a LatestAtCursor, &'a Hit),
    Found(Hit),
}

impl<'a> Stored<'a> {
    /// The instances.
    pub(super) fn cell(self) -> Cell<'a> {
        match self {
            Self::Array(array, _) => Cell::Owned(array),
            Self::Known(cursor, hit) => Cell::Borrowed(cursor.cell().unwrap_or_else(|| hit.cell_ref())),
            Self::Found(hit) => Cell::Owned(hit.cell()),
        }
    }

    /// The row.
    pub(super) fn row(&self) -> StoredRow {
        match self {
            Self::Array(_, row) => *row,
            Self::Known(_, hit) => StoredRow::of(hit),
            Self::Found(hit) => StoredRow::of(hit),
        }
    }
}

impl StoredRow {
    fn of(hit: &Hit) -> Self {
        Self {
            id: hit.row_id(),
            time: hit.data_time(),
        }
    }
}

/// The value of a component, and which source gives it.
enum Value<'a> {
    Override(ArrayRef),
    Stored(Stored<'a>),
    ViewDefault(ArrayRef),
}

/// All that decides about the values of an entity's components by one instruction.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) store: &'a ChunkStore,
    pub(super) cache: &'a QueryCache,
    pub(super) entity: EntityId,
    pub(super) cursor: Cursor,
    pub(super) instruction: ResolvedInstruction<'a>,
    pub(super) view: &'a ViewOverrides,
    /// The rows at the cursor, where they were looked up.
    pub(super) latest_at: Option<&'a EntityResults>,
    /// The row whose components are asked for, in place of the cursor.
    pub(super) at: Option<RowPlace<'a>>,
    /// Whether the recording is asked.
    pub(super) asks_store: bool,
    /// Where it is noted what cannot be selected.
    pub(super) selections: Option<&'a Selections>,
}

impl<'a> Resolver<'a> {
    /// Of an entity at a cursor, looking each row up.
    pub(super) fn new(
        recording: &'a Recording,
        overrides: &'a ViewOverrides,
        entity: EntityId,
        cursor: Cursor,
        instruction: ResolvedInstruction<'a>,
    ) -> Self {
        Self {
            store: &recording.store,
            cache: &recording.cache,
            entity,
            cursor,
            instruction,
            view: overrides,
            latest_at: None,
            at: None,
            asks_store: true,
            selections: None,
        }
    }

    pub(super) fn without_store(&self) -> Self {
        Self {
            asks_store: false,
            ..*self
        }
    }

    /// The value of a component, but for fallbacks, and where it comes from. `note` is told of each row that is asked for.
    pub(super) fn resolve(&self, component: &str, note: &dyn Fn(&LatestAt)) -> Option<Resolved> {
        Some(match self.value(component, note)? {
            Value::Override(array) => Resolved::from(Source::Override)(array),
            Value::ViewDefault(array) => Resolved::from(Source::ViewDefault)(array),
            Value::Stored(stored) => Resolved {
                row: Some(stored.row()),
                source: Source::Store,
                array: stored.cell().into_array(),
            },
        })
    }

    /// As [`Self::resolve`], without the question where it comes from.
    pub(super) fn get(&self, component: &str, note: &dyn Fn(&LatestAt)) -> Option<Cell<'a>> {
        Some(match self.value(component, note)? {
            Value::Override(array) | Value::ViewDefault(array) => Cell::Owned(array),
            Value::Stored(stored) => stored.cell(),
        })
    }

    #[inline]
    fn value(&self, component: &str, note: &dyn Fn(&LatestAt)) -> Option<Value<'a>> {
        if self.instruction.says_nothing() && !self.view.has_defaults() {
            // Of most components that a visualizer knows the recording has none: that is all there is to find out.
            let id = self.store.component_id(component)?;
            let stored = self.asks_store.then(|| self.stored_of(id, note))?;
            return stored.map(Value::Stored);
        }
        let kind = self
            .instruction
            .mapping(component)
            .map(|mapping| mapping.source_kind);
        let overridden = || self.instruction.value(component).map(Value::Override);
        let stored = || self.stored(component, note).map(Value::Stored);
        let value = match kind {
            None => overridden().or_else(stored),
            Some(ComponentSourceKind::SourceComponent) => stored(),
            Some(ComponentSourceKind::Override) => overridden(),
            Some(_) => None,
        };
        value.or_else(|| {
            self.view
                .default_value(component)
                .filter(|_| kind != Some(ComponentSourceKind::AnnotationContext))
                .map(Value::ViewDefault)
        })
    }

    /// The component of the recording that stands for one of the visualizer; `None` where there is none.
    pub(super) fn mapped_id(&self, component: &str) -> Option<ComponentId> {
        let name = match self.instruction.mapping(component) {
            None => component,
            Some(mapping) => match mapping.source_kind {
                ComponentSourceKind::SourceComponent => {
                    mapping.source_component.as_deref().unwrap_or(component)
                }
                _ => return None,
            },
        };
        self.store.component_id(name)
    }

    /// The row of the recording that stands for a component of the visualizer, or the part of it that the
    /// blueprint selects. Where that cannot be taken there is none, which is noted.
    pub(super) fn stored(&self, component: &str, note: &dyn Fn(&LatestAt)) -> Option<Stored<'a>> {
        let whole = self.stored_whole(component, note)?;
        let Some(selector) = self.instruction.selector(component) else {
            return Some(whole);
        };
        let row = whole.row();
        let selected = match selector {
            Ok(selector) => selector.select(&whole.cell().into_array()),
            Err(error) => Err(error.clone()),
        };
        match selected {
            Ok(selected) => Some(Stored::Array(selected?, row)),
            Err(error) => {
                self.note_problem(component, &error);
                None
            }
        }
    }

    fn note_problem(&self, component: &str, error: &SelectorError) {
        if let Some(selections) = self.selections {
            selections.note(component, error);
        }
    }

    /// The row of the recording that stands for a component of the visualizer, whatever is selected of it.
    pub(super) fn stored_whole(&self, component: &str, note: &dyn Fn(&LatestAt)) -> Option<Stored<'a>> {
        if !self.asks_store {
            return None;
        }
        self.stored_of(self.mapped_id(component)?, note)
    }

    /// The row of a component of the recording.
    fn stored_of(&self, id: ComponentId, note: &dyn Fn(&LatestAt)) -> Option<Stored<'a>> {
        let time = match &self.at {
            Some(place) => {
                // What was logged together belongs together, whatever else has the same time.
                let name = &self.store.descriptor(id).component;
                if let Some(array) = place.chunk.cell(name, place.row) {
                    let row = StoredRow {
                        id: place.row_id,
                        time: Some(place.time),
                    };
                    return Some(Stored::Array(array, row));
                }
                place.time
            }
            None => {
                if let Some(cursor) = self.latest_at.and_then(|rows| rows.cursor(id)) {
                    let hit = cursor.answer().hit.as_ref()?;
                    return Some(Stored::Known(cursor, hit));
                }
                self.cursor.time
            }
        };
        let answer = self
            .cache
            .latest_at(self.store, self.entity, self.cursor.timeline, time, id);
        note(&answer);
        answer.hit.map(Stored::Found)
    }
}

/// What a fallback is made from.
#[derive(Clone, Copy, Debug)]
pub struct FallbackInput<'a> {
    /// The view.
    pub view: &'a View,
    /// The entity.
    pub path: &'a EntityPath,
}

/// Makes the value that is shown where nobody gives one. A pure function.
pub type Fallback = fn(&FallbackInput<'_>) -> ArrayRef;

/// The values that are shown where neither the blueprint nor the recording gives any, by component:
/// `Points3D:radii`.
#[derive(Resource, Clone, Debug, Default)]
pub struct Fallbacks {
    by_component: BTreeMap<&'static str, Fallback>,
}

impl Fallbacks {
    /// The value of a component in a view that nobody gives one to.
    pub fn get(&self, component: &str, input: &FallbackInput<'_>) -> Option<ArrayRef> {
        Some(self.by_component.get(component)?(input))
    }
}

/// Registers fallbacks.
pub trait AppFallbackExt {
    /// Says what is shown for a component (`Points3D:radii`) where nobody gives it a value. Another one of
    /// the component is replaced.
    fn add_fallback(&mut self, component: &'static str, fallback: Fallback) -> &mut Self;
}

impl AppFallbackExt for App {
    fn add_fallback(&mut self, component: &'static str, fallback: Fallback) -> &mut Self {
        self.init_resource::<Fallbacks>();
        let mut fallbacks = self.world_mut().resource_mut::<Fallbacks>();
        fallbacks.by_component.insert(component, fallback);
        self
    }
}

/// The value of a component of a data result, and where it comes from: override, recording (mapped), view
/// default, fallback, in this order. `None` where none gives any, and where the view does not show the
/// entity.
pub fn resolve(world: &World, view: ViewId, key: ResultKey, component: &str) -> Option<Resolved> {
    let view = world.get_resource::<ActiveBlueprint>()?.entity(view)?;
    let cursor = world.get::<QueryContext>(view)?.cursor;
    let recording = &world
        .get_resource::<Recordings>()?
        .get(cursor.recording?)?
        .recording;
    let overrides = world.get::<ViewOverrides>(view)?;
    let result = world.get::<DataResults>(view)?.get(key.entity)?;
    let latest_at = InContext::of_view(world, view).map(|products| products.latest_at);
    let instruction = overrides.instruction(result, key.instruction);
    let resolver = Resolver {
        latest_at: latest_at.and_then(|latest_at| latest_at.get(key.entity)),
        ..Resolver::new(recording, overrides, key.entity, cursor, instruction)
    };
    resolver.resolve(component, &|_| ()).or_else(|| {
        let input = FallbackInput {
            view: world.get::<View>(view)?,
            path: &result.path,
        };
        let array = world.get_resource::<Fallbacks>()?.get(component, &input)?;
        Some(Resolved::from(Source::Fallback)(array))
    })
}
