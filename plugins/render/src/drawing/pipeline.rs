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
    VertexAttribute, VertexFormat, VertexState, VertexStepMode,
};
use bevy::render::view::{ExtractedView, Msaa};
use bevy::shader::{Shader, ShaderDefVal};

use super::outlines::outlined_target;
use super::shadows::shadow_layout;
use super::weighted::gathering_targets;
use crate::buffers::binding_size;
use crate::instances::{Blending, GpuSegment, Primitive, SLOT_LOCATION};
use crate::view::bulk_view_layout;

/// What a pipeline depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PipelineKey {
    samples: u32,
    output: Output,
    blending: Blending,
    writes_depth: bool,
    /// Of how many instances one is drawn, as the logarithm to base two.
    stride_log2: u8,
    /// Whether the shader says how near each place is.
    shapes_depth: bool,
    /// Whether what is drawn lies in the shadows of a view.
    is_shadowed: bool,
}

/// What a pipeline writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Output {
    /// Colors, in the format of the target.
    Color(TextureFormat),
    /// What translucent surfaces in no certain order add up to.
    Gathered,
    /// Ids, for picking.
    Ids,
    /// Depths alone, as a light sees them.
    Depth,
    /// What stands out, whatever hides it.
    Outlined,
}

impl PipelineKey {
    pub(crate) fn new(view: &ExtractedView, msaa: Msaa, blending: Blending) -> Self {
        Self::of(msaa.samples(), Output::Color(view.target_format), blending)
    }

    /// The key of what is translucent and drawn in no certain order.
    pub(crate) fn gathered(msaa: Msaa) -> Self {
        Self::of(msaa.samples(), Output::Gathered, Blending::Translucent)
    }

    fn of(samples: u32, output: Output, blending: Blending) -> Self {
        Self {
            samples,
            output,
            blending,
            writes_depth: blending == Blending::Opaque,
            stride_log2: 0,
            shapes_depth: false,
            is_shadowed: false,
        }
    }

    /// The key of what hides what is drawn later behind it, whether or not it is translucent at some places.
    #[must_use]
    pub(crate) fn hiding(self) -> Self {
        Self {
            writes_depth: true,
            ..self
        }
    }

    /// The key of what draws one instance of so many, the logarithm to base two.
    #[must_use]
    pub(crate) fn thinned(self, stride_log2: u8) -> Self {
        Self { stride_log2, ..self }
    }

    /// The key of what may say by itself how near each place is.
    #[must_use]
    pub(crate) fn shaping_depth(self, shapes_depth: bool) -> Self {
        Self { shapes_depth, ..self }
    }

    /// The key of what may lie in shadows.
    #[must_use]
    pub(crate) fn shadowed(self, is_shadowed: bool) -> Self {
        Self { is_shadowed, ..self }
    }

    /// The key of what casts shadows.
    pub(crate) fn casting() -> Self {
        Self::of(1, Output::Depth, Blending::Opaque)
    }

    /// Whether it is that of what casts shadows.
    pub(crate) fn casts_shadows(self) -> bool {
        self.output == Output::Depth
    }

    /// The key of what looks for outlines.
    pub(crate) fn outlining(msaa: Msaa) -> Self {
        Self::of(msaa.samples(), Output::Outlined, Blending::Opaque)
    }

    /// The key of what is picked as it is drawn with a blending.
    pub(crate) fn picking(blending: Blending) -> Self {
        Self::of(1, Output::Ids, blending)
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
                &BindGroupLayoutEntries::sequential(
                    ShaderStages::VERTEX_FRAGMENT,
                    (
                        storage_buffer_read_only_sized(false, binding_size::<GpuSegment>()),
                        storage_buffer_read_only_sized(false, binding_size::<u32>()),
                        storage_buffer_read_only_sized(false, binding_size::<u32>()),
                        storage_buffer_read_only_sized(false, binding_size::<u32>()),
                    ),
                ),
            ),
            primitive: PhantomData,
        }
    }
}

impl<P: Primitive> SpecializedRenderPipeline for InstancePipeline<P> {
    type Key = PipelineKey;

    fn specialize(&self, key: Self::Key) -> RenderPipelineDescriptor {
        let mut instances =
            VertexBufferLayout::from_vertex_formats(VertexStepMode::Instance, P::FORMATS.iter().copied());
        // The GPU itself steps over what is left out: nothing is uploaded for it.
        instances.array_stride <<= key.stride_log2;
        let mut descriptor = describe(
            P::NAME,
            key,
            P::shader(),
            self.segments_layout.clone(),
            P::CUTS_EDGES,
        );
        let slots = VertexBufferLayout {
            array_stride: (size_of::<u32>() as u64) << key.stride_log2,
            step_mode: VertexStepMode::Instance,
            attributes: vec![VertexAttribute {
                format: VertexFormat::Uint32,
                offset: 0,
                shader_location: SLOT_LOCATION,
            }],
        };
        descriptor.vertex.buffers = vec![instances, slots];
        descriptor
    }
}

/// The pipeline of any primitive: bind group 0 is the view, bind group 1 is `layout`, bind group 2 the shadows, where there are some.
/// What casts shadows leaves its depth as the vertices have it, without a fragment shader.
///
/// With `cuts_edges`, an opaque primitive under multisampling leaves its silhouette to the samples by its
/// alpha, and is picked as a mark; without, it is picked as a face.
pub(crate) fn describe(
    label: &'static str,
    key: PipelineKey,
    shader: Handle<Shader>,
    layout: BindGroupLayoutDescriptor,
    cuts_edges: bool,
) -> RenderPipelineDescriptor {
    let is_opaque = key.blending == Blending::Opaque;
    let is_outlined = key.output == Output::Outlined;
    let is_covered_by_alpha = cuts_edges && is_opaque && !is_outlined && key.samples > 1;
    let mut defs: Vec<ShaderDefVal> = Vec::new();
    if is_covered_by_alpha {
        defs.push("ALPHA_TO_COVERAGE".into());
    }
    if key.stride_log2 > 0 {
        defs.push(ShaderDefVal::UInt("THINNED_BY".into(), 1 << key.stride_log2));
    }
    if key.shapes_depth {
        defs.push("SHAPED_DEPTH".into());
    }
    let written = match key.output {
        Output::Color(format) => {
            if !is_opaque {
                defs.push("TRANSLUCENT".into());
                if key.writes_depth {
                    defs.push("WRITES_DEPTH".into());
                }
            }
            if is_encoded_by_shader(format) {
                defs.push("SRGB_ENCODED_OUTPUT".into());
            }
            let target = ColorTargetState {
                format,
                blend: (!is_opaque).then_some(BlendState::ALPHA_BLENDING),
                // Coverage is no color: the target keeps its own alpha.
                write_mask: if is_covered_by_alpha {
                    ColorWrites::COLOR
                } else {
                    ColorWrites::ALL
                },
            };
            Some(("fragment", vec![Some(target)]))
        }
        Output::Gathered => {
            defs.extend(["TRANSLUCENT".into(), "WEIGHTED".into()]);
            Some(("fragment", gathering_targets()))
        }
        Output::Ids => {
            defs.push("PICKING".into());
            if !cuts_edges {
                defs.push("FACES".into());
            }
            Some(("pick", vec![Some(PICKED_FORMAT.into())]))
        }
        Output::Depth => {
            defs.push("CASTING".into());
            None
        }
        Output::Outlined => {
            defs.extend(["PICKING".into(), "OUTLINED".into()]);
            Some(("pick", vec![Some(outlined_target())]))
        }
    };
    let mut layouts = vec![bulk_view_layout(), layout];
    if key.is_shadowed {
        defs.push("SHADOWED".into());
        layouts.push(shadow_layout());
    }
    RenderPipelineDescriptor {
        label: Some(label.into()),
        layout: layouts,
        vertex: VertexState {
            shader: shader.clone(),
            shader_defs: defs.clone(),
            entry_point: Some("vertex".into()),
            ..Default::default()
        },
        fragment: written.map(|(entry_point, targets)| FragmentState {
            shader,
            shader_defs: defs,
            entry_point: Some(entry_point.into()),
            targets,
        }),
        depth_stencil: (!is_outlined).then(|| DepthStencilState {
            format: CORE_3D_DEPTH_FORMAT,
            depth_write_enabled: Some(key.writes_depth),
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

/// The format of what is picked: the segment's id, the logical instance, the depth, and whether it is a face.
pub(crate) const PICKED_FORMAT: TextureFormat = TextureFormat::Rgba32Uint;

/// Whether the target stores bytes as they come, so that the shader has to encode: `CompositingSpace::Srgb` renders so.
pub(super) fn is_encoded_by_shader(format: TextureFormat) -> bool {
    matches!(format, TextureFormat::Rgba8Unorm | TextureFormat::Bgra8Unorm)
}
