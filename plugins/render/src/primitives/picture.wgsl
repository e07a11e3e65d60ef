// What pictures on planes and clouds of distances share: the uniform, the textures, and the colors of values.

#define_import_path chronoscope_render::picture

struct Quad {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_z: vec4<f32>,
    // Linear, with straight alpha.
    tint: vec4<f32>,
    size: vec2<f32>,
    depth_offset: f32,
    // Whether values are interpolated where texels cover many pixels.
    is_smooth: u32,
    translation_low: vec3<f32>,
    picking_id: u32,
    // The value with the first color, and one over the distance to the value with the last.
    offset_and_scale: vec2<f32>,
    highlight: u32,
    // As a cloud: where a value of one lies on its ray.
    cloud_scale: f32,
    // From the camera to the corner of the quad.
    ray: vec3<f32>,
    // The radius of a disc, as a multiple of the distance to a neighbor.
    fill_ratio: f32,
    camera_high: vec3<f32>,
    // The pixels that are lit up by themselves.
    hovered: u32,
    camera_low: vec3<f32>,
    selected: u32,
    // Which part of a picture it is, in shares of its width and height.
    part_offset: vec2<f32>,
    part_size: vec2<f32>,
}

const HOVERED: u32 = 1u;
const SELECTED: u32 = 2u;

@group(1) @binding(0) var<uniform> quad: Quad;
#ifdef UINTS
@group(1) @binding(1) var image: texture_2d<u32>;
#else
@group(1) @binding(1) var image: texture_2d<f32>;
#endif
@group(1) @binding(2) var image_sampler: sampler;
@group(1) @binding(3) var table: texture_2d<f32>;

#ifdef VALUES
// A value of the picture; texels beyond its edges are those at the edges.
fn value_at(texel: vec2<i32>, size: vec2<i32>) -> f32 {
    return f32(textureLoad(image, clamp(texel, vec2(0), size - 1), 0).r);
}

fn value_color(value: f32) -> vec4<f32> {
    let last = i32(textureDimensions(table).x) - 1;
    let place = clamp((value - quad.offset_and_scale.x) * quad.offset_and_scale.y, 0.0, 1.0) * f32(last);
    let below = i32(place);
    let color = mix(
        textureLoad(table, vec2(below, 0), 0),
        textureLoad(table, vec2(min(below + 1, last), 0), 0),
        fract(place),
    );
    // Shaders may take it that there is no NaN, so that a comparison does not tell.
    let is_nan = (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
    return select(color, vec4(0.0), is_nan);
}
#endif

// A step on the quad, along the axes of the world.
fn along_quad(step: vec2<f32>) -> vec3<f32> {
    return vec3(dot(quad.row_x.xy, step), dot(quad.row_y.xy, step), dot(quad.row_z.xy, step));
}
