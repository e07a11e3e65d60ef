// Round points: two triangles around the centre, cut to a disc in the fragment shader.

#import chronoscope_render::common::{view_size_pixels, quad_corner, with_depth_offset, disc_alpha, disc_reach, light_on_sphere, nothing, Picked, picked, Weighted, weighted}
#import chronoscope_render::segments::{is_void, implied_instance, segment_of, picking_ids, has_round_points, resolve_color, radius_pixels, grown, to_clip}

struct Instance {
    @location(0) position: vec3<f32>,
    @location(1) radius: f32,
    @location(2) color: u32,
    @location(15) slot: u32,
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // From the centre, in pixels.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) radius: f32,
    @location(2) @interpolate(flat) color: vec4<f32>,
    // Whether it looks like a sphere.
    @location(3) @interpolate(flat) is_round: u32,
#ifdef PICKING
    @location(4) @interpolate(flat) ids: vec2<u32>,
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

#ifdef WEIGHTED
@fragment
fn fragment(in: Varyings) -> Weighted {
    return weighted(color_of(in), in.position);
}
#else
@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    return color_of(in);
}
#endif

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    if disc_alpha(in.color.a, in.radius, in.offset) <= 0.0 {
        discard;
    }
    return picked(in.ids, in.position);
}
#endif
