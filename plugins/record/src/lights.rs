//! Lights of the engine.

use bevy_app::{App, Plugin};
use bevy_color::{Color, ColorToPacked as _};
use bevy_ecs::{
    entity_disabling::Disabled, prelude::*, query::Allow, resource::IsResource, system::SystemParam,
};
use bevy_light::{DirectionalLight, PointLight, SpotLight};
use chronoscope_types::{Arrows3D, Points3D, Rgba, Scalars};

use crate::{
    WorldRecorder,
    fields::{LoggedFields, Lost},
    order,
    skipped::Skipped,
    slots::Naming,
};

/// Records the lights of entities, below them as `light`: a point of the light's color where it shines to all sides, an arrow
/// where it has a direction; and how strong it is as a plot, `light/strength`, in lumens, or in lux where it is directional. Where it is
/// taken away, these are emptied.
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

/// The part of the path below an entity at which its light is.
const LIGHT: &str = "light";

/// The part of the path below that at which its strength is.
const STRENGTH: &str = "strength";

type AnyLight = Or<(With<PointLight>, With<SpotLight>, With<DirectionalLight>)>;

type ChangedLight = Or<(Changed<PointLight>, Changed<SpotLight>, Changed<DirectionalLight>)>;

/// Entities that have lost a light of a kind. They may have one of another.
#[derive(SystemParam)]
struct LostLights<'w, 's> {
    points: Lost<'w, 's, PointLight>,
    spots: Lost<'w, 's, SpotLight>,
    directional: Lost<'w, 's, DirectionalLight>,
}

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
    lights: Query<(), (AnyLight, Allow<Disabled>)>,
    mut lost: LostLights,
    mut fields: Local<LoggedFields>,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    let mut again: Vec<Entity> = changed.iter().chain(recorder.slots.moved_entities()).collect();
    // Of several lights, another may be there yet.
    again.extend(lost.points.read(&fields, recorder));
    again.extend(lost.spots.read(&fields, recorder));
    again.extend(lost.directional.read(&fields, recorder));
    if recorder.records_all {
        again.extend(all.iter().map(|(entity, ..)| entity));
    }
    again.sort_unstable();
    again.dedup();
    for entity in again {
        let Ok((_, point, spot, directional)) = all.get(entity) else {
            if !lights.contains(entity) {
                let is_emptied = lost.points.end(entity, &mut fields, recorder, Some(LIGHT));
                if let Some(path) = recorder.path_of(entity).filter(|_| is_emptied) {
                    recorder.log_or_report(path.child(LIGHT).child(STRENGTH), &Scalars::cleared());
                }
            }
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        let slot = recorder.slots.find_or_add(entity, &naming);
        let Some(path) = recorder.slots.path(slot).map(|path| path.child(LIGHT)) else {
            continue;
        };
        let (row, strength) = if let Some(light) = point {
            let point = Points3D::new([[0.0; 3]])
                .with_radii([light.radius.max(0.1)])
                .with_colors([rgba(light.color)]);
            (fields.row(entity, &point), light.intensity)
        } else if let Some(light) = spot {
            (fields.row(entity, &beam(light.color)), light.intensity)
        } else if let Some(light) = directional {
            (fields.row(entity, &beam(light.color)), light.illuminance)
        } else {
            continue;
        };
        recorder.log_or_report(path.clone(), &row);
        recorder.log_or_report(path.child(STRENGTH), &Scalars::new([f64::from(strength)]));
    }
}

/// Lights shine along their own -Z.
fn beam(color: Color) -> Arrows3D {
    Arrows3D::new([[0.0, 0.0, -1.0]]).with_colors([rgba(color)])
}

fn rgba(color: Color) -> Rgba {
    Rgba::from(color.to_srgba().to_u8_array())
}
