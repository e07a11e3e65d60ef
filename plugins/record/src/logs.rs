//! What is logged with `tracing`, as rows of text.

use std::{
    fmt,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_log::{
    BoxedLayer,
    tracing_subscriber::{Layer, layer::Context},
};
use chronoscope_frame::Report;
use chronoscope_store::EntityPath;
use chronoscope_types::TextLog;
use parking_lot::Mutex;
use tracing::{Event, Level, Subscriber, field::Visit};

use crate::{WorldRecorder, order, recorder::RECORDER};

/// Entries that may wait for a frame. More are counted.
const MAX_WAITING: usize = 4096;

/// A layer for the engine's logger, which stays the host's own: what is logged is recorded below `/logs`, by target.
///
/// ```no_run
/// use bevy_app::App;
/// use bevy_log::LogPlugin;
/// use chronoscope_record::{RecordPlugin, log_layer};
///
/// App::new()
///     .add_plugins(LogPlugin { custom_layer: log_layer, ..Default::default() })
///     .add_plugins(RecordPlugin::new("app"));
/// ```
pub fn log_layer(app: &mut App) -> Option<BoxedLayer> {
    let (sender, receiver) = sync_channel(MAX_WAITING);
    app.insert_resource(LogEntries(Mutex::new(receiver)));
    order::add_to_values(app, record_logs);
    Some(Box::new(RecordLayer { sender }))
}

/// An entry of the log.
struct Entry {
    level: Level,
    target: String,
    text: String,
}

#[derive(Resource)]
struct LogEntries(Mutex<Receiver<Entry>>);

struct RecordLayer {
    sender: SyncSender<Entry>,
}

impl<S: Subscriber> Layer<S> for RecordLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let entry = Entry {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            text: text.0,
        };
        // A flood costs entries, not the host's time; and after the app's end nobody wants more.
        let _ = self.sender.try_send(entry);
    }
}

/// The message of an event, and its fields behind it.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        let written = if field.name() == "message" {
            let rest = std::mem::take(&mut self.0);
            write!(self.0, "{value:?}{rest}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
        debug_assert!(written.is_ok(), "a string takes all text");
    }
}

fn record_logs(mut recorder: ResMut<WorldRecorder>, entries: Res<LogEntries>) {
    let entries = entries.0.lock();
    if recorder.resumes {
        // Those of the past, which is not recorded.
        entries.try_iter().for_each(drop);
    }
    let mut count = 0;
    for Entry { level, target, text } in entries.try_iter() {
        count += 1;
        let level = match level {
            Level::ERROR => "ERROR",
            Level::WARN => "WARN",
            Level::INFO => "INFO",
            Level::DEBUG => "DEBUG",
            Level::TRACE => "TRACE",
        };
        let path = target
            .split("::")
            .fold(EntityPath::from("logs"), |path, part| path.child(part));
        recorder.log_or_report(path, &TextLog::new(text).with_level(level));
    }
    if count >= MAX_WAITING {
        recorder.report_once(Report::warning(
            RECORDER,
            "more was logged in a frame than is recorded",
        ));
    }
}
