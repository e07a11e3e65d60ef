//! What picking answers for rows: of an entity that shows several, each is told by an id of its own.

use std::collections::hash_map::Entry;

use chronoscope_store::{EntityId, RowId};
use rustc_hash::FxHashMap;

use super::SpatialScene;

/// The first id of rows, of which there are as many. Those of entities lie below.
const FIRST: u32 = 1 << 29;

/// The rows that a scene shows, by what picking answers for them.
#[derive(Default)]
pub(super) struct PickedRows {
    by_id: FxHashMap<u32, (EntityId, RowId)>,
    last: u32,
}

/// The ids of the rows that one visual of an entity shows.
pub(super) type RowIds = FxHashMap<RowId, u32>;

impl PickedRows {
    /// The row of an id; `None` where there is none, or no longer.
    pub(super) fn get(&self, id: u32) -> Option<(EntityId, RowId)> {
        self.by_id.get(&id).copied()
    }

    /// Gives ids to the rows of an entity that have none yet, and takes those back that are shown no longer.
    ///
    /// Cost: the rows.
    pub(super) fn follow(&mut self, entity: EntityId, ids: &mut RowIds, rows: impl Iterator<Item = RowId>) {
        let mut before = std::mem::take(ids);
        for row in rows {
            let id = before.remove(&row).unwrap_or_else(|| self.add(entity, row));
            ids.insert(row, id);
        }
        self.remove(&before);
    }

    /// Takes ids back.
    pub(super) fn remove(&mut self, ids: &RowIds) {
        for id in ids.values() {
            self.by_id.remove(id);
        }
    }

    /// An answer may come frames after its row is gone, so an id is not given again soon.
    fn add(&mut self, entity: EntityId, row: RowId) -> u32 {
        loop {
            self.last = (self.last + 1) % FIRST;
            let id = FIRST + self.last;
            if let Entry::Vacant(free) = self.by_id.entry(id) {
                free.insert((entity, row));
                return id;
            }
        }
    }

    /// The heap bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.by_id.capacity() * size_of::<(u32, (EntityId, RowId))>()
    }
}

impl SpatialScene {
    /// The entity that picking answered, and the row where it shows several. `None` where the row is gone.
    pub(crate) fn picked(&self, picking_id: u32) -> Option<(EntityId, Option<RowId>)> {
        if picking_id >= FIRST {
            let (entity, row) = self.picked_rows.get(picking_id)?;
            return Some((entity, Some(row)));
        }
        let entity = EntityId::from_index(picking_id.checked_sub(1)? as usize);
        Some((entity, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_stay_keep_their_ids() {
        let rows: Vec<RowId> = (0..4).map(RowId::from_u128).collect();
        let entity = EntityId::from_index(7);
        let (mut picked, mut ids) = (PickedRows::default(), RowIds::default());
        picked.follow(entity, &mut ids, rows[..3].iter().copied());
        let before = ids.clone();
        assert!(before.values().all(|id| (FIRST..1 << 30).contains(id)));
        picked.follow(entity, &mut ids, rows[1..].iter().copied());
        assert_eq!(ids.len(), 3);
        for row in &rows[1..3] {
            assert_eq!(ids.get(row), before.get(row));
            assert_eq!(picked.get(before[row]), Some((entity, *row)));
        }
        assert_eq!(picked.get(before[&rows[0]]), None, "gone");
        assert!(!before.values().any(|id| *id == ids[&rows[3]]), "a new one");
        picked.remove(&ids);
        assert!(ids.values().all(|id| picked.get(*id).is_none()));
    }
}
