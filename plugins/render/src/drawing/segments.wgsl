// What the instances of a segment share.

#define_import_path chronoscope_render::segments

#import chronoscope_render::common::{bulk, linear_from_srgb, encode_output, units_per_pixel, from_eye, clip_from_eye, nothing, stands_out}

struct Segment {
    // With the high part of the translation.
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    translation_low: vec3<f32>,
    default_color: u32,
    default_radius: f32,
    tint: u32,
    picking_id: u32,
    highlight: u32,
    depth_offset: f32,
    radius_scale: f32,
    hovered_instance: u32,
    // Where the set of selected instances starts plus one, or zero.
    selected: u32,
}

const NO_INSTANCE: u32 = 0xffffffffu;

// Beside the id for picking: no instance of the segment is anything by itself.
const WHOLE: u32 = 0x80000000u;

// Beside the id for picking: points look like spheres.
const ROUND: u32 = 0x40000000u;

// How a segment stands out; with NAMED one instance by itself, with FAINT the others of its segment.
const HOVERED: u32 = 1u;
const SELECTED: u32 = 2u;
const NAMED: u32 = 4u;
const FAINT: u32 = 8u;

// Of how many instances one is drawn, where others are left out.
#ifdef THINNED_BY
const STRIDE: u32 = #{THINNED_BY}u;
#else
const STRIDE: u32 = 1u;
#endif

// What the view draws.
@group(1) @binding(0) var<storage, read> segments: array<Segment>;
// The position of each slot's segment plus one, or zero where the view does not draw the slot.
@group(1) @binding(1) var<storage, read> table: array<u32>;
// Where the instances of each slot start.
@group(1) @binding(2) var<storage, read> starts: array<u32>;
// Sets of selected instances: the length of each, then its instances, ascending.
@group(1) @binding(3) var<storage, read> selected_instances: array<u32>;

// Gaps in the buffer carry a slot beyond all.
fn is_void(slot: u32) -> bool {
    return slot >= arrayLength(&table) || table[slot] == 0u;
}

// The logical instance where each instance is one.
fn implied_instance(slot: u32, instance_index: u32) -> u32 {
    return instance_index * STRIDE - starts[slot];
}

// A radius in pixels, so much larger that what is drawn covers as much as all would that it stands for.
fn grown(radius_pixels: f32) -> f32 {
    return radius_pixels * sqrt(f32(STRIDE));
}

fn is_selected(segment: Segment, instance: u32) -> bool {
    if segment.selected == 0u {
        return false;
    }
    let end = segment.selected + selected_instances[segment.selected - 1u];
    var low = segment.selected;
    var high = end;
    while low < high {
        let middle = low + (high - low) / 2u;
        if selected_instances[middle] < instance {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low < end && selected_instances[low] == instance;
}

// The segment as it is for one logical instance. The slot must not be void.
fn segment_of(slot: u32, instance: u32) -> Segment {
    var segment = segments[table[slot] - 1u];
    if segment.hovered_instance == instance {
        segment.highlight = HOVERED | NAMED;
    } else if segment.highlight != HOVERED && is_selected(segment, instance) {
        segment.highlight = SELECTED | NAMED;
    } else if segment.highlight == 0u && segment.hovered_instance != NO_INSTANCE {
        segment.highlight = HOVERED | FAINT;
    } else if segment.highlight == 0u && segment.selected != 0u {
        segment.highlight = SELECTED | FAINT;
    }
#ifdef OUTLINED
    // Where outlines are looked for, picking answers how something stands out, and all else is transparent.
    segment.picking_id = segment.highlight;
    if !stands_out(segment.highlight) {
        segment.tint = 0u;
    }
#endif
    return segment;
}

// What picking answers for a logical instance.
fn picking_ids(segment: Segment, instance: u32) -> vec2<u32> {
    let is_whole = (segment.picking_id & WHOLE) != 0u;
    return vec2(segment.picking_id & ~(WHOLE | ROUND), select(instance, NO_INSTANCE, is_whole));
}

fn has_round_points(segment: Segment) -> bool {
    return (segment.picking_id & ROUND) != 0u;
}

// From the eye to a position in the space of the segment, along the axes of the world.
fn to_eye(segment: Segment, position: vec3<f32>) -> vec3<f32> {
    let translation = vec3(segment.row_x.w, segment.row_y.w, segment.row_z.w);
    return direction_to_world(segment, position) + from_eye(translation, segment.translation_low);
}

fn direction_to_world(segment: Segment, direction: vec3<f32>) -> vec3<f32> {
    return vec3(
        dot(segment.row_x.xyz, direction),
        dot(segment.row_y.xyz, direction),
        dot(segment.row_z.xyz, direction),
    );
}

fn to_clip(segment: Segment, position: vec3<f32>) -> vec4<f32> {
#ifdef OUTLINED
    if segment.tint == 0u {
        return nothing();
    }
#endif
    return clip_from_eye(to_eye(segment, position));
}

// The color to write, with straight alpha. Zero is the default.
fn resolve_color(segment: Segment, color: u32) -> vec4<f32> {
    return lit_up(segment, color, 1.0);
}

// The same for a face. It may fill the view: pointed at, it is lit up less than lines and points.
fn resolve_face_color(segment: Segment, color: u32) -> vec4<f32> {
    return lit_up(segment, color, 0.4);
}

fn lit_up(segment: Segment, color: u32, of_hovered: f32) -> vec4<f32> {
    let own = unpack4x8unorm(select(color, segment.default_color, color == 0u));
    let srgba = own * unpack4x8unorm(segment.tint);
    var linear = linear_from_srgb(srgba.rgb);
    let amount = select(1.0, 0.3, (segment.highlight & FAINT) != 0u);
    if (segment.highlight & HOVERED) != 0u {
        linear = mix(linear, bulk.hovered.rgb, bulk.hovered.a * amount * of_hovered);
    } else if (segment.highlight & SELECTED) != 0u {
        linear = mix(linear, bulk.selected.rgb, bulk.selected.a * amount);
    }
    return vec4(encode_output(linear), srgba.a);
}

// Half a pixel at least, unless it is nothing at all. Positive radii are scene units, negative ones UI points.
fn radius_pixels(segment: Segment, radius: f32, w: f32) -> f32 {
    let own = select(radius, segment.default_radius, radius > 1e38);
    if own == 0.0 {
        return 0.0;
    }
    let scene = own * segment.radius_scale / units_per_pixel(w);
    let pixels = select(scene, -own * bulk.ui_point_pixels, own < 0.0);
    let of_whole = select(0.0, bulk.highlight_pixels, segment.highlight == HOVERED || segment.highlight == SELECTED);
    let extra = select(of_whole, bulk.named_pixels, (segment.highlight & NAMED) != 0u);
    return max(pixels, 0.5) + extra;
}
