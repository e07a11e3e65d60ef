//! An endless plane of lines, to stand on.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::ecs::component::Component;
use bevy::math::{DVec2, DVec3, Vec3};
use bevy::render::RenderApp;
use bevy::render::sync_world::SyncToRenderWorld;
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use super::unbounded::{self, Unbounded};
use crate::color::linear_rgba;

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d05");

/// Lines on a plane without end. Every tenth is stronger; where they would crowd they fade, and the tenfold spacing
/// remains, so that the grid reads at any distance. Drawn over everything opaque behind it and under everything
/// translucent.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[component(on_add = add_visibility_class::<GroundGrid>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct GroundGrid {
    /// The plane's normal; need not be of length one. Zero draws nothing.
    pub normal: Vec3,
    /// The plane's distance from the origin along the normal, in scene units.
    pub offset: f64,
    /// Between neighboring lines, in scene units.
    pub spacing: f32,
    /// The sRGB color of the lines, with straight alpha.
    pub color: [u8; 4],
    /// The thickness of the lines, in UI points.
    pub thickness: f32,
}

impl Default for GroundGrid {
    fn default() -> Self {
        Self {
            normal: Vec3::Z,
            offset: 0.0,
            spacing: 1.0,
            color: [128, 128, 128, 90],
            thickness: 1.0,
        }
    }
}

/// Draws all [`GroundGrid`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct GroundGridPlugin;

impl GroundGridPlugin {
    pub(crate) const NAME: &'static str = "ground_grids";
}

impl Plugin for GroundGridPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "ground_grid.wgsl", Shader::from_wgsl);
        unbounded::add_to::<GroundGrid>(app, Self::NAME);
    }
}

/// The widest spacing of lines, times the grid's own: the strongest lines are so far apart.
const WIDEST: f64 = 100.0;

impl Unbounded for GroundGrid {
    type Values = GridValues;

    const NAME: &'static str = "ground_grid";

    const SORT_BIAS: f32 = -1e30;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    /// Nothing for a plane that is none.
    fn values(&self, eye: DVec3) -> Option<GridValues> {
        let normal = self.normal.as_dvec3().try_normalize()?;
        let is_sound =
            self.spacing.is_finite() && self.spacing > 0.0 && self.offset.is_finite() && self.thickness > 0.0;
        if !is_sound {
            return None;
        }
        // Along the world's axes if the plane is one of theirs, so that lines lie on whole coordinates.
        let axis_u = if normal.x.abs() < 0.9 { DVec3::X } else { DVec3::Y }
            .reject_from_normalized(normal)
            .try_normalize()?;
        let axis_v = normal.cross(axis_u);
        let widest = f64::from(self.spacing) * WIDEST;
        let base = DVec2::new(eye.dot(axis_u), eye.dot(axis_v)).rem_euclid(DVec2::splat(widest));
        Some(GridValues {
            color: linear_rgba(self.color),
            normal: normal.as_vec3().to_array(),
            height: (self.offset - eye.dot(normal)) as f32,
            axis_u: axis_u.as_vec3().to_array(),
            spacing: self.spacing,
            axis_v: axis_v.as_vec3().to_array(),
            thickness: self.thickness,
            base: base.as_vec2().to_array(),
            padding: [0.0; 2],
        })
    }
}

/// Mirrors `Grid` in `ground_grid.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct GridValues {
    color: [f32; 4],
    normal: [f32; 3],
    height: f32,
    axis_u: [f32; 3],
    spacing: f32,
    axis_v: [f32; 3],
    thickness: f32,
    base: [f32; 2],
    padding: [f32; 2],
}
