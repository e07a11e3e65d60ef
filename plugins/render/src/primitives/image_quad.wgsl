// A texture on a plane.

#import chronoscope_render::common::{view, bulk, is_orthographic, quad_corner, with_depth_offset, encode_output, from_eye, clip_from_eye, Picked, picked, FragmentOutput, fragment_output}
#import chronoscope_render::picture::{quad, image, image_sampler, table, along_quad, HOVERED, SELECTED}
#ifdef VALUES
#import chronoscope_render::picture::{value_at, value_color}
#endif

// How wide the outline of what is highlighted is, in UI points.
const OUTLINE_POINTS: f32 = 2.0;

// How long the shorter side of a picture in a plane is at least, in UI points: a long strip as a whole would fall between pixels.
const MIN_SIDE_POINTS: f32 = 2.0;

// By how much the sides are drawn longer than they are.
fn stretch() -> vec2<f32> {
    if !is_orthographic() {
        return vec2(1.0);
    }
    let pixels = view.main_pass_viewport.zw * 0.5;
    let along_x = (clip_from_eye(along_quad(vec2(quad.size.x, 0.0))) - clip_from_eye(vec3(0.0))).xy * pixels;
    let along_y = (clip_from_eye(along_quad(vec2(0.0, quad.size.y))) - clip_from_eye(vec3(0.0))).xy * pixels;
    let sides = max(vec2(length(along_x), length(along_y)), vec2(1e-6));
    let least = MIN_SIDE_POINTS * bulk.ui_point_pixels;
    // What is small on all sides is small.
    return select(vec2(1.0), max(least / sides, vec2(1.0)), max(sides.x, sides.y) > least);
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    var out: Varyings;
    out.uv = quad_corner(vertex_index) * 0.5 + 0.5;
    let local = ((out.uv - 0.5) * stretch() + 0.5) * quad.size;
    let translation = vec3(quad.row_x.w, quad.row_y.w, quad.row_z.w);
    let offset = along_quad(local) + from_eye(translation, quad.translation_low);
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

// A color with the outline of the picture over it, at a place in shares of the whole picture.
fn outlined(color: vec4<f32>, uv: vec2<f32>) -> vec4<f32> {
    let dx = dpdx(uv);
    let dy = dpdy(uv);
    let per_pixel = max(vec2(length(vec2(dx.x, dy.x)), length(vec2(dx.y, dy.y))), vec2(1e-12));
    let from_edge = min(uv, 1.0 - uv) / per_pixel;
    let inside = OUTLINE_POINTS * bulk.ui_point_pixels - min(from_edge.x, from_edge.y);
    let outline = select(bulk.selected.rgb, bulk.hovered.rgb, quad.highlight == HOVERED);
    return mix(color, vec4(outline, 1.0), clamp(inside + 0.5, 0.0, 1.0));
}

fn color_of(in: Varyings) -> vec4<f32> {
    var color = texel_color(in.uv) * quad.tint;
    if quad.highlight == HOVERED || quad.highlight == SELECTED {
        color = outlined(color, quad.part_offset + in.uv * quad.part_size);
    }
#ifdef WRITES_DEPTH
    // What is not there hides nothing.
    if color.a <= 0.0 {
        discard;
    }
#endif
    return vec4(encode_output(color.rgb), color.a);
}

@fragment
fn fragment(in: Varyings) -> FragmentOutput {
    return fragment_output(color_of(in), in.position);
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
