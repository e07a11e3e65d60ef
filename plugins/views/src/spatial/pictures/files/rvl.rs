//! Distances in RVL, with what ROS writes before them.
//!
//! The algorithm is that of Wilson, "Fast Lossless Depth Image Compression" (2017): runs of pixels without and with a distance, and of
//! the latter the differences from one to the next, as numbers of three bits a nibble. ROS puts the parameters of a quantization and the
//! size before: distances in meters that were made integers by their inverse.

use chronoscope_types::enums::{ChannelDatatype, ColorModel};

use super::{DecodeError, Decoded, FileFormat, Header};

/// What it is called where its bytes do not tell.
pub(super) const MEDIA_TYPE: &str = "application/rvl";

/// A word for what the numbers are, the two of the quantization, columns and rows.
const HEADER_BYTES: usize = 20;

/// How distances were quantized: `scale / (number - offset)` is one in meters.
#[derive(Clone, Copy)]
struct Quantization {
    scale: f32,
    offset: f32,
}

/// Which of the two formats it is: distances as they are, or the inverse ones.
pub(super) fn format(bytes: &[u8]) -> FileFormat {
    match quantization(bytes) {
        Some(_) => FileFormat::RvlInverse,
        None => FileFormat::Rvl,
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let size = word(bytes, 12).zip(word(bytes, 16));
    let (width, height) = size.ok_or_else(|| broken("it ends in its header"))?;
    Ok(Header::upright([width, height]))
}

pub(super) fn decode(bytes: &[u8], [width, height]: [u32; 2]) -> Result<Decoded, DecodeError> {
    let values = decode_values(
        bytes.get(HEADER_BYTES..).unwrap_or_default(),
        width as usize * height as usize,
    )?;
    let Some(Quantization { scale, offset }) = quantization(bytes) else {
        return Ok(Decoded::Gray16(values));
    };
    let meters = values.iter().map(|value| match value {
        0 => f32::NAN,
        value => scale / (f32::from(*value) - offset),
    });
    Ok(Decoded::Numbers {
        model: ColorModel::L,
        datatype: ChannelDatatype::F32,
        bytes: meters.flat_map(f32::to_le_bytes).collect(),
    })
}

/// `None` where the distances are as they were.
fn quantization(bytes: &[u8]) -> Option<Quantization> {
    let [scale, offset] = [4, 8].map(|at| word(bytes, at).map(f32::from_bits));
    let (scale, offset) = scale.zip(offset)?;
    let is_said = scale.is_normal() && scale > 0.0 && offset.is_finite();
    is_said.then_some(Quantization { scale, offset })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

fn broken(reason: &str) -> DecodeError {
    FileFormat::Rvl.broken(reason)
}

fn decode_values(bytes: &[u8], count: usize) -> Result<Vec<u16>, DecodeError> {
    let mut numbers = Numbers {
        words: bytes.as_chunks::<4>().0.iter(),
        word: 0,
        nibbles_left: 0,
    };
    let mut next = || numbers.next().ok_or_else(|| broken("it ends too early"));
    let mut values: Vec<u16> = Vec::new();
    let mut value = 0_i32;
    while values.len() < count {
        let (without, with) = (next()? as usize, next()? as usize);
        let left = count - values.len();
        if without.saturating_add(with) > left || without.saturating_add(with) == 0 {
            return Err(broken("its runs have other lengths than its size says"));
        }
        values.resize(values.len() + without, 0);
        for _ in 0..with {
            let number = next()?;
            // Even numbers are differences up, odd ones down.
            let difference = (number >> 1) as i32 ^ -((number & 1) as i32);
            value = value.wrapping_add(difference);
            let distance = u16::try_from(value).map_err(|_| broken("a distance is out of range"))?;
            values.push(distance);
        }
    }
    Ok(values)
}

/// Numbers of three bits a nibble, the lowest first. The fourth bit says that there are more. The first nibble of a word is its highest.
struct Numbers<'a> {
    words: std::slice::Iter<'a, [u8; 4]>,
    word: u32,
    nibbles_left: u32,
}

impl Numbers<'_> {
    /// `None` at the end, and where one has more than 32 bits.
    fn next(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(3) {
            let nibble = self.nibble()?;
            number |= (nibble & 7) << shift;
            if nibble & 8 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn nibble(&mut self) -> Option<u32> {
        if self.nibbles_left == 0 {
            self.word = u32::from_le_bytes(*self.words.next()?);
            self.nibbles_left = 8;
        }
        self.nibbles_left -= 1;
        let nibble = self.word >> 28;
        self.word <<= 4;
        Some(nibble)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// What ROS writes before the pixels.
    fn file(quantization: [f32; 2], size: [u32; 2], words: &[u32]) -> Vec<u8> {
        let [scale, offset] = quantization.map(f32::to_bits);
        let header = [0, scale, offset, size[0], size[1]];
        header
            .iter()
            .chain(words)
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    /// Two without, two of 5, one without: as the numbers 2, 2, 10 (in two nibbles), 0, 1, 0.
    const WORD: u32 = 0x22A1_0100;

    #[test]
    fn distances_are_runs_of_differences() {
        let bytes = file([0.0; 2], [5, 1], &[WORD]);
        assert_eq!(format(&bytes), FileFormat::Rvl);
        assert_eq!(header(&bytes).unwrap().size, [5, 1]);
        let Decoded::Gray16(values) = decode(&bytes, [5, 1]).unwrap() else {
            panic!("integers");
        };
        assert_eq!(values, [0, 0, 5, 5, 0]);
        // None without, two with one: 5, and 3 less than that, which is the number 5 (after 10 in two nibbles).
        let down = file([0.0; 2], [2, 1], &[0x02A1_5000]);
        let Decoded::Gray16(values) = decode(&down, [2, 1]).unwrap() else {
            panic!("integers");
        };
        assert_eq!(values, [5, 2]);
    }

    #[test]
    fn inverse_distances_become_meters() {
        let bytes = file([10.0, 1.0], [5, 1], &[WORD]);
        assert_eq!(format(&bytes), FileFormat::RvlInverse);
        let Decoded::Numbers { bytes, .. } = decode(&bytes, [5, 1]).unwrap() else {
            panic!("floats");
        };
        let values: Vec<f32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        assert_eq!(values[2..4], [2.5, 2.5]);
        assert!(values[0].is_nan() && values[4].is_nan());
    }

    #[test]
    fn what_is_broken_is_an_error() {
        let check = |words: &[u32], size: [u32; 2], reason: &str| {
            let error = decode(&file([0.0; 2], size, words), size).err().unwrap();
            assert!(error.to_string().contains(reason), "{error}");
        };
        check(&[], [5, 1], "ends too early");
        check(&[WORD], [6, 1], "ends too early");
        check(&[WORD], [3, 1], "other lengths");
        check(&[0], [1, 1], "other lengths");
        // A difference of -1 from nothing.
        check(&[0x0110_0000], [1, 1], "out of range");
        check(&[0xFFFF_FFFF, 0xFFFF_FFFF], [1, 1], "ends too early");
        assert!(header(&[0; 19]).is_err());
    }
}
