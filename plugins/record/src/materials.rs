//! The engine's standard material.

use bevy_app::{App, Plugin};
use bevy_color::ColorToPacked as _;
use bevy_pbr::{MeshMaterial3d, StandardMaterial};

use crate::{AppRecordMaterialExt as _, MaterialLook, assets::records_material};

/// Records the base color and texture of the engine's standard materials, with the meshes that have them.
///
/// An app that says by [`AppRecordMaterialExt::record_material`](crate::AppRecordMaterialExt::record_material) itself how they look is
/// left alone.
pub struct RecordMaterialsPlugin;

impl Plugin for RecordMaterialsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that what an app says comes first.
    fn finish(&self, app: &mut App) {
        if !records_material::<MeshMaterial3d<StandardMaterial>>(app) {
            app.record_material::<MeshMaterial3d<StandardMaterial>>(look_of);
        }
    }
}

fn look_of(material: &StandardMaterial) -> MaterialLook {
    let [r, g, b, a] = material.base_color.to_srgba().to_u8_array();
    // By default a material is opaque, whatever its color says.
    let is_opaque = material.alpha_mode == Default::default();
    let alpha = if is_opaque { u8::MAX } else { a };
    MaterialLook::color([r, g, b, alpha]).with_texture(material.base_color_texture.clone())
}
