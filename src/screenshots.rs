//! Screenshots that commands ask for: of the window, or of the image that is drawn offscreen.

use std::path::PathBuf;

use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
    tasks::{AsyncComputeTaskPool, Task},
    window::PrimaryWindow,
};
use chronoscope_frame::{
    CommandError, IngestSources, PlayState, Recordings, Report, Reports, Settled, TimeControls,
    answer_command,
    commands::{ScreenshotRequest, ScreenshotRequests},
    settle::PendingWork,
};

use crate::offscreen::{OffscreenError, OffscreenTarget, SETTLED_FRAMES, save_png};

/// Takes the screenshots of [`chronoscope_frame::ViewerCommand::Screenshot`]: of the image of
/// [`OffscreenTarget`] where there is one, else of the primary window.
pub struct ScreenshotPlugin;

impl Plugin for ScreenshotPlugin {
    fn build(&self, app: &mut App) {
        let is_wanted = |requests: Res<ScreenshotRequests>, taken: Res<Taken>| {
            !requests.0.is_empty() || taken.current.is_some()
        };
        app.init_resource::<Taken>()
            .add_systems(Last, take_screenshots.run_if(is_wanted));
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
    let requests = std::mem::take(&mut world.resource_mut::<ScreenshotRequests>().0);
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
        stage: Stage::Capturing(0),
        pending: world.resource::<Settled>().pending_work(),
    })
}

fn go_on(world: &mut World, mut current: Current) -> Result<Current, Results> {
    match &mut current.stage {
        Stage::Capturing(frames) => match world.resource_mut::<Taken>().image.take() {
            Some(image) => {
                let paths: Vec<PathBuf> = current
                    .requests
                    .iter()
                    .map(|wanted| wanted.path.clone())
                    .collect();
                let save = async move { paths.iter().map(|path| save_png(&image, path)).collect() };
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
