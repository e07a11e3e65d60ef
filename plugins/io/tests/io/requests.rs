//! Requests for single chunks: their order, their end, and files that are not what they were.

use std::{io::Write, sync::Arc};

use chronoscope_io::{LoadEvent, LogMessage, RrdWriter, index_file};
use chronoscope_store::{
    Chunk, ChunkId, ChunkSource, ChunkSourceError, ComponentDescriptor, RowId, StoreId, Timeline, arrow,
};

use crate::{
    data,
    index::{Indexed, ids, index, next, read_all, without_footer},
};

/// Writes a recording of chunks of about so many bytes each, that do not compress well.
fn record<W: Write>(chunks: u64, bytes: usize, output: W) -> W {
    let store = StoreId::recording("app", "recording");
    let mut writer = RrdWriter::new(output).unwrap();
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64
    };
    for index in 0..chunks {
        let cell: arrow::ArrayRef = Arc::new(arrow::Float64Array::from_iter_values(
            (0..bytes / 8).map(|_| noise()),
        ));
        let chunk = Chunk::builder("/data")
            .with_id(ChunkId::from_u128(u128::from(index) + 1))
            .with_row(
                RowId::from_u128(u128::from(index) + 1),
                [(Timeline::sequence("frame"), index as i64)],
                [(ComponentDescriptor::partial("Scalars:scalars"), cell)],
            );
        writer
            .write(&LogMessage::Chunk {
                store: store.clone(),
                chunk: Arc::new(chunk.build().unwrap()),
            })
            .unwrap();
    }
    writer.finish().unwrap()
}

struct OnDisk {
    folder: tempfile::TempDir,
    indexed: Indexed,
}

impl OnDisk {
    /// A recording as [`record`] makes it.
    fn of(chunks: u64, bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording.rrd");
        drop(record(chunks, bytes, std::fs::File::create(&path).unwrap()));
        Self {
            indexed: index(&path),
            folder,
        }
    }

    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording.rrd");
        std::fs::write(&path, bytes).unwrap();
        Self {
            indexed: index(&path),
            folder,
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("recording.rrd")
    }

    fn source(&self) -> &dyn ChunkSource {
        &*self.indexed.known[0].2
    }

    fn ids(&self) -> Vec<ChunkId> {
        ids(&self.indexed.known[0].1)
    }
}

fn id(id: u128) -> ChunkId {
    ChunkId::from_u128(id)
}

#[test]
fn chunks_come_in_the_order_of_the_requests() {
    let file = OnDisk::of(200, 64);
    // All lie close together, so that they are read together, and still come as they are wanted.
    let wanted: Vec<ChunkId> = (0..200).map(|index| id((index * 77) % 200 + 1)).collect();
    file.source().want(&wanted);
    // At most those that are looked at together change places.
    let got: Vec<ChunkId> = wanted.iter().map(|_| next(file.source()).unwrap().id()).collect();
    assert_eq!(got, wanted);
    assert!(file.source().try_next().is_none());
}

#[test]
fn new_requests_replace_old_ones() {
    // More than the queue holds, so that most requests are still to be read when they are replaced.
    let file = OnDisk::of(150, 1 << 20);
    file.source().want(&(1..=149).map(id).collect::<Vec<_>>());
    next(file.source()).unwrap();
    file.source().want(&[id(150)]);
    let mut others = 1;
    while next(file.source()).unwrap().id() != id(150) {
        others += 1;
    }
    // What was under way came first: the queue, and what was read together with what filled it.
    assert!(others < 90, "{others} came before");
    assert!(file.source().try_next().is_none());
}

#[test]
fn nothing_is_read_twice_unless_it_is_wanted_again() {
    let file = OnDisk::of(5, 64);
    let ids = file.ids();
    file.source().want(&[id(3)]);
    file.source().want(&[id(3), id(3), id(2)]);
    let first = [
        next(file.source()).unwrap().id(),
        next(file.source()).unwrap().id(),
    ];
    assert_eq!(first, [id(3), id(2)]);
    assert!(file.source().try_next().is_none());
    // Evicted, and wanted again.
    for _ in 0..3 {
        assert!(read_all(file.source(), &ids).values().all(Result::is_ok));
    }
    // What the source does not have is passed over.
    file.source().want(&[id(99), id(4)]);
    assert_eq!(next(file.source()).unwrap().id(), id(4));
    assert!(file.source().try_next().is_none());
}

#[test]
fn what_is_known_can_be_read_before_the_rest_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.rrd");
    std::fs::write(&path, without_footer(&record(2500, 8, Vec::new()))).unwrap();
    let mut known = Vec::new();
    for event in index_file(&path, Arc::default(), 0) {
        if let LoadEvent::Message(LogMessage::AbsentChunks { chunks, source, .. }) = event {
            let ids = ids(&chunks);
            assert!(read_all(&*source, &ids).values().all(Result::is_ok));
            known.push(ids.len());
        }
    }
    assert_eq!(known, [1024, 1024, 452]);
}

#[test]
fn a_source_that_is_dropped_ends() {
    let file = OnDisk::of(150, 1 << 20);
    file.source().want(&file.ids());
    next(file.source()).unwrap();
    let weak = Arc::downgrade(&file.indexed.known[0].2);
    let path = file.path();
    let OnDisk { folder, indexed } = file;
    drop(indexed);
    assert!(weak.upgrade().is_none(), "the reader does not keep its source");
    // The file is closed once the reader is gone.
    let is_open = || {
        let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|open| open == path)
    };
    while is_open() {
        std::thread::yield_now();
    }
    folder.close().unwrap();
}

#[test]
fn a_file_that_was_cut() {
    let bytes = record(20, 4096, Vec::new());
    let file = OnDisk::new(&bytes);
    std::fs::OpenOptions::new()
        .write(true)
        .open(file.path())
        .unwrap()
        .set_len(bytes.len() as u64 / 2)
        .unwrap();
    let bodies = read_all(file.source(), &file.ids());
    let (good, bad): (Vec<_>, Vec<_>) = bodies.values().partition(|body| body.is_ok());
    assert!(good.len() >= 8 && bad.len() >= 8, "{} {}", good.len(), bad.len());
    assert!(
        bad.iter()
            .all(|body| matches!(body, Err(ChunkSourceError::Read { .. })))
    );
    // It is tried again when it is wanted again, and the file may be back.
    std::fs::write(file.path(), &bytes).unwrap();
    assert!(read_all(file.source(), &file.ids()).values().all(Result::is_ok));
}

#[test]
fn a_file_that_changed() {
    let file = OnDisk::new(&std::fs::read(data("zoo.rrd")).unwrap());
    let bytes = std::fs::read(data("scene.rrd")).unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let ids = file.ids();
    assert!(
        read_all(file.source(), &ids)
            .values()
            .all(|body| matches!(body, Err(ChunkSourceError::Damaged { .. })))
    );
    // That is told once.
    file.source().want(&ids);
    assert!(file.source().try_next().is_none());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_gone_can_be_read_while_it_is_open() {
    let file = OnDisk::of(5, 64);
    std::fs::remove_file(file.path()).unwrap();
    assert!(read_all(file.source(), &file.ids()).values().all(Result::is_ok));
}
