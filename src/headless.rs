//! Without a window: what arrives is written to a file, or passed on to viewers.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    process::ExitCode,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chronoscope_io::{LoadEvent, LoadSettings, RrdRecorder, Severity, SourceHandle};
use chronoscope_live::{Arrival, LiveRuntime, Relay, Server, ServerSettings, when_asked_to_end};
use chronoscope_store::{Recording, StoreId, Waker};
use chronoscope_types::{LogMessage, SourceStatus};

use crate::{
    cli::{Cli, Options},
    inputs::Inputs,
    live::start_server,
    sources::FileSettings,
};

/// Writes what arrives to a file, passes it on, or both, until the program is asked to end, or nothing more can come.
///
/// # Errors
/// Where the file cannot be written, the address not be listened on, or a link is none.
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let options = cli.options();
    let inputs = Inputs::of(cli)?;
    let runtime = LiveRuntime::start()?;
    if options.live.test_receive {
        return receive_one(options, &inputs, &runtime);
    }
    let signal = Arc::new(Signal::default());
    let limit_bytes = options.live.server_memory_limit;
    let relay = options.serves().then(|| {
        if options.live.newest_first {
            Relay::newest_first(limit_bytes)
        } else {
            Relay::new(limit_bytes)
        }
    });
    let server = if options.live.no_listen {
        None
    } else {
        let settings = ServerSettings {
            address: options.live.address(),
            relay: relay.clone(),
            ..ServerSettings::default()
        };
        let server = start_server(&runtime, &settings)?;
        server.set_waker(&signal.waker());
        Some(server)
    };
    // A file of this name is replaced only where it can be written to from now on.
    let mut recorder = options.live.save.as_deref().map(create).transpose()?;
    when_asked_to_end(&runtime, {
        let signal = Arc::clone(&signal);
        move || signal.end()
    });
    let mut sources: VecDeque<SourceHandle> = inputs.open(&load_settings(), &runtime).into();
    sources
        .iter()
        .for_each(|source| source.set_waker(&signal.waker()));
    let mut out = Out {
        recorder: recorder.as_mut(),
        relay: relay.as_ref(),
    };
    let mut is_asked = false;
    loop {
        while let Some(Arrival { source, .. }) = server.as_ref().and_then(Server::try_next) {
            source.set_waker(&signal.waker());
            sources.push_back(source);
        }
        // Asked before the queues are looked into, as well: what comes in between is found.
        let is_delivering = server.as_ref().is_some_and(Server::is_delivering);
        let num_taken = out.take_from(&mut sources)?;
        if is_asked && num_taken == 0 && !is_delivering {
            break;
        }
        if server.is_none() && sources.is_empty() && relay.is_none() {
            break;
        }
        if num_taken == 0 {
            is_asked = signal.wait(is_asked);
        }
    }
    if let Some(recorder) = recorder {
        let path = recorder.path().display().to_string();
        recorder.finish().with_context(|| path.clone())?;
        eprintln!("chronoscope: wrote {path}");
    }
    Ok(ExitCode::SUCCESS)
}

/// How long the first sender may take to come.
const FIRST_SENDER: Duration = Duration::from_secs(15);
/// How long an answer may be on its way.
const ANSWER: Duration = Duration::from_millis(200);

/// Takes all that one sender sends, or all that is named, into stores, and says how much it was.
fn receive_one(options: &Options, inputs: &Inputs, runtime: &LiveRuntime) -> anyhow::Result<ExitCode> {
    if inputs.is_empty() {
        let settings = ServerSettings {
            address: options.live.address(),
            ..ServerSettings::default()
        };
        let server = start_server(runtime, &settings)?;
        let Some(arrival) = server.next_within(FIRST_SENDER) else {
            bail!("no sender came within {} seconds", FIRST_SENDER.as_secs());
        };
        let received = receive(vec![arrival.source]);
        // That it has all of it is still on its way to the sender.
        _ = server.next_within(ANSWER);
        return received;
    }
    receive(inputs.open(&load_settings(), runtime))
}

/// All of each file is read: what is only known cannot be passed on, and was not received.
fn load_settings() -> LoadSettings {
    LoadSettings {
        index_from_bytes: u64::MAX,
        ..FileSettings::default().0
    }
}

fn receive(sources: Vec<SourceHandle>) -> anyhow::Result<ExitCode> {
    let mut recordings: BTreeMap<StoreId, Recording> = BTreeMap::new();
    let mut num_rows = 0;
    for source in sources {
        for event in source.events() {
            match event {
                LoadEvent::Message(message) => {
                    let store = message.store().clone();
                    let recording = recordings
                        .entry(store)
                        .or_insert_with_key(|id| Recording::new(id.clone()));
                    if let LogMessage::Chunk { chunk, .. } = message {
                        num_rows += chunk.num_rows();
                        recording
                            .insert(chunk)
                            .with_context(|| source.name().to_string())?;
                    }
                }
                LoadEvent::Report(report) => eprintln!("warning: {report}"),
                _ => {}
            }
        }
        if let SourceStatus::Lost { reason } = source.status() {
            bail!("{}: {reason}", source.name());
        }
    }
    if num_rows == 0 {
        bail!("nothing was received");
    }
    eprintln!(
        "chronoscope: received {num_rows} rows of {} stores",
        recordings.len()
    );
    Ok(ExitCode::SUCCESS)
}

fn create(path: &Path) -> anyhow::Result<RrdRecorder> {
    RrdRecorder::create(path).with_context(|| path.display().to_string())
}

/// Where messages go.
struct Out<'a> {
    recorder: Option<&'a mut RrdRecorder>,
    relay: Option<&'a Relay>,
}

/// Taken of one source before the next has its turn.
const TURN: usize = 1 << 10;

impl Out<'_> {
    /// Takes what the sources have, each in its turn, and forgets those that have ended. Returns how much was taken.
    fn take_from(&mut self, sources: &mut VecDeque<SourceHandle>) -> anyhow::Result<usize> {
        let mut num_taken = 0;
        for _ in 0..sources.len() {
            let Some(source) = sources.pop_front() else { break };
            // Asked before the queue is looked into: what is sent in between is found.
            let is_finished = source.is_finished();
            for _ in 0..TURN {
                let Some(event) = source.try_recv() else { break };
                num_taken += 1;
                self.take(event)?;
            }
            if !is_finished {
                sources.push_back(source);
            } else if let SourceStatus::Lost { reason } = source.status() {
                eprintln!("warning: {}: {reason}", source.name());
            }
        }
        Ok(num_taken)
    }

    fn take(&mut self, event: LoadEvent) -> anyhow::Result<()> {
        match event {
            LoadEvent::Message(message) => self.message(&message),
            LoadEvent::Report(report) => {
                let word = match report.severity {
                    Severity::Info => "info",
                    Severity::Warning => "warning",
                    Severity::Error => "error",
                };
                eprintln!("{word}: {report}");
                Ok(())
            }
            LoadEvent::Started { .. } | LoadEvent::Progress { .. } | LoadEvent::Finished { .. } => Ok(()),
        }
    }

    fn message(&mut self, message: &LogMessage) -> anyhow::Result<()> {
        if let Some(relay) = self.relay
            && let Err(error) = relay.push(message)
        {
            eprintln!("warning: a message cannot be passed on: {error}");
        }
        if let Some(recorder) = &mut self.recorder
            && let Err(error) = recorder.write(message)
        {
            // What is encoded badly is one message; what the disk does not take is the end.
            if !matches!(error, chronoscope_io::IoError::Write(_)) {
                eprintln!("warning: {}: {error}", recorder.path().display());
                return Ok(());
            }
            let what = format!(
                "{}: what was written until now is whole",
                recorder.path().display()
            );
            return Err(anyhow::Error::new(error).context(what));
        }
        Ok(())
    }
}

/// Something has arrived, or the program is asked to end.
#[derive(Debug, Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    woken: bool,
    ended: bool,
}

impl Signal {
    fn waker(self: &Arc<Self>) -> Waker {
        let signal = Arc::clone(self);
        Waker::new(move || signal.change(|state| state.woken = true))
    }

    fn end(&self) {
        self.change(|state| state.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits for either, or for more where it is known that the program is asked to end. Returns whether it is.
    fn wait(&self, is_asked: bool) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_while(state, |state| !state.woken && (is_asked || !state.ended));
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        state.ended
    }
}
