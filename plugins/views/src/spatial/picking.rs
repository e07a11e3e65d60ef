//! What lies under the pointer: asked of the renderer, which draws ids into a few pixels about it and answers
//! frames later.
//!
//! 1. A tile says where the pointer is and what was clicked on, and reads what the pointer is over as far as
//!    that is known ([`Picks`]).
//! 2. [`ask`] asks the renderer at the end of the frame: for each click, and for the pointer where it, the
//!    eye, or what is shown is another than what was asked last. One such question is under way at a time.
//! 3. [`take_answers`] takes the answers at the beginning of a frame. What a click means is done when its
//!    answer is there, however long that takes.
//!
//! Where there is no renderer, nothing is drawn and nothing lies under the pointer.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bevy::{camera::Camera, ecs::prelude::*, math::UVec2};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    Item, RecordingEntry, RecordingKey, Recordings, Settled, View, ViewOverrides, ViewerCommand,
    ViewerCommands,
    selection::{ClickButton, ClickSource, EntityClicked},
};
use chronoscope_render::{PickAnswer, PickHit, PickRequest};
use chronoscope_store::{EntityPath, RowId};
use glam::DVec3;

use super::{
    camera::SceneCamera,
    projection::Projector,
    scene::{SpatialScene, SpatialScenes},
};

/// How far the pointer may be from a mark, in points; at most [`MAX_PICK_RADIUS`](chronoscope_render::MAX_PICK_RADIUS)
/// pixels are looked at.
const TOLERANCE_POINTS: f32 = 8.0;

/// What lies under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pick {
    /// The entity.
    pub(crate) entity: EntityPath,
    /// Which of its rows, where several are shown.
    pub(crate) row: Option<RowId>,
    /// Which of its instances, or of those of the row; `None` for all of them.
    pub(crate) instance: Option<u32>,
    /// Whether it is a face, as of a box or a picture, and no mark.
    pub(crate) is_face: bool,
    /// Where, in the view's space.
    pub(crate) position: DVec3,
}

impl Pick {
    /// What is pointed at or selected.
    pub(crate) fn item(&self, view: ViewId) -> Item {
        let (entity, instance) = (self.entity.clone(), self.instance);
        match self.row {
            Some(row) => Item::Row {
                view,
                entity,
                row,
                instance,
            },
            None => Item::DataResult {
                view,
                entity,
                instance,
            },
        }
    }
}

/// A click in a tile.
#[derive(Clone, Debug)]
pub(crate) struct Click {
    pub(crate) view: ViewId,
    /// Where, in pixels from the tile's top left corner.
    pub(crate) pixel: UVec2,
    pub(crate) buttons: Vec<ClickButton>,
    /// Whether it adds to what is selected, or takes from it.
    pub(crate) toggles: bool,
}

/// What the pointer is over, and what was clicked on.
#[derive(Resource, Default)]
pub(crate) struct Picks {
    input: Mutex<PointerInput>,
    /// What the pointer was over last, and what was asked for that.
    known: Option<Known>,
    /// The question about the pointer that is under way.
    asked: Option<Asked>,
    /// Clicks that wait for their answers, in the order in which they came.
    clicks: VecDeque<AskedClick>,
}

/// What tiles said.
#[derive(Default)]
struct PointerInput {
    over: Option<(egui::Id, PointerPlace)>,
    clicks: Vec<Click>,
}

/// The pointer in a tile.
#[derive(Clone, Copy, PartialEq)]
struct PointerPlace {
    view: ViewId,
    /// In pixels from the tile's top left corner.
    pixel: UVec2,
}

/// What an answer depends on.
#[derive(Clone, Copy, PartialEq)]
struct Question {
    place: PointerPlace,
    projector: Projector,
    version: u64,
    /// Whether points may be left out, of what is picked too.
    is_thinned: bool,
    recording: Option<RecordingKey>,
}

struct Known {
    question: Question,
    pick: Option<Pick>,
}

struct Asked {
    request: Requests,
    question: Question,
}

/// What was asked of the cameras of a view: of the one that draws over the other, if there is one, and of the other.
#[derive(Clone, Copy)]
struct Requests {
    overlay: Option<Entity>,
    own: Entity,
}

/// What was hit, and whether what is seen through a camera was.
type LayerHit = (PickHit, bool);

impl Requests {
    fn entities(self) -> impl Iterator<Item = Entity> {
        self.overlay.into_iter().chain([self.own])
    }

    /// What was hit, once all have answered, which are gone then: what lies over the rest, if anything there was.
    fn take(
        self,
        commands: &mut Commands<'_, '_>,
        answers: &Query<'_, '_, &PickAnswer>,
    ) -> Option<Option<LayerHit>> {
        let hit_of = |request: Entity| Some(answers.get(request).ok()?.hit);
        let own = hit_of(self.own)?.map(|hit| (hit, false));
        let over = match self.overlay {
            Some(request) => hit_of(request)?.map(|hit| (hit, true)),
            None => None,
        };
        for request in self.entities() {
            commands.entity(request).try_despawn();
        }
        Some(over.or(own))
    }
}

struct AskedClick {
    /// `None` where nothing is drawn yet.
    request: Option<Requests>,
    click: Click,
    recording: Option<RecordingKey>,
}

impl Picks {
    /// Says where the pointer is in a tile of a view, in pixels from its top left corner; `None` where it
    /// points at nothing there. Several tiles may show one view.
    pub(crate) fn point(&self, tile: egui::Id, view: ViewId, pixel: Option<UVec2>) {
        self.with_input(|input| match pixel {
            Some(pixel) => input.over = Some((tile, PointerPlace { view, pixel })),
            None => _ = input.over.take_if(|(said_by, _)| *said_by == tile),
        });
    }

    /// Says that something was clicked on.
    pub(crate) fn click(&self, click: Click) {
        self.with_input(|input| input.clicks.push(click));
    }

    /// What the pointer is over in a view, as of the last answer; `None` where there was none since it came
    /// there.
    pub(crate) fn over(&self, view: ViewId) -> Option<Option<&Pick>> {
        let known = self.known.as_ref()?;
        (known.question.place.view == view).then_some(known.pick.as_ref())
    }

    fn with_input<T>(&self, change: impl FnOnce(&mut PointerInput) -> T) -> T {
        change(&mut self.input.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes the answers that are there, and does what clicks mean.
pub(crate) fn take_answers(
    mut commands: Commands,
    mut picks: ResMut<Picks>,
    mut viewer_commands: ResMut<ViewerCommands>,
    scenes: Res<SpatialScenes>,
    recordings: Res<Recordings>,
    answers: Query<&PickAnswer>,
    views: Query<(&View, &ViewOverrides)>,
) {
    let picks = picks.bypass_change_detection();
    let find = |view: ViewId, recording: Option<RecordingKey>, hit: Option<LayerHit>| {
        let overrides = views.iter().find(|(of, _)| of.id == view)?.1;
        pick_of(scenes.get(view)?, overrides, &recordings, recording, hit?)
    };
    if let Some(asked) = &picks.asked
        && let Some(hit) = asked.request.take(&mut commands, &answers)
    {
        let question = asked.question;
        let pick = find(question.place.view, question.recording, hit);
        picks.known = Some(Known { question, pick });
        picks.asked = None;
    }
    while let Some(asked) = picks.clicks.front() {
        let hit = match asked.request {
            Some(request) => match request.take(&mut commands, &answers) {
                Some(hit) => hit,
                None => break,
            },
            None => None,
        };
        let pick = find(asked.click.view, asked.recording, hit);
        // A view that is closed by now has nothing to select.
        if scenes.get(asked.click.view).is_some() {
            let recording = asked.recording.and_then(|key| recordings.get(key));
            push_click(&mut viewer_commands, &asked.click, pick.as_ref(), recording);
        }
        picks.clicks.pop_front();
    }
}

/// Asks the renderer what lies where something was clicked on, and under the pointer where that may be
/// something else by now.
///
/// Precondition: runs when cameras are placed for the frame, after the user interface.
pub(crate) fn ask(
    mut commands: Commands,
    mut picks: ResMut<Picks>,
    settled: Option<ResMut<Settled>>,
    scenes: Res<SpatialScenes>,
    cameras: Query<&Camera>,
) {
    let picks = picks.bypass_change_detection();
    let (over, clicks) = picks.with_input(|input| (input.over, std::mem::take(&mut input.clicks)));
    let mut request = |scene: &SpatialScene, pixel: UVec2| {
        let radius = (TOLERANCE_POINTS * scene.tile.pixels_per_point).round().max(0.0) as u32;
        let camera = scene.camera.as_ref()?;
        let mut ask = |camera: Entity| {
            let request = PickRequest {
                camera,
                pixel,
                radius,
            };
            commands.spawn(request).id()
        };
        Some(Requests {
            overlay: camera.overlay().map(&mut ask),
            own: ask(camera.entity()),
        })
    };
    for click in clicks {
        if let Some(scene) = scenes.get(click.view) {
            picks.clicks.push_back(AskedClick {
                request: request(scene, click.pixel),
                click,
                recording: scene.recording(),
            });
        }
    }
    let mut is_waiting = false;
    let pointed_at = over.and_then(|(_, place)| Some((place, scenes.get(place.view)?)));
    if let Some((place, scene)) = pointed_at.filter(|(_, scene)| scene.tile.shown) {
        let question = Question {
            place,
            projector: scene.projector,
            version: scene.version(),
            is_thinned: scene.camera.as_ref().is_some_and(SceneCamera::is_thinned),
            recording: scene.recording(),
        };
        if picks
            .known
            .as_ref()
            .is_some_and(|known| known.question.place.view != place.view)
        {
            picks.known = None;
        }
        let is_known = picks
            .known
            .as_ref()
            .is_some_and(|known| known.question == question);
        if !is_known && picks.asked.is_none() {
            // A camera learns a frame later that its image has another size.
            let camera = scene
                .camera
                .as_ref()
                .and_then(|camera| cameras.get(camera.entity()).ok());
            let size = camera.and_then(Camera::physical_target_size);
            is_waiting = size.is_some_and(|size| Some(size) != scene.target_size());
            if !is_waiting && let Some(request) = request(scene, place.pixel) {
                picks.asked = Some(Asked { request, question });
            }
        }
    } else {
        picks.known = None;
        if let Some(asked) = picks.asked.take() {
            for request in asked.request.entities() {
                commands.entity(request).try_despawn();
            }
        }
    }
    if (is_waiting || picks.asked.is_some() || !picks.clicks.is_empty())
        && let Some(mut settled) = settled
    {
        settled.disturb();
    }
}

/// What was hit, where it is still there and can be pointed at.
fn pick_of(
    scene: &SpatialScene,
    overrides: &ViewOverrides,
    recordings: &Recordings,
    recording: Option<RecordingKey>,
    (hit, is_through_camera): LayerHit,
) -> Option<Pick> {
    let entry = recordings.get(recording.filter(|_| recording == scene.recording())?)?;
    let seen = if is_through_camera {
        scene.through_camera()?
    } else {
        scene
    };
    let (entity, row) = seen.picked(hit.picking_id)?;
    if !overrides.is_interactive(entity) {
        return None;
    }
    let path = entry.store().entity_path(entity);
    seen.shown_on(path).next()?;
    // Of the pictures of several rows the last one is shown.
    let row = row.or_else(|| {
        seen.shown_on(path)
            .find_map(|shown| shown.visual.row_of_picture())
    });
    let position = if is_through_camera {
        // Where it is seen in the plane.
        let seen = seen.projector().project(hit.position)?;
        scene.projector.ray(seen.position).origin.truncate().extend(0.0)
    } else {
        hit.position
    };
    Some(Pick {
        entity: path.clone(),
        row,
        instance: hit.instance,
        // The faces of what is in a plane are those of pictures.
        is_face: hit.is_face && !is_through_camera,
        position,
    })
}

/// Selects what was clicked on, of the recording that the view looks at, and tells of it.
pub(crate) fn push_click(
    commands: &mut ViewerCommands,
    click: &Click,
    pick: Option<&Pick>,
    recording: Option<&RecordingEntry>,
) {
    let item = pick.map(|pick| pick.item(click.view));
    if let (Some(item), Some(pick)) = (&item, pick) {
        for button in &click.buttons {
            if let Some(clicked) = EntityClicked::on(item, recording, *button, ClickSource::View) {
                commands.push(ViewerCommand::Click(EntityClicked {
                    position: Some(pick.position.to_array()),
                    ..clicked
                }));
            }
        }
    }
    if click.buttons.contains(&ClickButton::Primary) {
        let item = item.unwrap_or(Item::View(click.view));
        commands.push(if click.toggles {
            ViewerCommand::ToggleSelected(item)
        } else {
            ViewerCommand::Select(vec![item])
        });
    }
}
