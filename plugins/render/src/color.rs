//! Colors as the GPU takes them: sRGB bytes in one word, made linear in the shader.

/// The packed color that stands for 'the segment's default color'.
pub const DEFAULT_COLOR: u32 = 0;

/// Packs sRGB red, green, blue and straight alpha into the word that instances carry.
///
/// Transparent black would read as [`DEFAULT_COLOR`], so it is packed as a transparent near-black, which looks the same.
#[inline]
#[must_use]
pub const fn pack_color(srgba: [u8; 4]) -> u32 {
    let packed = u32::from_le_bytes(srgba);
    if packed == DEFAULT_COLOR { 1 } else { packed }
}

/// One sRGB byte as a linear fraction, by the curve of IEC 61966-2-1.
pub(crate) fn linear_from_srgb(byte: u8) -> f32 {
    let value = f32::from(byte) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

/// sRGB bytes with straight alpha as linear fractions; alpha is linear already.
#[must_use]
pub fn linear_rgba(srgba: [u8; 4]) -> [f32; 4] {
    let [r, g, b, a] = srgba;
    [
        linear_from_srgb(r),
        linear_from_srgb(g),
        linear_from_srgb(b),
        f32::from(a) / 255.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_red_into_the_low_byte() {
        assert_eq!(pack_color([255, 0, 0, 128]), 0x8000_00ff);
    }

    #[test]
    fn transparent_black_is_not_the_default() {
        assert_ne!(pack_color([0; 4]), DEFAULT_COLOR);
    }
}
