//! Files, sources and the clipboard, without a renderer: what can be read, and what happens when it is clicked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};

use chronoscope_blueprint::{BlueprintDocument, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, FileKind, FileKinds, IngestSource, IngestSources, Item, OffersDemo, RecentFiles,
    Recordings, Report, Reports, SourcePoll, TimeControls, ViewerCommand, ViewerCommands,
    commands::{Export, FileRequests, FrameAllRequests, PictureTarget, ScreenshotRequests},
};
use chronoscope_types::SourceStatus;
use egui::{Event, Key, Modifiers};

use crate::{UiSettings, icons, testing::Stage};

fn says(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text.contains(wanted))
}

fn check_says(texts: &[String], wanted: &str) {
    assert!(says(texts, wanted), "nothing says '{wanted}' among {texts:?}");
}

fn stage() -> Stage {
    Stage::with_entities(1400.0, 900.0, &["/plots"])
}

#[test]
fn the_welcome_page_opens_a_file_and_the_demo() {
    let mut stage = Stage::empty(1400.0, 900.0);
    assert!(!says(&stage.draw(), "Open a file"), "a host may open nothing");
    let kind = FileKind {
        name: "a recording".to_owned(),
        extensions: vec!["rrd".to_owned()],
    };
    stage.app.insert_resource(FileKinds(vec![kind]));
    stage.app.insert_resource(OffersDemo(true));
    stage.draw();
    let demo = stage.find("Open the demo");
    stage.click(demo);
    let requests = std::mem::take(&mut *stage.app.world_mut().resource_mut::<FileRequests>());
    assert!(requests.open_demo && requests.open.is_empty());
    let file = stage.find("Open a file");
    stage.click(file);
    check_says(&stage.draw(), "Path of a file");
}

#[test]
fn the_welcome_page_opens_recent_files() {
    let mut stage = Stage::empty(1400.0, 900.0);
    stage.app.world_mut().resource_mut::<RecentFiles>().0 = vec!["/data/runs/yard.rrd".into()];
    assert!(!says(&stage.draw(), "yard.rrd"), "a host may open nothing");
    let kind = FileKind {
        name: "a recording".to_owned(),
        extensions: vec!["rrd".to_owned()],
    };
    stage.app.insert_resource(FileKinds(vec![kind]));
    check_says(&stage.draw(), "/data/runs");
    let file = stage.find("yard.rrd");
    stage.click(file);
    stage.draw();
    let requests = stage.app.world().resource::<FileRequests>();
    assert_eq!(requests.open, [std::path::PathBuf::from("/data/runs/yard.rrd")]);
}

/// A source that gives nothing, and stands as a test says.
#[derive(Clone)]
struct Source {
    name: &'static str,
    status: Arc<Mutex<SourceStatus>>,
    progress: Option<f32>,
}

impl IngestSource for Source {
    fn name(&self) -> &str {
        self.name
    }

    fn poll(&mut self) -> SourcePoll {
        if self.status.lock().unwrap().is_open() {
            SourcePoll::Pending
        } else {
            SourcePoll::Finished
        }
    }

    fn status(&self) -> SourceStatus {
        self.status.lock().unwrap().clone()
    }

    fn progress(&self) -> Option<f32> {
        self.progress
    }
}

fn add(stage: &mut Stage, name: &'static str, status: SourceStatus, progress: Option<f32>) -> Source {
    let source = Source {
        name,
        status: Arc::new(Mutex::new(status)),
        progress,
    };
    let mut sources = stage.app.world_mut().resource_mut::<IngestSources>();
    sources.add(source.clone());
    source
}

fn lost(reason: &str) -> SourceStatus {
    SourceStatus::Lost {
        reason: reason.into(),
    }
}

fn document(stage: &Stage) -> BlueprintDocument {
    let world = stage.app.world();
    let active = world.resource::<ActiveBlueprint>();
    let times = world.resource::<TimeControls>();
    active.document(world.resource::<Recordings>(), times).unwrap()
}

/// Runs a command of the palette.
fn run(stage: &mut Stage, name: &str) {
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    stage.draw_with(vec![Event::Text(name.to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    stage.draw();
}

#[test]
fn each_source_that_is_not_finished_says_how_it_stands_with_it() {
    let mut stage = stage();
    assert!(!says(&stage.draw(), "Sources"));
    add(&mut stage, "/data/first.rrd", SourceStatus::Loading, Some(0.45));
    add(&mut stage, "/data/second.rrd", SourceStatus::Connecting, None);
    add(
        &mut stage,
        "rerun+http://robot:9876/proxy",
        SourceStatus::Live,
        None,
    );
    add(
        &mut stage,
        "/data/gone.rrd",
        lost("could not be opened: no such file"),
        None,
    );
    let texts = stage.draw();
    for wanted in [
        "Sources",
        "first.rrd",
        "45 %",
        "second.rrd",
        "connecting",
        "proxy",
        "live",
        "gone.rrd",
        "lost",
        "could not be opened: no such file",
        "Loading 2 sources",
    ] {
        assert!(
            texts.iter().any(|text| text == wanted),
            "'{wanted}' among {texts:?}"
        );
    }
}

#[test]
fn the_cross_of_a_source_removes_it() {
    let mut stage = stage();
    let loading = add(&mut stage, "first.rrd", SourceStatus::Loading, Some(0.5));
    add(&mut stage, "gone.rrd", lost("is empty"), None);
    stage.draw();
    let names = |stage: &mut Stage| {
        let sources = stage.app.world().resource::<IngestSources>();
        sources
            .states()
            .map(|state| state.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&mut stage), ["first.rrd", "gone.rrd"]);
    let row = stage.find("is empty");
    let cross = stage.find_near(icons::CLOSE, row);
    stage.click(cross);
    assert_eq!(names(&mut stage), ["first.rrd"]);
    stage.draw();
    let icon = stage.find_near(icons::LOADING, row);
    let cross = stage.find_near(icons::CLOSE, icon);
    stage.click(cross);
    assert_eq!(names(&mut stage), [""; 0]);
    assert_eq!(
        Arc::strong_count(&loading.status),
        1,
        "what is removed is dropped"
    );
    assert!(!says(&stage.draw(), "Sources"));
}

#[test]
fn a_list_of_sources_asks_for_no_repaint() {
    let mut stage = stage();
    add(
        &mut stage,
        "rerun+http://robot:9876/proxy",
        SourceStatus::Live,
        None,
    );
    add(&mut stage, "gone.rrd", lost("is empty"), None);
    for _ in 0..60 {
        stage.draw_with(Vec::new());
    }
    check_says(&stage.draw(), "Sources");
    assert!(!stage.wants_repaint());
}

#[test]
fn a_blueprint_is_pasted_as_one_step() {
    let mut stage = stage();
    stage.draw();
    let before = document(&stage);
    let text = "(version: 1, layout: View(class: \"TimeSeries\", name: \"from the clipboard\"))";
    stage.draw_with(vec![Event::Paste(text.to_owned())]);
    check_says(&stage.draw(), "from the clipboard");
    let pasted = document(&stage);
    assert_ne!(pasted, before);
    stage.press(Key::Z, Modifiers::COMMAND);
    assert!(!says(&stage.draw(), "from the clipboard"));
    assert_eq!(document(&stage), before);
    stage.press(Key::Z, Modifiers::COMMAND | Modifiers::SHIFT);
    assert_eq!(document(&stage), pasted);
}

#[test]
fn a_text_that_is_no_blueprint_gives_a_notification_with_its_line() {
    let mut stage = stage();
    stage.draw();
    let before = document(&stage);
    let text = "(\n    version: 1,\n    layout: Row(contents: []),\n)";
    stage.draw_with(vec![Event::Paste(text.to_owned())]);
    let texts = stage.draw();
    check_says(&texts, "line 3, column");
    check_says(&texts, "Row");
    assert_eq!(document(&stage), before);
}

#[test]
fn what_is_pasted_into_a_text_field_is_no_blueprint() {
    let mut stage = stage();
    stage.draw();
    let before = document(&stage);
    stage.press(Key::P, Modifiers::COMMAND);
    stage.draw();
    stage.draw_with(vec![Event::Paste("go to the end".to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    let texts = stage.draw();
    assert!(!says(&texts, "line 1"), "{texts:?}");
    assert_eq!(document(&stage), before);
    assert_eq!(stage.app.world().resource::<chronoscope_frame::Cursor>().time, 20);
}

#[test]
fn a_blueprint_is_copied_by_the_palette_and_by_keys() {
    let mut stage = stage();
    stage.draw();
    run(&mut stage, "copy blueprint");
    let copied = stage.copied.take().unwrap();
    assert_eq!(BlueprintDocument::from_ron(&copied).unwrap(), document(&stage));
    stage.press(Key::C, Modifiers::COMMAND | Modifiers::SHIFT);
    assert_eq!(stage.copied.take(), Some(copied));
    // There is no clipboard here to read.
    run(&mut stage, "paste blueprint");
    check_says(&stage.draw(), "The clipboard cannot be read.");
}

#[test]
fn a_blueprint_is_saved_under_a_name_that_says_its_format() {
    let mut stage = stage();
    stage.draw();
    let requested = |stage: &Stage| {
        stage
            .app
            .world()
            .resource::<FileRequests>()
            .save_blueprint
            .clone()
    };
    let folder = std::env::temp_dir();
    let retype = |stage: &mut Stage, path: &str| {
        stage.press(Key::A, Modifiers::COMMAND);
        stage.draw_with(vec![Event::Text(path.to_owned())]);
        stage.draw()
    };
    stage.press(Key::S, Modifiers::COMMAND);
    let texts = stage.draw();
    check_says(&texts, "Save blueprint as");
    check_says(&texts, "test app.ron");
    check_says(&retype(&mut stage, "layout.txt"), "must end with .ron or .rbl");
    stage.press(Key::Enter, Modifiers::NONE);
    assert!(requested(&stage).is_empty());
    check_says(&stage.draw(), "Save blueprint as");

    let exists = folder.join(format!("chronoscope_{}.ron", std::process::id()));
    std::fs::write(&exists, "").unwrap();
    let field = stage.find("layout.txt");
    stage.click(field);
    let texts = retype(&mut stage, exists.to_str().unwrap());
    std::fs::remove_file(&exists).unwrap();
    check_says(&texts, "exists and will be replaced");
    check_says(&texts, "Replace");
    stage.press(Key::Enter, Modifiers::NONE);
    assert!(!says(&stage.draw(), "Save blueprint as"));
    assert_eq!(requested(&stage), [exists]);
}

#[test]
fn a_screenshot_is_saved_under_the_name_that_is_typed() {
    let mut stage = Stage::empty(800.0, 600.0);
    stage.draw();
    run(&mut stage, "save screenshot");
    let texts = stage.draw();
    check_says(&texts, "Save screenshot as");
    check_says(&texts, "chronoscope.png");
    stage.press(Key::Enter, Modifiers::NONE);
    stage.draw();
    let requests = &stage.app.world().resource::<ScreenshotRequests>().0;
    let targets: Vec<_> = requests.iter().map(|request| &request.to).collect();
    assert_eq!(targets, [&PictureTarget::File("chronoscope.png".into())]);
}

#[test]
fn the_series_of_a_selected_plot_are_saved() {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots/a", "/plots/b"]);
    stage.draw();
    let view = stage.first_view();
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Select(vec![Item::View(view)]));
    stage.draw();
    run(&mut stage, "Save selected series");
    check_says(&stage.draw(), "Save series as");
    stage.press(Key::Enter, Modifiers::NONE);
    stage.draw();
    let exports = &stage.app.world().resource::<FileRequests>().exports;
    let exports: Vec<&Export> = exports.iter().map(|(export, _)| export).collect();
    let expected = Export::Series(vec!["/plots/a".into(), "/plots/b".into()]);
    assert_eq!(exports, [&expected]);
}

#[test]
fn what_is_saved_is_confirmed_for_a_moment() {
    let mut stage = stage();
    stage.draw();
    let mut reports = stage.app.world_mut().resource_mut::<Reports>();
    reports.push(Report::success("/pictures/a.png", "Screenshot saved"));
    reports.push(Report::warning("/data/a.rrd", "is damaged"));
    let texts = stage.draw();
    check_says(&texts, "Screenshot saved");
    check_says(&texts, "/pictures/a.png");
    assert!(stage.wants_repaint(), "to take it away");
    for _ in 0..600 {
        stage.draw_with(Vec::new());
    }
    let texts = stage.draw();
    assert!(!says(&texts, "Screenshot saved"), "{texts:?}");
    check_says(&texts, "is damaged");
}

#[test]
fn the_selected_views_frame_all_that_is_in_them_else_all_that_are_shown() {
    let mut stage = stage();
    stage.draw();
    let framed = |stage: &mut Stage| -> Vec<_> {
        run(stage, "frame all content");
        let requests = std::mem::take(&mut stage.app.world_mut().resource_mut::<FrameAllRequests>().0);
        requests.into_iter().map(|request| request.view).collect()
    };
    let shown: Vec<_> = {
        let viewport = stage.app.world().resource::<ActiveBlueprint>().viewport();
        viewport.views.keys().copied().collect()
    };
    assert_eq!(framed(&mut stage), shown);
    let selected = Item::View(ViewId::from_bytes([9; 16]));
    let select = ViewerCommand::Select(vec![selected.clone()]);
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(select);
    stage.draw();
    assert_eq!(framed(&mut stage), [selected.view().unwrap()]);
}

#[test]
fn the_kinds_of_files_are_those_that_can_be_opened() {
    let mut stage = Stage::empty(1400.0, 900.0);
    let kind = |extensions: &[&str]| FileKind {
        name: "a file".to_owned(),
        extensions: extensions.iter().map(ToString::to_string).collect(),
    };
    let kinds = FileKinds(vec![kind(&["rrd", "rbl"]), kind(&["song"])]);
    stage.app.insert_resource(kinds);
    check_says(
        &stage.draw(),
        "Drop a file here, or press Ctrl+O\nOpens .rrd, .rbl, .song",
    );
    stage.press(Key::O, Modifiers::COMMAND);
    let texts = stage.draw();
    assert!(
        texts.iter().any(|text| text == "Opens .rrd, .rbl, .song"),
        "{texts:?}"
    );
    // Nobody could open them.
    stage.press(Key::Escape, Modifiers::NONE);
    stage.app.insert_resource(UiSettings {
        take_drops: false,
        shortcuts: false,
        ..UiSettings::default()
    });
    assert!(!says(&stage.draw(), ".song"));
}

#[test]
fn views_are_arranged_and_added_automatically_or_not() {
    let mut stage = stage();
    stage.draw();
    let is_auto = |stage: &Stage| {
        let viewport = stage.app.world().resource::<ActiveBlueprint>().viewport();
        (viewport.auto_layout, viewport.auto_views)
    };
    assert_eq!(is_auto(&stage), (true, true));
    run(&mut stage, "add views for new data");
    assert_eq!(is_auto(&stage), (true, false));
    let text = "(version: 1, layout: View(class: \"TimeSeries\"), auto_views: true)";
    stage.draw_with(vec![Event::Paste(text.to_owned())]);
    stage.draw();
    assert_eq!(is_auto(&stage), (false, true));
    run(&mut stage, "arrange views automatically");
    assert_eq!(is_auto(&stage), (true, true));
}
