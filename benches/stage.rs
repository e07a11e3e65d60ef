//! The viewer without a window, frame by frame, with time that is moved by hand.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bevy::{
    app::{App, Last, TaskPoolOptions, TaskPoolPlugin},
    asset::{AssetApp as _, AssetPlugin},
    ecs::prelude::*,
    image::Image,
    render::{Render, RenderApp, RenderSystems},
    time::{TimePlugin, TimeUpdateStrategy},
};
use chronoscope::{
    ChronoscopePlugins,
    blueprint::BlueprintCommand,
    frame::{
        DiffLog, FrameDiagnostics, FrameSystems, LatestAtResults, Recordings, Settled, TimeCommand,
        ViewerCommand, ViewerCommands, Work, WorkCounters,
    },
    live::LivePlugin,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    render::RenderStats,
    sources::{BlueprintTarget, FileSourcesPlugin, open_files},
    store::{Chunk, ChunkStore, Recording, StoreId, StoreSettings},
    ui::{UiPlugin, UiState, show},
    views::{ViewsPlugins, time_series::PlotDrawing},
};

use crate::measure::{Cost, process_cpu_time, thread_cpu_time};

/// The time between two frames.
pub const FRAME_TIME: Duration = Duration::from_nanos(16_666_667);

/// How the viewer is staged.
#[derive(Clone, Copy, Debug)]
pub struct StageOptions {
    /// The threads of Bevy's pools and of rayon's; all of the machine's where it is not given.
    pub threads: Option<usize>,
    /// Whether the engine draws, to an image.
    pub renders: bool,
    /// The size of the interface, in points.
    pub size: [u32; 2],
}

impl Default for StageOptions {
    fn default() -> Self {
        Self {
            threads: None,
            renders: false,
            size: [1600, 1000],
        }
    }
}

/// What a frame cost and did.
#[derive(Clone, Debug, Default)]
pub struct FrameCost {
    /// Each phase, in the order of [`FrameSystems::ALL`].
    pub phases: [Cost; FrameSystems::ALL.len()],
    /// The egui pass with tessellation. Where the engine draws, it is a part of `app`.
    pub ui: Option<Cost>,
    /// Extracting and preparing, where the engine draws.
    pub engine: Option<Cost>,
    /// All of the engine's frame.
    pub app: Cost,
    /// The rows that arrived.
    pub rows: u64,
    /// The work of the phases, counted in items. What is zero is left out.
    pub work: Vec<(Work, u64)>,
    /// Where the latest rows came from.
    pub queries: QueryCost,
    /// Bytes of instances sent to the GPU, where the engine draws.
    pub uploaded_bytes: u64,
    /// Draws over all views, where the engine draws.
    pub draws: u64,
    /// Instances of these draws.
    pub instances: u64,
    /// The pause for garbage collection.
    pub gc_pause: Duration,
    /// The most items that a collection worked on between two looks at the clock.
    pub gc_items_between_looks: usize,
}

impl FrameCost {
    /// All phases together.
    pub fn total(&self) -> Cost {
        Cost {
            wall: self.phases.iter().map(|phase| phase.wall).sum(),
            cpu: self.phases.iter().map(|phase| phase.cpu).sum(),
        }
    }

    /// All phases and the interface.
    pub fn drawn(&self) -> Cost {
        let (phases, ui) = (self.total(), self.ui.unwrap_or_default());
        Cost {
            wall: phases.wall + ui.wall,
            cpu: phases.cpu + ui.cpu,
        }
    }

    /// The items of one kind of work.
    pub fn work(&self, work: Work) -> u64 {
        self.work
            .iter()
            .find(|(other, _)| *other == work)
            .map_or(0, |(_, items)| *items)
    }
}

/// Where the latest rows of a frame came from, and what keeping them takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueryCost {
    /// Results that were found in the chunk at hand or in the cache.
    pub served: u64,
    /// Results for which an index was searched.
    pub searched: u64,
    /// Answers of the cache that changes of the data dropped.
    pub invalidations: u64,
    /// The bytes of the cache.
    pub cache_bytes: u64,
    /// The bytes of the recording.
    pub recording_bytes: u64,
}

impl QueryCost {
    /// Counted since a recording was made, but for what results followed in this frame.
    fn so_far(world: &World) -> Self {
        let Some(entry) = world.resource::<Recordings>().active() else {
            return Self::default();
        };
        let stats = entry.recording.cache.stats();
        Self {
            served: stats.hits,
            searched: stats.misses,
            invalidations: stats.invalidations,
            cache_bytes: stats.bytes_actual,
            recording_bytes: entry.store().num_bytes(),
        }
    }

    /// What came to it in a frame since `before`.
    fn since(self, before: Self, world: &World) -> Self {
        let followed = world.resource::<LatestAtResults>().followed() as u64;
        Self {
            served: self.served.saturating_sub(before.served) + followed,
            searched: self.searched.saturating_sub(before.searched),
            invalidations: self.invalidations.saturating_sub(before.invalidations),
            ..self
        }
    }
}

/// The viewer, its interface and one recording.
pub struct Stage {
    /// The app.
    pub app: App,
    egui: Option<egui::Context>,
    size: egui::Vec2,
    engine: Option<EngineClock>,
    cpu_clock: fn() -> Duration,
}

/// The id of the recording that scenes are logged to.
pub fn recording_id() -> StoreId {
    StoreId::recording("benchmark", "scene")
}

impl Stage {
    /// An empty viewer.
    pub fn new(options: StageOptions) -> Self {
        let mut app = App::new();
        if let Some(threads) = options.threads {
            // Plugins that make pools find them made. Where they were made before nothing happens: one process measures one
            // number of threads.
            TaskPoolOptions::with_num_threads(threads).create_default_pools();
            _ = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global();
        }
        let mut engine = None;
        if options.renders {
            app.add_plugins(OffscreenPlugin {
                size: OffscreenSize {
                    width: options.size[0],
                    height: options.size[1],
                    scale: 1.0,
                },
            })
            .add_plugins(ChronoscopePlugins);
            engine = Some(EngineClock::add_to(&mut app));
        } else {
            app.add_plugins((TaskPoolPlugin::default(), TimePlugin, AssetPlugin::default()));
            app.init_asset::<Image>();
            app.add_plugins(chronoscope::frame::FramePlugins)
                .add_plugins(ViewsPlugins)
                .add_plugins((UiPlugin::default(), FileSourcesPlugin))
                // As where there is a renderer: the interface makes what it would hand to it.
                .insert_resource(PlotDrawing::Renderer);
        }
        app.add_plugins(LivePlugin)
            .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME_TIME));
        offscreen::finish(&mut app);
        app.world_mut().resource_mut::<FrameDiagnostics>().cpu_clock = Some(process_cpu_time);
        Self {
            app,
            egui: (!options.renders).then(egui::Context::default),
            size: egui::vec2(options.size[0] as f32, options.size[1] as f32),
            engine,
            cpu_clock: process_cpu_time,
        }
    }

    /// Counts the CPU time of the thread that runs the frames alone from now on: for those beside which others of the process work.
    pub fn count_this_thread(&mut self) {
        self.cpu_clock = thread_cpu_time;
        let mut diagnostics = self.app.world_mut().resource_mut::<FrameDiagnostics>();
        diagnostics.cpu_clock = Some(thread_cpu_time);
    }

    /// Makes the recording, empty, with these settings of its store.
    pub fn start_recording(&mut self, settings: StoreSettings) {
        let mut recordings = self.app.world_mut().resource_mut::<Recordings>();
        let store = ChunkStore::with_settings(recording_id(), settings);
        recordings.open(&recording_id()).recording = Recording::from_store(store);
    }

    /// Adds data to the recording.
    pub fn log(&mut self, chunks: impl IntoIterator<Item = Chunk>) {
        self.app
            .world_mut()
            .resource_scope(|world, mut log: Mut<DiffLog>| {
                let mut recordings = world.resource_mut::<Recordings>();
                for chunk in chunks {
                    recordings.insert(&mut log, &recording_id(), chunk).unwrap();
                }
            });
    }

    /// Asks for something to be done in the next frame.
    pub fn command(&mut self, command: ViewerCommand) {
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .push(command);
    }

    /// Asks for an edit of the blueprint.
    pub fn edit(&mut self, command: BlueprintCommand) {
        self.command(ViewerCommand::Blueprint(command));
    }

    /// Moves the cursor.
    pub fn seek(&mut self, timeline: &str, time: i64) {
        self.command(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            timeline.to_owned(),
            time,
        )));
    }

    /// Begins to open files.
    pub fn open(&mut self, files: &[&Path]) {
        let paths = files.iter().map(|file| file.to_path_buf()).collect();
        open_files(self.app.world_mut(), paths, BlueprintTarget::AsNamed);
    }

    /// Runs a frame.
    pub fn frame(&mut self) -> FrameCost {
        let before = QueryCost::so_far(self.app.world());
        let (app, ()) = Cost::by(self.cpu_clock, || self.app.update());
        let queries = QueryCost::so_far(self.app.world()).since(before, self.app.world());
        let ui = self.egui.clone().map(|ctx| {
            let input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, self.size)),
                ..egui::RawInput::default()
            };
            let world = self.app.world_mut();
            let (cost, ()) = Cost::by(self.cpu_clock, || {
                let mut output = ctx.run_ui(input, |ui| {
                    world.resource_scope(|world, mut state: Mut<UiState>| show(world, ui, &mut state));
                });
                // Nobody draws the textures.
                output.textures_delta.clear();
                _ = ctx.tessellate(output.shapes, output.pixels_per_point);
            });
            cost
        });
        let world = self.app.world();
        let diagnostics = world.resource::<FrameDiagnostics>();
        let stats = world.get_resource::<RenderStats>();
        FrameCost {
            phases: FrameSystems::ALL.map(|phase| {
                let time = diagnostics.phase_time(phase);
                Cost {
                    wall: time.wall,
                    cpu: time.cpu,
                }
            }),
            ui,
            engine: self.engine.as_ref().map(EngineClock::last),
            app,
            rows: diagnostics.ingested_rows,
            work: world.resource::<WorkCounters>().iter().collect(),
            queries,
            uploaded_bytes: stats.map_or(0, RenderStats::uploaded_bytes_last_frame),
            draws: stats.map_or(0, RenderStats::queued_draws),
            instances: stats.map_or(0, RenderStats::queued_instances),
            gc_pause: diagnostics.gc_pause,
            gc_items_between_looks: diagnostics.gc_items_between_looks,
        }
    }

    /// Runs frames until nothing is pending. Returns how many.
    pub fn settle(&mut self) -> usize {
        for frames in 1..100_000 {
            self.frame();
            if self.app.world().resource::<Settled>().frames() >= 4 {
                return frames;
            }
        }
        panic!("the viewer does not come to rest");
    }
}

/// Times what the engine does between the main world's frame and drawing.
#[derive(Resource, Clone)]
struct EngineClock(Arc<Mutex<EngineTimes>>);

#[derive(Default)]
struct EngineTimes {
    begin: Option<(Instant, Duration)>,
    cost: Cost,
}

impl EngineClock {
    fn add_to(app: &mut App) -> Self {
        let clock = Self(Arc::new(Mutex::new(EngineTimes::default())));
        app.insert_resource(clock.clone()).add_systems(Last, begin_engine);
        if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
            render_app.insert_resource(clock.clone()).add_systems(
                Render,
                end_engine
                    .after(RenderSystems::Prepare)
                    .before(RenderSystems::Render),
            );
        }
        clock
    }

    fn last(&self) -> Cost {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cost
    }
}

fn begin_engine(clock: Res<EngineClock>) {
    let mut times = clock.0.lock().unwrap_or_else(PoisonError::into_inner);
    times.begin = Some((Instant::now(), process_cpu_time()));
}

fn end_engine(clock: Res<EngineClock>) {
    let mut times = clock.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((wall, cpu)) = times.begin.take() {
        times.cost = Cost {
            wall: wall.elapsed(),
            cpu: process_cpu_time().saturating_sub(cpu),
        };
    }
}
