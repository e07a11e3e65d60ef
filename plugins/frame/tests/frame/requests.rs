//! Commands that wait for what they name, and their answers.

use bevy_app::App;
use bevy_ecs::{message::Messages, system::RunSystemOnce as _};
use chronoscope_blueprint::{BlueprintCommand, Contents, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, CommandError, CommandFinished, CommandId, Cursor, Item, PlayState, Recordings,
    Selection, Settled, TimeCommand, TimeControls, ViewerCommand, ViewerCommands, ViewerHandle,
    commands::FileRequests,
};
use chronoscope_store::StoreId;
use chronoscope_types::SourceStatus;

use crate::{
    new_app, show_all,
    sources::{Script, add, app_with_data, data, reports, settle},
    store_id,
};

/// Asks for something, after some frames in which nothing happens.
fn request(app: &mut App, command: ViewerCommand) -> CommandId {
    app.world_mut().resource_mut::<ViewerCommands>().request(command)
}

fn request_for(app: &mut App, recording: StoreId, command: ViewerCommand) -> CommandId {
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.request_for(recording, command)
}

/// Runs frames, as many as answers take that wait for nothing, and returns the answers.
fn answers(app: &mut App) -> Vec<CommandFinished> {
    let mut answers = Vec::new();
    for _ in 0..8 {
        show_all(app, None);
        app.update();
        let mut messages = app.world_mut().resource_mut::<Messages<CommandFinished>>();
        answers.extend(messages.drain());
    }
    answers
}

fn finished(id: CommandId, result: Result<(), CommandError>) -> CommandFinished {
    CommandFinished { id, result }
}

fn seek(time: i64) -> ViewerCommand {
    ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), time))
}

fn cursor(app: &App) -> i64 {
    app.world().resource::<Cursor>().time
}

fn views(app: &App) -> Vec<ViewId> {
    let viewport = app.world().resource::<ActiveBlueprint>().viewport();
    viewport.views.keys().copied().collect()
}

#[test]
fn what_is_asked_together_with_a_file_waits_for_it() {
    let entity = Item::Entity("/world/b".into());
    let mut app = new_app();
    let open = request(&mut app, ViewerCommand::OpenFiles(vec!["a.rrd".into()]));
    let time = request(&mut app, seek(10));
    let select = request(&mut app, ViewerCommand::Select(vec![entity.clone()]));
    let activate = request(&mut app, ViewerCommand::ActivateRecording(store_id()));
    // Heuristics give a view the same id wherever the data is the same.
    let view = views(&app_with_data())[0];
    let name = BlueprintCommand::SetName(Contents::View(view), Some("mine".to_owned()));
    let rename = request(&mut app, ViewerCommand::Blueprint(name));
    assert_eq!(answers(&mut app), [finished(open, Ok(()))]);

    let file = Script::new("a.rrd", []);
    file.set(SourceStatus::Loading);
    add(&mut app, &file);
    app.world_mut().resource_mut::<FileRequests>().open.clear();
    assert_eq!(answers(&mut app), []);
    for message in data(&store_id()) {
        file.send(message.into());
    }
    file.set(SourceStatus::Finished);
    let mut done = answers(&mut app);
    done.sort_by_key(|answer| answer.id);
    assert_eq!(
        done,
        [time, select, activate, rename].map(|id| finished(id, Ok(())))
    );
    assert_eq!(cursor(&app), 10);
    assert_eq!(app.world().resource::<Selection>().selected, [entity]);
    let viewport = app.world().resource::<ActiveBlueprint>().viewport();
    assert_eq!(viewport.views[&view].name.as_deref(), Some("mine"));
    assert!(reports(&app).is_empty());
}

#[test]
fn what_can_never_come_is_answered_and_reported() {
    let view = ViewId::from_bytes([7; 16]);
    let other = StoreId::recording("other", "run");
    let component = |component: &str| Item::Component {
        entity: "/world/a".into(),
        component: component.to_owned(),
    };
    let select = |item| ViewerCommand::Select(vec![item]);
    let timeline = |name: &str| ViewerCommand::Time(TimeCommand::SetTimeline(name.to_owned()));
    let cases = [
        (timeline("lap"), CommandError::NoTimeline("lap".to_owned())),
        (
            select(Item::Entity("/world/c".into())),
            CommandError::NoEntity("/world/c".into()),
        ),
        (
            select(component("Points3D:radii")),
            CommandError::NoComponent {
                entity: "/world/a".into(),
                component: "Points3D:radii".to_owned(),
            },
        ),
        (
            select(Item::View(view)),
            CommandError::NotInBlueprint(Contents::View(view)),
        ),
        (
            ViewerCommand::FrameAll(view),
            CommandError::NotInBlueprint(Contents::View(view)),
        ),
        (
            ViewerCommand::ActivateRecording(other.clone()),
            CommandError::NoRecording(other),
        ),
    ];
    for (command, expected) in cases {
        let mut app = app_with_data();
        let before = (cursor(&app), app.world().resource::<Selection>().clone());
        let id = request(&mut app, command);
        assert_eq!(answers(&mut app), [finished(id, Err(expected.clone()))]);
        let told: Vec<&str> = reports(&app).iter().map(|report| &*report.message).collect();
        assert_eq!(told, [expected.to_string()]);
        let now = (cursor(&app), app.world().resource::<Selection>().clone());
        assert_eq!(now, before);
        settle(&mut app);
    }
    let mut app = app_with_data();
    let hide = BlueprintCommand::SetVisible(Contents::View(view), false);
    let id = request(&mut app, ViewerCommand::Blueprint(hide));
    let answer = answers(&mut app).pop().unwrap();
    assert_eq!(answer.id, id);
    let Err(CommandError::Failed(report)) = answer.result else {
        panic!("{answer:?}");
    };
    assert_eq!(reports(&app), [&report]);
    assert!(report.message.contains(&view.to_string()), "{report}");
    assert_eq!(
        request_and_fail(&mut new_app(), seek(3)),
        CommandError::NothingOpen
    );
}

fn request_and_fail(app: &mut App, command: ViewerCommand) -> CommandError {
    request(app, command);
    answers(app).pop().unwrap().result.unwrap_err()
}

#[test]
fn a_live_source_keeps_commands_waiting_and_the_viewer_settled() {
    let mut app = new_app();
    let live = Script::new("robot", []);
    live.set(SourceStatus::Live);
    add(&mut app, &live);
    let id = request(&mut app, seek(10));
    assert_eq!(answers(&mut app), []);
    assert!(app.world().resource::<Settled>().frames() > 3);
    for message in data(&store_id()) {
        live.send(message.into());
    }
    assert_eq!(answers(&mut app), [finished(id, Ok(()))]);
    assert_eq!(cursor(&app), 10);
    // It may still bring another recording, until it ends.
    let never = request(&mut app, ViewerCommand::Select(vec![Item::Entity("/c".into())]));
    assert_eq!(answers(&mut app), []);
    live.set(SourceStatus::Finished);
    let expected = Err(CommandError::NoEntity("/c".into()));
    assert_eq!(answers(&mut app), [finished(never, expected)]);
}

#[test]
fn commands_are_addressed_to_a_recording() {
    let mut app = app_with_data();
    let second = StoreId::recording("second app", "run");
    let file = Script::new("b.rrd", data(&second));
    file.set(SourceStatus::Finished);
    add(&mut app, &file);
    settle(&mut app);
    let show = request(&mut app, ViewerCommand::ActivateRecording(store_id()));
    assert_eq!(answers(&mut app), [finished(show, Ok(()))]);
    let id = request_for(&mut app, second.clone(), seek(10));
    assert_eq!(answers(&mut app), [finished(id, Ok(()))]);
    assert_eq!(cursor(&app), 0);
    let key = app.world().resource::<Recordings>().find(&second).unwrap().key();
    assert_eq!(
        app.world().resource::<TimeControls>().get(key).put_time("frame"),
        Some(10)
    );

    let views = BlueprintCommand::SetAutoViews(false);
    let edit = request_for(&mut app, second.clone(), ViewerCommand::Blueprint(views.clone()));
    let expected = Err(CommandError::NotShown(second.clone()));
    assert_eq!(answers(&mut app), [finished(edit, expected)]);
    let edit = request_for(&mut app, second.clone(), ViewerCommand::Blueprint(views));
    let show = request(&mut app, ViewerCommand::ActivateRecording(second.clone()));
    let done = answers(&mut app);
    assert_eq!(done, [finished(show, Ok(())), finished(edit, Ok(()))]);
    assert!(!app.world().resource::<ActiveBlueprint>().viewport().auto_views);
    assert_eq!(cursor(&app), 10);
}

#[test]
fn only_so_many_commands_wait() {
    let mut app = new_app();
    let live = Script::new("robot", []);
    live.set(SourceStatus::Live);
    add(&mut app, &live);
    let last = (0..257).map(|_| request(&mut app, seek(10))).last().unwrap();
    assert_eq!(answers(&mut app), [finished(last, Err(CommandError::TooMany))]);
    for message in data(&store_id()) {
        live.send(message.into());
    }
    assert_eq!(answers(&mut app).len(), 256);
}

#[test]
fn commands_without_a_request_do_not_wait() {
    let mut app = new_app();
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(seek(10));
    assert!(
        commands
            .iter()
            .any(|command| matches!(command, ViewerCommand::Time(_)))
    );
    assert_eq!(answers(&mut app), []);
    let file = Script::new("a.rrd", data(&store_id()));
    file.set(SourceStatus::Finished);
    add(&mut app, &file);
    settle(&mut app);
    assert_eq!(cursor(&app), 0);
    assert!(reports(&app).is_empty());
}

#[test]
fn a_host_plays_and_pauses_whatever_the_viewer_does_now() {
    let mut app = app_with_data();
    // So slowly that it does not come to the end.
    request(&mut app, ViewerCommand::Time(TimeCommand::SetFps(1e-6)));
    answers(&mut app);
    for (plays, expected) in [
        (true, PlayState::Playing),
        (true, PlayState::Playing),
        (false, PlayState::Paused),
        (false, PlayState::Paused),
    ] {
        let ask = move |mut viewer: ViewerHandle| if plays { viewer.play() } else { viewer.pause() };
        let id = app.world_mut().run_system_once(ask).unwrap().unwrap();
        assert_eq!(answers(&mut app), [finished(id, Ok(()))]);
        let active = app.world().resource::<Recordings>().active().unwrap().key();
        let control = app.world().resource::<TimeControls>().get(active);
        assert_eq!(control.play_state(), expected);
    }
}
