//! What is passed on, to readers that are there and to those that come late.

use std::sync::Arc;

use chronoscope_io::{LoadEvent, SourceHandle};
use chronoscope_live::{Link, Relay, connect};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{LogMessage, TextLog, log_chunk};

use crate::{Stage, in_words, info, large_row, recording, row};

fn stage(relay: &Relay) -> (Stage, Link) {
    let stage = Stage::with(|settings| settings.relay = Some(relay.clone()));
    let link = Link::local(stage.server.address().port());
    (stage, link)
}

fn static_row(entity: &str, text: &str) -> LogMessage {
    let times: [(Timeline, i64); 0] = [];
    LogMessage::Chunk {
        store: recording(),
        chunk: Arc::new(log_chunk(entity, times, &TextLog::new(text)).unwrap()),
    }
}

fn read(reader: &SourceHandle, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    while words.len() < count {
        match reader.recv() {
            Some(LoadEvent::Message(message)) => words.extend(in_words(&message)),
            other => panic!("{other:?}"),
        }
    }
    words
}

#[test]
fn early_and_late_readers_get_the_same() {
    let relay = Relay::new(1 << 20);
    let (stage, link) = stage(&relay);
    let early = connect(&stage.runtime, &link, Default::default());
    let sent = [
        info(&recording()),
        row(&recording(), "/a", 1),
        static_row("/map", "map"),
    ];
    sent.iter().for_each(|message| relay.push(message).unwrap());
    let expected = ["info run", "run /a [1]", "run /map "];
    assert_eq!(read(&early, 3), expected);
    let late = connect(&stage.runtime, &link, Default::default());
    assert_eq!(read(&late, 3), expected);
    relay.push(&row(&recording(), "/a", 2)).unwrap();
    for reader in [early, late] {
        assert_eq!(read(&reader, 1), ["run /a [2]"]);
    }
}

#[test]
fn what_is_old_is_dropped_and_what_is_static_is_kept() {
    let relay = Relay::new(100_000);
    let (stage, link) = stage(&relay);
    let blueprint = StoreId::blueprint("app", "layout");
    relay.push(&info(&recording())).unwrap();
    relay.push(&static_row("/map", "first")).unwrap();
    relay.push(&row(&blueprint, "/view", 0)).unwrap();
    for _ in 0..20 {
        relay.push(&large_row(&recording(), 20_000)).unwrap();
    }
    relay.push(&static_row("/map", "second")).unwrap();
    relay.push(&row(&recording(), "/a", 9)).unwrap();
    let state = relay.state();
    assert!(state.bytes <= 100_000 && state.dropped > 10, "{state:?}");
    let late = read(
        &connect(&stage.runtime, &link, Default::default()),
        state.messages,
    );
    assert_eq!(late[..2], ["info run", "layout /view [0]"]);
    assert_eq!(late[late.len() - 2..], ["run /map ", "run /a [9]"]);
    assert_eq!(late.iter().filter(|message| *message == "run /map ").count(), 1);
    assert!(
        late.iter()
            .filter(|message| *message == "run large [0]" || *message == "run /large [0]")
            .count()
            >= 2
    );
}

#[test]
fn what_is_new_comes_first_where_that_is_wanted() {
    let relay = Relay::newest_first(1 << 20);
    let (stage, link) = stage(&relay);
    relay.push(&info(&recording())).unwrap();
    for frame in 1..4 {
        relay.push(&row(&recording(), "/a", frame)).unwrap();
    }
    relay.push(&static_row("/map", "map")).unwrap();
    let late = connect(&stage.runtime, &link, Default::default());
    let kept = ["info run", "run /map ", "run /a [3]", "run /a [2]", "run /a [1]"];
    assert_eq!(read(&late, 5), kept);
    relay.push(&row(&recording(), "/a", 4)).unwrap();
    assert_eq!(read(&late, 1), ["run /a [4]"]);
}

#[test]
fn static_data_alone_is_bounded_too() {
    let relay = Relay::new(50_000);
    for number in 0..2_000 {
        relay
            .push(&static_row(&format!("/entity/{number}"), "text"))
            .unwrap();
    }
    assert!(relay.state().bytes <= 50_000, "{:?}", relay.state());
}

#[test]
fn what_is_larger_than_all_that_is_kept_is_passed_on() {
    let relay = Relay::new(10_000);
    let (stage, link) = stage(&relay);
    let reader = connect(&stage.runtime, &link, Default::default());
    relay.push(&info(&recording())).unwrap();
    assert_eq!(read(&reader, 1), ["info run"]);
    relay.push(&static_row("/map", "map")).unwrap();
    assert_eq!(read(&reader, 1), ["run /map "]);
    for _ in 0..3 {
        relay.push(&large_row(&recording(), 50_000)).unwrap();
        assert_eq!(read(&reader, 1), ["run /large [0]"]);
    }
    relay.push(&row(&recording(), "/a", 1)).unwrap();
    assert_eq!(read(&reader, 1), ["run /a [1]"]);
    assert!(relay.state().bytes <= 10_000, "{:?}", relay.state());
    let late = connect(&stage.runtime, &link, Default::default());
    assert_eq!(read(&late, 3), ["info run", "run /map ", "run /a [1]"]);
}

#[test]
fn blueprints_that_are_replaced_are_dropped() {
    let relay = Relay::new(100_000);
    let (stage, link) = stage(&relay);
    let push = |name: &str, [make_active, make_default]: [bool; 2]| {
        let blueprint = StoreId::blueprint("app", name);
        relay.push(&info(&blueprint)).unwrap();
        relay.push(&large_row(&blueprint, 20_000)).unwrap();
        let activation = LogMessage::ActivateBlueprint {
            blueprint,
            make_active,
            make_default,
        };
        relay.push(&activation).unwrap();
    };
    relay.push(&row(&recording(), "/a", 1)).unwrap();
    for number in 0..20 {
        push(&format!("both {number}"), [true, true]);
    }
    push("active", [true, false]);
    push("default", [false, true]);
    push("never shown", [false, false]);
    let late = connect(&stage.runtime, &link, Default::default());
    let mut expected = vec!["run /a [1]".to_owned()];
    for name in ["active", "default", "never shown"] {
        expected.extend([
            format!("info {name}"),
            format!("{name} /large [0]"),
            format!("activate {name}"),
        ]);
    }
    assert_eq!(read(&late, expected.len()), expected);
    assert_eq!(relay.state().messages, expected.len());
}

#[test]
fn a_reader_that_is_gone_costs_nothing() {
    let relay = Relay::new(1 << 20);
    let (stage, link) = stage(&relay);
    relay.push(&info(&recording())).unwrap();
    for _ in 0..300 {
        let reader = connect(&stage.runtime, &link, Default::default());
        assert_eq!(read(&reader, 1), ["info run"]);
    }
}
