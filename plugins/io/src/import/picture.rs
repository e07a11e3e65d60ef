//! Pictures as they lie in their files.

use chronoscope_types::EncodedImage;

use super::{Candidate, Certainty, FileInput, ImportContext, Importer, Messages, import_whole};
use crate::IoError;

/// Pictures in the formats that views decode: PNG, JPEG and WebP.
///
/// The file becomes one row, its bytes as they are. Whether they are a sound picture shows when it is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct PictureImporter;

impl Importer for PictureImporter {
    fn name(&self) -> &'static str {
        "a PNG, JPEG or WebP picture"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["png", "jpg", "jpeg", "webp"]
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
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if head.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}
