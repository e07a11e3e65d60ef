// A texture on a plane.

#import chronoscope_render::common::{view, quad_corner, with_depth_offset, encode_output}

struct Quad {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    // Linear, with straight alpha.
    tint: vec4<f32>,
    size: vec2<f32>,
    depth_offset: f32,
    padding: f32,
}

@group(1) @binding(0) var<uniform> quad: Quad;
@group(1) @binding(1) var image: texture_2d<f32>;
@group(1) @binding(2) var image_sampler: sampler;

struct Varyings {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    var out: Varyings;
    out.uv = quad_corner(vertex_index) * 0.5 + 0.5;
    let local = vec4(out.uv * quad.size, 0.0, 1.0);
    let world = vec3(dot(quad.row_x, local), dot(quad.row_y, local), dot(quad.row_z, local));
    out.position = with_depth_offset(view.clip_from_world * vec4(world, 1.0), quad.depth_offset);
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let color = textureSample(image, image_sampler, in.uv) * quad.tint;
    return vec4(encode_output(color.rgb), color.a);
}
