//! The recorder of a world: what it knows of entities, and what waits to be sent.

use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy_ecs::{change_detection::Tick as ChangeTick, prelude::*};
use chronoscope_frame::{DiffLog, Recordings, Report, Reports};
use chronoscope_log::{LogError, MemorySink, Recorder};
use chronoscope_store::{Chunk, ChunkError, EntityPath, StoreId};
use chronoscope_types::{LogMessage, ViewCoordinates};

use crate::{
    RecordSettings,
    component_rows::RecordedComponents,
    rows::{Gone, Identity, Pose},
    shown::ShownSlots,
    slots::{Slot, SlotId, Slots, Standing},
    ticks::{FRAME_TIMELINE, NamedTime, Tick, Ticks},
    tracks::{FlushLimits, NewRows, Row, Tracks},
};

/// The recorder of this world. [`RecordPlugin`](crate::RecordPlugin) makes it.
///
/// Systems may log beside it, at the times of the frame: [`Self::log`] is the recording's own
/// [`Recorder`](chronoscope_log::Recorder).
#[derive(Resource)]
pub struct WorldRecorder {
    pub(crate) recorder: Recorder,
    pub(crate) viewer: Option<MemorySink>,
    pub(crate) settings: RecordSettings,
    pub(crate) ticks: Ticks,
    pub(crate) slots: Slots,
    pub(crate) identities: Tracks<Identity>,
    pub(crate) gone: Tracks<Gone>,
    pub(crate) poses: Tracks<Pose>,
    /// Frames until now, from zero on.
    pub(crate) frame: i64,
    /// Is added to what the time sources say, so that a fork goes on from the time that it branched at.
    shift: Vec<i64>,
    /// The times of the first frame of a fork that has not begun yet.
    begins_at: Vec<NamedTime>,
    pub(crate) deadline: Option<Instant>,
    /// The app ends with this frame: nothing waits for another one.
    pub(crate) is_last_frame: bool,
    /// Whose rows are sent first.
    pub(crate) shown: ShownSlots,
    /// Nothing is recorded: the world shows a time that is past.
    pub(crate) is_paused: bool,
    /// What is to be recorded of the time in which nothing was.
    pub(crate) while_paused: WhilePaused,
    /// This frame is the first that is recorded after some in which nothing was.
    pub(crate) resumes: bool,
    /// Everything is recorded in this frame, whether it changed or not.
    pub(crate) records_all: bool,
    /// What was reported already.
    pub(crate) reported: BTreeSet<String>,
    pub(crate) reports: Vec<Report>,
}

impl WorldRecorder {
    pub(crate) fn new(recorder: Recorder, viewer: Option<MemorySink>, settings: RecordSettings) -> Self {
        Self {
            recorder,
            viewer,
            ticks: Ticks::default(),
            slots: Slots::new(settings.root.clone()),
            settings,
            identities: Tracks::default(),
            gone: Tracks::default(),
            poses: Tracks::default(),
            frame: -1,
            shift: Vec::new(),
            begins_at: Vec::new(),
            deadline: None,
            is_last_frame: false,
            shown: ShownSlots::default(),
            is_paused: false,
            records_all: false,
            while_paused: WhilePaused::default(),
            resumes: false,
            reported: BTreeSet::new(),
            reports: Vec::new(),
        }
    }

    /// The recording.
    pub fn id(&self) -> &StoreId {
        self.recorder.id()
    }

    /// Logs to the recording at the times of this frame.
    pub fn log(&self) -> &Recorder {
        &self.recorder
    }

    /// Frames since the recording began: that of the first is 0, and -1 before it.
    pub fn frame(&self) -> i64 {
        self.frame
    }

    /// Whether the world is recorded now. It is not while it shows a time that is past.
    pub fn is_recording(&self) -> bool {
        !self.is_paused
    }

    /// The path under which an entity is recorded, if it is.
    pub fn path_of(&self, entity: Entity) -> Option<&EntityPath> {
        self.slots.path(self.slots.find(entity)?)
    }

    /// The entity that is recorded under a path now, if one is.
    ///
    /// For something that was clicked on in the viewer: see [`WorldRecorder::entity_of`] for a path of which only an ancestor is
    /// an entity.
    pub fn entity_at(&self, path: &EntityPath) -> Option<Entity> {
        Some(self.slots.get(self.slots.find_path(path)?)?.entity)
    }

    /// The entity that is recorded under a path, or nearest above it.
    pub fn entity_of(&self, path: &EntityPath) -> Option<Entity> {
        self.entity_at(path)
            .or_else(|| path.ancestors().find_map(|above| self.entity_at(&above)))
    }

    /// Whether rows wait to be sent, those of components aside.
    pub fn is_waiting(&self) -> bool {
        !(self.identities.is_empty() && self.gone.is_empty() && self.poses.is_empty())
    }

    /// The bytes of what is known of entities, and of the rows that wait, those of components aside. Cost: O(1).
    pub fn heap_bytes(&self) -> usize {
        self.slots.heap_bytes()
            + self.identities.heap_bytes()
            + self.gone.heap_bytes()
            + self.poses.heap_bytes()
    }

    /// Tells a user something, once.
    pub fn report_once(&mut self, report: Report) {
        if self
            .reported
            .insert(format!("{:?} {}", report.entity, report.message))
        {
            self.reports.push(report);
        }
    }

    /// Sends all that waits, however long that takes, and waits until the sinks have it.
    ///
    /// # Errors
    /// If a sink has failed since the last time.
    pub fn flush(world: &mut World) -> Result<(), LogError> {
        let sent = Self::send_all(world);
        let recorder = world.get_resource::<Self>();
        sent.and(recorder.map_or(Ok(()), |recorder| recorder.recorder.flush()))
    }

    /// Sends all that waits, however long that takes.
    ///
    /// # Errors
    /// If something that was logged is no valid chunk.
    pub(crate) fn send_all(world: &mut World) -> Result<(), LogError> {
        if !world.contains_resource::<Self>() {
            return Ok(());
        }
        world.resource_scope(|world, mut recorder: Mut<Self>| {
            recorder.deadline = None;
            let sent = recorder.recorder.send_waiting();
            world.resource_scope(|world, mut components: Mut<RecordedComponents>| {
                recorder.send_rows(&mut components, Stores::of(world).as_mut());
            });
            sent
        })
    }

    /// Begins a frame: rows are at these times from now on, one per timeline. What changes after this tick of the engine is later.
    pub(crate) fn begin(&mut self, clocks: &[i64], changes: ChangeTick) {
        self.frame += 1;
        self.shift.resize(clocks.len(), 0);
        for (timeline, begin) in std::mem::take(&mut self.begins_at) {
            let mut timelines = self.ticks.timelines().iter();
            if let Some(at) = timelines.position(|known| **known.name() == *timeline) {
                self.shift[at] = begin.saturating_sub(clocks[at]);
            }
        }
        let times = clocks.iter().zip(&self.shift);
        let times = times.map(|(clock, shift)| clock.saturating_add(*shift));
        self.ticks.push(times, changes);
        for (timeline, time) in self.ticks.latest() {
            self.recorder.set_time(timeline, time);
        }
        self.slots.moved.clear();
        self.slots.enabled.clear();
    }

    /// The times of the latest frame.
    pub(crate) fn times(&self) -> Vec<NamedTime> {
        let latest = self.ticks.latest();
        latest
            .map(|(timeline, time)| (timeline.name().to_string(), time))
            .collect()
    }

    /// Goes on in another recording, whose first frame is at these times.
    pub(crate) fn branch(&mut self, recorder: Recorder, begins_at: Vec<NamedTime>) {
        self.recorder = recorder;
        self.ticks = Ticks::new(self.ticks.timelines().to_vec());
        self.slots = Slots::new(self.settings.root.clone());
        self.shown = ShownSlots::default();
        if let Some((_, frame)) = begins_at.iter().find(|(timeline, _)| timeline == FRAME_TIMELINE) {
            self.frame = frame.saturating_sub(1);
        }
        self.begins_at = begins_at;
        self.records_all = true;
    }

    /// Records all of the world in the next frame, with who is there: the store of the viewer has nothing of what was sent before.
    pub(crate) fn begin_anew(&mut self) {
        self.records_all = true;
        self.slots.refresh();
        let axes = ViewCoordinates::right_hand_y_up();
        if let Err(error) = self.recorder.log_static(self.settings.root.clone(), &axes) {
            self.report_once(Report::error(RECORDER, error.to_string()));
        }
    }

    /// The entities to record again, in order: these, those that have another path now, and `all` where everything is recorded.
    #[cfg(any(feature = "assets", feature = "gizmos"))]
    pub(crate) fn due(
        &self,
        mut entities: rustc_hash::FxHashSet<Entity>,
        all: impl Iterator<Item = Entity>,
    ) -> Vec<Entity> {
        entities.extend(self.slots.moved_entities());
        if self.records_all {
            entities.extend(all);
        }
        let mut entities: Vec<Entity> = entities.into_iter().collect();
        entities.sort_unstable();
        entities
    }

    pub(crate) fn tick(&self) -> Tick {
        self.ticks.now()
    }

    /// What makes rows of this frame, for a system that makes many.
    pub(crate) fn new_rows(&self) -> NewRows {
        NewRows::new(&self.recorder, self.tick())
    }

    /// A row of this frame.
    pub(crate) fn new_row<V>(&self, value: V) -> Row<V> {
        Row {
            id: self.recorder.reserve_row_ids(1),
            tick: self.tick(),
            value,
        }
    }

    /// Records that an entity is gone, with all below it.
    pub(crate) fn remove(&mut self, slot: SlotId) {
        if self.slots.remove(slot).is_none() {
            return;
        }
        let row = self.new_row(Gone);
        self.gone.push(slot, row);
        self.slots.gone.push_back(slot);
    }

    /// What waits of entities that have another path now belongs to the one before, which is cleared.
    pub(crate) fn leave_paths(&mut self, components: &mut RecordedComponents) {
        for (slot, before) in std::mem::take(&mut self.slots.moved) {
            self.send_rows_of(slot, &before, components);
            let row = self.new_row(Gone);
            self.gone.push(slot, row);
            if let Some(chunk) = self.gone.take(slot, &before, &self.ticks) {
                self.send(chunk);
            }
            self.slots.moved.push((slot, before));
        }
    }

    /// Sends all that waits of an entity, as rows of a path.
    pub(crate) fn send_rows_of(
        &mut self,
        slot: SlotId,
        path: &EntityPath,
        components: &mut RecordedComponents,
    ) {
        let mut of_components = Vec::new();
        components.take(slot, path, &self.ticks, |chunk| of_components.push(chunk));
        let waiting = [
            self.identities.take(slot, path, &self.ticks),
            self.gone.take(slot, path, &self.ticks),
            self.poses.take(slot, path, &self.ticks),
        ];
        for chunk in waiting.into_iter().flatten().chain(of_components) {
            self.send(chunk);
        }
    }

    /// Sends a chunk to all sinks. What is wrong with it is reported.
    pub(crate) fn send(&mut self, chunk: Result<Chunk, ChunkError>) {
        match chunk {
            Ok(chunk) => self.recorder.send_chunk(chunk),
            Err(error) => self.report_once(Report::error(RECORDER, error.to_string())),
        }
    }

    /// Sends rows, within the limits of the frame, and what else was logged to the viewer in this app.
    pub(crate) fn send_rows(
        &mut self,
        components: &mut RecordedComponents,
        mut stores: Option<&mut Stores<'_>>,
    ) {
        if let (Some(viewer), Some(stores)) = (&self.viewer, stores.as_deref_mut()) {
            stores.take(viewer);
        }
        let limits = FlushLimits {
            deadline: self.deadline,
            max_rows: self.settings.max_rows,
            first: self.shown.slots(),
        };
        let Self {
            recorder,
            viewer,
            ticks,
            slots,
            identities,
            gone,
            poses,
            ..
        } = self;
        let mut errors = Vec::new();
        let mut send = |chunk: Result<Chunk, ChunkError>| {
            match chunk {
                Ok(chunk) => recorder.send_chunk(chunk),
                Err(error) => errors.push(error),
            }
            // What the store costs counts, too.
            if let (Some(viewer), Some(stores)) = (viewer.as_ref(), stores.as_deref_mut()) {
                stores.take(viewer);
            }
        };
        let path_of = |slot: &Slot| slot.path.clone();
        // Who is there comes first, but none takes more than half of the time that is left: while ever more are born, those that are
        // there move, and where more moves than can be sent, components come, too.
        identities.flush(limits.half(), ticks, slots, path_of, &mut send);
        gone.flush(limits.half(), ticks, slots, path_of, &mut send);
        poses.flush(limits.half(), ticks, slots, path_of, &mut send);
        components.flush(limits, ticks, slots, &mut send);
        // What these leave of it is for what moves.
        if !limits.is_over() {
            poses.flush(limits, ticks, slots, path_of, &mut send);
        }
        for error in errors {
            self.report_once(Report::error(RECORDER, error.to_string()));
        }
        while let Some(&slot) = self.slots.gone.front()
            && !self.has_rows_of(slot)
            && !components.has_rows_of(slot)
        {
            self.slots.gone.pop_front();
        }
    }

    /// Whether rows of an entity wait to be sent, those of components aside.
    fn has_rows_of(&self, slot: SlotId) -> bool {
        self.identities.has_rows_of(slot) || self.gone.has_rows_of(slot) || self.poses.has_rows_of(slot)
    }
}

impl fmt::Debug for WorldRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldRecorder")
            .field("id", self.id())
            .field("times", &self.times())
            .field("is_paused", &self.is_paused)
            .finish_non_exhaustive()
    }
}

/// What happened to the world while it showed a time that is past, and nothing was recorded.
#[derive(Debug, Default)]
pub(crate) struct WhilePaused {
    /// Entities that are gone.
    pub(crate) gone: Vec<Entity>,
    /// All others, where they stood at the time that was shown last.
    pub(crate) standing: Vec<Standing>,
    /// Those of them to which the app gave another parent, or none.
    pub(crate) moved: Vec<Entity>,
    /// Those whose transforms were taken away.
    pub(crate) nowhere: Vec<Entity>,
    /// Components that were taken away: the place of their rows, and the entity.
    pub(crate) removed: Vec<(usize, Entity)>,
}

/// The name of the recorder in reports.
pub(crate) const RECORDER: &str = "recorder";

/// The stores of the viewer in this app.
pub(crate) struct Stores<'a> {
    pub(crate) recordings: &'a mut Recordings,
    pub(crate) log: &'a mut DiffLog,
    pub(crate) reports: &'a mut Reports,
}

impl<'a> Stores<'a> {
    /// The stores of a world, where it has a viewer.
    pub(crate) fn of(world: &'a mut World) -> Option<Self> {
        let mut state = bevy_ecs::system::SystemState::<(
            Option<ResMut<Recordings>>,
            Option<ResMut<DiffLog>>,
            Option<ResMut<Reports>>,
        )>::new(world);
        let (recordings, log, reports) = state.get_mut(world).ok()?;
        Some(Self {
            recordings: recordings?.into_inner(),
            log: log?.into_inner(),
            reports: reports?.into_inner(),
        })
    }

    /// Puts what was logged into the stores, as it is.
    pub(crate) fn take(&mut self, sink: &MemorySink) {
        for message in sink.take() {
            match message {
                LogMessage::Chunk { store, chunk } => {
                    let entity = chunk.entity_path().clone();
                    if let Err(error) = self.recordings.insert(self.log, &store, chunk) {
                        let report = Report::entity_warning(RECORDER, entity, error.to_string());
                        self.reports.push(report);
                    }
                }
                LogMessage::StoreInfo(info) => {
                    let is_new = self.recordings.find(&info.id).is_none();
                    let entry = self.recordings.open(&info.id);
                    if entry.source_name.is_empty() {
                        entry.source_name = Arc::from("this app");
                    }
                    entry.info = info;
                    if is_new {
                        self.log.push(chronoscope_frame::DiffEntry::Recordings);
                    }
                }
                LogMessage::AbsentChunks { .. } | LogMessage::ActivateBlueprint { .. } => {}
            }
        }
    }
}

/// The moment until which a frame may send.
pub(crate) fn deadline(budget: Duration) -> Option<Instant> {
    Instant::now().checked_add(budget)
}
