// Thick lines with round ends.

#import chronoscope_render::common::{Picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::thick_lines::{Line, ThickLine, line_color, line_vertex, no_line, picked_line}

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
