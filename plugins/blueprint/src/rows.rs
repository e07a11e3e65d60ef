//! Dropping rows of a blueprint that nothing will read again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_select::take::take;
use chronoscope_store::{
    CLEAR_COMPONENT, Chunk, ChunkError, ChunkId, ChunkStore, EntityId, EntityPath, Recording, RowId,
    StoreEvent, TimeColumn,
};
use chronoscope_types::{Component as _, components};

use crate::{BLUEPRINT_TIMELINE, BlueprintError};

/// Drops all rows after a blueprint time, which an edit after an undo has to do first: see [`crate::Edit::drop_after`].
///
/// Static rows stay. Chunks that have rows before and after the time are replaced by their rows before.
///
/// # Errors
/// Where the store does not take such a replacement.
pub fn drop_rows_after(blueprint: &mut Recording, time: i64) -> Result<Vec<StoreEvent>, BlueprintError> {
    retain_rows(blueprint, None, |at, _| at <= time)
}

/// Drops the rows of these entities (all of them for `None`) that no reader at one of these blueprint times can see: each of their
/// components was written again, and no point lies in between. Returns what changed.
///
/// Rows with clears stay, and so does what only a clear hides.
///
/// Precondition: `points` are sorted, and nobody reads at a time before the first of them.
/// Cost: all rows of the entities, whatever else there is.
///
/// # Errors
/// Where the store does not take a replacement of a chunk.
pub(crate) fn drop_superseded(
    blueprint: &mut Recording,
    entities: Option<&BTreeSet<EntityPath>>,
    points: &[i64],
) -> Result<Vec<StoreEvent>, BlueprintError> {
    let mut rows: BTreeMap<&EntityPath, Vec<(i64, RowId, Vec<&str>)>> = BTreeMap::new();
    for body in chunks_of(&blueprint.store, entities) {
        let Some(times) = body.timeline(BLUEPRINT_TIMELINE) else {
            continue;
        };
        let of_entity = rows.entry(body.entity_path()).or_default();
        for (row, (at, id)) in times.times().iter().zip(body.row_ids()).enumerate() {
            let components = body.components().iter().filter(|column| column.is_valid(row));
            of_entity.push((*at, *id, components.map(|column| &**column.name()).collect()));
        }
    }
    let is_read_between = |from: i64, to: i64| {
        let next = points.get(points.partition_point(|point| *point < from));
        next.is_some_and(|point| *point < to)
    };
    let mut superseded: BTreeSet<RowId> = BTreeSet::new();
    for rows in rows.values_mut() {
        rows.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
        // The time of the next later row, by component.
        let mut later: BTreeMap<&str, i64> = BTreeMap::new();
        for (at, id, components) in rows {
            let is_superseded = components.iter().all(|component| {
                *component != CLEAR_COMPONENT
                    && later
                        .get(component)
                        .is_some_and(|next| !is_read_between(*at, *next))
            });
            if is_superseded {
                superseded.insert(*id);
            }
            later.extend(components.iter().map(|component| (*component, *at)));
        }
    }
    if superseded.is_empty() {
        return Ok(Vec::new());
    }
    retain_rows(blueprint, entities, |_, id| !superseded.contains(&id))
}

/// The chunks of these entities; of all for `None`.
fn chunks_of<'a>(
    store: &'a ChunkStore,
    entities: Option<&BTreeSet<EntityPath>>,
) -> Box<dyn Iterator<Item = &'a Arc<Chunk>> + 'a> {
    match entities {
        None => Box::new(store.chunks().filter_map(|(_, body)| body)),
        Some(only) => {
            let ids: Vec<EntityId> = only.iter().filter_map(|path| store.entity_id(path)).collect();
            Box::new(ids.into_iter().flat_map(|entity| store.chunks_of(entity)))
        }
    }
}

/// The latest time of a clear that reaches an entity, at or before a blueprint time.
pub(crate) fn latest_clear(blueprint: &Recording, entity: &EntityPath, until: i64) -> Option<i64> {
    let mut latest = None;
    let above: BTreeSet<EntityPath> =
        std::iter::successors(Some(entity.clone()), EntityPath::parent).collect();
    for body in chunks_of(&blueprint.store, Some(&above)) {
        let (Some(times), Some(clears)) =
            (body.timeline(BLUEPRINT_TIMELINE), body.component(CLEAR_COMPONENT))
        else {
            continue;
        };
        for (row, at) in times.times().iter().enumerate() {
            let reaches = || {
                let cell = clears.cell(row)?;
                let recursive = components::ClearIsRecursive::read(&cell).ok()?.first().copied()?;
                Some(recursive || body.entity_path() == entity)
            };
            if *at <= until && Some(*at) > latest && reaches().unwrap_or(false) {
                latest = Some(*at);
            }
        }
    }
    latest
}

/// Keeps of the temporal rows of these entities (all of them for `None`) those that satisfy this, by time and id.
fn retain_rows(
    blueprint: &mut Recording,
    entities: Option<&BTreeSet<EntityPath>>,
    keep: impl Fn(i64, RowId) -> bool,
) -> Result<Vec<StoreEvent>, BlueprintError> {
    let mut dropped: Vec<ChunkId> = Vec::new();
    let mut kept: Vec<Chunk> = Vec::new();
    for body in chunks_of(&blueprint.store, entities) {
        let Some(column) = body.timeline(BLUEPRINT_TIMELINE) else {
            continue;
        };
        let rows: Vec<u32> = (0_u32..)
            .zip(column.times().iter().zip(body.row_ids()))
            .filter(|(_, (at, id))| keep(**at, **id))
            .map(|(row, _)| row)
            .collect();
        if rows.len() == body.num_rows() {
            continue;
        }
        dropped.push(body.id());
        if !rows.is_empty() {
            kept.push(take_rows(body, &rows)?);
        }
    }
    let mut events = blueprint.drop_chunks(dropped);
    for chunk in kept {
        events.extend(blueprint.insert(chunk)?);
    }
    Ok(events)
}

/// Some rows of a chunk, as a chunk of their own.
fn take_rows(chunk: &Chunk, rows: &[u32]) -> Result<Chunk, ChunkError> {
    let pick = |at: &u32| usize::try_from(*at).unwrap_or(usize::MAX);
    let row_ids: Vec<RowId> = rows
        .iter()
        .filter_map(|at| chunk.row_ids().get(pick(at)).copied())
        .collect();
    let timelines: Vec<TimeColumn> = chunk
        .timelines()
        .iter()
        .map(|column| {
            let times: Vec<i64> = rows
                .iter()
                .filter_map(|at| column.times().get(pick(at)).copied())
                .collect();
            TimeColumn::new(column.timeline().clone(), times)
        })
        .collect();
    let indices = arrow_array::UInt32Array::from(rows.to_vec());
    let mut components = Vec::with_capacity(chunk.components().len());
    for column in chunk.components() {
        let mixed = |message: String| ChunkError::MixedTypes {
            entity: chunk.entity_path().clone(),
            component: column.name().to_string(),
            message,
        };
        let taken = take(column.lists(), &indices, None).map_err(|error| mixed(error.to_string()))?;
        let lists = taken
            .as_any()
            .downcast_ref()
            .cloned()
            .ok_or_else(|| mixed("rows of lists are no lists".to_owned()))?;
        components.push(chronoscope_store::ComponentColumn::new(
            column.descriptor().clone(),
            lists,
        ));
    }
    Chunk::new(
        ChunkId::new(),
        chunk.entity_path().clone(),
        row_ids,
        timelines,
        components,
    )
}
