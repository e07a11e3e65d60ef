// Darkens what lies behind its neighbors on screen, so that clouds of points without lights have a shape.

#import chronoscope_render::common::{bulk, distance_of, full_screen_corner}

#ifdef MULTISAMPLED
@group(1) @binding(0) var depths: texture_depth_multisampled_2d;
#else
@group(1) @binding(0) var depths: texture_depth_2d;
#endif

// How far away the neighbors are, in UI points.
const RADIUS_POINTS: f32 = 1.5;

// How dark it gets for how much a neighbor is nearer, as the logarithm of the ratio of their distances.
const DARKNESS: f32 = 60.0;

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> @builtin(position) vec4<f32> {
    return full_screen_corner(vertex_index);
}

fn depth_at(pixel: vec2<i32>) -> f32 {
    let size = vec2<i32>(textureDimensions(depths));
    return textureLoad(depths, clamp(pixel, vec2(0), size - 1), 0);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(position.xy);
    let depth = depth_at(pixel);
    // The depth is reversed: zero is where nothing is.
    if depth <= 0.0 {
        discard;
    }
    // What is at the eye, or behind it without perspective, is as what is near.
    let nearest = bulk.focus_distance * 1e-3;
    let own = log2(max(distance_of(depth), nearest));
    let radius = max(RADIUS_POINTS * bulk.ui_point_pixels, 1.0);
    var behind = 0.0;
    for (var at = 0u; at < 8u; at++) {
        let angle = f32(at) * 0.78539816;
        let neighbor = depth_at(pixel + vec2<i32>(round(vec2(cos(angle), sin(angle)) * radius)));
        if neighbor > 0.0 {
            behind += max(own - log2(max(distance_of(neighbor), nearest)), 0.0);
        }
    }
    let light = exp(-DARKNESS * bulk.depth_shading * behind / 8.0);
    return vec4(vec3(light), 1.0);
}
