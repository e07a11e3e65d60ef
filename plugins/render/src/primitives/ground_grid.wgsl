// Lines on an endless plane: one triangle over the view, each pixel's ray met with the plane.

#import chronoscope_render::common::{view, bulk, is_orthographic, encode_output}

struct Grid {
    // Linear, with straight alpha.
    color: vec4<f32>,
    normal: vec3<f32>,
    offset: f32,
    axis_u: vec3<f32>,
    spacing: f32,
    axis_v: vec3<f32>,
    thickness: f32,
}

@group(1) @binding(0) var<uniform> grid: Grid;

struct Varyings {
    @builtin(position) position: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

struct Output {
    @location(0) color: vec4<f32>,
    @builtin(frag_depth) depth: f32,
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    var out: Varyings;
    out.ndc = vec2(select(-1.0, 3.0, vertex_index == 1u), select(-1.0, 3.0, vertex_index == 2u));
    out.position = vec4(out.ndc, 0.5, 1.0);
    return out;
}

// How much of the pixel the lines of one spacing cover.
fn coverage(uv: vec2<f32>, uv_per_pixel: vec2<f32>, spacing: f32) -> f32 {
    let cell = uv / spacing;
    let cells_per_pixel = max(uv_per_pixel / spacing, vec2(1e-9));
    let to_line = abs(fract(cell - 0.5) - 0.5) / cells_per_pixel;
    let half_thickness = grid.thickness * bulk.ui_point_pixels * 0.5;
    let lines = clamp(half_thickness + 0.5 - to_line, vec2(0.0), vec2(1.0));
    // Closer than a few pixels, lines are noise.
    let crowd = 1.0 - smoothstep(vec2(0.05), vec2(0.25), cells_per_pixel);
    return max(lines.x * crowd.x, lines.y * crowd.y);
}

@fragment
fn fragment(in: Varyings) -> Output {
    // Where the ray of the pixel starts, and where it goes.
    let near = view.world_from_clip * vec4(in.ndc, 1.0, 1.0);
    var origin = near.xyz / near.w;
    var direction = -view.world_from_view[2].xyz;
    if !is_orthographic() {
        origin = view.world_position;
        direction = (view.world_from_view * vec4((view.view_from_clip * vec4(in.ndc, 1.0, 1.0)).xyz, 0.0)).xyz;
    }
    direction = normalize(direction);

    let slope = dot(grid.normal, direction);
    let distance = (grid.offset - dot(grid.normal, origin)) / select(slope, 1e-9, abs(slope) < 1e-9);
    let hit = origin + direction * distance;
    let uv = vec2(dot(hit, grid.axis_u), dot(hit, grid.axis_v));
    // Derivatives come before any branch that neighbours might not share.
    let uv_per_pixel = fwidth(uv);
    let clip = view.clip_from_world * vec4(hit, 1.0);
    let depth = clip.z / clip.w;
    if distance <= 0.0 || !(depth >= 0.0 && depth <= 1.0) {
        discard;
    }

    let fine = coverage(uv, uv_per_pixel, grid.spacing) * 0.6;
    let coarse = coverage(uv, uv_per_pixel, grid.spacing * 10.0);
    let coarsest = coverage(uv, uv_per_pixel, grid.spacing * 100.0);
    // At a flat angle the plane is a line, and its lines are a smear.
    let flat_fade = smoothstep(0.01, 0.12, abs(slope));
    let alpha = grid.color.a * max(max(fine, coarse), coarsest) * flat_fade;
    if alpha <= 0.002 {
        discard;
    }
    var out: Output;
    out.color = vec4(encode_output(grid.color.rgb), alpha);
    out.depth = depth;
    return out;
}
