//! Pipelines that draw one triangle over all pixels of a view.

use bevy::asset::Handle;
use bevy::render::render_resource::{
    BindGroupLayoutDescriptor, BlendState, ColorTargetState, ColorWrites, FragmentState, MultisampleState,
    RenderPipelineDescriptor, TextureFormat, VertexState,
};
use bevy::shader::{Shader, ShaderDefVal};

use super::pipeline::is_encoded_by_shader;

/// What such a pipeline is made of. The shader has the entry points `vertex`, for three vertices, and `fragment`.
pub(super) struct FullScreen {
    pub(super) label: &'static str,
    pub(super) shader: Handle<Shader>,
    pub(super) shader_defs: Vec<ShaderDefVal>,
    pub(super) layout: Vec<BindGroupLayoutDescriptor>,
    pub(super) target: ColorTargetState,
    pub(super) samples: u32,
}

impl FullScreen {
    /// What lays its colors over those of a view, of this format and so many samples a pixel.
    pub(super) fn over_view(
        label: &'static str,
        shader: Handle<Shader>,
        layout: Vec<BindGroupLayoutDescriptor>,
        (format, samples): (TextureFormat, u32),
    ) -> Self {
        let is_encoded = is_encoded_by_shader(format);
        Self {
            label,
            shader,
            shader_defs: is_encoded
                .then(|| "SRGB_ENCODED_OUTPUT".into())
                .into_iter()
                .collect(),
            layout,
            target: ColorTargetState {
                format,
                blend: Some(BlendState::ALPHA_BLENDING),
                write_mask: ColorWrites::ALL,
            },
            samples,
        }
    }

    /// The pipeline, which neither tests nor writes depths.
    pub(super) fn pipeline(self) -> RenderPipelineDescriptor {
        RenderPipelineDescriptor {
            label: Some(self.label.into()),
            layout: self.layout,
            vertex: VertexState {
                shader: self.shader.clone(),
                shader_defs: self.shader_defs.clone(),
                entry_point: Some("vertex".into()),
                ..Default::default()
            },
            fragment: Some(FragmentState {
                shader: self.shader,
                shader_defs: self.shader_defs,
                entry_point: Some("fragment".into()),
                targets: vec![Some(self.target)],
            }),
            multisample: MultisampleState {
                count: self.samples,
                ..Default::default()
            },
            ..Default::default()
        }
    }
}
