//! What is read of materials: base colors and textures, alpha and sides.

use chronoscope_render::{MeshAlpha, MeshMaterial, MeshSides, TextureSampling, TextureWrap};

use super::document::{Document, Material, TextureRef};

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

/// A material without its texture.
pub(super) fn material_of(material: &Material) -> MeshMaterial {
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
        ..MeshMaterial::default()
    }
}
