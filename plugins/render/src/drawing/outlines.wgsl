// Lines around what stands out, in the tiles that are no farther from its edge than one.

#import chronoscope_render::common::{bulk, quad_corner, clip_from_pixels, encode_output, nothing}

// What is hovered, and what is selected: how much of each pixel it covers.
@group(1) @binding(0) var mask: texture_2d<f32>;
// Whether there is any of either in a tile, and whether there is nothing else.
@group(1) @binding(1) var tiles: texture_2d<f32>;

const TILE: i32 = #{TILE};

// How wide a line is, in UI points: as the outline of a picture.
const WIDTH_POINTS: f32 = 2.0;

struct Varyings {
    @builtin(position) position: vec4<f32>,
    // Whether an edge of what is hovered is near.
    @location(0) @interpolate(flat) is_by_hovered: u32,
}

@vertex
fn vertex(
    @builtin(vertex_index) vertex_index: u32,
    @builtin(instance_index) instance_index: u32,
) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    let num_tiles = vec2<i32>(textureDimensions(tiles));
    let tile = vec2(i32(instance_index) % num_tiles.x, i32(instance_index) / num_tiles.x);
    var is_any = vec2(false);
    var is_all = vec2(true);
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let neighbor = clamp(tile + vec2(x, y), vec2(0), num_tiles - 1);
            let here = textureLoad(tiles, neighbor, 0) > vec4(0.5);
            is_any = is_any | here.xy;
            is_all = is_all & here.zw;
        }
    }
    let has_edge = is_any & !is_all;
    if !any(has_edge) {
        return out;
    }
    out.is_by_hovered = u32(has_edge.x);
    let corner = quad_corner(vertex_index) * 0.5 + 0.5;
    let pixels = (vec2<f32>(tile) + corner) * f32(TILE);
    out.position = clip_from_pixels(pixels, vec4(0.0, 0.0, 0.0, 1.0));
    return out;
}

fn mask_at(pixel: vec2<i32>) -> vec2<f32> {
    let size = vec2<i32>(textureDimensions(mask));
    return textureLoad(mask, clamp(pixel, vec2(0), size - 1), 0).rg;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(in.position.xy);
    let own = mask_at(pixel);
    // Within what stands out is no line, unless it is around what is hovered before what is selected.
    if own.r >= 1.0 || (own.g >= 1.0 && in.is_by_hovered == 0u) {
        discard;
    }
    let width = min(WIDTH_POINTS * bulk.ui_point_pixels, f32(TILE) - 1.0);
    let reach = i32(ceil(width));
    // How much of the pixel lies within a line around any of its neighbors.
    var near = vec2(0.0);
    for (var y = -reach; y <= reach; y++) {
        for (var x = -reach; x <= reach; x++) {
            let within = clamp(width + 1.0 - length(vec2(f32(x), f32(y))), 0.0, 1.0);
            near = max(near, mask_at(pixel + vec2(x, y)) * within);
        }
    }
    // A line lies outside of what it is around. That of what is hovered lies over what is selected, and not the other way round.
    let hovered = near.r * (1.0 - own.r);
    let selected = near.g * (1.0 - max(own.r, own.g)) * (1.0 - hovered);
    let alpha = hovered + selected;
    if alpha <= 0.0 {
        discard;
    }
    let color = (bulk.hovered.rgb * hovered + bulk.selected.rgb * selected) / alpha;
    return vec4(encode_output(color), alpha);
}
