//! From what is clicked on in the viewer to the entity of the running app.
//!
//! Run it with `cargo run --example click_to_entity`: a click on a lamp, in the 3D view or in the tree, switches it. With a path
//! it draws a picture there instead of opening a window.

use bevy::prelude::*;
use chronoscope::{
    prelude::*,
    types::{Ellipsoids3D, enums::FillMode},
};

/// Lamps in the row.
pub const LAMPS: usize = 5;
/// The color of a lamp that is on.
pub const ON: [u8; 3] = [255, 214, 70];
/// The color of a lamp that is off.
pub const OFF: [u8; 3] = [70, 80, 110];

/// A lamp.
#[derive(Component)]
pub struct Lamp {
    /// Whether it is on.
    pub is_on: bool,
}

fn hang_lamps(mut commands: Commands) {
    for at in 0..LAMPS {
        let place = Transform::from_xyz(2.0 * at as f32, 0.0, 0.0);
        commands
            .spawn((Name::new(format!("lamp_{at}")), Lamp { is_on: false }, place))
            .observe(switch);
    }
}

/// A click in the viewer is an event at the entity that was recorded. One with the other button opens a menu there, and nothing else.
fn switch(click: On<RecordedClick>, mut lamps: Query<&mut Lamp>) {
    if click.button == ClickButton::Primary
        && let Ok(mut lamp) = lamps.get_mut(click.entity)
    {
        lamp.is_on = !lamp.is_on;
    }
}

/// The app, and what is recorded of it.
pub fn add_to(app: &mut App) {
    app.add_plugins(RecordPlugin::new("click_to_entity"))
        .record_as(|lamp: &Lamp| {
            Ellipsoids3D::default()
                .with_half_sizes([[0.7; 3]])
                .with_fill_mode(FillMode::Solid)
                .with_colors([if lamp.is_on { ON } else { OFF }])
        })
        .add_systems(Startup, hang_lamps);
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::window_or_picture(add_to, 60, |_| {})
}
