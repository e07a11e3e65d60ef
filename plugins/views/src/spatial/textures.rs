//! The decoded pixels of pictures as GPU textures, kept as long as there is room, so that going back in time is cheap.

use std::collections::BTreeMap;

use bevy::{
    asset::{Assets, Handle, RenderAssetUsages},
    ecs::prelude::*,
    image::Image,
    render::{
        render_resource::{Extent3d, TextureDimension, TextureFormat},
        renderer::RenderDevice,
    },
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use chronoscope_frame::Settled;
use chronoscope_frame::settle::PendingWork;

use super::pictures::{DecodeError, Picture, PictureKey, Pixels, decode};

/// Pictures of no more pixels are decoded at once: that costs less than a frame of showing the one before.
const INLINE_PIXELS: u64 = 512 * 512;

/// How much may be kept, and what the GPU can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureSettings {
    /// Bytes of pictures that are kept though nobody shows them. More of them makes going back in time cheaper.
    pub max_idle_bytes: u64,
    /// The longest side of a texture in pixels. Longer pictures are thinned.
    pub max_side: u32,
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
    entries: BTreeMap<PictureKey, Entry>,
    frame: u64,
}

struct Entry {
    state: State,
    last_used: u64,
    bytes: u64,
}

enum State {
    Decoding(
        Task<Result<Pixels, DecodeError>>,
        #[expect(dead_code, reason = "held until the work is done")] PendingWork,
    ),
    Ready(Handle<Image>),
    Failed,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum TextureRequest {
    /// Here it is.
    Ready(Handle<Image>),
    /// It is being decoded.
    Pending,
    /// It cannot be decoded; a report says why.
    Failed,
}

impl PictureTextures {
    /// Begins a frame: what is not asked for until its end may be dropped.
    pub(crate) fn begin_frame(&mut self, device: Option<&RenderDevice>) {
        self.frame += 1;
        if let Some(device) = device {
            self.settings.max_side = device.limits().max_texture_dimension_2d;
        }
    }

    /// The texture of a picture. Large ones are decoded elsewhere; ask again in the next frame.
    pub(crate) fn request(
        &mut self,
        picture: &Picture,
        images: &mut Assets<Image>,
        settled: &Settled,
    ) -> TextureRequest {
        let max_side = self.settings.max_side;
        let frame = self.frame;
        let entry = self.entries.entry(picture.key).or_insert_with(|| {
            let [width, height] = picture.size().map(u64::from);
            let source = picture.source.clone();
            let state = if width * height <= INLINE_PIXELS {
                finish(decode(&source, max_side), images)
            } else {
                let task = AsyncComputeTaskPool::get().spawn(async move { decode(&source, max_side) });
                State::Decoding(task, settled.pending_work())
            };
            Entry {
                state,
                last_used: frame,
                bytes: width * height * 4,
            }
        });
        entry.last_used = frame;
        if let State::Decoding(task, _) = &mut entry.state
            && let Some(result) = block_on(poll_once(task))
        {
            entry.state = finish(result, images);
        }
        match &entry.state {
            State::Ready(handle) => TextureRequest::Ready(handle.clone()),
            State::Decoding(..) => TextureRequest::Pending,
            State::Failed => TextureRequest::Failed,
        }
    }

    /// Says that a texture is still shown.
    pub(crate) fn touch(&mut self, key: PictureKey) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.last_used = self.frame;
        }
    }

    /// Drops the textures that nobody asked for in this frame, those longest unused first, until the rest fits. Dropping one that
    /// is still being decoded cancels that.
    pub(crate) fn end_frame(&mut self) {
        let frame = self.frame;
        self.entries
            .retain(|_, entry| entry.last_used == frame || !matches!(entry.state, State::Decoding(..)));
        let mut idle: Vec<(u64, PictureKey, u64)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.last_used < frame)
            .map(|(key, entry)| (entry.last_used, *key, entry.bytes))
            .collect();
        let mut bytes: u64 = idle.iter().map(|(.., bytes)| bytes).sum();
        if bytes <= self.settings.max_idle_bytes {
            return;
        }
        idle.sort_unstable();
        for (_, key, freed) in idle {
            if bytes <= self.settings.max_idle_bytes {
                break;
            }
            self.entries.remove(&key);
            bytes -= freed;
        }
    }

    /// The bytes of all textures on the GPU.
    pub fn num_bytes(&self) -> u64 {
        self.entries.values().map(|entry| entry.bytes).sum()
    }

    /// The bytes of the textures that are not shown.
    pub fn num_idle_bytes(&self) -> u64 {
        self.entries
            .values()
            .filter(|entry| entry.last_used < self.frame)
            .map(|entry| entry.bytes)
            .sum()
    }

    /// Drops what is not shown.
    pub fn purge(&mut self) {
        let frame = self.frame;
        self.entries.retain(|_, entry| entry.last_used >= frame);
    }
}

fn finish(result: Result<Pixels, DecodeError>, images: &mut Assets<Image>) -> State {
    match result {
        Ok(Pixels {
            size: [width, height],
            rgba,
        }) => {
            let size = Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            };
            let format = TextureFormat::Rgba8UnormSrgb;
            // The bytes go to the GPU and are not kept beside it.
            let image = Image::new(
                size,
                TextureDimension::D2,
                rgba,
                format,
                RenderAssetUsages::RENDER_WORLD,
            );
            State::Ready(images.add(image))
        }
        Err(error) => {
            tracing::warn!("a picture cannot be decoded: {error}");
            State::Failed
        }
    }
}
