//! Models from the contents of files.

use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::read;

use super::{
    gltf::{self, Gltf},
    model::{Model, ModelError},
    obj, stl,
};
use crate::spatial::{
    bounds::Bounds,
    pictures::{DecodeOptions, PixelDecoders},
};

/// The contents of a file: glTF, GLB, OBJ or STL.
#[derive(Clone, Debug)]
pub struct MeshFile {
    /// The cell with the bytes.
    blob: ArrayRef,
    format: ModelFormat,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ModelFormat {
    Gltf,
    Obj,
    Stl,
}

impl ModelFormat {
    /// The format that the bytes tell, or else the media type that was declared.
    fn of(bytes: &[u8], media_type: Option<&str>) -> Result<Self, ModelError> {
        if gltf::is_binary(bytes) {
            return Ok(Self::Gltf);
        }
        let media_type = media_type.map(str::to_ascii_lowercase);
        match media_type.as_deref() {
            Some("model/gltf-binary" | "model/gltf+json") => return Ok(Self::Gltf),
            Some("model/obj") => return Ok(Self::Obj),
            Some("model/stl" | "model/x.stl-binary" | "model/x.stl-ascii" | "application/sla") => {
                return Ok(Self::Stl);
            }
            Some("model/vnd.collada+xml") => return Err(ModelError::Unsupported("COLLADA".into())),
            _ => {}
        }
        let head = bytes.trim_ascii_start();
        if head.starts_with(b"{") {
            Ok(Self::Gltf)
        } else if stl::is_stl(bytes) {
            Ok(Self::Stl)
        } else if obj::is_obj(bytes) {
            Ok(Self::Obj)
        } else {
            Err(ModelError::UnknownFormat)
        }
    }
}

impl MeshFile {
    /// The file in a cell, with the bounds of the model in it. What the bytes say of the format counts more
    /// than what was declared. `None` where the cell has no instance.
    ///
    /// Cost: O(bytes) for OBJ and STL, whose text or triangles are gone through; for glTF that of its JSON.
    ///
    /// # Errors
    /// Where it is no such file, or its structure is broken.
    pub fn new(blob: ArrayRef, media_type: Option<&str>) -> Result<Option<(Self, Bounds)>, ModelError> {
        let blobs = read::blobs(&blob)?;
        let Some(bytes) = blobs.first() else {
            return Ok(None);
        };
        if bytes.is_empty() {
            return Err(ModelError::Empty);
        }
        let format = ModelFormat::of(bytes, media_type)?;
        let bounds = match format {
            ModelFormat::Gltf => Gltf::parse(bytes)?.bounds(),
            ModelFormat::Obj => obj::bounds(bytes),
            ModelFormat::Stl => stl::bounds(bytes),
        };
        Ok(Some((Self { blob, format }, bounds)))
    }

    pub(super) fn num_bytes(&self) -> u64 {
        let blobs = read::blobs(&self.blob).ok();
        let bytes = blobs.as_ref().and_then(|blobs| blobs.first());
        bytes.map_or(0, |bytes| bytes.len() as u64)
    }

    pub(super) fn decode(
        &self,
        decoders: &PixelDecoders,
        options: &DecodeOptions,
        is_lit: bool,
    ) -> Result<Model, ModelError> {
        let blobs = read::blobs(&self.blob)?;
        let bytes = blobs.first().ok_or(ModelError::Empty)?;
        match self.format {
            ModelFormat::Gltf => Gltf::parse(bytes)?.decode(decoders, options, is_lit),
            ModelFormat::Obj => obj::decode(bytes, options),
            ModelFormat::Stl => stl::decode(bytes, options),
        }
    }
}
