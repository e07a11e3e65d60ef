//! Through which box the light of a view shines, and what that is for the shaders.

use bevy::math::{DMat3, DMat4, DVec3, DVec4, Mat4, Vec4};
use bytemuck::{Pod, Zeroable};

use super::{MAP_SIZE, Shadows};

/// How far around what the eye looks at there are shadows, as a multiple of the distance, where the scene is larger than that.
const FOCUS_REACH: f64 = 4.0;

/// Texels beyond what is asked for: a box that stands on whole texels, and is compared with its neighbors, needs some.
const MARGIN_TEXELS: u32 = 8;

/// What the light of a view shines through: a box whose length lies along the light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LightBox {
    /// To the right, up, and to the light, in the world.
    axes: DMat3,
    /// The middle of the side that is nearest to the light.
    eye: DVec3,
    half_side: f64,
    length: f64,
}

/// Mirrors `Shadow` in `common.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct ShadowValues {
    map_from_offset: [[f32; 4]; 4],
    to_light: [f32; 3],
    texel: f32,
}

impl LightBox {
    /// The box around a scene, or around what the eye looks at in a larger one. `None` where nothing is to be seen, or where there
    /// is no light.
    ///
    /// It grows in steps, and stands on whole texels, so that the edges of shadows hold still while the eye moves. Along the light
    /// it reaches through all of the scene: what is beside the eye casts shadows into what it sees.
    pub(super) fn fit(shadows: &Shadows, focus: DVec3, focus_distance: f64) -> Option<Self> {
        let to_light = shadows.to_light.as_dvec3().try_normalize()?;
        let reach = focus_distance * FOCUS_REACH;
        let (center, radius) = if reach > 0.0 && reach < shadows.radius {
            (focus, reach)
        } else {
            (shadows.center, shadows.radius)
        };
        let is_usable = center.is_finite() && shadows.center.is_finite() && shadows.radius.is_finite();
        if !is_usable || radius <= 0.0 {
            return None;
        }
        let right = to_light.any_orthonormal_vector();
        let axes = DMat3::from_cols(right, to_light.cross(right), to_light);
        // Two steps for each doubling.
        let radius = ((radius.log2() * 2.0).ceil() * 0.5).exp2();
        let texel = 2.0 * radius / f64::from(MAP_SIZE - MARGIN_TEXELS);
        let on_texel = |place: f64| (place / texel).round() * texel;
        let in_light = axes.transpose() * center;
        let half_length = shadows.radius + texel * f64::from(MARGIN_TEXELS);
        let nearest = to_light.dot(shadows.center) + half_length;
        Some(Self {
            axes,
            eye: axes * DVec3::new(on_texel(in_light.x), on_texel(in_light.y), nearest),
            half_side: texel * f64::from(MAP_SIZE) * 0.5,
            length: half_length * 2.0,
        })
    }

    /// Where the light sees from.
    pub(super) fn eye(&self) -> DVec3 {
        self.eye
    }

    /// The axes of the light's view, without its place.
    pub(super) fn world_from_view(&self) -> Mat4 {
        Mat4::from_mat3(self.axes.as_mat3())
    }

    /// The orthographic projection of the light, with reversed depths.
    pub(super) fn clip_from_view(&self) -> Mat4 {
        let across = (1.0 / self.half_side) as f32;
        let along = (1.0 / self.length) as f32;
        Mat4::from_cols(
            Vec4::X * across,
            Vec4::Y * across,
            Vec4::Z * along,
            Vec4::new(0.0, 0.0, 1.0, 1.0),
        )
    }

    /// What places are compared by that are seen from an eye.
    pub(super) fn values(&self, eye: DVec3) -> ShadowValues {
        let offset = eye - self.eye;
        let row = |axis: DVec3, scale: f64, shift: f64| {
            let scaled = axis * scale;
            scaled.extend(scaled.dot(offset) + shift)
        };
        let across = 0.5 / self.half_side;
        let rows = DMat4::from_cols(
            row(self.axes.x_axis, across, 0.5),
            // Rows of a texture go down.
            row(self.axes.y_axis, -across, 0.5),
            row(self.axes.z_axis, 1.0 / self.length, 1.0),
            DVec4::W,
        );
        ShadowValues {
            map_from_offset: rows.transpose().as_mat4().to_cols_array_2d(),
            to_light: self.axes.z_axis.as_vec3().to_array(),
            texel: (2.0 * self.half_side / f64::from(MAP_SIZE)) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use bevy::math::{Vec2, Vec3};

    use super::*;

    fn shadows(radius: f64) -> Shadows {
        Shadows {
            to_light: Vec3::new(0.3, -0.5, 2.0),
            center: DVec3::new(500_000.0, 4_000_000.0, 100.0),
            radius,
        }
    }

    /// Where a place of the world is in the map, in texels, and its depth there.
    fn in_map(light: &LightBox, eye: DVec3, place: DVec3) -> Vec3 {
        let map_from_offset = Mat4::from_cols_array_2d(&light.values(eye).map_from_offset);
        let at = (map_from_offset * (place - eye).as_vec3().extend(1.0)).truncate();
        at * Vec3::new(MAP_SIZE as f32, MAP_SIZE as f32, 1.0)
    }

    #[test]
    fn a_place_is_where_the_light_draws_it() {
        let shadows = shadows(10.0);
        let place = shadows.center + DVec3::new(3.0, -4.0, 5.0);
        let light = LightBox::fit(&shadows, shadows.center, 30.0).unwrap();
        let in_view = light.world_from_view().inverse() * (place - light.eye()).as_vec3().extend(0.0);
        let drawn = light.clip_from_view() * in_view.truncate().extend(1.0);
        let texels = (drawn.truncate().truncate() * Vec2::new(0.5, -0.5) + 0.5) * MAP_SIZE as f32;
        let eye = shadows.center + DVec3::new(-20.0, 7.0, 9.0);
        let compared = in_map(&light, eye, place);
        assert!(
            compared.truncate().distance(texels) < 0.1,
            "{compared} and {texels}"
        );
        assert!((compared.z - drawn.z).abs() < 1e-5, "{compared} and {drawn}");
        assert!((0.0..1.0).contains(&drawn.z), "{drawn}");
    }

    #[test]
    fn all_of_a_scene_lies_in_the_box() {
        let shadows = shadows(10.0);
        let light = LightBox::fit(&shadows, shadows.center, 30.0).unwrap();
        for direction in [
            DVec3::X,
            DVec3::NEG_Y,
            DVec3::Z,
            DVec3::NEG_Z,
            DVec3::ONE.normalize(),
        ] {
            let at = in_map(&light, shadows.center, shadows.center + direction * 10.0);
            let side = 0.0..MAP_SIZE as f32;
            let is_within = side.contains(&at.x) && side.contains(&at.y) && (0.0..1.0).contains(&at.z);
            assert!(is_within, "{direction}: {at}");
        }
    }

    #[test]
    fn texels_hold_still_while_the_eye_moves() {
        let shadows = shadows(1000.0);
        let place = shadows.center;
        let at = |moved: DVec3, distance: f64| {
            let focus = place + moved;
            let light = LightBox::fit(&shadows, focus, distance).unwrap();
            in_map(&light, place, place)
        };
        let before = at(DVec3::ZERO, 5.0);
        for (moved, distance) in [
            (DVec3::new(0.123, 0.0, 0.0), 5.0),
            (DVec3::new(-1.7, 2.1, 0.3), 5.0),
            (DVec3::new(0.4, 0.1, -3.0), 5.1),
        ] {
            let by = (at(moved, distance) - before).truncate();
            assert!(by.distance(by.round()) < 0.02, "{moved}: whole texels, not {by}");
        }
    }

    #[test]
    fn without_light_or_a_scene_there_is_no_box() {
        let fit = |shadows: Shadows| LightBox::fit(&shadows, DVec3::ZERO, 1.0);
        let some = Shadows {
            center: DVec3::ZERO,
            ..shadows(2.0)
        };
        assert!(fit(some).is_some());
        for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(fit(Shadows { radius, ..some }), None, "{radius}");
        }
        for to_light in [Vec3::ZERO, Vec3::NAN] {
            assert_eq!(fit(Shadows { to_light, ..some }), None, "{to_light}");
        }
        let center = DVec3::INFINITY;
        assert_eq!(fit(Shadows { center, ..some }), None);
    }
}
