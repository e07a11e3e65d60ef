// A texture on a plane.

#import chronoscope_render::common::{bulk, quad_corner, with_depth_offset, encode_output, from_eye, clip_from_eye, Picked, picked}

struct Quad {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    // Linear, with straight alpha.
    tint: vec4<f32>,
    size: vec2<f32>,
    depth_offset: f32,
    // Whether values are interpolated where texels cover many pixels.
    is_smooth: u32,
    translation_low: vec3<f32>,
    picking_id: u32,
    // The value with the first color, and one over the distance to the value with the last.
    offset_and_scale: vec2<f32>,
    highlight: u32,
    padding: f32,
}

const HOVERED: u32 = 1u;
const SELECTED: u32 = 2u;

// How wide the outline of what is highlighted is, in UI points.
const OUTLINE_POINTS: f32 = 2.0;

@group(1) @binding(0) var<uniform> quad: Quad;
#ifdef UINTS
@group(1) @binding(1) var image: texture_2d<u32>;
#else
@group(1) @binding(1) var image: texture_2d<f32>;
#endif
@group(1) @binding(2) var image_sampler: sampler;
@group(1) @binding(3) var table: texture_2d<f32>;

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

#ifdef CLASSES
fn texel_color(uv: vec2<f32>) -> vec4<f32> {
    let size = vec2<i32>(textureDimensions(image));
    let texel = clamp(vec2<i32>(floor(uv * vec2<f32>(size))), vec2(0), size - 1);
    let id = textureLoad(image, texel, 0).r;
    let columns = textureDimensions(table).x;
    let rows = textureDimensions(table).y;
    let row = id / columns;
    let color = textureLoad(table, vec2(id % columns, min(row, rows - 1u)), 0);
    return select(vec4(0.0), color, row < rows);
}
#else
#ifdef VALUES
// A value of the picture; texels beyond its edges are those at the edges.
fn value_at(texel: vec2<i32>, size: vec2<i32>) -> f32 {
    return f32(textureLoad(image, clamp(texel, vec2(0), size - 1), 0).r);
}

fn value_color(value: f32) -> vec4<f32> {
    let last = i32(textureDimensions(table).x) - 1;
    let place = clamp((value - quad.offset_and_scale.x) * quad.offset_and_scale.y, 0.0, 1.0) * f32(last);
    let below = i32(place);
    let color = mix(
        textureLoad(table, vec2(below, 0), 0),
        textureLoad(table, vec2(min(below + 1, last), 0), 0),
        fract(place),
    );
    // Shaders may take it that there is no NaN, so that a comparison does not tell.
    let is_nan = (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
    return select(color, vec4(0.0), is_nan);
}

fn texel_color(uv: vec2<f32>) -> vec4<f32> {
    let size = vec2<i32>(textureDimensions(image));
    let place = uv * vec2<f32>(size);
    let texels_per_pixel = max(length(dpdx(place)), length(dpdy(place)));
    if quad.is_smooth == 0u && texels_per_pixel <= 1.0 {
        return value_color(value_at(vec2<i32>(floor(place)), size));
    }
    let corner = floor(place - 0.5);
    let part = place - 0.5 - corner;
    let at = vec2<i32>(corner);
    let upper = mix(value_at(at, size), value_at(at + vec2(1, 0), size), part.x);
    let lower = mix(value_at(at + vec2(0, 1), size), value_at(at + vec2(1, 1), size), part.x);
    return value_color(mix(upper, lower, part.y));
}
#else
fn texel_color(uv: vec2<f32>) -> vec4<f32> {
    return textureSample(image, image_sampler, uv);
}
#endif
#endif

// A color with the outline of the quad over it.
fn outlined(color: vec4<f32>, uv: vec2<f32>) -> vec4<f32> {
    let dx = dpdx(uv);
    let dy = dpdy(uv);
    let per_pixel = max(vec2(length(vec2(dx.x, dy.x)), length(vec2(dx.y, dy.y))), vec2(1e-12));
    let from_edge = min(uv, 1.0 - uv) / per_pixel;
    let inside = OUTLINE_POINTS * bulk.ui_point_pixels - min(from_edge.x, from_edge.y);
    let outline = select(bulk.selected.rgb, bulk.hovered.rgb, quad.highlight == HOVERED);
    return mix(color, vec4(outline, 1.0), clamp(inside + 0.5, 0.0, 1.0));
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    var color = texel_color(in.uv) * quad.tint;
    if quad.highlight == HOVERED || quad.highlight == SELECTED {
        color = outlined(color, in.uv);
    }
    return vec4(encode_output(color.rgb), color.a);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    if texel_color(in.uv).a * quad.tint.a <= 0.0 {
        discard;
    }
    return picked(vec2(quad.picking_id, 0xffffffffu), in.position);
}
#endif
