//! The values of pixels, written into them once they are large enough to be read.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Ui, pos2, vec2};
use glam::{DAffine3, DVec2, DVec3};
use smallvec::SmallVec;

use crate::spatial::{pictures::Picture, tile::Tile};

/// A pixel that is smaller holds no text, in points.
const MIN_PIXEL: f64 = 42.0;
/// How much of a pixel its text may take.
const SHARE: f32 = 0.84;
const MAX_FONT: f32 = 13.0;
/// How wide a digit is, as a share of the size of the font, and how far apart lines are.
const DIGIT: f32 = 0.62;
const LINE: f32 = 1.2;
/// More texts than these are not laid out; a tile of 4K holds fewer.
const MAX_TEXTS: usize = 6000;

/// Writes the values of the pixels of the uppermost picture.
pub(super) fn paint(ui: &Ui, tile: &Tile<'_>) {
    let Some((picture, plane_from_picture)) = tile.scene.uppermost_picture() else {
        return;
    };
    let projector = tile.scene.projector();
    let to_screen = |pixel: DVec2| {
        let place = plane_from_picture.transform_point3(pixel.extend(0.0));
        let seen = projector.project(place)?.position;
        Some(tile.rect.min + vec2(seen.x as f32, seen.y as f32))
    };
    let Some(side) = pixel_side(
        &plane_from_picture,
        projector.project(DVec3::ZERO).map(|seen| seen.scale),
    ) else {
        return;
    };
    let Some([low, high]) = seen_pixels(tile, picture, &plane_from_picture) else {
        return;
    };
    let painter = ui.painter_at(tile.rect);
    let pixels = (low[1]..high[1]).flat_map(|y| (low[0]..high[0]).map(move |x| [x, y]));
    for pixel in pixels.take(MAX_TEXTS) {
        let [x, y] = pixel.map(f64::from);
        let center = to_screen(DVec2::new(x + 0.5, y + 0.5));
        if let Some((center, value)) = center.zip(tile.pixel_channels(picture, pixel)) {
            paint_value(&painter, center, side as f32, &value.channels);
        }
    }
}

/// How large a pixel is on screen, in points; `None` where it holds no text, or lies askew.
fn pixel_side(plane_from_picture: &DAffine3, points_per_unit: Option<f64>) -> Option<f64> {
    let [x, y] = [
        plane_from_picture.matrix3.x_axis,
        plane_from_picture.matrix3.y_axis,
    ]
    .map(DVec3::truncate);
    let is_upright = x.y.abs() <= 1e-6 * x.x.abs() && y.x.abs() <= 1e-6 * y.y.abs();
    let side = x.x.abs().min(y.y.abs()) * points_per_unit?;
    (is_upright && side >= MIN_PIXEL).then_some(side)
}

/// The first pixel that is seen, and the one behind the last.
fn seen_pixels(tile: &Tile<'_>, picture: &Picture, plane_from_picture: &DAffine3) -> Option<[[u32; 2]; 2]> {
    let picture_from_plane = plane_from_picture.inverse();
    if !picture_from_plane.is_finite() {
        return None;
    }
    let projector = tile.scene.projector();
    let corner = |at: DVec2| {
        let place = projector
            .ray(at)
            .origin
            .truncate()
            .extend(plane_from_picture.translation.z);
        picture_from_plane.transform_point3(place).truncate()
    };
    let (a, b) = (corner(DVec2::ZERO), corner(tile.size()));
    let size = DVec2::from(picture.size().map(f64::from));
    let low = a.min(b).floor().clamp(DVec2::ZERO, size);
    let high = a.max(b).ceil().clamp(DVec2::ZERO, size);
    Some([low, high].map(|at| [at.x as u32, at.y as u32]))
}

/// Writes the channels of a pixel below each other, so that they can be read on any color.
fn paint_value(painter: &Painter, center: Pos2, side: f32, channels: &[f64]) {
    let lines: SmallVec<[String; 4]> = channels.iter().map(|value| number_text(*value)).collect();
    let chars = lines.iter().map(|line| line.chars().count()).max().unwrap_or(1);
    let by_width = side * SHARE / (chars as f32 * DIGIT);
    let by_height = side * SHARE / (lines.len() as f32 * LINE);
    let font = FontId::monospace(by_width.min(by_height).min(MAX_FONT));
    let text = lines.join("\n");
    let galley = painter.layout_no_wrap(text, font, Color32::PLACEHOLDER);
    let rect: Rect = Align2::CENTER_CENTER.anchor_size(center, galley.size());
    let place = pos2(rect.min.x.round(), rect.min.y.round());
    for (offset, color) in [(1.0, Color32::BLACK), (0.0, Color32::WHITE)] {
        painter.galley(place + vec2(offset, offset), galley.clone(), color);
    }
}

/// A number in few characters.
fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e7 || !value.is_finite() {
        return format!("{value}");
    }
    match value.abs() {
        size if (1e-3..1.0).contains(&size) => format!("{value:.3}"),
        size if (1.0..1e5).contains(&size) => {
            let digits = 3 - size.log10().floor().clamp(0.0, 3.0) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (255.0, "255"),
            (65_535.0, "65535"),
            (-3.0, "-3"),
            (0.1234, "0.123"),
            (2.71928, "2.719"),
            (12_345.6, "12346"),
            (1.5e-7, "1.50e-7"),
            (1e20, "1.00e20"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(number_text(value), expected);
        }
    }

    #[test]
    fn pixels_that_are_small_or_lie_askew_have_no_text() {
        let upright = DAffine3::IDENTITY;
        assert_eq!(pixel_side(&upright, Some(50.0)), Some(50.0));
        assert_eq!(pixel_side(&upright, Some(5.0)), None);
        assert_eq!(pixel_side(&upright, None), None);
        let turned = DAffine3::from_rotation_z(0.5);
        assert_eq!(pixel_side(&turned, Some(500.0)), None);
        let scaled = DAffine3::from_scale(DVec3::new(10.0, 20.0, 1.0));
        assert_eq!(pixel_side(&scaled, Some(5.0)), Some(50.0));
    }
}
