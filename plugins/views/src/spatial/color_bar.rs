//! Which distance has which color: a bar for each picture of distances that is shown.

use chronoscope_types::enums::Colormap;
use egui::{Align2, Color32, FontId, Mesh, Painter, Rect, Shape, pos2, vec2};

use super::{Space, pictures::colormap, scene::SpatialScene};
use crate::ViewStyle;

/// In points.
const WIDTH: f32 = 12.0;
const MAX_HEIGHT: f32 = 160.0;
const PADDING: f32 = 6.0;
const MARGIN: f32 = 8.0;
/// A bar in a smaller tile would cover what it explains.
const MIN_TILE: [f32; 2] = [180.0, 140.0];
/// More bars than these say nothing that can be told apart.
const MAX_BARS: usize = 3;
/// Colors are interpolated between so many.
const STEPS: u32 = 32;

/// The colors of distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ColorScale {
    pub(crate) colormap: Colormap,
    /// The distances with the first and the last color, in meters.
    pub(crate) range: [f64; 2],
}

/// Paints the scales of what is shown, each once, from the right edge of a tile to the left.
pub(crate) fn paint_color_bars(painter: &Painter, tile: Rect, scene: &SpatialScene, style: &ViewStyle) {
    if tile.width() < MIN_TILE[0] || tile.height() < MIN_TILE[1] {
        return;
    }
    let room = room(tile, scene.space);
    let mut right = tile.right() - MARGIN;
    let mut painted: Vec<ColorScale> = Vec::new();
    for scale in scene.color_scales() {
        if painted.len() == MAX_BARS || painted.contains(&scale) {
            continue;
        }
        right = paint_bar(painter, room, right, scale, style) - MARGIN;
        painted.push(scale);
    }
}

/// The part of a tile in the middle of which bars stand. What is in space is around the middle of the tile, with little above it.
fn room(tile: Rect, space: Space) -> Rect {
    match space {
        Space::Two => tile,
        Space::Three => tile.with_max_y(tile.center().y),
    }
}

/// Paints one bar that ends at `right`, and returns where it begins.
fn paint_bar(painter: &Painter, room: Rect, right: f32, scale: ColorScale, style: &ViewStyle) -> f32 {
    let font = FontId::monospace(11.0);
    let [low, high] = scale.range;
    let texts = [high, (low + high) * 0.5, low].map(|meters| {
        let text = meters_text(meters, high - low);
        painter.layout_no_wrap(text, font.clone(), style.text)
    });
    let text_width = texts.iter().map(|text| text.size().x).fold(0.0, f32::max);
    let text_height = texts[0].size().y;
    let height = MAX_HEIGHT.min(room.height() * 0.5);
    let size = vec2(WIDTH + 4.0 + text_width, height + text_height) + vec2(2.0, 2.0) * PADDING;
    let back = Align2::RIGHT_CENTER.anchor_size(pos2(right, room.center().y), size);
    painter.rect_filled(back, 4.0, style.label_background);
    let bar = Rect::from_min_size(
        back.min + vec2(PADDING, PADDING + text_height * 0.5),
        vec2(WIDTH, height),
    );
    painter.add(Shape::mesh(gradient(bar, scale.colormap)));
    for (at, text) in texts.into_iter().enumerate() {
        let y = bar.top() + height * at as f32 * 0.5;
        let place = Align2::RIGHT_CENTER.anchor_size(pos2(back.right() - PADDING, y), text.size());
        painter.galley(place.min, text, style.text);
    }
    back.left()
}

/// The colors from the last, above, to the first.
fn gradient(bar: Rect, map: Colormap) -> Mesh {
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let place = step as f32 / STEPS as f32;
        let [r, g, b] = colormap::color(map, 1.0 - place);
        let y = bar.top() + bar.height() * place;
        for x in [bar.left(), bar.right()] {
            mesh.colored_vertex(pos2(x, y), Color32::from_rgb(r, g, b));
        }
        if step > 0 {
            let end = 2 * step;
            mesh.add_triangle(end - 2, end - 1, end);
            mesh.add_triangle(end - 1, end, end + 1);
        }
    }
    mesh
}

/// A distance with as many digits as tell apart the hundredths of a range.
fn meters_text(meters: f64, range: f64) -> String {
    let digits = (2.0 - range.abs().log10().floor()).clamp(0.0, 6.0);
    let digits = if digits.is_nan() { 2 } else { digits as usize };
    format!("{meters:.digits$} m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_the_digits_that_their_range_needs() {
        assert_eq!(meters_text(4.0, 4.0), "4.00 m");
        assert_eq!(meters_text(65.535, 65.0), "65.5 m");
        assert_eq!(meters_text(0.0123, 0.01), "0.0123 m");
        assert_eq!(meters_text(4200.0, 4000.0), "4200 m");
        assert_eq!(meters_text(1.0, 0.0), "1.000000 m");
        assert_eq!(meters_text(1.0, f64::NAN), "1.00 m");
    }

    #[test]
    fn a_bar_over_space_leaves_the_middle_free() {
        let tile = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 200.0));
        let scale = ColorScale {
            colormap: Colormap::Turbo,
            range: [0.5, 1.0],
        };
        let [in_plane, in_space] = [Space::Two, Space::Three].map(|space| {
            let mut output = egui::Context::default().run_ui(egui::RawInput::default(), |ui| {
                let room = room(tile, space);
                paint_bar(ui.painter(), room, tile.right(), scale, &ViewStyle::default());
            });
            output.textures_delta.clear();
            let ends = output.shapes.iter();
            ends.map(|clipped| clipped.shape.visual_bounding_rect().bottom())
                .fold(f32::MIN, f32::max)
        });
        let middle = tile.center().y;
        assert!(in_plane > middle && in_space < middle, "{in_plane} {in_space}");
    }

    #[test]
    fn the_last_color_is_above() {
        let bar = Rect::from_min_size(pos2(0.0, 0.0), vec2(10.0, 100.0));
        let mesh = gradient(bar, Colormap::Grayscale);
        assert!(mesh.is_valid());
        let ends = [mesh.vertices.first(), mesh.vertices.last()];
        let colors = ends.map(|vertex| vertex.map(|vertex| (vertex.pos.y, vertex.color)));
        assert_eq!(
            colors,
            [Some((0.0, Color32::WHITE)), Some((100.0, Color32::BLACK))]
        );
    }
}
