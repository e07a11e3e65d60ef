//! The rows in a range of times are pointed at one by one.

use chronoscope::{
    blueprint::BlueprintCommand,
    frame::{Item, Selection, ViewerCommands},
    offscreen,
    prelude::*,
    render::RenderQuality,
    store::RowId,
    types::{
        CursorTimeRange, Points3D, TimeBoundary, VisibleTimeRange, blueprint::VisibleTimeRanges,
        enums::PointShading,
    },
};
use egui::{Event, Pos2, pos2};
use image::RgbImage;

use crate::pointer::{app_of, click, first_view, picture, send};

const EARLY: [u8; 3] = [255, 0, 255];
const LATE: [u8; 3] = [0, 255, 255];

/// Points of one color, logged at a frame.
fn row(frame: i64, positions: &[[f32; 3]], [r, g, b]: [u8; 3]) -> Chunk {
    let points = Points3D::new(positions.iter().copied())
        .with_colors([[r, g, b, 255]])
        .with_radii([-8.0])
        .with_point_shading(PointShading::Flat);
    log_chunk("cloud", [(Timeline::sequence("frame"), frame)], &points).unwrap()
}

/// A pixel within what has a color.
fn place_of(picture: &RgbImage, color: [u8; 3]) -> Pos2 {
    let is_it = |x: u32, y: u32| picture.get_pixel(x, y).0 == color;
    let within = |x: u32, y: u32| (0..5).all(|dy| (0..5).all(|dx| is_it(x + dx, y + dy)));
    let (width, height) = (picture.width() - 5, picture.height() - 5);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let (x, y) = places
        .into_iter()
        .find(|(x, y)| within(*x, *y))
        .unwrap_or_else(|| panic!("{color:?} is not there"));
    pos2(x as f32 + 2.5, y as f32 + 2.5)
}

#[test]
fn each_row_is_hovered_and_selected_with_its_instance() {
    let chunks = [
        row(0, &[[0.0, 0.0, 0.0]], EARLY),
        row(10, &[[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]], LATE),
    ];
    let ids: Vec<RowId> = chunks.iter().map(|chunk| chunk.row_ids()[0]).collect();
    let mut app = app_of(RenderQuality::Auto, chunks);
    let view = first_view(&app);
    let ranges = VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
        timeline: "frame".to_owned(),
        range: CursorTimeRange {
            start: TimeBoundary::Absolute(0),
            end: TimeBoundary::Absolute(20),
        },
    }]);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .blueprint(BlueprintCommand::set_property(view, &ranges));
    offscreen::settle(&mut app, None).unwrap();
    let shown = picture(&mut app);
    for (at, color) in [EARLY, LATE].into_iter().enumerate() {
        let place = place_of(&shown, color);
        send(&mut app, [Event::PointerMoved(place)]);
        let hovered = app.world().resource::<Selection>().hovered.clone();
        let hovered = hovered.unwrap_or_else(|| panic!("nothing at {place}"));
        assert!(
            matches!(&hovered, Item::Row { entity, instance: Some(_), .. } if entity.as_str() == "/cloud"),
            "{hovered:?}"
        );
        assert_eq!(hovered.row(), Some(ids[at]), "{color:?}");
        click(&mut app, place);
        let selected = app.world().resource::<Selection>().selected.clone();
        assert_eq!(selected, [hovered]);
    }
}
