//! The rows of components of the app's own that wait to become chunks.

use std::sync::{Arc, LazyLock};

use bevy_ecs::{component::ComponentId, prelude::*};
use bevy_reflect::{ParsedPath, PartialReflect, ReflectPath as _, ReflectRef, TypeRegistry};
use chronoscope_log::Recorder;
use chronoscope_store::{Chunk, ChunkError, ComponentColumn, ComponentDescriptor, EntityPath};
use chronoscope_types::Scalars;

use crate::{
    columns, reflect,
    slots::{Slot, SlotId, Slots},
    ticks::Ticks,
    tracks::{FlushLimits, NewRows, Row, RowColumns, Tracks},
};

/// What is recorded of components.
#[derive(Resource, Default)]
pub(crate) struct RecordedComponents {
    /// Component types whose values are recorded, for those who write them back.
    pub(crate) types: Vec<RecordedComponent>,
    /// Per component type.
    rows: Vec<ComponentRows>,
}

/// A component type whose values are recorded.
#[derive(Clone)]
pub(crate) struct RecordedComponent {
    pub(crate) type_path: &'static str,
    pub(crate) column: Arc<str>,
    pub(crate) restore: reflect::Restore,
    /// Takes it away. Returns whether it was there.
    pub(crate) remove: fn(&mut EntityWorldMut) -> bool,
    /// The place of its rows.
    pub(crate) rows: usize,
    pub(crate) component: fn(&World) -> Option<ComponentId>,
}

/// The rows of a component type that wait.
pub(crate) struct ComponentRows {
    name: String,
    descriptor: Arc<ComponentDescriptor>,
    values: Option<Tracks<Value>>,
    fields: Vec<Field>,
}

/// A field that is recorded as a scalar, and its rows that wait.
pub(crate) struct Field {
    text: String,
    path: ParsedPath,
    /// Whether a number was recorded of any entity. Where not, there is nothing to empty.
    has_numbers: bool,
    tracks: Tracks<Option<f64>>,
}

impl RecordedComponents {
    /// Adds a component type. Returns the place of its rows.
    pub(crate) fn add(&mut self, rows: ComponentRows) -> usize {
        self.rows.push(rows);
        self.rows.len() - 1
    }

    /// Whether there is a component type of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|rows| rows.name == name)
    }

    /// The rows at a place.
    pub(crate) fn rows_mut(&mut self, at: usize) -> Option<&mut ComponentRows> {
        self.rows.get_mut(at)
    }

    /// The bytes of the rows that wait. Cost: O(component types and fields).
    pub(crate) fn heap_bytes(&self) -> usize {
        let of_type = |rows: &ComponentRows| {
            let fields = rows.fields.iter().map(|field| field.tracks.heap_bytes());
            rows.values.as_ref().map_or(0, Tracks::heap_bytes) + fields.sum::<usize>()
        };
        self.rows.iter().map(of_type).sum()
    }

    /// Whether rows wait.
    pub(crate) fn is_waiting(&self) -> bool {
        self.num_waiting() > 0
    }

    /// Of how many component types and fields rows wait.
    fn num_waiting(&self) -> u32 {
        let of_type = |rows: &ComponentRows| {
            let values = rows.values.iter().filter(|values| !values.is_empty());
            let fields = rows.fields.iter().filter(|field| !field.tracks.is_empty());
            (values.count() + fields.count()) as u32
        };
        self.rows.iter().map(of_type).sum()
    }

    /// Whether rows of an entity wait. Cost: O(component types and fields).
    pub(crate) fn has_rows_of(&self, slot: SlotId) -> bool {
        self.rows.iter().any(|rows| {
            rows.values
                .as_ref()
                .is_some_and(|values| values.has_rows_of(slot))
                || rows.fields.iter().any(|field| field.tracks.has_rows_of(slot))
        })
    }

    /// What waits of an entity that had another path before, as chunks there.
    pub(crate) fn take(
        &mut self,
        slot: SlotId,
        before: &EntityPath,
        ticks: &Ticks,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        for rows in &mut self.rows {
            if let Some(values) = &mut rows.values {
                values.take(slot, before, ticks).into_iter().for_each(&mut send);
            }
            for field in &mut rows.fields {
                let path = field_path(&rows.name, &field.text, before);
                field
                    .tracks
                    .take(slot, &path, ticks)
                    .into_iter()
                    .for_each(&mut send);
            }
        }
    }

    /// Sends rows as chunks, within the limits. All types and fields have the same share of the time.
    pub(crate) fn flush(
        &mut self,
        limits: FlushLimits<'_>,
        ticks: &Ticks,
        slots: &Slots,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        let mut num_left = self.num_waiting();
        let mut next_limits = || {
            let limits = limits.share_of(num_left);
            num_left = num_left.saturating_sub(1);
            limits
        };
        for rows in &mut self.rows {
            if let Some(values) = rows.values.as_mut().filter(|values| !values.is_empty()) {
                let path_of = |slot: &Slot| slot.path.clone();
                values.flush(next_limits(), ticks, slots, path_of, &mut send);
            }
            let fields = rows.fields.iter_mut().filter(|field| !field.tracks.is_empty());
            for Field { text, tracks, .. } in fields {
                let path_of = |slot: &Slot| field_path(&rows.name, text, &slot.path);
                tracks.flush(next_limits(), ticks, slots, path_of, &mut send);
            }
        }
    }
}

fn field_path(name: &str, field: &str, path: &EntityPath) -> EntityPath {
    path.child(name).child(field)
}

/// A value as text; nothing where the component was taken away.
#[derive(Debug)]
struct Value {
    text: Option<Box<str>>,
    descriptor: Arc<ComponentDescriptor>,
}

impl RowColumns for Value {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let texts = rows.iter().map(|row| row.value.text.as_deref());
        Ok(vec![columns::texts(&first.value.descriptor, texts)?])
    }

    fn heap_bytes(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.len())
    }
}

/// A number of a field; nothing where the component was taken away.
impl RowColumns for Option<f64> {
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError> {
        static DESCRIPTOR: LazyLock<ComponentDescriptor> = LazyLock::new(|| Scalars::SCALARS.descriptor());
        let values = rows.iter().map(|row| row.value);
        Ok(vec![columns::scalars(&DESCRIPTOR, values)?])
    }
}

impl Field {
    /// The field of a name, which is parsed already.
    pub(crate) fn new(text: String, path: ParsedPath) -> Self {
        Self {
            text,
            path,
            has_numbers: false,
            tracks: Tracks::default(),
        }
    }
}

impl ComponentRows {
    /// Those of a component type, by its name: of its values, where they are recorded, and of fields.
    pub(crate) fn new(
        name: String,
        descriptor: ComponentDescriptor,
        has_values: bool,
        fields: Vec<Field>,
    ) -> Self {
        Self {
            name,
            descriptor: Arc::new(descriptor),
            values: has_values.then(Tracks::default),
            fields,
        }
    }

    /// Adds the rows of a value.
    ///
    /// # Errors
    /// A sentence about what cannot be recorded of it.
    pub(crate) fn push(
        &mut self,
        recorder: &Recorder,
        new_rows: &mut NewRows,
        registry: &TypeRegistry,
        slot: SlotId,
        value: &dyn PartialReflect,
    ) -> Result<(), String> {
        let mut problem = None;
        if let Some(values) = &mut self.values {
            match reflect::to_text(value, registry) {
                Ok(text) => {
                    let value = Value {
                        text: Some(text.into()),
                        descriptor: Arc::clone(&self.descriptor),
                    };
                    values.push(slot, new_rows.next(recorder, value));
                }
                Err(error) => problem = Some(format!("values of {} cannot be recorded: {error}", self.name)),
            }
        }
        for field in &mut self.fields {
            let number = field.path.reflect_element(value).ok().and_then(reflect::number);
            match number {
                Some(number) => {
                    field.has_numbers = true;
                    field.tracks.push(slot, new_rows.next(recorder, Some(number)));
                }
                // An enum may have the field in one of its variants alone.
                None if matches!(value.reflect_ref(), ReflectRef::Enum(_)) => {}
                None => problem = Some(format!("{} has no number at {:?}", self.name, field.text)),
            }
        }
        problem.map_or(Ok(()), Err)
    }

    /// Adds a row that says that the component was taken away.
    pub(crate) fn push_removal(&mut self, recorder: &Recorder, new_rows: &mut NewRows, slot: SlotId) {
        if let Some(values) = &mut self.values {
            let value = Value {
                text: None,
                descriptor: Arc::clone(&self.descriptor),
            };
            values.push(slot, new_rows.next(recorder, value));
        }
        for field in self.fields.iter_mut().filter(|field| field.has_numbers) {
            field.tracks.push(slot, new_rows.next(recorder, None));
        }
    }
}
