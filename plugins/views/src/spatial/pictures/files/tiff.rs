//! The first picture of a TIFF.
//!
//! Palettes are not known to the library that reads them. It is given the same file as one of grays, which are the positions in the
//! palette then.

use std::io::Cursor;

use ::tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult, Limits},
    tags::Tag,
};
use chronoscope_types::enums::{ChannelDatatype, ColorModel};
use image::metadata::Orientation;

use super::{
    DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES, narrow, thumbnail::Block, with_gray_alpha,
};

const FORMAT: FileFormat = FileFormat::Tiff;

fn broken(error: TiffError) -> DecodeError {
    FORMAT.broken(error)
}

fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, DecodeError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_DECODED_BYTES as usize;
    limits.intermediate_buffer_size = MAX_DECODED_BYTES as usize;
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(broken)?;
    Ok(decoder.with_limits(limits))
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut decoder = open(bytes)?;
    let (width, height) = decoder.dimensions().map_err(broken)?;
    let tag = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    Ok(Header {
        size: [width, height],
        orientation: tag
            .and_then(Orientation::from_exif)
            .unwrap_or(Orientation::NoTransforms),
    })
}

pub(super) fn decode(bytes: &[u8], size: [u32; 2]) -> Result<Decoded, DecodeError> {
    let mut decoder = open(bytes)?;
    let meaning = decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation);
    if meaning.ok().flatten() == Some(OF_PALETTE) {
        let palette = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(broken)?;
        return decode_palette(bytes, size, &palette);
    }
    let (color, samples) = read(decoder, size)?;
    if let ColorType::Gray(bits @ (1 | 2 | 4)) = color {
        let DecodingResult::U8(packed) = samples else {
            return Err(not_known(color));
        };
        let most = (1_u16 << bits) - 1;
        let gray = |value: u8| (u16::from(value) * 255 / most) as u8;
        let values = unpacked(&packed, bits, size);
        return Ok(Decoded::Gray8(values.into_iter().map(gray).collect()));
    }
    Ok(match (color, samples) {
        (ColorType::Gray(_), DecodingResult::U8(values)) => Decoded::Gray8(values),
        (ColorType::Gray(_), DecodingResult::U16(values)) => Decoded::Gray16(values),
        (ColorType::Gray(_), samples) => numbers(ColorModel::L, samples),
        (ColorType::GrayA(_), DecodingResult::U8(values)) => Decoded::Color(with_gray_alpha(&values)),
        (ColorType::GrayA(_), DecodingResult::U16(values)) => {
            Decoded::Color(with_gray_alpha(&narrow(values)))
        }
        // JPEGs within TIFFs are given as red, green and blue.
        (ColorType::RGB(_) | ColorType::YCbCr(_), DecodingResult::U16(values)) => {
            numbers(ColorModel::RGB, DecodingResult::U8(narrow(values)))
        }
        (ColorType::RGB(_) | ColorType::YCbCr(_), samples) => numbers(ColorModel::RGB, samples),
        (ColorType::RGBA(_), DecodingResult::U16(values)) => {
            numbers(ColorModel::RGBA, DecodingResult::U8(narrow(values)))
        }
        (ColorType::RGBA(_), samples) => numbers(ColorModel::RGBA, samples),
        (ColorType::CMYK(_), DecodingResult::U8(values)) => Decoded::Color(of_inks(&values)),
        (ColorType::CMYK(_), DecodingResult::U16(values)) => Decoded::Color(of_inks(&narrow(values))),
        (color, _) => return Err(not_known(color)),
    })
}

/// The samples of a picture, those of a pixel together.
fn read(
    mut decoder: Decoder<Cursor<&[u8]>>,
    [width, height]: [u32; 2],
) -> Result<(ColorType, DecodingResult), DecodeError> {
    let color = decoder.colortype().map_err(broken)?;
    let layout = decoder.image_buffer_layout().map_err(broken)?;
    if layout.complete_len as u64 > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let mut samples = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut samples).map_err(broken)?;
    let channels = usize::from(color.num_samples());
    if layout.planes > 1 {
        let pixels = width as usize * height as usize;
        samples = interleaved(samples, [pixels, channels]).ok_or_else(|| not_known(color))?;
    }
    Ok((color, samples))
}

/// What pixels mean: shares of white.
const OF_GRAY: u16 = 1;
/// What pixels mean: positions in a palette.
const OF_PALETTE: u16 = 3;

/// A picture whose pixels are positions in a palette: all reds, then all greens, then all blues.
fn decode_palette(bytes: &[u8], size: [u32; 2], palette: &[u16]) -> Result<Decoded, DecodeError> {
    let grays = as_grays(bytes).ok_or_else(|| FORMAT.broken("its palette cannot be read"))?;
    let positions: Vec<u16> = match read(open(&grays)?, size)? {
        (ColorType::Gray(bits @ (1 | 2 | 4)), DecodingResult::U8(packed)) => {
            let values = unpacked(&packed, bits, size).into_iter();
            values.map(u16::from).collect()
        }
        (ColorType::Gray(_), DecodingResult::U8(values)) => values.into_iter().map(u16::from).collect(),
        (ColorType::Gray(_), DecodingResult::U16(values)) => values,
        (color, _) => return Err(not_known(color)),
    };
    let num_colors = palette.len() / 3;
    // Their numbers go to 65,535. Some programs have written others.
    let is_narrow = palette.iter().all(|number| *number < 256);
    let number = |at: usize| palette.get(at).copied().unwrap_or(0) >> if is_narrow { 0 } else { 8 };
    let color = |position: usize| match position < num_colors {
        true => [0, 1, 2].map(|channel| number(channel * num_colors + position) as u8),
        false => [0; 3],
    };
    let pixels = positions.into_iter().map(|position| color(usize::from(position)));
    Ok(Decoded::Color(
        pixels.flat_map(|[r, g, b]| [r, g, b, 255]).collect(),
    ))
}

/// The same file, whose pixels are said to be grays. `None` where it does not say in its usual way what they are.
fn as_grays(bytes: &[u8]) -> Option<Vec<u8>> {
    const MEANING: u16 = 262;
    const SHORT: u16 = 3;
    let block = Block::of(bytes)?;
    let short = |at: usize| block.u16_at(at);
    let (mut entries, _) = block.entries(block.u32_at(4)?)?;
    let entry = entries.find(|entry| short(*entry) == Some(MEANING) && short(entry + 2) == Some(SHORT))?;
    let value = match block.is_big_endian {
        true => OF_GRAY.to_be_bytes(),
        false => OF_GRAY.to_le_bytes(),
    };
    let mut grays = bytes.to_vec();
    grays.get_mut(entry + 8..entry + 10)?.copy_from_slice(&value);
    Some(grays)
}

fn not_known(color: ColorType) -> DecodeError {
    FORMAT.broken(format_args!("pixels of the kind {color:?} are not known"))
}

/// The numbers of pixels that have less than a byte each, whose rows begin with a byte.
fn unpacked(packed: &[u8], bits: u8, [width, height]: [u32; 2]) -> Vec<u8> {
    let row_bytes = (width as usize * usize::from(bits)).div_ceil(8);
    let per_byte = 8 / usize::from(bits);
    let mask = ((1_u16 << bits) - 1) as u8;
    let rows = packed.chunks_exact(row_bytes.max(1)).take(height as usize);
    rows.flat_map(|row| {
        (0..width as usize).map(move |x| {
            let shift = 8 - usize::from(bits) * (x % per_byte + 1);
            row[x / per_byte] >> shift & mask
        })
    })
    .collect()
}

/// What comes through four inks on white paper.
fn of_inks(values: &[u8]) -> Vec<u8> {
    let pixels = values.as_chunks::<4>().0.iter();
    pixels
        .flat_map(|&[c, m, y, k]| {
            let light = |ink: u8| (u16::from(255 - ink) * u16::from(255 - k) / 255) as u8;
            [light(c), light(m), light(y), 255]
        })
        .collect()
}

/// Samples whose channels are stored one after the other, pixel by pixel.
fn interleaved(samples: DecodingResult, [pixels, channels]: [usize; 2]) -> Option<DecodingResult> {
    fn weave<T: Copy>(values: &[T], [pixels, channels]: [usize; 2]) -> Option<Vec<T>> {
        let planes: Vec<&[T]> = values.chunks_exact(pixels).take(channels).collect();
        (planes.len() == channels).then(|| {
            (0..pixels)
                .flat_map(|at| planes.iter().map(move |plane| plane[at]))
                .collect()
        })
    }
    let shape = [pixels, channels];
    Some(match samples {
        DecodingResult::U8(values) => DecodingResult::U8(weave(&values, shape)?),
        DecodingResult::U16(values) => DecodingResult::U16(weave(&values, shape)?),
        DecodingResult::F32(values) => DecodingResult::F32(weave(&values, shape)?),
        _ => return None,
    })
}

/// Samples as little-endian bytes.
fn numbers(model: ColorModel, samples: DecodingResult) -> Decoded {
    use ChannelDatatype::{F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    macro_rules! bytes_of {
        ($values:expr) => {
            $values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
    }
    let (datatype, bytes): (_, Vec<u8>) = match samples {
        DecodingResult::U8(values) => (U8, values),
        DecodingResult::U16(values) => (U16, bytes_of!(values)),
        DecodingResult::U32(values) => (U32, bytes_of!(values)),
        DecodingResult::U64(values) => (U64, bytes_of!(values)),
        DecodingResult::F16(values) => (F16, bytes_of!(values)),
        DecodingResult::F32(values) => (F32, bytes_of!(values)),
        DecodingResult::F64(values) => (F64, bytes_of!(values)),
        DecodingResult::I8(values) => (I8, bytes_of!(values)),
        DecodingResult::I16(values) => (I16, bytes_of!(values)),
        DecodingResult::I32(values) => (I32, bytes_of!(values)),
        DecodingResult::I64(values) => (I64, bytes_of!(values)),
    };
    Decoded::Numbers {
        model,
        datatype,
        bytes,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A picture of 3 x 2 positions of so many bits in a palette, in either order of bytes.
    fn file(is_little: bool, bits: u16, rows: &[u8], palette: &[u16]) -> Vec<u8> {
        const NUM_ENTRIES: u16 = 9;
        let end = 8 + 2 + 12 * u32::from(NUM_ENTRIES) + 4;
        let num_rows_bytes = rows.len() as u32;
        let mut file = if is_little {
            b"II*\0".to_vec()
        } else {
            b"MM\0*".to_vec()
        };
        let short = |value: u16| {
            if is_little {
                value.to_le_bytes()
            } else {
                value.to_be_bytes()
            }
        };
        let long = |value: u32| {
            if is_little {
                value.to_le_bytes()
            } else {
                value.to_be_bytes()
            }
        };
        file.extend(long(8));
        file.extend(short(NUM_ENTRIES));
        let mut entry = |tag: u16, count: u32, value: [u8; 4], kind: u16| {
            file.extend([short(tag), short(kind)].concat());
            file.extend(long(count));
            file.extend(value);
        };
        let in_entry = |value: u16| [short(value), [0, 0]].concat().try_into().unwrap();
        for (tag, value) in [(256, 3), (257, 2), (258, bits), (259, 1), (262, OF_PALETTE)] {
            entry(tag, 1, in_entry(value), 3);
        }
        entry(273, 1, long(end), 4);
        entry(278, 1, in_entry(2), 3);
        entry(279, 1, long(num_rows_bytes), 4);
        entry(320, palette.len() as u32, long(end + num_rows_bytes), 3);
        file.extend(long(0));
        file.extend(rows);
        file.extend(palette.iter().flat_map(|number| short(*number)));
        file
    }

    fn pixels(file: &[u8]) -> Vec<[u8; 4]> {
        let Decoded::Color(bytes) = decode(file, [3, 2]).unwrap() else {
            panic!("colors");
        };
        bytes.as_chunks::<4>().0.to_vec()
    }

    #[test]
    fn palettes_have_positions_of_any_bits() {
        let [black, red, white] = [[0, 0, 0, 255], [255, 0, 0, 255], [255; 4]];
        let expected = [red, white, black, black, red, red];
        let palette = |count: usize, most: u16| -> Vec<u16> {
            let channel = |of_red: u16| -> Vec<u16> {
                let mut numbers = vec![0, of_red, most];
                numbers.resize(count, 0);
                numbers
            };
            [channel(most), channel(0), channel(0)].concat()
        };
        for is_little in [true, false] {
            let in_bytes = file(is_little, 8, &[1, 2, 0, 0, 1, 1], &palette(256, 65_535));
            assert_eq!(pixels(&in_bytes), expected);
            let in_nibbles = file(is_little, 4, &[0x12, 0x00, 0x01, 0x10], &palette(16, 65_535));
            assert_eq!(pixels(&in_nibbles), expected);
            let in_pairs = file(is_little, 2, &[0b0110_0000, 0b0001_0100], &palette(4, 255));
            assert_eq!(pixels(&in_pairs), expected, "numbers up to 255");
        }
    }

    #[test]
    fn positions_beyond_the_palette_are_black() {
        let file = file(true, 8, &[1, 9, 0, 255, 0, 0], &[0, 65_535, 0, 0, 0, 0]);
        assert_eq!(
            pixels(&file)[..4],
            [[255, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255]]
        );
    }
}
