// Solid capsules: a side between two half spheres, in slices around Z.

#import chronoscope_render::common::{rotate, Picked, picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, segment_of}
#import chronoscope_render::solids::{Solid, Surface, grid_corner, no_solid, solid_color, solid_vertex}

// Rows of quads of each half sphere.
const HALF: u32 = 6u;

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
    // The side is the row in the middle, both of whose ends lie on equators.
    let is_above = corner.stack > HALF;
    let latitude = (f32(corner.stack - select(0u, 1u, is_above)) / f32(HALF) - 1.0) * 1.57079633;
    let normal = vec3(corner.around * cos(latitude), sin(latitude));
    let end = vec3(0.0, 0.0, select(-0.5, 0.5, is_above) * instance.length);
    let place = instance.center + rotate(instance.rotation, end + normal * instance.radius);
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
