//! What each spatial view shows, and where: the product of presenting.
//!
//! A scene follows the visuals of its view: what was made anew is written to the instance buffers, what only moved or lit up
//! rewrites its uniform, and where nothing changed nothing is written.

use std::{collections::BTreeMap, sync::Arc};

use bevy::{
    asset::{Assets, Handle},
    camera::visibility::RenderLayers,
    ecs::{prelude::*, query::QueryState},
    image::Image,
    math::{Affine3A, Vec2},
    render::renderer::RenderDevice,
};
use chronoscope_blueprint::{ViewBlueprint, ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, RecordingKey, Recordings, Selection, Settled, Transforms, View, ViewTile, selection,
};
use chronoscope_render::{Highlight, ImageQuad, Magnification, SegmentUniform};
use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use chronoscope_types::enums::MagnificationFilter;
use glam::DAffine3;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    batches::{Batches, Layering, Placed},
    bounds::Bounds,
    camera::SceneCamera,
    framing::Framing,
    labels::PlacedLabel,
    pictures::{Picture, PictureKey},
    projection::Projector,
    sources::{SourceChanges, SourceId, SpatialSources},
    textures::{PictureTextures, TextureRequest},
    visual::SpatialVisual,
};
use crate::colors;

/// The first render layer that views use. Those below are left to the app.
const FIRST_LAYER: usize = 8;

/// Draw orders beyond are cut off, so that depths keep their precision.
pub(crate) const MAX_DRAW_ORDER: f32 = 1000.0;

/// How many labels are placed at most, before those that can be seen are chosen.
const MAX_PLACED_LABELS: usize = 4096;

/// An entity in a scene: the visualizer, and the data entity.
pub(crate) type SceneKey = (SourceId, EntityId);

/// The space that a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Seen by an eye in space.
    Three,
    /// A plane with Y down.
    Two,
}

impl Space {
    /// The space that views of a class show; `None` for other views.
    pub fn of_class(class: &ViewClassId) -> Option<Self> {
        match class.as_str() {
            ViewClassId::SPATIAL_3D => Some(Self::Three),
            ViewClassId::SPATIAL_2D => Some(Self::Two),
            _ => None,
        }
    }
}

/// The scenes of all spatial views.
#[derive(Resource, Default)]
pub struct SpatialScenes {
    by_view: BTreeMap<ViewId, SpatialScene>,
    selection: Selection,
}

impl SpatialScenes {
    /// The scene of a view.
    pub fn get(&self, view: ViewId) -> Option<&SpatialScene> {
        self.by_view.get(&view)
    }

    /// All scenes.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SpatialScene> {
        self.by_view.values_mut()
    }

    fn free_layer(&self) -> usize {
        let used: FxHashSet<usize> = self.by_view.values().map(|scene| scene.layer).collect();
        (FIRST_LAYER..)
            .find(|layer| !used.contains(layer))
            .unwrap_or(FIRST_LAYER)
    }
}

/// What one view shows, and where.
pub struct SpatialScene {
    /// The view.
    pub(crate) view: ViewId,
    pub(crate) space: Space,
    pub(crate) blueprint: Arc<ViewBlueprint>,
    pub(crate) tile: ViewTile,
    pub(crate) results_version: u64,
    pub(crate) layer: usize,
    recording: Option<RecordingKey>,
    origin: Option<EntityId>,
    entities: FxHashMap<SceneKey, Shown>,
    /// The entities in the order of their paths.
    order: Vec<SceneKey>,
    order_is_stale: bool,
    batches: Batches,
    quads: BTreeMap<SceneKey, (Entity, PictureKey, ImageQuad)>,
    labels: Vec<PlacedLabel>,
    bounds: Option<Bounds>,
    /// Whether something was written since the camera last looked.
    pub(crate) is_changed: bool,
    pub(crate) framing: Framing,
    pub(crate) camera: Option<SceneCamera>,
    /// Entities of the class's own, such as a grid.
    pub(crate) extras: Vec<Entity>,
    pub(crate) projector: Projector,
}

/// An entity as it is shown.
pub(crate) struct Shown {
    pub(crate) visual: Arc<SpatialVisual>,
    pub(crate) path: EntityPath,
    pub(crate) view_from_entity: DAffine3,
    pub(crate) default_radius: f32,
    /// The versions of the entity's and the origin's transforms.
    versions: (u64, u64),
    highlight: Highlight,
    placed: Placed,
}

impl SpatialScene {
    fn new(view: &View, space: Space, layer: usize) -> Self {
        Self {
            view: view.id,
            space,
            blueprint: view.blueprint.clone(),
            tile: ViewTile::default(),
            results_version: 0,
            layer,
            recording: None,
            origin: None,
            entities: FxHashMap::default(),
            order: Vec::new(),
            order_is_stale: false,
            batches: Batches::default(),
            quads: BTreeMap::new(),
            labels: Vec::new(),
            bounds: None,
            is_changed: true,
            framing: Framing::default(),
            camera: None,
            extras: Vec::new(),
            projector: Projector::default(),
        }
    }

    /// How the view's space comes to its tile.
    pub fn projector(&self) -> &Projector {
        &self.projector
    }

    /// The texture that the view is rendered to, once there is one.
    pub fn texture(&self) -> Option<egui::TextureId> {
        self.camera.as_ref()?.texture
    }

    /// The image that the view is rendered to, once there is one.
    pub fn image(&self) -> Option<&Handle<Image>> {
        self.camera.as_ref().map(SceneCamera::image)
    }

    /// Whether the view's camera renders in this frame.
    pub fn is_rendering(&self) -> bool {
        self.camera.as_ref().is_some_and(SceneCamera::is_rendering)
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Around everything that is shown, in the view's space.
    pub fn bounds(&mut self) -> Bounds {
        let entities = &self.entities;
        *self.bounds.get_or_insert_with(|| {
            entities.values().fold(Bounds::EMPTY, |all, shown| {
                all.union(shown.visual.bounds.transformed(&shown.view_from_entity))
            })
        })
    }

    /// Around the pictures that are shown.
    pub(crate) fn picture_bounds(&self) -> Bounds {
        self.quads
            .keys()
            .filter_map(|key| self.entities.get(key))
            .fold(Bounds::EMPTY, |all, shown| {
                all.union(shown.visual.bounds.transformed(&shown.view_from_entity))
            })
    }

    /// Around one entity and all below it.
    pub(crate) fn bounds_of(&self, path: &EntityPath) -> Bounds {
        self.entities
            .values()
            .filter(|shown| shown.path.starts_with(path))
            .fold(Bounds::EMPTY, |all, shown| {
                all.union(shown.visual.bounds.transformed(&shown.view_from_entity))
            })
    }

    /// The texts over the view.
    pub(crate) fn labels(&self) -> &[PlacedLabel] {
        &self.labels
    }

    /// The entities in the order of their paths.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (SceneKey, &Shown)> {
        self.order
            .iter()
            .filter_map(|key| Some((*key, self.entities.get(key)?)))
    }

    /// An entity.
    pub(crate) fn get(&self, key: SceneKey) -> Option<&Shown> {
        self.entities.get(&key)
    }

    fn despawn(&mut self, world: &mut World) {
        self.batches.despawn(world);
        for (entity, ..) in std::mem::take(&mut self.quads).into_values() {
            world.despawn(entity);
        }
        for entity in self.extras.drain(..) {
            world.despawn(entity);
        }
        if let Some(camera) = self.camera.take() {
            camera.despawn(world);
        }
    }
}

/// Brings all scenes up to date.
pub(crate) fn present_scenes(world: &mut World, views: &mut QueryState<(&View, &ViewTile, &DataResults)>) {
    puffin::profile_scope!("present", "spatial");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        let scenes = scenes.bypass_change_detection();
        follow_views(world, views, scenes);
        let selection = world.resource::<Selection>();
        let selection_changed = *selection != scenes.selection;
        if selection_changed {
            scenes.selection = selection.clone();
        }
        let selection = &scenes.selection;
        let sources = world.resource::<SpatialSources>().clone();
        let recording = world.resource::<Cursor>().recording;
        for scene in scenes.by_view.values_mut() {
            let changes: Vec<SourceChanges> = sources
                .sources
                .iter()
                .map(|source| (source.changes)(world, scene.view))
                .collect();
            if recording.is_none()
                && changes.iter().all(|changes| changes.removed.is_empty())
                && scene.entities.is_empty()
            {
                continue;
            }
            present_scene(
                world,
                scene,
                &sources,
                changes,
                recording,
                selection,
                selection_changed,
            );
        }
        present_pictures(world, scenes);
    });
}

/// One scene per spatial view.
fn follow_views(
    world: &mut World,
    views: &mut QueryState<(&View, &ViewTile, &DataResults)>,
    scenes: &mut SpatialScenes,
) {
    let mut gone: Vec<ViewId> = scenes.by_view.keys().copied().collect();
    for (view, tile, results) in views.iter(world) {
        let Some(space) = Space::of_class(&view.class) else {
            continue;
        };
        if scenes
            .by_view
            .get(&view.id)
            .is_some_and(|scene| scene.space != space)
        {
            // Stays among those that are gone, and comes back in the next frame.
            continue;
        }
        gone.retain(|id| *id != view.id);
        let layer = scenes.free_layer();
        let scene = scenes
            .by_view
            .entry(view.id)
            .or_insert_with(|| SpatialScene::new(view, space, layer));
        scene.tile = *tile;
        scene.results_version = results.version();
        if !Arc::ptr_eq(&scene.blueprint, &view.blueprint) {
            scene.blueprint = view.blueprint.clone();
        }
    }
    for id in gone {
        if let Some(mut scene) = scenes.by_view.remove(&id) {
            scene.despawn(world);
        }
    }
}

fn present_scene(
    world: &mut World,
    scene: &mut SpatialScene,
    sources: &SpatialSources,
    changes: Vec<SourceChanges>,
    recording: Option<RecordingKey>,
    selection: &Selection,
    selection_changed: bool,
) {
    let mut removed: Vec<(SceneKey, Placed)> = Vec::new();
    let mut written: Vec<SceneKey> = Vec::new();
    let mut moved: Vec<SceneKey> = Vec::new();

    // What is to be done is found out with the world at rest, and done afterwards.
    {
        let recordings = world.resource::<Recordings>();
        let transforms = world.resource::<Transforms>();
        let store = recording
            .and_then(|key| recordings.get(key))
            .map(chronoscope_frame::RecordingEntry::store);
        for (source, changes) in changes.into_iter().enumerate() {
            let source_id = source as SourceId;
            for entity in changes.removed {
                if let Some(shown) = scene.entities.remove(&(source_id, entity)) {
                    removed.push(((source_id, entity), shown.placed));
                }
            }
            for (entity, visual) in changes.changed {
                let key = (source_id, entity);
                let visual = visual.filter(|visual| !visual.is_empty());
                match (visual, store) {
                    (Some(visual), Some(store)) => {
                        let before = scene.entities.remove(&key);
                        scene.order_is_stale |= before.is_none();
                        let placed = before.map(|shown| shown.placed).unwrap_or_default();
                        let path = store.entity_path(entity).clone();
                        let highlight = highlight_of(selection, scene.view, &path);
                        let default_radius = sources
                            .sources
                            .get(source)
                            .map_or(-1.5, |source| source.default_radius);
                        scene.entities.insert(
                            key,
                            Shown {
                                visual,
                                path,
                                view_from_entity: DAffine3::IDENTITY,
                                default_radius,
                                versions: (u64::MAX, u64::MAX),
                                highlight,
                                placed,
                            },
                        );
                        written.push(key);
                    }
                    _ => {
                        if let Some(shown) = scene.entities.remove(&key) {
                            removed.push((key, shown.placed));
                        }
                    }
                }
            }
        }
        let Some(store) = store else {
            removed.extend(scene.entities.drain().map(|(key, shown)| (key, shown.placed)));
            finish(world, scene, removed, &[], &[]);
            return;
        };
        let origin = nearest_entity(store, &scene.blueprint.origin);
        let everything_may_move =
            transforms.is_changed() || scene.origin != origin || scene.recording != recording;
        if scene.origin != origin || scene.recording != recording {
            for shown in scene.entities.values_mut() {
                shown.versions = (u64::MAX, u64::MAX);
            }
        }
        (scene.origin, scene.recording) = (origin, recording);
        let origin_version = origin.map_or(0, |origin| transforms.version_of(store, origin));
        let space = scene.space;
        let place = |entity: EntityId, shown: &mut Shown| -> bool {
            let versions = (transforms.version_of(store, entity), origin_version);
            if shown.versions == versions {
                return false;
            }
            shown.versions = versions;
            let view_from_entity = transforms
                .origin_from_entity(store, origin, entity)
                .unwrap_or(DAffine3::IDENTITY);
            let view_from_entity = match space {
                Space::Three => view_from_entity,
                Space::Two => flattened(view_from_entity, shown.visual.draw_order),
            };
            std::mem::replace(&mut shown.view_from_entity, view_from_entity) != view_from_entity
        };
        if everything_may_move {
            for (key, shown) in &mut scene.entities {
                if place(key.1, shown) {
                    moved.push(*key);
                }
            }
        } else {
            for key in &written {
                if let Some(shown) = scene.entities.get_mut(key) {
                    place(key.1, shown);
                }
            }
        }
        if selection_changed {
            for (key, shown) in &mut scene.entities {
                let highlight = highlight_of(selection, scene.view, &shown.path);
                if std::mem::replace(&mut shown.highlight, highlight) != highlight {
                    moved.push(*key);
                }
            }
        }
    }
    finish(world, scene, removed, &written, &moved);
}

/// Writes what was found to have changed.
fn finish(
    world: &mut World,
    scene: &mut SpatialScene,
    removed: Vec<(SceneKey, Placed)>,
    written: &[SceneKey],
    moved: &[SceneKey],
) {
    if removed.is_empty() && written.is_empty() && moved.is_empty() {
        return;
    }
    scene.is_changed = true;
    scene.bounds = None;
    for (key, placed) in &removed {
        scene.batches.remove(world, placed, segment_of(*key));
    }
    for key in written {
        let Some(shown) = scene.entities.get_mut(key) else {
            continue;
        };
        let layering = Layering {
            // In a plane nothing hides by depth what is drawn later, so edges may be smooth.
            always_translucent: scene.space == Space::Two,
            depth: if scene.space == Space::Two {
                shown.view_from_entity.translation.z as f32
            } else {
                0.0
            },
        };
        let uniform = uniform_of(*key, shown);
        shown.placed = scene.batches.write(
            world,
            scene.layer,
            key.0,
            segment_of(*key),
            &shown.visual,
            layering,
            uniform,
            &shown.placed,
        );
    }
    let fresh: FxHashSet<&SceneKey> = written.iter().collect();
    for key in moved.iter().filter(|key| !fresh.contains(key)) {
        let Some(shown) = scene.entities.get(key) else {
            continue;
        };
        scene.batches.set_uniform(
            world,
            &shown.placed,
            segment_of(*key),
            &shown.visual,
            uniform_of(*key, shown),
        );
    }
    let entities = &scene.entities;
    if !removed.is_empty() || scene.order_is_stale {
        scene.order_is_stale = false;
        scene.order = entities.keys().copied().collect();
        scene.order.sort_by(|a, b| {
            let path = |key: &SceneKey| entities.get(key).map(|shown| &shown.path);
            path(a).cmp(&path(b)).then(a.0.cmp(&b.0))
        });
    }
    place_labels(scene);
}

fn place_labels(scene: &mut SpatialScene) {
    let mut labels = std::mem::take(&mut scene.labels);
    labels.clear();
    for (_, shown) in scene.shown() {
        for label in &shown.visual.labels {
            if labels.len() >= MAX_PLACED_LABELS {
                break;
            }
            labels.push(PlacedLabel {
                position: shown.view_from_entity.transform_point3(label.position),
                text: label.text.clone(),
                color: label
                    .color
                    .unwrap_or_else(|| colors::entity_color(&shown.path).to_array()),
            });
        }
    }
    scene.labels = labels;
}

/// Shows the pictures of all scenes, each as soon as it is decoded. Until then the one before stays.
fn present_pictures(world: &mut World, scenes: &mut SpatialScenes) {
    world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
        let textures = textures.bypass_change_detection();
        textures.begin_frame(world.get_resource::<RenderDevice>());
        for scene in scenes.by_view.values_mut() {
            present_scene_pictures(world, scene, textures);
        }
        textures.end_frame();
    });
}

fn present_scene_pictures(world: &mut World, scene: &mut SpatialScene, textures: &mut PictureTextures) {
    let pictured: Vec<(SceneKey, Arc<SpatialVisual>, DAffine3)> = scene
        .shown()
        .filter(|(_, shown)| shown.visual.picture.is_some())
        .map(|(key, shown)| (key, shown.visual.clone(), shown.view_from_entity))
        .collect();
    let stale: Vec<SceneKey> = scene
        .quads
        .keys()
        .copied()
        .filter(|key| pictured.iter().all(|(known, ..)| known != key))
        .collect();
    for key in stale {
        if let Some((entity, ..)) = scene.quads.remove(&key) {
            world.despawn(entity);
            scene.is_changed = true;
        }
    }
    if pictured.is_empty() {
        return;
    }
    let has_base = pictured
        .iter()
        .any(|(_, visual, ..)| visual.picture.as_ref().is_some_and(|picture| !picture.is_overlay));
    for (rank, (key, visual, view_from_entity)) in pictured.into_iter().enumerate() {
        let Some(picture) = &visual.picture else { continue };
        let known = scene
            .quads
            .get(&key)
            .filter(|(_, shown, _)| *shown == picture.key)
            .map(|(.., quad)| quad.image.clone());
        let image = match known {
            Some(image) => {
                textures.touch(picture.key);
                image
            }
            None if !scene.tile.shown => continue,
            None => match request(world, textures, picture) {
                TextureRequest::Ready(image) => image,
                // What was shown before stays until this one is there.
                TextureRequest::Pending => continue,
                TextureRequest::Failed => Handle::default(),
            },
        };
        let quad = quad_of(picture, image, view_from_entity, has_base, rank);
        match scene.quads.get_mut(&key) {
            Some((_, shown, known)) if *known == quad => *shown = picture.key,
            Some((entity, shown, known)) => {
                (*shown, *known) = (picture.key, quad.clone());
                world.entity_mut(*entity).insert(quad);
                scene.is_changed = true;
            }
            None => {
                let entity = world
                    .spawn((quad.clone(), RenderLayers::none().with(scene.layer)))
                    .id();
                scene.quads.insert(key, (entity, picture.key, quad));
                scene.is_changed = true;
            }
        }
    }
}

fn request(world: &mut World, textures: &mut PictureTextures, picture: &Picture) -> TextureRequest {
    world.resource_scope(|world, mut images: Mut<Assets<Image>>| {
        textures.request(picture, &mut images, world.resource::<Settled>())
    })
}

fn quad_of(
    picture: &Picture,
    image: Handle<Image>,
    view_from_entity: DAffine3,
    has_base: bool,
    rank: usize,
) -> ImageQuad {
    // What says something about a picture lets it shine through.
    let opacity = picture
        .opacity
        .unwrap_or(if picture.is_overlay && has_base { 0.5 } else { 1.0 });
    let [width, height] = picture.size();
    ImageQuad {
        image,
        world_from_quad: to_f32(view_from_entity),
        size: Vec2::new(width as f32, height as f32),
        tint: [255, 255, 255, (opacity * 255.0).round() as u8],
        magnification: match picture.magnification {
            MagnificationFilter::Nearest => Magnification::Nearest,
            MagnificationFilter::Linear | MagnificationFilter::Bicubic => Magnification::Linear,
        },
        // Of pictures at the same depth, the later path lies in front.
        draw_order: rank as f32 * 1e-3,
        depth_offset: 0.0,
    }
}

fn uniform_of((_, entity): SceneKey, shown: &Shown) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: to_f32(shown.view_from_entity),
        tint: [255; 4],
        highlight: shown.highlight,
        // Zero stands for nothing.
        picking_id: entity.index() as u32 + 1,
        default_color: colors::entity_color(&shown.path).to_array(),
        default_radius: shown.default_radius,
        depth_offset: 0.0,
    }
}

fn to_f32(transform: DAffine3) -> Affine3A {
    Affine3A::from_mat3_translation(transform.matrix3.as_mat3(), transform.translation.as_vec3())
}

/// Where an entity lies in a plane: its depth is its draw order, whatever its transform says.
fn flattened(mut transform: DAffine3, draw_order: f32) -> DAffine3 {
    transform.translation.z = -f64::from(draw_order.clamp(-MAX_DRAW_ORDER, MAX_DRAW_ORDER));
    transform.matrix3.x_axis.z = 0.0;
    transform.matrix3.y_axis.z = 0.0;
    transform
}

fn segment_of((_, entity): SceneKey) -> u64 {
    entity.index() as u64
}

fn highlight_of(selection: &Selection, view: ViewId, path: &EntityPath) -> Highlight {
    match selection.entity_highlight(Some(view), path) {
        selection::Highlight::None => Highlight::None,
        selection::Highlight::Selected => Highlight::Selected,
        selection::Highlight::Hovered => Highlight::Hovered,
    }
}

/// The entity at a path, else the nearest above it that the store knows.
pub(crate) fn nearest_entity(store: &ChunkStore, path: &EntityPath) -> Option<EntityId> {
    path.ancestors().find_map(|path| store.entity_id(&path))
}
