//! The decoded pixels of pictures as GPU textures, kept as long as there is room, so that going back in time is cheap.
//!
//! Quads hold the pictures that they show or wait for. A picture without a holder is idle: it stays until its room is needed; one that
//! is still being decoded is dropped at once. A frame without requests costs nothing. While time plays, the pictures that come next are
//! held, too: [`ahead`].

mod ahead;
mod tables;

use std::sync::{Arc, LazyLock};

use bevy::{
    asset::{Assets, Handle, RenderAssetUsages},
    ecs::prelude::*,
    image::Image,
    render::{
        render_resource::{Extent3d, TextureDimension, TextureFormat},
        renderer::RenderDevice,
    },
    tasks::{Task, TaskPool, TaskPoolBuilder, available_parallelism},
};
use chronoscope_frame::Settled;
use chronoscope_frame::settle::PendingWork;

use super::held::HeldCache;
use super::pictures::{
    DecodeError, DecodeOptions, Picture, PictureKey, PixelDecoders, PixelKind, PixelLayout, Pixels,
    decoder::{CancelGuard, MAX_DECODED_BYTES, thinning},
};
pub(crate) use ahead::AheadBudget;
use tables::ColorTables;

/// How many pixels are decoded at once in a frame, over all pictures: that costs less than a frame of showing the ones before.
const INLINE_PIXELS: u64 = 256 * 256;

/// The longest side of the coarse version of a picture that takes long: it is decoded at once.
const COARSE_SIDE: u32 = 128;

/// Pictures that are larger than a texture can be are cut into several up to this many bytes; more are thinned to one.
const MAX_CUT_BYTES: u64 = 256 << 20;

/// How much may be kept, and what the GPU can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TextureSettings {
    /// Bytes of idle pictures that are kept. More of them makes going back in time cheaper.
    max_idle_bytes: u64,
    /// The longest side of a texture in pixels. Longer pictures are cut into several, or thinned.
    max_side: u32,
}

impl TextureSettings {
    /// The longest side of what is decoded of a picture.
    fn decoded_side(self, picture: &Picture) -> u32 {
        // A cloud numbers its points by the pixels of one texture.
        let may_be_cut = picture.mapping.kind() != PixelKind::Depth;
        if may_be_cut && max_bytes(picture.size(), u32::MAX) <= MAX_CUT_BYTES {
            u32::MAX
        } else {
            self.max_side
        }
    }
}

impl Default for TextureSettings {
    fn default() -> Self {
        Self {
            max_idle_bytes: 256 << 20,
            max_side: 8192,
        }
    }
}

/// The textures of pictures, by what they show.
#[derive(Resource, Default)]
pub struct PictureTextures {
    settings: TextureSettings,
    held: HeldCache<PictureKey, State>,
    inline_pixels_left: u64,
    /// The pictures that the cursor will come to, each held once.
    ahead: Vec<PictureKey>,
    tables: ColorTables,
}

enum State {
    Decoding(Decoding),
    Ready(PictureTexture),
    Failed(Arc<str>),
}

struct Decoding {
    task: Task<Result<Pixels, DecodeError>>,
    _cancel: CancelGuard,
    pending: PendingWork,
    /// Some of its pixels, to be shown until then.
    coarse: Option<PictureTexture>,
}

/// The pixels of a picture on the GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureTexture {
    /// Its parts, row by row: one, where it is no larger than a texture can be.
    pub tiles: Arc<[TextureTile]>,
    /// Width and height of all tiles together. Less than the picture's where it was thinned.
    pub size: [u32; 2],
    /// The layout of its pixels.
    pub layout: PixelLayout,
    /// The values with the first and the last color, where nothing else says so.
    pub range: [f32; 2],
    /// Whether it stands for a picture that is still being decoded. Nobody holds it in [`PictureTextures`] then.
    pub is_coarse: bool,
}

/// A part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct TextureTile {
    /// The texture.
    pub image: Handle<Image>,
    /// Where its first pixel lies in the picture, as it was decoded.
    pub offset: [u32; 2],
    /// Width and height.
    pub size: [u32; 2],
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum TextureRequest {
    /// Here it is.
    Ready(PictureTexture),
    /// It is being decoded.
    Pending,
    /// It cannot be decoded, and why.
    Failed(Arc<str>),
}

impl PictureTextures {
    /// Begins a frame, with a new budget for what is decoded at once.
    pub(crate) fn begin_frame(&mut self, device: Option<&RenderDevice>) {
        self.inline_pixels_left = INLINE_PIXELS;
        if let Some(device) = device {
            self.settings.max_side = device.limits().max_texture_dimension_2d;
        }
    }

    /// Holds the texture of a picture until [`Self::release`]. All but small ones are decoded elsewhere; [`Self::poll`] in the frames
    /// that follow. Where nothing is shown in its place until then, a [`Self::coarse`] version is made.
    pub(crate) fn request(
        &mut self,
        picture: &Picture,
        is_blank: bool,
        images: &mut Assets<Image>,
        decoders: &PixelDecoders,
        settled: &Settled,
    ) -> TextureRequest {
        if !self.held.contains(&picture.key) {
            let size @ [width, height] = picture.size();
            // Never overflows: a side is a u32.
            let pixels = u64::from(width) * u64::from(height);
            let max_side = self.settings.decoded_side(picture);
            let left = self.inline_pixels_left.checked_sub(pixels);
            let most_bytes = max_bytes(size, max_side);
            let (state, bytes) = match left.filter(|_| picture.source.is_quick()) {
                _ if most_bytes > MAX_DECODED_BYTES => {
                    self.finish(Err(DecodeError::TooLarge { width, height }), images)
                }
                Some(left) => {
                    self.inline_pixels_left = left;
                    let options = DecodeOptions::new(picture.mapping.kind(), max_side);
                    self.finish(decoders.decode(&picture.source, &options), images)
                }
                None => {
                    let (coarse, coarse_bytes) = match is_blank {
                        true => self.decode_coarse(picture, decoders, images),
                        false => (None, 0),
                    };
                    let decoding = Decoding {
                        coarse,
                        ..self.decode_elsewhere(picture, decoders, settled)
                    };
                    // What it will take at most.
                    (State::Decoding(decoding), most_bytes + coarse_bytes)
                }
            };
            self.held.set(picture.key, state, bytes);
        }
        self.held.hold(&picture.key);
        self.poll(picture.key, images)
    }

    /// Begins to decode a picture on another thread.
    fn decode_elsewhere(&self, picture: &Picture, decoders: &PixelDecoders, settled: &Settled) -> Decoding {
        let (source, decoders) = (picture.source.clone(), decoders.clone());
        let options = DecodeOptions::new(picture.mapping.kind(), self.settings.decoded_side(picture));
        let cancel = options.cancel_guard();
        Decoding {
            task: decode_pool().spawn(async move { decoders.decode(&source, &options) }),
            _cancel: cancel,
            pending: settled.pending_work(),
            coarse: None,
        }
    }

    /// What became of a picture that is held.
    pub(crate) fn poll(&mut self, key: PictureKey, images: &mut Assets<Image>) -> TextureRequest {
        if let Some(State::Decoding(decoding)) = self.held.get_mut(&key)
            && let Some(result) = decoding.pending.poll(&mut decoding.task)
        {
            let (state, bytes) = self.finish(result, images);
            self.held.set(key, state, bytes);
        }
        match self.held.get(&key) {
            Some(State::Ready(texture)) => TextureRequest::Ready(texture.clone()),
            Some(State::Decoding(_)) => TextureRequest::Pending,
            Some(State::Failed(message)) => TextureRequest::Failed(message.clone()),
            None => {
                debug_assert!(false, "a picture that is held is known");
                TextureRequest::Pending
            }
        }
    }

    /// A coarse version of a picture, and how many bytes that takes: some of its pixels, where they can be read one by one, or the
    /// thumbnail that its file has. Other files have to be decoded whole.
    fn decode_coarse(
        &mut self,
        picture: &Picture,
        decoders: &PixelDecoders,
        images: &mut Assets<Image>,
    ) -> (Option<PictureTexture>, u64) {
        const COARSE_PIXELS: u64 = (COARSE_SIDE * COARSE_SIDE) as u64;
        let kind = picture.mapping.kind();
        let left = self.inline_pixels_left;
        let coarse = if picture.source.is_read_by_pixel() && left >= COARSE_PIXELS {
            self.inline_pixels_left -= COARSE_PIXELS;
            let options = DecodeOptions::new(kind, COARSE_SIDE);
            decoders.decode(&picture.source, &options)
        } else if kind == PixelKind::Color
            && let Some(pixels) = picture.source.thumbnail(left)
        {
            let [width, height] = pixels.size.map(u64::from);
            self.inline_pixels_left = left.saturating_sub(width * height);
            Ok(pixels)
        } else {
            return (None, 0);
        };
        match self.finish(coarse, images) {
            (State::Ready(texture), bytes) => {
                let is_coarse = true;
                (Some(PictureTexture { is_coarse, ..texture }), bytes)
            }
            _ => (None, 0),
        }
    }

    /// The coarse version of a picture that is being decoded, if there is one.
    pub(crate) fn coarse(&self, key: PictureKey) -> Option<PictureTexture> {
        match self.held.get(&key)? {
            State::Decoding(decoding) => decoding.coarse.clone(),
            State::Ready(_) | State::Failed(_) => None,
        }
    }

    /// Holds a picture, if it is decoded.
    pub(crate) fn hold_ready(&mut self, key: PictureKey) -> Option<PictureTexture> {
        let Some(State::Ready(texture)) = self.held.get(&key) else {
            return None;
        };
        let texture = texture.clone();
        self.held.hold(&key);
        Some(texture)
    }

    /// The texture with the colors that the values of a picture have; `None` where they are colors.
    pub(crate) fn color_table(
        &mut self,
        picture: &Picture,
        layout: PixelLayout,
        images: &mut Assets<Image>,
    ) -> Option<Handle<Image>> {
        self.tables.get(&picture.mapping, layout, images)
    }

    /// Lets go of a picture. Without another holder it becomes idle, or is cancelled if it is still being decoded.
    pub(crate) fn release(&mut self, key: PictureKey) {
        self.held.release(&key, |state| matches!(state, State::Ready(_)));
        self.held.drop_idle(self.settings.max_idle_bytes);
    }

    /// The bytes of all textures on the GPU, and of what is being decoded.
    pub fn num_bytes(&self) -> u64 {
        self.held.num_bytes() + self.tables.num_bytes()
    }

    /// The bytes of the textures that are not shown.
    pub fn num_idle_bytes(&self) -> u64 {
        self.held.num_idle_bytes()
    }

    /// Drops so many bytes of what is not shown, what is longest idle first.
    pub fn purge(&mut self, bytes: u64) {
        let idle = self.held.num_idle_bytes();
        self.held.drop_idle(idle.saturating_sub(bytes));
    }

    /// How many pictures are being decoded.
    pub fn num_decoding(&self) -> usize {
        let is_decoding = |state: &&State| matches!(state, State::Decoding(_));
        self.held.values().filter(is_decoding).count()
    }

    /// What became of a picture, and the bytes that it takes.
    fn finish(&self, result: Result<Pixels, DecodeError>, images: &mut Assets<Image>) -> (State, u64) {
        match result {
            Ok(pixels) => {
                let bytes = pixels.bytes.len() as u64;
                let Pixels {
                    size, layout, range, ..
                } = pixels;
                let tiles = cut(pixels, self.settings.max_side).map(|(offset, part)| TextureTile {
                    image: images.add(upload(part.size, layout.texture_format(), part.bytes)),
                    offset,
                    size: part.size,
                });
                let texture = PictureTexture {
                    tiles: tiles.collect(),
                    size,
                    layout,
                    range,
                    is_coarse: false,
                };
                (State::Ready(texture), bytes)
            }
            Err(error) => (State::Failed(error.to_string().into()), 0),
        }
    }

    /// Waits until all that is being decoded is done.
    #[cfg(test)]
    pub(crate) fn finish_decoding(&mut self, images: &mut Assets<Image>) {
        let keys: Vec<PictureKey> = self.held.keys().copied().collect();
        for key in keys {
            if let Some(State::Decoding(decoding)) = self.held.get_mut(&key) {
                let result = bevy::tasks::block_on(&mut decoding.task);
                let (state, bytes) = self.finish(result, images);
                self.held.set(key, state, bytes);
            }
        }
    }
}

/// The bytes that a picture of this size takes at most, once its longest side is `max_side`.
pub(super) fn max_bytes(size: [u32; 2], max_side: u32) -> u64 {
    let step = thinning(size, max_side);
    let [width, height] = size.map(|side| u64::from(side.div_ceil(step)));
    (width * height).saturating_mul(4)
}

/// The threads that decode, from the first picture on that is not decoded at once. They are no threads of the
/// engine, so that no frame waits for a picture.
pub(super) fn decode_pool() -> &'static TaskPool {
    static POOL: LazyLock<TaskPool> = LazyLock::new(|| {
        TaskPoolBuilder::new()
            .num_threads(available_parallelism().div_ceil(2).clamp(1, 4))
            .thread_name("decode".to_owned())
            .build()
    });
    &POOL
}

/// A picture in parts of which no side is longer than `max_side`, row by row, with the place of their first pixels. Cost: O(bytes)
/// where there are several, which exist one at a time.
fn cut(pixels: Pixels, max_side: u32) -> impl Iterator<Item = ([u32; 2], Pixels)> {
    let max_side = max_side.max(1);
    let [width, height] = pixels.size;
    let is_whole = width <= max_side && height <= max_side;
    let starts = move |side: u32| (0..side).step_by(max_side as usize);
    let offsets = starts(height).flat_map(move |y| starts(width).map(move |x| [x, y]));
    let mut whole = Some(pixels);
    offsets.filter_map(move |offset @ [x, y]| {
        if is_whole {
            return Some((offset, whole.take()?));
        }
        let pixels = whole.as_ref()?;
        let size = [(width - x).min(max_side), (height - y).min(max_side)];
        let pixel = pixels.layout.bytes();
        let row_bytes = width as usize * pixel;
        let columns = x as usize * pixel..(x + size[0]) as usize * pixel;
        let rows = pixels.bytes.chunks_exact(row_bytes);
        let rows = rows.skip(y as usize).take(size[1] as usize);
        let bytes = rows.flat_map(|row| row.get(columns.clone()).unwrap_or(&[]));
        let part = Pixels {
            size,
            bytes: bytes.copied().collect(),
            ..*pixels
        };
        Some((offset, part))
    })
}

/// An image whose bytes go to the GPU and are not kept beside it.
///
/// Precondition: there are as many bytes as size and format say.
fn upload([width, height]: [u32; 2], format: TextureFormat, bytes: Vec<u8>) -> Image {
    let size = Extent3d {
        width,
        height,
        depth_or_array_layers: 1,
    };
    let usage = RenderAssetUsages::RENDER_WORLD;
    Image::new(size, TextureDimension::D2, bytes, format, usage)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_types::{Component as _, components::Blob};

    use super::*;
    use crate::spatial::pictures::{CustomPixels, EncodedPixels, PixelMapping, PixelSource};

    /// A picture that says that it is huge.
    #[derive(Debug)]
    struct Huge(u64);

    impl CustomPixels for Huge {
        fn size(&self) -> [u32; 2] {
            [u32::MAX; 2]
        }

        fn key(&self) -> u64 {
            self.0
        }
    }

    fn huge(key: u64) -> Picture {
        let source = PixelSource::Custom(Arc::new(Huge(key)));
        let key = PictureKey::of_bytes(&[], &source, PixelKind::Color);
        Picture::new(key, source, PixelMapping::Color, 0)
    }

    #[test]
    fn what_is_larger_than_a_texture_is_cut_into_several() {
        let pixels = Pixels {
            size: [5, 3],
            layout: PixelLayout::R16,
            bytes: (0..30).collect(),
            range: [0.0, 1.0],
        };
        let parts: Vec<_> = cut(pixels.clone(), 2)
            .map(|(offset, part)| (offset, part.size))
            .collect();
        assert_eq!(
            parts,
            [
                ([0, 0], [2, 2]),
                ([2, 0], [2, 2]),
                ([4, 0], [1, 2]),
                ([0, 2], [2, 1]),
                ([2, 2], [2, 1]),
                ([4, 2], [1, 1])
            ]
        );
        let last = cut(pixels.clone(), 2).last();
        assert_eq!(last.map(|(_, part)| part.bytes), Some(vec![28, 29]));
        let third = cut(pixels.clone(), 2).nth(2);
        assert_eq!(third.map(|(_, part)| part.bytes), Some(vec![8, 9, 18, 19]));
        let whole: Vec<_> = cut(pixels.clone(), 5).collect();
        assert_eq!(whole, [([0, 0], pixels)]);
    }

    #[test]
    fn a_file_has_its_thumbnail_for_a_coarse_version() {
        let file = include_bytes!("pictures/testdata/thumbnail.jpg");
        let blob = Blob::build(vec![file.to_vec()]);
        let source = PixelSource::Encoded(EncodedPixels::new(blob).unwrap().unwrap());
        let picture = Picture { source, ..huge(0) };
        let (mut images, decoders) = (Assets::default(), PixelDecoders::default());
        let mut textures = PictureTextures {
            inline_pixels_left: 200,
            ..PictureTextures::default()
        };
        let (coarse, bytes) = textures.decode_coarse(&picture, &decoders, &mut images);
        let coarse = coarse.unwrap();
        assert!(coarse.is_coarse);
        assert_eq!((coarse.size, bytes), ([16, 10], 16 * 10 * 4));
        // There is no time left for another one in this frame.
        let (coarse, bytes) = textures.decode_coarse(&picture, &decoders, &mut images);
        assert_eq!((coarse, bytes), (None, 0));
    }

    #[test]
    fn pictures_that_memory_has_no_room_for_are_not_decoded_ahead() {
        let file = include_bytes!("pictures/testdata/thumbnail.jpg");
        let source = EncodedPixels::new(Blob::build(vec![file.to_vec()]));
        let source = PixelSource::Encoded(source.unwrap().unwrap());
        let pictures: Vec<Arc<Picture>> = (0..3)
            .map(|at| {
                let source = source.clone();
                Arc::new(Picture { source, ..huge(at) })
            })
            .collect();
        let bytes = max_bytes(source.size(), u32::MAX);
        for (room_bytes, expected) in [(bytes / 2, 0), (2 * bytes + bytes / 2, 2), (u64::MAX, 3)] {
            let mut textures = PictureTextures::default();
            let budget = AheadBudget {
                may_begin: true,
                room_bytes,
            };
            let decoders = PixelDecoders::default();
            textures.hold_ahead(
                &pictures,
                budget,
                &mut Assets::default(),
                &decoders,
                &Settled::default(),
            );
            assert_eq!(textures.num_decoding(), expected, "in {room_bytes} bytes");
        }
    }

    #[test]
    fn pictures_beyond_all_memory_are_refused_and_what_is_thinned_counts_as_that() {
        let (mut images, settled) = (Assets::default(), Settled::default());
        let decoders = PixelDecoders::default();
        let mut textures = PictureTextures::default();
        for key in 0..4 {
            textures.request(&huge(key), true, &mut images, &decoders, &settled);
        }
        assert!(textures.num_bytes() <= 4 * MAX_DECODED_BYTES);
        textures.settings.max_side = u32::MAX;
        for key in 4..8 {
            let TextureRequest::Failed(message) =
                textures.request(&huge(key), true, &mut images, &decoders, &settled)
            else {
                panic!("it is decoded");
            };
            assert!(message.contains("too large"), "{message}");
        }
    }
}
