// What is behind everything: colors by the direction in which one looks.

#import chronoscope_render::common::{view, full_screen_corner, is_orthographic, linear_from_srgb, encode_output}

struct Backdrop {
    // In sRGB.
    nadir: vec3<f32>,
    padding_nadir: f32,
    horizon: vec3<f32>,
    padding_horizon: f32,
    zenith: vec3<f32>,
    padding_zenith: f32,
    up: vec3<f32>,
    padding_up: f32,
}

@group(1) @binding(0) var<uniform> backdrop: Backdrop;

// How far up and to the side an eye without perspective would see at the edge: as one with it does.
const HALF_ANGLE_TANGENT: f32 = 0.52;

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // The ray of the pixel in the world, of any length.
    @location(0) ray: vec3<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    let corner = full_screen_corner(vertex_index);
    let ndc = corner.xy;
    let projection = view.clip_from_view;
    let aspect = view.main_pass_viewport.z / view.main_pass_viewport.w;
    var across = ndc * HALF_ANGLE_TANGENT * vec2(aspect, 1.0);
    if !is_orthographic() {
        across = (ndc + projection[2].xy) / vec2(projection[0][0], projection[1][1]);
    }
    var out: Varyings;
    out.ray = (view.world_from_view * vec4(across, -1.0, 0.0)).xyz;
    out.position = corner;
    return out;
}

// Half a step of a byte up or down, by pixel: dark gradients would be seen in bands.
fn grain(pixel: vec2<f32>) -> f32 {
    return (fract(52.9829189 * fract(dot(floor(pixel), vec2(0.06711056, 0.00583715)))) - 0.5) / 255.0;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let elevation = dot(normalize(in.ray), backdrop.up);
    let above = mix(backdrop.horizon, backdrop.zenith, smoothstep(0.0, 0.9, elevation));
    let below = mix(backdrop.horizon, backdrop.nadir, smoothstep(0.0, 0.5, -elevation));
    let color = select(below, above, elevation >= 0.0) + grain(in.position.xy);
    return vec4(encode_output(linear_from_srgb(clamp(color, vec3(0.0), vec3(1.0)))), 1.0);
}
