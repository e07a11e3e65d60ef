//! Footers of recordings, with their manifests: believed only where they are true, and what they name is read.

use std::{
    io::{Cursor, Write as _},
    sync::Arc,
};

use chronoscope_io::{LoadEvent, LogMessage, RrdWriter, index_file};
use chronoscope_store::{ChunkId, ChunkStore, StoreId, Timeline};
use chronoscope_types::{Scalars, log_chunk};
use re_log_encoding::{Encodable as _, StreamFooter};
use re_protos::{common::v1alpha1::Compression, external::prost::Message as _, log_msg::v1alpha1::RrdFooter};

/// A small recording, of so many chunks of two entities.
pub(crate) fn recording(chunks: i64) -> Vec<u8> {
    let store = StoreId::recording("app", "run");
    let mut writer = RrdWriter::new(Cursor::new(Vec::new())).expect("memory takes everything");
    for frame in 0..chunks {
        let times = [(Timeline::sequence("frame"), frame)];
        let chunk = log_chunk(format!("/plots/{}", frame % 2), times, &Scalars::new([1.0]));
        let chunk = chunk.expect("it is a chunk");
        writer
            .write_chunk(&store, &chunk)
            .expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything").into_inner()
}

/// The file with its last footer replaced by these bytes, with lengths and a checksum that are right: otherwise nothing but
/// the checksum would be tried. `None` where the file has no footer.
pub(crate) fn with_footer(file: &[u8], footer: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| {
        let bytes = file.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    let start = number(file.len().checked_sub(32)?)?;
    let end_mark = start.checked_sub(16)?;
    let mut end = Vec::new();
    StreamFooter::from_rrd_footer_bytes(start as u64, footer)
        .to_rrd_bytes(&mut end)
        .ok()?;
    let length = (footer.len() as u64).to_le_bytes();
    Some([file.get(..end_mark)?, &[0; 8], &length, footer, &end].concat())
}

/// The footer of a file: what can be put back by [`with_footer`].
pub(crate) fn footer_of(file: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| {
        let bytes = file.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    let (start, length) = (
        number(file.len().checked_sub(32)?)?,
        number(file.len().checked_sub(24)?)?,
    );
    file.get(start..start.checked_add(length)?)
}

/// The footer with its manifests as they are before they are compressed, so that what is changed in it is what they say.
/// `None` where it is no footer.
pub(crate) fn uncompressed(footer: &[u8]) -> Option<Vec<u8>> {
    let mut footer = RrdFooter::decode(footer).ok()?;
    for manifest in &mut footer.manifests {
        let part = manifest.data.as_mut()?;
        let size = usize::try_from(part.uncompressed_size).ok()?;
        let payload = lz4_flex::block::decompress(part.payload.as_ref()?, size).ok()?;
        part.payload = Some(payload.into());
        part.compression = Compression::None as i32;
    }
    Some(footer.encode_to_vec())
}

/// Indexes a file, and where its footer is believed, wants everything that it says the file has. Returns the chunks that came.
/// Those of a file that is read through count as well, and are not read a second time: that would be most of the time.
pub(crate) fn run(file: &[u8]) -> usize {
    let mut on_disk = tempfile::NamedTempFile::new().expect("a folder for temporary files");
    on_disk.write_all(file).expect("room for a temporary file");
    let (mut num_wanted, mut num_read) = (0, 0);
    let mut is_believed = true;
    for event in index_file(on_disk.path(), Arc::default(), 0) {
        let (store, chunks, source) = match event {
            LoadEvent::Message(LogMessage::AbsentChunks {
                store,
                chunks,
                source,
            }) => (store, chunks, source),
            LoadEvent::Report(_) => {
                is_believed = false;
                continue;
            }
            _ => continue,
        };
        let mut into = ChunkStore::new(store);
        for chunk in chunks.iter() {
            // A store may refuse what is said.
            let _ = into.insert_absent(chunk);
        }
        let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.id).collect();
        num_wanted += ids.len();
        if !is_believed {
            num_read += ids.len();
            continue;
        }
        source.want(&ids);
        for _ in 0..ids.len() {
            let loaded = loop {
                match source.try_next() {
                    Some(loaded) => break loaded,
                    None => std::thread::yield_now(),
                }
            };
            num_read += usize::from(loaded.is_ok_and(|chunk| into.load(chunk).is_ok()));
        }
    }
    assert!(num_read <= num_wanted);
    num_read
}
