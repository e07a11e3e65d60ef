// Lines on a picture: each stretch between two corners is an instance, which reads four points that follow each other. Colors are
// those of egui: premultiplied, and faded as they are encoded.

struct Area {
    // The upper left corner and the size of what is drawn into, in pixels.
    pixels: vec4<f32>,
    // Pixels per point; the rest is padding.
    scale: vec4<f32>,
}

@group(0) @binding(0) var<uniform> area: Area;

// Places and widths are in points. What has a width begins a stretch that is so wide.
struct Stretch {
    @builtin(vertex_index) vertex: u32,
    @location(0) before: vec2<f32>,
    @location(1) before_width: f32,
    @location(2) start: vec2<f32>,
    @location(3) width: f32,
    @location(4) color: vec4<f32>,
    @location(5) end: vec2<f32>,
    @location(6) end_width: f32,
    @location(7) after: vec2<f32>,
}

struct Corner {
    @builtin(position) position: vec4<f32>,
    // From the middle of the line, in pixels.
    @location(0) distance: f32,
    // Where the line has faded, in pixels from its middle, and how much of its color it has.
    @location(1) @interpolate(flat) shape: vec2<f32>,
    @location(2) @interpolate(flat) color: vec4<f32>,
}

// The normal of a stretch; `other` where it has no length.
fn normal_of(along: vec2<f32>, other: vec2<f32>) -> vec2<f32> {
    let length_sq = dot(along, along);
    let normal = vec2(along.y, -along.x) * inverseSqrt(max(length_sq, 1e-12));
    return select(other, normal, length_sq > 1e-12);
}

// From the middle to the side of a stretch of this normal, where it meets one of the other. A corner sharper than a right angle is
// cut off at its point.
fn across(normal: vec2<f32>, other: vec2<f32>) -> vec2<f32> {
    let sum = normal + select(other, -other, dot(normal, other) < 0.0);
    // Made longer so that both stretches keep their width. The square of the sum is two at least.
    return sum * (2.0 / dot(sum, sum));
}

@vertex
fn vertex(in: Stretch) -> Corner {
    let pixels_per_point = area.scale.x;
    let normal = normal_of(in.end - in.start, vec2(0.0));
    let is_drawn = in.width > 0.0 && dot(normal, normal) > 0.0;
    let width = in.width * pixels_per_point;
    // A line thinner than a pixel is a paler one. It fades over a pixel on both sides.
    let reach = max((width + 1.0) / 2.0, 1.0);

    let is_end = in.vertex >= 2u;
    let side = f32(in.vertex & 1u) * 2.0 - 1.0;
    let is_joined = select(in.before_width, in.end_width, is_end) > 0.0;
    let neighbor = normal_of(select(in.start - in.before, in.after - in.end, is_end), normal);
    let outwards = across(normal, select(normal, neighbor, is_joined));
    let middle = select(in.start, in.end, is_end) * pixels_per_point;
    let place = middle + outwards * (side * reach);
    let share = (place - area.pixels.xy) / area.pixels.zw;

    var out: Corner;
    out.position = vec4(share.x * 2.0 - 1.0, 1.0 - share.y * 2.0, 0.0, 1.0);
    if !is_drawn {
        // All corners in one place: nothing.
        out.position = vec4(0.0, 0.0, 0.0, 1.0);
    }
    out.distance = side * reach;
    out.shape = vec2(reach, min(width, 1.0));
    out.color = in.color;
    return out;
}

fn linear_from_srgb(srgb: vec3<f32>) -> vec3<f32> {
    let low = srgb / 12.92;
    let high = pow((srgb + 0.055) / 1.055, vec3(2.4));
    return select(high, low, srgb <= vec3(0.04045));
}

@fragment
fn fragment(in: Corner) -> @location(0) vec4<f32> {
    let share = in.shape.y * clamp(in.shape.x - abs(in.distance), 0.0, 1.0);
    let color = in.color * share;
    return vec4(linear_from_srgb(color.rgb), color.a);
}
