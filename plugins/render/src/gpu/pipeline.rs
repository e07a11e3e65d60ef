//! Pipelines: one per primitive, sample count, target format and blending.

use std::marker::PhantomData;

use bevy::asset::Handle;
use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::ecs::resource::Resource;
use bevy::mesh::VertexBufferLayout;
use bevy::render::render_resource::binding_types::storage_buffer_read_only_sized;
use bevy::render::render_resource::{
    BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendState, ColorTargetState, ColorWrites,
    CompareFunction, DepthBiasState, DepthStencilState, FragmentState, MultisampleState,
    RenderPipelineDescriptor, ShaderStages, SpecializedRenderPipeline, StencilState, TextureFormat,
    VertexState, VertexStepMode,
};
use bevy::render::view::{ExtractedView, Msaa};
use bevy::shader::{Shader, ShaderDefVal};

use crate::batch::{Blending, GpuSegment, Primitive};
use crate::buffers::binding_size;
use crate::view::bulk_view_layout;

/// What a pipeline depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PipelineKey {
    samples: u32,
    format: TextureFormat,
    blending: Blending,
}

impl PipelineKey {
    pub(crate) fn new(view: &ExtractedView, msaa: Msaa, blending: Blending) -> Self {
        Self {
            samples: msaa.samples(),
            format: view.target_format,
            blending,
        }
    }
}

/// The pipelines of a primitive.
#[derive(Resource)]
pub(crate) struct InstancePipeline<P> {
    pub(crate) segments_layout: BindGroupLayoutDescriptor,
    primitive: PhantomData<fn() -> P>,
}

impl<P: Primitive> InstancePipeline<P> {
    pub(crate) fn new() -> Self {
        Self {
            segments_layout: BindGroupLayoutDescriptor::new(
                "bulk_segments_layout",
                &BindGroupLayoutEntries::single(
                    ShaderStages::VERTEX_FRAGMENT,
                    storage_buffer_read_only_sized(false, binding_size::<GpuSegment>()),
                ),
            ),
            primitive: PhantomData,
        }
    }
}

impl<P: Primitive> SpecializedRenderPipeline for InstancePipeline<P> {
    type Key = PipelineKey;

    fn specialize(&self, key: Self::Key) -> RenderPipelineDescriptor {
        let instances =
            VertexBufferLayout::from_vertex_formats(VertexStepMode::Instance, P::FORMATS.iter().copied());
        let mut descriptor = describe(
            P::NAME,
            key,
            P::shader(),
            self.segments_layout.clone(),
            P::CUTS_EDGES,
        );
        descriptor.vertex.buffers = vec![instances];
        descriptor
    }
}

/// The pipeline of any primitive: bind group 0 is the view, bind group 1 is `layout`.
///
/// With `cuts_edges`, an opaque primitive under multisampling leaves its silhouette to the samples by its alpha.
pub(crate) fn describe(
    label: &'static str,
    key: PipelineKey,
    shader: Handle<Shader>,
    layout: BindGroupLayoutDescriptor,
    cuts_edges: bool,
) -> RenderPipelineDescriptor {
    let is_opaque = key.blending == Blending::Opaque;
    let is_covered_by_alpha = cuts_edges && is_opaque && key.samples > 1;
    let mut defs: Vec<ShaderDefVal> = Vec::new();
    if !is_opaque {
        defs.push("TRANSLUCENT".into());
    }
    if is_covered_by_alpha {
        defs.push("ALPHA_TO_COVERAGE".into());
    }
    if is_encoded_by_shader(key.format) {
        defs.push("SRGB_ENCODED_OUTPUT".into());
    }
    RenderPipelineDescriptor {
        label: Some(label.into()),
        layout: vec![bulk_view_layout(), layout],
        vertex: VertexState {
            shader: shader.clone(),
            shader_defs: defs.clone(),
            entry_point: Some("vertex".into()),
            ..Default::default()
        },
        fragment: Some(FragmentState {
            shader,
            shader_defs: defs,
            entry_point: Some("fragment".into()),
            targets: vec![Some(ColorTargetState {
                format: key.format,
                blend: (!is_opaque).then_some(BlendState::ALPHA_BLENDING),
                // Coverage is no colour: the target keeps its own alpha.
                write_mask: if is_covered_by_alpha {
                    ColorWrites::COLOR
                } else {
                    ColorWrites::ALL
                },
            })],
        }),
        depth_stencil: Some(DepthStencilState {
            format: CORE_3D_DEPTH_FORMAT,
            depth_write_enabled: Some(is_opaque),
            depth_compare: Some(CompareFunction::GreaterEqual),
            stencil: StencilState::default(),
            bias: DepthBiasState::default(),
        }),
        multisample: MultisampleState {
            count: key.samples,
            mask: !0,
            alpha_to_coverage_enabled: is_covered_by_alpha,
        },
        ..Default::default()
    }
}

/// Whether the target stores bytes as they come, so that the shader has to encode: `CompositingSpace::Srgb` renders so.
fn is_encoded_by_shader(format: TextureFormat) -> bool {
    matches!(format, TextureFormat::Rgba8Unorm | TextureFormat::Bgra8Unorm)
}
