//! The small version of itself that a camera puts into a file.

use super::Pixels;

/// The JPEG file in an EXIF block, which is the second image of a TIFF file without pixels (EXIF 2.32, section 4.5.5); `None` where
/// there is none, or it is said to lie elsewhere than in the block.
pub(super) fn of_exif(block: &[u8]) -> Option<&[u8]> {
    /// Where the thumbnail begins in the block.
    const OFFSET: u16 = 0x0201;
    /// The bytes of it.
    const LENGTH: u16 = 0x0202;
    let block = Block::of(block)?;
    let first = block.u32_at(4)?;
    let (_, second) = block.entries(first)?;
    let (entries, _) = block.entries(second.filter(|offset| *offset > 0)?)?;
    let value = |tag: u16| {
        let is_it = |at: &usize| block.u16_at(*at) == Some(tag);
        let at = entries.clone().find(is_it)?;
        usize::try_from(block.u32_at(at + 8)?).ok()
    };
    let begin = value(OFFSET)?;
    block.bytes.get(begin..begin.checked_add(value(LENGTH)?)?)
}

/// The middle of a thumbnail, in the shape of its picture: where that is another, cameras add bars.
pub(super) fn without_bars(pixels: Pixels, [width, height]: [u32; 2]) -> Pixels {
    let [columns, rows] = pixels.size;
    // At the height of the thumbnail, and at its width; both may be rounded to nothing.
    let fitting = |side: u32, numerator: u32, denominator: u32| {
        let side = u64::from(side) * u64::from(numerator) / u64::from(denominator.max(1));
        u32::try_from(side).unwrap_or(u32::MAX).max(1)
    };
    let size = [
        columns.min(fitting(rows, width, height)),
        rows.min(fitting(columns, height, width)),
    ];
    if size == pixels.size {
        return pixels;
    }
    let pixel = pixels.layout.bytes();
    let skipped = [(columns - size[0]) / 2, (rows - size[1]) / 2].map(|side| side as usize);
    let used = skipped[0] * pixel..(skipped[0] + size[0] as usize) * pixel;
    let rows = pixels.bytes.chunks_exact(columns as usize * pixel);
    let rows = rows.skip(skipped[1]).take(size[1] as usize);
    let bytes = rows.flat_map(|row| row.get(used.clone()).unwrap_or(&[]));
    Pixels {
        bytes: bytes.copied().collect(),
        size,
        ..pixels
    }
}

/// A TIFF file, or an EXIF block, which is laid out as one.
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    pub(super) is_big_endian: bool,
}

impl<'a> Block<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        // Some writers leave the prefix of JPEG's segment in.
        let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let is_big_endian = bytes.starts_with(b"MM\0*");
        (is_big_endian || bytes.starts_with(b"II*\0")).then_some(Self { bytes, is_big_endian })
    }

    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.bytes.get(offset..)?.first_chunk().copied()
    }

    pub(super) fn u16_at(&self, offset: usize) -> Option<u16> {
        let bytes = self.at(offset)?;
        Some(match self.is_big_endian {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    pub(super) fn u32_at(&self, offset: usize) -> Option<u32> {
        let bytes = self.at(offset)?;
        Some(match self.is_big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    /// The places of the entries of an image, and that of the next image.
    pub(super) fn entries(&self, offset: u32) -> Option<(impl Iterator<Item = usize> + Clone, Option<u32>)> {
        const ENTRY_BYTES: usize = 12;
        let offset = usize::try_from(offset).ok()?;
        let begin = offset.checked_add(2)?;
        let end = begin.checked_add(usize::from(self.u16_at(offset)?) * ENTRY_BYTES)?;
        Some(((begin..end).step_by(ENTRY_BYTES), self.u32_at(end)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_types::{Component as _, components::Blob};

    use super::super::{DecodeError, PixelKind, PixelLayout, decode, thumbnail};
    use crate::spatial::pictures::EncodedPixels;

    /// 48 x 32 pixels, red beside blue, and the same in 16 x 10 between bars.
    const FILE: &[u8] = include_bytes!("../testdata/thumbnail.jpg");

    fn open(bytes: &[u8]) -> Result<EncodedPixels, DecodeError> {
        let blob = Blob::build(vec![bytes.to_vec()]);
        EncodedPixels::new(blob).map(Option::unwrap)
    }

    #[test]
    fn a_thumbnail_has_the_shape_of_its_picture() {
        let file = open(FILE).unwrap();
        let small = thumbnail(&file, 16 * 12).unwrap();
        assert_eq!((small.size, small.layout), ([16, 10], PixelLayout::Rgba8));
        let is_red = |[red, _, blue, _]: &[u8; 4]| *red > 150 && *blue < 100;
        let is_blue = |[red, _, blue, _]: &[u8; 4]| *red < 100 && *blue > 150;
        let row = &small.bytes.as_chunks::<4>().0[5 * 16..6 * 16];
        assert!(
            row[..6].iter().all(is_red) && row[10..].iter().all(is_blue),
            "{row:?}"
        );
        assert_eq!(thumbnail(&file, 16 * 12 - 1), None, "too large");
        let none = open(include_bytes!("../testdata/color.jpg")).unwrap();
        assert_eq!(thumbnail(&none, u64::MAX), None);
    }

    /// Each byte of what says where it is, spoiled: it is another, or none, and the picture is what it was.
    #[test]
    fn a_block_that_lies_spoils_no_picture() {
        let mut num_without = 0;
        for (at, value) in (12..80).flat_map(|at| [0, 1, 0x7F, 0xFF].map(|value| (at, value))) {
            let mut spoiled = FILE.to_vec();
            spoiled[at] = value;
            let file = open(&spoiled).unwrap();
            match thumbnail(&file, 16 * 12) {
                Some(small) => assert!(small.size[0] * small.size[1] <= 16 * 12),
                None => num_without += 1,
            }
            let [width, height] = decode(&file, PixelKind::Color).unwrap().size;
            assert_eq!(width * height, 48 * 32, "{at} {value}");
        }
        assert!(num_without > 0);
    }
}
