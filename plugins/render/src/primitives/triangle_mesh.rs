//! Meshes of triangles.

mod geometry;
mod maps;
mod material;
mod queue;
mod samplers;

use std::sync::Arc;

use bevy::app::{App, Plugin};
use bevy::asset::{AssetApp, AssetServer, Assets, Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{
    InheritedVisibility, NoFrustumCulling, RenderLayers, Visibility, VisibilityClass, add_visibility_class,
};
use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::change_detection::{DetectChanges, Ref};
use bevy::ecs::component::Component;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::{Read, SRes};
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::image::Image;
use bevy::math::{DVec3, Vec3A};
use bevy::render::render_asset::{RenderAssetPlugin, RenderAssets};
use bevy::render::render_phase::{
    AddRenderCommand, DrawFunctions, PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline,
    TrackedRenderPass,
};
use bevy::render::render_resource::binding_types::{sampler, texture_2d, uniform_buffer_sized};
use bevy::render::render_resource::{
    BindGroup, BindGroupEntry, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BufferUsages, Face,
    FragmentState, IndexFormat, IntoBinding, PipelineCache, RenderPipelineDescriptor, Sampler,
    SamplerBindingType, ShaderStages, SpecializedRenderPipeline, SpecializedRenderPipelines,
    TextureSampleType, TextureViewId,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::{RenderEntity, SyncToRenderWorld};
use bevy::render::texture::{FallbackImage, GpuImage};
use bevy::render::{
    Extract, ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems,
};
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use self::geometry::GpuGeometry;
pub use self::geometry::{MeshError, MeshGeometry, MeshVertex};
use self::maps::NUM_MAPS;
pub use self::maps::{MeshMap, MeshMaps};
use self::material::{GpuPose, is_bindable};
pub use self::material::{MeshAlpha, MeshMaterial, MeshPose, MeshSides};
use self::samplers::MeshSamplers;
pub use self::samplers::{TextureSampling, TextureWrap};
use crate::buffers::{FixedBuffer, Gpu, UniformBuffer, binding_size};
use crate::color::linear_rgba;
use crate::drawing::outlines::{self, OutlinedItem};
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::drawing::queue::BulkQueueSet;
use crate::drawing::shadows::ShadowItem;
use crate::drawing::upload::{forget, remove_with};
use crate::drawing::weighted::{self, WeightedItem};
use crate::instances::{SegmentUniform, Sorting, affine_rows};
use crate::picking::PickItem;
use crate::stats::{BulkExtractSystems, CountedBytes, RenderStats};
use crate::view::SetBulkViewBindGroup;

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d13");

/// Triangles with a material, drawn at one pose or at many.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied. What is blended
/// is sorted by the distance of the middle of its first pose.
#[derive(Component, Debug, Clone, PartialEq)]
#[component(on_add = add_visibility_class::<TriangleMesh>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct TriangleMesh {
    /// The triangles.
    pub geometry: Handle<MeshGeometry>,
    /// What they look like.
    pub material: MeshMaterial,
    /// Where they are drawn. Where one side alone is seen, either all poses mirror or none does.
    pub poses: Arc<[MeshPose]>,
    /// Where the poses stand, and how they stand out. Its default color and radius are not used.
    pub segment: SegmentUniform,
}

/// Draws all [`TriangleMesh`]es. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct TriangleMeshPlugin;

impl TriangleMeshPlugin {
    pub(crate) const NAME: &'static str = "triangle_meshes";
}

impl Plugin for TriangleMeshPlugin {
    fn build(&self, app: &mut App) {
        init_assets(app);
    }

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        init_assets(app);
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        RenderAssetPlugin::<GpuGeometry>::default().build(app);
        load_internal_asset!(app, SHADER, "triangle_mesh.wgsl", Shader::from_wgsl);
        weighted::add_to(app);
        outlines::add_to(app);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<TriangleMeshPipeline>>()
            .insert_resource(TriangleMeshPipeline::new())
            .init_gpu_resource::<MeshSamplers>()
            .add_render_command::<Opaque3d, DrawTriangleMesh>()
            .add_render_command::<Transparent3d, DrawTriangleMesh>()
            .add_render_command::<WeightedItem, DrawTriangleMesh>()
            .init_resource::<DrawFunctions<PickItem>>()
            .add_render_command::<PickItem, DrawTriangleMesh>()
            .init_resource::<DrawFunctions<ShadowItem>>()
            .add_render_command::<ShadowItem, DrawTriangleMesh>()
            .add_render_command::<OutlinedItem, DrawTriangleMesh>()
            .add_systems(RenderStartup, forget::<GpuMesh>)
            .add_systems(
                ExtractSchedule,
                (remove_with::<TriangleMesh, GpuMesh>, upload_meshes)
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                (
                    queue::queue_meshes
                        .in_set(RenderSystems::Queue)
                        .in_set(BulkQueueSet(Self::NAME)),
                    queue::queue_outlined_meshes.in_set(RenderSystems::Queue),
                    queue::queue_picked_meshes.in_set(RenderSystems::Queue),
                    queue::queue_casting_meshes.in_set(RenderSystems::Queue),
                    prepare_bind_groups.in_set(RenderSystems::PrepareBindGroups),
                ),
            );
    }
}

/// Geometry can be made from when there are assets: with or without a renderer.
fn init_assets(app: &mut App) {
    let world = app.world();
    if world.contains_resource::<AssetServer>() && !world.contains_resource::<Assets<MeshGeometry>>() {
        app.init_asset::<MeshGeometry>();
    }
}

type DrawTriangleMesh = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawGeometry);

/// Mirrors `Mesh` in `triangle_mesh.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct MeshValues {
    rows: [[f32; 4]; 3],
    /// Linear, with straight alpha.
    color: [f32; 4],
    translation_low: [f32; 3],
    picking_id: u32,
    depth_offset: f32,
    alpha_cutoff: f32,
    is_unlit: u32,
    is_whole: u32,
    /// Linear.
    emissive: [f32; 3],
    metallic: f32,
    roughness: f32,
    normal_strength: f32,
    occlusion_strength: f32,
    padding: f32,
    map_rows: [[f32; 4]; 2 * NUM_MAPS],
}

/// A mesh in the render world.
#[derive(Component)]
pub(crate) struct GpuMesh {
    mesh: TriangleMesh,
    uniform: UniformBuffer<MeshValues>,
    /// `None` where the poses exceed what the GPU takes.
    poses: Option<(FixedBuffer, CountedBytes)>,
    layers: RenderLayers,
    is_visible: bool,
    bound: Option<(Bound, BindGroup)>,
}

/// The texture of the color, and those of maps.
const NUM_TEXTURES: usize = 1 + NUM_MAPS;

/// What a bind group is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bound {
    textures: [(TextureViewId, TextureSampling); NUM_TEXTURES],
    is_mapped: bool,
}

impl GpuMesh {
    fn new(gpu: &Gpu<'_>, mesh: &TriangleMesh) -> Self {
        Self {
            uniform: UniformBuffer::new(gpu, "triangle_mesh", values_of(mesh)),
            poses: pose_buffer(gpu, mesh),
            mesh: mesh.clone(),
            layers: RenderLayers::default(),
            is_visible: false,
            bound: None,
        }
    }

    fn update(&mut self, gpu: &Gpu<'_>, mesh: &TriangleMesh) {
        self.uniform.set(gpu, values_of(mesh));
        let before = std::mem::replace(&mut self.mesh, mesh.clone());
        let is_lit_alike = |a: &SegmentUniform, b: &SegmentUniform| {
            let as_before = SegmentUniform {
                world_from_entity: a.world_from_entity,
                ..b.clone()
            };
            *a == as_before
        };
        if before.poses != mesh.poses || !is_lit_alike(&before.segment, &mesh.segment) {
            self.poses = pose_buffer(gpu, mesh);
        }
    }

    fn key(&self, pipeline: PipelineKey, geometry: &GpuGeometry) -> MeshKey {
        let is_mirrored = (self.mesh.segment.world_from_entity.matrix3.determinant() < 0.0)
            != self.mesh.poses.first().is_some_and(MeshPose::is_mirrored);
        let material = &self.mesh.material;
        MeshKey {
            pipeline,
            culled: material.sides.culled(is_mirrored),
            is_masked: matches!(material.alpha, MeshAlpha::Mask(_)),
            is_textured: material.texture.is_some(),
            is_mapped: is_mapped(material),
            has_second_texcoords: is_mapped(material) && geometry.has_second_texcoords(),
        }
    }

    /// What is to be drawn, if it is there by now.
    fn geometry<'a>(&self, geometries: &'a RenderAssets<GpuGeometry>) -> Option<&'a GpuGeometry> {
        geometries.get(&self.mesh.geometry)
    }

    /// Whether the textures are there that there are to be.
    fn has_textures(&self, images: &RenderAssets<GpuImage>) -> bool {
        let mut textures = textures_of(&self.mesh.material).into_iter().flatten();
        textures.all(|(texture, _)| images.get(texture).is_some())
    }

    fn sorting(&self, geometry: &GpuGeometry) -> Sorting {
        let first = self.mesh.poses.first().copied().unwrap_or(MeshPose::IDENTITY);
        let center: Vec3A = first.entity_from_mesh.transform_point3a(geometry.center.into());
        let center: DVec3 = center.as_dvec3();
        Sorting::Distance {
            center: self.mesh.segment.world_from_entity.transform_point3(center),
            // Of those at the same distance, whichever it is, it is always the same that is drawn later.
            bias: f32::from(self.mesh.segment.depth_tie) * 1e-5,
        }
    }
}

/// Whether textures beside that of the color are read.
fn is_mapped(material: &MeshMaterial) -> bool {
    !material.is_unlit && material.maps.is_some()
}

/// The textures that are read, each with how, in the order of their bindings: that of the color, then those of maps.
fn textures_of(material: &MeshMaterial) -> [Option<(&Handle<Image>, TextureSampling)>; NUM_TEXTURES] {
    let color = material.texture.as_ref();
    let maps = material.maps.as_ref().filter(|_| is_mapped(material));
    let maps = maps.map_or([None; NUM_MAPS], |maps| maps.all());
    let [metallic_roughness, emissive, normal, occlusion] =
        maps.map(|map| map.map(|map| (&map.image, map.sampling)));
    [
        color.map(|texture| (texture, material.sampling)),
        metallic_roughness,
        emissive,
        normal,
        occlusion,
    ]
}

fn values_of(mesh: &TriangleMesh) -> MeshValues {
    let TriangleMesh {
        segment, material, ..
    } = mesh;
    let none = MeshMaps::default();
    let maps = material.maps.as_deref().unwrap_or(&none);
    let (rows, translation_low) = affine_rows(&segment.world_from_entity);
    let tint = linear_rgba(segment.tint);
    MeshValues {
        rows,
        color: std::array::from_fn(|at| material.base_color[at] * tint[at]),
        translation_low,
        picking_id: segment.picking_id,
        depth_offset: segment.all_depth_steps(),
        alpha_cutoff: match material.alpha {
            MeshAlpha::Mask(cutoff) => cutoff,
            MeshAlpha::Opaque | MeshAlpha::Blend => 0.0,
        },
        is_unlit: u32::from(material.is_unlit),
        is_whole: u32::from(segment.is_whole),
        emissive: material.emissive,
        metallic: material.metallic,
        roughness: material.roughness,
        normal_strength: maps.normal_strength(),
        occlusion_strength: maps.occlusion_strength(),
        padding: 0.0,
        map_rows: maps.rows(),
    }
}

fn pose_buffer(gpu: &Gpu<'_>, mesh: &TriangleMesh) -> Option<(FixedBuffer, CountedBytes)> {
    let poses = mesh.poses.iter().map(|pose| GpuPose::new(pose, &mesh.segment));
    let poses: Vec<GpuPose> = poses.collect();
    let bytes: &[u8] = bytemuck::cast_slice(&poses);
    let buffer = FixedBuffer::new(gpu, "mesh_poses", BufferUsages::VERTEX, bytes)?;
    Some((buffer, CountedBytes::new(gpu.stats, bytes.len() as u64)))
}

fn upload_meshes(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    meshes: Extract<
        Query<(
            RenderEntity,
            Ref<TriangleMesh>,
            Option<&RenderLayers>,
            Option<&InheritedVisibility>,
        )>,
    >,
    mut gpu_meshes: Query<&mut GpuMesh>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, mesh, layers, visibility) in &meshes {
        let mut known = gpu_meshes.get_mut(entity).ok();
        if let Some(known) = &mut known
            && mesh.is_changed()
        {
            known.update(&gpu, &mesh);
        }
        let mut new = known.is_none().then(|| GpuMesh::new(&gpu, &mesh));
        let Some(target) = known.as_deref_mut().or(new.as_mut()) else {
            continue;
        };
        target.is_visible = visibility.is_none_or(|visibility| visibility.get());
        let layers = layers.unwrap_or_default();
        if target.layers != *layers {
            target.layers = layers.clone();
        }
        if let Some(new) = new {
            commands.entity(entity).insert(new);
        }
    }
}

#[derive(Resource)]
struct TriangleMeshPipeline {
    layout: BindGroupLayoutDescriptor,
    /// That of meshes with maps.
    mapped_layout: BindGroupLayoutDescriptor,
}

/// What a pipeline of meshes depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct MeshKey {
    pipeline: PipelineKey,
    culled: Option<Face>,
    is_masked: bool,
    is_textured: bool,
    is_mapped: bool,
    has_second_texcoords: bool,
}

impl TriangleMeshPipeline {
    fn new() -> Self {
        let values = uniform_buffer_sized(false, binding_size::<MeshValues>());
        let texture = || texture_2d(TextureSampleType::Float { filterable: true });
        let sampler = || sampler(SamplerBindingType::Filtering);
        let stages = ShaderStages::VERTEX_FRAGMENT;
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "triangle_mesh",
                &BindGroupLayoutEntries::sequential(stages, (values, texture(), sampler())),
            ),
            mapped_layout: BindGroupLayoutDescriptor::new(
                "mapped_triangle_mesh",
                &BindGroupLayoutEntries::sequential(
                    stages,
                    (
                        values,
                        texture(),
                        sampler(),
                        texture(),
                        sampler(),
                        texture(),
                        sampler(),
                        texture(),
                        sampler(),
                        texture(),
                        sampler(),
                    ),
                ),
            ),
        }
    }

    fn layout(&self, is_mapped: bool) -> &BindGroupLayoutDescriptor {
        if is_mapped {
            &self.mapped_layout
        } else {
            &self.layout
        }
    }
}

impl SpecializedRenderPipeline for TriangleMeshPipeline {
    type Key = MeshKey;

    fn specialize(&self, key: MeshKey) -> RenderPipelineDescriptor {
        let layout = self.layout(key.is_mapped).clone();
        let mut descriptor = describe("triangle_mesh", key.pipeline, SHADER, layout, false);
        descriptor.vertex.buffers = vec![MeshVertex::layout(), GpuPose::layout()];
        if key.has_second_texcoords {
            descriptor
                .vertex
                .buffers
                .push(GpuGeometry::second_texcoords_layout());
        }
        descriptor.primitive.cull_mode = key.culled;
        if key.is_masked && key.pipeline.casts_shadows() {
            // What is cut out of it lets the light through.
            descriptor.fragment = Some(FragmentState {
                shader: SHADER,
                shader_defs: descriptor.vertex.shader_defs.clone(),
                entry_point: Some("cast_shadow".into()),
                targets: Vec::new(),
            });
        }
        let defs = [
            (key.is_masked, "MASKED"),
            (key.is_textured, "TEXTURED"),
            (key.is_mapped, "MAPPED"),
            (key.has_second_texcoords, "SECOND_TEXCOORD"),
        ];
        for (is_set, def) in defs {
            if is_set {
                descriptor.vertex.shader_defs.push(def.into());
                if let Some(fragment) = &mut descriptor.fragment {
                    fragment.shader_defs.push(def.into());
                }
            }
        }
        descriptor
    }
}

fn prepare_bind_groups(
    device: Res<RenderDevice>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut samplers: ResMut<MeshSamplers>,
    images: Res<RenderAssets<GpuImage>>,
    fallback: Res<FallbackImage>,
    mut meshes: Query<&mut GpuMesh>,
) {
    let may_differ = images.is_changed();
    for mut mesh in &mut meshes {
        if mesh.bound.is_some() && !may_differ && !mesh.is_changed() {
            continue;
        }
        let material = &mesh.mesh.material;
        let is_mapped = is_mapped(material);
        // The layouts have a place for each: what is not there is white.
        let mut textures = [(&fallback.d2.texture_view, TextureSampling::default()); NUM_TEXTURES];
        let mut are_all_there = true;
        for (texture, wanted) in textures.iter_mut().zip(textures_of(material)) {
            let Some((wanted, sampling)) = wanted else {
                continue;
            };
            match images.get(wanted).filter(|image| is_bindable(image)) {
                Some(image) => *texture = (&image.texture_view, sampling),
                None => are_all_there = false,
            }
        }
        if !are_all_there {
            if mesh.bound.is_some() {
                mesh.bound = None;
            }
            continue;
        }
        let bound = Bound {
            textures: textures.map(|(view, sampling)| (view.id(), sampling)),
            is_mapped,
        };
        if mesh.bound.as_ref().is_some_and(|(known, _)| *known == bound) {
            continue;
        }
        let num_textures = if is_mapped { NUM_TEXTURES } else { 1 };
        let textures = &textures[..num_textures];
        let samplers: Vec<Sampler> = textures
            .iter()
            .map(|(_, sampling)| samplers.get(&device, *sampling).clone())
            .collect();
        let read = textures.iter().zip(&samplers);
        let read = read.flat_map(|((view, _), sampler)| [view.into_binding(), sampler.into_binding()]);
        let values = mesh.uniform.buffer().as_entire_binding();
        let entries: Vec<BindGroupEntry<'_>> = std::iter::once(values)
            .chain(read)
            .zip(0..)
            .map(|(resource, binding)| BindGroupEntry { binding, resource })
            .collect();
        let layout = pipeline_cache.get_bind_group_layout(pipeline.layout(is_mapped));
        let bind_group = device.create_bind_group("triangle_mesh", &layout, &entries);
        mesh.bound = Some((bound, bind_group));
    }
}

struct DrawGeometry;

impl<I: PhaseItem> RenderCommand<I> for DrawGeometry {
    type Param = SRes<RenderAssets<GpuGeometry>>;
    type ViewQuery = ();
    type ItemQuery = Read<GpuMesh>;

    fn render<'w>(
        _: &I,
        (): ROQueryItem<'w, '_, Self::ViewQuery>,
        mesh: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        geometries: SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some(mesh) = mesh else {
            return RenderCommandResult::Skip;
        };
        let (Some((_, bind_group)), Some((poses, _)), Some(buffers)) = (
            &mesh.bound,
            &mesh.poses,
            mesh.geometry(geometries.into_inner())
                .and_then(|geometry| geometry.buffers.as_ref()),
        ) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, bind_group, &[]);
        pass.set_vertex_buffer(0, buffers.vertices.buffer().slice(..));
        pass.set_vertex_buffer(1, poses.buffer().slice(..));
        if let Some(texcoords) = &buffers.second_texcoords {
            pass.set_vertex_buffer(2, texcoords.buffer().slice(..));
        }
        pass.set_index_buffer(buffers.indices.buffer().slice(..), IndexFormat::Uint32);
        pass.draw_indexed(0..buffers.num_indices, 0, 0..mesh.mesh.poses.len() as u32);
        RenderCommandResult::Success
    }
}
