//! Plots, logs and documents from logged data to text in a tile: the frame's phases and the user interface, without a window.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use bevy::{app::App, app::TaskPoolPlugin, ecs::prelude::*, time::TimePlugin};
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, FramePlugins, Item, Selection, TimeCommand, View, ViewTile, ViewerCommand,
    ViewerCommands,
};
use chronoscope_store::{Chunk, Timeline};
use chronoscope_types::{
    AsComponents, Clear, Scalars, SeriesLines, SeriesPoints, TextDocument, TextLog,
    blueprint::{PlotLegend, ScalarAxis},
    columns_chunk,
    enums::MarkerShape,
    log_chunk,
};
use egui::{Event, Pos2, RawInput, Rect, Shape, vec2};

use crate::{
    BarChartPlugin, TextDocumentPlugin, TextLogPlugin, TimeSeriesPlugin, ViewUiContext, ViewUis,
    testing::{click_on_text, context_with_fonts, draw_settings, log, placed_texts},
};

mod actions;
mod axes;
mod bars;
mod contexts;
mod framing;
mod log_rows;
mod missing;
mod missing_lines;
mod properties;
mod series;
mod texts;

/// A viewer of plots, logs and documents.
struct Viewer {
    app: App,
    egui: egui::Context,
    /// How wide a tile is, in points.
    width: f32,
    /// The text that was copied last.
    copied: Option<String>,
}

impl Viewer {
    fn new(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        let mut app = App::new();
        app.add_plugins((TaskPoolPlugin::default(), TimePlugin))
            .add_plugins(FramePlugins)
            .add_plugins((
                TimeSeriesPlugin,
                BarChartPlugin,
                TextLogPlugin,
                TextDocumentPlugin,
            ));
        app.finish();
        app.cleanup();
        let mut viewer = Self {
            app,
            egui: egui::Context::default(),
            width: 600.0,
            copied: None,
        };
        for chunk in chunks {
            viewer.log(chunk);
        }
        viewer.settle();
        viewer
    }

    fn log(&mut self, chunk: Chunk) {
        log(&mut self.app, chunk);
    }

    fn settle(&mut self) {
        for _ in 0..4 {
            self.app.update();
            let world = self.app.world_mut();
            for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
                tile.set_if_neq(ViewTile {
                    shown: true,
                    size_pixels: [600, 300],
                    pixels_per_point: 1.0,
                });
            }
        }
    }

    fn command(&mut self, command: ViewerCommand) {
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .push(command);
        self.settle();
    }

    /// The first view of the blueprint.
    fn first_view(&self) -> ViewId {
        let active = self.app.world().resource::<ActiveBlueprint>();
        *active.viewport().views.keys().next().unwrap()
    }

    /// The first view of a class.
    fn view_of(&mut self, class: &str) -> (Entity, ViewId) {
        let world = self.app.world_mut();
        let mut views = world.query::<(Entity, &View)>();
        let (entity, view) = views
            .iter(world)
            .find(|(_, view)| view.class.as_str() == class)
            .unwrap();
        (entity, view.id)
    }

    /// Sets a property of the first view.
    fn set(&mut self, property: &impl AsComponents) {
        let command = BlueprintCommand::set_property(self.first_view(), property);
        self.command(ViewerCommand::Blueprint(command));
    }

    /// Draws the views of a class, each in a tile of its own size, and returns the texts, with their places.
    fn draw(&mut self, class: &str, events: Vec<Event>) -> Vec<(String, Pos2)> {
        let shapes = self.shapes(class, events);
        shapes.iter().flat_map(placed_texts).collect()
    }

    /// As [`Self::draw`]; all that is drawn.
    fn shapes(&mut self, class: &str, events: Vec<Event>) -> Vec<Shape> {
        let mut commands = ViewerCommands::default();
        let world = self.app.world_mut();
        let views: Vec<Entity> = world
            .query::<(Entity, &View)>()
            .iter(world)
            .filter(|(_, view)| view.class.as_str() == class)
            .map(|(entity, _)| entity)
            .collect();
        let world = self.app.world();
        let uis = world.resource::<ViewUis>();
        let ui_of_class = uis.get(&class.into()).unwrap();
        let size = vec2(self.width, 300.0 * views.len().max(1) as f32);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            events,
            ..RawInput::default()
        };
        let mut output = self.egui.run_ui(input, |ui| {
            for (at, view) in views.iter().enumerate() {
                let rect = Rect::from_min_size(Pos2::new(0.0, 300.0 * at as f32), vec2(size.x, 300.0));
                let mut tile = ui.new_child(egui::UiBuilder::new().id_salt(at).max_rect(rect));
                tile.set_clip_rect(rect);
                ui_of_class.ui(
                    &mut tile,
                    &mut ViewUiContext {
                        world,
                        view: *view,
                        commands: &mut commands,
                    },
                );
            }
        });
        output.textures_delta.clear();
        self.app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .append(&mut commands);
        self.settle();
        for command in std::mem::take(&mut output.platform_output.commands) {
            if let egui::OutputCommand::CopyText(text) = command {
                self.copied = Some(text);
            }
        }
        let shapes = std::mem::take(&mut output.shapes);
        shapes.into_iter().map(|clipped| clipped.shape).collect()
    }

    /// Draws the settings of the first view of a class and returns the texts.
    fn settings(&mut self, class: &str) -> String {
        let (view, _) = self.view_of(class);
        let texts = draw_settings(&mut self.app, &self.egui, view, vec2(600.0, 10_000.0), Vec::new());
        let commands = self.app.world().resource::<ViewerCommands>();
        assert!(commands.is_empty(), "drawing is no input");
        joined(texts)
    }

    fn text(&mut self, class: &str) -> String {
        self.draw(class, Vec::new());
        joined(self.draw(class, Vec::new()))
    }

    fn click(&mut self, class: &str, wanted: &str) {
        click_on_text(wanted, |events| self.draw(class, events));
    }
}

fn joined(texts: Vec<(String, Pos2)>) -> String {
    let texts = texts.into_iter().map(|(text, _)| text);
    texts.collect::<Vec<_>>().join("|")
}

fn frame() -> Timeline {
    Timeline::sequence("frame")
}

fn scalars(entity: &str, from: i64, count: i64) -> Chunk {
    let times: Vec<i64> = (from..from + count).collect();
    let values: Vec<f64> = times.iter().map(|time| (*time as f64 / 10.0).sin()).collect();
    columns_chunk(entity, [(frame(), times)], &Scalars::new(values)).unwrap()
}

#[track_caller]
fn assert_has(text: &str, wanted: &str) {
    assert!(
        text.split('|').any(|part| part.contains(wanted)),
        "{wanted:?} in {text:?}"
    );
}

#[test]
fn scalars_become_plots() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100), scalars("plots/noise", 0, 100)]);
    let text = viewer.text("TimeSeries");
    for wanted in ["sine", "noise", "0.0", "50"] {
        assert_has(&text, wanted);
    }
    // What is appended is plotted.
    viewer.log(scalars("plots/sine", 100, 400));
    viewer.settle();
    assert_has(&viewer.text("TimeSeries"), "400");
}

#[test]
fn names_and_markers_are_taken() {
    let points = SeriesPoints::default()
        .with_names(["samples"])
        .with_markers([MarkerShape::Diamond]);
    let mut viewer = Viewer::new([
        scalars("series/line", 0, 10),
        scalars("series/points", 0, 10),
        log_chunk("series/line", [], &SeriesLines::default().with_names(["decay"])).unwrap(),
        log_chunk("series/points", [], &points).unwrap(),
        log_chunk("series/line", [(frame(), 5)], &Clear::new(false)).unwrap(),
    ]);
    let text = viewer.text("TimeSeries");
    assert_has(&text, "decay");
    assert_has(&text, "samples");
    assert_eq!(
        text.split('|').filter(|part| *part == "samples").count(),
        1,
        "points are not lines as well: {text}"
    );
}

/// A series is interrupted where an entity above it is cleared, also when that is told later.
#[test]
fn a_recursive_clear_interrupts_what_is_below() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 10)]);
    let gaps = |viewer: &Viewer| {
        let world = viewer.app.world();
        let visuals = world.resource::<chronoscope_frame::Visuals<crate::time_series::SeriesLines>>();
        let views = world.resource::<ActiveBlueprint>().viewport().views.keys();
        let series: Vec<_> = views
            .filter_map(|view| visuals.view(*view))
            .flat_map(chronoscope_frame::visualizer::ViewVisuals::iter)
            .collect();
        series
            .iter()
            .map(|(_, series)| {
                series
                    .samples
                    .values(0)
                    .iter()
                    .filter(|value| value.is_nan())
                    .count()
            })
            .sum::<usize>()
    };
    assert_eq!(gaps(&viewer), 0);
    viewer.log(log_chunk("plots", [(frame(), 4)], &Clear::new(false)).unwrap());
    viewer.settle();
    assert_eq!(gaps(&viewer), 0, "a flat clear stays where it is");
    viewer.log(log_chunk("plots", [(frame(), 5)], &Clear::new(true)).unwrap());
    viewer.settle();
    assert_eq!(gaps(&viewer), 1);
}

#[test]
fn the_legend_hides_a_series_and_undo_brings_it_back() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100)]);
    let hidden = |viewer: &mut Viewer| {
        let world = viewer.app.world_mut();
        let visuals = world.resource::<chronoscope_frame::Visuals<crate::time_series::SeriesLines>>();
        let views: Vec<_> = world
            .resource::<ActiveBlueprint>()
            .viewport()
            .views
            .keys()
            .copied()
            .collect();
        let styles: Vec<bool> = views
            .iter()
            .filter_map(|view| visuals.view(*view))
            .flat_map(|visuals| {
                visuals
                    .iter()
                    .flat_map(|(_, series)| series.styles.iter().map(|style| !style.visible))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert!(!styles.is_empty());
        styles.iter().any(|hidden| *hidden)
    };
    assert!(!hidden(&mut viewer));
    viewer.click("TimeSeries", "sine");
    assert!(hidden(&mut viewer));
    viewer.click("TimeSeries", "sine");
    assert!(!hidden(&mut viewer));
    viewer.command(ViewerCommand::Undo);
    assert!(hidden(&mut viewer));
    viewer.command(ViewerCommand::Undo);
    assert!(!hidden(&mut viewer));
}

#[test]
fn the_blueprint_says_what_a_plot_shows() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100)]);
    assert_has(&viewer.settings("TimeSeries"), "Fit values");
    let range = ScalarAxis::default().with_range([-4.0, 4.0]);
    viewer.set(&range);
    assert_has(&viewer.text("TimeSeries"), "4");
    assert_has(&viewer.settings("TimeSeries"), "to");
    let legend = PlotLegend::default().with_visible(false);
    viewer.set(&legend);
    assert!(!viewer.text("TimeSeries").contains("sine"));
}

fn line(entity: &str, time: i64, text: &str, level: &str) -> Chunk {
    log_chunk(entity, [(frame(), time)], &TextLog::new(text).with_level(level)).unwrap()
}

#[test]
fn log_lines_are_listed_in_order() {
    let mut viewer = Viewer::new([
        line("logs/b", 10, "second", "WARN"),
        line("logs/a", 0, "first\nand more", "INFO"),
        line("logs/a", 20, "third", "ERROR"),
        log_chunk("logs/c", [], &TextLog::new("always")).unwrap(),
    ]);
    let text = viewer.text("TextLog");
    let at = |wanted: &str| text.find(wanted).unwrap_or_else(|| panic!("{wanted} in {text}"));
    assert!(
        at("always") < at("first") && at("first") < at("second") && at("second") < at("third"),
        "{text}"
    );
    assert!(!text.contains("and more"), "a line shows one line: {text}");
    for wanted in ["WARN", "#20", "static", "frame"] {
        assert_has(&text, wanted);
    }
}

#[test]
fn clicking_a_time_moves_the_cursor_and_an_entity_selects() {
    let mut viewer = Viewer::new([
        line("logs/a", 0, "first", "INFO"),
        line("logs/b", 20, "second", "INFO"),
    ]);
    viewer.egui = context_with_fonts();
    viewer.click("TextLog", "#20");
    assert_eq!(viewer.app.world().resource::<Cursor>().time, 20);
    viewer.click("TextLog", "b");
    let selected = &viewer.app.world().resource::<Selection>().selected;
    assert_eq!(selected.len(), 1);
    assert_eq!(
        selected[0].entity().map(chronoscope_store::EntityPath::as_str),
        Some("/logs/b")
    );
    assert!(matches!(selected[0], Item::DataResult { .. }));
}

#[test]
fn levels_can_be_hidden() {
    let mut viewer = Viewer::new([line("logs", 0, "fine", "INFO"), line("logs", 1, "bad", "WARN")]);
    viewer.click("TextLog", "WARN");
    let text = viewer.text("TextLog");
    assert!(text.contains("fine") && !text.contains("bad"), "{text}");
}

#[test]
fn a_level_without_letters_is_none() {
    let mut viewer = Viewer::new([line("logs", 0, "fine", "INFO"), line("logs", 1, "bare", "")]);
    viewer.click("TextLog", "INFO");
    let text = viewer.text("TextLog");
    assert!(text.contains("bare") && !text.contains("fine"), "{text}");
}

#[test]
fn documents_are_shown() {
    let markdown =
        TextDocument::new("# Scene\nA robot drives in a *circle*.").with_media_type("text/markdown");
    let mut viewer = Viewer::new([
        log_chunk("about", [], &markdown).unwrap(),
        log_chunk("plain", [(frame(), 5)], &TextDocument::new("# as written")).unwrap(),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(5)));
    let text = viewer.text("TextDocument");
    assert_has(&text, "# as written");
    assert!(text.split('|').any(|part| part == "Scene"), "{text}");
    assert_has(&text, "A robot drives in a circle.");
}

#[test]
fn what_is_empty_says_why() {
    let mut viewer = Viewer::new([
        log_chunk("plain", [(frame(), 5)], &TextDocument::new("later")).unwrap(),
        scalars("a", 0, 3),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    assert_has(&viewer.text("TextDocument"), "No document at this time");
    let other = columns_chunk(
        "b",
        [(Timeline::sequence("other"), vec![1])],
        &Scalars::new([1.0]),
    )
    .unwrap();
    let mut viewer = Viewer::new([scalars("a", 0, 3), other]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTimeline("other".to_owned())));
    viewer.text("TimeSeries");
}
