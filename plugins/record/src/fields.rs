//! Fields of archetypes that were logged of entities. Those that an entity has no more are emptied: without that, they would hold on.

use arrow_array::{Array as _, ArrayRef, new_empty_array};
use bevy_ecs::{entity_disabling::Disabled, prelude::*, query::Allow, system::SystemParam};
use chronoscope_store::ComponentDescriptor;
use rustc_hash::FxHashMap;

use crate::WorldRecorder;

/// The cells of a row.
pub(crate) type Cells = Vec<(ComponentDescriptor, ArrayRef)>;

/// The fields that were logged of entities for one reason, such as a component that they have.
#[derive(Debug, Default)]
pub(crate) struct LoggedFields {
    /// Those of all entities, without instances.
    empty: Cells,
    /// Which of them an entity has: a bit each.
    of_entities: FxHashMap<Entity, u64>,
}

impl LoggedFields {
    /// The row of an entity that has these fields alone from now on: with those that it had before, and has no more, emptied.
    #[cfg(any(feature = "assets", feature = "gizmos", feature = "lights", feature = "text"))]
    pub(crate) fn row(&mut self, entity: Entity, archetype: &impl chronoscope_types::AsComponents) -> Cells {
        let mut row = archetype.components();
        let has = self.bits_of(&row);
        let had = self.of_entities.insert(entity, has).unwrap_or_default();
        row.extend(self.emptied(had & !has));
        row
    }

    /// Says that an entity has these fields, beside those that it had before.
    pub(crate) fn add(&mut self, entity: Entity, row: &[(ComponentDescriptor, ArrayRef)]) {
        let has = self.bits_of(row);
        *self.of_entities.entry(entity).or_default() |= has;
    }

    /// The row of an entity that has none of its fields any more. It has no cells where there were none.
    pub(crate) fn take(&mut self, entity: Entity) -> Cells {
        let had = self.of_entities.remove(&entity).unwrap_or_default();
        self.emptied(had).collect()
    }

    fn bits_of(&mut self, row: &[(ComponentDescriptor, ArrayRef)]) -> u64 {
        let mut bits = 0;
        for (descriptor, array) in row {
            let known = self.empty.iter().position(|(known, _)| known == descriptor);
            let at = known.unwrap_or_else(|| {
                let empty = new_empty_array(array.data_type());
                self.empty.push((descriptor.clone(), empty));
                self.empty.len() - 1
            });
            // No archetype has that many.
            bits |= 1_u64.checked_shl(at as u32).unwrap_or_default();
        }
        bits
    }

    fn emptied(&self, bits: u64) -> impl Iterator<Item = (ComponentDescriptor, ArrayRef)> {
        let fields = self.empty.iter().take(64).enumerate();
        fields
            .filter(move |(at, _)| (bits >> *at) & 1 == 1)
            .map(|(_, field)| field.clone())
    }
}

/// Entities that have lost a component of which something is recorded.
#[derive(SystemParam)]
pub(crate) struct Lost<'w, 's, T: Component> {
    removed: RemovedComponents<'w, 's, T>,
    having: Query<'w, 's, (), (With<T>, Allow<Disabled>)>,
    entities: Query<'w, 's, (), Allow<Disabled>>,
}

impl<T: Component> Lost<'_, '_, T> {
    /// Those that have lost it since this was asked, in order.
    ///
    /// While nothing is recorded, nobody hears of them: in the first frame after that, all are looked at of which something was logged.
    pub(crate) fn read(&mut self, fields: &LoggedFields, recorder: &WorldRecorder) -> Vec<Entity> {
        let Self { removed, having, .. } = self;
        let logged = recorder.resumes.then(|| fields.of_entities.keys().copied());
        let removed = removed.read().chain(logged.into_iter().flatten());
        let mut lost: Vec<Entity> = removed.filter(|entity| !having.contains(*entity)).collect();
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    /// Empties what was logged of those that have lost it, at their paths or at a part below these. Who is gone is cleared. Returns them.
    pub(crate) fn record(
        &mut self,
        fields: &mut LoggedFields,
        recorder: &mut WorldRecorder,
        part: Option<&str>,
    ) -> Vec<Entity> {
        let lost = self.read(fields, recorder);
        for entity in &lost {
            self.end(*entity, fields, recorder, part);
        }
        lost
    }

    /// The same for one that has it no more, or has it in vain. Returns whether there was something to empty.
    pub(crate) fn end(
        &self,
        entity: Entity,
        fields: &mut LoggedFields,
        recorder: &mut WorldRecorder,
        part: Option<&str>,
    ) -> bool {
        let row = fields.take(entity);
        let Some(slot) = recorder.slots.find(entity) else {
            return false;
        };
        if !self.entities.contains(entity) {
            recorder.remove(slot);
            return false;
        }
        // Nothing else may tell of its end.
        recorder.slots.watched.push(slot);
        let path = recorder.slots.path(slot).filter(|_| !row.is_empty());
        let path = path.map(|path| part.map_or_else(|| path.clone(), |part| path.child(part)));
        let is_emptied = path.is_some();
        if let Some(path) = path {
            recorder.log_or_report(path, &row);
        }
        is_emptied
    }
}
