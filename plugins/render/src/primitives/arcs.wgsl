// Arcs of ellipses as thick lines with round ends: six vertices for each straight piece, made from the index.

#import chronoscope_render::common::{Picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::thick_lines::{Line, ThickLine, line_color, line_vertex, no_line, picked_line}

const PIECES: u32 = 48u;

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) radius: f32,
    @location(2) x_axis: vec3<f32>,
    @location(3) color: u32,
    @location(4) y_axis: vec3<f32>,
    @location(5) id: u32,
    @location(6) start: f32,
    @location(7) sweep: f32,
    @location(15) slot: u32,
}

fn point(instance: Instance, piece: u32) -> vec3<f32> {
    let angle = instance.start + instance.sweep * f32(piece) / f32(PIECES);
    return instance.center + cos(angle) * instance.x_axis + sin(angle) * instance.y_axis;
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> ThickLine {
    if is_void(instance.slot) {
        return no_line();
    }
    let segment = segment_of(instance.slot, instance.id);
    let piece = vertex_index / 6u;
    let start = point(instance, piece);
    let end = point(instance, piece + 1u);
    let line = Line(start, end, instance.radius, instance.color, 0u, instance.id);
    return line_vertex(segment, line, vertex_index % 6u);
}

@fragment
fn fragment(in: ThickLine) -> FragmentOutput {
    return fragment_output(line_color(in), in.position);
}

#ifdef PICKING
@fragment
fn pick(in: ThickLine) -> Picked {
    return picked_line(in);
}
#endif
