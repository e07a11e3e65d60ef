//! Components of the app's own, whose values are recorded where they change.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bevy_app::App;
use bevy_ecs::{
    component::ComponentId, entity_disabling::Disabled, prelude::*, query::Allow, resource::IsResource,
};
use bevy_reflect::{
    FromReflect, GetTypeRegistration, ParsedPath, PartialReflect, Reflect, ReflectPath as _, ReflectRef,
    TypePath,
};
use bevy_time::{Real, Time};
use chronoscope_frame::Report;
use chronoscope_store::{Chunk, ChunkError, ComponentColumn, ComponentDescriptor, EntityPath};
use chronoscope_types::Scalars;

use crate::{
    WorldRecorder, columns, order,
    plugin::Skipped,
    recorder::RECORDER,
    reflect,
    slots::{Naming, Slot, SlotId, Slots},
    ticks::Ticks,
    tracks::{FlushLimits, Row, RowColumns, RowIdBlock, Tracks},
};

/// How a component is recorded. See [`AppRecordExt::record_with`].
pub struct RecordComponent<T> {
    name: Option<String>,
    period: Option<Duration>,
    filter: Option<fn(&T) -> bool>,
    fields: Vec<String>,
    values: bool,
}

impl<T> Default for RecordComponent<T> {
    fn default() -> Self {
        Self {
            name: None,
            period: None,
            filter: None,
            fields: Vec::new(),
            values: true,
        }
    }
}

impl<T> RecordComponent<T> {
    /// Every change, as a value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names it: its values are in a column of that name, its fields at paths below it. Without it, it is the name of its type
    /// without the modules.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Looks for changes so many times a second at most, by real time. What changed in between is recorded as it is then.
    #[must_use]
    pub fn with_rate(mut self, per_sec: f64) -> Self {
        self.period =
            (per_sec.is_finite() && per_sec > 0.0).then(|| Duration::from_secs_f64(1.0 / per_sec.max(1e-6)));
        self
    }

    /// Records only values for which this holds.
    #[must_use]
    pub fn with_filter(mut self, filter: fn(&T) -> bool) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Records numbers and booleans in it as scalars too, by their paths: `linear.x`, `[0]`, `wheels[2].speed`.
    #[must_use]
    pub fn with_fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields.extend(fields.into_iter().map(Into::into));
        self
    }

    /// Records the scalars alone. The component cannot be rewound then.
    #[must_use]
    pub fn scalars_only(mut self) -> Self {
        self.values = false;
        self
    }
}

/// What an app says about what is recorded.
pub trait AppRecordExt {
    /// Records a component: its value where it changed, so that it can be seen and rewound. A resource, which is a component too, is
    /// left out: that is for [`record_resource`](crate::AppRecordMoreExt::record_resource).
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_reflect::Reflect;
    /// # use chronoscope_record::{AppRecordExt, RecordPlugin};
    /// #[derive(Component, Reflect)]
    /// struct Health(f32);
    ///
    /// App::new().add_plugins(RecordPlugin::new("game")).record::<Health>();
    /// ```
    fn record<T: Component + Reflect + FromReflect + TypePath + GetTypeRegistration>(&mut self) -> &mut Self {
        self.record_with(RecordComponent::<T>::new())
    }

    /// Records a component as said: by another name, not as often, some of its values, its fields as scalars.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_reflect::Reflect;
    /// # use chronoscope_record::{AppRecordExt, RecordComponent, RecordPlugin};
    /// #[derive(Component, Reflect)]
    /// struct Motor { speed: f32, torque: f32 }
    ///
    /// App::new().add_plugins(RecordPlugin::new("robot")).record_with(
    ///     RecordComponent::<Motor>::new().with_rate(10.0).with_fields(["speed", "torque"]),
    /// );
    /// ```
    fn record_with<T: Component + Reflect + FromReflect + TypePath + GetTypeRegistration>(
        &mut self,
        how: RecordComponent<T>,
    ) -> &mut Self;

    /// Records a component as an archetype, where it changed.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use chronoscope_record::{AppRecordExt, RecordPlugin};
    /// # use chronoscope_types::Boxes3D;
    /// #[derive(Component)]
    /// struct Crate { half_size: [f32; 3] }
    ///
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("yard"))
    ///     .record_as(|part: &Crate| Boxes3D::from_half_sizes([part.half_size]));
    /// ```
    fn record_as<T: Component, A: chronoscope_types::AsComponents>(
        &mut self,
        archetype: impl Fn(&T) -> A + Send + Sync + 'static,
    ) -> &mut Self;
}

/// The descriptor of a column with values of a component of an app.
pub(crate) fn value_descriptor(name: &str) -> ComponentDescriptor {
    ComponentDescriptor::partial(format!("bevy.Component:{name}"))
        .with_archetype("bevy.Component")
        .with_component_type("rerun.components.Text")
}

/// What is recorded of components.
#[derive(Resource, Default)]
pub(crate) struct RecordedComponents {
    /// Component types whose values are recorded, for those who write them back.
    pub(crate) types: Vec<RecordedComponent>,
    /// The rows that wait, per component type.
    rows: Vec<ComponentRows>,
}

/// A component type whose values are recorded.
#[derive(Clone)]
pub(crate) struct RecordedComponent {
    pub(crate) type_path: &'static str,
    pub(crate) column: Arc<str>,
    pub(crate) restore: reflect::Restore,
    /// Takes it away. Returns whether it was there.
    pub(crate) remove: fn(&mut EntityWorldMut) -> bool,
    /// The place of its rows.
    pub(crate) rows: usize,
    pub(crate) component: fn(&World) -> Option<ComponentId>,
}

/// The rows of a component type that wait.
struct ComponentRows {
    name: String,
    descriptor: Arc<ComponentDescriptor>,
    values: Option<Tracks<Value>>,
    fields: Vec<Field>,
}

/// A field that is recorded as a scalar.
struct Field {
    text: String,
    path: ParsedPath,
    tracks: Tracks<f64>,
}

/// Where the rows of a component type are, and which values are recorded.
#[derive(Resource)]
struct RecordedAs<T> {
    at: usize,
    filter: Option<fn(&T) -> bool>,
}

impl RecordedComponents {
    /// The bytes of the rows that wait. Cost: O(component types and fields).
    pub(crate) fn heap_bytes(&self) -> usize {
        let of_type = |rows: &ComponentRows| {
            let fields = rows.fields.iter().map(|field| field.tracks.heap_bytes());
            rows.values.as_ref().map_or(0, Tracks::heap_bytes) + fields.sum::<usize>()
        };
        self.rows.iter().map(of_type).sum()
    }

    /// Whether rows wait.
    pub(crate) fn is_waiting(&self) -> bool {
        self.rows.iter().any(|rows| {
            rows.values.as_ref().is_some_and(|values| !values.is_empty())
                || rows.fields.iter().any(|field| !field.tracks.is_empty())
        })
    }

    /// What waits of an entity that had another path before, as chunks there.
    pub(crate) fn take(
        &mut self,
        slot: SlotId,
        before: &EntityPath,
        ticks: &Ticks,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        for rows in &mut self.rows {
            if let Some(values) = &mut rows.values {
                values.take(slot, before, ticks).into_iter().for_each(&mut send);
            }
            for field in &mut rows.fields {
                let path = field_path(&rows.name, &field.text, before);
                field
                    .tracks
                    .take(slot, &path, ticks)
                    .into_iter()
                    .for_each(&mut send);
            }
        }
    }

    /// Sends rows as chunks, within the limits.
    pub(crate) fn flush(
        &mut self,
        limits: FlushLimits<'_>,
        ticks: &Ticks,
        slots: &Slots,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        for rows in &mut self.rows {
            if let Some(values) = &mut rows.values {
                values.flush(limits, ticks, slots, |slot| slot.path.clone(), &mut send);
            }
            for Field { text, tracks, .. } in &mut rows.fields {
                let path_of = |slot: &Slot| field_path(&rows.name, text, &slot.path);
                tracks.flush(limits, ticks, slots, path_of, &mut send);
            }
        }
    }
}

fn field_path(name: &str, field: &str, path: &EntityPath) -> EntityPath {
    path.child(name).child(field)
}

/// A value as text; nothing where the component was taken away.
#[derive(Debug)]
pub(crate) struct Value {
    text: Option<Box<str>>,
    descriptor: Arc<ComponentDescriptor>,
}

impl RowColumns for Value {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let texts = rows.iter().map(|row| row.value.text.as_deref());
        Ok(vec![columns::texts(&first.value.descriptor, texts)?])
    }

    fn heap_bytes(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.len())
    }
}

impl RowColumns for f64 {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        static DESCRIPTOR: LazyLock<ComponentDescriptor> = LazyLock::new(|| Scalars::SCALARS.descriptor());
        let values: arrow_array::Float64Array = rows.iter().map(|row| Some(row.value)).collect();
        Ok(vec![columns::single(&DESCRIPTOR, Arc::new(values))?])
    }
}

impl ComponentRows {
    /// Adds the rows of a value.
    fn push(
        &mut self,
        recorder: &mut WorldRecorder,
        ids: &mut RowIdBlock,
        registry: &bevy_reflect::TypeRegistry,
        slot: SlotId,
        value: &dyn PartialReflect,
    ) {
        let tick = recorder.tick();
        let mut problem = None;
        if let Some(values) = &mut self.values {
            match reflect::to_text(value, registry) {
                Ok(text) => {
                    let id = ids.next(&recorder.recorder);
                    let value = Value {
                        text: Some(text.into()),
                        descriptor: Arc::clone(&self.descriptor),
                    };
                    values.push(slot, Row { id, tick, value });
                }
                Err(error) => problem = Some(format!("values of {} cannot be recorded: {error}", self.name)),
            }
        }
        for field in &mut self.fields {
            let number = field.path.reflect_element(value).ok().and_then(reflect::number);
            match number {
                Some(value) => {
                    let id = ids.next(&recorder.recorder);
                    field.tracks.push(slot, Row { id, tick, value });
                }
                // An enum may have the field in one of its variants alone.
                None if matches!(value.reflect_ref(), ReflectRef::Enum(_)) => {}
                None => problem = Some(format!("{} has no number at {:?}", self.name, field.text)),
            }
        }
        if let Some(problem) = problem {
            recorder.report_once(Report::warning(RECORDER, problem));
        }
    }
}

impl AppRecordExt for App {
    fn record_with<T: Component + Reflect + FromReflect + TypePath + GetTypeRegistration>(
        &mut self,
        how: RecordComponent<T>,
    ) -> &mut Self {
        let name = how.name.unwrap_or_else(|| T::short_type_path().to_owned());
        let mut fields = Vec::new();
        for field in how.fields {
            match ParsedPath::parse(&field) {
                Ok(path) => fields.push(Field {
                    path,
                    text: field.clone(),
                    tracks: Tracks::default(),
                }),
                Err(error) => tracing::warn!("field {field:?} of {name} is not recorded: {error}"),
            }
        }
        self.register_type::<T>();
        if self.world().contains_resource::<RecordedAs<T>>() {
            tracing::warn!("component {name} is recorded already; it is recorded as said first");
            return self;
        }
        let descriptor = value_descriptor(&name);
        let mut components = self.world_mut().get_resource_or_init::<RecordedComponents>();
        if how.values {
            let rows = components.rows.len();
            components.types.push(RecordedComponent {
                type_path: T::type_path(),
                column: Arc::clone(&descriptor.component),
                restore: reflect::restore::<T>,
                remove: |entity| {
                    let is_there = entity.contains::<T>();
                    entity.remove::<T>();
                    is_there
                },
                rows,
                component: |world| world.component_id::<T>(),
            });
        }
        components.rows.push(ComponentRows {
            name,
            descriptor: Arc::new(descriptor),
            values: how.values.then(Tracks::default),
            fields,
        });
        let at = components.rows.len() - 1;
        self.insert_resource(RecordedAs::<T> {
            at,
            filter: how.filter,
        });
        let period = how.period;
        // Since it was due last; nothing before the first time.
        let mut waited = None;
        let is_due = move |time: Option<Res<Time<Real>>>| {
            let (Some(period), Some(time)) = (period, time) else {
                return true;
            };
            let since = waited.map(|waited: Duration| waited.saturating_add(time.delta()));
            let is_due = since.is_none_or(|since| since >= period);
            waited = Some(match since {
                // What is over counts for the next time, but not more than once.
                Some(since) if is_due => since.saturating_sub(period).min(period / 2),
                Some(since) => since,
                None => Duration::ZERO,
            });
            is_due
        };
        // What was removed is told for two frames only: this is done at any rate.
        order::add_to_entities(self, record_removed::<T>);
        order::add_to_values(self, record_changed::<T>.run_if(is_due));
        self
    }

    fn record_as<T: Component, A: chronoscope_types::AsComponents>(
        &mut self,
        archetype: impl Fn(&T) -> A + Send + Sync + 'static,
    ) -> &mut Self {
        let record = move |mut recorder: ResMut<WorldRecorder>,
                           changed: Query<(Entity, &T), (Changed<T>, Without<IsResource>)>,
                           all: Query<(Entity, &T), Without<IsResource>>,
                           naming: Naming,
                           skipped: Skipped| {
            let recorder = &mut *recorder;
            let moved = recorder.slots.moved_entities();
            let moved = moved.into_iter().filter(|entity| !changed.contains(*entity));
            let also = if recorder.records_all {
                all.iter()
                    .filter(|(entity, _)| !changed.contains(*entity))
                    .collect()
            } else {
                moved
                    .filter_map(|entity| all.get(entity).ok())
                    .collect::<Vec<_>>()
            };
            for (entity, value) in changed.iter().chain(also) {
                if skipped.contains(entity, &naming) {
                    continue;
                }
                let slot = recorder.slots.find_or_add(entity, &naming);
                let Some(path) = recorder.slots.path(slot).cloned() else {
                    continue;
                };
                if let Err(error) = recorder.recorder.log(path, &archetype(value)) {
                    recorder.report_once(Report::warning(RECORDER, error.to_string()));
                }
            }
        };
        let record_gone = |mut recorder: ResMut<WorldRecorder>,
                           mut removed: RemovedComponents<T>,
                           entities: Query<(), Allow<Disabled>>| {
            for entity in removed.read() {
                if !entities.contains(entity)
                    && let Some(slot) = recorder.slots.find(entity)
                {
                    recorder.remove(slot);
                }
            }
        };
        order::add_to_entities(self, record_gone);
        order::add_to_values(self, record);
        self
    }
}

fn record_removed<T: Component + Reflect>(
    mut recorder: ResMut<WorldRecorder>,
    mut components: ResMut<RecordedComponents>,
    recorded: Res<RecordedAs<T>>,
    mut removed: RemovedComponents<T>,
    entities: Query<(), Allow<Disabled>>,
    having: Query<(), (With<T>, Allow<Disabled>)>,
) {
    let recorder = &mut *recorder;
    let at = recorded.at;
    let while_paused = recorder.while_paused.removed.extract_if(.., |(of, _)| *of == at);
    let while_paused: Vec<Entity> = while_paused.map(|(_, entity)| entity).collect();
    for entity in removed.read().chain(while_paused) {
        // It may have come back.
        if having.contains(entity) {
            continue;
        }
        let Some(slot) = recorder.slots.find(entity) else {
            continue;
        };
        if !entities.contains(entity) {
            recorder.remove(slot);
            continue;
        }
        let Some(rows) = components.rows.get_mut(recorded.at) else {
            continue;
        };
        if let Some(values) = &mut rows.values {
            let row = Row {
                id: recorder.recorder.reserve_row_ids(1),
                tick: recorder.tick(),
                value: Value {
                    text: None,
                    descriptor: Arc::clone(&rows.descriptor),
                },
            };
            values.push(slot, row);
        }
    }
}

fn record_changed<T: Component + Reflect>(
    mut recorder: ResMut<WorldRecorder>,
    mut components: ResMut<RecordedComponents>,
    recorded: Res<RecordedAs<T>>,
    registry: Res<AppTypeRegistry>,
    changed: Query<(Entity, &T), (Changed<T>, Without<IsResource>)>,
    all: Query<(Entity, &T), Without<IsResource>>,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    let Some(rows) = components.rows.get_mut(recorded.at) else {
        return;
    };
    let is_wanted = |value: &T| recorded.filter.is_none_or(|filter| filter(value));
    let registry = registry.read();
    let mut ids = recorder.row_ids();
    let mut push = |recorder: &mut WorldRecorder, entity: Entity, value: &T| {
        if !is_wanted(value) {
            return;
        }
        let slot = match recorder.slots.find(entity) {
            Some(slot) => slot,
            None if skipped.contains(entity, &naming) => return,
            None => recorder.slots.find_or_add(entity, &naming),
        };
        rows.push(recorder, &mut ids, &registry, slot, value.as_partial_reflect());
    };
    if recorder.records_all {
        for (entity, value) in &all {
            push(recorder, entity, value);
        }
        return;
    }
    for (entity, value) in &changed {
        push(recorder, entity, value);
    }
    for entity in recorder.slots.moved_entities() {
        if !changed.contains(entity)
            && let Ok((entity, value)) = all.get(entity)
        {
            push(recorder, entity, value);
        }
    }
}
