//! Plots without a window: input in, events and text out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod legend;

use chronoscope_frame::selection::Highlight;
use chronoscope_store::{ChunkStore, RowId, StoreId, TimeRange, TimeType, Timeline};
use chronoscope_types::{
    Scalars, columns_chunk,
    enums::{
        AggregationPolicy, AxisScale, AxisSide, Corner2D, InterpolationMode, MarkerShape, PointsDisplay,
        TooltipMode,
    },
};
use egui::{
    Color32, Event, Id, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect, Shape, pos2, vec2,
};

use super::{
    canvas::PlotWindow,
    input::{PlotInput, PlotLine, Scales},
    pen::PlotDrawing,
    plot::{self, PlotEvent, SharedEvent},
    series::EntitySeries,
    style::{Mark, SeriesStyle},
};
use crate::{
    ViewStyle,
    plot::{gestures::ZoomLocks, legend::LegendPlace},
};

const SIZE: egui::Vec2 = vec2(600.0, 300.0);

fn series(times: &[i64], values: &[f64], mark: Mark) -> EntitySeries {
    cleared_series(times, values, mark, &[])
}

/// A series of an entity that was cleared at some times.
fn cleared_series(times: &[i64], values: &[f64], mark: Mark, clears: &[i64]) -> EntitySeries {
    let mut store = ChunkStore::new(StoreId::recording("test", "plot"));
    let chunk = columns_chunk(
        "a",
        [(Timeline::sequence("t"), times.to_vec())],
        &Scalars::new(values.iter().copied()),
    )
    .unwrap();
    store.insert(chunk).unwrap();
    let timeline = store.timeline_id("t").unwrap();
    let component = store.component_id(&Scalars::SCALARS).unwrap();
    let answer = store.range(
        store.entity_id(&"/a".into()).unwrap(),
        timeline,
        TimeRange::EVERYTHING,
        component,
    );
    let mut series = EntitySeries::default();
    let clears = clears.iter().map(|time| (*time, RowId::new())).collect();
    series.samples.update(timeline, &answer, clears).unwrap();
    series.styles = vec![SeriesStyle {
        name: None,
        color: None,
        visible: true,
        unit: None,
        side: None,
        mark,
    }];
    series
}

fn line() -> EntitySeries {
    let times: Vec<i64> = (0..100).collect();
    let values: Vec<f64> = times.iter().map(|time| *time as f64 / 50.0 - 1.0).collect();
    series(
        &times,
        &values,
        Mark::Line {
            width: 1.5,
            interpolation: InterpolationMode::Linear,
            aggregation: AggregationPolicy::MinMax,
        },
    )
}

/// A plot in a context of its own.
struct Harness {
    context: egui::Context,
    style: ViewStyle,
    series: Vec<EntitySeries>,
    hidden: Vec<usize>,
    window: PlotWindow,
    locks: ZoomLocks,
    scales: Scales,
    tooltip: Option<TooltipMode>,
    points: PointsDisplay,
    measured: Option<[i64; 2]>,
    cursor: i64,
    time_type: TimeType,
    size: egui::Vec2,
    events: Vec<PlotEvent>,
    modifiers: Modifiers,
    /// The vertices of the meshes of the last frame.
    num_vertices: usize,
    /// The circles of the last frame.
    num_circles: usize,
    /// All that was drawn in the last frame, in order.
    shapes: Vec<Shape>,
}

impl Harness {
    fn new(series: Vec<EntitySeries>) -> Self {
        Self {
            context: egui::Context::default(),
            style: ViewStyle::default(),
            series,
            hidden: Vec::new(),
            window: PlotWindow::default(),
            locks: ZoomLocks::default(),
            scales: Scales::default(),
            tooltip: None,
            points: PointsDisplay::default(),
            measured: None,
            cursor: 50,
            time_type: TimeType::Sequence,
            size: SIZE,
            events: Vec::new(),
            modifiers: Modifiers::NONE,
            num_vertices: 0,
            num_circles: 0,
            shapes: Vec::new(),
        }
    }

    /// A frame. Returns the texts that were drawn, and where.
    fn frame(&mut self, events: Vec<Event>) -> Vec<(String, Pos2)> {
        let Self {
            context,
            style,
            series,
            hidden,
            window,
            locks,
            scales,
            tooltip,
            points,
            measured,
            cursor,
            time_type,
            size,
            modifiers,
            ..
        } = self;
        let names: Vec<String> = (0..series.len()).map(|at| format!("series {at}")).collect();
        let lines: Vec<PlotLine<'_>> = series
            .iter()
            .enumerate()
            .map(|(at, series)| PlotLine {
                series,
                index: 0,
                name: &names[at],
                color: Color32::RED,
                visible: !hidden.contains(&at),
                side: series.styles[0].side.unwrap_or_default(),
                highlight: Highlight::None,
            })
            .collect();
        let input = PlotInput {
            action: None,
            id: Id::new("plot"),
            lines: &lines,
            missing: series
                .iter()
                .filter(|series| !series.missing.is_empty())
                .collect(),
            missing_note: "Not loaded yet",
            time_type: *time_type,
            timeline: "t",
            all_times: TimeRange::new(0, 99),
            cursor: *cursor,
            measured: *measured,
            locks: *locks,
            scales: *scales,
            tooltip: *tooltip,
            points: *points,
            legend: Some(LegendPlace {
                said: None,
                otherwise: Corner2D::LeftBottom,
            }),
            grid: true,
            drawing: PlotDrawing::Egui,
            background: Color32::BLACK,
            style,
        };
        let raw = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, *size)),
            events: std::iter::once(Event::ModifiersChanged(*modifiers))
                .chain(events)
                .collect(),
            ..RawInput::default()
        };
        let mut answered = Vec::new();
        let mut output = context.run_ui(raw, |ui| {
            egui::CentralPanel::default()
                .frame(egui::Frame::NONE)
                .show(ui, |ui| answered.extend(plot::show(ui, &input, *window)));
        });
        // Nobody draws here.
        output.textures_delta.clear();
        for event in &answered {
            match event {
                PlotEvent::Shared(SharedEvent::SetWindow(moved)) => self.window = *moved,
                PlotEvent::SetTime(time) => self.cursor = *time,
                PlotEvent::SetMeasured(times) => self.measured = *times,
                _ => {}
            }
        }
        self.events = answered;
        self.num_vertices = output.shapes.iter().map(|clipped| vertices(&clipped.shape)).sum();
        self.num_circles = output.shapes.iter().map(|clipped| circles(&clipped.shape)).sum();
        let shapes = std::mem::take(&mut output.shapes).into_iter();
        self.shapes = shapes.map(|clipped| clipped.shape).collect();
        self.shapes.iter().flat_map(texts).collect()
    }

    fn press(&mut self, place: Pos2, button: PointerButton, pressed: bool) {
        self.frame(vec![
            Event::PointerMoved(place),
            Event::PointerButton {
                pos: place,
                button,
                pressed,
                modifiers: Modifiers::NONE,
            },
        ]);
    }

    /// Whether the last frame said this.
    fn saw(&self, event: &SharedEvent) -> bool {
        self.events.contains(&PlotEvent::Shared(event.clone()))
    }

    /// What is drawn with the pointer at a place.
    fn point_at(&mut self, place: Pos2) -> Vec<(String, Pos2)> {
        // A tooltip is measured before it is shown.
        for _ in 0..3 {
            self.frame(vec![Event::PointerMoved(place)]);
        }
        self.frame(vec![Event::PointerMoved(place)])
    }

    fn drag(&mut self, from: Pos2, to: Pos2, button: PointerButton) {
        self.frame(vec![Event::PointerMoved(from)]);
        self.press(from, button, true);
        for step in 1..=4 {
            self.frame(vec![Event::PointerMoved(from.lerp(to, step as f32 / 4.0))]);
        }
        self.press(to, button, false);
    }
}

fn texts(shape: &Shape) -> Vec<(String, Pos2)> {
    match shape {
        Shape::Text(text) => vec![(text.galley.text().to_owned(), text.pos)],
        Shape::Vec(shapes) => shapes.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn vertices(shape: &Shape) -> usize {
    match shape {
        Shape::Mesh(mesh) => mesh.vertices.len(),
        Shape::Vec(shapes) => shapes.iter().map(vertices).sum(),
        _ => 0,
    }
}

fn circles(shape: &Shape) -> usize {
    match shape {
        Shape::Circle(_) => 1,
        Shape::Vec(shapes) => shapes.iter().map(circles).sum(),
        _ => 0,
    }
}

fn has(texts: &[(String, Pos2)], wanted: &str) -> bool {
    texts.iter().any(|(text, _)| text == wanted)
}

#[test]
fn axes_and_legend_are_labeled() {
    let mut plot = Harness::new(vec![line(), line()]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    for wanted in ["series 0", "series 1", "0", "50", "-1.0", "0.0", "1.0"] {
        assert!(has(&texts, wanted), "{wanted} in {texts:?}");
    }
}

#[test]
fn a_tile_without_room_for_a_plot_says_so() {
    let mut plot = Harness::new(vec![line()]);
    plot.size = vec2(200.0, 40.0);
    assert!(has(&plot.frame(Vec::new()), "Too small to plot"));
    plot.size = vec2(200.0, 80.0);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(
        !has(&texts, "Too small to plot") && !texts.is_empty(),
        "{texts:?}"
    );
}

#[test]
fn dragging_the_axis_moves_the_cursor() {
    let mut plot = Harness::new(vec![line()]);
    plot.drag(pos2(300.0, 290.0), pos2(SIZE.x, 290.0), PointerButton::Primary);
    assert_eq!(plot.cursor, 99);
    plot.drag(pos2(300.0, 290.0), pos2(0.0, 290.0), PointerButton::Primary);
    assert_eq!(plot.cursor, 0);
    assert_eq!(plot.window, PlotWindow::default(), "the axis does not pan");
}

#[test]
fn dragging_pans_and_a_double_click_shows_all() {
    let mut plot = Harness::new(vec![line()]);
    plot.drag(pos2(300.0, 40.0), pos2(200.0, 60.0), PointerButton::Primary);
    let range = plot.window.x.unwrap().range();
    assert!(range.min > 10 && range.max > 110, "{range:?}");
    assert_eq!(plot.window.values, None, "values go on fitting by themselves");
    for _ in 0..2 {
        plot.press(pos2(300.0, 40.0), PointerButton::Primary, true);
        plot.press(pos2(300.0, 40.0), PointerButton::Primary, false);
    }
    assert_eq!(plot.window, PlotWindow::default());
}

#[test]
fn scrolling_zooms_about_the_pointer() {
    let mut plot = Harness::new(vec![line()]);
    let place = pos2(300.0, 100.0);
    plot.frame(vec![Event::PointerMoved(place)]);
    let scroll = |modifiers| Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 60.0),
        phase: egui::TouchPhase::Move,
        modifiers,
    };
    for _ in 0..20 {
        plot.frame(vec![scroll(Modifiers::NONE)]);
    }
    let window = plot.window.x.unwrap();
    assert!(window.length() < 60.0, "{window:?}");
    assert!(window.range().contains(48), "{window:?}");
    assert_eq!(plot.window.values, None);
}

#[test]
fn a_box_zooms_both_ways() {
    let mut plot = Harness::new(vec![line()]);
    plot.drag(pos2(200.0, 60.0), pos2(400.0, 160.0), PointerButton::Secondary);
    let (times, values) = (plot.window.x.unwrap(), plot.window.values.unwrap());
    assert!(times.range().min > 20 && times.range().max < 80, "{times:?}");
    assert!(values.min() > -1.0 && values.max() < 1.0, "{values:?}");
}

#[test]
fn zooming_leaves_locked_axes_alone() {
    let wheel = |modifiers| Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 60.0),
        phase: egui::TouchPhase::Move,
        modifiers,
    };
    let zoomed = |locks: ZoomLocks| {
        let mut plot = Harness::new(vec![line()]);
        plot.locks = locks;
        plot.frame(vec![Event::PointerMoved(pos2(300.0, 100.0))]);
        for modifiers in [Modifiers::NONE, Modifiers::COMMAND] {
            for _ in 0..20 {
                plot.frame(vec![wheel(modifiers)]);
            }
        }
        plot.drag(pos2(200.0, 60.0), pos2(400.0, 160.0), PointerButton::Secondary);
        [plot.window.x.is_some(), plot.window.values.is_some()]
    };
    let locks = |x, values| ZoomLocks { x, values };
    assert_eq!(zoomed(locks(false, false)), [true, true]);
    assert_eq!(zoomed(locks(true, false)), [false, true]);
    assert_eq!(zoomed(locks(false, true)), [true, false]);
    assert_eq!(zoomed(locks(true, true)), [false, false]);
}

#[test]
fn the_legend_hides_a_series_and_pointing_finds_it() {
    let mut plot = Harness::new(vec![line()]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    let place = texts.iter().find(|(text, _)| text == "series 0").unwrap().1 + vec2(3.0, 3.0);
    plot.frame(vec![Event::PointerMoved(place)]);
    plot.press(place, PointerButton::Primary, true);
    assert!(plot.saw(&SharedEvent::Hover(0)));
    plot.press(place, PointerButton::Primary, false);
    assert!(plot.saw(&SharedEvent::Toggle(0)), "{:?}", plot.events);
    assert!(
        !plot
            .events
            .iter()
            .any(|event| matches!(event, PlotEvent::Shared(SharedEvent::Click(..))))
    );

    // The line goes from the lower left to the upper right.
    let (near, far) = (pos2(SIZE.x - 3.0, 20.0), pos2(SIZE.x - 30.0, 200.0));
    plot.frame(vec![Event::PointerMoved(near)]);
    let texts = plot.frame(vec![Event::PointerMoved(near)]);
    assert!(plot.saw(&SharedEvent::Hover(0)), "{:?} {texts:?}", plot.events);
    plot.frame(vec![Event::PointerMoved(far)]);
    plot.frame(vec![Event::PointerMoved(far)]);
    assert!(plot.saw(&SharedEvent::HoverNothing), "{:?}", plot.events);
}

#[test]
fn odd_data_and_sizes_do_not_panic() {
    let markers = [
        MarkerShape::Circle,
        MarkerShape::Diamond,
        MarkerShape::Square,
        MarkerShape::Cross,
        MarkerShape::Plus,
        MarkerShape::Up,
        MarkerShape::Down,
        MarkerShape::Left,
        MarkerShape::Right,
        MarkerShape::Asterisk,
    ];
    let mut all: Vec<EntitySeries> = markers
        .map(|shape| series(&[0, 5], &[1.0, 2.0], Mark::Marker { shape, radius: 3.0 }))
        .into();
    let stepped = Mark::Line {
        width: 1.0,
        interpolation: InterpolationMode::StepMid,
        aggregation: AggregationPolicy::Average,
    };
    all.push(series(&[i64::MIN + 1, i64::MAX], &[f64::MIN, f64::MAX], stepped));
    all.push(series(&[3], &[f64::NAN], stepped));
    all.push(series(&[3, 3, 3], &[5.0, 5.0, 5.0], stepped));
    all.push(EntitySeries {
        constants: vec![1e300],
        styles: all[0].styles.clone(),
        ..EntitySeries::default()
    });
    for count in [0, 1, all.len()] {
        let some: Vec<EntitySeries> = all.drain(all.len() - count..).collect();
        let mut plot = Harness::new(some);
        for size in [
            vec2(600.0, 300.0),
            vec2(60.0, 50.0),
            vec2(10.0, 10.0),
            vec2(1.0, 2000.0),
        ] {
            for time_type in [TimeType::Sequence, TimeType::DurationNs, TimeType::TimestampNs] {
                (plot.size, plot.time_type) = (size, time_type);
                plot.frame(vec![Event::PointerMoved(pos2(size.x / 2.0, size.y / 2.0))]);
            }
        }
        all.extend(plot.series);
    }
}
