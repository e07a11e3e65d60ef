//! Texts over data, laid out so that they can be read.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Pos2, Rect, Vec2};
use glam::DVec3;

use super::projection::Projector;
use crate::ViewStyle;

/// How many labels are drawn in a view at most.
pub const MAX_LABELS: usize = 100;

/// How many labels are laid out at most to find out which have room.
const MAX_LAID_OUT: usize = 400;

/// A label and where it goes in the view's space.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedLabel {
    /// The instance; `None` for one text that stands for all of them.
    pub instance: Option<u32>,
    /// The middle of the upper edge of the text.
    pub position: DVec3,
    /// How far below that the text begins: scene units, or negative UI points.
    pub clearance: f32,
    /// The text.
    pub text: Arc<str>,
    /// The color of the text in sRGB.
    pub color: [u8; 4],
}

/// Draws labels into the picture of a view, each with what it belongs to and how its space comes to the tile, the nearest first, without those that would cover one that is drawn
/// already. Returns the one that the pointer is on, if any.
pub fn paint_labels<'a, T>(
    painter: &egui::Painter,
    picture: Rect,
    labels: impl Iterator<Item = (T, &'a PlacedLabel, &'a Projector)>,
    style: &ViewStyle,
    pointer: Option<Pos2>,
) -> Option<(T, &'a PlacedLabel)> {
    let mut seen: Vec<SeenLabel<'a, T>> = labels
        .filter_map(|(owner, label, projector)| {
            let scale = Vec2::new(
                picture.width() / (projector.size.x as f32).max(1.0),
                picture.height() / (projector.size.y as f32).max(1.0),
            );
            let seen = projector.project(label.position)?;
            let is_visible = projector.contains(seen.position, 0.0);
            let clearance = match label.clearance {
                units if units >= 0.0 => units * seen.scale as f32 * scale.y,
                points => -points,
            };
            let below = Vec2::new(0.0, clearance);
            is_visible.then(|| SeenLabel {
                depth: seen.depth,
                anchor: picture.min
                    + scale * Vec2::new(seen.position.x as f32, seen.position.y as f32)
                    + below,
                owner,
                label,
            })
        })
        .collect();
    // Stable: of labels at the same depth, the first one wins.
    seen.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let mut taken: Vec<Rect> = Vec::new();
    let mut pointed_at = None;
    let font = FontId::proportional(12.0);
    for SeenLabel {
        anchor, owner, label, ..
    } in seen.into_iter().take(MAX_LAID_OUT)
    {
        if taken.len() >= MAX_LABELS {
            break;
        }
        let [r, g, b, _] = label.color;
        let color = readable(Color32::from_rgb(r, g, b), style.label_background);
        let galley = painter.layout(label.text.to_string(), font.clone(), color, 240.0);
        let rect =
            Align2::CENTER_TOP.anchor_size(anchor + Vec2::new(0.0, 4.0), galley.size() + Vec2::new(8.0, 4.0));
        if taken.iter().any(|other| other.intersects(rect)) {
            continue;
        }
        painter.rect_filled(rect, 4.0, style.label_background);
        painter.galley(rect.min + Vec2::new(4.0, 2.0), galley, color);
        taken.push(rect);
        if pointer.is_some_and(|pointer| rect.contains(pointer)) {
            pointed_at = Some((owner, label));
        }
    }
    pointed_at
}

/// A label in a tile.
struct SeenLabel<'a, T> {
    depth: f64,
    anchor: Pos2,
    owner: T,
    label: &'a PlacedLabel,
}

/// A color of text that can be told from its background: moved towards white or black until it can.
pub fn readable(color: Color32, background: Color32) -> Color32 {
    let target = if luminance(background) < 0.4 {
        Color32::WHITE
    } else {
        Color32::BLACK
    };
    let mut readable = color;
    for step in 1..=4u8 {
        if contrast(readable, background) >= 4.5 {
            break;
        }
        readable = color.lerp_to_gamma(target, f32::from(step) * 0.25);
    }
    readable
}

/// Relative luminance, after the Web Content Accessibility Guidelines 2.
fn luminance(color: Color32) -> f32 {
    let linear = egui::Rgba::from(color.to_opaque());
    0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
}

fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_text_on_dark_becomes_readable() {
        let background = Color32::from_rgb(20, 20, 24);
        for color in [
            Color32::from_rgb(0, 0, 90),
            Color32::BLACK,
            Color32::from_rgb(120, 0, 0),
        ] {
            assert!(
                contrast(readable(color, background), background) >= 4.5,
                "{color:?}"
            );
        }
        let orange = Color32::from_rgb(230, 120, 40);
        assert_eq!(
            readable(orange, background),
            orange,
            "what can be read stays as it is"
        );
    }
}
