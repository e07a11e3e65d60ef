//! Tiles of views that look elsewhere than the cursor.

use std::sync::Arc;

use chronoscope_blueprint::{ContextTime, QueryContextSettings, RecordingName};
use chronoscope_frame::{DiffLog, QueryContext, Recordings, ViewerClick};
use chronoscope_store::StoreId;

use super::*;
use crate::testing::{click_at, hear_clicks, heard_clicks};

fn other_id() -> StoreId {
    StoreId::recording("app", "other")
}

impl Viewer {
    fn log_in_other(&mut self, chunk: Chunk) {
        let world = self.app.world_mut();
        world.resource_scope(|world, mut log: Mut<'_, DiffLog>| {
            let mut recordings = world.resource_mut::<Recordings>();
            recordings.insert(&mut log, &other_id(), chunk).unwrap();
        });
    }

    fn look(&mut self, class: &str, settings: &QueryContextSettings) {
        let (_, view) = self.view_of(class);
        let edit = BlueprintCommand::SetProperty(view, settings.properties());
        self.command(ViewerCommand::Blueprint(edit));
        self.command(ViewerCommand::EndGesture);
    }

    fn cursor(&self) -> i64 {
        self.app.world().resource::<Cursor>().time
    }

    /// Where a view looks.
    fn time_of(&mut self, class: &str) -> i64 {
        let (entity, _) = self.view_of(class);
        self.app.world().get::<QueryContext>(entity).unwrap().cursor.time
    }
}

fn at(time: ContextTime) -> QueryContextSettings {
    QueryContextSettings {
        time,
        ..QueryContextSettings::default()
    }
}

fn in_other(time: ContextTime) -> QueryContextSettings {
    let recording = RecordingName {
        application: None,
        recording: Arc::from("other"),
    };
    QueryContextSettings {
        recording: Some(recording),
        ..at(time)
    }
}

fn document(time: i64, text: &str) -> Chunk {
    log_chunk("document", [(frame(), time)], &TextDocument::new(text)).unwrap()
}

#[test]
fn a_document_is_the_one_of_its_views_time_and_recording() {
    let mut viewer = Viewer::new([document(0, "at first"), document(20, "at last")]);
    viewer.log_in_other(document(0, "of the other run"));
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(30)));
    assert_has(&viewer.text("TextDocument"), "at last");
    viewer.look("TextDocument", &at(ContextTime::Fixed(5)));
    assert_has(&viewer.text("TextDocument"), "at first");
    viewer.look("TextDocument", &in_other(ContextTime::AtCursor));
    assert_has(&viewer.text("TextDocument"), "of the other run");
    viewer.command(ViewerCommand::CloseRecording(other_id()));
    let text = viewer.text("TextDocument");
    assert_has(&text, "Nothing to look at");
    assert_has(&text, "Recording other is not open");
}

#[test]
fn a_log_is_read_and_moved_where_its_view_looks() {
    let mut viewer = Viewer::new([
        line("logs", 0, "first", "INFO"),
        line("logs", 20, "second", "INFO"),
    ]);
    viewer.egui = context_with_fonts();
    viewer.look("TextLog", &at(ContextTime::Offset(-5)));
    viewer.click("TextLog", "#20");
    assert_eq!((viewer.cursor(), viewer.time_of("TextLog")), (25, 20));
    // Where the time is fixed, it is that which moves.
    viewer.look("TextLog", &at(ContextTime::Fixed(3)));
    viewer.click("TextLog", "#20");
    assert_eq!((viewer.cursor(), viewer.time_of("TextLog")), (25, 20));
    viewer.click("TextLog", "#0");
    assert_eq!((viewer.cursor(), viewer.time_of("TextLog")), (25, 0));
    viewer.log_in_other(line("logs", 7, "elsewhere", "INFO"));
    viewer.look("TextLog", &in_other(ContextTime::AtCursor));
    let text = viewer.text("TextLog");
    assert!(text.contains("elsewhere") && !text.contains("second"), "{text}");
}

#[test]
fn a_plot_shows_the_series_of_its_views_recording_and_timeline() {
    let mut viewer = Viewer::new([scalars("plots/here", 0, 100), scalars("plots/beside", 0, 100)]);
    viewer.log_in_other(scalars("plots/there", 200, 400));
    assert_has(&viewer.text("TimeSeries"), "here");
    viewer.look("TimeSeries", &in_other(ContextTime::Offset(300)));
    let text = viewer.text("TimeSeries");
    let names = |name: &str| text.split('|').any(|part| part == name);
    assert!(names("there") && !names("here"), "{text}");
    assert_has(&text, "400");
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(50)));
    assert_eq!(viewer.time_of("TimeSeries"), 350);
    let never = QueryContextSettings {
        timeline: Some("never".into()),
        ..QueryContextSettings::default()
    };
    viewer.look("TimeSeries", &never);
    let text = viewer.text("TimeSeries");
    assert_has(&text, "has nothing on timeline never");
    viewer.command(ViewerCommand::Undo);
    assert_has(&viewer.text("TimeSeries"), "there");
}

/// Series of another recording may have the ids of these.
#[test]
fn a_plot_calls_series_as_their_own_recording_does() {
    let mut viewer = Viewer::new([scalars("plots/a", 0, 100), scalars("plots/b", 0, 100)]);
    for chunk in [scalars("plots/c", 0, 100), scalars("plots/d", 0, 100)] {
        viewer.log_in_other(chunk);
    }
    let names = |viewer: &mut Viewer| {
        let text = viewer.text("TimeSeries");
        let names = text.split('|').filter(|part| ["a", "b", "c", "d"].contains(part));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut viewer), ["a", "b"]);
    viewer.look("TimeSeries", &in_other(ContextTime::AtCursor));
    assert_eq!(names(&mut viewer), ["c", "d"]);
    viewer.command(ViewerCommand::Undo);
    assert_eq!(names(&mut viewer), ["a", "b"]);
}

/// What a host hears of a click somewhere on the line of a plot.
fn click_on_line(viewer: &mut Viewer) -> Vec<ViewerClick> {
    for y in (20..280).step_by(6) {
        let place = Pos2::new(200.0, y as f32);
        click_at(place, |events| drop(viewer.draw("TimeSeries", events)));
        let clicks = heard_clicks(&mut viewer.app);
        if !clicks.is_empty() {
            return clicks;
        }
    }
    panic!("no line");
}

#[test]
fn a_host_hears_of_which_recording_something_was_clicked_on() {
    let data = || [line("logs", 0, "text", "INFO"), scalars("plots/wave", 0, 100)];
    let mut viewer = Viewer::new(data());
    for chunk in data() {
        viewer.log_in_other(chunk);
    }
    viewer.settle();
    hear_clicks(&mut viewer.app);
    let check = |viewer: &mut Viewer, expected: &StoreId| {
        viewer.click("TextLog", "logs");
        let in_log = heard_clicks(&mut viewer.app);
        let in_plot = click_on_line(viewer);
        for (clicks, entity) in [(in_log, "/logs"), (in_plot, "/plots/wave")] {
            assert_eq!(clicks.len(), 1, "{clicks:?}");
            assert_eq!(clicks[0].entity, entity.into());
            assert_eq!(clicks[0].recording.as_ref(), Some(expected));
            assert!(clicks[0].view.is_some());
        }
    };
    check(&mut viewer, &StoreId::recording("app", "recording"));
    for class in ["TextLog", "TimeSeries"] {
        viewer.look(class, &in_other(ContextTime::AtCursor));
    }
    check(&mut viewer, &other_id());
}
