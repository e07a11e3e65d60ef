//! What is done in plots and logs by name and with keys.

use chronoscope_frame::{Item, TimeCommand, ViewerCommand};
use chronoscope_types::{BarChart, Scalars, TextLog, blueprint::TextLogRows, columns_chunk, log_chunk};

use super::{Viewer, frame, scalars};
use crate::{ViewAction, view_action};

const PLOT: &str = "TimeSeries";

impl Viewer {
    /// Has the view do something, and returns the text in it then.
    fn act(&mut self, class: &str, action: ViewAction) -> String {
        view_action::ask(&self.egui, self.first_view(), action);
        self.text(class)
    }

    /// The lines that are copied from the view.
    fn copied_from(&mut self, class: &str) -> Vec<String> {
        self.copied = None;
        self.act(class, ViewAction::CopyTable);
        let copied = self.copied.take().expect("a text on the clipboard");
        copied.lines().map(str::to_owned).collect()
    }
}

fn legend(text: &str) -> Vec<&str> {
    let names = ["a", "b", "c"];
    text.split('|').filter(|part| names.contains(part)).collect()
}

#[test]
fn a_plot_is_moved_and_zoomed_and_shows_all_again() {
    let mut viewer = Viewer::new([scalars("p/a", 0, 100)]);
    // What is written in the plot, and where.
    let look = |viewer: &mut Viewer| -> Vec<(String, [i32; 2])> {
        viewer.draw(PLOT, Vec::new());
        let texts = viewer.draw(PLOT, Vec::new()).into_iter();
        texts
            .map(|(text, place)| (text, [place.x.round() as i32, place.y.round() as i32]))
            .collect()
    };
    let all = look(&mut viewer);
    for action in ViewAction::MOVES {
        viewer.act(PLOT, action);
        assert_ne!(look(&mut viewer), all, "{action:?}");
        viewer.act(PLOT, ViewAction::ResetLook);
        assert_eq!(look(&mut viewer), all, "after {action:?}");
    }
    viewer.act(PLOT, ViewAction::PanRight);
    viewer.act(PLOT, ViewAction::PanRight);
    let right = viewer.act(PLOT, ViewAction::PanRight);
    assert!(right.split('|').any(|part| part.contains("120")), "{right}");
    viewer.act(PLOT, ViewAction::ResetLook);
    let left = viewer.act(PLOT, ViewAction::PanLeft);
    assert!(!left.split('|').any(|part| part.contains("120")), "{left}");
}

#[test]
fn the_selected_series_is_shown_alone_and_hidden() {
    let mut viewer = Viewer::new(["p/a", "p/b", "p/c"].map(|entity| scalars(entity, 0, 100)));
    let values = |viewer: &mut Viewer| -> Vec<String> {
        let lines = viewer.copied_from(PLOT).into_iter().skip(1);
        lines
            .filter_map(|line| Some(line.split('\t').next()?.to_owned()))
            .collect()
    };
    viewer.act(PLOT, ViewAction::IsolateSeries);
    assert_eq!(values(&mut viewer), ["a", "b", "c"], "nothing is selected");
    viewer.command(ViewerCommand::Select(vec![Item::Entity("/p/b".into())]));
    viewer.act(PLOT, ViewAction::IsolateSeries);
    assert_eq!(values(&mut viewer), ["b"]);
    viewer.act(PLOT, ViewAction::IsolateSeries);
    assert_eq!(values(&mut viewer), ["a", "b", "c"]);
    viewer.act(PLOT, ViewAction::ToggleSeries);
    assert_eq!(values(&mut viewer), ["a", "c"]);
    viewer.command(ViewerCommand::Undo);
    assert_eq!(values(&mut viewer), ["a", "b", "c"], "a step to undo");
    viewer.act(PLOT, ViewAction::ToggleSeries);
    viewer.act(PLOT, ViewAction::ToggleSeries);
    assert_eq!(values(&mut viewer), ["a", "b", "c"]);
}

#[test]
fn the_legend_comes_and_goes() {
    let mut viewer = Viewer::new(["p/a", "p/b"].map(|entity| scalars(entity, 0, 100)));
    assert_eq!(legend(&viewer.text(PLOT)), ["a", "b"]);
    viewer.act(PLOT, ViewAction::ToggleLegend);
    assert_eq!(legend(&viewer.text(PLOT)), Vec::<&str>::new());
    viewer.act(PLOT, ViewAction::ToggleLegend);
    assert_eq!(legend(&viewer.text(PLOT)), ["a", "b"]);
}

#[test]
fn the_values_of_a_plot_at_the_cursor_are_copied() {
    let series = |entity: &str, values: [f64; 2]| {
        columns_chunk(entity, [(frame(), vec![0, 100])], &Scalars::new(values)).unwrap()
    };
    let mut viewer = Viewer::new([series("p/a", [1.5, 2.5]), series("p/b", [7.0, -1e-9])]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(100)));
    let lines = viewer.copied_from(PLOT);
    assert!(
        lines[0].starts_with("series\tframe ") && lines[0].ends_with("100"),
        "{lines:?}"
    );
    assert_eq!(lines[1..], ["a\t2.5", "b\t-0.000000001"]);
}

#[test]
fn the_bars_of_a_chart_are_copied() {
    let bars = BarChart::new(vec![2.0_f64, 0.5]);
    let mut viewer = Viewer::new([log_chunk("bars", [(frame(), 0)], &bars).unwrap()]);
    let lines = viewer.copied_from("BarChart");
    assert_eq!(
        lines,
        [
            "chart\tindex\tfrom\tto\tvalue",
            "bars\t0\t0\t1\t2",
            "bars\t1\t1\t2\t0.5"
        ]
    );
}

#[test]
fn the_lines_of_a_log_that_pass_its_filter_are_copied() {
    let line = |time: i64, text: &str, level: &str| {
        log_chunk("logs/a", [(frame(), time)], &TextLog::new(text).with_level(level)).unwrap()
    };
    let mut viewer = Viewer::new([
        line(1, "one\ttab", "INFO"),
        line(2, "\u{1b}[31mtwo\u{1b}[0m\nlines", "WARN"),
    ]);
    let lines = viewer.copied_from("TextLog");
    assert_eq!(lines[0], "frame\tentity\tlevel\ttext");
    assert!(lines[1].ends_with("\t/logs/a\tINFO\tone tab"), "{lines:?}");
    assert!(lines[2].ends_with("\t/logs/a\tWARN\ttwo lines"), "{lines:?}");
    assert_eq!(lines.len(), 3);
    let rows = TextLogRows::default().with_filter_by_log_level(["WARN"]);
    viewer.set(&rows);
    assert_eq!(viewer.copied_from("TextLog").len(), 2);
}
