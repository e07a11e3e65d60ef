//! Settled: nothing is pending, so what is shown is what blueprint, recordings and cursor say. At rest:
//! nothing is to be done before somebody calls the [`Waker`].

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::Waker;

use crate::{DiffLog, Frame, FrameSystems, IngestSources, ViewerCommands, commands::FileRequests};

/// Whether anything is pending: data that arrives, commands, decoding, a tile's new size.
///
/// A frame is settled when nothing was pending and nothing changed. Some effects need a frame or two to reach
/// the screen (a tile's size, a texture), so what is to be kept, such as a screenshot, waits for some settled
/// frames in a row.
///
/// A frame is at rest when nothing changed, though something may be pending elsewhere that wakes the viewer
/// when it is done. A host that has called [`Self::set_waker`] need not run frames from then on.
#[derive(Resource, Debug, Default)]
pub struct Settled {
    frames: u32,
    resting_frames: u32,
    log_number: u64,
    pending: Arc<AtomicUsize>,
    repaint_requested: bool,
    awaits_wake: bool,
    waker: Option<Waker>,
    /// The same waker, for work that was announced before it was set.
    forward: Arc<ForwardWaker>,
}

/// Calls the waker of the viewer, where it has one by then.
#[derive(Debug, Default)]
struct ForwardWaker(Mutex<Option<Waker>>);

impl Wake for ForwardWaker {
    fn wake(self: Arc<Self>) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Settled {
    /// The settled frames in a row until now.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The frames at rest in a row until now.
    pub fn resting_frames(&self) -> u32 {
        self.resting_frames
    }

    /// Says that something changed in this frame that will be seen only later.
    pub fn disturb(&mut self) {
        self.repaint_requested = true;
    }

    /// Says in this frame that something is awaited that will call the waker: nothing is settled, and all may
    /// rest.
    pub fn await_wake(&mut self) {
        self.awaits_wake = true;
    }

    /// Announces work elsewhere (a decode, a load). Nothing is settled until the guard is dropped. It is to
    /// be asked by [`PendingWork::poll`], so that the end of the work wakes the viewer.
    pub fn pending_work(&self) -> PendingWork {
        self.pending.fetch_add(1, Ordering::Relaxed);
        PendingWork {
            pending: self.pending.clone(),
            waker: Arc::clone(&self.forward).into(),
        }
    }

    /// Sets what wakes the viewer, when work ends that was announced before, too.
    pub fn set_waker(&mut self, waker: Waker) {
        let mut forward = self.forward.0.lock().unwrap_or_else(PoisonError::into_inner);
        *forward = Some(waker.clone());
        drop(forward);
        self.waker = Some(waker);
    }

    /// Has another frame follow, without disturbing this one: who waits for settled frames needs them to
    /// come.
    pub fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake();
        }
    }

    /// What wakes the viewer, where it can rest at all.
    pub fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }
}

/// Work that is pending for as long as this lives.
#[derive(Debug)]
pub struct PendingWork {
    pending: Arc<AtomicUsize>,
    waker: std::task::Waker,
}

impl PendingWork {
    /// The result of the work if there is one; otherwise the viewer is woken when there is. Never waits.
    pub fn poll<T>(&self, work: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        match Pin::new(work).poll(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }
}

impl Drop for PendingWork {
    fn drop(&mut self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Keeps [`Settled`].
pub struct SettlePlugin;

impl Plugin for SettlePlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<Settled>();
        app.add_systems(Frame, settle.in_set(FrameSystems::End));
    }
}

pub(crate) fn settle(
    mut settled: ResMut<Settled>,
    log: Res<DiffLog>,
    sources: Res<IngestSources>,
    commands: Res<ViewerCommands>,
    requests: Res<FileRequests>,
) {
    let is_unchanged = log.next_number() == settled.log_number
        && commands.is_empty()
        && requests.is_empty()
        && !settled.repaint_requested;
    let is_settled = is_unchanged
        && sources.is_idle()
        && settled.pending.load(Ordering::Relaxed) == 0
        && !settled.awaits_wake;
    let rests = is_unchanged && !sources.needs_polling();
    let next = |frames: u32, is_quiet: bool| if is_quiet { frames.saturating_add(1) } else { 0 };
    settled.log_number = log.next_number();
    settled.repaint_requested = false;
    settled.awaits_wake = false;
    settled.frames = next(settled.frames, is_settled);
    settled.resting_frames = next(settled.resting_frames, rests);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IngestSource, SourcePoll};

    fn app() -> App {
        let mut app = App::new();
        app.init_resource::<Settled>()
            .init_resource::<DiffLog>()
            .init_resource::<IngestSources>()
            .init_resource::<ViewerCommands>()
            .init_resource::<FileRequests>()
            .add_systems(bevy_app::Update, settle);
        app
    }

    /// The frames in a row that are settled, and those that are at rest, after some frames.
    fn after_frames(app: &mut App, frames: u32) -> (u32, u32) {
        for _ in 0..frames {
            app.update();
        }
        let settled = app.world().resource::<Settled>();
        (settled.frames(), settled.resting_frames())
    }

    #[test]
    fn all_may_rest_while_work_is_pending_and_its_end_wakes() {
        let mut app = app();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let settled = app.world_mut().resource_mut::<Settled>();
        let pending = settled.pending_work();
        let done = Arc::new(AtomicUsize::new(0));
        let waits = Arc::clone(&done);
        let waiting: Arc<std::sync::Mutex<Option<std::task::Waker>>> = Arc::default();
        let keeps = Arc::clone(&waiting);
        let mut work = std::future::poll_fn(move |context| {
            if waits.load(Ordering::Relaxed) > 0 {
                return Poll::Ready(17);
            }
            if let Ok(mut keeps) = keeps.lock() {
                *keeps = Some(context.waker().clone());
            }
            Poll::Pending
        });
        assert_eq!(pending.poll(&mut work), None);
        // It is used whenever it is set.
        let mut settled = app.world_mut().resource_mut::<Settled>();
        settled.set_waker(Waker::new(move || _ = count.fetch_add(1, Ordering::Relaxed)));
        assert_eq!(after_frames(&mut app, 5), (0, 5));
        done.store(1, Ordering::Relaxed);
        let waker = waiting.lock().ok().and_then(|mut waker| waker.take());
        if let Some(waker) = waker {
            waker.wake();
        }
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert_eq!(pending.poll(&mut work), Some(17));
        drop(pending);
        assert_eq!(after_frames(&mut app, 3), (3, 8));
    }

    struct Quiet {
        wakes: bool,
    }

    impl IngestSource for Quiet {
        fn name(&self) -> &str {
            "quiet"
        }

        fn poll(&mut self) -> SourcePoll {
            SourcePoll::Pending
        }

        fn set_waker(&mut self, _waker: &Waker) -> bool {
            self.wakes
        }
    }

    #[test]
    fn only_a_source_that_does_not_wake_is_asked_in_each_frame() {
        for (wakes, expected) in [(true, (0, 4)), (false, (0, 0))] {
            let mut app = app();
            let mut sources = app.world_mut().resource_mut::<IngestSources>();
            sources.set_waker(Waker::new(|| {}));
            sources.add(Quiet { wakes });
            assert_eq!(after_frames(&mut app, 4), expected);
        }
    }

    #[test]
    fn what_is_awaited_is_not_settled_and_what_changed_does_not_rest() {
        let mut app = app();
        assert_eq!(after_frames(&mut app, 2), (2, 2));
        app.world_mut().resource_mut::<Settled>().await_wake();
        assert_eq!(after_frames(&mut app, 1), (0, 3));
        app.world_mut().resource_mut::<Settled>().disturb();
        assert_eq!(after_frames(&mut app, 1), (0, 0));
    }
}
