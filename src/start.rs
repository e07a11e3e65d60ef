//! From a command line to an app that opens what it names.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bevy::prelude::*;
use chronoscope_frame::{
    Frame, FrameSystems, IngestSources, MemoryBudget, RecentFiles, Recordings, TimeControls,
};
use chronoscope_ui::UiSettings;

use crate::{
    cli::{Cli, Options, ThemeArgument, TimeArgument},
    inputs::Inputs,
    live::{Connections, LiveRuntime, follow, when_asked_to_end},
    look_at::look_at,
    sources::{BlueprintTarget, follow_files, open_demo, open_files, open_stdin, remember},
};

/// Opens the files of a command line.
pub struct StartPlugin {
    /// The command line.
    pub cli: Cli,
    /// What it names.
    pub inputs: Inputs,
    /// Where connections live.
    pub runtime: LiveRuntime,
}

impl Plugin for StartPlugin {
    fn build(&self, app: &mut App) {
        let options = self.cli.options();
        if let Some(limit) = options.memory_limit {
            app.insert_resource(MemoryBudget {
                limit_bytes: Some(limit),
                ..default()
            });
        }
        set_up_space(app, options);
        let theme = match options.theme.unwrap_or_default() {
            ThemeArgument::System => egui::ThemePreference::System,
            ThemeArgument::Dark => egui::ThemePreference::Dark,
            ThemeArgument::Light => egui::ThemePreference::Light,
        };
        app.insert_resource(UiSettings {
            theme,
            system_fonts: true,
            desktop_dialogs: true,
            keep_hidden_views: options.report,
            can_quit: true,
            ..default()
        });
        let is_interactive = options.is_interactive();
        app.world_mut().resource_mut::<TimeControls>().clock_frozen = !is_interactive;
        if let Some(time) = &options.time {
            app.insert_resource(PendingTime(time.clone()));
            let mut times = app.world_mut().resource_mut::<TimeControls>();
            times.initial.set_timeline(&time.timeline);
            times.timeline_is_given = true;
            // A timeline's type is known once the recording is; so the value is read then.
            app.add_systems(
                Frame,
                set_initial_time
                    .run_if(resource_exists::<PendingTime>)
                    .after(FrameSystems::Gc)
                    .before(FrameSystems::ApplyCommands),
            );
        }
        if is_interactive {
            end_when_asked(app, self.runtime.clone());
        }
        if self.cli.is_demo() {
            let mut sources = app.world_mut().resource_mut::<IngestSources>();
            if let Err(error) = open_demo(&mut sources) {
                error!("the built-in demo cannot be made: {error}");
            }
        }
        let world = app.world_mut();
        if is_interactive {
            remember(
                &self.inputs.files,
                &mut world.get_resource_or_init::<RecentFiles>(),
            );
        }
        // A picture of a file that goes on and on would never be taken.
        if options.follow && is_interactive {
            follow_files(world, &self.inputs.files, None);
        } else {
            open_files(world, self.inputs.files.clone(), BlueprintTarget::AsNamed);
        }
        open_stdin(world, &self.inputs);
        follow(world, &self.runtime, &self.inputs.links);
        world.insert_resource(Connections(self.runtime.clone()));
        let blueprint = options.blueprint.iter().cloned().collect();
        open_files(world, blueprint, BlueprintTarget::Open);
    }
}

/// How well spatial views draw, and how they move.
#[cfg(feature = "spatial")]
fn set_up_space(app: &mut App, options: &Options) {
    use crate::cli::QualityArgument;
    use chronoscope_render::RenderQuality;

    app.insert_resource(match options.quality {
        QualityArgument::Auto => RenderQuality::Auto,
        QualityArgument::Cheap => RenderQuality::Cheap,
        QualityArgument::Full => RenderQuality::Full,
    });
    if options.is_interactive() {
        #[cfg(feature = "spatial3d")]
        app.insert_resource(chronoscope_views::spatial3d::EyeMotion { glide_secs: 0.1 });
        app.init_resource::<chronoscope_views::spatial::FramePace>();
    }
}

#[cfg(not(feature = "spatial"))]
fn set_up_space(_: &mut App, _: &Options) {}

/// Ends the program when it is asked to by a signal, also where it rests.
fn end_when_asked(app: &mut App, runtime: LiveRuntime) {
    let asked = Arc::new(AtomicBool::new(false));
    let is_asked = Arc::clone(&asked);
    app.add_systems(First, move |mut exit: MessageWriter<AppExit>| {
        if is_asked.load(Ordering::Acquire) {
            exit.write(AppExit::Success);
        }
    });
    app.add_systems(PostStartup, move |sources: Res<IngestSources>| {
        let (asked, waker) = (Arc::clone(&asked), sources.waker().cloned());
        when_asked_to_end(&runtime, move || {
            asked.store(true, Ordering::Release);
            if let Some(waker) = &waker {
                waker.wake();
            }
        });
    });
}

/// The time of the command line, until the timeline is known.
#[derive(Resource)]
struct PendingTime(TimeArgument);

fn set_initial_time(
    mut commands: Commands,
    pending: Res<PendingTime>,
    recordings: Res<Recordings>,
    sources: Res<IngestSources>,
    mut times: ResMut<TimeControls>,
) {
    let timeline = &pending.0.timeline;
    let mut unknown = true;
    for entry in recordings.recordings() {
        let Some(shown) = look_at(&pending.0, entry, &mut times) else {
            continue;
        };
        unknown = false;
        match shown {
            Ok(time) => times.initial.set_time(timeline, time),
            Err(error) => error!("--time: {error}"),
        }
        commands.remove_resource::<PendingTime>();
    }
    // What is live may say nothing for a while and have the timeline after all.
    let may_come = sources.states().any(|source| source.status.is_open());
    if unknown && !may_come && recordings.recordings().next().is_some() {
        error!("--time: no recording has a timeline {timeline:?}");
        commands.remove_resource::<PendingTime>();
    }
}
