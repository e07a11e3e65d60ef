//! Screenshots that commands ask for: of the window, or of the image that is drawn offscreen.

use std::path::PathBuf;

use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
    tasks::{AsyncComputeTaskPool, Task},
    window::PrimaryWindow,
};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    ActiveBlueprint, CommandError, IngestSources, PlayState, Recordings, Report, Reports, Settled,
    TimeControls, ViewTile, answer_command,
    commands::{ScreenshotRequest, ScreenshotRequests},
    settle::PendingWork,
};

use chronoscope_ui::UiState;

use crate::offscreen::{OffscreenError, OffscreenTarget, SETTLED_FRAMES, save_png_part};

/// Takes the screenshots of [`chronoscope_frame::ViewerCommand::Screenshot`]: of the image of
/// [`OffscreenTarget`] where there is one, else of the primary window.
pub struct ScreenshotPlugin;

impl Plugin for ScreenshotPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        let is_wanted = |requests: Res<ScreenshotRequests>, taken: Res<Taken>| {
            !requests.0.is_empty() || taken.current.is_some()
        };
        app.init_resource::<Taken>()
            // It has no order to what else a host does in the end, and needs none: the picture is of a frame that was drawn.
            .add_systems(Last, take_screenshots.run_if(is_wanted).ambiguous_with_all());
    }
}

/// Frames in which the renderer may answer.
const MAX_FRAMES: u32 = 64;

/// The screenshot that is being taken.
#[derive(Resource, Default)]
struct Taken {
    current: Option<Current>,
    image: Option<Image>,
}

struct Current {
    requests: Vec<ScreenshotRequest>,
    /// The part of the picture that each request wants; all of it where none is given.
    parts: Vec<Option<URect>>,
    stage: Stage,
    pending: PendingWork,
}

enum Stage {
    /// The renderer is asked, so many frames ago.
    Capturing(u32),
    Saving(Task<Vec<Result<(), OffscreenError>>>),
}

/// Each request with what became of it.
type Results = Vec<(ScreenshotRequest, Result<(), OffscreenError>)>;

fn take_screenshots(world: &mut World) {
    let current = world.resource_mut::<Taken>().current.take();
    let next = match current {
        None => is_ready(world).then(|| begin(world)),
        Some(current) => Some(go_on(world, current)),
    };
    match next {
        None => {}
        Some(Ok(current)) => {
            if let Stage::Capturing(_) = current.stage {
                // The renderer answers in a frame to come.
                world.resource::<Settled>().wake();
            }
            world.resource_mut::<Taken>().current = Some(current);
        }
        Some(Err(results)) => finish(world, results),
    }
    if !world.resource::<ScreenshotRequests>().0.is_empty() {
        world.resource::<Settled>().wake();
    }
}

/// Whether what is to be seen is there: all that is pending has come, or time moves on anyway.
fn is_ready(world: &World) -> bool {
    let recordings = world.resource::<Recordings>();
    let times = world.resource::<TimeControls>();
    let is_playing = recordings
        .active()
        .is_some_and(|entry| times.get(entry.key()).play_state() == PlayState::Playing);
    let is_loaded = world.resource::<IngestSources>().is_idle();
    world.resource::<Settled>().frames() >= SETTLED_FRAMES || (is_playing && is_loaded)
}

/// Asks the renderer for one picture, for all who want one now.
fn begin(world: &mut World) -> Result<Current, Results> {
    let mut requests = std::mem::take(&mut world.resource_mut::<ScreenshotRequests>().0);
    let mut parts = Vec::new();
    // A view that is not on the screen, such as one in a tab behind others, has no picture.
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for request in requests.drain(..) {
        match request.view.map(|view| part_of_view(world, view)) {
            Some(None) => hidden.push((request, Err(OffscreenError::NotShown))),
            part => {
                parts.push(part.flatten());
                shown.push(request);
            }
        }
    }
    let requests = shown;
    if !hidden.is_empty() {
        finish(world, hidden);
        if requests.is_empty() {
            return Err(Vec::new());
        }
    }
    let screenshot = match world.get_resource::<OffscreenTarget>() {
        Some(target) => Screenshot::image(target.0.clone()),
        None => {
            let mut windows = world.query_filtered::<(), With<PrimaryWindow>>();
            if windows.iter(world).next().is_none() {
                return Err(failed(requests));
            }
            Screenshot::primary_window()
        }
    };
    world.resource_mut::<Taken>().image = None;
    world
        .spawn(screenshot)
        .observe(|captured: On<ScreenshotCaptured>, mut taken: ResMut<Taken>| {
            taken.image = Some(captured.image.clone());
        });
    Ok(Current {
        requests,
        parts,
        stage: Stage::Capturing(0),
        pending: world.resource::<Settled>().pending_work(),
    })
}

fn go_on(world: &mut World, mut current: Current) -> Result<Current, Results> {
    match &mut current.stage {
        Stage::Capturing(frames) => match world.resource_mut::<Taken>().image.take() {
            Some(image) => {
                let paths = current.requests.iter().map(|wanted| wanted.path.clone());
                let wanted: Vec<(PathBuf, Option<URect>)> = paths.zip(current.parts.clone()).collect();
                let save = async move {
                    let save = |(path, part): &(PathBuf, _)| save_png_part(&image, path, *part);
                    wanted.iter().map(save).collect()
                };
                current.stage = Stage::Saving(AsyncComputeTaskPool::get().spawn(save));
                go_on(world, current)
            }
            None if *frames >= MAX_FRAMES => Err(failed(current.requests)),
            None => {
                *frames += 1;
                Ok(current)
            }
        },
        Stage::Saving(task) => match current.pending.poll(task) {
            Some(results) => Err(current.requests.into_iter().zip(results).collect()),
            None => Ok(current),
        },
    }
}

/// The place of a view in the picture, in pixels.
fn part_of_view(world: &World, view: ViewId) -> Option<URect> {
    let rect = world.get_resource::<UiState>()?.view_rect(view)?;
    let entity = world.get_resource::<ActiveBlueprint>()?.entity(view)?;
    let scale = world.get::<ViewTile>(entity)?.pixels_per_point;
    let pixels = |points: f32| (points * scale).round().max(0.0) as u32;
    Some(URect::new(
        pixels(rect.left()),
        pixels(rect.top()),
        pixels(rect.right()),
        pixels(rect.bottom()),
    ))
}

fn failed(requests: Vec<ScreenshotRequest>) -> Results {
    let failed = |request| (request, Err(OffscreenError::NoPicture));
    requests.into_iter().map(failed).collect()
}

/// Tells the user and whoever asked.
fn finish(world: &mut World, results: Results) {
    for (request, result) in results {
        let name = request.path.display().to_string();
        let answer = match result {
            Ok(()) => {
                let report = Report::success(name, "Screenshot saved");
                world.resource_mut::<Reports>().push(report);
                Ok(())
            }
            Err(error) => Err(CommandError::Failed(Report::error(name, error.to_string()))),
        };
        answer_command(world, request.id, answer);
    }
    // The notification is drawn in a frame to come.
    world.resource_mut::<Settled>().disturb();
    world.resource::<Settled>().wake();
}
