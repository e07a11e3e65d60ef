//! Screenshots that commands ask for, to a file or the clipboard: of a window, or of the image that is drawn offscreen.

use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
    tasks::{AsyncComputeTaskPool, Task},
    window::PrimaryWindow,
};
use bevy_egui::EguiClipboard;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    ActiveBlueprint, CommandError, IngestSources, PlayState, Recordings, Report, Reports, Settled,
    TimeControls, ViewTile, answer_command,
    commands::{PictureTarget, ScreenshotRequest, ScreenshotRequests},
    settle::PendingWork,
};

use chronoscope_ui::UiState;

use crate::{
    offscreen::{
        OffscreenError, OffscreenTarget, SETTLED_FRAMES, picture_part, save_png_part, screenshot_of,
    },
    own_windows,
};

/// Takes the screenshots of [`chronoscope_frame::ViewerCommand::Screenshot`]: of the image of
/// [`OffscreenTarget`] where there is one, else of the primary window; of a view in the window that it is in.
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
    Saving(Task<Vec<Result<Taking, OffscreenError>>>),
}

/// What became of a picture.
enum Taking {
    Saved,
    /// It goes to the clipboard, which the main thread has.
    ForClipboard(egui::ColorImage),
}

/// Each request with what became of it.
type Results = Vec<(ScreenshotRequest, Result<Taking, OffscreenError>)>;

/// The window that a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The primary one, or the image in its place.
    Primary,
    /// One in which a view or a container stands alone.
    Own(Entity),
}

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

/// Asks the renderer for one picture, for all who want one of the same window now. The others wait for theirs.
fn begin(world: &mut World) -> Result<Current, Results> {
    let mut asked = std::mem::take(&mut world.resource_mut::<ScreenshotRequests>().0);
    let (mut requests, mut parts) = (Vec::new(), Vec::new());
    let mut source = None;
    // A view that is not on the screen, such as one in a tab behind others, has no picture.
    let (mut waiting, mut hidden) = (Vec::new(), Vec::new());
    for request in asked.drain(..) {
        let place = match request.view {
            Some(view) => place_of_view(world, view).map(|(source, part)| (source, Some(part))),
            None => Some((Source::Primary, None)),
        };
        let Some((of, part)) = place else {
            hidden.push((request, Err(OffscreenError::NotShown)));
            continue;
        };
        if *source.get_or_insert(of) == of {
            parts.push(part);
            requests.push(request);
        } else {
            waiting.push(request);
        }
    }
    world.resource_mut::<ScreenshotRequests>().0 = waiting;
    finish(world, hidden);
    let screenshot = match source {
        None => return Err(Vec::new()),
        Some(Source::Own(window)) => Screenshot::window(window),
        Some(Source::Primary) => match world.get_resource::<OffscreenTarget>().cloned() {
            Some(target) => screenshot_of(world, &target.0),
            None => {
                let mut windows = world.query_filtered::<(), With<PrimaryWindow>>();
                if windows.iter(world).next().is_none() {
                    return Err(failed(requests));
                }
                Screenshot::primary_window()
            }
        },
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
                let targets = current.requests.iter().map(|wanted| wanted.to.clone());
                let wanted: Vec<(PictureTarget, Option<URect>)> =
                    targets.zip(current.parts.clone()).collect();
                let save = async move {
                    wanted
                        .iter()
                        .map(|(to, part)| take_part(&image, to, *part))
                        .collect()
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

fn take_part(image: &Image, to: &PictureTarget, part: Option<URect>) -> Result<Taking, OffscreenError> {
    match to {
        PictureTarget::File(path) => save_png_part(image, path, part).map(|()| Taking::Saved),
        PictureTarget::Clipboard => {
            let picture = picture_part(image, part).map_err(OffscreenError::Clipboard)?;
            let size = [picture.width() as usize, picture.height() as usize];
            let picture = egui::ColorImage::from_rgb(size, picture.as_raw());
            Ok(Taking::ForClipboard(picture))
        }
    }
}

/// The window that a view is in, and its place there, in pixels.
fn place_of_view(world: &mut World, view: ViewId) -> Option<(Source, URect)> {
    let in_primary = world
        .get_resource::<UiState>()
        .and_then(|state| state.view_rect(view));
    let (source, rect) = match in_primary {
        Some(rect) => (Source::Primary, rect),
        None => {
            let (window, rect) = own_windows::place_of_view(world, view)?;
            (Source::Own(window), rect)
        }
    };
    let entity = world.get_resource::<ActiveBlueprint>()?.entity(view)?;
    let scale = world.get::<ViewTile>(entity)?.pixels_per_point;
    let pixels = |points: f32| (points * scale).round().max(0.0) as u32;
    let part = URect::new(
        pixels(rect.left()),
        pixels(rect.top()),
        pixels(rect.right()),
        pixels(rect.bottom()),
    );
    Some((source, part))
}

fn failed(requests: Vec<ScreenshotRequest>) -> Results {
    let failed = |request| (request, Err(OffscreenError::NoPicture));
    requests.into_iter().map(failed).collect()
}

/// Tells the user and whoever asked, and puts on the clipboard what goes there.
fn finish(world: &mut World, results: Results) {
    if results.is_empty() {
        return;
    }
    for (request, result) in results {
        let name = match &request.to {
            PictureTarget::File(path) => path.display().to_string(),
            PictureTarget::Clipboard => "clipboard".to_owned(),
        };
        let done = result.and_then(|taking| match taking {
            Taking::Saved => Ok("Screenshot saved"),
            Taking::ForClipboard(picture) => copy(world, &picture).map(|()| "Picture copied"),
        });
        let answer = match done {
            Ok(message) => {
                let report = Report::success(name, message);
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

fn copy(world: &mut World, picture: &egui::ColorImage) -> Result<(), OffscreenError> {
    let failed = |message: &str| Err(OffscreenError::Clipboard(message.to_owned()));
    // What `bevy_egui` has for Wayland takes texts alone, and says so in a log that nobody sees.
    if is_wayland() {
        return failed("on Wayland it takes no pictures; save it to a file");
    }
    match world.get_resource_mut::<EguiClipboard>() {
        Some(mut clipboard) => {
            clipboard.set_image(picture);
            Ok(())
        }
        None => failed("there is none"),
    }
}

/// Whether windows are those of Wayland: `winit` prefers it where the environment names a display.
fn is_wayland() -> bool {
    let is_named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(all(unix, not(target_os = "macos"))) && (is_named("WAYLAND_DISPLAY") || is_named("WAYLAND_SOCKET"))
}
