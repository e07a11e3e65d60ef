//! The viewer in a window.

use std::time::Duration;

use bevy::{
    log::LogPlugin,
    prelude::*,
    window::{PresentMode, WindowResolution},
    winit::{UpdateMode, WinitSettings},
};
use bevy_egui::{EguiGlobalSettings, EguiPlugin, PrimaryEguiContext};
use chronoscope_frame::{Recordings, Settled, TimeControls, time_control::PlayState};

/// The engine with one window.
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
        app.add_plugins(
            DefaultPlugins
                .set(WindowPlugin {
                    primary_window: Some(window),
                    ..default()
                })
                .disable::<LogPlugin>(),
        );
        app.add_plugins(EguiPlugin::default());
        app.insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        });
        app.insert_resource(WinitSettings::desktop_app());
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
        app.add_systems(Last, (pace, name_window));
    }
}

/// Draws without a break while something moves, and sleeps until there is input otherwise.
fn pace(
    mut winit: ResMut<WinitSettings>,
    settled: Res<Settled>,
    recordings: Res<Recordings>,
    times: Res<TimeControls>,
) {
    let playing = recordings
        .active()
        .is_some_and(|entry| times.get(entry.key()).play_state() != PlayState::Paused);
    let mode = if playing || settled.frames() < 4 {
        UpdateMode::Continuous
    } else {
        // Now and then a frame, so that files that changed and streams that woke up are noticed.
        UpdateMode::reactive_low_power(Duration::from_millis(250))
    };
    if winit.focused_mode != mode {
        winit.focused_mode = mode;
        winit.unfocused_mode = mode;
    }
}

fn name_window(mut windows: Query<&mut Window>, recordings: Res<Recordings>) {
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
