//! Which entities are gone, and which have another parent or are enabled again.

use bevy_ecs::{
    entity_disabling::Disabled, hierarchy::ChildOf, prelude::*, query::Allow, resource::IsResource,
};
use bevy_transform::components::Transform;
use chronoscope_types::Transform3D;

use crate::{
    WorldRecorder,
    component_rows::RecordedComponents,
    slots::{AllChildren, Naming, SlotId},
};

pub(crate) fn record_gone(
    mut recorder: ResMut<WorldRecorder>,
    mut removed: RemovedComponents<Transform>,
    entities: Query<(), Allow<Disabled>>,
    with_transform: Query<(), (With<Transform>, Allow<Disabled>)>,
) {
    let gone = std::mem::take(&mut recorder.while_paused.gone);
    let nowhere = std::mem::take(&mut recorder.while_paused.nowhere);
    let mut standing = std::mem::take(&mut recorder.while_paused.standing);
    let mut cleared = Vec::new();
    let mut watched = std::mem::take(&mut recorder.slots.watched);
    // One that has a transform now is told of once it loses it.
    watched.retain(|slot| {
        recorder
            .slots
            .entity_at(*slot)
            .is_some_and(|entity| !with_transform.contains(entity))
    });
    let gone_unseen: Vec<Entity> = watched
        .iter()
        .filter_map(|slot| recorder.slots.entity_at(*slot))
        .filter(|entity| !entities.contains(*entity))
        .collect();
    for entity in removed.read().chain(gone).chain(nowhere).chain(gone_unseen) {
        let Some(slot) = recorder.slots.find(entity) else {
            continue;
        };
        if entities.contains(entity) {
            if !with_transform.contains(entity) {
                watched.push(slot);
                record_no_pose(&mut recorder, slot);
            }
            continue;
        }
        if !standing.is_empty() {
            cleared.extend(recorder.slots.path(slot).cloned());
        }
        recorder.remove(slot);
    }
    // One may get a transform and lose it again in one frame.
    watched.sort_unstable();
    watched.dedup();
    recorder.slots.watched = watched;
    standing.retain(|standing| entities.contains(standing.entity));
    recorder.slots.put_back(standing, cleared);
}

/// Says that an entity is there, and has no transform any more.
fn record_no_pose(recorder: &mut WorldRecorder, slot: SlotId) {
    let path = recorder.slots.path(slot).cloned();
    if let Some(path) = path.filter(|_| recorder.settings.transforms) {
        recorder.log_or_report(path, &Transform3D::cleared());
    }
}

pub(crate) fn record_moves(
    mut recorder: ResMut<WorldRecorder>,
    changed: Query<(Entity, &ChildOf), (Changed<ChildOf>, Without<IsResource>)>,
    mut removed: RemovedComponents<ChildOf>,
    mut enabled: RemovedComponents<Disabled>,
    disabled: Query<(), With<Disabled>>,
    mut components: ResMut<RecordedComponents>,
    naming: Naming,
    children: AllChildren,
) {
    let slots = &mut recorder.slots;
    for (entity, parent) in &changed {
        if let Some(slot) = slots.find(entity)
            && slots
                .get(slot)
                .is_some_and(|place| place.parent != Some(parent.parent()))
        {
            slots.move_below(slot, &naming, &children);
        }
    }
    let while_paused = std::mem::take(&mut recorder.while_paused.moved);
    // One that was disabled may have another parent since.
    let is_enabled = |entity: &Entity| naming.contains(*entity) && !disabled.contains(*entity);
    let enabled: Vec<Entity> = enabled.read().filter(is_enabled).collect();
    let slots = &mut recorder.slots;
    for entity in removed.read().chain(while_paused).chain(enabled.iter().copied()) {
        let parent = naming.get(entity).map(|(_, parent)| parent.map(ChildOf::parent));
        if let (Some(slot), Ok(parent)) = (slots.find(entity), parent)
            && slots.get(slot).is_some_and(|place| place.parent != parent)
        {
            slots.move_below(slot, &naming, &children);
        }
    }
    slots.set_enabled(enabled);
    recorder.leave_paths(&mut components);
}

#[cfg(test)]
mod tests {
    use bevy_app::App;
    use bevy_time::TimePlugin;
    use bevy_transform::TransformPlugin;

    use super::*;
    use crate::RecordPlugin;

    #[test]
    fn who_has_no_transform_is_watched_once() {
        let mut app = App::new();
        app.add_plugins((TimePlugin, TransformPlugin, RecordPlugin::new("watched")));
        let ghost = app.world_mut().spawn(Transform::default()).id();
        app.update();
        for _ in 0..3 {
            app.world_mut().entity_mut(ghost).insert(Transform::default());
            app.world_mut().entity_mut(ghost).remove::<Transform>();
            app.update();
            let recorder = app.world().resource::<WorldRecorder>();
            assert_eq!(recorder.slots.watched.len(), 1);
        }
    }
}
