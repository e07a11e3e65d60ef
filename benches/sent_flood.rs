//! A flood that another process sends over a socket, as an SDK does: rows come one by one, as fast as they are taken.

use std::{
    thread::JoinHandle,
    time::{Duration, Instant},
};

use chronoscope::{
    frame::Recordings,
    live::{Link, LiveRuntime, ServerSettings, envelope, listen, send},
    store::StoreId,
    types::{LogMessage, StoreInfo},
};

use crate::{
    scenarios::flood_row,
    stage::{FrameCost, Stage},
};

/// What came of a flood.
pub struct SentFlood {
    /// The frames from the first row on, by the CPU time of the thread that runs them.
    pub frames: Vec<FrameCost>,
    /// From the first row to the last.
    pub time: Duration,
}

/// Takes in so many rows, at so many frames a second, until all have arrived. `send` starts [`send_to`], best in another process, and
/// returns a thread that waits for it.
///
/// # Panics
/// Where the sender does.
pub fn receive(
    stage: &mut Stage,
    frames_per_sec: u32,
    num_rows: u64,
    send: impl FnOnce(Link) -> JoinHandle<()>,
) -> SentFlood {
    stage.count_this_thread();
    let settings = ServerSettings {
        address: ([127, 0, 0, 1], 0).into(),
        ..ServerSettings::default()
    };
    let address = listen(stage.app.world_mut(), &settings).expect("a port is free");
    let sender = send(Link::local(address.port()));
    let interval = Duration::from_secs(1) / frames_per_sec;
    let mut frames = Vec::new();
    let mut begin = None;
    while num_received(stage) < num_rows {
        let start = Instant::now();
        let cost = stage.frame();
        if num_received(stage) > 0 {
            begin.get_or_insert(start);
            frames.push(cost);
        } else if sender.is_finished() {
            // Nothing came, and nothing will.
            break;
        }
        std::thread::sleep(interval.saturating_sub(start.elapsed()));
    }
    let time = begin.map_or(Duration::ZERO, |begin| begin.elapsed());
    sender.join().expect("all was sent");
    SentFlood { frames, time }
}

fn num_received(stage: &Stage) -> u64 {
    let recordings = stage.app.world().resource::<Recordings>();
    recordings.active().map_or(0, |entry| entry.store().num_rows())
}

/// Sends so many rows of [`FLOOD_SERIES`](crate::scenarios::FLOOD_SERIES) series, a message each. They are encoded before the first is sent.
///
/// # Panics
/// Where the viewer does not take them.
pub fn send_to(link: &Link, num_rows: u64) {
    let store = StoreId::recording("flood", "sent");
    let info = LogMessage::StoreInfo(StoreInfo::new(store.clone()));
    let rows = (0..num_rows as i64).map(|number| LogMessage::Chunk {
        store: store.clone(),
        chunk: flood_row(number).into(),
    });
    let messages = std::iter::once(info).chain(rows);
    let encoded: Vec<_> = messages
        .map(|message| envelope(&message).expect("a message"))
        .collect();
    let runtime = LiveRuntime::start().expect("a thread");
    send(&runtime, link, encoded.into_iter()).expect("the viewer takes it");
}
