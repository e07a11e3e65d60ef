// In which tiles of a view something stands out: a texel for each.

// What is hovered, and what is selected.
@group(0) @binding(0) var mask: texture_2d<f32>;

const TILE: i32 = #{TILE};

@vertex
fn vertex(@builtin(vertex_index) vertex_index: u32) -> @builtin(position) vec4<f32> {
    let x = select(-1.0, 3.0, vertex_index == 1u);
    let y = select(-1.0, 3.0, vertex_index == 2u);
    return vec4(x, y, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let start = vec2<i32>(position.xy) * TILE;
    let end = min(start + TILE, vec2<i32>(textureDimensions(mask)));
    var found = vec2(0.0);
    for (var y = start.y; y < end.y; y++) {
        for (var x = start.x; x < end.x; x++) {
            found = max(found, textureLoad(mask, vec2(x, y), 0).rg);
        }
    }
    // Also where there is next to nothing.
    return vec4(select(0.0, 1.0, any(found > vec2(0.0))));
}
