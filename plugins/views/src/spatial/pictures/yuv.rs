//! Luma and chroma to red, green and blue, by the matrix of ITU-R BT.601.

/// With all 256 values of each byte in use.
pub(super) fn full(y: u8, u: u8, v: u8) -> [u8; 4] {
    rgb(f32::from(y), f32::from(u) - 128.0, f32::from(v) - 128.0)
}

/// With luma from 16 to 235 and chroma from 16 to 240.
pub(super) fn limited(y: u8, u: u8, v: u8) -> [u8; 4] {
    let chroma = |byte: u8| (f32::from(byte) - 128.0) * (255.0 / 224.0);
    rgb((f32::from(y) - 16.0) * (255.0 / 219.0), chroma(u), chroma(v))
}

fn rgb(y: f32, u: f32, v: f32) -> [u8; 4] {
    let byte = |value: f32| value.round().clamp(0.0, 255.0) as u8;
    [
        byte(y + 1.402 * v),
        byte(y - 0.344_136 * u - 0.714_136 * v),
        byte(y + 1.772 * u),
        255,
    ]
}
