//! The values of pixels under the pointer. Those of pictures that have to be decoded are read from a copy that is decoded for it: what
//! is shown lies on the GPU alone.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
};

use bevy::{ecs::prelude::*, tasks::Task};
use chronoscope_frame::{Settled, settle::PendingWork};
use chronoscope_types::enums::Colormap;
use smallvec::SmallVec;

use super::{
    DecodeError, DecodeOptions, Picture, PictureKey, PixelDecoders, PixelKind, PixelLayout, PixelMapping,
    PixelSource, Pixels, RawPixels, colormap, decoder::CancelGuard, raw,
};
use crate::spatial::textures::{decode_pool, max_bytes};

/// Pictures that are kept decoded though nobody asks for them any more, with those that are asked for: enough for the pointer to come
/// back.
const MAX_DECODED: usize = 4;

/// The values of pixels of the pictures under the pointer.
#[derive(Resource, Default)]
pub struct PixelValues {
    /// The pictures that were asked for last and had to be decoded, the last one at the end. Written by the user interface, for
    /// a moment.
    decoded: Mutex<Vec<DecodedPicture>>,
    /// Counts the frames.
    frame: u64,
}

struct DecodedPicture {
    key: PictureKey,
    /// The frame in which it was asked for last.
    asked_in: u64,
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
        match decoded.iter().position(|known| known.key == picture.key) {
            Some(at) if at + 1 < decoded.len() => {
                let known = decoded.remove(at);
                decoded.push(known);
            }
            Some(_) => {}
            None => {
                // Of pictures that follow each other quickly, one is decoded to its end before the next.
                let is_decoding = |known: &mut DecodedPicture| {
                    _ = known.poll();
                    matches!(known.state, State::Decoding { .. })
                };
                if decoded.iter_mut().any(is_decoding) {
                    return None;
                }
                // Not one that is asked for in each frame: it would be decoded anew in the next, in place of another.
                let is_idle = |known: &DecodedPicture| known.asked_in + 1 < self.frame;
                while decoded.len() >= MAX_DECODED
                    && let Some(idle) = decoded.iter().position(is_idle)
                {
                    decoded.remove(idle);
                }
                decoded.push(DecodedPicture::start(picture, decode));
            }
        }
        let known = decoded.last_mut()?;
        known.asked_in = self.frame;
        let pixels = known.poll()?;
        let (model, channels) = channels_at(pixels, x, y)?;
        Some(Pixel {
            model: Some(Cow::Borrowed(model)),
            channels,
        })
    }

    /// What is asked for from now on is asked for in another frame.
    pub(crate) fn next_frame(&mut self) {
        self.frame += 1;
    }

    /// Waits until the pictures that were asked for are decoded.
    #[cfg(test)]
    pub(crate) fn finish_decoding(&self) {
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        for decoded in decoded.iter_mut() {
            if let State::Decoding { task, .. } = &mut decoded.state {
                decoded.state = bevy::tasks::block_on(task).map_or(State::Failed, State::Ready);
            }
        }
    }

    /// The bytes of the pictures that are decoded for this.
    pub(crate) fn num_bytes(&self) -> u64 {
        let decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = decoded.iter().map(|decoded| match &decoded.state {
            State::Ready(pixels) => pixels.bytes.len() as u64,
            State::Decoding { .. } => decoded.max_bytes,
            State::Failed => 0,
        });
        bytes.sum()
    }

    /// Drops the pictures that are decoded for this.
    pub(crate) fn purge(&mut self) {
        let decoded = self.decoded.get_mut().unwrap_or_else(PoisonError::into_inner);
        decoded.clear();
    }
}

/// Tells the requests of a frame from those of the one before.
pub(crate) fn count_frames(mut values: ResMut<PixelValues>) {
    values.next_frame();
}

impl DecodedPicture {
    fn start(picture: &Picture, decode: Decode<'_>) -> Self {
        let options = DecodeOptions::new(picture.mapping.kind(), u32::MAX);
        let cancel = options.cancel_guard();
        let (source, decoders) = (picture.source.clone(), decode.decoders.clone());
        let task = decode_pool().spawn(async move { decoders.decode(&source, &options) });
        Self {
            key: picture.key,
            asked_in: 0,
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

impl Pixel {
    /// The color in which it is shown, in sRGB with straight alpha. `range` are the numbers with the first and the last color,
    /// where the meaning of the pixels does not say; `of_channels` are the numbers that are black and white where there are several
    /// channels.
    pub(crate) fn shown_color(
        &self,
        mapping: &PixelMapping,
        range: [f32; 2],
        of_channels: [f32; 2],
    ) -> [u8; 4] {
        let [black, white] = of_channels.map(f64::from);
        let scale = if white > black {
            255.0 / (white - black)
        } else {
            0.0
        };
        let byte = |value: f64| ((value - black) * scale).round().clamp(0.0, 255.0) as u8;
        let is_blue_first = self.model.as_deref().is_some_and(|model| model.starts_with('B'));
        let in_order = |a: f64, b: f64, c: f64| {
            let [first, second, third] = [a, b, c].map(byte);
            if is_blue_first {
                [third, second, first]
            } else {
                [first, second, third]
            }
        };
        match (mapping, self.channels.as_slice()) {
            (_, &[]) => [0; 4],
            (PixelMapping::Classes(palette), &[class, ..]) => {
                let is_class = (0.0..=f64::from(u16::MAX)).contains(&class);
                if is_class {
                    palette.color(class as u16)
                } else {
                    [0; 4]
                }
            }
            (
                PixelMapping::Depth {
                    colormap,
                    range: said,
                    ..
                },
                &[value, ..],
            ) => scaled_color(*colormap, value, said.unwrap_or(range)),
            (PixelMapping::Color, &[a, b, c]) => {
                let [r, g, b] = in_order(a, b, c);
                [r, g, b, 255]
            }
            (PixelMapping::Color, &[a, b, c, alpha, ..]) => {
                let [r, g, b] = in_order(a, b, c);
                [r, g, b, byte(alpha)]
            }
            (PixelMapping::Color, &[value, ..]) => scaled_color(Colormap::Grayscale, value, range),
        }
    }

    /// A pixel with these channels.
    #[cfg(test)]
    pub(crate) fn of_channels(channels: &[f64]) -> Self {
        Self {
            model: None,
            channels: SmallVec::from_slice(channels),
        }
    }
}

/// The color of a number that lies between those with the first and the last color; nothing for what is no number.
fn scaled_color(map: Colormap, value: f64, [low, high]: [f32; 2]) -> [u8; 4] {
    if value.is_nan() {
        return [0; 4];
    }
    let length = f64::from(high) - f64::from(low);
    let share = if length == 0.0 {
        0.0
    } else {
        (value - f64::from(low)) / length
    };
    let [r, g, b] = colormap::color(map, share as f32);
    [r, g, b, 255]
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

#[cfg(test)]
mod tests {
    use chronoscope_types::{
        Component as _, components::ImageBuffer, enums::PixelFormat, records::ImageFormat,
    };

    use super::*;

    #[test]
    fn pixels_have_the_colors_in_which_they_are_shown() {
        let color = |channels: &[f64], mapping: &PixelMapping, model: Option<&'static str>| {
            let pixel = Pixel {
                model: model.map(Cow::Borrowed),
                ..Pixel::of_channels(channels)
            };
            pixel.shown_color(mapping, [10.0, 20.0], [0.0, 255.0])
        };
        let colors = PixelMapping::Color;
        assert_eq!(color(&[1.0, 2.0, 3.0], &colors, Some("RGB")), [1, 2, 3, 255]);
        assert_eq!(color(&[1.0, 2.0, 3.0, 4.0], &colors, Some("BGRA")), [3, 2, 1, 4]);
        assert_eq!(color(&[15.0], &colors, Some("L")), [128, 128, 128, 255]);
        assert_eq!(color(&[f64::NAN], &colors, None), [0; 4]);
        let classes = PixelMapping::Classes(std::sync::Arc::new(super::super::Palette::new([(
            7,
            [9, 8, 7, 255],
        )])));
        assert_eq!(color(&[7.0], &classes, None), [9, 8, 7, 255]);
        assert_eq!(color(&[-1.0], &classes, None), [0; 4]);
        let depth = |range| PixelMapping::Depth {
            colormap: Colormap::Grayscale,
            range,
            meter: 1.0,
        };
        assert_eq!(color(&[20.0], &depth(None), None), [255; 4]);
        assert_eq!(
            color(&[20.0], &depth(Some([0.0, 40.0])), None),
            [128, 128, 128, 255]
        );
    }

    /// Of so many that each pushed another one out, none would ever be there.
    #[test]
    fn as_many_pictures_are_kept_decoded_as_are_asked_for() {
        const COUNT: usize = 6;
        let pictures: Vec<Picture> = (0..=COUNT as u8)
            .map(|at| {
                let bytes = [100 + at; 6];
                let source = PixelSource::Raw(RawPixels {
                    buffer: ImageBuffer::build(vec![bytes.to_vec()]),
                    format: ImageFormat {
                        width: 2,
                        height: 2,
                        pixel_format: Some(PixelFormat::NV12),
                        color_model: None,
                        channel_datatype: None,
                    },
                });
                let key = PictureKey::of_bytes(&bytes, &source, PixelKind::Color);
                Picture::new(key, source, PixelMapping::Color, 0)
            })
            .collect();
        let (decoders, settled) = (PixelDecoders::default(), Settled::default());
        let decode = Decode {
            decoders: &decoders,
            settled: &settled,
        };
        let mut values = PixelValues::default();
        // How many of the pictures that a frame asks for are there.
        let frame = |values: &mut PixelValues, asked: &[Picture]| {
            values.next_frame();
            let known = asked
                .iter()
                .filter(|picture| values.text(picture, [0, 0], decode).is_some());
            let known = known.count();
            values.finish_decoding();
            known
        };
        // They are decoded one by one.
        for _ in 0..COUNT {
            frame(&mut values, &pictures[..COUNT]);
        }
        for _ in 0..3 {
            assert_eq!(frame(&mut values, &pictures[..COUNT]), COUNT);
        }
        let each = values.num_bytes() / COUNT as u64;
        // Those that are not asked for any more make room.
        for _ in 0..3 {
            frame(&mut values, &pictures[..1]);
        }
        frame(&mut values, &pictures[COUNT..]);
        assert_eq!(values.num_bytes(), 4 * each);
        assert_eq!(
            frame(&mut values, &pictures[..1]),
            1,
            "asked for in the last frame"
        );
    }
}
