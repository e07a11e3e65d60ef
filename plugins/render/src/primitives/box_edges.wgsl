// The twelve edges of boxes as thick lines with round ends: six vertices each, made from the index.

#import chronoscope_render::common::{Picked, FragmentOutput, fragment_output, rotate}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::thick_lines::{Line, ThickLine, line_color, line_vertex, no_line, picked_line}

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) color: u32,
    @location(2) half_size: vec3<f32>,
    @location(3) id: u32,
    @location(4) rotation: vec4<f32>,
    @location(5) radius: f32,
    @location(15) slot: u32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> ThickLine {
    if is_void(instance.slot) {
        return no_line();
    }
    let segment = segment_of(instance.slot, instance.id);

    // Four edges along each axis, one per pair of signs of the others.
    let edge = vertex_index / 6u;
    let axis = edge / 4u;
    var from_corner: vec3<f32>;
    from_corner[axis] = -1.0;
    from_corner[(axis + 1u) % 3u] = select(-1.0, 1.0, (edge & 1u) == 1u);
    from_corner[(axis + 2u) % 3u] = select(-1.0, 1.0, (edge & 2u) == 2u);
    var to_corner = from_corner;
    to_corner[axis] = 1.0;

    let start = instance.center + rotate(instance.rotation, from_corner * instance.half_size);
    let end = instance.center + rotate(instance.rotation, to_corner * instance.half_size);
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
