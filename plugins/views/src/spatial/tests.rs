//! From logged data to what a tile says and does: the frame's phases and the user interface, without a renderer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use bevy::{
    app::{App, TaskPoolPlugin},
    asset::{AssetApp, AssetPlugin, Assets},
    ecs::prelude::*,
    image::Image as BevyImage,
    time::TimePlugin,
};
use chronoscope_blueprint::{BlueprintCommand, ViewClassId, ViewId};
use chronoscope_frame::{
    FramePlugins, FrameSystems, Item, Report, Selection, TimeCommand, View, ViewTile, ViewerCommand,
    ViewerCommands, Visualizer, VisualizerInfo, VisualizerInput, Visualizers, Work, WorkCounters,
    visualizer::QueryMode,
};
use chronoscope_render::MeshGeometry;
use chronoscope_store::{Chunk, ComponentDescriptor, Timeline};
use chronoscope_types::{
    Boxes2D, Boxes3D, Component as _, Image, Points2D, Points3D, Transform3D, blueprint::EyeControls3D,
    components, enums::ChannelDatatype, log_chunk, records::ImageFormat,
};
use egui::{Event, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape, vec2};

use super::{
    AppSpatialExt as _, Part, PartDigest, SpatialScene, SpatialScenes, SpatialVisual,
    meshes::{MeshModels, ModelAssets},
    pictures::{Picture, PictureKey, PixelKind, PixelMapping, PixelSource, RawPixels},
    projection::Lens,
    textures::PictureTextures,
};
use crate::{
    Spatial2DPlugin, Spatial3DPlugin, ViewAction, ViewUiContext, ViewUis, testing::log, view_action,
};

mod actions;
mod ahead;
mod backgrounds;
mod contexts;
mod eyes;
mod growing;
mod history;
mod layers;
mod meshes;
mod millions;
mod motion;
mod outlines;
mod picking;
mod pictures;
mod places;
mod playing;
mod purge;
mod results;
mod rows;
mod shadows;
mod through_camera;
mod visuals;

const SIZE: [u32; 2] = [600, 400];

struct Viewer {
    app: App,
    egui: egui::Context,
}

impl Viewer {
    fn new(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        Self::with(chunks, |_| {})
    }

    fn with(chunks: impl IntoIterator<Item = Chunk>, extend: impl FnOnce(&mut App)) -> Self {
        let mut app = App::new();
        app.add_plugins((TaskPoolPlugin::default(), TimePlugin, AssetPlugin::default()));
        app.init_asset::<BevyImage>();
        app.add_plugins(FramePlugins)
            .add_plugins((Spatial3DPlugin, Spatial2DPlugin));
        extend(&mut app);
        app.finish();
        app.cleanup();
        for chunk in chunks {
            log(&mut app, chunk);
        }
        let mut viewer = Self {
            app,
            egui: egui::Context::default(),
        };
        viewer.settle();
        viewer
    }

    fn settle(&mut self) {
        for _ in 0..10 {
            self.app.update();
            let world = self.app.world_mut();
            for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
                tile.set_if_neq(ViewTile {
                    shown: true,
                    size_pixels: SIZE,
                    pixels_per_point: 1.0,
                });
            }
        }
    }

    /// Draws the view, which is to do something.
    fn act(&mut self, action: ViewAction) -> String {
        let view = self.view();
        view_action::ask(&self.egui, view, action);
        self.draw(vec![])
    }

    /// Draws the one view in a tile, and returns the texts in it.
    fn draw(&mut self, events: Vec<Event>) -> String {
        let shapes = self.shapes(events);
        let texts = shapes.iter().flat_map(texts);
        texts.collect::<Vec<_>>().join("|")
    }

    /// Draws the one view in a tile, and returns what is drawn.
    fn shapes(&mut self, events: Vec<Event>) -> Vec<Shape> {
        let mut commands = ViewerCommands::default();
        let world = self.app.world_mut();
        let (view, class) = world
            .query::<(Entity, &View)>()
            .iter(world)
            .map(|(entity, view)| (entity, view.class.clone()))
            .next()
            .unwrap();
        let world = self.app.world();
        let class = world.resource::<ViewUis>().get(&class).unwrap();
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(SIZE[0] as f32, SIZE[1] as f32));
        let input = RawInput {
            screen_rect: Some(rect),
            events,
            ..RawInput::default()
        };
        let mut output = self.egui.run_ui(input, |ui| {
            let mut tile = ui.new_child(egui::UiBuilder::new().max_rect(rect));
            class.ui(
                &mut tile,
                &mut ViewUiContext {
                    world,
                    view,
                    commands: &mut commands,
                },
            );
        });
        output.textures_delta.clear();
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .append(&mut commands);
        self.settle();
        output.shapes.into_iter().map(|clipped| clipped.shape).collect()
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.draw(vec![Event::PointerMoved(from)]);
        self.draw(vec![button(from, true)]);
        self.draw(vec![Event::PointerMoved(from.lerp(to, 0.5))]);
        self.draw(vec![Event::PointerMoved(to)]);
        self.draw(vec![button(to, false)]);
        self.draw(vec![]);
    }

    fn lens(&mut self) -> Lens {
        self.scene().projector().lens
    }

    fn view(&mut self) -> ViewId {
        let world = self.app.world_mut();
        world.query::<&View>().iter(world).next().unwrap().id
    }

    fn scene(&mut self) -> &SpatialScene {
        let view = self.view();
        self.app.world().resource::<SpatialScenes>().get(view).unwrap()
    }

    /// What is wrong in a view.
    fn reports(&self, view: ViewId) -> Vec<Report> {
        let world = self.app.world();
        world.resource::<Visualizers>().reports(world, view)
    }

    fn digest(&mut self) -> Vec<PartDigest> {
        let view = self.view();
        let world = self.app.world();
        let scene = world.resource::<SpatialScenes>().get(view).unwrap();
        scene.digest(world.resource())
    }

    fn command(&mut self, command: ViewerCommand) {
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .push(command);
    }

    /// What a frame does after a command.
    fn work_of(&mut self, command: ViewerCommand) -> Vec<(Work, u64)> {
        self.command(command);
        self.work()
    }

    /// What a frame does in presenting.
    fn work(&mut self) -> Vec<(Work, u64)> {
        self.app.update();
        let counters = self.app.world().resource::<WorkCounters>();
        counters
            .iter()
            .filter(|(work, _)| work.phase() == FrameSystems::Present)
            .collect()
    }

    fn finish_decoding(&mut self) {
        let world = self.app.world_mut();
        world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
            textures.finish_decoding(&mut world.resource_mut::<Assets<BevyImage>>());
        });
        world.resource_scope(|world, mut models: Mut<MeshModels>| {
            world.resource_scope(|world, mut geometries: Mut<Assets<MeshGeometry>>| {
                let images = &mut *world.resource_mut::<Assets<BevyImage>>();
                let geometries = &mut *geometries;
                models.finish_decoding(&mut ModelAssets { geometries, images });
            });
        });
    }

    fn is_rendering(&mut self) -> bool {
        self.scene().is_rendering()
    }
}

fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

fn press(key: egui::Key) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

fn texts(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Text(text) => vec![text.galley.text().to_owned()],
        Shape::Vec(shapes) => shapes.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn boxes() -> Chunk {
    let boxes = Boxes3D::from_half_sizes([[1.0, 1.0, 1.0]]).with_labels(["crate"]);
    log_chunk("world/box", [], &boxes).unwrap()
}

#[test]
fn a_box_has_its_label_and_the_camera_sleeps() {
    let mut viewer = Viewer::new([boxes()]);
    assert!(viewer.draw(vec![]).contains("crate"));
    assert!(!viewer.is_rendering(), "nothing changes");
}

#[test]
fn dragging_moves_the_eye_and_is_no_step_to_undo() {
    let mut viewer = Viewer::new([boxes()]);
    let before = viewer.lens();
    viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(360.0, 230.0));
    let after = viewer.lens();
    assert_ne!(after, before);
    viewer.command(ViewerCommand::Undo);
    viewer.settle();
    assert_eq!(viewer.lens(), after, "looking around is no edit");
}

#[test]
fn a_picture_fills_its_tile_and_can_be_panned() {
    let picture = Image::from_rgb8(6, 4, [0; 72]);
    let shape = Boxes2D::default()
        .with_half_sizes([[1.0, 1.0]])
        .with_centers([[3.0, 2.0]])
        .with_labels(["ball"]);
    let chunks = [
        log_chunk("camera/image", [], &picture).unwrap(),
        log_chunk("camera/ball", [], &shape).unwrap(),
    ];
    let mut viewer = Viewer::new(chunks);
    assert!(viewer.draw(vec![]).contains("ball"));
    let Lens::Plane { center, scale } = viewer.lens() else {
        panic!("a plane")
    };
    assert_eq!((center.to_array(), scale), ([3.0, 2.0], 100.0));
    viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(200.0, 200.0));
    let Lens::Plane { center, .. } = viewer.lens() else {
        panic!("a plane")
    };
    assert!(center.x > 3.5 && (center.y - 2.0).abs() < 1e-6, "{center}");
}

fn frame() -> Timeline {
    Timeline::sequence("frame")
}

/// A camera that is faster than its pictures are decoded: the view moves on all the same, and rests at the exact picture.
#[test]
fn pictures_move_on_while_time_plays() {
    const FRAMES: i64 = 60;
    let chunks = (0..FRAMES).map(|at| {
        let picture = Image::from_rgb8(640, 480, vec![at as u8; 640 * 480 * 3]);
        log_chunk("camera", [(frame(), at)], &picture).unwrap()
    });
    let mut viewer = Viewer::new(chunks);
    let mut shown = Vec::new();
    for at in 0..FRAMES {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(at)));
        viewer.app.update();
        assert!(viewer.app.world().resource::<PictureTextures>().num_decoding() <= 1);
        // Every third frame a decode is done.
        if at % 3 == 2 {
            viewer.finish_decoding();
        }
        let times = viewer.scene().picture_times();
        assert!(times.iter().all(|time| *time <= at), "{times:?} at {at}");
        shown.extend(times);
    }
    assert!(shown.is_sorted(), "{shown:?}");
    shown.dedup();
    assert!(shown.len() >= 15, "{shown:?}");
    for _ in 0..4 {
        viewer.finish_decoding();
        viewer.app.update();
    }
    assert_eq!(viewer.scene().picture_times(), [FRAMES - 1]);
    assert_eq!(viewer.app.world().resource::<PictureTextures>().num_decoding(), 0);
}

/// Pictures whose bytes are none.
struct Broken;

impl Visualizer for Broken {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Broken",
        required: &[Points2D::POSITIONS.as_str()],
        optional: &[],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(buffer) = input.get(&Points2D::POSITIONS) else {
            return Ok(None);
        };
        let source = PixelSource::Raw(RawPixels {
            buffer: buffer.into_array(),
            format: ImageFormat::depth(600, 400, ChannelDatatype::U8),
        });
        let key = PictureKey::of_bytes(&[1], &source, PixelKind::Color);
        let picture = Picture::new(key, source, PixelMapping::Color, 0);
        Ok(Some(SpatialVisual::new([Part::picture(picture)])))
    }
}

#[test]
fn a_picture_that_cannot_be_decoded_is_reported_on_its_entity() {
    let points = log_chunk("camera/broken", [], &Points2D::new([[1.0, 2.0]])).unwrap();
    let mut viewer = Viewer::with([points], |app| {
        app.add_spatial_visualizer::<Broken>(&[ViewClassId::SPATIAL_2D], 1.0);
    });
    viewer.finish_decoding();
    viewer.settle();
    let view = viewer.view();
    let reports = viewer.reports(view);
    let entities: Vec<String> = reports
        .iter()
        .filter_map(|report| Some(report.entity.as_ref()?.to_string()))
        .collect();
    assert_eq!(entities, ["/camera/broken"]);
    assert!(viewer.scene().picture_times().is_empty());
}

/// A frame presents what changed, however much there is.
#[test]
fn presenting_costs_what_changed() {
    for count in [20, 200] {
        let point = |x: f32| Points3D::new([[x, 0.0, 0.0]]);
        let mut chunks: Vec<Chunk> = (0..count)
            .map(|at| log_chunk(format!("world/{}/{at}", at / 10).as_str(), [], &point(at as f32)).unwrap())
            .collect();
        chunks.push(log_chunk("world/moving/point", [], &point(0.0)).unwrap());
        for time in 0..4 {
            let transform = Transform3D::from_translation([0.0, time as f32, 0.0]);
            chunks.push(log_chunk("world/moving", [(frame(), time)], &transform).unwrap());
        }
        let mut viewer = Viewer::new(chunks);
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
        viewer.settle();
        assert_eq!(viewer.work(), [], "nothing changed");

        let moved = viewer.work_of(ViewerCommand::Time(TimeCommand::SetTime(1)));
        assert_eq!(moved, [(Work::SegmentsPlaced, 1)], "one transform moved");
        assert_eq!(viewer.work(), []);

        let view = viewer.view();
        let eye = EyeControls3D::default().with_position([1.0, 2.0, 3.0]);
        let property = BlueprintCommand::set_property(view, &eye);
        assert_eq!(
            viewer.work_of(ViewerCommand::Blueprint(property)),
            [],
            "the eye moved"
        );
        viewer.settle();

        let hover = |path: &str| ViewerCommand::Hover(Some(Item::Entity(path.into())));
        let hovered = viewer.work_of(hover("/world/0/1"));
        assert_eq!(hovered, [(Work::SegmentsPlaced, 1)]);
        let hovered = viewer.work_of(hover("/world/1/12"));
        assert_eq!(hovered, [(Work::SegmentsPlaced, 2)], "one darkens, one lights up");
        let hovered = viewer.work_of(ViewerCommand::Hover(None));
        assert_eq!(hovered, [(Work::SegmentsPlaced, 1)]);

        log(&mut viewer.app, log_chunk("world/new", [], &point(1.0)).unwrap());
        let one_new = [(Work::FirstLooks, 1), (Work::InstancesWritten, 1)];
        assert_eq!(viewer.work(), one_new, "one entity is new");
        assert_eq!(viewer.work(), []);
    }
}

/// A view that comes back shows what changed while it was hidden.
#[test]
fn a_view_that_was_hidden_catches_up() {
    let point = Points3D::new([[0.0, 0.0, 0.0]]);
    let mut chunks = vec![
        log_chunk("world/fixed", [], &point).unwrap(),
        log_chunk("world/moving/point", [], &point).unwrap(),
    ];
    for (time, y) in [(0, 0.0), (1, 5.0), (2, 7.0)] {
        let transform = Transform3D::from_translation([0.0, y, 0.0]);
        chunks.push(log_chunk("world/moving", [(frame(), time)], &transform).unwrap());
    }
    let mut viewer = Viewer::new(chunks);
    let show = |viewer: &mut Viewer, shown: bool| {
        let world = viewer.app.world_mut();
        for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
            tile.shown = shown;
        }
    };
    show(&mut viewer, false);
    for time in [0, 1, 2] {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        assert_eq!(viewer.work(), [], "a hidden view costs nothing");
    }
    viewer.command(ViewerCommand::Hover(Some(Item::Entity("/world/fixed".into()))));
    viewer.app.update();
    show(&mut viewer, true);
    viewer.settle();
    let bounds = viewer.scene().bounds_of(&"/world/moving".into());
    assert_eq!(bounds.min, glam::DVec3::new(0.0, 7.0, 0.0));
}

#[test]
fn only_what_a_view_is_there_for_is_missing() {
    let points = Points3D::new([[0.0, 0.0, 0.0]]);
    let splats = ComponentDescriptor::partial("GaussianSplats3D:centers")
        .with_archetype("rerun.archetypes.GaussianSplats3D")
        .with_component_type(components::Position3D::TYPE);
    let splats = [(splats, components::Position3D::build(vec![[0.0; 3]]))];
    let mut viewer = Viewer::new([
        log_chunk("world/points", [], &points).unwrap(),
        log_chunk("world/moved", [], &Transform3D::from_translation([1.0, 0.0, 0.0])).unwrap(),
        log_chunk("world/splats", [], &splats[..]).unwrap(),
    ]);
    let world = viewer.app.world_mut();
    let view = world
        .query_filtered::<Entity, With<View>>()
        .iter(world)
        .next()
        .unwrap();
    let missing = crate::without_visualizer(viewer.app.world(), view);
    assert_eq!(missing, [("/world/splats".into(), vec!["GaussianSplats3D"])]);
}
