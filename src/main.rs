//! The program `chronoscope`: arguments, allocator, logger, run.

mod allocator;

use std::process::ExitCode;

use anyhow::Context as _;
use bevy::{
    log::{Level, LogPlugin},
    prelude::*,
};
use chronoscope::{
    ChronoscopePlugins,
    cli::Cli,
    frame::{Reports, diagnostics::FrameDiagnostics, error::Severity},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    sources::LoadOutcomes,
    start::StartPlugin,
    window::WindowedPlugin,
};
use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The size of windows and pictures unless told otherwise, in points.
const DEFAULT_SIZE: (u32, u32) = (1400, 900);

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = allocator::give_back_in_background() {
        eprintln!("warning: memory is given back in the frame: {error}");
    }
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chronoscope: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let options = cli.options().clone();
    let size = options.window_size.unwrap_or(DEFAULT_SIZE);
    let _server = options.profile.then(serve_profiles).transpose()?;

    let mut app = App::new();
    app.add_plugins(LogPlugin {
        level: Level::WARN,
        filter: "warn,wgpu=error,naga=error,bevy_render=error,bevy_egui=error".to_owned(),
        ..default()
    });
    match &options.screenshot_to {
        None => {
            app.add_plugins(WindowedPlugin { size })
                .add_plugins(ChronoscopePlugins)
                .add_plugins(StartPlugin { cli });
            app.add_systems(Last, (print_reports, put_off_giving_back));
            // A window's runner takes the app with it, but the counts are shared.
            let outcomes = app.world().resource::<LoadOutcomes>().clone();
            app.run();
            Ok(exit_code(&outcomes))
        }
        Some(path) => {
            let size = OffscreenSize {
                width: size.0,
                height: size.1,
                scale: options.scale.unwrap_or(1.0),
            };
            app.add_plugins(OffscreenPlugin { size })
                .add_plugins(ChronoscopePlugins)
                .add_plugins(StartPlugin { cli });
            app.add_systems(Last, (print_reports, put_off_giving_back));
            offscreen::finish(&mut app);
            offscreen::settle(&mut app, None)?;
            let picture = offscreen::capture(&mut app)?;
            offscreen::save_png(&picture, path)?;
            Ok(exit_code(app.world().resource::<LoadOutcomes>()))
        }
    }
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

/// Memory goes back to the system when a collection is over, and not in the middle.
fn put_off_giving_back(diagnostics: Res<FrameDiagnostics>) {
    if !diagnostics.gc_pause.is_zero() {
        allocator::collects();
    }
}

/// Says on stderr what the user interface says in its list, once each.
fn print_reports(reports: Res<Reports>, mut printed: Local<usize>) {
    if *printed == reports.total() {
        return;
    }
    let new = reports.total() - *printed;
    for report in reports
        .iter()
        .rev()
        .take(new)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        match report.severity {
            Severity::Info => {}
            Severity::Warning => eprintln!("warning: {report}"),
            Severity::Error => eprintln!("error: {report}"),
        }
    }
    *printed = reports.total();
}
