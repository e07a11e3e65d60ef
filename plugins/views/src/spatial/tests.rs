//! From logged data to what a tile says and does: the frame's phases and the user interface, without a renderer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use bevy::{
    app::{App, TaskPoolPlugin},
    asset::{AssetApp, AssetPlugin},
    ecs::prelude::*,
    image::Image as BevyImage,
    time::TimePlugin,
};
use chronoscope_frame::{FramePlugins, Item, Selection, View, ViewTile, ViewerCommand, ViewerCommands};
use chronoscope_store::Chunk;
use chronoscope_types::{Boxes2D, Boxes3D, Image, Points3D, log_chunk};
use egui::{Event, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape, vec2};

use super::{SpatialScenes, projection::Lens};
use crate::{Spatial2DPlugin, Spatial3DPlugin, ViewUiContext, ViewUis, testing::log};

const SIZE: [u32; 2] = [600, 400];

struct Viewer {
    app: App,
    egui: egui::Context,
}

impl Viewer {
    fn new(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        let mut app = App::new();
        app.add_plugins((TaskPoolPlugin::default(), TimePlugin, AssetPlugin::default()));
        app.init_asset::<BevyImage>();
        app.add_plugins(FramePlugins)
            .add_plugins((Spatial3DPlugin, Spatial2DPlugin));
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

    /// Draws the one view in a tile, and returns the texts in it.
    fn draw(&mut self, events: Vec<Event>) -> String {
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
        output
            .shapes
            .iter()
            .flat_map(|clipped| texts(&clipped.shape))
            .collect::<Vec<_>>()
            .join("|")
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
        let world = self.app.world_mut();
        let view = world.query::<&View>().iter(world).next().unwrap().id;
        world
            .resource::<SpatialScenes>()
            .get(view)
            .unwrap()
            .projector()
            .lens
    }

    fn is_rendering(&mut self) -> bool {
        let world = self.app.world_mut();
        let view = world.query::<&View>().iter(world).next().unwrap().id;
        world
            .resource::<SpatialScenes>()
            .get(view)
            .unwrap()
            .is_rendering()
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
fn dragging_moves_the_eye_as_an_edit_that_can_be_undone() {
    let mut viewer = Viewer::new([boxes()]);
    let before = viewer.lens();
    viewer.drag(Pos2::new(300.0, 200.0), Pos2::new(360.0, 230.0));
    assert_ne!(viewer.lens(), before);
    viewer
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Undo);
    viewer.settle();
    assert_eq!(viewer.lens(), before, "a drag is one step");
}

#[test]
fn pointing_lights_up_and_clicking_selects() {
    let points = Points3D::new([[0.0, 0.0, 0.0]]).with_radii([-20.0]);
    let mut viewer = Viewer::new([log_chunk("world/point", [], &points).unwrap()]);
    let middle = Pos2::new(300.0, 200.0);
    viewer.draw(vec![Event::PointerMoved(middle)]);
    viewer.draw(vec![]);
    let hovered = viewer.app.world().resource::<Selection>().hovered.clone();
    assert_eq!(
        hovered
            .as_ref()
            .and_then(Item::entity)
            .map(ToString::to_string)
            .as_deref(),
        Some("/world/point")
    );
    viewer.draw(vec![button(middle, true)]);
    viewer.draw(vec![button(middle, false)]);
    assert_eq!(
        viewer.app.world().resource::<Selection>().selected.first(),
        hovered.as_ref()
    );
    viewer.draw(vec![Event::PointerGone]);
    viewer.draw(vec![]);
    assert_eq!(viewer.app.world().resource::<Selection>().hovered, None);
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
