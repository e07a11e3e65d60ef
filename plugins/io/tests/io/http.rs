//! Files on web servers: they are read as files are, whole, in parts, and from servers that fail.

use std::{path::Path, sync::Arc};

use chronoscope_io::{
    LoadEvent, LoadSettings, LogMessage, RrdWriter, SourceStatus, index_file, open_files, read_file,
};
use chronoscope_store::{ChunkSourceError, StoreId, Timeline};
use chronoscope_types::{Scalars, TextLog, log_chunk};

use crate::{
    data,
    index::{index, next},
    same,
    web_server::{Behavior, WebServer},
};

fn file() -> Vec<u8> {
    std::fs::read(data("scene.rrd")).unwrap()
}

/// A recording that is larger than what is read ahead of it, with a footer where that is wanted.
fn large(has_footer: bool) -> Vec<u8> {
    let store = StoreId::recording("app", "large");
    let mut writer = RrdWriter::new(std::io::Cursor::new(Vec::new())).unwrap();
    let mut state = 1_u64;
    for frame in 0..60 {
        let times = [(Timeline::sequence("frame"), frame)];
        // Text that cannot be compressed away.
        let text: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + (state >> 58) as u8)
        })
        .take(40_000)
        .collect();
        let chunk = log_chunk(format!("/text/{frame}"), times, &TextLog::new(text)).unwrap();
        writer.write_chunk(&store, &chunk).unwrap();
        let chunk = log_chunk(
            "/value",
            [(Timeline::sequence("frame"), frame)],
            &Scalars::new([1.0]),
        );
        writer.write_chunk(&store, &chunk.unwrap()).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    if !has_footer {
        // It ends as if its program had been killed.
        bytes.truncate(bytes.len() - 16);
    }
    bytes
}

fn check_reads(behavior: Behavior) -> WebServer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("same.rrd");
    std::fs::write(&path, &behavior.file).unwrap();
    let server = WebServer::new(behavior);
    let (expected, expected_reports) = read_file(&path);
    let (messages, reports) = read_file(server.url("same.rrd"));
    assert_eq!(reports.len(), expected_reports.len(), "{reports:?}");
    assert_eq!(messages.len(), expected.len());
    assert!(messages.iter().zip(&expected).all(|(a, b)| same(a, b)));
    server
}

/// What is said of a file that cannot be opened.
fn refused(server: &WebServer) -> String {
    let (messages, reports) = read_file(server.url("file.rrd?token=1"));
    assert!(messages.is_empty());
    let [report] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!(&*report.source, server.url("file.rrd?token=1"));
    report.message.clone()
}

fn answer(head: &str) -> String {
    let behavior = Behavior {
        refusal: Some(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n")),
        ..Behavior::of(file())
    };
    refused(&WebServer::new(behavior))
}

#[test]
fn a_file_is_read_from_servers_of_all_kinds() {
    for gives_parts in [true, false] {
        for says_length in [true, false] {
            let server = check_reads(Behavior {
                gives_parts,
                says_length,
                ..Behavior::of(file())
            });
            assert_eq!(server.asked(), ["0-"], "it is asked for once");
        }
    }
}

#[test]
fn what_is_cut_off_is_asked_for_from_there() {
    let server = check_reads(Behavior {
        cut_after: 100_000,
        ..Behavior::of(large(true))
    });
    let asked = server.asked();
    assert!(asked.len() > 10, "{asked:?}");
    assert_eq!(asked[1], "100000-");
}

#[test]
fn what_is_cut_off_and_not_given_in_parts_is_kept_and_reported() {
    let server = WebServer::new(Behavior {
        gives_parts: false,
        cut_after: 1_000_000,
        ..Behavior::of(large(true))
    });
    let (messages, reports) = read_file(server.url("large.rrd"));
    assert!(messages.len() > 40, "{}", messages.len());
    let [report] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert!(report.message.contains("beyond byte"), "{report}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_file_that_changes_meanwhile_is_not_joined_from_two() {
    let server = WebServer::new(Behavior {
        cut_after: 1_000_000,
        changes_at: 1,
        ..Behavior::of(large(true))
    });
    let (messages, reports) = read_file(server.url("large.rrd"));
    assert!(messages.len() > 40);
    assert!(
        reports[0].message.contains("changed on the server"),
        "{reports:?}"
    );
}

#[test]
fn large_recordings_are_indexed_and_read_in_parts() {
    let bytes = large(true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.rrd");
    std::fs::write(&path, &bytes).unwrap();
    let expected = index(&path);
    let server = WebServer::new(Behavior::of(bytes.clone()));
    let indexed = index(Path::new(&server.url("large.rrd")));
    assert!(indexed.reports.is_empty(), "{:?}", indexed.reports);
    let ([(_, known, source)], [(_, expected, expected_source)]) = (&indexed.known[..], &expected.known[..])
    else {
        panic!("one recording")
    };
    let ids =
        |chunks: &[chronoscope_store::AbsentChunk]| chunks.iter().map(|chunk| chunk.id).collect::<Vec<_>>();
    assert_eq!(ids(known), ids(expected));
    assert!(server.asked().len() < 8, "{:?}", server.asked());
    for id in [known[0].id, known[7].id, known[119].id] {
        source.want(&[id]);
        expected_source.want(&[id]);
        let (chunk, expected) = (next(&**source).unwrap(), next(&**expected_source).unwrap());
        assert_eq!(
            (chunk.id(), chunk.components()),
            (expected.id(), expected.components())
        );
    }
}

#[test]
fn a_recording_without_an_index_is_sent_once() {
    let bytes = large(false);
    let server = WebServer::new(Behavior::of(bytes));
    let mut num_chunks = 0;
    for event in index_file(server.url("large.rrd"), Arc::default(), 0) {
        if let LoadEvent::Message(message) = event {
            assert!(!matches!(message, LogMessage::AbsentChunks { .. }));
            num_chunks += message.num_chunks();
        }
    }
    assert_eq!(num_chunks, 120);
    let asked = server.asked();
    assert_eq!(
        asked.iter().filter(|range| range.ends_with('-')).count(),
        1,
        "{asked:?}"
    );
}

#[test]
fn parts_that_do_not_come_are_errors_of_their_chunks() {
    let server = WebServer::new(Behavior::of(large(true)));
    let indexed = index(Path::new(&server.url("large.rrd")));
    server.change();
    let (_, known, source) = &indexed.known[0];
    let failed = (0..known.len()).step_by(30).find_map(|at| {
        source.want(&[known[at].id]);
        next(&**source).err()
    });
    let Some(ChunkSourceError::Read { source, .. }) = failed else {
        panic!("{failed:?}")
    };
    assert!(source.to_string().contains("changed on the server"), "{source}");
}

#[test]
fn what_servers_answer_is_said() {
    assert!(answer("404 Not Found").ends_with("could not be opened: the server answered 404 Not Found"));
    assert!(answer("403 Forbidden").contains("403 Forbidden"));
    assert!(answer("206 Partial Content\r\nContent-Range: bytes 5-9/100").contains("another part"));
    assert!(answer("302 Found\r\nLocation: /file.rrd").contains("more than 8 times"));
    assert!(answer("416 Range Not Satisfiable").contains("is empty"));
    let page = Behavior {
        says_length: true,
        ..Behavior::of(*b"<!DOCTYPE html><html><body>Please log in</body></html>")
    };
    assert!(refused(&WebServer::new(page)).contains("looks like a web page"));
}

#[test]
fn servers_that_are_none_are_errors() {
    let nothing = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let said = |link: &str| {
        let (_, reports) = read_file(link);
        reports[0].to_string()
    };
    let text = said(&format!("http://{nothing}/file.rrd"));
    assert!(
        text.contains("could not be opened") && text.contains("file.rrd"),
        "{text}"
    );
    assert!(said("http://").contains("not a link"));
    assert!(said("http://host name/file.rrd").contains("not a link"));
    assert!(!said(&format!("http://user:secret@{nothing}/file.rrd")).contains("secret"));
    // It speaks, but not the protocol.
    let server = WebServer::new(Behavior {
        refusal: Some("SSH-2.0-OpenSSH\r\n\r\n".to_owned()),
        ..Behavior::of(file())
    });
    assert!(refused(&server).contains("could not be opened"));
    // Nor does what is not encrypted answer where that is asked for.
    assert!(said(&format!("https://{}/file.rrd", server.address)).contains("could not be opened"));
}

#[test]
fn several_files_are_opened_together_and_can_be_canceled() {
    let server = WebServer::new(Behavior::of(large(true)));
    let paths = [
        server.url("a.rrd"),
        server.url("b.rrd"),
        data("scene.rrd").display().to_string(),
    ];
    let handles = open_files(paths, &LoadSettings::default());
    for handle in &handles {
        while let Some(event) = handle.recv() {
            assert!(!matches!(event, LoadEvent::Report(_)), "{event:?}");
        }
        assert_eq!(handle.status(), SourceStatus::Finished);
    }
    let handles = open_files([server.url("c.rrd")], &LoadSettings::default());
    handles[0].cancel();
    while handles[0].recv().is_some() {}
    assert!(!handles[0].status().is_open());
}
