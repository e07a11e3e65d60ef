//! The viewer in a part of an app that has a scene, a camera and an interface of its own.

use std::{collections::HashMap, time::Duration};

use bevy::{
    app::MainScheduleOrder,
    camera::{ImageRenderTarget, RenderTarget, visibility::RenderLayers},
    ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel as _, Schedules},
    prelude::*,
    time::TimeUpdateStrategy,
    transform::TransformSystems,
};
use bevy_egui::{EguiInput, EguiPrimaryContextPass};
use chronoscope::{
    ChronoscopePlugins,
    frame::{
        DiffLog, Frame, FrameDiagnostics, FrameSystems, LatestAtResults, MissingChunks, Recordings, Settled,
        View, ViewTile, ViewerCommands, WorkCounters,
    },
    offscreen::{self, HeadlessPlugin, OffscreenSize, OffscreenTarget},
    record::{
        AppRecordExt as _, AppRecordMoreExt as _, AppTimeSourceExt as _, RecordComponent, RecordPlugin,
        RecordSystems, Rewind, RewindPlugin, WorldRecorder,
    },
    store::StoreId,
    types::TextLog,
    views::spatial::ViewLayers,
};
use image::RgbImage;

use crate::picture::count;

#[path = "../../examples/embed_panel.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "an example, whose main is not called here"
)]
mod embed_panel;

use embed_panel::{BACKGROUND, COLORS, VIEWER_SHARE};

const SIZE: OffscreenSize = OffscreenSize {
    width: 1200,
    height: 640,
    scale: 1.0,
};

fn host_app(size: OffscreenSize) -> App {
    let mut app = App::new();
    app.add_plugins(HeadlessPlugin);
    let image = app
        .world_mut()
        .resource_mut::<Assets<Image>>()
        .add(size.target_image());
    app.insert_resource(OffscreenTarget(image.clone()));
    app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)));
    embed_panel::add_to(
        &mut app,
        RenderTarget::Image(ImageRenderTarget {
            handle: image,
            scale_factor: size.scale,
        }),
    );
    app
}

fn picture(app: &mut App) -> RgbImage {
    offscreen::capture(app)
        .unwrap()
        .try_into_dynamic()
        .unwrap()
        .to_rgb8()
}

/// Keeps a picture for people to look at, where they say so.
fn save(picture: &RgbImage, name: &str) {
    if let Some(folder) = std::env::var_os("CHRONOSCOPE_PICTURES") {
        picture.save(std::path::Path::new(&folder).join(name)).unwrap();
    }
}

/// The host's part of a picture, and the viewer's.
fn halves(picture: &RgbImage) -> [RgbImage; 2] {
    let (width, height) = picture.dimensions();
    let left = (width as f32 * (1.0 - VIEWER_SHARE)).round() as u32;
    let part = |x: u32, width: u32| image::imageops::crop_imm(picture, x, 0, width, height).to_image();
    [part(0, left), part(left, width - left)]
}

/// Shades of a color, as a solid has them.
fn num_shaded(picture: &RgbImage, color: [u8; 3]) -> usize {
    let is_shade = |pixel: &image::Rgb<u8>| {
        let [r, g, b] = pixel.0.map(f32::from);
        let [wr, wg, wb] = color.map(f32::from);
        let strength = r.max(g).max(b) / wr.max(wg).max(wb);
        let near = |have: f32, wanted: f32| (have - wanted * strength).abs() < 14.0;
        strength > 0.3 && near(r, wr) && near(g, wg) && near(b, wb)
    };
    picture.pixels().filter(|pixel| is_shade(pixel)).count()
}

#[test]
fn a_host_and_the_viewer_each_draw_their_part_of_the_window() {
    let mut app = host_app(SIZE);
    offscreen::finish(&mut app);
    for _ in 0..30 {
        app.update();
    }
    let picture = picture(&mut app);
    save(&picture, "embed_panel.png");
    let [host, viewer] = halves(&picture);
    let scene = count(&host, BACKGROUND);
    assert!(scene > 20_000, "{scene} pixels of the host's background");
    assert_eq!(
        count(&viewer, BACKGROUND),
        0,
        "the scene shines through the viewer"
    );
    for color in COLORS {
        let [in_host, in_viewer] = [&host, &viewer].map(|part| num_shaded(part, color));
        assert!(in_host > 150, "{in_host} pixels of {color:?} in the host's scene");
        assert!(in_viewer > 150, "{in_viewer} pixels of {color:?} in the viewer");
    }
    let panel = chronoscope::ui::theme::Theme::dark().panel;
    let panel = [panel.r(), panel.g(), panel.b()];
    assert!(count(&viewer, panel) > 20_000, "no panels in the viewer");
    assert_eq!(count(&host, panel), 0, "the host's panel keeps the host's look");
}

/// Hands events to the interface and runs some frames.
fn send(app: &mut App, events: Vec<egui::Event>) {
    let world = app.world_mut();
    for mut input in world.query::<&mut EguiInput>().iter_mut(world) {
        input.events.extend(events.iter().cloned());
    }
    for _ in 0..6 {
        app.update();
    }
}

fn press(key: egui::Key, modifiers: egui::Modifiers) -> Vec<egui::Event> {
    let event = |pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    };
    vec![event(true), event(false)]
}

#[test]
fn a_dialog_dims_the_viewer_and_nothing_of_the_host() {
    let mut app = host_app(SIZE);
    offscreen::finish(&mut app);
    for _ in 0..10 {
        app.update();
    }
    let panel = chronoscope::ui::theme::Theme::dark().panel;
    let panel = [panel.r(), panel.g(), panel.b()];
    let [host, viewer] = halves(&picture(&mut app));
    let before = [count(&host, BACKGROUND), count(&viewer, panel)];
    send(
        &mut app,
        vec![egui::Event::PointerMoved(egui::pos2(900.0, 300.0))],
    );
    send(&mut app, press(egui::Key::P, egui::Modifiers::COMMAND));
    let shown = picture(&mut app);
    save(&shown, "embed_palette.png");
    let [host, viewer] = halves(&shown);
    let during = [count(&host, BACKGROUND), count(&viewer, panel)];
    assert!(
        during[0] * 10 > before[0] * 9,
        "{} pixels of the host's background",
        during[0]
    );
    assert!(during[1] * 2 < before[1], "the viewer is not dimmed");
    // Escape closes it.
    send(&mut app, press(egui::Key::Escape, egui::Modifiers::NONE));
    let [_, viewer] = halves(&picture(&mut app));
    assert!(count(&viewer, panel) * 10 > before[1] * 9);
}

#[test]
fn systems_of_a_host_are_ambiguous_with_none_of_the_viewer() {
    let mut app = host_app(SIZE);
    // A host logs before the data is taken in, and reads results between two phases and after the frame.
    app.add_systems(
        Frame,
        (
            (|mut recordings: ResMut<Recordings>, mut log: ResMut<DiffLog>| {
                recordings.open(&StoreId::recording("embed_panel", "from the frame"));
                log.push(chronoscope::frame::DiffEntry::Recordings);
            })
            .after(FrameSystems::Begin)
            .before(FrameSystems::Ingest),
            (|_: Res<Recordings>, _: Res<LatestAtResults>, _: Query<&ViewTile>| {})
                .after(FrameSystems::ContextSystems)
                .before(FrameSystems::Visualizers),
            (|_: Res<FrameDiagnostics>,
              _: Res<Settled>,
              _: Query<&MissingChunks>,
              _: ResMut<ViewerCommands>| {})
            .after(FrameSystems::End),
        ),
    );
    app.add_systems(PostUpdate, |_: Res<Recordings>, _: Query<&ViewTile>| {});
    let settings = ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..default()
    };
    let of_frame = [Frame.intern(), Update.intern(), EguiPrimaryContextPass.intern()];
    for label in of_frame {
        app.edit_schedule(label, |schedule| {
            schedule.set_build_settings(settings.clone());
        });
    }
    let order = app.world().resource::<MainScheduleOrder>();
    assert!(
        order.labels.contains(&of_frame[0]),
        "the frame is among what runs"
    );
    offscreen::finish(&mut app);
    for _ in 0..3 {
        app.update();
    }
    assert!(app.world().resource::<FrameDiagnostics>().frame >= 3);
}

#[derive(Component, Reflect, Default)]
struct Speed(f32);

#[derive(Event)]
struct Crash;

/// Of all schedules: those of the engine have ambiguities of their own, which are not looked at.
#[test]
fn viewer_recorder_and_rewinding_are_ambiguous_with_nothing_of_a_host() {
    let mut app = host_app(SIZE);
    app.add_plugins((RecordPlugin::new("host"), RewindPlugin))
        .record_with(RecordComponent::<Speed>::new().with_fields(["0"]).with_rate(10.0))
        .record_as(|speed: &Speed| TextLog::new(speed.0.to_string()))
        .record_events("log/crashes", |_: &Crash| TextLog::new("crash"))
        .add_time_source("laps", |speeds: Query<&Speed>| speeds.iter().count() as i64)
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn((Name::new("car"), Transform::default(), Speed(1.0)));
        })
        .add_systems(Update, |mut cars: Query<(&mut Transform, &mut Speed)>| {
            for (mut place, mut speed) in &mut cars {
                place.translation.x += speed.0;
                speed.0 += 1.0;
            }
        })
        .add_systems(
            PostUpdate,
            (|_: Query<&mut Speed>, _: ResMut<Rewind>| {}).before(TransformSystems::Propagate),
        )
        .add_systems(
            Last,
            (
                (|_: Query<&Speed>, _: Res<Recordings>| {}).before(RecordSystems::Begin),
                (|recorder: Res<WorldRecorder>, speeds: Query<&Speed>| {
                    let text = TextLog::new(format!("{} cars", speeds.iter().count()));
                    recorder.log().log("log/cars", &text).unwrap();
                })
                .in_set(RecordSystems::Log),
                (|_: Query<(&mut Transform, &mut Speed)>, _: ResMut<Recordings>| {})
                    .after(RecordSystems::Flush),
            ),
        );
    offscreen::finish(&mut app);
    for _ in 0..3 {
        app.update();
    }
    let world = app.world();
    let mut conflicts = Vec::new();
    for (label, schedule) in world.resource::<Schedules>().iter() {
        // A schedule that never ran knows of none.
        let Ok(systems) = schedule.systems() else {
            continue;
        };
        let names: HashMap<_, _> = systems
            .map(|(key, system)| (key, system.name().to_string()))
            .collect();
        for (one, other, on) in schedule.graph().conflicting_systems().iter() {
            let both = [one, other].map(|key| names.get(key).map_or("a set's", String::as_str));
            // What the engine does with types of ours, it does as with all others; and where it applies commands is its own choice.
            let is_ours = both.iter().any(|name| name.starts_with("chronoscope"));
            if is_ours && !both.contains(&"bevy_ecs::apply_deferred") {
                let on: Vec<_> = on
                    .iter()
                    .filter_map(|id| world.components().get_name(*id))
                    .collect();
                conflicts.push(format!("{label:?}: {both:?} over {on:?}"));
            }
        }
    }
    assert!(conflicts.is_empty(), "{conflicts:#?}");
    assert_eq!(world.resource::<WorldRecorder>().frame(), 2);
}

#[test]
fn a_viewer_that_the_host_does_not_show_works_on_nothing() {
    let mut app = host_app(SIZE);
    offscreen::finish(&mut app);
    for _ in 0..10 {
        app.update();
    }
    // Without the camera for the interface, the host draws none.
    let world = app.world_mut();
    let contexts: Vec<Entity> = world
        .query_filtered::<Entity, With<bevy_egui::PrimaryEguiContext>>()
        .iter(world)
        .collect();
    for context in contexts {
        world.despawn(context);
    }
    for _ in 0..3 {
        app.update();
    }
    let num_chunks = |app: &App| {
        let recordings = app.world().resource::<Recordings>();
        recordings.active().unwrap().store().num_chunks()
    };
    let before = num_chunks(&app);
    for _ in 0..5 {
        app.update();
        let world = app.world_mut();
        assert_eq!(world.resource::<WorkCounters>().iter().count(), 0);
        assert!(world.query::<&ViewTile>().iter(world).all(|tile| !tile.shown));
        let num_awake = world
            .query_filtered::<&Camera, (With<Camera3d>, Without<bevy_panorbit_camera::PanOrbitCamera>)>()
            .iter(world)
            .filter(|camera| camera.is_active)
            .count();
        assert_eq!(num_awake, 0, "views are drawn though nobody sees them");
    }
    assert!(
        num_chunks(&app) > before,
        "what the host logs arrives all the same"
    );
}

#[test]
fn in_a_small_window_host_and_viewer_still_share_it() {
    let mut app = host_app(OffscreenSize {
        width: 600,
        height: 400,
        scale: 1.0,
    });
    offscreen::finish(&mut app);
    for _ in 0..20 {
        app.update();
    }
    let picture = picture(&mut app);
    save(&picture, "embed_panel_small.png");
    let [host, viewer] = halves(&picture);
    for color in COLORS {
        assert!(num_shaded(&viewer, color) > 20, "{color:?} in the viewer");
    }
    assert!(count(&host, BACKGROUND) > 5_000);
}

#[test]
fn views_keep_to_the_render_layers_that_the_host_leaves_them() {
    let mut app = host_app(SIZE);
    app.insert_resource(ViewLayers { first: 40 });
    offscreen::finish(&mut app);
    for _ in 0..10 {
        app.update();
    }
    let world = app.world_mut();
    let layers: Vec<usize> = world
        .query_filtered::<&RenderLayers, With<Camera3d>>()
        .iter(world)
        .flat_map(RenderLayers::iter)
        .collect();
    assert_eq!(layers, [40], "the camera of the one view in space");
}

/// Who cleans up a level may despawn more than its own.
#[test]
fn what_a_host_despawns_of_the_viewer_is_made_again_or_missed() {
    let mut app = host_app(SIZE);
    offscreen::finish(&mut app);
    for _ in 0..10 {
        app.update();
    }
    let views = |app: &mut App| {
        let world = app.world_mut();
        let mut views = world.query_filtered::<Entity, With<View>>();
        views.iter(world).collect::<Vec<Entity>>()
    };
    let before = views(&mut app);
    assert!(!before.is_empty());
    let world = app.world_mut();
    let mut layered = world.query::<(Entity, &RenderLayers)>();
    let of_viewer = layered
        .iter(world)
        .filter(|(_, layers)| layers.iter().any(|layer| layer >= 8));
    let of_viewer: Vec<Entity> = of_viewer.map(|(entity, _)| entity).collect();
    assert!(!of_viewer.is_empty());
    for entity in before.iter().chain(&of_viewer) {
        app.world_mut().despawn(*entity);
    }
    for _ in 0..10 {
        app.update();
    }
    let after = views(&mut app);
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|entity| !before.contains(entity)));
    let reports = app.world().resource::<chronoscope::frame::Reports>();
    assert!(reports.iter().any(|report| report.message.contains("despawned")));
    let [_, viewer] = halves(&picture(&mut app));
    for color in COLORS {
        assert!(num_shaded(&viewer, color) > 150, "{color:?} in the viewer");
    }
}

#[test]
fn plugins_that_are_added_twice_are_reported_and_cost_nothing() {
    let mut app = host_app(SIZE);
    app.add_plugins(ChronoscopePlugins::embedded());
    offscreen::finish(&mut app);
    for _ in 0..20 {
        app.update();
    }
    let reports = app.world().resource::<chronoscope::frame::Reports>();
    assert!(reports.iter().any(|report| report.message.contains("twice")));
    let [host, viewer] = halves(&picture(&mut app));
    for color in COLORS {
        assert!(
            num_shaded(&host, color) > 150 && num_shaded(&viewer, color) > 150,
            "{color:?}"
        );
    }
}

/// An app without a renderer has no picture, but it is an app.
#[test]
fn without_a_renderer_the_viewer_is_not_seen_and_nothing_fails() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, ChronoscopePlugins));
    offscreen::finish(&mut app);
    for _ in 0..70 {
        app.update();
    }
    assert!(app.world().resource::<FrameDiagnostics>().frame >= 70);
}

/// The order in which a host adds the plugins is up to it.
#[test]
fn the_viewer_may_be_added_before_the_engine() {
    let mut app = App::new();
    app.add_plugins(ChronoscopePlugins)
        .add_plugins(offscreen::OffscreenPlugin { size: SIZE });
    offscreen::finish(&mut app);
    offscreen::settle(&mut app, Some(1_000)).unwrap();
    let panel = chronoscope::ui::theme::Theme::dark().panel;
    let drawn = count(&picture(&mut app), [panel.r(), panel.g(), panel.b()]);
    assert!(drawn > 10_000, "{drawn} pixels of panels");
}
