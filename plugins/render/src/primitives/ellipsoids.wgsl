// Solid ellipsoids: slices around Z, each of quads from pole to pole.

#import chronoscope_render::common::{rotate, Picked, picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::solids::{Solid, Surface, grid_corner, no_solid, solid_color, solid_vertex}

const STACKS: u32 = 12u;

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) color: u32,
    @location(2) half_size: vec3<f32>,
    @location(3) id: u32,
    @location(4) rotation: vec4<f32>,
    @location(15) slot: u32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> Solid {
    if is_void(instance.slot) {
        return no_solid();
    }
    let corner = grid_corner(vertex_index);
    let latitude = (f32(corner.stack) / f32(STACKS) - 0.5) * 3.14159265;
    let unit = vec3(corner.around * cos(latitude), sin(latitude));
    // The normal goes with the cofactors of the scale, of which none may be zero.
    let size = max(abs(instance.half_size), vec3(1e-6 * max(length(instance.half_size), 1e-20)));
    let normal = unit * vec3(size.y * size.z, size.x * size.z, size.x * size.y) / (length(size) * length(size));
    let place = instance.center + rotate(instance.rotation, unit * instance.half_size);
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
