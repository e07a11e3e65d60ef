//! What lies under the pointer in all pictures, the uppermost first: the pixel with its value, and those around it enlarged.

use egui::{Color32, Mesh, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, vec2};

use crate::spatial::{pictures::values::Pixel, scene::PictureAt, tile::Tile};

/// How many pixels are shown across: an odd number, so that one is in the middle.
const PIXELS: u32 = 11;
/// How large one is, in points.
const PIXEL: f32 = 7.0;
/// More pictures than these are counted.
const MAX_LAYERS: usize = 4;
/// Longer names are cut, in points.
const MAX_NAME: f32 = 260.0;

/// Draws what lies there into a tooltip.
pub(super) fn show(ui: &mut Ui, tile: &Tile<'_>, layers: &[PictureAt<'_>]) {
    for layer in layers.iter().take(MAX_LAYERS) {
        ui.horizontal(|ui| {
            show_around(ui, tile, layer);
            ui.vertical(|ui| {
                ui.set_max_width(MAX_NAME);
                ui.add(egui::Label::new(layer.path.to_string()).truncate());
                let [x, y] = layer.pixel;
                ui.weak(format!("{x}, {y}"));
                if let Some(text) = tile.pixel_text(layer.picture, layer.pixel) {
                    ui.weak(text);
                }
            });
        });
    }
    if let Some(more @ 1..) = layers.len().checked_sub(MAX_LAYERS) {
        ui.weak(format!("and {more} more pictures below"));
    }
}

/// Draws the pixels around the one that is pointed at, as many as are known.
fn show_around(ui: &mut Ui, tile: &Tile<'_>, layer: &PictureAt<'_>) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(PIXELS as f32 * PIXEL), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 0.0, tile.style.background);
    let pixels = around(layer.pixel, layer.picture.size());
    let values: Vec<([u32; 2], Pixel)> = pixels
        .filter_map(|(at, pixel)| Some((at, tile.pixel_channels(layer.picture, pixel)?)))
        .collect();
    // What is decoded for this are bytes, whatever numbers the picture has.
    let of_channels = if layer.picture.source.is_read_by_pixel() {
        layer.range
    } else {
        [0.0, 255.0]
    };
    let place =
        |[column, row]: [u32; 2]| -> Pos2 { rect.min + vec2(column as f32 * PIXEL, row as f32 * PIXEL) };
    let mut mesh = Mesh::default();
    for (at, pixel) in &values {
        let [r, g, b, a] = pixel.shown_color(&layer.picture.mapping, layer.range, of_channels);
        let color = Color32::from_rgba_unmultiplied(r, g, b, a);
        mesh.add_colored_rect(Rect::from_min_size(place(*at), Vec2::splat(PIXEL)), color);
    }
    painter.add(Shape::mesh(mesh));
    let middle = Rect::from_min_size(place([PIXELS / 2; 2]), Vec2::splat(PIXEL));
    // To be seen on any color.
    painter.rect_stroke(middle, 0.0, Stroke::new(1.0, Color32::BLACK), StrokeKind::Outside);
    painter.rect_stroke(
        middle.expand(1.0),
        0.0,
        Stroke::new(1.0, Color32::WHITE),
        StrokeKind::Outside,
    );
    let edge = Stroke::new(1.0, tile.style.grid);
    painter.rect_stroke(rect, 0.0, edge, StrokeKind::Inside);
}

/// The pixels around one, as far as the picture goes: the column and the row where each is shown, and where it is.
fn around([x, y]: [u32; 2], [width, height]: [u32; 2]) -> impl Iterator<Item = ([u32; 2], [u32; 2])> {
    let half = PIXELS / 2;
    let places = (0..PIXELS).flat_map(|row| (0..PIXELS).map(move |column| [column, row]));
    places.filter_map(move |[column, row]| {
        let at = |middle: u32, offset: u32, end: u32| {
            let at = (middle + offset).checked_sub(half)?;
            (at < end).then_some(at)
        };
        Some(([column, row], [at(x, column, width)?, at(y, row, height)?]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_around_one_end_where_the_picture_does() {
        let at = |pixel, size| around(pixel, size).collect::<Vec<_>>();
        assert_eq!(at([50, 50], [100, 100]).len(), (PIXELS * PIXELS) as usize);
        assert_eq!(at([0, 0], [1, 1]), [([5, 5], [0, 0])]);
        let corner = at([1, 0], [2, 3]);
        assert_eq!(corner.len(), 6);
        assert_eq!(corner.first(), Some(&([4, 5], [0, 0])));
        assert_eq!(corner.last(), Some(&([5, 7], [1, 2])));
    }
}
