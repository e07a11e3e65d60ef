//! Texts over data, laid out so that they can be read.

use std::sync::Arc;

use chronoscope_store::RowId;
use egui::{Align2, Color32, FontId, Pos2, Rect, Vec2};
use glam::DVec3;

use super::projection::Projector;
use crate::{ViewStyle, style::readable};

/// How many labels are drawn in a view at most.
pub const MAX_LABELS: usize = 100;

/// How many labels are laid out at most to find out which have room.
const MAX_LAID_OUT: usize = 400;

/// A label and where it goes in the view's space.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedLabel {
    /// The instance; `None` for one text that stands for all of them.
    pub instance: Option<u32>,
    /// The row, where several are shown.
    pub row: Option<RowId>,
    /// The middle of the upper edge of the text.
    pub position: DVec3,
    /// How far below that the text begins: scene units, or negative UI points.
    pub clearance: f32,
    /// The text.
    pub text: Arc<str>,
    /// Whether it was asked for: it covers others rather than give way to them.
    pub is_wanted: bool,
    /// The color of the text in sRGB.
    pub color: [u8; 4],
}

/// Draws labels into the picture of a view, each with what it belongs to and how its space comes to the tile, the nearest in front, without those that would cover a nearer one
/// unless they were asked for. None leaves the picture. Returns the one that the pointer is on, if any.
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
            is_visible.then(|| SeenLabel {
                depth: seen.depth,
                anchor: picture.min + scale * Vec2::new(seen.position.x as f32, seen.position.y as f32),
                clearance,
                owner,
                label,
            })
        })
        .collect();
    // Stable: of labels at the same depth, the first one wins.
    seen.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let mut laid_out: Vec<(Rect, Arc<egui::Galley>, SeenLabel<'a, T>)> = Vec::new();
    let font = FontId::proportional(12.0);
    for seen in seen.into_iter().take(MAX_LAID_OUT) {
        if laid_out.len() >= MAX_LABELS {
            break;
        }
        let [r, g, b, _] = seen.label.color;
        let color = readable(Color32::from_rgb(r, g, b), style.label_background);
        let galley = painter.layout(seen.label.text.to_string(), font.clone(), color, 240.0);
        let rect = place(
            galley.size() + Vec2::new(8.0, 4.0),
            seen.anchor,
            seen.clearance,
            picture,
        );
        if seen.label.is_wanted || !laid_out.iter().any(|(other, ..)| other.intersects(rect)) {
            laid_out.push((rect, galley, seen));
        }
    }
    let mut pointed_at = None;
    for (rect, galley, seen) in laid_out.into_iter().rev() {
        painter.rect_filled(rect, 4.0, style.label_background);
        painter.galley(rect.min + Vec2::new(4.0, 2.0), galley, Color32::PLACEHOLDER);
        if pointer.is_some_and(|pointer| rect.contains(pointer)) {
            pointed_at = Some((seen.owner, seen.label));
        }
    }
    pointed_at
}

/// Where a label of this size goes, within the picture as far as it fits: below its anchor, or above where there is no room below.
fn place(size: Vec2, anchor: Pos2, clearance: f32, picture: Rect) -> Rect {
    let gap = Vec2::new(0.0, clearance + 4.0);
    let below = Align2::CENTER_TOP.anchor_size(anchor + gap, size);
    let above = Align2::CENTER_BOTTOM.anchor_size(anchor - gap, size);
    let rect = if below.bottom() > picture.bottom() && above.top() >= picture.top() {
        above
    } else {
        below
    };
    // Where it is wider than the picture, its beginning is seen.
    let left = rect.left().min(picture.right() - size.x).max(picture.left());
    Rect::from_min_size(Pos2::new(left, rect.top()), size)
}

/// A label in a tile.
struct SeenLabel<'a, T> {
    depth: f64,
    anchor: Pos2,
    /// How far from the anchor it begins, in points.
    clearance: f32,
    owner: T,
    label: &'a PlacedLabel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_in_the_picture() {
        let picture = Rect::from_min_size(Pos2::ZERO, Vec2::new(200.0, 100.0));
        let check = |x: f32, y: f32, expected: [f32; 2]| {
            let rect = place(Vec2::new(40.0, 10.0), Pos2::new(x, y), 5.0, picture);
            assert_eq!(rect.min, Pos2::from(expected), "{x} {y}");
        };
        check(100.0, 50.0, [80.0, 59.0]);
        check(5.0, 50.0, [0.0, 59.0]);
        check(195.0, 50.0, [160.0, 59.0]);
        check(100.0, 95.0, [80.0, 76.0]);
        let wide = place(Vec2::new(300.0, 10.0), Pos2::new(100.0, 50.0), 0.0, picture);
        assert_eq!(wide.left(), 0.0, "its beginning is seen");
    }

    /// The texts that are drawn for labels at these places of a plane, from the back to the front.
    fn drawn(labels: &[(f64, &str, bool)]) -> Vec<String> {
        let size = glam::DVec2::new(200.0, 100.0);
        let lens = crate::spatial::projection::Lens::Plane {
            center: size * 0.5,
            scale: 1.0,
        };
        let projector = Projector { size, lens };
        let labels: Vec<PlacedLabel> = labels
            .iter()
            .map(|(x, text, is_wanted)| PlacedLabel {
                instance: None,
                row: None,
                position: DVec3::new(*x, 50.0, 0.0),
                clearance: 0.0,
                text: (*text).into(),
                is_wanted: *is_wanted,
                color: [255; 4],
            })
            .collect();
        let context = egui::Context::default();
        let picture = Rect::from_min_size(Pos2::ZERO, Vec2::new(200.0, 100.0));
        let input = egui::RawInput {
            screen_rect: Some(picture),
            ..egui::RawInput::default()
        };
        let mut output = context.run_ui(input, |ui| {
            let labels = labels.iter().map(|label| ((), label, &projector));
            paint_labels(ui.painter(), picture, labels, &ViewStyle::default(), None);
        });
        output.textures_delta.clear();
        let texts = output.shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => Some(text.galley.text().to_owned()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn labels_give_way_unless_they_were_asked_for() {
        assert_eq!(
            drawn(&[(50.0, "a", false), (52.0, "b", false), (150.0, "c", false)]),
            ["c", "a"]
        );
        assert_eq!(
            drawn(&[(50.0, "a", true), (52.0, "b", true), (54.0, "c", false)]),
            ["b", "a"]
        );
    }
}
