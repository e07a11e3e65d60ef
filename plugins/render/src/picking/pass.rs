//! The view of a request, the pass that draws it, and the way back.

use std::sync::{Arc, Mutex, PoisonError};

use bevy::camera::visibility::RenderLayers;
use bevy::camera::{Camera, Camera3d};
use bevy::color::LinearRgba;
use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::ecs::component::Component;
use bevy::ecs::entity::{Entity, EntityHashSet};
use bevy::ecs::query::{With, Without};
use bevy::ecs::resource::Resource;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::ecs::world::World;
use bevy::log::error_once;
use bevy::math::{DMat4, DQuat, DVec2, DVec3, IVec2, Mat4, UVec2, Vec2, Vec4};
use bevy::render::Extract;
use bevy::render::render_phase::TrackedRenderPass;
use bevy::render::render_resource::{
    Buffer, BufferDescriptor, BufferUsages, CachedPipelineState, CommandEncoderDescriptor,
    DynamicUniformBuffer, Extent3d, LoadOp, MapMode, Operations, PipelineCache, PollType,
    RenderPassColorAttachment, RenderPassDepthStencilAttachment, RenderPassDescriptor, StoreOp,
    TexelCopyBufferInfo, TexelCopyBufferLayout, Texture, TextureDescriptor, TextureDimension, TextureUsages,
    TextureView, TextureViewDescriptor,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::TemporaryRenderEntity;
use bevy::render::view::{ViewUniform, ViewUniformOffset};
use bevy::transform::components::GlobalTransform;

use super::queue::PickOrder;
use super::{Answers, MAX_PICK_RADIUS, PickAnswer, PickHit, PickItem, PickRequest, PickView};
use crate::buffers::Gpu;
use crate::drawing::pipeline::PICKED_FORMAT;
use crate::drawing::run_item::draw_items;
use crate::instances::NO_INSTANCE;
use crate::stats::RenderStats;
use crate::view::{BulkView, EyeOrigin, GpuBulkView, IsBound, ViewEye, view_uniform, view_values};

/// Requests whose pixels are on their way back.
#[derive(Resource, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<EntityHashSet>>);

impl InFlight {
    fn with<T>(&self, use_set: impl FnOnce(&mut EntityHashSet) -> T) -> T {
        use_set(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request with what is needed to read its answer.
#[derive(Component, Clone, Copy)]
pub(super) struct Pick {
    entity: Entity,
    request: PickRequest,
    radius: u32,
    viewport: UVec2,
    view_from_clip: DMat4,
    is_orthographic: bool,
    world_from_view: DQuat,
    eye: DVec3,
}

/// Makes a view of each request that is not on its way. It lasts for one frame: what could not be drawn is asked again.
pub(super) fn extract_requests(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    in_flight: Res<InFlight>,
    answers: Res<Answers>,
    requests: Extract<Query<(Entity, &PickRequest), Without<PickAnswer>>>,
    cameras: Extract<
        Query<
            (
                &Camera,
                &GlobalTransform,
                Option<&RenderLayers>,
                Option<&BulkView>,
                Option<&EyeOrigin>,
            ),
            With<Camera3d>,
        >,
    >,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    if in_flight.with(|entities| !entities.is_empty()) {
        // Answers come with this call at the latest.
        if let Err(error) = device.poll(PollType::Poll) {
            error_once!("the GPU does not answer: {error}");
        }
    }
    for (entity, request) in &requests {
        if in_flight.with(|entities| entities.contains(&entity)) {
            continue;
        }
        let nothing = PickAnswer {
            request: *request,
            hit: None,
        };
        let Ok((camera, transform, layers, settings, origin)) = cameras.get(request.camera) else {
            answers.push(entity, nothing);
            continue;
        };
        let Some(viewport) = camera
            .physical_viewport_size()
            .filter(|size| size.min_element() > 0)
        else {
            continue;
        };
        if request.pixel.cmpge(viewport).any() {
            answers.push(entity, nothing);
            continue;
        }
        let eye = ViewEye::new(origin, transform);
        let pick = Pick {
            entity,
            request: *request,
            radius: request.radius.min(MAX_PICK_RADIUS),
            viewport,
            view_from_clip: camera.clip_from_view().as_dmat4().inverse(),
            is_orthographic: camera.clip_from_view().w_axis.w == 1.0,
            world_from_view: transform.rotation().as_dquat(),
            eye: eye.position,
        };
        let mut uniforms = DynamicUniformBuffer::<ViewUniform>::default();
        uniforms.push(&picked_uniform(&pick, camera.clip_from_view(), transform));
        uniforms.write_buffer(&device, &queue);
        let settings = settings.copied().unwrap_or_default();
        let values = view_values(settings, camera.target_scaling_factor(), eye);
        let Some(view) = GpuBulkView::bound(&gpu, &pipeline_cache, values, eye, &uniforms) else {
            continue;
        };
        let view = view.with_point_budget(settings.point_budget);
        let pick_view = PickView {
            layers: layers.cloned().unwrap_or_default(),
            eye: eye.position,
            backward: pick.world_from_view * DVec3::Z,
            items: Vec::new(),
        };
        commands.spawn((
            pick,
            pick_view,
            view,
            IsBound,
            ViewUniformOffset { offset: 0 },
            TemporaryRenderEntity,
        ));
    }
}

/// The camera's view, cut down to the pixels of the request.
fn picked_uniform(pick: &Pick, clip_from_view: Mat4, transform: &GlobalTransform) -> ViewUniform {
    let size = 2 * pick.radius + 1;
    let viewport = pick.viewport.as_vec2();
    let center = ((pick.request.pixel.as_vec2() + 0.5) / viewport * 2.0 - 1.0) * Vec2::new(1.0, -1.0);
    let zoom = viewport / size as f32;
    let clip_from_clip = Mat4::from_cols(
        Vec4::X * zoom.x,
        Vec4::Y * zoom.y,
        Vec4::Z,
        Vec4::new(-zoom.x * center.x, -zoom.y * center.y, 0.0, 1.0),
    );
    view_uniform(
        clip_from_clip * clip_from_view,
        transform.to_matrix(),
        size as f32,
    )
}

/// Draws what was queued, and reads it back. Waits for another frame while a pipeline is being compiled.
pub(super) fn draw_picked(
    world: &World,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    pipeline_cache: Res<PipelineCache>,
    in_flight: Res<InFlight>,
    answers: Res<Answers>,
    views: Query<(Entity, &Pick, &PickView)>,
) {
    for (view, pick, pick_view) in &views {
        let is_waiting = |(_, item): &(PickOrder, PickItem)| {
            matches!(
                pipeline_cache.get_render_pipeline_state(item.pipeline),
                CachedPipelineState::Queued | CachedPipelineState::Creating(_)
            )
        };
        if pick_view.items.iter().any(is_waiting) {
            continue;
        }
        let targets = Targets::new(&device, 2 * pick.radius + 1);
        let buffer = targets.draw(world, &device, &queue, view, &pick_view.items);
        in_flight.with(|entities| entities.insert(pick.entity));
        let (pick, mapped) = (*pick, buffer.clone());
        let (in_flight, answers) = (in_flight.clone(), answers.clone());
        buffer.slice(..).map_async(MapMode::Read, move |result| {
            in_flight.with(|entities| entities.remove(&pick.entity));
            // Where the device was lost, the request is asked again.
            if result.is_ok() {
                let hit = {
                    let bytes = mapped.slice(..).get_mapped_range();
                    nearest_hit(&pick, &bytes)
                };
                mapped.unmap();
                let request = pick.request;
                answers.push(pick.entity, PickAnswer { request, hit });
            }
        });
    }
}

/// Bytes from one row of pixels to the next in what is read back: a multiple of what the API asks for, and
/// enough for the widest.
const ROW_BYTES: u32 = 512;

/// Words of 32 bits of a pixel: the segment's id, the logical instance, the depth, and whether it is a face.
const WORDS: usize = 4;

const _: () = assert!((2 * MAX_PICK_RADIUS as usize + 1) * WORDS * size_of::<u32>() <= ROW_BYTES as usize);

/// What a request is drawn into.
struct Targets {
    size: u32,
    picked: (Texture, TextureView),
    depth_buffer: (Texture, TextureView),
}

impl Targets {
    fn new(device: &RenderDevice, size: u32) -> Self {
        let target = |label, format, usage| {
            let texture = device.create_texture(&TextureDescriptor {
                label: Some(label),
                size: extent(size),
                mip_level_count: 1,
                sample_count: 1,
                dimension: TextureDimension::D2,
                format,
                usage: TextureUsages::RENDER_ATTACHMENT | usage,
                view_formats: &[],
            });
            let view = texture.create_view(&TextureViewDescriptor::default());
            (texture, view)
        };
        Self {
            size,
            picked: target("picked", PICKED_FORMAT, TextureUsages::COPY_SRC),
            depth_buffer: target(
                "picked_depth_buffer",
                CORE_3D_DEPTH_FORMAT,
                TextureUsages::empty(),
            ),
        }
    }

    /// Draws items, the nearest last, and returns the buffer that will have what was picked.
    fn draw(
        &self,
        world: &World,
        device: &RenderDevice,
        queue: &RenderQueue,
        view: Entity,
        items: &[(PickOrder, PickItem)],
    ) -> Buffer {
        let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor {
            label: Some("picking"),
        });
        let pass = encoder.begin_render_pass(&RenderPassDescriptor {
            label: Some("picking"),
            color_attachments: &[Some(RenderPassColorAttachment {
                view: &self.picked.1,
                depth_slice: None,
                resolve_target: None,
                ops: Operations {
                    load: LoadOp::Clear(LinearRgba::NONE.into()),
                    store: StoreOp::Store,
                },
            })],
            depth_stencil_attachment: Some(RenderPassDepthStencilAttachment {
                view: &self.depth_buffer.1,
                depth_ops: Some(Operations {
                    // Reversed: zero is the farthest.
                    load: LoadOp::Clear(0.0),
                    store: StoreOp::Discard,
                }),
                stencil_ops: None,
            }),
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        let mut pass = TrackedRenderPass::new(device, pass);
        let mut sorted: Vec<&(PickOrder, PickItem)> = items.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let sorted = sorted.into_iter().map(|(_, item)| item);
        if let Err(error) = draw_items(world, &mut pass, view, sorted) {
            error_once!("something cannot be picked: {error}");
        }
        drop(pass);
        let buffer = device.create_buffer(&BufferDescriptor {
            label: Some("picked"),
            size: u64::from(self.size * ROW_BYTES),
            usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            self.picked.0.as_image_copy(),
            TexelCopyBufferInfo {
                buffer: &buffer,
                layout: TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(ROW_BYTES),
                    rows_per_image: None,
                },
            },
            extent(self.size),
        );
        queue.submit([encoder.finish()]);
        buffer
    }
}

fn extent(size: u32) -> Extent3d {
    Extent3d {
        width: size,
        height: size,
        depth_or_array_layers: 1,
    }
}

/// The mark that is nearest to the middle, of two as near the one that is nearer to the eye; where there is
/// none, or the face in the middle lies before it, that face.
fn nearest_hit(pick: &Pick, bytes: &[u8]) -> Option<PickHit> {
    let radius = pick.radius as i32;
    let size = (2 * pick.radius + 1) as usize;
    let hit_at = |x: usize, y: usize| -> Option<PickHit> {
        let start = y * ROW_BYTES as usize + x * WORDS * size_of::<u32>();
        let pixel = bytes.get(start..start + WORDS * size_of::<u32>())?;
        let (words, _) = pixel.as_chunks::<{ size_of::<u32>() }>();
        let [picking_id, instance, depth, is_face] = *words else {
            return None;
        };
        let hit = PickHit {
            picking_id: u32::from_le_bytes(picking_id),
            instance: Some(u32::from_le_bytes(instance)).filter(|instance| *instance != NO_INSTANCE),
            is_face: u32::from_le_bytes(is_face) != 0,
            offset: IVec2::new(x as i32 - radius, y as i32 - radius),
            depth: f32::from_le_bytes(depth),
            position: DVec3::ZERO,
        };
        (hit.picking_id != 0).then_some(hit)
    };
    let middle = pick.radius as usize;
    let face = hit_at(middle, middle).filter(|hit| hit.is_face);
    let marks = (0..size)
        .flat_map(|y| (0..size).map(move |x| (x, y)))
        .filter_map(|(x, y)| hit_at(x, y))
        .filter(|hit| !hit.is_face && hit.offset.length_squared() <= radius * radius)
        .filter(|mark| face.is_none_or(|face| !pick.is_behind(mark.depth, face.depth)));
    let mark = marks.min_by(|a, b| {
        let by_distance = a.offset.length_squared().cmp(&b.offset.length_squared());
        by_distance.then(b.depth.total_cmp(&a.depth))
    });
    let hit = mark.or(face)?;
    Some(PickHit {
        position: position_of(pick, &hit),
        ..hit
    })
}

impl Pick {
    /// Whether a mark lies clearly behind a face, by their depths. One that lies on a face is a little behind
    /// it as often as not.
    fn is_behind(&self, mark: f32, face: f32) -> bool {
        if self.is_orthographic {
            mark < face - 1e-6
        } else {
            // One over the distance.
            mark < face * 0.99
        }
    }
}

/// Where in the world a hit is.
fn position_of(pick: &Pick, hit: &PickHit) -> DVec3 {
    let pixel = pick.request.pixel.as_dvec2() + hit.offset.as_dvec2() + 0.5;
    let ndc = (pixel / pick.viewport.as_dvec2() * 2.0 - 1.0) * DVec2::new(1.0, -1.0);
    let view = pick
        .view_from_clip
        .project_point3(ndc.extend(f64::from(hit.depth)));
    pick.eye + pick.world_from_view * view
}
