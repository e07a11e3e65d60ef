// Where the edges of what stands out may be: a texel for each tile of a view.

#import chronoscope_render::common::full_screen_corner

// What is hovered, and what is selected.
@group(0) @binding(0) var mask: texture_2d<f32>;

const TILE: i32 = #{TILE};

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> @builtin(position) vec4<f32> {
    return full_screen_corner(vertex_index);
}

// Whether there is any of either, and whether there is nothing else.
@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let start = vec2<i32>(position.xy) * TILE;
    let end = min(start + TILE, vec2<i32>(textureDimensions(mask)));
    var most = vec2(0.0);
    var least = vec2(1.0);
    for (var y = start.y; y < end.y; y++) {
        for (var x = start.x; x < end.x; x++) {
            let here = textureLoad(mask, vec2(x, y), 0).rg;
            most = max(most, here);
            least = min(least, here);
        }
    }
    let is_any = select(vec2(0.0), vec2(1.0), most > vec2(0.0));
    let is_all = select(vec2(0.0), vec2(1.0), least >= vec2(1.0));
    return vec4(is_any, is_all);
}
