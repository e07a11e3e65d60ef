//! Sources and how it stands with them; blueprints that come from files and from the clipboard.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bevy_app::App;
use bevy_time::TimeUpdateStrategy;
use chronoscope_blueprint::{BlueprintCommand, BlueprintDocument, Contents, LoopMode, PlayState};
use chronoscope_frame::{
    ActiveBlueprint, IngestMessage, IngestSource, IngestSources, Recordings, Report, Reports, Settled,
    SourcePoll, TimeCommand, TimeControls, ViewerCommand, ViewerCommands, error::Severity, has_work,
};
use chronoscope_store::{StoreId, TimeRange, Timeline};
use chronoscope_types::{
    LogMessage, Points3D, SourceId, SourceStatus, StoreInfo, blueprint::EntityBehavior, log_chunk,
};

use crate::{new_app, products, show_all, store_id};

/// A source that a test writes.
#[derive(Clone)]
pub(crate) struct Script {
    name: &'static str,
    state: Arc<Mutex<(SourceStatus, VecDeque<IngestMessage>)>>,
}

impl Script {
    pub(crate) fn new(name: &'static str, messages: impl IntoIterator<Item = LogMessage>) -> Self {
        let messages = messages.into_iter().map(IngestMessage::from).collect();
        Self {
            name,
            state: Arc::new(Mutex::new((SourceStatus::Connecting, messages))),
        }
    }

    pub(crate) fn set(&self, status: SourceStatus) {
        self.state.lock().unwrap().0 = status;
    }

    pub(crate) fn send(&self, message: IngestMessage) {
        self.state.lock().unwrap().1.push_back(message);
    }
}

impl IngestSource for Script {
    fn name(&self) -> &str {
        self.name
    }

    fn poll(&mut self) -> SourcePoll {
        let mut state = self.state.lock().unwrap();
        match state.1.pop_front() {
            Some(message) => SourcePoll::Message(message),
            None if state.0.is_open() => SourcePoll::Pending,
            None => SourcePoll::Finished,
        }
    }

    fn status(&self) -> SourceStatus {
        self.state.lock().unwrap().0.clone()
    }
}

pub(crate) fn lost() -> SourceStatus {
    SourceStatus::Lost {
        reason: "broke off".into(),
    }
}

pub(crate) fn add(app: &mut App, source: &Script) -> SourceId {
    let mut sources = app.world_mut().resource_mut::<IngestSources>();
    sources.add(source.clone())
}

fn states(app: &App) -> Vec<(String, String)> {
    let sources = app.world().resource::<IngestSources>();
    sources
        .states()
        .map(|state| (state.name.to_owned(), state.status.to_string()))
        .collect()
}

fn command(app: &mut App, command: ViewerCommand) {
    app.world_mut().resource_mut::<ViewerCommands>().push(command);
    settle(app);
}

pub(crate) fn settle(app: &mut App) {
    for _ in 0..50 {
        show_all(app, None);
        app.update();
        if app.world().resource::<Settled>().frames() >= 3 {
            return;
        }
    }
    panic!("the frame never comes to rest");
}

pub(crate) fn reports(app: &App) -> Vec<&Report> {
    app.world().resource::<Reports>().iter().collect()
}

/// A cloud at two times.
pub(crate) fn data(store: &StoreId) -> Vec<LogMessage> {
    let chunk = |path: &str, time| {
        let at = [(Timeline::sequence("frame"), time)];
        let cloud = Points3D::new([[time as f32, 0.0, 0.0]]);
        LogMessage::Chunk {
            store: store.clone(),
            chunk: Arc::new(log_chunk(path, at, &cloud).unwrap()),
        }
    };
    vec![
        LogMessage::StoreInfo(StoreInfo::new(store.clone())),
        chunk("/world/a", 0),
        chunk("/world/a", 10),
        chunk("/world/b", 0),
    ]
}

pub(crate) fn app_with_data() -> App {
    app_with(data(&store_id()))
}

fn app_with(data: Vec<LogMessage>) -> App {
    let mut app = new_app();
    let file = Script::new("a.rrd", data);
    file.set(SourceStatus::Finished);
    add(&mut app, &file);
    settle(&mut app);
    app
}

fn document(app: &App) -> BlueprintDocument {
    let world = app.world();
    let active = world.resource::<ActiveBlueprint>();
    active
        .document(world.resource::<Recordings>(), world.resource::<TimeControls>())
        .unwrap()
}

#[test]
fn a_source_that_was_lost_is_listed_until_it_is_removed_or_comes_again() {
    let mut app = new_app();
    let file = Script::new("a.rrd", data(&store_id()));
    add(&mut app, &file);
    let state = |status: &str| vec![("a.rrd".to_owned(), status.to_owned())];
    assert_eq!(states(&app), state("connecting"));
    file.set(SourceStatus::Loading);
    app.update();
    assert_eq!(states(&app), state("loading"));
    assert!(!app.world().resource::<IngestSources>().is_idle());
    let recordings = app.world().resource::<Recordings>();
    assert_eq!(&*recordings.active().unwrap().source_name, "a.rrd");

    file.set(lost());
    settle(&mut app);
    assert_eq!(states(&app), state("lost: broke off"));
    // Again: what was lost is not asked for any more, and what is live keeps nothing from settling.
    let again = Script::new("a.rrd", []);
    again.set(SourceStatus::Live);
    let id = add(&mut app, &again);
    settle(&mut app);
    assert_eq!(states(&app), state("live"));
    command(&mut app, ViewerCommand::RemoveSource(id));
    assert_eq!(states(&app), []);
    assert_eq!(Arc::strong_count(&again.state), 1, "it is dropped");

    let other = Script::new("b.rrd", []);
    other.set(lost());
    let id = add(&mut app, &other);
    settle(&mut app);
    assert_eq!(states(&app).len(), 1);
    command(&mut app, ViewerCommand::RemoveSource(id));
    assert_eq!(states(&app), []);
    // What has simply ended is no news.
    let whole = Script::new("c.rrd", []);
    whole.set(SourceStatus::Finished);
    add(&mut app, &whole);
    settle(&mut app);
    assert_eq!(states(&app), []);
}

const NAMELESS: &str = "(version: 1, layout: View(class: \"Test\", name: \"from a file\"))";

fn blueprint(application: &str) -> Vec<IngestMessage> {
    let store = StoreId::blueprint(application, "sent");
    let document = BlueprintDocument::from_ron(NAMELESS).unwrap();
    let messages = document.messages(StoreInfo::new(store)).unwrap();
    messages
        .into_iter()
        .map(IngestMessage::BlueprintForOpen)
        .collect()
}

/// The applications whose blueprint came from a file.
fn with_blueprint(app: &App, applications: &[&str]) -> Vec<String> {
    let recordings = app.world().resource::<Recordings>();
    let has = |application: &&&str| {
        let blueprints = recordings.blueprints(application);
        let active = blueprints.and_then(|blueprints| blueprints.active.as_ref());
        active.is_some_and(|id| {
            recordings
                .find(id)
                .is_some_and(|entry| entry.store().num_rows() > 0)
        })
    };
    let found = applications.iter().filter(has);
    found.map(ToString::to_string).collect()
}

#[test]
fn a_blueprint_for_what_is_open_waits_until_that_is_known() {
    for (named, expected) in [
        ("", &["one", "two"][..]),
        ("unknown", &["one", "two"]),
        ("two", &["two"]),
    ] {
        let mut app = new_app();
        let layout = Script::new("x.ron", []);
        blueprint(named)
            .into_iter()
            .for_each(|message| layout.send(message));
        layout.set(SourceStatus::Finished);
        add(&mut app, &layout);
        let one = Script::new("one.rrd", data(&StoreId::recording("one", "a")));
        let two = Script::new("two.rrd", data(&StoreId::recording("two", "b")));
        one.set(SourceStatus::Finished);
        add(&mut app, &one);
        add(&mut app, &two);
        for _ in 0..5 {
            app.update();
        }
        assert_eq!(
            with_blueprint(&app, &["one", "two"]),
            [""; 0],
            "{named}: two is loading"
        );
        two.set(SourceStatus::Finished);
        settle(&mut app);
        assert_eq!(with_blueprint(&app, &["one", "two"]), expected, "{named}");
        assert!(reports(&app).is_empty(), "{named}: {:?}", reports(&app));
    }
}

#[test]
fn a_blueprint_for_nothing_is_reported_and_one_that_is_removed_is_not() {
    let mut app = new_app();
    let layout = Script::new("x.ron", []);
    blueprint("").into_iter().for_each(|message| layout.send(message));
    layout.set(SourceStatus::Finished);
    add(&mut app, &layout);
    settle(&mut app);
    let found = reports(&app);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].to_string().starts_with("x.ron: names no application"),
        "{}",
        found[0]
    );

    let mut app = app_with_data();
    let layout = Script::new("y.ron", []);
    blueprint("app")
        .into_iter()
        .for_each(|message| layout.send(message));
    let id = add(&mut app, &layout);
    app.update();
    command(&mut app, ViewerCommand::RemoveSource(id));
    assert_eq!(with_blueprint(&app, &["app"]), [""; 0]);
    assert!(reports(&app).is_empty());
}

#[test]
fn a_blueprint_that_replaces_another_leaves_nothing_of_it() {
    let mut app = app_with_data();
    for text in [
        NAMELESS,
        "(version: 1, layout: View(class: \"Test\", name: \"newer\"))",
    ] {
        let store = StoreId::blueprint("app", text);
        let document = BlueprintDocument::from_ron(text).unwrap();
        let file = Script::new("x.ron", document.messages(StoreInfo::new(store)).unwrap());
        file.set(SourceStatus::Finished);
        add(&mut app, &file);
        settle(&mut app);
    }
    let names: Vec<Option<String>> = document(&app)
        .viewport
        .views
        .values()
        .map(|view| view.name.clone())
        .collect();
    assert_eq!(names, [Some("newer".to_owned())]);
    let blueprints = app.world().resource::<Recordings>().iter().count() - 1;
    assert_eq!(blueprints, 2, "the sent one and the active one");
}

/// Edits of all kinds.
fn edit(app: &mut App) {
    let view = *document(app).viewport.views.keys().next().unwrap();
    for edit in [
        BlueprintCommand::SetName(Contents::View(view), Some("mine".to_owned())),
        BlueprintCommand::override_entity(
            view,
            "/world/b".into(),
            &EntityBehavior::default().with_visible(false),
        ),
        BlueprintCommand::SetDefault(
            view,
            chronoscope_types::AsComponents::components(
                &Points3D::new([[0.0; 3]; 0]).with_colors([[7u8, 8, 9]]),
            ),
        ),
    ] {
        command(app, ViewerCommand::Blueprint(edit));
    }
    for time in [
        TimeCommand::SetTimeline("frame".to_owned()),
        TimeCommand::SetSpeed(2.0),
        TimeCommand::SetLoopSelection(Some(TimeRange::new(2, 5))),
    ] {
        command(app, ViewerCommand::Time(time));
    }
}

#[test]
fn what_is_copied_in_one_app_and_pasted_in_another_looks_the_same_there() {
    let data = data(&store_id());
    let mut app = app_with(data.clone());
    edit(&mut app);
    let copied = document(&app);
    assert_eq!(copied.application.as_deref(), Some("app"));
    let text = copied.to_ron().unwrap();
    let mut other = app_with(data);
    // What is written down and what is derived is compared by the documents.
    let shown = |app: &mut App| {
        let mut products = products(app);
        products.remove("viewport");
        products
    };
    let before = shown(&mut other);
    assert_ne!(before, shown(&mut app));
    command(&mut other, ViewerCommand::PasteBlueprint(text.clone()));
    assert!(reports(&other).is_empty(), "{:?}", reports(&other));
    assert_eq!(shown(&mut other), shown(&mut app));
    assert_eq!(document(&other), copied);
    assert_eq!(document(&other).to_ron().unwrap(), text);

    // It is one step.
    command(&mut other, ViewerCommand::Undo);
    assert_eq!(shown(&mut other), before);
    command(&mut other, ViewerCommand::Redo);
    assert_eq!(document(&other), copied);
}

#[test]
fn a_text_that_is_no_blueprint_changes_nothing_and_says_in_which_line() {
    let mut app = app_with_data();
    edit(&mut app);
    let before = document(&app);
    let text = "(\n    version: 1,\n    layout: Row(contents: []),\n)";
    command(&mut app, ViewerCommand::PasteBlueprint(text.to_owned()));
    let found = reports(&app);
    let [report] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(report.severity, Severity::Error);
    let said = report.to_string();
    assert!(said.contains("line 3, column") && said.contains("Row"), "{said}");
    assert_eq!(document(&app), before);
}

#[test]
fn following_the_newest_data_is_part_of_a_document_and_playing_is_not() {
    let mut app = app_with_data();
    command(&mut app, ViewerCommand::Time(TimeCommand::Follow));
    assert_eq!(
        document(&app).viewport.time_panel.play_state,
        Some(PlayState::Following)
    );
    let world = app.world_mut();
    world.resource_mut::<TimeControls>().clock_frozen = true;
    world.resource_mut::<ViewerCommands>().time(TimeCommand::Pause);
    world
        .resource_mut::<ViewerCommands>()
        .time(TimeCommand::TogglePlay);
    app.update();
    assert_eq!(document(&app).viewport.time_panel.play_state, None);
}

#[test]
fn a_blueprint_sets_the_time_of_its_own_application_alone() {
    let mut app = new_app();
    let open = |app: &mut App, store: &StoreId| {
        let at = [(Timeline::sequence("frame"), 1)];
        let row = log_chunk("/cloud", at, &Points3D::new([[0.0, 0.0, 0.0]])).unwrap();
        crate::add(app, store, row);
        app.update();
        let world = app.world();
        let key = world.resource::<Recordings>().find(store).unwrap().key();
        [world.resource::<TimeControls>().get(key).speed()]
    };
    assert_eq!(open(&mut app, &store_id()), [1.0]);
    let text = "(version: 1, time: (playback_speed: 4.0))";
    command(&mut app, ViewerCommand::PasteBlueprint(text.to_owned()));
    let later = StoreId::recording("app", "later");
    let other = StoreId::recording("other", "recording");
    assert_eq!(open(&mut app, &store_id()), [4.0]);
    assert_eq!(open(&mut app, &later), [4.0]);
    assert_eq!(open(&mut app, &other), [1.0]);
    // The blueprint goes with the last recording of its application.
    for closed in [store_id(), later] {
        command(&mut app, ViewerCommand::CloseRecording(closed));
    }
    assert_eq!(open(&mut app, &store_id()), [1.0]);
}

/// A source whose recordings are followed.
struct Live(Script);

impl IngestSource for Live {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn poll(&mut self) -> SourcePoll {
        self.0.poll()
    }

    fn status(&self) -> SourceStatus {
        self.0.status()
    }

    fn is_followed(&self) -> bool {
        true
    }
}

fn at(time: i64) -> IngestMessage {
    let cloud = Points3D::new([[0.0, 0.0, 0.0]]);
    let chunk = log_chunk("/cloud", [(Timeline::sequence("frame"), time)], &cloud).unwrap();
    IngestMessage::Data(LogMessage::Chunk {
        store: store_id(),
        chunk: Arc::new(chunk),
    })
}

fn live_app() -> (App, Script) {
    let mut app = new_app();
    let source = Script::new("robot", []);
    source.set(SourceStatus::Live);
    app.world_mut()
        .resource_mut::<IngestSources>()
        .add(Live(source.clone()));
    (app, source)
}

fn time_after(app: &mut App, source: &Script, time: i64) -> i64 {
    source.send(at(time));
    settle(app);
    app.world().resource::<chronoscope_frame::Cursor>().time
}

#[test]
fn the_cursor_follows_the_end_of_live_data_until_it_is_moved() {
    let (mut app, source) = live_app();
    assert_eq!(time_after(&mut app, &source, 1), 1);
    assert_eq!(time_after(&mut app, &source, 5), 5);
    command(&mut app, ViewerCommand::Time(TimeCommand::SetTime(3)));
    assert_eq!(time_after(&mut app, &source, 9), 3);
    command(&mut app, ViewerCommand::Time(TimeCommand::Follow));
    assert_eq!(time_after(&mut app, &source, 10), 10);
}

#[test]
fn a_source_feeds_no_recording_that_was_closed() {
    let (mut app, source) = live_app();
    time_after(&mut app, &source, 1);
    let feeds = |app: &App| app.world().resource::<IngestSources>().feeds(&store_id());
    assert!(feeds(&app));
    command(&mut app, ViewerCommand::CloseRecording(store_id()));
    assert!(!feeds(&app), "what still comes for it is passed over");
}

#[test]
fn a_timeline_that_was_asked_for_is_not_followed() {
    let (mut app, source) = live_app();
    app.world_mut().resource_mut::<TimeControls>().timeline_is_given = true;
    assert_eq!(time_after(&mut app, &source, 1), 1);
    assert_eq!(time_after(&mut app, &source, 5), 1);
}

#[test]
fn playing_waits_at_the_end_while_there_may_be_more() {
    let (mut app, source) = live_app();
    time_after(&mut app, &source, 1);
    command(&mut app, ViewerCommand::Time(TimeCommand::Pause));
    command(&mut app, ViewerCommand::Time(TimeCommand::SetFps(1e6)));
    command(&mut app, ViewerCommand::Time(TimeCommand::TogglePlay));
    let control = |app: &App| {
        let recordings = app.world().resource::<Recordings>();
        let key = recordings.active().unwrap().key();
        app.world().resource::<TimeControls>().get(key).clone()
    };
    while control(&app).is_moving() {
        app.update();
    }
    assert_eq!(control(&app).play_state(), PlayState::Playing, "it waits");
    assert_eq!(control(&app).put_time("frame"), Some(1));
    source.send(at(2));
    while control(&app).put_time("frame") != Some(2) {
        app.update();
    }
    source.set(SourceStatus::Finished);
    while control(&app).play_state() == PlayState::Playing {
        app.update();
    }
    assert_eq!(control(&app).put_time("frame"), Some(2));
}

#[test]
fn who_plays_after_a_long_rest_plays_from_where_the_cursor_is() {
    let (mut app, source) = live_app();
    time_after(&mut app, &source, 1);
    time_after(&mut app, &source, 1_000);
    command(&mut app, ViewerCommand::Time(TimeCommand::SetTime(1)));
    command(&mut app, ViewerCommand::Time(TimeCommand::SetFps(1.0)));
    let mut frame_after = |secs, command| {
        let world = app.world_mut();
        world.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(secs)));
        if let Some(command) = command {
            world.resource_mut::<ViewerCommands>().time(command);
        }
        app.update();
        app.world().resource::<chronoscope_frame::Cursor>().time
    };
    assert_eq!(frame_after(100, Some(TimeCommand::TogglePlay)), 1);
    assert_eq!(frame_after(2, None), 3);
    assert_eq!(frame_after(3, None), 6);
    assert_eq!(frame_after(1, Some(TimeCommand::TogglePlay)), 6);
    assert_eq!(frame_after(100, Some(TimeCommand::TogglePlay)), 6);
    assert_eq!(frame_after(1, None), 7);
}

#[test]
fn playing_that_waits_for_data_is_no_work() {
    let mut app = new_app();
    let row = |time| {
        let at = [(Timeline::sequence("frame"), time)];
        log_chunk("/cloud", at, &Points3D::new([[0.0, 0.0, 0.0]])).unwrap()
    };
    crate::add(&mut app, &store_id(), row(1));
    command(&mut app, ViewerCommand::Time(TimeCommand::SetLoop(LoopMode::All)));
    command(&mut app, ViewerCommand::Time(TimeCommand::TogglePlay));
    let system = app.world_mut().register_system(has_work);
    let is_at_work = |app: &mut App| app.world_mut().run_system(system).unwrap();
    is_at_work(&mut app);
    app.update();
    assert!(!is_at_work(&mut app), "there is one time, and it is shown");
    crate::add(&mut app, &store_id(), row(1_000_000));
    for _ in 0..3 {
        assert!(is_at_work(&mut app));
        app.update();
    }
}

#[test]
fn a_source_that_was_lost_is_no_work() {
    let mut app = new_app();
    let source = Script::new("robot", []);
    source.set(SourceStatus::Live);
    add(&mut app, &source);
    let system = app.world_mut().register_system(has_work);
    let is_at_work = |app: &mut App| app.world_mut().run_system(system).unwrap();
    settle(&mut app);
    is_at_work(&mut app);
    assert!(is_at_work(&mut app), "data may arrive");
    source.set(lost());
    settle(&mut app);
    is_at_work(&mut app);
    assert!(!is_at_work(&mut app));
    let sources = app.world().resource::<IngestSources>();
    assert_eq!(sources.states().count(), 1, "it is still listed");
}
