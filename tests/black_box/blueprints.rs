//! Blueprints as files: opened beside data or by an option, saved, and opened again.

use std::path::{Path, PathBuf};

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    blueprint::{BlueprintCommand, Contents, Instruction, OverrideTarget},
    digest::digest,
    frame::{
        ActiveBlueprint, IngestSources, Recordings, Report, Reports, TimeCommand, ViewerCommand,
        ViewerCommands,
    },
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    sources::{BlueprintTarget, FileSourcesPlugin, open_files},
    types::{AsComponents as _, Points3D, blueprint::EntityBehavior},
};
use tempfile::TempDir;

use crate::{
    picture::count,
    program::{OVERRIDDEN_LIDAR, data, run, screenshot},
};

/// The lidar of the scene in a color that it was not logged with.
const LAYOUT: &str = r#"(
    version: 1,
    layout: View(
        class: "3D",
        origin: "/world",
        overrides: {
            "/world/robot/lidar": (
                visualizers: [(
                    visualizer: "Points3D",
                    values: {"Points3D:colors": [16777215], "Points3D:radii": [0.1]},
                )],
            ),
        },
    ),
)"#;

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_text_is_a_blueprint_beside_data_and_by_its_option() {
    let folder = TempDir::new().unwrap();
    let (scene, layout) = (data("scene.rrd"), write(&folder, "layout.ron", LAYOUT));
    let at = ["--time", "frame=18"];
    let (without, said, success) = screenshot(&[&scene], &at);
    assert!(success, "{said}");
    assert!(count(&without.unwrap(), OVERRIDDEN_LIDAR) < 100);
    let by_option = ["--time", "frame=18", "--blueprint", layout.to_str().unwrap()];
    for (files, options) in [(&[&*scene][..], &by_option[..]), (&[&layout, &scene], &at)] {
        let (picture, said, success) = screenshot(files, options);
        assert!(success, "{said}");
        assert!(!said.contains("layout.ron"), "{said}");
        assert!(count(&picture.unwrap(), OVERRIDDEN_LIDAR) > 500, "{options:?}");
    }
}

#[test]
fn a_text_that_is_no_blueprint_is_named_with_its_line_and_the_data_is_shown() {
    let folder = TempDir::new().unwrap();
    let scene = data("scene.rrd");
    let layout = write(
        &folder,
        "layout.ron",
        &LAYOUT.replace("origin: \"/world\"", "orgin: \"/world\""),
    );
    let options = ["--digest", "--time", "frame=18"];
    for arguments in [
        &["--blueprint", layout.to_str().unwrap(), scene.to_str().unwrap()][..],
        &[layout.to_str().unwrap(), scene.to_str().unwrap()],
    ] {
        let output = run(&[arguments, &options].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains("layout.ron: is not a blueprint: line 5, column") && said.contains("orgin"),
            "{said}"
        );
        assert!(String::from_utf8_lossy(&output.stdout).contains("draws /world/robot/lidar"));
    }
    // Alone it is a failure.
    let output = run(&[layout.to_str().unwrap(), "--digest"]);
    assert!(!output.status.success());
}

#[test]
fn the_help_lists_the_kinds_of_files_that_are_known() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for kind in [
        "an .rrd recording or .rbl blueprint (.rrd, .rbl)",
        "a .ron blueprint (.ron)",
        "(.png, .jpg, .jpeg, .webp, .tif, .tiff, .bmp, .gif)",
        "(.md, .markdown, .txt)",
    ] {
        assert!(help.contains(kind), "{kind}: {help}");
    }
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 1000,
            height: 640,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins);
    assert!(app.is_plugin_added::<FileSourcesPlugin>());
    offscreen::finish(&mut app);
    app
}

fn open(app: &mut App, path: &Path, target: BlueprintTarget) {
    open_files(app.world_mut(), vec![path.to_owned()], target);
    settle(app);
}

fn settle(app: &mut App) {
    app.update();
    offscreen::settle(app, Some(100_000)).unwrap();
}

fn command(app: &mut App, command: ViewerCommand) {
    app.world_mut().resource_mut::<ViewerCommands>().push(command);
    settle(app);
}

fn seek(app: &mut App) {
    let time = TimeCommand::SetTimelineAndTime("frame".to_owned(), 18);
    command(app, ViewerCommand::Time(time));
}

/// The scene with a blueprint, at a time.
fn scene_with(blueprint: &Path) -> App {
    let mut app = app();
    open(&mut app, &data("scene.rrd"), BlueprintTarget::AsNamed);
    open(&mut app, blueprint, BlueprintTarget::Open);
    seek(&mut app);
    app
}

/// Edits of the shown blueprint: a name, a view that is hidden, an entity that is, a color.
fn edit(app: &mut App) {
    let viewport = app.world().resource::<ActiveBlueprint>().viewport().clone();
    let spatial = viewport
        .views
        .values()
        .find(|view| view.class.as_str() == "3D")
        .unwrap();
    let hidden = viewport
        .views
        .values()
        .find(|view| view.class.as_str() != "3D")
        .unwrap();
    let instruction = Instruction {
        id: chronoscope::blueprint::InstructionId::hashed(["lidar"]),
        visualizer: "Points3D".into(),
    };
    let colors = Points3D::new([[0.0; 3]; 0])
        .with_colors([[255u8, 0, 255]])
        .components();
    for edit in [
        BlueprintCommand::SetName(Contents::View(spatial.id), Some("Mine \"and\" yours".to_owned())),
        BlueprintCommand::SetVisible(Contents::View(hidden.id), false),
        BlueprintCommand::override_entity(
            spatial.id,
            "/world/trail".into(),
            &EntityBehavior::default().with_visible(false),
        ),
        BlueprintCommand::SetOverride {
            view: spatial.id,
            entity: "/world/robot/lidar".into(),
            target: OverrideTarget::Visualizer {
                id: instruction.id,
                active: vec![instruction],
            },
            components: colors
                .into_iter()
                .filter(|(descriptor, _)| &*descriptor.component == "Points3D:colors")
                .collect(),
        },
    ] {
        command(app, ViewerCommand::Blueprint(edit));
    }
}

#[test]
fn what_is_saved_and_opened_again_looks_the_same() {
    let folder = TempDir::new().unwrap();
    let mut app = scene_with(&data("scene_layout.rbl"));
    let before = digest(app.world_mut());
    edit(&mut app);
    let edited = digest(app.world_mut());
    assert_ne!(before, edited);
    let mut texts = Vec::new();
    for name in ["saved.ron", "saved.rbl"] {
        let path = folder.path().join(name);
        command(&mut app, ViewerCommand::SaveBlueprint(path.clone()));
        let last = app.world().resource::<Reports>().iter().last().unwrap().clone();
        assert_eq!(last, Report::success(path.to_str().unwrap(), "Blueprint saved"));
        let mut again = scene_with(&path);
        assert_eq!(digest(again.world_mut()), edited, "{name}");
        // Saved again, it is the same text.
        let twice = folder.path().join("twice.ron");
        command(&mut again, ViewerCommand::SaveBlueprint(twice.clone()));
        texts.push(std::fs::read_to_string(twice).unwrap());
        // It names its application, so that it is for that one also as a file among others.
        let mut beside = self::app();
        open(&mut beside, &path, BlueprintTarget::AsNamed);
        open(&mut beside, &data("scene.rrd"), BlueprintTarget::AsNamed);
        seek(&mut beside);
        assert_eq!(digest(beside.world_mut()), edited, "{name}");
    }
    let saved = std::fs::read_to_string(folder.path().join("saved.ron")).unwrap();
    assert_eq!(texts, [saved.clone(), saved.clone()]);
    assert!(saved.contains("application: \"shared_scene\""), "{saved}");

    let nowhere = folder.path().join("missing").join("x.ron");
    command(&mut app, ViewerCommand::SaveBlueprint(nowhere));
    let last = app
        .world()
        .resource::<Reports>()
        .iter()
        .last()
        .unwrap()
        .to_string();
    assert!(last.contains("x.ron: could not be written"), "{last}");
    assert!(app.world().resource::<IngestSources>().is_idle());
}

#[test]
fn views_that_heuristics_chose_are_saved_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("auto.ron");
    let mut app = app();
    open(&mut app, &data("scene.rrd"), BlueprintTarget::AsNamed);
    seek(&mut app);
    let shown = digest(app.world_mut());
    command(&mut app, ViewerCommand::SaveBlueprint(path.clone()));
    let mut again = scene_with(&path);
    assert_eq!(digest(again.world_mut()), shown);
}

/// The applications that are shown by a view of this name.
fn with_view(app: &App, name: &str) -> Vec<String> {
    let recordings = app.world().resource::<Recordings>();
    let applications = ["shared_scene", "shared_zoo"];
    let has = |application: &&str| {
        let blueprints = recordings.blueprints(application)?;
        let entry = recordings.find(blueprints.active.as_ref()?)?;
        let (viewport, _) =
            chronoscope::blueprint::read_viewport(entry.store(), &entry.recording.cache, i64::MAX);
        let is_named = |view: &chronoscope::blueprint::ViewBlueprint| view.name.as_deref() == Some(name);
        viewport.views.values().any(is_named).then_some(())
    };
    let found = applications
        .into_iter()
        .filter(|application| has(application).is_some());
    found.map(str::to_owned).collect()
}

#[test]
fn a_blueprint_is_for_the_application_that_it_names_or_for_all_that_are_open() {
    let folder = TempDir::new().unwrap();
    let text = |application: &str, name: &str| {
        let application = if application.is_empty() {
            String::new()
        } else {
            format!("application: \"{application}\", ")
        };
        format!("(version: 1, {application}layout: View(class: \"3D\", name: \"{name}\"))")
    };
    let mut app = app();
    let files = vec![data("scene.rrd"), data("zoo.rrd")];
    open_files(app.world_mut(), files, BlueprintTarget::AsNamed);
    let by_option = write(&folder, "all.ron", &text("", "all"));
    open(&mut app, &by_option, BlueprintTarget::Open);
    assert_eq!(with_view(&app, "all"), ["shared_scene", "shared_zoo"]);
    for (application, target, expected) in [
        ("shared_zoo", BlueprintTarget::Open, &["shared_zoo"][..]),
        ("shared_scene", BlueprintTarget::AsNamed, &["shared_scene"]),
        ("another", BlueprintTarget::AsNamed, &[]),
        ("another", BlueprintTarget::Open, &["shared_scene", "shared_zoo"]),
        ("", BlueprintTarget::AsNamed, &["shared_scene", "shared_zoo"]),
    ] {
        let name = format!("{application} {target:?}");
        let path = write(&folder, "layout.ron", &text(application, &name));
        open(&mut app, &path, target);
        assert_eq!(with_view(&app, &name), expected, "{name}");
    }
    let reports: Vec<&Report> = app.world().resource::<Reports>().iter().collect();
    let of_layout: Vec<&&Report> = reports
        .iter()
        .filter(|report| report.source.ends_with(".ron"))
        .collect();
    assert!(of_layout.is_empty(), "{of_layout:?}");
}
