//! Plots without a window: input in, events and text out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_frame::selection::Highlight;
use chronoscope_store::{ChunkStore, StoreId, TimeRange, TimeType, Timeline};
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
    plot::{self, PlotEvent, SharedEvent},
    series::{EntitySeries, Mark, SeriesStyle},
};
use crate::{
    ViewStyle,
    plot::{gestures::ZoomLocks, legend::LegendPlace},
};

const SIZE: egui::Vec2 = vec2(600.0, 300.0);

fn series(times: &[i64], values: &[f64], mark: Mark) -> EntitySeries {
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
    series.samples.update(timeline, &answer, Vec::new()).unwrap();
    series.styles = vec![SeriesStyle {
        name: None,
        color: None,
        visible: true,
        side: AxisSide::Left,
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
                side: series.styles[0].side,
                highlight: Highlight::None,
            })
            .collect();
        let input = PlotInput {
            id: Id::new("plot"),
            lines: &lines,
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
        output
            .shapes
            .iter()
            .flat_map(|clipped| texts(&clipped.shape))
            .collect()
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
fn axes_and_legend_are_labelled() {
    let mut plot = Harness::new(vec![line(), line()]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    for wanted in ["series 0", "series 1", "0", "50", "-1.0", "0.0", "1.0"] {
        assert!(has(&texts, wanted), "{wanted} in {texts:?}");
    }
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

/// The places where a text is drawn.
fn places(texts: &[(String, Pos2)], wanted: &str) -> Vec<Pos2> {
    let found = texts.iter().filter(|(text, _)| text == wanted);
    found.map(|(_, place)| *place).collect()
}

fn place_of(texts: &[(String, Pos2)], wanted: &str) -> Pos2 {
    *places(texts, wanted)
        .first()
        .unwrap_or_else(|| panic!("no {wanted} in {texts:?}"))
}

/// A line that is the same at all times from 0 to 99.
fn flat(value: f64) -> EntitySeries {
    let times: Vec<i64> = (0..100).collect();
    series(&times, &[value; 100], line().styles[0].mark)
}

#[test]
fn the_legend_stands_beside_the_plot_and_says_the_values() {
    let mut plot = Harness::new(vec![line(), flat(0.25)]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    // At the cursor, while the pointer is elsewhere.
    assert!(has(&texts, "0.25") && has(&texts, "0"), "{texts:?}");
    let legend = place_of(&texts, "series 0");
    let last_tick = texts
        .iter()
        .filter(|(text, _)| text == "80")
        .map(|(_, place)| place.x);
    assert!(legend.x > last_tick.fold(0.0, f32::max), "{texts:?}");

    // At the pointer, which is at a tenth of the plot.
    let texts = plot.point_at(pos2(80.0, 200.0));
    let value = texts
        .iter()
        .find(|(_, place)| place.x > legend.x && (place.y - legend.y).abs() < 3.0 && *place != legend);
    let value: f64 = value.unwrap().0.parse().unwrap();
    assert!((-0.95..-0.5).contains(&value), "{value} in {texts:?}");

    // There is no room beside it in a small tile.
    plot.size = vec2(300.0, 200.0);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(place_of(&texts, "series 0").x < 150.0, "{texts:?}");
}

#[test]
fn a_double_click_in_the_legend_isolates() {
    let mut plot = Harness::new(vec![line(), flat(0.25)]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    let place = place_of(&texts, "series 1") + vec2(3.0, 3.0);
    plot.frame(vec![Event::PointerMoved(place)]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        plot.press(place, PointerButton::Primary, true);
        plot.press(place, PointerButton::Primary, false);
        seen.extend(plot.events.clone());
    }
    assert!(
        seen.contains(&PlotEvent::Shared(SharedEvent::Toggle(1))),
        "{seen:?}"
    );
    assert!(plot.saw(&SharedEvent::Isolate(1)) && !plot.saw(&SharedEvent::Toggle(1)));
}

#[test]
fn a_long_legend_is_scrolled() {
    let mut plot = Harness::new((0..40).map(|at| flat(f64::from(at))).collect());
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, "series 0") && !has(&texts, "series 39"));
    let place = place_of(&texts, "series 1");
    plot.frame(vec![Event::PointerMoved(place)]);
    for _ in 0..40 {
        plot.frame(vec![Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -200.0),
            phase: egui::TouchPhase::Move,
            modifiers: Modifiers::NONE,
        }]);
    }
    let texts = plot.frame(Vec::new());
    assert!(!has(&texts, "series 0") && has(&texts, "series 39"), "{texts:?}");
    assert_eq!(plot.window, PlotWindow::default(), "the plot is not zoomed");
}

#[test]
fn pointing_says_the_time_and_the_values_near_by() {
    let mut plot = Harness::new(vec![flat(0.0), flat(0.01), flat(10.0)]);
    plot.frame(Vec::new());
    // The first two lines are near the lower edge.
    let place = pos2(200.0, 262.0);
    let texts = plot.point_at(place);
    assert!(texts.iter().any(|(text, _)| text.starts_with("t #")), "{texts:?}");
    assert_eq!(
        places(&texts, "series 1").len(),
        2,
        "in the legend and at the pointer"
    );
    assert_eq!(places(&texts, "series 2").len(), 1, "far from the pointer");
    plot.tooltip = Some(TooltipMode::All);
    let texts = plot.point_at(place);
    assert_eq!(places(&texts, "series 2").len(), 2, "{texts:?}");
}

#[test]
fn dragging_with_shift_measures_between_two_times() {
    let mut plot = Harness::new(vec![line()]);
    let (from, to) = (pos2(150.0, 150.0), pos2(450.0, 150.0));
    let shift = |plot: &mut Harness, place: Pos2, pressed: bool| {
        plot.frame(vec![
            Event::PointerMoved(place),
            Event::PointerButton {
                pos: place,
                button: PointerButton::Primary,
                pressed,
                modifiers: Modifiers::SHIFT,
            },
        ]);
    };
    plot.modifiers = Modifiers::SHIFT;
    plot.frame(vec![Event::PointerMoved(from)]);
    shift(&mut plot, from, true);
    for step in 1..=4 {
        plot.frame(vec![Event::PointerMoved(from.lerp(to, step as f32 / 4.0))]);
    }
    shift(&mut plot, to, false);
    plot.modifiers = Modifiers::NONE;
    let [a, b] = plot.measured.unwrap();
    assert!((45..=55).contains(&(b - a)), "{a} to {b}");
    assert_eq!(plot.window, PlotWindow::default(), "it does not pan");
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, &format!("\u{394} +{}", b - a)), "{texts:?}");
    let change = (b - a) as f64 / 50.0;
    assert!(
        texts
            .iter()
            .any(|(text, _)| text.starts_with(&format!("+{change}"))),
        "{change} in {texts:?}"
    );

    // Each can be dragged on its own.
    plot.drag(to, to + vec2(50.0, 0.0), PointerButton::Primary);
    let [same, moved] = plot.measured.unwrap();
    assert!(same == a && moved > b, "{same} to {moved}");
    // The cross takes them back.
    let cross = place_of(&plot.frame(Vec::new()), egui_phosphor::regular::X) + vec2(4.0, 4.0);
    plot.frame(vec![Event::PointerMoved(cross)]);
    plot.press(cross, PointerButton::Primary, true);
    plot.press(cross, PointerButton::Primary, false);
    assert_eq!(plot.measured, None);
}

#[test]
fn the_second_axis_has_a_range_of_its_own() {
    let mut on_right = flat(5_000.0);
    on_right.styles[0].side = AxisSide::Right;
    let mut plot = Harness::new(vec![line(), on_right]);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, "1.0") && has(&texts, "5000"), "{texts:?}");
    assert!(place_of(&texts, "1.0").x < 40.0 && place_of(&texts, "5000").x > 300.0);
    // Both are zoomed together.
    plot.drag(pos2(100.0, 60.0), pos2(300.0, 160.0), PointerButton::Secondary);
    let (left, right) = (plot.window.values.unwrap(), plot.window.right.unwrap());
    assert!(left.max() - left.min() < 1.5, "{left:?}");
    assert!(right.max() - right.min() < 800.0, "{right:?}");
}

#[test]
fn a_logarithmic_axis_says_what_has_no_place() {
    let mut plot = Harness::new(vec![flat(1e-3), flat(1e6), flat(-1.0)]);
    plot.scales.left = AxisScale::Logarithmic;
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, "1000") && has(&texts, "0.1"), "{texts:?}");
    let note = "1 series has values that are not positive: gaps on the logarithmic scale";
    assert!(has(&texts, note), "{texts:?}");
    plot.hidden = vec![2];
    assert!(!has(&plot.frame(Vec::new()), note));
    // All hidden says so.
    plot.hidden = vec![0, 1, 2];
    assert!(has(&plot.frame(Vec::new()), "All series are hidden"));
}

#[test]
fn a_window_without_samples_says_so_and_keeps_its_axes() {
    let mut plot = Harness::new(vec![flat(0.25)]);
    plot.window.x = Some(crate::plot::window::TimeWindow::of(TimeRange::new(200, 300), 1.0));
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, "No samples in this stretch of time"), "{texts:?}");
    assert!(has(&texts, "series 0") && has(&texts, "0.25"), "{texts:?}");
}

#[test]
fn samples_have_dots_where_that_is_asked_for() {
    let dots = |points| {
        let mut plot = Harness::new(vec![line()]);
        plot.points = points;
        plot.frame(Vec::new());
        plot.num_circles
    };
    assert_eq!(dots(PointsDisplay::Always), dots(PointsDisplay::OnHover) + 100);
}

/// What a plot draws follows its pixels, however many samples there are, and so does a plot that is panned and zoomed.
#[test]
fn many_samples_cost_pixels() {
    const NUM_SERIES: usize = 45;
    let vertices = |num_samples: i64| {
        let times: Vec<i64> = (0..num_samples).collect();
        let all = (0..NUM_SERIES).map(|at| {
            let values = times
                .iter()
                .map(|time| ((time * 7_919 + at as i64 * 31) % 101) as f64);
            series(&times, &values.collect::<Vec<f64>>(), line().styles[0].mark)
        });
        let mut plot = Harness::new(all.collect());
        plot.frame(Vec::new());
        let mut most = plot.num_vertices;
        let window = crate::plot::window::TimeWindow::of(TimeRange::new(0, num_samples - 1), 1.0);
        for step in 1..=20 {
            let zoom = 1.0 + f64::from(step) / 20.0;
            plot.window.x = Some(window.zoomed(0.3, zoom).panned(f64::from(step) / 200.0));
            plot.frame(Vec::new());
            most = most.max(plot.num_vertices);
        }
        most
    };
    let (some, many) = (vertices(5_000), vertices(50_000));
    let columns = SIZE.x as usize;
    // Two points to a column, four vertices to a point, and some at the edges.
    assert!(many <= NUM_SERIES * (columns * 8 + 64), "{many}");
    assert!(many <= some + some / 10, "{many} and {some}");
}
