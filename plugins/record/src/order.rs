//! The order of systems that record.
//!
//! All of them write to the one recorder, and so never run at the same time: they run in the order in which they were added, so that
//! entities and rows come in the same order in each run. They do so in schedules of their own, one after the other on the thread of
//! the app: in most frames each has next to nothing to do, and to hand such a system to another thread takes longer than to run it.

use bevy_app::{App, Last};
use bevy_ecs::{
    prelude::*,
    schedule::{ScheduleConfigs, ScheduleLabel, SingleThreadedExecutor},
    system::ScheduleSystem,
};

use crate::{RecordSystems, WorldRecorder, hierarchy, is_recording, plugin};

/// What runs at a place of [`Last`].
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// In [`RecordSystems::Values`], while the world is recorded: what became of entities, and values.
    Record,
    /// In [`RecordSystems::Flush`].
    Flush,
}

/// Sets both parts up.
pub(crate) fn add_parts(app: &mut App) {
    for part in [Part::Record, Part::Flush] {
        app.init_schedule(part).edit_schedule(part, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::new());
        });
    }
    app.configure_sets(
        Part::Record,
        (RecordSystems::Entities, RecordSystems::Values).chain(),
    )
    .add_systems(
        Last,
        // They have the whole world, and would be ambiguous with all that stand in no order to them.
        (
            record
                .in_set(RecordSystems::Values)
                .run_if(is_recording)
                .ambiguous_with_all(),
            // A host may take the recorder away.
            flush
                .in_set(RecordSystems::Flush)
                .run_if(resource_exists::<WorldRecorder>)
                .ambiguous_with_all(),
        ),
    );
}

fn record(world: &mut World) {
    world.run_schedule(Part::Record);
}

fn flush(world: &mut World) {
    world.run_schedule(Part::Flush);
}

/// How many systems were added to each set.
#[derive(Resource, Default)]
struct Steps {
    entities: u32,
    values: u32,
}

/// The place of a system among those of its set.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Entities(u32),
    Values(u32),
}

/// Adds a system that records what became of entities, behind those that were added before.
pub(crate) fn add_to_entities<M>(app: &mut App, system: impl IntoScheduleConfigs<ScheduleSystem, M>) {
    let mut steps = app.world_mut().get_resource_or_init::<Steps>();
    steps.entities += 1;
    let at = steps.entities;
    let system = system
        .in_set(RecordSystems::Entities)
        .after(hierarchy::record_moves);
    add(app, system, [at - 1, at].map(Step::Entities));
}

/// Adds a system that records values, behind those that were added before.
pub(crate) fn add_to_values<M>(app: &mut App, system: impl IntoScheduleConfigs<ScheduleSystem, M>) {
    let mut steps = app.world_mut().get_resource_or_init::<Steps>();
    steps.values += 1;
    let at = steps.values;
    let system = system.in_set(RecordSystems::Values).after(plugin::record_poses);
    add(app, system, [at - 1, at].map(Step::Values));
}

fn add(app: &mut App, system: ScheduleConfigs<ScheduleSystem>, [before, step]: [Step; 2]) {
    app.add_systems(Part::Record, system.in_set(step).after(before));
}
