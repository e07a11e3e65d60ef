//! Pipelines that draw one triangle over all pixels of a view.

use bevy::asset::Handle;
use bevy::render::render_resource::{
    BindGroupLayoutDescriptor, ColorTargetState, FragmentState, MultisampleState, RenderPipelineDescriptor,
    VertexState,
};
use bevy::shader::{Shader, ShaderDefVal};

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
