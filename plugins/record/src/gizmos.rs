//! What is drawn with the engine's gizmos.

use std::any::TypeId;

use bevy_app::{App, Last, Plugin};
use bevy_asset::{AssetEvent, AssetId, Assets, Handle};
use bevy_color::{Color, ColorToPacked as _, LinearRgba};
use bevy_ecs::prelude::*;
use bevy_gizmos::{
    GizmoAsset, GizmoHandles, GizmoMeshSystems,
    config::{DefaultGizmoConfigGroup, GizmoConfigStore},
    gizmos::GizmoBufferView,
    retained::Gizmo,
};
use chronoscope_types::{LineStrips3D, Rgba};
use glam::Vec3;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    RecordSystems, WorldRecorder,
    fields::{LoggedFields, Lost},
    order,
    skipped::Skipped,
    slots::{GIZMOS, Naming},
};

/// Records what is drawn with `Gizmos`, as lines below the root of what is recorded: `gizmos` for the default group, and below it
/// a path for each other group, by the name of its type. A `Gizmo` of an entity is recorded below that entity, as `gizmo`, until it is
/// taken away.
///
/// A row is logged in the frames in which other lines are drawn than in the frame before: what is drawn alike in all frames is
/// there once. A line has one color in a recording, that of its first point. Widths are in points, as on the screen; dots and
/// dashes are left out. Cost: O(points that are drawn) a frame.
pub struct RecordGizmosPlugin;

impl Plugin for RecordGizmosPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        // Until then, a part of what is drawn lies with the fixed schedule.
        app.configure_sets(Last, RecordSystems::Values.after(GizmoMeshSystems));
        order::add_to_values(app, record_drawn);
        order::add_to_values(app, record_retained);
    }
}

/// Lines as the engine keeps them: pairs of points, and strips with a point between them that is no number.
#[derive(Debug, Default)]
struct Lines {
    width: f32,
    pairs: Vec<Vec3>,
    pair_colors: Vec<LinearRgba>,
    strips: Vec<Vec3>,
    strip_colors: Vec<LinearRgba>,
}

impl Lines {
    fn of(buffer: GizmoBufferView<'_>, width: f32) -> Self {
        Self {
            width,
            pairs: buffer.list_positions.clone(),
            pair_colors: buffer.list_colors.clone(),
            strips: buffer.strip_positions.clone(),
            strip_colors: buffer.strip_colors.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.strips.is_empty()
    }

    /// Whether these are the lines of a buffer, bit by bit: between strips are points that are no numbers.
    fn are_of(&self, buffer: &GizmoBufferView<'_>, width: f32) -> bool {
        self.width.to_bits() == width.to_bits()
            && are_same(&self.pairs, buffer.list_positions, Vec3::to_array)
            && are_same(&self.pair_colors, buffer.list_colors, parts_of)
            && are_same(&self.strips, buffer.strip_positions, Vec3::to_array)
            && are_same(&self.strip_colors, buffer.strip_colors, parts_of)
    }

    /// As they are logged.
    fn columns(&self) -> LineStrips3D {
        let mut strips = Vec::new();
        let mut colors = Vec::new();
        let mut push = |points: &[Vec3], color: Option<&LinearRgba>| {
            if points.len() >= 2 && points.iter().all(|point| point.is_finite()) {
                strips.push(points.iter().map(Vec3::to_array).collect::<Vec<_>>());
                colors.push(color.map_or(Rgba::from([255; 4]), |color| rgba(*color)));
            }
        };
        for (at, pair) in self.pairs.chunks_exact(2).enumerate() {
            push(pair, self.pair_colors.get(2 * at));
        }
        let mut begin = 0;
        for strip in self.strips.split(|point| point.is_nan()) {
            push(strip, self.strip_colors.get(begin));
            begin += strip.len() + 1;
        }
        // Radii below zero are in points.
        LineStrips3D::new(strips)
            .with_colors(colors)
            .with_radii([-0.5 * self.width])
    }
}

fn are_same<T, const N: usize>(one: &[T], other: &[T], parts: impl Fn(&T) -> [f32; N]) -> bool {
    let bits = |value: &T| parts(value).map(f32::to_bits);
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| bits(one) == bits(other))
}

fn parts_of(color: &LinearRgba) -> [f32; 4] {
    [color.red, color.green, color.blue, color.alpha]
}

fn rgba(color: LinearRgba) -> Rgba {
    Rgba::from(Color::from(color).to_srgba().to_u8_array())
}

/// What was drawn in the frame, by group.
fn record_drawn(
    mut recorder: ResMut<WorldRecorder>,
    handles: Option<Res<GizmoHandles>>,
    configs: Option<Res<GizmoConfigStore>>,
    assets: Option<Res<Assets<GizmoAsset>>>,
    mut last: Local<FxHashMap<TypeId, Lines>>,
) {
    let (Some(handles), Some(configs), Some(assets)) = (handles, configs, assets) else {
        return;
    };
    let recorder = &mut *recorder;
    for (group, handle) in handles.handles() {
        let Some((config, group_config)) = configs.get_config_dyn(group) else {
            continue;
        };
        let drawn = handle.as_ref().and_then(|handle| assets.get(handle));
        let width = config.line.width;
        let lines = last.entry(*group).or_default();
        let is_same = match drawn {
            Some(drawn) => lines.are_of(&drawn.buffer().buffer(), width),
            None => lines.is_empty(),
        };
        if is_same && !(recorder.records_all && drawn.is_some()) {
            continue;
        }
        *lines = drawn.map_or_else(Lines::default, |drawn| Lines::of(drawn.buffer().buffer(), width));
        let mut path = recorder.settings.root.child(GIZMOS);
        if *group != TypeId::of::<DefaultGizmoConfigGroup>() {
            path = path.child(group_config.reflect_short_type_path());
        }
        recorder.log_or_report(path, &lines.columns());
    }
}

/// Gizmos that entities have.
fn record_retained(
    mut recorder: ResMut<WorldRecorder>,
    assets: Option<Res<Assets<GizmoAsset>>>,
    handles: Option<Res<GizmoHandles>>,
    mut events: Option<MessageReader<AssetEvent<GizmoAsset>>>,
    changed: Query<Entity, Changed<Gizmo>>,
    all: Query<(Entity, &Gizmo)>,
    mut lost: Lost<Gizmo>,
    mut fields: Local<LoggedFields>,
    mut waiting: Local<FxHashSet<Entity>>,
    naming: Naming,
    skipped: Skipped,
) {
    let (Some(assets), recorder) = (assets, &mut *recorder) else {
        return;
    };
    lost.record(&mut fields, recorder, Some("gizmo"));
    // Those that are drawn anew in each frame are no entity's.
    let drawn: FxHashSet<AssetId<GizmoAsset>> = handles
        .iter()
        .flat_map(|handles| handles.handles().values().flatten())
        .map(Handle::id)
        .collect();
    let modified: FxHashSet<AssetId<GizmoAsset>> = events
        .iter_mut()
        .flat_map(MessageReader::read)
        .filter_map(|event| match event {
            AssetEvent::Modified { id } if !drawn.contains(id) => Some(*id),
            _ => None,
        })
        .collect();
    let mut again = std::mem::take(&mut *waiting);
    again.extend(&changed);
    if recorder.resumes {
        // Changes in the past were told to nobody.
        again.extend(all.iter().map(|(entity, _)| entity));
    }
    if !modified.is_empty() {
        let having = all
            .iter()
            .filter(|(_, gizmo)| modified.contains(&gizmo.handle.id()));
        again.extend(having.map(|(entity, _)| entity));
    }
    for entity in recorder.due(again, all.iter().map(|(entity, _)| entity)) {
        let Ok((_, gizmo)) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        let Some(asset) = assets.get(&gizmo.handle) else {
            waiting.insert(entity);
            continue;
        };
        let slot = recorder.slots.find_or_add(entity, &naming);
        let Some(path) = recorder.slots.path(slot).map(|path| path.child("gizmo")) else {
            continue;
        };
        let lines = Lines::of(asset.buffer().buffer(), gizmo.line_config.width);
        let row = fields.row(entity, &lines.columns());
        recorder.log_or_report(path, &row);
    }
}
