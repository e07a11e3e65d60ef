//! What helps to find one's way in a 3D view: the grid, the axes of the origin, and a box around everything.

use std::borrow::Cow;

use bevy::{camera::visibility::RenderLayers, ecs::prelude::*, math::Vec3};
use chronoscope_render::{
    Backdrop, Blending, DrawList, GroundGrid, InstanceBuffer, LineInstance, SegmentUniform, pack_color,
};
use egui::Color32;
use glam::DVec3;

use super::{
    eye::{Axes, Eye},
    properties::{GridProperties, Properties3D},
};
use crate::{
    ViewStyle,
    properties::Background,
    spatial::{SpatialScene, bounds::Bounds},
    style::readable,
};

/// Half the thickness of axes and of the box, in UI points.
const LINE_RADIUS: f32 = -0.75;

/// How long axes are, as a share of how far the eye is from what it looks at.
const AXES_SHARE: f64 = 0.1;

/// Lines of a view's own, as they are drawn.
#[derive(Component)]
struct GuideLines {
    lines: Vec<LineInstance>,
    buffer: Entity,
}

/// Shows the guides that the blueprint asks for.
pub(super) fn present_guides(
    world: &mut World,
    scene: &mut SpatialScene,
    said: &Properties3D,
    axes: &Axes,
    eye: &Eye,
    style: &ViewStyle,
) {
    let background = said.background.as_ref().map(Background::color);
    let style = background.map_or(Cow::Borrowed(style), |background| style.on(background));
    present_grid(world, scene, &said.grid, axes, eye, &style);
    present_backdrop(world, scene, said.background.as_ref(), axes);
    let mut lines = Vec::new();
    if said.shows_axes {
        // In powers of two, so that they do not change with each step.
        let length = (eye.distance() * AXES_SHARE).log2().round().exp2() as f32;
        let colors = axis_colors(&style, style.background);
        for (axis, color) in [Vec3::X, Vec3::Y, Vec3::Z].into_iter().zip(colors) {
            let color = pack_color(color.to_array());
            lines.push(LineInstance::new(Vec3::ZERO, axis * length, LINE_RADIUS, color));
        }
    }
    if said.shows_bounds {
        lines.extend(edges(
            &scene.bounds(),
            pack_color(style.secondary_text.to_array()),
        ));
    }
    present_lines(world, scene, lines);
}

/// The colors of the axes X, Y and Z, as they can be told from what is behind them.
pub(super) fn axis_colors(style: &ViewStyle, background: Color32) -> [Color32; 3] {
    [style.error, style.success, style.selected].map(|color| readable(color, background))
}

/// The edges of a box.
fn edges(bounds: &Bounds, color: u32) -> impl Iterator<Item = LineInstance> {
    let corners = bounds.corners().map(DVec3::as_vec3);
    let is_empty = bounds.is_empty();
    // From each corner along the axes on which it is the lesser.
    let pairs = (0..8usize).flat_map(|from| [1, 2, 4].map(|axis| (from, from | axis)));
    let pairs = pairs.filter(move |(from, to)| from != to && !is_empty);
    pairs.map(move |(from, to)| LineInstance::new(corners[from], corners[to], LINE_RADIUS, color))
}

/// Draws these lines and no others. Costs nothing where they are drawn already.
fn present_lines(world: &mut World, scene: &mut SpatialScene, lines: Vec<LineInstance>) {
    let known = scene
        .extras
        .iter()
        .copied()
        .find(|entity| world.get::<GuideLines>(*entity).is_some());
    if let Some(entity) = known
        && let Some(guides) = world.get::<GuideLines>(entity)
    {
        if guides.lines == lines {
            return;
        }
        let buffer = guides.buffer;
        scene.extras.retain(|other| ![entity, buffer].contains(other));
        world.despawn(entity);
        world.despawn(buffer);
        scene.is_changed = true;
    }
    if lines.is_empty() {
        return;
    }
    let mut instances = InstanceBuffer::<LineInstance>::default();
    let Ok(slot) = instances.insert(lines.clone()) else {
        return;
    };
    let buffer = world.spawn(instances).id();
    let mut list = DrawList::<LineInstance>::new(buffer, Blending::Opaque);
    list.insert(slot, SegmentUniform::default());
    let layers = RenderLayers::none().with(scene.layer);
    let guides = GuideLines { lines, buffer };
    let entity = world.spawn((list, layers, guides)).id();
    scene.extras.extend([buffer, entity]);
    scene.is_changed = true;
}

/// A grid through the origin or where the blueprint says, as wide as suits the distance: powers of ten, so that it does not swim when one moves a little.
pub(super) fn grid(said: &GridProperties, axes: &Axes, eye: &Eye, style: &ViewStyle) -> GroundGrid {
    let [r, g, b, _] = style.grid.to_array();
    let (normal, offset) = match said.plane {
        _ if said.is_hidden => (Vec3::ZERO, 0.0),
        Some((normal, distance)) => (Vec3::from_array(normal), f64::from(distance)),
        None => (axes.up.as_vec3(), 0.0),
    };
    GroundGrid {
        normal,
        offset,
        spacing: said
            .spacing
            .unwrap_or_else(|| grid_spacing(eye.distance()) as f32),
        color: said.color.unwrap_or([r, g, b, 200]),
        thickness: said.thickness.unwrap_or(1.0),
    }
}

/// Shows the grid.
fn present_grid(
    world: &mut World,
    scene: &mut SpatialScene,
    said: &GridProperties,
    axes: &Axes,
    eye: &Eye,
    style: &ViewStyle,
) {
    let grid = grid(said, axes, eye, style);
    let is_grid = |entity: &&Entity| world.get::<GroundGrid>(**entity).is_some();
    match scene.extras.iter().find(is_grid).copied() {
        Some(entity) => {
            if let Some(mut known) = world.get_mut::<GroundGrid>(entity)
                && *known != grid
            {
                *known = grid;
                scene.is_changed = true;
            }
        }
        None => {
            let entity = world.spawn((grid, RenderLayers::none().with(scene.layer))).id();
            scene.extras.push(entity);
            scene.is_changed = true;
        }
    }
}

/// The gradient that the blueprint asks for, if it does.
fn present_backdrop(world: &mut World, scene: &mut SpatialScene, said: Option<&Background>, axes: &Axes) {
    let wanted = match said {
        Some(Background::Gradient(gradient)) => Some(Backdrop {
            up: axes.up.as_vec3(),
            nadir: rgb(gradient.nadir),
            horizon: rgb(gradient.horizon),
            zenith: rgb(gradient.zenith),
        }),
        Some(Background::Color(_)) | None => None,
    };
    let known = scene.extras.iter().copied();
    let known = known
        .into_iter()
        .find_map(|entity| Some((entity, *world.get::<Backdrop>(entity)?)));
    if known.map(|(_, backdrop)| backdrop) == wanted {
        return;
    }
    if let Some((entity, _)) = known {
        scene.extras.retain(|other| *other != entity);
        world.despawn(entity);
    }
    if let Some(backdrop) = wanted {
        let layers = RenderLayers::none().with(scene.layer);
        scene.extras.push(world.spawn((backdrop, layers)).id());
    }
    scene.is_changed = true;
}

fn rgb(color: Color32) -> [u8; 3] {
    let [r, g, b, _] = color.to_array();
    [r, g, b]
}

/// Between neighboring lines, for an eye at this distance from what it looks at.
fn grid_spacing(distance: f64) -> f64 {
    let exponent = (distance / 10.0).max(1e-9).log10().round();
    10f64.powf(exponent).clamp(1e-9, 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_suit_the_distance() {
        let check = |distance: f64, spacing: f64| {
            assert!(
                (grid_spacing(distance) / spacing - 1.0).abs() < 1e-9,
                "{distance}"
            );
        };
        check(11.0, 1.0);
        check(25.0, 1.0);
        check(40.0, 10.0);
        check(0.1, 0.01);
        assert!(grid_spacing(0.0) > 0.0 && grid_spacing(f64::INFINITY).is_finite());
    }

    #[test]
    fn a_box_has_twelve_edges_and_one_of_nothing_has_none() {
        let bounds = Bounds::between(DVec3::ZERO, DVec3::new(1.0, 2.0, 3.0));
        let lengths = edges(&bounds, 0).map(|line| {
            let [start, end] = [line.start, line.end].map(Vec3::from_array);
            start.distance(end)
        });
        let mut lengths: Vec<f32> = lengths.collect();
        lengths.sort_by(f32::total_cmp);
        assert_eq!(
            lengths,
            [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0]
        );
        assert_eq!(edges(&Bounds::EMPTY, 0).count(), 0);
    }
}
