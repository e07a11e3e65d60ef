//! What lies under the pointer: a few pixels of ids, drawn when somebody asks and read back frames later.
//!
//! The pixels are those of the camera's own picture: what is drawn there is drawn into them, by the same vertex shaders,
//! the same depth test and in the same order, with ids in place of colors. So the answer is exact, whatever there is and
//! however much of it.
//!
//! - this file: requests and answers, in the main world.
//! - [`queue`]: each visible list becomes items of the view of a request.
//! - [`pass`]: the items are drawn and read back.

mod pass;
mod queue;

use std::sync::{Arc, Mutex, PoisonError};

use bevy::app::{App, Plugin, PreUpdate};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::Without;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::math::{DVec3, IVec2, UVec2};
use bevy::render::{ExtractSchedule, Render, RenderApp, RenderSystems};

use crate::stats::BulkExtractSystems;

pub(crate) use queue::{NewPickItem, PickItem, PickView, queue_picked_lists};

/// The greatest radius of a request, in pixels.
pub const MAX_PICK_RADIUS: u32 = 15;

/// Asks what a camera sees around a pixel: a component of an entity of its own, which is given a [`PickAnswer`].
///
/// The camera need not be active. It is asked for what it would draw now, with the lists on its `RenderLayers`, whether or
/// not its picture is up to date. Until the answer is there, the app has to go on running frames. A request costs nothing once it
/// is answered; despawn the entity, or insert another request to ask again.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(on_insert = forget_answer)]
pub struct PickRequest {
    /// The entity of the `Camera3d`.
    pub camera: Entity,
    /// The pixel in the camera's viewport, counted from its top left corner, in pixels of the target.
    pub pixel: UVec2,
    /// How far around the pixel a mark (a point, a line, an arrow) may be seen, in pixels, at most
    /// [`MAX_PICK_RADIUS`]. Faces, as of boxes and pictures, are found at the pixel itself.
    pub radius: u32,
}

/// What a [`PickRequest`] found: a component of the request's entity.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
pub struct PickAnswer {
    /// What was asked.
    pub request: PickRequest,
    /// The mark that is seen nearest to the pixel that was asked for, else the face at that pixel.
    pub hit: Option<PickHit>,
}

/// What is seen at a pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PickHit {
    /// The [`picking_id`](crate::SegmentUniform::picking_id) of the segment.
    pub picking_id: u32,
    /// The logical instance; `None` for a picture, and where instances are parts of one thing.
    pub instance: Option<u32>,
    /// Whether it is a face, as of a box or a picture, and no mark.
    pub is_face: bool,
    /// From the pixel that was asked for to the one that was hit.
    pub offset: IVec2,
    /// The depth of what was hit, as in the depth buffer: greater is nearer.
    pub depth: f32,
    /// Where that is in the world.
    pub position: DVec3,
}

/// Another question: an old answer is none.
fn forget_answer(mut world: bevy::ecs::world::DeferredWorld<'_>, context: bevy::ecs::lifecycle::HookContext) {
    world.commands().entity(context.entity).remove::<PickAnswer>();
}

/// Answers all [`PickRequest`]s: that nothing is there, in an app without a renderer. Needs
/// [`BulkViewPlugin`](crate::BulkViewPlugin) and [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct PickingPlugin;

impl Plugin for PickingPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Answers>()
            .add_systems(PreUpdate, deliver_answers);
    }

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        let answers = app.world().resource::<Answers>().clone();
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            app.add_systems(PreUpdate, answer_nothing);
            return;
        };
        render_app
            .insert_resource(answers)
            .init_resource::<pass::InFlight>()
            .add_systems(
                ExtractSchedule,
                pass::extract_requests.in_set(BulkExtractSystems::Upload),
            )
            .add_systems(Render, pass::draw_picked.in_set(RenderSystems::Render));
    }
}

/// Answers on their way to the main world, by the entity of the request.
#[derive(Resource, Clone, Default)]
struct Answers(Arc<Mutex<Vec<(Entity, PickAnswer)>>>);

impl Answers {
    fn push(&self, entity: Entity, answer: PickAnswer) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.push((entity, answer));
    }
}

fn deliver_answers(mut commands: Commands, answers: Res<Answers>, requests: Query<&PickRequest>) {
    let answers = std::mem::take(&mut *answers.0.lock().unwrap_or_else(PoisonError::into_inner));
    for (entity, answer) in answers {
        if requests
            .get(entity)
            .is_ok_and(|request| *request == answer.request)
        {
            commands.entity(entity).try_insert(answer);
        }
    }
}

/// Where nothing is drawn, nothing is seen.
fn answer_nothing(mut commands: Commands, requests: Query<(Entity, &PickRequest), Without<PickAnswer>>) {
    for (entity, request) in &requests {
        let answer = PickAnswer {
            request: *request,
            hit: None,
        };
        commands.entity(entity).try_insert(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_renderer_nothing_is_seen() {
        let mut app = App::new();
        app.add_plugins(PickingPlugin);
        app.finish();
        let request = PickRequest {
            camera: Entity::PLACEHOLDER,
            pixel: UVec2::new(3, 4),
            radius: 8,
        };
        let entity = app.world_mut().spawn(request).id();
        app.update();
        let answer = app.world().get::<PickAnswer>(entity);
        assert_eq!(answer, Some(&PickAnswer { request, hit: None }));
    }
}
