//! Files that are indexed: what is known at once is true, and what is read later is what a full read gives.

use std::{collections::HashMap, path::Path, sync::Arc};

use chronoscope_io::{
    LoadEvent, LoadOutcome, LoadReport, LoadSettings, LogMessage, RrdWriter, Severity, index_file,
    load_files, read_file,
};
use chronoscope_store::{
    AbsentChunk, Chunk, ChunkId, ChunkSource, ChunkSourceError, ChunkStore, StoreId, StoreKind, StoreSettings,
};

use proptest::{prelude::*, test_runner::RngSeed};

use crate::{allocations::assert_modest, data, same};

/// What comes of a file that is indexed.
pub(crate) struct Indexed {
    /// Everything but chunks that are known and not read.
    pub(crate) messages: Vec<LogMessage>,
    pub(crate) known: Vec<(StoreId, Vec<AbsentChunk>, Arc<dyn ChunkSource>)>,
    pub(crate) reports: Vec<LoadReport>,
    pub(crate) outcome: LoadOutcome,
}

pub(crate) fn index(path: &Path) -> Indexed {
    let mut indexed = Indexed {
        messages: Vec::new(),
        known: Vec::new(),
        reports: Vec::new(),
        outcome: LoadOutcome::default(),
    };
    for event in index_file(path, Arc::default(), 0) {
        match event {
            LoadEvent::Message(LogMessage::AbsentChunks {
                store,
                chunks,
                source,
            }) => {
                assert!(!chunks.is_empty() && chunks.len() <= 1024);
                let known = &mut indexed.known;
                let at = known
                    .iter()
                    .position(|(other, ..)| *other == store)
                    .unwrap_or_else(|| {
                        known.push((store, Vec::new(), Arc::clone(&source)));
                        known.len() - 1
                    });
                assert!(Arc::ptr_eq(&known[at].2, &source), "a store has one source");
                known[at].1.extend(chunks.iter().cloned());
            }
            LoadEvent::Message(message) => indexed.messages.push(message),
            LoadEvent::Report(report) => indexed.reports.push(report),
            LoadEvent::Finished { outcome, .. } => indexed.outcome = outcome,
            LoadEvent::Started { .. } | LoadEvent::Progress { .. } => {}
        }
    }
    let known: usize = indexed.known.iter().map(|(_, chunks, _)| chunks.len()).sum();
    let sent = indexed
        .messages
        .iter()
        .filter(|message| message.chunk().is_some())
        .count();
    assert_eq!(indexed.outcome.chunks, (known + sent) as u64);
    indexed
}

pub(crate) fn index_bytes(bytes: &[u8]) -> Indexed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("indexed.rrd");
    std::fs::write(&path, bytes).unwrap();
    let indexed = index(&path);
    assert_modest(bytes.len());
    indexed
}

/// Waits for the next body.
pub(crate) fn next(source: &dyn ChunkSource) -> Result<Arc<Chunk>, ChunkSourceError> {
    loop {
        if let Some(body) = source.try_next() {
            return body;
        }
        std::thread::yield_now();
    }
}

/// Wants chunks and waits for as many answers.
pub(crate) fn read_all(
    source: &dyn ChunkSource,
    ids: &[ChunkId],
) -> HashMap<ChunkId, Result<Arc<Chunk>, ChunkSourceError>> {
    source.want(ids);
    let bodies: HashMap<_, _> = (0..ids.len())
        .map(|_| next(source))
        .map(|body| {
            (
                body.as_ref()
                    .map_or_else(ChunkSourceError::id, |chunk| chunk.id()),
                body,
            )
        })
        .collect();
    assert!(source.try_next().is_none());
    bodies
}

pub(crate) fn ids(chunks: &[AbsentChunk]) -> Vec<ChunkId> {
    chunks.iter().map(|chunk| chunk.id).collect()
}

/// The file without what follows its last message.
pub(crate) fn without_footer(bytes: &[u8]) -> Vec<u8> {
    let mut at = 12;
    while bytes[at] != 0 {
        at += 16 + crate::damage::length_at(bytes, at);
    }
    [&bytes[..at], &[0; 16]].concat()
}

fn store_of(id: &StoreId) -> ChunkStore {
    ChunkStore::with_settings(id.clone(), StoreSettings::without_compaction())
}

/// Every chunk of the two stores, and every range of time.
fn assert_same_store(a: &ChunkStore, b: &ChunkStore) {
    assert_eq!(a.chunks().count(), b.chunks().count());
    for (meta, body) in a.chunks() {
        let (meta_b, body_b) = (b.chunk_meta(meta.id).unwrap(), b.chunk(meta.id).unwrap());
        let message = |chunk: &Arc<Chunk>| LogMessage::Chunk {
            store: a.id().clone(),
            chunk: Arc::clone(chunk),
        };
        assert!(same(&message(body.unwrap()), &message(body_b)));
        assert_eq!((meta.num_bytes, meta.row_ids), (meta_b.num_bytes, meta_b.row_ids));
    }
    assert_same_ranges(a, b);
}

fn assert_same_ranges(a: &ChunkStore, b: &ChunkStore) {
    for entity in a.entities() {
        let path = a.entity_path(entity);
        let entity_b = b.entity_id(path).unwrap();
        for timeline in a.timelines() {
            let name = a.timeline(timeline).name();
            let Some(timeline_b) = b.timeline_id(name) else {
                panic!("{name}")
            };
            assert_eq!(a.timeline(timeline), b.timeline(timeline_b));
            assert_eq!(
                a.entity_time_range(entity, timeline),
                b.entity_time_range(entity_b, timeline_b),
                "{path} {name}"
            );
            for component in a.components_of(entity) {
                let component_b = b.component_id(&a.descriptor(component).component).unwrap();
                assert_eq!(a.descriptor(component), b.descriptor(component_b));
                let range = a.component_time_range(entity, timeline, component);
                assert_eq!(
                    range,
                    b.component_time_range(entity_b, timeline_b, component_b),
                    "{path} {name} {component:?}"
                );
            }
        }
    }
}

/// Indexes a file and loads all of it, and holds that against a full read.
fn check(path: &Path) -> Indexed {
    let indexed = index(path);
    let (messages, _) = read_file(path);
    let is_recording =
        |message: &&LogMessage| message.chunk().is_some() && message.store().kind == StoreKind::Recording;
    let others: Vec<_> = messages.iter().filter(|message| !is_recording(message)).collect();
    assert_eq!(others.len(), indexed.messages.len());
    assert!(others.iter().zip(&indexed.messages).all(|(a, b)| same(a, b)));

    for (id, known, source) in &indexed.known {
        let chunks = messages
            .iter()
            .filter(is_recording)
            .filter(|message| message.store() == id);
        let chunks: Vec<&Arc<Chunk>> = chunks.filter_map(LogMessage::chunk).collect();
        let (mut full, mut sparse) = (store_of(id), store_of(id));
        for chunk in &chunks {
            full.insert(Arc::clone(chunk)).unwrap();
        }
        for chunk in known {
            sparse.insert_absent(chunk).unwrap();
            assert_eq!(
                chunk
                    .timelines
                    .iter()
                    .filter(|(_, range, _)| range.is_empty())
                    .count(),
                0
            );
        }
        // What is known of a chunk is what its rows say.
        for body in read_all(&**source, &ids(known)).into_values().map(Result::unwrap) {
            let meta = sparse.chunk_meta(body.id()).unwrap();
            assert_eq!(meta.num_rows as usize, body.num_rows());
            assert_eq!(meta.is_static, body.is_static());
            for times in body.timelines() {
                let timeline = sparse.timeline_id(times.timeline().name()).unwrap();
                assert_eq!(meta.time_range(timeline), times.range());
                assert!(
                    times.is_sorted()
                        || meta
                            .timelines
                            .iter()
                            .all(|column| column.timeline != timeline || !column.sorted)
                );
            }
            for column in body.components().iter().filter(|column| column.num_valid() > 0) {
                let component = sparse.component_id(column.name()).unwrap();
                assert_eq!(sparse.descriptor(component), column.descriptor());
                let num_valid = meta.component(component).unwrap().num_valid as usize;
                assert!(num_valid == column.num_valid() || meta.is_static && num_valid >= column.num_valid());
            }
        }
        // Static chunks that newer ones overwrite are gone once those are there, so that they cannot be loaded any more.
        assert_same_ranges(&full, &sparse);
        for body in read_all(&**source, &ids(known)).into_values().map(Result::unwrap) {
            if sparse.chunk_meta(body.id()).is_some() {
                sparse.load(body).unwrap();
            }
        }
        assert_same_store(&full, &sparse);
        assert!(!chunks.is_empty());
    }
    indexed
}

fn check_bytes(bytes: &[u8]) -> Indexed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("indexed.rrd");
    std::fs::write(&path, bytes).unwrap();
    let indexed = check(&path);
    assert_modest(bytes.len());
    indexed
}

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

/// The messages of a file as this program writes them.
fn written(messages: &[LogMessage]) -> Vec<u8> {
    let mut writer = RrdWriter::new(Vec::new()).unwrap();
    for message in messages {
        writer.write(message).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn by_the_footer() {
    for name in ["scene.rrd", "zoo.rrd"] {
        let indexed = check(&data(name));
        assert!(indexed.reports.is_empty(), "{:?}", indexed.reports);
        let file_bytes = std::fs::metadata(data(name)).unwrap().len();
        assert!(
            indexed.outcome.bytes_read < file_bytes / 2,
            "{} of {file_bytes} were read",
            indexed.outcome.bytes_read
        );
        // What changes the meaning of other chunks is known before them.
        let (_, known, _) = &indexed.known[0];
        let first = |chunk: &AbsentChunk| {
            chunk.timelines.is_empty()
                || chunk
                    .components
                    .iter()
                    .any(|c| &*c.descriptor.component == "Clear:is_recursive")
        };
        assert!(known.is_sorted_by_key(|chunk| !first(chunk)) && first(&known[0]));
    }
}

#[test]
fn by_reading_it_through() {
    for name in ["scene.rrd", "zoo.rrd"] {
        let bytes = bytes_of(name);
        let indexed = check_bytes(&without_footer(&bytes));
        assert!(indexed.reports.is_empty(), "{:?}", indexed.reports);
        let by_footer = index(&data(name));
        assert_eq!(
            (indexed.outcome.chunks, indexed.outcome.rows),
            (by_footer.outcome.chunks, by_footer.outcome.rows)
        );
        // Here everything is exact.
        assert!(indexed.known[0].1.iter().all(|chunk| chunk.row_ids.is_some()));
    }
}

#[test]
fn blueprints_are_sent_in_full() {
    let scene = read_file(data("scene.rrd")).0;
    let layout = read_file(data("scene_layout.rbl")).0;
    // The blueprint's messages lie between those of the recording, as the SDK sends them.
    let (begin, end) = scene.split_at(scene.len() / 2);
    let both: Vec<_> = begin.iter().chain(&layout).chain(end).cloned().collect();
    let bytes = written(&both);
    for bytes in [without_footer(&bytes), bytes] {
        let indexed = check_bytes(&bytes);
        assert!(indexed.reports.is_empty() && indexed.known.len() == 1);
        let of_layout: Vec<_> = indexed
            .messages
            .iter()
            .filter(|message| message.store() == layout[0].store())
            .collect();
        assert!(of_layout.len() == layout.len() && of_layout.iter().zip(&layout).all(|(a, b)| same(a, b)));
    }
    let path = data("scene_layout.rbl");
    assert_eq!(index(&path).messages.len(), layout.len());
}

#[test]
fn streams_that_follow_each_other() {
    let (scene, zoo) = (bytes_of("scene.rrd"), bytes_of("zoo.rrd"));
    let ours = written(&read_file(data("zoo.rrd")).0);
    let cut = without_footer(&scene);
    for (bytes, stores, scanned) in [
        ([&scene[..], &zoo].concat(), 2, 0),
        ([&zoo[..], &scene, &bytes_of("scene_layout.rbl")].concat(), 2, 0),
        ([&cut[..], &ours].concat(), 2, cut.len()),
        (
            [&zoo[..], &without_footer(&zoo), &ours].concat(),
            1,
            2 * zoo.len(),
        ),
        ([&scene[..], &scene].concat(), 1, 0),
    ] {
        let indexed = check_bytes(&bytes);
        assert!(indexed.reports.is_empty(), "{:?}", indexed.reports);
        assert_eq!(indexed.known.len(), stores);
        let footers = bytes.len() as u64 / 3;
        assert!(
            indexed.outcome.bytes_read < scanned as u64 + footers,
            "{} were read",
            indexed.outcome.bytes_read
        );
    }
}

#[test]
fn cut_files_are_read_through() {
    let bytes = bytes_of("scene.rrd");
    let whole = crate::damage::whole("scene.rrd");
    for &start in whole.starts.iter().skip(2).step_by(3) {
        for cut in [start, start + 7, start + 40] {
            let indexed = check_bytes(&bytes[..cut]);
            let chunks = whole
                .starts
                .iter()
                .filter(|&&end| end <= cut)
                .count()
                .saturating_sub(3);
            assert_eq!(indexed.outcome.chunks, chunks as u64);
            assert!(indexed.outcome.damaged && !indexed.reports.is_empty());
        }
    }
}

#[test]
fn what_lies_behind_damage_is_known_too() {
    let mut bytes = without_footer(&bytes_of("scene.rrd"));
    let whole = crate::damage::whole("scene.rrd");
    let start = whole.starts[5];
    bytes[start] ^= 0x40;
    let indexed = check_bytes(&bytes);
    assert_eq!(
        indexed.outcome.chunks as usize,
        whole.loaded.messages.len() - 2 - 1
    );
    assert!(indexed.outcome.damaged);
    assert!(
        indexed.reports[0]
            .to_string()
            .contains(&format!("no message at byte {start}"))
    );
}

#[test]
fn large_files_of_a_load_are_indexed() {
    let scene_bytes = std::fs::metadata(data("scene.rrd")).unwrap().len();
    let paths = [data("scene.rrd"), data("zoo.rrd"), data("scene_layout.rbl")];
    for (from, expected) in [
        (u64::MAX, 0),
        (64 << 20, 0),
        // It takes more in memory than it has bytes.
        (scene_bytes + 1, 1),
        (scene_bytes, 1),
        (0, 2),
    ] {
        let settings = LoadSettings {
            index_from_bytes: from,
            ..LoadSettings::default()
        };
        let handle = load_files(&paths, &settings);
        let (mut stores, mut sources, mut finished) = (Vec::new(), Vec::new(), 0);
        for event in handle.events() {
            match event {
                LoadEvent::Message(LogMessage::AbsentChunks {
                    store,
                    chunks,
                    source,
                }) => {
                    stores.push(store);
                    sources.push((ids(&chunks), source));
                }
                LoadEvent::Finished { outcome, .. } => finished += outcome.chunks,
                _ => {}
            }
        }
        stores.dedup();
        assert_eq!(stores.len(), expected);
        assert!(handle.is_finished());
        assert_eq!(
            handle.progress().bytes_read,
            handle.progress().total_bytes,
            "there is nothing left to read"
        );
        assert_eq!((handle.progress().chunks, finished), (20 + 38 + 16, 20 + 38 + 16));
        // The sources outlive the load.
        drop(handle);
        for (ids, source) in sources {
            assert!(read_all(&*source, &ids).values().all(Result::is_ok));
        }
    }
}

#[test]
fn what_is_no_recording_is_reported_as_ever() {
    let check = |bytes: &[u8], expected: &str| {
        let indexed = index_bytes(bytes);
        assert!(indexed.messages.is_empty() && indexed.known.is_empty());
        assert!(
            indexed.reports[0].to_string().ends_with(expected),
            "{:?}",
            indexed.reports
        );
        assert!(indexed.reports[0].severity > Severity::Info);
    };
    check(b"", "is empty");
    check(b"Dear diary,\n", "it looks like text");
    check(
        b"RRF2\0\x29\0\0\x07\x02\0\0",
        "has a header with unknown options [7, 2, 0, 0]",
    );
    check(
        b"RRF2\0\x29\0\0\x01\x02\0\0",
        "without an end mark: it was cut off, or the program that wrote it did not close it",
    );
}

/// The footer is whole and the messages are not: what is read is the chunk that is meant, as far as that can be known.
#[test]
fn flipped_bits_behind_a_footer() {
    let whole = crate::damage::whole("zoo.rrd");
    let messages = whole.starts[0] * 8..whole.starts[whole.starts.len() - 1] * 8;
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(17),
        ..Default::default()
    };
    proptest!(config, |(flips in prop::collection::vec(messages, 1..20))| {
        let mut bytes = whole.bytes.clone();
        for flip in &flips {
            bytes[flip / 8] ^= 1 << (flip % 8);
        }
        for (_, known, source) in index_bytes(&bytes).known {
            for (id, body) in read_all(&*source, &ids(&known)) {
                match body {
                    Ok(chunk) => {
                        let entity = known.iter().find(|chunk| chunk.id == id).map(|chunk| &chunk.entity_path);
                        prop_assert_eq!(Some(chunk.entity_path()), entity);
                    }
                    Err(error) => prop_assert!(
                        matches!(&error, ChunkSourceError::Damaged { message, .. } if !message.contains("made the decoder fail")),
                        "{error}"
                    ),
                }
            }
        }
        assert_modest(bytes.len());
    });
}
