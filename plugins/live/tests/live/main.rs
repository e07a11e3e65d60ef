//! Senders of our own, against the service, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod faults;
mod flow;
mod mutations;
mod proxy;
mod raw;
mod reconnect;
mod relay;
mod sink;
mod streams;

use std::{sync::Arc, time::Duration};

use chronoscope_io::{LoadEvent, SourceHandle, wire};
use chronoscope_live::{LiveRuntime, Server, ServerSettings};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{LogMessage, Scalars, SourceStatus, StoreInfo, TextLog, log_chunk};
use re_protos::{
    log_msg::v1alpha1::LogMsg,
    sdk_comms::v1alpha1::{WriteMessagesRequest, message_proxy_service_client::MessageProxyServiceClient},
};
use tonic::transport::{Channel, Endpoint};

/// Longer than anything takes here.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A service on a port of its own.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) runtime: LiveRuntime,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let mut settings = ServerSettings {
            address: ([127, 0, 0, 1], 0).into(),
            ..ServerSettings::default()
        };
        change(&mut settings);
        let runtime = LiveRuntime::start().unwrap();
        let server = Server::start(&runtime, &settings).unwrap();
        Self { server, runtime }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The next sender.
    pub(crate) fn sender(&self) -> SourceHandle {
        self.server
            .next_within(LONG)
            .expect("a sender has connected")
            .source
    }
}

/// Runs a sender on this thread.
pub(crate) fn run<T>(sender: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(sender)
}

/// A client as SDKs have one.
pub(crate) async fn client(uri: String) -> MessageProxyServiceClient<Channel> {
    let channel = Endpoint::from_shared(uri).unwrap().connect().await.unwrap();
    MessageProxyServiceClient::new(channel)
}

/// Sends messages as SDKs do, and says how that ended.
pub(crate) fn send(uri: String, messages: Vec<LogMessage>) -> Result<(), tonic::Status> {
    run(async move {
        let messages: Vec<WriteMessagesRequest> = messages.iter().map(request).collect();
        let stream = tokio_stream::iter(messages);
        client(uri).await.write_messages(stream).await.map(|_answer| ())
    })
}

pub(crate) fn request(message: &LogMessage) -> WriteMessagesRequest {
    WriteMessagesRequest {
        log_msg: Some(LogMsg {
            msg: Some(wire::encode(message).unwrap()),
        }),
    }
}

pub(crate) fn recording() -> StoreId {
    StoreId::recording("app", "run")
}

pub(crate) fn info(store: &StoreId) -> LogMessage {
    LogMessage::StoreInfo(StoreInfo::new(store.clone()))
}

/// A row of a plot.
pub(crate) fn row(store: &StoreId, entity: &str, frame: i64) -> LogMessage {
    let times = [(Timeline::sequence("frame"), frame)];
    let chunk = log_chunk(entity, times, &Scalars::new([frame as f64])).unwrap();
    LogMessage::Chunk {
        store: store.clone(),
        chunk: Arc::new(chunk),
    }
}

/// A row of so many bytes.
pub(crate) fn large_row(store: &StoreId, bytes: usize) -> LogMessage {
    // Text that cannot be compressed away.
    let mut state = 1_u64;
    let text: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b' ' + (state >> 58) as u8)
    })
    .take(bytes)
    .collect();
    let times = [(Timeline::sequence("frame"), 0)];
    let chunk = log_chunk("large", times, &TextLog::new(text)).unwrap();
    LogMessage::Chunk {
        store: store.clone(),
        chunk: Arc::new(chunk),
    }
}

/// What came of a sender: its messages in a word each, or a row each, its reports, and how it ended.
pub(crate) fn received(handle: &SourceHandle) -> (Vec<String>, Vec<String>, SourceStatus) {
    let (mut messages, mut reports) = (Vec::new(), Vec::new());
    for event in handle.events() {
        match event {
            LoadEvent::Message(message) => messages.extend(in_words(&message)),
            LoadEvent::Report(report) => reports.push(report.message),
            other => panic!("{other:?}"),
        }
    }
    (messages, reports, handle.status())
}

/// A message in a word, or its rows in one each: those that arrive together may come in one chunk.
pub(crate) fn in_words(message: &LogMessage) -> Vec<String> {
    match message {
        LogMessage::StoreInfo(info) => vec![format!("info {}", info.id.recording_id)],
        LogMessage::Chunk { store, chunk } => {
            let row_in_a_word = |row: usize| {
                let times = chunk.timelines().iter().map(|times| times.times().get(row));
                let times: Vec<String> = times.map(|time| format!("[{}]", time.unwrap())).collect();
                format!(
                    "{} {} {}",
                    store.recording_id,
                    chunk.entity_path(),
                    times.join(" ")
                )
            };
            (0..chunk.num_rows()).map(row_in_a_word).collect()
        }
        LogMessage::ActivateBlueprint { blueprint, .. } => {
            vec![format!("activate {}", blueprint.recording_id)]
        }
        LogMessage::AbsentChunks { .. } => vec!["absent".to_owned()],
    }
}
