//! What tests of panels share: a small recording, and a stage that draws the interface without a renderer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::{app::App, ecs::prelude::*, time::TimePlugin};
use chronoscope_blueprint::{RecommendedView, Schema, ViewClassId, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, AppViewClassExt, DiffLog, FramePlugins, Recordings, Report, ViewClass, Visual,
    Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode,
};
use chronoscope_store::{Chunk, ChunkStore, Recording, StoreId, Timeline};
use chronoscope_types::{Scalars, columns_chunk};
use egui::{Event, Modifiers, PointerButton, Pos2, Rect, Vec2};

use crate::{
    UiPlugin, UiState,
    plugin::{self},
    show,
};

/// A recording with scalars on each of these entities, at 0, 10 and 20 of the timeline `frame`.
pub(crate) fn recording_of(paths: &[&str]) -> Recording {
    let mut recording = Recording::from_store(ChunkStore::new(StoreId::recording("app", "test")));
    for chunk in chunks(paths) {
        recording.insert(chunk).unwrap();
    }
    recording.apply_pending();
    recording
}

fn chunks(paths: &[&str]) -> Vec<Chunk> {
    let times = || [(Timeline::sequence("frame"), vec![0, 10, 20])];
    paths
        .iter()
        .map(|path| columns_chunk(*path, times(), &Scalars::new([0.0, 1.0, 4.0])).unwrap())
        .collect()
}

/// A class of views without a user interface, that recommends one for everything.
struct Plots;

impl ViewClass for Plots {
    fn id(&self) -> ViewClassId {
        ViewClassId::new("TimeSeries")
    }

    fn display_name(&self) -> &'static str {
        "Time series view"
    }

    fn recommend(&self, _: &Schema) -> Vec<RecommendedView> {
        vec![RecommendedView::subtree("TimeSeries", "/".into())]
    }
}

/// Shows scalars without drawing any.
pub(crate) struct Lines;

pub(crate) struct Drawn;

impl Visual for Drawn {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for Lines {
    type Visual = Drawn;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Lines",
        required: &[Scalars::SCALARS.name],
        optional: &[],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(_: &VisualizerInput<'_>) -> Result<Option<Drawn>, Report> {
        Ok(Some(Drawn))
    }
}

/// The frame and the interface, drawn pass by pass.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) ctx: egui::Context,
    size: Vec2,
    modifiers: Modifiers,
    /// The text that was copied last.
    pub(crate) copied: Option<String>,
}

impl Stage {
    /// A stage of this size, in points, with nothing open.
    pub(crate) fn empty(width: f32, height: f32) -> Self {
        let mut app = App::new();
        app.add_plugins((TimePlugin, FramePlugins, UiPlugin::default()));
        app.add_view_class(Plots);
        Self {
            app,
            ctx: egui::Context::default(),
            size: Vec2::new(width, height),
            modifiers: Modifiers::NONE,
            copied: None,
        }
    }

    /// A stage with a recording of these entities.
    pub(crate) fn with_entities(width: f32, height: f32, paths: &[&str]) -> Self {
        let mut stage = Self::empty(width, height);
        let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
        let entry = recordings.open(&StoreId::recording("test app", "first"));
        entry.source_name = "scene.rrd".into();
        for chunk in chunks(paths) {
            entry.recording.insert(chunk).unwrap();
        }
        stage
    }

    /// Scalars of these entities arrive.
    pub(crate) fn log(&mut self, paths: &[&str]) {
        self.insert(chunks(paths));
    }

    /// Rows of any kind arrive.
    pub(crate) fn insert(&mut self, chunks: impl IntoIterator<Item = Chunk>) {
        let world = self.app.world_mut();
        world.resource_scope(|world, mut log: Mut<DiffLog>| {
            let mut recordings = world.resource_mut::<Recordings>();
            for chunk in chunks {
                let store = StoreId::recording("test app", "first");
                recordings.insert(&mut log, &store, chunk).unwrap();
            }
        });
    }

    /// A chunk arrives, and is drawn.
    pub(crate) fn insert_and_draw(&mut self, chunk: Chunk) {
        self.insert([chunk]);
        self.draw();
    }

    /// The first view of the blueprint, in the order of their ids.
    pub(crate) fn first_view(&self) -> ViewId {
        let viewport = self.app.world().resource::<ActiveBlueprint>().viewport();
        *viewport.views.keys().next().unwrap()
    }

    /// The window has another size, in points.
    pub(crate) fn resize(&mut self, width: f32, height: f32) {
        self.size = Vec2::new(width, height);
    }

    /// Runs a frame and draws it. Returns the texts on the screen, in the order in which they were drawn.
    pub(crate) fn draw_with(&mut self, events: Vec<Event>) -> Vec<String> {
        let texts = self.draw_by(events, draw_into);
        texts.into_iter().map(|(text, _)| text).collect()
    }

    /// Runs a frame and draws it. Returns the texts on the screen and where they are, in the order in which they were drawn.
    pub(crate) fn texts(&mut self, events: Vec<Event>) -> Vec<(String, Rect)> {
        self.draw_by(events, draw_into)
    }

    /// Runs a frame and has it drawn by a host. Returns the texts on the screen and where they are.
    pub(crate) fn draw_by(
        &mut self,
        events: Vec<Event>,
        mut draw: impl FnMut(&mut World, &mut egui::Ui),
    ) -> Vec<(String, Rect)> {
        self.app.update();
        // As `bevy_egui` does.
        let mut events: Vec<Event> = events;
        events.insert(0, Event::ModifiersChanged(self.modifiers));
        plugin::drop_modifiers(&mut events, self.ctx.input(|input| input.modifiers));
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            events,
            ..egui::RawInput::default()
        };
        let world = self.app.world_mut();
        let mut output = self.ctx.run_ui(input, |ui| draw(world, ui));
        output.textures_delta.clear();
        for command in output.platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                self.copied = Some(text);
            }
        }
        let screen = Rect::from_min_size(Pos2::ZERO, self.size);
        let mut texts = Vec::new();
        for clipped in &output.shapes {
            collect_texts(&clipped.shape, clipped.clip_rect.intersect(screen), &mut texts);
        }
        texts
    }

    /// Runs some frames, so that panels have found their sizes, and draws the last.
    pub(crate) fn draw(&mut self) -> Vec<String> {
        for _ in 0..3 {
            self.draw_with(Vec::new());
        }
        self.draw_with(Vec::new())
    }

    /// Whether the interface wants to be drawn again though nothing happens.
    pub(crate) fn wants_repaint(&self) -> bool {
        self.ctx.has_requested_repaint()
    }

    /// Types into a field in place of what it has.
    pub(crate) fn type_over(&mut self, field: Pos2, text: &str) {
        self.click(field);
        self.press(egui::Key::A, Modifiers::COMMAND);
        self.draw_with(vec![Event::Text(text.to_owned())]);
        self.press(egui::Key::Enter, Modifiers::NONE);
        self.draw();
    }

    /// Presses a key and lets the frame after it be drawn.
    pub(crate) fn press(&mut self, key: egui::Key, modifiers: Modifiers) {
        self.modifiers = modifiers;
        let event = |pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        };
        self.draw_with(vec![event(true), event(false)]);
        self.modifiers = Modifiers::NONE;
        self.draw_with(Vec::new());
    }

    /// Holds these keys in the passes to come.
    pub(crate) fn hold(&mut self, modifiers: Modifiers) {
        self.modifiers = modifiers;
    }

    /// Clicks at a place and lets the frame after it be drawn.
    pub(crate) fn click(&mut self, at: Pos2) {
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.draw_with(vec![Event::PointerMoved(at)]);
        self.draw_with(vec![button(true)]);
        self.draw_with(vec![button(false)]);
        self.draw_with(vec![Event::PointerGone]);
    }

    /// Clicks with the second button at a place and lets the frames after it be drawn.
    pub(crate) fn right_click(&mut self, at: Pos2) {
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.draw_with(vec![Event::PointerMoved(at)]);
        self.draw_with(vec![button(true)]);
        self.draw_with(vec![button(false)]);
        self.draw();
    }

    /// Drags something from one place to another.
    pub(crate) fn drag(&mut self, from: Pos2, to: Pos2) {
        let button = |pos, pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.draw_with(vec![Event::PointerMoved(from)]);
        self.draw_with(vec![button(from, true)]);
        for part in 1_u8..=4 {
            let at = from + (to - from) * (f32::from(part) / 4.0);
            self.draw_with(vec![Event::PointerMoved(at)]);
        }
        self.draw_with(vec![button(to, false)]);
        self.draw_with(vec![Event::PointerGone]);
    }

    /// Position of a text on the screen; the first if there are several.
    pub(crate) fn find(&mut self, text: &str) -> Pos2 {
        let found = self.find_all(text).into_iter().next();
        found.unwrap_or_else(|| panic!("{text} is not on the screen"))
    }

    /// Position of the text on the screen that is nearest to a place.
    pub(crate) fn find_near(&mut self, text: &str, place: Pos2) -> Pos2 {
        let found = self.find_all(text).into_iter();
        found
            .min_by(|a, b| a.distance(place).total_cmp(&b.distance(place)))
            .unwrap_or_else(|| panic!("{text} is not on the screen"))
    }

    fn find_all(&mut self, text: &str) -> Vec<Pos2> {
        let mut found = Vec::new();
        for clipped in &self.pass().shapes {
            find_text(&clipped.shape, text, &mut found);
        }
        found
    }

    /// The texts on the screen that are cut, and where their centers are.
    pub(crate) fn cut_texts(&mut self) -> Vec<(String, Pos2)> {
        let mut cut = Vec::new();
        for clipped in &self.pass().shapes {
            find_cut(&clipped.shape, &mut cut);
        }
        cut
    }

    /// What a screen reader is told of the widgets.
    pub(crate) fn nodes(&mut self) -> Vec<egui::accesskit::Node> {
        self.ctx.enable_accesskit();
        let update = self.pass().platform_output.accesskit_update;
        let nodes = update.into_iter().flat_map(|update| update.nodes);
        nodes.map(|(_, node)| node).collect()
    }

    /// A frame without any input.
    fn pass(&mut self) -> egui::FullOutput {
        self.app.update();
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            ..egui::RawInput::default()
        };
        let world = self.app.world_mut();
        let mut output = self.ctx.run_ui(input, |ui| draw_into(world, ui));
        output.textures_delta.clear();
        output
    }
}

fn draw_into(world: &mut World, ui: &mut egui::Ui) {
    world.resource_scope(|world, mut state: Mut<UiState>| show(world, ui, &mut state));
}

fn collect_texts(shape: &egui::Shape, clip: Rect, texts: &mut Vec<(String, Rect)>) {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect_texts(shape, clip, texts)),
        egui::Shape::Text(text) => {
            let rect = text.galley.rect.translate(text.pos.to_vec2());
            if rect.intersects(clip) {
                texts.push((text.galley.text().to_owned(), rect.intersect(clip)));
            }
        }
        _ => {}
    }
}

fn find_text(shape: &egui::Shape, wanted: &str, found: &mut Vec<Pos2>) {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| find_text(shape, wanted, found)),
        egui::Shape::Text(text) if text.galley.text() == wanted => {
            found.push(text.galley.rect.translate(text.pos.to_vec2()).center());
        }
        _ => {}
    }
}

fn find_cut(shape: &egui::Shape, cut: &mut Vec<(String, Pos2)>) {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| find_cut(shape, cut)),
        egui::Shape::Text(text) if text.galley.elided => {
            let center = text.galley.rect.translate(text.pos.to_vec2()).center();
            cut.push((text.galley.text().to_owned(), center));
        }
        _ => {}
    }
}
