//! What is read of materials: base colors, alpha and sides, how metallic and rough they are and what they give off, and which
//! textures say more of that.

use chronoscope_render::{MeshAlpha, MeshMaterial, MeshSides, TextureSampling, TextureWrap};

use super::document::{Document, Material, TextureRef};
use crate::spatial::meshes::model::{Map, MapKind};

/// How a texture is read.
pub(super) fn sampling(document: &Document, texture: &TextureRef) -> TextureSampling {
    const NEAREST: u32 = 9728;
    let texture = document.textures.get(texture.index);
    let sampler = texture.and_then(|texture| document.samplers.get(texture.sampler?));
    let wrap = |code: Option<u32>| match code {
        Some(33071) => TextureWrap::Clamp,
        Some(33648) => TextureWrap::Mirror,
        _ => TextureWrap::Repeat,
    };
    TextureSampling {
        wrap_u: wrap(sampler.and_then(|sampler| sampler.wrap_s)),
        wrap_v: wrap(sampler.and_then(|sampler| sampler.wrap_t)),
        is_nearest: sampler.is_some_and(|sampler| sampler.mag_filter == Some(NEAREST)),
    }
}

/// The texture of the colors of a material.
pub(super) fn base_color_texture(material: &Material) -> Option<&TextureRef> {
    let diffuse = material.extensions.glossiness.as_ref();
    let diffuse = diffuse.and_then(|glossiness| glossiness.diffuse_texture.as_ref());
    diffuse.or(material.pbr_metallic_roughness.base_color_texture.as_ref())
}

/// The other textures of a material.
pub(super) fn maps(material: &Material) -> impl Iterator<Item = (MapKind, &TextureRef)> {
    let metallic_roughness = material
        .pbr_metallic_roughness
        .metallic_roughness_texture
        .as_ref();
    // Another model of light has no such texture.
    let metallic_roughness = metallic_roughness.filter(|_| material.extensions.glossiness.is_none());
    let maps = [
        (MapKind::MetallicRoughness, metallic_roughness),
        (MapKind::Emissive, material.emissive_texture.as_ref()),
        (MapKind::Normal, material.normal_texture.as_ref()),
        (MapKind::Occlusion, material.occlusion_texture.as_ref()),
    ];
    maps.into_iter()
        .filter_map(|(kind, texture)| Some((kind, texture?)))
}

/// How metallic and how rough a material is. Where a texture that is not shown says it, or another model of light, as a material is
/// by default.
fn metallic_and_roughness(material: &Material, is_mapped: bool) -> (f32, f32) {
    let pbr = &material.pbr_metallic_roughness;
    let is_unknown = pbr.metallic_roughness_texture.is_some() && !is_mapped;
    if is_unknown || material.extensions.glossiness.is_some() {
        let default = MeshMaterial::default();
        return (default.metallic, default.roughness);
    }
    let share = |factor: Option<f32>| factor.unwrap_or(1.0).clamp(0.0, 1.0);
    (share(pbr.metallic_factor), share(pbr.roughness_factor))
}

/// A material without its textures, of which these are shown beside that of the color.
pub(super) fn material_of(material: &Material, maps: &[Map]) -> MeshMaterial {
    let is_mapped = |kind: MapKind| maps.iter().any(|map| map.kind == kind);
    let (metallic, roughness) = metallic_and_roughness(material, is_mapped(MapKind::MetallicRoughness));
    // A texture says where it glows.
    let glows = material.emissive_texture.is_none() || is_mapped(MapKind::Emissive);
    let diffuse = material.extensions.glossiness.as_ref();
    let diffuse = diffuse.and_then(|glossiness| glossiness.diffuse_factor);
    let factor = diffuse.or(material.pbr_metallic_roughness.base_color_factor);
    MeshMaterial {
        base_color: factor.unwrap_or([1.0; 4]),
        alpha: match material.alpha_mode.as_deref() {
            Some("BLEND") => MeshAlpha::Blend,
            Some("MASK") => MeshAlpha::Mask(material.alpha_cutoff.unwrap_or(0.5)),
            _ => MeshAlpha::Opaque,
        },
        sides: if material.double_sided {
            MeshSides::Both
        } else {
            MeshSides::Front
        },
        is_unlit: material.extensions.unlit.is_some(),
        metallic,
        roughness,
        emissive: if glows { material.emissive_factor } else { [0.0; 3] },
        ..MeshMaterial::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn check(json: &str, metallic: f32, roughness: f32, emissive: [f32; 3]) {
        let material = material_of(&serde_json::from_str(json).unwrap(), &[]);
        assert_eq!(
            (material.metallic, material.roughness, material.emissive),
            (metallic, roughness, emissive),
            "{json}"
        );
    }

    #[test]
    fn what_a_material_mirrors_and_gives_off_is_read() {
        let nothing = [0.0; 3];
        check("{}", 1.0, 1.0, nothing);
        check(
            r#"{"pbrMetallicRoughness":{"metallicFactor":0.25,"roughnessFactor":7}}"#,
            0.25,
            1.0,
            nothing,
        );
        check(r#"{"emissiveFactor":[0.5,0,1]}"#, 1.0, 1.0, [0.5, 0.0, 1.0]);
        // What a texture says that is not shown is not known.
        check(
            r#"{"emissiveFactor":[0.5,0,1],"emissiveTexture":{"index":0}}"#,
            1.0,
            1.0,
            nothing,
        );
        let textured =
            r#"{"pbrMetallicRoughness":{"metallicFactor":1,"metallicRoughnessTexture":{"index":0}}}"#;
        check(textured, 0.0, 0.5, nothing);
        let glossy = r#"{"extensions":{"KHR_materials_pbrSpecularGlossiness":{"diffuseFactor":[1,1,1,1]}}}"#;
        check(glossy, 0.0, 0.5, nothing);
    }
}
