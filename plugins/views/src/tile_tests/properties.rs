//! The properties of plots, logs and documents.

use chronoscope_types::{BarChart, blueprint::TextLogRows};

use super::*;
use crate::testing::{click_at, click_on_text, context_with_fonts, draw_settings, listed_properties};

const LOG: &str = "TextLog";

impl Viewer {
    /// Draws the settings of the first view of a class with fonts, and returns the texts with their places.
    fn draw_settings(&mut self, class: &str, events: Vec<Event>) -> Vec<(String, Pos2)> {
        let (view, _) = self.view_of(class);
        let texts = draw_settings(&mut self.app, &self.egui, view, vec2(400.0, 400.0), events);
        self.settle();
        texts
    }

    fn click_setting(&mut self, class: &str, wanted: &str) {
        click_on_text(wanted, |events| self.draw_settings(class, events));
    }
}

/// What stands above the columns of a log.
fn titles(viewer: &mut Viewer) -> Vec<String> {
    let text = viewer.text(LOG);
    let names = ["frame", "entity", "level", "text"];
    let parts = text.split('|').filter(|part| names.contains(part));
    parts.map(str::to_owned).collect()
}

#[test]
fn each_property_that_a_class_honors_is_shown_once() {
    let bars = BarChart::new(vec![1_u16, 20]);
    let mut viewer = Viewer::new([
        scalars("plots/sine", 0, 10),
        log_chunk("bars", [(frame(), 0)], &bars).unwrap(),
        line("logs/a", 0, "first", "INFO"),
        log_chunk("notes", [(frame(), 0)], &TextDocument::new("some text")).unwrap(),
    ]);
    let world = viewer.app.world_mut();
    let views: Vec<(Entity, String)> = world
        .query::<(Entity, &View)>()
        .iter(world)
        .map(|(entity, view)| (entity, view.class.to_string()))
        .collect();
    let mut classes: Vec<&str> = views.iter().map(|(_, class)| class.as_str()).collect();
    classes.sort_unstable();
    assert_eq!(classes, ["BarChart", "TextDocument", "TextLog", "TimeSeries"]);
    for (view, _) in &views {
        listed_properties(viewer.app.world(), *view);
    }
}

#[test]
fn levels_are_hidden_in_the_blueprint() {
    let mut viewer = Viewer::new([line("logs", 0, "fine", "INFO"), line("logs", 1, "bad", "WARN")]);
    viewer.click(LOG, "WARN");
    // Another user interface has no memory of a click.
    viewer.egui = egui::Context::default();
    let text = viewer.text(LOG);
    assert!(text.contains("fine") && !text.contains("bad"), "{text}");
    // What nobody hid is shown when it comes.
    viewer.log(line("logs", 2, "worse", "ERROR"));
    viewer.settle();
    assert_has(&viewer.text(LOG), "worse");
    viewer.click(LOG, "ERROR");
    viewer.click(LOG, "INFO");
    let text = viewer.text(LOG);
    assert!(!text.contains("fine") && !text.contains("worse"), "{text}");
    for shown in [["fine", "fine"], ["fine", "worse"], ["bad", "worse"]] {
        viewer.command(ViewerCommand::Undo);
        let text = viewer.text(LOG);
        shown.iter().for_each(|line| assert_has(&text, line));
    }
}

#[test]
fn no_level_may_be_shown_and_one_again() {
    let mut viewer = Viewer::new([line("logs", 0, "fine", "OWN LEVEL")]);
    let rows = TextLogRows::default().with_filter_by_log_level(["OWN LEVEL"]);
    viewer.set(&rows);
    assert_has(&viewer.text(LOG), "fine");
    viewer.click(LOG, "OWN LEVEL");
    assert!(!viewer.text(LOG).contains("fine"));
    viewer.click(LOG, "OWN LEVEL");
    assert_has(&viewer.text(LOG), "fine");
}

#[test]
fn the_settings_of_a_log_choose_levels_and_columns() {
    let mut viewer = Viewer::new([line("logs", 0, "fine", "INFO"), line("logs", 1, "bad", "WARN")]);
    viewer.egui = context_with_fonts();
    assert_eq!(titles(&mut viewer), ["frame", "entity", "level", "text"]);
    viewer.click_setting(LOG, "Entity");
    assert_eq!(titles(&mut viewer), ["frame", "level", "text"]);
    viewer.click_setting(LOG, "frame");
    assert_eq!(titles(&mut viewer), ["level", "text"]);
    viewer.click_setting(LOG, "WARN");
    let text = viewer.text(LOG);
    assert!(text.contains("fine") && !text.contains("bad"), "{text}");
    // Each row has its way back; the first is that of the levels.
    viewer.click_setting(LOG, egui_phosphor::regular::ARROW_COUNTER_CLOCKWISE);
    assert_has(&viewer.text(LOG), "bad");
    viewer.command(ViewerCommand::Undo);
    assert!(!viewer.text(LOG).contains("bad"));
}

/// In the plot the same is looking around, which is none.
#[test]
fn a_range_of_values_that_is_chosen_in_the_settings_is_a_step() {
    const PLOT: &str = "TimeSeries";
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100)]);
    viewer.egui = context_with_fonts();
    let has_range = |viewer: &mut Viewer| {
        let texts = viewer.draw_settings(PLOT, Vec::new());
        texts.iter().any(|(text, _)| text == "to")
    };
    assert!(!has_range(&mut viewer));
    viewer.click_setting(PLOT, "Fit values");
    assert!(has_range(&mut viewer));
    viewer.command(ViewerCommand::Undo);
    assert!(!has_range(&mut viewer));
    viewer.command(ViewerCommand::Redo);
    assert!(has_range(&mut viewer));
    // The way back is a step, too.
    viewer.click_setting(PLOT, egui_phosphor::regular::ARROW_COUNTER_CLOCKWISE);
    assert!(!has_range(&mut viewer));
    viewer.command(ViewerCommand::Undo);
    assert!(has_range(&mut viewer));
}

/// The ends of the range of values that the settings of a plot show, and where they are.
fn range_ends(viewer: &mut Viewer) -> [(f64, Pos2); 2] {
    viewer.draw_settings("TimeSeries", Vec::new());
    let texts = viewer.draw_settings("TimeSeries", Vec::new());
    let to = texts.iter().position(|(text, _)| text == "to").unwrap();
    [to - 1, to + 1].map(|at| {
        let (text, place) = &texts[at];
        (text.parse().unwrap(), *place)
    })
}

/// Types over an end of the range, letter by letter, and returns the ends that come of it.
fn type_end(viewer: &mut Viewer, end: usize, text: &str) -> [f64; 2] {
    let (_, place) = range_ends(viewer)[end];
    click_at(place + vec2(3.0, 3.0), |events| {
        viewer.draw_settings("TimeSeries", events);
    });
    let enter = Event::Key {
        key: egui::Key::Enter,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    };
    let letters = text.chars().map(|letter| Event::Text(letter.to_string()));
    for event in letters.chain([enter]) {
        viewer.draw_settings("TimeSeries", vec![event]);
    }
    range_ends(viewer).map(|(value, _)| value)
}

/// What stands in a field while a number is typed is not that number yet.
#[test]
fn each_end_of_a_range_of_values_is_typed_and_stays_on_its_side() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100)]);
    viewer.egui = context_with_fonts();
    viewer.set(&ScalarAxis::default().with_range([50.0, 100.0]));
    assert_eq!(type_end(&mut viewer, 1, "150"), [50.0, 150.0]);
    assert_eq!(type_end(&mut viewer, 0, "200"), [200.0, 300.0]);
    viewer.command(ViewerCommand::Undo);
    assert_eq!(range_ends(&mut viewer).map(|(value, _)| value), [50.0, 150.0]);
}
