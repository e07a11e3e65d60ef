//! Rows for systems of the app that ask the recording: they do not wait for the frame's budget.

use std::borrow::Borrow;

use bevy_ecs::{prelude::*, system::SystemParam};
use chronoscope_frame::{DiffLog, Recordings, Report, Reports, commands::FileRequests};
use chronoscope_store::{EntityPath, Recording};
use rustc_hash::FxHashSet;

use crate::{
    WorldRecorder,
    component_rows::RecordedComponents,
    recorder::{RECORDER, Stores},
    slots::SlotId,
};

/// What this world has recorded, for a system of the app that asks for it: all rows until now, however many wait.
///
/// A frame puts only so many rows into the store of the viewer ([`RecordSettings::flush_budget`](crate::RecordSettings)), so that the
/// rows of 10,000 entities that all move are there some two seconds later. Those that are asked for here are put there at once, and
/// only those. What comes back is the recording itself: any query of it has all rows.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use chronoscope_record::RecordedRows;
/// use chronoscope_types::Transform3D;
///
/// #[derive(Component)]
/// struct Ship;
///
/// /// Where each ship was sixty frames ago.
/// fn look_back(mut rows: RecordedRows, ships: Query<Entity, With<Ship>>) -> Option<()> {
///     let paths: Vec<_> = ships.iter().filter_map(|ship| rows.path_of(ship).cloned()).collect();
///     let frame = rows.recorder()?.frame();
///     let recording = rows.at(&paths)?;
///     let store = &recording.store;
///     let timeline = store.timeline_id("frame");
///     let translation = store.component_id(&Transform3D::TRANSLATION)?;
///     for path in &paths {
///         let ship = store.entity_id(path)?;
///         let was = recording.latest_at(ship, timeline, frame - 60, translation);
///         println!("{path}: {:?}", was.cell());
///     }
///     Some(())
/// }
/// # bevy_ecs::system::assert_is_system(look_back);
/// ```
///
/// It writes to the recorder and to the viewer's stores, so that it excludes [`WorldRecorder`] as a parameter of the same system:
/// [`Self::recorder`] is that.
#[derive(SystemParam)]
pub struct RecordedRows<'w> {
    recorder: Option<ResMut<'w, WorldRecorder>>,
    components: Option<ResMut<'w, RecordedComponents>>,
    recordings: Option<ResMut<'w, Recordings>>,
    log: Option<ResMut<'w, DiffLog>>,
    reports: Option<ResMut<'w, Reports>>,
}

impl RecordedRows<'_> {
    /// The recorder, if this world is recorded.
    pub fn recorder(&self) -> Option<&WorldRecorder> {
        self.recorder.as_deref()
    }

    /// The path under which an entity is recorded, if it is.
    pub fn path_of(&self, entity: Entity) -> Option<&EntityPath> {
        self.recorder()?.path_of(entity)
    }

    /// The recording in the viewer of this app, with all rows until now of these paths and of those above them, which place them and
    /// may clear them: of entities that are there and that were, and of all that was logged by [`WorldRecorder::log`].
    /// `None` where there is no viewer that records are kept for.
    ///
    /// Cost: some fifty microseconds for each entity of which a hundred rows wait, and a look at each that is gone since the rows that
    /// wait longest; nothing for the others.
    pub fn at<P: Borrow<EntityPath>>(&mut self, paths: impl IntoIterator<Item = P>) -> Option<&Recording> {
        let (recorder, components) = (self.recorder.as_deref_mut()?, self.components.as_deref_mut()?);
        let recordings = self.recordings.as_mut()?;
        // Rows that go to files and connections alone need not hurry.
        let viewer = recorder.viewer.clone()?;
        recorder.send_rows_at(components, paths);
        if !viewer.is_empty() {
            let mut stores = Stores {
                recordings: &mut *recordings,
                log: self.log.as_deref_mut()?,
                reports: self.reports.as_deref_mut()?,
            };
            stores.take(&viewer);
        }
        Some(&recordings.find(recorder.id())?.recording)
    }
}

/// Whether something of the recordings is about to be saved.
pub(crate) fn is_saving(files: Option<Res<FileRequests>>) -> bool {
    files.is_some_and(|files| !files.exports.is_empty())
}

/// Sends all that waits.
pub(crate) fn complete_store(world: &mut World) {
    if let Err(error) = WorldRecorder::send_all(world) {
        let report = Report::error(RECORDER, error.to_string());
        world.resource_mut::<WorldRecorder>().report_once(report);
    }
}

impl WorldRecorder {
    /// Sends what waits at these paths and at those above them, and what was logged, whatever that costs.
    fn send_rows_at<P: Borrow<EntityPath>>(
        &mut self,
        components: &mut RecordedComponents,
        paths: impl IntoIterator<Item = P>,
    ) {
        if let Err(error) = self.recorder.send_waiting() {
            self.report_once(Report::error(RECORDER, error.to_string()));
        }
        let mut asked: FxHashSet<EntityPath> = FxHashSet::default();
        let mut due: Vec<SlotId> = Vec::new();
        for path in paths {
            let path: &EntityPath = path.borrow();
            for path in path.ancestors() {
                due.extend(self.slots.find_path(&path));
                if !asked.insert(path) {
                    // So were those above it.
                    break;
                }
            }
        }
        due.extend(self.slots.gone_from(&asked));
        due.sort_unstable();
        due.dedup();
        for slot in due {
            if let Some(path) = self.slots.path(slot).cloned() {
                self.send_rows_of(slot, &path, components);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use bevy_app::App;
    use bevy_ecs::system::RunSystemOnce as _;
    use bevy_time::TimePlugin;
    use bevy_transform::{TransformPlugin, components::Transform};
    use chronoscope_frame::FramePlugins;

    use super::*;
    use crate::{RecordPlugin, RecordSettings};

    #[test]
    fn who_is_gone_is_looked_at_no_longer_than_rows_of_it_wait() {
        let settings = RecordSettings {
            flush_budget: Duration::ZERO,
            ..RecordSettings::default()
        };
        let mut app = App::new();
        app.add_plugins((TimePlugin, TransformPlugin, FramePlugins))
            .add_plugins(RecordPlugin::new("gone").with_settings(settings));
        app.finish();
        app.cleanup();
        let num_gone = |app: &App| app.world().resource::<WorldRecorder>().slots.gone.len();
        // Rows of it wait all the time.
        app.world_mut().spawn((Name::new("stays"), Transform::default()));
        for _ in 0..5 {
            let drop = (Name::new("drop"), Transform::default());
            let drop = app.world_mut().spawn(drop).id();
            app.update();
            app.world_mut().despawn(drop);
            app.update();
        }
        assert_eq!(num_gone(&app), 5);
        let ask = |mut rows: RecordedRows| rows.at([EntityPath::from("/world/drop")]).is_some();
        assert!(app.world_mut().run_system_once(ask).unwrap());
        app.update();
        assert!(app.world().resource::<WorldRecorder>().is_waiting());
        assert_eq!(num_gone(&app), 0);
    }
}
