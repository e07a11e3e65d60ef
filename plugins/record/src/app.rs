//! What an app says about what else is recorded: resources, states, messages, events.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::{FromReflect, GetTypeRegistration, Reflect, TypePath};
use chronoscope_frame::Report;
use chronoscope_store::{ComponentDescriptor, EntityPath};
use chronoscope_types::{AsComponents, Component as _, components};

use crate::{WorldRecorder, order, recorder::RECORDER, resources};

/// The column of states, as a view of states reads it.
const STATE_COMPONENT: &str = "StateChange:state";

/// What an app says about what is recorded beside entities.
pub trait AppRecordMoreExt {
    /// Records a resource: its value where it changed, below `/resources`, so that it can be seen and rewound.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_reflect::Reflect;
    /// # use chronoscope_record::{AppRecordMoreExt, RecordPlugin};
    /// #[derive(Resource, Reflect)]
    /// struct Wind { speed: f32 }
    ///
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("kite"))
    ///     .insert_resource(Wind { speed: 4.0 })
    ///     .record_resource::<Wind>();
    /// ```
    fn record_resource<R: Resource + Reflect + FromReflect + TypePath + GetTypeRegistration>(
        &mut self,
    ) -> &mut Self;

    /// Records a resource as a state where it changed: a game's `State`, the mode of a machine.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use chronoscope_record::{AppRecordMoreExt, RecordPlugin};
    /// #[derive(Resource, Debug)]
    /// enum Mode { Idle, Driving }
    ///
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("robot"))
    ///     .insert_resource(Mode::Idle)
    ///     .record_state("state/mode", |mode: &Mode| format!("{mode:?}"));
    /// ```
    fn record_state<R: Resource>(
        &mut self,
        path: impl Into<EntityPath>,
        name: impl Fn(&R) -> String + Send + Sync + 'static,
    ) -> &mut Self;

    /// Records each message as a row of an archetype.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use chronoscope_record::{AppRecordMoreExt, RecordPlugin};
    /// # use chronoscope_types::TextLog;
    /// #[derive(Message)]
    /// struct Crash { force: f32 }
    ///
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("race"))
    ///     .add_message::<Crash>()
    ///     .record_messages("log/crashes", |crash: &Crash| TextLog::new(format!("{} N", crash.force)));
    /// ```
    fn record_messages<M: Message, A: AsComponents>(
        &mut self,
        path: impl Into<EntityPath>,
        archetype: impl Fn(&M) -> A + Send + Sync + 'static,
    ) -> &mut Self;

    /// Records each event that is triggered, also those at entities, as a row of an archetype, at the times of the frame.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_ecs::prelude::*;
    /// # use chronoscope_record::{AppRecordMoreExt, RecordPlugin};
    /// # use chronoscope_types::TextLog;
    /// #[derive(EntityEvent)]
    /// struct Exploded { entity: Entity }
    ///
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("mine"))
    ///     .record_events("log/explosions", |event: &Exploded| TextLog::new(event.entity.to_string()));
    /// ```
    fn record_events<E: Event, A: AsComponents + Send + Sync + 'static>(
        &mut self,
        path: impl Into<EntityPath>,
        archetype: impl Fn(&E) -> A + Send + Sync + 'static,
    ) -> &mut Self;
}

/// Rows of events that were triggered since the last frame was recorded.
#[derive(Resource)]
struct EventRows<A>(Vec<(EntityPath, A)>);

impl<A> Default for EventRows<A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl AppRecordMoreExt for App {
    fn record_resource<R: Resource + Reflect + FromReflect + TypePath + GetTypeRegistration>(
        &mut self,
    ) -> &mut Self {
        resources::record::<R>(self);
        self
    }

    fn record_state<R: Resource>(
        &mut self,
        path: impl Into<EntityPath>,
        name: impl Fn(&R) -> String + Send + Sync + 'static,
    ) -> &mut Self {
        let path = path.into();
        let descriptor = ComponentDescriptor::partial(STATE_COMPONENT)
            .with_archetype("rerun.archetypes.StateChange")
            .with_component_type(components::Text::TYPE);
        let record =
            move |mut recorder: ResMut<WorldRecorder>, state: Res<R>, mut last: Local<Option<String>>| {
                let now = name(&state);
                if last.as_ref() == Some(&now) && !recorder.records_all {
                    return;
                }
                let text = components::Text::build(vec![now.clone()]);
                let row = vec![(descriptor.clone(), text)];
                recorder.log_or_report(path.clone(), &row);
                *last = Some(now);
            };
        // All conditions are asked, also where the first does not hold: none may need the resource.
        let is_due = resource_exists_and_changed::<R>.or_else(records_all);
        order::add_to_values(self, record.run_if(resource_exists::<R>).run_if(is_due));
        self
    }

    fn record_messages<M: Message, A: AsComponents>(
        &mut self,
        path: impl Into<EntityPath>,
        archetype: impl Fn(&M) -> A + Send + Sync + 'static,
    ) -> &mut Self {
        let path = path.into();
        let record = move |mut recorder: ResMut<WorldRecorder>, mut messages: MessageReader<M>| {
            if recorder.resumes {
                // The last that were written in the past, which is not recorded.
                messages.clear();
            }
            for message in messages.read() {
                recorder.log_or_report(path.clone(), &archetype(message));
            }
        };
        // An app that writes no such messages has none to read.
        order::add_to_values(self.add_message::<M>(), record);
        self
    }

    fn record_events<E: Event, A: AsComponents + Send + Sync + 'static>(
        &mut self,
        path: impl Into<EntityPath>,
        archetype: impl Fn(&E) -> A + Send + Sync + 'static,
    ) -> &mut Self {
        let path = path.into();
        // The times of this frame are not known before its end.
        let keep =
            move |event: On<E>, recorder: Option<Res<WorldRecorder>>, mut rows: ResMut<EventRows<A>>| {
                if recorder.is_some_and(|recorder| recorder.is_recording()) {
                    rows.0.push((path.clone(), archetype(&event)));
                }
            };
        let record = |mut recorder: ResMut<WorldRecorder>, mut rows: ResMut<EventRows<A>>| {
            for (path, row) in rows.0.drain(..) {
                recorder.log_or_report(path, &row);
            }
        };
        let is_new = !self.world().contains_resource::<EventRows<A>>();
        self.init_resource::<EventRows<A>>().add_observer(keep);
        if is_new {
            order::add_to_values(self, record);
        }
        self
    }
}

fn records_all(recorder: Option<Res<WorldRecorder>>) -> bool {
    recorder.is_some_and(|recorder| recorder.records_all)
}

impl WorldRecorder {
    /// Logs at the times of the frame; what is wrong with it is reported once.
    pub(crate) fn log_or_report(&mut self, path: EntityPath, row: &(impl AsComponents + ?Sized)) {
        if let Err(error) = self.recorder.log(path.clone(), row) {
            let report = Report::entity_warning(Arc::<str>::from(RECORDER), path, error.to_string());
            self.report_once(report);
        }
    }
}
