//! The viewer without a display: the same app, whose user interface is drawn to an image.

use std::{path::Path, time::Duration};

use bevy::{
    app::{PluginsState, ScheduleRunnerPlugin},
    asset::RenderAssetUsages,
    camera::{ClearColorConfig, ImageRenderTarget, RenderTarget},
    log::LogPlugin,
    prelude::*,
    render::{
        RenderPlugin,
        pipelined_rendering::PipelinedRenderingPlugin,
        render_resource::{Extent3d, TextureDimension, TextureFormat, TextureUsages},
        settings::{Backends, WgpuSettings},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
    time::TimeUpdateStrategy,
    window::ExitCondition,
    winit::WinitPlugin,
};
use bevy_egui::{EguiGlobalSettings, EguiPlugin, PrimaryEguiContext};
use chronoscope_frame::{IngestSources, Settled};

use crate::executors::run_one_after_the_other;

/// Size of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OffscreenSize {
    /// The width in points.
    pub width: u32,
    /// The height in points.
    pub height: u32,
    /// Pixels per point.
    pub scale: f32,
}

impl OffscreenSize {
    fn pixels(self) -> UVec2 {
        // At least a pixel, and never more than a texture can have.
        let side = |points: u32| ((points as f32 * self.scale).round() as u32).clamp(1, 16_384);
        UVec2::new(side(self.width), side(self.height))
    }

    /// A black image that cameras can draw to and [`capture`] can read.
    pub fn target_image(self) -> Image {
        let pixels = self.pixels();
        let mut image = Image::new_fill(
            Extent3d {
                width: pixels.x,
                height: pixels.y,
                depth_or_array_layers: 1,
            },
            TextureDimension::D2,
            &[0, 0, 0, 255],
            TextureFormat::Rgba8UnormSrgb,
            RenderAssetUsages::RENDER_WORLD,
        );
        image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
        image
    }
}

/// The engine without windows: a host brings cameras of its own, and what they draw to. Frames are complete
/// when they end, and are counted by whoever runs them. There is no logger: an app that wants to read what is logged adds Bevy's
/// `LogPlugin`.
///
/// [`host_picture`] draws such an app to a picture.
pub struct HeadlessPlugin;

/// [`HeadlessPlugin`], with a camera for the user interface that draws to an image of this size.
pub struct OffscreenPlugin {
    /// The picture's size.
    pub size: OffscreenSize,
}

/// The image that [`capture`] reads: what the user interface, or the cameras of a host, draw to.
#[derive(Resource, Clone, Debug)]
pub struct OffscreenTarget(pub Handle<Image>);

impl Plugin for HeadlessPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(
            DefaultPlugins
                .set(WindowPlugin {
                    primary_window: None,
                    exit_condition: ExitCondition::DontExit,
                    ..default()
                })
                .set(RenderPlugin {
                    synchronous_pipeline_compilation: true,
                    // Without a window there is no use in the backends that look for a display.
                    render_creation: WgpuSettings {
                        backends: Some(Backends::from_env().unwrap_or(Backends::PRIMARY)),
                        ..default()
                    }
                    .into(),
                    ..default()
                })
                .disable::<WinitPlugin>()
                .disable::<LogPlugin>()
                // A frame is fully drawn when it ends, so that frames can be counted.
                .disable::<PipelinedRenderingPlugin>(),
        );
        app.add_plugins(ScheduleRunnerPlugin::run_once());
        run_one_after_the_other(app);
        // Nobody watches: what moves may take its time, and every picture has all points.
        #[cfg(feature = "spatial")]
        app.insert_resource(chronoscope_views::spatial::PointBudget::UNLIMITED);
    }
}

impl Plugin for OffscreenPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins((HeadlessPlugin, EguiPlugin::default()));
        app.insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        });
        let size = self.size;
        app.add_systems(
            Startup,
            move |mut commands: Commands, mut images: ResMut<Assets<Image>>| {
                let handle = images.add(size.target_image());
                commands.insert_resource(OffscreenTarget(handle.clone()));
                commands.spawn((
                    Camera2d,
                    Camera {
                        clear_color: ClearColorConfig::Custom(Color::BLACK),
                        order: 1_000,
                        ..default()
                    },
                    Msaa::Off,
                    RenderTarget::Image(ImageRenderTarget {
                        handle,
                        scale_factor: size.scale,
                    }),
                    bevy::camera::visibility::RenderLayers::none(),
                    PrimaryEguiContext,
                ));
            },
        );
    }
}

/// Reason for a missing picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OffscreenError {
    /// The viewer never came to rest.
    #[error("the viewer did not come to rest within {0} frames")]
    NotSettled(u32),
    /// The app was told to end, as where the renderer failed.
    #[error("the viewer ended before it came to rest")]
    Ended,
    /// The renderer gave no picture.
    #[error("the renderer gave no picture")]
    NoPicture,
    /// The view is not on the screen.
    #[error("the view is not on the screen")]
    NotShown,
    /// The picture could not be saved.
    #[error("cannot save {path}: {message}")]
    Save {
        /// Path of the file.
        path: String,
        /// Reason.
        message: String,
    },
    /// The picture could not be copied.
    #[error("cannot copy to the clipboard: {0}")]
    Clipboard(String),
}

/// Frames in a row that must be settled before a picture is taken: one for a tile's size to reach its view,
/// one for its image to be drawn, one for the user interface to show that.
pub(crate) const SETTLED_FRAMES: u32 = 4;

/// Frames after which to give up. Files may take long to read, so there are many.
const MAX_FRAMES: u32 = 1_000_000;

/// The size of the windows and pictures of examples.
const EXAMPLE_SIZE: OffscreenSize = OffscreenSize {
    width: 1280,
    height: 800,
    scale: 1.0,
};

/// Runs a viewer as the examples do: in a window, or, where the program is given a path, for some frames of 20 ms without one,
/// after which a picture of it is drawn to that path.
///
/// `change` is called between those frames and the picture. There is a logger only in a window.
///
/// ```no_run
/// # use bevy::prelude::*;
/// use chronoscope::{offscreen, prelude::*};
///
/// fn main() -> Result<(), offscreen::OffscreenError> {
///     offscreen::window_or_picture(
///         |app| _ = app.add_plugins(RecordPlugin::new("my app")),
///         60,
///         |_| {},
///     )
/// }
/// ```
///
/// # Errors
/// If there is to be a picture, and there is none.
pub fn window_or_picture(
    add_to: impl FnOnce(&mut App),
    frames: u32,
    change: impl FnOnce(&mut App),
) -> Result<(), OffscreenError> {
    let size = EXAMPLE_SIZE;
    let mut app = App::new();
    let Some(path) = std::env::args_os().nth(1) else {
        let size = (size.width, size.height);
        app.add_plugins((crate::window::WindowedPlugin { size }, crate::ChronoscopePlugins));
        add_to(&mut app);
        app.run();
        return Ok(());
    };
    app.add_plugins((OffscreenPlugin { size }, crate::ChronoscopePlugins));
    draw_example(app, add_to, frames, change, Path::new(&path))
}

/// As [`window_or_picture`], for an app of another kind, which shows the viewer in a part of its window: `add_to` has all of it but
/// `DefaultPlugins`, and its cameras draw to the target that it is given, which is the primary window or an image.
///
/// # Errors
/// As there.
pub fn host_window_or_picture(
    add_to: impl FnOnce(&mut App, RenderTarget),
    frames: u32,
    change: impl FnOnce(&mut App),
) -> Result<(), OffscreenError> {
    if let Some(path) = std::env::args_os().nth(1) {
        return host_picture(add_to, frames, change, Path::new(&path));
    }
    let mut app = App::new();
    app.add_plugins(DefaultPlugins);
    add_to(&mut app, RenderTarget::default());
    app.run();
    Ok(())
}

/// Draws an app of another kind without a window, as [`host_window_or_picture`] does where there is a path.
///
/// # Errors
/// If there is no picture.
pub fn host_picture(
    add_to: impl FnOnce(&mut App, RenderTarget),
    frames: u32,
    change: impl FnOnce(&mut App),
    path: &Path,
) -> Result<(), OffscreenError> {
    let mut app = App::new();
    app.add_plugins(HeadlessPlugin);
    let mut images = app.world_mut().resource_mut::<Assets<Image>>();
    let image = images.add(EXAMPLE_SIZE.target_image());
    app.insert_resource(OffscreenTarget(image.clone()));
    let add_to = |app: &mut App| add_to(app, RenderTarget::Image(image.into()));
    draw_example(app, add_to, frames, change, path)
}

fn draw_example(
    mut app: App,
    add_to: impl FnOnce(&mut App),
    frames: u32,
    change: impl FnOnce(&mut App),
    path: &Path,
) -> Result<(), OffscreenError> {
    app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)));
    add_to(&mut app);
    finish(&mut app);
    for _ in 0..frames {
        app.update();
    }
    change(&mut app);
    // The viewer may know nothing of what changed until a frame has shown it.
    app.world_mut().resource_mut::<Settled>().disturb();
    // An app that goes on for ever has no end to wait for.
    match settle(&mut app, Some(240)) {
        Ok(()) | Err(OffscreenError::NotSettled(_)) => {}
        Err(error) => return Err(error),
    }
    save_png(&capture(&mut app)?, path)
}

/// Readies the app's plugins, which a runner does otherwise.
pub fn finish(app: &mut App) {
    while app.plugins_state() == PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
}

/// Runs frames until nothing is pending.
///
/// # Errors
/// If the app never settles, as with a recording that plays or a host that logs in each frame. There,
/// [`capture`] gives the picture of whatever frame it is.
pub fn settle(app: &mut App, max_frames: Option<u32>) -> Result<(), OffscreenError> {
    let limit = max_frames.unwrap_or(MAX_FRAMES);
    for _ in 0..limit {
        draw_when_loaded(app);
        app.update();
        let settled = app.world().resource::<Settled>().frames();
        if settled >= SETTLED_FRAMES {
            return Ok(());
        }
        if app.should_exit().is_some() {
            return Err(OffscreenError::Ended);
        }
        if settled == 0 {
            // Files are read on other threads: let them.
            std::thread::yield_now();
        }
    }
    Err(OffscreenError::NotSettled(limit))
}

/// Lets the user interface be drawn only when nothing is loading: nobody sees it before.
fn draw_when_loaded(app: &mut App) {
    let world = app.world_mut();
    let is_loaded = world
        .get_resource::<IngestSources>()
        .is_none_or(IngestSources::is_idle);
    let mut cameras = world.query_filtered::<&mut Camera, With<PrimaryEguiContext>>();
    for mut camera in cameras.iter_mut(world) {
        if camera.is_active != is_loaded {
            camera.is_active = is_loaded;
        }
    }
}

/// The picture of the app as it is now, RGBA.
///
/// # Errors
/// If the renderer gives none.
pub fn capture(app: &mut App) -> Result<Image, OffscreenError> {
    #[derive(Resource, Default)]
    struct Captured(Option<Image>);
    let target = app.world().resource::<OffscreenTarget>().0.clone();
    app.insert_resource(Captured::default());
    let screenshot = screenshot_of(app.world_mut(), &target);
    app.world_mut().spawn(screenshot).observe(
        |captured: On<ScreenshotCaptured>, mut out: ResMut<Captured>| {
            out.0 = Some(captured.image.clone());
        },
    );
    // The copy comes back some frames later.
    for _ in 0..64 {
        app.update();
        if let Some(image) = app.world_mut().resource_mut::<Captured>().0.take() {
            return Ok(image);
        }
    }
    Err(OffscreenError::NoPicture)
}

/// Asks for a picture of what cameras draw to an image.
///
/// The renderer tells targets apart by their scale, too: asked for at another one than the cameras draw with, the picture is black.
pub(crate) fn screenshot_of(world: &mut World, image: &Handle<Image>) -> Screenshot {
    let mut targets = world.query_filtered::<&RenderTarget, With<Camera>>();
    let drawn = targets.iter(world).find_map(|target| match target {
        RenderTarget::Image(drawn) if drawn.handle == *image => Some(drawn.clone()),
        _ => None,
    });
    Screenshot(RenderTarget::Image(drawn.unwrap_or_else(|| image.clone().into())))
}

/// Saves a picture as PNG.
///
/// # Errors
/// If the picture has another format than the renderer's, or the file cannot be written.
pub fn save_png(image: &Image, path: &Path) -> Result<(), OffscreenError> {
    save_png_part(image, path, None)
}

/// As [`save_png`], but only a part of the picture, as far as it lies in it.
pub(crate) fn save_png_part(image: &Image, path: &Path, part: Option<URect>) -> Result<(), OffscreenError> {
    let failed = |message: String| OffscreenError::Save {
        path: path.display().to_string(),
        message,
    };
    picture_part(image, part)
        .map_err(failed)?
        .save_with_format(path, image::ImageFormat::Png)
        .map_err(|error| failed(error.to_string()))
}

/// A part of a picture, in pixels; all of it where none is given. What lies outside is left out.
///
/// # Errors
/// Why it is none that can be read.
pub(crate) fn picture_part(image: &Image, part: Option<URect>) -> Result<image::RgbImage, String> {
    let picture = image
        .clone()
        .try_into_dynamic()
        .map_err(|error| error.to_string())?;
    let picture = match part {
        Some(part) => picture.crop_imm(part.min.x, part.min.y, part.width(), part.height()),
        None => picture,
    };
    Ok(picture.to_rgb8())
}
