//! What a crash leaves: a report that can be sent to whoever can mend it.

use std::{
    backtrace::Backtrace,
    fmt::Write as _,
    panic::PanicHookInfo,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use bevy::{
    app::AppExit,
    prelude::*,
    render::{
        error_handler::{ErrorType, RenderError, RenderErrorPolicy},
        renderer::RenderAdapterInfo,
    },
};

use crate::state_dir::write_new;

/// The GPU, once it is known.
static ADAPTER: OnceLock<String> = OnceLock::new();

/// Notes the GPU for reports, and says where it is not the one that was asked for.
pub(crate) fn note_adapter(adapter: Option<&RenderAdapterInfo>, wanted: Option<&str>) {
    let Some(adapter) = adapter else { return };
    let is_kind = |wanted: &str| matches!(wanted, "low-power" | "high-performance");
    if let Some(wanted) = wanted.filter(|wanted| !is_kind(wanted))
        && !adapter.name.to_lowercase().contains(&wanted.to_lowercase())
    {
        warn!("no GPU is called {wanted:?}: rendering on {}", adapter.name);
    }
    let text = format!("{}, {:?}, {}", adapter.name, adapter.backend, adapter.driver_info);
    info!("rendering on {text}");
    _ = ADAPTER.set(text);
}

/// From now on, the first panic writes a report into this folder and says where it is.
pub(crate) fn report_panics(folder: PathBuf) {
    static IS_REPORTED: AtomicBool = AtomicBool::new(false);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        // Others follow from the first.
        if IS_REPORTED.swap(true, Ordering::AcqRel) {
            return;
        }
        let text = report(info, &Backtrace::force_capture());
        match write_new(&folder, &report_name("crash"), &text) {
            Ok(path) => eprintln!("chronoscope: crashed. The report is {}", path.display()),
            Err(error) => eprintln!("chronoscope: crashed, and no report could be written: {error}"),
        }
    }));
}

/// Where it is told that the renderer failed.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct RenderFailure {
    /// The folder for reports.
    folder: Option<PathBuf>,
    /// The log, where there is one.
    log_file: Option<PathBuf>,
    is_told: bool,
}

impl RenderFailure {
    pub(crate) fn new(folder: Option<PathBuf>, log_file: Option<PathBuf>) -> Self {
        Self {
            folder,
            log_file,
            is_told: false,
        }
    }
}

/// Ends the program when the renderer failed: the GPU is lost (its driver was updated or crashed, it was
/// unplugged), or out of memory. The engine could make another renderer, but what the viewer and egui have on
/// the GPU would be gone. A report says why, and names the log.
pub(crate) fn end_on_render_error(
    error: &RenderError,
    world: &mut World,
    _render_world: &mut World,
) -> RenderErrorPolicy {
    let mut failure = world.get_resource_or_init::<RenderFailure>();
    // The engine asks in each frame until the program has ended.
    if !std::mem::replace(&mut failure.is_told, true) {
        let failure = failure.clone();
        eprintln!(
            "chronoscope: {}",
            tell_render_error(error.ty, &error.description, &failure)
        );
        world.write_message(AppExit::error());
    }
    RenderErrorPolicy::StopRendering
}

/// Writes a report. Returns what the user is told.
fn tell_render_error(ty: ErrorType, description: &str, failure: &RenderFailure) -> String {
    let what = match ty {
        ErrorType::DeviceLost => "the GPU was lost",
        ErrorType::OutOfMemory => "the GPU is out of memory",
        ErrorType::Internal | ErrorType::Validation => "the renderer failed",
    };
    let mut told = format!("{what}, and nothing more can be drawn: {}", description.trim());
    if !told.ends_with('.') {
        told.push('.');
    }
    let lines = [("what", what.to_owned()), ("message", description.to_owned())];
    let text = report_of("Chronoscope ended because the renderer failed.", lines);
    let written = failure
        .folder
        .as_ref()
        .map(|folder| write_new(folder, &report_name("renderer"), &text));
    match written {
        Some(Ok(path)) => _ = write!(told, " The report is {}.", path.display()),
        Some(Err(error)) => _ = write!(told, " No report could be written: {error}."),
        None => {}
    }
    if let Some(log_file) = &failure.log_file {
        _ = write!(told, " The log is {}.", log_file.display());
    }
    told
}

fn report_name(kind: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{kind}-{}-{}.txt", now.as_secs(), std::process::id())
}

/// The text of a report on a panic.
fn report(info: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string);
    let lines = [
        (
            "thread",
            thread::current().name().unwrap_or("without a name").to_owned(),
        ),
        ("place", place.unwrap_or_else(|| "unknown".to_owned())),
        ("message", message.to_owned()),
    ];
    let mut text = report_of("Chronoscope crashed.", lines);
    _ = write!(text, "\n{backtrace}");
    text
}

/// The text of a report, with what is known of the program. It names the arguments, and nothing of the data.
fn report_of(title: &str, more: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "system",
            format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
        (
            "renderer",
            ADAPTER.get().cloned().unwrap_or_else(|| "none yet".to_owned()),
        ),
        ("arguments", arguments.join(" ")),
    ];
    let mut text = format!("{title}\n\n");
    for (name, value) in lines.into_iter().chain(more) {
        _ = writeln!(text, "{name}: {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bevy::{
        app::AppExit,
        ecs::message::Messages,
        render::{error_handler::RenderErrorHandler, render_resource::PollType, renderer::RenderDevice},
    };
    use chronoscope::offscreen::{self, HeadlessPlugin};

    use super::*;

    #[test]
    fn a_lost_gpu_ends_the_program_with_a_report_that_names_the_log() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let crashes = folder.path().join("crashes");
        let log_file = PathBuf::from("/var/log/chronoscope.log");
        let mut app = App::new();
        app.add_plugins(HeadlessPlugin);
        app.insert_resource(RenderErrorHandler(end_on_render_error));
        app.insert_resource(RenderFailure::new(Some(crashes.clone()), Some(log_file)));
        offscreen::finish(&mut app);
        app.update();
        assert!(app.should_exit().is_none());
        let device = app.world().resource::<RenderDevice>().clone();
        device.wgpu_device().destroy();
        let mut exits = Vec::new();
        let mut frames_after = 0;
        let deadline = Instant::now() + Duration::from_secs(60);
        while frames_after < 8 && Instant::now() < deadline {
            // As drawing does in each frame. The loss is told once the work that was submitted is done.
            _ = device.poll(PollType::Poll);
            app.update();
            let mut messages = app.world_mut().resource_mut::<Messages<AppExit>>();
            exits.extend(messages.drain());
            frames_after += usize::from(!exits.is_empty());
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(exits, [AppExit::error()], "once");
        let mut reports = std::fs::read_dir(&crashes)?;
        let text = std::fs::read_to_string(reports.next().ok_or(std::io::ErrorKind::NotFound)??.path())?;
        assert!(
            text.contains("the GPU was lost") && text.contains("renderer: "),
            "{text}"
        );
        assert!(reports.next().is_none());

        let failure = app.world().resource::<RenderFailure>();
        let told = tell_render_error(ErrorType::DeviceLost, "driver reset", failure);
        for expected in [
            "the GPU was lost",
            "driver reset",
            "The log is /var/log/chronoscope.log.",
        ] {
            assert!(told.contains(expected), "{told}");
        }
        Ok(())
    }

    #[test]
    fn the_first_panic_leaves_a_report() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let crashes = folder.path().join("crashes");
        report_panics(crashes.clone());
        for number in 0..2 {
            let crash = thread::Builder::new().name("worker".to_owned());
            let worker = crash.spawn(move || assert_eq!(number, 7, "seven is missing"))?;
            assert!(worker.join().is_err());
        }
        _ = std::panic::take_hook();
        let mut reports = std::fs::read_dir(&crashes)?;
        let text = std::fs::read_to_string(reports.next().ok_or(std::io::ErrorKind::NotFound)??.path())?;
        for expected in [
            "thread: worker",
            "seven is missing",
            "src/crash.rs",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        assert!(reports.next().is_none(), "one report for one crash");
        Ok(())
    }
}
