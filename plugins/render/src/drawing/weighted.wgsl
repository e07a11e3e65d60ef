// What was gathered of translucent surfaces, laid over what is opaque.

#import chronoscope_render::common::{encode_output, full_screen_corner}

// Colors times alpha and weight, and alpha times weight.
@group(0) @binding(0) var gathered: texture_2d<f32>;
// How much of what is behind is seen through all surfaces.
@group(0) @binding(1) var seen_through: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> @builtin(position) vec4<f32> {
    return full_screen_corner(vertex_index);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(position.xy);
    let behind = textureLoad(seen_through, pixel, 0).r;
    if behind >= 1.0 {
        discard;
    }
    let sum = textureLoad(gathered, pixel, 0);
    return vec4(encode_output(sum.rgb / max(sum.a, 1e-6)), 1.0 - behind);
}
