//! Lights of the engine.

use bevy_app::{App, Plugin};
use bevy_color::{Color, ColorToPacked as _};
use bevy_ecs::{prelude::*, resource::IsResource};
use bevy_light::{DirectionalLight, PointLight, SpotLight};
use chronoscope_types::{Arrows3D, Points3D, Rgba, Scalars};

use crate::{WorldRecorder, order, skipped::Skipped, slots::Naming};

/// Records the lights of entities, below them as `light`: a point of the light's color where it shines to all sides, an arrow
/// where it has a direction; and how strong it is as a plot, `light/strength`, in lumens, or in lux where it is directional.
pub struct RecordLightsPlugin;

impl Plugin for RecordLightsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        order::add_to_values(app, record_lights);
    }
}

type AnyLight = Or<(With<PointLight>, With<SpotLight>, With<DirectionalLight>)>;

type ChangedLight = Or<(Changed<PointLight>, Changed<SpotLight>, Changed<DirectionalLight>)>;

fn record_lights(
    mut recorder: ResMut<WorldRecorder>,
    changed: Query<Entity, (ChangedLight, Without<IsResource>)>,
    all: Query<
        (
            Entity,
            Option<&PointLight>,
            Option<&SpotLight>,
            Option<&DirectionalLight>,
        ),
        (AnyLight, Without<IsResource>),
    >,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    let mut again: Vec<Entity> = changed.iter().chain(recorder.slots.moved_entities()).collect();
    if recorder.records_all {
        again.extend(all.iter().map(|(entity, ..)| entity));
    }
    again.sort_unstable();
    again.dedup();
    for entity in again {
        let Ok((_, point, spot, directional)) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        let slot = recorder.slots.find_or_add(entity, &naming);
        let Some(path) = recorder.slots.path(slot).map(|path| path.child("light")) else {
            continue;
        };
        let strength = if let Some(light) = point {
            let point = Points3D::new([[0.0; 3]])
                .with_radii([light.radius.max(0.1)])
                .with_colors([rgba(light.color)]);
            recorder.log_or_report(path.clone(), &point);
            light.intensity
        } else if let Some(light) = spot {
            recorder.log_or_report(path.clone(), &beam(light.color));
            light.intensity
        } else if let Some(light) = directional {
            recorder.log_or_report(path.clone(), &beam(light.color));
            light.illuminance
        } else {
            continue;
        };
        recorder.log_or_report(path.child("strength"), &Scalars::new([f64::from(strength)]));
    }
}

/// Lights shine along their own -Z.
fn beam(color: Color) -> Arrows3D {
    Arrows3D::new([[0.0, 0.0, -1.0]]).with_colors([rgba(color)])
}

fn rgba(color: Color) -> Rgba {
    Rgba::from(color.to_srgba().to_u8_array())
}
