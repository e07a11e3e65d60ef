//! What each spatial view shows, and where: the product of presenting.
//!
//! A scene follows the visuals of its view. [`present`] decides which scenes have anything to do, [`diff`] finds out what changed in
//! one: what was made anew, what moved with a transform, what [`lights`] up. [`standing`] tells what a frame moves, [`shown_entities`]
//! holds what is shown, and [`hidden`] what has no place. What differs from what is drawn in its instances alone [`overwrites`] finds.
//! [`write`] brings all that into instance buffers, uniforms and labels, [`staged`] part by part, [`quads`] into pictures, and
//! [`meshes`] into meshes; of a visual that is replaced, the parts that [`placed`] finds again stay, and of rows that are shown
//! together each is pointed at by itself ([`picked_rows`]). While time plays, pictures are decoded [`ahead`]. The user interface asks
//! for the [`pictures`] at a place. A frame in which nothing changed touches nothing; a hidden view catches up when it is shown.

mod ahead;
mod diff;
mod hidden;
mod lights;
mod meshes;
mod overwrites;
mod picked_rows;
mod pictures;
mod placed;
mod present;
mod quads;
mod shown_entities;
mod staged;
mod standing;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use bevy::{asset::Handle, ecs::prelude::*, image::Image, math::UVec2};
use chronoscope_blueprint::{ViewBlueprint, ViewId};
use chronoscope_frame::{ContextId, Origin, RecordingKey, Report, Settled, View, ViewTile};
use chronoscope_store::{EntityId, EntityPath};
use glam::{DAffine3, DVec2};
use rustc_hash::FxHashSet;

pub(crate) use ahead::{ComingPictures, coming_pictures, look_ahead};
pub(crate) use present::{
    CollectChanges, collect_changes, collect_changes_of, follow_views, give_up_hidden, present_scenes,
};

use super::{
    bounds::Bounds,
    camera::{Overlay, Placement, SceneCamera, Shot, image_size},
    depth_clouds::PictureEye,
    draw_order::DrawOrder,
    framing::Framing,
    labels::PlacedLabel,
    lists::ViewLists,
    marks::MAX_LABELS,
    parts::{KindId, PartKinds},
    projection::Projector,
    sources::SourceId,
    target_frame::TargetFrame,
    textures::PictureTextures,
    visual::{SpatialVisual, Stand},
};
use crate::ViewStyle;
use chronoscope_frame::{Space, ViewLayers};
use hidden::HiddenEntities;
use lights::{Lights, Lit};
pub(crate) use meshes::MeshParts;
use picked_rows::{PickedRows, RowIds};
pub(crate) use pictures::PictureAt;
use placed::Placed;
pub(crate) use placed::PlacedPart;
pub(crate) use quads::PictureQuads;
use shown_entities::ShownEntities;
use standing::{Frames, Standing};

/// Draw orders beyond are cut off, so that depths keep their precision.
pub(crate) const MAX_DRAW_ORDER: f32 = 1000.0;

/// An entity in a scene: the visualizer, and the data entity.
pub(crate) type SceneKey = (SourceId, EntityId);

/// What the entities of a scene are ordered by: the path, then the visualizer.
type OrderKey = (EntityPath, SourceId);

/// The scenes of all spatial views.
#[derive(Resource, Default)]
pub struct SpatialScenes {
    by_view: BTreeMap<ViewId, SpatialScene>,
    /// What is lit up in each recording that is shown.
    lights: BTreeMap<RecordingKey, Lights>,
}

impl SpatialScenes {
    /// The scene of a view.
    pub fn get(&self, view: ViewId) -> Option<&SpatialScene> {
        self.by_view.get(&view)
    }

    /// The scene of a view.
    pub(crate) fn get_mut(&mut self, view: ViewId) -> Option<&mut SpatialScene> {
        self.by_view.get_mut(&view)
    }

    /// All scenes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SpatialScene> {
        self.by_view.values()
    }

    /// All scenes.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SpatialScene> {
        self.by_view.values_mut()
    }

    /// Has the cameras of all views of a space placed that are shown, and puts the others to sleep. Returns how many there are.
    pub(crate) fn place_cameras(
        &mut self,
        world: &mut World,
        space: Space,
        mut place: impl FnMut(&mut World, &mut SpatialScene),
    ) -> usize {
        let mut num_views = 0;
        for scene in self.iter_mut().filter(|scene| scene.space == space) {
            num_views += 1;
            if scene.tile.shown {
                if scene.framing.is_behind() {
                    world.resource_mut::<Settled>().disturb();
                }
                place(world, scene);
            } else {
                scene.put_to_sleep(world);
            }
        }
        num_views
    }

    /// A layer for what is seen through a camera in a view, where that has none yet and needs one.
    fn free_layer_for(&self, view: ViewId, is_through_camera: bool, layers: ViewLayers) -> Option<usize> {
        let scene = self.by_view.get(&view)?;
        (is_through_camera && scene.through_camera.is_none()).then(|| self.free_layer(layers))
    }

    fn free_layer(&self, layers: ViewLayers) -> usize {
        let scenes = self.by_view.values().flat_map(SpatialScene::layers);
        let used: FxHashSet<usize> = scenes.map(|scene| scene.layer).collect();
        (layers.first..)
            .find(|layer| !used.contains(layer))
            .unwrap_or(layers.first)
    }
}

/// What one view shows, and where.
pub struct SpatialScene {
    /// The view.
    pub(crate) view: ViewId,
    pub(crate) space: Space,
    pub(crate) blueprint: Arc<ViewBlueprint>,
    /// What it looks from instead of its origin.
    pub(crate) target_frame: TargetFrame,
    pub(crate) tile: ViewTile,
    /// Where the view looks.
    pub(crate) context: ContextId,
    pub(crate) layer: usize,
    /// What is in space, as the camera sees it in whose picture the view lies.
    through_camera: Option<Box<SpatialScene>>,
    /// Whether this is that.
    is_through_camera: bool,
    recording: Option<RecordingKey>,
    origin: Option<Origin>,
    consumed: Consumed,
    entities: ShownEntities,
    /// The entities in the order of their paths.
    order: BTreeMap<OrderKey, SceneKey>,
    /// What has no place in the view's space, because no transform leads there.
    hidden: HiddenEntities,
    /// What is shown by the frames that it stands in.
    standing: Standing,
    /// How often it was looked where an entity stands.
    num_looked_up: usize,
    kinds: PartKinds,
    lists: ViewLists,
    draw_order: DrawOrder,
    quads: PictureQuads,
    pub(crate) meshes: MeshParts,
    is_decoding: bool,
    labels: BTreeMap<OrderKey, Vec<PlacedLabel>>,
    label_bytes: usize,
    /// What the places of parts take on the heap.
    placed_bytes: usize,
    /// The rows of entities that show several, by what picking answers.
    picked_rows: PickedRows,
    version: u64,
    /// Whether something was written since the camera last looked.
    pub(crate) is_changed: bool,
    pub(crate) framing: Framing,
    pub(crate) camera: Option<SceneCamera>,
    /// Entities of the class's own, such as a grid.
    pub(crate) extras: Vec<Entity>,
    pub(crate) projector: Projector,
}

/// The versions that a scene was last brought up to date with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    transforms: u64,
    /// That of the reasons why trees are cut off.
    cuts: u64,
    /// Whether the origin was flat.
    is_flat: bool,
    lights: u64,
}

/// An entity as it is shown.
pub(crate) struct Shown {
    pub(crate) visual: Arc<SpatialVisual>,
    pub(crate) path: EntityPath,
    pub(crate) view_from_entity: DAffine3,
    pub(crate) default_radius: f32,
    /// The frames that it moves with.
    frames: Frames,
    lit: Lit,
    /// Decides which of two at the same depth is seen.
    depth_tie: u8,
    /// The color in sRGB of what brings none: a hash of the path, kept.
    color: [u8; 4],
    /// Whether the scene has labels of it.
    has_labels: bool,
    placed: Placed,
    /// Whether what is placed is brought elsewhere with its segments alone: it stands in space, no part is at a pose of its own or an
    /// entity of the engine, and there are no labels.
    moves_alone: bool,
    /// What picking answers for its rows, where it shows several.
    row_ids: Option<Box<RowIds>>,
    /// What is placed, if that is not `visual`, but what it took the place of.
    previous: Option<Arc<SpatialVisual>>,
    /// The draw order that it was last written with.
    drawn_order: f32,
    /// The camera of a picture whose distances are shown in space.
    eye: Option<Box<PictureEye>>,
}

impl Shown {
    /// Around what is shown, in the view's space; empty for points of a picture, which are known once it is decoded.
    fn bounds(&self) -> Bounds {
        if self.eye.is_some() {
            return Bounds::EMPTY;
        }
        self.visual.bounds.transformed(&self.view_from_entity)
    }

    /// How many steps of depth it is drawn nearer than it is, so that what lies in one plane of space is seen in the order of
    /// the plane.
    fn depth_offset(&self, space: Space) -> f32 {
        // From the back to the front, the usual orders are -20 to 30.
        match (space, self.visual.stand) {
            // Maps overlap, too.
            (Space::Three, Stand::Space) if self.visual.draw_order != 0.0 => {
                (self.visual.draw_order * 0.2).clamp(-40.0, 40.0)
            }
            (Space::Three, Stand::Plane) => ((self.visual.draw_order + 20.0) * 0.2).clamp(0.0, 40.0),
            _ => 0.0,
        }
    }

    /// The position of a part by its rank.
    pub(crate) fn position_of(&self, rank: i32) -> Option<usize> {
        let is_it = |placed: &Option<PlacedPart>| placed.is_some_and(|placed| placed.rank == rank);
        self.placed.iter().position(is_it)
    }
}

impl SpatialScene {
    fn new(view: &View, space: Space, layer: usize, kinds: PartKinds) -> Self {
        Self {
            kinds,
            view: view.id,
            space,
            blueprint: view.blueprint.clone(),
            target_frame: TargetFrame::default(),
            tile: ViewTile::default(),
            context: ContextId::NOTHING,
            layer,
            through_camera: None,
            is_through_camera: false,
            recording: None,
            origin: None,
            consumed: Consumed::default(),
            entities: ShownEntities::default(),
            order: BTreeMap::new(),
            hidden: HiddenEntities::default(),
            standing: Standing::default(),
            num_looked_up: 0,
            lists: ViewLists::new(layer),
            draw_order: DrawOrder::new(space),
            quads: PictureQuads::default(),
            meshes: MeshParts::default(),
            is_decoding: false,
            labels: BTreeMap::new(),
            label_bytes: 0,
            placed_bytes: 0,
            picked_rows: PickedRows::default(),
            version: 0,
            is_changed: true,
            framing: Framing::default(),
            camera: None,
            extras: Vec::new(),
            projector: Projector::default(),
        }
    }

    /// The scene, and what is seen through a camera before it.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.through_camera.as_deref())
    }

    /// What is in space, as the camera sees it in whose picture the view lies, if there is such a camera and something to see.
    pub(crate) fn through_camera(&self) -> Option<&Self> {
        self.through_camera.as_deref()
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

    /// Width and height of its tile in points.
    pub(crate) fn size_points(&self) -> DVec2 {
        let points = f64::from(self.tile.pixels_per_point.max(f32::MIN_POSITIVE));
        DVec2::from_array(self.tile.size_pixels.map(f64::from)) / points
    }

    /// The size of the image that the view is to be rendered to, in pixels.
    pub(crate) fn target_size(&self) -> Option<UVec2> {
        image_size(self.tile).map(UVec2::from)
    }

    /// Whether the view's camera renders in this frame.
    pub fn is_rendering(&self) -> bool {
        self.camera.as_ref().is_some_and(SceneCamera::is_rendering)
    }

    /// The bytes of what is known of its entities and of how they are drawn, without the visuals. Cost: the number of lists.
    pub(crate) fn own_bytes(&self, world: &World) -> u64 {
        let entities = self.entities.bytes();
        let order = self.order.len() * size_of::<(OrderKey, SceneKey)>();
        let own = entities
            + order
            + self.standing.bytes()
            + self.label_bytes
            + self.placed_bytes
            + self.picked_rows.bytes()
            + self.hidden.bytes()
            + self.meshes.bytes()
            + self.draw_order.bytes()
            + self.framing.heap_bytes();
        let before = self
            .through_camera
            .as_ref()
            .map_or(0, |scene| scene.own_bytes(world));
        self.lists.memory_use(world).own_bytes + own as u64 + before
    }

    /// Lets go of all that it shows, with the visuals. It is made again once the view is shown and
    /// [`ChangedVisuals::ask_for_all`](super::sources::ChangedVisuals::ask_for_all) was called.
    pub(crate) fn give_up(&mut self, world: &mut World, textures: &mut PictureTextures) {
        if let Some(scene) = &mut self.through_camera {
            scene.give_up(world, textures);
        }
        self.lists.despawn(world);
        self.quads.despawn(world, textures);
        self.meshes.despawn(world);
        self.entities = ShownEntities::default();
        self.order.clear();
        self.hidden = HiddenEntities::default();
        self.standing = Standing::default();
        self.draw_order = DrawOrder::new(self.space);
        self.labels.clear();
        (self.label_bytes, self.placed_bytes) = (0, 0);
        self.picked_rows = PickedRows::default();
        self.framing = Framing::default();
        self.consumed = Consumed::default();
        (self.recording, self.origin) = (None, None);
        self.is_decoding = false;
        self.is_changed = true;
        self.version += 1;
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.layers().all(|scene| scene.entities.is_empty())
    }

    /// Grows with each change of what is shown or where it stands. What is lit up is another matter.
    pub fn version(&self) -> u64 {
        self.layers().map(|scene| scene.version).sum()
    }

    /// The recording that is shown.
    pub(crate) fn recording(&self) -> Option<RecordingKey> {
        self.recording
    }

    /// Bounds of everything that is shown, in the view's space. Cost: O(entities).
    pub fn bounds(&self) -> Bounds {
        let shown = self.entities.values().map(Shown::bounds);
        let clouds = self.clouds().map(|(_, bounds)| bounds);
        shown.chain(clouds).fold(Bounds::EMPTY, Bounds::union)
    }

    /// Bounds of the distances that are shown in space.
    fn clouds(&self) -> impl Iterator<Item = (&Shown, Bounds)> {
        self.quads.values().filter_map(|quad| {
            let shown = self.entities.get(&quad.key)?;
            Some((shown, quad.cloud_bounds(shown)?))
        })
    }

    /// Bounds of the pictures that are shown.
    pub(crate) fn picture_bounds(&self) -> Bounds {
        self.quads
            .values()
            .filter(|quad| quad.is_shown())
            .filter_map(|quad| self.entities.get(&quad.key))
            .fold(Bounds::EMPTY, |all, shown| all.union(shown.bounds()))
    }

    /// Around one entity and all below it.
    pub(crate) fn bounds_of(&self, path: &EntityPath) -> Bounds {
        let shown = self.at_or_below(path).filter_map(|key| self.entities.get(&key));
        let clouds = self.clouds().filter(|(shown, _)| shown.path.starts_with(path));
        let clouds = clouds.map(|(_, bounds)| bounds);
        shown
            .map(Shown::bounds)
            .chain(clouds)
            .fold(Bounds::EMPTY, Bounds::union)
    }

    /// The texts over the view with their entities, in the order of the entities' paths.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&EntityPath, &PlacedLabel)> {
        self.labels
            .iter()
            .flat_map(|((path, _), labels)| labels.iter().map(move |label| (path, label)))
            .take(MAX_LABELS)
    }

    /// The entities in the order of their paths.
    #[cfg(test)]
    pub(crate) fn shown(&self) -> impl Iterator<Item = (SceneKey, &Shown)> {
        self.order
            .values()
            .filter_map(|key| Some((*key, self.entities.get(key)?)))
    }

    /// How often it was looked where an entity stands, and an entity without a place was told about.
    #[cfg(test)]
    pub(crate) fn num_looked_up(&self) -> [usize; 2] {
        [self.num_looked_up, self.hidden.num_reported()]
    }

    /// What the places of parts are counted as, and what they take on the heap.
    #[cfg(test)]
    pub(crate) fn placed_bytes(&self) -> [usize; 2] {
        let shown = self.entities.values();
        let spilled = shown.filter(|shown| shown.placed.spilled());
        let places: usize = spilled.map(|shown| shown.placed.capacity()).sum();
        [self.placed_bytes, places * size_of::<Option<PlacedPart>>()]
    }

    /// The parts in the order in which they are drawn.
    pub(crate) fn draw_order(&self) -> &DrawOrder {
        &self.draw_order
    }

    /// The entity at a path that a visualizer shows.
    pub(crate) fn shown_at(&self, path: &EntityPath, source: SourceId) -> Option<(SceneKey, &Shown)> {
        let key = *self.order.get(&(path.clone(), source))?;
        Some((key, self.entities.get(&key)?))
    }

    /// The name of a kind of parts.
    pub(crate) fn kind_name(&self, kind: KindId) -> Option<&'static str> {
        Some(self.kinds.get(kind)?.name)
    }

    /// What visualizers show of an entity.
    pub(crate) fn shown_on(&self, path: &EntityPath) -> impl Iterator<Item = &Shown> {
        self.keys_on(path).filter_map(|key| self.entities.get(&key))
    }

    /// What shows an entity.
    pub(crate) fn keys_on(&self, path: &EntityPath) -> impl Iterator<Item = SceneKey> {
        let on_path = (path.clone(), 0)..=(path.clone(), SourceId::MAX);
        self.order.range(on_path).map(|(_, key)| *key)
    }

    /// The pictures and meshes that could not be decoded, or not all of them.
    pub(crate) fn failures(&self) -> impl Iterator<Item = Report> {
        let pictures = self.quads.values().filter_map(|quad| {
            let path = &self.entities.get(&quad.key)?.path;
            if let Some(message) = quad.failure() {
                return Some(Report::entity_warning("image", path.clone(), message));
            }
            let [[width, height], [columns, rows]] = quad.reduced()?;
            let message = format!(
                "the picture of {width} x {height} pixels is too large for one texture: {columns} x {rows} of them are shown"
            );
            Some(Report::info("image", Some(path.clone()), message))
        });
        let meshes = self.meshes.problems().filter_map(|(key, severity, message)| {
            let path = &self.entities.get(&key)?.path;
            let report = Report::entity_warning("mesh", path.clone(), &*message);
            Some(Report { severity, ..report })
        });
        pictures.chain(meshes)
    }

    /// An entity and all below it, in the order of their paths.
    fn at_or_below<'a>(&'a self, path: &'a EntityPath) -> impl Iterator<Item = SceneKey> + use<'a> {
        at_or_below(&self.order, path)
    }

    /// Whether nothing changed since the camera last looked, and the camera has nothing left to render.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.layers().all(|scene| !scene.is_changed)
            && self.camera.as_ref().is_some_and(SceneCamera::is_asleep)
    }

    /// Places the camera, and the one that what is seen through a camera is drawn by, and decides whether they render in this
    /// frame.
    pub(crate) fn look(
        &mut self,
        world: &mut World,
        placement: Placement,
        through_camera: Option<Placement>,
        background: egui::Color32,
        style: &ViewStyle,
    ) {
        let mut is_changed = std::mem::take(&mut self.is_changed);
        let overlay = self.through_camera.as_deref_mut().and_then(|scene| {
            is_changed |= std::mem::take(&mut scene.is_changed);
            Some(Overlay {
                layer: scene.layer,
                placement: through_camera?,
            })
        });
        let shot = Shot {
            tile: self.tile,
            placement,
            overlay,
            background,
            style,
            is_changed,
        };
        SceneCamera::update(&mut self.camera, world, self.layer, &shot);
    }

    /// Says how what is seen through a camera comes to the tile.
    pub(crate) fn set_camera_projector(&mut self, projector: Option<Projector>) {
        if let Some((scene, projector)) = self.through_camera.as_deref_mut().zip(projector) {
            scene.projector = projector;
        }
    }

    /// Lets the camera sleep. When it wakes up it renders.
    pub(crate) fn put_to_sleep(&mut self, world: &mut World) {
        if let Some(camera) = &mut self.camera {
            camera.put_to_sleep(world);
        }
    }

    fn despawn(&mut self, world: &mut World, textures: &mut PictureTextures) {
        if let Some(mut scene) = self.through_camera.take() {
            scene.despawn(world, textures);
        }
        self.lists.despawn(world);
        self.quads.despawn(world, textures);
        self.meshes.despawn(world);
        for entity in self.extras.drain(..) {
            world.despawn(entity);
        }
        if let Some(camera) = self.camera.take() {
            camera.despawn(world);
        }
    }
}

/// An entity and all below it, in the order of their paths.
fn at_or_below<'a>(
    order: &'a BTreeMap<OrderKey, SceneKey>,
    path: &'a EntityPath,
) -> impl Iterator<Item = SceneKey> + use<'a> {
    order
        .range((path.clone(), 0)..)
        .take_while(|((other, _), _)| other.starts_with(path))
        .map(|(_, key)| *key)
}
