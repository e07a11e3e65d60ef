//! The first picture of a TIFF. Palettes are not known to the library that reads them, which says so.

use std::io::Cursor;

use ::tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult, Limits},
    tags::Tag,
};
use chronoscope_types::enums::{ChannelDatatype, ColorModel};
use image::metadata::Orientation;

use super::{DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES, narrow, with_gray_alpha};

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

pub(super) fn decode(bytes: &[u8], [width, height]: [u32; 2]) -> Result<Decoded, DecodeError> {
    let mut decoder = open(bytes)?;
    let color = decoder.colortype().map_err(broken)?;
    let layout = decoder.image_buffer_layout().map_err(broken)?;
    if layout.complete_len as u64 > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let mut samples = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut samples).map_err(broken)?;
    if let ColorType::Gray(bits @ (1 | 2 | 4)) = color {
        let DecodingResult::U8(packed) = samples else {
            return Err(not_known(color));
        };
        let most = (1_u16 << bits) - 1;
        let gray = |value: u8| (u16::from(value) * 255 / most) as u8;
        let values = unpacked(&packed, bits, [width, height]);
        return Ok(Decoded::Gray8(values.into_iter().map(gray).collect()));
    }
    let channels = usize::from(color.num_samples());
    if layout.planes > 1 {
        let pixels = width as usize * height as usize;
        samples = interleaved(samples, [pixels, channels]).ok_or_else(|| not_known(color))?;
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
