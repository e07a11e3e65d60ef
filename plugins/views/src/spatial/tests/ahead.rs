//! Pictures are decoded ahead of the cursor while time plays.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bevy::time::TimeUpdateStrategy;
use chronoscope_frame::LoopMode;

use super::*;
use crate::spatial::pictures::{AppPicturesExt as _, DecodeError, DecodeOptions, PixelDecoder, Pixels};

const FRAMES: i64 = 10;
const SIDES: [u32; 2] = [640, 480];

/// Counts what is decoded, and lets nothing be decoded while its gate is locked.
#[derive(Clone, Default)]
struct Gate {
    num_decoded: Arc<AtomicUsize>,
    gate: Arc<Mutex<()>>,
}

impl PixelDecoder for Gate {
    fn decode(&self, _: &PixelSource, _: &DecodeOptions) -> Option<Result<Pixels, DecodeError>> {
        drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        self.num_decoded.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// A camera with a picture at each frame, of which the first is shown, and a clock that stands though time plays.
fn camera() -> (Viewer, Gate) {
    let gate = Gate::default();
    let chunks = (0..FRAMES).map(|at| {
        let picture = Image::from_rgb8(SIDES[0], SIDES[1], vec![at as u8; 640 * 480 * 3]);
        log_chunk("camera", [(frame(), at)], &picture).unwrap()
    });
    let decoder = gate.clone();
    let mut viewer = Viewer::with(chunks, |app| {
        app.add_pixel_decoder(decoder);
        app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO));
    });
    viewer.step(TimeCommand::SetTime(0));
    viewer.finish();
    assert_eq!(viewer.scene().picture_times(), [0]);
    gate.num_decoded.store(0, Ordering::Relaxed);
    (viewer, gate)
}

impl Viewer {
    /// A frame after a command.
    fn step(&mut self, command: TimeCommand) {
        self.command(ViewerCommand::Time(command));
        self.app.update();
    }

    /// A frame in which all is there that was being decoded.
    fn finish(&mut self) {
        self.finish_decoding();
        self.app.update();
    }

    fn num_decoding(&self) -> usize {
        self.app.world().resource::<PictureTextures>().num_decoding()
    }
}

#[test]
fn what_comes_next_is_decoded_once_and_is_there_at_once() {
    let (mut viewer, gate) = camera();
    viewer.app.update();
    assert_eq!(viewer.num_decoding(), 0, "nothing plays");
    {
        let _closed = gate.gate.lock();
        viewer.step(TimeCommand::Play);
        assert_eq!(viewer.num_decoding(), 3);
    }
    viewer.finish();
    for at in 1..FRAMES {
        viewer.step(TimeCommand::SetTime(at));
        assert_eq!(viewer.scene().picture_times(), [at], "in the frame of the cursor");
        viewer.finish();
    }
    assert_eq!(viewer.num_decoding(), 0);
    assert_eq!(
        gate.num_decoded.load(Ordering::Relaxed),
        FRAMES as usize - 1,
        "each once"
    );
}

#[test]
fn what_was_to_come_is_cancelled_when_the_cursor_turns_or_stops() {
    let (mut viewer, gate) = camera();
    viewer.step(TimeCommand::SetTime(5));
    viewer.finish();
    {
        let _closed = gate.gate.lock();
        viewer.step(TimeCommand::Play);
        assert_eq!(viewer.num_decoding(), 3, "6, 7 and 8");
        viewer.step(TimeCommand::SetTime(2));
        assert_eq!(viewer.num_decoding(), 1, "what is to be shown goes first");
    }
    viewer.finish_decoding();
    {
        let _closed = gate.gate.lock();
        viewer.app.update();
        assert_eq!(viewer.scene().picture_times(), [2]);
        assert_eq!(viewer.num_decoding(), 2, "3 and 4; 5 is known from before");
        viewer.step(TimeCommand::Pause);
        assert_eq!(viewer.num_decoding(), 0);
    }
    assert_eq!(viewer.scene().picture_times(), [2]);
}

#[test]
fn where_playing_loops_the_first_pictures_come_after_the_last() {
    let (mut viewer, gate) = camera();
    viewer.step(TimeCommand::SetLoop(LoopMode::All));
    viewer.step(TimeCommand::SetTime(FRAMES - 2));
    viewer.finish();
    viewer
        .app
        .world_mut()
        .resource_mut::<PictureTextures>()
        .purge(u64::MAX);
    gate.num_decoded.store(0, Ordering::Relaxed);
    viewer.step(TimeCommand::Play);
    viewer.finish();
    assert_eq!(gate.num_decoded.load(Ordering::Relaxed), 3, "9, 0 and 1");
    viewer.step(TimeCommand::SetTime(1));
    assert_eq!(viewer.scene().picture_times(), [1]);
}
