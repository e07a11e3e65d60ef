//! What a host hears of the viewer, and what it asks it for.

use std::path::Path;

use bevy_app::App;
use bevy_ecs::{message::Messages, prelude::*, system::RunSystemOnce as _};
use chronoscope_blueprint::{BlueprintCommand, Contents};
use chronoscope_frame::{
    ActiveBlueprint, CommandFinished, CommandId, Cursor, IngestSources, Item, Recordings, Selection,
    TimeCommand, ViewerClick, ViewerCommand, ViewerCommands, ViewerCursorMoved, ViewerHandle,
    ViewerHoverChanged, ViewerRecordingOpened, ViewerSelectionChanged,
    commands::{FileRequests, PictureTarget, ScreenshotRequests},
    selection::{ClickButton, ClickSource, EntityClicked},
};
use chronoscope_store::StoreId;
use chronoscope_types::SourceStatus;

use crate::{
    new_app,
    sources::{Script, add, app_with_data, data, settle},
    store_id,
};

/// What was heard, in the order in which it was.
#[derive(Resource, Default, Debug, PartialEq)]
struct Heard(Vec<Told>);

#[derive(Debug, PartialEq)]
enum Told {
    Click(ViewerClick),
    Selected(Vec<Item>, Vec<Item>),
    Hovered(Option<Item>),
    Cursor(StoreId, String, i64),
    Opened(StoreId),
}

fn listen(app: &mut App) {
    app.init_resource::<Heard>()
        .add_observer(|event: On<ViewerClick>, mut heard: ResMut<Heard>| {
            heard.0.push(Told::Click(event.event().clone()));
        })
        .add_observer(|event: On<ViewerSelectionChanged>, mut heard: ResMut<Heard>| {
            heard
                .0
                .push(Told::Selected(event.before.clone(), event.now.clone()));
        })
        .add_observer(|event: On<ViewerHoverChanged>, mut heard: ResMut<Heard>| {
            heard.0.push(Told::Hovered(event.now.clone()));
        })
        .add_observer(|event: On<ViewerCursorMoved>, mut heard: ResMut<Heard>| {
            let (recording, timeline) = (event.recording.clone(), event.timeline.clone());
            heard.0.push(Told::Cursor(recording, timeline, event.time));
        })
        .add_observer(|event: On<ViewerRecordingOpened>, mut heard: ResMut<Heard>| {
            heard.0.push(Told::Opened(event.recording.clone()));
        });
}

/// What is heard in the next frames.
fn heard(app: &mut App) -> Vec<Told> {
    for _ in 0..5 {
        app.update();
    }
    std::mem::take(&mut app.world_mut().resource_mut::<Heard>().0)
}

/// What is heard of commands.
fn after<const N: usize>(app: &mut App, commands: [ViewerCommand; N]) -> Vec<Told> {
    let mut queue = app.world_mut().resource_mut::<ViewerCommands>();
    for command in commands {
        queue.push(command);
    }
    heard(app)
}

/// An app with data, which a host listens to.
fn stage() -> App {
    let mut app = app_with_data();
    listen(&mut app);
    heard(&mut app);
    app
}

fn item(path: &str) -> Item {
    Item::Entity(path.into())
}

#[test]
fn a_selection_is_heard_of_once_with_what_was_selected_before() {
    let mut app = stage();
    let select = |path| ViewerCommand::Select(vec![item(path)]);
    assert_eq!(
        after(&mut app, [select("/world/a")]),
        [Told::Selected(vec![], vec![item("/world/a")])]
    );
    assert_eq!(
        after(&mut app, [select("/world/a")]),
        [],
        "it is selected already"
    );
    // Of several in a frame, the first and the last state count.
    assert_eq!(
        after(&mut app, [select("/world"), select("/world/b")]),
        [Told::Selected(vec![item("/world/a")], vec![item("/world/b")])]
    );
    assert_eq!(after(&mut app, [select("/world/a"), select("/world/b")]), []);
}

#[test]
fn the_pointer_is_heard_of_where_it_is_over_something_else() {
    let mut app = stage();
    let hover = |path| ViewerCommand::Hover(Some(item(path)));
    let over = |path| Told::Hovered(Some(item(path)));
    assert_eq!(after(&mut app, [hover("/world/a")]), [over("/world/a")]);
    assert_eq!(after(&mut app, [hover("/world/a")]), []);
    assert_eq!(
        after(&mut app, [hover("/world/a"), hover("/world/b")]),
        [over("/world/b")]
    );
    assert_eq!(
        after(&mut app, [ViewerCommand::Hover(None)]),
        [Told::Hovered(None)]
    );
    assert_eq!(after(&mut app, [ViewerCommand::Hover(None)]), []);
}

#[test]
fn recordings_and_the_cursor_are_heard_of_once() {
    let mut app = new_app();
    listen(&mut app);
    assert_eq!(heard(&mut app), [], "nothing is open");
    let open = |app: &mut App, id: &StoreId| {
        let file = Script::new("a.rrd", data(id));
        file.set(SourceStatus::Finished);
        add(app, &file);
        settle(app);
        let mut heard = heard(app);
        // Which comes first is up to the frame.
        heard.sort_by_key(|event| !matches!(event, Told::Opened(_)));
        heard
    };
    let first = store_id();
    let at = |id: &StoreId, time| Told::Cursor(id.clone(), "frame".to_owned(), time);
    let seen = open(&mut app, &first);
    assert_eq!(seen[0], Told::Opened(first.clone()));
    let opened = seen.iter().filter(|event| matches!(event, Told::Opened(_)));
    assert_eq!(opened.count(), 1, "{seen:?}");
    let time = app.world().resource::<Cursor>().time;
    assert_eq!(seen.last(), Some(&at(&first, time)));

    let seek = |time| ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), time));
    let other = if time == 10 { 0 } else { 10 };
    assert_eq!(after(&mut app, [seek(other)]), [at(&first, other)]);
    assert_eq!(after(&mut app, [seek(other)]), [], "it is there already");

    let second = StoreId::recording("second app", "run");
    let seen = open(&mut app, &second);
    let opened = seen.iter().filter(|event| matches!(event, Told::Opened(_)));
    assert_eq!(opened.collect::<Vec<_>>(), [&Told::Opened(second.clone())]);
    // Another recording is shown: the cursor is one of another.
    let seen = after(&mut app, [ViewerCommand::ActivateRecording(first.clone())]);
    let moved = seen.iter().filter(|event| matches!(event, Told::Cursor(..)));
    assert!(moved.count() <= 1, "{seen:?}");
    let seen = after(&mut app, [ViewerCommand::ActivateRecording(second.clone())]);
    let [Told::Cursor(recording, ..)] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(recording, &second);
    // Closed and opened again, it is another one.
    assert_eq!(
        after(&mut app, [ViewerCommand::CloseRecording(second.clone())])
            .iter()
            .filter(|event| matches!(event, Told::Opened(_)))
            .count(),
        0
    );
    assert_eq!(open(&mut app, &second)[0], Told::Opened(second));
}

#[test]
fn a_click_is_heard_of_once_with_the_recording_that_it_names() {
    let mut app = stage();
    let elsewhere = StoreId::recording("app", "elsewhere");
    let click = EntityClicked {
        recording: Some(elsewhere.clone()),
        entity: "/world/a".into(),
        view: None,
        instance: Some(3),
        position: Some([1.0, 2.0, 3.0]),
        button: ClickButton::Secondary,
        source: ClickSource::View,
    };
    assert_eq!(
        after(&mut app, [ViewerCommand::Click(click)]),
        [Told::Click(ViewerClick {
            recording: Some(elsewhere),
            entity: "/world/a".into(),
            instance: Some(3),
            position: Some([1.0, 2.0, 3.0]),
            view: None,
            button: ClickButton::Secondary,
            source: ClickSource::View,
        })]
    );
    assert_eq!(heard(&mut app), []);
}

/// Has a host ask for something in a system of its own.
fn ask(
    app: &mut App,
    ask: impl Fn(&mut ViewerHandle<'_>) -> Option<CommandId> + Send + Sync + 'static,
) -> Option<CommandId> {
    let world = app.world_mut();
    world
        .run_system_once(move |mut viewer: ViewerHandle| ask(&mut viewer))
        .unwrap()
}

/// The answer to what was asked for, if one came in the next frames.
fn answer(app: &mut App, id: CommandId) -> Option<CommandFinished> {
    let mut answer = None;
    for _ in 0..8 {
        app.update();
        let mut messages = app.world_mut().resource_mut::<Messages<CommandFinished>>();
        answer = messages.drain().find(|message| message.id == id).or(answer);
    }
    answer
}

fn succeed(app: &mut App, id: Option<CommandId>) {
    let answer = answer(app, id.unwrap()).unwrap();
    assert_eq!(answer.result, Ok(()));
}

#[test]
fn a_host_seeks_selects_and_edits() {
    let mut app = stage();
    for time in [10, 0, 10] {
        let id = ask(&mut app, move |viewer| viewer.seek("frame", time));
        succeed(&mut app, id);
        assert_eq!(app.world().resource::<Cursor>().time, time);
    }
    let id = ask(&mut app, |viewer| viewer.select("/world/b"));
    succeed(&mut app, id);
    assert_eq!(app.world().resource::<Selection>().selected, [item("/world/b")]);
    let views = |app: &App| {
        let viewport = app.world().resource::<ActiveBlueprint>().viewport();
        viewport.views.clone()
    };
    let view = *views(&app).keys().next().unwrap();
    let id = ask(&mut app, move |viewer| {
        let name = Some("mine".to_owned());
        viewer.blueprint(BlueprintCommand::SetName(Contents::View(view), name))
    });
    succeed(&mut app, id);
    assert_eq!(views(&app)[&view].name.as_deref(), Some("mine"));
}

#[test]
fn a_host_opens_files_and_has_pictures_saved() {
    let mut app = stage();
    let id = ask(&mut app, |viewer| viewer.open(["a.rrd", "b.rrd"]));
    succeed(&mut app, id);
    let open = &app.world().resource::<FileRequests>().open;
    assert_eq!(open[..], [Path::new("a.rrd"), Path::new("b.rrd")]);
    let id = ask(&mut app, |viewer| viewer.screenshot("here.png"));
    assert_eq!(
        answer(&mut app, id.unwrap()),
        None,
        "whoever owns the window answers"
    );
    let asked = &app.world().resource::<ScreenshotRequests>().0;
    let asked: Vec<_> = asked.iter().map(|asked| &asked.to).collect();
    assert_eq!(asked, [&PictureTarget::File("here.png".into())]);
}

#[test]
fn without_a_viewer_nothing_is_done_and_nothing_answered() {
    let mut app = App::new();
    assert_eq!(ask(&mut app, |viewer| viewer.open(["a.rrd"])), None);
    assert_eq!(ask(&mut app, |viewer| viewer.seek("frame", 3)), None);
    let is_there = |viewer: ViewerHandle| viewer.is_there();
    assert!(!app.world_mut().run_system_once(is_there).unwrap());
    assert!(stage().world_mut().run_system_once(is_there).unwrap());
}

#[test]
fn what_is_opened_by_hand_is_shown() {
    let mut app = app_with_data();
    let ids = ["second", "third", "fourth"].map(|run| StoreId::recording("second app", run));
    let [second, third, fourth] = &ids;
    let file = |name, messages| {
        let file = Script::new(name, messages);
        file.set(SourceStatus::Finished);
        file
    };
    let active = |app: &App| {
        app.world()
            .resource::<Recordings>()
            .active()
            .map(|entry| entry.id().clone())
    };

    add(&mut app, &file("by itself", data(second)));
    settle(&mut app);
    assert_eq!(active(&app), Some(store_id()), "what comes by itself waits");

    let opened = [
        file("nothing", Vec::new()),
        file("third", data(third)),
        file("fourth", data(fourth)),
    ];
    let opened = opened.map(|file| add(&mut app, &file)).to_vec();
    app.world_mut().resource_mut::<IngestSources>().show_first(opened);
    settle(&mut app);
    assert_eq!(
        active(&app).as_ref(),
        Some(third),
        "the first of those that were opened together"
    );

    let again = add(&mut app, &file("a.rrd", data(&store_id())));
    app.world_mut()
        .resource_mut::<IngestSources>()
        .show_first(vec![again]);
    settle(&mut app);
    assert_eq!(active(&app), Some(store_id()), "also what is there already");

    // A program that adds to what is there, and then begins something new.
    let [known, new] = [third.clone(), StoreId::recording("second app", "fifth")];
    let program = Script::new("program", data(&known));
    let id = add(&mut app, &program);
    app.world_mut().resource_mut::<IngestSources>().show_first_new(id);
    program.set(SourceStatus::Live);
    settle(&mut app);
    assert_eq!(active(&app), Some(store_id()));
    data(&new)
        .into_iter()
        .for_each(|message| program.send(message.into()));
    settle(&mut app);
    assert_eq!(active(&app), Some(new), "it is run again");
}
