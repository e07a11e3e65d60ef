//! Bytes to Arrow record batches, without trust, and without copies of what is large.
//!
//! The stream is: a continuation mark, a length, a flatbuffer with the message's metadata, padding, a body. This module
//! walks it itself, because Arrow's stream readers reserve what a length claims; `ipc_check` holds each message
//! against its body before Arrow builds arrays of it. Arrow then validates the values (offsets, UTF-8, null counts).

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{
    MessageHeader,
    reader::{read_dictionary, read_record_batch},
};
use chronoscope_store::ChunkId;

use super::{
    ipc_check::check_batch,
    schemas::{BatchSchema, Schemas},
};
use crate::error::MessageError;

/// The batch of a stream.
#[derive(Debug)]
pub(crate) struct Batch {
    pub rows: RecordBatch,
    /// What the stream says about its columns, or one before that says the same of all but the chunk's id.
    pub schema: Arc<BatchSchema>,
    /// The chunk's id, where the schema is of a stream before.
    pub id: Option<ChunkId>,
}

/// Why a stream gives no batch.
#[derive(Debug)]
pub(crate) struct BatchError {
    /// What the stream says about its columns, where it gets that far.
    pub schema: Option<Arc<BatchSchema>>,
    pub error: MessageError,
}

impl From<BatchError> for MessageError {
    fn from(failure: BatchError) -> Self {
        failure.error
    }
}

/// Metadata may be one part in so many of what arrays keep alive. Where it is more, the body is copied out of its message: it is small
/// then, since metadata is a few thousand bytes.
const METADATA_PARTS: usize = 8;

/// Reads the one record batch of a stream. Its arrays share the memory of `bytes`, unless more than an eighth of that is metadata.
pub(crate) fn read_batch(bytes: &Buffer, schemas: &mut Schemas) -> Result<Batch, BatchError> {
    let mut read = None;
    read_messages(bytes, &mut read, schemas).map_err(|error| BatchError {
        schema: read.map(|(schema, _id)| schema),
        error,
    })
}

fn read_messages(
    bytes: &Buffer,
    read: &mut Option<(Arc<BatchSchema>, Option<ChunkId>)>,
    schemas: &mut Schemas,
) -> Result<Batch, MessageError> {
    const NO_SCHEMA: MessageError = MessageError::Ipc("there is no schema before the data");
    let mut stream = bytes.clone();
    let mut dictionaries: HashMap<i64, ArrayRef> = HashMap::new();
    while let Some((metadata, rest)) = next_message(&stream)? {
        if read.is_none() {
            *read = schemas.find(&metadata);
            if read.is_some() {
                stream = rest;
                continue;
            }
        }
        // A table takes four bytes at least, so more tables than that are shared ones, which would multiply.
        let options = flatbuffers::VerifierOptions {
            max_tables: metadata.len() / 4 + 1,
            ..Default::default()
        };
        let message = arrow_ipc::root_as_message_with_opts(&options, &metadata)
            .map_err(|_error| MessageError::Flatbuffer)?;
        let body_bytes = usize::try_from(message.bodyLength())
            .ok()
            .filter(|&bytes| bytes <= rest.len())
            .ok_or(MessageError::Ipc("a body is longer than the data"))?;
        let body = rest.slice_with_length(0, body_bytes);
        stream = rest.slice(body_bytes);
        let version = message.version();
        match message.header_type() {
            MessageHeader::Schema => {
                let header = message.header_as_schema().ok_or(MessageError::Flatbuffer)?;
                *read = Some((schemas.read(&metadata, header, body_bytes)?, None));
            }
            MessageHeader::DictionaryBatch => {
                let (schema, _id) = read.as_ref().ok_or(NO_SCHEMA)?;
                let schema = &*schema.schema;
                let header = message
                    .header_as_dictionary_batch()
                    .ok_or(MessageError::Flatbuffer)?;
                let data = header.data().ok_or(MessageError::Flatbuffer)?;
                #[expect(
                    deprecated,
                    reason = "Arrow has no other way yet to find the fields of a dictionary"
                )]
                let fields = schema.fields_with_dict_id(header.id());
                let values = match fields.first().map(|field| field.data_type()) {
                    Some(arrow_schema::DataType::Dictionary(_, values)) => values,
                    _ => return Err(MessageError::Ipc("a dictionary belongs to no column")),
                };
                check_batch(&[values], data, version, &body)?;
                read_dictionary(&body, header, schema, &mut dictionaries, &version)?;
            }
            MessageHeader::RecordBatch => {
                let (schema, id) = read.clone().ok_or(NO_SCHEMA)?;
                let header = message.header_as_record_batch().ok_or(MessageError::Flatbuffer)?;
                let types: Vec<_> = schema
                    .schema
                    .fields()
                    .iter()
                    .map(|field| field.data_type())
                    .collect();
                check_batch(&types, header, version, &body)?;
                // The arrays keep all of their memory alive, which for few rows is mostly what was said about them.
                let body = if bytes.len() - body.len() > bytes.capacity() / METADATA_PARTS {
                    Buffer::from_slice_ref(body.as_slice())
                } else {
                    body
                };
                let of_rows = Arc::clone(&schema.schema);
                let rows = read_record_batch(&body, header, of_rows, &dictionaries, None, &version)?;
                return Ok(Batch { rows, schema, id });
            }
            _ => return Err(MessageError::Ipc("a message is of an unknown kind")),
        }
    }
    Err(MessageError::Ipc("there is no record batch"))
}

/// The metadata of the next message and what follows it; `None` at the end of the stream.
fn next_message(stream: &Buffer) -> Result<Option<(Buffer, Buffer)>, MessageError> {
    const CONTINUATION: u32 = u32::MAX;
    let number = |at: usize| {
        stream
            .get(at..at + 4)
            .and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
    };
    let (length, begin) = match number(0) {
        None => return Ok(None),
        Some(CONTINUATION) => (number(4).ok_or(MessageError::Ipc("it ends inside a length"))?, 8),
        // Streams before Arrow 0.15 have no mark.
        Some(length) => (length, 4),
    };
    if length == 0 {
        return Ok(None);
    }
    let length = length as usize;
    if length > stream.len() - begin {
        return Err(MessageError::Ipc("a message is longer than the data"));
    }
    Ok(Some((
        stream.slice_with_length(begin, length),
        stream.slice(begin + length),
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use arrow_array::{DictionaryArray, cast::AsArray as _, types::Int32Type};
    use arrow_ipc::writer::StreamWriter;

    use super::*;

    /// A batch of columns that each have a dictionary, of which a writer numbers all from 0 on.
    fn written(columns: &[(&str, &str)]) -> Buffer {
        let columns = columns.iter().map(|&(name, value)| {
            let column: DictionaryArray<Int32Type> = [value].into_iter().collect();
            (name, Arc::new(column) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut stream = StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
        stream.write(&batch).unwrap();
        stream.into_inner().unwrap().into()
    }

    #[test]
    fn columns_keep_their_dictionaries() {
        let mut schemas = Schemas::default();
        let batches: [&[(&str, &str)]; 6] = [
            &[("a", "1"), ("b", "2")],
            &[("b", "3")],
            &[("label", "4")],
            &[("aux", "5"), ("class", "6")],
            &[("class", "7"), ("label", "8")],
            &[("b", "9")],
        ];
        for columns in batches {
            let batch = read_batch(&written(columns), &mut schemas).unwrap().rows;
            for (column, (_, expected)) in batch.columns().iter().zip(columns) {
                let column = column.as_dictionary::<Int32Type>();
                let values = column.values().as_string::<i32>();
                assert_eq!(values.value(column.key(0).unwrap()), *expected, "{columns:?}");
            }
        }
    }
}
