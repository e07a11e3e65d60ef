//! Components of the app's own, whose values are recorded where they change.

use std::{sync::Arc, time::Duration};

use bevy_app::App;
use bevy_ecs::{
    entity_disabling::Disabled, prelude::*, query::Allow, resource::IsResource, system::SystemParam,
};
use bevy_reflect::{FromReflect, GetTypeRegistration, ParsedPath, Reflect, TypePath};
use bevy_time::{Real, Time};
use chronoscope_frame::Report;
use chronoscope_store::ComponentDescriptor;
use parking_lot::Mutex;

use crate::{
    WorldRecorder,
    component_rows::{ComponentRows, Field, RecordedComponent, RecordedComponents},
    fields::{LoggedFields, Lost},
    order,
    recorder::RECORDER,
    reflect,
    skipped::Skipped,
    slots::Naming,
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
    /// without the modules. Where another has that name already, it is the whole path of its type.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Looks for changes so many times a second at most, by real time. What changed in between is recorded as it is then. An entity that
    /// gets another parent is recorded at once.
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

    /// Records numbers and booleans in it as scalars too, by their paths: `linear.x`, `[0]`, `wheels[2].speed`. Where the component is
    /// taken away, they are emptied.
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

    /// Records a component as an archetype, where it changed. Where it is taken away, all that it was recorded as is emptied.
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

/// Where the rows of a component type are, and which values are recorded.
#[derive(Resource)]
struct RecordedAs<T> {
    at: usize,
    filter: Option<fn(&T) -> bool>,
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
                Ok(path) => fields.push(Field::new(field.clone(), path)),
                Err(error) => tracing::warn!("field {field:?} of {name} is not recorded: {error}"),
            }
        }
        self.register_type::<T>();
        if self.world().contains_resource::<RecordedAs<T>>() {
            tracing::warn!("component {name} is recorded already; it is recorded as said first");
            return self;
        }
        let mut components = self.world_mut().get_resource_or_init::<RecordedComponents>();
        // Else the values of one were taken for those of the other.
        let name = if components.has(&name) {
            T::type_path().to_owned()
        } else {
            name
        };
        let descriptor = value_descriptor(&name);
        let column = Arc::clone(&descriptor.component);
        let at = components.add(ComponentRows::new(name, descriptor, how.values, fields));
        if how.values {
            components.types.push(RecordedComponent {
                type_path: T::type_path(),
                column,
                restore: reflect::restore::<T>,
                remove: |entity| {
                    let is_there = entity.contains::<T>();
                    entity.remove::<T>();
                    is_there
                },
                rows: at,
                component: |world| world.component_id::<T>(),
            });
        }
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
        if period.is_some() {
            // What has another path, or is recorded anew, does not wait: nothing is known of it later.
            order::add_to_values(self, record_between::<T>);
        }
        self
    }

    fn record_as<T: Component, A: chronoscope_types::AsComponents>(
        &mut self,
        archetype: impl Fn(&T) -> A + Send + Sync + 'static,
    ) -> &mut Self {
        let fields = Arc::new(Mutex::new(LoggedFields::default()));
        // Before any values: those of another component may stand in place of these.
        let record_lost = {
            let fields = Arc::clone(&fields);
            move |mut recorder: ResMut<WorldRecorder>, mut lost: Lost<T>| {
                lost.record(&mut fields.lock(), &mut recorder, None);
            }
        };
        let record = move |mut recorder: ResMut<WorldRecorder>,
                           changed: Query<(Entity, &T), (Changed<T>, Without<IsResource>)>,
                           all: Query<(Entity, &T), Without<IsResource>>,
                           naming: Naming,
                           skipped: Skipped| {
            let recorder = &mut *recorder;
            let mut fields = fields.lock();
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
                let row = archetype(value).components();
                fields.add(entity, &row);
                if let Err(error) = recorder.recorder.log(path, &row) {
                    recorder.report_once(Report::warning(RECORDER, error.to_string()));
                }
            }
        };
        order::add_to_entities(self, record_lost);
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
    let mut new_rows = None;
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
        // Nothing else may tell of its end.
        recorder.slots.watched.push(slot);
        if let Some(rows) = components.rows_mut(at) {
            let new_rows = new_rows.get_or_insert_with(|| recorder.new_rows());
            rows.push_removal(&recorder.recorder, new_rows, slot);
        }
    }
}

/// What makes rows of values.
#[derive(SystemParam)]
struct ValueRecorder<'w, 's> {
    recorder: ResMut<'w, WorldRecorder>,
    components: ResMut<'w, RecordedComponents>,
    registry: Res<'w, AppTypeRegistry>,
    naming: Naming<'w, 's>,
    skipped: Skipped<'w, 's>,
}

impl ValueRecorder<'_, '_> {
    fn record<'a, T: Component + Reflect>(
        &mut self,
        recorded: &RecordedAs<T>,
        values: impl Iterator<Item = (Entity, &'a T)>,
    ) {
        let recorder = &mut *self.recorder;
        let Some(rows) = self.components.rows_mut(recorded.at) else {
            return;
        };
        let registry = self.registry.read();
        let mut new_rows = None;
        for (entity, value) in values {
            if recorded.filter.is_some_and(|is_wanted| !is_wanted(value)) {
                continue;
            }
            let slot = match recorder.slots.find(entity) {
                Some(slot) => slot,
                None if self.skipped.contains(entity, &self.naming) => continue,
                None => recorder.slots.find_or_add(entity, &self.naming),
            };
            let new_rows = new_rows.get_or_insert_with(|| recorder.new_rows());
            let value = value.as_partial_reflect();
            if let Err(problem) = rows.push(&recorder.recorder, new_rows, &registry, slot, value) {
                recorder.report_once(Report::warning(RECORDER, problem));
            }
        }
    }

    /// Records those that are under another path than before, or all, where all is recorded anew.
    fn record_anew<T: Component + Reflect>(
        &mut self,
        recorded: &RecordedAs<T>,
        all: &Query<(Entity, &T), Without<IsResource>>,
        is_recorded: impl Fn(Entity) -> bool,
    ) {
        if self.recorder.records_all {
            self.record(recorded, all.iter());
            return;
        }
        let moved = self.recorder.slots.moved_entities().into_iter();
        let moved = moved.filter(|entity| !is_recorded(*entity));
        self.record(recorded, moved.filter_map(|entity| all.get(entity).ok()));
    }
}

fn record_changed<T: Component + Reflect>(
    mut rows: ValueRecorder<'_, '_>,
    mut recorded: ResMut<RecordedAs<T>>,
    changed: Query<(Entity, &T), (Changed<T>, Without<IsResource>)>,
    all: Query<(Entity, &T), Without<IsResource>>,
) {
    // Says that it ran.
    recorded.set_changed();
    if !rows.recorder.records_all {
        rows.record(&recorded, changed.iter());
    }
    rows.record_anew(&recorded, &all, |entity| changed.contains(entity));
}

/// Records what is to be recorded anew in a frame in which changes are not looked for. This says nothing of them: [`record_changed`]
/// sees them when it is due.
fn record_between<T: Component + Reflect>(
    mut rows: ValueRecorder<'_, '_>,
    recorded: Res<RecordedAs<T>>,
    all: Query<(Entity, &T), Without<IsResource>>,
) {
    if !recorded.is_changed() {
        rows.record_anew(&recorded, &all, |_| false);
    }
}
