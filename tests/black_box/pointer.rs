//! The pointer over a view: what it is over is what is drawn there, however much there is.

use std::sync::Arc;

use bevy::prelude::*;
use bevy_egui::{PrimaryEguiContext, input::EguiInputEvent};
use chronoscope::{
    ChronoscopePlugins,
    blueprint::ViewId,
    frame::{ActiveBlueprint, IngestSources, Item, Selection},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    prelude::*,
    render::{PickRequest, RenderQuality, RenderStats},
    sources::ReadySource,
    types::{Image, LogMessage, Points3D, enums::PointShading},
};
use egui::{Event, Modifiers, PointerButton, Pos2, pos2};
use image::RgbImage;

use crate::picture::{difference, save};

const COLOR: [u8; 3] = [255, 0, 255];

/// A cloud in which one point has a color of its own, and stands above the others.
fn cloud(count: usize, marked: usize) -> Points3D {
    // A generator of numbers without a pattern, after Knuth.
    let mut state = 7u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 * 2.0 - 1.0
    };
    let mut positions: Vec<[f32; 3]> = (0..count).map(|_| [random(), random(), random()]).collect();
    let mut colors = vec![[90, 160, 90, 255]; count];
    let mut radii = vec![0.002; count];
    positions[marked] = [0.0, 0.0, 1.6];
    colors[marked] = [COLOR[0], COLOR[1], COLOR[2], 255];
    radii[marked] = -6.0;
    // Its pixels are counted by their color.
    let points = Points3D::new(positions).with_colors(colors).with_radii(radii);
    points.with_point_shading(PointShading::Flat)
}

pub(crate) fn app_with(chunk: Chunk) -> App {
    app_in(RenderQuality::Auto, chunk)
}

pub(crate) fn app_in(quality: RenderQuality, chunk: Chunk) -> App {
    app_of(quality, [chunk])
}

pub(crate) fn app_of(quality: RenderQuality, chunks: impl IntoIterator<Item = Chunk>) -> App {
    let mut app = App::new();
    app.insert_resource(quality)
        .add_plugins(OffscreenPlugin {
            size: OffscreenSize {
                width: 800,
                height: 600,
                scale: 1.0,
            },
        })
        .add_plugins(ChronoscopePlugins);
    offscreen::finish(&mut app);
    let messages = chunks.into_iter().map(|chunk| LogMessage::Chunk {
        store: StoreId::recording("pointer", "one"),
        chunk: Arc::new(chunk),
    });
    let source = ReadySource::new("cloud", messages.collect());
    app.world_mut().resource_mut::<IngestSources>().add(source);
    offscreen::settle(&mut app, None).unwrap();
    app
}

/// The first view of the blueprint, in the order of their ids.
pub(crate) fn first_view(app: &App) -> ViewId {
    let viewport = app.world().resource::<ActiveBlueprint>().viewport();
    *viewport.views.keys().next().unwrap()
}

pub(crate) fn picture(app: &mut App) -> RgbImage {
    let picture = offscreen::capture(app).unwrap();
    picture.try_into_dynamic().unwrap().to_rgb8()
}

/// The pixels of the point that stands out, in the middle of which it is.
fn marked_pixels(picture: &RgbImage, is_marked: impl Fn([u8; 3]) -> bool) -> (usize, Pos2) {
    let pixels = picture
        .enumerate_pixels()
        .filter(|(.., pixel)| is_marked(pixel.0));
    let places: Vec<(f32, f32)> = pixels.map(|(x, y, _)| (x as f32 + 0.5, y as f32 + 0.5)).collect();
    let count = places.len().max(1) as f32;
    let sum = places
        .iter()
        .fold((0.0, 0.0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
    (places.len(), pos2(sum.0 / count, sum.1 / count))
}

/// Sends events to the user interface, which takes them in the next frame.
fn write_events(app: &mut App, events: impl IntoIterator<Item = Event>) {
    let world = app.world_mut();
    let context = world
        .query_filtered::<Entity, With<PrimaryEguiContext>>()
        .single(world)
        .unwrap();
    for event in events {
        world.write_message(EguiInputEvent { context, event });
    }
}

/// Sends events to the user interface, and runs until nothing is pending. Returns the bytes that went to the
/// GPU.
pub(crate) fn send(app: &mut App, events: impl IntoIterator<Item = Event>) -> u64 {
    write_events(app, events);
    let mut uploaded = 0;
    let mut quiet = 0;
    while quiet < 6 {
        app.update();
        let world = app.world();
        uploaded += world.resource::<RenderStats>().uploaded_bytes_last_frame();
        let is_settled = world.resource::<chronoscope::frame::Settled>().frames() > 0;
        quiet = if is_settled { quiet + 1 } else { 0 };
    }
    uploaded
}

/// Both in one frame: a frame may take longer than a click.
pub(crate) fn click(app: &mut App, pos: Pos2) -> u64 {
    send(app, [true, false].map(|pressed| button(pos, pressed)))
}

fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

fn instance(item: Option<&Item>) -> Option<(&str, u32)> {
    let item = item?;
    Some((item.entity()?.as_str(), item.instance()?))
}

/// Turns a cloud of so many points by dragging it. Returns how many points each of those frames drew, the bytes that the worst of them
/// uploaded, and the picture once all is at rest.
fn drag(count: usize, budget: PointBudget) -> (Vec<u64>, u64, RgbImage) {
    let mut app = app_with(log_chunk("cloud", [], &cloud(count, 0)).unwrap());
    // Offscreen there is none otherwise.
    app.insert_resource(budget);
    let (_, place) = marked_pixels(&picture(&mut app), |color| color == COLOR);
    send(&mut app, [Event::PointerMoved(place)]);
    write_events(&mut app, [button(place, true)]);
    app.update();
    let (mut drawn, mut uploaded) = (Vec::new(), 0);
    for step in 1..=6_u8 {
        let place = place + egui::vec2(f32::from(step) * 10.0, f32::from(step) * 4.0);
        write_events(&mut app, [Event::PointerMoved(place)]);
        app.update();
        let stats = app.world().resource::<RenderStats>();
        drawn.push(stats.queued_instances());
        uploaded = stats.uploaded_bytes_last_frame().max(uploaded);
    }
    send(&mut app, [button(place + egui::vec2(60.0, 24.0), false)]);
    (drawn, uploaded, picture(&mut app))
}

#[test]
fn a_cloud_that_is_turned_has_fewer_points_until_it_is_at_rest() {
    const COUNT: usize = 100_000;
    let budget = PointBudget {
        hardware: 20_000,
        software: 20_000,
    };
    let (thinned, uploaded, after) = drag(COUNT, budget);
    assert!(uploaded < 4_000, "{uploaded} bytes");
    let last = thinned.last().copied().unwrap();
    // An eighth, and lines about the view.
    let eighth = COUNT as u64 / 8;
    assert!((eighth..eighth + 1000).contains(&last), "{thinned:?}");
    let (whole, _, expected) = drag(COUNT, PointBudget::UNLIMITED);
    let last = whole.last().copied().unwrap();
    assert!(last >= COUNT as u64, "{whole:?}");
    assert_eq!(difference(&after, &expected), 0);
}

#[test]
fn a_point_of_a_large_cloud_is_hovered_selected_and_stands_out() {
    const COUNT: usize = 100_000;
    const MARKED: usize = 71_828;
    let mut app = app_with(log_chunk("cloud", [], &cloud(COUNT, MARKED)).unwrap());
    let before = picture(&mut app);
    let (num_pixels, place) = marked_pixels(&before, |color| color == COLOR);
    assert!(num_pixels > 80, "{num_pixels} pixels");

    let mut uploaded = send(&mut app, [Event::PointerMoved(place)]);
    let selection = app.world().resource::<Selection>();
    assert_eq!(
        instance(selection.hovered.as_ref()),
        Some(("/cloud", MARKED as u32))
    );
    uploaded += click(&mut app, place);
    let selection = app.world().resource::<Selection>();
    assert_eq!(
        instance(selection.selected.first()),
        Some(("/cloud", MARKED as u32))
    );
    assert!(uploaded < 20_000, "{uploaded} bytes to light a point up");

    // Nothing is asked while nothing changes.
    assert_eq!(send(&mut app, []), 0);
    let world = app.world_mut();
    assert_eq!(world.query::<&PickRequest>().iter(world).count(), 0);

    // On the background. Then what is selected is seen.
    send(&mut app, [Event::PointerMoved(place - egui::vec2(60.0, 0.0))]);
    assert_eq!(app.world().resource::<Selection>().hovered, None);
    let after = picture(&mut app);
    let is_selected = |[r, g, b]: [u8; 3]| b > 200 && g > 60 && g < b && r < b;
    let near = |picture: &RgbImage| {
        let (x, y) = (place.x as u32 - 20, place.y as u32 - 20);
        let part = image::imageops::crop_imm(picture, x, y, 40, 40).to_image();
        let [plain, selected] = [
            marked_pixels(&part, |color| color == COLOR).0,
            marked_pixels(&part, is_selected).0,
        ];
        (plain, selected)
    };
    assert_eq!(near(&before), (num_pixels, 0));
    let (plain, selected) = near(&after);
    assert!(
        plain > num_pixels,
        "it is larger, of its own color: {plain} pixels, {num_pixels} before"
    );
    assert!(
        (num_pixels / 3..num_pixels * 2).contains(&selected),
        "a line is around it: {selected} pixels, {num_pixels} before"
    );

    click(&mut app, place - egui::vec2(60.0, 0.0));
    let selected = &app.world().resource::<Selection>().selected;
    assert!(matches!(selected.as_slice(), [Item::View(_)]), "{selected:?}");
}

#[test]
fn a_picture_that_is_pointed_at_or_selected_has_an_outline() {
    let gray = Image::from_rgb8(4, 4, [90; 48]);
    let mut app = app_with(log_chunk("photo", [], &gray).unwrap());
    let before = picture(&mut app);
    let (num_pixels, place) = marked_pixels(&before, |color| color == [90; 3]);
    assert!(num_pixels > 10_000, "{num_pixels} pixels");
    let gray_pixels = before.enumerate_pixels().filter(|(.., pixel)| pixel.0 == [90; 3]);
    let gray_pixels: Vec<(u32, u32)> = gray_pixels.map(|(x, y, _)| (x, y)).collect();
    let (left, top) = gray_pixels[0];
    let (right, bottom) = gray_pixels[gray_pixels.len() - 1];
    // So many pixels within each edge, away from its middle, where the pointer and what it says may be.
    let within = |picture: &RgbImage, inset: u32| {
        let (x, y) = (left + (right - left) / 8, top + (bottom - top) / 8);
        let places = [
            (left + inset, y),
            (right - inset, y),
            (x, top + inset),
            (x, bottom - inset),
        ];
        places.map(|(x, y)| picture.get_pixel(x, y).0)
    };
    send(&mut app, [Event::PointerMoved(place)]);
    let hovered = picture(&mut app);
    save(&hovered, "picture_hovered.png");
    click(&mut app, place);
    send(&mut app, [Event::PointerGone]);
    let selected = picture(&mut app);
    save(&selected, "picture_selected.png");
    let [of_hover, of_selection] = [&hovered, &selected].map(|picture| {
        let outline = within(picture, 0);
        assert_eq!(outline, [outline[0]; 4]);
        // Where an edge lies between two pixels, the second is a mixture.
        let is_other = |color: [u8; 3]| (0..3).any(|i| color[i].abs_diff(90) > 15);
        assert!(within(picture, 1).into_iter().all(is_other), "two pixels");
        assert_eq!(within(picture, 3), [[90; 3]; 4], "the picture is as it was");
        outline[0]
    });
    assert_ne!(of_hover, [90; 3]);
    let [r, g, b] = of_selection;
    assert!(b > 200 && g < b && r < g, "{of_selection:?}");
}
