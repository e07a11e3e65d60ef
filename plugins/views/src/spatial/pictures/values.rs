//! The values of pixels under the pointer. Those of pictures that have to be decoded are read from a copy that is decoded for it: what
//! is shown lies on the GPU alone.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
};

use bevy::{ecs::prelude::*, tasks::Task};
use chronoscope_frame::{Settled, settle::PendingWork};
use smallvec::SmallVec;

use super::{
    DecodeError, DecodeOptions, Picture, PictureKey, PixelDecoders, PixelKind, PixelLayout, PixelMapping,
    PixelSource, Pixels, RawPixels, decoder::CancelGuard, raw,
};
use crate::spatial::textures::{decode_pool, max_bytes};

/// The values of pixels of the picture under the pointer.
#[derive(Resource, Default)]
pub struct PixelValues {
    /// The last picture that was asked for and had to be decoded. Written by the user interface, for a moment.
    decoded: Mutex<Option<DecodedPicture>>,
}

struct DecodedPicture {
    key: PictureKey,
    /// What its pixels take at most.
    max_bytes: u64,
    state: State,
}

enum State {
    Decoding {
        task: Task<Result<Pixels, DecodeError>>,
        pending: PendingWork,
        _cancel: CancelGuard,
    },
    Ready(Pixels),
    Failed,
}

/// What decodes pictures.
#[derive(Clone, Copy)]
pub struct Decode<'a> {
    /// The decoders.
    pub decoders: &'a PixelDecoders,
    /// What keeps the viewer awake until a picture is decoded.
    pub settled: &'a Settled,
}

impl PixelValues {
    /// The value of a pixel in words: its channels as they were logged or decoded, its class, or its distance.
    ///
    /// `None` outside of the picture, while the picture is being decoded, and for the pictures of decoders that plugins register,
    /// which may have to go through a stream for each.
    pub fn text(&self, picture: &Picture, place: [u32; 2], decode: Decode<'_>) -> Option<String> {
        let pixel = self.pixel(picture, place, decode)?;
        Some(words(&picture.mapping, pixel.model.as_deref(), &pixel.channels))
    }

    /// The channels of a pixel, as [`Self::text`] has them.
    pub(crate) fn pixel(&self, picture: &Picture, [x, y]: [u32; 2], decode: Decode<'_>) -> Option<Pixel> {
        match &picture.source {
            PixelSource::Raw(raw) if raw.format.pixel_format.is_none() => {
                return raw_pixel(raw, picture.mapping.kind(), [x, y]);
            }
            PixelSource::Custom(_) => return None,
            PixelSource::Raw(_) | PixelSource::Encoded(_) => {}
        }
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        // Of pictures that follow each other quickly, one is decoded to its end before the next.
        let is_wanted = |known: &mut DecodedPicture| {
            _ = known.poll();
            known.key == picture.key || matches!(known.state, State::Decoding { .. })
        };
        if !decoded.as_mut().is_some_and(is_wanted) {
            *decoded = Some(DecodedPicture::start(picture, decode));
        }
        let pixels = decoded
            .as_mut()
            .filter(|known| known.key == picture.key)?
            .poll()?;
        let (model, channels) = channels_at(pixels, x, y)?;
        Some(Pixel {
            model: Some(Cow::Borrowed(model)),
            channels,
        })
    }

    /// Waits until the picture that was asked for is decoded.
    #[cfg(test)]
    pub(crate) fn finish_decoding(&self) {
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(decoded) = decoded.as_mut()
            && let State::Decoding { task, .. } = &mut decoded.state
        {
            decoded.state = bevy::tasks::block_on(task).map_or(State::Failed, State::Ready);
        }
    }

    /// The bytes of the picture that is decoded for this.
    pub(crate) fn num_bytes(&self) -> u64 {
        let decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        decoded.as_ref().map_or(0, |decoded| match &decoded.state {
            State::Ready(pixels) => pixels.bytes.len() as u64,
            State::Decoding { .. } => decoded.max_bytes,
            State::Failed => 0,
        })
    }

    /// Drops the picture that is decoded for this.
    pub(crate) fn purge(&mut self) {
        *self.decoded.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl DecodedPicture {
    fn start(picture: &Picture, decode: Decode<'_>) -> Self {
        let options = DecodeOptions::new(picture.mapping.kind(), u32::MAX);
        let cancel = options.cancel_guard();
        let (source, decoders) = (picture.source.clone(), decode.decoders.clone());
        let task = decode_pool().spawn(async move { decoders.decode(&source, &options) });
        Self {
            key: picture.key,
            max_bytes: max_bytes(picture.size(), u32::MAX),
            state: State::Decoding {
                task,
                pending: decode.settled.pending_work(),
                _cancel: cancel,
            },
        }
    }

    fn poll(&mut self) -> Option<&Pixels> {
        if let State::Decoding { task, pending, .. } = &mut self.state
            && let Some(result) = pending.poll(task)
        {
            self.state = result.map_or(State::Failed, State::Ready);
        }
        match &self.state {
            State::Ready(pixels) => Some(pixels),
            State::Decoding { .. } | State::Failed => None,
        }
    }
}

/// The value of a pixel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pixel {
    /// What the channels are called, where that is said.
    model: Option<Cow<'static, str>>,
    /// The channels as they were logged or decoded.
    pub(crate) channels: SmallVec<[f64; 4]>,
}

/// A pixel whose bytes were logged as they are.
fn raw_pixel(raw: &RawPixels, kind: PixelKind, [x, y]: [u32; 2]) -> Option<Pixel> {
    Some(Pixel {
        model: raw
            .format
            .color_model
            .map(|model| Cow::Owned(format!("{model:?}"))),
        channels: raw::channels_at(raw, kind, x, y)?,
    })
}

/// The channels of a decoded pixel, and what they are called.
fn channels_at(pixels: &Pixels, x: u32, y: u32) -> Option<(&'static str, SmallVec<[f64; 4]>)> {
    let [width, height] = pixels.size;
    if x >= width || y >= height {
        return None;
    }
    let size = pixels.layout.bytes();
    let start = (y as usize * width as usize + x as usize) * size;
    let bytes = pixels.bytes.get(start..start + size)?;
    let channels = |bytes: &[u8]| bytes.iter().copied().map(f64::from).collect();
    Some(match (pixels.layout, bytes) {
        (PixelLayout::Rgba8, [color @ .., 255]) => ("RGB", channels(color)),
        (PixelLayout::Rgba8, _) => ("RGBA", channels(bytes)),
        (layout, bytes) => ("L", SmallVec::from_slice(&[number_of(layout, bytes)?])),
    })
}

/// The number of a pixel with one channel; `None` for colors.
fn number_of(layout: PixelLayout, bytes: &[u8]) -> Option<f64> {
    Some(match layout {
        PixelLayout::Rgba8 => return None,
        PixelLayout::R8 => f64::from(*bytes.first()?),
        PixelLayout::R16 => f64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
        PixelLayout::R16Float => half::f16::from_le_bytes(bytes.try_into().ok()?).to_f64(),
        PixelLayout::R32 => f64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        PixelLayout::R32Float => f64::from(f32::from_le_bytes(bytes.try_into().ok()?)),
    })
}

/// The numbers of pixels with one channel, in order; nothing of colors.
pub(crate) fn values_of(pixels: &Pixels) -> impl Iterator<Item = f64> {
    let layout = pixels.layout;
    let bytes = if layout == PixelLayout::Rgba8 {
        &[][..]
    } else {
        &pixels.bytes[..]
    };
    bytes
        .chunks_exact(layout.bytes())
        .map(move |pixel| number_of(layout, pixel).unwrap_or(f64::NAN))
}

fn words(mapping: &PixelMapping, model: Option<&str>, values: &[f64]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let texts = texts.join(", ");
    match (mapping, model) {
        (PixelMapping::Classes(_), _) => format!("class {texts}"),
        (PixelMapping::Depth { meter, .. }, _) => {
            let value = values.first().copied().unwrap_or_default();
            format!("{texts} ({:.3} m)", value / f64::from(*meter))
        }
        (PixelMapping::Color, Some(model)) => format!("{model} {texts}"),
        (PixelMapping::Color, None) => texts,
    }
}
