//! Pictures as they lie in their files.

use chronoscope_types::EncodedImage;

use super::{Candidate, Certainty, FileInput, ImportContext, Importer, Messages, whole::import_whole};
use crate::IoError;

/// Pictures in the formats that views decode: PNG, JPEG, WebP, TIFF, BMP and GIF.
///
/// The file becomes one row, its bytes as they are. Whether they are a sound picture shows when it is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct PictureImporter;

impl Importer for PictureImporter {
    fn name(&self) -> &'static str {
        "a PNG, JPEG, WebP, TIFF, BMP or GIF picture"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        match media_type(candidate.head) {
            Some(_) => Certainty::Certain,
            None => Certainty::No,
        }
    }

    fn import(&self, input: FileInput, context: &ImportContext) -> Messages {
        import_whole(input, context, u64::MAX, |bytes| {
            let media_type = media_type(&bytes).ok_or(IoError::OtherFormat {
                expected: PictureImporter.name(),
                looks_like: "unknown data",
            })?;
            Ok(EncodedImage::new(bytes).with_media_type(media_type))
        })
    }
}

/// The media type of a picture by its first bytes; `None` where they are not of one.
fn media_type(head: &[u8]) -> Option<&'static str> {
    let begins = |begin: &[u8]| head.starts_with(begin);
    if begins(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if begins(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if begins(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        Some("image/tiff")
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Some("image/gif")
    } else if begins(b"BM") && is_bmp_header(head) {
        Some("image/bmp")
    } else {
        None
    }
}

/// Whether what begins as a BMP does is one: a text may, too. Four bytes are reserved, and the second header has one of a few lengths.
fn is_bmp_header(head: &[u8]) -> bool {
    let is_length = |length: &[u8]| matches!(length, [12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]);
    head.get(6..10) == Some(&[0; 4]) && head.get(14..18).is_some_and(is_length)
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        let bmp = b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0";
        let cases: [(&[u8], Option<&str>); 6] = [
            (bmp, Some("image/bmp")),
            (b"BM is a short name for a picture", None),
            (b"GIF89a", Some("image/gif")),
            (b"II*\0\x08", Some("image/tiff")),
            (b"MM\0*\0", Some("image/tiff")),
            (b"II", None),
        ];
        for (head, expected) in cases {
            assert_eq!(media_type(head), expected, "{head:?}");
        }
    }
}
