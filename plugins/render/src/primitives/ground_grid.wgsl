// Lines on an endless plane.
//
// On screen, the depth of a plane is linear, and so is the ray of a pixel. So one triangle over the view is tilted to
// lie in the plane: the clipping at the far plane cuts it at the horizon, the depth test works as for anything else, and
// a fragment has one division to do.

#import chronoscope_render::common::{view, bulk, full_screen_corner, is_orthographic, encode_output, nothing}

struct Grid {
    // Linear, with straight alpha.
    color: vec4<f32>,
    normal: vec3<f32>,
    // From the eye to the plane, along the normal.
    height: f32,
    axis_u: vec3<f32>,
    spacing: f32,
    axis_v: vec3<f32>,
    thickness: f32,
    // Where the eye stands in the plane, less a multiple of the widest spacing.
    base: vec2<f32>,
    padding: vec2<f32>,
}

@group(1) @binding(0) var<uniform> grid: Grid;

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // The ray of the pixel along the axes of the plane and its normal; of any length.
    @location(0) ray: vec3<f32>,
    // From the eye's foot on the plane, with an orthographic projection; else that, times the normal part of the ray.
    @location(1) place: vec2<f32>,
}

fn along_axes(v: vec3<f32>) -> vec3<f32> {
    return vec3(dot(v, grid.axis_u), dot(v, grid.axis_v), dot(v, grid.normal));
}

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    let ndc = full_screen_corner(vertex_index).xy;
    let projection = view.clip_from_view;
    // Where the pixel lies at a distance of one (or, without perspective, at any).
    let across = (ndc + select(vec2(projection[2].xy), -projection[3].xy, is_orthographic()))
        / vec2(projection[0][0], projection[1][1]);

    var depth: f32;
    if is_orthographic() {
        let origin = along_axes((view.world_from_view * vec4(across, 0.0, 0.0)).xyz);
        out.ray = along_axes(-view.world_from_view[2].xyz);
        if abs(out.ray.z) < 1e-6 {
            return out;
        }
        let distance = (grid.height - origin.z) / out.ray.z;
        out.place = origin.xy + out.ray.xy * distance;
        depth = projection[3][2] - projection[2][2] * distance;
    } else {
        if abs(grid.height) < 1e-6 {
            return out;
        }
        out.ray = along_axes((view.world_from_view * vec4(across, -1.0, 0.0)).xyz);
        out.place = out.ray.xy * grid.height;
        depth = projection[3][2] * out.ray.z / grid.height - projection[2][2];
    }
    out.position = vec4(ndc, depth, 1.0);
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
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let uv = grid.base + select(in.place / in.ray.z, in.place, is_orthographic());
    let uv_per_pixel = fwidth(uv);
    let fine = coverage(uv, uv_per_pixel, grid.spacing) * 0.6;
    let coarse = coverage(uv, uv_per_pixel, grid.spacing * 10.0);
    let coarsest = coverage(uv, uv_per_pixel, grid.spacing * 100.0);
    // At a flat angle the plane is a line, and its lines are a smear.
    let slope = abs(in.ray.z) / length(in.ray);
    let alpha = grid.color.a * max(max(fine, coarse), coarsest) * smoothstep(0.01, 0.12, slope);
    return vec4(encode_output(grid.color.rgb), alpha);
}
