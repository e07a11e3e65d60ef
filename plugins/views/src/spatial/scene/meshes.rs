//! Shows the meshes of a scene, each as soon as it is decoded: until then, what stood in its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bevy::{asset::Assets, camera::visibility::RenderLayers, ecs::prelude::*};
use chronoscope_frame::{Settled, error::Severity};
use chronoscope_render::{MeshAlpha, MeshMaterial, MeshPose, MeshSides, SegmentUniform, TriangleMesh};
use smallvec::SmallVec;

use super::{SceneKey, SpatialScene};
use crate::spatial::{
    meshes::{Mesh, MeshKey, MeshModels, ModelAssets, ModelRequest, ReadyModel},
    pictures::PixelDecoders,
};

/// The most times that the pieces of a model are drawn: each in all poses at all of its nodes.
const MAX_POSES: usize = 1 << 20;

/// Which part of which entity.
type PartKey = (SceneKey, u64);

/// The meshes of a scene. Each that is shown or decoded is held in [`MeshModels`] once.
#[derive(Default)]
pub(crate) struct MeshParts {
    parts: BTreeMap<PartKey, MeshPart>,
    /// What is to be looked at: it changed, or is being decoded.
    changed: BTreeSet<PartKey>,
}

/// A mesh that is to be shown.
struct MeshPart {
    wanted: Arc<Mesh>,
    uniform: SegmentUniform,
    shown: Option<ShownMesh>,
    /// The mesh that is being decoded.
    decoding: Option<Arc<Mesh>>,
    failure: Option<Failure>,
}

struct Failure {
    mesh: MeshKey,
    message: Arc<str>,
}

/// A mesh that is drawn.
struct ShownMesh {
    mesh: Arc<Mesh>,
    model: Arc<ReadyModel>,
    entities: SmallVec<[Entity; 1]>,
}

impl ShownMesh {
    /// How many times its pieces are to be drawn.
    fn num_poses(&self) -> usize {
        let poses = self.mesh.poses.as_ref().map_or(1, |poses| poses.len());
        let nodes = self.model.pieces.iter().map(|piece| piece.nodes.len());
        nodes.sum::<usize>().saturating_mul(poses)
    }
}

impl MeshParts {
    /// Shows a mesh, or has it take the place of the one before once it is decoded.
    pub(crate) fn insert(&mut self, key: SceneKey, segment: u64, mesh: &Arc<Mesh>, uniform: SegmentUniform) {
        let part = self.parts.entry((key, segment)).or_insert_with(|| MeshPart {
            wanted: mesh.clone(),
            uniform: uniform.clone(),
            shown: None,
            decoding: None,
            failure: None,
        });
        (part.wanted, part.uniform) = (mesh.clone(), uniform);
        self.changed.insert((key, segment));
    }

    /// Moves, tints or highlights a mesh.
    pub(crate) fn set_uniform(&mut self, key: SceneKey, segment: u64, uniform: SegmentUniform) {
        if let Some(part) = self.parts.get_mut(&(key, segment)) {
            part.uniform = uniform;
            self.changed.insert((key, segment));
        }
    }

    /// Removes a mesh.
    pub(crate) fn remove(&mut self, world: &mut World, key: SceneKey, segment: u64) {
        self.changed.remove(&(key, segment));
        if let Some(part) = self.parts.remove(&(key, segment)) {
            with_models(world, |world, models| part.despawn(world, models));
        }
    }

    pub(super) fn despawn(&mut self, world: &mut World) {
        self.changed.clear();
        let parts = std::mem::take(&mut self.parts);
        if !parts.is_empty() {
            with_models(world, |world, models| {
                for part in parts.into_values() {
                    part.despawn(world, models);
                }
            });
        }
    }

    /// Stops decoding what is not shown any more, and looks at those meshes again when they are.
    pub(super) fn cancel_decoding(&mut self, models: &mut MeshModels) {
        for (key, part) in &mut self.parts {
            if part.decoding.is_some() {
                part.cancel(models);
                self.changed.insert(*key);
            }
        }
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What cannot be shown, or not as a whole, with the reasons.
    pub(super) fn problems(&self) -> impl Iterator<Item = (SceneKey, Severity, Arc<str>)> {
        let severities = [Severity::Warning, Severity::Info];
        self.parts.iter().flat_map(move |((key, _), part)| {
            severities
                .into_iter()
                .filter_map(|severity| Some((*key, severity, part.problem(severity)?)))
        })
    }

    /// The entities that are drawn.
    #[cfg(test)]
    pub(crate) fn entities(&self) -> Vec<Entity> {
        let shown = self.parts.values().filter_map(|part| part.shown.as_ref());
        shown.flat_map(|shown| shown.entities.iter().copied()).collect()
    }

    /// The bytes of what is known of them.
    pub(super) fn bytes(&self) -> usize {
        self.parts.len() * size_of::<(PartKey, MeshPart)>()
    }

    /// Decodes and shows meshes. Returns whether anything changed. Cost: what changed, and what is being
    /// decoded.
    fn present(&mut self, world: &mut World, layer: usize) -> bool {
        if self.changed.is_empty() {
            return false;
        }
        with_models(world, |world, models| {
            let mut is_changed = false;
            for key in std::mem::take(&mut self.changed) {
                let Some(part) = self.parts.get_mut(&key) else {
                    continue;
                };
                is_changed |= part.present(world, models, layer);
                if part.decoding.is_some() {
                    self.changed.insert(key);
                }
            }
            is_changed
        })
    }
}

impl MeshPart {
    /// Goes on towards the wanted mesh. Returns whether anything that is seen changed.
    fn present(&mut self, world: &mut World, models: &mut MeshModels, layer: usize) -> bool {
        let was_shown = self.shown.is_some();
        let new = self.advance(world, models);
        if let Some((mesh, model)) = new {
            let entities = match self.shown.take() {
                Some(shown) => {
                    models.release(&shown.mesh.key);
                    shown.entities
                }
                None => SmallVec::new(),
            };
            let meshes = meshes_of(&mesh, &model, &self.uniform);
            let entities = draw(world, entities, meshes, layer);
            self.shown = Some(ShownMesh {
                mesh,
                model,
                entities,
            });
            return true;
        }
        let Some(shown) = &self.shown else {
            return was_shown;
        };
        let mut is_changed = false;
        for entity in &shown.entities {
            if let Some(mut mesh) = world.get_mut::<TriangleMesh>(*entity)
                && mesh.segment != self.uniform
            {
                mesh.segment = self.uniform.clone();
                is_changed = true;
            }
        }
        is_changed
    }

    /// The mesh to show instead of what is shown, held for it. There is at most one decode under way, and
    /// that one may finish.
    fn advance(
        &mut self,
        world: &mut World,
        models: &mut MeshModels,
    ) -> Option<(Arc<Mesh>, Arc<ReadyModel>)> {
        let wanted = self.wanted.clone();
        if let Some(shown) = self.shown.as_ref().filter(|shown| shown.mesh.key == wanted.key) {
            let is_same = Arc::ptr_eq(&shown.mesh, &wanted);
            self.cancel(models);
            self.failure = None;
            if is_same {
                return None;
            }
            // The same triangles, maybe in other poses or colors.
            let model = models.hold_ready(&wanted.key)?;
            return Some((wanted, model));
        }
        if self
            .failure
            .as_ref()
            .is_some_and(|failure| failure.mesh == wanted.key)
        {
            return None;
        }
        self.failure = None;
        let mut finished = None;
        if let Some(mesh) = self.decoding.clone() {
            match with_assets(world, |_, assets| models.poll(&mesh.key, assets)) {
                ModelRequest::Pending => {
                    // The exact one may be there already, from before.
                    let known = models.hold_ready(&wanted.key)?;
                    self.cancel(models);
                    return Some((wanted, known));
                }
                ModelRequest::Ready(model) => {
                    self.decoding = None;
                    if mesh.key == wanted.key {
                        return Some((wanted, model));
                    }
                    finished = Some((mesh, model));
                }
                ModelRequest::Failed(message) => {
                    self.decoding = None;
                    models.release(&mesh.key);
                    if mesh.key == wanted.key {
                        self.fail(world, models, message);
                        return None;
                    }
                }
            }
        }
        let request = with_assets(world, |world, assets| {
            let (decoders, settled) = (world.resource::<PixelDecoders>(), world.resource::<Settled>());
            models.request(&wanted, assets, decoders, settled)
        });
        let exact = match request {
            ModelRequest::Ready(model) => Some((wanted.clone(), model)),
            ModelRequest::Pending => {
                self.decoding = Some(wanted.clone());
                None
            }
            ModelRequest::Failed(message) => {
                models.release(&wanted.key);
                self.fail(world, models, message);
                None
            }
        };
        let Some((mesh, model)) = finished else {
            return exact;
        };
        // One that was decoded in between is worth showing where it is nearer to the cursor than what is
        // shown, and not after it.
        let is_better = self.decoding.is_some()
            && mesh.time <= wanted.time
            && self
                .shown
                .as_ref()
                .is_none_or(|shown| shown.mesh.time <= mesh.time || shown.mesh.time > wanted.time);
        if is_better {
            return Some((mesh, model));
        }
        models.release(&mesh.key);
        exact
    }

    fn fail(&mut self, world: &mut World, models: &mut MeshModels, message: Arc<str>) {
        self.hide(world, models);
        self.failure = Some(Failure {
            mesh: self.wanted.key.clone(),
            message,
        });
    }

    /// Why the wanted mesh cannot be shown, or what of it is not shown.
    fn problem(&self, severity: Severity) -> Option<Arc<str>> {
        match &self.failure {
            Some(failure) => (severity == Severity::Warning).then(|| failure.message.clone()),
            None => {
                let shown = self.shown.as_ref()?;
                if severity == Severity::Warning && shown.num_poses() > MAX_POSES {
                    return Some(format!("of the poses no more than {MAX_POSES} are shown").into());
                }
                shown.model.problems.of(severity)
            }
        }
    }

    fn hide(&mut self, world: &mut World, models: &mut MeshModels) {
        if let Some(shown) = self.shown.take() {
            for entity in shown.entities {
                world.despawn(entity);
            }
            models.release(&shown.mesh.key);
        }
    }

    fn cancel(&mut self, models: &mut MeshModels) {
        if let Some(mesh) = self.decoding.take() {
            models.release(&mesh.key);
        }
    }

    fn despawn(mut self, world: &mut World, models: &mut MeshModels) {
        self.hide(world, models);
        self.cancel(models);
    }
}

impl SpatialScene {
    /// Decodes and shows meshes. Costs nothing where none changed and none is being decoded.
    pub(super) fn present_meshes(&mut self, world: &mut World) {
        if self.meshes.present(world, self.layer) {
            self.is_changed = true;
            self.version += 1;
        }
    }
}

/// Draws these meshes with these entities, and with more or fewer of them.
fn draw(
    world: &mut World,
    mut entities: SmallVec<[Entity; 1]>,
    meshes: Vec<TriangleMesh>,
    layer: usize,
) -> SmallVec<[Entity; 1]> {
    for entity in entities.drain(meshes.len().min(entities.len())..) {
        world.despawn(entity);
    }
    let layers = RenderLayers::none().with(layer);
    for (at, mesh) in meshes.into_iter().enumerate() {
        match entities.get(at) {
            Some(entity) => {
                // A host may have despawned it.
                if let Ok(mut entity) = world.get_entity_mut(*entity) {
                    entity.insert(mesh);
                }
            }
            None => entities.push(world.spawn((mesh, layers.clone())).id()),
        }
    }
    entities
}

/// What is drawn of a model: each piece at all of its nodes, in all poses.
fn meshes_of(mesh: &Mesh, model: &ReadyModel, uniform: &SegmentUniform) -> Vec<TriangleMesh> {
    let once = [MeshPose::IDENTITY];
    let poses = mesh.poses.as_deref().unwrap_or(&once);
    let mut meshes = Vec::with_capacity(model.pieces.len());
    let mut left = MAX_POSES;
    for piece in &model.pieces {
        let material = material_of(mesh, &piece.material);
        let placed = poses.iter().flat_map(|pose| {
            piece.nodes.iter().map(|node| MeshPose {
                entity_from_mesh: pose.entity_from_mesh * *node,
                instance: pose.instance,
            })
        });
        let placed = placed.take(left);
        // Where one side is seen, those that a pose mirrors are drawn apart.
        let (upright, mirrored): (Vec<MeshPose>, Vec<MeshPose>) = placed.partition(|pose| {
            material.sides == MeshSides::Both || pose.entity_from_mesh.matrix3.determinant() >= 0.0
        });
        left -= upright.len() + mirrored.len();
        for poses in [upright, mirrored] {
            if !poses.is_empty() {
                meshes.push(TriangleMesh {
                    geometry: piece.geometry.clone(),
                    material: material.clone(),
                    poses: poses.into(),
                    segment: uniform.clone(),
                });
            }
        }
    }
    meshes
}

fn material_of(mesh: &Mesh, material: &MeshMaterial) -> MeshMaterial {
    let factor = chronoscope_render::linear_rgba(mesh.albedo_factor);
    let is_translucent = mesh.albedo_factor[3] != 255;
    MeshMaterial {
        base_color: std::array::from_fn(|at| material.base_color[at] * factor[at]),
        alpha: if is_translucent {
            MeshAlpha::Blend
        } else {
            material.alpha
        },
        sides: mesh.sides.unwrap_or(material.sides),
        ..material.clone()
    }
}

fn with_models<T>(world: &mut World, work: impl FnOnce(&mut World, &mut MeshModels) -> T) -> T {
    world.resource_scope(|world, mut models: Mut<MeshModels>| work(world, models.bypass_change_detection()))
}

fn with_assets<T>(world: &mut World, work: impl FnOnce(&mut World, &mut ModelAssets<'_>) -> T) -> T {
    world.resource_scope(
        |world, mut geometries: Mut<Assets<chronoscope_render::MeshGeometry>>| {
            world.resource_scope(|world, mut images: Mut<Assets<bevy::image::Image>>| {
                let mut assets = ModelAssets {
                    geometries: &mut geometries,
                    images: &mut images,
                };
                work(world, &mut assets)
            })
        },
    )
}
