//! What is said of sources that are live, and how programs connect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};

use chronoscope_frame::{IngestSource, IngestSources, ListenLink, SourceFlow, SourcePoll};
use chronoscope_types::SourceStatus;
use egui::Pos2;

use crate::{icons, testing::Stage};

/// A sender that gives nothing, and of which a test says how it stands with it.
#[derive(Clone)]
struct Sender(Arc<Mutex<(SourceStatus, SourceFlow)>>);

impl Sender {
    fn add(stage: &mut Stage) -> Self {
        let sender = Self(Arc::new(Mutex::new((SourceStatus::Live, flow()))));
        let mut sources = stage.app.world_mut().resource_mut::<IngestSources>();
        sources.add(sender.clone());
        sender
    }

    fn set(&self, status: SourceStatus, flow: SourceFlow) {
        *self.0.lock().unwrap() = (status, flow);
    }
}

impl IngestSource for Sender {
    fn name(&self) -> &str {
        "127.0.0.1:40100"
    }

    fn poll(&mut self) -> SourcePoll {
        SourcePoll::Pending
    }

    fn status(&self) -> SourceStatus {
        self.0.lock().unwrap().0.clone()
    }

    fn flow(&self) -> Option<SourceFlow> {
        Some(self.0.lock().unwrap().1)
    }
}

fn flow() -> SourceFlow {
    SourceFlow {
        rows: 10_000,
        rows_per_sec: 1_234.4,
        bytes_per_sec: 0.0,
        delay_secs: None,
        waiting_bytes: 0,
    }
}

fn stage() -> Stage {
    Stage::with_entities(1400.0, 900.0, &["/plots"])
}

#[test]
fn a_live_source_says_its_rate_its_delay_and_what_waits() {
    let mut stage = stage();
    let sender = Sender::add(&mut stage);
    let check = |stage: &mut Stage, flow: SourceFlow, wanted: &[&str], unwanted: &[&str]| {
        sender.set(SourceStatus::Live, flow);
        let texts = stage.draw();
        let of_flow = |text: &&String| text.contains("rows/s") || text.contains("silent");
        let Some(text) = texts.iter().find(of_flow) else {
            panic!("{texts:?}");
        };
        for part in wanted {
            assert!(text.contains(part), "{part} in {text}");
        }
        for part in unwanted {
            assert!(!text.contains(part), "{part} in {text}");
        }
    };
    check(
        &mut stage,
        flow(),
        &["1234 rows/s"],
        &["late", "waiting", "silent"],
    );
    let late = SourceFlow {
        bytes_per_sec: 2_000.0,
        delay_secs: Some(0.26),
        ..flow()
    };
    check(&mut stage, late, &["1234 rows/s", "/s, 0.3 s late"], &["waiting"]);
    let flooded = SourceFlow {
        waiting_bytes: 5 << 20,
        ..late
    };
    check(&mut stage, flooded, &["0.3 s late", "waiting"], &[]);
    assert!(stage.wants_repaint(), "a rate is looked at again");
    let silent = SourceFlow {
        rows_per_sec: 0.0,
        ..late
    };
    check(&mut stage, silent, &["silent"], &["rows/s", "late", "waiting"]);
}

#[test]
fn a_connection_that_broke_says_why_and_that_it_is_tried_again() {
    let mut stage = stage();
    let sender = Sender::add(&mut stage);
    let broken = SourceStatus::Retrying {
        reason: "the connection broke: it is gone".into(),
    };
    sender.set(broken, flow());
    let texts = stage.draw();
    let says = |texts: &[String], wanted: &str| texts.iter().any(|text| text == wanted);
    assert!(says(&texts, "reconnecting") && says(&texts, "the connection broke: it is gone"));
    assert!(!texts.iter().any(|text| text.contains("rows/s")), "{texts:?}");
    sender.set(SourceStatus::Live, flow());
    let texts = stage.draw();
    assert!(says(&texts, "live") && !says(&texts, "reconnecting"), "{texts:?}");
    // The cross is there in both states.
    let status = stage.find("live");
    let cross = stage.find_near(icons::CLOSE, status);
    stage.click(cross);
    let sources = stage.app.world().resource::<IngestSources>();
    assert_eq!(sources.states().count(), 0);
}

#[test]
fn the_buttons_of_the_welcome_page_copy_what_they_stand_beside() {
    const LINK: &str = "rerun+http://127.0.0.1:9900/proxy";
    let mut stage = Stage::empty(1400.0, 1200.0);
    stage.app.insert_resource(ListenLink(Some(LINK.into())));
    stage.draw();
    let mut copied = Vec::new();
    for title in ["Address", "Python", "Rust", "C++"] {
        let beside = stage.find(title);
        let buttons = stage.texts(Vec::new());
        let in_row = buttons
            .iter()
            .filter(|(text, place)| text == icons::COPY && (place.center().y - beside.y).abs() < 12.0);
        let places: Vec<Pos2> = in_row.map(|(_, place)| place.center()).collect();
        assert_eq!(places.len(), 1, "one button beside {title}");
        stage.click(places[0]);
        copied.push(stage.copied.take().unwrap());
    }
    assert_eq!(copied[0], LINK);
    assert!(copied[1].contains("rr.init(") && copied[1].contains(&format!("connect_grpc(\"{LINK}\")")));
    assert!(copied[2].contains("RecordingStreamBuilder") && copied[2].contains(LINK));
    assert!(copied[3].contains("exit_on_failure") && copied[3].contains(LINK));
}
