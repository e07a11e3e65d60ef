// Thick lines with round ends.

#import chronoscope_render::common::{Picked, picked_part, Weighted, weighted}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::thick_lines::{Line, ThickLine, line_alpha, line_color, line_vertex, no_line}

struct Instance {
    @location(0) start: vec3<f32>,
    @location(1) radius: f32,
    @location(2) end: vec3<f32>,
    @location(3) color: u32,
    @location(4) flags: u32,
    @location(5) id: u32,
    @location(15) slot: u32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> ThickLine {
    if is_void(instance.slot) {
        return no_line();
    }
    let segment = segment_of(instance.slot, instance.id);
    let line = Line(instance.start, instance.end, instance.radius, instance.color, instance.flags, instance.id);
    return line_vertex(segment, line, vertex_index);
}

fn color_of(in: ThickLine) -> vec4<f32> {
    let color = line_color(in);
    if color.a <= 0.0 {
        discard;
    }
    return color;
}

#ifdef WEIGHTED
@fragment
fn fragment(in: ThickLine) -> Weighted {
    return weighted(color_of(in), in.position);
}
#else
@fragment
fn fragment(in: ThickLine) -> @location(0) vec4<f32> {
    return color_of(in);
}
#endif

#ifdef PICKING
@fragment
fn pick(in: ThickLine) -> Picked {
    let alpha = line_alpha(in);
    if alpha <= 0.0 {
        discard;
    }
    return picked_part(in.ids, in.position, alpha);
}
#endif
