//! What SDKs send, as sources of the frame.

use std::{net::SocketAddr, time::Duration};

use bevy::prelude::*;
use chronoscope_frame::{
    Frame, FrameSystems, IngestMessage, IngestSource, IngestSources, ListenLink, Report, Reports, SourceFlow,
    SourcePoll,
};
use chronoscope_io::{LoadEvent, SourceHandle, SourceLimits};
use chronoscope_store::{StoreKind, Waker};
use chronoscope_types::{SourceId, SourceStatus};

use self::flow::FlowMeter;
use crate::{
    look_at::{LookAtPlugin, WantedTimeOfSource, WantedTimes},
    named_files::OpenNamed,
    sources::{open_requested, report_of},
};

mod flow;

pub use chronoscope_live::{
    Arrival, Bytes, Code, DEFAULT_PORT, GrpcSink, HandOver, Link, LinkError, LiveError, LiveRuntime,
    NamedFile, NamedFiles, Relay, RelayState, Server, ServerSettings, Status, WhenFull, connect, envelope,
    hand_over, name_files, probe, send, when_asked_to_end,
};

/// How a service at an address of this machine is reached from here.
pub(crate) fn local_link(address: SocketAddr) -> Link {
    if address.ip().is_unspecified() {
        return Link::local(address.port());
    }
    Link::parse(&format!("rerun+http://{address}/proxy")).unwrap_or_else(|_| Link::local(address.port()))
}

/// What may wait for the viewer of one link.
pub(crate) fn waiting() -> SourceLimits {
    ServerSettings::default().waiting
}

/// Starts a service and says where it is, and who can reach it.
///
/// # Errors
/// Where another program listens there, or the address is not one of this machine.
pub(crate) fn start_server(runtime: &LiveRuntime, settings: &ServerSettings) -> Result<Server, LiveError> {
    let server = Server::start(runtime, settings)?;
    let address = server.address();
    eprintln!("chronoscope: SDKs can connect to rerun+http://{address}/proxy");
    if !address.ip().is_loopback() {
        eprintln!(
            "chronoscope: so can whoever reaches this machine: nothing is encrypted, and nobody is asked who they are"
        );
    }
    Ok(server)
}

/// Takes in what SDKs send. Starts nothing by itself: [`listen`] does.
pub struct LivePlugin;

impl Plugin for LivePlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_plugins(LookAtPlugin)
            .init_resource::<ListenLink>()
            .add_systems(
                Frame,
                (
                    tell_link.run_if(resource_added::<Listener>.or_eager(resource_removed::<Listener>)),
                    take_senders.run_if(resource_exists::<Listener>),
                )
                    .chain()
                    .after(FrameSystems::Begin)
                    .after(open_requested)
                    .before(FrameSystems::Ingest),
            );
    }
}

/// The service that SDKs connect to. SDKs are let in as long as it exists.
#[derive(Resource, Debug)]
pub struct Listener {
    server: Server,
    wakes: bool,
    num_senders: usize,
}

impl Listener {
    /// The address that is listened on, with its port.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where programs of this machine connect.
    pub fn link(&self) -> Link {
        local_link(self.address())
    }

    /// The senders that have connected so far.
    pub fn num_senders(&self) -> usize {
        self.num_senders
    }
}

/// Lets SDKs connect. What they send appears in the viewer, and they are listed among its sources.
///
/// Needs [`LivePlugin`].
///
/// # Errors
/// Where another program listens there, or the address is not one of this machine.
pub fn listen(world: &mut World, settings: &ServerSettings) -> Result<SocketAddr, LiveError> {
    let runtime = LiveRuntime::start()?;
    let server = Server::start(&runtime, settings)?;
    let address = server.address();
    world.insert_resource(Listener::new(server));
    Ok(address)
}

impl Listener {
    /// Takes in what a service receives.
    pub fn new(server: Server) -> Self {
        Self {
            server,
            wakes: false,
            num_senders: 0,
        }
    }
}

/// Says where SDKs can connect, to those who want to know it.
fn tell_link(listener: Option<Res<Listener>>, mut link: ResMut<ListenLink>) {
    let listens_on = listener.map(|listener| listener.link().to_string().into());
    link.set_if_neq(ListenLink(listens_on));
}

/// Runs frames until a sender has come, and all that have come are gone: what a picture of live data waits for.
pub fn take_one_sender(app: &mut App) {
    while app.should_exit().is_none() {
        app.update();
        let world = app.world();
        let has_come = world.resource::<Listener>().num_senders() > 0;
        if has_come
            && world
                .resource::<IngestSources>()
                .states()
                .all(|source| !source.status.is_open())
        {
            return;
        }
        std::thread::sleep(SENDER_PAUSE);
    }
}

/// The time between two frames that nobody sees.
const SENDER_PAUSE: Duration = Duration::from_millis(5);

fn take_senders(
    mut commands: Commands,
    mut listener: ResMut<Listener>,
    mut sources: ResMut<IngestSources>,
    mut reports: ResMut<Reports>,
    wanted: Res<WantedTimes>,
) {
    let listener = listener.bypass_change_detection();
    if !listener.wakes
        && let Some(waker) = sources.waker()
    {
        listener.server.set_waker(waker);
        listener.wakes = true;
    }
    while let Some(arrival) = listener.server.try_next() {
        listener.num_senders += 1;
        let mut source = LiveSource::new(arrival.source);
        if let Some(hand_over) = arrival.hand_over {
            source.is_file = true;
            match WantedTimeOfSource::parse(hand_over.time.as_deref(), &wanted) {
                Ok(time) => source.time = time,
                Err(error) => reports.push(Report::error(source.name(), error)),
            }
        }
        let id = sources.add(source);
        sources.show_first_new(id);
    }
    while let Some(named) = listener.server.try_next_files() {
        commands.queue(OpenNamed(named));
    }
}

/// Where connections live that are made while the app runs.
#[derive(Resource, Clone, Debug)]
pub struct Connections(pub LiveRuntime);

/// Shows what a service elsewhere passes on.
pub(crate) struct FollowLink(pub(crate) Link);

impl Command for FollowLink {
    type Out = ();

    fn apply(self, world: &mut World) {
        let connections = match world.get_resource::<Connections>() {
            Some(connections) => connections.clone(),
            None => match LiveRuntime::start() {
                Ok(runtime) => Connections(runtime),
                Err(error) => {
                    let report = Report::error(self.0.to_string(), error.to_string());
                    return world.resource_mut::<Reports>().push(report);
                }
            },
        };
        let followed = follow(world, &connections.0, &[self.0]);
        world.resource_mut::<IngestSources>().show_first(followed);
        world.insert_resource(connections);
    }
}

/// Shows what services elsewhere pass on. Returns the sources.
pub fn follow(world: &mut World, runtime: &LiveRuntime, links: &[Link]) -> Vec<SourceId> {
    let mut sources = world.resource_mut::<IngestSources>();
    let follow = |link| sources.add(LiveSource::new(connect(runtime, link, waiting())));
    links.iter().map(follow).collect()
}

/// What one sender sends.
struct LiveSource {
    handle: SourceHandle,
    meter: FlowMeter,
    /// Whether it sends files: what is in them does not grow.
    is_file: bool,
    /// When its recordings are to be shown.
    time: Option<WantedTimeOfSource>,
}

impl LiveSource {
    fn new(handle: SourceHandle) -> Self {
        Self {
            handle,
            meter: FlowMeter::new(),
            is_file: false,
            time: None,
        }
    }
}

impl IngestSource for LiveSource {
    fn name(&self) -> &str {
        self.handle.name()
    }

    fn poll(&mut self) -> SourcePoll {
        loop {
            // Asked before the queue is looked into: what is sent in between is found.
            let is_finished = self.handle.is_finished();
            match self.handle.try_recv() {
                Some(LoadEvent::Message(message)) => {
                    self.meter.count(&message);
                    let store = message.store();
                    if let Some(time) = &mut self.time {
                        time.note(store, self.handle.name());
                    }
                    let is_for_open = store.kind == StoreKind::Blueprint && store.application_id.is_empty();
                    return SourcePoll::Message(if is_for_open {
                        IngestMessage::BlueprintForOpen(message)
                    } else {
                        IngestMessage::Data(message)
                    });
                }
                Some(LoadEvent::Report(report)) => {
                    return SourcePoll::Message(IngestMessage::Report(report_of(report)));
                }
                Some(LoadEvent::Started { .. } | LoadEvent::Progress { .. } | LoadEvent::Finished { .. }) => {
                }
                None if is_finished => return SourcePoll::Finished,
                None => {
                    self.meter.look();
                    return SourcePoll::Pending;
                }
            }
        }
    }

    fn status(&self) -> SourceStatus {
        self.handle.status()
    }

    fn is_followed(&self) -> bool {
        !self.is_file
    }

    fn flow(&self) -> Option<SourceFlow> {
        Some(SourceFlow {
            waiting_bytes: self.handle.waiting_bytes(),
            ..self.meter.flow
        })
    }

    fn set_waker(&mut self, waker: &Waker) -> bool {
        self.handle.set_waker(waker);
        true
    }
}
