//! What the texels of a picture mean, and which textures can mean it.

use bevy::asset::Handle;
use bevy::image::Image;
use bevy::log::warn_once;
use bevy::render::render_resource::{TextureDimension, TextureSampleType};
use bevy::render::texture::GpuImage;

/// What the texels of a picture mean. A change of it uploads nothing but a uniform.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Texels {
    /// Colors with straight alpha.
    #[default]
    Colors,
    /// The first channel is a number. One that is NaN is transparent.
    Values {
        /// The numbers with the first and the last color of the table. Those beyond have the same; the first may be the greater
        /// one.
        range: [f32; 2],
        /// A row of at least two colors, which are interpolated. An 8 bit sRGB texture.
        table: Handle<Image>,
    },
    /// The first channel is the number of a color in a table. What the table lacks is transparent.
    Classes {
        /// Rows of colors, of which the first row comes first. An 8 bit sRGB texture.
        table: Handle<Image>,
    },
}

impl Texels {
    pub(super) fn table(&self) -> Option<&Handle<Image>> {
        match self {
            Self::Colors => None,
            Self::Values { table, .. } | Self::Classes { table } => Some(table),
        }
    }

    /// The first value, and what a difference of values is multiplied by.
    pub(super) fn offset_and_scale(&self) -> [f32; 2] {
        match self {
            Self::Values {
                range: [first, last], ..
            } if first != last => [*first, 1.0 / (last - first)],
            Self::Values {
                range: [first, _], ..
            } => [*first, 0.0],
            Self::Colors | Self::Classes { .. } => [0.0, 1.0],
        }
    }
}

/// What the shader reads from a texture, and what it makes of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TexelKind {
    Colors,
    FloatValues,
    UintValues,
    Classes,
}

impl TexelKind {
    /// `None` where the texture does not fit: to bind it would be a validation error, and the end of the app.
    pub(super) fn of(image: &GpuImage, texels: &Texels) -> Option<Self> {
        let descriptor = &image.texture_descriptor;
        let is_flat = descriptor.dimension == TextureDimension::D2
            && descriptor.size.depth_or_array_layers == 1
            && descriptor.sample_count == 1;
        let kind = match (texels, descriptor.format.sample_type(None, None)) {
            (Texels::Colors, Some(TextureSampleType::Float { filterable: true })) => Some(Self::Colors),
            (Texels::Values { .. }, Some(TextureSampleType::Float { .. })) => Some(Self::FloatValues),
            (Texels::Values { .. }, Some(TextureSampleType::Uint)) => Some(Self::UintValues),
            (Texels::Classes { .. }, Some(TextureSampleType::Uint)) => Some(Self::Classes),
            _ => None,
        };
        let kind = kind.filter(|_| is_flat);
        if kind.is_none() {
            warn_once!(
                "an image quad cannot show a texture of {:?} and {:?} as {texels:?}",
                descriptor.format,
                descriptor.size
            );
        }
        kind
    }

    pub(super) fn shader_defs(self) -> &'static [&'static str] {
        match self {
            Self::Colors => &[],
            Self::FloatValues => &["VALUES"],
            Self::UintValues => &["VALUES", "UINTS"],
            Self::Classes => &["CLASSES", "UINTS"],
        }
    }

    pub(super) fn sample_type(self) -> TextureSampleType {
        match self {
            Self::Colors => TextureSampleType::Float { filterable: true },
            Self::FloatValues => TextureSampleType::Float { filterable: false },
            Self::UintValues | Self::Classes => TextureSampleType::Uint,
        }
    }
}
