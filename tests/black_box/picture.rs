//! Questions to a picture.

use std::path::Path;

use image::RgbImage;

/// The picture in a file.
pub(crate) fn load(path: &Path) -> RgbImage {
    image::open(path).unwrap().to_rgb8()
}

/// How many pixels have about this color.
pub(crate) fn count(picture: &RgbImage, color: [u8; 3]) -> usize {
    picture
        .pixels()
        .filter(|pixel| (0..3).all(|i| pixel.0[i].abs_diff(color[i]) <= 6))
        .count()
}

/// How many pixels differ clearly.
pub(crate) fn difference(a: &RgbImage, b: &RgbImage) -> usize {
    assert_eq!(a.dimensions(), b.dimensions());
    a.pixels()
        .zip(b.pixels())
        .filter(|(a, b)| (0..3).any(|i| a.0[i].abs_diff(b.0[i]) > 8))
        .count()
}

/// Saves a picture to be looked at, where a folder for that is named.
pub(crate) fn save(picture: &RgbImage, name: &str) {
    if let Some(folder) = std::env::var_os("CHRONOSCOPE_PICTURES") {
        picture.save(Path::new(&folder).join(name)).unwrap();
    }
}
