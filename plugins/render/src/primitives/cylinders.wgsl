// Solid cylinders: a side and two caps, in slices around Z.

#import chronoscope_render::common::{rotate, Picked, picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::solids::{SLICES, Solid, Surface, grid_corner, no_solid, solid_color, solid_vertex}

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) color: u32,
    @location(2) rotation: vec4<f32>,
    @location(3) radius: f32,
    @location(4) length: f32,
    @location(5) id: u32,
    @location(15) slot: u32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> Solid {
    if is_void(instance.slot) {
        return no_solid();
    }
    let corner = grid_corner(vertex_index);
    // Three rows of quads: the lower cap from its middle outwards, the side, the upper cap inwards.
    let row = vertex_index / (6u * SLICES);
    let is_middle = corner.stack == 0u || corner.stack == 3u;
    let around = select(corner.around, vec2(0.0), is_middle);
    let end = select(-0.5, 0.5, corner.stack >= 2u);
    let unit = vec3(around * instance.radius, end * instance.length);
    let normal = select(vec3(0.0, 0.0, f32(row) - 1.0), vec3(corner.around, 0.0), row == 1u);
    let place = instance.center + rotate(instance.rotation, unit);
    let surface = Surface(place, rotate(instance.rotation, normal));
    return solid_vertex(segment_of(instance.slot, instance.id), surface, instance.color, instance.id);
}

@fragment
fn fragment(in: Solid) -> FragmentOutput {
    return fragment_output(solid_color(in), in.position);
}

#ifdef PICKING
@fragment
fn pick(in: Solid) -> Picked {
    return picked(in.ids, in.position);
}
#endif
