//! The pictures of a scene, as the user interface asks for them.

use chronoscope_store::EntityPath;
use glam::{DAffine3, DVec2};

use super::{SpatialScene, quads::PictureQuad};
use crate::spatial::{bounds::Bounds, color_bar::ColorScale, pictures::Picture};

/// A picture at a place, with the pixel there.
pub(crate) struct PictureAt<'a> {
    pub(crate) path: &'a EntityPath,
    pub(crate) picture: &'a Picture,
    /// Column and row, from the top left.
    pub(crate) pixel: [u32; 2],
    /// The numbers with the first and the last color, where the meaning of the pixels does not say: of all pixels that are shown.
    pub(crate) range: [f32; 2],
}

impl SpatialScene {
    /// Where the pictures are that cannot be shown, and why.
    pub(crate) fn failed_pictures(&self) -> impl Iterator<Item = (Bounds, &str)> {
        self.quads.values().filter_map(|quad| {
            let message = quad.failure()?;
            Some((self.entities.get(&quad.key)?.bounds(), message))
        })
    }

    /// The picture that lies before all others in a plane, and where it lies. Cost: O(pictures).
    pub(crate) fn uppermost_picture(&self) -> Option<(&Picture, DAffine3)> {
        let shown = self.quads.values().filter(|quad| quad.is_shown());
        let shown = shown.filter_map(|quad| self.entities.get(&quad.key));
        // Of equals the last one, which lies in front.
        let upper = shown.max_by(|a, b| a.drawn_order.total_cmp(&b.drawn_order))?;
        let picture = upper.visual.picture()?;
        Some((picture, upper.view_from_entity * picture.entity_from_picture()))
    }

    /// The pictures at a place of a plane, the uppermost first. Cost: O(pictures).
    pub(crate) fn pictures_at(&self, place: DVec2) -> Vec<PictureAt<'_>> {
        let at = |quad: &PictureQuad| {
            let shown = self.entities.get(&quad.key)?;
            let picture = shown.visual.picture()?;
            let range = quad.texture_range()?;
            let view_from_picture = shown.view_from_entity * picture.entity_from_picture();
            let place = place.extend(view_from_picture.translation.z);
            let pixel = view_from_picture.inverse().transform_point3(place).floor();
            let size = picture.size().map(f64::from);
            let is_inside = (0.0..size[0]).contains(&pixel.x) && (0.0..size[1]).contains(&pixel.y);
            is_inside.then(|| {
                let at = PictureAt {
                    path: &shown.path,
                    picture,
                    pixel: [pixel.x as u32, pixel.y as u32],
                    range,
                };
                (shown.drawn_order, at)
            })
        };
        let mut found: Vec<(f32, PictureAt<'_>)> = self.quads.values().filter_map(at).collect();
        // Of equals the last one lies in front.
        found.reverse();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// The colors of the distances that are shown, in the order of their entities' paths.
    pub(crate) fn color_scales(&self) -> impl Iterator<Item = ColorScale> {
        let quads = self.layers().flat_map(|scene| scene.quads.values());
        quads.filter_map(PictureQuad::color_scale)
    }
}
