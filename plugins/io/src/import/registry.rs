//! The list of importers, and the choice among them.

use std::{fmt, sync::Arc};

use super::{Candidate, Certainty, Importer, SourceKind};
use crate::IoError;

/// The importers that are known, in the order in which they were registered.
#[derive(Clone)]
pub struct Importers {
    importers: Vec<Arc<dyn Importer>>,
}

impl Importers {
    /// The bytes of a file's beginning by which its format is found.
    pub const HEAD_BYTES: usize = 64;

    /// A list without importers.
    pub fn empty() -> Self {
        Self {
            importers: Vec::new(),
        }
    }

    /// Adds an importer; one of the same name is replaced. Of several that are equally certain of a file the first registered
    /// reads it.
    pub fn register(&mut self, importer: impl Importer) -> &mut Self {
        let importer: Arc<dyn Importer> = Arc::new(importer);
        match self
            .importers
            .iter_mut()
            .find(|known| known.name() == importer.name())
        {
            Some(known) => *known = importer,
            None => self.importers.push(importer),
        }
        self
    }

    /// All importers, in the order in which they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Importer> {
        self.importers.iter().map(|importer| &**importer)
    }

    /// The extensions that are known, in lower case, sorted; for a file dialog.
    pub fn extensions(&self) -> Vec<&'static str> {
        let mut extensions: Vec<&'static str> = self.iter().flat_map(Importer::extensions).copied().collect();
        extensions.sort_unstable();
        extensions.dedup();
        extensions
    }

    /// The importer that is most certain of a source.
    ///
    /// # Errors
    /// Where the source is empty, or none of them knows it. The name then helps to say what is wrong.
    pub fn find(&self, candidate: &Candidate<'_>) -> Result<&dyn Importer, IoError> {
        if candidate.kind != SourceKind::Folder && candidate.head.is_empty() {
            return Err(IoError::Empty);
        }
        let mut best: Option<(Certainty, &dyn Importer)> = None;
        for importer in self.iter() {
            let certainty = importer.certainty(candidate);
            if certainty > best.map_or(Certainty::No, |(best, _)| best) {
                best = Some((certainty, importer));
            }
        }
        if let Some((_, importer)) = best {
            return Ok(importer);
        }
        if candidate.kind == SourceKind::Folder {
            return Err(IoError::Folder);
        }
        let looks_like = looks_like(candidate.head);
        let named = self
            .iter()
            .find(|importer| candidate.has_extension(importer.extensions()));
        Err(match named {
            Some(importer) => IoError::OtherFormat {
                expected: importer.name(),
                looks_like,
            },
            None => IoError::UnknownFormat {
                looks_like,
                tried: self.iter().map(Importer::name).collect::<Vec<_>>().join(", "),
            },
        })
    }
}

impl Default for Importers {
    /// All importers of this crate that are compiled in.
    #[allow(unused_mut, reason = "each format can be left out")]
    fn default() -> Self {
        let mut importers = Self::empty();
        #[cfg(feature = "rrd")]
        importers.register(crate::RrdImporter);
        #[cfg(feature = "picture_files")]
        importers.register(super::PictureImporter);
        #[cfg(feature = "text_files")]
        importers.register(super::TextImporter);
        importers
    }
}

impl fmt::Debug for Importers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Importer::name)).finish()
    }
}

/// What a file that no format knows looks like, by its first bytes.
fn looks_like(head: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"BM", "a BMP picture"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"\x89MCAP", "an MCAP recording"),
        (b"#ROSBAG", "a ROS bag"),
        (b"glTF", "a glTF scene"),
        (b"ply\n", "a PLY mesh"),
        (b"ply\r", "a PLY mesh"),
        (b"PAR1", "a Parquet table"),
        (b"ARROW1", "an Arrow table"),
        (b"\x89HDF", "an HDF5 file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"\x04\x22\x4d\x18", "an LZ4 archive"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"%PDF", "a PDF document"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"<?xml", "an XML document"),
        (b"<!DOCTYPE", "a web page"),
        (b"<html", "a web page"),
        (
            b"version https://git-lfs",
            "a Git LFS pointer, not the file itself",
        ),
    ];
    if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return name;
    }
    if head.get(..4) == Some(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return "a WebP picture";
    }
    if head.get(4..8) == Some(b"ftyp") {
        return "an MP4 video";
    }
    if head.iter().all(|&byte| byte == 0) {
        return "zeros only";
    }
    let text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
    if head.iter().all(text) {
        "text"
    } else {
        "unknown data"
    }
}
