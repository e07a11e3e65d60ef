// Solid boxes: 36 vertices made from the index, shaded by the direction of their face; in shadows place by place.

#import chronoscope_render::common::{quad_corner, with_depth_offset, shade, surface_color, rotate, nothing, Picked, picked, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{Segment, is_void, segment_of, picking_ids, resolve_face_color, to_clip, direction_to_world}
#ifdef SHADOWED
#import chronoscope_render::common::{arriving_light, shade_by}
#import chronoscope_render::segments::to_eye
#endif

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) color: u32,
    @location(2) half_size: vec3<f32>,
    @location(3) id: u32,
    @location(4) rotation: vec4<f32>,
    @location(15) slot: u32,
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
#ifdef PICKING
    @location(1) @interpolate(flat) ids: vec2<u32>,
#endif
#ifdef SHADOWED
    // Along the axes of the world, of length one.
    @location(2) @interpolate(flat) normal: vec3<f32>,
    // From the eye, along the axes of the world.
    @location(3) offset: vec3<f32>,
#endif
}

// The normal of a plane goes with the cofactors of the matrix, not with the matrix: as the cross product of the images
// of the two other axes it comes out right under shear and uneven scale. A mirror turns it inside out, which the sign of
// the determinant undoes.
fn face_normal(segment: Segment, rotation: vec4<f32>, axis: u32, side: f32) -> vec3<f32> {
    var axes = array<vec3<f32>, 3>(
        direction_to_world(segment, rotate(rotation, vec3(1.0, 0.0, 0.0))),
        direction_to_world(segment, rotate(rotation, vec3(0.0, 1.0, 0.0))),
        direction_to_world(segment, rotate(rotation, vec3(0.0, 0.0, 1.0))),
    );
    let normal = cross(axes[(axis + 1u) % 3u], axes[(axis + 2u) % 3u]);
    let mirror = sign(dot(normal, axes[axis]));
    return normal * mirror * side;
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32, instance: Instance) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    if is_void(instance.slot) {
        return out;
    }
    let segment = segment_of(instance.slot, instance.id);
#ifdef PICKING
    out.ids = picking_ids(segment, instance.id);
#endif
    let color = resolve_face_color(segment, instance.color);
    if color.a <= 0.0 {
        return out;
    }

    let face = vertex_index / 6u;
    let axis = face / 2u;
    let side = select(-1.0, 1.0, (face & 1u) == 1u);
    let corner = quad_corner(vertex_index % 6u);
    var unit: vec3<f32>;
    unit[axis] = side;
    unit[(axis + 1u) % 3u] = corner.x;
    unit[(axis + 2u) % 3u] = corner.y;

    let local = instance.center + rotate(instance.rotation, unit * instance.half_size);
    let clip = to_clip(segment, local);
    let normal = face_normal(segment, instance.rotation, axis, side);
#ifdef SHADOWED
    out.color = color;
    out.normal = normalize(normal);
    out.offset = to_eye(segment, local);
#else
    out.color = vec4(shade(color.rgb, normal), color.a);
#endif
    out.position = with_depth_offset(clip, segment.depth_offset);
    return out;
}

fn color_of(in: Varyings) -> vec4<f32> {
#ifdef SHADOWED
    let color = shade_by(in.color.rgb, in.normal, arriving_light(in.offset, in.normal));
#else
    let color = in.color.rgb;
#endif
    return surface_color(color, in.color.a);
}

@fragment
fn fragment(in: Varyings) -> FragmentOutput {
    return fragment_output(color_of(in), in.position);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    return picked(in.ids, in.position);
}
#endif
