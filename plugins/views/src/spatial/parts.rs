//! Parts: what a visual is made of. Each is a shared slice of instances of one primitive, or a picture, or a mesh.
//!
//! Nothing here lists the primitives. A part knows its own type; who presents parts looks the type up in [`PartKinds`], which
//! [`AppPartsExt::add_spatial_primitive`] extends.

mod content;

use std::{
    any::{Any, TypeId},
    hint::black_box,
    sync::Arc,
};

use bevy::{app::App, asset::Assets, ecs::prelude::*, log::warn_once, shader::Shader};
use bytemuck::{allocation::try_cast_slice_arc, try_cast_slice_mut};
use chronoscope_render::{AllUsers, InstancePlugin, SegmentTransform, SegmentUniform};
use glam::DAffine3;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use content::{Content, Instances, MeshContent, PicturePart, hash_of_bytes};

use super::{
    bounds::Bounds,
    draw_order::Run,
    lists::{self, ListKey, ViewLists},
    meshes::Mesh,
    pictures::Picture,
    primitives::SpatialPrimitive,
    scene::{MeshParts, PictureQuads, SceneKey},
    textures::PictureTextures,
};

/// Instances of one primitive, or a picture, or a mesh, in the space of an entity. Cloning shares the instances.
#[derive(Clone, Debug)]
pub struct Part {
    content: Content,
    /// Where it stands in the space of its entity, where that is not at the origin.
    pose: Option<Arc<DAffine3>>,
    is_translucent: bool,
    opacity: u8,
}

impl Part {
    /// A part of instances, opaque until [`Self::with_translucency`] or [`Self::with_opacity`] says otherwise.
    ///
    /// The primitive must be registered with [`AppPartsExt::add_spatial_primitive`]; instances of others are not drawn, which
    /// is logged once.
    pub fn new<P: SpatialPrimitive>(instances: impl Into<Arc<[P]>>) -> Self {
        Self::of(Content::of_instances(instances.into()))
    }

    /// As [`Self::new`], in the memory of one of `spares` that has as many of them and that nobody else holds, if there is one.
    pub(crate) fn from_spares<P: SpatialPrimitive>(
        instances: impl ExactSizeIterator<Item = P>,
        spares: &mut SmallVec<[Self; 2]>,
    ) -> Self {
        let num_bytes = instances.len() * size_of::<P>();
        let is_as_large = |part: &Self| match &part.content {
            Content::Words(words, kind) => {
                kind.type_id == TypeId::of::<Instances<P>>() && size_of_val(&**words) == num_bytes
            }
            Content::Other(_) => false,
        };
        let spare = spares.iter().position(is_as_large);
        if let Some(mut spare) = spare.map(|at| spares.swap_remove(at))
            && let Some(places) = spare.instances_mut::<P>()
        {
            for (place, instance) in places.iter_mut().zip(instances) {
                *place = instance;
            }
            return Self::of(spare.content);
        }
        Self::new(instances.collect::<Arc<[P]>>())
    }

    /// A picture in the plane z = 0. Of several in one visual the last is shown.
    pub fn picture(picture: impl Into<Arc<Picture>>) -> Self {
        Self::of(Content::Other(Arc::new(PicturePart(picture.into()))))
    }

    /// A mesh.
    pub fn mesh(mesh: impl Into<Arc<Mesh>>) -> Self {
        Self::of(Content::Other(Arc::new(MeshContent(mesh.into()))))
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            pose: None,
            is_translucent: false,
            opacity: 255,
        }
    }

    /// Says whether the color of some instance is not opaque.
    #[must_use]
    pub fn with_translucency(mut self, is_translucent: bool) -> Self {
        self.is_translucent = is_translucent;
        self
    }

    /// Multiplies the alpha of all instances by `opacity` / 255.
    #[must_use]
    pub fn with_opacity(mut self, opacity: u8) -> Self {
        self.opacity = opacity;
        self
    }

    /// The same instances at a pose in the space of the entity. Pictures and meshes have poses of their own and stay where they are.
    #[must_use]
    pub fn at_pose(&self, pose: DAffine3) -> Self {
        Self {
            content: self.content.clone(),
            pose: Some(Arc::new(pose)),
            ..*self
        }
    }

    /// Where it stands in the space of its entity.
    pub fn pose(&self) -> DAffine3 {
        self.pose.as_deref().copied().unwrap_or(DAffine3::IDENTITY)
    }

    /// Whether it stands elsewhere than at the origin of its entity's space.
    pub(crate) fn has_pose(&self) -> bool {
        self.pose.is_some()
    }

    /// The uniform of its instances: that of its entity, where the part stands, as opaque as the part is.
    pub(crate) fn uniform(&self, mut of_entity: SegmentUniform) -> SegmentUniform {
        of_entity.tint[3] = self.opacity;
        if let Some(pose) = &self.pose {
            of_entity.world_from_entity *= **pose;
        }
        of_entity
    }

    /// Whether what lies behind shines through somewhere.
    pub fn is_translucent(&self) -> bool {
        self.is_translucent || self.opacity < 255
    }

    /// What the alpha of all instances is multiplied by, times 255.
    pub fn opacity(&self) -> u8 {
        self.opacity
    }

    /// The instances, if they are of this primitive.
    pub fn instances<P: SpatialPrimitive>(&self) -> Option<Arc<[P]>> {
        match &self.content {
            Content::Words(words, kind) if kind.type_id == TypeId::of::<Instances<P>>() => {
                try_cast_slice_arc(Arc::clone(words)).ok()
            }
            Content::Words(..) => None,
            Content::Other(_) => Some(Arc::clone(&self.downcast::<Instances<P>>()?.0)),
        }
    }

    /// The instances, if they are words of this primitive that nobody else holds.
    fn instances_mut<P: SpatialPrimitive>(&mut self) -> Option<&mut [P]> {
        match &mut self.content {
            Content::Words(words, kind) if kind.type_id == TypeId::of::<Instances<P>>() => {
                try_cast_slice_mut(Arc::get_mut(words)?).ok()
            }
            _ => None,
        }
    }

    /// The picture, if it is one.
    pub fn as_picture(&self) -> Option<&Arc<Picture>> {
        Some(&self.downcast::<PicturePart>()?.0)
    }

    /// The mesh, if it is one.
    pub fn as_mesh(&self) -> Option<&Arc<Mesh>> {
        Some(&self.downcast::<MeshContent>()?.0)
    }

    /// Whether instances of the same type in another part are drawn as those of this one are.
    pub(crate) fn is_drawn_like(&self, other: &Self) -> bool {
        let looks = |part: &Self| (part.is_translucent, part.opacity, part.pose.is_none());
        self.type_id() == other.type_id() && self.pose.is_none() && looks(self) == looks(other)
    }

    /// What tells the part from all that are no clones of it, as long as it is held. The same content at another pose is another part.
    pub(crate) fn address(&self) -> usize {
        match (&self.pose, &self.content) {
            (Some(pose), _) => Arc::as_ptr(pose) as usize,
            (None, Content::Words(words, _)) => Arc::as_ptr(words).cast::<()>() as usize,
            (None, Content::Other(content)) => Arc::as_ptr(content).cast::<()>() as usize,
        }
    }

    /// Where its instances lie as long as they are held, wherever it stands; `None` of what is no plain slice of them.
    pub(crate) fn address_of_instances(&self) -> Option<usize> {
        match &self.content {
            Content::Words(words, _) => Some(words.as_ptr().addr()),
            Content::Other(_) => None,
        }
    }

    /// Whether it is a clone of another part, drawn alike.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        self.address() == other.address()
            && (self.is_translucent, self.opacity) == (other.is_translucent, other.opacity)
    }

    /// Number of instances. A picture is one, and so is a mesh in each of its poses.
    pub fn num_instances(&self) -> usize {
        match &self.content {
            Content::Words(words, kind) => size_of_val(&**words) / kind.instance_bytes,
            Content::Other(content) => content.num_instances(),
        }
    }

    /// Whether there is no instance.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Words(words, _) => words.is_empty(),
            Content::Other(content) => content.num_instances() == 0,
        }
    }

    /// Bytes of the instances on the heap. The pixels of a picture and the triangles of a mesh belong to the recording.
    pub fn heap_bytes(&self) -> u64 {
        match &self.content {
            Content::Words(words, _) => size_of_val(&**words) as u64,
            Content::Other(content) => content.heap_bytes(),
        }
    }

    /// Bounds of all instances, without their radii. Cost: O(instances).
    pub fn bounds(&self) -> Bounds {
        let bounds = match &self.content {
            Content::Words(words, kind) => (kind.bounds)(words),
            Content::Other(content) => content.bounds(),
        };
        match &self.pose {
            Some(pose) => bounds.transformed(pose),
            None => bounds,
        }
    }

    /// A hash of the instances, or of the key of a picture or a mesh. Cost: O(instances).
    pub(crate) fn content_hash(&self) -> u64 {
        match &self.content {
            Content::Words(words, _) => hash_of_bytes(bytemuck::cast_slice(words)),
            Content::Other(content) => content.content_hash(),
        }
    }

    /// Reads where its instances lie, so that these are at hand.
    #[inline]
    pub(crate) fn prefetch(&self) {
        if let Content::Words(words, _) = &self.content {
            black_box(Arc::strong_count(words));
        }
    }

    fn downcast<T: 'static>(&self) -> Option<&T> {
        match &self.content {
            Content::Words(..) => None,
            Content::Other(content) => (&**content as &dyn Any).downcast_ref(),
        }
    }

    fn type_id(&self) -> TypeId {
        match &self.content {
            Content::Words(_, kind) => kind.type_id,
            Content::Other(content) => (**content).type_id(),
        }
    }
}

/// Registers primitives that visuals are made of.
pub trait AppPartsExt {
    /// Lets visuals have parts of this primitive, and draws them. Where there is a renderer, its
    /// [`InstancePlugin`] is added too; it has to be there before.
    fn add_spatial_primitive<P: SpatialPrimitive>(&mut self) -> &mut Self;
}

impl AppPartsExt for App {
    fn add_spatial_primitive<P: SpatialPrimitive>(&mut self) -> &mut Self {
        let has_renderer = self.world().contains_resource::<Assets<Shader>>();
        if has_renderer && !self.is_plugin_added::<InstancePlugin<P>>() {
            self.add_plugins(InstancePlugin::<P>::default());
        }
        self.init_resource::<PartKinds>();
        self.world_mut().resource_mut::<PartKinds>().add(PartKind {
            type_id: TypeId::of::<Instances<P>>(),
            name: P::NAME,
            is_entity: false,
            is_single: false,
            write: write_instances::<P>,
            overwrite: |stage, key, parts, failed| {
                let parts = parts.map(|(segment, part, all)| (segment, part.instances::<P>(), all));
                lists::overwrite(stage.world, stage.lists, key, parts, failed);
            },
            set_uniforms: |stage, key, uniforms| {
                let uniforms = uniforms.map(|(_, segment, uniform)| (segment, uniform));
                lists::set_uniforms::<P>(stage.world, stage.lists, key, uniforms);
            },
            set_transforms: |stage, key, moved| {
                lists::set_transforms::<P>(stage.world, stage.lists, key, moved);
            },
            remove: |stage, place| {
                lists::remove::<P>(stage.world, stage.lists, place.key, place.segment);
            },
            set_runs: |stage, key, runs| lists::set_runs::<P>(stage.world, stage.lists, key, runs),
        });
        self
    }
}

/// The kinds of parts that can be presented, in the order in which they were registered.
#[derive(Resource, Clone)]
pub(crate) struct PartKinds {
    kinds: Arc<Vec<PartKind>>,
    by_type: Arc<FxHashMap<TypeId, KindId>>,
}

/// The position of a kind in [`PartKinds`].
pub(crate) type KindId = u16;

/// What is done with the parts of one kind in a scene.
#[derive(Clone, Copy)]
pub(crate) struct PartKind {
    type_id: TypeId,
    /// The name of the primitive.
    pub(crate) name: &'static str,
    /// Whether each part is a Bevy entity of its own, in no list.
    pub(crate) is_entity: bool,
    /// Whether one stands for all parts of the kind that an entity has.
    pub(crate) is_single: bool,
    /// Shows a part, or replaces what was shown in its place. Returns whether it could.
    pub(crate) write: fn(&mut Stage<'_>, PartPlace<'_>, &Part, SegmentUniform) -> bool,
    /// Shows parts as what is shown in the places of these segments of a list, where that costs no more than their content, and tells
    /// of which segments it does not.
    pub(crate) overwrite: for<'p> fn(&mut Stage<'_>, ListKey, Parts<'_, 'p>, &mut dyn FnMut(u64)),
    /// Moves, tints or highlights parts of a list.
    pub(crate) set_uniforms: fn(&mut Stage<'_>, ListKey, Uniforms<'_>),
    /// Moves segments of a list, which are otherwise drawn as before. Not where parts are entities.
    pub(crate) set_transforms: fn(&mut Stage<'_>, ListKey, &[(u64, SegmentTransform)]),
    /// Removes a part.
    pub(crate) remove: fn(&mut Stage<'_>, PartPlace<'_>),
    /// Brings the parts of a list into an order.
    pub(crate) set_runs: fn(&mut Stage<'_>, ListKey, &[&Run]),
}

/// Parts, by what they are called within their list, with all views that are about to show others than so far, where these are known.
pub(crate) type Parts<'i, 'p> = &'i mut dyn Iterator<Item = (u64, &'p Part, Option<AllUsers>)>;

/// Uniforms of the parts of a list, by what shows them, and what they are called within it.
pub(crate) type Uniforms<'i> = &'i mut dyn Iterator<Item = (SceneKey, u64, SegmentUniform)>;

/// What the parts of a scene are written to.
pub(crate) struct Stage<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) lists: &'a mut ViewLists,
    pub(crate) quads: &'a mut PictureQuads,
    pub(crate) meshes: &'a mut MeshParts,
    pub(crate) textures: &'a mut PictureTextures,
}

/// Which part of which entity, and where it is drawn.
#[derive(Clone, Copy)]
pub(crate) struct PartPlace<'a> {
    pub(crate) key: ListKey,
    /// Names the part within the list.
    pub(crate) segment: u64,
    pub(crate) scene_key: SceneKey,
    pub(crate) path: &'a chronoscope_store::EntityPath,
}

impl Default for PartKinds {
    fn default() -> Self {
        let mut kinds = Self {
            kinds: Arc::default(),
            by_type: Arc::default(),
        };
        kinds.add(PartKind {
            type_id: TypeId::of::<PicturePart>(),
            name: "picture",
            is_entity: true,
            is_single: true,
            write: |stage, place, _, _| {
                stage.quads.insert(place.path, place.scene_key);
                true
            },
            overwrite: write_anew,
            set_uniforms: |stage, _, _| stage.quads.set_changed(),
            set_transforms: has_no_segments,
            remove: |stage, place| {
                stage
                    .quads
                    .remove(stage.world, stage.textures, place.path, place.scene_key);
            },
            set_runs: |stage, key, runs| {
                let mut index_of_entity = FxHashMap::default();
                for run in runs {
                    let indices = run.index..;
                    let entities = run.segments.iter().map(|segment| (segment >> 32) as u32);
                    index_of_entity.extend(entities.zip(indices));
                }
                stage.quads.set_order(key.source, &index_of_entity);
            },
        });
        kinds.add(PartKind {
            type_id: TypeId::of::<MeshContent>(),
            name: "mesh",
            is_entity: true,
            is_single: false,
            write: |stage, place, part, uniform| {
                let Some(mesh) = part.as_mesh() else {
                    debug_assert!(false, "a part is written by the functions of its own kind");
                    return false;
                };
                stage.meshes.insert(place.scene_key, place.segment, mesh, uniform);
                true
            },
            overwrite: write_anew,
            set_uniforms: |stage, _, uniforms| {
                for (key, segment, uniform) in uniforms {
                    stage.meshes.set_uniform(key, segment, uniform);
                }
            },
            set_transforms: has_no_segments,
            remove: |stage, place| stage.meshes.remove(stage.world, place.scene_key, place.segment),
            // Depth decides.
            set_runs: |_, _, _| {},
        });
        kinds
    }
}

impl PartKinds {
    fn add(&mut self, kind: PartKind) {
        if self.by_type.contains_key(&kind.type_id) {
            return;
        }
        let kinds = Arc::make_mut(&mut self.kinds);
        Arc::make_mut(&mut self.by_type).insert(kind.type_id, kinds.len() as KindId);
        kinds.push(kind);
    }

    /// The kind of a part; `None` where its primitive was never registered.
    pub(crate) fn id_of(&self, part: &Part) -> Option<KindId> {
        let id = self.by_type.get(&part.type_id()).copied();
        if id.is_none() {
            warn_once!(
                "a visual has a part that is not drawn: add_spatial_primitive was not called for {part:?}"
            );
        }
        id
    }

    pub(crate) fn get(&self, id: KindId) -> Option<&PartKind> {
        self.kinds.get(usize::from(id))
    }
}

/// Says of all parts that they are to be written as others are.
fn write_anew(_: &mut Stage<'_>, _: ListKey, parts: Parts<'_, '_>, failed: &mut dyn FnMut(u64)) {
    parts.for_each(|(segment, ..)| failed(segment));
}

/// Of what is an entity of its own no segment is moved.
fn has_no_segments(_: &mut Stage<'_>, _: ListKey, moved: &[(u64, SegmentTransform)]) {
    debug_assert!(moved.is_empty(), "parts that are entities have no segments");
}

fn write_instances<P: SpatialPrimitive>(
    stage: &mut Stage<'_>,
    place: PartPlace<'_>,
    part: &Part,
    uniform: SegmentUniform,
) -> bool {
    let Some(instances) = part.instances::<P>() else {
        debug_assert!(false, "a part is written by the functions of its own kind");
        return false;
    };
    lists::write(
        stage.world,
        stage.lists,
        place.key,
        place.segment,
        uniform,
        &instances,
    )
}
