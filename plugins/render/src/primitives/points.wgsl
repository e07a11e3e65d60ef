// Round points: two triangles around the center, cut to a disc in the fragment shader.

#import chronoscope_render::common::{view, units_per_pixel, view_size_pixels, quad_corner, with_depth_offset, disc_alpha, disc_reach, light_on_sphere, nothing, Picked, picked, picked_part, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, implied_instance, segment_of, picking_ids, has_round_points, resolve_color, radius_pixels, grown, to_clip}

struct Instance {
    @location(0) position: vec3<f32>,
    @location(1) radius: f32,
    @location(2) color: u32,
    @location(15) slot: u32,
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // From the center, in pixels.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) radius: f32,
    @location(2) @interpolate(flat) color: vec4<f32>,
    // Whether it looks like a sphere.
    @location(3) @interpolate(flat) is_round: u32,
#ifdef PICKING
    @location(4) @interpolate(flat) ids: vec2<u32>,
#endif
#ifdef SHAPED_DEPTH
    // Of the center: clip z and w, scene units per pixel, and steps nearer.
    @location(5) @interpolate(flat) center: vec4<f32>,
#endif
}

@vertex
fn vertex(
    @builtin(vertex_index) vertex_index: u32,
    @builtin(instance_index) instance_index: u32,
    instance: Instance,
) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    if is_void(instance.slot) {
        return out;
    }
    let id = implied_instance(instance.slot, instance_index);
    let segment = segment_of(instance.slot, id);
#ifdef PICKING
    out.ids = picking_ids(segment, id);
#endif
    out.color = resolve_color(segment, instance.color);
    out.is_round = u32(has_round_points(segment));
    let center = to_clip(segment, instance.position);
    out.radius = grown(radius_pixels(segment, instance.radius, center.w));
    if out.color.a <= 0.0 || out.radius <= 0.0 || center.w <= 0.0 {
        return out;
    }
#ifdef SHAPED_DEPTH
    out.center = vec4(center.zw, units_per_pixel(center.w), segment.depth_offset);
#endif
    out.offset = quad_corner(vertex_index) * disc_reach(out.radius);
    let ndc_offset = out.offset * 2.0 / view_size_pixels();
    out.position = with_depth_offset(vec4(center.xy + ndc_offset * center.w, center.zw), segment.depth_offset);
    return out;
}

fn color_of(in: Varyings) -> vec4<f32> {
    let alpha = disc_alpha(in.color.a, in.radius, in.offset);
    if alpha <= 0.0 {
        discard;
    }
    var color = in.color.rgb;
    if in.is_round != 0u && in.radius > 1.5 {
        color *= light_on_sphere(in.offset / in.radius, in.radius);
    }
    return vec4(color, alpha);
}

#ifdef SHAPED_DEPTH
// The depth of what is seen of a point: of the surface of a sphere, where it looks like one.
fn depth_of(in: Varyings) -> f32 {
    if in.is_round == 0u || in.radius <= 1.5 {
        return in.position.z;
    }
    let height = sqrt(max(in.radius * in.radius - dot(in.offset, in.offset), 0.0)) * in.center.z;
    let z = in.center.x + view.clip_from_view[2][2] * height;
    // The eye may be within it.
    let w = max(in.center.y + view.clip_from_view[2][3] * height, in.center.y * 1e-3);
    let nearer = with_depth_offset(vec4(0.0, 0.0, z, w), in.center.w);
    return clamp(nearer.z / nearer.w, 0.0, 1.0);
}
#endif

#ifdef SHAPED_DEPTH
struct Shaped {
    @location(0) color: vec4<f32>,
    @builtin(frag_depth) depth: f32,
}

@fragment
fn fragment(in: Varyings) -> Shaped {
    return Shaped(color_of(in), depth_of(in));
}
#else
@fragment
fn fragment(in: Varyings) -> FragmentOutput {
    return fragment_output(color_of(in), in.position);
}
#endif

#ifdef PICKING
#ifdef SHAPED_DEPTH
struct ShapedPick {
    @location(0) values: vec4<u32>,
    @builtin(frag_depth) depth: f32,
}

@fragment
fn pick(in: Varyings) -> ShapedPick {
    if disc_alpha(in.color.a, in.radius, in.offset) <= 0.0 {
        discard;
    }
    let depth = depth_of(in);
    let place = vec4(in.position.xy, depth, in.position.w);
    return ShapedPick(picked(in.ids, place).values, depth);
}
#else
@fragment
fn pick(in: Varyings) -> Picked {
    let alpha = disc_alpha(in.color.a, in.radius, in.offset);
    if alpha <= 0.0 {
        discard;
    }
    return picked_part(in.ids, in.position, alpha);
}
#endif
#endif
