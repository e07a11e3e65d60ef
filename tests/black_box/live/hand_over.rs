//! What a second start hands to the viewer that runs.

use std::io::Write as _;

use chronoscope::{
    cli::TimeArgument,
    frame::{ActiveBlueprint, PlayState, TimeControls},
    hand_over::{Wanted, hand_over},
};

use super::*;

#[test]
fn a_running_viewer_takes_the_files_of_another_start() {
    let (mut app, link) = viewer();
    let address = ([0, 0, 0, 0], link.port()).into();
    let inputs = Inputs {
        files: vec![data("scene.rrd")],
        ..Inputs::default()
    };
    let other = std::thread::spawn(move || {
        let runtime = LiveRuntime::start().unwrap();
        let wanted = Wanted {
            inputs: &inputs,
            blueprint: None,
            time: None,
            follow: false,
        };
        hand_over(&runtime, address, wanted, &FileSettings::default().0).unwrap()
    });
    live::take_one_sender(&mut app);
    while !other.is_finished() {
        app.update();
    }
    assert_eq!(other.join().unwrap(), link);
    live::take_one_sender(&mut app);
    let num_rows = |messages: &[LogMessage]| messages.iter().map(LogMessage::num_rows).sum::<u64>();
    let recordings = app.world().resource::<Recordings>();
    let shown: u64 = recordings
        .recordings()
        .map(|entry| entry.store().num_rows())
        .sum();
    assert_eq!(shown, num_rows(&messages_of("scene.rrd")));
}

/// A view that has a name.
const BLUEPRINT: &str =
    "(version: 1, layout: View(class: \"TimeSeries\", name: \"Handed over\", origin: \"/\"))";

fn frame_7() -> TimeArgument {
    TimeArgument {
        timeline: "frame".into(),
        time: "7".into(),
    }
}

#[test]
fn what_is_handed_over_is_shown_where_and_as_the_other_start_was_told() {
    let (mut app, link) = viewer();
    let address = ([127, 0, 0, 1], link.port()).into();
    let folder = TempDir::new().unwrap();
    let blueprint = folder.path().join("plots.ron");
    std::fs::write(&blueprint, BLUEPRINT).unwrap();
    let other = std::thread::spawn(move || {
        let runtime = LiveRuntime::start().unwrap();
        let inputs = Inputs {
            files: vec![data("scene.rrd")],
            ..Inputs::default()
        };
        let wanted = Wanted {
            inputs: &inputs,
            blueprint: Some(&blueprint),
            time: Some(&frame_7()),
            follow: false,
        };
        hand_over(&runtime, address, wanted, &FileSettings::default().0).unwrap();
    });
    while !other.is_finished() {
        app.update();
    }
    other.join().unwrap();
    for _ in 0..3 {
        live::take_one_sender(&mut app);
        app.update();
    }
    let world = app.world();
    let recordings = world.resource::<Recordings>();
    let entry = recordings.active().unwrap();
    let times = world.resource::<TimeControls>().get(entry.key());
    assert_eq!(times.play_state(), PlayState::Paused);
    let cursor = world.resource::<Cursor>();
    let frame = entry.store().timeline_id("frame");
    assert_eq!((cursor.timeline, cursor.time), (frame, 7));
    let viewport = world.resource::<ActiveBlueprint>().viewport();
    let names: Vec<_> = viewport.views.values().map(|view| view.name.as_deref()).collect();
    assert_eq!(names, [Some("Handed over")]);
}

/// The other start ends at once, however large the files are, and has them followed.
#[test]
fn a_running_viewer_reads_files_of_its_machine_itself() {
    let (mut app, link) = viewer_that(true);
    let folder = TempDir::new().unwrap();
    let (path, blueprint) = (folder.path().join("a b.rrd"), folder.path().join("plots.ron"));
    let bytes = std::fs::read(data("scene.rrd")).unwrap();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    std::fs::write(&path, first).unwrap();
    std::fs::write(&blueprint, BLUEPRINT).unwrap();
    let runtime = LiveRuntime::start().unwrap();
    let inputs = Inputs {
        files: vec![path.clone()],
        ..Inputs::default()
    };
    let wanted = Wanted {
        inputs: &inputs,
        blueprint: Some(&blueprint),
        time: Some(&frame_7()),
        follow: true,
    };
    let address = ([127, 0, 0, 1], link.port()).into();
    // Nobody takes anything meanwhile.
    hand_over(&runtime, address, wanted, &FileSettings::default().0).unwrap();
    while app.world().resource::<Cursor>().time != 7 {
        app.update();
    }
    let num_senders = app.world().resource::<live::Listener>().num_senders();
    assert_eq!(num_senders, 1, "the question whether a viewer is there");
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(rest).unwrap();
    let expected: u64 = messages_of("scene.rrd").iter().map(LogMessage::num_rows).sum();
    let num_rows = |app: &App| {
        let recordings = app.world().resource::<Recordings>();
        let rows = recordings.recordings().map(|entry| entry.store().num_rows());
        rows.sum::<u64>()
    };
    while num_rows(&app) < expected {
        app.update();
    }
    let entry = app.world().resource::<Recordings>().active().unwrap();
    assert_eq!(&*entry.source_name, path.to_str().unwrap());
}
