//! What stands in the place of a picture that cannot be shown: why.

use egui::{Align2, FontId, Painter, Rect, Vec2, pos2, vec2};
use glam::DVec3;

use super::{bounds::Bounds, projection::Projector, scene::SpatialScene};
use crate::ViewStyle;

/// What a text needs at least to be read, in points.
const MIN_SIZE: Vec2 = vec2(120.0, 40.0);
const PADDING: Vec2 = vec2(8.0, 6.0);

/// Says in its place why a picture is not shown. `picture` is where the view's own picture is on screen.
pub(crate) fn paint_notices(painter: &Painter, picture: Rect, scene: &SpatialScene, style: &ViewStyle) {
    for (bounds, message) in scene.failed_pictures() {
        let Some(place) = place_of(scene.projector(), picture, &bounds) else {
            continue;
        };
        let width = place.width() - 2.0 * PADDING.x;
        let font = FontId::proportional(12.0);
        let galley = painter.layout(message.to_owned(), font, style.warning, width);
        let rect = Align2::CENTER_CENTER.anchor_size(place.center(), galley.size() + 2.0 * PADDING);
        painter.rect_filled(rect, 4.0, style.label_background);
        painter.galley(rect.min + PADDING, galley, style.warning);
    }
}

/// Where on screen something is seen, as far as it is; a text can be read in it. `None` where it is not seen.
fn place_of(projector: &Projector, picture: Rect, bounds: &Bounds) -> Option<Rect> {
    if bounds.is_empty() {
        return None;
    }
    let scale = picture.size() / vec2(projector.size.x as f32, projector.size.y as f32).max(Vec2::splat(1.0));
    let (low, high) = (bounds.min, bounds.max);
    let corners = (0..8).map(|at| {
        let choose = |axis: usize| {
            if at >> axis & 1 == 0 {
                low[axis]
            } else {
                high[axis]
            }
        };
        DVec3::new(choose(0), choose(1), choose(2))
    });
    let seen = corners.filter_map(|corner| projector.project(corner));
    let place = seen.fold(Rect::NOTHING, |place, seen| {
        place.union(Rect::from_pos(
            picture.min + scale * vec2(seen.position.x as f32, seen.position.y as f32),
        ))
    });
    let place = place.intersect(picture);
    if !place.is_finite() || place.is_negative() {
        return None;
    }
    let size = place.size().max(MIN_SIZE).min(picture.size());
    let center = place.center();
    let least = picture.min + size * 0.5;
    let most = picture.max - size * 0.5;
    let center = pos2(center.x.clamp(least.x, most.x), center.y.clamp(least.y, most.y));
    Some(Rect::from_center_size(center, size))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use glam::DVec2;

    use super::*;
    use crate::spatial::projection::Lens;

    #[test]
    fn a_notice_stands_where_its_picture_is_and_can_be_read() {
        let tile = Rect::from_min_size(pos2(10.0, 10.0), vec2(400.0, 300.0));
        let projector = Projector {
            size: DVec2::new(400.0, 300.0),
            lens: Lens::Plane {
                center: DVec2::new(200.0, 150.0),
                scale: 1.0,
            },
        };
        let picture = |min: [f64; 2], max: [f64; 2]| {
            let corner = |[x, y]: [f64; 2]| DVec3::new(x, y, 0.0);
            place_of(&projector, tile, &Bounds::between(corner(min), corner(max)))
        };
        let large = picture([100.0, 100.0], [300.0, 200.0]).unwrap();
        assert_eq!(large, Rect::from_min_max(pos2(110.0, 110.0), pos2(310.0, 210.0)));
        let small = picture([0.0, 0.0], [4.0, 4.0]).unwrap();
        assert_eq!(small, Rect::from_min_size(tile.min, MIN_SIZE));
        assert_eq!(picture([500.0, 0.0], [600.0, 50.0]), None, "out of sight");
        assert_eq!(place_of(&projector, tile, &Bounds::EMPTY), None);
    }
}
