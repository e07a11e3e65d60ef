//! Resources of the app's own, whose values are recorded where they change. Each is at a path of its own, below `/resources`.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::{component::ComponentId, prelude::*};
use bevy_reflect::{FromReflect, GetTypeRegistration, Reflect, TypePath};
use chronoscope_frame::Report;
use chronoscope_store::{ComponentDescriptor, EntityPath};
use chronoscope_types::{Component as _, components};

use crate::{WorldRecorder, order, recorder::RECORDER, reflect};

/// The resources that are recorded, for those who write them back.
#[derive(Resource, Clone, Default)]
pub(crate) struct RecordedResources(pub(crate) Vec<RecordedResource>);

/// A resource that is recorded.
#[derive(Clone, Debug)]
pub(crate) struct RecordedResource {
    pub(crate) type_path: &'static str,
    pub(crate) path: EntityPath,
    pub(crate) column: Arc<str>,
    pub(crate) restore: reflect::RestoreResource,
    pub(crate) remove: fn(&mut World),
    pub(crate) is_there: fn(&World) -> bool,
    pub(crate) component: fn(&World) -> Option<ComponentId>,
}

/// Has a resource recorded where it changes.
pub(crate) fn record<R: Resource + Reflect + FromReflect + TypePath + GetTypeRegistration>(app: &mut App) {
    app.register_type::<R>();
    let mut recorded = app.world_mut().get_resource_or_init::<RecordedResources>();
    let type_path = R::type_path();
    if recorded.0.iter().any(|known| known.type_path == type_path) {
        tracing::warn!("resource {type_path} is recorded already");
        return;
    }
    let path = |name: &str| EntityPath::from("resources").child(name);
    let short = R::short_type_path();
    let is_taken = recorded.0.iter().any(|known| known.path == path(short));
    let name = if is_taken { type_path } else { short };
    let (path, descriptor) = (
        path(name),
        ComponentDescriptor::partial(format!("bevy.Resource:{name}"))
            .with_archetype("bevy.Resource")
            .with_component_type(components::Text::TYPE),
    );
    recorded.0.push(RecordedResource {
        type_path,
        path: path.clone(),
        column: Arc::clone(&descriptor.component),
        restore: reflect::restore_resource::<R>,
        remove: |world| _ = world.remove_resource::<R>(),
        is_there: World::contains_resource::<R>,
        component: World::component_id::<R>,
    });
    let record = move |mut recorder: ResMut<WorldRecorder>,
                       resource: Option<Res<R>>,
                       registry: Res<AppTypeRegistry>,
                       mut last: Local<Option<String>>| {
        let recorder = &mut *recorder;
        let records_all = recorder.records_all;
        let now = match resource {
            Some(resource) if resource.is_changed() || last.is_none() || records_all => {
                match reflect::to_text(resource.as_partial_reflect(), &registry.read()) {
                    Ok(text) => Some(text),
                    Err(error) => {
                        let problem = format!("resource {name} cannot be recorded: {error}");
                        recorder.report_once(Report::warning(RECORDER, problem));
                        return;
                    }
                }
            }
            Some(_) => return,
            None => None,
        };
        // It is told to have changed where it was only asked for.
        if now == *last && !(records_all && now.is_some()) {
            return;
        }
        // Nothing, where it was taken away.
        let text = components::Text::build(now.iter().cloned().collect());
        let row = vec![(descriptor.clone(), text)];
        recorder.log_or_report(path.clone(), &row);
        *last = now;
    };
    order::add_to_values(app, record);
}
