//! The examples, drawn: each is a module here, so that one program runs them all and the engine is linked once.

use std::time::Duration;

use bevy::{
    camera::{ImageRenderTarget, RenderTarget},
    prelude::*,
    time::TimeUpdateStrategy,
};
use bevy_egui::{
    EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, EguiSchedule, PrimaryEguiContext,
    input::EguiInputEvent,
};
use chronoscope::{
    ChronoscopePlugins,
    frame::{DiffLog, Recordings, WorkCounters},
    offscreen::{self, HeadlessPlugin, OffscreenPlugin, OffscreenSize, OffscreenTarget},
    prelude::*,
    types::Points3D,
    ui::{context_of, show},
};
use image::RgbImage;

use crate::picture::{count, load, save};

macro_rules! examples {
    ($($name:ident: $path:literal;)*) => {
        $(
            #[path = $path]
            #[allow(dead_code, unreachable_pub, reason = "an example, whose main is not called here")]
            mod $name;
        )*
    };
}

examples! {
    click_to_entity: "../../examples/click_to_entity.rs";
    custom_importer: "../../examples/custom_importer.rs";
    custom_panel: "../../examples/custom_panel.rs";
    custom_primitive: "../../examples/custom_primitive.rs";
    custom_view: "../../examples/custom_view.rs";
    custom_visualizer: "../../examples/custom_visualizer.rs";
    embed_hidden: "../../examples/embed_hidden.rs";
    embed_window: "../../examples/embed_window.rs";
    headless_query: "../../examples/headless_query/src/main.rs";
}

const SIZE: OffscreenSize = OffscreenSize {
    width: 1000,
    height: 640,
    scale: 1.0,
};

/// A viewer without a window, 20 ms a frame.
fn viewer() -> App {
    let mut app = App::new();
    app.add_plugins((OffscreenPlugin { size: SIZE }, ChronoscopePlugins))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)));
    app
}

fn run(app: &mut App, frames: usize) {
    for _ in 0..frames {
        app.update();
    }
}

/// Sends events to the interface, and runs some frames: an app that records each frame never comes to rest.
fn send(app: &mut App, events: impl IntoIterator<Item = egui::Event>) {
    let world = app.world_mut();
    let mut contexts = world.query_filtered::<Entity, With<PrimaryEguiContext>>();
    let context = contexts.single(world).unwrap();
    for event in events {
        world.write_message(EguiInputEvent { context, event });
    }
    run(app, 10);
}

fn picture(app: &mut App, name: &str) -> RgbImage {
    let picture = offscreen::capture(app)
        .unwrap()
        .try_into_dynamic()
        .unwrap()
        .to_rgb8();
    save(&picture, name);
    picture
}

/// An app that draws to images as it would to windows.
fn host(add_to: impl FnOnce(&mut App, [RenderTarget; 2])) -> (App, [Handle<Image>; 2]) {
    let mut app = App::new();
    app.add_plugins(HeadlessPlugin)
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)));
    let images = [(), ()].map(|()| {
        let mut images = app.world_mut().resource_mut::<Assets<Image>>();
        images.add(SIZE.target_image())
    });
    let target = |handle: &Handle<Image>| {
        RenderTarget::Image(ImageRenderTarget {
            handle: handle.clone(),
            scale_factor: SIZE.scale,
        })
    };
    add_to(&mut app, [target(&images[0]), target(&images[1])]);
    offscreen::finish(&mut app);
    (app, images)
}

fn picture_of(app: &mut App, image: &Handle<Image>, name: &str) -> RgbImage {
    app.insert_resource(OffscreenTarget(image.clone()));
    picture(app, name)
}

/// The color of the viewer's panels.
fn panel_color() -> [u8; 3] {
    let panel = chronoscope::ui::theme::Theme::dark().panel;
    [panel.r(), panel.g(), panel.b()]
}

#[test]
fn the_viewer_has_a_window_of_its_own() {
    let (mut app, [of_app, of_viewer]) =
        host(|app, [of_app, of_viewer]| embed_window::add_to(app, of_app, of_viewer));
    run(&mut app, 60);
    let viewer = picture_of(&mut app, &of_viewer, "embed_window.png");
    assert!(
        count(&viewer, panel_color()) > 50_000,
        "no panels in the viewer's window"
    );
    // The lights that are farthest on the side of red.
    let red = viewer.pixels().filter(|pixel| {
        let [r, g, b] = pixel.0;
        r > 200 && g < 110 && b < 110
    });
    assert!(red.count() > 20, "no lights in the viewer's window");
    let app_window = picture_of(&mut app, &of_app, "embed_window_app.png");
    let background = count(&app_window, embed_window::BACKGROUND);
    let all = (SIZE.width * SIZE.height) as usize;
    assert!(
        background > all * 99 / 100,
        "the app's own window is as it was: {background}"
    );
}

/// What a host draws into its own context.
const MARK: [u8; 3] = [200, 30, 160];

/// Whether the host shows the viewer in its own context, too.
#[derive(Resource, Default)]
struct AlsoHere(bool);

fn draw_host(world: &mut World, mut second: Local<UiState>) {
    let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) else {
        return;
    };
    let [r, g, b] = MARK;
    let place = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(100.0, 100.0));
    ctx.layer_painter(egui::LayerId::background())
        .rect_filled(place, 0.0, egui::Color32::from_rgb(r, g, b));
    if world.resource::<AlsoHere>().0 {
        egui::Window::new("Here, too")
            .default_pos([150.0, 20.0])
            .default_size([700.0, 500.0])
            .show(&ctx, |ui| show(world, ui, &mut second));
    }
}

#[test]
fn a_host_keeps_an_egui_context_of_its_own_and_may_show_the_viewer_in_both() {
    let (mut app, [of_app, of_viewer]) = host(|app, [of_app, of_viewer]| {
        embed_window::add_to(app, of_app, of_viewer);
        let world = app.world_mut();
        let camera = world
            .query_filtered::<Entity, (With<Camera2d>, Without<EguiSchedule>)>()
            .single(world)
            .unwrap();
        world.entity_mut(camera).insert(PrimaryEguiContext);
        app.init_resource::<AlsoHere>()
            .add_systems(EguiPrimaryContextPass, draw_host);
    });
    run(&mut app, 30);
    let app_window = picture_of(&mut app, &of_app, "two_contexts_app.png");
    let viewer = picture_of(&mut app, &of_viewer, "two_contexts_viewer.png");
    assert!(count(&app_window, MARK) > 9_000, "what the host draws is there");
    assert_eq!(count(&app_window, panel_color()), 0, "and nothing of the viewer");
    assert!(count(&viewer, panel_color()) > 50_000);
    assert_eq!(count(&viewer, MARK), 0);

    app.insert_resource(AlsoHere(true));
    run(&mut app, 30);
    let app_window = picture_of(&mut app, &of_app, "two_contexts_both.png");
    assert!(count(&app_window, MARK) > 9_000);
    assert!(
        count(&app_window, panel_color()) > 20_000,
        "the viewer is in it too"
    );
    assert!(
        count(
            &picture_of(&mut app, &of_viewer, "two_contexts_viewer_again.png"),
            panel_color()
        ) > 50_000
    );

    // A context that goes takes nothing else with it.
    let world = app.world_mut();
    let camera = world
        .query_filtered::<Entity, With<PrimaryEguiContext>>()
        .single(world)
        .unwrap();
    world.despawn(camera);
    run(&mut app, 10);
    let viewer = picture_of(&mut app, &of_viewer, "two_contexts_one_left.png");
    assert!(count(&viewer, panel_color()) > 50_000);
}

fn log_a_point(mut recordings: ResMut<Recordings>, mut log: ResMut<DiffLog>) {
    let point = log_chunk("point", [], &Points3D::new([[0.0; 3]])).unwrap();
    let store = StoreId::recording("host", "point");
    recordings.insert(&mut log, &store, point).unwrap();
}

#[test]
fn a_host_is_drawn_to_a_file_as_it_is_after_a_change() {
    let add_to = |app: &mut App, target: RenderTarget| {
        app.add_plugins((EguiPlugin::default(), ChronoscopePlugins::embedded()))
            .insert_resource(EguiGlobalSettings {
                auto_create_primary_context: false,
                ..default()
            })
            .init_resource::<AlsoHere>()
            .add_systems(Startup, log_a_point)
            .add_systems(EguiPrimaryContextPass, draw_host);
        app.world_mut().spawn((Camera2d, target, PrimaryEguiContext));
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.png");
    let show_here = |app: &mut App| app.world_mut().resource_mut::<AlsoHere>().0 = true;
    offscreen::host_picture(add_to, 4, show_here, &path).unwrap();
    let picture = load(&path);
    assert!(count(&picture, MARK) > 9_000, "what the host draws is there");
    assert!(
        count(&picture, panel_color()) > 20_000,
        "and the viewer, which was asked for later"
    );
}

#[test]
fn the_viewer_is_hidden_until_it_is_wanted() {
    let (mut app, [image, _]) = host(|app, [target, _]| embed_hidden::add_to(app, target));
    run(&mut app, 60);
    let hidden = picture_of(&mut app, &image, "embed_hidden.png");
    assert_eq!(count(&hidden, panel_color()), 0);
    assert!(count(&hidden, embed_hidden::BACKGROUND) > 500_000);
    assert_eq!(
        app.world().resource::<WorkCounters>().iter().count(),
        0,
        "nothing is worked on"
    );
    let recordings = app.world().resource::<Recordings>();
    let rows = recordings.active().unwrap().store().store_stats().chunks.num_rows;
    assert!(rows > 5 * 50, "{rows} rows were taken in meanwhile");
    app.world_mut().resource_mut::<embed_hidden::ViewerIsShown>().0 = true;
    run(&mut app, 30);
    let shown = picture_of(&mut app, &image, "embed_hidden_shown.png");
    assert!(count(&shown, panel_color()) > 50_000);
    app.world_mut().resource_mut::<embed_hidden::ViewerIsShown>().0 = false;
    run(&mut app, 4);
    let again = picture_of(&mut app, &image, "embed_hidden_again.png");
    assert_eq!(count(&again, panel_color()), 0);
}

#[test]
fn a_click_on_what_was_recorded_reaches_the_entity() {
    let mut app = viewer();
    click_to_entity::add_to(&mut app);
    offscreen::finish(&mut app);
    run(&mut app, 40);
    let before = picture(&mut app, "click_to_entity_off.png");
    // The middle of what is drawn of the first lamp: the row goes to the right, with gaps in between.
    let is_lamp = |pixel: [u8; 3]| {
        let [r, g, b] = pixel.map(f32::from);
        let [wr, wg, wb] = click_to_entity::OFF.map(f32::from);
        let strength = b / wb;
        strength > 0.5 && (r - wr * strength).abs() < 8.0 && (g - wg * strength).abs() < 8.0
    };
    let lamps: Vec<(u32, u32)> = before
        .enumerate_pixels()
        .filter(|(x, y, pixel)| (260..760).contains(x) && (60..440).contains(y) && is_lamp(pixel.0))
        .map(|(x, y, _)| (x, y))
        .collect();
    assert!(lamps.len() > 200, "{} pixels of lamps", lamps.len());
    let (x, y) = lamps[lamps.len() / 2];
    let pos = egui::pos2(x as f32 + 0.5, y as f32 + 0.5);
    let button = |pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    send(&mut app, [egui::Event::PointerMoved(pos)]);
    send(&mut app, [button(true), button(false)]);
    let mut lamps = app.world_mut().query::<(&Name, &click_to_entity::Lamp)>();
    let on = lamps.iter(app.world()).filter(|(_, lamp)| lamp.is_on).count();
    assert_eq!(on, 1);
    picture(&mut app, "click_to_entity.png");
}

#[test]
fn a_visualizer_from_outside_shows_an_archetype_from_outside() {
    let mut app = viewer();
    custom_visualizer::add_to(&mut app).unwrap();
    offscreen::finish(&mut app);
    offscreen::settle(&mut app, None).unwrap();
    let picture = picture(&mut app, "custom_visualizer.png");
    // From green to pink, all of them with much blue.
    let rays = picture.pixels().filter(|pixel| {
        let [r, g, b] = pixel.0;
        b > 200 && r.abs_diff(g) > 40
    });
    let drawn = rays.count();
    assert!(drawn > 2_000, "{drawn} pixels of rays");
}

#[test]
fn a_primitive_and_a_visualizer_from_outside_are_drawn() {
    let mut app = viewer();
    custom_primitive::add_to(&mut app).unwrap();
    offscreen::finish(&mut app);
    offscreen::settle(&mut app, None).unwrap();
    let drawn = count(
        &picture(&mut app, "custom_primitive.png"),
        custom_primitive::COLOR,
    );
    assert!(drawn > 5_000, "{drawn} pixels of squares");
}

#[test]
fn a_view_class_from_outside_counts_points() {
    let mut app = viewer();
    custom_view::add_to(&mut app).unwrap();
    offscreen::finish(&mut app);
    offscreen::settle(&mut app, None).unwrap();
    picture(&mut app, "custom_view.png");
    let world = app.world_mut();
    let mut views = world.query::<&chronoscope::frame::View>();
    let mut classes = views.iter(world).map(|view| view.class.as_str());
    assert!(classes.any(|class| class == "PointCount"));
}

#[test]
fn a_format_of_files_from_outside_is_opened_and_what_is_wrong_in_it_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.table");
    std::fs::write(&file, custom_importer::table() + "yesterday 1 2\n").unwrap();
    let mut app = viewer();
    app.add_importer(custom_importer::TableImporter);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::OpenFiles(vec![file]));
    offscreen::finish(&mut app);
    run(&mut app, 2);
    offscreen::settle(&mut app, None).unwrap();
    picture(&mut app, "custom_importer.png");
    let recordings = app.world().resource::<Recordings>();
    let rows = recordings.active().unwrap().store().store_stats().chunks.num_rows;
    assert_eq!(rows, 400);
    let reports = app.world().resource::<chronoscope::frame::Reports>();
    let told = reports
        .iter()
        .filter(|report| report.message.contains("line 202"));
    assert_eq!(told.count(), 1);
    let kinds = app.world().resource::<chronoscope::frame::FileKinds>();
    assert!(kinds.0.iter().any(|kind| kind.name == "a table of numbers"));
}

#[test]
fn panels_and_commands_of_an_app_are_in_the_viewer() {
    let mut app = viewer();
    custom_panel::add_to(&mut app);
    offscreen::finish(&mut app);
    run(&mut app, 90);
    picture(&mut app, "custom_panel.png");
    let gravity = |app: &App| app.world().resource::<custom_panel::Fountain>().gravity;
    let before = gravity(&app);
    let key = |pressed| egui::Event::Key {
        key: egui::Key::G,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    };
    send(&mut app, [key(true), key(false)]);
    assert!(
        (gravity(&app) + before).abs() < f32::EPSILON,
        "it is turned around"
    );
}

#[test]
fn a_store_is_asked_without_a_renderer() {
    let mut app = headless_query::app(headless_query::log_drones().unwrap());
    let heights = headless_query::heights(&mut app, 50);
    let heights: Vec<(&str, f64)> = heights
        .iter()
        .map(|(path, height)| (path.as_str(), *height))
        .collect();
    assert_eq!(
        heights,
        [
            ("/drones/bert/height", 40.0),
            ("/drones/anna/height", 25.0),
            ("/drones/cleo/height", 15.0)
        ]
    );
}
