//! What the blueprint says of a view beside its contents: its eye, its background, its bounds.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintQuery, ViewId};
use chronoscope_frame::Recordings;
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component, ReadError,
    blueprint::Background,
    components::{self, blueprint as blueprint_components},
    enums::BackgroundKind,
    read,
};
use egui::Color32;
use glam::DVec3;

/// The value of a view's property, such as `EyeControls3D:position`.
pub(crate) fn property(world: &World, view: ViewId, component: &str) -> Option<ArrayRef> {
    let (entry, blueprints) = world.get_resource::<Recordings>()?.active_blueprint()?;
    let query = BlueprintQuery::new(
        entry.store(),
        &entry.recording.cache,
        blueprints.undo.query_time(),
    );
    let hit = chronoscope_blueprint::overrides::view_property(&query, view, component)?;
    let cell = hit.cell();
    (!cell.is_empty()).then_some(cell)
}

/// A property that is one place or direction in space. What cannot be read, or is not finite, is no value.
pub(crate) fn vector(world: &World, view: ViewId, component: &str) -> Option<DVec3> {
    let array = property(world, view, component)?;
    let values = read::positions3d(&array).ok()?;
    values
        .first()
        .map(|value| DVec3::from_array(value.map(f64::from)))
        .filter(|value| value.is_finite())
}

/// A property that is a truth value.
pub(crate) fn boolean(world: &World, view: ViewId, component: &str) -> Option<bool> {
    let array = property(world, view, component)?;
    read::bools(&array).ok()?.first().copied()
}

/// A property that is one number.
pub(crate) fn number(world: &World, view: ViewId, component: &str) -> Option<f32> {
    let array = property(world, view, component)?;
    components::Radius::read(&array)
        .ok()?
        .first()
        .copied()
        .filter(|value| value.is_finite())
}

/// The background that the blueprint gives to a view. `None` leaves it to the theme.
pub(crate) fn background(world: &World, view: ViewId) -> Option<Color32> {
    let kind = property(world, view, &Background::KIND).and_then(|array| first_kind(&array).ok().flatten());
    if kind.is_some_and(|kind| kind != BackgroundKind::SolidColor) {
        return None;
    }
    let array = property(world, view, &Background::COLOR)?;
    let [r, g, b, _] = read::colors(&array).ok()?.first()?.to_be_bytes();
    Some(Color32::from_rgb(r, g, b))
}

fn first_kind(array: &ArrayRef) -> Result<Option<BackgroundKind>, ReadError> {
    Ok(blueprint_components::BackgroundKind::read(array)?
        .first()
        .copied())
}
