// What solids with round surfaces have in common: a grid around Z, and shading by interpolated normals.

#define_import_path chronoscope_render::solids

#import chronoscope_render::common::{quad_corner, with_depth_offset, shade, surface_color, nothing}
#import chronoscope_render::segments::{Segment, picking_ids, resolve_face_color, to_clip}
#ifdef SHADOWED
#import chronoscope_render::common::{arriving_light, shade_by}
#import chronoscope_render::segments::to_eye
#endif

const SLICES: u32 = 24u;

struct Solid {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    // In the world, of no certain length.
    @location(1) normal: vec3<f32>,
#ifdef PICKING
    @location(2) @interpolate(flat) ids: vec2<u32>,
#endif
#ifdef SHADOWED
    // From the eye, along the axes of the world.
    @location(3) offset: vec3<f32>,
#endif
}

// A place on a surface, and which way it faces, in the space of the segment.
struct Surface {
    place: vec3<f32>,
    normal: vec3<f32>,
}

// A corner of a quad in a grid of slices around Z.
struct GridCorner {
    // On the unit circle.
    around: vec2<f32>,
    // Rows of quads below it.
    stack: u32,
    // Whether it is a corner of its quad at the greater Z.
    is_upper: bool,
}

// The corner of a vertex: six for each quad, slice by slice.
fn grid_corner(vertex_index: u32) -> GridCorner {
    let quad = vertex_index / 6u;
    let corner = quad_corner(vertex_index % 6u);
    let slice = quad % SLICES + select(0u, 1u, corner.x > 0.0);
    let is_upper = corner.y > 0.0;
    let stack = quad / SLICES + select(0u, 1u, is_upper);
    // The seam closes.
    let angle = f32(slice % SLICES) / f32(SLICES) * 6.2831853;
    return GridCorner(vec2(cos(angle), sin(angle)), stack, is_upper);
}

fn no_solid() -> Solid {
    var out: Solid;
    out.position = nothing();
    return out;
}

// Normals go with the cofactors of the matrix, which come out right under shear and uneven scale. A mirror turns them
// inside out, which the sign of the determinant undoes.
fn normal_to_world(segment: Segment, normal: vec3<f32>) -> vec3<f32> {
    let x = segment.row_x.xyz;
    let y = segment.row_y.xyz;
    let z = segment.row_z.xyz;
    let cofactors = vec3(dot(cross(y, z), normal), dot(cross(z, x), normal), dot(cross(x, y), normal));
    return cofactors * sign(dot(x, cross(y, z)));
}

fn solid_vertex(segment: Segment, surface: Surface, color: u32, id: u32) -> Solid {
    var out = no_solid();
#ifdef PICKING
    out.ids = picking_ids(segment, id);
#endif
    out.color = resolve_face_color(segment, color);
    if out.color.a <= 0.0 {
        return out;
    }
    out.normal = normalize(normal_to_world(segment, surface.normal));
    out.position = with_depth_offset(to_clip(segment, surface.place), segment.depth_offset);
#ifdef SHADOWED
    out.offset = to_eye(segment, surface.place);
#endif
    return out;
}

fn solid_color(in: Solid) -> vec4<f32> {
#ifdef SHADOWED
    let color = shade_by(in.color.rgb, in.normal, arriving_light(in.offset, normalize(in.normal)));
#else
    let color = shade(in.color.rgb, in.normal);
#endif
    return surface_color(color, in.color.a);
}
