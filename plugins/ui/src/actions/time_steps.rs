//! Steps of the time cursor: by a length of time, to where something was logged to the selection; and speeds.

use chronoscope_frame::{Item, LoopMode, TimeCommand};
use chronoscope_store::{ChunkStore, ComponentId, EntityId, TimeRange, TimeType, TimelineId};

use crate::pass::Pass;

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Back,
    Forward,
}

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// 0.1 s, or one of a sequence.
    Small,
    /// 1 s, or ten of a sequence.
    Large,
}

impl Step {
    fn length(self, time_type: TimeType) -> i64 {
        match (self, time_type) {
            (Self::Small, TimeType::Sequence) => 1,
            (Self::Large, TimeType::Sequence) => 10,
            (Self::Small, _) => 100_000_000,
            (Self::Large, _) => 1_000_000_000,
        }
    }
}

/// Moves the cursor by a length of time, within all times that there are.
pub(super) fn step(pass: &mut Pass<'_>, step: Step, direction: Direction) {
    let Some((store, timeline, time)) = place(pass) else {
        return;
    };
    let length = step.length(store.timeline(timeline).time_type());
    let all = store.time_range(timeline);
    let to = match direction {
        Direction::Back => time.saturating_sub(length).max(all.min),
        Direction::Forward => time.saturating_add(length).min(all.max),
    };
    go_to(pass, time, to);
}

/// Moves the cursor to the nearest time at which something was logged to what is selected, or below it.
pub(super) fn step_to_event(pass: &mut Pass<'_>, direction: Direction) {
    let Some((store, timeline, time)) = place(pass) else {
        return;
    };
    let events = pass.selection().selected.iter().filter_map(|item| {
        let entity = store.entity_id(item.entity()?)?;
        match item {
            Item::Component { component, .. } => {
                let component = store.component_id(component)?;
                nearest(store, timeline, time, direction, entity, Some(component))
            }
            _ => nearest_below(store, timeline, time, direction, entity),
        }
    });
    let to = match direction {
        Direction::Back => events.max(),
        Direction::Forward => events.min(),
    };
    if let Some(to) = to {
        go_to(pass, time, to);
    }
}

/// Plays so many times as fast as before; at normal speed where nothing is given.
pub(super) fn change_speed(pass: &mut Pass<'_>, factor: Option<f64>) {
    let speed = pass.time_control().map(chronoscope_frame::TimeControl::speed);
    if let Some(speed) = speed {
        let speed = factor.map_or(1.0, |factor| (speed * factor).clamp(1.0 / 64.0, 64.0));
        pass.time(TimeCommand::SetSpeed(speed));
    }
}

/// Selects the times from the cursor on, or up to it, and repeats them. The other end stays where it is, if it can.
pub(super) fn repeat(pass: &mut Pass<'_>, direction: Direction) {
    let Some((store, timeline, time)) = place(pass) else {
        return;
    };
    let all = store.time_range(timeline);
    let selected = pass.selected_times().unwrap_or(all);
    let range = match direction {
        Direction::Forward if selected.max > time => TimeRange::new(time, selected.max),
        Direction::Forward => TimeRange::new(time, all.max),
        Direction::Back if selected.min < time => TimeRange::new(selected.min, time),
        Direction::Back => TimeRange::new(all.min, time),
    };
    if range.min < range.max {
        pass.time(TimeCommand::SetLoopSelection(Some(range)));
        pass.time(TimeCommand::SetLoop(LoopMode::Selection));
    }
}

/// The times that are to be saved: those that are selected, else all.
pub(super) fn range_to_save(pass: &Pass<'_>) -> Option<TimeRange> {
    let (store, timeline, _) = place(pass)?;
    let selected = pass.selected_times();
    Some(selected.unwrap_or_else(|| store.time_range(timeline)))
}

fn place<'a>(pass: &Pass<'a>) -> Option<(&'a ChunkStore, TimelineId, i64)> {
    let cursor = pass.cursor()?;
    Some((pass.store()?, cursor.timeline?, cursor.time))
}

/// As the other steps do, this pauses.
fn go_to(pass: &mut Pass<'_>, from: i64, to: i64) {
    if from != to {
        pass.time(TimeCommand::Pause);
        pass.time(TimeCommand::SetTime(to));
    }
}

/// Entities below one that are looked at.
const MAX_ENTITIES: usize = 10_000;

fn nearest_below(
    store: &ChunkStore,
    timeline: TimelineId,
    time: i64,
    direction: Direction,
    entity: EntityId,
) -> Option<i64> {
    let mut best: Option<i64> = None;
    let mut stack = vec![entity];
    for _ in 0..MAX_ENTITIES {
        let Some(entity) = stack.pop() else { break };
        let found = nearest(store, timeline, time, direction, entity, None);
        best = match direction {
            Direction::Back => best.max(found),
            Direction::Forward => best.into_iter().chain(found).min(),
        };
        stack.extend(store.tree().children(entity));
    }
    best
}

/// The nearest time of a row of an entity before or after a time. Of chunks that are not loaded, the ends are known.
fn nearest(
    store: &ChunkStore,
    timeline: TimelineId,
    time: i64,
    direction: Direction,
    entity: EntityId,
    component: Option<ComponentId>,
) -> Option<i64> {
    let wanted = match direction {
        Direction::Back => TimeRange::new(i64::MIN, time.checked_sub(1)?),
        Direction::Forward => TimeRange::new(time.checked_add(1)?, i64::MAX),
    };
    let name = store.timeline(timeline).name();
    let mut best: Option<i64> = None;
    let mut take = |found: i64| {
        if wanted.contains(found) {
            best = Some(match (direction, best) {
                (_, None) => found,
                (Direction::Back, Some(best)) => best.max(found),
                (Direction::Forward, Some(best)) => best.min(found),
            });
        }
    };
    store.visit_chunks(entity, timeline, wanted, |meta, is_loaded| {
        let range = meta.time_range(timeline);
        if !is_loaded && component.is_none_or(|component| meta.has_component(component)) {
            take(range.min);
            take(range.max);
        }
    });
    for chunk in store.chunks_of(entity) {
        let Some(column) = chunk
            .timeline(name)
            .filter(|column| column.range().intersects(&wanted))
        else {
            continue;
        };
        let of_component = component.map(|component| chunk.component(&store.descriptor(component).component));
        match of_component {
            None => column.times().iter().copied().for_each(&mut take),
            Some(None) => {}
            Some(Some(values)) => {
                let times = column.times().iter().enumerate();
                let with_value = times.filter(|(row, _)| values.is_valid(*row));
                with_value.for_each(|(_, time)| take(*time));
            }
        }
    }
    best
}
