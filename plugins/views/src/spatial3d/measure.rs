//! Measuring in a 3D view: how far it is between two places that are clicked on.

use chronoscope_blueprint::ViewId;
use egui::{Align2, Color32, FontId, Key, Pos2, Shape, Stroke, Ui, Vec2};
use glam::DVec3;
use smallvec::SmallVec;

use crate::spatial::tile::Tile;

/// The radius of a place that was clicked on, in points.
const MARK_RADIUS: f32 = 4.0;

/// What was clicked on while one measures: none, one or two places.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measure {
    places: SmallVec<[DVec3; 2]>,
}

impl Measure {
    /// Takes another place: the end, or the beginning of another measurement.
    fn add(&mut self, place: DVec3) {
        if self.places.len() == 2 {
            self.places.clear();
        }
        self.places.push(place);
    }

    /// From where to where, with the place under the pointer as the end that is still to be clicked on.
    fn ends(&self, pointed_at: Option<DVec3>) -> Option<[DVec3; 2]> {
        match (self.places.as_slice(), pointed_at) {
            ([start, end], _) => Some([*start, *end]),
            ([start], Some(end)) => Some([*start, end]),
            _ => None,
        }
    }

    /// What to do next.
    fn hint(&self) -> &'static str {
        match self.places.len() {
            0 => "Measuring: click where to begin. M or Esc ends it.",
            1 => "Click where to end.",
            _ => "Click to measure something else. M or Esc ends it.",
        }
    }
}

/// The length, and its parts along the axes.
fn length_text([start, end]: [DVec3; 2]) -> String {
    let delta = end - start;
    format!(
        "{:.4}\nΔ {:.4}  {:.4}  {:.4}",
        delta.length(),
        delta.x,
        delta.y,
        delta.z
    )
}

fn memory(view: ViewId) -> egui::Id {
    egui::Id::new(("measure", view))
}

/// Begins to measure in a view, or ends it.
pub(super) fn toggle(ui: &Ui, view: ViewId) {
    let id = memory(view);
    ui.data_mut(|data| match data.remove_temp::<Measure>(id) {
        Some(_) => {}
        None => _ = data.insert_temp(id, Measure::default()),
    });
}

/// Whether one measures in a view.
pub(super) fn is_on(ui: &Ui, view: ViewId) -> bool {
    ui.data(|data| data.get_temp::<Measure>(memory(view)).is_some())
}

/// Takes clicks and draws what is measured. `listens` tells whether keys are meant for the tile.
pub(super) fn show(ui: &Ui, view: ViewId, tile: &Tile<'_>, listens: bool) {
    let id = memory(view);
    let Some(mut measure) = ui.data(|data| data.get_temp::<Measure>(id)) else {
        return;
    };
    if listens && ui.input(|input| input.key_pressed(Key::Escape)) {
        toggle(ui, view);
        return;
    }
    let pointed_at = tile.pick.as_ref().map(|pick| pick.position);
    if tile.response.clicked()
        && let Some(place) = pointed_at
    {
        measure.add(place);
        ui.data_mut(|data| data.insert_temp(id, measure.clone()));
    }
    let painter = ui.painter_at(tile.rect);
    let seen = |place: DVec3| {
        let position = tile.scene.projector().project(place)?.position;
        Some(tile.rect.min + Vec2::new(position.x as f32, position.y as f32))
    };
    let color = tile.style.warning;
    for place in measure.places.iter().filter_map(|place| seen(*place)) {
        painter.circle_stroke(place, MARK_RADIUS, Stroke::new(2.0, color));
    }
    let ends = measure.ends(pointed_at.filter(|_| tile.response.hovered()));
    if let Some(ends) = ends
        && let Some((start, end)) = seen(ends[0]).zip(seen(ends[1]))
    {
        painter.add(Shape::dashed_line(
            &[start, end],
            Stroke::new(1.5, color),
            6.0,
            4.0,
        ));
        let middle = start.lerp(end, 0.5) + Vec2::new(8.0, -8.0);
        paint_text(
            &painter,
            tile,
            middle,
            Align2::LEFT_BOTTOM,
            &length_text(ends),
            color,
        );
    }
    let bottom = tile.rect.center_bottom() - Vec2::new(0.0, 8.0);
    let text_color = tile.style.secondary_text;
    paint_text(
        &painter,
        tile,
        bottom,
        Align2::CENTER_BOTTOM,
        measure.hint(),
        text_color,
    );
}

/// Paints a text on a background of its own.
fn paint_text(
    painter: &egui::Painter,
    tile: &Tile<'_>,
    place: Pos2,
    align: Align2,
    text: &str,
    color: Color32,
) {
    let width = (tile.rect.width() - 16.0).max(0.0);
    let galley = painter.layout(text.to_owned(), FontId::proportional(12.0), color, width);
    let rect = align.anchor_size(place, galley.size() + Vec2::new(8.0, 4.0));
    painter.rect_filled(rect, 4.0, tile.style.label_background);
    painter.galley(rect.min + Vec2::new(4.0, 2.0), galley, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clicks_measure_and_a_third_begins_anew() {
        let [a, b, c] = [DVec3::ZERO, DVec3::new(3.0, -4.0, 0.0), DVec3::ONE];
        let mut measure = Measure::default();
        assert_eq!(measure.ends(Some(b)), None, "nowhere to begin");
        measure.add(a);
        assert_eq!(measure.ends(None), None);
        assert_eq!(measure.ends(Some(c)), Some([a, c]), "to where the pointer is");
        measure.add(b);
        assert_eq!(measure.ends(Some(c)), Some([a, b]));
        assert_eq!(length_text([a, b]), "5.0000\nΔ 3.0000  -4.0000  0.0000");
        measure.add(c);
        assert_eq!(measure.ends(Some(a)), Some([c, a]));
    }
}
