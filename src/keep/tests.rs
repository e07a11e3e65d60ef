//! What one run keeps, the next one shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bevy::{app::AppExit, time::TimePlugin};
use chronoscope_blueprint::{
    BlueprintCommand, BlueprintDocument, Contents, RecommendedView, Schema, ViewBlueprint, ViewClassId,
    ViewId,
};
use chronoscope_frame::{
    AppViewClassExt as _, FramePlugins, IngestSources, ViewClass, ViewerCommand, ViewerCommands,
    commands::FileRequests,
};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{LogMessage, Scalars, StoreInfo, columns_chunk};

use super::*;
use crate::sources::ReadySource;

/// A class of views that recommends none.
struct Plots;

impl ViewClass for Plots {
    fn id(&self) -> ViewClassId {
        ViewClassId::TIME_SERIES.into()
    }

    fn display_name(&self) -> &'static str {
        "Time series view"
    }

    fn recommend(&self, _: &Schema) -> Vec<RecommendedView> {
        Vec::new()
    }
}

struct Run {
    app: App,
}

const APPLICATION: &str = "my app/1";

impl Run {
    /// A run of the program that keeps its things there.
    fn start(folder: &std::path::Path) -> Self {
        let mut app = App::new();
        app.add_plugins((TimePlugin, FramePlugins));
        // Without the interface, all phases run whether something is drawn or not.
        app.init_resource::<UiSettings>().add_view_class(Plots);
        app.add_plugins(KeepPlugin {
            folder: folder.to_owned(),
            theme_is_given: false,
        });
        Self { app }
    }

    /// Opens a recording, with the blueprint that was sent with it, if one.
    fn open(&mut self, sent: Option<&BlueprintDocument>) {
        let store = StoreId::recording(APPLICATION, "run");
        let times = [(Timeline::sequence("frame"), vec![0])];
        let chunk = columns_chunk("/a", times, &Scalars::new([1.0])).unwrap();
        let mut messages = vec![
            LogMessage::StoreInfo(StoreInfo::new(store.clone())),
            LogMessage::Chunk {
                store,
                chunk: Arc::new(chunk),
            },
        ];
        if let Some(sent) = sent {
            let info = StoreInfo::new(StoreId::blueprint(APPLICATION, "sent"));
            messages.extend(sent.messages(info).unwrap());
        }
        let source = ReadySource::new("file", messages);
        self.app.world_mut().resource_mut::<IngestSources>().add(source);
        self.update();
    }

    fn update(&mut self) {
        for _ in 0..5 {
            self.app.update();
        }
    }

    fn push(&mut self, command: ViewerCommand) {
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .push(command);
        self.update();
    }

    fn edit(&mut self, command: BlueprintCommand) {
        self.push(ViewerCommand::Blueprint(command));
    }

    fn names(&self) -> Vec<String> {
        let viewport = self.app.world().resource::<ActiveBlueprint>().viewport();
        viewport.views.values().map(ViewBlueprint::title).collect()
    }

    fn reports(&self) -> Vec<String> {
        let reports = self.app.world().resource::<Reports>();
        reports.iter().map(|report| report.message.clone()).collect()
    }

    fn end(mut self) {
        self.app.world_mut().write_message(AppExit::Success);
        self.app.update();
    }
}

fn view() -> ViewBlueprint {
    ViewBlueprint::new(ViewId::hashed(["view"]), "TimeSeries", "/a")
}

fn document(name: &str) -> BlueprintDocument {
    let text = format!("(version: 1, layout: View(class: \"TimeSeries\", name: \"{name}\", origin: \"/a\"))");
    BlueprintDocument::from_ron(&text).unwrap()
}

fn rename(run: &mut Run, name: &str) {
    let viewport = run.app.world().resource::<ActiveBlueprint>().viewport();
    let view = *viewport.views.keys().next().unwrap();
    run.edit(BlueprintCommand::SetName(
        Contents::View(view),
        Some(name.to_owned()),
    ));
}

#[test]
fn the_views_of_an_application_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start(folder.path());
    run.open(None);
    run.edit(BlueprintCommand::AddView(view(), None));
    rename(&mut run, "Speed");
    run.end();

    let mut run = Run::start(folder.path());
    run.open(None);
    assert_eq!(run.names(), ["Speed"]);
    // What is undone is kept as it is then.
    rename(&mut run, "Other");
    run.push(ViewerCommand::Undo);
    assert_eq!(run.names(), ["Speed"]);
    run.end();

    let mut run = Run::start(folder.path());
    run.open(None);
    assert_eq!(run.names(), ["Speed"]);
    assert_eq!(run.reports(), Vec::<String>::new());
}

#[test]
fn what_was_made_of_a_sent_blueprint_is_there_again_and_another_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), ["sent"]);
    rename(&mut run, "mine");
    run.end();

    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), ["mine"]);
    run.end();

    let mut run = Run::start(folder.path());
    run.open(Some(&document("newer")));
    assert_eq!(run.names(), ["newer"]);
    run.end();

    // The user's own was not lost by that.
    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), ["mine"]);
    run.push(ViewerCommand::ResetBlueprint);
    assert_eq!(run.names(), ["sent"]);
    run.end();

    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), ["sent"]);
}

#[test]
fn that_views_are_chosen_automatically_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    run.push(ViewerCommand::ResetToHeuristics);
    assert_eq!(run.names(), Vec::<String>::new(), "the class recommends none");
    run.end();

    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), Vec::<String>::new());
    assert_eq!(run.reports(), Vec::<String>::new());
    run.push(ViewerCommand::ResetBlueprint);
    assert_eq!(run.names(), ["sent"]);
    run.end();

    let mut run = Run::start(folder.path());
    run.open(Some(&document("sent")));
    assert_eq!(run.names(), ["sent"]);
}

#[test]
fn settings_and_recent_files_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rrd");
    std::fs::write(&file, "").unwrap();
    let mut run = Run::start(folder.path());
    let mut settings = run.app.world_mut().resource_mut::<UiSettings>();
    settings.theme = egui::ThemePreference::Light;
    (settings.local_time, settings.fold_gaps) = (true, false);
    run.app.world_mut().resource_mut::<UiState>().panel_sizes.left = Some(222.0);
    run.app
        .world_mut()
        .resource_mut::<RecentFiles>()
        .add(file.clone());
    run.update();
    run.end();

    let run = Run::start(folder.path());
    let world = run.app.world();
    let settings = world.resource::<UiSettings>();
    assert_eq!(settings.theme, egui::ThemePreference::Light);
    assert_eq!((settings.local_time, settings.fold_gaps), (true, false));
    assert!(!settings.keep_hidden_views && !settings.desktop_dialogs);
    assert_eq!(world.resource::<UiState>().panel_sizes.left, Some(222.0));
    assert_eq!(world.resource::<RecentFiles>().0, [file]);
    assert!(world.resource::<FileRequests>().is_empty());
}

#[test]
fn damaged_files_cost_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start(folder.path());
    run.open(None);
    run.edit(BlueprintCommand::AddView(view(), None));
    run.end();
    std::fs::write(folder.path().join("settings.ron"), "(theme: Purple").unwrap();
    let blueprints = std::fs::read_dir(folder.path().join("blueprints")).unwrap();
    for file in blueprints {
        std::fs::write(file.unwrap().path(), "no blueprint").unwrap();
    }

    let mut run = Run::start(folder.path());
    run.open(None);
    assert_eq!(run.names(), Vec::<String>::new());
    assert_eq!(run.reports().len(), 2, "{:?}", run.reports());
}

#[test]
fn where_nothing_can_be_written_nothing_is_kept_and_all_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let mut run = Run::start(&file);
    run.open(None);
    run.edit(BlueprintCommand::AddView(view(), None));
    run.update();
    assert_eq!(run.names(), ["a"]);
    run.end();
}

#[test]
fn what_a_kept_blueprint_says_of_time_holds_again() {
    let folder = tempfile::tempdir().unwrap();
    let speed = |run: &Run| {
        let world = run.app.world();
        let key = world.resource::<Recordings>().active().unwrap().key();
        world.resource::<TimeControls>().get(key).speed()
    };
    let mut run = Run::start(folder.path());
    run.open(None);
    let text = "(version: 1, time: (playback_speed: 4.0))";
    run.push(ViewerCommand::PasteBlueprint(text.to_owned()));
    assert_eq!(speed(&run), 4.0);
    run.end();

    let mut run = Run::start(folder.path());
    run.open(None);
    assert_eq!(speed(&run), 4.0);
}
