//! Shows the pictures of a scene, each as soon as it is decoded.
//!
//! A quad has at most one decode under way, and that one may finish, though the cursor has moved on: while time plays, what is shown is
//! the newest picture that is decoded; once the cursor rests, it is the exact one.

mod look;

use std::{collections::BTreeMap, sync::Arc};

use bevy::{asset::Assets, camera::visibility::RenderLayers, ecs::prelude::*, image::Image};
use chronoscope_frame::Settled;
use chronoscope_render::ImageQuad;
use chronoscope_store::EntityPath;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use look::{CloudPose, Pose, Stacking, quads_of, texels_of};

use super::{OrderKey, SceneKey, Shown, SpatialScene};
use crate::spatial::{
    bounds::Bounds,
    color_bar::ColorScale,
    depth_clouds::bounds_between,
    pictures::{Picture, PictureKey, PixelDecoders, PixelMapping},
    sources::SourceId,
    textures::{PictureTexture, PictureTextures, TextureRequest},
};

/// The quad of an entity that has a picture. Each of its pictures is held in [`PictureTextures`] once.
pub(super) struct PictureQuad {
    pub(super) key: SceneKey,
    /// Where the picture is drawn among what else is translucent; `None` goes by distance.
    sort_index: Option<u32>,
    shown: Option<ShownPicture>,
    /// The picture that is being decoded.
    decoding: Option<Arc<Picture>>,
    failure: Option<Failure>,
}

struct ShownPicture {
    /// One for each quad.
    entities: SmallVec<[Entity; 1]>,
    picture: Arc<Picture>,
    texture: PictureTexture,
    /// One for each tile of the texture.
    quads: SmallVec<[ImageQuad; 1]>,
}

impl ShownPicture {
    /// Lets go of the texture, if it is held.
    fn release(&self, textures: &mut PictureTextures) {
        if !self.texture.is_coarse {
            textures.release(self.picture.key);
        }
    }
}

struct Failure {
    picture: PictureKey,
    message: Arc<str>,
}

/// The quads of a scene, in the order of their entities' paths.
#[derive(Default)]
pub(crate) struct PictureQuads {
    by_path: BTreeMap<OrderKey, PictureQuad>,
    /// Whether what the quads show, or where they stand, may have changed.
    is_changed: bool,
}

impl PictureQuads {
    /// Notes that what the quads show, or where they stand, may have changed.
    pub(crate) fn set_changed(&mut self) {
        self.is_changed = true;
    }

    /// Keeps a quad for an entity that has a picture.
    pub(crate) fn insert(&mut self, path: &EntityPath, key: SceneKey) {
        self.is_changed = true;
        self.by_path
            .entry((path.clone(), key.0))
            .or_insert_with(|| PictureQuad::new(key));
    }

    /// Says where the pictures of a visualizer are drawn among what else is translucent: greater is later.
    pub(crate) fn set_order(&mut self, source: SourceId, index_of_entity: &FxHashMap<u32, u32>) {
        for quad in self.by_path.values_mut().filter(|quad| quad.key.0 == source) {
            let index = index_of_entity.get(&(quad.key.1.index() as u32)).copied();
            if quad.sort_index != index {
                quad.sort_index = index;
                self.is_changed = true;
            }
        }
    }

    /// Removes the quad of an entity.
    pub(crate) fn remove(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        path: &EntityPath,
        key: SceneKey,
    ) {
        if let Some(quad) = self.by_path.remove(&(path.clone(), key.0)) {
            self.is_changed = true;
            quad.despawn(world, textures);
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &PictureQuad> {
        self.by_path.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut PictureQuad> {
        self.by_path.values_mut()
    }

    fn iter(&self) -> impl Iterator<Item = (&OrderKey, &PictureQuad)> {
        self.by_path.iter()
    }

    fn get_mut(&mut self, order: &OrderKey) -> Option<&mut PictureQuad> {
        self.by_path.get_mut(order)
    }

    pub(super) fn despawn(&mut self, world: &mut World, textures: &mut PictureTextures) {
        for quad in std::mem::take(&mut self.by_path).into_values() {
            quad.despawn(world, textures);
        }
    }
}

/// What changed of a quad that is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum QuadChange {
    Nothing,
    Highlight,
    Picture,
}

impl PictureQuad {
    pub(super) fn new(key: SceneKey) -> Self {
        Self {
            key,
            sort_index: None,
            shown: None,
            decoding: None,
            failure: None,
        }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Around the points that its distances are shown as; `None` where they are not.
    pub(super) fn cloud_bounds(&self, shown_as: &Shown) -> Option<Bounds> {
        let (eye, shown) = (shown_as.eye.as_deref()?, self.shown.as_ref()?);
        let view_from_picture = shown_as.view_from_entity * shown.picture.entity_from_picture();
        let range = shown.texture.range;
        Some(bounds_between(&shown.picture, *eye, &view_from_picture, range))
    }

    /// The colors of the distances that are shown.
    pub(super) fn color_scale(&self) -> Option<ColorScale> {
        let shown = self.shown.as_ref()?;
        let PixelMapping::Depth {
            colormap,
            range,
            meter,
        } = shown.picture.mapping
        else {
            return None;
        };
        let range = range.unwrap_or(shown.texture.range);
        Some(ColorScale {
            colormap,
            range: range.map(|value| f64::from(value) / f64::from(meter)),
        })
    }

    /// The numbers with the first and the last color, as the picture itself has it; `None` where none is shown.
    pub(super) fn texture_range(&self) -> Option<[f32; 2]> {
        self.shown.as_ref().map(|shown| shown.texture.range)
    }

    /// How much of the picture is shown, where that is not all of it for good: its size, and that of what is shown.
    pub(super) fn reduced(&self) -> Option<[[u32; 2]; 2]> {
        let shown = self.shown.as_ref().filter(|shown| !shown.texture.is_coarse)?;
        let (size, shown_size) = (shown.picture.size(), shown.texture.size);
        (size != shown_size).then_some([size, shown_size])
    }

    /// Why the picture at the cursor cannot be shown.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| &*failure.message)
    }

    pub(super) fn despawn(mut self, world: &mut World, textures: &mut PictureTextures) {
        self.hide(world, textures);
        self.cancel(textures);
    }

    fn hide(&mut self, world: &mut World, textures: &mut PictureTextures) {
        if let Some(shown) = self.shown.take() {
            for entity in &shown.entities {
                world.despawn(*entity);
            }
            shown.release(textures);
        }
    }

    fn cancel(&mut self, textures: &mut PictureTextures) {
        if let Some(picture) = self.decoding.take() {
            textures.release(picture.key);
        }
    }

    /// Goes on with decoding towards a picture, and decides what to show. Returns the picture to show instead, held for it if it is not
    /// coarse.
    fn advance(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        wanted: &Arc<Picture>,
    ) -> Option<(Arc<Picture>, PictureTexture)> {
        if let Some(shown) = self
            .shown
            .as_mut()
            .filter(|shown| shown.picture.key == wanted.key)
        {
            // The same pixels, maybe with another meaning or opacity.
            shown.picture = wanted.clone();
            if !shown.texture.is_coarse {
                self.cancel(textures);
                self.failure = None;
                return None;
            }
        }
        if self
            .failure
            .as_ref()
            .is_some_and(|failure| failure.picture == wanted.key)
        {
            return None;
        }
        self.failure = None;
        let mut finished = None;
        if let Some(picture) = self.decoding.clone() {
            match poll(world, textures, &picture) {
                TextureRequest::Pending => {
                    // The exact one may be there already, from before.
                    let known = textures.hold_ready(wanted.key)?;
                    self.cancel(textures);
                    return Some((wanted.clone(), known));
                }
                TextureRequest::Ready(image) => {
                    self.decoding = None;
                    if picture.key == wanted.key {
                        return Some((picture, image));
                    }
                    finished = Some((picture, image));
                }
                TextureRequest::Failed(message) => {
                    self.fail(textures, &picture, wanted, message);
                    if picture.key == wanted.key {
                        self.hide(world, textures);
                        return None;
                    }
                }
            }
        }
        let exact = match request(world, textures, wanted, self.shown.is_none()) {
            TextureRequest::Ready(image) => Some((wanted.clone(), image)),
            TextureRequest::Pending => {
                self.decoding = Some(wanted.clone());
                None
            }
            TextureRequest::Failed(message) => {
                self.fail(textures, wanted, wanted, message);
                self.hide(world, textures);
                None
            }
        };
        let Some((picture, image)) = finished else {
            let is_blank = self.shown.is_none() && self.decoding.is_some();
            let coarse = || Some((wanted.clone(), textures.coarse(wanted.key)?));
            return exact.or_else(|| is_blank.then(coarse).flatten());
        };
        // One that was decoded in between is worth showing where it is nearer to the cursor than what is shown, and not after it;
        // not where the one at the cursor has failed.
        let is_better = exact.is_none()
            && self.decoding.is_some()
            && picture.time <= wanted.time
            && self
                .shown
                .as_ref()
                .is_none_or(|shown| shown.picture.time <= picture.time || shown.picture.time > wanted.time);
        if is_better {
            return Some((picture, image));
        }
        textures.release(picture.key);
        exact
    }

    fn fail(
        &mut self,
        textures: &mut PictureTextures,
        picture: &Arc<Picture>,
        wanted: &Arc<Picture>,
        message: Arc<str>,
    ) {
        self.decoding = None;
        textures.release(picture.key);
        if picture.key == wanted.key {
            tracing::warn!("a picture cannot be decoded: {message}");
            self.failure = Some(Failure {
                picture: picture.key,
                message,
            });
        }
    }

    /// Shows a picture that it holds already, or the same one elsewhere.
    fn show(
        &mut self,
        world: &mut World,
        textures: &mut PictureTextures,
        new: Option<(Arc<Picture>, PictureTexture)>,
        pose: Pose,
        stacking: Stacking,
    ) -> QuadChange {
        if let Some((picture, texture)) = new {
            let texels = texels_of(world, textures, &picture, &texture);
            let quads = quads_of(&picture, &texture, &texels, pose, stacking);
            let mut before = SmallVec::new();
            if let Some(shown) = self.shown.take() {
                shown.release(textures);
                before = shown.entities;
            }
            for gone in before.drain(quads.len().min(before.len())..) {
                world.despawn(gone);
            }
            for (at, quad) in quads.iter().enumerate() {
                match before.get(at) {
                    Some(entity) => insert(world, *entity, quad.clone()),
                    None => {
                        let layers = RenderLayers::none().with(stacking.layer);
                        before.push(world.spawn((quad.clone(), layers)).id());
                    }
                }
            }
            self.shown = Some(ShownPicture {
                entities: before,
                picture,
                texture,
                quads,
            });
            return QuadChange::Picture;
        }
        let Some(shown) = &mut self.shown else {
            return QuadChange::Nothing;
        };
        let texels = texels_of(world, textures, &shown.picture, &shown.texture);
        let quads = quads_of(&shown.picture, &shown.texture, &texels, pose, stacking);
        if shown.quads == quads {
            return QuadChange::Nothing;
        }
        for (before, now) in shown.quads.iter_mut().zip(&quads) {
            before.highlight = now.highlight;
            if let (Some(before), Some(now)) = (&mut before.cloud, &now.cloud) {
                (before.hovered, before.selected) = (now.hovered, now.selected);
            }
        }
        let is_else_equal = shown.quads == quads;
        for (entity, quad) in shown.entities.iter().zip(&quads) {
            insert(world, *entity, quad.clone());
        }
        shown.quads = quads;
        if is_else_equal {
            QuadChange::Highlight
        } else {
            QuadChange::Picture
        }
    }
}

impl SpatialScene {
    /// Whether [`Self::present_pictures`] has anything to do.
    pub(super) fn has_pending_pictures(&self) -> bool {
        self.quads.is_changed || self.is_decoding
    }

    /// Decodes and shows pictures. Costs nothing where none changed and none is being decoded.
    pub(super) fn present_pictures(&mut self, world: &mut World, textures: &mut PictureTextures) {
        if !std::mem::take(&mut self.quads.is_changed) && !self.is_decoding {
            return;
        }
        let picture_of = |key: &SceneKey| {
            let shown = self.entities.get(key)?;
            let lit = shown.lit.of_row(shown.visual.row_of_picture(), true);
            let pose = Pose {
                view_from_entity: shown.view_from_entity,
                highlight: lit.highlight,
                depth_offset: shown.depth_offset(self.space),
                cloud: shown.eye.as_deref().map(|eye| CloudPose {
                    eye: *eye,
                    hovered: lit.hovered_instance,
                    selected: lit.selected_instances.as_slice().first().copied(),
                }),
            };
            Some((shown.visual.picture().cloned()?, pose))
        };
        let wanted: Vec<(OrderKey, Arc<Picture>, Pose)> = self
            .quads
            .iter()
            .filter_map(|(order, quad)| {
                let (picture, pose) = picture_of(&quad.key)?;
                Some((order.clone(), picture, pose))
            })
            .collect();
        let has_base = wanted.iter().any(|(_, picture, _)| !picture.is_overlay);
        for (rank, (order, picture, pose)) in wanted.into_iter().enumerate() {
            let Some(quad) = self.quads.get_mut(&order) else {
                continue;
            };
            let before = quad.is_shown();
            let new = quad.advance(world, textures, &picture);
            let stacking = Stacking {
                key: quad.key,
                rank,
                sort_index: quad.sort_index,
                has_base,
                layer: self.layer,
            };
            let mut change = quad.show(world, textures, new, pose, stacking);
            if before != quad.is_shown() {
                change = QuadChange::Picture;
            }
            self.is_changed |= change != QuadChange::Nothing;
            self.version += u64::from(change == QuadChange::Picture);
        }
        self.is_decoding = self.quads.values().any(|quad| quad.decoding.is_some());
    }

    /// The times of the pictures that are shown, in the order of their entities' paths.
    #[cfg(test)]
    pub(crate) fn picture_times(&self) -> Vec<i64> {
        let shown = self.quads.values().filter_map(|quad| quad.shown.as_ref());
        shown.map(|shown| shown.picture.time).collect()
    }

    /// The quads that are shown, in the order of their entities' paths.
    #[cfg(test)]
    pub(crate) fn shown_quads(&self) -> Vec<ImageQuad> {
        let shown = self.quads.values().filter_map(|quad| quad.shown.as_ref());
        shown.flat_map(|shown| shown.quads.iter().cloned()).collect()
    }

    /// Stops decoding what is not shown any more, and looks at all pictures again when they are.
    pub(super) fn cancel_decoding(&mut self, textures: &mut PictureTextures) {
        for quad in self.quads.values_mut() {
            quad.cancel(textures);
        }
        self.quads.set_changed();
    }
}

fn request(
    world: &mut World,
    textures: &mut PictureTextures,
    picture: &Picture,
    is_blank: bool,
) -> TextureRequest {
    world.resource_scope(|world, mut images: Mut<Assets<Image>>| {
        let decoders = world.resource::<PixelDecoders>();
        textures.request(
            picture,
            is_blank,
            &mut images,
            decoders,
            world.resource::<Settled>(),
        )
    })
}

fn poll(world: &mut World, textures: &mut PictureTextures, picture: &Picture) -> TextureRequest {
    textures.poll(picture.key, &mut world.resource_mut::<Assets<Image>>())
}

/// Gives an entity a quad, unless a host despawned it.
fn insert(world: &mut World, entity: Entity, quad: ImageQuad) {
    if let Ok(mut entity) = world.get_entity_mut(entity) {
        entity.insert(quad);
    }
}
