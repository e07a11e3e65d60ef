// A thick line: two triangles around it on screen, cut to a capsule in the fragment shader.
//
// Everything after the near plane happens in pixels, so that radii are exact and the ends are round.

#define_import_path chronoscope_render::thick_lines

#import chronoscope_render::common::{pixels_from_clip, span_in_front, corner_around, with_depth_offset, cut, nothing, Picked, picked_part}
#import chronoscope_render::segments::{picking_ids, Segment, resolve_color, radius_pixels, to_clip}

struct ThickLine {
    @builtin(position) position: vec4<f32>,
    // Start and end, in pixels of the target.
    @location(0) @interpolate(flat) ends: vec4<f32>,
    // At the start and at the end, in pixels.
    @location(1) @interpolate(flat) radii: vec2<f32>,
    @location(2) @interpolate(flat) color: vec4<f32>,
    @location(3) @interpolate(flat) flags: u32,
#ifdef PICKING
    @location(4) @interpolate(flat) ids: vec2<u32>,
#endif
}

const FLAT_START: u32 = 1u;
const FLAT_END: u32 = 2u;

// What to draw, in the space of the segment.
struct Line {
    start: vec3<f32>,
    end: vec3<f32>,
    radius: f32,
    color: u32,
    flags: u32,
    // The logical instance.
    id: u32,
}

// Nothing at all.
fn no_line() -> ThickLine {
    var out: ThickLine;
    out.position = nothing();
    return out;
}

// One of the six vertices around a line.
fn line_vertex(segment: Segment, line: Line, vertex_index: u32) -> ThickLine {
    var out = no_line();
#ifdef PICKING
    out.ids = picking_ids(segment, line.id);
#endif
    out.color = resolve_color(segment, line.color);
    out.flags = line.flags;

    let span = span_in_front(to_clip(segment, line.start), to_clip(segment, line.end));
    if out.color.a <= 0.0 || !span.is_seen {
        return out;
    }
    out.flags |= select(0u, FLAT_START, span.is_start_cut) | select(0u, FLAT_END, span.is_end_cut);
    out.ends = vec4(pixels_from_clip(span.start), pixels_from_clip(span.end));
    out.radii = vec2(
        radius_pixels(segment, line.radius, span.start.w),
        radius_pixels(segment, line.radius, span.end.w),
    );
    if max(out.radii.x, out.radii.y) <= 0.0 {
        return out;
    }
    // A pixel more on each side, so that a soft edge is not cut off.
    let reach = max(out.radii.x, out.radii.y) + 1.0;
    out.position = with_depth_offset(corner_around(span, reach, vertex_index), segment.depth_offset);
    return out;
}

fn line_alpha(in: ThickLine) -> f32 {
    let span = in.ends.zw - in.ends.xy;
    let here = in.position.xy - in.ends.xy;
    let length_squared = dot(span, span);
    let along = select(0.0, dot(here, span) / length_squared, length_squared > 1e-8);
    let nearest = clamp(along, 0.0, 1.0);
    let distance = length(here - span * nearest);
    var inside = mix(in.radii.x, in.radii.y, nearest) - distance;
    let span_pixels = sqrt(length_squared);
    if (in.flags & FLAT_START) != 0u {
        inside = min(inside, along * span_pixels);
    }
    if (in.flags & FLAT_END) != 0u {
        inside = min(inside, (1.0 - along) * span_pixels);
    }
    return cut(in.color.a, inside);
}

// The color of a line at a pixel, where there is any of it.
fn line_color(in: ThickLine) -> vec4<f32> {
    let alpha = line_alpha(in);
    if alpha <= 0.0 {
        discard;
    }
    return vec4(in.color.rgb, alpha);
}

#ifdef PICKING
// What picking answers for a line at a pixel, where there is any of it.
fn picked_line(in: ThickLine) -> Picked {
    let alpha = line_alpha(in);
    if alpha <= 0.0 {
        discard;
    }
    return picked_part(in.ids, in.position, alpha);
}
#endif
