//! The viewer in a window.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use bevy::{
    a11y::AccessibilityRequested,
    log::LogPlugin,
    prelude::*,
    time::TimeReceiver,
    window::{ExitCondition, PresentMode, PrimaryWindow, WindowOccluded, WindowResolution},
    winit::{EventLoopProxyWrapper, UpdateMode, WinitSettings, WinitUserEvent},
};
use bevy_egui::{EguiContext, EguiGlobalSettings, EguiPlugin, EguiPreUpdateSet, PrimaryEguiContext};
use chronoscope_frame::{IngestSources, Recordings, Settled, TimeControls};
use chronoscope_store::Waker;

use crate::{
    accessibility::AccessibilityPlugin, executors::run_one_after_the_other, offscreen::SETTLED_FRAMES,
    own_windows::OwnWindowsPlugin,
};

/// The engine with one window, a camera for egui in it, and Bevy's logger where the app has none yet.
pub struct WindowedPlugin {
    /// The window's size in points.
    pub size: (u32, u32),
}

impl Plugin for WindowedPlugin {
    fn build(&self, app: &mut App) {
        let window = Window {
            title: "Chronoscope".to_owned(),
            name: Some("chronoscope".to_owned()),
            resolution: WindowResolution::new(self.size.0, self.size.1),
            present_mode: PresentMode::AutoVsync,
            ..default()
        };
        let engine = DefaultPlugins.set(WindowPlugin {
            primary_window: Some(window),
            // Those of single views go with it.
            exit_condition: ExitCondition::OnPrimaryClosed,
            ..default()
        });
        // An app that has a logger of its own has added it before.
        app.add_plugins(if app.is_plugin_added::<LogPlugin>() {
            engine.disable::<LogPlugin>()
        } else {
            engine
        });
        take_time_at_the_beginning(app);
        app.add_plugins(EguiPlugin::default());
        run_one_after_the_other(app);
        app.insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        });
        app.insert_resource(WinitSettings {
            focused_mode: UpdateMode::Continuous,
            unfocused_mode: UpdateMode::Continuous,
        });
        app.add_systems(Startup, |mut commands: Commands| {
            commands.spawn((
                Camera2d,
                Camera {
                    order: 1_000,
                    ..default()
                },
                Msaa::Off,
                bevy::camera::visibility::RenderLayers::none(),
                PrimaryEguiContext,
            ));
        });
        app.add_plugins((OwnWindowsPlugin, AccessibilityPlugin));
        app.init_resource::<Woken>();
        app.add_systems(Startup, install_waker);
        app.add_systems(First, begin_frame);
        app.add_systems(PreUpdate, wake_for_egui.after(EguiPreUpdateSet::InitContexts));
        app.add_systems(Last, pace);
        // In the last stage it would come too late: window events between two frames make the engine forget
        // changes that it has not applied yet.
        app.add_systems(PostUpdate, name_window);
    }
}

/// Has a frame's time be that of its beginning. The engine takes the one at which the frame before was drawn; in a window that sleeps, that
/// is as long ago as nothing happened: a button that is pressed then would count as held since then, which is no click.
fn take_time_at_the_beginning(app: &mut App) {
    // Without it the engine asks the clock.
    app.world_mut().remove_resource::<TimeReceiver>();
}

/// The longest sleep. Input, wakers and timers end it earlier; it is finite because winit's event loop spins
/// on a deadline that it cannot compute.
const LONGEST_SLEEP: Duration = Duration::from_secs(60 * 60);

/// The time between two frames of a window that cannot be seen while it plays.
const HIDDEN_FRAME: Duration = Duration::from_millis(200);

/// The time between two frames at rest while a screen reader asks about the window: nothing wakes the window for its requests.
const ASKED_FRAME: Duration = Duration::from_millis(100);

/// Draws without a break while something moves, and sleeps until something happens otherwise. What loads or
/// is decoded elsewhere wakes the window when it is there.
///
/// A window that cannot be seen plays on, a few frames a second: data arrives, and who looks again finds the
/// time that it is.
fn pace(
    mut winit: ResMut<WinitSettings>,
    mut occluded: MessageReader<WindowOccluded>,
    mut is_hidden: Local<bool>,
    settled: Res<Settled>,
    recordings: Res<Recordings>,
    times: Res<TimeControls>,
    asked: Option<Res<AccessibilityRequested>>,
) {
    // Who follows live data is woken by that data.
    let playing = recordings
        .active()
        .is_some_and(|entry| times.get(entry.key()).is_moving());
    if let Some(last) = occluded.read().last() {
        *is_hidden = last.occluded;
    }
    let mode = if playing && *is_hidden {
        UpdateMode::reactive_low_power(HIDDEN_FRAME)
    } else if playing || settled.resting_frames() < SETTLED_FRAMES {
        UpdateMode::Continuous
    } else if asked.is_some_and(|asked| asked.get()) {
        UpdateMode::reactive_low_power(ASKED_FRAME)
    } else {
        UpdateMode::reactive_low_power(LONGEST_SLEEP)
    };
    if winit.focused_mode != mode {
        winit.focused_mode = mode;
        winit.unfocused_mode = mode;
    }
}

/// Whether an event that wakes the window was sent since the last frame began.
#[derive(Resource, Default)]
struct Woken(Arc<AtomicBool>);

/// Precondition: runs before anything looks for what arrived, so that what arrives later wakes the window
/// again.
fn begin_frame(woken: Res<Woken>) {
    woken.0.store(false, Ordering::Release);
}

/// Lets sources and tasks wake the window.
fn install_waker(
    proxy: Res<EventLoopProxyWrapper>,
    woken: Res<Woken>,
    sources: Option<ResMut<IngestSources>>,
    settled: Option<ResMut<Settled>>,
) {
    let (proxy, is_sent) = ((*proxy).clone(), Arc::clone(&woken.0));
    let waker = Waker::new(move || {
        // An event a frame, however much arrives. An event loop that has ended needs none.
        if !is_sent.swap(true, Ordering::AcqRel) {
            let _ = proxy.send_event(WinitUserEvent::WakeUp);
        }
    });
    if let Some(mut sources) = sources {
        sources.set_waker(waker.clone());
    }
    if let Some(mut settled) = settled {
        settled.set_waker(waker);
    }
}

/// Wakes the window when egui wants to draw: now, or after a delay, as for a tooltip or the blinking cursor
/// of a text field. `bevy_egui` does only the former.
fn wake_for_egui(
    mut contexts: Query<&mut EguiContext, Added<EguiContext>>,
    proxy: Res<EventLoopProxyWrapper>,
) {
    for mut context in &mut contexts {
        let proxy = (*proxy).clone();
        let timer = spawn_timer({
            let proxy = proxy.clone();
            move || proxy.send_event(WinitUserEvent::WakeUp).is_ok()
        });
        context.get_mut().set_request_repaint_callback(move |info| {
            if info.delay.is_zero() {
                let _ = proxy.send_event(WinitUserEvent::WakeUp);
            } else if info.delay < LONGEST_SLEEP {
                // Without a thread for the timer, the next event draws it.
                let _ = timer.send(Instant::now() + info.delay);
            }
        });
    }
}

/// Calls `wake` at the earliest of the times that are sent, then forgets the others: who still wants one asks
/// again. Ends with the sender, or when `wake` says that nobody is there.
fn spawn_timer(wake: impl Fn() -> bool + Send + 'static) -> mpsc::Sender<Instant> {
    let (sender, receiver) = mpsc::channel::<Instant>();
    let run = move || {
        while let Ok(mut earliest) = receiver.recv() {
            loop {
                let left = earliest.saturating_duration_since(Instant::now());
                match receiver.recv_timeout(left) {
                    Ok(other) => earliest = earliest.min(other),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if !wake() {
                return;
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("repaint timer".to_owned()).spawn(run) {
        warn!("no timer for the user interface: {error}");
    }
    sender
}

fn name_window(mut windows: Query<&mut Window, With<PrimaryWindow>>, recordings: Res<Recordings>) {
    let title = match recordings.active() {
        Some(entry) => format!("{} - Chronoscope", entry.id().application_id),
        None => "Chronoscope".to_owned(),
    };
    for mut window in &mut windows {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}

#[cfg(test)]
mod tests {
    use bevy::time::{TimePlugin, create_time_channels};

    use super::*;

    #[test]
    fn a_frame_after_a_sleep_does_not_begin_when_the_one_before_was_drawn() {
        let drawn = Instant::now();
        let mut app = App::new();
        app.add_plugins(TimePlugin);
        let (sender, receiver) = create_time_channels();
        app.insert_resource(receiver);
        app.update();
        sender.0.try_send(drawn).ok();
        take_time_at_the_beginning(&mut app);
        app.update();
        let time = app.world().resource::<Time<Real>>();
        assert!(time.last_update().is_some_and(|begun| begun > drawn));
    }

    #[test]
    fn a_timer_wakes_once_for_all_that_asked_before() {
        let (sender, woken) = mpsc::channel();
        let timer = spawn_timer(move || sender.send(()).is_ok());
        let now = Instant::now();
        for delay in [3, 1, 2] {
            timer.send(now + Duration::from_millis(delay)).ok();
        }
        assert_eq!(woken.recv(), Ok(()));
        drop(timer);
    }
}
