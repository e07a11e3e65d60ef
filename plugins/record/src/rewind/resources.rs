//! Resources: those that are recorded are written back, and it is told which others are not as they were.

use std::collections::BTreeSet;

use bevy_ecs::{
    change_detection::Tick,
    component::{ComponentId, ComponentInfo},
    entity::EntityMapper,
    prelude::*,
};
use chronoscope_store::{Hit, RowId};

use super::{NotRestored, place::Lookup};
use crate::{
    columns::text_at,
    resources::{RecordedResource, RecordedResources},
};

/// The resources that are recorded, and what was written of them last.
#[derive(Debug)]
pub(super) struct Resources(Vec<Written>);

#[derive(Debug)]
struct Written {
    resource: RecordedResource,
    /// The row that was written last, or that there was none; nothing before one is looked up.
    row: Option<Option<RowId>>,
    /// It was not there when the world was set back.
    was_added: bool,
    not_restored: Option<NotRestored>,
}

impl Resources {
    pub(super) fn new(world: &World) -> Self {
        let recorded = world.get_resource::<RecordedResources>().cloned();
        let written = recorded
            .unwrap_or_default()
            .0
            .into_iter()
            .map(|resource| Written {
                resource,
                row: None,
                was_added: false,
                not_restored: None,
            });
        Self(written.collect())
    }

    /// All of them are looked up and written anew.
    pub(super) fn forget(&mut self) {
        self.0.iter_mut().for_each(|written| written.row = None);
    }

    /// Writes those that have other rows than were written last. Returns how many.
    ///
    /// One that was not there stays: systems of the app may ask for it.
    pub(super) fn write(
        &mut self,
        world: &mut World,
        lookup: &Lookup<'_>,
        mapper: &mut dyn EntityMapper,
    ) -> usize {
        let Some(registry) = world.get_resource::<AppTypeRegistry>().cloned() else {
            return 0;
        };
        let registry = registry.read();
        let mut num_written = 0;
        for written in &mut self.0 {
            let resource = &written.resource;
            let hit = lookup.find(&resource.path, &resource.column);
            let row = Some(hit.as_ref().map(Hit::row_id));
            if written.row == row {
                continue;
            }
            written.row = row;
            written.not_restored = None;
            let is_there = (resource.is_there)(world);
            match hit.as_ref().and_then(|hit| text_at(hit.column(), hit.row())) {
                Some(text) => match (resource.restore)(world, text, &registry, mapper) {
                    Ok(()) => {
                        written.was_added |= !is_there;
                        num_written += 1;
                    }
                    Err(reason) => {
                        written.not_restored = Some(NotRestored::Unreadable {
                            path: resource.path.to_string(),
                            component: resource.type_path.to_owned(),
                            reason,
                        });
                    }
                },
                None if written.was_added => {
                    (resource.remove)(world);
                    written.was_added = false;
                    num_written += 1;
                }
                None if is_there => {
                    written.not_restored = Some(NotRestored::Resource {
                        resource: resource.type_path.to_owned(),
                    });
                }
                None => {}
            }
        }
        num_written
    }

    /// Adds those that are not as they were: of the recorded ones, and all others that changed since.
    ///
    /// Cost: all resources of the world.
    pub(super) fn list_not_restored(
        &self,
        world: &World,
        since: Option<Tick>,
        list: &mut BTreeSet<NotRestored>,
    ) {
        list.extend(self.0.iter().filter_map(|written| written.not_restored.clone()));
        let recorded = self.0.iter();
        let recorded: Vec<ComponentId> = recorded
            .filter_map(|written| (written.resource.component)(world))
            .collect();
        let now = world.read_change_tick();
        for (id, _) in world.resource_entities().iter() {
            let Some(ticks) = world.get_resource_change_ticks_by_id(id) else {
                continue;
            };
            let may_be_other = since.is_none_or(|since| ticks.is_changed(since, now));
            if !may_be_other || recorded.contains(&id) {
                continue;
            }
            let Some(info) = world.components().get_info(id) else {
                continue;
            };
            let resource = name_of_type(world, info);
            if !is_of_viewer(&resource) {
                list.insert(NotRestored::Resource { resource });
            }
        }
    }
}

/// Whether a type is the viewer's, or holds such ones: those do not go back in time with the world.
fn is_of_viewer(type_path: &str) -> bool {
    let is_between = |letter: char| !(letter.is_alphanumeric() || "_:".contains(letter));
    let mut paths = type_path.split(is_between);
    paths.any(|path| path.starts_with("chronoscope_") || path.starts_with("chronoscope::"))
}

/// The path of a component's type, where that is registered; else the name that the engine has for it.
pub(super) fn name_of_type(world: &World, info: &ComponentInfo) -> String {
    let registry = world.get_resource::<AppTypeRegistry>();
    let path = registry.and_then(|registry| {
        let registry = registry.read();
        Some(registry.get_type_info(info.type_id()?)?.type_path().to_owned())
    });
    path.unwrap_or_else(|| info.name().to_string())
}
