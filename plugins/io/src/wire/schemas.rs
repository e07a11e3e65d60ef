//! Schemas of batches, each read once for all messages that say the same.
//!
//! A stream says what its columns are before each batch: of the batches of an entity mostly the same, save the chunk's id,
//! which stands among it. So what was said is kept with what it means, and is found again by its bytes, all but the id's.
//! A crafted message could mean more by those. So two messages of one kind have to mean the same, each by itself, before the
//! third is taken at their word.

use std::{
    hash::Hasher,
    ops::Range,
    sync::{Arc, OnceLock},
};

use arrow_ipc::convert::fb_to_schema;
use arrow_schema::Schema;
use chronoscope_store::ChunkId;
use rustc_hash::{FxHashMap, FxHasher};

use super::{
    WireError,
    ipc_check::check_schema,
    layout::Layout,
    migrate::{SharedNames, is_key, parse_id},
};
use crate::MessageError;

/// A schema, and what it says of its columns, once that was asked.
#[derive(Debug)]
pub(crate) struct BatchSchema {
    pub schema: Arc<Schema>,
    layout: OnceLock<Layout>,
}

impl BatchSchema {
    /// What its columns are.
    ///
    /// # Errors
    /// As [`Layout::new`].
    pub(crate) fn layout(&self, schemas: &mut Schemas) -> Result<&Layout, WireError> {
        if let Some(layout) = self.layout.get() {
            return Ok(layout);
        }
        let layout = Layout::new(&self.schema, &mut schemas.names)?;
        Ok(self.layout.get_or_init(|| layout))
    }
}

/// The schemas of one stream, and the names that they share.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    names: SharedNames,
    /// By the hash of their messages without the ids.
    known: FxHashMap<u64, Known>,
    known_bytes: usize,
    /// Where the ids lie in messages, the last that was found first. Empty where there is none.
    id_places: Vec<Range<usize>>,
}

#[derive(Debug)]
struct Known {
    message: Box<[u8]>,
    id_place: Range<usize>,
    schema: Arc<BatchSchema>,
    /// Whether another message with another id means the same, or there is no id.
    is_proven: bool,
}

impl Schemas {
    /// The most bytes of one schema that is kept, and of all.
    const MAX_SCHEMA_BYTES: usize = 64 << 10;
    const MAX_BYTES: usize = 8 << 20;
    const MAX_ID_PLACES: usize = 8;

    /// The schema of a message like those before, and the id in this one.
    pub(crate) fn find(&mut self, message: &[u8]) -> Option<(Arc<BatchSchema>, Option<ChunkId>)> {
        let find = |place: &Range<usize>| {
            let id = message.get(place.clone())?;
            let known = self
                .known
                .get(&hash(message, place))
                .filter(|known| known.is_proven)?;
            known.is_like(message, place).then_some(())?;
            let id = match id {
                [] => None,
                id => Some(parse_id(str::from_utf8(id).ok()?)?),
            };
            Some((Arc::clone(&known.schema), id))
        };
        let (at, found) = self
            .id_places
            .iter()
            .enumerate()
            .find_map(|(at, place)| Some((at, find(place)?)))?;
        self.id_places.swap(0, at);
        Some(found)
    }

    /// Reads the schema of a message, and keeps it for those like it, unless a body follows it, as nobody writes.
    ///
    /// # Errors
    /// Where Arrow does not know one of its types.
    pub(crate) fn read(
        &mut self,
        message: &[u8],
        header: arrow_ipc::Schema<'_>,
        body_bytes: usize,
    ) -> Result<Arc<BatchSchema>, MessageError> {
        check_schema(header)?;
        let schema = self.names.schema(fb_to_schema(header));
        let num_bytes = message.len() + num_bytes(&schema);
        let schema = Arc::new(BatchSchema {
            schema: Arc::new(schema),
            layout: OnceLock::new(),
        });
        if body_bytes == 0
            && num_bytes <= Self::MAX_SCHEMA_BYTES
            && let Some(place) = id_place(message, header)
        {
            self.keep(message, place, &schema, num_bytes);
        }
        Ok(schema)
    }

    fn keep(&mut self, message: &[u8], id_place: Range<usize>, schema: &Arc<BatchSchema>, num_bytes: usize) {
        if !self.id_places.contains(&id_place) {
            self.id_places.insert(0, id_place.clone());
            self.id_places.truncate(Self::MAX_ID_PLACES);
        }
        let hash = hash(message, &id_place);
        if let Some(known) = self.known.get_mut(&hash)
            && known.is_like(message, &id_place)
        {
            let is_another = *known.message != *message;
            known.is_proven |= is_another && means_same(&known.schema.schema, &schema.schema);
            return;
        }
        if self.known_bytes + num_bytes > Self::MAX_BYTES {
            self.known.clear();
            self.known_bytes = 0;
        }
        self.known_bytes += num_bytes;
        let known = Known {
            message: message.into(),
            is_proven: id_place.is_empty(),
            id_place,
            schema: Arc::clone(schema),
        };
        self.known.insert(hash, known);
    }
}

impl Known {
    /// Whether a message says the same, save for what stands at its id's place.
    fn is_like(&self, message: &[u8], id_place: &Range<usize>) -> bool {
        self.id_place == *id_place && without(&self.message, id_place) == without(message, id_place)
    }
}

/// What is before and behind the id. Precondition: it lies in the message.
fn without<'a>(message: &'a [u8], id_place: &Range<usize>) -> [&'a [u8]; 2] {
    [
        message.get(..id_place.start).unwrap_or_default(),
        message.get(id_place.end..).unwrap_or_default(),
    ]
}

fn hash(message: &[u8], id_place: &Range<usize>) -> u64 {
    let mut hasher = FxHasher::default();
    for part in without(message, id_place) {
        hasher.write(part);
    }
    hasher.finish()
}

/// Where the chunk's id lies in the message of a schema; empty where there is none, `None` where that is not clear.
fn id_place(message: &[u8], header: arrow_ipc::Schema<'_>) -> Option<Range<usize>> {
    let pairs = header.custom_metadata().into_iter().flatten();
    let mut ids = pairs.filter(|pair| pair.key().is_some_and(|key| is_key(key, "id")));
    let Some(id) = ids.next() else { return Some(0..0) };
    let id = id
        .value()
        .filter(|id| ids.next().is_none() && parse_id(id).is_some())?;
    let start = id.as_ptr().addr().checked_sub(message.as_ptr().addr())?;
    let place = start..start + id.len();
    (message.get(place.clone()) == Some(id.as_bytes())).then_some(place)
}

/// Whether two schemas say the same of all but the id of their chunk.
fn means_same(one: &Schema, other: &Schema) -> bool {
    one.fields() == other.fields()
        && one.metadata().len() == other.metadata().len()
        && one
            .metadata()
            .iter()
            .all(|(key, value)| is_key(key, "id") || other.metadata().get(key) == Some(value))
}

fn num_bytes(schema: &Schema) -> usize {
    let texts = schema
        .metadata()
        .iter()
        .map(|(key, value)| key.len() + value.len());
    schema.fields().size() + texts.sum::<usize>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use arrow_ipc::{
        BoolBuilder, FieldBuilder, KeyValueBuilder, MessageBuilder, MessageHeader, MetadataVersion,
        SchemaBuilder, Type, root_as_message,
    };
    use flatbuffers::FlatBufferBuilder;

    use super::*;

    /// A schema of one column. Where its name is the id, both are the same bytes.
    fn message(id: &str, column: &str) -> Vec<u8> {
        let mut builder = FlatBufferBuilder::new();
        let [id_key, id, column] = ["rerun:id", id, column].map(|text| builder.create_shared_string(text));
        let mut pair = KeyValueBuilder::new(&mut builder);
        pair.add_key(id_key);
        pair.add_value(id);
        let pair = pair.finish();
        let pairs = builder.create_vector(&[pair]);
        let bool_type = BoolBuilder::new(&mut builder).finish();
        let children = builder.create_vector::<flatbuffers::ForwardsUOffset<arrow_ipc::Field<'_>>>(&[]);
        let mut field = FieldBuilder::new(&mut builder);
        field.add_name(column);
        field.add_type_type(Type::Bool);
        field.add_type_(bool_type.as_union_value());
        field.add_children(children);
        let field = field.finish();
        let fields = builder.create_vector(&[field]);
        let mut schema = SchemaBuilder::new(&mut builder);
        schema.add_fields(fields);
        schema.add_custom_metadata(pairs);
        let schema = schema.finish();
        let mut message = MessageBuilder::new(&mut builder);
        message.add_version(MetadataVersion::V5);
        message.add_header_type(MessageHeader::Schema);
        message.add_header(schema.as_union_value());
        let message = message.finish();
        builder.finish(message, None);
        builder.finished_data().to_vec()
    }

    fn id(number: u128) -> String {
        format!("chunk_{number:032x}")
    }

    /// Whether the schema of a message was known. What it says is right in any case.
    fn is_known(schemas: &mut Schemas, number: u128, column: &str) -> bool {
        let message = message(&id(number), column);
        let found = schemas.find(&message);
        let is_known = found.is_some();
        let schema = match found {
            Some((schema, found)) => {
                assert_eq!(found, Some(ChunkId::from_u128(number)));
                schema
            }
            None => {
                let header = root_as_message(&message).unwrap().header_as_schema().unwrap();
                schemas.read(&message, header, 0).unwrap()
            }
        };
        assert_eq!(schema.schema.field(0).name(), column);
        is_known
    }

    #[test]
    fn two_that_mean_the_same_are_believed() {
        let mut schemas = Schemas::default();
        let known = [1, 1, 2, 3, 1].map(|number| is_known(&mut schemas, number, "a"));
        assert_eq!(
            known,
            [false, false, false, true, true],
            "the same once more proves nothing"
        );
        let other = [4, 5, 6].map(|number| is_known(&mut schemas, number, "b"));
        assert_eq!(other, [false, false, true], "another column is another schema");
        let longer = [7, 8, 9].map(|number| is_known(&mut schemas, number, "a longer name"));
        assert_eq!(
            longer,
            [false, false, true],
            "another length puts the id elsewhere"
        );
        assert!(is_known(&mut schemas, 10, "a"));
    }

    #[test]
    fn ids_that_mean_more_are_read_each_time() {
        let mut schemas = Schemas::default();
        for number in 0..10 {
            assert!(!is_known(&mut schemas, number, &id(number)));
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut schemas = Schemas::default();
        for number in 0..4 {
            assert!(!is_known(
                &mut schemas,
                number,
                &"a".repeat(Schemas::MAX_SCHEMA_BYTES)
            ));
        }
        for number in 0..1000 {
            is_known(&mut schemas, number, &format!("{number:020000}"));
            assert!(schemas.known_bytes <= Schemas::MAX_BYTES);
        }
        assert!(schemas.known.len() < 1000);
    }
}
