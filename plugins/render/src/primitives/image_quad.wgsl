// A texture on a plane.

#import chronoscope_render::common::{quad_corner, with_depth_offset, encode_output, from_eye, clip_from_eye, Picked, picked}

struct Quad {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    // Linear, with straight alpha.
    tint: vec4<f32>,
    size: vec2<f32>,
    depth_offset: f32,
    picking_id: u32,
    translation_low: vec3<f32>,
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
    let local = out.uv * quad.size;
    let along = vec3(dot(quad.row_x.xy, local), dot(quad.row_y.xy, local), dot(quad.row_z.xy, local));
    let translation = vec3(quad.row_x.w, quad.row_y.w, quad.row_z.w);
    let offset = along + from_eye(translation, quad.translation_low);
    out.position = with_depth_offset(clip_from_eye(offset), quad.depth_offset);
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let color = textureSample(image, image_sampler, in.uv) * quad.tint;
    return vec4(encode_output(color.rgb), color.a);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    if textureSample(image, image_sampler, in.uv).a * quad.tint.a <= 0.0 {
        discard;
    }
    return picked(vec2(quad.picking_id, 0u), in.position);
}
#endif
