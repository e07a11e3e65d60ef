//! What a host asks the viewer for, and how it is answered.

use bevy::{ecs::message::Messages, prelude::*};
use chronoscope::{
    ChronoscopePlugins,
    frame::{
        CommandError, CommandFinished, PlayState, Recordings, Reports, Settled, TimeCommand, TimeControls,
        ViewerCommand, ViewerCommands, error::Severity,
    },
    offscreen::{self, HeadlessPlugin, OffscreenPlugin, OffscreenSize},
    store::StoreId,
};

use crate::{
    picture::{count, load},
    program::data,
};

const SIZE: OffscreenSize = OffscreenSize {
    width: 700,
    height: 450,
    scale: 1.0,
};

/// The trail of the scene, as it was logged.
const TRAIL: [u8; 3] = [120, 255, 120];

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin { size: SIZE })
        .add_plugins(ChronoscopePlugins);
    app.insert_resource(chronoscope::ui::UiSettings {
        theme: egui::ThemePreference::Dark,
        ..chronoscope::ui::UiSettings::default()
    });
    offscreen::finish(&mut app);
    app
}

/// Runs frames until as many commands are answered.
fn answers(app: &mut App, wanted: usize) -> Vec<CommandFinished> {
    let mut answers = Vec::new();
    for _ in 0..100_000 {
        app.update();
        let mut messages = app.world_mut().resource_mut::<Messages<CommandFinished>>();
        answers.extend(messages.drain());
        if answers.len() == wanted {
            return answers;
        }
        std::thread::yield_now();
    }
    panic!("no more than {answers:?}");
}

fn commands(app: &mut App) -> Mut<'_, ViewerCommands> {
    app.world_mut().resource_mut::<ViewerCommands>()
}

fn reported(app: &App, severity: Severity) -> Vec<String> {
    let reports = app.world().resource::<Reports>().iter();
    reports
        .filter(|report| report.severity == severity)
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_screenshot_shows_what_was_asked_for_together_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (out, nowhere) = (
        folder.path().join("out.png"),
        folder.path().join("missing/out.png"),
    );
    let mut app = app();
    let mut queue = commands(&mut app);
    let at = TimeCommand::SetTimelineAndTime("frame".to_owned(), 18);
    let ids = [
        queue.request(ViewerCommand::OpenFiles(vec![data("scene.rrd")])),
        queue.request(ViewerCommand::Time(at)),
    ];
    let mut done = answers(&mut app, 2);
    done.sort_by_key(|answer| answer.id);
    assert_eq!(done.iter().map(|answer| answer.id).collect::<Vec<_>>(), ids);
    assert!(done.iter().all(|answer| answer.result.is_ok()), "{done:?}");

    let mut queue = commands(&mut app);
    let taken = queue.request(ViewerCommand::Screenshot(out.clone()));
    let lost = queue.request(ViewerCommand::Screenshot(nowhere.clone()));
    let done = answers(&mut app, 2);
    assert_eq!((done[0].id, &done[0].result), (taken, &Ok(())));
    assert_eq!(done[1].id, lost);
    let Err(CommandError::Failed(report)) = &done[1].result else {
        panic!("{done:?}");
    };
    assert!(report.to_string().contains(nowhere.to_str().unwrap()), "{report}");
    assert_eq!(reported(&app, Severity::Error), [report.to_string()]);
    let saved = reported(&app, Severity::Success);
    assert_eq!(saved, [format!("{}: Screenshot saved", out.display())]);

    let picture = load(&out);
    assert_eq!(picture.dimensions(), (SIZE.width, SIZE.height));
    assert!(count(&picture, TRAIL) > 20, "no trail");
    // It was settled: nothing else is to come.
    offscreen::settle(&mut app, Some(50)).unwrap();
}

#[test]
fn a_screenshot_is_taken_while_time_plays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.png");
    let mut app = app();
    let mut queue = commands(&mut app);
    queue.push(ViewerCommand::OpenFiles(vec![data("scene.rrd")]));
    queue.request(ViewerCommand::Time(TimeCommand::TogglePlay));
    assert_eq!(answers(&mut app, 1)[0].result, Ok(()));
    commands(&mut app).request(ViewerCommand::Screenshot(out.clone()));
    assert_eq!(answers(&mut app, 1)[0].result, Ok(()));
    let key = app.world().resource::<Recordings>().active().unwrap().key();
    let times = app.world().resource::<TimeControls>();
    assert_eq!(times.get(key).play_state(), PlayState::Playing);
    assert!(app.world().resource::<Settled>().frames() < 4);
    assert_eq!(load(&out).dimensions(), (SIZE.width, SIZE.height));
}

#[test]
fn where_nothing_is_drawn_a_screenshot_is_refused() {
    let mut app = App::new();
    app.add_plugins(HeadlessPlugin);
    app.add_plugins((bevy_egui::EguiPlugin::default(), ChronoscopePlugins));
    offscreen::finish(&mut app);
    let other = StoreId::recording("not", "open");
    let mut queue = commands(&mut app);
    queue.request(ViewerCommand::Screenshot("out.png".into()));
    queue.request_for(other.clone(), ViewerCommand::Screenshot("out.png".into()));
    let mut done = answers(&mut app, 2);
    done.sort_by_key(|answer| answer.id);
    let Err(CommandError::Failed(report)) = &done[0].result else {
        panic!("{done:?}");
    };
    assert_eq!(report.to_string(), "out.png: the renderer gave no picture");
    assert_eq!(done[1].result, Err(CommandError::NoRecording(other)));
}
