//! What is behind everything: colors by the direction in which one looks.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::ecs::component::Component;
use bevy::math::{DVec3, Vec3};
use bevy::render::RenderApp;
use bevy::render::sync_world::SyncToRenderWorld;
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use super::unbounded::{self, Unbounded};

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d31");

/// A gradient behind everything that a camera sees: from what is straight below over the horizon to what is straight above.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied. Nothing picks it.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[component(on_add = add_visibility_class::<Backdrop>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct Backdrop {
    /// What is up; need not be of length one. Zero is as the horizon everywhere.
    pub up: Vec3,
    /// The sRGB color straight below.
    pub nadir: [u8; 3],
    /// The sRGB color at the horizon.
    pub horizon: [u8; 3],
    /// The sRGB color straight above.
    pub zenith: [u8; 3],
}

/// Draws all [`Backdrop`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
///
/// Cost: a triangle, and some twenty operations for each pixel that nothing opaque covers.
#[derive(Debug, Default, Clone, Copy)]
pub struct BackdropPlugin;

impl BackdropPlugin {
    pub(crate) const NAME: &'static str = "backdrops";
}

impl Plugin for BackdropPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "backdrop.wgsl", Shader::from_wgsl);
        unbounded::add_to::<Backdrop>(app, Self::NAME);
    }
}

impl Unbounded for Backdrop {
    type Values = BackdropValues;

    const NAME: &'static str = "backdrop";

    const SORT_BIAS: f32 = -2e30;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn values(&self, _: DVec3) -> Option<BackdropValues> {
        let color = |[r, g, b]: [u8; 3]| [r, g, b, 255].map(|value| f32::from(value) / 255.0);
        Some(BackdropValues {
            nadir: color(self.nadir),
            horizon: color(self.horizon),
            zenith: color(self.zenith),
            up: self.up.normalize_or_zero().extend(0.0).to_array(),
        })
    }
}

/// Mirrors `Backdrop` in `backdrop.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct BackdropValues {
    nadir: [f32; 4],
    horizon: [f32; 4],
    zenith: [f32; 4],
    up: [f32; 4],
}
