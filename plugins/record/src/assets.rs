//! Meshes, materials and cameras of the engine.

use std::collections::hash_map::Entry;

use bevy_app::{App, Last, Plugin};
use bevy_asset::{AsAssetId, AssetEvent, AssetId, Assets, Handle};
use bevy_camera::{Camera, Projection};
use bevy_ecs::{entity_disabling::Disabled, prelude::*, query::Allow, resource::IsResource};
use bevy_image::Image;
use bevy_mesh::{Indices, Mesh, Mesh3d, PrimitiveTopology, VertexAttributeValues};
use chronoscope_frame::Report;
use chronoscope_types::{
    Mesh3D, Pinhole, Rgba,
    enums::{ChannelDatatype, ColorModel, Enumeration as _, ViewDir},
    records::ImageFormat,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    WorldRecorder,
    fields::{LoggedFields, Lost},
    order,
    recorder::RECORDER,
    skipped::Skipped,
    slots::Naming,
};

/// Records the meshes of entities, and cameras as pinholes.
///
/// The columns of a mesh are made once and shared by all entities that have it. Where an entity gets another mesh, or none, what it
/// has no more is emptied. What is drawn on it is a matter of its material:
/// see [`AppRecordMaterialExt::record_material`]. A camera is recorded below its entity, as `pinhole`, so that what is below the
/// entity stays in space. One without a perspective has no pinhole; that is said. Where the camera is taken away, it is emptied.
pub struct RecordAssetsPlugin;

impl Plugin for RecordAssetsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.world().contains_resource::<RecordedAssets<Mesh3d>>() {
            return;
        }
        add_assets::<Mesh3d>(app, |mesh, _| match mesh_columns(mesh) {
            Ok(columns) => Columns::Ready(columns),
            Err(reason) => Columns::Never(reason),
        });
        order::add_to_values(app, record_cameras);
    }
}

/// The part of the path below an entity at which its camera is.
const PINHOLE: &str = "pinhole";

/// What is recorded of a material.
#[derive(Clone, Debug)]
pub struct MaterialLook {
    color: Rgba,
    texture: Option<Handle<Image>>,
}

impl MaterialLook {
    /// A color: red, green, blue and alpha.
    pub fn color(color: impl Into<Rgba>) -> Self {
        Self {
            color: color.into(),
            texture: None,
        }
    }

    /// A texture, whose pixels are multiplied with the color. One that only the renderer has is left out.
    #[must_use]
    pub fn with_texture(mut self, texture: Option<Handle<Image>>) -> Self {
        self.texture = texture;
        self
    }
}

/// What an app says about its materials.
pub trait AppRecordMaterialExt {
    /// Records a kind of material by the component that entities have it with: its base color and texture, made once per asset.
    ///
    /// ```
    /// # use bevy_app::App;
    /// # use bevy_asset::{AsAssetId, Asset, AssetId, Handle};
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_reflect::TypePath;
    /// # use chronoscope_record::{AppRecordMaterialExt, MaterialLook, RecordPlugin};
    /// # #[derive(Asset, TypePath)]
    /// # struct StandardMaterial { base_color: [u8; 4] }
    /// # #[derive(Component)]
    /// # struct MeshMaterial3d<T: Asset>(Handle<T>);
    /// # impl<T: Asset> AsAssetId for MeshMaterial3d<T> {
    /// #     type Asset = T;
    /// #     fn as_asset_id(&self) -> AssetId<T> { self.0.id() }
    /// # }
    /// App::new()
    ///     .add_plugins(RecordPlugin::new("game"))
    ///     .record_material::<MeshMaterial3d<StandardMaterial>>(|material| {
    ///         MaterialLook::color(material.base_color)
    ///     });
    /// ```
    fn record_material<C: Component + AsAssetId>(
        &mut self,
        look: impl Fn(&C::Asset) -> MaterialLook + Send + Sync + 'static,
    ) -> &mut Self;
}

/// Whether a kind of material is recorded already.
pub(crate) fn records_material<C: AsAssetId>(app: &App) -> bool {
    app.world().contains_resource::<RecordedAssets<C>>()
}

impl AppRecordMaterialExt for App {
    fn record_material<C: Component + AsAssetId>(
        &mut self,
        look: impl Fn(&C::Asset) -> MaterialLook + Send + Sync + 'static,
    ) -> &mut Self {
        if records_material::<C>(self) {
            tracing::warn!(
                "the materials of {} are recorded already",
                std::any::type_name::<C>()
            );
            return self;
        }
        add_assets::<C>(self, move |material, images| {
            material_columns(&look(material), images)
        });
        self
    }
}

/// What is logged of the assets that entities have by a component.
#[derive(Resource)]
struct RecordedAssets<C: AsAssetId> {
    columns: Box<dyn Fn(&C::Asset, Option<&Assets<Image>>) -> Columns + Send + Sync>,
    /// As they are logged; none where there is nothing to log.
    by_asset: FxHashMap<AssetId<C::Asset>, Option<Mesh3D>>,
    /// Assets that are others than were logged.
    modified: FxHashSet<AssetId<C::Asset>>,
    /// Entities whose assets are not there yet.
    waiting: FxHashSet<Entity>,
    fields: LoggedFields,
}

/// What becomes of an asset.
enum Columns {
    Ready(Mesh3D),
    /// Something that it refers to is not there yet.
    NotYet,
    /// The reason why it cannot be recorded.
    Never(&'static str),
}

fn add_assets<C: AsAssetId>(
    app: &mut App,
    columns: impl Fn(&C::Asset, Option<&Assets<Image>>) -> Columns + Send + Sync + 'static,
) {
    app.insert_resource(RecordedAssets::<C> {
        columns: Box::new(columns),
        by_asset: FxHashMap::default(),
        modified: FxHashSet::default(),
        waiting: FxHashSet::default(),
        fields: LoggedFields::default(),
    });
    // Before any values: another material may stand in place of one that is gone.
    order::add_to_entities(app, record_lost::<C>);
    order::add_to_values(app, record_assets::<C>);
    // The engine tells of changes for two frames only.
    app.add_systems(Last, note_changes::<C>.run_if(is_paused).ambiguous_with_all());
}

fn is_paused(recorder: Option<Res<WorldRecorder>>) -> bool {
    recorder.is_some_and(|recorder| !recorder.is_recording())
}

/// While nothing is recorded, remembers which assets have changed.
fn note_changes<C: AsAssetId>(
    mut recorded: ResMut<RecordedAssets<C>>,
    mut events: Option<MessageReader<AssetEvent<C::Asset>>>,
) {
    for event in events.iter_mut().flat_map(MessageReader::read) {
        recorded.note(event);
    }
}

impl<C: AsAssetId> RecordedAssets<C> {
    fn note(&mut self, event: &AssetEvent<C::Asset>) {
        match event {
            AssetEvent::Modified { id } => {
                self.by_asset.remove(id);
                self.modified.insert(*id);
            }
            AssetEvent::Removed { id } => _ = self.by_asset.remove(id),
            _ => {}
        }
    }
}

fn record_lost<C: AsAssetId>(
    mut recorder: ResMut<WorldRecorder>,
    mut recorded: ResMut<RecordedAssets<C>>,
    mut lost: Lost<C>,
) {
    lost.record(&mut recorded.fields, &mut recorder, None);
}

fn record_assets<C: AsAssetId>(
    mut recorder: ResMut<WorldRecorder>,
    mut recorded: ResMut<RecordedAssets<C>>,
    assets: Option<Res<Assets<C::Asset>>>,
    images: Option<Res<Assets<Image>>>,
    mut events: Option<MessageReader<AssetEvent<C::Asset>>>,
    changed: Query<Entity, (Changed<C>, Without<IsResource>)>,
    all: Query<(Entity, &C), Without<IsResource>>,
    naming: Naming,
    skipped: Skipped,
) {
    let (Some(assets), recorder, recorded) = (assets, &mut *recorder, &mut *recorded) else {
        return;
    };
    let mut again: FxHashSet<Entity> = std::mem::take(&mut recorded.waiting);
    for event in events.iter_mut().flat_map(MessageReader::read) {
        recorded.note(event);
    }
    let modified = std::mem::take(&mut recorded.modified);
    if !modified.is_empty() {
        let having = all
            .iter()
            .filter(|(_, component)| modified.contains(&component.as_asset_id()));
        again.extend(having.map(|(entity, _)| entity));
    }
    again.extend(&changed);
    for entity in recorder.due(again, all.iter().map(|(entity, _)| entity)) {
        let Ok((_, component)) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        let id = component.as_asset_id();
        let Some(asset) = assets.get(id) else {
            recorded.waiting.insert(entity);
            continue;
        };
        let slot = recorder.slots.find_or_add(entity, &naming);
        let Some(path) = recorder.slots.path(slot).cloned() else {
            continue;
        };
        let columns = match recorded.by_asset.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => match (recorded.columns)(asset, images.as_deref()) {
                Columns::Ready(columns) => place.insert(Some(columns)),
                Columns::NotYet => {
                    recorded.waiting.insert(entity);
                    continue;
                }
                Columns::Never(reason) => {
                    let message = format!("its mesh is not recorded: {reason}");
                    recorder.report_once(Report::entity_warning(RECORDER, path.clone(), message));
                    place.insert(None)
                }
            },
        };
        let row = match columns {
            Some(columns) => recorded.fields.row(entity, &*columns),
            // What it had before is no more.
            None => recorded.fields.take(entity),
        };
        if !row.is_empty() {
            recorder.log_or_report(path, &row);
        }
    }
}

/// A material as it is logged.
fn material_columns(look: &MaterialLook, images: Option<&Assets<Image>>) -> Columns {
    let columns = Mesh3D::default().with_albedo_factor(look.color);
    let (Some(texture), Some(images)) = (&look.texture, images) else {
        return Columns::Ready(columns);
    };
    let Some(image) = images.get(texture) else {
        return Columns::NotYet;
    };
    let Ok(pixels) = image.clone().try_into_dynamic() else {
        return Columns::Ready(columns);
    };
    let pixels = pixels.into_rgba8();
    let (width, height) = pixels.dimensions();
    let format = ImageFormat::new(width, height, ColorModel::RGBA, ChannelDatatype::U8);
    Columns::Ready(
        columns
            .with_albedo_texture_format(format)
            .with_albedo_texture_buffer(pixels.into_raw()),
    )
}

/// A mesh as it is logged.
fn mesh_columns(mesh: &Mesh) -> Result<Mesh3D, &'static str> {
    if mesh.primitive_topology() != PrimitiveTopology::TriangleList {
        return Err("it is not a list of triangles");
    }
    // The vertices of a mesh for the renderer alone are gone once it has them.
    let attribute = |id| mesh.try_attribute_option(id).ok().flatten();
    let Some(VertexAttributeValues::Float32x3(positions)) = attribute(Mesh::ATTRIBUTE_POSITION) else {
        return Err("its positions cannot be read");
    };
    let mut columns = Mesh3D::new(positions.iter().copied());
    if let Some(VertexAttributeValues::Float32x3(normals)) = attribute(Mesh::ATTRIBUTE_NORMAL) {
        columns = columns.with_vertex_normals(normals.iter().copied());
    }
    if let Some(VertexAttributeValues::Float32x2(coordinates)) = attribute(Mesh::ATTRIBUTE_UV_0) {
        columns = columns.with_vertex_texcoords(coordinates.iter().copied());
    }
    if let Some(VertexAttributeValues::Float32x4(colors)) = attribute(Mesh::ATTRIBUTE_COLOR) {
        columns = columns.with_vertex_colors(colors.iter().map(|color| {
            let [r, g, b, a] = color.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
            Rgba::from([r, g, b, a])
        }));
    }
    match mesh.try_indices_option() {
        Ok(Some(Indices::U16(indices))) => {
            let triangles = indices.as_chunks::<3>().0;
            columns = columns.with_triangle_indices(triangles.iter().map(|corners| corners.map(u32::from)));
        }
        Ok(Some(Indices::U32(indices))) => {
            columns = columns.with_triangle_indices(indices.as_chunks::<3>().0.iter().copied());
        }
        // Said as well: without indices, those of a mesh that was there before would be emptied, which is no triangle.
        Ok(None) => {
            let whole = positions.len() as u32 / 3;
            columns = columns.with_triangle_indices((0..whole).map(|at| [3 * at, 3 * at + 1, 3 * at + 2]));
        }
        Err(_) => {}
    }
    Ok(columns)
}

fn record_cameras(
    mut recorder: ResMut<WorldRecorder>,
    changed: Query<Entity, (Or<(Changed<Projection>, Changed<Camera>)>, Without<IsResource>)>,
    all: Query<(Entity, &Projection, Option<&Camera>), Without<IsResource>>,
    mut lost: Lost<Projection>,
    mut lost_cameras: RemovedComponents<Camera>,
    cameras: Query<(), (With<Camera>, Allow<Disabled>)>,
    mut fields: Local<LoggedFields>,
    mut last: Local<FxHashMap<Entity, [f32; 3]>>,
    // Those that still have a projection, and no camera any more: they are no pinholes, whatever becomes of the projection.
    mut ended: Local<FxHashSet<Entity>>,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    for entity in lost.record(&mut fields, recorder, Some(PINHOLE)) {
        last.remove(&entity);
        ended.remove(&entity);
    }
    for entity in lost_cameras.read().filter(|entity| !cameras.contains(*entity)) {
        lost.end(entity, &mut fields, recorder, Some(PINHOLE));
        last.remove(&entity);
        if all.contains(entity) {
            ended.insert(entity);
        }
    }
    let moved: FxHashSet<Entity> = if recorder.records_all {
        all.iter().map(|(entity, ..)| entity).collect()
    } else {
        recorder.slots.moved_entities().into_iter().collect()
    };
    let mut seen: Vec<Entity> = changed.iter().chain(moved.iter().copied()).collect();
    seen.sort_unstable();
    seen.dedup();
    for entity in seen {
        let Ok((_, projection, camera)) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming) {
            continue;
        }
        if camera.is_some() {
            ended.remove(&entity);
        } else if ended.contains(&entity) {
            continue;
        }
        let Projection::Perspective(lens) = projection else {
            // It changes each frame, too.
            if last.insert(entity, [0.0; 3]) != Some([0.0; 3]) {
                // It may have had a perspective.
                lost.end(entity, &mut fields, recorder, Some(PINHOLE));
                let slot = recorder.slots.find_or_add(entity, &naming);
                let path = recorder.slots.path(slot).cloned();
                let text = "its camera is not recorded: only those with a perspective are";
                recorder.report_once(Report::info(RECORDER, path, text));
            }
            continue;
        };
        let size = camera
            .and_then(Camera::physical_viewport_size)
            .map_or([720.0 * lens.aspect_ratio, 720.0], |size| {
                size.as_vec2().to_array()
            });
        let focal_length = 0.5 * size[1] / (0.5 * lens.fov).tan();
        // The camera changes each frame, and mostly nothing that is recorded.
        let now = [focal_length, size[0], size[1]];
        if last.insert(entity, now) == Some(now) && !moved.contains(&entity) {
            continue;
        }
        let axes = [ViewDir::Right, ViewDir::Up, ViewDir::Back].map(ViewDir::code);
        let pinhole =
            Pinhole::from_focal_length_and_resolution([focal_length; 2], size).with_camera_xyz(axes);
        let slot = recorder.slots.find_or_add(entity, &naming);
        if let Some(path) = recorder.slots.path(slot).map(|path| path.child(PINHOLE)) {
            let row = fields.row(entity, &pinhole);
            recorder.log_or_report(path, &row);
        }
    }
}
