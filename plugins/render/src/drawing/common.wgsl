// What every primitive needs: the view, colors, pixels.

#define_import_path chronoscope_render::common

#import bevy_render::view::View

struct BulkView {
    // Linear color, and how much of it is mixed in.
    hovered: vec4<f32>,
    selected: vec4<f32>,
    ui_point_pixels: f32,
    // Added to the radius of what is highlighted, in pixels.
    highlight_pixels: f32,
    // The same for one instance that is highlighted by itself.
    named_pixels: f32,
    // How far away is what the eye looks at, in scene units.
    focus_distance: f32,
    // Where the eye is in the world: the sum of both.
    eye_high: vec3<f32>,
    // How much what lies behind its neighbors is darkened.
    depth_shading: f32,
    eye_low: vec3<f32>,
    // Whether surfaces are lit as by lights, and not shaded in the cheapest way.
    is_lit: u32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<uniform> bulk: BulkView;

#ifdef SHADOWED
struct Shadow {
    // From where something is from the eye, along the axes of the world, to its place in the map and its depth there.
    map_from_offset: mat4x4<f32>,
    // To the light, along the axes of the world, of length one.
    to_light: vec3<f32>,
    // Scene units per texel of the map.
    texel: f32,
}

// What the light sees of what casts shadows, with reversed depths.
@group(2) @binding(0) var<uniform> shadow: Shadow;
@group(2) @binding(1) var shadow_map: texture_depth_2d;
@group(2) @binding(2) var shadow_sampler: sampler_comparison;
#endif

const DEPTH_STEP: f32 = 1.52587890625e-5;

// A position outside of the view, the same for all vertices: nothing is drawn.
fn nothing() -> vec4<f32> {
    return vec4(-2.0, -2.0, -2.0, 1.0);
}

// The corners of one triangle that covers all of the view. The depth is reversed: zero is the farthest there is.
fn full_screen_corner(vertex_index: u32) -> vec4<f32> {
    let x = select(-1.0, 3.0, vertex_index == 1u);
    let y = select(-1.0, 3.0, vertex_index == 2u);
    return vec4(x, y, 0.0, 1.0);
}

// The corners of two triangles that cover (-1, -1) to (1, 1).
fn quad_corner(vertex_index: u32) -> vec2<f32> {
    // 0 1 2, 2 1 3
    let second = select(select(3u, 1u, vertex_index == 4u), 2u, vertex_index == 3u);
    let index = select(vertex_index, second, vertex_index >= 3u);
    return vec2(select(-1.0, 1.0, (index & 1u) == 1u), select(-1.0, 1.0, (index & 2u) == 2u));
}

// From the eye to a place in the world that is given as two numbers per axis. The large parts cancel each other here,
// before anything is added to them.
fn from_eye(high: vec3<f32>, low: vec3<f32>) -> vec3<f32> {
    return (high - bulk.eye_high) + (low - bulk.eye_low);
}

// The clip position of what lies so far from the eye, along the axes of the world.
fn clip_from_eye(offset: vec3<f32>) -> vec4<f32> {
    return view.clip_from_view * vec4((view.view_from_world * vec4(offset, 0.0)).xyz, 1.0);
}

// What an entry point `pick` returns.
#ifdef OUTLINED
struct Picked {
    // Whether it is hovered, and whether it is selected: one, or how much of the pixel it covers.
    @location(0) values: vec2<f32>,
}

// The first id is the highlight here.
fn picked_part(ids: vec2<u32>, position: vec4<f32>, covered: f32) -> Picked {
    return Picked(vec2<f32>(vec2(ids.x & 1u, (ids.x >> 1u) & 1u)) * covered);
}
#else
struct Picked {
    // The segment's id, the logical instance, the bits of the depth, and whether it is a face.
    @location(0) values: vec4<u32>,
}

// What covers so much of the pixel.
fn picked_part(ids: vec2<u32>, position: vec4<f32>, covered: f32) -> Picked {
#ifdef FACES
    let is_face = 1u;
#else
    let is_face = 0u;
#endif
    return Picked(vec4(ids, bitcast<u32>(position.z), is_face));
}
#endif

fn picked(ids: vec2<u32>, position: vec4<f32>) -> Picked {
    return picked_part(ids, position, 1.0);
}

// Whether a highlight is one that has an outline: that of the others of a segment, which is FAINT, has none.
fn stands_out(highlight: u32) -> bool {
    return highlight != 0u && (highlight & 8u) == 0u;
}

// What an entry point `fragment` returns.
#ifdef WEIGHTED
struct FragmentOutput {
    // The color times alpha, and alpha, both times the weight.
    @location(0) gathered: vec4<f32>,
    // How much of what is behind is covered.
    @location(1) covered: f32,
}

// A surface among others of its pixel, drawn in no certain order: the nearer, the more it weighs.
fn fragment_output(color: vec4<f32>, position: vec4<f32>) -> FragmentOutput {
    let nearness = bulk.focus_distance / max(distance_of(position.z), bulk.focus_distance * 0.1);
    let weight = clamp(pow(nearness, 4.0), 1e-3, 1e3);
    return FragmentOutput(vec4(color.rgb * color.a, color.a) * weight, color.a);
}
#else
struct FragmentOutput {
    @location(0) color: vec4<f32>,
}

// A color with straight alpha, at its position as in @builtin(position).
fn fragment_output(color: vec4<f32>, position: vec4<f32>) -> FragmentOutput {
    return FragmentOutput(color);
}
#endif

// How far before the eye a depth lies.
fn distance_of(depth: f32) -> f32 {
    let projection = view.clip_from_view;
    let with_perspective = projection[3][2] / max(depth + projection[2][2], 1e-30);
    let without = (projection[3][2] - depth) / select(projection[2][2], -1.0, projection[2][2] == 0.0);
    return select(with_perspective, without, is_orthographic());
}

fn is_orthographic() -> bool {
    return view.clip_from_view[3][3] == 1.0;
}

fn view_size_pixels() -> vec2<f32> {
    return view.main_pass_viewport.zw;
}

// The pixel, as in @builtin(position), of a point in front of the eye.
fn pixels_from_clip(clip: vec4<f32>) -> vec2<f32> {
    let ndc = clip.xy / clip.w;
    return view.main_pass_viewport.xy + (ndc * vec2(0.5, -0.5) + 0.5) * view.main_pass_viewport.zw;
}

// The clip position at a pixel, with the depth of another point.
fn clip_from_pixels(pixels: vec2<f32>, at: vec4<f32>) -> vec4<f32> {
    let fraction = (pixels - view.main_pass_viewport.xy) / view.main_pass_viewport.zw;
    let ndc = (fraction - 0.5) * vec2(2.0, -2.0);
    return vec4(ndc * at.w, at.zw);
}

// Scene units per pixel where clip.w is w.
fn units_per_pixel(w: f32) -> f32 {
    return 2.0 * w / (view.clip_from_view[1][1] * view.main_pass_viewport.w);
}

// Nearer by some steps. The depth of a perspective view is one over the distance, so a step is a factor there.
fn with_depth_offset(clip: vec4<f32>, steps: f32) -> vec4<f32> {
    let shift = select(clip.z, clip.w, is_orthographic()) * steps * DEPTH_STEP;
    // What was in front of the near plane stays there.
    let z = select(clip.z + shift, min(clip.z + shift, clip.w), clip.z <= clip.w);
    return vec4(clip.xy, z, clip.w);
}

// What is seen of a straight line: the clip positions of its ends, where it is cut off at the near plane.
struct Span {
    start: vec4<f32>,
    end: vec4<f32>,
    is_start_cut: bool,
    is_end_cut: bool,
    // Whether anything of it lies in front of the near plane.
    is_seen: bool,
}

// Cuts a line off that comes behind the near plane: behind the eye there is no place on screen to expand
// from.
fn span_in_front(start: vec4<f32>, end: vec4<f32>) -> Span {
    // The depth is reversed: in front of the near plane means z <= w.
    let start_front = start.w - start.z;
    let end_front = end.w - end.z;
    var span = Span(start, end, false, false, start_front >= 0.0 || end_front >= 0.0);
    if span.is_seen && start_front < 0.0 {
        span.start = mix(start, end, start_front / (start_front - end_front));
        span.is_start_cut = true;
    } else if span.is_seen && end_front < 0.0 {
        span.end = mix(end, start, end_front / (end_front - start_front));
        span.is_end_cut = true;
    }
    // For rounding, and for projections without a near plane.
    span.is_seen = span.is_seen && span.start.w > 0.0 && span.end.w > 0.0;
    return span;
}

// The direction of a line on screen, of any where it has no length there.
fn direction_of(span_pixels: vec2<f32>) -> vec2<f32> {
    return select(vec2(1.0, 0.0), span_pixels / length(span_pixels), dot(span_pixels, span_pixels) > 1e-8);
}

// A corner of the rectangle that is so many pixels wider than a line on all sides.
fn corner_around(span: Span, reach: f32, vertex_index: u32) -> vec4<f32> {
    let start_pixels = pixels_from_clip(span.start);
    let end_pixels = pixels_from_clip(span.end);
    let along = direction_of(end_pixels - start_pixels);
    let across = vec2(-along.y, along.x);
    let corner = quad_corner(vertex_index);
    let is_end = corner.x > 0.0;
    let pixels = select(start_pixels, end_pixels, is_end) + (along * corner.x + across * corner.y) * reach;
    return clip_from_pixels(pixels, select(span.start, span.end, is_end));
}

fn linear_from_srgb(srgb: vec3<f32>) -> vec3<f32> {
    let low = srgb / 12.92;
    let high = pow((srgb + 0.055) / 1.055, vec3(2.4));
    return select(high, low, srgb <= vec3(0.04045));
}

fn srgb_from_linear(linear: vec3<f32>) -> vec3<f32> {
    let low = linear * 12.92;
    let high = 1.055 * pow(max(linear, vec3(0.0)), vec3(1.0 / 2.4)) - 0.055;
    return select(high, low, linear <= vec3(0.0031308));
}

// A target that does not encode by itself is given encoded colors.
fn encode_output(linear: vec3<f32>) -> vec3<f32> {
#ifdef SRGB_ENCODED_OUTPUT
    return srgb_from_linear(linear);
#else
    return linear;
#endif
}

// The alpha of a fragment that lies `inside` pixels within a silhouette; zero is to be discarded.
fn cut(alpha: f32, inside: f32) -> f32 {
#ifdef OUTLINED
    return clamp(inside + 0.5, 0.0, 1.0);
#else
#ifdef TRANSLUCENT
    return alpha * clamp(inside + 0.5, 0.0, 1.0);
#else
#ifdef ALPHA_TO_COVERAGE
    return clamp(inside + 0.5, 0.0, 1.0);
#else
    return select(0.0, 1.0, inside >= 0.0);
#endif
#endif
#endif
}

// How far the square around a disc reaches: a pixel more on each side, so that a soft edge is not cut off.
fn disc_reach(radius_pixels: f32) -> f32 {
    return select(radius_pixels + 1.0, radius_pixels, radius_pixels <= 1.0);
}

// The alpha of a fragment of a disc, so many pixels from its center; zero is to be discarded.
fn disc_alpha(alpha: f32, radius_pixels: f32, offset: vec2<f32>) -> f32 {
    // What is no larger than its pixel is drawn as that pixel.
    let distance = select(length(offset), 0.0, radius_pixels <= 1.0);
    return cut(alpha, radius_pixels - distance);
}

// A surface in its color with straight alpha; an opaque one hides all that is behind it.
fn surface_color(color: vec3<f32>, alpha: f32) -> vec4<f32> {
#ifdef TRANSLUCENT
    return vec4(color, alpha);
#else
    return vec4(color, 1.0);
#endif
}

// A color as `encode_output` returned it, linear again.
fn decode_output(encoded: vec3<f32>) -> vec3<f32> {
#ifdef SRGB_ENCODED_OUTPUT
    return linear_from_srgb(encoded);
#else
    return encoded;
#endif
}

// Full color for a face that looks at the camera; no two faces of a box are alike from most places. Seen from afar, with a surface
// like that of plastic.
fn shade(color: vec3<f32>, normal_in_world: vec3<f32>) -> vec3<f32> {
    return shade_by(color, normal_in_world, 1.0);
}

// The same where so much of the light arrives.
fn shade_by(color: vec3<f32>, normal_in_world: vec3<f32>, arriving: f32) -> vec3<f32> {
    let normal = normalize((view.view_from_world * vec4(normal_in_world, 0.0)).xyz);
    if bulk.is_lit != 0u {
        let material = Material(decode_output(color), 0.0, vec3(0.0), 0.5, 1.0);
        return encode_output(lit(material, normal, vec3(0.0, 0.0, 1.0), arriving));
    }
    return color * light_on(normal);
}

// What a surface is made of, as in glTF: a linear color, and what it gives off itself.
struct Material {
    color: vec3<f32>,
    metallic: f32,
    emissive: vec3<f32>,
    roughness: f32,
    // How much of the light from all around arrives.
    occlusion: f32,
}

// Where the light comes from, in the space of the camera: it goes with the eye, so that nothing is dark that is looked at. One that
// casts shadows stands still, or they would wander.
fn light_direction() -> vec3<f32> {
#ifdef SHADOWED
    return (view.view_from_world * vec4(shadow.to_light, 0.0)).xyz;
#else
    return normalize(vec3(0.25, 0.45, 0.85));
#endif
}

#ifdef SHADOWED
// How far from a place, in texels, the farthest is that is compared with it, and a little more: three by three are, each
// between its four neighbors.
const SHADOW_REACH: f32 = 3.0;

// How much of the light arrives at a place that is so far from the eye, on a surface with this normal of length one, both along the
// axes of the world. To be used in fragments.
//
// A surface has the depths of its own neighbors in the map. It is moved to the light, and the more it is seen from the side, the
// farther along its normal: so far that a plane never shadows itself.
fn arriving_light(offset: vec3<f32>, normal: vec3<f32>) -> f32 {
    let towards = dot(normal, shadow.to_light);
    let slope = sqrt(max(1.0 - towards * towards, 0.0));
    let moved = normal * (SHADOW_REACH * slope) + shadow.to_light * 0.5;
    let at = (shadow.map_from_offset * vec4(offset + moved * shadow.texel, 1.0)).xyz;
    // Beyond what the light sees everything is lit.
    if any(at <= vec3(0.0)) || any(at.xy >= vec2(1.0)) {
        return 1.0;
    }
    let texel = 1.0 / vec2<f32>(textureDimensions(shadow_map));
    var sum = 0.0;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let place = at.xy + vec2(f32(x), f32(y)) * texel;
            sum += textureSampleCompareLevel(shadow_map, shadow_sampler, place, at.z);
        }
    }
    return sum / 9.0;
}
#endif

// What a white surface returns of that light at most.
const KEY_LIGHT: f32 = 0.65;

// The light from all around, from above and from below in the picture.
const SKY_LIGHT: f32 = 0.45;
const GROUND_LIGHT: f32 = 0.2;

fn light_from(up: f32) -> f32 {
    return mix(GROUND_LIGHT, SKY_LIGHT, clamp(up * 0.5 + 0.5, 0.0, 1.0));
}

// The linear color of a lit surface; both directions are of length one and in the space of the camera. Of the light that has a
// direction, so much arrives.
//
// The light that is mirrored is that of the GGX distribution (Walter and others, "Microfacet Models for Refraction through Rough
// Surfaces", 2007), hidden by itself as Hammon approximates ("PBR Diffuse Lighting for GGX+Smith Microsurfaces", 2017), with
// Schlick's Fresnel term; of the light from all around, Lazarov's fit ("Getting More Physical in Call of Duty: Black Ops II", 2013).
// What is mirrored more than once comes back as Turquin has it ("Practical Multiple Scattering Compensation for Microfacet Models",
// 2019), or rough metals would be dark.
fn lit(material: Material, normal: vec3<f32>, to_eye: vec3<f32>, arriving: f32) -> vec3<f32> {
    let to_light = light_direction();
    let half_way = normalize(to_light + to_eye);
    let n_l = max(dot(normal, to_light), 0.0);
    let n_v = max(dot(normal, to_eye), 1e-3);
    let n_h = max(dot(normal, half_way), 0.0);
    let roughness = clamp(material.roughness, 0.1, 1.0);
    let alpha = roughness * roughness;
    let diffuse = material.color * (1.0 - material.metallic);
    let mirrored = mix(vec3(0.04), material.color, material.metallic);

    let spread = n_h * n_h * (alpha * alpha - 1.0) + 1.0;
    let distribution = alpha * alpha / (spread * spread);
    let visibility = 0.5 / mix(2.0 * n_l * n_v, n_l + n_v, alpha);
    let fresnel = mirrored + (1.0 - mirrored) * pow(1.0 - max(dot(to_light, half_way), 0.0), 5.0);
    let direct = distribution * visibility * fresnel;

    let fit = roughness * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    let grazing = min(fit.x * fit.x, exp2(-9.28 * n_v)) * fit.x + fit.y;
    let scale_and_bias = vec2(-1.04, 1.04) * grazing + fit.zw;
    let mirrored_up = mix(reflect(-to_eye, normal).y, normal.y, roughness);
    let around = mirrored * scale_and_bias.x + scale_and_bias.y;
    let again = 1.0 + mirrored * (1.0 / (scale_and_bias.x + scale_and_bias.y) - 1.0);

    let of_key = KEY_LIGHT * n_l * (diffuse + direct * again) * arriving;
    let of_all = diffuse * light_from(normal.y) + around * again * light_from(mirrored_up);
    return of_key + of_all * material.occlusion + material.emissive;
}

// How much light falls on what has a normal in the space of the camera.
fn light_on(normal: vec3<f32>) -> f32 {
    return clamp(0.3 + 0.82 * max(dot(normal, light_direction()), 0.0), 0.0, 1.0);
}

// How much light falls on a sphere that is seen as a disc, at a place within it as a share of its radius. Less is made of it where
// the disc is small, so that a cloud of points keeps its colors.
fn light_on_sphere(place: vec2<f32>, radius_pixels: f32) -> f32 {
    let normal = vec3(place, sqrt(max(1.0 - dot(place, place), 0.0)));
    let amount = 0.7 * smoothstep(1.5, 5.0, radius_pixels);
    return mix(1.0, light_on(normal), amount);
}

// A vector turned by a unit quaternion.
fn rotate(rotation: vec4<f32>, v: vec3<f32>) -> vec3<f32> {
    let t = 2.0 * cross(rotation.xyz, v);
    return v + rotation.w * t + cross(rotation.xyz, t);
}
