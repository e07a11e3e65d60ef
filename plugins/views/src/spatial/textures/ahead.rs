//! Pictures are decoded before they are shown, in the direction in which time plays.

use std::sync::Arc;

use bevy::{asset::Assets, image::Image};
use chronoscope_frame::Settled;

use super::{PictureTextures, State, max_bytes};
use crate::spatial::pictures::{Picture, PictureKey, PixelDecoders};

/// How many bytes the pictures that are not shown yet may take.
const MAX_AHEAD_BYTES: u64 = 128 << 20;

/// What may be begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AheadBudget {
    /// Whether anything may: what is shown goes first.
    pub(crate) may_begin: bool,
    /// The bytes that there is room for in memory.
    pub(crate) room_bytes: u64,
}

impl PictureTextures {
    /// Whether pictures are held that the cursor will come to.
    pub(crate) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Holds the pictures that the cursor will come to, the nearest first, and begins to decode those that are not there yet. What was
    /// held before and is not among them is let go of, and not decoded on.
    ///
    /// Of a stream that is decoded from picture to picture nothing is begun: its decoder goes on from where it is.
    pub(crate) fn hold_ahead(
        &mut self,
        pictures: &[Arc<Picture>],
        budget: AheadBudget,
        images: &mut Assets<Image>,
        decoders: &PixelDecoders,
        settled: &Settled,
    ) {
        let before = std::mem::take(&mut self.ahead);
        let mut room_bytes = budget.room_bytes;
        let mut all_bytes = 0_u64;
        for picture in pictures {
            let key = picture.key;
            let bytes = max_bytes(picture.size(), self.settings.decoded_side(picture));
            all_bytes = all_bytes.saturating_add(bytes);
            if all_bytes > MAX_AHEAD_BYTES {
                break;
            }
            if self.ahead.contains(&key) {
                continue;
            }
            if before.contains(&key) {
                self.finish_ahead(key, images);
            } else if self.held.contains(&key) {
                self.held.hold(&key);
            } else if budget.may_begin && bytes <= room_bytes && picture.source.is_quick() {
                room_bytes -= bytes;
                let decoding = self.decode_elsewhere(picture, decoders, settled);
                self.held.set(key, State::Decoding(decoding), bytes);
                self.held.hold(&key);
            } else {
                continue;
            }
            self.ahead.push(key);
        }
        for key in before {
            if !self.ahead.contains(&key) {
                self.release(key);
            }
        }
    }

    /// Takes what was decoded, if it is done.
    fn finish_ahead(&mut self, key: PictureKey, images: &mut Assets<Image>) {
        if let Some(State::Decoding(_)) = self.held.get(&key) {
            self.poll(key, images);
        }
    }
}
