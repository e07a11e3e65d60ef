// Arrows: two triangles around the arrow on screen, cut to a shaft and a cone in the fragment shader.
//
// As with lines, everything after the near plane happens in pixels. What is foreshortened shows the round base of its cone.

#import chronoscope_render::common::{view, is_orthographic, pixels_from_clip, units_per_pixel, span_in_front, direction_of, corner_around, with_depth_offset, cut, nothing, Picked, picked_part, FragmentOutput, fragment_output}
#import chronoscope_render::segments::{is_void, implied_instance, segment_of, picking_ids, resolve_color, radius_pixels, to_clip, direction_to_world}

struct Instance {
    @location(0) origin: vec3<f32>,
    @location(1) radius: f32,
    @location(2) vector: vec3<f32>,
    @location(3) color: u32,
    @location(15) slot: u32,
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // Origin and tip, in pixels of the target.
    @location(0) @interpolate(flat) ends: vec4<f32>,
    // The radii of the shaft at its origin and at the head, the radius of the head, and its length, in pixels.
    @location(1) @interpolate(flat) sizes: vec4<f32>,
    @location(2) @interpolate(flat) color: vec4<f32>,
    // How much the arrow points at the eye or away from it, and whether its origin is seen.
    @location(3) @interpolate(flat) facing: vec2<f32>,
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

    // What is behind the near plane is cut off, as it is with lines.
    let span = span_in_front(
        to_clip(segment, instance.origin),
        to_clip(segment, instance.origin + instance.vector),
    );
    if out.color.a <= 0.0 || !span.is_seen {
        return out;
    }
    let origin = span.start;
    let tip = span.end;
    let has_origin = select(1.0, 0.0, span.is_start_cut);
    let has_head = !span.is_end_cut;

    let direction = direction_to_world(segment, instance.vector);
    let world_length = length(direction);
    if world_length <= 0.0 {
        return out;
    }
    let axis = (view.view_from_world * vec4(direction / world_length, 0.0)).xyz;
    let ndc = tip.xy / tip.w;
    var sight = vec3(0.0, 0.0, -1.0);
    if !is_orthographic() {
        // What is picked is seen through a part of the view, which is not around its axis.
        let projection = view.clip_from_view;
        sight = normalize(vec3(
            (ndc.x + projection[2][0]) / projection[0][0],
            (ndc.y + projection[2][1]) / projection[1][1],
            -1.0,
        ));
    }
    let facing = min(abs(dot(axis, sight)), 1.0);

    // Small arrows keep their shape.
    let tip_length = world_length / units_per_pixel(tip.w);
    let tip_radius = min(radius_pixels(segment, instance.radius, tip.w), max(0.25 * tip_length, 0.5));
    let origin_length = world_length / units_per_pixel(origin.w);
    let origin_radius = min(radius_pixels(segment, instance.radius, origin.w), max(0.25 * origin_length, 0.5));
    if tip_radius <= 0.0 {
        return out;
    }
    let head_radius = 2.0 * tip_radius;

    let origin_pixels = pixels_from_clip(origin);
    let tip_pixels = pixels_from_clip(tip);
    let span_length = length(tip_pixels - origin_pixels);
    let head_length = min(2.0 * head_radius * sqrt(1.0 - facing * facing), span_length);
    out.ends = vec4(origin_pixels, tip_pixels);
    out.sizes = vec4(
        origin_radius,
        tip_radius,
        select(0.0, head_radius, has_head),
        select(0.0, head_length, has_head),
    );
    out.facing = vec2(facing, has_origin);

    // A pixel more on each side, so that a soft edge is not cut off.
    let reach = max(origin_radius, head_radius) + 1.0;
    out.position = with_depth_offset(corner_around(span, reach, vertex_index), segment.depth_offset);
    return out;
}

// How far within an ellipse a place is, about. Nothing is within one that is thinner than a pixel.
fn within_ellipse(place: vec2<f32>, radii: vec2<f32>) -> f32 {
    if radii.x < 0.5 {
        return -1e6;
    }
    return (1.0 - length(place / radii)) * radii.x;
}

// The alpha of a fragment, and how much of the color is left there.
fn alpha_and_light(in: Varyings) -> vec2<f32> {
    let span = in.ends.zw - in.ends.xy;
    let span_length = length(span);
    let along = direction_of(span);
    let here = in.position.xy - in.ends.xy;
    let place = vec2(dot(here, along), dot(here, vec2(-along.y, along.x)));
    let head_radius = in.sizes.z;
    let head_length = in.sizes.w;
    let neck = span_length - head_length;

    // The shaft, and its round end.
    let shaft = mix(in.sizes.x, in.sizes.y, clamp(place.x / max(neck, 1e-4), 0.0, 1.0));
    let within_shaft = min(shaft - abs(place.y), min(place.x, neck + 0.5 - place.x));
    var within = within_shaft;
    if in.facing.y > 0.0 {
        within = max(within, within_ellipse(place, vec2(in.facing.x, 1.0) * in.sizes.x));
    }
    var radius = shaft;

    // The cone, and its round base.
    let beyond = place.x - neck;
    let slant = sqrt(head_length * head_length + head_radius * head_radius);
    let width = head_radius * (1.0 - beyond / max(head_length, 1e-4));
    // One that is seen from behind has no length, and nothing lies within it.
    let within_cone = min((width - abs(place.y)) * max(head_length, 1e-4) / max(slant, 1e-4), beyond);
    let within_base = within_ellipse(vec2(beyond, place.y), vec2(in.facing.x, 1.0) * head_radius);
    let within_head = max(within_cone, within_base);
    if within_head > within_shaft {
        radius = max(select(head_radius, width, within_cone > within_base), 0.5);
    }
    within = max(within, within_head);

    // Round things are darker towards their edges.
    let side = clamp(abs(place.y) / radius, 0.0, 1.0);
    return vec2(cut(in.color.a, within), 0.6 + 0.4 * sqrt(1.0 - side * side));
}

fn color_of(in: Varyings) -> vec4<f32> {
    let seen = alpha_and_light(in);
    if seen.x <= 0.0 {
        discard;
    }
    return vec4(in.color.rgb * seen.y, seen.x);
}

@fragment
fn fragment(in: Varyings) -> FragmentOutput {
    return fragment_output(color_of(in), in.position);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    let alpha = alpha_and_light(in).x;
    if alpha <= 0.0 {
        discard;
    }
    return picked_part(in.ids, in.position, alpha);
}
#endif
