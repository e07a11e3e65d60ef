// What the instances of a segment share.

#define_import_path chronoscope_render::segments

#import chronoscope_render::common::{view, bulk, linear_from_srgb, encode_output, units_per_pixel}

struct Segment {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    default_color: u32,
    default_radius: f32,
    tint: u32,
    picking_id: u32,
    highlight: u32,
    depth_offset: f32,
    radius_scale: f32,
    padding: u32,
}

@group(1) @binding(0) var<storage, read> segments: array<Segment>;

// Gaps in the buffer carry an index that no segment has.
fn is_void(segment: u32) -> bool {
    return segment >= arrayLength(&segments);
}

fn to_world(segment: Segment, position: vec3<f32>) -> vec3<f32> {
    let p = vec4(position, 1.0);
    return vec3(dot(segment.row_x, p), dot(segment.row_y, p), dot(segment.row_z, p));
}

fn direction_to_world(segment: Segment, direction: vec3<f32>) -> vec3<f32> {
    return vec3(
        dot(segment.row_x.xyz, direction),
        dot(segment.row_y.xyz, direction),
        dot(segment.row_z.xyz, direction),
    );
}

fn to_clip(segment: Segment, position: vec3<f32>) -> vec4<f32> {
    return view.clip_from_world * vec4(to_world(segment, position), 1.0);
}

// The colour to write, with straight alpha. Zero is the default.
fn resolve_color(segment: Segment, color: u32) -> vec4<f32> {
    let own = unpack4x8unorm(select(color, segment.default_color, color == 0u));
    let srgba = own * unpack4x8unorm(segment.tint);
    var linear = linear_from_srgb(srgba.rgb);
    if segment.highlight == 1u {
        linear = mix(linear, bulk.hovered.rgb, bulk.hovered.a);
    } else if segment.highlight == 2u {
        linear = mix(linear, bulk.selected.rgb, bulk.selected.a);
    }
    return vec4(encode_output(linear), srgba.a);
}

// Half a pixel at least, unless it is nothing at all. Positive radii are scene units, negative ones UI points.
fn radius_pixels(segment: Segment, radius: f32, w: f32) -> f32 {
    let own = select(radius, segment.default_radius, radius > 1e38);
    if own == 0.0 {
        return 0.0;
    }
    let scene = own * segment.radius_scale / units_per_pixel(w);
    let pixels = select(scene, -own * bulk.ui_point_pixels, own < 0.0);
    let extra = select(0.0, bulk.highlight_pixels, segment.highlight != 0u);
    return max(pixels, 0.5) + extra;
}
