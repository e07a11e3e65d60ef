//! Plots of bars without a window: input in, events and text out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_frame::selection::Highlight;
use chronoscope_types::enums::Corner2D;
use egui::{
    Color32, Event, Id, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect, Shape, pos2, vec2,
};

use super::{
    bars::Bars,
    plot::{self, PlotChart, PlotEvent, PlotInput, PlotWindow},
};
use crate::{ViewStyle, plot::legend::LegendPlace};

const SIZE: egui::Vec2 = vec2(600.0, 300.0);

/// A plot in a context of its own.
struct Harness {
    context: egui::Context,
    charts: Vec<Option<Bars>>,
    window: PlotWindow,
    size: egui::Vec2,
    events: Vec<PlotEvent>,
}

impl Harness {
    fn new(charts: impl Into<Vec<Option<Bars>>>) -> Self {
        Self {
            context: egui::Context::default(),
            charts: charts.into(),
            window: PlotWindow::default(),
            size: SIZE,
            events: Vec::new(),
        }
    }

    /// A frame. Returns the texts that were drawn, and where.
    fn frame(&mut self, events: Vec<Event>) -> Vec<(String, Pos2)> {
        let style = ViewStyle::default();
        let names: Vec<String> = (0..self.charts.len()).map(|at| format!("chart {at}")).collect();
        let charts: Vec<PlotChart<'_>> = self
            .charts
            .iter()
            .zip(&names)
            .map(|(bars, name)| PlotChart {
                bars: bars.as_ref(),
                name,
                color: Color32::RED,
                highlight: Highlight::None,
            })
            .collect();
        let input = PlotInput {
            action: None,
            id: Id::new("plot"),
            charts: &charts,
            legend: Some(LegendPlace {
                said: None,
                otherwise: Corner2D::RightTop,
            }),
            grid: true,
            background: Color32::BLACK,
            style: &style,
        };
        let raw = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            events,
            ..RawInput::default()
        };
        let mut answered = Vec::new();
        let mut output = self.context.run_ui(raw, |ui| {
            egui::CentralPanel::default()
                .frame(egui::Frame::NONE)
                .show(ui, |ui| answered.extend(plot::show(ui, &input, self.window)));
        });
        // Nobody draws here.
        output.textures_delta.clear();
        for event in &answered {
            if let PlotEvent::SetWindow(moved) = event {
                self.window = *moved;
            }
        }
        self.events = answered;
        output
            .shapes
            .iter()
            .flat_map(|clipped| texts(&clipped.shape))
            .collect()
    }

    /// What is drawn with the pointer at a place, as one text.
    fn point_at(&mut self, place: Pos2) -> String {
        // A tooltip is measured before it is shown.
        for _ in 0..3 {
            self.frame(vec![Event::PointerMoved(place)]);
        }
        let texts = self.frame(vec![Event::PointerMoved(place)]);
        let texts: Vec<String> = texts.into_iter().map(|(text, _)| text).collect();
        texts.join("|")
    }

    fn click(&mut self, place: Pos2) {
        self.frame(vec![Event::PointerMoved(place)]);
        for pressed in [true, false] {
            self.frame(vec![Event::PointerButton {
                pos: place,
                button: PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            }]);
        }
    }
}

fn texts(shape: &Shape) -> Vec<(String, Pos2)> {
    match shape {
        Shape::Text(text) => vec![(text.galley.text().to_owned(), text.pos)],
        Shape::Vec(shapes) => shapes.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Ten bars, the last one alone below zero.
fn ten() -> Bars {
    let values: Vec<f64> = (1..10).map(f64::from).chain([-5.0]).collect();
    Bars::new(&values, None, &[])
}

#[test]
fn axes_and_legend_are_labeled() {
    let mut plot = Harness::new([Some(ten()), None]);
    plot.frame(Vec::new());
    let texts: Vec<String> = plot.frame(Vec::new()).into_iter().map(|(text, _)| text).collect();
    for wanted in ["chart 0", "chart 1", "0", "10", "-4", "8"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted} in {texts:?}");
    }
    // Indices are whole.
    plot.charts = vec![Some(Bars::new(&[7.0, 6.0], None, &[]))];
    let texts = plot.point_at(pos2(1.0, 1.0));
    assert!(!texts.contains("0.5") && texts.contains("|1|"), "{texts}");
}

#[test]
fn pointing_names_the_bar() {
    let mut plot = Harness::new([Some(ten())]);
    // Zero lies at a third of the height. The fifth bar is right of the middle's left.
    let text = plot.point_at(pos2(300.0, 160.0));
    assert!(text.contains("index 4|chart 0|5"), "{text}");
    assert!(plot.events.contains(&PlotEvent::Hover(0)));
    // Above it is nothing.
    let text = plot.point_at(pos2(300.0, 20.0));
    assert!(!text.contains("index"), "{text}");
    assert!(
        plot.events.contains(&PlotEvent::HoverNothing),
        "{:?}",
        plot.events
    );
    // The last bar goes down.
    let text = plot.point_at(pos2(560.0, 240.0));
    assert!(text.contains("index 9|chart 0|-5"), "{text}");

    plot.click(pos2(300.0, 160.0));
    assert!(
        plot.events.contains(&PlotEvent::Click(Some(0), false)),
        "{:?}",
        plot.events
    );
    plot.click(pos2(300.0, 20.0));
    assert!(
        plot.events.contains(&PlotEvent::Click(None, false)),
        "{:?}",
        plot.events
    );

    // With an abscissa it says where the bar is.
    let bars = Bars::new(&[3.0], Some(&[40.0]), &[2.5]);
    let mut plot = Harness::new([Some(bars)]);
    let text = plot.point_at(pos2(300.0, 160.0));
    assert!(text.contains("index 0, from 40 to 42.5|chart 0|3"), "{text}");
}

#[test]
fn scrolling_zooms_along_the_abscissa_and_a_double_click_shows_all() {
    let mut plot = Harness::new([Some(ten())]);
    let place = pos2(300.0, 100.0);
    plot.frame(vec![Event::PointerMoved(place)]);
    for _ in 0..20 {
        plot.frame(vec![Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, 60.0),
            phase: egui::TouchPhase::Move,
            modifiers: Modifiers::NONE,
        }]);
    }
    let window = plot.window.x.unwrap();
    assert!(window.max() - window.min() < 5.0, "{window:?}");
    assert!(window.min() < 4.9 && window.max() > 4.1, "{window:?}");
    assert_eq!(plot.window.values, None, "values go on fitting by themselves");
    plot.click(place);
    plot.click(place);
    assert_eq!(plot.window, PlotWindow::default());
}

#[test]
fn odd_data_and_sizes_do_not_panic() {
    let charts = [
        Bars::new(&[], None, &[]),
        Bars::new(&[f64::MAX, f64::MIN, 5e-324], None, &[f32::MAX]),
        Bars::new(&[1.0, 2.0], Some(&[-1e300, 1e300]), &[0.0]),
        Bars::new(&vec![1.0; 100_000], None, &[0.001]),
    ];
    for bars in charts {
        let mut plot = Harness::new([Some(bars), None]);
        for size in [SIZE, vec2(60.0, 50.0), vec2(10.0, 10.0), vec2(1.0, 2000.0)] {
            plot.size = size;
            plot.point_at((size / 2.0).to_pos2());
        }
    }
}
