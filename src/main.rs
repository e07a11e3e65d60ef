//! The program `chronoscope`: arguments, allocator, logger, run.

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use bevy::{
    prelude::*,
    render::{error_handler::RenderErrorHandler, renderer::RenderAdapterInfo},
};
use chronoscope::{
    ChronoscopePlugins,
    cli::{Cli, Options},
    frame::{Report, Reports, error::Severity},
    hand_over::{Listening, listen},
    headless,
    inputs::Inputs,
    keep::KeepPlugin,
    live::{self, Listener, LiveRuntime},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    sources::{FileSettings, LoadOutcomes},
    start::StartPlugin,
    window::WindowedPlugin,
};

mod crash;
mod logging;
mod state_dir;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The size of windows and pictures unless told otherwise, in points.
const DEFAULT_SIZE: (u32, u32) = (1400, 900);

fn main() -> ExitCode {
    let cli = Cli::of_process(&FileSettings::default().kinds());
    set_environment(cli.options());
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chronoscope: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says what drivers and the engine read from the environment alone.
///
/// A layer of Mesa's Vulkan asks a Wayland server for its GPU. Where there can be none, it would only complain
/// on stderr that `XDG_RUNTIME_DIR` is missing, so it is turned off: the renderer chooses among the GPUs
/// itself.
#[allow(unsafe_code, reason = "there is no other way to tell them")]
fn set_environment(options: &Options) {
    let gpu = options.gpu.as_deref().map(|gpu| match gpu {
        "low-power" => ("WGPU_POWER_PREF", "low"),
        "high-performance" => ("WGPU_POWER_PREF", "high"),
        name => ("WGPU_ADAPTER_NAME", name),
    });
    let layer = std::env::var_os("XDG_RUNTIME_DIR")
        .is_none()
        .then_some(("NODEVICE_SELECT", "1"));
    let renderer = options
        .renderer
        .map(|renderer| ("WGPU_BACKEND", renderer.as_str()));
    for (name, value) in gpu.into_iter().chain(renderer).chain(layer) {
        // SAFETY: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var(name, value) };
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let options = cli.options().clone();
    for word in options.accepted.words() {
        eprintln!("chronoscope: {word}");
    }
    if options.is_headless() {
        return headless::run(&cli);
    }
    let size = options.window_size.unwrap_or(DEFAULT_SIZE);
    let _server = options.profile.then(serve_profiles).transpose()?;

    if let Some(threads) = options.threads {
        size_pools(usize::from(threads))?;
    }
    let inputs = Inputs::of(&cli)?;
    let runtime = LiveRuntime::start()?;
    let listener = match listen(&cli, &inputs, &runtime) {
        Listening::At(server) => Some(Listener::new(server)),
        Listening::Nowhere => None,
        Listening::HandedOver => return Ok(ExitCode::SUCCESS),
    };
    let crashes = state_dir::state_dir().map(|folder| folder.join("crashes"));
    if let Some(folder) = &crashes {
        crash::report_panics(folder.clone());
    }
    let mut app = App::new();
    if options.profile {
        app.add_systems(First, mark_frame);
    }
    let has_window = options.is_interactive();
    let log_file = options.log_file.clone();
    let logging = logging::Logging {
        directives: options.log.clone(),
        file: log_file.or_else(|| logging::default_file().filter(|_| has_window)),
    };
    let log_file = logging.file.clone();
    let logger = logging.plugin(&mut app);
    app.add_plugins(logger);
    info!("version {}", env!("CARGO_PKG_VERSION"));
    app.insert_resource(RenderErrorHandler(crash::end_on_render_error));
    app.insert_resource(crash::RenderFailure::new(crashes, log_file));
    let gpu = options.gpu.clone();
    app.add_systems(Startup, move |adapter: Option<Res<RenderAdapterInfo>>| {
        crash::note_adapter(adapter.as_deref(), gpu.as_deref());
    });
    let kept = state_dir::kept_dir().filter(|_| has_window && !options.no_restore);
    let keep = kept.map(|folder| KeepPlugin {
        folder,
        theme_is_given: options.theme.is_some(),
    });
    let waits_for_sender = listener.is_some() && !has_window;
    if let Some(listener) = listener {
        app.insert_resource(listener);
    }
    match &options.screenshot_to {
        None if has_window => {
            app.add_plugins(WindowedPlugin { size })
                .add_plugins(ChronoscopePlugins)
                .add_plugins(StartPlugin { cli, inputs, runtime });
            if let Some(keep) = keep {
                app.add_plugins(keep);
            }
            app.add_systems(Last, print_reports);
            // A window's runner takes the app with it, but the counts are shared.
            let outcomes = app.world().resource::<LoadOutcomes>().clone();
            let exit = app.run();
            Ok(if exit.is_error() {
                ExitCode::FAILURE
            } else {
                exit_code(&outcomes)
            })
        }
        path => {
            let size = OffscreenSize {
                width: size.0,
                height: size.1,
                scale: options.scale.unwrap_or(1.0),
            };
            app.add_plugins(OffscreenPlugin { size })
                .add_plugins(ChronoscopePlugins)
                .add_plugins(StartPlugin { cli, inputs, runtime });
            if !options.report {
                app.add_systems(Last, print_reports);
            }
            offscreen::finish(&mut app);
            if waits_for_sender {
                live::take_one_sender(&mut app);
            }
            offscreen::settle(&mut app, None)?;
            if let Some(path) = path {
                let picture = offscreen::capture(&mut app)?;
                offscreen::save_png(&picture, path)?;
            }
            if options.digest {
                print(&chronoscope::digest::digest(app.world_mut()))?;
            }
            if options.report {
                let report = chronoscope::report::report(app.world_mut());
                print(&report.text)?;
                if report.has_errors {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Ok(exit_code(app.world().resource::<LoadOutcomes>()))
        }
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("cannot print")
}

/// Gives both pools, the engine's and the frame's own, this many threads.
fn size_pools(threads: usize) -> anyhow::Result<()> {
    bevy::app::TaskPoolOptions::with_num_threads(threads).create_default_pools();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("cannot start threads")
}

/// A failure only where files were named and none of them could be opened.
fn exit_code(outcomes: &LoadOutcomes) -> ExitCode {
    let outcomes = outcomes.get();
    if outcomes.failed > 0 && outcomes.opened == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Serves profiles to puffin viewers for as long as the server lives.
fn serve_profiles() -> anyhow::Result<puffin_http::Server> {
    let address = format!("127.0.0.1:{}", puffin_http::DEFAULT_PORT);
    let server =
        puffin_http::Server::new(&address).with_context(|| format!("cannot serve profiles on {address}"))?;
    puffin::set_scopes_on(true);
    eprintln!("chronoscope: serving profiles on {address}, to be seen with `puffin_viewer`");
    Ok(server)
}

/// Tells the profiler that a frame begins. Plugins only open scopes: frames are the app's.
fn mark_frame() {
    puffin::GlobalProfiler::lock().new_frame();
}

/// Writes the reports to stderr that the interface shows in its list, once each.
fn print_reports(reports: Res<Reports>, mut num_printed: Local<usize>) {
    let (num_lost, new) = new_reports(&reports, *num_printed);
    *num_printed = reports.total();
    if num_lost > 0 {
        eprintln!("warning: {num_lost} reports came at once with others, and were not kept");
    }
    for report in new {
        match report.severity {
            Severity::Success | Severity::Info => {}
            severity @ (Severity::Warning | Severity::Error) => eprintln!("{severity}: {report}"),
        }
    }
}

/// The reports after the first `num_printed`: how many of them are not kept any more, and the others, oldest
/// first.
fn new_reports(reports: &Reports, num_printed: usize) -> (usize, impl Iterator<Item = &Report>) {
    let num_new = reports.total().saturating_sub(num_printed);
    let num_kept = reports.iter().count();
    let num_lost = num_new.saturating_sub(num_kept);
    (num_lost, reports.iter().skip(num_kept.saturating_sub(num_new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_marked_for_the_profiler() {
        let (sender, frames) = std::sync::mpsc::channel();
        puffin::set_scopes_on(true);
        let sink = puffin::GlobalProfiler::lock().add_sink(Box::new(move |frame| {
            _ = sender.send(frame.meta().num_scopes);
        }));
        let mut app = App::new();
        app.add_systems(First, mark_frame).add_systems(Update, || {
            puffin::profile_scope!("work");
        });
        for _ in 0..3 {
            app.update();
        }
        puffin::GlobalProfiler::lock().remove_sink(sink);
        puffin::set_scopes_on(false);
        assert_eq!(frames.try_iter().collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn reports_that_were_not_kept_are_counted() {
        let mut reports = Reports::default();
        for number in 0..1_500 {
            reports.push(Report::warning("file", number.to_string()));
        }
        let (num_lost, new) = new_reports(&reports, 100);
        let new: Vec<&str> = new.map(|report| report.message.as_str()).collect();
        assert_eq!(num_lost + new.len(), 1_400);
        assert_eq!(new.last(), Some(&"1499"));
        let (num_lost, new) = new_reports(&reports, 1_498);
        assert_eq!((num_lost, new.count()), (0, 2));
    }
}
