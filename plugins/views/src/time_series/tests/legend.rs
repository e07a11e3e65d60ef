//! The legend, what is at the pointer, the second axis, and what many samples cost.

use super::*;
use crate::{plot::window::AxisWindow as _, testing::context_with_fonts};

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

/// As the Rerun Viewer interrupts the line: from the clear on there is no value, until another sample comes.
#[test]
fn a_series_says_nothing_where_it_is_cleared_and_where_values_are_none() {
    let mark = line().styles[0].mark;
    let times: Vec<i64> = (0..=20).chain(50..=60).collect();
    let cleared = cleared_series(&times, &vec![0.123; times.len()], mark, &[30, 70]);
    // A value that is none holds as long as a number would.
    let values: Vec<f64> = times
        .iter()
        .map(|time| if *time == 20 { f64::NAN } else { 0.456 })
        .collect();
    let mut plot = Harness::new(vec![line(), cleared, series(&times, &values, mark)]);
    let says = |plot: &mut Harness, cursor: i64| {
        plot.cursor = cursor;
        plot.frame(Vec::new());
        let texts = plot.frame(Vec::new());
        [has(&texts, "0.123"), has(&texts, "0.456")]
    };
    assert_eq!(says(&mut plot, 19), [true, true]);
    assert_eq!(says(&mut plot, 29), [true, false]);
    assert_eq!(says(&mut plot, 30), [false, false]);
    assert_eq!(says(&mut plot, 49), [false, false]);
    assert_eq!(says(&mut plot, 50), [true, true]);
    assert_eq!(says(&mut plot, 69), [true, true]);
    assert_eq!(says(&mut plot, 70), [false, true], "after the last sample");
    // At the pointer likewise, and where a sample is as good as under it.
    let texts = plot.frame(Vec::new());
    let tick = |wanted: &str| pos2(place_of(&texts, wanted).x, 150.0);
    let inside = plot.point_at(tick("40"));
    assert!(!has(&inside, "0.123") && !has(&inside, "0.456"), "{inside:?}");
    let before = plot.point_at(tick("20") - vec2(30.0, 0.0));
    assert!(has(&before, "0.123") && has(&before, "0.456"), "{before:?}");
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
fn a_long_value_at_the_pointer_stands_beside_its_name() {
    let mut plot = Harness::new(vec![flat(1.0 / 3.0)]);
    plot.context = context_with_fonts();
    plot.tooltip = Some(TooltipMode::All);
    plot.frame(Vec::new());
    let texts = plot.point_at(pos2(200.0, 150.0));
    let [_, name] = places(&texts, "series 0")[..] else {
        panic!("a name in the legend and one at the pointer, in {texts:?}");
    };
    let value = place_of(&texts, "0.333333333");
    assert!(value.x > name.x + 40.0, "{name} and {value}");
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
fn times_at_the_pointer_have_the_digits_that_can_be_seen() {
    let mut plot = Harness::new(vec![line()]);
    plot.time_type = TimeType::DurationNs;
    let two_secs = TimeRange::new(0, 2_000_000_000);
    plot.window.x = Some(crate::plot::window::TimeWindow::of(two_secs, 1.0));
    plot.frame(Vec::new());
    let texts = plot.point_at(pos2(333.3, 150.0));
    let written = || texts.iter().filter(|(text, _)| text.starts_with('+'));
    assert!(written().count() > 0, "{texts:?}");
    assert!(
        written().all(|(text, _)| text.len() == "+1.234s".len()),
        "{texts:?}"
    );
    // So has the cursor where it is dragged to.
    plot.drag(pos2(100.0, 292.0), pos2(333.3, 292.0), PointerButton::Primary);
    assert!(plot.cursor > 500_000_000, "{}", plot.cursor);
    assert_eq!(plot.cursor % 1_000_000, 0, "{}", plot.cursor);
}

#[test]
fn the_measurement_lies_over_the_cursor() {
    let mut plot = Harness::new(vec![line()]);
    plot.measured = Some([40, 60]);
    plot.frame(Vec::new());
    let cursor = plot.style.cursor;
    let is_cursor = |shape: &Shape| match shape {
        Shape::LineSegment { stroke, .. } => stroke.color == cursor,
        _ => false,
    };
    let is_text =
        |shape: &Shape| matches!(shape, Shape::Text(text) if text.galley.text().starts_with('\u{394}'));
    let place = |wanted: &dyn Fn(&Shape) -> bool| plot.shapes.iter().position(wanted);
    let (line, text) = (place(&is_cursor), place(&is_text));
    assert!(line.is_some() && line < text, "{line:?} and {text:?}");
}

#[test]
fn a_legend_that_has_room_for_no_name_is_left_out() {
    let mut plot = Harness::new(vec![line(), line(), line()]);
    plot.size = vec2(200.0, 80.0);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(
        !has(&texts, "Too small to plot") && !texts.is_empty(),
        "{texts:?}"
    );
    assert!(!texts.iter().any(|(text, _)| text.ends_with("more")), "{texts:?}");
    // Where there is room for one, it says how many others there are.
    plot.size = vec2(200.0, 110.0);
    plot.frame(Vec::new());
    let texts = plot.frame(Vec::new());
    assert!(has(&texts, "series 0") && has(&texts, "2 more"), "{texts:?}");
}

#[test]
fn the_second_axis_has_a_range_of_its_own() {
    let mut on_right = flat(5_000.0);
    on_right.styles[0].side = Some(AxisSide::Right);
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

/// What a plot draws follows its pixels, however many samples there are, and so does a plot that is panned
/// and zoomed.
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
