//! A store so simple that it is right: every row in a list, every query a scan.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_store::{
    CLEAR_COMPONENT, Chunk, ChunkId, ComponentColumn, ComponentDescriptor, EntityPath, RowId, TimeColumn,
    TimeRange, Timeline,
    arrow::{
        Array as _, ArrayRef, BooleanArray, Int32Array, ListArray, cast::AsArray as _, types::Int32Type,
    },
};

/// What a row says of a component: nothing, or instances.
pub(crate) type Cell = Option<Vec<i32>>;

pub(crate) const ENTITIES: [&str; 5] = ["/", "/a", "/a/b", "/a/b/c", "/d"];
pub(crate) const TIMELINES: [&str; 3] = ["frame", "step", "tick"];
/// The last one clears: an instance of 1 is recursive, of 0 flat.
pub(crate) const COMPONENTS: [&str; 3] = ["Test:x", "Test:y", CLEAR_COMPONENT];
pub(crate) const CLEAR: usize = 2;

/// A row to be.
#[derive(Clone, Debug)]
pub(crate) struct RowSpec {
    pub(crate) row_id: u64,
    pub(crate) times: [i64; 3],
    pub(crate) cells: [Cell; 3],
}

/// A chunk to be.
#[derive(Clone, Debug)]
pub(crate) struct ChunkSpec {
    pub(crate) entity: usize,
    /// Which of the timelines the rows lie on; static where neither.
    pub(crate) timelines: [bool; 3],
    pub(crate) rows: Vec<RowSpec>,
}

impl ChunkSpec {
    pub(crate) fn is_static(&self) -> bool {
        self.timelines == [false; 3]
    }

    pub(crate) fn build(&self, id: ChunkId) -> Chunk {
        let timelines = (0..3).filter(|&at| self.timelines[at]).map(|at| {
            TimeColumn::new(
                Timeline::sequence(TIMELINES[at]),
                self.rows.iter().map(|row| row.times[at]).collect::<Vec<_>>(),
            )
        });
        let components = (0..3)
            .filter(|&at| self.rows.iter().any(|row| row.cells[at].is_some()) || at == 0)
            .map(|at| {
                let cells = self.rows.iter().map(|row| row.cells[at].clone());
                let ints = ListArray::from_iter_primitive::<Int32Type, _, _>(
                    cells.map(|c| c.map(|c| c.into_iter().map(Some))),
                );
                let lists = if at == CLEAR { to_bools(&ints) } else { ints };
                ComponentColumn::new(ComponentDescriptor::partial(COMPONENTS[at]), lists)
            });
        let row_ids: Vec<RowId> = self
            .rows
            .iter()
            .map(|row| RowId::from_u128(u128::from(row.row_id)))
            .collect();
        Chunk::new(
            id,
            EntityPath::parse(ENTITIES[self.entity]),
            row_ids,
            timelines,
            components,
        )
        .unwrap()
    }
}

fn to_bools(ints: &ListArray) -> ListArray {
    let values: BooleanArray = ints
        .values()
        .as_primitive::<Int32Type>()
        .iter()
        .map(|value| value.map(|v| v != 0))
        .collect();
    let field = Arc::new(arrow_schema::Field::new("item", values.data_type().clone(), true));
    ListArray::new(
        field,
        ints.offsets().clone(),
        Arc::new(values),
        ints.nulls().cloned(),
    )
}

/// The instances that an answer holds.
pub(crate) fn instances(cell: &ArrayRef) -> Vec<i32> {
    match cell.as_any().downcast_ref::<Int32Array>() {
        Some(ints) => ints.values().to_vec(),
        None => cell
            .as_boolean()
            .iter()
            .map(|value| i32::from(value == Some(true)))
            .collect(),
    }
}

/// A row found: its time (`None` where static), its id, and what it holds.
pub(crate) type Found = (Option<i64>, u64, Vec<i32>);

#[derive(Clone, Debug)]
pub(crate) struct ModelChunk {
    pub(crate) spec: ChunkSpec,
    pub(crate) loaded: bool,
}

/// All chunks, by id.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) chunks: BTreeMap<ChunkId, ModelChunk>,
}

impl Model {
    /// All rows of a series that are loaded (or all), ordered by (time, row id).
    pub(crate) fn rows(
        &self,
        entity: usize,
        timeline: Option<usize>,
        component: usize,
        absent_too: bool,
    ) -> Vec<Found> {
        let mut rows: Vec<Found> = self
            .chunks
            .values()
            .filter(|chunk| chunk.loaded || absent_too)
            .map(|chunk| &chunk.spec)
            .filter(|spec| {
                spec.entity == entity && timeline.map_or(spec.is_static(), |at| spec.timelines[at])
            })
            .flat_map(|spec| &spec.rows)
            .filter_map(|row| {
                Some((
                    timeline.map(|at| row.times[at]),
                    row.row_id,
                    row.cells[component].clone()?,
                ))
            })
            .collect();
        rows.sort();
        rows
    }

    pub(crate) fn is_static(&self, entity: usize, component: usize) -> bool {
        !self.rows(entity, None, component, true).is_empty()
    }

    /// The answer before clears, and the times for which it holds.
    pub(crate) fn series_at(
        &self,
        entity: usize,
        timeline: usize,
        time: i64,
        component: usize,
    ) -> (Option<Found>, TimeRange) {
        if self.is_static(entity, component) {
            return (
                self.rows(entity, None, component, false).pop(),
                TimeRange::EVERYTHING,
            );
        }
        let rows = self.rows(entity, Some(timeline), component, false);
        let hit = rows.iter().rfind(|row| row.0 <= Some(time)).cloned();
        // Where a chunk begins is known, also of one that is not loaded.
        let all = self.rows(entity, Some(timeline), component, true);
        let next = all
            .iter()
            .filter_map(|row| row.0)
            .find(|row_time| *row_time > time);
        let min = hit.as_ref().and_then(|hit| hit.0).unwrap_or(i64::MIN);
        (hit, TimeRange::new(min, next.map_or(i64::MAX, |next| next - 1)))
    }

    /// The answer with clears: of each entity above the latest clear hides a row, where it is recursive and at or after the row's
    /// (time, row id); on the entity itself also a flat one.
    pub(crate) fn latest_at(
        &self,
        entity: usize,
        timeline: usize,
        time: i64,
        component: usize,
    ) -> Option<Found> {
        let hit = self.series_at(entity, timeline, time, component).0?;
        if component == CLEAR {
            return Some(hit);
        }
        let hides = |ancestor: usize| {
            let clear = self.rows(ancestor, None, CLEAR, false).pop().or_else(|| {
                let clears = self.rows(ancestor, Some(timeline), CLEAR, false);
                clears.into_iter().rfind(|clear| clear.0 <= Some(time))
            });
            clear.is_some_and(|clear| {
                let reaches = ancestor == entity || clear.2.first().is_some_and(|&recursive| recursive != 0);
                let is_above = match (clear.0, hit.0) {
                    (None, Some(_)) => true,
                    (Some(_), None) => false,
                    _ => (clear.0, clear.1) >= (hit.0, hit.1),
                };
                reaches && is_above
            })
        };
        let path = EntityPath::parse(ENTITIES[entity]);
        let mut above = (0..ENTITIES.len()).filter(|&at| path.starts_with(&ENTITIES[at].into()));
        (!above.any(hides)).then_some(hit)
    }
}
