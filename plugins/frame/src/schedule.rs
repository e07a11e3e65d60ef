//! The order of a frame, configured here and nowhere else.

use bevy_app::{App, MainScheduleOrder, Plugin, Update};
use bevy_ecs::{
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor},
};

use crate::{Report, Reports};

/// The schedule of the frame's phases. Runs once per Bevy frame, after `Update` and before `PostUpdate`.
///
/// Its systems run one after the other on the thread of the app: in most frames each has next to nothing to do, and to hand such a system
/// to another thread takes longer than to run it. A system with much to do spreads its own items over all threads. Where an app adds
/// systems that are worth a thread each, it sets another executor by `app.edit_schedule(Frame, ..)`.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame;

/// The phases of a frame, in their order. From [`Self::BlueprintQuery`] on the stores are only read.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrameSystems {
    /// Begins the diagnostics of the frame. The profiler's mark is the program's.
    Begin,
    /// Drains what sources deliver into the stores, within a time and byte budget. Writes stores and the diff
    /// log.
    Ingest,
    /// Purges and collects within the memory and time budget. Writes stores and the diff log.
    Gc,
    /// Carries out the user's commands and moves the cursor; then applies all pending cache invalidations,
    /// once.
    ApplyCommands,
    /// Reads the blueprint where it changed, and finds where each view looks. Writes
    /// [`crate::ActiveBlueprint`], one ECS entity per view, and [`crate::QueryContext`] on each.
    BlueprintQuery,
    /// Finds each view's data results and the rows they show. Writes [`crate::DataResults`] and
    /// [`crate::LatestAtResults`].
    QueryResults,
    /// Decides which source of each component wins. Writes [`crate::ViewOverrides`].
    Overrides,
    /// Works out what all views share. Writes [`crate::Transforms`] and [`crate::EntityContexts`].
    ContextSystems,
    /// One system per visualizer, its visuals in parallel. Each writes its own [`crate::Visuals`].
    Visualizers,
    /// Hands visuals to the renderer, changed ranges only.
    Present,
    /// Requests the chunks that the frame lacked, and finds out whether it is [`crate::Settled`]. Systems that
    /// read the whole frame run after it.
    End,
}

impl FrameSystems {
    /// All phases, in their order.
    pub const ALL: [Self; 11] = [
        Self::Begin,
        Self::Ingest,
        Self::Gc,
        Self::ApplyCommands,
        Self::BlueprintQuery,
        Self::QueryResults,
        Self::Overrides,
        Self::ContextSystems,
        Self::Visualizers,
        Self::Present,
        Self::End,
    ];

    /// The name of the phase's profiling scope.
    pub const fn scope_name(self) -> &'static str {
        match self {
            Self::Begin => "begin_frame",
            Self::Ingest => "receive_messages",
            Self::Gc => "gc",
            Self::ApplyCommands => "apply_commands",
            Self::BlueprintQuery => "blueprint_query",
            Self::QueryResults => "query_results",
            Self::Overrides => "updating_overrides",
            Self::ContextSystems => "context_systems",
            Self::Visualizers => "execute_systems_for_all_views",
            Self::Present => "present",
            Self::End => "end_frame",
        }
    }
}

/// Sets the schedule up. The other plugins of [`FramePlugins`](crate::FramePlugins) need it.
pub struct FrameSchedulePlugin;

impl Plugin for FrameSchedulePlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            let message = "its plugins were added twice; the first ones stay";
            let mut reports = app.world_mut().get_resource_or_init::<Reports>();
            reports.push(Report::warning("viewer", message));
            return;
        }
        app.init_schedule(Frame);
        app.world_mut()
            .resource_mut::<MainScheduleOrder>()
            .insert_after(Update, Frame);
        app.edit_schedule(Frame, |schedule| {
            schedule.set_build_settings(ScheduleBuildSettings {
                ambiguity_detection: LogLevel::Warn,
                ..Default::default()
            });
            schedule.set_executor(SingleThreadedExecutor::new());
        });
        app.configure_sets(
            Frame,
            (
                FrameSystems::Begin,
                FrameSystems::Ingest,
                FrameSystems::Gc,
                FrameSystems::ApplyCommands,
                FrameSystems::BlueprintQuery,
                FrameSystems::QueryResults,
                FrameSystems::Overrides,
                FrameSystems::ContextSystems,
                FrameSystems::Visualizers,
                FrameSystems::Present,
                FrameSystems::End,
            )
                .chain(),
        );
    }
}
