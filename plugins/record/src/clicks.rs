//! Clicks in the viewer, at the entities that were recorded.

use bevy_ecs::prelude::*;
use chronoscope_frame::{
    ViewerClick,
    selection::{ClickButton, ClickSource},
};
use chronoscope_store::EntityPath;

use crate::WorldRecorder;

/// Event at an entity: it was clicked on in the viewer, or something that is recorded below it was. With any button: a click with the
/// secondary one opens a menu as well.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use chronoscope_frame::selection::ClickButton;
/// use chronoscope_record::RecordedClick;
///
/// let mut world = World::new();
/// world.spawn(Name::new("robot")).observe(|click: On<RecordedClick>, mut commands: Commands| {
///     if click.button == ClickButton::Primary {
///         commands.entity(click.entity).despawn();
///     }
/// });
/// ```
#[derive(EntityEvent, Clone, Debug, PartialEq)]
pub struct RecordedClick {
    /// The entity.
    pub entity: Entity,
    /// What was clicked on.
    pub path: EntityPath,
    /// The instance under the pointer, where that is known.
    pub instance: Option<u32>,
    /// Where it was hit, in the space of the view, where that has one.
    pub position: Option<[f64; 3]>,
    /// The button.
    pub button: ClickButton,
    /// What was clicked on.
    pub source: ClickSource,
}

pub(crate) fn tell_entity(
    click: On<ViewerClick>,
    recorder: Option<Res<WorldRecorder>>,
    mut commands: Commands,
) {
    let Some(recorder) = recorder.filter(|recorder| click.recording.as_ref() == Some(recorder.id())) else {
        return;
    };
    if let Some(entity) = recorder.entity_of(&click.entity) {
        commands.trigger(RecordedClick {
            entity,
            path: click.entity.clone(),
            instance: click.instance,
            position: click.position,
            button: click.button,
            source: click.source,
        });
    }
}
