// Triangles with a material, each drawn once for each pose.

#import chronoscope_render::common::{bulk, view, is_orthographic, with_depth_offset, encode_output, linear_from_srgb, from_eye, clip_from_eye, shade, surface_color, lit, Material, nothing, stands_out, Picked, picked, FragmentOutput, fragment_output}
#ifdef SHADOWED
#import chronoscope_render::common::arriving_light
#endif

struct Mesh {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    // Linear, with straight alpha.
    color: vec4<f32>,
    translation_low: vec3<f32>,
    picking_id: u32,
    depth_offset: f32,
    alpha_cutoff: f32,
    is_unlit: u32,
    is_whole: u32,
    // Linear.
    emissive: vec3<f32>,
    metallic: f32,
    roughness: f32,
    normal_strength: f32,
    occlusion_strength: f32,
    // Two rows for each map: from the coordinates of vertices to those of the texture. The first ends with whether these are the
    // second ones.
    map_rows: array<vec4<f32>, 8>,
}

// How a pose stands out; with FAINT less than the one that is pointed at or selected.
const HOVERED: u32 = 1u;
const SELECTED: u32 = 2u;
const FAINT: u32 = 8u;

@group(1) @binding(0) var<uniform> mesh: Mesh;
@group(1) @binding(1) var texture: texture_2d<f32>;
@group(1) @binding(2) var texture_sampler: sampler;
#ifdef MAPPED
@group(1) @binding(3) var metallic_roughness_map: texture_2d<f32>;
@group(1) @binding(4) var metallic_roughness_sampler: sampler;
@group(1) @binding(5) var emissive_map: texture_2d<f32>;
@group(1) @binding(6) var emissive_sampler: sampler;
@group(1) @binding(7) var normal_map: texture_2d<f32>;
@group(1) @binding(8) var normal_sampler: sampler;
@group(1) @binding(9) var occlusion_map: texture_2d<f32>;
@group(1) @binding(10) var occlusion_sampler: sampler;
#endif

struct Vertex {
    @location(0) position: vec3<f32>,
    @location(1) color: vec4<f32>,
    @location(2) normal: vec4<f32>,
    @location(3) texcoord: vec2<f32>,
    @location(4) pose_x: vec4<f32>,
    @location(5) pose_y: vec4<f32>,
    @location(6) pose_z: vec4<f32>,
    @location(7) instance: u32,
    @location(8) highlight: u32,
#ifdef SECOND_TEXCOORD
    @location(9) second_texcoord: vec2<f32>,
#endif
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // Linear, with straight alpha.
    @location(0) color: vec4<f32>,
    @location(1) texcoord: vec2<f32>,
    // Along the axes of the world, of any length; zero where it is that of the face.
    @location(2) normal: vec3<f32>,
    // From the eye, along the axes of the world.
    @location(3) offset: vec3<f32>,
    @location(4) @interpolate(flat) highlight: vec4<f32>,
    // Where outlines are looked for, the highlight.
    @location(5) @interpolate(flat) instance: u32,
#ifdef SECOND_TEXCOORD
    @location(6) second_texcoord: vec2<f32>,
#endif
}

fn times_rows(x: vec4<f32>, y: vec4<f32>, z: vec4<f32>, v: vec3<f32>) -> vec3<f32> {
    return vec3(dot(x.xyz, v), dot(y.xyz, v), dot(z.xyz, v));
}

fn to_world(v: vec3<f32>) -> vec3<f32> {
    return times_rows(mesh.row_x, mesh.row_y, mesh.row_z, v);
}

// A linear color, and how much of it is mixed in. A face may fill the view: pointed at, it is lit up less than lines and points.
fn highlight_color(highlight: u32) -> vec4<f32> {
    let amount = select(1.0, 0.3, (highlight & FAINT) != 0u);
    if (highlight & HOVERED) != 0u {
        return vec4(bulk.hovered.rgb, bulk.hovered.a * amount * 0.4);
    }
    if (highlight & SELECTED) != 0u {
        return vec4(bulk.selected.rgb, bulk.selected.a * amount);
    }
    return vec4(0.0);
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    let pose_translation = vec3(in.pose_x.w, in.pose_y.w, in.pose_z.w);
    let local = times_rows(in.pose_x, in.pose_y, in.pose_z, in.position) + pose_translation;
    let translation = vec3(mesh.row_x.w, mesh.row_y.w, mesh.row_z.w);
    var out: Varyings;
    out.offset = to_world(local) + from_eye(translation, mesh.translation_low);
    out.position = with_depth_offset(clip_from_eye(out.offset), mesh.depth_offset);
    out.color = vec4(linear_from_srgb(in.color.rgb), in.color.a) * mesh.color;
    out.texcoord = in.texcoord;
#ifdef SECOND_TEXCOORD
    out.second_texcoord = in.second_texcoord;
#endif
    // The normal of a plane goes with the cofactors of the matrix: it comes out right under shear and uneven scale.
    let x = to_world(vec3(in.pose_x.x, in.pose_y.x, in.pose_z.x));
    let y = to_world(vec3(in.pose_x.y, in.pose_y.y, in.pose_z.y));
    let z = to_world(vec3(in.pose_x.z, in.pose_y.z, in.pose_z.z));
    out.normal = cross(y, z) * in.normal.x + cross(z, x) * in.normal.y + cross(x, y) * in.normal.z;
    let length = length(out.normal);
    // As long as others, so that what is between vertices turns evenly whatever the scale.
    out.normal = select(vec3(0.0), out.normal / length, length > 0.0);
    out.highlight = highlight_color(in.highlight);
#ifdef OUTLINED
    out.instance = in.highlight;
    if !stands_out(in.highlight) {
        out.position = nothing();
    }
#else
    out.instance = in.instance;
#endif
    return out;
}

fn surface(in: Varyings) -> vec4<f32> {
#ifdef TEXTURED
    return in.color * textureSample(texture, texture_sampler, in.texcoord);
#else
    return in.color;
#endif
}

// To the eye, along the axes of the world.
fn to_eye(in: Varyings) -> vec3<f32> {
    return select(-in.offset, view.world_from_view[2].xyz, is_orthographic());
}

fn direction_in_view(in_world: vec3<f32>) -> vec3<f32> {
    return normalize((view.view_from_world * vec4(in_world, 0.0)).xyz);
}

// On the side that is seen, whichever way the vertices go round.
fn seen_normal(in: Varyings) -> vec3<f32> {
    let across = cross(dpdx(in.offset), dpdy(in.offset));
    let face = select(-across, across, dot(across, to_eye(in)) >= 0.0);
    let own = select(-in.normal, in.normal, dot(in.normal, face) >= 0.0);
    return select(face, own, dot(own, own) > 1e-6);
}

// What of a surface can differ from place to place, beside its color.
struct Surface {
    normal: vec3<f32>,
    metallic: f32,
    emissive: vec3<f32>,
    roughness: f32,
    occlusion: f32,
    // How much of the light arrives that has a direction.
    arriving: f32,
}

#ifdef MAPPED
// A place in a map.
fn place_in(map: u32, in: Varyings) -> vec2<f32> {
    let u = mesh.map_rows[2u * map];
    let v = mesh.map_rows[2u * map + 1u];
    var at = vec3(in.texcoord, 1.0);
#ifdef SECOND_TEXCOORD
    at = vec3(select(in.texcoord, in.second_texcoord, u.w != 0.0), 1.0);
#endif
    return vec2(dot(u.xyz, at), dot(v.xyz, at));
}

// A normal of the space of a texture, along the axes of the world: those of the texture are where its coordinates grow on the
// surface, as Schüler has it ("Followup: Normal Mapping Without Precomputed Tangents", 2013).
fn turned(in: Varyings, normal: vec3<f32>, place: vec2<f32>, in_texture: vec3<f32>) -> vec3<f32> {
    let unit = normalize(normal);
    let right = dpdx(in.offset);
    let down = dpdy(in.offset);
    let to_right = dpdx(place);
    let to_bottom = dpdy(place);
    let of_right = cross(down, unit);
    let of_down = cross(unit, right);
    let side = sign(dot(unit, cross(right, down)));
    let along_u = (of_right * to_right.x + of_down * to_bottom.x) * side;
    let along_v = (of_right * to_right.y + of_down * to_bottom.y) * side;
    let longest = max(dot(along_u, along_u), dot(along_v, along_v));
    // The top of a texture is where v is least.
    let across = (along_u * in_texture.x - along_v * in_texture.y) * inverseSqrt(max(longest, 1e-30));
    let bent = across + unit * in_texture.z;
    return select(normal, bent, dot(bent, bent) > 1e-6);
}
#endif

fn surface_of(in: Varyings) -> Surface {
    var seen = Surface(seen_normal(in), mesh.metallic, mesh.emissive, mesh.roughness, 1.0, 1.0);
#ifdef SHADOWED
    seen.arriving = arriving_light(in.offset, normalize(seen.normal));
#endif
#ifdef MAPPED
    if bulk.is_lit != 0u {
        let mirrored = textureSample(metallic_roughness_map, metallic_roughness_sampler, place_in(0u, in));
        let emitted = textureSample(emissive_map, emissive_sampler, place_in(1u, in));
        let normal_place = place_in(2u, in);
        let bent = textureSample(normal_map, normal_sampler, normal_place).xyz * 2.0 - 1.0;
        let reached = textureSample(occlusion_map, occlusion_sampler, place_in(3u, in)).r;
        let in_texture = vec3(bent.xy * mesh.normal_strength, bent.z);
        seen.normal = turned(in, seen.normal, normal_place, in_texture);
        seen.metallic *= mirrored.b;
        seen.roughness *= mirrored.g;
        seen.emissive *= emitted.rgb;
        seen.occlusion = mix(1.0, reached, mesh.occlusion_strength);
    }
#endif
    return seen;
}

fn color_of(in: Varyings) -> vec4<f32> {
    let color = surface(in);
    let seen = surface_of(in);
#ifdef MASKED
    if color.a < mesh.alpha_cutoff {
        discard;
    }
#endif
    let own = mix(color.rgb, in.highlight.rgb, in.highlight.a);
    var shaded = encode_output(own);
    if mesh.is_unlit == 0u && bulk.is_lit != 0u {
        let material = Material(own, seen.metallic, seen.emissive, seen.roughness, seen.occlusion);
        let normal = direction_in_view(seen.normal);
        shaded = encode_output(lit(material, normal, direction_in_view(to_eye(in)), seen.arriving));
    } else if mesh.is_unlit == 0u {
        shaded = shade(shaded, seen.normal);
    }
    return surface_color(shaded, color.a);
}

@fragment
fn fragment(in: Varyings) -> FragmentOutput {
    return fragment_output(color_of(in), in.position);
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    let alpha = surface(in).a;
#ifdef MASKED
    if alpha < mesh.alpha_cutoff {
        discard;
    }
#endif
#ifdef TRANSLUCENT
    if alpha <= 0.0 {
        discard;
    }
#endif
#ifdef OUTLINED
    let ids = vec2(in.instance, 0u);
#else
    let ids = vec2(mesh.picking_id, select(in.instance, 0xffffffffu, mesh.is_whole != 0u));
#endif
    return picked(ids, in.position);
}
#endif

#ifdef CASTING
// Leaves the depth alone.
@fragment
fn cast_shadow(in: Varyings) {
    let alpha = surface(in).a;
#ifdef MASKED
    if alpha < mesh.alpha_cutoff {
        discard;
    }
#endif
}
#endif
