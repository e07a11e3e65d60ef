//! Lines of plots look the same, whoever makes triangles of them.

use chronoscope::{
    offscreen,
    prelude::*,
    render::RenderQuality,
    types::{Scalars, SeriesLines, columns_chunk},
    views::time_series::PlotDrawing,
};

use crate::{
    picture::{count, difference, save},
    pointer::{app_of, picture},
};

/// A dense line, a thick one with sharp corners and a gap, and one that is thinner than a pixel.
const COLORS: [[u8; 3]; 3] = [[240, 90, 60], [60, 200, 240], [255, 255, 255]];

fn chunks() -> Vec<Chunk> {
    let frame = Timeline::sequence("frame");
    let values: [Vec<f64>; 3] = [
        (0..9_000)
            .map(|at| f64::from(at) / 900.0 + f64::from(at * 7919 % 101) / 50.0)
            .collect(),
        (0..60)
            .map(|at| match at {
                30 => f64::NAN,
                _ => f64::from(at * 17 % 23) / 4.0,
            })
            .collect(),
        (0..40).map(|at| 12.0 - f64::from(at) / 9.0).collect(),
    ];
    let lines = values.into_iter().zip([1.0, 4.5, 0.4]).zip(COLORS).enumerate();
    lines
        .flat_map(|(at, ((values, width), color))| {
            let entity = format!("plot/line{at}");
            let step = 9_000 / values.len() as i64;
            let times = (0..values.len() as i64).map(|at| at * step).collect();
            let look = SeriesLines::default().with_colors([color]).with_widths([width]);
            [
                columns_chunk(entity.as_str(), [(frame.clone(), times)], &Scalars::new(values)).unwrap(),
                log_chunk(entity.as_str(), [], &look).unwrap(),
            ]
        })
        .collect()
}

#[test]
fn the_renderer_draws_lines_as_egui_does() {
    let mut app = app_of(RenderQuality::Auto, chunks());
    let mut shown_by = |drawing: Option<PlotDrawing>| {
        if let Some(drawing) = drawing {
            app.insert_resource(drawing);
        }
        app.update();
        offscreen::settle(&mut app, None).unwrap();
        let used = *app.world().resource::<PlotDrawing>();
        let picture = picture(&mut app);
        save(&picture, &format!("plots_{used:?}.png"));
        (used, picture)
    };
    let (used, by_renderer) = shown_by(None);
    assert_eq!(used, PlotDrawing::Renderer, "there is one");
    let (_, by_egui) = shown_by(Some(PlotDrawing::Egui));
    for color in &COLORS[..2] {
        let counts = [&by_renderer, &by_egui].map(|picture| count(picture, *color));
        assert!(
            counts[1] > 500 && counts[0].abs_diff(counts[1]) < counts[1] / 20,
            "{counts:?} pixels of {color:?}"
        );
    }
    // Triangles of stretches that are shorter than the line is wide overlap in other ways.
    let differing = difference(&by_renderer, &by_egui);
    assert!(differing < 200, "{differing} pixels differ");
}
