//! Which way up a picture is: what cameras note when they are held otherwise.

use image::metadata::Orientation;

/// The orientation that an EXIF block tells, if one is there and does.
pub(super) fn of_exif(block: Option<&[u8]>) -> Orientation {
    // Some writers leave the prefix of JPEG's segment in.
    let block = block.map(|block| block.strip_prefix(b"Exif\0\0").unwrap_or(block));
    block
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// The size of a picture once it is upright.
pub(super) fn upright_size(orientation: Orientation, [width, height]: [u32; 2]) -> [u32; 2] {
    if is_lying(orientation) {
        [height, width]
    } else {
        [width, height]
    }
}

/// The pixels of a picture, upright. Cost: O(pixels), nothing where it is stored so.
///
/// Precondition: there are as many bytes as `size` and the bytes of a pixel say.
pub(super) fn upright(
    orientation: Orientation,
    [width, height]: [u32; 2],
    pixel_bytes: usize,
    bytes: Vec<u8>,
) -> Vec<u8> {
    if orientation == Orientation::NoTransforms {
        return bytes;
    }
    let (width, height) = (width as usize, height as usize);
    let (last_x, last_y) = (width.saturating_sub(1), height.saturating_sub(1));
    // Where the pixel at a place of the upright picture is stored.
    let stored = |x: usize, y: usize| match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (last_x - x, y),
        Orientation::Rotate180 => (last_x - x, last_y - y),
        Orientation::FlipVertical => (x, last_y - y),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, last_y - x),
        Orientation::Rotate270FlipH => (last_x - y, last_y - x),
        Orientation::Rotate270 => (last_x - y, x),
    };
    let [columns, rows] = upright_size(orientation, [width as u32, height as u32]).map(|side| side as usize);
    let mut turned = Vec::with_capacity(bytes.len());
    for y in 0..rows {
        for x in 0..columns {
            let (x, y) = stored(x, y);
            let start = (y * width + x) * pixel_bytes;
            turned.extend_from_slice(bytes.get(start..start + pixel_bytes).unwrap_or(&[]));
        }
    }
    turned
}

/// Whether rows of the upright picture are stored as columns.
fn is_lying(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use image::DynamicImage;

    use super::*;

    #[test]
    fn pictures_are_turned_as_their_tag_says() {
        let stored = image::GrayImage::from_raw(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        for tag in 1..=8 {
            let orientation = Orientation::from_exif(tag).unwrap();
            let mut expected = DynamicImage::ImageLuma8(stored.clone());
            expected.apply_orientation(orientation);
            let size = upright_size(orientation, [3, 2]);
            assert_eq!(size, [expected.width(), expected.height()], "tag {tag}");
            let turned = upright(orientation, [3, 2], 1, stored.clone().into_raw());
            assert_eq!(turned, expected.into_luma8().into_raw(), "tag {tag}");
        }
    }

    #[test]
    fn blocks_that_say_nothing_turn_nothing() {
        for block in [
            None,
            Some(&b""[..]),
            Some(b"Exif\0\0"),
            Some(b"II*\0\xff\xff\xff\xff"),
        ] {
            assert_eq!(of_exif(block), Orientation::NoTransforms, "{block:?}");
        }
    }
}
