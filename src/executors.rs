//! Which threads the engine's systems run on.

use bevy::{
    core_pipeline::{Core2d, Core3d},
    ecs::schedule::{ScheduleLabel, SingleThreadedExecutor},
    prelude::*,
    render::{ExtractSchedule, Render, RenderApp, renderer::RenderGraph},
};

/// Has the engine's own schedules run their systems one after the other, in an app that is a viewer: there are many, each with next to
/// nothing to do, and to hand such a system to another thread takes longer than to run it. `Update` and the fixed schedules, where apps do
/// their own work, keep the engine's executor.
///
/// Precondition: the engine's plugins were added.
pub(crate) fn run_one_after_the_other(app: &mut App) {
    fn set(app: &mut SubApp, label: impl ScheduleLabel) {
        app.edit_schedule(label, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::new());
        });
    }
    let main = app.main_mut();
    set(main, First);
    set(main, PreUpdate);
    set(main, SpawnScene);
    set(main, PostUpdate);
    set(main, Last);
    let Some(render) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    set(render, ExtractSchedule);
    set(render, RenderGraph);
    set(render, Core2d);
    set(render, Core3d);
    // There the surfaces of windows are made on the main thread, to which only the other executor hands systems.
    if cfg!(not(target_vendor = "apple")) {
        set(render, Render);
    }
}
