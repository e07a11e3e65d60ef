//! The pipeline of lines on a picture, and their buffers, which are used again from frame to frame.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::ResMut;
use bevy::ecs::world::{Mut, World};
use bevy::mesh::{PrimitiveTopology, VertexBufferLayout};
use bevy::render::render_phase::TrackedRenderPass;
use bevy::render::render_resource::binding_types::uniform_buffer_sized;
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendState, BufferUsages,
    CachedRenderPipelineId, ColorTargetState, ColorWrites, FragmentState, PipelineCache, PrimitiveState,
    RenderPipelineDescriptor, ShaderStages, TextureFormat, VertexAttribute, VertexFormat, VertexState,
    VertexStepMode,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::{GpuResourceAppExt, Render, RenderApp, RenderSystems};
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::{Corner, ScreenArea, ScreenLines};
use crate::buffers::{Gpu, GrowingBuffer, UniformBuffer, binding_size};
use crate::stats::RenderStats;

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d36");

/// The corners that a stretch is drawn from: its two, the one before and the one after.
const NEIGHBORS: usize = 4;

/// Prepares what draws [`ScreenLines`]. In an app without a renderer it does nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct ScreenLinesPlugin;

impl Plugin for ScreenLinesPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        let render_app = app.get_sub_app(RenderApp);
        if render_app.is_none_or(|render_app| render_app.world().contains_resource::<GpuLines>()) {
            return;
        }
        load_internal_asset!(app, SHADER, "screen_lines.wgsl", Shader::from_wgsl);
        if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
            render_app
                .init_resource::<GpuLines>()
                .init_gpu_resource::<GpuLines>()
                .add_systems(Render, forget_drawn.in_set(RenderSystems::PrepareViews));
        }
    }
}

/// All lines of a frame on the GPU.
#[derive(Resource, Default)]
struct GpuLines {
    /// One for each format of targets.
    pipelines: Vec<(TextureFormat, CachedRenderPipelineId)>,
    drawn: Vec<DrawnLines>,
    /// Buffers of the frame before, the first ones at the end.
    spare: Vec<LineBuffers>,
}

/// Lines that are drawn in this frame.
struct DrawnLines {
    key: usize,
    pipeline: CachedRenderPipelineId,
    buffers: LineBuffers,
}

struct LineBuffers {
    corners: GrowingBuffer<Corner>,
    area: UniformBuffer<AreaValues>,
    bind_group: BindGroup,
}

/// What the shader needs of a [`ScreenArea`].
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct AreaValues {
    origin: [f32; 2],
    size: [f32; 2],
    pixels_per_point: f32,
    padding: [f32; 3],
}

impl AreaValues {
    /// What a target of `limit` pixels in both directions has of an area. None is larger, and a viewport that is much larger is an error.
    fn of(area: &ScreenArea, limit: f32) -> Self {
        let [x, y] = area.origin;
        let [width, height] = area.size;
        let within = |at: f32| at.clamp(0.0, limit);
        let [left, top, right, bottom] = [x, y, x + width, y + height].map(within);
        Self {
            origin: [left, top],
            size: [right - left, bottom - top],
            pixels_per_point: area.pixels_per_point,
            padding: [0.0; 3],
        }
    }

    /// Whether there is a pixel of it.
    fn is_seen(&self) -> bool {
        self.size.iter().all(|size| *size >= 1.0)
    }
}

impl LineBuffers {
    fn new(gpu: &Gpu<'_>, pipeline_cache: &PipelineCache, values: AreaValues) -> Self {
        let area = UniformBuffer::new(gpu, "screen_lines_area", values);
        let bind_group = gpu.device.create_bind_group(
            "screen_lines",
            &pipeline_cache.get_bind_group_layout(&layout()),
            &BindGroupEntries::single(area.buffer().as_entire_buffer_binding()),
        );
        Self {
            corners: GrowingBuffer::new("screen_lines", BufferUsages::VERTEX),
            area,
            bind_group,
        }
    }

    fn send(&mut self, gpu: &Gpu<'_>, corners: &[Corner], values: AreaValues) {
        self.area.set(gpu, values);
        // The last stretch has a corner after it, too, which it does not look at.
        self.corners.reserve(gpu, corners.len() + 1);
        let sent = &corners[..corners.len().min(self.corners.len() as usize)];
        if let Some(buffer) = self.corners.buffer() {
            // Not counted: uploads are told of scenes, which rest where nothing changes.
            gpu.queue.write_buffer(buffer, 0, bytemuck::cast_slice(sent));
        }
    }
}

impl GpuLines {
    fn pipeline(&mut self, cache: &PipelineCache, format: TextureFormat) -> CachedRenderPipelineId {
        let known = self.pipelines.iter().find(|(known, _)| *known == format);
        if let Some((_, pipeline)) = known {
            return *pipeline;
        }
        let pipeline = cache.queue_render_pipeline(descriptor(format));
        self.pipelines.push((format, pipeline));
        pipeline
    }
}

fn forget_drawn(mut lines: ResMut<GpuLines>) {
    let lines = &mut *lines;
    lines.spare.clear();
    lines
        .spare
        .extend(lines.drawn.drain(..).rev().map(|drawn| drawn.buffers));
}

pub(super) fn prepare(lines: &ScreenLines, world: &mut World, area: &ScreenArea, format: TextureFormat) {
    if lines.is_empty() {
        return;
    }
    world.try_resource_scope(|world, mut all: Mut<GpuLines>| {
        let limits = world.resource::<RenderDevice>().limits();
        let values = AreaValues::of(area, limits.max_texture_dimension_2d as f32);
        if !values.is_seen() {
            return;
        }
        let mut cache = world.resource_mut::<PipelineCache>();
        let pipeline = all.pipeline(&cache, format);
        if cache.get_render_pipeline(pipeline).is_none() {
            // Once, so that no picture lacks them.
            cache.block_on_render_pipeline(pipeline);
        }
        let cache = world.resource::<PipelineCache>();
        let stats = world.get_resource::<RenderStats>().cloned().unwrap_or_default();
        stats.await_ready(cache.get_render_pipeline(pipeline).is_some());
        let gpu = Gpu {
            device: world.resource::<RenderDevice>(),
            queue: world.resource::<RenderQueue>(),
            stats: &stats,
        };
        let spare = all.spare.pop();
        let mut buffers = spare.unwrap_or_else(|| LineBuffers::new(&gpu, cache, values));
        buffers.send(&gpu, &lines.corners, values);
        all.drawn.push(DrawnLines {
            key: lines.key(),
            pipeline,
            buffers,
        });
    });
}

pub(super) fn draw<'w>(lines: &ScreenLines, pass: &mut TrackedRenderPass<'w>, world: &'w World) {
    let all = world.get_resource::<GpuLines>();
    let drawn = all.and_then(|all| all.drawn.iter().find(|drawn| drawn.key == lines.key()));
    let Some(DrawnLines {
        pipeline, buffers, ..
    }) = drawn
    else {
        return;
    };
    let cache = world.resource::<PipelineCache>();
    let Some((pipeline, corners)) = cache.get_render_pipeline(*pipeline).zip(buffers.corners.buffer()) else {
        return;
    };
    let AreaValues {
        origin: [x, y],
        size: [width, height],
        ..
    } = *buffers.area.values();
    pass.set_viewport(x, y, width, height, 0.0, 1.0);
    pass.set_render_pipeline(pipeline);
    pass.set_bind_group(0, &buffers.bind_group, &[]);
    for slot in 0..NEIGHBORS {
        pass.set_vertex_buffer(slot, corners.slice((slot * size_of::<Corner>()) as u64..));
    }
    pass.draw(
        0..4,
        0..buffers.corners.len().saturating_sub(NEIGHBORS as u32 - 1),
    );
}

fn layout() -> BindGroupLayoutDescriptor {
    BindGroupLayoutDescriptor::new(
        "screen_lines_layout",
        &BindGroupLayoutEntries::single(
            ShaderStages::VERTEX,
            uniform_buffer_sized(false, binding_size::<AreaValues>()),
        ),
    )
}

/// The pipeline. The same buffer is bound four times, each time a corner farther on.
fn descriptor(format: TextureFormat) -> RenderPipelineDescriptor {
    let place = (VertexFormat::Float32x2, 0);
    let width = (VertexFormat::Float32, 8);
    let color = (VertexFormat::Unorm8x4, 12);
    let neighbors: [&[(VertexFormat, u64)]; NEIGHBORS] =
        [&[place, width], &[place, width, color], &[place, width], &[place]];
    let mut locations = 0..;
    let buffers = neighbors.map(|attributes| VertexBufferLayout {
        array_stride: size_of::<Corner>() as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes
            .iter()
            .zip(&mut locations)
            .map(|(&(format, offset), shader_location)| VertexAttribute {
                format,
                offset,
                shader_location,
            })
            .collect(),
    });
    RenderPipelineDescriptor {
        label: Some("screen_lines".into()),
        layout: vec![layout()],
        vertex: VertexState {
            shader: SHADER,
            entry_point: Some("vertex".into()),
            buffers: buffers.to_vec(),
            ..Default::default()
        },
        fragment: Some(FragmentState {
            shader: SHADER,
            entry_point: Some("fragment".into()),
            targets: vec![Some(ColorTargetState {
                format,
                blend: Some(BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: ColorWrites::ALL,
            })],
            shader_defs: Vec::new(),
        }),
        primitive: PrimitiveState {
            topology: PrimitiveTopology::TriangleStrip,
            ..Default::default()
        },
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The upper left corner and the size of what is seen of an area, if there is any.
    fn seen(origin: [f32; 2], size: [f32; 2]) -> Option<([f32; 2], [f32; 2])> {
        let area = ScreenArea {
            origin,
            size,
            pixels_per_point: 2.0,
        };
        let values = AreaValues::of(&area, 8192.0);
        values.is_seen().then_some((values.origin, values.size))
    }

    #[test]
    fn no_viewport_is_larger_than_a_target() {
        let whole = ([10.0, 20.0], [300.0, 200.0]);
        assert_eq!(seen(whole.0, whole.1), Some(whole));
        assert_eq!(
            seen([-10.0, 20.0], [300.0, 1e9]),
            Some(([0.0, 20.0], [290.0, 8172.0]))
        );
        for (origin, size) in [
            ([0.0; 2], [300.0, 0.0]),
            ([-300.0, 0.0], [300.0, 10.0]),
            ([9000.0, 0.0], [300.0, 10.0]),
            ([0.0; 2], [f32::NAN, 10.0]),
        ] {
            assert_eq!(seen(origin, size), None);
        }
    }
}
