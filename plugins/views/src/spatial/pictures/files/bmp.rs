//! BMP: with palettes, plain, with masks, and with the run lengths of palettes.
//!
//! Source: the headers `BITMAPCOREHEADER` and `BITMAPINFOHEADER` up to version 5 of the Windows API.

use super::{DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES};

const FORMAT: FileFormat = FileFormat::Bmp;

/// Where the second header begins.
const INFO_AT: usize = 14;

/// How the pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    /// Rows of indices into the palette, or of blue, green and red.
    Plain,
    /// Rows of numbers, of which masks tell red, green, blue and alpha.
    Masks([u32; 4]),
    /// Runs of indices.
    Runs,
}

struct Info<'a> {
    size: [u32; 2],
    /// Whether the first row that is stored is the uppermost.
    is_top_down: bool,
    bits: u32,
    storage: Storage,
    /// Blue, green and red of each color.
    palette: Vec<[u8; 3]>,
    pixels: &'a [u8],
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    Ok(Header::upright(read_info(bytes)?.size))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let info = read_info(bytes)?;
    let [width, height] = info.size;
    if u64::from(width) * u64::from(height) * 4 > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let mut pixels = match info.storage {
        Storage::Plain | Storage::Masks(_) => read_rows(&info)?,
        Storage::Runs => read_runs(&info),
    };
    if !info.is_top_down {
        let row_bytes = width as usize * 4;
        let (upper, lower) = pixels.split_at_mut(height as usize / 2 * row_bytes);
        let rows = upper.chunks_exact_mut(row_bytes);
        for (above, below) in rows.zip(lower.rchunks_exact_mut(row_bytes)) {
            above.swap_with_slice(below);
        }
    }
    Ok(Decoded::Color(pixels))
}

fn read_info(bytes: &[u8]) -> Result<Info<'_>, DecodeError> {
    let cut = || FORMAT.broken("its header is cut off");
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let pixels_at = u32_at(10).ok_or_else(cut)? as usize;
    let info_len = u32_at(INFO_AT).ok_or_else(cut)? as usize;
    let is_core = info_len == 12;
    if !is_core && !(40..=124).contains(&info_len) {
        return Err(FORMAT.broken(format_args!("a header of {info_len} bytes is not known")));
    }
    let (width, height, bits, compression, num_used) = if is_core {
        let [width, height, _, bits] = [18, 20, 22, 24].map(u16_at);
        let side = |side: Option<u16>| side.map(i32::from);
        (side(width), side(height), bits, Some(0), Some(0))
    } else {
        let side = |at| u32_at(at).map(u32::cast_signed);
        (side(18), side(22), u16_at(28), u32_at(30), u32_at(46))
    };
    let (width, height) = (width.ok_or_else(cut)?, height.ok_or_else(cut)?);
    let bits = u32::from(bits.ok_or_else(cut)?);
    let compression = compression.ok_or_else(cut)?;
    if width < 0 {
        return Err(FORMAT.broken("its width is negative"));
    }
    let mask_at = |channel: usize| u32_at(INFO_AT + 40 + channel * 4).unwrap_or(0);
    let storage = match (compression, bits) {
        (0, 1 | 4 | 8 | 24 | 32) => Storage::Plain,
        (0, 16) => Storage::Masks([0x7C00, 0x03E0, 0x001F, 0]),
        (1, 8) | (2, 4) => Storage::Runs,
        (3 | 6, 16 | 32) => {
            let has_alpha = compression == 6 || info_len >= 56;
            let alpha = if has_alpha { mask_at(3) } else { 0 };
            Storage::Masks([mask_at(0), mask_at(1), mask_at(2), alpha])
        }
        _ => {
            return Err(FORMAT.broken(format_args!(
                "{bits} bits per pixel in compression {compression} are not known"
            )));
        }
    };
    let palette = if bits <= 8 {
        let most = 1 << bits;
        let num_colors = match num_used.ok_or_else(cut)? as usize {
            0 => most,
            used => used.min(most),
        };
        let color_bytes = if is_core { 3 } else { 4 };
        let stored = bytes.get(INFO_AT + info_len..).ok_or_else(cut)?;
        let colors = stored.chunks_exact(color_bytes).take(num_colors);
        colors.map(|color| [color[0], color[1], color[2]]).collect()
    } else {
        Vec::new()
    };
    Ok(Info {
        size: [width.unsigned_abs(), height.unsigned_abs()],
        is_top_down: height < 0,
        bits,
        storage,
        palette,
        pixels: bytes
            .get(pixels_at..)
            .ok_or_else(|| FORMAT.broken("it has no pixels"))?,
    })
}

impl Info<'_> {
    /// Red, green, blue and alpha of a color of the palette; black where there is no such color.
    fn color(&self, index: u8) -> [u8; 4] {
        let [b, g, r] = self.palette.get(usize::from(index)).copied().unwrap_or_default();
        [r, g, b, 255]
    }
}

/// The rows in the order in which they are stored.
fn read_rows(info: &Info<'_>) -> Result<Vec<u8>, DecodeError> {
    let [width, height] = info.size.map(|side| side as usize);
    let row_bytes = (width * info.bits as usize).div_ceil(32) * 4;
    let found = info.pixels.len() / row_bytes.max(1);
    if found < height {
        return Err(FORMAT.broken(format_args!("it is cut off: {found} of {height} rows are there")));
    }
    let mut pixels = Vec::with_capacity(width * height * 4);
    for row in info.pixels.chunks_exact(row_bytes.max(1)).take(height) {
        match (info.storage, info.bits) {
            (Storage::Masks(masks), 16) => {
                let values = row.as_chunks::<2>().0.iter().take(width);
                let values = values.map(|value| u32::from(u16::from_le_bytes(*value)));
                pixels.extend(values.flat_map(|value| masked(value, masks)));
            }
            (Storage::Masks(masks), _) => {
                let values = row.as_chunks::<4>().0.iter().take(width);
                pixels.extend(values.flat_map(|value| masked(u32::from_le_bytes(*value), masks)));
            }
            (_, 24) => {
                let colors = row.as_chunks::<3>().0.iter().take(width);
                pixels.extend(colors.flat_map(|&[b, g, r]| [r, g, b, 255]));
            }
            (_, 32) => {
                let colors = row.as_chunks::<4>().0.iter().take(width);
                pixels.extend(colors.flat_map(|&[b, g, r, _]| [r, g, b, 255]));
            }
            (_, bits) => {
                let per_byte = 8 / bits.max(1) as usize;
                let index = |x: usize| {
                    let shift = 8 - bits * (x % per_byte + 1) as u32;
                    row[x / per_byte] >> shift & ((1_u32 << bits) - 1) as u8
                };
                pixels.extend((0..width).flat_map(|x| info.color(index(x))));
            }
        }
    }
    Ok(pixels)
}

/// The channels of a number, by the masks of red, green, blue and alpha.
fn masked(value: u32, masks: [u32; 4]) -> [u8; 4] {
    let channel = |mask: u32, without: u8| {
        let most = mask.checked_shr(mask.trailing_zeros()).unwrap_or(0);
        if most == 0 {
            return without;
        }
        let part = (value & mask) >> mask.trailing_zeros();
        ((u64::from(part) * 255 + u64::from(most) / 2) / u64::from(most)) as u8
    };
    let [r, g, b, a] = masks;
    [channel(r, 0), channel(g, 0), channel(b, 0), channel(a, 255)]
}

/// The rows from the lowest on, by their runs. What no run covers is clear, and runs beyond a row are cut.
fn read_runs(info: &Info<'_>) -> Vec<u8> {
    let [width, height] = info.size.map(|side| side as usize);
    let mut pixels = vec![0; width * height * 4];
    let is_narrow = info.bits == 4;
    let mut put = |x: usize, y: usize, index: u8| {
        if x < width && y < height {
            pixels[(y * width + x) * 4..][..4].copy_from_slice(&info.color(index));
        }
    };
    // Of the bytes of two narrow indices, the one at an even place comes first.
    let index_of = |byte: u8, at: usize| match (is_narrow, at % 2) {
        (false, _) => byte,
        (true, 0) => byte >> 4,
        (true, _) => byte & 15,
    };
    let (mut x, mut y) = (0, 0);
    let mut rest = info.pixels;
    while let [count, value, after @ ..] = rest
        && y < height
    {
        rest = after;
        match (*count, *value) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => break,
            (0, 2) => {
                let [right, up, after @ ..] = rest else {
                    break;
                };
                (x, y, rest) = (x + usize::from(*right), y + usize::from(*up), after);
            }
            (0, count) => {
                let count = usize::from(count);
                let num_bytes = if is_narrow { count.div_ceil(2) } else { count };
                for at in 0..count {
                    let byte = rest.get(if is_narrow { at / 2 } else { at });
                    put(x + at, y, index_of(byte.copied().unwrap_or(0), at));
                }
                x += count;
                rest = rest.get(num_bytes.next_multiple_of(2)..).unwrap_or(&[]);
            }
            (count, value) => {
                for at in 0..usize::from(count) {
                    put(x + at, y, index_of(value, at));
                }
                x += usize::from(count);
            }
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A file of 3 x 2 pixels.
    fn file(bits: u16, compression: u32, masks: &[u32], palette: &[[u8; 4]], pixels: &[u8]) -> Vec<u8> {
        let info_len = 40 + if compression == 3 { 0 } else { masks.len() * 4 };
        let pixels_at = INFO_AT + 40 + masks.len() * 4 + palette.len() * 4;
        let mut bytes = b"BM\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend((pixels_at as u32).to_le_bytes());
        bytes.extend([info_len as u32, 3, 2].map(u32::to_le_bytes).concat());
        bytes.extend([1, bits].map(u16::to_le_bytes).concat());
        bytes.extend(
            [compression, 0, 0, 0, palette.len() as u32, 0]
                .map(u32::to_le_bytes)
                .concat(),
        );
        bytes.extend(masks.iter().flat_map(|mask| mask.to_le_bytes()));
        bytes.extend(palette.concat());
        bytes.extend(pixels);
        bytes
    }

    fn check(file: &[u8], expected: [[u8; 4]; 6]) {
        assert_eq!(header(file).unwrap().size, [3, 2]);
        let Decoded::Color(pixels) = decode(file).unwrap() else {
            panic!("colors");
        };
        assert_eq!(pixels, expected.concat());
    }

    const R: [u8; 4] = [255, 0, 0, 255];
    const G: [u8; 4] = [0, 255, 0, 255];
    const B: [u8; 4] = [0, 0, 255, 255];
    const NONE: [u8; 4] = [0; 4];
    /// Blue, green and red of each.
    const PALETTE: [[u8; 4]; 3] = [[0, 0, 255, 0], [0, 255, 0, 0], [255, 0, 0, 0]];

    #[test]
    fn rows_are_stored_from_below_in_all_depths() {
        let lower_then_upper = [0, 1, 2, 0, 2, 1, 0, 0];
        check(&file(8, 0, &[], &PALETTE, &lower_then_upper), [B, G, R, R, G, B]);
        let halves = [0x01, 0x20, 0, 0, 0x21, 0x00, 0, 0];
        check(&file(4, 0, &[], &PALETTE, &halves), [B, G, R, R, G, B]);
        let bits = [0b0100_0000, 0, 0, 0, 0b1010_0000, 0, 0, 0];
        check(&file(1, 0, &[], &PALETTE[..2], &bits), [G, R, G, R, G, R]);
        let plain = [
            [0, 0, 255, 0, 255, 0, 255, 0, 0, 9, 9, 9],
            [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9],
        ];
        check(&file(24, 0, &[], &[], &plain.concat()), [B, G, R, R, G, B]);
        let words = [0x7C00, 0x03E0, 0x001F, 0, 0x001F, 0x03E0, 0x7C00, 0_u16];
        check(
            &file(16, 0, &[], &[], &words.map(u16::to_le_bytes).concat()),
            [B, G, R, R, G, B],
        );
        let wide = [
            0xFF_00_00_u32,
            0x00_FF_00,
            0x00_00_FF,
            0x00_00_FF,
            0x00_FF_00,
            0xFF_00_00,
        ];
        let wide = wide.map(u32::to_le_bytes).concat();
        check(&file(32, 0, &[], &[], &wide), [B, G, R, R, G, B]);
        let masks = [0x00_00_FF, 0x00_FF_00, 0xFF_00_00];
        check(&file(32, 3, &masks, &[], &wide), [R, G, B, B, G, R]);
    }

    #[test]
    fn runs_are_cut_at_their_row_and_may_be_left_out() {
        let runs = [3, 0, 0, 0, 1, 1, 0, 2, 1, 0, 9, 2, 0, 1];
        check(&file(8, 1, &[], &PALETTE, &runs), [G, NONE, B, R, R, R]);
        let literal = [0, 3, 0, 1, 2, 0, 0, 0, 2, 2, 0, 1];
        check(&file(8, 1, &[], &PALETTE, &literal), [B, B, NONE, R, G, B]);
        let narrow = [3, 0x01, 0, 0, 0, 3, 0x21, 0x00, 0, 1];
        check(&file(4, 2, &[], &PALETTE, &narrow), [B, G, R, R, G, R]);
    }

    #[test]
    fn what_is_cut_off_or_unknown_is_an_error() {
        let whole = file(8, 0, &[], &PALETTE, &[0, 1, 2, 0, 2, 1, 0, 0]);
        for len in 0..whole.len() {
            assert!(decode(&whole[..len]).is_err(), "{len} bytes");
        }
        assert!(decode(&file(7, 0, &[], &PALETTE, &[0; 8])).is_err());
        assert!(decode(&file(8, 4, &[], &PALETTE, &[0; 8])).is_err());
    }
}
