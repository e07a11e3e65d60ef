// The values of a picture as distances from its camera: a disc for each texel.

#import chronoscope_render::common::{bulk, view_size_pixels, quad_corner, encode_output, from_eye, clip_from_eye, units_per_pixel, disc_alpha, disc_reach, nothing, Picked, picked_part}
#import chronoscope_render::picture::{quad, image, along_quad, value_at, value_color, HOVERED, SELECTED}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // From the center, in pixels.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) radius: f32,
    @location(2) @interpolate(flat) color: vec3<f32>,
    @location(3) @interpolate(flat) pixel: u32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    let size = vec2<i32>(textureDimensions(image));
    let index = i32(vertex_index / 6u);
    let texel = vec2(index % size.x, index / size.x);
    let value = value_at(texel, size);
    // Shaders may take it that there are no infinities, so that a comparison does not tell.
    let is_finite = (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
    let distance = value * quad.cloud_scale;
    if !is_finite || distance <= 0.0 {
        return out;
    }
    let step = quad.size / vec2<f32>(size);
    let ray = quad.ray + along_quad((vec2<f32>(texel) + 0.5) * step);
    let center = clip_from_eye(ray * distance + from_eye(quad.camera_high, quad.camera_low));
    if center.w <= 0.0 {
        return out;
    }
    let spacing = max(length(along_quad(vec2(step.x, 0.0))), length(along_quad(vec2(0.0, step.y))));
    out.radius = max(spacing * distance * quad.fill_ratio / units_per_pixel(center.w), 0.5);
    // Of a thinned picture, the pixel that is there.
    out.pixel = u32(f32(texel.y) * step.y) * u32(quad.size.x) + u32(f32(texel.x) * step.x);
    let is_hovered = quad.highlight == HOVERED || out.pixel == quad.hovered;
    let is_lit = is_hovered || quad.highlight == SELECTED || out.pixel == quad.selected;
#ifdef OUTLINED
    if !is_lit {
        return out;
    }
#endif
    if out.pixel == quad.hovered || out.pixel == quad.selected {
        out.radius += bulk.named_pixels;
    }
    out.offset = quad_corner(vertex_index % 6u) * disc_reach(out.radius);
    out.position = vec4(center.xy + out.offset * 2.0 / view_size_pixels() * center.w, center.zw);
    out.color = value_color(value).rgb * quad.tint.rgb;
    if is_lit {
        let highlight = select(bulk.selected, bulk.hovered, is_hovered);
        out.color = mix(out.color, highlight.rgb, highlight.a);
    }
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let alpha = disc_alpha(1.0, in.radius, in.offset);
    if alpha <= 0.0 {
        discard;
    }
    return vec4(encode_output(in.color), alpha);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    let alpha = disc_alpha(1.0, in.radius, in.offset);
    if alpha <= 0.0 {
        discard;
    }
#ifdef OUTLINED
    let is_hovered = quad.highlight == HOVERED || in.pixel == quad.hovered;
    let ids = vec2(select(SELECTED, HOVERED, is_hovered), 0u);
#else
    let ids = vec2(quad.picking_id, in.pixel);
#endif
    return picked_part(ids, in.position, alpha);
}
#endif
